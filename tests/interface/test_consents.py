"""Consents over HTTP: read, given in the version in force, withdrawn."""

from datetime import timedelta

from domain.consents import CONSENT_TEXTS, PRIVACY, SENSITIVE_CARE
from tests.interface.problems import assert_problem
from tests.interface.town import Caller, Json, Town

CONSENTS = "/api/v1/consents"


def consent(customer: Caller, kind: str) -> Json:
    found = customer.read(CONSENTS)["consents"]
    return next(each for each in found if each["kind"] == kind)


def version_of(kind: str) -> Json:
    return {"version": CONSENT_TEXTS[kind].version}


def test_a_new_customer_has_agreed_to_nothing(town: Town) -> None:
    listed = town.customer().read(CONSENTS)["consents"]
    assert {each["kind"] for each in listed} == set(CONSENT_TEXTS)
    assert not any(each["in_force"] or each["given_version"] for each in listed)


def test_each_text_is_agreed_to_alone(town: Town) -> None:
    customer = town.customer()
    assert customer.do(f"{CONSENTS}/{PRIVACY}", version_of(PRIVACY))["kind"] == PRIVACY

    assert consent(customer, PRIVACY)["in_force"]
    care = consent(customer, SENSITIVE_CARE)
    assert (care["in_force"], care["lines"]) == (False, ["YS", "LR", "HG"])


def test_an_older_version_cannot_be_agreed_to_any_more(town: Town) -> None:
    answer = town.customer().post(f"{CONSENTS}/{PRIVACY}", {"version": "2019-01"})
    assert_problem(answer, 409, "consent_version")


def test_a_consent_is_withdrawn_and_given_again(town: Town) -> None:
    customer, path = town.customer(), f"{CONSENTS}/{SENSITIVE_CARE}"
    customer.do(path, version_of(SENSITIVE_CARE))
    town.clock.advance(timedelta(hours=1))

    customer.do(f"{path}/withdrawal")
    assert consent(customer, SENSITIVE_CARE)["given_version"] == ""
    assert_problem(customer.post(f"{path}/withdrawal"), 409, "consent_missing")

    customer.do(path, version_of(SENSITIVE_CARE))
    assert consent(customer, SENSITIVE_CARE)["in_force"]


def test_there_is_no_other_text(town: Town) -> None:
    answer = town.customer().post(f"{CONSENTS}/newsletter", version_of(PRIVACY))
    assert_problem(answer, 404, "consent_kind")
