"""The web application: routes, errors, figures, documentation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from anyio import to_thread
from fastapi import FastAPI
from starlette.types import ASGIApp

from interface.api import (
    addresses,
    areas,
    bodies,
    catalogue,
    closing,
    consents,
    customer_appliance_care,
    customer_care,
    customer_dry_cleaning,
    customer_hourly,
    customer_messages,
    customer_orders,
    customer_rescheduling,
    docs,
    headers,
    ledger,
    limiting,
    observing,
    office_alerts,
    office_appliance_care,
    office_capacity,
    office_care,
    office_care_leads,
    office_catalogue,
    office_charges,
    office_cleaning,
    office_closing,
    office_customers,
    office_disclosures,
    office_dispatch,
    office_dry_cleaning,
    office_hourly,
    office_messages,
    office_orders,
    office_people,
    office_receipts,
    office_repairs,
    office_shifts,
    office_workers,
    openapi,
    operations,
    preferences,
    problems,
    reorders,
    sessions,
    slots,
    uploads,
    wechat_js_sdk,
)
from interface.callbacks import wechat_pay
from interface.household import Household

# A request holds two connections at most (an errand's row and what the errand itself
# needs), so that many threads never wait for each other on an exhausted pool.
_THREADS: Final = 24


class Application(openapi.DocumentedApplication):
    """FastAPI with what surrounds every answer, a defect's included."""

    def build_middleware_stack(self) -> ASGIApp:
        """The library's own stack, which answers defects, within the headers."""
        secure = self.state.household.secure
        return headers.SecurityHeaders(super().build_middleware_stack(), tls=secure)


def create_app(household: Household) -> FastAPI:
    """The application over a wired household."""
    app = Application(
        title="家务 Jiawu",
        version="0.1.0",
        description="家政服务的预约、支付与派单接口。金额单位为分，时间为带时区的 ISO 8601。",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        redirect_slashes=False,  # such a redirect believes the Host header
    )
    app.state.household = household
    app.state.metrics = operations.Metrics()
    app.state.limits = limiting.Limits(household.clock, household.settings.rate_limits)
    app.add_middleware(bodies.BodyLimits)
    app.add_middleware(limiting.AddressLimiter, limits=app.state.limits)
    app.add_middleware(observing.Observer, metrics=app.state.metrics)
    problems.install(app)
    for module in (
        *(catalogue, sessions, customer_orders, office_orders, office_charges),
        *(
            office_catalogue,
            office_cleaning,
            office_workers,
            office_people,
            office_capacity,
            office_alerts,
        ),
        *(ledger, operations, wechat_js_sdk, wechat_pay),
        *(addresses, office_customers, office_disclosures, reorders),
        *(areas, slots, office_shifts),
        *(office_dispatch, customer_rescheduling, preferences, uploads),
        *(office_dry_cleaning, customer_dry_cleaning),
        *(office_hourly, customer_hourly),
        *(office_appliance_care, office_repairs, office_receipts, customer_appliance_care),
        *(office_care_leads, office_care, customer_care),
        *(office_messages, customer_messages),
        *(closing, office_closing, consents),
    ):
        # Not on the application: there FastAPI would answer in plain text.
        app.include_router(module.router, max_body_size=bodies.LARGEST)
    docs.mount(app)
    return app


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    to_thread.current_default_thread_limiter().total_tokens = _THREADS
    yield
