"""One structured line and two figures for every answer; never bodies, queries or people."""

import json
import logging
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from interface.api.operations import Metrics

# A caller may invent methods, and every label is kept for ever.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_logger = logging.getLogger("jiawu.requests")


class Observer:
    """ASGI; measures and logs."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the answer, and a defect as 500."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = perf_counter(), 500

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, told)
        finally:
            _note(self._metrics, scope, status, perf_counter() - began)


def _note(metrics: Metrics, scope: Scope, status: int, seconds: float) -> None:
    # The template, not the path: paths hold ids, and a label of ids has no end.
    route = getattr(scope.get("route"), "path", "unrouted")
    method = scope["method"] if scope["method"] in _METHODS else "other"
    metrics.requests.labels(method, route, str(status)).inc()
    metrics.seconds.labels(method, route).observe(seconds)
    line = {"method": method, "route": route, "status": status, "ms": round(seconds * 1e3)}
    _logger.info(json.dumps(line))
