"""Commands: who asks for what, once; and how an answer is found again.

A command's id is uuid5 of (actor, route, Idempotency-Key), so a repeat is the
same command; its row is written by the append that carries out its effect.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid5

from domain.aggregate import EventSourced
from domain.errors import JiawuError

_COMMANDS = UUID("6f0c3a52-53b1-5d0e-9d1f-0d2f6f7c3a10")


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that somebody asks for, at an instant.

    `body_mac` is a keyed hash of what was asked: a bare hash of a phone number
    could be guessed from the table.
    """

    id: UUID
    actor: str
    body_mac: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredCommand:
    """What the log kept of a command: its answer as JSON text, its last position."""

    body_mac: str
    position: int
    answer: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a use case decided: the changed aggregates and the answer for the actor.

    `unchanged` are aggregates that were only read and on which the decision rests:
    where one of them has gone on meanwhile, it is made anew.
    """

    changed: Sequence[EventSourced]
    answer: Mapping[str, Any] = field(default_factory=dict)
    unchanged: Sequence[EventSourced] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The command's effect: last position written, its answer, whether a repeat."""

    position: int
    answer: Mapping[str, Any]
    repeated: bool


class CommandKnownError(Exception):
    """The log has carried out this command before; `stored` is its answer."""

    def __init__(self, stored: StoredCommand) -> None:
        self.stored = stored
        super().__init__("command known")


class ClaimRefusedError(JiawuError):
    """A claim of the append cannot be met; `claim` names it, e.g. `worker:17`."""

    code: ClassVar[str] = "claim_refused"
    status: ClassVar[int] = 409
    sentence: ClassVar[str] = "名额或时间已被占用。"

    def __init__(self, claim: str) -> None:
        self.claim = claim
        super().__init__(claim=claim)

    @property
    def kind(self) -> str:
        """The part before the colon: worker, seats, order_number, ..."""
        return self.claim.partition(":")[0]


class KeyReusedError(JiawuError):
    """The Idempotency-Key came before with another body."""

    code: ClassVar[str] = "idempotency_key_reused"
    status: ClassVar[int] = 422
    sentence: ClassVar[str] = "同一个 Idempotency-Key 提交了不同的内容。"


class BusyError(JiawuError):
    """Five attempts met somebody else's change of the same thing."""

    code: ClassVar[str] = "busy"
    status: ClassVar[int] = 409
    sentence: ClassVar[str] = "他人正在修改，请重试。"


class CommitUnknownError(JiawuError):
    """Whether the write happened cannot be told now; repeat with the same key."""

    code: ClassVar[str] = "commit_unknown"
    status: ClassVar[int] = 503
    sentence: ClassVar[str] = "结果暂时无法确认，请稍后用同一请求重试。"


def command_id(actor: str, route: str, key: str) -> UUID:
    """The id of the command: the same actor, route and key are the same command."""
    return uuid5(_COMMANDS, f"{actor}\x1f{route}\x1f{key}")
