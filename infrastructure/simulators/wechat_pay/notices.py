"""Payment notices (支付结果通知): when they are due, what was sent, what was answered."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from infrastructure.simulators.wechat_pay.beijing import rfc3339
from infrastructure.simulators.wechat_pay.seal import PlatformSeal
from infrastructure.simulators.wechat_pay.views import JsonObject

Forgery = Literal[
    "bad_signature",
    "altered_body",
    "old_timestamp",
    "wrong_mchid",
    "wrong_appid",
    "wrong_amount",
    "unknown_number",
    "unknown_serial",
    "unknown_event",
    "wrong_apiv3_key",
    "probe",
]
NoticeState = Literal["waiting", "held", "acknowledged", "given_up", "dropped", "forged"]
RETRY_AFTER: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (
        *(15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600),
        *(10800, 10800, 10800, 21600, 21600),
    )
)
PAID_EVENT: Final = "TRANSACTION.SUCCESS"
UNKNOWN_EVENT: Final = "TRANSACTION.REVIEWED"
ACKNOWLEDGING: Final = (200, 204)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery: when, and the HTTP status or why there was none."""

    at: datetime
    status: int | None
    error: str = ""

    @property
    def acknowledged(self) -> bool:
        """Only the HTTP status counts, never the body."""
        return self.status in ACKNOWLEDGING


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRules:
    """What befalls the notices of payments from now on.

    Attributes:
        drop: Never delivered by itself; may still be resent.
        duplicate: How many further copies follow the first delivery at once.
        delay_seconds: How much later on the simulator's clock than the payment.
        reorder: Every other notice is held back until the next payment's has
            gone ahead of it.
        probe_first: The first delivery carries a signature probe (签名探测);
            once refused, the proper notice follows by the retry table.
    """

    drop: bool = False
    duplicate: int = 0
    delay_seconds: int = 0
    reorder: bool = False
    probe_first: bool = False

    @property
    def delay(self) -> timedelta:
        """The pause before the first delivery."""
        return timedelta(seconds=self.delay_seconds)


@dataclass(slots=True, kw_only=True)
class Notice:
    """One event for the merchant and its deliveries."""

    id: str
    url: str
    transaction: JsonObject
    created_at: datetime
    state: NoticeState
    due: datetime | None = None
    copies: int = 1
    forgery: Forgery | None = None
    probe_first: bool = False
    attempts: list[Attempt] = field(default_factory=list)
    retries: int = 0

    def record(self, attempt: Attempt) -> None:
        """Keep an attempt; an acknowledged notice is never due again."""
        self.attempts.append(attempt)
        if self.state != "forged" and attempt.acknowledged:
            self.state, self.due = "acknowledged", None

    def schedule_retry(self, failed_at: datetime) -> None:
        """Plan the next of the fifteen retries, or give up after the last."""
        if self.retries == len(RETRY_AFTER):
            self.state, self.due = "given_up", None
            return
        self.due = failed_at + RETRY_AFTER[self.retries]
        self.retries += 1

    def view(self) -> JsonObject:
        """The notice for the control API."""
        return {
            "id": self.id,
            "notify_url": self.url,
            "out_trade_no": self.transaction["out_trade_no"],
            "state": self.state,
            "forgery": self.forgery,
            "due": rfc3339(self.due) if self.due else None,
            "attempts": attempts_view(self.attempts),
        }


def attempts_view(attempts: Sequence[Attempt]) -> list[JsonObject]:
    """Attempts for the control API, oldest first."""
    return [
        {"at": rfc3339(attempt.at), "status": attempt.status, "error": attempt.error}
        for attempt in attempts
    ]


def envelope(notice: Notice, seal: PlatformSeal) -> bytes:
    """The notice's JSON body, its transaction encrypted anew."""
    content = {
        "id": notice.id,
        "create_time": rfc3339(notice.created_at),
        "resource_type": "encrypt-resource",
        "event_type": UNKNOWN_EVENT if notice.forgery == "unknown_event" else PAID_EVENT,
        "summary": "支付成功",
        "resource": seal.resource(
            notice.transaction, under_another_key=notice.forgery == "wrong_apiv3_key"
        ),
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
