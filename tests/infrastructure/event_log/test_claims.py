"""Claims are taken and released by the append; a refusal is always real."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import DatabaseError
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from application.commands import ClaimRefusedError
from domain.claims import (
    AddSeats,
    Claim,
    ReleasePlace,
    ReleaseSeats,
    ReleaseWorker,
    RemoveSeats,
    SetCapacity,
    TakePlace,
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


def place(
    kind: str = "open_hold", *, holder: str = "7", most: int = 3, claim_id: UUID | None = None
) -> TakePlace:
    return TakePlace(claim_id or uuid4(), kind, holder, most)


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


def test_of_three_places_a_fourth_is_refused(log: EventLog) -> None:
    for _ in range(3):
        take(log, place())
    assert refused(log, place()) == "open_hold:7"


def test_a_released_place_is_taken_again_whichever_it_was(log: EventLog) -> None:
    for released in range(3):
        orders = [place(holder=str(released)) for _ in range(3)]
        take(log, *orders)
        take(log, ReleasePlace(orders[released].claim_id))
        take(log, place(holder=str(released)))
        assert refused(log, place(holder=str(released))) == f"open_hold:{released}"


def test_a_place_is_released_and_taken_in_one_append(log: EventLog) -> None:
    orders = [place() for _ in range(3)]
    take(log, *orders)
    take(log, ReleasePlace(orders[1].claim_id), place())
    refused(log, place(), ReleasePlace(orders[0].claim_id))
    take(log, ReleasePlace(orders[0].claim_id), orders[0])


def test_another_holder_and_another_kind_have_places_of_their_own(log: EventLog) -> None:
    take(log, *(place() for _ in range(3)))
    take(log, *(place(holder="8") for _ in range(3)))
    take(log, *(place("open_chat", most=2) for _ in range(2)))
    assert refused(log, place("open_chat", most=2)) == "open_chat:7"
    assert refused(log, place(holder="8")) == "open_hold:8"


def test_one_claim_id_takes_one_place(log: EventLog) -> None:
    order = place()
    take(log, order)
    assert refused(log, order) == "open_hold:7"
    assert refused(log, place(holder="8", claim_id=order.claim_id)) == "open_hold:8"


def test_the_table_itself_has_no_fourth_open_hold(
    log: EventLog, application_engine: Engine
) -> None:
    take(log, *(place() for _ in range(3)))
    fourth = text("insert into log.place_claims values ('open_hold', '7', 4, gen_random_uuid())")
    with (
        pytest.raises(IntegrityError, match="place_claims_check"),
        application_engine.begin() as connection,
    ):
        connection.execute(fourth)


def test_a_claim_of_more_open_holds_than_the_table_has_writes_nothing(log: EventLog) -> None:
    take(log, *(place() for _ in range(3)))
    before = log.max_notification_id()
    with pytest.raises(DatabaseError):
        take(log, place(most=4))
    assert log.max_notification_id() == before


def test_releasing_nothing_is_no_error(log: EventLog) -> None:
    take(log, ReleaseWorker(uuid4()), ReleaseSeats(uuid4()), ReleasePlace(uuid4()))


def at_once(log: EventLog, claims: Sequence[Claim]) -> list[str]:
    start = Barrier(len(claims))

    def one(claim: Claim) -> str:
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


def test_of_two_threads_for_the_last_place_exactly_one_is_refused(log: EventLog) -> None:
    for holder in map(str, range(10)):
        take(log, place(holder=holder), place(holder=holder))
        told = at_once(log, [place(holder=holder), place(holder=holder)])
        assert sorted(told) == [f"open_hold:{holder}", "taken"]


def test_of_16_threads_three_take_the_places_of_a_holder(log: EventLog) -> None:
    told = at_once(log, [place() for _ in range(16)])
    assert sorted(told) == ["open_hold:7"] * 13 + ["taken"] * 3


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


def of_shifts(first: int, end: int, count: int = 1) -> tuple[AddSeats, RemoveSeats]:
    """What shifts give to the slots, and what takes it away."""
    where = ("cleaning", "510107", DAY, first, end, count)
    return AddSeats(*where), RemoveSeats(*where)


def test_shifts_give_seats_to_every_slot_they_cover(log: EventLog) -> None:
    take(log, of_shifts(3, 5, 2)[0])
    take(log, seats(2, slot=3), seats(1, slot=4))
    refused(log, seats(slot=3))
    take(log, seats(slot=4))
    for slot in (2, 4, 5):
        refused(log, seats(slot=slot))


def test_planned_seats_and_those_of_shifts_stand_beside_each_other(log: EventLog) -> None:
    added, removed = of_shifts(3, 4)
    take(log, added, capacity(1), added)
    take(log, seats(3))
    refused(log, seats())
    take(log, capacity(2))
    take(log, seats())
    take(log, removed, removed)
    refused(log, seats())
    take(log, capacity(5))
    take(log, seats())


def test_seats_that_go_away_leave_what_is_sold_and_sell_no_more(log: EventLog) -> None:
    order = uuid4()
    added, removed = of_shifts(3, 4, 2)
    take(log, added, seats(2, claim_id=order))
    take(log, removed)
    refused(log, seats())
    take(log, ReleaseSeats(order))
    refused(log, seats())
    take(log, added)
    take(log, seats(2))


def test_more_seats_than_shifts_gave_are_never_taken_away(log: EventLog) -> None:
    added, removed = of_shifts(3, 5)
    take(log, added)
    before = log.max_notification_id()
    with pytest.raises(DatabaseError, match="shifts_give_seats"):
        take(log, removed, removed)
    assert log.max_notification_id() == before
    take(log, seats(slot=3), seats(slot=4))


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


def test_the_members_of_one_batch_share_the_places_of_their_holder(
    appending: AppendConnection, log: EventLog
) -> None:
    """A refused member leaves no place behind, a release makes room for those after it."""
    first = place()
    busy_worker = busy(17, 1)
    wanted: list[tuple[Claim, ...]] = [
        (first, busy_worker),
        (place(),),
        (place(), busy(17, 1)),
        (place(),),
        (place(),),
        (place(holder="8"),),
        (ReleasePlace(first.claim_id),),
        (place(),),
        (place(),),
    ]
    results = appending.append([Member([stored()], NOON, claims=each) for each in wanted])
    assert results == [
        Appended(1, 1),
        Appended(2, 2),
        Refused("worker:17"),
        Appended(3, 3),
        Refused("open_hold:7"),
        Appended(4, 4),
        Appended(5, 5),
        Appended(6, 6),
        Refused("open_hold:7"),
    ]
    assert log.max_notification_id() == 6


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
