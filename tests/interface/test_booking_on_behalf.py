"""The office books for who rings up (代客下单): found by phone, booked, paid by a code."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Final
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from application.commands import Command, Decision
from application.customers import PHONE, phone_digest
from domain.customers import Customer, ExternalIdentity
from tests.interface.problems import assert_problem
from tests.interface.town import CONTACT, Caller, Json, Town

CUSTOMERS: Final = "/api/v1/office/customers"
OFFICE: Final = "/api/v1/office/orders"
_phones = count(13_900_100_000)


@pytest.fixture
def office(town: Town) -> Caller:
    return town.dispatcher()


@pytest.fixture
def phone() -> str:
    """A phone that nobody had before."""
    return str(next(_phones))


def registered(office: Caller, phone: str) -> str:
    """The id of the customer with this phone."""
    return str(office.do(CUSTOMERS, {"phone": phone})["customer_id"])


def found(town: Town, office: Caller, phone: str) -> list[Json]:
    town.catch_up()
    customers: list[Json] = office.read(CUSTOMERS, phone=phone)["customers"]
    return customers


def test_a_phone_that_nobody_has_finds_nobody(town: Town, office: Caller, phone: str) -> None:
    assert found(town, office, phone) == []


def test_a_caller_is_registered_once_and_found_by_the_phone(
    town: Town, office: Caller, phone: str
) -> None:
    first = office.do(CUSTOMERS, {"phone": phone})
    second = office.do(CUSTOMERS, {"phone": phone})
    assert (first["new"], second["new"]) == (True, False)
    assert first["customer_id"] == second["customer_id"]
    (customer,) = found(town, office, phone)
    assert customer["customer_id"] == first["customer_id"]
    assert customer["phone"] == f"{phone[:3]}****{phone[-4:]}"
    assert town.facts_of(UUID(first["customer_id"])) == ["customer.registered"]


def test_two_who_register_one_caller_at_once_make_one_customer(town: Town, phone: str) -> None:
    offices = [town.dispatcher() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(lambda office: registered(office, phone), offices))
    (customer_id,) = ids
    assert town.facts_of(UUID(customer_id)) == ["customer.registered"]


def test_a_landline_is_one_phone_with_and_without_its_hyphen(town: Town, office: Caller) -> None:
    customer_id = registered(office, "010-64001234")
    assert registered(office, "01064001234") == customer_id
    assert [each["customer_id"] for each in found(town, office, "010-64001234")] == [customer_id]


@pytest.mark.parametrize("phone", ["1391234567", "+8613912345678", "陈女士", ""])
def test_a_malformed_phone_finds_and_registers_nobody(office: Caller, phone: str) -> None:
    assert_problem(office.get(CUSTOMERS, phone=phone), 422, "invalid_input", "phone")
    assert_problem(office.post(CUSTOMERS, {"phone": phone}), 422, "invalid_input", "phone")


def test_the_office_sees_who_booked_and_the_customer_who_calls(
    town: Town, office: Caller, phone: str
) -> None:
    customer_id = registered(office, phone)
    contact = {**CONTACT, "phone": phone}
    path = f"{CUSTOMERS}/{customer_id}/orders"
    order = office.do(path, town.wish(contact=contact, remark="请按门铃"))
    town.catch_up()
    shown = office.read(f"{OFFICE}/{order['order_id']}")
    assert (shown["source"], shown["stage"]) == ("phone", "awaiting_payment")
    assert (shown["total_fen"], shown["remark"]) == (order["total_fen"], "请按门铃")
    assert shown["timeline"][0]["by"].startswith("staff:")
    (listed,) = office.read(path)["orders"]
    assert (listed["order_id"], listed["name"]) == (order["order_id"], CONTACT["name"])
    assert listed["phone"] == f"{phone[:3]}****{phone[-4:]}"


def test_a_phone_bookings_price_is_the_customers_own(
    town: Town, office: Caller, phone: str
) -> None:
    path = f"{CUSTOMERS}/{registered(office, phone)}/orders"
    on_behalf, own = office.do(path, town.wish()), town.booked(town.customer())
    assert on_behalf["total_fen"] == own["total_fen"] > 0


@pytest.mark.parametrize("source", ["phone", "yixin", "web", "app", "wechat"])
def test_the_office_says_how_the_customer_came(
    town: Town, office: Caller, phone: str, source: str
) -> None:
    path = f"{CUSTOMERS}/{registered(office, phone)}/orders"
    order = office.do(path, town.wish(source=source))
    town.catch_up()
    assert office.read(f"{OFFICE}/{order['order_id']}")["source"] == source


def test_a_source_that_nobody_knows_is_refused(town: Town, office: Caller, phone: str) -> None:
    path = f"{CUSTOMERS}/{registered(office, phone)}/orders"
    assert_problem(office.post(path, town.wish(source="fax")), 422, "invalid_input", "source")


def test_nobody_can_be_booked_for_who_is_no_customer(town: Town, office: Caller) -> None:
    path = f"{CUSTOMERS}/{uuid4()}/orders"
    assert_problem(office.post(path, town.wish()), 404, "not_found")
    assert_problem(office.get(path), 404, "not_found")


def test_a_repeated_key_is_one_booking(town: Town, office: Caller, phone: str) -> None:
    path = f"{CUSTOMERS}/{registered(office, phone)}/orders"
    wish = town.wish()
    first, second = (office.post(path, wish, key="the same call") for _ in range(2))
    assert first.json() == second.json()


@pytest.mark.requirement("R10")
def test_a_caller_pays_with_the_code_that_the_office_sends(
    town: Town, office: Caller, phone: str
) -> None:
    path = f"{CUSTOMERS}/{registered(office, phone)}/orders"
    order = office.do(path, town.wish())
    told = office.do(f"{OFFICE}/{order['order_id']}/payments")
    assert (told["trade_type"], told["bridge"]) == ("NATIVE", None)
    assert told["pay_url"].startswith("weixin://")
    town.pay_at_wechat(told["out_trade_no"])
    town.courier.deliver_due()
    town.catch_up()
    shown = office.read(f"{OFFICE}/{order['order_id']}")
    assert (shown["stage"], shown["paid_fen"]) == ("awaiting_assignment", order["total_fen"])


def test_the_office_goes_on_with_its_open_code(town: Town, office: Caller, phone: str) -> None:
    path = f"{CUSTOMERS}/{registered(office, phone)}/orders"
    payments = f"{OFFICE}/{office.do(path, town.wish())['order_id']}/payments"
    assert office.do(payments) == office.do(payments)


def test_a_paid_order_has_no_further_code(town: Town, office: Caller) -> None:
    order = town.paid(town.customer())
    answer = office.post(f"{OFFICE}/{order['order_id']}/payments")
    assert answer.status_code == 409
    assert_problem(office.post(f"{OFFICE}/{uuid4()}/payments"), 404, "not_found")


def test_a_phone_linked_to_an_account_finds_that_customer_and_registers_nobody(
    town: Town, office: Caller, phone: str
) -> None:
    customer = town.customer()
    customer_id = customer.read("/api/v1/me")["customer_id"]
    link(town, UUID(customer_id), phone)
    assert [each["customer_id"] for each in found(town, office, phone)] == [customer_id]
    assert_problem(office.post(CUSTOMERS, {"phone": phone}), 409, "phone_linked")
    order = office.do(f"{CUSTOMERS}/{customer_id}/orders", town.wish())
    town.catch_up()
    assert customer.read(f"/api/v1/orders/{order['order_id']}")["stage"] == "awaiting_payment"


def link(town: Town, customer_id: UUID, phone: str) -> None:
    """The phone was proved to be this customer's."""
    house = town.house
    digest = phone_digest(house.vault, phone)
    identity = ExternalIdentity(channel=PHONE, app_id="", identity_digest=digest, openid="")
    command = Command(uuid4(), "system:test", "", town.clock.now())

    def decide() -> Decision:
        customer = house.log.load(Customer, customer_id)
        customer.link_identity(identity, by=command.actor, at=command.at)
        return Decision([customer])

    house.log.run(command, decide)


def test_only_dispatchers_book_for_others(town: Town, office: Caller, phone: str) -> None:
    path = f"{CUSTOMERS}/{registered(office, phone)}/orders"
    for caller in (town.finance(), town.administrator()):
        assert caller.post(path, town.wish()).status_code == 403
        assert caller.get(CUSTOMERS, phone=phone).status_code == 403
    assert town.customer().post(path, town.wish()).status_code == 401


def test_no_phone_is_kept_in_clear(town: Town, office: Caller) -> None:
    phone = "13655550777"
    customer_id = registered(office, phone)
    contact = {**CONTACT, "phone": phone}
    order = office.do(f"{CUSTOMERS}/{customer_id}/orders", town.wish(contact=contact))
    assert order["order_number"].startswith("BJ")
    found(town, office, phone)
    query = text(
        "select (select count(*) from log.events where state like :clear)"
        " + (select count(*) from log.commands c where c::text like :clear)"
        " + (select count(*) from customer_identities.identities i where i::text like :clear)"
    )
    with town.house.engine.connect() as connection:
        assert connection.execute(query, {"clear": f"%{phone}%"}).scalar_one() == 0
