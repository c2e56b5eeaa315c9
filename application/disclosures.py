"""Disclosures (查看联系方式): contacts in clear, each look recorded before it is had.

Lists show masked phones. Whoever needs one order's or one worker's number asks
for it by itself and says why; without the record nothing is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from application.commands import Command, KeyReusedError
from application.customers import clear_contact
from application.lines import Contact
from application.log import Log
from application.projections.paging import Page
from application.vault import Vault
from domain.errors import JiawuError, RuleViolationError
from domain.orders.service_order import ServiceOrder
from domain.workers import Worker

ORDER_CONTACT: Final = "order_contact"
WORKER_CONTACT: Final = "worker_contact"

# No honest day of calling customers back needs more (threat sheet, harvesting phones).
MOST_A_DAY: Final = 200

# A lost answer may be asked for again so long; a later look is another one.
REPEATABLE_FOR: Final = timedelta(minutes=10)


class DisclosureOverError(RuleViolationError):
    """The request was answered long ago; another look needs a request of its own."""

    code = "disclosure_over"
    sentence = "此次查看已失效，请重新查看。"


class DisclosureQuotaError(JiawuError):
    """Somebody has seen as many contacts as a day allows; `retry_after` in seconds."""

    code = "disclosure_quota"
    status = 429
    sentence = "今天查看联系方式已满 {most} 次，请明天再试；确有需要请联系管理员。"


@dataclass(frozen=True, kw_only=True)
class Disclosure:
    """A look: `actor` was shown at `at`, for a `reason`, what `what` names.

    An ORDER_CONTACT has order_id and customer_id, a WORKER_CONTACT worker_id.
    """

    id: UUID
    at: datetime
    actor: str
    what: str
    reason: str
    order_id: UUID | None = None
    customer_id: UUID | None = None
    worker_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class OrderContacts:
    """An order's contact in clear, and whither garments return where that is elsewhere."""

    contact: Contact
    return_contact: Contact | None


@dataclass(frozen=True, kw_only=True)
class WorkerContact:
    """A worker's name and phone in clear."""

    name: str
    phone: str


class DisclosureRecords(Protocol):
    """The records, to which one can only add."""

    def keep(self, disclosure: Disclosure) -> Disclosure:
        """Keep it unless its id is kept already; return the one that is kept.

        On return it is durable. An actor has MOST_A_DAY looks on a day in
        Asia/Shanghai, among simultaneous ones too; one more is logged and raises
        DisclosureQuotaError. Raises CommitUnknownError, and what the database raises
        where nothing was kept.
        """
        ...

    def page(self, *, limit: int, after: str = "") -> Page:
        """Records, newest first. Raises CursorError or PageLimitError."""
        ...


class Disclosures:
    """Shows contacts in clear.

    A reveal repeated under the same key within REPEATABLE_FOR is the same look:
    one record, and the answer is opened again, for it is stored nowhere. An
    erased text shows as `ERASED`.
    """

    def __init__(self, log: Log, vault: Vault, records: DisclosureRecords) -> None:
        self._log = log
        self._vault = vault
        self._records = records

    def reveal_order(self, order_id: UUID, reason: str, command: Command) -> OrderContacts:
        """An order's contacts in clear.

        Raises NotFoundError, KeyReusedError, DisclosureOverError,
        DisclosureQuotaError, CommitUnknownError.
        """
        order = self._log.load(ServiceOrder, order_id)
        whose = {"order_id": order_id, "customer_id": order.customer_id}
        self._record(ORDER_CONTACT, whose, reason, command)
        back: dict[str, str] = order.details.get("return_contact") or {}
        return OrderContacts(
            contact=self._contact(order.contact),
            return_contact=self._contact(back) if back else None,
        )

    def reveal_worker(self, worker_id: UUID, reason: str, command: Command) -> WorkerContact:
        """A worker's contact in clear; raises as `reveal_order`."""
        worker = self._log.load(Worker, worker_id)
        self._record(WORKER_CONTACT, {"worker_id": worker_id}, reason, command)
        clear = self._vault.open_many([worker.name, worker.phone])
        return WorkerContact(name=clear[worker.name], phone=clear[worker.phone])

    def page(self, *, limit: int, after: str = "") -> Page:
        """Who saw what, newest first. Raises CursorError or PageLimitError."""
        return self._records.page(limit=limit, after=after)

    def _record(self, what: str, whose: Mapping[str, UUID], reason: str, command: Command) -> None:
        asked = Disclosure(
            id=command.id, at=command.at, actor=command.actor, what=what, reason=reason, **whose
        )
        kept = self._records.keep(asked)
        if replace(kept, at=asked.at) != asked:
            raise KeyReusedError
        if asked.at > kept.at + REPEATABLE_FOR:
            raise DisclosureOverError

    def _contact(self, sealed: dict[str, str]) -> Contact:
        texts = [text for name, text in sealed.items() if name != "district"]
        return clear_contact(self._vault.open_many(texts), sealed)
