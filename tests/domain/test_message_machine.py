"""Any history of two sides and a moderator keeps the promises of a thread of messages."""

from collections.abc import Callable
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.errors import JiawuError
from domain.messages import (
    CUSTOMER,
    STAFF,
    Content,
    MessageThread,
    RemovalReason,
    ThreadState,
    state_after,
)
from domain.office_hours import answer_due
from tests.domain import histories
from tests.domain.histories import BY_CUSTOMER, BY_STAFF, NOW, an_id, assert_replays, state, unsaved

CONTENTS = [
    Content(text=histories.sealed("几点到？")),
    Content(text="", photos=("b" * 64,)),
    Content(text=histories.sealed("看照片"), photos=("b" * 64, "c" * 64)),
    Content(text=""),
    Content(text="没有加密"),
]
NUMBERS = st.integers(min_value=-1, max_value=9)
REASONS = st.sampled_from([*RemovalReason, "because"])


class Correspondence(RuleBasedStateMachine):
    """Customer and office write, one of them moderates, and time passes."""

    thread: MessageThread

    @initialize(order=st.booleans(), volume=st.integers(min_value=1, max_value=3))
    def begin(self, order: bool, volume: int) -> None:  # noqa: FBT001 - drawn
        self.at = NOW
        about = an_id("order") if order else None
        customer = histories.CUSTOMER
        self.thread = MessageThread.start(customer, about, volume, by=BY_CUSTOMER, at=NOW)

    @rule(hours=st.sampled_from([1, 5, 12]))
    def time_passes(self, hours: int) -> None:
        self.at += timedelta(hours=hours)

    @rule(content=st.sampled_from(CONTENTS))
    def ask(self, content: Content) -> None:
        self._attempt(lambda: self.thread.write(content, by=BY_CUSTOMER, at=self.at))

    @rule(content=st.sampled_from(CONTENTS))
    def answer(self, content: Content) -> None:
        self._attempt(lambda: self.thread.reply(content, by=BY_STAFF, at=self.at))

    @rule()
    def handle(self) -> None:
        self._attempt(lambda: self.thread.handle(by=BY_STAFF, at=self.at))

    @rule()
    def reopen(self) -> None:
        self._attempt(lambda: self.thread.reopen(by=BY_STAFF, at=self.at))

    @rule(number=NUMBERS, reason=REASONS)
    def remove(self, number: int, reason: str) -> None:
        self._attempt(lambda: self.thread.remove_message(number, reason, by=BY_STAFF, at=self.at))

    @rule(number=NUMBERS)
    def restore(self, number: int) -> None:
        self._attempt(lambda: self.thread.restore_message(number, by=BY_STAFF, at=self.at))

    def _attempt(self, command: Callable[[], object]) -> None:
        """What is refused, or changes nothing, leaves no event and no trace."""
        version, before = self.thread.version, state(self.thread)
        try:
            changed = command() is not False
        except JiawuError:
            changed = False
        assert (self.thread.version > version) == changed
        if not changed:
            assert state(self.thread) == before

    @invariant()
    def the_history_rebuilds_the_thread(self) -> None:
        assert_replays(self.thread, self.thread.pending_events)

    @invariant()
    def numbers_run_without_a_gap(self) -> None:
        posted = [each.message_number for each in self._posted()]
        assert posted == list(range(1, self.thread.last_number + 1))

    @invariant()
    def the_last_word_says_whose_turn_it_is(self) -> None:
        turn = ThreadState.HANDLED
        for event in unsaved(self.thread):
            match event:
                case MessageThread.MessagePosted():
                    turn = state_after(event.author_kind)
                case MessageThread.Handled():
                    turn = ThreadState.HANDLED
                case MessageThread.Reopened():
                    turn = ThreadState.UNANSWERED
        assert self.thread.state == turn

    @invariant()
    def the_oldest_question_says_until_when_an_answer_is_owed(self) -> None:
        owed: datetime | None = None
        for event in unsaved(self.thread):
            match event:
                case MessageThread.MessagePosted(author_kind=kind) if kind == CUSTOMER:
                    owed = owed or answer_due(event.timestamp)
                case MessageThread.MessagePosted() | MessageThread.Handled():
                    owed = None
        assert self.thread.answer_by == owed

    @invariant()
    def each_message_says_whose_it_is(self) -> None:
        for event in self._posted():
            assert event.by == {CUSTOMER: BY_CUSTOMER, STAFF: BY_STAFF}[event.author_kind]

    @invariant()
    def what_is_out_of_sight_is_what_was_removed_last(self) -> None:
        removed: dict[int, str] = {}
        for event in unsaved(self.thread):
            match event:
                case MessageThread.MessageRemoved():
                    assert event.message_number not in removed
                    removed[event.message_number] = event.reason_code
                case MessageThread.MessageRestored():
                    del removed[event.message_number]
        assert self.thread.removed == removed
        assert set(removed.values()) <= set(RemovalReason)

    def _posted(self) -> list[MessageThread.MessagePosted]:
        posted = MessageThread.MessagePosted
        return [event for event in unsaved(self.thread) if isinstance(event, posted)]


TestCorrespondence = Correspondence.TestCase
TestCorrespondence.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
