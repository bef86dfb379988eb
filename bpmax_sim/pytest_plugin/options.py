"""The plugin's options, each with an ini twin of the same name, as one table.

Only what pytest has loaded already is imported: this runs in every project that has us installed.

The lines above a run, silent where the plugin is not used; imported by every run of pytest.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest

from bpmax_sim.guard import hosts_of
from bpmax_sim.project import find_root

REPORT = ".bpmax/report.html"
UNUSED = ("fail", "warn", "ignore")
RECORDS = ("once", "new", "rewrite")
ENGINES = ("quickjs", "v8", "quickjs,v8")
MODES = ("replay", "record", "live", "simulate")
AGAINST = ("live", "simulator")


class Option(NamedTuple):
    """One option: ``--bpmax-<name>`` and ``bpmax_<name>``.

    A tuple and not a dataclass, because making that class would take longer than all else here.

    Attributes:
        kind: how it is given: a value, a switch, as often as one likes, or with or without a value.
        read: text -> value; a ValueError's message tells what is wrong.
    """

    name: str
    help: str
    kind: Literal["value", "switch", "many", "optional"] = "value"
    choices: tuple[str, ...] = ()
    metavar: str | None = None
    read: Callable[[str], Any] = str

    @property
    def flag(self) -> str:
        """Return how it is written on the command line."""
        return f"--bpmax-{self.name.replace('_', '-')}"

    @property
    def ini(self) -> str:
        """Return its name in the ini file, and its attribute of pytest's options."""
        return f"bpmax_{self.name}"


def _instant(text: str) -> str:
    from bpmax_sim.clock import Instant  # noqa: PLC0415 - only where it is given

    Instant.parse(text)
    return text


def _shard(text: str) -> Any:
    from bpmax_sim.scenario.shards import Shard  # noqa: PLC0415 - only where it is given

    return Shard.parse(text)


def _stack(text: str) -> int:
    from bpmax_sim.script.limits import parse_stack  # noqa: PLC0415 - only where it is given

    return parse_stack(text)


def _limits(text: str) -> Any:
    from bpmax_sim.script.limits import parse_limits  # noqa: PLC0415 - only where it is given

    return parse_limits(text)


OPTIONS: tuple[Option, ...] = (
    Option(name="mode", choices=MODES, help="who answers $proxy calls (default: replay)"),
    Option(name="record", choices=RECORDS, help="what recording records (default: once)"),
    Option(name="against", choices=AGAINST, help="whom recording asks (default: live)"),
    Option(
        name="record_extra",
        kind="switch",
        help="with --bpmax-record=new, also record one more of a call that was played already",
    ),
    Option(
        name="allow_ci_record",
        kind="switch",
        help="record although CI is set",
    ),
    Option(
        name="allow_hosts",
        kind="many",
        metavar="HOST",
        help="hosts that stay open while replaying, by name or address, * matches; repeatable",
    ),
    Option(
        name="cassettes",
        metavar="DIR|URL",
        help="folder of all cassettes, or an fsspec URL (default: cassettes in the project's root)",
    ),
    Option(
        name="platforms",
        metavar="PATH",
        help="platform files (default: what the scenario says, else scenarios/platforms)",
    ),
    Option(name="instance", metavar="KEY", help="instance where a script names none"),
    Option(
        name="unused",
        choices=UNUSED,
        help="what recorded exchanges are that were not played (default: fail)",
    ),
    Option(
        name="var",
        kind="many",
        metavar="NAME=VALUE",
        help="variable that wins over those of the scenarios; repeatable",
    ),
    Option(name="seed", metavar="N", read=int, help="seed of random numbers"),
    Option(name="clock", metavar="ISO", read=_instant, help="where virtual time starts"),
    Option(
        name="engine",
        choices=ENGINES,
        help="JavaScript engine, or both, to fail where they differ (default: quickjs)",
    ),
    Option(
        name="js_stack",
        metavar="SIZE",
        read=_stack,
        help="stack of scripts that recurse deeply, such as 24MB, on a thread of their own",
    ),
    Option(
        name="js_limits",
        metavar="LIMITS",
        read=_limits,
        help="what a script may use (default: cpu=2s,wall=30s,memory=64MB,calls=10000)",
    ),
    Option(name="faults", choices=("on", "off"), help="off: arm no fault (default: on)"),
    Option(
        name="trace",
        choices=("on-failure", "on", "off"),
        help="events as NDJSON below .bpmax/trace (default: on-failure)",
    ),
    Option(
        name="shard",
        metavar="I/N",
        read=_shard,
        help="run one of N parts of all tests, split by .bpmax/durations.json",
    ),
    Option(
        name="report",
        kind="optional",
        metavar="FILE",
        help="one HTML page of all scenarios (default: .bpmax/report.html)",
    ),
    Option(
        name="tb",
        kind="switch",
        help="what lies behind a failed scenario: Python tracebacks and the script's stack",
    ),
)
_INI: Mapping[str, tuple[Literal["string", "bool", "linelist"], Any]] = {
    "value": ("string", ""),
    "switch": ("bool", False),
    "many": ("linelist", []),
    "optional": ("string", ""),
}
_SAID = pytest.StashKey[dict[str, tuple[Any, Any]]]()
_BY_NAME: Mapping[str, Option] = {option.name: option for option in OPTIONS}


def add_options(parser: pytest.Parser) -> None:
    """Declare the options and their ini twins."""
    group = parser.getgroup("bpmax-sim", "BPMAX scenarios")
    for option in OPTIONS:
        group.addoption(
            option.flag, dest=option.ini, default=None, help=option.help, **_way(option)
        )
        kind, default = _INI[option.kind]
        parser.addini(option.ini, f"as {option.flag}", type=kind, default=default)


def _way(option: Option) -> dict[str, Any]:
    if option.kind == "switch":
        return {"action": "store_const", "const": True}
    if option.kind == "optional":
        return {"nargs": "?", "const": REPORT, "metavar": option.metavar}
    shown = {"metavar": option.metavar} if option.metavar else {"choices": option.choices}
    return shown | ({"action": "append"} if option.kind == "many" else {})


def on_command_line(config: pytest.Config, name: str) -> Any:
    """Return what the command line says of an option, or None."""
    return said(config, name)[0]


def in_ini(config: pytest.Config, name: str) -> Any:
    """Return what the ini file says of an option, or None."""
    return said(config, name)[1]


def said(config: pytest.Config, name: str) -> tuple[Any, Any]:
    """Return what the command line and the ini file say; each test asks, and neither changes."""
    known = config.stash.get(_SAID, None)
    if known is None:
        known = config.stash[_SAID] = {}
    if name not in known:
        option = _BY_NAME[name]
        given, written = config.getoption(option.ini, None), config.getini(option.ini)
        known[name] = (
            None if given is None else _read(option, given, option.flag),
            _read(option, written, option.ini) if written else None,
        )
    return known[name]


def value(config: pytest.Config, name: str, default: Any = None) -> Any:
    """Return what is said of an option: on the command line, else in the ini file."""
    given, written = said(config, name)
    if given is None:
        given = written
    return default if given is None else given


def _read(option: Option, given: Any, told: str) -> Any:
    if option.kind != "value":
        return given
    if option.choices and given not in option.choices:
        known = ", ".join(option.choices)
        raise pytest.UsageError(f"{told}: expected one of {known}, got {given!r}")
    try:
        return option.read(given)
    except ValueError as error:
        raise pytest.UsageError(f"{told}: {error}") from None


def check(config: pytest.Config) -> None:
    """Read every option once, and refuse a recording that nobody can mean.

    Raises:
        pytest.UsageError: a value is wrong, or CI would record.
    """
    for option in OPTIONS:
        value(config, option.name)
    report_path(config)
    mode, record = value(config, "mode"), on_command_line(config, "record")
    if record is not None and mode != "record":
        raise pytest.UsageError(f"--bpmax-record={record} needs --bpmax-mode=record")
    if mode == "record" and os.environ.get("CI") and not value(config, "allow_ci_record"):
        raise pytest.UsageError(
            "CI is set, so nothing is recorded; replay, or ask twice: "
            "--bpmax-mode=record --bpmax-allow-ci-record"
        )
    variables(config)
    if value(config, "shard") is not None:
        from bpmax_sim.pytest_plugin.session_options import seconds  # noqa: PLC0415 - only where given

        seconds(config)


def report_path(config: pytest.Config) -> Path | None:
    """Return where the report goes, if one is wanted; its default lies in the project's root.

    Raises:
        pytest.UsageError: it is no HTML file, such as a test that stands behind the option.
    """
    given: str | None = value(config, "report")
    if not given:
        return None
    if not given.endswith(".html"):
        raise pytest.UsageError(
            f"--bpmax-report: expected a file that ends in .html, got {given!r}; "
            "write --bpmax-report=FILE, or put the option behind the tests"
        )
    if given != REPORT:
        return Path(config.invocation_params.dir, given)
    from bpmax_sim.project import find_root  # noqa: PLC0415 - only where it is wanted

    return find_root(config.rootpath) / given


def allowed_hosts(config: pytest.Config) -> tuple[str, ...]:
    """Return the hosts that stay open while replaying; commas separate them, too."""
    return hosts_of(value(config, "allow_hosts", []))


def variables(config: pytest.Config) -> Mapping[str, Any]:
    """Return the variables given from outside, as texts that a scenario reads as its own.

    Raises:
        pytest.UsageError: one is not NAME=VALUE.
    """
    given = [*(in_ini(config, "var") or ()), *(on_command_line(config, "var") or ())]
    if not given:
        return {}
    from bpmax_sim.scenario.cases import given_variables  # noqa: PLC0415 - only where given

    try:
        return given_variables(given)
    except ValueError as error:
        raise pytest.UsageError(f"--bpmax-var: expected NAME=VALUE, got {str(error)!r}") from None


def header(config: pytest.Config) -> list[str]:
    """Return ``bpmax-sim: replay, cassettes`` in a project that has scenarios, and the shard."""
    return [*_who_answers(config), *_sharded(config)]


def _who_answers(config: pytest.Config) -> list[str]:
    root = find_root(config.rootpath)
    if not (root / "scenarios").is_dir() and on_command_line(config, "mode") is None:
        return []
    mode = value(config, "mode", "replay")
    if mode == "record":
        mode += f" {value(config, 'record', 'once')}"
    folder = value(config, "cassettes")
    where = _place(folder) if folder else shown(root / "cassettes")
    closed = ", network closed" if mode in {"replay", "simulate"} else ""
    return [f"bpmax-sim: {mode}, cassettes in {where}{closed}"]


def _place(folder: str) -> str:
    from bpmax_sim.cassette.remote import is_url, shown_url  # noqa: PLC0415 - only where given

    return shown_url(folder) if is_url(folder) else folder


def _sharded(config: pytest.Config) -> list[str]:
    shard = value(config, "shard")
    if shard is None:
        return []
    from bpmax_sim.pytest_plugin import session_options  # noqa: PLC0415 - only where it is given

    return [f"bpmax-sim: {session_options.header(config, shard)}"]


def shown(path: Path) -> str:
    """Return *path* as seen from the working folder, where it lies below it."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()
