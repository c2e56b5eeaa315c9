"""`jiawu run` as real processes in a state directory of the test's own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
READY = "按 Ctrl-C 停止。"
_PROGRAM = "import sys; from interface.cli import main; sys.exit(main())"
_PAUSE = threading.Event()  # never set


def wait_until(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        _PAUSE.wait(0.02)


def free_ports() -> tuple[int, int, int]:
    """Three ports that nobody listens on now."""
    with socket.socket() as one, socket.socket() as two, socket.socket() as three:
        sockets = (one, two, three)
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        first, second, third = (each.getsockname()[1] for each in sockets)
        return first, second, third


@dataclass
class Installation:
    """A state directory with its ports; `environment` is all that its processes are told."""

    directory: Path
    environment: dict[str, str]

    @property
    def account_url(self) -> str:
        return f"http://127.0.0.1:{self.environment['JIAWU_SIMULATOR_ACCOUNT_PORT']}"

    def with_variables(self, variables: Mapping[str, str]) -> "Installation":
        return Installation(self.directory, {**self.environment, **variables})

    def command(self, *arguments: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run `jiawu` to its end."""
        return subprocess.run(
            _argv(arguments),
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    @contextmanager
    def running(self, *options: str) -> Iterator["Running"]:
        """`jiawu run`, ready; nothing of it is left behind."""
        started = Running(
            subprocess.Popen(
                _argv([*options, "run"]),
                cwd=self.directory,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        try:
            started.wait_for(READY)
            yield started
        finally:
            started.kill()


def _argv(arguments: list[str] | tuple[str, ...]) -> list[str]:
    return [sys.executable, "-c", _PROGRAM, *arguments]


@dataclass
class Running:
    """A started `jiawu run` and what it has said."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    _reader: threading.Thread | None = None

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def said(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, text: str) -> None:
        wait_until(lambda: text in self.said or self.process.poll() is not None, 60)
        assert text in self.said, self.said

    @property
    def url(self) -> str:
        """The address it told."""
        told = next(line for line in self.lines if line.startswith("家务已启动："))
        return told.removeprefix("家务已启动：")

    def tree(self) -> list[psutil.Process]:
        """This process and all below it."""
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]

    def stop(self, number: signal.Signals) -> int:
        """Signal it and wait for its end; returns the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(30)
        self._finish()
        return code

    def kill(self) -> None:
        """SIGKILL for the whole tree at once; repeating it does nothing."""
        if self.process.poll() is None:
            tree = self.tree()
            for each in tree:
                _kill(each)
            self.process.wait(10)
            wait_until(lambda: not any(living(each) for each in tree))
        self._finish()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.append(line.rstrip("\n"))

    def _finish(self) -> None:
        if self._reader is not None:
            self._reader.join()
        if self.process.stdout is not None:
            self.process.stdout.close()


def _kill(process: psutil.Process) -> None:
    if living(process):
        os.kill(process.pid, signal.SIGKILL)


def living(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@contextmanager
def installation() -> Iterator[Installation]:
    """An empty state directory that the database's account may enter."""
    directory = Path(tempfile.mkdtemp(prefix="jiawu-run-"))
    directory.chmod(0o711)
    port, pay, account = (str(each) for each in free_ports())
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    try:
        yield Installation(
            directory,
            {
                **inherited,
                "PYTHONPATH": str(ROOT),
                "JIAWU_DEMO": "1",
                "JIAWU_STATE_DIRECTORY": str(directory / "state"),
                "JIAWU_PORT": port,
                "JIAWU_SIMULATOR_PAY_PORT": pay,
                "JIAWU_SIMULATOR_ACCOUNT_PORT": account,
            },
        )
    finally:
        shutil.rmtree(directory)
