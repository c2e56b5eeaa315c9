"""The parts of a dry-cleaning order: its garments (件) and its return trip (送回)."""

from collections.abc import Mapping
from typing import Any, Final

from application.projections.order_parts import projection, put
from application.projections.projection import Recorded
from application.projections.rows import Rows
from domain.orders.dry_cleaning.order import DryCleaningOrder
from domain.orders.stages import Stage
from domain.orders.windows import Window, bounds

_RETURN: Final = "return"
# Where the return trip stands once no garment is on its way.
_RETURNED: Final[Mapping[str, str]] = {
    Stage.DELIVERED: Stage.DELIVERED.value,
    Stage.SIGNED_FOR: Stage.DELIVERED.value,
    Stage.LOST: Stage.CANCELLED.value,
}


@projection.handles
def plan_return(rows: Rows, recorded: Recorded) -> None:
    """The return was agreed at booking; its driver is found later."""
    event: DryCleaningOrder.Booked = recorded.event
    contact = event.details.get("return_contact") or {}
    # Not the phone: parts are shown whole, and a phone only to whom it is revealed.
    where = {name: contact[name] for name in ("name", "address", "district") if name in contact}
    window = _times(event.windows)
    trip = {"kind": "trip", "label": "送回", "stage": Stage.SCHEDULED.value, "facts": where}
    put(rows, event, _RETURN, **trip, **window)


@projection.handles
def move_return(rows: Rows, recorded: Recorded) -> None:
    """Another return; whoever had it is free."""
    event: DryCleaningOrder.Rescheduled | DryCleaningOrder.ReturnRescheduled = recorded.event
    put(rows, event, _RETURN, **{"worker_number": None, **_times(event.windows)})


@projection.handles
def assign_return(rows: Rows, recorded: Recorded) -> None:
    """A driver has the return trip."""
    event: DryCleaningOrder.ReturnAssigned = recorded.event
    put(rows, event, _RETURN, worker_number=event.worker_number)


@projection.handles
def end_return(rows: Rows, recorded: Recorded) -> None:
    """The order was cancelled, and nothing is to be brought back."""
    event: DryCleaningOrder.Cancelled = recorded.event
    put(rows, event, _RETURN, stage=event.stage)


@projection.handles
def collect_garment(rows: Rows, recorded: Recorded) -> None:
    """A new garment."""
    event: DryCleaningOrder.GarmentCollected = recorded.event
    names = ("label", "item", "units", "price_fen", "declared_value_fen", "remark", "photos")
    put(
        rows,
        event,
        _part(event.garment),
        kind="garment",
        label=event.name,
        stage=event.garment_stage,
        facts={name: getattr(event, name) for name in names},
    )


@projection.handles
def move_garment(rows: Rows, recorded: Recorded) -> None:
    """A garment stands elsewhere; with it perhaps the return trip."""
    event: DryCleaningOrder.GarmentProgressed = recorded.event
    _tell(rows, event, {})


@projection.handles
def ask_for_consent(rows: Rows, recorded: Recorded) -> None:
    """A flaw was found; the customer sees what is asked."""
    event: DryCleaningOrder.FlawReported = recorded.event
    facts = {
        "flaw": event.description,
        "flaw_photos": event.photos,
        "surcharge_fen": event.surcharge_fen,
    }
    _tell(rows, event, facts)


@projection.handles
def note_consent(rows: Rows, recorded: Recorded) -> None:
    """The customer agreed; the charge to pay is named."""
    event: DryCleaningOrder.SurchargeAccepted = recorded.event
    _tell(rows, event, {"charge_number": event.charge_number})


@projection.handles
def note_refusal(rows: Rows, recorded: Recorded) -> None:
    """The company does not wash it."""
    event: DryCleaningOrder.GarmentRefused = recorded.event
    _tell(rows, event, {"refusal": event.reason_code})


@projection.handles
def note_loss(rows: Rows, recorded: Recorded) -> None:
    """It was lost; with the last one perhaps nothing is left to bring back."""
    event: DryCleaningOrder.LossReported = recorded.event
    _tell(rows, event, {"loss_compensation_fen": event.compensation_fen})


@projection.handles
def note_damage(rows: Rows, recorded: Recorded) -> None:
    """It was damaged."""
    event: DryCleaningOrder.DamageReported = recorded.event
    facts = {"damage": event.description, "damage_compensation_fen": event.compensation_fen}
    put(rows, event, _part(event.garment), facts=facts)


@projection.handles
def flag_partner_code(rows: Rows, recorded: Recorded) -> None:
    """A code that nobody knows, as it came; somebody should look."""
    event: DryCleaningOrder.PartnerCodeFlagged = recorded.event
    put(rows, event, _part(event.garment), facts={"unknown_code": event.code})


def _tell(rows: Rows, event: Any, facts: dict[str, Any]) -> None:  # noqa: ANN401 - one of the events above
    put(rows, event, _part(event.garment), stage=event.garment_stage, facts=facts)
    if event.stage in _RETURNED:
        put(rows, event, _RETURN, stage=_RETURNED[event.stage])


def _part(garment: int) -> str:
    return f"garment-{garment:04d}"


def _times(windows: list[Window]) -> dict[str, Any]:
    starts_at, ends_at = bounds(windows[-1])
    return {"starts_at": starts_at, "ends_at": ends_at}
