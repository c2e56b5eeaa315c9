"""Use cases: load, command, save; everything outside is a port."""
