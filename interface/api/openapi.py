"""The OpenAPI document: what FastAPI writes of our routes, made exact."""

from typing import Any, Final

from fastapi import FastAPI

from interface.api.access import session_cookie
from interface.api.idempotency import PARAMETER
from interface.api.problems import MEDIA_TYPE, PROBLEM_ANSWERS

_TOO_MANY: Final = "429"


class DocumentedApplication(FastAPI):
    """FastAPI; errors are documented as problems, and keys and cookies as they are."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made at the first question."""
        if self.openapi_schema is None:
            secure = self.state.household.secure
            self.openapi_schema = documented(super().openapi(), secure=secure)
        return self.openapi_schema


def documented(schema: dict[str, Any], *, secure: bool) -> dict[str, Any]:
    """`schema` in place, for cookies over TLS or not; a repeat changes nothing."""
    for path in schema["paths"].values():
        for operation in path.values():
            _tell_answers(operation["responses"])
            _tell_key(operation)
    _close(schema)
    for scheme in schema["components"]["securitySchemes"].values():
        if scheme.get("in") == "cookie" and not scheme["name"].startswith("__"):
            scheme["name"] = session_cookie(scheme["name"], secure=secure)
    return schema


def _tell_answers(answers: dict[str, Any]) -> None:
    """Problems under their own media type; anything may be asked too often."""
    answers.setdefault(_TOO_MANY, _problem(429))
    for status, answer in answers.items():
        if status >= "400":
            (answer["content"],) = ({MEDIA_TYPE: each} for each in answer["content"].values())


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    described = PROBLEM_ANSWERS[status]["description"]
    return {"description": described, "content": {MEDIA_TYPE: {"schema": schema}}}


def _tell_key(operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["name"].lower() == str(PARAMETER["name"]).lower():
            parameter.update(PARAMETER)


def _close(part: Any) -> None:  # noqa: ANN401 - any part of a JSON document
    """A dictionary whose keys have a pattern has no other keys, which pydantic leaves out."""
    if isinstance(part, dict):
        if "patternProperties" in part:
            part.setdefault("additionalProperties", False)
        part = part.values()
    elif not isinstance(part, list):
        return
    for each in part:
        _close(each)
