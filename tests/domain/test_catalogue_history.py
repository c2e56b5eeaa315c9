"""The catalogue changes by events; what was, can be told for ever."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from eventsourcing.utils import get_topic
from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue.catalogue import (
    CATALOGUE_ID,
    SEED,
    Catalogue,
    RevisionNotFoundError,
    ServiceExistsError,
    UnitChangedError,
)
from domain.catalogue.definitions import (
    InvalidDefinitionError,
    kind_definition,
    kind_of,
    service_definition,
    service_of,
)
from domain.catalogue.items import Item, ItemExtra
from domain.catalogue.options import Choice, Option
from domain.catalogue.seed import SERVICES, TARIFF
from domain.catalogue.seed_kinds import APPLIANCES, KINDS
from domain.catalogue.service_rules import check_service
from domain.catalogue.services import Group, Measure, Service, ServiceNotFoundError, Workload
from domain.catalogue.units import HOURS, MACHINES, PIECES, SQUARE_METRES, UNITS
from domain.errors import JiawuError
from infrastructure.event_log.mapper import OrjsonTranscoder, PlainJsonMapper
from tests.domain.histories import assert_replays, state

BY = "staff:boss"
AT = datetime(2026, 11, 22, 1, tzinfo=UTC)
DAILY = TARIFF.service("BJ-01")
NEW = replace(DAILY, code="BJ-04", name="收纳整理")


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue.establish(by=BY, at=AT)


def test_before_any_change_the_seed_is_on_offer(catalogue: Catalogue) -> None:
    assert (catalogue.id, catalogue.revision) == (CATALOGUE_ID, 0)
    assert catalogue.offer() == SEED
    assert dict(SEED.on_sale) == dict(TARIFF.services)


def test_a_new_service_is_on_offer_from_its_revision_on(catalogue: Catalogue) -> None:
    catalogue.add_service(NEW, by=BY, at=AT)
    assert catalogue.revision == 1
    assert catalogue.offer().on_sale["BJ-04"] == NEW
    assert "BJ-04" not in catalogue.offer(0).services


@pytest.mark.requirement("R12")
def test_a_changed_mode_of_payment_leaves_the_old_revision_as_it_was(catalogue: Catalogue) -> None:
    assert catalogue.change_service(replace(DAILY, payment_mode="reservation"), by=BY, at=AT)
    assert catalogue.offer(0).services["BJ-01"].payment_mode == "online"
    assert catalogue.offer(1).services["BJ-01"].payment_mode == "reservation"


def test_a_change_that_changes_nothing_is_no_event(catalogue: Catalogue) -> None:
    assert not catalogue.change_service(DAILY, by=BY, at=AT)
    assert not catalogue.restore_service("BJ-01", by=BY, at=AT)
    assert not catalogue.arrange_kinds(KINDS, by=BY, at=AT)
    assert catalogue.withdraw_service("BJ-01", by=BY, at=AT)
    assert not catalogue.withdraw_service("BJ-01", by=BY, at=AT)
    assert catalogue.revision == 1


def test_a_withdrawn_service_is_not_on_sale_until_it_is_restored(catalogue: Catalogue) -> None:
    catalogue.withdraw_service("BJ-01", by=BY, at=AT)
    assert "BJ-01" not in catalogue.offer().on_sale
    assert "BJ-01" in catalogue.offer().services
    catalogue.restore_service("BJ-01", by=BY, at=AT)
    assert catalogue.offer().on_sale["BJ-01"] == DAILY


def test_a_change_holds_from_its_instant_on(catalogue: Catalogue) -> None:
    catalogue.withdraw_service("BJ-01", by=BY, at=AT + timedelta(hours=1))
    assert catalogue.revision_at(AT) == 0
    assert catalogue.revision_at(AT + timedelta(hours=1)) == 1


@pytest.mark.requirement("R01")
def test_kinds_can_be_put_in_another_order_and_named_anew(catalogue: Catalogue) -> None:
    renamed = replace(KINDS[0], name="家庭保洁")
    catalogue.arrange_kinds((*KINDS[1:], renamed), by=BY, at=AT)
    offer = catalogue.offer()
    assert [kind.name for kind in offer.kinds][-1] == "家庭保洁"
    assert offer.services["BJ-01"].path == ("家庭保洁", "日常保洁")
    assert catalogue.offer(0).kinds == KINDS


def test_a_kind_may_get_another_group_but_lose_none_that_is_used(catalogue: Catalogue) -> None:
    more = replace(APPLIANCES, groups=(*APPLIANCES.groups, Group("smart_home", "智能家居")))
    catalogue.arrange_kinds([more if kind == APPLIANCES else kind for kind in KINDS], by=BY, at=AT)
    fewer = replace(APPLIANCES, groups=APPLIANCES.groups[1:])
    with pytest.raises(InvalidDefinitionError, match="分组"):
        catalogue.arrange_kinds(
            [fewer if kind == APPLIANCES else kind for kind in KINDS], by=BY, at=AT
        )


def test_a_group_stands_once_in_its_kind(catalogue: Catalogue) -> None:
    twice = replace(APPLIANCES, groups=(*APPLIANCES.groups, APPLIANCES.groups[0]))
    with pytest.raises(InvalidDefinitionError, match="不能重复"):
        catalogue.arrange_kinds(
            [twice if kind == APPLIANCES else kind for kind in KINDS], by=BY, at=AT
        )


@pytest.mark.parametrize("kinds", [KINDS[1:], (*KINDS, replace(KINDS[0], code="ninth"))])
def test_the_eight_kinds_stay_eight(catalogue: Catalogue, kinds: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidDefinitionError, match="不能增加或减少"):
        catalogue.arrange_kinds(kinds, by=BY, at=AT)


def test_a_code_is_given_once_even_if_it_was_withdrawn(catalogue: Catalogue) -> None:
    catalogue.withdraw_service("BJ-01", by=BY, at=AT)
    with pytest.raises(ServiceExistsError, match="BJ-01"):
        catalogue.add_service(DAILY, by=BY, at=AT)


@pytest.mark.parametrize(
    "changed",
    [
        replace(DAILY, measure=replace(DAILY.measure, unit=SQUARE_METRES)),  # type: ignore[type-var] # it is measured
        replace(DAILY, per_visit=True),
        replace(DAILY, measure=None, items=(Item("hour", "小时", HOURS, 60),)),
        replace(
            TARIFF.service("GX-01"), items=(replace(TARIFF.service("GX-01").items[0], unit=HOURS),)
        ),
    ],
)
def test_what_is_sold_is_never_measured_in_another_unit(
    catalogue: Catalogue, changed: Service
) -> None:
    with pytest.raises(UnitChangedError):
        catalogue.change_service(changed, by=BY, at=AT)
    assert catalogue.revision == 0


def test_an_item_that_was_dropped_comes_back_in_its_unit_alone(catalogue: Catalogue) -> None:
    """A book in force may price it by the old unit yet."""
    linen = TARIFF.service("GX-03")
    curtain = next(item for item in linen.items if item.code == "curtain")
    others = tuple(item for item in linen.items if item != curtain)
    assert catalogue.change_service(replace(linen, items=others), by=BY, at=AT)
    by_piece = replace(curtain, unit=PIECES, maximum=10)
    with pytest.raises(UnitChangedError):
        catalogue.change_service(replace(linen, items=(*others, by_piece)), by=BY, at=AT)
    assert catalogue.change_service(linen, by=BY, at=AT)
    assert catalogue.offer().services["GX-03"] == linen


@pytest.mark.parametrize(
    "command",
    [
        lambda catalogue: catalogue.change_service(NEW, by=BY, at=AT),
        lambda catalogue: catalogue.withdraw_service("BJ-04", by=BY, at=AT),
        lambda catalogue: catalogue.restore_service("BJ-04", by=BY, at=AT),
    ],
)
def test_what_was_never_on_offer_cannot_be_changed(
    catalogue: Catalogue, command: Callable[[Catalogue], object]
) -> None:
    with pytest.raises(ServiceNotFoundError, match="BJ-04"):
        command(catalogue)


@pytest.mark.parametrize("revision", [-1, 1])
def test_a_revision_that_never_was_is_not_found(catalogue: Catalogue, revision: int) -> None:
    with pytest.raises(RevisionNotFoundError):
        catalogue.offer(revision)


_PIECE = Item("shirt", "衬衫", PIECES, 50)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "BJ4"}, "code"),
        ({"code": "ZZ-01"}, "code"),
        ({"kind": KINDS[1]}, "kind"),
        ({"code": "YS-02", "kind": KINDS[4]}, "payment_mode"),
        ({"name": " "}, "name"),
        ({"name": "长" * 41}, "name"),
        ({"tax_class": "zero"}, "tax_class"),
        ({"measure": None}, "measure"),
        ({"items": (_PIECE,)}, "measure"),
        ({"measure": Measure(HOURS, 0, 0, 0)}, "measure"),
        ({"measure": Measure(HOURS, 30, 100, 120)}, "measure"),
        ({"measure": None, "items": (_PIECE,), "per_visit": True}, "per_visit"),
        ({"turnaround_days": (5, 3)}, "turnaround_days"),
        ({"measure": None, "items": (_PIECE, _PIECE)}, "items"),
        ({"measure": None, "items": (replace(_PIECE, code="T恤"),)}, "items"),
        ({"measure": None, "items": (replace(_PIECE, step=3),)}, "items"),
        ({"measure": None, "items": (replace(_PIECE, minutes=-1),)}, "items"),
        ({"measure": None, "items": (replace(_PIECE, name=""),)}, "items.name"),
        ({"options": (Option("size", "大小", ()),)}, "options"),
        ({"options": (Option("size", "大小", (Choice("big", "大"),), "small"),)}, "options"),
        ({"options": (Option("size", "大小", (Choice("big", "大", "不做。"),)),)}, "options"),
        (
            {
                "measure": None,
                "items": (replace(_PIECE, code="size"),),
                "options": (Option("size", "大小", (Choice("big", "大"),)),),
            },
            "options",
        ),
        ({"workload": Workload(0, 1)}, "workload"),
        ({"workload": Workload(60, 60, least_crew=2)}, "workload"),
        ({"workload": Workload(60, 60, least_minutes=45)}, "workload"),
        ({"workload": Workload(60, 60, slow_choices=frozenset({("a", "b")}))}, "workload"),
    ],
)
def test_a_service_that_contradicts_itself_is_refused_by_name(
    changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidDefinitionError) as refused:
        check_service(replace(DAILY, **changes))
    assert refused.value.facts["field"] == field


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"kind": "garden"}, "kind"), ({"group": "garden"}, "group"), ({"measure": None}, "")],
)
def test_a_definition_of_what_does_not_exist_is_refused(
    changes: dict[str, Any], field: str
) -> None:
    definition = service_definition(DAILY) | changes
    if field:
        with pytest.raises(InvalidDefinitionError):
            service_of(definition, KINDS)
    else:
        assert service_of(definition, KINDS).measure is None


def test_an_unknown_unit_is_refused() -> None:
    definition = service_definition(TARIFF.service("GX-01"))
    definition["items"][0]["unit"] = "furlong"
    with pytest.raises(InvalidDefinitionError, match="furlong"):
        service_of(definition, KINDS)


# -- round trips


CODES = st.from_regex(r"[a-z][a-z0-9_]{0,29}", fullmatch=True)
NAMES = st.text(min_size=1, max_size=20).filter(str.strip)
COUNTS = st.integers(0, 10_000)
EXTRAS = st.lists(st.builds(ItemExtra, CODES, NAMES, COUNTS), max_size=3).map(tuple)
ITEMS = st.builds(
    Item, CODES, NAMES, st.sampled_from(list(UNITS.values())), COUNTS, COUNTS, COUNTS, EXTRAS
)
OPTIONS = st.builds(
    Option,
    CODES,
    NAMES,
    st.lists(st.builds(Choice, CODES, NAMES, NAMES, NAMES), max_size=3).map(tuple),
    CODES,
)
MEASURES = st.builds(
    Measure, st.sampled_from(list(UNITS.values())), COUNTS, COUNTS, COUNTS, st.booleans()
)
SERVICES_OF_ANY_SHAPE = st.builds(
    Service,
    code=st.from_regex(r"[A-Z]{2}-[0-9]{2}", fullmatch=True),
    kind=st.just(APPLIANCES),
    group=st.none() | st.sampled_from(APPLIANCES.groups),
    name=NAMES,
    payment_mode=st.sampled_from(["online", "reservation"]),
    tax_class=CODES,
    workload=st.builds(
        Workload,
        *(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS),
        st.frozensets(st.tuples(CODES, CODES), max_size=3),
    ),
    measure=st.none() | MEASURES,
    items=st.lists(ITEMS, max_size=4).map(tuple),
    one_item=st.booleans(),
    per_visit=st.booleans(),
    turnaround_days=st.tuples(COUNTS, COUNTS),
    options=st.lists(OPTIONS, max_size=3).map(tuple),
    note=st.text(max_size=20),
)


def through_json(definition: Any) -> Any:  # noqa: ANN401 - plain data
    transcoder = OrjsonTranscoder()
    return transcoder.decode(transcoder.encode(definition))


@given(SERVICES_OF_ANY_SHAPE)
def test_a_service_survives_its_definition(service: Service) -> None:
    assert service_of(through_json(service_definition(service)), KINDS) == service


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_a_kind_survives_its_definition(kind: Any) -> None:  # noqa: ANN401 - a Kind
    assert kind_of(through_json(kind_definition(kind))) == kind


def commands(catalogue: Catalogue, at: datetime) -> list[Callable[[Service], object]]:
    def arrange(service: Service) -> object:
        turned = KINDS[len(service.name) % 8 :] + KINDS[: len(service.name) % 8]
        return catalogue.arrange_kinds(turned, by=BY, at=at)

    return [
        lambda service: catalogue.add_service(replace(service, code="JD-09"), by=BY, at=at),
        lambda service: catalogue.change_service(service, by=BY, at=at),
        lambda service: catalogue.change_service(replace(service, name="新名"), by=BY, at=at),
        lambda service: catalogue.withdraw_service(service.code, by=BY, at=at),
        lambda service: catalogue.restore_service(service.code, by=BY, at=at),
        arrange,
    ]


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(SERVICES)), max_size=12))
def test_any_history_replays_and_every_old_revision_stays(
    steps: list[tuple[int, Service]],
) -> None:
    catalogue = Catalogue.establish(by=BY, at=AT)
    seen = [catalogue.offer()]
    for number, (step, service) in enumerate(steps):
        before = (state(catalogue), len(catalogue.pending_events))
        try:
            commands(catalogue, AT + timedelta(minutes=number))[step](service)
        except JiawuError:
            assert (state(catalogue), len(catalogue.pending_events)) == before
        if catalogue.revision == len(seen):
            seen.append(catalogue.offer())
    assert [catalogue.offer(each) for each in range(catalogue.revision + 1)] == seen
    events = list(catalogue.pending_events)
    assert_replays(catalogue, events)
    mapper: PlainJsonMapper = PlainJsonMapper(OrjsonTranscoder())
    stored = [mapper.to_domain_event(mapper.to_stored_event(event)) for event in events]
    assert stored == events
    assert get_topic(Catalogue) == "catalogue"


def test_a_new_appliance_can_be_offered(catalogue: Catalogue) -> None:
    fan = replace(
        TARIFF.service("JD-05"),
        code="JD-06",
        name="新风机清洗",
        items=(Item("fan", "新风机", MACHINES, 10, minutes=60),),
    )
    catalogue.add_service(fan, by=BY, at=AT)
    assert catalogue.offer().on_sale["JD-06"].path == ("家电维修及保养", "家电清洗", "新风机清洗")
