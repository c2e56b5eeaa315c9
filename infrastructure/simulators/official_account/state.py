"""Everything that one simulated account remembers."""

from dataclasses import dataclass

from infrastructure.simulators.official_account.authorization import Authorization
from infrastructure.simulators.official_account.faults import Faults
from infrastructure.simulators.official_account.grants import Grants
from infrastructure.simulators.official_account.quotas import Quotas
from infrastructure.simulators.official_account.settings import SimulatorSettings
from infrastructure.simulators.official_account.switches import Switches
from infrastructure.simulators.official_account.tickets import AccessTokens, Renewed


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """In memory, safe between threads."""

    settings: SimulatorSettings
    grants: Grants
    authorization: Authorization
    tokens: AccessTokens
    ticket: Renewed
    quotas: Quotas
    switches: Switches
    faults: Faults
