"""APIv3 over HTTP: carries requests to the exchange and its answers back."""

import anyio
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from infrastructure.simulators.wechat_pay.desk import desk_of
from infrastructure.simulators.wechat_pay.exchange import exchange
from infrastructure.simulators.wechat_pay.wire import Reply, Wire

router = APIRouter()


class CutResponse(Response):
    """An answer that is lost on the way: the server closes after the head."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head only; the announced body never comes."""
        del scope, receive
        head = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **head})


@router.api_route("/v3/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def carry(request: Request) -> Response:
    """Every APIv3 call, whether offered or not."""
    wire = await wire_of(request)
    reply = await run_in_threadpool(exchange, desk_of(request), wire)
    await anyio.sleep(reply.latency_ms / 1000)
    return _response(reply)


async def wire_of(request: Request) -> Wire:
    """The request as sent: raw target, exact body bytes."""
    query: bytes = request.scope["query_string"]
    path: bytes = request.scope["raw_path"]
    target = path + b"?" + query if query else path
    return Wire(request.method, target.decode("latin-1"), request.headers, await request.body())


def _response(reply: Reply) -> Response:
    if reply.lost:
        # A 204 has no body to lose, so every lost answer announces one.
        return CutResponse(reply.body or b"{}", 200)
    return Response(reply.body, reply.status, dict(reply.headers))
