"""Measure the whole product: `python -m bench.house`; about eleven minutes.

Prints tables, a table for docs/benchmarks.md, and as the last line one JSON object:
name → value, goal, floor, holds.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from bench.directory import bench_directory
from bench.house.commands import Commands, watched
from bench.house.pages import measure_pages
from bench.house.projecting import measure_projecting
from bench.house.sizes import FULL, QUICK, Sizes
from bench.house.under_load import measure_under_load
from bench.installation import DURABLE, product
from bench.verdict import Verdicts, all_hold, markdown_of, print_verdicts
from infrastructure.embedded_postgres import EmbeddedPostgres

Part = Callable[[Path, EmbeddedPostgres, Sizes, Commands], Verdicts]
PARTS: Final[dict[str, Part]] = {
    "load": measure_under_load,
    "projecting": measure_projecting,
    "pages": measure_pages,
}
_SERVER: Final = {
    **DURABLE,
    "shared_buffers": "512MB",
    "max_wal_size": "8GB",
    "max_connections": "200",
}


def measured(
    server: EmbeddedPostgres,
    directory: Path,
    sizes: Sizes,
    parts: Sequence[str] = tuple(PARTS),
    commands: Commands = product,
) -> Verdicts:
    """The figures of these parts, each on a database of its own."""
    verdicts: Verdicts = {}
    for part in parts:
        print(f"\n== {part}", flush=True)
        own = directory / part
        own.mkdir(mode=0o711)
        verdicts |= PARTS[part](own, server, sizes, commands)
    return verdicts


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report; 1 where a goal is missed."""
    asked = _parser().parse_args(arguments)
    commands = watched(asked.profile) if asked.profile else product
    with (
        bench_directory() as directory,
        EmbeddedPostgres(directory / "postgres", _SERVER) as server,
    ):
        sizes = QUICK if asked.quick else FULL
        verdicts = measured(server, directory, sizes, asked.only or tuple(PARTS), commands)
    print_verdicts(verdicts)
    print(f"\n{markdown_of(verdicts)}\n")
    print(json.dumps(verdicts))
    return 0 if all_hold(verdicts) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench.house", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, for work on the bench")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="these parts alone")
    parser.add_argument(
        "--profile", type=Path, help="a directory for where each process's time went"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
