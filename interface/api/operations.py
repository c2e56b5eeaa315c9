"""Health, readiness with each projection's lag and what waits, metrics."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

from interface.api.access import House
from interface.api.problems import PROBLEM_ANSWERS
from interface.household import Household

router = APIRouter(tags=["运维"], responses={503: PROBLEM_ANSWERS[503]})

# A projection so many events behind is late, even when nothing failed.
_LATE_EVENTS: Final = 10_000


class Metrics:
    """The process's own figures; gauges of the log are read when asked for."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "jiawu_requests", "Answers", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "jiawu_request_seconds", "Time to answer", ("method", "route"), registry=self.registry
        )
        self._position = Gauge("jiawu_log_position", "Last position", registry=self.registry)
        self._lag = Gauge(
            "jiawu_projection_lag_events", "Events behind", ("name",), registry=self.registry
        )
        self._failing = Gauge(
            "jiawu_projection_failing", "Standing failures", registry=self.registry
        )
        self._waiting = {
            "outbox": self._gauges("jiawu_outbox_waiting", "jiawu_outbox_oldest_seconds"),
            "deadlines": self._gauges("jiawu_deadlines_overdue", "jiawu_deadlines_oldest_seconds"),
        }

    def text(self, house: Household) -> bytes:
        """Prometheus text."""
        last, lags = house.feed.lags()
        self._position.set(last)
        for name, lag in lags.items():
            self._lag.labels(name).set(lag)
        self._failing.set(len(house.failures.all()))
        for name, told in _waiting(house).items():
            count, oldest = self._waiting[name]
            count.set(told["count"])
            oldest.set(told["oldest_seconds"])
        return generate_latest(self.registry)

    def _gauges(self, count: str, oldest: str) -> tuple[Gauge, Gauge]:
        return (
            Gauge(count, "Rows that should be done by now", registry=self.registry),
            Gauge(oldest, "Age of the oldest of them", registry=self.registry),
        )


@router.get("/healthz", response_class=PlainTextResponse)
def healthz() -> str:
    """The process answers."""
    return "ok\n"


@router.get("/readyz")
def readyz(house: House) -> Response:
    """Whether the database answers and every projection follows; 503 with the reason if not.

    What waits in the outbox and among the deadlines is shown and makes nothing
    unready: the outside may be the cause, and the next call may go through.
    """
    last, lags = house.feed.lags()
    failures = [_failure(failure) for failure in house.failures.all()]
    ready = not failures and all(lag < _LATE_EVENTS for lag in lags.values())
    body = {"ready": ready, "position": last, "lag_events": lags, "failures": failures}
    return JSONResponse(body | _waiting(house), 200 if ready else 503)


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(request: Request, house: House) -> Response:
    """Prometheus text."""
    kept: Metrics = request.app.state.metrics
    return Response(kept.text(house), media_type=CONTENT_TYPE_LATEST)


def _waiting(house: Household) -> dict[str, dict[str, float]]:
    """How many rows of each table are late, and the age of the oldest, 0 without one."""
    now = house.clock.now()
    late = {"outbox": house.outbox.waiting(), "deadlines": house.deadlines.waiting()}
    return {
        name: {
            "count": each.count,
            "oldest_seconds": (now - each.oldest).total_seconds() if each.oldest else 0,
        }
        for name, each in late.items()
    }


def _failure(failure: Any) -> dict[str, object]:  # noqa: ANN401 - of the feed, which is not imported here
    """Where a projection stands still and why; events hold no clear personal data."""
    return {
        "name": failure.name,
        "position": failure.position,
        "event": failure.event,
        "error": failure.error,
        "attempts": failure.attempts,
        "next_try_at": failure.next_try_at.isoformat(),
        "traceback": failure.traceback,
    }
