"""Appliances and homes over HTTP: cleaning and care are paid, a repair is only reserved.

The rows are those of the requirements: R05–R07 the leaves, R08 and R11 the repair
that no money can be taken for online.
"""

from datetime import timedelta
from uuid import UUID

import pytest

from domain.time import shanghai_day
from tests.interface.appliances import (
    ORDERS,
    act,
    arrive,
    go,
    open_seats,
    parts,
    refuse,
    sentences,
    shown,
    sold,
)
from tests.interface.town import DISTRICT, Json, Town

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
    photos = [town.photo(office, order)]
    for name in names:
        act(office, order, "trial-runs", machine=name, works=True, note="噪音正常", photos=photos)
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
