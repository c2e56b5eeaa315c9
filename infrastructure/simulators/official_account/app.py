"""The simulator's application: the same paths as WeChat under one base address."""

from dataclasses import dataclass, field
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from application.clock import Clock
from infrastructure.simulators.official_account.authorization import (
    Authorization,
    AuthorizePageError,
)
from infrastructure.simulators.official_account.control import control_router
from infrastructure.simulators.official_account.grants import Grants, SnsError
from infrastructure.simulators.official_account.pages import error_page, pages_router
from infrastructure.simulators.official_account.sns import sns_error_answer, sns_router
from infrastructure.simulators.official_account.users import FakeUsers

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """The account that is simulated.

    `redirect_hosts` are the authorized web domains (网页授权域名): bare host
    names; a host does not cover its subdomains, the port does not matter.
    """

    appid: str
    secret: str = field(repr=False)
    redirect_hosts: frozenset[str] = frozenset({"127.0.0.1", "localhost"})


def create_app(settings: SimulatorSettings, clock: Clock) -> FastAPI:
    """A server with users and grants of its own, in memory; for the loopback only."""
    grants = Grants(clock)
    authorization = Authorization(settings.appid, settings.redirect_hosts, FakeUsers(), grants)
    app = FastAPI(title="微信公众号模拟器", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(pages_router(authorization))
    app.include_router(sns_router(settings.appid, settings.secret, grants))
    app.include_router(control_router(authorization))
    app.mount("/_sim/static", StaticFiles(directory=STATIC))
    app.add_exception_handler(SnsError, sns_error_answer)
    app.add_exception_handler(AuthorizePageError, error_page)
    return app
