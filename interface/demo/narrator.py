"""The narrator: tells what happens, and keeps count of what was expected of it."""

from collections.abc import Sequence
from datetime import date
from typing import Final, TextIO

from application.clock import Clock
from domain.catalogue.holidays import statutory_holiday
from domain.time import SHANGHAI
from interface.demo.printing import padded, table, width

_RULE: Final = 78
_WHO: Final = 8
# A step's words begin at column 19; a verdict hangs its mark before them.
_WORDS: Final = 19
_MARGIN: Final = 2
_WEEKDAYS: Final = "一二三四五六日"


class Narrator:
    """Writes to `out` in the time of `clock`; an expectation that fails is never forgotten."""

    def __init__(self, out: TextIO, clock: Clock) -> None:
        self._out = out
        self._clock = clock
        self._day: date | None = None
        self._words = _MARGIN + 2
        self._met = 0
        self._missed: list[str] = []

    @property
    def missed(self) -> Sequence[str]:
        """The expectations that did not hold, in order."""
        return tuple(self._missed)

    def line(self, text: str = "") -> None:
        """Write one line as it is."""
        self._out.write(f"{text}\n")
        self._out.flush()

    def heading(self, text: str) -> None:
        """Begin a chapter."""
        self.line()
        begun = f"━━ {text} "
        self.line(begun + "━" * (_RULE - width(begun)))
        self._day = None
        self._words = _MARGIN + 2

    def step(self, who: str, what: str) -> None:
        """Tell who does what, now; a new day is named before."""
        now = self._clock.now().astimezone(SHANGHAI)
        if now.date() != self._day:
            self._day = now.date()
            self.line(f"  {_named(self._day)}")
        self._words = _WORDS
        self.line(f"  {now:%H:%M}  {padded(who, _WHO)}  {what}")

    def note(self, text: str) -> None:
        """Add to the step before."""
        self.line(" " * self._words + text)

    def expect(self, text: str, *, holds: bool, found: object = "") -> None:
        """Tell whether it is as it has to be; `found` is shown where it is not."""
        if holds:
            self._met += 1
            self._judge("✓", text)
            return
        told = f"{text}（实际：{found}）" if found != "" else text
        self._missed.append(told)
        self._judge("✗", told)

    def table(
        self, titles: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = 1
    ) -> None:
        """Write a table, its first `words` columns to the left."""
        for line in table(titles, rows, words=words):
            self.line(f"  {line}")

    def sum_up(self) -> int:
        """Tell the outcome; returns the exit code, 1 if anything was missed."""
        self.heading("结果")
        if not self._missed:
            self.line(f"  {self._met} 项检查全部通过。")
            return 0
        self.line(f"  {self._met} 项检查通过，{len(self._missed)} 项未通过：")
        for text in self._missed:
            self.line(f"  ✗ {text}")
        return 1

    def _judge(self, mark: str, text: str) -> None:
        self.line(f"{' ' * (self._words - 2)}{mark} {text}")


def _named(day: date) -> str:
    names = [f"{day.year} 年 {day.month} 月 {day.day} 日", f"星期{_WEEKDAYS[day.weekday()]}"]
    return "，".join(filter(None, [*names, statutory_holiday(day)]))
