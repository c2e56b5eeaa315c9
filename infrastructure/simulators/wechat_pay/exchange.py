"""The frame of every APIv3 call: check the request, sign the answer, fail on order."""

import json

from infrastructure.simulators.wechat_pay.calls import answer
from infrastructure.simulators.wechat_pay.desk import Desk
from infrastructure.simulators.wechat_pay.faults import NO_FAULT, Fault
from infrastructure.simulators.wechat_pay.refusals import RefusalError
from infrastructure.simulators.wechat_pay.seal import probe_signature
from infrastructure.simulators.wechat_pay.views import JsonObject
from infrastructure.simulators.wechat_pay.wire import Reply, Wire


def exchange(desk: Desk, wire: Wire) -> Reply:
    """Answer one APIv3 request; errors are answers too, signed like all others.

    Needs no server and never waits: `Reply.lost` and `Reply.latency_ms` tell
    what whoever carries the answer has to do. Safe to call from several threads.
    """
    fault = NO_FAULT
    try:
        desk.gate.check(wire)
        fault = desk.faults.take(wire.path)
        fault.refuse(after_effect=False)
        content = answer(desk, wire)
        fault.refuse(after_effect=True)
    except RefusalError as refusal:
        old_spelling = desk.settings.old_error_spellings or fault.old_spelling
        body = _json(refusal.body(old_spelling=old_spelling))
        return _reply(desk, wire, fault, (refusal.status, body))
    if content is None:
        return _reply(desk, wire, fault, (204, b""))
    return _reply(desk, wire, fault, (200, _json(content)))


def _reply(desk: Desk, wire: Wire, fault: Fault, outcome: tuple[int, bytes]) -> Reply:
    status, body = outcome
    key = desk.seal.keys.for_reply(wire.headers.get("wechatpay-serial", ""))
    headers = desk.seal.headers(body, key=key)
    if fault.probe_signature:
        headers["Wechatpay-Signature"] = probe_signature(desk.randomness)
    headers["Request-ID"] = desk.randomness(20).hex().upper()
    if body:
        headers["Content-Type"] = "application/json"
    return Reply(status, headers, body, fault.drop_response, fault.latency_ms)


def _json(content: JsonObject) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
