"""Posts notices at instants fixed in advance, whether or not earlier ones are answered.

Latency counts from the planned instant: what waits behind a stall is as late as
a customer's payment would be, and nobody's slowness slows the arrivals.
"""

import random
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

WARM_UP_SECONDS = 2.0
# Every tenth notice comes twice, the second time so much later at most.
_REPEAT_EVERY = 10
_REPEATED_WITHIN = 2.0
# At 50 a second arrivals wait for the client itself only after a stall of 4 s; `sent_late` tells.
_THREADS = 256
_TIMEOUT_SECONDS = 30
_LEAD_SECONDS = 0.1
_SEED = 20_261_122


@dataclass(frozen=True)
class Posting:
    """One notice as it goes over the wire."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Arrival:
    """When (seconds from the start) which notice comes; the warm-up is not counted."""

    at: float
    notice: int
    counted: bool


@dataclass(frozen=True)
class Answer:
    """What became of one arrival; seconds. `status` 0 is no answer at all."""

    counted: bool
    status: int
    took: float
    sent_late: float


@dataclass(frozen=True)
class Target:
    """Where to post to."""

    port: int
    path: str


def notices_of(rate: int, seconds: float) -> int:
    """How many distinct notices a plan needs, warm-up included."""
    return round(rate * (WARM_UP_SECONDS + seconds))


def plan(rate: int, seconds: float) -> list[Arrival]:
    """Random arrivals of that rate, the same for everybody, and the repeated ones."""
    chance = random.Random(_SEED)  # noqa: S311 - arrival times are no secrets
    warm_ups = round(rate * WARM_UP_SECONDS)
    end = WARM_UP_SECONDS + seconds
    instants = sorted(chance.uniform(0, WARM_UP_SECONDS) for _ in range(warm_ups))
    instants += sorted(chance.uniform(WARM_UP_SECONDS, end) for _ in range(round(rate * seconds)))
    firsts = [Arrival(at, each, each >= warm_ups) for each, at in enumerate(instants)]
    repeats = [
        Arrival(first.at + chance.uniform(0, _REPEATED_WITHIN), first.notice, first.counted)
        for first in firsts[::_REPEAT_EVERY]
    ]
    return sorted(firsts + repeats, key=lambda arrival: arrival.at)


def post_all(
    target: Target, arrivals: Sequence[Arrival], postings: Sequence[Posting]
) -> list[Answer]:
    """Post every arrival's notice at its instant; returns when all are answered."""
    begin = time.perf_counter() + _LEAD_SECONDS
    with ThreadPoolExecutor(_THREADS) as threads:
        running = []
        for arrival in arrivals:
            time.sleep(max(0.0, begin + arrival.at - time.perf_counter()))
            posting = postings[arrival.notice]
            running.append(threads.submit(_post, target, posting, arrival, begin + arrival.at))
        return [each.result() for each in running]


def _post(target: Target, posting: Posting, arrival: Arrival, due: float) -> Answer:
    sent_late = time.perf_counter() - due
    status = _status(target, posting)
    return Answer(arrival.counted, status, time.perf_counter() - due, sent_late)


def _status(target: Target, posting: Posting) -> int:
    # A connection of its own for each, as a proxy in front of the product makes them.
    connection = HTTPConnection("127.0.0.1", target.port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("POST", target.path, posting.body, dict(posting.headers))
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()
