"""Work on a dry-cleaning: two trips, and garments that the laundry follows piece by piece."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from application.commands import Command, Outcome
from application.dry_cleaning import Found, PickUp, SurchargeAnswer
from application.garment_prices import TakenGarment
from domain.orders.dry_cleaning.garments import SETTLED, Garment
from domain.orders.dry_cleaning.order import RETURN_AHEAD, DryCleaningOrder
from domain.orders.stages import Stage
from interface.household import Household
from tests.simulation import work_of_visits
from tests.simulation.work import Staff, Work, reported

Moves = Callable[[DryCleaningOrder, Garment, Staff], list[Work]]

_SURCHARGES: Final = (0, 2_000, 2_000)
_PARTNER_CODES: Final = (3, 11, 6, -1, 77)


def moves(order: DryCleaningOrder, office: Staff) -> list[Work]:
    """What somebody might do with it, fitting or not."""
    works = work_of_visits.moves(order, office)
    if order.stage == Stage.AWAITING_PICKUP:
        works += [_collect(order, office)] * 12
    left = [each for each in order.garments.values() if each.stage not in SETTLED]
    if left:
        works += _on_garment(order, office.random.choice(left), office)
    if order.garments and order.stage in RETURN_AHEAD and office.is_rare(4):
        works += [_assign_return(order, office)] * 4 + [_move_return(order, office)] * 2
    return works


def answer(order: DryCleaningOrder, garment: int, *, accepted: bool) -> Work:
    """The customer's word on a surcharge, heard on the phone."""

    def do(h: Household, c: Command) -> Outcome:
        told = SurchargeAnswer(
            garment=garment, accepted=accepted, consent="phone", happened_at=c.at
        )
        return h.laundry.answer_surcharge(order.id, told, c)

    return do


def _collect(order: DryCleaningOrder, office: Staff) -> Work:
    """The booked garments, at times one fewer or one more."""
    items = [item for item, count in order.details["items"].items() for _ in range(count)]
    change = office.random.choice(["", "", "", "fewer", "more"])
    if change == "fewer" and len(items) > 1:
        items = items[1:]
    elif change == "more":
        items = [*items, items[0]]
    taken = [TakenGarment(f"A{number:02}", item) for number, item in enumerate(items)]
    consent = "phone" if change == "more" and not office.is_rare(4) else ""

    def do(h: Household, c: Command) -> Outcome:
        pick_up = PickUp(
            garments=taken, happened_at=c.at, reason_code="counted" * bool(change), consent=consent
        )
        return h.laundry.collect(order.id, pick_up, c)

    return do


def _on_garment(order: DryCleaningOrder, garment: Garment, office: Staff) -> list[Work]:
    works = list(_AT[garment.stage](order, garment, office))
    if office.is_rare(25):
        works += [_partner_code(order, garment, office)] * 6
    if office.is_rare(40):
        works += [_harm(order, garment, lost=office.is_rare(2))] * 6
    return works


def _advance(order: DryCleaningOrder, garment: Garment, stage: str) -> Work:
    """All garments that stand where this one stands."""
    alike = [each.number for each in order.garments.values() if each.stage == garment.stage]
    return lambda h, c: h.laundry.advance(order.id, alike, stage, reported(c), c)


def _onwards(stage: str) -> Moves:
    return lambda order, garment, _: [_advance(order, garment, stage)] * 8


def _inspected(order: DryCleaningOrder, garment: Garment, office: Staff) -> list[Work]:
    washed = [_advance(order, garment, Stage.WASHING)] * 3
    return [*washed, *[_flaw(order, garment, office) for _ in range(4)], _refuse(order, garment)]


def _asked(order: DryCleaningOrder, garment: Garment, office: Staff) -> list[Work]:
    del office
    accepted = answer(order, garment.number, accepted=True)
    declined = answer(order, garment.number, accepted=False)
    return [*[accepted] * 4, *[declined] * 2, _refuse(order, garment)]


def _checked(order: DryCleaningOrder, garment: Garment, office: Staff) -> list[Work]:
    del office
    home, again = Stage.SENT_BACK, Stage.REWASHING
    return [_advance(order, garment, home)] * 6 + [_advance(order, garment, again)]


def _delivered(order: DryCleaningOrder, garment: Garment, office: Staff) -> list[Work]:
    del office
    alike = [each.number for each in order.garments.values() if each.stage == garment.stage]

    def sign(h: Household, c: Command) -> Outcome:
        return h.laundry.sign_for(order.id, alike, c.at, c)

    return [sign] * 4


_AT: Final[Mapping[str, Moves]] = {
    Stage.PICKED_UP: _onwards(Stage.AT_WORKSHOP),
    Stage.AT_WORKSHOP: _onwards(Stage.PRE_INSPECTION),
    Stage.PRE_INSPECTION: _inspected,
    Stage.CONSENT_AWAITED: _asked,
    Stage.WASHING: _onwards(Stage.QUALITY_CHECK),
    Stage.QUALITY_CHECK: _checked,
    Stage.REWASHING: _onwards(Stage.QUALITY_CHECK),
    Stage.WASH_REFUSED: _onwards(Stage.SENT_BACK),
    Stage.SENT_BACK: _onwards(Stage.DELIVERED),
    Stage.DELIVERED: _delivered,
}


def _flaw(order: DryCleaningOrder, garment: Garment, office: Staff) -> Work:
    surcharge_fen = office.random.choice(_SURCHARGES)
    return lambda h, c: h.laundry.report_flaw(order.id, _found(garment, c), surcharge_fen, c)


def _refuse(order: DryCleaningOrder, garment: Garment) -> Work:
    return lambda h, c: h.laundry.refuse(order.id, garment.number, "colour_runs", reported(c), c)


def _harm(order: DryCleaningOrder, garment: Garment, *, lost: bool) -> Work:
    return lambda h, c: h.laundry.report_harm(order.id, _found(garment, c), 500, c, lost=lost)


def _partner_code(order: DryCleaningOrder, garment: Garment, office: Staff) -> Work:
    code = office.random.choice(_PARTNER_CODES)
    return lambda h, c: h.laundry.take_partner_code(order.id, garment.number, code, c.at, c)


def _assign_return(order: DryCleaningOrder, office: Staff) -> Work:
    driver = office.somebody()
    return lambda h, c: h.laundry.assign_return(order.id, driver, c)


def _move_return(order: DryCleaningOrder, office: Staff) -> Work:
    agreed = datetime.fromisoformat(order.windows[1]["starts_at"])
    later = agreed + timedelta(hours=office.random.choice([1, 24]))
    return lambda h, c: h.laundry.reschedule_return(order.id, later, "customer", c)


def _found(garment: Garment, command: Command) -> Found:
    return Found(garment=garment.number, description="有污渍", happened_at=command.at)
