"""What any history of an order keeps, whichever kind of order it is and whatever was tried."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from hypothesis.stateful import RuleBasedStateMachine, invariant

from domain.claims import Claim, ReleaseSeats, ReleaseWorker, TakeSeats, TakeWorker
from domain.errors import JiawuError
from domain.orders.service_order import ServiceOrder
from domain.orders.stages import Stage
from infrastructure.event_log.mapper import OrjsonTranscoder, PlainJsonMapper
from tests.domain.histories import assert_storable, claims, replayed, state, unsaved

_MAPPER = PlainJsonMapper(OrjsonTranscoder())


class OrderMachine(RuleBasedStateMachine):
    """An order of any kind; machines of the kinds add their rules and promises."""

    order: Any

    def _attempt(self, command: Callable[[Any], object]) -> None:
        """A refused command leaves no event and no trace."""
        before, version = state(replayed(unsaved(self.order))), self.order.version
        try:
            command(self.order)
        except JiawuError:
            assert self.order.version == version == len(self.order.pending_events)
            assert state(self.order) == before

    def _part_stages(self) -> set[str]:
        """The stages of what the order consists of."""
        return set()

    @invariant()
    def the_stored_history_rebuilds_the_order(self) -> None:
        """Through the very JSON of the log."""
        for event in unsaved(self.order):
            assert_storable(event)
        stored = [
            _MAPPER.to_domain_event(_MAPPER.to_stored_event(event)) for event in unsaved(self.order)
        ]
        assert state(replayed(stored)) == state(self.order)

    @invariant()
    def every_stage_is_one_of_ours(self) -> None:
        stages = {event.stage for event in unsaved(self.order)} | self._part_stages()
        assert stages <= set(Stage)
        assert all(type(stage) is str for stage in stages)


def workers_held(order: ServiceOrder) -> dict[UUID, int]:
    """Worker numbers by the claim that holds them; no claim is taken twice."""
    held: dict[UUID, int] = {}
    for event in unsaved(order):
        for claim in claims(event):
            if isinstance(claim, ReleaseWorker):
                held.pop(claim.claim_id, None)
            if isinstance(claim, TakeWorker):
                assert claim.claim_id not in held
                held[claim.claim_id] = claim.worker
    return held


def seats_held(order: ServiceOrder) -> set[Claim]:
    """The seats that are taken; each is free before it is taken."""
    held: set[TakeSeats] = set()
    for event in unsaved(order):
        for claim in claims(event):
            if isinstance(claim, ReleaseSeats):
                held = {each for each in held if each.claim_id != claim.claim_id}
            if isinstance(claim, TakeSeats):
                assert claim not in held
                held.add(claim)
    return set(held)


def paid_and_back(order: ServiceOrder, *, due: Callable[[Any], bool] = bool) -> tuple[int, int]:
    """What was paid and what is due back, in fen; completion recognises all that was kept."""
    paid = back = 0
    for event in unsaved(order):
        if isinstance(event, order.Paid):
            paid += event.amount_fen
        if isinstance(event, order.RefundDue) and due(event):
            back += event.amount_fen
        if isinstance(event, order.Completed):
            assert event.recognised_fen == paid - back
    return paid, back
