"""Who asks: the session behind a request, and what its roles permit."""

from collections.abc import Callable
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Request, Response, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from application.access import Permission, Subject, SubjectKind, permissions_of, require
from domain.errors import ForbiddenError, UnauthenticatedError
from interface.api.limiting import Limits, admit_person
from interface.household import Household

CUSTOMER_COOKIE: Final = "jiawu_customer"
STAFF_COOKIE: Final = "jiawu_staff"
# A browser takes such a cookie only over TLS, for all paths and from the host itself,
# so that no neighbouring host can plant one (RFC 6265bis, cookie name prefixes).
HOST_PREFIX: Final = "__Host-"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class SessionCookie(APIKeyCookie):
    """A session's cookie; its name on the wire depends on TLS."""

    def __init__(self, name: str, scheme_name: str) -> None:
        super().__init__(name=name, scheme_name=scheme_name, auto_error=False)

    async def __call__(self, request: HTTPConnection) -> str | None:
        """The token, if the browser sent one."""
        house: Household = request.app.state.household
        return request.cookies.get(session_cookie(self.model.name, secure=house.secure))


_bearer = HTTPBearer(auto_error=False, scheme_name="bearer", description="会话令牌")
_customer_cookie = SessionCookie(CUSTOMER_COOKIE, "customer_cookie")
_staff_cookie = SessionCookie(STAFF_COOKIE, "staff_cookie")


class ForeignOriginError(ForbiddenError):
    """A page of another site sent the customer's or staff's cookie."""

    code = "foreign_origin"
    sentence = "请求来源不正确。"


async def household(request: Request) -> Household:
    """The wired product; a coroutine, as what does no I/O needs no thread of its own."""
    found: Household = request.app.state.household
    return found


House = Annotated[Household, Depends(household)]
Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
CustomerCookie = Annotated[str | None, Security(_customer_cookie)]
StaffCookie = Annotated[str | None, Security(_staff_cookie)]


def customer_id(
    request: Request,
    house: House,
    bearer: Bearer,
    cookie: CustomerCookie,
) -> UUID:
    """The customer who asks. Raises UnauthenticatedError."""
    return _subject(request, house, bearer, cookie, SubjectKind.CUSTOMER).id


def staff(
    request: Request,
    house: House,
    bearer: Bearer,
    cookie: StaffCookie,
) -> Subject:
    """The member of staff who asks. Raises UnauthenticatedError."""
    return _subject(request, house, bearer, cookie, SubjectKind.STAFF)


def may(permission: Permission) -> Callable[..., Subject]:
    """A dependency: staff whose roles now permit this; else ForbiddenError."""

    def check(request: Request, house: House, bearer: Bearer, cookie: StaffCookie) -> Subject:
        who = staff(request, house, bearer, cookie)
        require(permissions_of(house.staff_login.roles(who)), permission)
        return who

    return check


def token_of(bearer: HTTPAuthorizationCredentials | None, cookie: str | None) -> str:
    """The session's token: the header wins over the cookie; "" where there is none."""
    return bearer.credentials if bearer is not None else cookie or ""


def session_cookie(name: str, *, secure: bool) -> str:
    """What a session's cookie is called on the wire."""
    return f"{HOST_PREFIX}{name}" if secure else name


def set_session(response: Response, name: str, token: str, *, secure: bool) -> None:
    """Give the browser the session's cookie."""
    name = session_cookie(name, secure=secure)
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
    limits: Limits = request.app.state.limits
    admit_person(limits, request.method, request.url.path, f"{subject.kind}:{subject.id}")
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
