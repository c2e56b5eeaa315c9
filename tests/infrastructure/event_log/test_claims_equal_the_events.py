"""The claims tables equal a fold of the claims of the log's events."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date, timedelta
from random import Random
from threading import Thread
from uuid import UUID, uuid5

import pytest
from eventsourcing.application import Application
from sqlalchemy import text

from application.commands import ClaimRefusedError
from domain.aggregate import EventSourced
from domain.claims import (
    Claim,
    ReleaseSeats,
    ReleaseWorker,
    SetCapacity,
    TakeSeats,
    TakeUnique,
    TakeWorker,
)
from domain.errors import JiawuError
from domain.names import stored_as
from domain.orders.cleaning import CleaningOrder
from domain.orders.order_number import order_number
from infrastructure.event_log.mapper import rebuild
from infrastructure.event_log.recorder import EventLog
from tests.conftest import Database
from tests.domain import histories
from tests.infrastructure.event_log.claims_fold import Claims, read_claims
from tests.infrastructure.event_log.material import NOON, asked

DAY = date(2026, 11, 23)
HALF_HOUR = timedelta(minutes=30)
IDS = [uuid5(UUID(int=0), str(n)) for n in range(8)]
