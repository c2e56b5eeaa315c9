"""Another date over HTTP: what it costs is seen first, agreed to, and paid before anybody comes."""

from datetime import datetime, timedelta
from urllib.parse import quote
from uuid import UUID

import pytest
import requests

from domain.orders.service_order import ServiceOrder
from domain.time import SHANGHAI
from tests.interface.quarters import Quarter
from tests.interface.town import Caller, Json, Town
from tests.interface.visits import OFFICE, assert_refused

ORDERS = "/api/v1/orders"


def in_hours(town: Town, hours: float) -> datetime:
    """A start so many hours from now."""
    return (town.clock.now() + timedelta(hours=hours)).astimezone(SHANGHAI)


def starts_of(windows: Json) -> datetime:
    """When the first window begins."""
    return datetime.fromisoformat(windows[0]["starts_at"])


class Date:
    """A paid order that begins in so many hours, and the door to change that.

    It costs 100 yuan, and 120 where it is booked within four hours of its start.
    """

    def __init__(self, town: Town, hours: float, **wish: Json) -> None:
        self.town = town
        self.customer = town.customer()
        self.starts_at = in_hours(town, hours)
        wish = {"starts_at": self.starts_at.isoformat(), **wish}
        self.order = town.paid(self.customer, **wish)
        self.id = self.order["order_id"]
        self.door = f"{ORDERS}/{self.id}/rescheduling"
        self.path = f"{OFFICE}/{self.id}"

    def assigned(self) -> "Date":
        office = self.town.dispatcher()
        self.assign(office, self.town.worker(office))
        return self

    def assign(self, office: Caller, worker: str) -> requests.Response:
        return office.post(f"{self.path}/assignment", {"crew": [worker]})

    def preview(self, new: datetime) -> Json:
        return self.customer.read(self.door, starts_at=new.isoformat())

    def change(self, new: datetime, agreed_fee_fen: int = 0, **more: Json) -> requests.Response:
        body = {"starts_at": new.isoformat(), "agreed_fee_fen": agreed_fee_fen, **more}
        return self.customer.post(self.door, body)

    def pay(self, charge_number: int) -> None:
        body = {"charge_number": charge_number}
        started = self.customer.do(f"{ORDERS}/{self.id}/payments", body)
        self.town.pay_at_wechat(started["out_trade_no"])
        self.town.courier.deliver_due()
        self.town.catch_up()

    def seen(self) -> Json:
        """The order as its customer sees it."""
        self.town.catch_up()
        return self.customer.read(f"{ORDERS}/{self.id}")

    def change_by_office(self, new: datetime, reason_code: str, **more: Json) -> requests.Response:
        body = {"starts_at": new.isoformat(), "reason_code": reason_code, **more}
        return self.town.dispatcher().post(f"{self.path}/rescheduling", body)

    def aggregate(self) -> ServiceOrder:
        return self.town.house.log.load(ServiceOrder, UUID(self.id))

    def stage(self) -> str:
        return str(self.aggregate().stage)

    def facts(self) -> list[str]:
        return [name.partition(".")[2] for name in self.town.facts_of(UUID(self.id))]

    def later(self, days: int = 1) -> datetime:
        return self.starts_at + timedelta(days=days)


# -- the customer


@pytest.mark.requirement("R18")
def test_a_change_in_time_is_free_and_says_why(town: Town) -> None:
    date = Date(town, 30).assigned()
    shown = date.preview(date.later())
    assert (shown["fee_fen"], shown["policy_version"]) == (0, 1)
    assert shown["reasons"] == ["服务开始 4 小时前提出，第 1 次改期免费（共 2 次）"]
    assert date.change(date.later()).status_code == 200
    assert date.facts()[-1] == "rescheduled"
    assert (date.stage(), date.aggregate().worker_id) == ("awaiting_assignment", None)
    assert date.aggregate().reschedules == 1


def test_the_third_change_costs_a_tenth_within_a_day(town: Town) -> None:
    date = Date(town, 20)
    for _ in range(2):
        assert date.change(date.starts_at + timedelta(hours=1)).status_code == 200
    date.assigned()
    shown = date.preview(date.later())
    assert shown["fee_fen"] == date.order["total_fen"] // 10 == 1_000
    assert shown["reasons"] == [
        "2 次免费改期已用完",
        "距服务开始 4 至 24 小时，收 10%，最高 30 元",
        "改期费 ¥10.00",
    ]
    assert date.change(date.later(), 1_000).status_code == 200
    assert date.facts()[-2:] == ["rescheduled", "charge_added"]


@pytest.mark.requirement("R10")
def test_the_fee_is_paid_before_somebody_is_sent(town: Town) -> None:
    date = Date(town, 3.5).assigned()
    assert date.preview(date.later())["fee_fen"] == 3_600
    assert date.change(date.later(), 3_600).status_code == 200
    office = town.dispatcher()
    worker = town.worker(office)
    assert_refused(
        date.assign(office, worker), 409, "not_paid", "还有未支付的款项，支付后才能继续。"
    )
    date.pay(2)
    assert date.assign(office, worker).status_code == 200
    shown = date.customer.read(f"{ORDERS}/{date.id}")
    assert (shown["paid_fen"], shown["total_fen"]) == (15_600, 15_600)


@pytest.mark.parametrize("agreed_fen", [0, 3_599, 3_601])
def test_a_fee_to_which_the_customer_did_not_agree_is_refused(town: Town, agreed_fen: int) -> None:
    date = Date(town, 3.5).assigned()
    before = date.facts()
    refused = date.change(date.later(), agreed_fen)
    sentence = "本次改期费为 ¥36.00，请确认后再提交。"
    assert_refused(refused, 409, "rescheduling_fee_not_agreed", sentence)
    assert date.facts() == before


def test_who_agreed_to_a_fee_that_is_none_is_told_so(town: Town) -> None:
    refused = (date := Date(town, 30)).change(date.later(), 100)
    sentence = "本次改期费为 ¥0.00，请确认后再提交。"
    assert_refused(refused, 409, "rescheduling_fee_not_agreed", sentence)


def test_before_somebody_is_given_the_work_a_change_is_free(town: Town) -> None:
    date = Date(town, 1.5)
    assert date.preview(date.later())["reasons"] == ["尚未派单，改期不收费"]
    assert date.change(date.later()).status_code == 200


def test_the_new_date_is_in_the_future_and_within_thirty_days(town: Town) -> None:
    date = Date(town, 30).assigned()
    far = date.change(date.later(31))
    assert_refused(far, 422, "new_date_too_far", "改期后的时间须在原预约时间后 30 天内。")
    past = date.change(in_hours(town, -1))
    sentence = "预约时间不正确，请选择未来 90 天内的时间。"
    assert_refused(past, 422, "window", sentence)
    for new in (date.later(31), in_hours(town, -1)):
        assert date.customer.get(date.door, starts_at=new.isoformat()).status_code == 422


def test_a_date_without_an_offset_is_refused(town: Town) -> None:
    date = Date(town, 30)
    answer = date.customer.get(date.door, starts_at="2026-12-01T09:00:00")
    assert answer.status_code == 422


def test_the_order_of_somebody_else_is_not_found(town: Town) -> None:
    date, other = Date(town, 30), town.customer()
    body = {"starts_at": date.later().isoformat()}
    assert other.post(date.door, body).status_code == 404
    assert other.get(f"{date.door}?starts_at={quote(body['starts_at'])}").status_code == 404
    assert date.facts() == ["booked", "paid"]


def test_nothing_is_changed_once_somebody_is_on_the_way(town: Town) -> None:
    date = Date(town, 30).assigned()
    office = town.dispatcher()
    office.do(f"{date.path}/acceptance")
    office.do(f"{date.path}/progress", {"stage": "departed"})
    sentence = "订单当前为“已出发”，不能进行此操作。"
    assert_refused(date.change(date.later()), 409, "wrong_stage", sentence)
    asked = date.customer.get(date.door, starts_at=date.later().isoformat())
    assert_refused(asked, 409, "wrong_stage", sentence)


def test_a_full_slot_is_no_new_date(town: Town) -> None:
    quarter = Quarter(town, 1).open()
    quarter.book(town.customer(), 15)
    customer = town.customer()
    order = quarter.book(customer, 9)
    body = {"starts_at": town.tomorrow(15).isoformat()}
    refused = customer.post(f"{ORDERS}/{order['order_id']}/rescheduling", body)
    assert_refused(refused, 409, "slot_full", "该时段已约满，请换一个时间。")


def test_the_same_change_sent_twice_is_one(town: Town) -> None:
    date = Date(town, 30)
    body = {"starts_at": date.later().isoformat()}
    answers = [date.customer.post(date.door, body, key="once") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert date.facts().count("rescheduled") == 1


# -- the price of the new date


def evening(town: Town) -> datetime:
    """Two hours of the night: 30 yuan more."""
    return town.tomorrow(20)


def test_a_dearer_date_is_shown_agreed_to_and_paid_before_somebody_is_sent(town: Town) -> None:
    date = Date(town, 30)
    shown = date.preview(evening(town))
    assert (shown["fee_fen"], shown["difference_fen"]) == (0, 3_000)
    night = "夜间（20:00–08:00）占预约时段 120/120 分钟，该部分人工费加收 30%。"
    changed = "新时间的价格为 ¥130.00，原价格 ¥100.00"
    assert shown["difference_reasons"] == [changed, night, "补差 ¥30.00"]
    before = date.facts()
    sentence = "本次改期补差为 ¥30.00，请确认后再提交。"
    assert_refused(date.change(evening(town)), 409, "date_difference_not_agreed", sentence)
    assert date.facts() == before
    assert date.change(evening(town), agreed_difference_fen=3_000).status_code == 200
    assert date.facts()[-2:] == ["rescheduled", "charge_added"]
    office = town.dispatcher()
    assert date.assign(office, town.worker(office)).json()["code"] == "not_paid"
    date.pay(2)
    assert date.assign(office, town.worker(office)).status_code == 200
    seen = date.seen()
    assert sum(line["amount_fen"] for line in seen["lines"]) == seen["paid_fen"] == 13_000


def test_a_cheaper_date_gives_money_back(town: Town) -> None:
    date = Date(town, 30, starts_at=evening(town).isoformat())
    noon = town.tomorrow(12)
    assert date.preview(noon)["difference_fen"] == -3_000
    assert date.change(noon).status_code == 200
    assert date.facts()[-2:] == ["rescheduled", "refund_due"]
    seen = date.seen()
    assert (seen["paid_fen"], seen["refund_due_fen"]) == (13_000, 3_000)


def test_an_unpaid_order_keeps_its_price_or_its_date(town: Town) -> None:
    customer = town.customer()
    order = town.booked(customer, starts_at=town.tomorrow(12).isoformat())
    door = f"{ORDERS}/{order['order_id']}/rescheduling"
    new = evening(town).isoformat()
    sentence = "该时间的价格为 ¥130.00，与待支付的 ¥100.00 不同，请取消订单后按新时间重新下单。"
    for answer in (
        customer.get(door, starts_at=new),
        customer.post(door, {"starts_at": new, "agreed_difference_fen": 3_000}),
    ):
        assert_refused(answer, 409, "unpaid_price_differs", sentence)
    assert customer.post(door, {"starts_at": town.tomorrow(13).isoformat()}).status_code == 200


def test_the_office_tells_to_which_difference_the_customer_agreed(town: Town) -> None:
    date = Date(town, 30)
    assert date.change_by_office(evening(town), "customer").status_code == 409
    agreed = {"agreed_difference_fen": 3_000, "consent": "phone_recording"}
    assert date.change_by_office(evening(town), "customer", **agreed).status_code == 200
    assert date.aggregate().charges[2].reason_code == "date_difference"


def test_a_dearer_date_that_the_company_causes_is_the_companys(town: Town) -> None:
    date = Date(town, 30)
    assert date.change_by_office(evening(town), "worker_unavailable").status_code == 200
    assert date.facts()[-1] == "rescheduled"
    assert date.aggregate().price_fen == 10_000


# -- the office


def test_what_the_company_causes_is_free_and_not_counted(town: Town) -> None:
    date = Date(town, 3).assigned()
    where = f"{date.path}/rescheduling"
    asked = {"starts_at": date.later(40).isoformat(), "reason_code": "worker_unavailable"}
    shown = town.dispatcher().read(where, **asked)
    assert (shown["fee_fen"], shown["reasons"]) == (0, ["非客户原因改期，不收费"])
    assert date.change_by_office(date.later(), "worker_unavailable").status_code == 200
    assert date.aggregate().reschedules == 0


def test_the_office_tells_the_fee_and_how_the_customer_agreed(town: Town) -> None:
    date = Date(town, 3.5).assigned()
    shown = town.dispatcher().read(f"{date.path}/rescheduling", starts_at=date.later().isoformat())
    refused = date.change_by_office(date.later(), "customer")
    sentence = "本次改期费为 ¥36.00，请确认后再提交。"
    assert_refused(refused, 409, "rescheduling_fee_not_agreed", sentence)
    agreed = {"agreed_fee_fen": shown["fee_fen"], "consent": "phone_recording"}
    assert date.change_by_office(date.later(), "customer", **agreed).status_code == 200
    assert date.aggregate().charges[2].amount_fen == 3_600


# -- the times the customer offered


def test_an_offered_time_is_agreed_in_one_step_free_and_uncounted(town: Town) -> None:
    others = [in_hours(town, hours).isoformat() for hours in (50, 54)]
    date = Date(town, 3, alternatives=others).assigned()
    office = town.dispatcher()
    door = f"{date.path}/window"
    shown = office.read(door)
    offered = [starts_of(each["windows"]) for each in shown["alternatives"]]
    assert offered == [datetime.fromisoformat(each) for each in others]
    office.do(door, {"alternative": 2})
    assert starts_of(office.read(door)["windows"]) == datetime.fromisoformat(others[1])
    assert date.aggregate().reschedules == 0
    assert date.facts()[-1] == "rescheduled"


def test_a_dearer_offered_time_needs_the_customers_consent(town: Town) -> None:
    date = Date(town, 3, alternatives=[evening(town).isoformat()])
    office, door = town.dispatcher(), f"{date.path}/window"
    (offered,) = office.read(door)["alternatives"]
    assert offered["difference_fen"] == 3_000
    assert offered["difference_reasons"][-1] == "补差 ¥30.00"
    sentence = "本次改期补差为 ¥30.00，请确认后再提交。"
    refused = office.post(door, {"alternative": 1})
    assert_refused(refused, 409, "date_difference_not_agreed", sentence)
    office.do(door, {"alternative": 1, "agreed_difference_fen": 3_000, "consent": "phone"})
    assert date.facts()[-2:] == ["rescheduled", "charge_added"]


def test_an_offered_time_that_nobody_could_book_is_refused_with_the_booking(town: Town) -> None:
    odd = in_hours(town, 50).replace(second=30).isoformat()
    refused = town.customer().post(ORDERS, town.wish(alternatives=[odd]))
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_window")


def test_a_time_that_was_not_offered_cannot_be_chosen(town: Town) -> None:
    date = Date(town, 30, alternatives=[in_hours(town, 50).isoformat()])
    refused = town.dispatcher().post(f"{date.path}/window", {"alternative": 2})
    assert_refused(refused, 404, "alternative_not_found", "客户没有提供该备选时间。")
    assert town.dispatcher().post(f"{date.path}/window", {"alternative": 0}).status_code == 422


def test_an_offered_time_that_is_full_or_past_is_refused(town: Town) -> None:
    quarter = Quarter(town, 1).open()
    quarter.book(town.customer(), 15)
    alternative = town.tomorrow(15).isoformat()
    order = quarter.book(town.customer(), 9, alternatives=[alternative])
    door = f"{OFFICE}/{order['order_id']}/window"
    refused = town.dispatcher().post(door, {"alternative": 1})
    assert_refused(refused, 409, "slot_full", "该时段已约满，请换一个时间。")
    date = Date(town, 30, alternatives=[in_hours(town, 2).isoformat()])
    town.clock.advance(timedelta(hours=3))
    past = town.dispatcher().post(f"{date.path}/window", {"alternative": 1})
    assert past.json()["code"] == "window"
