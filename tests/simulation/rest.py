"""Coming to rest: faults stop, everybody goes home, and time jumps from due to due."""

from datetime import datetime, timedelta
from typing import Final

from tests.simulation.nodes import Node
from tests.simulation.wechat import WeChat
from tests.simulation.world import BrokenError, World

_MOST_JUMPS: Final = 3000
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
        due = _next_due(node, wechat)
        if due is None:
            return
        world.clock.set(max(world.clock.now(), due))
    raise BrokenError("the queues run empty", node.house.outbox.waiting())


def _do_all(world: World, node: Node, wechat: WeChat) -> None:
    """What can be done at this instant."""
    wechat.deliver()
    world.on(node, lambda house: house.feed.catch_up())
    while world.on(node, lambda house: house.outbox.run_due()):
        pass
    while world.on(node, lambda house: house.deadlines.run_due()):
        pass


def _next_due(node: Node, wechat: WeChat) -> datetime | None:
    ours = (node.house.outbox.next_due(), node.house.deadlines.next_due(), _next_try(node))
    dues = [due - node.clock.ahead for due in ours if due is not None]
    post = wechat.courier.next_due()
    if any(lag for lag in node.house.feed.lags()[1].values()) and not dues:
        return min(dues, default=post)
    return min([*dues, *([post] if post else [])], default=None)


def _next_try(node: Node) -> datetime | None:
    return min((failure.next_try_at for failure in node.house.failures.all()), default=None)
