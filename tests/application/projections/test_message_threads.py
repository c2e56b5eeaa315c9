"""The rows of threads say what their streams say, after any history and after a rebuild."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert

from application.event_map import PROJECTIONS
from application.projections import message_threads
from application.projections.message_threads import Inbox
from domain.errors import JiawuError
from domain.messages import CUSTOMER, STAFF, Content, MessageThread, RemovalReason, ThreadState
from infrastructure.clock import SettableClock
from infrastructure.feed.feed import Feed
from infrastructure.feed.reader import LogReader
from infrastructure.feed.routing import routes
from interface.demo_secrets import DemoSecrets
from interface.household import Household
from tests.application.projections.lives import save
from tests.application.projections.tables import contents, log_of, rows, start_over
from tests.conftest import Database
from tests.domain.histories import BY_CUSTOMER, BY_STAFF, NOW, an_id, sealed
from tests.product import NOON, household_on, settings_on

CUSTOMERS: Final = [an_id("one"), an_id("other")]
Deed = Callable[[MessageThread, Random], object]


def _content(chance: Random) -> Content:
    return Content(text=sealed(f"text {chance.random()}"), photos=["d" * 64])


OFFICE: Final[dict[str, Any]] = {"by": BY_STAFF, "at": NOW}
DEEDS: Final[list[Deed]] = [
    *[lambda thread, chance: thread.write(_content(chance), by=BY_CUSTOMER, at=NOW)] * 3,
    *[lambda thread, chance: thread.reply(_content(chance), **OFFICE)] * 2,
    lambda thread, _: thread.handle(**OFFICE),
    lambda thread, _: thread.reopen(**OFFICE),
    lambda thread, chance: thread.remove_message(
        chance.randint(1, 5), chance.choice([*RemovalReason]), **OFFICE
    ),
    lambda thread, chance: thread.restore_message(chance.randint(1, 5), **OFFICE),
]


def begun(customer_id: UUID, order_id: UUID | None) -> MessageThread:
    thread = MessageThread.start(customer_id, order_id, 1, by=BY_CUSTOMER, at=NOW)
    thread.write(Content(text=sealed("first")), by=BY_CUSTOMER, at=NOW)
    return thread


@pytest.fixture(scope="module")
def lived(module_database: Database, secrets: DemoSecrets) -> Iterator[Household]:
    """A household in which threads have lived at random, in batches of any size."""
    chance = Random(24)  # noqa: S311 - a reproducible test
    with household_on(settings_on(module_database, secrets), SettableClock(NOON)) as house:
        ids = []
        for customer_id in CUSTOMERS:
            for order_id in (None, *(uuid4() for _ in range(4))):
                thread = begun(customer_id, order_id)
                save(house, thread)
                ids.append(thread.id)
        for step in range(200):
            _live(house, chance, chance.choice(ids))
            if step % 23 == 0:
                house.feed.catch_up()
        house.feed.catch_up()
        yield house


def _live(house: Household, chance: Random, thread_id: UUID) -> None:
    thread = house.log.load(MessageThread, thread_id)
    try:
        chance.choice(DEEDS)(thread, chance)
    except JiawuError:
        return
    save(house, thread)


def threads_of(house: Household) -> list[MessageThread]:
    """Every thread, the last written first."""
    wrote = MessageThread.MessagePosted
    posted = [each.event for each in log_of(house.engine) if isinstance(each.event, wrote)]
    ids = dict.fromkeys(event.originator_id for event in reversed(posted))
    return [house.log.load(MessageThread, each) for each in ids]


def test_the_rows_of_threads_equal_the_threads(lived: Household) -> None:
    known = {thread.id: thread for thread in threads_of(lived)}
    found = rows(lived.engine, message_threads.threads)
    assert {row["thread_id"] for row in found} == known.keys()
    assert {row["state"] for row in found} == set(ThreadState)
    for row in found:
        thread = known[row["thread_id"]]
        kept = ("customer_id", "order_id", "volume", "state", "last_number", "answer_by")
        assert {name: row[name] for name in kept} == {name: getattr(thread, name) for name in kept}


def test_the_rows_of_messages_equal_what_was_written_and_moderated(lived: Household) -> None:
    found = rows(lived.engine, message_threads.messages)
    posted = {
        (each.event.originator_id, each.event.message_number): each.event
        for each in log_of(lived.engine)
        if isinstance(each.event, MessageThread.MessagePosted)
    }
    assert {(row["thread_id"], row["message_number"]) for row in found} == posted.keys()
    for row in found:
        event = posted[row["thread_id"], row["message_number"]]
        kept = ("text", "photos", "author_kind", "by")
        assert {name: row[name] for name in kept} == {name: getattr(event, name) for name in kept}
        assert row["posted_at"] == event.timestamp
    hidden = {
        (row["thread_id"], row["message_number"]): row["removal_reason"]
        for row in found
        if row["removed_at"]
    }
    assert hidden
    assert hidden == {
        (thread.id, number): reason
        for thread in threads_of(lived)
        for number, reason in thread.removed.items()
    }


@pytest.mark.requirement("R24")
def test_the_counts_equal_counting_the_threads(lived: Household) -> None:
    states = Counter(str(thread.state) for thread in threads_of(lived))
    with lived.engine.connect() as connection:
        assert message_threads.counts_by_state(connection) == states


@pytest.mark.requirement("R24")
def test_the_inbox_lists_each_state_the_last_written_first(lived: Household) -> None:
    known = threads_of(lived)
    with lived.engine.connect() as connection:
        for state in (None, *ThreadState):
            inbox = Inbox(state=state)
            page = message_threads.list_inbox(connection, inbox, limit=100)
            wanted = [thread.id for thread in known if state in {None, thread.state}]
            assert [row["thread_id"] for row in page.rows] == wanted
        about = next(thread for thread in known if thread.order_id)
        page = message_threads.list_inbox(connection, Inbox(order_id=about.order_id), limit=100)
        assert [row["thread_id"] for row in page.rows] == [about.id]


def test_a_customer_lists_their_own_threads_alone(lived: Household) -> None:
    known = threads_of(lived)
    with lived.engine.connect() as connection:
        for customer_id in CUSTOMERS:
            page = message_threads.list_of_customer(connection, customer_id, limit=100)
            mine = [thread.id for thread in known if thread.customer_id == customer_id]
            assert [row["thread_id"] for row in page.rows] == mine
            assert len(mine) == 5


@pytest.mark.requirement("R24")
def test_unread_is_what_the_other_side_wrote_in_sight_behind_the_mark(lived: Household) -> None:
    found = rows(lived.engine, message_threads.messages)
    for kind in (CUSTOMER, STAFF):
        for mark in (0, 3):
            expected = Counter(
                row["thread_id"]
                for row in found
                if row["author_kind"] == kind
                and row["message_number"] > mark
                and not row["removal_reason"]
            )
            marks = {row["thread_id"]: mark for row in found}
            with lived.engine.connect() as connection:
                assert message_threads.unread(connection, kind, marks) == expected


def test_answers_owed_before_now_are_overdue(lived: Household) -> None:
    owed = [thread.answer_by for thread in threads_of(lived) if thread.answer_by]
    assert owed
    with lived.engine.connect() as connection:
        for now in (NOW, NOW + timedelta(days=1)):
            late = message_threads.count_overdue(connection, now)
            assert late == sum(each < now for each in owed)


def test_no_threads_have_nothing_unread_and_no_last_message(lived: Household) -> None:
    with lived.engine.connect() as connection:
        assert message_threads.unread(connection, STAFF, {}) == {}
        assert message_threads.last_messages(connection, []) == {}
        assert message_threads.find(connection, uuid4()) is None


def test_a_thread_is_listed_with_its_first_message_and_not_before(lived: Household) -> None:
    """A page of the log may end between the two."""
    (known, *_) = rows(lived.engine, message_threads.threads)
    about, whose = Inbox(order_id=uuid4()), known["customer_id"]
    changed = {"thread_id": uuid4(), "order_id": about.order_id, "position": 10**12}
    with lived.engine.connect() as connection:
        for number, listed in ((0, 0), (1, 1)):
            row = {**known, **changed, "last_number": number}
            connection.execute(insert(message_threads.threads).values(row))
            inbox = message_threads.list_inbox(connection, about, limit=9)
            mine = message_threads.list_of_customer(connection, whose, limit=1)
            assert len(inbox.rows) == listed
            assert (mine.rows[0]["thread_id"] == row["thread_id"]) is bool(listed)
            connection.rollback()


@pytest.mark.parametrize("page", [1, 7, 5_000])
def test_a_rebuild_makes_the_same_rows_wherever_its_batches_end(
    lived: Household, page: int
) -> None:
    before = contents(lived.engine, message_threads.projection)
    table, reader = routes(PROJECTIONS), LogReader(lived.engine, page=page)
    projector = start_over(lived.engine, message_threads.projection, table, lived.vault)
    Feed(reader, [projector], lived.failures).catch_up()
    assert lived.failures.all() == []
    assert contents(lived.engine, message_threads.projection) == before
