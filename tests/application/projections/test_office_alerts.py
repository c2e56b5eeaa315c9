"""The office's list of alerts: raised ones, and money that went astray from that fact on."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from application.commands import Command
from application.projections import office_alerts
from application.projections.paging import CursorError, PageLimitError
from domain.alerts import Alert, AlertCode, Concern, alert_id
from domain.orders.order_facts import OrderFacts
from domain.payments import Payment
from infrastructure.clock import SettableClock
from interface.household import Household
from tests.application.projections.lives import (
    attempt_to_pay,
    booked,
    close,
    money_arrives,
    save,
)
from tests.application.projections.tables import log_of, rows
from tests.domain import histories
from tests.domain.histories import NOW, PRICE_FEN
from tests.product import NOON

FINANCE = f"staff:{histories.an_id('finance')}"
LATER = timedelta(minutes=7)
Row = dict[str, Any]


def listed(house: Household) -> list[Row]:
    house.feed.catch_up()
    return rows(house.engine, office_alerts.alerts)


def the_row(house: Household) -> Row:
    (row,) = listed(house)
    return row


def acknowledge(house: Household, row: Row, note: str = "已联系顾客") -> None:
    concern = Concern(code=row["code"], subject=row["subject"], facts=row["facts"])
    command = Command(id=uuid4(), actor=FINANCE, body_mac="", at=house.clock.now())
    house.alerts.acknowledge(concern, note, command)


def facts_of(payment: Payment, **more: object) -> Row:
    shown = {
        "out_trade_no": payment.out_trade_no,
        "payable_id": str(payment.payable_id),
        "charge_number": 1,
        "amount_fen": PRICE_FEN,
    }
    return shown | more


def test_a_raised_alert_stands_in_the_list_as_it_was_raised(house: Household) -> None:
    house.alerts.raise_alert(AlertCode.PAYER_DIFFERS, "4200", amount_fen=15_000)
    assert the_row(house) == {
        "alert_id": alert_id("payer_differs", "4200"),
        "position": 1,
        "code": "payer_differs",
        "subject": "4200",
        "facts": {"amount_fen": 15_000},
        "raised_at": NOON,
        "acknowledged_at": None,
        "acknowledged_by": "",
        "note": "",
    }


def test_an_acknowledged_alert_says_who_looked_and_when(
    house: Household, clock: SettableClock
) -> None:
    house.alerts.raise_alert(AlertCode.FOREIGN_NOTICE, "4200")
    before = the_row(house)
    clock.advance(LATER)
    acknowledge(house, before, "已核实，与我方无关")
    settled = {"acknowledged_at": NOON + LATER, "acknowledged_by": FINANCE}
    assert the_row(house) == before | settled | {"note": "已核实，与我方无关"}


# -- money that went astray


def test_a_wrong_amount_stands_in_the_list(house: Household) -> None:
    payment = attempt_to_pay(house, booked(house))
    money_arrives(house, payment, "4201", fen=1)
    row = the_row(house)
    assert (row["code"], row["subject"], row["raised_at"]) == ("amount_mismatched", "4201", NOW)
    expected = {"amount_fen": 1, "expected_fen": PRICE_FEN, "currency": "CNY"}
    assert row["facts"] == facts_of(payment, **expected)


def test_a_late_payment_stands_in_the_list_once(house: Household) -> None:
    payment = attempt_to_pay(house, booked(house))
    close(house, payment)
    money_arrives(house, payment, "4201")
    row = the_row(house)
    assert (row["code"], row["subject"]) == ("late_payment", "4201")
    assert row["facts"] == facts_of(payment, currency="CNY")


def test_a_second_payment_stands_in_the_list_once(house: Household) -> None:
    order = booked(house)
    money_arrives(house, attempt_to_pay(house, order), "4201")
    again = attempt_to_pay(house, order, attempt=2)
    money_arrives(house, again, "4202", second=True)
    row = the_row(house)
    assert (row["code"], row["subject"]) == ("second_payment", "4202")
    assert row["facts"] == facts_of(again, currency="CNY")


def test_a_payment_that_its_order_did_not_take_stands_in_the_list(house: Household) -> None:
    order = booked(house)
    payment = attempt_to_pay(house, order)
    histories.cancel(order)
    save(house, order)
    money_arrives(house, payment, "4201")
    row = the_row(house)
    assert (row["code"], row["subject"]) == ("untaken_payment", "4201")
    assert row["facts"] == facts_of(payment)


def test_a_payment_in_time_and_a_refund_of_its_order_need_nobody(house: Household) -> None:
    order = booked(house)
    money_arrives(house, attempt_to_pay(house, order), "4201")
    house.feed.catch_up()
    paid = house.log.load(type(order), order.id)
    histories.cancel(paid)
    save(house, paid)
    assert listed(house) == []


def test_two_wrong_amounts_of_one_attempt_are_two_alerts(house: Household) -> None:
    payment = attempt_to_pay(house, booked(house))
    money_arrives(house, payment, "4201", fen=1)
    money_arrives(house, payment, "4202", fen=2)
    assert sorted(row["subject"] for row in listed(house)) == ["4201", "4202"]


def test_money_that_is_acknowledged_keeps_its_place_and_its_time(
    house: Household, clock: SettableClock
) -> None:
    money_arrives(house, attempt_to_pay(house, booked(house)), "4201", fen=1)
    before = the_row(house)
    clock.advance(LATER)
    acknowledge(house, before)
    settled = {"acknowledged_at": NOON + LATER, "acknowledged_by": FINANCE, "note": "已联系顾客"}
    assert the_row(house) == before | settled
    alert = house.log.load(Alert, before["alert_id"])
    assert (alert.code, alert.subject, alert.facts) == (
        before["code"],
        before["subject"],
        before["facts"],
    )


def test_after_any_history_the_list_holds_all_that_went_astray(lived: Household) -> None:
    astray = set()
    for recorded in log_of(lived.engine):
        match recorded.event:
            case Payment.AmountMismatched(transaction_id=number):
                astray.add(("amount_mismatched", number))
            case Payment.SucceededLate(transaction_id=number):
                astray.add(("late_payment", number))
            case Payment.SucceededAgain(transaction_id=number):
                astray.add(("second_payment", number))
            case OrderFacts.RefundDue(source="untaken_payment", transaction_id=number):
                astray.add(("untaken_payment", number))
    found = {(row["code"], row["subject"]) for row in listed(lived)}
    assert found == astray
    assert {code for code, _ in found} >= {"amount_mismatched", "late_payment", "second_payment"}


# -- queries


def test_pages_join_into_the_whole_list_newest_first(house: Household) -> None:
    for number in range(5):
        house.alerts.raise_alert(AlertCode.FOREIGN_NOTICE, str(number))
    acknowledge(house, listed(house)[0])
    house.feed.catch_up()
    whole = [row["alert_id"] for row in page_of(house, open_only=False, limit=100)[0]]
    positions = {row["alert_id"]: row["position"] for row in listed(house)}
    assert whole == sorted(positions, key=lambda each: -positions[each])
    for open_only in (True, False):
        walked, after = [], ""
        for _ in range(5):
            page, after = page_of(house, open_only=open_only, limit=1, after=after)
            walked += page
            if not after:
                break
        open_rows = [row for row in walked if row["acknowledged_at"] is None]
        assert (len(walked), len(open_rows)) == (4 if open_only else 5, 4)


def page_of(
    house: Household, *, open_only: bool, limit: int, after: str = ""
) -> tuple[list[Row], str]:
    with house.engine.connect() as connection:
        page = office_alerts.list_page(connection, open_only=open_only, limit=limit, after=after)
    return [*page.rows], page.next_cursor


def test_only_what_waits_for_a_person_is_counted(house: Household) -> None:
    for number in range(3):
        house.alerts.raise_alert(AlertCode.FOREIGN_NOTICE, str(number))
    acknowledge(house, listed(house)[0])
    house.feed.catch_up()
    with house.engine.connect() as connection:
        assert office_alerts.count_open(connection) == 2


def test_one_alert_is_found_by_its_id(house: Household) -> None:
    house.alerts.raise_alert(AlertCode.FOREIGN_NOTICE, "4200")
    row = the_row(house)
    with house.engine.connect() as connection:
        assert office_alerts.find(connection, row["alert_id"]) == row
        assert office_alerts.find(connection, uuid4()) is None


def test_a_bad_cursor_or_limit_is_refused(house: Household) -> None:
    house.feed.catch_up()
    with house.engine.connect() as connection:
        with pytest.raises(CursorError):
            office_alerts.list_page(connection, open_only=True, limit=1, after="x")
        with pytest.raises(PageLimitError):
            office_alerts.list_page(connection, open_only=True, limit=0)
