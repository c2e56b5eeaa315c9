"""`jiawu rebuild`: read models written anew beside the ones in use, compared and switched."""

import sys
from argparse import Namespace
from collections.abc import Iterator
from time import monotonic
from typing import Final, TextIO

from infrastructure.feed.comparing import DIFFERENT, LIVE_ONLY, Comparison, Difference
from infrastructure.feed.rebuilding import Rebuilt, Switching
from interface.cli.processes import open_household
from interface.settings import Settings, SettingsError

EQUAL: Final = 0
REPAIRED: Final = 3
LEFT_DIFFERENT: Final = 4

_BAR: Final = 24
_LINES_EVERY_PERCENT: Final = 10


def rebuild(settings: Settings, chosen: Namespace) -> int:
    """Rebuild while everything runs on; tells the progress and the differences.

    Returns 0 where all rows were equal, 3 where differences were repaired by
    the switch, 4 where they were left, as `--compare-only` or `--keep` asked.
    Raises SettingsError where no name is given, and what Rebuilding raises.
    """
    with open_household(settings) as house:
        names = house.rebuilding.names if chosen.all else chosen.names
        if not names:
            raise SettingsError(what="请给出投影的名称，或 --all。")
        bar = Bar(sys.stdout)
        codes = [EQUAL]
        for rebuilt in house.rebuilding.rebuild(names, bar.tell, _switching(chosen)):
            bar.end()
            sys.stdout.writelines(f"{line}\n" for line in report(rebuilt))
            codes.append(_code(rebuilt))
        return max(codes)


class Bar:
    """One line that grows on a terminal; elsewhere a line for every tenth."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._started = monotonic()
        self._told = -1
        self._open = False

    def tell(self, done: int, all_: int) -> None:
        """So many events are done, of so many."""
        line = progress_line(done, all_, monotonic() - self._started)
        if self._out.isatty():
            self._out.write(f"\r\x1b[K{line}")
            self._open = True
        elif (step := done * 100 // all_ // _LINES_EVERY_PERCENT) > self._told:
            self._out.write(f"{line}\n")
            self._told = step
        self._out.flush()

    def end(self) -> None:
        """What follows begins on a line of its own."""
        if self._open:
            self._out.write("\n")
            self._open = False


def progress_line(done: int, all_: int, seconds: float) -> str:
    """Percent of the log, events, events a second and the time that is left."""
    full = done * _BAR // all_
    speed = done / seconds if seconds > 0 else 0.0
    left = (all_ - done) / speed if speed > 0 else 0.0
    return (
        f"[{'#' * full}{'.' * (_BAR - full)}] {done * 100 // all_:3d}%"
        f"  {done:,} / {all_:,} 条事件  {speed:,.0f} 条/秒  剩余 {left:.0f} 秒"
    )


def report(rebuilt: Rebuilt) -> Iterator[str]:
    """What became of one projection; differing rows by key and column names, never values."""
    found = rebuilt.comparison
    after = "已切换" if rebuilt.switched else "未切换"
    yield (
        f"{rebuilt.name}：{rebuilt.events:,} 条事件，{rebuilt.seconds:.1f} 秒，"
        f"{_said(found)}，{after}。"
    )
    yield from (f"  {_line(each)}" for each in found.told)
    if (rows := sum(bool(each.key) for each in found.told)) < found.differing:
        yield f"  另有 {found.differing - rows:,} 行不同。"


def _said(found: Comparison) -> str:
    if found.equal:
        return f"{found.rows:,} 行逐行相同"
    return f"{found.rows:,} 行中有 {found.differing:,} 行不同"


def _line(each: Difference) -> str:
    what = f"{each.table} {each.key}".rstrip()
    named = "、".join(each.columns)
    if each.how == DIFFERENT:
        return f"{what}：{named} {'' if each.key else '列的类型'}不同"
    side = "现用的" if each.how == LIVE_ONLY else "重建的"
    return f"{what}：只有{side}有{f' {named} 列' if named else '这一行'}"


def _switching(chosen: Namespace) -> Switching:
    if chosen.compare_only:
        return Switching.NEVER
    return Switching.IF_EQUAL if chosen.keep else Switching.ALWAYS


def _code(rebuilt: Rebuilt) -> int:
    if rebuilt.comparison.equal:
        return EQUAL
    return REPAIRED if rebuilt.switched else LEFT_DIFFERENT
