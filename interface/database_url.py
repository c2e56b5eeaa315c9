"""A database address as people write it, in the form SQLAlchemy understands."""

import re
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

_SCHEMES = frozenset({"postgres", "postgresql", "postgresql+psycopg2"})
_HOST = re.compile(r"(?P<name>[0-9A-Za-z.-]+)(?::(?P<port>[0-9]+))?")
_DRIVER = "postgresql+psycopg2"


def normalised(url: str) -> str:
    """`url` with the psycopg2 driver, and several hosts in SQLAlchemy's way.

    libpq separates hosts by commas (`a:5432,b:5432`); SQLAlchemy wants a query
    member for each. With several hosts, `target_session_attrs=read-write` is
    added unless given, so that a standby is never written to. SQLAlchemy 2.1
    takes another driver for a bare `postgresql://`, hence the explicit one.

    Raises:
        ValueError: not a PostgreSQL address; the address itself, which may
            hold a password, is not told.
    """
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        message = "数据库地址必须以 postgresql:// 开头"
        raise ValueError(message)
    credentials, at, hosts = parts.netloc.rpartition("@")
    if "," not in hosts:
        return f"{_DRIVER}{url[len(parts.scheme) :]}"
    query = [*(("host", _with_port(host)) for host in hosts.split(",")), *_attributes(parts)]
    return f"{_DRIVER}://{credentials}{at}{parts.path}?{urlencode(query)}"


def _attributes(parts: SplitResult) -> list[tuple[str, str]]:
    given = parse_qsl(parts.query, keep_blank_values=True)
    if any(name == "target_session_attrs" for name, _ in given):
        return given
    return [*given, ("target_session_attrs", "read-write")]


def _with_port(host: str) -> str:
    match = _HOST.fullmatch(host)
    if match is None:
        message = "多主机的数据库地址中有无法识别的主机名"
        raise ValueError(message)
    return f"{match['name']}:{match['port'] or 5432}"
