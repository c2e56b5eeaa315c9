"""A local Official Account server: web authorization with fake users."""

from infrastructure.simulators.official_account.app import SimulatorSettings, create_app

__all__ = ["SimulatorSettings", "create_app"]
