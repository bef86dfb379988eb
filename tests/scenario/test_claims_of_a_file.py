# ruff: noqa: E501 - scenarios, one a line
"""Names of steps and rows in one file each, and what they claim beside what they do."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import UNSET

from bpmax_sim.i18n import to_plain_english
from bpmax_sim.scenario.events import ErrorThrown
from bpmax_sim.scenario.model import ExpectedError
from bpmax_sim.scenario.name_claims import (
    explain_unintended_error,
    find_mentions,
    find_named_actors,
    read_numbers_from_ten,
)
from tests.scenario.loading import list_problems

FLOW = "flow: 采购\nstart: 部门\nnodes: {部门: {owners: [李四, 张三], approve: 财务, reject: 完}, 财务: {owners: [王五], approve: 完}, 完: {end: true}}\n"
HEAD = "scenario: 采购\nflow: {definition: 流程.yaml, at: 部门, form: {金额: 1}}\npeople: {张三: {}, 李四: {}, 王五: {}, 王五五: {}, 丁: {}}\nvars: {谁: 李四}\nsteps:\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_step_is_done_by_whom_its_name_speaks_of(folder: Path) -> None:
    done = "approve: {by: 李四}"
    steps = {
        f"{{name: 张三同意, {done}}}": "张三",
        f"{{name: 李四同意, {done}}}": "",
        f"{{name: '再次由张三审批', {done}}}": "张三",
        f"{{name: 张三提交后同意, {done}}}": "",
        f"{{name: '由张三审批，李四同意', {done}}}": "",
        f"{{name: 张三丰同意, {done}}}": "",
        f"{{name: 张三也先批准, {done}, expect: {{flow: {{pending: [张三]}}}}}}": "",
        f"{{name: 张三批准, {done}, expect: {{flow: {{pending: [张三], at: 财务}}}}}}": "张三",
        f"{{name: 张三审批, {done}, expect: {{flow: {{pending: [张三]}}}}}}": "",
        f"{{name: '提交，张三审批', {done}, expect: {{flow: {{pending: [张三]}}}}}}": "",
        f"{{name: '张三 approves it', {done}}}": "张三",
        f"{{name: '王五五同意，张三驳回', {done}}}": "张三, 王五五",
        "{name: 张三同意, approve: {by: '${vars.谁}'}}": "",
        f"{{name: 丁同意, {done}}}": "",
        f"{{name: 张三同意, {done}, description: 张三}}".replace(
            ", description: 张三", ", id: 张三"
        ): "",
        "{name: 张三同意, reject: {by: 王五, comment: 张三不在}}": "",
        "{name: 张三同意, set: {金额: 5}}": "",
    }
    found = list_problems(
        folder, HEAD + "".join(f"  - {step}\n" for step in steps), {"流程.yaml": FLOW}
    )
    told = {
        int(one.split(": ")[1].split(":")[0]) - 6: one.partition(": the name")[2]
        for one in found
        if "the name of this step" in one
    }
    got = {
        step: told.get(number, "")
        .removeprefix(" of this step speaks of ")
        .partition(", and 李四 performs it")[0]
        for number, step in enumerate(steps)
    }
    assert {step: sorted(people.split(", ")) for step, people in got.items()} == {
        step: sorted(people.split(", ")) for step, people in steps.items()
    }
    assert all(one.startswith("name?: ") for one in found if "the name of this step" in one)


def test_numbers_in_names_and_texts_of_rows_are_those_of_the_cells(folder: Path) -> None:
    rows = {
        "{id: 金额5000, 额: 5000, 单价: 35, 文: 单价35元}": [],
        "{id: 金额8000, 额: 800, 单价: 36, 文: 单价35元}": [
            "the name of the row '金额8000' says 8000, and no value of it is that",
            "a text of the row '金额8000' says 单价 35, and 单价 is 36",
        ],
        "{id: 第12次, 额: 1, 单价: 1200, 文: '单价为1,200，共三件'}": [],
        "{id: 超过9000, 额: 2, 单价: 37, 文: 原单价30元}": [],
        "{id: 三万五, 额: 35000, 单价: 38, 文: 单价30元以上}": [],
        "{id: '2026', 额: 3, 单价: 39, 文: 单价 = 39}": [],
        "{id: 一千二百元, 额: 4, 单价: 40, 文: 共1200元}": [],
        "{id: 两万, 额: [{x: 2}], 单价: '41', 文: 单价：四十二}": [
            "the name of the row '两万' says 20000, and no value of it is that"
        ],
        "{id: 五, 额: 6, 单价: null, 文: 单价99元}": [],
        "{id: 共20元, 额: {深: ['1万', 20]}, 单价: 43, 文: '单价44，后来单价43'}": [],
        "{id: 共7万元, 额: 5, 单价: 1.5, 文: 单价1.50元}": [
            "the name of the row '共7万元' says 70000, and no value of it is that"
        ],
    }
    steps = "steps: [{set: {金额: '${case.额}'}, name: '${case.单价}', expect: {form: {说明: '${case.文}'}}}]\n"
    form = "scenario: 报价\nform: {fields: {金额: null, 说明: ''}}\ncases:\n"
    found = list_problems(folder, form + "".join(f"  - {row}\n" for row in rows) + steps)
    claims = [one for one in found if " says " in one]
    expected = [
        (number + 4, message)
        for number, messages in enumerate(rows.values())
        for message in messages
    ]
    assert sorted(
        (int(one.split(": ")[1].split(":")[0]), one.split(": ", 2)[2]) for one in claims
    ) == sorted(expected)
    table = (
        "id,额:number,单价,文\n金额5000,5000,36,单价36元\n共7万元 税9千元,1,42,单价45元 单价47元\n"
    )
    found = list_problems(
        folder, f"{form.removesuffix(chr(10))} {{from: 表.csv}}\n{steps}", {"表.csv": table}
    )
    assert [one for one in found if " says " in one] == [
        "name?: 3:1: the name of the row '共7万元 税9千元' says 70000, and no value of it is that",
        "name?: 3:1: a text of the row '共7万元 税9千元' says 单价 45, and 单价 is 42",
    ]
    lone = list_problems(
        folder,
        form
        + "  - {id: 金额8000, 额: 800}\n  - {id: 金额9, 额: 9}\n"
        + steps.replace("'${case.单价}'", "a").replace("'${case.文}'", "''"),
    )
    assert [one for one in lone if " says " in one] == []


def test_names_and_numbers_in_a_text_are_found() -> None:
    names = ("张三", "张三丰", "李", "王五")
    assert [find_mentions(text, names) for text in ("张三丰和王五", "张三", "李", "")] == [
        ["张三丰", "王五"],
        ["张三"],
        [],
        [],
    ]
    acts = (
        "由张三同意",
        "王五：填表",
        "x王五同意",
        "by 张三 approves",
        "张三又同意",
        "张三  submits",
        "张三同意前",
        "张三同意了以后的",
        "李同意",
    )
    assert [find_named_actors(text, names) for text in acts] == [
        ["张三"],
        [],
        [],
        ["张三"],
        [],
        ["张三"],
        [],
        [],
        [],
    ]
    texts = (
        "共10元",
        "9元",
        "10-20元",
        "约100",
        "K100",
        "15天",
        "第12次",
        "1,200.5元 3千",
        "两百零五。",
        "三万零五",
        "一亿二千万元",
        "十",
        "3万5千",
    )
    assert [read_numbers_from_ten(text) for text in texts] == [
        [10], [], [], [], [], [], [], [1200.5, 3000], [205], [30005], [120_000_000], [10], [35000],
    ]  # fmt: skip


def test_an_error_of_the_step_itself_is_not_the_one_that_is_meant() -> None:
    def thrown(code: str, message: str = "") -> ErrorThrown:
        return ErrorThrown(
            type="SubjectError", code=code, message=message, source="subject", at=0.0
        )

    fields = ("金额", "客户", "客户名称")
    none = ExpectedError()
    itself = "this step fails whatever the scripts do, by NO_ROW; mend it, or expect code: NO_ROW"
    meant = (
        "the name speaks of {}, and this is about {}; say which is meant: message: {{$contains: …}}"
    )
    cases = [
        (none, thrown("NO_ROW"), "x", itself),
        (ExpectedError(code="NO_ROW"), thrown("NO_ROW"), "x", ""),
        (ExpectedError(message="a"), thrown("NO_ROW"), "x", ""),
        (none, thrown("REQUIRED", "客户 is required"), "金额必填", meant.format("金额", "客户")),
        (
            none,
            thrown("REQUIRED", "客户名称 is required"),
            "没有金额",
            meant.format("金额", "客户名称"),
        ),
        (none, thrown("REQUIRED", "金额 is required"), "金额必填", ""),
        (none, thrown("REQUIRED", "金额 and 客户"), "金额必填", ""),
        (none, thrown("REQUIRED", "客户"), "填写金额", ""),
        (none, thrown("READ_ONLY", "客户"), "金额只读", meant.format("金额", "客户")),
        (none, thrown("OTHER", "客户"), "金额必填", ""),
        (none, thrown("REQUIRED", "nothing"), "金额必填", ""),
        (
            ExpectedError(code="REQUIRED"),
            thrown("REQUIRED", "客户"),
            "missing 金额",
            meant.format("金额", "客户"),
        ),
        (
            ExpectedError(type=UNSET),
            thrown("HIDDEN", "客户"),
            "金额 is hidden",
            meant.format("金额", "客户"),
        ),
    ]
    assert [
        to_plain_english(explain_unintended_error(expected, error, fields, title))
        for expected, error, title, _ in cases
    ] == [told for *_, told in cases]
