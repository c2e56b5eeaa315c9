import pytest

from domain.catalogue.definitions import service_definition
from domain.catalogue.items import InvalidItemError
from domain.catalogue.seed import SERVICES, TARIFF
from domain.catalogue.seed_kinds import KINDS
from domain.catalogue.service_rules import LINE_KINDS, RESERVED_LINES, check_service
from domain.catalogue.services import InvalidQuantityError, Service, ServiceNotFoundError
from domain.catalogue.units import CARE_DAYS, HOURS, METRES, SQUARE_METRES, UNITS
from domain.ledger.tax import tax_class


def leaves(kind: str) -> list[str]:
    return [leaf.code for leaf in SERVICES if leaf.kind.code == kind]


def in_group(group: str) -> list[str]:
    return [leaf.code for leaf in SERVICES if leaf.group and leaf.group.code == group]


@pytest.mark.requirement("R01")
def test_the_eight_kinds_stand_in_the_order_of_the_source() -> None:
    names = [kind.name for kind in KINDS]
    assert names == [
        *("保洁", "上门干洗", "小时工", "家电维修及保养"),
        *("月嫂", "保姆", "老人陪护", "医院护工"),
    ]


@pytest.mark.requirement("R02", "R03", "R04")
def test_cleaning_dry_cleaning_and_hourly_work_are_paid_online() -> None:
    assert leaves("cleaning") == ["BJ-01", "BJ-02", "BJ-03"]
    assert leaves("dry_cleaning") == ["GX-01", "GX-02", "GX-03"]
    assert leaves("hourly") == ["XS-01", "XS-02"]
    kinds = {"cleaning", "dry_cleaning", "hourly"}
    assert {leaf.payment_mode for leaf in SERVICES if leaf.kind.code in kinds} == {"online"}


@pytest.mark.requirement("R05", "R06", "R07", "R08")
def test_the_groups_of_appliances_have_modes_of_their_own() -> None:
    assert in_group("appliance_cleaning") == ["JD-01", "JD-02", "JD-03", "JD-04", "JD-05"]
    assert in_group("home_care") == ["YH-01", "YH-02", "YH-03", "YH-04"]
    assert in_group("appliance_repair") == ["WX-01"]
    modes = {leaf.group.name: leaf.payment_mode for leaf in SERVICES if leaf.group}
    assert modes == {"家电清洗": "online", "家居养护": "online", "家电维修": "reservation"}


@pytest.mark.requirement("R09")
def test_the_four_care_services_are_reservations() -> None:
    care = [leaf for leaf in SERVICES if leaf.code[:2] in {"YS", "BM", "LR", "HG"}]
    assert [leaf.name for leaf in care] == ["月嫂", "保姆", "老人陪护", "医院护工"]
    assert {leaf.payment_mode for leaf in care} == {"reservation"}


def test_the_catalogue_has_22_leaves_with_codes_of_their_own() -> None:
    assert len(SERVICES) == len(TARIFF.services) == 22


def test_every_line_belongs_to_a_kind_and_no_kind_is_empty() -> None:
    assert {leaf.line for leaf in SERVICES} == set(LINE_KINDS)
    assert {leaf.kind for leaf in SERVICES} == set(KINDS)
    assert set(LINE_KINDS) > RESERVED_LINES


@pytest.mark.parametrize("leaf", SERVICES, ids=lambda leaf: leaf.code)
def test_every_leaf_obeys_the_rules_for_new_ones(leaf: Service) -> None:
    check_service(leaf)
    assert tax_class(leaf.tax_class).code == leaf.tax_class
    assert service_definition(leaf)["code"] == leaf.code


def test_a_leaf_says_where_it_stands_in_the_catalogue() -> None:
    assert TARIFF.service("BJ-01").path == ("保洁", "日常保洁")
    assert TARIFF.service("JD-03").path == ("家电维修及保养", "家电清洗", "空调清洗")


def test_an_unknown_service_is_not_found() -> None:
    with pytest.raises(ServiceNotFoundError, match="ZZ-99"):
        TARIFF.service("ZZ-99")


@pytest.mark.parametrize(
    ("unit", "quantity", "told"),
    [
        (HOURS, 150, "2.5 小时"),
        (HOURS, 120, "2 小时"),
        (SQUARE_METRES, 455, "45.5 ㎡"),
        (METRES, 35, "3.5 米"),
        (CARE_DAYS, 26, "26 天"),
    ],
)
def test_a_quantity_is_told_as_people_say_it(unit: object, quantity: int, told: str) -> None:
    assert unit.describe(quantity) == told  # type: ignore[attr-defined]


def test_units_are_found_by_their_codes() -> None:
    assert all(UNITS[code].code == code for code in UNITS)
    used = {leaf.measure.unit for leaf in SERVICES if leaf.measure}
    used |= {item.unit for leaf in SERVICES for item in leaf.items}
    assert used == set(UNITS.values())


# -- what a wish may name


def test_pieces_stand_in_the_order_of_the_catalogue_however_they_are_wished() -> None:
    clothes = TARIFF.service("GX-01")
    pieces = clothes.pieces({"coat": 1, "shirt.silk": 2, "shirt": 3})
    assert [piece.name for piece in pieces] == ["shirt", "shirt.silk", "coat"]
    assert [piece.label for piece in pieces] == ["衬衫", "衬衫（真丝）", "大衣"]


@pytest.mark.parametrize(
    ("code", "items", "word"),
    [
        ("GX-01", {}, "至少选择一个"),
        ("GX-01", {"hat": 1}, "没有这个项目"),
        ("GX-01", {"shirt.leather": 1}, "没有“leather”"),
        ("GX-01", {"down_jacket.silk": 1}, "没有“silk”"),
        ("GX-01", {"shirt.silk.silk": 1}, "不重复"),
        ("GX-01", {"shirt": 0}, "大于零"),
        ("GX-01", {"shirt": True}, "大于零"),
        ("GX-01", {"shirt": 51}, "最多 50 件"),
        ("GX-01", {f"item_{each}": 1 for each in range(51)}, "最多 50 种"),
        ("BJ-01", {"shirt": 1}, "没有这个项目"),
        ("YS-01", {"gold": 26, "silver": 26}, "只能选择一个"),
    ],
)
def test_a_wrong_item_is_refused_by_name(code: str, items: dict[str, int], word: str) -> None:
    with pytest.raises(InvalidItemError, match=word) as refused:
        TARIFF.service(code).pieces(items)
    assert str(refused.value.facts["field"]).startswith("items")


def test_a_service_sold_by_item_takes_no_quantity() -> None:
    with pytest.raises(InvalidQuantityError, match="按项目计价"):
        TARIFF.service("GX-01").check_quantity(3)
    assert TARIFF.service("GX-01").check_quantity(0) == 0
