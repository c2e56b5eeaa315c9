"""Codes and tokens: what a user's authorization is worth, and until when.

Lifetimes and error codes are those of WeChat's web authorization (网页授权):
a code works once within 5 minutes, a user's token 2 hours, a refresh token
30 days.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from application.clock import Clock
from infrastructure.simulators.official_account.refusals import RefusalError
from infrastructure.simulators.official_account.users import FakeUser

CODE_LIFE = timedelta(minutes=5)
TOKEN_LIFE = timedelta(hours=2)
REFRESH_LIFE = timedelta(days=30)


@dataclass(slots=True)
class Code:
    """One authorization on its way back to the product."""

    user: FakeUser
    scope: str
    expires_at: datetime
    used: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """What a redeemed code gives."""

    user: FakeUser
    scope: str
    access_token: str
    expires_at: datetime
    refresh_token: str
    refresh_expires_at: datetime


class Grants:
    """All codes and tokens, in memory, safe between threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._codes: dict[str, Code] = {}
        self._by_token: dict[str, Grant] = {}
        self._by_refresh_token: dict[str, Grant] = {}

    def issue_code(self, user: FakeUser, scope: str) -> str:
        """A new code for a user who agreed."""
        now = self._clock.now()
        code = f"0{secrets.token_hex(16)}"
        with self._lock:
            self._codes = {key: old for key, old in self._codes.items() if now < old.expires_at}
            self._codes[code] = Code(user, scope, now + CODE_LIFE)
        return code

    def redeem(self, code: str) -> Grant:
        """Take a code once; raises RefusalError 40029 or 40163."""
        now = self._clock.now()
        with self._lock:
            found = self._codes.get(code)
            if found is None or now >= found.expires_at:
                raise RefusalError(40029, "invalid code")
            if found.used:
                raise RefusalError(40163, "code been used")
            found.used = True
            refresh_token = secrets.token_urlsafe(48)
            return self._grant(found.user, found.scope, refresh_token, now + REFRESH_LIFE, now)

    def refresh(self, refresh_token: str) -> Grant:
        """A new token for the rest of 30 days; raises RefusalError 40030 or 42002."""
        now = self._clock.now()
        with self._lock:
            old = self._by_refresh_token.get(refresh_token)
            if old is None:
                raise RefusalError(40030, "invalid refresh_token")
            if now >= old.refresh_expires_at:
                raise RefusalError(42002, "refresh_token expired")
            return self._grant(old.user, old.scope, refresh_token, old.refresh_expires_at, now)

    def check(self, access_token: str, openid: str) -> Grant:
        """The live grant of a token and its openid; raises RefusalError 40001, 42001, 40003."""
        now = self._clock.now()
        with self._lock:
            grant = self._by_token.get(access_token)
        if grant is None:
            raise RefusalError(40001, "invalid credential, access_token is invalid or not latest")
        if now >= grant.expires_at:
            raise RefusalError(42001, "access_token expired")
        if openid != grant.user.openid:
            raise RefusalError(40003, "invalid openid")
        return grant

    def _grant(
        self, user: FakeUser, scope: str, refresh_token: str, until: datetime, now: datetime
    ) -> Grant:
        token = secrets.token_urlsafe(48)
        grant = Grant(user, scope, token, now + TOKEN_LIFE, refresh_token, until)
        self._by_token[token] = grant
        self._by_refresh_token[refresh_token] = grant
        return grant
