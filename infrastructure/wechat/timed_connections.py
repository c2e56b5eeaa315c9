"""Connections that wait for an answer's head no longer than they are told.

A read time-out starts anew with every byte, so a server that drips its head byte
by byte would hold a thread for hours. Here the socket is shut down from outside.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


def timed_pools(seconds: float) -> dict[str, type[HTTPConnectionPool]]:
    """Pool classes by scheme, for a urllib3 PoolManager."""
    plain = type("TimedConnection", (HTTPConnection,), _timed(HTTPConnection, seconds))
    secure = type("TimedTlsConnection", (HTTPSConnection,), _timed(HTTPSConnection, seconds))
    return {
        "http": type("TimedPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("TimedTlsPool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }


def _timed(base: type[HTTPConnection], seconds: float) -> dict[str, Any]:
    def getresponse(self: HTTPConnection) -> object:
        with _shut_down_after(self.sock, seconds):
            return base.getresponse(self)

    return {"getresponse": getresponse}


@contextmanager
def _shut_down_after(connected: socket.socket | None, seconds: float) -> Iterator[None]:
    timer = Timer(seconds, _shut_down, [connected])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _shut_down(connected: socket.socket | None) -> None:
    with suppress(OSError):  # the other side was faster
        if connected is not None:
            connected.shutdown(socket.SHUT_RDWR)
