"""The cashier page (收银台) where a person plays the customer inside WeChat."""

from html import escape
from string import Template
from typing import Annotated, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, Form, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from infrastructure.simulators.wechat_pay.books import Books
from infrastructure.simulators.wechat_pay.desk import AtDesk, Desk
from infrastructure.simulators.wechat_pay.orders import Payment
from infrastructure.simulators.wechat_pay.pages import STYLE, bill, link, page, sentence, yuan
from infrastructure.simulators.wechat_pay.prepay_body import PrepayBody
from infrastructure.simulators.wechat_pay.refusals import RefusalError

router = APIRouter(prefix="/_sim", default_response_class=HTMLResponse)

_FORM: Final = Template("""\
<form method="post" action="/_sim/cashier">
<input type="hidden" name="prepay_id" value="$prepay_id">
<input type="hidden" name="return_url" value="$return_url">
<button class="primary" name="action" value="pay">支付</button>
<button name="action" value="cancel">取消</button>
</form>""")
_CODE: Final = Template("""\
<a class="code" href="/_sim/scan?code_url=$quoted">$description　¥$yuan<br>$code_url</a>""")


@router.get("/cashier.css")
def style() -> Response:
    """The pages' style sheet."""
    return Response(STYLE, media_type="text/css")


@router.get("/cashier")
def cashier(desk: AtDesk, prepay_id: str = "", return_url: str = "") -> HTMLResponse:
    """The bill with 支付 and 取消; `return_url` leads back to the merchant's page."""
    form = _FORM.substitute(prepay_id=escape(prepay_id), return_url=escape(return_url))
    return _bill_page(desk.books, prepay_id, ("微信支付", form), return_url)


@router.post("/cashier")
def decide(
    desk: AtDesk,
    prepay_id: Annotated[str, Form()],
    action: Annotated[Literal["pay", "cancel"], Form()],
    return_url: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """The person pays as the customer of the prepay, or leaves."""
    if action == "cancel":
        return _bill_page(desk.books, prepay_id, ("已取消支付", ""), return_url)
    return _pay(desk, prepay_id, return_url)


@router.get("/scan")
def scan(desk: AtDesk, code_url: str = "") -> Response:
    """WeChat's scanner (扫一扫): lists the codes, and a code leads to the cashier."""
    if not code_url:
        codes = "".join(_code(*each) for each in desk.books.codes())
        return page("扫一扫", codes or sentence("没有待支付的二维码"))
    try:
        prepay_id = desk.books.scanned(code_url)
    except RefusalError as refusal:
        return page("无法支付", sentence(refusal.message), refusal.status)
    return RedirectResponse(f"/_sim/cashier?prepay_id={prepay_id}", 303)


def _code(code_url: str, request: PrepayBody) -> str:
    return _CODE.substitute(
        quoted=quote(code_url, safe=""),
        description=escape(request.description),
        yuan=yuan(request.amount.total),
        code_url=escape(code_url),
    )


def _pay(desk: Desk, prepay_id: str, return_url: str) -> HTMLResponse:
    try:
        desk.take_payment(Payment(prepay_id=prepay_id))
    except RefusalError as refusal:
        return _failed("支付失败", refusal, return_url)
    return _bill_page(desk.books, prepay_id, ("支付成功", ""), return_url)


def _bill_page(
    books: Books, prepay_id: str, title_and_form: tuple[str, str], return_url: str
) -> HTMLResponse:
    title, form = title_and_form
    try:
        request, state = books.opened(prepay_id)
    except RefusalError as refusal:
        return _failed("无法支付", refusal, return_url)
    payable = form if state == "NOTPAY" else ""
    return page(title, bill(request, state, payable or _back(return_url)))


def _failed(title: str, refusal: RefusalError, return_url: str) -> HTMLResponse:
    return page(title, sentence(refusal.message) + _back(return_url), refusal.status)


def _back(return_url: str) -> str:
    return link(return_url, "返回商家")
