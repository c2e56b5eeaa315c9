"""Threads of messages: one about each order, one about none, and whose turn it is."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInputError
from domain.messages import (
    LONGEST_TEXT,
    MOST_MESSAGES,
    REMOVAL_LABELS,
    Content,
    MessageNotFoundError,
    MessageThread,
    RemovalReason,
    ThreadFullError,
    ThreadState,
    thread_id,
    tidy_text,
)
from domain.office_hours import ANSWER_WITHIN, CLOSES, OPENS, answer_due
from domain.time import SHANGHAI, NaiveTimeError
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_STAFF,
    CUSTOMER,
    NOW,
    an_id,
    assert_replays,
    last,
    names,
    sealed,
    state,
)

ORDER = an_id("order")
ASKED = Content(text=sealed("几点到？"))
ANSWERED = Content(text=sealed("九点左右"))
PHOTO = "a" * 64
OFFICE: dict[str, Any] = {"by": BY_STAFF, "at": NOW}


def begun() -> MessageThread:
    return MessageThread.start(CUSTOMER, ORDER, 1, by=BY_CUSTOMER, at=NOW)


def asked() -> MessageThread:
    thread = begun()
    thread.write(ASKED, by=BY_CUSTOMER, at=NOW)
    return thread


def answered() -> MessageThread:
    thread = asked()
    thread.reply(ANSWERED, **OFFICE)
    return thread


def test_an_order_has_one_thread_and_a_customer_one_more() -> None:
    free = MessageThread.start(CUSTOMER, None, 1, by=BY_CUSTOMER, at=NOW)
    assert begun().id == begun().id == thread_id(ORDER)
    assert free.id == thread_id(CUSTOMER)
    assert len({thread_id(owner, n) for owner in (ORDER, CUSTOMER) for n in (1, 2, 11)}) == 6
    assert [last(thread).subject_code for thread in (begun(), free)] == ["order", "general"]


@pytest.mark.requirement("R24")
def test_a_customers_message_waits_for_an_answer() -> None:
    thread = asked()
    assert names(thread) == ["Started", "MessagePosted"]
    assert thread.state == ThreadState.UNANSWERED
    said = last(thread)
    assert (said.message_number, said.author_kind, said.by) == (1, "customer", BY_CUSTOMER)
    assert said.answer_by == answer_due(NOW)
    assert_replays(thread, thread.pending_events)


@pytest.mark.requirement("R24")
def test_a_reply_answers_it_and_the_next_message_waits_anew() -> None:
    thread = answered()
    assert (thread.state, thread.answer_by) == (ThreadState.ANSWERED, None)
    later = NOW + timedelta(hours=2)
    assert thread.write(ASKED, by=BY_CUSTOMER, at=later) == 3
    assert (thread.state, thread.answer_by) == (ThreadState.UNANSWERED, answer_due(later))
    assert_replays(thread, thread.pending_events)


def test_further_messages_do_not_put_the_answer_off() -> None:
    thread = asked()
    thread.write(ASKED, by=BY_CUSTOMER, at=NOW + timedelta(minutes=20))
    assert last(thread).answer_by is None
    assert thread.answer_by == answer_due(NOW)


@pytest.mark.parametrize("make", [asked, answered])
@pytest.mark.requirement("R24")
def test_the_office_may_be_done_with_it_and_take_it_up_again(
    make: Callable[[], MessageThread],
) -> None:
    thread = make()
    assert thread.handle(**OFFICE)
    assert not thread.handle(**OFFICE)
    assert (thread.state, thread.answer_by) == (ThreadState.HANDLED, None)
    assert thread.reopen(**OFFICE)
    assert not thread.reopen(**OFFICE)
    assert names(thread)[-2:] == ["Handled", "Reopened"]
    assert thread.state == ThreadState.UNANSWERED
    assert_replays(thread, thread.pending_events)


def test_who_writes_into_a_reopened_thread_is_owed_an_answer() -> None:
    thread = asked()
    thread.handle(**OFFICE)
    thread.reopen(**OFFICE)
    thread.write(ASKED, by=BY_CUSTOMER, at=NOW)
    assert last(thread).answer_by == answer_due(NOW)


def test_a_message_is_taken_out_of_sight_and_put_back_and_stays_in_the_log() -> None:
    thread = answered()
    before = state(thread)
    assert thread.remove_message(1, RemovalReason.UNCIVIL, **OFFICE)
    assert not thread.remove_message(1, RemovalReason.ABUSIVE, **OFFICE)
    assert thread.removed == {1: "uncivil"}
    assert thread.restore_message(1, **OFFICE)
    assert not thread.restore_message(1, **OFFICE)
    assert names(thread)[-2:] == ["MessageRemoved", "MessageRestored"]
    assert thread.removed == {}
    assert state(thread).items() >= {"state": before["state"], "last_number": 2}.items()
    assert_replays(thread, thread.pending_events)


def test_every_reason_has_its_own_label() -> None:
    assert set(REMOVAL_LABELS) == set(RemovalReason)
    assert len(set(REMOVAL_LABELS.values())) == len(RemovalReason)


@pytest.mark.parametrize("number", [0, -1, 3])
def test_a_message_that_is_not_there_is_neither_removed_nor_restored(number: int) -> None:
    thread = answered()
    before = state(thread)
    with pytest.raises(MessageNotFoundError):
        thread.remove_message(number, RemovalReason.UNCIVIL, **OFFICE)
    with pytest.raises(MessageNotFoundError):
        thread.restore_message(number, **OFFICE)
    assert state(thread) == before


def test_a_message_is_not_removed_for_any_word() -> None:
    thread = answered()
    with pytest.raises(InvalidInputError):
        thread.remove_message(1, "because", **OFFICE)
    assert thread.removed == {}


@pytest.mark.parametrize(
    "content",
    [
        Content(text=""),
        Content(text="几点到？"),
        Content(text=sealed("x"), photos=["picture.jpg"]),
        Content(text=sealed("x"), photos=[PHOTO, PHOTO]),
    ],
)
def test_nothing_empty_nothing_in_clear_and_no_false_picture_is_kept(content: Content) -> None:
    thread = asked()
    before = state(thread)
    for say in (thread.write, thread.reply):
        with pytest.raises(InvalidInputError):
            say(content, **OFFICE)
    assert state(thread) == before


def test_a_picture_may_say_it_all() -> None:
    thread = begun()
    thread.write(Content(text="", photos=(PHOTO,)), by=BY_CUSTOMER, at=NOW)
    assert (last(thread).text, last(thread).photos) == ("", [PHOTO])
    assert_replays(thread, thread.pending_events)


def test_a_full_volume_takes_no_more() -> None:
    thread = begun()
    for _ in range(MOST_MESSAGES):
        assert not thread.is_full
        thread.write(ASKED, by=BY_CUSTOMER, at=NOW)
    assert thread.is_full
    for say in (thread.write, thread.reply):
        with pytest.raises(ThreadFullError):
            say(ASKED, **OFFICE)
    assert thread.last_number == MOST_MESSAGES


def test_volumes_count_from_one() -> None:
    with pytest.raises(InvalidInputError):
        MessageThread.start(CUSTOMER, None, 0, by=BY_CUSTOMER, at=NOW)
    second = MessageThread.start(CUSTOMER, None, 2, by=BY_CUSTOMER, at=NOW)
    assert (second.id, second.volume) == (thread_id(CUSTOMER, 2), 2)


# -- texts


@pytest.mark.parametrize(
    "text", ["a", "长" * LONGEST_TEXT, "一行\n两行", "👨‍👩‍👧", "<b>不是标签</b>"]
)
def test_a_text_is_kept_as_it_was_written(text: str) -> None:
    assert tidy_text(text) == text
    assert tidy_text(f" \n{text}\u3000 ") == text


@pytest.mark.parametrize(
    "text",
    ["", " \n\t\u3000", "\u200b\u200d\ufeff", "长" * (LONGEST_TEXT + 1), "a" + "\u200b" * 500],
)
def test_a_text_that_nobody_can_see_or_that_is_too_long_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        tidy_text(text)
    assert refused.value.facts == {"field": "text"}


# -- until when an answer is owed


def beijing(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("asked_at", "due"),
    [
        (beijing(22, 9), beijing(22, 9, 30)),
        (beijing(22, 19, 30), beijing(22, 20)),
        (beijing(22, 19, 50), beijing(23, 8, 20)),
        (beijing(22, 20), beijing(23, 8, 30)),
        (beijing(22, 23, 59), beijing(23, 8, 30)),
        (beijing(22, 3), beijing(22, 8, 30)),
    ],
)
def test_an_answer_is_owed_within_half_an_hour_of_open_time(
    asked_at: datetime, due: datetime
) -> None:
    assert answer_due(asked_at) == due


@given(st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds are given without a zone
def test_it_is_owed_in_open_time_and_never_earlier_than_promised(at: datetime) -> None:
    due = answer_due(at)
    local = due.astimezone(SHANGHAI)
    assert due.tzinfo is UTC
    assert at + ANSWER_WITHIN <= due <= at + timedelta(hours=12, minutes=30)
    assert OPENS < local.time() <= CLOSES
    assert open_time(at, due) == ANSWER_WITHIN


def open_time(begins: datetime, ends: datetime) -> timedelta:
    """How much of an interval the office is open, day by day."""
    days: set[date] = {each.astimezone(SHANGHAI).date() for each in (begins, ends)}
    return sum((shared(day, begins, ends) for day in days), timedelta())


def shared(day: date, begins: datetime, ends: datetime) -> timedelta:
    opens, closes = (datetime.combine(day, hour, SHANGHAI) for hour in (OPENS, CLOSES))
    return max(min(ends, closes) - max(begins, opens), timedelta())


def test_a_time_without_a_zone_is_no_time() -> None:
    assert time(8) == OPENS
    with pytest.raises(NaiveTimeError):
        answer_due(datetime(2026, 11, 22, 9))  # noqa: DTZ001 - what is refused
