"""Whether the tests catch a planted defect."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tests.defects.copies import TestRun, UnusableCopyError, fresh_copy
from tests.defects.defect import Defect


@dataclass(frozen=True)
class Outcome:
    """What came of it: caught, or in words why it was not."""

    caught: bool
    words: str


def try_out(defect: Defect) -> Outcome:
    """Plant the defect in a fresh copy and run the tests that it names."""
    with fresh_copy() as copy:
        try:
            copy.apply(defect.patch)
            run = copy.test(defect.tests)
        except UnusableCopyError as unusable:
            return Outcome(caught=False, words=str(unusable))
    return judged(defect.tests, run)


def try_without(defects: Sequence[Defect]) -> Outcome:
    """Run all the named tests in a copy without any defect: they must be green."""
    tests = sorted({name for defect in defects for name in defect.tests})
    with fresh_copy() as copy:
        run = copy.test(tests)
    if run.exit_code == pytest.ExitCode.OK:
        return Outcome(caught=True, words=f"{len(tests)} tests are green without a defect")
    red = ", ".join(sorted(run.told("FAILED") | run.told("ERROR")))
    return Outcome(caught=False, words=f"exit code {run.exit_code} without a defect: {red}")


def judged(tests: Sequence[str], run: TestRun) -> Outcome:
    """Caught where every named test failed by itself; an error proves nothing."""
    if run.exit_code is None:
        return Outcome(caught=False, words="took too long")
    if run.exit_code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        return Outcome(caught=False, words=f"pytest ended with {run.exit_code}")
    if errors := run.told("ERROR"):
        return Outcome(caught=False, words=f"errors, not failures: {', '.join(sorted(errors))}")
    failed = {each for node in run.told("FAILED") for each in (node, node.partition("[")[0])}
    if green := [name for name in tests if name not in failed]:
        return Outcome(caught=False, words=f"survived {', '.join(green)}")
    return Outcome(caught=True, words="caught")
