"""Runs projections and policies over the log."""
