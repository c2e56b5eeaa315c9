"""Figures beside their goals: name → value, goal, holds, and the floor where there is one."""

from collections.abc import Mapping

Verdict = dict[str, float | bool | None]
Verdicts = dict[str, Verdict]


def judged(
    value: float, goal: float | None = None, floor: float | None = None, *, at_most: bool = False
) -> Verdict:
    """A figure and whether it is where it should be; without a goal it always is.

    `floor` is what it must never fall to; `at_most` turns the comparison round.
    """
    verdict: Verdict = {
        "value": round(value, 3),
        "goal": goal,
        "holds": _holds(value, goal, at_most=at_most),
    }
    if floor is not None:
        verdict |= {"floor": floor, "above_floor": _holds(value, floor, at_most=at_most)}
    return verdict


def all_hold(verdicts: Verdicts) -> bool:
    return all(each["holds"] for each in verdicts.values())


def print_verdicts(verdicts: Verdicts) -> None:
    """As a table for whoever looks on."""
    print(f"\n{'goals':44}{'value':>12}{'goal':>10}{'floor':>10}")
    for name, verdict in verdicts.items():
        goal, floor = _told(verdict["goal"]), _told(verdict.get("floor"))
        print(f"{name:44}{verdict['value']:12,}{goal:>10}{floor:>10}{_mark(verdict)}")


def markdown(titles: tuple[str, ...], rows: Mapping[str, tuple[object, ...]]) -> str:
    """A table to be pasted into docs/benchmarks.md; all columns but the first to the right."""
    lines = [f"| {' | '.join(titles)} |", "|---|" + "---:|" * (len(titles) - 1)]
    lines += [f"| {name} | {' | '.join(map(_cell, row))} |" for name, row in rows.items()]
    return "\n".join(lines)


def markdown_of(verdicts: Verdicts) -> str:
    """Every figure with its goal and floor."""
    rows = {
        f"{name}{_mark(each)}": (each["value"], each["goal"], each.get("floor"))
        for name, each in verdicts.items()
    }
    return markdown(("figure", "value", "goal", "floor"), rows)


def _holds(value: float, limit: float | None, *, at_most: bool) -> bool:
    if limit is None:
        return True
    return value <= limit if at_most else value >= limit


def _mark(verdict: Verdict) -> str:
    mark = "" if verdict["holds"] else "  missed"
    return mark + ("" if verdict.get("above_floor", True) else ", below its floor")


def _told(limit: float | None) -> str:
    return "" if limit is None else f"{limit:,}"


def _cell(value: object) -> str:
    if isinstance(value, float | int):
        return f"{value:,}"
    return "" if value is None else str(value)
