"""Migrations of the log, the commands, the claims and the vault.

Projections make their own schemas; only what cannot be rebuilt is migrated.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool


def upgrade(owner_url: str, application_role: str, revision: str = "head") -> None:
    """Bring the database to a revision, the newest by default, as its owner; idempotent.

    `application_role` is granted what the product needs and no more.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["application_role"] = application_role
    engine = create_engine(owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
