"""Messages of customer and office over HTTP: both sides, their rights, and what stays sealed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from application.commands import Command, Decision
from application.vault import KeyClass
from domain.messages import LONGEST_TEXT, MOST_MESSAGES, Content, MessageThread, thread_id
from domain.orders.service_order import ServiceOrder
from tests.interface.correspondence import (
    ANSWER,
    INBOX,
    MASKED,
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
from tests.interface.town import CONTACT, Caller, Json, Town


@pytest.fixture
def customer(town: Town) -> Caller:
    return town.customer()


@pytest.fixture
def dispatcher(town: Town) -> Caller:
    return town.dispatcher()


@pytest.fixture
def order(town: Town, customer: Caller) -> Json:
    return town.booked(customer)


# -- customer and office


@pytest.mark.requirement("R24")
def test_a_reply_reaches_the_customer(
    town: Town, customer: Caller, dispatcher: Caller, order: Json
) -> None:
    written = customer.do(about(order), QUESTION)
    thread = written["thread_id"]
    assert written == {"thread_id": thread, "message_number": 1, "state": "unanswered"}

    replied = dispatcher.do(f"{INBOX}/{thread}/replies", ANSWER)

    assert replied == {"thread_id": thread, "message_number": 2, "state": "answered"}
    page = read(town, customer, f"{MINE}/{thread}")
    assert texts(page) == [ANSWER["text"], QUESTION["text"]]
    assert [each["author_kind"] for each in page["messages"]] == ["staff", "customer"]
    assert page["thread"]["order_number"] == order["order_number"]
    (listed,) = read(town, customer, MINE)["threads"]
    assert listed.items() >= page["thread"].items()
    assert listed["last_message"] == page["messages"][0]
    assert (listed["state_label"], listed["unread_count"]) == ("已回复", 1)


@pytest.mark.requirement("R24", "R16")
def test_the_inbox_tells_who_writes_about_what_with_a_masked_phone(
    town: Town, customer: Caller, dispatcher: Caller, order: Json
) -> None:
    thread = asked(customer, order)
    customer_id = town.house.log.load(ServiceOrder, UUID(order["order_id"])).customer_id

    (row,) = read(town, dispatcher, INBOX, order_id=order["order_id"])["threads"]

    told = {
        "thread_id": thread,
        "order_id": order["order_id"],
        "order_number": order["order_number"],
        "customer_id": str(customer_id),
        "name": CONTACT["name"],
        "phone": MASKED,
        "state": "unanswered",
        "state_label": "待回复",
        "unread_count": 1,
    }
    assert row.items() >= told.items()
    assert row["last_message"]["text"] == QUESTION["text"]
    assert row["last_message"]["by"] == f"customer:{customer_id}"
    shown = read(town, dispatcher, f"{INBOX}/{thread}")["thread"]
    assert shown == {name: value for name, value in row.items() if name != "last_message"}


@pytest.mark.requirement("R24")
def test_the_office_counts_what_is_unanswered_and_what_was_dealt_with(
    town: Town, customer: Caller, dispatcher: Caller, order: Json
) -> None:
    def count(state: str) -> int:
        return int(read(town, dispatcher, INBOX, limit=1)["counts"].get(state, 0))

    def states() -> list[str]:
        page = dispatcher.read(INBOX, order_id=order["order_id"])
        return [each["state"] for each in page["threads"]]

    def listed(state: str) -> bool:
        page = dispatcher.read(INBOX, state=state, order_id=order["order_id"])
        return bool(page["threads"])

    waiting = count("unanswered")
    thread = asked(customer, order)
    assert (count("unanswered"), listed("unanswered")) == (waiting + 1, True)

    done = count("handled")
    handled = dispatcher.do(f"{INBOX}/{thread}/handling")
    assert handled == {"thread_id": thread, "state": "handled"}
    counts = read(town, dispatcher, INBOX, limit=1)["counts"]
    assert (counts.get("unanswered", 0), counts["handled"]) == (waiting, done + 1)
    assert (listed("unanswered"), listed("handled"), listed("all")) == (False, True, True)

    customer.do(about(order), QUESTION)
    assert (count("unanswered"), states()) == (waiting + 1, ["unanswered"])
    dispatcher.do(f"{INBOX}/{thread}/replies", ANSWER)
    assert (count("unanswered"), states(), listed("answered")) == (waiting, ["answered"], True)
    dispatcher.do(f"{INBOX}/{thread}/handling")
    dispatcher.do(f"{INBOX}/{thread}/reopening")
    assert (count("unanswered"), states()) == (waiting + 1, ["unanswered"])
    assert read(town, dispatcher, INBOX)["unanswered_count"] == waiting + 1


@pytest.mark.requirement("R24")
def test_an_answer_that_is_owed_for_too_long_is_counted(
    town: Town, customer: Caller, dispatcher: Caller, order: Json
) -> None:
    thread = asked(customer, order)
    dispatcher.do(f"{INBOX}/{thread}/handling")
    late = read(town, town.dispatcher(), INBOX)["overdue_count"]
    asked(customer, order)
    (row,) = read(town, dispatcher, INBOX, order_id=order["order_id"])["threads"]
    assert row["answer_by"] is not None

    town.clock.advance(timedelta(hours=13))

    office = town.dispatcher()
    assert read(town, office, INBOX)["overdue_count"] > late
    overdue = read(town, office, INBOX)["overdue_count"]
    office.do(f"{INBOX}/{thread}/replies", ANSWER)
    assert read(town, office, INBOX)["overdue_count"] == overdue - 1


def test_an_order_has_one_thread_and_a_customer_one_that_is_about_none(
    town: Town, customer: Caller, dispatcher: Caller, order: Json
) -> None:
    thread = asked(customer, order)
    free = customer.do(MINE, {"text": "可以开发票吗？"})["thread_id"]
    assert thread == asked(customer, order, "门禁坏了") == str(thread_id(UUID(order["order_id"])))
    assert free == customer.do(MINE, {"text": "谢谢"})["thread_id"] != thread

    page = read(town, customer, MINE)
    assert [each["thread_id"] for each in page["threads"]] == [free, thread]
    assert [each["order_id"] for each in page["threads"]] == [None, order["order_id"]]
    assert [each["message_count"] for each in page["threads"]] == [2, 2]
    row = read(town, dispatcher, f"{INBOX}/{free}")["thread"]
    assert (row["name"], row["phone"], row["order_number"]) == (CONTACT["name"], MASKED, "")


def test_a_customer_who_never_booked_may_write(
    town: Town, customer: Caller, dispatcher: Caller
) -> None:
    free = customer.do(MINE, QUESTION)["thread_id"]
    shown = read(town, dispatcher, f"{INBOX}/{free}")
    assert (shown["thread"]["name"], shown["thread"]["phone"]) == ("", "")
    assert texts(shown) == [QUESTION["text"]]


def test_the_office_may_write_first(
    town: Town, customer: Caller, dispatcher: Caller, order: Json
) -> None:
    path = f"{OFFICE_ORDERS}/{order['order_id']}/messages"
    written = dispatcher.do(path, {"text": "明天有雨，是否改期？"})
    assert (written["message_number"], written["state"]) == (1, "answered")
    (listed,) = read(town, customer, MINE)["threads"]
    assert (listed["thread_id"], listed["unread_count"]) == (written["thread_id"], 1)
    assert asked(customer, order, "不改") == written["thread_id"]
    assert_problem(dispatcher.post(f"{OFFICE_ORDERS}/{uuid4()}/messages", ANSWER), 404, "not_found")


# -- what was read


@pytest.mark.requirement("R24")
def test_each_side_counts_what_the_other_wrote_and_it_has_not_read(
    town: Town, customer: Caller, dispatcher: Caller, order: Json
) -> None:
    def marks(caller: Caller, path: str) -> tuple[int, int, int]:
        shown = read(town, caller, f"{path}/{thread}")["thread"]
        return shown["unread_count"], shown["read_up_to"], shown["other_read_up_to"]

    thread = asked(customer, order)
    asked(customer, order, "在吗？")
    dispatcher.do(f"{INBOX}/{thread}/replies", ANSWER)
    assert marks(dispatcher, INBOX) == (2, 0, 0)
    assert marks(customer, MINE) == (1, 0, 0)
    before = events(town, thread)

    told = dispatcher.do(f"{INBOX}/{thread}/read", {"message_number": 1})
    assert told == {"thread_id": thread, "read_up_to": 1}
    customer.do(f"{MINE}/{thread}/read", {"message_number": 3})

    assert marks(dispatcher, INBOX) == (1, 1, 3)
    assert marks(customer, MINE) == (0, 3, 1)
    assert events(town, thread) == before


def test_a_mark_goes_forward_only_and_to_no_message_that_is_not_there(
    customer: Caller, order: Json
) -> None:
    thread = asked(customer, order)
    asked(customer, order)
    path = f"{MINE}/{thread}/read"
    assert customer.do(path, {"message_number": 2})["read_up_to"] == 2
    assert customer.do(path, {"message_number": 1})["read_up_to"] == 2
    for number in (0, -1, 3, 10_000, "2"):
        refused = customer.post(path, {"message_number": number})
        assert_problem(refused, 422, "invalid_input", "message_number")
    assert customer.do(path, {"message_number": 2})["read_up_to"] == 2


# -- repeats, pages, limits


def test_a_repeated_key_is_one_message(town: Town, customer: Caller, order: Json) -> None:
    first, second = (customer.post(about(order), QUESTION, key="the same tap") for _ in range(2))
    assert (first.status_code, first.json()) == (201, second.json())
    assert events(town, first.json()["thread_id"]) == ["started", "message_posted"]
    other = customer.post(about(order), ANSWER, key="the same tap")
    assert_problem(other, 422, "idempotency_key_reused")


def test_two_first_messages_at_once_are_two_messages_of_one_thread(
    town: Town, customer: Caller, order: Json
) -> None:
    with ThreadPoolExecutor(4) as at_once:
        answers = [*at_once.map(lambda _: customer.do(about(order), QUESTION), range(4))]
    (thread,) = {each["thread_id"] for each in answers}
    assert sorted(each["message_number"] for each in answers) == [1, 2, 3, 4]
    assert events(town, thread) == ["started", *["message_posted"] * 4]


def test_pages_of_messages_neither_repeat_nor_miss_while_more_come(
    town: Town, customer: Caller, dispatcher: Caller, order: Json
) -> None:
    for number in range(1, 8):
        thread = asked(customer, order, f"第 {number} 条")
    for caller, path in ((customer, MINE), (dispatcher, INBOX)):
        seen, cursor = list[str](), ""
        while not seen or cursor:
            page = read(town, caller, f"{path}/{thread}", limit=3, cursor=cursor)
            seen += texts(page)
            cursor = page["next_cursor"]
            asked(customer, order, "又一条")
        assert [each for each in seen if each != "又一条"] == [
            f"第 {n} 条" for n in range(7, 0, -1)
        ]


def test_pages_of_threads_neither_repeat_nor_miss_while_more_come(
    town: Town, customer: Caller, dispatcher: Caller
) -> None:
    known = [asked(customer, town.booked(customer)) for _ in range(3)]
    for caller, path, limit in ((customer, MINE, 1), (dispatcher, INBOX, 20)):
        seen, cursor = list[str](), ""
        while not seen or cursor:
            page = read(town, caller, path, limit=limit, cursor=cursor)
            seen += [each["thread_id"] for each in page["threads"]]
            cursor = page["next_cursor"]
            town.customer().do(MINE, QUESTION)
        assert [each for each in seen if each in known] == known[::-1]
        assert len(set(seen)) == len(seen)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": " \n "},
        {"text": "\u200b\u200d"},
        {"text": "长" * (LONGEST_TEXT + 1)},
        {"text": "a\u0000b"},
        {"text": "a\u202eb"},
        {"text": 5},
        {"text": "a", "author_kind": "staff"},
        {"text": "a", "photos": ["../etc/passwd"]},
        {"text": "a", "photos": ["a" * 64]},
    ],
)
def test_what_is_no_message_is_refused(
    town: Town, customer: Caller, dispatcher: Caller, order: Json, body: Json
) -> None:
    thread = asked(customer, order)
    before = town.position()
    for caller, path in (
        (customer, about(order)),
        (customer, MINE),
        (dispatcher, f"{INBOX}/{thread}/replies"),
    ):
        assert caller.post(path, body).status_code == 422, path
    assert town.position() == before


@pytest.mark.parametrize(
    "said", ["<script>alert(1)</script>", "👨‍👩‍👧 谢谢", "一行\n两行", "长" * LONGEST_TEXT, "=1+1"]
)
def test_a_text_comes_back_as_it_was_written(
    town: Town, customer: Caller, dispatcher: Caller, order: Json, said: str
) -> None:
    thread = asked(customer, order, f"  {said}\n")
    for caller, path in ((customer, MINE), (dispatcher, INBOX)):
        assert texts(read(town, caller, f"{path}/{thread}")) == [said]


def test_a_full_thread_goes_on_in_the_next_volume(
    town: Town, customer: Caller, dispatcher: Caller, order: Json
) -> None:
    first = asked(customer, order)
    fill(town, UUID(first), MOST_MESSAGES - 1)

    last, over = (customer.do(about(order), QUESTION) for _ in range(2))
    replied = dispatcher.do(f"{INBOX}/{first}/replies", ANSWER)

    assert (last["thread_id"], last["message_number"]) == (first, MOST_MESSAGES)
    second = str(thread_id(UUID(order["order_id"]), 2))
    assert (over["thread_id"], over["message_number"]) == (second, 1)
    assert (replied["thread_id"], replied["message_number"]) == (second, 2)
    threads = read(town, customer, MINE)["threads"]
    assert [(each["volume"], each["message_count"]) for each in threads] == [(2, 2), (1, 1_000)]


def test_where_a_volume_ends_simultaneous_messages_go_on_without_a_gap(
    town: Town, customer: Caller, dispatcher: Caller, order: Json
) -> None:
    first = asked(customer, order)
    fill(town, UUID(first), MOST_MESSAGES - 2)

    def said(number: int) -> tuple[str, int]:
        replies = f"{INBOX}/{first}/replies"
        told = dispatcher.do(replies, ANSWER) if number % 2 else customer.do(about(order), QUESTION)
        return told["thread_id"], told["message_number"]

    with ThreadPoolExecutor(4) as at_once:
        answers = {*at_once.map(said, range(4))}

    second = str(thread_id(UUID(order["order_id"]), 2))
    assert answers == {(first, 999), (first, 1_000), (second, 1), (second, 2)}


def fill(town: Town, thread_id: UUID, until: int) -> None:
    """The customer has written so much."""
    thread = town.house.log.load(MessageThread, thread_id)
    text = town.house.vault.seal(thread.customer_id, KeyClass.MESSAGE, "嗯")
    while thread.last_number < until:
        thread.write(Content(text=text), by="customer:1", at=town.clock.now())
    command = Command(uuid4(), "system:test", "", town.clock.now())
    town.house.log.run(command, lambda: Decision([thread]))
