"""The peers' environment, made from requirements/bench.lock; quick when it is there."""

import hashlib
import subprocess
import sys
from pathlib import Path

from bench.crew import ROOT

_VENV = ROOT / ".bench-venv"
_LOCK = ROOT / "requirements" / "bench.lock"
_RECORD = _VENV / "installed"


def peers_python() -> Path:
    """The interpreter of the peers' environment, installed anew if the lock changed."""
    python = _VENV / "bin" / "python"
    wanted = hashlib.sha256(_LOCK.read_bytes()).hexdigest() + f" {sys.version_info[:2]} {_VENV}"
    if not _RECORD.exists() or _RECORD.read_text(encoding="utf-8") != wanted:
        print(f"installing {_LOCK.relative_to(ROOT)} into .bench-venv …", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(_VENV)], check=True)  # noqa: S603 - python itself
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "--no-deps", "--require-hashes", "-r", str(_LOCK)], check=True)  # noqa: S603 - the same
        _RECORD.write_text(wanted, encoding="utf-8")
    return python
