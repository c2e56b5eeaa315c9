"""The figures of the measurements: verdicts, percentiles, lags, and what the log says of a run."""

from collections import Counter

import pytest

from bench.house.caller import Sample, took_ms
from bench.house.closed_loop import Window
from bench.house.lag import Passed
from bench.house.lives import differences
from bench.percentiles import percentile
from bench.verdict import all_hold, judged, markdown_of


@pytest.mark.parametrize(
    ("value", "holds", "above_floor"),
    [(0.6, True, True), (0.4, False, True), (0.2, False, False)],
)
def test_a_figure_is_judged_by_its_goal_and_its_floor(
    value: float, *, holds: bool, above_floor: bool
) -> None:
    verdict = judged(value, 0.5, 0.35)
    assert (verdict["holds"], verdict["above_floor"]) == (holds, above_floor)


def test_a_duration_holds_below_its_goal() -> None:
    assert judged(19.0, 20, at_most=True)["holds"]
    assert not judged(21.0, 20, at_most=True)["holds"]


def test_a_figure_without_a_goal_only_tells() -> None:
    verdicts = {"board_p50_ms": judged(12.3456)}
    assert verdicts["board_p50_ms"] == {"value": 12.346, "goal": None, "holds": True}
    assert all_hold(verdicts)
    assert markdown_of(verdicts).splitlines()[-1] == "| board_p50_ms | 12.346 |  |  |"


def test_a_missed_goal_is_marked_where_it_is_told() -> None:
    verdicts = {"commands_to_bare_requests": judged(0.3, 0.5, 0.35)}
    assert not all_hold(verdicts)
    assert "commands_to_bare_requests  missed, below its floor" in markdown_of(verdicts)


def test_a_percentile_is_the_value_that_so_many_stay_below() -> None:
    values = [float(each) for each in range(1, 101)]
    assert [percentile(values, percent) for percent in (50, 95, 99)] == [51, 96, 100]
    assert percentile([7.0], 99) == 7


def test_a_rate_counts_what_was_answered_within_the_window() -> None:
    early, inside, other = (
        Sample("book", 0.5, 0.01),
        Sample("book", 1.5, 0.02),
        Sample("board", 1.6, 0.03),
    )
    window = Window(2.0, [inside, other], [early, inside, other])
    assert window.per_second("book", "pay") == 0.5
    assert took_ms(window.samples, "book") == [20.0]


def test_the_lag_ends_when_the_last_projection_has_passed() -> None:
    passed = Passed(["office_orders", "customer_orders"])
    passed.note("office_orders", 3, at=10.2)
    passed.note("customer_orders", 1, at=10.1)
    passed.note("customer_orders", 3, at=10.5)
    assert passed.behind(3) == []
    assert passed.behind(4) == ["office_orders", "customer_orders"]
    lags = passed.lags_ms([(1, 10.0), (2, 10.15), (3, 10.2)])
    assert lags == pytest.approx([200, 300, 350])


def test_a_run_agrees_with_the_log_only_where_every_answer_is_a_fact() -> None:
    names = ["book", "pay", "assign", "accept", *["progress"] * 4, "complete"]
    samples = [Sample(name, 1.0, 0.01) for name in names]
    facts = Counter(
        {
            "cleaning_order.booked": 1,
            "payment.started": 1,
            "payment.succeeded": 1,
            "cleaning_order.paid": 1,
            "cleaning_order.assigned": 1,
            "cleaning_order.accepted": 1,
            "cleaning_order.progressed": 4,
            "cleaning_order.completed": 1,
        }
    )
    assert differences(facts, samples) == 0
    assert differences(facts - Counter({"cleaning_order.paid": 1}), samples) == 1
    assert differences(facts, samples[:-1]) == 1
