"""``--bpmax-cov``: script coverage of a pytest run, in one process or several."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import msg
from bpmax_sim.project import make_parent_folder
from bpmax_sim.pytest_plugin import options
from bpmax_sim.report.script_coverage import (
    LCOV,
    CoveredScript,
    add_counts,
    cover_scripts,
    format_lcov,
    list_scripts_without_counters,
    store_hits,
)
from bpmax_sim.scenario.shards import Shard
from bpmax_sim.script.hits import ScriptHits
from bpmax_sim.yamlfile import to_display_path, translate_write_errors

_HITS: Final = pytest.StashKey[ScriptHits]()
_RESULT: Final = pytest.StashKey["CoverageResult"]()
_OUTPUT: Final = "bpmax_sim_hits"


class CoverageResult(NamedTuple):
    """The covered scripts, and the lines to print about them."""

    covered: list[CoveredScript]
    lines: list[str]


def get_script_hits(config: pytest.Config) -> ScriptHits:
    """Return how often each statement and branch of the scripts has run in this process."""
    return config.stash.setdefault(_HITS, ScriptHits())


def merge_worker_hits(node: Any) -> None:
    """Add the hits of a pytest-xdist worker; one that crashed sent none."""
    if sent := getattr(node, "workeroutput", {}).get(_OUTPUT):
        get_script_hits(node.config).merge(sent)


def get_coverage_result(config: pytest.Config) -> CoverageResult | None:
    """Return the script coverage of the whole run, all workers included; None before its end."""
    return config.stash.get(_RESULT, None)


def send_or_report_hits(session: pytest.Session) -> None:
    """In a worker, send the counts of executed code.

    In the controller, write the coverage and fail the run if it is below the demanded percentage.
    """
    config = session.config
    hits = get_script_hits(config)
    output = getattr(config, "workeroutput", None)
    if output is not None:
        output[_OUTPUT] = hits.to_data()
        return
    root = options.find_run_root(config)
    covered = cover_scripts(hits, root)
    counts = add_counts(covered)
    ran, lines, taken, branches = counts
    percent = counts.percentage
    told = [
        msg(
            "scripts: {percent:g} % ran: {ran} of {lines} lines, {taken} of {branches} branches; "
            "what did not: bpmax-sim coverage --scripts --hits .bpmax/hits",
            percent=percent,
            ran=ran,
            lines=lines,
            taken=taken,
            branches=branches,
        ),
        *(
            msg("{path}: not counted: no JavaScript that can be read, or too large", path=path)
            for path in list_scripts_without_counters(hits, root)
        ),
    ]
    try:
        told.append(_write_hits_and_lcov(config, hits, covered, root))
    except ConfigError as error:  # the tests passed or failed all the same
        told.append(str(error))
    least = options.read_option_value(config, "cov_fail_under")
    if least is not None and percent < least:
        told.append(
            msg(
                "FAILED {percent:g} % of lines and branches ran, and {least:g} % have to",
                percent=percent,
                least=least,
            )
        )
        if session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
    config.stash[_RESULT] = CoverageResult(covered, told)


def _write_hits_and_lcov(
    config: pytest.Config, hits: ScriptHits, covered: list[CoveredScript], root: Path
) -> str:
    shard = options.read_option_value(config, "shard") or Shard(1, 1)
    store_hits(hits, root, shard)
    chosen = options.read_option_value(config, "cov_lcov")
    path = Path(config.invocation_params.dir, chosen) if chosen else root / LCOV
    with translate_write_errors(path):
        make_parent_folder(path)
        path.write_text(format_lcov(covered), encoding="utf-8", newline="\n")
    return msg("lcov: {path}", path=to_display_path(path))
