"""HTTP to WeChat Pay: signed requests, bounded answers, logs without secrets."""

import logging
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from time import monotonic
from weakref import WeakSet

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from application.payment_gateway import Unknown
from infrastructure.wechat.pay.config import WeChatPayConfig
from infrastructure.wechat.timed_connections import timed_pools

logger = logging.getLogger("jiawu.wechat.pay")

MAX_ANSWER_BYTES = 1024 * 1024
_CHUNK = 64 * 1024
_INVISIBLE = re.compile(r"[^!-~]")
_HEADERS = {
    "Accept": "application/json",
    # The signature covers the plain body; nothing on the way need be unpacked.
    "Accept-Encoding": "identity",
    "Content-Type": "application/json",
    "User-Agent": "jiawu/0.1",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, not yet believed."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def request_id(self) -> str:
        """WeChat's own number of the call, fit for a log line."""
        return _INVISIBLE.sub("", self.headers.get("Request-ID", ""))[:64]


class AnswerTooLongError(Exception):
    """The answer exceeds its bound in bytes or seconds."""


class _StraightSession(requests.Session):
    """Does not even look where a redirect leads.

    Told not to follow, requests would still read the whole body, of any length,
    and fail on an address it cannot parse.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere."""
        del resp


class Transport:
    """Sends signed requests; one connection pool per thread, no redirects, no retries.

    Proxies and credentials of the environment and all cookies are ignored:
    nothing but the configuration decides where money requests go. Where a `line` is given it
    carries them instead of a socket, for a simulation in one process.
    """

    def __init__(
        self,
        config: WeChatPayConfig,
        auth: AuthBase,
        public_key_id: str,
        line: BaseAdapter | None = None,
    ) -> None:
        self._base_url = config.base_url.rstrip("/")
        self._timeout = (config.connect_seconds, config.read_seconds)
        self._auth = auth
        self._line = line
        self._headers = _HEADERS | ({"Wechatpay-Serial": public_key_id} if public_key_id else {})
        self._local = threading.local()
        self._sessions: WeakSet[requests.Session] = WeakSet()
        self._sessions_lock = threading.Lock()

    def send(self, method: str, target: str, body: bytes = b"") -> Answer | Unknown:
        """Send one request; `target` is path and query.

        Unknown if no complete answer of at most 1 MiB arrived in time.
        """
        started = monotonic()
        try:
            answer = self._exchange(method, target, body)
        except (requests.RequestException, HTTPError, AnswerTooLongError) as error:
            reason = type(error).__name__
            _log(method, target, reason, "", started)
            return Unknown(reason)
        _log(method, target, str(answer.status), answer.request_id, started)
        return answer

    def close(self) -> None:
        """Close every thread's connections; later calls open new ones."""
        with self._sessions_lock:
            sessions = list(self._sessions)
        for session in sessions:
            session.close()

    def _exchange(self, method: str, target: str, body: bytes) -> Answer:
        with self._session().request(
            method,
            self._base_url + target,
            data=body or None,
            auth=self._auth,
            timeout=self._timeout,
            allow_redirects=False,
            stream=True,
        ) as response:
            content = _bounded_body(response, monotonic() + self._seconds_left(response))
            return Answer(response.status_code, response.headers, content)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = self._new_session()
            with self._sessions_lock:
                self._sessions.add(session)
        return session

    def _new_session(self) -> requests.Session:
        session = _StraightSession()
        session.trust_env = False
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        session.headers.update(self._headers)
        session.mount(self._base_url, self._line or self._socket_line())
        return session

    def _socket_line(self) -> BaseAdapter:
        """Connections that also bound how long the head of an answer may drip."""
        line = HTTPAdapter()
        line.poolmanager.pool_classes_by_scheme = timed_pools(sum(self._timeout))
        return line

    def _seconds_left(self, response: requests.Response) -> float:
        """For the body: the whole exchange takes no longer than both time-outs."""
        connect, read = self._timeout
        return read - max(0.0, response.elapsed.total_seconds() - connect)


def _bounded_body(response: requests.Response, deadline: float) -> bytes:
    """Read piece by piece, as a read time-out alone lets a slow drip go on for ever."""
    content = bytearray()
    while piece := response.raw.read1(_CHUNK, decode_content=True):
        content += piece
        if len(content) > MAX_ANSWER_BYTES or monotonic() > deadline:
            raise AnswerTooLongError
    return bytes(content)


def _log(method: str, target: str, outcome: str, request_id: str, started: float) -> None:
    """The path may be logged, the query and all headers and bodies may not."""
    path = target.partition("?")[0]
    milliseconds = round((monotonic() - started) * 1000)
    logger.info("%s %s %s %s %d ms", method, path, outcome, request_id or "-", milliseconds)
