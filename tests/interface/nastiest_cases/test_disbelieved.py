"""Cases 5 to 8: forged, replayed, probing or foreign messages of WeChat's."""

from datetime import timedelta

import pytest

from application.projections import cash_journal
from tests.interface.nastiest_cases.sales import (
    PAID,
    STARTED,
    Sale,
    labels_about,
    prepared_sale,
    work,
)
from tests.interface.nastiest_cases.wire import no_call_to_wechat
from tests.interface.town import Json, Town


def test_a_call_to_wechat_does_not_go_unnoticed(town: Town) -> None:
    sale = prepared_sale(town)
    with pytest.raises(AssertionError, match="WeChat was called"), no_call_to_wechat(town):
        sale.confirm()


def forge(town: Town, sale: Sale, kind: str) -> int:
    """Post a forgery about the sale; the status of the answer."""
    told = town.simulate("pay", "/_sim/notices/forge", {"kind": kind, "out_trade_no": sale.number})
    (attempt,) = told["attempts"]
    return int(attempt["status"])


@pytest.mark.parametrize("kind", ["bad_signature", "altered_body", "unknown_serial"])
def test_case_05_a_forged_notice_is_refused_without_a_trace_or_a_call(
    town: Town, kind: str
) -> None:
    """A forged signature or a tampered byte: 401, no state, no network call."""
    sale = prepared_sale(town)
    before = (town.position(), town.kept_notices())
    with no_call_to_wechat(town):
        assert forge(town, sale, kind) == 401
    assert (town.position(), town.kept_notices()) == before
    sale.is_untouched()


def test_case_06_a_replay_is_refused_after_five_minutes_and_does_nothing_before(
    town: Town,
) -> None:
    """A valid signature is good for 5 minutes; inside them a replay is a no-op, answered 200."""
    sale = prepared_sale(town)
    notice = sale.notice(sale.pay())
    assert notice.post(town) == 200
    town.clock.advance(timedelta(minutes=5))
    before = town.position()
    assert notice.post(town) == 200
    town.clock.advance(timedelta(seconds=1))
    kept = town.kept_notices()
    assert notice.post(town) == 401
    assert (town.position(), town.kept_notices()) == (before, kept)
    sale.is_paid_once()


def test_case_06_a_notice_first_seen_after_five_minutes_is_refused(town: Town) -> None:
    """A valid signature that is too old states nothing; the next telling of it does."""
    sale = prepared_sale(town)
    transaction = sale.pay()
    stale = sale.notice(transaction)
    town.clock.advance(timedelta(seconds=301))
    assert stale.post(town) == 401
    sale.is_untouched()
    assert sale.notice(transaction).post(town) == 200
    sale.is_paid_once()


def test_case_07_a_probe_among_the_notices_is_refused_and_the_true_one_counts(
    town: Town,
) -> None:
    """A signature probe (签名探测) is answered 401; the proper notice follows by WeChat's table."""
    town.simulate("pay", "/_sim/notice_rules", {"probe_first": True})
    sale = prepared_sale(town)
    before = (town.position(), town.kept_notices())
    sale.pay()
    with no_call_to_wechat(town):
        town.courier.deliver_due()
    assert (town.position(), town.kept_notices()) == before
    sale.is_untouched()
    town.clock.advance(timedelta(seconds=15))
    town.courier.deliver_due()
    sale.is_paid_once()


def test_case_07_a_probing_answer_to_a_query_is_no_answer(town: Town) -> None:
    """A probe on a response: nothing is known, so WeChat is asked again."""
    sale = prepared_sale(town)
    sale.pay()
    probe(town, sale.number)
    assert sale.confirm() == "prepared"
    sale.is_untouched()
    assert sale.confirm() == "succeeded"
    sale.is_paid_once()


def test_case_07_a_probing_answer_to_a_prepay_is_asked_for_again(town: Town) -> None:
    """A probe on a response: the same request is repeated, and one attempt comes of it."""
    customer = town.customer()
    order = town.booked(customer)
    probe(town, "jsapi")
    unready = customer.post(f"/api/v1/orders/{order['order_id']}/payments")
    assert unready.status_code == 503
    sale = Sale(town, customer, order, f"{order['order_number']}-C1A1")
    assert sale.facts() == ["started"]
    town.clock.advance(timedelta(seconds=2))
    work(town)
    assert sale.facts() == STARTED


def test_case_07_a_probing_answer_to_a_close_is_settled_by_a_query(town: Town) -> None:
    """A probe on a response: whether WeChat closed is unknown until a verified query says so."""
    sale = prepared_sale(town)
    sale.cancel()
    probe(town, f"{sale.number}/close")
    work(town)
    assert sale.facts() == [*STARTED, "closing_requested", "closed"]
    assert sale.story() == ["booked", "cancelled"]


def probe(town: Town, path: str) -> None:
    """The next answer about the path carries a signature probe."""
    fault = {"path_contains": path, "probe_signature": True}
    town.simulate("pay", "/_sim/fail_next", fault)


FOREIGN = [
    ("wrong_mchid", 401, "非本商户的支付通知"),
    ("wrong_appid", 401, "非本商户的支付通知"),
    ("unknown_number", 404, "未知商户订单号"),
]


@pytest.mark.parametrize(("kind", "status", "label"), FOREIGN, ids=[each[0] for each in FOREIGN])
def test_case_08_a_foreign_or_unknown_success_is_kept_and_told_to_a_person(
    town: Town, kind: str, status: int, label: str
) -> None:
    """Rightly signed, but another mchid, appid or number: refused, alert, never credited."""
    sale = prepared_sale(town)
    transaction = sale.pay()
    kept = town.kept_notices()
    with no_call_to_wechat(town):
        assert [forge(town, sale, kind) for _ in range(2)] == [status, status]
    assert town.kept_notices() == kept + 2
    assert labels_about(town, transaction["transaction_id"]) == [label]
    sale.is_untouched()
    assert credited(town, transaction) == 0
    town.courier.deliver_due()  # the true notice of the same payment
    assert sale.facts() == PAID
    town.catch_up()
    assert credited(town, transaction) == 1


def credited(town: Town, transaction: Json) -> int:
    """How many entries of the journal name the transaction, whatever the order."""
    with town.house.engine.connect() as connection:
        entries = cash_journal.list_entries(connection, limit=100).rows
    told = [{line["transaction_id"] for line in entry["lines"]} for entry in entries]
    return sum(transaction["transaction_id"] in each for each in told)
