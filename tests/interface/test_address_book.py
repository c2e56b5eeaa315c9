"""The customer's address book over HTTP: own entries, and orders that keep theirs."""

import pytest
from sqlalchemy import text

from domain.customers import MOST_CONTACTS
from tests.interface.town import CONTACT, Caller, Json, Town

ADDRESSES = "/api/v1/addresses"
ORDERS = "/api/v1/orders"
OFFICE = "/api/v1/office/orders"
HOME = {**CONTACT, "coordinates": "116.4812,39.9965", "coordinate_system": "gcj02"}
MASKED = "139****5678"


@pytest.fixture
def customer(town: Town) -> Caller:
    return town.customer()


def added(customer: Caller, **changes: Json) -> str:
    """The path of a new entry."""
    return f"{ADDRESSES}/{customer.do(ADDRESSES, {**HOME, **changes})['contact_id']}"


def entries(customer: Caller) -> list[Json]:
    found: list[Json] = customer.read(ADDRESSES)["addresses"]
    return found


def test_a_new_customer_has_no_addresses(customer: Caller) -> None:
    assert entries(customer) == []


@pytest.mark.requirement("R17", "R16")
def test_an_entry_is_listed_with_a_masked_phone_and_shown_whole_alone(customer: Caller) -> None:
    path = added(customer)
    (listed,) = entries(customer)
    assert listed == {**HOME, "phone": MASKED, "contact_id": path.rpartition("/")[2]}
    assert customer.read(path) == {**listed, "phone": HOME["phone"]}


def test_entries_are_listed_oldest_first_and_a_changed_one_keeps_its_place(
    customer: Caller,
) -> None:
    first = added(customer)
    added(customer, address="海淀区中关村大街 5 号", district="110108")
    customer.do(first, {**HOME, "name": "陈先生"})
    assert [each["name"] for each in entries(customer)] == ["陈先生", "陈女士"]


def test_a_removed_entry_is_gone(customer: Caller) -> None:
    path = added(customer)
    customer.do(f"{path}/removal")
    assert entries(customer) == []
    for answer in (customer.get(path), customer.post(path, HOME), customer.post(f"{path}/removal")):
        assert (answer.status_code, answer.json()["code"]) == (404, "contact_not_found")


@pytest.mark.requirement("R17")
def test_an_order_keeps_its_address_when_the_book_changes(town: Town, customer: Caller) -> None:
    path = added(customer)
    kept = customer.read(path)
    contact = {name: kept[name] for name in CONTACT}
    order = town.booked(customer, contact=contact)
    customer.do(path, {**HOME, "name": "王先生", "address": "石景山路 1 号", "district": "110107"})
    town.catch_up()
    before = town.dispatcher().read(f"{OFFICE}/{order['order_id']}")
    customer.do(f"{path}/removal")
    town.catch_up()
    shown = town.dispatcher().read(f"{OFFICE}/{order['order_id']}")
    assert shown == before
    assert [shown[name] for name in ("name", "address", "district")] == [
        HOME["name"],
        HOME["address"],
        HOME["district"],
    ]


def test_a_repeated_key_is_one_entry(customer: Caller) -> None:
    first, second = (customer.post(ADDRESSES, HOME, key="the same tap") for _ in range(2))
    assert first.json() == second.json()
    assert len(entries(customer)) == 1


def test_another_customers_entry_is_not_found(town: Town, customer: Caller) -> None:
    path, stranger = added(customer), town.customer()
    for answer in (stranger.get(path), stranger.post(path, HOME), stranger.post(f"{path}/removal")):
        assert (answer.status_code, answer.json()["code"]) == (404, "contact_not_found")
    assert entries(stranger) == []
    assert len(entries(customer)) == 1


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "", "invalid_input"),
        ("phone", "1391234567", "invalid_input"),
        ("address", "x", "invalid_input"),
        ("district", "朝阳区", "invalid_input"),
        ("coordinates", "39.9965,116.4812", "invalid_coordinates"),
        ("coordinates", "116.4812", "invalid_coordinates"),
        ("coordinates", "here", "invalid_coordinates"),
        ("coordinate_system", "wgs84", "invalid_input"),
        ("label", "家", "invalid_input"),
    ],
)
def test_a_malformed_address_is_refused(
    customer: Caller, field: str, value: str, code: str
) -> None:
    answer = customer.post(ADDRESSES, {**HOME, field: value})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert entries(customer) == []


def test_the_book_has_an_end(customer: Caller) -> None:
    for _ in range(MOST_CONTACTS):
        added(customer)
    answer = customer.post(ADDRESSES, HOME)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_contacts")
    assert len(entries(customer)) == MOST_CONTACTS


def test_the_log_holds_no_address_in_clear(town: Town, customer: Caller) -> None:
    added(customer, name="金丝雀", address="鸟笼胡同 7 号")
    query = text("select count(*) from log.events where state ~ '金丝雀|鸟笼胡同|116.4812'")
    with town.house.engine.connect() as connection:
        assert connection.execute(query).scalar_one() == 0
