"""Orders and transactions the way the service shows them."""

from collections.abc import Mapping
from typing import Final

from infrastructure.simulators.wechat_pay.beijing import rfc3339
from infrastructure.simulators.wechat_pay.orders import Order, Transaction
from infrastructure.simulators.wechat_pay.prepay_body import PrepayBody

TRADE_STATE_TEXT: Final = {
    "NOTPAY": "订单未支付",
    "SUCCESS": "支付成功",
    "CLOSED": "订单已关闭",
}
JsonObject = Mapping[str, object]


def order_view(order: Order) -> JsonObject:
    """The transaction object; unpaid orders show the reduced set of fields."""
    request = order.request
    head: dict[str, object] = {
        "appid": request.appid,
        "mchid": request.mchid,
        "out_trade_no": request.out_trade_no,
        "trade_state": order.state,
        "trade_state_desc": TRADE_STATE_TEXT[order.state],
    }
    if order.transaction is None:
        return head | {"amount": {"total": request.amount.total, "currency": "CNY"}}
    return head | success_fields(request, order.transaction)


def success_fields(request: PrepayBody, transaction: Transaction) -> dict[str, object]:
    """What a transaction object has only once it is paid."""
    fields: dict[str, object] = {
        "transaction_id": transaction.transaction_id,
        "trade_type": "JSAPI",
        "bank_type": "OTHERS",
        "attach": request.attach or "",
        "success_time": rfc3339(transaction.paid_at),
        "payer": {"openid": transaction.openid},
        "amount": {
            "total": transaction.total_fen,
            "payer_total": transaction.payer_total_fen,
            "currency": "CNY",
            "payer_currency": "CNY",
        },
        "promotion_detail": _promotions(transaction),
    }
    if request.scene_info and request.scene_info.device_id:
        fields["scene_info"] = {"device_id": request.scene_info.device_id}
    return fields


def ledger_line(order: Order) -> JsonObject:
    """One transaction for reconciliation; money in fen."""
    transaction = order.transaction
    if transaction is None:
        message = "an unpaid order has no line in the books"
        raise ValueError(message)
    return {
        "transaction_id": transaction.transaction_id,
        "out_trade_no": order.request.out_trade_no,
        "description": order.request.description,
        "openid": transaction.openid,
        "success_time": rfc3339(transaction.paid_at),
        "total_fen": transaction.total_fen,
        "payer_total_fen": transaction.payer_total_fen,
        "coupon_fen": transaction.coupon_fen,
    }


def _promotions(transaction: Transaction) -> list[JsonObject]:
    if not transaction.coupon_fen:
        return []
    coupon: JsonObject = {
        "coupon_id": "C" + transaction.transaction_id[-10:],
        "name": "模拟代金券",
        "scope": "GLOBAL",
        "type": "CASH",
        "amount": transaction.coupon_fen,
        "stock_id": "9856000",
        "wechatpay_contribute": transaction.coupon_fen,
        "merchant_contribute": 0,
        "other_contribute": 0,
        "currency": "CNY",
        "goods_detail": [],
    }
    return [coupon]
