"""Instants the way the pay service writes them: Beijing time, whole seconds."""

from datetime import datetime, timedelta, timezone
from typing import Final

BEIJING: Final = timezone(timedelta(hours=8))


def rfc3339(at: datetime) -> str:
    """For example `2026-11-22T10:34:56+08:00`."""
    return at.astimezone(BEIJING).replace(microsecond=0).isoformat()


def compact(at: datetime) -> str:
    """Fourteen digits, for example `20261122103456`."""
    return at.astimezone(BEIJING).strftime("%Y%m%d%H%M%S")
