"""What an installation is told from outside: environment variables or a .env file.

Every field is read from JIAWU_<NAME>; the two database addresses keep their
customary names. Secrets never show in a repr, a log or an error.
"""

from base64 import b64decode
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.errors import JiawuError
from interface.database_url import normalised
from interface.demo_secrets import DemoSecrets, demo_secrets

PREFIX = "JIAWU_"
PAY_BASE_URL = "https://api.mch.weixin.qq.com"
API_BASE_URL = "https://api.weixin.qq.com"
OPEN_BASE_URL = "https://open.weixin.qq.com"
NOTIFY_PATH = "/callbacks/wechat-pay/transactions"
DEMO_APPID = "wx00000000000000de"
DEMO_MCHID = "1900000000"
_KEY_BYTES = 32
_REAL_SECRETS = (
    *("wechat_secret", "pay_mchid", "pay_apiv3_key"),
    *("pay_private_key", "pay_private_key_path"),
)
_REQUIRED = (
    *("database_url", "public_base_url", "wechat_appid", "wechat_secret"),
    *("pay_mchid", "pay_serial", "pay_apiv3_key", "pay_platform_keys"),
    *("vault_wrapping_key", "vault_digest_key", "command_mac_key"),
)


class SettingsError(JiawuError):
    """The configuration cannot be used; nothing was started."""

    code: ClassVar[str] = "settings"
    status: ClassVar[int] = 500
    sentence: ClassVar[str] = "配置有误：{what}"


def _database_url(value: SecretStr) -> SecretStr:
    return SecretStr(normalised(value.get_secret_value()))


def _without_slash(value: str) -> str:
    return value.rstrip("/")


def _rate_factor(value: object) -> object:
    return {"off": 0, "on": 1}.get(value, value) if isinstance(value, str) else value


DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
BaseUrl = Annotated[str, AfterValidator(_without_slash)]
# off, on, or by how much every limit of interface/api/rate_limits is multiplied.
RateFactor = Annotated[int, BeforeValidator(_rate_factor), Field(ge=0, le=1_000)]


class Settings(BaseSettings):
    """One installation's configuration; immutable.

    Keys are base64 of 32 random bytes. `pay_platform_keys` is a JSON object:
    what WeChat sends as Wechatpay-Serial → a PEM or a file's path. With `demo`
    the simulators stand in for WeChat, on the loopback only.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
        env_ignore_empty=True,
    )

    demo: bool = False
    state_directory: Path = Path(".state")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65_535)
    public_base_url: BaseUrl = ""
    # WeChat compares the payer's address with the one that H5 payments name.
    trusted_proxies: str = "127.0.0.1,::1"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    rate_limits: RateFactor = 1

    database_url: DatabaseUrl | None = Field(
        default=None, validation_alias=AliasChoices("DATABASE_URL")
    )
    database_owner_url: DatabaseUrl | None = Field(
        default=None, validation_alias=AliasChoices("DATABASE_OWNER_URL")
    )

    wechat_appid: str = ""
    wechat_secret: SecretStr = SecretStr("")
    wechat_api_base_url: BaseUrl = API_BASE_URL
    wechat_open_base_url: BaseUrl = OPEN_BASE_URL

    pay_mchid: str = ""
    pay_serial: str = ""
    pay_private_key: SecretStr = SecretStr("")
    pay_private_key_path: Path | None = None
    pay_certificate_path: Path | None = None
    pay_apiv3_key: SecretStr = SecretStr("")
    pay_platform_keys: dict[str, str] = Field(default_factory=dict, repr=False)
    pay_base_url: BaseUrl = PAY_BASE_URL
    pay_notify_url: str = ""

    vault_wrapping_key: SecretStr = SecretStr("")
    # Another key that data keys may lie under, until `jiawu rotate-vault` has run.
    vault_previous_wrapping_key: SecretStr = SecretStr("")
    vault_digest_key: SecretStr = SecretStr("")
    command_mac_key: SecretStr = SecretStr("")

    simulator_pay_port: int = Field(default=8001, ge=1, le=65_535)
    simulator_account_port: int = Field(default=8002, ge=1, le=65_535)
    simulator_platform_private_key: SecretStr = SecretStr("")
    simulator_merchant_public_key: str = Field(default="", repr=False)

    @model_validator(mode="after")
    def _demo_stays_at_home(self) -> Self:
        """Demo data and simulators never meet the network or a real merchant."""
        if not self.demo:
            return self
        if not is_loopback(self.host):
            message = "演示模式只能监听本机地址"
            raise ValueError(message)
        if any(self._given(name) for name in _REAL_SECRETS):
            message = "演示模式不能与真实的微信密钥或商户号同时使用"
            raise ValueError(message)
        return self

    def _given(self, name: str) -> bool:
        value = getattr(self, name)
        return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)

    @property
    def base_url(self) -> str:
        """Where customers reach the product; never ends in a slash."""
        return self.public_base_url or f"http://{self.host}:{self.port}"

    @property
    def notify_url(self) -> str:
        """Where WeChat Pay sends its notices (支付通知地址)."""
        return self.pay_notify_url or f"{self.base_url}{NOTIFY_PATH}"

    @property
    def merchant_private_key(self) -> SecretStr:
        """The merchant's private key as PEM, from the variable or the file.

        Raises:
            SettingsError: the file cannot be read.
        """
        if self.pay_private_key_path is None:
            return self.pay_private_key
        return SecretStr(_text_of(self.pay_private_key_path, "JIAWU_PAY_PRIVATE_KEY_PATH"))

    @property
    def platform_keys(self) -> dict[str, str]:
        """WeChat's key id or serial → PEM, files read.

        Raises:
            SettingsError: a file cannot be read.
        """
        return {
            serial: value if "-----BEGIN" in value else _text_of(Path(value), serial)
            for serial, value in self.pay_platform_keys.items()
        }

    def missing(self) -> list[str]:
        """The variables that a real installation still lacks."""
        names = [name for name in _REQUIRED if not self._given(name)]
        if not self._given("pay_private_key") and self.pay_private_key_path is None:
            names.append("pay_private_key")
        return [variable(name) for name in names]


def variable(field: str) -> str:
    """The environment variable a field is read from."""
    return field.upper() if field.startswith("database_") else f"{PREFIX}{field.upper()}"


def known_variables() -> frozenset[str]:
    """Every environment variable that means something to this version."""
    return frozenset(variable(name) for name in Settings.model_fields)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host` (a name or an address)."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_simulated(url: str) -> bool:
    """Whether a base address is a simulator's."""
    return is_loopback(urlsplit(url).hostname or "")


def key_bytes(secret: SecretStr, name: str) -> bytes:
    """The 32 bytes of a key; `name` is told when it is malformed.

    Raises:
        SettingsError: not base64, or not 32 bytes.
    """
    try:
        key = b64decode(secret.get_secret_value(), validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise SettingsError(what=f"{name} 必须是 32 字节随机数的 base64。")
    return key


def load_settings(env_file: Path | None = Path(".env")) -> Settings:
    """Read the environment (it wins) and `env_file`; in a demo, make the secrets.

    Demo secrets are made once, kept in the state directory for the owner's
    eyes only, and found again on the next start, by any number of processes.

    Raises:
        SettingsError: a value is malformed or two contradict each other.
    """
    try:
        settings = _read(Settings, env_file)
    except ValidationError as error:
        raise SettingsError(what=_told(error)) from None
    return in_demo(settings, demo_secrets(settings.state_directory)) if settings.demo else settings


def _read(build: Callable[..., Settings], env_file: Path | None) -> Settings:
    """Type checkers know the fields of `build`, but not `_env_file`."""
    return build(_env_file=env_file)


def in_demo(settings: Settings, secrets: DemoSecrets) -> Settings:
    """`settings` with the simulators in WeChat's place and the demo's own keys."""
    pay = f"http://127.0.0.1:{settings.simulator_pay_port}"
    account = f"http://127.0.0.1:{settings.simulator_account_port}"
    return settings.model_copy(
        update={
            "wechat_appid": DEMO_APPID,
            "wechat_secret": SecretStr(secrets.wechat_secret),
            "wechat_api_base_url": account,
            "wechat_open_base_url": account,
            "pay_mchid": DEMO_MCHID,
            "pay_serial": secrets.merchant_serial,
            "pay_private_key": SecretStr(secrets.merchant_private_key),
            "pay_apiv3_key": SecretStr(secrets.apiv3_key),
            "pay_platform_keys": {secrets.platform_key_id: secrets.platform_public_key},
            "pay_base_url": pay,
            "simulator_platform_private_key": SecretStr(secrets.platform_private_key),
            "simulator_merchant_public_key": secrets.merchant_public_key,
        }
        | {
            name: SecretStr(getattr(secrets, name))
            for name in ("vault_wrapping_key", "vault_digest_key", "command_mac_key")
            if not getattr(settings, name).get_secret_value()
        }
    )


def _text_of(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise SettingsError(what=f"{name} 指向的文件无法读取。") from None


def _told(error: ValidationError) -> str:
    return "；".join(
        f"{'.'.join(str(part) for part in fault['loc']) or '组合'}：{fault['msg']}"
        for fault in error.errors(include_input=False, include_url=False)
    )
