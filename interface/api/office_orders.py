"""The office's side of orders (统一后台): the board, and what staff do with an order."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from application.access import Permission, Subject
from application.dispatching import FieldReport
from application.projections import office_orders, office_search, order_parts
from application.projections.search_terms import LONGEST_QUERY
from application.rescheduling import DateChange
from application.vault import masked_phone
from domain.errors import NotFoundError
from domain.orders.stages import STAGE_LABELS
from interface.api.access import House, may
from interface.api.customer_rescheduling import AgreedDifference, AgreedFee
from interface.api.fields import (
    Body,
    Cursor,
    Instant,
    Limit,
    Position,
    Remark,
    ServiceCode,
    Text,
    Word,
)
from interface.api.idempotency import Commands
from interface.api.parts import PartView, parts_view, sealed_in_parts
from interface.api.problems import PROBLEM_ANSWERS
from interface.household import Household

router = APIRouter(prefix="/api/v1/office/orders", tags=["后台·订单"], responses=PROBLEM_ANSWERS)

Reader = Annotated[Subject, Depends(may(Permission.ORDERS_READ))]
Confirmer = Annotated[Subject, Depends(may(Permission.ORDERS_CONFIRM))]
Assigner = Annotated[Subject, Depends(may(Permission.ORDERS_ASSIGN))]
Reporter = Annotated[Subject, Depends(may(Permission.ORDERS_PROGRESS))]
Rescheduler = Annotated[Subject, Depends(may(Permission.ORDERS_RESCHEDULE))]
Canceller = Annotated[Subject, Depends(may(Permission.ORDERS_CANCEL))]
Noter = Annotated[Subject, Depends(may(Permission.ORDERS_NOTE))]

SearchText = Annotated[Text, Field(min_length=1, max_length=LONGEST_QUERY)]


class OfficeOrderView(BaseModel):
    """A row of the board; the phone is masked."""

    order_id: UUID
    order_number: str
    kind_path: list[str]
    source: str
    stage: str
    stage_label: str
    name: str
    phone: str
    address: str
    district: str
    starts_at: datetime
    ends_at: datetime
    booked_at: datetime
    handled_at: datetime | None
    total_fen: int
    paid_fen: int
    refund_due_fen: int
    worker_id: UUID | None
    worker_number: int | None


class OfficePageView(BaseModel):
    """A page of the board, newest booking first, and how many stand in each stage."""

    orders: list[OfficeOrderView]
    next_cursor: str
    counts: dict[str, int]


class OfficeStepView(BaseModel):
    """One fact of the order's history."""

    position: int
    event: str
    stage: str
    stage_label: str
    by: str
    recorded_at: datetime
    happened_at: datetime
    note: str


class OfficeDetailView(OfficeOrderView):
    """An order with its parts and its history."""

    remark: str
    parts: list[PartView]
    timeline: list[OfficeStepView]


class StageView(BaseModel):
    """What a command on an order answers."""

    order_id: UUID
    stage: str


class ReportBody(Body):
    """When it happened; now, where it is left out."""

    happened_at: Instant | None = None
    note: Remark = ""


class AssignmentBody(Body):
    """Who is to come; the first is the leader (领队)."""

    crew: list[Annotated[UUID, Field(strict=False)]] = Field(min_length=1, max_length=6)
    reasons: list[Remark] = Field(default_factory=list, max_length=10)


class ReassignmentBody(Body):
    """Who is to come instead, why somebody else, and why they."""

    crew: list[Annotated[UUID, Field(strict=False)]] = Field(min_length=1, max_length=6)
    reason_code: Word
    reasons: list[Remark] = Field(default_factory=list, max_length=10)


class RefusalBody(ReportBody):
    """Why the worker gives the order back."""

    reason_code: Word


class ReschedulingBody(Body):
    """The new start, and to which fee and 补差 the customer agreed and how; its length stays."""

    starts_at: Instant
    reason_code: Word
    agreed_fee_fen: AgreedFee = 0
    agreed_difference_fen: AgreedDifference = 0
    consent: Word = "phone"


class ProgressBody(ReportBody):
    """The stage that the order has reached, by name."""

    stage: Word


class CancellationBody(Body):
    """Why the order ends undone."""

    reason_code: Word


class NoteBody(Body):
    """A note, for the `office` alone or for the `customer` too."""

    text: Annotated[Remark, Field(min_length=1)]
    visibility: Word = "office"


@router.get("")
def list_orders(  # noqa: PLR0913, PLR0917 - a board's filters
    house: House,
    who: Reader,
    limit: Annotated[Limit, Query()] = 50,
    cursor: Annotated[Cursor, Query()] = "",
    stage: Annotated[Word | None, Query()] = None,
    source: Annotated[Word | None, Query()] = None,
    service_code: Annotated[ServiceCode | None, Query()] = None,
    search: Annotated[SearchText | None, Query()] = None,
    at_least: Annotated[Position, Query()] = 0,
) -> OfficePageView:
    """The board (订单), filtered, page by page.

    `search` finds orders by part of a name or an address, a whole phone or its last
    four digits, an order number or its end; of several words all. A page of it may be
    short before the last one.
    """
    del who
    asked = {"stage": stage, "source": source, "service_code": service_code}
    filters = {name: value for name, value in asked.items() if value is not None}
    _wait_for_board(house, at_least, searched=search is not None)
    with house.engine.connect() as connection:
        found = office_search.list_page(
            connection, house.vault, search or "", limit=limit, after=cursor, filters=filters
        )
        counts = office_orders.counts_by_stage(connection)
    orders = [OfficeOrderView(**_row(row, found.clear)) for row in found.page.rows]
    return OfficePageView(orders=orders, next_cursor=found.page.next_cursor, counts=counts)


@router.get("/{order_id}")
def show_order(
    house: House, who: Reader, order_id: UUID, at_least: Annotated[Position, Query()] = 0
) -> OfficeDetailView:
    """One order with its whole history."""
    del who
    for read in (office_orders, order_parts):
        house.progress.wait_for(read.projection.name, at_least)
    with house.engine.connect() as connection:
        row = office_orders.find(connection, order_id)
        if row is None:
            raise NotFoundError
        parts = order_parts.parts_of(connection, order_id)
        steps = office_orders.timeline_of(connection, order_id)
    notes = [step["note"] for step in steps]
    sealed = [*row["contact"].values(), row["remark"], *notes, *sealed_in_parts(parts)]
    clear = _opened(house, sealed)
    return OfficeDetailView(
        **_row(row, clear),
        remark=clear.get(row["remark"], ""),
        parts=parts_view(parts, clear),
        timeline=[_step(step, clear) for step in steps],
    )


@router.post("/{order_id}/confirmation", response_model=StageView)
def confirm(
    house: House, who: Confirmer, order_id: UUID, body: ReportBody, commands: Commands
) -> dict[str, object]:
    """The customer of a reservation was called back (客服已联系)."""
    command = commands.command(actor_of(who))
    report = report_of(body, command.at)
    return commands.answer(house.dispatching.confirm(order_id, report, command))


@router.post("/{order_id}/assignment", response_model=StageView)
def assign(
    house: House, who: Assigner, order_id: UUID, body: AssignmentBody, commands: Commands
) -> dict[str, object]:
    """Give the order to a crew (派单); without reasons, those of the suggestion are kept."""
    command = commands.command(actor_of(who))
    reasons = body.reasons or house.suggestions.reasons_for(order_id, body.crew[0])
    return commands.answer(house.dispatching.assign(order_id, body.crew, reasons, command))


@router.post("/{order_id}/reassignment", response_model=StageView)
def reassign(
    house: House, who: Assigner, order_id: UUID, body: ReassignmentBody, commands: Commands
) -> dict[str, object]:
    """Give the order to another crew (改派); without reasons, those of the suggestion are kept."""
    command = commands.command(actor_of(who))
    reasons = body.reasons or house.suggestions.reasons_for(order_id, body.crew[0])
    outcome = house.dispatching.reassign(order_id, body.crew, reasons, body.reason_code, command)
    return commands.answer(outcome)


@router.post("/{order_id}/acceptance", response_model=StageView)
def accept(
    house: House, who: Reporter, order_id: UUID, body: ReportBody, commands: Commands
) -> dict[str, object]:
    """The worker in charge takes the order on (接单)."""
    command = commands.command(actor_of(who))
    report = report_of(body, command.at)
    return commands.answer(house.dispatching.accept(order_id, report, command))


@router.post("/{order_id}/refusal", response_model=StageView)
def decline(
    house: House, who: Reporter, order_id: UUID, body: RefusalBody, commands: Commands
) -> dict[str, object]:
    """The worker in charge gives the order back (拒单)."""
    command = commands.command(actor_of(who))
    report = report_of(body, command.at)
    outcome = house.dispatching.decline(order_id, body.reason_code, report, command)
    return commands.answer(outcome)


@router.post("/{order_id}/rescheduling", response_model=StageView)
def reschedule(
    house: House, who: Rescheduler, order_id: UUID, body: ReschedulingBody, commands: Commands
) -> dict[str, object]:
    """Agree another time (改期)."""
    command = commands.command(actor_of(who))
    change = DateChange(**body.model_dump())
    return commands.answer(house.reschedulings.change(order_id, change, command))


@router.post("/{order_id}/progress", response_model=StageView)
def progress(
    house: House, who: Reporter, order_id: UUID, body: ProgressBody, commands: Commands
) -> dict[str, object]:
    """The field reports the next stage (进度)."""
    command = commands.command(actor_of(who))
    report = report_of(body, command.at)
    return commands.answer(house.dispatching.progress(order_id, body.stage, report, command))


@router.post("/{order_id}/completion", response_model=StageView)
def complete(
    house: House, who: Reporter, order_id: UUID, body: ReportBody, commands: Commands
) -> dict[str, object]:
    """The work was inspected and is done (完成)."""
    command = commands.command(actor_of(who))
    report = report_of(body, command.at)
    return commands.answer(house.dispatching.complete(order_id, report, command))


@router.post("/{order_id}/cancellation", response_model=StageView)
def cancel(
    house: House, who: Canceller, order_id: UUID, body: CancellationBody, commands: Commands
) -> dict[str, object]:
    """End an order that nobody has (取消)."""
    command = commands.command(actor_of(who))
    return commands.answer(house.dispatching.cancel(order_id, body.reason_code, command))


@router.post("/{order_id}/notes", response_model=StageView)
def note(
    house: House, who: Noter, order_id: UUID, body: NoteBody, commands: Commands
) -> dict[str, object]:
    """Write a note (备注)."""
    command = commands.command(actor_of(who))
    outcome = house.dispatching.note(order_id, body.text, body.visibility, command)
    return commands.answer(outcome)


def actor_of(who: Subject) -> str:
    """The actor of a command that staff give."""
    return f"staff:{who.id}"


def report_of(body: ReportBody, now: datetime) -> FieldReport:
    """What the body tells of the field; it happened now where no time is given."""
    return FieldReport(happened_at=body.happened_at or now, note=body.note)


def _wait_for_board(house: Household, position: int, *, searched: bool) -> None:
    """Wait, bounded, until the board has passed the position, and its search too."""
    house.progress.wait_for(office_orders.projection.name, position)
    if searched:
        house.progress.wait_for(office_search.projection.name, position)


def _opened(house: Household, sealed: list[str]) -> dict[str, str]:
    return house.vault.open_many([text for text in sealed if text.startswith("s1.")])


def _row(row: dict[str, Any], clear: dict[str, str]) -> dict[str, Any]:
    contact = row["contact"]
    shown = {name: row[name] for name in OfficeOrderView.model_fields if name in row}
    return shown | {
        "stage_label": STAGE_LABELS[row["stage"]],
        "name": clear[contact["name"]],
        "phone": masked_phone(clear[contact["phone"]]),
        "address": clear[contact["address"]],
        "district": contact["district"],
    }


def _step(step: Any, clear: dict[str, str]) -> OfficeStepView:  # noqa: ANN401 - a row
    shown = {name: step[name] for name in OfficeStepView.model_fields if name in step}
    label = STAGE_LABELS[step["stage"]]
    return OfficeStepView(**shown | {"stage_label": label, "note": clear.get(step["note"], "")})
