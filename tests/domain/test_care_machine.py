"""Any history of commands, legal or not, keeps the promises of an order for care."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from domain.errors import JiawuError
from domain.orders.care.contract import CONTRACT, RENEWAL, REPLACEMENT
from domain.orders.care.duty import DayReport, ReplacementWish
from domain.orders.care.leads import Meeting
from domain.orders.care.order import CareOrder
from domain.orders.care.settlement import CAUSES, DAY_KINDS
from domain.orders.changes import Cancellation
from domain.orders.charges import PaymentTaken
from domain.orders.stages import Stage
from domain.orders.windows import bounds
from domain.time import SHANGHAI, shanghai_day
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_STAFF,
    NOW,
    POLICY,
    an_id,
    assignment,
    extra_charge,
    replayed,
    sealed,
    state,
    unsaved,
)
from tests.domain.nannies import (
    FIRST_DAY,
    booked_care,
    care_on_duty,
    morning,
    nurse,
    receipt,
    renewal,
    signed_care,
    supplementary,
    terms,
)
from tests.domain.order_machine import OrderMachine, workers_held

NUMBERS = [21, 22, 23]
SERVICES = ["YS-01", "BM-01", "LR-01", "HG-01"]

Command = Callable[[CareOrder, datetime], object]


def office(at: datetime) -> dict[str, Any]:
    return {"by": BY_STAFF, "at": at}


def field(at: datetime) -> dict[str, Any]:
    return {"happened_at": at, **office(at)}


def days_from_first(at: datetime) -> int:
    return (shanghai_day(at) - FIRST_DAY).days


def agree(order: CareOrder, kind: str, number: int, at: datetime) -> None:
    """Terms for now, and the customer's consent."""
    today = days_from_first(at)
    match kind:
        case "contract":
            agreed = terms(starts_on=_day(today), ends_on=_day(today + 29))
        case "replacement":
            agreed = supplementary(today)
        case _:
            agreed = renewal(days_from_first(bounds(order.windows[0])[1]))
    if order.service_code == "HG-01" and kind != RENEWAL:
        agreed = terms(**{**vars(agreed), "day_hours": 24})
    made = order.propose_terms(kind, number, agreed, **office(at))
    order.consent(made.digest, "phone", happened_at=at, by=BY_CUSTOMER, at=at)


def _day(days: int) -> str:
    return (FIRST_DAY + timedelta(days=days)).isoformat()


def meet(order: CareOrder, number: int, at: datetime, *, accepted: bool = True) -> None:
    met = Meeting(worker_number=number, how="home", accepted=accepted, happened_at=at)
    order.interview(met, **office(at))


def want_another(order: CareOrder, at: datetime, cause: str = "customer") -> None:
    wish = ReplacementWish(cause=cause, reason_code="not_suited", happened_at=at)
    order.request_replacement(wish, **office(at))


def record(order: CareOrder, at: datetime, kind: str) -> None:
    day = at.astimezone(SHANGHAI).date().isoformat()
    order.record_day(DayReport(day=day, kind=kind, happened_at=at), **office(at))


def hand_over(order: CareOrder, at: datetime, amount_fen: int, *, back: bool = False) -> None:
    paper = receipt(amount_fen, f"SJ-{order.version:04d}", happened_at=at)
    told = order.record_repayment if back else order.record_receipt
    told(paper, **office(at))


def sign(order: CareOrder, at: datetime) -> None:
    agree(order, CONTRACT, _willing(order), at)
    order.sign_contract(**field(at))


def _willing(order: CareOrder) -> int:
    open_to = (n for n, known in order.candidates.items() if known["state"] != "refused")
    return next(open_to, NUMBERS[0])


def change_nurse(order: CareOrder, at: datetime) -> None:
    other = next(number for number in NUMBERS if number != order.worker_number)
    if order.successor is None:
        order.propose_candidates([nurse(other)], **office(at))
        agree(order, REPLACEMENT, other, at)
        order.agree_replacement(**field(at))
    order.replace_worker(at, **field(at))


def renew(order: CareOrder, at: datetime) -> None:
    agree(order, RENEWAL, order.worker_number, at)
    order.renew(**field(at))


def online_payment(at: datetime) -> PaymentTaken:
    """Money that came through WeChat all the same."""
    return PaymentTaken(
        charge_number=1,
        amount_fen=100,
        payment_id=an_id("attempt"),
        out_trade_no="YS261122-0042-1-C1A1",
        succeeded_at=at,
    )


def level(order: CareOrder, at: datetime) -> None:
    """Whatever is open passes by hand, and the order is complete."""
    open_fen = order.balance_fen()
    if open_fen:
        hand_over(order, at, abs(open_fen), back=open_fen > 0)
    order.complete(**field(at))


def signed_at_once(service_code: str) -> CareOrder:
    return signed_care(service_code=service_code)


def care_at_once(service_code: str) -> CareOrder:
    return care_on_duty(service_code=service_code)


# The way an order usually goes.
USUALLY: dict[str, Command] = {
    Stage.AWAITING_CONFIRMATION: lambda order, at: order.confirm(**field(at)),
    Stage.CONTACTED: lambda order, at: order.confirm_needs(order.details["choice"], **field(at)),
    Stage.NEEDS_CONFIRMED: lambda order, at: order.propose_candidates(
        [nurse(number) for number in NUMBERS[:2]], **office(at)
    ),
    Stage.CANDIDATES_PROPOSED: lambda order, at: meet(order, NUMBERS[0], at),
    Stage.INTERVIEWED: sign,
    Stage.AWAITING_START: lambda order, at: order.start(**field(at)),
    Stage.ON_DUTY: want_another,
    Stage.REPLACEMENT_REQUESTED: change_nurse,
    Stage.OFF_DUTY: lambda order, at: order.settle(**office(at)),
    Stage.SETTLED: level,
    Stage.COMPLETED: lambda order, at: order.review(5, by=BY_CUSTOMER, at=at),
}

# What an engagement meets on its way, at any time; refused or not.
OF_CARE: list[Command] = [
    renew,
    *(lambda order, at, kind=kind: record(order, at, kind) for kind in DAY_KINDS),
    *(lambda order, at, cause=cause: order.leave(cause, **field(at)) for cause in CAUSES),
    *(lambda order, at, n=number: meet(order, n, at, accepted=False) for number in NUMBERS),
    lambda order, at: order.grade_lead("B", **office(at)),
    lambda order, at: order.release_lead(**office(at)),
    lambda order, at: order.follow_up(**field(at)),
    lambda order, at: agree(order, CONTRACT, NUMBERS[1], at),
    lambda order, at: agree(order, REPLACEMENT, NUMBERS[2], at),
    lambda order, at: order.agree_replacement(**field(at)),
    lambda order, at: order.replace_worker(at - timedelta(hours=3), **field(at)),
    lambda order, at: order.withdraw_replacement(**field(at)),
    lambda order, at: want_another(order, at, "company"),
    lambda order, at: order.move_start(_day(days_from_first(at) + 2), **office(at)),
    lambda order, at: order.change_bed(sealed("12 床"), **field(at)),
    lambda order, at: hand_over(order, at, 50_000),
    lambda order, at: hand_over(order, at, 20_000, back=True),
    *(
        lambda order, at, why=why: order.cancel(
            Cancellation(reason_code=why, policy=POLICY), **office(at)
        )
        for why in ("customer", "company")
    ),
]

# What belongs to other stages or to other kinds of orders.
OF_OTHERS: list[Command] = [
    *USUALLY.values(),
    *(lambda order, at, stage=stage: order.progress(stage, **field(at)) for stage in Stage),
    lambda order, at: order.assign(assignment(), **office(at)),
    lambda order, at: order.reassign(assignment(), reason_code="ill", **office(at)),
    lambda order, at: order.accept(nurse()[0], **field(at)),
    lambda order, at: order.add_charge(extra_charge(), **office(at)),
    lambda order, at: order.mark_paid(online_payment(at), **office(at)),
    lambda order, at: order.refund_due(1, reason_code="late", policy=POLICY, **office(at)),
]


class CareHistories(OrderMachine):
    """An engagement goes its way while time passes, with anything else tried in between."""

    order: CareOrder

    @initialize(service_code=st.sampled_from(SERVICES), begun=st.sampled_from([0, 1, 2]))
    def book(self, service_code: str, begun: int) -> None:
        """From the beginning, signed, or with somebody on duty."""
        self.at = NOW if begun < 2 else morning()
        make = (booked_care, signed_at_once, care_at_once)[begun]
        self.order = make(service_code)

    @rule(hours=st.sampled_from([1, 7, 24, 100]))
    def time_passes(self, hours: int) -> None:
        self.at += timedelta(hours=hours)

    @precondition(lambda self: self.order.stage in USUALLY)
    @rule()
    def go_on(self) -> None:
        self._try_each(USUALLY[self.order.stage])

    @rule(command=st.sampled_from(OF_CARE))
    def meet_something(self, command: Command) -> None:
        self._try_each(command)

    @rule(command=st.sampled_from(OF_OTHERS))
    def try_something_else(self, command: Command) -> None:
        self._try_each(command)

    def _try_each(self, command: Command) -> None:
        """Of a command of several steps those before the refused one stand."""
        version, before = self.order.version, state(replayed(unsaved(self.order)))
        try:
            command(self.order, self.at)
        except JiawuError:
            if self.order.version == version:
                assert state(self.order) == before

    @invariant()
    def no_online_money_ever(self) -> None:
        """R11: no charge, no payment, no refund through WeChat."""
        assert self.order.charges == {}
        online = (CareOrder.Paid, CareOrder.ChargeAdded, CareOrder.RefundDue)
        assert not any(isinstance(event, online) for event in unsaved(self.order))

    @invariant()
    def nobody_starts_without_a_contract_the_customer_agreed_to(self) -> None:
        consented = ""
        for event in unsaved(self.order):
            if isinstance(event, CareOrder.TermsConsented):
                consented = event.digest
            signed = (
                CareOrder.ContractSigned,
                CareOrder.ReplacementAgreed,
                CareOrder.ContractRenewed,
            )
            if isinstance(event, signed):
                assert event.digest == consented

    @invariant()
    def the_claims_hold_just_the_intervals_of_who_is_engaged(self) -> None:
        held = {str(claim_id) for claim_id in workers_held(self.order)}
        assert held == set(self.order.held)
        working = {Stage.AWAITING_START, Stage.ON_DUTY, Stage.REPLACEMENT_REQUESTED}
        assert bool(held) == (self.order.stage in working)

    @invariant()
    def segments_follow_each_other(self) -> None:
        segments = self.order.segments
        assert [each.number for each in segments] == list(range(1, len(segments) + 1))
        for one, other in pairwise(segments):
            assert one.left_at is not None
            assert one.left_at <= max(other.started_at, one.started_at)
        assert self.order.replacements <= 2

    @invariant()
    def no_fen_is_lost_by_hand(self) -> None:
        told = self.order.stop(self.at)
        assert told.used_fen + told.balance_fen == self.order.held_by_hand_fen()
        if self.order.settled_fen is not None:
            settled = next(e for e in unsaved(self.order) if isinstance(e, CareOrder.Settled))
            assert (
                settled.used_fen
                == self.order.settled_fen
                == sum(line["amount_fen"] for line in settled.lines)
            )

    @invariant()
    def no_more_days_are_used_than_were_bought(self) -> None:
        assert self.order.stop(self.at).used_days <= self.order.entitled_days

    @invariant()
    def a_completed_order_is_level(self) -> None:
        for event in unsaved(self.order):
            if isinstance(event, CareOrder.Completed):
                assert event.recognised_fen == 0
        if self.order.stage == Stage.COMPLETED:
            assert isinstance(self.order.settled_fen, int)


TestCareHistories = CareHistories.TestCase
TestCareHistories.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
