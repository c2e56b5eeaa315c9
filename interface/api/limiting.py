"""Refuses who asks too often (限流), by the table in rate_limits."""

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_network
from math import ceil
from typing import Final

from limits import RateLimitItem, parse_many
from limits.strategies import MovingWindowRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from application.clock import Clock
from domain.errors import JiawuError
from interface.api.problems import refusal
from interface.api.rate_limits import CLASSES, EVERYTHING, NOTICES, RouteClass, Whose, class_of
from interface.api.windows import Windows

_ALL: Final = "*"
_SOON_SECONDS: Final = 2

_logger = logging.getLogger("jiawu.limits")


class TooManyRequestsError(JiawuError):
    """Asked too often; `facts["retry_after"]` in seconds."""

    code = "too_many_requests"
    status = 429
    sentence = "操作过于频繁，请稍后再试。"


class Limits:
    """Counts requests of this process; `factor` multiplies all amounts, 0 counts nothing."""

    def __init__(self, clock: Clock, factor: int) -> None:
        self._clock = clock
        self._factor = factor
        self._windows = MovingWindowRateLimiter(Windows(clock))
        self._amounts = {
            each.name: [_times(item, factor) for item in parse_many(each.amounts)]
            for each in (*CLASSES, EVERYTHING)
        }
        self._under_way: Counter[tuple[str, str]] = Counter()

    def admit(self, routes: RouteClass, whose: str) -> None:
        """Count a request in. Raises TooManyRequestsError."""
        if not self._factor:
            return
        for amount in self._amounts[routes.name]:
            if not self._windows.hit(amount, routes.name, whose):
                raise self._refused(routes, self._seconds_until(amount, routes.name, whose))

    @contextmanager
    def under_way(self, routes: RouteClass, address: str) -> Iterator[None]:
        """Count a request while it is served, in one thread. Raises TooManyRequestsError."""
        mine, everybodys = (routes.name, address), (routes.name, _ALL)
        self._check_room(routes, mine, routes.at_once)
        self._check_room(routes, everybodys, routes.at_once_of_all)
        self._under_way.update((mine, everybodys))
        try:
            yield
        finally:
            self._under_way.subtract((mine, everybodys))
            self._under_way = +self._under_way  # a plain Counter keeps zeros

    def _check_room(self, routes: RouteClass, whose: tuple[str, str], most: int) -> None:
        if most and self._factor and self._under_way[whose] >= most * self._factor:
            raise self._refused(routes, _SOON_SECONDS)

    def _seconds_until(self, amount: RateLimitItem, *whose: str) -> int:
        """Until the oldest request of a full window leaves it."""
        freed_at = self._windows.get_window_stats(amount, *whose).reset_time
        return max(1, ceil(freed_at - self._clock.now().timestamp()))

    @staticmethod
    def _refused(routes: RouteClass, seconds: int) -> TooManyRequestsError:
        _logger.warning("too many requests: %s", routes.name)  # of whom is not for the log
        return TooManyRequestsError(retry_after=seconds)


class AddressLimiter:
    """ASGI; what is counted by address is refused before anything is read or looked up."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 429, or hand on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        routes, address = class_of(scope["method"], scope["path"]), address_of(scope)
        try:
            self._admit(routes, address)
            with self._limits.under_way(routes, address):
                await self._app(scope, receive, send)
        except TooManyRequestsError as refused:
            await refusal(refused)(scope, receive, send)

    def _admit(self, routes: RouteClass, address: str) -> None:
        if routes is not NOTICES:
            self._limits.admit(EVERYTHING, address)
        if routes.whose is Whose.ADDRESS:
            self._limits.admit(routes, address)


def admit_person(limits: Limits, method: str, path: str, person: str) -> None:
    """Count a request of who is logged in. Raises TooManyRequestsError."""
    routes = class_of(method, path)
    if routes.whose is Whose.PERSON:
        limits.admit(routes, person)


def address_of(scope: Scope) -> str:
    """Whose requests are counted together; an IPv6 home has 2^64 addresses."""
    host = str((scope.get("client") or ("",))[0])
    if ":" not in host:
        return host
    try:
        return str(ip_network((IPv6Address(host), 64), strict=False))
    except ValueError:
        return host


def _times(amount: RateLimitItem, factor: int) -> RateLimitItem:
    return type(amount)(amount.amount * max(factor, 1), amount.multiples)
