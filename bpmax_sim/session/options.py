"""The options of a run: one table, from which every door gets or checks its options.

A door is a place where a user sets an option: `Session.open`, a scenario file, the marker
``bpmax``, pytest's command line and ini file, and the command line ``bpmax-sim``. This module
imports nothing large, since pytest loads it in every project that has the plugin installed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from types import UnionType
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin

from bpmax_sim.i18n import join_list, msg, parse_template_fields, template

Mode = Literal["replay", "record", "live", "simulate"]
Against = Literal["live", "simulator"]
RecordMode = Literal["once", "new", "rewrite"]
Unused = Literal["fail", "warn", "ignore"]
Severity = Literal["warn", "fail", "allow"]
Unawaited = Severity
EngineName = Literal["quickjs", "v8", "quickjs,v8"]
TraceWhen = Literal["on-failure", "on", "off"]
Armed = Literal["on", "off"]
Language = Literal["en", "zh"]

Names = list[str] | tuple[str, ...]
"""Several texts. Not ``Sequence[str]`` or ``Iterable[str]``, which a single text is, too."""

CI_REFUSES: Final = msg(
    "recording is disabled because CI is set; pass allow_ci=True (pytest: "
    "--bpmax-allow-ci-record, bpmax-sim: --allow-ci-record)"
)

OptionSource = Literal["session", "scenario", "marker", "pytest", "cli"]
OptionKind = Literal["value", "switch", "many", "optional"]


class Option(NamedTuple):
    """One option of a run, and the ways to set it: Python, command line, pytest, markers, files.

    A tuple and not a dataclass, because creating that class takes longer than everything else here.

    Attributes:
        name: its name in files, markers and command lines.
        sources: those that may set it, such as the command line.
        type: type that `Session.open` takes, or that *read* returns; ``object`` if a class of its
            own checks the value.
        help: help of command lines; ``{x}`` stands for the flag of option *x*.
        default: default of `Session.open`.
        keyword: keyword of `Session.open`, if it is not *name*.
        kind: on a command line: takes a value, is a switch, may be repeated, or has an optional
            value.
        read: function that parses a text; the message of its ValueError says what is wrong.
        is_repeated: whether a command that runs a test again repeats it: it changes what happens.
    """

    name: str
    sources: tuple[OptionSource, ...]
    type: Any = object
    help: str = ""
    default: Any = None
    keyword: str = ""
    kind: OptionKind = "value"
    metavar: str | None = None
    read: Callable[[str], Any] = str
    is_repeated: bool = False

    @property
    def choices(self) -> tuple[str, ...]:
        """Return the texts that are allowed; empty if any value is."""
        return get_args(self.type) if get_origin(self.type) is Literal else ()

    @property
    def session_keyword(self) -> str:
        """Return its keyword of `Session.open`."""
        return self.keyword or self.name


def _parse_instant(text: str) -> str:
    from bpmax_sim.clock import Instant  # noqa: PLC0415 - only where it is given

    Instant.parse(text)
    return text


def _parse_stack(text: str) -> int:
    from bpmax_sim.script.limits import parse_stack  # noqa: PLC0415 - only where it is given

    return parse_stack(text)


def _parse_limits(text: str) -> Any:
    from bpmax_sim.script.limits import parse_limits  # noqa: PLC0415 - only where it is given

    return parse_limits(text)


def _parse_percent(text: str) -> float:
    percent = float(text)
    if not 0 <= percent <= 100:  # noqa: PLR2004 - a percentage
        raise ValueError(msg("{text}: expected a number from 0 to 100", text=text))
    return percent


def _parse_positive_integer(text: str) -> int:
    if (count := int(text)) < 1:
        raise ValueError(msg("{text}: expected a number from 1", text=text))
    return count


def _parse_minutes(text: str) -> float:
    if not 0 < (minutes := float(text)) <= 24 * 60:
        raise ValueError(msg("{text}: expected more than 0, and a day at most", text=text))
    return minutes


_SESSION: Final = ("session",)
_COMMANDS: Final = ("pytest", "cli")
_FILES: Final = ("session", "scenario", "marker")
_ALL: Final = ("session", "scenario", "marker", "pytest", "cli")

OPTIONS: Final[tuple[Option, ...]] = (
    Option(
        "mode",
        _ALL,
        Mode,
        template("what answers $proxy calls (default: replay)"),
        default="replay",
    ),
    Option(
        "record",
        ("session", "marker", "pytest", "cli"),
        RecordMode,
        template(
            "what recording records: what has no recording, also what one lacks, or all "
            "afresh (default: once)"
        ),
        default="once",
    ),
    Option(
        "against",
        ("session", "pytest", "cli"),
        Against,
        template("what recording records from (default: live)"),
        default="live",
        is_repeated=True,
    ),
    Option(
        "record_extra",
        ("session", "pytest", "cli"),
        bool,
        template("with {record}=new, also record one more of a call that was played already"),
        default=False,
        keyword="extra",
        kind="switch",
    ),
    Option(
        "allow_ci_record",
        ("session", "pytest", "cli"),
        bool,
        template("record although CI is set"),
        default=False,
        keyword="allow_ci",
        kind="switch",
    ),
    Option(
        "exit_codes",
        ("pytest",),
        bool,
        template("end with the exit codes of bpmax-sim run, such as 3 for a missing recording"),
        default=False,
        kind="switch",
    ),
    Option(
        "allow_hosts",
        ("session", "pytest", "cli"),
        str | Names,
        template("hosts that stay open while replaying, by name or address, * matches; repeatable"),
        default=(),
        kind="many",
        metavar="HOST",
        is_repeated=True,
    ),
    Option(
        "cassettes",
        _COMMANDS,
        help=template(
            "folder of all cassettes, or an fsspec URL (default: cassettes in the project's root)"
        ),
        metavar="DIR|URL",
        is_repeated=True,
    ),
    Option(
        "platforms",
        _ALL,
        help=template(
            "platform files, of which a later folder wins; repeatable (default: what the scenario "
            "says, else scenarios/platforms)"
        ),
        kind="many",
        metavar="PATH",
        is_repeated=True,
    ),
    Option("instances", _FILES),
    Option("cassette", _FILES),
    Option(
        "instance",
        _ALL,
        str | None,
        template("instance where a script names none"),
        keyword="default_instance",
        metavar="KEY",
        is_repeated=True,
    ),
    Option("ignore", _FILES, Names, default=()),
    Option("redact", _FILES, Names, default=()),
    Option(
        "unused",
        _ALL,
        Unused,
        template("how to treat recorded exchanges that were not replayed (default: fail)"),
        default="fail",
    ),
    Option("unawaited", _FILES, Unawaited, default="warn"),
    Option("repeat", _FILES, bool, default=False),
    Option(
        "var",
        _COMMANDS,
        Mapping,
        template("variable that wins over those of the scenarios; repeatable"),
        kind="many",
        metavar="NAME=VALUE",
    ),
    Option(
        "seed",
        ("session", "scenario", "marker", "pytest"),
        int | None,
        template("seed of random numbers"),
        metavar="N",
        read=int,
        is_repeated=True,
    ),
    Option(
        "clock",
        ("session", "scenario", "marker", "pytest"),
        str | None,
        template("where virtual time starts"),
        metavar="ISO",
        read=_parse_instant,
        is_repeated=True,
    ),
    Option(
        "engine",
        ("session", "marker", "pytest", "cli"),
        EngineName,
        template("JavaScript engine, or both, to fail where they differ (default: quickjs)"),
        default="quickjs",
        is_repeated=True,
    ),
    Option(
        "js_stack",
        ("session", "pytest", "cli"),
        int | None,
        template("stack of scripts that recurse deeply, such as 24MB, on a thread of their own"),
        keyword="stack",
        metavar="SIZE",
        read=_parse_stack,
        is_repeated=True,
    ),
    Option(
        "js_limits",
        ("session", "marker", "pytest", "cli"),
        help=template(
            "what a script may use (default: cpu=2s,wall=30s,wait=600s,memory=64MB,calls=10000)"
        ),
        keyword="limits",
        metavar="LIMITS",
        read=_parse_limits,
        is_repeated=True,
    ),
    Option("faults", ("session", "scenario"), default=()),
    Option(
        "faults",
        _COMMANDS,
        Armed,
        template("off: inject no faults (default: on)"),
        default="on",
        is_repeated=True,
    ),
    Option(
        "trace",
        _COMMANDS,
        TraceWhen,
        template("events as NDJSON below .bpmax/trace (default: on-failure)"),
        default="on-failure",
    ),
    Option(
        "shard",
        _COMMANDS,
        help=template("run one of N parts of all tests, split by .bpmax/durations.json"),
        metavar="I/N",
    ),
    Option(
        "job",
        _COMMANDS,
        str,
        help=template("name of this CI job, under which .bpmax/usage keeps what it used"),
        metavar="NAME",
        default="",
    ),
    Option(
        "report",
        ("pytest",),
        help=template("one HTML page of all scenarios (default: .bpmax/report.html)"),
        kind="optional",
        metavar="FILE",
    ),
    Option(
        "explore",
        ("pytest",),
        bool,
        template("try every failure and order of responses on scenarios that pass"),
        kind="switch",
    ),
    Option(
        "explore_max",
        ("pytest",),
        help=template("with {explore}, at most so many variants of each scenario"),
        metavar="N",
        read=_parse_positive_integer,
    ),
    Option(
        "explore_minutes",
        ("pytest",),
        help=template("with {explore}, how long each process explores at most (default: no limit)"),
        metavar="N",
        read=_parse_minutes,
    ),
    Option(
        "explore_seed",
        ("pytest",),
        help=template("with {explore}, which variants come first, where not all are tried"),
        metavar="N",
        read=int,
    ),
    Option(
        "challenge",
        ("pytest",),
        bool,
        template("put mistakes into the scripts of scenarios, and warn of those nobody notices"),
        kind="switch",
    ),
    Option(
        "challenge_fail_under",
        ("pytest",),
        help=template("with {challenge}, fail if less than this percentage of them is noticed"),
        metavar="PERCENT",
        read=_parse_percent,
    ),
    Option(
        "challenge_strict",
        ("pytest",),
        bool,
        template("with {challenge}, fail where anything is found"),
        kind="switch",
    ),
    Option(
        "update",
        ("pytest",),
        bool,
        template("write what was got into the expect of scenarios that failed for it alone"),
        kind="switch",
    ),
    Option(
        "cov",
        ("pytest",),
        bool,
        template("count which lines and branches of scripts run"),
        kind="switch",
    ),
    Option(
        "cov_lcov",
        ("pytest",),
        help=template("with {cov}, where the tracefile goes (default: .bpmax/lcov.info)"),
        metavar="FILE",
    ),
    Option(
        "cov_fail_under",
        ("pytest",),
        help=template("with {cov}, fail if less than this percentage of lines and branches ran"),
        metavar="PERCENT",
        read=_parse_percent,
    ),
    Option(
        "tb",
        ("pytest",),
        bool,
        template("what lies behind a failed scenario: Python tracebacks and the script's stack"),
        kind="switch",
    ),
    Option(
        "lang",
        ("pytest",),
        Language,
        template("language of messages (default: that of the environment)"),
    ),
    Option("owner", ("session", "marker"), str, default=""),
    Option("environ", _SESSION),
    Option("secrets", ("session", "scenario"), Names, default=()),
    Option("transport", _SESSION),
    Option("guard", _SESSION, default=False),
    Option("run", _SESSION),
    Option("shared_logins", _SESSION),
    Option("hits", _SESSION),
    Option("logins", _SESSION),
    Option("remote", _SESSION),
    Option("replays", _SESSION),
    Option("adopts", _SESSION),
    Option("moves", _SESSION),
    Option("command", _SESSION, str, default=""),
    Option("command_rewrite", _SESSION, str, default="--record=rewrite"),
    Option("command_new", _SESSION, str, default="--record=new"),
    Option("command_extra", _SESSION, str, default="--record=new --record-extra"),
)

_BY_SOURCE: Final[Mapping[OptionSource, Mapping[str, Option]]] = {
    door: {option.name: option for option in OPTIONS if door in option.sources}
    for door in get_args(OptionSource)
}


def format_flag(name: str, prefix: str = "--") -> str:
    """Return how a command line spells the option *name*: ``js_stack`` is ``--js-stack``."""
    return f"{prefix}{name.replace('_', '-')}"


def list_option_words(
    source: Literal["cli", "pytest"], passed: Iterable[tuple[str, str]]
) -> Iterator[str]:
    """Yield the words by which the command line *source* gets *passed*: (name, text) of options.

    Options that it lacks are left out.
    """
    known, prefix = list_options_for(source), "--" if source == "cli" else "--bpmax-"
    for name, text in passed:
        if name in known:
            yield from (format_flag(name, prefix), text)


def list_repeated_options(
    source: OptionSource, get: Callable[[str], Any]
) -> tuple[tuple[str, str], ...]:
    """Return (name, text) of each value that a command to run a test again has to repeat.

    *get* returns what the command line *source* was given for the name of an option: a text, a list
    of them, or None. What is empty or the default is not repeated. Of a URL the login is left out.
    """
    return tuple(
        (name, _URL_LOGIN.sub("…@", str(value)))
        for name, option in list_options_for(source).items()
        if option.is_repeated and (passed := get(name)) not in (None, "", option.default)
        for value in (passed if option.kind == "many" else (passed,))
    )


_URL_LOGIN: Final = re.compile(r"(?<=://)[^/@]*@")


def list_options_for(source: OptionSource) -> Mapping[str, Option]:
    """Return the options that *source*, such as the command line or a marker, may set, by name."""
    return _BY_SOURCE[source]


def format_option_help(option: Option, flag: Callable[[str], str]) -> str:
    """Return the help text of *option*, in which ``{x}`` is replaced by ``flag("x")``.

    *flag* returns how an option is spelled, such as ``--bpmax-mode``.
    """
    return msg(option.help, **{name: flag(name) for name in parse_template_fields(option.help)})


def describe_wrong_choice(name: str, value: object, choices: Sequence[str]) -> str:
    """Return a message that *value* is none of *choices*, with the nearest one or all of them."""
    from bpmax_sim.errors import suggest_nearest  # noqa: PLC0415 - a wrong value is rare

    hint = suggest_nearest(value, choices) if isinstance(value, str) else ""
    known = hint or msg("; choose one of {names}", names=join_list(choices))
    return msg("{name}: there is no {value!r}{known}", name=name, value=value, known=known)


def check_option_value(name: str, kind: Any, value: object) -> None:
    """Refuse a *value* that the option *name* cannot have: one that does not fit the type *kind*.

    Raises:
        ConfigError: if it has the wrong type or is none of the choices; the nearest one is named.
    """
    from bpmax_sim.errors import ConfigError  # noqa: PLC0415 - a wrong value is rare

    if choices := _get_literal_values(kind):
        if value not in choices:
            raise ConfigError(describe_wrong_choice(name, value, choices))
    elif kind in _LISTS:
        if not (isinstance(value, str) and kind is not Names):
            check_text_list(name, value)
    elif kind in _KINDS and not _is_of_type(value, kind):
        raise ConfigError(
            "{name}: expected {kinds}, got {value!r}",
            name=name,
            kinds=_KINDS[kind],
            value=value,
        )


@cache
def _get_literal_values(annotation: Any) -> tuple[Any, ...]:
    """Return the values of a ``Literal`` type; empty for any other type."""
    return get_args(annotation) if get_origin(annotation) is Literal else ()


_LISTS: Final = frozenset({Names, str | Names})
_KINDS: Final[Mapping[Any, str]] = {
    bool: msg("True or False"),
    str: msg("a text"),
    str | None: msg("a text"),
    int | None: msg("a whole number"),
}


@cache
def _get_union_types(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)


def _is_of_type(value: object, annotation: Any) -> bool:
    kinds = _get_union_types(annotation)
    return type(value) in kinds or (str in kinds and isinstance(value, str))


def check_text_list(name: str, value: object) -> tuple[str, ...]:
    """Return the items of *value*, a list of texts; *name* names it in messages.

    Raises:
        ConfigError: if *value* is a single text, or holds anything but texts.
    """
    if value == ():
        return ()
    from bpmax_sim.errors import ConfigError  # noqa: PLC0415 - as above

    if isinstance(value, str):
        raise ConfigError(
            "{name}: expected a list of texts, got {value!r}; write [{value!r}]",
            name=name,
            value=value,
        )
    items = tuple(value) if isinstance(value, Iterable) and not isinstance(value, Mapping) else None
    if items is None or not all(isinstance(item, str) for item in items):
        raise ConfigError("{name}: expected a list of texts, got {value!r}", name=name, value=value)
    return items
