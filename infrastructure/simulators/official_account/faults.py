"""Failures that tests and demo order in advance."""

import asyncio
from dataclasses import dataclass
from threading import Lock

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infrastructure.simulators.official_account.refusals import RefusalError, refusal_text

CONTROL = "/_sim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to the next call whose path contains a text.

    Attributes:
        path_contains: Part of the path; "" matches every call.
        latency_seconds: First wait, in real seconds: that is what time-outs count.
        status: Answer this status and no JSON; 0 for none.
        errcode: Answer this errcode, such as -1 for busy; 0 for none.
        lose_response: The call takes effect, its answer is lost on the way.
    """

    path_contains: str = ""
    latency_seconds: float = 0
    status: int = 0
    errcode: int = 0
    lose_response: bool = False


class Faults:
    """Ordered failures; each happens once, in the order they were asked for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[Fault] = []

    def order(self, fault: Fault) -> None:
        """Let the next matching call fail."""
        with self._lock:
            self._waiting.append(fault)

    def take(self, path: str) -> Fault:
        """The failure for this call, taken off the list; one of nothing if there is none."""
        with self._lock:
            for fault in self._waiting:
                if fault.path_contains in path:
                    self._waiting.remove(fault)
                    return fault
        return Fault()


class FaultyLine:
    """ASGI middleware: the line between WeChat and its callers; control calls are exempt."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, with the failure that was ordered for it."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
            return
        fault = self._faults.take(scope["path"])
        await asyncio.sleep(fault.latency_seconds)
        if fault.lose_response:
            await self._app(scope, receive, _nobody_hears)
            await _break_off(send)
            return
        await (_answer(fault) or self._app)(scope, receive, send)


def _answer(fault: Fault) -> ASGIApp | None:
    if fault.status:
        return PlainTextResponse("upstream error", fault.status)
    if fault.errcode:
        return refusal_text(RefusalError(fault.errcode, "system error"))
    return None


async def _nobody_hears(message: Message) -> None:
    """The effect is done; the answer goes nowhere."""
    del message


async def _break_off(send: Send) -> None:
    """Announce a body that never comes: the server then closes the connection."""
    headers = [(b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
