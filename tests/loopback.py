"""Real servers on 127.0.0.1 for tests."""

import socket
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from threading import Thread
from typing import Any

import uvicorn

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


class Stage:
    """An application whose play each test replaces, so that a module needs one server."""

    def __init__(self) -> None:
        self.url = ""
        self.play: Application | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        assert self.play is not None, "the test put no application on the stage"
        await self.play(scope, receive, send)


@contextmanager
def stage() -> Iterator[Stage]:
    """A running stage, with its address in `url`."""
    empty = Stage()
    with serving(empty) as empty.url:
        yield empty


@contextmanager
def serving(app: Application) -> Iterator[str]:
    """Run an ASGI application in a thread; yields its base address without a slash.

    The socket listens before the thread starts, so nobody has to wait for it.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        config = uvicorn.Config(app, lifespan="off", ws="none", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
