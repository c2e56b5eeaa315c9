"""The fake users who can authorize."""

from dataclasses import dataclass
from threading import Lock

DECLINE = "decline"
"""Stands where an openid would: the user who refuses (拒绝授权)."""


@dataclass(frozen=True, slots=True)
class FakeUser:
    """A WeChat user; `snapshot` is the virtual account of a snapshot page (快照页)."""

    openid: str
    nickname: str
    unionid: str = ""
    follower: bool = False
    snapshot: bool = False
    remark: str = ""


FIRST_USERS = (
    FakeUser("oSimNewUser00000000000000001", "林小满", "uSimNewUser", remark="新用户"),
    FakeUser(
        "oSimFollower0000000000000002", "陈静", "uSimFollower", follower=True, remark="关注者"
    ),
    FakeUser("oSimSnapshot0000000000000003", "微信用户", snapshot=True, remark="快照用户"),
)


class FakeUsers:
    """The users by openid, in the order they were added; safe between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = {user.openid: user for user in FIRST_USERS}

    def add(self, user: FakeUser) -> None:
        """Add, or replace the user of the same openid."""
        with self._lock:
            self._users[user.openid] = user

    def find(self, openid: str) -> FakeUser | None:
        """The user, if there is one."""
        with self._lock:
            return self._users.get(openid)

    def all(self) -> list[FakeUser]:
        """All users."""
        with self._lock:
            return list(self._users.values())
