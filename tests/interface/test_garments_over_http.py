"""Garments over HTTP: surcharges, other counts, refusals, loss and damage."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text

from tests.interface.laundries import (
    COAT_FEN,
    DELIVERY_FEN,
    GARMENTS,
    ORDERS,
    SHIRT_FEN,
    TO_CHECK,
    Laundry,
    laundry_wish,
    open_laundry,
)
from tests.interface.town import Caller, Json, Town


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


def test_a_surcharge_waits_for_the_customers_word_and_money(laundry: Laundry) -> None:
    laundry.collect()
    laundry.advance([1], "at_workshop", "pre_inspection")
    laundry.do(
        "garment-flaw",
        {
            "garment": 1,
            "description": "领口有旧渍",
            "photos": [laundry.photo()],
            "surcharge_fen": 2_000,
        },
    )
    asked = laundry.part("garment-0001")
    assert (asked["stage"], asked["facts"]["flaw"]) == ("consent_awaited", "领口有旧渍")
    answer = {"garment": 1, "accepted": True, "surcharge_fen": asked["facts"]["surcharge_fen"]}
    stranger = laundry.town.customer().post(f"{laundry.path}/garment-surcharge-answer", answer)
    assert stranger.status_code == 404
    stale = {**answer, "surcharge_fen": 1_000}
    unseen = laundry.customer.post(f"{laundry.path}/garment-surcharge-answer", stale)
    assert (unseen.status_code, unseen.json()["code"]) == (409, "surcharge_not_agreed")

    laundry.customer.do(f"{laundry.path}/garment-surcharge-answer", answer)
    washing = {"garments": [1], "stage": "washing"}
    assert laundry.refused("garment-progress", washing) == "surcharge_not_paid"
    laundry.pay(charge_number=2)
    laundry.do("garment-progress", washing)

    assert laundry.part("garment-0001")["stage"] == "washing"


def test_a_declined_surcharge_gives_the_price_back(laundry: Laundry) -> None:
    laundry.collect()
    laundry.advance([3], "at_workshop", "pre_inspection")
    laundry.do("garment-flaw", {"garment": 3, "description": "虫蛀", "surcharge_fen": 5_000})

    laundry.do("garment-surcharge-answer", {"garment": 3, "accepted": False})

    shown = laundry.shown()
    assert shown["refund_due_fen"] == COAT_FEN
    assert laundry.part("garment-0003")["stage"] == "wash_refused"


def test_the_company_may_refuse_a_garment(laundry: Laundry) -> None:
    laundry.collect()
    laundry.advance([1, 2], "at_workshop", "pre_inspection")

    laundry.do("garment-refusal", {"garment": 2, "reason_code": "fragile", "note": "面料已脆化"})

    assert laundry.shown()["refund_due_fen"] == SHIRT_FEN
    assert laundry.part("garment-0002")["facts"]["refusal"] == "fragile"


def test_other_counts_change_the_price_of_the_booking(laundry: Laundry) -> None:
    laundry.await_pickup()
    more = [*GARMENTS, {"label": "A004", "item": "coat"}]
    body = {"garments": more, "reason_code": "more_than_booked"}
    assert laundry.refused("pick-up", {"garments": more}) == "count_reason"
    assert laundry.refused("pick-up", body) == "count_consent"
    laundry.do("pick-up", {**body, "consent": "signature"})
    laundry.advance([1], "at_workshop")
    inspected = {"garments": [1], "stage": "pre_inspection"}
    assert laundry.refused("garment-progress", inspected) == "count_not_paid"

    # Above 99 yuan the trips are free, so the second coat costs so much less.
    assert laundry.shown()["total_fen"] == 2 * SHIRT_FEN + 2 * COAT_FEN
    laundry.pay(charge_number=2)
    laundry.do("garment-progress", inspected)

    assert laundry.part("garment-0001")["stage"] == "pre_inspection"


def test_garments_that_nobody_pays_for_go_home_unwashed(laundry: Laundry) -> None:
    more = [*GARMENTS, {"label": "A004", "item": "coat"}]
    laundry.collect(more, reason_code="more_than_booked", consent="signature")

    laundry.do("garment-refusal", {"garment": 4, "reason_code": "not_paid"})

    shown = laundry.shown()
    # Above 99 yuan the trips were free; below it the one of the last count still is.
    assert shown["total_fen"] == laundry.order["total_fen"]
    assert shown["refund_due_fen"] == DELIVERY_FEN


def test_the_last_payment_ends_an_order_that_waits_for_nothing_else(laundry: Laundry) -> None:
    more = [*GARMENTS, {"label": "A004", "item": "coat"}]
    laundry.collect(more, reason_code="more_than_booked", consent="signature")
    for garment in (1, 2, 3, 4):
        laundry.do("garment-harm", {"garment": garment, "description": "火灾", "lost": True})
    assert laundry.stage() == "lost"

    laundry.pay(charge_number=2)

    assert laundry.stage() == "completed"


def test_a_charge_given_up_at_last_ends_the_order(laundry: Laundry) -> None:
    more = [*GARMENTS, {"label": "A004", "item": "coat"}]
    laundry.collect(more, reason_code="more_than_booked", consent="signature")
    for garment in (1, 2, 3, 4):
        laundry.do("garment-harm", {"garment": garment, "description": "火灾", "lost": True})

    ended = laundry.do("charges/2/withdrawal", {"reason_code": "goodwill"})

    assert ended["stage"] == "completed"


def test_fewer_garments_give_money_back(laundry: Laundry) -> None:
    laundry.collect(GARMENTS[:2], reason_code="fewer_than_booked")

    assert laundry.shown()["refund_due_fen"] == COAT_FEN


def test_nobody_cancels_what_is_collected(laundry: Laundry) -> None:
    laundry.collect()

    answer = laundry.office.post(f"{laundry.office_path}/cancellation", {"reason_code": "customer"})

    assert answer.status_code == 409


def test_a_return_driver_is_not_at_two_places(laundry: Laundry) -> None:
    driver = laundry.driver()
    laundry.collect()
    laundry.do("return-assignment", {"worker_id": driver})
    other = Laundry(
        laundry.town,
        laundry.customer,
        laundry.office,
        laundry.customer.do(ORDERS, laundry_wish(laundry.town)),
    )
    other.collect()

    assert other.refused("return-assignment", {"worker_id": driver}) == "worker_busy"
    later = laundry.town.tomorrow() + timedelta(days=6)
    other.do("return-rescheduling", {"starts_at": later.isoformat(), "reason_code": "customer"})
    other.do("return-assignment", {"worker_id": driver})

    assert datetime.fromisoformat(other.part("return")["starts_at"]) == later


def test_a_driver_without_the_skill_is_refused(laundry: Laundry) -> None:
    laundry.collect()
    cleaner = laundry.town.worker(laundry.office, "BJ-01")

    assert laundry.refused("return-assignment", {"worker_id": cleaner}) == "worker_unfit"


def test_partner_codes_move_garments_and_unknown_ones_are_flagged(laundry: Laundry) -> None:
    laundry.collect()

    for code in (3, 4, 11):
        laundry.do("partner-code", {"garment": 1, "code": code})
    laundry.do("partner-code", {"garment": 2, "code": 77})

    assert laundry.part("garment-0001")["stage"] == "quality_check"
    flagged = laundry.part("garment-0002")
    assert (flagged["stage"], flagged["facts"]["unknown_code"]) == ("picked_up", 77)
    assert laundry.refused("partner-code", {"garment": 3, "code": 5}) == "garment_stage"


def test_loss_and_damage_are_facts_with_a_limit(laundry: Laundry) -> None:
    laundry.collect()
    harm = {"garment": 1, "description": "染色", "lost": False}
    too_much = {**harm, "compensation_fen": 20 * SHIRT_FEN + 1}
    assert laundry.refused("garment-harm", too_much) == "compensation_too_high"

    laundry.do("garment-harm", {**harm, "compensation_fen": 20 * SHIRT_FEN})
    laundry.do("garment-harm", {"garment": 2, "description": "找不到", "lost": True})

    assert laundry.part("garment-0001")["facts"]["damage_compensation_fen"] == 20 * SHIRT_FEN
    assert laundry.part("garment-0002")["stage"] == "lost"
    facts = laundry.town.facts_of(UUID(laundry.order["order_id"]))
    assert facts.count("dry_cleaning_order.exception_reported") == 2


def test_nothing_is_brought_back_where_all_was_lost(laundry: Laundry) -> None:
    laundry.collect()
    for garment in (1, 2, 3):
        laundry.do("garment-harm", {"garment": garment, "description": "火灾", "lost": True})

    assert laundry.stage() == "completed"
    assert laundry.part("return")["stage"] == "cancelled"


def test_a_refused_garment_waits_for_the_others_and_is_not_forgotten(laundry: Laundry) -> None:
    laundry.collect()
    laundry.advance([1, 2, 3], "at_workshop", "pre_inspection")
    laundry.do("garment-refusal", {"garment": 3, "reason_code": "fragile"})
    laundry.advance([1, 2], "washing", "quality_check")
    laundry.town.let_pass(timedelta(hours=47), step=timedelta(hours=12))
    again = replace(laundry, office=laundry.town.dispatcher())
    again.advance([1, 2], "sent_back", "delivered")
    again.do("garment-signature", {"garments": [1, 2]})
    laundry.town.let_pass(timedelta(hours=47), step=timedelta(hours=12))
    assert stalled(laundry) == []

    laundry.town.let_pass(timedelta(hours=25), step=timedelta(hours=5))

    assert stalled(laundry) == [{"garment": 3, "stage": "wash_refused"}]


def stalled(laundry: Laundry) -> list[Json]:
    """The details of its exceptions."""
    query = text(
        "select state from log.events where stream_id = :stream"
        " and name = 'dry_cleaning_order.exception_reported' order by version"
    )
    with laundry.town.house.engine.connect() as connection:
        rows = connection.execute(query, {"stream": laundry.order["order_id"]}).scalars()
        return [orjson.loads(row)["details"] for row in rows]


def test_what_nobody_objects_to_for_a_day_is_signed_for(laundry: Laundry) -> None:
    laundry.collect()
    laundry.advance([1, 2, 3], *TO_CHECK, "sent_back", "delivered")
    laundry.office.do(f"{laundry.office_path}/garment-signature", {"garments": [1]})

    laundry.town.let_pass(timedelta(hours=24), step=timedelta(hours=12))

    assert laundry.stage() == "completed"


def test_a_garment_that_stands_still_for_two_days_is_an_exception(laundry: Laundry) -> None:
    laundry.collect()
    laundry.advance([1, 2], *TO_CHECK)
    laundry.town.let_pass(timedelta(hours=47), step=timedelta(hours=12))
    again = replace(laundry, office=laundry.town.dispatcher())
    again.advance([1], "sent_back", "delivered")
    laundry.town.let_pass(timedelta(hours=1), step=timedelta(hours=1))

    facts = laundry.town.facts_of(UUID(laundry.order["order_id"]))
    assert facts.count("dry_cleaning_order.exception_reported") == 2


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("pick-up", {"garments": []}),
        ("pick-up", {"garments": [{"label": "红 1", "item": "shirt"}]}),
        ("pick-up", {"garments": [{"label": "A1", "item": "boots"}]}),
        ("garment-progress", {"garments": [], "stage": "washing"}),
        ("garment-progress", {"garments": [9], "stage": "washing"}),
        ("garment-flaw", {"garment": 1, "description": ""}),
        ("garment-flaw", {"garment": 1, "description": "渍", "photos": ["x"]}),
        ("garment-signature", {"garments": []}),
        ("return-rescheduling", {"starts_at": "soon", "reason_code": "customer"}),
    ],
)
def test_malformed_bodies_are_refused(laundry: Laundry, what: str, body: Json) -> None:
    laundry.await_pickup()

    answer = laundry.office.post(f"{laundry.office_path}/{what}", body)

    assert answer.status_code == 422, answer.text
