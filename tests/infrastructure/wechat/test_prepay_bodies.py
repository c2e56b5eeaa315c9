"""The first body of an attempt is kept, whoever asks and however often."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from infrastructure.clock import SettableClock
from infrastructure.wechat.prepay_bodies import PostgresPrepayBodies
from tests.conftest import Database
from tests.infrastructure.wechat.fake_pay import NOW, NUMBER

THREADS = 8


def test_a_first_body_is_kept_and_returned(application_engine: Engine) -> None:
    bodies = PostgresPrepayBodies(application_engine, SettableClock(NOW))
    assert bodies.keep(NUMBER, "s1.first") == "s1.first"
    with application_engine.connect() as connection:
        rows = connection.execute(sa.text("select * from wechat.prepay_bodies")).all()
    assert [tuple(row) for row in rows] == [(NUMBER, "s1.first", NOW)]


def test_a_later_body_gives_way_to_the_first(application_engine: Engine) -> None:
    clock = SettableClock(NOW)
    bodies = PostgresPrepayBodies(application_engine, clock)
    bodies.keep(NUMBER, "s1.first")
    clock.advance(timedelta(days=1))
    assert bodies.keep(NUMBER, "s1.second") == "s1.first"
    assert PostgresPrepayBodies(application_engine, clock).keep(NUMBER, "s1.third") == "s1.first"


def test_each_number_has_a_body_of_its_own(application_engine: Engine) -> None:
    bodies = PostgresPrepayBodies(application_engine, SettableClock(NOW))
    bodies.keep(NUMBER, "s1.first")
    assert bodies.keep(f"{NUMBER}-2", "s1.second") == "s1.second"


def test_of_many_at_once_one_wins_and_all_are_told(application_engine: Engine) -> None:
    bodies, barrier = PostgresPrepayBodies(application_engine, SettableClock(NOW)), Barrier(THREADS)

    def race(number: str, body: str) -> str:
        barrier.wait()
        return bodies.keep(number, body)

    for number in (f"{NUMBER}-{index}" for index in range(10)):
        offered = [f"s1.{index}" for index in range(THREADS)]
        with ThreadPoolExecutor(THREADS) as pool:
            told = list(pool.map(race, [number] * THREADS, offered))
        assert set(told) == {bodies.keep(number, "s1.late")}
        assert told[0] in offered


def test_what_is_kept_is_on_disk_even_where_commits_are_hasty(database: Database) -> None:
    hasty = {"options": "-c synchronous_commit=off"}
    engine, seen = sa.create_engine(database.application_url, connect_args=hasty), []

    @sa.event.listens_for(engine, "commit")
    def look(connection: sa.Connection) -> None:
        seen.append(connection.execute(sa.text("show synchronous_commit")).scalar_one())

    PostgresPrepayBodies(engine, SettableClock(NOW)).keep(NUMBER, "s1")
    engine.dispose()
    assert seen == ["on"]
