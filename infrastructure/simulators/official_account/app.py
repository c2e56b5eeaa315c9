"""The simulator's application: the same paths as WeChat under one base address."""

from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from starlette.requests import ClientDisconnect

from application.clock import Clock
from infrastructure.simulators.official_account.authorization import (
    Authorization,
    AuthorizePageError,
)
from infrastructure.simulators.official_account.cgi import cgi_router
from infrastructure.simulators.official_account.control import control_router
from infrastructure.simulators.official_account.faults import Faults, FaultyLine
from infrastructure.simulators.official_account.grants import Grants
from infrastructure.simulators.official_account.pages import error_page, pages_router
from infrastructure.simulators.official_account.quotas import Quotas
from infrastructure.simulators.official_account.refusals import RefusalError, refusal_answer
from infrastructure.simulators.official_account.settings import SimulatorSettings
from infrastructure.simulators.official_account.sns import sns_router
from infrastructure.simulators.official_account.state import State
from infrastructure.simulators.official_account.switches import Switches
from infrastructure.simulators.official_account.tickets import AccessTokens, Renewed
from infrastructure.simulators.official_account.users import FakeUsers

STATIC = Path(__file__).parent / "static"


def create_app(settings: SimulatorSettings, clock: Clock) -> FastAPI:
    """A server with users and grants of its own, in memory; for the loopback only."""
    grants = Grants(clock)
    state = State(
        settings=settings,
        grants=grants,
        authorization=Authorization(settings.appid, settings.redirect_hosts, FakeUsers(), grants),
        tokens=AccessTokens(clock),
        ticket=Renewed(clock),
        quotas=Quotas(clock),
        switches=Switches(),
        faults=Faults(),
    )
    app = FastAPI(title="微信公众号模拟器", docs_url=None, redoc_url=None, openapi_url=None)
    for router in (pages_router, sns_router, cgi_router, control_router):
        app.include_router(router(state))
    app.mount("/_sim/static", StaticFiles(directory=STATIC))
    app.add_exception_handler(RefusalError, refusal_answer)
    app.add_exception_handler(AuthorizePageError, error_page)
    app.add_exception_handler(ClientDisconnect, _nobody_waits)
    app.add_middleware(FaultyLine, faults=state.faults)
    return app


def _nobody_waits(_request: Request, _error: Exception) -> Response:
    """The caller's patience ended before its body was read."""
    return Response()
