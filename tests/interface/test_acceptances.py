"""Acceptance by silence: a day after the work is done, unless something is open."""

from datetime import timedelta
from uuid import UUID, uuid4

from application.commands import Command, Decision
from domain.orders.charges import AddedCharge
from domain.orders.service_order import ServiceOrder
from tests.interface.town import Town
from tests.interface.visits import Visit

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
EXTRA = AddedCharge(reason_code="extra", amount_fen=1_000, consent="customer_app")


def done(town: Town) -> Visit:
    """A visit whose work is done and awaits inspection."""
    visit = Visit(town)
    visit.assigned()
    visit.accept()
    visit.report("departed", "arrived", "in_service", "awaiting_inspection")
    town.settle()
    return visit


def test_work_that_nobody_objects_to_for_a_day_is_accepted(town: Town) -> None:
    visit = done(town)
    town.let_pass(24 * HOUR - MINUTE, step=HOUR)
    assert visit.stage() == "awaiting_inspection"
    town.let_pass(MINUTE)
    assert visit.stage() == "completed"
    town.catch_up()
    last = town.dispatcher().read(visit.path)["timeline"][-1]
    assert (last["event"], last["by"]) == ("Completed", "system:acceptances")


def test_work_that_is_done_again_has_a_day_from_then(town: Town) -> None:
    visit = done(town)
    town.let_pass(20 * HOUR, step=HOUR)
    visit.office = town.dispatcher()
    visit.report("reworking", "awaiting_inspection")
    town.let_pass(20 * HOUR, step=HOUR)
    assert visit.stage() == "awaiting_inspection"
    town.let_pass(4 * HOUR, step=HOUR)
    assert visit.stage() == "completed"


def test_an_open_charge_keeps_work_from_being_accepted_until_it_is_given_up(town: Town) -> None:
    visit = done(town)
    charge(town, visit)
    town.let_pass(24 * HOUR, step=HOUR)
    assert visit.stage() == "awaiting_inspection"
    withdrawal = f"{visit.path}/charges/2/withdrawal"
    town.dispatcher().do(withdrawal, {"reason_code": "goodwill"})
    town.settle()
    town.let_pass(MINUTE)
    assert visit.stage() == "completed"


def charge(town: Town, visit: Visit) -> None:
    """The customer agreed to pay more while the work went on."""
    command = Command(uuid4(), "staff:test", "", town.clock.now())

    def decide() -> Decision:
        order = town.house.log.load(ServiceOrder, UUID(visit.id))
        order.add_charge(EXTRA, by=command.actor, at=command.at)
        return Decision([order])

    town.house.log.run(command, decide)
