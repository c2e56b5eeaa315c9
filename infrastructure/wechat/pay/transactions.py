"""WeChat's transaction object, the same in answers to a query and in notices."""

from collections.abc import Mapping

from application.payment_gateway import Transaction
from infrastructure.wechat.pay.fields import fen, fen_or, instant, member, text, word, word_if_any

_PAID = frozenset({"SUCCESS", "REFUND"})


def read_transaction(document: Mapping[str, object]) -> Transaction:
    """Read a verified document; raises MalformedDocumentError.

    SUCCESS and REFUND (转入退款: it was paid) must carry number, time and
    amounts. In all other states WeChat leaves most of them out: what is absent
    is empty, and an absent total is 0.
    """
    if text(document, "trade_state") in _PAID:
        return _paid(document)
    return _unpaid(document)


def _paid(document: Mapping[str, object]) -> Transaction:
    amount = member(document, "amount")
    total_fen = fen(amount, "total")
    return Transaction(
        mchid=word(document, "mchid"),
        appid=word(document, "appid"),
        out_trade_no=word(document, "out_trade_no"),
        trade_state=word(document, "trade_state"),
        total_fen=total_fen,
        currency=word(amount, "currency"),
        trade_type=word(document, "trade_type"),
        transaction_id=word(document, "transaction_id"),
        # Left out where no coupon (代金券) was used.
        payer_total_fen=fen_or(amount, "payer_total", total_fen),
        succeeded_at=instant(document, "success_time"),
        openid=word_if_any(member(document, "payer"), "openid"),
    )


def _unpaid(document: Mapping[str, object]) -> Transaction:
    amount = member(document, "amount")
    return Transaction(
        mchid=word(document, "mchid"),
        appid=word(document, "appid"),
        out_trade_no=word(document, "out_trade_no"),
        trade_state=word(document, "trade_state"),
        total_fen=fen_or(amount, "total", 0),
        currency=word_if_any(amount, "currency"),
        trade_type=word_if_any(document, "trade_type"),
    )
