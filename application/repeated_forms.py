"""Which part of a booking form an old order's details were: what can be asked for again.

Dates of the old order are left out: a return comes as soon as it can, and a plan
has as many periods as it had.
"""

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Final

Form = dict[str, Any]


def form_of(service_code: str, details: Mapping[str, Any]) -> Form:
    """The line's own part of the form; `details` in clear. What was left empty stays out."""
    form = _FORMS.get(service_code[:2], _nothing)(details)
    return {name: fact for name, fact in form.items() if fact}


def _picked(*names: str) -> Callable[[Mapping[str, Any]], Form]:
    def pick(details: Mapping[str, Any]) -> Form:
        return {name: details[name] for name in names if name in details}

    return pick


def _nothing(_: Mapping[str, Any]) -> Form:
    return {}


def _plan(details: Mapping[str, Any]) -> Form:
    """A long-term plan; a single visit has none."""
    plan: Mapping[str, Any] = details.get("plan", {})
    names = ("weekdays", "weeks", "flexible_days", "preferred_worker_id")
    return _picked(*names)(plan) | {"periods": _periods(plan)}


def _periods(plan: Mapping[str, Any]) -> int:
    """How many periods the old plan had; 0 where it went on until somebody ended it."""
    if not plan.get("until"):
        return 0
    days = (date.fromisoformat(plan["until"]) - date.fromisoformat(plan["first_day"])).days + 1
    return -(-days // (7 * int(plan["weeks"])))


def _machines(details: Mapping[str, Any]) -> Form:
    """What was told of each machine, without the names that the order gave them."""
    told = _picked("item", "brand", "age_years")
    return {"machines": [told(each) for each in details.get("machines", [])]}


# By the first two letters of the service code.
_FORMS: Final[Mapping[str, Callable[[Mapping[str, Any]], Form]]] = MappingProxyType(
    {
        "BJ": _picked("rooms", "survey"),
        "GX": _picked("item_remarks", "declared_values_fen", "return_contact"),
        "XS": _plan,
        "JD": _machines,
        "WX": _picked("appliance", "fault", "photos"),
        **dict.fromkeys(
            ("YS", "BM", "LR", "HG"),
            _picked("choice", "days", "presence", "description", "hospital", "ward"),
        ),
    }
)
