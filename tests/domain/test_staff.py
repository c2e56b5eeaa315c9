from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.claims import TakeUnique
from domain.errors import InvalidInputError
from domain.staff import Grant, GrantNotFoundError, Staff, StaffDisabledError
from tests.domain.histories import (
    BY_STAFF,
    NOW,
    an_id,
    assert_replays,
    claims,
    last,
    names,
    registered_staff,
)

DAY = timedelta(days=1)
DISPATCH = Grant(grant_id=an_id("dispatch"), role="dispatcher", unit="", from_at=NOW)


def test_a_login_name_is_one_persons_in_any_case() -> None:
    staff = registered_staff()

    assert staff.login_name == "wang.li"
    assert claims(last(staff)) == (TakeUnique("staff_login", "wang.li"),)


@pytest.mark.parametrize(("login", "name"), [("王丽", "王丽"), ("w", "王丽"), ("wang", " ")])
def test_a_malformed_account_is_refused(login: str, name: str) -> None:
    with pytest.raises(InvalidInputError):
        Staff.register(an_id("staff"), login, name, by=BY_STAFF, at=NOW)


def test_a_new_account_has_no_role() -> None:
    assert registered_staff().roles(NOW) == frozenset()


def test_a_grant_is_in_force_from_its_start_to_its_end() -> None:
    staff = registered_staff()
    holiday = Grant(
        grant_id=an_id("holiday"),
        role="finance",
        unit="成都",
        from_at=NOW + DAY,
        until_at=NOW + 2 * DAY,
    )
    staff.grant(DISPATCH, by=BY_STAFF, at=NOW)
    staff.grant(holiday, by=BY_STAFF, at=NOW)

    assert staff.roles(NOW - DAY) == frozenset()
    assert staff.roles(NOW) == {"dispatcher"}
    assert staff.roles(NOW + DAY) == {"dispatcher", "finance"}
    assert staff.roles(NOW + 2 * DAY) == {"dispatcher"}
    assert_replays(staff, staff.pending_events)


@pytest.mark.parametrize("change", [{"role": "emperor"}, {"until_at": NOW}])
def test_a_malformed_grant_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        registered_staff().grant(replace(DISPATCH, **change), by=BY_STAFF, at=NOW)


def test_a_grant_is_given_once_and_taken_back_once() -> None:
    staff = registered_staff()
    staff.grant(DISPATCH, by=BY_STAFF, at=NOW)
    with pytest.raises(InvalidInputError):
        staff.grant(DISPATCH, by=BY_STAFF, at=NOW)

    staff.revoke(DISPATCH.grant_id, by=BY_STAFF, at=NOW)

    assert staff.roles(NOW) == frozenset()
    with pytest.raises(GrantNotFoundError):
        staff.revoke(DISPATCH.grant_id, by=BY_STAFF, at=NOW)


def test_a_disabled_account_has_no_role_until_it_is_enabled() -> None:
    staff = registered_staff()
    staff.grant(DISPATCH, by=BY_STAFF, at=NOW)
    with pytest.raises(StaffDisabledError):
        staff.enable(by=BY_STAFF, at=NOW)
    staff.disable("left", by=BY_STAFF, at=NOW)
    assert staff.roles(NOW) == frozenset()
    with pytest.raises(StaffDisabledError):
        staff.disable("left", by=BY_STAFF, at=NOW)

    staff.enable(by=BY_STAFF, at=NOW)

    assert staff.roles(NOW) == {"dispatcher"}
    assert_replays(staff, staff.pending_events)


def test_only_the_change_of_a_password_is_stated() -> None:
    staff = registered_staff()

    staff.change_password(by=BY_STAFF, at=NOW)

    assert names(staff) == ["Registered", "PasswordChanged"]
    assert_replays(staff, staff.pending_events)
