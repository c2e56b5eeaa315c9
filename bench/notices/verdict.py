"""What a run comes to: percentiles, ratios, and whether the goals hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.notices.client import Answer
from bench.percentiles import percentile
from bench.verdict import Verdicts, judged

GOAL_P99_MS = 500.0
# Processor time in ms a payment below which nothing is told.
_SMALL = 0.1
PRODUCT, KEEP, ANSWER = "notice", "insert and commit", "bare answer"


@dataclass(frozen=True)
class Figures:
    """One target's answers; latencies in milliseconds from the planned arrival.

    Of all, warm-up included, `answered` were answered with 200; `sent_late_p99` is the
    client's own part in p99.
    """

    arrivals: int
    answered: int
    counted: int
    p50: float
    p99: float
    longest: float
    sent_late_p99: float

    @property
    def unanswered(self) -> int:
        return self.arrivals - self.answered


@dataclass(frozen=True)
class Phase:
    """All targets at one rate, and what the log held afterwards.

    `wrong_payments` and `wrong_orders` do not stand in the log exactly once paid,
    `unkept` are answers of 200 without the raw notice; `level_after` is how many
    seconds after the last answer the last order was paid, `processor_ms` what each
    process used until then for one payment.
    """

    rate: int
    seconds: float
    figures: Mapping[str, Figures]
    processor_ms: Mapping[str, float]
    wrong_payments: int
    wrong_orders: int
    unkept: int
    level_after: float

    @property
    def lost(self) -> int:
        unanswered = self.figures[PRODUCT].unanswered
        return unanswered + self.wrong_payments + self.wrong_orders + self.unkept

    def p99_ratio(self, floor: str) -> float:
        return self.figures[PRODUCT].p99 / self.figures[floor].p99

    def p50_ratio(self, floor: str) -> float:
        return self.figures[PRODUCT].p50 / self.figures[floor].p50


def figures(answers: Sequence[Answer]) -> Figures:
    counted = [each for each in answers if each.counted]
    took = sorted(each.took * 1000 for each in counted)
    late = sorted(each.sent_late * 1000 for each in counted)
    return Figures(
        arrivals=len(answers),
        answered=sum(each.status == 200 for each in answers),  # noqa: PLR2004 - HTTP's OK
        counted=len(counted),
        p50=percentile(took, 50),
        p99=percentile(took, 99),
        longest=took[-1],
        sent_late_p99=percentile(late, 99),
    )


def verdicts(goal: Phase, stress: Phase) -> Verdicts:
    """Name → value, goal, holds; only the first phase has goals."""
    return {
        "notice_p99_ms": judged(goal.figures[PRODUCT].p99, GOAL_P99_MS, at_most=True),
        "notices_lost": judged(goal.lost, 0, at_most=True),
        **_told("", goal),
        "stress_p99_ms": judged(stress.figures[PRODUCT].p99),
        "stress_lost": judged(stress.lost),
        **_told("stress_", stress),
    }


def _told(prefix: str, phase: Phase) -> Verdicts:
    values = {
        "notice_p50_ms": phase.figures[PRODUCT].p50,
        "notice_max_ms": phase.figures[PRODUCT].longest,
        "answered_200": phase.figures[PRODUCT].answered,
        "payments_wrong": phase.wrong_payments,
        "bare_answer_p99_ms": phase.figures[ANSWER].p99,
        "insert_p99_ms": phase.figures[KEEP].p99,
        "p50_to_bare_answer": phase.p50_ratio(ANSWER),
        "p50_to_insert": phase.p50_ratio(KEEP),
        "p99_to_bare_answer": phase.p99_ratio(ANSWER),
        "p99_to_insert": phase.p99_ratio(KEEP),
        "orders_level_after_seconds": phase.level_after,
    }
    used = {f"{name}_processor_ms": ms for name, ms in phase.processor_ms.items() if ms >= _SMALL}
    return {f"{prefix}{name}": judged(value) for name, value in {**values, **used}.items()}


def print_phase(phase: Phase) -> None:
    print(
        f"\n{phase.rate} a second for {phase.seconds:g} s{'':18}p50 ms   p99 ms   max ms  "
        f"sent late p99  200 of all"
    )
    for name, each in phase.figures.items():
        print(
            f"{name:38}{each.p50:8.1f}{each.p99:9.1f}{each.longest:9.1f}"
            f"{each.sent_late_p99:15.1f}  {each.answered} of {each.arrivals}"
        )
    for floor in (ANSWER, KEEP):
        name = f"{PRODUCT} to {floor}"
        print(f"{name:38}{phase.p50_ratio(floor):8.2f}{phase.p99_ratio(floor):9.2f}")
    wrong = f"{phase.wrong_payments} payments, {phase.wrong_orders} orders"
    print(f"not exactly once in the log: {wrong}; raw notices missing: {phase.unkept}")
    print(f"all orders paid {phase.level_after:.1f} s after the last answer")
    used = ", ".join(f"{name} {ms:.1f}" for name, ms in phase.processor_ms.items() if ms >= _SMALL)
    print(f"processor ms a payment: {used}")
