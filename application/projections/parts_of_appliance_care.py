"""The parts of an order for appliances and homes: machines, materials, quotations, warranty."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from application.projections.order_parts import projection, put
from application.projections.projection import Recorded
from application.projections.rows import Rows
from domain.orders.appliance_care.order import ApplianceCareOrder
from domain.orders.stages import Stage

# The list of domain.orders.appliance_care.order.SURFACES in words.
SURFACE_LABELS: Final[Mapping[str, str]] = {
    "solid_wood": "实木",
    "laminate": "复合地板",
    "stone": "石材",
    "tile": "瓷砖",
    "fabric": "布艺",
    "leather": "真皮",
    "latex": "乳胶",
    "metal": "金属",
    "glass": "玻璃",
    "crystal": "水晶",
    "other": "其他材质",
}
_WARRANTY: Final = "warranty"
_DONE: Final = {True: Stage.COMPLETED.value, False: Stage.REWORKING.value}


@projection.handles
def list_machines(rows: Rows, recorded: Recorded) -> None:
    """Every booked machine, or the fault of a repair; brands and descriptions stay sealed."""
    event: ApplianceCareOrder.Booked = recorded.event
    if "fault" in event.details:
        names = ("appliance", "fault", "photos")
        told = {name: event.details[name] for name in names if name in event.details}
        put(rows, event, "fault", kind="fault", label="故障", stage=event.stage, facts=told)
    for machine in event.details.get("machines", []):
        told = {name: machine[name] for name in ("brand", "age_years") if name in machine}
        _put_machine(
            rows,
            event,
            machine["machine"],
            kind="machine",
            label=_label(event.lines, machine["item"], machine["machine"]),
            stage=Stage.SCHEDULED.value,
            facts={"item": machine["item"], **told},
        )


@projection.handles
def try_machine(rows: Rows, recorded: Recorded) -> None:
    """A machine ran or did not before its cleaning."""
    event: ApplianceCareOrder.TrialRunConfirmed = recorded.event
    facts = {"works": event.works, "trial_run": event.note, "photos": event.photos}
    stage = Stage.TRIAL_RUN_CONFIRMED.value
    _put_machine(rows, event, event.machine, stage=stage, facts=facts)


@projection.handles
def shut_machine(rows: Rows, recorded: Recorded) -> None:
    """A machine cannot be opened."""
    event: ApplianceCareOrder.OpeningFailed = recorded.event
    facts = {"reason_code": event.reason_code, "opening": event.note, "photos": event.photos}
    _put_machine(rows, event, event.machine, stage=Stage.NOT_OPENABLE.value, facts=facts)


@projection.handles
def change_item(rows: Rows, recorded: Recorded) -> None:
    """A machine is charged as another item."""
    event: ApplianceCareOrder.ItemChanged = recorded.event
    _put_machine(
        rows,
        event,
        event.machine,
        label=_label(event.lines, event.item, event.machine),
        stage=Stage.SCHEDULED.value,
        facts={"item": event.item},
    )


@projection.handles
def withdraw_machine(rows: Rows, recorded: Recorded) -> None:
    """A machine was struck off."""
    event: ApplianceCareOrder.MachineWithdrawn = recorded.event
    _put_machine(rows, event, event.machine, stage=Stage.CANCELLED.value)


@projection.handles
def inspect_machine(rows: Rows, recorded: Recorded) -> None:
    """A machine was accepted, or has to be done again."""
    event: ApplianceCareOrder.MachineInspected = recorded.event
    facts = {"inspection": event.note}
    _put_machine(rows, event, event.machine, stage=_DONE[event.accepted], facts=facts)


@projection.handles
def confirm_material(rows: Rows, recorded: Recorded) -> None:
    """What is cared for."""
    event: ApplianceCareOrder.MaterialConfirmed = recorded.event
    put(
        rows,
        event,
        f"material-{event.surface}",
        kind="material",
        label=SURFACE_LABELS[event.surface],
        stage=event.stage,
        facts={"note": event.note, "photos": event.photos},
    )


@projection.handles
def tell_quotation(rows: Rows, recorded: Recorded) -> None:
    """A price; the one before it is replaced."""
    event: ApplianceCareOrder.Quoted = recorded.event
    number = event.quotation_number
    if number > 1:
        put(rows, event, _quotation(number - 1), stage=Stage.CANCELLED.value)
    facts = {
        "lines": event.lines,
        "total_fen": event.total_fen,
        "inspection_fee_fen": event.inspection_fee_fen,
        "valid_until": event.valid_until.isoformat(),
    }
    part, label = _quotation(number), f"报价 {number}"
    put(rows, event, part, kind="quotation", label=label, stage=event.stage, facts=facts)


@projection.handles
def answer_quotation(rows: Rows, recorded: Recorded) -> None:
    """The customer agreed, or did not."""
    event: ApplianceCareOrder.QuotationAccepted | ApplianceCareOrder.QuotationRefused = (
        recorded.event
    )
    put(rows, event, _quotation(event.quotation_number), stage=event.stage)


@projection.handles
def start_warranty(rows: Rows, recorded: Recorded) -> None:
    """The repair is under warranty."""
    event: ApplianceCareOrder.WarrantyStarted = recorded.event
    term = {"starts_at": event.timestamp, "ends_at": event.until}
    put(rows, event, _WARRANTY, kind="warranty", label="质保", stage=event.stage, **term)


@projection.handles
def claim_warranty(rows: Rows, recorded: Recorded) -> None:
    """The fault is back."""
    event: ApplianceCareOrder.WarrantyClaimed = recorded.event
    put(
        rows,
        event,
        _claim(event.claim_number),
        kind="warranty_claim",
        label=f"质保报修 {event.claim_number}",
        stage=Stage.AWAITING_ASSIGNMENT.value,
        facts={"fault": event.fault, "photos": event.photos},
    )


@projection.handles
def end_claim(rows: Rows, recorded: Recorded) -> None:
    """It was mended, or nobody needed to come."""
    event: ApplianceCareOrder.WarrantyVisitCompleted | ApplianceCareOrder.WarrantyClaimWithdrawn = (
        recorded.event
    )
    mended = isinstance(event, ApplianceCareOrder.WarrantyVisitCompleted)
    stage = Stage.COMPLETED.value if mended else Stage.CANCELLED.value
    put(rows, event, _claim(event.claim_number), stage=stage)


@projection.handles
def expire_warranty(rows: Rows, recorded: Recorded) -> None:
    """The warranty is over."""
    event: ApplianceCareOrder.WarrantyExpired = recorded.event
    put(rows, event, _WARRANTY, stage=event.stage)


def _put_machine(
    rows: Rows,
    event: ApplianceCareOrder.Event,
    name: str,
    **values: Any,  # noqa: ANN401 - columns
) -> None:
    put(rows, event, f"machine-{name}", **values)


def _label(lines: Sequence[Mapping[str, Any]], item: str, name: str) -> str:
    """The item in words and the machine's name; the base line of an item begins with them."""
    reasons = (str(line["reason"]) for line in lines if line.get("item") == item)
    return f"{next(reasons, item).partition(' ')[0]} {name} 号"


def _quotation(number: int) -> str:
    return f"quotation-{number:02}"


def _claim(number: int) -> str:
    return f"claim-{number:02}"
