"""The process tree, with real processes."""

import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from infrastructure.process_tree import ChildCommand, RestartPolicy, Supervisor, free_port

ROOT = Path(__file__).parents[2]
QUICK = RestartPolicy(first=0.05, longest=0.1)
WAITING = "import signal; print('waiting'); signal.pause()"
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('waiting')\n"
    "while True: signal.pause()"
)
TREE = """
import sys
from infrastructure.process_tree import ChildCommand, Supervisor
waiting = "import signal; print('waiting', flush=True); signal.pause()"
def tell():
    print("pids", *supervisor.pids.values(), flush=True)
supervisor = Supervisor(upkeep=tell)
for name in ("one", "two"):
    supervisor.start(ChildCommand(name, [sys.executable, "-c", waiting]))
sys.exit(supervisor.run())
"""


def python(name: str, code: str, stops_within: float = 5.0) -> ChildCommand:
    return ChildCommand(name, [sys.executable, "-c", code], stops_within=stops_within)


PAUSE = threading.Event()  # never set


def wait_until(holds: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        PAUSE.wait(0.01)


def living(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def run_until(supervisor: Supervisor, holds: Callable[[], bool]) -> int:
    """Run the supervisor here while another thread waits for `holds`."""

    def stop_then() -> None:
        try:
            wait_until(holds)
        finally:
            supervisor.request_stop()

    watcher = threading.Thread(target=stop_then)
    watcher.start()
    code = supervisor.run()
    watcher.join()
    return code


def test_lines_carry_the_childs_name() -> None:
    out = io.StringIO()
    supervisor = Supervisor(QUICK, out)
    supervisor.start(python("web", WAITING))
    assert run_until(supervisor, lambda: "web        | waiting" in out.getvalue()) == 0


def test_children_are_stopped_in_reverse_order() -> None:
    out = io.StringIO()
    supervisor = Supervisor(QUICK, out)
    told = "import signal, sys\ndef bye(*_): print('bye'); sys.exit()\n"
    told += "signal.signal(signal.SIGTERM, bye); print('waiting'); signal.pause()"
    for name in ("first", "second"):
        supervisor.start(python(name, told))
    run_until(supervisor, lambda: out.getvalue().count("waiting") == 2)
    assert out.getvalue().index("second     | bye") < out.getvalue().index("first      | bye")


def test_a_child_that_ignores_the_request_is_killed_in_time() -> None:
    out = io.StringIO()
    supervisor = Supervisor(QUICK, out)
    supervisor.start(python("deaf", STUBBORN, stops_within=0.3))
    pid = supervisor.pids["deaf"]
    run_until(supervisor, lambda: "waiting" in out.getvalue())
    assert not living(pid)
    assert "deaf did not stop in time" in out.getvalue()


def test_a_killed_child_is_started_again() -> None:
    out = io.StringIO()
    supervisor = Supervisor(QUICK, out)
    supervisor.start(python("web", WAITING))
    first = supervisor.pids["web"]
    os.kill(first, signal.SIGKILL)
    run_until(supervisor, lambda: supervisor.pids.get("web", first) != first)
    assert "web ended (-9); again in 0.05 s" in out.getvalue()


def test_what_a_child_started_ends_with_it() -> None:
    out = io.StringIO()
    supervisor = Supervisor(QUICK, out)
    code = (
        "import signal, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\n"
        "print('grandchild', child.pid); signal.pause()"
    )
    supervisor.start(python("web", code))
    run_until(supervisor, lambda: "grandchild" in out.getvalue())
    grandchild = int(out.getvalue().split("grandchild ")[1].split()[0])
    wait_until(lambda: not living(grandchild))


@pytest.mark.parametrize(
    ("crashes", "seconds"), [(1, 0.5), (2, 1.0), (3, 2.0), (7, 30.0), (2_000, 30.0)]
)
def test_pauses_double_up_to_a_limit(crashes: int, seconds: float) -> None:
    assert RestartPolicy().pause(crashes) == seconds


def test_upkeep_is_called_while_running() -> None:
    calls: list[int] = []
    supervisor = Supervisor(QUICK, io.StringIO(), upkeep=lambda: calls.append(1))
    run_until(supervisor, lambda: len(calls) >= 2)
    assert len(calls) >= 2


def start_tree() -> tuple[subprocess.Popen[str], list[int]]:
    tree = subprocess.Popen(
        [sys.executable, "-c", TREE], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert tree.stdout is not None
    lines = iter(tree.stdout.readline, "")
    told = next(line for line in lines if line.startswith("pids"))
    return tree, [int(pid) for pid in told.split()[1:]]


def test_children_die_with_a_killed_supervisor() -> None:
    tree, pids = start_tree()
    assert all(living(pid) for pid in pids)
    tree.kill()
    tree.communicate()
    wait_until(lambda: not any(living(pid) for pid in pids))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_tree_in_order(number: signal.Signals) -> None:
    tree, pids = start_tree()
    tree.send_signal(number)
    tree.communicate()
    assert tree.returncode == 0
    assert not any(living(pid) for pid in pids)


def test_a_free_port_is_kept_and_a_taken_one_replaced() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        replacement = free_port(port)
        assert replacement > port
        assert free_port(replacement) == replacement
        assert free_port(port, taken=frozenset({replacement})) > replacement
