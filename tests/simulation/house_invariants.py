"""Invariants of places, queues and the log itself."""

import json
from collections import Counter, defaultdict
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, text

from application.event_map import ALL_PROJECTIONS, PROJECTIONS
from domain.orders.order_facts import OrderFacts
from domain.orders.stages import Stage
from domain.payments import MoneyArrived, Payment
from infrastructure.feed.feed import Feed
from infrastructure.feed.reader import LogReader
from infrastructure.feed.routing import routes
from tests.application.projections.tables import Contents, contents, start_over
from tests.infrastructure.event_log.claims_fold import Claims, read_claims
from tests.simulation.broken import fail
from tests.simulation.facts import Facts
from tests.simulation.holdings import seats_held, workers_held

_OVERSOLD: Final = text(
    "select s.pool, s.area, s.day, s.slot, sum(s.seats), max(c.seats + c.shifts)"
    " from log.seat_claims s left join log.seat_capacity c using (pool, area, day, slot)"
    " group by s.pool, s.area, s.day, s.slot"
    " having sum(s.seats) > coalesce(max(c.seats + c.shifts), 0)"
)
_BUSY: Final = text("select id from log.worker_claims")
_TWICE: Final = text(
    "select a.id, b.id from log.worker_claims a join log.worker_claims b"
    " on a.id < b.id and lower(a.worker) = lower(b.worker) and a.during && b.during"
)
_COMMANDS: Final = text("select id, answer from log.commands")


def no_slot_is_oversold(connection: Connection) -> None:
    """At all times the seats sold of a slot are at most its seats, which only rise here."""
    oversold = connection.execute(_OVERSOLD).all()
    if oversold:
        fail("no slot is oversold", oversold[0])


def no_hold_outlives_its_time(facts: Facts) -> None:
    """Once all is quiet no order awaits payment after its time; nobody has an open hold."""
    now: datetime = facts.world.clock.now()
    for order in facts.orders.values():
        if order.stage == Stage.AWAITING_PAYMENT and order.pay_by and order.pay_by < now:
            fail("no hold outlives its time", (order.id, order.order_number))
    with facts.house.engine.connect() as connection:
        held = connection.execute(text("select id from log.place_claims")).scalars().all()
    if held:
        fail("no hold outlives its time", held)


def exactly_the_living_orders_hold_seats(facts: Facts) -> None:
    """No seat is lost and none is freed twice: the claims are those of the orders not closed."""
    expected = {
        (claim.claim_id, claim.day, claim.slot, claim.seats)
        for order in facts.orders.values()
        for claim in seats_held(order)
    }
    query = text("select id, day, slot, seats from log.seat_claims")
    with facts.house.engine.connect() as connection:
        held = {tuple(row) for row in connection.execute(query)}
    if held != expected:
        fail("exactly the living orders hold seats", sorted(held ^ expected, key=str)[:3])


def exactly_the_workers_in_charge_are_busy(facts: Facts) -> None:
    """No worker is lost or freed twice: who is busy is whom an order, trip or visit names."""
    expected = {name for order in facts.orders.values() for name in workers_held(order)}
    with facts.house.engine.connect() as connection:
        held = {str(each) for each in connection.execute(_BUSY).scalars()}
    if held != expected:
        fail("exactly the workers in charge are busy", sorted(held ^ expected)[:3])


def nobody_is_at_two_places(facts: Facts) -> None:
    """No two intervals of a worker overlap."""
    with facts.house.engine.connect() as connection:
        twice = connection.execute(_TWICE).all()
    if twice:
        fail("nobody is at two places", twice[0])


def an_order_expires_only_once_no_attempt_is_open(facts: Facts) -> None:
    """Only WeChat's word that an attempt is unpaid frees the seat: it expires after all of them."""
    open_attempts: dict[UUID, set[UUID]] = defaultdict(set)
    order_of = {payment.id: payment.payable_id for payment in facts.payments.values()}
    for each in facts.recorded:
        match each.event:
            case Payment.Started() as started:
                open_attempts[started.payable_id].add(started.originator_id)
            case Payment.Closed() | MoneyArrived() as ended:
                open_attempts[order_of[ended.originator_id]].discard(ended.originator_id)
            case OrderFacts.Cancelled(reason_code="unpaid") as expired:
                if open_attempts[expired.originator_id]:
                    fail("an order expires only once no attempt is open", expired)


def all_attempts_are_over(facts: Facts) -> None:
    """Each attempt was paid or closed; none is forgotten while it could still be paid."""
    waiting = [number for number, payment in facts.payments.items() if not payment.is_over()]
    if waiting:
        fail("all attempts are over", waiting[:3])


def nothing_waits(facts: Facts) -> None:
    """Outbox and deadlines are empty, routines excepted; every follower is level and runs."""
    house = facts.house
    lags = {name: lag for name, lag in house.feed.lags()[1].items() if lag}
    waits = (house.outbox.next_due(), house.deadlines.next_due(), house.failures.all())
    if lags or any(waits):
        fail("nothing waits", (lags, waits))


def the_log_has_no_gap(facts: Facts) -> None:
    """Positions are dense in the log, versions in every stream."""
    positions = [each.position for each in facts.recorded]
    versions: Counter[object] = Counter()
    for each in facts.recorded:
        versions[each.event.originator_id] += 1
        if each.event.originator_version != versions[each.event.originator_id]:
            fail("the log has no gap", each)
    if positions != list(range(1, len(positions) + 1)):
        fail("the log has no gap", "positions")


def claims_equal_the_fold_of_the_events(facts: Facts) -> None:
    """The five claims tables are what the events' claims make of them, one after the other."""
    folded = Claims()
    for each in facts.recorded:
        for claim in each.event.claims():
            folded.apply(claim)
    with facts.house.engine.connect() as connection:
        kept = read_claims(connection)
    if kept != folded:
        fail("claims equal the fold of the events", "")


def every_acknowledged_command_stays(facts: Facts) -> None:
    """Each answer that was given to a caller is found again by its command id."""
    with facts.house.engine.connect() as connection:
        kept = {row[0]: json.loads(row[1]) for row in connection.execute(_COMMANDS)}
    for command, answer in facts.world.acknowledged.items():
        if json.dumps(kept.get(command), sort_keys=True) != answer:
            fail("every acknowledged command stays", (command, answer))


def a_rebuild_equals_the_live_rows(facts: Facts) -> None:
    """Projections made anew from zero are the live ones byte for byte; slow, so for few seeds."""
    live, table = _everything(facts), routes(PROJECTIONS)
    house = facts.house
    fresh = [start_over(house.engine, each, table, house.vault) for each in ALL_PROJECTIONS]
    Feed(LogReader(house.engine), fresh, house.failures).catch_up()
    if _everything(facts) != live:
        fail("a rebuild equals the live rows", "")


def _everything(facts: Facts) -> dict[str, Contents]:
    return {each.name: contents(facts.house.engine, each) for each in ALL_PROJECTIONS}


PLACES = (
    no_hold_outlives_its_time,
    exactly_the_living_orders_hold_seats,
    exactly_the_workers_in_charge_are_busy,
    nobody_is_at_two_places,
    an_order_expires_only_once_no_attempt_is_open,
    all_attempts_are_over,
    nothing_waits,
    the_log_has_no_gap,
    claims_equal_the_fold_of_the_events,
    every_acknowledged_command_stays,
)
