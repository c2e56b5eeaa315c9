"""The signature with which a page opens WeChat's JS-SDK."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from interface.api.access import House
from interface.api.fields import Text
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(prefix="/api/v1", tags=["微信"], responses=PROBLEM_ANSWERS)


class JsSdkView(BaseModel):
    """What the page hands to wx.config; `timestamp` in seconds since 1970."""

    app_id: str
    timestamp: int
    nonce: str
    signature: str


@router.get("/wechat/js-sdk")
def js_sdk(
    house: House,
    response: Response,
    url: Annotated[Text, Query(max_length=2_000, description="页面地址，即 location.href")],
) -> JsSdkView:
    """Sign one of our own pages (JS-SDK 签名); the fragment is left out."""
    signed = house.js_sdk.configuration(url)
    response.headers["Cache-Control"] = "no-store"
    return JsSdkView(
        app_id=signed.app_id,
        timestamp=signed.timestamp,
        nonce=signed.nonce,
        signature=signed.signature,
    )
