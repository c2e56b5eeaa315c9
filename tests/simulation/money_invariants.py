"""Invariants of money: what WeChat took, we state; what no order takes, goes back."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import text

from domain.alerts import Alert, AlertCode
from domain.orders.changes import UNPAID
from domain.orders.order_facts import OrderFacts
from domain.payments import MoneyArrived, Payment
from tests.simulation.broken import fail
from tests.simulation.facts import Facts

# Why WeChat may refuse a prepay that was right.
_ENDED = {"ORDERPAID", "ORDERCLOSED"}
_ALERTS = {
    "wrong_mchid": AlertCode.FOREIGN_NOTICE,
    "wrong_appid": AlertCode.FOREIGN_NOTICE,
    "unknown_number": AlertCode.UNKNOWN_NUMBER,
}
# The longest pause between two tries while an attempt can be paid, and how late machines are.
_KNOWN_WITHIN = timedelta(minutes=12)
_ALERTED = text("select subject from office_alerts.alerts")


def each_transaction_is_stated_once(facts: Facts) -> None:
    """One money fact per WeChat transaction, whatever was told how often (count, not sums)."""
    counted = Counter(event.transaction_id for event in facts.arrivals)
    _none("each transaction is stated once", [tid for tid, times in counted.items() if times > 1])


def each_charge_succeeds_at_most_once(facts: Facts) -> None:
    """A charge has one Succeeded, whatever number of attempts it had."""
    counted = Counter(
        (event.payable_id, event.charge_number)
        for event in facts.arrivals
        if isinstance(event, Payment.Succeeded)
    )
    twice = [charge for charge, times in counted.items() if times > 1]
    _none("each charge succeeds at most once", twice)


def our_money_is_wechats_money(facts: Facts) -> None:
    """Every transaction of WeChat's books is stated with its amount, and no other is."""
    claimed = facts.wechat.claimed
    theirs = {
        (
            str(line["transaction_id"]),
            str(line["out_trade_no"]),
            claimed.get(str(line["out_trade_no"]), line["total_fen"]),
        )
        for line in facts.wechat.desk.books.transactions()
    }
    ours = {(e.transaction_id, e.out_trade_no, e.amount_fen) for e in facts.arrivals}
    _none("our money is WeChat's money", sorted(theirs ^ ours, key=str))


def a_coupon_changes_nothing(facts: Facts) -> None:
    """What the payer paid after coupons is kept beside the total and decides nothing."""
    theirs = {
        str(line["transaction_id"]): line["payer_total_fen"]
        for line in facts.wechat.desk.books.transactions()
        if str(line["out_trade_no"]) not in facts.wechat.claimed
    }
    ours = {e.transaction_id: e.payer_total_fen for e in facts.arrivals}
    _none("a coupon changes nothing", [t for t, fen in theirs.items() if ours.get(t) != fen])


def only_the_right_amount_pays(facts: Facts) -> None:
    """A Succeeded, late or again too, is of exactly what was asked; else it is a mismatch."""
    for event in facts.arrivals:
        asked = facts.payments[event.out_trade_no].amount_fen
        if isinstance(event, Payment.AmountMismatched) == (event.amount_fen == asked):
            fail("only the right amount pays", event)


def all_money_is_taken_or_goes_back(facts: Facts) -> None:
    """Each arrival pays its order, or is due back once and whole, or waits for a person.

    A mismatch is in suspense: no refund.
    """
    for event in facts.arrivals:
        taken = [e for e in facts.of(event.payable_id, OrderFacts.Paid) if _took(e, event)]
        back = [e for e in facts.of(event.payable_id, OrderFacts.RefundDue) if _gave(e, event)]
        whole = all(each.amount_fen == event.amount_fen for each in [*taken, *back])
        expected = {
            Payment.Succeeded: (len(taken) + len(back), len(taken) <= 1),
            Payment.SucceededLate: (len(back), not taken),
            Payment.SucceededAgain: (len(back), not taken),
            Payment.AmountMismatched: (1 - len(back), not taken),
        }
        if expected[type(event)] != (1, True) or not whole:
            fail("all money is taken or goes back", (event, taken, back))


def every_refund_has_its_arrival(facts: Facts) -> None:
    """Nothing goes back that did not come, and from no payment more than came."""
    came = {event.out_trade_no: 0 for event in facts.arrivals}
    for event in facts.arrivals:
        came[event.out_trade_no] += event.amount_fen
    for order_id in facts.orders:
        for refund in facts.of(order_id, OrderFacts.RefundDue):
            came[refund.out_trade_no] = came.get(refund.out_trade_no, 0) - refund.amount_fen
    _none("every refund has its arrival", [number for number, fen in came.items() if fen < 0])


def whoever_pays_in_time_is_served(facts: Facts) -> None:
    """Money that came before its time was over pays the order, unless somebody gave that up.

    So an order never expires as unpaid though it was paid in time, and an attempt is
    never closed before its time on WeChat's word that it is unpaid.
    """
    for event in facts.arrivals:
        in_time = event.succeeded_at <= facts.payments[event.out_trade_no].expires_at
        if isinstance(event, Payment.SucceededLate) and in_time:
            fail("whoever pays in time is served: closed too early", event)
        ends = facts.of(event.payable_id, OrderFacts.Cancelled)
        expired = any(end.reason_code == UNPAID for end in ends)
        if isinstance(event, Payment.Succeeded) and in_time and expired:
            fail("whoever pays in time is served: expired", (event, ends))


def a_prepay_is_repeated_as_it_was(facts: Facts) -> None:
    """WeChat never takes a repeat for another order (商户订单号重复): it is the same bytes."""
    rejected = [
        each.event
        for each in facts.recorded
        if isinstance(each.event, Payment.PrepareRejected) and each.event.code not in _ENDED
    ]
    _none("a prepay is repeated as it was", rejected)


def every_notice_that_is_not_ours_is_shown_to_a_person(facts: Facts) -> None:
    """Rightly signed, but for another merchant or about a number we never gave: an alert."""
    raised = {each.event.code for each in facts.recorded if isinstance(each.event, Alert.Raised)}
    for kind, code in _ALERTS.items():
        if facts.wechat.answered[kind] and code not in raised:
            fail("every notice that is not ours is shown to a person", kind)


def a_success_is_known_in_minutes(facts: Facts) -> None:
    """Where nothing fails but notices, asking finds a payment in time; on gentle days only."""
    late = [
        event
        for event in facts.arrivals
        if event.succeeded_at <= facts.payments[event.out_trade_no].expires_at
        and event.timestamp - event.succeeded_at > _KNOWN_WITHIN
    ]
    if facts.world.chance.gentle:
        _none("a success is known in minutes", late)


def every_stray_arrival_is_shown_to_a_person(facts: Facts) -> None:
    """A mismatched, late, second or untaken payment stands in the office's alerts."""
    shown = set(_strings(facts, _ALERTED))
    astray = [e.transaction_id for e in facts.arrivals if not isinstance(e, Payment.Succeeded)]
    for order_id in facts.orders:
        back = facts.of(order_id, OrderFacts.RefundDue)
        astray += [refund.transaction_id for refund in back if refund.source != "order"]
    missing = [tid for tid in astray if tid not in shown]
    _none("every stray arrival is shown to a person", missing)


def _took(paid: OrderFacts.Paid, event: MoneyArrived) -> bool:
    return isinstance(event, Payment.Succeeded) and paid.out_trade_no == event.out_trade_no


def _gave(refund: OrderFacts.RefundDue, event: MoneyArrived) -> bool:
    return bool(refund.transaction_id) and refund.transaction_id == event.transaction_id


def _strings(facts: Facts, query: object) -> list[str]:
    with facts.house.engine.connect() as connection:
        return [str(each) for each in connection.execute(query).scalars()]  # type: ignore[call-overload]


def _none(invariant: str, broken: Sequence[object]) -> None:
    if broken:
        fail(invariant, broken[:3])


MONEY = (
    each_transaction_is_stated_once,
    each_charge_succeeds_at_most_once,
    our_money_is_wechats_money,
    a_coupon_changes_nothing,
    only_the_right_amount_pays,
    all_money_is_taken_or_goes_back,
    every_refund_has_its_arrival,
    whoever_pays_in_time_is_served,
    a_success_is_known_in_minutes,
    a_prepay_is_repeated_as_it_was,
    every_notice_that_is_not_ours_is_shown_to_a_person,
    every_stray_arrival_is_shown_to_a_person,
)
