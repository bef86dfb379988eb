"""What a flow definition names and the scenario lacks, and what in it is probably mistaken."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.scenario.load import load_items
from tests.files import write_files

CHILD = """\
flow: 用印
start: 盖章
nodes:
  盖章: {owners: [丙], form: FORM, approve: 完}
  完: {end: true}
"""
FORM = "{fields: {事由: editable}, scripts: {change.事由: 打开.js}}"
SCENARIO = """\
scenario: 合同
form: {fields: {金额: 0, 合同号: "", 急件: false, 附件: [], 客户: "", 盖章时间: ""}}
flow: {definition: 合同.yaml}
people: {甲: {}, 乙: {}, 丙: {}}
steps: [{submit: {}, expect: {flow: {at: 审批}}}]
"""


def tell(folder: Path, node: str, rest: str = "", flow: str = "at: 审批") -> list[str]:
    """Return path and message of all that is told of a flow whose first node is *node*."""
    flows = "{definition: 合同.yaml, subflows: {用印: {definition: 用印.yaml}}}"
    has_child = "subflow:" in node
    scenario = SCENARIO.replace("{definition: 合同.yaml}", flows) if has_child else SCENARIO
    scenario = scenario.replace("at: 审批", flow)
    write_files(folder, {
        "合同.scenario.yaml": scenario,
        "用印.yaml": CHILD.replace("FORM", FORM),
        "打开.js": "form.金额 = 1",
        "合同.yaml": f"flow: 合同\nstart: 审批\n{rest}nodes:\n  审批: {{{node}}}\n"
        "  复核: {owners: [乙], approve: 结束}\n  结束: {end: true}\n",
    })  # fmt: skip
    try:
        (item,) = load_items(folder / "合同.scenario.yaml", environ={}, root=folder)
    except ConfigError as error:
        return [f"{one.path}: {one.message}" for one in error.problems]
    return [f"{one.place and one.place.line}: {one.message}" for one in item.warnings]


OWNED = "owners: [甲], approve: 复核"
SOON = "4: {0} is in seconds, which is no time for a person; write its unit: {0}h or {0}d"


@pytest.mark.parametrize(
    ("deadline", "told"),
    [
        ("1", ["1"]),
        ("59", ["59"]),
        ("59.5", ["59.5"]),
        ("60", []),
        ("61", []),
        ("2s", []),
        ("59s", []),
        ("{after: 30}", ["30"]),
        ("{after: 30s, notify: [甲]}", []),
        ("{after: 90, notify: [甲]}", []),
        ("[{after: 10, notify: [甲]}, {after: 2h, notify: [乙]}, {after: 3h, to: 复核}]", ["10"]),
        ("[{after: 10}, {after: 20}, {after: 30}]", ["10", "20", "30"]),
        ("[{after: 60}, {after: 61}]", []),
    ],
)
def test_a_deadline_of_seconds_lacks_its_unit(
    tmp_path: Path, deadline: str, told: list[str]
) -> None:
    found = tell(tmp_path, f"{OWNED}, deadline: {deadline}")

    assert [one.partition(", or")[0] for one in found] == [SOON.format(one) for one in told]


@pytest.mark.parametrize(
    ("node", "rest", "nobody"),
    [
        ("owners: [甲, 乙, 丙], approve: 复核", "", []),
        ("owners: [甲, 丁, 戊], approve: 复核", "", ["丁", "戊"]),
        (f"{OWNED}, deadline: {{after: 2h, notify: [甲, 丁]}}", "", ["丁"]),
        (f"{OWNED}, deadline: [{{after: 1h, notify: [乙]}}, {{after: 2h, notify: [丁, 戊]}}]", "",
         ["丁", "戊"]),
        (OWNED, "admins: [甲, 丁, 戊]\n", ["丁", "戊"]),
        (OWNED, "admins: [乙]\n", []),
    ],
)  # fmt: skip
def test_people_of_a_flow_are_among_the_people(
    tmp_path: Path, node: str, rest: str, nobody: list[str]
) -> None:
    found = tell(tmp_path, node, rest)

    assert [one.partition("people has no ")[2][1] for one in found] == nobody, found


SAME = "all routes lead to '复核', so that no condition decides anything"


@pytest.mark.parametrize(
    ("approve", "told"),
    [
        ("[{when: ctx.form.金额 > 9, to: 结束}, {to: 复核}]", []),
        ("[{when: ctx.form.金额 > 9, to: 复核}, {to: 复核}]", [SAME]),
        ("[{when: ctx.form.金额 > 9, to: 复核}, {when: ctx.form.急件, to: 结束}, {to: 复核}]", []),
        ("[{to: 复核}]", []),
        ("[{when: ctx.form.金额 > 9, to: 复核}, {when: ctx.form.急件, to: 复核}]", []),
        ("[{when: ctx.form.金额 > 9, to: 复核}]", []),
        ("[{when: ctx.form.金额 === '9', to: 结束}, {to: 复核}]",
         ["ctx.form.金额 is a number and never equals '9', which is a text"]),
        ("[{when: ctx.form.金额 === 9, to: 结束}, {to: 复核}]", []),
        ("[{when: \"ctx.form.金额 > '5,000'\", to: 结束}, {to: 复核}]",
         ["'5,000' is no number, so that no number is above or below it; write 5000"]),
        ("[{when: ctx.form.金额 > '高', to: 结束}, {to: 复核}]",
         ["'高' is no number, so that no number is above or below it; compare with a number"]),
        ("[{when: ctx.form.金额 > '5000', to: 结束}, {to: 复核}]", []),
        ("[{when: ctx.form.客户 > '高', to: 结束}, {to: 复核}]", []),
        ("[{when: ctx.form.金额 == '9', to: 结束}, {to: 复核}]", []),
        ("[{when: ctx.form.客户 === 9, to: 结束}, {to: 复核}]", []),
        ("[{when: ctx.form.金额 > 9, to: 结束}, {when: ctx.form.急件 === 1, to: 结束}, {to: 复核}]",
         ["ctx.form.急件 is true or false and never equals 1, which is a number"]),
    ],
)  # fmt: skip
def test_conditions_decide_something(tmp_path: Path, approve: str, told: list[str]) -> None:
    found = tell(tmp_path, f"owners: [甲], approve: {approve}")

    assert [one.removeprefix("4: ") for one in found] == told


@pytest.mark.parametrize(
    ("subflow", "told"),
    [
        ("form: {编号: 合同号}, back: {盖章时间: 时间}", []),
        ("form: {编号: 合同好}, back: {盖章时间: 时间}", ["no field '合同好'"]),
        ("form: {编号: 合同号}, back: {盖章时见: 时间}", ["no field '盖章时见'"]),
        ("form: {合同号: 编号}", ["no field '编号'"]),
        ("back: {时间: 盖章时间}", ["no field '时间'"]),
        ("back: {盖章时间: 时间}, wait: false", ["wait: false goes on at once"]),
        ("form: {编号: 合同号}, wait: false", []),
    ],
)
def test_a_subflow_gets_and_gives_fields_that_there_are(
    tmp_path: Path, subflow: str, told: list[str]
) -> None:
    found = tell(tmp_path, f"subflow: {{flow: 用印, {subflow}}}, approve: 复核")

    assert [text in one for text, one in zip(told, found, strict=True)] == [True] * len(told)


FREE = """\
scenario: 合同
flow:
  definition: 合同.yaml
  subflows: {用印: {definition: 用印.yaml}}
  form: {合同号: HT-1, 盖章时间: ""}
  scripts: {visibility: 打开.js, task_title: 打开.js}
"""
SWAPPED = "'{0}' is a field of this project, and '{1}' is none; {2} is written as {3}, so write "
INNER = "field of the sub-flow: field of this project"
OUTER = "field of this project: field of the sub-flow"


@pytest.mark.parametrize(
    ("subflow", "told"),
    [
        ("form: {编号: 合同号}, back: {盖章时间: 时间}", []),
        ("form: {合同号: 合同号}, back: {盖章时间: 盖章时间}", []),
        ("form: {编号: 客户}, back: {客户: 时间}", []),
        ("form: {合同号: 编号}",
         [SWAPPED.format("合同号", "编号", "form", INNER) + "编号: 合同号"]),
        ("back: {时间: 盖章时间}",
         [SWAPPED.format("盖章时间", "时间", "back", OUTER) + "盖章时间: 时间"]),
    ],
)  # fmt: skip
def test_the_sides_of_a_pair_of_fields_are_not_swapped(
    tmp_path: Path, subflow: str, told: list[str]
) -> None:
    write_files(tmp_path, {
        "合同.scenario.yaml": FREE + "steps: [{fire: visibility}, {fire: task_title}]\n",
        "用印.yaml": CHILD.replace("form: FORM, ", ""),
        "打开.js": "return 1",
        "合同.yaml": "flow: 合同\nstart: 审批\nnodes:\n  审批: {owners: [甲], approve: 用印}\n"
        f"  用印: {{subflow: {{flow: 用印, {subflow}}}, approve: 结束}}\n  结束: {{end: true}}\n",
    })  # fmt: skip
    (item,) = load_items(tmp_path / "合同.scenario.yaml", environ={}, root=tmp_path)

    found = [one for one in item.warnings if "of this project" in one.message]

    assert [one.message for one in found] == told
    assert [str(one.place).rpartition("合同.yaml:")[2] for one in found] == ["5:35"] * len(told)


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ("[{submit: {}}]", ["visibility", "task_title"]),
        ("[{submit: {}}, {fire: visibility}]", ["task_title"]),
        ("[{fire: task_title}]", ["visibility"]),
        ("[{fire: visibility}, {fire: task_title}]", []),
    ],
)
def test_what_runs_where_a_form_is_shown_needs_a_form_or_a_step_that_fires_it(
    tmp_path: Path, steps: str, told: list[str]
) -> None:
    flow = "flow: 合同\nstart: 审批\nnodes:\n  审批: {owners: [甲], approve: 完}\n"
    write_files(tmp_path, {
        "合同.scenario.yaml": f"{FREE.replace('  subflows: {用印: {definition: 用印.yaml}}', '')}"
        f"steps: {steps}\n",
        "打开.js": "return 1",
        "合同.yaml": f"{flow}  完: {{end: true}}\n",
    })  # fmt: skip
    (item,) = load_items(tmp_path / "合同.scenario.yaml", environ={}, root=tmp_path)

    found = [one.message for one in item.warnings if "where a form is shown" in one.message]
    assert [one.partition(" ")[0] for one in found] == told


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("fields: {金额: editable, 附件: hidden}", []),
        ("fields: {金而: editable}", ["no field '金而'"]),
        ("fields: {金额: editable}, scripts: {open: 打开.js}", []),
        ("fields: {金额: editable}, scripts: {opn: 打开.js}", ["a form has no event 'opn'"]),
        ("fields: {金额: editable}, scripts: {change.金而: 打开.js}", ["no field '金而'"]),
        ("fields: {金额: editable}, scripts: {change.金额: 打开.js}", []),
    ],
)
def test_the_form_of_a_node_has_fields_of_the_scenario(
    tmp_path: Path, form: str, told: list[str]
) -> None:
    found = tell(tmp_path, f"{OWNED}, form: {{{form}}}")

    assert [text in one for text, one in zip(told, found, strict=True)] == [True] * len(told)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("编好: {$ne: 1}", ["the sub-flow has no field '编好'; did you mean '编号'?"]),
        ("时见: {$not: 1}", ["the sub-flow has no field '时见'; did you mean '时间'?"]),
        ("编好: {$ne: 1}, 时见: {$ne: 1}, 事油: {$ne: 1}", [
            "the sub-flow has no field '编好'; did you mean '编号'?",
            "the sub-flow has no field '时见'; did you mean '时间'?",
            "the sub-flow has no field '事油'; did you mean '事由'?",
        ]),
        ("盖章时见: {$ne: 1}, 合同好: {$ne: 1}", []),
        ("编号: {$ne: 1}, 时间: {$ne: 1}, 事由: {$ne: 1}", []),
        ("编好: 1, 时见: {$gt: 1}", []),
        ("毫不相干: {$ne: 1}", []),
        ("客户: {编好: {$ne: 1}}", []),
    ],
)  # fmt: skip
def test_a_denied_field_of_a_subflow_is_one_that_it_may_have(
    tmp_path: Path, form: str, told: list[str]
) -> None:
    node = "subflow: {flow: 用印, form: {编号: 合同号}, back: {盖章时间: 时间}}, approve: 复核"

    found = tell(tmp_path, node, flow=f"projects: {{用印: {{form: {{{form}}}}}}}")

    assert [one.partition(": ")[2] for one in found] == told
