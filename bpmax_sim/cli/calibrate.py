"""``calibrate``: print a script that probes a live BPMAX, and read its console output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from typer import Argument, Option

from bpmax_sim.cassette.journal import replace_file
from bpmax_sim.cli.item_selection import read_platform_folders
from bpmax_sim.cli.terminal import notify, say
from bpmax_sim.errors import ConfigError
from bpmax_sim.file_system import lock_folder
from bpmax_sim.i18n import format_number, join_list, join_messages, label_message, msg, plural
from bpmax_sim.live.calibrate import DELAY, EchoNames, render_calibration_script
from bpmax_sim.live.calibration_file import MARKS, read_rule_marks, render_rule_marks
from bpmax_sim.live.console import decode_console, read_console
from bpmax_sim.live.echo import ECHO_PLATFORM
from bpmax_sim.live.judge import (
    CalibrationResult,
    describe_workaround,
    is_calibration,
    judge_run,
    list_refuted_rules,
)
from bpmax_sim.live.rules import RULES
from bpmax_sim.platform.load import find_last_declaring_file, load_platforms
from bpmax_sim.project import PROJECT, find_root, with_setting_in_defaults
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.yamlfile import read_bytes, read_text_or_empty, to_display_path
from bpmax_sim.yamlfile.edit import merge_into

Writes = Literal["ask", "yes", "no"]
_MAY_WRITE: Final[Mapping[Writes, bool | None]] = {"ask": None, "yes": True, "no": False}
_SHANGHAI: Final = 480
"""Minutes east of Greenwich of scripts here, unless the project says otherwise."""
_APIS: Final = 4


def calibrate(  # noqa: PLR0913 - the options of the command
    consoles: Annotated[
        list[Path] | None,
        Argument(metavar="FILE", help=msg("A copied console; without one, the script is printed.")),
    ] = None,
    *,
    echo: Annotated[
        str, Option(metavar="KEY", help=msg("Platform in BPMAX that answers with what it got."))
    ] = EchoNames().platform,
    apis: Annotated[
        str,
        Option(
            metavar="NAMES",
            help=msg("Its four interfaces: that of GET, of POST, of a status, of a delay."),
        ),
    ] = "",
    delay: Annotated[
        int, Option(metavar="SECONDS", min=1, max=300, help=msg("Length of the longest call."))
    ] = DELAY,
    writes: Annotated[
        Writes, Option(help=msg("Whether it may POST: ask before each, yes, no."))
    ] = "ask",
    platforms: Annotated[
        list[str] | None,
        Option(
            "--platform",
            metavar="KEY",
            help=msg(
                "Set the keys of this platform only; repeatable (default: all of the project)."
            ),
        ),
    ] = None,
    dry_run: Annotated[
        bool, Option("--dry-run", help=msg("With FILE: show what it says, and write nothing."))
    ] = False,
) -> int:
    """Print the JavaScript that examines a live BPMAX, or read its results from copied consoles.

    The results are written into platform files and pyproject.toml, so that the simulator behaves as
    that installation does.
    """
    if not consoles:
        return _print_script(echo, apis, delay, writes)
    calibration = _judge_last_calibration_run(consoles)
    if calibration.failure:
        raise ConfigError(
            "nothing could be asked there: {why}; see the interfaces that `bpmax-sim calibrate` "
            "needs, and run the script again",
            why=calibration.failure,
        )
    for line in describe_calibration(calibration):
        say(line)
    changes = dict(_plan_changes(find_root(Path.cwd()), calibration, platforms))
    for path, (text, told) in changes.items():
        if not dry_run:
            path.parent.mkdir(parents=True, exist_ok=True)
            is_dos = path.exists() and b"\r\n" in path.read_bytes()
            with lock_folder(path.parent):
                replace_file(path, (text.replace("\n", "\r\n") if is_dos else text).encode())
        notify(label_message(to_display_path(path), told))
    if dry_run:
        notify(msg("dry run: nothing was written"))
    return ExitCode.PASSED


def _print_script(echo: str, apis: str, delay: int, writes: Writes) -> int:
    names = [name.strip() for name in apis.split(",")] if apis else []
    if names and (len(names) != _APIS or not all(names)):
        raise ConfigError(
            "--apis {apis}: expected four names, such as "
            "echo_read,echo_write,echo_status,echo_delay",
            apis=apis,
        )
    own = dict(zip(("read", "write", "status", "delay"), names, strict=False))
    script = render_calibration_script(
        EchoNames(platform=echo, **own), delay=delay, may_write=_MAY_WRITE[writes]
    )
    say(script.rstrip("\n"))
    notify(msg("BPMAX needs a platform that echoes, such as `bpmax-sim serve echo`, with:"))
    notify(ECHO_PLATFORM.rstrip("\n"))
    notify(msg("run the script there once, save the console, and: bpmax-sim calibrate console.txt"))
    return ExitCode.PASSED


def _judge_last_calibration_run(consoles: Sequence[Path]) -> CalibrationResult:
    """Return the judged result of the last calibration run in *consoles*, and print its notes.

    *consoles* are files with text copied from the browser's console; together they are one text, so
    that a run may begin in one and end in the next. "Judged": each assumption of the simulator is
    confirmed or refuted by what the script saw, or stays unknown.

    Raises:
        ConfigError: if no console contains a run of the ``calibrate`` script.
    """
    text = "\n".join(decode_console(read_bytes(path, to_display_path(path))) for path in consoles)
    runs = read_console(text)
    asked = [run for run in runs if is_calibration(run)]
    if not asked:
        message = plural(
            len(consoles),
            "{names}: it is of `bpmax-sim capture`; read it with: bpmax-sim init --from FILE",
            "{names}: they are of `bpmax-sim capture`; read each with: bpmax-sim init --from FILE",
            names=join_list(map(to_display_path, consoles)),
        )
        raise ConfigError(message)
    for note in asked[-1].notes:
        notify(note)
    return judge_run(asked[-1])


def describe_calibration(calibration: CalibrationResult) -> Iterator[str]:
    """Yield what a calibration found: engine and time zone of the live BPMAX, then its rules.

    Rules are the assumptions of the simulator about BPMAX: first the refuted ones (with what both
    sides do), then the confirmed ones, then those that stayed unknown.
    """
    zone = calibration.zone or join_list(f"{minutes / 60:+g} h" for minutes in calibration.offsets)
    yield msg(
        "engine {engine}, time zone {zone}, result {result}",
        engine=calibration.engine,
        zone=zone,
        result=calibration.result,
    )
    for name in ("form", "ctx"):
        told = (calibration.globals.get(name) or {}).get("members")
        yield label_message(name, join_list(told or ()) or msg("none"))
    for key, mark in list_refuted_rules(calibration):
        yield msg("refuted: {rule}", rule=RULES[key].text)
        for seen in mark.seen.values():
            yield msg("  here: {ours}", ours=seen.ours)
            yield msg("  there: {there}", there=seen.there)
        yield join_messages("", ["  ", describe_workaround(key, calibration)])
    for key, mark in calibration.rules.items():
        if mark.mark == "confirmed":
            why = msg(" ({why})", why=mark.why) if mark.why else ""
            yield join_messages("", [msg("confirmed: {rule}", rule=RULES[key].text), why])
    for key, mark in calibration.rules.items():
        if mark.mark == "unknown":
            yield msg("unknown: {rule} ({why})", rule=RULES[key].text, why=mark.why)
    counts = [sum(one.mark == kind for one in calibration.rules.values()) for kind in _KINDS]
    yield msg(
        "{rules}: {confirmed} confirmed, {refuted} refuted, {unknown} unknown",
        rules=plural(len(calibration.rules), "{number} rule", "{number} rules"),
        confirmed=counts[0],
        refuted=counts[1],
        unknown=counts[2],
    )


_KINDS: Final = ("confirmed", "refuted", "unknown")


_FileChange = tuple[Path, tuple[str, str]]
"""A file, and its new text with a description of the change."""


def _plan_changes(
    root: Path, calibration: CalibrationResult, only: Sequence[str] | None
) -> Iterator[_FileChange]:
    """Yield each file that the results change, with its new text and a summary.

    These are platform files (*only* those keys, None for all own ones), pyproject.toml, and
    ``scenarios/calibration.yaml`` with the marks of all rules: confirmed, refuted or unknown.
    """
    folders = read_platform_folders(root)
    known = load_platforms(folders)
    for key in only or sorted(known.own):
        platform = known.platform(key)
        path = find_last_declaring_file(folders, key)
        if path is None:
            raise ConfigError("--platform {key}: it is built in, and has no file here", key=key)
        keys = _select_changed_keys(platform, calibration.keys)
        if keys:
            told = join_list(f"{name}: {value}" for name, value in keys.items())
            yield (
                path,
                (merge_into(read_text_or_empty(path), (), keys, to_display_path(path)), told),
            )
    yield from _plan_clock_zone(root, calibration)
    path = root / MARKS
    after = render_rule_marks(calibration, read_rule_marks(root))
    if read_text_or_empty(path) != after:
        yield path, (after, msg("the marks of all rules"))


def _select_changed_keys(platform: Any, keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of *keys* whose values differ from the ones that *platform* has now."""
    has = {"result": platform.result, "timeout": f"{format_number(platform.timeout)}s"}
    return {name: value for name, value in keys.items() if has[name] != value}


def _plan_clock_zone(root: Path, calibration: CalibrationResult) -> Iterator[_FileChange]:
    """Yield pyproject.toml with a clock in the zone of the live BPMAX, if it is not Shanghai's."""
    if not calibration.offsets or set(calibration.offsets) == {_SHANGHAI}:
        return
    if len(set(calibration.offsets)) > 1:
        notify(
            msg("that zone has summer time, which scripts here do not; the clock is in winter's")
        )
    minutes = calibration.offsets[0]
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    value = f"2026-01-05T09:00:00{sign}{hours:02}:{rest:02}"
    path = root / PROJECT
    text = read_text_or_empty(path)
    after = with_setting_in_defaults(text, "clock", value)
    if after is None:
        raise ConfigError(
            "{path}: cannot be added to here; write clock = {value} at [tool.bpmax_sim.defaults]",
            path=to_display_path(path),
            value=value,
        )
    if after != text:
        yield path, (after, f"defaults.clock: {value}")
