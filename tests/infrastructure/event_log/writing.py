"""Many threads of a process that append, and what each was told."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID, uuid4

from infrastructure.event_log.factory import EventLogFactory
from infrastructure.event_log.recorder import EventLog
from tests.infrastructure.event_log.material import stored


@dataclass(frozen=True)
class Acknowledged:
    """An append that was reported as done."""

    stream: UUID
    positions: Sequence[int]


def append_some(log: EventLog, times: int) -> list[Acknowledged]:
    """Appends of one to three events, each to a new stream."""
    done = []
    for n in range(times):
        stream = uuid4()
        positions = log.insert_events([stored(stream, v) for v in range(1, 2 + n % 3)])
        done.append(Acknowledged(stream, positions or ()))
    return done


def append_in_threads(url: str, writers: int, times: int) -> list[Acknowledged]:
    """What a process of its own does; returns what its threads were told."""
    factory = EventLogFactory(env={"DATABASE_URL": url})
    try:
        with ThreadPoolExecutor(writers) as threads:
            work = [threads.submit(append_some, factory.log, times) for _ in range(writers)]
            return [done for future in work for done in future.result()]
    finally:
        factory.close()
