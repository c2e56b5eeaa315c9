"""Source files as the architecture rules read them."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from textwrap import dedent
from typing import TypeVar

PRODUCT = ("domain", "application", "infrastructure", "interface")
CORE = ("domain", "application")

Function = ast.FunctionDef | ast.AsyncFunctionDef
AnyNode = TypeVar("AnyNode", bound=ast.AST)

_PLANTED = "planted"


@dataclass(frozen=True, order=True)
class Violation:
    """A line that breaks a rule."""

    path: str
    line: int
    words: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.words}"


@dataclass(frozen=True)
class Source:
    """A file by its path in the repository; `tree` and what follows only for Python."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def aliases(self) -> dict[str, str]:
        """What each imported name stands for: {"d": "datetime.datetime"}."""
        found: dict[str, str] = {}
        for node in self.nodes(ast.Import):
            for name in node.names:
                found[name.asname or name.name.partition(".")[0]] = (
                    name.name if name.asname else name.name.partition(".")[0]
                )
        for origin in self.nodes(ast.ImportFrom):
            found |= {n.asname or n.name: f"{origin.module}.{n.name}" for n in origin.names}
        return found

    @cached_property
    def _by_kind(self) -> dict[type[ast.AST], list[ast.AST]]:
        kinds: dict[type[ast.AST], list[ast.AST]] = defaultdict(list)
        for node in ast.walk(self.tree):
            kinds[type(node)].append(node)
        return kinds

    def nodes(self, kind: type[AnyNode]) -> list[AnyNode]:
        """All nodes of one kind."""
        return self._by_kind.get(kind, [])  # type: ignore[return-value] # grouped by kind

    def functions(self) -> list[Function]:
        return [*self.nodes(ast.FunctionDef), *self.nodes(ast.AsyncFunctionDef)]

    def origin(self, node: ast.AST) -> str:
        """The full dotted name a reference stands for, "" where it is none."""
        match node:
            case ast.Name(id=name):
                return self.aliases.get(name, name)
            case ast.Attribute(value=value, attr=name) if parent := self.origin(value):
                return f"{parent}.{name}"
            case ast.Call(
                func=ast.Name(id="getattr"), args=[of, ast.Constant(value=str(name)), *_]
            ):
                return f"{self.origin(of)}.{name}"
            case _:
                return ""

    def references(self) -> Iterator[tuple[ast.expr, str]]:
        """Every name, attribute and getattr with the full name it stands for."""
        for kind in (ast.Name, ast.Attribute, ast.Call):
            for node in self.nodes(kind):
                if name := self.origin(node):
                    yield node, name

    def at(self, node: ast.AST, words: str) -> Violation:
        return Violation(self.path, getattr(node, "lineno", 1), words)

    def planted_lines(self) -> set[int]:
        """The lines of a planted text that a rule has to report, and no others."""
        return {n for n, line in enumerate(self.text.split("\n"), 1) if _PLANTED in line}


def planted(path: str, text: str) -> Source:
    """A text with a breach on each line that says so."""
    return Source(path, dedent(text).lstrip("\n"))


def last_name(node: ast.AST) -> str:
    """The rightmost name of a reference or call: `clock` of `self.house.clock`."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=func):
            return last_name(func)
        case _:
            return ""


def within(sources: Sequence[Source], *places: str) -> list[Source]:
    """The Python files in these top-level directories."""
    return [
        source
        for source in sources
        if source.path.endswith(".py") and PurePosixPath(source.path).parts[0] in places
    ]
