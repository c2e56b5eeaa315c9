"""What `eventsourcing.application.Application` builds its persistence from."""

from eventsourcing.persistence import (
    AggregateRecorder,
    InfrastructureFactory,
    Mapper,
    TrackingRecorder,
    Transcoder,
)
from sqlalchemy import Engine, create_engine

from infrastructure.clock import SystemClock
from infrastructure.event_log.doorbell import Doorbell
from infrastructure.event_log.mapper import OrjsonTranscoder, PlainJsonMapper
from infrastructure.event_log.recorder import EventLog

POOL_SIZE = 20


def log_engine(url: str) -> Engine:
    """An engine for the application role; instants come back in UTC."""
    return create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=2 * POOL_SIZE,
        pool_pre_ping=True,
        hide_parameters=True,  # a kept or logged error must not tell amounts or sealed texts
        connect_args={"options": "-c timezone=UTC"},
    )


class EventLogFactory(InfrastructureFactory[TrackingRecorder]):
    """One engine, one doorbell, one recorder for the whole business.

    Environment: DATABASE_URL of the application role.
    """

    _log: EventLog | None = None

    @property
    def log(self) -> EventLog:
        """The recorder, made once."""
        if self._log is None:
            engine = log_engine(self.env.get("DATABASE_URL", ""))
            self._log = EventLog(engine, SystemClock(), Doorbell(engine))
        return self._log

    def transcoder(self) -> Transcoder:
        """Plain JSON."""
        return OrjsonTranscoder()

    def mapper(
        self,
        transcoder: Transcoder | None = None,
        mapper_class: type[Mapper] | None = None,  # type: ignore[type-arg]
    ) -> Mapper:  # type: ignore[type-arg]
        """Maps by the annotations of the events."""
        return super().mapper(transcoder, mapper_class or PlainJsonMapper)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:  # noqa: ARG002 - the library's signature
        """The one log."""
        return self.log

    def application_recorder(self) -> EventLog:
        """The one log."""
        return self.log

    def tracking_recorder(
        self,
        tracking_recorder_class: type[TrackingRecorder] | None = None,  # noqa: ARG002 - the library's signature
    ) -> TrackingRecorder:
        """The one log."""
        return self.log

    def process_recorder(self) -> EventLog:
        """The one log."""
        return self.log

    def close(self) -> None:
        """Close connections and stop the doorbell."""
        if self._log is not None:
            self._log.close()
            self._log.engine.dispose()
            self._log = None
