"""The doctor's findings, over surroundings written by hand."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from application.installation import DatabaseFacts, DataKeys, SurroundingsError
from interface.demo_secrets import DemoSecrets, demo_secrets
from interface.doctor import Finding, diagnose, report
from interface.payment_keys import payment_key_faults, serial_of
from interface.settings import Settings, in_demo

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
HEALTHY = DatabaseFacts(
    version=180_004,
    now=NOW,
    superuser=False,
    owns_events=False,
    events_exist=True,
    event_rights=frozenset({"SELECT", "INSERT"}),
)
KEYS = DataKeys(present=7)


class NoonClock:
    def now(self) -> datetime:
        return NOW


@dataclass
class FakeSurroundings:
    """Answers as told; None means that nobody answers."""

    date: datetime | None = NOW
    facts: DatabaseFacts | None = HEALTHY
    addresses: dict[str, list[str]] = field(default_factory=lambda: {"jiawu.example": ["8.8.8.8"]})
    keys: DataKeys | None = KEYS

    def date_of(self, base_url: str) -> datetime:
        if self.date is None:
            raise SurroundingsError(base_url)
        return self.date

    def addresses_of(self, host: str) -> list[str]:
        if host not in self.addresses:
            raise SurroundingsError(host)
        return self.addresses[host]

    def database(self, url: str) -> DatabaseFacts:
        assert url.startswith("postgresql+psycopg2://")
        if self.facts is None:
            raise SurroundingsError("OperationalError" if url else url)
        return self.facts

    def data_keys(self, url: str, present: bytes, previous: bytes | None) -> DataKeys:
        del present, previous
        if self.keys is None:
            raise SurroundingsError(url.partition(":")[0])
        return self.keys


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> DemoSecrets:
    return demo_secrets(tmp_path_factory.mktemp("state"))


@pytest.fixture
def healthy(made: DemoSecrets) -> Settings:
    """A real installation's settings, with keys of the right form."""
    return Settings(
        public_base_url="https://jiawu.example",
        database_url=SecretStr("postgresql://app:secret@db/jiawu"),
        wechat_appid="wx0123456789abcdef",
        wechat_secret=SecretStr(made.wechat_secret),
        pay_mchid="1900000109",
        pay_serial=made.merchant_serial,
        pay_private_key=SecretStr(made.merchant_private_key),
        pay_apiv3_key=SecretStr(made.apiv3_key),
        pay_platform_keys={made.platform_key_id: made.platform_public_key},
        vault_wrapping_key=SecretStr(made.vault_wrapping_key),
        vault_digest_key=SecretStr(made.vault_digest_key),
        command_mac_key=SecretStr(made.command_mac_key),
    )


def ill(settings: Settings, surroundings: FakeSurroundings | None = None) -> dict[str, str]:
    findings = diagnose(settings, surroundings or FakeSurroundings(), NoonClock())
    return {finding.subject: finding.sentence for finding in findings if not finding.well}


def test_a_healthy_installation_has_no_complaint(healthy: Settings) -> None:
    assert ill(healthy) == {}


def test_a_demo_has_no_complaint(made: DemoSecrets) -> None:
    assert ill(in_demo(Settings(demo=True), made)) == {}


def test_what_is_missing_is_named() -> None:
    assert "缺少 DATABASE_URL" in ill(Settings())["配置"]


def test_a_misspelt_variable_is_named(healthy: Settings) -> None:
    findings = diagnose(healthy, FakeSurroundings(), NoonClock(), ["JIAWU_PROT", "PATH"])
    assert "JIAWU_PROT" in next(str(f) for f in findings if f.subject == "配置名")


def test_two_equal_keys_are_refused(healthy: Settings) -> None:
    same = healthy.model_copy(update={"vault_digest_key": healthy.vault_wrapping_key})
    assert "互不相同" in ill(same)["加密密钥"]


def test_a_short_key_is_named(healthy: Settings) -> None:
    short = healthy.model_copy(update={"command_mac_key": SecretStr("c2hvcnQ=")})
    assert "JIAWU_COMMAND_MAC_KEY" in ill(short)["加密密钥"]


@pytest.mark.parametrize(
    ("field_name", "value", "complaint"),
    [
        ("pay_serial", "abc", "JIAWU_PAY_SERIAL"),
        ("pay_private_key", SecretStr("not a key"), "商户私钥"),
        ("pay_apiv3_key", SecretStr("short"), "APIv3"),
        ("pay_platform_keys", {"PUB_KEY_ID_1": "-----BEGIN nothing"}, "微信支付公钥"),
        ("pay_platform_keys", {"4F": "-----BEGIN nothing"}, "平台证书"),
        ("pay_private_key_path", Path("/nonexistent/key.pem"), "无法读取"),
    ],
)
def test_a_payment_key_of_the_wrong_form_is_named(
    healthy: Settings, field_name: str, value: object, complaint: str
) -> None:
    assert complaint in ill(healthy.model_copy(update={field_name: value}))["支付密钥"]


def certificate(
    key: rsa.RSAPrivateKey, *, expires: datetime = NOW + timedelta(days=1_800)
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "商户")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(0x1234ABCD)
        .not_valid_before(NOW - timedelta(days=2_000))
        .not_valid_after(expires)
        .sign(key, hashes.SHA256())
    )


def pem(of: x509.Certificate) -> str:
    return of.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture(scope="module")
def other_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def test_a_private_key_must_belong_to_the_certificate(
    healthy: Settings, other_key: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    theirs = certificate(other_key)
    (tmp_path / "apiclient_cert.pem").write_text(pem(theirs))
    settings = healthy.model_copy(
        update={
            "pay_certificate_path": tmp_path / "apiclient_cert.pem",
            "pay_serial": serial_of(theirs),
        }
    )
    assert payment_key_faults(settings, NOW) == ["商户私钥与商户证书不匹配"]


def test_a_matching_certificate_and_serial_are_fine(
    healthy: Settings, other_key: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    ours = certificate(other_key)
    (tmp_path / "apiclient_cert.pem").write_text(pem(ours))
    private = other_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    settings = healthy.model_copy(
        update={
            "pay_certificate_path": tmp_path / "apiclient_cert.pem",
            "pay_private_key": SecretStr(private.decode()),
            "pay_serial": serial_of(ours),
        }
    )
    assert payment_key_faults(settings, NOW) == []


def test_an_expired_platform_certificate_is_named(
    healthy: Settings, other_key: rsa.RSAPrivateKey
) -> None:
    old = certificate(other_key, expires=NOW - timedelta(seconds=1))
    settings = healthy.model_copy(update={"pay_platform_keys": {serial_of(old): pem(old)}})
    assert "已过期" in ill(settings)["支付密钥"]


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("http://jiawu.example/pay", "https"),
        ("https://jiawu.example/pay?shop=1", "参数"),
        ("https://nowhere.example/pay", "无法解析"),
        ("https://intranet.example/pay", "公网"),
        ("https://jiawu.example/" + "x" * 250, "255"),
    ],
)
def test_a_notify_address_wechat_cannot_use_is_told(
    healthy: Settings, url: str, complaint: str
) -> None:
    surroundings = FakeSurroundings()
    surroundings.addresses["intranet.example"] = ["10.0.0.5"]
    found = ill(healthy.model_copy(update={"pay_notify_url": url}), surroundings)
    assert complaint in found["支付通知地址"]


@pytest.mark.parametrize(("seconds", "well"), [(60, True), (-60, True), (61, False), (-61, False)])
def test_a_clock_may_be_a_minute_off(healthy: Settings, seconds: int, *, well: bool) -> None:
    surroundings = FakeSurroundings(date=NOW + timedelta(seconds=seconds))
    assert ("本机时钟" not in ill(healthy, surroundings)) is well


def test_an_unreachable_wechat_pay_is_told(healthy: Settings) -> None:
    assert "无法连接" in ill(healthy, FakeSurroundings(date=None))["微信支付"]


def test_an_unreachable_database_is_told_without_its_password(healthy: Settings) -> None:
    told = ill(healthy, FakeSurroundings(facts=None))["数据库"]
    assert "无法连接" in told
    assert "secret" not in told


@pytest.mark.parametrize("right", ["UPDATE", "DELETE", "TRUNCATE"])
def test_a_right_to_change_events_is_named(healthy: Settings, right: str) -> None:
    facts = replace(HEALTHY, event_rights=HEALTHY.event_rights | {right})
    assert right in ill(healthy, FakeSurroundings(facts=facts))["事件表权限"]


@pytest.mark.parametrize(
    ("facts", "complaint"),
    [
        (replace(HEALTHY, superuser=True), "超级用户"),
        (replace(HEALTHY, owns_events=True), "拥有事件表"),
        (replace(HEALTHY, events_exist=False), "jiawu migrate"),
        (replace(HEALTHY, event_rights=frozenset()), "SELECT"),
    ],
)
def test_a_wrong_role_is_told(healthy: Settings, facts: DatabaseFacts, complaint: str) -> None:
    assert complaint in ill(healthy, FakeSurroundings(facts=facts))["事件表权限"]


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        (DataKeys(present=5, neither=2), "2 个用当前主密钥无法打开"),
        (DataKeys(neither=2), "JIAWU_VAULT_PREVIOUS_WRAPPING_KEY"),
        (
            DataKeys(present=5, previous=1_200),
            "1,200 个仍由原主密钥包裹，请运行 jiawu rotate-vault",
        ),
        (None, "jiawu migrate"),
    ],
)
def test_data_keys_that_the_present_wrapping_key_does_not_open_are_told(
    healthy: Settings, keys: DataKeys | None, complaint: str
) -> None:
    assert complaint in ill(healthy, FakeSurroundings(keys=keys))["数据密钥"]


def test_a_malformed_previous_wrapping_key_is_named(healthy: Settings) -> None:
    given = healthy.model_copy(update={"vault_previous_wrapping_key": SecretStr("c2hvcnQ=")})
    assert "JIAWU_VAULT_PREVIOUS_WRAPPING_KEY" in ill(given)["加密密钥"]


def test_the_previous_wrapping_key_is_another_than_the_present_one(healthy: Settings) -> None:
    same = {"vault_previous_wrapping_key": healthy.vault_wrapping_key}
    assert "互不相同" in ill(healthy.model_copy(update=same))["加密密钥"]


def test_an_old_server_and_a_wrong_database_clock_are_told(healthy: Settings) -> None:
    facts = replace(HEALTHY, version=140_012, now=NOW - timedelta(hours=8))
    found = ill(healthy, FakeSurroundings(facts=facts))
    assert "PostgreSQL 15" in found["数据库"]
    assert "28800 秒" in found["数据库时钟"]


def test_the_exit_code_follows_the_findings() -> None:
    lines: list[str] = []
    assert report([Finding("甲", True, "好")], lines.append) == 0
    assert report([Finding("甲", True, "好"), Finding("乙", False, "坏")], lines.append) == 1
    assert "✗ 乙：坏" in lines
    assert lines[-1] == "共 2 项，1 项需要处理。"
