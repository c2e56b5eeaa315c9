"""Commands that name photos: each refuses one that was not uploaded for the order's customer."""

from collections.abc import Iterator, Mapping
from typing import Final

import pytest
import requests

from tests.interface.laundries import laundry_wish, open_laundry
from tests.interface.problems import assert_problem
from tests.interface.town import Caller, Json, Town

ORDERS: Final = "/api/v1/orders"
OFFICE: Final = "/api/v1/office/orders/{order_id}"
UNKNOWN: Final = "ab" * 32
GARMENT: Final = {"label": "A001", "item": "coat"}
FLAW: Final = {"garment": 1, "description": "领口有旧渍"}
NOTE: Final = {"note": "门封条坏了"}

# Every route whose body has photos, and the rest of a body that is well-formed.
NAMING: Final[Mapping[str, Json]] = {
    ORDERS: {},
    "/api/v1/office/customers/{customer_id}/orders": {"source": "phone"},
    "/api/v1/orders/{order_id}/warranty-claims": {"fault": "又坏了"},
    f"{OFFICE}/warranty-claims": {"fault": "又坏了"},
    f"{OFFICE}/diagnosis": NOTE,
    f"{OFFICE}/parts-orders": {"parts": ["启动电容"]},
    f"{OFFICE}/parts-receipt": {},
    f"{OFFICE}/trial-runs": {"machine": "01", "works": True},
    f"{OFFICE}/opening-failures": {"machine": "01", "reason_code": "stuck"},
    f"{OFFICE}/material": {"surface": "oak"},
    f"{OFFICE}/empty-trip": {"reason_code": "nobody_there"},
    f"{OFFICE}/pick-up": {"garments": [GARMENT]},
    f"{OFFICE}/garment-flaw": FLAW,
    f"{OFFICE}/garment-harm": {**FLAW, "lost": False},
    "/api/v1/messages": {"text": "你好"},
    "/api/v1/orders/{order_id}/messages": {"text": "你好"},
    f"{OFFICE}/messages": {"text": "你好"},
    "/api/v1/office/messages/{thread_id}/replies": {"text": "你好"},
}
# A price and free times are asked for what is booked later; nothing is kept of it.
ASKING: Final = {"/api/v1/quotes", "/api/v1/slots"}


@pytest.fixture(scope="module")
def orders(town: Town) -> Json:
    """A customer with an order of each kind that photos are taken of."""
    customer, office = town.customer(), town.dispatcher()
    open_laundry(town, office)
    return {
        "customer": customer,
        "office": office,
        "ids": {
            "customer_id": customer.read("/api/v1/me")["customer_id"],
            "thread_id": customer.do("/api/v1/messages", {"text": "你好"})["thread_id"],
        },
        "repair": customer.do(ORDERS, repair_wish(town)),
        "cleaning": customer.do(ORDERS, machine_wish(town)),
        "laundry": customer.do(ORDERS, laundry_wish(town)),
    }


def repair_wish(town: Town, *photos: str) -> Json:
    repair = {"appliance": "refrigerator", "fault": "不制冷", "photos": list(photos)}
    return town.wish("WX-01", quantity=1, repair=repair)


def machine_wish(town: Town) -> Json:
    wish = town.wish("YH-01")
    return {
        **{name: wish[name] for name in wish if name != "quantity"},
        "items": {"solid_wood": 400},
    }


def named_photos(town: Town, route: str, photos: list[str]) -> Json:
    """The route's body with these photos where it takes them."""
    if route == ORDERS or "customers" in route:
        return {**repair_wish(town, *photos), **NAMING[route]}
    if route.endswith("pick-up"):
        return {"garments": [GARMENT, {**GARMENT, "label": "A002", "photos": photos}]}
    when = {"starts_at": town.tomorrow().isoformat()} if "warranty" in route else {}
    return {**NAMING[route], **when, "photos": photos}


def asked(town: Town, orders: Json, route: str, photos: list[str]) -> requests.Response:
    """The route's answer to these photos."""
    kind = "laundry" if "garment" in route or "pick-up" in route else "repair"
    kind = "cleaning" if route.rpartition("/")[2] in MACHINES else kind
    path = route.format(order_id=orders[kind]["order_id"], **orders["ids"])
    caller: Caller = orders["office" if "/office/" in route else "customer"]
    return caller.post(path, named_photos(town, route, photos))


MACHINES: Final = {"trial-runs", "opening-failures", "material", "empty-trip"}


def taking_photos(document: Json) -> Iterator[str]:
    """The paths of the OpenAPI document whose bodies have photos, however deep."""
    for path, operations in document["paths"].items():
        content = operations.get("post", {}).get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        if "photos" in members(document, schema, set()):
            yield path


def members(document: Json, schema: Json, seen: set[str]) -> set[str]:
    """All names of members in a schema and in those that it refers to."""
    if isinstance(schema, list):
        return {name for each in schema for name in members(document, each, seen)}
    if not isinstance(schema, dict):
        return set()
    found = set(schema.get("properties", ()))
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference not in seen:
        seen.add(reference)
        target = document["components"]["schemas"][reference.rpartition("/")[2]]
        found |= members(document, target, seen)
    return found | members(document, list(schema.values()), seen)


def test_the_table_names_every_route_that_takes_photos(town: Town) -> None:
    document = town.anybody().read("/api/v1/openapi.json")
    assert set(taking_photos(document)) == set(NAMING) | ASKING


@pytest.mark.requirement("R08")
@pytest.mark.parametrize("route", NAMING)
def test_a_photo_that_nobody_uploaded_is_refused_and_nothing_happens(
    town: Town, orders: Json, route: str
) -> None:
    before = town.position()
    mine = town.photo(orders["customer"])

    assert_problem(asked(town, orders, route, [mine, UNKNOWN]), 422, "photo_unknown", "photos")
    assert town.position() == before


@pytest.mark.parametrize("route", NAMING)
def test_another_customers_photo_is_as_unknown(town: Town, orders: Json, route: str) -> None:
    theirs = town.photo(town.customer())
    assert_problem(asked(town, orders, route, [theirs]), 422, "photo_unknown", "photos")


@pytest.mark.parametrize("route", NAMING)
def test_the_customers_own_photo_is_known(town: Town, orders: Json, route: str) -> None:
    """Whatever else the present stage forbids."""
    mine = town.photo(orders["customer"])
    answer = asked(town, orders, route, [mine])
    assert answer.status_code == 201 or answer.json()["code"] != "photo_unknown", answer.text


@pytest.mark.requirement("R08")
def test_customer_and_office_find_the_photos_of_a_fault_by_the_order(
    town: Town, orders: Json
) -> None:
    customer, office = orders["customer"], orders["office"]
    photo = town.photo(customer)
    order = customer.do(ORDERS, repair_wish(town, photo))
    town.catch_up()

    form = customer.read(f"{ORDERS}/{order['order_id']}/reorder")
    assert form["form"]["photos"] == [photo]
    path = f"/api/v1/office/orders/{order['order_id']}"
    told = {"appliance": "refrigerator", "fault": "不制冷", "photos": [photo]}
    for view in (customer.read(f"{ORDERS}/{order['order_id']}"), office.read(path)):
        (part,) = view["parts"]
        assert (part["kind"], part["label"], part["facts"]) == ("fault", "故障", told)
    assert customer.get(f"/api/v1/uploads/{photo}").status_code == 200
    assert office.get(f"{path}/uploads/{photo}").status_code == 200
