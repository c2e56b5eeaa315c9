"""Garments (件): what of a dry-cleaning order is followed piece by piece.

Shoes and household textiles are garments too. A garment has a stage of its own;
the order shows its slowest one.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from domain.errors import InvalidInputError, RuleViolationError
from domain.orders.photos import check_photos
from domain.orders.stages import STAGE_LABELS, Stage, Transitions
from domain.orders.windows import check_happened
from domain.sealed import check_sealed

# What the workshop and the drivers report of a garment. Consent, refusal, loss and
# the signature are commands of their own.
GARMENT_WAY: Final[Transitions] = {
    Stage.PICKED_UP: frozenset({Stage.AT_WORKSHOP}),
    Stage.AT_WORKSHOP: frozenset({Stage.PRE_INSPECTION}),
    Stage.PRE_INSPECTION: frozenset({Stage.WASHING}),
    Stage.WASHING: frozenset({Stage.QUALITY_CHECK}),
    Stage.QUALITY_CHECK: frozenset({Stage.REWASHING, Stage.SENT_BACK}),
    Stage.REWASHING: frozenset({Stage.QUALITY_CHECK}),
    Stage.WASH_REFUSED: frozenset({Stage.SENT_BACK}),
    Stage.SENT_BACK: frozenset({Stage.DELIVERED}),
}

# The order shows the first of these at which one of its garments is. A refused
# garment waits for the others before it goes home, a lost one keeps nobody waiting.
SLOWEST_FIRST: Final = (
    Stage.PICKED_UP,
    Stage.AT_WORKSHOP,
    Stage.PRE_INSPECTION,
    Stage.CONSENT_AWAITED,
    Stage.WASHING,
    Stage.REWASHING,
    Stage.QUALITY_CHECK,
    Stage.WASH_REFUSED,
    Stage.SENT_BACK,
    Stage.DELIVERED,
    Stage.SIGNED_FOR,
    Stage.LOST,
)
SETTLED: Final = frozenset({Stage.SIGNED_FOR, Stage.LOST})
# Until it is washed: also where the price of what was counted is never paid.
REFUSABLE: Final = frozenset(
    {Stage.PICKED_UP, Stage.AT_WORKSHOP, Stage.PRE_INSPECTION, Stage.CONSENT_AWAITED}
)

# A partner laundry's code → the stages it tells of, the last one where the garment is
# now. Partners have no code for washing. Source: the codes of a seen partner
# interface, catalogue sheet d2; −1 (取消) means that the partner does not wash it.
PARTNER_STAGES: Final[Mapping[int, tuple[str, ...]]] = {
    1: (Stage.AWAITING_PICKUP,),
    2: (Stage.PICKED_UP,),
    3: (Stage.AT_WORKSHOP,),
    4: (Stage.PRE_INSPECTION,),
    11: (Stage.WASHING, Stage.QUALITY_CHECK),
    5: (Stage.SENT_BACK,),
    6: (Stage.DELIVERED,),
    10: (Stage.SIGNED_FOR,),
    -1: (Stage.WASH_REFUSED,),
}

# Loss or damage is made good up to 20 times the price of the wash, or up to the
# declared value (保价); catalogue sheet d3.
MOST_WASH_PRICES: Final = 20

MOST_GARMENTS: Final = 200
_LABEL: Final = re.compile(r"[A-Z0-9][A-Z0-9-]{0,29}")


class GarmentStageError(RuleViolationError):
    """The garment is at a stage to which the command does not belong."""

    code = "garment_stage"
    sentence = "第 {garment} 件当前为“{label}”，不能进行此操作。"


class UnknownGarmentError(InvalidInputError):
    """The order has no garment of this number."""

    code = "unknown_garment"
    sentence = "订单中没有第 {garment} 件。"


class SurchargeNotPaidError(RuleViolationError):
    """The customer agreed to a surcharge for the garment and has not paid it."""

    code = "surcharge_not_paid"
    sentence = "第 {garment} 件的补价还未支付，支付后才能洗涤。"


class SurchargeNotAgreedError(RuleViolationError):
    """The customer agreed to another surcharge than the one that is asked now."""

    code = "surcharge_not_agreed"
    sentence = "第 {garment} 件的补价为 {surcharge}，请确认后再提交。"


class CountNotPaidError(RuleViolationError):
    """More was collected than booked, and the difference is not paid."""

    code = "count_not_paid"
    sentence = "取件清点的差价还未支付，支付后才能预检。"


class CountReasonError(InvalidInputError):
    """What was collected differs from the booking, and nobody says why."""

    code = "count_reason"
    sentence = "清点数量与下单不一致，请填写原因。"


class CountConsentError(InvalidInputError):
    """The price rises, and nobody says how the customer agreed."""

    code = "count_consent"
    sentence = "清点后价格增加，须先取得客户同意。"


class CompensationTooHighError(InvalidInputError):
    """More than the policy or the declared value allows."""

    code = "compensation_too_high"
    sentence = "赔偿金额超过上限（洗涤费的 20 倍或保价金额）。"


@dataclass(frozen=True, kw_only=True)
class Garment:
    """One garment in the company's hands.

    Attributes:
        number: from 1 within the order.
        label: the tag sewn or pinned to it (水洗唛).
        item: the item of the catalogue, with its extras: `shirt.silk`.
        name: what people call it: 衬衫（真丝）.
        units: base units of the item: 1 a piece, tenths of a metre or ㎡.
        price_fen: what washing it costs of the order's price.
        moved_at: when it came to its stage.
        declared_value_fen: 保价, 0 where none was declared.
        surcharge_fen: asked for the flaw that awaits consent.
        charges: numbers of the order's charges for it.
    """

    number: int
    label: str
    item: str
    name: str
    units: int
    price_fen: int
    moved_at: datetime
    declared_value_fen: int = 0
    stage: str = Stage.PICKED_UP.value
    surcharge_fen: int = 0
    charges: tuple[int, ...] = ()
    compensation_fen: int = 0

    @property
    def most_compensation_fen(self) -> int:
        """What of loss or damage is still to be made good at most."""
        most = max(MOST_WASH_PRICES * self.price_fen, self.declared_value_fen)
        return most - self.compensation_fen

    def check_stage(self, stages: Iterable[str]) -> None:
        """Raise GarmentStageError unless it is at one of these stages."""
        if self.stage not in stages:
            raise GarmentStageError(garment=self.number, label=STAGE_LABELS[self.stage])

    def check_in_hands(self) -> None:
        """Raise GarmentStageError where the company has it no longer."""
        if self.stage in SETTLED:
            raise GarmentStageError(garment=self.number, label=STAGE_LABELS[self.stage])

    def check_follows(self, stage: str) -> None:
        """Raise GarmentStageError unless `stage` may be reported now."""
        if stage not in GARMENT_WAY.get(self.stage, frozenset()):
            raise GarmentStageError(garment=self.number, label=STAGE_LABELS[self.stage])


Garments = Mapping[int, Garment]


@dataclass(frozen=True, kw_only=True)
class CollectedGarment:
    """A garment as the driver takes it; `remark` sealed, `photos` as check_photos wants them."""

    label: str
    item: str
    name: str
    price_fen: int
    units: int = 1
    remark: str = ""
    photos: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Collection:
    """What the driver collected (取件清点), and the price of just that.

    Attributes:
        total_fen: the order's price by the collected garments.
        lines: its rule trace, as in Booking.
        reason_code: why it differs from the booking; "" where it does not.
        consent: how the customer agreed; needed where the price rises.
    """

    garments: Sequence[CollectedGarment]
    total_fen: int
    lines: list[dict[str, Any]]
    happened_at: datetime
    reason_code: str = ""
    consent: str = ""

    def counts(self) -> dict[str, int]:
        """Base units by item."""
        counted: dict[str, int] = {}
        for each in self.garments:
            counted[each.item] = counted.get(each.item, 0) + each.units
        return counted


@dataclass(frozen=True, kw_only=True)
class GarmentReport:
    """When something happened to a garment; `note` sealed."""

    happened_at: datetime
    note: str = ""

    def facts(self) -> dict[str, Any]:
        """The fields as an event names them."""
        return {"happened_at": self.happened_at, "note": self.note}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found wrong with a garment; `description` sealed, `photos` as above."""

    description: str
    happened_at: datetime
    photos: Sequence[str] = field(default_factory=tuple)

    def facts(self) -> dict[str, Any]:
        """The fields as an event names them."""
        return {
            "description": self.description,
            "photos": list(self.photos),
            "happened_at": self.happened_at,
        }


def slowest(garments: Iterable[Garment]) -> str:
    """The stage of the slowest garment, of at least one."""
    present = {garment.stage for garment in garments}
    return next(stage.value for stage in SLOWEST_FIRST if stage in present)


def changed(garments: Garments, garment: Garment) -> dict[int, Garment]:
    """The garments after a change of one."""
    return {**garments, garment.number: garment}


def moved(garment: Garment, stage: str, at: datetime) -> Garment:
    """The garment at another stage; what awaited consent awaits it no longer."""
    return replace(garment, stage=stage, surcharge_fen=0, moved_at=at)


def told_stages(garment: Garment, code: int) -> tuple[str, ...]:
    """The stages to report when a partner tells a known code; none where they are behind."""
    told = PARTNER_STAGES[code]
    if told[-1] in GARMENT_WAY.get(garment.stage, frozenset()):
        return told[-1:]
    return () if _is_behind(garment, told[-1]) else told


def _is_behind(garment: Garment, stage: str) -> bool:
    """A code told late, or told again."""
    if stage not in SLOWEST_FIRST or stage == garment.stage:
        return True
    way = [each.value for each in SLOWEST_FIRST]
    return way.index(stage) < way.index(garment.stage) and stage != Stage.WASH_REFUSED


def check_collection(collection: Collection, booked: Mapping[str, int], booked_fen: int) -> None:
    """Check what was collected against what was booked for `booked_fen`.

    Raises:
        InvalidInputError: no garment, a label twice, malformed facts, or a price
            other than that of its lines.
        CountReasonError, CountConsentError: it differs and nobody says why or who agreed.
    """
    labels = {each.label for each in collection.garments}
    if not 1 <= len(labels) == len(collection.garments) <= MOST_GARMENTS:
        raise InvalidInputError(field="garments")
    for each in collection.garments:
        _check_collected(each)
    _check_price(collection)
    if collection.counts() != booked and not collection.reason_code:
        raise CountReasonError(field="reason_code")
    if collection.total_fen > booked_fen and not collection.consent:
        raise CountConsentError(field="consent")


def check_finding(finding: Finding, at: datetime) -> None:
    """Check the form.

    Raises:
        InvalidInputError: no words, or in clear; see check_photos.
        HappenedInFutureError: see check_happened.
    """
    if not finding.description:
        raise InvalidInputError(field="description")
    check_sealed(description=finding.description)
    check_photos(finding.photos)
    check_happened(finding.happened_at, at)


def check_report(report: GarmentReport, at: datetime) -> None:
    """Raise InvalidInputError for words in clear, HappenedInFutureError."""
    check_sealed(note=report.note)
    check_happened(report.happened_at, at)


def _check_collected(each: CollectedGarment) -> None:
    if not _LABEL.fullmatch(each.label):
        raise InvalidInputError(field="label")
    if not (each.item and each.name) or each.units < 1 or each.price_fen < 0:
        raise InvalidInputError(field="garments")
    check_sealed(remark=each.remark)
    check_photos(each.photos)


def _check_price(collection: Collection) -> None:
    washed_fen = sum(each.price_fen for each in collection.garments)
    lines_fen = sum(line["amount_fen"] for line in collection.lines)
    if collection.total_fen < 1 or not washed_fen <= collection.total_fen == lines_fen:
        raise InvalidInputError(field="total_fen")


def shares(total_fen: int, units: Sequence[int]) -> list[int]:
    """An amount spread over garments by their units; the sum is exact."""
    whole, before, spread = sum(units), 0, []
    for each in units:
        upto = before + each
        spread.append(total_fen * upto // whole - total_fen * before // whole)
        before = upto
    return spread
