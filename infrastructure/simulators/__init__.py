"""Real servers that speak the protocols of the outside services."""
