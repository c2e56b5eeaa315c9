"""semgrep's and bandit's rules hold, and each of ours was seen failing.

What ruff and the rules of this directory check already is not checked again: see
docs/decisions/0047.
"""

import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.architecture.semgrep_breaches import BREACHES
from tests.architecture.source import PRODUCT
from tests.architecture.test_repository import ROOT

RULES: Final = Path(__file__).parent / "semgrep"
BANDIT: Final = Path(__file__).parent / "bandit.yaml"
# Not judged line by line with a reason, as ruff has no such finding: (id, place) → why.
EXPLAINED: Final = {
    ("B404", "infrastructure/"): "the import; every call is judged by B602 to B607",
    ("B107", "infrastructure/simulators/official_account/"): "left out, not a password",
}
# semgrep reads no guard behind `case Class() as name`, and passes over such a line.
UNREAD: Final = {"application/payment_errands.py"}

Json = Any  # a report of a tool
Lines = dict[tuple[str, str], set[int]]


def started(module: str, *words: str, home: Path) -> subprocess.CompletedProcess[str]:
    """A tool of this environment, without its user's settings and without a network."""
    told = {"HOME": str(home), "SEMGREP_SETTINGS_FILE": str(home / "settings.yml")}
    command = [str(Path(sys.executable).parent / module), *words]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **told}, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def semgrep(tmp_path_factory: pytest.TempPathFactory) -> Json:
    """The report on the product and, in a directory for each rule, on its breaches."""
    home = tmp_path_factory.mktemp("home")
    plant(home / "planted")
    offline = ("--metrics=off", "--disable-version-check", "--no-git-ignore", "--jobs=1")
    targets = (*PRODUCT, str(home / "planted"))
    run = started(
        "semgrep", "scan", "--config", str(RULES), *offline, "--json", *targets, home=home
    )
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    for result in report["results"]:
        result["rule"] = result["check_id"].rpartition(".")[2]
        result["path"] = result["path"].removeprefix(f"{home}/planted/")
    return report


def plant(directory: Path) -> None:
    for rule, sources in BREACHES.items():
        for source in sources:
            path = directory / rule / source.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source.text, encoding="utf-8")


def reported(semgrep: Json, rule: str) -> Lines:
    """Lines by file that the rule reports in its own breaches."""
    found: Lines = defaultdict(set)
    for result in semgrep["results"]:
        place, _, path = result["path"].partition("/")
        if result["rule"] == rule == place:
            found[rule, path].add(result["start"]["line"])
    return found


def our_rules() -> list[Json]:
    return [
        rule for path in RULES.glob("*.yml") for rule in yaml.safe_load(path.read_text())["rules"]
    ]


def test_the_product_follows_every_rule_of_semgrep(semgrep: Json) -> None:
    results = [each for each in semgrep["results"] if each["path"].startswith(PRODUCT)]
    lines = [f"{each['path']}:{each['start']['line']}: {each['rule']}" for each in results]
    assert lines == []


def test_semgrep_reads_the_whole_product(semgrep: Json) -> None:
    unread = {name for error in semgrep["errors"] if (name := error.get("path", ""))}
    assert unread <= UNREAD, semgrep["errors"]
    scanned = {path for path in semgrep["paths"]["scanned"] if path.endswith(".py")}
    ours = {str(p.relative_to(ROOT)) for top in PRODUCT for p in (ROOT / top).rglob("*.py")}
    assert ours <= scanned


@pytest.mark.parametrize("rule", sorted(BREACHES))
def test_a_rule_reports_its_planted_breaches_and_nothing_beside(semgrep: Json, rule: str) -> None:
    expected = {(rule, source.path): source.planted_lines() for source in BREACHES[rule]}
    assert any(expected.values())
    assert reported(semgrep, rule) == expected


def test_every_rule_has_its_breaches_and_says_what_it_demands() -> None:
    rules = our_rules()
    assert {rule["id"] for rule in rules} == BREACHES.keys()
    assert len(rules) == len(BREACHES) >= 15
    assert [rule["id"] for rule in rules if len(rule["message"]) < 40] == []


# -- bandit


@pytest.fixture(scope="module")
def bandit(tmp_path_factory: pytest.TempPathFactory) -> list[Json]:
    """Everything that bandit finds in the product, whatever its configuration leaves out."""
    run = started(
        "bandit", "-q", "-r", "-f", "json", *PRODUCT, home=tmp_path_factory.mktemp("home")
    )
    report = json.loads(run.stdout)
    assert report["errors"] == []
    assert report["metrics"]["_totals"]["loc"] > 30_000
    return list(report["results"])


def left_out() -> frozenset[str]:
    return frozenset(yaml.safe_load(BANDIT.read_text())["skips"])


def said(finding: Json) -> str:
    return f"{finding['filename']}:{finding['line_number']}: {finding['test_id']}"


def is_explained(finding: Json) -> bool:
    """Whether ruff's finding of the same number bears a reason, or the place has one here."""
    by_place = any(
        finding["test_id"] == number and finding["filename"].startswith(place)
        for number, place in EXPLAINED
    )
    lines = (ROOT / finding["filename"]).read_text(encoding="utf-8").split("\n")
    of_ruff = f"S{finding['test_id'][1:]}"
    reasons = re.compile(rf"# noqa: [A-Z0-9, ]*\b{of_ruff}\b[A-Z0-9, ]* - \S")
    return by_place or any(reasons.search(lines[at - 1]) for at in finding["line_range"])


def test_bandit_finds_nothing_that_is_not_explained(bandit: list[Json]) -> None:
    assert [said(each) for each in bandit if each["test_id"] not in left_out()] == []
    assert [said(each) for each in bandit if not is_explained(each)] == []


def test_nothing_is_left_out_or_explained_for_no_reason(bandit: list[Json]) -> None:
    found = {(each["test_id"], each["filename"]) for each in bandit}
    assert left_out() == {number for number, _ in found}
    needed = {key for key in EXPLAINED if any(has(key, each) for each in found)}
    assert needed == EXPLAINED.keys()


def has(key: tuple[str, str], found: tuple[str, str]) -> bool:
    return key[0] == found[0] and found[1].startswith(key[1])


def test_bandit_sees_what_is_planted(tmp_path: Path) -> None:
    """The kinds that neither ruff's rules nor ours are relied on for."""
    planted = {
        "B613": 'name = "\u202enimda"\n',
        "B701": "import jinja2\njinja2.Environment()\n",
        "B202": "import tarfile\ntarfile.open('x').extractall()\n",
        "B505": (
            "from cryptography.hazmat.primitives.asymmetric import rsa\n"
            "rsa.generate_private_key(65537, 1024)\n"
        ),
    }
    write(tmp_path, planted)
    run = started(
        "bandit", "-q", "-r", "-f", "json", "-c", str(BANDIT), str(tmp_path), home=tmp_path
    )
    seen = {each["test_id"] for each in json.loads(run.stdout)["results"]}
    assert seen >= planted.keys()


def write(directory: Path, texts: Mapping[str, str]) -> Iterable[Path]:
    paths = [directory / f"{name.lower()}.py" for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths
