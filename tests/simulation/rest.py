"""Coming to rest: faults stop, everybody goes home, and time jumps from due to due.

Plans would go on for ever: they go on for some days, then the office ends them.
"""

from datetime import datetime, timedelta
from typing import Final

from interface.household import Household
from tests.simulation.broken import fail
from tests.simulation.nodes import Node
from tests.simulation.office import Office
from tests.simulation.wechat import WeChat
from tests.simulation.world import World

_MOST_JUMPS: Final = 3000
_MOST_FAILURES: Final = 5
# What falls due so soon after the first is done with it.
_TOGETHER: Final = timedelta(minutes=5)
# Longer than WeChat tries to tell us, and than we ask.
_LONG_AFTER: Final = timedelta(hours=27)
# How many days, mostly none: each costs as much as an hour of the day itself.
_PLANS_GO_ON: Final = (0, 0, 2, 8)


def come_to_rest(world: World, wechat: WeChat, office: Office) -> None:
    """Run until nothing waits any more, and for a day after."""
    world.chance.calm = True
    wechat.go_home()
    if office.has_plans():
        days = world.chance.random.choice(_PLANS_GO_ON)
        _run_until(world, wechat, world.clock.now() + timedelta(days=days))
    for _ in range(2):
        _run_dry(world, wechat, office)
        world.clock.advance(_LONG_AFTER)
    _run_dry(world, wechat, office)


def _run_until(world: World, wechat: WeChat, end: datetime) -> None:
    node = world.nodes[-1]
    while (due := _due_after_all(world, node, wechat)) is not None and due < end:
        world.clock.set(max(world.clock.now(), due) + _TOGETHER)


def _run_dry(world: World, wechat: WeChat, office: Office) -> None:
    node = world.nodes[-1]
    for _ in range(_MOST_JUMPS):
        due = _due_after_all(world, node, wechat)
        if office.close_up():
            continue
        if due is None:
            return
        world.clock.set(max(world.clock.now(), due) + _TOGETHER)
    fail("the queues run empty", node.house.outbox.waiting())


def _due_after_all(world: World, node: Node, wechat: WeChat) -> datetime | None:
    """Do all that can be done now; when there is more."""
    _do_all(world, node, wechat)
    _nobody_stands_still(node)
    return _next_due(node, wechat)


def _do_all(world: World, node: Node, wechat: WeChat) -> None:
    """All that can be done at this instant."""
    moved = True
    while moved:
        wechat.deliver()
        world.on(node, lambda house: house.feed.catch_up())
        grown = world.grown
        moved = world.on(node, _do_rows) and world.grown > grown


def _do_rows(house: Household) -> bool:
    done = 0
    while house.outbox.run_due() or house.deadlines.run_due():
        done += 1
    return done > 0


def _nobody_stands_still(node: Node) -> None:
    for failure in node.house.failures.all():
        if failure.attempts > _MOST_FAILURES:
            fail("no follower stands still", failure.traceback)


def _next_due(node: Node, wechat: WeChat) -> datetime | None:
    tries = [failure.next_try_at for failure in node.house.failures.all()]
    ours = (node.house.outbox.next_due(), node.house.deadlines.next_due(), *tries)
    dues = [due - node.clock.ahead for due in ours if due is not None]
    post = wechat.courier.next_due()
    return min([*dues, *([post] if post else [])], default=None)
