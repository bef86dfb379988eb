"""The section below a run, silent where the plugin is not used."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import bpmax_sim
from bpmax_sim.pytest_plugin import github, options, sharding
from bpmax_sim.pytest_plugin.heading import shown
from bpmax_sim.pytest_plugin.tally import Tally, tally_of
from bpmax_sim.report.evidence import Evidence, digest_of, keep
from bpmax_sim.scenario.names import find_root

_SOURCES = ("recorded", "live", "simulated", "fault", "stub", "failed")
_SHOWN = 5
_NARROWING = ("lf", "stepwise", "collectonly", "ignore", "ignore_glob")
_FINISHED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)


def write_summary(
    reporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """Write the section, if any test had a session."""
    tally = tally_of(config)
    broken = reporter.stats.get("error")  # a file that was not collected owns cassettes, too
    complete = exitstatus in _FINISHED and not broken and _is_complete(config, tally)
    sharding.keep_durations(config, _reports(reporter), complete=complete)
    lines = [*_calls(tally), *_unplayed(tally), *_waiting(tally), *_unrecognised(tally)]
    lines += sorted(tally.undeclared)
    if complete:
        lines += _orphans(tally)
        _keep(tally, find_root(config.rootpath))
    lines += _report(tally, options.report_path(config))
    if lines:
        reporter.write_sep("-", "bpmax-sim")
        for line in lines:
            reporter.write_line(line)
    github.tell(reporter, config, lines)


def _reports(reporter: pytest.TerminalReporter) -> Iterator[pytest.TestReport]:
    """Yield what is known of the phases of every test that was not skipped."""
    for outcome, reports in reporter.stats.items():
        if outcome not in {"skipped", "deselected", "warnings"}:
            yield from (one for one in reports if isinstance(one, pytest.TestReport))


def _calls(tally: Tally) -> Iterator[str]:
    if not tally.used and not tally.calls:
        return
    by_source = [f"{tally.calls[one]} {one}" for one in _SOURCES if tally.calls[one]]
    told = f" ({', '.join(by_source)})" if by_source else ""
    logins = f", {_count(tally.logins, 'login')}" if tally.logins else ""
    cassettes = f"; {_count(len(tally.used), 'cassette')}" if tally.used else ""
    yield f"{_count(sum(tally.calls.values()), 'call')}{told}{logins}{cassettes}"


def _unplayed(tally: Tally) -> Iterator[str]:
    if tally.unplayed:
        total = _count(sum(tally.unplayed.values()), "exchange")
        yield f"not played: {total} in {_list(sorted(tally.unplayed))}"


def _waiting(tally: Tally) -> Iterator[str]:
    if tally.waiting:
        yield f"wait for review: {_list(sorted(tally.waiting))}; bpmax-sim review"


def _unrecognised(tally: Tally) -> Iterator[str]:
    if tally.unrecognised:
        from bpmax_sim.session.unplayed import told_unrecognised  # noqa: PLC0415 - seldom needed

        yield told_unrecognised(sorted(tally.unrecognised))


def _report(tally: Tally, path: Path | None) -> Iterator[str]:
    """Write the report if it is wanted, and yield where it is."""
    if path is None or not tally.traces:
        return
    from bpmax_sim.report.html import write_page  # noqa: PLC0415 - only where it is wanted

    traces = [Path(trace) for trace in sorted(tally.traces)]
    write_page(path, traces, version=bpmax_sim.__version__)
    yield f"report: {shown(path)}"


def _orphans(tally: Tally) -> Iterator[str]:
    """Yield cassettes that no collected test owns; telling is all that happens to them."""
    used = tally.owned | tally.cassettes
    found = [
        str(path)
        for folder in sorted(tally.folders)
        for path in sorted(Path(folder).rglob("*.yaml"))
        if str(path) not in used and path.relative_to(folder).parts[0] != "auth"
    ]
    if found:
        yield f"orphans, no test uses them: {_list(found)}; bpmax-sim prune"


def _keep(tally: Tally, root: Path) -> None:
    """Keep what was played for `bpmax-sim prune`; what was not run tells nothing."""
    if not tally.cassettes:
        return
    there = (one for one in tally.used - tally.doubtful if os.path.isfile(one))  # noqa: PTH113
    played = sorted(there)
    keep(
        Evidence(
            folders=tuple(sorted(tally.folders)),
            digests={one: digest_of(one) for one in played},
            owners={one: tuple(sorted(names)) for one, names in tally.owners.items()},
            left={
                one: {owner: tuple(sorted(orders)) for owner, orders in left.items()}
                for one, left in tally.left.items()
            },
            kept=tuple(sorted((tally.owned | tally.cassettes) - set(played))),
            tests=tuple(sorted(tally.tests)),
        ),
        root,
    )


def _is_complete(config: pytest.Config, tally: Tally) -> bool:
    """Return whether everything was collected and nothing left out: a plain ``pytest``."""
    return (
        not (tally.partial or tally.stopped)
        and not any(config.getoption(name, False) for name in _NARROWING)
        and config.args_source.name in {"TESTPATHS", "INVOCATION_DIR"}
        and config.invocation_params.dir == config.rootpath
    )


def _list(paths: Iterable[str]) -> str:
    known = [shown(Path(path)) for path in paths]
    more = [f"and {len(known) - _SHOWN} more"] if len(known) > _SHOWN else []
    return ", ".join([*known[:_SHOWN], *more])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
