"""The payment gateway over WeChat Pay APIv3."""

import re
from collections.abc import Mapping

from application.clock import Clock
from application.payment_gateway import Notice, Prepared, Prepayment, Rejected, Transaction, Unknown
from domain.errors import InvalidInputError
from infrastructure.wechat.pay.answers import interpret
from infrastructure.wechat.pay.config import WeChatPayConfig
from infrastructure.wechat.pay.fields import MalformedDocumentError, word
from infrastructure.wechat.pay.keys import PlatformKeys, load_apiv3_key, load_private_key
from infrastructure.wechat.pay.notices import NoticeReader
from infrastructure.wechat.pay.prepay import prepay_body, require_out_trade_no
from infrastructure.wechat.pay.signing import MerchantSigner, RequestSignature
from infrastructure.wechat.pay.transactions import read_transaction
from infrastructure.wechat.pay.transport import Transport
from infrastructure.wechat.pay.verification import Verifier

_PREPAY_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


class WeChatPayGateway:
    """Implements application.payment_gateway.PaymentGateway; safe to share between threads.

    Only a 2xx whose signature holds is believed. Nothing is repeated here: who
    gets Unknown repeats the same call or queries. Raises InvalidPaymentSetupError
    when built from keys that cannot work.
    """

    def __init__(self, config: WeChatPayConfig, clock: Clock) -> None:
        keys = PlatformKeys(config.platform_keys)
        private_key = load_private_key(config.merchant_private_key.get_secret_value())
        apiv3_key = load_apiv3_key(config.apiv3_key.get_secret_value())
        self._config = config
        self._signer = MerchantSigner(private_key, clock)
        self._verifier = Verifier(keys, clock)
        self._notices = NoticeReader(
            self._verifier, apiv3_key, mchid=config.mchid, appid=config.appid
        )
        auth = RequestSignature(self._signer, config.mchid, config.merchant_serial)
        self._transport = Transport(config, auth, keys.public_key_id)

    def prepare(self, prepayment: Prepayment) -> Prepared | Rejected | Unknown:
        """Create or repeat the order at WeChat (JSAPI 下单).

        Idempotent: the same prepayment is the same request byte for byte and
        gives a fresh prepay_id. Raises InvalidPrepaymentError before anything
        is sent.
        """
        body = prepay_body(self._config, prepayment)
        document = self._call("POST", "/v3/pay/transactions/jsapi", body)
        return _prepared(document) if isinstance(document, dict) else document

    def query(self, out_trade_no: str) -> Transaction | Rejected | Unknown:
        """Ask for the order's state (查询订单); changes nothing.

        A Rejected, ORDERNOTEXIST too, is unsigned: no reason to free a seat or
        to write off money. An answer about another order, merchant or app is
        Unknown. Raises InvalidPrepaymentError on an impossible number.
        """
        number = require_out_trade_no(out_trade_no)
        target = f"/v3/pay/transactions/out-trade-no/{number}?mchid={self._config.mchid}"
        document = self._call("GET", target)
        return self._transaction(document, number) if isinstance(document, dict) else document

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Verify and decrypt the raw bytes; header names in any case.

        Raises BadNoticeError, UnsupportedNoticeError (other kinds than
        TRANSACTION.SUCCESS) or UnreadableNoticeError.
        """
        return self._notices.read(headers, body)

    def bridge_parameters(self, prepay_id: str) -> dict[str, str]:
        """What the page hands to WeixinJSBridge getBrandWCPayRequest, signed now.

        Raises InvalidInputError if that is no prepay_id.
        """
        if not _PREPAY_ID.fullmatch(prepay_id):
            raise InvalidInputError
        parameters = {
            "appId": self._config.appid,
            "timeStamp": self._signer.timestamp(),
            "nonceStr": self._signer.nonce(),
            "package": f"prepay_id={prepay_id}",
        }
        signature = self._signer.sign(*(value.encode() for value in parameters.values()))
        return parameters | {"signType": "RSA", "paySign": signature}

    def close(self) -> None:
        """Close the connections; the gateway stays usable."""
        self._transport.close()

    def _call(
        self, method: str, target: str, body: bytes = b""
    ) -> dict[str, object] | Rejected | Unknown:
        answer = self._transport.send(method, target, body)
        return answer if isinstance(answer, Unknown) else interpret(answer, self._verifier)

    def _transaction(self, document: dict[str, object], number: str) -> Transaction | Unknown:
        try:
            transaction = read_transaction(document)
        except MalformedDocumentError as error:
            return Unknown(str(error.facts["reason"]))
        ours = (self._config.mchid, self._config.appid, number)
        if (transaction.mchid, transaction.appid, transaction.out_trade_no) != ours:
            return Unknown("answer about another mchid, appid or out_trade_no")
        return transaction


def _prepared(document: dict[str, object]) -> Prepared | Unknown:
    try:
        return Prepared(word(document, "prepay_id"))
    except MalformedDocumentError as error:
        return Unknown(str(error.facts["reason"]))
