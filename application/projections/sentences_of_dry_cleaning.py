"""What a customer reads of the facts that only dry-cleaning orders know."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from domain.money import yuan
from domain.orders.dry_cleaning.order import DryCleaningOrder
from domain.orders.stages import STAGE_LABELS
from domain.orders.windows import bounds
from domain.time import SHANGHAI


def _stage(event: Any) -> str:  # noqa: ANN401 - one of the events below
    return f"第 {event.garment} 件：{STAGE_LABELS[event.garment_stage]}"


def _flaw(event: DryCleaningOrder.FlawReported) -> str:
    if not event.surcharge_fen:
        return f"第 {event.garment} 件预检发现瑕疵，请确认是否洗涤"
    more = yuan(event.surcharge_fen)
    return f"第 {event.garment} 件预检发现瑕疵，洗涤需补价 {more}，请确认"


def _other_return(event: DryCleaningOrder.ReturnRescheduled) -> str:
    starts_at, _ = bounds(event.windows[-1])
    return f"送回时间改为 {starts_at.astimezone(SHANGHAI):%m月%d日 %H:%M}"


SENTENCES: Final[Mapping[type, Callable[[Any], str]]] = MappingProxyType(
    {
        DryCleaningOrder.GarmentCollected: lambda event: (
            f"第 {event.garment} 件已登记：{event.name}，标签 {event.label}"
        ),
        DryCleaningOrder.ItemsCounted: lambda event: f"取件清点完成，合计 {yuan(event.total_fen)}",
        DryCleaningOrder.GarmentProgressed: _stage,
        DryCleaningOrder.GarmentSigned: _stage,
        DryCleaningOrder.FlawReported: _flaw,
        DryCleaningOrder.SurchargeAccepted: lambda event: (
            f"您已同意第 {event.garment} 件的洗涤方案"
        ),
        DryCleaningOrder.SurchargeDeclined: lambda event: f"第 {event.garment} 件不洗，将原样送回",
        DryCleaningOrder.GarmentRefused: lambda event: f"第 {event.garment} 件无法洗涤，将原样送回",
        DryCleaningOrder.DamageReported: lambda event: (
            f"第 {event.garment} 件受损，赔偿 {yuan(event.compensation_fen)}"
        ),
        DryCleaningOrder.LossReported: lambda event: (
            f"第 {event.garment} 件遗失，赔偿 {yuan(event.compensation_fen)}"
        ),
        DryCleaningOrder.ReturnAssigned: lambda event: (
            f"已安排送回人员（工号 {event.worker_number}）"
        ),
        DryCleaningOrder.ReturnRescheduled: _other_return,
    }
)
