# ruff: noqa: E501 - a script and its mistake, one a line
"""The line of ``expect`` that tells a mistake from its script, by what the mistake changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from bpmax_sim.challenge.proposals import ExpectLine, ExpectLineSearch, find_divergences
from bpmax_sim.scenario.load import load_items
from bpmax_sim.variant.run import Variant, measure_baseline, run_variant
from tests.variant.project import write_project

SCENARIO = """\
version: 1
scenario: 订单
CASES
form: {scripts: {change.编号: submit.js, submit: send.js}, fields: {编号: "", 客户: "", 备注: 无, 明细: []}}
proxy: {stubs: [STUBS]}
clock: "2026-03-02T09:00:00+08:00"
steps:
STEPS
"""
ONE, TWO = '  - {set: {编号: "7"}}', '  - {set: {编号: "7"}}\n  - {set: {编号: "8"}}'
SUBMIT = "  - {submit: {}, expect: {messages: [无]}}"
STUBS = {
    "getOrder": "{on: erp.get_order, body: {}}",
    "createOrder": "{on: erp.create_order, body: {}}",
}
ROWS = "cases: [{id: 甲, 号: '1', 名: 张, 类: x}, {id: 乙, 号: '2', 名: 李, 类: x}]"
SET_ROW = '  - {set: {编号: "${case.号}"}}'


def propose(
    folder: Path, script: str, mistake: str, *, steps: str = ONE, cases: str = ""
) -> tuple[ExpectLine | None, list[tuple[str, str]]]:
    """Return the line that tells *mistake* from *script*, and where the runs of both differ."""
    text = SCENARIO.replace("STEPS", steps).replace("CASES\n", cases and f"{cases}\n")
    text = text.replace("STUBS", ", ".join(STUBS[api] for api in STUBS if api in script))
    name = "send" if "submit:" in steps else "submit"
    scripts = {"submit": "", "send": "", name: script}
    baselines = [
        measure_baseline(item) for item in load_items(write_project(folder, text, **scripts))
    ]
    [file] = {
        one.name for one in baselines[0].item.subjects.handlers if Path(one.name).stem == name
    }
    variant = Variant(scripts={file: mistake}, checks_sources=False)
    divergences = [
        one
        for number, baseline in enumerate(baselines)
        for one in find_divergences(number, baseline, run_variant(baseline, variant))
    ]
    line = ExpectLineSearch(baselines).find_line(divergences, lambda _number: variant)
    return line, [(one.step, one.place) for one in divergences]


LINES: dict[str, tuple[str, str, str, tuple[int, dict[str, Any]] | None]] = {
    # a script, a mistake, the steps, and the step and keys of the line
    "a field": ("form.客户 = '张三';", "form.客户 = '李四';", ONE, (1, {"expect": {"form": {"客户": "张三"}}})),
    "a field that is not written": ("form.客户 = '张三';", "", ONE, (1, {"expect": {"form": {"客户": "张三"}}})),
    "a field that is back at its first value": ("form.备注 = '有'; form.备注 = '无';", "form.备注 = '有';", ONE, (1, {"expect": {"form": {"备注": "无"}}})),
    "a number": ("form.客户 = 3;", "form.客户 = 4;", ONE, (1, {"expect": {"form": {"客户": 3}}})),
    "null": ("form.客户 = null;", "form.客户 = 4;", ONE, (1, {"expect": {"form": {"客户": None}}})),
    "a text that is empty": ("form.客户 = '';", "form.客户 = 4;", ONE, None),
    "no number": ("form.客户 = NaN;", "form.客户 = 4;", ONE, None),
    "a list": ("form.明细 = [1, 2, 3];", "form.明细 = [1, 2, 4];", ONE, (1, {"expect": {"form": {"明细": [1, 2, 3]}}})),
    "one member of three": ("form.客户 = {a: 1, b: 2, c: 3};", "form.客户 = {a: 1, b: 5, c: 3};", ONE, (1, {"expect": {"form": {"客户": {"b": 2}}}})),
    "a member within a member": ("form.客户 = {a: {b: 1, c: 2}};", "form.客户 = {a: {b: 1}};", ONE, (1, {"expect": {"form": {"客户": {"a": {"c": 2}}}}})),
    "a member more": ("form.客户 = {a: 1};", "form.客户 = {a: 1, b: 2};", ONE, None),
    "a member that is a mistake": ("form.客户 = {a: undefined + '元', b: 1};", "form.客户 = {a: '', b: 1};", ONE, None),
    "a first step that is a mistake hides the second": ("form.客户 = form.编号 === '8' ? '张三' : '';", "form.客户 = '李四';", TWO, None),
    "a Chinese text with undefined": ("form.客户 = '共' + undefined + '元';", "form.客户 = 1;", ONE, None),
    "a state of a field": ("form.$required.备注 = true;", "", ONE, (1, {"expect": {"fields": {"备注": {"required": True}}}})),
    "a message": ("form.$message = '好';", "form.$message = '坏';", ONE, (1, {"expect": {"messages": [{"text": "好", "type": "info"}]}})),
    "a message and its level": ("form.$message = {type: 'error', text: '好'};", "form.$message = '好';", ONE, (1, {"expect": {"messages": [{"text": "好", "type": "error"}]}})),
    "no message": ("", "form.$message = '坏';", ONE, (1, {"expect": {"messages": []}})),
    "the third of three messages": (
        "form.$message = '一'; form.$message = '二'; form.$message = '三';",
        "form.$message = '一'; form.$message = '二'; form.$message = '四';", ONE,
        (1, {"expect": {"messages": [{"text": text, "type": "info"} for text in "一二三"]}}),
    ),
    "a message that looks like a mistake": ("form.$message = `共 ${undefined} 元`;", "form.$message = '坏';", ONE, None),
    "a line of the console": ("console.log('好');", "console.log('坏');", ONE, (1, {"expect": {"console": ["好"]}})),
    "a line of the console that is missing": ("console.log('一'); console.log('二');", "console.log('一');", ONE, (1, {"expect": {"console": ["一", "二"]}})),
    "a line of the console more": ("", "console.log('坏');", ONE, None),
    "a call": ("await $proxy('erp').getOrder('7');", "", ONE, (1, {"expect": {"proxy": [{"call": "erp.getOrder", "path": {"id": "7"}}]}})),
    "the path of a call": ("await $proxy('erp').getOrder('7');", "await $proxy('erp').getOrder('8');", ONE, (1, {"expect": {"proxy": [{"call": "erp.getOrder", "path": {"id": "7"}}]}})),
    "the body of the second call": (
        "await $proxy('erp').getOrder('7'); await $proxy('erp').createOrder({a: 1, b: 2});",
        "await $proxy('erp').getOrder('7'); await $proxy('erp').createOrder({a: 1, b: 3});", ONE,
        (1, {"expect": {"proxy": [{"call": "erp.getOrder"}, {"call": "erp.createOrder", "body": {"b": 2}}]}}),
    ),
    "path and body of two calls": (
        "await $proxy('erp').getOrder('7'); await $proxy('erp').createOrder({a: 1});",
        "await $proxy('erp').getOrder('8'); await $proxy('erp').createOrder({a: 2});", ONE,
        (1, {"expect": {"proxy": [{"call": "erp.getOrder", "path": {"id": "7"}}, {"call": "erp.createOrder", "body": {"a": 1}}]}}),
    ),
    "the query of a call": (
        "await $proxy('erp').$api('getOrder').$path({id: '7'}).$query({页: 1}).$call();",
        "await $proxy('erp').$api('getOrder').$path({id: '7'}).$query({页: 2}).$call();", ONE,
        (1, {"expect": {"proxy": [{"call": "erp.getOrder", "query": {"页": "1"}}]}}),
    ),
    "a header as the script spells it": (
        "await $proxy('erp').$api('getOrder').$path({id: '7'}).$header({'X-Tenant': 'a'}).$call();",
        "await $proxy('erp').$api('getOrder').$path({id: '7'}).$header({'X-Tenant': 'b'}).$call();", ONE,
        (1, {"expect": {"proxy": [{"call": "erp.getOrder", "header": {"X-Tenant": "a"}}]}}),
    ),
    "a header that the script makes": (
        "await $proxy('erp').$api('getOrder').$path({id: '7'}).$header({['X-' + 'Tenant']: 'a'}).$call();",
        "await $proxy('erp').$api('getOrder').$path({id: '7'}).$header({['X-' + 'Tenant']: 'b'}).$call();", ONE, None,
    ),
    "a header that the script makes, and a body": (
        "await $proxy('erp').$api('getOrder').$path({id: '7'}).$header({['X-' + 'Tenant']: 'a'}).$call(); await $proxy('erp').createOrder({a: 1});",
        "await $proxy('erp').$api('getOrder').$path({id: '7'}).$header({['X-' + 'Tenant']: 'b'}).$call(); await $proxy('erp').createOrder({a: 2});", ONE,
        (1, {"expect": {"proxy": [{"call": "erp.getOrder"}, {"call": "erp.createOrder", "body": {"a": 1}}]}}),
    ),
    "two headers, one that the script names": (
        "await $proxy('erp').$api('getOrder').$path({id: '7'}).$header({'x-tenant': 'a', ['X-' + 'Own']: 'c'}).$call();",
        "await $proxy('erp').$api('getOrder').$path({id: '7'}).$header({'x-tenant': 'b', ['X-' + 'Own']: 'd'}).$call();", ONE,
        (1, {"expect": {"proxy": [{"call": "erp.getOrder", "header": {"x-tenant": "a"}}]}}),
    ),
    "a message and a field": (
        "form.$message = '好'; form.客户 = '张三';", "form.$message = '坏'; form.客户 = '李四';", ONE,
        (1, {"expect": {"form": {"客户": "张三"}}}),
    ),
    "a refusal": ("form.$message = '无'; return false;", "form.$message = '无';", SUBMIT, (1, {"expect": {"result": False}})),
    "the second step alone": (
        "if (form.编号 === '8') form.客户 = '张三';", "", TWO, (2, {"expect": {"form": {"客户": "张三"}}}),
    ),
    "both steps": (
        "form.客户 = form.编号 === '8' ? '张三' : '王五';", "form.客户 = '李四';", TWO,
        (1, {"expect": {"form": {"客户": "王五"}}}),
    ),
    "what is expected already otherwise": (
        "form.客户 = '张三';", "form.客户 = '李四张三';", '  - {set: {编号: "7"}, expect: {form: {客户: {$contains: 张}}}}',
        (1, {"expect": {"form": {"客户": "张三"}}}),
    ),
    "an error that is expected": (
        "throw new Error('没有库存');", "throw new Error('没有权限');", "  - {submit: {}, expect_error: {message: {$contains: 没有}}}",
        (1, {"expect_error": {"message": "没有库存"}}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LINES)
def test_a_line_tells_a_mistake_from_its_script(tmp_path: Path, name: str) -> None:
    script, mistake, steps, expected = LINES[name]

    line, places = propose(tmp_path, script, mistake, steps=steps)

    assert places
    assert (line and (line.step, line.expect_as_step_keys)) == expected
    assert line is None or (line.columns == {} and len(line.places) == 1)


IN_ROWS: dict[str, tuple[str, str, tuple[dict[str, Any], dict[str, Any]] | None]] = {
    # a script, a mistake, and what is expected in all rows with the columns to add
    "the same in both": ("form.客户 = '张三';", "form.客户 = '李四';", ({"form": {"客户": "张三"}}, {})),
    "a mistake in one row alone": ("form.客户 = '张三';", "form.客户 = form.编号 === '1' ? '李四' : '张三';", ({"form": {"客户": "张三"}}, {})),
    "a mistake in the second row alone": ("form.客户 = '张三';", "form.客户 = form.编号 === '2' ? '李四' : '张三';", ({"form": {"客户": "张三"}}, {})),
    "another one in each": ("form.客户 = form.编号 + '号';", "", ({"form": {"客户": "${case.客户}"}}, {"客户": {"甲": "1号", "乙": "2号"}})),
    "a column that there is": ("form.客户 = form.编号;", "", ({"form": {"客户": "${case.号}"}}, {})),
    "the second column": ("form.客户 = form.编号 === '1' ? '张' : '李';", "", ({"form": {"客户": "${case.名}"}}, {})),
    "a name that is taken": ("form.$required.备注 = form.编号 === '1'; form.客户 = {}; form.客户 = form.编号 + '号';", "form.$required.备注 = form.编号 === '1';", ({"form": {"客户": "${case.客户}"}}, {"客户": {"甲": "1号", "乙": "2号"}})),
    "true and false": ("form.客户 = form.编号 === '1';", "", ({"form": {"客户": "${case.客户}"}}, {"客户": {"甲": True, "乙": False}})),
    "a mistake in one": ("form.客户 = form.编号 === '1' ? '张三' : undefined + '';", "form.客户 = '李四';", None),
    "nothing written in one": ("if (form.编号 === '1') form.客户 = '张三';", "", ({"form": {"客户": "${case.客户}"}}, {"客户": {"甲": "张三", "乙": ""}})),
    "an object in each": ("form.客户 = {号: form.编号};", "form.客户 = {号: ''};", None),
    "a state": ("form.$required.备注 = form.编号 === '1';", "", ({"fields": {"备注": {"required": "${case.required}"}}}, {"required": {"甲": True, "乙": False}})),
    "one message": ("if (form.编号 === '1') form.$message = '甲';", "", None),
    "a message in both": ("form.$message = '好';", "", ({"messages": [{"text": "好", "type": "info"}]}, {})),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_ROWS)
def test_a_line_holds_in_each_row_or_has_a_column(tmp_path: Path, name: str) -> None:
    script, mistake, expected = IN_ROWS[name]

    line, _ = propose(tmp_path, script, mistake, steps=SET_ROW, cases=ROWS)

    assert (line and (line.expect, line.columns)) == expected


@pytest.mark.parametrize(
    ("columns", "field", "column"),
    [
        ("", "客户", "客户"), ("客户: x", "客户", "客户_2"), ("客户: x, 客户_2: y", "客户", "客户_3"),
        ("", "明 细", "明_细"), ("", "id", "id_2"), ("", "!!", "value"),
    ],
)  # fmt: skip
def test_a_new_column_has_a_name_that_no_row_has(
    tmp_path: Path, columns: str, field: str, column: str
) -> None:
    more = f", {columns}" if columns else ""
    cases = f"cases: [{{id: 甲, 号: '1'{more}}}, {{id: 乙, 号: '2'}}]"
    script = f"form['{field}'] = form.编号 + '号';"
    text = SCENARIO.replace("备注: 无", f'备注: 无, "{field}": ""') if field != "客户" else SCENARIO
    text = text.replace("STEPS", SET_ROW).replace("CASES", cases).replace("STUBS", "")
    path = write_project(tmp_path, text, submit=script, send="")
    baselines = [measure_baseline(item) for item in load_items(path)]
    [file] = {one.name for one in baselines[0].item.subjects.handlers if "submit" in one.name}
    variant = Variant(scripts={file: ""}, checks_sources=False)
    divergences = [
        one
        for number, baseline in enumerate(baselines)
        for one in find_divergences(number, baseline, run_variant(baseline, variant))
    ]

    line = ExpectLineSearch(baselines).find_line(divergences, lambda _number: variant)

    assert line is not None
    assert line.columns == {column: {"甲": "1号", "乙": "2号"}}


def test_places_that_differ_are_those_of_values_and_of_results_that_count(tmp_path: Path) -> None:
    _, changed = propose(tmp_path, "form.客户 = '张三'; return 1;", "return 2;", steps=TWO)
    _, refused = propose(tmp_path, "form.$message = '无'; return false;", "return 1;", steps=SUBMIT)

    assert changed == [("1", "form.客户"), ("2", "form.客户")]
    assert ("1", "result") in refused


def test_a_state_that_nobody_set_is_that_of_a_new_field(tmp_path: Path) -> None:
    text = SCENARIO.replace("STEPS", ONE).replace("CASES\n", "").replace("STUBS", "")
    [item] = load_items(
        write_project(tmp_path, text, submit="form.$visible.备注 = false;", send="")
    )
    baseline = measure_baseline(item)
    [file] = {one.name for one in item.subjects.handlers if "submit" in one.name}
    run = run_variant(baseline, Variant(scripts={file: "form.$options.备注 = ['甲'];"}))

    found = {one.place: (one.first, one.second) for one in find_divergences(4, baseline, run)}

    assert found == {
        "fields.备注.visible": (False, True), "fields.备注.options": (UNSET, ["甲"]),
    }  # fmt: skip
