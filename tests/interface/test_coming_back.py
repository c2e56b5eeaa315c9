"""Who was erased and comes back is one new customer, whoever asks at the same time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest

from application.access import Subject, SubjectKind
from application.commands import Command
from application.logging_in import CustomerLogin, LoginStateError
from application.wechat_login import WeChatProfile, WeChatUser
from domain.customer_closing import CLOSING_PERIOD
from domain.customers import Customer
from infrastructure.pause import jittered_pause
from tests.interface.town import Town, new_openid

TOGETHER = 4


@dataclass
class OneVisitor:
    """WeChat, to which everybody is the same person."""

    openid: str

    def exchange(self, code: str) -> WeChatUser:
        del code
        return WeChatUser(self.openid, "", "snsapi_base", snapshot=False)

    def authorize_url(self, redirect_uri: str, state: str, scope: str) -> str:
        return f"{redirect_uri}?{state}&{scope}"

    def profile(self, user: WeChatUser) -> WeChatProfile:
        return WeChatProfile(user.openid, "")


@dataclass
class Logins:
    """Log-ins that lead to /; `meanwhile` happens once it is known who the visitor is."""

    meanwhile: Callable[[], object] = bool
    known: UUID | None = None

    def issue(self, return_path: str) -> str:
        return return_path

    def redeem(self, state: str) -> str | None:
        return None if state == "used" else "/"

    def return_path_of(self, state: str) -> str | None:
        return state and "/"

    def remember(self, code: str, customer_id: UUID) -> None:
        del code
        self.known = customer_id
        self.meanwhile()

    def recall(self, code: str) -> UUID | None:
        del code
        return self.known

    def purge(self) -> int:
        return 0


def login(town: Town, openid: str, logins: Logins) -> CustomerLogin:
    house = town.house
    return CustomerLogin(
        *(house.log, house.vault, OneVisitor(openid), logins, house.sessions, town.clock),
        appid="wx0123456789abcdef",
        callback_url="https://jiawu.example/callback",
        pause=jittered_pause,
    )


def visit(town: Town, openid: str, logins: Logins | None = None) -> UUID:
    """Who somebody with this openid is, once logged in."""
    token, _ = login(town, openid, logins or Logins()).finish("code", "state")
    subject = town.house.sessions.subject_of(token)
    assert subject is not None
    return subject.id


def erase(town: Town, customer_id: UUID) -> None:
    """The customer asked a week ago, and all that follows is done."""
    a_week_ago = town.clock.now() - CLOSING_PERIOD
    command = Command(uuid4(), f"customer:{customer_id}", "", a_week_ago)
    town.house.closings.request(customer_id, "customer", command)
    town.settle()
    assert town.house.log.load(Customer, customer_id).is_erased()


def together(act: Callable[[], UUID]) -> set[UUID]:
    """The customers that several who begin at once are taken for."""
    start = Barrier(TOGETHER)

    def do(_: int) -> UUID:
        start.wait(20)
        return act()

    with ThreadPoolExecutor(TOGETHER) as threads:
        return set(threads.map(do, range(TOGETHER)))


def test_log_ins_at_once_after_an_erasure_are_one_new_customer(town: Town) -> None:
    openid = new_openid()
    been = {visit(town, openid)}
    for _ in range(4):
        (last,) = been - {each for each in been if town.house.log.load(Customer, each).is_erased()}
        erase(town, last)
        (again,) = together(lambda: visit(town, openid))
        assert again not in been
        assert town.facts_of(again) == ["customer.registered"]
        been.add(again)


def test_calls_at_once_after_an_erasure_are_one_new_customer(town: Town) -> None:
    def call(phone: str) -> UUID:
        command = Command(uuid4(), "staff:test", "", town.clock.now())
        answer = town.house.customers.register_by_phone(phone, command).answer
        return UUID(str(answer["customer_id"]))

    been = {call("13633330001")}
    for _ in range(4):
        (last,) = been - {each for each in been if town.house.log.load(Customer, each).is_erased()}
        erase(town, last)
        (again,) = together(lambda: call("13633330001"))
        assert again not in been
        assert town.facts_of(again) == ["customer.registered"]
        been.add(again)


def test_a_log_in_that_meets_the_erasure_opens_no_session(town: Town) -> None:
    openid = new_openid()
    customer_id = visit(town, openid)
    logins = Logins(meanwhile=lambda: erase(town, customer_id))

    with pytest.raises(LoginStateError):
        login(town, openid, logins).finish("code", "state")

    subject = Subject(SubjectKind.CUSTOMER, customer_id)
    assert town.house.sessions.revoke_all(subject) == 0
    assert visit(town, openid) != customer_id


def test_a_doubled_callback_after_the_erasure_opens_no_session(town: Town) -> None:
    openid, logins = new_openid(), Logins()
    customer_id = visit(town, openid, logins)
    erase(town, customer_id)
    town.clock.advance(timedelta(seconds=1))

    with pytest.raises(LoginStateError):
        login(town, openid, logins).finish("code", "used")

    assert town.house.sessions.revoke_all(Subject(SubjectKind.CUSTOMER, customer_id)) == 0
