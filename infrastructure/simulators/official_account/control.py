"""The control API below /_sim: what tests and demo do that no WeChat offers."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field

from infrastructure.simulators.official_account.authorization import AuthorizePageError
from infrastructure.simulators.official_account.faults import Fault
from infrastructure.simulators.official_account.quotas import Limit
from infrastructure.simulators.official_account.state import State
from infrastructure.simulators.official_account.users import FakeUser

Count = Annotated[int, Field(ge=0)]


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewUser(_Command):
    """A fake user to add, or to replace by openid."""

    openid: str = Field(pattern=r"^[0-9A-Za-z_-]{1,128}$")
    nickname: str = Field(min_length=1, max_length=64)
    unionid: str = Field(default="", pattern=r"^[0-9A-Za-z_-]{0,128}$")
    follower: bool = False
    snapshot: bool = False
    remark: str = Field(default="", max_length=32)


class Choice(_Command):
    """What a user answers on the authorize page; openid "decline" refuses."""

    openid: str
    state: str
    redirect_uri: str
    scope: str
    twice: bool = False


class Turn(_Command):
    """See `Switches`; what is not named stays as it is."""

    ip_refused: bool | None = None
    secret_frozen: bool | None = None
    token_refused: bool | None = None
    double_callback: bool | None = None


class Fail(_Command):
    """See `Fault`."""

    path_contains: str = ""
    latency_seconds: float = Field(default=0, ge=0, le=60)
    status: int = Field(default=0, ge=0, le=599)
    errcode: int = 0
    lose_response: bool = False


class Quota(_Command):
    """The limit of one path; null is without limit."""

    path: str
    per_day: Count | None = None
    per_minute: Count | None = None


def control_router(state: State) -> APIRouter:
    """All of them ask no one who they are."""
    router = APIRouter(prefix="/_sim")
    _add_people(router, state)
    _add_conditions(router, state)
    return router


def _add_people(router: APIRouter, state: State) -> None:
    """Users, and authorization without a browser."""
    authorization = state.authorization

    @router.get("/users")
    def users() -> list[dict[str, object]]:
        return [asdict(user) for user in authorization.users.all()]

    @router.post("/users", status_code=201)
    def add_user(new: NewUser) -> dict[str, object]:
        authorization.users.add(FakeUser(**new.model_dump()))
        return new.model_dump()

    @router.post("/authorize")
    def authorize(choice: Choice) -> dict[str, object]:
        """Where the browser goes: `visits` holds the address twice if it is sent twice."""
        try:
            asked = authorization.checked(choice.redirect_uri, choice.scope, choice.state)
            url = authorization.answer(asked, choice.openid)
        except AuthorizePageError as refusal:
            raise HTTPException(400, str(refusal)) from refusal
        twice = choice.twice or state.switches.double_callback
        return {"url": url, "visits": [url] * (2 if twice else 1)}


def _add_conditions(router: APIRouter, state: State) -> None:
    """Switches, faults and quotas, and what was counted."""

    @router.get("/switches")
    def switches() -> dict[str, bool]:
        return asdict(state.switches)

    @router.post("/switches")
    def turn(command: Turn) -> dict[str, bool]:
        for name, on in command.model_dump(exclude_none=True).items():
            setattr(state.switches, name, on)
        return asdict(state.switches)

    @router.post("/fail_next", status_code=204)
    def fail_next(command: Fail) -> Response:
        state.faults.order(Fault(**command.model_dump()))
        return Response(status_code=204)

    @router.post("/quotas", status_code=204)
    def limit(command: Quota) -> Response:
        state.quotas.limit(command.path, Limit(command.per_day, command.per_minute))
        return Response(status_code=204)

    @router.get("/counters")
    def counters() -> dict[str, object]:
        made = {**state.tokens.generations(), "jsapi_ticket": state.ticket.generation}
        return {"calls": state.quotas.counters(), "generations": made}
