"""What an error answer looks like."""

import requests

PROBLEM = "application/problem+json"


def assert_problem(answer: requests.Response, status: int, code: str, field: str = "") -> None:
    assert answer.headers["Content-Type"] == PROBLEM
    told = answer.json()
    assert (answer.status_code, told["status"], told["code"]) == (status, status, code), told
    assert told.get("field", "") == field, told
    assert any("\u4e00" <= character <= "\u9fff" for character in told["title"])
