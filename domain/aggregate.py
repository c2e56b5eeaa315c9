"""What every aggregate of Jiawu shares: explicit events that only copy facts."""

from typing import Any

from eventsourcing.domain import Aggregate

from domain.claims import Claim


class EventSourced(Aggregate):
    """An aggregate whose events are nested classes and whose `evolve` copies facts.

    No class annotations on aggregates: the library would make them dataclasses
    (facts sheet of the library, 2). State is declared by assignment in `evolve`.
    """

    class Event(Aggregate.Event):
        """A fact; `timestamp` is when it was decided, in UTC."""

        def apply(self, aggregate: Any) -> None:  # noqa: ANN401 - the library's signature
            """Copy the facts into the aggregate."""
            aggregate.evolve(self)

        def claims(self) -> tuple[Claim, ...]:
            """The claims this event takes or releases, checked in its append."""
            return ()

    class Opened(Event, Aggregate.Created):
        """The first event of a stream."""

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event; never check, never compute anew."""
        raise NotImplementedError(event)
