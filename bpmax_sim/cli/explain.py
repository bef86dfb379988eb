"""``lint --explain``: list what makes a project fail by default, and what would in a strict folder.

Each scenario is replayed as in a lenient folder (``lenient`` in pyproject.toml), where nothing
doubtful stops it, so that all doubts are found in one run. This is the migration aid for projects
that passed in an earlier version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from bpmax_sim.cli.item_runs import run_items_with_events
from bpmax_sim.cli.item_selection import Selection, load_parsable_items
from bpmax_sim.cli.terminal import notify
from bpmax_sim.errors import Problem
from bpmax_sim.i18n import msg, plural, template
from bpmax_sim.report.document import to_problem_data
from bpmax_sim.report.perform import PerformOptions
from bpmax_sim.report.terminal import Verdict
from bpmax_sim.scenario.script_check import ScriptFinding

CURES: Final[Mapping[str, str]] = {
    "unawaited": template("put await before the call, or void where nobody has to wait for it"),
    "uncalled": template("end the chain with .$call(), or take it away"),
    "name": template("write the name that is meant, or declare it, such as in form.fields"),
    "refused": template("expect the refusal: expect_error, or messages in expect"),
    "call": template("call what the platform declares, or expect its error in expect: proxy"),
    "rule": template("take away what nothing uses, or mend what it asks for"),
    "never_ran": template("take the step away, or add a row in which it runs"),
    "empty": template("say what is expected, or take the key away"),
    "cycle": template("change the field in one of the handlers only"),
    "timer": template("add a step advance: that lets it fire, or clear the timer"),
    "unplayed": template("record again, or set unused: ignore"),
    "charset": template("declare the encoding of the response in the platform file"),
    "secret": template("declare its place in secrets:, or in not_secret: of the project"),
    "interrupted": template("seal the recording with `bpmax-sim cassette recover`"),
    "weak_secret": template("use a longer secret"),
    "collation": template("sort by a field that has no rare characters, or run with --engine v8"),
    "power": template("write Math.pow, or round the result"),
    "ignore": template("record it for this value, too, or take the place out of ignore"),
    "unseen": template("handle the failure in the script, or expect it"),
    "unfit": template("write a value that the field takes"),
    "script": template("correct it, or name the rule in // bpmax-ignore: above it"),
}
"""Kind of a warning -> what to write instead."""


class IneffectiveTestPlace(msgspec.Struct, frozen=True, order=False):
    """A place in a scenario that probably does not test what its author thinks.

    Attributes:
        rule: name of the rule that found it, such as the kind of a warning.
        problem: message with its place.
        fails: whether it fails the scenario by default (unless its folder is listed in ``lenient``
            of ``[tool.bpmax_sim]``); otherwise it fails only in folders listed in ``strict``.
        is_always: whether it fails the scenario in lenient folders, too.
    """

    rule: str
    problem: Problem
    fails: bool
    is_always: bool = False

    def as_data(self) -> dict[str, Any]:
        """Return the place as an object of `lint --explain --json`.

        Its keys are position, message, rule, cure (what to write instead), and whether it is red
        (fails a run) always, by default, or only in folders listed in ``strict``.
        """
        red = "always" if self.is_always else "by default" if self.fails else "strict"
        return {**to_problem_data(self.problem), "rule": self.rule, "cure": self.advice, "red": red}

    @property
    def advice(self) -> str:
        """Return what to write instead: the cure of its rule, or how to ignore it."""
        if text := CURES.get(self.rule):
            return msg(text)
        return msg("correct it, or write // bpmax-ignore: {rule} above it", rule=self.rule)


def replay_for_doubtful_places(
    files: Sequence[Selection], script_findings: Iterable[ScriptFinding]
) -> Iterator[IneffectiveTestPlace]:
    """Replay the scenarios of *files* and yield each place that lint or the run warns of, once.

    *script_findings* are those of lint, which were made without running anything; they come first.
    Scenarios that record or call a live system are not run.
    """
    script_findings = list(script_findings)
    yield from (IneffectiveTestPlace(one.rule, one.problem, fails=True) for one in script_findings)
    known = {one.problem.place for one in script_findings}
    items, _ = load_parsable_items(files)  # what is not sound is a problem of `lint`
    closed = [item for item in items if item.scenario.proxy.mode not in {"record", "live"}]
    if left := len(items) - len(closed):
        number = plural(left, "{number} scenario", "{number} scenarios")
        notify("{number}: not run, for they ask a live system", number=number)
    lenient = [replace(item, strictness="lenient") for item in closed]
    seen: set[IneffectiveTestPlace] = set()
    failed = 0
    for verdict, _ in run_items_with_events(lenient, PerformOptions()):
        failed += verdict.outcome == "failed"
        for doubt in _read_verdict(verdict):
            is_known = doubt.rule == "script" and doubt.problem.place in known
            if doubt not in seen and not is_known:
                seen.add(doubt)
                yield doubt
    if failed:
        counted = plural(failed, "{number} scenario", "{number} scenarios")
        message = msg("{counted} failed in every folder, and may hide more", counted=counted)
        notify("{message}; see `bpmax-sim run`", message=message)


def _read_verdict(verdict: Verdict) -> Iterator[IneffectiveTestPlace]:
    for one in verdict.warnings:
        problem = Problem(one.message, one.place or verdict.item.place)
        yield IneffectiveTestPlace(one.kind, problem, one.fails)
    # One that is expected to fail turns nothing red.
    for failure in verdict.failures if verdict.outcome == "failed" else ():
        problem = Problem(failure.essence, failure.script or failure.place)
        yield IneffectiveTestPlace(failure.kind, problem, fails=True, is_always=True)


def format_explanation(doubts: Iterable[IneffectiveTestPlace]) -> Iterator[str]:
    """Yield *doubts* as text: those that are red by default, then those red only in strict folders.

    Red means that the run fails; strict folders are those listed in ``strict`` of
    ``[tool.bpmax_sim]``. Places of one rule stand below its name and its advice.
    """
    doubts = sorted(doubts, key=_make_doubt_sort_key)
    heads = {
        (True, True): msg("red in every folder:"),
        (True, False): msg("red, unless the folder is in lenient of [tool.bpmax_sim]:"),
        (False, False): msg("a warning, red if the folder is in strict of [tool.bpmax_sim]:"),
    }
    for level, of_level in groupby(doubts, key=lambda one: (one.fails, one.is_always)):
        yield heads[level]
        for rule, of_rule in groupby(of_level, key=lambda one: one.rule):
            same = list(of_rule)
            is_always = same[0].is_always
            cure = msg("see `bpmax-sim run`") if is_always else same[0].advice
            yield msg("  {rule}: {cure}", rule=rule, cure=cure)
            for one in same:
                yield msg("    {problem}", problem=str(one.problem))
    if not doubts:
        yield msg("nothing doubtful was found; strict changes nothing here")


def _make_doubt_sort_key(doubt: IneffectiveTestPlace) -> tuple[Any, ...]:
    place = doubt.problem.place
    where = (place.file, place.line, place.column) if place else ()
    return not doubt.is_always, not doubt.fails, doubt.rule, where
