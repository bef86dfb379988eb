"""Convert script hits to lines and branches of each file, as lcov and as stored counts.

A run stores ``.bpmax/hits/1-of-1.json``, the third shard of eight ``3-of-8.json``. The counts of
several runs are read together.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from bpmax_sim.errors import ConfigError
from bpmax_sim.file_names import to_relative_name
from bpmax_sim.project import make_parent_folder
from bpmax_sim.scenario.shards import Shard
from bpmax_sim.script.failure import Script, replace_lone_carriage_returns
from bpmax_sim.script.hits import ScriptHits, add_counters_to_script
from bpmax_sim.script_source.counters import Counter, LineColumn
from bpmax_sim.script_source.reach import ReachFinder, describe_untaken
from bpmax_sim.session.scripts import read_script
from bpmax_sim.yamlfile import to_display_path

FOLDER: Final = Path(".bpmax", "hits")
LCOV: Final = Path(".bpmax", "lcov.info")
_VERSION: Final = 1


_OF_CONDITION: Final = frozenset({"then", "else", "?", ":"})
_SHORT_CIRCUITS: Final = frozenset({"&&", "||", "??", "catch"})
"""Arms that a decision has alone: it went the other way, or nobody came to it."""


class CoveredBranch(msgspec.Struct, frozen=True):
    """One branch of a decision in a script, such as the ``else`` of an ``if``, with its runs.

    Attributes:
        line, column: position of the branch.
        arm: which branch it is: ``then``, ``else``, ``?``, ``:``, ``||``, ``&&``, ``??``, ``case``,
            ``default`` or ``catch``.
        hits: number of runs.
        decision: position of the decision.
        reach: hint how to reach it, if it was not reached and the source shows a simple way.
        has_decided: whether any run came to the decision.
    """

    line: int
    column: int
    arm: str
    hits: int
    decision: LineColumn
    reach: str = ""
    has_decided: bool = True

    @property
    def condition_or_own_place(self) -> LineColumn:
        """Return the position to show to a reader.

        For a branch of ``if`` or ``?:`` it is that of the condition, else that of the branch.
        """
        return self.decision if self.arm in _OF_CONDITION else LineColumn(self.line, self.column)

    def describe(self, *, with_advice: bool = True) -> str:
        """Return why no run took it, and what would."""
        reach = self.reach if with_advice else ""
        return describe_untaken(self.arm, reach, has_decided=self.has_decided)


def compute_percentage(part: int, whole: int) -> float:
    """Return what percentage *part* is of *whole*, with one decimal; 100 only if nothing lacks.

    9999 of 10000 are 99.9: a run of which 100 is demanded would else pass without the last one.
    """
    return 100.0 if part == whole else min(round(100 * part / whole, 1), 99.9)


class CoverageCounts(NamedTuple):
    """How many lines and branches a script has, and how many of them ran."""

    run_lines: int
    lines: int
    taken_branches: int
    branches: int

    @property
    def percentage(self) -> float:
        """Return the percentage of lines and branches together; 100 if there are none."""
        return compute_percentage(self.run_lines + self.taken_branches, self.lines + self.branches)


class CoveredScript(msgspec.Struct, frozen=True):
    """Coverage of the lines and branches of one script file.

    Attributes:
        file: path relative to the project's root.
        lines: line -> number of runs of the statements that begin there.
        functions: line, name and number of runs of each function.
        lost: number of runs that exceeded a limit, so that their counts were lost.
    """

    file: str
    source: str
    lines: Mapping[int, int]
    functions: tuple[tuple[int, str, int], ...]
    branches: tuple[CoveredBranch, ...]
    lost: int = 0

    @property
    def counts(self) -> CoverageCounts:
        """Return how many lines and branches there are, and how many of them ran."""
        ran = sum(hits > 0 for hits in self.lines.values())
        taken = sum(branch.hits > 0 for branch in self.branches)
        return CoverageCounts(ran, len(self.lines), taken, len(self.branches))

    @property
    def untaken_branches(self) -> list[CoveredBranch]:
        """Return the branches that no run took, in the order of the source."""
        return [branch for branch in self.branches if not branch.hits]


def add_counts(covered: Iterable[CoveredScript]) -> CoverageCounts:
    """Return the sums of the counts of several scripts."""
    columns = list(zip(*(one.counts for one in covered), strict=True)) or [(0,)] * 4
    return CoverageCounts(*map(sum, columns))


def cover_scripts(hits: ScriptHits, root: Path) -> list[CoveredScript]:
    """Return the coverage of each script file below *root*, sorted by name.

    Scripts without a file, such as the text of a step, are left out. Of a file that changed between
    runs, only the version that was counted last is taken.
    """
    covered = {
        name: _cover_script(name, script, hits)
        for script in hits.counts
        if (name := _find_script_file_name(script, root))
    }
    return [covered[name] for name in sorted(covered)]


def list_scripts_without_counters(hits: ScriptHits, root: Path) -> list[str]:
    """Return the script files that ran but could not be counted, such as bundles."""
    return sorted(
        name
        for script in hits.uncounted
        if (name := _find_script_file_name(script, root)) and not _NOTHING.fullmatch(script.source)
    )


_NOTHING: Final = re.compile(r"(?:\s|//.*|/\*(?s:.*?)\*/)*")


def _find_script_file_name(script: Script, root: Path) -> str:
    path = Path(script.name)
    if path.suffix in {".yaml", ".yml"} or not path.is_file():
        return ""
    return to_relative_name(path.absolute(), root)


def _cover_script(name: str, script: Script, hits: ScriptHits) -> CoveredScript:
    counted = add_counters_to_script(script)
    assert counted is not None, "it was counted"
    lines, functions, ways = dict[int, int](), [], list[tuple[Counter, int]]()
    for counter, number in zip(counted.counters, hits.counts[script], strict=True):
        if counter.kind == "branch":
            ways.append((counter, number))
        elif counter.kind == "function":
            functions.append((counter.line, counter.name, number))
        else:
            # Several statements on one line: it ran as often as the one that ran most.
            lines[counter.line] = max(number, lines.get(counter.line, 0))
    shown = hits.shown.get(script, script.source)
    finder = ReachFinder(script.source if shown == script.source else "", script.name)
    decided = {way.decision for way, number in ways if number and way.arm not in _SHORT_CIRCUITS}
    branches = [
        CoveredBranch(
            way.line,
            way.column,
            way.arm,
            number,
            way.decision,
            "" if number else finder.describe_reach(way),
            has_decided=number > 0 or way.decision in decided or _is_reached_alone(way, lines),
        )
        for way, number in sorted(ways, key=lambda pair: _make_branch_sort_key(pair[0]))
    ]
    return CoveredScript(
        file=name,
        source=shown,
        lines=dict(sorted(lines.items())),
        functions=tuple(functions),
        branches=tuple(branches),
        lost=hits.lost[script],
    )


def _is_reached_alone(way: Counter, lines: Mapping[int, int]) -> bool:
    """Return whether a run came to the decision about *way*, which no run took, if it has no other.

    It did where the statement around it ran: *lines* are the numbers of runs of statements by their
    first line.
    """
    if way.arm not in _SHORT_CIRCUITS:
        return False
    first = max((line for line in lines if line <= way.decision.line), default=way.line)
    return lines.get(first, 1) > 0


def _make_branch_sort_key(branch: Counter) -> tuple[object, ...]:
    """Return the sort key of a branch: by decision; the arms ``else`` and ``:`` come last."""
    return branch.decision, branch.arm in {"else", ":"}, branch.line, branch.column


def format_lcov(covered: Iterable[CoveredScript]) -> str:
    """Return *covered* as text in the format lcov, which CI servers and genhtml read."""
    return "".join(f"{line}\n" for one in covered for line in _format_lcov_lines(one))


def _format_lcov_lines(script: CoveredScript) -> Iterator[str]:
    ran, lines, taken, branches = script.counts
    yield "TN:"
    yield f"SF:{script.file}"
    # genhtml wants a line with hits for all that it names.
    named = [
        (
            min((known for known in script.lines if known >= line), default=line),
            f"{_BAD_NAME.sub('_', name) or 'anonymous'}_{line}_{number}",
            hits,
        )
        for number, (line, name, hits) in enumerate(script.functions)
    ]
    yield from (f"FN:{line},{name}" for line, name, _ in named)
    yield from (f"FNDA:{hits},{name}" for _, name, hits in named)
    yield f"FNF:{len(named)}"
    yield f"FNH:{sum(hits > 0 for *_, hits in named)}"
    ways = defaultdict[LineColumn, list[CoveredBranch]](list)
    for branch in script.branches:
        ways[branch.decision].append(branch)
    for block, (decision, arms) in enumerate(ways.items()):
        decided = decision.line
        line = max((known for known in script.lines if known <= decided), default=decided)
        if len(arms) == 1:  # a catch; genhtml wants a line that ran to have a branch that did
            line = min((known for known in script.lines if known >= arms[0].line), default=line)
        is_known = script.lines.get(line, 1) > 0
        for number, arm in enumerate(arms):
            yield f"BRDA:{line},{block},{number},{arm.hits if is_known or arm.hits else '-'}"
    yield f"BRF:{branches}"
    yield f"BRH:{taken}"
    yield from (f"DA:{line},{hits}" for line, hits in script.lines.items())
    yield f"LF:{lines}"
    yield f"LH:{ran}"
    yield "end_of_record"


_BAD_NAME: Final = re.compile(r"[\s,]+")


class StoredHits(msgspec.Struct, frozen=True):
    """How often the parts of scripts ran in one run, as stored in ``.bpmax/hits``.

    Attributes:
        scripts: for each script its file relative to the project's root, the SHA-256 of its text,
            the counts (None if it cannot be counted), and the number of runs without counts.
    """

    scripts: list[tuple[str, str, list[int] | None, int]]
    version: int = _VERSION


def digest_text(text: str) -> str:
    """Return the SHA-256 of *text* in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def store_hits(hits: ScriptHits, root: Path, shard: Shard) -> None:
    """Write the counts of this run below *root*, in a file for each *shard* (machine).

    Counts of another number of shards are of an earlier run, and are deleted.

    Raises:
        ConfigError: if the file cannot be written.
    """
    path = root / FOLDER / f"{shard.number}-of-{shard.total}.json"
    scripts = [
        (name, digest_text(source), counts, lost)
        for written, source, counts, lost, _ in hits.to_data()
        if (name := _find_script_file_name(Script(source, written), root))
    ]
    try:
        make_parent_folder(path)
        # Counts of another division into shards are of an earlier run, and would be added to this
        # one's.
        for old in path.parent.glob("*-of-*.json"):
            if not old.name.endswith(f"-of-{shard.total}.json"):
                old.unlink()
        path.write_bytes(msgspec.json.encode(StoredHits(scripts)))
    except OSError as error:
        raise ConfigError(
            "{path}: cannot be written: {reason}", path=to_display_path(path), reason=error.strerror
        ) from error


def read_hits(places: Sequence[Path], root: Path) -> ScriptHits:
    """Return the sum of the counts in the ``.bpmax/hits`` folders *places*.

    Raises:
        ConfigError: if there are none, a file cannot be read, or it counted another text of a
            script.
    """
    hits = ScriptHits()
    for place in places:
        found = [place] if place.is_file() else sorted(place.rglob("*-of-*.json"))
        if not found:
            raise ConfigError(
                "{place}: there are no hits here; keep .bpmax/hits of each run with --bpmax-cov",
                place=to_display_path(place),
            )
        for path in found:
            try:
                stored = msgspec.json.decode(path.read_bytes(), type=StoredHits)
            except (OSError, msgspec.MsgspecError):
                stored = StoredHits([], version=0)
            if stored.version != _VERSION:
                raise ConfigError(
                    "{path}: cannot be read, or is of another version of bpmax-sim; run all "
                    "tests again",
                    path=to_display_path(path),
                )
            for name, digest, counts, lost in stored.scripts:
                script = replace_lone_carriage_returns(read_script(to_display_path(root / name)))
                if digest_text(script.source) != digest:
                    raise ConfigError(
                        "{name}: changed since {path} was counted; run all tests again",
                        name=name,
                        path=to_display_path(path),
                    )
                hits.merge([(script.name, script.source, counts, lost, script.source)])
    return hits
