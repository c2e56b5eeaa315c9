"""What runs inside a worker process: threads that do one thing over and over.

Only the standard library, because the peers' workers run it in an environment
of their own. A worker reads one JSON line a cell, says `ready` when its threads
are connected and warm, starts at the next line, and answers with one JSON line.
"""

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from threading import Barrier, Event, Thread
from time import perf_counter

WARM_UPS = 20

# Does it once; returns how many it did: 1 append, n events read, 0 for a refusal.
Act = Callable[[], int]
# Opens one thread's own connection or takes part in a shared one.
OpenAct = Callable[[], Act]
# A kind of work on the database with this URL.
Kind = Callable[[str], AbstractContextManager[OpenAct]]


@dataclass
class Tally:
    """What one thread did."""

    done: int = 0
    latencies: list[float] = field(default_factory=list)


@dataclass
class Result:
    """What a cell did in one process; latency in milliseconds."""

    done: int
    seconds: float
    p99_ms: float


@dataclass
class Run:
    """One cell in one process: its threads, warmed up and started together."""

    open_act: OpenAct
    threads: int
    warm_ups: int = WARM_UPS
    started: Barrier = field(init=False)
    warm: Barrier = field(init=False)
    stopped: Event = field(default_factory=Event)
    tallies: list[Tally] = field(default_factory=list)
    failed: bool = False

    def __post_init__(self) -> None:
        self.warm = Barrier(self.threads + 1)
        self.started = Barrier(self.threads + 1)

    def measure(self, seconds: float, when_ready: Callable[[], None]) -> Result:
        self.tallies = [Tally() for _ in range(self.threads)]
        threads = [Thread(target=self._work, args=(tally,)) for tally in self.tallies]
        for thread in threads:
            thread.start()
        self.warm.wait()
        when_ready()
        self.started.wait()
        begun = perf_counter()
        self.stopped.wait(seconds)
        self.stopped.set()
        elapsed = perf_counter() - begun
        for thread in threads:
            thread.join()
        if self.failed:
            raise RuntimeError
        return self._result(elapsed)

    def _work(self, tally: Tally) -> None:
        try:
            self._repeat(tally)
        except BaseException:
            # The others must not wait for it: the cell fails, and the worker with it.
            self.warm.abort()
            self.started.abort()
            self.failed = True
            raise

    def _repeat(self, tally: Tally) -> None:
        act = self.open_act()
        for _ in range(self.warm_ups):
            act()
        self.warm.wait()
        self.started.wait()
        while not self.stopped.is_set():
            begun = perf_counter()
            tally.done += act()
            tally.latencies.append(perf_counter() - begun)

    def _result(self, elapsed: float) -> Result:
        latencies = sorted(one for tally in self.tallies for one in tally.latencies)
        p99 = latencies[int(len(latencies) * 0.99)] if latencies else 0.0
        return Result(sum(tally.done for tally in self.tallies), elapsed, p99 * 1000)


def serve(kinds: Mapping[str, Kind]) -> None:
    """Answer cells from standard input until it ends."""
    for line in sys.stdin:
        cell = json.loads(line)
        with kinds[cell["kind"]](cell["url"]) as open_act:
            run = Run(open_act, cell["threads"])
            _say(asdict(run.measure(cell["seconds"], _wait_for_start)))


def _wait_for_start() -> None:
    _say("ready")
    sys.stdin.readline()


def _say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
