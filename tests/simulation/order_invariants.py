"""Invariants of orders and of the books about them: no fen is lost and none is told twice."""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import text

from application.projections import cash_journal
from domain.ledger.chart import ADVANCES, SERVICE_INCOME, VAT_PAYABLE, WECHAT_UNRECONCILED
from domain.ledger.posting import post
from domain.orders.booking import ONLINE
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.hourly.visits import minutes_of
from domain.orders.order_facts import OrderFacts
from domain.orders.service_order import ServiceOrder
from domain.orders.stages import CLOSED_UNDONE
from domain.payments import Payment
from tests.simulation.broken import fail
from tests.simulation.facts import Facts

_UNBALANCED = text(
    "select position from cash_journal.lines group by position"
    " having sum(debit_fen) <> sum(credit_fen)"
)
_POSTED = text("select distinct position from cash_journal.lines")


def each_charge_is_paid_once_and_exactly(facts: Facts) -> None:
    """Paid is stated once a charge, for its amount, on no closed order and no withdrawn charge."""
    for order_id in facts.orders:
        open_ones: dict[int, int] = {}
        for event in facts.of_order[order_id]:
            _follow(open_ones, event)


def nothing_happens_to_a_closed_order(facts: Facts) -> None:
    """Nobody pays it, and nobody is given work for it."""
    for order_id in facts.orders:
        names = [type(event).__name__ for event in facts.of_order[order_id]]
        after = names[names.index("Cancelled") :] if "Cancelled" in names else []
        if set(after) & {"Paid", "Assigned", "VisitAssigned", "GarmentCollected"}:
            fail("nothing happens to a closed order", (order_id, names))


def no_visit_is_given_before_it_is_paid(facts: Facts) -> None:
    """What is done of a plan and given to workers was paid for before, minute by minute."""
    for order in facts.orders.values():
        if isinstance(order, HourlyWorkOrder) and order.is_plan():
            _check_plan(facts, order)
            _check_turns(facts, order)


def each_order_accounts_for_its_money(facts: Facts) -> None:
    """What was paid goes back, is kept as a fee or is earned; all of it once the order is over."""
    for order_id, order in facts.orders.items():
        paid = sum(each.amount_fen for each in facts.of(order_id, OrderFacts.Paid))
        back = sum(
            each.amount_fen
            for each in facts.of(order_id, OrderFacts.RefundDue)
            if each.source == "order"
        )
        fee = sum(each.fee_fen for each in facts.of(order_id, OrderFacts.Cancelled))
        left = paid - back - fee - _earned(facts, order)
        over = order.completed_at is not None or order.stage in CLOSED_UNDONE
        if left < 0 or (over and left):
            fail(
                "each order accounts for its money", (order_id, order.stage, paid, back, fee, left)
            )


def a_reservation_never_has_online_money(facts: Facts) -> None:
    """No charge, no attempt to pay, no payment (R11)."""
    reserved = {each.id for each in facts.orders.values() if each.payment_mode != ONLINE}
    tried = [each for each in facts.payments.values() if each.payable_id in reserved]
    charged = [each for each in reserved if facts.orders[each].charges]
    _none("a reservation never has online money", [*tried, *charged])


def nobody_gives_back_more_than_was_taken_by_hand(facts: Facts) -> None:
    """What is held by hand never falls below nothing."""
    for order in facts.orders.values():
        held_fen = getattr(order, "held_by_hand_fen", lambda: 0)()
        if held_fen < 0:
            fail("nobody gives back more than was taken by hand", (order.id, held_fen))


def the_books_balance_and_hold_wechats_money(facts: Facts) -> None:
    """Each entry balances, and the wallet account is the sum of WeChat's books."""
    with facts.house.engine.connect() as connection:
        unbalanced = list(connection.execute(_UNBALANCED).scalars())
        debit, credit = cash_journal.totals(connection)
    _none("each entry balances", unbalanced)
    came = sum(event.amount_fen for event in facts.arrivals)
    wallet = _balances(facts)[WECHAT_UNRECONCILED.code]
    if debit != credit or wallet != came:
        fail("the books hold WeChat's money", (debit, credit, wallet, came))


def the_books_earn_what_the_orders_earn(facts: Facts) -> None:
    """Income and tax are what orders and visits earned; the rest of what was paid is in advance."""
    earned = sum(_earned(facts, order) for order in facts.orders.values())
    balances = _balances(facts)
    income = -balances[SERVICE_INCOME.code] - balances[VAT_PAYABLE.code]
    taken = sum(
        event.amount_fen for event in facts.arrivals if isinstance(event, Payment.Succeeded)
    )
    advance = -balances[ADVANCES.code]
    if (income, advance) != (earned, taken - earned):
        fail("the books earn what the orders earn", (income, earned, advance, taken))


def each_fact_of_money_is_posted_once(facts: Facts) -> None:
    """An entry for each fact that has one, and no other; completions and visits among them."""
    about = {"order_number": "", "order_id": next(iter(facts.orders), None)}
    due = {
        each.position
        for each in facts.recorded
        if post(each.event, about) is not None  # type: ignore[arg-type] # any order will do
    }
    with facts.house.engine.connect() as connection:
        posted = set(connection.execute(_POSTED).scalars())
    _none("each fact of money is posted once", sorted(due ^ posted))


def _follow(open_ones: dict[int, int], event: OrderFacts.Event) -> None:
    """What an event does to the open charges, by number."""
    match event:
        case OrderFacts.Booked(payment_mode="online"):
            open_ones[1] = event.total_fen
        case OrderFacts.ChargeAdded():
            open_ones[event.charge_number] = event.amount_fen
        case OrderFacts.ChargeWithdrawn():
            del open_ones[event.charge_number]
        case OrderFacts.Cancelled():
            open_ones.clear()
        case OrderFacts.Paid():
            if open_ones.pop(event.charge_number, None) != event.amount_fen:
                fail("each charge is paid once and exactly", event)
        case OrderFacts.Assigned() | OrderFacts.Completed() if open_ones:
            fail("nobody is assigned, nothing done while a charge is open", event)


def _check_plan(facts: Facts, order: HourlyWorkOrder) -> None:
    minutes: dict[int, int] = {}
    busy: set[int] = set()
    periods = {1: sum(map(minutes_of, facts.of_order[order.id][0].windows))}
    paid = 0
    for event in facts.of_order[order.id]:
        match event:
            case HourlyWorkOrder.VisitsScheduled():
                minutes |= {each["visit"]: minutes_of(each["window"]) for each in event.visits}
            case HourlyWorkOrder.RenewalReminded():
                periods[event.charge_number] = event.minutes
            case HourlyWorkOrder.Paid():
                paid += periods[event.charge_number]
            case HourlyWorkOrder.VisitAssigned():
                busy.add(event.visit)
            case HourlyWorkOrder.VisitDeclined() | HourlyWorkOrder.VisitRescheduled():
                busy.discard(event.visit)
            case HourlyWorkOrder.VisitSkipped() | HourlyWorkOrder.VisitCancelled():
                busy.discard(event.visit)
            case HourlyWorkOrder.PatternChanged() | HourlyWorkOrder.PlanPaused():
                busy -= set(event.visits)
        if sum(minutes[number] for number in busy) > paid:
            fail("no visit is given before it is paid", event)


def _check_turns(facts: Facts, order: HourlyWorkOrder) -> None:
    """A visit is given once it is among those that were paid, by what the plan knew then."""
    plan: HourlyWorkOrder | None = None
    for event in facts.of_order[order.id]:
        given = isinstance(event, HourlyWorkOrder.VisitAssigned)
        if plan and given and event.visit not in plan.paid_visits():
            fail("no visit is given before it is paid", event)
        plan = event.mutate(plan)


def _earned(facts: Facts, order: ServiceOrder) -> int:
    kinds = (OrderFacts.Completed, HourlyWorkOrder.VisitCompleted)
    return sum(each.recognised_fen for kind in kinds for each in facts.of(order.id, kind))


def _balances(facts: Facts) -> Counter[str]:
    """Debit less credit by account."""
    with facts.house.engine.connect() as connection:
        rows = cash_journal.trial_balance(connection)
    return Counter(
        {row["account"]: row["debit_balance_fen"] - row["credit_balance_fen"] for row in rows}
    )


def _none(invariant: str, broken: Sequence[object]) -> None:
    if broken:
        fail(invariant, broken[:3])


ORDERS = (
    each_charge_is_paid_once_and_exactly,
    nothing_happens_to_a_closed_order,
    no_visit_is_given_before_it_is_paid,
    each_order_accounts_for_its_money,
    a_reservation_never_has_online_money,
    nobody_gives_back_more_than_was_taken_by_hand,
    the_books_balance_and_hold_wechats_money,
    the_books_earn_what_the_orders_earn,
    each_fact_of_money_is_posted_once,
)
