"""Records of disclosures: kept before anything is told, and never changed."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError, IntegrityError, ProgrammingError

from application.commands import CommitUnknownError
from application.disclosures import (
    MOST_A_DAY,
    ORDER_CONTACT,
    WORKER_CONTACT,
    Disclosure,
    DisclosureQuotaError,
    DisclosureRecords,
)
from application.projections.paging import CursorError, PageLimitError
from infrastructure.disclosures import PostgresDisclosures
from infrastructure.embedded_postgres import APPLICATION_ROLE, OWNER_ROLE, EmbeddedPostgres
from interface.demo_secrets import DemoSecrets
from interface.household import Household
from interface.settings import Settings
from tests.conftest import Database
from tests.infrastructure.event_log.test_missing_standby import (
    Replication,
    outcome_when_cancelled,
    replication,
    server,
)
from tests.product import clock, house, secrets, settings_on

__all__ = ["clock", "house", "replication", "secrets", "server"]

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
CHANGES = [
    "update access.disclosures set actor = 'nobody'",
    "delete from access.disclosures",
    "truncate access.disclosures",
]


def look(**changes: object) -> Disclosure:
    """An order's contact, shown to somebody."""
    plain = Disclosure(
        id=uuid4(),
        at=NOON,
        actor="staff:1",
        what=ORDER_CONTACT,
        reason="call_back",
        order_id=UUID(int=1),
        customer_id=UUID(int=2),
    )
    return replace(plain, **changes)  # type: ignore[arg-type] # fields of a test's choosing


@pytest.fixture
def records(application_engine: Engine) -> PostgresDisclosures:
    return PostgresDisclosures(application_engine)


def test_a_record_is_kept_as_it_was_told(records: PostgresDisclosures) -> None:
    port: DisclosureRecords = records
    of_order = look()
    of_worker = look(
        what=WORKER_CONTACT, order_id=None, customer_id=None, worker_id=UUID(int=3), at=NOON
    )

    assert [port.keep(of_order), port.keep(of_worker)] == [of_order, of_worker]

    last, first = port.page(limit=10).rows
    assert (first["id"], last["id"]) == (of_order.id, of_worker.id)
    assert first["position"] < last["position"]
    assert (first["actor"], first["reason"], first["at"]) == ("staff:1", "call_back", NOON)


def test_the_first_record_of_an_id_stays(records: PostgresDisclosures) -> None:
    first = look()
    later = replace(first, at=NOON + timedelta(minutes=1), reason="on_the_way")

    assert records.keep(first) == first
    assert records.keep(later) == first
    assert len(records.page(limit=10).rows) == 1


def test_pages_go_from_the_newest_to_the_oldest(records: PostgresDisclosures) -> None:
    kept = [records.keep(look()).id for _ in range(5)]

    read, cursor = list[UUID](), ""
    for _ in range(3):
        page = records.page(limit=2, after=cursor)
        read += [row["id"] for row in page.rows]
        cursor = page.next_cursor

    assert (read, cursor) == (kept[::-1], "")
    with pytest.raises(CursorError):
        records.page(limit=2, after="x")
    with pytest.raises(PageLimitError):
        records.page(limit=0)


@pytest.mark.parametrize("change", CHANGES)
def test_the_application_is_denied(
    records: PostgresDisclosures, application_engine: Engine, change: str
) -> None:
    records.keep(look())
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        application_engine.begin() as connection,
    ):
        connection.execute(text(change))


@pytest.mark.parametrize("change", CHANGES)
def test_the_owner_is_refused_by_the_trigger(
    records: PostgresDisclosures, owner_engine: Engine, change: str
) -> None:
    kept = records.keep(look())
    with (
        pytest.raises(DatabaseError, match="disclosures are append-only"),
        owner_engine.begin() as connection,
    ):
        connection.execute(text(change))
    assert records.keep(kept) == kept


def test_the_applications_rights_are_exactly_to_add_and_to_read(owner_engine: Engine) -> None:
    query = text(
        "select privilege_type, column_name from information_schema.column_privileges"
        " where table_schema = 'access' and table_name = 'disclosures'"
        " and grantee in (:role, 'PUBLIC')"
        " union select privilege_type, '' from information_schema.role_table_grants"
        " where table_schema = 'access' and table_name = 'disclosures'"
        " and grantee in (:role, 'PUBLIC')"
    )
    with owner_engine.connect() as connection:
        granted = connection.execute(query, {"role": APPLICATION_ROLE}).all()
    assert {right for right, _ in granted} == {"SELECT", "INSERT"}


@pytest.mark.parametrize(
    "broken",
    [
        look(what="diary"),
        look(order_id=None),
        look(customer_id=None),
        look(worker_id=UUID(int=3)),
        look(what=WORKER_CONTACT, order_id=None, customer_id=None),
        look(what=WORKER_CONTACT, worker_id=UUID(int=3)),
        look(actor=""),
        look(reason=""),
        look(reason="13912345678"),
    ],
)
def test_a_record_that_does_not_say_whose_or_why_is_refused(
    records: PostgresDisclosures, broken: Disclosure
) -> None:
    with pytest.raises(IntegrityError):
        records.keep(broken)
    assert records.page(limit=1).rows == []


# -- the standby


@pytest.fixture
def settings(server: EmbeddedPostgres, secrets: DemoSecrets) -> Settings:
    """The product on a server whose standby can be missing."""
    owner, application = (server.url("jiawu", role) for role in (OWNER_ROLE, APPLICATION_ROLE))
    return settings_on(Database("jiawu", owner, application, server.url("jiawu")), secrets)


def test_a_record_that_the_standby_may_not_have_is_not_told_as_kept(
    replication: Replication, house: Household
) -> None:
    records, told = PostgresDisclosures(house.engine), look()
    for _ in ("the record", "its repeat"):
        error = outcome_when_cancelled(replication, house.event_log, lambda: records.keep(told))
        assert isinstance(error, CommitUnknownError)
        replication.demand("")
    assert records.keep(told) == told


# -- a day's quota


def looked(records: PostgresDisclosures, times: int, **changes: object) -> None:
    for _ in range(times):
        records.keep(look(**changes))


def test_a_day_has_two_hundred_looks_of_one_actor(
    records: PostgresDisclosures, caplog: pytest.LogCaptureFixture
) -> None:
    yesterday = datetime(2026, 11, 21, 15, 59, 59, tzinfo=UTC)  # a second before midnight there
    looked(records, 5, at=yesterday)
    last = look(at=NOON)
    looked(records, MOST_A_DAY - 1)
    assert records.keep(last) == last

    with pytest.raises(DisclosureQuotaError, match="今天查看联系方式已满 200 次") as refused:
        records.keep(look())

    assert refused.value.facts["retry_after"] == 12 * 60 * 60 + 1
    assert [record.getMessage() for record in caplog.records] == [
        "the day's quota of contacts is used up: staff:1"
    ]
    assert len(records.page(limit=100).rows) == 100
    assert records.keep(last) == last  # an answer that was lost is no further look
    assert records.keep(look(actor="staff:2")).actor == "staff:2"
    assert records.keep(look(at=yesterday + timedelta(days=1, seconds=1))).actor == "staff:1"


def test_simultaneous_looks_do_not_exceed_the_quota(records: PostgresDisclosures) -> None:
    looked(records, MOST_A_DAY - 3)

    def one_more(_: int) -> bool:
        try:
            records.keep(look())
        except DisclosureQuotaError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(one_more, range(8)))
    assert kept.count(True) == 3
