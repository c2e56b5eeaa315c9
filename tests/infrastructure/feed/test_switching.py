"""A rebuild writes a projection anew beside the live one, compares, and takes its name."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, inspect, text

from application.projections.projection import Recorded
from infrastructure.feed.comparing import DIFFERENT, LIVE_ONLY, REBUILT_ONLY, Difference
from infrastructure.feed.progress import PostgresProgress
from infrastructure.feed.rebuilding import (
    AlreadyRebuildingError,
    RebuildStoppedError,
    Switching,
    UnknownProjectionError,
)
from infrastructure.feed.shadow import SWITCHED_AWAY
from interface.household import Household
from tests.conftest import Database
from tests.infrastructure.feed.probes import BrokenError, write_workers
from tests.infrastructure.feed.rebuilds import (
    Diary,
    definitions,
    failures_of,
    schemas,
    silent,
)


@pytest.fixture
def diary(house: Household) -> Diary:
    """A projection that is level with a log of three events."""
    diary = Diary()
    write_workers(house, 1, 2, 3)
    diary.feed(house.engine).catch_up()
    return diary


@pytest.fixture
def owner(database: Database) -> Iterator[Engine]:
    engine = create_engine(database.superuser_url)
    yield engine
    engine.dispose()


def test_a_rebuild_that_is_equal_takes_the_live_ones_place(house: Household, diary: Diary) -> None:
    live = diary.rows(house.engine)
    rebuilt = diary.rebuild(house.engine)
    assert (rebuilt.name, rebuilt.events, rebuilt.switched) == ("diary", 3, True)
    assert (rebuilt.comparison.equal, rebuilt.comparison.rows) == (True, 4)
    assert diary.rows(house.engine) == live
    assert schemas(house.engine, "diary") == ["diary"]


def test_what_was_spoilt_is_told_by_key_and_column_and_repaired(
    house: Household, diary: Diary
) -> None:
    sound = diary.rows(house.engine)
    diary.spoil(house.engine, "update diary.noted set event = 'secret' where position = 1")
    diary.spoil(house.engine, "delete from diary.noted where position = 2")
    diary.spoil(house.engine, "insert into diary.noted values (9, 'secret', 'secret')")
    diary.spoil(house.engine, "update diary.counted set number = 4")
    rebuilt = diary.rebuild(house.engine)
    assert (rebuilt.switched, rebuilt.comparison.rows, rebuilt.comparison.differing) == (True, 5, 4)
    assert rebuilt.comparison.told == [
        Difference("counted", "event=Registered", DIFFERENT, ("number",)),
        Difference("noted", "position=1", DIFFERENT, ("event",)),
        Difference("noted", "position=2", REBUILT_ONLY),
        Difference("noted", "position=9", LIVE_ONLY),
    ]
    assert diary.rows(house.engine) == sound


def test_no_more_than_twenty_differing_rows_are_named_but_all_are_counted(
    house: Household, diary: Diary
) -> None:
    insert = "insert into diary.noted select generate_series(101, 150), '', ''"
    diary.spoil(house.engine, insert)
    comparison = diary.rebuild(house.engine, Switching.NEVER).comparison
    assert (comparison.rows, comparison.differing, len(comparison.told)) == (54, 50, 20)


@pytest.mark.parametrize("switching", [Switching.IF_EQUAL, Switching.NEVER])
def test_what_differs_stays_as_it_is_where_that_was_asked(
    house: Household, diary: Diary, switching: Switching
) -> None:
    diary.spoil(house.engine, "delete from diary.noted where position = 2")
    spoilt = diary.rows(house.engine)
    rebuilt = diary.rebuild(house.engine, switching)
    assert (rebuilt.switched, rebuilt.comparison.differing) == (False, 1)
    assert diary.rows(house.engine) == spoilt
    assert schemas(house.engine, "diary") == ["diary"]


@pytest.mark.parametrize(("switching", "switched"), [("if_equal", True), ("never", False)])
def test_what_is_equal_switches_unless_it_was_only_to_be_compared(
    house: Household, diary: Diary, switching: str, *, switched: bool
) -> None:
    assert diary.rebuild(house.engine, Switching(switching)).switched is switched


def test_indexes_constraints_and_grants_are_those_of_the_live_one(
    house: Household, diary: Diary, owner: Engine
) -> None:
    with owner.begin() as connection:
        connection.execute(text("create role reports"))
        connection.execute(text("grant usage on schema diary to reports"))
        connection.execute(text("grant select on diary.noted to reports"))
        connection.execute(text("grant select on diary.counted to public"))
    try:
        live = definitions(house.engine, "diary")
        assert sum("reports" in each for each in live) == 2
        assert any("noted_by_event" in each for each in live)
        diary.rebuild(house.engine)
        assert definitions(house.engine, "diary") == live
    finally:
        with owner.begin() as connection:
            connection.execute(text("drop owned by reports"))
            connection.execute(text("drop role reports"))


def test_tables_of_an_earlier_release_are_told_at_the_start_and_replaced_by_a_rebuild(
    house: Household, diary: Diary
) -> None:
    sound = diary.rows(house.engine)
    diary.spoil(house.engine, "alter table diary.noted drop column actor, add column old int")
    diary.spoil(house.engine, "drop table diary.counted")
    feed = diary.feed(house.engine)
    (told,) = failures_of(house.engine).all()
    assert (told.name, told.position, told.attempts) == ("diary", 4, 1)
    assert "缺少 counted.event、counted.number、noted.actor。请运行 jiawu rebuild" in told.error

    write_workers(house, 4)
    feed.catch_up()
    (told,) = failures_of(house.engine).all()
    assert (told.position, told.event, told.attempts) == (4, "worker.registered", 2)
    assert "请运行 jiawu rebuild diary。" in told.error
    assert diary.projector(house.engine).position() == 3
    # A table that began only now would lack what it should hold of the first three.
    assert not inspect(house.engine).has_table("counted", schema="diary")

    rebuilt = diary.rebuild(house.engine)
    assert rebuilt.comparison.told == [
        Difference("counted", "", REBUILT_ONLY, ("event", "number")),
        Difference("noted", "", LIVE_ONLY, ("old",)),
        Difference("noted", "", REBUILT_ONLY, ("actor",)),
    ]
    assert diary.rows(house.engine) == sound
    assert failures_of(house.engine).all() == []
    feed.catch_up()  # the process that stood still needs no restart
    assert [row[0] for row in diary.rows(house.engine)[0]] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("table", "name", "rows"), [("counted", "number", 4), ("noted", "position", 1)]
)
def test_a_column_of_another_type_is_told_and_replaced(
    house: Household, diary: Diary, table: str, name: str, rows: int
) -> None:
    """Of a key the types decide whether rows can be paired at all."""
    sound = definitions(house.engine, "diary")
    diary.spoil(house.engine, f"alter table diary.{table} alter column {name} type text")
    rebuilt = diary.rebuild(house.engine)
    assert rebuilt.comparison.told == [Difference(table, "", DIFFERENT, (name,))]
    assert (rebuilt.comparison.rows, rebuilt.comparison.differing) == (rows, 0)
    assert (rebuilt.switched, rebuilt.comparison.equal) == (True, False)
    assert definitions(house.engine, "diary") == sound


def test_a_table_that_the_present_code_has_no_more_is_told_before_it_goes(
    house: Household, diary: Diary
) -> None:
    diary.spoil(house.engine, "create table diary.earlier (id int, old int)")
    assert not diary.rebuild(house.engine, Switching.IF_EQUAL).switched
    told = diary.rebuild(house.engine).comparison.told
    assert told == [Difference("earlier", "", LIVE_ONLY, ("id", "old"))]
    assert not inspect(house.engine).has_table("earlier", schema="diary")


def test_rows_that_a_broken_key_let_in_twice_are_not_equal(house: Household, diary: Diary) -> None:
    diary.spoil(house.engine, "alter table diary.noted drop constraint noted_pkey")
    diary.spoil(house.engine, "insert into diary.noted select * from diary.noted")
    comparison = diary.rebuild(house.engine).comparison
    assert (comparison.rows, comparison.differing, comparison.equal) == (7, 3, False)
    assert diary.rebuild(house.engine).comparison.equal


def test_one_decoding_serves_all_that_are_rebuilt_together(house: Household, diary: Diary) -> None:
    other = Diary("other")
    write_workers(house, *range(4, 205))
    for each in (diary, other):
        each.feed(house.engine).catch_up()
    told: list[tuple[int, int]] = []
    seen: list[object] = []
    for each in (diary, other):
        each.besides = lambda _rows, recorded: seen.append(recorded)
    rebuilding = diary.rebuilding(house.engine, other, page=50)
    rebuilt = list(rebuilding.rebuild(["diary", "other"], lambda *so_far: told.append(so_far)))
    assert [(each.name, each.comparison.equal) for each in rebuilt] == [
        ("diary", True),
        ("other", True),
    ]
    assert told == [(50, 204), (100, 204), (150, 204), (200, 204), (204, 204)]
    assert (len(seen), len({id(each) for each in seen})) == (408, 204)


def test_a_live_projection_that_lags_is_not_overtaken(house: Household, diary: Diary) -> None:
    write_workers(house, 4, 5)
    rebuilt = diary.rebuild(house.engine)
    assert (rebuilt.events, rebuilt.comparison.equal) == (3, True)
    diary.feed(house.engine).catch_up()
    assert [row[0] for row in diary.rows(house.engine)[0]] == [1, 2, 3, 4, 5]


def test_a_second_rebuild_of_the_same_projection_is_refused(house: Household, diary: Diary) -> None:
    other = Diary("other")
    rebuilding = diary.rebuilding(house.engine, other)
    running = rebuilding.rebuild(["other", "diary"], silent)
    assert next(running).name == "other"
    with pytest.raises(AlreadyRebuildingError, match="diary 正在另一个进程中重建"):
        diary.rebuild(house.engine)
    assert next(running).comparison.equal
    assert next(running, None) is None
    assert diary.rebuild(house.engine).switched


def test_a_name_that_no_projection_has_is_refused(house: Household, diary: Diary) -> None:
    with pytest.raises(UnknownProjectionError, match="没有名为 nobody 的投影"):
        next(diary.rebuilding(house.engine).rebuild(["diary", "nobody"], silent))
    assert schemas(house.engine, "diary") == ["diary"]


def test_a_handler_that_raises_stops_the_rebuild_and_leaves_the_live_one(
    house: Household, diary: Diary
) -> None:
    live = diary.rows(house.engine)

    def fail(_rows: object, recorded: Recorded) -> None:
        raise BrokenError(recorded.position)

    diary.besides = fail
    with pytest.raises(RebuildStoppedError) as stopped:
        diary.rebuild(house.engine)
    assert stopped.value.facts == {
        "position": 1,
        "event": "worker.registered",
        "error": "BrokenError",
    }
    assert diary.rows(house.engine) == live
    assert schemas(house.engine, "diary") == ["diary"]


def test_an_index_that_was_lost_is_made_again(house: Household, diary: Diary) -> None:
    diary.spoil(house.engine, "drop index diary.noted_by_event")
    assert diary.rebuild(house.engine).comparison.equal
    indexes = inspect(house.engine).get_indexes("noted", schema="diary")
    assert [each["name"] for each in indexes] == ["noted_by_event"]


def test_what_is_read_for_long_keeps_its_rows_and_the_next_rebuild_removes_them(
    house: Household, diary: Diary
) -> None:
    count = text("select count(*) from diary.noted")
    with house.engine.begin() as reader:
        before = reader.execute(count).scalar_one()
        assert diary.rebuild(house.engine).switched
        assert reader.execute(count).scalar_one() == before
        assert schemas(house.engine, "diary") == ["diary", "diary__old"]
        old = reader.execute(text("select position from diary__old.progress"))
        assert old.scalar_one() == SWITCHED_AWAY
    assert diary.rebuild(house.engine).switched
    assert schemas(house.engine, "diary") == ["diary"]


def test_who_found_the_old_tables_by_name_takes_nothing_in_after_the_switch(
    house: Household, diary: Diary
) -> None:
    """As if the switch came between finding the table and locking its row."""
    feed, progress = diary.feed(house.engine), PostgresProgress(house.engine, poll_seconds=0.01)
    write_workers(house, 4)
    diary.spoil(house.engine, "update diary.progress set position = -1")
    before = diary.rows(house.engine)
    feed.run_once()
    assert diary.rows(house.engine) == before
    assert diary.projector(house.engine).position() == SWITCHED_AWAY == -1
    assert failures_of(house.engine).all() == []
    diary.spoil(house.engine, "update diary.progress set position = 3")
    feed.catch_up()
    assert progress.wait_for("diary", 4)
    assert [row[0] for row in diary.rows(house.engine)[0]] == [1, 2, 3, 4]
