"""Stands between a client and PostgreSQL and cuts the connection at the COMMIT.

The append's one statement carries its commit, so cutting before it is forwarded
leaves nothing done, and cutting when the server has answered leaves all done;
the client sees the same broken connection.
"""

import socket
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

from sqlalchemy import make_url

_SOCKET = ".s.PGSQL.5432"
_COMMIT = b"log.append("
_READY = b"Z\x00\x00\x00\x05I"  # ReadyForQuery, outside a transaction
_CHUNK = 1 << 16


class Cut(Enum):
    """Where the connection breaks."""

    BEFORE_COMMIT = auto()
    AFTER_COMMIT = auto()


class Proxy:
    """A unix socket in `directory` that leads to the server of `url`."""

    def __init__(self, url: str, directory: Path) -> None:
        self._target = make_url(url)
        self._directory = directory
        self.cuts: list[Cut] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(directory / _SOCKET))
        self._listener.listen()
        self._open: list[socket.socket] = [self._listener]
        self._threads: list[Thread] = []

    @property
    def url(self) -> str:
        """The database through the proxy."""
        through = self._target.update_query_dict({"host": str(self._directory)})
        return through.render_as_string(hide_password=False)

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each in self._open:
            _shut(each)
        for thread in self._threads:
            thread.join()

    def _start(self, work: Callable[[], None]) -> None:
        thread = Thread(target=work)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(f"{self._target.query['host']}/{_SOCKET}")
                self._open += [client, server]
                pair = _Pair(client, server, self.cuts)
                self._start(pair.forward)
                self._start(pair.answer)


class _Pair:
    """One connection's two directions."""

    def __init__(self, client: socket.socket, server: socket.socket, cuts: list[Cut]) -> None:
        self._client = client
        self._server = server
        self._cuts = cuts
        self._swallows = False

    def forward(self) -> None:
        with suppress(OSError):
            while data := self._client.recv(_CHUNK):
                if _COMMIT in data and self._cuts:
                    if self._cuts.pop(0) is Cut.BEFORE_COMMIT:
                        break
                    self._swallows = True
                self._server.sendall(data)
        self._end()

    def answer(self) -> None:
        with suppress(OSError):
            while data := self._server.recv(_CHUNK):
                if not self._swallows:
                    self._client.sendall(data)
                elif data.endswith(_READY):
                    break
        self._end()

    def _end(self) -> None:
        for each in (self._client, self._server):
            _shut(each)


def _shut(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
