"""The price follows the date: whatever moves were made, just the last date's price is asked for."""

from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias, cast
from uuid import uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.cleaning import CleaningWork, Survey
from application.commands import Command, Decision, Outcome
from application.dispatching import FieldReport
from application.log import Log
from application.rescheduling import (
    DateChange,
    DateTerms,
    DifferenceNotAgreedError,
    Reschedulings,
)
from application.tariffs import Tariffs
from domain.catalogue.quotes import Quote, quote
from domain.catalogue.seed import TARIFF
from domain.catalogue.tariff import Tariff
from domain.catalogue.wishes import Wish
from domain.orders import charges
from domain.orders.booking import OrderedWork
from domain.orders.cleaning import NEW_HOME, CleaningOrder
from domain.orders.date_prices import UnpaidPriceError, price_of
from domain.orders.rescheduling_policy import FEE_REASON
from domain.orders.windows import bounds, window
from domain.time import SHANGHAI, Interval
from tests.domain import appliances, laundry
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_STAFF,
    CONTACT,
    CUSTOMER,
    NOW,
    assignment,
    booked_order,
    paid_order,
    pay,
    surveyed_home,
)

Fields: TypeAlias = Any  # whatever fields the thing has
TWO_HOURS = timedelta(hours=2)
HOUR = timedelta(hours=1)
# Two hours of cleaning: 100 yuan, by night 30 % more, on a holiday twice as much.
MORNING = datetime(2026, 12, 28, 9, tzinfo=SHANGHAI)
EVENING = datetime(2026, 12, 29, 20, tzinfo=SHANGHAI)
DUSK = datetime(2026, 12, 30, 19, tzinfo=SHANGHAI)
NEW_YEAR = datetime(2027, 1, 1, 9, tzinfo=SHANGHAI)
PLAIN_FEN, DUSK_FEN, NIGHT_FEN, HOLIDAY_FEN = 10_000, 11_500, 13_000, 20_000


def test_what_the_dates_cost_is_what_this_module_says() -> None:
    dates = (MORNING, DUSK, EVENING, NEW_YEAR)
    found = [priced(starts_at).total_fen for starts_at in dates]
    assert found == [PLAIN_FEN, DUSK_FEN, NIGHT_FEN, HOLIDAY_FEN]


def priced(starts_at: datetime, at: datetime = NOW) -> Quote:
    """Two hours of cleaning at the usual place."""
    wish = Wish(
        service_code="BJ-01",
        district=CONTACT["district"],
        windows=(Interval(starts_at, starts_at + TWO_HOURS),),
        quantity=120,
    )
    return quote(wish, TARIFF, at)


def booked(starts_at: datetime, **changes: Fields) -> CleaningOrder:
    """An order at the price of its date, not paid yet."""
    price = priced(starts_at)
    return booked_order(
        lines=[each.as_dict() for each in price.lines],
        total_fen=price.total_fen,
        windows=[window("service", starts_at, starts_at + TWO_HOURS)],
        details={"quantity": 120, "items": {}, "options": {}},
        **changes,
    )


def paid(starts_at: datetime, **changes: Fields) -> CleaningOrder:
    order = booked(starts_at, **changes)
    pay(order)
    return order


class OneTariff:
    """The tariff that every order of these tests was booked by."""

    def of(self, catalogue_revision: int, price_book_version: int) -> Tariff:
        assert (catalogue_revision, price_book_version) == (0, 1)
        return TARIFF


@dataclass
class OneOrder:
    """A log of one order: a refused command leaves it as it was."""

    order: CleaningOrder

    def load(self, _: object, order_id: object) -> CleaningOrder:
        assert order_id == self.order.id
        return deepcopy(self.order)

    def run(self, _: Command, decide: Any) -> Outcome:  # noqa: ANN401 - a decision's function
        decision: Decision = decide()
        (self.order,) = cast("list[CleaningOrder]", decision.changed)
        return Outcome(1, decision.answer, repeated=False)


class Move:
    """An order, and the door to move it."""

    def __init__(self, order: CleaningOrder, at: datetime = NOW) -> None:
        self.at = at
        self.log = OneOrder(order)
        self.desk = Reschedulings(cast("Log", self.log), cast("Tariffs", OneTariff()))
        self.commands = 0

    @property
    def order(self) -> CleaningOrder:
        return self.log.order

    def command(self) -> Command:
        self.commands += 1
        return Command(uuid5(CUSTOMER, str(self.commands)), BY_CUSTOMER, "", self.at)

    def last_fact(self) -> Fields:
        return self.order.pending_events[-1]

    def preview(self, starts_at: datetime, reason_code: str = "customer") -> DateTerms:
        return self.desk.preview(self.order.id, starts_at, reason_code, self.at)

    def to(self, starts_at: datetime, reason_code: str = "customer", **agreed: int) -> None:
        change = DateChange(starts_at=starts_at, reason_code=reason_code)
        if agreed:
            change = replace(change, **cast("dict[str, Any]", agreed))
        self.desk.change(self.order.id, change, self.command())

    def as_shown(self, starts_at: datetime, reason_code: str = "customer") -> DateTerms:
        """The customer agrees to what the preview says."""
        shown = self.preview(starts_at, reason_code)
        agreed = {
            "agreed_fee_fen": shown.fee.fee_fen,
            "agreed_difference_fen": shown.price.rise_fen,
        }
        self.to(starts_at, reason_code, **agreed)
        return shown

    def asked_fen(self) -> int:
        """All that is charged less all that goes back, fees among it."""
        asked = [each for each in self.order.charges.values() if each.state != charges.WITHDRAWN]
        return sum(each.amount_fen - each.refund_due_fen for each in asked)

    def open_fen(self) -> dict[str, int]:
        """What is asked and not paid, by reason."""
        unpaid = [each for each in self.order.charges.values() if each.state == charges.OPEN]
        return {each.reason_code: each.amount_fen for each in unpaid}

    def pay_all(self) -> None:
        for each in tuple(self.order.charges.values()):
            if each.state == charges.OPEN:
                pay(self.order, each.number)


# -- what a move does to the price


def test_a_holiday_is_not_to_be_had_for_the_price_of_a_monday() -> None:
    move = Move(paid(MORNING))
    shown = move.preview(NEW_YEAR)
    assert shown.price.difference_fen == HOLIDAY_FEN - PLAIN_FEN
    assert shown.price.reasons[0] == "新时间的价格为 ¥200.00，原价格 ¥100.00"
    assert "元旦" in shown.price.reasons[1]
    assert shown.price.reasons[-1] == "补差 ¥100.00"
    with pytest.raises(DifferenceNotAgreedError) as refused:
        move.to(NEW_YEAR)
    assert refused.value.message == "本次改期补差为 ¥100.00，请确认后再提交。"
    assert move.order.windows == paid(MORNING).windows
    move.to(NEW_YEAR, agreed_difference_fen=10_000)
    assert move.open_fen() == {"date_difference": 10_000}


@pytest.mark.parametrize("agreed_fen", [-1, 0, 9_999, 10_001])
def test_only_the_exact_sum_is_an_agreement(agreed_fen: int) -> None:
    with pytest.raises(DifferenceNotAgreedError):
        Move(paid(MORNING)).to(NEW_YEAR, agreed_difference_fen=agreed_fen)


def test_a_cheaper_date_gives_back_what_was_paid_for_the_dearer_one() -> None:
    move = Move(paid(NEW_YEAR))
    shown = move.as_shown(MORNING)
    assert (shown.price.difference_fen, shown.price.rise_fen) == (PLAIN_FEN - HOLIDAY_FEN, 0)
    assert shown.price.reasons[-1] == "退差 ¥100.00"
    assert move.order.charges[1].refund_due_fen == HOLIDAY_FEN - PLAIN_FEN
    assert move.last_fact().policy_trace == list(shown.price.reasons)


def test_a_date_that_costs_the_same_asks_for_nothing_and_says_nothing() -> None:
    move = Move(paid(MORNING))
    shown = move.as_shown(MORNING + timedelta(days=1))
    assert (shown.price.difference_fen, shown.price.reasons) == (0, ())
    assert list(move.order.charges) == [1]


def test_moving_back_before_paying_takes_the_difference_away_again() -> None:
    move = Move(paid(MORNING))
    move.as_shown(NEW_YEAR)
    move.as_shown(MORNING)
    assert move.open_fen() == {}
    assert (move.asked_fen(), move.order.charges[1].refund_due_fen) == (PLAIN_FEN, 0)


def test_a_less_dear_date_replaces_the_difference_that_nobody_paid() -> None:
    move = Move(paid(MORNING))
    move.as_shown(NEW_YEAR)
    move.as_shown(EVENING)
    assert move.open_fen() == {"date_difference": NIGHT_FEN - PLAIN_FEN}
    assert move.order.charges[2].state == charges.WITHDRAWN


def test_haste_is_paid_for_once_and_neither_asked_again_nor_given_back() -> None:
    soon, later = NOW + TWO_HOURS, NOW + timedelta(days=2)
    assert [each.code for each in priced(soon).lines] == ["base", "urgent"]
    assert Move(paid(soon)).as_shown(later).price.difference_fen == 0
    assert Move(paid(later)).as_shown(soon).price.difference_fen == 0


# -- what the company causes


def test_a_dearer_date_that_the_company_causes_costs_the_customer_nothing() -> None:
    move = Move(paid(MORNING))
    shown = move.as_shown(NEW_YEAR, "company")
    assert (shown.price.difference_fen, shown.price.reasons) == (0, ("非客户原因改期，价格不变",))
    assert (list(move.order.charges), move.order.price_fen) == ([1], PLAIN_FEN)
    assert bounds(move.order.windows[0])[0] == NEW_YEAR
    assert bounds(move.order.priced_windows[0])[0] == MORNING


def test_a_cheaper_date_that_the_company_causes_is_given_back() -> None:
    move = Move(paid(NEW_YEAR))
    move.as_shown(MORNING, "worker_unavailable")
    assert (move.asked_fen(), move.open_fen()) == (PLAIN_FEN, {})


# -- before the price is paid


@pytest.mark.parametrize("reason_code", ["customer", "company"])
def test_an_unpaid_price_is_not_changed_underneath(reason_code: str) -> None:
    move = Move(booked(NEW_YEAR))
    with pytest.raises(UnpaidPriceError) as refused:
        move.to(MORNING, reason_code)
    sentence = "该时间的价格为 ¥100.00，与待支付的 ¥200.00 不同，请取消订单后按新时间重新下单。"
    assert refused.value.message == sentence
    with pytest.raises(UnpaidPriceError):
        move.preview(MORNING, reason_code)


def test_an_unpaid_order_moves_freely_between_dates_of_one_price() -> None:
    move = Move(booked(MORNING))
    move.to(MORNING + timedelta(days=1))
    assert move.order.stage == "awaiting_payment"


# -- the times the customer offered


def test_a_dearer_alternative_needs_the_customers_consent() -> None:
    offered = [window("service", EVENING, EVENING + TWO_HOURS)]
    move = Move(paid(MORNING, alternatives=[offered]))
    (alternative,) = move.desk.offered(move.order.id).alternatives
    assert alternative.price.difference_fen == NIGHT_FEN - PLAIN_FEN
    with pytest.raises(DifferenceNotAgreedError):
        move.desk.choose(move.order.id, 1, move.command())
    move.desk.choose(move.order.id, 1, move.command(), NIGHT_FEN - PLAIN_FEN, "phone_recording")
    assert move.open_fen() == {"date_difference": NIGHT_FEN - PLAIN_FEN}
    assert move.last_fact().consent == "phone_recording"
    assert move.order.reschedules == 0


def test_a_cheaper_alternative_gives_the_difference_back() -> None:
    offered = [window("service", MORNING, MORNING + TWO_HOURS)]
    move = Move(paid(EVENING, alternatives=[offered]))
    move.desk.choose(move.order.id, 1, move.command())
    assert move.asked_fen() == PLAIN_FEN


def test_the_alternatives_of_an_unpaid_order_are_shown_but_not_chosen_at_another_price() -> None:
    offered = [window("service", EVENING, EVENING + TWO_HOURS)]
    move = Move(booked(MORNING, alternatives=[offered]))
    assert move.desk.offered(move.order.id).alternatives[0].price.difference_fen == 3_000
    with pytest.raises(UnpaidPriceError):
        move.desk.choose(move.order.id, 1, move.command(), 3_000)


# -- whatever was moved, in whatever order

# Early on the last day of the year: every date of these is so near that a third change has its fee.
LAST_DAY = datetime(2026, 12, 31, 6, tzinfo=SHANGHAI)
starts = st.sampled_from([LAST_DAY + hours * HOUR for hours in (6, 13, 14, 27, 38, 51)])
moves = st.tuples(
    starts, st.sampled_from(["customer", "customer", "company"]), st.booleans(), st.booleans()
)


def give_out(order: CleaningOrder) -> None:
    """The work is given to somebody, so that the next move may cost a fee."""
    starts_at, _ = bounds(order.windows[0])
    order.assign(assignment(starts_at), by=BY_STAFF, at=NOW)


@given(first=starts, made=st.lists(moves, max_size=8))
def test_the_customer_was_asked_for_just_the_price_of_the_last_date_and_the_fees(
    first: datetime, made: list[tuple[datetime, str, bool, bool]]
) -> None:
    move, price_fen, fees_fen = Move(paid(first), LAST_DAY), priced(first).total_fen, 0
    for starts_at, reason_code, pays, given_out in made:
        before_fen = price_fen
        shown = move.as_shown(starts_at, reason_code)
        fees_fen += shown.fee.fee_fen
        date_fen = priced(starts_at).total_fen
        price_fen = min(price_fen, date_fen) if reason_code == "company" else date_fen
        assert shown.price.difference_fen == price_fen - before_fen
        assert move.order.price_fen == price_fen
        assert move.asked_fen() == price_fen + fees_fen
        if pays or given_out:
            move.pay_all()
            assert move.order.kept_fen() == price_fen + fees_fen
        if given_out:
            give_out(move.order)


def test_a_late_third_change_costs_its_fee_and_its_difference() -> None:
    move = Move(paid(LAST_DAY + 6 * HOUR), LAST_DAY)
    for hours in (7, 6):
        move.as_shown(LAST_DAY + hours * HOUR)
    give_out(move.order)
    move.as_shown(NEW_YEAR)
    assert move.open_fen() == {"date_difference": 10_000, FEE_REASON: 1_000}


# -- what else the price depends on


def new_home(starts_at: datetime) -> Move:
    """A paid 新居开荒 of 90 ㎡ that awaits its survey."""
    draft = surveyed_home(quantity=900)
    work = draft.ordered_work() or OrderedWork()
    price = price_of(draft, work, TARIFF, starts_at)
    return Move(
        paid_order(
            service_code=NEW_HOME,
            kind_path=["保洁", "新居开荒"],
            lines=price.lines,
            total_fen=price.total_fen,
            windows=[window("service", starts_at, starts_at + 8 * HOUR)],
            details={"survey": True, "quantity": 900},
        )
    )


def surveyed(move: Move, area_tenths: int) -> None:
    """Somebody measured the home, and the customer agreed to the difference."""
    work = CleaningWork(cast("Log", move.log), cast("Tariffs", OneTariff()))
    survey = Survey(area_tenths=area_tenths, report=FieldReport(happened_at=NOW), consent="phone")
    work.review_area(move.order.id, survey, move.command())


def area_price_fen(move: Move, area_tenths: int, starts_at: datetime) -> int:
    return price_of(move.order, OrderedWork(quantity=area_tenths), TARIFF, starts_at).total_fen


@pytest.mark.parametrize("area_tenths", [700, 1_200])
def test_a_survey_and_a_date_add_up_to_the_price_of_both(area_tenths: int) -> None:
    first, then = new_home(MORNING), new_home(MORNING)
    first.as_shown(NEW_YEAR)
    first.pay_all()
    surveyed(first, area_tenths)
    surveyed(then, area_tenths)
    then.as_shown(NEW_YEAR)
    expected_fen = area_price_fen(first, area_tenths, NEW_YEAR)
    assert first.asked_fen() == then.asked_fen() == expected_fen
    assert first.order.price_fen == then.order.price_fen == expected_fen


def test_what_the_company_waived_is_not_asked_for_by_a_later_survey() -> None:
    move = new_home(MORNING)
    move.as_shown(NEW_YEAR, "weather")
    surveyed(move, 1_200)
    assert move.asked_fen() == area_price_fen(move, 1_200, MORNING)


def test_a_machine_is_priced_as_what_it_became() -> None:
    order = appliances.arrive(appliances.cleaning(appliances.HOOD, appliances.FRIDGE))
    first, _ = order.machines
    order.report_opening_failed(
        first, appliances.finding(), reason_code="rusted", **appliances.FIELD
    )
    order.withdraw_machine(first, appliances.repricing(5_000), **appliances.OFFICE)
    work = order.ordered_work()
    assert work is not None
    assert (work.items, order.price_fen) == ({appliances.FRIDGE: 1}, 5_000)


def test_some_orders_have_prices_that_no_date_changes() -> None:
    assert laundry.booked_laundry().ordered_work() is None
    assert appliances.repair().ordered_work() is None
