"""The use cases (用例) of the household, wired on its ground: orders, and people and capacity."""

from dataclasses import dataclass

from application.acceptances import Acceptances
from application.appliance_care import ApplianceWork
from application.booking import Bookings
from application.capacity import Capacity
from application.care import CareWork
from application.care_leads import CareLeads
from application.catalogue import CatalogueKeeping
from application.cleaning import CleaningWork
from application.customers import AddressBook, Customers
from application.disclosures import Disclosures
from application.dispatching import Dispatching
from application.dry_cleaning import Laundry
from application.exception_desk import ExceptionDesk
from application.garment_deadlines import GarmentDeadlines
from application.hourly import HourlyPlans
from application.hourly_visits import HourlyVisits
from application.messages import Messages
from application.offline_receipts import OfflineReceipts
from application.open_charges import OpenCharges
from application.personnel import Personnel
from application.plan_upkeep import PlanUpkeep
from application.preferences import Preferences
from application.reordering import Reordering
from application.repairs import Repairs
from application.rescheduling import Reschedulings
from application.shifts import Shifts
from application.slots import Slots
from application.suggestions import Suggestions
from application.visit_watch import VisitWatch
from application.worker_keeping import WorkerKeeping
from interface.ground import Ground


@dataclass(frozen=True, kw_only=True)
class OrderServices:
    """What is done with orders, all of them and of one line."""

    bookings: Bookings
    reordering: Reordering
    dispatching: Dispatching
    suggestions: Suggestions
    reschedulings: Reschedulings
    exception_desk: ExceptionDesk
    acceptances: Acceptances
    cleaning: CleaningWork
    laundry: Laundry
    garment_deadlines: GarmentDeadlines
    plans: HourlyPlans
    visits: HourlyVisits
    plan_upkeep: PlanUpkeep
    visit_watch: VisitWatch
    appliance_work: ApplianceWork
    repairs: Repairs
    care: CareWork
    care_leads: CareLeads
    offline_receipts: OfflineReceipts
    open_charges: OpenCharges


@dataclass(frozen=True, kw_only=True)
class HouseServices:
    """What is done with the catalogue, capacity and people."""

    catalogue: CatalogueKeeping
    capacity: Capacity
    shifts: Shifts
    slots: Slots
    customers: Customers
    address_book: AddressBook
    preferences: Preferences
    disclosures: Disclosures
    messages: Messages
    personnel: Personnel
    worker_keeping: WorkerKeeping


def order_services(ground: Ground) -> OrderServices:
    """The use cases of orders."""
    log, vault, tariffs, clock = ground.log, ground.vault, ground.tariffs, ground.clock
    suggestions = Suggestions(log, ground.worker_schedule)
    return OrderServices(
        bookings=Bookings(log, vault, ground.numbers, tariffs, ground.areas, ground.uploads),
        reordering=Reordering(log, vault, tariffs),
        dispatching=Dispatching(log, vault),
        suggestions=suggestions,
        reschedulings=Reschedulings(log, tariffs),
        exception_desk=ExceptionDesk(log, vault, clock),
        acceptances=Acceptances(log, clock),
        cleaning=CleaningWork(log, tariffs),
        laundry=Laundry(log, vault, tariffs, ground.uploads),
        garment_deadlines=GarmentDeadlines(log, clock),
        plans=HourlyPlans(log, tariffs),
        visits=HourlyVisits(log, vault, suggestions),
        plan_upkeep=PlanUpkeep(log, tariffs, clock),
        visit_watch=VisitWatch(log, clock),
        appliance_work=ApplianceWork(log, vault, tariffs, clock, ground.uploads),
        repairs=Repairs(log, vault, tariffs, clock, ground.uploads),
        care=CareWork(log, vault),
        care_leads=CareLeads(log, clock),
        offline_receipts=OfflineReceipts(log, vault),
        open_charges=OpenCharges(log),
    )


def house_services(ground: Ground) -> HouseServices:
    """The use cases around orders."""
    log, vault = ground.log, ground.vault
    credentials, sessions = ground.credentials, ground.sessions
    return HouseServices(
        catalogue=CatalogueKeeping(log),
        capacity=Capacity(log),
        shifts=Shifts(log, ground.areas, ground.seats),
        slots=Slots(ground.tariffs, ground.areas, ground.seats),
        customers=Customers(log, vault),
        address_book=AddressBook(log, vault),
        preferences=Preferences(log),
        disclosures=Disclosures(log, vault, ground.disclosed),
        messages=Messages(log, vault, ground.read_marks, ground.uploads),
        worker_keeping=WorkerKeeping(log),
        personnel=Personnel(log, vault, ground.numbers, credentials, sessions),
    )
