"""The page on which a fake user is chosen, in place of WeChat's own client."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates
from pydantic import BaseModel

from infrastructure.simulators.official_account.authorization import AuthorizePageError
from infrastructure.simulators.official_account.state import State
from infrastructure.simulators.official_account.users import DECLINE

TEMPLATES = Jinja2Templates(Path(__file__).parent / "templates")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:;"
    " base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}
# The first of two calls back is made as a picture is loaded; the page follows.
DOUBLED_HEADERS = HEADERS | {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src http: https: data:;"
    " base-uri 'none'; frame-ancestors 'none'"
}


class Answer(BaseModel):
    """The form of the page; `twice` is its box."""

    openid: str
    redirect_uri: str
    scope: str
    state: str = ""
    twice: bool = False


def pages_router(state: State) -> APIRouter:
    """The page and its answer: a code is issued when a user is chosen, not before."""
    router = APIRouter(default_response_class=HTMLResponse)
    authorization, switches = state.authorization, state.switches

    @router.get("/connect/oauth2/authorize")
    def choose(request: Request) -> HTMLResponse:
        asked = authorization.parse(request.url.query)
        context = {
            "asked": asked,
            "users": authorization.users.all(),
            "decline": DECLINE,
            "twice": switches.double_callback,
        }
        return TEMPLATES.TemplateResponse(request, "authorize.html", context, headers=HEADERS)

    @router.post("/connect/oauth2/authorize")
    def chosen(request: Request, answer: Annotated[Answer, Form()]) -> Response:
        asked = authorization.checked(answer.redirect_uri, answer.scope, answer.state)
        address = authorization.answer(asked, answer.openid)
        if answer.twice:
            context = {"address": address}
            return TEMPLATES.TemplateResponse(
                request, "doubled.html", context, headers=DOUBLED_HEADERS
            )
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
