"""Errors that a person or a calling program is told about."""

from typing import ClassVar


class JiawuError(Exception):
    """An expected refusal: a code for programs, a Chinese sentence for people.

    `status` is the HTTP status the interface answers with; the domain only
    says of which kind the refusal is.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    sentence: ClassVar[str] = "请求无法处理。"

    def __init__(self, sentence: str = "", **facts: object) -> None:
        self.facts = facts
        self.message = sentence or self.sentence.format(**facts)
        super().__init__(f"{self.code}: {self.message}")


class InvalidInputError(JiawuError):
    """A value is malformed or outside its limits; nothing was changed."""

    code = "invalid_input"
    status = 422
    sentence = "提交的内容不正确。"


class RuleViolationError(JiawuError):
    """A rule of the business forbids the command in the present state."""

    code = "rule_violation"
    status = 409
    sentence = "当前状态不允许此操作。"


class NotFoundError(JiawuError):
    """The object does not exist, or not for this actor."""

    code = "not_found"
    status = 404
    sentence = "没有找到。"


class ForbiddenError(JiawuError):
    """The actor is known but lacks the permission."""

    code = "forbidden"
    status = 403
    sentence = "没有权限。"


class UnauthenticatedError(JiawuError):
    """Nobody is logged in, or the session ended."""

    code = "unauthenticated"
    status = 401
    sentence = "请先登录。"
