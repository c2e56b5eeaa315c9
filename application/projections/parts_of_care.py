"""The parts of an order for care: its candidates (人选) and its segments (服务段)."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from application.projections.order_parts import projection, put
from application.projections.projection import Recorded
from domain.orders.care.order import CareOrder
from domain.orders.stages import Stage

_TERMS: Final = ("price_fen", "price_days", "days", "starts_on", "ends_on")


@projection.handles
def propose(connection: Connection, recorded: Recorded) -> None:
    """People were named."""
    event: CareOrder.CandidatesProposed = recorded.event
    for each in event.candidates:
        number = each["worker_number"]
        _candidate(connection, event, number, stage=Stage.CANDIDATES_PROPOSED.value)


@projection.handles
def interview(connection: Connection, recorded: Recorded) -> None:
    """The customer met one of them."""
    event: CareOrder.CandidateInterviewed = recorded.event
    facts = {"how": event.how, "accepted": event.accepted, "interview_note": event.note}
    stage = Stage.INTERVIEWED.value
    _candidate(connection, event, event.worker_number, stage=stage, facts=facts)


@projection.handles
def engage(connection: Connection, recorded: Recorded) -> None:
    """A worker is kept free: by the contract, by a supplementary agreement."""
    event: CareOrder.ContractSigned | CareOrder.ReplacementAgreed = recorded.event
    _segment(connection, event, Stage.AWAITING_START)


@projection.handles
def renew(connection: Connection, recorded: Recorded) -> None:
    """The same worker goes on in a new segment; the one before ends where it begins."""
    event: CareOrder.ContractRenewed = recorded.event
    put(connection, event, _part(event.segment - 1), ends_at=event.renewed_from)
    _segment(connection, event, Stage.ON_DUTY)
    put(connection, event, _part(event.segment), starts_at=event.renewed_from)


@projection.handles
def move(connection: Connection, recorded: Recorded) -> None:
    """Another first day."""
    event: CareOrder.StartMoved = recorded.event
    times = {"starts_at": event.starts_at, "ends_at": event.ends_at}
    put(connection, event, _part(event.segment), **times)


@projection.handles
def start(connection: Connection, recorded: Recorded) -> None:
    """The worker came."""
    event: CareOrder.WorkerStarted = recorded.event
    put(connection, event, _part(1), stage=event.stage, starts_at=event.happened_at)


@projection.handles
def replace(connection: Connection, recorded: Recorded) -> None:
    """One segment ended, the next one began."""
    event: CareOrder.WorkerReplaced = recorded.event
    _close(connection, event, event.left_at)
    begun = {"stage": event.stage, "starts_at": event.happened_at}
    put(connection, event, _part(event.segment), **begun)


@projection.handles
def withdraw(connection: Connection, recorded: Recorded) -> None:
    """Whoever was found does not come."""
    event: CareOrder.ReplacementWithdrawn = recorded.event
    for number in event.cancels:
        put(connection, event, _part(number), stage=Stage.CANCELLED.value)


@projection.handles
def leave(connection: Connection, recorded: Recorded) -> None:
    """The work ended."""
    event: CareOrder.WorkerLeft = recorded.event
    _close(connection, event, event.happened_at)


@projection.handles
def cancel(connection: Connection, recorded: Recorded) -> None:
    """The contract was given up before the start."""
    event: CareOrder.Cancelled = recorded.event
    if event.releases:
        put(connection, event, _part(1), stage=event.stage)


@projection.handles
def change_bed(connection: Connection, recorded: Recorded) -> None:
    """Where the patient lies now."""
    event: CareOrder.BedChanged = recorded.event
    bed = {"kind": "place", "label": "床位", "stage": event.stage}
    put(connection, event, "place", **bed, facts={"place": event.place})


def _candidate(connection: Connection, event: Any, number: int, **values: Any) -> None:  # noqa: ANN401 - an event of the search, and columns
    who = {"kind": "candidate", "label": f"工号 {number}", "worker_number": number}
    put(connection, event, f"candidate-{number:06d}", **who, **values)


def _segment(connection: Connection, event: Any, stage: str) -> None:  # noqa: ANN401 - an event that engages somebody
    put(
        connection,
        event,
        _part(event.segment),
        kind="segment",
        label=f"第 {event.segment} 段",
        stage=str(stage),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        worker_number=event.worker_number,
        facts={name: event.terms[name] for name in _TERMS},
    )


def _close(connection: Connection, event: Any, left_at: datetime) -> None:  # noqa: ANN401 - an event that ends segments
    for number in event.ends:
        ended = {"stage": Stage.OFF_DUTY.value, "ends_at": left_at}
        put(connection, event, _part(number), **ended)
    for number in event.cancels:
        put(connection, event, _part(number), stage=Stage.CANCELLED.value)


def _part(segment: int) -> str:
    return f"segment-{segment:04d}"
