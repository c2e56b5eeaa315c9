"""How often an endpoint may be called, and how often it was (调用频次)."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta, timezone
from threading import Lock

from application.clock import Clock
from infrastructure.simulators.official_account.refusals import RefusalError

BEIJING = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Limit:
    """Calls in a day of Beijing and in a clock minute; None is without limit."""

    per_day: int | None = None
    per_minute: int | None = None


PUBLISHED = {
    "/cgi-bin/token": Limit(per_day=2_000),
    "/cgi-bin/stable_token": Limit(per_day=500_000, per_minute=10_000),
    "/sns/oauth2/access_token": Limit(per_minute=50_000),
}


class Quotas:
    """Counts every call by path, refused ones too; safe between threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._limits = dict(PUBLISHED)
        self._periods: Counter[tuple[str, str]] = Counter()
        self._total: Counter[str] = Counter()

    def spend(self, path: str) -> None:
        """Count a call; raises RefusalError 45009 (day) or 45011 (minute)."""
        day, minute = self._now()
        with self._lock:
            self._total[path] += 1
            self._periods.update([(path, day), (path, minute)])
            limit = self._limits.get(path, Limit())
            today, now = self._periods[path, day], self._periods[path, minute]
        if limit.per_day is not None and today > limit.per_day:
            raise RefusalError(45009, "reach max api daily quota limit")
        if limit.per_minute is not None and now > limit.per_minute:
            raise RefusalError(45011, "api minute-quota reach limit")

    def limit(self, path: str, limit: Limit) -> None:
        """Replace what was published, so that a test reaches it."""
        with self._lock:
            self._limits[path] = limit

    def counters(self) -> dict[str, dict[str, int]]:
        """By path: calls at all, of this day and of this minute."""
        day, minute = self._now()
        with self._lock:
            return {
                path: {
                    "total": total,
                    "today": self._periods[path, day],
                    "this_minute": self._periods[path, minute],
                }
                for path, total in self._total.items()
            }

    def _now(self) -> tuple[str, str]:
        now = self._clock.now().astimezone(BEIJING)
        return f"{now:%Y-%m-%d}", f"{now:%Y-%m-%d %H:%M}"
