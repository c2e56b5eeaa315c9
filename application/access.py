"""Who may do what: roles and permissions as data, and the ports of logging in."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol
from uuid import UUID

from domain.errors import ForbiddenError, InvalidInputError


class Role(StrEnum):
    """What a member of staff is granted (角色)."""

    DISPATCHER = "dispatcher"  # 调度员
    FINANCE = "finance"  # 财务
    ADMINISTRATOR = "administrator"  # 管理员


class Permission(StrEnum):
    """What a command or page asks for (权限)."""

    ORDERS_READ = "orders.read"
    ORDERS_BOOK = "orders.book"  # for a customer who rang up (代客下单)
    ORDERS_CONFIRM = "orders.confirm"
    ORDERS_ASSIGN = "orders.assign"
    ORDERS_PROGRESS = "orders.progress"
    ORDERS_RESCHEDULE = "orders.reschedule"
    ORDERS_CANCEL = "orders.cancel"
    ORDERS_NOTE = "orders.note"
    CONTACTS_REVEAL = "contacts.reveal"  # one order's or worker's full phone, on record
    CUSTOMERS_DELETE = "customers.delete"  # close an account for a customer (注销)
    DISCLOSURES_READ = "disclosures.read"  # who was shown whose contact (查看记录)
    WORKERS_READ = "workers.read"
    WORKERS_WRITE = "workers.write"
    CAPACITY_READ = "capacity.read"
    CAPACITY_WRITE = "capacity.write"
    CATALOGUE_READ = "catalogue.read"
    CATALOGUE_WRITE = "catalogue.write"
    STAFF_READ = "staff.read"
    STAFF_WRITE = "staff.write"
    LEDGER_READ = "ledger.read"
    RECEIPTS_RECORD = "receipts.record"  # money that passed by hand (线下收款)
    ALERTS_READ = "alerts.read"
    ALERTS_ACKNOWLEDGE = "alerts.acknowledge"
    MESSAGES_READ = "messages.read"
    MESSAGES_WRITE = "messages.write"
    MESSAGES_MODERATE = "messages.moderate"  # take messages out of sight, and see those (审核)


# Who moves orders does not see the books, who keeps the books does not move
# orders, and who hands out roles does neither: separation of duties (职责分离).
ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.DISPATCHER: frozenset(
            {
                Permission.ORDERS_READ,
                Permission.ORDERS_BOOK,
                Permission.ORDERS_CONFIRM,
                Permission.ORDERS_ASSIGN,
                Permission.ORDERS_PROGRESS,
                Permission.ORDERS_RESCHEDULE,
                Permission.ORDERS_CANCEL,
                Permission.ORDERS_NOTE,
                Permission.CONTACTS_REVEAL,
                Permission.WORKERS_READ,
                Permission.WORKERS_WRITE,
                Permission.CAPACITY_READ,
                Permission.CAPACITY_WRITE,
                Permission.CATALOGUE_READ,
                Permission.ALERTS_READ,
                Permission.MESSAGES_READ,
                Permission.MESSAGES_WRITE,
            }
        ),
        Role.FINANCE: frozenset(
            {
                Permission.LEDGER_READ,
                Permission.RECEIPTS_RECORD,
                Permission.ORDERS_READ,
                Permission.ALERTS_READ,
                Permission.ALERTS_ACKNOWLEDGE,
            }
        ),
        Role.ADMINISTRATOR: frozenset(
            {
                Permission.CUSTOMERS_DELETE,
                Permission.DISCLOSURES_READ,
                Permission.STAFF_READ,
                Permission.STAFF_WRITE,
                Permission.WORKERS_READ,
                Permission.WORKERS_WRITE,
                Permission.CATALOGUE_READ,
                Permission.CATALOGUE_WRITE,
                Permission.MESSAGES_READ,
                Permission.MESSAGES_MODERATE,
            }
        ),
    }
)


def permissions_of(roles: Iterable[str]) -> frozenset[Permission]:
    """What the roles permit together; a role unknown here permits nothing."""
    known = frozenset(Role)
    granted = (ROLE_PERMISSIONS[Role(role)] for role in roles if role in known)
    return frozenset[Permission]().union(*granted)


def require(permissions: Collection[str], permission: str) -> None:
    """Raise ForbiddenError unless the permission is among those held."""
    if permission not in permissions:
        raise ForbiddenError(permission=str(permission))


class Verification(StrEnum):
    """The outcome of a password check; screens answer WRONG and LOCKED alike."""

    OK = "ok"
    WRONG = "wrong"
    LOCKED = "locked"


class WeakPasswordError(InvalidInputError):
    """The password's length is outside 12 to 128 characters."""

    code = "weak_password"
    sentence = "密码长度须为12至128个字符。"


MIN_PASSWORD_LENGTH: Final = 12
MAX_PASSWORD_LENGTH: Final = 128  # far above any passphrase; bounds what is kept in memory


def plain_password(password: str) -> str:
    """NFKC: full-width digits of a Chinese input method equal plain ones."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str) -> None:
    """Raise WeakPasswordError where the length is outside its limits."""
    if not MIN_PASSWORD_LENGTH <= len(plain_password(password)) <= MAX_PASSWORD_LENGTH:
        raise WeakPasswordError


class CredentialStore(Protocol):
    """Staff passwords, never readable again."""

    def has_password(self, staff_id: UUID) -> bool:
        """Whether a password was ever set."""
        ...

    def set_password(self, staff_id: UUID, password: str) -> None:
        """Set or replace the password, and lift a lock.

        The caller ends the staff member's sessions. Raises WeakPasswordError.
        """
        ...

    def verify(self, staff_id: UUID | None, password: str) -> Verification:
        """Check a password; five failures in a row lock for 15 minutes.

        `staff_id` is None where the login name is unknown: WRONG, after the same
        work. The failure that locks answers LOCKED, as does every attempt till then,
        right or wrong.
        """
        ...


class SubjectKind(StrEnum):
    """Whose session it is."""

    CUSTOMER = "customer"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody logged in."""

    kind: SubjectKind
    id: UUID


class Sessions(Protocol):
    """Log-in sessions (登录会话), revocable at once."""

    def open_session(self, kind: str, subject_id: UUID) -> str:
        """Open a session; return its token, 43 URL-safe characters, never stored.

        Called at every log-in, so that a token from before it is worth nothing.
        Raises InvalidInputError for an unknown kind.
        """
        ...

    def subject_of(self, token: str) -> Subject | None:
        """Whose valid session it is, and count this as activity; None if it ended."""
        ...

    def revoke(self, token: str) -> None:
        """End one session; ending an ended or unknown one is no error."""
        ...

    def revoke_all(self, subject: Subject) -> int:
        """End all sessions of a subject; return how many were not yet revoked."""
        ...

    def purge(self) -> int:
        """Delete sessions past their absolute end; return how many."""
        ...


class OAuthLogins(Protocol):
    """The round trip of a WeChat log-in (网页授权): state out, state and code back.

    The interface also keeps the state in a short-lived cookie and compares it at
    the callback, even at a doubled one: else a stranger's log-in could be planted,
    or a leaked code used.
    """

    def issue(self, return_path: str) -> str:
        """A new state, 32 characters of [0-9a-f], good for 10 minutes and one use.

        Raises InvalidInputError if the path leads off this site.
        """
        ...

    def redeem(self, state: str) -> str | None:
        """Use the state up, return its path; None if unknown, too old or used."""
        ...

    def return_path_of(self, state: str) -> str | None:
        """The path of a state not too old, used or not: for a doubled callback."""
        ...

    def remember(self, code: str, customer_id: UUID) -> None:
        """Keep whom a code stood for; the first answer of a code stays."""
        ...

    def recall(self, code: str) -> UUID | None:
        """Whom a code stood for in the last 5 minutes: a doubled callback's answer."""
        ...

    def purge(self) -> int:
        """Delete states and codes past their term; return how many."""
        ...


_LOCAL_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\x7f\\]{0,499}")


def check_return_path(path: str) -> None:
    """Raise InvalidInputError unless the path stays on this site.

    Browsers read `//host`, a backslash as a slash, and drop tabs and line ends.
    """
    if not _LOCAL_PATH.fullmatch(path):
        raise InvalidInputError(field="return_path")
