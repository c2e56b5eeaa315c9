"""Closing an account: asked for, thought over, withdrawn or carried out, and then for ever."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.claims import ReleaseUnique
from domain.customer_closing import (
    CLOSING_PERIOD,
    AccountClosingError,
    AccountErasedError,
    ClosingPeriodError,
    NotClosingError,
    Standing,
)
from domain.customers import Customer, WorkerWish
from domain.errors import InvalidInputError, RuleViolationError
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_SYSTEM,
    CONTACT,
    NOW,
    an_id,
    assert_replays,
    claims,
    identity,
    last,
    names,
    registered_customer,
)

CLASSES = ["contact", "identity"]
DUE = NOW + CLOSING_PERIOD
MOMENT = timedelta(microseconds=1)


def closing_customer() -> Customer:
    customer = registered_customer()
    customer.save_contact(an_id("home"), CONTACT, by=BY_CUSTOMER, at=NOW)
    customer.give_consent("privacy", "2026-01", by=BY_CUSTOMER, at=NOW)
    customer.request_closing("customer", by=BY_CUSTOMER, at=NOW)
    return customer


def erased_customer() -> Customer:
    customer = closing_customer()
    customer.erase(CLASSES, by=BY_SYSTEM, at=DUE)
    return customer


def test_whoever_asks_for_closing_has_a_week_to_think_it_over() -> None:
    customer = closing_customer()

    assert (customer.standing, customer.closes_at) == (Standing.CLOSING, NOW + timedelta(days=7))
    assert_replays(customer, customer.pending_events)


def test_asked_again_the_week_goes_on() -> None:
    customer = closing_customer()

    assert not customer.request_closing("customer", by=BY_CUSTOMER, at=NOW + timedelta(days=3))
    assert names(customer).count("ClosingRequested") == 1
    assert customer.closes_at == DUE


def test_a_closing_names_its_reason() -> None:
    with pytest.raises(InvalidInputError):
        registered_customer().request_closing("", by=BY_CUSTOMER, at=NOW)


BEGINNINGS: list[Callable[[Customer], Any]] = [
    lambda c: c.save_contact(an_id("new"), CONTACT, by=BY_CUSTOMER, at=NOW),
    lambda c: c.link_identity(identity("unionid"), by=BY_CUSTOMER, at=NOW),
    lambda c: c.give_consent("privacy", "2026-02", by=BY_CUSTOMER, at=NOW),
    lambda c: c.check_active(),
]
ENDINGS: list[Callable[[Customer], Any]] = [
    lambda c: c.remove_contact(an_id("home"), by=BY_CUSTOMER, at=NOW),
    lambda c: c.withdraw_consent("privacy", by=BY_CUSTOMER, at=NOW),
    lambda c: c.wish_of_worker(an_id("w"), WorkerWish.EXCLUDED, by=BY_CUSTOMER, at=NOW),
]


@pytest.mark.parametrize("begin", BEGINNINGS)
def test_nothing_new_begins_while_the_account_is_closing(begin: Callable[[Customer], Any]) -> None:
    customer = closing_customer()
    with pytest.raises(AccountClosingError):
        begin(customer)

    customer.withdraw_closing(by=BY_CUSTOMER, at=NOW)
    begin(customer)


@pytest.mark.parametrize("end", ENDINGS)
def test_what_takes_something_away_is_possible_while_closing(
    end: Callable[[Customer], Any],
) -> None:
    customer = closing_customer()
    before = len(names(customer))

    end(customer)

    assert len(names(customer)) == before + 1


@pytest.mark.parametrize("command", [*BEGINNINGS, *ENDINGS])
def test_nothing_is_stated_of_who_was_erased(command: Callable[[Customer], Any]) -> None:
    with pytest.raises(AccountErasedError):
        command(erased_customer())


def test_nothing_is_erased_before_the_week_is_over() -> None:
    customer = closing_customer()
    with pytest.raises(ClosingPeriodError):
        customer.erase(CLASSES, by=BY_SYSTEM, at=DUE - MOMENT)

    customer.erase(CLASSES, by=BY_SYSTEM, at=DUE)

    assert customer.is_erased()


def test_nobody_is_erased_who_did_not_ask_for_it() -> None:
    customer = registered_customer()
    with pytest.raises(NotClosingError):
        customer.erase(CLASSES, by=BY_SYSTEM, at=DUE)
    with pytest.raises(NotClosingError):
        customer.withdraw_closing(by=BY_CUSTOMER, at=NOW)


def test_after_a_withdrawal_another_request_has_a_week_of_its_own() -> None:
    customer = closing_customer()
    customer.withdraw_closing(by=BY_CUSTOMER, at=NOW)
    with pytest.raises(NotClosingError):
        customer.erase(CLASSES, by=BY_SYSTEM, at=DUE)

    later = NOW + timedelta(days=5)
    customer.request_closing("customer", by=BY_CUSTOMER, at=later)

    assert customer.closes_at == later + CLOSING_PERIOD
    with pytest.raises(ClosingPeriodError):
        customer.erase(CLASSES, by=BY_SYSTEM, at=DUE)


def test_the_erased_hold_nothing_and_their_identities_are_free() -> None:
    customer = closing_customer()
    held = list(customer.identities)

    customer.erase(CLASSES, by=BY_SYSTEM, at=DUE)

    fact = last(customer)
    assert claims(fact) == tuple(ReleaseUnique("external_identity", key) for key in held)
    assert (fact.classes, fact.reason_code) == (CLASSES, "customer")
    assert (customer.contacts, customer.openids) == ({}, {})
    assert_replays(customer, customer.pending_events)


def test_the_erased_never_come_back() -> None:
    customer = erased_customer()
    for command in (
        lambda: customer.withdraw_closing(by=BY_CUSTOMER, at=DUE),
        lambda: customer.request_closing("customer", by=BY_CUSTOMER, at=DUE),
        lambda: customer.erase(CLASSES, by=BY_SYSTEM, at=DUE),
    ):
        with pytest.raises(AccountErasedError):
            command()


class ClosingMachine(RuleBasedStateMachine):
    """Any order of commands: who is erased asked for it, a week before, and did not withdraw."""

    def __init__(self) -> None:
        super().__init__()
        self.customer = registered_customer()
        self.now = NOW
        self.asked_at: datetime | None = None

    @rule(hours=st.integers(1, 100))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def ask(self) -> None:
        try:
            if self.customer.request_closing("customer", by=BY_CUSTOMER, at=self.now):
                self.asked_at = self.now
        except AccountErasedError:
            assert self.customer.is_erased()

    @rule()
    def withdraw(self) -> None:
        try:
            self.customer.withdraw_closing(by=BY_CUSTOMER, at=self.now)
            self.asked_at = None
        except RuleViolationError:
            assert self.asked_at is None or self.customer.is_erased()

    @rule()
    def erase(self) -> None:
        try:
            self.customer.erase(CLASSES, by=BY_SYSTEM, at=self.now)
        except RuleViolationError:
            return
        assert self.asked_at is not None
        assert self.now - self.asked_at >= CLOSING_PERIOD

    @invariant()
    def the_facts_tell_the_same(self) -> None:
        assert_replays(self.customer, self.customer.pending_events)
        assert names(self.customer).count("Erased") == int(self.customer.is_erased())


TestClosingMachine = ClosingMachine.TestCase
TestClosingMachine.settings = settings(max_examples=30, stateful_step_count=20)
