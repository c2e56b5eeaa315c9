"""Processor time, which other work on the machine does not change as it does latency."""

import os
from collections.abc import Mapping
from contextlib import suppress

import psutil


def processor_seconds(processes: Mapping[str, int]) -> dict[str, float]:
    """User and system time so far of each process and all below it; this one's alone."""
    return {name: _of(pid) for name, pid in processes.items()}


def _of(pid: int) -> float:
    root = psutil.Process(pid)
    if pid == os.getpid():
        return _own(root)
    ended = root.cpu_times().children_user + root.cpu_times().children_system
    return float(ended) + sum(_own(each) for each in [root, *root.children(recursive=True)])


def _own(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0
