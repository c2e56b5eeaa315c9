"""Named points at which a process may be killed; tests do it, production never notices.

`reached` does nothing unless somebody watches. A simulation watches, ends the
simulated process there, and asserts at the end that each point was met.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

Watcher = Callable[["CrashPoint"], None]


class CrashPoint(StrEnum):
    """Where a crash hurts most: between an effect and the note that it happened."""

    LOG_APPENDING = "log.appending"  # a command is decided, nothing is sent
    LOG_APPENDED = "log.appended"  # committed, its caller not yet told
    NOTICE_KEPT = "notice.kept"  # raw bytes kept, not interpreted
    SUCCESS_STATED = "success.stated"  # money stated, WeChat not yet answered
    PREPAY_ANSWERED = "prepay.answered"  # WeChat took the order, we know nothing
    CLOSE_ANSWERED = "close.answered"  # WeChat closed the order, we know nothing
    QUERY_ANSWERED = "query.answered"  # WeChat told a success, we know nothing
    ERRAND_CLAIMED = "errand.claimed"  # the outbox row is locked, no call made
    ERRAND_DONE = "errand.done"  # the call is made, its row not marked
    DEADLINE_CLAIMED = "deadline.claimed"  # the deadline's row is locked, nothing done
    DEADLINE_DONE = "deadline.done"  # its command is done, its row not marked
    POLICY_REACTED = "policy.reacted"  # a policy's command is done, its position unmoved
    PROJECTION_APPLIED = "projection.applied"  # rows written, not committed


def _nobody(_: CrashPoint) -> None:
    """Production: nothing happens."""


_watcher: Watcher = _nobody


def reached(point: CrashPoint) -> None:
    """Say that the process has come this far."""
    _watcher(point)


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Have `watcher` called at every point; it may raise. One at a time in a process."""
    global _watcher  # noqa: PLW0603 - one hook for the whole process is the purpose
    _watcher = watcher
    try:
        yield
    finally:
        _watcher = _nobody
