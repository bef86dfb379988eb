"""Options of the pytest plugin: ``--bpmax-<name>``, each with an ini setting.

Only modules that pytest has already loaded are imported, since this runs in every project of an
environment with this package.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import pytest

from bpmax_sim.guard import split_hosts
from bpmax_sim.i18n import (
    UnknownLanguageError,
    choose_language,
    fill_if_values,
    label_message,
    msg,
    translate,
)
from bpmax_sim.project import find_root, read_language
from bpmax_sim.session.options import (
    CI_REFUSES,
    Option,
    OptionKind,
    describe_wrong_choice,
    format_flag,
    format_option_help,
    list_options_for,
    list_repeated_options,
)

REPORT = ".bpmax/report.html"
_RUN_ROOT = pytest.StashKey[Path]()
OPTIONS: Final = list_options_for("pytest")


def to_flag(name: str) -> str:
    """Return how a command line spells the option *name*: ``js_stack`` is ``--bpmax-js-stack``."""
    return format_flag(name, "--bpmax-")


def to_ini_name(name: str) -> str:
    """Return an option's name in the ini file, which is also its attribute of pytest's options."""
    return f"bpmax_{name}"


def _parse_shard(text: str) -> Any:
    from bpmax_sim.scenario.shards import Shard  # noqa: PLC0415 - only where it is given

    return Shard.parse(text)


_READ: Final[Mapping[str, Callable[[str], Any]]] = {"shard": _parse_shard}
"""Above the table in the layers."""


_KINDS: Mapping[OptionKind, tuple[Literal["string", "bool", "linelist"], Any, dict[str, Any]]] = {
    "value": ("string", "", {}),
    "switch": ("bool", False, {"action": "store_const", "const": True}),
    "many": ("linelist", [], {"action": "append"}),
    "optional": ("string", "", {"nargs": "?", "const": REPORT}),
}
"""Type and default in the ini file, and what the command line does."""
_READ_OPTIONS = pytest.StashKey[dict[str, tuple[Any, Any]]]()


def add_options(parser: pytest.Parser) -> None:
    """Register the options and their ini settings."""
    group = parser.getgroup("bpmax-sim", msg("BPMAX scenarios"))
    for name, option in OPTIONS.items():
        flag, dest, text = to_flag(name), to_ini_name(name), format_option_help(option, to_flag)
        kind, default, way = _KINDS[option.kind]
        metavar = option.metavar or f"{{{','.join(option.choices)}}}"  # `_convert_option` judges
        # None means that the option is not given, so that the ini setting holds; a default would
        # hide it.
        group.addoption(flag, dest=dest, default=None, help=text, metavar=metavar, **way)
        parser.addini(dest, msg("as {flag_of}", flag_of=flag), type=kind, default=default)


def read_cli_and_ini(config: pytest.Config, name: str) -> tuple[Any, Any]:
    """Return the values of an option on the command line and in the ini file, each None if not set.

    The values are cached, because every test asks and they do not change.
    """
    known = config.stash.setdefault(_READ_OPTIONS, {})
    if name not in known:
        option, ini = OPTIONS[name], to_ini_name(name)
        passed, written = config.getoption(ini, None), config.getini(ini)
        known[name] = (
            None if passed is None else _convert_option(option, passed, to_flag(name)),
            _convert_option(option, written, ini) if written else None,
        )
    return known[name]


def read_option_value(config: pytest.Config, name: str, default: Any = None) -> Any:
    """Return the value of an option: from the command line, else from the ini file.

    If neither sets it, return *default*.
    """
    passed, written = read_cli_and_ini(config, name)
    if passed is None:
        passed = written
    return default if passed is None else passed


def _convert_option(option: Option, value: Any, option_name: str) -> Any:
    if option.kind != "value":
        return value
    if option.choices and value not in option.choices:
        raise make_usage_error(describe_wrong_choice(option_name, value, option.choices))
    try:
        return _READ.get(option.name, option.read)(value)
    except ValueError as error:
        raise make_usage_error(label_message(option_name, error)) from None


def make_usage_error(message: str, /, **values: object) -> pytest.UsageError:
    """Return the error that ends pytest with one line; *values* fill the template *message*."""
    return pytest.UsageError(translate(fill_if_values(message, values)))


def check_values_and_ci_recording(config: pytest.Config) -> None:
    """Read every option once, to find errors before the run, and refuse recording in CI.

    Raises:
        pytest.UsageError: if a value is wrong, or a recording would be made in CI.
    """
    try:
        choose_language(
            read_option_value(config, "lang"), configured=read_language(find_run_root(config))
        )
    except UnknownLanguageError as error:
        raise pytest.UsageError(str(error)) from None
    for name in OPTIONS:
        read_option_value(config, name)
    choose_report_path(config)
    mode, record = read_option_value(config, "mode"), read_cli_and_ini(config, "record")[0]
    if record is not None and mode != "record":
        raise make_usage_error("--bpmax-record={record} needs --bpmax-mode=record", record=record)
    _check_explore_challenge_and_cov(config, mode)
    if (
        mode == "record"
        and os.environ.get("CI")
        and not read_option_value(config, "allow_ci_record")
    ):
        raise make_usage_error(CI_REFUSES)
    read_variables(config)


_SEARCHES: Final = ("explore", "challenge", "cov")


def _check_explore_challenge_and_cov(config: pytest.Config, mode: str | None) -> None:
    """Refuse wrong uses of the options that run scenarios many times, such as ``--bpmax-explore``.

    An option such as ``--bpmax-explore-max`` needs ``--bpmax-explore`` itself, and neither that nor
    ``--bpmax-challenge`` may be used in *mode* live or record. `_SEARCHES` lists the options.

    Raises:
        pytest.UsageError: with what to write.
    """
    for search in _SEARCHES:
        flag, is_on = to_flag(search), read_option_value(config, search)
        own = (name for name in OPTIONS if name.startswith(f"{search}_"))
        alone = next((one for one in own if read_cli_and_ini(config, one)[0] is not None), None)
        if alone and not is_on:
            raise make_usage_error("{option} needs {flag}", option=to_flag(alone), flag=flag)
        if is_on and search != "cov" and mode in {"live", "record"}:
            raise make_usage_error(
                "{flag} tries replayed and simulated scenarios only; leave --bpmax-mode={mode} out",
                flag=flag,
                mode=mode,
            )


def choose_report_path(config: pytest.Config) -> Path | None:
    """Return the path of the report page, by default in the project's root; None without report.

    Raises:
        pytest.UsageError: if the path is not an HTML file, such as a test path after the option.
    """
    path: str | None = read_option_value(config, "report")
    if not path:
        return None
    if not path.endswith(".html"):
        raise make_usage_error(
            "--bpmax-report: expected a file that ends in .html, got {path!r}; write "
            "--bpmax-report=FILE, or put the option behind the tests",
            path=path,
        )
    if path != REPORT:
        return Path(config.invocation_params.dir, path)
    return find_run_root(config) / path


def read_allowed_hosts(config: pytest.Config) -> tuple[str, ...]:
    """Return the hosts that tests may reach although the network is closed while replaying.

    The option may be repeated, and each value may list several hosts with commas.
    """
    return split_hosts(read_option_value(config, "allow_hosts", []))


def read_variables(config: pytest.Config) -> Mapping[str, Any]:
    """Return the variables given as --bpmax-var NAME=VALUE or in the ini file, by name.

    Raises:
        pytest.UsageError: if one is not NAME=VALUE.
    """
    passed, ini = read_cli_and_ini(config, "var")
    texts = [*(ini or ()), *(passed or ())]
    if not texts:
        return {}
    from bpmax_sim.scenario.table_rows import parse_cli_variables  # noqa: PLC0415 - only where given

    try:
        return parse_cli_variables(texts)
    except ValueError as error:
        raise make_usage_error(
            "--bpmax-var: expected NAME=VALUE, got {error!r}", error=str(error)
        ) from None


def read_repeated_options(config: pytest.Config) -> tuple[tuple[str, str], ...]:
    """Return name and text of each option that a command to run a test again has to repeat."""
    return list_repeated_options("pytest", lambda name: config.getoption(to_ini_name(name), None))


def find_run_root(config: pytest.Config) -> Path:
    """Return the root of the project that this run plays: that of its arguments, if they share one.

    Else it is that of pytest's root. The two differ for a project below a checkout, whose own
    ``pyproject.toml`` makes it pytest's root. Cached.
    """
    if _RUN_ROOT not in config.stash:
        folder = config.invocation_params.dir
        paths = (folder / str(argument).partition("::")[0] for argument in config.args)
        roots = {find_root(path, config.rootpath) for path in paths}
        config.stash[_RUN_ROOT] = roots.pop() if len(roots) == 1 else find_root(config.rootpath)
    return config.stash[_RUN_ROOT]


def choose_named_cassettes_folder(config: pytest.Config) -> Path | None:
    """Return the cassettes folder of command line or ini file; None for that of each project."""
    passed, ini = read_cli_and_ini(config, "cassettes")
    if passed is not None:
        return Path(config.invocation_params.dir, passed)
    return Path(config.rootpath, ini) if ini is not None else None


def format_report_header(config: pytest.Config) -> list[str]:
    """Return the header line, such as ``bpmax-sim: replay, cassettes in …``.

    Empty in a project without scenarios.
    """
    root = find_run_root(config)
    if not (root / "scenarios").is_dir() and read_cli_and_ini(config, "mode")[0] is None:
        return []
    mode = read_option_value(config, "mode", "replay")
    if mode == "record":
        mode += f" {read_option_value(config, 'record', 'once')}"
    where = to_display_path(choose_named_cassettes_folder(config) or root / "cassettes")
    if folder := read_option_value(config, "cassettes"):
        from bpmax_sim.cassette.remote import is_url  # noqa: PLC0415 - only where given
        from bpmax_sim.messages import strip_credentials_and_query  # noqa: PLC0415 - only where given

        where = strip_credentials_and_query(folder) if is_url(folder) else where
    closed = msg(", network closed") if mode in {"replay", "simulate"} else ""
    line = msg(
        "bpmax-sim: {mode}, cassettes in {where}{closed}", mode=mode, where=where, closed=closed
    )
    return [translate(line)]


def to_display_path(path: Path) -> str:
    """Return *path* relative to the working directory if it is below it."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()
