"""Hourly work: one visit, and a long-term plan with visits skipped, moved and settled.

The stories begin whenever they are told: their days are counted from the present one.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from domain.money import yuan
from domain.orders.stages import STAGE_LABELS
from domain.time import shanghai_day
from interface.demo.people import Customer
from interface.demo.scene import DISPATCH, Order, Scene, moment
from interface.demo.steps import (
    CHAOYANG,
    advance,
    assign,
    buy,
    enter,
    expect_stage,
    prepare,
    report,
)

AUNT: Final = "周桂芳"
OTHER_AUNT: Final = "吴春梅"
_OK: Final = 200
_CONFLICT: Final = 409
_FIELD: Final = ("departed", "arrived", "in_service", "awaiting_inspection")
_HOURS: Final = 2
_TUESDAY: Final = 2
_VISIT_FEN: Final = 8_400  # two hours at 42 yuan
_ALONE_FEN: Final = 9_000  # two hours at 45 yuan


def hourly_visit(scene: Scene) -> None:
    """小时工·单次: two hours, like any other visit to a home."""
    scene.say.heading("小时工·单次：按小时付费，当次完成")
    day = _tomorrow(scene)
    order = _booked(scene, "小时工·单次", scene.chen, "XS-01", moment(day, 14))
    buy(scene, order)
    assign(scene, order, AUNT)
    report(scene, order, AUNT, "acceptance")
    scene.at(day, 13, 20)
    for stage in _FIELD:
        advance(scene, order, AUNT, stage)
    scene.at(day, 16, 5)
    report(scene, order, AUNT, "completion")
    expect_stage(scene, order, "completed")


def long_term_plan(scene: Scene) -> None:
    """小时工·长期: once a week, prepaid for four weeks; it is changed, then ended and settled."""
    scene.say.heading("小时工·长期：每周一次，预付四周，跳过、改期、暂停、换阿姨、终止结算")
    day = _next_tuesday(scene)
    order = _booked(scene, "小时工·长期", scene.lin, "XS-02", moment(day, 9), plan={})
    _buy_plan(scene, order)
    _assigned(scene, order)
    _first_visit(scene, order, day)
    _changed(scene, order, day)
    _settled(scene, order)


def _booked(
    scene: Scene,
    title: str,
    customer: Customer,
    service_code: str,
    starts_at: datetime,
    **section: Mapping[str, object],
) -> Order:
    scene.say.step(customer.name, f"预约{title}，每次 {_HOURS} 小时，{starts_at:%m-%d %H:%M} 开始")
    body = {
        "service_code": service_code,
        "quantity": _HOURS * 60,
        "starts_at": starts_at.isoformat(),
        "contact": customer.contact("望京西园四区 410 楼 1203", CHAOYANG),
        **section,
    }
    return enter(scene, title, customer, customer.do("/api/v1/orders", body))


def _buy_plan(scene: Scene, order: Order) -> None:
    number = prepare(scene, order)
    scene.wechat_pay.pay(number)
    scene.say.step("微信支付", f"收款 {yuan(order.total_fen)}，发出支付通知")
    status = scene.wechat_pay.await_delivery(number)
    scene.say.expect(f"通知入账，应答 {status}", holds=status == _OK, found=status)
    expect_stage(scene, order, "plan_active")
    visits = _visits(order)
    paid = order.total_fen // _VISIT_FEN
    told = f"预付 {paid} 次，滚动排期六周共 {len(visits)} 次"
    scene.say.expect(told, holds=(paid, len(visits)) == (4, 6), found=visits)


def _assigned(scene: Scene, order: Order) -> None:
    """All paid visits at once; one beyond them is refused."""
    scene.say.step(DISPATCH, f"第 1 次及以后各次派给{AUNT}")
    body = {"worker_id": scene.worker(AUNT), "scope": "this_and_later"}
    _office(scene, order, "visits/1/assignment", body)
    scene.settle()
    given = [each["stage"] == "awaiting_acceptance" for each in _visits(order)]
    scene.say.expect("已付款的 4 次都已派单", holds=given == [True] * 4 + [False] * 2, found=given)
    answer = scene.dispatcher.post(f"{order.office_path}/visits/5/assignment", body)
    refused = (answer.status, answer.code) == (_CONFLICT, "visit_not_paid")
    scene.say.expect(f"第 5 次拒绝派单：{answer.title}", holds=refused, found=answer.code)


def _first_visit(scene: Scene, order: Order, day: date) -> None:
    scene.say.step(AUNT, "4 次都接单；第 1 次上门、完成")
    _office(scene, order, "visits/1/acceptance", {"scope": "this_and_later"})
    scene.at(day, 11, 5)
    for stage in _FIELD:
        _office(scene, order, "visits/1/progress", {"stage": stage})
    _office(scene, order, "visits/1/completion", {})
    _expect_visit(scene, order, 1, "visit_completed")
    scene.settle()
    entries = scene.finance.get("/api/v1/office/ledger/entries", limit=20)["entries"]
    newest = next(each for each in entries if each["order_number"] == order.number)
    earned = newest["lines"][0]["debit_fen"]
    told = f"账上只确认本次收入 {yuan(earned)}，其余仍是预收"
    scene.say.expect(told, holds=(newest["rule"], earned) == ("P10", _VISIT_FEN), found=newest)


def _changed(scene: Scene, order: Order, day: date) -> None:
    """One visit skipped, one moved, then a worker swapped and a fortnight of holidays."""
    _mine(scene, order, "visits/2/skip", "第 2 次出差，跳过", reason_code="away")
    _expect_visit(scene, order, 2, "skipped")
    later = moment(day + timedelta(days=15), 14)
    starts_at = later.isoformat()
    what = f"第 3 次改到 {later:%m-%d %H:%M}，只改这一次"
    _mine(scene, order, "visits/3/move", what, reason_code="busy", starts_at=starts_at)
    _expect_visit(scene, order, 3, "scheduled")
    first_day = (day + timedelta(days=20)).isoformat()
    scene.say.step(DISPATCH, f"自 {first_day} 起换成{OTHER_AUNT}")
    swap = {
        "worker_id": scene.worker(OTHER_AUNT),
        "first_day": first_day,
        "reason_code": "customer",
    }
    _office(scene, order, "plan/worker", swap)
    last_day = (day + timedelta(days=30)).isoformat()
    what = f"{first_day} 至 {last_day} 外出，暂停"
    days = {"first_day": first_day, "last_day": last_day}
    _mine(scene, order, "plan/pause", what, reason_code="away", **days)
    expect_stage(scene, order, "plan_paused")
    _mine(
        scene, order, "plan/resumption", "提前回来，恢复", reason_code="back", first_day=first_day
    )
    expect_stage(scene, order, "plan_active")


def _settled(scene: Scene, order: Order) -> None:
    """What the customer is shown is what goes back."""
    shown = order.customer.get(f"{order.path}/plan/settlement")
    scene.say.step(order.customer.name, "不想继续了，先看能退多少")
    for reason in shown["reasons"]:
        scene.say.note(reason)
    back = order.total_fen - _ALONE_FEN
    told = f"已用一次按单次价计，应退 {yuan(back)}"
    scene.say.expect(told, holds=shown["refund_fen"] == back, found=shown)
    _mine(scene, order, "plan/end", "确认终止")
    expect_stage(scene, order, "completed")
    due = order.view()["refund_due_fen"]
    scene.say.expect("应退款与试算一致", holds=due == back, found=yuan(due))


def _tomorrow(scene: Scene) -> date:
    return shanghai_day(scene.stage.clock.now()) + timedelta(days=1)


def _next_tuesday(scene: Scene) -> date:
    """No Tuesday of the story's autumn is a holiday, which would cost double."""
    day = _tomorrow(scene)
    return day + timedelta(days=(_TUESDAY - day.isoweekday()) % 7)


def _visits(order: Order) -> list[Any]:
    return [each for each in order.view()["parts"] if each["kind"] == "visit"]


def _expect_visit(scene: Scene, order: Order, number: int, stage: str) -> None:
    scene.settle()
    found = _visits(order)[number - 1]["stage"]
    told = f"第 {number} 次：{STAGE_LABELS[stage]}"
    scene.say.expect(told, holds=found == stage, found=found)


def _mine(scene: Scene, order: Order, what: str, words: str, **body: object) -> None:
    """The customer does it in the app; a refusal is told and counted."""
    scene.say.step(order.customer.name, words)
    answer = order.customer.post(f"{order.path}/{what}", body)
    if answer.status != _OK:
        scene.say.expect("应当成功", holds=False, found=f"{answer.status} {answer.title}")


def _office(scene: Scene, order: Order, what: str, body: Mapping[str, object]) -> None:
    """Staff do it; a refusal is told and counted."""
    answer = scene.dispatcher.post(f"{order.office_path}/{what}", body)
    if answer.status != _OK:
        scene.say.expect("应当成功", holds=False, found=f"{answer.status} {answer.title}")
