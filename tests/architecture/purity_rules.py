"""Time, chance, numbers and imports: what the inner layers must do without."""

import ast
import re
from collections.abc import Iterator, Sequence

from tests.architecture.rule import rule
from tests.architecture.source import CORE, PRODUCT, Source, Violation, last_name, planted, within

THE_CLOCK = "infrastructure/clock.py"
_WALL_CLOCKS = frozenset(
    {
        *(f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")),
        "datetime.date.today",
        *(f"time.{name}" for name in ("time", "time_ns", "localtime", "gmtime", "ctime")),
        *(f"time.{name}" for name in ("asctime", "strftime", "clock_gettime")),
    }
)
_ASKING_TIME = frozenset({"now", "utcnow", "today"})
_CLOCKS = frozenset({"clock", "_clock"})

_SQL_CLOCK = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\(\)"
    r"|\b(current_timestamp|current_date|current_time|localtimestamp)\b",
    re.IGNORECASE,
)
# What compares the database's clock with ours has to read it.
_READS_THE_DATABASES_CLOCK = "infrastructure/installation.py"

_RANDOM_IDS = frozenset({"uuid.uuid1", "uuid.uuid4", "os.urandom"})
_RANDOM_MODULES = ("random.", "secrets.")

_PURE = frozenset(
    {
        *("abc", "base64", "binascii", "bisect", "collections", "contextlib", "copy"),
        *("dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "hashlib"),
        *("heapq", "hmac", "itertools", "json", "math", "operator", "re", "string"),
        *("textwrap", "types", "typing", "unicodedata", "uuid", "zoneinfo"),
    }
)
_EVENTS = frozenset({"eventsourcing.domain", "eventsourcing.utils"})
_LIBRARY = _EVENTS | {
    *("eventsourcing.application", "eventsourcing.persistence", "urllib.parse"),
}
_SQL = frozenset({"sqlalchemy", "sqlalchemy.dialects.postgresql", "sqlalchemy.exc"})


@rule(
    planted(
        "application/booking.py",
        """
        import datetime as dt
        import time as t
        from datetime import date, datetime as d
        from time import monotonic, time as now

        started = monotonic()
        at = d.now(dt.UTC)  # planted
        day = date.today()  # planted
        later = dt.datetime.utcnow  # planted
        seconds = now()  # planted
        hidden = getattr(d, "now")  # planted
        local = t.localtime()  # planted
        of_instance = at.now()  # planted


        def book(clock, self):
            return clock.now(), self.house._clock.now(), t.perf_counter()
        """,
    ),
    planted("interface/cli/running.py", "import time\ntime.time()  # planted\n"),
)
def time_comes_from_the_clock_port(sources: Sequence[Source]) -> Iterator[Violation]:
    """No wall clock but infrastructure/clock.py; a monotonic clock may measure waiting."""
    for source in within(sources, *PRODUCT):
        if source.path == THE_CLOCK:
            continue
        for node, name in source.references():
            if name in _WALL_CLOCKS:
                yield source.at(node, name)
        for call in source.nodes(ast.Call):
            if _asks_another_clock(call):
                yield source.at(call, ast.unparse(call))


def _asks_another_clock(call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(value=asked, attr=name) if name in _ASKING_TIME:
            return last_name(asked) not in _CLOCKS
        case _:
            return False


@rule(
    planted("infrastructure/migrations/sql/x.sql", "select 1;\nselect now(); -- planted\n"),
    planted(
        "application/projections/x.py",
        '''
        """Rows hold no now()."""

        QUERY = "select known from rows"
        STAMP = "insert into rows values (CURRENT_TIMESTAMP)"  # planted
        ''',
    ),
)
def the_database_is_not_asked_for_the_time(sources: Sequence[Source]) -> Iterator[Violation]:
    """Instants come from the clock port, also in SQL, or a rebuild would differ."""
    for source in sources:
        if source.path.endswith(".sql") and source.path.startswith(PRODUCT):
            for number, line in enumerate(source.text.split("\n"), 1):
                if _SQL_CLOCK.search(line):
                    yield Violation(source.path, number, line.strip())
    for source in within(sources, *PRODUCT):
        if source.path != _READS_THE_DATABASES_CLOCK:
            yield from _sql_clocks(source)


def _sql_clocks(source: Source) -> Iterator[Violation]:
    told = {id(node.value) for node in source.nodes(ast.Expr)}  # docstrings
    for node in source.nodes(ast.Constant):
        text = node.value
        if isinstance(text, str) and id(node) not in told and _SQL_CLOCK.search(text):
            yield source.at(node, text)


@rule(
    planted(
        "domain/orders/x.py",
        """
        import random as r
        import uuid
        from os import urandom
        from uuid import uuid4 as new, uuid5

        pick = r.choice  # planted
        one = new()  # planted
        two = uuid.uuid1()  # planted
        noise = urandom(8)  # planted
        fine = uuid5(uuid.NAMESPACE_URL, "x")
        """,
    ),
    planted("application/x.py", "from secrets import token_hex\ntoken_hex()  # planted\n"),
    planted("infrastructure/x.py", "import secrets\nsecrets.token_hex()\n"),
)
def nothing_happens_by_chance_inside(sources: Sequence[Source]) -> Iterator[Violation]:
    """Domain and application draw no random numbers and no random ids."""
    for source in within(sources, *CORE):
        for node, name in source.references():
            if name in _RANDOM_IDS or name.startswith(_RANDOM_MODULES):
                yield source.at(node, name)


@rule(
    planted(
        "domain/x.py",
        """
        import re
        import os  # planted
        from pathlib import Path  # planted
        from eventsourcing.domain import Aggregate
        from eventsourcing.application import Application  # planted
        from domain.money import Fen
        from application.log import Log  # planted
        from . import money  # planted
        """,
    ),
    planted(
        "application/x.py",
        """
        import logging
        import socket  # planted
        from eventsourcing.persistence import Tracking
        import eventsourcing.postgres  # planted
        from sqlalchemy import Table  # planted
        from domain.money import Fen
        """,
    ),
    planted(
        "application/projections/x.py",
        """
        from sqlalchemy import Table
        from sqlalchemy.orm import Session  # planted
        from requests import get  # planted
        """,
    ),
)
def inner_layers_import_what_is_listed(sources: Sequence[Source]) -> Iterator[Violation]:
    """Domain: pure standard library and the library's events; application adds a little."""
    for source in within(sources, *CORE):
        roots, modules = _importable(source.path)
        for node, module in _imports(source):
            if module.partition(".")[0] not in roots and module not in modules:
                yield source.at(node, f"imports {module}")


def _importable(path: str) -> tuple[frozenset[str], frozenset[str]]:
    """Whole packages, and single modules, that the file may import."""
    if path.startswith("domain/"):
        return _PURE | {"domain"}, _EVENTS
    projecting = path.startswith("application/projections/")
    return _PURE | {"logging", "domain", "application"}, _LIBRARY | (_SQL if projecting else set())


def _imports(source: Source) -> Iterator[tuple[ast.stmt, str]]:
    for plain in source.nodes(ast.Import):
        yield from ((plain, name.name) for name in plain.names)
    for node in source.nodes(ast.ImportFrom):
        yield node, "." * node.level + (node.module or "")


@rule(
    planted(
        "domain/money.py",
        """
        rate = 0.06  # planted
        tax: float = 0  # planted
        net = total_fen / 106  # planted
        total_fen /= 2  # planted
        fine = total_fen * 6 // 106
        """,
    ),
    planted("application/x.py", "share = float('1')  # planted\n"),
    planted("infrastructure/pause.py", "_FIRST_SECONDS = 0.005\n"),
)
def money_is_never_a_float(sources: Sequence[Source]) -> Iterator[Violation]:
    """Domain and application count in integers: no float, no true division."""
    for source in within(sources, *CORE):
        for constant in source.nodes(ast.Constant):
            if isinstance(constant.value, float | complex):
                yield source.at(constant, f"{constant.value}")
        for name in source.nodes(ast.Name):
            if name.id == "float":
                yield source.at(name, "float")
        divisions: list[ast.BinOp | ast.AugAssign] = source.nodes(ast.BinOp)
        for division in divisions + source.nodes(ast.AugAssign):
            if isinstance(division.op, ast.Div):
                yield source.at(division, ast.unparse(division))
