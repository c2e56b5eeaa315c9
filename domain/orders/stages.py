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
    # a visit to a home that went wrong
    EMPTY_TRIP = "empty_trip"
    INTERRUPTED = "interrupted"
    REWORKING = "reworking"
    # dry-cleaning (上门干洗), of the order and of each garment
    AWAITING_PICKUP = "awaiting_pickup"
    PICKED_UP = "picked_up"
    AT_WORKSHOP = "at_workshop"
    PRE_INSPECTION = "pre_inspection"
    CONSENT_AWAITED = "consent_awaited"
    WASHING = "washing"
    QUALITY_CHECK = "quality_check"
    REWASHING = "rewashing"
    WASH_REFUSED = "wash_refused"
    SENT_BACK = "sent_back"
    DELIVERED = "delivered"
    SIGNED_FOR = "signed_for"
    LOST = "lost"
    # a long-term plan of hourly work (小时工长期) and its visits
    PLAN_ACTIVE = "plan_active"
    PLAN_PAUSED = "plan_paused"
    SCHEDULED = "scheduled"
    SKIPPED = "skipped"
    VISIT_COMPLETED = "visit_completed"
    # appliances: cleaning, home care (家居养护) and repair (家电维修)
    TRIAL_RUN_CONFIRMED = "trial_run_confirmed"
    NOT_OPENABLE = "not_openable"
    MATERIAL_CONFIRMED = "material_confirmed"
    DIAGNOSED = "diagnosed"
    QUOTED = "quoted"
    QUOTATION_ACCEPTED = "quotation_accepted"
    QUOTATION_REFUSED = "quotation_refused"
    AWAITING_PARTS = "awaiting_parts"
    UNDER_WARRANTY = "under_warranty"
    WARRANTY_EXPIRED = "warranty_expired"
    # nanny services: 月嫂, 保姆, 老人陪护, 医院护工
    CONTACTED = "contacted"
    NEEDS_CONFIRMED = "needs_confirmed"
    CANDIDATES_PROPOSED = "candidates_proposed"
    INTERVIEWED = "interviewed"
    AWAITING_START = "awaiting_start"
    ON_DUTY = "on_duty"
    REPLACEMENT_REQUESTED = "replacement_requested"
    OFF_DUTY = "off_duty"
    SETTLED = "settled"


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
    Stage.EMPTY_TRIP: "空跑",
    Stage.INTERRUPTED: "服务中断",
    Stage.REWORKING: "返工中",
    Stage.AWAITING_PICKUP: "待取件",
    Stage.PICKED_UP: "已取件",
    Stage.AT_WORKSHOP: "已入厂",
    Stage.PRE_INSPECTION: "预检中",
    Stage.CONSENT_AWAITED: "待客户确认",
    Stage.WASHING: "洗涤中",
    Stage.QUALITY_CHECK: "质检中",
    Stage.REWASHING: "返洗中",
    Stage.WASH_REFUSED: "拒洗",
    Stage.SENT_BACK: "已回寄",
    Stage.DELIVERED: "已送达",
    Stage.SIGNED_FOR: "已签收",
    Stage.LOST: "遗失",
    Stage.PLAN_ACTIVE: "计划生效",
    Stage.PLAN_PAUSED: "计划暂停",
    Stage.SCHEDULED: "已排期",
    Stage.SKIPPED: "已跳过",
    Stage.VISIT_COMPLETED: "本次完成",
    Stage.TRIAL_RUN_CONFIRMED: "试机已确认",
    Stage.NOT_OPENABLE: "不可拆洗",
    Stage.MATERIAL_CONFIRMED: "材质已确认",
    Stage.DIAGNOSED: "已检测",
    Stage.QUOTED: "已报价",
    Stage.QUOTATION_ACCEPTED: "客户已同意报价",
    Stage.QUOTATION_REFUSED: "客户未接受报价",
    Stage.AWAITING_PARTS: "待配件",
    Stage.UNDER_WARRANTY: "质保中",
    Stage.WARRANTY_EXPIRED: "质保到期",
    Stage.CONTACTED: "顾问已联系",
    Stage.NEEDS_CONFIRMED: "需求已确认",
    Stage.CANDIDATES_PROPOSED: "已推荐人选",
    Stage.INTERVIEWED: "已面试",
    Stage.AWAITING_START: "已签约，待上户",
    Stage.ON_DUTY: "服务中（已上户）",
    Stage.REPLACEMENT_REQUESTED: "换人中",
    Stage.OFF_DUTY: "已下户",
    Stage.SETTLED: "已结算",
}

Transitions = Mapping[str, frozenset[str]]

# What a worker reports on a visit to a home (到家单), from acceptance to inspection.
HOME_VISIT: Final[Transitions] = {
    Stage.ACCEPTED: frozenset({Stage.DEPARTED}),
    Stage.DEPARTED: frozenset({Stage.ARRIVED}),
    Stage.ARRIVED: frozenset({Stage.IN_SERVICE}),
    Stage.IN_SERVICE: frozenset({Stage.AWAITING_INSPECTION, Stage.INTERRUPTED}),
    Stage.INTERRUPTED: frozenset({Stage.IN_SERVICE}),
    Stage.AWAITING_INSPECTION: frozenset({Stage.REWORKING}),
    Stage.REWORKING: frozenset({Stage.AWAITING_INSPECTION}),
    Stage.COMPLETED: frozenset({Stage.REWORKING}),
}

CLOSED_UNDONE: Final = frozenset({Stage.CANCELLED, Stage.EXPIRED, Stage.EMPTY_TRIP})
DONE: Final = frozenset(
    {Stage.COMPLETED, Stage.REVIEWED, Stage.UNDER_WARRANTY, Stage.WARRANTY_EXPIRED}
)
ASSIGNABLE: Final = frozenset({Stage.AWAITING_ASSIGNMENT, Stage.AREA_REVIEWED})
REASSIGNABLE: Final = frozenset(
    {
        Stage.AWAITING_ACCEPTANCE,
        Stage.ACCEPTED,
        Stage.DEPARTED,
        Stage.ARRIVED,
        Stage.SAFETY_CONFIRMED,
        Stage.TRIAL_RUN_CONFIRMED,
        Stage.MATERIAL_CONFIRMED,
        Stage.AWAITING_PICKUP,
    }
)
DECLINABLE: Final = frozenset({Stage.AWAITING_ACCEPTANCE, Stage.ACCEPTED, Stage.AWAITING_PICKUP})
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
        Stage.AWAITING_PICKUP,
    }
)
