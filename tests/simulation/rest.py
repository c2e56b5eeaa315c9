"""Coming to rest: faults stop, everybody goes home, and time jumps from due to due."""

from datetime import datetime, timedelta
from typing import Final

from interface.household import Household
from tests.simulation.broken import fail
from tests.simulation.nodes import Node
from tests.simulation.wechat import WeChat
from tests.simulation.world import World

_MOST_JUMPS: Final = 3000
_MOST_FAILURES: Final = 5
# What falls due so soon after the first is done with it.
_TOGETHER: Final = timedelta(minutes=5)
# Longer than WeChat tries to tell us, and than we ask.
_LONG_AFTER: Final = timedelta(hours=27)


def come_to_rest(world: World, wechat: WeChat) -> None:
    """Run until nothing waits any more, and for a day after."""
    world.chance.calm = True
    wechat.go_home()
    for _ in range(2):
        _run_dry(world, wechat)
        world.clock.advance(_LONG_AFTER)
    _run_dry(world, wechat)


def _run_dry(world: World, wechat: WeChat) -> None:
    node = world.nodes[-1]
    for _ in range(_MOST_JUMPS):
        _do_all(world, node, wechat)
        _nobody_stands_still(node)
        due = _next_due(node, wechat)
        if due is None:
            return
        world.clock.set(max(world.clock.now(), due) + _TOGETHER)
    fail("the queues run empty", node.house.outbox.waiting())


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
