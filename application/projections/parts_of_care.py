"""The parts of an order for care: its candidates (人选) and its segments (服务段)."""

from datetime import datetime
from typing import Any, Final

from application.projections.order_parts import projection, put
from application.projections.projection import Recorded
from application.projections.rows import Rows
from domain.orders.care.order import CareOrder
from domain.orders.stages import Stage

_TERMS: Final = ("price_fen", "price_days", "days", "starts_on", "ends_on")


@projection.handles
def propose(rows: Rows, recorded: Recorded) -> None:
    """People were named."""
    event: CareOrder.CandidatesProposed = recorded.event
    for each in event.candidates:
        number = each["worker_number"]
        _candidate(rows, event, number, stage=Stage.CANDIDATES_PROPOSED.value)


@projection.handles
def interview(rows: Rows, recorded: Recorded) -> None:
    """The customer met one of them."""
    event: CareOrder.CandidateInterviewed = recorded.event
    facts = {"how": event.how, "accepted": event.accepted, "interview_note": event.note}
    stage = Stage.INTERVIEWED.value
    _candidate(rows, event, event.worker_number, stage=stage, facts=facts)


@projection.handles
def engage(rows: Rows, recorded: Recorded) -> None:
    """A worker is kept free: by the contract, by a supplementary agreement."""
    event: CareOrder.ContractSigned | CareOrder.ReplacementAgreed = recorded.event
    _segment(rows, event, Stage.AWAITING_START)


@projection.handles
def renew(rows: Rows, recorded: Recorded) -> None:
    """The same worker goes on in a new segment; the one before ends where it begins."""
    event: CareOrder.ContractRenewed = recorded.event
    put(rows, event, _part(event.segment - 1), ends_at=event.renewed_from)
    _segment(rows, event, Stage.ON_DUTY)
    put(rows, event, _part(event.segment), starts_at=event.renewed_from)


@projection.handles
def move(rows: Rows, recorded: Recorded) -> None:
    """Another first day."""
    event: CareOrder.StartMoved = recorded.event
    times = {"starts_at": event.starts_at, "ends_at": event.ends_at}
    put(rows, event, _part(event.segment), **times)


@projection.handles
def start(rows: Rows, recorded: Recorded) -> None:
    """The worker came."""
    event: CareOrder.WorkerStarted = recorded.event
    put(rows, event, _part(1), stage=event.stage, starts_at=event.happened_at)


@projection.handles
def replace(rows: Rows, recorded: Recorded) -> None:
    """One segment ended, the next one began."""
    event: CareOrder.WorkerReplaced = recorded.event
    _close(rows, event, event.left_at)
    begun = {"stage": event.stage, "starts_at": event.happened_at}
    put(rows, event, _part(event.segment), **begun)


@projection.handles
def withdraw(rows: Rows, recorded: Recorded) -> None:
    """Whoever was found does not come."""
    event: CareOrder.ReplacementWithdrawn = recorded.event
    for number in event.cancels:
        put(rows, event, _part(number), stage=Stage.CANCELLED.value)


@projection.handles
def leave(rows: Rows, recorded: Recorded) -> None:
    """The work ended."""
    event: CareOrder.WorkerLeft = recorded.event
    _close(rows, event, event.happened_at)


@projection.handles
def cancel(rows: Rows, recorded: Recorded) -> None:
    """The contract was given up before the start."""
    event: CareOrder.Cancelled = recorded.event
    if event.releases:
        put(rows, event, _part(1), stage=event.stage)


@projection.handles
def change_bed(rows: Rows, recorded: Recorded) -> None:
    """Where the patient lies now."""
    event: CareOrder.BedChanged = recorded.event
    bed = {"kind": "place", "label": "床位", "stage": event.stage}
    put(rows, event, "place", **bed, facts={"place": event.place})


def _candidate(rows: Rows, event: Any, number: int, **values: Any) -> None:  # noqa: ANN401 - an event of the search, and columns
    who = {"kind": "candidate", "label": f"工号 {number}", "worker_number": number}
    put(rows, event, f"candidate-{number:06d}", **who, **values)


def _segment(rows: Rows, event: Any, stage: str) -> None:  # noqa: ANN401 - an event that engages somebody
    put(
        rows,
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


def _close(rows: Rows, event: Any, left_at: datetime) -> None:  # noqa: ANN401 - an event that ends segments
    for number in event.ends:
        ended = {"stage": Stage.OFF_DUTY.value, "ends_at": left_at}
        put(rows, event, _part(number), **ended)
    for number in event.cancels:
        put(rows, event, _part(number), stage=Stage.CANCELLED.value)


def _part(segment: int) -> str:
    return f"segment-{segment:04d}"
