"""Random lives of orders, their payments and workers, written to a real log.

Whatever the domain or the log refuses is not written, so what stands in the
log is a history that could have happened.
"""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID, uuid4

from application.commands import BusyError, ClaimRefusedError, Command, Decision, Outcome
from application.customers import sealed_contact
from application.lines import Contact
from domain.aggregate import EventSourced
from domain.errors import JiawuError
from domain.orders.booking import ONLINE, RESERVATION
from domain.orders.cleaning import CleaningOrder
from domain.orders.order_number import order_number, out_trade_no
from domain.orders.windows import bounds
from domain.payments import Payment
from domain.workers import Worker
from interface.household import Household
from tests.domain import histories
from tests.domain.test_order_histories import ANY_TIME, USUALLY, go_on

HOME: Final = Contact(
    name="王女士", phone="13800000000", address="玉林街道 1 号", district="510107"
)
SOURCES: Final = ("web", "app", "wechat", "phone", "yixin")
SERVICES: Final = ("BJ-01", "BJ-02", "BJ-03")


def save(house: Household, *changed: EventSourced) -> Outcome:
    """Append what changed, with its claims, as a command of its own.

    Raises BusyError where somebody else wrote the stream meanwhile: these
    aggregates were not loaded afresh, so there is nothing to try again.
    """
    command = Command(id=uuid4(), actor="system:test", body_mac="", at=histories.NOW)
    tries: list[Decision] = []

    def decide() -> Decision:
        if tries:
            raise BusyError
        tries.append(Decision(changed))
        return tries[0]

    return house.log.run(command, decide)


def booked(house: Household, number: int = 42, **changes: object) -> CleaningOrder:
    """A saved order of 日常保洁 that awaits its payment."""
    numbered = order_number("BJ", date(2026, 11, 22), number)
    terms = {"pay_by": house.clock.now() + timedelta(minutes=15), **changes}
    order = histories.booked_order(order_number=numbered, **terms)
    save(house, order)
    return order


def attempt_to_pay(
    house: Household, order: CleaningOrder, charge_number: int = 1, attempt: int = 1
) -> Payment:
    """A saved attempt to pay one charge of the order."""
    charge = order.charges.get(charge_number)
    payment = histories.started_payment(
        attempt=attempt,
        out_trade_no=out_trade_no(order.order_number, charge_number, attempt),
        payable_id=order.id,
        charge_number=charge_number,
        customer_id=order.customer_id,
        amount_fen=charge.amount_fen if charge else histories.PRICE_FEN,
    )
    save(house, payment)
    return payment


def close(house: Household, payment: Payment) -> None:
    """The attempt was given up, and WeChat said that it was not paid."""
    payment.request_closing("expired", at=histories.NOW)
    payment.close("NOTPAY", at=histories.NOW)
    save(house, payment)


def money_arrives(
    house: Household, payment: Payment, transaction_id: str, *, fen: int = 0, second: bool = False
) -> Outcome:
    """WeChat says that the attempt was paid, by default in full."""
    paid_fen = fen or payment.amount_fen
    report = histories.success(transaction_id, amount_fen=paid_fen, payer_total_fen=paid_fen)
    record = payment.record_second_success if second else payment.record_success
    record(report, at=histories.NOW)
    return save(house, payment)


class Town:
    """Orders and workers that live at random; the same seed is the same history."""

    def __init__(self, house: Household, seed: int) -> None:
        self.house = house
        self.random = Random(seed)  # noqa: S311 - a reproducible test
        self.orders: list[UUID] = []
        self.workers: list[UUID] = []

    def begin(self, orders: int) -> None:
        """So many orders, and some workers."""
        for number in range(1, orders + 1):
            self._book(number)
        for number in range(1, 6):
            self._engage(number)
        for number, certain in enumerate(CERTAIN, start=901):
            order = certain(order_number=order_number("BJ", date(2026, 11, 22), number))
            save(self.house, order)
        self._strange_money(booked(self.house, 950))

    def live(self, steps: int) -> None:
        """As many steps of any of them; some are refused."""
        deeds = (self._order_goes_on, self._order_goes_on, self._anything, self._pay, self._work)
        for _ in range(steps):
            self.random.choice(deeds)()

    def _book(self, number: int) -> None:
        random = self.random
        mode = random.choice([ONLINE, ONLINE, RESERVATION])
        start = histories.TOMORROW + timedelta(hours=9 * number)
        order = booked(
            self.house,
            number,
            service_code=random.choice(SERVICES),
            source=random.choice(SOURCES),
            payment_mode=mode,
            pay_by=histories.NOW + timedelta(minutes=15) if mode == ONLINE else None,
            windows=[histories.service_window(start)],
            contact=sealed_contact(self.house.vault, histories.CUSTOMER, HOME),
            details={"survey": random.random() < 0.5, "rooms": random.choice([[], ["客厅"]])},
        )
        self.orders.append(order.id)

    def _engage(self, number: int) -> None:
        hired = histories.engagement(number=number)
        worker = Worker.register(uuid4(), hired, by=histories.BY_STAFF, at=histories.NOW)
        save(self.house, worker)
        self.workers.append(worker.id)

    def _strange_money(self, order: CleaningOrder) -> None:
        """Money in time, once more, too late, and of another amount."""
        attempts = [attempt_to_pay(self.house, order, attempt=number) for number in range(1, 5)]
        close(self.house, attempts[2])
        money_arrives(self.house, attempts[0], "4301")
        money_arrives(self.house, attempts[1], "4302", second=True)
        money_arrives(self.house, attempts[2], "4303")
        money_arrives(self.house, attempts[3], "4304", fen=1)

    def _any_order(self) -> CleaningOrder:
        return self.house.log.load(CleaningOrder, self.random.choice(self.orders))

    def _order_goes_on(self) -> None:
        order = self._any_order()
        if order.stage in USUALLY.keys() | order.transitions():
            self._try(order, USUALLY.get(order.stage, go_on))

    def _anything(self) -> None:
        commands = ANY_TIME if self.random.random() < 0.4 else _TROUBLES
        self._try(self._any_order(), self.random.choice(commands))

    def _pay(self) -> None:
        order = self._any_order()
        transaction = f"42{self.random.randrange(10**9):09}"
        try:
            payment = attempt_to_pay(self.house, order, attempt=self.random.randint(1, 9))
            if self.random.random() < 0.3:
                close(self.house, payment)
            wrong = self.random.random() < 0.2
            money_arrives(self.house, payment, transaction, fen=1 if wrong else 0)
        except ClaimRefusedError as refused:
            if refused.kind == "charge_paid":
                fresh = self.house.log.load(Payment, payment.id)
                money_arrives(self.house, fresh, transaction, second=True)
        except JiawuError:
            return

    def _work(self) -> None:
        worker = self.house.log.load(Worker, self.random.choice(self.workers))
        self._try(worker, self.random.choice(_OF_A_WORKER))

    def _try(self, aggregate: EventSourced, command: Callable[..., object]) -> None:
        try:
            command(aggregate)
            save(self.house, aggregate)
        except JiawuError:
            return


def _cancel_for_a_fee(order: CleaningOrder) -> None:
    histories.cancel(order, fee_fen=1_500)


def _note(order: CleaningOrder) -> None:
    note = histories.sealed("门禁 1234")
    order.add_note(note, visibility="office", by=histories.BY_STAFF, at=histories.NOW)


def _decline(order: CleaningOrder) -> None:
    worker = order.worker_id or histories.WORKER
    at = histories.NOW
    order.decline(worker, reason_code="far", happened_at=at, by=histories.BY_WORKER, at=at)


def _reschedule(order: CleaningOrder) -> None:
    later = bounds(order.windows[0])[0] + timedelta(hours=1)
    new = histories.rescheduling(later)
    order.reschedule(new, by=histories.BY_CUSTOMER, at=histories.NOW)


def _declined(**changes: object) -> CleaningOrder:
    order = histories.assigned_order(**changes)
    _decline(order)
    return order


def _rescheduled(**changes: object) -> CleaningOrder:
    order = histories.paid_order(**changes)
    _reschedule(order)
    return order


def _charged_more(**changes: object) -> CleaningOrder:
    order = histories.paid_order(**changes)
    for _ in range(2):
        order.add_charge(histories.extra_charge(), by=histories.BY_STAFF, at=histories.NOW)
    order.withdraw_charge(3, reason_code="refused", by=histories.BY_STAFF, at=histories.NOW)
    return order


def _confirmed(**changes: object) -> CleaningOrder:
    order = histories.booked_order(payment_mode=RESERVATION, pay_by=None, **changes)
    at = histories.NOW
    order.confirm(happened_at=at, by=histories.BY_STAFF, at=at)
    _note(order)
    return order


# What happens in every town, so that no test of it is empty by chance.
CERTAIN: Final[tuple[Callable[..., CleaningOrder], ...]] = (
    *(_declined, _rescheduled, _charged_more, _confirmed),
    *(histories.cancelled_order, histories.completed_order),
)
# What befalls many orders; the rest of what is possible at any time is rarer.
_TROUBLES: Final[list[Callable[[CleaningOrder], None]]] = [
    *(histories.cancel, _cancel_for_a_fee, _note),
    *(_decline, _reschedule) * 3,
]
_BY_STAFF: Final[dict[str, Any]] = {"by": histories.BY_STAFF, "at": histories.NOW}
_OF_A_WORKER: Final[tuple[Callable[[Worker], None], ...]] = (
    lambda worker: worker.change_skills(["BJ-02"], ["510104"], **_BY_STAFF),
    lambda worker: worker.suspend("ill", **_BY_STAFF),
    lambda worker: worker.reinstate(**_BY_STAFF),
    lambda worker: worker.leave("moved", **_BY_STAFF),
)
