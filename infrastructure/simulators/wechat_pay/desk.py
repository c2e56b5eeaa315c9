"""Everything one running simulator consists of."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from application.clock import Clock
from infrastructure.simulators.wechat_pay.books import Books
from infrastructure.simulators.wechat_pay.faults import Faults
from infrastructure.simulators.wechat_pay.gate import Gate
from infrastructure.simulators.wechat_pay.notifier import Notifier
from infrastructure.simulators.wechat_pay.orders import Payment
from infrastructure.simulators.wechat_pay.seal import PlatformSeal
from infrastructure.simulators.wechat_pay.settings import SimulatorSettings
from infrastructure.simulators.wechat_pay.views import JsonObject


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts of a simulator, kept in `app.state.desk`."""

    settings: SimulatorSettings
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


def set_up_desk(settings: SimulatorSettings, clock: Clock, notifier: Notifier) -> Desk:
    """A desk with empty books."""
    return Desk(
        settings=settings,
        gate=Gate(settings, clock),
        seal=notifier.seal,
        books=Books(clock),
        faults=Faults(),
        notifier=notifier,
    )


def desk_of(request: Request) -> Desk:
    """The desk of the app that serves this request."""
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(desk_of)]
