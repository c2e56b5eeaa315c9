"""Consents (授权): a customer agrees to a version of a text, and may take that back."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from application.commands import Command, Decision, Outcome
from application.log import Log
from domain.consents import CONSENT_TEXTS, ConsentText, check_in_force, consent_text
from domain.customers import Customer


@dataclass(frozen=True, slots=True)
class ConsentState:
    """A text, and which version of it the customer agrees to now; "" for none."""

    text: ConsentText
    given_version: str

    @property
    def in_force(self) -> bool:
        """Whether the version in force is agreed to."""
        return self.given_version == self.text.version


class Consents:
    """What a customer agrees to. Each raises NotFoundError where there is no such customer."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def of(self, customer_id: UUID) -> Sequence[ConsentState]:
        """All texts, and what of them the customer agrees to."""
        given = self._log.load(Customer, customer_id).consents
        return [ConsentState(text, given.get(kind, "")) for kind, text in CONSENT_TEXTS.items()]

    def give(self, customer_id: UUID, kind: str, version: str, command: Command) -> Outcome:
        """Agree to the version in force; a repeat changes nothing.

        Raises ConsentKindError, ConsentVersionError, AccountClosingError.
        """
        check_in_force(consent_text(kind), version)

        def decide() -> Decision:
            customer = self._log.load(Customer, customer_id)
            customer.give_consent(kind, version, by=command.actor, at=command.at)
            return Decision([customer], {"kind": kind, "version": version})

        return self._log.run(command, decide)

    def withdraw(self, customer_id: UUID, kind: str, command: Command) -> Outcome:
        """Take it back, also of a text that is no longer in force. Raises ConsentMissingError."""

        def decide() -> Decision:
            customer = self._log.load(Customer, customer_id)
            customer.withdraw_consent(kind, by=command.actor, at=command.at)
            return Decision([customer], {"kind": kind, "version": ""})

        return self._log.run(command, decide)
