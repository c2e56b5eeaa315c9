"""Closing an account where the worker is killed at every step, or where it waits for ever."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from application.crash_points import CrashPoint, watching
from application.erasure import AGAIN, CLOSING_ENDS, FORGET
from application.policy import Deadline
from application.vault import ERASED, KeyClass, OwnerErasedError
from infrastructure.deadlines import deadlines
from tests.infrastructure.feed.probes import KilledError
from tests.interface.test_closing import CLOSING, RECEIPTS, WEEK, facts, id_of, live_keys, pass_
from tests.interface.town import Json, Town, open_seats

_STEPS = {
    *(CrashPoint.LOG_APPENDING, CrashPoint.LOG_APPENDED),
    *(CrashPoint.DEADLINE_CLAIMED, CrashPoint.DEADLINE_DONE, CrashPoint.POLICY_REACTED),
}
_REMEMBER = text("insert into vault.erased_owners values (:owner, :at)")


@contextmanager
def killed_at_step(number: int) -> Iterator[list[CrashPoint]]:
    """What is done meanwhile ends at the step of this number; the steps that it came to."""
    met: list[CrashPoint] = []

    def see(point: CrashPoint) -> None:
        if point in _STEPS:
            met.append(point)
            if len(met) == number:
                raise KilledError(point)

    with watching(see):
        yield met


def deadlines_of(town: Town, customer_id: str) -> list[Json]:
    query = select(deadlines).where(deadlines.c.subject == customer_id).order_by(deadlines.c.name)
    with town.house.engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def erased_though_killed(town: Town, number: int) -> list[CrashPoint]:
    """A customer is erased, the worker killed at one step; which steps it came to until then."""
    customer = town.customer()
    customer_id, receipt = id_of(customer), customer.do(CLOSING)["receipt_number"]
    town.catch_up()
    town.clock.advance(WEEK)
    with killed_at_step(number) as met:
        try:
            town.settle()
        except KilledError:
            assert len(met) == number
    town.settle()
    assert facts(town, customer_id) == ["registered", "closing_requested", "erased"]
    assert not live_keys(town, customer_id)
    assert town.anybody().get(f"{RECEIPTS}/{receipt}").status_code == 200
    rows = deadlines_of(town, customer_id)
    assert [each["name"] for each in rows] == [CLOSING_ENDS, FORGET]
    assert all(each["done_at"] for each in rows)
    return met


def test_killed_at_any_step_the_erasure_is_carried_out_once(town: Town) -> None:
    killed: set[CrashPoint] = set()
    for number in range(1, 100):
        met = erased_though_killed(town, number)
        if len(met) < number:  # it came through
            break
        killed.add(met[-1])
    assert killed == _STEPS


def test_killed_in_the_midst_of_the_destruction_it_is_done_again(town: Town) -> None:
    """The owner is remembered, so nothing is sealed, though the keys are not gone yet."""
    customer_id, vault = id_of(town.customer()), town.house.vault
    sealed = vault.seal(UUID(customer_id), KeyClass.NOTE, "门禁 1234")
    with town.house.engine.begin() as connection:
        connection.execute(_REMEMBER, {"owner": customer_id, "at": town.clock.now()})
    assert live_keys(town, customer_id)
    with pytest.raises(OwnerErasedError):
        vault.seal(UUID(customer_id), KeyClass.CONTACT, "门禁 1234")

    forget = Deadline(FORGET, customer_id, town.clock.now(), {"position": 1})
    town.house.erasures.forget(forget)
    assert not live_keys(town, customer_id)
    assert vault.open(sealed) == ERASED


def test_a_customer_who_is_owed_money_is_told_so_and_looked_at_daily_for_ever(town: Town) -> None:
    open_seats(town.house)
    customer = town.customer()
    order, customer_id = town.paid(customer), id_of(customer)
    cancellation = f"/api/v1/office/orders/{order['order_id']}/cancellation"
    town.dispatcher().do(cancellation, {"reason_code": "customer"})
    customer.do(CLOSING)
    pass_(town, WEEK)

    (waits,) = customer.read(CLOSING)["waits_for"]
    number = order["order_number"]
    assert waits["sentence"] == f"订单 {number} 有退款尚未退回，退回后才能注销。"
    (before,) = deadlines_of(town, customer_id)
    for _ in range(5):
        pass_(town, timedelta(days=1))
    (after,) = deadlines_of(town, customer_id)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"next_try_at"}
    assert after["next_try_at"] == town.clock.now() + AGAIN
    assert facts(town, customer_id)[-1] == "closing_requested"
    assert town.house.deadlines.waiting().count == 0
