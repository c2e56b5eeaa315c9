"""Alerts over HTTP: who sees what needs a person, and how it leaves the list."""

from uuid import uuid4

import pytest

from domain.alerts import AlertCode
from tests.interface.sealed import Sealing
from tests.interface.town import Caller, Json, Town

ALERTS = "/api/v1/office/alerts"


def raised(town: Town) -> str:
    """A new alert; returns its subject."""
    subject = uuid4().hex
    town.house.alerts.raise_alert(
        AlertCode.FOREIGN_NOTICE, subject, mchid="1999999999", amount_fen=15_000
    )
    town.catch_up()
    return subject


def found(caller: Caller, subject: str, **query: Json) -> list[Json]:
    rows = caller.read(ALERTS, limit=100, **query)["alerts"]
    return [row for row in rows if row["subject"] == subject]


def the_row(caller: Caller, subject: str, **query: Json) -> Json:
    (row,) = found(caller, subject, **query)
    return row


def door(row: Json) -> str:
    return f"{ALERTS}/{row['alert_id']}/acknowledgement"


def test_an_alert_is_shown_with_its_label_and_its_facts(town: Town) -> None:
    subject = raised(town)
    shown = the_row(town.finance(), subject)
    assert (shown["code"], shown["label"]) == ("foreign_notice", "非本商户的支付通知")
    assert shown["facts"] == {"mchid": "1999999999", "amount_fen": 15_000}
    assert (shown["acknowledged_at"], shown["acknowledged_by"], shown["note"]) == (None, "", "")


def test_a_wrong_amount_waits_in_the_list_for_a_person(town: Town) -> None:
    town.simulate("pay", "/_sim/notice_rules", {"drop": True})
    customer, finance = town.customer(), town.finance()
    order = town.booked(customer)
    number = town.prepared(customer, order)
    transaction = town.pay_at_wechat(number)
    amount = {"total": 1, "payer_total": 1, "currency": "CNY"}
    assert Sealing(town).notice(transaction, amount=amount).post(town) == 200
    town.catch_up()
    shown = the_row(finance, transaction["transaction_id"])
    assert (shown["label"], shown["facts"]["out_trade_no"]) == ("金额不符", number)
    assert shown["facts"]["payable_id"] == order["order_id"]
    assert (shown["facts"]["amount_fen"], shown["facts"]["expected_fen"]) == (
        1,
        order["total_fen"],
    )
    finance.do(door(shown), {"note": "已联系顾客"})
    town.catch_up()
    assert found(finance, transaction["transaction_id"]) == []


def test_an_acknowledged_alert_leaves_the_open_list_and_stays_in_the_whole_one(
    town: Town,
) -> None:
    finance, subject = town.finance(), raised(town)
    row = the_row(finance, subject)
    before = finance.read(ALERTS, limit=1)["open_count"]
    told = finance.do(door(row), {"note": "已核实\n与我方无关"})
    town.catch_up()
    assert found(finance, subject) == []
    assert finance.read(ALERTS, limit=1)["open_count"] == before - 1
    settled = the_row(finance, subject, open=False)
    assert settled["acknowledged_at"] is not None
    assert told == {"alert_id": row["alert_id"], "acknowledged_by": settled["acknowledged_by"]}
    assert settled["acknowledged_by"].startswith("staff:")
    assert settled["note"] == "已核实\n与我方无关"


def test_a_second_acknowledgement_changes_nothing(town: Town) -> None:
    finance = town.finance()
    row = the_row(finance, raised(town))
    first = finance.do(door(row), {"note": "第一次"})
    position = town.position()
    assert finance.do(door(row), {"note": "第二次"}) == first
    assert town.position() == position


def test_a_repeated_key_is_one_acknowledgement(town: Town) -> None:
    finance = town.finance()
    row, key = the_row(finance, raised(town)), uuid4().hex
    answers = [finance.post(door(row), {"note": "已核实"}, key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    positions = {answer.headers["Jiawu-Position"] for answer in answers}
    assert positions == {str(town.position())}
    reused = finance.post(door(row), {"note": "另一段话"}, key=key)
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")


def test_a_dispatcher_sees_alerts_and_settles_none(town: Town) -> None:
    dispatcher = town.dispatcher()
    row = the_row(dispatcher, raised(town))
    assert dispatcher.post(door(row), {"note": "已核实"}).status_code == 403
    assert town.administrator().get(ALERTS).status_code == 403
    assert town.customer().get(ALERTS).status_code == 401


def test_an_alert_that_is_not_in_the_list_cannot_be_acknowledged(town: Town) -> None:
    answer = town.finance().post(f"{ALERTS}/{uuid4()}/acknowledgement", {"note": "已核实"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("note", ["长" * 501, "a\x00b", "a\u202eb", 7, None])
def test_a_malformed_note_is_refused(town: Town, note: Json) -> None:
    finance = town.finance()
    row = the_row(finance, raised(town))
    position = town.position()
    assert finance.post(door(row), {"note": note}).status_code == 422
    assert town.position() == position


@pytest.mark.parametrize(
    "query", [{"cursor": "x"}, {"limit": 0}, {"limit": 101}, {"open": "maybe"}, {"at_least": -1}]
)
def test_a_malformed_query_is_refused(town: Town, query: dict[str, Json]) -> None:
    assert town.finance().get(ALERTS, **query).status_code == 422


def test_alerts_are_listed_page_by_page(town: Town) -> None:
    finance, subjects = town.finance(), [raised(town) for _ in range(3)]
    walked: list[str] = []
    page = finance.read(ALERTS, limit=1)
    while len(walked) < 3:
        walked += [row["subject"] for row in page["alerts"]]
        page = finance.read(ALERTS, limit=1, cursor=page["next_cursor"])
    assert walked == subjects[::-1]
