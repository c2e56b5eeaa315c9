"""Roles, permissions, return paths and masked phones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.access import (
    ROLE_PERMISSIONS,
    Permission,
    Role,
    check_return_path,
    permissions_of,
    require,
)
from application.vault import ERASED, masked_phone
from domain.errors import ForbiddenError, InvalidInputError


def test_every_role_permits_something() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert all(ROLE_PERMISSIONS.values())


def test_every_permission_is_held_by_some_role() -> None:
    assert permissions_of(Role) == frozenset(Permission)


def test_a_dispatcher_assigns_orders_but_sees_no_books() -> None:
    dispatcher = permissions_of(["dispatcher"])
    require(dispatcher, "orders.assign")
    with pytest.raises(ForbiddenError):
        require(dispatcher, Permission.LEDGER_READ)


def test_finance_reads_orders_and_books_and_changes_neither_orders_nor_staff() -> None:
    assert permissions_of(["finance"]) == {
        *(Permission.LEDGER_READ, Permission.RECEIPTS_RECORD, Permission.ORDERS_READ),
        *(Permission.ALERTS_READ, Permission.ALERTS_ACKNOWLEDGE),
    }


def test_an_administrator_manages_staff_workers_and_catalogue_without_the_books() -> None:
    administrator = permissions_of(["administrator"])
    assert administrator >= {
        Permission.STAFF_WRITE,
        Permission.WORKERS_WRITE,
        Permission.CATALOGUE_WRITE,
    }
    assert Permission.LEDGER_READ not in administrator


def test_several_roles_permit_what_each_permits() -> None:
    both = permissions_of(["dispatcher", "finance"])
    assert both == ROLE_PERMISSIONS[Role.DISPATCHER] | ROLE_PERMISSIONS[Role.FINANCE]


def test_nobody_and_unknown_roles_may_do_nothing() -> None:
    assert permissions_of([]) == frozenset()
    assert permissions_of(["director", ""]) == frozenset()


def test_a_refusal_names_the_permission_and_speaks_chinese() -> None:
    with pytest.raises(ForbiddenError) as refusal:
        require(frozenset(), Permission.STAFF_WRITE)
    assert refusal.value.facts == {"permission": "staff.write"}
    assert refusal.value.message == "没有权限。"


@pytest.mark.parametrize("path", ["/", "/orders", "/orders/1?x=//y", "/订单"])
def test_a_path_of_this_site_is_good_to_return_to(path: str) -> None:
    check_return_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "orders",
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        "/orders\n",
        "/" + "x" * 500,
    ],
)
def test_a_path_that_may_lead_off_the_site_is_refused(path: str) -> None:
    with pytest.raises(InvalidInputError):
        check_return_path(path)


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13800138000", "138****8000"),
        ("138 0013 8000", "138****8000"),
        ("01088886666", "010****6666"),
        ("88886666", "****6666"),
        ("110", "****"),
        ("", ""),
        (ERASED, ERASED),
    ],
)
def test_a_phone_is_masked(phone: str, masked: str) -> None:
    assert masked_phone(phone) == masked


@given(st.text(alphabet="0123456789+- ", max_size=30))
def test_a_mask_never_shows_more_than_seven_digits_nor_a_whole_number(phone: str) -> None:
    digits = [character for character in phone if character.isdigit()]
    shown = [character for character in masked_phone(phone) if character.isdigit()]
    assert len(shown) <= 7
    assert len(shown) <= len(digits) / 2 or len(digits) in range(11, 14)
