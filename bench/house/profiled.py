"""A process of the product under the profiler: `python -m bench.house.profiled FILE …`.

What follows FILE are jiawu's own arguments, the command last. What it imports is
left out. Every thread is profiled by its own
processor time, so that waiting for the database or another thread costs nothing;
the profiler itself makes all of it about twice as slow.
"""

import io
import pstats
import sys
import threading
import time
from cProfile import Profile
from pathlib import Path
from pkgutil import resolve_name
from typing import Final

from interface.cli import COMMANDS, main

_MOST_LINES: Final = 90


class Profiles:
    """One profile a thread; `threading.setprofile` begins those of later threads."""

    def __init__(self) -> None:
        self._all: list[Profile] = []

    def begin(self, *_: object) -> None:
        """Profile this thread from here on; in place of the hook that called it."""
        profile = Profile(time.thread_time)
        self._all.append(profile)
        profile.enable()

    def told(self) -> str:
        """The functions that used most processor time, by their own and with what they called."""
        out = io.StringIO()
        stats: pstats.Stats | None = None
        for profile in self._all:
            profile.snapshot_stats()
            each = pstats.Stats(profile, stream=out) if profile.getstats() else None
            stats = stats.add(each) if stats and each else stats or each
        if stats:
            stats.sort_stats("cumulative").print_stats(_MOST_LINES)
            stats.sort_stats("tottime").print_stats(_MOST_LINES)
        return out.getvalue()


def run(file: Path, arguments: list[str]) -> int:
    """Run the process, then write where its processor time went."""
    resolve_name(f"interface.cli.{COMMANDS[arguments[-1]][0]}")
    profiles = Profiles()
    threading.setprofile(profiles.begin)
    profiles.begin()
    try:
        return main(arguments)
    finally:
        file.write_text(profiles.told(), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), sys.argv[2:]))
