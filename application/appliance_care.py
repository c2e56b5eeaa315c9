"""Appliance and home care (家电清洗, 家居养护): booking them, and the work at the customer's."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from application.clock import Clock
from application.commands import Command, Decision, Outcome
from application.lines import Asked, HomeVisit, Seal
from application.log import Log
from application.policy import Deadline
from application.tariffs import Tariffs
from application.uploads import Uploads
from application.vault import KeyClass, Vault
from domain.capacity import HeldSeats
from domain.catalogue.quotes import Effort
from domain.errors import InvalidInputError
from domain.orders.appliance_care.empty_trips import EmptyTrip
from domain.orders.appliance_care.findings import Finding
from domain.orders.appliance_care.machines import (
    MOST_MACHINES,
    MachineNotFoundError,
    Repricing,
    counted,
    remaining,
)
from domain.orders.appliance_care.order import CARE_DAYS, CLEANING, WAXING, ApplianceCareOrder
from domain.orders.appliance_care.repair_facts import REPAIR
from domain.orders.appliance_care.warranty import WARRANTY_DAYS
from domain.orders.booking import OrderedWork
from domain.orders.charges import AddedCharge
from domain.orders.date_prices import price_of
from domain.orders.windows import Window, bounds

_REMINDER: Final = "appliance.care_reminder"
_COMMANDS: Final = UUID("b6a2f5a4-0c1e-5e0f-9d55-6b1c7d0a4e18")


class ApplianceLine(HomeVisit):
    """Machines one by one, floors with their care period, and repairs with their fault."""

    def seats(self, asked: Asked, windows: Sequence[Window], crew: int) -> HeldSeats | None:
        """Those of a visit; a repair holds none before somebody called back."""
        return None if asked.service_code == REPAIR else super().seats(asked, windows, crew)

    def details(self, asked: Asked, needed: Effort, seal: Seal) -> dict[str, Any]:
        """What the price was asked by, and what each service needs to know.

        Raises InvalidInputError where machines are told of that are not booked.
        """
        details = super().details(asked, needed, seal)
        if asked.service_code == REPAIR:
            return details | _repair_details(asked.form, seal)
        if asked.service_code in CLEANING:
            return details | {"machines": _machines(asked, seal)}
        return details | ({"care_days": CARE_DAYS} if asked.service_code == WAXING else {})


LINE: Final = ApplianceLine(ApplianceCareOrder)


@dataclass(frozen=True, kw_only=True)
class SiteReport:
    """What was seen at the customer's: when, in clear words, with the names of pictures."""

    happened_at: datetime
    note: str = ""
    photos: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class ExtraWork:
    """More that the customer agreed to on site (加项); `note` in clear."""

    amount_fen: int
    reason_code: str
    consent: str
    note: str = ""


class ApplianceWork:
    """Commands on an order for cleaning machines or caring for a home.

    Each raises NotFoundError where there is no such order or machine,
    PhotoUnknownError where a photo was not uploaded for its customer, and
    RuleViolationError kinds where its stage forbids it.
    """

    def __init__(
        self, log: Log, vault: Vault, tariffs: Tariffs, clock: Clock, uploads: Uploads
    ) -> None:
        self._log = log
        self._vault = vault
        self._tariffs = tariffs
        self._clock = clock
        self._uploads = uploads

    def confirm_trial_run(
        self, order_id: UUID, machine: str, report: SiteReport, command: Command, *, works: bool
    ) -> Outcome:
        """A machine ran or did not, before it is touched (试机确认)."""

        def do(order: ApplianceCareOrder) -> None:
            finding = self._finding(order, report)
            order.confirm_trial_run(machine, finding, works=works, **_of(command))

        return self._on(order_id, command, do)

    def report_opening_failed(
        self, order_id: UUID, machine: str, reason_code: str, report: SiteReport, command: Command
    ) -> Outcome:
        """A machine cannot be opened (不可拆)."""

        def do(order: ApplianceCareOrder) -> None:
            finding = self._finding(order, report)
            order.report_opening_failed(machine, finding, reason_code=reason_code, **_of(command))

        return self._on(order_id, command, do)

    def change_item(
        self, order_id: UUID, machine: str, item: str, consent: str, command: Command
    ) -> Outcome:
        """Do something else with a machine (改项), at the prices of the booking.

        Raises InvalidInputError where it costs more and nobody agreed, or there is
        no such item.
        """

        def do(order: ApplianceCareOrder) -> None:
            changed = {**_items(order, machine), machine: item}
            priced = self._reprice(order, changed, consent, command.at)
            order.change_item(machine, item, priced, **_of(command))

        return self._on(order_id, command, do)

    def withdraw_machine(self, order_id: UUID, machine: str, command: Command) -> Outcome:
        """Strike a machine off; what it cost goes back.

        Raises LastMachineError where nothing would be left to do.
        """

        def do(order: ApplianceCareOrder) -> None:
            left = _items(order, machine)
            others = {name: item for name, item in left.items() if name != machine}
            # The order itself says what is wrong with the last one.
            priced = self._reprice(order, others or left, "", command.at)
            order.withdraw_machine(machine, priced, **_of(command))

        return self._on(order_id, command, do)

    def inspect_machine(
        self, order_id: UUID, machine: str, report: SiteReport, command: Command, *, accepted: bool
    ) -> Outcome:
        """Accept a machine by a trial run, or have it done again (试机验收)."""

        def do(order: ApplianceCareOrder) -> None:
            finding = self._finding(order, report)
            order.inspect_machine(machine, finding, accepted=accepted, **_of(command))

        return self._on(order_id, command, do)

    def confirm_material(
        self, order_id: UUID, surface: str, report: SiteReport, command: Command
    ) -> Outcome:
        """State what is cared for, before the work (材质确认)."""

        def do(order: ApplianceCareOrder) -> None:
            order.confirm_material(surface, self._finding(order, report), **_of(command))

        return self._on(order_id, command, do)

    def record_empty_trip(
        self,
        order_id: UUID,
        reason_code: str,
        calls: Sequence[datetime],
        report: SiteReport,
        command: Command,
    ) -> Outcome:
        """Somebody came for nothing (空跑): the order ends, a fare is kept."""

        def do(order: ApplianceCareOrder) -> None:
            finding = self._finding(order, report)
            trip = EmptyTrip(reason_code=reason_code, finding=finding, calls=list(calls))
            order.record_empty_trip(trip, **_of(command))

        return self._on(order_id, command, do)

    def add_work(self, order_id: UUID, extra: ExtraWork, command: Command) -> Outcome:
        """Charge more that the customer agreed to on site (加项)."""

        def do(order: ApplianceCareOrder) -> None:
            charge = AddedCharge(
                reason_code=extra.reason_code,
                amount_fen=extra.amount_fen,
                consent=extra.consent,
                note=self._vault.seal(order.customer_id, KeyClass.NOTE, extra.note),
            )
            order.add_charge(charge, **_of(command))

        return self._on(order_id, command, do)

    def care_period_over(self, deadline: Deadline) -> None:
        """The deadline `appliance.care_reminder`: tell the customer once that it is time."""
        command = self._command(f"{_REMINDER}:{deadline.subject}")

        def decide() -> Decision:
            order = self._log.load(ApplianceCareOrder, UUID(deadline.subject))
            reminded = order.remind_of_care(**_of(command))
            return Decision([order] if reminded else [])

        self._log.run(command, decide)

    def _on(
        self, order_id: UUID, command: Command, do: Callable[[ApplianceCareOrder], object]
    ) -> Outcome:
        def decide() -> Decision:
            order = self._log.load(ApplianceCareOrder, order_id)
            do(order)
            return Decision([order], {"order_id": str(order.id), "stage": order.stage})

        return self._log.run(command, decide)

    def _finding(self, order: ApplianceCareOrder, report: SiteReport) -> Finding:
        self._uploads.check_known(order.customer_id, report.photos)
        note = self._vault.seal(order.customer_id, KeyClass.NOTE, report.note)
        return Finding(happened_at=report.happened_at, note=note, photos=list(report.photos))

    def _reprice(
        self, order: ApplianceCareOrder, items: Mapping[str, str], consent: str, at: datetime
    ) -> Repricing:
        tariff = self._tariffs.of(order.catalogue_revision, order.price_book_version)
        work = replace(OrderedWork.booked(order.details), items=counted(items.values()))
        starts_at, _ = bounds(order.priced_windows[0])
        priced = price_of(order, work, tariff, starts_at)
        return Repricing(
            total_fen=priced.total_fen,
            lines=priced.lines,
            happened_at=at,
            consent=consent,
        )

    def _command(self, key: str) -> Command:
        return Command(uuid5(_COMMANDS, key), "system:appliance_care", "", self._clock.now())


def care_deadline(order_id: UUID, due_at: datetime) -> Deadline:
    """When a finished floor is due for its next care."""
    return Deadline(_REMINDER, str(order_id), due_at)


def _items(order: ApplianceCareOrder, machine: str) -> dict[str, str]:
    """The items of the remaining machines. Raises MachineNotFoundError."""
    left = remaining(order.machines)
    if machine not in left:
        raise MachineNotFoundError(machine=machine)
    return {name: each.item for name, each in left.items()}


def _of(command: Command) -> dict[str, Any]:
    return {"by": command.actor, "at": command.at}


def _repair_details(form: Mapping[str, Any], seal: Seal) -> dict[str, Any]:
    return {
        "appliance": form.get("appliance", ""),
        "fault": seal(KeyClass.NOTE, form.get("fault", "")),
        "photos": list(form.get("photos", [])),
        "warranty_days": WARRANTY_DAYS,
    }


def _machines(asked: Asked, seal: Seal) -> list[dict[str, Any]]:
    """Every booked machine with a name of its own, and what is told of it."""
    told = {item: _told(asked.form, item) for item in asked.items}
    if any(len(told[item]) > count for item, count in asked.items.items()):
        raise InvalidInputError(field="appliances")
    if {each["item"] for each in asked.form.get("machines", [])} - asked.items.keys():
        raise InvalidInputError(field="appliances")
    if sum(asked.items.values()) > MOST_MACHINES:
        raise InvalidInputError(field="items")
    return [
        {"machine": f"{number:02}", "item": item, **_sealed(machine, seal)}
        for number, (item, machine) in enumerate(_listed(asked.items, told), 1)
    ]


def _told(form: Mapping[str, Any], item: str) -> list[dict[str, Any]]:
    return [each for each in form.get("machines", []) if each["item"] == item]


def _listed(
    items: Mapping[str, int], told: Mapping[str, list[dict[str, Any]]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for item, count in sorted(items.items()):
        yield from ((item, machine) for machine in [*told[item], *[{}] * count][:count])


def _sealed(machine: Mapping[str, Any], seal: Seal) -> dict[str, Any]:
    """What is told of a machine; a brand is free text and may hold anything."""
    brand, age_years = machine.get("brand", ""), machine.get("age_years")
    kept = {"brand": seal(KeyClass.NOTE, brand)} if brand else {}
    return kept | ({"age_years": age_years} if age_years is not None else {})
