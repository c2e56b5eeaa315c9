"""Claims are taken and released by the append; a refusal is always real."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from application.commands import ClaimRefusedError
from domain.claims import (
    Claim,
    ReleaseSeats,
    ReleaseWorker,
    SetCapacity,
    TakeSeats,
    TakeUnique,
    TakeWorker,
)
from infrastructure.event_log.append import AppendConnection
from infrastructure.event_log.member import Appended, Member, Refused
from infrastructure.event_log.recorder import EventLog
from tests.infrastructure.event_log.material import NOON, stored

DAY = date(2026, 11, 23)
HOUR = timedelta(hours=1)
INSTANT = timedelta(microseconds=1)


def take(log: EventLog, *claims: Claim) -> None:
    log.insert_events([stored()], claims=claims)


def refused(log: EventLog, *claims: Claim) -> str:
    before = log.max_notification_id()
    with pytest.raises(ClaimRefusedError) as refusal:
        take(log, *claims)
    assert log.max_notification_id() == before, "a refused append writes nothing"
    return refusal.value.claim


def busy(worker: int, start: float, hours: float = 1, claim_id: UUID | None = None) -> TakeWorker:
    starts_at = NOON + start * HOUR
    return TakeWorker(claim_id or uuid4(), worker, starts_at, starts_at + hours * HOUR)


def seats(count: int = 1, slot: int = 3, claim_id: UUID | None = None) -> TakeSeats:
    return TakeSeats(claim_id or uuid4(), "cleaning", "510107", DAY, slot, count)


def capacity(count: int, slot: int = 3) -> SetCapacity:
    return SetCapacity("cleaning", "510107", DAY, slot, count)


def test_a_unique_key_is_taken_once_by_kind(log: EventLog) -> None:
    take(log, TakeUnique("order_number", "BJ261122-0042-7"))
    take(log, TakeUnique("out_trade_no", "BJ261122-0042-7"))
    again = refused(log, TakeUnique("order_number", "BJ261122-0042-7"))
    assert again == "order_number:BJ261122-0042-7"


def test_a_key_with_percent_signs_and_quotes_is_named_as_it_is(log: EventLog) -> None:
    odd = TakeUnique("identity", "100%'\"\\n%s 王女士")
    take(log, odd)
    assert refused(log, odd) == "identity:100%'\"\\n%s 王女士"


def test_touching_intervals_of_a_worker_are_allowed(log: EventLog) -> None:
    take(log, busy(17, 1))
    take(log, busy(17, 2))
    take(log, busy(17, 0))
    take(log, busy(18, 1))


def test_an_overlap_of_one_microsecond_is_refused(log: EventLog) -> None:
    first = busy(17, 1)
    take(log, first)
    before = TakeWorker(uuid4(), 17, NOON, first.starts_at + INSTANT)
    behind = TakeWorker(uuid4(), 17, first.ends_at - INSTANT, first.ends_at + HOUR)
    assert refused(log, before) == "worker:17"
    assert refused(log, behind) == "worker:17"


def test_a_worker_is_given_anew_by_release_and_take_in_one_append(log: EventLog) -> None:
    order = uuid4()
    take(log, busy(17, 1, 3, order))
    take(log, ReleaseWorker(order), busy(17, 2, 3, order))
    take(log, busy(17, 1))
    assert refused(log, busy(17, 4)) == "worker:17"


def test_one_claim_id_names_one_interval(log: EventLog) -> None:
    order = uuid4()
    take(log, busy(17, 1, 1, order))
    assert refused(log, busy(18, 5, 1, order)) == "worker:18"


def test_releasing_nothing_is_no_error(log: EventLog) -> None:
    take(log, ReleaseWorker(uuid4()), ReleaseSeats(uuid4()))


def at_once(log: EventLog, claims: list[TakeSeats]) -> list[str]:
    start = Barrier(len(claims))

    def one(claim: TakeSeats) -> str:
        start.wait()
        try:
            take(log, claim)
        except ClaimRefusedError as refusal:
            return refusal.claim
        return "taken"

    with ThreadPoolExecutor(len(claims)) as threads:
        return list(threads.map(one, claims))


def test_64_threads_take_64_seats(log: EventLog) -> None:
    take(log, capacity(64))
    assert at_once(log, [seats() for _ in range(64)]) == ["taken"] * 64


def test_of_65_threads_for_64_seats_exactly_one_is_refused(log: EventLog) -> None:
    take(log, capacity(64))
    told = at_once(log, [seats() for _ in range(65)])
    assert sorted(told) == ["seats:cleaning/510107/2026-11-23/3"] + ["taken"] * 64


def test_one_claim_id_takes_the_seats_of_a_slot_once(log: EventLog) -> None:
    order = uuid4()
    take(log, capacity(5), capacity(5, slot=4), seats(claim_id=order))
    take(log, seats(slot=4, claim_id=order))
    refused(log, seats(claim_id=order))


def test_seats_without_a_capacity_are_refused(log: EventLog) -> None:
    assert refused(log, seats()) == "seats:cleaning/510107/2026-11-23/3"


def test_a_capacity_below_what_is_sold_keeps_the_sold_and_sells_no_more(log: EventLog) -> None:
    order = uuid4()
    take(log, capacity(5), capacity(1, slot=4), seats(3, claim_id=order), seats(1, slot=4))
    take(log, capacity(2))
    refused(log, seats())
    take(log, ReleaseSeats(order))
    take(log, seats(2))
    refused(log, seats())
    take(log, capacity(3))
    take(log, seats())


def test_an_append_takes_all_its_claims_or_none(log: EventLog, application_engine: Engine) -> None:
    take(log, busy(17, 1), capacity(4))
    number = TakeUnique("order_number", "BJ261122-0001-1")
    assert refused(log, number, seats(), busy(17, 1)) == "worker:17"
    with application_engine.connect() as connection:
        for table in ("unique_claims", "seat_claims"):
            kept = connection.execute(text(f"select count(*) from log.{table}"))  # noqa: S608 - our own names
            assert kept.scalar_one() == 0
    take(log, number, seats(), busy(17, 2))


@pytest.fixture
def appending(application_engine: Engine) -> Iterator[AppendConnection]:
    connection = AppendConnection(application_engine)
    yield connection
    connection.close()


def test_a_refused_member_leaves_the_others_of_its_batch_alone(
    appending: AppendConnection, log: EventLog
) -> None:
    """Within a batch the earlier member has the claim."""
    wanted: list[tuple[Claim, ...]] = [
        (capacity(1),),
        (seats(), busy(17, 1)),
        (TakeUnique("order_number", "1"), seats()),
        (),
        (TakeUnique("order_number", "1"), busy(17, 3)),
        (busy(18, 1), busy(17, 1.5)),
        (busy(18, 1),),
    ]
    results = appending.append([Member([stored()], NOON, claims=each) for each in wanted])
    assert results == [
        Appended(1, 1),
        Appended(2, 2),
        Refused("seats:cleaning/510107/2026-11-23/3"),
        Appended(3, 3),
        Appended(4, 4),
        Refused("worker:17"),
        Appended(5, 5),
    ]
    assert log.max_notification_id() == 5


def test_a_member_left_out_for_a_conflict_takes_no_claims(
    appending: AppendConnection, log: EventLog
) -> None:
    existing = stored()
    log.insert_events([existing])
    number = TakeUnique("order_number", "1")
    appending.append([Member([existing], NOON, claims=[number])])
    take(log, number)


def test_the_kind_of_a_refusal_is_before_the_colon(log: EventLog) -> None:
    take(log, busy(17, 1))
    with pytest.raises(ClaimRefusedError) as refusal:
        take(log, busy(17, 1))
    assert refusal.value.kind == "worker"
    assert refusal.value.status == 409
