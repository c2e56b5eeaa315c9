"""The world of one seed: one clock, one thread, people and machines who take turns."""

import json
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Any, Final, TypeVar
from uuid import UUID

from application.commands import Command, Outcome, command_id
from application.crash_points import CrashPoint
from domain.errors import JiawuError
from infrastructure.clock import SettableClock
from interface.household import Household
from tests.simulation.broken import fail
from tests.simulation.chance import Chance
from tests.simulation.nodes import KilledError, Node
from tests.simulation.trace import Trace

# Eight in the morning in Shanghai.
DAWN: Final = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
DIED: Final = "died"
# How far ahead somebody may be who acts at the same time.
_AT_ONCE: Final = timedelta(minutes=3)

# Whoever comes here writes or settles rows of the outbox or the deadlines.
_MOVES_ROWS: Final = {
    *(CrashPoint.POLICY_REACTED, CrashPoint.ERRAND_CLAIMED, CrashPoint.DEADLINE_CLAIMED),
}

# What somebody does; what it yields is the pause until the next turn.
Script = Generator[timedelta, None, None]
Deed = Callable[[Household, Command], Outcome]
Anything = TypeVar("Anything")


@dataclass(frozen=True)
class Told:
    """What a caller hears: an answer, or a code that says why there is none."""

    answer: Mapping[str, Any] | None
    code: str


@dataclass(order=True)
class Turn:
    """Whose turn it is at a time; the sequence decides between equals."""

    at: datetime
    sequence: int
    actor: str = field(compare=False)
    script: Script = field(compare=False)


class World:
    """Everything that is shared in one run."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = Chance(seed)
        self.clock = SettableClock(DAWN)
        self.trace = Trace()
        self.nodes: list[Node] = []
        self.acknowledged: dict[UUID, str] = {}
        self.refusals: Counter[str] = Counter()
        self.points: Counter[str] = Counter()
        self.grown = 0
        self.checked = 0
        self.rows_moved = True
        self.step = 0
        self._busy: list[Node] = []
        self._turns: list[Turn] = []
        self._sequence = count()
        self._nested = False

    # -- taking turns

    def spawn(self, actor: str, script: Script, pause: timedelta = timedelta()) -> None:
        """Let somebody begin after a pause."""
        turn = Turn(self.clock.now() + pause, next(self._sequence), actor, script)
        heappush(self._turns, turn)

    def run(self, until: datetime, after_each: Callable[[], None]) -> None:
        """Give everybody their turns."""
        while self._turns and self._turns[0].at <= until:
            turn = heappop(self._turns)
            self.clock.set(max(turn.at, self.clock.now()))
            self._take(turn)
            after_each()

    def interleave(self) -> None:
        """Let somebody else act right now, on another node, while this one is in the middle."""
        if self._nested or self.free_node() is None or not self.chance.happens("interleaving"):
            return
        soon = [turn for turn in self._turns if turn.at <= self.clock.now() + _AT_ONCE]
        if not soon:
            return
        turn = self.chance.random.choice(sorted(soon))
        self._turns.remove(turn)
        heapify(self._turns)
        self._nested = True
        self._take(turn)
        self._nested = False

    def _take(self, turn: Turn) -> None:
        self.step += 1
        for pause in turn.script:
            self.spawn(turn.actor, turn.script, pause)
            return

    # -- acting on the product

    def free_node(self) -> Node | None:
        """A node that is in the middle of nothing."""
        free = [node for node in self.nodes if node not in self._busy]
        return self.chance.random.choice(free) if free else None

    def ask(self, actor: str, route: str, key: str, do: Deed, *, kept: bool = True) -> Told:
        """Somebody asks the product for something, with an Idempotency-Key.

        `kept` says whether the answer is kept under the command's id.
        """
        node = self.free_node()
        if node is None:
            return Told(None, "nobody there")
        command = self.command(node, actor, route, key)
        told, outcome = self._hear(node, command, do)
        if outcome is not None and kept:
            self._remember(command, outcome)
        self.note(actor, f"{route} {key} @{node.name}", told.code)
        self.refusals[told.code] += 1
        return told

    def command(self, node: Node, actor: str, route: str, key: str) -> Command:
        mac = node.house.log.body_mac(f"{route} {key}".encode())
        return Command(command_id(actor, route, key), actor, mac, node.clock.now())

    def on(self, node: Node, do: Callable[[Household], Anything]) -> Anything:
        """Do something on a node. Raises KilledError where it dies, after its restart."""
        self._busy.append(node)
        try:
            return do(node.house)
        except KilledError:
            node.restart()
            raise
        finally:
            self._busy.remove(node)

    def reached(self, point: CrashPoint) -> None:
        """Watches the product's crash points."""
        self.points[point] += 1
        self.grown += point is CrashPoint.LOG_APPENDED
        self.rows_moved |= point in _MOVES_ROWS
        if self.chance.kills_at(point):
            self.note(self._busy[-1].name, f"dies at {point}", "")
            raise KilledError(point)
        self.interleave()

    def note(self, actor: str, command: str, outcome: str) -> None:
        self.trace.note(self.clock.now(), actor, command, outcome)

    def _hear(self, node: Node, command: Command, do: Deed) -> tuple[Told, Outcome | None]:
        try:
            outcome = self.on(node, lambda house: do(house, command))
        except KilledError:
            return Told(None, DIED), None
        except JiawuError as refused:
            return Told(None, refused.code), None
        return Told(outcome.answer, "repeated" if outcome.repeated else "done"), outcome

    def _remember(self, command: Command, outcome: Outcome) -> None:
        """An answer that was given once is given for ever."""
        answer = json.dumps(outcome.answer, sort_keys=True)
        before = self.acknowledged.setdefault(command.id, answer)
        if before != answer:
            fail("a repeat gets the first answer", f"{before} then {answer}")
