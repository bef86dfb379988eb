"""``run`` and ``record``, one function in two modes; ``show``, ``list`` and ``report``.

Scenario items become verdicts, printed as soon as they are known; the exit code is the most severe.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext, redirect_stdout
from dataclasses import replace
from inspect import Signature, signature
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, cast

import msgspec
import typer

import bpmax_sim
from bpmax_sim.cli import options as option
from bpmax_sim.cli.execute import (
    Choices,
    cassette_of,
    codes,
    contents,
    execute,
    part_of,
    pending,
    shard_of,
    tell_recorded,
    timed,
)
from bpmax_sim.cli.select import cassettes_at, chosen, collect, gather, missing, targets
from bpmax_sim.cli.terminal import (
    say,
    say_document,
    say_failure,
    say_json,
    say_result,
    say_verdict,
    tell,
    watched,
)
from bpmax_sim.cli.watch import Watched
from bpmax_sim.cli.watch import watch as watch_files
from bpmax_sim.errors import BpmaxError, ConfigError, Problem
from bpmax_sim.i18n import encoded, joined, labelled, msg, plural, series
from bpmax_sim.project import find_root
from bpmax_sim.report import terminal
from bpmax_sim.report.console import console_lines
from bpmax_sim.report.document import document
from bpmax_sim.report.exit_codes import ExitCode, foremost
from bpmax_sim.report.html import write_page
from bpmax_sim.report.junit import write_junit
from bpmax_sim.report.store import (
    TRACE_FOLDER,
    Remembered,
    did_fail,
    remember,
    remembered,
    trace_path,
)
from bpmax_sim.report.terminal import Verdict, table
from bpmax_sim.scenario.cases import cli_variables
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.shards import Shard
from bpmax_sim.session.options import CI_REFUSES, options_of
from bpmax_sim.session.settings import SessionOptions
from bpmax_sim.yamlfile import shown


class _RunArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asks for, by the names of its options."""

    choices: Choices
    paths: Sequence[str] | None
    keyword: str
    var: Sequence[str] | None
    json: bool
    allow_ci_record: bool
    shard: str = ""
    verbose: bool = False
    exit_first: bool = False
    last_failed: bool = False
    junitxml: Path | None = None
    watch: bool = False
    check: bool = False


def run(  # noqa: PLR0913 - the options of the command
    paths: option.Paths = None,
    *,
    keyword: option.Keyword = "",
    verbose: option.Verbose = False,
    exit_first: option.ExitFirst = False,
    last_failed: option.LastFailed = False,
    mode: option.Mode = None,
    record: option.Record = "once",
    against: option.RecordAgainst = "live",
    record_extra: option.Extra = False,
    allow_ci_record: option.AllowCi = False,
    allow_hosts: option.AllowHosts = None,
    instance: option.Instance = "",
    var: option.Variables = None,
    cassettes: option.Cassettes = None,
    platforms: option.PlatformsFolder = None,
    faults: option.Faults = "on",
    unused: option.TreatUnused = None,
    shard: option.ShardOption = "",
    trace: option.Trace = "on-failure",
    engine: option.Engine = None,
    js_stack: option.Stack = "",
    js_limits: option.LimitsOption = "",
    junitxml: option.JunitXml = None,
    watch: option.Watch = False,
    json: option.Json = False,
) -> int:
    """Run scenarios and return the exit code."""
    return _perform(_args_of(locals()))


_RUNS_ONLY = frozenset({"mode", "unused", "shard", "watch"})


def record(
    *,
    record: option.Record = "rewrite",
    check: Annotated[
        bool, typer.Option(help=msg("Replay at once what was recorded; it has to be green."))
    ] = True,
    **values: Any,
) -> int:
    """Record scenarios and return the exit code; all other options are those of `run`."""
    return _perform(_args_of({**values, "record": record, "check": check, "mode": "record"}))


def _take_options_of_run(command: Any) -> None:
    """Let *command* have, for typer, the options of `run` in their order, then its own."""
    own = dict(signature(command, eval_str=True).parameters)
    del own["values"]
    shared = {
        n: p for n, p in signature(run, eval_str=True).parameters.items() if n not in _RUNS_ONLY
    }
    command.__signature__ = Signature(list({**shared, **own}.values()))
    command.__annotations__ = {**run.__annotations__, **command.__annotations__}


_take_options_of_run(record)


def _args_of(values: Mapping[str, Any]) -> _RunArguments:
    """Return what the options of `run` or `record` ask for, by their names."""
    mode: option.Mode = values["mode"]
    folder, remote = cassettes_at(values["cassettes"])
    options: SessionOptions = {
        "record": values["record"],
        "against": values["against"],
        "allow_ci": values["allow_ci_record"],
        "extra": values["record_extra"],
        "allow_hosts": values["allow_hosts"] or (),
        "remote": remote,
        **_chosen(mode, values["instance"], values["platforms"], values.get("unused")),
        **_engine(values["engine"], values["js_stack"], values["js_limits"]),
    }
    names = [name for name in _RunArguments.__struct_fields__ if name in values]
    choices = Choices(
        mode=mode or "",
        cassettes=folder,
        faults=values["faults"] == "on",
        trace=values["trace"],
        environ=os.environ,
        options=options,
    )
    return _RunArguments(choices=choices, **{name: values[name] for name in names})


def _chosen(
    mode: option.Mode, instance: str, platforms: Path | None, unused: option.TreatUnused
) -> SessionOptions:
    """Return what was passed; a scenario keeps what it says itself of the rest."""
    if platforms is not None and not platforms.exists():
        raise ConfigError(missing(platforms, ""))
    options = {
        "mode": mode,
        "default_instance": instance or None,
        "platforms": platforms,
        "unused": unused,
    }
    passed = {name: value for name, value in options.items() if value is not None}
    return cast("SessionOptions", passed)


def _engine(engine: option.Engine, stack: str, limits: str) -> SessionOptions:
    engine_options: SessionOptions = {"engine": engine} if engine else {}
    options = options_of("cli")
    if stack:
        engine_options["stack"] = _read("--js-stack", stack, options["js_stack"].read)
    if limits:
        engine_options["limits"] = _read("--js-limits", limits, options["js_limits"].read)
    return engine_options


def _read(flag: str, text: str, parse: Callable[[str], Any]) -> Any:
    try:
        return parse(text)
    except ValueError as error:
        raise ConfigError(labelled(flag, error)) from None


def _perform(args: _RunArguments) -> int:
    try:
        _check_ci(args)
        _check_watch(args)
        shard = shard_of(args.shard)
        collected, problems = _collected(args)
        items = part_of(collected, shard)
    except BpmaxError as error:
        return _refused(error, args)
    if args.last_failed:
        items = _failed_last(items)
    if not collected and not problems:
        tell(_nothing(args))
    elif args.watch:
        watch_files(_watched(args), items, problems)
    return _played(items, problems, args, shard, has_items=bool(collected))[0]


def _watched(args: _RunArguments) -> Watched:
    """Return what watching runs again; traces of all are kept, for the page is made of them."""
    if args.choices.trace != "off":
        args = msgspec.structs.replace(args, choices=replace(args.choices, trace="on"))
    root = find_root(Path.cwd())

    def finish(items: Sequence[ScenarioItem]) -> None:
        traces = [path for path in map(trace_path, items) if path.is_file()]
        page = root / TRACE_FOLDER.with_name("report.html")
        if traces and args.choices.trace != "off":
            write_page(page, traces, version=bpmax_sim.__version__)
            tell("report: {path}", path=shown(page))

    places = [Path(target.path) for target in targets(args.paths)]
    folders = [path for path in map(Path, args.paths or ()) if path.is_dir()]
    return Watched(
        gather=lambda: _collected(args),
        play=lambda items, problems: _played(items, problems, args, None, has_items=bool(items))[1],
        finish=finish,
        cassette=lambda item: cassette_of(item, args.choices),
        folders=[*folders, *(place.parent for place in places)],
        platforms=args.choices.options.get("platforms"),
    )


def _played(
    items: Sequence[ScenarioItem],
    problems: Sequence[Problem],
    args: _RunArguments,
    shard: Shard | None,
    *,
    has_items: bool,
) -> tuple[ExitCode, list[Verdict]]:
    """Run *items* and tell of them; *has_items*: whether there is any scenario at all."""
    for problem in problems:
        tell(str(problem))
    before = contents(items, args.choices)
    started = time.perf_counter()
    # What python: steps print is no part of the one document that stands on the standard output.
    with redirect_stdout(sys.stderr) if args.json else nullcontext():
        ran = _ran(items, args, shard)
    verdicts = [verdict for verdict, _ in ran]
    waiting = pending(items, args.choices) if args.choices.mode == "record" else []
    code = _code(problems, codes(verdicts, waiting), has_items=has_items)
    tell_recorded(before)
    for path in waiting:
        tell("{path}: waits for review; run `bpmax-sim review`", path=shown(path))
    if args.json:
        say_json(document(verdicts, code=code, problems=problems))
    elif has_items:
        _say_end(verdicts, len(items), time.perf_counter() - started, failed=bool(code))
    if args.junitxml is not None:
        write_junit(args.junitxml, ran)
    return code, verdicts


def _ran(
    items: Sequence[ScenarioItem], args: _RunArguments, shard: Shard | None
) -> list[tuple[Verdict, float]]:
    """Run *items*, tell of each as soon as it is known, and return what each took in real time."""
    reported, results = set[str](), list[tuple[Verdict, float]]()
    begun = time.perf_counter()
    for verdict in watched(_executed(items, args, shard), len(items)):
        results.append((_announced(verdict, args, reported), time.perf_counter() - begun))
        begun = time.perf_counter()
    return _replayed(results, args, reported) if args.check else results


def _replayed(
    ran: Sequence[tuple[Verdict, float]], args: _RunArguments, reported: set[str]
) -> list[tuple[Verdict, float]]:
    """Replay what was recorded, and return *ran* with the verdicts of what does not replay."""
    recorded = [verdict.item for verdict, _ in ran if verdict.outcome == "passed"]
    if not recorded:
        return list(ran)
    options: SessionOptions = {**args.choices.options, "mode": "replay"}
    choices = replace(args.choices, mode="replay", options=options)
    failed = {
        id(verdict.item): verdict
        for verdict in execute(recorded, choices)
        if verdict.outcome == "failed"
    }
    tell(
        "replayed what was recorded: {passed} of {all} passed",
        passed=len(recorded) - len(failed),
        all=len(recorded),
    )
    for verdict in failed.values():
        _announced(verdict, args, reported)
    return [(failed.get(id(verdict.item), verdict), took) for verdict, took in ran]


def _failed_last(items: Sequence[ScenarioItem]) -> list[ScenarioItem]:
    """Return those of *items* that failed last; where none did, all of them, as pytest does."""
    failed = [item for item in items if did_fail(item)]
    if items and not failed:
        tell(msg("nothing failed last; all of it runs"))
    return failed or list(items)


def _say_end(verdicts: Sequence[Verdict], total: int, seconds: float, *, failed: bool) -> None:
    """Print what failed, where that is not the line above, and the line that sums up."""
    if len(verdicts) > 1:
        for line in terminal.what_failed(verdicts):
            say(line)
    if left := total - len(verdicts):
        message = plural(left, "{number} scenario did not run", "{number} scenarios did not run")
        tell("stopped at the first failure; {message}", message=message)
    say_verdict(terminal.summary(verdicts, seconds), failed=failed)


def _refused(error: BpmaxError, args: _RunArguments) -> int:
    tell(str(error))
    if args.json:
        problems = error.problems if isinstance(error, ConfigError) else ()
        say_json(document([], code=ExitCode.USAGE, problems=problems))
    return ExitCode.USAGE


def _code(problems: Sequence[Problem], codes: Iterable[ExitCode], *, has_items: bool) -> ExitCode:
    """Return the exit code; a file that could not be read counts before whatever the others did."""
    wrong = [ExitCode.USAGE] if problems else []
    return foremost([*wrong, *codes]) if has_items or problems else ExitCode.NOTHING


def _executed(
    items: Sequence[ScenarioItem], args: _RunArguments, shard: Shard | None
) -> Iterable[Verdict]:
    verdicts = execute(items, args.choices)
    if args.exit_first:
        verdicts = _until_failed(verdicts)
    return timed(verdicts, shard) if args.choices.mode in {"", "replay"} else verdicts


def _until_failed(verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
    for verdict in verdicts:
        yield verdict
        if verdict.outcome == "failed":
            return


def _check_watch(args: _RunArguments) -> None:
    """Refuse what makes no sense together with ``--watch``.

    Raises:
        ConfigError: it writes a document at its end, which never comes, or asks live systems.
    """
    against = [
        name
        for name, is_passed in (
            ("--json", args.json),
            ("--junitxml", args.junitxml is not None),
            ("--shard", bool(args.shard)),
            ("--mode record", args.choices.mode == "record"),
            ("--mode live", args.choices.mode == "live"),
        )
        if is_passed
    ]
    if args.watch and against:
        raise ConfigError("--watch and {name}: choose one", name=against[0])


def _check_ci(args: _RunArguments) -> None:
    is_recording = args.choices.mode == "record" and args.choices.environ.get("CI")
    if is_recording and not args.allow_ci_record:
        raise ConfigError(CI_REFUSES)


def _collected(args: _RunArguments) -> tuple[list[ScenarioItem], list[Problem]]:
    items, problems = gather(
        targets(args.paths),
        variables=_variables(args.var or ()),
        environ=args.choices.environ,
    )
    return (chosen(items, args.keyword) if args.keyword else items), problems


def _variables(texts: Sequence[str]) -> Mapping[str, str]:
    try:
        return cli_variables(texts)
    except ValueError as error:
        message = msg(
            "--var {error}: expected NAME=VALUE, such as --var customer=12345", error=error
        )
        raise ConfigError(message) from None


def _nothing(args: _RunArguments) -> str:
    where = series(args.paths or ()) or "scenarios/"
    if args.keyword:
        return msg(
            "{where}: no scenario has {keyword!r} in it; see `bpmax-sim list`",
            where=where,
            keyword=args.keyword,
        )
    return msg(
        "{where}: no *.scenario.yaml here; write one, or see one with `bpmax-sim demo`", where=where
    )


def _announced(verdict: Verdict, args: _RunArguments, reported: set[str]) -> Verdict:
    """Print what became of an item as soon as it is known, and remember it for `show`.

    What many items suffer from, such as a variable that is not set, is *reported* once.
    """
    failed = verdict.outcome == "failed"
    remember(
        verdict.item,
        verdict.failures if failed else (),
        verdict.problems if failed else (),
        verdict.console,
    )
    for problem in verdict.problems:
        if problem not in reported:
            tell(problem)
    reported.update(verdict.problems)
    for note in verdict.notes:
        tell(note)
    if not args.json:
        say(terminal.line(verdict))
        for line in terminal.story_lines(verdict) if args.verbose else ():
            say("    {line}", line=line)
        for text in terminal.explained(verdict):
            say_failure(text)
    return verdict


def show(
    word: Annotated[
        str, typer.Argument(metavar="TEXT", help=msg("Only where name or file has this in it."))
    ] = "",
    *,
    everything: Annotated[
        bool,
        typer.Option("--all", help=msg("Show all, not the last one, and every value as it is.")),
    ] = False,
    json: option.Json = False,
) -> int:
    """Show the last failure."""
    failures = [failure for failure in remembered(find_root(Path.cwd())) if _has(failure, word)]
    shown = list(islice(failures, None if everything or json else 1))
    if json:
        say_document(failures=[_data(failure) for failure in shown])
    elif not failures:
        tell(_nothing_failed(word))
    for failure in () if json else shown:
        say(f"× {failure.name}   {failure.file}:{failure.line}")
        for text in (failure.whole or failure.texts) if everything else failure.texts:
            say_failure(text)
        for line in console_lines(failure.console):
            say("    {line}", line=line)
    if len(shown) < len(failures):
        tell(
            "{counted}; show them with --all",
            counted=plural(
                len(failures) - len(shown), "{number} more failure", "{number} more failures"
            ),
        )
    return ExitCode.PASSED if shown else ExitCode.NOTHING


def _has(failure: Remembered, word: str) -> bool:
    return any(word.casefold() in text.casefold() for text in (failure.name, failure.file))


def _data(failure: Remembered) -> dict[str, object]:
    """Return it as plain values, with the texts that hide nothing of a value."""
    data: dict[str, object] = msgspec.to_builtins(failure, enc_hook=encoded)
    data["texts"] = data.pop("whole") or data["texts"]
    del data["version"]
    return data


def _nothing_failed(word: str) -> str:
    if word:
        return msg("nothing that failed has {word!r} in it; see `bpmax-sim show --all`", word=word)
    return msg("no scenario failed when it last ran")


def listing(
    paths: option.Paths = None, *, keyword: option.Keyword = "", json: option.Json = False
) -> int:
    """List scenarios."""
    items = collect(paths, keyword)
    lines = table([_row(item) for item in items]) if items else ()
    say_result(lines, json=json, items=[_item(item) for item in items])
    if not items and not json:
        tell(msg("there is no scenario here; write one, or see one with `bpmax-sim demo`"))
    return ExitCode.PASSED if items else ExitCode.NOTHING


def _row(item: ScenarioItem) -> tuple[str, ...]:
    return f"{item.place.file}:{item.place.line}", item.name, item.cassette, joined(" ", item.tags)


def _item(item: ScenarioItem) -> dict[str, Any]:
    return {
        "name": item.name,
        "row": item.row_id,
        "file": item.place.file,
        "line": item.place.line,
        "tags": list(item.tags),
        "cassette": item.cassette,
        "steps": len(item.steps),
        "skip": item.skip,
        "xfail": item.xfail,
    }


def report(
    traces: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[TRACE]...", help=msg("Files or folders; by default .bpmax/trace.")
        ),
    ] = None,
    *,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help=msg("Where; by default .bpmax/report.html."))
    ] = None,
    json: option.Json = False,
) -> int:
    """Write the page and say where it is."""
    root = find_root(Path.cwd())
    path = to or root / TRACE_FOLDER.with_name("report.html")
    counts = write_page(path, traces or [root / TRACE_FOLDER], version=bpmax_sim.__version__)
    totals = {word: counts[word] for word in ("passed", "failed", "xfailed", "skipped")}
    early = counts["did not end"]
    say_result([shown(path)], json=json, file=shown(path), **totals, ended_early=early)
    return ExitCode.PASSED
