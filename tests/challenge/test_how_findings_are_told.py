"""How `challenge` and `explore` end and what they print of findings, each at its corners."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.challenge.findings import SHOWN, ChallengeResult, Weakness
from bpmax_sim.challenge.judge import MutantVerdict
from bpmax_sim.challenge.mutants import Mutant
from bpmax_sim.challenge.proposals import ExpectLine
from bpmax_sim.cli import challenge, explore
from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.explore.search import Exploration
from bpmax_sim.report.exit_codes import ExitCode

SELF = Place("a.js", 3, 1)


def find(verdict: Any = "differs", **more: Any) -> Weakness:
    return Weakness(**{"place": SELF, "verdict": verdict, "kind": "", "message": "不行", **more})


@pytest.mark.parametrize(
    ("killed", "differs", "least", "strict", "code"),
    [
        (1, 1, None, False, 0), (1, 1, None, True, 1), (2, 0, None, True, 0),
        (1, 1, 50.0, False, 0), (1, 1, 50.1, False, 1), (2, 0, 100.0, False, 0),
        (0, 0, 100.0, False, 0), (0, 2, 0.0, False, 0), (0, 2, 0.1, False, 1),
        (1, 1, 40.0, True, 1), (2, 1, 66.6, False, 0), (2, 1, 66.7, False, 1),
        (1999, 1, 100.0, False, 1),
    ],
)  # fmt: skip
def test_a_challenge_fails_where_it_is_asked_to(
    killed: int, differs: int, least: float | None, strict: bool, code: int
) -> None:
    result = ChallengeResult(
        findings=(find(),) * differs, counts={"killed": killed, "differs": differs}
    )
    assert challenge._choose_exit_code(result, least, strict=strict) == code


@pytest.mark.parametrize(
    ("workers", "least", "most", "told"),
    [
        (0, None, 1, ""), (64, 0.0, 1, ""), (1, 100.0, 9, ""),
        (65, None, 1, "-n 65: expected 1 to 64 processes"),
        (1, -0.1, 1, "--fail-under -0.1: expected 0 to 100"),
        (1, 100.1, 1, "--fail-under 100.1: expected 0 to 100"),
        (1, None, 0, "--max 0: expected a number from 1"),
    ],
)  # fmt: skip
def test_limits_of_a_challenge_are_checked(
    workers: int, least: float | None, most: int, told: str
) -> None:
    if not told:
        challenge._check_options(workers, least, most)
        return
    with pytest.raises(ConfigError) as refused:
        challenge._check_options(workers, least, most)
    assert str(refused.value) == told


@pytest.mark.parametrize(
    ("count", "more"),
    [
        (0, []), (SHOWN, []), (SHOWN + 1, ["1 more finding; --json has all"]),
        (SHOWN + 2, ["2 more findings; --json has all"]),
    ],
)  # fmt: skip
def test_the_first_findings_are_shown_and_the_others_counted(count: int, more: list[str]) -> None:
    lines = [*challenge._format_report([find("unreached")] * count)]

    assert lines == ["a.js:3:1  不行", ""] * min(count, SHOWN) + more


LINE = ExpectLine(
    file="a.scenario.yaml", step=1, expect={"form": {"金额": 800}},
    columns={"金额": {"甲": 800, "乙": 7}},
)  # fmt: skip


@pytest.mark.parametrize(
    ("finding", "lines"),
    [
        (find("unreached", old="x = 1", kills=9), ["    x = 1"]),
        (find("unreached"), []),
        (find("unchanged", old="a", new="b"), ["    a  →  b"]),
        (
            find(old="a", new="b", scenario="付款", step="2", where="form.金额",
                 before="1", after="2"),
            ["    a  →  b", "    付款, step 2: form.金额 1 → 2, and it still passes",
             "    no expectation was found that tells the two"],
        ),
        (
            find(old="a", new="b", before="NaN", is_suspicious=True, kills=2),
            ["    a  →  b", "    , step :  NaN → , and it still passes",
             "    the script itself comes to NaN; is that right?",
             "    2 mistakes go unnoticed so"],
        ),
        (
            find(old="a", new="b", line=LINE, kills=2,
                 scenario_place=Place("a.scenario.yaml", 9, 5),
                 others=(Place("a.js", 7), Place("b.js", 3), Place("c.js", 1))),
            ["    a  →  b", "    , step :   → , and it still passes",
             "    add at a.scenario.yaml:9:5:", "      expect: {form: {金额: 800}}",
             "    with a column 金额 in cases:", "      甲: 800", "      乙: 7",
             "    it notices 2 mistakes, also of lines 7, also at b.js:3, c.js:1"],
        ),
    ],
)  # fmt: skip
def test_a_finding_says_what_differs_and_what_to_add(finding: Weakness, lines: list[str]) -> None:
    assert [*challenge._format_finding(finding)] == ["a.js:3:1  不行", *lines]


def test_findings_and_counts_are_data() -> None:
    result = ChallengeResult(
        counts={"killed": 2, "differs": 1, "limit": 4, "new": 9}, killers={"expectation": 2}
    )
    assert challenge._make_summary_data(result, ExitCode.FAILED) == {
        "killed": 2, "differs": 1, "unreached": 0, "unchanged": 0, "limit": 4, "ignored": 0,
        "killed_by": {"expectation": 2, "error": 0, "miss": 0, "unplayed": 0, "check": 0},
        "score": 66.7, "exit_code": 1,
    }  # fmt: skip
    plain = challenge._make_finding_data(find(same_as=Place("b.js", 1)))
    assert (plain["scenario"], plain["scenario_line"], plain["columns"]) == ("", 0, {})
    assert (plain["same_as"], plain["expect"], plain["kills"]) == ("b.js:1", "", 1)
    data = challenge._make_finding_data(
        find(line=LINE, scenario_place=Place("a.scenario.yaml", 9, 5), where="form.金额", step="2")
    )
    assert (data["scenario"], data["scenario_line"]) == ("a.scenario.yaml", 9)
    assert (data["columns"], data["same_as"]) == ({"金额": {"甲": 800, "乙": 7}}, "")
    assert (data["place"], data["step"], data["line"], data["column"]) == ("form.金额", "2", 3, 1)


def explored(tried: int, refused: str = "") -> Exploration:
    return Exploration(
        node_id="a::付款", name="付款", place=Place("a"), target="a", tried=tried, refused=refused
    )


class Cause:
    """A cause that was found; it is red or not."""

    def __init__(self, *, is_red: bool) -> None:
        self.fails_scenario = is_red


@pytest.mark.parametrize(
    ("explorations", "causes", "code"),
    [
        ([], [], 5), ([explored(0)], [], 5), ([explored(0, "失败")], [], 5),
        ([explored(0), explored(3)], [], 0), ([explored(3)], [False], 0),
        ([explored(3)], [False, True], 1), ([explored(0)], [True], 1),
    ],
)  # fmt: skip
def test_an_exploration_ends_red_where_a_cause_is(
    explorations: Sequence[Exploration], causes: list[bool], code: int
) -> None:
    found: Any = [(Cause(is_red=one), None) for one in causes]
    assert explore._choose_exit_code(explorations, found) == code


class Tried:
    """A challenge of which only the numbers, and the rows of a file, are asked."""

    def __init__(self, possible: int = 0, reused: int = 0) -> None:
        self.possible, self.reused = possible, reused
        place = Place("b.js", 5, 9)
        mutant = Mutant(kind="field-write", place=place, start=0, end=1, old="a", new="b")
        self.numbered = [(number, mutant) for number in range(2)]

    def find_items_of_file(self, file: str) -> list[str]:
        return [f"{file}[甲]", f"{file}[乙]"]


@pytest.mark.parametrize(
    ("done", "possible", "reused", "notes"),
    [
        (2, 2, 0, []), (2, 5, 0, ["tried 2 of 5"]), (0, 1, 0, ["tried 0 of 1"]),
        (2, 2, 2, ["reused 2, ran 0"]), (2, 3, 1, ["tried 2 of 3", "reused 1, ran 1"]),
    ],
)  # fmt: skip
def test_what_was_not_tried_and_what_was_known_is_told_beside_the_findings(
    done: int, possible: int, reused: int, notes: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    unused = Problem("没有起作用", Place("a.js", 9, 1))
    result = ChallengeResult(
        findings=(find("unreached"), find("unreached", same_as=SELF)),
        counts={"killed": 2}, unused=(unused,),
    )  # fmt: skip
    verdicts = [MutantVerdict(verdict="killed", cause="expect")] * done
    tried: Any = Tried(possible, reused)

    challenge._print_findings(tried, result, verdicts, None)
    plain = capsys.readouterr()
    challenge._print_findings(tried, result, verdicts, ExitCode.INTERRUPTED)
    data = capsys.readouterr()

    assert plain.out == "a.js:3:1  不行\n\n"
    told = ["a.js:9:1: 没有起作用", "2 mistakes tried: 2 noticed", *notes]
    assert (plain.err.splitlines(), data.err.splitlines()) == (told, told)
    document = json.loads(data.out)
    assert document["summary"]["exit_code"] == 130
    assert [one["same_as"] for one in document["findings"]] == ["", "a.js:3:1"]
    assert document["mutants"] == [
        {"file": "b.js", "line": 5, "column": 9, "kind": "field-write", "old": "a", "new": "b",
         "verdict": "killed", "cause": "expect"}
    ] * done  # fmt: skip


class Interrupted(Tried):
    """A challenge that somebody stops at the second of its mistakes."""

    is_closed = False

    def judge(self, workers: int) -> Iterator[MutantVerdict]:
        assert workers == (os.cpu_count() or 1)
        try:
            yield MutantVerdict(verdict="killed", cause="expect")
            raise KeyboardInterrupt
        finally:
            self.is_closed = True


@pytest.mark.parametrize("is_json", [False, True])
def test_ctrl_c_reports_what_was_tried_with_the_code_of_an_interruption(
    is_json: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    summarised: list[int] = []

    def summarise(_tried: object, verdicts: Sequence[MutantVerdict]) -> ChallengeResult:
        summarised.append(len(verdicts))
        return ChallengeResult(counts={"killed": len(verdicts)})

    monkeypatch.setattr(challenge, "summarise_verdicts", summarise)
    tried: Any = Interrupted(possible=2)

    with pytest.raises(KeyboardInterrupt):
        challenge._judge_mutants(tried, 0, json=is_json)

    printed = capsys.readouterr()
    assert (summarised, tried.is_closed) == ([1], True)
    assert printed.err.endswith("1 mistake tried: 1 noticed\ntried 1 of 2\n")
    if is_json:
        assert json.loads(printed.out)["summary"]["exit_code"] == 130
    else:
        assert printed.out == ""


def test_a_section_that_cannot_be_kept_takes_no_findings_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".bpmax").write_text("", "utf-8")

    challenge._store_report_section(tmp_path, ChallengeResult())

    assert ".bpmax/sections" in capsys.readouterr().err


def propose(file: str = "a.scenario.yaml", **columns: dict[str, object]) -> Weakness:
    line = ExpectLine(file=file, step=1, expect={"form": {"金额": 800}}, columns=columns)
    return find(line=line, place=Place("a.js", len(columns), 1))


@pytest.mark.parametrize(
    ("findings", "written", "notes"),
    [
        ([], [], []),
        ([find(), propose()], [1], []),
        ([propose()] * (SHOWN + 1), range(SHOWN), []),
        ([propose(金额={"甲": 8}), propose(金额={"甲": 8})], [0, 1], []),
        ([propose(金额={"甲": 8}), propose(金额={"甲": 9})], [0],
         ["a.js:1:1: run this again for its line"]),
        ([propose(金额={"甲": 8}), propose("b.scenario.yaml", 金额={"甲": 9})], [0, 1], []),
        ([propose(金额={"甲": 8}), propose(金额={"甲": 9}), propose(客户={"甲": 9})], [0, 2],
         ["a.js:1:1: run this again for its line"]),
        ([propose(), find(line=propose().line, same_as=SELF)], [0], []),
    ],
)  # fmt: skip
def test_lines_that_are_shown_are_written_and_a_column_once(
    findings: list[Weakness],
    written: Sequence[int],
    notes: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(challenge, "make_edits", lambda line, item, rows: [(line, item, rows)])
    tried: Any = Tried()

    edits: Any = challenge._make_edits(tried, ChallengeResult(findings=tuple(findings)))

    assert [line for line, _, _ in edits] == [findings[number].line for number in written]
    for line, item, rows in edits:
        assert (item, rows) == (f"{line.file}[甲]", tried.find_items_of_file(line.file))
    assert capsys.readouterr().err.splitlines() == notes


def test_data_of_a_finding_are_its_own() -> None:
    finding = find(
        place=Place("a.js", 3, 7), kind="field-write", old="a", new="b",
        scenario_place=Place("a.scenario.yaml", 9), step="2", where="form.金额", before="8",
        after="9", kills=3, is_suspicious=True, line=LINE,
    )  # fmt: skip
    assert challenge._make_finding_data(finding) == {
        "file": "a.js", "line": 3, "column": 7, "verdict": "differs", "kind": "field-write",
        "message": "不行", "old": "a", "new": "b", "scenario": "a.scenario.yaml",
        "scenario_line": 9, "step": "2", "place": "form.金额", "before": "8", "after": "9",
        "expect": finding.expect_yaml, "columns": {"金额": {"甲": 800, "乙": 7}}, "kills": 3,
        "same_as": "", "suspicious": True,
    }  # fmt: skip
