"""Read marks on PostgreSQL: one per thread and side, forward only, whoever is first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from application.messages import ReadMark
from infrastructure.read_marks import READ_MARKS, PostgresReadMarks
from tests.domain.histories import NOW, an_id

THREAD = an_id("thread")


def mark(number: int, side: str = "customer", thread_id: UUID = THREAD) -> ReadMark:
    at = NOW + timedelta(minutes=number)
    return ReadMark(
        thread_id=thread_id, side=side, message_number=number, by=f"{side}:{number}", at=at
    )


@pytest.fixture
def marks(application_engine: Engine) -> PostgresReadMarks:
    return PostgresReadMarks(application_engine)


@pytest.mark.requirement("R24")
def test_a_mark_goes_forward_only_and_tells_who_got_there(
    marks: PostgresReadMarks, application_engine: Engine
) -> None:
    assert [marks.advance(mark(number)) for number in (2, 1, 5, 5, 4)] == [2, 2, 5, 5, 5]
    with application_engine.connect() as connection:
        (row,) = connection.execute(select(READ_MARKS)).all()
    assert (row.message_number, row.by, row.at) == (5, "customer:5", mark(5).at)


def test_threads_and_sides_have_marks_of_their_own(marks: PostgresReadMarks) -> None:
    other, never = uuid4(), uuid4()
    for each in (mark(3), mark(1, "staff"), mark(7, thread_id=other)):
        marks.advance(each)
    assert marks.of_side("customer", [THREAD, other, never]) == {THREAD: 3, other: 7}
    assert marks.of_side("staff", [THREAD, other]) == {THREAD: 1}
    assert marks.of_side("staff", []) == {}


def test_of_many_at_once_the_furthest_stays(marks: PostgresReadMarks) -> None:
    numbers = [*range(1, 25)] * 2
    Random(1).shuffle(numbers)  # noqa: S311 - a reproducible test
    with ThreadPoolExecutor(8) as at_once:
        told = [*at_once.map(lambda number: (number, marks.advance(mark(number))), numbers)]
    assert all(held >= number for number, held in told)
    assert marks.of_side("customer", [THREAD]) == {THREAD: 24}


@pytest.mark.parametrize("wrong", [mark(0), mark(1, side="worker")])
def test_the_database_refuses_what_is_no_mark(marks: PostgresReadMarks, wrong: ReadMark) -> None:
    with pytest.raises(IntegrityError):
        marks.advance(wrong)
    assert marks.of_side(wrong.side, [THREAD]) == {}


def test_the_application_deletes_no_mark(
    marks: PostgresReadMarks, application_engine: Engine
) -> None:
    marks.advance(mark(1))
    for statement in ("delete from messages.read_marks", "truncate messages.read_marks"):
        with pytest.raises(ProgrammingError), application_engine.begin() as connection:
            connection.execute(text(statement))
    assert marks.of_side("customer", [THREAD]) == {THREAD: 1}
