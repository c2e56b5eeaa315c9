"""What an answer of WeChat Pay means: believed, refused for certain, or unknown."""

import re

from application.payment_gateway import CloseAccepted, Rejected, Unknown
from domain.errors import JiawuError
from infrastructure.wechat.pay.fields import MalformedDocumentError, json_object, text
from infrastructure.wechat.pay.transport import Answer, logger
from infrastructure.wechat.pay.verification import UntrustedMessageError, Verifier

_CODE = re.compile(r"[A-Z0-9]{1,64}")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f]")
_MAX_MESSAGE = 256
_NO_CONTENT = 204
_REQUEST_TIMEOUT = 408
_TOO_MANY_REQUESTS = 429
# They tell of overload or of work under way, whatever status they come with.
_UNDECIDED = frozenset(
    {
        "BANKERROR",
        "FREQUENCYLIMITED",
        "RATELIMITED",
        "RATELIMITEXCEEDED",
        "SERVICEUNAVAILABLE",
        "SYSTEMERROR",
        "USERPAYING",
    }
)


def interpret(answer: Answer, verifier: Verifier) -> dict[str, object] | Rejected | Unknown:
    """The document of a verified 2xx; a refusal of a 4xx; else Unknown.

    WeChat does not sign refusals dependably, so no money decision may be taken
    from a Rejected: before a seat is freed or a payment is written off, a
    verified answer to a query must say so.
    """
    if 200 <= answer.status < 300:  # noqa: PLR2004 - the HTTP success class
        return _document(answer, verifier)
    return _not_done(answer)


def interpret_close(answer: Answer, verifier: Verifier) -> CloseAccepted | Rejected | Unknown:
    """CloseAccepted for a 204 signed over an empty body; else as `interpret`."""
    if answer.status == _NO_CONTENT:
        doubt = _doubt(answer, verifier)
        return Unknown(doubt) if doubt else CloseAccepted()
    return _not_done(answer)


def normalise_code(code: str) -> str:
    """Upper-case without underscores, as WeChat uses both ORDER_NOT_EXIST and ORDERNOTEXIST."""
    return code.upper().replace("_", "")


def _document(answer: Answer, verifier: Verifier) -> dict[str, object] | Unknown:
    if doubt := _doubt(answer, verifier):
        return Unknown(doubt)
    try:
        return json_object(answer.body)
    except MalformedDocumentError as error:
        return Unknown(_disbelieved(answer, error))


def _doubt(answer: Answer, verifier: Verifier) -> str:
    """Why the answer is not provably WeChat's; empty if it is."""
    try:
        verifier.verify(answer.headers, answer.body)
    except UntrustedMessageError as error:
        return _disbelieved(answer, error)
    return ""


def _disbelieved(answer: Answer, error: JiawuError) -> str:
    reason = str(error.facts["reason"])
    logger.warning("answer %s not believed: %s", answer.request_id or "-", reason)
    return reason


def _not_done(answer: Answer) -> Rejected | Unknown:
    refused = _is_refusal_status(answer.status)
    return _refusal(answer) if refused else Unknown(f"HTTP {answer.status}")


def _is_refusal_status(status: int) -> bool:
    client_error = 400 <= status < 500  # noqa: PLR2004 - the HTTP client-error class
    return client_error and status not in {_REQUEST_TIMEOUT, _TOO_MANY_REQUESTS}


def _refusal(answer: Answer) -> Rejected | Unknown:
    try:
        document = json_object(answer.body)
        code, message = normalise_code(text(document, "code")), text(document, "message")
    except MalformedDocumentError:
        return Unknown(f"HTTP {answer.status} without a readable code")
    if not _CODE.fullmatch(code):
        return Unknown(f"HTTP {answer.status} without a readable code")
    if code in _UNDECIDED:
        return Unknown(f"HTTP {answer.status} {code}")
    return Rejected(code, _UNPRINTABLE.sub("", message)[:_MAX_MESSAGE])
