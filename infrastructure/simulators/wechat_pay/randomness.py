"""Where the simulator's chance comes from; a seeded source makes a run repeatable."""

from collections.abc import Callable
from typing import TypeAlias

Randomness: TypeAlias = Callable[[int], bytes]
"""Gives so many random bytes, as `secrets.token_bytes` does."""
