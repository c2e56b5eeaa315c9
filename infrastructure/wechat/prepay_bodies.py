"""The bytes of each attempt's first prepay (下单原文), kept so that every repeat is the same."""

from sqlalchemy import Column, DateTime, Engine, MetaData, Table, Text, select, text
from sqlalchemy.dialects.postgresql import insert

from application.clock import Clock

_BODIES = Table(
    "prepay_bodies",
    MetaData(schema="wechat"),
    Column("out_trade_no", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("kept_at", DateTime(timezone=True), nullable=False),
)
_DURABLY = text("set local synchronous_commit = on")


class PostgresPrepayBodies:
    """One body for each out_trade_no, for ever: the first one wins, whoever asks.

    A repeat with one byte changed would be refused as another order
    (商户订单号重复). The body is opaque text; the caller seals it, as it holds
    an openid.
    """

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def keep(self, out_trade_no: str, body: str) -> str:
        """Keep the body unless one is kept already; return the one that is kept.

        On return it is on disk, so that a crash after the call to WeChat cannot
        lose what was sent. Two who keep at once both get the winner's.
        """
        row = {"out_trade_no": out_trade_no, "body": body, "kept_at": self._clock.now()}
        kept = select(_BODIES.c.body).where(_BODIES.c.out_trade_no == out_trade_no)
        with self._engine.begin() as connection:
            connection.execute(_DURABLY)
            connection.execute(insert(_BODIES).values(row).on_conflict_do_nothing())
            # A statement of its own: it sees what another committed meanwhile.
            return str(connection.execute(kept).scalar_one())
