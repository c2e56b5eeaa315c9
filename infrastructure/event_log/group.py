"""Group append: threads that append at the same time share one transaction.

The first thread leads; those who arrive meanwhile queue; when the leader's
batch is committed one of them leads the next batch with all that are queued.
There is no timer: a lone writer goes straight through.
"""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock

import psycopg2

from infrastructure.event_log.member import Member, Result

BATCH_LIMIT = 64

Append = Callable[[Sequence[Member]], list[Result]]


class _Ticket:
    """A queued member and its thread, asleep on `turn` until settled or leading."""

    __slots__ = ("error", "member", "result", "turn")

    def __init__(self, member: Member) -> None:
        self.member = member
        self.result: Result | None = None
        self.error: BaseException | None = None
        self.turn = Lock()
        self.turn.acquire()

    @property
    def settled(self) -> bool:
        return self.result is not None or self.error is not None

    def outcome(self) -> Result:
        if self.error is not None:
            raise self.error
        assert self.result is not None  # noqa: S101 - settled: one of the two is set
        return self.result


class GroupAppend:
    """Hands each caller's member to `append` in batches of at most 64."""

    def __init__(self, append: Append) -> None:
        self._append = append
        self._lock = Lock()
        self._queue: deque[_Ticket] = deque()
        self._led = False

    def __call__(self, member: Member) -> Result:
        """Append one member; the calling thread leads a batch or waits for one.

        Raises what `append` raises for this member.
        """
        ticket = _Ticket(member)
        with self._lock:
            self._queue.append(ticket)
            leads, self._led = not self._led, True
        if not leads:
            ticket.turn.acquire()
        if not ticket.settled:
            self._lead()
        return ticket.outcome()

    def _lead(self) -> None:
        with self._lock:
            batch = self._next_batch()
        try:
            self._run(batch)
        except BaseException as error:
            # A leader that dies, even by an interrupt, must not leave others asleep.
            _fail(batch, error)
            raise
        finally:
            self._hand_over()
            for ticket in batch:
                ticket.turn.release()

    def _next_batch(self) -> list[_Ticket]:
        """The longest front of the queue in which no two members share a key."""
        batch: list[_Ticket] = []
        taken: set[object] = set()
        while self._queue and len(batch) < BATCH_LIMIT:
            keys = self._queue[0].member.keys()
            if not taken.isdisjoint(keys):
                break
            taken |= keys
            batch.append(self._queue.popleft())
        return batch

    def _run(self, batch: list[_Ticket]) -> None:
        try:
            results = self._append([ticket.member for ticket in batch])
        except psycopg2.Error as error:
            if len(batch) == 1:
                batch[0].error = error
            else:
                self._one_by_one(batch)
            return
        except Exception as error:  # noqa: BLE001 - every member's caller raises it
            _fail(batch, error)
            return
        for ticket, result in zip(batch, results, strict=True):
            ticket.result = result

    def _one_by_one(self, batch: list[_Ticket]) -> None:
        """Bad data in one member must not fail the others."""
        for ticket in batch:
            self._run([ticket])

    def _hand_over(self) -> None:
        with self._lock:
            if self._queue:
                self._queue[0].turn.release()
            else:
                self._led = False


def _fail(batch: list[_Ticket], error: BaseException) -> None:
    for ticket in batch:
        if not ticket.settled:
            ticket.error = error
