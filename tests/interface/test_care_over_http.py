"""Nanny services over HTTP: 月嫂, 保姆, 老人陪护 and 医院护工, from the lead to the last call."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from application.commands import Command, Decision
from domain.time import SHANGHAI, shanghai_day
from domain.workers import Worker
from tests.interface.town import Caller, Json, Town, new_openid

ORDERS = "/api/v1/orders"
OFFICE = "/api/v1/office/orders"
TEXT_HASH = "cd" * 32
PRICE_FEN = 880_000
SECRETS = ("双胎，剖腹产", "协和医院", "8 号楼 12 层 36 床")
SERVICES = {
    "YS-01": ("月嫂", "gold"),
    "BM-01": ("保姆", "live_in"),
    "LR-01": ("老人陪护", "semi_dependent"),
    "HG-01": ("医院护工", "one_to_one"),
}
LEAVES = pytest.mark.parametrize("code", SERVICES)


@dataclass
class Engagement:
    """A customer's order for care; everybody logs in again, for time passes."""

    town: Town
    openid: str
    code: str
    order_id: str = ""

    @property
    def customer(self) -> Caller:
        return self.town.customer(self.openid)

    @property
    def office(self) -> Caller:
        return self.town.dispatcher()

    @property
    def path(self) -> str:
        return f"{ORDERS}/{self.order_id}"

    @property
    def office_path(self) -> str:
        return f"{OFFICE}/{self.order_id}"

    @property
    def today(self) -> date:
        return shanghai_day(self.town.clock.now())

    def do(self, step: str, **body: Json) -> Json:
        """A command of the office."""
        answer = self.office.do(f"{self.office_path}/{step}", body)
        self.town.catch_up()
        return answer

    def refused(self, step: str, **body: Json) -> str:
        """The code of the refusal that a command of the office meets."""
        answer = self.office.post(f"{self.office_path}/{step}", body)
        assert answer.status_code in {409, 422}, answer.text
        return str(answer.json()["code"])

    def wait(self, days: int, hour: int = 9) -> None:
        """Until that hour, so many days from today."""
        then = datetime.combine(self.today + timedelta(days=days), time(hour), SHANGHAI)
        self.town.clock.set(then)

    def shown(self) -> Json:
        return self.customer.read(self.path)

    def parts(self, kind: str) -> list[Json]:
        return [part for part in self.shown()["parts"] if part["kind"] == kind]

    def lead(self) -> Json:
        return self.office.read(f"{self.office_path}/care/lead")

    def statement(self, **query: Json) -> Json:
        return self.customer.read(f"{self.path}/care/statement", **query)


def reserve(town: Town, code: str, **changes: Json) -> Engagement:
    """Reserve for tomorrow, with all that a customer would tell."""
    booked = Engagement(town, new_openid(), code)
    care = {
        "choice": SERVICES[code][1],
        "days": 26,
        "description": SECRETS[0],
        "hospital": SECRETS[1],
        "ward": SECRETS[2],
    }
    wish = {**town.wish(service_code=code), "quantity": 0, "care": care, **changes}
    booked.order_id = booked.customer.do(ORDERS, wish)["order_id"]
    town.catch_up()
    return booked


def nurse(town: Town, code: str) -> tuple[str, int]:
    """A new worker who can do it: id and number."""
    office = town.dispatcher()
    worker = town.worker(office, code)
    town.catch_up()
    listed = office.read("/api/v1/office/workers", limit=100)["workers"]
    return worker, next(each["number"] for each in listed if each["worker_id"] == worker)


def terms(of: Engagement, number: int, **changes: Json) -> Json:
    """Terms of 26 days from today."""
    first = of.today
    usual = {
        "kind": "contract",
        "worker_number": number,
        "price_fen": PRICE_FEN,
        "price_days": 26,
        "days": 26,
        "starts_on": first.isoformat(),
        "ends_on": (first + timedelta(days=25)).isoformat(),
        "text_version": f"{of.code[:2]}-2026-1",
        "text_hash": TEXT_HASH,
        "fee_fen": 130_000,
        "fee_days": 26,
    }
    return {**usual, **changes}


def find_somebody(of: Engagement) -> int:
    """Call, agree the needs, propose and interview; the number of who was chosen."""
    worker, number = nurse(of.town, of.code)
    of.do("confirmation")
    of.do("care/needs", choice=SERVICES[of.code][1], note="要会做月子餐")
    of.do("care/candidates", workers=[worker])
    of.do("care/interview", worker_number=number, how="video", accepted=True)
    return number


def agree(of: Engagement, number: int, **changes: Json) -> Json:
    """Lay terms before the customer, who reads and agrees."""
    proposed = of.do("care/terms", **terms(of, number, **changes))
    seen = of.customer.read(f"{of.path}/care/terms")
    assert (seen["digest"], seen["consented"]) == (proposed["digest"], False)
    assert seen["refund_table"] == proposed["refund_table"]
    of.customer.do(f"{of.path}/care/consent", {"digest": seen["digest"]})
    return seen


def engage(town: Town, code: str, **changes: Json) -> tuple[Engagement, int]:
    """Somebody is on duty since nine o'clock of today."""
    of = reserve(town, code)
    of.wait(1)
    number = find_somebody(of)
    agree(of, number, **changes)
    of.do("care/signature", kind="contract")
    of.do("care/start")
    return of, number


def take(of: Engagement, amount_fen: int, number: str, purpose: str = "wage") -> Json:
    """Finance records money that came by hand."""
    receipt = {"amount_fen": amount_fen, "method": "bank_transfer", "purpose": purpose}
    finance = of.town.finance()
    return finance.do(f"{of.office_path}/offline-receipts", {**receipt, "receipt_number": number})


@pytest.mark.requirement("R09", "R11")
@LEAVES
def test_care_is_reserved_without_a_price_and_cannot_be_paid(town: Town, code: str) -> None:
    of = reserve(town, code)

    shown = of.shown()
    refused = of.customer.post(f"{of.path}/payments")

    assert shown["kind_path"][-1] == SERVICES[code][0]
    assert (shown["stage"], shown["stage_label"]) == ("awaiting_confirmation", "已预约，待回电")
    assert (shown["total_fen"], shown["lines"], shown["pay_by"]) == (0, [], None)
    assert (refused.status_code, refused.json()["code"]) == (409, "reservation_not_payable")


@pytest.mark.requirement("R09")
def test_the_choice_may_be_an_item_of_the_catalogue(town: Town) -> None:
    wish = {**town.wish(service_code="YS-01"), "quantity": 0, "items": {"diamond": 26}}

    booked = town.customer().do(ORDERS, wish)

    assert booked["total_fen"] == 0


@pytest.mark.requirement("R09")
def test_only_a_day_and_a_contact_are_needed(town: Town) -> None:
    of = Engagement(town, new_openid(), "LR-01")

    booked = of.customer.do(ORDERS, {**town.wish(service_code="LR-01"), "quantity": 0})

    assert (booked["total_fen"], booked["pay_by"]) == (0, None)


def test_care_is_ordered_again_with_the_old_form(town: Town) -> None:
    of = reserve(town, "YS-01")
    starts_at = (town.tomorrow() + timedelta(days=60)).isoformat()

    past = of.customer.read(f"{of.path}/reorder")
    again = of.customer.do(f"{of.path}/reorder", {"starts_at": starts_at})

    assert past["form"]["choice"] == "gold"
    assert again["order_id"] != of.order_id


def test_a_confinement_nurse_is_reserved_months_ahead(town: Town) -> None:
    due = (town.tomorrow() + timedelta(days=250)).isoformat()

    of = reserve(town, "YS-01", starts_at=due)

    assert datetime.fromisoformat(of.shown()["starts_at"]) == datetime.fromisoformat(due)


@pytest.mark.requirement("R09", "R11")
@LEAVES
def test_an_engagement_goes_from_the_lead_to_the_settlement(town: Town, code: str) -> None:
    of, number = engage(town, code)
    take(of, PRICE_FEN + 130_000, f"SJ-{code}-1")
    of.wait(26)
    of.do("care/leaving", cause="finished")
    settled = of.do("care/settlement")
    of.do("completion")
    of.do("care/follow-up", note="客户满意")

    shown = of.shown()
    assert (settled["used_fen"], settled["balance_fen"]) == (PRICE_FEN + 130_000, 0)
    assert (shown["stage_label"], shown["worker_number"]) == ("已完成", number)
    (segment,) = of.parts("segment")
    period = [segment["facts"][name] for name in ("starts_on", "ends_on")]
    assert (segment["stage"], segment["worker_number"]) == ("off_duty", number)
    sentences = [step["sentence"] for step in shown["timeline"]]
    assert sentences[1:9] == [
        "顾问已联系",
        "需求已确认",
        f"已推荐人选（工号 {number}）",
        f"已视频面试（工号 {number}），您已选中",
        "合同条款和退费表已出示，请确认",
        "您已确认合同条款和退费表",
        f"已签约（工号 {number}），{' 至 '.join(period)}",
        "服务人员已到岗",
    ]
    assert "已结算：26 天，应付 ¥10,100.00，已付 ¥10,100.00，应退 ¥0.00" in sentences


@pytest.mark.requirement("R11")
@LEAVES
def test_no_engagement_ever_prepares_an_online_payment(town: Town, code: str) -> None:
    of, _ = engage(town, code)
    query = text("select count(*) from log.events where name like 'payment.%' and state ~ :order")

    answers = [of.customer.post(f"{of.path}/payments", {"charge_number": n}) for n in (1, 2)]

    assert {answer.json()["code"] for answer in answers} == {"reservation_not_payable"}
    with town.house.engine.connect() as connection:
        assert connection.execute(query, {"order": of.order_id}).scalar_one() == 0


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
