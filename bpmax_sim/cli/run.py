"""``run`` and ``record``: one function in two modes.

Scenario items become verdicts, each printed as soon as it is known. The exit code is that of the
most severe verdict.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext, redirect_stdout
from dataclasses import replace
from inspect import Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import msgspec
from typer import Option

import bpmax_sim
from bpmax_sim.cli import options as option
from bpmax_sim.cli.conftests import find_conftest_uses, map_conftests_to_fixtures
from bpmax_sim.cli.item_runs import (
    describe_nothing_recorded,
    find_cassette_path,
    find_response_sources,
    measure_and_store_durations,
    report_written_cassettes,
    run_items,
    select_shard_items,
)
from bpmax_sim.cli.item_selection import (
    explain_empty_selection,
    filter_by_keyword,
    find_items,
    find_targets,
    make_missing_file_problem,
    resolve_cassette_folder,
)
from bpmax_sim.cli.terminal import (
    can_ask,
    choose,
    iterate_with_progress,
    notify,
    print_failure_text,
    print_summary_line,
    say,
    say_json,
)
from bpmax_sim.errors import BpmaxError, ConfigError, Problem
from bpmax_sim.file_system import shell_quote
from bpmax_sim.i18n import join_list, label_message, msg, plural
from bpmax_sim.index.items import ProjectItem, load_each
from bpmax_sim.project import find_root
from bpmax_sim.report import terminal, trace_files
from bpmax_sim.report.exit_codes import ExitCode, choose_exit_code
from bpmax_sim.report.failure_causes import find_grouping_cause
from bpmax_sim.report.perform import PerformOptions
from bpmax_sim.report.stored_failures import did_fail, set_new_run_id
from bpmax_sim.report.terminal import Verdict
from bpmax_sim.scenario.header import ItemHeader
from bpmax_sim.scenario.load import check_variables_read
from bpmax_sim.scenario.names import find_unknown_instance_problem
from bpmax_sim.scenario.shards import Shard
from bpmax_sim.scenario.table_rows import parse_cli_variables
from bpmax_sim.session.options import (
    CI_REFUSES,
    RecordMode,
    format_flag,
    list_options_for,
    list_repeated_options,
)
from bpmax_sim.session.settings import SessionOptions
from bpmax_sim.yamlfile import to_display_path

# What few runs do, such as a page or a watch, is imported when it is done.
# ruff: noqa: PLC0415

if TYPE_CHECKING:
    from bpmax_sim.cli.usage import UsageOfRun
    from bpmax_sim.cli.watch import WatchPlan
    from bpmax_sim.report.usage import Covers


class _RunArguments(msgspec.Struct, frozen=True, kw_only=True):
    """The command line of `run` or `record`, by option name.

    *repeated* are name and text of the options that a command to run an item again repeats.
    """

    choices: PerformOptions
    repeated: tuple[tuple[str, str], ...]
    paths: Sequence[str] | None
    keyword: str
    var: Sequence[str] | None
    json: bool
    allow_ci_record: bool
    platforms: Sequence[Path] | None = None
    shard: str = ""
    job: str = ""
    verbose: bool = False
    quiet: bool = False
    exit_first: bool = False
    last_failed: bool = False
    uses: str = ""
    changed: str = ""
    junitxml: Path | None = None
    watch: bool = False
    check: bool = False
    update: bool = False
    yes: bool = False


def run(  # noqa: PLR0913 - the options of the command
    paths: option.Paths = None,
    *,
    keyword: option.Keyword = "",
    verbose: option.Verbose = False,
    quiet: option.Quiet = False,
    exit_first: option.ExitFirst = False,
    last_failed: option.LastFailed = False,
    uses: option.Uses = "",
    changed: option.Changed = "",
    mode: option.Mode = None,
    record: option.Record = "once",
    against: option.RecordAgainst = "live",
    record_extra: option.Extra = False,
    allow_ci_record: option.AllowCi = False,
    allow_hosts: option.AllowHosts = None,
    instance: option.Instance = "",
    var: option.Variables = None,
    cassettes: option.Cassettes = None,
    platforms: option.PlatformFolders = None,
    faults: option.Faults = "on",
    unused: option.TreatUnused = None,
    shard: option.ShardOption = "",
    job: option.Job = "",
    trace: option.Trace = "on-failure",
    engine: option.Engine = None,
    js_stack: option.Stack = "",
    js_limits: option.LimitsOption = "",
    junitxml: option.JunitXml = None,
    watch: option.LimitWatch = False,
    update: option.Update = False,
    yes: option.Yes = False,
    json: option.Json = False,
) -> int:
    """Run scenarios and return the exit code."""
    return _run_command(_read_arguments(locals()))


_RUNS_ONLY = frozenset({"mode", "unused", "shard", "job", "watch", "update", "yes"})


def record(
    *,
    record: option.Record = "once",
    check: Annotated[
        bool, Option(help=msg("Replay at once what was recorded; it has to be green."))
    ] = True,
    **values: Any,
) -> int:
    """Record scenarios and return the exit code; all other options are those of `run`."""
    return _run_command(
        _read_arguments({**values, "record": record, "check": check, "mode": "record"})
    )


def _add_run_options(command: Any) -> None:
    """Give *command* (`record`) a signature with all options of `run` and its own; typer reads it.

    So `record` needs not list again what it passes on.
    """
    own = dict(signature(command, eval_str=True).parameters)
    del own["values"]
    shared = {
        n: p for n, p in signature(run, eval_str=True).parameters.items() if n not in _RUNS_ONLY
    }
    command.__signature__ = Signature(list({**shared, **own}.values()))
    command.__annotations__ = {**run.__annotations__, **command.__annotations__}


_add_run_options(record)


def _read_arguments(values: Mapping[str, Any]) -> _RunArguments:
    """Return the arguments for the option *values* of `run` or `record`.

    Options that are not given leave the scenario's own setting in force.
    """
    folder, remote = resolve_cassette_folder(values["cassettes"])
    platforms: list[Path] | None = values["platforms"]
    if lacking := [folder for folder in platforms or () if not folder.exists()]:
        raise ConfigError(*(make_missing_file_problem(folder, "") for folder in lacking))
    options: dict[str, Any] = {"remote": remote}
    for name, of_run in list_options_for("cli").items():
        value = values.get(name)
        if "session" in of_run.sources and value not in (None, ""):
            is_text = isinstance(value, str)
            options[of_run.session_keyword] = (
                _parse_option(name, value, of_run.read) if is_text else value
            )
    choices = PerformOptions(
        cassettes=folder,
        faults=values["faults"] == "on",
        trace=values["trace"],
        check=values.get("check", False),
        options=cast("SessionOptions", options),
    )
    names = [name for name in _RunArguments.__struct_fields__ if name in values]
    return _RunArguments(
        choices=choices,
        repeated=list_repeated_options("cli", values.get),
        **{name: values[name] for name in names},
    )


def _parse_option(name: str, text: str, parse: Callable[[str], Any]) -> Any:
    """Return *text* parsed; a ValueError becomes an error that names the option."""
    try:
        return parse(text)
    except ValueError as error:
        raise ConfigError(label_message(format_flag(name), error)) from None


def _run_command(args: _RunArguments) -> int:
    from bpmax_sim.cli.usage import UsageOfRun

    try:
        _check_run_arguments(args)
        shard = _parse_option("shard", args.shard, Shard.parse) if args.shard else None
        usage = UsageOfRun(args.choices, args.job, shard)
        collected, problems = _collect_items(args, usage)
        items = select_shard_items(collected, shard)
        _print_changed_selection(args, collected)
    except BpmaxError as error:
        notify(str(error))
        if args.json:
            wrong = error.problems if isinstance(error, ConfigError) else ()
            _print_json([], ExitCode.USAGE, wrong)
        return ExitCode.USAGE
    if args.last_failed and items:
        failed = [item for item in items if did_fail(item.header)]
        if not failed:
            notify(msg("nothing failed last; all of it runs"))
        items = failed or items
    if not collected and not problems:
        notify(
            explain_empty_selection(args.paths, args.keyword, used=args.uses, since=args.changed)
        )
    elif args.watch:
        _watch(args, items, problems)
    code, verdicts = _run_and_report(
        items, problems, args, shard, has_items=bool(collected), usage=usage
    )
    # A run that stopped early, or could not read a file, does not show what is unused.
    if not problems and len(verdicts) >= len(items):
        usage.store(_choose_usage_scope(args), items_of_other_shards=set(collected) - set(items))
    return code


def _watch(args: _RunArguments, items: Sequence[ProjectItem], problems: Sequence[Problem]) -> None:
    from bpmax_sim.cli.watch import watch

    watch(_plan_watch(args), items, problems)


def _choose_usage_scope(args: _RunArguments) -> Covers | None:
    """Return what the usage file of this run stands for: all scenarios, or a ``part`` of them.

    The usage file says which recordings were used. For a part it is only written by a named CI job
    (``--job``), as all jobs together may run everything. None, for no file, if the run does not
    replay, or if it is no job and runs only some scenarios, or with other platforms or another
    instance than the scenarios declare.
    """
    narrowing = (
        not _includes_all_scenarios(args.paths or ()),
        args.keyword,
        args.uses,
        args.changed,
        args.last_failed,
        args.var,
    )
    if args.choices.mode not in {"", "replay"} or args.choices.options.get("remote"):
        return None
    if any(narrowing) or args.platforms or args.choices.options.get("default_instance"):
        return "part" if args.job else None
    return "scenarios"


def _includes_all_scenarios(paths: Sequence[str]) -> bool:
    """Return whether *paths*, as given to the command, include all scenarios of the project."""
    folder = find_root(Path.cwd()) / "scenarios"
    return not paths or any(Path(path).resolve() in {folder, *folder.parents} for path in paths)


def _print_changed_selection(args: _RunArguments, items: Sequence[ProjectItem]) -> None:
    """With ``--changed``, print first what the run is compared with and what is selected."""
    if not args.changed:
        return
    from bpmax_sim.cli.affected import describe_changes

    files = {item.header.path for item in items}
    for line in describe_changes(
        find_targets(args.paths, reports_others=False), args.changed, len(files)
    ):
        notify(line)


def _plan_watch(args: _RunArguments) -> WatchPlan:
    """Return what ``--watch`` has to do when a file is saved.

    All traces are kept for its report page.
    """
    from bpmax_sim.cli.types import refresh_existing_types
    from bpmax_sim.cli.watch import WatchPlan
    from bpmax_sim.report.html import write_page

    if args.choices.trace != "off":
        args = msgspec.structs.replace(args, choices=replace(args.choices, trace="on"))
    root = find_root(Path.cwd())

    def finish(items: Sequence[ProjectItem]) -> None:
        places = (trace_files.make_trace_path(item.header) for item in items)
        traces = [path for path in places if path.is_file()]
        page = root / trace_files.TRACE_FOLDER.with_name("report.html")
        if traces and args.choices.trace != "off":
            try:
                write_page(page, traces, version=bpmax_sim.__version__)
                notify("report: {path}", path=to_display_path(page))
            except ConfigError as error:
                notify(str(error))  # nothing that was watched turns red for it
        refresh_existing_types(root)

    places = [Path(target.path) for target in find_targets(args.paths, reports_others=False)]
    folders = [path for path in map(Path, args.paths or ()) if path.is_dir()]
    return WatchPlan(
        collect_items=lambda: _collect_items(args),
        run_items=lambda items, problems: _run_and_report(
            items, problems, args, None, has_items=bool(items)
        )[1],
        finish=finish,
        cassette=lambda item: find_cassette_path(item.header, args.choices),
        folders=[*folders, *(place.parent for place in places)],
        platforms=tuple(Path(one) for one in args.platforms or ()),
    )


def _run_and_report(
    items: Sequence[ProjectItem],
    problems: Sequence[Problem],
    args: _RunArguments,
    shard: Shard | None,
    *,
    has_items: bool,
    usage: UsageOfRun | None = None,
) -> tuple[ExitCode, list[Verdict]]:
    """Run *items* (scenarios or rows), print verdicts and summary, and write the reports.

    Return exit code and verdicts. If the user then wants to record everything again, all of this is
    done once more, and the result is that of the second run.

    *problems* are those of files that cannot run. *has_items* is whether the project has any
    scenario at all: selecting none of them is no error. *usage* collects which recordings are used;
    None to collect nothing.
    """
    for problem in problems:
        notify(str(problem))
    _report_conftests_not_run(items)
    recording = items if args.choices.mode == "record" else ()
    files = dict.fromkeys(find_cassette_path(item.header, args.choices) for item in recording)
    # The bytes and not times or sizes, so that a recording with the same content counts as
    # unchanged.
    before = {path: path.read_bytes() if path.is_file() else b"" for path in files}
    started = time.perf_counter()
    # What python: steps print is no part of the one document that stands on the standard output.
    with redirect_stdout(sys.stderr) if args.json else nullcontext():
        ran, gone = _run_items(items, args, shard, usage)
    for problem in gone:
        notify(str(problem))
    problems = [*problems, *gone]
    verdicts = [verdict for verdict, _ in ran]
    waiting = _find_reviews(before)
    codes = [verdict.code for verdict in verdicts]
    codes += [ExitCode.REVIEW for _ in waiting] + [ExitCode.USAGE for _ in problems]
    code = choose_exit_code(codes) if has_items or problems else ExitCode.NOTHING
    report_written_cassettes(before)
    if recording and _ask_to_record_if_all_recorded(verdicts, args):
        return _run_and_report(
            items, (), _replace_record_mode(args, "rewrite"), shard, has_items=True
        )
    _show_reviews_and_refresh_types(waiting, recording)
    if args.json:
        _print_json(verdicts, code, problems)
    elif has_items or _count_unreadable_files(problems):
        _print_failed_items_and_summary(verdicts, len(items), started, problems, failed=bool(code))
    _write_junit(args, ran, problems)
    _update_failed_expectations(verdicts, args)
    return code, verdicts


def _update_failed_expectations(verdicts: Sequence[Verdict], args: _RunArguments) -> None:
    """With ``--update``, write the actual values into the expectations of failed scenarios."""
    if not args.update:
        return
    from bpmax_sim.cli.scenario_edits import update_items

    failed = [one.item for one in verdicts if one.outcome == "failed" and one.digest]
    update_items(failed, yes=args.yes, cassettes=args.choices.cassettes)


def _find_reviews(cassettes: Iterable[Path]) -> list[Path]:
    """Return the recordings that wait for review (``.new``) beside the recorded *cassettes*."""
    if not (recorded := list(cassettes)):
        return []
    from bpmax_sim.cassette.merge import to_review_path

    return [path for path in map(to_review_path, recorded) if path.exists()]


def _print_json(verdicts: Sequence[Verdict], code: ExitCode, problems: Sequence[Problem]) -> None:
    from bpmax_sim.report.document import build_run_document

    say_json(build_run_document(verdicts, code=code, problems=problems))


def _write_junit(
    args: _RunArguments, ran: Sequence[tuple[Verdict, Any]], problems: Sequence[Problem]
) -> None:
    if args.junitxml is not None:
        from bpmax_sim.report.junit import write_junit

        write_junit(args.junitxml, ran, problems)


def _count_unreadable_files(problems: Sequence[Problem]) -> int:
    """Return the number of different files in *problems*.

    Only problems with a column are those of a file's content; others, such as a row of the command
    line that does not exist, do not count.
    """
    return len({one.place.file for one in problems if one.place and one.place.column})


def _show_reviews_and_refresh_types(
    recordings_to_review: Sequence[Path], recording_items: Sequence[ProjectItem]
) -> None:
    for path in recordings_to_review:
        notify("{path}: waits for review; run `bpmax-sim review`", path=to_display_path(path))
    if not recording_items:
        return
    from bpmax_sim.cli.merge import hint_at_missing_merge_driver
    from bpmax_sim.cli.types import refresh_existing_types

    for root in dict.fromkeys(item.header.root for item in recording_items):
        refresh_existing_types(root)
    hint_at_missing_merge_driver()


_AFRESH = msg("everything is recorded already; record it all afresh?")


def _ask_to_record_if_all_recorded(verdicts: Sequence[Verdict], args: _RunArguments) -> bool:
    """Return whether the user, asked on a terminal, wants to record everything again.

    The question is asked if nothing was recorded because each call had a recording already. If
    nothing was recorded for another reason, or nobody can be asked, the reason is printed and the
    result is False; so it is if something was recorded.
    """
    why = describe_nothing_recorded(verdicts, args.choices.options.get("record", "once"))
    if why and "recorded" in find_response_sources(verdicts) and can_ask() and not args.json:
        return choose(_AFRESH, ("yes", "no")) == "yes"
    if why:
        notify(why)
    return False


def _replace_record_mode(args: _RunArguments, record: RecordMode) -> _RunArguments:
    options: SessionOptions = {**args.choices.options, "record": record}
    return msgspec.structs.replace(args, choices=replace(args.choices, options=options))


def _run_items(
    items: Sequence[ProjectItem],
    args: _RunArguments,
    shard: Shard | None,
    usage: UsageOfRun | None,
) -> tuple[list[tuple[Verdict, float]], list[Problem]]:
    """Run *items*, and print each verdict as soon as it is known.

    Returns:
        Each verdict with its real seconds, and problems of files that became unreadable meanwhile.
    """
    set_new_run_id()
    reported, results = set[object](), list[tuple[Verdict, float]]()
    problems: list[Problem] = []
    begun = time.perf_counter()
    loaded = (
        msgspec.structs.replace(item, cli_options=args.repeated)
        for item in load_each(items, problems)
    )
    verdicts = run_items(loaded, args.choices, usage.add if usage else None)
    if args.exit_first:
        verdicts = _stop_after_failure(verdicts)
    if args.choices.mode in {"", "replay"}:
        verdicts = measure_and_store_durations(verdicts, shard, usage.seconds if usage else {})
    try:
        for verdict in iterate_with_progress(verdicts, len(items)):
            results.append((_print_verdict(verdict, args, reported), time.perf_counter() - begun))
            begun = time.perf_counter()
    except KeyboardInterrupt:
        _report_interrupted_run(results, problems, args)
        raise
    results = _replay_recorded(results, args, reported) if args.check else results
    return results, problems


def _report_interrupted_run(
    ran: Sequence[tuple[Verdict, float]], problems: Sequence[Problem], args: _RunArguments
) -> None:
    """Print the summary line and write the JUnit file for the items that ended before Ctrl-C.

    *ran* are their verdicts with their real seconds.
    """
    if not args.json:
        print_summary_line(
            terminal.format_summary_line(
                [verdict for verdict, _ in ran], sum(took for _, took in ran)
            ),
            failed=True,
        )
    _write_junit(args, ran, problems)


def _replay_recorded(
    verdicts: Sequence[tuple[Verdict, float]], args: _RunArguments, reported: set[object]
) -> list[tuple[Verdict, float]]:
    """Replay the items that passed while they were recorded, and print the failures.

    *verdicts* are those of the recording run, with their real seconds; *reported* are the causes of
    failure that were printed already. Return *verdicts*; that of an item whose replay fails is
    replaced by the replay's, its seconds stay.
    """
    recorded = [verdict.item for verdict, _ in verdicts if verdict.outcome == "passed"]
    if not recorded:
        return list(verdicts)
    choices = replace(args.choices, options={**args.choices.options, "mode": "replay"})
    failed = {
        id(verdict.item): verdict
        for verdict in run_items(recorded, choices)
        if verdict.outcome == "failed"
    }
    notify(
        "replayed what was recorded: {passed} of {all} passed",
        passed=len(recorded) - len(failed),
        all=len(recorded),
    )
    for verdict in failed.values():
        _print_verdict(verdict, args, reported)
    return [(failed.get(id(verdict.item), verdict), took) for verdict, took in verdicts]


def _print_failed_items_and_summary(
    verdicts: Sequence[Verdict],
    total: int,
    started: float,
    problems: Sequence[Problem],
    *,
    failed: bool,
) -> None:
    """Print the list of failures, unless only one item ran, and the summary line.

    Args:
        verdicts: verdicts of the items that ran.
        total: number of items selected; if more, a message says how many did not run.
        started: when the run began, by `time.perf_counter`.
        problems: problems of files that could not be read, for their number.
        failed: whether the line is printed in red.
    """
    if len(verdicts) > 1:
        for line in terminal.format_failed_items(verdicts):
            say(line)
    if (left := total - len(verdicts)) > 0:
        message = plural(left, "{number} scenario did not run", "{number} scenarios did not run")
        notify("stopped at the first failure; {message}", message=message)
    seconds, unread = time.perf_counter() - started, _count_unreadable_files(problems)
    print_summary_line(terminal.format_summary_line(verdicts, seconds, unread), failed=failed)


def _stop_after_failure(verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
    for verdict in verdicts:
        yield verdict
        if verdict.outcome == "failed":
            return


def _check_run_arguments(args: _RunArguments) -> None:
    """Refuse options that exclude each other, recording in CI, and unwritable output files.

    Raises:
        ConfigError: if there is one, such as ``--watch`` with a document written at the end of a
            run.
    """
    is_recording = args.choices.mode == "record"
    if is_recording and os.environ.get("CI") and not args.allow_ci_record:
        raise ConfigError(CI_REFUSES)
    if args.junitxml is not None:
        from bpmax_sim.report.junit import create_junit_folder

        create_junit_folder(args.junitxml)
    against = {
        "--json": args.json,
        "--junitxml": args.junitxml is not None,
        "--shard": bool(args.shard),
        "--mode record": is_recording,
        "--mode live": args.choices.mode == "live",
        "--update": args.update,
    }
    if name := next((name for name, passed in against.items() if passed and args.watch), ""):
        raise ConfigError("--watch and {name}: choose one", name=name)


def _collect_items(
    args: _RunArguments, usage: UsageOfRun | None = None
) -> tuple[list[ProjectItem], list[Problem]]:
    """Return the selected items, and the problems of files that cannot be used.

    An item is a scenario, or one row of its table. *usage* notes the cassettes of all items as
    owned, also of those that the keyword leaves out, so that ``cassette prune`` keeps them.
    """
    try:
        variables = parse_cli_variables(args.var or ())
    except ValueError as error:
        raise ConfigError(
            "--var {error}: expected NAME=VALUE, such as --var customer=12345", error=error
        ) from None
    targets = find_targets(args.paths)
    _warn_of_unread_files(args.paths)
    if args.uses or args.changed:
        from bpmax_sim.cli.affected import narrow_by_use_and_changes

        targets = narrow_by_use_and_changes(targets, used_name=args.uses, since=args.changed)
    items, problems = find_items(targets, variables)
    if variables and not problems:
        of_file = {item.header.path: item for item in items}  # its rows share the text
        check_variables_read(variables, (item.load() for item in of_file.values()))
    _check_instance_exists(args, items)
    map_conftests_to_fixtures((item.header.path, item.header.root) for item in items)
    if usage is not None:
        usage.add_owned_cassettes(items)
    return filter_by_keyword(items, args.keyword), problems


def _check_instance_exists(args: _RunArguments, items: Sequence[ProjectItem]) -> None:
    """Refuse an ``--instance`` that no platform of *items* has; it would have no effect.

    Raises:
        ConfigError: if there is none.
    """
    chosen = args.choices.options.get("default_instance") or ""
    files = {item.header.platforms_key for item in items} if chosen else set()
    if args.platforms:
        files = {(tuple(args.platforms), instances) for _, instances in files}
    if wrong := find_unknown_instance_problem(chosen, files):
        raise ConfigError(label_message(format_flag("instance"), wrong))


def _warn_of_unread_files(paths: Sequence[str] | None) -> None:
    """Print what in the folders of *paths*, or in the project, is no scenario by its name alone."""
    from bpmax_sim.index.unread_files import find_unread_files

    here = find_root(Path.cwd())
    folders = [Path(path).resolve() for path in paths or [os.fspath(here)] if Path(path).is_dir()]
    for root in dict.fromkeys(map(find_root, folders)):
        for problem in find_unread_files(root):
            file = Path(problem.place.file if problem.place else "").resolve()
            if any(folder in file.parents for folder in folders):
                notify("warning: {warning}", warning=problem)


def _print_verdict(verdict: Verdict, args: _RunArguments, reported: set[object]) -> Verdict:
    """Print the verdict of an item as soon as it is known, and return it.

    A cause common to many items, such as a variable that is not set, is printed once, and so is a
    warning that several rows have in common; *reported* collects them.
    """
    for problem in verdict.problems:
        if problem not in reported:
            notify(problem)
    reported.update(verdict.problems)
    for warning in map(str, verdict.warnings):
        if warning not in reported:
            notify(warning)
    reported.update(map(str, verdict.warnings))
    if not args.json and (verdict.outcome == "failed" or not args.quiet):
        _print_file_heading(verdict, reported)
        say(terminal.format_verdict_line(verdict))
        for line in terminal.format_timeline(verdict) if args.verbose else ():
            say("    {line}", line=line)
        _print_failures(verdict, args, reported)
    if verdict.outcome == "failed":
        _report_fixtures_not_run(verdict.item.header)
    return verdict


def _print_file_heading(verdict: Verdict, reported: set[object]) -> None:
    """On a terminal, print the name of the scenario file once above the lines of its items."""
    file = verdict.item.spot.source.file
    if sys.stdout.isatty() and file not in reported:
        reported.add(file)
        say(file)


def _print_failures(verdict: Verdict, args: _RunArguments, reported: set[object]) -> None:
    """Print the text of each failure; for a cause already *reported*, only the headline."""
    causes = {find_grouping_cause(failure) for failure in verdict.failures}
    if causes and causes <= reported:
        for failure in () if verdict.problems else verdict.failures:
            say("    {headline}", headline=failure.headline)
        return
    reported |= causes
    for text in terminal.format_failure_texts(verdict, with_console=not args.verbose):
        print_failure_text(text)
    for hint in verdict.live_hints:
        say(hint.shown)


def _report_fixtures_not_run(item: ItemHeader) -> None:
    """Print the conftest fixtures that the failed *item* ran without, and the pytest command."""
    for conftest in find_conftest_uses(item.path, item.root):
        notify(
            "fixtures of {conftest} did not run; with them: {command}",
            conftest=to_display_path(conftest.path),
            command=f"pytest {shell_quote(item.node_id)}",
        )


def _report_conftests_not_run(items: Sequence[ProjectItem]) -> None:
    """Print, before the run, which conftest fixtures are not applied by this command."""
    known = map_conftests_to_fixtures((item.header.path, item.header.root) for item in items)
    for path, names in known.items():
        notify(
            "{path}: its fixtures use {names}, and only pytest runs fixtures; with them: {command}",
            path=to_display_path(path),
            names=join_list(names),
            command=f"pytest {shell_quote(to_display_path(path.parent))}",
        )
