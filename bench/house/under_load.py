"""The product under load: paid lives beside the bare endpoint, then the lag and the memory."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from pathlib import Path
from statistics import median
from typing import Final
from uuid import uuid4

from bench.house import bare
from bench.house.caller import Caller, Sample, took_ms
from bench.house.closed_loop import Window, closed_loop
from bench.house.commands import Commands
from bench.house.history import LifeStory, buyers
from bench.house.lag import measure_lag
from bench.house.lives import (
    BOARD,
    BOOK,
    COMMANDS,
    COMPLETE,
    LIST,
    PAY,
    Lives,
    differences,
    facts_since,
)
from bench.house.memory import memory_mib
from bench.house.people import settled
from bench.house.sizes import Sizes
from bench.installation import FIRST_PORT, demo_settings, migrated, running, until, wait_for
from bench.notices.processor import processor_seconds
from bench.percentiles import percentile
from bench.verdict import Verdicts, judged
from infrastructure.embedded_postgres import OWNER_ROLE, EmbeddedPostgres
from infrastructure.process_tree import free_port
from interface.cli.processes import open_household
from interface.household import Household

_DATABASE: Final = "bench_load"
_BARE: Final = "insert"
_WARM_UPS: Final = 20


@dataclass(frozen=True)
class Running:
    """The product's processes by name, and its household in this one."""

    house: Household
    processes: dict[str, int]
    bare_port: int


@dataclass
class Rounds:
    """What the rounds came to."""

    bare: list[Window] = field(default_factory=list)
    lives: list[Window] = field(default_factory=list)

    @property
    def life_samples(self) -> list[Sample]:
        return [sample for window in self.lives for sample in window.samples]


def measure_under_load(
    directory: Path, server: EmbeddedPostgres, sizes: Sizes, product: Commands
) -> Verdicts:
    """All figures of a product that is at work."""
    with _started(directory, server, product) as at:
        rounds, verdicts = _measure_lives(at, sizes)
        _tell_latencies(rounds)
        verdicts |= _measure_lag(at.house, sizes)
        held = memory_mib(at.processes)
    for name, (rss, pss) in held.items():
        print(f"{name:12} holds {rss:6.0f} MiB (RSS), {pss:6.0f} MiB (PSS)")
    return verdicts | {f"memory_{name}_pss_mib": judged(pss) for name, (_, pss) in held.items()}


@contextmanager
def _started(directory: Path, server: EmbeddedPostgres, product: Commands) -> Iterator[Running]:
    settings = demo_settings(directory, migrated(server, _DATABASE))
    port = free_port(FIRST_PORT + 300)
    commands = {
        **product("simulators", "feed", "worker", "web"),
        "bare": ["-m", bare.__name__, str(port), server.url(_DATABASE, OWNER_ROLE)],
    }
    with open_household(settings) as house:
        house.feed.install()
        house.deadlines.install()
        with running(directory, settings, commands) as processes:
            wait_for(settings.simulator_pay_port, port, settings.port)
            yield Running(house, {**processes, "postgres": server.pid or 0}, port)


# -- paid lives


def _measure_lives(at: Running, sizes: Sizes) -> tuple[Rounds, Verdicts]:
    """Bare and whole in turns, and what the log says of it."""
    settings = at.house.settings
    lives = Lives(
        settled(at.house, sizes.clients, sizes.workers_a_client),
        settings.port,
        settings.simulator_pay_port,
    )
    until(partial(is_level, at.house))
    position, rounds = at.house.feed.lags()[0], Rounds()
    used: dict[str, float] = {}
    for _ in range(sizes.rounds):
        rounds.bare.append(_bare(at, sizes))
        before = processor_seconds(at.processes | {"clients": os.getpid()})
        rounds.lives.append(lives.measure(sizes.life_seconds))
        level_after = until(partial(is_level, at.house))
        after = processor_seconds(at.processes | {"clients": os.getpid()})
        used = {name: used.get(name, 0) + after[name] - before[name] for name in after}
        _tell_round(rounds, level_after)
    everything = [sample for window in rounds.lives for sample in window.everything]
    apart = differences(facts_since(at.house, position), everything)
    _tell_processor_time(used, sum(each.name in COMMANDS for each in everything))
    return rounds, _verdicts_of(rounds) | {"lives_unlike_the_log": judged(apart, 0, at_most=True)}


def _bare(at: Running, sizes: Sizes) -> Window:
    return closed_loop(at.bare_port, sizes.clients, sizes.bare_seconds, _WARM_UPS, _inserts)


def _inserts(caller: Caller, number: int) -> Iterator[None]:
    while True:
        caller.post(_BARE, bare.PATH, {"stream_id": str(uuid4()), "actor": f"customer:{number}"})
        yield


def is_level(house: Household) -> bool:
    """Whether every projection and policy has read the whole log, and no call is due."""
    return not any(house.feed.lags()[1].values()) and house.outbox.waiting().count == 0


def _verdicts_of(rounds: Rounds) -> Verdicts:
    commands = [each.per_second(*COMMANDS) for each in rounds.lives]
    bares = [each.per_second(_BARE) for each in rounds.bare]
    ratios = [over / under for over, under in zip(commands, bares, strict=True)]
    orders = [each.per_second(COMPLETE) for each in rounds.lives]
    return {
        "bare_requests_per_second": judged(median(bares)),
        "commands_per_second": judged(median(commands)),
        "orders_per_second": judged(median(orders)),
        "commands_to_bare_requests": judged(median(ratios), 0.5, 0.35),
        **_latencies(rounds),
    }


def _latencies(rounds: Rounds) -> Verdicts:
    verdicts: Verdicts = {}
    for name in (BOOK, PAY, BOARD, LIST):
        took = took_ms(rounds.life_samples, name)
        if took:  # a short round may see none
            verdicts[f"{name}_p50_ms"] = judged(percentile(took, 50))
            verdicts[f"{name}_p99_ms"] = judged(percentile(took, 99))
    return verdicts


def _tell_round(rounds: Rounds, level_after: float) -> None:
    whole, plain = rounds.lives[-1], rounds.bare[-1]
    print(
        f"bare {plain.per_second(_BARE):,.0f} requests/s; lives"
        f" {whole.per_second(*COMMANDS):,.0f} commands/s, {whole.per_second(COMPLETE):,.1f}"
        f" orders/s; all level {level_after:.1f} s later",
        flush=True,
    )


def _tell_latencies(rounds: Rounds) -> None:
    print(f"\n{'under the load of paid lives':32}{'answers':>9}{'p50 ms':>9}{'p99 ms':>9}")
    samples = rounds.life_samples
    for name in dict.fromkeys(sample.name for sample in samples):
        took = took_ms(samples, name)
        print(f"{name:32}{len(took):9,}{percentile(took, 50):9.1f}{percentile(took, 99):9.1f}")


def _tell_processor_time(used: Mapping[str, float], commands: int) -> None:
    told = ", ".join(f"{name} {seconds * 1000 / commands:.2f}" for name, seconds in used.items())
    print(f"processor ms a command: {told}")


# -- lag


def _measure_lag(house: Household, sizes: Sizes) -> Verdicts:
    story = LifeStory(house.clock.now())
    (buyer,) = buyers(house, 1)
    lives = (story.copy(number, buyer, story.events, orders_only=True) for number in range(10**6))
    events = list(islice(chain.from_iterable(lives), round(sizes.lag_rate * sizes.lag_seconds)))
    lags, rate = measure_lag(house, events, sizes.lag_rate)
    p50, p99 = percentile(lags, 50), percentile(lags, 99)
    print(
        f"\nlag at {rate:.0f} events/s: p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {lags[-1]:.1f} ms"
    )
    return {
        "lag_events_per_second": judged(rate),
        "lag_p50_ms": judged(p50),
        "lag_p99_ms": judged(p99, 100, at_most=True),
    }
