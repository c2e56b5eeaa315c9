"""The simulated pay service's keys: certificates, their rotation, the way to the public key."""

import base64
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.simulators.wechat_pay import (
    PlatformCertificate,
    RefusalError,
    issue_certificate,
)
from infrastructure.simulators.wechat_pay.keyring import Keyring
from tests.infrastructure.simulators.wechat_pay_world import START, Visit, told, visit

SERIAL = "Wechatpay-Serial"
DOWNLOAD = "/v3/certificates"


@cache
def issued() -> PlatformCertificate:
    return issue_certificate(START)


def certified(**settings: Any) -> Visit:  # noqa: ANN401 - any setting may differ
    return visit(**{"key_mode": "certificate", "platform_certificates": (issued(),)} | settings)


def public_key(pem: str) -> rsa.RSAPublicKey:
    key = x509.load_pem_x509_certificate(pem.encode()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    return key


@cache
def grey_keys() -> tuple[Keyring, str]:
    here = certified(key_mode="grey")
    return here.desk.seal.keys, here.merchant.keys.platform_key_id


def downloaded(here: Visit) -> dict[str, str]:
    """The offered certificates by serial."""
    reply = here.call("GET", DOWNLOAD, headers={SERIAL: ""})
    assert reply.status == 200
    cipher = AESGCM(here.merchant.keys.apiv3_key.encode())
    offered = {}
    for each in told(reply)["data"]:
        sealed = each["encrypt_certificate"]
        assert (sealed["algorithm"], sealed["associated_data"]) == (
            "AEAD_AES_256_GCM",
            "certificate",
        )
        plain = cipher.decrypt(
            sealed["nonce"].encode(), base64.b64decode(sealed["ciphertext"]), b"certificate"
        )
        offered[each["serial_no"]] = plain.decode()
    return offered


def signed_by(here: Visit, requested: str) -> str:
    return here.query(headers={SERIAL: requested}).headers[SERIAL]


def notice_keys(here: Visit, count: int) -> list[bool]:
    """Whether each of so many notices came under the public key."""
    for number in range(count):
        here.prepay(out_trade_no=f"ORDER-{number:03d}")
        here.pay(out_trade_no=f"ORDER-{number:03d}")
    here.desk.notifier.deliver_due()
    public = here.merchant.keys.platform_key_id
    return [headers[SERIAL] == public for headers, _ in here.mailbox.received]


def test_a_downloaded_certificate_verifies_answers() -> None:
    here = certified()
    pem = downloaded(here)[issued().serial]
    reply = here.call("GET", DOWNLOAD, headers={SERIAL: issued().serial})
    assert reply.headers[SERIAL] == issued().serial
    here.merchant.verify_with(public_key(pem), reply.headers, reply.body)


def test_a_downloaded_certificate_verifies_notices() -> None:
    here = certified(key_mode="grey")
    assert notice_keys(here, 1) == [False]
    headers, body = here.mailbox.received[0]
    here.merchant.verify_with(public_key(downloaded(here)[headers[SERIAL]]), headers, body)


def test_a_certificate_is_named_by_its_own_serial_and_valid_for_five_years() -> None:
    certificate = x509.load_pem_x509_certificate(issued().certificate_pem.encode())
    assert len(issued().serial) == 40
    assert int(issued().serial, 16) == certificate.serial_number
    assert issued().serial == issued().serial.upper()
    assert (issued().effective_at, issued().expires_at - START) == (
        START,
        timedelta(days=5 * 365),
    )


def test_the_download_tells_the_time_of_validity() -> None:
    line = told(certified().call("GET", DOWNLOAD, headers={SERIAL: ""}))["data"][0]
    assert line["effective_time"] == "2026-11-22T10:00:00+08:00"
    assert line["expire_time"] == "2031-11-21T10:00:00+08:00"


def test_a_mode_with_certificates_issues_one_if_none_is_given() -> None:
    here = visit(key_mode="certificate")
    (serial,) = downloaded(here)
    assert signed_by(here, serial) == serial


@pytest.mark.parametrize(
    ("mode", "serial", "status"),
    [
        ("public_key", "public", 404),
        ("public_key", "", 400),
        ("public_key", "certificate", 400),
        ("certificate", "certificate", 404),
        ("certificate", "", 404),
        ("certificate", "public", 400),
        ("grey", "certificate", 404),
        ("grey", "", 404),
        ("grey", "public", 404),
        ("grey", "unknown", 400),
    ],
)
def test_a_request_may_ask_only_for_a_key_of_the_mode(mode: str, serial: str, status: int) -> None:
    here = certified(key_mode=mode)
    names = {"public": here.merchant.keys.platform_key_id, "certificate": issued().serial}
    assert here.query(headers={SERIAL: names.get(serial, serial)}).status == status


def test_public_key_mode_has_no_certificates() -> None:
    reply = certified(key_mode="public_key").call("GET", DOWNLOAD)
    assert (reply.status, told(reply)["code"]) == (404, "RESOURCE_NOT_EXISTS")


def test_a_rotated_certificate_is_offered_beside_the_old_and_signs_on_command() -> None:
    here = certified()
    new = here.desk.seal.keys.rotate()
    assert list(downloaded(here)) == [issued().serial, new]
    assert signed_by(here, "") == issued().serial
    assert signed_by(here, new) == issued().serial
    assert here.desk.seal.keys.switch() == new
    assert signed_by(here, issued().serial) == new
    reply = here.query(headers={SERIAL: new})
    here.merchant.verify_with(public_key(downloaded(here)[new]), reply.headers, reply.body)


def test_an_expired_certificate_is_no_longer_offered() -> None:
    here = certified()
    here.clock.advance(timedelta(days=5 * 365 - 1))
    new = here.desk.seal.keys.rotate()
    here.desk.seal.keys.switch()
    here.clock.advance(timedelta(days=1))
    assert list(downloaded(here)) == [new]


def test_rotation_and_migration_exclude_each_other() -> None:
    keys = certified().desk.seal.keys
    keys.rotate()
    for command in (keys.rotate, lambda: keys.set_mode("grey")):
        with pytest.raises(RefusalError, match="409"):
            command()
    keys.switch()
    keys.set_mode("grey")
    with pytest.raises(RefusalError, match="409"):
        keys.rotate()


def test_in_grey_mode_an_answer_is_signed_as_the_request_asks() -> None:
    here = certified(key_mode="grey")
    public = here.merchant.keys.platform_key_id
    assert signed_by(here, public) == public
    assert signed_by(here, issued().serial) == issued().serial
    assert signed_by(here, "") == issued().serial


@pytest.mark.parametrize(
    ("percent", "turns"),
    [
        (0, [False] * 6),
        (20, [False] * 4 + [True, False]),
        (50, [False, True] * 3),
        (100, [True] * 6),
    ],
)
def test_in_grey_mode_notices_are_shared_out_by_count(percent: int, turns: list[bool]) -> None:
    here = certified(key_mode="grey", grey_notice_percent=percent)
    assert notice_keys(here, 6) == turns


@given(percent=st.integers(0, 100), count=st.integers(0, 300))
def test_of_any_number_of_notices_the_grey_share_is_exact(percent: int, count: int) -> None:
    keys, public = grey_keys()
    keys.set_mode("grey", percent)
    turns = [keys.for_notice().key_id == public for _ in range(count)]
    assert sum(turns) == count * percent // 100


def test_after_the_migration_only_the_public_key_signs_and_there_is_a_way_back() -> None:
    here = certified(key_mode="grey")
    here.desk.seal.keys.set_mode("public_key")
    assert notice_keys(here, 2) == [True, True]
    here.desk.seal.keys.set_mode("certificate")
    assert signed_by(here, "") == issued().serial
    assert here.desk.seal.keys.for_notice().key_id == issued().serial


def test_the_keys_can_be_looked_at() -> None:
    here = certified(key_mode="grey", grey_notice_percent=5)
    view = here.desk.seal.keys.view()
    lines = view["certificates"]
    assert isinstance(lines, list)
    assert isinstance(lines[0], Mapping)
    assert (view["mode"], view["grey_notice_percent"]) == ("grey", 5)
    assert (lines[0]["serial_no"], lines[0]["active"]) == (issued().serial, True)
