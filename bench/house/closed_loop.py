"""Clients that each wait for one answer before they ask again, all at the same time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from time import perf_counter

from bench.house.caller import Caller, Sample
from bench.measure import Run

# One client's doing, a step at each next().
Steps = Callable[[Caller, int], Iterator[None]]


@dataclass(frozen=True)
class Window:
    """What was answered while all clients ran, warm-up and end left out."""

    seconds: float
    samples: Sequence[Sample]
    everything: Sequence[Sample]

    def per_second(self, *names: str) -> float:
        return sum(each.name in names for each in self.samples) / self.seconds


def closed_loop(port: int, clients: int, seconds: float, warm_ups: int, steps: Steps) -> Window:
    """Run `steps(caller, number)` for each client; they start together when all are warm."""
    with ExitStack() as stack:
        callers = [stack.enter_context(closing(Caller(port))) for _ in range(clients)]
        doing = iter([steps(caller, number) for number, caller in enumerate(callers)])
        run = Run(lambda: _act(next(doing)), clients, warm_ups)
        began: list[float] = []
        result = run.measure(seconds, lambda: began.append(perf_counter()))
    everything = [sample for caller in callers for sample in caller.samples]
    end = began[0] + result.seconds
    inside = [each for each in everything if began[0] <= each.ended < end]
    return Window(result.seconds, inside, everything)


def _act(steps: Iterator[None]) -> Callable[[], int]:
    def act() -> int:
        next(steps)
        return 1

    return act
