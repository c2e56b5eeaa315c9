"""Rotation of the wrapping key (更换主密钥): every data key is wrapped anew, batch by batch.

The product runs meanwhile: whoever reads a key tries the present wrapping key, then
the previous one. A run that is killed goes on where it was; the sealed values
themselves are never touched.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, bindparam, func, select, update

from infrastructure.event_log import durability
from infrastructure.vault import KEYS, VaultSecrets

BATCH: Final = 500

_LIVE: Final = KEYS.c.destroyed_at.is_(None)
_WRAP: Final = (
    update(KEYS)
    .where(KEYS.c.key_id == bindparam("of_key"))
    .values(wrapped=bindparam("anew"), wrapped_by=bindparam("by"))
)


@dataclass(frozen=True, slots=True)
class Rotated:
    """How many keys were wrapped anew, of how many in use."""

    wrapped: int
    keys: int


class Rotation:
    """Wraps all keys by the present wrapping key."""

    def __init__(self, engine: Engine, vault_secrets: VaultSecrets, batch: int = BATCH) -> None:
        self._engine = engine
        self._secrets = vault_secrets
        self._batch = batch

    def run(self, told: Callable[[int, int], None]) -> Rotated:
        """Wrap what is not wrapped by the present key; idempotent.

        `told` hears after every batch how many are done, of how many in use. Raises
        BrokenSealError where a key lies under neither of our wrapping keys; what
        was done stays done.
        """
        keys, left = self._counted()
        done = wrapped = keys - left
        told(done, keys)
        while moved := self._wrap_batch():
            done += moved
            told(done, keys)
        return Rotated(done - wrapped, keys)

    def _counted(self) -> tuple[int, int]:
        """How many keys are in use, and how many of them are still to be wrapped."""
        left = func.count().filter(self._is_old())
        with self._engine.connect() as connection:
            keys, old = connection.execute(select(func.count(), left).where(_LIVE)).one()
        return int(keys), int(old)

    def _wrap_batch(self) -> int:
        with self._engine.connect() as connection:
            rows = self._claimed(connection)
            if rows:
                connection.execute(_WRAP, [self._anew(row) for row in rows])
            durability.commit(connection)
        return len(rows)

    def _claimed(self, connection: Connection) -> list[Row[Any]]:
        """Rows that nobody else wraps or destroys now."""
        query = select(KEYS.c.key_id, KEYS.c.wrapped).where(_LIVE, self._is_old())
        return list(connection.execute(query.limit(self._batch).with_for_update()))

    def _is_old(self) -> Any:  # noqa: ANN401 - an expression of SQLAlchemy's
        return KEYS.c.wrapped_by != self._secrets.wrapping_id

    def _anew(self, row: Row[Any]) -> dict[str, Any]:
        data_key = self._secrets.unwrap(bytes(row.wrapped), row.key_id)
        anew = self._secrets.wrap(data_key, row.key_id)
        return {"of_key": row.key_id, "anew": anew, "by": self._secrets.wrapping_id}
