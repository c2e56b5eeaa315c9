"""Appliances and homes over HTTP: cleaning and care are paid, a repair is only reserved.

The rows are those of the requirements: R05–R07 the leaves, R08 and R11 the repair
that no money can be taken for online.
"""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.time import shanghai_day
from tests.interface.town import DISTRICT, Caller, Json, Town, new_openid

ORDERS = "/api/v1/orders"
OFFICE = "/api/v1/office/orders"
PHOTO = "0f" * 32
RECEIPT = {"method": "cash", "purpose": "fee"}
CLEANINGS = [
    ("JD-01", {"chinese": 1, "side": 1}, 30_600),
    ("JD-02", {"side_by_side": 1}, 14_800),
    ("JD-03", {"wall": 1, "cabinet.outdoor": 1}, 31_800),
    ("JD-04", {"drum": 1}, 16_800),
    ("JD-05", {"oven": 2}, 17_800),
]
CARES = [
    ("YH-01", {"solid_wood": 400}, 24_000),
    ("YH-02", {"leather": 3}, 21_000),
    ("YH-03", {"mattress": 1}, 9_900),
    ("YH-04", {"ceiling": 2, "crystal_40": 1}, 20_000),
]


def open_seats(town: Town, office: Caller, day: date | None = None) -> None:
    """That day, else tomorrow, there are seats for everybody."""
    day = day or shanghai_day(town.tomorrow())
    plan = {"pool": "appliances", "district": DISTRICT, "day": day.isoformat(), "seats": 90}
    office.do("/api/v1/office/seats", {**plan, "starts": "00:00", "ends": "00:00"})


def sold(
    town: Town, customer: Caller, office: Caller, code: str, items: Json, **more: Json
) -> Json:
    """A booked and paid order of a service that is sold by item."""
    open_seats(town, office)
    wish = {name: value for name, value in town.wish(code, **more).items() if name != "quantity"}
    order = customer.do(ORDERS, {**wish, "items": items})
    town.pay_at_wechat(town.prepared(customer, order))
    town.courier.deliver_due()
    town.catch_up()
    return order


def reserved(town: Town, customer: Caller, **repair: Json) -> Json:
    form = {"appliance": "refrigerator", "fault": "不制冷，压缩机一直响", "photos": [PHOTO]}
    wish = town.wish("WX-01", quantity=1, repair={**form, **repair})
    return customer.do(ORDERS, wish)


def act(office: Caller, order: Json, step: str, **body: Json) -> Json:
    return office.do(f"{OFFICE}/{order['order_id']}/{step}", body)


def refuse(office: Caller, order: Json, step: str, **body: Json) -> tuple[int, str]:
    answer = office.post(f"{OFFICE}/{order['order_id']}/{step}", body)
    return answer.status_code, answer.json()["code"]


def go(town: Town, office: Caller, order: Json, *stages: str) -> None:
    for stage in stages:
        town.clock.advance(timedelta(minutes=5))
        act(office, order, "progress", stage=stage)


def arrive(town: Town, office: Caller, order: Json, code: str) -> None:
    """A new worker is given the order and comes."""
    worker = town.worker(office, code)
    act(office, order, "assignment", crew=[worker])
    act(office, order, "acceptance")
    go(town, office, order, "departed", "arrived")


def shown(town: Town, customer: Caller, order: Json) -> Json:
    town.settle()
    return customer.read(f"{ORDERS}/{order['order_id']}")


def parts(view: Json) -> list[tuple[str, str]]:
    return [(part["label"], part["stage_label"]) for part in view["parts"]]


def sentences(view: Json) -> list[str]:
    return [step["sentence"] for step in view["timeline"]]


@pytest.mark.requirement("R05", "R06")
@pytest.mark.parametrize(("code", "items", "total_fen"), CLEANINGS)
def test_a_cleaning_is_tried_done_and_accepted_machine_by_machine(
    town: Town, code: str, items: Json, total_fen: int
) -> None:
    customer, office = town.customer(), town.dispatcher()
    order = sold(town, customer, office, code, items)
    assert order["total_fen"] == total_fen
    arrive(town, office, order, code)
    names = [f"{number:02}" for number in range(1, sum(items.values()) + 1)]

    assert refuse(office, order, "progress", stage="in_service") == (409, "wrong_stage")
    for name in names:
        act(office, order, "trial-runs", machine=name, works=True, note="噪音正常", photos=[PHOTO])
    go(town, office, order, "in_service", "awaiting_inspection")
    assert refuse(office, order, "completion") == (409, "machines_not_accepted")
    for name in names:
        act(office, order, "machine-inspections", machine=name, accepted=True)
    act(office, order, "completion")

    view = shown(town, customer, order)
    assert (view["stage_label"], view["kind_path"][:2]) == (
        "已完成",
        ["家电维修及保养", "家电清洗"],
    )
    assert [label for _, label in parts(view)] == ["已完成"] * len(names)
    assert view["parts"][0]["facts"]["trial_run"] == "噪音正常"
    assert f"{names[-1]} 号机器试机验收：通过" in sentences(view)


@pytest.mark.requirement("R05", "R07")
@pytest.mark.parametrize(("code", "items", "total_fen"), CARES)
def test_care_of_a_home_begins_with_the_material(
    town: Town, code: str, items: Json, total_fen: int
) -> None:
    customer, office = town.customer(), town.dispatcher()
    order = sold(town, customer, office, code, items)
    assert order["total_fen"] == total_fen
    arrive(town, office, order, code)

    assert refuse(office, order, "progress", stage="in_service") == (409, "wrong_stage")
    act(office, order, "material", surface="solid_wood", note="有两处旧划痕")
    go(town, office, order, "in_service", "awaiting_inspection")
    act(office, order, "completion")

    view = shown(town, customer, order)
    assert (view["stage_label"], parts(view)) == ("已完成", [("实木", "材质已确认")])
    assert view["parts"][0]["facts"]["note"] == "有两处旧划痕"


def test_a_machine_that_cannot_be_opened_is_changed_or_struck_off(town: Town) -> None:
    customer, office = town.customer(), town.dispatcher()
    known = {"machines": [{"item": "drum", "brand": "西门子", "age_years": 9}]}
    order = sold(town, customer, office, "JD-04", {"drum": 1, "impeller": 1}, appliances=known)
    arrive(town, office, order, "JD-04")
    for name in ("01", "02"):
        act(office, order, "opening-failures", machine=name, reason_code="rusted_screws")

    changed = act(office, order, "item-changes", machine="01", item="without_dismantling")
    assert changed["stage"] == "arrived"
    act(office, order, "machine-withdrawals", machine="02")
    act(office, order, "trial-runs", machine="01", works=True)

    view = shown(town, customer, order)
    assert view["refund_due_fen"] == order["total_fen"] - 7_900
    assert parts(view) == [("免拆清洗 01 号", "试机已确认"), ("波轮洗衣机 02 号", "已取消")]
    assert view["parts"][0]["facts"]["brand"] == "西门子"
    assert "02 号机器已取消清洗，订单金额改为 ¥79.00" in sentences(view)


def test_another_date_changes_no_machines_price(town: Town) -> None:
    """The haste was paid for; a machine struck off later costs what it cost."""
    customer, office = town.customer(), town.dispatcher()
    soon = town.clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=3)
    open_seats(town, office, shanghai_day(soon))
    haste = {"starts_at": soon.isoformat()}
    alone = {"service_code": "JD-01", "district": DISTRICT, "item": "chinese:1", **haste}
    alone_fen = customer.read("/api/v1/quotes", **alone)["total_fen"]
    assert alone_fen >= 14_800 + 2_000
    order = sold(town, customer, office, "JD-01", {"chinese": 1, "side": 1}, **haste)
    later = {"starts_at": town.tomorrow(14).isoformat(), "reason_code": "company"}
    act(office, order, "rescheduling", **later)
    arrive(town, office, order, "JD-01")
    act(office, order, "opening-failures", machine="02", reason_code="built_in")

    act(office, order, "machine-withdrawals", machine="02")

    assert shown(town, customer, order)["refund_due_fen"] == order["total_fen"] - alone_fen


def test_a_dearer_item_needs_consent_and_is_paid_before_completion(town: Town) -> None:
    customer, office = town.customer(), town.dispatcher()
    order = sold(town, customer, office, "JD-01", {"chinese": 1})
    arrive(town, office, order, "JD-01")
    act(office, order, "opening-failures", machine="01", reason_code="built_in")
    dearer = {"machine": "01", "item": "integrated"}
    assert refuse(office, order, "item-changes", **dearer) == (422, "invalid_input")
    act(office, order, "item-changes", **dearer, consent="phone_recording")
    act(office, order, "trial-runs", machine="01", works=True)
    go(town, office, order, "in_service", "awaiting_inspection")
    act(office, order, "machine-inspections", machine="01", accepted=True)
    assert refuse(office, order, "completion") == (409, "not_paid")

    paying = customer.do(f"{ORDERS}/{order['order_id']}/payments", {"charge_number": 2})
    town.pay_at_wechat(paying["out_trade_no"])
    town.courier.deliver_due()
    town.catch_up()
    act(office, order, "completion")

    assert shown(town, customer, order)["paid_fen"] == 23_800


def test_more_work_on_site_is_another_charge(town: Town) -> None:
    customer, office = town.customer(), town.dispatcher()
    order = sold(town, customer, office, "YH-02", {"fabric": 2})
    arrive(town, office, order, "YH-02")

    more = {"amount_fen": 6_000, "reason_code": "one_more_seat", "consent": "customer_app"}
    act(office, order, "extra-work", **more)

    assert "新增费用 ¥60.00" in sentences(shown(town, customer, order))


def test_work_that_is_never_paid_for_is_given_up_and_holds_nothing_up(town: Town) -> None:
    customer, office = town.customer(), town.dispatcher()
    order = sold(town, customer, office, "YH-02", {"leather": 1})
    arrive(town, office, order, "YH-02")
    act(office, order, "material", surface="leather")
    go(town, office, order, "in_service")
    extra = {"amount_fen": 3_000, "reason_code": "extra_work", "consent": "phone"}
    act(office, order, "extra-work", **extra)
    go(town, office, order, "awaiting_inspection")
    assert refuse(office, order, "completion") == (409, "not_paid")
    why = {"reason_code": "goodwill"}

    assert refuse(office, order, "charges/1/withdrawal", **why)[1] == "unknown_charge"
    assert refuse(office, order, "charges/3/withdrawal", **why)[1] == "unknown_charge"
    act(office, order, "charges/2/withdrawal", **why)

    act(office, order, "completion")
    assert shown(town, customer, order)["total_fen"] == order["total_fen"]


def test_an_empty_trip_keeps_a_fare_and_frees_the_worker(town: Town) -> None:
    customer, office = town.customer(), town.dispatcher()
    order = sold(town, customer, office, "JD-01", {"chinese": 1})
    arrive(town, office, order, "JD-01")
    assert refuse(office, order, "empty-trip", reason_code="not_openable")[1] == (
        "machines_not_ready"
    )
    absent = {"reason_code": "customer_absent"}
    assert refuse(office, order, "empty-trip", **absent) == (409, "wait_too_short")
    calls = []
    for _ in range(2):
        town.clock.advance(timedelta(minutes=8))
        calls.append(town.clock.now().isoformat())

    assert act(office, order, "empty-trip", **absent, calls=calls)["stage"] == "empty_trip"

    view = shown(town, customer, order)
    assert (view["stage_label"], view["refund_due_fen"]) == ("空跑", 9_800)
    assert "上门等候后未能联系到您，上门未能服务，空跑费 ¥50.00" in sentences(view)


def test_machines_that_are_not_booked_are_refused(town: Town) -> None:
    customer, office = town.customer(), town.dispatcher()
    open_seats(town, office)
    known = {"machines": [{"item": "side", "brand": "老板"}]}
    wish = town.wish("JD-01", quantity=0, items={"chinese": 1}, appliances=known)

    answer = customer.post(ORDERS, wish)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


def test_a_waxed_floor_is_due_again_after_half_a_year(town: Town) -> None:
    customer, office = town.customer(), town.dispatcher()
    order = sold(town, customer, office, "YH-01", {"stone": 200})
    arrive(town, office, order, "YH-01")
    act(office, order, "material", surface="stone")
    go(town, office, order, "in_service", "awaiting_inspection")
    act(office, order, "completion")
    town.settle()

    town.clock.advance(timedelta(days=181))
    town.settle()

    facts = town.facts_of(UUID(order["order_id"]))
    assert facts.count("appliance_order.care_reminded") == 1


# -- repair


@pytest.mark.requirement("R08", "R11")
def test_no_money_can_be_taken_for_a_repair_online(town: Town) -> None:
    customer = town.customer()
    order = reserved(town, customer)
    assert (order["total_fen"], order["pay_by"]) == (0, None)

    answer = customer.post(f"{ORDERS}/{order['order_id']}/payments")

    assert (answer.status_code, answer.json()["code"]) == (409, "reservation_not_payable")
    query = text(
        "select count(*) from log.events where name like 'payment.%' and state like :order"
    )
    with town.house.engine.connect() as connection:
        assert connection.execute(query, {"order": f"%{order['order_id']}%"}).scalar_one() == 0


@pytest.mark.requirement("R08")
def test_a_fault_is_described_in_words_that_are_kept_sealed(town: Town) -> None:
    customer = town.customer()
    order = reserved(town, customer, fault="门封条坏了，门口密码 1234")
    query = text("select state from log.events where stream_id = :order")
    with town.house.engine.connect() as connection:
        states = connection.execute(query, {"order": order["order_id"]}).scalars().all()
    assert len(states) == 1
    assert "1234" not in states[0]
    assert PHOTO in states[0]

    nothing_told = town.wish("WX-01", quantity=1)
    assert customer.post(ORDERS, nothing_told).status_code == 422


def diagnosed(town: Town, customer: Caller, office: Caller) -> Json:
    """A repair that was looked at and has a price of 430 yuan."""
    order = reserved(town, customer)
    act(office, order, "confirmation")
    arrive(town, office, order, "WX-01")
    act(office, order, "diagnosis", note="压缩机启动电容击穿", photos=[PHOTO])
    lines = [
        {"kind": "part", "name": "启动电容", "unit_price_fen": 18_000},
        {"kind": "labour", "name": "更换工时", "quantity": 2, "unit_price_fen": 12_500},
    ]
    assert act(office, order, "quotations", lines=lines)["quotation_number"] == 1
    return order


@pytest.mark.requirement("R05", "R08", "R11")
def test_a_repair_goes_from_the_call_to_the_end_of_its_warranty(town: Town) -> None:
    customer, office = town.customer(), town.dispatcher()
    order = diagnosed(town, customer, office)
    path = f"{ORDERS}/{order['order_id']}"
    agreed = customer.do(f"{path}/quotation-acceptance", {"quotation_number": 1})
    assert (agreed["stage"], agreed["due_by_hand_fen"]) == ("quotation_accepted", 43_000)
    go(town, office, order, "in_service", "awaiting_inspection")
    act(office, order, "completion")
    receipt = {**RECEIPT, "amount_fen": 43_000, "receipt_number": "SJ-0001"}
    held = act(town.finance(), order, "offline-receipts", **receipt)
    assert held["held_fen"] == 43_000

    view = shown(town, customer, order)
    assert (view["stage_label"], view["paid_fen"]) == ("质保中", 0)
    assert parts(view) == [("报价 1", "客户已同意报价"), ("质保", "质保中")]
    assert "已收款 ¥430.00（线下），收据号 SJ-0001" in sentences(view)
    assert view["parts"][0]["facts"]["total_fen"] == 43_000

    town.clock.advance(timedelta(days=92))
    town.settle()
    later = town.dispatcher().read(f"{OFFICE}/{order['order_id']}")
    assert later["stage_label"] == "质保到期"


def test_a_receipts_number_is_used_once_and_only_finance_records_it(town: Town) -> None:
    customer, office = town.customer(), town.dispatcher()
    first, second = reserved(town, customer), reserved(town, customer)
    receipt = {**RECEIPT, "amount_fen": 100, "receipt_number": "SJ-0002"}
    finance = town.finance()

    act(finance, first, "offline-receipts", **receipt)

    assert refuse(finance, second, "offline-receipts", **receipt)[0] == 409
    assert refuse(office, second, "offline-receipts", **receipt) == (403, "forbidden")
    back = {**receipt, "receipt_number": "SJ-0003"}
    assert act(finance, first, "offline-repayments", **back)["held_fen"] == 0


def test_who_refuses_the_price_owes_the_inspection(town: Town) -> None:
    customer, office = town.customer(), town.dispatcher()
    order = diagnosed(town, customer, office)
    path = f"{ORDERS}/{order['order_id']}"

    no = {"quotation_number": 1, "reason_code": "too_dear"}
    assert customer.do(f"{path}/quotation-refusal", no)["due_by_hand_fen"] == 5_000
    act(office, order, "completion")

    view = shown(town, customer, order)
    assert view["stage_label"] == "已完成"
    assert "您未接受报价，应付检测费 ¥50.00" in sentences(view)


def test_staff_hear_the_answer_and_a_later_price_replaces_the_first(town: Town) -> None:
    customer, office = town.customer(), town.dispatcher()
    order = diagnosed(town, customer, office)
    lines = [{"kind": "part", "name": "启动电容", "unit_price_fen": 9_000}]
    act(office, order, "quotations", lines=lines)
    heard = {"consent": "phone_recording"}
    first = refuse(office, order, "quotation-acceptance", quotation_number=1, **heard)
    assert first == (409, "quotation_replaced")

    agreed = act(office, order, "quotation-acceptance", quotation_number=2, **heard)

    assert agreed["due_by_hand_fen"] == 9_000
    labels = parts(shown(town, customer, order))
    assert labels == [("报价 1", "已取消"), ("报价 2", "客户已同意报价")]


def test_with_the_parts_and_within_the_warranty_somebody_comes_again(town: Town) -> None:
    customer, office = town.customer(), town.dispatcher()
    order = diagnosed(town, customer, office)
    path = f"{ORDERS}/{order['order_id']}"
    customer.do(f"{path}/quotation-acceptance", {"quotation_number": 1})
    act(office, order, "parts-orders", parts=["启动电容"], expected_on="2026-12-24")
    again = (town.tomorrow() + timedelta(days=1)).isoformat()
    assert act(office, order, "parts-receipt", starts_at=again)["stage"] == "awaiting_assignment"
    arrive(town, office, order, "WX-01")
    go(town, office, order, "in_service", "awaiting_inspection")
    act(office, order, "completion")

    fault = {"fault": "又不制冷了", "starts_at": (town.tomorrow()).isoformat()}
    claimed = customer.do(f"{path}/warranty-claims", fault)
    assert claimed["stage"] == "awaiting_assignment"
    assert refuse(office, order, "cancellation", reason_code="customer")[0] == 409
    withdrawn = customer.do(f"{path}/warranty-claim-withdrawal", {"reason_code": "works_again"})
    assert withdrawn["stage"] == "under_warranty"
    act(office, order, "warranty-claims", **fault)
    arrive(town, office, order, "WX-01")
    go(town, office, order, "in_service", "awaiting_inspection")
    act(office, order, "completion")

    view = shown(town, customer, order)
    assert view["stage_label"] == "质保中"
    assert parts(view)[:2] == [("质保报修 1", "已取消"), ("质保报修 2", "已完成")]
    visits = [told.partition("，")[0] for told in sentences(view) if "再次上门" in told]
    assert visits == ["配件到货", "质保维修", "质保维修"]
    assert "预约时间已更改" not in sentences(view)
    assert view["parts"][0]["facts"]["fault"] == "又不制冷了"


@pytest.mark.requirement("R11")
def test_a_warranty_claim_takes_no_online_money_and_keeps_the_warranty_open(town: Town) -> None:
    openid = new_openid()
    customer, office = town.customer(openid), town.dispatcher()
    order = diagnosed(town, customer, office)
    path = f"{ORDERS}/{order['order_id']}"
    extra = {"amount_fen": 3_000, "reason_code": "extra_work", "consent": "phone"}
    customer.do(f"{path}/quotation-acceptance", {"quotation_number": 1})
    go(town, office, order, "in_service", "awaiting_inspection")
    act(office, order, "completion")
    town.let_pass(timedelta(days=89), step=timedelta(days=10))
    office = town.dispatcher()
    fault = {"fault": "又不制冷了", "starts_at": town.tomorrow().isoformat()}
    act(office, order, "warranty-claims", **fault)
    arrive(town, office, order, "WX-01")

    assert refuse(office, order, "extra-work", **extra) == (409, "reservation_not_payable")
    unpaid = town.customer(openid).post(f"{path}/payments")
    assert (unpaid.status_code, unpaid.json()["code"]) == (409, "reservation_not_payable")
    town.let_pass(timedelta(days=3), step=timedelta(hours=12))
    office = town.dispatcher()
    go(town, office, order, "in_service", "awaiting_inspection")
    assert act(office, order, "completion")["stage"] == "under_warranty"
    town.let_pass(timedelta(days=2), step=timedelta(hours=12))

    facts = town.facts_of(UUID(order["order_id"]))
    assert facts[-1] == "appliance_order.warranty_expired"
    assert not {"appliance_order.charge_added", "appliance_order.paid"} & set(facts)


@pytest.mark.parametrize(
    ("step", "body"),
    [
        ("item-changes", {"machine": "01", "item": "chinese"}),
        ("machine-withdrawals", {"machine": "01"}),
        ("opening-failures", {"machine": "01", "reason_code": "rust"}),
    ],
)
def test_a_repair_has_no_machines_to_clean(town: Town, step: str, body: Json) -> None:
    customer, office = town.customer(), town.dispatcher()
    order = reserved(town, customer)
    act(office, order, "confirmation")
    arrive(town, office, order, "WX-01")

    assert refuse(office, order, step, **body) == (404, "machine_not_found")


@pytest.mark.parametrize(
    ("step", "body"),
    [
        ("quotation-acceptance", {"quotation_number": 1}),
        ("quotation-refusal", {"quotation_number": 1, "reason_code": "too_dear"}),
        ("warranty-claim-withdrawal", {"reason_code": "works_again"}),
    ],
)
def test_another_customers_repair_is_not_found(town: Town, step: str, body: Json) -> None:
    order = reserved(town, town.customer())

    answer = town.customer().post(f"{ORDERS}/{order['order_id']}/{step}", body)

    assert answer.status_code == 404


def test_a_cleaning_is_no_repair(town: Town) -> None:
    customer, office = town.customer(), town.dispatcher()
    order = sold(town, customer, office, "JD-05", {"microwave": 1})

    assert refuse(office, order, "diagnosis", note="坏了") == (404, "not_found")
