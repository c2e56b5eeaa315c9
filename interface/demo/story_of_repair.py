"""A repair: reserved, quoted twice, done with a part, paid by hand, and claimed again."""

from datetime import date, timedelta
from typing import Any, Final

from domain.money import yuan
from domain.orders.stages import STAGE_LABELS
from interface.demo.pictures import photo, tells_where
from interface.demo.scene import DISPATCH, Order, Scene, moment
from interface.demo.steps import CHAOYANG, advance, assign, enter, expect_stage, report
from interface.demo.story_of_appliance_care import office, part, tomorrow, work

REPAIRER: Final = "周建军"
_TITLE: Final = "家电维修　冰箱不制冷"
_WAXED: Final = "家居养护　地板打蜡"
_CONFLICT: Final = 409
_CAPACITOR: Final = {"kind": "part", "name": "启动电容", "unit_price_fen": 8_000}
_LABOUR: Final = {"kind": "labour", "name": "更换工时", "unit_price_fen": 12_000}
_AGREED_FEN: Final = 20_000
_COMPRESSOR: Final = {"kind": "part", "name": "压缩机", "unit_price_fen": 68_000}


def repair_appliance(scene: Scene) -> None:
    """From the call to a claim on the warranty; WeChat never sees a fen of it."""
    order = _reserved(scene)
    _pay_in_vain(scene, order)
    _called_back(scene, order)
    _comes(scene, order, tomorrow(scene))
    _diagnosed(scene, order)
    _quoted_twice(scene, order)
    day = _part_comes(scene, order)
    work(scene, order, day, REPAIRER)
    report(scene, order, "顾客", "completion")
    expect_stage(scene, order, "under_warranty")
    _paid_by_hand(scene, order)
    _claimed(scene, order)


def half_a_year_later(scene: Scene) -> None:
    """Deadlines alone move on what nobody touches: a warranty ends, a waxed floor is due.

    The last of all stories: whoever was logged in is logged in no more.
    """
    scene.say.heading("半年以后：质保到期，养护期提醒")
    scene.at(tomorrow(scene) + timedelta(days=182), 9)
    for customer in (scene.lin, scene.chen):
        customer.log_in(scene.account)
    scene.settle()
    for order in scene.orders:
        if order.title == _TITLE:
            expect_stage(scene, order, "warranty_expired")
        if order.title == _WAXED:
            told = [step["sentence"] for step in order.view()["timeline"]]
            due = "养护期已到，建议预约下一次养护"
            scene.say.expect(f"顾客看到：{due}", holds=told.count(due) == 1, found=told[-1])


def _reserved(scene: Scene) -> Order:
    scene.say.heading(_TITLE)
    scene.chen.log_in(scene.account)
    fault = _photographed(scene)
    scene.say.step(scene.chen.name, "预约维修：冰箱不制冷，压缩机一直响，附照片")
    body = {
        "service_code": "WX-01",
        "quantity": 1,
        "starts_at": moment(tomorrow(scene), 10).isoformat(),
        "contact": scene.chen.contact("建国路 88 号 5 号楼 2201", CHAOYANG),
        "repair": {
            "appliance": "refrigerator",
            "fault": "冷藏室不制冷，压缩机一直响",
            "photos": [fault],
        },
    }
    return enter(scene, _TITLE, scene.chen, scene.chen.do("/api/v1/orders", body))


def _photographed(scene: Scene) -> str:
    """The customer's photo is kept without the place that the phone wrote into it."""
    scene.say.step(scene.chen.name, "上传冰箱照片")
    taken = photo("white")
    uploaded = scene.chen.upload("/api/v1/uploads", taken)
    kept = scene.chen.picture(f"/api/v1/uploads/{uploaded}")
    told = (tells_where(taken), tells_where(kept))
    scene.say.expect("照片中的拍摄位置已清除", holds=told == (True, False), found=told)
    return uploaded


def _pay_in_vain(scene: Scene, order: Order) -> None:
    """R11: there is no way to pay a reservation online."""
    scene.say.step(order.customer.name, "想先在线付款")
    answer = order.customer.post(f"{order.path}/payments", {})
    refused = (answer.status, answer.code) == (_CONFLICT, "reservation_not_payable")
    scene.say.expect(f"拒绝：{answer.title}", holds=refused, found=answer.code)


def _called_back(scene: Scene, order: Order) -> None:
    scene.say.step(DISPATCH, "电话联系顾客，确认上门时间")
    office(scene, order, "confirmation", {"note": "确认明天 10:00"})
    expect_stage(scene, order, "awaiting_assignment")


def _comes(scene: Scene, order: Order, day: date) -> None:
    """Somebody is given the order and arrives that day."""
    assign(scene, order, REPAIRER)
    report(scene, order, REPAIRER, "acceptance")
    for stage, minute in {"departed": 30, "arrived": 58}.items():
        scene.at(day, 9, minute)
        advance(scene, order, REPAIRER, stage)


def _diagnosed(scene: Scene, order: Order) -> None:
    scene.say.step(REPAIRER, "上门检测：启动电容击穿")
    seen = scene.dispatcher.upload(f"{order.office_path}/uploads", photo("silver"))
    body = {"note": "启动电容击穿，压缩机绕组阻值正常", "photos": [seen]}
    office(scene, order, "diagnosis", body)
    expect_stage(scene, order, "diagnosed")


def _quoted_twice(scene: Scene, order: Order) -> None:
    """The first price is too high; the second one is agreed to."""
    _quote(scene, order, 80_000, _COMPRESSOR, _LABOUR)
    scene.say.step(order.customer.name, "太贵，能不能只换电容？")
    _quote(scene, order, _AGREED_FEN, _CAPACITOR, _LABOUR)
    old = _answer(order, 1)
    scene.say.expect(f"旧报价不能再同意：{old.title}", holds=old.status == _CONFLICT, found=old)
    scene.say.step(order.customer.name, "同意第 2 次报价")
    due_fen = _answer(order, 2).body["due_by_hand_fen"]
    told = f"线下应付 {yuan(_AGREED_FEN)}"
    scene.say.expect(told, holds=due_fen == _AGREED_FEN, found=yuan(due_fen))
    expect_stage(scene, order, "quotation_accepted")


def _quote(scene: Scene, order: Order, total_fen: int, *lines: dict[str, object]) -> None:
    words = "、".join(str(line["name"]) for line in lines)
    scene.say.step(REPAIRER, f"报价：{words}，合计 {yuan(total_fen)}；维修则免检测费")
    number = office(scene, order, "quotations", {"lines": list(lines)})["quotation_number"]
    scene.settle()
    seen = part(order, f"quotation-{number:02}")["facts"]
    told = f"顾客看到第 {number} 次报价 {yuan(total_fen)}"
    scene.say.expect(told, holds=seen["total_fen"] == total_fen, found=seen)


def _answer(order: Order, number: int) -> Any:  # noqa: ANN401 - an answer
    body = {"quotation_number": number}
    return order.customer.post(f"{order.path}/quotation-acceptance", body)


def _part_comes(scene: Scene, order: Order) -> date:
    """The part is fetched; the day on which somebody comes again with it."""
    scene.say.step(REPAIRER, "车上没有这个规格的电容，订货")
    office(scene, order, "parts-orders", {"parts": ["启动电容"]})
    expect_stage(scene, order, "awaiting_parts")
    day = tomorrow(scene) + timedelta(days=1)
    scene.say.step(DISPATCH, f"配件到货，约 {day:%m-%d} 10:00 再次上门")
    body = {"starts_at": moment(day, 10).isoformat()}
    office(scene, order, "parts-receipt", body)
    expect_stage(scene, order, "awaiting_assignment")
    _comes(scene, order, day)
    return day


def _paid_by_hand(scene: Scene, order: Order) -> None:
    scene.say.step("财务", f"登记线下收款：现金 {yuan(_AGREED_FEN)}")
    receipt = {"amount_fen": _AGREED_FEN, "method": "cash", "purpose": "fee"}
    numbered = {**receipt, "receipt_number": f"SJ-{order.number}"}
    held = scene.finance.do(f"{order.office_path}/offline-receipts", numbered)["held_fen"]
    paid_fen = order.view()["paid_fen"]
    online = f"线下已收 {yuan(_AGREED_FEN)}，线上支付仍为 {yuan(0)}"
    scene.say.expect(online, holds=(held, paid_fen) == (_AGREED_FEN, 0), found=(held, paid_fen))


def _claimed(scene: Scene, order: Order) -> None:
    """Within the warranty somebody comes again, free of charge."""
    day = tomorrow(scene)
    scene.say.step(order.customer.name, "质保期内又不制冷，报修")
    fault = {"fault": "又不制冷了", "starts_at": moment(day, 10).isoformat()}
    claimed = order.customer.do(f"{order.path}/warranty-claims", fault)
    label = STAGE_LABELS[claimed["stage"]]
    free = claimed["due_by_hand_fen"] == 0
    scene.say.expect(f"免费上门，{label}", holds=free, found=claimed)
    _comes(scene, order, day)
    work(scene, order, day, REPAIRER)
    report(scene, order, "顾客", "completion")
    expect_stage(scene, order, "under_warranty")
