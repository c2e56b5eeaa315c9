"""Downloaded platform certificates in PostgreSQL, so that every process knows them."""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Column, DateTime, Engine, MetaData, Table, Text, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from application.clock import Clock
from infrastructure.wechat.pay.certificates import (
    PlatformCertificate,
    UnusableCertificateError,
    load_certificate,
)
from infrastructure.wechat.pay.transport import logger

_CERTIFICATES = Table(
    "platform_certificates",
    MetaData(schema="wechat"),
    Column("serial", Text, primary_key=True),
    Column("pem", Text, nullable=False),
    Column("effective_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("fetched_at", DateTime(timezone=True), nullable=False),
)


class PostgresCertificates:
    """Implements CertificateStore; safe to share between threads."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def all(self) -> Sequence[PlatformCertificate]:
        """All that are kept, expired ones too; none while the database is away.

        A row that holds no certificate of its serial is logged and left out.
        """
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(select(_CERTIFICATES.c.serial, _CERTIFICATES.c.pem)).all()
        except (OperationalError, InterfaceError, PoolTimeoutError) as error:
            logger.warning("the certificates are out of reach: %s", type(error).__name__)
            return []
        return list(_usable((row.serial, row.pem) for row in rows))

    def keep(self, many: Iterable[PlatformCertificate]) -> None:
        """Keep them, each under its serial, with the time of the newest download."""
        fetched_at = self._clock.now()
        # In one order, so that two that keep at once cannot wait for each other.
        ordered = sorted(many, key=lambda certificate: certificate.serial)
        with self._engine.begin() as connection:
            for certificate in ordered:
                row = {
                    "pem": certificate.pem,
                    "effective_at": certificate.effective_at,
                    "expires_at": certificate.expires_at,
                    "fetched_at": fetched_at,
                }
                statement = insert(_CERTIFICATES).values(serial=certificate.serial, **row)
                connection.execute(
                    statement.on_conflict_do_update(index_elements=["serial"], set_=row)
                )


def _usable(rows: Iterable[tuple[str, str]]) -> Iterator[PlatformCertificate]:
    for serial, pem in rows:
        try:
            yield load_certificate(serial, pem)
        except UnusableCertificateError:
            logger.warning("the kept certificate %s cannot be used", serial)
