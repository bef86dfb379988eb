"""``show``: print stored failures of the last run, for reading or for pasting into a chat."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec
from typer import Argument, Option

import bpmax_sim
from bpmax_sim.cli import options as option
from bpmax_sim.cli.terminal import notify, print_failure_text, say, say_document
from bpmax_sim.errors import Place
from bpmax_sim.i18n import join_list, msg, plural, translate
from bpmax_sim.project import SUFFIX, find_root
from bpmax_sim.report.artifact_run import ArtifactRun, read_artifact_run
from bpmax_sim.report.console import format_console_lines
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.stored_failures import StoredFailure, read_failures
from bpmax_sim.secret.standin import STANDIN
from bpmax_sim.yamlfile import to_display_path


def show(
    word: Annotated[
        str, Argument(metavar="TEXT", help=msg("Only where name or file has this in it."))
    ] = "",
    *,
    everything: Annotated[
        bool,
        Option("--all", help=msg("Show all, not the first one, and every value as it is.")),
    ] = False,
    kept: Annotated[
        Path | None,
        Option(
            "--from",
            metavar="ARTEFACT",
            help=msg("What a pipeline kept, a ZIP archive or a folder, instead of what ran here."),
        ),
    ] = None,
    plain: Annotated[
        bool, Option("--plain", help=msg("As a block of text that can be pasted into a chat."))
    ] = False,
    json: option.Json = False,
) -> int:
    """Show the first failure of the last run, here or of a pipeline."""
    root = find_root(Path.cwd())
    run = read_artifact_run(kept, root) if kept else None
    every = list(run.failures if run else read_failures(root))
    failures = [
        failure
        for failure in every
        if word.casefold() in failure.name.casefold() or word.casefold() in failure.file.casefold()
    ]
    shown = list(islice(failures, None if everything or json else 1))
    if json:
        say_document(failures=[_to_failure_data(failure) for failure in shown])
    elif plain and shown:
        _print_for_chat(shown, everything=everything)
    else:
        for failure in shown:
            _print_failure(failure, everything=everything)
    for line in (
        *(run.problems if run else ()),
        *_describe_next_steps(kept, run, word, failures, len(shown)),
    ):
        notify(line)
    return ExitCode.PASSED if shown else ExitCode.NOTHING


def _describe_next_steps(
    kept: Path | None,
    run: ArtifactRun | None,
    word: str,
    failures: Sequence[StoredFailure],
    number: int,
) -> Iterator[str]:
    """Yield what to do about the first of *failures*, or why there is nothing to show.

    Args:
        kept: artefact of a pipeline given by ``--from``; None for the last run here.
        run: content of that artefact; None without one.
        word: text that failures had to contain.
        failures: matching failures.
        number: how many of them were printed.
    """
    if failures and run:
        yield from _describe_replay(failures[0], run, find_root(Path.cwd()))
    if left := len(failures) - number:
        more = plural(left, "{number} more failure", "{number} more failures")
        yield msg("{counted}; show them with --all", counted=more)
    if failures:
        return
    if word:
        yield msg("nothing that failed has {word!r} in it; see `bpmax-sim show --all`", word=word)
    elif run and kept:
        told = plural(run.tests, "{number} test", "{number} tests")
        yield msg(
            "{place}: nothing failed in it; {counted}", place=to_display_path(kept), counted=told
        )
    else:
        yield msg("no scenario failed when it last ran")


def _describe_replay(failure: StoredFailure, run: ArtifactRun, root: Path) -> Iterator[str]:
    """Yield the command that replays *failure* here, and reasons why the result may differ."""
    sources = run.sources.get((failure.file, failure.name), {})
    needed = sources or ({failure.file: ""} if failure.file.endswith(SUFFIX) else {})
    missing = [file for file in needed if not (root / file).is_file()]
    others = [
        file
        for file, text in sources.items()
        if file not in missing
        and not STANDIN.search(text)
        and not _has_same_lines(root / file, text)
    ]
    commit = msg("; first: git checkout {commit}", commit=failure.commit) if failure.commit else ""
    if missing:
        yield msg("not here: {files}{commit}", files=join_list(missing), commit=commit)
    if others:
        yield msg(
            "not the same here as in the pipeline: {files}{commit}",
            files=join_list(others),
            commit=commit,
        )
    if failure.rerun:
        yield msg("replay it here: {command}", command=failure.rerun)


def _has_same_lines(path: Path, text: str) -> bool:
    try:
        return path.read_text("utf-8-sig").splitlines() == text.removeprefix("\ufeff").splitlines()
    except (OSError, UnicodeDecodeError):
        return False


def _format_name_and_place(failure: StoredFailure) -> str:
    """Return name and place of *failure*; a JUnit file may not tell the line, or the file."""
    return f"{failure.name}   {Place(failure.file, failure.line)}".rstrip()


def _print_failure(failure: StoredFailure, *, everything: bool) -> None:
    say(f"× {_format_name_and_place(failure)}")
    for text in (failure.whole or failure.texts) if everything else failure.texts:
        print_failure_text(text)
    for line in format_console_lines(failure.console):
        say("    {line}", line=line)


def _print_for_chat(failures: Sequence[StoredFailure], *, everything: bool) -> None:
    """Print *failures* as a Markdown code block of plain text, to be pasted into a chat.

    With *everything* the texts of a failure are unabridged. The block ends with the versions of
    this package and of Python, and has no ``×`` and no colours.
    """
    say("```text")
    for failure in failures:
        say(_format_name_and_place(failure))
        for text in (failure.whole or failure.texts) if everything else failure.texts:
            say(f"\n{translate(text)}")
        for line in format_console_lines(failure.console):
            say("    {line}", line=line)
        say("")
    say(f"bpmax-sim {bpmax_sim.__version__}, Python {platform.python_version()}")
    say("```")


def _encode_as_translated(value: object) -> str:
    if isinstance(value, str):
        return translate(value)
    raise NotImplementedError(f"objects of type {type(value).__name__}")


def _to_failure_data(failure: StoredFailure) -> dict[str, object]:
    """Return *failure* as JSON object of ``--json``, with the unabridged texts."""
    data: dict[str, object] = msgspec.to_builtins(failure, enc_hook=_encode_as_translated)
    data["texts"] = data.pop("whole") or data["texts"]
    del data["version"], data["run"], data["kept"]
    return data
