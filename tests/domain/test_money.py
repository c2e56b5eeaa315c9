from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import apportion, divide_half_up, plain_yuan, yuan

AMOUNTS = st.integers(min_value=-(10**15), max_value=10**15)


@pytest.mark.parametrize(
    ("fen", "shown", "plain"),
    [
        (0, "¥0.00", "0.00"),
        (5, "¥0.05", "0.05"),
        (123_450, "¥1,234.50", "1234.50"),
        (-1, "-¥0.01", "-0.01"),
        (-100_000_000, "-¥1,000,000.00", "-1000000.00"),
    ],
)
def test_an_amount_is_shown_in_yuan(fen: int, shown: str, plain: str) -> None:
    assert yuan(fen) == shown
    assert plain_yuan(fen) == plain


@given(AMOUNTS)
def test_the_plain_form_loses_no_fen(fen: int) -> None:
    assert Fraction(plain_yuan(fen)) == Fraction(fen, 100)
    assert yuan(fen).replace("¥", "").replace(",", "") == plain_yuan(fen)


def test_half_a_fen_is_rounded_away_from_zero() -> None:
    assert divide_half_up(1, 2) == 1
    assert divide_half_up(-1, 2) == -1
    assert divide_half_up(49, 100) == 0
    assert divide_half_up(-5, 2) == -3


@given(st.integers(min_value=0), st.integers(min_value=1))
def test_a_quotient_is_the_floor_of_itself_plus_a_half(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)
    assert divide_half_up(numerator, denominator) == floor(exact + Fraction(1, 2))


@given(st.integers(), st.integers(min_value=1))
def test_a_reversed_amount_is_rounded_to_the_exact_reverse(
    numerator: int, denominator: int
) -> None:
    assert divide_half_up(-numerator, denominator) == -divide_half_up(numerator, denominator)


@pytest.mark.parametrize("denominator", [0, -1])
def test_only_a_positive_denominator_divides(denominator: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        divide_half_up(1, denominator)


@given(AMOUNTS, st.integers(min_value=1, max_value=400))
def test_parts_add_up_and_differ_by_at_most_one_fen(total: int, count: int) -> None:
    parts = apportion(total, count)
    assert len(parts) == count
    assert sum(parts) == total
    assert max(parts) - min(parts) <= 1


def test_a_plan_of_three_visits_is_split_to_the_fen() -> None:
    assert apportion(10_000, 3) == (3333, 3333, 3334)


def test_nothing_is_split_into_no_parts() -> None:
    with pytest.raises(ValueError, match="positive"):
        apportion(100, 0)
