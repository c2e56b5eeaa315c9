"""The simulator as an ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from application.clock import Clock
from infrastructure.simulators.wechat_pay import (
    api,
    cashier,
    control,
    control_keys,
    control_notices,
    h5_cashier,
)
from infrastructure.simulators.wechat_pay.desk import set_up_desk
from infrastructure.simulators.wechat_pay.notifier import Notifier
from infrastructure.simulators.wechat_pay.refusals import RefusalError
from infrastructure.simulators.wechat_pay.settings import SimulatorSettings


def create_app(
    settings: SimulatorSettings, clock: Clock, notifier: Notifier | None = None
) -> FastAPI:
    """A simulator with empty books.

    Args:
        settings: The merchant account.
        clock: Shared with the product, so that expiry and retries agree.
        notifier: The courier; give your own to call its `deliver_due`.

    Returns:
        An app to be served on loopback only: its control API asks no one who
        they are. Its lifespan runs the delivery of notices.
    """
    courier = notifier or Notifier(settings, clock)

    @asynccontextmanager
    async def delivering(_: FastAPI) -> AsyncIterator[None]:
        if settings.deliver_in_background:
            courier.start()
        yield
        courier.stop()

    app = FastAPI(title="微信支付模拟", lifespan=delivering, docs_url=None, redoc_url=None)
    app.state.desk = set_up_desk(settings, clock, courier)
    app.add_exception_handler(RefusalError, _refused)
    for part in (api, control, control_notices, control_keys, cashier, h5_cashier):
        app.include_router(part.router)
    return app


def _refused(_: Request, refusal: Exception) -> JSONResponse:
    """Only the control API comes here; APIv3 answers its refusals itself, signed."""
    if not isinstance(refusal, RefusalError):
        raise refusal
    return JSONResponse(refusal.body(), refusal.status)
