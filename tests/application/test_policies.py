"""Money that arrives is taken by its order, or goes back whole; never lost, never twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest
from sqlalchemy import Connection

from application import event_map
from application.commands import Command, Decision, Outcome
from application.log import Log
from application.policies import order_takes_payment
from application.policy import Policy, TryLaterError
from application.projections import cash_journal, customer_orders, office_orders
from domain.aggregate import EventSourced
from domain.orders.changes import UNPAID
from domain.orders.cleaning import CleaningOrder
from domain.orders.order_facts import OrderFacts
from domain.orders.stages import Stage
from domain.payments import Payment
from infrastructure.clock import SettableClock
from infrastructure.feed.feed import Feed
from infrastructure.feed.policies import PolicyRunner
from infrastructure.feed.reader import LogReader
from infrastructure.feed.routing import routes
from infrastructure.outbox import errands
from interface.household import Household, PolicyServices
from tests.application.projections.lives import (
    attempt_to_pay,
    booked,
    close,
    money_arrives,
    save,
)
from tests.application.projections.tables import rows
from tests.domain import histories
from tests.domain.histories import PRICE_FEN

WALLET, ADVANCES, SUSPENSE = "101201", "2203", "224102"
AnyAggregate = TypeVar("AnyAggregate", bound=EventSourced)


def facts_of(house: Household, order: CleaningOrder, kind: type[Any]) -> list[Any]:
    """The order's events of one kind, from the log."""
    stored = house.event_log.select_events(order.id)
    events = [house.log_mapper(each) for each in stored]
    return [event for event in events if isinstance(event, kind)]
