"""Calls that leave the process, and errors that must not be lost."""

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Final

from tests.architecture.rule import rule
from tests.architecture.source import PRODUCT, Source, Violation, last_name, planted, within

_STATEMENT = re.compile(
    r"\s*(select|insert into|update|delete from|create|alter|drop|grant|revoke|truncate|copy"
    r"|lock table|set (local|session|role)|with \w+ as|notify|listen|comment on)\s",
    re.IGNORECASE,
)
_OUR_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")
_RUN_AS_SQL = frozenset({"exec_driver_sql", "execute"})
_FILLING = frozenset({"format", "replace", "join", "format_map"})

# (file, expression) → why it is no value from outside.
NAMES_OF_OURS: Final = {
    ("infrastructure/feed/projector.py", "self._schema"): "the schema of a projection of ours",
    ("infrastructure/feed/progress.py", "projection"): "the schema of a projection of ours",
    ("infrastructure/listening.py", "self._channel"): "a channel's name, a constant of ours",
    ("infrastructure/listening.py", "channel"): "no SQL: a thread's name",
    ("infrastructure/migrations/sql_files.py", "role"): "the role whom the owner grants rights",
    ("infrastructure/migrations/versions/0002_vault.py", "role"): "the same",
    ("infrastructure/migrations/versions/0003_access.py", "role"): "the same",
    ("infrastructure/embedded_postgres/roles.py", "role"): "one of two constants",
    ("infrastructure/embedded_postgres/roles.py", "quoted"): "quoted by the dialect",
    ("infrastructure/embedded_postgres/roles.py", "source"): "a template, quoted likewise",
}


@rule(
    planted(
        "infrastructure/x.py",
        """
        from sqlalchemy import text

        _QUERY = "select * from orders where id = {}"
        _SIDE = "desc"


        def find(connection, phone, table, desc):
            fine = text("select * from orders where phone = :phone")
            query = f"select * from orders where phone = '{phone}'"  # planted
            named = _QUERY.format(phone)  # planted
            sorted_by = "select * from orders order by id {}".format("desc" if desc else "asc")
            ours = f"select * from orders order by id {_SIDE}"
            old = "delete from orders where phone = '%s'" % phone  # planted
            added = "update orders set phone = " + phone  # planted
            connection.exec_driver_sql(f"{table} where phone = 1")  # planted
            connection.execute(text(table + " limit 1"))  # planted
            connection.execute(text(table.replace("phone", phone)))  # planted
            return f"selected {phone}", "%s" % phone, fine, _QUERY % (phone,)  # planted
        """,
    ),
    planted(
        "infrastructure/feed/projector.py",
        """
        def position(self, name):
            ours = f'select position from "{self._schema}".progress'
            return f'select position from "{name}".progress'  # planted
        """,
    ),
)
def sql_is_never_built_from_values(sources: Sequence[Source]) -> Iterator[Violation]:
    """Values go into SQL as parameters; only names of our own schemas are written in."""
    for source in within(sources, *PRODUCT):
        for node, expression in _written_into_sql(source):
            if (source.path, expression) not in NAMES_OF_OURS:
                yield source.at(node, f"{expression} is written into SQL")


def names_written_into_sql(sources: Sequence[Source]) -> set[tuple[str, str]]:
    """Every (file, expression) that stands inside a statement."""
    return {
        (source.path, expression)
        for source in within(sources, *PRODUCT)
        for _, expression in _written_into_sql(source)
    }


def _written_into_sql(source: Source) -> Iterator[tuple[ast.expr, str]]:
    statements = _statement_names(source)
    built = [*source.nodes(ast.JoinedStr), *source.nodes(ast.BinOp), *source.nodes(ast.Call)]
    for node in built:
        if _is_built_statement(node, statements):
            yield from ((node, value) for value in _outside(node, statements))
    for call in source.nodes(ast.Call):
        if _runs_sql(source, call) and call.args:
            yield from ((call, value) for value in _outside(call.args[0], statements, whole=True))


def _statement_names(source: Source) -> frozenset[str]:
    """Names of the module's constants that hold SQL."""
    return frozenset(
        target.id
        for node in source.nodes(ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and _is_statement(node.value, frozenset())
    )


def _is_statement(node: ast.expr, names: frozenset[str]) -> bool:
    match node:
        case ast.Constant(value=str(text)):
            return _STATEMENT.match(text) is not None
        case ast.Name(id=name):
            return name in names
        case ast.JoinedStr(values=[first, *_]):
            return _is_statement(first, names)
        case _:
            return False


def _is_built_statement(node: ast.expr, names: frozenset[str]) -> bool:
    match node:
        case ast.JoinedStr():
            return _is_statement(node, names)
        case ast.BinOp(left=left, op=ast.Add() | ast.Mod()):
            return _is_statement(left, names) or _is_built_statement(left, names)
        case ast.Call(func=ast.Attribute(value=filled, attr=how)) if how in _FILLING:
            return _is_statement(filled, names)
        case _:
            return False


def _runs_sql(source: Source, call: ast.Call) -> bool:
    is_text = source.origin(call.func) == "sqlalchemy.text"
    return is_text or (isinstance(call.func, ast.Attribute) and call.func.attr in _RUN_AS_SQL)


def _outside(node: ast.expr, names: frozenset[str], *, whole: bool = False) -> Iterator[str]:
    """The expressions inside that are neither literals nor constants of ours.

    A `whole` name or call is a statement that was judged where it was made.
    """
    match node:
        case ast.Constant():
            return
        case ast.Name(id=name) if name in names or _OUR_CONSTANT.fullmatch(name):
            return
        case ast.JoinedStr() | ast.BinOp() | ast.IfExp() | ast.FormattedValue() | ast.Tuple():
            for part in _parts(node):
                yield from _outside(part, names)
        case ast.Call(func=ast.Attribute(value=filled, attr=how), args=args) if how in _FILLING:
            yield from _outside(filled, names, whole=True)
            for arg in args:
                yield from _outside(arg, names)
        case _ if not whole:
            yield ast.unparse(node)


def _parts(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.JoinedStr(values=values) | ast.Tuple(elts=values):
            return values
        case ast.BinOp(left=left, right=right) | ast.IfExp(body=left, orelse=right):
            return [left, right]
        case ast.FormattedValue(value=value):
            return [value]
        case _:
            return []


_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request", "send"})
_OTHER_CLIENTS = ("urllib.request", "http.client", "httpx", "aiohttp", "socket.create_connection")
# wechatpy sends through a session of ours that bounds time and bytes.
_WECHATPY_USERS = "infrastructure/wechat/official_account/"


@rule(
    planted(
        "infrastructure/x.py",
        """
        import requests as r
        import urllib.request
        from requests import Session
        from wechatpy.oauth import WeChatOAuth  # planted

        r.get("http://127.0.0.1")  # planted
        r.head("http://127.0.0.1", timeout=5)
        urllib.request.urlopen("http://127.0.0.1")  # planted
        session = Session()
        session.post("http://127.0.0.1", json={})  # planted
        session.post("http://127.0.0.1", timeout=None)  # planted
        session.post("http://127.0.0.1", timeout=(1, 2))
        headers = {}
        headers.get("Date")
        """,
    ),
)
def calls_to_the_outside_are_bounded(sources: Sequence[Source]) -> Iterator[Violation]:
    """Every HTTP call has a time-out; wechatpy sends through the bounded session only."""
    for source in within(sources, *PRODUCT):
        for node, name in source.references():
            if name.startswith(_OTHER_CLIENTS):
                yield source.at(node, f"{name} is no client of ours")
        for imported in source.nodes(ast.ImportFrom):
            wrapped = source.path.startswith(_WECHATPY_USERS)
            if (imported.module or "").startswith("wechatpy") and not wrapped:
                yield source.at(imported, "wechatpy outside its wrapper")
        for call in source.nodes(ast.Call):
            if _is_request(source, call) and not _has_time_out(call):
                yield source.at(call, f"{ast.unparse(call.func)} without a time-out")


def _is_request(source: Source, call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(value=sender, attr=verb) if verb in _VERBS:
            in_session = "session" in last_name(sender).lower() and _uses_requests(source)
            return in_session or source.origin(sender) == "requests"
        case _:
            return source.origin(call.func).startswith("requests.api.")


def _uses_requests(source: Source) -> bool:
    return any(origin.partition(".")[0] == "requests" for origin in source.aliases.values())


def _has_time_out(call: ast.Call) -> bool:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "timeout"]
    return any(not isinstance(value, ast.Constant) or value.value is not None for value in given)


_EVERYTHING = frozenset({"Exception", "BaseException"})


@rule(
    planted(
        "infrastructure/x.py",
        """
        import contextlib

        def run(log):
            with contextlib.suppress(BaseException):  # planted
                log.run()
            with contextlib.suppress(KeyError):
                log.run()
            try:
                log.run()
            except Exception:  # planted
                pass
            try:
                log.run()
            except:  # planted
                return None
            try:
                log.run()
            except (ValueError, Exception) as error:  # planted
                ...
            try:
                log.run()
            except Exception as error:
                log.failed(error)
            try:
                log.run()
            except ValueError:
                pass
        """,
    ),
)
def no_error_is_swallowed(sources: Sequence[Source]) -> Iterator[Violation]:
    """Whoever catches everything tells somebody; a handler of nothing loses money."""
    for source in within(sources, *PRODUCT):
        for handler in source.nodes(ast.ExceptHandler):
            if _catches_everything(handler.type) and all(map(_does_nothing, handler.body)):
                yield source.at(handler, "catches everything and does nothing")
        for call in source.nodes(ast.Call):
            if last_name(call) == "suppress" and any(map(_catches_everything, call.args)):
                yield source.at(call, "suppresses everything")


def _catches_everything(caught: ast.expr | None) -> bool:
    match caught:
        case None:
            return True
        case ast.Tuple(elts=kinds):
            return any(map(_catches_everything, kinds))
        case _:
            return last_name(caught) in _EVERYTHING


def _does_nothing(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Continue() | ast.Break():
            return True
        case ast.Expr(value=ast.Constant()) | ast.Return(value=None | ast.Constant()):
            return True
        case _:
            return False
