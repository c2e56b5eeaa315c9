"""`jiawu event-map`: the event map as a page, from the dicts that run."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from application.event_map import DEADLINES, ERRANDS, POLICIES, PROJECTIONS, ROUTINES
from infrastructure.feed.routing import routes
from interface.settings import Settings

PAGE: Final = Path(__file__).parents[2] / "docs" / "event-map.md"

_HEAD: Final = """# What happens when X happens

Made from `application/event_map.py` by `jiawu event-map`; a test compares it.
Projections write read models and are written anew on every rebuild. Policies set
something going, once per event, never on a rebuild. An event that nothing reacts
to is a fact that aggregates alone read.

| event (stored name) | projections | policies |
|---|---|---|
"""


def write(_: Settings) -> int:
    """Write docs/event-map.md anew."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


def page() -> str:
    """The page's text."""
    return _HEAD + "".join(_rows()) + _errands() + _deadlines() + _routines()


def _rows() -> Iterator[str]:
    projecting, reacting = routes(PROJECTIONS), routes(POLICIES)
    for name in sorted(projecting):
        writes = [handler.name for handler in projecting[name]]
        reacts = [policy.name for policy in reacting[name]]
        yield f"| `{name}` | {_list(writes)} | {_list(reacts)} |\n"


def _list(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "—"


def _errands() -> str:
    done = {name: run.__qualname__ for name, run in ERRANDS.items()}
    return _table("Errands of the outbox", "errand", "carried out by", done)


def _deadlines() -> str:
    done = {name: duty.run.__qualname__ for name, duty in DEADLINES.items()}
    return _table("Deadlines", "deadline", "met by", done)


def _routines() -> str:
    done = {
        name: f"{each.run.__qualname__}` every `{each.every}" for name, each in ROUTINES.items()
    }
    return _table("Routines", "routine", "done by", done)


def _table(title: str, left: str, right: str, done: Mapping[str, str]) -> str:
    rows = "".join(f"| `{name}` | `{by}` |\n" for name, by in done.items())
    return f"\n## {title}\n\n| {left} | {right} |\n|---|---|\n{rows}"
