"""Access tokens of the account (全局票据) and what is renewed like them.

The rules are those of WeChat's two endpoints, which never invalidate each
other's tokens.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from application.clock import Clock
from infrastructure.simulators.official_account.quotas import BEIJING
from infrastructure.simulators.official_account.refusals import RefusalError

LIFE = timedelta(seconds=7_200)
OVERLAP = timedelta(minutes=5)
"""How long before its end a value is renewed, and both are good."""
BETWEEN_FORCED = timedelta(seconds=30)
FORCED_A_DAY = 20
MALFORMED_BELOW = 32


@dataclass(frozen=True, slots=True)
class Issued:
    """A value, good before `expires_at`."""

    value: str
    expires_at: datetime

    def seconds_left(self, now: datetime) -> int:
        """Whole seconds until its end."""
        return int((self.expires_at - now).total_seconds())


class Renewed:
    """The same value to everybody until five minutes before its end."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._all: dict[str, Issued] = {}
        self._latest: Issued | None = None
        self.generation = 0

    def current(self) -> tuple[str, int]:
        """The value and its seconds left."""
        now = self._clock.now()
        with self._lock:
            issued = self._latest
            if issued is None or issued.expires_at - now <= OVERLAP:
                issued = self._issue(now)
            return issued.value, issued.seconds_left(now)

    def replace(self, old_lives: timedelta) -> tuple[str, int]:
        """A new value at once; the old one is good for `old_lives` at most."""
        now = self._clock.now()
        with self._lock:
            old = self._latest
            if old is not None:
                shortened = min(old.expires_at, now + old_lives)
                self._all[old.value] = Issued(old.value, shortened)
            issued = self._issue(now)
            return issued.value, issued.seconds_left(now)

    def end_of(self, value: str) -> datetime | None:
        """When a value ends or ended; None if it was never issued here."""
        with self._lock:
            issued = self._all.get(value)
        return issued.expires_at if issued else None

    def _issue(self, now: datetime) -> Issued:
        self.generation += 1
        self._latest = Issued(secrets.token_urlsafe(96), now + LIFE)
        self._all[self._latest.value] = self._latest
        return self._latest


class AccessTokens:
    """The tokens of /cgi-bin/token and of /cgi-bin/stable_token."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._plain = Renewed(clock)
        self._stable = Renewed(clock)
        self._forced: list[datetime] = []

    def plain(self) -> tuple[str, int]:
        """Each call replaces the last token, which lives five more minutes."""
        return self._plain.replace(OVERLAP)

    def stable(self, *, force: bool) -> tuple[str, int]:
        """The token of all; by force another one, which ends the old one at once.

        Force beyond 20 times a day or within 30 seconds gives the token of all.
        """
        if force and self._may_force():
            return self._stable.replace(timedelta())
        return self._stable.current()

    def check(self, value: str) -> None:
        """Raise RefusalError 41001, 40014, 40001 or 42001 unless the token is good."""
        if not value:
            raise RefusalError(41001, "access_token missing")
        if len(value) < MALFORMED_BELOW:
            raise RefusalError(40014, "invalid access_token")
        end = self._plain.end_of(value) or self._stable.end_of(value)
        if end is None:
            raise RefusalError(40001, "invalid credential, access_token is invalid or not latest")
        if self._clock.now() >= end:
            raise RefusalError(42001, "access_token expired")

    def generations(self) -> dict[str, int]:
        """How many tokens each endpoint has made."""
        return {"token": self._plain.generation, "stable_token": self._stable.generation}

    def _may_force(self) -> bool:
        now = self._clock.now()
        today = now.astimezone(BEIJING).date()
        with self._lock:
            forced = [at for at in self._forced if at.astimezone(BEIJING).date() == today]
            soon = bool(self._forced) and now - self._forced[-1] < BETWEEN_FORCED
            if soon or len(forced) >= FORCED_A_DAY:
                return False
            self._forced.append(now)
            return True
