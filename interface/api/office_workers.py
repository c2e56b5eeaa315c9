"""The office keeps workers: skills, suspension, departure."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from interface.api.access import House
from interface.api.fields import Body, District, ServiceCode, Word
from interface.api.idempotency import Commands
from interface.api.office_people import WorkerWriter
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(
    prefix="/api/v1/office/workers/{worker_id}", tags=["后台·人员"], responses=PROBLEM_ANSWERS
)


class WorkerStatusView(BaseModel):
    """The worker and whether they are given work."""

    worker_id: UUID
    status: str


class SkillsBody(Body):
    """What the worker can do and where, from now on."""

    skills: list[ServiceCode] = Field(min_length=1, max_length=30)
    districts: list[District] = Field(min_length=1, max_length=50)


class ReasonBody(Body):
    """Why."""

    reason_code: Word


@router.post("/skills", response_model=WorkerStatusView)
def change_skills(
    house: House, who: WorkerWriter, worker_id: UUID, body: SkillsBody, commands: Commands
) -> dict[str, object]:
    """Replace skills and districts (技能与区域)."""
    command = commands.command(f"staff:{who.id}")
    outcome = house.worker_keeping.change_skills(worker_id, body.skills, body.districts, command)
    return commands.answer(outcome)


@router.post("/suspension", response_model=WorkerStatusView)
def suspend(
    house: House, who: WorkerWriter, worker_id: UUID, body: ReasonBody, commands: Commands
) -> dict[str, object]:
    """Give no new work (停派); shifts from today on end."""
    command = commands.command(f"staff:{who.id}")
    return commands.answer(house.worker_keeping.suspend(worker_id, body.reason_code, command))


@router.post("/reinstatement", response_model=WorkerStatusView)
def reinstate(
    house: House, who: WorkerWriter, worker_id: UUID, commands: Commands
) -> dict[str, object]:
    """Give work again (恢复)."""
    command = commands.command(f"staff:{who.id}")
    return commands.answer(house.worker_keeping.reinstate(worker_id, command))


@router.post("/departure", response_model=WorkerStatusView)
def leave(
    house: House, who: WorkerWriter, worker_id: UUID, body: ReasonBody, commands: Commands
) -> dict[str, object]:
    """The worker left the company (离职)."""
    command = commands.command(f"staff:{who.id}")
    return commands.answer(house.worker_keeping.leave(worker_id, body.reason_code, command))
