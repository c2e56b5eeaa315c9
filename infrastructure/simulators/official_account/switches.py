"""States of the account that tests and demo turn on and off."""

from dataclasses import dataclass


@dataclass(slots=True)
class Switches:
    """All off at first.

    Attributes:
        ip_refused: The caller's address is not in the whitelist: 40164.
        secret_frozen: The AppSecret is frozen (AppSecret 已冻结): 40243.
        token_refused: Every access token is refused, whatever its age: 40001.
        double_callback: The browser is sent back twice with one code.
    """

    ip_refused: bool = False
    secret_frozen: bool = False
    token_refused: bool = False
    double_callback: bool = False
