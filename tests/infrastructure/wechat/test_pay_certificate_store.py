"""Downloaded certificates survive in PostgreSQL, and its absence is survived."""

import socket
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from application.payment_gateway import BadNoticeError
from infrastructure.clock import SettableClock
from infrastructure.wechat.pay.certificate_store import PostgresCertificates
from infrastructure.wechat.pay.certificates import PlatformCertificate, load_certificate
from tests.infrastructure.wechat.fake_pay import (
    NOW,
    FakeWeChat,
    certificate,
    certificate_pem,
    certificate_serial,
    gateway_to,
    notice_body,
    signed_headers,
)

OLD = certificate()
NEW = certificate("next certificate")
BODY = notice_body()
CONFIGURED = {certificate_serial(OLD): certificate_pem(OLD)}
HEADERS = signed_headers(BODY, owner="next certificate", serial=certificate_serial(NEW))


def loaded() -> list[PlatformCertificate]:
    return [
        load_certificate(certificate_serial(each), certificate_pem(each)) for each in (OLD, NEW)
    ]


def test_what_is_kept_is_read_by_another_process(application_engine: Engine) -> None:
    PostgresCertificates(application_engine, SettableClock(NOW)).keep(loaded())
    read = PostgresCertificates(application_engine, SettableClock(NOW)).all()
    assert sorted(read, key=lambda each: each.serial) == sorted(
        loaded(), key=lambda each: each.serial
    )


def test_a_certificate_kept_again_is_one_with_a_newer_time(application_engine: Engine) -> None:
    clock = SettableClock(NOW)
    store = PostgresCertificates(application_engine, clock)
    store.keep(loaded())
    clock.advance(timedelta(hours=6))
    store.keep(loaded()[1:])
    with application_engine.connect() as connection:
        rows = connection.execute(
            sa.text("select serial, fetched_at from wechat.platform_certificates")
        ).all()
    assert {tuple(row) for row in rows} == {
        (certificate_serial(OLD), NOW),
        (certificate_serial(NEW), NOW + timedelta(hours=6)),
    }


def test_a_row_that_is_no_certificate_of_its_serial_is_left_out(
    application_engine: Engine,
) -> None:
    store = PostgresCertificates(application_engine, SettableClock(NOW))
    store.keep(loaded())
    with application_engine.begin() as connection:
        connection.execute(
            sa.text("update wechat.platform_certificates set pem = 'junk' where serial = :serial"),
            {"serial": certificate_serial(OLD)},
        )
    assert [each.serial for each in store.all()] == [certificate_serial(NEW)]


def test_a_web_process_learns_from_the_table(application_engine: Engine) -> None:
    store = PostgresCertificates(application_engine, SettableClock(NOW))
    with (
        FakeWeChat() as wechat,
        gateway_to(wechat, platform_keys=CONFIGURED, certificates=store) as web,
    ):
        store.keep(loaded())
        assert web.read_notice(HEADERS, BODY).notice_id
        assert wechat.requests == []


def test_while_the_database_is_away_a_new_certificate_is_unknown() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        engine = sa.create_engine(f"postgresql+psycopg2://nobody@127.0.0.1:{port}/nothing")
        store = PostgresCertificates(engine, SettableClock(NOW))
        with (
            FakeWeChat() as wechat,
            gateway_to(wechat, platform_keys=CONFIGURED, certificates=store) as web,
            pytest.raises(BadNoticeError),
        ):
            web.read_notice(HEADERS, BODY)
        assert store.all() == []
