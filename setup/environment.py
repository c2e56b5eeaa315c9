"""Make the virtual environment what a lock file says; quick when it already is.

Usage: environment.py run|test. Needs only Python's standard library. The
project itself is not built or installed: a .pth file makes it importable and a
four-line script makes it a command, so no build tool is fetched.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
RECORD = VENV / "installed.json"
ENTRY = """#!/bin/sh
exec "$(dirname "$0")/python" -c \\
  'import sys; sys.argv[0] = "jiawu"; from interface.cli import main; sys.exit(main())' "$@"
"""


def place() -> str:
    """What an environment is bound to: the interpreter and the directory."""
    return f"{sys.version_info[:2]} {VENV}"


def fingerprint(kind: str) -> str:
    """The lock file's contents, in short."""
    return hashlib.sha256((ROOT / "requirements" / f"{kind}.lock").read_bytes()).hexdigest()


def recorded() -> dict[str, str]:
    """What was installed here; nothing of another place or interpreter counts."""
    if not (RECORD.exists() and PYTHON.exists()):
        return {}
    record: dict[str, str] = json.loads(RECORD.read_text(encoding="utf-8"))
    return record if record.get("place") == place() else {}


def install(kind: str, *, anew: bool) -> None:
    """Install exactly the locked files, into an empty environment if `anew`."""
    lock = ROOT / "requirements" / f"{kind}.lock"
    print(f"installing {lock.relative_to(ROOT)} into .venv …", flush=True)
    if anew:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--require-hashes", "-r", str(lock)], check=True)


def make_importable() -> None:
    """Put the checkout on the environment's path, and the command beside python."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = VENV / "lib" / version / "site-packages"
    (packages / "jiawu.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    entry = VENV / "bin" / "jiawu"
    entry.write_text(ENTRY, encoding="utf-8")
    entry.chmod(0o755)


def main(kind: str) -> None:
    """Install `kind` unless it is there; the test lock holds all of the run lock."""
    installed = recorded()
    if installed.get(kind) == fingerprint(kind):
        return
    install(kind, anew=not installed)
    make_importable()
    kinds = ("run", "test") if kind == "test" else ("run",)
    record = {"place": place()} | {name: fingerprint(name) for name in kinds}
    RECORD.write_text(json.dumps(record), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in {"run", "test"}:  # noqa: PLR2004 - one argument
        sys.exit(__doc__)
    try:
        main(sys.argv[1])
    except subprocess.CalledProcessError as error:
        sys.exit(
            f"failed: {' '.join(error.cmd)}\n"
            "(On Debian and Ubuntu the module venv comes with the package python3-venv.)"
        )
