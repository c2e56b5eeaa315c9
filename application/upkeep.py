"""Upkeep (例行): routines that only keep the house in order and state no facts."""

from typing import Protocol

from application.payment_gateway import PaymentGateway


class Purgeable(Protocol):
    """Something that keeps rows only for a term."""

    def purge(self) -> int:
        """Delete what is past its term; how many rows that was."""
        ...


class Services(Protocol):
    """What routines work with."""

    @property
    def gateway(self) -> PaymentGateway:
        """WeChat Pay."""
        ...

    @property
    def sessions(self) -> Purgeable:
        """The sessions of customers and staff."""
        ...

    @property
    def logins(self) -> Purgeable:
        """Log-ins through WeChat that were begun."""
        ...

    @property
    def raw_notices(self) -> Purgeable:
        """The raw notices of payments."""
        ...


def purge_logins(services: Services) -> None:
    """Forget sessions that have ended and log-ins that nobody finished."""
    services.sessions.purge()
    services.logins.purge()


def purge_notices(services: Services) -> None:
    """Forget raw notices of payments whose term is over."""
    services.raw_notices.purge()


def refresh_payment_keys(services: Services) -> None:
    """Learn WeChat's present certificates, half a year before the old ones end (facts 2)."""
    services.gateway.refresh_keys()
