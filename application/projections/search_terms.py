"""What can be searched for in an order (搜索词), and when an entry has it: pure text.

Both sides are folded: NFKC, lower case, letters and digits only. What is searched
by an index is cut into pieces: two characters of a name or an address, one character
of a name, and whole a phone, its last four digits and the order number as it is said.
Digits are also cut into threes: pairs of them stand in nearly every address. Pieces
find candidates; only `Query.met_by` decides.
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

LONGEST_QUERY: Final = 50

_PAIR: Final = 2
_TRIPLE: Final = 3
_TAIL: Final = 4  # of a phone: the last four are what people say
_TOKEN_BYTES: Final = 8  # a bigint; `met_by` sorts out the rare pieces that share one
_LETTERS_AND_DIGITS: Final = ("L", "M", "N")
# A telephone shows who calls with the country before the number; contacts are without.
_COUNTRY: Final = re.compile(r"(?:00)?86(?=1[3-9][0-9]{9}$)")
_SAID_WHOLE: Final = re.compile(r"[0-9a-z]{4,}")


def folded(text: str) -> str:
    """The text as it is compared: no case, no width, no blanks and no punctuation."""
    plain = _composed(_composed(text).casefold())
    kept = (c for c in plain if unicodedata.category(c).startswith(_LETTERS_AND_DIGITS))
    return _composed("".join(kept))  # again, as what a sign kept apart may compose


def _composed(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def said_numbers(order_number: str) -> tuple[str, ...]:
    """An order number as people say it: `BJ261122-0042-1` whole, without the letters,
    its sequence with the check digit, its sequence; folded.
    """  # noqa: D205 - one sentence
    head, sequence, check = order_number.split("-")
    said = (head + sequence + check, head[2:] + sequence + check, sequence + check, sequence)
    return tuple(folded(each) for each in said)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is known of an order in clear; "" where it was erased."""

    order_number: str
    name: str = ""
    phone: str = ""
    address: str = ""

    @cached_property
    def numbers(self) -> frozenset[str]:
        """What is found only when it is said whole."""
        phone = re.sub(r"\D", "", self.phone, flags=re.ASCII)
        phones = (phone, phone[-_TAIL:]) if phone else ()
        return frozenset((*said_numbers(self.order_number), *phones))

    @cached_property
    def texts(self) -> tuple[str, str]:
        """What is found by any part: name and address, folded."""
        return folded(self.name), folded(self.address)

    def pieces(self) -> set[str]:
        """Everything the entry can be found by."""
        name, address = self.texts
        parts = (*_cut(name, _PAIR), *_cut(address, _PAIR))
        return {*self.numbers, *name, *parts, *_digits(name), *_digits(address)}

    def has(self, word: str) -> bool:
        """Whether a folded word is in it; a single character only in the name."""
        name, address = self.texts
        return word in self.numbers or word in name or (len(word) >= _PAIR and word in address)


@dataclass(frozen=True)
class Query:
    """Words that an entry has all of, each way to read what was typed for itself.

    "望京 301" are two words, but "139 1234 5678" is one phone and "望京街 1 号院" one
    piece of an address: so the same text without its blanks is a second reading.
    """

    readings: tuple[tuple[str, ...], ...]

    @classmethod
    def parse(cls, text: str) -> "Query":
        """Read what was typed; without letters and digits there is nothing to find."""
        words = tuple(dict.fromkeys(word for part in text.split() if (word := _typed(part))))
        whole = _typed(text)
        return cls(tuple(dict.fromkeys(((whole,), words)))) if whole else cls(())

    def met_by(self, entry: Entry) -> bool:
        """Whether the entry has all words of a reading."""
        return any(all(map(entry.has, words)) for words in self.readings)


def _typed(text: str) -> str:
    """A word as it was typed, folded."""
    word = folded(text)
    country = _COUNTRY.match(word)
    return word[country.end() :] if country else word


def ways_to_find(word: str) -> Iterator[set[str]]:
    """The pieces of an entry that has this word: all of one of these sets."""
    if len(word) <= _PAIR:
        yield {word}
        return
    yield _digits(word) if word.isdecimal() else _cut(word, _PAIR)
    if said_whole(word):
        yield {word}


def said_whole(word: str) -> bool:
    """Whether the word may be a phone, the end of one, or an order number."""
    return _SAID_WHOLE.fullmatch(word) is not None


def tokens(key: bytes, pieces: Iterable[str]) -> list[int]:
    """The keyed hash of each piece as a signed 64-bit number, ascending."""
    return sorted({_token(key, piece) for piece in pieces})


def _token(key: bytes, piece: str) -> int:
    mac = hmac.digest(key, piece.encode(), hashlib.sha256)
    return int.from_bytes(mac[:_TOKEN_BYTES], "big", signed=True)


def _digits(text: str) -> set[str]:
    return {part for part in _cut(text, _TRIPLE) if part.isdecimal()}


def _cut(text: str, length: int) -> set[str]:
    """Every part of this length."""
    return {text[at : at + length] for at in range(len(text) - length + 1)}
