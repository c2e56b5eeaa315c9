"""Ways through the payment path that are seldom taken, and where a mistake went unseen."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from application.commands import Command, Decision
from application.paying import PayRequest
from domain.orders.service_order import ServiceOrder
from domain.payment_attempts import H5
from infrastructure.outbox import errands
from interface.household import Household, build
from tests.conftest import Database
from tests.domain.histories import BY_STAFF, extra_charge
from tests.interface.nastiest_cases.sales import (
    PAID,
    STARTED,
    Sale,
    alerts_about,
    prepared_sale,
    work,
)
from tests.interface.nastiest_cases.test_attempts import start_paying
from tests.interface.nastiest_cases.wire import Recording
from tests.interface.town import PHONE_BROWSER, Town, town_of


@pytest.fixture(scope="module")
def town(module_database: Database) -> Iterator[Town]:
    with town_of(module_database) as running:
        yield running


@contextmanager
def release(town: Town, line: Recording, notify_url: str) -> Iterator[Household]:
    """A process whose prepays bear this address for notices."""
    settings = town.house.settings.model_copy(update={"pay_notify_url": notify_url})
    house = build(settings, town.clock, line)
    yield house
    house.close()


def test_a_prepay_begun_before_a_new_release_is_repeated_with_its_first_bytes(town: Town) -> None:
    """Another address for notices makes another body, which WeChat takes for a duplicate."""
    customer, line = town.customer(), Recording()
    order = town.booked(customer)
    town.simulate("pay", "/_sim/fail_next", {"path_contains": "jsapi", "drop_response": True})
    with release(town, line, "") as old:
        number = start_paying(old, customer, order)
    town.clock.advance(timedelta(seconds=2))
    with release(town, line, f"{town.url}/moved") as new:
        while new.outbox.run_due():
            pass
    first, second = line.bodies_of(number)
    assert first == second
    assert town.facts_of_payment(number) == ["payment.started", "payment.prepared"]


def test_a_renewal_whose_request_died_is_prepared_by_the_worker(town: Town) -> None:
    customer = town.customer()
    customer.session.headers["User-Agent"] = PHONE_BROWSER
    order = town.booked(customer)
    sale = Sale(town, customer, order, town.prepared(customer, order))
    town.clock.advance(timedelta(minutes=5))
    ask_again(sale)
    assert sale.facts() == [*STARTED, "renewed"]
    work(town)
    assert sale.facts() == [*STARTED, "renewed", "prepared"]


def ask_again(sale: Sale) -> None:
    """Up to the commit; whoever would have called WeChat then is dead."""
    who = UUID(sale.customer.read("/api/v1/me")["customer_id"])
    request = PayRequest(
        order_id=sale.order_id,
        customer_id=who,
        charge_number=1,
        trade_type=H5,
        payer_ip="127.0.0.1",
    )
    command = Command(uuid4(), f"customer:{who}", "", sale.town.clock.now())
    sale.town.house.paying.start(request, command)


def test_two_transactions_on_one_attempt_are_one_payment_and_one_refund_due(town: Town) -> None:
    sale = prepared_sale(town)
    first = sale.pay()
    assert sale.notice(first).post(town) == 200
    again = sale.notice(first, transaction_id="4200009999202611229999999999")
    assert [again.post(town), again.post(town)] == [200, 200]
    assert sale.facts() == [*PAID, "succeeded_again"]
    assert sale.story() == ["booked", "paid", "refund_due"]
    assert sale.refund_due_fen() == sale.total_fen


def test_an_attempt_given_up_that_brought_a_wrong_amount_is_not_closed_for_ever(town: Town) -> None:
    """Its money waits for a person; there is nothing left that closing could prevent."""
    sale = prepared_sale(town)
    transaction = sale.pay()
    sale.cancel()
    town.catch_up()
    wrong = {**transaction["amount"], "total": sale.total_fen - 1}
    assert sale.notice(transaction, amount=wrong).post(town) == 200
    work(town)
    assert sale.facts() == [*STARTED, "closing_requested", "amount_mismatched"]
    query = select(errands.c.done_at).where(
        errands.c.request_number == sale.number, errands.c.template == "close"
    )
    with town.house.engine.connect() as connection:
        assert connection.execute(query).scalar_one() is not None


def test_an_attempt_whose_time_is_over_is_not_prepared_any_more(town: Town) -> None:
    """WeChat would raise the expiry that is over to a minute from now, and take money."""
    customer = town.customer()
    order = town.booked(customer)
    town.let_pass(timedelta(minutes=5))
    silence = {"path_contains": "jsapi", "status": 500, "count": 1_000}
    town.simulate("pay", "/_sim/fail_next", silence)
    assert customer.post(f"/api/v1/orders/{order['order_id']}/payments").status_code == 503
    town.let_pass(timedelta(minutes=5), timedelta(seconds=10))
    town.outside.delete(f"{town.pay_url}/_sim/fail_next", timeout=5)
    town.let_pass(timedelta(minutes=5, seconds=-10), timedelta(seconds=10))
    sale = Sale(town, customer, order, f"{order['order_number']}-C1A1")
    assert (sale.facts(), town.at_wechat(sale.number)) == (["started"], None)


def test_who_comes_back_to_an_attempt_that_is_paid_already_is_not_asked_to_pay_again(
    town: Town,
) -> None:
    """No notice came and no worker ran: WeChat's refusal to prepare it anew makes us ask."""
    town.simulate("pay", "/_sim/notice_rules", {"drop": True})
    customer = town.customer()
    customer.session.headers["User-Agent"] = PHONE_BROWSER
    order = town.booked(customer)
    sale = Sale(town, customer, order, town.prepared(customer, order))
    sale.pay()
    town.simulate("pay", "/_sim/notice_rules", {})
    town.clock.advance(timedelta(minutes=5))
    answer = customer.post(f"/api/v1/orders/{order['order_id']}/payments")
    assert sale.facts() == [*STARTED, "renewed", "succeeded"], answer.text
    assert sale.story() == ["booked", "paid"]


def test_one_number_of_wechats_on_two_attempts_is_told_to_a_person(town: Town) -> None:
    first, second = prepared_sale(town), prepared_sale(town)
    transaction = first.pay()
    assert first.notice(transaction).post(town) == 200
    reused = second.notice(transaction, out_trade_no=second.number)
    assert reused.post(town) >= 400
    second_told = [each["code"] for each in alerts_about(town, second.number)]
    assert (second.facts(), second_told) == (STARTED, ["transaction_reused"])
    assert first.story() == ["booked", "paid"]


def test_a_payment_by_another_openid_counts_and_is_told_to_a_person(town: Town) -> None:
    sale = prepared_sale(town)
    transaction = sale.pay()
    assert sale.notice(transaction, payer={"openid": "oSomebodyElse"}).post(town) == 200
    assert (sale.facts(), sale.story()) == (PAID, ["booked", "paid"])
    assert [each["code"] for each in alerts_about(town, sale.number)] == ["payer_differs"]


def test_a_notice_that_comes_again_once_the_payer_is_erased_alarms_nobody(town: Town) -> None:
    sale = prepared_sale(town)
    transaction = sale.pay()
    assert sale.notice(transaction).post(town) == 200
    town.house.vault.erase(UUID(sale.customer.read("/api/v1/me")["customer_id"]))
    assert sale.notice(transaction).post(town) == 200
    assert alerts_about(town, sale.number) == []


def test_the_attempt_to_pay_a_withdrawn_charge_is_closed_at_wechat(town: Town) -> None:
    customer = town.customer()
    order = town.paid(customer)
    stream = UUID(order["order_id"])
    change(town, stream, lambda paid, at: paid.add_charge(extra_charge(), by=BY_STAFF, at=at))
    path = f"/api/v1/orders/{stream}/payments"
    number = str(customer.do(path, {"charge_number": 2})["out_trade_no"])
    assert town.at_wechat(number)["state"] == "NOTPAY"
    change(
        town,
        stream,
        lambda paid, at: paid.withdraw_charge(2, reason_code="refused", by=BY_STAFF, at=at),
    )
    work(town)
    assert town.at_wechat(number)["state"] == "CLOSED"


def change(town: Town, stream: UUID, how: Callable[[ServiceOrder, datetime], object]) -> None:
    """What the office agrees with the customer."""
    command = Command(uuid4(), BY_STAFF, "", town.clock.now())

    def decide() -> Decision:
        order = town.house.log.load(ServiceOrder, stream)
        how(order, command.at)
        return Decision([order])

    town.house.log.run(command, decide)
