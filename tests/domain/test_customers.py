import pytest

from domain.claims import TakeUnique
from domain.customers import (
    MOST_CONTACTS,
    ConsentMissingError,
    ContactNotFoundError,
    Customer,
    ExternalIdentity,
    TooManyContactsError,
)
from domain.errors import InvalidInputError
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_STAFF,
    BY_SYSTEM,
    CONTACT,
    CUSTOMER,
    NOW,
    an_id,
    assert_replays,
    claims,
    identity,
    last,
    names,
    registered_customer,
    sealed,
)

HOME = an_id("home")


def test_an_outer_identity_belongs_to_one_customer() -> None:
    customer = registered_customer()

    key = f"wechat:wx1:{an_id('openid').hex}"
    assert claims(last(customer)) == (TakeUnique("external_identity", key),)


def test_a_further_identity_is_linked_once() -> None:
    customer = registered_customer()

    assert customer.link_identity(identity("unionid"), by=BY_SYSTEM, at=NOW)
    assert not customer.link_identity(identity("unionid"), by=BY_SYSTEM, at=NOW)

    key = f"wechat:wx1:{an_id('unionid').hex}"
    assert claims(last(customer)) == (TakeUnique("external_identity", key),)
    assert names(customer) == ["Registered", "IdentityLinked"]


def test_a_caller_is_known_by_the_digest_of_the_phone_alone() -> None:
    phone = ExternalIdentity(channel="phone", app_id="", identity_digest="ab" * 32, openid="")
    customer = Customer.register(CUSTOMER, phone, by=BY_STAFF, at=NOW)

    assert claims(last(customer)) == (TakeUnique("external_identity", f"phone::{'ab' * 32}"),)
    assert customer.openid("phone", "") == ""
    assert_replays(customer, customer.pending_events)


def test_a_phone_is_linked_to_who_came_through_wechat() -> None:
    phone = ExternalIdentity(channel="phone", app_id="", identity_digest="ab" * 32, openid="")
    customer = registered_customer()

    assert customer.link_identity(phone, by=BY_CUSTOMER, at=NOW)
    assert not customer.link_identity(phone, by=BY_CUSTOMER, at=NOW)

    assert claims(last(customer)) == (TakeUnique("external_identity", f"phone::{'ab' * 32}"),)
    assert customer.openid("wechat", "wx1") != ""
    assert_replays(customer, customer.pending_events)


@pytest.mark.parametrize(
    "wrong",
    [
        ExternalIdentity(channel="", app_id="wx1", identity_digest="0" * 32, openid=""),
        ExternalIdentity(channel="a:b", app_id="wx1", identity_digest="0" * 32, openid=""),
        ExternalIdentity(channel="wechat", app_id="wx1", identity_digest="openid", openid=""),
        ExternalIdentity(channel="wechat", app_id="wx1", identity_digest="0" * 32, openid="oUp"),
    ],
)
def test_a_malformed_or_clear_identity_is_refused(wrong: ExternalIdentity) -> None:
    with pytest.raises(InvalidInputError):
        Customer.register(CUSTOMER, wrong, by=BY_SYSTEM, at=NOW)


def test_the_address_book_keeps_changes_and_forgets_what_is_removed() -> None:
    customer = registered_customer()
    moved = CONTACT | {"district": "510104", "coordinates": sealed("30.65,104.06")}
    customer.save_contact(HOME, CONTACT, by=BY_CUSTOMER, at=NOW)
    customer.save_contact(HOME, moved, by=BY_CUSTOMER, at=NOW)
    assert customer.contacts == {HOME: moved}
    assert_replays(customer, customer.pending_events)

    customer.remove_contact(HOME, by=BY_CUSTOMER, at=NOW)

    assert customer.contacts == {}
    with pytest.raises(ContactNotFoundError):
        customer.remove_contact(HOME, by=BY_CUSTOMER, at=NOW)


def test_the_address_book_lists_its_entries_in_the_order_they_came() -> None:
    customer = registered_customer()
    for name in ("home", "parents", "office"):
        customer.save_contact(an_id(name), CONTACT, by=BY_CUSTOMER, at=NOW)
    customer.save_contact(an_id("home"), CONTACT, by=BY_CUSTOMER, at=NOW)
    customer.remove_contact(an_id("parents"), by=BY_CUSTOMER, at=NOW)

    assert list(customer.contacts) == [an_id("home"), an_id("office")]


@pytest.mark.parametrize(
    "change",
    [
        {"name": "王女士"},
        {"phone": ""},
        {"district": "成都"},
        {"coordinates": "30.65,104.06"},
        {"wechat": sealed("x")},
    ],
)
def test_a_contact_in_clear_text_or_incomplete_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError):
        registered_customer().save_contact(HOME, CONTACT | change, by=BY_CUSTOMER, at=NOW)


def test_the_address_book_has_an_end_but_its_entries_can_be_changed() -> None:
    customer = registered_customer()
    for number in range(MOST_CONTACTS):
        customer.save_contact(an_id(f"home {number}"), CONTACT, by=BY_CUSTOMER, at=NOW)

    with pytest.raises(TooManyContactsError):
        customer.save_contact(HOME, CONTACT, by=BY_CUSTOMER, at=NOW)
    customer.save_contact(an_id("home 0"), CONTACT, by=BY_CUSTOMER, at=NOW)


def test_consent_is_to_a_version_and_can_be_withdrawn() -> None:
    customer = registered_customer()
    assert customer.give_consent("privacy", "2026-01", by=BY_CUSTOMER, at=NOW)
    assert not customer.give_consent("privacy", "2026-01", by=BY_CUSTOMER, at=NOW)
    assert customer.has_consented("privacy", "2026-01")
    assert not customer.has_consented("privacy", "2026-02")

    customer.withdraw_consent("privacy", by=BY_CUSTOMER, at=NOW)

    assert not customer.has_consented("privacy", "2026-01")
    assert_replays(customer, customer.pending_events)
    with pytest.raises(ConsentMissingError):
        customer.withdraw_consent("privacy", by=BY_CUSTOMER, at=NOW)


def test_consent_names_what_it_is_to() -> None:
    with pytest.raises(InvalidInputError):
        registered_customer().give_consent("privacy", "", by=BY_CUSTOMER, at=NOW)
