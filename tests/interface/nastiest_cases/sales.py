"""A sale, and the whole of what became of it: facts, books, seats and alerts."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy import text

from application.projections import cash_journal, office_alerts
from domain.alerts import ALERT_LABELS
from domain.ledger.chart import account
from domain.payments import payment_id
from tests.interface.sealed import SealedNotice, Sealing
from tests.interface.town import Caller, Json, Town

BOOKED: Final = ["booked"]
ORDER_PAID: Final = ["booked", "paid"]
STARTED: Final = ["started", "prepared"]
PAID: Final = [*STARTED, "succeeded"]
ADVANCES, SUSPENSE = "预收账款", "异常收款待退"

_ARRIVALS: Final = text(
    "select state from log.events where stream_id = :stream"
    " and (name like 'payment.succeeded%' or name = 'payment.amount_mismatched') order by version"
)
_SEATS: Final = text("select coalesce(sum(seats), 0) from log.seat_claims where id = :order")
_MOST_ROUNDS: Final = 50
Told = TypeVar("Told")


@dataclass(frozen=True)
class Sale:
    """An order and one attempt to pay it."""

    town: Town
    customer: Caller
    order: Json
    number: str

    @property
    def total_fen(self) -> int:
        return int(self.order["total_fen"])

    @property
    def order_id(self) -> UUID:
        return UUID(self.order["order_id"])

    # -- what the customer does

    def pay(self, **how: Json) -> Json:
        """Pay in WeChat; answers the transaction."""
        return self.town.pay_at_wechat(self.number, **how)

    def confirm(self, body: object = None) -> str:
        """The page is back from WeChat and asks; answers the status."""
        path = f"/api/v1/orders/{self.order_id}/payments/{self.number}/confirmation"
        return str(self.customer.do(path, body)["status"])

    def cancel(self) -> None:
        """Give the unpaid order up."""
        self.customer.do(f"/api/v1/orders/{self.order_id}/cancellation")

    def again(self, user_agent: str) -> "Sale":
        """Begin to pay the same order in another browser."""
        self.customer.session.headers["User-Agent"] = user_agent
        number = self.town.prepared(self.customer, self.order)
        return Sale(self.town, self.customer, self.order, number)

    def at_wechat(self, what: str, **how: Json) -> None:
        """Say at the simulator what befalls the order."""
        self.town.simulate("pay", f"/_sim/orders/{self.number}/{what}", how)

    def notice(self, transaction: Json, **changes: Json) -> SealedNotice:
        """A rightly sealed notice of a transaction."""
        return Sealing(self.town).notice(transaction, **changes)

    # -- what became of it

    def facts(self) -> list[str]:
        """The attempt's facts, in order."""
        return [name.partition(".")[2] for name in self.town.facts_of_payment(self.number)]

    def story(self) -> list[str]:
        """The order's facts, in order, once every policy has reacted."""
        self.town.catch_up()
        return [name.partition(".")[2] for name in self.town.facts_of(self.order_id)]

    def arrivals(self) -> list[Json]:
        """The contents of the facts that say that money came."""
        with self.town.house.engine.connect() as connection:
            found = connection.execute(_ARRIVALS, {"stream": payment_id(self.number)})
            return [json.loads(state) for state in found.scalars()]

    def seats(self) -> int:
        """How many seats the order holds, over all half hours."""
        with self.town.house.engine.connect() as connection:
            return int(connection.execute(_SEATS, {"order": self.order_id}).scalar_one())

    def journal(self) -> list[tuple[str, str, int]]:
        """The order's entries, oldest first: rule, credited account, fen."""
        self.town.catch_up()
        with self.town.house.engine.connect() as connection:
            shown = cash_journal.list_entries(connection, limit=100).rows
        mine = [each for each in shown if each["order_number"] == self.order["order_number"]]
        return [_credited(entry) for entry in reversed(mine)]

    def refund_due_fen(self) -> int:
        """What the order owes back."""
        self.town.catch_up()
        shown = self.customer.read(f"/api/v1/orders/{self.order_id}")
        return int(shown["refund_due_fen"])

    def is_paid_once(self) -> None:
        """Nothing else came of it than the one payment of the order."""
        assert self.facts() == PAID
        assert self.story() == ORDER_PAID
        assert self.journal() == [("P1", ADVANCES, self.total_fen)]
        assert self.seats() > 0
        assert alerts_about(self.town, self.number) == []

    def is_untouched(self) -> None:
        """No money is known of, and the order waits for it with its seats."""
        assert self.facts() == STARTED
        assert self.story() == BOOKED
        assert self.journal() == []
        assert self.seats() > 0


def _credited(entry: Json) -> tuple[str, str, int]:
    (line,) = [each for each in entry["lines"] if each["credit_fen"]]
    return entry["rule"], account(line["account"]).name, line["credit_fen"]


def prepared_sale(town: Town) -> Sale:
    """A new customer's order, ready to be paid inside WeChat."""
    customer = town.customer()
    order = town.booked(customer)
    return Sale(town, customer, order, town.prepared(customer, order))


def labels_about(town: Town, about: str) -> list[str]:
    """What the office reads on the alerts about a 商户订单号 or a transaction."""
    return [ALERT_LABELS[each["code"]] for each in alerts_about(town, about)]


def alerts_about(town: Town, about: str) -> list[Json]:
    """The office's alerts about a 商户订单号 or a transaction, settled ones too."""
    town.catch_up()
    with town.house.engine.connect() as connection:
        shown = office_alerts.list_page(connection, open_only=False, limit=100).rows
    return [each for each in shown if about in {each["subject"], each["facts"].get("out_trade_no")}]


def work(town: Town) -> None:
    """The workers do all that is due by now."""
    for _ in range(_MOST_ROUNDS):
        town.catch_up()
        deadlines, outbox = town.house.deadlines, town.house.outbox
        if not sum(_all(run) for run in (deadlines.run_due, outbox.run_due)):
            return
    message = "the workers never come to rest"
    raise AssertionError(message)


def _all(run: Callable[[], bool]) -> int:
    return sum(1 for _ in iter(run, False))


def at_once(calls: Sequence[Callable[[], Told]]) -> list[Told]:
    """What the calls answer that begin at the same time."""
    together = Barrier(len(calls))

    def begin(call: Callable[[], Told]) -> Told:
        together.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(begin, calls))
