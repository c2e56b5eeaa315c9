"""Runs seeds: `python -m tests.simulation --seed N --trace`, or `--seeds A-B` for many."""

import argparse
import json
import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from time import perf_counter

from infrastructure.embedded_postgres import (
    OWNER_ROLE,
    EmbeddedPostgres,
    prepare_database,
    prepare_roles,
)
from interface.demo_secrets import demo_secrets
from tests.conftest import migrate
from tests.memory import place_of_servers
from tests.simulation.databases import Arena, arena
from tests.simulation.runs import Run, run_seed
from tests.simulation.sightings import EXPECTED

_TEMPLATE = "simulation_template"
_HASTY = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}


def main() -> int:
    """1 where an invariant broke or the set of seeds was too weak."""
    options = _parser().parse_args()
    logging.disable(logging.CRITICAL)  # faults are made on purpose
    seeds = [options.seed] if options.seed is not None else options.seeds
    with _arena() as opened:
        runs = list(_runs(opened, seeds, trace=options.trace, stop=options.stop))
    if options.report:
        _write(options.report, runs)
    return _told(runs, demand_all=options.seed is None and not options.report)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--seeds", type=_seeds, default=range(10), metavar="A-B")
    parser.add_argument("--trace", action="store_true")
    parser.add_argument("--stop", action="store_true", help="stop at the first broken seed")
    parser.add_argument("--report", type=Path, help="write what happened as JSON")
    return parser


def _seeds(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


@contextmanager
def _arena() -> Iterator[Arena]:
    place = place_of_servers()
    with tempfile.TemporaryDirectory(prefix="jiawu-simulation-", dir=place) as name:
        directory = Path(name)
        directory.chmod(0o711)
        secrets = demo_secrets(directory)
        with EmbeddedPostgres(directory / "server", _HASTY) as server:
            prepare_roles(server.url())
            prepare_database(server.url(), _TEMPLATE)
            migrate(server.url(_TEMPLATE, OWNER_ROLE))
            with arena(server.url(), _TEMPLATE, "simulation", secrets) as opened:
                yield opened


def _runs(opened: Arena, seeds: range | list[int], *, trace: bool, stop: bool) -> Iterator[Run]:
    for seed in seeds:
        started = perf_counter()
        run = run_seed(opened, seed)
        if trace:
            _say("\n".join(run.lines))
        if trace or run.broken:
            took = perf_counter() - started
            state = run.broken or "every invariant holds"
            _say(f"seed {seed}: {run.digest[:16]} {run.step} steps, {took:.2f} s: {state}")
        if not trace:
            run.lines = []
        yield run
        if stop and run.broken:
            return


def _told(runs: list[Run], *, demand_all: bool) -> int:
    seen: Counter[str] = Counter()
    for run in runs:
        seen.update(run.seen)
    never = [name for name in EXPECTED if not seen[name]]
    broken = [run.seed for run in runs if run.broken]
    days, steps = sum(run.hours for run in runs) / 24, sum(run.step for run in runs)
    _say(f"{len(runs)} seeds, {days:.0f} days, {steps} steps; broken: {broken or 'none'}")
    if demand_all:
        _say(f"never happened: {never or 'nothing'}")
    return int(bool(broken or (demand_all and never)))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _write(path: Path, runs: list[Run]) -> None:
    path.write_text(json.dumps([asdict(run) for run in runs]), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
