from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.claims import TakeUnique
from domain.errors import InvalidInputError
from domain.payments import (
    CLOSED,
    SUCCEEDED,
    MoneyArrived,
    Payment,
    PaymentSucceededError,
    payment_id,
)
from tests.domain.histories import (
    BY_CUSTOMER,
    NOW,
    PRICE_FEN,
    an_id,
    assert_replays,
    claims,
    last,
    names,
    started_payment,
    success,
    unsaved,
)


def closed_payment() -> Payment:
    payment = started_payment()
    payment.request_closing("expired", at=NOW)
    payment.close("CLOSED", at=NOW)
    return payment


def succeeded_payment() -> Payment:
    payment = started_payment()
    payment.record_success(success(), at=NOW)
    return payment


def test_an_attempt_is_found_by_its_trade_number_and_claims_it() -> None:
    payment = started_payment()

    assert payment.id == payment_id("BJ261122-0042-1-C1A1")
    assert claims(last(payment)) == (TakeUnique("out_trade_no", "BJ261122-0042-1-C1A1"),)


@pytest.mark.parametrize(
    "change",
    [
        {"amount_fen": 0},
        {"charge_number": 0},
        {"expires_at": NOW},
        {"payer_openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
        {"payer_openid": ""},
    ],
)
def test_a_malformed_attempt_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        started_payment(**change)


def test_a_scanned_code_needs_no_openid() -> None:
    assert started_payment(trade_type="NATIVE", payer_openid="").trade_type == "NATIVE"


def test_a_success_in_time_pays_the_charge_once_for_all_attempts() -> None:
    payment = started_payment()
    payment.prepare("wx-prepay", at=NOW)

    assert payment.record_success(success(), at=NOW)

    assert payment.status == SUCCEEDED
    assert claims(last(payment)) == (
        TakeUnique("transaction_id", "4200000001"),
        TakeUnique("charge_paid", f"cleaning_order:{an_id('order')}:1"),
    )
    assert_replays(payment, payment.pending_events)


def test_a_success_told_again_in_another_way_is_stated_once() -> None:
    payment = succeeded_payment()

    assert not payment.record_success(success(learned_from="bill"), at=NOW)

    assert names(payment) == ["Started", "Succeeded"]


def test_a_success_while_closing_is_in_time() -> None:
    payment = started_payment()
    payment.request_closing("expired", at=NOW)

    payment.record_success(success(), at=NOW)

    assert names(payment)[-1] == "Succeeded"


def test_a_success_after_closing_is_late() -> None:
    payment = closed_payment()

    assert payment.record_success(success(), at=NOW)

    assert names(payment)[-1] == "SucceededLate"
    assert claims(last(payment)) == (TakeUnique("transaction_id", "4200000001"),)
    assert payment.status == CLOSED


def test_another_transaction_of_a_paid_attempt_is_a_second_success() -> None:
    payment = succeeded_payment()

    assert payment.record_success(success("4200000002"), at=NOW)

    assert names(payment)[-1] == "SucceededAgain"
    assert claims(last(payment)) == (TakeUnique("transaction_id", "4200000002"),)


def test_a_success_for_a_charge_that_another_attempt_paid_is_a_second_one() -> None:
    payment = started_payment(attempt=2)

    assert payment.record_second_success(success("4200000002"), at=NOW)
    assert not payment.record_second_success(success("4200000002"), at=NOW)

    assert names(payment) == ["Started", "SucceededAgain"]


def test_a_closed_attempt_for_a_paid_charge_is_late() -> None:
    payment = closed_payment()

    payment.record_second_success(success(), at=NOW)

    assert names(payment)[-1] == "SucceededLate"


@pytest.mark.parametrize("change", [{"amount_fen": PRICE_FEN - 1}, {"currency": "HKD"}])
def test_a_wrong_amount_is_stated_for_a_person_to_decide(change: dict[str, Any]) -> None:
    for payment in (started_payment(), closed_payment()):
        assert payment.record_success(success(**change), at=NOW)

        assert names(payment)[-1] == "AmountMismatched"
        assert last(payment).expected_fen == PRICE_FEN
        assert last(payment).amount_fen == change.get("amount_fen", PRICE_FEN)
        assert claims(last(payment)) == (TakeUnique("transaction_id", "4200000001"),)


def test_what_the_payer_saved_with_a_coupon_is_no_wrong_amount() -> None:
    payment = started_payment()

    payment.record_success(success(payer_total_fen=PRICE_FEN - 500), at=NOW)

    assert names(payment)[-1] == "Succeeded"


def test_a_report_names_its_transaction_and_source() -> None:
    for report in (success(""), success(learned_from="rumour")):
        with pytest.raises(InvalidInputError):
            started_payment().record_success(report, at=NOW)


def test_an_attempt_is_prepared_and_prepared_afresh() -> None:
    payment = started_payment()
    payment.reject_prepare("FREQUENCY_LIMITED", "请稍后", at=NOW)
    payment.prepare("wx-1", at=NOW)
    later = NOW + timedelta(hours=1)

    assert payment.prepare("wx-2", at=later)

    assert (payment.prepay_id, payment.prepared_at) == ("wx-2", later)
    assert not payment.reject_prepare("SYSTEM_ERROR", "系统错误", at=NOW)


def test_an_answer_that_comes_too_late_prepares_nothing() -> None:
    for payment in (closed_payment(), succeeded_payment()):
        assert not payment.prepare("wx-1", at=NOW)
        assert not payment.reject_prepare("ORDER_CLOSED", "订单已关闭", at=NOW)


def test_closing_twice_is_closing_once() -> None:
    payment = closed_payment()

    assert not payment.request_closing("expired", at=NOW)
    assert not payment.close("CLOSED", at=NOW)

    assert names(payment) == ["Started", "ClosingRequested", "Closed"]


def test_what_received_money_is_not_closed() -> None:
    mismatched = started_payment()
    mismatched.record_success(success(amount_fen=1), at=NOW)
    for payment in (succeeded_payment(), mismatched):
        with pytest.raises(PaymentSucceededError):
            payment.request_closing("expired", at=NOW)
        with pytest.raises(PaymentSucceededError):
            payment.close("CLOSED", at=NOW)


@pytest.mark.parametrize("state", ["SUCCESS", "REFUND", "USERPAYING", ""])
def test_an_attempt_is_closed_only_on_a_verified_unpaid_state(state: str) -> None:
    with pytest.raises(InvalidInputError):
        started_payment().close(state, at=NOW)


class SuccessReports(RuleBasedStateMachine):
    """Reports in any order and number, between closings: no money is lost or counted twice."""

    def __init__(self) -> None:
        super().__init__()
        self.payment = started_payment()
        self.told: dict[str, int] = {}

    @rule(
        transaction=st.sampled_from(["42001", "42002", "42003"]),
        source=st.sampled_from(["notice", "query", "bill"]),
        elsewhere=st.booleans(),
    )
    def report(self, transaction: str, source: str, *, elsewhere: bool) -> None:
        amount_fen = PRICE_FEN - 1 if transaction == "42003" else PRICE_FEN
        report = success(transaction, amount_fen=amount_fen, learned_from=source)
        record = self.payment.record_second_success if elsewhere else self.payment.record_success
        assert record(report, at=NOW) == (transaction not in self.told)
        self.told[transaction] = amount_fen

    @rule()
    def prepare(self) -> None:
        self.payment.prepare("wx-1", at=NOW)

    @rule()
    def close(self) -> None:
        if not self.told:
            self.payment.request_closing("expired", at=NOW)
            self.payment.close("CLOSED", at=NOW)

    @invariant()
    def each_transaction_is_stated_once_with_its_amount(self) -> None:
        arrived = [event for event in unsaved(self.payment) if isinstance(event, MoneyArrived)]
        stated = Counter(event.transaction_id for event in arrived)
        assert stated == Counter(list(self.told))
        assert {event.transaction_id: event.amount_fen for event in arrived} == self.told

    @invariant()
    def the_charge_has_at_most_one_success(self) -> None:
        assert names(self.payment).count("Succeeded") <= 1

    @invariant()
    def the_history_rebuilds_the_payment(self) -> None:
        assert_replays(self.payment, self.payment.pending_events)


TestSuccessReports = SuccessReports.TestCase
TestSuccessReports.settings = settings(max_examples=100, stateful_step_count=15, deadline=None)


def test_every_fact_says_who_began_the_attempt() -> None:
    assert last(started_payment()).by == BY_CUSTOMER
