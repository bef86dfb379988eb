"""Help in one language: replaces typer's English headings, metavars, defaults and full stops."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from shutil import get_terminal_size
from typing import Annotated, Any, Final, get_type_hints

import typer
from typer import Option
from typer.core import TyperCommand, TyperGroup

from bpmax_sim.cli.plain_values import avoid_pydantic
from bpmax_sim.cli.terminal import say
from bpmax_sim.i18n import measure_display_width, msg, template, translate

METAVARS: Final = frozenset(
    {
        template("OPTIONS"),
        template("COMMAND"),
        template("ARGS"),
        template("PATH"),
        template("LINE"),
        template("TEXT"),
        template("FILE"),
        template("DIR"),
        template("KEY"),
        template("NAME"),
        template("VALUE"),
        template("PLACE"),
        template("PLATFORM"),
        template("CASSETTE"),
        template("SCENARIO"),
        template("PORT"),
        template("PERCENT"),
        template("REF"),
        template("KIND"),
        template("OLD"),
        template("NEW"),
        template("TRACE"),
        template("HOST"),
        template("LANGUAGE"),
        template("AGE"),
        template("SIZE"),
        template("LIMITS"),
        template("WORKERS"),
        template("VARIABLE"),
        template("NAMES"),
        template("SECONDS"),
        template("ARTEFACT"),
    }
)
"""The words that stand for a value on a command line; others, such as URL, are in no language."""
_WORD = re.compile(r"[A-Z]{3,}")
_TYPE = re.compile(r" <(?:list\[)?\w+\]?>$")
"""typer's type behind an argument, which its help says better."""
_RANGE = re.compile(r"\b([\d.]+)<=x<=([\d.]+)")
_UNIT = re.compile(r"\s+|[（《“]*(?:[^\s\u2e80-\uffef]+|[\u2e80-\uffef])[，。；：、）》”]*")
"""What a line is not broken within: a word, or a Chinese character with its punctuation."""
_WIDEST_TERM = 30
_FULL_STOP = re.compile(r"(?m)^(.*[^\x00-\x7f].*)\.$")

_BUILT_IN: Final[Mapping[str, str]] = {
    r"\[default: ": msg("[default: "),
    r"\[required\]": msg("[required]"),
    r"Show this message and exit\.": msg("Show this message and exit."),
    r"Install completion for the current shell\.": msg("Install completion for the current shell."),
    r"Show completion for the current shell, to copy it or customize the installation\.": msg(
        "Show completion for the current shell, to copy it or customize the installation."
    ),
}
"""What typer writes into the help of an option."""
_SECTIONS: Final[Mapping[str, str]] = {
    "argument": msg("Arguments:"),
    "option": msg("Options:"),
}


def localise_full_stops(text: str) -> str:
    """Return *text* with ``。`` instead of ``.`` at the end of each Chinese line."""
    return _FULL_STOP.sub(r"\1。", text)


def translate_metavar(metavar: str) -> str:
    """Return ``PATH[:LINE]`` in the reader's language: ``路径[:行号]``."""
    return _WORD.sub(
        lambda word: translate(msg(word[0])) if word[0] in METAVARS else word[0], metavar
    )


def read_parameter_helps(called: Callable[..., Any]) -> Mapping[str, str]:
    """Return the help message of each parameter, read before typer converts it to a plain ``str``.

    Converted messages could no longer be translated.
    """
    hints = get_type_hints(called, include_extras=True)
    return {
        name: option.help
        for name, hint in hints.items()
        for option in getattr(hint, "__metadata__", ())
        if getattr(option, "help", None)
    }


def write_section(formatter: Any, heading: str, rows: Sequence[tuple[str, str]]) -> None:
    """Write *rows* in two columns below *heading*, aligned by display width.

    Chinese characters are two columns wide.
    """
    if not rows:
        return
    formatter.write_paragraph()
    formatter.write(f"{translate(heading)}\n")
    room = _measure_help_line_width(formatter)
    first = min(max(measure_display_width(term) for term, _ in rows), _WIDEST_TERM, room // 2) + 4
    for term, text in rows:
        lines = wrap_text(text, room - first)
        if measure_display_width(term) > first - 4:
            lines = ["", *lines]
        head = f"  {term}".ljust(first - (measure_display_width(term) - len(term)))
        formatter.write("\n".join([head + lines[0], *(" " * first + one for one in lines[1:])]))
        formatter.write("\n")


def _measure_help_line_width(formatter: Any) -> int:
    """Return the width of help in columns.

    Typer treats any terminal as at least 50 columns wide.
    """
    return min(int(formatter.width), max(get_terminal_size().columns - 2, 30))


def wrap_text(text: str, columns: int) -> list[str]:
    """Return *text* as lines of at most *columns* display columns; a longer word is not broken."""
    lines = [""]
    for unit in _UNIT.findall(text):
        if (
            lines[-1]
            and measure_display_width(lines[-1]) + measure_display_width(unit.rstrip()) > columns
        ):
            lines.append("")
        if lines[-1] or not unit.isspace():
            lines[-1] += unit
    return [line.rstrip() for line in lines]


def localise_parameters(command: Any, helps: Mapping[str, str]) -> None:
    """Set help texts and metavars (``FILE``) of a typer *command*, in the reader's language.

    *helps* are the messages by parameter name, see `read_parameter_helps`.
    """
    for parameter in command.params:
        if parameter.name in helps:
            parameter.help = localise_full_stops(translate(helps[parameter.name]))
        if parameter.metavar:
            parameter.metavar = translate_metavar(parameter.metavar)


class _LocalisedHelp:
    """Mixin for commands of typer: help in the reader's language, and parameters without pydantic.

    Typer imports pydantic to convert values, which takes long; here `avoid_pydantic` prevents it.
    """

    def get_params(self: Any, ctx: Any) -> Any:
        """Return typer's parameters, changed to convert plain values without pydantic."""
        return avoid_pydantic(super().get_params(ctx))  # type: ignore[misc]

    def format_usage(self: Any, ctx: Any, formatter: Any) -> None:
        pieces = " ".join(translate_metavar(piece) for piece in self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, translate(msg("Usage: ")))

    def format_help_text(self: Any, _ctx: Any, formatter: Any) -> None:
        for paragraph in self.help.split("\n\n"):
            formatter.write_paragraph()
            for line in wrap_text(paragraph, _measure_help_line_width(formatter) - 2):
                formatter.write(f"  {line}\n")

    def format_options(self: Any, ctx: Any, formatter: Any) -> None:
        for kind, heading in _SECTIONS.items():
            records = [
                _translate_row(*record)
                for one in self.get_params(ctx)
                if one.param_type_name == kind and (record := one.get_help_record(ctx))
            ]
            write_section(formatter, heading, records)


class LocalisedCommand(_LocalisedHelp, TyperCommand):
    """A command whose help is in the reader's language."""


class LocalisedGroup(_LocalisedHelp, TyperGroup):
    """A group of commands whose help is in the reader's language."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options, then the commands."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)


def _translate_row(term: str, text: str) -> tuple[str, str]:
    for pattern, words in _BUILT_IN.items():
        text = re.sub(pattern, lambda _, words=words: translate(words), text)  # type: ignore[misc]
    return _TYPE.sub("", term), _RANGE.sub(r"\1..\2", text)


def _print_full_help(context: typer.Context, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    rare = _list_rare_options(context.command)
    try:
        for parameter in rare:
            parameter.hidden = False
        say(context.get_help())
    finally:  # the command is built once in a process, and its help may be asked for again
        for parameter in rare:
            parameter.hidden = True
    raise typer.Exit


_HELP_ALL: Final = msg("Show the options that few need, too, and exit.")


def _declare_help_all(
    *,
    help_all: Annotated[
        bool,
        Option("--help-all", is_eager=True, expose_value=False, callback=_print_full_help),
    ] = False,
) -> None:
    """Do nothing: typer builds the option ``--help-all`` from the signature of this function."""


def _list_rare_options(command: Any) -> list[Any]:
    rare = [one for one in command.params if getattr(one, "hidden", False)]
    return [one for one in rare if one.name != "help_all"]


def add_help_all(command: Any) -> None:
    """Add ``--help-all`` to *command*; help mentions it only if some options are rarely needed."""
    app = typer.Typer(add_completion=False)
    app.command()(_declare_help_all)
    compiled: Any = typer.main.get_command(app)
    (option,) = compiled.params
    option.help = localise_full_stops(translate(_HELP_ALL))
    option.hidden = not _list_rare_options(command)
    command.params.append(option)
