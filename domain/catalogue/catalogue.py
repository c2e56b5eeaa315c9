"""The catalogue (服务目录): what is on offer, one stream for the whole company.

Revision 0 is the seed in code; each change since is an event, and revision n is
what holds after the n-th. An order names its revision, so nothing that is
changed here changes an order (R12).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Self
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.aggregate import EventSourced
from domain.catalogue.definitions import (
    InvalidDefinitionError,
    kind_definition,
    kind_of,
    service_definition,
    service_of,
)
from domain.catalogue.seed import SERVICES
from domain.catalogue.seed_kinds import KINDS
from domain.catalogue.service_rules import check_service
from domain.catalogue.services import Kind, Service, ServiceNotFoundError
from domain.errors import NotFoundError, RuleViolationError
from domain.names import stored_as
from domain.time import require_aware

CATALOGUE_ID: Final = UUID("5d0c9d0e-2f53-5f3b-8b9e-6f0f6a1c7d21")


class ServiceExistsError(RuleViolationError):
    """The code was given before, perhaps to a service since withdrawn."""

    code = "service_exists"
    sentence = "编码“{service_code}”已被使用。"


class UnitChangedError(RuleViolationError):
    """A change would measure the service, or an item of it, in another unit.

    Prices are per unit; a book in force would silently mean another price.
    """

    code = "unit_changed"
    sentence = "计量单位不能更改，请新建服务。"


class RevisionNotFoundError(NotFoundError):
    """The catalogue never had so many changes."""

    code = "revision_not_found"
    sentence = "服务目录没有第 {revision} 版。"


@dataclass(frozen=True, slots=True)
class Offer:
    """What the catalogue says at one revision: kinds and services in their order."""

    kinds: tuple[Kind, ...]
    services: Mapping[str, Service]
    withdrawn: frozenset[str]

    @property
    def on_sale(self) -> Mapping[str, Service]:
        """The services that can be booked."""
        sold = {code: each for code, each in self.services.items() if code not in self.withdrawn}
        return MappingProxyType(sold)


SEED: Final = Offer(KINDS, MappingProxyType({each.code: each for each in SERVICES}), frozenset())


@stored_as("catalogue")
class Catalogue(EventSourced):
    """All changes of the catalogue; its id is CATALOGUE_ID."""

    class Event(EventSourced.Event):
        """A fact about the catalogue; `by` names the administrator."""

        by: str

    class Established(Event, EventSourced.Opened):
        """Changes begin; nothing has changed yet."""

    class ServiceAdded(Event):
        """A new service; `definition` is whole, see domain.catalogue.definitions."""

        service_code: str
        definition: dict[str, Any]

    class ServiceChanged(Event):
        """A service is from now on as `definition` says."""

        service_code: str
        definition: dict[str, Any]

    class ServiceWithdrawn(Event):
        """No longer on sale (下架); orders of it go on."""

        service_code: str

    class ServiceRestored(Event):
        """On sale again (上架), as it was."""

        service_code: str

    class KindsArranged(Event):
        """The kinds in their new order, with their names and groups."""

        kinds: list[dict[str, Any]]

    @classmethod
    def establish(cls, *, by: str, at: datetime) -> Self:
        """Begin with the seed."""
        return cls._create(cls.Established, id=CATALOGUE_ID, timestamp=at, by=by)

    # -- what holds

    @property
    def revision(self) -> int:
        """How many changes there were."""
        return len(self.changes)

    def revision_at(self, at: datetime) -> int:
        """The revision in force at an instant."""
        instant = require_aware(at)
        return sum(1 for change in self.changes if change.timestamp <= instant)

    def offer(self, revision: int | None = None) -> Offer:
        """What holds at a revision, by default now.

        Raises:
            RevisionNotFoundError: There was no such revision.
        """
        wanted = self.revision if revision is None else revision
        if not 0 <= wanted <= self.revision:
            raise RevisionNotFoundError(revision=wanted)
        offer = SEED
        for change in self.changes[:wanted]:
            offer = _changed(offer, change)
        return offer

    # -- commands

    def add_service(self, service: Service, *, by: str, at: datetime) -> None:
        """Put a new service on offer; it is on sale once a price book prices it.

        Raises:
            InvalidDefinitionError: It contradicts itself.
            ServiceExistsError: Its code is taken.
        """
        check_service(service)
        if service.code in self.offer().services:
            raise ServiceExistsError(service_code=service.code)
        self._state(self.ServiceAdded, by, at, service)

    def change_service(self, service: Service, *, by: str, at: datetime) -> bool:
        """Replace what a service is; orders keep what they were booked with.

        Returns:
            False if it is so already.

        Raises:
            ServiceNotFoundError: There is none with its code.
            InvalidDefinitionError: It contradicts itself.
            UnitChangedError: It would be measured in another unit.
        """
        check_service(service)
        old = self._service(service.code)
        if old == service:
            return False
        _check_units(old, service, self._units_ever(service.code))
        self._state(self.ServiceChanged, by, at, service)
        return True

    def withdraw_service(self, code: str, *, by: str, at: datetime) -> bool:
        """Take a service off sale.

        Returns:
            False if it is so already.

        Raises:
            ServiceNotFoundError: There is none with the code.
        """
        self._service(code)
        if code in self.offer().withdrawn:
            return False
        self.trigger_event(self.ServiceWithdrawn, timestamp=at, by=by, service_code=code)
        return True

    def restore_service(self, code: str, *, by: str, at: datetime) -> bool:
        """Put a withdrawn service on sale again.

        Returns:
            False if it is so already.

        Raises:
            ServiceNotFoundError: There is none with the code.
        """
        self._service(code)
        if code not in self.offer().withdrawn:
            return False
        self.trigger_event(self.ServiceRestored, timestamp=at, by=by, service_code=code)
        return True

    def arrange_kinds(self, kinds: Sequence[Kind], *, by: str, at: datetime) -> bool:
        """Order and name the kinds and their groups anew; none may vanish or appear.

        Returns:
            False if they are so already.

        Raises:
            InvalidDefinitionError: A kind is missing or unknown, or a group has
                services and is missing.
        """
        offer = self.offer()
        if tuple(kinds) == offer.kinds:
            return False
        _check_kinds(kinds, offer)
        definitions = [kind_definition(kind) for kind in kinds]
        self.trigger_event(self.KindsArranged, timestamp=at, by=by, kinds=definitions)
        return True

    def _service(self, code: str) -> Service:
        found = self.offer().services.get(code)
        if found is None:
            raise ServiceNotFoundError(service_code=code)
        return found

    def _units_ever(self, code: str) -> dict[str, str]:
        """The unit of each item that the service has or had: a book in force may price it yet."""
        seed = [service_definition(SEED.services[code])] if code in SEED.services else []
        stated = (Catalogue.ServiceAdded, Catalogue.ServiceChanged)
        changes = (each for each in self.changes if isinstance(each, stated))
        later = (each.definition for each in changes if each.service_code == code)
        return {item["code"]: item["unit"] for each in (*seed, *later) for item in each["items"]}

    def _state(
        self, fact: type[ServiceAdded | ServiceChanged], by: str, at: datetime, service: Service
    ) -> None:
        definition = service_definition(service)
        facts = {"service_code": service.code, "definition": definition}
        self.trigger_event(fact, timestamp=at, by=by, **facts)

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        match event:
            case Catalogue.Established():
                self.changes: tuple[Any, ...] = ()
            case (
                Catalogue.ServiceAdded()
                | Catalogue.ServiceChanged()
                | Catalogue.ServiceWithdrawn()
                | Catalogue.ServiceRestored()
                | Catalogue.KindsArranged()
            ):
                self.changes = (*self.changes, event)
            case _:
                super().evolve(event)


def _changed(offer: Offer, change: Any) -> Offer:  # noqa: ANN401 - an event of Catalogue
    match change:
        case Catalogue.ServiceAdded() | Catalogue.ServiceChanged():
            service = service_of(change.definition, offer.kinds)
            services = MappingProxyType({**offer.services, service.code: service})
            return Offer(offer.kinds, services, offer.withdrawn)
        case Catalogue.ServiceWithdrawn():
            return Offer(offer.kinds, offer.services, offer.withdrawn | {change.service_code})
        case Catalogue.ServiceRestored():
            return Offer(offer.kinds, offer.services, offer.withdrawn - {change.service_code})
        case _:
            return _arranged(offer, tuple(kind_of(kind) for kind in change.kinds))


def _arranged(offer: Offer, kinds: tuple[Kind, ...]) -> Offer:
    """The same services under the new names of their kinds and groups."""
    services = {
        code: service_of(service_definition(service), kinds)
        for code, service in offer.services.items()
    }
    return Offer(kinds, MappingProxyType(services), offer.withdrawn)


def _check_units(old: Service, new: Service, units: Mapping[str, str]) -> None:
    if (old.measure is None) != (new.measure is None):
        raise UnitChangedError
    if old.measure and new.measure and old.measure.unit != new.measure.unit:
        raise UnitChangedError
    if old.per_visit != new.per_visit:
        raise UnitChangedError
    if any(units.get(item.code, item.unit.code) != item.unit.code for item in new.items):
        raise UnitChangedError


def _check_kinds(kinds: Sequence[Kind], offer: Offer) -> None:
    if sorted(kind.code for kind in kinds) != sorted(kind.code for kind in offer.kinds):
        raise InvalidDefinitionError(field="kinds", rule="服务种类不能增加或减少")
    named = [(kind.code, group.code) for kind in kinds for group in kind.groups]
    groups = set(named)
    if len(groups) < len(named):
        raise InvalidDefinitionError(field="kinds", rule="同一种类下的分组编码不能重复")
    used = {(s.kind.code, s.group.code) for s in offer.services.values() if s.group}
    if used - groups:
        raise InvalidDefinitionError(field="kinds", rule="有服务的分组不能删除")
