"""Under which account the server runs, and where that account can reach.

PostgreSQL refuses to run as root. Started by root it runs as a system
account, which must be able to reach its files; a checkout below root's private
home, say, is closed to it.
"""

import hashlib
import logging
import os
import pwd
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from domain.errors import JiawuError
from infrastructure.lifeline import Account

_LOG = logging.getLogger(__name__)
_FITTING_ACCOUNTS = ("postgres", "nobody", "daemon")
_SYSTEM_DATA = Path("/var/lib/jiawu")
_LONGEST_SOCKET_PATH = 103  # of macOS; Linux allows 107 bytes
_SOCKET_NAME = "/.s.PGSQL.5432"


class EmbeddedPostgresError(JiawuError):
    """The embedded server cannot be started; the sentence says why."""

    code: ClassVar[str] = "embedded_postgres"
    status: ClassVar[int] = 503
    sentence: ClassVar[str] = "内置数据库无法启动：{reason}"


def server_account() -> Account | None:
    """The account to drop to, or None where the present one will do.

    Raises:
        EmbeddedPostgresError: root runs us and no fitting account exists.
    """
    if os.getuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in _FITTING_ACCOUNTS:
        if name in known:
            return Account(name, known[name].pw_uid, known[name].pw_gid)
    raise EmbeddedPostgresError(reason="系统中没有可用的普通用户(postgres 或 nobody)。")


def can_enter(directory: Path, account: Account) -> bool:
    """Whether the account may pass through `directory` and all above it."""
    probe = subprocess.run(  # noqa: S603 - a fixed program on our own path
        ["/usr/bin/env", "test", "-x", str(directory)],
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        check=False,
    )
    return probe.returncode == 0


def short_key(directory: Path) -> str:
    """A stable short name for a directory, e.g. of the checkout."""
    return hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:12]


def reachable_directory(
    wanted: Path,
    account: Account | None,
    enters: Callable[[Path, Account], bool] = can_enter,
    system_data: Path = _SYSTEM_DATA,
) -> Path:
    """`wanted`, or a directory under `system_data` where the account may enter.

    The directory returned exists. The same `wanted` always gives the same
    directory, so that data is found again.
    """
    wanted = wanted.absolute()
    wanted.mkdir(mode=0o711, parents=True, exist_ok=True)
    if account is None or enters(wanted, account):
        return wanted
    chosen = system_data / short_key(wanted)
    chosen.mkdir(mode=0o711, parents=True, exist_ok=True)
    _LOG.warning("%s is closed to user %s; data lives in %s", wanted, account.name, chosen)
    return chosen


def own_directory(directory: Path, account: Account | None) -> Path:
    """Create `directory` if need be, private to the server's account."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account is not None:
        os.chown(directory, account.uid, account.gid)
    directory.chmod(0o700)
    return directory


def socket_directory(base: Path, account: Account | None) -> Path:
    """A private directory for the socket, with a path short enough for one."""
    beside = base / "socket"
    if len(os.fsencode(beside)) + len(_SOCKET_NAME) <= _LONGEST_SOCKET_PATH:
        return own_directory(beside, account)
    short = Path("/tmp") / f"jiawu-{short_key(base)}"  # noqa: S108 - refused below unless ours
    owner = account.uid if account else os.getuid()
    if short.exists() and short.lstat().st_uid not in (0, owner):
        raise EmbeddedPostgresError(reason=f"{short} 属于其他用户。")
    return own_directory(short, account)
