"""Where WeChat Pay posts its notices (支付结果通知)."""

import logging
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response, status
from fastapi.responses import JSONResponse

from domain.errors import JiawuError
from interface.api.access import House
from interface.settings import NOTIFY_PATH

router = APIRouter()

# A notice is about 2 KiB; whatever is larger is none (threat sheet, webhooks).
_LARGEST: Final = 64 * 1024

_logger = logging.getLogger("jiawu.callbacks")


async def bounded_body(request: Request) -> bytes:
    """The raw bytes, cut off one byte behind the limit, so that they verify as forged."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            return body[: _LARGEST + 1]
    return body


@router.post(NOTIFY_PATH, include_in_schema=False)
def receive_notice(
    house: House, request: Request, body: Annotated[bytes, Depends(bounded_body)]
) -> Response:
    """200 only after the commit; 4xx and 5xx make WeChat try again (facts 4)."""
    try:
        house.payment_notices.receive(request.headers, body)
    except JiawuError as refused:
        _logger.warning("notice refused: %s %s", refused.code, refused.facts.get("reason", ""))
        return JSONResponse({"code": "FAIL", "message": refused.message}, refused.status)
    return Response(status_code=status.HTTP_200_OK)
