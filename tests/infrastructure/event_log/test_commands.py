"""A command is carried out once; whoever repeats it gets the stored answer."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from eventsourcing.persistence import IntegrityError

from application.commands import CommandKnownError, StoredCommand
from infrastructure.event_log.recorder import EventLog
from tests.infrastructure.event_log.material import asked, stored


def test_a_repeated_command_is_told_the_stored_answer_and_writes_nothing(log: EventLog) -> None:
    once = asked(mac="of the body")
    log.insert_events([stored()])
    assert log.insert_events([stored(), stored()], command=once, answer={"订单": 7}) == [2, 3]

    with pytest.raises(CommandKnownError) as known:
        log.insert_events([stored()], command=once, answer={"订单": 8})
    assert known.value.stored == StoredCommand("of the body", 3, '{"订单":7}')
    assert log.find_command(once.id) == known.value.stored
    assert log.max_notification_id() == 3


def test_a_command_known_under_another_body_tells_the_first_body(log: EventLog) -> None:
    once = asked(mac="first")
    log.insert_events([stored()], command=once)
    with pytest.raises(CommandKnownError) as known:
        log.insert_events([stored()], command=asked(once.id, mac="second"))
    assert known.value.stored.body_mac == "first"


def test_of_eight_concurrent_repeats_one_has_the_effect_and_all_get_its_answer(
    log: EventLog,
) -> None:
    once, start = asked(), Barrier(8)

    def ask(number: int) -> tuple[str, int, str]:
        start.wait()
        try:
            positions = log.insert_events([stored()], command=once, answer={"by": number})
        except CommandKnownError as known:
            return "known", known.stored.position, known.stored.answer
        assert positions is not None
        return "done", positions[-1], f'{{"by":{number}}}'

    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(ask, range(8)))
    assert sorted(outcome for outcome, *_ in told) == ["done"] + ["known"] * 7
    assert len({(position, answer) for _, position, answer in told}) == 1
    assert log.max_notification_id() == 1


def test_a_command_without_events_is_kept_with_the_position_it_found(log: EventLog) -> None:
    log.insert_events([stored()])
    nothing = asked()
    assert log.insert_events([], command=nothing, answer={"found": True}) == []
    assert log.find_command(nothing.id) == StoredCommand("mac", 1, '{"found":true}')
    with pytest.raises(CommandKnownError):
        log.insert_events([], command=nothing)


def test_a_command_whose_append_conflicts_is_not_known(log: EventLog) -> None:
    existing = stored()
    log.insert_events([existing])
    refused = asked()
    with pytest.raises(IntegrityError):
        log.insert_events([existing], command=refused)
    assert log.find_command(refused.id) is None


def test_an_unknown_command_is_not_found(log: EventLog) -> None:
    assert log.find_command(uuid4()) is None


def test_commands_of_one_batch_keep_their_own_positions_beside_left_out_members(
    log: EventLog,
) -> None:
    existing, start = stored(), Barrier(24)
    log.insert_events([existing])
    commands = [asked() for _ in range(24)]

    def ask(number: int) -> None:
        start.wait()
        events = [existing] if number % 3 == 0 else [stored(), stored()]
        try:
            positions = log.insert_events(events, command=commands[number])
        except IntegrityError:
            assert number % 3 == 0
        else:
            kept = log.find_command(commands[number].id)
            assert kept is not None
            assert positions is not None
            assert kept.position == positions[-1]

    with ThreadPoolExecutor(24) as threads:
        list(threads.map(ask, range(24)))
    assert log.max_notification_id() == 1 + 2 * 16
