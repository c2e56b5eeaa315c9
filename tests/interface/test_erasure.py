"""A canary lives a whole paid life, is erased, and is found nowhere; nothing else changes."""

import base64
import logging
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from application.vault import ERASED, KeyClass
from infrastructure.embedded_postgres.programs import installed_programs
from tests.conftest import Database
from tests.interface.access_table import LET_IN
from tests.interface.canaries import (
    Canary,
    Life,
    contents,
    forms,
    history,
    lived,
    rows,
    sealed_for,
    sung,
    tables,
)
from tests.interface.test_access_matrix import FILLED, PEOPLE
from tests.interface.test_no_personal_data_leaks import Listening
from tests.interface.town import Caller, Json, Town, town_of

CANARY = Canary("雏菊鸣", "13655550777", "oCanaryWhoIsErased0000000001")
OTHER = Canary("杜鹃啼", "13655550888", "oCanaryWhoStaysHere000000001")
WEEK = timedelta(days=7)
# Read models that name who was erased, or what they can be found by.
FORGOTTEN = {'"customer_identities"."identities"', '"office_search"."documents"'}
LEDGER = "/api/v1/office/ledger"


@dataclass(frozen=True)
class Erased:
    """The town after the erasure, and what it was like a moment before."""

    town: Town
    engine: Engine  # the superuser's: it sees every table
    canary: Life
    other: Life
    read_before: str
    others_before: Json
    sealed: list[str]
    position: int
    history: tuple[int, str]
    tables: dict[str, list[str]]
    balance: bytes
    receipt_number: str
    heard: list[str]


@pytest.fixture(scope="module")
def heard() -> Iterator[list[str]]:
    """Every line that the product logs."""
    listening, root, client = Listening(), logging.getLogger(), logging.getLogger("urllib3")
    before, clients = root.level, client.level
    root.addHandler(listening)
    root.setLevel(logging.DEBUG)
    client.setLevel(logging.WARNING)
    yield listening.lines
    root.removeHandler(listening)
    root.setLevel(before)
    client.setLevel(clients)


@pytest.fixture(scope="module")
def erased(module_database: Database, heard: list[str]) -> Iterator[Erased]:
    engine = create_engine(module_database.superuser_url)
    with town_of(module_database) as town:
        yield after_erasure(town, engine, heard)
    engine.dispose()


def after_erasure(town: Town, engine: Engine, heard: list[str]) -> Erased:
    canary, other = lived(town, CANARY), lived(town, OTHER)
    customer = town.customer(CANARY.openid)
    told = customer.do("/api/v1/me/closing")
    town.settle()
    town.clock.advance(WEEK - timedelta(minutes=1))
    town.settle()
    position = town.position()
    before = Erased(
        town=town,
        engine=engine,
        canary=canary,
        other=other,
        read_before=str(everything_of(town, canary)),
        others_before=everything_of(town, other),
        sealed=sealed_for(engine, canary.customer_id),
        position=position,
        history=history(engine, position),
        tables=contents(engine, read_models(town)),
        balance=town.finance().get(f"{LEDGER}/trial-balance").content,
        receipt_number=told["receipt_number"],
        heard=heard,
    )
    town.clock.advance(timedelta(minutes=1))
    town.settle()
    return before


def read_models(town: Town) -> list[str]:
    """The tables of projections."""
    names = {f'"{name}".' for name in town.house.rebuilding.names}
    found = tables(town.house.engine)
    return [each for each in found if any(each.startswith(name) for name in names)]


def everything_of(town: Town, life: Life) -> Json:
    """What a customer sees of their own."""
    customer = town.customer(life.canary.openid)
    pages = ["/api/v1/me", "/api/v1/orders", "/api/v1/addresses", "/api/v1/messages"]
    pages += [f"/api/v1/orders/{order}" for order in life.orders]
    pages += [f"/api/v1/messages/{life.paths['thread_id']}"]
    return [customer.read(page) for page in pages]


def asked(who: Caller, route: str, life: Life, order: str) -> bytes:
    """The answer to a GET about the canary's own things."""
    filled = {**FILLED, **life.paths, "customer_id": life.customer_id, "order_id": order}
    answer = who.get(route.format(**filled), limit=100)
    assert answer.status_code < 500, (route, answer.text)
    return answer.content + str(answer.headers).encode()


def test_a_word_is_found_in_every_form_it_could_lie_in() -> None:
    for ahead in ("", "x", "xy", "xyz"):
        said = f"{ahead}{CANARY.name}，请回电".encode()
        assert sung(CANARY, base64.b64encode(said)) == [CANARY.mark]
        assert sung(CANARY, base64.urlsafe_b64encode(said)) == [CANARY.mark]
        assert sung(CANARY, said.hex().encode()) == [CANARY.mark]
    assert all(len(form) >= 8 for form in forms(CANARY.mark))
    assert sung(CANARY, OTHER.name.encode() + OTHER.phone.encode()) == []


def test_before_the_erasure_the_canary_could_be_read(erased: Erased) -> None:
    for word in (CANARY.name, CANARY.phone[-4:], CANARY.says("留言")):
        assert word in erased.read_before
    assert len(erased.sealed) > 20
    facts = erased.town.facts_of(UUID(erased.canary.customer_id))
    assert facts[-1] == "customer.erased"


def test_no_table_of_any_schema_holds_the_canary(erased: Erased) -> None:
    for table in tables(erased.engine):
        for row in rows(erased.engine, table):
            assert sung(CANARY, row.encode()) == [], table


def test_no_dump_holds_the_canary(erased: Erased, module_database: Database) -> None:
    url = make_url(module_database.superuser_url).set(drivername="postgresql")
    dump = subprocess.run(
        [str(installed_programs() / "pg_dump"), url.render_as_string(hide_password=False)],
        capture_output=True,
        check=True,
    ).stdout
    assert erased.canary.customer_id.encode() in dump
    assert sung(CANARY, dump) == []


def test_no_line_that_was_logged_holds_the_canary(erased: Erased) -> None:
    assert any("erased" in line or "closing" in line for line in erased.heard)
    assert [line for line in erased.heard if sung(CANARY, line.encode())] == []


@pytest.mark.parametrize("person", PEOPLE)
def test_no_page_shows_the_canary_to_anybody(erased: Erased, person: str) -> None:
    who = PEOPLE[person](erased.town)
    routes = [route.removeprefix("GET ") for route in LET_IN if route.startswith("GET ")]
    for order in erased.canary.orders:
        for route in routes:
            if order == erased.canary.orders[0] or "{order_id}" in route:
                assert sung(CANARY, asked(who, route, erased.canary, order)) == [], route


def test_the_office_finds_the_canary_by_nothing(erased: Erased) -> None:
    office = erased.town.dispatcher()
    found = office.read("/api/v1/office/customers", phone=CANARY.phone)
    assert found["customers"] == []
    listed = office.read(f"/api/v1/office/customers/{erased.canary.customer_id}/orders", limit=100)[
        "orders"
    ]
    assert {each["order_id"] for each in listed} == set(erased.canary.orders)
    assert {each["name"] for each in listed} == {ERASED}


def test_nothing_that_was_sealed_for_the_canary_opens(erased: Erased) -> None:
    vault = erased.town.house.vault
    assert set(vault.open_many(erased.sealed).values()) == {ERASED}
    query = text("select class as key_class, wrapped from vault.keys where owner = :owner")
    with erased.engine.connect() as connection:
        owner = {"owner": UUID(erased.canary.customer_id)}
        keys = {each.key_class: each.wrapped for each in connection.execute(query, owner)}
    assert keys == dict.fromkeys(set(KeyClass) - {KeyClass.WORKER})


def test_the_raw_notices_about_the_canary_are_gone(erased: Erased) -> None:
    query = text("select distinct out_trade_no from callbacks.notices")
    with erased.engine.connect() as connection:
        kept = set(connection.execute(query).scalars())
    assert not kept & set(erased.canary.numbers)
    assert kept >= set(erased.other.numbers)


def test_the_log_the_books_and_the_read_models_stand_as_they_were(erased: Erased) -> None:
    town, engine = erased.town, erased.engine
    assert history(engine, erased.position) == erased.history
    assert erased.history[0] == erased.position
    balance = town.finance().get(f"{LEDGER}/trial-balance").content
    assert balance == erased.balance
    for table, before in erased.tables.items():
        gone, new = changes(before, rows(engine, table))
        if table.endswith('."progress"'):
            continue
        assert new == [], table
        about = [erased.canary.customer_id, *erased.canary.orders]
        assert all(any(each in row for each in about) for row in gone), table
        assert (gone != []) == (table in FORGOTTEN), table


def changes(before: list[str], after: list[str]) -> tuple[list[str], list[str]]:
    """Rows that are gone, and rows that are new."""
    had, has = Counter(before), Counter(after)
    return list((had - has).elements()), list((has - had).elements())


def test_a_rebuild_of_every_read_model_equals_it_to_the_byte(erased: Erased) -> None:
    rebuilding = erased.town.house.rebuilding
    compared = 0
    for rebuilt in rebuilding.rebuild(rebuilding.names, lambda _, __: None):
        assert rebuilt.comparison.equal, rebuilt
        compared += rebuilt.comparison.rows
    assert compared > 100


def test_another_customers_data_is_untouched(erased: Erased) -> None:
    assert everything_of(erased.town, erased.other) == erased.others_before
    assert OTHER.name in str(erased.others_before)


def test_the_receipt_names_nobody(erased: Erased) -> None:
    anybody = erased.town.anybody()
    answer = anybody.get(f"/api/v1/erasure-receipts/{erased.receipt_number}")
    assert answer.status_code == 200
    assert sung(CANARY, answer.content) == []
