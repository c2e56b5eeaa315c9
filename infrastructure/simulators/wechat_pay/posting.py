"""How a notice reaches the merchant: over HTTP, or as a simulation says."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import requests

Post: TypeAlias = Callable[[str, bytes, Mapping[str, str]], int | None]
"""Takes address, body and headers; gives the answer's status, None for no answer."""


class NoAnswerError(Exception):
    """The merchant gave no answer in time; `reason` says how."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SessionPost:
    """Posts over HTTP; the answer's time limit runs on real time."""

    def __init__(self, limit_seconds: float) -> None:
        self._limit = limit_seconds
        self._session = requests.Session()
        self._session.trust_env = False  # loopback traffic takes no proxy

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Post once, following no redirect.

        Raises:
            NoAnswerError: No answer within the limit, or no such address.
        """
        try:
            answer = self._session.post(
                url, data=body, headers=dict(headers), timeout=self._limit, allow_redirects=False
            )
        except (requests.RequestException, ValueError) as failure:
            raise NoAnswerError(type(failure).__name__) from failure
        if answer.elapsed.total_seconds() > self._limit:
            reason = "TooSlow"
            raise NoAnswerError(reason)
        return answer.status_code

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
