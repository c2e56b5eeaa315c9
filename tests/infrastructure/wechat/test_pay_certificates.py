"""Platform certificates: fetched by one process, known to all, used within their years."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import orjson
import pytest
from cryptography import x509

from application.payment_gateway import BadNoticeError, Prepared, Unknown
from application.policy import TryLaterError
from infrastructure.clock import SettableClock
from infrastructure.wechat.pay.certificates import load_certificate
from infrastructure.wechat.pay.gateway import WeChatPayGateway
from tests.infrastructure.wechat import fake_pay
from tests.infrastructure.wechat.fake_pay import (
    KEY_ID,
    NOW,
    FakeWeChat,
    Reply,
    certificate,
    certificate_pem,
    certificate_serial,
    gateway_to,
    notice_body,
    prepare,
    refusal,
    signed_headers,
)
from tests.infrastructure.wechat.fake_pay_certificates import Shelf, entry, sealed

OLD = certificate()
NEW = certificate("next certificate")
MINUTE = timedelta(minutes=1)
CONFIGURED = {certificate_serial(OLD): certificate_pem(OLD)}
MIXED = CONFIGURED | {KEY_ID: fake_pay.public_pem("platform")}
BODY = notice_body()


def reply_signed_by(owner: str, serial: str, document: object) -> Reply:
    body = orjson.dumps(document)
    return Reply(200, body, signed_headers(body, owner=owner, serial=serial))


def certificates_reply(*entries: object) -> Reply:
    """Signed with the old certificate, as WeChat does until the new one takes over."""
    return reply_signed_by("certificate", certificate_serial(OLD), {"data": list(entries)})


def prepared_reply(owner: str, issued: x509.Certificate) -> Reply:
    return reply_signed_by(owner, certificate_serial(issued), {"prepay_id": "wx22"})


def notice_headers(owner: str, serial: str) -> dict[str, str]:
    return signed_headers(BODY, owner=owner, serial=serial)


NEW_NOTICE = notice_headers("next certificate", certificate_serial(NEW))


def put_new_on(shelf: Shelf) -> None:
    shelf.keep([load_certificate(certificate_serial(NEW), certificate_pem(NEW))])


@pytest.fixture(name="wechat")
def forgetful_wechat(server: FakeWeChat) -> FakeWeChat:
    server.start_anew()
    server.reply = certificates_reply(entry(OLD), entry(NEW))
    return server


@pytest.fixture(name="shelf")
def empty_shelf() -> Shelf:
    return Shelf()


@pytest.fixture(name="clock")
def settable_clock() -> SettableClock:
    return SettableClock(NOW)


@pytest.fixture(name="gateway")
def certificate_gateway(
    wechat: FakeWeChat, shelf: Shelf, clock: SettableClock
) -> Iterator[WeChatPayGateway]:
    """In certificate mode, with one configured."""
    with gateway_to(wechat, platform_keys=CONFIGURED, clock=clock, certificates=shelf) as gateway:
        yield gateway


def test_with_public_keys_only_nothing_is_fetched(wechat: FakeWeChat, shelf: Shelf) -> None:
    with gateway_to(wechat, certificates=shelf) as gateway:
        gateway.refresh_keys()
    assert (wechat.requests, shelf.kept) == ([], {})


def test_with_public_keys_only_no_kept_certificate_counts(wechat: FakeWeChat, shelf: Shelf) -> None:
    put_new_on(shelf)
    with gateway_to(wechat, certificates=shelf) as gateway, pytest.raises(BadNoticeError):
        gateway.read_notice(NEW_NOTICE, BODY)
    assert shelf.looks == 0


def test_certificates_are_fetched_with_a_signed_get(
    wechat: FakeWeChat, gateway: WeChatPayGateway
) -> None:
    gateway.refresh_keys()
    (request,) = wechat.requests
    assert (request.method, request.target) == ("GET", "/v3/certificates")
    assert request.is_signed_by_merchant()
    assert "wechatpay-serial" not in request.headers


def test_a_fetched_certificate_is_believed_at_once_and_kept(
    wechat: FakeWeChat, gateway: WeChatPayGateway, shelf: Shelf
) -> None:
    gateway.refresh_keys()
    wechat.reply = prepared_reply("next certificate", NEW)
    assert prepare(gateway) == Prepared("wx22")
    assert gateway.read_notice(NEW_NOTICE, BODY).notice_id
    assert set(shelf.kept) == {certificate_serial(OLD), certificate_serial(NEW)}
    assert shelf.looks == 0


def test_without_a_store_it_is_known_as_long_as_the_gateway_lives(wechat: FakeWeChat) -> None:
    with gateway_to(wechat, platform_keys=CONFIGURED) as gateway:
        gateway.refresh_keys()
        assert gateway.read_notice(NEW_NOTICE, BODY).notice_id


def test_an_unfetched_certificate_is_unknown_and_nothing_is_called_for(
    wechat: FakeWeChat, gateway: WeChatPayGateway
) -> None:
    with pytest.raises(BadNoticeError):
        gateway.read_notice(NEW_NOTICE, BODY)
    assert wechat.requests == []
    wechat.reply = prepared_reply("next certificate", NEW)
    assert prepare(gateway) == Unknown("unknown serial")
    assert len(wechat.requests) == 1


def test_what_one_process_fetched_the_others_learn(
    wechat: FakeWeChat, gateway: WeChatPayGateway, shelf: Shelf
) -> None:
    with gateway_to(wechat, platform_keys=CONFIGURED, certificates=shelf) as web:
        gateway.refresh_keys()
        assert web.read_notice(NEW_NOTICE, BODY).notice_id
        assert web.read_notice(NEW_NOTICE, BODY).notice_id
    assert shelf.looks == 1
    assert len(wechat.requests) == 1


def test_unknown_serials_cause_one_look_a_minute(
    gateway: WeChatPayGateway, shelf: Shelf, clock: SettableClock
) -> None:
    for step in (timedelta(0), timedelta(seconds=59), timedelta(seconds=1), timedelta(hours=-1)):
        clock.advance(step)
        for serial in ("AB", "CD", certificate_serial(NEW)):
            with pytest.raises(BadNoticeError):
                gateway.read_notice(
                    signed_headers(BODY, at=clock.now(), owner="stranger", serial=serial), BODY
                )
    assert shelf.looks == 3


def test_a_minute_after_a_vain_look_a_new_certificate_is_found(
    gateway: WeChatPayGateway, shelf: Shelf, clock: SettableClock
) -> None:
    for _ in range(2):
        with pytest.raises(BadNoticeError):
            gateway.read_notice(NEW_NOTICE, BODY)
        put_new_on(shelf)
    clock.advance(MINUTE)
    assert gateway.read_notice(NEW_NOTICE, BODY).notice_id


def test_a_kept_certificate_never_takes_the_place_of_a_configured_one(
    gateway: WeChatPayGateway, shelf: Shelf
) -> None:
    double = certificate("stranger", serial=OLD.serial_number)
    shelf.keep([load_certificate(certificate_serial(OLD), certificate_pem(double))])
    with pytest.raises(BadNoticeError):
        gateway.read_notice(NEW_NOTICE, BODY)
    assert shelf.looks == 1
    assert gateway.read_notice(notice_headers("certificate", certificate_serial(OLD)), BODY)
    with pytest.raises(BadNoticeError):
        gateway.read_notice(notice_headers("stranger", certificate_serial(OLD)), BODY)


@pytest.mark.parametrize("serial", ["PUB_KEY_ID_1", "xyz", "A" * 65, "0x1F", "1_0", "A" * 1024])
def test_what_cannot_be_a_certificates_serial_causes_no_look(
    gateway: WeChatPayGateway, shelf: Shelf, serial: str
) -> None:
    with pytest.raises(BadNoticeError):
        gateway.read_notice(notice_headers("stranger", serial), BODY)
    assert shelf.looks == 0


def test_threads_that_meet_a_new_certificate_together_all_believe_it(
    gateway: WeChatPayGateway, shelf: Shelf
) -> None:
    put_new_on(shelf)
    barrier, read = threading.Barrier(8), []

    def meet() -> None:
        barrier.wait()
        read.append(gateway.read_notice(NEW_NOTICE, BODY))

    threads = [threading.Thread(target=meet) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read) == 8
    assert shelf.looks == 1


@pytest.mark.parametrize("code", ["RESOURCE_NOT_EXISTS", "RESOURCENOTEXISTS"])
def test_an_account_without_certificates_is_no_failure(
    wechat: FakeWeChat, gateway: WeChatPayGateway, shelf: Shelf, code: str
) -> None:
    wechat.reply = refusal(404, code, "无可用的平台证书")
    gateway.refresh_keys()
    assert shelf.kept == {}


@pytest.mark.parametrize(
    "reply",
    [
        refusal(401, "SIGN_ERROR"),
        refusal(429, "FREQUENCY_LIMITED"),
        refusal(500, "SYSTEM_ERROR"),
        Reply(200, certificates_reply(entry(NEW)).body),
        reply_signed_by("next certificate", certificate_serial(NEW), {"data": [entry(NEW)]}),
        reply_signed_by("stranger", certificate_serial(OLD), {"data": [entry(NEW)]}),
        certificates_reply(),
        certificates_reply(*[entry(NEW)] * 101),
        certificates_reply(entry(NEW, encrypt_certificate=sealed(b"", "0" * 32))),
        reply_signed_by("certificate", certificate_serial(OLD), {"data": {}}),
        reply_signed_by("certificate", certificate_serial(OLD), []),
    ],
)
def test_an_answer_that_brings_nothing_usable_is_asked_for_again(
    wechat: FakeWeChat, gateway: WeChatPayGateway, shelf: Shelf, reply: Reply
) -> None:
    wechat.reply = reply
    with pytest.raises(TryLaterError):
        gateway.refresh_keys()
    assert shelf.kept == {}


EXPIRED = certificate("expired", NOW - timedelta(days=9), NOW)
NEW_PEM = certificate_pem(NEW).encode()


@pytest.mark.parametrize(
    "unusable",
    [
        None,
        "text",
        {},
        entry(EXPIRED),
        entry(NEW, serial_no="00FF"),
        entry(NEW, serial_no=None),
        entry(NEW, serial_no="-" + certificate_serial(NEW)),
        entry(NEW, serial_no="0x" + certificate_serial(NEW)),
        entry(NEW, serial_no="A" * 10_240),
        entry(NEW, encrypt_certificate=None),
        entry(NEW, encrypt_certificate=sealed(NEW_PEM, "0" * 32)),
        entry(NEW, encrypt_certificate=sealed(NEW_PEM, algorithm="AEAD_SM4_GCM")),
        entry(NEW, encrypt_certificate=sealed(NEW_PEM, associated_data="transaction")),
        entry(NEW, encrypt_certificate=sealed(NEW_PEM, nonce="")),
        entry(NEW, encrypt_certificate=sealed(NEW_PEM, ciphertext="\ufffd")),
        entry(NEW, encrypt_certificate=sealed(b"\xff\x00")),
        entry(NEW, encrypt_certificate=sealed(b"-----BEGIN CERTIFICATE-----")),
        entry(NEW, encrypt_certificate=sealed(fake_pay.public_pem("platform").encode())),
        entry(NEW, encrypt_certificate=sealed(certificate_pem(OLD).encode())),
    ],
)
def test_an_unusable_certificate_is_left_out_and_the_rest_kept(
    wechat: FakeWeChat, gateway: WeChatPayGateway, shelf: Shelf, unusable: object
) -> None:
    wechat.reply = certificates_reply(unusable, entry(OLD))
    gateway.refresh_keys()
    assert set(shelf.kept) == {certificate_serial(OLD)}


def test_what_surrounds_a_certificate_is_not_kept(
    wechat: FakeWeChat, gateway: WeChatPayGateway, shelf: Shelf
) -> None:
    padded = b"Bag Attributes\x00\n" + NEW_PEM + b"\ntail"
    wechat.reply = certificates_reply(entry(NEW, encrypt_certificate=sealed(padded)))
    gateway.refresh_keys()
    assert [each.pem for each in shelf.kept.values()] == [certificate_pem(NEW)]


def test_a_certificate_counts_until_the_second_it_expires(wechat: FakeWeChat) -> None:
    brief = certificate("brief", NOW, NOW + MINUTE)
    keys, clock = {certificate_serial(brief): certificate_pem(brief)}, SettableClock(NOW)
    headers = notice_headers("brief", certificate_serial(brief))
    with gateway_to(wechat, platform_keys=keys, clock=clock) as gateway:
        assert gateway.read_notice(headers, BODY).notice_id
        clock.set(NOW + MINUTE - timedelta(microseconds=1))
        assert gateway.read_notice(headers, BODY).notice_id
        for outside in (NOW + MINUTE, NOW - timedelta(microseconds=1)):
            clock.set(outside)
            with pytest.raises(BadNoticeError):
                gateway.read_notice(headers, BODY)


def test_a_fetched_certificate_expires_too(gateway: WeChatPayGateway, clock: SettableClock) -> None:
    gateway.refresh_keys()
    clock.set(NEW.not_valid_after_utc)
    late = signed_headers(
        BODY, at=clock.now(), owner="next certificate", serial=certificate_serial(NEW)
    )
    with pytest.raises(BadNoticeError):
        gateway.read_notice(late, BODY)


def test_a_new_certificate_takes_over_from_the_old(
    wechat: FakeWeChat, gateway: WeChatPayGateway
) -> None:
    gateway.refresh_keys()
    for owner, issued in (("certificate", OLD), ("next certificate", NEW), ("certificate", OLD)):
        wechat.reply = prepared_reply(owner, issued)
        assert prepare(gateway) == Prepared("wx22")
    wechat.reply = reply_signed_by(
        "next certificate", certificate_serial(NEW), {"data": [entry(NEW)]}
    )
    gateway.refresh_keys()
    wechat.reply = prepared_reply("next certificate", OLD)
    assert prepare(gateway) == Unknown("signature does not match")


def test_while_wechat_moves_to_the_public_key_all_three_keys_are_believed(
    wechat: FakeWeChat, shelf: Shelf
) -> None:
    with gateway_to(wechat, platform_keys=MIXED, certificates=shelf) as gateway:
        gateway.refresh_keys()
        for owner, serial in (
            ("certificate", certificate_serial(OLD)),
            ("next certificate", certificate_serial(NEW)),
            ("platform", KEY_ID),
        ):
            assert gateway.read_notice(notice_headers(owner, serial), BODY).notice_id
            with pytest.raises(BadNoticeError):
                gateway.read_notice(notice_headers("stranger", serial), BODY)
    assert wechat.requests[0].headers["wechatpay-serial"] == KEY_ID


def test_the_list_of_certificates_may_be_signed_with_the_public_key(
    wechat: FakeWeChat, shelf: Shelf
) -> None:
    wechat.reply = reply_signed_by("platform", KEY_ID, {"data": [entry(NEW)]})
    with gateway_to(wechat, platform_keys=MIXED, certificates=shelf) as gateway:
        gateway.refresh_keys()
    assert set(shelf.kept) == {certificate_serial(NEW)}
