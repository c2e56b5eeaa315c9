"""Notices as WeChat Pay would send them, with contents of a test's choosing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.interface.town import Json, Town


@dataclass(frozen=True)
class SealedNotice:
    """The bytes and the signature's headers of one notice."""

    body: bytes
    headers: dict[str, str]

    def post(self, town: Town) -> int:
        return town.notice(self.body, self.headers)


@dataclass(frozen=True)
class Sealing:
    """Encrypts and signs with the platform's keys; changes spoil one layer on purpose."""

    town: Town
    envelope: Mapping[str, Json] = field(default_factory=dict)
    resource: Mapping[str, Json] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def notice(self, transaction: Mapping[str, Json], **changes: Json) -> SealedNotice:
        """A notice of the transaction, some of its members changed."""
        seal = self.town.courier.seal
        sealed = {**seal.resource({**transaction, **changes}), **self.resource}
        document = {**_ENVELOPE, "resource": sealed, **self.envelope}
        body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
        signed = {"Content-Type": "application/json", **seal.headers(body), **self.headers}
        return SealedNotice(body, signed)


_ENVELOPE = {
    "id": "EV-2018022511223320873",
    "create_time": "2026-11-22T12:00:00+08:00",
    "resource_type": "encrypt-resource",
    "event_type": "TRANSACTION.SUCCESS",
    "summary": "支付成功",
}
