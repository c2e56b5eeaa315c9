"""The error answers of the pay service: status, code, sentence and detail."""

from collections.abc import Mapping
from typing import Final


class RefusalError(Exception):
    """A request is refused; nothing was changed.

    Attributes:
        status: HTTP status of the answer.
        code: The service's code, spelled with underscores.
        message: The sentence it sends along.
        detail: The optional `detail` object.
    """

    def __init__(
        self, status: int, code: str, message: str, detail: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail

    def body(self, *, old_spelling: bool = False) -> dict[str, object]:
        """The JSON object `{"code", "message", "detail"?}`."""
        code = self.code.replace("_", "") if old_spelling else self.code
        detail = {} if self.detail is None else {"detail": dict(self.detail)}
        return {"code": code, "message": self.message, **detail}


def sign_error(
    *, message: str, field: str, issue: str, sign_information: Mapping[str, object] | None = None
) -> RefusalError:
    """401: who sent the request is not proven."""
    detail: dict[str, object] = {
        "detail": {"issue": issue},
        "field": field,
        "location": "authorization",
    }
    if sign_information is not None:
        detail["sign_information"] = dict(sign_information)
    return RefusalError(401, "SIGN_ERROR", message, detail)


def param_error(*, field: str, value: object, issue: str, location: str = "body") -> RefusalError:
    """400: one field is malformed; `field` is a JSON pointer inside `location`."""
    return RefusalError(
        400,
        "PARAM_ERROR",
        f"输入源“/{location}{field}”校验失败：{issue}",
        {"field": field, "value": value, "issue": issue, "location": location},
    )


def header_error(message: str) -> RefusalError:
    """400: an HTTP header that every request needs is missing or wrong."""
    return RefusalError(400, "PARAM_ERROR", message)


def appid_not_bound() -> RefusalError:
    """400: the appid does not belong to the merchant."""
    return RefusalError(400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配")


def number_used() -> RefusalError:
    """400: the merchant's order number exists with other parameters."""
    return RefusalError(400, "INVALID_REQUEST", "201 商户订单号重复")


def order_closed() -> RefusalError:
    """400: the order was closed before."""
    return RefusalError(400, "ORDER_CLOSED", "订单已关闭")


def order_paid() -> RefusalError:
    """400: the order is paid; the status on the live service is not documented."""
    return RefusalError(400, "ORDERPAID", "该订单已支付")


def order_unknown() -> RefusalError:
    """404: no such order or transaction."""
    return RefusalError(404, "ORDER_NOT_EXIST", "订单不存在")


def busy_paying() -> RefusalError:
    """429: the customer is on the password page (用户支付中)."""
    return RefusalError(429, "FREQUENCY_LIMITED", "用户正在支付中，请稍后重试")


def resource_unknown(message: str = "请求的资源不存在") -> RefusalError:
    """404: the service has no such resource."""
    return RefusalError(404, "RESOURCE_NOT_EXISTS", message)


CUSTOMER_REFUSALS: Final = {
    "ORDERPAID": "该订单已支付，请勿重复支付",
    "ORDER_CLOSED": "订单已关闭",
    "ORDER_EXPIRED": "订单已超过支付期限",
    "PREPAY_EXPIRED": "预支付会话已过期，请重新下单",
    "OPENID_MISMATCH": "支付人与下单人不一致",
    "COUPON_INVALID": "优惠金额不正确",
}


def customer_refused(code: str) -> RefusalError:
    """409: the simulated customer cannot pay this; only the control API says it."""
    return RefusalError(409, code, CUSTOMER_REFUSALS[code])


def key_refused(message: str) -> RefusalError:
    """409: the command does not fit the present keys; only the control API says it."""
    return RefusalError(409, "KEYS_NOT_READY", message)


def clock_refused() -> RefusalError:
    """409: the simulator runs on a clock that nobody sets."""
    return RefusalError(409, "CLOCK_NOT_SETTABLE", "模拟器使用系统时钟，不能拨动")


def prepay_expired() -> RefusalError:
    """409: the customer opens what is no longer valid."""
    code = "PREPAY_EXPIRED"
    return customer_refused(code)


def order_not_paid() -> RefusalError:
    """409: there is nothing to refund; only the control API says it."""
    return RefusalError(409, "ORDER_NOT_PAID", "订单尚未支付")
