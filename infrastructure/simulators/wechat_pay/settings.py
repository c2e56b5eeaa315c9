"""What one simulated merchant account is configured with."""

from dataclasses import dataclass, field
from typing import Final, Literal

from infrastructure.simulators.wechat_pay.certificates import PlatformCertificate

APIV3_KEY_BYTES: Final = 32
KeyMode = Literal["public_key", "certificate", "grey"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings:
    """One direct merchant (普通商户).

    The simulator never holds the merchant's private key: like the real
    service it only verifies with the public one.

    Attributes:
        appid: The only appid bound to the merchant.
        mchid: The merchant's number (商户号).
        merchant_serial: Serial of the merchant's API certificate, 40 upper-case hex.
        merchant_public_key_pem: Verifies the merchant's requests.
        apiv3_key: 32 ASCII characters; encrypts what notices carry.
        platform_private_key_pem: The key of the public-key mode (微信支付公钥).
        platform_key_id: `PUB_KEY_ID_…`, what that key is named in signatures.
        key_mode: Which keys sign: `public_key` as for new merchants,
            `certificate` (平台证书), or `grey`, on the way from the latter to
            the former.
        platform_certificates: Oldest first; the first one signs. If a mode
            needs one and none is given, one is issued.
        grey_notice_percent: Of 100 notices, so many signed with the public key
            in `grey` mode.
        public_base_url: Where customers reach the cashier page of H5, without
            a final slash; "" takes the Host of the prepay request.
        h5_domains: Hosts registered as H5支付域名, their sub-domains included;
            empty, every H5 cashier page refuses.
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
    key_mode: KeyMode = "public_key"
    platform_certificates: tuple[PlatformCertificate, ...] = ()
    grey_notice_percent: int = 0
    public_base_url: str = ""
    h5_domains: frozenset[str] = frozenset()
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
