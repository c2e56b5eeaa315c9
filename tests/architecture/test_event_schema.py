"""What the log holds is frozen: stored names, their fields, the fields' types.

`python -m tests.architecture.test_event_schema` adds new names, and new fields
that have a default, to the frozen list. It refuses anything else: old events
must stay readable, so such a change needs a new event or an upcast.
"""

import importlib
import json
import pkgutil
from dataclasses import MISSING, Field, fields
from difflib import unified_diff
from pathlib import Path
from typing import Any, get_type_hints

from eventsourcing.domain import Aggregate

import domain
from domain.names import STORED_EVENTS

FROZEN = Path(__file__).with_name("event_schema.json")

Schema = dict[str, dict[str, str]]

# Written by the library around our facts.
_ENVELOPE = frozenset({"originator_id", "originator_version", "originator_topic", "timestamp"})


def code_schema() -> Schema:
    """All stored names of the domain with their fields, as the code has them."""
    for module in pkgutil.walk_packages(domain.__path__, "domain."):
        importlib.import_module(module.name)
    ours = {name: cls for name, cls in STORED_EVENTS.items() if cls.__module__[:7] == "domain."}
    return {name: _fields(ours[name]) for name in sorted(ours)}


def frozen_schema() -> Schema:
    schema: Schema = json.loads(FROZEN.read_text(encoding="utf-8"))
    return schema


def breaches(frozen: Schema, code: Schema) -> list[str]:
    """What in the code would make old events unreadable, in words."""
    found = []
    for name, old in frozen.items():
        new = code.get(name)
        if new is None:
            found.append(f"{name}: the event disappeared")
            continue
        found += [
            f"{name}.{field}: was {kind}, is {new.get(field, 'gone')}"
            for field, kind in old.items()
            if new.get(field) != kind
        ]
        found += [
            f"{name}.{field}: a new field of an old event needs a default"
            for field in new.keys() - old.keys()
            if not new[field].endswith("(optional)")
        ]
    return found


def _fields(event: type[Aggregate.Event]) -> dict[str, str]:
    hints = get_type_hints(event)
    ours = (field for field in fields(event) if field.name not in _ENVELOPE)
    return {field.name: _kind(hints[field.name], field) for field in ours}


def _kind(hint: Any, field: Field[Any]) -> str:  # noqa: ANN401 - any annotation
    name = hint.__name__ if type(hint) is type else str(hint)
    for module in ("typing.", "uuid.", "datetime."):
        name = name.replace(module, "")
    return name if field.default is MISSING else f"{name} (optional)"


def _text(schema: Schema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def test_no_stored_name_or_field_disappears_or_changes() -> None:
    assert breaches(frozen_schema(), code_schema()) == []


def test_every_stored_name_and_field_is_frozen() -> None:
    frozen, code = _text(frozen_schema()).splitlines(), _text(code_schema()).splitlines()

    difference = list(unified_diff(frozen, code, "event_schema.json", "code", lineterm="", n=1))

    assert difference == [], "\n".join(difference)


def test_a_breach_is_told_in_words() -> None:
    frozen = {"order.paid": {"fen": "int"}, "order.gone": {}}
    code = {"order.paid": {"fen": "str", "by": "str", "note": "str (optional)"}}

    assert breaches(frozen, code) == [
        "order.paid.fen: was int, is str",
        "order.paid.by: a new field of an old event needs a default",
        "order.gone: the event disappeared",
    ]


def write() -> None:
    """Add what is new to the frozen list."""
    code = code_schema()
    if FROZEN.exists() and (found := breaches(frozen_schema(), code)):
        raise SystemExit("\n".join(found))
    FROZEN.write_text(_text(code), encoding="utf-8")


if __name__ == "__main__":
    write()
