"""The control API below /_sim: what tests and demo do that no WeChat offers."""

from dataclasses import asdict

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from infrastructure.simulators.official_account.authorization import (
    Authorization,
    AuthorizePageError,
)
from infrastructure.simulators.official_account.users import FakeUser


class NewUser(BaseModel):
    """A fake user to add, or to replace by openid."""

    model_config = ConfigDict(extra="forbid")

    openid: str = Field(pattern=r"^[0-9A-Za-z_-]{1,128}$")
    nickname: str = Field(min_length=1, max_length=64)
    unionid: str = Field(default="", pattern=r"^[0-9A-Za-z_-]{0,128}$")
    follower: bool = False
    snapshot: bool = False
    remark: str = Field(default="", max_length=32)


class Choice(BaseModel):
    """What a user answers on the authorize page; openid "decline" refuses."""

    model_config = ConfigDict(extra="forbid")

    openid: str
    state: str
    redirect_uri: str
    scope: str


def control_router(authorization: Authorization) -> APIRouter:
    """Users, and authorization without a browser."""
    router = APIRouter(prefix="/_sim")

    @router.get("/users")
    def users() -> list[dict[str, object]]:
        return [asdict(user) for user in authorization.users.all()]

    @router.post("/users", status_code=201)
    def add_user(new: NewUser) -> dict[str, object]:
        authorization.users.add(FakeUser(**new.model_dump()))
        return new.model_dump()

    @router.post("/authorize")
    def authorize(choice: Choice) -> dict[str, str]:
        try:
            asked = authorization.checked(choice.redirect_uri, choice.scope, choice.state)
            return {"url": authorization.answer(asked, choice.openid)}
        except AuthorizePageError as refusal:
            raise HTTPException(400, str(refusal)) from refusal

    return router
