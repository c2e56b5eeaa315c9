"""The control API's part about notices: what befalls them, and forging them."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from infrastructure.simulators.wechat_pay.control import Command
from infrastructure.simulators.wechat_pay.desk import AtDesk
from infrastructure.simulators.wechat_pay.notices import Forgery, NoticeRules
from infrastructure.simulators.wechat_pay.views import JsonObject

router = APIRouter(prefix="/_sim")


class Rules(Command):
    """See `NoticeRules`."""

    drop: bool = False
    duplicate: Annotated[int, Field(ge=0, le=100)] = 0
    delay_seconds: Annotated[int, Field(ge=0)] = 0
    reorder: bool = False
    probe_first: bool = False


class Forge(Command):
    """Which forgery, about which order; the newest if none is named."""

    kind: Forgery
    out_trade_no: str = ""


@router.get("/notices")
def notices(desk: AtDesk) -> JsonObject:
    """All notices with their attempts and the merchant's answers."""
    return {"notices": desk.notifier.notices()}


@router.post("/notices/forge")
def forge(command: Forge, desk: AtDesk) -> JsonObject:
    """Post a forged notice to the order's notify_url, now; answers how it went."""
    return desk.forge_notice(command.kind, command.out_trade_no)


@router.post("/notices/{notice_id}/resend")
def resend(notice_id: str, desk: AtDesk) -> JsonObject:
    """Post a notice once more, now; answers that attempt."""
    return desk.notifier.resend(notice_id)


@router.post("/notice_rules", status_code=204)
def notice_rules(rules: Rules, desk: AtDesk) -> Response:
    """Drop, duplicate, delay, reorder or probe with the notices of later payments."""
    desk.notifier.set_rules(NoticeRules(**rules.model_dump()))
    return Response(status_code=204)
