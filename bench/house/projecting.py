"""How fast projections follow a long log, and how fast they are rebuilt while people read."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain, count, islice
from pathlib import Path
from threading import Event, Thread
from time import perf_counter
from typing import Final
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from application.access import SubjectKind
from application.event_map import ALL_PROJECTIONS, PROJECTIONS
from bench.house.caller import Caller, RefusedError, Sample, took_ms
from bench.house.commands import Commands
from bench.house.history import Buyer, LifeStory, buyers, fill
from bench.house.lives import BOARD, LIST, OFFICE
from bench.house.people import staffed
from bench.house.sizes import Sizes
from bench.installation import demo_settings, migrated, running, wait_for
from bench.percentiles import percentile
from bench.verdict import Verdicts, judged
from infrastructure.embedded_postgres import EmbeddedPostgres
from infrastructure.feed.batch import Batch
from infrastructure.feed.feed import Feed
from infrastructure.feed.projector import Projector
from infrastructure.feed.reader import LogReader
from infrastructure.feed.routing import routes
from interface.cli.processes import open_household
from interface.household import Household

_DATABASE: Final = "bench_projecting"
_BUYERS: Final = 1_000
# So many read while a rebuild goes on, each so often: as people do, not as a load.
_READERS: Final = 3
_READ_EVERY_SECONDS: Final = 0.4


@dataclass
class Timed:
    """A projector, and how long its batches took it."""

    projector: Projector
    seconds: float = 0.0
    name: str = field(init=False)
    independent: bool = field(init=False)

    def __post_init__(self) -> None:
        self.name = self.projector.name
        self.independent = self.projector.independent

    def install(self) -> None:
        self.projector.install()

    def position(self) -> int:
        return self.projector.position()

    def advance(self, batch: Batch) -> int | None:
        began = perf_counter()
        try:
            return self.projector.advance(batch)
        finally:
            self.seconds += perf_counter() - began


def catch_up(house: Household) -> tuple[float, list[Timed]]:
    """All projections, no policies, in this process and thread; seconds, of all and of each."""
    table = routes(PROJECTIONS)
    followers = [
        Timed(Projector(house.engine, each, table, house.vault)) for each in ALL_PROJECTIONS
    ]
    feed = Feed(LogReader(house.engine), followers, house.failures)
    feed.install()
    began = perf_counter()
    feed.catch_up()
    seconds = perf_counter() - began
    _check_level(feed)
    return seconds, followers


def measure_projecting(
    directory: Path, server: EmbeddedPostgres, sizes: Sizes, product: Commands
) -> Verdicts:
    """The rate of catching up with a log of that many events, and a rebuild of all."""
    settings = demo_settings(directory, migrated(server, _DATABASE))
    with open_household(settings) as house:
        people = buyers(house, min(_BUYERS, sizes.history_events // 10))
        events = fill(house, _history(house, people, sizes.history_events))
        verdicts = _measure_rates(house, events)
        house.deadlines.install()
        with running(directory, settings, product("web")):
            wait_for(settings.port)
            return verdicts | _measure_rebuild(house, people)


def _history(house: Household, people: list[Buyer], most: int) -> Iterator[StoredEvent]:
    """Whole lives, one after the other."""
    story = LifeStory(house.clock.now())
    lives = (story.copy(n, people[n % len(people)], story.events) for n in count())
    return islice(chain.from_iterable(lives), most)


def _check_level(feed: Feed) -> None:
    """A projection that stands still would look fast."""
    behind = {name: lag for name, lag in feed.lags()[1].items() if lag}
    if behind:
        message = f"not level: {behind}"
        raise RuntimeError(message)


def _measure_rates(house: Household, events: int) -> Verdicts:
    seconds, followers = catch_up(house)
    print(f"{events:,} events through all projections in {seconds:.1f} s")
    verdicts = {"projection_events_per_second": judged(events / seconds, 15_000, 10_500)}
    for each in sorted(followers, key=lambda timed: -timed.seconds):
        rate = events / max(each.seconds, 0.001)
        print(f"  {each.name:24}{each.seconds:7.2f} s {rate:12,.0f} events/s")
        verdicts[f"{each.name}_events_per_second"] = judged(rate)
    return verdicts


# -- rebuilding while people read


@dataclass
class Reading:
    """What readers met while a rebuild went on."""

    samples: list[Sample] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def _measure_rebuild(house: Household, people: list[Buyer]) -> Verdicts:
    reading, stop = Reading(), Event()
    readers = [Thread(target=_read, args=(house, people, reading, stop)) for _ in range(_READERS)]
    for reader in readers:
        reader.start()
    began = perf_counter()
    rebuilt = list(house.rebuilding.rebuild(house.rebuilding.names, lambda _done, _of: None))
    seconds = perf_counter() - began
    stop.set()
    for reader in readers:
        reader.join()
    took = took_ms(reading.samples)
    print(
        f"rebuilt {len(rebuilt)} projections in {seconds:.1f} s; {len(took)} pages were read"
        f" meanwhile, p99 {percentile(took, 99):.0f} ms, {len(reading.failed)} failed"
    )
    print("\n".join(reading.failed[:3]))
    differing = sum(each.comparison.differing for each in rebuilt)
    unswitched = sum(not each.switched for each in rebuilt)
    return {
        "rebuild_seconds": judged(seconds, 20, at_most=True),
        "rebuild_rows_compared": judged(sum(each.comparison.rows for each in rebuilt)),
        "rebuild_rows_differing": judged(differing, 0, at_most=True),
        "rebuild_not_switched": judged(unswitched, 0, at_most=True),
        "rebuild_reads": judged(len(took)),
        "rebuild_reads_failed": judged(len(reading.failed), 0, at_most=True),
        "rebuild_read_p99_ms": judged(percentile(took, 99)),
    }


def _read(house: Household, people: list[Buyer], reading: Reading, stop: Event) -> None:
    """Board, search and customers' lists in turns, a breath between."""
    office = staffed(house)
    sessions = [_session(house, each.customer_id) for each in people[:10]]
    with closing(Caller(house.settings.port)) as caller:
        for turn in count():
            if stop.wait(_READ_EVERY_SECONDS):
                break
            _look(caller, office, sessions[turn % len(sessions)], reading)
    reading.samples += caller.samples


def _look(caller: Caller, office: str, customer: str, reading: Reading) -> None:
    try:
        caller.get(BOARD, OFFICE, office)
        caller.get("search", f"{OFFICE}?search=6789", office)
        caller.get(LIST, "/api/v1/orders", customer)
    except (RefusedError, OSError) as failed:
        reading.failed.append(str(failed))


def _session(house: Household, customer_id: UUID) -> str:
    return house.sessions.open_session(SubjectKind.CUSTOMER, customer_id)
