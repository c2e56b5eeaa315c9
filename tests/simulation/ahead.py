"""The long set of days runs beside the other tests: it takes minutes, and they leave time idle."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import pytest

SEEDS: Final = 300
PROCESSES: Final = 2
_AWAITED_BY: Final = "test_every_invariant_holds_through_three_hundred_days_of_faults"
_ROOT: Final = Path(__file__).parents[2]


class DaysAhead:
    """Begins when the test that awaits the days is collected, however late it runs."""

    def __init__(self) -> None:
        self._running: list[subprocess.Popen[bytes]] = []
        self._directory: Path | None = None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if any(item.name == _AWAITED_BY for item in session.items):
            self._directory = Path(tempfile.mkdtemp(prefix="jiawu-days-"))
            self._running = [
                subprocess.Popen(_command(self._directory, number), cwd=_ROOT)
                for number in range(PROCESSES)
            ]

    def ended(self) -> list[int]:
        """Waits for all; the exit codes."""
        return [process.wait() for process in self._running]

    def runs(self) -> list[dict[str, Any]]:
        """What the seeds reported."""
        assert self._directory is not None
        reports = [_report(self._directory, number) for number in range(PROCESSES)]
        return [run for each in reports for run in json.loads(each.read_text(encoding="utf-8"))]

    def pytest_sessionfinish(self) -> None:
        """Leave nothing behind, also where the run was given up."""
        for process in self._running:
            process.terminate()
            process.wait()
        if self._directory is not None:
            shutil.rmtree(self._directory)


def _command(directory: Path, number: int) -> list[str]:
    """A share of the seeds, on a server of its own, giving way to the other tests."""
    share = SEEDS // PROCESSES
    return [
        *("nice", sys.executable, "-m", "tests.simulation"),
        *("--seeds", f"{number * share}-{(number + 1) * share - 1}"),
        *("--report", str(_report(directory, number))),
    ]


def _report(directory: Path, number: int) -> Path:
    return directory / f"{number}.json"
