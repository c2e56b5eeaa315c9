"""The frame of every APIv3 call: check the request, sign the answer, fail on order."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from infrastructure.simulators.wechat_pay.desk import Desk, desk_of
from infrastructure.simulators.wechat_pay.faults import NO_FAULT, Fault
from infrastructure.simulators.wechat_pay.gate import Wire
from infrastructure.simulators.wechat_pay.refusals import RefusalError, param_error
from infrastructure.simulators.wechat_pay.seal import probe_signature

Handle = Callable[[Request], Awaitable[Response]]


class CutResponse(Response):
    """An answer that is lost on the way: the server closes after the head."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head only; the announced body never comes."""
        del scope, receive
        head = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **head})


class SignedRoute(APIRoute):
    """A route whose requests are verified and whose answers, errors too, are signed."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        """Wrap the endpoint into the exchange."""
        handle = super().get_route_handler()

        async def exchange(request: Request) -> Response:
            desk = desk_of(request)
            response, fault = await _answer(desk, request, handle)
            _sign(desk, response, fault)
            return _cut(response) if fault.drop_response else response

        return exchange


async def _answer(desk: Desk, request: Request, handle: Handle) -> tuple[Response, Fault]:
    fault = NO_FAULT
    try:
        desk.gate.check(await wire_of(request))
        fault = desk.faults.take(request.url.path)
        fault.refuse(after_effect=False)
        response = await handle(request)
        fault.refuse(after_effect=True)
    except RefusalError as refusal:
        return _refused(desk, refusal), fault
    except RequestValidationError as invalid:
        return _refused(desk, _first_error(invalid)), fault
    except HTTPException as unreadable:
        issue = str(unreadable.detail)
        return _refused(desk, param_error(field="", value=None, issue=issue)), fault
    return response, fault


async def wire_of(request: Request) -> Wire:
    """The request as sent: raw target, exact body bytes."""
    query: bytes = request.scope["query_string"]
    path: bytes = request.scope["raw_path"]
    target = path + b"?" + query if query else path
    return Wire(request.method, target.decode("latin-1"), request.headers, await request.body())


def _refused(desk: Desk, refusal: RefusalError) -> Response:
    body = refusal.body(old_spelling=desk.settings.old_error_spellings)
    return JSONResponse(body, refusal.status)


def _first_error(invalid: RequestValidationError) -> RefusalError:
    error = invalid.errors()[0]
    location, *steps = error["loc"]
    field = "".join(f"/{step}" for step in steps)
    value = error["input"] if isinstance(error["input"], str | int) else None
    return param_error(field=field, value=value, issue=error["msg"], location=str(location))


def _sign(desk: Desk, response: Response, fault: Fault) -> None:
    headers = desk.seal.headers(bytes(response.body))
    if fault.probe_signature:
        headers["Wechatpay-Signature"] = probe_signature()
    response.headers.update(headers)
    response.headers["Request-ID"] = secrets.token_hex(20).upper()


def _cut(response: Response) -> Response:
    # A 204 has no body to lose, so every lost answer announces one.
    return CutResponse(response.body or b"{}", 200)
