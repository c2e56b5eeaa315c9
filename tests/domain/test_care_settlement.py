"""What stopping costs at any moment: by segments, to the fen, with a reason for each line."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.money import divide_half_up
from domain.orders.care.contract import CONTRACT, RENEWAL, REPLACEMENT
from domain.orders.care.order import CareOrder
from domain.orders.care.settlement import (
    COMPANY,
    CUSTOMER,
    FINISHED,
    LEAVE,
    REST,
    WORKED,
    Engagement,
    Statement,
    counted_days,
    refund_table,
    statement,
)
from tests.domain.histories import BY_STAFF, cancellation
from tests.domain.nannies import (
    DAYS,
    FEE_FEN,
    FIRST_DAY,
    NURSE,
    OTHER_NURSE,
    PRICE_FEN,
    after,
    amounts,
    care_on_duty,
    leave,
    morning,
    nurse,
    on,
    record,
    renew,
    renewal,
    replace_nurse,
    segment,
    signed_care,
    supplementary,
    take,
    terms,
    want_another,
)

EVENING = 20


def test_stopping_after_ten_days_costs_ten_twenty_sixths() -> None:
    order = care_on_duty()
    take(order, PRICE_FEN + FEE_FEN, purpose="wage")

    told = order.stop(after(9, EVENING))

    wage_fen, fee_fen = divide_half_up(PRICE_FEN * 10, 26), FEE_FEN * 10 // 26
    assert told.used_days == 10
    assert [line.amount_fen for line in told.lines] == [wage_fen, fee_fen]
    assert told.balance_fen == PRICE_FEN + FEE_FEN - wage_fen - fee_fen
    assert [line.reason for line in told.lines] == [
        "工号 21：10 天 × ¥8,800.00/26 天",
        "服务费 ¥1,300.00，按 26 天分摊，已服务 10 天",
    ]


def test_a_whole_contract_costs_what_was_agreed() -> None:
    assert care_on_duty().stop(after(DAYS)).used_fen == PRICE_FEN + FEE_FEN


def test_leave_and_rest_cost_nothing() -> None:
    order = care_on_duty()
    record(order, [2, 3], LEAVE)
    record(order, [6], REST)

    told = order.stop(after(9, EVENING))

    assert told.used_days == 7
    assert [line.reason for line in told.lines][1:3] == ["请假 2 天，不计费", "休息 1 天，不计费"]


def test_a_statutory_holiday_worked_costs_twice() -> None:
    order = care_on_duty(terms(starts_on=on(0), ends_on=on(40), days=DAYS))
    record(order, range(25), LEAVE)
    record(order, [31], WORKED)

    told = order.stop(after(31, EVENING))

    day_fen = divide_half_up(PRICE_FEN * 7, 26)
    assert amounts(told, "wage") == [day_fen]
    assert sum(amounts(told, "wage", "holiday")) == divide_half_up(PRICE_FEN * 8, 26)


def test_a_correction_is_the_last_word() -> None:
    order = care_on_duty()
    record(order, [2], LEAVE)
    record(order, [2], WORKED, at=after(3, EVENING))

    assert order.stop(after(3, EVENING)).used_days == 4


def test_days_beyond_those_bought_cost_nothing() -> None:
    order = care_on_duty(terms(ends_on=on(40)))

    assert order.stop(after(35)).used_fen == PRICE_FEN + FEE_FEN


def test_the_service_fee_goes_back_whole_where_the_company_stops() -> None:
    order = care_on_duty()

    told = order.stop(after(9, EVENING), COMPANY)

    assert amounts(told, "fee") == [0]
    assert told.lines[-1].reason == "我方原因停止，服务费全额退还"


def test_a_fee_without_days_is_earned_on_the_first() -> None:
    order = care_on_duty(terms(fee_days=0))

    assert amounts(order.stop(morning(hour=EVENING)), "fee") == [FEE_FEN]


def test_what_is_left_is_carried_to_the_next_worker() -> None:
    order = care_on_duty()
    replace_nurse(order, 10, ends_on=on(40))

    told = order.stop(after(40))

    assert {number: len(days) for number, days in _counted(order, 40).items()} == {1: 10, 2: 16}
    assert told.used_fen == PRICE_FEN + FEE_FEN


def _counted(order: CareOrder, days: int) -> dict[int, list[date]]:
    return counted_days(order.engagement(), after(days))


def test_the_day_of_a_change_is_paid_once() -> None:
    """The old worker left in the morning before her day began; the new one came at ten."""
    order = care_on_duty()
    replace_nurse(order, 10)

    counted = _counted(order, 12)

    assert counted[1][-1] == FIRST_DAY + timedelta(days=9)
    assert counted[2][0] == FIRST_DAY + timedelta(days=10)


def test_a_day_begun_by_one_and_ended_by_another_is_the_first_ones() -> None:
    shared = [segment(1, 0, None).closed(after(5, 12)), segment(2, 5, None)]

    counted = counted_days(Engagement(entitled_days=DAYS, segments=shared), after(6, EVENING))

    assert (len(counted[1]), len(counted[2])) == (6, 1)


def test_a_renewed_month_has_its_own_price() -> None:
    order = care_on_duty()
    renew(order, after(20), price_fen=PRICE_FEN + 26_000, fee_fen=10_000, fee_days=26)

    assert order.stop(after(DAYS + 1, 8)).used_days == DAYS + 1
    assert order.stop(after(2 * DAYS)).used_fen == 2 * PRICE_FEN + 26_000 + FEE_FEN + 10_000


def test_a_replaced_worker_ends_a_renewal_that_has_not_begun() -> None:
    order = care_on_duty()
    renew(order, after(10))
    replace_nurse(order, 20, ends_on=on(2 * DAYS))

    assert [len(days) for days in _counted(order, 2 * DAYS).values()] == [20, 0, 32]


def hospital_stay(hours: int, checked_in: int) -> Statement:
    """An attendant there for so many hours since nine, checked in on so many days."""
    stay = terms(
        price_fen=26_000,
        price_days=1,
        days=10,
        ends_on=on(9),
        day_hours=24,
        deposit_fen=0,
        fee_fen=0,
    )
    order = care_on_duty(stay, "HG-01")
    record(order, range(checked_in), WORKED, at=after(10))
    left_at = morning() + timedelta(hours=hours)
    return order.stop(left_at, FINISHED)


@pytest.mark.parametrize(
    ("hours", "checked_in", "days"),
    [(23, 1, 0), (24, 1, 1), (47, 2, 1), (48, 2, 2), (48, 1, 1), (240, 10, 10), (240, 0, 0)],
)
def test_in_hospital_full_days_that_were_checked_in_count(
    hours: int, checked_in: int, days: int
) -> None:
    told = hospital_stay(hours, checked_in)

    assert (told.used_days, told.used_fen) == (days, days * 26_000)


def test_a_shift_of_twelve_hours_is_a_day_of_half_day_care() -> None:
    half = terms(price_fen=18_000, price_days=1, days=3, ends_on=on(2), day_hours=12, deposit_fen=0)
    order = care_on_duty(half, "HG-01")
    record(order, [0], WORKED)

    assert order.stop(morning(hour=20)).used_days == 0
    assert order.stop(morning(hour=21)).used_days == 1


def test_before_a_contract_nothing_is_owed() -> None:
    told = statement(Engagement(), after(0))

    assert (told.lines, told.used_fen, told.balance_fen) == ((), 0, 0)


def test_the_statement_at_the_end_is_the_settlement() -> None:
    order = care_on_duty()
    replace_nurse(order, 10)
    leave(order, after(20, EVENING), CUSTOMER)
    foreseen = order.stop(after(20, EVENING))

    settled = order.settle(by=BY_STAFF, at=after(25))

    assert settled == foreseen == order.stop(after(60))


def test_a_statement_of_a_withdrawn_contract_stays_as_settled() -> None:
    order = signed_care(terms(starts_on=on(60), ends_on=on(90)))
    take(order, 10_000)
    foreseen = order.stop(after(20))
    order.cancel(cancellation(), by=BY_STAFF, at=after(20))

    assert order.stop(after(59)) == foreseen
    assert (foreseen.used_fen, order.settled_fen) == (5_000, 5_000)


def test_the_table_before_signing_is_what_the_settlement_says_later() -> None:
    shown = {row["when"]: row["used_fen"] for row in refund_table(CONTRACT, terms(), DAYS)}
    order = care_on_duty()

    for days in (1, 3, 7, 13, 26):
        assert shown[f"服务 {days} 天后停止"] == order.stop(after(days - 1, EVENING)).used_fen


def test_the_table_of_hospital_care_counts_full_days() -> None:
    stay = terms(price_fen=26_000, price_days=1, days=3, ends_on=on(2), day_hours=24, fee_fen=0)
    table = refund_table(CONTRACT, replace(stay, deposit_fen=0), 3)

    assert [row["used_fen"] for row in table] == [0, 26_000, 78_000]


def test_the_table_of_a_supplementary_agreement_is_about_the_days_left() -> None:
    order = care_on_duty()
    want_another(order, after(10, 7))
    order.propose_candidates([nurse(OTHER_NURSE)], by=BY_STAFF, at=after(10, 7))

    made = order.propose_terms(
        REPLACEMENT, OTHER_NURSE, supplementary(10), by=BY_STAFF, at=after(10, 7)
    )

    assert [row["when"] for row in made.refund_table][-1] == "再服务 16 天后停止"
    assert made.refund_table[-1]["used_fen"] == divide_half_up(PRICE_FEN * 16, 26)


def test_the_table_of_a_renewal_says_nothing_of_a_start() -> None:
    order = care_on_duty()

    made = order.propose_terms(RENEWAL, NURSE, renewal(), by=BY_STAFF, at=after(20))

    assert all(row["when"].startswith("再服务") for row in made.refund_table)
    assert made.refund_table[-1]["used_fen"] == PRICE_FEN
