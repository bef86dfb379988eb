"""Turn the verdicts of a challenge into few findings for readers, ranked, each with its remedy.

A script line has at most one finding. A line of ``expect`` that kills several mutants is one
finding; the more it kills, the higher its rank. A mutant without effect may be equivalent to the
script, so it is a finding only where the reason is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.challenge.ignore_comments import IgnoreCommentIndex
from bpmax_sim.challenge.judge import MutantVerdict, ScriptChallenge, ScriptTarget
from bpmax_sim.challenge.mutants import BRANCH, KINDS, RETURNED, Mutant
from bpmax_sim.challenge.proposals import (
    Divergence,
    ExpectLine,
    merge_lines,
    select_and_order_divergences,
)
from bpmax_sim.errors import Place, Problem
from bpmax_sim.i18n import join_list, msg, plural, template
from bpmax_sim.scenario.expect import cut_to_difference, format_value
from bpmax_sim.scenario.expect_values import looks_like_script_mistake
from bpmax_sim.script_source.reach import describe_untaken
from bpmax_sim.yamlfile.write import write_inline, write_yaml

FindingVerdict = Literal["differs", "unchanged", "unreached"]
SHOWN = 20
_WIDTH = 60


class Weakness(msgspec.Struct, frozen=True, kw_only=True):
    """A mistake that no scenario notices, or code that no scenario runs.

    Attributes:
        place: place in the script.
        verdict: ``differs`` (runs differ, nothing fails), ``unchanged`` (no effect) or
            ``unreached``.
        kind: kind of the mutant, or ``unreached``.
        old, new: text in the script, and the mistake in its place.
        message: the missing check or input, as a sentence.
        scenario, step, where: scenario, number of its step, and place of the observation whose
            value differs.
        before, after: value at that place with the script, and with the mutant, as text.
        line: addition to a scenario that kills the mutant; None if none was found.
        kills: number of mutants that *line* kills, or that are in code that never ran.
        others: places, without columns, of the other script lines whose mutants *line* kills; or,
            without a line, of those whose mutants differ at the same place. The lines of the
            finding's own script are first.
        same_as: place of an earlier finding whose *line* kills this mutant too; else None.
        is_suspicious: whether the script's own value (*before*) looks like a mistake.
    """

    place: Place
    verdict: FindingVerdict
    kind: str
    old: str = ""
    new: str = ""
    message: str = ""
    scenario: str = ""
    scenario_place: Place | None = None
    step: str = ""
    where: str = ""
    before: str = ""
    after: str = ""
    line: ExpectLine | None = None
    kills: int = 1
    others: tuple[Place, ...] = ()
    same_as: Place | None = None
    is_suspicious: bool = False

    @property
    def columns_yaml(self) -> Mapping[str, Mapping[str, str]]:
        """Return the columns to add to the table of rows: name -> id of a row -> value as YAML."""
        columns = self.line.columns if self.line else {}
        return {
            name: {row: write_inline(value) for row, value in cells.items()}
            for name, cells in columns.items()
        }

    @property
    def expect_yaml(self) -> str:
        """Return the line to add as YAML; "" if there is none."""
        return (
            write_yaml(self.line.expect_as_step_keys, block_levels=0).rstrip("\n")
            if self.line
            else ""
        )


class ChallengeResult(msgspec.Struct, frozen=True, kw_only=True):
    """Which mistakes (mutants) in the scripts the scenarios would not notice, and the counts.

    Attributes:
        findings: all findings, the most useful first.
        counts: verdict -> number of mutants; ``ignored`` counts those that a comment excludes.
        killers: way in which mutants were noticed (a name of `KILLERS`) -> number of mutants.
        unused: comments that excluded no mutant.
    """

    findings: tuple[Weakness, ...] = ()
    counts: Mapping[str, int] = {}
    killers: Mapping[str, int] = {}
    unused: tuple[Problem, ...] = ()

    @property
    def findings_not_solved_by_earlier(self) -> tuple[Weakness, ...]:
        """Return the findings without those that the line of an earlier finding solves too."""
        return tuple(finding for finding in self.findings if finding.same_as is None)

    @property
    def score_percent(self) -> float:
        """Return the percentage of noticed mutants among the noticed and the unnoticed ones.

        A mutant whose run exceeded a limit counts as neither, since no expectation can notice a run
        without end. If all that were judged did so, the result is 0, as nothing is proved; it is
        100 if there was nothing to notice.
        """
        missed = sum(self.counts.get(name, 0) for name in ("differs", "unreached"))
        killed = self.counts.get("killed", 0)
        if not killed + missed:
            return 0.0 if self.counts.get("limit") else 100.0
        return 100 * killed / (killed + missed)


KILLERS: Mapping[str, str] = {
    "expectation": template("{number} by an expectation"),
    "error": template("{number} by an error"),
    "miss": template("{number} by a call that is not recorded"),
    "unplayed": template("{number} by a recording that is not played"),
    "check": template("{number} by another check"),
}
"""What notices a mistake, and how it is said of a number of them."""
_KILLER_OF = {
    **dict.fromkeys(("expect", "no_error", "other_error", "always", "never"), "expectation"),
    **dict.fromkeys(("error", "rejection", "pending"), "error"),
    "miss": "miss",
    "unplayed": "unplayed",
}
"""Kind of a `Failure` -> killer; that of any other is a check."""
JudgedMutant = tuple[int, ScriptTarget, Mutant, MutantVerdict]


def summarise_verdicts(
    challenge: ScriptChallenge, judgements: Sequence[MutantVerdict]
) -> ChallengeResult:
    """Return the findings and counts.

    *judgements* are the verdicts on the mutants in the order of `challenge.numbered`; there are
    fewer of them than mutants if the challenge was stopped early.
    """
    ignoring = challenge.ignoring
    counts: Counter[str] = Counter()
    killers: Counter[str] = Counter()
    cases: list[JudgedMutant] = []
    numbered = zip(challenge.numbered, judgements, strict=False)
    for number, ((target, mutant), judgement) in enumerate(numbered):
        is_missed = judgement.verdict != "killed"
        if is_missed and ignoring.is_ignored(mutant.kind, mutant.place):
            counts["ignored"] += 1
            continue
        counts[judgement.verdict] += 1
        if not is_missed:
            killers[_KILLER_OF.get(judgement.cause, "check")] += 1
        cases.append((number, target, mutant, judgement))
    found = [
        *_find_survivors_by_killing_line(
            challenge, [case for case in cases if case[3].verdict == "differs"]
        ),
        *_find_mutants_lacking_input([case for case in cases if case[3].verdict == "unchanged"]),
        *_find_unreached_code(challenge, cases, ignoring),
    ]
    return ChallengeResult(
        findings=tuple(_keep_best_per_line_and_repeats(found)),
        counts=dict(counts),
        killers={name: killers[name] for name in KILLERS if killers[name]},
        unused=tuple(ignoring.find_unused()),
    )


def describe_counts(result: ChallengeResult) -> str:
    """Return the number of mutants tried and the number with each verdict, on one line."""
    counts = result.counts
    parts = [msg(text, number=counts[name]) for name, text in _OUTCOMES.items() if counts.get(name)]
    if result.killers:
        by = join_list(msg(KILLERS[name], number=number) for name, number in result.killers.items())
        parts[0] = msg("{outcome} ({by})", outcome=parts[0], by=by)
    total = sum(counts.values())
    return msg(
        "{mistakes}: {parts}",
        mistakes=plural(total, "{number} mistake tried", "{number} mistakes tried"),
        parts=join_list(parts) or msg("no script of a scenario has anything to try"),
    )


_OUTCOMES = {
    "killed": template("{number} noticed"),
    "differs": template("{number} not noticed"),
    "unreached": template("{number} never run"),
    "unchanged": template("{number} without effect"),
    "limit": template("{number} ended by a limit, so not judged"),
    "ignored": template("{number} ignored by comments"),
}
"""What is said of the mutants of a verdict."""


def merge_results(results: Sequence[ChallengeResult]) -> ChallengeResult:
    """Return the combined result of several scripts, the most useful findings first."""
    counts: Counter[str] = Counter()
    killers: Counter[str] = Counter()
    for result in results:
        counts.update(result.counts)
        killers.update(result.killers)
    return ChallengeResult(
        findings=tuple(
            _keep_best_per_line_and_repeats(one for result in results for one in result.findings)
        ),
        counts=dict(counts),
        killers=dict(killers),
        unused=tuple(one for result in results for one in result.unused),
    )


def _keep_best_per_line_and_repeats(findings: Iterable[Weakness]) -> Iterator[Weakness]:
    """Yield one finding for each script line, the most useful first.

    A repeat, a mutant that the line of ``expect`` of an earlier finding kills too, is yielded in
    addition, unless its script line has a finding with the verdict ``differs`` already (the mutant
    changes what the run does, and yet the scenario passes).
    """
    order: Mapping[str, int] = {"differs": 0, "unreached": 1, "unchanged": 2}

    def rank(finding: Weakness) -> tuple[Any, ...]:
        has_none = finding.verdict == "differs" and finding.line is None
        place = finding.place
        is_repeat = finding.same_as is not None
        kind = order[finding.verdict]
        return (is_repeat, has_none, kind, -finding.kills, place.file, place.line)

    seen: dict[tuple[str, int], FindingVerdict] = {}
    for finding in sorted(findings, key=rank):
        key = finding.place.file, finding.place.line
        is_new = finding.same_as is not None and seen.get(key) != "differs"
        if is_new or key not in seen:
            seen[key] = finding.verdict
            yield finding


# ---------------------------------------------------------------------- survivors


def describe_on_one_line(finding: Weakness) -> str:
    """Return one line: the unnoticed mistake, and what to add to which scenario."""
    text = msg("{message}: {old}", message=finding.message, old=finding.old)
    if finding.new:
        text = msg("{text} → {new}", text=text, new=finding.new)
    if finding.line is None:
        return text
    return msg(
        "{text}; add at {place}: {line}",
        text=text,
        place=finding.scenario_place,
        line=write_inline(dict(finding.line.expect_as_step_keys))[1:-1],
    )


class _MutantGroup(NamedTuple):
    """The mutants that one line of ``expect`` kills.

    Attributes:
        line: the line.
        cases: the mutants with their verdicts; first that whose effect is the most direct.
    """

    line: ExpectLine
    cases: Sequence[JudgedMutant]


def _find_survivors_by_killing_line(
    challenge: ScriptChallenge, cases: Sequence[JudgedMutant]
) -> Iterator[Weakness]:
    """Yield findings on mutants that no scenario kills, those with a killing line first.

    Such a finding proposes a line of ``expect`` that kills one or more of them; *cases* are the
    mutants with their verdicts. If the line also kills mutants on other script lines, a repeat
    follows for each of those lines: its ``same_as`` is the place of the first finding.
    """
    groups, left = _group_by_expect_line(challenge, cases)
    shown: set[Place] = set()
    merged = _merge_groups(challenge, groups)
    for group in sorted(merged, key=lambda group: len(group.cases), reverse=True):
        by_line = _get_first_of_each_line(group.cases)
        # A script line has one finding. Where it has that of another line of `expect`, this one
        # stands at the next script line with a mutant that it kills, or those would be in none.
        here = next((line for line in by_line if line not in shown), None)
        if here is None:
            continue
        shown.add(here)
        first = _make_survivor(challenge, by_line.pop(here), group.line)
        yield replace(first, kills=len(group.cases), others=_sort_lines(by_line, here))
        for case in by_line.values():
            yield replace(_make_survivor(challenge, case, group.line), same_as=first.place)
    yield from _find_survivors_without_line(challenge, left)


def _get_first_of_each_line(cases: Iterable[JudgedMutant]) -> dict[Place, JudgedMutant]:
    """Return the first of *cases* on each script line: place without column -> mutant."""
    first: dict[Place, JudgedMutant] = {}
    for case in cases:
        first.setdefault(_get_script_line(case), case)
    return first


def _get_script_line(case: JudgedMutant) -> Place:
    place = case[2].place
    return Place(place.file, place.line)


def _sort_lines(lines: Iterable[Place], shown: Place) -> tuple[Place, ...]:
    """Return script lines in order, first those of the script of *shown*."""
    return tuple(sorted(lines, key=lambda one: (one.file != shown.file, one.file, one.line)))


def _group_by_expect_line(
    challenge: ScriptChallenge, cases: Sequence[JudgedMutant]
) -> tuple[list[_MutantGroup], list[JudgedMutant]]:
    """Return groups of the mutants *cases* that one line kills, and the mutants in no group.

    The largest group is first. *challenge* runs a line against mutants for which it was not found.
    """
    # Greedy set cover: the line that most mutants need comes first, so a reader adds few lines.
    # `_is_line_at_divergence` only estimates from observations; a chosen line is then tried in
    # real runs.
    found, left = list[_MutantGroup](), list(cases)
    while True:
        groups: dict[int, list[JudgedMutant]] = {}
        for number, _, _, judgement in left:
            if (line := judgement.line) is not None:
                groups[number] = [
                    case for case in left if _is_line_at_divergence(line, case, challenge)
                ]
        if not groups:
            return found, left
        best = max(groups, key=lambda number: (len(groups[number]), -number))
        case = min(groups[best], key=_rank_effect_directness)
        case = case if case[3].line is not None else _find_judged_mutant(best, left)
        line = case[3].line
        assert line is not None, "only those with a line were grouped"
        killed = [
            other
            for other in groups.get(case[0], groups[best])
            if other is not case and challenge.is_killing_line(line, other[0], other[3].divergences)
        ]
        found.append(_MutantGroup(line, [case, *killed]))
        left = [other for other in left if other is not case and other not in killed]


def _merge_groups(challenge: ScriptChallenge, groups: Sequence[_MutantGroup]) -> list[_MutantGroup]:
    """Return *groups*, with those at one script line and step of a scenario file merged.

    Two of them are merged if one addition to the step kills the mutants of both, which *challenge*
    finds out by running the first of each; else both are kept.
    """
    merged: list[_MutantGroup] = []
    for group in groups:
        for number, known in enumerate(merged):
            if (one := _merge_two_groups(challenge, known, group)) is not None:
                merged[number] = one
                break
        else:
            merged.append(group)
    return merged


def _merge_two_groups(
    challenge: ScriptChallenge, first: _MutantGroup, second: _MutantGroup
) -> _MutantGroup | None:
    """Return one group of both; None if they differ in script line or step, or contradict."""
    pair = first, second
    steps = {(group.line.file, group.line.step) for group in pair}
    if len(steps) > 1 or len({_get_script_line(group.cases[0]) for group in pair}) > 1:
        return None
    line = merge_lines(first.line, second.line)
    if line is None or not all(
        challenge.is_killing_line(line, group.cases[0][0], group.cases[0][3].divergences)
        for group in pair
    ):
        return None
    return _MutantGroup(line, [*first.cases, *second.cases])


def _rank_effect_directness(case: JudgedMutant) -> tuple[int, int]:
    """Return the sort key of a mutant, smaller if a reader sees its effect more directly.

    A changed message or member of a request, for example, shows as just that; a changed condition
    shows only in what follows from it, and comes later.
    """
    number, _, mutant, _ = case
    is_direct = mutant.kind in _DIRECT and mutant.about not in {RETURNED, ""}
    return (_DIRECT.index(mutant.kind) if is_direct else len(_DIRECT)), number


_DIRECT = (
    "message", "field-state", "body-member", "argument", "args-swap", "field-write",
)  # fmt: skip


def _find_judged_mutant(number: int, cases: Sequence[JudgedMutant]) -> JudgedMutant:
    return next(case for case in cases if case[0] == number)


def _is_line_at_divergence(
    line: ExpectLine, case: JudgedMutant, challenge: ScriptChallenge
) -> bool:
    return any(
        one.place in line.places
        and one.step == str(line.step)
        and challenge.baselines[one.baseline_number].item.spot.source.file == line.file
        for one in case[3].divergences
    )


def _find_survivors_without_line(
    challenge: ScriptChallenge, cases: Sequence[JudgedMutant]
) -> Iterator[Weakness]:
    """Yield findings without a line of ``expect``, one for each place where mutants differ."""
    groups: dict[tuple[int, str, str], list[JudgedMutant]] = {}
    for case in cases:
        first = select_and_order_divergences(case[3].divergences)[0]
        groups.setdefault((first.baseline_number, first.step, first.place), []).append(case)
    for group in groups.values():
        here = _get_script_line(group[0])
        others = _sort_lines(_get_first_of_each_line(group).keys() - {here}, here)
        finding = _make_survivor(challenge, group[0], None)
        yield replace(finding, kills=len(group), others=others)


def _make_survivor(
    challenge: ScriptChallenge, case: JudgedMutant, line: ExpectLine | None
) -> Weakness:
    _, _, mutant, judgement = case
    divergence = _pick_divergence_to_show(challenge, judgement, line)
    item = challenge.baselines[divergence.baseline_number].item
    before, after = cut_to_difference(
        format_value(divergence.first), format_value(divergence.second), _WIDTH
    )
    step = divergence.step
    place = item.steps[int(step) - 1].spot.place if step.isdigit() else item.place
    is_odd = (
        line is None
        and divergence.first is not UNSET
        and looks_like_script_mistake(divergence.first)
    )
    return Weakness(
        place=mutant.place,
        verdict="differs",
        kind=mutant.kind,
        old=_describe_old(mutant),
        new=_describe_replacement(mutant),
        message=msg(KINDS[mutant.kind]),
        scenario=item.name,
        scenario_place=place,
        step=step,
        where=divergence.place,
        before=before,
        after=after,
        line=line,
        is_suspicious=is_odd,
    )


def _pick_divergence_to_show(
    challenge: ScriptChallenge, judgement: MutantVerdict, line: ExpectLine | None
) -> Divergence:
    """Return which difference between the runs of script and mutant to show to the reader.

    That is the one that *line* checks, or without a line the easiest to read. *judgement* has all
    differences that the mutant causes.
    """
    key = (line.file, str(line.step)) if line is not None else ()
    for one in judgement.divergences:
        file = challenge.baselines[one.baseline_number].item.spot.source.file
        if line is not None and (file, one.step) == key and one.place in line.places:
            return one
    return select_and_order_divergences(judgement.divergences)[0]


_LEFT_OUT = frozenset({"field-write", "field-state", "message", "body-member", "guard", "call"})


def _describe_replacement(mutant: Mutant) -> str:
    if mutant.new.startswith("(v =>"):
        return msg("another value")
    if mutant.kind in _LEFT_OUT and mutant.new not in {"'~'", "return;"}:
        return msg("left out")
    if mutant.kind == "error-swallowed":
        return msg("its error is swallowed")
    if mutant.kind == "loop":
        return msg("its first turn alone")
    return _shorten_to_one_line(mutant.new)


def _describe_old(mutant: Mutant) -> str:
    return _shorten_to_one_line(mutant.about if mutant.kind == "loop" else mutant.old)


def _shorten_to_one_line(text: str) -> str:
    short = " ".join(text.split())
    return short if len(short) <= _WIDTH else f"{short[: _WIDTH - 1]}…"


# ---------------------------------------------------------------------- unchanged, unreached


def _find_mutants_lacking_input(cases: Sequence[JudgedMutant]) -> Iterator[Weakness]:
    """Yield a finding for each mutant without effect if it is known which input is missing."""
    for _, target, mutant, verdict in cases:
        if message := _explain_missing_input(target, mutant, verdict):
            yield _make_weakness(mutant, "unchanged", message)


def _explain_missing_input(target: ScriptTarget, mutant: Mutant, verdict: MutantVerdict) -> str:
    """Return which input all rows lack for *mutant* to have an effect; "" if that is not clear."""
    if verdict.cause == "unmet":
        return _describe_input_for_probe(target, mutant)
    if mutant.kind == "fallback" and target.is_fallback_never_needed(mutant):
        return msg(
            "no row where {left} is missing, so nobody needs the fallback",
            left=_shorten_to_one_line(mutant.about),
        )
    way = target.find_untaken_else(mutant) if mutant.kind == "code-check" and mutant.about else None
    reach = target.reaching_input_finder.describe_reach(way) if way is not None else ""
    return describe_untaken("else", reach) if reach else ""


def _describe_input_for_probe(target: ScriptTarget, mutant: Mutant) -> str:
    """Return which input would make the mistake of *mutant* matter; "" if that is not clear.

    No run of the scenarios had such an input: a run with the mutant's probe (`Mutant.probe`) has
    shown that.
    """
    if mutant.unmet:
        return mutant.unmet
    if mutant.kind == "comparison":
        return _explain_untested_boundary(target, mutant)
    holds = mutant.kind == "loop" or mutant.new == "false"
    reach = target.describe_input_for_condition(mutant, holds=holds)
    if mutant.kind == "loop":
        return msg("this loop never ran a second time; add {reach}", reach=reach) if reach else ""
    return describe_untaken("then" if holds else "else", reach) if reach else ""


def _explain_untested_boundary(target: ScriptTarget, mutant: Mutant) -> str:
    """Return a message that no row makes both sides of the mutated comparison equal.

    "" if no input decides that.
    """
    boundary = target.reaching_input_finder.describe_comparison_boundary(mutant.start, mutant.end)
    left, reach = boundary.left, boundary.equal_input
    values = {
        "left": _shorten_to_one_line(left),
        "right": _shorten_to_one_line(boundary.right),
        "sign": boundary.operator,
    }
    message = msg("no row where {left} = {right}, so that {sign} may be off by one", **values)
    if not reach or reach.endswith(f" {left} = {boundary.right}"):
        return message if reach is not None else ""
    return msg("{message}; add {reach}", message=message, reach=reach)


def _make_weakness(mutant: Mutant, verdict: FindingVerdict, message: str) -> Weakness:
    return Weakness(
        place=mutant.place,
        verdict=verdict,
        kind=mutant.kind,
        old=_describe_old(mutant),
        new=_describe_replacement(mutant),
        message=message,
    )


def _find_unreached_code(
    challenge: ScriptChallenge, cases: Sequence[JudgedMutant], ignoring: IgnoreCommentIndex
) -> Iterator[Weakness]:
    """Yield branches and functions that no scenario runs, with the input that would reach each.

    *cases* are the mutants with their verdicts: those in such code are counted as killed by its
    input. Code that a comment in *ignoring* excludes is left out.
    """
    for target in challenge.targets:
        unreached = Counter(
            number
            for _, own, mutant, judged in cases
            if own is target and judged.verdict == "unreached"
            for number in target.find_enclosing_counters(mutant)
        )
        for number in target.reach.find_outermost_unrun_counters(target.totals):
            counter, node = target.reach.counters[number], target.reach.find_node_to_report(number)
            place = target.tree.find_place(node)
            if ignoring.is_ignored(BRANCH, place) or not target.can_branch_be_taken(number):
                continue
            yield Weakness(
                place=place,
                verdict="unreached",
                kind=BRANCH,
                old=_shorten_to_one_line(target.tree.get_source(node)),
                message=describe_untaken(
                    counter.arm, target.reaching_input_finder.describe_reach(counter)
                ),
                kills=max(1, unreached[number]),
            )
