"""Raw payment notices, kept before they are interpreted; the body is WeChat's ciphertext.

We hold the key to it, and the payer's openid stands in it: so a notice goes with
its customer, and all go after their term.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import orjson
from sqlalchemy import (
    Column,
    DateTime,
    Engine,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    delete,
    insert,
)

from application.clock import Clock

_KEPT_HEADERS = "wechatpay-"
# What they said stands in the log; half a year covers every dispute about the rest.
KEPT_FOR = timedelta(days=180)

notices = Table(
    "notices",
    MetaData(schema="callbacks"),
    Column("id", Uuid, primary_key=True),
    Column("received_at", DateTime(timezone=True)),
    Column("headers", Text),
    Column("body", LargeBinary),
    Column("out_trade_no", Text),
)


class PostgresNotices:
    """Keeps verified notices as they came."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def keep(
        self, headers: Mapping[str, str], body: bytes, at: datetime, out_trade_no: str = ""
    ) -> None:
        """Keep body and signature headers; the same bytes again are another row."""
        signed = {k: v for k, v in headers.items() if k.lower().startswith(_KEPT_HEADERS)}
        row = {
            "id": uuid4(),
            "received_at": at,
            "headers": orjson.dumps(signed).decode(),
            "body": body,
            "out_trade_no": out_trade_no,
        }
        with self._engine.begin() as connection:
            connection.execute(insert(notices).values(row))

    def forget(self, numbers: Sequence[str]) -> int:
        """Delete all notices about these attempts; return how many there were."""
        about = notices.c.out_trade_no.in_(list(numbers))
        with self._engine.begin() as connection:
            return connection.execute(delete(notices).where(about)).rowcount

    def purge(self) -> int:
        """Delete what is past its term; return how many there were."""
        old = notices.c.received_at <= self._clock.now() - KEPT_FOR
        with self._engine.begin() as connection:
            return connection.execute(delete(notices).where(old)).rowcount
