"""Adapters of the ports: PostgreSQL, WeChat, processes."""
