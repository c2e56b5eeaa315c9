"""Nanny services (家政照护): four reservations, from the lead to the settlement by segments.

Nothing is paid online; what passes by hand is recorded with the number of its paper.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from domain.catalogue.holidays import statutory_holiday
from domain.money import yuan
from domain.time import shanghai_day
from interface.demo.people import Customer
from interface.demo.scene import DISPATCH, Order, Scene, moment
from interface.demo.steps import CHAOYANG, expect_stage

_CONFLICT: Final = 409
_FINANCE: Final = "财务"
_TEXT_HASH: Final = "9f" * 32
_MONTH: Final = 26
_TIERS: Final = (
    {"days_before": 30, "back_bp": 5_000},
    {"days_before": 15, "back_bp": 3_000},
    {"days_before": 0, "back_bp": 1_000},
)


@dataclass
class Engagement:
    """An order for care as the story follows it; `number` is the worker's (工号) on duty."""

    scene: Scene
    order: Order
    number: int = 0

    @property
    def today(self) -> date:
        """By the story's clock."""
        return shanghai_day(self.scene.stage.clock.now())

    def wait(self, days: int, hour: int = 9) -> None:
        """Until that hour, so many days from today; the customer logs in again."""
        day = self.today + timedelta(days=days)
        self.scene.stage.clock.set(moment(day, hour))
        self.order.customer.log_in(self.scene.account)

    def tell(self, who: str, words: str, step: str, **body: object) -> Any:  # noqa: ANN401 - JSON
        """A step that the office records."""
        self.scene.say.step(who, words)
        return self.scene.dispatcher.do(f"{self.order.office_path}/{step}", body)

    def ask(self, words: str, step: str, **body: object) -> None:
        """A step of the customer's own."""
        self.scene.say.step(self.order.customer.name, words)
        self.order.customer.do(f"{self.order.path}/care/{step}", body)


def tell_of_care(scene: Scene) -> None:
    """All four; the elder first, so that a public holiday falls into the days of work."""
    elder_care(scene)
    hospital_attendant(scene)
    maternity_nurse(scene)
    nanny(scene)


def maternity_nurse(scene: Scene) -> None:
    """月嫂: the refund table before signing, what stopping today would cost, 26 days."""
    scene.say.heading("月嫂　先看退费表再签约，随时试算“今天停止”")
    of = reserve(scene, scene.lin, "YS-01", "月嫂", choice="gold", description="双胎，十二月中出院")
    choose(of, "刘巧云", "到家面试")
    price = {"price_fen": 13_800_00, "fee_fen": 1_300_00, "fee_days": _MONTH}
    seen = lay_open(of, **price, deposit_fen=2_000_00, deposit_back=list(_TIERS))
    show_table(of, seen["refund_table"])
    consent(of, seen)
    sign(of, "签约")
    receive(of, 2_000_00, "deposit", "定金")
    begin(of, "月嫂上户")
    receive(of, 13_100_00, "wage", "劳务费和服务费余款")
    of.wait(7, 20)
    stop_today(of)
    of.wait(19, 8)
    end(of, "finished", "26 天期满，下户")
    close(of)


def nanny(scene: Scene) -> None:
    """保姆: somebody else in the middle of the month, then a renewal; one account for all."""
    scene.say.heading("保姆　换人不断账：剩余天数带给下一位，续约接着算")
    of = reserve(scene, scene.chen, "BM-01", "保姆", choice="live_in")
    choose(of, "孙桂花", "视频面试")
    propose(of, price_fen=6_500_00, fee_fen=1_300_00, fee_days=_MONTH)
    sign(of, "签约")
    begin(of, "保姆上户")
    receive(of, 7_800_00, "wage", "首月工资和服务费")
    replace_nanny(of)
    renew(of)
    of.wait(12, 20)
    end(of, "customer", "客户提前结束")
    close(of)


def replace_nanny(of: Engagement) -> None:
    """After ten days; the engaged worker cannot be engaged elsewhere meanwhile."""
    of.wait(10, 8)
    of.ask("申请换人：做饭口味不合", "replacement-request", reason_code="cooking")
    engaged_twice_in_vain(of)
    choose(of, "周凤英", "到家面试")
    rest = {"days": 0, "ends_on": _day(of, _MONTH - 11)}
    propose(of, kind="replacement", price_fen=6_500_00, **rest)
    sign(of, "签补充协议", "replacement")
    left_at = moment(of.today, 8).isoformat()
    of.wait(0, 10)
    of.tell("周凤英", "到家，接替工作", "care/replacement", left_at=left_at)
    of.scene.settle()
    parts = [each for each in of.order.view()["parts"] if each["kind"] == "segment"]
    found = [each["worker_number"] for each in parts]
    of.scene.say.expect("两段服务，各记各的阿姨", holds=len(set(found)) == len(parts), found=found)


def engaged_twice_in_vain(of: Engagement) -> None:
    """Another customer wants the same worker at the same time."""
    scene, other = of.scene, reserve(of.scene, of.scene.lin, "BM-01", "保姆", choice="live_in")
    other.tell(DISPATCH, "回电，需求确认", "confirmation")
    other.tell(DISPATCH, "需求：住家保姆", "care/needs", choice="live_in")
    worker = _workers(scene)[of.number]
    other.tell(DISPATCH, f"推荐同一位阿姨（工号 {of.number}）", "care/candidates", workers=[worker])
    other.number = of.number
    propose(other, price_fen=6_500_00)
    scene.say.step(DISPATCH, "签约：她正在另一家服务")
    answer = scene.dispatcher.post(f"{other.order.office_path}/care/signature", {})
    refused = (answer.status, answer.code) == (_CONFLICT, "worker_busy")
    scene.say.expect(f"拒绝（409 worker_busy）：{answer.title}", holds=refused, found=answer.code)
    other.ask("不再等了，取消预约，不收费", "cancellation")
    expect_stage(scene, other.order, "cancelled")


def renew(of: Engagement) -> None:
    """Another month from where the period ends; the fee is not charged again."""
    of.wait(10)
    period_ends = date.fromisoformat(_segment(of)["facts"]["ends_on"])
    begins, ends = period_ends + timedelta(days=1), period_ends + timedelta(days=_MONTH)
    days = {"starts_on": begins.isoformat(), "ends_on": ends.isoformat()}
    propose(of, kind="renewal", price_fen=6_800_00, **days)
    sign(of, "续约一个月，¥6,800.00/26 天", "renewal")
    of.wait((begins - of.today).days)


def elder_care(scene: Scene) -> None:
    """老人陪护: leave costs nothing, a statutory holiday worked twice, the rest goes back."""
    scene.say.heading("老人陪护　请假不计费，法定节假日双倍，提前停止多退少补")
    of = reserve(scene, scene.chen, "LR-01", "老人陪护", choice="semi_dependent")
    choose(of, "吴玉兰", "到家面试")
    propose(of, price_fen=6_500_00, fee_fen=1_300_00, fee_days=_MONTH)
    sign(of, "签约")
    begin(of, "陪护到岗")
    receive(of, 7_800_00, "wage", "首月工资和服务费")
    of.wait(2, 20)
    leave = {"day": of.today.isoformat(), "kind": "leave"}
    of.tell("吴玉兰", "请假一天", "care/day", **leave)
    holidays = work_on_holidays(of, 8)
    end(of, "customer", "老人康复，客户提前结束")
    lines = of.order.customer.get(f"{of.order.path}/care/statement")["lines"]
    doubled = sum(line["days"] for line in lines if line["code"] == "holiday")
    told = f"期间法定节假日出勤 {holidays} 天，每天按两天计"
    scene.say.expect(told, holds=doubled == holidays, found=lines)
    close(of)


def work_on_holidays(of: Engagement, days: int) -> int:
    """So many days go by; who works on a statutory holiday has it recorded; how often."""
    worked = 0
    for _ in range(days):
        of.wait(1, 20)
        holiday = statutory_holiday(of.today)
        if holiday:
            day = {"day": of.today.isoformat(), "kind": "worked"}
            of.tell("吴玉兰", f"{holiday}当天出勤", "care/day", **day)
            worked += 1
    return worked


def hospital_attendant(scene: Scene) -> None:
    """医院护工: checked in every day, another bed, settled by full days."""
    scene.say.heading("医院护工　每日打卡，转床，满 24 小时为 1 天")
    ward = {"hospital": "朝阳医院", "ward": "骨科 6 床"}
    of = reserve(scene, scene.lin, "HG-01", "医院护工", choice="one_to_one", **ward)
    choose(of, "郑建国", "到院面试", "hospital")
    daily = {"price_fen": 260_00, "price_days": 1, "days": 10, "day_hours": 24}
    propose(of, **daily)
    sign(of, "签约")
    begin(of, "护工进场")
    for day in (1, 2, 3):
        check_in = {"day": of.today.isoformat(), "kind": "worked", "note": f"第 {day} 天，体温正常"}
        of.tell("郑建国", "打卡，填护理记录", "care/day", **check_in)
        of.wait(1)
    of.tell("郑建国", "转床：骨科 6 床 → 康复科 2 床", "care/bed", place="康复科 2 床")
    receive(of, 3 * 260_00, "wage", "3 天护理费")
    of.wait(0, 20)
    end(of, "finished", "出院，护工离场")
    close(of)


# -- what all four have in common


def reserve(scene: Scene, customer: Customer, code: str, name: str, **care: object) -> Engagement:
    """Reserve for tomorrow; no price, no payment."""
    customer.log_in(scene.account)
    starts_at = moment(shanghai_day(scene.stage.clock.now()) + timedelta(days=1), 9)
    body = {
        "service_code": code,
        "starts_at": starts_at.isoformat(),
        "contact": customer.contact("望京西园四区 410 楼 1203", CHAOYANG),
        "care": {**care, "days": _MONTH},
    }
    booked = customer.do("/api/v1/orders", body)
    order = Order(
        title=name,
        customer=customer,
        id=booked["order_id"],
        number=booked["order_number"],
        total_fen=booked["total_fen"],
    )
    scene.orders.append(order)
    scene.say.step(customer.name, f"预约{name}，预约号 {order.number}，不用付款")
    expect_stage(scene, order, "awaiting_confirmation")
    return Engagement(scene, order)


def choose(of: Engagement, name: str, words: str, how: str = "home") -> None:
    """Call back, agree the needs, propose somebody new and meet them."""
    worker, number = hire(of, name)
    if not of.number:
        of.wait(1)
        of.tell(DISPATCH, "顾问回电", "confirmation")
        choice = _first_choice(of.order)
        of.tell(DISPATCH, "确认需求", "care/needs", choice=choice)
    of.tell(DISPATCH, f"推荐{name}（工号 {number}）", "care/candidates", workers=[worker])
    met = {"worker_number": number, "how": how, "accepted": True}
    of.tell(of.order.customer.name, f"{words}，选定{name}", "care/interview", **met)
    of.number = number


def hire(of: Engagement, name: str) -> tuple[str, int]:
    """A new worker for this service: id and number."""
    code = _code(of.order)
    new = {"name": name, "phone": "13800000009", "skills": [code], "districts": [CHAOYANG]}
    worker = str(of.scene.dispatcher.do("/api/v1/office/workers", new)["worker_id"])
    numbers = {each: number for number, each in _workers(of.scene).items()}
    return worker, numbers[worker]


def propose(of: Engagement, **terms: object) -> None:
    """Lay terms before the customer, who agrees."""
    consent(of, lay_open(of, **terms))


def lay_open(of: Engagement, **changes: object) -> Any:  # noqa: ANN401 - JSON
    """Lay terms and refund table before the customer; what the customer sees of them."""
    usual = {
        "worker_number": of.number,
        "days": _MONTH,
        "starts_on": _day(of, 0),
        "ends_on": _day(of, _MONTH - 1),
        "text_version": f"{_code(of.order)[:2]}-2026-1",
        "text_hash": _TEXT_HASH,
    }
    of.tell(DISPATCH, "出示合同条款和退费表", "care/terms", **{**usual, **changes})
    return of.order.customer.get(f"{of.order.path}/care/terms")


def consent(of: Engagement, seen: Mapping[str, Any]) -> None:
    """The customer agrees to exactly these terms and this table."""
    of.ask("看过条款和退费表，确认", "consent", digest=seen["digest"])


def show_table(of: Engagement, table: list[Mapping[str, Any]]) -> None:
    """What stopping would cost, before anything is signed."""
    rows = [(row["when"], yuan(row["used_fen"])) for row in table]
    of.scene.say.table(("何时停止", "应付"), rows, words=1)


def sign(of: Engagement, words: str, kind: str = "contract") -> None:
    """Sign; the worker is kept free for the whole period."""
    of.tell(DISPATCH, words, "care/signature", kind=kind)


def begin(of: Engagement, words: str) -> None:
    """The worker came."""
    of.tell(DISPATCH, words, "care/start")
    expect_stage(of.scene, of.order, "on_duty")


def receive(of: Engagement, amount_fen: int, purpose: str, words: str) -> None:
    """Finance records money that came by hand."""
    of.scene.say.step(_FINANCE, f"线下收款登记：{words} {yuan(amount_fen)}")
    _by_hand(of, "offline-receipts", amount_fen, purpose)


def stop_today(of: Engagement) -> None:
    """What the customer would get back now, and why; nothing is stated."""
    of.scene.say.step(of.order.customer.name, "试算：如果今天停止")
    told = of.order.customer.get(f"{of.order.path}/care/statement")
    for line in told["lines"]:
        of.scene.say.note(f"{yuan(line['amount_fen'])}  {line['reason']}")
    adds_up = sum(line["amount_fen"] for line in told["lines"]) == told["used_fen"]
    left = told["paid_offline_fen"] - told["used_fen"] == told["balance_fen"]
    words = f"应付 {yuan(told['used_fen'])}，可退 {yuan(told['balance_fen'])}，每一分都有理由"
    of.scene.say.expect(words, holds=adds_up and left, found=told)


def end(of: Engagement, cause: str, words: str) -> None:
    """The work ends; what was foreseen is what is settled."""
    foreseen = of.order.customer.get(f"{of.order.path}/care/statement")["used_fen"]
    of.tell(DISPATCH, words, "care/leaving", cause=cause)
    settled = of.tell(DISPATCH, "分段结算", "care/settlement")
    told = f"结算 {yuan(settled['used_fen'])} = 停止前一刻的试算"
    of.scene.say.expect(told, holds=settled["used_fen"] == foreseen, found=yuan(foreseen))


def close(of: Engagement) -> None:
    """Level the account by hand, complete, review, call once more."""
    told = of.order.customer.get(f"{of.order.path}/care/statement")
    for line in told["lines"]:
        of.scene.say.note(f"{yuan(line['amount_fen'])}  {line['reason']}")
    balance_fen = told["balance_fen"]
    if balance_fen > 0:
        of.scene.say.step(_FINANCE, f"线下退款 {yuan(balance_fen)}")
        _by_hand(of, "offline-repayments", balance_fen, "wage")
    elif balance_fen < 0:
        receive(of, -balance_fen, "wage", "尾款")
    of.tell(DISPATCH, "账已结清，完成", "completion")
    of.tell(DISPATCH, "回访：客户满意", "care/follow-up", note="客户满意")
    expect_stage(of.scene, of.order, "completed")
    view = of.order.view()
    none = (view["paid_fen"], view["total_fen"]) == (0, 0)
    of.scene.say.expect("自始至终没有线上付款", holds=none, found=view["paid_fen"])


def _by_hand(of: Engagement, what: str, amount_fen: int, purpose: str) -> None:
    number = f"{of.order.number}-{what[8:11].upper()}{amount_fen}"
    paper = {"method": "bank_transfer", "purpose": purpose, "receipt_number": number}
    of.scene.finance.do(f"{of.order.office_path}/{what}", {**paper, "amount_fen": amount_fen})


def _workers(scene: Scene) -> dict[int, str]:
    """Worker ids by number."""
    listed = scene.dispatcher.get("/api/v1/office/workers", limit=100)["workers"]
    return {each["number"]: str(each["worker_id"]) for each in listed}


def _segment(of: Engagement) -> Any:  # noqa: ANN401 - JSON
    """The newest segment as the customer sees it."""
    return [each for each in of.order.view()["parts"] if each["kind"] == "segment"][-1]


def _day(of: Engagement, days: int) -> str:
    return (of.today + timedelta(days=days)).isoformat()


def _code(order: Order) -> str:
    """The service, by the first letters of the order's number."""
    return f"{order.number[:2]}-01"


def _first_choice(order: Order) -> str:
    choices = {"YS": "gold", "BM": "live_in", "LR": "semi_dependent", "HG": "one_to_one"}
    return choices[order.number[:2]]
