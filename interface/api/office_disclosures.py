"""Contacts in clear (查看联系方式): asked for one by one, each look on record."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from application.access import Permission, Subject
from interface.api.access import House, may
from interface.api.fields import Body, Cursor, Limit, Word
from interface.api.idempotency import Commands
from interface.api.office_orders import actor_of
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1/office", tags=["后台·查看记录"], responses=PROBLEM_ANSWERS)

Revealer = Annotated[Subject, Depends(may(Permission.CONTACTS_REVEAL))]
Reader = Annotated[Subject, Depends(may(Permission.DISCLOSURES_READ))]


class DisclosureBody(Body):
    """Why somebody has to see it, as a word: call_back, on_the_way."""

    reason: Word


class ClearContactView(BaseModel):
    """A contact in clear; `coordinates` "lng,lat" in GCJ-02 or ""."""

    name: str
    phone: str
    address: str
    district: str
    coordinates: str


class OrderContactsView(ClearContactView):
    """An order's contact; `return_contact` where garments return elsewhere."""

    return_contact: ClearContactView | None


class WorkerContactView(BaseModel):
    """A worker's name and phone in clear."""

    name: str
    phone: str


class DisclosureView(BaseModel):
    """Who was shown what, when and why: an order's contact or a worker's."""

    disclosure_id: UUID
    at: datetime
    actor: str
    what: str
    order_id: UUID | None
    customer_id: UUID | None
    worker_id: UUID | None
    reason: str


class DisclosurePageView(BaseModel):
    """A page of looks, newest first; an empty cursor ends the list."""

    disclosures: list[DisclosureView]
    next_cursor: str


@router.post("/orders/{order_id}/contact-disclosure")
def reveal_order(  # noqa: PLR0913, PLR0917 - what FastAPI hands over
    house: House,
    who: Revealer,
    order_id: UUID,
    body: DisclosureBody,
    commands: Commands,
    response: Response,
) -> OrderContactsView:
    """An order's contact in clear (查看联系方式); the look is recorded first."""
    shown = house.disclosures.reveal_order(order_id, body.reason, commands.command(actor_of(who)))
    response.headers["Cache-Control"] = "no-store"
    back = shown.return_contact
    return OrderContactsView(
        **asdict(shown.contact),
        return_contact=ClearContactView(**asdict(back)) if back else None,
    )


@router.post("/workers/{worker_id}/contact-disclosure")
def reveal_worker(  # noqa: PLR0913, PLR0917 - what FastAPI hands over
    house: House,
    who: Revealer,
    worker_id: UUID,
    body: DisclosureBody,
    commands: Commands,
    response: Response,
) -> WorkerContactView:
    """A worker's phone in clear; the look is recorded first."""
    shown = house.disclosures.reveal_worker(worker_id, body.reason, commands.command(actor_of(who)))
    response.headers["Cache-Control"] = "no-store"
    return WorkerContactView(**asdict(shown))


@router.get("/disclosures")
def list_disclosures(
    house: House,
    who: Reader,
    limit: Annotated[Limit, Query()] = 50,
    cursor: Annotated[Cursor, Query()] = "",
) -> DisclosurePageView:
    """Who saw what (查看记录), page by page; itself it shows nobody's contact."""
    del who
    page = house.disclosures.page(limit=limit, after=cursor)
    disclosures = [_view(row) for row in page.rows]
    return DisclosurePageView(disclosures=disclosures, next_cursor=page.next_cursor)


def _view(row: Mapping[str, Any]) -> DisclosureView:
    return DisclosureView(**row, disclosure_id=row["id"])
