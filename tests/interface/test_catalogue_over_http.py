"""The catalogue and its prices over HTTP: what customers see and the administrator changes."""

from datetime import timedelta

import pytest

from domain.orders.service_order import ServiceOrder
from domain.time import format_instant
from tests.interface.problems import assert_problem
from tests.interface.town import Caller, Json, Town

CATALOGUE = "/api/v1/catalogue"
OFFICE = "/api/v1/office/catalogue"
SERVICES = "/api/v1/office/services"
KINDS = "/api/v1/office/service-kinds"
BOOKS = "/api/v1/office/price-books"
QUOTES = "/api/v1/quotes"
SOON = timedelta(minutes=10)


@pytest.fixture
def boss(town: Town) -> Caller:
    return town.administrator()


def definition(boss: Caller, code: str) -> Json:
    services = boss.read(OFFICE)["services"]
    return next(each for each in services if each["code"] == code)


def leaves(catalogue: Json) -> list[str]:
    return [
        service["code"]
        for kind in catalogue["kinds"]
        for group in kind["groups"]
        for service in group["services"]
    ]


def in_force(boss: Caller) -> int:
    (version,) = [each["version"] for each in boss.read(BOOKS) if each["in_force"]]
    return int(version)


def price_list(boss: Caller) -> Json:
    return boss.read(f"{BOOKS}/{in_force(boss)}")["price_list"]


def daily_price(town: Town) -> int:
    asked = {"service_code": "BJ-01", "quantity": 120, "district": "110105"}
    starts_at = town.tomorrow().isoformat()
    return int(town.anybody().read(QUOTES, **asked, starts_at=starts_at)["total_fen"])


# -- what customers see


@pytest.mark.requirement("R01")
def test_the_catalogue_has_the_eight_kinds_in_their_order(town: Town) -> None:
    shown = town.anybody().read(CATALOGUE)
    assert [kind["name"] for kind in shown["kinds"]] == [
        *("保洁", "上门干洗", "小时工", "家电维修及保养"),
        *("月嫂", "保姆", "老人陪护", "医院护工"),
    ]
    assert len(leaves(shown)) == 22


def test_the_home_page_has_ten_entries(town: Town) -> None:
    entries = town.anybody().read(f"{CATALOGUE}/entries")
    assert [entry["name"] for entry in entries] == [
        *("保洁", "上门干洗", "小时工", "家电清洗", "家居养护"),
        *("家电维修", "月嫂", "保姆", "老人陪护", "医院护工"),
    ]
    assert [e["code"] for e in entries if e["payment_mode"] == "reservation"] == [
        *("appliance_repair", "maternity", "nanny", "elder_care", "hospital_care"),
    ]


def test_a_leaf_shows_what_its_form_asks_and_what_it_costs(town: Town) -> None:
    services = {each["code"]: each for each in town.anybody().read("/api/v1/services")}
    air = services["JD-03"]
    assert (air["from_price_fen"], air["from_price_unit"]) == (9_900, "台")
    assert [(item["code"], item["price_fen"]) for item in air["items"]] == [
        ("wall", 9_900),
        ("cabinet", 13_900),
        ("outlet", 15_000),
    ]
    assert air["items"][0]["extras"][0]["addition"] == {"fen": 8_000, "basis_points": 0}
    daily = services["BJ-01"]["measure"]
    assert (daily["unit"]["price_unit"], daily["minimum"], daily["price_fen"]) == (
        "小时",
        120,
        5_000,
    )
    assert services["YH-01"]["minimum_fen"] == 20_000
    assert services["GX-03"]["turnaround_days"] == [4, 7]


def test_a_quote_names_items_by_code_and_quantity(town: Town) -> None:
    asked = {"service_code": "JD-03", "district": "110105"}
    starts_at = town.tomorrow().isoformat()
    items = ["wall:1", "wall.outdoor:2"]
    priced = town.anybody().read(QUOTES, **asked, starts_at=starts_at, item=items)
    assert priced["total_fen"] == 3 * 9_900 + 2 * 8_000
    assert [line["item"] for line in priced["lines"]] == ["wall", "wall.outdoor", "wall.outdoor"]


def test_a_form_is_priced_as_the_query_is(town: Town) -> None:
    form = {"service_code": "JD-05", "district": "110105", "items": {"oven": 2}}
    form["starts_at"] = town.tomorrow().isoformat()
    priced = town.anybody().do(QUOTES, form)
    assert (priced["total_fen"], priced["catalogue_revision"]) == (
        17_800,
        priced["catalogue_revision"],
    )


@pytest.mark.parametrize(
    "item", ["wall", "wall:x", "wall:１", "wall:-1", "wall:0", "hat:1", "wall:99999999", ":1"]
)
def test_a_malformed_item_is_a_problem(town: Town, item: str) -> None:
    asked = {"service_code": "JD-03", "district": "110105"}
    starts_at = town.tomorrow().isoformat()
    answer = town.anybody().get(QUOTES, **asked, starts_at=starts_at, item=[item])
    assert answer.status_code == 422, answer.text


def test_an_item_named_twice_is_refused_and_not_forgotten(town: Town) -> None:
    asked = {"service_code": "JD-03", "district": "110105"}
    starts_at = town.tomorrow().isoformat()
    answer = town.anybody().get(QUOTES, **asked, starts_at=starts_at, item=["wall:1", "wall:2"])
    assert_problem(answer, 422, "invalid_input", "item")


# -- what the administrator changes


def test_a_new_service_is_sold_once_it_has_a_price(town: Town, boss: Caller) -> None:
    fan = definition(boss, "JD-05") | {"code": "JD-06", "name": "新风机清洗"}
    fan["items"] = [fan["items"][0] | {"code": "fan", "name": "新风机"}]
    revision = boss.do(SERVICES, fan)["revision"]
    asked = {"service_code": "JD-06", "district": "110105", "item": ["fan:1"]}
    asked["starts_at"] = town.tomorrow().isoformat()
    assert "JD-06" in leaves(town.anybody().read(CATALOGUE))
    assert_problem(town.anybody().get(QUOTES, **asked), 404, "price_not_found")
    prices = price_list(boss)
    prices["prices"]["JD-06"] = {"fan": 19_900}
    now = format_instant(town.clock.now())
    boss.do(BOOKS, {"effective_from": now, "note": "新风机上市", "price_list": prices})
    assert town.anybody().read(QUOTES, **asked)["total_fen"] == 19_900
    change = boss.read(OFFICE)["history"][0]
    assert (change["revision"], change["what"], change["service_code"]) == (
        revision,
        "新增服务",
        "JD-06",
    )
    assert change["by"].startswith("staff:")
    assert change["detail"]["name"] == "新风机清洗"


def test_a_withdrawn_service_is_neither_shown_nor_sold(town: Town, boss: Caller) -> None:
    boss.do(f"{SERVICES}/JD-02/withdrawal")
    assert "JD-02" not in leaves(town.anybody().read(CATALOGUE))
    form = {"service_code": "JD-02", "district": "110105", "items": {"three_door": 1}}
    form["starts_at"] = town.tomorrow().isoformat()
    assert_problem(town.anybody().post(QUOTES, form), 404, "service_not_found")
    assert "JD-02" in boss.read(OFFICE)["withdrawn"]
    boss.do(f"{SERVICES}/JD-02/restoration")
    assert town.anybody().do(QUOTES, form)["total_fen"] == 12_800


@pytest.mark.requirement("R12")
def test_a_changed_mode_leaves_an_old_order_as_it_was(town: Town, boss: Caller) -> None:
    customer = town.customer()
    old = town.booked(customer)
    before = definition(boss, "BJ-01")
    boss.do(f"{SERVICES}/BJ-01/change", before | {"payment_mode": "reservation"})
    new = town.booked(customer)
    boss.do(f"{SERVICES}/BJ-01/change", before)
    orders = [town.house.log.load(ServiceOrder, each["order_id"]) for each in (old, new)]
    assert [order.payment_mode for order in orders] == ["online", "reservation"]
    assert orders[0].catalogue_revision < orders[1].catalogue_revision
    assert (old["total_fen"], new["total_fen"]) == (10_000, 0)
    paid = customer.post(f"/api/v1/orders/{old['order_id']}/payments")
    refused = customer.post(f"/api/v1/orders/{new['order_id']}/payments")
    assert (paid.status_code, refused.status_code) == (201, 409)


def test_an_order_keeps_the_prices_it_was_booked_at(town: Town, boss: Caller) -> None:
    order = town.booked(town.customer())
    booked = town.house.log.load(ServiceOrder, order["order_id"])
    dearer = price_list(boss)
    dearer["prices"]["BJ-01"] = {"each": 60_00}
    begins = town.clock.now() + SOON
    book = {"effective_from": format_instant(begins), "price_list": dearer}
    version = boss.do(BOOKS, book)["version"]
    assert daily_price(town) == 10_000
    town.clock.advance(SOON)
    assert daily_price(town) == 12_000
    tariff = town.house.tariffs.of(booked.catalogue_revision, booked.price_book_version)
    assert tariff.book.price("BJ-01") == 50_00
    assert in_force(boss) == version


def test_prices_that_have_not_begun_can_be_taken_back(town: Town, boss: Caller) -> None:
    before = daily_price(town)
    begins = format_instant(town.clock.now() + SOON)
    dearer = price_list(boss)
    dearer["prices"]["BJ-01"] = {"each": 90_00}
    version = boss.do(BOOKS, {"effective_from": begins, "price_list": dearer})["version"]
    boss.do(f"{BOOKS}/{version}/withdrawal")
    town.clock.advance(SOON)
    assert daily_price(town) == before
    found = boss.read(f"{BOOKS}/{version}")
    assert (found["withdrawn"], found["in_force"]) == (True, False)
    assert_problem(boss.post(f"{BOOKS}/1/withdrawal"), 409, "already_in_force")


def test_kinds_can_be_put_in_another_order(town: Town, boss: Caller) -> None:
    kinds = boss.read(OFFICE)["kinds"]
    boss.do(KINDS, {"kinds": kinds[::-1]})
    shown = town.anybody().read(CATALOGUE)
    assert [kind["code"] for kind in shown["kinds"]] == [kind["code"] for kind in kinds[::-1]]
    boss.do(KINDS, {"kinds": kinds})
    assert_problem(boss.post(KINDS, {"kinds": kinds[1:]}), 422, "invalid_definition", "kinds")


def test_a_repeated_command_changes_the_catalogue_once(boss: Caller) -> None:
    new = definition(boss, "BJ-01") | {"code": "BJ-09", "name": "收纳整理"}
    first = boss.post(SERVICES, new, key="once")
    again = boss.post(SERVICES, new, key="once")
    assert first.json() == again.json()
    assert_problem(boss.post(SERVICES, new), 409, "service_exists")
    boss.do(f"{SERVICES}/BJ-09/withdrawal")


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"code": "BJ-02"}, 422, "code"),
        ({"kind": "garden"}, 422, "kind"),
        ({"kind": "hourly"}, 422, "kind"),
        ({"payment_mode": "cash"}, 422, "payment_mode"),
        ({"measure": None}, 422, "measure"),
        ({"tax_class": "zero"}, 422, "tax_class"),
        ({"colour": "red"}, 422, "colour"),
        ({"name": ""}, 422, "name"),
        ({"options": [{"code": "a", "name": "甲", "choices": []}]}, 422, "options.0.choices"),
    ],
)
def test_a_malformed_service_is_a_problem(
    boss: Caller, changes: Json, status: int, field: str
) -> None:
    body = definition(boss, "BJ-01") | changes
    answer = boss.post(f"{SERVICES}/BJ-01/change", body)
    assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text


def test_a_service_is_never_measured_in_another_unit(boss: Caller) -> None:
    body = definition(boss, "BJ-01")
    body["measure"] = body["measure"] | {"unit": "tenth_sqm"}
    assert_problem(boss.post(f"{SERVICES}/BJ-01/change", body), 409, "unit_changed")


@pytest.mark.parametrize(
    ("part", "value", "field"),
    [
        ("prices", {}, "prices.BJ-01.each"),
        ("prices", {"BJ-01": {"each": -1}}, "price_list.prices.BJ-01.each"),
        ("prices", {"BJ-01": {"each": 1.5}}, "price_list.prices.BJ-01.each"),
        ("prices", None, "price_list.prices"),
        ("delivery", {"lines": ["ZZ"], "fee_fen": 1, "free_from_fen": 1}, "delivery.lines"),
        ("additions", {"BJ-03": {"sides": {"fen": 1}}}, "price_list.additions.BJ-03.sides"),
        ("minimum_amounts", {"ZZ-99": 1}, "minimum_amounts.ZZ-99"),
    ],
)
def test_a_malformed_price_book_is_a_problem(
    town: Town, boss: Caller, part: str, value: Json, field: str
) -> None:
    now = format_instant(town.clock.now())
    body = {"effective_from": now, "price_list": price_list(boss) | {part: value}}
    answer = boss.post(BOOKS, body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["field"].startswith(field)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("night_from", "25:00"),
        ("night_from", "20:00Z"),
        ("night_until", "21:00"),
        ("holidays", {"2026": {"2026-02-31": "春节"}}),
        ("holidays", {"2026": {"2027-01-01": "元旦"}}),
        ("urgent_before_minutes", 1_000_000),
        ("holiday_basis_points", 999_999),
    ],
)
def test_malformed_surcharges_are_a_problem(
    town: Town, boss: Caller, part: str, value: Json
) -> None:
    prices = price_list(boss)
    prices["surcharges"][part] = value
    body = {"effective_from": format_instant(town.clock.now()), "price_list": prices}
    assert boss.post(BOOKS, body).status_code == 422


def test_a_price_book_cannot_begin_in_the_past(town: Town, boss: Caller) -> None:
    past = format_instant(town.clock.now() - timedelta(minutes=1))
    body = {"effective_from": past, "price_list": price_list(boss)}
    assert_problem(boss.post(BOOKS, body), 422, "begins_in_past", "effective_from")
    assert_problem(boss.get(f"{BOOKS}/99"), 404, "price_book_not_found")


def test_the_dispatcher_reads_the_catalogue_and_changes_nothing(town: Town) -> None:
    dispatcher = town.dispatcher()
    assert dispatcher.read(OFFICE)["services"]
    assert dispatcher.read(BOOKS)
    assert_problem(dispatcher.post(f"{SERVICES}/BJ-01/withdrawal"), 403, "forbidden")
    assert town.finance().get(OFFICE).status_code == 403
