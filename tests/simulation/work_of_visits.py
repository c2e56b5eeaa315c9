"""Work that is alike for every visit to a home: given, taken, moved, done."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from application.commands import Command, Outcome
from application.exception_desk import SeenException
from application.rescheduling import DateChange
from domain.orders.order_exceptions import ExceptionKind
from domain.orders.service_order import ServiceOrder
from domain.orders.stages import Stage
from interface.household import Household
from tests.simulation.work import Staff, Work, priced, reported

# What leads nowhere, and so is reported seldom.
_ASIDE: Final = frozenset({Stage.INTERRUPTED, Stage.REWORKING})
_SEEN: Final = (ExceptionKind.LATE, ExceptionKind.NO_SHOW, ExceptionKind.COMPLAINT)


def moves(order: ServiceOrder, office: Staff) -> list[Work]:
    """What might be done with any order, fitting or not; none where nothing is left."""
    at_hand = _AT.get(order.stage)
    works = at_hand(order, office) if at_hand else []
    onwards = sorted(set(order.next_stages()))
    works += [progress(order, stage) for stage in onwards if stage not in _ASIDE] * 6
    if onwards and office.is_rare(8):
        works += [progress(order, stage) for stage in onwards if stage in _ASIDE] * 6
    if works and office.is_rare(12):
        works += [_report(order, office)] * 4
    if order.open_exceptions and office.is_rare(3):
        works += [_resolve(order)] * 4
    return works


def progress(order: ServiceOrder, stage: str) -> Work:
    """The field reports a stage."""
    return lambda h, c: h.dispatching.progress(order.id, stage, reported(c), c)


def complete(order: ServiceOrder) -> Work:
    """The work is found done."""
    return lambda h, c: h.dispatching.complete(order.id, reported(c), c)


def cancel(order: ServiceOrder) -> Work:
    """The company gives the order up."""
    return lambda h, c: h.dispatching.cancel(order.id, "company", c)


def another_date(order: ServiceOrder, office: Staff, *, agreed: bool) -> Work:
    """The customer wants another date; `agreed` to what it costs, or nobody told them."""
    starts_at = datetime.fromisoformat(order.windows[0]["starts_at"])
    later = starts_at + timedelta(hours=office.random.choice([1, 24]))
    reason = office.random.choice(["customer", "customer", "weather"])
    change = DateChange(starts_at=later, reason_code=reason, consent="phone")
    change = priced(order, change, office.world) if agreed else change
    return lambda h, c: h.reschedulings.change(order.id, change, c)


def _confirm(order: ServiceOrder) -> Work:
    return lambda h, c: h.dispatching.confirm(order.id, reported(c), c)


def _assign(order: ServiceOrder, office: Staff) -> Work:
    crew = [office.somebody()]
    return lambda h, c: h.dispatching.assign(order.id, crew, ["nearest"], c)


def _reassign(order: ServiceOrder, office: Staff) -> Work:
    crew = [office.somebody()]
    return lambda h, c: h.dispatching.reassign(order.id, crew, ["nearest"], "ill", c)


def _accept(order: ServiceOrder) -> Work:
    return lambda h, c: h.dispatching.accept(order.id, reported(c), c)


def _decline(order: ServiceOrder) -> Work:
    return lambda h, c: h.dispatching.decline(order.id, "far", reported(c), c)


def _choose(order: ServiceOrder, office: Staff) -> Work:
    offered = office.world.nodes[0].house.reschedulings.offered(order.id).alternatives
    rise_fen = offered[0].price.rise_fen if offered else 0
    return lambda h, c: h.reschedulings.choose(order.id, 1, c, rise_fen)


def _unpaid(order: ServiceOrder, office: Staff) -> list[Work]:
    """Nothing that helps."""
    return [cancel(order), _assign(order, office)]


def _reserved(order: ServiceOrder, office: Staff) -> list[Work]:
    del office
    return [_confirm(order)] * 5 + [cancel(order)]


def _unassigned(order: ServiceOrder, office: Staff) -> list[Work]:
    seldom = [cancel(order), another_date(order, office, agreed=True), _choose(order, office)]
    return [_assign(order, office)] * 9 + seldom


def _given(order: ServiceOrder, office: Staff) -> list[Work]:
    seldom = [_reassign(order, office), _decline(order), another_date(order, office, agreed=True)]
    return [_accept(order)] * 9 + seldom + _late(order, office)


def _taken(order: ServiceOrder, office: Staff) -> list[Work]:
    wrongly = another_date(order, office, agreed=False)
    seldom = [_decline(order), another_date(order, office, agreed=True), wrongly, cancel(order)]
    return seldom + _late(order, office)


def _late(order: ServiceOrder, office: Staff) -> list[Work]:
    """Somebody calls shortly before the visit, when another date has its price."""
    starts_at = datetime.fromisoformat(order.windows[0]["starts_at"])
    near = starts_at - office.now() < order.RESCHEDULING_RULES.free_ahead
    return [another_date(order, office, agreed=True)] * 5 if near else []


def _finished(order: ServiceOrder, office: Staff) -> list[Work]:
    del office
    return [complete(order)] * 6


_AT: Final[Mapping[str, Callable[[ServiceOrder, Staff], list[Work]]]] = {
    Stage.AWAITING_PAYMENT: _unpaid,
    Stage.AWAITING_CONFIRMATION: _reserved,
    Stage.AWAITING_ASSIGNMENT: _unassigned,
    Stage.AWAITING_ACCEPTANCE: _given,
    Stage.ACCEPTED: _taken,
    Stage.AWAITING_PICKUP: _taken,
    Stage.AWAITING_INSPECTION: _finished,
}


def _report(order: ServiceOrder, office: Staff) -> Work:
    kind = office.random.choice(_SEEN)

    def do(h: Household, c: Command) -> Outcome:
        return h.exception_desk.report(order.id, SeenException(kind=kind, happened_at=c.at), c)

    return do


def _resolve(order: ServiceOrder) -> Work:
    number = min(order.open_exceptions)
    return lambda h, c: h.exception_desk.resolve(order.id, number, "apologised", "", c)
