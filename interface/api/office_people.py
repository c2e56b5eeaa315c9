"""The office's side of people: workers and staff accounts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, status
from pydantic import BaseModel, Field, StringConstraints

from application.access import Permission, Subject
from application.personnel import NewWorker
from application.projections import office_workers
from application.vault import masked_phone
from interface.api.access import House, may
from interface.api.fields import (
    Body,
    Cursor,
    District,
    Limit,
    Name,
    Phone,
    Position,
    ServiceCode,
    Word,
)
from interface.api.idempotency import Commands
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1/office", tags=["后台·人员"], responses=PROBLEM_ANSWERS)

WorkerReader = Annotated[Subject, Depends(may(Permission.WORKERS_READ))]
WorkerWriter = Annotated[Subject, Depends(may(Permission.WORKERS_WRITE))]
StaffWriter = Annotated[Subject, Depends(may(Permission.STAFF_WRITE))]


class WorkerView(BaseModel):
    """A worker; the phone is masked."""

    worker_id: UUID
    number: int
    name: str
    phone: str
    skills: list[str]
    districts: list[str]
    status: str


class WorkerPageView(BaseModel):
    """A page of workers, newest first."""

    workers: list[WorkerView]
    next_cursor: str


class WorkerBody(Body):
    """A new worker."""

    name: Name
    phone: Phone
    skills: list[ServiceCode] = Field(min_length=1, max_length=30)
    districts: list[District] = Field(min_length=1, max_length=50)


class EngagedView(BaseModel):
    """The new worker's id and number (工号)."""

    worker_id: UUID
    number: int


class StaffBody(Body):
    """A new account."""

    login_name: Annotated[str, StringConstraints(min_length=2, max_length=32)]
    display_name: Name
    roles: list[Word] = Field(max_length=5)
    password: Annotated[str, Field(min_length=1, max_length=1_000)]


class StaffIdView(BaseModel):
    """The new account's id."""

    staff_id: UUID


class GrantBody(Body):
    """A role, from now on."""

    role: Word


class GrantView(BaseModel):
    """The grant's id, to take it back by."""

    grant_id: UUID


@router.get("/workers")
def list_workers(
    house: House,
    who: WorkerReader,
    limit: Annotated[Limit, Query()] = 50,
    cursor: Annotated[Cursor, Query()] = "",
    at_least: Annotated[Position, Query()] = 0,
) -> WorkerPageView:
    """Workers (服务人员), page by page."""
    del who
    house.progress.wait_for(office_workers.projection.name, at_least)
    with house.engine.connect() as connection:
        page = office_workers.list_page(connection, limit=limit, after=cursor)
    clear = house.vault.open_many(text for row in page.rows for text in (row["name"], row["phone"]))
    workers = [
        WorkerView(**row | {"name": clear[row["name"]], "phone": masked_phone(clear[row["phone"]])})
        for row in page.rows
    ]
    return WorkerPageView(workers=workers, next_cursor=page.next_cursor)


@router.post("/workers", status_code=status.HTTP_201_CREATED, response_model=EngagedView)
def register_worker(
    house: House, who: WorkerWriter, body: WorkerBody, commands: Commands
) -> dict[str, object]:
    """Engage a worker (登记)."""
    new = NewWorker(**body.model_dump())
    command = commands.command(f"staff:{who.id}")
    return commands.answer(house.personnel.register_worker(new, command))


@router.post("/staff", status_code=status.HTTP_201_CREATED, response_model=StaffIdView)
def register_staff(
    house: House, who: StaffWriter, body: StaffBody, commands: Commands
) -> dict[str, object]:
    """Open an account (开通账号)."""
    command = commands.command(f"staff:{who.id}")
    outcome = house.personnel.register_staff(
        body.login_name, body.display_name, body.roles, body.password, command
    )
    return commands.answer(outcome)


@router.post(
    "/staff/{staff_id}/grants", status_code=status.HTTP_201_CREATED, response_model=GrantView
)
def grant(
    house: House, who: StaffWriter, staff_id: UUID, body: GrantBody, commands: Commands
) -> dict[str, object]:
    """Give a role (授权)."""
    command = commands.command(f"staff:{who.id}")
    return commands.answer(house.personnel.grant(staff_id, body.role, command))


@router.post(
    "/staff/{staff_id}/grants/{grant_id}/revocation", status_code=status.HTTP_204_NO_CONTENT
)
def revoke(
    house: House, who: StaffWriter, staff_id: UUID, grant_id: UUID, commands: Commands
) -> None:
    """Take a role back (撤销授权); it ends at once."""
    command = commands.command(f"staff:{who.id}")
    commands.answer(house.personnel.revoke(staff_id, grant_id, command))
