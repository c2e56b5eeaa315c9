"""A local Official Account server: web authorization with fake users."""

from infrastructure.simulators.official_account.app import create_app
from infrastructure.simulators.official_account.settings import SimulatorSettings

__all__ = ["SimulatorSettings", "create_app"]
