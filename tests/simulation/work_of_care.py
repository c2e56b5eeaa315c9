"""Work on care: from the lead to the contract, from the first day to the account's last fen."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from application.care import Consent, Interview
from application.commands import Command, Outcome
from domain.orders.care.contract import CONTRACT, RENEWAL, REPLACEMENT, Terms
from domain.orders.care.duty import ReplacementWish
from domain.orders.care.leads import REFUSED
from domain.orders.care.order import CareOrder
from domain.orders.care.settlement import COMPANY, CUSTOMER, FINISHED
from domain.orders.care.wishes import CHOICES, HOSPITAL
from domain.orders.offline_receipts import DEPOSIT, WAGE, OfflineReceipt
from domain.orders.stages import Stage
from domain.orders.windows import bounds
from domain.time import shanghai_day
from interface.household import Household
from tests.simulation import work_of_visits
from tests.simulation.work import Staff, Work, reported

Moves = Callable[[CareOrder, Staff], list[Work]]

_HASH: Final = "a" * 64
_SEARCHING: Final = frozenset(
    {Stage.CONTACTED, Stage.NEEDS_CONFIRMED, Stage.CANDIDATES_PROPOSED, Stage.INTERVIEWED}
)


def moves(order: CareOrder, office: Staff) -> list[Work]:
    """What somebody might do with it, fitting or not."""
    works = work_of_visits.moves(order, office)
    at_hand = _AT.get(order.stage)
    works += at_hand(order, office) if at_hand else []
    works += _on_terms(order, office)
    if order.stage in _SEARCHING and office.is_rare(8):
        works += [_grade(order, office), _follow_up(order), _cancel(order, office)] * 2
    return works


def consent(order: CareOrder, how: str = "phone") -> Work:
    """The customer agrees to the terms that lie before them."""
    digest = order.proposal.digest if order.proposal else ""

    def do(h: Household, c: Command) -> Outcome:
        return h.care.consent(order.id, Consent(digest=digest, how=how, happened_at=c.at), c)

    return do


def _on_terms(order: CareOrder, office: Staff) -> list[Work]:
    """What lies before the customer is agreed to, then signed; at times signed too early."""
    if order.proposal is None:
        return []
    kind = order.proposal.kind
    if order.consented or office.is_rare(10):
        return [_sign(order, kind)] * 8
    return [consent(order)] * 8


# -- the lead


def _contacted(order: CareOrder, office: Staff) -> list[Work]:
    return [_needs(order, office)] * 6


def _known(order: CareOrder, office: Staff) -> list[Work]:
    return [_candidates(order, office)] * 6


def _proposed(order: CareOrder, office: Staff) -> list[Work]:
    return [_meet(order, office)] * 4 + [_terms(order, CONTRACT, office)] * 2


def _met(order: CareOrder, office: Staff) -> list[Work]:
    return [_terms(order, CONTRACT, office)] * 5 + [
        _meet(order, office),
        _candidates(order, office),
    ]


def _signed(order: CareOrder, office: Staff) -> list[Work]:
    later = shanghai_day(office.now()) + timedelta(days=office.random.choice([0, 1]))
    seldom = [_move_start(order, later), _cancel(order, office)]
    deposit = _deposit(order)
    return [_start(order)] * 5 + deposit + seldom * office.is_rare(3)


def _needs(order: CareOrder, office: Staff) -> Work:
    choice = office.random.choice(CHOICES[order.service_code])
    return lambda h, c: h.care.confirm_needs(order.id, choice, reported(c), c)


def _candidates(order: CareOrder, office: Staff) -> Work:
    named = office.random.sample([*office.carers, *office.workers[:1]], 2)
    return lambda h, c: h.care.propose_candidates(order.id, named, c)


def _meet(order: CareOrder, office: Staff) -> Work:
    number = office.random.choice(sorted(order.candidates))
    accepted = not office.is_rare(5)

    def do(h: Household, c: Command) -> Outcome:
        met = Interview(worker_number=number, how="video", accepted=accepted, report=reported(c))
        return h.care.interview(order.id, met, c)

    return do


def _terms(order: CareOrder, kind: str, office: Staff) -> Work:
    """With somebody who was proposed, at times with who was refused or is there already."""
    known = {n: each["state"] for n, each in order.candidates.items()}
    numbers = [
        n for n, state in sorted(known.items()) if state != REFUSED and n != order.worker_number
    ]
    fallback = sorted(known) or [order.worker_number]
    number = order.worker_number if kind == RENEWAL else office.random.choice(numbers or fallback)
    agreed = _terms_of(order, kind, office)
    return lambda h, c: h.care.propose_terms(order.id, kind, number, agreed, c)


def _terms_of(order: CareOrder, kind: str, office: Staff) -> Terms:
    first = shanghai_day(office.now())
    if kind == RENEWAL:
        first = shanghai_day(bounds(order.windows[0])[1])
    length = office.random.choice([1, 2, 3])
    hourly = order.service_code == HOSPITAL
    days = 0 if kind == REPLACEMENT else length
    price: dict[str, Any] = {"price_fen": 26_000, "price_days": 1, "day_hours": 24}
    if not hourly:
        price = {"price_fen": 1_380_000, "price_days": 26}
    own: dict[str, Any] = {
        "deposit_fen": 1_000 * days,
        "deposit_back": [{"days_before": 1, "back_bp": 5_000}],
    }
    return Terms(
        days=days,
        starts_on=first.isoformat(),
        ends_on=(first + timedelta(days=length - 1)).isoformat(),
        text_version="A-1",
        text_hash=_HASH,
        fee_fen=0 if kind == REPLACEMENT else 5_000,
        fee_days=days,
        **price,
        **(own if kind == CONTRACT else {}),
    )


def _sign(order: CareOrder, kind: str) -> Work:
    return lambda h, c: h.care.sign(order.id, kind, c.at, c)


def _grade(order: CareOrder, office: Staff) -> Work:
    grade = office.random.choice("ABX")
    return lambda h, c: h.care.grade_lead(order.id, grade, c)


def _follow_up(order: CareOrder) -> Work:
    return lambda h, c: h.care.follow_up(order.id, reported(c), c)


def _cancel(order: CareOrder, office: Staff) -> Work:
    cause = office.random.choice([CUSTOMER, COMPANY])
    return lambda h, c: h.care.cancel(order.id, cause, c)


# -- on duty


def _move_start(order: CareOrder, starts_on: date) -> Work:
    return lambda h, c: h.care.move_start(order.id, starts_on, c)


def _start(order: CareOrder) -> Work:
    return lambda h, c: h.care.start(order.id, c.at, c)


def _at_work(order: CareOrder, office: Staff) -> list[Work]:
    leave = [_leave(order, office)] * (1 + 3 * office.is_rare(3))
    seldom = [_day(order, office), _request(order, office), _terms(order, RENEWAL, office)]
    return leave + seldom * 2 + [_bed(order)]


def _replacing(order: CareOrder, office: Staff) -> list[Work]:
    if order.successor:
        return [_replace(order)] * 6 + [_withdraw(order), *_at_work(order, office)[:1]]
    return (
        [_candidates(order, office)] * 2
        + [_terms(order, REPLACEMENT, office)] * 4
        + [_withdraw(order)]
    )


def _off_duty(order: CareOrder, office: Staff) -> list[Work]:
    return [_settle(order)] * 6 + [_day(order, office)]


def _settled(order: CareOrder, office: Staff) -> list[Work]:
    """The account is levelled by hand, then the order is complete; at times tried before."""
    del office
    balance_fen = order.balance_fen()
    if balance_fen > 0:
        level = _repay(order, balance_fen)
    elif balance_fen < 0:
        level = _receipt(order, WAGE, -balance_fen)
    else:
        return [work_of_visits.complete(order)] * 6
    return [level] * 5 + [work_of_visits.complete(order)]


_AT: Final[Mapping[str, Moves]] = {
    Stage.CONTACTED: _contacted,
    Stage.NEEDS_CONFIRMED: _known,
    Stage.CANDIDATES_PROPOSED: _proposed,
    Stage.INTERVIEWED: _met,
    Stage.AWAITING_START: _signed,
    Stage.ON_DUTY: _at_work,
    Stage.REPLACEMENT_REQUESTED: _replacing,
    Stage.OFF_DUTY: _off_duty,
    Stage.SETTLED: _settled,
}


def _day(order: CareOrder, office: Staff) -> Work:
    today = shanghai_day(office.now())
    kind = office.random.choice(["worked", "worked", "leave", "rest"])
    return lambda h, c: h.care.record_day(order.id, today, kind, reported(c), c)


def _bed(order: CareOrder) -> Work:
    return lambda h, c: h.care.change_bed(order.id, "3 病区 12 床", c.at, c)


def _request(order: CareOrder, office: Staff) -> Work:
    cause = office.random.choice([CUSTOMER, COMPANY])

    def do(h: Household, c: Command) -> Outcome:
        wish = ReplacementWish(cause=cause, reason_code="unsuited", happened_at=c.at)
        return h.care.request_replacement(order.id, wish, c)

    return do


def _withdraw(order: CareOrder) -> Work:
    return lambda h, c: h.care.withdraw_replacement(order.id, c.at, c)


def _replace(order: CareOrder) -> Work:
    return lambda h, c: h.care.replace_worker(order.id, c.at, c.at, c)


def _leave(order: CareOrder, office: Staff) -> Work:
    cause = office.random.choice([FINISHED, FINISHED, CUSTOMER, COMPANY])
    return lambda h, c: h.care.leave(order.id, cause, reported(c), c)


def _settle(order: CareOrder) -> Work:
    return lambda h, c: h.care.settle(order.id, c)


def _deposit(order: CareOrder) -> list[Work]:
    if order.terms is None or DEPOSIT in order.received:
        return []
    return [_receipt(order, DEPOSIT, order.terms.deposit_fen)] * 2


def _receipt(order: CareOrder, purpose: str, fen: int) -> Work:
    """One paper for each sum that was held when it was written."""
    number = f"R{order.order_number}-{order.held_by_hand_fen()}"
    return lambda h, c: h.offline_receipts.record(order.id, _paper(number, purpose, fen, c), c)


def _repay(order: CareOrder, fen: int) -> Work:
    number = f"B{order.order_number}-{order.held_by_hand_fen()}"
    return lambda h, c: h.offline_receipts.repay(order.id, _paper(number, WAGE, fen, c), c)


def _paper(number: str, purpose: str, fen: int, command: Command) -> OfflineReceipt:
    return OfflineReceipt(
        amount_fen=fen,
        method="cash",
        receipt_number=number,
        purpose=purpose,
        happened_at=command.at,
    )
