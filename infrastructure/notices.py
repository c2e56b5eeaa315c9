"""Raw payment notices, kept before they are interpreted; the body is WeChat's ciphertext."""

from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

import orjson
from sqlalchemy import Column, DateTime, Engine, LargeBinary, MetaData, Table, Text, Uuid, insert

_KEPT_HEADERS = "wechatpay-"

notices = Table(
    "notices",
    MetaData(schema="callbacks"),
    Column("id", Uuid, primary_key=True),
    Column("received_at", DateTime(timezone=True)),
    Column("headers", Text),
    Column("body", LargeBinary),
)


class PostgresNotices:
    """Keeps verified notices as they came."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, headers: Mapping[str, str], body: bytes, at: datetime) -> None:
        """Keep body and signature headers; the same bytes again are another row."""
        signed = {k: v for k, v in headers.items() if k.lower().startswith(_KEPT_HEADERS)}
        row = {
            "id": uuid4(),
            "received_at": at,
            "headers": orjson.dumps(signed).decode(),
            "body": body,
        }
        with self._engine.begin() as connection:
            connection.execute(insert(notices).values(row))
