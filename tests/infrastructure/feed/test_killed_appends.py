"""A command whose process dies around its append is carried out once."""

import pytest
from eventsourcing.persistence import Tracking

from application.commands import Command, Decision, Outcome
from application.crash_points import CrashPoint
from domain.workers import Worker
from infrastructure.clock import SettableClock
from interface.household import Household
from interface.settings import Settings
from tests.domain import histories
from tests.infrastructure.event_log.material import asked, stored
from tests.infrastructure.feed.probes import killed_at, open_transactions
from tests.product import NOON, household_on

COMMAND: Command = asked()


def register(house: Household) -> Outcome:
    """Register one worker under one and the same command."""

    def decide() -> Decision:
        engagement = histories.engagement(number=1)
        worker = Worker.register(COMMAND.id, engagement, by=histories.BY_STAFF, at=NOON)
        return Decision([worker])

    return house.log.run(COMMAND, decide)


@pytest.mark.parametrize(
    ("point", "stands"), [(CrashPoint.LOG_APPENDING, None), (CrashPoint.LOG_APPENDED, 1)]
)
def test_a_command_whose_process_is_killed_is_carried_out_once(
    house: Household,
    settings: Settings,
    clock: SettableClock,
    point: CrashPoint,
    stands: int | None,
) -> None:
    with killed_at(point):
        register(house)
    assert open_transactions(house.engine) == set()
    assert house.event_log.max_notification_id() == stands

    with household_on(settings, clock) as successor:
        assert register(successor).position == 1
        assert successor.event_log.max_notification_id() == 1


@pytest.mark.parametrize("point", [CrashPoint.LOG_APPENDING, CrashPoint.LOG_APPENDED])
def test_a_log_whose_caller_was_killed_still_appends(house: Household, point: CrashPoint) -> None:
    with killed_at(point):
        register(house)
    assert register(house).position == 1
    assert house.event_log.insert_events([stored()]) == [2]


@pytest.mark.parametrize(
    ("point", "stands"), [(CrashPoint.LOG_APPENDING, None), (CrashPoint.LOG_APPENDED, 1)]
)
def test_events_and_the_position_they_move_are_killed_or_kept_together(
    house: Household, point: CrashPoint, stands: int | None
) -> None:
    with killed_at(point):
        house.event_log.insert_events([stored()], tracking=Tracking("bills", 1))
    assert open_transactions(house.engine) == set()
    assert house.event_log.max_notification_id() == stands
    assert house.event_log.max_tracking_id("bills") == stands
