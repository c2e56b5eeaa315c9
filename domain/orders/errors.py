"""Why an order refuses a command; each refusal leaves the order as it was."""

from domain.errors import InvalidInputError, RuleViolationError


class WrongStageError(RuleViolationError):
    """The command does not belong to the stage the order is in."""

    code = "wrong_stage"
    sentence = "订单当前为“{label}”，不能进行此操作。"


class NotPaidError(RuleViolationError):
    """An online order has a charge still to be paid (R10)."""

    code = "not_paid"
    sentence = "还有未支付的款项，支付后才能继续。"


class ReworkTooLateError(RuleViolationError):
    """The time in which work that was accepted is done again is over (返工)."""

    code = "rework_too_late"
    sentence = "订单完成已超过 48 小时，不能再返工。"


class NotYourOrderError(RuleViolationError):
    """The worker is not the one the order is assigned to."""

    code = "not_your_order"
    sentence = "此订单没有派给您。"


class IntervalTooShortError(InvalidInputError):
    """The worker's busy interval does not cover the service window."""

    code = "interval_too_short"
    sentence = "占用时间没有覆盖预约时间。"


class HappenedInFutureError(InvalidInputError):
    """A fact of the field is reported before it can have happened."""

    code = "happened_in_future"
    sentence = "发生时间不能晚于当前时间。"


class WindowError(InvalidInputError):
    """A window ends before it starts, lies in the past or too far ahead (R18)."""

    code = "window"
    sentence = "预约时间不正确。"


class PaymentNotTakenError(RuleViolationError):
    """The order does not take this payment; the money is to be given back."""

    code = "payment_not_taken"
    sentence = "此款项不能计入订单，将原路退回。"


class OrderClosedError(PaymentNotTakenError):
    """The order or the charge was closed before the payment arrived."""

    code = "order_closed"
    sentence = "订单已关闭，款项将原路退回。"


class ChargeAlreadyPaidError(PaymentNotTakenError):
    """Another payment has already paid the charge."""

    code = "charge_already_paid"
    sentence = "此款项已支付，重复支付的金额将原路退回。"


class ChargeAmountError(PaymentNotTakenError):
    """The amount paid differs from the charge; a person has to look at it."""

    code = "charge_amount"
    sentence = "支付金额与应付金额不一致，请联系客服。"


class ReservationNotPayableError(PaymentNotTakenError):
    """A reservation order never takes online money (R11)."""

    code = "reservation_not_payable"
    sentence = "预约类服务不支持在线支付。"


class UnknownChargeError(PaymentNotTakenError):
    """The order has no charge of this number."""

    code = "unknown_charge"
    sentence = "没有找到对应的款项。"


class RefundTooLargeError(RuleViolationError):
    """More would be given back or kept than is left of what was paid."""

    code = "refund_too_large"
    sentence = "金额超过订单可退余额。"
