"""One structured line and two figures for every answer; never bodies, queries or people."""

import json
import logging
from collections.abc import Awaitable, Callable
from time import perf_counter

from starlette.requests import Request
from starlette.responses import Response

from interface.api.operations import Metrics

Next = Callable[[Request], Awaitable[Response]]

# A caller may invent methods, and every label is kept for ever.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_logger = logging.getLogger("jiawu.requests")


def observer(metrics: Metrics) -> Callable[[Request, Next], Awaitable[Response]]:
    """A middleware that measures and logs."""

    async def observe(request: Request, call_next: Next) -> Response:
        began = perf_counter()
        status = 500
        try:
            response = await call_next(request)
            status = response.status_code
        finally:
            _note(metrics, request, status, perf_counter() - began)
        return response

    return observe


def _note(metrics: Metrics, request: Request, status: int, seconds: float) -> None:
    # The template, not the path: paths hold ids, and a label of ids has no end.
    route = getattr(request.scope.get("route"), "path", "unrouted")
    method = request.method if request.method in _METHODS else "other"
    metrics.requests.labels(method, route, str(status)).inc()
    metrics.seconds.labels(method, route).observe(seconds)
    line = {"method": method, "route": route, "status": status, "ms": round(seconds * 1e3)}
    _logger.info(json.dumps(line))
