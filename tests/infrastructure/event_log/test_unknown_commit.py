"""A connection that breaks at the COMMIT: the log finds out what became of the append."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine, text

from application.commands import Command, CommandKnownError, CommitUnknownError
from domain.claims import TakeUnique
from infrastructure.event_log.append import AppendConnection
from infrastructure.event_log.factory import log_engine
from infrastructure.event_log.member import Appended, Conflict, Known, Member, Refused
from infrastructure.event_log.recorder import EventLog
from tests.conftest import Database
from tests.infrastructure.event_log.conftest import OpenLog
from tests.infrastructure.event_log.material import NOON, asked, member, stored
from tests.infrastructure.event_log.proxy import Cut, Proxy

AT_EACH_SIDE = pytest.mark.parametrize("cut", list(Cut))


@pytest.fixture
def proxy(database: Database) -> Iterator[Proxy]:
    with TemporaryDirectory() as directory, Proxy(database.application_url, Path(directory)) as it:
        yield it


@pytest.fixture
def log_behind(proxy: Proxy, open_log: OpenLog) -> EventLog:
    return open_log(proxy.url)


@AT_EACH_SIDE
@pytest.mark.parametrize("command", [asked(), None], ids=["with command", "without"])
def test_the_caller_gets_its_positions_and_there_is_one_effect(
    cut: Cut, command: Command | None, proxy: Proxy, log_behind: EventLog
) -> None:
    assert log_behind.insert_events([stored()]) == [1]
    proxy.cuts.append(cut)
    claims = [TakeUnique("order_number", "1")]
    events = [stored(), stored()]
    positions = log_behind.insert_events(events, command=command, answer={"n": 1}, claims=claims)
    assert positions == [2, 3]
    assert proxy.cuts == []
    assert log_behind.max_notification_id() == 3
    if command is not None:
        kept = log_behind.find_command(command.id)
        assert kept is not None
        assert (kept.position, kept.answer) == (3, '{"n":1}')


@AT_EACH_SIDE
def test_a_command_without_events_succeeds_once(
    cut: Cut, proxy: Proxy, log_behind: EventLog
) -> None:
    proxy.cuts.append(cut)
    nothing = asked()
    assert log_behind.insert_events([], command=nothing) == []
    with pytest.raises(CommandKnownError):
        log_behind.insert_events([], command=nothing)


@pytest.fixture
def engine_behind(proxy: Proxy) -> Iterator[Engine]:
    engine = log_engine(proxy.url)
    yield engine
    engine.dispose()


@AT_EACH_SIDE
def test_every_member_of_a_batch_learns_its_own_outcome(
    cut: Cut, proxy: Proxy, engine_behind: Engine
) -> None:
    appending = AppendConnection(engine_behind)
    existing, before, number = stored(), asked(mac="before"), TakeUnique("order_number", "1")
    appending.append([Member([existing], NOON, before, claims=[number])])
    proxy.cuts.append(cut)
    results = appending.append(
        [
            member(stored(), stored()),
            member(existing),
            member(command=asked(before.id, mac="now")),
            Member([stored()], NOON, claims=[number]),
            member(command=asked()),
        ]
    )
    appending.close()
    assert results == [
        Appended(2, 3),
        Conflict(),
        Known("before", 1, "{}"),
        Refused("order_number:1"),
        Appended(4, 4),
    ]


@AT_EACH_SIDE
def test_threads_that_share_the_broken_batch_all_get_distinct_positions(
    cut: Cut, proxy: Proxy, log_behind: EventLog
) -> None:
    proxy.cuts += [cut] * 3
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(partial(_append_until_known, log_behind), map(asked, [None] * 8)))
    assert sorted(told) == sorted(_positions(log_behind))


def _append_until_known(log: EventLog, command: Command) -> int:
    """As a caller does: the same command again while its outcome is unknown."""
    while True:
        try:
            positions = log.insert_events([stored()], command=command)
        except CommitUnknownError:
            continue
        except CommandKnownError as known:
            return known.stored.position
        assert positions is not None
        return positions[0]


def _positions(log: EventLog) -> list[int]:
    with log.engine.connect() as connection:
        return list(connection.execute(text("select position from log.events")).scalars())


@AT_EACH_SIDE
def test_two_cuts_in_a_row_leave_the_outcome_unknown_and_the_command_finds_it(
    cut: Cut, proxy: Proxy, log_behind: EventLog
) -> None:
    proxy.cuts += [cut, cut]
    command = asked()
    with pytest.raises(CommitUnknownError) as unknown:
        log_behind.insert_events([stored()], command=command)
    assert unknown.value.status == 503
    assert _append_until_known(log_behind, command) == 1
    assert _positions(log_behind) == [1]
