"""After any history, read models say what the aggregates and the events say."""

from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from typing import Any

import pytest

from application.projections import cash_journal, customer_orders, office_orders, office_workers
from application.projections.projection import Recorded
from domain.ledger.chart import CHART
from domain.orders.charges import PAID, WITHDRAWN
from domain.orders.cleaning import CleaningOrder
from domain.orders.order_exceptions import OrderExceptions
from domain.orders.order_facts import OrderFacts
from domain.orders.windows import bounds
from domain.payment_attempts import CURRENCY
from domain.payments import MoneyArrived
from domain.workers import Worker
from interface.household import Household
from tests.application.projections.tables import log_of, rows

Row = dict[str, Any]
OFFICES_OWN = (
    OrderFacts.Noted,
    OrderExceptions.ExceptionReported,
    OrderExceptions.ExceptionResolved,
)


def orders(house: Household) -> list[tuple[CleaningOrder, list[Recorded]]]:
    """Every order with its events."""
    facts = [each for each in log_of(house.engine) if isinstance(each.event, OrderFacts.Event)]
    facts.sort(key=lambda each: (each.event.originator_id, each.position))
    return [
        (house.log.load(CleaningOrder, order_id), list(told))
        for order_id, told in groupby(facts, lambda each: each.event.originator_id)
    ]


def by_order(found: Iterable[Row]) -> dict[Any, Row]:
    return {row["order_id"]: row for row in found}


def money_of(order: CleaningOrder, told: list[Recorded]) -> Row:
    """What the aggregate says of money; a reservation has no charges, only a price."""
    charged = [charge for charge in order.charges.values() if charge.state != WITHDRAWN]
    paid = [charge for charge in charged if charge.state == PAID]
    due = [each.event for each in told if isinstance(each.event, OrderFacts.RefundDue)]
    total_fen = sum(charge.amount_fen for charge in charged) if charged else order.total_fen
    return {
        "total_fen": total_fen,
        "paid_fen": sum(charge.amount_fen for charge in paid),
        "refund_due_fen": sum(event.amount_fen for event in due),
    }


def place_of(order: CleaningOrder) -> Row:
    starts_at, ends_at = bounds(order.windows[0])
    return {"stage": order.stage, "starts_at": starts_at, "ends_at": ends_at}


def test_the_histories_are_worth_looking_at(lived: Household) -> None:
    names = {type(each.event).__name__ for each in log_of(lived.engine)}
    assert names >= {
        *("Booked", "Confirmed", "Paid", "Assigned", "Accepted", "Declined", "Rescheduled"),
        *("Progressed", "Completed", "Cancelled", "ChargeAdded", "RefundDue", "Noted"),
        *("Succeeded", "SucceededLate", "SucceededAgain", "AmountMismatched", "Suspended", "Left"),
    }
    assert lived.failures.all() == []
    assert set(lived.feed.lags()[1].values()) == {0}


def test_the_offices_rows_equal_the_orders(lived: Household) -> None:
    found = by_order(rows(lived.engine, office_orders.orders))
    known = orders(lived)
    assert found.keys() == {order.id for order, _ in known}
    for order, told in known:
        expected = place_of(order) | money_of(order, told) | {"worker_id": order.worker_id}
        assert found[order.id].items() >= expected.items()
        assert (found[order.id]["worker_number"] is None) == (order.worker_id is None)


def test_the_customers_rows_equal_the_orders(lived: Household) -> None:
    found = by_order(rows(lived.engine, customer_orders.orders))
    known = orders(lived)
    assert found.keys() == {order.id for order, _ in known}
    for order, told in known:
        assert found[order.id].items() >= (place_of(order) | money_of(order, told)).items()
        assert (found[order.id]["worker_number"] is None) == (order.worker_id is None)


@pytest.mark.requirement("R19")
def test_handling_begins_with_the_first_deed_of_the_office(lived: Household) -> None:
    deeds = (OrderFacts.Confirmed, OrderFacts.Assigned, OrderFacts.Cancelled)
    found = by_order(rows(lived.engine, office_orders.orders))
    for order, told in orders(lived):
        times = [each.event.timestamp for each in told if isinstance(each.event, deeds)]
        assert found[order.id]["handled_at"] == (times[0] if times else None)


@pytest.mark.requirement("R20")
def test_the_offices_timeline_has_every_fact_and_the_customers_all_but_the_offices_own(
    lived: Household,
) -> None:
    with lived.engine.connect() as connection:
        for order, told in orders(lived):
            office = office_orders.timeline_of(connection, order.id)
            assert [row["position"] for row in office] == [each.position for each in told]
            assert [row["stage"] for row in office] == [each.event.stage for each in told]
            customer = customer_orders.timeline_of(connection, order.id)
            shown = [each for each in told if not isinstance(each.event, OFFICES_OWN)]
            assert [row["position"] for row in customer] == [each.position for each in shown]
            assert all(row["sentence"] for row in customer)


def test_the_counts_equal_counting_the_orders(lived: Household) -> None:
    stages = [row["stage"] for row in rows(lived.engine, office_orders.orders)]
    with lived.engine.connect() as connection:
        assert office_orders.counts_by_stage(connection) == Counter(stages)


def test_the_rows_of_workers_equal_the_workers(lived: Household) -> None:
    found = rows(lived.engine, office_workers.workers)
    assert len(found) == 5
    for row in found:
        worker = lived.log.load(Worker, row["worker_id"])
        kept = ("number", "name", "phone", "skills", "districts", "status")
        assert {name: row[name] for name in kept} == {name: getattr(worker, name) for name in kept}


def test_every_event_that_moves_money_has_exactly_one_entry_and_no_other_has_any(
    lived: Household,
) -> None:
    moving = {each.position for each in log_of(lived.engine) if moves_money(each.event)}
    entries = rows(lived.engine, cash_journal.entries)
    assert {row["position"] for row in entries} == moving
    assert {row["rule"] for row in entries} == {"P1", "P3", "P9"}
    numbers = {order.id: order.order_number for order, _ in orders(lived)}
    assert {row["order_id"]: row["order_number"] for row in entries}.items() <= numbers.items()


def moves_money(event: object) -> bool:
    match event:
        case MoneyArrived():
            return event.currency == CURRENCY and event.amount_fen > 0
        case OrderFacts.Completed():
            return event.recognised_fen > 0
    return False


def test_every_entry_balances_and_so_do_the_books(lived: Household) -> None:
    lines = rows(lived.engine, cash_journal.lines)
    assert lines
    for _, entry in groupby(lines, lambda line: line["position"]):
        of_entry = list(entry)
        assert [line["line"] for line in of_entry] == list(range(1, len(of_entry) + 1))
        assert sum_of(of_entry, "debit_fen") == sum_of(of_entry, "credit_fen")
    with lived.engine.connect() as connection:
        debit, credit = cash_journal.totals(connection)
    assert debit == credit == sum_of(lines, "debit_fen")


def test_balances_are_the_sums_of_lines_and_run_on_without_a_gap(lived: Household) -> None:
    lines = rows(lived.engine, cash_journal.lines)
    with lived.engine.connect() as connection:
        balances = {row["account"]: row for row in cash_journal.trial_balance(connection)}
    assert balances.keys() == {line["account"] for line in lines}
    for code, balance in balances.items():
        running = 0
        for line in lines:
            if line["account"] == code:
                running += line["debit_fen"] - line["credit_fen"]
                assert line["balance_fen"] == running
        assert balance["debit_balance_fen"] - balance["credit_balance_fen"] == running
        assert balance["name"] == CHART[code].name
    assert sum_of(balances.values(), "debit_balance_fen") == sum_of(
        balances.values(), "credit_balance_fen"
    )


def test_the_cash_flow_is_the_wallets_side_of_the_books(lived: Household) -> None:
    with lived.engine.connect() as connection:
        flow = cash_journal.list_cash_flow(connection, limit=100).rows
    wallet = [x for x in rows(lived.engine, cash_journal.lines) if x["account"] == "101201"]
    assert [row["position"] for row in flow] == [row["position"] for row in reversed(wallet)]
    arrived = [x.event for x in log_of(lived.engine) if isinstance(x.event, MoneyArrived)]
    assert flow[0]["balance_fen"] == sum(event.amount_fen for event in arrived)


def sum_of(found: Iterable[Row], name: str) -> int:
    return sum(row[name] for row in found)
