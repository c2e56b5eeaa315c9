"""The simulated WeChat: both servers, configured to match the product's demo keys."""

from urllib.parse import urlsplit

from fastapi import FastAPI

from application.clock import Clock
from infrastructure.clock import SystemClock
from infrastructure.simulators import official_account, wechat_pay
from interface.cli.serving import serve, serving
from interface.settings import Settings, SettingsError


def simulators(settings: Settings) -> int:
    """Serve both until SIGINT or SIGTERM. Raises SettingsError."""
    clock = SystemClock()
    with serving(account_app(settings, clock), port=settings.simulator_account_port):
        serve(pay_app(settings, clock), "127.0.0.1", settings.simulator_pay_port)
    return 0


def pay_app(settings: Settings, clock: Clock) -> FastAPI:
    """WeChat Pay, with the other end of the demo's keys. Raises SettingsError."""
    _check_demo(settings)
    return wechat_pay.create_app(
        wechat_pay.SimulatorSettings(
            appid=settings.wechat_appid,
            mchid=settings.pay_mchid,
            merchant_serial=settings.pay_serial,
            merchant_public_key_pem=settings.simulator_merchant_public_key,
            apiv3_key=settings.pay_apiv3_key.get_secret_value(),
            platform_private_key_pem=settings.simulator_platform_private_key.get_secret_value(),
            platform_key_id=next(iter(settings.platform_keys)),
            allow_loopback_http_notify=True,
            h5_domains=_our_hosts(settings),
        ),
        clock,
    )


def account_app(settings: Settings, clock: Clock) -> FastAPI:
    """The Official Account, with the demo's app. Raises SettingsError."""
    _check_demo(settings)
    return official_account.create_app(
        official_account.SimulatorSettings(
            appid=settings.wechat_appid,
            secret=settings.wechat_secret.get_secret_value(),
            redirect_hosts=_our_hosts(settings),
        ),
        clock,
    )


def _our_hosts(settings: Settings) -> frozenset[str]:
    """Where the product's pages may be opened from."""
    own = urlsplit(settings.base_url).hostname
    return frozenset({"127.0.0.1", "localhost"} | ({own} if own else set()))


def _check_demo(settings: Settings) -> None:
    if not settings.demo:
        raise SettingsError(what="模拟器只在演示模式（JIAWU_DEMO=1）下运行。")
