"""Counts of lines and branches: their sums, their text in lcov, and what shards store of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.report.script_coverage import (
    FOLDER,
    CoverageCounts,
    CoveredBranch,
    CoveredScript,
    add_counts,
    cover_scripts,
    format_lcov,
    list_scripts_without_counters,
    read_hits,
    store_hits,
)
from bpmax_sim.scenario.shards import Shard
from bpmax_sim.script.failure import Script
from bpmax_sim.script.hits import ScriptHits, add_counters_to_script
from bpmax_sim.script_source.counters import LineColumn


def branch(line: int, arm: str, hits: int, decision: tuple[int, int] = (1, 1)) -> CoveredBranch:
    return CoveredBranch(line, 3, arm, hits, LineColumn(*decision))


def script(
    lines: Mapping[int, int],
    *branches: CoveredBranch,
    functions: tuple[tuple[int, str, int], ...] = (),
) -> CoveredScript:
    return CoveredScript(
        file="a.js", source="", lines=lines, functions=functions, branches=branches
    )


@pytest.mark.parametrize(
    ("counts", "percentage"),
    [
        ((0, 0, 0, 0), 100.0), ((0, 1, 0, 0), 0.0), ((1, 1, 0, 0), 100.0), ((1, 2, 1, 1), 66.7),
        ((0, 0, 1, 3), 33.3), ((2, 3, 0, 0), 66.7), ((999, 1000, 0, 0), 99.9),
        ((9999, 10000, 10, 10), 99.9), ((10000, 10000, 9, 10), 99.9),
        ((1999, 2000, 0, 0), 99.9), ((10000, 10000, 10, 10), 100.0),
    ],
)  # fmt: skip
def test_lines_and_branches_make_one_percentage(
    counts: tuple[int, int, int, int], percentage: float
) -> None:
    assert CoverageCounts(*counts).percentage == percentage


def test_counts_of_scripts_are_added() -> None:
    one = script({1: 0, 2: 1, 3: 7}, branch(1, "then", 0), branch(2, "else", 2))
    two = script({1: 1})

    assert one.counts == CoverageCounts(2, 3, 1, 2)
    assert add_counts([one, two, two]) == CoverageCounts(4, 5, 1, 2)
    assert add_counts([]) == CoverageCounts(0, 0, 0, 0)
    assert [(way.line, way.arm) for way in one.untaken_branches] == [(1, "then")]


@pytest.mark.parametrize(
    ("arm", "place"),
    [
        ("then", (9, 9)), ("else", (9, 9)), ("?", (9, 9)), (":", (9, 9)), ("case", (2, 3)),
        ("catch", (2, 3)), ("||", (2, 3)), ("default", (2, 3)),
    ],
)  # fmt: skip
def test_a_branch_of_a_condition_is_shown_at_it(arm: str, place: tuple[int, int]) -> None:
    assert branch(2, arm, 0, (9, 9)).condition_or_own_place == LineColumn(*place)


@pytest.mark.parametrize(
    ("lines", "hits", "rows"),
    [
        ({4: 1}, (0, 1), ["4,0,0,0", "4,0,1,1"]),
        ({4: 0}, (0, 0), ["4,0,0,-", "4,0,1,-"]),
        ({2: 3, 4: 0}, (0, 0), ["4,0,0,-", "4,0,1,-"]),
        ({2: 3, 6: 0}, (0, 0), ["2,0,0,0", "2,0,1,0"]),  # of the statement that it is in
        ({2: 0}, (0, 1), ["2,0,0,-", "2,0,1,1"]),
        # of no statement nobody knows whether it ran
        ({}, (0, 0), ["4,0,0,0", "4,0,1,0"]),
        ({5: 0}, (0, 2), ["4,0,0,0", "4,0,1,2"]),
    ],
)
def test_a_branch_of_a_line_that_never_ran_has_no_number(
    lines: dict[int, int], hits: tuple[int, int], rows: list[str]
) -> None:
    arms = [
        branch(4, arm, number, (4, 1)) for arm, number in zip(("then", "else"), hits, strict=True)
    ]
    told = format_lcov([script(lines, *arms)]).splitlines()

    assert [line.removeprefix("BRDA:") for line in told if line.startswith("BRDA:")] == rows


def test_lcov_has_functions_branches_and_lines_with_their_sums() -> None:
    one = script(
        {1: 1, 3: 0, 5: 2},
        branch(1, "then", 1, (1, 4)),
        branch(1, "else", 0, (1, 4)),
        branch(3, "?", 0, (4, 1)),
        branch(3, ":", 0, (4, 1)),
        branch(4, "catch", 0, (3, 1)),
        functions=((1, "取 数,a", 1), (2, "", 0), (9, "末", 3)),
    )

    assert format_lcov([one, script({})]).splitlines() == [
        "TN:", "SF:a.js",
        "FN:1,取_数_a_1_0", "FN:3,anonymous_2_1", "FN:9,末_9_2",
        "FNDA:1,取_数_a_1_0", "FNDA:0,anonymous_2_1", "FNDA:3,末_9_2",
        "FNF:3", "FNH:2",
        "BRDA:1,0,0,1", "BRDA:1,0,1,0", "BRDA:3,1,0,-", "BRDA:3,1,1,-", "BRDA:5,2,0,0",
        "BRF:5", "BRH:1",
        "DA:1,1", "DA:3,0", "DA:5,2",
        "LF:3", "LH:2", "end_of_record",
        "TN:", "SF:a.js", "FNF:0", "FNH:0", "BRF:0", "BRH:0", "LF:0", "LH:0", "end_of_record",
    ]  # fmt: skip


SOURCE = """\
if (a) { b(); } else { c(); }
x = a ? 1 : 2; y = 3;
function f() { return 1; }
"""


@pytest.fixture(name="hits")
def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScriptHits:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scripts").mkdir()
    hits = ScriptHits()
    for name in ("scripts/b.js", "scripts/a.js", "scripts/无此.js", "step.yaml", "step.yml"):
        if "无此" not in name:
            (tmp_path / name).write_text(SOURCE, "utf-8")
        made = Script(SOURCE, name)
        counters = add_counters_to_script(made)
        assert counters is not None
        numbers = [n % 3 for n in range(len(counters.counters))]
        hits.merge([(name, SOURCE, numbers, 2, SOURCE)])
    return hits


def test_only_files_are_covered_and_they_are_sorted(hits: ScriptHits, tmp_path: Path) -> None:
    covered = cover_scripts(hits, tmp_path)

    assert [one.file for one in covered] == ["scripts/a.js", "scripts/b.js"]
    [one, _] = covered
    assert (one.lost, one.source) == (2, SOURCE)
    # on a line with several statements the one that ran most counts
    assert [*one.lines.items()] == [(1, 2), (2, 2), (3, 1)]
    assert [(way.decision.line, way.arm) for way in one.branches] == [
        (1, "then"), (1, "else"), (2, "?"), (2, ":"),
    ]  # fmt: skip
    assert all(not way.reach for way in one.branches if way.hits)
    assert [name for _, name, _ in one.functions] == ["f"]


def test_what_shards_counted_is_added(hits: ScriptHits, tmp_path: Path) -> None:
    store_hits(hits, tmp_path, Shard(1, 2))
    store_hits(hits, tmp_path, Shard(2, 2))
    folder = tmp_path / FOLDER

    both = cover_scripts(read_hits([folder], tmp_path), tmp_path)
    one = cover_scripts(read_hits([folder / "1-of-2.json"], tmp_path), tmp_path)
    assert list(both[0].lines.values()) == [2 * number for number in one[0].lines.values()]
    assert (both[0].lost, one[0].lost) == (4, 2)

    for shard, names in (
        (Shard(3, 11), ["3-of-11.json"]),
        (Shard(4, 11), ["3-of-11.json", "4-of-11.json"]),
        (Shard(1, 1), ["1-of-1.json"]),
    ):
        store_hits(hits, tmp_path, shard)
        assert sorted(path.name for path in folder.iterdir()) == names
    for text in ('{"scripts": [], "version": 2}', '{"scripts": [', "", "\udcff"):
        (folder / "1-of-1.json").write_text(text, "utf-8", "surrogateescape")
        with pytest.raises(ConfigError, match=r"1-of-1.json: cannot be read, or is of another"):
            read_hits([folder], tmp_path)
    (folder / "1-of-1.json").unlink()
    with pytest.raises(ConfigError, match="there are no hits here"):
        read_hits([folder], tmp_path)


def test_hits_of_another_text_are_refused(hits: ScriptHits, tmp_path: Path) -> None:
    store_hits(hits, tmp_path, Shard(1, 1))
    (tmp_path / "scripts/b.js").write_text(f"{SOURCE}\n", "utf-8")

    with pytest.raises(ConfigError, match=r"scripts/b.js: changed since .* was counted"):
        read_hits([tmp_path / FOLDER], tmp_path)


@pytest.mark.parametrize(
    ("source", "is_named"),
    [("x", True), ("", False), (" \n// x\n/* y\n z */ ", False), ("/* a */ b", True)],
)
def test_a_script_with_nothing_in_it_need_not_be_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, *, is_named: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("b.js", "a.js"):
        (tmp_path / name).write_text(source, "utf-8")
    hits = ScriptHits()
    hits.merge([(name, source, None, 0, source) for name in ("b.js", "a.js", "无此.js")])

    assert list_scripts_without_counters(hits, tmp_path) == (["a.js", "b.js"] if is_named else [])


def test_what_no_run_came_to_was_neither_true_nor_false(tmp_path: Path) -> None:
    text = "if (form.a) {\n  go(form.b || 1);\n  if (form.c) go(2);\n}\nconst d = form.d || 4;\n"
    path = tmp_path / "查.js"
    path.write_text(text, encoding="utf-8")
    source = Script(text, str(path))
    counted = add_counters_to_script(source)
    assert counted is not None
    hits = ScriptHits()
    hits.counts[source] = [
        int(one.line in {1, 5} and one.arm in {"", "else"}) for one in counted.counters
    ]

    (covered,) = cover_scripts(hits, tmp_path)

    assert [
        (one.line, one.arm, one.describe(with_advice=False)) for one in covered.untaken_branches
    ] == [
        (1, "then", "this condition was never true"),
        (2, "||", "no run came here"),
        (3, "then", "no run came here"),
        (3, "else", "no run came here"),
        (5, "||", "what stands before || was always true"),
    ]
