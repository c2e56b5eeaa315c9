"""The courier that posts notices to the merchant, on the simulator's clock."""

import secrets
from datetime import datetime
from threading import Event, Lock, Thread
from typing import Final

from application.clock import Clock
from infrastructure.simulators.wechat_pay.beijing import compact
from infrastructure.simulators.wechat_pay.forgery import forged_content, wire_form
from infrastructure.simulators.wechat_pay.notices import (
    Attempt,
    Forgery,
    Notice,
    NoticeRules,
    attempts_view,
)
from infrastructure.simulators.wechat_pay.posting import NoAnswerError, Post, SessionPost
from infrastructure.simulators.wechat_pay.randomness import Randomness
from infrastructure.simulators.wechat_pay.refusals import resource_unknown
from infrastructure.simulators.wechat_pay.seal import PlatformSeal
from infrastructure.simulators.wechat_pay.settings import SimulatorSettings
from infrastructure.simulators.wechat_pay.views import JsonObject

LOOK_EVERY_SECONDS: Final = 0.05


class Notifier:
    """Keeps every notice and delivers those that are due.

    The retry table runs on the clock port, the answer's 5 s on real time.
    `deliver_due` is deterministic; a running app calls it from a thread.

    Args:
        settings: The merchant account.
        clock: Shared with the product.
        post: Carries a notice to its address; over HTTP unless given.
        randomness: The source of nonces and of all other chance at this desk.
    """

    def __init__(
        self,
        settings: SimulatorSettings,
        clock: Clock,
        post: Post | None = None,
        randomness: Randomness = secrets.token_bytes,
    ) -> None:
        self._clock = clock
        self.seal = PlatformSeal(settings, clock, randomness)
        self._http = SessionPost(settings.acknowledge_within_seconds)
        self._carry = post or self._http
        self._state = Lock()
        self._round = Lock()
        self._stopping = Event()
        self._thread: Thread | None = None
        self._notices: dict[str, Notice] = {}
        self._held: Notice | None = None
        self._rules = NoticeRules()

    def set_rules(self, rules: NoticeRules) -> None:
        """Apply to the notices of later payments; one held back goes out now."""
        with self._state:
            self._rules = rules
            self._release(self._clock.now())

    def announce(self, url: str, transaction: JsonObject) -> str:
        """Plan the notice of a payment that has just succeeded; returns its id."""
        with self._state:
            notice = self._new(url, transaction)
            notice.copies = 1 + self._rules.duplicate
            notice.probe_first = self._rules.probe_first
            if self._rules.drop:
                notice.state, notice.due = "dropped", None
            elif self._rules.reorder:
                self._let_the_next_go_ahead(notice)
            return notice.id

    def deliver_due(self) -> int:
        """Post every notice whose time has come; returns how many were due.

        Safe to call from several threads: rounds follow one another.
        """
        with self._round:
            due = self._due()
            for notice in due:
                self._deliver(notice)
            return len(due)

    def next_due(self) -> datetime | None:
        """When the next delivery is due; None if nothing waits."""
        with self._state:
            waiting = [notice.due for notice in self._notices.values() if notice.due]
        return min(waiting, default=None)

    def resend(self, notice_id: str) -> JsonObject:
        """Post a notice once more, now, signed anew; returns that attempt.

        Raises:
            RefusalError: 404, no such notice.
        """
        with self._state:
            notice = self._notices.get(notice_id)
        if notice is None:
            raise resource_unknown(message="没有这条通知")
        return attempts_view([self._post(notice)])[0]

    def forge(self, kind: Forgery, url: str, transaction: JsonObject) -> JsonObject:
        """Post a notice that must be refused, once; returns it with the answer."""
        with self._state:
            notice = self._new(url, forged_content(kind, transaction))
            notice.state, notice.due, notice.forgery = "forged", None, kind
        self._post(notice)
        return notice.view()

    def notices(self) -> list[JsonObject]:
        """All notices, oldest first, with their attempts."""
        with self._state:
            return [self._notices[each].view() for each in sorted(self._notices)]

    def start(self) -> None:
        """Deliver in the background, looking about every 50 ms of real time."""
        self._stopping.clear()
        self._thread = Thread(target=self._run, name="wechat-pay-notices", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the background thread, if it runs, and close the connections."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._http.close()

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_SECONDS):
            self.deliver_due()

    def _new(self, url: str, transaction: JsonObject) -> Notice:
        now = self._clock.now()
        notice = Notice(
            id=f"EV-{compact(now)}{len(self._notices) + 1:05d}",
            url=url,
            transaction=transaction,
            created_at=now,
            state="waiting",
            due=now + self._rules.delay,
        )
        self._notices[notice.id] = notice
        return notice

    def _due(self) -> list[Notice]:
        now = self._clock.now()
        with self._state:
            waiting = [(notice.due, notice) for notice in self._notices.values() if notice.due]
        due = [(at, notice) for at, notice in waiting if at <= now]
        return [notice for _, notice in sorted(due, key=lambda each: each[0])]

    def _let_the_next_go_ahead(self, notice: Notice) -> None:
        if self._held is None:
            self._held, notice.state, notice.due = notice, "held", None
        elif notice.due is not None:
            self._release(notice.due)

    def _release(self, due: datetime) -> None:
        held, self._held = self._held, None
        if held is None or held.state != "held":
            return
        held.state, held.due = "waiting", due
        # Those due at one time go out in this order, so it now comes last.
        self._notices[held.id] = self._notices.pop(held.id)

    def _deliver(self, notice: Notice) -> None:
        copies, notice.copies = notice.copies, 1
        attempts = [self._post(notice) for _ in range(copies)]
        with self._state:
            if notice.state == "waiting":
                notice.schedule_retry(attempts[-1].at)

    def _post(self, notice: Notice) -> Attempt:
        now = self._clock.now()
        body, signature = wire_form(notice, self.seal, now)
        headers = signature | {"Content-Type": "application/json", "User-Agent": "Mozilla/4.0"}
        status, error = self._answer(notice.url, body, headers)
        attempt = Attempt(now, status, error)
        with self._state:
            notice.record(attempt)
        return attempt

    def _answer(self, url: str, body: bytes, headers: dict[str, str]) -> tuple[int | None, str]:
        try:
            status = self._carry(url, body, headers)
        except NoAnswerError as failure:
            return None, failure.reason
        return status, "" if status is not None else "NoAnswer"
