"""Settlement of nanny services (分段结算): what is owed if the work stops at an instant.

One pure function answers every such question: the table shown before signing,
"if I stop today" (今天停止) at any moment, and the settlement itself. Wages run
over all segments as one sum that is rounded to the fen after each line, so a
month that three workers share costs exactly a month.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from domain.money import divide_half_up, yuan
from domain.orders.care.contract import CONTRACT, MONTH_DAYS, Proposal, Segment, Terms, midnight
from domain.time import SHANGHAI, shanghai_day

# 出勤, 请假, 休息: what a day was.
WORKED: Final = "worked"
LEAVE: Final = "leave"
REST: Final = "rest"
DAY_KINDS: Final = (WORKED, LEAVE, REST)

# Whose doing it is that the work stops (谁的原因).
CUSTOMER: Final = "customer"
COMPANY: Final = "company"
FINISHED: Final = "finished"
CAUSES: Final = (CUSTOMER, COMPANY, FINISHED)

_WHOLE_BP: Final = 10_000
_SHOWN_AFTER: Final = (1, 3, 7, 13, 26)  # days worked that the table before signing shows
_OFFICE_OPENS: Final = timedelta(hours=9)


@dataclass(frozen=True, slots=True)
class Day:
    """What was recorded of a day; `holiday` names the statutory holiday it is."""

    kind: str
    holiday: str = ""


@dataclass(frozen=True, slots=True)
class Fee:
    """A service fee, earned over `days` counted days from segment `segment` on."""

    amount_fen: int
    days: int
    segment: int


@dataclass(frozen=True, kw_only=True)
class Engagement:
    """The facts of an order that its settlement needs.

    Attributes:
        entitled_days: paid days bought so far, renewals included.
        days: what was recorded, by ISO day.
        starts_on: the agreed first day; "" before a contract.
        deposit_fen: the deposit as it was handed over; a promised one binds nobody
            (民法典 586: 定金合同自实际交付定金时成立).
        paid_offline_fen: taken by hand less given back.
    """

    entitled_days: int = 0
    segments: Sequence[Segment] = ()
    days: Mapping[str, Day] = field(default_factory=dict)
    fees: Sequence[Fee] = ()
    starts_on: str = ""
    deposit_fen: int = 0
    deposit_back: Sequence[Mapping[str, int]] = ()
    paid_offline_fen: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One amount and why; `segment` is 0 where it belongs to none."""

    code: str
    segment: int
    days: int
    amount_fen: int
    reason: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What was used, what was paid by hand, what is left (positive: goes back)."""

    lines: tuple[Line, ...]
    used_days: int
    used_fen: int
    paid_offline_fen: int
    balance_fen: int

    def facts(self) -> dict[str, Any]:
        """The fields as a copy of plain data."""
        return {**asdict(self), "lines": [asdict(line) for line in self.lines]}


def statement(facts: Engagement, until: datetime, cause: str = CUSTOMER) -> Statement:
    """What is owed if the work stops at `until`, and whose doing that is.

    Rules: a counted day costs the price ÷ 26 (or the day's price); a statutory
    holiday recorded as worked costs twice; leave and rest cost nothing; days
    beyond those bought cost nothing; the service fee is earned day by day as
    agreed, and not at all where the company stops. Before the start only the
    deposit is at stake: as the terms say if the customer withdraws, given back
    twice if the company does (民法典 587).
    """
    begun = any(segment.started_at <= until for segment in facts.segments)
    counted = counted_days(facts, until)
    lines = tuple(_lines(facts, counted, until, cause) if begun else _deposit(facts, until, cause))
    used_fen = sum(line.amount_fen for line in lines)
    return Statement(
        lines=lines,
        used_days=sum(map(len, counted.values())),
        used_fen=used_fen,
        paid_offline_fen=facts.paid_offline_fen,
        balance_fen=facts.paid_offline_fen - used_fen,
    )


def counted_days(facts: Engagement, until: datetime) -> dict[int, list[date]]:
    """The days each segment is paid for, by its number; no day counts twice.

    A day that two workers share is the first one's.
    """
    taken: set[date] = set()
    counted: dict[int, list[date]] = {}
    for segment in facts.segments:
        fresh = [day for day in _served(segment, facts.days, until) if day not in taken]
        counted[segment.number] = fresh[: facts.entitled_days - len(taken)]
        taken.update(counted[segment.number])
    return counted


def refund_table(kind: str, terms: Terms, days: int) -> list[dict[str, Any]]:
    """What stopping would cost, shown before signing; the same function as the settlement.

    `days` are those the terms are about: bought with them, or left over for the
    next worker. Each row: {"when", "used_fen", "reason"}.
    """
    about = replace(terms, days=days)
    shown = [*(each for each in _SHOWN_AFTER if each < days), days] if days else []
    more = "" if kind == CONTRACT else "再"
    rows = [_row(f"{more}服务 {each} 天后停止", _stopped(about, each)) for each in shown]
    return [*_before_start(about), *rows] if kind == CONTRACT else rows


def digest_of(proposal: Proposal) -> str:
    """SHA-256 of the proposal's terms and table as canonical JSON."""
    shown = {
        "kind": proposal.kind,
        "worker_number": proposal.worker_number,
        "terms": proposal.terms.facts(),
        "refund_table": proposal.refund_table,
    }
    text = json.dumps(shown, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def proposal(kind: str, worker: tuple[UUID, int], terms: Terms, days: int) -> Proposal:
    """Terms with the table that the customer reads, and their digest."""
    bare = Proposal(
        kind=kind,
        worker_id=worker[0],
        worker_number=worker[1],
        terms=terms,
        refund_table=refund_table(kind, terms, days),
        digest="",
    )
    return replace(bare, digest=digest_of(bare))


# -- the days of a segment


def _served(segment: Segment, days: Mapping[str, Day], until: datetime) -> Iterator[date]:
    end = min(segment.left_at or until, until)
    start = segment.started_at.astimezone(SHANGHAI)
    begins = start
    while _earned(begins, segment, end):
        if _counts(days.get(begins.date().isoformat()), segment):
            yield begins.date()
        begins += timedelta(days=1)


def _earned(begins: datetime, segment: Segment, end: datetime) -> bool:
    """Whether a day that begins then is one: begun, or lasting as long as agreed."""
    if segment.day_hours:
        return begins + timedelta(hours=segment.day_hours) <= end
    return begins < end


def _counts(recorded: Day | None, segment: Segment) -> bool:
    if recorded is None:
        return not segment.day_hours
    return recorded.kind == WORKED


# -- the lines


def _lines(
    facts: Engagement, counted: Mapping[int, list[date]], until: datetime, cause: str
) -> Iterator[Line]:
    sum_of_wages = _Running()
    for segment in facts.segments:
        worked = counted[segment.number]
        holidays = [day for day in worked if _is_holiday(facts.days, day)]
        yield from _wages(sum_of_wages, segment, len(worked), len(holidays))
        yield from _absences(facts, segment, until)
    for fee in facts.fees:
        used = sum(len(days) for number, days in counted.items() if number >= fee.segment)
        yield from _fee(fee, used, cause)


class _Running:
    """A sum of 26ths of a fen; each part is what the rounded sum grows by."""

    def __init__(self) -> None:
        self._numerator = 0

    def add(self, amount_fen: int, per_days: int) -> int:
        before = divide_half_up(self._numerator, MONTH_DAYS)
        self._numerator += amount_fen * (MONTH_DAYS // per_days)
        return divide_half_up(self._numerator, MONTH_DAYS) - before


def _wages(running: _Running, segment: Segment, worked: int, holidays: int) -> Iterator[Line]:
    price = f"{yuan(segment.price_fen)}/{_per(segment)}"
    if worked:
        amount_fen = running.add(worked * segment.price_fen, segment.price_days)
        reason = f"{_whose(segment)}{worked} 天 × {price}"
        yield Line("wage", segment.number, worked, amount_fen, reason)
    extra = holidays * (segment.holiday_times - 1)
    if extra:
        amount_fen = running.add(extra * segment.price_fen, segment.price_days)
        reason = f"法定节假日出勤 {holidays} 天，按 {segment.holiday_times} 倍计"
        yield Line("holiday", segment.number, holidays, amount_fen, reason)


def _absences(facts: Engagement, segment: Segment, until: datetime) -> Iterator[Line]:
    end = min(segment.left_at or until, until)
    for kind, word in ((LEAVE, "请假"), (REST, "休息")):
        absent = [day for day, recorded in facts.days.items() if recorded.kind == kind]
        here = [day for day in absent if _within(date.fromisoformat(day), segment, end)]
        if here:
            yield Line(kind, segment.number, len(here), 0, f"{word} {len(here)} 天，不计费")


def _within(day: date, segment: Segment, end: datetime) -> bool:
    """Whether a day is this worker's; the day of a change is the one's who began it."""
    starts = segment.started_at.astimezone(SHANGHAI)
    return starts.date() <= day and midnight(day) + (starts - midnight(starts.date())) <= end


def _fee(fee: Fee, used: int, cause: str) -> Iterator[Line]:
    if not fee.amount_fen:
        return
    if cause == COMPANY:
        yield Line("fee", fee.segment, used, 0, "我方原因停止，服务费全额退还")
        return
    over = fee.days or 1
    served = min(used, over)
    amount_fen = divide_half_up(fee.amount_fen * served, over)
    reason = f"服务费 {yuan(fee.amount_fen)}，按 {over} 天分摊，已服务 {served} 天"
    yield Line("fee", fee.segment, served, amount_fen, reason)


def _deposit(facts: Engagement, until: datetime, cause: str) -> Iterator[Line]:
    if not facts.deposit_fen:
        return
    if cause == COMPANY:
        reason = f"我方原因未上户，双倍返还定金 {yuan(facts.deposit_fen)}"
        yield Line("deposit", 0, 0, -facts.deposit_fen, reason)
        return
    before = (date.fromisoformat(facts.starts_on) - shanghai_day(until)).days
    back_fen = divide_half_up(facts.deposit_fen * _back_bp(facts, before), _WHOLE_BP)
    reason = f"距上户 {max(before, 0)} 天，定金 {yuan(facts.deposit_fen)}，退还 {yuan(back_fen)}"
    yield Line("deposit", 0, 0, facts.deposit_fen - back_fen, reason)


def _back_bp(facts: Engagement, before: int) -> int:
    reached = (t["back_bp"] for t in facts.deposit_back if before >= t["days_before"])
    return next(reached, 0)


def _is_holiday(days: Mapping[str, Day], day: date) -> bool:
    recorded = days.get(day.isoformat())
    return recorded is not None and recorded.kind == WORKED and bool(recorded.holiday)


def _whose(segment: Segment) -> str:
    return f"工号 {segment.worker_number}：" if segment.worker_number else ""


def _per(segment: Segment) -> str:
    return "天" if segment.price_days == 1 else f"{segment.price_days} 天"


# -- the table before signing


def _before_start(terms: Terms) -> list[dict[str, Any]]:
    return [
        *(_row(_notice(days), _withdrawn(terms, days)) for days in _notices(terms)),
        _row("我方原因不能上户", _withdrawn(terms, 0, COMPANY)),
    ]


def _notices(terms: Terms) -> list[int]:
    if not terms.deposit_fen:
        return []
    return sorted({0, *(tier["days_before"] for tier in terms.deposit_back)}, reverse=True)


def _notice(days: int) -> str:
    return f"上户前 {days} 天及以上取消" if days else "上户前其他时间取消"


def _withdrawn(terms: Terms, notice: int, cause: str = CUSTOMER) -> Statement:
    starts = terms.period().starts_at
    return statement(agreed(terms), starts - timedelta(days=notice), cause)


def _stopped(terms: Terms, days: int) -> Statement:
    """After so many days without leave or holidays."""
    starts = terms.period().starts_at + _OFFICE_OPENS
    segment = Segment.begun(1, (UUID(int=0), 0), terms, starts)
    first = starts.astimezone(SHANGHAI).date()
    all_worked = {(first + timedelta(days=n)).isoformat(): Day(WORKED) for n in range(days)}
    until = starts + timedelta(days=days - 1, hours=segment.day_hours or 1)
    return statement(replace(agreed(terms), segments=[segment], days=all_worked), until)


def agreed(terms: Terms) -> Engagement:
    """The engagement as a contract founds it, before the start."""
    return Engagement(
        entitled_days=terms.days,
        fees=(Fee(terms.fee_fen, terms.fee_days, 1),),
        starts_on=terms.starts_on,
        deposit_fen=terms.deposit_fen,
        deposit_back=tuple(terms.deposit_back),
    )


def _row(when: str, stopped: Statement) -> dict[str, Any]:
    reason = "；".join(line.reason for line in stopped.lines)
    return {"when": when, "used_fen": stopped.used_fen, "reason": reason}
