"""Repairs (维修) over HTTP: from the fault told on the phone to the end of the warranty."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.interface.appliances import (
    OFFICE,
    ORDERS,
    act,
    arrive,
    go,
    parts,
    refuse,
    sentences,
    shown,
    sold,
)
from tests.interface.town import Caller, Json, Town, new_openid

RECEIPT = {"method": "cash", "purpose": "fee"}


def reserved(town: Town, customer: Caller, **repair: Json) -> Json:
    photos = [town.photo(customer)]
    form = {"appliance": "refrigerator", "fault": "不制冷，压缩机一直响", "photos": photos}
    wish = town.wish("WX-01", quantity=1, repair={**form, **repair})
    return customer.do(ORDERS, wish)


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
    assert town.photo(customer) in states[0]

    nothing_told = town.wish("WX-01", quantity=1)
    assert customer.post(ORDERS, nothing_told).status_code == 422


def diagnosed(town: Town, customer: Caller, office: Caller) -> Json:
    """A repair that was looked at and has a price of 430 yuan."""
    order = reserved(town, customer)
    act(office, order, "confirmation")
    arrive(town, office, order, "WX-01")
    photos = [town.photo(office, order)]
    act(office, order, "diagnosis", note="压缩机启动电容击穿", photos=photos)
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
    assert parts(view)[1:] == [("报价 1", "客户已同意报价"), ("质保", "质保中")]
    assert "已收款 ¥430.00（线下），收据号 SJ-0001" in sentences(view)
    assert view["parts"][1]["facts"]["total_fen"] == 43_000

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
    labels = parts(shown(town, customer, order))[1:]
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
