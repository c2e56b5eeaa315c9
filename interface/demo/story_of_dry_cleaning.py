"""Dry-cleaning: a surcharge agreed and paid, a partner's codes, a quilt that nobody washes.

The story begins whenever it is told: its days are counted from the present one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from domain.money import yuan
from domain.orders.stages import STAGE_LABELS
from domain.time import shanghai_day
from interface.demo.people import Customer
from interface.demo.scene import DISPATCH, Order, Scene, moment
from interface.demo.steps import CHAOYANG, assign, buy, enter, expect_stage, report

DRIVER: Final = "刘建国"
RETURN_DRIVER: Final = "孙志强"
_PLANT: Final = "洗衣厂"
_CONFLICT: Final = 409
_TO_INSPECTION: Final = ("at_workshop", "pre_inspection")
_TO_CHECK: Final = ("washing", "quality_check")


@dataclass(frozen=True, kw_only=True)
class Bag:
    """What a customer gives away, and when the laundry can be back."""

    title: str
    words: str
    service_code: str
    items: Mapping[str, int]
    days: int

    def garments(self) -> list[dict[str, object]]:
        """As the driver tags them: each piece alone, what is measured as one."""
        pieces = [
            (item, 1 if self.is_counted(item) else many)
            for item, many in self.items.items()
            for _ in range(many if self.is_counted(item) else 1)
        ]
        line = self.service_code.replace("-", "")
        return [
            {"label": f"{line}-{number:03d}", "item": item, "units": units}
            for number, (item, units) in enumerate(pieces, start=1)
        ]

    @staticmethod
    def is_counted(item: str) -> bool:
        """Whether it is sold by the piece; curtains are sold by the metre."""
        return item not in {"curtain", "carpet"}


CLOTHES: Final = Bag(
    title="上门干洗　衣物",
    words="真丝衬衫 1 件、衬衫 2 件、大衣 1 件",
    service_code="GX-01",
    items={"shirt": 2, "shirt.silk": 1, "coat": 1},
    days=4,
)
SHOES: Final = Bag(
    title="上门干洗　鞋",
    words="翻毛运动鞋 1 双、靴子 1 双",
    service_code="GX-02",
    items={"sneakers.suede": 1, "boots": 1},
    days=4,
)
TEXTILES: Final = Bag(
    title="上门干洗　家纺",
    words="羽绒被 1 件、被套 2 件、窗帘 3.5 米",
    service_code="GX-03",
    items={"down_quilt": 1, "quilt_cover": 2, "curtain": 35},
    days=5,
)


def wash_clothes(scene: Scene) -> None:
    """衣物: a flaw, a surcharge that is agreed and paid, a second wash, a signature."""
    order, day = _fetched(scene, scene.lin, CLOTHES)
    scene.at(day, 18)
    _move(scene, order, (1, 2, 3, 4), *_TO_INSPECTION)
    _flaw(scene, order, garment=4, what="大衣领口有旧油渍，需去渍", surcharge_fen=2_000)
    _answer(scene, order, garment=4, accepted=True)
    _washing_in_vain(scene, order, garment=4)
    _pay_more(scene, order, charge_number=2, fen=2_000)
    _move(scene, order, (1, 2, 3, 4), *_TO_CHECK)
    _move(scene, order, (3,), "rewashing", "quality_check")
    _bring_back(scene, order, day, CLOTHES)
    _sign(scene, order, CLOTHES)


def clean_shoes(scene: Scene) -> None:
    """鞋: a partner laundry tells its own codes; nobody signs, and nobody objects for a day."""
    order, day = _fetched(scene, scene.chen, SHOES)
    scene.at(day, 18)
    for code in (3, 4, 11):
        scene.say.step("合作洗衣厂", f"两双鞋的状态码：{code}")
        for garment in (1, 2):
            _office(scene, order, "partner-code", {"garment": garment, "code": code})
    expect_stage(scene, order, "quality_check")
    scene.say.step("合作洗衣厂", "第 2 双又来一个没有约定过的状态码：77")
    _office(scene, order, "partner-code", {"garment": 2, "code": 77})
    scene.settle()
    flagged = _part(order, 2)["facts"].get("unknown_code")
    scene.say.expect("状态不变，原样留存并标记", holds=flagged == 77, found=flagged)  # noqa: PLR2004 - the code above
    _bring_back(scene, order, day, SHOES)
    scene.at(day + timedelta(days=SHOES.days + 1), 18)
    scene.say.step("系统", "送达已过 24 小时，顾客没有异议：视为签收")
    expect_stage(scene, order, "completed")


def clean_home_textiles(scene: Scene) -> None:
    """家纺: the customer declines a surcharge; the quilt comes home unwashed, its price back."""
    order, day = _fetched(scene, scene.lin, TEXTILES)
    scene.at(day, 18)
    _move(scene, order, (1, 2, 3, 4), *_TO_INSPECTION)
    _flaw(scene, order, garment=1, what="羽绒被内胆破损，须先修补", surcharge_fen=8_000)
    _answer(scene, order, garment=1, accepted=False)
    scene.settle()
    due_fen = order.view()["refund_due_fen"]
    price_fen = _part(order, 1)["facts"]["price_fen"]
    told = f"羽绒被不洗：洗涤费 {yuan(price_fen)} 全退"
    scene.say.expect(told, holds=due_fen == price_fen, found=yuan(due_fen))
    _move(scene, order, (2, 3, 4), *_TO_CHECK)
    _bring_back(scene, order, day, TEXTILES)
    _sign(scene, order, TEXTILES)


# -- steps


def _fetched(scene: Scene, customer: Customer, bag: Bag) -> tuple[Order, date]:
    """Booked, paid and collected the next morning; returns the order and that day."""
    scene.say.heading(bag.title)
    order = _book(scene, customer, bag)
    buy(scene, order)
    assign(scene, order, DRIVER)
    report(scene, order, DRIVER, "acceptance")
    expect_stage(scene, order, "awaiting_pickup")
    day = _day(scene, 1)
    scene.at(day, 10, 10)
    garments = bag.garments()
    scene.say.step(DRIVER, f"上门取件，逐件登记挂牌：{len(garments)} 件")
    _office(scene, order, "pick-up", {"garments": garments})
    expect_stage(scene, order, "picked_up")
    return order, day


def _book(scene: Scene, customer: Customer, bag: Bag) -> Order:
    customer.log_in(scene.account)
    back = moment(_day(scene, 1 + bag.days), 14)
    scene.say.step(customer.name, f"{bag.words}：明天 10:00 取件，{back:%m-%d %H:%M} 送回")
    body = {
        "service_code": bag.service_code,
        "items": dict(bag.items),
        "starts_at": moment(_day(scene, 1), 10).isoformat(),
        "contact": customer.contact("望京西园四区 410 楼 1203", CHAOYANG),
        "dry_cleaning": {"return_starts_at": back.isoformat()},
    }
    return enter(scene, bag.title, customer, customer.do("/api/v1/orders", body))


def _move(scene: Scene, order: Order, garments: Sequence[int], *stages: str) -> None:
    numbers = "、".join(map(str, garments))
    for stage in stages:
        scene.say.step(_PLANT, f"第 {numbers} 件：{STAGE_LABELS[stage]}")
        _office(scene, order, "garment-progress", {"garments": list(garments), "stage": stage})


def _flaw(scene: Scene, order: Order, *, garment: int, what: str, surcharge_fen: int) -> None:
    scene.say.step(_PLANT, f"第 {garment} 件预检：{what}，补价 {yuan(surcharge_fen)}")
    body = {"garment": garment, "description": what, "surcharge_fen": surcharge_fen}
    _office(scene, order, "garment-flaw", body)
    scene.settle()
    seen = _part(order, garment)
    asked = (seen["stage"], seen["facts"]["flaw"]) == ("consent_awaited", what)
    scene.say.expect("顾客看到瑕疵，等他确认", holds=asked, found=seen)


def _answer(scene: Scene, order: Order, *, garment: int, accepted: bool) -> None:
    scene.say.step(order.customer.name, "同意补价" if accepted else "不同意，原样送回")
    shown_fen = _part(order, garment)["facts"]["surcharge_fen"]
    body = {"garment": garment, "accepted": accepted, "surcharge_fen": shown_fen}
    order.customer.do(f"{order.path}/garment-surcharge-answer", body)


def _washing_in_vain(scene: Scene, order: Order, *, garment: int) -> None:
    scene.say.step(_PLANT, f"第 {garment} 件：洗涤中")
    body = {"garments": [garment], "stage": "washing"}
    answer = scene.dispatcher.post(f"{order.office_path}/garment-progress", body)
    refused = (answer.status, answer.code) == (_CONFLICT, "surcharge_not_paid")
    scene.say.expect(f"拒绝：{answer.title}", holds=refused, found=answer.code)


def _pay_more(scene: Scene, order: Order, *, charge_number: int, fen: int) -> None:
    body = {"charge_number": charge_number}
    number = order.customer.do(f"{order.path}/payments", body)["out_trade_no"]
    scene.say.step(order.customer.name, f"支付补价 {yuan(fen)}，商户订单号 {number}")
    scene.wechat_pay.pay(number)
    scene.wechat_pay.await_delivery(number)
    scene.settle()
    paid_fen = order.view()["paid_fen"]
    whole_fen = order.total_fen + fen
    scene.say.expect(f"已付合计 {yuan(whole_fen)}", holds=paid_fen == whole_fen, found=paid_fen)


def _bring_back(scene: Scene, order: Order, day: date, bag: Bag) -> None:
    """The return driver takes them all; the customer finds them at the door."""
    worker_id = scene.worker(RETURN_DRIVER)
    scene.say.step(DISPATCH, f"送回派给{RETURN_DRIVER}：占用的只是送回那一段时间")
    _office(scene, order, "return-assignment", {"worker_id": worker_id})
    everything = [number for number, _ in enumerate(bag.garments(), start=1)]
    scene.at(day + timedelta(days=bag.days), 13, 30)
    _move(scene, order, everything, "sent_back")
    scene.at(day + timedelta(days=bag.days), 14, 10)
    _move(scene, order, everything, "delivered")
    expect_stage(scene, order, "delivered")


def _sign(scene: Scene, order: Order, bag: Bag) -> None:
    everything = [number for number, _ in enumerate(bag.garments(), start=1)]
    scene.say.step(order.customer.name, "逐件查验，全部签收")
    order.customer.do(f"{order.path}/garment-signature", {"garments": everything})
    expect_stage(scene, order, "completed")


def _office(scene: Scene, order: Order, what: str, body: Mapping[str, object]) -> None:
    scene.dispatcher.do(f"{order.office_path}/{what}", body)


def _part(order: Order, garment: int) -> Any:  # noqa: ANN401 - JSON
    parts = order.view()["parts"]
    return next(each for each in parts if each["part"] == f"garment-{garment:04d}")


def _day(scene: Scene, ahead: int) -> date:
    return shanghai_day(scene.stage.clock.now()) + timedelta(days=ahead)
