"""Idempotency-Key: every POST that commands names itself, so a repeat is one effect."""

import re
from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import Depends, Header, Request, Response

from application.commands import Command, Outcome, command_id
from domain.errors import InvalidInputError
from interface.household import Household

POSITION_HEADER: Final = "Jiawu-Position"
_KEY: Final = re.compile(r"[!-~]([ -~]{0,198}[!-~])?")
_DESCRIPTION: Final = "同一操作的重试须使用同一个值"
# As the documentation shows it; FastAPI would call it optional, because a missing
# key is answered by us, with 400 and a sentence of its own.
PARAMETER: Final[Mapping[str, object]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "pattern": f"^{_KEY.pattern}$"},
    "description": _DESCRIPTION,
}


class KeyMissingError(InvalidInputError):
    """The header is missing."""

    code = "idempotency_key_missing"
    status = 400
    sentence = "缺少 Idempotency-Key 请求头。"


class KeyMalformedError(InvalidInputError):
    """The header is empty, too long or not printable ASCII."""

    code = "idempotency_key_malformed"
    status = 400
    sentence = "Idempotency-Key 须为 1 至 200 个可见 ASCII 字符。"


async def raw_body(request: Request) -> bytes:
    """The body as it came."""
    return await request.body()


async def idempotency_key(
    idempotency_key: Annotated[str | None, Header(description=_DESCRIPTION)] = None,
) -> str:
    """The key. Raises KeyMissingError or KeyMalformedError."""
    if idempotency_key is None:
        raise KeyMissingError
    if _KEY.fullmatch(idempotency_key.strip(" ")) is None:
        raise KeyMalformedError
    return idempotency_key


class Commanding:
    """Makes the command of this request, and tells its position in the answer."""

    def __init__(self, request: Request, response: Response, key: str, body: bytes) -> None:
        self._request = request
        self._response = response
        self._key = key
        self._body = body

    def command(self, actor: str) -> Command:
        """The command: the same actor, route and key are the same command."""
        house: Household = self._request.app.state.household
        route = f"{self._request.method} {self._request.url.path}"
        return Command(
            id=command_id(actor, route, self._key),
            actor=actor,
            body_mac=house.log.body_mac(self._body),
            at=house.clock.now(),
        )

    def answer(self, outcome: Outcome) -> dict[str, object]:
        """The outcome as an answer; the position goes into a header."""
        self._response.headers[POSITION_HEADER] = str(outcome.position)
        return dict(outcome.answer)


async def commanding(
    request: Request,
    response: Response,
    key: Annotated[str, Depends(idempotency_key)],
    body: Annotated[bytes, Depends(raw_body)],
) -> Commanding:
    """What a commanding route works with."""
    return Commanding(request, response, key, body)


Commands = Annotated[Commanding, Depends(commanding)]
