from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.claims import TakeUnique
from domain.errors import InvalidInputError
from domain.payments import (
    CLOSED,
    PREPARED,
    STARTED,
    SUCCEEDED,
    UNPAID_STATES,
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
    sealed,
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
        {"trade_type": "APP"},
        {"trade_type": "H5"},
        {"trade_type": "MWEB", "payer_openid": ""},
        {"trade_type": "MWEB", "payer_openid": "", "payer_ip": "203.0.113.7"},
        {"trade_type": "NATIVE", "payer_openid": "", "payer_ip": "203.0.113.7"},
    ],
)
def test_a_malformed_attempt_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        started_payment(**change)


def test_a_scanned_code_needs_no_openid() -> None:
    assert started_payment(trade_type="NATIVE", payer_openid="").trade_type == "NATIVE"


def test_a_browser_outside_wechat_is_known_by_its_sealed_address() -> None:
    payment = started_payment(trade_type="MWEB", payer_openid="", payer_ip=sealed("203.0.113.7"))
    assert (payment.trade_type, payment.payer_ip) == ("MWEB", sealed("203.0.113.7"))
    assert_replays(payment, payment.pending_events)


@pytest.mark.parametrize(("trade_type", "minutes"), [("JSAPI", 120), ("MWEB", 5), ("NATIVE", 120)])
def test_what_wechat_gave_is_asked_for_anew_once_it_has_run_out(
    trade_type: str, minutes: int
) -> None:
    payment = started_payment(trade_type=trade_type, payer_ip=sealed("203.0.113.7"))
    assert not payment.renew(at=NOW + timedelta(days=1))  # nothing was given yet
    payment.prepare("wx-1", pay_url="https://wx.example/1", at=NOW)
    assert payment.pay_url == "https://wx.example/1"
    runs_out = NOW + timedelta(minutes=minutes)
    assert not payment.renew(at=runs_out - timedelta(microseconds=1))

    assert payment.renew(at=runs_out)

    assert (payment.status, payment.prepay_id, payment.pay_url) == (STARTED, "", "")
    assert payment.prepared_at is None
    assert not payment.renew(at=runs_out + timedelta(days=1))
    payment.prepare("", pay_url="https://wx.example/2", at=runs_out)
    assert (payment.status, payment.pay_url) == (PREPARED, "https://wx.example/2")
    assert names(payment) == ["Started", "Prepared", "Renewed", "Prepared"]
    assert_replays(payment, payment.pending_events)


def test_what_can_no_longer_be_paid_is_not_renewed() -> None:
    rejected = started_payment()
    rejected.reject_prepare("PARAM_ERROR", "参数错误", at=NOW)
    for payment in (rejected, closed_payment(), succeeded_payment()):
        assert not payment.renew(at=NOW + timedelta(days=1))


def test_a_renewed_attempt_may_be_refused_given_up_and_paid() -> None:
    ways: list[Callable[[Payment], bool]] = [
        lambda payment: payment.reject_prepare("PARAM_ERROR", "参数错误", at=NOW),
        lambda payment: payment.request_closing("expired", at=NOW),
        lambda payment: payment.record_success(success(), at=NOW),
    ]
    for go_on in ways:
        payment = started_payment()
        payment.prepare("wx-1", at=NOW)
        payment.renew(at=NOW + timedelta(hours=2))
        assert go_on(payment)
        assert_replays(payment, payment.pending_events)


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
        self.payment = started_payment(trade_type="MWEB", payer_ip=sealed("203.0.113.7"))
        self.now = NOW
        self.told: dict[str, int] = {}
        self.given_up = False
        self.closed_as = ""

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

    @rule(name=st.sampled_from(["1", "2"]))
    def prepare(self, name: str) -> None:
        self.payment.prepare(f"wx-{name}", pay_url=f"https://wx.example/{name}", at=self.now)

    @rule()
    def refuse_to_prepare(self) -> None:
        self.payment.reject_prepare("PARAM_ERROR", "参数错误", at=self.now)

    @rule(later=st.sampled_from([timedelta(minutes=5), timedelta(hours=2)]))
    def come_back(self, later: timedelta) -> None:
        self.now += later
        self.payment.renew(at=self.now)

    @precondition(lambda self: not self.told)
    @rule()
    def give_up(self) -> None:
        self.given_up = True
        self.payment.request_closing("expired", at=self.now)

    @precondition(lambda self: not self.told)
    @rule(state=st.sampled_from(sorted(UNPAID_STATES)))
    def close(self, state: str) -> None:
        self.given_up = True
        self.closed_as = self.closed_as or state
        self.payment.request_closing("expired", at=self.now)
        self.payment.close(state, at=self.now)

    @invariant()
    def it_waits_until_it_is_given_up_or_money_comes(self) -> None:
        assert self.payment.is_waiting() == (not self.given_up and not self.told)

    @invariant()
    def it_is_over_once_it_is_closed_or_money_came(self) -> None:
        assert self.payment.is_over() == (bool(self.closed_as) or bool(self.told))
        assert not (self.payment.is_over() and self.payment.is_waiting())

    @invariant()
    def its_order_waits_until_it_is_closed_or_other_money_came(self) -> None:
        arrived = [event for event in unsaved(self.payment) if isinstance(event, MoneyArrived)]
        in_time = any(isinstance(event, Payment.Succeeded) for event in arrived)
        assert self.payment.keeps_order() == (in_time or not (self.closed_as or self.told))

    @invariant()
    def it_is_final_once_wechat_can_take_no_more_money(self) -> None:
        """That WeChat knows no order, or an unpaid one, proves nothing of the future."""
        assert self.payment.is_final() == (self.closed_as == "CLOSED" or bool(self.told))
        assert self.payment.is_over() or not self.payment.is_final()

    @invariant()
    def what_wechat_gave_is_there_just_while_it_is_prepared(self) -> None:
        if self.payment.status == PREPARED:
            assert self.payment.prepay_id
            assert self.payment.pay_url
        elif self.payment.status == STARTED:
            assert (self.payment.prepay_id, self.payment.pay_url) == ("", "")

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
