"""`jiawu event-map`: the event map as a page, from the dicts that run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from application.event_map import ERRANDS, POLICIES, PROJECTIONS
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
    return _HEAD + "".join(_rows()) + _errands()


def _rows() -> Iterator[str]:
    projecting, reacting = routes(PROJECTIONS), routes(POLICIES)
    for name in sorted(projecting):
        writes = [handler.name for handler in projecting[name]]
        reacts = [policy.name for policy in reacting[name]]
        yield f"| `{name}` | {_list(writes)} | {_list(reacts)} |\n"


def _list(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "—"


def _errands() -> str:
    rows = "".join(f"| `{name}` | `{run.__qualname__}` |\n" for name, run in ERRANDS.items())
    return f"\n## Errands of the outbox\n\n| errand | carried out by |\n|---|---|\n{rows}"
