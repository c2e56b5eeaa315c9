"""Keys are checked when starting and shown to nobody."""

import logging
from contextlib import suppress
from dataclasses import replace

import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from application.payment_gateway import BadNoticeError
from application.policy import TryLaterError
from infrastructure.clock import SettableClock
from infrastructure.wechat.pay.config import InvalidPaymentSetupError, WeChatPayConfig
from infrastructure.wechat.pay.gateway import WeChatPayGateway
from tests.infrastructure.wechat import fake_pay
from tests.infrastructure.wechat.fake_pay import (
    APIV3_KEY,
    H5_PREPAYMENT,
    KEY_ID,
    NATIVE_PREPAYMENT,
    NOW,
    NUMBER,
    OPENID,
    PREPAYMENT,
    FakeWeChat,
    Reply,
    certificate_pem,
    certificate_serial,
    encrypted,
    gateway_to,
    notice_body,
    paid_transaction,
    prepare,
    refusal,
    signed_headers,
    signed_reply,
)

CONFIG = fake_pay.config_for("https://api.mch.weixin.qq.com")


def elliptic_pem() -> str:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def start(config: WeChatPayConfig) -> None:
    WeChatPayGateway(config, SettableClock(NOW))


def test_the_configurations_text_shows_no_key() -> None:
    shown = f"{CONFIG!r} {CONFIG} {CONFIG.merchant_private_key!r} {CONFIG.apiv3_key!r}"
    assert APIV3_KEY not in shown
    assert "PRIVATE" not in shown
    assert fake_pay.private_pem("merchant").splitlines()[1] not in shown


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "http://api.mch.weixin.qq.com"},
        {"base_url": "ftp://127.0.0.1"},
        {"base_url": "https://"},
        {"notify_url": "http://jiawu.example/callbacks/wechat-pay"},
        {"notify_url": "https://jiawu.example/callbacks/wechat-pay?a=1"},
        {"notify_url": "https://jiawu.example/" + "a" * 255},
        {"mchid": ""},
        {"mchid": '1900"'},
        {"appid": "wx/1"},
        {"merchant_serial": "51 57"},
    ],
)
def test_an_impossible_address_or_identity_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(InvalidPaymentSetupError):
        replace(CONFIG, **change)  # type: ignore[arg-type]  # every changed field is a str


@pytest.mark.parametrize("pem", ["", "junk", fake_pay.public_pem("merchant")])
def test_an_unreadable_private_key_prevents_the_start(pem: str) -> None:
    with pytest.raises(InvalidPaymentSetupError) as raised:
        start(replace(CONFIG, merchant_private_key=SecretStr(pem)))
    assert "junk" not in str(raised.value)


@pytest.mark.parametrize("key", ["", "short", "0" * 31, "0" * 33, "密" * 32])
def test_an_apiv3_key_of_another_length_prevents_the_start(key: str) -> None:
    with pytest.raises(InvalidPaymentSetupError):
        start(replace(CONFIG, apiv3_key=SecretStr(key)))


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {KEY_ID: "junk"},
        {KEY_ID: elliptic_pem()},
        {"00FF": fake_pay.certificate_pem()},
        {KEY_ID: fake_pay.certificate_pem()},
        {fake_pay.certificate_serial(): "-----BEGIN CERTIFICATE-----"},
    ],
)
def test_wrong_keys_of_the_platform_prevent_the_start(keys: dict[str, str]) -> None:
    with pytest.raises(InvalidPaymentSetupError):
        start(replace(CONFIG, platform_keys=keys))


H5_LINK = "https://wx.tenpay.com/checkmweb?prepay_id=wx-link-canary"
SEALED = [
    encrypted(certificate_pem().encode()),
    encrypted(b"plain-canary"),
    encrypted(certificate_pem().encode()),
]
SERIALS = ["00FF", certificate_serial(), certificate_serial()]
ENTRIES = [
    {"serial_no": serial, "encrypt_certificate": sealed}
    for serial, sealed in zip(SERIALS, SEALED, strict=True)
]
REPLIES = [
    signed_reply(paid_transaction()),
    signed_reply({"h5_url": H5_LINK, "code_url": "weixin://link-canary", "prepay_id": "\x00"}),
    signed_reply(b"", 204),
    signed_reply({"data": ENTRIES}),
    signed_reply({"data": ENTRIES[:2]}),
    Reply(200, orjson.dumps(paid_transaction()), {"Request-ID": "unsigned\x7f"}),
    Reply(302, headers={"Location": f"/?openid={OPENID}"}),
    Reply(raw=f"HTTP/1.1 {OPENID}\r\n{OPENID}\r\n\r\n".encode()),
    refusal(401, "SIGN_ERROR", f"{OPENID} {APIV3_KEY}"),
    refusal(500, "SYSTEM_ERROR"),
]


def exercise(gateway: WeChatPayGateway, wechat: FakeWeChat) -> None:
    """Call everything, with every outcome that logs."""
    for reply in REPLIES:
        wechat.reply = reply
        for prepayment in (PREPAYMENT, H5_PREPAYMENT, NATIVE_PREPAYMENT):
            prepare(gateway, prepayment)
        gateway.query(NUMBER)
        gateway.close_order(NUMBER)
        with suppress(TryLaterError):
            gateway.refresh_keys()
    gateway.bridge_parameters("wx221000000000000000000000000000")
    body = notice_body()
    gateway.read_notice(signed_headers(body), body)
    for serial in (KEY_ID, "AB" * 20):
        with pytest.raises(BadNoticeError):
            gateway.read_notice(signed_headers(body, owner="stranger", serial=serial), body)


def test_no_log_line_of_any_logger_holds_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    keys = {KEY_ID: fake_pay.public_pem("platform"), certificate_serial(): certificate_pem()}
    with (
        FakeWeChat() as wechat,
        gateway_to(wechat, platform_keys=keys) as gateway,
        caplog.at_level(logging.DEBUG),
    ):
        exercise(gateway, wechat)
    written = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    sent = [request.headers["authorization"] for request in wechat.requests]
    sealed = [str(each["ciphertext"]) for each in SEALED]
    ciphertext = orjson.loads(notice_body())["resource"]["ciphertext"]
    personal = [OPENID, H5_PREPAYMENT.payer_ip, "canary"]
    secrets = [APIV3_KEY, *personal, "PRIVATE KEY", "WECHATPAY2-SHA256", ciphertext, *sent, *sealed]
    assert len(sent) == 6 * len(REPLIES)
    assert [secret for secret in secrets if secret in written] == []


def test_each_call_is_logged_with_path_status_request_id_and_duration(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with FakeWeChat() as wechat, gateway_to(wechat) as gateway, caplog.at_level(logging.INFO):
        wechat.reply = signed_reply(paid_transaction())
        gateway.query(NUMBER)
    (record,) = [record for record in caplog.records if record.name == "jiawu.wechat.pay"]
    words = record.getMessage().split()
    assert words[:4] == [
        "GET",
        f"/v3/pay/transactions/out-trade-no/{NUMBER}",
        "200",
        "08F78BB5AF0610D302",
    ]
    assert words[4].isdigit()
    assert words[5] == "ms"


def test_a_request_id_cannot_break_a_log_line(caplog: pytest.LogCaptureFixture) -> None:
    with FakeWeChat() as wechat, gateway_to(wechat) as gateway, caplog.at_level(logging.INFO):
        wechat.reply = Reply(500, headers={"Request-ID": "id 200\x1b[31m\x85" + "x" * 100})
        gateway.query(NUMBER)
    (record,) = [record for record in caplog.records if record.name == "jiawu.wechat.pay"]
    assert record.getMessage().split()[2:4] == ["500", "id200[31m" + "x" * 55]
