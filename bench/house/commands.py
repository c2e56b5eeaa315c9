"""How the product's processes are started: as they are, or under the profiler."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.house import profiled

# Names of the product's processes → arguments to Python by name.
Commands = Callable[..., dict[str, Sequence[str]]]


def watched(directory: Path) -> Commands:
    """Each process writes into the directory where its time went."""

    def commands(*names: str) -> dict[str, Sequence[str]]:
        return {
            name: [
                *("-m", profiled.__name__, str(directory / f"{name}.txt")),
                *("--env-file", os.devnull, name),
            ]
            for name in names
        }

    return commands
