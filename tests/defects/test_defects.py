"""Every planted defect can still be planted, and names tests that are there."""

import ast
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.architecture.source import PRODUCT
from tests.defects.copies import Copy, TestRun, UnusableCopyError, fresh_copy
from tests.defects.defect import HERE, ROOT, Defect, all_defects
from tests.defects.trial import judged, try_out

DEFECTS = {f"{defect.number:02}": defect for defect in all_defects()}
CHANGED = re.compile(r"^\+\+\+ b/(\S+)$", re.MULTILINE)
NAMED = ("tests/x.py::test_a", "tests/x.py::test_b[1]")


@pytest.fixture(params=sorted(DEFECTS), name="defect")
def each_defect(request: pytest.FixtureRequest) -> Defect:
    return DEFECTS[str(request.param)]


def test_there_are_25_defects_with_a_patch_each() -> None:
    patches = sorted(path.stem for path in HERE.glob("*.patch"))
    assert [*DEFECTS] == patches == [f"{number:02}" for number in range(1, 26)]


def test_no_two_defects_are_the_same() -> None:
    assert len({defect.wrong for defect in DEFECTS.values()}) == 25
    assert len({defect.patch.read_bytes() for defect in DEFECTS.values()}) == 25


def test_a_defect_says_what_is_wrong_in_one_sentence(defect: Defect) -> None:
    assert re.fullmatch(r"[A-Z][^.]{20,}\.", defect.wrong)


def test_a_defect_can_be_planted_in_the_product_and_is_read_as_code(
    defect: Defect, tmp_path: Path
) -> None:
    files = CHANGED.findall(defect.patch.read_text(encoding="utf-8"))
    assert files
    for file in files:
        assert file.split("/")[0] in PRODUCT
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, tmp_path / file)
    Copy(tmp_path).apply(defect.patch)
    for file in files:
        planted = (tmp_path / file).read_text(encoding="utf-8")
        assert planted != (ROOT / file).read_text(encoding="utf-8")
        assert file.endswith(".sql") or ast.parse(planted).body


def test_a_defect_names_tests_that_are_there(defect: Defect) -> None:
    assert defect.tests
    for test in defect.tests:
        path, _, rest = test.partition("::")
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert rest.partition("[")[0] in there


# -- what counts as caught


def summary(*lines: str) -> str:
    return "\n".join(["..F", *lines, "2 failed in 1 s"])


def test_a_defect_is_caught_when_every_named_test_fails() -> None:
    said = summary(
        "FAILED tests/x.py::test_a[0] - assert 1 == 2",
        "FAILED tests/x.py::test_b[1] - KeyError: 'x'",
    )
    assert judged(NAMED, TestRun(1, said)).caught


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (TestRun(0, summary()), "survived"),
        (TestRun(1, summary("FAILED tests/x.py::test_a")), "survived tests/x.py::test_b[1]"),
        (TestRun(2, summary("ERROR tests/x.py - ImportError: x")), "pytest ended with 2"),
        (TestRun(4, "ERROR: not found: tests/x.py::test_a"), "pytest ended with 4"),
        (TestRun(5, ""), "pytest ended with 5"),
        (TestRun(1, summary("ERROR tests/x.py::test_a - OSError")), "errors, not failures"),
        (TestRun(None, ""), "took too long"),
    ],
)
def test_anything_else_is_not_caught(run: TestRun, why: str) -> None:
    outcome = judged(NAMED, run)
    assert not outcome.caught
    assert outcome.words.startswith(why)


@pytest.mark.parametrize(
    ("planted", "words"),
    [
        ("return ()", "caught"),
        ('return (TakeUnique("transaction_id", self.transaction_id), )', "survived"),
    ],
)
def test_a_change_is_caught_in_a_copy_if_it_harms(planted: str, words: str, tmp_path: Path) -> None:
    """So the copy's own modules are tested, not those of the tree beside it."""
    first = DEFECTS["01"]
    patch = tmp_path / "x.patch"
    patch.write_text(first.patch.read_text(encoding="utf-8").replace("return ()", planted))
    outcome = try_out(replace(first, tests=first.tests[:1], patch=patch))
    assert outcome.words.startswith(words)


def test_a_patch_that_does_not_apply_is_told(tmp_path: Path) -> None:
    (tmp_path / "domain").mkdir()
    (tmp_path / "domain/payments.py").write_text("x = 1\n", encoding="utf-8")
    with pytest.raises(UnusableCopyError, match="patch does not apply"):
        Copy(tmp_path).apply(DEFECTS["01"].patch)


def test_a_copy_holds_the_tree_and_is_gone_in_the_end() -> None:
    with fresh_copy() as copy:
        kept = copy.path
        assert (kept / "domain/payments.py").read_bytes() == (
            ROOT / "domain/payments.py"
        ).read_bytes()
        assert not (kept / ".venv").exists()
        assert not (kept / ".git").exists()
    assert not kept.exists()
