"""What can be searched for, for any entry: found by its parts, and by nothing else."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.projections.search_terms import (
    Entry,
    Query,
    folded,
    said_whole,
    tokens,
    ways_to_find,
)
from domain.orders.order_number import order_number

KEY = b"k" * 32
WRITTEN = "陈王欧阳女士朝阳区望京街号院单元楼𠮷ABCxyzé ０１２0123456789-—,，（)'%_&|!:*\\\u200b"

names = st.text(WRITTEN, min_size=1, max_size=12)
addresses = st.text(WRITTEN, min_size=2, max_size=40) | st.text(min_size=2, max_size=40)
phones = st.from_regex(r"1[3-9][0-9]{9}|0[0-9]{2,3}-[0-9]{7,8}", fullmatch=True)
numbers = st.builds(
    order_number,
    st.sampled_from(["BJ", "GX", "ZD", "JD", "YB"]),
    st.dates(date(2025, 1, 1), date(2030, 12, 31)),
    st.integers(1, 99_999),
)
entries = st.builds(Entry, order_number=numbers, name=names, phone=phones, address=addresses)


def is_candidate(query: Query, entry: Entry) -> bool:
    """Whether the tokens of the entry hold all of one way of each word, as the index asks."""
    held = set(tokens(KEY, entry.pieces()))
    return any(
        all(any(held.issuperset(tokens(KEY, way)) for way in ways_to_find(word)) for word in words)
        for words in query.readings
    )


def is_found(text: str, entry: Entry) -> bool:
    query = Query.parse(text)
    return is_candidate(query, entry) and query.met_by(entry)


@given(entries, st.data())
def test_an_order_is_found_by_every_part_of_its_name_and_address(
    entry: Entry, data: st.DataObject
) -> None:
    texts = [text for text in entry.texts if len(text) >= 2]
    if not texts:
        assert not is_found(entry.address, Entry(order_number=entry.order_number))
        return
    text = data.draw(st.sampled_from(texts))
    begin = data.draw(st.integers(0, len(text) - 2))
    end = data.draw(st.integers(begin + 2, len(text)))
    assert is_found(text[begin:end], entry)


@given(entries)
def test_an_order_is_found_by_its_phone_and_its_numbers_as_people_say_them(entry: Entry) -> None:
    head, sequence, check = entry.order_number.split("-")
    said = [entry.order_number, entry.order_number.lower(), f"{sequence}-{check}", sequence]
    spelt = [f"{head[2:]}{sequence}{check}", f"{head} {sequence} {check}"]
    dialled = [entry.phone, entry.phone.replace("-", ""), entry.phone[-4:]]
    in_groups = f"{entry.phone[:3]} {entry.phone[3:7]} {entry.phone[7:]}"
    assert [
        text for text in (*said, *spelt, *dialled, in_groups) if not is_found(text, entry)
    ] == []


@given(entries)
def test_an_order_is_found_by_each_character_of_its_name(entry: Entry) -> None:
    assert [character for character in folded(entry.name) if not is_found(character, entry)] == []


@given(entries, st.text(WRITTEN, max_size=6) | st.text(max_size=8))
def test_what_is_met_is_a_candidate_and_holds_every_word(entry: Entry, text: str) -> None:
    query = Query.parse(text)
    if query.met_by(entry):
        assert is_candidate(query, entry)
        held = "\n".join((*entry.texts, *entry.numbers))
        assert any(all(word in held for word in words) for words in query.readings)
    else:
        assert not is_found(text, entry)


@given(entries, st.data())
def test_several_words_are_all_of_them(entry: Entry, data: st.DataObject) -> None:
    words = [text for text in (*entry.texts, *entry.numbers) if len(text) >= 2]
    asked = data.draw(st.lists(st.sampled_from(words), min_size=2, max_size=4))
    assert is_found(" ".join(asked), entry)
    assert not is_found(" ".join([*asked, "魑魅"]), entry)


@given(phones, numbers)
def test_no_part_of_a_phone_but_its_end_finds_anything(phone: str, number: str) -> None:
    entry = Entry(order_number=number, name="陈女士", phone=phone, address="望京街")
    digits = phone.replace("-", "")
    parts = {digits[:length] for length in range(2, len(digits))} | {digits[-5:], digits[-8:]}
    assert [part for part in parts - entry.numbers if is_found(part, entry)] == []


@pytest.mark.parametrize("text", ["%", "_", "'", "' & |", "!:*", "\\", " ", "\u200b", "，。"])
def test_signs_alone_find_nothing(text: str) -> None:
    entry = Entry(order_number="BJ261122-0042-1", name="100%_'陈", address="望京街")
    assert Query.parse(text) == Query(())
    assert not is_found(text, entry)


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("陈", (("陈",),)),
        ("  Ｏ'Ｎeil ", (("oneil",),)),
        ("望京 301", (("望京301",), ("望京", "301"))),
        ("0042-1", (("00421",),)),
        ("+86 139 0000 1234", (("13900001234",), ("86", "139", "0000", "1234"))),
        ("008613900001234", (("13900001234",),)),
        ("861234", (("861234",),)),
        ("陈 % 陈", (("陈陈",), ("陈",))),
    ],
)
def test_a_query_is_read_as_one_piece_and_as_words(
    text: str, readings: tuple[tuple[str, ...], ...]
) -> None:
    assert Query.parse(text).readings == readings


def test_tokens_are_keyed_and_say_nothing_of_their_order() -> None:
    pieces = Entry(order_number="BJ261122-0042-1", name="陈女士", address="望京街").pieces()
    ours, others = tokens(KEY, pieces), tokens(b"o" * 32, pieces)
    assert ours == sorted(ours)
    assert len(ours) == len(pieces)
    assert not set(ours) & set(others)
    assert all(-(2**63) <= token < 2**63 for token in ours)


def test_only_whole_numbers_are_asked_of_the_numbers() -> None:
    assert [
        text for text in ("0042", "bj26112200421", "陈女士", "042", "") if said_whole(text)
    ] == [
        "0042",
        "bj26112200421",
    ]
