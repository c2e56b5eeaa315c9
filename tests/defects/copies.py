"""Fresh copies of the tree, in which a defect is planted and tests are run."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.defects.defect import ROOT

_LIMIT: Final = 600
_LAYERS: Final = ("domain", "application", "infrastructure", "interface", "tests")
_LEFT_BY_TOOLS: Final = shutil.ignore_patterns(
    *(".git", ".venv", ".bench-venv", ".state", ".hypothesis", ".*_cache", "__pycache__")
)
# The product may be installed in place, from the very tree that was copied.
_WHERE: Final = (
    f"import {', '.join(_LAYERS)}; print({', '.join(f'{n}.__path__[0]' for n in _LAYERS)})"
)


class UnusableCopyError(Exception):
    """The patch does not apply, or the copy's own modules would not be tested."""


@dataclass(frozen=True)
class TestRun:
    """What pytest said: its exit code (None where it took too long) and its summary."""

    __test__ = False

    exit_code: int | None
    output: str

    def told(self, word: str) -> set[str]:
        """The node ids behind FAILED or ERROR in the summary."""
        lines = [line for line in self.output.splitlines() if line.startswith(f"{word} ")]
        return {line.removeprefix(f"{word} ").partition(" - ")[0].strip() for line in lines}


@dataclass(frozen=True)
class Copy:
    """A copy of the tree."""

    path: Path

    def apply(self, patch: Path) -> None:
        """Plant a defect. Raises UnusableCopyError."""
        said = self._run("git", "apply", str(patch))
        if said.returncode:
            raise UnusableCopyError(said.stderr.strip())

    def test(self, tests: Sequence[str]) -> TestRun:
        """Run these tests on the copy's modules. Raises UnusableCopyError."""
        self._imports_itself()
        try:
            said = self._run(
                *(sys.executable, "-m", "pytest", "-q", "-rfE", "--tb=no", "--durations=0"),
                *tests,
            )
        except subprocess.TimeoutExpired:
            return TestRun(None, "")
        return TestRun(said.returncode, said.stdout)

    def _imports_itself(self) -> None:
        said = self._run(sys.executable, "-c", _WHERE)
        wanted = [str(self.path / name) for name in _LAYERS]
        if said.stdout.split() != wanted:
            imported = f"imports {said.stdout}{said.stderr}"
            raise UnusableCopyError(imported)

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.path),
            "PYTHONDONTWRITEBYTECODE": "1",
            # The copy belongs to no repository, wherever temporary files lie.
            "GIT_CEILING_DIRECTORIES": str(self.path.parent),
        }
        return subprocess.run(
            command,
            cwd=self.path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_LIMIT,
            check=False,
        )


@contextmanager
def fresh_copy() -> Iterator[Copy]:
    """The tree as it is now, without what tools have left in it; gone in the end."""
    with tempfile.TemporaryDirectory(prefix="jiawu-defect-") as name:
        path = Path(name).resolve() / "tree"
        shutil.copytree(ROOT, path, ignore=_LEFT_BY_TOOLS)
        yield Copy(path)
