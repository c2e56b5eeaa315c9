"""What a customer reads of the facts that only orders for care know."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from domain.money import yuan
from domain.orders.care.order import CareOrder
from domain.orders.care.settlement import LEAVE, REST, WORKED
from domain.orders.order_facts import OrderFacts
from domain.orders.stages import STAGE_LABELS

_DAYS: Final[Mapping[str, str]] = {WORKED: "出勤", LEAVE: "请假", REST: "休息"}
_HOW: Final[Mapping[str, str]] = {
    "video": "视频",
    "home": "到家",
    "phone": "电话",
    "hospital": "到院",
}


def _stage(event: OrderFacts.Event) -> str:
    return STAGE_LABELS[event.stage]


def _candidates(event: CareOrder.CandidatesProposed) -> str:
    numbers = "、".join(str(each["worker_number"]) for each in event.candidates)
    return f"已推荐人选（工号 {numbers}）"


def _interview(event: CareOrder.CandidateInterviewed) -> str:
    outcome = "您已选中" if event.accepted else "未选中"
    return f"已{_HOW[event.how]}面试（工号 {event.worker_number}），{outcome}"


def _signed(event: CareOrder.ContractSigned) -> str:
    terms = event.terms
    period = f"{terms['starts_on']} 至 {terms['ends_on']}"
    return f"已签约（工号 {event.worker_number}），{period}"


def _day(event: CareOrder.DayRecorded) -> str:
    holiday = f"（{event.holiday}）" if event.holiday else ""
    return f"{event.day}{holiday}：{_DAYS[event.kind]}"


def _requested(event: CareOrder.ReplacementRequested) -> str:
    return "已申请换人" if event.counted else "已申请换人，不计入换人次数"


def _settled(event: CareOrder.Settled) -> str:
    left_fen = event.balance_fen
    rest = f"应退 {yuan(left_fen)}" if left_fen >= 0 else f"还需支付 {yuan(-left_fen)}"
    paid = f"已付 {yuan(event.paid_offline_fen)}"
    return f"已结算：{event.used_days} 天，应付 {yuan(event.used_fen)}，{paid}，{rest}"


SENTENCES: Final[Mapping[type, Callable[[Any], str]]] = MappingProxyType(
    {
        CareOrder.NeedsConfirmed: _stage,
        CareOrder.CandidatesProposed: _candidates,
        CareOrder.CandidateInterviewed: _interview,
        CareOrder.TermsProposed: lambda _: "合同条款和退费表已出示，请确认",
        CareOrder.TermsConsented: lambda _: "您已确认合同条款和退费表",
        CareOrder.ContractSigned: _signed,
        CareOrder.StartMoved: lambda event: f"上户日期改为 {event.starts_on}",
        CareOrder.WorkerStarted: lambda _: "服务人员已到岗",
        CareOrder.DayRecorded: _day,
        CareOrder.BedChanged: lambda _: "已登记转床",
        CareOrder.ReplacementRequested: _requested,
        CareOrder.ReplacementWithdrawn: lambda _: "已撤回换人申请",
        CareOrder.ReplacementAgreed: lambda event: (
            f"已签补充协议，接替人员工号 {event.worker_number}"
        ),
        CareOrder.WorkerReplaced: lambda event: f"已换人（工号 {event.worker_number}）",
        CareOrder.ContractRenewed: lambda event: f"已续约，至 {event.terms['ends_on']}",
        CareOrder.WorkerLeft: _stage,
        CareOrder.Settled: _settled,
        CareOrder.OfflineReceiptRecorded: lambda event: (
            f"线下收款 {yuan(event.amount_fen)}，收据号 {event.receipt_number}"
        ),
        CareOrder.OfflineRefundRecorded: lambda event: (
            f"线下退款 {yuan(event.amount_fen)}，收据号 {event.receipt_number}"
        ),
    }
)
