"""The audit: what customers and finance see, and that every figure agrees to the fen."""

from collections import Counter
from datetime import datetime
from typing import Any, Final

from domain.ledger.chart import (
    ABNORMAL_RECEIPTS,
    ADVANCES,
    SERVICE_INCOME,
    VAT_PAYABLE,
    WECHAT_UNRECONCILED,
)
from domain.money import yuan
from domain.payments import Payment
from domain.time import SHANGHAI
from interface.demo.narrator import Narrator
from interface.demo.scene import Scene

_LEDGER: Final = "/api/v1/office/ledger"
_FORBIDDEN: Final = 403


def audit(scene: Scene) -> None:
    """Show the read models and check them against each other and WeChat's books."""
    scene.settle()
    show_timelines(scene)
    check_alerts(scene)
    movements = show_cash_flow(scene)
    balance = show_trial_balance(scene)
    check_books(scene, movements)
    check_balances(scene, balance, movements)
    check_duties(scene)
    check_readiness(scene)


def show_timelines(scene: Scene) -> None:
    """Each order as its customer reads it."""
    scene.say.heading("进度（顾客看到的）")
    for order in scene.orders:
        view = order.view()
        scene.say.line(f"  {order.title} {order.number}，{view['stage_label']}")
        for step in view["timeline"]:
            scene.say.line(f"    {_at(step['at'])}  {step['sentence']}")


def show_cash_flow(scene: Scene) -> list[Any]:
    """The cash-flow journal (资金流水), oldest first; returns its movements."""
    scene.say.heading("资金流水（微信支付-待对账）")
    movements = _all(scene, "cash-flow", "movements")[::-1]
    rows = [
        (
            each["date"],
            each["summary"],
            _amount(each["income_fen"]),
            _amount(each["outgoing_fen"]),
            _amount(each["balance_fen"]),
        )
        for each in movements
    ]
    scene.say.table(("日期", "摘要", "收入", "支出", "余额"), rows, words=2)
    return movements


def show_trial_balance(scene: Scene) -> Any:  # noqa: ANN401 - JSON
    """The trial balance (试算平衡); returns it."""
    scene.say.heading("试算平衡")
    balance = scene.finance.get(f"{_LEDGER}/trial-balance")
    sides = ("debit_fen", "credit_fen", "debit_balance_fen", "credit_balance_fen")
    rows = [
        (f"{each['account']} {each['name']}", *(_amount(each[side]) for side in sides))
        for each in balance["accounts"]
    ]
    totals = [sum(each[side] for each in balance["accounts"]) for side in sides]
    rows.append(("合计", *map(_amount, totals)))
    scene.say.table(("科目", "借方发生额", "贷方发生额", "借方余额", "贷方余额"), rows)
    turnover = {*totals[:2], balance["total_debit_fen"], balance["total_credit_fen"]}
    told = "发生额：借方合计 = 贷方合计，也等于全部分录之和"
    scene.say.expect(told, holds=len(turnover) == 1, found=sorted(turnover))
    scene.say.expect("余额：借方合计 = 贷方合计", holds=totals[2] == totals[3], found=totals[2:])
    return balance


def check_books(scene: Scene, movements: list[Any]) -> None:
    """Log, ledger and WeChat's books name the same transactions and amounts."""
    scene.say.heading("对账：微信支付的账与我方的账")
    theirs = scene.wechat_pay.transactions()
    arrivals = scene.stage.arrivals()
    ours = {each.transaction_id: each.amount_fen for each in arrivals}
    _show_books(scene.say, theirs, ours)
    say = scene.say.expect
    lost, invented = theirs.keys() - ours.keys(), ours.keys() - theirs.keys()
    say("微信有的，我方都有", holds=not lost, found=sorted(lost))
    say("我方有的，微信都有", holds=not invented, found=sorted(invented))
    common = theirs.keys() & ours.keys()
    differing = {number: ours[number] for number in common if ours[number] != theirs[number]}
    say("每笔金额一分不差", holds=not differing, found=differing)
    events = Counter(each.transaction_id for each in arrivals)
    once = all(count == 1 for count in events.values())
    say("每笔交易在事件日志里恰好一个收款事件", holds=once, found=dict(events))
    posted = sorted((each["transaction_id"], each["income_fen"]) for each in movements)
    say("每笔交易恰好一条流水", holds=posted == sorted(theirs.items()), found=posted)


def check_balances(scene: Scene, balance: Any, movements: list[Any]) -> None:  # noqa: ANN401 - JSON
    """Cash is what WeChat holds; advances are what is still owed, in work or in money."""
    say = scene.say.expect
    left = {
        each["account"]: each["debit_balance_fen"] - each["credit_balance_fen"]
        for each in balance["accounts"]
    }
    cash, held = (
        left.get(WECHAT_UNRECONCILED.code, 0),
        sum(scene.wechat_pay.transactions().values()),
    )
    say(f"资金余额 {yuan(cash)} = 微信支付收款合计", holds=cash == held, found=yuan(held))
    running = movements[-1]["balance_fen"] if movements else 0
    say("流水末行余额 = 试算平衡的余额", holds=running == cash, found=yuan(running))
    earned, owed = _paid_fen(scene)
    income = -left.get(SERVICE_INCOME.code, 0) - left.get(VAT_PAYABLE.code, 0)
    told = f"收入加增值税 {yuan(income)} = 已完成的订单和上门所得"
    say(told, holds=income == earned, found=yuan(earned))
    advances = -left.get(ADVANCES.code, 0)
    told = f"预收账款 {yuan(advances)} = 其余订单（未完成、应退）的款项"
    say(told, holds=advances == owed, found=yuan(owed))
    abnormal, untaken = -left.get(ABNORMAL_RECEIPTS.code, 0), _untaken_fen(scene)
    told = f"异常收款待退 {yuan(abnormal)} = 订单没有接受、应退的款项"
    say(told, holds=abnormal == untaken, found=yuan(untaken))


def check_alerts(scene: Scene) -> None:
    """Money that pays nothing waits for a person."""
    scene.say.heading("告警（财务看到的）")
    alerts = scene.alerts()[::-1]
    rows = [
        (_at(each["raised_at"]), each["label"], each["subject"], _amount_of(each))
        for each in alerts
    ]
    scene.say.table(("时间", "告警", "微信支付订单号", "金额"), rows, words=3)
    arrivals = scene.stage.arrivals()
    stray = [each.transaction_id for each in arrivals if not isinstance(each, Payment.Succeeded)]
    told = Counter(each["subject"] for each in alerts)
    once = all(told[number] == 1 for number in stray)
    scene.say.expect(f"没有入订单的 {len(stray)} 笔收款各有一条告警", holds=once, found=dict(told))


def check_duties(scene: Scene) -> None:
    """Who moves orders does not see the books."""
    answer = scene.dispatcher.ask(f"{_LEDGER}/trial-balance")
    told = f"调度员看不到账（职责分离）：403 {answer.title}"
    scene.say.expect(told, holds=answer.status == _FORBIDDEN, found=answer.status)


def check_readiness(scene: Scene) -> None:
    """Every projection and policy has read the whole log, and nothing due is left undone."""
    state = scene.readiness()
    level = state["ready"] and not any(state["lag_events"].values()) and not state["failures"]
    told = (
        f"{len(state['lag_events'])} 个投影和规则都已读到日志末尾（第 {state['position']} 条事件）"
    )
    scene.say.expect(told, holds=level, found=state)
    scene.say.expect("到期的对外请求和期限都已办完", holds=not scene.stage.has_work())


def _show_books(say: Narrator, theirs: dict[str, int], ours: dict[str, int]) -> None:
    numbers = sorted(theirs | ours)
    rows = [
        (
            number,
            _amount(theirs.get(number, 0)),
            _amount(ours.get(number, 0)),
            yuan(ours.get(number, 0) - theirs.get(number, 0)),
        )
        for number in numbers
    ]
    held, booked = sum(theirs.values()), sum(ours.values())
    rows.append(("合计", _amount(held), _amount(booked), yuan(booked - held)))
    say.table(("微信支付订单号", "微信", "我方", "差额"), rows)


def _paid_fen(scene: Scene) -> tuple[int, int]:
    """What was earned by work that is done, and what was paid for all that is not."""
    paid = sum(order.view()["paid_fen"] for order in scene.orders)
    earned = scene.stage.earned_fen()
    return earned, paid - earned


def _untaken_fen(scene: Scene) -> int:
    """What is due back beyond what orders took."""
    views = [order.view() for order in scene.orders]
    return sum(max(view["refund_due_fen"] - view["paid_fen"], 0) for view in views)


def _all(scene: Scene, page: str, member: str) -> list[Any]:
    """Every row of a list, page by page."""
    rows: list[Any] = []
    cursor = ""
    while True:
        answer = scene.finance.get(f"{_LEDGER}/{page}", limit=100, cursor=cursor)
        rows += answer[member]
        cursor = answer["next_cursor"]
        if not cursor:
            return rows


def _at(told: str) -> str:
    return f"{datetime.fromisoformat(told).astimezone(SHANGHAI):%m-%d %H:%M}"


def _amount_of(alert: Any) -> str:  # noqa: ANN401 - JSON
    return _amount(alert["facts"].get("amount_fen", 0))


def _amount(fen: int) -> str:
    """An empty cell for nothing, as books have it."""
    return yuan(fen) if fen else ""
