"""Case 23: WeChat's keys come and go, and ours may be wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from application.event_map import ROUTINES
from domain.time import shanghai_day
from interface.api.app import create_app
from interface.household import Household, build
from interface.settings import NOTIFY_PATH, Settings
from tests.interface.nastiest_cases.sales import (
    PAID,
    STARTED,
    Sale,
    alerts_about,
    labels_about,
    prepared_sale,
)
from tests.interface.nastiest_cases.wire import no_call_to_wechat
from tests.interface.sealed import SealedNotice
from tests.interface.town import Json, Town
from tests.loopback import serving

KEYS_ARE_FETCHED_EVERY = ROUTINES["wechat_pay.keys"].every


@dataclass(frozen=True)
class Web:
    """A web process with keys of its own, beside the town's."""

    town: Town
    house: Household
    url: str

    def take(self, notice: SealedNotice) -> int:
        """Post a notice to it; the status of the answer."""
        answer = self.town.outside.post(
            self.url + NOTIFY_PATH, data=notice.body, headers=notice.headers, timeout=20
        )
        return answer.status_code


@contextmanager
def web_process(town: Town, **settings: object) -> Iterator[Web]:
    """A process on the town's database, some settings changed."""
    house = build(_changed(town.house.settings, settings), town.clock)
    with serving(create_app(house)) as url:
        yield Web(town, house, url)
    house.close()


def _changed(settings: Settings, changes: dict[str, object]) -> Settings:
    return settings.model_copy(update=changes)


def keys(town: Town, what: str, **how: Json) -> Json:
    """A command to the simulator about WeChat's keys."""
    return town.simulate("pay", f"/_sim/keys/{what}", how)


def in_certificate_mode(town: Town) -> dict[str, str]:
    """WeChat signs with its oldest certificate; serial → PEM of the one that signs."""
    shown = keys(town, "mode", mode="certificate")["certificates"]
    return {each["serial_no"]: each["certificate_pem"] for each in shown if each["active"]}


def paid_sales(town: Town, how_many: int) -> list[tuple[Sale, Json]]:
    """Sales with their transactions; nobody told of them yet."""
    town.simulate("pay", "/_sim/notice_rules", {"drop": True})
    sales = [prepared_sale(town) for _ in range(how_many)]
    return [(sale, sale.pay()) for sale in sales]


def test_case_23_the_old_and_the_new_certificate_are_both_believed(town: Town) -> None:
    """Rotation: the next one is fetched while the old one signs, then the new one signs."""
    town.clock.advance(KEYS_ARE_FETCHED_EVERY)
    (by_old, first), (beside, second), (by_new, third) = paid_sales(town, 3)
    with web_process(town, pay_platform_keys=in_certificate_mode(town)) as web:
        assert web.take(by_old.notice(first)) == 200
        keys(town, "rotate")
        assert web.take(beside.notice(second)) == 200
        run_upkeep(web.house)
        newest = keys(town, "switch")["serial_no"]
        notice = by_new.notice(third)
        assert (notice.headers["Wechatpay-Serial"], web.take(notice)) == (newest, 200)
    for sale in (by_old, beside, by_new):
        sale.is_paid_once()


def test_case_23_a_certificate_that_the_worker_fetched_is_known_to_the_web(town: Town) -> None:
    """The routine runs in another process than the one that WeChat posts to."""
    town.clock.advance(KEYS_ARE_FETCHED_EVERY)
    ((sale, transaction),) = paid_sales(town, 1)
    certificates = in_certificate_mode(town)
    with web_process(town, pay_platform_keys=certificates) as web:
        with web_process(town, pay_platform_keys=certificates) as worker:
            keys(town, "rotate")
            run_upkeep(worker.house)
        keys(town, "switch")
        assert web.take(sale.notice(transaction)) == 200
    sale.is_paid_once()


def run_upkeep(house: Household) -> None:
    """The routines that are due, and whatever else is."""
    house.deadlines.install()
    while house.deadlines.run_due():
        pass


def test_case_23_on_the_way_to_the_public_key_both_keys_are_believed(town: Town) -> None:
    """Grey mix: some notices are signed by the certificate, some by the public key."""
    sales = paid_sales(town, 4)
    both = in_certificate_mode(town) | town.house.settings.platform_keys
    keys(town, "mode", mode="grey", grey_notice_percent=50)
    with web_process(town, pay_platform_keys=both) as web:
        notices = [sale.notice(transaction) for sale, transaction in sales]
        assert {notice.headers["Wechatpay-Serial"] for notice in notices} == set(both)
        assert [web.take(notice) for notice in notices] == [200] * 4
    for sale, _ in sales:
        sale.is_paid_once()


@pytest.mark.parametrize("serial", ["PUB_KEY_ID_" + "9" * 34, "5A" * 20])
def test_case_23_an_unknown_serial_is_refused_and_fetches_nothing(town: Town, serial: str) -> None:
    """Whoever invents a serial gets 401 and cannot make us call WeChat, in either mode of keys."""
    ((sale, transaction),) = paid_sales(town, 1)
    certificates = in_certificate_mode(town)
    keys(town, "mode", mode="public_key")
    notice = sale.notice(transaction)
    notice.headers["Wechatpay-Serial"] = serial
    before = (town.position(), town.kept_notices())
    with web_process(town, pay_platform_keys=certificates) as web, no_call_to_wechat(town):
        assert (web.take(notice), notice.post(town)) == (401, 401)
    assert (town.position(), town.kept_notices()) == before
    sale.is_untouched()


def test_case_23_a_wrong_apiv3_key_makes_wechat_try_again_until_it_is_right(town: Town) -> None:
    """Rightly signed, undecryptable: kept and answered 500; with the right key it then counts."""
    ((sale, transaction),) = paid_sales(town, 1)
    kept = town.kept_notices()
    wrong = SecretStr("0123456789abcdef0123456789abcdef")
    with web_process(town, pay_apiv3_key=wrong) as web, no_call_to_wechat(town):
        assert [web.take(sale.notice(transaction)) for _ in range(2)] == [500, 500]
    assert town.kept_notices() == kept + 2
    assert (sale.facts(), alerts_about(town, sale.number)) == (STARTED, [])
    today = shanghai_day(town.clock.now()).isoformat()
    assert labels_about(town, today) == ["支付通知无法解密"], "one alert a day, not a notice"
    assert sale.notice(transaction).post(town) == 200
    assert sale.facts() == PAID
    sale.is_paid_once()
