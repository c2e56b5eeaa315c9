"""What staff do with an order for cleaning machines or caring for a home."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from application.appliance_care import ExtraWork, SiteReport
from interface.api.access import House
from interface.api.fields import Body, Instant, ItemCode, Photos, Remark, Word
from interface.api.idempotency import Commands
from interface.api.office_orders import ReportBody, Reporter, StageView, actor_of
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(
    prefix="/api/v1/office/orders/{order_id}",
    tags=["后台·家电与家居"],
    responses=PROBLEM_ANSWERS,
)

MachineName = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]


class SiteReportBody(ReportBody):
    """What was seen, when, with the names of pictures."""

    photos: Photos = Field(default_factory=list)


class TrialRunBody(SiteReportBody):
    """A machine of the order, and whether it ran."""

    machine: MachineName
    works: bool


class OpeningFailureBody(SiteReportBody):
    """A machine that cannot be opened, and why."""

    machine: MachineName
    reason_code: Word


class ItemChangeBody(Body):
    """What a machine is charged as now; consent where the price rises."""

    machine: MachineName
    item: ItemCode
    consent: Word | None = None


class MachineBody(Body):
    """A machine of the order."""

    machine: MachineName


class MachineInspectionBody(ReportBody):
    """A machine of the order, and whether it is accepted."""

    machine: MachineName
    accepted: bool


class MaterialBody(SiteReportBody):
    """What is cared for, by a short name of the list."""

    surface: Word


class EmptyTripBody(SiteReportBody):
    """Why it was for nothing, and when the customer was called in vain."""

    reason_code: Word
    calls: list[Instant] = Field(default_factory=list, max_length=10)


class ExtraWorkBody(Body):
    """What more costs, and how the customer agreed to it."""

    amount_fen: Annotated[int, Field(ge=1, le=10_000_000)]
    reason_code: Word
    consent: Word
    note: Remark = ""


@router.post("/trial-runs", response_model=StageView)
def confirm_trial_run(
    house: House, who: Reporter, order_id: UUID, body: TrialRunBody, commands: Commands
) -> dict[str, object]:
    """A machine ran or did not, before it is touched (试机确认)."""
    command = commands.command(actor_of(who))
    report = site_report(body, command.at)
    outcome = house.appliance_work.confirm_trial_run(
        order_id, body.machine, report, command, works=body.works
    )
    return commands.answer(outcome)


@router.post("/opening-failures", response_model=StageView)
def report_opening_failed(
    house: House, who: Reporter, order_id: UUID, body: OpeningFailureBody, commands: Commands
) -> dict[str, object]:
    """A machine cannot be opened (不可拆): change or strike it off next."""
    command = commands.command(actor_of(who))
    report = site_report(body, command.at)
    outcome = house.appliance_work.report_opening_failed(
        order_id, body.machine, body.reason_code, report, command
    )
    return commands.answer(outcome)


@router.post("/item-changes", response_model=StageView)
def change_item(
    house: House, who: Reporter, order_id: UUID, body: ItemChangeBody, commands: Commands
) -> dict[str, object]:
    """Do something else with a machine (改项); the difference is charged or goes back."""
    command = commands.command(actor_of(who))
    outcome = house.appliance_work.change_item(
        order_id, body.machine, body.item, body.consent or "", command
    )
    return commands.answer(outcome)


@router.post("/machine-withdrawals", response_model=StageView)
def withdraw_machine(
    house: House, who: Reporter, order_id: UUID, body: MachineBody, commands: Commands
) -> dict[str, object]:
    """Strike a machine off; what it cost goes back."""
    command = commands.command(actor_of(who))
    return commands.answer(house.appliance_work.withdraw_machine(order_id, body.machine, command))


@router.post("/machine-inspections", response_model=StageView)
def inspect_machine(
    house: House, who: Reporter, order_id: UUID, body: MachineInspectionBody, commands: Commands
) -> dict[str, object]:
    """A machine was accepted by a trial run, or has to be done again (试机验收)."""
    command = commands.command(actor_of(who))
    report = SiteReport(happened_at=body.happened_at or command.at, note=body.note)
    outcome = house.appliance_work.inspect_machine(
        order_id, body.machine, report, command, accepted=body.accepted
    )
    return commands.answer(outcome)


@router.post("/material", response_model=StageView)
def confirm_material(
    house: House, who: Reporter, order_id: UUID, body: MaterialBody, commands: Commands
) -> dict[str, object]:
    """Worker and customer looked at what is cared for (材质确认)."""
    command = commands.command(actor_of(who))
    report = site_report(body, command.at)
    outcome = house.appliance_work.confirm_material(order_id, body.surface, report, command)
    return commands.answer(outcome)


@router.post("/empty-trip", response_model=StageView)
def record_empty_trip(
    house: House, who: Reporter, order_id: UUID, body: EmptyTripBody, commands: Commands
) -> dict[str, object]:
    """Somebody came for nothing (空跑): the order ends, a fare is kept."""
    command = commands.command(actor_of(who))
    report = site_report(body, command.at)
    outcome = house.appliance_work.record_empty_trip(
        order_id, body.reason_code, body.calls, report, command
    )
    return commands.answer(outcome)


@router.post("/extra-work", response_model=StageView)
def add_work(
    house: House, who: Reporter, order_id: UUID, body: ExtraWorkBody, commands: Commands
) -> dict[str, object]:
    """Charge more that the customer agreed to on site (加项)."""
    command = commands.command(actor_of(who))
    extra = ExtraWork(**body.model_dump())
    return commands.answer(house.appliance_work.add_work(order_id, extra, command))


def site_report(body: SiteReportBody, now: datetime) -> SiteReport:
    """What the body tells; it happened now where no time is given."""
    return SiteReport(happened_at=body.happened_at or now, note=body.note, photos=body.photos)
