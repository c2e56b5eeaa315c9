"""Worker processes, driven from outside: they start a cell together."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from bench.measure import Result

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Cell:
    """One measurement: what, where, by how many threads in how many processes."""

    kind: str
    url: str
    threads: int = 1
    processes: int = 1


class Worker:
    """One process that runs cells; see measure.serve."""

    def __init__(self, python: Path, module: str) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [str(python), "-m", module],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, message: object) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def hear(self) -> Any:  # noqa: ANN401 - JSON
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        line = self._process.stdout.readline()
        if not line:
            message = f"a worker ended with {self._process.wait()}"
            raise RuntimeError(message)
        return json.loads(line)

    def close(self) -> None:
        self._process.communicate()


class Crew:
    """The workers of one environment."""

    def __init__(self, python: Path, module: str, size: int) -> None:
        self._workers = [Worker(python, module) for _ in range(size)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.close()

    def measure(self, cell: Cell, seconds: float) -> Result:
        """Run the cell in its processes at the same time; rates add up."""
        workers = self._workers[: cell.processes]
        order = {
            "kind": cell.kind,
            "url": cell.url,
            "threads": cell.threads,
            "seconds": seconds,
        }
        for worker in workers:
            worker.tell(order)
        for worker in workers:
            worker.hear()
        for worker in workers:
            worker.tell("go")
        return _together([Result(**worker.hear()) for worker in workers])


def _together(results: Sequence[Result]) -> Result:
    return Result(
        sum(result.done for result in results),
        max(result.seconds for result in results),
        max(result.p99_ms for result in results),
    )
