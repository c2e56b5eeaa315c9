"""Web applications on real sockets: in the foreground, or in a thread beside others."""

import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from types import FrameType

import uvicorn
from fastapi import FastAPI

_GRACE_SECONDS = 5


def serve(app: FastAPI, host: str, port: int, trusted_proxies: str = "") -> None:
    """Serve until SIGINT or SIGTERM; requests under way are finished.

    `trusted_proxies` are believed about who they ask for (X-Forwarded-For):
    addresses or networks with commas between. Then the process exits with code
    0: uvicorn repeats the signal it caught.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    _server(app, host, port, trusted_proxies).run()


@contextmanager
def serving(
    app: FastAPI, host: str = "127.0.0.1", port: int = 0, trusted_proxies: str = ""
) -> Iterator[str]:
    """Serve in a thread, as `serve` does; yields the base address.

    The socket listens before the thread runs.
    """
    with socket.create_server((host, port), backlog=128) as listener:
        server = _server(app, host, port, trusted_proxies)
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="serving")
        thread.start()
        try:
            yield f"http://{host}:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _server(app: FastAPI, host: str, port: int, trusted_proxies: str = "") -> uvicorn.Server:
    # The access log would print codes and states of log-ins; we log routes ourselves.
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    return uvicorn.Server(config)
