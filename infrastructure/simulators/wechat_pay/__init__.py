"""WeChat Pay APIv3 for a direct merchant, as an outside service with its own books."""

from infrastructure.simulators.wechat_pay.app import create_app
from infrastructure.simulators.wechat_pay.certificates import (
    PlatformCertificate,
    issue_certificate,
)
from infrastructure.simulators.wechat_pay.credentials import Credentials, generate_credentials
from infrastructure.simulators.wechat_pay.desk import Desk, set_up_desk
from infrastructure.simulators.wechat_pay.exchange import exchange
from infrastructure.simulators.wechat_pay.faults import Fault
from infrastructure.simulators.wechat_pay.notices import NoticeRules
from infrastructure.simulators.wechat_pay.notifier import Notifier
from infrastructure.simulators.wechat_pay.orders import Payment
from infrastructure.simulators.wechat_pay.refusals import RefusalError
from infrastructure.simulators.wechat_pay.settings import SimulatorSettings
from infrastructure.simulators.wechat_pay.wire import Reply, Wire

__all__ = [
    "Credentials",
    "Desk",
    "Fault",
    "NoticeRules",
    "Notifier",
    "Payment",
    "PlatformCertificate",
    "RefusalError",
    "Reply",
    "SimulatorSettings",
    "Wire",
    "create_app",
    "exchange",
    "generate_credentials",
    "issue_certificate",
    "set_up_desk",
]
