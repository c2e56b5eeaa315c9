"""Customers (客户): who they are outside, their address book, their consents."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.aggregate import EventSourced
from domain.claims import Claim, TakeUnique
from domain.customer_closing import IDENTITY_CLAIM, ClosingCustomer
from domain.errors import InvalidInputError, NotFoundError, RuleViolationError
from domain.names import stored_as
from domain.sealed import check_sealed

MOST_CONTACTS: Final = 50

_DIGEST: Final = re.compile(r"[0-9a-f]{32,128}")
# 行政区划代码 (GB/T 2260): county 6 digits, street 9, community 12
_DISTRICT: Final = re.compile(r"[1-9][0-9]{5}(?:[0-9]{3}){0,2}")
_REQUIRED: Final = ("name", "phone", "address")
_ALLOWED: Final = frozenset({*_REQUIRED, "district", "coordinates"})


class WorkerWish(StrEnum):
    """What a customer wishes of a worker: nothing, to have them (偏好), or never to (拉黑)."""

    NONE = "none"
    PREFERRED = "preferred"
    EXCLUDED = "excluded"


class TooManyContactsError(RuleViolationError):
    """The address book is full."""

    code = "too_many_contacts"
    sentence = "地址簿已满，请先删除不用的地址。"


class ContactNotFoundError(NotFoundError):
    """The address book has no such entry."""

    code = "contact_not_found"
    sentence = "没有找到该地址。"


class ConsentMissingError(RuleViolationError):
    """There is no such consent to withdraw."""

    code = "consent_missing"
    sentence = "没有可撤回的授权。"


def check_contact(contact: Mapping[str, str]) -> None:
    """Check a contact: sealed name, phone, address, coordinates; clear district.

    Raises:
        InvalidInputError: a part is missing, unknown or in clear text.
    """
    for name in _REQUIRED:
        if not contact.get(name):
            raise InvalidInputError(field=name)
    if unknown := set(contact) - _ALLOWED:
        raise InvalidInputError(field=min(unknown))
    if not _DISTRICT.fullmatch(contact.get("district", "")):
        raise InvalidInputError(field="district")
    check_sealed(**{name: value for name, value in contact.items() if name != "district"})


@dataclass(frozen=True, kw_only=True)
class ExternalIdentity:
    """Who somebody is elsewhere; `openid` sealed, "" where the channel gives none.

    Attributes:
        channel: e.g. "wechat", "phone".
        app_id: the app the id belongs to, "" where there is none.
        identity_digest: HMAC of the id, lower-case hex.
    """

    channel: str
    app_id: str
    identity_digest: str
    openid: str


def check_identity(identity: ExternalIdentity) -> None:
    """Check an identity.

    Raises:
        InvalidInputError: no channel, no digest, or an openid in clear text.
    """
    if not identity.channel or ":" in identity.channel + identity.app_id:
        raise InvalidInputError(field="channel")
    if not _DIGEST.fullmatch(identity.identity_digest):
        raise InvalidInputError(field="identity_digest")
    check_sealed(openid=identity.openid)


class IdentityKept(EventSourced.Event):
    """An identity at another house: (channel, app id, HMAC of the id there).

    `openid` is the id itself, sealed; `identity_digest` lower-case hex.
    """

    channel: str
    app_id: str
    identity_digest: str
    openid: str
    by: str

    def claims(self) -> tuple[Claim, ...]:
        """An outer identity belongs to one customer."""
        return (TakeUnique(IDENTITY_CLAIM, _key(self)),)


@stored_as("customer")
class Customer(ClosingCustomer):
    """A customer; personal data is sealed under the customer's own keys.

    Every command raises AccountErasedError once the customer is erased, and those
    that begin something new raise AccountClosingError while the account is closing.
    """

    class Event(ClosingCustomer.Event):
        """A fact about the customer."""

    class Registered(IdentityKept, EventSourced.Opened):
        """The customer came the first time (注册)."""

    class IdentityLinked(IdentityKept):
        """A further identity was proved to be the same person."""

    class ContactSaved(Event):
        """An entry of the address book is new or changed (地址簿)."""

        contact_id: UUID
        name: str
        phone: str
        address: str
        district: str
        by: str
        coordinates: str = ""

    class ContactRemoved(Event):
        """An entry left the address book; old orders keep their copy."""

        contact_id: UUID
        by: str

    class ConsentGiven(Event):
        """Agreed to a version of a text, e.g. kind "privacy" (授权)."""

        kind: str
        version: str
        by: str

    class ConsentWithdrawn(Event):
        """Took that back (撤回授权)."""

        kind: str
        version: str
        by: str

    class WorkerPreferred(Event):
        """The customer would like to have this worker (偏好)."""

        worker_id: UUID
        by: str

    class WorkerExcluded(Event):
        """The customer never wants this worker again (拉黑)."""

        worker_id: UUID
        by: str

    class WorkerWishWithdrawn(Event):
        """Neither of both any longer (取消偏好或拉黑)."""

        worker_id: UUID
        by: str

    @classmethod
    def register(
        cls, customer_id: UUID, identity: ExternalIdentity, *, by: str, at: datetime
    ) -> Self:
        """Register by an identity at another house.

        Raises:
            InvalidInputError: the identity is malformed or its id in clear text.
        """
        check_identity(identity)
        return cls._create(cls.Registered, id=customer_id, timestamp=at, by=by, **asdict(identity))

    def link_identity(self, identity: ExternalIdentity, *, by: str, at: datetime) -> bool:
        """Add an identity proved to be the same person's.

        Returns:
            False if the customer has it already.

        Raises:
            InvalidInputError: see check_identity.
        """
        self.check_active()
        check_identity(identity)
        if _key(identity) in self.identities:
            return False
        self.trigger_event(self.IdentityLinked, timestamp=at, by=by, **asdict(identity))
        return True

    def save_contact(
        self, contact_id: UUID, contact: Mapping[str, str], *, by: str, at: datetime
    ) -> None:
        """Put an entry into the address book, or replace the one of this id.

        Raises:
            InvalidInputError: see check_contact.
            TooManyContactsError: MOST_CONTACTS are there.
        """
        self.check_active()
        check_contact(contact)
        if contact_id not in self.contacts and len(self.contacts) >= MOST_CONTACTS:
            raise TooManyContactsError
        facts = {"contact_id": contact_id, "by": by, **contact}
        self.trigger_event(self.ContactSaved, timestamp=at, **facts)

    def remove_contact(self, contact_id: UUID, *, by: str, at: datetime) -> None:
        """Take an entry out of the address book.

        Raises:
            ContactNotFoundError: it is not there.
        """
        self.check_not_erased()
        if contact_id not in self.contacts:
            raise ContactNotFoundError
        self.trigger_event(self.ContactRemoved, timestamp=at, contact_id=contact_id, by=by)

    def give_consent(self, kind: str, version: str, *, by: str, at: datetime) -> bool:
        """Agree to a version of a text; returns False if that version is agreed to.

        Raises:
            InvalidInputError: no kind or version.
        """
        self.check_active()
        if not (kind and version):
            raise InvalidInputError(field="consent")
        if self.consents.get(kind) == version:
            return False
        facts = {"kind": kind, "version": version, "by": by}
        self.trigger_event(self.ConsentGiven, timestamp=at, **facts)
        return True

    def withdraw_consent(self, kind: str, *, by: str, at: datetime) -> None:
        """Take a consent back.

        Raises:
            ConsentMissingError: none was given.
        """
        self.check_not_erased()
        if kind not in self.consents:
            raise ConsentMissingError
        facts = {"kind": kind, "version": self.consents[kind], "by": by}
        self.trigger_event(self.ConsentWithdrawn, timestamp=at, **facts)

    def wish_of_worker(self, worker_id: UUID, wish: WorkerWish, *, by: str, at: datetime) -> bool:
        """Say what is wished of a worker; the last word counts.

        Returns:
            False if that was the wish already.
        """
        self.check_not_erased()
        if self.worker_wishes.get(worker_id, WorkerWish.NONE) == wish:
            return False
        fact = {
            WorkerWish.PREFERRED: self.WorkerPreferred,
            WorkerWish.EXCLUDED: self.WorkerExcluded,
            WorkerWish.NONE: self.WorkerWishWithdrawn,
        }[wish]
        self.trigger_event(fact, timestamp=at, worker_id=worker_id, by=by)
        return True

    def has_consented(self, kind: str, version: str) -> bool:
        """Whether this version of the text is agreed to now."""
        return self.consents.get(kind) == version

    def openid(self, channel: str, app_id: str) -> str:
        """The customer's id at that app, sealed; "" where there is none."""
        return self.openids.get(f"{channel}:{app_id}", "")

    def _keep_openid(self, identity: IdentityKept) -> None:
        self.openids[f"{identity.channel}:{identity.app_id}"] = identity.openid

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        match event:
            case Customer.Registered():
                self._begin(_key(event))
                self.contacts: dict[UUID, dict[str, str]] = {}
                self.consents: dict[str, str] = {}
                self.worker_wishes: dict[UUID, str] = {}
                self.openids: dict[str, str] = {}
                self._keep_openid(event)
            case Customer.IdentityLinked():
                self.identities = (*self.identities, _key(event))
                self._keep_openid(event)
            case Customer.ContactSaved():
                self.contacts[event.contact_id] = _contact(event)
            case Customer.ContactRemoved():
                del self.contacts[event.contact_id]
            case Customer.ConsentGiven():
                self.consents[event.kind] = event.version
            case Customer.ConsentWithdrawn():
                del self.consents[event.kind]
            case _:
                self._evolve_wishes(event)

    def _evolve_wishes(self, event: Aggregate.Event) -> None:
        match event:
            case Customer.WorkerPreferred():
                self.worker_wishes[event.worker_id] = WorkerWish.PREFERRED.value
            case Customer.WorkerExcluded():
                self.worker_wishes[event.worker_id] = WorkerWish.EXCLUDED.value
            case Customer.WorkerWishWithdrawn():
                del self.worker_wishes[event.worker_id]
            case Customer.Erased():
                self.contacts.clear()
                self.openids.clear()
                super().evolve(event)
            case _:
                super().evolve(event)


def _key(identity: ExternalIdentity | IdentityKept) -> str:
    return f"{identity.channel}:{identity.app_id}:{identity.identity_digest}"


def _contact(saved: Customer.ContactSaved) -> dict[str, str]:
    contact = {
        "name": saved.name,
        "phone": saved.phone,
        "address": saved.address,
        "district": saved.district,
    }
    return contact | ({"coordinates": saved.coordinates} if saved.coordinates else {})
