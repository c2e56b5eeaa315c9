"""The look of the pages where a person plays the customer."""

from html import escape
from string import Template
from typing import Final

from fastapi.responses import HTMLResponse

from infrastructure.simulators.wechat_pay.orders import TradeState
from infrastructure.simulators.wechat_pay.prepay_body import PrepayBody
from infrastructure.simulators.wechat_pay.views import TRADE_STATE_TEXT

STYLE: Final = """\
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
p { overflow-wrap: anywhere; }
a.code { display: block; padding: .75rem 0; border-top: 1px solid #eee; color: inherit; }
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
_HEADERS: Final = {"Content-Security-Policy": "default-src 'none'; style-src 'self'"}


def page(title: str, content: str, status: int = 200) -> HTMLResponse:
    """A whole page; `content` is HTML, `title` is not."""
    html = _PAGE.substitute(title=escape(title), content=content)
    return HTMLResponse(html, status, _HEADERS)


def bill(request: PrepayBody, state: TradeState, actions: str) -> str:
    """What is to be paid, and below it the HTML of `actions`."""
    return _BILL.substitute(
        yuan=yuan(request.amount.total),
        description=escape(request.description),
        out_trade_no=escape(request.out_trade_no),
        state=TRADE_STATE_TEXT[state],
        actions=actions,
    )


def sentence(text: str) -> str:
    """A paragraph."""
    return f"<p>{escape(text)}</p>"


def link(href: str, words: str, *, primary: bool = True) -> str:
    """A link that looks like a button; "" unless `href` is a web address.

    A javascript: link would run here.
    """
    if not href.startswith(("http://", "https://")):
        return ""
    kind = "button primary" if primary else "button"
    return f'<a class="{kind}" href="{escape(href)}">{escape(words)}</a>'


def yuan(fen: int) -> str:
    """Fen as yuan with two decimals, for example 1234567 as 12,345.67."""
    whole, rest = divmod(fen, 100)
    return f"{whole:,}.{rest:02d}"
