"""The options shared by several commands; options of a run come from the table of options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option

from bpmax_sim.clock import parse_duration
from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import TranslatableText, msg
from bpmax_sim.session import options
from bpmax_sim.session.options import format_flag, format_option_help, list_options_for


def _make_run_option(name: str, *, is_rare: bool = False) -> Any:
    """Return the typer option for the run option *name* of `session.options`.

    Help shows a rare one only with ``--help-all``.
    """
    option = list_options_for("cli")[name]
    help_text = format_option_help(option, format_flag)
    sentence = TranslatableText(
        f"{help_text[0].upper()}{help_text[1:]}.", "{help}.", {"help": help_text}
    )
    # The help says the default.
    return Option(
        format_flag(name), metavar=option.metavar, help=sentence, hidden=is_rare, show_default=False
    )


Mode = Annotated[options.Mode | None, _make_run_option("mode")]
Record = Annotated[options.RecordMode, _make_run_option("record")]
RecordAgainst = Annotated[options.Against, _make_run_option("against", is_rare=True)]
Extra = Annotated[bool, _make_run_option("record_extra", is_rare=True)]
AllowCi = Annotated[bool, _make_run_option("allow_ci_record", is_rare=True)]
AllowHosts = Annotated[list[str] | None, _make_run_option("allow_hosts", is_rare=True)]
Instance = Annotated[str, _make_run_option("instance")]
Variables = Annotated[list[str] | None, _make_run_option("var")]
Cassettes = Annotated[str | None, _make_run_option("cassettes", is_rare=True)]
PlatformFolders = Annotated[list[Path] | None, _make_run_option("platforms", is_rare=True)]
Faults = Annotated[options.Armed, _make_run_option("faults", is_rare=True)]
TreatUnused = Annotated[options.Unused | None, _make_run_option("unused", is_rare=True)]
ShardOption = Annotated[str, _make_run_option("shard", is_rare=True)]
Job = Annotated[str, _make_run_option("job", is_rare=True)]
Trace = Annotated[options.TraceWhen, _make_run_option("trace", is_rare=True)]
Engine = Annotated[options.EngineName | None, _make_run_option("engine", is_rare=True)]
Stack = Annotated[str, _make_run_option("js_stack", is_rare=True)]
LimitsOption = Annotated[str, _make_run_option("js_limits", is_rare=True)]

Paths = Annotated[
    list[str] | None,
    Argument(
        metavar="PATH[:LINE]",
        help=msg("Scenario files, PATH::NAME, or folders; by default scenarios/ of the project."),
    ),
]
Keyword = Annotated[
    str,
    Option("-k", metavar="TEXT", help=msg("Only where name, file or a tag has this in it.")),
]
CassettePaths = Annotated[
    list[Path] | None,
    Argument(metavar="PATH", help=msg("Cassettes or folders; by default cassettes/.")),
]
EvidenceFolders = Annotated[
    list[Path] | None,
    Option(
        "--evidence",
        metavar="DIR",
        help=msg("The .bpmax/usage of each shard and job, from wherever it ran; repeatable."),
    ),
]
Json = Annotated[bool, Option("--json", help=msg("Print one JSON object on stdout."))]

Workers = Annotated[
    int,
    Option("-n", "--workers", metavar="WORKERS", help=msg("Processes; 0 for one for each core.")),
]

Verbose = Annotated[
    bool,
    Option(
        "-v", "--verbose", help=msg("Also what was called and written to the console, in order.")
    ),
]
Quiet = Annotated[
    bool,
    Option("-q", "--quiet", help=msg("Only what fails, and the line that sums up.")),
]
ExitFirst = Annotated[bool, Option("-x", "--exitfirst", help=msg("Stop at the first that fails."))]
LastFailed = Annotated[
    bool,
    Option("--lf", "--last-failed", help=msg("Only what failed last, or all if nothing did.")),
]
Uses = Annotated[
    str,
    Option(
        "--uses",
        metavar="PLACE",
        help=msg("Only scenarios that use this place, as `bpmax-sim uses` names it."),
    ),
]
Changed = Annotated[
    str,
    Option(
        "--changed",
        metavar="[REF]",
        help=msg(
            "Only scenarios that changes since this revision of Git reach; without one, since the "
            "main branch. What is not committed counts."
        ),
    ),
]
JunitXml = Annotated[
    Path | None, Option("--junitxml", metavar="FILE", help=msg("Write JUnit XML too."))
]
Yes = Annotated[bool, Option("--yes", "-y", help=msg("Do not ask."))]
Update = Annotated[
    bool,
    Option(
        "--update",
        help=msg("Write what was got into expect:, where nothing else is wrong; after a diff."),
    ),
]
LimitWatch = Annotated[
    bool,
    Option("--watch", help=msg("Run again what uses a file that is saved, until Ctrl-C.")),
]


def parse_age(name: str, text: str) -> float:
    """Return the value *text* of option *name* in seconds.

    Raises:
        ConfigError: if *text* is not a duration.
    """
    try:
        return parse_duration(text)
    except ValueError:
        message = msg("{name} {text}: expected an age such as 30d or 12h", name=name, text=text)
        raise ConfigError(message) from None


def check_workers(workers: int) -> None:
    """Refuse an invalid number of processes.

    Raises:
        ConfigError: with the numbers that are allowed.
    """
    if not 0 <= workers <= 64:  # noqa: PLR2004 - more than any machine here has use for
        raise ConfigError("-n {workers}: expected 1 to 64 processes", workers=workers)
