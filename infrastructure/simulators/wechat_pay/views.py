"""Orders and transactions the way the service shows them."""

from collections.abc import Mapping
from typing import Final

from infrastructure.simulators.wechat_pay.beijing import rfc3339
from infrastructure.simulators.wechat_pay.orders import Order, Transaction

TRADE_STATE_TEXT: Final = {
    "NOTPAY": "订单未支付",
    "SUCCESS": "支付成功",
    "CLOSED": "订单已关闭",
    "REFUND": "转入退款",
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
        total = _claimed(order, request.amount.total)
        return head | {"amount": {"total": total, "currency": "CNY"}}
    return head | _success_fields(order, order.transaction)


def _success_fields(order: Order, transaction: Transaction) -> dict[str, object]:
    """What a transaction object has only once it is paid."""
    request = order.request
    fields: dict[str, object] = {
        "transaction_id": transaction.transaction_id,
        "trade_type": request.trade_type,
        "bank_type": "OTHERS",
        "attach": request.attach or "",
        "success_time": rfc3339(transaction.paid_at),
        "payer": {"openid": transaction.openid},
        "amount": {
            "total": _claimed(order, transaction.total_fen),
            "payer_total": _claimed(order, transaction.payer_total_fen),
            "currency": "CNY",
            "payer_currency": "CNY",
        },
        "promotion_detail": _promotions(transaction),
    }
    if request.scene_info and request.scene_info.device_id:
        fields["scene_info"] = {"device_id": request.scene_info.device_id}
    return fields


def _claimed(order: Order, true_fen: int) -> int:
    return true_fen if order.claimed_total_fen is None else order.claimed_total_fen


def order_line(order: Order) -> JsonObject:
    """One order for whoever looks into the books; the true amount, in fen."""
    return {
        "out_trade_no": order.request.out_trade_no,
        "trade_type": order.request.trade_type,
        "state": order.state,
        "total_fen": order.request.amount.total,
        "expires_at": rfc3339(order.expires_at),
        "prepays": len(order.prepays),
        "transaction_id": order.transaction.transaction_id if order.transaction else None,
    }


def ledger_line(order: Order) -> JsonObject:
    """One transaction for reconciliation; the true amounts, in fen."""
    transaction = order.transaction
    if transaction is None:
        message = "an unpaid order has no line in the books"
        raise ValueError(message)
    return {
        "transaction_id": transaction.transaction_id,
        "out_trade_no": order.request.out_trade_no,
        "trade_type": order.request.trade_type,
        "trade_state": order.state,
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
