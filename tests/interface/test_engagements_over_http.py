"""Engagements over HTTP: who takes over, what stopping costs, receipts and leads."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from application.commands import Command, Decision
from domain.time import shanghai_day
from domain.workers import Worker
from tests.interface.engagements import (
    PRICE_FEN,
    SECRETS,
    TEXT_HASH,
    Engagement,
    agree,
    engage,
    find_somebody,
    nurse,
    reserve,
    take,
    terms,
)
from tests.interface.town import Json, Town


def test_stopping_today_says_what_goes_back_and_why(town: Town) -> None:
    of, _ = engage(town, "YS-01")
    take(of, PRICE_FEN + 130_000, "SJ-STOP-1")
    of.wait(9, 20)

    today = of.statement()
    by_office = of.office.read(f"{of.office_path}/care/statement", cause="company")
    tomorrow = of.statement(day=(of.today + timedelta(days=1)).isoformat())

    assert (today["used_days"], tomorrow["used_days"]) == (10, 11)
    assert today["used_fen"] == 338_462 + 50_000
    assert today["balance_fen"] == PRICE_FEN + 130_000 - today["used_fen"]
    assert [line["reason"] for line in today["lines"]][-1] == (
        "服务费 ¥1,300.00，按 26 天分摊，已服务 10 天"
    )
    assert by_office["used_fen"] == 338_462


def test_the_table_shown_before_signing_is_what_stopping_costs(town: Town) -> None:
    of = reserve(town, "YS-01")
    of.wait(1)
    number = find_somebody(of)
    shown = agree(of, number)
    of.do("care/signature")
    of.do("care/start")
    of.wait(6, 20)

    row = next(row for row in shown["refund_table"] if row["when"] == "服务 7 天后停止")

    assert of.statement()["used_fen"] == row["used_fen"]


def test_nothing_is_signed_that_the_customer_has_not_read(town: Town) -> None:
    of = reserve(town, "BM-01")
    of.wait(1)
    number = find_somebody(of)
    of.do("care/terms", **terms(of, number))

    assert of.refused("care/signature") == "terms_not_consented"
    wrong = of.customer.post(f"{of.path}/care/consent", {"digest": TEXT_HASH})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "terms_changed")


def test_a_deposit_above_a_fifth_is_refused_with_its_reason(town: Town) -> None:
    of = reserve(town, "YS-01")
    of.wait(1)
    number = find_somebody(of)
    body = terms(of, number, deposit_fen=PRICE_FEN // 5 + 1)

    answer = of.office.post(f"{of.office_path}/care/terms", body)

    assert (answer.status_code, answer.json()["code"]) == (409, "deposit_too_large")
    assert "五百八十六" in answer.json()["title"]


def test_nobody_is_engaged_twice_at_a_time(town: Town) -> None:
    first, number = engage(town, "YS-01")
    second = reserve(town, "YS-01")
    second.wait(1)
    listed = second.office.read("/api/v1/office/workers", limit=100)["workers"]
    worker = next(each["worker_id"] for each in listed if each["number"] == number)
    second.do("confirmation")
    second.do("care/needs", choice="gold")
    second.do("care/candidates", workers=[worker])
    second.do("care/interview", worker_number=number, how="home", accepted=True)
    agree(second, number)

    assert second.refused("care/signature") == "worker_busy"
    first.do("care/leaving", cause="customer")
    assert second.do("care/signature")["stage"] == "awaiting_start"


def test_a_worker_without_the_skill_is_not_proposed(town: Town) -> None:
    of = reserve(town, "HG-01")
    worker, _ = nurse(town, "BJ-01")
    of.do("confirmation")
    of.do("care/needs", choice="one_to_one")

    assert of.refused("care/candidates", workers=[worker]) == "worker_unfit"


def test_another_worker_takes_over_and_the_rest_is_carried_on(town: Town) -> None:
    of, first = engage(town, "YS-01", ends_on=_in(town, 40))
    take(of, PRICE_FEN + 130_000, "SJ-SWAP-1")
    of.wait(10)
    of.customer.do(f"{of.path}/care/replacement-request", {"reason_code": "not_suited"})
    worker, second = nurse(town, "YS-01")
    of.do("care/candidates", workers=[worker])
    rest = {"days": 0, "fee_fen": 0, "fee_days": 0, "ends_on": _in(town, 30)}
    agree(of, second, kind="replacement", **rest)
    of.do("care/signature", kind="replacement")
    left_at = town.clock.now().isoformat()
    town.clock.advance(timedelta(hours=2))
    of.do("care/replacement", left_at=left_at)
    of.wait(20)
    of.do("care/leaving", cause="finished")

    settled = of.do("care/settlement")

    segments = of.parts("segment")
    assert [each["worker_number"] for each in segments] == [first, second]
    assert [each["stage"] for each in segments] == ["off_duty", "off_duty"]
    assert of.shown()["worker_number"] == second
    assert (settled["used_fen"], settled["balance_fen"]) == (PRICE_FEN + 130_000, 0)
    assert {each["worker_number"] for each in of.parts("candidate")} == {first, second}


def _in(town: Town, days: int) -> str:
    """The day so many days after today, which may be tomorrow when it is read."""
    return (shanghai_day(town.clock.now()) + timedelta(days=days)).isoformat()


def test_a_customer_may_keep_the_worker_after_all(town: Town) -> None:
    of, number = engage(town, "BM-01")
    of.wait(5)
    asked = of.customer.do(f"{of.path}/care/replacement-request", {"reason_code": "not_suited"})
    kept = of.customer.do(f"{of.path}/care/replacement-withdrawal")

    assert (asked["stage"], kept["stage"]) == ("replacement_requested", "on_duty")
    town.catch_up()
    assert of.shown()["worker_number"] == number


def test_a_renewal_lengthens_the_engagement(town: Town) -> None:
    of, number = engage(town, "BM-01")
    first_day = of.today
    of.wait(20)
    begins, ends = first_day + timedelta(days=26), first_day + timedelta(days=51)
    days = {"starts_on": begins.isoformat(), "ends_on": ends.isoformat()}
    agree(of, number, kind="renewal", fee_fen=0, fee_days=0, **days)

    of.do("care/signature", kind="renewal")

    assert [each["stage"] for each in of.parts("segment")] == ["on_duty", "on_duty"]
    ends_at = datetime.fromisoformat(of.shown()["ends_at"])
    assert shanghai_day(ends_at) == ends + timedelta(days=1)


def test_hospital_care_is_settled_by_days_checked_in(town: Town) -> None:
    daily = {"price_fen": 26_000, "price_days": 1, "days": 10, "day_hours": 24, "fee_fen": 0}
    of, _ = engage(town, "HG-01", **daily)
    of.do("care/bed", place="9 号楼 3 层 12 床")
    for _ in range(3):
        of.do("care/day", day=of.today.isoformat(), kind="worked", note="体温正常")
        of.wait(1)
    of.do("care/leaving", cause="customer")

    settled = of.do("care/settlement")

    assert (settled["used_fen"], settled["balance_fen"]) == (3 * 26_000, -3 * 26_000)
    (place,) = of.parts("place")
    assert place["facts"]["place"] == "9 号楼 3 层 12 床"
    assert of.refused("completion") == "balance_open"
    take(of, 3 * 26_000, "SJ-HG-2")
    assert of.do("completion")["stage"] == "completed"


def test_withdrawing_before_the_start_is_settled_by_the_deposit(town: Town) -> None:
    of = reserve(town, "YS-01")
    of.wait(1)
    number = find_somebody(of)
    tiers = [{"days_before": 30, "back_bp": 5_000}, {"days_before": 0, "back_bp": 1_000}]
    agree(of, number, deposit_fen=100_000, deposit_back=tiers, **_later(of, 40))
    of.do("care/signature")
    take(of, 100_000, "SJ-DEP-1", "deposit")

    assert of.statement()["balance_fen"] == 50_000
    of.customer.do(f"{of.path}/care/cancellation")
    town.catch_up()
    paid_back = of.town.finance().do(
        f"{of.office_path}/offline-repayments",
        {
            "amount_fen": 50_000,
            "method": "bank_transfer",
            "purpose": "deposit",
            "receipt_number": "TK-DEP-1",
        },
    )
    assert paid_back["held_fen"] == 50_000
    assert of.shown()["stage"] == "cancelled"


def _later(of: Engagement, days: int) -> dict[str, str]:
    first = of.today + timedelta(days=days)
    return {"starts_on": first.isoformat(), "ends_on": (first + timedelta(days=25)).isoformat()}


def test_a_moved_start_moves_what_the_customer_sees(town: Town) -> None:
    of = reserve(town, "YS-01")
    of.wait(1)
    number = find_somebody(of)
    agree(of, number, **_later(of, 10))
    of.do("care/signature")

    of.do("care/first-day", starts_on=(of.today + timedelta(days=3)).isoformat())

    begins = datetime.fromisoformat(of.shown()["starts_at"])
    assert shanghai_day(begins) == of.today + timedelta(days=3)
    assert shanghai_day(datetime.fromisoformat(of.parts("segment")[0]["starts_at"])) == (
        of.today + timedelta(days=3)
    )


def test_a_lead_that_nobody_follows_up_falls_to_the_public_pool(town: Town) -> None:
    of = reserve(town, "LR-01")
    of.do("confirmation")
    of.do("care/grade", grade="B")
    town.settle()

    assert of.refused("care/release") == "lead_followed_up"
    of.wait(5)
    of.do("care/follow-up", note="再约时间")
    town.settle()
    of.wait(6)
    town.settle()
    assert of.lead()["keeper"].startswith("staff:")
    of.wait(2)
    town.settle()
    assert (of.lead()["grade"], of.lead()["keeper"]) == ("B", "")


def test_a_lead_is_released_by_hand_after_seven_days(town: Town) -> None:
    of = reserve(town, "LR-01")
    of.do("confirmation")
    of.wait(8)

    assert of.do("care/release")["stage"] == "contacted"


def test_a_stranger_finds_no_order(town: Town) -> None:
    of, _ = engage(town, "YS-01")
    stranger = town.customer()
    bodies: dict[str, Json] = {
        "care/consent": {"digest": TEXT_HASH},
        "care/replacement-request": {"reason_code": "x"},
        "care/replacement-withdrawal": None,
        "care/cancellation": None,
    }

    answers = [stranger.get(f"{of.path}/{step}") for step in ("care/terms", "care/statement")]
    answers += [stranger.post(f"{of.path}/{step}", body) for step, body in bodies.items()]

    assert {answer.status_code for answer in answers} == {404}


def test_a_receipt_number_is_recorded_once(town: Town) -> None:
    of, _ = engage(town, "YS-01")
    take(of, 100, "SJ-ONCE-1")

    receipt = {"amount_fen": 100, "method": "cash", "purpose": "wage"}
    again = of.town.finance().post(
        f"{of.office_path}/offline-receipts", {**receipt, "receipt_number": "SJ-ONCE-1"}
    )

    assert (again.status_code, again.json()["code"]) == (409, "receipt_number_used")


def test_what_was_told_of_mother_and_child_is_sealed(town: Town) -> None:
    of = reserve(town, "YS-01")
    query = text("select state from log.events where stream_id = :stream")
    with town.house.engine.connect() as connection:
        kept = "".join(connection.execute(query, {"stream": UUID(of.order_id)}).scalars())

    assert not any(secret in kept for secret in SECRETS)


def test_nothing_is_signed_with_a_worker_who_left_meanwhile(town: Town) -> None:
    of = reserve(town, "YS-01")
    of.wait(1)
    number = find_somebody(of)
    agree(of, number)
    listed = of.office.read("/api/v1/office/workers", limit=100)["workers"]
    worker = next(each["worker_id"] for each in listed if each["number"] == number)
    state_that_they_left(town, UUID(worker))

    assert of.refused("care/signature") == "worker_not_active"


def state_that_they_left(town: Town, worker_id: UUID) -> None:
    """No page states it yet."""

    def decide() -> Decision:
        worker = town.house.log.load(Worker, worker_id)
        worker.leave("moved", by="system:test", at=town.clock.now())
        return Decision([worker])

    town.house.log.run(Command(uuid4(), "system:test", "", town.clock.now()), decide)


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2100-01-01", "2026-02-30"])
def test_a_day_that_is_in_no_calendar_of_ours_is_refused(town: Town, day: str) -> None:
    of = reserve(town, "YS-01")
    asked: list[tuple[str, Json]] = [
        ("care/terms", terms(of, 1, starts_on=day, ends_on=day)),
        ("care/first-day", {"starts_on": day}),
        ("care/day", {"day": day, "kind": "worked"}),
    ]

    answers = [of.office.post(f"{of.office_path}/{step}", body) for step, body in asked]

    assert [answer.json()["code"] for answer in answers] == ["invalid_input"] * 3
