"""A warranty claim that meets the erasure of its customer; apart, as its worker is busy then."""

from functools import partial
from typing import Any

import pytest

from application.commands import Decision
from application.repairs import Fault, Repairs
from domain.customer_closing import AccountErasedError
from domain.customers import Customer
from domain.orders.service_order import ServiceOrder
from domain.orders.stages import Stage
from tests.domain.appliances import repaired
from tests.domain.histories import BY_CUSTOMER, CUSTOMER, NOW, identity
from tests.interface.test_closing_races import Household, SlowUploads
from tests.interface.town import Town


def test_no_warranty_is_claimed_behind_the_erasure(town: Town) -> None:
    who, house, order = Household(town, CUSTOMER), town.house, repaired()
    registered = Customer.register(who.id, identity(), by=BY_CUSTOMER, at=NOW)
    house.log.run(who.command(), lambda: Decision([registered, order]))
    deadline = who.ask()
    town.catch_up()
    uploads: Any = SlowUploads([partial(who.erase, deadline)])
    repairs = Repairs(house.log, house.vault, house.tariffs, town.clock, uploads)
    fault = Fault(text="又不制冷", starts_at=town.tomorrow(10))
    with pytest.raises(AccountErasedError):
        repairs.claim_warranty(order.id, fault, who.command())
    assert house.log.load(ServiceOrder, order.id).stage == Stage.UNDER_WARRANTY
