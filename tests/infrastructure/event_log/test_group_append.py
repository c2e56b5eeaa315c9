"""Group append by itself: who leads, what goes into a batch, who learns of a failure."""

import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from random import Random
from threading import Event, get_ident, main_thread
from types import FrameType
from uuid import uuid4

import pytest

from application.commands import CommitUnknownError
from domain.claims import TakeUnique
from infrastructure.event_log.group import BATCH_LIMIT, GroupAppend
from infrastructure.event_log.member import Appended, Member, Result
from tests.infrastructure.event_log.material import NOON, asked, member, stored, until

STREAMS = [uuid4() for _ in range(40)]
COMMANDS = [uuid4() for _ in range(60)]


class Gate:
    """An append that keeps its first batch until the gate opens, so that others queue."""

    def __init__(self) -> None:
        self.batches: list[list[Member]] = []
        self.opened = Event()

    def __call__(self, members: Sequence[Member]) -> list[Result]:
        self.batches.append(list(members))
        if len(self.batches) == 1:
            assert self.opened.wait(10)
        return self.outcome(members)

    def outcome(self, members: Sequence[Member]) -> list[Result]:
        return [Appended(n, n) for n in range(1, len(members) + 1)]


class TwoGates(Gate):
    """Keeps its second batch too."""

    def __init__(self) -> None:
        super().__init__()
        self.second_opened = Event()

    def outcome(self, members: Sequence[Member]) -> list[Result]:
        if len(self.batches) == 2:
            assert self.second_opened.wait(10)
        return super().outcome(members)


class DyingGate(Gate):
    """Its second batch kills the leader."""

    def outcome(self, members: Sequence[Member]) -> list[Result]:
        if len(self.batches) == 2:
            raise SystemExit
        return super().outcome(members)


class PickyGate(Gate):
    """Refuses whole batches that hold a marked member."""

    def outcome(self, members: Sequence[Member]) -> list[Result]:
        if any(m.answer == "bad" for m in members):
            raise ValueError
        return super().outcome(members)


def queue_up(
    threads: ThreadPoolExecutor, group: GroupAppend, gate: Gate, members: Sequence[Member]
) -> list[Future[Result]]:
    """The first member leads and is kept at the gate; the others queue behind it."""
    futures = [threads.submit(group, members[0])]
    until(lambda: len(gate.batches) == 1)
    for waiting, each in enumerate(members[1:], start=1):
        futures.append(threads.submit(group, each))
        until(lambda count=waiting: group.queued == count)  # type: ignore[misc]
    return futures


def random_member(random: Random) -> Member:
    events = [stored(stream) for stream in random.sample(STREAMS, random.randint(0, 2))]
    claims = [TakeUnique("order_number", str(random.randrange(60)))]
    command = asked(random.choice(COMMANDS))
    return Member(events, NOON, command, claims=claims if random.random() < 0.5 else ())


def test_a_lone_writer_goes_straight_through() -> None:
    gate = Gate()
    gate.opened.set()
    alone = member()
    assert GroupAppend(gate)(alone) == Appended(1, 1)
    assert gate.batches == [[alone]]


def test_those_who_arrive_meanwhile_share_the_next_batch() -> None:
    gate = Gate()
    group = GroupAppend(gate)
    members = [member() for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        futures = queue_up(threads, group, gate, members)
        gate.opened.set()
        results = [future.result() for future in futures]
    assert gate.batches == [members[:1], members[1:]]
    assert results == [Appended(1, 1), *(Appended(n, n) for n in range(1, 6))]


def test_a_batch_is_at_most_64_and_no_two_members_share_a_stream_command_or_claim() -> None:
    gate = Gate()
    group = GroupAppend(gate)
    random = Random(7)  # noqa: S311 - a reproducible test
    members = [random_member(random) for _ in range(60)] + [member() for _ in range(90)]
    with ThreadPoolExecutor(len(members)) as threads:
        futures = queue_up(threads, group, gate, members)
        gate.opened.set()
        for future in futures:
            future.result()
    assert [each for batch in gate.batches for each in batch] == members, "in order of arrival"
    assert max(map(len, gate.batches)) == BATCH_LIMIT
    for batch in gate.batches:
        keys = [key for each in batch for key in each.keys()]  # noqa: SIM118 - not a dict
        assert len(keys) == len(set(keys))


def test_a_leader_that_dies_wakes_every_follower_with_an_error_and_the_next_one_leads() -> None:
    gate = DyingGate()
    group = GroupAppend(gate)
    with ThreadPoolExecutor(8) as threads:
        futures = queue_up(threads, group, gate, [member() for _ in range(6)])
        gate.opened.set()
        assert futures[0].result() == Appended(1, 1)
        errors = [future.exception(10) for future in futures[1:]]
        assert threads.submit(group, member()).result(10) == Appended(1, 1)
    assert [type(error) for error in errors] == [SystemExit] + [CommitUnknownError] * 4


def test_bad_data_makes_the_batch_fall_back_and_only_the_guilty_fails() -> None:
    gate = PickyGate()
    group = GroupAppend(gate)
    members = [member() for _ in range(6)]
    members[3].answer = "bad"
    with ThreadPoolExecutor(8) as threads:
        futures = queue_up(threads, group, gate, members)
        gate.opened.set()
        errors = [future.exception(10) for future in futures]
    assert [n for n, error in enumerate(errors) if error] == [3]
    assert list(map(len, gate.batches)) == [1, 5, 1, 1, 1, 1, 1]


class InterruptError(BaseException):
    """What the signal's handler raises in the waiting thread."""


def raise_interrupt(number: int, frame: FrameType | None) -> None:
    raise InterruptError(number, frame)


@pytest.fixture
def interruptible() -> Iterator[None]:
    before = signal.signal(signal.SIGUSR1, raise_interrupt)
    yield
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_follower_is_not_waited_for_as_the_next_leader() -> None:
    gate = Gate()
    group = GroupAppend(gate)
    with ThreadPoolExecutor(4) as threads:
        first = queue_up(threads, group, gate, [member()])

        def interrupt_the_waiting_main_thread() -> list[Future[Result]]:
            until(lambda: group.queued == 1)
            last = threads.submit(group, member())
            until(lambda: group.queued == 2)
            signal.pthread_kill(main_thread().ident or get_ident(), signal.SIGUSR1)
            until(lambda: group.queued == 1)
            gate.opened.set()
            return [last]

        others = threads.submit(interrupt_the_waiting_main_thread)
        with pytest.raises(InterruptError):
            group(member())
        assert [f.result(10) for f in first + others.result(10)] == [Appended(1, 1)] * 2
    assert list(map(len, gate.batches)) == [1, 1]


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_follower_of_a_batch_under_way_keeps_nobody_behind_it_asleep() -> None:
    gate = TwoGates()
    group = GroupAppend(gate)
    with ThreadPoolExecutor(6) as threads:
        first = queue_up(threads, group, gate, [member(), member()])

        def interrupt_the_main_thread_while_its_batch_is_under_way() -> list[Future[Result]]:
            until(lambda: group.queued == 2)
            behind = [threads.submit(group, member()) for _ in range(2)]
            until(lambda: group.queued == 4)
            gate.opened.set()
            until(lambda: len(gate.batches) == 2)
            signal.pthread_kill(main_thread().ident or get_ident(), signal.SIGUSR1)
            return behind

        others = threads.submit(interrupt_the_main_thread_while_its_batch_is_under_way)
        with pytest.raises(InterruptError):
            group(member())
        gate.second_opened.set()
        told = [future.result(10) for future in first + others.result(10)]
    assert told == [Appended(1, 1), Appended(1, 1), Appended(3, 3), Appended(4, 4)]
    assert list(map(len, gate.batches)) == [1, 4]
