"""What a service must be like before it can stand in the catalogue."""

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from domain.catalogue.definitions import InvalidDefinitionError
from domain.catalogue.items import Item
from domain.catalogue.options import Option
from domain.catalogue.services import Measure, Service, Workload
from domain.ledger.tax import TAX_CLASSES

LONGEST_NAME: Final = 40
MOST_PARTS: Final = 50
LARGEST: Final = 1_000_000

# A service line, the first two letters of a code, belongs to one kind: it decides
# which course an order takes.
LINE_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "BJ": "cleaning",
        "GX": "dry_cleaning",
        "XS": "hourly",
        "JD": "appliances",
        "YH": "appliances",
        "WX": "appliances",
        "YS": "maternity",
        "BM": "nanny",
        "LR": "elder_care",
        "HG": "hospital_care",
    }
)
# Lines whose orders have no online payment, ever.
RESERVED_LINES: Final = frozenset({"WX", "YS", "BM", "LR", "HG"})

_CODE: Final = re.compile(r"[A-Z]{2}-[0-9]{2}", re.ASCII)
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,29}", re.ASCII)


def check_service(service: Service) -> None:
    """Check that a service agrees with itself.

    Raises:
        InvalidDefinitionError: It does not; `field` says where.
    """
    _check_line(service)
    _check_names(service)
    if service.tax_class not in TAX_CLASSES:
        raise InvalidDefinitionError(field="tax_class", rule=f"没有税目“{service.tax_class}”")
    if (service.measure is None) == (not service.items):
        raise InvalidDefinitionError(field="measure", rule="须按数量或按项目计价，二者择一")
    if service.measure:
        _check_measure(service.measure)
    if service.per_visit and not service.measure:
        raise InvalidDefinitionError(field="per_visit", rule="按次的计划须按数量计价")
    least, most = service.turnaround_days
    if not 0 <= least <= most <= LARGEST:
        raise InvalidDefinitionError(field="turnaround_days", rule="最短天数不能多于最长天数")
    for item in service.items:
        _check_item(item)
    for option in service.options:
        _check_option(option)
    _check_workload(service.workload, service.options)


def _check_line(service: Service) -> None:
    if not _CODE.fullmatch(service.code) or service.line not in LINE_KINDS:
        raise InvalidDefinitionError(field="code", rule="编码须为业务线字母加两位数字，如 BJ-04")
    if LINE_KINDS[service.line] != service.kind.code:
        raise InvalidDefinitionError(field="kind", rule=f"{service.line} 不属于{service.kind.name}")
    if service.line in RESERVED_LINES and service.payment_mode != "reservation":
        raise InvalidDefinitionError(field="payment_mode", rule="该业务线只接受预约")


def _check_names(service: Service) -> None:
    for field, name in (("name", service.name), *_names(service)):
        if not 1 <= len(name.strip()) <= LONGEST_NAME:
            raise InvalidDefinitionError(field=field, rule=f"名称须为 1 至 {LONGEST_NAME} 个字")
    _check_codes("items", [item.code for item in service.items])
    _check_codes("options", [option.code for option in service.options])
    # Prices name both alike, `option.choice` and `item.extra`.
    if {item.code for item in service.items} & {option.code for option in service.options}:
        raise InvalidDefinitionError(field="options", rule="选项与项目不能同名")


def _names(service: Service) -> Iterator[tuple[str, str]]:
    for item in service.items:
        yield "items.name", item.name
        yield from (("items.extras.name", extra.name) for extra in item.extras)
    for option in service.options:
        yield "options.name", option.name
        yield from (("options.choices.name", choice.name) for choice in option.choices)


def _check_codes(field: str, codes: list[str]) -> None:
    if len(codes) > MOST_PARTS or len(set(codes)) < len(codes):
        raise InvalidDefinitionError(field=field, rule=f"编码不能重复，最多 {MOST_PARTS} 个")
    if not all(_WORD.fullmatch(code) for code in codes):
        raise InvalidDefinitionError(field=field, rule="编码须为小写英文单词")


def _check_measure(measure: Measure) -> None:
    if not 0 < measure.step <= measure.minimum <= measure.maximum <= LARGEST:
        raise InvalidDefinitionError(field="measure", rule="须满足 0 < 步长 ≤ 起订 ≤ 上限")
    if measure.minimum % measure.step or measure.maximum % measure.step:
        raise InvalidDefinitionError(field="measure", rule="起订与上限须为步长的整数倍")


def _check_item(item: Item) -> None:
    if not 0 < item.step <= item.maximum <= LARGEST or item.maximum % item.step:
        raise InvalidDefinitionError(field="items", rule=f"{item.name}的上限须为步长的整数倍")
    minutes = (item.minutes, *(extra.minutes for extra in item.extras))
    if not all(0 <= each <= LARGEST for each in minutes):
        raise InvalidDefinitionError(field="items", rule=f"{item.name}的用时不能为负")
    _check_codes("items.extras", [extra.code for extra in item.extras])


def _check_option(option: Option) -> None:
    codes = [choice.code for choice in option.choices]
    _check_codes("options.choices", codes)
    sold = {choice.code for choice in option.choices if not choice.refusal}
    if not sold or (option.default and option.default not in sold):
        raise InvalidDefinitionError(
            field="options", rule=f"{option.name}须有可选的值，默认值须在其中"
        )


def _check_workload(workload: Workload, options: Iterable[Option]) -> None:
    numbers = (workload.pace, workload.per_person, workload.least_crew)
    if not all(0 < each <= LARGEST for each in numbers):
        raise InvalidDefinitionError(field="workload", rule="效率与人数须大于零")
    if not workload.least_crew <= workload.most_crew <= MOST_PARTS:
        raise InvalidDefinitionError(field="workload", rule="最少人数不能多于最多人数")
    if not 0 < workload.least_minutes <= LARGEST or workload.least_minutes % 30:
        raise InvalidDefinitionError(field="workload", rule="最短用时须为半小时的整数倍")
    known = {(option.code, choice.code) for option in options for choice in option.choices}
    if workload.slow_choices - known:
        raise InvalidDefinitionError(field="workload", rule="慢速选项不存在")
