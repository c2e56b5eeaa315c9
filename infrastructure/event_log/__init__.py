"""The append-only log on PostgreSQL."""
