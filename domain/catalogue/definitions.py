"""Definitions (服务定义): a service and the kinds as plain data, and back.

This is the form in which events of the catalogue carry them; fields keep their
names for ever, new ones need a default here.
"""

from collections.abc import Sequence
from typing import Any, Final

from domain.catalogue.items import Item, ItemExtra
from domain.catalogue.options import Choice, Option
from domain.catalogue.services import Group, Kind, Measure, Service, Workload
from domain.catalogue.units import UNITS, Unit
from domain.errors import InvalidInputError

Definition = dict[str, Any]


class InvalidDefinitionError(InvalidInputError):
    """A service, a kind or a price book contradicts itself or names what does not exist."""

    code = "invalid_definition"
    sentence = "定义不正确：{rule}。"


def service_definition(service: Service) -> Definition:
    """The service as plain data; the inverse of `service_of`."""
    return {
        "code": service.code,
        "kind": service.kind.code,
        "group": service.group.code if service.group else "",
        "name": service.name,
        "payment_mode": service.payment_mode,
        "tax_class": service.tax_class,
        "workload": _workload(service.workload),
        "measure": _measure(service.measure) if service.measure else None,
        "items": [_item(item) for item in service.items],
        "one_item": service.one_item,
        "per_visit": service.per_visit,
        "turnaround_days": list(service.turnaround_days),
        "options": [_option(option) for option in service.options],
        "note": service.note,
    }


def service_of(definition: Definition, kinds: Sequence[Kind]) -> Service:
    """The service that a definition of the right shape means.

    Raises:
        InvalidDefinitionError: Its kind, group or a unit does not exist.
    """
    kind = _kind(definition["kind"], kinds)
    least, most = definition["turnaround_days"]
    measure = definition["measure"]
    return Service(
        code=definition["code"],
        kind=kind,
        group=_group(definition["group"], kind),
        name=definition["name"],
        payment_mode=definition["payment_mode"],
        tax_class=definition["tax_class"],
        workload=_workload_of(definition["workload"]),
        measure=_measure_of(measure) if measure else None,
        items=tuple(_item_of(item) for item in definition["items"]),
        one_item=definition["one_item"],
        per_visit=definition["per_visit"],
        turnaround_days=(least, most),
        options=tuple(_option_of(option) for option in definition["options"]),
        note=definition["note"],
    )


def kind_definition(kind: Kind) -> Definition:
    """The kind as plain data; the inverse of `kind_of`."""
    groups = [{"code": group.code, "name": group.name} for group in kind.groups]
    return {"code": kind.code, "name": kind.name, "groups": groups}


def kind_of(definition: Definition) -> Kind:
    """The kind that a definition of the right shape means."""
    groups = tuple(Group(**group) for group in definition["groups"])
    return Kind(definition["code"], definition["name"], groups)


def _kind(code: str, kinds: Sequence[Kind]) -> Kind:
    for kind in kinds:
        if kind.code == code:
            return kind
    raise InvalidDefinitionError(field="kind", rule=f"没有服务种类“{code}”")


def _group(code: str, kind: Kind) -> Group | None:
    if not code:
        return None
    for group in kind.groups:
        if group.code == code:
            return group
    raise InvalidDefinitionError(field="group", rule=f"{kind.name}下没有分组“{code}”")


def _unit(code: str) -> Unit:
    unit = UNITS.get(code)
    if unit is None:
        raise InvalidDefinitionError(field="unit", rule=f"没有计量单位“{code}”")
    return unit


_WORKLOAD: Final = ("pace", "per_person", "least_crew", "most_crew", "least_minutes")
_MEASURE: Final = ("step", "minimum", "maximum", "minimum_is_charged")
_ITEM: Final = ("code", "name", "maximum", "minutes", "step")


def _workload(workload: Workload) -> Definition:
    slow = [list(choice) for choice in sorted(workload.slow_choices)]
    return {name: getattr(workload, name) for name in _WORKLOAD} | {"slow_choices": slow}


def _workload_of(stored: Definition) -> Workload:
    slow = frozenset((option, choice) for option, choice in stored["slow_choices"])
    return Workload(**{name: stored[name] for name in _WORKLOAD}, slow_choices=slow)


def _measure(measure: Measure) -> Definition:
    return {"unit": measure.unit.code} | {name: getattr(measure, name) for name in _MEASURE}


def _measure_of(stored: Definition) -> Measure:
    return Measure(_unit(stored["unit"]), **{name: stored[name] for name in _MEASURE})


def _item(item: Item) -> Definition:
    extras = [{"code": e.code, "name": e.name, "minutes": e.minutes} for e in item.extras]
    own = {name: getattr(item, name) for name in _ITEM}
    return own | {"unit": item.unit.code, "extras": extras}


def _item_of(stored: Definition) -> Item:
    extras = tuple(ItemExtra(**extra) for extra in stored["extras"])
    own = {name: stored[name] for name in _ITEM}
    return Item(**own, unit=_unit(stored["unit"]), extras=extras)


def _option(option: Option) -> Definition:
    choices = [
        {"code": c.code, "name": c.name, "refusal": c.refusal, "note": c.note}
        for c in option.choices
    ]
    return {"code": option.code, "name": option.name, "default": option.default, "choices": choices}


def _option_of(stored: Definition) -> Option:
    choices = tuple(Choice(**choice) for choice in stored["choices"])
    return Option(stored["code"], stored["name"], choices, stored["default"])
