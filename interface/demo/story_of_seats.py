"""The last seat (最后一个名额): two want it, one gets it and does not pay."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from interface.demo.people import Answer, Customer, DemoInterruptedError
from interface.demo.scene import DISPATCH, HOLIDAY, TUESDAY, Order, Scene, moment
from interface.demo.steps import (
    CHAOYANG,
    Wish,
    book,
    buy,
    enter,
    expect_stage,
    prepare,
    regular_cleaning_wish,
)

_ORDERS: Final = "/api/v1/orders"
_CREATED: Final = 201
_CONFLICT: Final = 409


def last_seat(scene: Scene) -> None:
    """Held for a quarter of an hour, then free again, and sold to the other customer."""
    scene.say.heading("订单六、订单七　抢名额：最后一个名额，抢到的人没有付款")
    scene.at(HOLIDAY, 18, 0)
    open_one_seat(scene)
    wish = regular_cleaning_wish(2, moment(TUESDAY, 14))
    order, loser = race(scene, wish)
    number = prepare(scene, order)
    scene.at(HOLIDAY, 18, 14)
    scene.say.step(loser.name, "再试一次：名额还留给没付款的人")
    expect_full(scene, loser.post(_ORDERS, wish.body(loser)))
    unpaid_order_expires(scene, order, number)
    buy(scene, book(scene, "订单七　日常保洁（名额释放后）", loser, wish))


def open_one_seat(scene: Scene) -> None:
    """The office leaves a single seat in an afternoon."""
    scene.say.step(DISPATCH, "放号：朝阳区 9 月 29 日 14:00–16:00，保洁只留 1 个名额")
    when = {"day": TUESDAY.isoformat(), "starts": "14:00", "ends": "16:00"}
    plan = {"pool": "cleaning", "district": CHAOYANG, "seats": 1}
    scene.dispatcher.do("/api/v1/office/seats", {**plan, **when})


def race(scene: Scene, wish: Wish) -> tuple[Order, Customer]:
    """Both customers book at the same moment; the winner's order, and who was refused.

    Raises DemoInterruptedError where nobody got it.
    """
    rivals = (scene.lin, scene.chen)
    scene.say.step("两位顾客", f"同一时刻下单：{wish.words}，09-29 14:00 开始")
    with ThreadPoolExecutor(len(rivals)) as at_once:
        answers = list(at_once.map(lambda who: who.post(_ORDERS, wish.body(who)), rivals))
    scene.settle()
    return _winner(scene, rivals, answers)


def expect_full(scene: Scene, answer: Answer) -> None:
    """Refused, with a sentence that says what to do."""
    refused = (answer.status, answer.code) == (_CONFLICT, "slot_full")
    found = f"{answer.status} {answer.code}"
    scene.say.expect(f"拒绝（409 slot_full）：{answer.title}", holds=refused, found=found)


def unpaid_order_expires(scene: Scene, order: Order, number: str) -> None:
    """Fifteen minutes after the booking, once WeChat confirmed that nothing was paid."""
    expect_stage(scene, order, "awaiting_payment")
    scene.at(HOLIDAY, 18, 15)
    scene.say.step("家务", "15 分钟到：请微信支付关单，查单确认没有付款")
    scene.settle()
    state = scene.wechat_pay.state(number)
    scene.say.expect("微信支付已关单", holds=state == "CLOSED", found=state)
    expect_stage(scene, order, "expired")


def _winner(
    scene: Scene, rivals: Sequence[Customer], answers: Sequence[Answer]
) -> tuple[Order, Customer]:
    taken = [answer.status == _CREATED for answer in answers]
    scene.say.expect("恰好一人抢到", holds=sum(taken) == 1, found=[a.status for a in answers])
    if not any(taken):
        raise DemoInterruptedError(what="没有人抢到名额")
    first = taken.index(True)
    order = enter(scene, "订单六　日常保洁（未付款）", rivals[first], answers[first].body)
    scene.say.step(rivals[1 - first].name, "没有抢到")
    expect_full(scene, answers[1 - first])
    return order, rivals[1 - first]
