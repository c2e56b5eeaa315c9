"""The office's side of dispatch: whom to send, which time to agree, what went wrong."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from application.access import Permission, Subject
from application.exception_desk import SeenException
from application.projections import office_exceptions, office_workers
from application.rescheduling import Alternative
from domain.dispatch import Candidate, Obstacle, Ranking, Suggestion
from domain.orders.order_exceptions import EXCEPTION_LABELS, ExceptionKind
from domain.orders.stages import STAGE_LABELS
from domain.orders.windows import Window, bounds
from interface.api.access import House, may
from interface.api.customer_rescheduling import AgreedDifference, TermsView, terms_view
from interface.api.fields import Body, Cursor, Instant, Limit, Position, Remark, Word
from interface.api.idempotency import Commands
from interface.api.problems import PROBLEM_ANSWERS
from interface.household import Household

router = APIRouter(prefix="/api/v1/office", tags=["后台·派单"], responses=PROBLEM_ANSWERS)

Reader = Annotated[Subject, Depends(may(Permission.ORDERS_READ))]
Assigner = Annotated[Subject, Depends(may(Permission.ORDERS_ASSIGN))]
Reporter = Annotated[Subject, Depends(may(Permission.ORDERS_PROGRESS))]
Rescheduler = Annotated[Subject, Depends(may(Permission.ORDERS_RESCHEDULE))]
Kind = Annotated[ExceptionKind, Field(strict=False)]
ExceptionNumber = Annotated[int, Path(ge=1, le=10_000)]


class SuggestionView(BaseModel):
    """A worker who can do the order; the reasons add up to the score."""

    worker_id: UUID
    worker_number: int
    name: str
    score: int
    reasons: list[str]


class UnsuitedView(BaseModel):
    """A worker who cannot, and the first thing that forbids it."""

    worker_id: UUID
    worker_number: int
    code: str
    reason: str


class SuggestionsView(BaseModel):
    """The workers for an order, best first."""

    suggestions: list[SuggestionView]
    unsuited: list[UnsuitedView]


class WindowView(BaseModel):
    """An agreed or offered time."""

    purpose: str
    starts_at: datetime
    ends_at: datetime


class AlternativeView(BaseModel):
    """A time that suits too; `difference_fen`: 补差 or, below 0, 退差, and why."""

    windows: list[WindowView]
    difference_fen: int
    difference_reasons: list[str]


class WindowsView(BaseModel):
    """The agreed windows and what the customer offered besides, in their order."""

    windows: list[WindowView]
    alternatives: list[AlternativeView]


class AlternativeBody(Body):
    """Which of the customer's alternatives is agreed, from 1; and to which 补差, and how."""

    alternative: Annotated[int, Field(ge=1, le=2)]
    agreed_difference_fen: AgreedDifference = 0
    consent: Word = "phone"


class OrderStageView(BaseModel):
    """The order and its stage now."""

    order_id: UUID
    stage: str


class ExceptionView(BaseModel):
    """An exception (异常); `resolved_at` is missing while it is open."""

    order_id: UUID
    order_number: str
    kind_path: list[str]
    exception_number: int
    kind: str
    kind_label: str
    stage: str
    stage_label: str
    details: dict[str, Any]
    note: str
    reported_by: str
    happened_at: datetime
    reported_at: datetime
    resolution_code: str
    resolution_note: str
    resolved_by: str
    resolved_at: datetime | None


class ExceptionPageView(BaseModel):
    """A page, open ones first and the oldest of them first; and how many are open by kind."""

    exceptions: list[ExceptionView]
    next_cursor: str
    open: dict[str, int]


class ExceptionBody(Body):
    """What went wrong; now, where no time is given."""

    kind: Kind
    happened_at: Instant | None = None
    note: Remark = ""


class ResolutionBody(Body):
    """How it was dealt with."""

    resolution_code: Word
    note: Remark = ""


class ExceptionNumberView(BaseModel):
    """The exception's number within its order."""

    order_id: UUID
    exception_number: int


@router.get("/orders/{order_id}/suggestions")
def suggest(
    house: House,
    who: Assigner,
    order_id: UUID,
    limit: Annotated[Limit, Query()] = 20,
    at_least: Annotated[Position, Query()] = 0,
) -> SuggestionsView:
    """Whom to send (派单建议), each with the reasons."""
    del who
    house.progress.wait_for(office_workers.projection.name, at_least)
    return _suggestions(house, house.suggestions.for_order(order_id), limit)


@router.get("/orders/{order_id}/visits/{number}/suggestions")
def suggest_for_visit(  # noqa: PLR0913, PLR0917 - what FastAPI hands over
    house: House,
    who: Assigner,
    order_id: UUID,
    number: int,
    limit: Annotated[Limit, Query()] = 20,
    at_least: Annotated[Position, Query()] = 0,
) -> SuggestionsView:
    """Whom to send to one visit of a plan (每次的派单建议), each with the reasons."""
    del who
    house.progress.wait_for(office_workers.projection.name, at_least)
    return _suggestions(house, house.suggestions.for_visit(order_id, number), limit)


@router.get("/orders/{order_id}/window")
def windows(house: House, who: Reader, order_id: UUID) -> WindowsView:
    """The agreed time and the alternatives (备选时间)."""
    del who
    offered = house.reschedulings.offered(order_id)
    return WindowsView(
        windows=_windows(offered.windows),
        alternatives=[_alternative(each) for each in offered.alternatives],
    )


@router.post("/orders/{order_id}/window", response_model=OrderStageView)
def choose_window(
    house: House, who: Rescheduler, order_id: UUID, body: AlternativeBody, commands: Commands
) -> dict[str, object]:
    """Agree to one of the customer's alternatives; no fee, but the price of its date."""
    command = commands.command(f"staff:{who.id}")
    outcome = house.reschedulings.choose(
        order_id, body.alternative, command, body.agreed_difference_fen, body.consent
    )
    return commands.answer(outcome)


@router.get("/orders/{order_id}/rescheduling")
def preview_rescheduling(
    house: House,
    who: Rescheduler,
    order_id: UUID,
    starts_at: Annotated[Instant, Query()],
    reason_code: Annotated[Word, Query()] = "customer",
) -> TermsView:
    """What another start would cost the customer now (改期试算)."""
    del who
    now = house.clock.now()
    terms = house.reschedulings.preview(order_id, starts_at, reason_code, now)
    return terms_view(terms, starts_at, now)


@router.get("/exceptions")
def list_exceptions(  # noqa: PLR0913, PLR0917 - a list's filters
    house: House,
    who: Reader,
    limit: Annotated[Limit, Query()] = 50,
    cursor: Annotated[Cursor, Query()] = "",
    kind: Annotated[ExceptionKind | None, Query()] = None,
    at_least: Annotated[Position, Query()] = 0,
) -> ExceptionPageView:
    """What went wrong (异常台), the open ones first."""
    del who
    house.progress.wait_for(office_exceptions.projection.name, at_least)
    with house.engine.connect() as connection:
        page = office_exceptions.list_page(connection, limit=limit, after=cursor, kind=kind)
        still_open = office_exceptions.open_by_kind(connection)
    clear = house.vault.open_many(_sealed(page.rows))
    shown = [_exception(row, clear) for row in page.rows]
    return ExceptionPageView(exceptions=shown, next_cursor=page.next_cursor, open=still_open)


@router.post("/orders/{order_id}/exceptions", response_model=ExceptionNumberView)
def report_exception(
    house: House, who: Reporter, order_id: UUID, body: ExceptionBody, commands: Commands
) -> dict[str, object]:
    """Report what went wrong with an order (登记异常)."""
    command = commands.command(f"staff:{who.id}")
    happened_at = body.happened_at or command.at
    seen = SeenException(kind=body.kind, happened_at=happened_at, note=body.note)
    return commands.answer(house.exception_desk.report(order_id, seen, command))


@router.post(
    "/orders/{order_id}/exceptions/{exception_number}/resolution",
    response_model=ExceptionNumberView,
)
def resolve_exception(  # noqa: PLR0913, PLR0917 - what FastAPI hands over
    house: House,
    who: Assigner,
    order_id: UUID,
    exception_number: ExceptionNumber,
    body: ResolutionBody,
    commands: Commands,
) -> dict[str, object]:
    """Say how it was dealt with (处置异常)."""
    command = commands.command(f"staff:{who.id}")
    outcome = house.exception_desk.resolve(
        order_id, exception_number, body.resolution_code, body.note, command
    )
    return commands.answer(outcome)


def _suggestions(house: Household, ranking: Ranking, limit: int) -> SuggestionsView:
    best = ranking.suggestions[:limit]
    names = _names(house, [each.worker_id for each in best])
    return SuggestionsView(
        suggestions=[_suggestion(each, names) for each in best],
        unsuited=[_unsuited(*each) for each in ranking.obstacles[:limit]],
    )


def _names(house: Household, worker_ids: list[UUID]) -> dict[UUID, str]:
    with house.engine.connect() as connection:
        rows = office_workers.find_all(connection)
    sealed = {row["worker_id"]: row["name"] for row in rows if row["worker_id"] in worker_ids}
    clear = house.vault.open_many(sealed.values())
    return {worker_id: clear[name] for worker_id, name in sealed.items()}


def _suggestion(each: Suggestion, names: dict[UUID, str]) -> SuggestionView:
    return SuggestionView(
        worker_id=each.worker_id,
        worker_number=each.number,
        name=names[each.worker_id],
        score=each.score,
        reasons=list(each.reasons),
    )


def _unsuited(candidate: Candidate, obstacle: Obstacle) -> UnsuitedView:
    return UnsuitedView(
        worker_id=candidate.worker_id,
        worker_number=candidate.number,
        code=obstacle.code,
        reason=obstacle.sentence,
    )


def _windows(stored: list[Window]) -> list[WindowView]:
    spans = [(each["purpose"], *bounds(each)) for each in stored]
    return [WindowView(purpose=purpose, starts_at=s, ends_at=e) for purpose, s, e in spans]


def _alternative(offered: Alternative) -> AlternativeView:
    return AlternativeView(
        windows=_windows(offered.windows),
        difference_fen=offered.price.difference_fen,
        difference_reasons=list(offered.price.reasons),
    )


def _sealed(rows: Any) -> list[str]:  # noqa: ANN401 - rows of the read model
    notes = [row[name] for row in rows for name in ("note", "resolution_note")]
    return [note for note in notes if note]


def _exception(row: dict[str, Any], clear: dict[str, str]) -> ExceptionView:
    shown = {name: row[name] for name in ExceptionView.model_fields if name in row}
    opened = {name: clear.get(row[name], "") for name in ("note", "resolution_note")}
    labels = {
        "kind_label": EXCEPTION_LABELS[row["kind"]],
        "stage_label": STAGE_LABELS[row["stage"]],
    }
    return ExceptionView(**shown | opened | labels)
