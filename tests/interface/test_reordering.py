"""Ordering again (再来一单): the same at another time, at today's price, with its own copies."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from application.reordering import Reordering, ServiceWithdrawnError
from application.tariffs import Tariffs
from application.vault import KeyClass
from domain.catalogue.tariff import Tariff
from domain.orders.service_order import ServiceOrder
from tests.interface.problems import assert_problem
from tests.interface.town import CONTACT, PHONE_BROWSER, Caller, Json, Town

ORDERS = "/api/v1/orders"
OFFICE = "/api/v1/office/orders"
ROOMS = ["客厅", "厨房"]
NEW_HOME = {
    "service_code": "BJ-02",
    "quantity": 900,
    "cleaning": {"survey": True, "rooms": ROOMS},
    "remark": "家里有猫",
}


@pytest.fixture
def customer(town: Town) -> Caller:
    return town.customer()


def again(order: Json) -> str:
    return f"{ORDERS}/{order['order_id']}/reorder"


def at_time(town: Town, hour: int = 14, **more: Json) -> Json:
    starts_at = town.tomorrow(hour) + timedelta(days=1)
    return {"starts_at": starts_at.isoformat(), **more}


def loaded(town: Town, order: Json) -> ServiceOrder:
    return town.house.log.load(ServiceOrder, UUID(order["order_id"]))


def seen(town: Town, order: Json) -> Json:
    town.catch_up()
    return town.dispatcher().read(f"{OFFICE}/{order['order_id']}")


def test_the_form_of_an_old_order_comes_filled_in(town: Town, customer: Caller) -> None:
    order = town.booked(customer, **NEW_HOME)
    form = customer.read(again(order))
    assert form == {
        "order_id": order["order_id"],
        "order_number": order["order_number"],
        "service_code": "BJ-02",
        "kind_path": ["保洁", "新居开荒"],
        "quantity": 900,
        "items": {},
        "options": {},
        "contact": {**CONTACT, "coordinates": ""},
        "remark": "家里有猫",
        "section": "cleaning",
        "form": {"survey": True, "rooms": ROOMS},
    }


def test_the_filled_in_form_is_a_form_that_can_be_sent(town: Town, customer: Caller) -> None:
    form = customer.read(again(town.booked(customer, **NEW_HOME)))
    names = ("service_code", "quantity", "items", "options", "remark")
    body = {name: form[name] for name in names} | {form["section"]: form["form"]}
    contact = {name: form["contact"][name] for name in CONTACT}
    assert town.booked(customer, **body, contact=contact)["total_fen"] > 0


def test_the_same_is_ordered_for_another_time(town: Town, customer: Caller) -> None:
    old = town.booked(customer, **NEW_HOME)
    body = at_time(town)
    new = customer.do(again(old), body)
    assert new["order_number"] != old["order_number"]
    before, after = seen(town, old), seen(town, new)
    same = ("kind_path", "name", "phone", "address", "district", "remark", "total_fen")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert after["starts_at"] != before["starts_at"]
    first, second = loaded(town, old), loaded(town, new)
    assert second.details == first.details
    assert second.extra == {"reordered_from": old["order_number"]}


def test_windows_with_both_sides_are_ordered_with_both_sides_again(
    town: Town, customer: Caller
) -> None:
    wish = {"service_code": "BJ-03", "quantity": 300, "options": {"sides": "both"}}
    old = town.booked(customer, **wish)
    new = customer.do(again(old), at_time(town))
    assert new["total_fen"] == old["total_fen"]
    assert loaded(town, new).details["options"] == {"sides": "both"}


def test_the_price_is_that_of_the_new_time(town: Town, customer: Caller) -> None:
    old = town.booked(customer)
    starts_at = at_time(town, 20)["starts_at"]
    fresh = town.booked(town.customer(), starts_at=starts_at)
    new = customer.do(again(old), {"starts_at": starts_at})
    assert new["total_fen"] == fresh["total_fen"] > old["total_fen"]


def test_the_new_order_has_a_sealed_copy_of_its_own(town: Town, customer: Caller) -> None:
    old = town.booked(customer, remark="家里有猫")
    new = customer.do(again(old), at_time(town))
    first, second = loaded(town, old), loaded(town, new)
    for name in ("name", "phone", "address"):
        assert first.contact[name] != second.contact[name]
        assert second.contact[name].startswith("s1.")
        opened = [town.house.vault.open(each.contact[name]) for each in (first, second)]
        assert opened[0] == opened[1] == CONTACT[name]
    assert first.remark != second.remark
    assert town.house.vault.open(second.remark) == "家里有猫"


def test_what_is_to_be_otherwise_is_said(town: Town, customer: Caller) -> None:
    old = town.booked(customer, **NEW_HOME)
    new = customer.do(
        again(old),
        at_time(town, remark="", form={"rooms": ["主卧"]}, source="app"),
    )
    details = loaded(town, new).details
    assert (details["rooms"], details["survey"]) == (["主卧"], True)
    shown = seen(town, new)
    assert (shown["remark"], shown["source"]) == ("", "app")


def test_the_source_is_that_of_the_new_order(town: Town, customer: Caller) -> None:
    old = town.booked(customer, source="app")
    customer.session.headers["User-Agent"] = PHONE_BROWSER
    assert seen(town, customer.do(again(old), at_time(town)))["source"] == "web"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"form": {"rooms": ["密室"]}}, "cleaning.rooms.0"),
        ({"form": {"survey": "yes"}}, "cleaning.survey"),
        ({"form": {"colour": "red"}}, "cleaning.colour"),
        ({"source": "phone"}, "source"),
        ({"quantity": 60}, "quantity"),
        ({"starts_at": "2026-11-23T09:00:00"}, "starts_at"),
    ],
)
def test_a_malformed_wish_is_named(
    town: Town, customer: Caller, change: dict[str, Json], field: str
) -> None:
    old = town.booked(customer, **NEW_HOME)
    answer = customer.post(again(old), {**at_time(town), **change})
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_a_past_time_is_refused(town: Town, customer: Caller) -> None:
    old = town.booked(customer)
    past = (town.clock.now() - timedelta(hours=1)).isoformat()
    answer = customer.post(again(old), {"starts_at": past})
    assert_problem(answer, 422, "invalid_window", "starts_at")


def test_a_repeated_key_is_one_order(town: Town, customer: Caller) -> None:
    path, body = again(town.booked(customer)), at_time(town)
    first, second = (customer.post(path, body, key="the same tap") for _ in range(2))
    assert first.json() == second.json()


def test_a_cancelled_order_can_be_ordered_again(town: Town, customer: Caller) -> None:
    old = town.booked(customer)
    customer.do(f"{ORDERS}/{old['order_id']}/cancellation")
    assert customer.do(again(old), at_time(town))["total_fen"] == old["total_fen"]


def test_another_customers_order_is_not_found(town: Town, customer: Caller) -> None:
    path = again(town.booked(customer))
    stranger = town.customer()
    assert_problem(stranger.get(path), 404, "not_found")
    assert_problem(stranger.post(path, at_time(town)), 404, "not_found")
    assert_problem(stranger.get(f"{ORDERS}/{uuid4()}/reorder"), 404, "not_found")


def test_an_erased_contact_cannot_be_used_again(town: Town, customer: Caller) -> None:
    old = town.booked(customer)
    owner = loaded(town, old).customer_id
    town.house.vault.destroy(owner, [KeyClass.CONTACT])
    for answer in (customer.get(again(old)), customer.post(again(old), at_time(town))):
        assert_problem(answer, 409, "contact_erased")


def test_an_erased_remark_is_left_out(town: Town, customer: Caller) -> None:
    old = town.booked(customer, remark="家里有猫")
    town.house.vault.destroy(loaded(town, old).customer_id, [KeyClass.NOTE])
    assert customer.read(again(old))["remark"] == ""
    assert seen(town, customer.do(again(old), at_time(town)))["remark"] == ""


class NothingSold(Tariffs):
    """A catalogue from which everything was withdrawn."""

    def at(self, at: datetime) -> Tariff:
        return replace(super().at(at), services={})


def test_a_withdrawn_service_is_refused_by_its_name(town: Town, customer: Caller) -> None:
    order = loaded(town, town.booked(customer))
    house = town.house
    reordering = Reordering(house.log, house.vault, NothingSold(house.log))
    with pytest.raises(ServiceWithdrawnError) as refused:
        reordering.past_order(order.id, order.customer_id, town.clock.now())
    assert (refused.value.status, refused.value.code) == (409, "service_withdrawn")
    assert "日常保洁" in refused.value.message
