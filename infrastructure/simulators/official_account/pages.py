"""The page on which a fake user is chosen, in place of WeChat's own client."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.templating import Jinja2Templates

from infrastructure.simulators.official_account.authorization import (
    Authorization,
    AuthorizePageError,
)
from infrastructure.simulators.official_account.users import DECLINE

TEMPLATES = Jinja2Templates(Path(__file__).parent / "templates")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:;"
    " base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}


def pages_router(authorization: Authorization) -> APIRouter:
    """The page and its answer: a code is issued when a user is chosen, not before."""
    router = APIRouter(default_response_class=HTMLResponse)

    @router.get("/connect/oauth2/authorize")
    def choose(request: Request) -> HTMLResponse:
        asked = authorization.parse(request.url.query)
        context = {"asked": asked, "users": authorization.users.all(), "decline": DECLINE}
        return TEMPLATES.TemplateResponse(request, "authorize.html", context, headers=HEADERS)

    @router.post("/connect/oauth2/authorize")
    def chosen(
        openid: Annotated[str, Form()],
        redirect_uri: Annotated[str, Form()],
        scope: Annotated[str, Form()],
        state: Annotated[str, Form()] = "",
    ) -> RedirectResponse:
        asked = authorization.checked(redirect_uri, scope, state)
        address = authorization.answer(asked, openid)
        return RedirectResponse(address, status_code=302, headers=HEADERS)

    return router


def error_page(request: Request, error: Exception) -> HTMLResponse:
    """The page a user sees who cannot authorize."""
    if not isinstance(error, AuthorizePageError):
        raise error
    context = {"sentence": str(error)}
    return TEMPLATES.TemplateResponse(
        request, "error.html", context, status_code=400, headers=HEADERS
    )
