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
    "rebuild": ("rebuilding:rebuild", "重建投影：边运行边重写、逐行比较、切换"),
    "rotate-vault": ("rotating_vault:rotate", "更换主密钥后重新包裹全部数据密钥"),
    "event-map": ("event_map:write", "重新生成 docs/event-map.md"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code, 2 where the configuration is unusable."""
    chosen = parsed(arguments)
    try:
        logs.configure()
        run = resolve_name(f"{__name__}.{COMMANDS[chosen.command][0]}")
        settings = load_settings(Path(chosen.env_file))
        return int(run(settings, *_more(chosen)))
    except JiawuError as refused:
        sys.stderr.write(f"{refused.message}\n")
        return 2


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The chosen command and what it was given; by default of this process."""
    return _parser().parse_args(arguments)


def _more(chosen: argparse.Namespace) -> tuple[object, ...]:
    """What a command takes besides the settings."""
    match chosen.command:
        case "run":  # starts processes that read the file again
            return (Path(chosen.env_file),)
        case "rebuild":
            return (chosen,)
    return ()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jiawu", description="家务：家政公司的预约与支付后台")
    parser.add_argument("--env-file", default=".env", help="配置文件，环境变量优先")
    commands = parser.add_subparsers(dest="command", required=True, metavar="命令")
    for name, (_, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text)
        if name == "rebuild":
            _add_choices(command)
    return parser


def _add_choices(rebuild: argparse.ArgumentParser) -> None:
    rebuild.add_argument("names", nargs="*", metavar="名称", help="投影的名称")
    rebuild.add_argument("--all", action="store_true", help="全部投影")
    rebuild.add_argument("--compare-only", action="store_true", help="只比较，不切换")
    rebuild.add_argument("--keep", action="store_true", help="有不同时保留现用的，不切换")
