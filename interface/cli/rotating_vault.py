"""`jiawu rotate-vault`: wrap all data keys by the present wrapping key, while everything runs."""

import sys

from sqlalchemy import create_engine

from infrastructure.vault_rotation import Rotation
from interface.ground import vault_secrets
from interface.settings import Settings, SettingsError


def rotate(settings: Settings) -> int:
    """Wrap what lies under the previous key; a run that was killed goes on where it was.

    Returns 0 when all keys lie under the present one. Raises SettingsError where a key
    or address is missing, and BrokenSealError where a data key lies under neither.
    """
    if settings.database_url is None:
        raise SettingsError(what="缺少 DATABASE_URL。")
    engine = create_engine(settings.database_url.get_secret_value())
    try:
        rotated = Rotation(engine, vault_secrets(settings)).run(_tell)
    finally:
        engine.dispose()
    sys.stdout.write(
        f"已重新包裹 {rotated.wrapped:,} 个数据密钥，共 {rotated.keys:,} 个在用；"
        "所有进程都换用新主密钥之后，不再需要 JIAWU_VAULT_PREVIOUS_WRAPPING_KEY"
        "（可用 jiawu doctor 确认）。\n"
    )
    return 0


def _tell(done: int, keys: int) -> None:
    sys.stdout.write(f"{done:,} / {keys:,}\n")
    sys.stdout.flush()
