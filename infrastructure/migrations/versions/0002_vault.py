"""The vault: wrapped data keys, in a schema of its own with its own short-lived backup."""

from alembic import context, op

revision = "0002"
down_revision = "0001"

# A key is either usable or destroyed, never both: the check ties the two columns.
_TABLES = """
CREATE SCHEMA vault;
CREATE TABLE vault.keys (
    key_id text PRIMARY KEY,
    owner uuid NOT NULL,
    class text NOT NULL,
    wrapped bytea,
    created_at timestamptz NOT NULL,
    destroyed_at timestamptz,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);
CREATE UNIQUE INDEX keys_in_use ON vault.keys (owner, class) WHERE destroyed_at IS NULL;
"""

# No DELETE: the row of a destroyed key is the proof of its destruction.
_GRANTS = """
GRANT USAGE ON SCHEMA vault TO APPLICATION;
GRANT SELECT, INSERT, UPDATE (wrapped, destroyed_at) ON vault.keys TO APPLICATION;
"""


def upgrade() -> None:
    """Create schema `vault` and let the application role make and destroy keys."""
    role = context.config.attributes["application_role"]
    op.execute(_TABLES)
    op.execute(_GRANTS.replace("APPLICATION", f'"{role}"'))
