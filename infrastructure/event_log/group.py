"""Group append: threads that append at the same time share one transaction.

The first thread leads; those who arrive meanwhile queue; when the leader's
batch is committed one of them leads the next batch with all that are queued.
There is no timer: a lone writer goes straight through.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock

from application.commands import CommitUnknownError
from infrastructure.event_log.member import Member, Result

BATCH_LIMIT = 64

Append = Callable[[Sequence[Member]], list[Result]]


class _Ticket:
    """A queued member and its thread, asleep on `turn` until settled or leading.

    `behind` is the next one of its batch, whom its thread wakes when it leaves.
    """

    __slots__ = ("behind", "error", "gone", "leads", "member", "result", "turn")

    def __init__(self, member: Member) -> None:
        self.member = member
        self.leads = False
        self.gone = False
        self.result: Result | None = None
        self.error: BaseException | None = None
        self.behind: _Ticket | None = None
        self.turn = Lock()
        self.turn.acquire()

    def wait(self) -> None:
        """Sleep until settled or leading; being woken for nothing does no harm."""
        while not (self.leads or self.result or self.error):
            self.turn.acquire()

    def wake(self) -> None:
        with suppress(RuntimeError):  # woken already
            self.turn.release()

    def leave(self) -> None:
        """Wake the next of the batch that is still there.

        One wakes the other, because they need the interpreter's lock one after
        the other anyway: to wake all at once costs twice the processor time.
        """
        self.gone = True
        behind = self.behind
        while behind is not None:
            behind.wake()
            behind = behind.behind if behind.gone else None

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

        Raises what `append` raises for this member, and CommitUnknownError where
        another thread that led the batch died.
        """
        ticket = _Ticket(member)
        try:
            self._join(ticket)
            ticket.wait()
            if ticket.leads:
                self._lead()
        except BaseException:
            # An interrupted thread must not be waited for as the next leader.
            self._abandon(ticket)
            raise
        finally:
            ticket.leave()
        return ticket.outcome()

    @property
    def queued(self) -> int:
        """How many appends wait for the next batch."""
        return len(self._queue)

    def _join(self, ticket: _Ticket) -> None:
        with self._lock:
            self._queue.append(ticket)
            if not self._led:
                self._led = ticket.leads = True

    def _lead(self) -> None:
        batch: list[_Ticket] = []
        try:
            with self._lock:
                self._fill(batch)
            self._run(batch)
        except BaseException as error:
            # A leader that dies, even by an interrupt, must not leave others asleep.
            unknown = CommitUnknownError()
            unknown.__cause__ = error
            _fail(batch, unknown)
            raise
        finally:
            with self._lock:
                self._hand_over()

    def _fill(self, batch: list[_Ticket]) -> None:
        """Take the longest front of the queue in which no two members share a key."""
        taken: set[object] = set()
        while self._queue and len(batch) < BATCH_LIMIT:
            keys = self._queue[0].member.keys()
            if not taken.isdisjoint(keys):
                break
            taken |= keys
            ticket = self._queue.popleft()
            if batch:
                batch[-1].behind = ticket
            batch.append(ticket)

    def _run(self, batch: list[_Ticket]) -> None:
        try:
            results = self._append([ticket.member for ticket in batch])
        except CommitUnknownError as error:
            _fail(batch, error)
        except Exception as error:  # noqa: BLE001 - the guilty member's caller raises it
            if len(batch) == 1:
                batch[0].error = error
            else:
                self._one_by_one(batch)
        else:
            for ticket, result in zip(batch, results, strict=True):
                ticket.result = result

    def _one_by_one(self, batch: list[_Ticket]) -> None:
        """Bad data in one member must not fail the others."""
        for ticket in batch:
            self._run([ticket])

    def _hand_over(self) -> None:
        """Wake the next in the queue to lead; under the lock."""
        self._led = bool(self._queue)
        if self._queue:
            self._queue[0].leads = True
            self._queue[0].wake()

    def _abandon(self, ticket: _Ticket) -> None:
        with self._lock:
            if ticket not in self._queue:
                return  # its batch is under way and settles it unheard
            self._queue.remove(ticket)
            if ticket.leads:
                self._hand_over()


def _fail(batch: list[_Ticket], error: BaseException) -> None:
    for ticket in batch:
        if ticket.result is None and ticket.error is None:
            ticket.error = error
