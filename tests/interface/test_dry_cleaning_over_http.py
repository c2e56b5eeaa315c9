"""The life of a dry-cleaning order over HTTP: two trips, and garments one by one."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from tests.interface.laundries import (
    COAT_FEN,
    DELIVERY_FEN,
    ORDERS,
    SHIRT_FEN,
    TO_CHECK,
    Laundry,
    laundry_wish,
    open_laundry,
)
from tests.interface.town import CONTACT, Caller, Town


@pytest.fixture
def office(town: Town) -> Caller:
    dispatcher = town.dispatcher()
    open_laundry(town, dispatcher)
    return dispatcher


@pytest.fixture
def laundry(town: Town, office: Caller) -> Laundry:
    customer = town.customer()
    order = customer.do(ORDERS, laundry_wish(town))
    return Laundry(town, customer, office, order)


@pytest.mark.requirement("R03")
def test_a_wash_goes_from_door_to_door_and_is_earned(laundry: Laundry) -> None:
    assert laundry.order["total_fen"] == 2 * SHIRT_FEN + COAT_FEN + DELIVERY_FEN
    laundry.collect()
    assert laundry.stage() == "picked_up"
    laundry.do("return-assignment", {"worker_id": laundry.driver()})
    laundry.advance([1, 2, 3], *TO_CHECK)
    laundry.advance([2], "rewashing", "quality_check")
    laundry.advance([1, 2, 3], "sent_back", "delivered")
    assert laundry.part("return")["worker_number"] > 0

    laundry.customer.do(f"{laundry.path}/garment-signature", {"garments": [1, 2, 3]})

    shown = laundry.shown()
    assert shown["stage"] == "completed"
    garments = [each for each in shown["parts"] if each["kind"] == "garment"]
    assert [(each["label"], each["stage"]) for each in garments] == [
        ("衬衫", "signed_for"),
        ("衬衫", "signed_for"),
        ("大衣", "signed_for"),
    ]
    assert garments[1]["facts"]["remark"] == "袖口有墨迹"
    assert garments[0]["facts"]["photos"] == [laundry.photo()]


@pytest.mark.requirement("R20")
def test_every_report_is_read_by_customer_and_office(laundry: Laundry) -> None:
    laundry.collect()
    laundry.advance([3], "at_workshop")

    told = [each["sentence"] for each in laundry.shown()["timeline"]]
    assert "第 3 件：已入厂" in told
    assert "第 2 件已登记：衬衫，标签 A002" in told
    office = laundry.office.read(laundry.office_path)["timeline"]
    assert "GarmentProgressed" in {each["event"] for each in office}


def test_the_return_may_be_chosen_and_go_elsewhere(town: Town, office: Caller) -> None:
    customer = town.customer()
    back = town.tomorrow() + timedelta(days=5)
    elsewhere = {**CONTACT, "name": "陈先生", "address": "建国路 88 号 1201"}
    form = {
        "return_starts_at": back.isoformat(),
        "return_contact": elsewhere,
        "item_remarks": {"coat": "羊绒"},
        "declared_values_fen": {"coat": 300_000},
    }

    order = customer.do(ORDERS, laundry_wish(town, dry_cleaning=form))

    held = Laundry(town, customer, office, order)
    assert datetime.fromisoformat(held.part("return")["starts_at"]) == back
    assert_sealed(held, "陈先生", "建国路", "羊绒")


def assert_sealed(held: Laundry, *secrets: str) -> None:
    """No event of the order says it in clear."""
    query = text("select string_agg(state, '') from log.events where stream_id = :stream")
    with held.town.house.engine.connect() as connection:
        told = connection.execute(query, {"stream": held.order["order_id"]}).scalar_one()
    assert '"return_contact":{' in told
    assert not [secret for secret in secrets if secret in told]


def test_a_return_that_is_too_soon_is_refused(town: Town, office: Caller) -> None:
    del office
    soon = (town.tomorrow() + timedelta(days=3)).isoformat()

    answer = town.customer().post(
        ORDERS, laundry_wish(town, dry_cleaning={"return_starts_at": soon})
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "return_too_soon")


def test_nothing_is_brought_back_to_where_nobody_goes(town: Town, office: Caller) -> None:
    del office
    far = {**CONTACT, "district": "650102"}

    answer = town.customer().post(ORDERS, laundry_wish(town, dry_cleaning={"return_contact": far}))

    assert (answer.status_code, answer.json()["code"]) == (409, "area_not_served")


@pytest.mark.parametrize("others", [[], ["9998-12-20T00:00:00+00:00"]])
def test_a_return_in_thousands_of_years_is_refused(
    town: Town, office: Caller, others: list[str]
) -> None:
    del office
    form = {"return_starts_at": "9998-12-20T00:00:00+00:00"}

    answer = town.customer().post(
        ORDERS, laundry_wish(town, dry_cleaning=form, alternatives=others)
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "window")


def test_a_return_agreed_to_the_second_does_not_hold_the_pick_up_up(laundry: Laundry) -> None:
    odd = laundry.town.tomorrow() + timedelta(days=5, seconds=30)
    laundry.do("return-rescheduling", {"starts_at": odd.isoformat(), "reason_code": "customer"})

    laundry.collect()

    assert laundry.stage() == "picked_up"
