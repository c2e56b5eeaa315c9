"""Endpoints that outside services call."""
