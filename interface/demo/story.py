"""The story: ten orders, from a quiet Wednesday morning to the evening of 中秋节."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Final

from domain.money import yuan
from interface.demo.people import Customer
from interface.demo.scene import DISPATCH, HOLIDAY, MONDAY, WEDNESDAY, Order, Scene, moment
from interface.demo.steps import (
    CHAOYANG,
    Wish,
    advance,
    advance_in_vain,
    assign,
    assign_in_vain,
    book,
    buy,
    expect_alert,
    expect_harmless,
    expect_paid,
    expect_stage,
    pay,
    prepare,
    regular_cleaning_wish,
    report,
)
from interface.demo.story_of_messages import write_about
from interface.demo.story_of_payment import another_way_to_pay, late_payment, lost_notices
from interface.demo.story_of_seats import last_seat

_HAIDIAN: Final = "110108"
_UNAUTHENTICATED: Final = 401
_FORGERIES: Final[Mapping[str, str]] = {
    "bad_signature": "签名出自别的私钥",
    "altered_body": "签名之后正文被改了一个字",
    "old_timestamp": "签名时间在 5 分钟以前",
}


def tell(scene: Scene) -> None:
    """All ten orders."""
    regular_cleaning(scene)
    new_home = new_home_cleaning_booked(scene)
    window_cleaning(scene)
    new_home_cleaning_done(scene, new_home)
    cancelled_order(scene)
    late_notice(scene)
    last_seat(scene)
    late_payment(scene)
    another_way_to_pay(scene)
    lost_notices(scene)


def regular_cleaning(scene: Scene) -> None:
    """A paid order beset by double taps, forgeries and repeated notices."""
    scene.say.heading("订单一　日常保洁：重复点击、伪造通知、重复通知")
    log_in(scene, scene.lin)
    wish = regular_cleaning_wish(2, moment(WEDNESDAY, 14))
    order = book(scene, "订单一　日常保洁", scene.lin, wish, taps=2)
    assign_in_vain(scene, order, "not_paid", "王秀英")
    number = prepare(scene, order)
    forged_notices(scene, order, number)
    scene.at(WEDNESDAY, 9, 2)
    pay(scene, order, number)
    repeated_notices(scene, order, number)
    scene.at(WEDNESDAY, 9, 10)
    assign(scene, order, "王秀英")
    report(scene, order, "王秀英", "acceptance")
    scene.say.note("（本版没有家政员登录：接单和进度由调度员代报。）")
    write_about(scene, order)
    times = {"departed": (13, 20), "arrived": (13, 55), "in_service": (14, 0)}
    visit(scene, order, "王秀英", WEDNESDAY, times)
    visit(scene, order, "王秀英", WEDNESDAY, {"awaiting_inspection": (16, 0), "completed": (16, 5)})


def forged_notices(scene: Scene, order: Order, number: str) -> None:
    """Before anybody has paid, notices say so; and WeChat tries whether we look."""
    scene.at(WEDNESDAY, 9, 1)
    forge = scene.wechat_pay.forge
    scene.say.step("骗子", "没有付款，却向通知地址发来“支付成功”")
    for kind, what in _FORGERIES.items():
        expect_harmless(scene, order, what, 401, partial(forge, kind, number))
    scene.say.step("微信支付", "签名探测：故意签错，看我方是否真的验签")
    expect_harmless(scene, order, "验签不过", 401, partial(forge, "probe", number))
    foreign_notice(scene, order, number)


def foreign_notice(scene: Scene, order: Order, number: str) -> None:
    """Rightly signed, but about another merchant's money: credited to nobody, told to finance."""
    scene.say.step("微信支付", "发来签名无误、但属于别家商户的通知")
    before = scene.settle(), order.view()
    status = scene.wechat_pay.forge("wrong_mchid", number)
    after = scene.settle(), order.view()
    refused = status == _UNAUTHENTICATED and before[1] == after[1]
    scene.say.expect("应答 401，订单照旧，一分未入账", holds=refused, found=status)
    added = after[0] - before[0]
    scene.say.expect("事件日志只多一条：告警", holds=added == 1, found=f"{added} 条")
    expect_alert(scene, "foreign_notice", "等人处理")


def repeated_notices(scene: Scene, order: Order, number: str) -> None:
    """WeChat repeats itself; the money is there once."""
    scene.at(WEDNESDAY, 9, 3)
    scene.say.step("微信支付", "同一笔交易又通知两次")
    expect_harmless(scene, order, "原样重发", 200, partial(scene.wechat_pay.resend, number))
    one_more = partial(scene.wechat_pay.forge, "wrong_amount", number)
    expect_harmless(scene, order, "同一交易号，金额多 1 分", 200, one_more)


def new_home_cleaning_booked(scene: Scene) -> Order:
    """A crew of two on a public holiday."""
    scene.say.heading("订单二　新居开荒：法定节假日加价，两人一组")
    scene.at(WEDNESDAY, 16, 20)
    log_in(scene, scene.chen)
    wish = Wish(
        words="新居开荒 120 ㎡",
        service_code="BJ-02",
        quantity=1_200,
        starts_at=moment(HOLIDAY, 13, 30),
        address="建国路 88 号 5 号楼 2201",
        district=CHAOYANG,
    )
    order = book(scene, "订单二　新居开荒", scene.chen, wish)
    buy(scene, order)
    assign(scene, order, "王秀英", "李桂兰")
    report(scene, order, "王秀英", "acceptance")
    expect_stage(scene, order, "accepted")
    scene.say.note("上门在中秋节，先看同一天的另一张订单。")
    return order


def window_cleaning(scene: Scene) -> None:
    """The first worker is busy, the second declines, a third is engaged and does it."""
    scene.say.heading("订单三　擦玻璃：时间冲突、拒单另派、先确认安全")
    scene.at(WEDNESDAY, 16, 40)
    order = book(scene, "订单三　擦玻璃", scene.lin, _windows_wish())
    buy(scene, order)
    assign_in_vain(scene, order, "worker_busy", "王秀英")
    scene.say.note("10:00–13:00 擦玻璃，13:30 开荒：两头各留 30 分钟路途，赶不上。")
    assign(scene, order, "张玉梅")
    report(scene, order, "张玉梅", "refusal", reason_code="family_matter")
    expect_stage(scene, order, "awaiting_assignment")
    engage(scene, "赵小芳")
    assign(scene, order, "赵小芳")
    report(scene, order, "赵小芳", "acceptance")
    visit(scene, order, "赵小芳", HOLIDAY, {"departed": (9, 20), "arrived": (9, 50)})
    advance_in_vain(scene, order, "wrong_stage", "赵小芳", "in_service")
    times = {"safety_confirmed": (9, 55), "in_service": (10, 0), "awaiting_inspection": (12, 55)}
    visit(scene, order, "赵小芳", HOLIDAY, times | {"completed": (13, 0)})


def new_home_cleaning_done(scene: Scene, order: Order) -> None:
    """The crew of two comes and finishes."""
    scene.say.heading("订单二（续）：中秋节当天")
    times = {"departed": (13, 5), "arrived": (13, 25), "in_service": (13, 30)}
    visit(scene, order, "王秀英", HOLIDAY, times)
    visit(scene, order, "王秀英", HOLIDAY, {"awaiting_inspection": (16, 0), "completed": (16, 10)})


def cancelled_order(scene: Scene) -> None:
    """Paid, then cancelled before anybody had it: all of it is due back."""
    scene.say.heading("订单四　日常保洁：付款后、派单前取消")
    scene.at(HOLIDAY, 17, 0)
    wish = regular_cleaning_wish(3, moment(MONDAY, 9))
    order = book(scene, "订单四　日常保洁（取消）", scene.chen, wish)
    buy(scene, order)
    scene.at(HOLIDAY, 17, 30)
    scene.say.step(DISPATCH, "顾客来电取消")
    scene.dispatcher.do(f"{order.office_path}/cancellation", {"reason_code": "customer_wish"})
    expect_stage(scene, order, "cancelled")
    due_fen = order.view()["refund_due_fen"]
    scene.say.expect(
        f"应退款 {yuan(due_fen)}，全额", holds=due_fen == order.total_fen, found=yuan(due_fen)
    )
    scene.say.note("应退金额已记录，钱还没有退：退款执行在后续版本。")


def late_notice(scene: Scene) -> None:
    """The notice is late; the customer's question finds the payment before it."""
    scene.say.heading("订单五　日常保洁：支付通知迟到")
    scene.at(HOLIDAY, 17, 40)
    wish = regular_cleaning_wish(2, moment(MONDAY, 14))
    order = book(scene, "订单五　日常保洁（通知迟到）", scene.lin, wish)
    number = prepare(scene, order)
    scene.wechat_pay.delay_notices(600)
    scene.wechat_pay.pay(number)
    scene.say.step("微信支付", f"收款 {yuan(order.total_fen)}，通知堵在路上")
    scene.say.step(order.customer.name, "回到页面，等支付结果：我方向微信支付查单")
    told = order.customer.do(f"{order.path}/payments/{number}/confirmation", {})["status"]
    scene.say.expect("查到已付款", holds=told == "succeeded", found=told)
    silent = scene.wechat_pay.deliveries(number) == []
    scene.say.expect("这时通知还没有来过", holds=silent)
    expect_paid(scene, order)
    expect_harmless(scene, order, "10 分钟后通知到了", 200, partial(arrive, scene, number))
    scene.wechat_pay.send_notices()


def arrive(scene: Scene, number: str) -> int:
    """Ten minutes pass, and the late notice comes; the status it was answered with."""
    scene.at(HOLIDAY, 17, 51)
    scene.say.step("微信支付", "送达迟到的通知")
    return scene.wechat_pay.await_delivery(number)


def log_in(scene: Scene, customer: Customer) -> None:
    """Through the Official Account."""
    customer.log_in(scene.account)
    scene.say.step(customer.name, "从公众号进入，网页授权登录")


def engage(scene: Scene, name: str) -> None:
    """A new worker, for windows in 海淀."""
    scene.say.step(DISPATCH, f"登记新家政员{name}：擦玻璃，海淀区")
    new = {"name": name, "phone": "13800000004", "skills": ["BJ-03"], "districts": [_HAIDIAN]}
    scene.dispatcher.do("/api/v1/office/workers", new)


def visit(
    scene: Scene, order: Order, who: str, day: date, times: Mapping[str, tuple[int, int]]
) -> None:
    """Reach stage after stage at their times of the day."""
    for stage, (hour, minute) in times.items():
        scene.at(day, hour, minute)
        if stage == "completed":
            report(scene, order, "顾客", "completion")
        else:
            advance(scene, order, who, stage)
    expect_stage(scene, order, list(times)[-1])


def _windows_wish() -> Wish:
    return Wish(
        words="擦玻璃 15 ㎡，内外双面",
        service_code="BJ-03",
        quantity=150,
        options={"sides": "both"},
        starts_at=moment(HOLIDAY, 10),
        address="中关村大街 27 号 3 单元 901",
        district=_HAIDIAN,
    )
