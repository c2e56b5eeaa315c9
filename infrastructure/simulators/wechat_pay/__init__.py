"""WeChat Pay APIv3 for a direct merchant, as an outside service with its own books."""

from infrastructure.simulators.wechat_pay.app import create_app
from infrastructure.simulators.wechat_pay.credentials import Credentials, generate_credentials
from infrastructure.simulators.wechat_pay.notifier import Notifier
from infrastructure.simulators.wechat_pay.settings import SimulatorSettings

__all__ = [
    "Credentials",
    "Notifier",
    "SimulatorSettings",
    "create_app",
    "generate_credentials",
]
