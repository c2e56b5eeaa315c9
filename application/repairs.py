"""Repairs (家电维修): looked at, quoted, agreed, repaired, under warranty; paid by hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from application.appliance_care import SiteReport
from application.clock import Clock
from application.commands import Command, Decision, Outcome
from application.log import Log
from application.policy import Deadline, TryLaterError
from application.tariffs import Tariffs
from application.uploads import Uploads
from application.vault import KeyClass, Vault
from domain.customers import Customer
from domain.errors import NotFoundError
from domain.orders.appliance_care.findings import Finding
from domain.orders.appliance_care.order import ApplianceCareOrder
from domain.orders.appliance_care.quotations import Quotation, quotation_line
from domain.orders.appliance_care.repair import PartsOrder
from domain.orders.appliance_care.repair_facts import REPAIR
from domain.orders.appliance_care.warranty import WarrantyClaim
from domain.orders.windows import Window, bounds, window

# A quotation is good so long unless it says otherwise.
VALID_FOR: Final = timedelta(days=7)
_WARRANTY_ENDS: Final = "repair.warranty_ends"
_AGAIN: Final = timedelta(days=1)
_COMMANDS: Final = UUID("0e6b8f6a-7a0d-5f5c-8f0e-3d5f6b9a2c71")

CUSTOMER_APP: Final = "customer_app"  # the customer agreed on our own pages


@dataclass(frozen=True, kw_only=True)
class QuotedLine:
    """A part or labour of a quotation; `kind` is "part" or "labour"."""

    kind: str
    name: str
    quantity: int
    unit_price_fen: int


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What a customer says is wrong, in clear; when somebody may come; names of pictures."""

    text: str
    starts_at: datetime
    photos: Sequence[str] = field(default=())


class Repairs:
    """Commands on a repair.

    Each raises NotFoundError where there is no such repair, for a customer also
    where it is another's, PhotoUnknownError where a photo was not uploaded for its
    customer, and RuleViolationError kinds where its stage forbids it.
    """

    def __init__(
        self, log: Log, vault: Vault, tariffs: Tariffs, clock: Clock, uploads: Uploads
    ) -> None:
        self._log = log
        self._vault = vault
        self._tariffs = tariffs
        self._clock = clock
        self._uploads = uploads

    def diagnose(self, order_id: UUID, report: SiteReport, command: Command) -> Outcome:
        """The worker says what is wrong (上门检测)."""

        def do(order: ApplianceCareOrder) -> None:
            order.diagnose(self._finding(order, report), **_of(command))

        return self._on(order_id, command, do)

    def quote(
        self,
        order_id: UUID,
        lines: Sequence[QuotedLine],
        valid_until: datetime | None,
        command: Command,
    ) -> Outcome:
        """Tell a price (报价); the inspection fee is that of the booking's price book."""

        def do(order: ApplianceCareOrder) -> None:
            priced = [quotation_line(**vars(line)) for line in lines]
            quotation = Quotation(
                lines=priced,
                total_fen=sum(line["amount_fen"] for line in priced),
                inspection_fee_fen=self._inspection_fee_fen(order),
                valid_until=valid_until or command.at + VALID_FOR,
                happened_at=command.at,
            )
            order.quote(quotation, **_of(command))

        return self._on(order_id, command, do)

    def accept_quotation(
        self,
        order_id: UUID,
        number: int,
        consent: str,
        command: Command,
        customer_id: UUID | None = None,
    ) -> Outcome:
        """The customer agrees, on our pages or, as staff heard, on the phone."""

        def do(order: ApplianceCareOrder) -> None:
            order.accept_quotation(number, consent=consent, **_of(command))

        return self._on(order_id, command, do, customer_id)

    def refuse_quotation(
        self,
        order_id: UUID,
        number: int,
        reason_code: str,
        command: Command,
        customer_id: UUID | None = None,
    ) -> Outcome:
        """The customer does not agree; the inspection fee is due by hand."""

        def do(order: ApplianceCareOrder) -> None:
            order.refuse_quotation(number, reason_code=reason_code, **_of(command))

        return self._on(order_id, command, do, customer_id)

    def order_parts(
        self,
        order_id: UUID,
        parts: Sequence[str],
        expected_on: date | None,
        report: SiteReport,
        command: Command,
    ) -> Outcome:
        """Parts have to be fetched (待配件)."""

        def do(order: ApplianceCareOrder) -> None:
            finding = self._finding(order, report)
            missing = PartsOrder(parts=list(parts), finding=finding, expected_on=expected_on)
            order.order_parts(missing, **_of(command))

        return self._on(order_id, command, do)

    def receive_parts(
        self, order_id: UUID, starts_at: datetime | None, report: SiteReport, command: Command
    ) -> Outcome:
        """The parts came: work goes on, or somebody comes again at `starts_at`."""

        def do(order: ApplianceCareOrder) -> None:
            windows = _windows_from(order, starts_at) if starts_at else None
            order.receive_parts(self._finding(order, report), windows=windows, **_of(command))

        return self._on(order_id, command, do)

    def claim_warranty(
        self, order_id: UUID, fault: Fault, command: Command, customer_id: UUID | None = None
    ) -> Outcome:
        """The fault is back within the warranty (质保报修): somebody comes again, free.

        Raises AccountErasedError where the customer is gone, and with them the warranty.
        """

        def do(order: ApplianceCareOrder) -> None:
            self._uploads.check_known(order.customer_id, fault.photos)
            claim = WarrantyClaim(
                fault=self._vault.seal(order.customer_id, KeyClass.NOTE, fault.text),
                windows=_windows_from(order, fault.starts_at),
                photos=list(fault.photos),
            )
            order.claim_warranty(claim, **_of(command))

        return self._on(order_id, command, do, customer_id, opens=True)

    def withdraw_claim(
        self,
        order_id: UUID,
        reason_code: str,
        command: Command,
        customer_id: UUID | None = None,
    ) -> Outcome:
        """Nobody needs to come after all (撤回质保报修)."""

        def do(order: ApplianceCareOrder) -> None:
            order.withdraw_claim(reason_code=reason_code, **_of(command))

        return self._on(order_id, command, do, customer_id)

    def warranty_ends(self, deadline: Deadline) -> None:
        """The deadline `repair.warranty_ends`: the last day is over.

        Raises TryLaterError while somebody still comes for a claim that was made in time.
        """
        command = self._command(f"{_WARRANTY_ENDS}:{deadline.subject}")
        order_id = UUID(deadline.subject)

        def decide() -> Decision:
            order = self._log.load(ApplianceCareOrder, order_id)
            if order.claim:
                reason = "a claim is open"
                raise TryLaterError(reason, after=_AGAIN)
            expired = order.expire_warranty(**_of(command))
            return Decision([order] if expired else [])

        self._log.run(command, decide)

    def _on(
        self,
        order_id: UUID,
        command: Command,
        do: Callable[[ApplianceCareOrder], object],
        customer_id: UUID | None = None,
        *,
        opens: bool = False,
    ) -> Outcome:
        def decide() -> Decision:
            order = self._log.load(ApplianceCareOrder, order_id)
            if not order.is_repair() or customer_id not in {None, order.customer_id}:
                raise NotFoundError
            unchanged = [self._still_here(order.customer_id)] if opens else []
            do(order)
            return Decision([order], _answer(order), unchanged=unchanged)

        return self._log.run(command, decide)

    def _still_here(self, customer_id: UUID) -> Customer:
        customer = self._log.load(Customer, customer_id)
        customer.check_not_erased()
        return customer

    def _finding(self, order: ApplianceCareOrder, report: SiteReport) -> Finding:
        self._uploads.check_known(order.customer_id, report.photos)
        note = self._vault.seal(order.customer_id, KeyClass.NOTE, report.note)
        return Finding(happened_at=report.happened_at, note=note, photos=list(report.photos))

    def _inspection_fee_fen(self, order: ApplianceCareOrder) -> int:
        tariff = self._tariffs.of(order.catalogue_revision, order.price_book_version)
        return tariff.book.price(REPAIR)

    def _command(self, key: str) -> Command:
        return Command(uuid5(_COMMANDS, key), "system:repairs", "", self._clock.now())


def warranty_deadline(order_id: UUID, until: datetime) -> Deadline:
    """When a repair's warranty is over."""
    return Deadline(_WARRANTY_ENDS, str(order_id), until)


def _windows_from(order: ApplianceCareOrder, starts_at: datetime) -> list[Window]:
    """As long as the first visit."""
    first, end = bounds(order.windows[0])
    return [window("service", starts_at, starts_at + (end - first))]


def _of(command: Command) -> dict[str, Any]:
    return {"by": command.actor, "at": command.at}


def _answer(order: ApplianceCareOrder) -> dict[str, Any]:
    return {
        "order_id": str(order.id),
        "stage": order.stage,
        "quotation_number": order.quoted,
        "due_by_hand_fen": order.due_by_hand_fen(),
    }
