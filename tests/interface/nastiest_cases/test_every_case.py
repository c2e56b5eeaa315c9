"""All 25 cases are here, or wait for the part of the product that they are about."""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final, NamedTuple

from tests.interface import nastiest_cases

CASES: Final = range(1, 26)
_TEST = re.compile(r"test_case_(\d\d)_[a-z0-9_]+")


class Awaited(NamedTuple):
    """What is expected, and the test that will show it."""

    expectation: str
    test: str


REFUNDS: Final[Mapping[int, Awaited]] = {
    17: Awaited(
        "Where the first knowledge is trade_state REFUND, the refund is booked with the payment.",
        "test_case_17_a_payment_first_known_as_refunded_is_booked_with_its_refund",
    ),
    18: Awaited(
        "A refund request that meets a time-out, 429 or 500 is repeated under the same"
        " out_refund_no, and is one refund.",
        "test_case_18_a_refund_request_without_an_answer_is_one_refund",
    ),
    19: Awaited(
        "A refund is PROCESSING for three days and its notice is lost; then asking finds SUCCESS.",
        "test_case_19_a_refund_of_three_days_whose_notice_is_lost_is_found",
    ),
    20: Awaited(
        "ABNORMAL goes to a person and may become SUCCESS; CLOSED puts the money back into the"
        " books; ABNORMAL told after SUCCESS is ignored.",
        "test_case_20_an_abnormal_refund_is_not_the_end_and_a_closed_one_gives_the_money_back",
    ),
    21: Awaited(
        "Never asked for: a 51st partial refund, one fen beyond the total, after 365 days, or"
        " within a minute of the last; NOT_ENOUGH is repeated after the top-up, same number.",
        "test_case_21_a_refund_beyond_wechats_limits_is_never_asked_for",
    ),
    22: Awaited(
        "A refund that finance began in 商户平台 has an out_refund_no that we never gave: it is"
        " kept, told to a person and answered 200.",
        "test_case_22_a_refund_begun_at_wechat_is_kept_and_told_to_a_person",
    ),
}

BILLS: Final[Mapping[int, Awaited]] = {
    4: Awaited(
        "Where all notices were lost and the poller is dead, the day's bill finds the payment.",
        "test_case_04_when_the_poller_is_dead_too_the_days_bill_finds_the_payment",
    ),
    25: Awaited(
        "Reconciliation stands 23:59:59 in Beijing, a refund row that stays PROCESSING, commas and"
        " backticks, NO_STATEMENT_EXIST, fees at half a fen, the BOM, a wrong hash, old columns.",
        "test_case_25_a_days_bill_is_read_and_compared_whatever_is_odd_in_it",
    ),
}

AWAITING: Final[Mapping[int, Awaited]] = {**REFUNDS, **BILLS}
# Half of the expectation is tested here, the other half is awaited.
HALVES: Final = frozenset({4, 17})


def names_here() -> Iterator[str]:
    """The names of the cases' tests in this package."""
    for module in pkgutil.iter_modules(nastiest_cases.__path__):
        if module.name.startswith("test_"):
            found = importlib.import_module(f"{nastiest_cases.__name__}.{module.name}")
            yield from (name for name in vars(found) if _TEST.fullmatch(name))


def number_of(test: str) -> int:
    found = _TEST.fullmatch(test)
    assert found, test
    return int(found[1])


def test_each_of_the_25_cases_is_tested_or_awaited() -> None:
    tested = {number_of(name) for name in names_here()}
    assert tested | AWAITING.keys() == set(CASES)
    assert tested & AWAITING.keys() == HALVES


def test_an_awaited_test_bears_its_number_and_is_not_here_yet() -> None:
    assert {number: number_of(each.test) for number, each in AWAITING.items()} == {
        number: number for number in AWAITING
    }
    assert {each.test for each in AWAITING.values()} & set(names_here()) == set()


def test_a_case_is_awaited_for_one_reason() -> None:
    assert sorted(chain(REFUNDS, BILLS)) == sorted(AWAITING)
