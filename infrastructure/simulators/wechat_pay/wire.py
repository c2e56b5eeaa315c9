"""One request and its answer as they stand on the wire, whatever carries them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Wire:
    """A request as it stood on the wire.

    Attributes:
        method: Upper-case HTTP method.
        target: The raw request target, path and query, still escaped.
        headers: Given in any spelling, kept in lower case.
        body: The exact bytes.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    def __post_init__(self) -> None:
        """Header names have no case."""
        lower = {name.lower(): value for name, value in self.headers.items()}
        object.__setattr__(self, "headers", lower)

    @property
    def path(self) -> str:
        """The target without its query, still escaped."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters, unescaped; the last of a name wins."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    def message(self, timestamp: str, nonce: str) -> bytes:
        """The five lines a request's signature covers."""
        head = f"{self.method}\n{self.target}\n{timestamp}\n{nonce}\n"
        return head.encode() + self.body + b"\n"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, signed, with what befalls it on the way.

    Attributes:
        status: HTTP status.
        headers: The signature, Request-ID and, with a body, Content-Type.
        body: The exact bytes; empty for 204.
        lost: The call took effect, but its answer never arrives: the caller
            sees a broken connection.
        latency_ms: How long the answer is on its way; whoever carries it waits.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes
    lost: bool = False
    latency_ms: int = 0
