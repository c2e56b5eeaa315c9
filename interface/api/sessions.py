"""Logging in and out: customers through WeChat, staff by password."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response, status
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field, StringConstraints

from application.access import permissions_of
from application.logging_in import LoginStateError
from interface.api.access import (
    CUSTOMER_COOKIE,
    STAFF_COOKIE,
    Bearer,
    CustomerCookie,
    CustomerId,
    House,
    Staff,
    StaffCookie,
    session_cookie,
    set_session,
    token_of,
)
from interface.api.fields import Body, Text
from interface.api.problems import PROBLEM_ANSWERS
from interface.household import LOGIN_CALLBACK

router = APIRouter(tags=["登录"], responses=PROBLEM_ANSWERS)

STATE_COOKIE: Final = "jiawu_login_state"
_STATE_SECONDS: Final = 600


class StaffLoginBody(Body):
    """Log-in name and password."""

    login_name: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=1_000)]


class TokenView(BaseModel):
    """A session's token, to be sent as a bearer or kept as the cookie."""

    token: str


class StaffView(BaseModel):
    """Who is logged in, and what they may do."""

    staff_id: UUID
    roles: list[str]
    permissions: list[str]


class CustomerView(BaseModel):
    """Which customer is logged in."""

    customer_id: UUID


@router.get("/api/v1/wechat/login", status_code=status.HTTP_302_FOUND, response_class=Response)
def begin_login(
    house: House, return_path: Annotated[Text, Query(max_length=500)] = "/api/v1/me"
) -> RedirectResponse:
    """Send the customer to WeChat (网页授权)."""
    url, state = house.customer_login.begin(return_path)
    answer = RedirectResponse(url, status.HTTP_302_FOUND)
    answer.set_cookie(
        session_cookie(STATE_COOKIE, secure=house.secure),
        state,
        max_age=_STATE_SECONDS,
        httponly=True,
        samesite="lax",
        secure=house.secure,
        path="/" if house.secure else LOGIN_CALLBACK,  # the prefixed name asks for all paths
    )
    return answer


@router.get(LOGIN_CALLBACK, status_code=status.HTTP_303_SEE_OTHER, response_class=Response)
def finish_login(
    house: House,
    request: Request,
    state: Annotated[Text, Query(max_length=128)] = "",
    code: Annotated[Text, Query(max_length=512)] = "",
) -> RedirectResponse:
    """WeChat sends the customer back; without a code they declined."""
    bound = request.cookies.get(session_cookie(STATE_COOKIE, secure=house.secure))
    if not state or state != bound:
        raise LoginStateError
    token, return_path = house.customer_login.finish(code, state)
    answer = RedirectResponse(return_path, status.HTTP_303_SEE_OTHER)
    set_session(answer, CUSTOMER_COOKIE, token, secure=house.secure)
    return answer


@router.get("/api/v1/me")
def me(who: CustomerId) -> CustomerView:
    """The customer who asks."""
    return CustomerView(customer_id=who)


@router.delete("/api/v1/session", status_code=status.HTTP_204_NO_CONTENT)
def log_out(
    house: House,
    bearer: Bearer,
    who: CustomerId,
    cookie: CustomerCookie,
) -> None:
    """End the customer's session."""
    del who  # only somebody logged in may log out; the token names the session
    house.sessions.revoke(token_of(bearer, cookie))


@router.post("/api/v1/staff/sessions", status_code=status.HTTP_201_CREATED)
def staff_log_in(house: House, body: StaffLoginBody, response: Response) -> TokenView:
    """Log in by name and password; every failure reads the same."""
    token = house.staff_login.log_in(body.login_name, body.password)
    set_session(response, STAFF_COOKIE, token, secure=house.secure)
    return TokenView(token=token)


@router.get("/api/v1/staff/me")
def staff_me(house: House, who: Staff) -> StaffView:
    """Who asks, and what they may do now."""
    roles = house.staff_login.roles(who)
    permitted = sorted(str(each) for each in permissions_of(roles))
    return StaffView(staff_id=who.id, roles=sorted(roles), permissions=permitted)


@router.delete("/api/v1/staff/sessions", status_code=status.HTTP_204_NO_CONTENT)
def staff_log_out(
    house: House,
    bearer: Bearer,
    who: Staff,
    cookie: StaffCookie,
) -> None:
    """End this session."""
    del who  # only somebody logged in may log out; the token names the session
    house.sessions.revoke(token_of(bearer, cookie))
