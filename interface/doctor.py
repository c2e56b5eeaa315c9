"""`jiawu doctor` (体检): is this installation fit to take orders and money?

Every check yields one line in Chinese, ✓ or ✗ with what to do. The checks are
functions of the settings and of what the surroundings answer.
"""

import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version as installed_version
from ipaddress import ip_address
from urllib.parse import urlsplit

from application.clock import Clock
from application.installation import DatabaseFacts, DataKeys, Surroundings, SurroundingsError
from interface.payment_keys import payment_key_faults
from interface.settings import (
    PREFIX,
    Settings,
    SettingsError,
    is_simulated,
    key_bytes,
    known_variables,
    variable,
)

_LARGEST_SKEW = timedelta(seconds=60)  # WeChat Pay refuses requests 5 minutes off
_OLDEST_POSTGRESQL = 150_000
_OLDEST_PYTHON = (3, 11)
_LONGEST_NOTIFY_URL = 255
_CHANGING_RIGHTS = ("UPDATE", "DELETE", "TRUNCATE")
_KEYS = ("vault_wrapping_key", "vault_digest_key", "command_mac_key")
_PREVIOUS_KEY = "vault_previous_wrapping_key"
_LIBRARIES = ("eventsourcing", "SQLAlchemy", "psycopg2-binary", "cryptography", "fastapi")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the diagnosis: the subject, whether it is well, the sentence."""

    subject: str
    well: bool
    sentence: str

    def __str__(self) -> str:
        return f"{'✓' if self.well else '✗'} {self.subject}：{self.sentence}"


def diagnose(
    settings: Settings,
    surroundings: Surroundings,
    clock: Clock,
    environment: Collection[str] = (),
) -> list[Finding]:
    """Every finding, in the order in which one would mend them.

    `environment` are the names of the variables that are set. Nothing is
    changed anywhere; asking again gives the same answer.
    """
    return [
        *_configuration(settings, environment),
        *_own_keys(settings),
        *_payment_keys(settings, clock.now()),
        *_notify_address(settings, surroundings),
        *_clock(settings, surroundings, clock),
        *_database(settings, surroundings, clock),
        *_versions(),
    ]


def report(findings: Iterable[Finding], write: Callable[[str], object]) -> int:
    """Write a line for each finding; the exit code is 1 if any is not well."""
    listed = list(findings)
    for finding in listed:
        write(str(finding))
    ill = sum(not finding.well for finding in listed)
    write(f"共 {len(listed)} 项，{ill} 项需要处理。" if ill else f"共 {len(listed)} 项，全部正常。")
    return 1 if ill else 0


def _verdict(subject: str, faults: list[str], praise: str) -> Finding:
    return Finding(subject, not faults, "；".join(faults) if faults else praise)


def _configuration(settings: Settings, environment: Collection[str]) -> Iterator[Finding]:
    missing = [] if settings.demo else settings.missing()
    praise = "演示模式，使用模拟器" if settings.demo else "必需的配置齐全"
    yield _verdict("配置", [f"缺少 {name}" for name in missing], praise)
    known = known_variables()
    strange = sorted(n for n in environment if n.startswith(PREFIX) and n not in known)
    if strange:
        yield Finding("配置名", False, f"无法识别：{'、'.join(strange)}，请检查拼写")


def _own_keys(settings: Settings) -> Iterator[Finding]:
    faults, seen = [], set()
    for name in (*_KEYS, _PREVIOUS_KEY):
        try:
            seen.add(_key(settings, name))
        except SettingsError as error:
            faults.append(error.message)
    if not faults and len(seen) <= len(_KEYS):
        faults.append("各个密钥必须互不相同")
    yield _verdict("加密密钥", faults, "各个密钥长度正确、互不相同")


def _key(settings: Settings, name: str) -> bytes | None:
    """The key; None for the previous one where there is none. Raises SettingsError."""
    secret = getattr(settings, name)
    if name == _PREVIOUS_KEY and not secret.get_secret_value():
        return None
    return key_bytes(secret, variable(name))


def _payment_keys(settings: Settings, now: datetime) -> Iterator[Finding]:
    yield _verdict("支付密钥", payment_key_faults(settings, now), "商户私钥、序列号、密钥格式正确")


def _notify_address(settings: Settings, surroundings: Surroundings) -> Iterator[Finding]:
    url = settings.notify_url
    if settings.demo and is_simulated(url):
        yield Finding("支付通知地址", True, f"{url}（模拟器）")
        return
    yield _verdict("支付通知地址", [*_notify_faults(url, surroundings)], url)


def _notify_faults(url: str, surroundings: Surroundings) -> Iterator[str]:
    parts = urlsplit(url)
    if parts.scheme != "https":
        yield "必须是 https"
    if parts.query or parts.fragment:
        yield "不能带参数"
    if len(url) > _LONGEST_NOTIFY_URL:
        yield f"不能超过 {_LONGEST_NOTIFY_URL} 个字符"
    try:
        addresses = surroundings.addresses_of(parts.hostname or "")
    except SurroundingsError as error:
        yield f"域名无法解析({error})"
        return
    if not all(ip_address(address).is_global for address in addresses):
        yield "不是公网地址，微信无法访问"


def _clock(settings: Settings, surroundings: Surroundings, clock: Clock) -> Iterator[Finding]:
    try:
        theirs = surroundings.date_of(settings.pay_base_url)
    except SurroundingsError as error:
        yield Finding("微信支付", False, f"无法连接({error})")
        return
    yield _skew("本机时钟", "微信支付", theirs - clock.now())


def _skew(subject: str, other: str, skew: timedelta) -> Finding:
    seconds = round(skew.total_seconds())
    well = abs(skew) <= _LARGEST_SKEW
    advice = "" if well else "，请校准系统时间(NTP)"
    return Finding(subject, well, f"与{other}相差 {abs(seconds)} 秒{advice}")


def _database(settings: Settings, surroundings: Surroundings, clock: Clock) -> Iterator[Finding]:
    if settings.database_url is None:
        return  # a demo's own server; a real installation lacks a variable, told above
    try:
        facts = surroundings.database(settings.database_url.get_secret_value())
    except SurroundingsError as error:
        yield Finding("数据库", False, f"无法连接({error})，请检查 DATABASE_URL")
        return
    faults = [] if facts.version >= _OLDEST_POSTGRESQL else ["需要 PostgreSQL 15 或更高版本"]
    yield _verdict("数据库", faults, f"PostgreSQL {facts.version // 10_000}")
    yield _skew("数据库时钟", "本机", facts.now - clock.now())
    yield _verdict("事件表权限", [*_rights_faults(facts)], "应用角色只能追加和读取")
    if facts.events_exist:
        yield from _data_keys(settings, surroundings, settings.database_url.get_secret_value())


def _data_keys(settings: Settings, surroundings: Surroundings, url: str) -> Iterator[Finding]:
    """Whether every data key of the vault opens, and by the present wrapping key."""
    try:
        present, previous = (_key(settings, name) for name in (_KEYS[0], _PREVIOUS_KEY))
        keys = surroundings.data_keys(url, present or b"", previous)
    except SettingsError:
        return  # told with the keys
    except SurroundingsError as error:
        yield Finding("数据密钥", False, f"无法读取({error})，请先运行 jiawu migrate")
        return
    yield _verdict("数据密钥", [*_data_key_faults(keys)], f"{keys.present:,} 个，都能打开")


def _data_key_faults(keys: DataKeys) -> Iterator[str]:
    if keys.neither:
        yield (
            f"{keys.neither:,} 个用当前主密钥无法打开，请在 {variable(_PREVIOUS_KEY)} 填写原主密钥"
        )
    if keys.previous:
        yield f"{keys.previous:,} 个仍由原主密钥包裹，请运行 jiawu rotate-vault"


def _rights_faults(facts: DatabaseFacts) -> Iterator[str]:
    if facts.superuser:
        yield "应用角色是超级用户，请改用普通角色"
    if not facts.events_exist:
        yield "事件表不存在，请先运行 jiawu migrate"
        return
    if facts.owns_events:
        yield "应用角色拥有事件表，请用 DATABASE_OWNER_URL 的角色迁移"
    excess = [right for right in _CHANGING_RIGHTS if right in facts.event_rights]
    if excess:
        yield f"应用角色不应有 {'、'.join(excess)} 权限"
    if "SELECT" not in facts.event_rights:
        yield "应用角色没有 SELECT 权限，请运行 jiawu migrate"


def _versions() -> Iterator[Finding]:
    python = ".".join(str(part) for part in sys.version_info[:3])
    old = [] if sys.version_info >= _OLDEST_PYTHON else ["需要 Python 3.11 或更高版本"]
    yield _verdict("Python", old, python)
    told = "，".join(f"{name} {installed_version(name)}" for name in _LIBRARIES)
    yield Finding("程序库", True, told)
