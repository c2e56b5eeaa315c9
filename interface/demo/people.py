"""The people of the story and WeChat's side of it: each knows only HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event
from time import monotonic
from typing import Any, ClassVar, Final, TypeAlias
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import requests

from domain.errors import JiawuError
from interface.cli.demo_data import PASSWORD

_TIMEOUT_SECONDS: Final = 10
_PATIENCE_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 0.03
_UNAUTHENTICATED: Final = 401
_ACCEPTED: Final = frozenset({200, 201})

# The browsers of the story; how one can pay follows them.
IN_WECHAT: Final = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile MicroMessenger/8.0.50"
ON_A_DESKTOP: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/128.0.0.0"

Query: TypeAlias = str | int | list[str]


class DemoInterruptedError(JiawuError):
    """The story cannot go on: an answer is not the one it builds on."""

    code: ClassVar[str] = "demo_interrupted"
    status: ClassVar[int] = 500
    sentence: ClassVar[str] = "{what}"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status and decoded body."""

    status: int
    body: Any

    @property
    def code(self) -> str:
        """The problem's code, "" in a success."""
        return str(self.body.get("code", ""))

    @property
    def title(self) -> str:
        """The problem's Chinese sentence, "" in a success."""
        return str(self.body.get("title", ""))


class Heard:
    """The last position of the log that anybody was told: who reads waits for it."""

    def __init__(self) -> None:
        self.position = 0

    def note(self, position: int) -> None:
        """Remember the furthest one."""
        self.position = max(self.position, position)


class Caller:
    """One person's HTTP client: a cookie jar, no proxy, bounded waits."""

    def __init__(self, base_url: str, heard: Heard) -> None:
        self._base_url = base_url
        self._heard = heard
        self._session = requests.Session()
        self._session.trust_env = False

    def get(self, path: str, **query: Query) -> Any:  # noqa: ANN401 - JSON
        """Read a page that has passed everything heard of. Raises DemoInterruptedError."""
        asked = {"at_least": self._heard.position, **query}
        return _accepted(path, self._send("GET", path, params=asked)).body

    def ask(self, path: str) -> Answer:
        """Read a page as it is now, whatever the answer."""
        return self._send("GET", path)

    def post(self, path: str, body: Mapping[str, object], *, key: str = "") -> Answer:
        """Command; the same `key` is the same command, a new one where none is given."""
        headers = {"Idempotency-Key": key or str(uuid4())}
        return self._send("POST", path, json=body, headers=headers)

    def do(self, path: str, body: Mapping[str, object], *, key: str = "") -> Any:  # noqa: ANN401 - JSON
        """Command what has to succeed. Raises DemoInterruptedError."""
        return _accepted(path, self.post(path, body, key=key)).body

    def upload(self, path: str, picture: bytes) -> str:
        """Upload a picture; the id that commands name it by. Raises DemoInterruptedError."""
        headers = {"Idempotency-Key": str(uuid4())}
        answer = self._send("POST", path, data=picture, headers=headers)
        return str(_accepted(path, answer).body["photo_id"])

    def picture(self, path: str) -> bytes:
        """A picture as it is kept."""
        return self._request("GET", path).content

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _send(self, method: str, path: str, **more: Any) -> Answer:  # noqa: ANN401 - of requests
        response = self._request(method, path, **more)
        self._heard.note(int(response.headers.get("Jiawu-Position", "0")))
        return Answer(response.status_code, response.json())

    def _request(self, method: str, path: str, **more: Any) -> requests.Response:  # noqa: ANN401 - of requests
        url = f"{self._base_url}{path}"
        return self._session.request(method, url, timeout=_TIMEOUT_SECONDS, **more)


class Customer(Caller):
    """A customer (顾客), inside WeChat until moved to another browser."""

    def __init__(self, base_url: str, heard: Heard, name: str, openid: str, phone: str) -> None:
        super().__init__(base_url, heard)
        self.name = name
        self._openid = openid
        self._phone = phone
        self.move_to(IN_WECHAT)

    def move_to(self, user_agent: str) -> None:
        """Go on in another browser, logged in there too."""
        self._session.headers["User-Agent"] = user_agent

    def log_in(self, account: "Platform") -> None:
        """Through WeChat's web authorization (网页授权)."""
        path = "/api/v1/wechat/login"
        asked = self._request("GET", path, allow_redirects=False).headers["Location"]
        back = account.authorize(self._openid, asked)
        self._session.get(back, timeout=_TIMEOUT_SECONDS).raise_for_status()

    def contact(self, address: str, district: str) -> dict[str, str]:
        """Where the work is, as the booking form wants it."""
        person = {"name": self.name, "phone": self._phone}
        return {**person, "address": address, "district": district}


class Staff(Caller):
    """A member of staff; logs in anew when the session has lapsed (30 minutes idle)."""

    def __init__(self, base_url: str, heard: Heard, login_name: str) -> None:
        super().__init__(base_url, heard)
        self._login_name = login_name

    def log_in(self) -> None:
        """By name and password."""
        body = {"login_name": self._login_name, "password": PASSWORD}
        self._request("POST", "/api/v1/staff/sessions", json=body).raise_for_status()

    def _send(self, method: str, path: str, **more: Any) -> Answer:  # noqa: ANN401 - of requests
        answer = super()._send(method, path, **more)
        if answer.status != _UNAUTHENTICATED:
            return answer
        self.log_in()
        return super()._send(method, path, **more)


class Platform:
    """One of WeChat's simulators, through its control API below /_sim."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._session = requests.Session()
        self._session.trust_env = False

    def authorize(self, openid: str, asked: str) -> str:
        """The customer agrees to the page `asked`; where WeChat sends them then."""
        wishes = parse_qs(urlsplit(asked).query)
        names = ("state", "redirect_uri", "scope")
        choice = {name: wishes[name][0] for name in names}
        return str(self._post("authorize", openid=openid, **choice)["url"])

    def pay(self, number: str, *, late: bool = False) -> None:
        """The customer pays on WeChat's page; `late`: though the time to pay is over."""
        self._post("pay", out_trade_no=number, even_if_expired=late)

    def open_password_page(self, number: str) -> None:
        """The customer is about to type the password; meanwhile WeChat closes nothing."""
        self._post(f"orders/{number}/password", entering=True)

    def forge(self, kind: str, number: str) -> int:
        """Post a forged notice about an order; the status that it was answered with."""
        notice = self._post("notices/forge", kind=kind, out_trade_no=number)
        return int(notice["attempts"][0]["status"] or 0)

    def resend(self, number: str) -> int:
        """Post the order's notice once more; the status that it was answered with."""
        return int(self._post(f"notices/{self._notice(number)['id']}/resend")["status"] or 0)

    def delay_notices(self, seconds: int) -> None:
        """Let the notices of later payments be late by so much."""
        self._post("notice_rules", delay_seconds=seconds)

    def drop_notices(self) -> None:
        """Let the notices of later payments get lost."""
        self._post("notice_rules", drop=True)

    def send_notices(self) -> None:
        """Let the notices of later payments go out at once again."""
        self._post("notice_rules")

    def deliveries(self, number: str) -> list[int]:
        """The statuses that the order's notice was answered with so far."""
        return [attempt["status"] or 0 for attempt in self._notice(number)["attempts"]]

    def await_delivery(self, number: str) -> int:
        """Wait until the order's notice was posted; the status of the last answer."""
        wait_until(lambda: bool(self.deliveries(number)), f"支付通知没有送达：{number}")
        return self.deliveries(number)[-1]

    def transactions(self) -> dict[str, int]:
        """WeChat's own books: transaction → fen."""
        books = self._get("books")["transactions"]
        return {each["transaction_id"]: each["total_fen"] for each in books}

    def state(self, number: str) -> str:
        """The order's trade_state in WeChat's own books, "" where it has none."""
        orders = self._get("books")["orders"]
        return next((str(each["state"]) for each in orders if each["out_trade_no"] == number), "")

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _notice(self, number: str) -> Any:  # noqa: ANN401 - JSON
        notices = self._get("notices")["notices"]
        return next(n for n in notices if n["out_trade_no"] == number and not n["forgery"])

    def _get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        response = self._session.get(f"{self._base_url}/_sim/{path}", timeout=_TIMEOUT_SECONDS)
        return _decoded(response)

    def _post(self, path: str, **body: object) -> Any:  # noqa: ANN401 - JSON
        url = f"{self._base_url}/_sim/{path}"
        return _decoded(self._session.post(url, json=body, timeout=_TIMEOUT_SECONDS))


def wait_until(holds: Callable[[], bool], otherwise: str) -> None:
    """Look again and again, for ten seconds of real time.

    Raises:
        DemoInterruptedError: It never held; says `otherwise`.
    """
    deadline = monotonic() + _PATIENCE_SECONDS
    pause = Event()
    while not holds():
        if monotonic() > deadline:
            raise DemoInterruptedError(what=otherwise)
        pause.wait(_PAUSE_SECONDS)


def _accepted(path: str, answer: Answer) -> Answer:
    if answer.status not in _ACCEPTED:
        raise DemoInterruptedError(what=f"{path} 应答 {answer.status} {answer.body}")
    return answer


def _decoded(response: requests.Response) -> Any:  # noqa: ANN401 - JSON
    response.raise_for_status()
    return response.json() if response.content else None
