"""The H5 cashier page (H5支付中间页), reached by h5_url from a browser outside WeChat."""

from dataclasses import dataclass
from datetime import timedelta
from html import escape
from ipaddress import ip_address
from string import Template
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from infrastructure.simulators.wechat_pay.calls import H5_CASHIER_PATH
from infrastructure.simulators.wechat_pay.desk import AtDesk, Desk
from infrastructure.simulators.wechat_pay.orders import Handle, Payment, TradeState
from infrastructure.simulators.wechat_pay.pages import bill, link, page, sentence
from infrastructure.simulators.wechat_pay.prepay_body import H5Body
from infrastructure.simulators.wechat_pay.refusals import RefusalError, order_unknown

router = APIRouter(default_response_class=HTMLResponse)

LINK_VALID_FOR: Final = timedelta(minutes=5)
INSIDE_WECHAT: Final = "请在微信外打开订单，进行支付"
NO_REFERER: Final = "商家参数格式有误，请联系商家解决"
FOREIGN_REFERER: Final = "商家存在未配置的参数，请联系商家解决"
UNSAFE_NETWORK: Final = "网络环境未能通过安全验证，请稍后再试"
LINK_EXPIRED: Final = "支付链接已失效，请返回商家重新发起支付"
_FORM: Final = Template("""\
<form method="post" action="$action">
<input type="hidden" name="prepay_id" value="$prepay_id">
<input type="hidden" name="package" value="$package">
<input type="hidden" name="redirect_url" value="$redirect_url">
<button class="primary" name="action" value="pay">支付</button>
<button name="action" value="cancel">取消</button>
</form>""")


class _Decision(BaseModel):
    """The page's form."""

    prepay_id: str
    package: str
    action: Literal["pay", "cancel"]
    redirect_url: str = ""


@dataclass(frozen=True, slots=True)
class _Link:
    """What the h5_url carries, once it is known to be one of ours."""

    handle: Handle
    request: H5Body
    state: TradeState
    redirect_url: str


@router.get(H5_CASHIER_PATH)
def open_link(
    request: Request, desk: AtDesk, prepay_id: str = "", package: str = "", redirect_url: str = ""
) -> HTMLResponse:
    """The bill, after the checks of browser, Referer, link and address."""
    hindrance = _caller_hindrance(desk, request)
    if hindrance:
        return _refused(hindrance)
    try:
        followed = _followed(desk, (prepay_id, package), redirect_url)
    except RefusalError as refusal:
        return _refused(refusal.message)
    hindrance = _link_hindrance(desk, followed, request)
    return _refused(hindrance) if hindrance else _bill_page(desk, followed, "微信支付")


@router.post(H5_CASHIER_PATH)
def decide(request: Request, desk: AtDesk, form: Annotated[_Decision, Form()]) -> HTMLResponse:
    """The person pays or leaves; the address is checked once more."""
    names = (form.prepay_id, form.package)
    try:
        followed = _followed(desk, names, form.redirect_url)
        if not _same_address(followed.request.scene_info.payer_client_ip, request):
            return _refused(UNSAFE_NETWORK)
        title = _done(desk, followed, form.action)
        return _bill_page(desk, _followed(desk, names, form.redirect_url), title)
    except RefusalError as refusal:
        return _refused(refusal.message)


def _done(desk: Desk, followed: _Link, action: Literal["pay", "cancel"]) -> str:
    payment = Payment(prepay_id=followed.handle.prepay_id)
    if action == "cancel":
        desk.books.leave(payment)
        return "已取消支付"
    desk.take_payment(payment)
    return "支付成功"


def _followed(desk: Desk, names: tuple[str, str], redirect_url: str) -> _Link:
    prepay_id, package = names
    handle = desk.books.handle(prepay_id)
    request, state = desk.books.opened(prepay_id)
    if not isinstance(request, H5Body) or handle.package != package:
        raise order_unknown()
    return _Link(handle, request, state, redirect_url)


def _caller_hindrance(desk: Desk, request: Request) -> str:
    if "MicroMessenger" in request.headers.get("user-agent", ""):
        return INSIDE_WECHAT
    referer = request.headers.get("referer", "")
    if not referer:
        return NO_REFERER
    return "" if _is_registered(desk, referer) else FOREIGN_REFERER


def _link_hindrance(desk: Desk, followed: _Link, request: Request) -> str:
    if desk.clock.now() > followed.handle.issued_at + LINK_VALID_FOR:
        return LINK_EXPIRED
    same = _same_address(followed.request.scene_info.payer_client_ip, request)
    return "" if same else UNSAFE_NETWORK


def _is_registered(desk: Desk, url: str) -> bool:
    """Whether the host is an H5支付域名 or below one."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:  # an unclosed bracket, for example
        return False
    domains = desk.settings.h5_domains
    return any(host == domain or host.endswith("." + domain) for domain in domains)


def _same_address(named: str, request: Request) -> bool:
    seen = request.client.host if request.client else ""
    try:
        return ip_address(named) == ip_address(seen)
    except ValueError:
        return False


def _bill_page(desk: Desk, followed: _Link, title: str) -> HTMLResponse:
    back = followed.redirect_url if _is_registered(desk, followed.redirect_url) else ""
    if followed.state == "NOTPAY":
        form = _FORM.substitute(
            action=H5_CASHIER_PATH,
            prepay_id=escape(followed.handle.prepay_id),
            package=escape(followed.handle.package),
            redirect_url=escape(followed.redirect_url),
        )
        actions = form + link(back, "已完成支付，返回商家", primary=False)
    else:
        actions = link(back, "返回商家")
    return page(title, bill(followed.request, followed.state, actions))


def _refused(text: str) -> HTMLResponse:
    # The live service says this on an ordinary page, with status 200.
    return page("无法支付", sentence(text))
