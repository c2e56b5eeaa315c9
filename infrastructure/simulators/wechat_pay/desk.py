"""Everything one running simulator consists of."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from application.clock import Clock
from infrastructure.simulators.wechat_pay.books import Books
from infrastructure.simulators.wechat_pay.faults import Faults
from infrastructure.simulators.wechat_pay.gate import Gate
from infrastructure.simulators.wechat_pay.notices import Forgery
from infrastructure.simulators.wechat_pay.notifier import Notifier
from infrastructure.simulators.wechat_pay.orders import Payment
from infrastructure.simulators.wechat_pay.randomness import Randomness
from infrastructure.simulators.wechat_pay.seal import PlatformSeal
from infrastructure.simulators.wechat_pay.settings import SimulatorSettings
from infrastructure.simulators.wechat_pay.views import JsonObject


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts of a simulator, kept in `app.state.desk`."""

    settings: SimulatorSettings
    clock: Clock
    randomness: Randomness
    gate: Gate
    seal: PlatformSeal
    books: Books
    faults: Faults
    notifier: Notifier

    def take_payment(self, payment: Payment) -> JsonObject:
        """The customer pays; the notice is due at once.

        Raises:
            RefusalError: The customer cannot pay this.
        """
        sold = self.books.pay(payment)
        self.notifier.announce(sold.notify_url, sold.transaction)
        return sold.transaction

    def forge_notice(self, kind: Forgery, out_trade_no: str = "") -> JsonObject:
        """Post a forged notice about an order, the newest for "", once; returns how it went.

        Raises:
            RefusalError: 404 ORDER_NOT_EXIST.
        """
        request = self.books.ordered(out_trade_no)
        content = self.books.claimed_success(request.out_trade_no)
        return self.notifier.forge(kind, request.notify_url, content)


def set_up_desk(settings: SimulatorSettings, clock: Clock, notifier: Notifier) -> Desk:
    """A desk with empty books; its chance comes from the notifier's source."""
    return Desk(
        settings=settings,
        clock=clock,
        randomness=notifier.seal.randomness,
        gate=Gate(settings, clock, notifier.seal.keys),
        seal=notifier.seal,
        books=Books(clock, notifier.seal.randomness),
        faults=Faults(),
        notifier=notifier,
    )


def desk_of(request: Request) -> Desk:
    """The desk of the app that serves this request."""
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(desk_of)]
