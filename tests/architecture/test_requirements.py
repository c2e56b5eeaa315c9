"""Every row of the requirements list that is built has a test that says so.

A test shows a row by `@pytest.mark.requirement("R10")`, a module whose tests all do
by `pytestmark`; the marks are read from the sources.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pytest

from tests.architecture.source import Source, Violation, last_name, planted, within
from tests.architecture.test_repository import ROOT, our_files

# What each row asks to be shown.
ROWS = {
    "R01": "the catalogue has the eight kinds, in the order of the source",
    "R02": "the three leaves of 保洁 are booked and paid",
    "R03": "上门干洗 has item lines with a count each, two addresses and times",
    "R04": "a plan of four weeks makes four visits, each assignable",
    "R05": "the three groups of 家电维修及保养 have modes of their own",
    "R06": "the five leaves of 家电清洗 are priced by unit, at least one",
    "R07": "the four leaves of 家居养护",
    "R08": "家电维修服务 takes a described fault and never a payment",
    "R09": "the four care services are booked without a price",
    "R10": "nothing is assigned before a verified payment; two equal notices are one",
    "R11": "a reservation never has a prepay",
    "R12": "a changed mode leaves old orders as they are",
    "R13": "orders of all channels stand in one list, filtered by channel",
    "R14": "the list shows the path of kinds and is filtered by service",
    "R15": "an order's contact name is required, of 1 to 30 characters",
    "R16": "phones are validated, and masked in every list",
    "R17": "an order keeps its address when the address book changes",
    "R18": "a past time is refused; rescheduling keeps the history",
    "R19": "the handling time derives from the events",
    "R20": "progress is seen by customer and office",
    "R21": "reassignment keeps the old and the new worker in the history",
    "R22": "an unknown attribute survives a replay",
    "R24": "用户留言 reach the office, and its answers the customer",
    "R42": "a place outside the area is refused; the coordinate system is named",
}

_A_ROW = re.compile(r"R(0[1-9]|[1-3][0-9]|4[0-3])|[KYMU][0-9]{2}")


@dataclass(frozen=True)
class Mark:
    """A mark as it stands in a source; `row` is "" where it names none."""

    row: str
    function: str
    place: Violation

    @property
    def wrong(self) -> bool:
        """Whether it shows nothing: of no row, or not on a test."""
        return not (_A_ROW.fullmatch(self.row) and self.function.startswith("test_"))


def marks(sources: Sequence[Source]) -> Iterator[Mark]:
    """All marks of the tests' sources."""
    for source in within(sources, "tests"):
        tests = [each.name for each in source.functions() if each.name.startswith("test_")]
        for mark in _of_module(source):
            yield from _read(source, mark, tests[0] if tests else "")
        for function in source.functions():
            for decorator in function.decorator_list:
                yield from _read(source, decorator, function.name)


def _of_module(source: Source) -> Iterator[ast.expr]:
    """What `pytestmark` names."""
    for node in source.tree.body:
        if isinstance(node, ast.Assign) and [last_name(each) for each in node.targets] == [
            "pytestmark"
        ]:
            yield from node.value.elts if isinstance(node.value, ast.List) else [node.value]


def _read(source: Source, mark: ast.expr, function: str) -> Iterator[Mark]:
    called = mark.func if isinstance(mark, ast.Call) else mark
    if source.origin(called) == "pytest.mark.requirement":
        for row in _rows(mark):
            yield Mark(row, function, source.at(mark, f"{function}: {row!r}"))


def _rows(mark: ast.expr) -> list[str]:
    """The rows it names; [""] where it names none, or not as plain text."""
    if not isinstance(mark, ast.Call) or not mark.args:
        return [""]
    return [
        argument.value
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        else ""
        for argument in mark.args
    ]


def unshown(rows: Iterable[str], found: Iterable[Mark]) -> list[str]:
    """The rows that no test shows."""
    shown = {mark.row for mark in found if not mark.wrong}
    return [row for row in rows if row not in shown]


@pytest.fixture(scope="module")
def found() -> list[Mark]:
    sources = [
        Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in our_files()
        if path.suffix == ".py"
    ]
    return list(marks(sources))


@pytest.mark.parametrize("row", ROWS)
def test_a_test_shows_the_row(found: list[Mark], row: str) -> None:
    assert unshown([row], found) == [], f"no test shows {row}: {ROWS[row]}"


def test_every_mark_names_a_row_and_stands_on_a_test(found: list[Mark]) -> None:
    assert [str(mark.place) for mark in found if mark.wrong] == []


MARKED = planted(
    "tests/domain/test_x.py",
    """
    import pytest
    from pytest import mark

    pytestmark = [pytest.mark.usefixtures("town"), pytest.mark.requirement("R03")]

    @pytest.mark.requirement("R10", "R02")
    def test_shown():
        pass

    @mark.requirement("R13")
    async def test_shown_too():
        pass

    def test_unmarked():
        pass

    @pytest.mark.requirement("R99")  # planted
    def test_of_no_row():
        pass

    @pytest.mark.requirement(ROW)  # planted
    def test_of_a_variable():
        pass

    @pytest.mark.requirement  # planted
    def test_of_nothing():
        pass

    @pytest.mark.requirement("R11")  # planted
    def never_collected():
        pass
    """,
)


def test_marks_that_show_nothing_are_reported() -> None:
    wrong = [mark.place.line for mark in marks([MARKED]) if mark.wrong]

    assert set(wrong) == MARKED.planted_lines()


def test_rows_without_a_test_are_reported() -> None:
    rows = ["R02", "R03", "R10", "R11", "R13", "R14", "R99"]

    assert unshown(rows, marks([MARKED])) == ["R11", "R14", "R99"]


def test_a_module_without_tests_shows_nothing() -> None:
    empty = planted("tests/x.py", 'import pytest\npytestmark = pytest.mark.requirement("R03")\n')

    assert [mark.wrong for mark in marks([empty])] == [True]
    assert unshown(["R03"], marks([empty])) == ["R03"]


def test_marks_outside_the_tests_show_nothing() -> None:
    elsewhere = Source("application/test_x.py", MARKED.text)

    assert list(marks([elsewhere])) == []
