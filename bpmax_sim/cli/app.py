"""The one typer application; a command's module is imported when that command is called."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

import bpmax_sim
from bpmax_sim.cli.commands import COMMANDS, Command
from bpmax_sim.cli.mistakes import command_of, in_our_words
from bpmax_sim.cli.output import Unread, complain, keep_printable, say, say_document
from bpmax_sim.errors import (
    BpmaxError,
    CassetteError,
    ConfigError,
    ExpectationError,
    NoMatchError,
    Problem,
    TransportError,
    near,
)
from bpmax_sim.report.exits import ExitCode

PROGRAM = "bpmax-sim"
WIDTH = 100
_CODES: tuple[tuple[type[BpmaxError], ExitCode], ...] = (
    (CassetteError, ExitCode.CASSETTE),
    (NoMatchError, ExitCode.CASSETTE),
    (TransportError, ExitCode.UNREACHABLE),
    (ExpectationError, ExitCode.FAILED),
    (BpmaxError, ExitCode.USAGE),
)
_SETTINGS = {"max_content_width": WIDTH, "help_option_names": ["-h", "--help"]}
_INTERRUPTED = 130  # as shells tell of SIGINT
_UNREAD = 141  # and of SIGPIPE
_RECORDING = "\nstopped; what was being recorded is kept, `bpmax-sim recover` seals it"


class _Commands(TyperGroup):
    """The commands of the table."""

    def list_commands(self, _ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        found = COMMANDS.get(cmd_name)
        return _made(cmd_name, found) if found else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] == "help":  # as other tools have it
            args = [*args[1:], "--help"] if args[1:] else ["--help"]
        name = args[0]
        pair = " ".join(args[:2])  # a command may have a name of two words
        if pair in COMMANDS:
            return pair, self.get_command(ctx, pair), args[2:]
        if name not in COMMANDS and not name.startswith("-"):
            told = near(name, COMMANDS) or f"; there are {', '.join(COMMANDS)}"
            ctx.fail(f"there is no command {name!r}{told}")
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.about) for name, command in COMMANDS.items()])


def _made(name: str, command: Command) -> Any:
    module, _, function = command.home.partition(":")
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    home = import_module(f"bpmax_sim.cli.{module}")
    app.command(name, help=command.help, context_settings=_SETTINGS)(getattr(home, function))
    return typer.main.get_command(app)


def _root(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> int:
    if version:
        say(f"{PROGRAM} {bpmax_sim.__version__}")
    elif context.invoked_subcommand is None:
        say(context.get_help())
    return ExitCode.PASSED


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process with its exit code."""
    if arguments is None:
        _speak_utf8()
    sys.exit(start(sys.argv[1:] if arguments is None else arguments))


def _speak_utf8() -> None:
    """Start again in UTF-8 mode (PEP 540) where files could not have Chinese names.

    That is so in the locale C once ``PYTHONUTF8=0`` forbids what Python does there by itself.
    """
    try:
        "客户".encode(sys.getfilesystemencoding())
    except UnicodeEncodeError:
        if os.name == "posix" and not sys.flags.utf8_mode and sys.executable:
            command = [sys.executable, "-X", "utf8", *sys.orig_argv[1:]]
            os.execve(sys.executable, command, {**os.environ, "PYTHONUTF8": "1"})  # noqa: S606


def start(arguments: Sequence[str]) -> int:
    """Run the command that *arguments* name and return its exit code."""
    try:
        keep_printable()
        return _called(arguments)
    except Unread:
        return _UNREAD  # `| head` has seen enough
    except KeyboardInterrupt:
        return _interrupted(arguments)


def _called(arguments: Sequence[str]) -> int:
    try:
        code = _app()(list(arguments), prog_name=PROGRAM, standalone_mode=False)
    except typer.TyperException as error:
        where = f"{PROGRAM} {command_of(arguments, COMMANDS.__contains__)}".rstrip()
        told = f"{in_our_words(error.format_message())}; see {where} --help"
        return _failed(ConfigError(told), arguments)
    except BpmaxError as error:
        return _failed(error, arguments)
    except typer.Abort:
        complain("\nstopped; nothing was changed")
        return ExitCode.FAILED
    return _interrupted(arguments) if code == _INTERRUPTED else int(code or 0)


def _interrupted(arguments: Sequence[str]) -> int:
    complain(_RECORDING if "record" in " ".join(arguments) else "\nstopped")
    return _INTERRUPTED


def _failed(error: BpmaxError, arguments: Sequence[str]) -> ExitCode:
    code = next(code for kind, code in _CODES if isinstance(error, kind))
    complain(str(error))
    if "--json" in arguments:
        from bpmax_sim.report.document import as_data  # noqa: PLC0415 - help is quick without it

        problems = error.problems if isinstance(error, ConfigError) else (Problem(str(error)),)
        say_document(exit_code=int(code), problems=[as_data(one) for one in problems])
    return code


def _app() -> typer.Typer:
    app = typer.Typer(
        cls=_Commands,
        add_completion=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        help=f"Example: {PROGRAM} demo\n\nRecord what $proxy scripts call, replay it for ever.",
        context_settings=_SETTINGS,
    )
    app.callback(invoke_without_command=True)(_root)
    return app
