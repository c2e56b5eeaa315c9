"""What office and customer read of an order."""

from datetime import timedelta
from typing import Any

import pytest

from application.projections import customer_orders, office_orders
from application.projections.order_sentences import sentence
from domain.orders.cleaning import CleaningOrder
from interface.household import Household
from tests.application.projections.lives import booked, save
from tests.application.projections.tables import rows
from tests.domain import histories
from tests.domain.histories import BY_STAFF, CUSTOMER, NOW, TOMORROW

LATER = timedelta(minutes=7)


def office_row(house: Household) -> dict[str, Any]:
    house.feed.catch_up()
    (row,) = rows(house.engine, office_orders.orders)
    return row


def customer_row(house: Household) -> dict[str, Any]:
    house.feed.catch_up()
    (row,) = rows(house.engine, customer_orders.orders)
    return row


def test_a_new_order_stands_in_both_lists_as_it_was_booked(house: Household) -> None:
    order = booked(house)
    office, customer = office_row(house), customer_row(house)
    for row in (office, customer):
        assert (row["order_id"], row["order_number"]) == (order.id, order.order_number)
        assert (row["customer_id"], row["contact"]) == (CUSTOMER, histories.CONTACT)
        assert (row["stage"], row["paid_fen"]) == ("awaiting_payment", 0)
        assert (row["starts_at"], row["kind_path"]) == (TOMORROW, ["保洁", "日常保洁"])
    assert (office["source"], office["service_code"]) == ("wechat", "BJ-01")
    assert (customer["lines"], customer["pay_by"]) == ([histories.line()], order.pay_by)


def test_handling_begins_when_the_office_first_acts_and_not_when_it_acts_again(
    house: Household,
) -> None:
    order = booked(house, payment_mode="reservation", pay_by=None)
    assert office_row(house)["handled_at"] is None
    order.confirm(happened_at=NOW, by=BY_STAFF, at=NOW + LATER)
    save(house, order)
    assert office_row(house)["handled_at"] == NOW + LATER
    order.assign(histories.assignment(), by=BY_STAFF, at=NOW + 2 * LATER)
    save(house, order)
    assert office_row(house)["handled_at"] == NOW + LATER


def test_the_timeline_tells_when_a_fact_happened_and_when_it_was_written(
    house: Household,
) -> None:
    order = booked(house, payment_mode="reservation", pay_by=None)
    order.confirm(happened_at=NOW - LATER, by=BY_STAFF, at=NOW, note=histories.sealed("周一再联系"))
    save(house, order)
    house.feed.catch_up()
    with house.engine.connect() as connection:
        _, confirmed = office_orders.timeline_of(connection, order.id)
        _, shown = customer_orders.timeline_of(connection, order.id)
    assert (confirmed["event"], confirmed["by"]) == ("Confirmed", BY_STAFF)
    assert (confirmed["recorded_at"], confirmed["happened_at"]) == (NOW, NOW - LATER)
    assert confirmed["note"] == histories.sealed("周一再联系")
    assert (shown["at"], shown["sentence"]) == (NOW - LATER, "待派单")


def test_nobody_is_in_charge_after_the_work_was_given_back(house: Household) -> None:
    order = histories.assigned_order()
    save(house, order)
    assert (office_row(house)["worker_number"], customer_row(house)["worker_number"]) == (7, 7)
    order.decline(histories.WORKER, reason_code="far", happened_at=NOW, by=BY_STAFF, at=NOW)
    save(house, order)
    assert office_row(house)["worker_id"] is None
    assert customer_row(house)["worker_number"] is None


def told(order: CleaningOrder) -> list[str]:
    return [sentence(event) for event in histories.unsaved(order)]


@pytest.mark.parametrize(
    ("order", "last"),
    [
        (histories.booked_order(), "已下单，订单号 BJ261122-0042-"),
        (histories.paid_order(), "已支付 ¥150.00"),
        (histories.assigned_order(), "已安排服务人员（工号 7）"),
        (histories.accepted_order(), "已接单"),
        (histories.completed_order(), "已完成"),
        (histories.cancelled_order(), "应退款 ¥150.00"),
    ],
)
def test_the_customer_reads_plain_sentences(order: CleaningOrder, last: str) -> None:
    assert told(order)[-1].startswith(last)


def test_a_charge_that_is_given_up_is_told_as_such() -> None:
    order = histories.paid_order()
    order.add_charge(histories.extra_charge(), by=BY_STAFF, at=NOW)
    order.withdraw_charge(2, reason_code="refused", by=BY_STAFF, at=NOW)
    assert told(order)[-2:] == ["新增费用 ¥50.00", "已取消费用 ¥50.00"]
