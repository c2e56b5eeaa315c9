"""Money that arrives is taken by its order, or goes back whole; never lost, never twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from application.commands import Command, Decision, Outcome
from application.event_map import POLICIES
from application.log import Log
from application.payment_errands import prepay_errand
from application.policies import order_takes_payment
from application.policy import Policy
from application.projections import cash_journal, office_orders
from domain.aggregate import EventSourced
from domain.orders.cleaning import CleaningOrder
from domain.orders.order_facts import OrderFacts
from domain.orders.stages import Stage
from infrastructure.clock import SettableClock
from infrastructure.event_log.tables import tracking
from infrastructure.feed.feed import Feed
from infrastructure.feed.policies import PolicyRunner
from infrastructure.feed.routing import routes
from infrastructure.outbox import errands
from interface.household import Household
from tests.application.projections.lives import (
    attempt_to_pay,
    booked,
    close,
    money_arrives,
    save,
)
from tests.application.projections.tables import log_of, rows
from tests.domain import histories
from tests.domain.histories import PRICE_FEN
from tests.infrastructure.feed.probes import feed_of, kill_transactions

WALLET, ADVANCES, SUSPENSE = "101201", "2203", "224102"
AnyAggregate = TypeVar("AnyAggregate", bound=EventSourced)


def facts(house: Household, kind: type[EventSourced.Event]) -> list[EventSourced.Event]:
    """The log's events of one kind."""
    events = [recorded.event for recorded in log_of(house.engine)]
    return [event for event in events if isinstance(event, kind)]


def refund(house: Household) -> OrderFacts.RefundDue:
    (event,) = facts(house, OrderFacts.RefundDue)
    assert isinstance(event, OrderFacts.RefundDue)
    return event


def posted(house: Household) -> list[tuple[str, str, int, int]]:
    """The books: rule, account, debit and credit of every line."""
    rules = {row["position"]: row["rule"] for row in rows(house.engine, cash_journal.entries)}
    return [
        (rules[row["position"]], row["account"], row["debit_fen"], row["credit_fen"])
        for row in rows(house.engine, cash_journal.lines)
    ]


def received(rule: str, account: str, fen: int = PRICE_FEN) -> list[tuple[str, str, int, int]]:
    return [(rule, WALLET, fen, 0), (rule, account, 0, fen)]


def order_row(house: Household) -> tuple[str, int, int]:
    """What the office sees of the only order: stage, paid, due back."""
    (row,) = rows(house.engine, office_orders.orders)
    return row["stage"], row["paid_fen"], row["refund_due_fen"]


# -- what becomes of the money


def test_a_payment_in_time_is_taken_by_the_order(house: Household) -> None:
    payment = attempt_to_pay(house, booked(house))
    money_arrives(house, payment, "4201")
    house.feed.catch_up()
    assert order_row(house) == (Stage.AWAITING_ASSIGNMENT, PRICE_FEN, 0)
    assert posted(house) == received("P1", ADVANCES)
    (paid,) = facts(house, OrderFacts.Paid)
    assert isinstance(paid, OrderFacts.Paid)
    assert paid.by == "system:order_takes_payment"
    assert (paid.payment_id, paid.amount_fen) == (payment.id, PRICE_FEN)


def test_a_payment_of_a_cancelled_order_goes_back(house: Household) -> None:
    order = booked(house)
    payment = attempt_to_pay(house, order)
    histories.cancel(order)
    save(house, order)
    money_arrives(house, payment, "4201")
    house.feed.catch_up()
    due = refund(house)
    assert (due.source, due.taken_from) == ("untaken_payment", "advance")
    assert (due.amount_fen, due.transaction_id) == (PRICE_FEN, "4201")
    assert (due.payment_id, due.out_trade_no) == (payment.id, payment.out_trade_no)
    assert order_row(house) == (Stage.CANCELLED, 0, PRICE_FEN)
    assert posted(house) == received("P1", ADVANCES)


def test_a_payment_after_the_attempt_was_closed_goes_back(house: Household) -> None:
    payment = attempt_to_pay(house, booked(house))
    close(house, payment)
    money_arrives(house, payment, "4201")
    house.feed.catch_up()
    due = refund(house)
    assert (due.source, due.taken_from) == ("late_payment", "suspense")
    assert (due.amount_fen, due.transaction_id) == (PRICE_FEN, "4201")
    assert order_row(house) == (Stage.AWAITING_PAYMENT, 0, PRICE_FEN)
    assert posted(house) == received("P3", SUSPENSE)


def test_a_second_payment_of_the_same_charge_goes_back(house: Household) -> None:
    order = booked(house)
    money_arrives(house, attempt_to_pay(house, order), "4201")
    money_arrives(house, attempt_to_pay(house, order, attempt=2), "4202", second=True)
    house.feed.catch_up()
    due = refund(house)
    assert (due.source, due.taken_from) == ("second_payment", "suspense")
    assert (due.amount_fen, due.transaction_id) == (PRICE_FEN, "4202")
    assert order_row(house) == (Stage.AWAITING_ASSIGNMENT, PRICE_FEN, PRICE_FEN)
    assert posted(house) == received("P1", ADVANCES) + received("P3", SUSPENSE)


def test_a_wrong_amount_waits_for_a_person(house: Household) -> None:
    money_arrives(house, attempt_to_pay(house, booked(house)), "4201", fen=PRICE_FEN - 1)
    house.feed.catch_up()
    assert facts(house, OrderFacts.RefundDue) == []
    assert order_row(house) == (Stage.AWAITING_PAYMENT, 0, 0)
    assert posted(house) == received("P3", SUSPENSE, PRICE_FEN - 1)


def test_a_payment_that_differs_from_its_charge_stands_still_until_a_person_looked(
    house: Household,
) -> None:
    order = booked(house)
    order.charges[1] = histories.booked_order(total_fen=1, lines=[histories.line(1)]).charges[1]
    money_arrives(house, attempt_to_pay(house, order), "4201")
    house.feed.catch_up()
    (failure,) = house.failures.all()
    assert (failure.name, failure.event) == ("order_takes_payment", "payment.succeeded")
    assert failure.error.startswith("ChargeAmountError")
    assert order_row(house) == (Stage.AWAITING_PAYMENT, 0, 0)


# -- once


def test_running_every_policy_over_the_whole_log_again_changes_nothing(
    house: Household,
) -> None:
    order = booked(house)
    money_arrives(house, attempt_to_pay(house, order), "4201")
    money_arrives(house, attempt_to_pay(house, order, attempt=2), "4202", second=True)
    house.feed.catch_up()
    before = len(log_of(house.engine)), rows(house.engine, errands)
    with house.engine.begin() as connection:
        connection.execute(sa.update(tracking).values(notification_id=0))
    policies = {policy for line in POLICIES.values() for policy in line}
    feed_of(house.engine, *(runner(house, policy, house) for policy in policies)).catch_up()
    assert (len(log_of(house.engine)), rows(house.engine, errands)) == before
    assert house.failures.all() == []


def test_an_order_that_somebody_else_changes_meanwhile_still_takes_its_payment(
    house: Household,
) -> None:
    order = booked(house)
    money_arrives(house, attempt_to_pay(house, order), "4201")
    meddled = MeddledLog(house.log, after_load=lambda: note(house, order.id))
    taking(house, meddled).catch_up()
    assert len(meddled.loads) == 2
    assert len(facts(house, OrderFacts.Noted)) == 1
    assert house.log.load(CleaningOrder, order.id).stage == Stage.AWAITING_ASSIGNMENT
    assert house.failures.all() == []


def test_a_payment_that_could_not_be_taken_is_tried_until_it_is(
    house: Household, clock: SettableClock
) -> None:
    order = booked(house)
    money_arrives(house, attempt_to_pay(house, order), "4201")
    meddled = MeddledLog(house.log, after_load=away)
    feed = taking(house, meddled, clock)
    feed.catch_up()
    assert [failure.name for failure in house.failures.all()] == ["order_takes_payment"]
    clock.advance(timedelta(seconds=1))
    feed.catch_up()
    assert house.log.load(CleaningOrder, order.id).stage == Stage.AWAITING_ASSIGNMENT
    assert house.failures.all() == []


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_policy_killed_after_its_command_takes_or_returns_the_money_once(
    house: Household, *, cancelled: bool
) -> None:
    order = booked(house)
    payment = attempt_to_pay(house, order)
    if cancelled:
        histories.cancel(order)
        save(house, order)
    money_arrives(house, payment, "4201")
    dying = MeddledLog(house.log, after_run=lambda: kill_transactions(house.engine))
    with pytest.raises(OperationalError):
        taking(house, dying).catch_up()
    taking(house, MeddledLog(house.log)).catch_up()
    assert len(facts(house, OrderFacts.Paid)) == (0 if cancelled else 1)
    assert len(facts(house, OrderFacts.RefundDue)) == (1 if cancelled else 0)
    assert house.failures.all() == []


# -- the errand to WeChat


def test_every_attempt_to_pay_has_one_errand_with_its_own_number(house: Household) -> None:
    order = booked(house)
    first, second = (attempt_to_pay(house, order, attempt=attempt) for attempt in (1, 2))
    house.feed.catch_up()
    written = {(row["channel"], row["request_number"]) for row in rows(house.engine, errands)}
    numbers = (first.out_trade_no, second.out_trade_no)
    assert written == {("wechat_pay", number) for number in numbers}


def test_the_customer_who_waits_and_the_policy_share_one_errand(house: Household) -> None:
    order = booked(house)
    attempt = histories.started_payment(payable_id=order.id)
    outcome = save(house, attempt)
    house.outbox.run_now(outcome.position, prepay_errand(attempt.out_trade_no))
    house.feed.catch_up()
    (row,) = [each for each in rows(house.engine, errands) if each["template"] == "prepay"]
    assert (row["request_number"], row["attempts"]) == (attempt.out_trade_no, 1)


# -- parts


class MeddledLog:
    """The log; something happens right after its first load or its first run."""

    def __init__(
        self,
        log: Log,
        after_load: Callable[[], object] | None = None,
        after_run: Callable[[], object] | None = None,
    ) -> None:
        self.log = self  # what policies ask their services for
        self._real = log
        self._after_load = after_load
        self._after_run = after_run
        self.loads: list[UUID] = []

    def load(self, kind: type[AnyAggregate], stream_id: UUID) -> AnyAggregate:
        found = self._real.load(kind, stream_id)
        self.loads.append(stream_id)
        meddle, self._after_load = self._after_load, None
        if meddle:
            meddle()
        return found

    def run(self, command: Command, decide: Callable[[], Decision]) -> Outcome:
        outcome = self._real.run(command, decide)
        meddle, self._after_run = self._after_run, None
        if meddle:
            meddle()
        return outcome


def away() -> None:
    raise ConnectionError


def note(house: Household, order_id: UUID) -> None:
    order = house.log.load(CleaningOrder, order_id)
    words = histories.sealed("门禁 1234")
    order.add_note(words, visibility="office", by=histories.BY_STAFF, at=histories.NOW)
    save(house, order)


def runner(house: Household, policy: Policy, services: object) -> PolicyRunner:
    return PolicyRunner(house.engine, policy, routes(POLICIES), services, house.clock)


def taking(house: Household, services: MeddledLog, clock: SettableClock | None = None) -> Feed:
    return feed_of(house.engine, runner(house, order_takes_payment, services), clock=clock)
