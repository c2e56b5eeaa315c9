"""Idempotency-Key: a repeated command is one effect and one answer."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.interface.town import Caller, Json, Town

ORDERS = "/api/v1/orders"
OFFICE = "/api/v1/office/orders"


@pytest.fixture
def customer(town: Town) -> Caller:
    return town.customer()


def orders_of(town: Town, customer: Caller) -> list[Json]:
    town.catch_up()
    return list(customer.read(ORDERS, limit=100)["orders"])


def test_a_missing_key_is_refused(town: Town, customer: Caller) -> None:
    answer = customer.send("POST", ORDERS, json=town.wish())
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    assert answer.json()["title"] == "缺少 Idempotency-Key 请求头。"
    assert orders_of(town, customer) == []


@pytest.mark.parametrize(
    "key",
    [b"", b"k" * 201, b"k" * 1024, b"caf\xe9", "钥匙".encode()],
    ids=str,
)
def test_a_malformed_key_is_refused(town: Town, customer: Caller, key: bytes) -> None:
    answer = customer.send("POST", ORDERS, json=town.wish(), headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_malformed")
    assert orders_of(town, customer) == []


@pytest.mark.parametrize("key", ["k", "k" * 200, "a b", "!~"])
def test_any_visible_ascii_is_a_key(town: Town, customer: Caller, key: str) -> None:
    assert customer.post(ORDERS, town.wish(), key=key).status_code == 201


def test_the_same_key_and_body_is_one_order_and_one_answer(town: Town, customer: Caller) -> None:
    answers = [customer.post(ORDERS, town.wish(), key="one tap") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len({answer.headers["Jiawu-Position"] for answer in answers}) == 1
    assert len(orders_of(town, customer)) == 1


def test_eight_at_once_are_one_order_and_one_answer(town: Town, customer: Caller) -> None:
    together, body = Barrier(8), town.wish()

    def book(_: int) -> tuple[int, str]:
        together.wait()
        answer = customer.post(ORDERS, body, key="eight taps")
        return answer.status_code, answer.text

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(book, range(8)))
    assert [status for status, _ in answers] == [201]
    assert len(orders_of(town, customer)) == 1


def test_eight_at_once_start_one_payment(town: Town, customer: Caller) -> None:
    order = town.booked(customer)
    together = Barrier(8)

    def pay(_: int) -> tuple[int, str]:
        together.wait()
        answer = customer.post(f"{ORDERS}/{order['order_id']}/payments", key="eight taps")
        return answer.status_code, answer.json().get("out_trade_no", answer.text)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(pay, range(8)))
    number = f"{order['order_number']}-C1A1"
    ready = {answer for answer in answers if answer[0] == 201}
    assert ready == {(201, number)}
    # Who repeats while WeChat still prepares is told to come again.
    assert {status for status, _ in answers} <= {201, 503}
    assert town.facts_of_payment(number) == ["payment.started", "payment.prepared"]


def test_another_body_under_the_same_key_is_refused(town: Town, customer: Caller) -> None:
    assert customer.post(ORDERS, town.wish(), key="reused").status_code == 201
    answer = customer.post(ORDERS, town.wish(quantity=180), key="reused")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert len(orders_of(town, customer)) == 1


def test_another_customers_same_key_is_another_command(town: Town, customer: Caller) -> None:
    other = town.customer()
    first = customer.post(ORDERS, town.wish(), key="everybody's")
    second = other.post(ORDERS, town.wish(), key="everybody's")
    assert first.json()["order_id"] != second.json()["order_id"]
    assert len(orders_of(town, customer)) == len(orders_of(town, other)) == 1


def test_the_same_key_on_another_route_is_another_command(town: Town, customer: Caller) -> None:
    order = customer.post(ORDERS, town.wish(), key="k").json()
    answer = customer.post(f"{ORDERS}/{order['order_id']}/payments", key="k")
    assert answer.status_code == 201
    assert answer.json()["out_trade_no"] == f"{order['order_number']}-C1A1"


def test_after_a_refusal_the_same_key_may_succeed(town: Town, customer: Caller) -> None:
    office, order = town.dispatcher(), town.booked(customer)
    path = f"{OFFICE}/{order['order_id']}/assignment"
    body = {"crew": [town.worker(office)]}
    refused = office.post(path, body, key="assign")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_paid")
    town.pay_at_wechat(town.prepared(customer, order))
    town.courier.deliver_due()
    town.catch_up()
    answers = [office.post(path, body, key="assign") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text
    assert answers[0].json()["stage"] == "awaiting_acceptance"


def test_a_repeat_is_answered_as_the_first_time_whatever_happened_since(
    town: Town, customer: Caller
) -> None:
    office, order = town.dispatcher(), town.paid(customer)
    path = f"{OFFICE}/{order['order_id']}"
    body = {"crew": [town.worker(office)]}
    first = office.post(f"{path}/assignment", body, key="assign")
    office.do(f"{path}/acceptance")
    again = office.post(f"{path}/assignment", body, key="assign")
    assert (again.status_code, again.text) == (first.status_code, first.text)


def test_a_malformed_body_does_not_use_the_key_up(town: Town, customer: Caller) -> None:
    assert customer.post(ORDERS, town.wish(quantity=0), key="again").status_code == 422
    assert customer.post(ORDERS, town.wish(), key="again").status_code == 201


def test_a_repeated_revocation_is_one_effect(town: Town) -> None:
    administrator = town.administrator()
    account = {"login_name": "eva", "display_name": "夏娃", "roles": [], "password": "p" * 12}
    staff_id = administrator.do("/api/v1/office/staff", account)["staff_id"]
    grants = f"/api/v1/office/staff/{staff_id}/grants"
    grant_id = administrator.do(grants, {"role": "finance"})["grant_id"]
    path = f"{grants}/{grant_id}/revocation"
    answers = [administrator.post(path, key="revoke") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert administrator.post(path).status_code == 404
