"""Group append: threads that append at the same time share one transaction.

The first thread leads; those who arrive meanwhile queue; when the leader's
batch is committed one of them leads the next batch with all that are queued.
There is no timer: a lone writer goes straight through.

Python runs one thread at a time, so who is woken when decides the speed:
members of a batch wake one another, one after the other (all at once costs
twice the processor time), and the last one to leave a small batch wakes the
next leader, who then finds those queued that have come back already.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock

from application.commands import CommitUnknownError
from infrastructure.event_log.member import Member, Result

BATCH_LIMIT = 64
# The next leader of a larger batch does not wait for all to leave: where other
# threads compute, each of them may wait 5 ms for the interpreter.
_SMALL = 16

Append = Callable[[Sequence[Member]], list[Result]]


class _Lead:
    """The right to hand the lead over, once, after the batch was run."""

    __slots__ = ("handed_over", "run")

    def __init__(self) -> None:
        self.run = False
        self.handed_over = False


class _Ticket:
    """A queued member and its thread, asleep on `turn` until settled or leading.

    `behind` is the next one of its batch, whom its thread wakes when it leaves.
    """

    __slots__ = ("behind", "error", "gone", "lead", "leads", "member", "result", "turn")

    def __init__(self, member: Member) -> None:
        self.member = member
        self.leads = False
        self.gone = False
        self.result: Result | None = None
        self.error: BaseException | None = None
        self.behind: _Ticket | None = None
        self.lead: _Lead | None = None
        self.turn = Lock()
        self.turn.acquire()

    def wait(self) -> None:
        """Sleep until settled or leading; being woken for nothing does no harm."""
        while not (self.leads or self.result or self.error):
            self.turn.acquire()

    def wake(self) -> None:
        with suppress(RuntimeError):  # woken already
            self.turn.release()

    def wake_behind(self) -> bool:
        """Wake the next of the batch that is still there; False where none is."""
        behind = self.behind
        while behind is not None:
            behind.wake()
            if not behind.gone:
                return True
            behind = behind.behind
        return False

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
                self._run_batch()
        except BaseException:
            # An interrupted thread must not be waited for as the next leader.
            self._abandon(ticket)
            raise
        finally:
            self._leave(ticket)
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

    def _run_batch(self) -> None:
        lead = _Lead()
        batch: list[_Ticket] = []
        try:
            with self._lock:
                self._fill(batch, lead)
            self._run(batch)
        except BaseException as error:
            # A leader that dies, even by an interrupt, must not leave others asleep.
            unknown = CommitUnknownError()
            unknown.__cause__ = error
            _fail(batch, unknown)
            raise
        finally:
            lead.run = True
            if not 1 <= len(batch) <= _SMALL:
                self._hand_over(lead)

    def _fill(self, batch: list[_Ticket], lead: _Lead) -> None:
        """Take the longest front of the queue in which no two members share a key."""
        taken: set[object] = set()
        while self._queue and len(batch) < BATCH_LIMIT:
            keys = self._queue[0].member.keys()
            if not taken.isdisjoint(keys):
                break
            taken |= keys
            ticket = self._queue.popleft()
            ticket.lead = lead
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

    def _leave(self, ticket: _Ticket) -> None:
        ticket.gone = True
        if not ticket.wake_behind() and ticket.lead is not None:
            self._hand_over(ticket.lead)

    def _hand_over(self, lead: _Lead) -> None:
        with self._lock:
            if lead.run and not lead.handed_over:
                lead.handed_over = True
                self._wake_next_leader()

    def _wake_next_leader(self) -> None:
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
                self._wake_next_leader()


def _fail(batch: list[_Ticket], error: BaseException) -> None:
    for ticket in batch:
        if ticket.result is None and ticket.error is None:
            ticket.error = error
