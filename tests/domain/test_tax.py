from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import NotFoundError
from domain.ledger.tax import TAX_CLASSES, tax, tax_class, tax_to_post

GROSS = st.integers(0, 10**10)
RATES = st.integers(0, 2_000)


@given(GROSS, RATES)
def test_tax_follows_the_formula_of_the_ledger_sheet(gross: int, rate: int) -> None:
    assert tax(gross, rate) == (2 * gross * rate + (10_000 + rate)) // (2 * (10_000 + rate))


@given(GROSS, RATES)
def test_tax_is_the_exact_share_within_half_a_fen(gross: int, rate: int) -> None:
    exact = Fraction(gross * rate, 10_000 + rate)
    assert abs(tax(gross, rate) - exact) <= Fraction(1, 2)
    assert 0 <= tax(gross, rate) <= gross


def test_tax_inside_106_yuan_at_six_percent_is_6_yuan() -> None:
    assert tax(10_600, 600) == 600
    assert tax(15_000, 100) == 149


@given(st.lists(st.integers(-10_000, 10_000), max_size=40), RATES)
def test_tax_posted_step_by_step_never_drifts(changes: list[int], rate: int) -> None:
    recognised = posted = 0
    for change in changes:
        recognised = max(0, recognised + change)
        posted += tax_to_post(recognised, posted, rate)
        assert posted == tax(recognised, rate)


def test_tax_of_a_negative_amount_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        tax(-1, 600)
    with pytest.raises(ValueError, match="negative"):
        tax(1, -600)


def test_the_relief_of_small_scale_taxpayers_ends_with_2027() -> None:
    relieved = tax_class("small1")
    assert relieved.basis_points(date(2027, 12, 31)) == 100
    assert relieved.basis_points(date(2028, 1, 1)) == 300
    assert relieved.basis_points(date(2022, 12, 31)) == 300


@pytest.mark.parametrize(
    ("code", "rate"),
    [
        ("general6", 600),
        ("general13", 1300),
        ("small3", 300),
        ("exempt_employee", 0),
        ("exempt_other", 0),
        ("none", 0),
    ],
)
def test_a_class_has_its_rate(code: str, rate: int) -> None:
    assert tax_class(code).basis_points(date(2026, 11, 22)) == rate


def test_the_rates_of_a_class_ascend_in_time() -> None:
    for entry in TAX_CLASSES.values():
        days = [since for since, _ in entry.rates]
        assert days == sorted(set(days))
        assert days[0] == date.min


def test_an_unknown_class_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="luxury"):
        tax_class("luxury")
