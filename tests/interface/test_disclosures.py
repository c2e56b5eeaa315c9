"""Contacts in clear over HTTP: lists are masked, one look is one record."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import pytest
import requests
from sqlalchemy import Engine, create_engine, text

from application.commands import Command
from application.disclosures import Disclosure, Disclosures
from application.projections.paging import Page
from application.vault import ERASED, KeyClass
from domain.orders.service_order import ServiceOrder
from infrastructure.embedded_postgres import APPLICATION_ROLE
from tests.conftest import Database
from tests.interface.laundries import laundry_wish, open_laundry
from tests.interface.problems import assert_problem
from tests.interface.town import CONTACT, Caller, Json, Town

OFFICE: Final = "/api/v1/office"
LOOKS: Final = f"{OFFICE}/disclosures"
BODY: Final = {"reason": "call_back"}
PHONE, MASKED = "13612345679", "136****5679"
HOME: Final = {**CONTACT, "phone": PHONE, "coordinates": "116.481488,39.990464"}


@pytest.fixture
def order(town: Town) -> Json:
    return town.booked(town.customer(), contact=HOME)


def door(order: Json) -> str:
    return f"{OFFICE}/orders/{order['order_id']}/contact-disclosure"


def looks(town: Town, **which: str) -> list[Json]:
    """All records, newest first, that say this."""
    administrator, found, cursor = town.administrator(), list[Json](), "start"
    while cursor:
        after = "" if cursor == "start" else cursor
        page = administrator.read(LOOKS, limit=3, cursor=after)
        found += page["disclosures"]
        cursor = page["next_cursor"]
    return [each for each in found if which.items() <= each.items()]


@pytest.mark.requirement("R16")
def test_lists_are_masked_for_everybody(town: Town) -> None:
    customer = town.customer()
    order = town.booked(customer, contact=HOME)
    customer_id = town.house.log.load(ServiceOrder, UUID(order["order_id"])).customer_id
    town.catch_up()
    town.dispatcher().do(door(order), BODY)  # a look changes no list
    for caller in (town.dispatcher(), town.finance()):
        for path in ("orders", f"orders/{order['order_id']}", f"customers/{customer_id}/orders"):
            shown = caller.get(f"{OFFICE}/{path}")
            assert shown.status_code == 200
            assert (PHONE in shown.text, MASKED in shown.text) == (False, True), path
    mine = customer.get("/api/v1/orders")
    assert (mine.status_code, PHONE in mine.text) == (200, False)


@pytest.mark.requirement("R16")
def test_a_dispatcher_sees_one_orders_number_and_is_on_record(town: Town, order: Json) -> None:
    dispatcher = town.dispatcher()
    me = dispatcher.read("/api/v1/staff/me")

    answer = dispatcher.post(door(order), BODY)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json() == {**HOME, "return_contact": None}
    (look,) = looks(town, order_id=order["order_id"])
    aggregate = town.house.log.load(ServiceOrder, UUID(order["order_id"]))
    assert look["actor"] == f"staff:{me['staff_id']}"
    assert datetime.fromisoformat(look["at"]) == town.clock.now()
    assert (look["what"], look["reason"]) == ("order_contact", "call_back")
    assert (look["customer_id"], look["worker_id"]) == (str(aggregate.customer_id), None)


def test_every_look_is_a_record_and_a_repeat_is_the_same_look(town: Town, order: Json) -> None:
    dispatcher, key = town.dispatcher(), str(uuid4())

    first, again = (dispatcher.post(door(order), BODY, key=key) for _ in range(2))
    assert first.json() == again.json()
    assert len(looks(town, order_id=order["order_id"])) == 1

    dispatcher.do(door(order), BODY)
    assert len(looks(town, order_id=order["order_id"])) == 2


def test_a_key_does_not_serve_for_another_reason_nor_for_ever(town: Town, order: Json) -> None:
    dispatcher, key = town.dispatcher(), str(uuid4())
    assert dispatcher.post(door(order), BODY, key=key).status_code == 200

    other = dispatcher.post(door(order), {"reason": "on_the_way"}, key=key)
    assert_problem(other, 422, "idempotency_key_reused")
    town.clock.advance(timedelta(minutes=10))
    assert dispatcher.post(door(order), BODY, key=key).status_code == 200
    town.clock.advance(timedelta(seconds=1))
    assert_problem(dispatcher.post(door(order), BODY, key=key), 409, "disclosure_over")
    assert len(looks(town, order_id=order["order_id"])) == 1


def test_no_event_and_no_stored_command_holds_the_answer(town: Town, order: Json) -> None:
    before = town.position()
    town.dispatcher().do(door(order), BODY)

    query = text("select count(*) from log.commands where answer like :phone")
    with town.house.engine.connect() as connection:
        assert connection.execute(query, {"phone": f"%{PHONE}%"}).scalar_one() == 0
    assert town.position() == before


@pytest.mark.requirement("R16")
@pytest.mark.parametrize(
    ("person", "status", "code"),
    [
        (Town.finance, 403, "forbidden"),
        (Town.administrator, 403, "forbidden"),
        (Town.customer, 401, "unauthenticated"),
        (Town.anybody, 401, "unauthenticated"),
    ],
)
def test_who_may_not_sees_nothing_and_leaves_no_record(
    town: Town, order: Json, person: Json, status: int, code: str
) -> None:
    caller: Caller = person(town)

    answer = caller.post(door(order), BODY)

    assert_problem(answer, status, code)
    assert PHONE not in answer.text
    assert looks(town, order_id=order["order_id"]) == []


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": PHONE}, {"reason": "客户来电"}])
def test_a_look_without_a_reason_is_refused(town: Town, order: Json, body: Json) -> None:
    answer = town.dispatcher().post(door(order), body)

    assert_problem(answer, 422, "invalid_input", "reason")
    assert looks(town, order_id=order["order_id"]) == []


def test_what_there_is_not_is_not_found_and_leaves_no_record(town: Town) -> None:
    dispatcher, before = town.dispatcher(), len(looks(town))
    worker = town.worker(dispatcher)
    for path in (f"orders/{uuid4()}", f"orders/{worker}", f"workers/{uuid4()}"):
        answer = dispatcher.post(f"{OFFICE}/{path}/contact-disclosure", BODY)
        assert_problem(answer, 404, "not_found")
    assert len(looks(town)) == before


def test_where_garments_return_elsewhere_both_contacts_are_shown(town: Town) -> None:
    dispatcher = town.dispatcher()
    open_laundry(town, dispatcher)
    back = {**CONTACT, "name": "陈先生", "phone": "01012345678", "address": "建国路 88 号 1201"}
    wish = laundry_wish(town, dry_cleaning={"return_contact": back})
    order = town.customer().do("/api/v1/orders", wish)

    shown = dispatcher.do(door(order), BODY)

    assert shown == {
        **CONTACT,
        "coordinates": "",
        "return_contact": {**back, "coordinates": ""},
    }
    assert len(looks(town, order_id=order["order_id"])) == 1


def test_a_workers_number_is_shown_and_recorded_likewise(town: Town) -> None:
    dispatcher = town.dispatcher()
    worker = town.worker(dispatcher)
    path = f"{OFFICE}/workers/{worker}/contact-disclosure"

    assert dispatcher.do(path, BODY) == {"name": "赵师傅", "phone": "13700000000"}

    (look,) = looks(town, worker_id=worker)
    assert (look["what"], look["order_id"], look["customer_id"]) == ("worker_contact", None, None)
    assert_problem(town.administrator().post(path, BODY), 403, "forbidden")
    assert len(looks(town, worker_id=worker)) == 1


def test_an_erased_contact_says_so(town: Town, order: Json) -> None:
    owner = town.house.log.load(ServiceOrder, UUID(order["order_id"])).customer_id
    town.house.vault.destroy(owner, [KeyClass.CONTACT])

    shown = town.dispatcher().do(door(order), BODY)

    assert {shown[name] for name in ("name", "phone", "address", "coordinates")} == {ERASED}
    assert len(looks(town, order_id=order["order_id"])) == 1


def test_only_the_administrator_reads_who_saw_what(town: Town, order: Json) -> None:
    town.dispatcher().do(door(order), BODY)

    for person, status in (
        *((town.dispatcher(), 403), (town.finance(), 403)),
        *((town.customer(), 401), (town.anybody(), 401)),
    ):
        assert person.get(LOOKS).status_code == status
    shown = town.administrator().get(LOOKS)
    assert shown.json()["disclosures"][0]["order_id"] == order["order_id"]
    assert PHONE not in shown.text


# -- when the record cannot be written


@pytest.fixture
def owner(module_database: Database) -> Iterator[Engine]:
    engine = create_engine(module_database.owner_url)
    yield engine
    engine.dispose()


def refused_while_rows_are(owner: Engine, caller: Caller, path: str) -> requests.Response:
    """The answer while the database lets nobody add a record."""
    role = APPLICATION_ROLE
    with owner.begin() as connection:
        connection.execute(text(f'revoke insert on access.disclosures from "{role}"'))
    try:
        return caller.post(path, BODY)
    finally:
        with owner.begin() as connection:
            connection.execute(text(f'grant insert on access.disclosures to "{role}"'))


@pytest.mark.requirement("R16")
def test_nothing_is_shown_while_the_database_takes_no_record(
    town: Town, owner: Engine, order: Json
) -> None:
    dispatcher = town.dispatcher()

    answer = refused_while_rows_are(owner, dispatcher, door(order))

    assert_problem(answer, 500, "defect")
    assert PHONE not in answer.text
    assert looks(town, order_id=order["order_id"]) == []
    assert dispatcher.do(door(order), BODY)["phone"] == PHONE


class NotKeptError(Exception):
    """The record was not written."""


class LosingRecords:
    """Records that take nothing."""

    def keep(self, disclosure: Disclosure) -> Disclosure:
        raise NotKeptError(disclosure.what)

    def page(self, *, limit: int, after: str = "") -> Page:
        return Page([{"limit": limit}], after)


@dataclass
class Minutes:
    """A vault and records in one, which note what is done in which order."""

    done: list[str] = field(default_factory=list)

    def keep(self, disclosure: Disclosure) -> Disclosure:
        self.done.append("recorded")
        return disclosure

    def page(self, *, limit: int, after: str = "") -> Page:
        return Page([{"limit": limit}], after)

    def open_many(self, sealed: Iterable[str]) -> dict[str, str]:
        self.done.append("opened")
        return dict.fromkeys(sealed, "clear")


def command(town: Town) -> Command:
    return Command(uuid4(), "staff:1", "", town.clock.now())


def test_nothing_is_opened_where_the_record_fails(town: Town, order: Json) -> None:
    minutes = Minutes()
    disclosures = Disclosures(town.house.log, minutes, LosingRecords())  # type: ignore[arg-type] # opens only
    worker = UUID(town.worker(town.dispatcher()))

    with pytest.raises(NotKeptError):
        disclosures.reveal_order(UUID(order["order_id"]), "call_back", command(town))
    with pytest.raises(NotKeptError):
        disclosures.reveal_worker(worker, "call_back", command(town))

    assert minutes.done == []


def test_the_record_comes_before_the_clear_text(town: Town, order: Json) -> None:
    minutes = Minutes()
    disclosures = Disclosures(town.house.log, minutes, minutes)  # type: ignore[arg-type] # opens only

    shown = disclosures.reveal_order(UUID(order["order_id"]), "call_back", command(town))

    assert shown.contact.phone == "clear"
    assert minutes.done == ["recorded", "opened"]
