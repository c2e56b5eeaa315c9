"""The control API's part about the platform's keys."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from infrastructure.simulators.wechat_pay.control import Command
from infrastructure.simulators.wechat_pay.desk import AtDesk
from infrastructure.simulators.wechat_pay.settings import KeyMode
from infrastructure.simulators.wechat_pay.views import JsonObject

router = APIRouter(prefix="/_sim/keys")


class Mode(Command):
    """The mode, and for `grey` the share of notices signed with the public key."""

    mode: KeyMode
    grey_notice_percent: Annotated[int, Field(ge=0, le=100)] = 0


@router.get("")
def keys(desk: AtDesk) -> JsonObject:
    """The mode, the public key's id and every certificate, with the signing one marked."""
    return desk.seal.keys.view()


@router.post("/mode")
def mode(command: Mode, desk: AtDesk) -> JsonObject:
    """Migrate from certificates to the public key, or back; answers the keys, or 409."""
    desk.seal.keys.set_mode(command.mode, command.grey_notice_percent)
    return desk.seal.keys.view()


@router.post("/rotate")
def rotate(desk: AtDesk) -> JsonObject:
    """Issue the next certificate beside the present one, which signs on; 409 out of turn."""
    return {"serial_no": desk.seal.keys.rotate()}


@router.post("/switch")
def switch(desk: AtDesk) -> JsonObject:
    """Let the newest certificate sign from now on."""
    return {"serial_no": desk.seal.keys.switch()}
