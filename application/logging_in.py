"""Logging in (登录): customers through WeChat, staff by password."""

from collections.abc import Callable
from typing import Final
from uuid import UUID, uuid5

from application.access import (
    CredentialStore,
    OAuthLogins,
    Sessions,
    Subject,
    SubjectKind,
    Verification,
)
from application.clock import Clock
from application.commands import ClaimRefusedError, Command, Decision
from application.customers import living_customer
from application.log import Log
from application.vault import KeyClass, Vault
from application.wechat_login import LoginDeclinedError, WeChatLogin, WeChatUser
from domain.customers import Customer, ExternalIdentity
from domain.errors import UnauthenticatedError
from domain.staff import Staff

_CUSTOMERS: Final = UUID("f2c9a1de-0a4f-5a86-8f3a-6d5f8b1f7c22")
# With pauses of up to 5 ms, 10 ms, ... together about two seconds.
_RECALLS: Final = 10
_STAFF: Final = UUID("3a7e2a5c-9c2b-5a0f-9f59-1c3f0f6b9d33")


class WrongLoginError(UnauthenticatedError):
    """Name or password is wrong, or the account is locked; one sentence for all."""

    code = "wrong_login"
    sentence = "账号或密码不正确，或账号已锁定。"


class LoginStateError(UnauthenticatedError):
    """The log-in was not begun here, took too long, was used before, or its customer is erased."""

    code = "login_state"
    sentence = "登录已失效，请重新打开页面。"


class CustomerLogin:
    """WeChat's OAuth: silent snsapi_base, so no question is asked."""

    def __init__(  # noqa: PLR0913, PLR0917 - the ports that logging in stands on
        self,
        log: Log,
        vault: Vault,
        wechat: WeChatLogin,
        logins: OAuthLogins,
        sessions: Sessions,
        clock: Clock,
        appid: str,
        callback_url: str,
        pause: Callable[[int], None],
    ) -> None:
        self._log = log
        self._vault = vault
        self._wechat = wechat
        self._logins = logins
        self._sessions = sessions
        self._clock = clock
        self._appid = appid
        self._callback_url = callback_url
        self._pause = pause

    def begin(self, return_path: str) -> tuple[str, str]:
        """Where to send the customer, and the state to bind to the browser.

        Raises InvalidInputError where the path leads elsewhere.
        """
        state = self._logins.issue(return_path)
        return self._wechat.authorize_url(self._callback_url, state, "snsapi_base"), state

    def finish(self, code: str, state: str) -> tuple[str, str]:
        """The session's token and the path to return to.

        WeChat may call back twice with one code; the second call finds the first
        one's customer. Raises LoginStateError and the errors of the port.
        """
        if not code:
            raise LoginDeclinedError
        return_path = self._logins.redeem(state)
        if return_path is None:
            return self._finish_again(code, state)
        user = self._wechat.exchange(code)
        user.require_real()
        customer_id = self._customer(user)
        self._logins.remember(_visit(code, state), customer_id)
        return self._open_session(customer_id), return_path

    def _finish_again(self, code: str, state: str) -> tuple[str, str]:
        return_path = self._logins.return_path_of(state)
        customer_id = self._recall(_visit(code, state)) if return_path is not None else None
        if customer_id is None or return_path is None:
            raise LoginStateError
        return self._open_session(customer_id), return_path

    def _open_session(self, customer_id: UUID) -> str:
        """A session's token. Raises LoginStateError where the customer was erased meanwhile.

        Looked at once the session stands: an erasure after that ends it itself.
        """
        token = self._sessions.open_session(SubjectKind.CUSTOMER, customer_id)
        if self._log.load(Customer, customer_id).is_erased():
            self._sessions.revoke(token)
            raise LoginStateError
        return token

    def _recall(self, visit: str) -> UUID | None:
        """Whom the visit stood for; the first callback may still be asking WeChat."""
        for attempt in range(_RECALLS):
            customer_id = self._logins.recall(visit)
            if customer_id is not None:
                return customer_id
            self._pause(attempt)
        return None

    def _customer(self, user: WeChatUser) -> UUID:
        """The customer of this openid; registered at the first log-in."""
        digest = self._vault.digest("wechat_openid", f"{self._appid}:{user.openid}")
        customer_id, found = living_customer(self._log, uuid5(_CUSTOMERS, digest))
        if found is None:
            self._register(customer_id, digest, user)
        return customer_id

    def _register(self, customer_id: UUID, digest: str, user: WeChatUser) -> None:
        actor = f"customer:{customer_id}"
        command = Command(uuid5(customer_id, "register"), actor, "", self._clock.now())
        identity = ExternalIdentity(
            channel="wechat",
            app_id=self._appid,
            identity_digest=digest,
            openid=self._vault.seal(customer_id, KeyClass.IDENTITY, user.openid),
        )

        def decide() -> Decision:
            customer = Customer.register(customer_id, identity, by=actor, at=command.at)
            return Decision([customer])

        try:
            self._log.run(command, decide)
        except ClaimRefusedError as refused:
            raise LoginStateError from refused


def _visit(code: str, state: str) -> str:
    """A code as it came back to this very log-in; seen by another it is worth nothing."""
    return f"{state} {code}"


class StaffLogin:
    """Name and password; sessions can be ended at once."""

    def __init__(
        self, log: Log, credentials: CredentialStore, sessions: Sessions, clock: Clock
    ) -> None:
        self._log = log
        self._credentials = credentials
        self._sessions = sessions
        self._clock = clock

    def log_in(self, login_name: str, password: str) -> str:
        """A session's token. Raises WrongLoginError, whatever was wrong."""
        staff_id = staff_id_of(login_name)
        staff = self._log.find(Staff, staff_id)
        known = staff_id if staff is not None and not staff.disabled else None
        if self._credentials.verify(known, password) is not Verification.OK:
            raise WrongLoginError
        return self._sessions.open_session(SubjectKind.STAFF, staff_id)

    def roles(self, subject: Subject) -> frozenset[str]:
        """The roles in force now, read from the log: a revoked grant ends at once."""
        staff = self._log.find(Staff, subject.id)
        return staff.roles(self._clock.now()) if staff is not None else frozenset()


def staff_id_of(login_name: str) -> UUID:
    """The stream of the account with this log-in name."""
    return uuid5(_STAFF, login_name.strip().lower())
