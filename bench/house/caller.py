"""A client over HTTP: one connection that stays open, and how long each answer took."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from time import perf_counter
from typing import Any, Final, NamedTuple
from uuid import uuid4

_TIMEOUT_SECONDS: Final = 60
# The server closes a connection that was silent for five seconds.
_SILENT_SECONDS: Final = 4.0
_GOOD: Final = range(200, 300)
# WeChat's own browser, so that a payment is one inside WeChat.
_BROWSER: Final = "Mozilla/5.0 (Linux; Android 14) Mobile MicroMessenger/8.0.50"

Json = Any  # whatever a document holds


class Sample(NamedTuple):
    """One answer: what was asked, when it came, how long it took in seconds."""

    name: str
    ended: float
    took: float


class RefusedError(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, told: str) -> None:
        super().__init__(f"{status} {told}")
        self.status = status


@dataclass
class Caller:
    """What one client of a server does; `samples` are its good answers in their order."""

    port: int
    samples: list[Sample] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._connection = HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT_SECONDS)
        self._heard = perf_counter()

    def get(self, name: str, path: str, token: str = "") -> Json:
        """Read. Raises RefusedError."""
        return self._ask(name, "GET", path, None, _headers(token))

    def post(self, name: str, path: str, body: object, token: str = "") -> Json:
        """Command. Raises RefusedError."""
        headers = _headers(token) | {
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid4()),
        }
        return self._ask(name, "POST", path, json.dumps(body).encode(), headers)

    def close(self) -> None:
        self._connection.close()

    def _ask(
        self, name: str, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Json:
        began = perf_counter()
        if began - self._heard > _SILENT_SECONDS:
            self._connection.close()  # the request opens it again
        self._connection.request(method, path, body, dict(headers))
        answer = self._connection.getresponse()
        content = answer.read()
        ended = self._heard = perf_counter()
        if answer.status not in _GOOD:
            told = f"{name}: {method} {path} {content.decode()[:500]}"
            raise RefusedError(answer.status, told)
        self.samples.append(Sample(name, ended, ended - began))
        return json.loads(content) if content else None


def took_ms(samples: Sequence[Sample], *names: str) -> list[float]:
    """How long the answers of these names took, in ms, ascending; of all without a name."""
    return sorted(each.took * 1000 for each in samples if not names or each.name in names)


def _headers(token: str) -> dict[str, str]:
    return {"User-Agent": _BROWSER} | ({"Authorization": f"Bearer {token}"} if token else {})
