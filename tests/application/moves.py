"""Orders that are moved to dates of other prices."""

from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias, cast
from uuid import uuid5

from application.commands import Command, Decision, Outcome
from application.log import Log
from application.rescheduling import (
    DateChange,
    DateTerms,
    Reschedulings,
)
from application.tariffs import Tariffs
from domain.catalogue.quotes import Quote, quote
from domain.catalogue.seed import TARIFF
from domain.catalogue.tariff import Tariff
from domain.catalogue.wishes import Wish
from domain.orders import charges
from domain.orders.cleaning import CleaningOrder
from domain.orders.windows import window
from domain.time import SHANGHAI, Interval
from tests.domain.histories import (
    BY_CUSTOMER,
    CONTACT,
    CUSTOMER,
    NOW,
    booked_order,
    pay,
)

Fields: TypeAlias = Any  # whatever fields the thing has


TWO_HOURS = timedelta(hours=2)
MORNING = datetime(2026, 12, 28, 9, tzinfo=SHANGHAI)
NEW_YEAR = datetime(2027, 1, 1, 9, tzinfo=SHANGHAI)


def priced(starts_at: datetime, at: datetime = NOW) -> Quote:
    """Two hours of cleaning at the usual place."""
    wish = Wish(
        service_code="BJ-01",
        district=CONTACT["district"],
        windows=(Interval(starts_at, starts_at + TWO_HOURS),),
        quantity=120,
    )
    return quote(wish, TARIFF, at)


def booked(starts_at: datetime, **changes: Fields) -> CleaningOrder:
    """An order at the price of its date, not paid yet."""
    price = priced(starts_at)
    return booked_order(
        lines=[each.as_dict() for each in price.lines],
        total_fen=price.total_fen,
        windows=[window("service", starts_at, starts_at + TWO_HOURS)],
        details={"quantity": 120, "items": {}, "options": {}},
        **changes,
    )


def paid(starts_at: datetime, **changes: Fields) -> CleaningOrder:
    order = booked(starts_at, **changes)
    pay(order)
    return order


class OneTariff:
    """The tariff that every order of these tests was booked by."""

    def of(self, catalogue_revision: int, price_book_version: int) -> Tariff:
        assert (catalogue_revision, price_book_version) == (0, 1)
        return TARIFF


@dataclass
class OneOrder:
    """A log of one order: a refused command leaves it as it was."""

    order: CleaningOrder

    def load(self, _: object, order_id: object) -> CleaningOrder:
        assert order_id == self.order.id
        return deepcopy(self.order)

    def run(self, _: Command, decide: Any) -> Outcome:  # noqa: ANN401 - a decision's function
        decision: Decision = decide()
        (self.order,) = cast("list[CleaningOrder]", decision.changed)
        return Outcome(1, decision.answer, repeated=False)


class Move:
    """An order, and the door to move it."""

    def __init__(self, order: CleaningOrder, at: datetime = NOW) -> None:
        self.at = at
        self.log = OneOrder(order)
        self.desk = Reschedulings(cast("Log", self.log), cast("Tariffs", OneTariff()))
        self.commands = 0

    @property
    def order(self) -> CleaningOrder:
        return self.log.order

    def command(self) -> Command:
        self.commands += 1
        return Command(uuid5(CUSTOMER, str(self.commands)), BY_CUSTOMER, "", self.at)

    def last_fact(self) -> Fields:
        return self.order.pending_events[-1]

    def preview(self, starts_at: datetime, reason_code: str = "customer") -> DateTerms:
        return self.desk.preview(self.order.id, starts_at, reason_code, self.at)

    def to(self, starts_at: datetime, reason_code: str = "customer", **agreed: int) -> None:
        change = DateChange(starts_at=starts_at, reason_code=reason_code)
        if agreed:
            change = replace(change, **cast("dict[str, Any]", agreed))
        self.desk.change(self.order.id, change, self.command())

    def as_shown(self, starts_at: datetime, reason_code: str = "customer") -> DateTerms:
        """The customer agrees to what the preview says."""
        shown = self.preview(starts_at, reason_code)
        agreed = {
            "agreed_fee_fen": shown.fee.fee_fen,
            "agreed_difference_fen": shown.price.rise_fen,
        }
        self.to(starts_at, reason_code, **agreed)
        return shown

    def asked_fen(self) -> int:
        """All that is charged less all that goes back, fees among it."""
        asked = [each for each in self.order.charges.values() if each.state != charges.WITHDRAWN]
        return sum(each.amount_fen - each.refund_due_fen for each in asked)

    def open_fen(self) -> dict[str, int]:
        """What is asked and not paid, by reason."""
        unpaid = [each for each in self.order.charges.values() if each.state == charges.OPEN]
        return {each.reason_code: each.amount_fen for each in unpaid}

    def pay_all(self) -> None:
        for each in tuple(self.order.charges.values()):
            if each.state == charges.OPEN:
                pay(self.order, each.number)
