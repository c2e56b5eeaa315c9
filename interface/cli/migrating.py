"""`jiawu migrate`: bring the database to the newest schema, as its owner."""

from sqlalchemy.engine import make_url

from infrastructure.migrations import upgrade
from interface.settings import Settings, SettingsError


def migrate(settings: Settings) -> int:
    """Migrate; the application role's name is the one of DATABASE_URL. Idempotent.

    Raises SettingsError where an address is missing.
    """
    if settings.database_owner_url is None or settings.database_url is None:
        raise SettingsError(what="缺少 DATABASE_OWNER_URL 或 DATABASE_URL。")
    role = make_url(settings.database_url.get_secret_value()).username
    if not role:
        raise SettingsError(what="DATABASE_URL 中没有用户名。")
    upgrade(settings.database_owner_url.get_secret_value(), role)
    return 0
