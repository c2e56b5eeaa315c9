"""What a customer reads of the facts that only orders for appliances and homes know."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from domain.money import yuan
from domain.orders.appliance_care.empty_trips import CUSTOMER_ABSENT
from domain.orders.appliance_care.order import ApplianceCareOrder
from domain.orders.appliance_care.repair_facts import WARRANTY_VISIT
from domain.orders.order_facts import OrderFacts
from domain.orders.stages import STAGE_LABELS
from domain.orders.windows import bounds
from domain.time import SHANGHAI


def _stage(event: OrderFacts.Event) -> str:
    return STAGE_LABELS[event.stage]


def _trial_run(event: ApplianceCareOrder.TrialRunConfirmed) -> str:
    return f"{event.machine} 号机器试机：{'运转正常' if event.works else '清洗前已不能正常运转'}"


def _inspected(event: ApplianceCareOrder.MachineInspected) -> str:
    return f"{event.machine} 号机器试机验收：{'通过' if event.accepted else '需要返工'}"


def _repriced(
    event: ApplianceCareOrder.ItemChanged | ApplianceCareOrder.MachineWithdrawn,
) -> str:
    done = "已改项" if isinstance(event, ApplianceCareOrder.ItemChanged) else "已取消清洗"
    return f"{event.machine} 号机器{done}，订单金额改为 {yuan(event.total_fen)}"


def _empty_trip(event: ApplianceCareOrder.EmptyTripRecorded) -> str:
    absent = event.reason_code == CUSTOMER_ABSENT
    why = "上门等候后未能联系到您" if absent else "机器均无法拆洗"
    return f"{why}，上门未能服务，空跑费 {yuan(event.fee_fen)}"


def _quoted(event: ApplianceCareOrder.Quoted) -> str:
    until = _day(event.valid_until)
    fee = yuan(event.inspection_fee_fen)
    return f"维修报价 {yuan(event.total_fen)}，{until} 前有效；不维修收检测费 {fee}"


def _parts(event: ApplianceCareOrder.PartsOrdered) -> str:
    expected = f"，预计 {event.expected_on} 到货" if event.expected_on else ""
    return f"需要配件：{'、'.join(event.parts)}{expected}"


def _next_visit(event: ApplianceCareOrder.FollowUpVisitBooked) -> str:
    starts_at, _ = bounds(event.windows[0])
    why = "质保维修" if event.reason_code == WARRANTY_VISIT else "配件到货"
    return f"{why}，将于 {_day(starts_at)} 再次上门，不收费"


def _day(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


SENTENCES: Final[Mapping[type, Callable[[Any], str]]] = MappingProxyType(
    {
        ApplianceCareOrder.TrialRunConfirmed: _trial_run,
        ApplianceCareOrder.OpeningFailed: lambda event: (
            f"{event.machine} 号机器无法拆洗，请确认处理方式"
        ),
        ApplianceCareOrder.ItemChanged: _repriced,
        ApplianceCareOrder.MachineWithdrawn: _repriced,
        ApplianceCareOrder.MachineInspected: _inspected,
        ApplianceCareOrder.MaterialConfirmed: _stage,
        ApplianceCareOrder.EmptyTripRecorded: _empty_trip,
        ApplianceCareOrder.CareReminded: lambda _: "养护期已到，建议预约下一次养护",
        ApplianceCareOrder.Diagnosed: lambda _: "师傅已完成上门检测",
        ApplianceCareOrder.Quoted: _quoted,
        ApplianceCareOrder.QuotationAccepted: lambda event: f"您已同意报价 {yuan(event.total_fen)}",
        ApplianceCareOrder.QuotationRefused: lambda event: (
            f"您未接受报价，应付检测费 {yuan(event.inspection_fee_fen)}"
        ),
        ApplianceCareOrder.PartsOrdered: _parts,
        ApplianceCareOrder.PartsReceived: lambda _: "配件已到货",
        ApplianceCareOrder.FollowUpVisitBooked: _next_visit,
        ApplianceCareOrder.WarrantyStarted: lambda event: (
            f"质保 {event.days} 天，至 {_day(event.until)}"
        ),
        ApplianceCareOrder.WarrantyClaimed: lambda _: "已收到您的质保报修，将免费上门",
        ApplianceCareOrder.WarrantyClaimWithdrawn: lambda _: "质保报修已撤回",
        ApplianceCareOrder.WarrantyVisitCompleted: lambda _: "质保维修已完成",
        ApplianceCareOrder.WarrantyExpired: _stage,
        ApplianceCareOrder.OfflineReceiptRecorded: lambda event: (
            f"已收款 {yuan(event.amount_fen)}（线下），收据号 {event.receipt_number}"
        ),
        ApplianceCareOrder.OfflineRefundRecorded: lambda event: (
            f"已退款 {yuan(event.amount_fen)}（线下），收据号 {event.receipt_number}"
        ),
    }
)
