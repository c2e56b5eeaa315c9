"""Payments that go astray: too late, in another browser, or told by nobody."""

from domain.money import yuan
from domain.payment_attempts import JSAPI, NATIVE
from interface.demo.people import IN_WECHAT, ON_A_DESKTOP
from interface.demo.scene import HOLIDAY, TUESDAY, Order, Scene, moment
from interface.demo.steps import (
    book,
    expect_alert,
    expect_paid,
    expect_stage,
    pay,
    prepare,
    regular_cleaning_wish,
    start_paying,
)


def late_payment(scene: Scene) -> None:
    """On the password page when the hold ends; paid after WeChat had said unpaid."""
    scene.say.heading("订单八　日常保洁：迟到付款")
    scene.at(HOLIDAY, 18, 30)
    wish = regular_cleaning_wish(2, moment(TUESDAY, 9))
    order = book(scene, "订单八　日常保洁（迟到付款）", scene.lin, wish)
    number = prepare(scene, order)
    scene.at(HOLIDAY, 18, 39)
    scene.say.step(order.customer.name, "打开密码页，迟迟没有输入")
    scene.wechat_pay.open_password_page(number)
    hold_ends_at_the_password_page(scene, order, number)
    scene.at(HOLIDAY, 18, 56)
    scene.wechat_pay.pay(number, late=True)
    scene.say.step("微信支付", f"顾客这才输完密码，收款 {yuan(order.total_fen)}")
    scene.wechat_pay.await_delivery(number)
    expect_given_back(scene, order, number)


def hold_ends_at_the_password_page(scene: Scene, order: Order, number: str) -> None:
    """WeChat refuses to close while somebody types; ten minutes on, its query decides."""
    scene.at(HOLIDAY, 18, 45)
    scene.say.step("家务", "15 分钟到，请求关单：微信支付答“用户支付中”，订单先不关")
    expect_stage(scene, order, "awaiting_payment")
    state = scene.wechat_pay.state(number)
    scene.say.expect("微信支付没有关单，还能付款", holds=state == "NOTPAY", found=state)
    scene.at(HOLIDAY, 18, 55)
    scene.say.step("家务", "又过 10 分钟，查单仍未支付：关闭订单，释放名额")
    expect_stage(scene, order, "expired")


def expect_given_back(scene: Scene, order: Order, number: str) -> None:
    """The order stays closed; the money is stated, due back whole, and told to finance."""
    expect_stage(scene, order, "expired")
    due_fen = order.view()["refund_due_fen"]
    whole = due_fen == order.total_fen
    scene.say.expect(f"应退款 {yuan(due_fen)}，全额", holds=whole, found=yuan(due_fen))
    facts: dict[str, str | int] = {"out_trade_no": number, "amount_fen": order.total_fen}
    expect_alert(scene, "late_payment", yuan(order.total_fen), **facts)


def another_way_to_pay(scene: Scene) -> None:
    """Begun inside WeChat, paid by scanning a code on a desktop."""
    scene.say.heading("订单九　日常保洁：换一种方式支付")
    scene.at(HOLIDAY, 19, 10)
    wish = regular_cleaning_wish(3, moment(TUESDAY, 9))
    order = book(scene, "订单九　日常保洁（换方式支付）", scene.lin, wish)
    first = start_paying(scene, order)
    called = first["trade_type"] == JSAPI and bool(first["bridge"])
    scene.say.expect("在微信里：调起支付（JSAPI）", holds=called, found=first)
    scene.at(HOLIDAY, 19, 12)
    second = pay_on_a_desktop(scene, order)
    scene.settle()
    state = scene.wechat_pay.state(first["out_trade_no"])
    scene.say.expect("前一笔已在微信支付关单，不会付两次", holds=state == "CLOSED", found=state)
    pay(scene, order, second)


def pay_on_a_desktop(scene: Scene, order: Order) -> str:
    """Start paying in a desktop's browser; returns the 商户订单号 of this second attempt."""
    scene.say.step(order.customer.name, "没有付，改用电脑打开订单")
    order.customer.move_to(ON_A_DESKTOP)
    handed = start_paying(scene, order)
    order.customer.move_to(IN_WECHAT)
    shown = handed["trade_type"] == NATIVE and handed["pay_url"].startswith("weixin://")
    scene.say.expect("在电脑上：显示二维码（NATIVE），用微信扫", holds=shown, found=handed)
    return str(handed["out_trade_no"])


def lost_notices(scene: Scene) -> None:
    """Not one notice comes; whoever is paid asks."""
    scene.say.heading("订单十　日常保洁：通知全丢")
    scene.at(HOLIDAY, 19, 30)
    wish = regular_cleaning_wish(2, moment(TUESDAY, 17))
    order = book(scene, "订单十　日常保洁（通知全丢）", scene.chen, wish)
    number = prepare(scene, order)
    scene.wechat_pay.drop_notices()
    scene.wechat_pay.pay(number)
    scene.say.step("微信支付", f"收款 {yuan(order.total_fen)}，通知全部丢失")
    expect_stage(scene, order, "awaiting_payment")
    scene.at(HOLIDAY, 19, 31)
    scene.say.step("家务", "一直没有通知：定时查单")
    expect_paid(scene, order)
    silent = scene.wechat_pay.deliveries(number) == []
    scene.say.expect("1 分钟之内查到付款，通知一次也没有来", holds=silent)
    scene.wechat_pay.send_notices()
