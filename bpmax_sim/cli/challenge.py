"""``challenge``: find the mistakes in scripts that no scenario notices, and lines that would.

"Mistake" means a small change of a script (a mutant), made by the command itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from bpmax_sim.challenge.cache import VerdictCache
from bpmax_sim.challenge.findings import (
    KILLERS,
    SHOWN,
    ChallengeResult,
    Weakness,
    describe_counts,
    summarise_verdicts,
)
from bpmax_sim.challenge.judge import MOST, MutantVerdict, ScriptChallenge
from bpmax_sim.challenge.mutants import Mutant
from bpmax_sim.challenge.page import make_section
from bpmax_sim.challenge.proposals import make_edits
from bpmax_sim.cli import options as option
from bpmax_sim.cli.affected import narrow_by_use_and_changes
from bpmax_sim.cli.item_selection import (
    explain_empty_selection,
    find_targets,
    load_parsable_items,
)
from bpmax_sim.cli.options import Yes
from bpmax_sim.cli.scenario_edits import write_edits_and_rerun
from bpmax_sim.cli.terminal import iterate_with_progress, notify, say, say_document
from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import join_list, join_messages, msg, plural
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.sections import store_section
from bpmax_sim.scenario.expect_writer import ExpectEdit
from bpmax_sim.scenario.table_columns import ColumnEdit


def challenge(  # noqa: PLR0913 - the options of the command
    paths: option.Paths = None,
    *,
    keyword: option.Keyword = "",
    changed: option.Changed = "",
    workers: option.Workers = 1,
    most: Annotated[
        int, Option("--max", metavar="N", help=msg("At most so many mistakes, spread over all."))
    ] = MOST,
    fail_under: Annotated[
        float | None,
        Option(
            "--fail-under",
            metavar="PERCENT",
            help=msg("End with 1 where fewer mistakes than this are noticed."),
        ),
    ] = None,
    strict: Annotated[
        bool, Option("--strict", help=msg("End with 1 where anything is found."))
    ] = False,
    update: Annotated[
        bool, Option("--update", help=msg("Write the lines that are shown into the scenarios."))
    ] = False,
    yes: Yes = False,
    json: option.Json = False,
) -> int:
    """Change scripts in small ways, and report the changes that no scenario notices."""
    _check_options(workers, fail_under, most)
    targets = narrow_by_use_and_changes(find_targets(paths), used_name="", since=changed)
    found, problems = load_parsable_items(targets, keyword)
    if problems:
        raise ConfigError(*problems)
    if not found:
        notify(explain_empty_selection(paths, keyword, since=changed))
        return ExitCode.NOTHING
    ready = ScriptChallenge(found, most=most, cache=VerdictCache(found[0].root))
    for problem in ready.left_out:
        notify("left out: {problem}", problem=problem)
    verdicts = _judge_mutants(ready, workers, json=json)
    result = summarise_verdicts(ready, verdicts)
    code = _choose_exit_code(result, fail_under, strict=strict)
    if ready.left_out and not ready.numbered:
        code = ExitCode.NOTHING  # nothing was tried, which is no proof
    _print_findings(ready, result, verdicts, code if json else None)
    _store_report_section(found[0].root, result)
    if update:
        write_edits_and_rerun(_make_edits(ready, result), yes=yes)
    return code


def _judge_mutants(
    script_challenge: ScriptChallenge, workers: int, *, json: bool
) -> list[MutantVerdict]:
    """Return the verdict on each mutant.

    Raises:
        KeyboardInterrupt: if the user pressed Ctrl-C; the mutants tried so far are reported first.
    """
    verdicts: list[MutantVerdict] = []
    judged = script_challenge.judge(workers or os.cpu_count() or 1)
    try:
        verdicts.extend(iterate_with_progress(judged, len(script_challenge.numbered)))
    except KeyboardInterrupt:
        # `judge` keeps the verdicts that there are, from which the next run goes on.
        judged.close()
        code = ExitCode.INTERRUPTED if json else None
        _print_findings(
            script_challenge, summarise_verdicts(script_challenge, verdicts), verdicts, code
        )
        raise
    return verdicts


def _store_report_section(root: Path, result: ChallengeResult) -> None:
    try:
        store_section(root, make_section(result))
    except ConfigError as error:  # such as a disk that nobody may write to
        notify(str(error))


def _print_findings(
    script_challenge: ScriptChallenge,
    result: ChallengeResult,
    verdicts: Sequence[MutantVerdict],
    code: ExitCode | None,
) -> None:
    """Print the findings as text, or as one JSON object that has *code* as exit code.

    *code* is None for text. Counts and ignore comments without effect go to stderr in both cases.
    """
    if code is None:
        for line in _format_report(result.findings_not_solved_by_earlier):
            say(line)
    else:
        say_document(
            summary=_make_summary_data(result, code),
            findings=list(map(_make_finding_data, result.findings)),
            mutants=[
                _make_mutant_data(mutant, verdict)
                for (_, mutant), verdict in zip(script_challenge.numbered, verdicts, strict=False)
            ],
        )
    for problem in result.unused:
        notify(str(problem))
    notify(describe_counts(result))
    if len(verdicts) < script_challenge.possible:
        notify(
            "tried {tried} of {possible}", tried=len(verdicts), possible=script_challenge.possible
        )
    if script_challenge.reused:
        ran = len(verdicts) - script_challenge.reused
        notify("reused {reused}, ran {ran}", reused=script_challenge.reused, ran=ran)


def _make_edits(
    script_challenge: ScriptChallenge, result: ChallengeResult
) -> list[ExpectEdit | ColumnEdit]:
    """Return the edits that add to scenario files the ``expect`` lines that notice the mistakes.

    A mistake is a small change that `challenge` made in a script. Only lines of the findings that
    are displayed are added. If two lines need a table column of the same name with different
    values, only the first is returned.
    """
    edits: list[ExpectEdit | ColumnEdit] = []
    columns: dict[tuple[str, str], object] = {}
    for finding in result.findings_not_solved_by_earlier[:SHOWN]:
        if (line := finding.line) is None:
            continue
        wanted = {(line.file, name): cells for name, cells in line.columns.items()}
        if any(columns.setdefault(key, cells) != cells for key, cells in wanted.items()):
            notify(str(msg("{place}: run this again for its line", place=finding.place)))
            continue
        rows = script_challenge.find_items_of_file(line.file)
        edits += make_edits(line, rows[0], rows)
    return edits


def _check_options(workers: int, fail_under: float | None, most: int) -> None:
    """Refuse contradictory or impossible option values.

    Raises:
        ConfigError: with the values that are allowed.
    """
    option.check_workers(workers)
    if most < 1:
        raise ConfigError("--max {most}: expected a number from 1", most=most)
    if fail_under is not None and not 0 <= fail_under <= 100:  # noqa: PLR2004 - percent
        raise ConfigError("--fail-under {percent:g}: expected 0 to 100", percent=fail_under)


def _choose_exit_code(
    result: ChallengeResult, fail_under: float | None, *, strict: bool
) -> ExitCode:
    is_below = fail_under is not None and result.score_percent < fail_under
    return ExitCode.FAILED if is_below or (strict and result.findings) else ExitCode.PASSED


def _format_report(findings: Sequence[Weakness]) -> Iterator[str]:
    for finding in findings[:SHOWN]:
        yield from _format_finding(finding)
        yield ""
    if (left := len(findings) - SHOWN) > 0:
        yield plural(
            left, "{number} more finding; --json has all", "{number} more findings; --json has all"
        )


def _format_finding(finding: Weakness) -> Iterator[str]:
    yield msg("{place}  {message}", place=finding.place, message=finding.message)
    if finding.verdict == "unreached":
        yield from (f"    {line}" for line in [finding.old] if line)
        return
    yield msg("    {old}  →  {new}", old=finding.old, new=finding.new)
    if finding.verdict == "differs":
        yield msg(
            "    {scenario}, step {step}: {where} {before} → {after}, and it still passes",
            scenario=finding.scenario,
            step=finding.step,
            where=finding.where,
            before=finding.before,
            after=finding.after,
        )
        yield from _format_line_to_add(finding)
    if finding.kills > 1:
        more = join_messages("", _list_other_places(finding))
        if finding.line is None:
            yield msg(
                "    {number} mistakes go unnoticed so{more}", number=finding.kills, more=more
            )
        else:
            yield msg("    it notices {number} mistakes{more}", number=finding.kills, more=more)


def _list_other_places(finding: Weakness) -> Iterator[str]:
    """Yield where else *finding* has mistakes: lines of its script, and places in other scripts."""
    own = [str(one.line) for one in finding.others if one.file == finding.place.file]
    if own:
        yield msg(", also of lines {others}", others=join_list(own))
    if foreign := [str(one) for one in finding.others if one.file != finding.place.file]:
        yield msg(", also at {places}", places=join_list(foreign))


def _format_line_to_add(finding: Weakness) -> Iterator[str]:
    if finding.line is None:
        if finding.is_suspicious:
            yield msg(
                "    the script itself comes to {before}; is that right?", before=finding.before
            )
        else:
            yield msg("    no expectation was found that tells the two")
        return
    yield msg("    add at {place}:", place=finding.scenario_place)
    yield from (f"      {line}" for line in finding.expect_yaml.splitlines())
    for column, cells in finding.columns_yaml.items():
        yield msg("    with a column {column} in cases:", column=column)
        yield from (f"      {row}: {value}" for row, value in cells.items())


def _make_summary_data(result: ChallengeResult, code: ExitCode) -> dict[str, Any]:
    names = ("killed", "differs", "unreached", "unchanged", "limit", "ignored")
    counts = {name: result.counts.get(name, 0) for name in names}
    killed_by = {name: result.killers.get(name, 0) for name in KILLERS}
    return {
        **counts,
        "killed_by": killed_by,
        "score": round(result.score_percent, 1),
        "exit_code": int(code),
    }


def _make_mutant_data(mutant: Mutant, verdict: MutantVerdict) -> dict[str, Any]:
    return {
        "file": mutant.place.file,
        "line": mutant.place.line,
        "column": mutant.place.column,
        "kind": mutant.kind,
        "old": mutant.old,
        "new": mutant.new,
        "verdict": verdict.verdict,
        "cause": verdict.cause,
    }


def _make_finding_data(finding: Weakness) -> dict[str, Any]:
    place = finding.scenario_place
    return {
        "file": finding.place.file,
        "line": finding.place.line,
        "column": finding.place.column,
        "verdict": finding.verdict,
        "kind": finding.kind,
        "message": finding.message,
        "old": finding.old,
        "new": finding.new,
        "scenario": place.file if place else "",
        "scenario_line": place.line if place else 0,
        "step": finding.step,
        "place": finding.where,
        "before": finding.before,
        "after": finding.after,
        "expect": finding.expect_yaml,
        "columns": finding.line.columns if finding.line else {},
        "kills": finding.kills,
        "same_as": str(finding.same_as) if finding.same_as else "",
        "suspicious": finding.is_suspicious,
    }
