"""Sealed pictures on PostgreSQL: rows are only ever added; erasing destroys their key."""

import hmac
from collections.abc import Collection
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    insert,
    select,
)

from application.commands import Command, KeyReusedError
from application.uploads import KeptPicture, Quota
from infrastructure.event_log import durability

PICTURES = Table(
    "pictures",
    MetaData(schema="uploads"),
    Column("id", Text, primary_key=True),
    Column("owner", Uuid, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("byte_size", Integer, nullable=False),
    Column("uploaded_at", DateTime(timezone=True), nullable=False),
    Column("uploaded_by", Text, nullable=False),
    Column("command_id", Uuid, nullable=False, unique=True),
    Column("body_mac", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
_KEPT: Final = tuple(PICTURES.c[each.name] for each in fields(KeptPicture))
_A_DAY: Final = timedelta(days=1)


class PostgresPictures:
    """Implements application.uploads.PictureStore on uploads.pictures."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def repeated(self, owner: UUID, command: Command) -> KeptPicture | None:
        """What the command or its bytes made before."""
        with self._engine.connect() as connection:
            return _repeated(connection, owner, command.id, command.body_mac)

    def counts(self, owner: UUID, actor: str, since: datetime) -> tuple[int, int]:
        """How many pictures the actor added for the owner: ever, and after an instant."""
        with self._engine.connect() as connection:
            return _counts(connection, owner, actor, since)

    def keep(self, picture: KeptPicture, sealed: bytes, quota: Quota) -> KeptPicture:
        """Keep it once: uploads for one owner wait for each other here."""
        with self._engine.connect() as connection:
            connection.execute(select(_lock_of(picture.owner)))
            kept = _present(connection, picture)
            if kept is None:
                since = picture.uploaded_at - _A_DAY
                quota.check(*_counts(connection, picture.owner, picture.uploaded_by, since))
                connection.execute(insert(PICTURES).values(**asdict(picture), sealed=sealed))
            durability.commit(connection)
            return kept or picture

    def find(self, owner: UUID, picture_id: str) -> tuple[KeptPicture, bytes] | None:
        """The owner's picture and its sealed bytes."""
        query = select(*_KEPT, PICTURES.c.sealed).where(_is(owner, picture_id))
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            return None
        values = dict(row)
        sealed = bytes(values.pop("sealed"))
        return KeptPicture(**values), sealed

    def known(self, owner: UUID, picture_ids: Collection[str]) -> set[str]:
        """Which of these were uploaded for the owner."""
        query = select(PICTURES.c.id).where(
            PICTURES.c.owner == owner, PICTURES.c.id.in_(sorted(picture_ids))
        )
        with self._engine.connect() as connection:
            return set(connection.execute(query).scalars())


def _present(connection: Connection, picture: KeptPicture) -> KeptPicture | None:
    """The same picture, if an upload at the same time was first."""
    again = _repeated(connection, picture.owner, picture.command_id, picture.body_mac)
    return again or _one(connection, _is(picture.owner, picture.id))


def _repeated(
    connection: Connection, owner: UUID, command_id: UUID, body_mac: str
) -> KeptPicture | None:
    of_command = _one(connection, PICTURES.c.command_id == command_id)
    if of_command is not None and not hmac.compare_digest(of_command.body_mac, body_mac):
        raise KeyReusedError
    of_bytes = (PICTURES.c.owner == owner) & (PICTURES.c.body_mac == body_mac)
    return of_command or _one(connection, of_bytes)


def _one(connection: Connection, which: ColumnElement[bool]) -> KeptPicture | None:
    row = connection.execute(select(*_KEPT).where(which).limit(1)).mappings().one_or_none()
    return KeptPicture(**row) if row else None


def _counts(connection: Connection, owner: UUID, actor: str, since: datetime) -> tuple[int, int]:
    of_actor = (PICTURES.c.owner == owner) & (PICTURES.c.uploaded_by == actor)
    recent = func.count().filter(PICTURES.c.uploaded_at > since)
    kept, within = connection.execute(select(func.count(), recent).where(of_actor)).one()
    return kept, within


def _is(owner: UUID, picture_id: str) -> ColumnElement[bool]:
    return (PICTURES.c.owner == owner) & (PICTURES.c.id == picture_id)


def _lock_of(owner: UUID) -> ColumnElement[Any]:
    """Held to the end of the transaction; another owner's rarely is the same one."""
    return func.pg_advisory_xact_lock(func.hashtextextended(f"uploads:{owner}", 0))
