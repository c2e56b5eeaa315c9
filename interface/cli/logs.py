"""Where the processes' lines go, and which."""

import logging
import os
from typing import Final

from interface.settings import SettingsError

LEVEL_VARIABLE: Final = "JIAWU_LOG_LEVEL"


def configure() -> None:
    """Write lines to standard error, from the level that JIAWU_LOG_LEVEL names.

    Raises SettingsError for an unknown level.
    """
    level = os.environ.get(LEVEL_VARIABLE, "INFO").upper()
    if level not in logging.getLevelNamesMapping():
        raise SettingsError(what=f"{LEVEL_VARIABLE} 无法识别：{level}。")
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # At DEBUG urllib3 prints request addresses, which hold the app's secret and codes.
    logging.getLogger("urllib3").setLevel(logging.INFO)
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
