"""All stories: ten cleaning orders, then every other leaf of the catalogue to its end."""

from collections.abc import Callable
from typing import Final

from domain.orders.stages import CLOSED_UNDONE, DONE, STAGE_LABELS, Stage
from interface.demo import (
    story_of_appliance_care,
    story_of_care,
    story_of_dry_cleaning,
    story_of_hourly,
    story_of_repair,
)
from interface.demo.scene import Scene
from interface.demo.story import tell

Story = Callable[[Scene], None]

# The elder comes first, so that a public holiday falls into the days of work.
_OTHER_LINES: Final[tuple[Story, ...]] = (
    story_of_care.elder_care,
    story_of_dry_cleaning.wash_clothes,
    story_of_dry_cleaning.clean_shoes,
    story_of_dry_cleaning.clean_home_textiles,
    story_of_hourly.hourly_visit,
    story_of_hourly.long_term_plan,
    story_of_appliance_care.clean_range_hoods,
    story_of_appliance_care.clean_refrigerator,
    story_of_appliance_care.clean_air_conditioners,
    story_of_appliance_care.clean_washing_machine,
    story_of_appliance_care.clean_microwave_oven,
    story_of_appliance_care.wax_floor,
    story_of_appliance_care.care_for_sofa,
    story_of_appliance_care.remove_dust_and_mites,
    story_of_appliance_care.care_for_lamps,
    story_of_repair.repair_appliance,
    story_of_care.hospital_attendant,
    story_of_care.maternity_nurse,
    story_of_care.nanny,
    story_of_repair.half_a_year_later,
)
_ENDS: Final = DONE | {Stage.SETTLED}


def tell_everything(scene: Scene) -> None:
    """Every leaf from its booking to its end."""
    tell(scene)
    for story in _OTHER_LINES:
        scene.open_month()
        story(scene)
    check_leaves(scene)


def check_leaves(scene: Scene) -> None:
    """Each service of the catalogue has an order that came to its end."""
    scene.settle()
    scene.say.heading("目录里的每一项服务")
    leaves = scene.dispatcher.get("/api/v1/services")
    for leaf in leaves:
        stages = _stages(scene, leaf["code"])
        ended = [STAGE_LABELS[stage] for stage in stages if stage in _ENDS]
        told = f"{leaf['code']} {' › '.join(leaf['path'])}：{'、'.join(ended)}"
        scene.say.expect(told, holds=bool(ended), found=stages)
    scene.say.expect(f"共 {len(leaves)} 项服务", holds=len(leaves) == 22, found=len(leaves))  # noqa: PLR2004 - of the brief


def _stages(scene: Scene, service_code: str) -> list[str]:
    page = scene.dispatcher.get("/api/v1/office/orders", service_code=service_code)
    return [each["stage"] for each in page["orders"] if each["stage"] not in CLOSED_UNDONE]
