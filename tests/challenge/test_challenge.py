"""A project is challenged: what becomes of each mistake, and the line that is missing."""

from __future__ import annotations

import gc
import tracemalloc
from collections import UserDict
from pathlib import Path

import pytest

from bpmax_sim.challenge.findings import ChallengeResult, Weakness, summarise_verdicts
from bpmax_sim.challenge.judge import ScriptChallenge
from bpmax_sim.challenge.proposals import insert_line
from bpmax_sim.scenario.load import load_items
from bpmax_sim.variant.run import BaselineError, Variant, run_variant
from tests.variant.project import write_project

SCENARIO = """\
version: 1
scenario: 订单
form:
  scripts: {change.编号: submit.js}
  libraries: [names.js]
  fields: {编号: "", 客户: "", 金额: 0, 等级: "", 备注: ""}
proxy:
  stubs:
    - {on: erp.get_order, body: {customer: 张三, amount: 800, phone: "13800138000"}}
    - {on: erp.create_order, body: {id: 1}}
steps:
  - name: 选单
    set: {编号: "7"}
    expect: {form: {客户: 张三}}  # 名称一定要对
"""
SCRIPT = """\
const order = await $proxy('erp').getOrder(form.编号);
form.客户 = order.customer;
form.金额 = order.amount;
form.等级 = grade(order.amount, 1);
if (order.amount > 1000) form.备注 = '大额';
await $proxy('erp').createOrder({customer: order.customer, phone: order.phone});
"""
LIBRARY = "function grade(amount, least) { return amount >= least ? '甲' : '乙'; }\n"


def _challenge(folder: Path, scenario: str = SCENARIO, script: str = SCRIPT) -> ScriptChallenge:
    return ScriptChallenge(
        load_items(write_project(folder, scenario, submit=script, names=LIBRARY))
    )


def _result(challenge: ScriptChallenge, workers: int = 1) -> ChallengeResult:
    return summarise_verdicts(challenge, list(challenge.judge(workers)))


def _finding(result: ChallengeResult, line: int, file: str = "submit.js") -> Weakness:
    return next(one for one in result.findings
                if (one.place.line, Path(one.place.file).name) == (line, file))  # fmt: skip


def test_each_verdict_has_its_place_and_its_line(tmp_path: Path) -> None:
    result = _result(_challenge(tmp_path))
    amount = _finding(result, 3)
    assert (amount.verdict, amount.where, amount.before) == ("differs", "form.金额", "800")
    assert amount.expect_yaml == "expect: {form: {金额: 800}}"
    assert _finding(result, 4).expect_yaml == "expect: {form: {等级: 甲}}"
    sent = _finding(result, 6)
    assert sent.verdict == "differs"
    assert sent.line is not None
    assert sent.line.expect["proxy"] == [
        {"call": "erp.getOrder"},
        {"call": "erp.createOrder", "body": {"customer": "张三", "phone": "13800138000"}},
    ]
    condition = _finding(result, 5)
    assert (condition.verdict, condition.kills) == ("unreached", 2)
    assert "never true" in condition.message
    assert _finding(result, 1).expect_yaml == (
        'expect: {proxy: [{call: erp.getOrder, path: {id: "7"}}, {call: erp.createOrder}]}'
    )
    assert _finding(result, 1, "names.js").verdict == "unreached"
    assert result.counts["killed"] >= 2


def test_a_line_that_is_shown_passes_on_the_script_and_fails_on_the_mutant(tmp_path: Path) -> None:
    challenge = _challenge(tmp_path)
    (baseline,) = challenge.baselines
    for (target, mutant), judgement in zip(challenge.numbered, challenge.judge(), strict=True):
        if judgement.line is None:
            continue
        item = insert_line(baseline.item, judgement.line)
        assert run_variant(baseline, Variant(item=item)).is_passed
        text = {target.name: mutant.apply(target.data)}
        assert not run_variant(baseline, Variant(item=item, scripts=text)).is_passed


BARE = """\
version: 1
scenario: 订单
form:
  scripts: {change.编号: submit.js}
  libraries: [names.js]
  fields: {编号: "", 客户: "", 备注: 无}
"""
STEPS = 'steps:\n  - set: {编号: "7"}\n'
ROWS = BARE + STEPS.replace('"7"', '"${case.编号}"')
CASES = 'cases:\n  - {id: 甲, 编号: "1"}\n  - {id: 乙, 编号: "2"}\n'


def test_a_value_that_differs_by_row_becomes_a_column(tmp_path: Path) -> None:
    script = "form.客户 = form.编号 + '号';\n"
    result = _result(_challenge(tmp_path, ROWS + CASES, script))
    finding = _finding(result, 1)
    assert finding.line is not None
    assert finding.expect_yaml == 'expect: {form: {客户: "${case.客户}"}}'
    assert finding.line.columns == {"客户": {"甲": "1号", "乙": "2号"}}


def test_a_column_that_there_is_already_is_taken(tmp_path: Path) -> None:
    script = "form.客户 = form.编号;\n"
    finding = _finding(_result(_challenge(tmp_path, ROWS + CASES, script)), 1)
    assert finding.line is not None
    assert (finding.expect_yaml, finding.line.columns) == (
        'expect: {form: {客户: "${case.编号}"}}',
        {},
    )


TABLE, VISITS = ROWS + CASES, BARE + 'steps:\n  - set: {编号: "1"}\n  - set: {编号: "2"}\n'
SECOND_LINES = {
    "in another step": (
        VISITS,
        "if (甲) form.客户 = '张三'; else form.备注 = 乙 ? '加急' : '';",
        {"expect: {form: {备注: 加急}}", "expect: {form: {客户: 张三}}"},
    ),
    "with a column of the same name": (
        TABLE,
        "form.$required.备注 = 甲; form.$required.客户 = 乙;",
        {
            'expect: {fields: {备注: {required: "${case.required}"}}}',
            'expect: {fields: {客户: {required: "${case.required}"}}}',
        },
    ),
}
"""Scenario, last line of a script, and the two lines of ``expect`` that its mutants need."""


@pytest.mark.parametrize("name", SECOND_LINES)
def test_what_a_second_expectation_of_a_script_line_notices_elsewhere_has_a_finding(
    tmp_path: Path, name: str
) -> None:
    scenario, last, lines = SECOND_LINES[name]
    script = f"const 甲 = form.编号 === '1';\nconst 乙 = form.编号 === '2';\n{last}\n"
    result = _result(_challenge(tmp_path, scenario, script))

    found = [one for one in result.findings if one.place.file.endswith("submit.js")]
    assert {one.place.line for one in found} == {1, 2, 3}
    shown = {str(one.place): one.expect_yaml for one in found if one.same_as is None}
    assert {*shown.values()} == lines
    for one in found:
        assert one.same_as is None or shown[str(one.same_as)] == one.expect_yaml


def test_a_mistake_in_a_library_is_named_with_its_file(tmp_path: Path) -> None:
    finding = _finding(_result(_challenge(tmp_path)), 4)

    assert finding.line is not None
    assert [(Path(one.file).name, one.line, one.column) for one in finding.others] == [
        ("names.js", 1, 0)
    ]


STATES = [
    ("form.$required.备注 = false;", "备注.required", "{required: false}"),
    ("form.$visible.备注 = true;", "备注.visible", "{visible: true}"),
    ("form.$readonly.备注 = false;", "备注.readonly", "{readonly: false}"),
    ("form.$required = {备注: false};", "备注.required", "{required: false}"),
    ("form.$options.备注 = undefined;", "备注.options", '{options: {"$exists": false}}'),
    ("form.$required['明细.数量'] = false;", "明细.数量.required", "{required: false}"),
]
FIRST = """\
form.$required.备注 = form.$readonly.备注 = form.$required['明细.数量'] = true;
form.$visible.备注 = false;
form.$options.备注 = ['无', '有'];
if (form.编号 === '1') return;
"""


@pytest.mark.parametrize(("script", "place", "line"), STATES)
def test_a_state_that_is_again_what_it_was_at_first_is_expected_by_its_value(
    tmp_path: Path, script: str, place: str, line: str
) -> None:
    field, before = place.rpartition(".")[0], line.rsplit(maxsplit=1)[-1].rstrip("}")
    scenario = BARE.replace("备注: 无", "备注: 无, 明细: []") + (
        'steps:\n  - set: {编号: "1"}\n  - set: {编号: "2"}\n'
    )
    finding = _finding(_result(_challenge(tmp_path, scenario, FIRST + script)), 5)
    assert (finding.step, finding.where) == ("2", f"fields.{place}")
    assert finding.before == ("(absent)" if "options" in line else before)
    assert finding.expect_yaml == f"expect: {{fields: {{{field}: {line}}}}}"
    assert not finding.is_suspicious


def test_a_state_that_is_as_at_first_in_one_row_becomes_a_column(tmp_path: Path) -> None:
    script = "form.$required.备注 = form.编号 === '1';\n"
    finding = _finding(_result(_challenge(tmp_path, ROWS + CASES, script)), 1)
    assert finding.line is not None
    assert finding.expect_yaml == 'expect: {fields: {备注: {required: "${case.required}"}}}'
    assert finding.line.columns == {"required": {"甲": True, "乙": False}}


def test_a_field_that_a_row_leaves_empty_is_part_of_a_column(tmp_path: Path) -> None:
    script = "if (form.编号 === '1')\n  form.客户 = '甲';\n"
    finding = _finding(_result(_challenge(tmp_path, ROWS + CASES, script)), 2)
    assert finding.line is not None
    assert finding.line.columns == {"客户": {"甲": "甲", "乙": ""}}


READ = "const order = await $proxy('erp').getOrder(form.编号);\n"
STUB = "    - {on: erp.create_order, body: {id: 1}}\n"
FROM_INPUT = [
    ("const good = order.amount === 800;\nform.备注 = good;", "erp.getOrder with amount ≠ 800"),
    ("const bad = !(order.amount === 800);\nform.备注 = bad;", "erp.getOrder with amount ≠ 800"),
    ("const isNine = () => form.编号 === '9';\nform.备注 = isNine();", "编号 = '9'"),
]


@pytest.mark.parametrize(("script", "reach"), FROM_INPUT)
def test_what_no_input_comes_to_is_named_by_the_input(
    tmp_path: Path, script: str, reach: str
) -> None:
    text = f"{READ}{script}\nform.客户 = order.customer;\n"
    result = _result(_challenge(tmp_path, SCENARIO.replace(STUB, ""), text))
    assert any(reach in one.message for one in result.findings if one.place.line == 2)


LACKING = [
    # the line where a mistake would matter, and what no run shows; "" where one does
    ("form.客户 = 差(form.金额, 0) || order.customer;", "form.金额 and 0 were the same"),
    ("form.客户 = 差(form.金额, 1) || order.customer;", ""),
    ("form.备注 = '';\nform.客户 = order.customer;", "form.备注 had this value already"),
    ("form.客户 = '大额'; form.客户 = order.customer;", ""),
    ("form.客户 = [order.customer].join('、');", "[order.customer] had one element at most"),
    ("form.客户 = order.customer + [].join('、');", "[] had one element at most"),
    ("form.客户 = order.customer.replaceAll(' ', '');", "' ' was in order.customer in no run"),
    ("form.客户 = order.customer.split('/')[0];", "'/' was in order.customer in no run"),
    ("form.客户 = order.customer.trim().split('/')[0];", ""),
]  # fmt: skip
DIFFERENCE = "function 差(a, b) { return (a - b) ** 2 === 1 ? 0 : a - b; }\n"


@pytest.mark.parametrize(("script", "lacks"), LACKING)
def test_input_for_which_a_mistake_would_matter_is_asked_for(
    tmp_path: Path, script: str, lacks: str
) -> None:
    text = f"{READ}{script}\n{DIFFERENCE}"
    found = _result(_challenge(tmp_path, SCENARIO.replace(STUB, ""), text))
    said = [one.message for one in found.findings if one.place.line == 2]
    assert [text for text in said if lacks in text] if lacks else not said


def test_a_member_that_no_answer_had_is_asked_for(tmp_path: Path) -> None:
    sent = "await $proxy('erp').createOrder({\n  a: order.fax,\n  b: order.phone,\n});"
    found = _result(_challenge(tmp_path, SCENARIO, f"{READ}form.客户 = order.customer;\n{sent}"))
    said = {one.place.line: one.message for one in found.findings if one.verdict == "unchanged"}
    assert said == {4: "order.fax was missing in every answer; add one that has it"}


SEEN_IN_PART = [
    ("form.备注 = `2026-0${3}-31`;", "{$matches: '^2026-0.-..$'}", '"2026-03-31"'),
    ("let t = ''; for (const a of ['甲', '乙']) t += a; form.备注 = t;", "{$contains: 甲}", "甲乙"),
]  # fmt: skip


@pytest.mark.parametrize(("script", "known", "value"), SEEN_IN_PART)
def test_what_is_seen_in_part_is_changed_in_the_rest(
    tmp_path: Path, script: str, known: str, value: str
) -> None:
    expect = f"    expect: {{form: {{备注: {known}}}}}\n"
    scenario = f"{BARE}clock: '2026-03-02T09:00:00+08:00'\n{STEPS}{expect}"
    finding = _finding(_result(_challenge(tmp_path, scenario, script)), 1)
    assert (finding.verdict, finding.expect_yaml) == (
        "differs",
        f"expect: {{form: {{备注: {value}}}}}",
    )


def test_what_a_list_is_sorted_by_has_no_boundary(tmp_path: Path) -> None:
    script = "form.备注 = [3, 1].sort((a, b) => (a > b ? 1 : -1)).join();\n"
    findings = _result(_challenge(tmp_path, BARE + STEPS, script)).findings
    assert all(one.kind != "comparison" for one in findings)


def test_a_refusal_that_is_none_any_more_is_noticed(tmp_path: Path) -> None:
    scenario = (
        BARE.replace("change.编号", "submit")
        + "steps:\n  - submit: {}\n    expect: {messages: [无]}"
    )
    script = "form.$message = '无';\nreturn false;\n"
    finding = _finding(_result(_challenge(tmp_path, scenario, script)), 2)
    assert finding.expect_yaml == "expect: {result: false}"


@pytest.mark.parametrize("value", ["''", "String(undefined)", "`${{}}！`", "'共 ' + NaN + ' 元'"])
def test_what_looks_like_a_mistake_is_flagged_and_never_expected(
    tmp_path: Path, value: str
) -> None:
    result = _result(_challenge(tmp_path, BARE + STEPS, f"form.备注 = {value};\n"))
    finding = _finding(result, 1)
    assert (finding.verdict, finding.line, finding.is_suspicious) == ("differs", None, True)


def test_a_comment_leaves_a_finding_out_and_an_unused_one_is_told(tmp_path: Path) -> None:
    script = SCRIPT.replace(
        "form.金额 =", "// bpmax-ignore-next field-write, member-name: 另有对账\nform.金额 ="
    ).replace("form.客户 =", "// bpmax-ignore-next guard: 没有\nform.客户 =")
    result = _result(_challenge(tmp_path, script=script))
    assert result.counts["ignored"] == 3
    assert not any(one.where == "form.金额" for one in result.findings)
    assert [problem.place.line for problem in result.unused if problem.place] == [2]


@pytest.mark.parametrize(("kind", "is_told"), [("unreached", False), ("guard", True)])
def test_a_comment_leaves_a_branch_out_that_nothing_takes(
    tmp_path: Path, kind: str, *, is_told: bool
) -> None:
    script = f"// bpmax-ignore-next {kind}: 另有\nif (form.编号 === '无') {{\n  f();\n}}\n"
    result = _result(_challenge(tmp_path, BARE + STEPS, script))

    own = [one.kind for one in result.findings if one.place.file.endswith("submit.js")]
    assert own == ["unreached"] * is_told
    assert len(result.unused) == is_told


def test_findings_are_the_same_in_the_same_order_for_any_number_of_workers(tmp_path: Path) -> None:
    challenge = _challenge(tmp_path)
    assert _result(challenge, 1).findings == _result(challenge, 3).findings


class ChangingVariables(UserDict[str, str]):
    """An environment whose variables are other ones each time."""

    def __getitem__(self, name: str) -> str:
        self.data[name] = f"{self.data.get(name, '')}1"
        return self.data[name]

    def __contains__(self, name: object) -> bool:
        return True


def test_it_refuses_to_start_where_a_scenario_flickers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDER_NO", "1")
    scenario = SCENARIO.replace('编号: "7"', '编号: "${env.ORDER_NO}"')
    path = write_project(tmp_path, scenario, submit=SCRIPT, names=LIBRARY)
    says = r"two runs of it differ: step 1, .*; set clock: and seed:, or mend"
    with pytest.raises(BaselineError, match=says):
        ScriptChallenge(load_items(path), ChangingVariables())


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("客户: 张三}}", "客户: 李四}}", "does not pass"),
        ("customer: 张三", "customer: 李四", "pass"),
    ],
)
def test_it_refuses_to_start_where_a_scenario_is_red(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    with pytest.raises(BaselineError, match=says):
        _challenge(tmp_path, SCENARIO.replace(old, new))


ENDLESS = [
    "while (true) { if (form.编号 === '7') break; }",
    "let n = 0; while (n < 3) { n = n + (form.编号 === '7' ? 1 : 0); }",
    "const f = async k => { if (k === 0) return; await null; await f(k - 1); }; await f(3);",
    (
        "const w = () => new Promise(r => setTimeout(r, 10));\n"
        "for (let d = false; !d;) { await w(); d = form.编号 === '7' ? true : false; }"
    ),
    "for (let n = 0; ; n++) { await $proxy('erp').getOrder('7'); if (n === 2) break; }",
    "let c = 2; do { c = c === 2 ? 1 : 0; } while (c);",
    "const q = [1, 2]; while (q.length) { if (q[0] === 9) continue; q.shift(); }",
]


@pytest.mark.parametrize("script", ENDLESS)
def test_what_becomes_endless_is_never_called_noticed(tmp_path: Path, script: str) -> None:
    stub = "proxy: {stubs: [{on: erp.get_order}]}\n" if "$proxy" in script else ""
    challenge = _challenge(tmp_path, BARE + stub + STEPS, f"{script}\n")
    checks = [
        judgement.verdict
        for (_, mutant), judgement in zip(challenge.numbered, challenge.judge(), strict=True)
        if mutant.kind == "code-check"
    ]
    assert "limit" in checks
    assert "killed" not in checks


def test_what_no_expectation_can_notice_does_not_lower_the_share() -> None:
    counts = {"killed": 3, "differs": 1, "limit": 4}
    assert ChallengeResult(counts=counts).score_percent == 75
    assert ChallengeResult(counts={"limit": 1}).score_percent == 0


def test_mutants_leave_nothing_behind(tmp_path: Path) -> None:
    challenge = _challenge(tmp_path)

    def judge_some() -> int:
        for number in range(12):
            challenge.judge_one(number)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    judge_some()
    tracemalloc.start()
    try:
        before = judge_some()
        assert judge_some() - before < 12 * 6_000  # a run that is kept takes 8,000
    finally:
        tracemalloc.stop()
