"""One seed from dawn to rest, and what a set of seeds must have seen."""

import traceback
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from application.crash_points import watching
from infrastructure.simulators.wechat_pay import SimulatorSettings
from interface.settings import Settings
from tests.simulation.broken import BrokenError
from tests.simulation.customers import Shopper
from tests.simulation.databases import Arena
from tests.simulation.facts import facts_of
from tests.simulation.house_invariants import (
    PLACES,
    a_rebuild_equals_the_live_rows,
    no_slot_is_oversold,
)
from tests.simulation.line import PayLine
from tests.simulation.machines import Machines
from tests.simulation.money_invariants import MONEY
from tests.simulation.nodes import Node, SkewedClock
from tests.simulation.office import Office
from tests.simulation.order_invariants import ORDERS
from tests.simulation.rest import come_to_rest
from tests.simulation.sightings import seen_in
from tests.simulation.strangers import forge
from tests.simulation.tempers import visit
from tests.simulation.wechat import WeChat
from tests.simulation.wishes import Wish, a_wish
from tests.simulation.world import DAWN, World

_LONGEST_SKEW_SECONDS: Final = 120
_REBUILT_EVERY: Final = 25


@dataclass
class Run:
    """What came of a seed; `broken` is empty where every invariant held."""

    seed: int
    digest: str = ""
    broken: str = ""
    step: int = 0
    hours: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


def run_seed(arena: Arena, seed: int) -> Run:
    """Live one seed through."""
    arena.clear()
    world = World(seed)
    wechat = WeChat(world, simulator_settings(arena.settings))
    run = Run(seed)
    with watching(world.reached):
        try:
            run.hours = _live(world, wechat, arena.settings)
            _check(world, wechat, run)
        except BrokenError as broken:
            run.broken = str(broken)
        except Exception:  # noqa: BLE001 - whatever escapes is a finding of this seed
            run.broken = traceback.format_exc()
        finally:
            for node in world.nodes:
                node.house.close()
    run.digest, run.step, run.lines = world.trace.digest(), world.step, world.trace.lines
    return run


def simulator_settings(settings: Settings) -> SimulatorSettings:
    """The other end of the demo's keys."""
    return SimulatorSettings(
        appid=settings.wechat_appid,
        mchid=settings.pay_mchid,
        merchant_serial=settings.pay_serial,
        merchant_public_key_pem=settings.simulator_merchant_public_key,
        apiv3_key=settings.pay_apiv3_key.get_secret_value(),
        platform_private_key_pem=settings.simulator_platform_private_key.get_secret_value(),
        platform_key_id=next(iter(settings.platform_keys)),
        allow_loopback_http_notify=True,
    )


def _live(world: World, wechat: WeChat, settings: Settings) -> int:
    """The day, until all is at rest; how many hours it had."""
    chance = world.chance
    _start_nodes(world, wechat, settings)
    machines = Machines(world, wechat)
    office = Office(world)
    wishes = _wishes(world)
    office.open({wish.service_code for each in wishes for wish in each})
    for number, wanted in enumerate(wishes, start=1):
        shopper = Shopper(world, wechat, number)
        world.spawn(shopper.name, visit(shopper, wanted), chance.pause(0, 6 * 3600))
    for number in range(1, chance.random.randint(2, 3)):
        world.spawn(f"dispatcher {number}", office.dispatch(f"dispatcher {number}"))
    world.spawn("dispatcher 1", office.plan_more())
    if chance.happens("forger"):
        world.spawn("forger", forge(world, wechat))

    def after_each() -> None:
        machines.plan()
        _watch(world)

    hours = chance.random.choice([8, 10, 16])
    world.run(DAWN + timedelta(hours=hours), after_each)
    come_to_rest(world, wechat, office)
    return hours


def _wishes(world: World) -> list[list[Wish]]:
    """Who comes, and what each wants."""
    random = world.chance.random
    people = random.randint(2, 7)
    return [[a_wish(random) for _ in range(random.choice([1, 1, 2]))] for _ in range(people)]


def _start_nodes(world: World, wechat: WeChat, settings: Settings) -> None:
    line = PayLine(wechat.carry)
    names = ["A", "B"] if world.chance.happens("second_node") else ["A"]
    for name in names:
        ahead = timedelta()
        if world.chance.happens("clock_skew"):
            ahead = world.chance.pause(1, _LONGEST_SKEW_SECONDS)
        world.nodes.append(Node(name, settings, SkewedClock(world.clock, ahead), line))


def _watch(world: World) -> None:
    """What must hold at all times."""
    if world.checked < world.grown:
        world.checked = world.grown
        with world.nodes[0].house.engine.connect() as connection:
            no_slot_is_oversold(connection)


def _check(world: World, wechat: WeChat, run: Run) -> None:
    facts = facts_of(world, wechat)
    for invariant in (*MONEY, *ORDERS, *PLACES):
        invariant(facts)
    if run.seed % _REBUILT_EVERY == 0:
        a_rebuild_equals_the_live_rows(facts)
    run.seen = dict(seen_in(facts))
