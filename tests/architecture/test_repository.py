"""The repository as a whole: locks, deployment files, documents."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from infrastructure.embedded_postgres import EmbeddedPostgres
from infrastructure.embedded_postgres.programs import installed_programs
from interface.settings import known_variables

ROOT = Path(__file__).parents[2]
LOCKS = ("run", "test")
NOT_OURS = frozenset({"__pycache__", "build"})
TEXT = frozenset(
    {".py", ".md", ".toml", ".lock", ".yml", ".sh", ".sql", ".html", ".css", ".js", ".example", ""}
)
POSTGRES_VARIABLES = re.compile(r"POSTGRES_\w+")
MADE_BY_THE_DEMO = frozenset(
    f"JIAWU_SIMULATOR_{name}"
    for name in ("PAY_PORT", "ACCOUNT_PORT", "PLATFORM_PRIVATE_KEY", "MERCHANT_PUBLIC_KEY")
)


def our_files(directory: Path = ROOT) -> Iterator[Path]:
    for path in sorted(directory.iterdir()):
        hidden = path.name.startswith(".") and path.name not in {".ci", ".env.example"}
        if hidden or path.name in NOT_OURS or path.is_symlink():
            continue
        if path.is_dir():
            yield from our_files(path)
        elif path.suffix in TEXT:
            yield path


def locked(name: str) -> dict[str, str]:
    """Each distribution's block in a lock file, by name and version."""
    text = (ROOT / "requirements" / f"{name}.lock").read_text()
    blocks = re.split(r"\n(?=\S)", text.strip())
    return {re.split(r"[ ;\\]", block, maxsplit=1)[0]: block for block in blocks}


@pytest.mark.parametrize("name", LOCKS)
def test_everything_that_is_installed_is_pinned_and_hashed(name: str) -> None:
    for pin, block in locked(name).items():
        assert "==" in pin
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), pin


@pytest.mark.parametrize("name", LOCKS)
def test_locks_name_no_address(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.lock").read_text()
    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash)", text, re.MULTILINE)


def test_the_test_lock_holds_the_run_lock() -> None:
    assert locked("run").keys() <= locked("test").keys()


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [("run", text) for text in project["project"]["dependencies"]]
    wanted += [("test", text) for text in project["dependency-groups"]["test"]]
    for name, text in wanted:
        distribution = re.split(r"[<>=\[ ]", text)[0].lower()
        assert any(pin.startswith(f"{distribution}==") for pin in locked(name)), text


def test_no_file_names_the_directory_it_happens_to_lie_in() -> None:
    for path in our_files():
        assert str(ROOT) not in path.read_text(encoding="utf-8"), path


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def product_services() -> dict[str, Any]:
    return {name: service for name, service in compose()["services"].items() if "build" in service}


def test_the_compose_file_names_all_services() -> None:
    assert {"postgres", "migrate", "web", "feed", "worker", "demo"} == compose()["services"].keys()


def test_postgresql_18_keeps_its_data_where_its_image_expects_it() -> None:
    postgres = compose()["services"]["postgres"]
    assert postgres["image"] == "postgres:18"
    assert "postgres:/var/lib/postgresql" in postgres["volumes"]
    mounted = [volume.split(":")[0] for volume in postgres["volumes"] if volume.startswith("./")]
    assert all((ROOT / path).exists() for path in mounted)


@pytest.mark.parametrize("name", ["postgres", "web"])
def test_what_others_wait_for_has_a_health_check(name: str) -> None:
    assert compose()["services"][name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", sorted(product_services()))
def test_every_container_runs_a_command_that_exists(name: str) -> None:
    command = product_services()[name]["command"]
    start = "import sys; from interface.cli import main; sys.exit(main())"
    asked = [sys.executable, "-c", start, *command, "--help"]
    answer = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("name", sorted(compose()["services"]))
def test_every_variable_of_a_container_means_something(name: str) -> None:
    variables = compose()["services"][name].get("environment", {})
    strange = {v for v in variables if not POSTGRES_VARIABLES.fullmatch(v)} - known_variables()
    assert not strange


def test_only_the_demo_profile_runs_a_demo_and_only_on_the_loopback() -> None:
    for name, service in product_services().items():
        demo = service["environment"]["JIAWU_DEMO"] == "1"
        assert demo is (name == "demo")
        assert (service.get("profiles") == ["dev"]) is demo
    assert "JIAWU_HOST" not in product_services()["demo"]["environment"]
    assert "ports" not in product_services()["demo"]


def test_only_the_migration_gets_the_owners_password() -> None:
    holders = {
        name
        for name, service in product_services().items()
        if "DATABASE_OWNER_URL" in service["environment"]
    }
    assert holders == {"migrate"}


def test_the_image_copies_all_layers() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    for layer in ("domain", "application", "infrastructure", "interface", "requirements", "setup"):
        assert f"COPY {layer} {layer}\n" in dockerfile
        assert f"!{layer}" in ignore


def test_the_example_file_explains_every_variable() -> None:
    text = (ROOT / ".env.example").read_text()
    assert set(re.findall(r"^([A-Z0-9_]+)=", text, re.MULTILINE)) == (
        known_variables() - MADE_BY_THE_DEMO
    )


def test_the_script_for_ones_own_server_makes_the_roles(
    postgres_server: EmbeddedPostgres,
) -> None:
    url = sa.make_url(postgres_server.url())
    script = (ROOT / "setup" / "database_roles.sql").read_text()
    for name in ("jiawu_owner", "jiawu_app", "DATABASE jiawu"):
        script = script.replace(name, f"{name}_scripted")
    done = subprocess.run(
        [
            *(str(installed_programs() / "psql"), "--no-psqlrc", "--username=postgres"),
            *(f"--host={url.query['host']}", "--set=owner_password=it's"),
            *("--set=application_password=x", "--dbname=postgres"),
        ],
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


def test_the_gate_runs_the_tests() -> None:
    assert "make test" in (ROOT / ".ci" / "run").read_text()
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_the_readmes_name_only_commands_that_exist(readme: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make ([a-z-]+)`", (ROOT / readme).read_text(encoding="utf-8")):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_the_readmes_links_lead_somewhere(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target


DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
PARTS = ("Context", "Decision", "Consequences", "Alternatives", "References")


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_all_its_parts(decision: Path) -> None:
    headings = re.findall(r"^## (.+)$", decision.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == list(PARTS)


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in DECISIONS]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.mark.parametrize(
    ("body", "fails"),
    [
        ("assert True", False),
        ("pytest.skip('not today')", True),
        ("pytest.xfail('known')", True),
        ("pytest.importorskip('no_such_module')", True),
    ],
)
def test_a_run_fails_when_a_test_proves_nothing(tmp_path: Path, body: str, *, fails: bool) -> None:
    file = tmp_path / "test_sample.py"
    file.write_text(f"import pytest\ndef test_sample():\n    {body}\n")
    asked = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", f"--rootdir={tmp_path}"]
    answer = subprocess.run(
        [*asked, str(file)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (answer.returncode != 0) is fails, answer.stdout
