"""``verify``: check whether live third parties still respond as recorded.

``coverage``: list what scenarios use of everything that is declared, found by replay.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import inf
from pathlib import Path
from typing import Annotated, Any, Literal

from typer import Argument, Option

from bpmax_sim.check.coverage import (
    KINDS,
    DeclaredPart,
    PassedRun,
    count_items_run,
    find_parts_used_in_run,
    measure_coverage,
)
from bpmax_sim.check.drift import (
    Drift,
    MembersRead,
    Tier,
    Verification,
    find_note_of_past_migration,
    find_outdated,
)
from bpmax_sim.cli.item_runs import run_items_with_events
from bpmax_sim.cli.item_selection import (
    choose_platform_folders,
    collect_items,
    explain_empty_selection,
    find_files_by_suffix,
    load_cassette,
    load_item_platforms,
    make_cassette_path,
)
from bpmax_sim.cli.options import (
    AllowHosts,
    EvidenceFolders,
    Json,
    Keyword,
    Paths,
    PlatformFolders,
    parse_age,
)
from bpmax_sim.cli.script_coverage import (
    HitFolders,
    LcovFile,
    ReportFile,
    ScriptCoverageOptions,
    Scripts,
    show_script_coverage,
)
from bpmax_sim.cli.terminal import (
    align_columns,
    iterate_with_progress,
    notify,
    say,
    say_document,
    say_result,
)
from bpmax_sim.errors import ConfigError, Place, shorten_list
from bpmax_sim.i18n import join_list, msg, plural
from bpmax_sim.index.store import load_index
from bpmax_sim.index.uses import ProjectUses
from bpmax_sim.platform.load import Platforms
from bpmax_sim.project import find_root
from bpmax_sim.report.exit_codes import ExitCode, choose_exit_code
from bpmax_sim.report.perform import PerformOptions
from bpmax_sim.report.script_coverage import compute_percentage
from bpmax_sim.report.usage import read_evidence
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.runner import read_secret_values
from bpmax_sim.session.session import Session
from bpmax_sim.yamlfile import to_display_path

_MOST_NAMES = 3
_COUNTS: Mapping[Tier, Callable[[int], str]] = {
    "error": lambda number: plural(number, "{number} error", "{number} errors"),
    "warning": lambda number: plural(number, "{number} warning", "{number} warnings"),
    "info": lambda number: plural(number, "{number} info", "{number} infos"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _VerifyJob:
    """A cassette to compare with the live system, and the files that declare its platforms.

    Attributes:
        owner: scenario or test whose exchanges are sent; None for those of all.
        platforms: platform folders.
        instances: file with the instances' addresses and credentials.
        secrets: names of variables whose values are secret.
    """

    cassette: Path
    owner: str | None = None
    platforms: tuple[Path, ...] = ()
    instances: Path | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _VerifyOptions:
    """Which exchanges are sent and reported, and the APIs of which one was sent already.

    Attributes:
        max_age: seconds after which an exchange is reported as old.
        allow_writes: whether requests that may change something are sent, too.
        sampled_apis: APIs of which one exchange was already sent; None to send all exchanges.
    """

    max_age: float
    allow_writes: bool
    sampled_apis: set[str] | None
    _uses: dict[Path, ProjectUses] = field(default_factory=dict)

    def make_members_lookup(self, root: Path) -> MembersRead:
        """Return a function: API -> the response members that the project's scripts read.

        A drift (a difference between recorded and live response) in a member that no script reads
        is less severe.
        """
        if root not in self._uses:
            self._uses[root] = ProjectUses(load_index(root))
        return self._uses[root].find_member_reading_places


def verify(  # noqa: PLR0913 - the options of the command
    paths: Annotated[
        list[str] | None,
        Argument(
            metavar="CASSETTE|SCENARIO",
            help=msg(
                "Cassettes, scenarios or folders of them; by default the project's scenarios."
            ),
        ),
    ] = None,
    *,
    allow_writes: Annotated[
        bool, Option("--allow-writes", help=msg("Also send what may change something."))
    ] = False,
    max_age: Annotated[
        str, Option(metavar="AGE", help=msg("Report what is older, such as 30d."))
    ] = "",
    sample: Annotated[
        bool, Option("--sample", help=msg("Send one exchange of each API, and no more."))
    ] = False,
    fail_on: Annotated[
        Literal["error", "warning"], Option(help=msg("The least tier that ends with 1."))
    ] = "error",
    platforms: PlatformFolders = None,
    json: Json = False,
) -> int:
    """Send recorded requests to the live system, and report where responses differ."""
    how = _VerifyOptions(
        max_age=parse_age("--max-age", max_age) if max_age else inf,
        allow_writes=allow_writes,
        sampled_apis=set() if sample else None,
    )
    recorded = {job: _count_exchanges(job) for job in _find_jobs(paths or (), platforms)}
    # before anything is sent: who has no address yet still learns it
    _report_unrecorded([job for job, number in recorded.items() if number is None])
    jobs = [job for job, number in recorded.items() if number is not None]
    findings: list[tuple[Place, Drift]] = []
    sent = 0
    unsent: Counter[str] = Counter()
    findings_of_jobs = (finding for job in jobs for finding in _verify_job(job, how))
    moved = [finding for job in jobs for finding in _find_already_migrated(job)]
    verified = iterate_with_progress(findings_of_jobs, sum(filter(None, recorded.values())))
    for place, drifts in chain(moved, verified):
        unsent.update(reasons := [drift.reason for drift in drifts if drift.reason])
        sent += not reasons and not any(drift.kind == "moved" for drift in drifts)
        findings += [(place, drift) for drift in drifts]
    for line in () if json else _format_drift_causes(findings):
        say(line)
    failing = {"error", fail_on}
    kinds = {drift.kind for _, drift in findings if drift.tier in failing}
    codes = {ExitCode.UNREACHABLE if kind == "unreachable" else ExitCode.FAILED for kind in kinds}
    code = choose_exit_code(codes) if jobs else ExitCode.NOTHING
    counts = Counter(drift.tier for _, drift in findings)
    if json:
        summary = {tier: counts[tier] for tier in _COUNTS}
        not_sent = [{"reason": reason, "calls": unsent[reason]} for reason in unsent]
        say_document(
            summary={**summary, "sent": sent, "not_sent": not_sent, "exit_code": int(code)},
            drifts=[_to_drift_data(*finding) for finding in findings],
        )
    _report_counts(sent, counts, unsent)
    return code


def _format_drift_causes(findings: Iterable[tuple[Place, Drift]]) -> Iterator[str]:
    """Yield a line for each group of drifts of one API with the same message.

    The line has the place of the first drift (a difference between recorded and live response) and
    the number of calls that have it.
    """
    grouped: dict[tuple[str, str, str], list[tuple[Place, Drift]]] = {}
    for finding in findings:
        drift = finding[1]
        grouped.setdefault((drift.tier, drift.name, drift.message), []).append(finding)
    for group in grouped.values():
        place, drift = group[0]
        line = msg(
            "{place}: {tier}: {drift_name}: {drift_message}",
            place=place,
            tier=drift.tier,
            drift_name=drift.name,
            drift_message=drift.message,
        )
        calls = plural(len(group), "{number} call", "{number} calls")
        yield msg("{line} ({calls})", line=line, calls=calls) if len(group) > 1 else line


def _report_counts(sent: int, counts: Mapping[Tier, int], unsent: Mapping[str, int]) -> None:
    notify(
        "{counted} verified: {names}",
        counted=plural(sent, "{number} call", "{number} calls"),
        names=join_list(counted(counts[tier]) for tier, counted in _COUNTS.items()),
    )
    for reason, number in unsent.items():
        notify(
            plural(
                number,
                "{number} exchange not sent: {reason}",
                "{number} exchanges not sent: {reason}",
                reason=reason,
            )
        )


def _report_unrecorded(jobs: Sequence[_VerifyJob]) -> None:
    """Tell the scenarios of *jobs* without a recording, which may be those without calls."""
    if jobs:
        names = shorten_list((repr(job.owner) for job in jobs), _MOST_NAMES)
        notify(
            plural(
                len(jobs),
                "nothing is recorded for {number} scenario: {names}",
                "nothing is recorded for {number} scenarios: {names}",
                names=names,
            )
        )


def _find_jobs(paths: Sequence[str], platforms: Sequence[Path] | None) -> Iterator[_VerifyJob]:
    """Yield the cassettes to verify: those in *paths*, and those of the scenarios in *paths*.

    Without *paths*, those of all scenarios. *platforms* are platform folders from the command line.
    """
    folders = choose_platform_folders(platforms)
    cassettes = [path for path in paths if _contains_only_cassettes(path)]
    for path in (
        find_files_by_suffix([Path(path) for path in cassettes], ".yaml") if cassettes else ()
    ):
        yield _VerifyJob(cassette=path, platforms=folders)
    scenarios = [path for path in paths if path not in cassettes]
    for item in collect_items(scenarios) if scenarios or not paths else ():
        yield _VerifyJob(
            cassette=Path(to_display_path(make_cassette_path(item))),
            owner=item.owner_name_in_cassette,
            platforms=tuple(platforms or item.platforms),
            instances=item.instances,
            secrets=read_secret_values(item, os.environ),
        )


def _contains_only_cassettes(path: str) -> bool:
    if Path(path).is_dir():
        return not any(Path(path).rglob("*.scenario.yaml"))
    return path.endswith(".yaml") and not path.endswith(".scenario.yaml")


def _count_exchanges(job: _VerifyJob) -> int | None:
    """Return the number of exchanges of *job*, including those that will not be sent.

    None if its cassette is not there, or has none of its owner.
    """
    if not job.cassette.exists():
        return None
    cassette = load_cassette(job.cassette)
    if job.owner is None:
        return len(cassette)
    return len(cassette.index.list_exchange_numbers(job.owner)) or None


def _find_already_migrated(job: _VerifyJob) -> Iterator[tuple[Place, list[Drift]]]:
    """Yield place and notes of each exchange that `bpmax-sim migrate` changed.

    A note says that the exchange was not recorded as it is now.
    """
    cassette = load_cassette(job.cassette)
    owners = cassette.owners if job.owner is None else (job.owner,)
    for number in (
        number for owner in owners for number in cassette.index.list_exchange_numbers(owner)
    ):
        marks = cassette.line(number).moved
        if (
            drifts := list(find_note_of_past_migration(cassette.exchange(number), marks))
            if marks
            else []
        ):
            yield cassette.place(number), drifts


def _verify_job(job: _VerifyJob, options: _VerifyOptions) -> Iterator[tuple[Place, list[Drift]]]:
    """Send the exchanges of *job* to the live system; yield the place of each and its drifts.

    A drift is a difference between the recorded and the live response, or an age beyond the limit.
    """
    cassette = load_cassette(job.cassette)
    owners = cassette.owners if job.owner is None else (job.owner,)
    with Session.open(
        job.platforms,
        instances=job.instances,
        mode="live",
        environ=os.environ,
        secrets=job.secrets,
    ) as session:
        verification = Verification(
            session,
            allow_writes=options.allow_writes,
            members_read=options.make_members_lookup(find_root(job.cassette)),
            sampled=options.sampled_apis,
        )
        for owner in owners:
            numbers = cassette.index.list_exchange_numbers(owner)
            places = {cassette.line(number).n: number for number in numbers}
            for exchange, drifts in verification.verify(map(cassette.exchange, numbers)):
                place = cassette.place(places[exchange.order])
                aged = find_outdated(exchange, now=time.time(), max_age=options.max_age)
                yield place, [*drifts, *aged]


def _to_drift_data(place: Place, drift: Drift) -> dict[str, Any]:
    return {
        "file": place.file,
        "line": place.line,
        "column": 0,
        "call": drift.name,
        "for": drift.exchange.owner,
        "tier": drift.tier,
        "kind": drift.kind,
        "path": drift.path,
        "message": drift.message,
    }


def show_coverage(  # noqa: PLR0913 - the options of the command
    paths: Paths = None,
    *,
    keyword: Keyword = "",
    allow_hosts: AllowHosts = None,
    evidence_folders: EvidenceFolders = None,
    missing: Annotated[
        bool,
        Option("--missing/--no-missing", help=msg("Name what no scenario touches."), hidden=True),
    ] = True,
    fail_under: Annotated[
        float,
        Option(metavar="PERCENT", min=0, max=100, help=msg("End with 1 if less is touched.")),
    ] = 0.0,
    scripts: Scripts = False,
    lcov: LcovFile = None,
    report: ReportFile = None,
    hits: HitFolders = None,
    json: Json = False,
) -> int:
    """Print which declared parts, or which lines of scripts, the scenarios use."""
    for option, value in (("--lcov", lcov), ("--report", report), ("--hits", hits)):
        if value and not scripts:
            raise ConfigError("{option} is of --scripts; add it", option=option)
    _refuse_options_without_effect(
        ("--evidence", evidence_folders, "--scripts", scripts),
        ("--allow-hosts", allow_hosts, "--evidence", evidence_folders),
        ("--allow-hosts", allow_hosts, "--hits", hits),
        ("-k", keyword, "--hits", hits),
        ("PATH", paths, "--hits", hits),
    )
    if scripts:
        return show_script_coverage(
            [] if hits else list(collect_items(paths, keyword)),
            ScriptCoverageOptions(
                allow_hosts=allow_hosts or (),
                fail_under=fail_under,
                missing=missing,
                lcov=lcov,
                report=report,
                hit_folders=hits or (),
                json=json,
            ),
        )
    items = [(item, load_item_platforms(item)) for item in collect_items(paths, keyword)]
    if not items:
        notify(explain_empty_selection(paths, keyword))
        return ExitCode.NOTHING
    touched = (
        _read_used_parts(evidence_folders)
        if evidence_folders
        else _replay_for_used_declarations(
            items, PerformOptions(options={"allow_hosts": allow_hosts or ()})
        )
    )
    number = count_items_run(touched)
    percent = _show_parts(measure_coverage(items, touched), number, missing=missing, json=json)
    if percent >= fail_under:
        return ExitCode.PASSED
    notify("{percent:g} % is touched, and {least:g} % has to be", percent=percent, least=fail_under)
    return ExitCode.FAILED


def _refuse_options_without_effect(*pairs: tuple[str, object, str, object]) -> None:
    """Raise a ConfigError if both options of a pair have a value: the second leaves the first out.

    Each of *pairs* is the first option with its value, and the second with its value.
    """
    for option, value, other, other_value in pairs:
        if value and other_value:
            raise ConfigError(
                "{option} has no effect with {other}; leave it out", option=option, other=other
            )


def _show_parts(
    parts: Sequence[DeclaredPart], scenario_count: int, *, missing: bool, json: bool
) -> float:
    """Print which declared *parts* (APIs, nodes, fields …) were used, and return the percentage.

    *scenario_count* is the number of scenarios; with *missing*, unused parts are listed.
    """
    by_kind = {kind: [part for part in parts if part.kind == kind] for kind in KINDS}
    kinds = [
        {
            "kind": kind,
            "total": len(of_kind),
            "touched": [part.name for part in of_kind if part.is_used],
            "missing": [part.name for part in of_kind if not part.is_used],
        }
        for kind, of_kind in by_kind.items()
    ]
    rows = [(msg("part"), msg("touched"), msg("of"), "%")]
    rows += [
        (KINDS[kind], *_format_used_total_and_percent(of_kind))
        for kind, of_kind in by_kind.items()
        if of_kind
    ]
    rows += [(msg("all"), *_format_used_total_and_percent(parts))]
    left = [("-", KINDS[part.kind], part.name) for part in parts if missing and not part.is_used]
    lines = [*align_columns(rows), *(["", *align_columns(left)] if left else [])]
    percent = _compute_used_percent(parts)
    say_result(
        lines,
        json=json,
        percent=percent,
        scenarios=scenario_count,
        kinds=kinds,
        scripts=[],
        uncounted=[],
    )
    return percent


def _read_used_parts(folders: Sequence[Path]) -> frozenset[str]:
    """Return the declared parts that earlier runs used, from the usage files in *folders*.

    Each is a text of kind and name, such as an API.

    Raises:
        ConfigError: if a run is missing, or stored no such usage.
    """
    evidence = read_evidence(find_root(Path.cwd()), folders)
    if evidence is None or not evidence.touched:
        raise ConfigError(
            "{folders}: a run kept nothing of coverage there; run with --job or --shard, or where "
            "CI is set",
            folders=join_list(map(to_display_path, folders)),
        )
    return frozenset(evidence.touched)


def _replay_for_used_declarations(
    items: Sequence[tuple[ScenarioItem, Platforms]], choices: PerformOptions
) -> set[str]:
    """Replay *items* and return the declared parts (APIs, nodes …) that the passed ones used."""
    platforms = {id(item): ran for item, ran in items}
    closed = [item for item, _ in items if item.scenario.proxy.mode not in {"record", "live"}]
    if len(closed) < len(items):
        number = plural(len(items) - len(closed), "{number} scenario", "{number} scenarios")
        notify("skipped, as it needs a live system: {number}", number=number)
    failed, touched = 0, set[str]()
    for verdict, events in iterate_with_progress(
        run_items_with_events(closed, choices), len(closed)
    ):
        if verdict.outcome == "passed":
            run = PassedRun(verdict.item, platforms[id(verdict.item)], events)
            touched |= find_parts_used_in_run(run)
        failed += verdict.outcome == "failed"
    if failed:
        counted = plural(failed, "{number} scenario", "{number} scenarios")
        message = msg("{counted} failed, which counts for nothing", counted=counted)
        notify("{message}; see `bpmax-sim run`", message=message)
    return touched


def _compute_used_percent(parts: Sequence[DeclaredPart]) -> float:
    return compute_percentage(sum(part.is_used for part in parts), len(parts))


def _format_used_total_and_percent(parts: Sequence[DeclaredPart]) -> tuple[str, str, str]:
    return (
        str(sum(part.is_used for part in parts)),
        str(len(parts)),
        f"{_compute_used_percent(parts):g}",
    )
