"""Which texts there are, and which version counts."""

import pytest

from domain.consents import (
    CONSENT_TEXTS,
    PRIVACY,
    SENSITIVE_CARE,
    ConsentKindError,
    ConsentVersionError,
    check_in_force,
    consent_text,
)
from domain.orders.care.wishes import CHOICES


def test_every_text_is_found_by_its_kind() -> None:
    assert all(consent_text(kind).kind == kind for kind in CONSENT_TEXTS)
    with pytest.raises(ConsentKindError):
        consent_text("newsletter")


def test_only_the_version_in_force_can_be_agreed_to() -> None:
    text = consent_text(PRIVACY)
    check_in_force(text, text.version)
    with pytest.raises(ConsentVersionError) as refused:
        check_in_force(text, "2019-01")
    assert text.version in refused.value.message


def test_care_that_tells_of_health_has_a_text_of_its_own() -> None:
    lines = consent_text(SENSITIVE_CARE).lines
    assert set(lines) <= {code[:2] for code in CHOICES}
    assert consent_text(PRIVACY).lines == ()
