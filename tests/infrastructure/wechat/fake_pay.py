"""WeChat Pay as its adapter's tests see it: keys made for the run, and a scripted server."""

import re
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from application.payment_gateway import PaymentGateway, Prepared, Prepayment, Rejected, Unknown
from domain.payment_attempts import H5, NATIVE
from infrastructure.clock import SettableClock
from infrastructure.wechat.pay.certificates import CertificateStore
from infrastructure.wechat.pay.config import WeChatPayConfig
from infrastructure.wechat.pay.gateway import WeChatPayGateway

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
APPID, MCHID = "wx8888888888888888", "1900000001"
SERIAL = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
KEY_ID = "PUB_KEY_ID_0119000000012026112200000000000001"
APIV3_KEY = "apiv3-canary-0123456789abcdefghi"
NUMBER = "BJ261122-0042-7-01"
OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"

PREPAYMENT = Prepayment(
    out_trade_no=NUMBER,
    description="家务 日常保洁 3小时",
    amount_fen=12_900,
    openid=OPENID,
    expires_at=NOW + timedelta(minutes=10),
)
H5_PREPAYMENT = replace(PREPAYMENT, trade_type=H5, openid="", payer_ip="203.0.113.7")
NATIVE_PREPAYMENT = replace(PREPAYMENT, trade_type=NATIVE, openid="")


@cache
def private_key(owner: str) -> rsa.RSAPrivateKey:
    """One key for each owner ("merchant", "platform", "certificate", "stranger") and run."""
    assert owner
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(owner: str) -> str:
    return (
        private_key(owner)
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


def public_pem(owner: str) -> str:
    return (
        private_key(owner)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


@cache
def certificate(
    owner: str = "certificate",
    since: datetime = NOW - timedelta(days=1),
    until: datetime = NOW + timedelta(days=5 * 365),
    serial: int | None = None,
) -> x509.Certificate:
    """The owner's certificate for those years, one for each run."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay test")])
    key = private_key(owner)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .sign(key, hashes.SHA256())
    )


def certificate_pem(issued: x509.Certificate | None = None) -> str:
    return (issued or certificate()).public_bytes(serialization.Encoding.PEM).decode()


def certificate_serial(issued: x509.Certificate | None = None) -> str:
    return f"{(issued or certificate()).serial_number:X}"


def config_for(base_url: str, platform_keys: dict[str, str] | None = None) -> WeChatPayConfig:
    return WeChatPayConfig(
        base_url=base_url,
        appid=APPID,
        mchid=MCHID,
        merchant_serial=SERIAL,
        merchant_private_key=SecretStr(private_pem("merchant")),
        apiv3_key=SecretStr(APIV3_KEY),
        platform_keys=platform_keys or {KEY_ID: public_pem("platform")},
        notify_url="https://jiawu.example/callbacks/wechat-pay",
        read_seconds=5.0,
    )


def sign(owner: str, message: bytes) -> str:
    signature = private_key(owner).sign(message, padding.PKCS1v15(), hashes.SHA256())
    return b64encode(signature).decode()


def signed_headers(
    body: bytes, *, at: datetime = NOW, owner: str = "platform", serial: str = KEY_ID
) -> dict[str, str]:
    """The headers with which WeChat signs an answer or a notice."""
    timestamp, nonce = str(int(at.timestamp())), "c5ac7061fccab6bf3e254dcf98995b8c"
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": sign(owner, f"{timestamp}\n{nonce}\n".encode() + body + b"\n"),
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
    }


def paid_transaction(**changes: object) -> dict[str, object]:
    """What WeChat tells of the paid order; `changes` replace members."""
    transaction: dict[str, object] = {
        "appid": APPID,
        "mchid": MCHID,
        "out_trade_no": NUMBER,
        "transaction_id": "4200001234202611229876543210",
        "trade_type": "JSAPI",
        "trade_state": "SUCCESS",
        "trade_state_desc": "支付成功",
        "bank_type": "OTHERS",
        "attach": "",
        "success_time": "2026-11-22T10:00:00+08:00",
        "payer": {"openid": OPENID},
        "amount": {
            "total": 12_900,
            "payer_total": 12_400,
            "currency": "CNY",
            "payer_currency": "CNY",
        },
    }
    return transaction | changes


def encrypted(plaintext: bytes, **changes: object) -> dict[str, object]:
    """The resource of a notice."""
    nonce, associated = "abcdefghijkl", "transaction"
    sealed = AESGCM(APIV3_KEY.encode()).encrypt(nonce.encode(), plaintext, associated.encode())
    resource: dict[str, object] = {
        "original_type": "transaction",
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": b64encode(sealed).decode(),
        "associated_data": associated,
        "nonce": nonce,
    }
    return resource | changes


def notice_body(transaction: dict[str, object] | None = None, **changes: object) -> bytes:
    """A notice about a transaction, the paid one unless told; `changes` replace members."""
    notice: dict[str, object] = {
        "id": "9f3e5bd5-8d2c-5b0c-9ad4-6a5a0f0a2a01",
        "create_time": "2026-11-22T10:00:01+08:00",
        "resource_type": "encrypt-resource",
        "event_type": "TRANSACTION.SUCCESS",
        "summary": "支付成功",
        "resource": encrypted(orjson.dumps(transaction or paid_transaction())),
    }
    return orjson.dumps(notice | changes)


@dataclass(frozen=True)
class Request:
    """What arrived at the server, byte for byte; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def is_signed_by_merchant(self) -> bool:
        """Whether the Authorization holds; raises if it does not."""
        scheme, _, rest = self.headers["authorization"].partition(" ")
        parts = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        lines = (self.method, self.target, parts["timestamp"], parts["nonce_str"], "")
        message = "\n".join(lines).encode() + self.body + b"\n"
        private_key("merchant").public_key().verify(
            b64decode(parts["signature"]), message, padding.PKCS1v15(), hashes.SHA256()
        )
        return (scheme, parts["mchid"], parts["serial_no"]) == (
            "WECHATPAY2-SHA256-RSA2048",
            MCHID,
            SERIAL,
        )


@dataclass(frozen=True)
class Reply:
    """What the server answers."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    declared_length: int | None = None
    drips: bool = False
    drips_head: bool = False
    raw: bytes = b""
    silent: bool = False


def signed_reply(document: object, status: int = 200) -> Reply:
    body = document if isinstance(document, bytes) else orjson.dumps(document)
    return Reply(status, body, signed_headers(body) | {"Request-ID": "08F78BB5AF0610D302"})


def refusal(status: int, code: str, message: str = "拒绝") -> Reply:
    """An error answer, unsigned as far as anybody may rely on it."""
    return Reply(status, orjson.dumps({"code": code, "message": message}))


class FakeWeChat:
    """A server on the loopback that answers every call with `reply` and keeps the calls."""

    def __init__(self) -> None:
        self.start_anew()
        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def start_anew(self) -> None:
        """Forget all calls and accept a prepay, until told otherwise."""
        self.reply = signed_reply({"prepay_id": "wx221000000000000000000000000000"})
        self.requests: list[Request] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def gateway_to(
    wechat: FakeWeChat,
    *,
    platform_keys: dict[str, str] | None = None,
    read_seconds: float = 5.0,
    clock: SettableClock | None = None,
    certificates: CertificateStore | None = None,
) -> Iterator[WeChatPayGateway]:
    """The adapter under test, at NOW unless told, connected to the fake."""
    config = config_for(wechat.url, platform_keys)
    config = replace(config, connect_seconds=min(3.0, read_seconds), read_seconds=read_seconds)
    moment = clock or SettableClock(NOW)
    gateway = WeChatPayGateway(config, moment, certificates=certificates)
    try:
        yield gateway
    finally:
        gateway.close()


def prepare(
    gateway: PaymentGateway, prepayment: Prepayment = PREPAYMENT
) -> Prepared | Rejected | Unknown:
    """Compose and send, as one who keeps no bodies."""
    return gateway.prepare(prepayment.trade_type, gateway.compose(prepayment))


def _handler(wechat: FakeWeChat) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
            """Keep the tests' output quiet."""

        def handle(self) -> None:
            """Some tests make the adapter hang up in the middle of an answer."""
            with suppress(ConnectionError):
                super().handle()

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(length)
            wechat.requests.append(Request(self.command, self.path, headers, body))
            _send(self, wechat)

        do_GET = do_POST = _serve  # noqa: N815 - names the base class looks for

    return Handler


def _send(handler: BaseHTTPRequestHandler, wechat: FakeWeChat) -> None:
    reply = wechat.reply
    if reply.silent:
        wechat.released.wait()
        return
    if reply.raw:
        handler.close_connection = True
        handler.wfile.write(reply.raw)
        return
    handler.send_response(reply.status)
    if reply.drips_head:
        handler.flush_headers()
        handler.wfile.write(b"X-Slow:")
        _drip(handler, wechat, 40)
        handler.wfile.write(b"\r\n")
    for name, value in reply.headers.items():
        handler.send_header(name, value)
    declared = reply.declared_length
    handler.send_header("Content-Length", str(len(reply.body) if declared is None else declared))
    handler.end_headers()
    handler.wfile.write(reply.body)
    handler.close_connection = declared is not None
    if reply.drips:
        _drip(handler, wechat, (declared or 0) - len(reply.body))


def _drip(handler: BaseHTTPRequestHandler, wechat: FakeWeChat, count: int) -> None:
    """One byte every 20 ms until all are out or the other side hangs up."""
    for _ in range(count):
        wechat.released.wait(0.02)
        handler.wfile.write(b" ")
        handler.wfile.flush()
