"""The command line: `jiawu run`, and each of its processes alone."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import Final

from domain.errors import JiawuError
from interface.cli import logs
from interface.settings import load_settings

# Where a command's function is; imported only when chosen, as four processes start at once.
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "run": ("running:run", "启动全部进程（演示模式下包括模拟器和内嵌数据库）"),
    "migrate": ("migrating:migrate", "升级数据库结构（需要 DATABASE_OWNER_URL）"),
    "web": ("web:web", "只启动网站与接口"),
    "feed": ("processes:feed", "只启动投影与规则"),
    "worker": ("processes:worker", "只启动对外请求、期限与例行任务"),
    "simulators": ("simulating:simulators", "只启动微信支付与公众号模拟器"),
    "doctor": ("diagnosing:doctor", "体检：密钥、时钟、通知地址、权限、版本"),
    "event-map": ("event_map:write", "重新生成 docs/event-map.md"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code, 2 where the configuration is unusable."""
    chosen = _parser().parse_args(arguments)
    try:
        logs.configure()
        run = resolve_name(f"{__name__}.{COMMANDS[chosen.command][0]}")
        settings = load_settings(Path(chosen.env_file))
        # Only `run` starts processes that read the file again.
        more = (Path(chosen.env_file),) if chosen.command == "run" else ()
        return int(run(settings, *more))
    except JiawuError as refused:
        sys.stderr.write(f"{refused.message}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jiawu", description="家务：家政公司的预约与支付后台")
    parser.add_argument("--env-file", default=".env", help="配置文件，环境变量优先")
    commands = parser.add_subparsers(dest="command", required=True, metavar="命令")
    for name, (_, text) in COMMANDS.items():
        commands.add_parser(name, help=text)
    return parser
