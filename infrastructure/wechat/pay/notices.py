"""Payment notices (支付结果通知): verified, then decrypted, then read."""

from collections.abc import Mapping

from application.payment_gateway import (
    BadNoticeError,
    ForeignNoticeError,
    Notice,
    Transaction,
    UnreadableNoticeError,
)
from domain.errors import JiawuError
from infrastructure.wechat.pay.fields import (
    MalformedDocumentError,
    json_object,
    member,
    text,
    word,
)
from infrastructure.wechat.pay.sealing import ResourceCipher, UndecryptableError
from infrastructure.wechat.pay.transactions import read_transaction
from infrastructure.wechat.pay.verification import UntrustedMessageError, Verifier

MAX_BODY_BYTES = 64 * 1024
_RESOURCE_TYPE = "encrypt-resource"
_SUPPORTED_EVENT = "TRANSACTION.SUCCESS"


class UnsupportedNoticeError(JiawuError):
    """Rightly signed by WeChat, but of a kind we do not handle.

    It is kept raw all the same, and answered with 501, so that WeChat repeats
    it for a day and nothing is lost if the kind is handled by then. `facts["event_type"]` names it.
    """

    code = "unsupported_notice"
    status = 501
    sentence = "暂不支持此类通知。"


class NoticeReader:
    """Reads notices meant for one merchant and app; makes no call, keeps no state."""

    def __init__(
        self, verifier: Verifier, cipher: ResourceCipher, *, mchid: str, appid: str
    ) -> None:
        self._verifier = verifier
        self._cipher = cipher
        self._mchid = mchid
        self._appid = appid

    def read(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Verify, decrypt and read; nothing is parsed before the signature holds.

        Raises BadNoticeError (a ForeignNoticeError where it is for another mchid
        or appid), UnsupportedNoticeError or UnreadableNoticeError and nothing
        else, whatever the bytes. The same notice may be read any
        number of times within five minutes of signing.
        """
        if len(body) > MAX_BODY_BYTES:
            raise BadNoticeError(reason="body too large")
        try:
            self._verifier.verify(headers, body)
            return self._notice(json_object(body))
        except (UntrustedMessageError, MalformedDocumentError) as error:
            raise BadNoticeError(reason=error.facts["reason"]) from error
        except UndecryptableError:
            raise UnreadableNoticeError from None

    def _notice(self, envelope: dict[str, object]) -> Notice:
        if text(envelope, "resource_type") != _RESOURCE_TYPE:
            raise MalformedDocumentError(reason="unknown resource_type")
        event_type = word(envelope, "event_type")
        if event_type != _SUPPORTED_EVENT:
            raise UnsupportedNoticeError(event_type=event_type)
        plaintext = self._cipher.open(member(envelope, "resource"))
        transaction = read_transaction(json_object(plaintext))
        self._require_ours(transaction)
        return Notice(word(envelope, "id"), event_type, transaction)

    def _require_ours(self, transaction: Transaction) -> None:
        if (transaction.mchid, transaction.appid) != (self._mchid, self._appid):
            raise ForeignNoticeError(
                reason="for another mchid or appid",
                mchid=transaction.mchid,
                transaction_id=transaction.transaction_id,
            )
