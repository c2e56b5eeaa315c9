"""Size, names and completeness of modules and functions."""

import ast
import re
import statistics
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from tests.architecture.rule import rule
from tests.architecture.source import (
    PRODUCT,
    Function,
    Source,
    Violation,
    last_name,
    planted,
    within,
)

LONGEST_MODULE: Final = 400
LONGEST_FUNCTION: Final = 50
MOST_FUNCTIONS_UNDER: Final = 20
MEDIAN_AT_MOST: Final = 8
_SAY_NOTHING = re.compile(r"(utils?|helpers?|managers?|common|misc|stuff)")
_NAMES_SAY_NOTHING = re.compile(r"\w+(Manager|Helper|Utils?)")
_REMINDER = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b")


def length(function: Function) -> int:
    """Lines from `def` to the last one, docstring included."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def figures(sources: Sequence[Source]) -> str:
    """The measured lengths in words."""
    lengths = _lengths(sources)
    under = sum(lines < MOST_FUNCTIONS_UNDER for lines in lengths)
    return (
        f"{len(lengths)} functions: median {statistics.median(lengths):g} lines, "
        f"{under * 100 // len(lengths)} % under {MOST_FUNCTIONS_UNDER}, longest {max(lengths)}"
    )


def _lengths(sources: Sequence[Source]) -> list[int]:
    return [length(f) for source in within(sources, *PRODUCT) for f in source.functions()]


@rule(
    planted("domain/x.py", '"""Long."""\n' + "x = 1\n" * 399 + "x = 1  # planted"),
    planted("domain/y.py", '"""Just right."""\n' + "x = 1\n" * 399),
)
def a_module_has_one_subject(sources: Sequence[Source]) -> Iterator[Violation]:
    """No module over 400 lines."""
    for source in within(sources, *PRODUCT):
        lines = len(source.text.splitlines())
        if lines > LONGEST_MODULE:
            yield Violation(source.path, lines, f"{lines} lines")


@rule(
    planted("domain/x.py", "def f():  # planted\n" + "    x = 1\n" * 50),
    planted("domain/x.py", "async def f():  # planted\n" + "    x = 1\n" * 50),
    planted("domain/y.py", "def f():\n" + "    x = 1\n" * 49),
)
def no_function_is_long(sources: Sequence[Source]) -> Iterator[Violation]:
    """No function over 50 lines."""
    for source in within(sources, *PRODUCT):
        for function in source.functions():
            if length(function) > LONGEST_FUNCTION:
                yield source.at(function, f"{function.name} has {length(function)} lines")


@rule(
    planted("domain/x.py", "def f():  # planted\n" + "    x = 1\n" * 8),
    planted("domain/x.py", "def f(): ...\n" * 8 + "def g():  # planted\n" + "    x = 1\n" * 19),
    planted("domain/y.py", "def f(): ...\n" * 9 + "def g():\n" + "    x = 1\n" * 19),
)
def most_functions_are_short(sources: Sequence[Source]) -> Iterator[Violation]:
    """The median function has at most 8 lines, nine in ten are under 20."""
    lengths = _lengths(sources)
    if not lengths:
        return
    short = sum(lines < MOST_FUNCTIONS_UNDER for lines in lengths)
    if statistics.median(lengths) > MEDIAN_AT_MOST or short * 10 < len(lengths) * 9:
        yield from _longest(sources, figures(sources))


def _longest(sources: Sequence[Source], words: str) -> Iterator[Violation]:
    found = [
        (length(f), source, f) for source in within(sources, *PRODUCT) for f in source.functions()
    ]
    _, source, function = max(found, key=lambda each: each[0])
    yield source.at(function, f"{words} ({function.name})")


@rule(
    planted("domain/utils.py", '"""Everything."""  # planted\n'),
    planted("infrastructure/helpers/x.py", '"""Everything."""  # planted\n'),
    planted("interface/api/common.py", '"""Everything."""  # planted\n'),
    planted("domain/x.py", "class OrderManager:  # planted\n    pass\n"),
    planted("domain/commonhold.py", '"""A subject."""\n'),
)
def names_say_what_a_thing_is(sources: Sequence[Source]) -> Iterator[Violation]:
    """No utils, helpers, managers or common: one subject a module."""
    for source in within(sources, *PRODUCT):
        for part in PurePosixPath(source.path).with_suffix("").parts:
            if _SAY_NOTHING.fullmatch(part):
                yield Violation(source.path, 1, f"{part} says nothing")
        for node in source.nodes(ast.ClassDef):
            if _NAMES_SAY_NOTHING.fullmatch(node.name):
                yield source.at(node, f"{node.name} says nothing")


@rule(
    planted("domain/x.py", "x = 1  # planted\n"),
    planted(
        "domain/y.py",
        '''
        """A module."""

        def public():  # planted
            def inner():
                pass

        def _private():
            pass

        class Public:
            """A class."""

            def __init__(self):
                pass

            async def method(self):  # planted
                pass

            class Nested:  # planted
                pass

        class _Private:
            def method(self):
                pass
        ''',
    ),
)
def what_is_public_is_described(sources: Sequence[Source]) -> Iterator[Violation]:
    """Every public module, class and function has a docstring."""
    for source in within(sources, *PRODUCT):
        for node in _public(source.tree):
            if not ast.get_docstring(node):
                name = getattr(node, "name", "the module")
                yield source.at(node, f"{name} has no docstring")


Described = ast.Module | ast.ClassDef | Function


def _public(node: Described) -> Iterator[Described]:
    yield node
    if isinstance(node, ast.Module | ast.ClassDef):
        for child in node.body:
            if isinstance(child, Described) and not child.name.startswith("_"):
                yield from _public(child)


@rule(
    planted(
        "domain/x.py",
        '''
        from abc import abstractmethod
        from typing import Protocol

        class Port(Protocol):
            def ask(self):
                """Ask."""
                ...

        class Order:
            @abstractmethod
            def steps(self):
                raise NotImplementedError

            def price(self):  # planted
                raise NotImplementedError("later")

            def tax(self):  # planted
                """Compute."""
                ...

            def check(self):
                """A leaf may demand more."""

            def evolve(self, event):
                raise NotImplementedError(event)
        ''',
    ),
)
def nothing_is_left_unfinished(sources: Sequence[Source]) -> Iterator[Violation]:
    """No NotImplementedError outside abstract methods; `evolve` ends so for unknown events."""
    for source in within(sources, *PRODUCT):
        for body in (source.tree.body, *_bodies_of_classes(source)):
            for function in body:
                if isinstance(function, Function) and _is_unfinished(function):
                    yield source.at(function, f"{function.name} is not finished")


def _bodies_of_classes(source: Source) -> Iterator[list[ast.stmt]]:
    yield from (node.body for node in source.nodes(ast.ClassDef) if not _is_protocol(node))


def _is_protocol(node: ast.ClassDef) -> bool:
    return any(
        last_name(base.value if isinstance(base, ast.Subscript) else base) == "Protocol"
        for base in node.bases
    )


def _is_unfinished(function: Function) -> bool:
    if function.name == "evolve" or _is_abstract(function):
        return False
    return _is_stub(function) or any(_gives_up(node) for node in ast.walk(function))


def _is_abstract(function: Function) -> bool:
    return any(
        last_name(node) in {"abstractmethod", "overload"} for node in function.decorator_list
    )


def _is_stub(function: Function) -> bool:
    match function.body:
        case [*_, ast.Expr(value=ast.Constant(value=last))]:
            return last is ...
        case _:
            return False


def _gives_up(node: ast.AST) -> bool:
    raised = node.exc if isinstance(node, ast.Raise) else None
    return raised is not None and last_name(raised) == "NotImplementedError"


@rule(
    planted("domain/x.py", "x = 1  # TO" + "DO planted\n# the word todo is fine\n"),
    planted("infrastructure/migrations/sql/x.sql", "-- FIX" + "ME planted\nselect 1;\n"),
    planted("interface/static/x.css", "/* TO" + "DO planted */\n"),
)
def nothing_is_put_off(sources: Sequence[Source]) -> Iterator[Violation]:
    """What is to be done is done, or it is no part of the code."""
    for source in sources:
        if source.path.split("/")[0] in PRODUCT:
            for number, line in enumerate(source.text.split("\n"), 1):
                if _REMINDER.search(line):
                    yield Violation(source.path, number, line.strip())
