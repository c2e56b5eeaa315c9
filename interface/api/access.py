"""Who asks: the session behind a request, and what its roles permit."""

from collections.abc import Callable
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Request, Response, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from application.access import Permission, Subject, SubjectKind, permissions_of, require
from domain.errors import ForbiddenError, UnauthenticatedError
from interface.household import Household

CUSTOMER_COOKIE: Final = "jiawu_customer"
STAFF_COOKIE: Final = "jiawu_staff"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_bearer = HTTPBearer(auto_error=False, description="会话令牌")
_customer_cookie = APIKeyCookie(name=CUSTOMER_COOKIE, auto_error=False)
_staff_cookie = APIKeyCookie(name=STAFF_COOKIE, auto_error=False)


class ForeignOriginError(ForbiddenError):
    """A page of another site sent the customer's or staff's cookie."""

    code = "foreign_origin"
    sentence = "请求来源不正确。"


def household(request: Request) -> Household:
    """The wired product."""
    found: Household = request.app.state.household
    return found


House = Annotated[Household, Depends(household)]
Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


def customer_id(
    request: Request,
    house: House,
    bearer: Bearer,
    cookie: Annotated[str | None, Security(_customer_cookie)],
) -> UUID:
    """The customer who asks. Raises UnauthenticatedError."""
    return _subject(request, house, bearer, cookie, SubjectKind.CUSTOMER).id


def staff(
    request: Request,
    house: House,
    bearer: Bearer,
    cookie: Annotated[str | None, Security(_staff_cookie)],
) -> Subject:
    """The member of staff who asks. Raises UnauthenticatedError."""
    return _subject(request, house, bearer, cookie, SubjectKind.STAFF)


def may(permission: Permission) -> Callable[[Household, Subject], Subject]:
    """A dependency: staff whose roles now permit this; else ForbiddenError."""

    def check(house: House, who: Annotated[Subject, Depends(staff)]) -> Subject:
        require(permissions_of(house.staff_login.roles(who)), permission)
        return who

    return check


def token_of(bearer: HTTPAuthorizationCredentials | None, cookie: str | None) -> str:
    """The session's token: the header wins over the cookie; "" where there is none."""
    return bearer.credentials if bearer is not None else cookie or ""


def set_session(response: Response, name: str, token: str, *, secure: bool) -> None:
    """Give the browser the session's cookie."""
    response.set_cookie(name, token, httponly=True, samesite="lax", secure=secure, path="/")


def _subject(
    request: Request,
    house: Household,
    bearer: HTTPAuthorizationCredentials | None,
    cookie: str | None,
    kind: SubjectKind,
) -> Subject:
    token = token_of(bearer, cookie)
    subject = house.sessions.subject_of(token) if token else None
    if subject is None or subject.kind != kind:
        raise UnauthenticatedError
    if bearer is None:
        _check_origin(request, house)
    return subject


def _check_origin(request: Request, house: Household) -> None:
    """A cookie goes along with other sites' requests too; those may only read."""
    if request.method in _SAFE:
        return
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    if origin not in {None, house.settings.base_url} or site not in {"same-origin", "none"}:
        raise ForeignOriginError


CustomerId = Annotated[UUID, Depends(customer_id)]
Staff = Annotated[Subject, Depends(staff)]
