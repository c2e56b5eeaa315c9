"""What a customer reads of the facts that only hourly work knows: a plan and its visits."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from domain.money import yuan
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.stages import STAGE_LABELS
from domain.orders.windows import bounds
from domain.time import SHANGHAI

_WEEKDAYS: Final = "一二三四五六日"
_ENDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "customer": "已按您的申请终止",
        "company": "因我方原因终止",
        "expired": "已到期",
        "not_renewed": "到期未续费，已终止",
    }
)


def _scheduled(event: HourlyWorkOrder.VisitsScheduled) -> str:
    first, _ = bounds(event.visits[0]["window"])
    if len(event.visits) == 1:
        return f"已排期第 {event.visits[0]['visit']} 次服务：{_moment(first)}"
    return f"已排期 {len(event.visits)} 次服务，首次 {_moment(first)}"


def _stage(event: Any) -> str:  # noqa: ANN401 - one of the events below
    return f"第 {event.visit} 次服务：{STAGE_LABELS[event.visit_stage]}"


def _in_charge(event: Any) -> str:  # noqa: ANN401 - one of the events below
    return f"第 {event.visit} 次服务已安排服务人员（工号 {event.worker_number}）"


def _moved(event: HourlyWorkOrder.VisitRescheduled) -> str:
    starts_at, _ = bounds(event.window)
    return f"第 {event.visit} 次服务改为 {_moment(starts_at)}"


def _pattern(event: HourlyWorkOrder.PatternChanged) -> str:
    weekdays = "、".join(f"周{_WEEKDAYS[weekday - 1]}" for weekday in event.weekdays)
    day = _day(event.first_day)
    return f"自{day}起改为每{weekdays} {event.start}，每次 {event.minutes} 分钟"


def _reminded(event: HourlyWorkOrder.RenewalReminded) -> str:
    left, visits, price = event.visits_left, event.visits, yuan(event.amount_fen)
    until = _moment(event.pay_by)
    return f"已付服务还剩 {left} 次，续费 {visits} 次共 {price}，请于 {until} 前支付"


def _ended(event: HourlyWorkOrder.PlanEnded) -> str:
    why = _ENDED.get(event.reason_code, "已终止")
    return f"长期计划{why}：" + "；".join(event.policy_trace)


def _moment(at: datetime) -> str:
    local = at.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.month}月{day.day}日"


SENTENCES: Final[Mapping[type, Callable[[Any], str]]] = MappingProxyType(
    {
        HourlyWorkOrder.VisitsScheduled: _scheduled,
        HourlyWorkOrder.VisitAssigned: _in_charge,
        HourlyWorkOrder.VisitReassigned: _in_charge,
        HourlyWorkOrder.VisitAccepted: _stage,
        HourlyWorkOrder.VisitDeclined: lambda event: f"第 {event.visit} 次服务正在重新安排服务人员",
        HourlyWorkOrder.VisitRescheduled: _moved,
        HourlyWorkOrder.VisitProgressed: _stage,
        HourlyWorkOrder.VisitCompleted: _stage,
        HourlyWorkOrder.VisitSkipped: lambda event: f"第 {event.visit} 次服务已跳过，次数顺延",
        HourlyWorkOrder.VisitCancelled: lambda event: f"第 {event.visit} 次服务已取消，次数顺延",
        HourlyWorkOrder.PatternChanged: _pattern,
        HourlyWorkOrder.PlanPaused: lambda event: (
            f"计划暂停：{_day(event.first_day)}至{_day(event.last_day)}"
        ),
        HourlyWorkOrder.PlanResumed: lambda event: f"计划自{_day(event.first_day)}起恢复",
        HourlyWorkOrder.WorkerSwapped: lambda event: (
            f"自{_day(event.first_day)}起更换服务人员（工号 {event.worker_number}）"
        ),
        HourlyWorkOrder.RenewalReminded: _reminded,
        HourlyWorkOrder.PlanRenewed: lambda event: f"续费成功，第 {event.period} 期已生效",
        HourlyWorkOrder.PlanEnded: _ended,
    }
)
