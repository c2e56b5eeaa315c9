"""The town's product once more, with settings of an installation on the network."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from application.access import Subject
from interface.api.app import create_app
from tests.interface.town import Caller, Town
from tests.loopback import serving


@contextmanager
def installed(town: Town, **settings: Any) -> Iterator[str]:  # noqa: ANN401 - of any setting
    """The address of another web process of the town, with other settings."""
    changed = town.house.settings.model_copy(update=settings)
    with serving(create_app(replace(town.house, settings=changed))) as url:
        yield url


def somebody(town: Town, url: str, subject: Subject) -> Caller:
    """A program with a session of its own for `subject`, at `url`."""
    caller = Caller(url)
    token = town.house.sessions.open_session(subject.kind, subject.id)
    caller.session.headers["Authorization"] = f"Bearer {token}"
    return caller


def subject_of(town: Town, caller: Caller) -> Subject:
    """Who is behind a caller's cookie."""
    (cookie,) = [each for each in caller.session.cookies if each.path == "/"]
    subject = town.house.sessions.subject_of(cookie.value or "")
    assert subject is not None
    return subject
