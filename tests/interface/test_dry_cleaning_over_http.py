"""The life of a dry-cleaning order over HTTP: two trips, and garments one by one."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text

from tests.interface.quarters import SEATS
from tests.interface.town import CONTACT, DISTRICT, Caller, Json, Town

ORDERS: Final = "/api/v1/orders"
OFFICE: Final = "/api/v1/office/orders"
PHOTO: Final = "ab" * 32
SHIRT_FEN, COAT_FEN, DELIVERY_FEN = 1_500, 5_500, 1_500
ITEMS: Final = {"shirt": 2, "coat": 1}
GARMENTS: Final = [
    {"label": "A001", "item": "shirt", "photos": [PHOTO]},
    {"label": "A002", "item": "shirt", "remark": "袖口有墨迹"},
    {"label": "A003", "item": "coat"},
]
TO_CHECK: Final = ("at_workshop", "pre_inspection", "washing", "quality_check")


@dataclass(frozen=True)
class Laundry:
    """A customer's order, and the office that works on it."""

    town: Town
    customer: Caller
    office: Caller
    order: Json

    @property
    def path(self) -> str:
        return f"{ORDERS}/{self.order['order_id']}"

    @property
    def office_path(self) -> str:
        return f"{OFFICE}/{self.order['order_id']}"

    def shown(self) -> Json:
        self.town.catch_up()
        return self.customer.read(self.path)

    def stage(self) -> str:
        return str(self.shown()["stage"])

    def part(self, name: str) -> Json:
        return next(each for each in self.shown()["parts"] if each["part"] == name)

    def do(self, what: str, body: Json) -> Json:
        return self.office.do(f"{self.office_path}/{what}", body)

    def refused(self, what: str, body: Json) -> str:
        answer = self.office.post(f"{self.office_path}/{what}", body)
        assert answer.status_code in {409, 422}, answer.text
        return str(answer.json()["code"])

    def pay(self, charge_number: int = 1) -> None:
        body = {"charge_number": charge_number}
        number = self.customer.do(f"{self.path}/payments", body)["out_trade_no"]
        self.town.pay_at_wechat(number)
        self.town.courier.deliver_due()
        self.town.settle()

    def driver(self) -> str:
        return self.town.worker(self.office, "GX-01")

    def await_pickup(self) -> None:
        self.pay()
        self.do("assignment", {"crew": [self.driver()]})
        self.do("acceptance", {})

    def collect(self, garments: Json = GARMENTS, **more: Json) -> None:
        self.await_pickup()
        self.do("pick-up", {"garments": garments, **more})

    def advance(self, garments: list[int], *stages: str) -> None:
        for stage in stages:
            self.do("garment-progress", {"garments": garments, "stage": stage})


def open_laundry(town: Town, office: Caller) -> None:
    """Seats for the trips of the next days."""
    for ahead in range(9):
        day = (town.clock.now() + timedelta(days=ahead)).date().isoformat()
        hours = {"day": day, "starts": "00:00", "ends": "00:00", "seats": 500}
        office.do(SEATS, {"pool": "laundry", "district": DISTRICT, **hours})


def laundry_wish(town: Town, **more: Json) -> Json:
    return {
        "service_code": "GX-01",
        "items": ITEMS,
        "starts_at": town.tomorrow().isoformat(),
        "contact": dict(CONTACT),
        **more,
    }


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
    assert garments[0]["facts"]["photos"] == [PHOTO]


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


def test_a_surcharge_waits_for_the_customers_word_and_money(laundry: Laundry) -> None:
    laundry.collect()
    laundry.advance([1], "at_workshop", "pre_inspection")
    laundry.do(
        "garment-flaw",
        {"garment": 1, "description": "领口有旧渍", "photos": [PHOTO], "surcharge_fen": 2_000},
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
