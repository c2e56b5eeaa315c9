"""What a customer does with an order after it was paid or reserved, on our own pages."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from application.care import Consent
from application.commands import Command, Outcome
from application.dry_cleaning import SurchargeAnswer
from application.hourly import PlanName
from application.hourly_visits import VisitName
from application.repairs import CUSTOMER_APP, Fault
from application.rescheduling import DateChange
from domain.orders.appliance_care.order import ApplianceCareOrder
from domain.orders.care.duty import ReplacementWish
from domain.orders.care.order import CareOrder
from domain.orders.care.settlement import CUSTOMER
from domain.orders.dry_cleaning.order import DryCleaningOrder
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.hourly.plan_visits import RUNNING
from domain.orders.hourly.visits import upcoming
from domain.orders.service_order import ServiceOrder
from domain.orders.stages import RESCHEDULABLE, Stage
from domain.time import shanghai_day
from interface.household import Household
from tests.simulation.work import Work, priced
from tests.simulation.world import World


@dataclass(frozen=True)
class Mind:
    """Whose second thoughts, at what time."""

    customer_id: UUID
    world: World

    @property
    def random(self) -> Random:
        """Everything that is left to chance."""
        return self.world.chance.random

    @property
    def now(self) -> datetime:
        """The world's time."""
        return self.world.clock.now()


def moves(order: ServiceOrder, mind: Mind) -> list[Work]:
    """What the customer might do with it now."""
    match order:
        case DryCleaningOrder():
            own = _of_garments(order, mind)
        case HourlyWorkOrder() if order.is_plan():
            own = _of_a_plan(order, mind)
        case ApplianceCareOrder() if order.is_repair():
            own = _of_a_repair(order, mind)
        case CareOrder():
            return _of_care(order, mind)
        case _:
            own = []
    return own or _of_the_date(order, mind)


def _of_the_date(order: ServiceOrder, mind: Mind) -> list[Work]:
    """Another date, and consent to what it costs; at times the fee was not read."""
    if order.stage not in RESCHEDULABLE:
        return []
    agreed_at = datetime.fromisoformat(order.windows[0]["starts_at"])
    later = agreed_at + timedelta(hours=mind.random.choice([-1, 1, 2, 24]))
    change = DateChange(starts_at=later, reason_code="customer")
    if mind.random.random() < 0.8:
        change = priced(order, change, mind.world)
    return [lambda h, c: h.reschedulings.change(order.id, change, c, mind.customer_id)]


def _of_garments(order: DryCleaningOrder, mind: Mind) -> list[Work]:
    numbers: dict[str, list[int]] = {}
    for garment in order.garments.values():
        numbers.setdefault(garment.stage, []).append(garment.number)
    works: list[Work] = []
    for number in numbers.get(Stage.CONSENT_AWAITED, []):
        accepted = mind.random.random() < 0.6
        works.append(_answer(order, number, mind, accepted=accepted))
    if delivered := numbers.get(Stage.DELIVERED, []):
        works.append(
            lambda h, c: h.laundry.sign_for(order.id, delivered, c.at, c, mind.customer_id)
        )
    return works


def _answer(order: DryCleaningOrder, garment: int, mind: Mind, *, accepted: bool) -> Work:
    def do(h: Household, c: Command) -> Outcome:
        told = SurchargeAnswer(
            garment=garment, accepted=accepted, consent=CUSTOMER_APP, happened_at=c.at
        )
        return h.laundry.answer_surcharge(order.id, told, c, mind.customer_id)

    return do


def _of_a_plan(order: HourlyWorkOrder, mind: Mind) -> list[Work]:
    if order.stage not in RUNNING:
        return []
    plan = PlanName(order_id=order.id, customer_id=mind.customer_id)
    first = shanghai_day(mind.now) + timedelta(days=mind.random.randint(1, 20))
    works: list[Work] = [lambda h, c: h.plans.end(plan, CUSTOMER, c)]
    if order.stage == Stage.PLAN_PAUSED:
        return [*works, *[lambda h, c: h.plans.resume(plan, first, "back", c)] * 4]
    last = first + timedelta(days=7)
    works += [lambda h, c: h.plans.pause(plan, (first, last), "travel", c)] * 2
    if left := upcoming(order.visits):
        number = mind.random.choice(left).number
        visit = VisitName(order_id=order.id, number=number, customer_id=mind.customer_id)
        works += [lambda h, c: h.visits.skip(visit, "away", c)] * 5
    return works


def _of_a_repair(order: ApplianceCareOrder, mind: Mind) -> list[Work]:
    if order.stage == Stage.QUOTED:
        return [_accepting(order, mind), _refusing(order, mind)]
    if order.stage == Stage.UNDER_WARRANTY:
        fault = Fault(text="又坏了", starts_at=mind.now + timedelta(days=2))
        return [lambda h, c: h.repairs.claim_warranty(order.id, fault, c, mind.customer_id)]
    return []


def _accepting(order: ApplianceCareOrder, mind: Mind) -> Work:
    own, number = mind.customer_id, order.quoted
    return lambda h, c: h.repairs.accept_quotation(order.id, number, CUSTOMER_APP, c, own)


def _refusing(order: ApplianceCareOrder, mind: Mind) -> Work:
    own, number = mind.customer_id, order.quoted
    return lambda h, c: h.repairs.refuse_quotation(order.id, number, "dear", c, own)


def _of_care(order: CareOrder, mind: Mind) -> list[Work]:
    own = mind.customer_id
    if order.stage == Stage.ON_DUTY:
        return [_somebody_else(order, mind)]
    if order.proposal is not None and not order.consented:
        return [_consent(order, order.proposal.digest, mind)]
    if order.stage == Stage.REPLACEMENT_REQUESTED:
        return [lambda h, c: h.care.withdraw_replacement(order.id, c.at, c, own)]
    if order.stage == Stage.AWAITING_START:
        return [lambda h, c: h.care.cancel(order.id, CUSTOMER, c, own)]
    return []


def _consent(order: CareOrder, digest: str, mind: Mind) -> Work:
    def do(h: Household, c: Command) -> Outcome:
        told = Consent(digest=digest, how=CUSTOMER_APP, happened_at=c.at)
        return h.care.consent(order.id, told, c, mind.customer_id)

    return do


def _somebody_else(order: CareOrder, mind: Mind) -> Work:
    def do(h: Household, c: Command) -> Outcome:
        wish = ReplacementWish(cause=CUSTOMER, reason_code="unsuited", happened_at=c.at)
        return h.care.request_replacement(order.id, wish, c, mind.customer_id)

    return do
