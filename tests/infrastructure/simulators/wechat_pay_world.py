"""A merchant with keys, a receiver of notices, and a simulator on a real socket."""

import base64
import json
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from functools import cache
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from threading import Event, Thread
from typing import Any, TypeAlias
from urllib.parse import urlencode

import uvicorn
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infrastructure.clock import SettableClock
from infrastructure.simulators.wechat_pay import (
    Credentials,
    Desk,
    Notifier,
    Payment,
    Reply,
    SimulatorSettings,
    Wire,
    create_app,
    exchange,
    generate_credentials,
    set_up_desk,
)

APPID = "wx8888888888888888"
MCHID = "1900000001"
OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
NUMBER = "BJ261122-0042-7-1"
START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
TRANSACTIONS = "/v3/pay/transactions"
JSAPI = f"{TRANSACTIONS}/jsapi"
BY_NUMBER = f"{TRANSACTIONS}/out-trade-no"
NOTIFY_URL = "https://shop.example.com/callbacks/wechat-pay"
NOBODY_ANSWERS = 0

Headers: TypeAlias = Message | Mapping[str, str]

credentials = cache(generate_credentials)


@cache
def signing_key(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - a test reads whatever JSON came
        return json.loads(self.body)


@dataclass(frozen=True)
class Merchant:
    """Signs and verifies with nothing but the specification."""

    clock: SettableClock
    port: int
    keys: Credentials

    def authorization(self, method: str, target: str, body: bytes, **changed: str) -> str:
        timestamp = changed.get("timestamp", str(int(self.clock.now().timestamp())))
        nonce = changed.get("nonce_str", secrets.token_hex(16))
        message = f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"
        key = signing_key(self.keys.merchant_private_key_pem)
        signature = key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        fields = {
            "mchid": MCHID,
            "nonce_str": nonce,
            "signature": base64.b64encode(signature).decode(),
            "timestamp": timestamp,
            "serial_no": self.keys.merchant_serial,
        } | changed
        pairs = ",".join(f'{name}="{value}"' for name, value in fields.items())
        return f"WECHATPAY2-SHA256-RSA2048 {pairs}"

    def headers(self, method: str, target: str, body: bytes, **changed: str) -> dict[str, str]:
        return {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "merchant-test/1",
            "Wechatpay-Serial": self.keys.platform_key_id,
            "Authorization": self.authorization(method, target, body, **changed),
        }

    def get(self, target: str, **changed: str) -> Answer:
        return self.exchange("GET", target, b"", self.headers("GET", target, b"", **changed))

    def post(self, target: str, content: object) -> Answer:
        body = json.dumps(content, ensure_ascii=False).encode()
        return self.exchange("POST", target, body, self.headers("POST", target, body))

    def exchange(self, method: str, target: str, body: bytes, headers: dict[str, str]) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, target, body or None, headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def control(self, path: str, **command: object) -> Answer:
        body = json.dumps(command).encode()
        return self.exchange("POST", path, body, {"Content-Type": "application/json"})

    def look(self, path: str) -> Any:  # noqa: ANN401 - a test reads whatever JSON came
        return self.exchange("GET", path, b"", {}).json()

    def submit(self, path: str, **form: str) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.exchange("POST", path, urlencode(form).encode(), headers)

    def verify(self, headers: Headers, body: bytes) -> None:
        """Raises InvalidSignature unless the platform signed exactly this."""
        key = serialization.load_pem_public_key(self.keys.platform_public_key_pem.encode())
        assert isinstance(key, rsa.RSAPublicKey)
        assert headers["Wechatpay-Serial"] == self.keys.platform_key_id
        self.verify_with(key, headers, body)

    def verify_with(self, key: rsa.RSAPublicKey, headers: Headers, body: bytes) -> None:
        """Raises InvalidSignature unless the owner of that key signed exactly this."""
        lines = f"{headers['Wechatpay-Timestamp']}\n{headers['Wechatpay-Nonce']}\n"
        assert headers["Wechatpay-Signature-Type"] == "WECHATPAY2-SHA256-RSA2048"
        signature = base64.b64decode(headers["Wechatpay-Signature"], validate=True)
        message = lines.encode() + body + b"\n"
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())

    def decrypt(self, body: bytes) -> Any:  # noqa: ANN401 - a test reads whatever JSON came
        resource = json.loads(body)["resource"]
        plain = AESGCM(self.keys.apiv3_key.encode()).decrypt(
            resource["nonce"].encode(),
            base64.b64decode(resource["ciphertext"]),
            resource["associated_data"].encode(),
        )
        return json.loads(plain)


TRADES: Mapping[str, Mapping[str, object]] = {
    "jsapi": {"payer": {"openid": OPENID}},
    "h5": {"scene_info": {"payer_client_ip": "127.0.0.1", "h5_info": {"type": "Wap"}}},
    "native": {},
}


def order(notify_url: str, trade: str, /, **changed: object) -> dict[str, object]:
    return {
        "appid": APPID,
        "mchid": MCHID,
        "description": "日常保洁 3 小时",
        "out_trade_no": NUMBER,
        "notify_url": notify_url,
        "amount": {"total": 18900, "currency": "CNY"},
        **TRADES[trade],
        **changed,
    }


@dataclass
class Receiver:
    """The merchant's notify_url: keeps every post, answers as told, else 200."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    received: list[tuple[Message, bytes]] = field(default_factory=list)
    arrived: Event = field(default_factory=Event)
    closing: Event = field(default_factory=Event)


@dataclass(frozen=True)
class World:
    clock: SettableClock
    merchant: Merchant
    receiver: Receiver
    notifier: Notifier

    def order(self, **changed: object) -> dict[str, object]:
        return order(self.receiver.url, "jsapi", **changed)

    def prepay(self, **changed: object) -> Answer:
        return self.merchant.post(JSAPI, self.order(**changed))

    def prepay_as(self, trade: str, **changed: object) -> Answer:
        body = order(self.receiver.url, trade, **changed)
        return self.merchant.post(f"{TRANSACTIONS}/{trade}", body)

    def query(self, out_trade_no: str = NUMBER) -> Answer:
        return self.merchant.get(f"{BY_NUMBER}/{out_trade_no}?mchid={MCHID}")

    def close(self, out_trade_no: str = NUMBER) -> Answer:
        return self.merchant.post(f"{BY_NUMBER}/{out_trade_no}/close", {"mchid": MCHID})

    def pay(self, **command: object) -> Answer:
        return self.merchant.control("/_sim/pay", **({"out_trade_no": NUMBER} | command))


@contextmanager
def running_world(**settings: Any) -> Iterator[World]:  # noqa: ANN401 - any setting may differ
    clock = SettableClock(START)
    chosen = simulator_settings(**settings)
    notifier = Notifier(chosen, clock)
    app = create_app(chosen, clock, notifier)
    config = uvicorn.Config(app, ws="none", log_level="critical", access_log=False)
    with _serving(uvicorn.Server(config)) as port, _receiving() as receiver:
        yield World(clock, Merchant(clock, port, credentials()), receiver, notifier)


def simulator_settings(**settings: Any) -> SimulatorSettings:  # noqa: ANN401 - any setting may differ
    keys = credentials()
    return SimulatorSettings(
        **{"allow_loopback_http_notify": True, "deliver_in_background": False} | settings,
        appid=APPID,
        mchid=MCHID,
        merchant_serial=keys.merchant_serial,
        merchant_public_key_pem=keys.merchant_public_key_pem,
        apiv3_key=keys.apiv3_key,
        platform_private_key_pem=keys.platform_private_key_pem,
        platform_key_id=keys.platform_key_id,
    )


@dataclass
class Mailbox:
    """A notify_url without a socket: keeps every post, answers as told, else 204."""

    answers: list[int | None] = field(default_factory=list)
    received: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)

    def take(self, url: str, body: bytes, headers: Mapping[str, str]) -> int | None:
        assert url == NOTIFY_URL
        self.received.append((headers, body))
        return self.answers.pop(0) if self.answers else 204


@dataclass(frozen=True)
class Visit:
    """A merchant at the simulator's desk, in one thread and without any server."""

    clock: SettableClock
    merchant: Merchant
    desk: Desk
    mailbox: Mailbox

    def call(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        signed = {**self.merchant.headers(method, target, body), **(headers or {})}
        return exchange(self.desk, Wire(method, target, signed, body))

    def post(self, target: str, content: object) -> Reply:
        return self.call("POST", target, json.dumps(content).encode())

    def prepay(self, trade: str = "jsapi", **changed: object) -> Reply:
        return self.post(f"{TRANSACTIONS}/{trade}", order(NOTIFY_URL, trade, **changed))

    def query(self, out_trade_no: str = NUMBER, headers: Mapping[str, str] | None = None) -> Reply:
        return self.call("GET", f"{BY_NUMBER}/{out_trade_no}?mchid={MCHID}", headers=headers)

    def close(self, out_trade_no: str = NUMBER) -> Reply:
        return self.post(f"{BY_NUMBER}/{out_trade_no}/close", {"mchid": MCHID})

    def pay(self, **how: Any) -> Any:  # noqa: ANN401 - a test reads whatever JSON came
        return self.desk.take_payment(Payment(**{"out_trade_no": NUMBER} | how))


def visit(seed: int = 1, **settings: Any) -> Visit:  # noqa: ANN401 - any setting may differ
    clock, mailbox = SettableClock(START), Mailbox()
    chosen = simulator_settings(**settings)
    chance = Random(seed)  # noqa: S311 - repeatable on purpose
    notifier = Notifier(chosen, clock, mailbox.take, chance.randbytes)
    desk = set_up_desk(chosen, clock, notifier)
    return Visit(clock, Merchant(clock, 0, credentials()), desk, mailbox)


def told(reply: Reply) -> Any:  # noqa: ANN401 - a test reads whatever JSON came
    return json.loads(reply.body)


@contextmanager
def _serving(server: uvicorn.Server) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def _receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(receiver)) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/callbacks/wechat-pay"
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.closing.set()
            server.shutdown()
            thread.join()


def _handler_of(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append((self.headers, body))
            receiver.arrived.set()
            status = receiver.answers.pop(0) if receiver.answers else 200
            if status == NOBODY_ANSWERS:
                receiver.closing.wait()
                status = 500
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            del format, args

    return Handler
