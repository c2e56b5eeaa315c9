from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInputError
from domain.orders.order_number import (
    OrderNumberError,
    check_order_number,
    order_number,
    out_trade_no,
)

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
NUMBERS = st.builds(order_number, st.sampled_from(["BJ", "GX"]), DAYS, st.integers(1, 99_999_999))


def digit_places(number: str) -> list[int]:
    return [place for place, sign in enumerate(number) if sign.isdigit()]


def test_a_number_shows_line_day_and_sequence() -> None:
    assert order_number("BJ", date(2026, 11, 22), 42).startswith("BJ261122-0042-")


def test_the_check_digit_is_damms() -> None:
    # the published example: 572 has the check digit 4; leading zeros change nothing
    assert check_order_number("BJ000101-0572-" + damm("0001010572"))
    assert damm("572") == "4"


def damm(digits: str) -> str:
    table = [
        [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
        [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
        [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
        [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
        [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
        [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
        [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
        [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
        [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
        [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
    ]
    interim = 0
    for digit in digits:
        interim = table[interim][int(digit)]
    return str(interim)


@given(NUMBERS)
def test_every_number_checks_and_may_be_typed_in_small_letters(number: str) -> None:
    assert check_order_number(f" {number.lower()} ") == number


@given(NUMBERS, st.data())
def test_one_wrong_digit_is_always_found(number: str, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(digit_places(number)))
    wrong = data.draw(st.sampled_from([d for d in "0123456789" if d != number[place]]))

    with pytest.raises(OrderNumberError):
        check_order_number(number[:place] + wrong + number[place + 1 :])


@given(NUMBERS)
def test_a_swap_of_neighbouring_digits_is_always_found(number: str) -> None:
    for left, right in pairwise(digit_places(number)):
        if number[left] == number[right]:
            continue
        signs = list(number)
        signs[left], signs[right] = signs[right], signs[left]
        with pytest.raises(OrderNumberError):
            check_order_number("".join(signs))


@pytest.mark.parametrize(
    "text",
    ["", "BJ261122", "B1261122-0042-7", "BJ261122-042-7", "BJ261122-00042-7", "BJ２61122-0042-7"],
)
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(OrderNumberError):
        check_order_number(text)


def test_an_impossible_day_is_refused_though_its_check_digit_fits() -> None:
    with pytest.raises(OrderNumberError):
        check_order_number("BJ261345-0042-" + damm("2613450042"))


@pytest.mark.parametrize(("line", "sequence"), [("B", 1), ("bj", 1), ("BJ", 0), ("BJ", 10**8)])
def test_parts_outside_their_limits_are_refused(line: str, sequence: int) -> None:
    with pytest.raises(InvalidInputError):
        order_number(line, date(2026, 11, 22), sequence)


@given(NUMBERS, st.integers(1, 99), st.integers(1, 99))
def test_the_trade_number_fits_wechat(number: str, charge: int, attempt: int) -> None:
    text = out_trade_no(number, charge, attempt)

    assert 6 <= len(text) <= 32
    assert set(text) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_-")


@given(
    NUMBERS,
    st.tuples(st.integers(1, 99), st.integers(1, 99)),
    st.tuples(st.integers(1, 99), st.integers(1, 99)),
)
def test_each_attempt_has_its_own_trade_number(
    number: str, one: tuple[int, int], other: tuple[int, int]
) -> None:
    same = out_trade_no(number, *one) == out_trade_no(number, *other)

    assert same == (one == other)


@pytest.mark.parametrize(("charge", "attempt"), [(0, 1), (1, 0), (100, 1), (1, 100)])
def test_a_trade_number_has_limits(charge: int, attempt: int) -> None:
    with pytest.raises(InvalidInputError):
        out_trade_no(order_number("BJ", date(2026, 11, 22), 42), charge, attempt)
