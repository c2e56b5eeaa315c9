"""What one simulated merchant account is configured with."""

from dataclasses import dataclass, field
from typing import Final

APIV3_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings:
    """One direct merchant (普通商户) in public-key mode (微信支付公钥).

    The simulator never holds the merchant's private key: like the real
    service it only verifies with the public one.

    Attributes:
        appid: The only appid bound to the merchant.
        mchid: The merchant's number (商户号).
        merchant_serial: Serial of the merchant's API certificate, 40 upper-case hex.
        merchant_public_key_pem: Verifies the merchant's requests.
        apiv3_key: 32 ASCII characters; encrypts what notices carry.
        platform_private_key_pem: Signs answers and notices.
        platform_key_id: `PUB_KEY_ID_…`, named in every signature.
        allow_loopback_http_notify: The one relaxation of the real rules: a
            notify_url may be plain http if its host is 127.0.0.1, ::1 or
            localhost. Off, only https is accepted.
        refuse_repeated_nonces: Stricter than the real service promises: a
            nonce_str is accepted once.
        old_error_spellings: Answer ORDERNOTEXIST instead of ORDER_NOT_EXIST
            and so on, as the real service sometimes still does.
        deliver_in_background: Whether the running app delivers due notices by
            itself; off, only `Notifier.deliver_due` does.
        acknowledge_within_seconds: Real time a notice's receiver has to answer.

    Raises:
        ValueError: The APIv3 key is not 32 bytes long.
    """

    appid: str
    mchid: str
    merchant_serial: str
    merchant_public_key_pem: str
    apiv3_key: str = field(repr=False)
    platform_private_key_pem: str = field(repr=False)
    platform_key_id: str
    allow_loopback_http_notify: bool = False
    refuse_repeated_nonces: bool = False
    old_error_spellings: bool = False
    deliver_in_background: bool = True
    acknowledge_within_seconds: float = 5.0

    def __post_init__(self) -> None:
        """Refuse a key that AES-256 cannot take."""
        if len(self.apiv3_key.encode()) != APIV3_KEY_BYTES:
            message = f"the APIv3 key must be {APIV3_KEY_BYTES} bytes long"
            raise ValueError(message)
