"""The event log's measurements."""
