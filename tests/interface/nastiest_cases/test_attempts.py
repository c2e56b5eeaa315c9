"""Cases 14 to 16: two attempts of one order, a prepay nobody answered, a page that is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest

from application.commands import Command
from application.paying import PayRequest
from application.payment_errands import prepay_errand
from application.payment_gateway import Prepared, Rejected, Transaction
from domain.payment_attempts import H5, JSAPI, NATIVE
from interface.household import Household, build
from tests.interface.nastiest_cases.sales import (
    ADVANCES,
    BOOKED,
    STARTED,
    SUSPENSE,
    Sale,
    at_once,
    labels_about,
    prepared_sale,
    work,
)
from tests.interface.nastiest_cases.wire import Recording, gateway_of
from tests.interface.town import PHONE_BROWSER, WECHAT_BROWSER, Caller, Json, Town


@pytest.mark.parametrize("together", [False, True], ids=["in turn", "at once"])
def test_case_14_of_two_paid_attempts_one_counts_and_one_goes_back(
    town: Town, *, together: bool
) -> None:
    """One order paid inside WeChat and by H5: one payment, the second in full due back."""
    inside = prepared_sale(town)
    outside = inside.again(PHONE_BROWSER)
    sales = [inside, outside]
    notices = [sale.notice(sale.pay()) for sale in sales]
    if together:
        answers = at_once([partial(each.post, town) for each in notices])
    else:
        answers = [notice.post(town) for notice in notices]
    assert answers == [200, 200]
    work(town)
    assert [notice.post(town) for notice in notices] == [200, 200]
    assert sorted(sale.facts()[-1] for sale in sales) == ["succeeded", "succeeded_again"]
    one_counts_and_one_goes_back(town, inside, sales)


def one_counts_and_one_goes_back(town: Town, sale: Sale, sales: list[Sale]) -> None:
    total_fen = sale.total_fen
    assert sale.story() == ["booked", "paid", "refund_due"]
    assert sale.refund_due_fen() == total_fen
    assert sale.journal() == [("P1", ADVANCES, total_fen), ("P3", SUSPENSE, total_fen)]
    assert sale.seats() > 0
    assert [label for each in sales for label in labels_about(town, each.number)] == ["重复付款"]


def test_case_14_the_attempt_that_was_given_up_is_closed_at_wechat(town: Town) -> None:
    """Before both can be paid, the older attempt is closed and its cashier refuses."""
    inside = prepared_sale(town)
    outside = inside.again(PHONE_BROWSER)
    work(town)
    assert inside.facts() == [*STARTED, "closing_requested", "closed"]
    refused = town.outside.post(
        f"{town.pay_url}/_sim/pay", json={"out_trade_no": inside.number}, timeout=5
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "ORDER_CLOSED")
    assert outside.notice(outside.pay()).post(town) == 200
    outside.is_paid_once()


@contextmanager
def another_process(town: Town, line: Recording) -> Iterator[Household]:
    """A process of the product whose calls to WeChat Pay are recorded."""
    house = build(town.house.settings, town.clock, line)
    yield house
    house.close()


def start_paying(house: Household, customer: Caller, order: Json) -> str:
    """As the interface does it, up to the call to WeChat; returns the 商户订单号."""
    who = UUID(customer.read("/api/v1/me")["customer_id"])
    request = PayRequest(
        order_id=UUID(order["order_id"]), customer_id=who, charge_number=1, trade_type=JSAPI
    )
    command = Command(uuid4(), f"customer:{who}", "", house.clock.now())
    outcome = house.paying.start(request, command)
    number = str(outcome.answer["out_trade_no"])
    house.outbox.run_now(outcome.position, prepay_errand(number))
    return number


@pytest.mark.parametrize(
    "fault",
    [{"drop_response": True}, {"status": 500, "after_effect": True}, {"status": 503}],
    ids=str,
)
def test_case_15_after_a_prepays_silence_the_same_bytes_are_sent_again(
    town: Town, fault: dict[str, Json]
) -> None:
    """WeChat may have the order or not: the identical body is replayed, and one order stands."""
    customer, line = town.customer(), Recording()
    order = town.booked(customer)
    town.simulate("pay", "/_sim/fail_next", {"path_contains": "jsapi", **fault})
    with another_process(town, line) as house:
        number = start_paying(house, customer, order)
        sale = Sale(town, customer, order, number)
        assert sale.facts() == ["started"]
        town.clock.advance(timedelta(seconds=2))
        while house.outbox.run_due():
            pass
    assert sale.facts() == STARTED
    first, second = line.bodies_of(number)
    assert first == second
    assert sale.notice(sale.pay()).post(town) == 200
    sale.is_paid_once()


def test_case_15_a_changed_body_is_refused_as_a_duplicate_number(town: Town) -> None:
    """The same bytes give a fresh prepay_id; any other gets 201 商户订单号重复."""
    customer, line = town.customer(), Recording()
    order = town.booked(customer)
    with another_process(town, line) as house:
        number = start_paying(house, customer, order)
    (body,) = line.bodies_of(number)
    one_fen = body.replace(f'"total":{order["total_fen"]}'.encode(), b'"total":1')
    assert one_fen != body
    duplicate = Rejected("INVALIDREQUEST", "201 商户订单号重复")
    with gateway_of(town) as gateway:
        assert isinstance(gateway.prepare(JSAPI, body), Prepared)
        assert gateway.prepare(JSAPI, one_fen) == duplicate
        assert gateway.prepare(NATIVE, without_payer(body)) == duplicate
        found = gateway.query(number)
    assert isinstance(found, Transaction)
    assert (found.trade_state, found.total_fen) == ("NOTPAY", order["total_fen"])


def without_payer(body: bytes) -> bytes:
    """The same order for another trade type, which names no payer."""
    before, _, rest = body.partition(b'"payer":{')
    return before + rest.partition(b"},")[2]


def test_case_15_another_way_to_pay_is_another_number(town: Town) -> None:
    """A changed body would be a duplicate, so H5 takes an attempt of its own."""
    inside = prepared_sale(town)
    outside = inside.again(PHONE_BROWSER)
    again = outside.again(PHONE_BROWSER)
    back = again.again(WECHAT_BROWSER)
    assert again.number == outside.number
    assert len({inside.number, outside.number, back.number}) == 3
    assert town.house.paying.handover(outside.number).trade_type == H5


@pytest.mark.parametrize("claim", ["ok", "cancel", "fail"])
def test_case_16_the_page_says_it_is_paid_and_the_backend_says_not(town: Town, claim: str) -> None:
    """The front end's word changes nothing: NOTPAY at WeChat is unpaid with us."""
    sale = prepared_sale(town)
    assert sale.confirm({"err_msg": f"get_brand_wcpay_request:{claim}"}) == "prepared"
    assert sale.confirm({"status": "succeeded", "trade_state": "SUCCESS"}) == "prepared"
    sale.is_untouched()
    assert labels_about(town, sale.number) == []


@pytest.mark.parametrize("claim", ["cancel", "fail"])
def test_case_16_the_page_says_it_failed_and_the_backend_says_paid(town: Town, claim: str) -> None:
    """The front end's word changes nothing: SUCCESS at WeChat is paid with us."""
    town.simulate("pay", "/_sim/notice_rules", {"drop": True})
    sale = prepared_sale(town)
    sale.pay()
    assert sale.confirm({"err_msg": f"get_brand_wcpay_request:{claim}"}) == "succeeded"
    sale.is_paid_once()


def test_case_16_the_page_says_nothing_and_the_backend_says_paid(town: Town) -> None:
    """Whoever closes the page after paying has paid: the poller asks."""
    town.simulate("pay", "/_sim/notice_rules", {"drop": True})
    sale = prepared_sale(town)
    sale.pay()
    town.clock.advance(timedelta(seconds=30))
    work(town)
    assert sale.story() != BOOKED
    sale.is_paid_once()
