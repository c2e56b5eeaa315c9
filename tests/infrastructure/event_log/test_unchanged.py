"""A decision that rests on a stream it only read is refused once that stream went on."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import RecordConflictError
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from domain.claims import ReleaseUnique, TakeUnique, Unchanged
from infrastructure.event_log.append import AppendConnection
from infrastructure.event_log.member import Appended, Conflict, Member
from infrastructure.event_log.recorder import EventLog
from tests.infrastructure.event_log.material import NOON, stored
from tests.infrastructure.event_log.test_claims import refused, take

WECHAT = ("external_identity", "wechat:wx1:ab")


@pytest.fixture
def appending(application_engine: Engine) -> Iterator[AppendConnection]:
    connection = AppendConnection(application_engine)
    yield connection
    connection.close()


def test_a_stream_that_stands_where_it_was_read_refuses_nothing(log: EventLog) -> None:
    read = uuid4()
    take(log, Unchanged(read, 0))
    log.insert_events([stored(read)])
    take(log, Unchanged(read, 1), Unchanged(uuid4(), 0))
    assert log.max_notification_id() == 3


def test_a_stream_that_went_on_makes_the_decision_stale(log: EventLog) -> None:
    read = uuid4()
    log.insert_events([stored(read), stored(read, 2)])
    with pytest.raises(RecordConflictError):
        take(log, Unchanged(read, 1))
    assert log.max_notification_id() == 2


def test_a_stale_decision_takes_none_of_its_claims(log: EventLog) -> None:
    read = uuid4()
    log.insert_events([stored(read)])
    number = TakeUnique("order_number", "BJ261122-0042-7")
    with pytest.raises(RecordConflictError):
        take(log, number, Unchanged(read, 0))
    take(log, number)


def test_of_one_batch_nobody_rests_on_a_stream_that_another_goes_on_with() -> None:
    read = uuid4()
    reader = Member((stored(),), NOON, claims=(Unchanged(read, 1),))
    writer = Member((stored(read, 2),), NOON)
    other = Member((stored(),), NOON, claims=(Unchanged(uuid4(), 1),))
    assert not reader.keys().isdisjoint(writer.keys())
    assert reader.keys().isdisjoint(other.keys())


def test_a_stale_member_leaves_the_others_of_its_batch_alone(
    appending: AppendConnection, log: EventLog
) -> None:
    read = uuid4()
    log.insert_events([stored(read)])
    resting = [Member((stored(),), NOON, claims=(Unchanged(read, v),)) for v in (0, 1)]
    stale, fresh = appending.append(resting)
    assert isinstance(stale, Conflict)
    assert isinstance(fresh, Appended)


def raced(log: EventLog, subject: UUID) -> tuple[bool, bool]:
    """A writer of the stream and one who rests on it begin at once; who came through."""
    start = Barrier(2)

    def attempt(*events: Member) -> bool:
        start.wait(10)
        try:
            log.insert_events(events[0].events, claims=events[0].claims)
        except RecordConflictError:
            return False
        return True

    reader = Member((stored(),), NOON, claims=(Unchanged(subject, 0),))
    writer = Member((stored(subject),), NOON)
    with ThreadPoolExecutor(2) as threads:
        read, wrote = (threads.submit(attempt, each) for each in (reader, writer))
        return read.result(30), wrote.result(30)


def test_whoever_rests_on_a_stream_stands_before_whoever_goes_on_with_it(log: EventLog) -> None:
    for _ in range(60):
        subject, before = uuid4(), log.max_notification_id() or 0
        read, wrote = raced(log, subject)
        assert wrote
        if read:
            first, second = log.select_notifications(before + 1, limit=2)
            assert (first.originator_id != subject, second.originator_id) == (True, subject)


def test_an_identity_that_was_released_can_be_taken_again(log: EventLog) -> None:
    take(log, TakeUnique(*WECHAT))
    assert refused(log, TakeUnique(*WECHAT)) == ":".join(WECHAT)
    take(log, ReleaseUnique(*WECHAT))
    take(log, TakeUnique(*WECHAT))


def test_releasing_what_nobody_holds_is_no_error(log: EventLog) -> None:
    take(log, ReleaseUnique(*WECHAT))
    take(log, TakeUnique(*WECHAT))


@pytest.mark.parametrize("kind", ["order_number", "transaction_id", "out_trade_no"])
def test_a_number_stays_taken_for_ever(log: EventLog, owner_engine: Engine, kind: str) -> None:
    take(log, TakeUnique(kind, "1"))
    with pytest.raises(Exception, match="taken for ever"):
        take(log, ReleaseUnique(kind, "1"))
    with (
        pytest.raises(DatabaseError, match="taken for ever"),
        owner_engine.begin() as connection,
    ):
        connection.execute(text("delete from log.unique_claims"))
    assert refused(log, TakeUnique(kind, "1")) == f"{kind}:1"
