# ruff: noqa: E501 - scenarios, one a line
"""Where lint tells a mistake of a file, and that it tells nothing beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.scenario.load import load_items
from tests.scenario.test_mistakes_of_a_file import DAYS, FLOW, FORM

HEAD = "version: 1\nscenario: 报销单\n"
EXPORT = "form: {scripts: {click.导出: 开.js}, fields: {金额: 0}}"
GOOD = "{open: {}, expect: {form: {金额: 1}}}"


def tell(folder: Path, text: str, subject: str) -> list[str]:
    """Return what lint tells of a file, each with its line and column."""
    files = {
        "开.js": "form.金额 = 1",
        "流程.yaml": DAYS,
        "表.csv": "id,大\n小,否\n多,是\n",
        "单.scenario.yaml": f"{HEAD}{subject}\n{text}\n",
    }
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    try:
        items = load_items(folder / "单.scenario.yaml", environ={}, root=folder)
    except ConfigError as error:
        told = [(one.place, one.message) for one in error.problems]
    else:
        told = [(one.place, one.message) for item in items for one in item.warnings]
    lines = [f"{at.line}:{at.column} {message}" if at else message for at, message in told]
    return list(dict.fromkeys(lines))


@pytest.mark.parametrize(
    ("subject", "text", "told"),
    [
        # What only says that nothing is shown, beside something that says more.
        (FORM, "steps: [{open: {}, expect: {messages: []}}]", ["2:1 all that is expected"]),
        (FORM, f"steps: [{{open: {{}}, expect: {{messages: []}}}}, {GOOD}]", []),
        (FORM, "steps: [{open: {}, expect: {messages: [], form: {金额: 1}}}]", []),
        (FORM, "steps: [{python: 'm:f'}, {open: {}, expect: {messages: []}}]", []),
        (FORM, "skip: 维护\nsteps: [{open: {}, expect: {messages: []}}]", []),
        (FORM, "always: {form: {金额: 1}}\nsteps: [{open: {}, expect: {messages: []}}]", []),
        (FORM, "steps:\n  - {open: {}, expect: {form: {金额: 1}}}\n  - {expect: {messages: []}}", ["6:15 this step does nothing"]),
        (FLOW, "policies: [{at: 部门审批, approve: {}}]\nsteps: [{play: {until: 总经理}, expect: {messages: []}}]", []),
        # Former names, and texts that mean no.
        (FORM, f"was:\n  - 报销\n  - 报销单\nsteps: [{GOOD}]", ["6:5 this is the present name"]),
        (FORM, f"skip: 'No'\nsteps: [{GOOD}]", ["4:1 skip: 'No' is taken for the reason"]),
        (FORM, f"xfail: ' off '\nsteps: [{GOOD}]", ["4:1 xfail: ' off ' is taken for the reason"]),
        # Read before anything runs.
        (FORM, f"vars: {{停用: 是}}\nskip: ${{vars.停用}}\nsteps: [{GOOD}]", ["5:1 skip: a ${…} is not filled in here, which is read before anything runs; a column skip of a table"]),
        (FORM, f"vars: {{停用: 是}}\nxfail: '等 ${{vars.停用}}'\nsteps: [{GOOD}]", ["5:1 xfail: a ${…} is not filled in here"]),
        (FORM, f"vars: {{组: 冒烟}}\ntags: [a, '${{vars.组}}']\nsteps: [{GOOD}]", ["5:1 tags: a ${…} is not filled in here, which is read before anything runs"]),
        (FORM, f"vars: {{组: 旧}}\nwas: ${{vars.组}}\nsteps: [{GOOD}]", ["5:1 was: a ${…} is not filled in here"]),
        (FORM, f"skip: 等 $${{x}}\nsteps: [{GOOD}]", []),
        (FORM, "cases: {from: 表.csv}\nsteps:\n  - {if: '${case.大}', open: {}, expect: {form: {金额: 1}}}", ["6:6 大 is the text '否' in the row '小'"]),
        (FORM, "cases:\n  - {id: 小, 大: 否}\nsteps:\n  - {if: '${case.大}', open: {}, expect: {form: {金额: 1}}}", ["5:13 大 is the text '否' in the row '小'"]),
        # Entries of another kind than the field begins with.
        (FORM, f"steps: [{{set: {{金额: '-5'}}}}, {GOOD}]", ["4:16 '-5' is a text, and 金额 begins as a number"]),
        (FORM, f"steps: [{{set: {{金额: '1,200'}}}}, {GOOD}]", ["4:16 '1,200' is a text, and 金额 begins as a number"]),
        (FORM, f"steps: [{{set: {{金额: 五}}}}, {GOOD}]", []),
        (FORM, f"cases:\n  - {{id: a, v: 5}}\n  - {{id: b, v: '6'}}\nsteps: [{{set: {{金额: '${{case.v}}'}}}}, {GOOD}]", ["6:13 '6' is a text, and 金额 begins as a number"]),
        # Buttons, and what fires their scripts.
        (EXPORT, "steps: [{js: form.金额 = 1, expect: {form: {金额: 1}}}]", ["3:18 no step clicks 导出"]),
        (EXPORT, "steps: [{fire: click.导出, expect: {form: {金额: 1}}}]", []),
        (EXPORT, "steps: [{click: 导出, expect: {form: {金额: 1}}}]", []),
        # Previews of something else than what is submitted.
        (FLOW, "steps:\n  - {preview: {by: wangwu}}\n  - {submit: {form: {金额: 2}}}", []),
        (FLOW, "steps:\n  - {preview: {form: {金额: 5}}}\n  - {preview: {form: {金额: 6}}}\n  - {submit: {form: {金额: 2}}}", ["7:16 what is submitted later"]),
        (FLOW, "steps:\n  - {preview: {form: {金额: 2}}}\n  - {preview: {form: {金额: 6}}}\n  - {submit: {form: {金额: 2}}}", []),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_line(
    tmp_path: Path, subject: str, text: str, told: list[str]
) -> None:
    found = tell(tmp_path, text, subject)

    assert [one[: len(start)] for one, start in zip(found, told, strict=False)] == told, found
    assert len(found) == len(told), found
