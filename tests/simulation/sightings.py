"""What happened in a run, and what a set of seeds must have seen."""

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from application.crash_points import CrashPoint
from domain.orders.appliance_care.order import ApplianceCareOrder
from domain.orders.care.order import CareOrder
from domain.orders.dry_cleaning.order import DryCleaningOrder
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.order_facts import OrderFacts
from domain.orders.rescheduling_policy import ALTERNATIVE, FEE_REASON
from domain.orders.service_order import ServiceOrder
from domain.payments import Payment
from tests.simulation.chance import FAULTS
from tests.simulation.facts import Facts


def seen_in(facts: Facts) -> Counter[str]:
    """What happened in a run, by the names of EXPECTED."""
    seen: Counter[str] = Counter(facts.world.chance.happened)
    seen.update(f"reached {point}" for point in facts.world.points)
    for name, happened in _SOMETIMES.items():
        seen[name] += happened(facts)
    return seen


def _events(facts: Facts, kind: type[Any]) -> list[Any]:
    return [each.event for each in facts.recorded if isinstance(each.event, kind)]


def _with(facts: Facts, kind: type[Any], **fields: object) -> int:
    return sum(
        all(getattr(event, name) == value for name, value in fields.items())
        for event in _events(facts, kind)
    )


_SOMETIMES: Final[dict[str, Callable[[Facts], int]]] = {
    "a late success": lambda f: _with(f, Payment.SucceededLate),
    "a second success": lambda f: _with(f, Payment.SucceededAgain),
    "an untaken payment": lambda f: _with(f, OrderFacts.RefundDue, source="untaken_payment"),
    "a mismatch": lambda f: _with(f, Payment.AmountMismatched),
    "an expired order": lambda f: _with(f, OrderFacts.Cancelled, reason_code="unpaid"),
    "a refund of a cancelled order": lambda f: _with(f, OrderFacts.RefundDue, source="order"),
    "a completed order": lambda f: _with(f, OrderFacts.Completed),
    "a declined order": lambda f: _with(f, OrderFacts.Declined),
    "a reassigned order": lambda f: _with(f, OrderFacts.Reassigned),
    "a slot refused as full": lambda f: f.world.refusals["slot_full"],
    "a fourth hold refused": lambda f: f.world.refusals["too_many_holds"],
    "a worker refused as busy": lambda f: f.world.refusals["worker_busy"],
    "a repeated command": lambda f: f.world.refusals["repeated"],
    "a caller whose process died": lambda f: f.world.refusals["died"],
    "a success learned by query": lambda f: _with(f, Payment.Succeeded, learned_from="query"),
    "a success learned by notice": lambda f: _with(f, Payment.Succeeded, learned_from="notice"),
    "a renewed attempt": lambda f: _with(f, Payment.Renewed),
    "a close confirmed as NOTPAY": lambda f: _with(f, Payment.Closed, confirmed_state="NOTPAY"),
    "a close confirmed as CLOSED": lambda f: _with(f, Payment.Closed, confirmed_state="CLOSED"),
    "a signed-for garment": lambda f: _with(f, DryCleaningOrder.GarmentSigned),
    "an accepted surcharge": lambda f: _with(f, DryCleaningOrder.SurchargeAccepted),
    "a declined surcharge": lambda f: _with(f, DryCleaningOrder.SurchargeDeclined),
    "a return trip given": lambda f: _with(f, DryCleaningOrder.ReturnAssigned),
    "a completed visit": lambda f: _with(f, HourlyWorkOrder.VisitCompleted),
    "a skipped visit": lambda f: _with(f, HourlyWorkOrder.VisitSkipped),
    "a cancelled visit": lambda f: _with(f, HourlyWorkOrder.VisitCancelled),
    "a paused plan": lambda f: _with(f, HourlyWorkOrder.PlanPaused),
    "a renewed plan": lambda f: _with(f, HourlyWorkOrder.PlanRenewed),
    "an ended plan": lambda f: _with(f, HourlyWorkOrder.PlanEnded),
    "a machine struck off": lambda f: _with(f, ApplianceCareOrder.MachineWithdrawn),
    "an empty trip": lambda f: _with(f, ApplianceCareOrder.EmptyTripRecorded),
    "an accepted quotation": lambda f: _with(f, ApplianceCareOrder.QuotationAccepted),
    "a refused quotation": lambda f: _with(f, ApplianceCareOrder.QuotationRefused),
    "a claim under warranty": lambda f: _with(f, ApplianceCareOrder.WarrantyClaimed),
    "a signed contract": lambda f: _with(f, CareOrder.ContractSigned),
    "a renewed contract": lambda f: _with(f, CareOrder.ContractRenewed),
    "a replaced worker": lambda f: _with(f, CareOrder.WorkerReplaced),
    "a settled account": lambda f: _with(f, CareOrder.Settled),
    "an unanswered assignment": lambda f: _with(f, OrderFacts.Declined, reason_code="timeout"),
    "an alternative chosen": lambda f: _with(f, OrderFacts.Rescheduled, reason_code=ALTERNATIVE),
    "a rescheduling fee": lambda f: _with(f, OrderFacts.ChargeAdded, reason_code=FEE_REASON),
    "a further charge paid": lambda f: sum(
        e.charge_number > 1 for e in _events(f, OrderFacts.Paid)
    ),
    "a resolved exception": lambda f: _with(f, ServiceOrder.ExceptionResolved),
    "a reservation refused to be paid": lambda f: f.world.refusals["reservation_not_payable"],
    "a close of what WeChat never knew": lambda f: _with(
        f, Payment.Closed, confirmed_state="NOT_EXIST"
    ),
}
# A set of seeds in which one of these never happened is too weak.
EXPECTED: Final = (
    *_SOMETIMES,
    *FAULTS,
    *(f"killed at {point}" for point in CrashPoint),
)
