"""Search of the board over HTTP: what staff type, who may, and what it may cost."""

from collections.abc import Iterator

import pytest
from sqlalchemy import event

from tests.interface.test_lists_over_http import walked
from tests.interface.town import CONTACT, Caller, Json, Town

OFFICE = "/api/v1/office/orders"


@pytest.fixture(scope="module")
def customer(town: Town) -> Caller:
    return town.customer()


@pytest.fixture(scope="module")
def office(town: Town) -> Caller:
    return town.dispatcher()


def booked(town: Town, customer: Caller, name: str, **wish: Json) -> Json:
    """An order of somebody of this name, given up at once: it holds nothing."""
    contact = {**CONTACT, "name": name, **wish.pop("contact", {})}
    order = town.booked(customer, contact=contact, **wish)
    customer.do(f"/api/v1/orders/{order['order_id']}/cancellation")
    town.catch_up()
    return order


def found(office: Caller, words: str, **query: Json) -> list[Json]:
    return [row["order_id"] for row in walked(office, OFFICE, "orders", search=words, **query)]


@pytest.mark.requirement("R13", "R14")
def test_staff_find_an_order_by_what_the_caller_tells(
    town: Town, customer: Caller, office: Caller
) -> None:
    there = {"phone": "13600007654", "address": "海淀区学院路 30 号 9 楼 902"}
    order = booked(town, customer, "诸葛女士", contact=there)
    booked(town, customer, "司马先生")
    for words in ("诸葛", "学院路30号", "诸葛 902", "13600007654", "136 0000 7654", "7654"):
        assert found(office, words) == [order["order_id"]], words
    number = order["order_number"]
    for words in (number, number.lower(), number.replace("-", " "), f"  {number[-6:]} "):
        assert order["order_id"] in found(office, words), words
    assert found(office, "诸葛 司马") == []
    (row,) = office.read(OFFICE, search="诸葛")["orders"]
    assert (row["name"], row["phone"]) == ("诸葛女士", "136****7654")


def test_a_search_joins_the_filters_and_is_read_page_by_page(
    town: Town, customer: Caller, office: Caller
) -> None:
    wanted = [booked(town, customer, "上官先生", source="app")["order_id"] for _ in range(3)]
    booked(town, customer, "上官先生", source="web")
    filters = {"source": "app", "stage": "cancelled", "service_code": "BJ-01"}
    assert found(office, "上官", limit=1, **filters) == wanted[::-1]
    assert found(office, "上官", stage="awaiting_payment") == []
    assert len(found(office, "上官", limit=2)) == 4


def test_a_walk_through_a_search_meets_each_order_once_while_others_book(
    town: Town, customer: Caller, office: Caller
) -> None:
    whole = [booked(town, customer, "端木女士")["order_id"] for _ in range(4)][::-1]
    page = office.read(OFFICE, search="端木", limit=1)
    met = [row["order_id"] for row in page["orders"]]
    while page["next_cursor"]:
        booked(town, customer, "端木女士")
        page = office.read(OFFICE, search="端木", limit=1, cursor=page["next_cursor"])
        met += [row["order_id"] for row in page["orders"]]
    assert met == whole


@pytest.mark.parametrize(
    "words",
    [
        *("%", "_", "%%%", "'", "';--", '"', "\\", "' or 1=1 --", "陈' & !", "a | b", "<->", ":*"),
        *("()", "{1,2}", "$1", "%s", "%(x)s", "\u200b", "\u3000", " ", "🙂", "𠮷", "é", "\u0301"),
        *("9" * 50, "陈" * 50, " 陈" * 25, "ﷺ" * 50, "-" * 50),
    ],
)
def test_whatever_is_typed_is_answered(office: Caller, words: str) -> None:
    answer = office.get(OFFICE, search=words)
    assert answer.status_code == 200
    assert answer.json()["orders"] == []


@pytest.mark.parametrize(
    "words",
    ["", "陈" * 51, "x" * 10_000, "陈\x00", "\x00", "\x1b[31m", "\u202e陈"],
    ids=["nothing", "51", "10,000", "NUL", "NUL alone", "escape", "right to left"],
)
def test_what_is_no_search_is_refused(office: Caller, words: str) -> None:
    answer = office.get(OFFICE, search=words)
    assert answer.status_code == 422
    assert answer.json()["field"] == "search"


@pytest.mark.parametrize("cursor", ["forged", "djE6OTk5OTk5OTk5OTk5OTk5OTk5OTk", "1"])
def test_a_forged_cursor_of_a_search_is_refused(office: Caller, cursor: str) -> None:
    assert office.get(OFFICE, search="陈", cursor=cursor).status_code == 422


def test_only_who_may_read_orders_may_search(town: Town, customer: Caller) -> None:
    nobody = (town.anybody(), customer)  # a customer's cookie is none of the office's
    assert [each.get(OFFICE, search="诸葛").status_code for each in nobody] == [401, 401]
    assert town.administrator().get(OFFICE, search="诸葛").status_code == 403
    assert town.finance().get(OFFICE, search="诸葛").status_code == 200


@pytest.fixture
def asked(town: Town) -> Iterator[list[str]]:
    """Every statement that the product sends from now on."""
    statements: list[str] = []

    def hear(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(town.house.engine, "before_cursor_execute", hear)
    yield statements
    event.remove(town.house.engine, "before_cursor_execute", hear)


def test_the_board_without_a_search_asks_nothing_of_it(
    town: Town, customer: Caller, office: Caller, asked: list[str]
) -> None:
    booked(town, customer, "诸葛女士")
    asked.clear()
    office.read(OFFICE, limit=5)
    assert [statement for statement in asked if "office_search" in statement] == []
    office.read(OFFICE, limit=5, search="诸葛")
    assert [statement for statement in asked if "office_search" in statement] != []
