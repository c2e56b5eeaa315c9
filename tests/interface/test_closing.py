"""Closing an account over HTTP: asked for, withdrawn, waited for, carried out; and the receipt."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from application.erasure import CUSTOMER_CLASSES, FORGET, Erasures
from application.policy import Deadline
from tests.interface.engagements import reserve
from tests.interface.problems import assert_problem
from tests.interface.town import Caller, Json, Town, new_openid, open_seats

CLOSING = "/api/v1/me/closing"
ORDERS = "/api/v1/orders"
CUSTOMERS = "/api/v1/office/customers"
RECEIPTS = "/api/v1/erasure-receipts"
WEEK = timedelta(days=7)
BY_PHONE = {"reason": "asked_by_phone"}


@pytest.fixture(autouse=True)
def _seats(town: Town) -> None:
    """Time goes on between the tests, so seats are planned anew."""
    open_seats(town.house)


def id_of(customer: Caller) -> str:
    return str(customer.read("/api/v1/me")["customer_id"])


def pass_(town: Town, span: timedelta) -> None:
    """Time passes at a stroke; then all that fell due is done."""
    town.catch_up()
    town.clock.advance(span)
    town.settle()


def erased(town: Town, openid: str = "") -> tuple[Caller, Json]:
    """A customer who asked for it a week ago, and what they were told."""
    customer = town.customer(openid)
    told = {**customer.do(CLOSING), "customer_id": id_of(customer)}
    pass_(town, WEEK)
    return customer, told


def facts(town: Town, customer_id: str) -> list[str]:
    return [name.partition(".")[2] for name in town.facts_of(UUID(customer_id))]


def live_keys(town: Town, customer_id: str) -> bool:
    return town.house.vault.erased_at(UUID(customer_id)) is None


def test_a_closing_account_begins_nothing_new(town: Town) -> None:
    customer = town.customer()
    asked = customer.do(CLOSING)
    assert (asked["standing"], asked["waits_for"]) == ("closing", [])

    for path, body in (
        (ORDERS, town.wish()),
        ("/api/v1/addresses", town.wish()["contact"]),
        ("/api/v1/consents/privacy_policy", {"version": "2026-11"}),
    ):
        assert_problem(customer.post(path, body), 409, "account_closing")


def test_the_office_books_nothing_for_a_closing_account(town: Town) -> None:
    customer = town.customer()
    customer.do(CLOSING)
    answer = town.dispatcher().post(f"{CUSTOMERS}/{id_of(customer)}/orders", town.wish())
    assert_problem(answer, 409, "account_closing")


def test_asking_twice_does_not_begin_the_week_anew(town: Town) -> None:
    customer = town.customer()
    first = customer.do(CLOSING)
    pass_(town, timedelta(days=2))
    assert customer.do(CLOSING)["closes_at"] == first["closes_at"]


def test_whoever_withdraws_in_time_stays_as_they_were(town: Town) -> None:
    customer = town.customer()
    address = customer.do("/api/v1/addresses", town.wish()["contact"])["contact_id"]
    customer.do(CLOSING)
    pass_(town, WEEK - timedelta(minutes=1))

    assert customer.do(f"{CLOSING}/withdrawal")["standing"] == "active"
    pass_(town, timedelta(days=1))

    open_seats(town.house)
    town.booked(customer)
    assert customer.read(f"/api/v1/addresses/{address}")["name"] == "陈女士"
    assert_problem(customer.post(f"{CLOSING}/withdrawal"), 409, "not_closing")


def test_after_a_withdrawal_another_closing_has_its_own_week(town: Town) -> None:
    customer = town.customer()
    customer.do(CLOSING)
    pass_(town, timedelta(days=5))
    customer.do(f"{CLOSING}/withdrawal")
    customer.do(CLOSING)

    pass_(town, timedelta(days=3))
    assert customer.read(CLOSING)["standing"] == "closing"
    customer_id = id_of(customer)
    pass_(town, timedelta(days=4))
    assert facts(town, customer_id)[-1] == "erased"


def test_after_a_week_the_customer_is_erased_and_logged_out(town: Town) -> None:
    customer, told = erased(town)
    assert facts(town, told["customer_id"]) == ["registered", "closing_requested", "erased"]
    assert not live_keys(town, told["customer_id"])
    assert_problem(customer.get("/api/v1/me"), 401, "unauthenticated")


def test_an_open_order_keeps_the_customer_and_is_looked_at_again_every_day(town: Town) -> None:
    engagement = reserve(town, "LR-01")
    customer = engagement.customer
    customer_id = id_of(customer)
    customer.do(CLOSING)
    pass_(town, WEEK)

    (waits,) = engagement.customer.read(CLOSING)["waits_for"]
    assert (waits["matter"], waits["order_id"]) == ("order", engagement.order_id)
    assert waits["order_number"] in waits["sentence"]
    engagement.do("cancellation", reason_code="customer")
    town.settle()
    assert facts(town, customer_id)[-1] == "closing_requested"

    pass_(town, timedelta(days=1))
    assert facts(town, customer_id)[-1] == "erased"


def test_a_refund_that_is_due_keeps_the_customer(town: Town) -> None:
    customer = town.customer()
    order = town.paid(customer)
    customer_id = id_of(customer)
    town.dispatcher().do(
        f"/api/v1/office/orders/{order['order_id']}/cancellation", {"reason_code": "customer"}
    )
    customer.do(CLOSING)
    pass_(town, WEEK)
    assert [each["matter"] for each in customer.read(CLOSING)["waits_for"]] == ["refund"]
    assert live_keys(town, customer_id)


def test_the_administrator_closes_an_account_on_request_only_if_nothing_is_open(
    town: Town,
) -> None:
    customer = town.customer()
    order = town.booked(customer)
    town.catch_up()
    path = f"{CUSTOMERS}/{id_of(customer)}/closing"
    office = town.administrator()
    assert [each["matter"] for each in office.read(path)["waits_for"]] == ["order"]
    assert_problem(office.post(path, BY_PHONE), 409, "still_open")

    customer.do(f"{ORDERS}/{order['order_id']}/cancellation")
    town.catch_up()
    assert office.do(path, BY_PHONE)["standing"] == "closing"
    assert_problem(customer.post(ORDERS, town.wish()), 409, "account_closing")

    assert office.do(f"{path}/withdrawal")["standing"] == "active"


@pytest.mark.parametrize("body", [{}, {"reason": "bored"}, {"reason": None}])
def test_the_office_says_how_the_customer_asked(town: Town, body: Json) -> None:
    path = f"{CUSTOMERS}/{id_of(town.customer())}/closing"
    assert town.administrator().post(path, body).status_code == 422


def test_nobody_is_closed_who_is_no_customer(town: Town) -> None:
    path = f"{CUSTOMERS}/{UUID(int=0)}"
    office = town.administrator()
    for answer in (
        office.get(f"{path}/closing"),
        office.post(f"{path}/closing", BY_PHONE),
        office.post(f"{path}/closing/withdrawal"),
        office.get(f"{path}/erasure-receipt"),
    ):
        assert answer.status_code == 404, answer.text


def test_the_receipt_is_shown_to_whoever_holds_its_number(town: Town) -> None:
    _, told = erased(town)
    receipt = town.anybody().read(f"{RECEIPTS}/{told['receipt_number']}")

    assert receipt["customer_id"] == told["customer_id"]
    assert receipt["classes"] == [str(each) for each in CUSTOMER_CLASSES]
    assert receipt["asked_at"] < receipt["erased_at"] <= receipt["destroyed_at"]
    assert receipt["reason_code"] == "customer"
    assert all(each["why"] for each in receipt["kept"])
    untils = [date.fromisoformat(each["until"]) for each in receipt["kept"] if each["until"]]
    assert min(untils) >= date.fromisoformat(receipt["erased_at"][:10]) + timedelta(days=3 * 365)
    by_office = town.administrator().read(f"{CUSTOMERS}/{told['customer_id']}/erasure-receipt")
    assert by_office == receipt


def test_there_is_no_receipt_before_the_erasure(town: Town) -> None:
    customer = town.customer()
    number = customer.do(CLOSING)["receipt_number"]
    assert_problem(town.anybody().get(f"{RECEIPTS}/{number}"), 404, "receipt_not_found")
    answer = town.administrator().get(f"{CUSTOMERS}/{id_of(customer)}/erasure-receipt")
    assert_problem(answer, 404, "receipt_not_found")


def test_a_receipts_number_cannot_be_made_from_the_customers_id(town: Town) -> None:
    _, told = erased(town)
    number = told["receipt_number"]
    last = "0" if number[-1] != "0" else "1"
    wrong = [number[:-1] + last, f"{UUID(int=1).hex}-{number[33:]}"]
    for each in wrong:
        assert_problem(town.anybody().get(f"{RECEIPTS}/{each}"), 404, "receipt_not_found")


def test_whoever_comes_back_is_a_new_customer(town: Town) -> None:
    openid = new_openid()
    _, told = erased(town, openid)

    back = town.customer(openid)

    assert id_of(back) != told["customer_id"]
    open_seats(town.house)
    town.booked(back)
    town.catch_up()
    assert len(back.read(ORDERS)["orders"]) == 1
    assert facts(town, id_of(back)) == ["registered"]
    again, twice = erased(town, openid)
    assert_problem(again.get("/api/v1/me"), 401, "unauthenticated")
    assert id_of(town.customer(openid)) not in {told["customer_id"], twice["customer_id"]}


def test_a_caller_who_was_erased_is_registered_anew(town: Town) -> None:
    phone = {"phone": "13611110001"}
    first = town.dispatcher().do(CUSTOMERS, phone)["customer_id"]
    town.catch_up()
    town.administrator().do(f"{CUSTOMERS}/{first}/closing", BY_PHONE)
    pass_(town, WEEK)

    office = town.dispatcher()
    assert office.read(CUSTOMERS, **phone)["customers"] == []
    second = office.do(CUSTOMERS, phone)
    assert (second["new"], second["customer_id"] != first) == (True, True)
    assert not office.do(CUSTOMERS, phone)["new"]
    town.catch_up()
    (found,) = office.read(CUSTOMERS, **phone)["customers"]
    assert found["customer_id"] == second["customer_id"]


def test_the_office_writes_nothing_more_about_who_was_erased(town: Town) -> None:
    engagement = reserve(town, "HG-01")
    engagement.do("cancellation", reason_code="customer")
    engagement.customer.do(CLOSING)
    pass_(town, WEEK)

    note = {"text": "客户来电", "visibility": "office"}
    answer = town.dispatcher().post(f"{engagement.office_path}/notes", note)

    assert_problem(answer, 409, "owner_erased")


def test_a_worker_killed_between_the_fact_and_the_destruction_leaves_it_waiting(
    town: Town,
) -> None:
    customer = town.customer()
    customer_id = id_of(customer)
    number = customer.do(CLOSING)["receipt_number"]
    town.catch_up()
    town.clock.advance(WEEK)
    while facts(town, customer_id)[-1] != "erased":
        assert town.house.deadlines.run_due()
    assert live_keys(town, customer_id)
    assert town.anybody().get(f"{RECEIPTS}/{number}").status_code == 404

    town.settle()

    assert not live_keys(town, customer_id)
    assert town.anybody().get(f"{RECEIPTS}/{number}").status_code == 200


def test_destroying_twice_is_destroying_once(town: Town) -> None:
    _, told = erased(town)
    before = town.anybody().read(f"{RECEIPTS}/{told['receipt_number']}")
    forget = Deadline(FORGET, told["customer_id"], town.clock.now(), {"position": 1})
    town.clock.advance(timedelta(hours=1))
    service: Erasures = town.house.erasures
    service.forget(forget)
    assert town.anybody().read(f"{RECEIPTS}/{told['receipt_number']}") == before
