"""A directory of one run's own, which a killed run leaves for the next one to sweep."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "jiawu-bench-"


@contextmanager
def bench_directory() -> Iterator[Path]:
    """Temporary; the server's system user may enter it."""
    _sweep_dead_runs()
    directory = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    directory.chmod(0o711)
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


def _sweep_dead_runs() -> None:
    """Remove what a killed run left on disk; its server ended with it."""
    for directory in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        owner = directory.name.removeprefix(_PREFIX).split("-")[0]
        if not Path(f"/proc/{owner}").exists():
            shutil.rmtree(directory, ignore_errors=True)
