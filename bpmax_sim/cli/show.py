"""``show``: what failed, from what runs stored of it, to read again or to paste into a chat."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec
from typer import Argument, Option

import bpmax_sim
from bpmax_sim.cli import options as option
from bpmax_sim.cli.terminal import say, say_document, say_failure, tell
from bpmax_sim.i18n import encode_message, msg, plural
from bpmax_sim.project import find_root
from bpmax_sim.report import store
from bpmax_sim.report.console import console_lines
from bpmax_sim.report.exit_codes import ExitCode


def show(
    word: Annotated[
        str, Argument(metavar="TEXT", help=msg("Only where name or file has this in it."))
    ] = "",
    *,
    everything: Annotated[
        bool,
        Option("--all", help=msg("Show all, not the first one, and every value as it is.")),
    ] = False,
    plain: Annotated[
        bool, Option("--plain", help=msg("As a block of text that can be pasted into a chat."))
    ] = False,
    json: option.Json = False,
) -> int:
    """Show the first failure of the last run."""
    failures = [
        failure
        for failure in store.read_failures(find_root(Path.cwd()))
        if word.casefold() in failure.name.casefold() or word.casefold() in failure.file.casefold()
    ]
    shown = list(islice(failures, None if everything or json else 1))
    if json:
        say_document(failures=[_failure_data(failure) for failure in shown])
    elif not failures:
        none = msg("nothing that failed has {word!r} in it; see `bpmax-sim show --all`", word=word)
        tell(none if word else msg("no scenario failed when it last ran"))
    elif plain:
        _say_for_chat(shown, everything=everything)
    else:
        for failure in shown:
            _say_stored(failure, everything=everything)
    if left := len(failures) - len(shown):
        more = plural(left, "{number} more failure", "{number} more failures")
        tell("{counted}; show them with --all", counted=more)
    return ExitCode.PASSED if shown else ExitCode.NOTHING


def _say_stored(failure: store.StoredFailure, *, everything: bool) -> None:
    say(f"× {failure.name}   {failure.file}:{failure.line}")
    for text in (failure.whole or failure.texts) if everything else failure.texts:
        say_failure(text)
    for line in console_lines(failure.console):
        say("    {line}", line=line)


def _say_for_chat(failures: Sequence[store.StoredFailure], *, everything: bool) -> None:
    """Print *failures* as a block of Markdown, without marks and colours, with the versions."""
    say("```text")
    for failure in failures:
        say(f"{failure.name}   {failure.file}:{failure.line}")
        for text in (failure.whole or failure.texts) if everything else failure.texts:
            say(f"\n{text}")
        for line in console_lines(failure.console):
            say("    {line}", line=line)
        say("")
    say(f"bpmax-sim {bpmax_sim.__version__}, Python {platform.python_version()}")
    say("```")


def _failure_data(failure: store.StoredFailure) -> dict[str, object]:
    """Return it as plain values, with the texts that hide nothing of a value."""
    data: dict[str, object] = msgspec.to_builtins(failure, enc_hook=encode_message)
    data["texts"] = data.pop("whole") or data["texts"]
    del data["version"], data["run"]
    return data
