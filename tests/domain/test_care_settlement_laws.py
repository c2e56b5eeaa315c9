"""Whatever the engagement was like, its statement keeps these laws."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.money import divide_half_up
from domain.orders.care.settlement import (
    COMPANY,
    CUSTOMER,
    FINISHED,
    LEAVE,
    REST,
    WORKED,
    Day,
    Engagement,
    Fee,
    agreed,
    counted_days,
    statement,
)
from tests.domain.nannies import (
    NURSE,
    OTHER_NURSE,
    PRICE_FEN,
    THIRD_NURSE,
    after,
    amounts,
    care_on_duty,
    morning,
    on,
    replace_nurse,
    segment,
    terms,
)

# -- for every history

PRICES = st.integers(min_value=1, max_value=5_000_000)
CUTS = st.lists(st.integers(min_value=1, max_value=60), max_size=4, unique=True).map(sorted)
RECORDS = st.dictionaries(
    st.integers(min_value=0, max_value=70).map(on),
    st.builds(Day, st.sampled_from([WORKED, LEAVE, REST]), st.sampled_from(["", "元旦"])),
    max_size=20,
)
MOMENTS = st.integers(min_value=0, max_value=24 * 80).map(lambda h: morning() + timedelta(hours=h))


@st.composite
def engagements(draw: st.DrawFn, *, price: st.SearchStrategy[int] = PRICES) -> Engagement:
    """Up to five segments one after the other, with records, fees and receipts."""
    edges = [0, *draw(CUTS), None]
    hours = draw(st.sampled_from([0, 0, 12, 24]))
    segments = [
        segment(number, starts, ends, price_fen=draw(price), day_hours=hours)
        for number, (starts, ends) in enumerate(pairwise(edges), 1)
        if starts is not None
    ]
    fee = Fee(draw(PRICES), draw(st.sampled_from([0, 1, 26, 312])), 1)
    return Engagement(
        segments=segments,
        entitled_days=draw(st.integers(min_value=0, max_value=80)),
        days=draw(RECORDS),
        fees=(fee,),
        paid_offline_fen=draw(st.integers(min_value=0, max_value=10_000_000)),
    )


def exact_wages(facts: Engagement, until: datetime) -> tuple[int, int]:
    """The sum of all wages as a fraction, before any rounding."""
    numerator = 0
    for number, days in counted_days(facts, until).items():
        at = facts.segments[number - 1]
        doubled = sum(bool(_holiday(facts, day)) for day in days)
        times = len(days) + doubled * (at.holiday_times - 1)
        numerator += times * at.price_fen
    return numerator, 26


def _holiday(facts: Engagement, day: date) -> str:
    recorded = facts.days.get(day.isoformat())
    return recorded.holiday if recorded else ""


@given(engagements(), MOMENTS, st.sampled_from([CUSTOMER, COMPANY, FINISHED]))
def test_the_lines_add_up_and_nothing_is_lost(
    facts: Engagement, until: datetime, cause: str
) -> None:
    told = statement(facts, until, cause)

    assert told.used_fen == sum(line.amount_fen for line in told.lines)
    assert told.used_fen + told.balance_fen == told.paid_offline_fen
    assert all(line.amount_fen >= 0 and line.reason for line in told.lines)


@given(engagements(), MOMENTS)
def test_wages_are_rounded_once_over_all_segments(facts: Engagement, until: datetime) -> None:
    """So a month shared by three costs what a month costs, to the fen."""
    told = statement(facts, until)

    assert sum(amounts(told, "wage", "holiday")) == divide_half_up(*exact_wages(facts, until))


@given(engagements(), MOMENTS)
def test_each_line_is_within_a_fen_of_its_own_rounding(facts: Engagement, until: datetime) -> None:
    prices = {each.number: each.price_fen for each in facts.segments}
    for line in statement(facts, until).lines:
        if line.code in {"wage", "holiday"}:
            alone_fen = divide_half_up(line.days * prices[line.segment], 26)
            assert abs(line.amount_fen - alone_fen) <= 1


@given(engagements(), MOMENTS, MOMENTS)
def test_more_time_never_costs_less(facts: Engagement, one: datetime, other: datetime) -> None:
    earlier, later = sorted((one, other))

    assert statement(facts, earlier).used_fen <= statement(facts, later).used_fen
    assert statement(facts, earlier).used_days <= statement(facts, later).used_days


@given(engagements(), MOMENTS)
def test_no_day_is_paid_twice_nor_more_days_than_were_bought(
    facts: Engagement, until: datetime
) -> None:
    paid = [day for days in counted_days(facts, until).values() for day in days]

    assert len(paid) == len(set(paid)) <= facts.entitled_days


@given(engagements(price=st.just(PRICE_FEN)), MOMENTS)
def test_segments_change_nothing_where_the_price_stays(facts: Engagement, until: datetime) -> None:
    """Three workers at one price cost as much as one, for days without records."""
    bare = replace(facts, days={}, segments=[replace(s, day_hours=0) for s in facts.segments])
    alone = replace(bare, segments=[segment(1, 0, None)])

    assert statement(bare, until).used_fen == statement(alone, until).used_fen


@given(st.integers(min_value=1, max_value=5_000_000), st.integers(min_value=1, max_value=400))
def test_the_whole_contract_is_its_price(price_fen: int, days: int) -> None:
    bought = terms(price_fen=price_fen, days=days, ends_on=on(days - 1), deposit_fen=0)
    whole = segment(1, 0, None, price_fen=price_fen)
    facts = replace(agreed(bought), segments=[whole])

    told = statement(facts, after(days))

    assert sum(amounts(told, "wage")) == bought.total_fen()


def test_the_workers_are_named_on_their_own_lines() -> None:
    order = care_on_duty()
    replace_nurse(order, 5)
    replace_nurse(order, 10, THIRD_NURSE)

    wages = [line for line in order.stop(after(20)).lines if line.code == "wage"]

    assert [line.segment for line in wages] == [1, 2, 3]
    for number, line in zip((NURSE, OTHER_NURSE, THIRD_NURSE), wages, strict=True):
        assert line.reason.startswith(f"工号 {number}：")
