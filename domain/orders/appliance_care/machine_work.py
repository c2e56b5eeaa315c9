"""Work on machines (家电清洗): tried before, cleaned, and accepted by a trial run.

A machine that cannot be opened (不可拆) is charged as something else or struck off; the
price follows. If nothing is left, it was an empty trip.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from eventsourcing.domain import Aggregate

from domain.errors import InvalidInputError
from domain.orders.appliance_care import machines
from domain.orders.appliance_care.findings import Finding, check_finding
from domain.orders.appliance_care.machines import (
    LastMachineError,
    Machine,
    MachineNotFoundError,
    MachinesNotAcceptedError,
    MachinesNotReadyError,
    MachineStageError,
    Repricing,
    all_at,
    check_repricing,
    remaining,
)
from domain.orders.appliance_care.repair import Repair
from domain.orders.booking import ONLINE, OrderedWork
from domain.orders.order_money import ITEM_DIFFERENCE, PriceDifference
from domain.orders.stages import Stage

ON_SITE: Final = frozenset({Stage.ARRIVED, Stage.TRIAL_RUN_CONFIRMED, Stage.IN_SERVICE})
_BEFORE_WORK: Final = frozenset({Stage.ARRIVED, Stage.TRIAL_RUN_CONFIRMED})
_UNTRIED: Final = frozenset({Stage.SCHEDULED, Stage.TRIAL_RUN_CONFIRMED})
_UNDECIDED: Final = frozenset({Stage.SCHEDULED, Stage.NOT_OPENABLE})
_WORKED_ON: Final = frozenset({Stage.TRIAL_RUN_CONFIRMED, Stage.COMPLETED, Stage.REWORKING})


class MachineWork(Repair):
    """Machines of an order. The kinds of order derive from ServiceOrder, not from this.

    `machines` by name; `price_fen` is the price of what is left to do.
    """

    class TrialRunConfirmed(Repair.Event):
        """A machine was tried before its cleaning (试机确认), and ran or did not."""

        machine: str
        works: bool
        happened_at: datetime
        note: str
        photos: list[str]

    class OpeningFailed(Repair.Event):
        """A machine cannot be opened (不可拆); somebody decides what becomes of it."""

        machine: str
        reason_code: str
        happened_at: datetime
        note: str
        photos: list[str]

    class ItemChanged(Repair.Event):
        """A machine is charged as another item (改项); the price follows it."""

        machine: str
        item: str
        total_fen: int
        lines: list[dict[str, Any]]
        happened_at: datetime

    class MachineWithdrawn(Repair.Event):
        """A machine was struck off (取消该台); the price follows it."""

        machine: str
        total_fen: int
        lines: list[dict[str, Any]]
        happened_at: datetime

    class MachineInspected(Repair.Event):
        """A machine was accepted by a trial run, or has to be done again (试机验收)."""

        machine: str
        accepted: bool
        happened_at: datetime
        note: str

    def confirm_trial_run(
        self, machine: str, finding: Finding, *, works: bool, by: str, at: datetime
    ) -> None:
        """A machine ran or did not, before it is touched; a later word counts.

        Raises:
            WrongStageError: nobody is there.
            MachineNotFoundError, MachineStageError: there is none to be tried.
            InvalidInputError: see check_finding.
        """
        self.check_stage(ON_SITE)
        found = self._machine(machine, _UNTRIED)
        check_finding(finding, at)
        stage = self._stage_with(machine, found.at(Stage.TRIAL_RUN_CONFIRMED))
        facts = {"machine": machine, "works": works, **finding.facts()}
        self._state(self.TrialRunConfirmed, at, by, stage, **facts)

    def report_opening_failed(
        self, machine: str, finding: Finding, *, reason_code: str, by: str, at: datetime
    ) -> None:
        """A machine cannot be opened; change or strike it off before the work goes on.

        Raises:
            WrongStageError: nobody is there.
            MachineNotFoundError, MachineStageError: there is none to be opened.
            InvalidInputError: no reason; see check_finding.
        """
        self.check_stage(ON_SITE)
        found = self._machine(machine, _UNTRIED)
        check_finding(finding, at)
        if not reason_code:
            raise InvalidInputError(field="reason_code")
        stage = self._stage_with(machine, found.at(Stage.NOT_OPENABLE))
        facts = {"machine": machine, "reason_code": reason_code, **finding.facts()}
        self._state(self.OpeningFailed, at, by, stage, **facts)

    def change_item(
        self, machine: str, item: str, repricing: Repricing, *, by: str, at: datetime
    ) -> None:
        """Do something else with a machine; the difference is charged or goes back.

        Raises:
            WrongStageError: nobody is there.
            MachineNotFoundError, MachineStageError: it is not to be changed.
            InvalidInputError: the same item; see check_repricing.
        """
        found = self._changeable(machine, repricing, at)
        if item == found.item:
            raise InvalidInputError(field="item")
        changed = replace(found, item=item).at(Stage.SCHEDULED)
        facts = {"machine": machine, "item": item}
        stage = self._stage_with(machine, changed)
        self._reprice(self.ItemChanged, stage, repricing, facts, by=by, at=at)

    def withdraw_machine(
        self, machine: str, repricing: Repricing, *, by: str, at: datetime
    ) -> None:
        """Strike a machine off; its price goes back.

        Raises:
            WrongStageError: nobody is there.
            MachineNotFoundError, MachineStageError: it is not to be struck off.
            LastMachineError: it is the only one left.
            InvalidInputError: see check_repricing.
        """
        found = self._changeable(machine, repricing, at)
        if len(remaining(self.machines)) == 1:
            raise LastMachineError
        stage = self._stage_with(machine, found.at(Stage.CANCELLED))
        facts = {"machine": machine}
        self._reprice(self.MachineWithdrawn, stage, repricing, facts, by=by, at=at)

    def inspect_machine(
        self, machine: str, finding: Finding, *, accepted: bool, by: str, at: datetime
    ) -> None:
        """Accept a machine by a trial run, or have it done again; the last word counts.

        Raises:
            WrongStageError: the order does not await inspection.
            MachineNotFoundError: it has no such machine.
            InvalidInputError: see check_finding.
        """
        self.check_stage({Stage.AWAITING_INSPECTION, Stage.REWORKING})
        self._machine(machine, _WORKED_ON)
        check_finding(finding, at)
        stage = self.stage if accepted else Stage.REWORKING
        facts = {"machine": machine, "accepted": accepted, "note": finding.note}
        happened_at = finding.happened_at
        self._state(self.MachineInspected, at, by, stage, happened_at=happened_at, **facts)

    def progress(
        self, stage: str, *, happened_at: datetime, by: str, at: datetime, note: str = ""
    ) -> None:
        """The field reports the next stage; work ends once every machine was dealt with.

        Raises:
            MachinesNotReadyError: one was not tried, or nobody decided what becomes of it.
            WrongStageError, HappenedInFutureError: see ServiceOrder.progress.
        """
        ends = self.stage == Stage.IN_SERVICE and stage == Stage.AWAITING_INSPECTION
        if ends and any(each.stage in _UNDECIDED for each in self.machines.values()):
            raise MachinesNotReadyError
        super().progress(stage, happened_at=happened_at, by=by, at=at, note=note)

    def ordered_work(self) -> OrderedWork | None:
        """The machines that were not struck off, as what they are charged now."""
        if self.payment_mode != ONLINE:
            return None
        booked = OrderedWork.booked(self.details)
        items = machines.counted(each.item for each in remaining(self.machines).values())
        return replace(booked, items=items) if items else booked

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        if isinstance(event, Repair.Event):
            self.stage = event.stage
        match event:
            case MachineWork.Booked():
                super().evolve(event)
                self.machines = machines.booked(event.details.get("machines", []))
            case MachineWork.TrialRunConfirmed():
                self._put_machine(event.machine, Stage.TRIAL_RUN_CONFIRMED, works=event.works)
            case MachineWork.OpeningFailed():
                self._put_machine(event.machine, Stage.NOT_OPENABLE)
            case MachineWork.ItemChanged():
                self.price_fen = event.total_fen
                self._put_machine(event.machine, Stage.SCHEDULED, item=event.item, works=True)
            case MachineWork.MachineWithdrawn():
                self.price_fen = event.total_fen
                self._put_machine(event.machine, Stage.CANCELLED)
            case MachineWork.MachineInspected():
                done = Stage.COMPLETED if event.accepted else Stage.REWORKING
                self._put_machine(event.machine, done)
            case _:
                super().evolve(event)

    def _put_machine(self, name: str, stage: str, **changes: Any) -> None:  # noqa: ANN401 - fields of a machine
        self.machines[name] = self.machines[name].at(stage, **changes)

    def _machine(self, name: str, stages: frozenset[str]) -> Machine:
        found = remaining(self.machines).get(name)
        if found is None:
            raise MachineNotFoundError(machine=name)
        if found.stage not in stages:
            raise MachineStageError(machine=name)
        return found

    def _changeable(self, name: str, repricing: Repricing, at: datetime) -> Machine:
        """A machine that cannot be opened, or did not run."""
        self.check_stage(ON_SITE)
        found = self._machine(name, _UNDECIDED | _UNTRIED)
        if found.works and found.stage != Stage.NOT_OPENABLE:
            raise MachineStageError(machine=name)
        check_repricing(repricing, self.price_fen, at)
        return found

    def _stage_with(self, name: str, changed: Machine) -> str:
        """Where the order stands once the machine is so: before the work, all must be tried."""
        if self.stage not in _BEFORE_WORK:
            return str(self.stage)
        ready = all_at({**self.machines, name: changed}, Stage.TRIAL_RUN_CONFIRMED)
        return Stage.TRIAL_RUN_CONFIRMED if ready else Stage.ARRIVED

    def _reprice(  # noqa: PLR0913 - a fact and what it does to the price
        self,
        fact: type[Repair.Event],
        stage: str,
        repricing: Repricing,
        facts: dict[str, Any],
        *,
        by: str,
        at: datetime,
    ) -> None:
        difference_fen = repricing.total_fen - self.price_fen
        priced = {name: fact for name, fact in vars(repricing).items() if name != "consent"}
        self._state(fact, at, by, stage, **priced, **facts)
        if self.payment_mode == ONLINE:
            difference = PriceDifference(
                amount_fen=difference_fen,
                reason_code=ITEM_DIFFERENCE,
                consent=repricing.consent,
                reasons=("机器改项或取消，退差",),
            )
            self.settle_difference(difference, by=by, at=at)

    def _check_inspected(self, by: str) -> None:
        """A person accepts every machine; the 24-hour rule only needs none refused."""
        refused = any(each.stage == Stage.REWORKING for each in self.machines.values())
        left = remaining(self.machines)
        accepted = not left or all_at(self.machines, Stage.COMPLETED)
        if refused or not (accepted or by.startswith("system:")):
            raise MachinesNotAcceptedError
