"""Percentiles of what was measured."""

from collections.abc import Sequence


def percentile(ascending: Sequence[float], percent: int) -> float:
    """The value that so many of a hundred stay below."""
    return ascending[min(len(ascending) * percent // 100, len(ascending) - 1)]
