"""Commands that end when the process that started them ends.

Linux sends a process the signal it asked for by PR_SET_PDEATHSIG when its
parent dies, even by SIGKILL. The wish must be made in the child, after it has
changed its user (that clears it) and before it becomes the real program
(which keeps it). `preexec_fn` would do it between fork and exec, where a
program with threads may deadlock; so the child is first this file, as a
script, and then replaces itself with the command.

The kernel watches the *thread* that started the child: start tied commands
from a thread that lives as long as they should, best the main thread.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_PARENT_DIED = 75  # EX_TEMPFAIL of sysexits.h


class Account(NamedTuple):
    """A system account, as numbers, that a command runs under."""

    name: str
    uid: int
    gid: int


def tied(
    argv: Sequence[str], on_parent_death: signal.Signals, account: Account | None = None
) -> list[str]:
    """Wrap `argv` so that it gets `on_parent_death` when the caller's thread ends.

    With an `account` the command runs under it (the caller must be root).
    The command's first member must be a full path; its environment is kept.
    """
    uid, gid = (account.uid, account.gid) if account else (os.getuid(), os.getgid())
    shim = [sys.executable, "-I", "-S", str(Path(__file__).resolve())]
    return [*shim, str(os.getpid()), str(int(on_parent_death)), str(uid), str(gid), *argv]


def _take_account(uid: int, gid: int) -> None:
    if (os.getuid(), os.getgid()) == (uid, gid):
        return
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _ask_for_signal(number: int) -> None:
    prctl = getattr(ctypes.CDLL(None, use_errno=True), "prctl", None)
    if prctl is None:
        return  # macOS has none: there only an orderly stop ends the child
    if prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def main(arguments: Sequence[str]) -> None:
    """Become the command: PARENT SIGNAL UID GID COMMAND…; never returns."""
    parent, number, uid, gid = (int(value) for value in arguments[:4])
    command = list(arguments[4:])
    _take_account(uid, gid)
    _ask_for_signal(number)
    if os.getppid() != parent:
        sys.exit(_PARENT_DIED)  # it died before the wish was made
    os.execv(command[0], command)  # noqa: S606 - becoming the command is the purpose


if __name__ == "__main__":
    main(sys.argv[1:])
