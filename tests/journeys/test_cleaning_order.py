"""A cleaning order's whole way, over HTTP: log-in, quote, booking, payment, work, books.

The rows R… are those of the requirements: R02 the three leaves of 保洁, R10 online
payment, R13–R21 one back office and what it shows of an order, R23 the cash flow.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from domain.time import SHANGHAI
from tests.conftest import Database
from tests.interface.town import CONTACT, Caller, Json, Town, town_of

ORDERS = "/api/v1/orders"
OFFICE = "/api/v1/office/orders"
LEDGER = "/api/v1/office/ledger"
MASKED = "139****5678"


@dataclass(frozen=True)
class Leaf:
    """One leaf of 保洁: what is asked for, and the stages between acceptance and inspection."""

    code: str
    path: tuple[str, ...]
    quantity: int
    stages: tuple[str, ...]
    labels: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()

    @property
    def wish(self) -> dict[str, Json]:
        options = dict(self.options)
        return {"service_code": self.code, "quantity": self.quantity, "options": options}


VISIT = ("departed", "arrived", "in_service", "awaiting_inspection")
VISIT_LABELS = ("已出发", "已到达", "服务中", "待验收")
REGULAR = Leaf("BJ-01", ("保洁", "日常保洁"), 180, VISIT, VISIT_LABELS)
NEW_HOME = Leaf("BJ-02", ("保洁", "新居开荒"), 900, VISIT, VISIT_LABELS)
WINDOWS = Leaf(
    "BJ-03",
    ("保洁", "擦玻璃"),
    300,
    ("departed", "arrived", "safety_confirmed", "in_service", "awaiting_inspection"),
    ("已出发", "已到达", "安全已确认", "服务中", "待验收"),
    (("sides", "both"),),
)
LEAVES = pytest.mark.parametrize("leaf", [REGULAR, NEW_HOME, WINDOWS], ids=lambda leaf: leaf.code)


@pytest.fixture(scope="module")
def town(module_database: Database) -> Iterator[Town]:
    with town_of(module_database) as running:
        yield running


def quoted(customer: Caller, town: Town, leaf: Leaf) -> Json:
    wish = town.wish(**leaf.wish)
    asked = {name: wish[name] for name in ("service_code", "quantity", "starts_at")}
    options = [f"{name}:{value}" for name, value in leaf.options]
    district = CONTACT["district"]
    return customer.read("/api/v1/quotes", **asked, district=district, option=options)


def worked(town: Town, office: Caller, order_id: str, leaf: Leaf) -> str:
    """Assign the order to a new worker and report the work till it is done."""
    worker = town.worker(office)
    office.do(f"{OFFICE}/{order_id}/assignment", {"crew": [worker], "reasons": ["距离最近"]})
    steps: list[tuple[str, Json]] = [("acceptance", {})]
    steps += [("progress", {"stage": stage}) for stage in leaf.stages]
    for step, body in [*steps, ("completion", {})]:
        town.clock.advance(timedelta(minutes=5))
        office.do(f"{OFFICE}/{order_id}/{step}", body)
    town.catch_up()
    return worker


@LEAVES
@pytest.mark.requirement("R02", "R10", "R14")
def test_a_cleaning_goes_from_log_in_to_the_books(town: Town, leaf: Leaf) -> None:
    """R02, R10, R14, R18–R21, R23: every leaf of 保洁 is booked, paid, done and posted."""
    customer, office = town.customer(), town.dispatcher()
    quote = quoted(customer, town, leaf)
    order = town.booked(customer, **leaf.wish)
    assert order["total_fen"] == quote["total_fen"]

    number = town.prepared(customer, order)
    town.pay_at_wechat(number)
    assert town.courier.deliver_due() == 1
    town.catch_up()
    assert customer.read(f"{ORDERS}/{order['order_id']}")["stage"] == "awaiting_assignment"

    worked(town, office, order["order_id"], leaf)

    shown = customer.read(f"{ORDERS}/{order['order_id']}")
    assert (shown["kind_path"], shown["stage_label"]) == (list(leaf.path), "已完成")
    assert shown["paid_fen"] == shown["total_fen"] == sum(x["amount_fen"] for x in shown["lines"])
    assert [step["sentence"] for step in shown["timeline"]] == [
        f"已下单，订单号 {order['order_number']}",
        f"已支付 {yuan(order['total_fen'])}",
        f"已安排服务人员（工号 {shown['worker_number']}）",
        "已接单",
        *leaf.labels,
        "已完成",
    ]
    assert_posted(town.finance(), order)


def yuan(fen: int) -> str:
    return f"¥{fen // 100}.{fen % 100:02d}"


def assert_posted(finance: Caller, order: Json) -> None:
    """The payment is cash and an advance, the completion is income and its tax."""
    posted = finance.read(f"{LEDGER}/entries", limit=100)["entries"]
    of_order = [each for each in posted if each["order_number"] == order["order_number"]]
    assert [each["rule"] for each in of_order] == ["P9", "P1"]
    for entry in of_order:
        debit = sum(line["debit_fen"] for line in entry["lines"])
        assert debit == sum(line["credit_fen"] for line in entry["lines"]) == order["total_fen"]
    moved = finance.read(f"{LEDGER}/cash-flow", limit=100)["movements"]
    movement = next(each for each in moved if each["order_number"] == order["order_number"])
    assert (movement["income_fen"], movement["outgoing_fen"]) == (order["total_fen"], 0)
    assert movement["balance_fen"] >= order["total_fen"]
    balance = finance.read(f"{LEDGER}/trial-balance")
    assert balance["total_debit_fen"] == balance["total_credit_fen"] > 0


def test_a_surveyed_home_is_paid_by_its_measured_area_and_accepted_room_by_room(
    town: Town,
) -> None:
    """R02: 新居开荒 with 勘测, 面积复核, 补差 and 逐间验收."""
    customer, office = town.customer(), town.dispatcher()
    asked = {
        "service_code": "BJ-02",
        "quantity": 900,
        "cleaning": {"survey": True, "rooms": ["客厅", "厨房"]},
    }
    order = town.paid(customer, **asked)
    path = f"{OFFICE}/{order['order_id']}"
    town.catch_up()
    assert customer.read(f"{ORDERS}/{order['order_id']}")["stage"] == "awaiting_survey"

    refused = office.post(f"{path}/area-review", {"area_tenths": 1000})
    assert (refused.status_code, refused.json()["field"]) == (422, "consent")
    office.do(f"{path}/area-review", {"area_tenths": 1000, "consent": "customer_app"})
    town.clock.advance(timedelta(minutes=20))  # the time to pay the price itself is over
    number = customer.do(f"{ORDERS}/{order['order_id']}/payments", {"charge_number": 2})
    town.pay_at_wechat(number["out_trade_no"])
    town.courier.deliver_due()
    town.catch_up()
    shown = customer.read(f"{ORDERS}/{order['order_id']}")
    assert shown["paid_fen"] == shown["total_fen"] == order["total_fen"] + 10 * 800

    worker = town.worker(office)
    office.do(f"{path}/assignment", {"crew": [worker, town.worker(office)]})
    office.do(f"{path}/acceptance")
    for stage in VISIT:
        office.do(f"{path}/progress", {"stage": stage})
    assert office.post(f"{path}/completion", {}).json()["code"] == "rooms_not_accepted"
    for room in ("客厅", "厨房"):
        office.do(f"{path}/room-inspection", {"room": room, "accepted": True})
    assert office.do(f"{path}/completion")["stage"] == "completed"


def test_the_books_hold_what_wechat_took(town: Town) -> None:
    """R23: the sum of the cash flow equals the simulator's own books."""
    town.paid(town.customer())
    taken = town.outside.get(f"{town.pay_url}/_sim/books", timeout=5).json()["transactions"]
    movements = town.finance().read(f"{LEDGER}/cash-flow", limit=100)["movements"]
    assert movements[0]["balance_fen"] == sum(each["total_fen"] for each in taken)
    assert {each["transaction_id"] for each in movements} == {
        each["transaction_id"] for each in taken
    }


@pytest.mark.requirement("R02", "R10")
def test_an_unpaid_order_cannot_be_assigned(town: Town) -> None:
    """R10: nobody is sent out before a verified payment."""
    customer, office = town.customer(), town.dispatcher()
    order = town.booked(customer)
    path = f"{OFFICE}/{order['order_id']}/assignment"
    before = town.position()
    worker = town.worker(office)
    answer = office.post(path, {"crew": [worker]})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_paid")
    assert town.position() == before + 1  # the worker alone


@pytest.mark.parametrize("source", ["web", "app", "wechat"])
@pytest.mark.requirement("R13")
def test_orders_of_every_channel_stand_in_one_list(town: Town, source: str) -> None:
    """R13: one back office, filtered by channel."""
    order = town.booked(town.customer(), source=source)
    town.catch_up()
    office = town.dispatcher()
    everything = office.read(OFFICE, limit=100)["orders"]
    filtered = office.read(OFFICE, limit=100, source=source)["orders"]
    assert order["order_id"] in {each["order_id"] for each in everything}
    assert {each["source"] for each in filtered} == {source}
    assert order["order_id"] in {each["order_id"] for each in filtered}


@pytest.mark.requirement("R14", "R15", "R16", "R17", "R19")
def test_the_office_sees_kind_contact_time_progress_and_who_is_in_charge(town: Town) -> None:
    """R14–R17, R19–R21: what the list and the order show; the phone is masked."""
    customer, office = town.customer(), town.dispatcher()
    order = town.paid(customer, service_code="BJ-01", remark="家里有猫")
    worker = worked(town, office, order["order_id"], REGULAR)
    shown = office.read(f"{OFFICE}/{order['order_id']}")
    assert shown["kind_path"] == ["保洁", "日常保洁"]
    assert (shown["name"], shown["phone"]) == (CONTACT["name"], MASKED)
    assert (shown["address"], shown["district"]) == (CONTACT["address"], CONTACT["district"])
    assert shown["remark"] == "家里有猫"
    assert shown["worker_id"] == worker
    history = shown["timeline"]
    handled = next(step for step in history if step["event"] == "Assigned")
    assert shown["handled_at"] == handled["recorded_at"]
    assert [step["stage_label"] for step in history][-1] == "已完成"
    assert all(datetime.fromisoformat(step["recorded_at"]).tzinfo for step in history)


@pytest.mark.requirement("R15", "R17")
def test_a_contact_is_the_orders_own(town: Town) -> None:
    """R15–R17: a name, phone and address belong to one order, not to the account."""
    customer, office = town.customer(), town.dispatcher()
    other = {**CONTACT, "name": "陈先生", "address": "海淀区中关村大街 5 号"}
    first, second = town.booked(customer), town.booked(customer, contact=other)
    town.catch_up()
    names = [office.read(f"{OFFICE}/{each['order_id']}")["name"] for each in (first, second)]
    assert names == ["陈女士", "陈先生"]


@pytest.mark.requirement("R18")
def test_a_past_time_is_refused(town: Town) -> None:
    """R18: the window lies in the future."""
    past = (town.clock.now() - timedelta(hours=1)).isoformat()
    answer = town.customer().post(ORDERS, town.wish(starts_at=past))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_window")


@pytest.mark.requirement("R18")
def test_rescheduling_keeps_the_history(town: Town) -> None:
    """R18: another time is another fact; the first one stays."""
    customer, office = town.customer(), town.dispatcher()
    order = town.paid(customer)
    later = town.tomorrow(15) + timedelta(days=1)
    body = {"starts_at": later.isoformat(), "reason_code": "customer"}
    office.do(f"{OFFICE}/{order['order_id']}/rescheduling", body)
    town.catch_up()
    shown = customer.read(f"{ORDERS}/{order['order_id']}")
    assert datetime.fromisoformat(shown["starts_at"]) == later
    assert shown["timeline"][-1]["sentence"] == "预约时间已更改"
    assert town.facts_of(UUID(order["order_id"])) == [
        "cleaning_order.booked",
        "cleaning_order.paid",
        "cleaning_order.rescheduled",
    ]


@pytest.mark.requirement("R21")
def test_a_reassigned_order_keeps_who_had_it_before(town: Town) -> None:
    """R21: the person in charge changes, the history keeps both."""
    customer, office = town.customer(), town.dispatcher()
    order = town.paid(customer)
    first, second = town.worker(office), town.worker(office)
    path = f"{OFFICE}/{order['order_id']}"
    office.do(f"{path}/assignment", {"crew": [first]})
    office.do(f"{path}/reassignment", {"crew": [second], "reason_code": "worker_ill"})
    town.catch_up()
    shown = office.read(path)
    assert shown["worker_id"] == second
    assert [step["event"] for step in shown["timeline"]][-2:] == ["Assigned", "Reassigned"]
    assert customer.read(f"{ORDERS}/{order['order_id']}")["worker_number"] is not None


@pytest.mark.requirement("R20")
def test_progress_is_seen_by_customer_and_office_alike(town: Town) -> None:
    """R20: one progressed fact, both views."""
    customer, office = town.customer(), town.dispatcher()
    order = town.paid(customer)
    path = f"{OFFICE}/{order['order_id']}"
    office.do(f"{path}/assignment", {"crew": [town.worker(office)]})
    office.do(f"{path}/acceptance")
    office.do(f"{path}/progress", {"stage": "departed", "note": "堵车"})
    town.catch_up()
    assert office.read(path)["timeline"][-1]["note"] == "堵车"
    assert customer.read(f"{ORDERS}/{order['order_id']}")["stage_label"] == "已出发"


def test_a_stage_out_of_order_is_refused(town: Town) -> None:
    """R20: 擦玻璃 begins only after the safety confirmation."""
    customer, office = town.customer(), town.dispatcher()
    order = town.paid(customer, **WINDOWS.wish)
    path = f"{OFFICE}/{order['order_id']}"
    office.do(f"{path}/assignment", {"crew": [town.worker(office)]})
    office.do(f"{path}/acceptance")
    for stage in ("departed", "arrived"):
        office.do(f"{path}/progress", {"stage": stage})
    answer = office.post(f"{path}/progress", {"stage": "in_service"})
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_stage")


def test_the_order_number_names_line_and_day(town: Town) -> None:
    order = town.booked(town.customer())
    day = town.clock.now().astimezone(SHANGHAI)
    assert order["order_number"].startswith(f"BJ{day:%y%m%d}-")
    assert datetime.fromisoformat(order["pay_by"]) == town.clock.now() + timedelta(minutes=15)
