"""Raw notices go with their customer, and all after their term."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import ProgrammingError

from infrastructure.clock import SettableClock
from infrastructure.notices import KEPT_FOR, PostgresNotices, notices

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
MINE, THEIRS = "BJ261122-0042-7-C1A1", "BJ261122-0043-5-C1A1"


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOON)


@pytest.fixture
def raw(application_engine: Engine, clock: SettableClock) -> PostgresNotices:
    return PostgresNotices(application_engine, clock)


def kept(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return sorted(connection.execute(sa.select(notices.c.out_trade_no)).scalars())


def test_only_the_notices_of_the_named_attempts_are_forgotten(
    raw: PostgresNotices, application_engine: Engine
) -> None:
    for number in (MINE, MINE, THEIRS, ""):
        raw.keep({}, b"{}", NOON, number)
    assert raw.forget([MINE, "BJ261122-0099-1-C1A1"]) == 2
    assert raw.forget([MINE]) == 0
    assert raw.forget([]) == 0
    assert kept(application_engine) == ["", THEIRS]


def test_every_notice_is_forgotten_after_its_term(
    raw: PostgresNotices, application_engine: Engine, clock: SettableClock
) -> None:
    raw.keep({}, b"{}", NOON, MINE)
    raw.keep({}, b"{}", NOON + timedelta(seconds=1))
    clock.set(NOON + KEPT_FOR - timedelta(seconds=1))
    assert raw.purge() == 0
    clock.set(NOON + KEPT_FOR)
    assert raw.purge() == 1
    assert kept(application_engine) == [""]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE callbacks.notices SET body = ''", "TRUNCATE callbacks.notices"],
)
def test_a_notice_is_never_changed(
    raw: PostgresNotices, application_engine: Engine, statement: str
) -> None:
    raw.keep({}, b"{}", NOON, MINE)
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        application_engine.begin() as connection,
    ):
        connection.execute(sa.text(statement))
