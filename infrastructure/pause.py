"""A short pause between two attempts, longer each time, never in step with others."""

import secrets
import time

_FIRST_SECONDS = 0.005


def jittered_pause(attempt: int) -> None:
    """Sleep up to 5 ms, 10 ms, 20 ms, ... at random."""
    time.sleep(_FIRST_SECONDS * (1 << attempt) * secrets.randbelow(1000) / 1000)
