"""The use cases of personal data (个人信息): consents, closing an account, erasure, receipts."""

from dataclasses import dataclass

from application.consents import Consents
from application.erasure import Closings, CustomerMatters, Erasures, OrderIndex
from application.erasure_receipts import ErasureReceipts
from application.payment_facts import PaymentFacts
from interface.ground import Ground


@dataclass(frozen=True, kw_only=True)
class PersonalDataServices:
    """What is done with what is known of a person."""

    consents: Consents
    closings: Closings
    erasures: Erasures
    erasure_receipts: ErasureReceipts


def personal_data_services(ground: Ground, index: OrderIndex) -> PersonalDataServices:
    """The use cases of personal data; `index` knows every customer's orders."""
    log, vault, clock = ground.log, ground.vault, ground.clock
    facts = PaymentFacts(log, vault, ground.alerts, clock)
    matters = CustomerMatters(log, facts, index)
    return PersonalDataServices(
        consents=Consents(log),
        closings=Closings(log, matters, clock),
        erasures=Erasures(log, matters, vault, ground.sessions, ground.raw_notices, clock),
        erasure_receipts=ErasureReceipts(log, vault),
    )
