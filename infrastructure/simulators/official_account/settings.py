"""Which account is simulated."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """The account that is simulated.

    `redirect_hosts` are the authorized web domains (网页授权域名): bare host
    names; a host does not cover its subdomains, the port does not matter.
    """

    appid: str
    secret: str = field(repr=False)
    redirect_hosts: frozenset[str] = frozenset({"127.0.0.1", "localhost"})
