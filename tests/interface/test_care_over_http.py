"""Nanny services over HTTP: 月嫂, 保姆, 老人陪护 and 医院护工, from the lead to the last call."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from tests.interface.engagements import (
    ORDERS,
    PRICE_FEN,
    SERVICES,
    Engagement,
    engage,
    reserve,
    take,
)
from tests.interface.town import Town, new_openid

LEAVES = pytest.mark.parametrize("code", SERVICES)


@pytest.mark.requirement("R09", "R11")
@LEAVES
def test_care_is_reserved_without_a_price_and_cannot_be_paid(town: Town, code: str) -> None:
    of = reserve(town, code)

    shown = of.shown()
    refused = of.customer.post(f"{of.path}/payments")

    assert shown["kind_path"][-1] == SERVICES[code][0]
    assert (shown["stage"], shown["stage_label"]) == ("awaiting_confirmation", "已预约，待回电")
    assert (shown["total_fen"], shown["lines"], shown["pay_by"]) == (0, [], None)
    assert (refused.status_code, refused.json()["code"]) == (409, "reservation_not_payable")


@pytest.mark.requirement("R09")
def test_the_choice_may_be_an_item_of_the_catalogue(town: Town) -> None:
    wish = {**town.wish(service_code="YS-01"), "quantity": 0, "items": {"diamond": 26}}

    booked = town.customer().do(ORDERS, wish)

    assert booked["total_fen"] == 0


@pytest.mark.requirement("R09")
def test_only_a_day_and_a_contact_are_needed(town: Town) -> None:
    of = Engagement(town, new_openid(), "LR-01")

    booked = of.customer.do(ORDERS, {**town.wish(service_code="LR-01"), "quantity": 0})

    assert (booked["total_fen"], booked["pay_by"]) == (0, None)


def test_care_is_ordered_again_with_the_old_form(town: Town) -> None:
    of = reserve(town, "YS-01")
    starts_at = (town.tomorrow() + timedelta(days=60)).isoformat()

    past = of.customer.read(f"{of.path}/reorder")
    again = of.customer.do(f"{of.path}/reorder", {"starts_at": starts_at})

    assert past["form"]["choice"] == "gold"
    assert again["order_id"] != of.order_id


def test_a_confinement_nurse_is_reserved_months_ahead(town: Town) -> None:
    due = (town.tomorrow() + timedelta(days=250)).isoformat()

    of = reserve(town, "YS-01", starts_at=due)

    assert datetime.fromisoformat(of.shown()["starts_at"]) == datetime.fromisoformat(due)


@pytest.mark.requirement("R09", "R11")
@LEAVES
def test_an_engagement_goes_from_the_lead_to_the_settlement(town: Town, code: str) -> None:
    of, number = engage(town, code)
    take(of, PRICE_FEN + 130_000, f"SJ-{code}-1")
    of.wait(26)
    of.do("care/leaving", cause="finished")
    settled = of.do("care/settlement")
    of.do("completion")
    of.do("care/follow-up", note="客户满意")

    shown = of.shown()
    assert (settled["used_fen"], settled["balance_fen"]) == (PRICE_FEN + 130_000, 0)
    assert (shown["stage_label"], shown["worker_number"]) == ("已完成", number)
    (segment,) = of.parts("segment")
    period = [segment["facts"][name] for name in ("starts_on", "ends_on")]
    assert (segment["stage"], segment["worker_number"]) == ("off_duty", number)
    sentences = [step["sentence"] for step in shown["timeline"]]
    assert sentences[1:9] == [
        "顾问已联系",
        "需求已确认",
        f"已推荐人选（工号 {number}）",
        f"已视频面试（工号 {number}），您已选中",
        "合同条款和退费表已出示，请确认",
        "您已确认合同条款和退费表",
        f"已签约（工号 {number}），{' 至 '.join(period)}",
        "服务人员已到岗",
    ]
    assert "已结算：26 天，应付 ¥10,100.00，已付 ¥10,100.00，应退 ¥0.00" in sentences


@pytest.mark.requirement("R11")
@LEAVES
def test_no_engagement_ever_prepares_an_online_payment(town: Town, code: str) -> None:
    of, _ = engage(town, code)
    query = text("select count(*) from log.events where name like 'payment.%' and state ~ :order")

    answers = [of.customer.post(f"{of.path}/payments", {"charge_number": n}) for n in (1, 2)]

    assert {answer.json()["code"] for answer in answers} == {"reservation_not_payable"}
    with town.house.engine.connect() as connection:
        assert connection.execute(query, {"order": of.order_id}).scalar_one() == 0
