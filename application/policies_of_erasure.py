"""Policies of closing an account (注销): when it falls due, and that the person is forgotten."""

from application.erasure import closing_deadline, forget_deadline
from application.policy import Desk, Policy, Start
from application.projections.projection import Recorded
from domain.customer_closing import ClosingCustomer


def _closing_ends(_: object, desk: Desk, recorded: Recorded) -> None:
    event: ClosingCustomer.ClosingRequested = recorded.event
    desk.remind(closing_deadline(event, recorded.position))


def _customer_is_forgotten(_: object, desk: Desk, recorded: Recorded) -> None:
    event: ClosingCustomer.Erased = recorded.event
    desk.remind(forget_deadline(event, recorded.position))


closing_ends = Policy("closing_ends", Start.BEGINNING, _closing_ends)
customer_is_forgotten = Policy("customer_is_forgotten", Start.BEGINNING, _customer_is_forgotten)
