"""One performance: a story on a stage, the audit, and what came of it."""

import traceback
from collections.abc import Callable
from contextlib import closing
from typing import TextIO

from interface.demo.checks import audit
from interface.demo.narrator import Narrator
from interface.demo.people import DemoInterruptedError
from interface.demo.scene import Scene
from interface.demo.stage import Stage
from interface.demo.stories import tell_everything

Story = Callable[[Scene], None]


def perform(stage: Stage, out: TextIO, story: Story = tell_everything) -> int:
    """Tell the story and audit the books; 0 if every expectation held, else 1.

    A story that breaks off has failed too: its error is told, never raised.
    """
    say = Narrator(out, stage.clock)
    _open(say, stage)
    try:
        with closing(Scene(stage, say)) as scene:
            story(scene)
            audit(scene)
    except DemoInterruptedError as error:
        say.expect(f"演示中断：{error.message}", holds=False)
    except Exception as error:  # noqa: BLE001 - whatever it is, the demo has failed and says so
        say.line(traceback.format_exc())
        say.expect(f"演示中断：{error!r}", holds=False)
    return say.sum_up()


def _open(say: Narrator, stage: Stage) -> None:
    say.line("家务演示：二十二项服务，从下单到入账。每一步都是对运行中产品的真实 HTTP 请求；")
    say.line("时钟由演示拨动，几个月的事一分钟讲完；数据用完即删。")
    say.line(f"  网站和接口      {stage.web}")
    say.line(f"  微信支付模拟器  {stage.pay}")
    say.line(f"  公众号模拟器    {stage.account}")
