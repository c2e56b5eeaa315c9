"""Where the databases of tests stand: in memory, where the machine lends enough of it.

A copy of a database is a thousand small files: on a disk making it takes longer
than most tests, in memory a tenth of that.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

_SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - directories in it are made by mkdtemp
_NEEDED_BYTES: Final = 4 * 1024**3


def place_of_servers() -> Path:
    """Shared memory, or the usual place of temporary files."""
    if not os.access(_SHARED_MEMORY, os.W_OK | os.X_OK):
        return Path(tempfile.gettempdir())
    roomy = shutil.disk_usage(_SHARED_MEMORY).free >= _NEEDED_BYTES
    return _SHARED_MEMORY if roomy else Path(tempfile.gettempdir())
