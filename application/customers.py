"""Customers (客户) as the office and they themselves keep them: found by phone, address book."""

import re
from typing import Final
from uuid import UUID, uuid5

from application.commands import ClaimRefusedError, Command, Decision, Outcome
from application.lines import Contact
from application.log import Log
from application.vault import KeyClass, Vault
from domain.areas import Point
from domain.customers import ContactNotFoundError, Customer, ExternalIdentity
from domain.errors import RuleViolationError

PHONE: Final = "phone"
"""The channel of an identity that is a phone number; it has no app."""

_BY_PHONE: Final = UUID("0f6e2a76-3d0b-5f0e-9a61-7a6f0c8a4d11")


class PhoneLinkedError(RuleViolationError):
    """The phone is an identity of a customer who came another way; find them by it."""

    code = "phone_linked"
    sentence = "该手机号已属于一位顾客，请按手机号查找。"


def phone_digest(vault: Vault, phone: str) -> str:
    """The digest of a phone's one normal form: its digits."""
    return vault.digest(PHONE, re.sub(r"\D", "", phone, flags=re.ASCII))


def living_customer(log: Log, first_id: UUID) -> tuple[UUID, Customer | None]:
    """The customer of an identity, whose first beginning has `first_id`.

    Who was erased and comes back is a new customer, under the next id; None
    where that one, or the first, is not registered yet.
    """
    customer_id = first_id
    while (found := log.find(Customer, customer_id)) is not None and found.is_erased():
        customer_id = uuid5(customer_id, "again")
    return customer_id, found


def sealed_contact(vault: Vault, owner: UUID, contact: Contact) -> dict[str, str]:
    """A contact as events keep it: sealed under the customer's key, the district in clear."""
    texts = {name: text for name, text in vars(contact).items() if name != "district" and text}
    sealed = vault.seal_many(owner, KeyClass.CONTACT, list(texts.values()))
    return {**dict(zip(texts, sealed, strict=True)), "district": contact.district}


def clear_contact(clear: dict[str, str], contact: dict[str, str]) -> Contact:
    """The contact in clear; `clear` are the opened texts by sealed text."""
    return Contact(**{name: clear.get(text, text) for name, text in contact.items()})


class Customers:
    """The office registers who calls (来电建档)."""

    def __init__(self, log: Log, vault: Vault) -> None:
        self._log = log
        self._vault = vault

    def register_by_phone(self, phone: str, command: Command) -> Outcome:
        """Register the caller, or find who was registered by this phone before.

        The phone itself is not kept: an order's contact holds it, the identity only
        its keyed digest. The answer holds customer_id, and `new`. Raises
        PhoneLinkedError where the phone belongs to a customer of another beginning.
        """
        try:
            return self._log.run(command, lambda: self._register(phone, command))
        except ClaimRefusedError as refused:
            raise PhoneLinkedError from refused

    def _register(self, phone: str, command: Command) -> Decision:
        digest = phone_digest(self._vault, phone)
        customer_id, found = living_customer(self._log, uuid5(_BY_PHONE, digest))
        if found is not None:
            return Decision([], {"customer_id": str(customer_id), "new": False})
        identity = ExternalIdentity(channel=PHONE, app_id="", identity_digest=digest, openid="")
        customer = Customer.register(customer_id, identity, by=command.actor, at=command.at)
        return Decision([customer], {"customer_id": str(customer_id), "new": True})


class AddressBook:
    """A customer's own addresses (地址簿); orders keep copies of their own."""

    def __init__(self, log: Log, vault: Vault) -> None:
        self._log = log
        self._vault = vault

    def entries(self, customer_id: UUID) -> dict[UUID, Contact]:
        """The entries by id, oldest first. Raises NotFoundError."""
        contacts = self._log.load(Customer, customer_id).contacts
        sealed = [text for contact in contacts.values() for text in _sealed_texts(contact)]
        clear = self._vault.open_many(sealed)
        return {key: clear_contact(clear, contact) for key, contact in contacts.items()}

    def entry(self, customer_id: UUID, contact_id: UUID) -> Contact:
        """One entry. Raises ContactNotFoundError where it is not the customer's."""
        contact = self._log.load(Customer, customer_id).contacts.get(contact_id)
        if contact is None:
            raise ContactNotFoundError
        return clear_contact(self._vault.open_many(_sealed_texts(contact)), contact)

    def add(self, customer_id: UUID, contact: Contact, command: Command) -> Outcome:
        """Put in a new entry; the answer holds contact_id.

        Raises TooManyContactsError, AccountClosingError, and CoordinatesError where
        they are no place.
        """
        contact_id = uuid5(command.id, "contact")
        return self._log.run(command, lambda: self._save(customer_id, contact_id, contact, command))

    def change(
        self, customer_id: UUID, contact_id: UUID, contact: Contact, command: Command
    ) -> Outcome:
        """Replace an entry.

        Raises ContactNotFoundError where it is not the customer's, CoordinatesError.
        """

        def decide() -> Decision:
            if contact_id not in self._log.load(Customer, customer_id).contacts:
                raise ContactNotFoundError
            return self._save(customer_id, contact_id, contact, command)

        return self._log.run(command, decide)

    def remove(self, customer_id: UUID, contact_id: UUID, command: Command) -> Outcome:
        """Take an entry out. Raises ContactNotFoundError where it is not the customer's."""

        def decide() -> Decision:
            customer = self._log.load(Customer, customer_id)
            customer.remove_contact(contact_id, by=command.actor, at=command.at)
            return Decision([customer], {"contact_id": str(contact_id)})

        return self._log.run(command, decide)

    def _save(
        self, customer_id: UUID, contact_id: UUID, contact: Contact, command: Command
    ) -> Decision:
        if contact.coordinates:
            Point.parse(contact.coordinates)
        customer = self._log.load(Customer, customer_id)
        sealed = sealed_contact(self._vault, customer_id, contact)
        customer.save_contact(contact_id, sealed, by=command.actor, at=command.at)
        return Decision([customer], {"contact_id": str(contact_id)})


def _sealed_texts(contact: dict[str, str]) -> list[str]:
    return [text for name, text in contact.items() if name != "district"]
