"""Work on machines and homes: tried, cleaned and tried again; cared for; looked at, repaired."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from application.appliance_care import ExtraWork
from application.commands import Command, Outcome
from application.repairs import Fault, QuotedLine
from domain.orders.appliance_care.empty_trips import WAIT
from domain.orders.appliance_care.machines import remaining
from domain.orders.appliance_care.order import CLEANING, HOME_CARE, ApplianceCareOrder
from domain.orders.offline_receipts import WAGE, OfflineReceipt
from domain.orders.stages import Stage
from interface.household import Household
from tests.simulation import work_of_visits
from tests.simulation.work import Staff, Work, seen

Moves = Callable[[ApplianceCareOrder, Staff], list[Work]]

_PRICED: Final = [
    QuotedLine(kind="part", name="压缩机", quantity=1, unit_price_fen=30_000),
    QuotedLine(kind="labour", name="工时", quantity=2, unit_price_fen=5_000),
]


def moves(order: ApplianceCareOrder, office: Staff) -> list[Work]:
    """What somebody might do with it, fitting or not."""
    works = work_of_visits.moves(order, office)
    if order.is_repair():
        at_hand = _REPAIR.get(order.stage)
        works += at_hand(order, office) if at_hand else []
        if order.due_by_hand_fen() and office.is_rare(3):
            works += [_receipt(order)] * 4
        return works
    if order.stage in {Stage.ARRIVED, Stage.TRIAL_RUN_CONFIRMED, Stage.MATERIAL_CONFIRMED}:
        works += [_empty_trip(order, office)] * (8 if _waited(order, office) else 1)
        works += [_more_work(order)]
    if order.service_code in HOME_CARE and order.stage == Stage.ARRIVED:
        works += [_material(order)] * 8
    return works + (_on_machines(order, office) if order.service_code in CLEANING else [])


def answer(order: ApplianceCareOrder, *, accepted: bool) -> Work:
    """The customer's word on a quotation, heard on the phone."""
    if accepted:
        return lambda h, c: h.repairs.accept_quotation(order.id, order.quoted, "phone", c)
    return lambda h, c: h.repairs.refuse_quotation(order.id, order.quoted, "too_dear", c)


def end_claim(order: ApplianceCareOrder) -> Work:
    """Nobody needs to come after all, or whoever came is done."""
    if order.stage == Stage.AWAITING_INSPECTION:
        return work_of_visits.complete(order)
    if order.stage == Stage.IN_SERVICE:
        return work_of_visits.progress(order, Stage.AWAITING_INSPECTION)
    if order.stage == Stage.AWAITING_PARTS:
        return lambda h, c: h.repairs.receive_parts(order.id, None, seen(c), c)
    return lambda h, c: h.repairs.withdraw_claim(order.id, "works_again", c)


# -- machines and homes


def _on_machines(order: ApplianceCareOrder, office: Staff) -> list[Work]:
    left = remaining(order.machines)
    works: list[Work] = []
    for name, machine in left.items():
        dead = machine.stage == Stage.NOT_OPENABLE or not machine.works
        if order.stage == Stage.ARRIVED and machine.stage == Stage.SCHEDULED:
            works += [_try(order, name, works=not office.is_rare(3))] * 5
            works += [_cannot_open(order, name)] * (1 + 3 * office.is_rare(8))
        if dead and order.stage in {Stage.ARRIVED, Stage.TRIAL_RUN_CONFIRMED, Stage.IN_SERVICE}:
            works += [_strike_off(order, name)] * 3 + [_change(order, name, office)] * 3
        if order.stage in {Stage.AWAITING_INSPECTION, Stage.REWORKING}:
            accepted = not office.is_rare(8)
            works += [_inspect(order, name, accepted=accepted)] * 3
    if left and all(each.stage == Stage.NOT_OPENABLE for each in left.values()):
        works += [_empty_trip(order, office)] * 4
    return works


def _try(order: ApplianceCareOrder, name: str, *, works: bool) -> Work:
    def do(h: Household, c: Command) -> Outcome:
        return h.appliance_work.confirm_trial_run(order.id, name, seen(c), c, works=works)

    return do


def _cannot_open(order: ApplianceCareOrder, name: str) -> Work:
    def do(h: Household, c: Command) -> Outcome:
        return h.appliance_work.report_opening_failed(order.id, name, "rusty", seen(c), c)

    return do


def _strike_off(order: ApplianceCareOrder, name: str) -> Work:
    return lambda h, c: h.appliance_work.withdraw_machine(order.id, name, c)


def _change(order: ApplianceCareOrder, name: str, office: Staff) -> Work:
    item = office.random.choice(["cabinet", "outlet", "wall"])
    consent = office.random.choice(["", "phone", "phone"])
    return lambda h, c: h.appliance_work.change_item(order.id, name, item, consent, c)


def _inspect(order: ApplianceCareOrder, name: str, *, accepted: bool) -> Work:
    def do(h: Household, c: Command) -> Outcome:
        return h.appliance_work.inspect_machine(order.id, name, seen(c), c, accepted=accepted)

    return do


def _material(order: ApplianceCareOrder) -> Work:
    return lambda h, c: h.appliance_work.confirm_material(order.id, "fabric", seen(c), c)


def _empty_trip(order: ApplianceCareOrder, office: Staff) -> Work:
    """Nobody opened: the worker called twice, and mostly did not wait long enough."""
    reason = "customer_absent"
    if order.machines and all(
        each.stage == Stage.NOT_OPENABLE for each in remaining(order.machines).values()
    ):
        reason = "not_openable"
    arrived_at = order.arrived_at or office.now()
    calls = [arrived_at + timedelta(minutes=each) for each in (3, 9)]

    def do(h: Household, c: Command) -> Outcome:
        return h.appliance_work.record_empty_trip(order.id, reason, calls, seen(c), c)

    return do


def _waited(order: ApplianceCareOrder, office: Staff) -> bool:
    return order.arrived_at is not None and office.now() - order.arrived_at >= WAIT


def _more_work(order: ApplianceCareOrder) -> Work:
    extra = ExtraWork(amount_fen=3_000, reason_code="deep_cleaning", consent="phone")
    return lambda h, c: h.appliance_work.add_work(order.id, extra, c)


# -- repairs


def _arrived(order: ApplianceCareOrder, office: Staff) -> list[Work]:
    del office
    if order.visit:
        return []
    return [lambda h, c: h.repairs.diagnose(order.id, seen(c), c)] * 6


def _diagnosed(order: ApplianceCareOrder, office: Staff) -> list[Work]:
    del office
    return [lambda h, c: h.repairs.quote(order.id, _PRICED, None, c)] * 6


def _quoted(order: ApplianceCareOrder, office: Staff) -> list[Work]:
    yes, no = answer(order, accepted=True), answer(order, accepted=False)
    return [yes, yes, no, *_diagnosed(order, office)[:1]]


def _agreed(order: ApplianceCareOrder, office: Staff) -> list[Work]:
    del office

    def do(h: Household, c: Command) -> Outcome:
        return h.repairs.order_parts(order.id, ["压缩机"], None, seen(c), c)

    return [do]


def _waiting(order: ApplianceCareOrder, office: Staff) -> list[Work]:
    again = office.now() + timedelta(days=office.random.choice([1, 2]))
    comes_again = again if office.is_rare(3) else None
    return [lambda h, c: h.repairs.receive_parts(order.id, comes_again, seen(c), c)] * 4


def _refused(order: ApplianceCareOrder, office: Staff) -> list[Work]:
    del office
    return [work_of_visits.complete(order)] * 4


def _under_warranty(order: ApplianceCareOrder, office: Staff) -> list[Work]:
    starts_at = office.now() + timedelta(days=office.random.choice([1, 3]))
    fault = Fault(text="又坏了", starts_at=starts_at)
    return [lambda h, c: h.repairs.claim_warranty(order.id, fault, c)] * office.is_rare(4)


_REPAIR: Final[Mapping[str, Moves]] = {
    Stage.ARRIVED: _arrived,
    Stage.DIAGNOSED: _diagnosed,
    Stage.QUOTED: _quoted,
    Stage.QUOTATION_ACCEPTED: _agreed,
    Stage.IN_SERVICE: _agreed,
    Stage.AWAITING_PARTS: _waiting,
    Stage.QUOTATION_REFUSED: _refused,
    Stage.UNDER_WARRANTY: _under_warranty,
}


def _receipt(order: ApplianceCareOrder) -> Work:
    """Paid by hand; the paper is numbered by what is owed, so one is told only once."""
    fen = order.due_by_hand_fen()

    def do(h: Household, c: Command) -> Outcome:
        receipt = OfflineReceipt(
            amount_fen=fen,
            method="cash",
            receipt_number=f"R{order.order_number}",
            purpose=WAGE,
            happened_at=c.at,
        )
        return h.offline_receipts.record(order.id, receipt, c)

    return do
