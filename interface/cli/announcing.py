"""Tells addresses and demo log-ins, once everything answers."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic
from typing import Final

import requests

from interface.cli.demo_data import LOGINS, PASSWORD
from interface.settings import Settings

_LONGEST_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 0.05
_ANSWER_SECONDS: Final = 1.0


@contextmanager
def announcing(settings: Settings) -> Iterator[None]:
    """Tell from a thread beside the body, which keeps the processes up meanwhile."""
    stop = Event()
    thread = Thread(target=_announce, args=(settings, stop), name="announcing")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _announce(settings: Settings, stop: Event) -> None:
    ready = _wait_for(_probes(settings), stop)
    if stop.is_set():
        return
    _say(_lines(settings) if ready else [f"{_LONGEST_SECONDS:g} 秒内没有应答，原因见上面的日志。"])


def _wait_for(addresses: list[str], stop: Event) -> bool:
    deadline = monotonic() + _LONGEST_SECONDS
    while not stop.is_set() and monotonic() < deadline:
        addresses = [each for each in addresses if not _answers(each)]
        if not addresses:
            return True
        stop.wait(_PAUSE_SECONDS)
    return False


def _probes(settings: Settings) -> list[str]:
    """Where it is served, which is not where customers reach it."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    web = f"http://{host}:{settings.port}/healthz"
    if not settings.demo:
        return [web]
    simulated = [
        f"{settings.pay_base_url}/_sim/books",
        f"{settings.wechat_open_base_url}/_sim/users",
    ]
    return [web, *simulated]


def _answers(address: str) -> bool:
    with requests.Session() as session:
        session.trust_env = False  # a proxy does not know this machine's ports
        try:
            return session.get(address, timeout=_ANSWER_SECONDS).ok
        except requests.RequestException:
            return False


def _lines(settings: Settings) -> list[str]:
    base = settings.base_url
    lines = [f"家务已启动：{base}", f"  接口文档  {base}/api/docs", f"  就绪状态  {base}/readyz"]
    if settings.demo:
        lines += [
            f"  顾客登录  {base}/api/v1/wechat/login",
            f"  模拟支付  {settings.pay_base_url}/_sim/books",
            f"  模拟公众号  {settings.wechat_open_base_url}/_sim/users",
            *(f"  后台账号  {name} / {PASSWORD}（{shown}）" for name, (shown, _) in LOGINS.items()),
        ]
    return [*lines, "按 Ctrl-C 停止。"]


def _say(lines: list[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
