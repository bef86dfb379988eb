"""Convert verdicts to the versioned JSON object that ``--json`` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from bpmax_sim.errors import Place, Problem
from bpmax_sim.i18n import encode_as_english
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.terminal import Verdict
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.source import Failure, find_differences, render_failure

VERSION = 1
_CALL = ("call", "instance", "method", "url", "status", "error", "source")
_DIFFERS = ("path", "recorded", "sent")
_CHECK = ("ok", "expected", "actual")


def build_run_document(
    verdicts: Sequence[Verdict], *, code: ExitCode, problems: Sequence[Problem] = ()
) -> dict[str, Any]:
    """Return the JSON object of `bpmax-sim run --json`; times are milliseconds of virtual time.

    Args:
        verdicts: verdicts of the scenarios and rows that ran or were skipped.
        code: exit code of the command.
        problems: problems that kept other files from running.
    """
    outcomes = Counter(verdict.outcome for verdict in verdicts)
    return {
        "version": VERSION,
        "summary": {
            **{word: outcomes[word] for word in ("passed", "failed", "xfailed", "skipped")},
            "calls": sum(len(verdict.calls) for verdict in verdicts),
            "exit_code": int(code),
        },
        "items": [_to_item_data(verdict) for verdict in verdicts],
        "problems": [to_problem_data(problem) for problem in problems],
    }


def to_problem_data(problem: Problem) -> dict[str, Any]:
    """Return *problem* as ``{file, line, column, path, message}``; the file is "" without place."""
    return {**_to_place_data(problem.place), "path": problem.path, "message": problem.message}


def _to_item_data(verdict: Verdict) -> dict[str, Any]:
    item = verdict.item
    return {
        "name": item.name,
        "row": item.row_id,
        **_to_place_data(item.place),
        "tags": list(item.tags),
        "cassette": item.cassette,
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "exit_code": int(verdict.code),
        "ms": round(verdict.duration * 1000, 3),
        "digest": verdict.digest,
        "engine": verdict.engine,
        "calls": [_to_call_data(call) for call in verdict.calls],
        "console": msgspec.to_builtins(verdict.console, enc_hook=encode_as_english),
        "failures": [_to_failure_data(failure) for failure in verdict.failures],
        "notes": list(map(str, verdict.warnings)),
        "problems": list(verdict.problems),
    }


def _to_call_data(call: CallMade) -> dict[str, Any]:
    return {
        **{name: getattr(call, name) for name in _CALL},
        "ms": round(call.duration * 1000, 3),
        "differs": [dict(zip(_DIFFERS, sides, strict=True)) for sides in find_differences(call)],
        **_to_place_data(call.place),
    }


def _to_failure_data(failure: Failure) -> dict[str, Any]:
    return {
        "kind": failure.kind,
        "headline": failure.headline,
        **_to_place_data(failure.place),
        "script": str(failure.script) if failure.script else "",
        "rerun": failure.rerun,
        "checks": [
            {"path": check.label, **{name: getattr(check, name) for name in _CHECK}}
            for check in failure.checks
        ],
        "text": render_failure(failure, whole=True),
    }


def _to_place_data(place: Place | None) -> dict[str, Any]:
    """Return *place* as ``{file, line, column}``; the file is "" for None."""
    return msgspec.structs.asdict(place or Place(""))
