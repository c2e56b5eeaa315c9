"""How large a body may be: refused by its announced length, or while it is read."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from interface.api.problems import too_large

Next = Callable[[Request], Awaitable[Response]]

# The largest body of ours is below 10 KiB (threat sheet, scraper and DoS).
LARGEST: Final = 1024 * 1024


async def refuse_large(request: Request, call_next: Next) -> Response:
    """A middleware; bodies of unannounced length are cut by the routers' `max_body_size`."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > LARGEST:
        return too_large()
    return await call_next(request)
