"""The steps that orders have in common: quote and booking, payment, dispatch, the visit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from domain.alerts import ALERT_LABELS
from domain.money import yuan
from domain.orders.stages import STAGE_LABELS
from domain.time import SHANGHAI
from interface.demo.people import Answer, Customer
from interface.demo.printing import padded
from interface.demo.scene import DISPATCH, Order, Scene

_OK: Final = 200
_CONFLICT: Final = 409
_AMOUNT_COLUMNS: Final = 9
CHAOYANG: Final = "110105"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a customer wants; `quantity` in minutes or tenths of ㎡, `words` for the narrator."""

    words: str
    service_code: str
    quantity: int
    starts_at: datetime
    address: str
    district: str
    options: Mapping[str, str] = field(default_factory=dict)

    def body(self, customer: Customer) -> dict[str, object]:
        """The booking form, filled in."""
        return {
            "service_code": self.service_code,
            "quantity": self.quantity,
            "options": dict(self.options),
            "starts_at": self.starts_at.isoformat(),
            "contact": customer.contact(self.address, self.district),
        }


def regular_cleaning_wish(hours: int, starts_at: datetime) -> Wish:
    """日常保洁 in 朝阳."""
    return Wish(
        words=f"日常保洁 {hours} 小时",
        service_code="BJ-01",
        quantity=hours * 60,
        starts_at=starts_at,
        address="望京西园四区 410 楼 1203",
        district=CHAOYANG,
    )


def book(scene: Scene, title: str, customer: Customer, wish: Wish, *, taps: int = 1) -> Order:
    """Quote and book; `taps` on the button send the same command so many times."""
    quoted_fen = _quote(scene, customer, wish)
    body, key = wish.body(customer), str(uuid4())
    answers = [customer.do("/api/v1/orders", body, key=key) for _ in range(taps)]
    booked = answers[0]
    order = enter(scene, title, customer, booked)
    same = order.total_fen == quoted_fen
    scene.say.expect("订单金额就是报价", holds=same, found=yuan(order.total_fen))
    if taps > 1:
        once = all(answer == booked for answer in answers) and _listed(order) == 1
        scene.say.expect(f"“提交”连点 {taps} 下：只有一张订单，应答相同", holds=once, found=answers)
    return order


def enter(scene: Scene, title: str, customer: Customer, booked: Mapping[str, Any]) -> Order:
    """Tell that the product took an order, and keep it for the audit."""
    order = Order(
        title=title,
        customer=customer,
        id=booked["order_id"],
        number=booked["order_number"],
        total_fen=booked["total_fen"],
    )
    scene.orders.append(order)
    scene.say.step(customer.name, f"下单 {order.number}，应付 {yuan(order.total_fen)}")
    return order


def start_paying(scene: Scene, order: Order) -> Any:  # noqa: ANN401 - JSON
    """Start paying in the browser the customer is in; returns what its page goes on with."""
    handed = order.customer.do(f"{order.path}/payments", {})
    scene.say.step(order.customer.name, f"去支付，商户订单号 {handed['out_trade_no']}")
    return handed


def prepare(scene: Scene, order: Order) -> str:
    """Start paying; returns the 商户订单号 that WeChat knows the attempt by."""
    return str(start_paying(scene, order)["out_trade_no"])


def pay(scene: Scene, order: Order, number: str) -> None:
    """Pay in WeChat; the notice tells the product, and the order goes on."""
    scene.wechat_pay.pay(number)
    scene.say.step("微信支付", f"收款 {yuan(order.total_fen)}，发出支付通知")
    status = scene.wechat_pay.await_delivery(number)
    scene.say.expect(f"通知验签、解密、入账，应答 {status}", holds=status == _OK, found=status)
    expect_paid(scene, order)


def buy(scene: Scene, order: Order) -> None:
    """Start paying and pay, without anything in between."""
    pay(scene, order, prepare(scene, order))


def expect_paid(scene: Scene, order: Order) -> None:
    """The order has its money and waits for a worker."""
    scene.settle()
    view = order.view()
    paid = view["stage"] == "awaiting_assignment" and view["paid_fen"] == order.total_fen
    scene.say.expect(f"订单已付清，{view['stage_label']}", holds=paid, found=view["stage_label"])


def expect_harmless(
    scene: Scene, order: Order, what: str, wanted: int, deed: Callable[[], int]
) -> None:
    """Do something whose answer is `wanted` and which leaves log and order as they were."""
    before = scene.settle(), order.view()
    status = deed()
    after = scene.settle(), order.view()
    unchanged = status == wanted and before == after
    found = f"应答 {status}，日志位置 {before[0]} → {after[0]}"
    scene.say.expect(f"{what}：应答 {wanted}，什么也没有改变", holds=unchanged, found=found)


def expect_alert(scene: Scene, code: str, told: str, **facts: str | int) -> None:
    """Finance finds the newest alert to be this one."""
    scene.settle()
    alerts = scene.alerts()
    newest: Any = alerts[0] if alerts else {"code": "", "facts": {}}
    holds = newest["code"] == code and facts.items() <= newest["facts"].items()
    told = f"财务的告警列表：{ALERT_LABELS[code]}，{told}"
    scene.say.expect(told, holds=holds, found=newest)


def assign(scene: Scene, order: Order, *names: str) -> None:
    """Give the order to a crew, its leader first."""
    _accepted(scene, _assign(scene, order, names))


def assign_in_vain(scene: Scene, order: Order, code: str, *names: str) -> None:
    """The same, where it has to be refused for the reason `code`."""
    _refused(scene, _assign(scene, order, names), code)


def report(scene: Scene, order: Order, who: str, what: str, **body: str) -> None:
    """What happened outside, reported by the office: acceptance, refusal, completion."""
    words = {"acceptance": "接单", "refusal": "拒单", "completion": "验收完成"}
    scene.say.step(who, words[what])
    _accepted(scene, scene.dispatcher.post(f"{order.office_path}/{what}", body))


def advance(scene: Scene, order: Order, who: str, stage: str) -> None:
    """The field reached a stage."""
    _accepted(scene, _advance(scene, order, who, stage))


def advance_in_vain(scene: Scene, order: Order, code: str, who: str, stage: str) -> None:
    """The same, where it has to be refused for the reason `code`."""
    _refused(scene, _advance(scene, order, who, stage), code)


def expect_stage(scene: Scene, order: Order, stage: str) -> None:
    """The customer reads that the order stands there, once all is done that is due."""
    scene.settle()
    view = order.view()
    label = STAGE_LABELS[stage]
    scene.say.expect(f"顾客看到“{label}”", holds=view["stage"] == stage, found=view["stage_label"])


def _assign(scene: Scene, order: Order, names: Sequence[str]) -> Answer:
    crew = [scene.worker(name) for name in names]
    scene.say.step(DISPATCH, f"派单给{'、'.join(names)}")
    return scene.dispatcher.post(f"{order.office_path}/assignment", {"crew": crew})


def _advance(scene: Scene, order: Order, who: str, stage: str) -> Answer:
    scene.say.step(who, f"上报进度：{STAGE_LABELS[stage]}")
    return scene.dispatcher.post(f"{order.office_path}/progress", {"stage": stage})


def _accepted(scene: Scene, answer: Answer) -> None:
    """Success goes without saying; a refusal is told and counted."""
    if answer.status != _OK:
        scene.say.expect("应当成功", holds=False, found=f"{answer.status} {answer.title}")


def _refused(scene: Scene, answer: Answer, code: str) -> None:
    refused = (answer.status, answer.code) == (_CONFLICT, code)
    found = f"{answer.status} {answer.code}"
    scene.say.expect(f"拒绝（409 {code}）：{answer.title}", holds=refused, found=found)


def _quote(scene: Scene, customer: Customer, wish: Wish) -> int:
    starts = wish.starts_at.astimezone(SHANGHAI)
    scene.say.step(customer.name, f"询价：{wish.words}，{starts:%m-%d %H:%M} 开始")
    quoted = customer.get(
        "/api/v1/quotes",
        service_code=wish.service_code,
        quantity=wish.quantity,
        starts_at=wish.starts_at.isoformat(),
        district=wish.district,
        option=[f"{name}:{choice}" for name, choice in wish.options.items()],
    )
    for line in quoted["lines"]:
        scene.say.note(f"{_amount(line['amount_fen'])}  {line['reason']}")
    crew, minutes = quoted["crew"], quoted["duration_minutes"]
    scene.say.note(f"{_amount(quoted['total_fen'])}  合计，{crew} 人上门，约 {minutes} 分钟。")
    return int(quoted["total_fen"])


def _amount(fen: int) -> str:
    return padded(yuan(fen), _AMOUNT_COLUMNS, right=True)


def _listed(order: Order) -> int:
    listed = order.customer.get("/api/v1/orders", limit=100)["orders"]
    return sum(each["order_id"] == order.id for each in listed)
