"""The cashier page (收银台) where a person plays the customer."""

from html import escape
from string import Template
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, Response
from fastapi.responses import HTMLResponse

from infrastructure.simulators.wechat_pay.books import Books
from infrastructure.simulators.wechat_pay.desk import AtDesk, Desk
from infrastructure.simulators.wechat_pay.orders import Payment
from infrastructure.simulators.wechat_pay.refusals import RefusalError
from infrastructure.simulators.wechat_pay.views import TRADE_STATE_TEXT

router = APIRouter(prefix="/_sim", default_response_class=HTMLResponse)

_STYLE: Final = """\
body { margin: 0; background: #ededed; color: #1a1a1a; font: 16px/1.6 sans-serif; }
main { max-width: 24rem; margin: 3rem auto; padding: 2rem 1.5rem; background: #fff;
  border-radius: 12px; text-align: center; }
h1 { margin: 0 0 1rem; font-size: 1.1rem; font-weight: 600; }
.amount { margin: .5rem 0 1.5rem; font-size: 2.5rem; font-weight: 600; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .5rem 1rem; margin: 0 0 2rem;
  padding-top: 1rem; border-top: 1px solid #eee; text-align: left; }
dt { color: #595959; }
dd { margin: 0; text-align: right; overflow-wrap: anywhere; }
button, .button { display: block; box-sizing: border-box; width: 100%; min-height: 48px;
  margin-top: .75rem; padding: .6rem; border: 0; border-radius: 8px; background: #f2f2f2;
  color: #1a1a1a; font: inherit; text-decoration: none; cursor: pointer; }
button.primary, .button.primary { background: #067a3f; color: #fff; }
.note { margin: 1.5rem 0 0; color: #595959; font-size: .85rem; }
"""
_PAGE: Final = Template("""\
<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<link rel="stylesheet" href="/_sim/cashier.css">
</head>
<body><main>
<h1>$title</h1>
$content
<p class="note">模拟收银台，不会产生真实扣款</p>
</main></body>
</html>
""")
_BILL: Final = Template("""\
<p class="amount">¥$yuan</p>
<dl>
<dt>商品</dt><dd>$description</dd>
<dt>商户单号</dt><dd>$out_trade_no</dd>
<dt>状态</dt><dd>$state</dd>
</dl>
$actions""")
_FORM: Final = Template("""\
<form method="post" action="/_sim/cashier">
<input type="hidden" name="prepay_id" value="$prepay_id">
<input type="hidden" name="return_url" value="$return_url">
<button class="primary" name="action" value="pay">支付</button>
<button name="action" value="cancel">取消</button>
</form>""")
_BACK: Final = Template('<a class="button primary" href="$return_url">返回商家</a>')


@router.get("/cashier.css")
def style() -> Response:
    """The page's style sheet."""
    return Response(_STYLE, media_type="text/css")


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


def _pay(desk: Desk, prepay_id: str, return_url: str) -> HTMLResponse:
    try:
        desk.take_payment(Payment(prepay_id=prepay_id))
    except RefusalError as refusal:
        return _page("支付失败", _sentence(refusal) + _back(return_url), refusal.status)
    return _bill_page(desk.books, prepay_id, ("支付成功", ""), return_url)


def _bill_page(
    books: Books, prepay_id: str, title_and_form: tuple[str, str], return_url: str
) -> HTMLResponse:
    title, form = title_and_form
    try:
        order, state = books.opened(prepay_id)
    except RefusalError as refusal:
        return _page("无法支付", _sentence(refusal) + _back(return_url), refusal.status)
    payable = form if state == "NOTPAY" else ""
    bill = _BILL.substitute(
        yuan=yuan(order.amount.total),
        description=escape(order.description),
        out_trade_no=escape(order.out_trade_no),
        state=TRADE_STATE_TEXT[state],
        actions=payable or _back(return_url),
    )
    return _page(title, bill)


def yuan(fen: int) -> str:
    """Fen as yuan with two decimals, for example 1234567 as 12,345.67."""
    whole, rest = divmod(fen, 100)
    return f"{whole:,}.{rest:02d}"


def _page(title: str, content: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(_PAGE.substitute(title=escape(title), content=content), status)


def _sentence(refusal: RefusalError) -> str:
    return f"<p>{escape(refusal.message)}</p>"


def _back(return_url: str) -> str:
    # Only web addresses: a javascript: link would run here.
    if not return_url.startswith(("http://", "https://")):
        return ""
    return _BACK.substitute(return_url=escape(return_url))
