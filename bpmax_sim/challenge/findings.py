"""What a challenge found, in the words of a person: few, ranked, and each with what to do.

At most one finding a line of a script. A line of ``expect`` that kills several mutants is one
finding; the more it kills, the earlier it stands. What may be equivalent to the script is not
shown: an unchanged mutant is a finding only where the reason is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from bpmax_sim.challenge.judge import MutantVerdict, ScriptChallenge, ScriptTarget
from bpmax_sim.challenge.mutants import BRANCH, KINDS, Mutant
from bpmax_sim.challenge.proposals import (
    Divergence,
    ExpectLine,
    is_suspicious,
    sort_divergences,
)
from bpmax_sim.errors import Place, Problem
from bpmax_sim.i18n import msg
from bpmax_sim.scenario.expect import contrast, text_of
from bpmax_sim.script_source.reach import describe_untaken
from bpmax_sim.yamlfile.write import write_yaml

FindingVerdict = Literal["differs", "unchanged", "unreached", "limit"]
SHOWN = 20
_WIDTH = 60


class Weakness(msgspec.Struct, frozen=True, kw_only=True):
    """One weakness of the scenarios.

    Attributes:
        place: in the script.
        kind: of the mutant, or ``unreached``.
        old, new: what stands in the script, and the mistake that nobody notices.
        message: what is missing, in a sentence.
        scenario, step, where: the scenario, the number of its step and the place that differ.
        before, after: what stands there, and what the mutant makes of it, as text.
        line: what to add to a scenario; None where no line was found that does it.
        kills: how many mutants that kills, or would run.
        others: the lines of the other mutants among them.
        is_suspicious: what the script itself comes to looks like a mistake.
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
    others: tuple[int, ...] = ()
    is_suspicious: bool = False

    @property
    def expect(self) -> str:
        """Return the line to add, as YAML; nothing where there is none."""
        return write_yaml(self.line.keys, block=0).rstrip("\n") if self.line else ""


class ChallengeResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a challenge came to.

    Attributes:
        findings: all, the most useful first.
        counts: verdict -> number of mutants; ``ignored`` are those of a comment.
        problems: comments that are wrong.
        unused: comments that left nothing out.
    """

    findings: tuple[Weakness, ...] = ()
    counts: Mapping[str, int] = {}
    problems: tuple[Problem, ...] = ()
    unused: tuple[Problem, ...] = ()

    @property
    def score(self) -> float:
        """Return the percentage of mutants that are noticed, of those that can be."""
        missed = sum(self.counts.get(name, 0) for name in ("differs", "unreached", "limit"))
        killed = self.counts.get("killed", 0)
        return 100 * killed / (killed + missed) if killed + missed else 100.0


Case = tuple[int, ScriptTarget, Mutant, MutantVerdict]


def summarise(challenge: ScriptChallenge, judgements: Sequence[MutantVerdict]) -> ChallengeResult:
    """Return what *judgements*, one for each mutant of *challenge*, come to."""
    ignoring = _Ignoring(challenge.targets)
    counts: Counter[str] = Counter()
    cases: list[Case] = []
    numbered = zip(challenge.numbered, judgements, strict=True)
    for number, ((target, mutant), judgement) in enumerate(numbered):
        is_missed = judgement.verdict != "killed"
        if is_missed and ignoring.covers(target, mutant.kind, mutant.place.line):
            counts["ignored"] += 1
            continue
        counts[judgement.verdict] += 1
        cases.append((number, target, mutant, judgement))
    found = [
        *_find_survivors(challenge, [case for case in cases if case[3].verdict == "differs"]),
        *_find_unchanged([case for case in cases if case[3].verdict == "unchanged"]),
        *_find_unreached(challenge, cases, ignoring),
        *(
            _make(mutant, "limit", msg("with this mistake it never ends, so nothing judges it"))
            for _, _, mutant, verdict in cases
            if verdict.verdict == "limit"
        ),
    ]
    return ChallengeResult(
        findings=tuple(_one_a_line(found)),
        counts=dict(counts),
        problems=tuple(ignoring.problems()),
        unused=tuple(ignoring.find_unused()),
    )


class _Ignoring:
    """The comments that leave mutants out, and which of them did."""

    def __init__(self, targets: Sequence[ScriptTarget]) -> None:
        self._targets = targets
        self._used: set[Place] = set()

    def covers(self, target: ScriptTarget, kind: str, line: int) -> bool:
        for ignored in target.ignored:
            if not ignored.wrong and ignored.line == line and kind in ignored.kinds:
                self._used.add(ignored.place)
                return True
        return False

    def problems(self) -> Iterator[Problem]:
        for target in self._targets:
            yield from (Problem(one.wrong, one.place) for one in target.ignored if one.wrong)

    def find_unused(self) -> Iterator[Problem]:
        message = msg("this comment leaves nothing out; remove it")
        for target in self._targets:
            for one in target.ignored:
                if not one.wrong and one.place not in self._used:
                    yield Problem(message, one.place)


def _one_a_line(findings: Iterable[Weakness]) -> Iterator[Weakness]:
    """Yield the most useful finding of each line of a script."""
    order: Mapping[str, int] = {"differs": 0, "unreached": 1, "unchanged": 2, "limit": 3}

    def rank(finding: Weakness) -> tuple[Any, ...]:
        has_none = finding.verdict == "differs" and finding.line is None
        place = finding.place
        return (has_none, order[finding.verdict], -finding.kills, place.file, place.line)

    seen: set[tuple[str, int]] = set()
    for finding in sorted(findings, key=rank):
        key = finding.place.file, finding.place.line
        if key not in seen:
            seen.add(key)
            yield finding


# ---------------------------------------------------------------------- survivors


def _find_survivors(challenge: ScriptChallenge, cases: Sequence[Case]) -> Iterator[Weakness]:
    left = list(cases)
    while left:
        groups: dict[int, list[Case]] = {}
        for number, _, _, judgement in left:
            if (line := judgement.line) is not None:
                groups[number] = [case for case in left if _is_about(line, case, challenge)]
        if not groups:
            break
        best = max(groups, key=lambda number: (len(groups[number]), -number))
        case = min(groups[best], key=_directness)
        case = case if case[3].line is not None else _case_of(best, left)
        line = case[3].line
        assert line is not None, "only those with a line were grouped"
        killed = [
            other
            for other in groups.get(case[0], groups[best])
            if other is case or challenge.tells(line, other[0], other[3].divergences)
        ]
        others = sorted({other[2].place.line for other in killed} - {case[2].place.line})
        yield replace(_survivor(challenge, case), kills=len(killed), others=tuple(others))
        left = [other for other in left if other not in killed]
    yield from _without_line(challenge, left)


def _directness(case: Case) -> tuple[int, int]:
    """Return how far a mistake is from what it changes, so that the nearest is shown."""
    number, _, mutant, _ = case
    return (_DIRECT.index(mutant.kind) if mutant.kind in _DIRECT else len(_DIRECT)), number


_DIRECT = ("message", "field-state", "body-member", "argument", "args-swap", "field-write")


def _case_of(number: int, cases: Sequence[Case]) -> Case:
    return next(case for case in cases if case[0] == number)


def _is_about(line: ExpectLine, case: Case, challenge: ScriptChallenge) -> bool:
    return any(
        one.place == line.place
        and one.step == str(line.step)
        and challenge.baselines[one.user].item.spot.source.file == line.file
        for one in case[3].divergences
    )


def _without_line(challenge: ScriptChallenge, cases: Sequence[Case]) -> Iterator[Weakness]:
    """Yield those that no line kills, of those at one place of a scenario the first."""
    groups: dict[tuple[int, str, str], list[Case]] = {}
    for case in cases:
        first = sort_divergences(case[3].divergences)[0]
        groups.setdefault((first.user, first.step, first.place), []).append(case)
    for group in groups.values():
        lines = sorted({case[2].place.line for case in group} - {group[0][2].place.line})
        finding = _survivor(challenge, group[0])
        yield replace(finding, kills=len(group), others=tuple(lines))


def _survivor(challenge: ScriptChallenge, case: Case) -> Weakness:
    _, _, mutant, judgement = case
    divergence = _telling(challenge, judgement)
    item = challenge.baselines[divergence.user].item
    before, after = contrast(text_of(divergence.first), text_of(divergence.second), _WIDTH)
    step = divergence.step
    place = item.steps[int(step) - 1].spot.place if step.isdigit() else item.place
    is_odd = judgement.line is None and is_suspicious(divergence.first)
    return Weakness(
        place=mutant.place,
        verdict="differs",
        kind=mutant.kind,
        old=_on_a_line(mutant.old),
        new=_describe_change(mutant),
        message=msg(KINDS[mutant.kind]),
        scenario=item.name,
        scenario_place=place,
        step=step,
        where=divergence.place,
        before=before,
        after=after,
        line=judgement.line,
        is_suspicious=is_odd,
    )


def _telling(challenge: ScriptChallenge, judgement: MutantVerdict) -> Divergence:
    """Return the difference that the line speaks of, or the plainest one."""
    line = judgement.line
    key = (line.file, str(line.step), line.place) if line is not None else ()
    for one in judgement.divergences:
        file = challenge.baselines[one.user].item.spot.source.file
        if (file, one.step, one.place) == key:
            return one
    return sort_divergences(judgement.divergences)[0]


_LEFT_OUT = frozenset({"field-write", "field-state", "message", "body-member", "guard"})


def _describe_change(mutant: Mutant) -> str:
    if mutant.kind in _LEFT_OUT:
        return msg("left out")
    if mutant.kind == "error-swallowed":
        return msg("its error is swallowed")
    if mutant.kind == "argument" and not mutant.old.startswith(("'", '"')):
        return msg("another value")
    return _on_a_line(mutant.new)


def _on_a_line(text: str) -> str:
    short = " ".join(text.split())
    return short if len(short) <= _WIDTH else f"{short[: _WIDTH - 1]}…"


# ---------------------------------------------------------------------- unchanged, unreached


def _find_unchanged(cases: Sequence[Case]) -> Iterator[Weakness]:
    """Yield unchanged mutants of which it is known why: all others may be equivalent."""
    for _, target, mutant, verdict in cases:
        if verdict.cause == "boundary":
            yield _make(mutant, "unchanged", _describe_boundary(mutant.about))
        elif mutant.kind == "fallback" and target.is_never_needed(mutant):
            message = msg(
                "no row where {left} is missing, so nobody needs the fallback",
                left=_on_a_line(mutant.about),
            )
            yield _make(mutant, "unchanged", message)
        elif mutant.kind == "code-check" and (way := target.find_missing_else(mutant)):
            message = describe_untaken("else", target.finder.describe_reach(way))
            yield _make(mutant, "unchanged", message)


def _describe_boundary(condition: str) -> str:
    left, sign, right = _split_comparison(condition)
    return msg(
        "no row where {left} = {right}, so that {sign} may be off by one",
        left=left,
        right=right,
        sign=sign,
    )


def _split_comparison(condition: str) -> tuple[str, str, str]:
    for sign in ("<=", ">=", "<", ">"):
        left, found, right = condition.partition(sign)
        if found:
            return left.strip(), sign, right.strip()
    return condition, "", ""


def _make(mutant: Mutant, verdict: FindingVerdict, message: str) -> Weakness:
    return Weakness(
        place=mutant.place,
        verdict=verdict,
        kind=mutant.kind,
        old=_on_a_line(mutant.old),
        new=_describe_change(mutant),
        message=message,
    )


def _find_unreached(
    challenge: ScriptChallenge, cases: Sequence[Case], ignoring: _Ignoring
) -> Iterator[Weakness]:
    """Yield what no scenario takes or calls, with what would reach it."""
    for target in challenge.targets:
        unreached = Counter(
            number
            for _, own, mutant, judged in cases
            if own is target and judged.verdict == "unreached"
            for number in target.guards_of(mutant)
        )
        for number in target.reach.find_untaken(target.totals):
            counter, node = target.reach.counters[number], target.reach.node_of(number)
            place = target.tree.place(node)
            if ignoring.covers(target, BRANCH, place.line):
                continue
            yield Weakness(
                place=place,
                verdict="unreached",
                kind=BRANCH,
                old=_on_a_line(target.tree.text_of(node)),
                message=describe_untaken(counter.arm, target.finder.describe_reach(counter)),
                kills=max(1, unreached[number]),
            )
