"""Messages over HTTP: who may see and write what, and what becomes of it in the end."""

from uuid import UUID, uuid4

import pytest
import requests
from sqlalchemy import inspect, text

from application.commands import Command, Decision
from application.vault import ERASED, KeyClass
from domain.customer_closing import CLOSING_PERIOD
from domain.customers import Customer
from domain.messages import MessageThread
from tests.interface.correspondence import (
    ANSWER,
    INBOX,
    MINE,
    OFFICE_ORDERS,
    QUESTION,
    about,
    asked,
    events,
    read,
    texts,
)
from tests.interface.problems import assert_problem
from tests.interface.snapshots import snapshot
from tests.interface.town import Caller, Json, Town


@pytest.fixture
def customer(town: Town) -> Caller:
    return town.customer()


@pytest.fixture
def dispatcher(town: Town) -> Caller:
    return town.dispatcher()


@pytest.fixture
def administrator(town: Town) -> Caller:
    return town.administrator()


@pytest.fixture
def order(town: Town, customer: Caller) -> Json:
    return town.booked(customer)


# -- rights


@pytest.mark.requirement("R24")
def test_anothers_thread_and_order_are_not_found(town: Town, customer: Caller, order: Json) -> None:
    thread, stranger = asked(customer, order), town.customer()
    town.catch_up()
    before = town.position()
    for answer in (
        stranger.get(f"{MINE}/{thread}"),
        stranger.post(f"{MINE}/{thread}/read", {"message_number": 1}),
        stranger.post(about(order), QUESTION),
        stranger.post(about(town.booked(customer)), QUESTION),
        stranger.get(f"{MINE}/{uuid4()}"),
        stranger.post(f"/api/v1/orders/{uuid4()}/messages", QUESTION),
    ):
        assert_problem(answer, 404, "not_found")
    assert stranger.read(MINE)["threads"] == []
    assert events(town, thread) == ["started", "message_posted"]
    assert before <= town.position()


def test_a_thread_is_not_addressed_by_another_things_id(
    customer: Caller, dispatcher: Caller, order: Json
) -> None:
    asked(customer, order)
    for path in (f"{INBOX}/{order['order_id']}", f"{INBOX}/{uuid4()}"):
        assert_problem(dispatcher.get(path), 404, "not_found")
        for what, body in (("replies", ANSWER), ("handling", {}), ("read", {"message_number": 1})):
            assert_problem(dispatcher.post(f"{path}/{what}", body), 404, "not_found")


def test_finance_reads_no_messages_and_the_administrator_writes_none(
    town: Town, customer: Caller, order: Json
) -> None:
    thread = asked(customer, order)
    town.catch_up()
    finance, administrator = town.finance(), town.administrator()
    for answer in (
        finance.get(INBOX),
        finance.get(f"{INBOX}/{thread}"),
        administrator.post(f"{INBOX}/{thread}/replies", ANSWER),
        town.dispatcher().post(f"{INBOX}/{thread}/messages/1/removal", {"reason_code": "uncivil"}),
    ):
        assert_problem(answer, 403, "forbidden")
    assert administrator.get(f"{INBOX}/{thread}").status_code == 200


# -- accounts that are being closed


def close_account(town: Town, thread: str, *, erase: bool = False) -> None:
    """The customer asked for it; after a week of thought nothing is left of them."""
    owner = town.house.log.load(MessageThread, UUID(thread)).customer_id
    customer, at = town.house.log.load(Customer, owner), town.clock.now()
    customer.request_closing("customer", by=f"customer:{owner}", at=at)
    if erase:
        customer.erase([*KeyClass], by="system:test", at=at + CLOSING_PERIOD)
    command = Command(uuid4(), "system:test", "", at)
    town.house.log.run(command, lambda: Decision([customer]))


def test_who_is_leaving_may_still_be_answered(
    town: Town, customer: Caller, dispatcher: Caller, order: Json
) -> None:
    thread = asked(customer, order)
    close_account(town, thread)
    dispatcher.do(f"{INBOX}/{thread}/replies", ANSWER)
    asked(customer, order, "谢谢")
    assert texts(read(town, customer, f"{MINE}/{thread}"))[:2] == ["谢谢", ANSWER["text"]]


def test_nobody_writes_to_who_is_gone(
    town: Town, customer: Caller, dispatcher: Caller, order: Json
) -> None:
    thread = asked(customer, order)
    close_account(town, thread, erase=True)
    before = town.position()
    for path in (f"{INBOX}/{thread}/replies", f"{OFFICE_ORDERS}/{order['order_id']}/messages"):
        assert_problem(dispatcher.post(path, ANSWER), 409, "account_erased")
    assert town.position() == before
    assert dispatcher.do(f"{INBOX}/{thread}/handling")["state"] == "handled"


# -- moderation


@pytest.mark.requirement("R24")
def test_a_removed_message_is_out_of_sight_with_its_reason_and_can_be_restored(
    town: Town, customer: Caller, dispatcher: Caller, administrator: Caller, order: Json
) -> None:
    thread = asked(customer, order, "一句脏话")
    place = f"{INBOX}/{thread}/messages/1"

    removed = administrator.do(f"{place}/removal", {"reason_code": "uncivil"})

    assert removed == {"thread_id": thread, "state": "unanswered"}
    for caller, path in ((customer, MINE), (dispatcher, INBOX)):
        (message,) = read(town, caller, f"{path}/{thread}")["messages"]
        told = {"text": "", "removed": True, "removal_label": "不健康、不文明"}
        assert message.items() >= told.items()
        assert "脏话" not in read_text(town, caller, path)
    (seen,) = read(town, administrator, f"{INBOX}/{thread}")["messages"]
    assert (seen["text"], seen["removed"], seen["removal_reason"]) == ("一句脏话", True, "uncivil")
    assert seen["removed_by"].startswith("staff:")
    assert events(town, thread)[-1] == "message_removed"

    administrator.do(f"{place}/restoration")

    (back,) = read(town, customer, f"{MINE}/{thread}")["messages"]
    assert (back["text"], back["removed"], back["removal_label"]) == ("一句脏话", False, "")


def test_a_picture_goes_out_of_sight_with_its_message(
    town: Town, customer: Caller, dispatcher: Caller, administrator: Caller
) -> None:
    photo = town.photo(customer)
    thread = customer.do(MINE, {"photos": [photo]})["thread_id"]
    picture = f"{INBOX}/{thread}/photos/{photo}"
    (shown,) = read(town, dispatcher, f"{INBOX}/{thread}")["messages"]
    assert (shown["text"], shown["photos"]) == ("", [photo])
    seen = dispatcher.get(picture)
    assert (seen.status_code, seen.headers["Content-Type"]) == (200, "image/jpeg")

    administrator.do(f"{INBOX}/{thread}/messages/1/removal", {"reason_code": "obscene"})

    (hidden,) = read(town, dispatcher, f"{INBOX}/{thread}")["messages"]
    assert (hidden["removed"], hidden["photos"]) == (True, [])
    assert_problem(dispatcher.get(picture), 404, "not_found")
    assert administrator.get(picture).status_code == 200
    administrator.do(f"{INBOX}/{thread}/messages/1/restoration")
    town.catch_up()
    assert dispatcher.get(picture).status_code == 200


@pytest.mark.requirement("R24")
def test_a_thread_shows_the_pictures_that_its_messages_name_and_no_others(
    town: Town, customer: Caller, dispatcher: Caller, order: Json
) -> None:
    colours = ("red", "green", "blue")
    named, elsewhere, unsent = (town.photo(customer, None, snapshot(each)) for each in colours)
    thread = customer.do(about(order), {"photos": [named]})["thread_id"]
    free = customer.do(MINE, {"photos": [elsewhere]})["thread_id"]
    town.catch_up()

    def seen(caller: Caller, thread: str, photo: str) -> int:
        return caller.get(f"{INBOX}/{thread}/photos/{photo}").status_code

    assert (seen(dispatcher, thread, named), seen(dispatcher, free, elsewhere)) == (200, 200)
    for place, photo in ((thread, elsewhere), (free, named), (thread, unsent), (uuid4(), named)):
        assert seen(dispatcher, str(place), photo) == 404
    assert seen(town.finance(), thread, named) == 403
    assert seen(town.administrator(), thread, unsent) == 404


def read_text(town: Town, caller: Caller, path: str) -> str:
    town.catch_up()
    return caller.get(path).text


def test_a_removed_message_is_not_unread(
    town: Town, customer: Caller, dispatcher: Caller, administrator: Caller, order: Json
) -> None:
    thread = asked(customer, order)
    administrator.do(f"{INBOX}/{thread}/messages/1/removal", {"reason_code": "advertising"})
    assert read(town, dispatcher, f"{INBOX}/{thread}")["thread"]["unread_count"] == 0


def test_a_message_that_is_not_there_is_not_moderated(
    town: Town, customer: Caller, administrator: Caller, order: Json
) -> None:
    place = f"{INBOX}/{asked(customer, order)}/messages"
    before = town.position()
    for answer in (
        administrator.post(f"{place}/2/removal", {"reason_code": "uncivil"}),
        administrator.post(f"{place}/2/restoration"),
    ):
        assert_problem(answer, 404, "message_not_found")
    for body in ({}, {"reason_code": "because"}):
        refused = administrator.post(f"{place}/1/removal", body)
        assert_problem(refused, 422, "invalid_input", "reason_code")
    for number in (0, -1, "x"):
        refused = administrator.post(f"{place}/{number}/removal", {"reason_code": "uncivil"})
        assert_problem(refused, 422, "invalid_input", "number")
    assert town.position() == before


# -- personal data

CANARY = "金丝雀在唱 13655550199"


@pytest.fixture(scope="module")
def canary(town: Town) -> requests.Response:
    customer, office, administrator = town.customer(), town.dispatcher(), town.administrator()
    thread = customer.do(MINE, {"text": CANARY})["thread_id"]
    office.do(f"{INBOX}/{thread}/replies", {"text": CANARY})
    office.do(f"{INBOX}/{thread}/read", {"message_number": 1})
    administrator.do(f"{INBOX}/{thread}/messages/1/removal", {"reason_code": "privacy"})
    town.catch_up()
    return office.get(f"{INBOX}/{thread}")


def test_no_table_holds_a_message_in_clear(town: Town, canary: requests.Response) -> None:
    assert CANARY in canary.text
    engine = town.house.engine
    tables = [
        f'"{schema}"."{table}"'
        for schema in inspect(engine).get_schema_names()
        if "pg_" not in schema and schema not in {"information_schema", "public"}
        for table in inspect(engine).get_table_names(schema=schema)
    ]
    assert '"message_threads"."messages"' in tables
    with engine.connect() as connection:
        for table in tables:
            rows = connection.execute(text(f"select t::text from {table} t")).scalars()  # noqa: S608 - our own names
            assert not [row for row in rows if "金丝雀" in row or "13655550199" in row], table


def test_messages_are_gone_with_their_key(
    town: Town, customer: Caller, dispatcher: Caller, order: Json
) -> None:
    thread = asked(customer, order)
    dispatcher.do(f"{INBOX}/{thread}/replies", ANSWER)
    owner = town.house.log.load(MessageThread, UUID(thread)).customer_id
    town.house.vault.destroy(owner, [KeyClass.MESSAGE])
    assert texts(read(town, dispatcher, f"{INBOX}/{thread}")) == [ERASED, ERASED]
