"""One seed from dawn to rest, and what a set of seeds must have seen."""

import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from application.crash_points import CrashPoint, watching
from domain.orders.order_facts import OrderFacts
from domain.payments import Payment
from infrastructure.simulators.wechat_pay import SimulatorSettings
from interface.settings import Settings
from tests.simulation.broken import BrokenError
from tests.simulation.chance import FAULTS
from tests.simulation.customers import Shopper
from tests.simulation.databases import Arena
from tests.simulation.facts import Facts, facts_of
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
from tests.simulation.rest import come_to_rest
from tests.simulation.strangers import forge
from tests.simulation.tempers import visit
from tests.simulation.wechat import WeChat
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
    office.open()
    for number in range(1, chance.random.randint(3, 8)):
        shopper = Shopper(world, wechat, number)
        orders = chance.random.choice([1, 1, 2])
        world.spawn(shopper.name, visit(shopper, orders), chance.pause(0, 6 * 3600))
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
    come_to_rest(world, wechat)
    return hours


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
    for invariant in (*MONEY, *PLACES):
        invariant(facts)
    if run.seed % _REBUILT_EVERY == 0:
        a_rebuild_equals_the_live_rows(facts)
    run.seen = dict(seen_in(facts))


def seen_in(facts: Facts) -> Counter[str]:
    """What happened in a run, by the names of EXPECTED."""
    seen: Counter[str] = Counter(facts.world.chance.happened)
    seen.update(f"reached {point}" for point in facts.world.points)
    for name, happened in _SOMETIMES.items():
        seen[name] += happened(facts)
    return seen


def _events(facts: Facts, kind: type[object]) -> list[object]:
    return [each.event for each in facts.recorded if isinstance(each.event, kind)]


def _with(facts: Facts, kind: type[object], **fields: object) -> int:
    return sum(
        all(getattr(event, name) == value for name, value in fields.items())
        for event in _events(facts, kind)
    )


_SOMETIMES: Final[dict[str, Callable[[Facts], int]]] = {
    "a late success": lambda f: _with(f, Payment.SucceededLate),
    "a second success": lambda f: _with(f, Payment.SucceededAgain),
    "an untaken payment": lambda f: _with(f, OrderFacts.RefundDue, source="untaken_payment"),
    "a mismatch": lambda f: _with(f, Payment.AmountMismatched),
    "an expired order": lambda f: _with(f, OrderFacts.Cancelled, reason_code="unpaid"),
    "a refund of a cancelled order": lambda f: _with(f, OrderFacts.RefundDue, source="order"),
    "a completed order": lambda f: _with(f, OrderFacts.Completed),
    "a declined order": lambda f: _with(f, OrderFacts.Declined),
    "a reassigned order": lambda f: _with(f, OrderFacts.Reassigned),
    "a slot refused as full": lambda f: f.world.refusals["slot_full"],
    "a fourth hold refused": lambda f: f.world.refusals["too_many_holds"],
    "a worker refused as busy": lambda f: f.world.refusals["worker_busy"],
    "a repeated command": lambda f: f.world.refusals["repeated"],
    "a caller whose process died": lambda f: f.world.refusals["died"],
    "a success learned by query": lambda f: _with(f, Payment.Succeeded, learned_from="query"),
    "a success learned by notice": lambda f: _with(f, Payment.Succeeded, learned_from="notice"),
    "a renewed attempt": lambda f: _with(f, Payment.Renewed),
    "a close confirmed as NOTPAY": lambda f: _with(f, Payment.Closed, confirmed_state="NOTPAY"),
    "a close confirmed as CLOSED": lambda f: _with(f, Payment.Closed, confirmed_state="CLOSED"),
    "a close of what WeChat never knew": lambda f: _with(
        f, Payment.Closed, confirmed_state="NOT_EXIST"
    ),
}
# A set of seeds in which one of these never happened is too weak.
EXPECTED: Final = (
    *_SOMETIMES,
    *FAULTS,
    *(f"killed at {point}" for point in CrashPoint),
)
