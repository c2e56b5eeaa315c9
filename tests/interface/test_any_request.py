"""Whatever is sent, the answer is one that the documentation tells of (schemathesis).

The library invents requests from the OpenAPI document, good and bad ones, of one seed,
and compares the answers with it: statuses, media types, schemas, Allow, whether
somebody is asked who they are. Each operation is asked by somebody who may, so that
requests get as far as they can; who may not is in test_access_matrix.
"""

import os
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from schemathesis import Case, CheckContext, GenerationMode, Response
from schemathesis.core.failures import FailureGroup

from application.access import Subject
from infrastructure.clock import SettableClock
from interface.api.access import Bearer
from interface.api.app import create_app
from interface.household import Household
from interface.settings import Settings
from tests.interface.access_table import EVERYBODY, LET_IN
from tests.interface.strict import subject_of
from tests.interface.town import Town
from tests.loopback import serving
from tests.product import NOON

SOAK: Final = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
ROLES: Final = ("customer", "dispatcher", "finance", "administrator")
FORM_REFUSED: Final = "提交的内容不正确，请检查后重试。"
CONFIG: Final[dict[str, Any]] = {
    **({} if SOAK else {"seed": 20261122}),
    "checks": {
        # Rules between fields and with the catalogue are beyond JSON Schema, and a breach
        # of them is 422 as well. The form itself may refuse nothing that the document
        # calls valid: that is checked below.
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "3xx", "401", "403", "404", "409", "422", "429", "503"]
        },
        # Later is a documented answer, and in the town read models wait for a test to move.
        "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "503"]},
    },
    "phases": {
        "examples": {"enabled": True},
        "coverage": {"enabled": True},
        "fuzzing": {"enabled": True},
        "stateful": {"enabled": False},  # the simulation lives whole days, with a model
    },
    "operations": [
        {
            # A picture is known by its content: a WebP that calls itself JPEG is taken.
            "include-path-regex": "/uploads$",
            "checks": {"negative_data_rejection": {"enabled": False}},
        }
    ],
    "generation": {
        "max-examples": 500 if SOAK else 2,
        # Who asks is told by the test; cases without a token are made by `ignored_auth`.
        "with-security-parameters": False,
        "deterministic": not SOAK,
        "database": "none",
    },
}


@dataclass
class Unopened:
    """A household as far as the document needs one: it is written before any database."""

    clock: SettableClock
    settings: Settings
    secure: bool = False


def document() -> dict[str, Any]:
    house = Unopened(SettableClock(NOON), Settings(demo=True))
    return create_app(cast("Household", house)).openapi()


schema = schemathesis.openapi.from_dict(document(), config=schemathesis.Config.from_dict(CONFIG))


@dataclass
class Visit:
    """The town, who asks in it, and what there is to ask about."""

    town: Town
    people: dict[str, Subject]
    known: dict[str, str]
    covered: Counter[tuple[str, str]]

    def headers_for(self, operation: str) -> dict[str, str]:
        """Of a new session of the first who is let in; a log-out ends it."""
        let_in = LET_IN.get(operation, EVERYBODY)
        if "anonymous" in let_in:
            return {}
        who = self.people[next(role for role in ROLES if role in let_in)]
        token = self.town.house.sessions.open_session(who.kind, who.id)
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def visit(town: Town) -> Visit:
    customer, office = town.customer(), town.dispatcher()
    people = {role: subject_of(town, town.staff(f"demo-{role}")) for role in ROLES[1:]}
    people["customer"] = subject_of(town, customer)
    known = {
        "order_id": town.paid(customer)["order_id"],
        "worker_id": town.worker(office),
        "customer_id": str(people["customer"].id),
    }
    town.catch_up()
    return Visit(town, people, known, Counter())


@schema.parametrize()
@hypothesis_settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_is_documented(case: Case[Any], visit: Visit) -> None:
    operation = f"{case.operation.method.upper()} {case.operation.path}"
    if is_repetition(case, visit, operation):
        return
    if is_valid(case):
        case.body = with_whole_numbers(case.body)
        about_what_exists(case, visit.known)
    case.call_and_validate(
        base_url=visit.town.url,
        headers=visit.headers_for(operation),
        additional_checks=[the_form_takes_what_is_valid],
    )


def is_valid(case: Case[Any]) -> bool:
    return case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE


def is_repetition(case: Case[Any], visit: Visit, operation: str) -> bool:
    """Whether this operation was asked in this way before: with a number too large, say."""
    scenario = getattr(case.meta.phase.data, "scenario", None) if case.meta else None
    if SOAK or scenario is None:
        return False
    visit.covered[operation, str(scenario)] += 1
    return visit.covered[operation, str(scenario)] > 1


def with_whole_numbers(part: Any) -> Any:  # noqa: ANN401 - any part of a JSON document
    """38.0 is an integer to JSON Schema and none to us: money is never read from a float."""
    if isinstance(part, float) and part.is_integer():
        return int(part)
    if isinstance(part, dict):
        return {name: with_whole_numbers(each) for name, each in part.items()}
    if isinstance(part, list):
        return [with_whole_numbers(each) for each in part]
    return part


def about_what_exists(case: Case[Any], known: dict[str, str]) -> None:
    """Half of the ids, chosen by themselves, become such as the town has."""
    for name, value in known.items():
        if name in case.path_parameters and UUID(str(case.path_parameters[name])).int % 2:
            case.path_parameters[name] = value


def the_form_takes_what_is_valid(_: CheckContext, response: Response, case: Case[Any]) -> None:
    """What the document calls valid is refused by rules only, not by the reading of the body."""
    if is_valid(case) and response.status_code == 422:
        told = response.json()
        assert told["title"] != FORM_REFUSED, (told, case.body, case.query)


# -- whether such requests find what they are for


def planted(error: type[Exception] | None, status: int, answer: Any) -> FastAPI:  # noqa: ANN401 - of any form
    """An application whose one route asks who somebody is and does not care."""
    app = FastAPI()

    @app.get("/planted")
    def route(bearer: Bearer) -> dict[str, int]:
        del bearer
        if error is not None:
            raise error
        return JSONResponse(answer, status)  # type: ignore[return-value] # the planted lie

    return app


@pytest.mark.parametrize(
    ("app", "found"),
    [
        (planted(ZeroDivisionError, 500, None), "ServerError"),
        (planted(None, 200, {"n": 1}), "IgnoredAuth"),
        (planted(None, 200, {"n": "one"}), "JsonSchemaError"),
        (planted(None, 418, {"n": 1}), "UndefinedStatusCode"),
    ],
    ids=["a defect", "an open lock", "another schema", "a status nobody knows"],
)
def test_a_planted_mistake_is_found(app: FastAPI, found: str) -> None:
    wrong = schemathesis.openapi.from_dict(
        app.openapi(), config=schemathesis.Config.from_dict(CONFIG)
    )
    case = wrong["/planted"]["GET"].Case()
    with serving(app) as url, pytest.raises(FailureGroup) as failures:
        case.call_and_validate(base_url=url, headers={"Authorization": "Bearer x"})
    assert found in {type(each).__name__ for each in failures.value.exceptions}
