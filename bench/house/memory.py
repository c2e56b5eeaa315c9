"""What each process holds in memory."""

from collections.abc import Mapping

import psutil

_MIB = 1024 * 1024


def memory_mib(processes: Mapping[str, int]) -> dict[str, tuple[float, float]]:
    """RSS and PSS in MiB, with all processes below each; of what is shared PSS has its part."""
    return {name: _of(psutil.Process(pid)) for name, pid in processes.items()}


def _of(root: psutil.Process) -> tuple[float, float]:
    held = [each.memory_full_info() for each in [root, *root.children(recursive=True)]]
    return sum(each.rss for each in held) / _MIB, sum(each.pss for each in held) / _MIB
