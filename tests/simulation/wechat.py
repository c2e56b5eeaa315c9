"""WeChat Pay in this world: the simulator, its customers' money, and what goes wrong."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Final

from domain.errors import JiawuError
from infrastructure.simulators.wechat_pay import (
    Fault,
    NoticeRules,
    Notifier,
    Payment,
    RefusalError,
    Reply,
    SimulatorSettings,
    Wire,
    exchange,
    set_up_desk,
)
from infrastructure.simulators.wechat_pay.notices import Forgery
from tests.simulation.broken import fail
from tests.simulation.nodes import KilledError
from tests.simulation.world import World

A_DAY_LATE: Final = 26 * 3600
# How the merchant must answer a forgery: anything but "taken".
TAKEN: Final = 200
# A call's fault by its name in chance.FAULTS, in the order in which they are tried.
_FAULTS: Final[Mapping[str, Fault]] = {
    "answer_lost": Fault(drop_response=True),
    "failed_before_effect": Fault(status=500, code="SYSTEM_ERROR"),
    "failed_after_effect": Fault(status=502, code="BANK_ERROR", after_effect=True),
    "too_many_calls": Fault(status=429, code="RATELIMIT_EXCEEDED", old_spelling=True),
    "answer_probed": Fault(probe_signature=True),
}


@dataclass(frozen=True)
class Posted:
    """A notice as it went over the wire."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    at: datetime


class WeChat:
    """The outside service."""

    def __init__(self, world: World, settings: SimulatorSettings) -> None:
        self._world = world
        randomness = Random(world.seed).randbytes  # noqa: S311 - a reproducible run
        self.courier = Notifier(settings, world.clock, self.post, randomness)
        self.desk = set_up_desk(settings, world.clock, self.courier)
        self.claimed: dict[str, int] = {}
        self.posted: list[Posted] = []
        self.answered: Counter[str] = Counter()
        self._delivering = False
        self._down_until = world.clock.now()

    # -- calls of the product

    def carry(self, wire: Wire) -> Reply | None:
        """Answer a call; None where nobody answers."""
        world, chance = self._world, self._world.chance
        world.interleave()
        call = f"{wire.method} {wire.path.removeprefix('/v3/pay/transactions/')}"
        if self._is_down():
            world.note("wechat", call, "down")
            return None
        fault = next((fault for name, fault in _FAULTS.items() if chance.happens(name)), None)
        if fault:
            self.desk.faults.order(fault)
        reply = exchange(self.desk, wire)
        self.desk.faults.forget()
        self._spoil_order(wire)
        world.note("wechat", call, f"{reply.status}{' lost' if reply.lost else ''}")
        self._hurry(wire)
        world.interleave()
        return reply

    def _is_down(self) -> bool:
        now = self._world.clock.now()
        if not self._world.chance.calm and self._world.chance.happens("outage"):
            self._down_until = now + self._world.chance.pause(60, 900)
        return now < self._down_until and not self._world.chance.calm

    def _spoil_order(self, wire: Wire) -> None:
        """Now and then closing an order has no effect."""
        number = _prepaid(wire)
        if number and self._knows(number) and self._world.chance.happens("close_ignored"):
            self.desk.books.ignore_close(number, ignored=True)

    def _hurry(self, wire: Wire) -> None:
        """A payment and its notice are faster than the answer to the prepay."""
        number = _prepaid(wire)
        world = self._world
        if not number or not self._knows(number) or world.free_node() is None:
            return
        if world.chance.happens("notice_before_answer"):
            self.pay("hasty payer", number)
            self.deliver()

    def _knows(self, number: str) -> bool:
        return any(order["out_trade_no"] == number for order in self.desk.books.orders())

    # -- customers' money

    def pay(self, who: str, number: str, **how: object) -> bool:
        """Somebody pays an order; whether WeChat let them."""
        self._claim_another_amount(number)
        self.courier.set_rules(self._rules())
        payment = Payment(out_trade_no=number, **how)  # type: ignore[arg-type]
        return self._at_cashier(who, f"pays {number}", lambda: self.desk.take_payment(payment))

    def type_password(self, who: str, number: str, *, typing: bool) -> bool:
        """Somebody opens or leaves the password page, where an order cannot be closed."""
        enter = self.desk.books.enter_password
        command = f"{'types' if typing else 'stops typing'} the password of {number}"
        return self._at_cashier(who, command, lambda: enter(number, entering=typing))

    def _at_cashier(self, who: str, command: str, do: Callable[[], object]) -> bool:
        try:
            do()
        except RefusalError as refusal:
            self._world.note(who, command, refusal.code)
            return False
        self._world.note(who, command, "done")
        return True

    def _claim_another_amount(self, number: str) -> None:
        if not self._world.chance.happens("amount_claimed") or not self._knows(number):
            return
        line = next(each for each in self.desk.books.orders() if each["out_trade_no"] == number)
        if line["transaction_id"] is None:
            amount = int(str(line["total_fen"])) + self._world.chance.random.choice([-1, 1, 1000])
            self.claimed[number] = amount
            self.desk.books.claim_amount(number, amount)

    # -- notices

    def deliver(self) -> None:
        """The courier goes once round; a round within a round is left out."""
        if self._delivering:
            return
        self._delivering = True
        try:
            self.courier.deliver_due()
        finally:
            self._delivering = False

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int | None:
        """A notice reaches one of the nodes; its HTTP status, None where it died."""
        self.posted.append(Posted(url, body, headers, self._world.clock.now()))
        status = self._status(body, headers)
        self._world.note("courier", f"notice {len(self.posted)}", str(status))
        return status

    def forge(self, kind: Forgery, number: str) -> None:
        """Somebody else posts a notice, or WeChat one that is not for us."""
        view: Any = self.desk.forge_notice(kind, number)
        answers = [attempt["status"] for attempt in view["attempts"]]
        self.answered[kind] += any(answers)
        if TAKEN in answers:
            fail("a forged notice is refused", f"{kind} about {number}")

    def has_taken(self, number: str) -> bool:
        """Whether an order is paid."""
        books = self.desk.books.transactions()
        return any(line["out_trade_no"] == number for line in books)

    def go_home(self) -> None:
        """Nothing goes wrong from now on."""
        self.courier.set_rules(NoticeRules())
        for order in self.desk.books.orders():
            self.desk.books.enter_password(str(order["out_trade_no"]), entering=False)

    def _status(self, body: bytes, headers: Mapping[str, str]) -> int | None:
        node = self._world.free_node()
        if node is None:
            return None
        try:
            self._world.on(node, lambda house: house.payment_notices.receive(headers, body))
        except KilledError:
            return None
        except JiawuError as refused:
            return refused.status
        return TAKEN

    def _rules(self) -> NoticeRules:
        chance = self._world.chance
        delay = 0
        if chance.happens("notice_delayed"):
            delay = chance.random.randint(1, 1800)
        if chance.happens("notice_delayed_a_day"):
            delay = chance.random.randint(3600, A_DAY_LATE)
        return NoticeRules(
            drop=chance.happens("notice_dropped"),
            duplicate=2 * chance.happens("notice_duplicated"),
            delay_seconds=delay,
            probe_first=chance.happens("notice_probed"),
        )


def _prepaid(wire: Wire) -> str:
    """The 商户订单号 of a prepay, "" of another call."""
    if wire.method != "POST" or wire.path.endswith("/close"):
        return ""
    return wire.body.decode().partition('"out_trade_no":"')[2].partition('"')[0]
