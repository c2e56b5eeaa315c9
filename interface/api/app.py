"""The web application: routes, errors, figures, documentation."""

from fastapi import FastAPI

from interface.api import (
    catalogue,
    customer_orders,
    docs,
    ledger,
    observing,
    office_orders,
    office_people,
    operations,
    problems,
    sessions,
)
from interface.callbacks import wechat_pay
from interface.household import Household


def create_app(household: Household) -> FastAPI:
    """The application over a wired household."""
    app = FastAPI(
        title="家务 Jiawu",
        version="0.1.0",
        description="家政服务的预约、支付与派单接口。金额单位为分，时间为带时区的 ISO 8601。",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.household = household
    app.state.metrics = operations.Metrics()
    app.middleware("http")(observing.observer(app.state.metrics))
    problems.install(app)
    for module in (
        *(catalogue, sessions, customer_orders, office_orders, office_people),
        *(ledger, operations, wechat_pay),
    ):
        app.include_router(module.router)
    docs.mount(app)
    return app
