"""Dry-cleaning (上门干洗): two trips, and garments followed piece by piece."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from application.claiming import run_claiming
from application.commands import Command, Decision, Outcome
from application.dispatching import FieldReport, WorkerExcludedError, WorkerUnfitError
from application.garment_prices import TakenGarment, price
from application.lines import Asked, Contact, HomeVisit, OrderRequest, Seal
from application.log import Log
from application.suggestions import shift_of
from application.tariffs import Tariffs
from application.uploads import Uploads
from application.vault import KeyClass, Vault
from domain.catalogue.quotes import Effort
from domain.customers import Customer, WorkerWish
from domain.dispatch import occupied, travel_to
from domain.errors import NotFoundError
from domain.orders.assignment import Assignment
from domain.orders.changes import PolicyApplied
from domain.orders.dry_cleaning.garments import (
    CollectedGarment,
    Collection,
    Finding,
    GarmentReport,
)
from domain.orders.dry_cleaning.order import (
    PICKUP,
    RETURN,
    WASHING_TIME,
    DryCleaningOrder,
    return_district,
)
from domain.orders.errors import WindowError
from domain.orders.order_exceptions import ExceptionKind, ExceptionReport
from domain.orders.windows import LONGEST_AHEAD, Window, bounds, window
from domain.shifts import Shift
from domain.time import Interval
from domain.workers import ACTIVE, Worker, WorkerNotActiveError

_FREE: Final = PolicyApplied(version=1, trace=["送达前更改送回时间，不收费"])


class DryCleaningLine(HomeVisit):
    """Fetched and brought back: the start asked for is that of the pick-up.

    The return keeps its distance from the pick-up in every alternative; where
    nobody says when, it comes as soon as the laundry can be ready.
    """

    def windows(self, asked: Asked, needed: Effort, starts_at: datetime) -> list[Window]:
        """A pick-up and a return of the needed length."""
        length = timedelta(minutes=needed.duration_minutes)
        back = starts_at + _until_return(asked, length)
        return [
            window(PICKUP, starts_at, starts_at + length),
            window(RETURN, back, back + length),
        ]

    def details(self, asked: Asked, needed: Effort, seal: Seal) -> dict[str, Any]:
        """With remarks and declared values by item, and where the return goes."""
        form, kept = asked.form, super().details(asked, needed, seal)
        remarks = form.get("item_remarks") or {}
        own = {
            "item_remarks": {item: seal(KeyClass.NOTE, each) for item, each in remarks.items()},
            "declared_values_fen": dict(form.get("declared_values_fen") or {}),
            "return_contact": _sealed_contact(form.get("return_contact") or {}, seal),
        }
        return kept | {name: value for name, value in own.items() if value}

    def places(self, request: OrderRequest) -> Sequence[Contact]:
        """Where the garments are fetched, and where they return to if that is elsewhere."""
        back = request.asked.form.get("return_contact")
        return (request.contact, Contact(**back)) if back else (request.contact,)


LINE: Final = DryCleaningLine(DryCleaningOrder)


@dataclass(frozen=True, kw_only=True)
class PickUp:
    """What the driver took; `consent` is how the customer agreed to a higher price."""

    garments: Sequence[TakenGarment]
    happened_at: datetime
    reason_code: str = ""
    consent: str = ""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found with a garment: words in clear, ids of photos."""

    garment: int
    description: str
    happened_at: datetime
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SurchargeAnswer:
    """The customer's word on a surcharge, and how it came: customer_app, phone.

    `agreed_fen` is the surcharge that the customer saw; None where staff told it.
    """

    garment: int
    accepted: bool
    consent: str
    happened_at: datetime
    agreed_fen: int | None = None


class Laundry:
    """Commands on a dry-cleaning order beside those that all orders share.

    Every method raises NotFoundError where there is no such order, for a customer
    also where it is somebody else's, PhotoUnknownError where a photo was not
    uploaded for its customer, and RuleViolationError or InvalidInputError kinds as
    the order says. All garments of one command move, or none.
    """

    def __init__(self, log: Log, vault: Vault, tariffs: Tariffs, uploads: Uploads) -> None:
        self._log = log
        self._vault = vault
        self._tariffs = tariffs
        self._uploads = uploads

    def collect(self, order_id: UUID, pick_up: PickUp, command: Command) -> Outcome:
        """The driver takes the garments (取件), priced at the tariff of the booking."""
        return self._on(
            order_id,
            command,
            lambda order: order.collect(
                self._collection(order, pick_up), by=command.actor, at=command.at
            ),
        )

    def advance(
        self,
        order_id: UUID,
        garments: Sequence[int],
        stage: str,
        report: FieldReport,
        command: Command,
    ) -> Outcome:
        """The workshop or a driver reports the next stage of some garments."""

        def do(order: DryCleaningOrder) -> None:
            told = self._report(order, report)
            for number in dict.fromkeys(garments):
                order.advance(number, stage, told, by=command.actor, at=command.at)

        return self._on(order_id, command, do)

    def report_flaw(
        self, order_id: UUID, found: Found, surcharge_fen: int, command: Command
    ) -> Outcome:
        """The inspection found a flaw; the customer is asked."""

        def do(order: DryCleaningOrder) -> None:
            finding = self._finding(order, found)
            by, at = command.actor, command.at
            order.report_flaw(found.garment, finding, surcharge_fen=surcharge_fen, by=by, at=at)

        return self._on(order_id, command, do)

    def answer_surcharge(
        self,
        order_id: UUID,
        answer: SurchargeAnswer,
        command: Command,
        customer_id: UUID | None = None,
    ) -> Outcome:
        """The customer agrees, or has the garment back unwashed."""
        return self._on(
            order_id, command, lambda order: _take_answer(order, answer, command), customer_id
        )

    def refuse(
        self, order_id: UUID, garment: int, reason_code: str, report: FieldReport, command: Command
    ) -> Outcome:
        """The company does not wash a garment (拒洗退回)."""

        def do(order: DryCleaningOrder) -> None:
            told = self._report(order, report)
            order.refuse_garment(garment, reason_code, told, by=command.actor, at=command.at)

        return self._on(order_id, command, do)

    def sign_for(
        self,
        order_id: UUID,
        garments: Sequence[int],
        happened_at: datetime,
        command: Command,
        customer_id: UUID | None = None,
    ) -> Outcome:
        """Delivered garments are signed for (签收)."""
        return self._on(
            order_id,
            command,
            lambda order: order.sign_for(
                garments, happened_at=happened_at, by=command.actor, at=command.at
            ),
            customer_id,
        )

    def report_harm(
        self, order_id: UUID, found: Found, compensation_fen: int, command: Command, *, lost: bool
    ) -> Outcome:
        """A garment was damaged or lost, an exception; what is paid for it is paid outside."""

        def do(order: DryCleaningOrder) -> None:
            finding = self._finding(order, found)
            tell = order.report_loss if lost else order.report_damage
            by, at = command.actor, command.at
            tell(found.garment, finding, compensation_fen=compensation_fen, by=by, at=at)
            order.report_exception(_harm(found, lost=lost), by=by, at=at)

        return self._on(order_id, command, do)

    def take_partner_code(
        self, order_id: UUID, garment: int, code: int, happened_at: datetime, command: Command
    ) -> Outcome:
        """A partner laundry tells where a garment is; an unknown code is kept and flagged."""
        return self._on(
            order_id,
            command,
            lambda order: order.take_partner_code(
                garment, code, happened_at=happened_at, by=command.actor, at=command.at
            ),
        )

    def assign_return(self, order_id: UUID, worker_id: UUID, command: Command) -> Outcome:
        """Give the return trip to a driver. Raises WorkerBusyError, WorkerUnfitError."""
        return self._on(
            order_id,
            command,
            lambda order: order.assign_return(
                self._return_trip(order, worker_id), by=command.actor, at=command.at
            ),
        )

    def reschedule_return(
        self, order_id: UUID, starts_at: datetime, reason_code: str, command: Command
    ) -> Outcome:
        """Agree another return; it keeps its length. Raises SlotFullError."""

        def do(order: DryCleaningOrder) -> None:
            start, end = bounds(order.windows[1])
            back = window(RETURN, starts_at, starts_at + (end - start))
            by, at = command.actor, command.at
            order.reschedule_return(back, reason_code=reason_code, policy=_FREE, by=by, at=at)

        return self._on(order_id, command, do)

    def _on(
        self,
        order_id: UUID,
        command: Command,
        do: Callable[[DryCleaningOrder], object],
        customer_id: UUID | None = None,
    ) -> Outcome:
        def decide() -> Decision:
            order = self._log.load(DryCleaningOrder, order_id)
            if customer_id is not None and order.customer_id != customer_id:
                raise NotFoundError
            do(order)
            return Decision([order], _answer(order))

        return run_claiming(self._log, command, decide)

    def _collection(self, order: DryCleaningOrder, pick_up: PickUp) -> Collection:
        named = [photo for each in pick_up.garments for photo in each.photos]
        self._uploads.check_known(order.customer_id, named)
        tariff = self._tariffs.of(order.catalogue_revision, order.price_book_version)
        priced = price(order, pick_up.garments, tariff)
        each_priced = zip(pick_up.garments, priced.garments_fen, priced.names, strict=True)
        return Collection(
            garments=[
                CollectedGarment(
                    label=each.label,
                    item=each.item,
                    name=name,
                    price_fen=fen,
                    units=each.units,
                    remark=self._sealed(order, each.remark),
                    photos=each.photos,
                )
                for each, fen, name in each_priced
            ],
            total_fen=priced.total_fen,
            lines=priced.lines,
            happened_at=pick_up.happened_at,
            reason_code=pick_up.reason_code,
            consent=pick_up.consent,
        )

    def _return_trip(self, order: DryCleaningOrder, worker_id: UUID) -> Assignment:
        worker, interval = self._driver(order, worker_id), Interval(*bounds(order.windows[1]))
        shift = self._log.find(Shift, shift_of(worker_id, interval))
        area = shift.duty.area if shift and shift.duty else ""
        busy = occupied(interval, travel_to(return_district(order), area, worker.districts))
        return Assignment(
            worker_id=worker_id,
            worker_number=worker.number,
            starts_at=busy.starts_at,
            ends_at=busy.ends_at,
        )

    def _driver(self, order: DryCleaningOrder, worker_id: UUID) -> Worker:
        worker = self._log.load(Worker, worker_id)
        if worker.status != ACTIVE:
            raise WorkerNotActiveError
        if not worker.can_take(order.service_code, return_district(order)):
            raise WorkerUnfitError
        customer = self._log.find(Customer, order.customer_id)
        if customer and customer.worker_wishes.get(worker_id) == WorkerWish.EXCLUDED:
            raise WorkerExcludedError
        return worker

    def _report(self, order: DryCleaningOrder, report: FieldReport) -> GarmentReport:
        return GarmentReport(happened_at=report.happened_at, note=self._sealed(order, report.note))

    def _finding(self, order: DryCleaningOrder, found: Found) -> Finding:
        self._uploads.check_known(order.customer_id, found.photos)
        return Finding(
            description=self._sealed(order, found.description),
            happened_at=found.happened_at,
            photos=found.photos,
        )

    def _sealed(self, order: DryCleaningOrder, text: str) -> str:
        return self._vault.seal(order.customer_id, KeyClass.NOTE, text)


def _take_answer(order: DryCleaningOrder, answer: SurchargeAnswer, command: Command) -> None:
    garment, by, at = answer.garment, command.actor, command.at
    if not answer.accepted:
        order.decline_surcharge(garment, happened_at=answer.happened_at, by=by, at=at)
        return
    if answer.agreed_fen is not None:
        order.check_surcharge(garment, answer.agreed_fen)
    happened_at, consent = answer.happened_at, answer.consent
    order.accept_surcharge(garment, consent=consent, happened_at=happened_at, by=by, at=at)


def _harm(found: Found, *, lost: bool) -> ExceptionReport:
    return ExceptionReport(
        kind=ExceptionKind.DAMAGE,
        happened_at=found.happened_at,
        details={"garment": found.garment, "lost": lost},
    )


def _until_return(asked: Asked, length: timedelta) -> timedelta:
    """From the pick-up's start to the return's. Raises WindowError where that is too long."""
    back: datetime | None = asked.form.get("return_starts_at")
    if back is None:
        return length + WASHING_TIME.get(asked.service_code, timedelta())
    if back > asked.starts_at + LONGEST_AHEAD:
        raise WindowError(purpose=RETURN)
    return back - asked.starts_at


def _sealed_contact(contact: dict[str, str], seal: Seal) -> dict[str, str]:
    sealed = {
        name: seal(KeyClass.CONTACT, text)
        for name, text in contact.items()
        if name != "district" and text
    }
    return {**sealed, "district": contact["district"]} if contact else {}


def _answer(order: DryCleaningOrder) -> dict[str, Any]:
    return {"order_id": str(order.id), "stage": order.stage}
