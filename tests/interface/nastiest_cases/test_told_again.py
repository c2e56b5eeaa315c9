"""Cases 1 to 4 and 24: the same success told often, at once, late, never, or to a dying process."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Event

from application.crash_points import CrashPoint, watching
from infrastructure.simulators.wechat_pay.notifier import Notifier
from infrastructure.simulators.wechat_pay.posting import SessionPost
from interface.cli.simulating import pay_app
from tests.interface.nastiest_cases.sales import Sale, at_once, prepared_sale, work
from tests.interface.sealed import Sealing
from tests.interface.town import Json, Town
from tests.loopback import Message, Receive, Send, serving

PATIENCE = 2  # seconds of real time, WeChat's five


class KilledError(BaseException):
    """The process dies here."""


def test_case_01_a_notice_told_twice_or_twenty_times_at_once_is_one_payment(town: Town) -> None:
    """One payment event, and every copy is answered with 200."""
    twice, twenty = prepared_sale(town), prepared_sale(town)
    same = twice.notice(twice.pay())
    assert [same.post(town), same.post(town)] == [200, 200]
    transaction = twenty.pay()
    copies = [twenty.notice(transaction) for _ in range(20)]
    assert at_once([partial(each.post, town) for each in copies]) == [200] * 20
    twice.is_paid_once()
    twenty.is_paid_once()


def test_case_02_a_notice_and_a_query_that_race_are_one_payment(town: Town) -> None:
    """One event, as WeChat's transaction_id stands in the log once."""
    for _ in range(3):
        sale = prepared_sale(town)
        transaction = sale.pay()
        town.clock.advance(timedelta(seconds=30))
        notices = [sale.notice(transaction) for _ in range(4)]
        tell: list[Callable[[], Json]] = [partial(each.post, town) for each in notices]
        ask: list[Callable[[], Json]] = [sale.confirm] * 4
        poll: list[Callable[[], Json]] = [town.house.outbox.run_due] * 2
        answers = at_once([*tell, *ask, *poll])
        assert answers[:8] == [200] * 4 + ["succeeded"] * 4
        sale.is_paid_once()
        assert [each["transaction_id"] for each in sale.arrivals()] == [
            transaction["transaction_id"]
        ]


def test_case_03_a_notice_a_day_after_the_query_changes_nothing(town: Town) -> None:
    """The query said SUCCESS; the notice that comes 24 h later is answered 200 and does nothing."""
    town.simulate("pay", "/_sim/notice_rules", {"delay_seconds": 86_400})
    sale = prepared_sale(town)
    sale.pay()
    town.clock.advance(timedelta(seconds=30))
    work(town)
    sale.is_paid_once()
    town.clock.advance(timedelta(days=1))
    position = town.position()
    town.courier.deliver_due()
    assert told_statuses(town, sale) == [200]
    assert town.position() == position
    sale.is_paid_once()


def test_case_04_when_all_notices_are_lost_the_poller_finds_the_payment(town: Town) -> None:
    """All notices lost: asking finds the success; if that died too, the day's bill does."""
    town.simulate("pay", "/_sim/notice_rules", {"drop": True})
    sale = prepared_sale(town)
    sale.pay()
    work(town)
    sale.is_untouched()
    town.clock.advance(timedelta(seconds=30))
    work(town)
    assert told_statuses(town, sale) == []
    sale.is_paid_once()
    assert [each["learned_from"] for each in sale.arrivals()] == ["query"]


def test_case_24_a_handler_slower_than_wechats_patience_is_told_again(town: Town) -> None:
    """Answered too late is not answered: the success is told again and credited once."""
    sale, courier = prepared_sale(town), impatient_courier(town)
    courier.announce(town.house.settings.notify_url, sale.pay())
    stated, gave_up = Event(), Event()

    def dawdle(point: CrashPoint) -> None:
        if point is CrashPoint.SUCCESS_STATED:
            stated.set()
            gave_up.wait(20)

    with watching(dawdle):
        courier.deliver_due()
        assert stated.wait(20)  # a slow machine may come to it after the courier has left
        assert sale.facts()[-1] == "succeeded"  # committed, and WeChat does not know
        gave_up.set()
    town.clock.advance(timedelta(seconds=15))
    courier.deliver_due()
    assert [attempt["status"] for attempt in told_by(courier)["attempts"]] == [None, 200]
    sale.is_paid_once()
    courier.stop()


def test_case_24_a_crash_between_the_commit_and_the_answer_credits_once(town: Town) -> None:
    """The process dies with the payment stated and WeChat not answered: told again, one credit."""
    sale = prepared_sale(town)
    sale.pay()

    def die(point: CrashPoint) -> None:
        if point is CrashPoint.SUCCESS_STATED:
            raise KilledError

    with watching(die):
        town.courier.deliver_due()
    assert sale.facts()[-1] == "succeeded"
    town.clock.advance(timedelta(seconds=15))
    town.courier.deliver_due()
    assert told_statuses(town, sale) == [500, 200]
    sale.is_paid_once()


def test_case_24_wechat_takes_a_200_that_says_fail_for_an_acknowledgement(town: Town) -> None:
    """Only the status counts: whoever answers 200 with FAIL is never told again, so we never do."""
    sale, courier = prepared_sale(town), impatient_courier(town)
    transaction = sale.pay()
    with serving(_says_fail) as url:
        courier.announce(url, transaction)
        courier.deliver_due()
    told = told_by(courier)
    assert (told["state"], told["due"]) == ("acknowledged", None)
    courier.stop()
    refused = Sealing(town, headers={"Wechatpay-Nonce": "another"}).notice(transaction)
    answer = town.outside.post(
        town.house.settings.notify_url, data=refused.body, headers=refused.headers, timeout=5
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "FAIL")


async def _says_fail(_: Message, receive: Receive, send: Send) -> None:
    del receive
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b'{"code":"FAIL"}'})


def impatient_courier(town: Town) -> Notifier:
    """WeChat's courier, with the table of retries and less patience."""
    settings = pay_app(town.house.settings, town.clock).state.desk.settings
    return Notifier(settings, town.clock, post=SessionPost(PATIENCE))


def told_by(courier: Notifier) -> Json:
    """The one notice of the courier."""
    (told,) = courier.notices()
    return told


def told_statuses(town: Town, sale: Sale) -> list[Json]:
    """What WeChat was answered about the sale."""
    told = town.outside.get(f"{town.pay_url}/_sim/notices", timeout=5).json()["notices"]
    mine = [each for each in told if each["out_trade_no"] == sale.number]
    return [attempt["status"] for each in mine for attempt in each["attempts"]]
