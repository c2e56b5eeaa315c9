"""The prepay requests' fields and their limits, by trade type."""

import re
from datetime import datetime
from typing import Annotated, ClassVar, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints
from pydantic_core import PydanticCustomError

from infrastructure.simulators.wechat_pay.refusals import param_error

TradeType = Literal["JSAPI", "MWEB", "NATIVE"]
LOOPBACK_HOSTS: Final = {"127.0.0.1", "localhost", "::1"}
_EXPIRY: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00")


def _limited(text: str, limit: int) -> str:
    # The service counts UTF-8 bytes: its refusals name 字节数.
    count = len(text.encode())
    if not 0 < count <= limit:
        code = "byte_length"
        raise PydanticCustomError(
            code, "字节数 {count}，应在 1 至 {limit} 之间", {"count": count, "limit": limit}
        )
    return text


def _instant(text: str) -> str:
    try:
        well_formed = _EXPIRY.fullmatch(text) and datetime.fromisoformat(text)
    except ValueError:
        well_formed = None
    if not well_formed:
        code = "rfc3339"
        raise PydanticCustomError(code, "应为 yyyy-MM-DDTHH:mm:ss+08:00")
    return text


Text32 = Annotated[str, AfterValidator(lambda text: _limited(text, 32))]
Text64 = Annotated[str, AfterValidator(lambda text: _limited(text, 64))]
Text127 = Annotated[str, AfterValidator(lambda text: _limited(text, 127))]
Text128 = Annotated[str, AfterValidator(lambda text: _limited(text, 128))]
Text255 = Annotated[str, AfterValidator(lambda text: _limited(text, 255))]
OutTradeNo = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_\-|*]{6,32}$")]
Instant = Annotated[str, AfterValidator(_instant)]


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Amount(_Body):
    """`total` in fen."""

    total: int = Field(gt=0)
    currency: Literal["CNY"] = "CNY"


class Payer(_Body):
    """The customer as the merchant's appid knows them."""

    openid: Text128


class Store(_Body):
    """The shop where the customer pays."""

    id: Text32
    name: Text255 | None = None
    area_code: Text32 | None = None
    address: Text255 | None = None


class Scene(_Body):
    """Where the payment is made."""

    payer_client_ip: Annotated[str, StringConstraints(min_length=1, max_length=45)]
    device_id: Text32 | None = None
    store_info: Store | None = None


class H5Info(_Body):
    """The site or app outside WeChat that asks for the payment."""

    type: Literal["Wap", "iOS", "Android"]
    app_name: Text64 | None = None
    app_url: Text128 | None = None
    bundle_id: Text128 | None = None
    package_name: Text128 | None = None


class H5Scene(Scene):
    """Where an H5 payment is made."""

    h5_info: H5Info


class Settlement(_Body):
    """Whether the money is shared later (分账)."""

    profit_sharing: bool = False


class PrepayBody(_Body):
    """What every prepay takes; each trade type adds its own."""

    trade_type: ClassVar[TradeType]

    appid: Text32
    mchid: Text32
    description: Text127
    out_trade_no: OutTradeNo
    time_expire: Instant | None = None
    attach: Text128 | None = None
    notify_url: Text255
    goods_tag: Text32 | None = None
    support_fapiao: bool = False
    amount: Amount
    detail: dict[str, JsonValue] | None = None
    scene_info: Scene | None = None
    settle_info: Settlement | None = None

    @property
    def openid(self) -> str:
        """The one customer who may pay; "" if anybody may."""
        return ""


class JsapiBody(PrepayBody):
    """What POST /v3/pay/transactions/jsapi takes: a page inside WeChat."""

    trade_type: ClassVar[TradeType] = "JSAPI"
    payer: Payer

    @property
    def openid(self) -> str:
        """The payer that the merchant names."""
        return self.payer.openid


class H5Body(PrepayBody):
    """What POST /v3/pay/transactions/h5 takes: a mobile browser outside WeChat."""

    trade_type: ClassVar[TradeType] = "MWEB"
    scene_info: H5Scene


class NativeBody(PrepayBody):
    """What POST /v3/pay/transactions/native takes: a code to be scanned."""

    trade_type: ClassVar[TradeType] = "NATIVE"


class CloseBody(_Body):
    """What the close call takes."""

    mchid: Text32


def check_notify_url(url: str, *, allow_loopback_http: bool) -> None:
    """Accept https without query; and loopback http where the settings say so.

    Raises:
        RefusalError: 400 PARAM_ERROR on /notify_url.
    """
    scheme, host = _scheme_and_host(url)
    plain_loopback = scheme == "http" and host in LOOPBACK_HOSTS
    secure = scheme == "https" or (allow_loopback_http and plain_loopback)
    if not secure or not host or "?" in url or "#" in url:
        raise param_error(field="/notify_url", value=url, issue="应为不带参数的https地址")


def _scheme_and_host(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:  # an unclosed bracket, for example
        return "", ""
    return parts.scheme, parts.hostname or ""
