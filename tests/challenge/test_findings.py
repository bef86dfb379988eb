# ruff: noqa: E501 - a finding, one a line
"""Findings of a challenge: which stand for which mistakes, in which order, and how they are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.challenge.findings import (
    KILLERS,
    SHOWN,
    ChallengeResult,
    Weakness,
    _describe_old,
    _describe_replacement,
    describe_counts,
    describe_on_one_line,
    merge_results,
    summarise_verdicts,
)
from bpmax_sim.challenge.ignore_comments import IgnoreCommentIndex
from bpmax_sim.challenge.judge import MutantVerdict, ScriptChallenge
from bpmax_sim.challenge.mutants import Mutant
from bpmax_sim.challenge.page import make_section
from bpmax_sim.challenge.proposals import (
    Divergence,
    ExpectLine,
    differs_only_in_digits,
    find_expect_section,
    insert_line,
    make_edits,
    merge_lines,
    select_and_order_divergences,
    split_list_place,
)
from bpmax_sim.errors import Place, Problem
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.report.sections import SectionFinding
from bpmax_sim.scenario.expect_writer import ExpectEdit
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.table_columns import ColumnEdit
from tests.variant.project import write_project

SCENARIO = """\
version: 1
scenario: 订单
form:
  scripts: {change.编号: submit.js}
  libraries: [names.js]
  fields: {编号: "", 客户: "", 金额: 0, 备注: 无}
steps:
  - {name: 选单, set: {编号: "7"}}
  - {name: 换单, set: {编号: "8"}}
"""
SCRIPT = """\
const 号 = Number(form.编号);
form.客户 = 客户名(号, '甲方');
form.金额 = 号 * 100;
// bpmax-ignore-next field-write: 另有核对
form.备注 = 号 > 7 ? '大单' : '小单';
if (号 > 100) {
  form.备注 = '特大单';
}
"""
LIBRARY = """\
function 客户名(号, 前缀) { return 前缀 + 号; }
function 未用(号) { return 号; }
"""
Challenged = tuple[ScriptChallenge, tuple[MutantVerdict, ...]]


@pytest.fixture(name="judged", scope="module")
def judge_project(tmp_path_factory: pytest.TempPathFactory) -> Challenged:
    root = tmp_path_factory.mktemp("订单")
    path = write_project(root, SCENARIO, submit=SCRIPT, names=LIBRARY)
    ready = ScriptChallenge(load_items(path))
    return ready, tuple(ready.judge())


@pytest.fixture(name="challenged")
def challenge_anew(judged: Challenged) -> Challenged:
    """Return the same of which no comment was used yet."""
    ready, _ = judged
    ready.ignoring = IgnoreCommentIndex(one for target in ready.targets for one in target.ignored)
    return judged


def at(place: Place | None) -> str:
    return f"{Path(place.file).name}:{place.line}:{place.column}" if place else ""


def test_few_findings_stand_for_all_mistakes(challenged: Challenged) -> None:
    result = summarise_verdicts(*challenged)

    assert [
        (at(one.place), one.verdict, one.kind, one.old, to_plain_english(one.new), one.step,
         one.where, one.before, one.after, one.expect_yaml, one.kills, [*map(at, one.others)],
         at(one.same_as))
        for one in result.findings
    ] == [
        ("submit.js:2:18", "differs", "argument", "'甲方'", "'甲方~'", "1", "form.客户", '"甲方7"', '"甲方~7"', "expect: {form: {客户: 甲方7}}", 6, ["names.js:1:0"], ""),
        ("submit.js:5:11", "differs", "code-check", "号 > 7", "true", "1", "form.备注", '"小单"', '"大单"', "expect: {form: {备注: 小单}}", 3, ["submit.js:6:0"], ""),
        ("submit.js:3:1", "differs", "field-write", "form.金额 = 号 * 100", "left out", "1", "form.金额", "700", "0", "expect: {form: {金额: 700}}", 2, [], ""),
        ("submit.js:6:5", "unreached", "unreached", "号 > 100", "", "", "", "", "", "", 2, [], ""),
        ("names.js:2:1", "unreached", "unreached", "function 未用(号) { return 号; }", "", "", "", "", "", "", 1, [], ""),
        ("names.js:1:30", "differs", "argument", "前缀 + 号", "another value", "1", "form.客户", '"甲方7"', '"~"', "expect: {form: {客户: 甲方7}}", 1, [], "submit.js:2:18"),
        ("submit.js:6:5", "differs", "code-check", "号 > 100", "true", "1", "form.备注", '"小单"', '"特大单"', "expect: {form: {备注: 小单}}", 1, [], "submit.js:5:11"),
    ]  # fmt: skip
    assert {(one.scenario, at(one.scenario_place)) for one in result.findings} == {
        ("订单", "订单.scenario.yaml:8:5"), ("", ""),
    }  # fmt: skip
    assert (result.counts, result.killers, result.unused) == (
        {"killed": 1, "differs": 12, "unreached": 3, "unchanged": 3, "ignored": 3},
        {"check": 1},
        (),
    )
    assert result.score_percent == 6.25
    assert len(result.findings_not_solved_by_earlier) == 5
    messages = [to_plain_english(one.message) for one in result.findings[:5]]
    assert messages == [
        "a value that is passed on is another one",
        "a check is always true, never true, or left out",
        "a field is not written, or gets another value",
        "this condition was never true; add a row with 编号 > 100",
        "this function was never called",
    ]


def test_a_finding_is_told_on_one_line_and_on_the_page(challenged: Challenged) -> None:
    result = summarise_verdicts(*challenged)
    place = result.findings[0].scenario_place

    lines = [to_plain_english(describe_on_one_line(result.findings[n])) for n in (0, 2, 3)]
    section = make_section(result)

    assert lines == [
        f"a value that is passed on is another one: '甲方' → '甲方~'; add at {place}: expect: {{form: {{客户: 甲方7}}}}",
        f"a field is not written, or gets another value: form.金额 = 号 * 100 → left out; add at {place}: expect: {{form: {{金额: 700}}}}",
        "this condition was never true; add a row with 编号 > 100: 号 > 100",
    ]
    assert to_plain_english(str(section.summary)) == (
        "5 findings; 6.2 % of the mistakes are noticed; 22 mistakes tried: 1 noticed (1 by another "
        "check), 12 not noticed, 3 never run, 3 without effect, 3 ignored by comments"
    )
    first, *_, last = section.parts
    assert isinstance(first, SectionFinding)
    assert isinstance(last, SectionFinding)
    assert (first.tone, first.paste, last.tone, last.paste) == (
        "failed", "expect: {form: {客户: 甲方7}}", "again", "",
    )  # fmt: skip
    assert [to_plain_english(str(line)) for line in first.lines] == [
        "'甲方'  →  '甲方~'", '订单, step 1: form.客户: "甲方7" → "甲方~7"', f"add at {place}",
    ]  # fmt: skip
    assert last.lines == ("function 未用(号) { return 号; }",)
    assert len(section.parts) == 5


def test_without_a_line_that_is_found_one_finding_stands_for_a_place(
    challenged: Challenged,
) -> None:
    ready, verdicts = challenged
    lineless = tuple(replace(one, line=None) for one in verdicts)

    result = summarise_verdicts(ready, lineless)

    assert [
        (
            at(one.place),
            one.verdict,
            one.where,
            one.kills,
            [*map(at, one.others)],
            one.is_suspicious,
        )
        for one in result.findings
        if one.verdict == "differs"
    ] == [
        ("names.js:1:30", "differs", "form.客户", 6, ["submit.js:2:0"], False),
        ("submit.js:5:11", "differs", "form.备注", 3, ["submit.js:6:0"], False),
        ("submit.js:3:1", "differs", "form.金额", 2, [], False),
    ]
    assert [at(one.place) for one in result.findings if one.verdict == "unreached"] == [
        "submit.js:6:5", "names.js:2:1",
    ]  # fmt: skip
    assert result.findings[0].verdict == "unreached"  # what nothing can be added for comes last


def test_other_lines_are_named_in_order_those_of_the_same_script_first(
    challenged: Challenged,
) -> None:
    ready, verdicts = challenged
    one = MutantVerdict(verdict="differs", divergences=verdicts[3].divergences[:1])

    findings = summarise_verdicts(ready, [one] * len(verdicts)).findings
    [first] = [finding for finding in findings if finding.verdict == "differs"]

    assert (at(first.place), first.kills, [*map(at, first.others)]) == (
        "names.js:1:30", 19,
        ["names.js:2:0", *(f"submit.js:{line}:0" for line in (1, 2, 3, 5, 6, 7))],
    )  # fmt: skip


CAUSES = {
    **dict.fromkeys(("expect", "no_error", "other_error", "always", "never"), "expectation"),
    **dict.fromkeys(("error", "rejection", "pending"), "error"),
    "miss": "miss", "unplayed": "unplayed", "warning": "check", "fault": "check", "": "check",
}  # fmt: skip


@pytest.mark.parametrize("cause", CAUSES)
def test_what_noticed_a_mistake_is_counted(challenged: Challenged, cause: str) -> None:
    ready, _ = challenged
    killed, limit = MutantVerdict(verdict="killed", cause=cause), MutantVerdict(verdict="limit")

    result = summarise_verdicts(ready, [killed, killed, limit])

    assert result.killers == {CAUSES[cause]: 2}
    assert result.counts == {"killed": 2, "limit": 1}
    assert result.score_percent == 100


def test_killers_are_told_in_their_order_and_a_comment_leaves_no_killed_mistake_out(
    challenged: Challenged,
) -> None:
    ready, _ = challenged
    causes = ["fault", "unplayed", "miss", "error", "never"]
    killed = [
        MutantVerdict(verdict="killed", cause=causes[number % 5])
        for number in range(len(ready.numbered))
    ]

    result = summarise_verdicts(ready, killed)

    assert [*result.killers] == [*KILLERS]
    assert result.counts == {"killed": 22}
    assert [at(one.place) for one in result.unused if one.place] == ["submit.js:4:1"]
    assert to_plain_english(describe_counts(result)) == (
        "22 mistakes tried: 22 noticed (4 by an expectation, 4 by an error, 4 by a call that is not "
        "recorded, 5 by a recording that is not played, 5 by another check)"
    )
    assert {one.verdict for one in result.findings} == {"unreached"}
    assert [one.kills for one in result.findings] == [1, 1]


@pytest.mark.parametrize(
    ("counts", "percent", "text"),
    [
        ({}, 100.0, "0 mistakes tried: no script of a scenario has anything to try"),
        ({"killed": 1}, 100.0, "1 mistake tried: 1 noticed"),
        ({"killed": 0, "differs": 1}, 0.0, "1 mistake tried: 1 not noticed"),
        ({"limit": 2}, 0.0, "2 mistakes tried: 2 ended by a limit, so not judged"),
        ({"unchanged": 2, "ignored": 1}, 100.0, "3 mistakes tried: 2 without effect, 1 ignored by comments"),
        ({"killed": 1, "unreached": 2, "differs": 1, "unchanged": 9, "ignored": 9, "limit": 9}, 25.0,
         "31 mistakes tried: 1 noticed, 1 not noticed, 2 never run, 9 without effect, 9 ended by a limit, so not judged, 9 ignored by comments"),
    ],
)  # fmt: skip
def test_counts_are_one_line_and_a_share(counts: Any, percent: float, text: str) -> None:
    result = ChallengeResult(counts=counts)

    assert result.score_percent == percent
    assert to_plain_english(describe_counts(result)) == text


LINE = ExpectLine(file="a.scenario.yaml", step=1, expect={"form": {"金额": 800}})


def weak(number: int, verdict: Any = "differs", /, **fields: Any) -> Weakness:
    usual: dict[str, Any] = {"place": Place("a.js", number, 1), "kind": "guard", "line": LINE}
    return Weakness(verdict=verdict, **{**usual, **fields})


RANKED: dict[str, tuple[list[Weakness], list[tuple[int, str, int]]]] = {
    # findings of several scripts, and (line, verdict, kills) of those that are told
    "by verdict": (
        [weak(1, "unchanged"), weak(2, "unreached"), weak(3)],
        [(3, "differs", 1), (2, "unreached", 1), (1, "unchanged", 1)],
    ),
    "what has a line before what has none": (
        [weak(1, line=None, kills=9), weak(2), weak(3, "unchanged", line=None)],
        [(2, "differs", 1), (3, "unchanged", 1), (1, "differs", 9)],
    ),
    "what kills more first": (
        [weak(1, kills=1), weak(2, kills=3), weak(3, kills=2)],
        [(2, "differs", 3), (3, "differs", 2), (1, "differs", 1)],
    ),
    "by place": ([weak(30), weak(4), weak(11)], [(4, "differs", 1), (11, "differs", 1), (30, "differs", 1)]),
    "one of a line": ([weak(1, "unreached"), weak(1, kills=2), weak(1)], [(1, "differs", 2)]),
    "one of a line in each file": (
        [weak(1, place=Place("b.js", 1, 9)), weak(1)], [(1, "differs", 1), (1, "differs", 1)],
    ),
    "a repeat last": (
        [weak(1, same_as=Place("a.js", 2), kills=9), weak(2)], [(2, "differs", 1), (1, "differs", 9)],
    ),
    "a repeat of a line that has a finding": (
        [weak(2, same_as=Place("a.js", 1)), weak(1), weak(2)], [(1, "differs", 1), (2, "differs", 1)],
    ),
    "a repeat of a line that is never run": (
        [weak(2, same_as=Place("a.js", 1)), weak(1), weak(2, "unreached")],
        [(1, "differs", 1), (2, "unreached", 1), (2, "differs", 1)],
    ),
    "two repeats of a line": (
        [weak(2, same_as=Place("a.js", 1)), weak(1), weak(2, same_as=Place("a.js", 1), kills=2)],
        [(1, "differs", 1), (2, "differs", 2)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RANKED)
def test_the_most_useful_finding_of_several_scripts_is_first(name: str) -> None:
    findings, expected = RANKED[name]
    results = [ChallengeResult(findings=(one,)) for one in findings]

    merged = merge_results(results)

    assert [(one.place.line, one.verdict, one.kills) for one in merged.findings] == expected


def test_results_of_several_scripts_are_added() -> None:
    one, two = (Problem("x", Place("a.js", line)) for line in (1, 2))
    merged = merge_results(
        [
            ChallengeResult(counts={"killed": 2, "limit": 1}, killers={"miss": 2}, unused=(one,)),
            ChallengeResult(counts={"killed": 3, "differs": 4}, killers={"miss": 1, "error": 2}),
            ChallengeResult(unused=(two,)),
        ]
    )

    assert merged == ChallengeResult(
        counts={"killed": 5, "limit": 1, "differs": 4}, killers={"miss": 3, "error": 2},
        unused=(one, two),
    )  # fmt: skip
    assert merge_results([]) == ChallengeResult()


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (1, 1), (SHOWN, SHOWN), (SHOWN + 1, SHOWN)])
def test_the_page_shows_twenty_findings_and_counts_all(count: int, shown: int) -> None:
    result = ChallengeResult(
        findings=(*map(weak, range(count)), weak(99, same_as=Place("a.js", 1))),
        counts={"killed": 1, "differs": 2},
    )

    section = make_section(result)

    assert len(section.parts) == shown
    plural = "finding" if count == 1 else "findings"
    assert to_plain_english(str(section.summary)).startswith(
        f"{count} {plural}; 33.3 % of the mistakes are noticed; 3 mistakes tried: "
    )


def test_the_columns_to_add_are_told_by_row() -> None:
    line = replace(LINE, columns={"客户": {"甲": "1号", "乙": True}, "备注": {"甲": "a: b"}})
    finding = weak(1, line=line, old="x", scenario_place=Place("a.scenario.yaml", 8, 5))

    assert finding.columns_yaml == {"客户": {"甲": '"1号"', "乙": "true"}, "备注": {"甲": '"a: b"'}}
    assert (weak(1, line=None).columns_yaml, weak(1, line=None).expect_yaml) == ({}, "")
    [part] = make_section(ChallengeResult(findings=(finding,))).parts
    assert isinstance(part, SectionFinding)
    assert [to_plain_english(str(text)) for text in part.lines] == [
        "x", "add at a.scenario.yaml:8:5", 'with a column 客户: 甲: "1号", 乙: true',
        'with a column 备注: 甲: "a: b"',
    ]  # fmt: skip


# ---------------------------------------------------------------------- lines of expect


@pytest.mark.parametrize(
    ("place", "section", "split"),
    [
        ("form.phone", "form", ("form.phone", 0, "")),
        ("form.a[0].b", "form", ("form.a", 0, "b")),
        ("calls[0].body", "calls", ("calls", 0, "body")),
        ("calls[12].header.x", "calls", ("calls", 12, "header.x")),
        ("flow.log[3].node", "flow", ("flow.log", 3, "node")),
        ("calls[0]", "calls", ("calls[0]", 0, "")),
        ("calls[x].a", "calls", ("calls[x].a", 0, "")),
        ("result", "result", ("result", 0, "")),
        ("", "", ("", 0, "")),
    ],
)
def test_a_place_has_a_section_and_a_part_of_a_list(
    place: str, section: str, split: tuple[str, int, str]
) -> None:
    assert find_expect_section(place) == section
    assert split_list_place(place) == split


def differing(place: str, number: int = 0, step: str = "1", first: Any = "甲") -> Divergence:
    return Divergence(number, step, place, first, "乙")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], []),
        (
            ["console[0].text", "errors[0].code", "flow.at", "calls[0].body", "result",
             "messages[0].text", "fields.a.required", "form.a", "skipped"],
            ["form.a", "fields.a.required", "messages[0].text", "result", "calls[0].body",
             "flow.at", "errors[0].code", "console[0].text", "skipped"],
        ),
        (["flow.log[0].node", "skipped", "flow.at"], ["flow.at", "skipped", "flow.log[0].node"]),
    ],
)  # fmt: skip
def test_what_a_reader_understands_best_is_first(given: list[str], expected: list[str]) -> None:
    found = select_and_order_divergences([differing(place) for place in given])

    assert [one.place for one in found] == expected


def test_one_difference_of_an_item_and_place_counts_and_a_mistake_or_an_inner_step_last() -> None:
    given = [
        differing("form.a", step="1.1"), differing("form.b", first=""), differing("form.c"),
        differing("form.c", step="2"), differing("form.c", 1), differing("form.d", step="3.1"),
    ]  # fmt: skip

    found = select_and_order_divergences(given)

    assert [(one.place, one.baseline_number, one.step) for one in found] == [
        ("form.c", 0, "1"), ("form.c", 1, "1"), ("form.a", 0, "1.1"), ("form.d", 0, "3.1"),
        ("form.b", 0, "1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "is_alike"),
    [
        ("2026-11-30", "2025-10-31", True),
        ("2026-11-30", "2026-11-3", False),
        ("2026-11-30", "2026/11/30", False),
        ("DD-1", "DD-2", False),
        ("20261130", 20261130, False),
        (20261130, "20261130", False),
        (UNSET, "20261130", False),
        ("a" * 8, "a" * 8, True),
    ],
)
def test_texts_that_differ_in_digits_alone(first: Any, second: Any, *, is_alike: bool) -> None:
    assert differs_only_in_digits(Divergence(0, "1", "form.a", first, second)) is is_alike


def proposed(**fields: Any) -> ExpectLine:
    return ExpectLine(**{"file": "a.scenario.yaml", "step": 2, **fields})


MERGED: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any] | None]] = {
    "two fields": (
        {"expect": {"form": {"a": 1}}, "places": ("form.a",)},
        {"expect": {"form": {"b": 2}}, "places": ("form.b",)},
        {"expect": {"form": {"a": 1, "b": 2}}, "places": ("form.a", "form.b")},
    ),
    "two sections and an error": (
        {"expect": {"form": {"a": 1}}}, {"expect": {"result": 1}, "error": {"code": "X"}},
        {"expect": {"form": {"a": 1}, "result": 1}, "error": {"code": "X"}},
    ),
    "one value": ({"expect": {"result": 1}}, {"expect": {"result": 1}}, {"expect": {"result": 1}}),
    "two values": ({"expect": {"result": 1}}, {"expect": {"result": 2}}, None),
    "two errors": ({"error": {"code": "X"}}, {"error": {"code": "Y"}}, None),
    "two columns": (
        {"columns": {"a": {"甲": 1}}}, {"columns": {"b": {"甲": 2}}},
        {"columns": {"a": {"甲": 1}, "b": {"甲": 2}}},
    ),
    "one column twice": ({"columns": {"a": {"甲": 1}}}, {"columns": {"a": {"甲": 1}}}, None),
    "the second of two columns twice": (
        {"columns": {"a": {}, "b": {}}}, {"columns": {"c": {}, "b": {}}}, None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MERGED)
def test_two_lines_are_one_where_they_do_not_contradict(name: str) -> None:
    first, second, expected = MERGED[name]

    merged = merge_lines(proposed(**first), proposed(**second))

    assert merged == (None if expected is None else proposed(**expected))


def test_a_line_is_told_by_the_keys_of_its_step() -> None:
    both = proposed(expect={"result": 1}, error={"code": "X"})

    assert both.expect_as_step_keys == {"expect": {"result": 1}, "expect_error": {"code": "X"}}
    assert proposed(error={"code": "X"}).expect_as_step_keys == {"expect_error": {"code": "X"}}
    assert proposed().expect_as_step_keys == {}


TABLE = """\
version: 1
scenario: 订单
CASES
form: {scripts: {change.编号: submit.js}, fields: {编号: "", 客户: ""}}
proxy: {stubs: [{on: erp.get_order, body: {customer: 张三}}]}
steps:
  - {set: {编号: "1"}}
  - {set: {编号: "2"}, expect: {form: {客户: 张三}, proxy: [{call: erp.getOrder}]}}
"""
IN_FILE = "cases: [{id: 甲, 编号: '1'}, {id: 乙, 编号: '2'}, {id: 丙, 编号: '3'}]"


@pytest.mark.parametrize(
    ("cases", "id_column"),
    [
        (IN_FILE, ""),
        ("cases: {from: 订单.csv}", "id"),
        ("cases: {from: 订单.csv, id: 名称}", "名称"),
        ("", ""),
    ],
)
@pytest.mark.parametrize("columns", [{}, {"客户": {"甲": "张", "乙": "李", "丙": "王"}}])
def test_a_line_is_written_into_its_step_and_its_columns_into_each_row(
    tmp_path: Path, cases: str, id_column: str, columns: dict[str, Any]
) -> None:
    path = write_project(tmp_path, TABLE.replace("CASES\n", cases and f"{cases}\n"), submit="")
    path.with_name("订单.csv").write_text(
        f"{id_column or 'id'},编号\n甲,1\n乙,2\n丙,3\n", encoding="utf-8"
    )
    items = load_items(path)
    line = proposed(expect={"form": {"客户": "张三"}}, columns=columns)

    first, *rest = make_edits(line, items[0], items)

    assert isinstance(first, ExpectEdit)
    assert (first.path, first.steps, first.is_merged) == (path, ("steps", 1), True)
    assert first.keys == {"expect": {"form": {"客户": "张三"}}}
    if not columns or not cases:
        assert rest == []
    elif id_column:
        assert rest == [ColumnEdit(path.with_name("订单.csv"), id_column, columns)]
    else:
        assert rest == [
            ExpectEdit(path, ("cases", number), {"客户": name})
            for number, name in enumerate("张李王")
        ]


INSERTED: dict[str, tuple[dict[str, Any], dict[str, Any] | None]] = {
    # what a line adds to the second step, and form, proxy and row then; None where it contradicts
    "another field": (
        {"expect": {"form": {"编号": "2"}}}, {"form": {"客户": "张三", "编号": "2"}},
    ),
    "the same": ({"expect": {"form": {"客户": "张三"}}}, {"form": {"客户": "张三"}}),
    "another value": ({"expect": {"form": {"客户": "李四"}}}, None),
    "another section": ({"expect": {"result": 1}}, {"form": {"客户": "张三"}, "result": 1}),
    "the call": (
        {"expect": {"proxy": [{"call": "erp.getOrder", "path": {"id": "2"}}]}}, {"form": {"客户": "张三"}},
    ),
    "a call more": ({"expect": {"proxy": [{"call": "erp.getOrder"}] * 2}}, None),
    "a value and one that contradicts": ({"expect": {"result": 1, "form": {"客户": ""}}}, None),
    "an error": ({"error": {"code": "X", "from": "script"}}, {"form": {"客户": "张三"}}),
}  # fmt: skip


@pytest.mark.parametrize("name", INSERTED)
def test_a_line_is_tried_in_its_step_alone(tmp_path: Path, name: str) -> None:
    fields, expected = INSERTED[name]
    item = load_items(write_project(tmp_path, TABLE.replace("CASES", IN_FILE), submit=""))[1]
    columns = {"客户": {"甲": "张", "乙": "李"}, "备注": {"甲": "x"}}

    changed = insert_line(item, proposed(**fields, columns=columns))

    if expected is None:
        assert changed is None
        return
    assert changed is not None
    assert changed.steps[0] == item.steps[0]
    expect = changed.steps[1].step.expect
    assert (expect.form, expect.result) == (expected["form"], expected.get("result", UNSET))
    assert changed.row is not None
    assert changed.row.values == {"id": "乙", "编号": "2", "客户": "李", "备注": None}
    error: Any = changed.steps[1].step.expect_error
    assert name != "an error" or (error.code, error.source) == ("X", "script")
    calls: Any = expect.proxy
    assert name != "the call" or calls[0].path == {"id": "2"}


def mutant(kind: str, new: str, old: str = "x", about: str = "") -> Mutant:
    return Mutant(
        kind=kind, place=Place("a.js", 1), start=0, end=1, old=old, new=new, about=about
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "new", "old", "about", "shown"),
    [
        ("field-write", "void (1)", "form.a = 1", "a", ("form.a = 1", "left out")),
        ("field-write", "'~'", "'甲'", "a", ("'甲'", "'~'")),
        ("field-write", "(v => v)(1)", "1", "a", ("1", "another value")),
        ("field-state", "...{}", "a: true", "a", ("a: true", "left out")),
        ("message", "'~'", "'错'", "a", ("'错'", "'~'")),
        ("body-member", "...{}", "a: 1", "crm.a", ("a: 1", "left out")),
        ("guard", ";", "return;", "", ("return;", "left out")),
        ("guard", "return;", "return false;", "", ("return false;", "return;")),
        ("call", "void 0", "$proxy('a').b()", "a.b", ("$proxy('a').b()", "left out")),
        ("error-swallowed", "{}", "{ f(); }", "", ("{ f(); }", "its error is swallowed")),
        (
            "loop",
            "for …",
            "for (a of b) { f(); }",
            "for (a of b)",
            ("for (a of b)", "its first turn alone"),
        ),
        ("argument", "'甲~'", "'甲'", "f", ("'甲'", "'甲~'")),
        ("args-swap", "b,\n  a", "a,\n  b", "f", ("a, b", "b, a")),
        ("comparison", "x" * 60, "x" * 61, "", ("x" * 59 + "…", "x" * 60)),
    ],
)
def test_a_mistake_is_shown_by_what_it_is(
    kind: str, new: str, old: str, about: str, shown: tuple[str, str]
) -> None:
    one = mutant(kind, new, old, about)

    assert (_describe_old(one), to_plain_english(_describe_replacement(one))) == shown


SOUND = """\
version: 1
scenario: 订单
form: {scripts: {change.编号: submit.js}, fields: {编号: "", 客户: "", 备注: 无}}
steps:
  - {set: {编号: "7"}, expect: {form: {客户: 小, 备注: 无}}}
  - {set: {编号: "12"}, expect: {form: {客户: 大, 备注: 无}}}
"""
SIZE = "form.客户 = Number(form.编号) > 9 ? '大' : '小';\n"
NINE = "no row where Number(form.编号) = 9, so that > may be off by one; add a row with 编号 = 9"
INPUTS: dict[str, tuple[str, list[tuple[int, str, str]]]] = {
    # a script in which mistakes have no effect, and line, kind and what all rows lack
    "a fallback": (
        f"{SIZE}const 备 = form.备注 || '缺省';\nform.备注 = 备;\n",
        [
            (1, "comparison", NINE),
            (2, "fallback", "no row where form.备注 is missing, so nobody needs the fallback"),
            (
                3,
                "field-write",
                "form.备注 had this value already in every run; add a row where it has another",
            ),
        ],
    ),
    "a loop": (
        f"{SIZE}let 次 = 0;\ndo {{ 次++; }} while (form.备注 === '再');\n",
        [
            (1, "comparison", NINE),
            (3, "loop", "this loop never ran a second time; add a row with 备注 = '再'"),
        ],
    ),
    "a check that is stored": (
        f"{SIZE}const 是 = form.备注 === '无';\n",
        [
            (1, "comparison", NINE),
            (2, "code-check", "this condition was always true; add a row with 备注 ≠ '无'"),
        ],
    ),
    "two boundaries": (
        "const 号 = Number(form.编号);\nif (号 > 9) form.客户 = '大';\nif (号 <= 9) form.客户 = '小';\n",
        [
            (
                2,
                "comparison",
                "no row where 号 = 9, so that > may be off by one; add a row with 编号 = 9",
            ),
            (
                3,
                "comparison",
                "no row where 号 = 9, so that <= may be off by one; add a row with 编号 = 9",
            ),
        ],
    ),
    "two fields": (
        "form.客户 = Number(form.编号) > form.备注.length + 8 ? '大' : '小';\n",
        [
            (
                1,
                "comparison",
                "no row where Number(form.编号) = form.备注.length + 8, so that > may be off by one",
            )
        ],
    ),
    "nothing": (f"{SIZE.replace('>', '===').replace('9', '12')}", []),
}


@pytest.mark.parametrize("name", INPUTS)
def test_an_input_that_all_rows_lack_is_asked_for(tmp_path: Path, name: str) -> None:
    script, expected = INPUTS[name]
    ready = ScriptChallenge(load_items(write_project(tmp_path, SOUND, submit=script)))

    result = summarise_verdicts(ready, [*ready.judge()])

    assert [
        (one.place.line, one.kind, to_plain_english(one.message)) for one in result.findings
    ] == expected
    assert {one.verdict for one in result.findings} <= {"unchanged"}
