"""How often anybody may ask what (限流): one table, read top down, the first row wins.

Amounts are of one process, and of the notation of the library `limits`. A person is
who is logged in, with all their sessions; an address is the client's, behind trusted
proxies the one that they tell, and a home's whole network in IPv6.
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Whose(Enum):
    """Whose requests are counted together."""

    ADDRESS = "address"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class RouteClass:
    """Routes with limits in common.

    `routes` is matched against the beginning of "METHOD /path". Of one address at
    most `at_once` requests are under way, of all addresses together `at_once_of_all`.
    """

    name: str
    routes: re.Pattern[str]
    whose: Whose
    amounts: str
    at_once: int = 0
    at_once_of_all: int = 0


# WeChat Pay sends from few addresses and in bursts of 50 a second: this row only keeps
# somebody who floods the callback from taking all threads.
NOTICES: Final = RouteClass(
    "notices", re.compile(r"POST /callbacks/wechat-pay/"), Whose.ADDRESS, "12000/minute"
)

CLASSES: Final = (
    NOTICES,
    # A repeat waits up to 2.5 s for the first one's answer (application/logging_in),
    # and 24 threads serve everybody. Only routes without a body can be bounded so: who
    # sends one slowly would keep the others out.
    RouteClass(
        "login_callback",
        re.compile(r"GET /callbacks/wechat-login$"),
        Whose.ADDRESS,
        "120/minute",
        at_once=4,
        at_once_of_all=8,
    ),
    RouteClass("login", re.compile(r"GET /api/v1/wechat/login$"), Whose.ADDRESS, "120/minute"),
    # Above the lock of each account: a whole office logs in from one address at nine.
    RouteClass(
        "staff_login",
        re.compile(r"POST /api/v1/staff/sessions$"),
        Whose.ADDRESS,
        "30/minute;300/hour",
    ),
    RouteClass("js_sdk", re.compile(r"GET /api/v1/wechat/js-sdk$"), Whose.ADDRESS, "120/minute"),
    RouteClass(
        "quotes", re.compile(r"(GET|POST) /api/v1/(quotes|slots)$"), Whose.ADDRESS, "240/minute"
    ),
    RouteClass(
        "catalogue",
        re.compile(r"GET /api/v1/(areas|catalogue|services)(/|$)"),
        Whose.ADDRESS,
        "600/minute",
    ),
    # Numbers of receipts are not to be found by trying.
    RouteClass(
        "receipts",
        re.compile(r"GET /api/v1/erasure-receipts/"),
        Whose.ADDRESS,
        "30/minute;300/hour",
    ),
    RouteClass(
        "probes", re.compile(r"GET /(healthz|metrics|readyz)$"), Whose.ADDRESS, "300/minute"
    ),
    RouteClass(
        "bookings",
        re.compile(r"POST /api/v1/orders(/[^/]+/reorder)?$"),
        Whose.PERSON,
        "10/minute;60/hour",
    ),
    RouteClass(
        "bookings_by_office",
        re.compile(r"POST /api/v1/office/customers/[^/]+/orders$"),
        Whose.PERSON,
        "30/minute",
    ),
    # A day's quota is kept with the records themselves (application/disclosures).
    RouteClass(
        "disclosures", re.compile(r"POST /.*/contact-disclosure$"), Whose.PERSON, "30/minute"
    ),
    # One dispatcher uploads what all drivers of a day photograph, several of each garment.
    RouteClass(
        "uploads_by_office",
        re.compile(r"POST /api/v1/office/.*/uploads$"),
        Whose.PERSON,
        "60/minute;3000/day",
    ),
    RouteClass("uploads", re.compile(r"POST /.*/uploads$"), Whose.PERSON, "30/minute;300/day"),
    RouteClass(
        "commands", re.compile(r"(POST|PUT|PATCH|DELETE) /api/"), Whose.PERSON, "120/minute"
    ),
    RouteClass("reads", re.compile(r"[A-Z]+ /api/v1/"), Whose.PERSON, "600/minute"),
    RouteClass("files", re.compile(r""), Whose.ADDRESS, "600/minute"),
)

# Of whatever else one address asks, tokens that nobody has included.
EVERYTHING: Final = RouteClass("everything", re.compile(r""), Whose.ADDRESS, "3000/minute")


def class_of(method: str, path: str) -> RouteClass:
    """The row of a request."""
    asked = f"{method} {path}"
    return next(each for each in CLASSES if each.routes.match(asked))
