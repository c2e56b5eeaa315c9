"""What a projection is: a schema of tables, and handlers that the event map names."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from eventsourcing.domain import Aggregate
from sqlalchemy import MetaData

from application.projections.rows import Rows


class Recorded(NamedTuple):
    """An event as it stands in the log."""

    position: int
    recorded_at: datetime
    actor: str
    event: Any  # an Aggregate.Event; Any, so that handlers name the class they expect


Apply = Callable[[Rows, Recorded], None]


@dataclass(frozen=True, slots=True)
class Handler:
    """One projection's reaction to one kind of event: writes rows, nothing else."""

    projection: "Projection"
    apply: Apply

    @property
    def name(self) -> str:
        """For the event map's page, e.g. `office_orders.booked`."""
        return f"{self.projection.name}.{self.apply.__name__}"


class Projection:
    """A read model in a schema of its own; its rows equal a fold of the log.

    Rows hold no serials and no now(), so a rebuild equals the live one byte for
    byte. Personal data stays sealed.
    """

    def __init__(self, name: str, metadata: MetaData) -> None:
        self.name = name
        self.metadata = metadata

    def handles(self, apply: Apply) -> Handler:
        """Mark a function as a handler, to be named in the event map."""
        return Handler(self, apply)


class Progress(Protocol):
    """How far projections have read; lets a page wait for its own write."""

    def wait_for(self, projection: str, position: int) -> bool:
        """Wait, bounded, until the projection has passed `position`; False if late."""
        ...


EventMap = dict[type[Aggregate.Event], tuple[Handler, ...]]
