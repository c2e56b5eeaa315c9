"""Payment notices over HTTP: what is believed, what is kept, and what never counts twice."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest

from domain.alerts import alert_id
from tests.interface.sealed import Sealing
from tests.interface.town import Caller, Json, Town

OFFICE = "/api/v1/office/orders"
STARTED = ["payment.started", "payment.prepared"]
PAID = [*STARTED, "payment.succeeded"]


@dataclass(frozen=True)
class Sale:
    """An order whose attempt is prepared; `transaction` once WeChat has the money."""

    customer: Caller
    order: Json
    number: str
    transaction: Json = None

    @property
    def order_id(self) -> UUID:
        return UUID(self.order["order_id"])

    def stage(self, town: Town) -> str:
        town.catch_up()
        return str(self.customer.read(f"/api/v1/orders/{self.order_id}")["stage"])


@pytest.fixture
def unpaid(town: Town) -> Sale:
    town.simulate("pay", "/_sim/notice_rules", {"drop": True})
    customer = town.customer()
    order = town.booked(customer)
    return Sale(customer, order, town.prepared(customer, order))


@pytest.fixture
def sale(town: Town, unpaid: Sale) -> Sale:
    """Paid at WeChat, which does not tell by itself."""
    transaction = town.pay_at_wechat(unpaid.number)
    return Sale(unpaid.customer, unpaid.order, unpaid.number, transaction)


def test_a_true_notice_pays_the_order(town: Town, sale: Sale) -> None:
    kept = town.kept_notices()
    assert Sealing(town).notice(sale.transaction).post(town) == 200
    assert town.facts_of_payment(sale.number) == PAID
    assert sale.stage(town) == "awaiting_assignment"
    assert town.kept_notices() == kept + 1


@pytest.mark.requirement("R10")
def test_a_repeated_notice_is_one_payment(town: Town, sale: Sale) -> None:
    sealing = Sealing(town)
    same = sealing.notice(sale.transaction)
    answers = [same.post(town), same.post(town), sealing.notice(sale.transaction).post(town)]
    assert answers == [200, 200, 200]
    assert town.facts_of_payment(sale.number) == PAID
    town.catch_up()
    assert town.facts_of(sale.order_id) == ["cleaning_order.booked", "cleaning_order.paid"]


@pytest.mark.requirement("R10")
def test_twenty_notices_at_once_are_one_payment(town: Town, sale: Sale) -> None:
    notices = [Sealing(town).notice(sale.transaction) for _ in range(20)]
    together = Barrier(20)

    def post(number: int) -> int:
        together.wait()
        return notices[number].post(town)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(post, range(20)))
    assert answers == [200] * 20
    assert town.facts_of_payment(sale.number) == PAID
    town.catch_up()
    assert town.facts_of(sale.order_id) == ["cleaning_order.booked", "cleaning_order.paid"]


@pytest.mark.parametrize("kind", ["bad_signature", "altered_body", "old_timestamp", "probe"])
def test_a_forged_notice_changes_and_keeps_nothing(town: Town, unpaid: Sale, kind: str) -> None:
    position, kept = town.position(), town.kept_notices()
    forged = {"kind": kind, "out_trade_no": unpaid.number}
    told = town.simulate("pay", "/_sim/notices/forge", forged)
    assert [attempt["status"] for attempt in told["attempts"]] == [401]
    assert (town.position(), town.kept_notices()) == (position, kept)
    assert unpaid.stage(town) == "awaiting_payment"


@pytest.mark.parametrize(
    "headers",
    [
        {"Wechatpay-Serial": ""},
        {"Wechatpay-Serial": "zz"},
        {"Wechatpay-Serial": "F" * 10_000},
        {"Wechatpay-Serial": "PUB_KEY_ID_0000000000000000000000000000000000"},
        {"Wechatpay-Signature": ""},
        {"Wechatpay-Signature": "not base64"},
        {"Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3"},
        {"Wechatpay-Nonce": "another"},
        {"Wechatpay-Timestamp": "now"},
        {"Wechatpay-Timestamp": "9" * 400},
        {"Wechatpay-Timestamp": "-1"},
    ],
    ids=lambda headers: "-".join(f"{k}={v[:12]}" for k, v in headers.items()),
)
def test_a_spoiled_signature_header_is_refused(
    town: Town, sale: Sale, headers: dict[str, str]
) -> None:
    position, kept = town.position(), town.kept_notices()
    assert Sealing(town, headers=headers).notice(sale.transaction).post(town) == 401
    assert (town.position(), town.kept_notices()) == (position, kept)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"null", b"\x00" * 100, b"[" * 50_000, b"x" * 65_537, b"x" * 1_000_000]
)
def test_an_unsigned_body_is_refused(town: Town, body: bytes) -> None:
    position, kept = town.position(), town.kept_notices()
    assert town.notice(body, {"Content-Type": "application/json"}) == 401
    assert (town.position(), town.kept_notices()) == (position, kept)


def test_a_signed_body_above_the_limit_is_refused(town: Town, sale: Sale) -> None:
    large = Sealing(town, envelope={"summary": "x" * 65_536})
    assert large.notice(sale.transaction).post(town) == 401
    assert town.facts_of_payment(sale.number) == STARTED


def test_the_same_meaning_in_other_bytes_is_refused(town: Town, sale: Sale) -> None:
    notice = Sealing(town).notice(sale.transaction)
    respelled = json.dumps(json.loads(notice.body), indent=1).encode()
    assert town.notice(respelled, notice.headers) == 401
    assert town.facts_of_payment(sale.number) == STARTED


def test_a_notice_is_good_for_five_minutes(town: Town, sale: Sale) -> None:
    notice = Sealing(town).notice(sale.transaction)
    town.clock.advance(timedelta(seconds=301))
    assert notice.post(town) == 401
    assert town.facts_of_payment(sale.number) == STARTED
    town.clock.advance(timedelta(seconds=-1))
    assert notice.post(town) == 200
    assert town.facts_of_payment(sale.number) == PAID


def alerts_about(town: Town, subject: str) -> list[tuple[str, Json]]:
    """What the office is told about a transaction: code and facts."""
    town.catch_up()
    rows = town.finance().read("/api/v1/office/alerts", limit=100)["alerts"]
    return [(row["code"], row["facts"]) for row in rows if row["subject"] == subject]


@pytest.mark.parametrize(
    ("changes", "mchid"),
    [({"mchid": "1999999999"}, "1999999999"), ({"appid": "wx0000000000000000"}, "")],
    ids=["another merchant", "another app"],
)
def test_a_notice_for_somebody_else_is_refused_and_kept_and_told_once(
    town: Town, sale: Sale, changes: dict[str, str], mchid: str
) -> None:
    kept, subject = town.kept_notices(), sale.transaction["transaction_id"]
    foreign = Sealing(town).notice(sale.transaction, **changes)
    assert [foreign.post(town), foreign.post(town)] == [401, 401]
    assert town.kept_notices() == kept + 2
    told = [("foreign_notice", {"mchid": mchid or sale.transaction["mchid"]})]
    assert alerts_about(town, subject) == told
    assert town.facts_of(alert_id("foreign_notice", subject)) == ["alert.raised"]
    assert town.facts_of_payment(sale.number) == STARTED
    assert sale.stage(town) == "awaiting_payment"


def test_a_forged_notice_for_another_merchant_credits_nobody(town: Town, unpaid: Sale) -> None:
    """Rightly signed, as every merchant's are; the simulator invents the success."""
    position, kept = town.position(), town.kept_notices()
    forged = {"kind": "wrong_mchid", "out_trade_no": unpaid.number}
    told = town.simulate("pay", "/_sim/notices/forge", forged)
    assert [attempt["status"] for attempt in told["attempts"]] == [401]
    assert (town.position(), town.kept_notices()) == (position + 1, kept + 1)  # the alert
    assert town.facts_of_payment(unpaid.number) == STARTED
    assert unpaid.stage(town) == "awaiting_payment"


def test_a_number_we_never_gave_is_not_credited_and_told_once(town: Town, sale: Sale) -> None:
    number, subject = "BJ261122-9999-0-C1A1", sale.transaction["transaction_id"]
    position, kept = town.position(), town.kept_notices()
    stranger = Sealing(town).notice(sale.transaction, out_trade_no=number)
    assert [stranger.post(town), stranger.post(town)] == [404, 404]
    assert town.position() == position + 1  # the alert and nothing else
    assert town.kept_notices() == kept + 2  # the raw notices came first
    amount_fen = sale.transaction["amount"]["total"]
    facts = {"out_trade_no": number, "amount_fen": amount_fen, "currency": "CNY"}
    assert alerts_about(town, subject) == [("unknown_number", facts)]
    assert town.facts_of_payment(sale.number) == STARTED


@pytest.mark.parametrize(
    "resource", [{"nonce": "short"}, {"associated_data": "refund"}, {"algorithm": "AES"}]
)
def test_a_notice_that_does_not_decrypt_credits_nobody(
    town: Town, sale: Sale, resource: dict[str, str]
) -> None:
    status = Sealing(town, resource=resource).notice(sale.transaction).post(town)
    assert status in {401, 500}
    assert town.facts_of_payment(sale.number) == STARTED


def test_a_rightly_signed_notice_that_does_not_decrypt_is_kept(town: Town, sale: Sale) -> None:
    kept = town.kept_notices()
    wrong = {"associated_data": "other"}
    assert Sealing(town, resource=wrong).notice(sale.transaction).post(town) == 500
    assert town.kept_notices() == kept + 1


@pytest.mark.parametrize(
    "amount",
    [
        {"total": 1, "payer_total": 1, "currency": "CNY"},
        {"total": 15_001, "payer_total": 15_001, "currency": "CNY"},
    ],
)
def test_a_wrong_amount_waits_in_suspense(town: Town, sale: Sale, amount: dict[str, Json]) -> None:
    assert Sealing(town).notice(sale.transaction, amount=amount).post(town) == 200
    assert town.facts_of_payment(sale.number) == [*STARTED, "payment.amount_mismatched"]
    assert sale.stage(town) == "awaiting_payment"
    entries = town.finance().read("/api/v1/office/ledger/entries", limit=100)["entries"]
    entry = next(e for e in entries if e["order_number"] == sale.order["order_number"])
    assert entry["rule"] == "P3"
    assert {line["name"]: line["credit_fen"] for line in entry["lines"] if line["credit_fen"]} == {
        "异常收款待退": amount["total"]
    }


def test_a_coupon_does_not_make_the_amount_wrong(town: Town, unpaid: Sale) -> None:
    transaction = town.pay_at_wechat(unpaid.number, coupon_fen=500)
    assert Sealing(town).notice(transaction).post(town) == 200
    assert town.facts_of_payment(unpaid.number) == PAID
    assert unpaid.stage(town) == "awaiting_assignment"


def test_another_currency_is_not_taken_for_fen(town: Town, sale: Sale) -> None:
    amount = {**sale.transaction["amount"], "currency": "HKD", "payer_currency": "HKD"}
    assert Sealing(town).notice(sale.transaction, amount=amount).post(town) == 200
    assert town.facts_of_payment(sale.number) == [*STARTED, "payment.amount_mismatched"]


def test_one_transaction_pays_no_second_order(town: Town, sale: Sale) -> None:
    """WeChat's number is one effect; a notice that names another order is refused loudly."""
    sealing = Sealing(town)
    assert sealing.notice(sale.transaction).post(town) == 200
    other = town.booked(sale.customer)
    number = town.prepared(sale.customer, other)
    assert sealing.notice(sale.transaction, out_trade_no=number).post(town) == 409
    assert town.facts_of_payment(number) == STARTED


def test_an_unpaid_state_in_a_notice_changes_nothing(town: Town, sale: Sale) -> None:
    closed = Sealing(town).notice(sale.transaction, trade_state="CLOSED")
    assert closed.post(town) == 200
    assert town.facts_of_payment(sale.number) == STARTED


def confirm(sale: Sale) -> Json:
    path = f"/api/v1/orders/{sale.order_id}/payments/{sale.number}/confirmation"
    return sale.customer.post(path)


def test_a_query_and_a_notice_at_once_are_one_payment(town: Town, sale: Sale) -> None:
    notices = [Sealing(town).notice(sale.transaction) for _ in range(4)]
    together = Barrier(8)

    def learn(number: int) -> int:
        together.wait()
        if number < 4:
            return notices[number].post(town)
        return int(confirm(sale).status_code)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(learn, range(8)))
    assert answers == [200] * 8
    assert town.facts_of_payment(sale.number) == PAID
    town.catch_up()
    assert town.facts_of(sale.order_id) == ["cleaning_order.booked", "cleaning_order.paid"]


def test_a_notice_after_a_query_changes_nothing(town: Town, sale: Sale) -> None:
    assert confirm(sale).json() == {"status": "succeeded"}
    position = town.position()
    assert Sealing(town).notice(sale.transaction).post(town) == 200
    assert town.position() == position
    assert sale.stage(town) == "awaiting_assignment"


def test_a_lost_notice_is_made_good_by_asking(town: Town, sale: Sale) -> None:
    town.courier.deliver_due()
    assert sale.stage(town) == "awaiting_payment"
    assert confirm(sale).json() == {"status": "succeeded"}
    assert sale.stage(town) == "awaiting_assignment"


def test_asking_about_an_unpaid_attempt_changes_nothing(town: Town, unpaid: Sale) -> None:
    position = town.position()
    assert confirm(unpaid).json() == {"status": "prepared"}
    assert town.position() == position


def test_a_refused_answer_to_wechat_says_fail_in_its_own_form(town: Town) -> None:
    answer = town.anybody().session.post(
        f"{town.url}/callbacks/wechat-pay/transactions", data=b"{}", timeout=5
    )
    assert answer.status_code == 401
    assert answer.json() == {"code": "FAIL", "message": "通知验签失败。"}


def test_money_for_a_cancelled_order_is_due_back(town: Town, sale: Sale) -> None:
    office = town.dispatcher()
    office.do(f"{OFFICE}/{sale.order_id}/cancellation", {"reason_code": "customer"})
    assert Sealing(town).notice(sale.transaction).post(town) == 200
    assert town.facts_of_payment(sale.number) == PAID
    town.catch_up()
    assert town.facts_of(sale.order_id) == [
        "cleaning_order.booked",
        "cleaning_order.cancelled",
        "cleaning_order.refund_due",
    ]
    shown = sale.customer.read(f"/api/v1/orders/{sale.order_id}")
    assert (shown["stage"], shown["refund_due_fen"]) == ("cancelled", sale.order["total_fen"])


def test_copies_of_a_notice_are_all_answered(town: Town) -> None:
    town.simulate("pay", "/_sim/notice_rules", {"duplicate": 2})
    customer = town.customer()
    order = town.booked(customer)
    number = town.prepared(customer, order)
    town.pay_at_wechat(number)
    assert town.courier.deliver_due() == 1
    told = town.outside.get(f"{town.pay_url}/_sim/notices", timeout=5).json()["notices"]
    mine = next(each for each in told if each["out_trade_no"] == number)
    assert [attempt["status"] for attempt in mine["attempts"]] == [200, 200, 200]
    assert town.facts_of_payment(number) == PAID
