"""Are the keys for WeChat Pay (微信支付) what they claim to be?

Sources: merchant platform, account centre, API security (商户平台 > 账户中心 >
API安全): an RSA key of 2048 bits, a certificate serial of 40 hexadecimal
digits, an APIv3 key of 32 characters, WeChat's public key or certificates.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from interface.settings import Settings, SettingsError

_SERIAL = re.compile(r"[0-9A-F]{40}")
_APIV3_BYTES = 32
_SMALLEST_KEY = 2048
_PUBLIC_KEY_ID = "PUB_KEY_ID_"


def payment_key_faults(settings: Settings, now: datetime) -> list[str]:
    """Chinese sentences about what is wrong; no key is ever told."""
    return [
        *_merchant_faults(settings),
        *_apiv3_faults(settings.pay_apiv3_key.get_secret_value()),
        *_platform_faults(settings, now),
    ]


def _merchant_faults(settings: Settings) -> Iterator[str]:
    if not _SERIAL.fullmatch(settings.pay_serial):
        yield "JIAWU_PAY_SERIAL 应为 40 位大写十六进制"
    try:
        key = _private_key(settings.merchant_private_key.get_secret_value())
    except SettingsError as error:
        yield error.message
        return
    if key is None or key.key_size < _SMALLEST_KEY:
        yield "商户私钥不是 2048 位以上的 RSA 私钥(PEM)"
    elif settings.pay_certificate_path is not None:
        yield from _certificate_faults(settings.pay_certificate_path, key, settings.pay_serial)


def _private_key(pem: str) -> RSAPrivateKey | None:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPrivateKey) else None


def _certificate_faults(path: Path, key: RSAPrivateKey, serial: str) -> Iterator[str]:
    """Serial and key come from one certificate, or every request is refused."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        yield "商户证书文件无法读取"
        return
    if certificate.public_key() != key.public_key():
        yield "商户私钥与商户证书不匹配"
    if serial_of(certificate) != serial:
        yield "JIAWU_PAY_SERIAL 与商户证书的序列号不一致"


def _apiv3_faults(key: str) -> Iterator[str]:
    if len(key.encode()) != _APIV3_BYTES:
        yield "APIv3 密钥应为 32 个字符"


def _platform_faults(settings: Settings, now: datetime) -> Iterator[str]:
    try:
        keys = settings.platform_keys
    except SettingsError as error:
        yield error.message
        return
    for serial, pem in keys.items():
        fault = _public_key_fault(pem) if _is_key_id(serial) else _platform_fault(serial, pem, now)
        if fault:
            yield f"{serial}：{fault}"


def _is_key_id(serial: str) -> bool:
    return serial.startswith(_PUBLIC_KEY_ID)


def _public_key_fault(pem: str) -> str:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        return "微信支付公钥无法解析"
    return "" if isinstance(key, RSAPublicKey) else "微信支付公钥不是 RSA 公钥"


def _platform_fault(serial: str, pem: str, now: datetime) -> str:
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        return "平台证书无法解析"
    if serial_of(certificate) != serial:
        return "平台证书的序列号与配置不一致"
    return "" if certificate.not_valid_after_utc > now else "平台证书已过期"


def serial_of(certificate: x509.Certificate) -> str:
    """As WeChat writes it: hexadecimal in capitals, no leading zeros dropped from 40."""
    return f"{certificate.serial_number:040X}"
