"""The payment gateway over WeChat Pay APIv3."""

import re
from collections.abc import Mapping

import orjson
from requests.adapters import BaseAdapter

from application.clock import Clock
from application.payment_gateway import (
    CloseAccepted,
    Notice,
    Prepared,
    Prepayment,
    Rejected,
    Transaction,
    Unknown,
)
from application.policy import TryLaterError
from domain.errors import InvalidInputError
from infrastructure.wechat.pay.answers import interpret, interpret_close
from infrastructure.wechat.pay.certificates import (
    CertificateStore,
    PlatformCertificate,
    read_certificates,
)
from infrastructure.wechat.pay.config import WeChatPayConfig
from infrastructure.wechat.pay.fields import MalformedDocumentError
from infrastructure.wechat.pay.keys import PlatformKeys, load_apiv3_key, load_private_key
from infrastructure.wechat.pay.notices import NoticeReader
from infrastructure.wechat.pay.prepay import (
    prepay_body,
    prepay_path,
    read_prepared,
    require_out_trade_no,
)
from infrastructure.wechat.pay.sealing import ResourceCipher
from infrastructure.wechat.pay.signing import MerchantSigner, RequestSignature
from infrastructure.wechat.pay.transactions import read_transaction
from infrastructure.wechat.pay.transport import Transport
from infrastructure.wechat.pay.verification import Verifier

_NO_CERTIFICATES = "RESOURCENOTEXISTS"  # the account is in public-key mode only
_PREPAY_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


class WeChatPayGateway:
    """Implements application.payment_gateway.PaymentGateway; safe to share between threads.

    Only a 2xx whose signature holds is believed. Nothing is repeated here: who
    gets Unknown repeats the same call or queries. Raises InvalidPaymentSetupError
    when built from keys that cannot work.

    `line` carries the requests in place of a socket, for a simulation in one
    process. `certificates` shares downloaded platform certificates with the
    other processes; without it they last as long as this object.
    """

    def __init__(
        self,
        config: WeChatPayConfig,
        clock: Clock,
        line: BaseAdapter | None = None,
        *,
        certificates: CertificateStore | None = None,
    ) -> None:
        private_key = load_private_key(config.merchant_private_key.get_secret_value())
        apiv3_key = load_apiv3_key(config.apiv3_key.get_secret_value())
        self._config = config
        self._clock = clock
        self._keys = PlatformKeys(config.platform_keys, clock, certificates)
        self._cipher = ResourceCipher(apiv3_key)
        self._signer = MerchantSigner(private_key, clock)
        self._verifier = Verifier(self._keys, clock)
        self._notices = NoticeReader(
            self._verifier, self._cipher, mchid=config.mchid, appid=config.appid
        )
        auth = RequestSignature(self._signer, config.mchid, config.merchant_serial)
        self._transport = Transport(config, auth, self._keys.public_key_id, line)

    def compose(self, prepayment: Prepayment) -> bytes:
        """The canonical body of its prepay; pure, and the same bytes for the same prepayment.

        Raises InvalidPrepaymentError.
        """
        return prepay_body(self._config, prepayment)

    def prepare(self, trade_type: str, body: bytes) -> Prepared | Rejected | Unknown:
        """Create or repeat the order at WeChat (下单), sending exactly these bytes.

        Idempotent: repeated bytes give a fresh prepay_id or address. Raises
        InvalidPrepaymentError for an unknown trade type, before anything is sent.
        """
        document = self._call("POST", prepay_path(trade_type), body)
        return _prepared(trade_type, document) if isinstance(document, dict) else document

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

    def close_order(self, out_trade_no: str) -> CloseAccepted | Rejected | Unknown:
        """Close an unpaid order (关单); repeating it is harmless.

        CloseAccepted comes for numbers that never existed too: query afterwards.
        Unknown (429) while the payer is typing the password. Raises
        InvalidPrepaymentError on an impossible number.
        """
        number = require_out_trade_no(out_trade_no)
        target = f"/v3/pay/transactions/out-trade-no/{number}/close"
        body = orjson.dumps({"mchid": self._config.mchid})
        answer = self._transport.send("POST", target, body)
        return answer if isinstance(answer, Unknown) else interpret_close(answer, self._verifier)

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Verify and decrypt the raw bytes; header names in any case.

        Raises BadNoticeError, ForeignNoticeError (for another mchid or appid),
        UnsupportedNoticeError (other kinds than TRANSACTION.SUCCESS) or
        UnreadableNoticeError.
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

    def refresh_keys(self) -> None:
        """Fetch WeChat's present platform certificates (下载平台证书) and share them.

        Nothing where only public keys (微信支付公钥) are configured, and nothing
        to fetch is no failure. What is expired or not rightly encrypted is left
        out. Idempotent. Raises TryLaterError where no usable certificate came.
        """
        if not self._keys.certificate_mode:
            return
        answer = self._call("GET", "/v3/certificates")
        if isinstance(answer, dict):
            self._keys.learn(self._usable(answer))
        elif _why(answer) != _NO_CERTIFICATES:
            raise TryLaterError(_why(answer))

    def close(self) -> None:
        """Close the connections; the gateway stays usable."""
        self._transport.close()

    def _call(
        self, method: str, target: str, body: bytes = b""
    ) -> dict[str, object] | Rejected | Unknown:
        answer = self._transport.send(method, target, body)
        return answer if isinstance(answer, Unknown) else interpret(answer, self._verifier)

    def _usable(self, document: dict[str, object]) -> list[PlatformCertificate]:
        try:
            return read_certificates(document, self._cipher, self._clock.now())
        except MalformedDocumentError as error:
            raise TryLaterError(str(error.facts["reason"])) from None

    def _transaction(self, document: dict[str, object], number: str) -> Transaction | Unknown:
        try:
            transaction = read_transaction(document)
        except MalformedDocumentError as error:
            return Unknown(str(error.facts["reason"]))
        ours = (self._config.mchid, self._config.appid, number)
        if (transaction.mchid, transaction.appid, transaction.out_trade_no) != ours:
            return Unknown("answer about another mchid, appid or out_trade_no")
        return transaction


def _prepared(trade_type: str, document: dict[str, object]) -> Prepared | Unknown:
    try:
        return read_prepared(trade_type, document)
    except MalformedDocumentError as error:
        return Unknown(str(error.facts["reason"]))


def _why(answer: Rejected | Unknown) -> str:
    return answer.code if isinstance(answer, Rejected) else answer.reason
