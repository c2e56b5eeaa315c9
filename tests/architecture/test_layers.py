"""Each import contract of pyproject.toml was seen failing on a small tree of its own."""

import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from importlinter.api import read_configuration

from tests.architecture.test_repository import ROOT

CONFIGURATION = ROOT / "pyproject.toml"
CONTRACTS: list[dict[str, Any]] = read_configuration(str(CONFIGURATION))["contracts_options"]
NAMES: Final = {contract["id"]: contract["name"] for contract in CONTRACTS}

# A house as it should be: every import that a contract lets through is in it.
ALLOWED: Final = {
    "domain.money": "import re",
    "application.clock": "",
    "application.log": "from eventsourcing.application import Application\nimport domain.money",
    "application.projections.orders": "import sqlalchemy",
    "application.event_map": "import application.projections.orders",
    "infrastructure.vault": "import sqlalchemy\nimport application.log",
    "infrastructure.wechat.pay": "import requests\nimport application.log",
    "infrastructure.simulators.wechat_pay": "import fastapi\nimport application.clock",
    "interface.household": "import infrastructure.vault",
    "interface.ground": "import infrastructure.vault",
    "interface.cli.simulating": "import infrastructure.simulators.wechat_pay",
    "interface.demo": "import infrastructure.simulators.wechat_pay",
    "interface.api.orders": "import interface.household",
}

# (contract, module) → a line that breaks the contract there.
BREACHES: Final = [
    ("layers", "domain.money", "import application.log"),
    ("layers", "application.log", "import infrastructure.vault"),
    ("layers", "application.clock", "import interface.household"),
    ("layers", "infrastructure.vault", "import interface.household"),
    ("pure-domain", "domain.money", "import sqlalchemy"),
    ("pure-domain", "domain.money", "import fastapi"),
    ("pure-domain", "domain.money", "import psycopg2"),
    ("pure-domain", "domain.money", "import requests"),
    ("pure-domain", "domain.money", "import orjson"),
    ("pure-domain", "domain.money", "import pydantic"),
    ("ports-only", "application.log", "import requests"),
    ("ports-only", "application.projections.orders", "import psycopg2"),
    ("sql-in-projections", "application.log", "from sqlalchemy import select"),
    ("sql-in-projections", "application.event_map", "import sqlalchemy"),
    ("composition-root", "interface.api.orders", "import infrastructure.vault"),
    ("simulators-stand-alone", "infrastructure.simulators.wechat_pay", "import domain.money"),
    ("simulators-stand-alone", "infrastructure.simulators.wechat_pay", "import application.log"),
    (
        "simulators-stand-alone",
        "infrastructure.simulators.wechat_pay",
        "import infrastructure.vault",
    ),
    (
        "no-simulator-in-the-product",
        "infrastructure.wechat.pay",
        "import infrastructure.simulators.wechat_pay",
    ),
    (
        "no-simulator-in-the-product",
        "interface.household",
        "import infrastructure.simulators.wechat_pay",
    ),
]


def build(tree: Path, modules: dict[str, str]) -> None:
    """Write the modules with a package around each."""
    for name, text in modules.items():
        file = tree.joinpath(*name.split(".")).with_suffix(".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")
        for package in file.relative_to(tree).parents[:-1]:
            (tree / package / "__init__.py").touch()


def verdict(tree: Path, *contracts: str) -> str:
    """What import-linter says of the tree under the contracts of this project."""
    asked = [f"--contract={contract}" for contract in contracts]
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [str(program), f"--config={CONFIGURATION}", "--no-cache", "--no-logo", *asked],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


def test_the_project_keeps_its_contracts() -> None:
    told = verdict(ROOT)

    assert f"{len(CONTRACTS)} kept, 0 broken." in told, told


def test_a_house_as_it_should_be_keeps_every_contract(tmp_path: Path) -> None:
    build(tmp_path, ALLOWED)

    told = verdict(tmp_path)

    assert f"{len(CONTRACTS)} kept, 0 broken." in told, told


@pytest.mark.parametrize(("contract", "module", "breach"), BREACHES)
def test_a_contract_reports_its_planted_breach(
    tmp_path: Path, contract: str, module: str, breach: str
) -> None:
    build(tmp_path, ALLOWED | {module: f"{ALLOWED[module]}\n{breach}"})

    told = verdict(tmp_path, contract)

    assert f"{NAMES[contract]} BROKEN" in told, told
    assert f"{module} -> {breach.split()[1]} " in told


def test_every_contract_was_seen_failing() -> None:
    assert {contract for contract, _, _ in BREACHES} == NAMES.keys()
