"""The library's own published test cases for recorders, unchanged, on our recorder."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import AggregateRecorder, StoredEvent
from eventsourcing.tests import persistence as cases

from infrastructure.event_log.recorder import EventLog


class _OnOurs:
    """Gives a case the recorder of a fresh database."""

    @pytest.fixture(autouse=True)
    def _fresh_log(self, log: EventLog) -> None:
        self._log = log

    def create_recorder(self) -> EventLog:
        return self._log


class _WithoutPositions(AggregateRecorder):
    """The log as a plain aggregate recorder, which by contract returns no positions."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        **kwargs: Any,  # noqa: ANN401 - the library's
    ) -> Sequence[int] | None:
        self._log.insert_events(stored_events, **kwargs)
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        return self._log.select_events(originator_id, gt=gt, lte=lte, desc=desc, limit=limit)


class TestAggregateRecorder(_OnOurs, cases.AggregateRecorderTestCase):
    """Streams."""

    def create_recorder(self) -> AggregateRecorder:  # type: ignore[override] # the narrower contract
        return _WithoutPositions(self._log)


class TestApplicationRecorder(_OnOurs, cases.ApplicationRecorderTestCase[EventLog]):
    """The total order and subscriptions."""

    def test_insert_subscribe(self) -> None:
        super().optional_test_insert_subscribe()


class TestTrackingRecorder(_OnOurs, cases.TrackingRecorderTestCase):
    """Positions of policies."""


class TestProcessRecorder(_OnOurs, cases.ProcessRecorderTestCase):
    """Events and position in one transaction."""


class TestNonInterleavingPositions(_OnOurs, cases.NonInterleavingNotificationIDsBaseCase):
    """One append's positions are consecutive."""
