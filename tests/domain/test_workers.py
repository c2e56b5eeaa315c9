from typing import Any

import pytest

from domain.claims import TakeUnique
from domain.errors import InvalidInputError
from domain.workers import Worker, WorkerNotActiveError, WorkerNotSuspendedError
from tests.domain.histories import (
    BY_STAFF,
    NOW,
    WORKER,
    assert_replays,
    claims,
    engagement,
    last,
    registered_worker,
)


def test_a_number_is_one_workers_for_ever() -> None:
    assert claims(last(registered_worker())) == (TakeUnique("worker_number", "7"),)


@pytest.mark.parametrize(
    "change",
    [
        {"number": 0},
        {"name": "李阿姨"},
        {"name": ""},
        {"phone": "13900000000"},
        {"skills": ["cleaning"]},
        {"skills": ["BJ-01", "BJ-01"]},
        {"districts": ["武侯区"]},
        {"districts": ["510107", "510107"]},
    ],
)
def test_a_malformed_engagement_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        Worker.register(WORKER, engagement(**change), by=BY_STAFF, at=NOW)


def test_a_worker_takes_what_they_can_do_where_they_go() -> None:
    worker = registered_worker()

    assert worker.can_take("BJ-01", "510107")
    assert worker.can_take("BJ-01", "510107001")
    assert not worker.can_take("BJ-02", "510107")
    assert not worker.can_take("BJ-01", "510104")


def test_new_skills_replace_the_old_ones() -> None:
    worker = registered_worker()

    worker.change_skills(["BJ-02"], ["510104"], by=BY_STAFF, at=NOW)

    assert worker.can_take("BJ-02", "510104")
    assert not worker.can_take("BJ-01", "510107")


def test_a_suspended_worker_takes_nothing_until_reinstated() -> None:
    worker = registered_worker()
    with pytest.raises(WorkerNotSuspendedError):
        worker.reinstate(by=BY_STAFF, at=NOW)
    worker.suspend("complaint", by=BY_STAFF, at=NOW)
    assert not worker.can_take("BJ-01", "510107")
    with pytest.raises(WorkerNotActiveError):
        worker.suspend("complaint", by=BY_STAFF, at=NOW)

    worker.reinstate(by=BY_STAFF, at=NOW)

    assert worker.can_take("BJ-01", "510107")
    assert_replays(worker, worker.pending_events)


def test_a_worker_leaves_for_good() -> None:
    worker = registered_worker()

    worker.leave("moved", by=BY_STAFF, at=NOW)

    assert not worker.can_take("BJ-01", "510107")
    assert_replays(worker, worker.pending_events)
    with pytest.raises(WorkerNotActiveError):
        worker.leave("moved", by=BY_STAFF, at=NOW)
    with pytest.raises(WorkerNotActiveError):
        worker.change_skills(["BJ-02"], [], by=BY_STAFF, at=NOW)
    with pytest.raises(WorkerNotSuspendedError):
        worker.reinstate(by=BY_STAFF, at=NOW)
