"""The product's processes as one tree: started, watched, restarted, stopped together.

Every child ends when the supervisor ends, even by SIGKILL, and the supervisor
ends its children in reverse order when it is told to stop.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import IO, TextIO

from infrastructure.lifeline import tied

_TICK = 0.1  # seconds between two looks at the children
_UPKEEP_EVERY = 1.0  # seconds
_LONG_LIFE = 30.0  # seconds after which a child has proved itself and its pause resets
_FREE_PORT_TRIES = 100


@dataclass(frozen=True, slots=True)
class ChildCommand:
    """A process to run: its name in the log, the command, variables to add.

    The command's first member is a full path. `stops_within` is how many
    seconds it has after SIGTERM before it is killed.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    stops_within: float = 10.0


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """Pauses in seconds between restarts: doubling from `first` to `longest`."""

    first: float = 0.5
    longest: float = 30.0

    def pause(self, crashes: int) -> float:
        """How long to wait after that many crashes in a row (1, 2, …)."""
        return min(self.longest, self.first * 2.0 ** min(crashes - 1, 30))


class _Child:
    """One child's life: its process, its crashes, when it may start again."""

    def __init__(
        self, command: ChildCommand, policy: RestartPolicy, tell: Callable[[str], None]
    ) -> None:
        self.command = command
        self._policy = policy
        self._tell = tell
        self._crashes = 0
        self._due = 0.0
        self._began = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """A session of its own keeps the terminal's Ctrl-C for the supervisor."""
        self._process = subprocess.Popen(  # noqa: S603 - commands come from our own code
            tied(self.command.argv, signal.SIGKILL),
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.command.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._began = time.monotonic()
        self._reader = threading.Thread(target=self._relay, args=(self._process.stdout,))
        self._reader.start()

    def tend(self) -> None:
        """Notice a crash and, when its pause is over, start again."""
        if self._process is None:
            if time.monotonic() >= self._due:
                self.start()
        elif self._process.poll() is not None:
            self._note_crash(self._process)

    def stop(self) -> None:
        """SIGTERM, patience, SIGKILL; also for what the child itself started."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(self.command.stops_within)
        except subprocess.TimeoutExpired:
            self._tell(f"{self.command.name} did not stop in time and is killed")
        self._bury(process)

    def _note_crash(self, process: subprocess.Popen[bytes]) -> None:
        self._process = None
        self._bury(process)
        lived = time.monotonic() - self._began
        self._crashes = 1 if lived > _LONG_LIFE else self._crashes + 1
        pause = self._policy.pause(self._crashes)
        self._due = time.monotonic() + pause
        self._tell(f"{self.command.name} ended ({process.returncode}); again in {pause:g} s")

    def _bury(self, process: subprocess.Popen[bytes]) -> None:
        """Leave nothing of the child's session, and read its last words."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if self._reader is not None:
            self._reader.join()
        if process.stdout is not None:
            process.stdout.close()

    def _relay(self, output: IO[bytes] | None) -> None:
        for line in output or ():
            self._tell(f"{self.command.name:<10} | {line.decode(errors='replace').rstrip()}")


class Supervisor:
    """Runs named children until it is told to stop.

    Start it from the main thread: children are tied to the thread, and signals
    arrive there. `upkeep` is called once a second, e.g. to keep the embedded
    database running; what it raises stops everything.
    """

    def __init__(
        self,
        policy: RestartPolicy | None = None,
        out: TextIO = sys.stdout,
        upkeep: Callable[[], None] = lambda: None,
    ) -> None:
        self._policy = policy or RestartPolicy()
        self._out = out
        self._upkeep = upkeep
        self._children: list[_Child] = []
        self._stopping = False
        self._upkeep_due = 0.0
        self._writing = threading.Lock()

    def start(self, command: ChildCommand) -> None:
        """Start a child at once; later ones are stopped before earlier ones."""
        child = _Child(command, self._policy, self._tell)
        self._children.append(child)
        child.start()

    @property
    def pids(self) -> dict[str, int]:
        """The living children's process ids by name."""
        return {child.command.name: child.pid for child in self._children if child.pid is not None}

    def run(self) -> int:
        """Watch until SIGINT, SIGTERM or `request_stop`, then stop everything.

        Returns the process's exit code: 0 after an orderly stop. A second
        signal does not hurry it; each child's time is bounded.
        """
        before = {number: signal.signal(number, self._on_signal) for number in _STOP_SIGNALS}
        try:
            while not self._stopping:
                self._tend()
        finally:
            self.stop()
            for number, handler in before.items():
                signal.signal(number, handler)
        return 0

    def request_stop(self) -> None:
        """Make `run` stop the children and return; from any thread."""
        self._stopping = True

    def stop(self) -> None:
        """Stop every child, the last started first; repeating it does nothing."""
        for child in reversed(self._children):
            child.stop()

    def _tend(self) -> None:
        if time.monotonic() >= self._upkeep_due:
            self._upkeep()
            self._upkeep_due = time.monotonic() + _UPKEEP_EVERY
        for child in self._children:
            child.tend()
        time.sleep(_TICK)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.request_stop()

    def _tell(self, line: str) -> None:
        with self._writing:
            print(line, file=self._out, flush=True)


_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def free_port(wanted: int, host: str = "127.0.0.1", taken: frozenset[int] = frozenset()) -> int:
    """`wanted`, or the next port above it that nobody listens on and is not `taken`.

    The port is free now; a stranger may still take it before it is used.

    Raises:
        OSError: none of the next hundred is free.
    """
    for port in range(wanted, min(wanted + _FREE_PORT_TRIES, 65_536)):
        if port not in taken and _is_free(host, port):
            return port
    message = f"no free port from {wanted} on"
    raise OSError(message)


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
