"""Appliances and homes: five kinds of machines cleaned, four kinds of care, each its own way.

The stories begin whenever they are told: their days are counted from the present one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from domain.money import yuan
from domain.time import shanghai_day
from interface.demo.people import Customer
from interface.demo.pictures import photo
from interface.demo.scene import Order, Scene, moment
from interface.demo.steps import (
    CHAOYANG,
    advance,
    advance_in_vain,
    assign,
    buy,
    enter,
    expect_stage,
    report,
)

TECHNICIAN: Final = "陈国强"
_CONFLICT: Final = 409


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is to be done; `appliances` is that section of the booking form, if any."""

    title: str
    words: str
    service_code: str
    items: Mapping[str, int]
    appliances: Mapping[str, object] | None = None

    def machines(self) -> list[str]:
        """The names of its machines, as the product gives them."""
        return [f"{number:02}" for number in range(1, sum(self.items.values()) + 1)]


def clean_range_hoods(scene: Scene) -> None:
    """油烟机: two of them; one is not clean enough and done again."""
    job = Job(
        title="家电清洗　油烟机",
        words="中式油烟机、集成灶各 1 台",
        service_code="JD-01",
        items={"chinese": 1, "integrated": 1},
        appliances={"machines": [{"item": "chinese", "brand": "老板", "age_years": 6}]},
    )
    order, day = visited(scene, scene.lin, job)
    advance_in_vain(scene, order, "wrong_stage", TECHNICIAN, "in_service")
    try_out(scene, order, *job.machines())
    work(scene, order, day)
    inspect(scene, order, "01", accepted=False)
    expect_stage(scene, order, "reworking")
    advance(scene, order, TECHNICIAN, "awaiting_inspection")
    accept(scene, order, *job.machines())


def clean_refrigerator(scene: Scene) -> None:
    """冰箱: it did not run well before anybody touched it, and that is on file."""
    job = Job(
        title="家电清洗　冰箱",
        words="三门冰箱 1 台",
        service_code="JD-02",
        items={"three_door": 1},
    )
    order, day = visited(scene, scene.chen, job)
    scene.say.step(TECHNICIAN, "试机：冷藏室清洗前已不制冷，拍照留证")
    seen = scene.dispatcher.upload(f"{order.office_path}/uploads", photo("white"))
    trial = {"machine": "01", "works": False, "note": "冷藏室不制冷", "photos": [seen]}
    office(scene, order, "trial-runs", trial)
    scene.settle()
    told = part(order, "machine-01")["facts"]
    kept = (told["works"], told["trial_run"], told["photos"]) == (False, "冷藏室不制冷", [seen])
    scene.say.expect("顾客看到试机结果和照片", holds=kept, found=told)
    work(scene, order, day)
    accept(scene, order, "01")


def clean_air_conditioners(scene: Scene) -> None:
    """空调: one of three cannot be opened and is struck off; its price goes back."""
    job = Job(
        title="家电清洗　空调",
        words="挂机 2 台（1 台含外机）、柜机 1 台",
        service_code="JD-03",
        items={"wall": 1, "wall.outdoor": 1, "cabinet": 1},
    )
    order, day = visited(scene, scene.lin, job)
    cannot_open(scene, order, "01", "柜机外壳卡死，无法拆洗")
    scene.say.step(order.customer.name, "柜机不洗了")
    office(scene, order, "machine-withdrawals", {"machine": "01"})
    try_out(scene, order, "02", "03")
    expect_due(scene, order, 13_900)
    work(scene, order, day)
    accept(scene, order, "02", "03")


def clean_washing_machine(scene: Scene) -> None:
    """洗衣机: it cannot be opened, so it is cleaned without; the difference goes back."""
    job = Job(
        title="家电清洗　洗衣机",
        words="滚筒洗衣机 1 台",
        service_code="JD-04",
        items={"drum": 1},
    )
    order, day = visited(scene, scene.chen, job)
    cannot_open(scene, order, "01", "螺丝锈死，强拆会损坏")
    scene.say.step(order.customer.name, "同意改为免拆清洗")
    change = {"machine": "01", "item": "without_dismantling"}
    office(scene, order, "item-changes", change)
    expect_due(scene, order, 16_800 - 7_900)
    try_out(scene, order, "01")
    work(scene, order, day)
    accept(scene, order, "01")


def clean_microwave_oven(scene: Scene) -> None:
    """微波炉: nobody opens the door, so it was a trip; the second time somebody is at home."""
    job = Job(
        title="家电清洗　微波炉",
        words="微波炉、烤箱各 1 台",
        service_code="JD-05",
        items={"microwave": 1, "oven": 1},
    )
    order, day = visited(scene, scene.lin, job)
    absent: dict[str, object] = {"reason_code": "customer_absent"}
    scene.at(day, 10, 5)
    scene.say.step(TECHNICIAN, "无人应门，想登记空跑")
    answer = scene.dispatcher.post(f"{order.office_path}/empty-trip", absent)
    refused = (answer.status, answer.code) == (_CONFLICT, "wait_too_short")
    scene.say.expect(f"拒绝（409 wait_too_short）：{answer.title}", holds=refused, found=answer)
    scene.at(day, 10, 20)
    calls = [moment(day, 10, minute).isoformat() for minute in (7, 14)]
    scene.say.step(TECHNICIAN, "等满 20 分钟，两次电话无人接听，登记空跑")
    office(scene, order, "empty-trip", {**absent, "calls": calls})
    expect_stage(scene, order, "empty_trip")
    expect_due(scene, order, order.total_fen - 5_000)
    order, day = visited(scene, scene.lin, job)
    try_out(scene, order, "01", "02")
    work(scene, order, day)
    accept(scene, order, "01", "02")


def wax_floor(scene: Scene) -> None:
    """地板打蜡: the material is looked at first; half a year later it is due again."""
    job = Job(
        title="家居养护　地板打蜡",
        words="实木地板 60 ㎡",
        service_code="YH-01",
        items={"solid_wood": 600},
    )
    order, day = visited(scene, scene.chen, job)
    advance_in_vain(scene, order, "wrong_stage", TECHNICIAN, "in_service")
    cared_for(scene, order, day, "solid_wood", "实木，靠窗处有旧划痕")
    scene.say.note("养护期半年，到期由系统提醒顾客。")


def care_for_sofa(scene: Scene) -> None:
    """沙发护理: one more seat, agreed on site and paid before the work is complete."""
    job = Job(
        title="家居养护　沙发护理",
        words="真皮沙发 3 座",
        service_code="YH-02",
        items={"leather": 3},
    )
    order, day = visited(scene, scene.lin, job)
    scene.say.step(order.customer.name, "再加 1 座，同意加 ¥70.00")
    more = {"amount_fen": 7_000, "reason_code": "one_more_seat", "consent": "customer_app"}
    office(scene, order, "extra-work", more)
    pay_more(scene, order, charge_number=2, whole_fen=order.total_fen + 7_000)
    cared_for(scene, order, day, "leather", "头层牛皮，无破损")


def remove_dust_and_mites(scene: Scene) -> None:
    """除尘除螨."""
    job = Job(
        title="家居养护　除尘除螨",
        words="床垫 2 张",
        service_code="YH-03",
        items={"mattress": 2},
    )
    order, day = visited(scene, scene.chen, job)
    cared_for(scene, order, day, "latex", "乳胶床垫，只用干法")


def care_for_lamps(scene: Scene) -> None:
    """灯具养护."""
    job = Job(
        title="家居养护　灯具养护",
        words="吸顶灯 2 盏、水晶灯 1 盏（直径 60 厘米）",
        service_code="YH-04",
        items={"ceiling": 2, "crystal_60": 1},
    )
    order, day = visited(scene, scene.lin, job)
    cared_for(scene, order, day, "crystal", "水晶挂件 48 个，齐全")


# -- steps


def visited(scene: Scene, customer: Customer, job: Job) -> tuple[Order, date]:
    """Booked, paid, and the technician is there the next morning; the order and that day."""
    scene.say.heading(job.title)
    customer.log_in(scene.account)
    order = _book(scene, customer, job)
    buy(scene, order)
    assign(scene, order, TECHNICIAN)
    report(scene, order, TECHNICIAN, "acceptance")
    day = tomorrow(scene)
    for stage, minute in {"departed": 30, "arrived": 58}.items():
        scene.at(day, 9, minute)
        advance(scene, order, TECHNICIAN, stage)
    return order, day


def try_out(scene: Scene, order: Order, *machines: str) -> None:
    """The machines run before they are cleaned, and the work may begin."""
    for machine in machines:
        scene.say.step(TECHNICIAN, f"试机：{machine} 号运转正常")
        office(scene, order, "trial-runs", {"machine": machine, "works": True})
    expect_stage(scene, order, "trial_run_confirmed")


def cannot_open(scene: Scene, order: Order, machine: str, why: str) -> None:
    """A machine cannot be opened; the customer reads it."""
    scene.say.step(TECHNICIAN, f"{machine} 号：{why}")
    body = {"machine": machine, "reason_code": "not_openable", "note": why}
    office(scene, order, "opening-failures", body)
    scene.settle()
    seen = part(order, f"machine-{machine}")["stage_label"]
    scene.say.expect(f"{machine} 号“不可拆洗”，等顾客决定", holds=seen == "不可拆洗", found=seen)


def cared_for(scene: Scene, order: Order, day: date, surface: str, words: str) -> None:
    """The material is confirmed, the work done and accepted."""
    scene.say.step(TECHNICIAN, f"材质确认：{words}")
    office(scene, order, "material", {"surface": surface, "note": words})
    expect_stage(scene, order, "material_confirmed")
    work(scene, order, day)
    report(scene, order, "顾客", "completion")
    expect_stage(scene, order, "completed")


def work(scene: Scene, order: Order, day: date, who: str = TECHNICIAN) -> None:
    """An hour and a half of work."""
    for stage, (hour, minute) in {"in_service": (10, 30), "awaiting_inspection": (12, 0)}.items():
        scene.at(day, hour, minute)
        advance(scene, order, who, stage)


def inspect(scene: Scene, order: Order, machine: str, *, accepted: bool) -> None:
    """The customer tries a machine (试机验收)."""
    told = "通过" if accepted else "风机里还有油，返工"
    scene.say.step(order.customer.name, f"试机验收 {machine} 号：{told}")
    office(scene, order, "machine-inspections", {"machine": machine, "accepted": accepted})


def accept(scene: Scene, order: Order, *machines: str) -> None:
    """The customer accepts every machine, and with it the work."""
    for machine in machines:
        inspect(scene, order, machine, accepted=True)
    report(scene, order, "顾客", "completion")
    expect_stage(scene, order, "completed")


def pay_more(scene: Scene, order: Order, *, charge_number: int, whole_fen: int) -> None:
    """Pay a further charge; `whole_fen` is what is paid by then."""
    body = {"charge_number": charge_number}
    number = order.customer.do(f"{order.path}/payments", body)["out_trade_no"]
    scene.say.step(order.customer.name, f"支付加项，商户订单号 {number}")
    scene.wechat_pay.pay(number)
    scene.wechat_pay.await_delivery(number)
    scene.settle()
    paid_fen = order.view()["paid_fen"]
    scene.say.expect(f"已付合计 {yuan(whole_fen)}", holds=paid_fen == whole_fen, found=paid_fen)


def expect_due(scene: Scene, order: Order, fen: int) -> None:
    """So much is to go back."""
    scene.settle()
    due_fen = order.view()["refund_due_fen"]
    scene.say.expect(f"应退 {yuan(fen)}", holds=due_fen == fen, found=yuan(due_fen))


def office(scene: Scene, order: Order, what: str, body: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON
    """The office enters what the field tells."""
    return scene.dispatcher.do(f"{order.office_path}/{what}", body)


def part(order: Order, name: str) -> Any:  # noqa: ANN401 - JSON
    """A part of the order as its customer sees it."""
    return next(each for each in order.view()["parts"] if each["part"] == name)


def tomorrow(scene: Scene) -> date:
    """The day after the present one."""
    return shanghai_day(scene.stage.clock.now()) + timedelta(days=1)


def _book(scene: Scene, customer: Customer, job: Job) -> Order:
    day = tomorrow(scene)
    scene.say.step(customer.name, f"{job.words}：明天 10:00")
    body: dict[str, object] = {
        "service_code": job.service_code,
        "items": dict(job.items),
        "starts_at": moment(day, 10).isoformat(),
        "contact": customer.contact("望京西园四区 410 楼 1203", CHAOYANG),
    }
    if job.appliances is not None:
        body["appliances"] = dict(job.appliances)
    return enter(scene, job.title, customer, customer.do("/api/v1/orders", body))
