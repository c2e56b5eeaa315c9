"""The rules about a dry-cleaning order's garments, from the door to the door."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from domain.errors import InvalidInputError
from domain.money import yuan
from domain.orders import charges
from domain.orders.changes import PolicyApplied
from domain.orders.charges import AddedCharge, PaymentTaken
from domain.orders.dry_cleaning.facts import DryCleaningFacts
from domain.orders.dry_cleaning.garments import (
    PARTNER_STAGES,
    REFUSABLE,
    SETTLED,
    CollectedGarment,
    Collection,
    CompensationTooHighError,
    CountNotPaidError,
    Finding,
    Garment,
    GarmentReport,
    SurchargeNotAgreedError,
    SurchargeNotPaidError,
    UnknownGarmentError,
    changed,
    check_collection,
    check_finding,
    check_report,
    moved,
    slowest,
    told_stages,
)
from domain.orders.order_facts import OrderFacts
from domain.orders.stages import Stage
from domain.orders.windows import check_happened

PARTNER_CANCELLED: Final = "partner_cancelled"
_COUNT_DIFFERENCE: Final = "count_difference"
_FLAW_SURCHARGE: Final = "flaw_surcharge"
_NOT_WASHED: Final = "garment_refused"
_LOST: Final = "garment_lost"
_AGREED_BEFORE: Final = "agreed_before"  # to more than what is charged now
# 预检拒洗: all of the wash, nothing of the trips (catalogue sheet d3).
_REFUSAL: Final = PolicyApplied(version=1, trace=["预检不洗，洗涤费全退，取送费不退"])


class GarmentWork(DryCleaningFacts):
    """What is done with garments. Each report names when it happened.

    Every command raises UnknownGarmentError where the order has no such garment,
    GarmentStageError where the garment stands elsewhere, and HappenedInFutureError.
    """

    def collect(self, collection: Collection, *, by: str, at: datetime) -> None:
        """Take the garments, one by one (取件); the price follows the count.

        Raises:
            WrongStageError: no pick-up is awaited.
            InvalidInputError kinds: see check_collection.
        """
        self.check_stage({Stage.AWAITING_PICKUP})
        check_happened(collection.happened_at, at)
        check_collection(collection, self.details["items"], self.total_fen)
        for number, each in enumerate(collection.garments, start=1):
            facts = {**self._collected(number, each), "happened_at": collection.happened_at}
            self._state(self.GarmentCollected, at, by, Stage.PICKED_UP, **facts)
        self._count(collection, by=by, at=at)

    def advance(
        self, number: int, stage: str, report: GarmentReport, *, by: str, at: datetime
    ) -> None:
        """The workshop or a driver reports a garment's next stage.

        Raises:
            CountNotPaidError, SurchargeNotPaidError: money is awaited before.
        """
        garment = self._garment(number)
        garment.check_follows(stage)
        self._check_paid_for(garment, stage)
        check_report(report, at)
        self._move(self.GarmentProgressed, moved(garment, stage, at), at, by, **report.facts())

    def report_flaw(
        self, number: int, finding: Finding, *, surcharge_fen: int, by: str, at: datetime
    ) -> None:
        """The inspection found a flaw; the customer is asked, with or without a surcharge.

        Raises:
            InvalidInputError: see check_finding; or a surcharge below 0.
        """
        garment = self._garment(number)
        garment.check_stage({Stage.PRE_INSPECTION})
        check_finding(finding, at)
        if surcharge_fen < 0:
            raise InvalidInputError(field="surcharge_fen")
        facts = {"surcharge_fen": surcharge_fen, **finding.facts()}
        garment = moved(garment, Stage.CONSENT_AWAITED, at)
        self._move(self.FlawReported, garment, at, by, **facts)

    def check_surcharge(self, number: int, agreed_fen: int) -> None:
        """Raise SurchargeNotAgreedError where another surcharge is asked than was agreed to."""
        garment = self._garment(number)
        garment.check_stage({Stage.CONSENT_AWAITED})
        if agreed_fen != garment.surcharge_fen:
            asked = yuan(garment.surcharge_fen)
            raise SurchargeNotAgreedError(garment=number, surcharge=asked)

    def accept_surcharge(
        self, number: int, *, consent: str, happened_at: datetime, by: str, at: datetime
    ) -> None:
        """The customer agrees; what they agreed to pay is charged before the washing.

        Raises:
            InvalidInputError: nobody says how the customer agreed.
        """
        garment = self._garment(number)
        garment.check_stage({Stage.CONSENT_AWAITED})
        check_happened(happened_at, at)
        if not consent:
            raise InvalidInputError(field="consent")
        fen = garment.surcharge_fen
        facts = {
            "amount_fen": fen,
            "charge_number": len(self.charges) + 1 if fen else 0,
            "consent": consent,
            "happened_at": happened_at,
        }
        garment = moved(garment, Stage.PRE_INSPECTION, at)
        self._move(self.SurchargeAccepted, garment, at, by, **facts)
        if fen:
            self.add_charge(_charge(_FLAW_SURCHARGE, fen, consent), by=by, at=at)

    def decline_surcharge(
        self, number: int, *, happened_at: datetime, by: str, at: datetime
    ) -> None:
        """The customer wants the garment back unwashed; its price goes back."""
        garment = self._garment(number)
        garment.check_stage({Stage.CONSENT_AWAITED})
        check_happened(happened_at, at)
        facts = {"amount_fen": garment.surcharge_fen, "happened_at": happened_at}
        refused = moved(garment, Stage.WASH_REFUSED, at)
        self._move(self.SurchargeDeclined, refused, at, by, **facts)
        self._give_back(garment, by=by, at=at)

    def refuse_garment(
        self, number: int, reason_code: str, report: GarmentReport, *, by: str, at: datetime
    ) -> None:
        """The company does not wash the garment (拒洗退回); its price goes back.

        Raises:
            InvalidInputError: no reason, or words in clear.
        """
        garment = self._garment(number)
        garment.check_stage(REFUSABLE)
        check_report(report, at)
        if not reason_code:
            raise InvalidInputError(field="reason_code")
        facts = {"reason_code": reason_code, **report.facts()}
        refused = moved(garment, Stage.WASH_REFUSED, at)
        self._move(self.GarmentRefused, refused, at, by, **facts)
        self._give_back(garment, by=by, at=at)

    def sign_for(
        self, numbers: Sequence[int], *, happened_at: datetime, by: str, at: datetime
    ) -> None:
        """The customer signs for delivered garments (签收); with the last the order is done.

        An order with an open charge is done as soon as that is paid or withdrawn.

        Raises:
            InvalidInputError: no garment is named.
        """
        check_happened(happened_at, at)
        signed = [self._garment(number) for number in dict.fromkeys(numbers)]
        if not signed:
            raise InvalidInputError(field="garments")
        for garment in signed:
            garment.check_stage({Stage.DELIVERED})
        for garment in signed:
            home = moved(garment, Stage.SIGNED_FOR, at)
            self._move(self.GarmentSigned, home, at, by, happened_at=happened_at)
        self._finish(happened_at, by, at)

    def report_damage(
        self, number: int, finding: Finding, *, compensation_fen: int, by: str, at: datetime
    ) -> None:
        """A garment was damaged; what is paid for it is paid outside.

        Raises:
            InvalidInputError: see check_finding.
            CompensationTooHighError: beyond 20 times its wash and its declared value.
        """
        garment = self._garment(number)
        _check_compensation(garment, finding, compensation_fen, at)
        facts = {"garment": number, "compensation_fen": compensation_fen, **finding.facts()}
        self._state(self.DamageReported, at, by, self.stage, **facts)

    def report_loss(
        self, number: int, finding: Finding, *, compensation_fen: int, by: str, at: datetime
    ) -> None:
        """A garment was lost; what is paid for it is paid outside. It keeps nobody waiting.

        Raises:
            InvalidInputError, CompensationTooHighError: see report_damage.
        """
        garment = self._garment(number)
        garment.check_in_hands()
        _check_compensation(garment, finding, compensation_fen, at)
        facts = {"compensation_fen": compensation_fen, **finding.facts()}
        self._withdraw_charges(garment, _LOST, by=by, at=at)
        self._move(self.LossReported, moved(garment, Stage.LOST, at), at, by, **facts)
        self._finish(finding.happened_at, by, at)

    def take_partner_code(
        self, number: int, code: int, *, happened_at: datetime, by: str, at: datetime
    ) -> bool:
        """A partner laundry tells where a garment is, by its own code.

        An unknown code is kept as it came and flagged.

        Returns:
            False if the garment is there already or further (nothing is stated).

        Raises:
            CountNotPaidError, SurchargeNotPaidError: money is awaited before.
        """
        garment = self._garment(number)
        check_happened(happened_at, at)
        if code not in PARTNER_STAGES:
            facts = {"garment": number, "code": code, "happened_at": happened_at}
            self._state(self.PartnerCodeFlagged, at, by, self.stage, **facts)
            return True
        stages = told_stages(garment, code)
        self._check_told(garment, stages, at)
        for stage in stages:
            self._tell(number, stage, happened_at, by, at)
        return bool(stages)

    def mark_paid(self, payment: PaymentTaken, *, by: str, at: datetime) -> bool:
        """Take a verified payment, see OrderMoney; the last one may end the order."""
        taken = super().mark_paid(payment, by=by, at=at)
        self._finish(at, by, at)
        return taken

    def withdraw_charge(self, number: int, *, reason_code: str, by: str, at: datetime) -> None:
        """Give up a further charge, see OrderMoney; the last one may end the order."""
        super().withdraw_charge(number, reason_code=reason_code, by=by, at=at)
        self._finish(at, by, at)

    # -- what the commands share

    def _garment(self, number: int) -> Garment:
        if number not in self.garments:
            raise UnknownGarmentError(garment=number)
        return self.garments[number]

    def _move(
        self,
        fact: type[OrderFacts.Event],
        garment: Garment,
        at: datetime,
        by: str,
        **facts: Any,  # noqa: ANN401 - facts of an event
    ) -> None:
        """State a fact that leaves the garment as given; the order shows its slowest."""
        stage = slowest(changed(self.garments, garment).values())
        facts |= {"garment": garment.number, "garment_stage": str(garment.stage)}
        self._state(fact, at, by, stage, **facts)

    def _collected(self, number: int, each: CollectedGarment) -> dict[str, Any]:
        declared = self.details.get("declared_values_fen", {})
        remarks = self.details.get("item_remarks", {})
        return {
            **vars(each),
            "photos": list(each.photos),
            "remark": each.remark or remarks.get(each.item, ""),
            "declared_value_fen": declared.get(each.item, 0),
            "garment": number,
            "garment_stage": Stage.PICKED_UP.value,
        }

    def _count(self, collection: Collection, *, by: str, at: datetime) -> None:
        """State the count; charge what the price rose by, or owe back what it fell by."""
        rise_fen = collection.total_fen - self.price_fen
        facts = {
            "counts": collection.counts(),
            "total_fen": collection.total_fen,
            "lines": [dict(line) for line in collection.lines],
            "reason_code": collection.reason_code,
            "charge_number": len(self.charges) + 1 if rise_fen > 0 else 0,
            "happened_at": collection.happened_at,
        }
        self._state(self.ItemsCounted, at, by, Stage.PICKED_UP, **facts)
        if rise_fen > 0:
            self.add_charge(_charge(_COUNT_DIFFERENCE, rise_fen, collection.consent), by=by, at=at)
        elif rise_fen < 0:
            policy = PolicyApplied(version=self.price_book_version, trace=["取件清点退差"])
            self._let_go_back(-rise_fen, _COUNT_DIFFERENCE, policy, by=by, at=at)

    def _let_go_back(
        self, back_fen: int, reason_code: str, policy: PolicyApplied, *, by: str, at: datetime
    ) -> None:
        """So much, or what of it is still kept."""
        back_fen = min(back_fen, self.kept_fen())
        if back_fen:
            self.refund_due(back_fen, reason_code=reason_code, policy=policy, by=by, at=at)

    def _check_paid_for(self, garment: Garment, stage: str) -> None:
        if stage == Stage.PRE_INSPECTION and self._unpaid_count():
            raise CountNotPaidError
        if stage == Stage.WASHING and any(map(self._is_open, garment.charges)):
            raise SurchargeNotPaidError(garment=garment.number)

    def _is_open(self, charge_number: int) -> bool:
        charge = self.charges.get(charge_number)
        return charge is not None and charge.state == charges.OPEN

    def _unpaid_count(self) -> list[int]:
        """The charge of what was collected beyond the booking, while it is open."""
        counted = (n for n, each in self.charges.items() if each.reason_code == _COUNT_DIFFERENCE)
        return [number for number in counted if self._is_open(number)]

    def _give_back(self, garment: Garment, *, by: str, at: datetime) -> None:
        """What was paid for the garment goes back; what nobody paid yet falls away first."""
        self._withdraw_charges(garment, _NOT_WASHED, by=by, at=at)
        back_fen = garment.price_fen
        for number in self._unpaid_count():
            back_fen -= self.charges[number].amount_fen
            self.withdraw_charge(number, reason_code=_NOT_WASHED, by=by, at=at)
        if back_fen < 0:
            self.add_charge(_charge(_COUNT_DIFFERENCE, -back_fen, _AGREED_BEFORE), by=by, at=at)
        extra_fen = sum(self.charges[number].kept_fen for number in garment.charges)
        self._let_go_back(max(back_fen, 0) + extra_fen, _NOT_WASHED, _REFUSAL, by=by, at=at)

    def _withdraw_charges(
        self, garment: Garment, reason_code: str, *, by: str, at: datetime
    ) -> None:
        for number in filter(self._is_open, garment.charges):
            self.withdraw_charge(number, reason_code=reason_code, by=by, at=at)

    def _finish(self, happened_at: datetime, by: str, at: datetime) -> None:
        """Complete the order once every garment is home or lost and nothing is open."""
        if self.stage in SETTLED and not charges.has_open(self.charges):
            self.complete(happened_at=happened_at, by=by, at=at)

    def _check_told(self, garment: Garment, stages: Sequence[str], at: datetime) -> None:
        """All that a code tells of is possible; else it states nothing."""
        for stage in stages:
            if stage in {Stage.SIGNED_FOR, Stage.WASH_REFUSED}:
                continue
            garment.check_follows(stage)
            self._check_paid_for(garment, stage)
            garment = moved(garment, stage, at)

    def _tell(self, number: int, stage: str, happened_at: datetime, by: str, at: datetime) -> None:
        report = GarmentReport(happened_at=happened_at)
        if stage == Stage.WASH_REFUSED:
            self.refuse_garment(number, PARTNER_CANCELLED, report, by=by, at=at)
        elif stage == Stage.SIGNED_FOR:
            self.sign_for([number], happened_at=happened_at, by=by, at=at)
        else:
            self.advance(number, stage, report, by=by, at=at)


def _charge(reason_code: str, amount_fen: int, consent: str) -> AddedCharge:
    return AddedCharge(reason_code=reason_code, amount_fen=amount_fen, consent=consent)


def _check_compensation(
    garment: Garment, finding: Finding, compensation_fen: int, at: datetime
) -> None:
    check_finding(finding, at)
    if not 0 <= compensation_fen <= garment.most_compensation_fen:
        raise CompensationTooHighError(field="compensation_fen")
