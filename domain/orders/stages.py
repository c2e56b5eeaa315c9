"""Stages of an order: one name each, the words a person reads, what follows what.

Stages are compared by name and never by a number, so a service may add a stage
between two others without moving any.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Stage(StrEnum):
    """Where an order stands (订单进度); stored as the plain name."""

    AWAITING_PAYMENT = "awaiting_payment"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    AWAITING_SURVEY = "awaiting_survey"
    AREA_REVIEWED = "area_reviewed"
    AWAITING_ASSIGNMENT = "awaiting_assignment"
    AWAITING_ACCEPTANCE = "awaiting_acceptance"
    ACCEPTED = "accepted"
    DEPARTED = "departed"
    ARRIVED = "arrived"
    SAFETY_CONFIRMED = "safety_confirmed"
    IN_SERVICE = "in_service"
    AWAITING_INSPECTION = "awaiting_inspection"
    COMPLETED = "completed"
    REVIEWED = "reviewed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


STAGE_LABELS: Final[Mapping[str, str]] = {
    Stage.AWAITING_PAYMENT: "待支付",
    Stage.AWAITING_CONFIRMATION: "已预约，待回电",
    Stage.AWAITING_SURVEY: "待勘测",
    Stage.AREA_REVIEWED: "面积已复核",
    Stage.AWAITING_ASSIGNMENT: "待派单",
    Stage.AWAITING_ACCEPTANCE: "待接单",
    Stage.ACCEPTED: "已接单",
    Stage.DEPARTED: "已出发",
    Stage.ARRIVED: "已到达",
    Stage.SAFETY_CONFIRMED: "安全已确认",
    Stage.IN_SERVICE: "服务中",
    Stage.AWAITING_INSPECTION: "待验收",
    Stage.COMPLETED: "已完成",
    Stage.REVIEWED: "已评价",
    Stage.CANCELLED: "已取消",
    Stage.EXPIRED: "超时关闭",
}

Transitions = Mapping[str, frozenset[str]]

# What a worker reports on a visit to a home (到家单), from acceptance to inspection.
HOME_VISIT: Final[Transitions] = {
    Stage.ACCEPTED: frozenset({Stage.DEPARTED}),
    Stage.DEPARTED: frozenset({Stage.ARRIVED}),
    Stage.ARRIVED: frozenset({Stage.IN_SERVICE}),
    Stage.IN_SERVICE: frozenset({Stage.AWAITING_INSPECTION}),
}

CLOSED_UNDONE: Final = frozenset({Stage.CANCELLED, Stage.EXPIRED})
DONE: Final = frozenset({Stage.COMPLETED, Stage.REVIEWED})
ASSIGNABLE: Final = frozenset({Stage.AWAITING_ASSIGNMENT, Stage.AREA_REVIEWED})
REASSIGNABLE: Final = frozenset(
    {
        Stage.AWAITING_ACCEPTANCE,
        Stage.ACCEPTED,
        Stage.DEPARTED,
        Stage.ARRIVED,
        Stage.SAFETY_CONFIRMED,
    }
)
DECLINABLE: Final = frozenset({Stage.AWAITING_ACCEPTANCE, Stage.ACCEPTED})
# Once the worker is on the way, a new date is a cancellation with its fee.
RESCHEDULABLE: Final = frozenset(
    {
        Stage.AWAITING_PAYMENT,
        Stage.AWAITING_CONFIRMATION,
        Stage.AWAITING_SURVEY,
        Stage.AREA_REVIEWED,
        Stage.AWAITING_ASSIGNMENT,
        Stage.AWAITING_ACCEPTANCE,
        Stage.ACCEPTED,
    }
)
