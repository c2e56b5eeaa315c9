"""`python -m interface.demo`: exit code 0 if everything was as it has to be."""

import io
import logging
import os
import signal
import sys
import tempfile
from pathlib import Path

from pydantic import ValidationError

from interface.demo.performance import perform
from interface.demo.stage import demo_settings, stage, throwaway_database
from interface.settings import Settings

_REFUSED = 2
_INTERRUPTED = 130
# Below it the server's account has to find its data, see embedded_postgres.account.
_PASSABLE = 0o711


def main() -> int:
    """Set the stage in a temporary directory, tell the story, remove everything.

    Returns 2, and starts nothing, without JIAWU_DEMO=1 or beside real keys.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        sys.stderr.write(f"配置有误，演示没有开始：{error}\n")
        return _REFUSED
    if not settings.demo:
        sys.stderr.write("演示只在 JIAWU_DEMO=1 时运行。\n")
        return _REFUSED
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _run(settings)
    except KeyboardInterrupt:
        return _INTERRUPTED


def _run(settings: Settings) -> int:
    log = _quiet_log()
    sys.stdout.write("正在准备数据库和模拟器……\n\n")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory(prefix="jiawu-demo-") as name:
        directory = Path(name)
        directory.chmod(_PASSABLE)
        with (
            throwaway_database(directory) as url,
            stage(demo_settings(settings, directory, url)) as running,
        ):
            code = perform(running, sys.stdout)
    if code:
        sys.stderr.write(log.getvalue())
    return code


def _quiet_log() -> io.StringIO:
    """The log is kept aside: it is shown only when the demo has failed."""
    kept = io.StringIO()
    level = os.environ.get("JIAWU_LOG_LEVEL", "WARNING")
    logging.basicConfig(stream=kept, level=level, format="%(levelname)s %(name)s %(message)s")
    return kept


if __name__ == "__main__":
    sys.exit(main())
