"""Access: password hashes, login sessions and OAuth round trips; nothing of it is in the log."""

from alembic import context, op

revision = "0003"
down_revision = "0002"

_TABLES = """
CREATE SCHEMA access;
CREATE TABLE access.credentials (
    staff_id uuid PRIMARY KEY,
    password_hash text NOT NULL,
    changed_at timestamptz NOT NULL,
    failed_attempts int NOT NULL DEFAULT 0,
    locked_until timestamptz
);
CREATE TABLE access.sessions (
    token_digest bytea PRIMARY KEY,
    subject_kind text NOT NULL CHECK (subject_kind IN ('customer', 'staff')),
    subject_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX sessions_of_subject ON access.sessions (subject_kind, subject_id);
CREATE INDEX sessions_expiry ON access.sessions (expires_at);
CREATE TABLE access.login_states (
    state_digest bytea PRIMARY KEY,
    return_path text NOT NULL,
    created_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX login_states_age ON access.login_states (created_at);
CREATE TABLE access.code_exchanges (
    code_digest bytea PRIMARY KEY,
    customer_id uuid NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX code_exchanges_age ON access.code_exchanges (created_at);
"""

# Credentials stay for ever; what has a term is deleted after it.
_GRANTS = """
GRANT USAGE ON SCHEMA access TO APPLICATION;
GRANT SELECT, INSERT, UPDATE ON access.credentials TO APPLICATION;
GRANT SELECT, INSERT, UPDATE (last_seen_at, revoked_at), DELETE ON access.sessions TO APPLICATION;
GRANT SELECT, INSERT, UPDATE (used_at), DELETE ON access.login_states TO APPLICATION;
GRANT SELECT, INSERT, DELETE ON access.code_exchanges TO APPLICATION;
"""


def upgrade() -> None:
    """Create schema `access` for the application role."""
    role = context.config.attributes["application_role"]
    op.execute(_TABLES)
    op.execute(_GRANTS.replace("APPLICATION", f'"{role}"'))
