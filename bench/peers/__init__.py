"""Other libraries' recorders, in an environment of their own (.bench-venv)."""
