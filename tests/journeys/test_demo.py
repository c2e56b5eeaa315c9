"""The demo: it succeeds as it stands, and whatever is not as it has to be makes it fail."""

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from interface.demo.narrator import Narrator
from interface.demo.performance import Story, perform
from interface.demo.scene import Scene, moment
from interface.demo.stage import Stage, demo_settings, stage
from interface.demo.steps import Wish, book, expect_alert, prepare
from interface.demo.story_of_seats import race
from interface.settings import Settings
from tests.conftest import Database, migrate

ROOT = Path(__file__).parents[2]
WISH = Wish(
    words="日常保洁 2 小时",
    service_code="BJ-01",
    quantity=120,
    starts_at=moment(date(2026, 9, 24), 9),
    address="望京西园四区 410 楼 1203",
    district="110105",
)


@pytest.fixture
def running(empty_database: Database, tmp_path: Path) -> Iterator[Stage]:
    """The product and the simulators on the test's own database."""
    migrate(empty_database.owner_url)
    url = empty_database.application_url
    with stage(demo_settings(Settings(demo=True), tmp_path, url)) as on_stage:
        yield on_stage


@pytest.fixture
def passable_directory() -> Iterator[Path]:
    """An empty directory that every account may enter, as the temporary one mostly is."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        yield Path(name)


def run_demo(directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "interface.demo"]
    variables = {**os.environ, "TMPDIR": str(directory), **environment}
    return subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=600, check=False
    )


def told(stage_: Stage, story: Story) -> tuple[int, str]:
    out = io.StringIO()
    return perform(stage_, out, story), out.getvalue()


def unpaid(scene: Scene) -> str:
    """An order on its way to be paid; returns its 商户订单号."""
    scene.lin.log_in(scene.account)
    return prepare(scene, book(scene, "日常保洁", scene.lin, WISH))


def test_the_demo_tells_all_22_services_and_leaves_nothing_behind(passable_directory: Path) -> None:
    done = run_demo(passable_directory, JIAWU_DEMO="1")
    assert done.returncode == 0, done.stdout + done.stderr
    for number in "一二三四五六七八九十":
        assert f"\n  订单{number}　" in done.stdout
    assert "✓ 共 22 项服务" in done.stdout
    assert "项检查全部通过" in done.stdout
    assert "✗" not in done.stdout
    assert done.stderr == ""
    assert list(passable_directory.iterdir()) == []


@pytest.mark.parametrize(
    "environment", [{}, {"JIAWU_DEMO": "1", "JIAWU_PAY_APIV3_KEY": "a-real-key"}]
)
def test_the_demo_starts_nothing_without_being_asked_or_beside_real_keys(
    tmp_path: Path, environment: Mapping[str, str]
) -> None:
    done = run_demo(tmp_path, **environment)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "a-real-key" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_payment_that_only_wechat_knows_fails_the_demo(running: Stage) -> None:
    def story(scene: Scene) -> None:
        number = unpaid(scene)
        scene.wechat_pay.drop_notices()
        scene.wechat_pay.pay(number)

    code, text = told(running, story)
    assert code == 1
    assert "✗ 微信有的，我方都有" in text
    assert "✓ 我方有的，微信都有" in text


def test_a_payment_that_only_we_know_fails_the_demo(running: Stage) -> None:
    def story(scene: Scene) -> None:
        number = unpaid(scene)
        assert scene.wechat_pay.forge("wrong_amount", number) == 200

    code, text = told(running, story)
    assert code == 1
    assert "✓ 微信有的，我方都有" in text
    assert "✗ 我方有的，微信都有" in text


def test_a_seat_sold_to_both_fails_the_demo(running: Stage) -> None:
    def story(scene: Scene) -> None:
        scene.lin.log_in(scene.account)
        scene.chen.log_in(scene.account)
        race(scene, WISH)  # there are two seats

    code, text = told(running, story)
    assert code == 1
    assert "✗ 恰好一人抢到" in text


def test_an_alert_that_finance_does_not_see_fails_the_demo(running: Stage) -> None:
    code, text = told(running, lambda scene: expect_alert(scene, "late_payment", "¥100.00"))
    assert code == 1
    assert "✗ 财务的告警列表：迟到付款" in text


def test_the_scene_waits_for_the_calls_and_deadlines_that_are_due(running: Stage) -> None:
    def story(scene: Scene) -> None:
        unpaid(scene)
        scene.stage.clock.advance(timedelta(minutes=15))
        scene.settle()
        assert not scene.stage.has_work()
        assert scene.orders[0].view()["stage"] == "expired"

    code, text = told(running, story)
    assert code == 0, text


def test_a_story_that_breaks_off_fails_the_demo(running: Stage) -> None:
    def story(scene: Scene) -> None:
        scene.wechat_pay.pay("NO-SUCH-ORDER")

    code, text = told(running, story)
    assert code == 1
    assert "✗ 演示中断" in text


def test_one_missed_expectation_fails_the_demo_and_is_named_at_the_end(running: Stage) -> None:
    out = io.StringIO()
    say = Narrator(out, running.clock)
    say.expect("天是蓝的", holds=True)
    say.expect("水往低处流", holds=False, found="往高处")
    assert say.sum_up() == 1
    assert say.missed == ("水往低处流（实际：往高处）",)
    assert out.getvalue().rstrip().endswith("✗ 水往低处流（实际：往高处）")
