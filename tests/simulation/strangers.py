"""A forger: posts what WeChat never said, or what it said to somebody else or long ago."""

from datetime import timedelta
from typing import Final

from infrastructure.simulators.wechat_pay.notices import Forgery
from tests.simulation.broken import fail
from tests.simulation.wechat import TAKEN, WeChat
from tests.simulation.world import Script, World

_KINDS: Final[tuple[Forgery, ...]] = (
    *("bad_signature", "altered_body", "old_timestamp", "unknown_serial", "wrong_apiv3_key"),
    *("wrong_mchid", "wrong_appid", "unknown_number", "probe"),
)
# Nodes run ahead by two minutes at most, so this is too old for each of them.
_STALE: Final = timedelta(minutes=8)


def forge(world: World, wechat: WeChat) -> Script:
    """A forger's day."""
    while True:
        yield world.chance.pause(300, 7200)
        _forge_one(world, wechat)
        yield world.chance.pause(1, 900)
        _replay_one(world, wechat)


def _forge_one(world: World, wechat: WeChat) -> None:
    orders = wechat.desk.books.orders()
    if orders:
        kind = world.chance.random.choice(_KINDS)
        number = str(world.chance.random.choice(orders)["out_trade_no"])
        world.note("forger", f"{kind} about {number}", "")
        wechat.forge(kind, number)


def _replay_one(world: World, wechat: WeChat) -> None:
    if not wechat.posted:
        return
    posted = world.chance.random.choice(wechat.posted)
    status = wechat.post(posted.url, posted.body, posted.headers)
    if world.clock.now() - posted.at > _STALE and status == TAKEN:
        fail("an old notice is refused", posted.at)
