"""`jiawu rebuild`: what it says and how it ends."""

import io
from argparse import Namespace

import pytest
from sqlalchemy import text

from infrastructure.feed.comparing import (
    DIFFERENT,
    LIVE_ONLY,
    REBUILT_ONLY,
    Comparison,
    Difference,
)
from infrastructure.feed.rebuilding import Rebuilt, UnknownProjectionError
from interface.cli import parsed
from interface.cli.rebuilding import Bar, progress_line, rebuild, report
from interface.household import Household
from interface.settings import Settings, SettingsError
from tests.application.projections.lives import booked
from tests.product import clock, house, secrets, settings

__all__ = ["clock", "house", "secrets", "settings"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def chosen(*arguments: str) -> Namespace:
    return parsed(["rebuild", *arguments])


def spoil(house: Household) -> None:
    with house.engine.begin() as connection:
        connection.execute(text("update customer_orders.orders set stage = 'paid'"))


@pytest.fixture
def lived(house: Household) -> Household:
    """An order was booked, and every read model shows it."""
    booked(house)
    house.feed.catch_up()
    return house


def test_all_read_models_are_rebuilt_and_equal(
    lived: Household, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rebuild(settings, chosen("--all")) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("：")[0] for line in lines] == [*lived.rebuilding.names]
    assert all(line.endswith("行逐行相同，已切换。") for line in lines)


def test_differences_are_told_and_repaired_and_the_exit_code_says_so(
    lived: Household, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(lived)
    for asked in (["--compare-only"], ["--keep"]):
        assert rebuild(settings, chosen("customer_orders", *asked)) == 4
        first, second = capsys.readouterr().out.splitlines()
        assert first.endswith("2 行中有 1 行不同，未切换。")
        assert second.startswith("  orders order_id=")
        assert second.endswith("：stage 不同")
    assert rebuild(settings, chosen("customer_orders", "office_orders")) == 3
    assert "，已切换。" in capsys.readouterr().out
    assert rebuild(settings, chosen("customer_orders")) == 0


def test_a_rebuild_of_nothing_or_of_an_unknown_name_is_refused(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="请给出投影的名称"):
        rebuild(settings, chosen())
    with pytest.raises(UnknownProjectionError, match="没有名为 ledger 的投影"):
        rebuild(settings, chosen("ledger"))


def test_every_kind_of_difference_has_its_line() -> None:
    told = [
        Difference("orders", "", LIVE_ONLY, ("old",)),
        Difference("orders", "", REBUILT_ONLY, ("new",)),
        Difference("orders", "", DIFFERENT, ("worker_number",)),
        Difference("orders", "order_id=1", DIFFERENT, ("stage", "total_fen")),
        Difference("orders", "order_id=2", LIVE_ONLY),
        Difference("orders", "order_id=3", REBUILT_ONLY),
    ]
    comparison = Comparison(rows=1_200, differing=30, told=told)
    rebuilt = Rebuilt(
        name="office_orders", events=5_000, seconds=1.25, comparison=comparison, switched=True
    )
    assert list(report(rebuilt)) == [
        "office_orders：5,000 条事件，1.2 秒，1,200 行中有 30 行不同，已切换。",
        "  orders：只有现用的有 old 列",
        "  orders：只有重建的有 new 列",
        "  orders：worker_number 列的类型不同",
        "  orders order_id=1：stage、total_fen 不同",
        "  orders order_id=2：只有现用的有这一行",
        "  orders order_id=3：只有重建的有这一行",
        "  另有 27 行不同。",
    ]


def test_progress_tells_percent_events_speed_and_the_time_left() -> None:
    assert progress_line(5_000, 20_000, 2.0) == (
        "[######..................]  25%  5,000 / 20,000 条事件  2,500 条/秒  剩余 6 秒"
    )
    assert "100%" in progress_line(20_000, 20_000, 0.0)


def test_a_terminal_sees_one_line_that_grows() -> None:
    out = Terminal()
    bar = Bar(out)
    for done in (1, 2, 3):
        bar.tell(done, 3)
    bar.end()
    bar.end()
    assert out.getvalue().count("\r") == 3
    assert out.getvalue().count("\n") == 1


def test_a_file_gets_a_line_for_every_tenth() -> None:
    out = io.StringIO()
    bar = Bar(out)
    for done in range(1, 1_001):
        bar.tell(done, 1_000)
    bar.end()
    lines = out.getvalue().splitlines()
    assert [line[26:].split()[0] for line in lines] == ["0%", *(f"{n}0%" for n in range(1, 11))]
