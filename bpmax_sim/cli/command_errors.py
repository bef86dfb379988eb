"""The errors of a command line: what a wrong one is told, and the exit code of each error."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from bpmax_sim import errors
from bpmax_sim.cli.terminal import notify, say_document
from bpmax_sim.errors import BpmaxError, ConfigError, Problem, suggest_nearest
from bpmax_sim.i18n import TranslatableText, msg, template
from bpmax_sim.report.exit_codes import ExitCode

_REMOVED_OPTIONS: Final[Mapping[tuple[str, str], str]] = {
    **{
        (command, "--json"): msg(
            "--json was removed here, as nothing but the exit code is for programs"
        )
        for command in ("demo", "init", "doctor", "cassette seal")
    },
    ("lint", "--fix"): msg(
        "--fix was removed, as no released version accepted what it rewrote; "
        "`bpmax-sim lint --explain` lists what to write instead"
    ),
}
"""Command and option -> what to say instead of a near name."""

_REFUSALS: Final[Mapping[str, str]] = {
    **{
        re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(text)): text
        for text in (
            template("No such option: {option} Did you mean {names}?"),
            template("No such option: {option} (Possible options: {names})"),
            template("No such option: {option}"),
            template("Option '{option}' requires an argument"),
            template("Missing argument '{name}'"),
            template("Missing option '{name}'"),
            template("Got unexpected extra argument ({name})"),
            template("Got unexpected extra arguments ({names})"),
            template("Invalid value for {name}: {why}"),
        )
    },
    r"'(?P<value>[^']*)' is not one of (?P<known>'[^']*'(?:, '[^']*')*)": template(
        "'{value}' is not one of {known}{near}"
    ),
    r"Input should be a valid integer.*": template("expected a whole number"),
    r"Input should be a valid number.*": template("expected a number"),
    r"Input should be less than or equal to (?P<limit>\S+)": template("expected at most {limit}"),
    r"Input should be greater than or equal to (?P<limit>\S+)": template(
        "expected at least {limit}"
    ),
}
"""What is wrong with a command line, by the pattern of typer's words for it."""
_BEGIN = 40  # characters of a name that is too long, which tell which it is
_CODES: tuple[tuple[type[BpmaxError], ExitCode], ...] = (
    (errors.CassetteError, ExitCode.CASSETTE),
    (errors.NoMatchError, ExitCode.CASSETTE),
    (errors.TransportError, ExitCode.UNREACHABLE),
    (errors.ExpectationError, ExitCode.FAILED),
    (BpmaxError, ExitCode.USAGE),
)


def explain_usage_error(command: str, words: str) -> str:
    """Return what is wrong with the arguments of *command*, for which typer says *words*."""
    removed = [one for one in _REMOVED_OPTIONS if one[0] == command and one[1] in words.split()]
    return _REMOVED_OPTIONS[removed[0]] if removed else reword_usage_error(words)


def reword_usage_error(message: str) -> str:
    """Return the usage error *message* as one line in the words of this package.

    A message for which none are known stays, without line breaks and full stop.
    """
    if isinstance(message, TranslatableText):
        return message
    words = " ".join(message.split()).rstrip(".")
    words = words.replace("Value error, ", "").replace("Assertion failed, ", "")
    # There are no codes for what is wrong with a command line, only typer's English sentences.
    for pattern, text in _REFUSALS.items():
        if match := re.fullmatch(pattern, words):
            parts = match.groupdict()
            if "known" in parts:
                parts["near"] = suggest_nearest(
                    parts["value"], re.findall("'([^']*)'", parts["known"])
                )
            if "why" in parts:
                parts["why"] = reword_usage_error(parts["why"])
            return msg(text, **parts)
    return words


@contextmanager
def translate_long_names() -> Iterator[None]:
    """Replace the OSError of the ``with`` block that says that a name is too long for a file.

    Raises:
        ConfigError: if an argument, or what a file names, is such a name.
    """
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise ConfigError(
            "{begin}… is too long for the name of a file", begin=str(error.filename)[:_BEGIN]
        ) from None


def report_error(error: BpmaxError, arguments: Sequence[str]) -> ExitCode:
    """Print *error*, which a command with *arguments* raised, and return the exit code for it."""
    code = next(code for kind, code in _CODES if isinstance(error, kind))
    notify(str(error))
    if "--json" in arguments:
        from bpmax_sim.report.document import to_problem_data  # noqa: PLC0415 - help is quick without it

        problems = error.problems if isinstance(error, ConfigError) else (Problem(str(error)),)
        say_document(
            exit_code=int(code), problems=[to_problem_data(problem) for problem in problems]
        )
    return code
