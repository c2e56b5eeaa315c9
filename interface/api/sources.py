"""Where an order came from (来源渠道, R13): what a customer may say of it, and the office."""

from typing import Final, Literal

from interface.api.user_agents import trade_type_of

CustomerSource = Literal["web", "app", "wechat"]
"""What customers come through themselves; that they rang up, only the office can say."""

OfficeSource = Literal["phone", "yixin", "web", "app", "wechat"]
"""How the customer reached the office that books for them; names of domain SOURCES."""

_BY_TRADE_TYPE: Final[dict[str, CustomerSource]] = {"JSAPI": "wechat"}


def source_of(claimed: CustomerSource | None, user_agent: str) -> CustomerSource:
    """What the customer says, else the browser's: WeChat's own is "wechat", any other "web"."""
    return claimed or _BY_TRADE_TYPE.get(trade_type_of(user_agent), "web")
