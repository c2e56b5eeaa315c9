from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import NotFoundError
from domain.ledger.chart import CHART, account
from domain.ledger.entries import Entry, Line, UnbalancedEntryError
from domain.ledger.posting import POSTING_RULES, PostingFacts, post
from domain.ledger.tax import TAX_CLASSES, tax
from domain.orders.cleaning import CleaningOrder
from domain.payments import MoneyArrived, Payment

ORDER = UUID("11111111-1111-4111-8111-111111111111")
PAYMENT = UUID("22222222-2222-4222-8222-222222222222")
FACTS: PostingFacts = {"order_id": ORDER, "order_number": "BJ261122-0042-7"}
TRANSACTION = "4200002026112212345678901234"
# Ten minutes past midnight in Shanghai, while it is still the 22nd in UTC.
AT = datetime(2026, 11, 22, 16, 10, tzinfo=UTC)

AMOUNTS = st.integers(1, 10**9)
INSTANTS = st.integers(0, 60 * 24 * 900).map(lambda minutes: AT + timedelta(minutes=minutes))


def arrival(kind: type[MoneyArrived], amount_fen: int = 15_000, **changes: Any) -> MoneyArrived:  # noqa: ANN401 - forwards event fields
    fields: dict[str, Any] = {
        "originator_id": PAYMENT,
        "originator_version": 3,
        "timestamp": AT + timedelta(days=1),
        "out_trade_no": "BJ261122-0042-7-1-1",
        "payable_kind": "cleaning_order",
        "payable_id": ORDER,
        "charge_number": 1,
        "transaction_id": TRANSACTION,
        "amount_fen": amount_fen,
        "payer_total_fen": amount_fen,
        "currency": "CNY",
        "succeeded_at": AT,
        "trade_type": "JSAPI",
        "learned_from": "notice",
    }
    if kind is Payment.AmountMismatched:
        fields["expected_fen"] = 1
    return kind(**fields | changes)


def completion(recognised_fen: int = 15_000, tax_class: str = "small1") -> CleaningOrder.Completed:
    fields: dict[str, Any] = {
        "originator_id": ORDER,
        "originator_version": 9,
        "timestamp": AT + timedelta(days=1),
        "stage": "completed",
        "by": "system:inspection",
        "recognised_fen": recognised_fen,
        "tax_class": tax_class,
        "service_code": "BJ-01",
        "happened_at": AT,
        "note": "",
    }
    return CleaningOrder.Completed(**fields)


def posted(event: object) -> Entry:
    entry = post(event, FACTS)
    assert entry is not None
    return entry


def sides(entry: Entry) -> list[tuple[str, int, int]]:
    return [(line.account, line.debit_fen, line.credit_fen) for line in entry.lines]


def test_a_payment_is_owed_to_its_order_until_the_work_is_done() -> None:
    entry = posted(arrival(Payment.Succeeded))
    assert (entry.rule, entry.rule_version) == ("P1", 1)
    assert sides(entry) == [("101201", 15_000, 0), ("2203", 0, 15_000)]
    assert {line.order_id for line in entry.lines} == {ORDER}
    assert "BJ261122-0042-7" in entry.summary


@pytest.mark.parametrize(
    "kind", [Payment.SucceededLate, Payment.SucceededAgain, Payment.AmountMismatched]
)
def test_money_the_order_does_not_take_waits_to_go_back(kind: type[MoneyArrived]) -> None:
    entry = posted(arrival(kind))
    assert entry.rule == "P3"
    assert sides(entry) == [("101201", 15_000, 0), ("224102", 0, 15_000)]
    assert {line.transaction_id for line in entry.lines} == {TRANSACTION}


@pytest.mark.parametrize("changes", [{"currency": "USD"}, {"amount_fen": 0}])
def test_a_mismatch_without_an_amount_in_fen_is_not_posted(changes: dict[str, Any]) -> None:
    assert post(arrival(Payment.AmountMismatched, **changes), FACTS) is None


def test_a_completed_order_turns_its_advance_into_income_and_tax() -> None:
    entry = posted(completion(15_000, "small1"))
    assert entry.rule == "P9"
    assert sides(entry) == [("2203", 15_000, 0), ("5001", 0, 14_851), ("222101", 0, 149)]
    assert entry.lines[1].service_code == "BJ-01"


def test_exempt_income_has_no_tax_line() -> None:
    entry = posted(completion(15_000, "exempt_employee"))
    assert sides(entry) == [("2203", 15_000, 0), ("5001", 0, 15_000)]


def test_an_order_that_earned_nothing_is_not_posted() -> None:
    assert post(completion(0), FACTS) is None


def test_an_event_without_money_is_not_posted() -> None:
    fields: dict[str, Any] = {"confirmed_state": "NOTPAY"}
    closed = Payment.Closed(originator_id=PAYMENT, originator_version=3, timestamp=AT, **fields)
    assert post(closed, FACTS) is None


def test_an_unknown_tax_class_stops_the_posting() -> None:
    with pytest.raises(NotFoundError, match="luxury"):
        post(completion(15_000, "luxury"), FACTS)


def test_an_entry_bears_the_day_in_shanghai_of_the_fact_and_not_of_its_recording() -> None:
    assert posted(arrival(Payment.Succeeded)).date == date(2026, 11, 23)
    assert posted(completion()).date == date(2026, 11, 23)


RECEIPTS = st.builds(
    arrival,
    st.sampled_from(
        [
            Payment.Succeeded,
            Payment.SucceededLate,
            Payment.SucceededAgain,
            Payment.AmountMismatched,
        ]
    ),
    AMOUNTS,
    succeeded_at=INSTANTS,
)
COMPLETIONS = st.builds(completion, AMOUNTS, st.sampled_from(sorted(TAX_CLASSES)))


@given(st.one_of(RECEIPTS, COMPLETIONS))
def test_every_entry_balances_and_has_no_empty_line(event: object) -> None:
    entry = posted(event)
    assert len(entry.lines) >= 2
    assert sum(line.debit_fen for line in entry.lines) == sum(
        line.credit_fen for line in entry.lines
    )
    for line in entry.lines:
        assert line.account in CHART
        assert sorted((line.debit_fen > 0, line.credit_fen > 0)) == [False, True]
        assert min(line.debit_fen, line.credit_fen) == 0
    assert "," not in entry.summary
    assert len(entry.summary) <= 60


@given(st.one_of(RECEIPTS, COMPLETIONS))
def test_the_same_event_gives_the_same_entry(event: object) -> None:
    assert post(event, FACTS) == post(event, FACTS)


@given(RECEIPTS)
def test_a_receipt_bears_the_day_on_which_the_money_came(event: MoneyArrived) -> None:
    shanghai = event.succeeded_at + timedelta(hours=8)
    assert posted(event).date == shanghai.date()


@given(AMOUNTS, st.sampled_from(sorted(TAX_CLASSES)))
def test_income_and_tax_are_the_whole_of_what_is_earned(gross: int, tax_class: str) -> None:
    entry = posted(completion(gross, tax_class))
    earned = {line.account: line.credit_fen for line in entry.lines}
    rate = TAX_CLASSES[tax_class].basis_points(entry.date)
    assert earned.get("222101", 0) == tax(gross, rate)
    assert earned["5001"] + earned.get("222101", 0) == gross


@given(AMOUNTS)
def test_paid_and_completed_leaves_no_advance(gross: int) -> None:
    lines = (*posted(arrival(Payment.Succeeded, gross)).lines, *posted(completion(gross)).lines)
    advance = sum(line.credit_fen - line.debit_fen for line in lines if line.account == "2203")
    assert advance == 0


def test_every_rule_is_for_an_event_of_a_payment_or_an_order() -> None:
    assert {event.__qualname__ for event in POSTING_RULES} == {
        "Payment.Succeeded",
        "Payment.SucceededLate",
        "Payment.SucceededAgain",
        "Payment.AmountMismatched",
        "OrderFacts.Completed",
        "HourlyWorkOrder.Completed",
        "HourlyWorkOrder.VisitCompleted",
    }


@pytest.mark.parametrize("amounts", [(0, 0), (5, 5), (-5, 0), (5, -5)])
def test_a_line_has_exactly_one_positive_side(amounts: tuple[int, int]) -> None:
    with pytest.raises(UnbalancedEntryError):
        Line("2203", *amounts)


def test_a_line_names_an_account_of_the_chart() -> None:
    with pytest.raises(NotFoundError, match="9999"):
        Line("9999", 1, 0)


@pytest.mark.parametrize(
    "lines", [(), (Line("2203", 1, 0),), (Line("2203", 1, 0), Line("5001", 0, 2))]
)
def test_an_entry_that_does_not_balance_cannot_exist(lines: tuple[Line, ...]) -> None:
    with pytest.raises(UnbalancedEntryError):
        Entry("P1", 1, date(2026, 11, 23), "", lines)


def test_the_side_on_which_an_account_grows_follows_its_type() -> None:
    assert account("101201").normal_side == account("5603").normal_side == "debit"
    assert account("2203").normal_side == account("5001").normal_side == "credit"


def test_a_sub_account_has_the_type_of_its_parent() -> None:
    for code, entry in CHART.items():
        first = {"1": "asset", "2": "liability"}
        assert entry.code == code
        assert entry.type == first.get(code[0], entry.type)
        assert len(code) in {4, 6}


def test_no_two_accounts_share_a_name() -> None:
    assert len({entry.name for entry in CHART.values()}) == len(CHART)
