"""However much is wrong, a failure is 25 lines, the headline first and the way back last."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.plugin.project import Project, failure_text, output

DECLARED = ", ".join(f"字段{n}: null" for n in range(60))
FIELDS = ", ".join(f"字段{n}: {n}" for n in range(60))
HEAD = """\
version: 1
scenario: 很多
form:
  scripts: {click.做: scripts/做.js}
  fields: {a: 1, b: null, FIELDS}
proxy:
  platforms: platforms/
  stubs: [{on: crm_system.*, body: {code: 200}}]
steps:
""".replace("FIELDS", ", ".join(f"字段{n}: null" for n in range(60)))
LONG = "很长的值" * 2000


def wrong(name: str, script: str, steps: str) -> object:
    return pytest.param(script, steps, id=name)


CASES = [
    wrong(
        "many differences",
        "for (let n = 0; n < 60; n++) form['字段' + n] = -n",
        f"  - {{click: 做, expect: {{form: {{{FIELDS}}}}}}}\n",
    ),
    wrong(
        "long values",
        f"form.a = '{LONG}\\n第二行\\r\\n第三行\\u2028' + '😀'",
        f"  - {{click: 做, expect: {{form: {{a: '{LONG}'}}}}}}\n",
    ),
    wrong(
        "a deep value",
        "let v = 1; for (let n = 0; n < 12; n++) v = {v, n: [v]}; form.a = 1; form.b = v.v.v.v.n",
        "  - {click: 做, expect: {form: {b: {x: [1, 2, {y: 3}]}}}}\n",
    ),
    wrong(
        "many calls",
        "for (let n = 0; n < 200; n++) await $proxy('crm_system').getCustomerDetail(String(n))",
        "  - {click: 做, expect: {proxy: []}}\n",
    ),
    wrong(
        "a long message",
        f"throw new Error('{LONG}\\n' + '又一行\\n'.repeat(100))",
        "  - {click: 做}\n",
    ),
    wrong("a message of many lines", r"throw 'a\u2028b\u0085c\x0bd\re'", "  - {click: 做}\n"),
    wrong(
        "many lines on the console",
        "for (let n = 0; n < 300; n++) console.log('第 ' + n + ' 行\\n续行')",
        "  - {click: 做, expect: {console: []}}\n",
    ),
    wrong(
        "many failures",
        "for (let n = 0; n < 80; n++) Promise.reject(new Error('没人管 ' + n))",
        "  - {click: 做, expect: {form: {a: 2}}}\n",
    ),
    wrong(
        "a long step",
        "form.a = 3",
        "  - name: "
        + "很长的名字" * 40
        + "\n    click: 做\n    expect:\n      form:\n"
        + "".join(f"        字段{n}: {n}\n" for n in range(40)),
    ),
]


@pytest.mark.parametrize(("script", "steps"), CASES)
def test_a_failure_is_never_longer_than_25_lines(project: Project, script: str, steps: str) -> None:
    project.write("scenarios/scripts/做.js", script)
    path = project.write("scenarios/很多.scenario.yaml", "")
    head = HEAD.replace("{a: 1}", f"{{a: 1, {DECLARED}}}")
    path.write_text(head + steps, encoding="utf-8")

    result = project.run("scenarios/很多.scenario.yaml")

    result.assert_outcomes(failed=1)
    lines = failure_text(result)
    assert 2 <= len(lines) <= 25
    assert lines[0].startswith("step 1/1 ")
    assert re.fullmatch(r"  at scenarios/很多\.scenario\.yaml:\d+:\d+", lines[1])
    again = next(line for line in lines if line.startswith("rerun: "))
    assert max(len(line) for line in lines) <= 360
    project.run(*shlex.split(again)[2:]).assert_outcomes(failed=1)


def test_a_miss_in_which_everything_differs_is_no_longer(project: Project) -> None:
    project.edit('number: "12345"', f'number: "{"9" * 3000}"')

    result = project.run("-k", "贵宾")

    lines = failure_text(result)
    assert len(lines) <= 25
    assert lines[0].startswith("step 2/2 选择 999")
    assert lines[-1].startswith("rerun: ")
    assert any(line.startswith("    record    pytest ") for line in lines)
    assert "no such call" in output(result)
