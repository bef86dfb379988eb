# ruff: noqa: E501 - names and what is told of them, one a line
"""What names of steps and rows claim: the numbers and people in them, beside what claims none."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.scenario.events import ErrorThrown
from bpmax_sim.scenario.model import ExpectedError
from bpmax_sim.scenario.name_claims import (
    explain_unintended_error,
    find_mentions,
    find_named_actors,
    read_numbers_from_ten,
)
from tests.scenario.test_mistakes_of_a_file import FLOW, tell


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("金额9元", []),
        ("金额10元", [10]),
        ("金额5000", [5000]),
        ("金额 5,000.50 元", [5000.5]),
        ("金额1.5万元", [15000]),
        ("金额3百元", [300]),
        ("金额2千，税13元", [2000, 13]),
        ("金额五千零一元", [5001]),
        ("金额十元", [10]),
        ("金额九元", []),
        ("金额十二元", [12]),
        ("金额二十元", [20]),
        ("金额两百元", [200]),
        ("金额一百零五元", [105]),
        ("金额一万元", [10_000]),
        ("金额十二万三千元", [123_000]),
        ("金额一百二十万元", [1_200_000]),
        ("金额一亿元", [100_000_000]),
        ("金额一亿二千万元", [120_000_000]),
        ("金额三亿零五百万元", [305_000_000]),
        ("金额一亿二千万零五十元", [120_000_050]),
        ("金额一万亿元", [1_000_000_000_000]),
        ("金额3千5百元", [3500]),
        ("金额3万5千元", [35_000]),
        ("金额3万5千2百元", [35_200]),
        ("金额2千万元", [20_000_000]),
        ("金额1亿2千万元", [120_000_000]),
        ("金额1.5亿元", [150_000_000]),
        ("金额一百二", [120]),
        ("金额两千五", [2500]),
        ("金额一千二百三", [1230]),
        ("金额三万五", [35_000]),
        ("金额3万5", [35_000]),
        ("金额二十万五", [205_000]),
        ("金额三万零五", [30_005]),
        ("金额3万500元", [30_500]),
        ("金额二十三", [23]),
        ("3千5百天", []),
        ("第一百五十", []),
        ("第二百五十 批", []),
        ("第12次", []),
        ("15天", []),
        ("K100 型", []),
        ("合同-100", []),
        ("10-20元", []),
        ("超过5000", []),
        ("5000以上", []),
        ("约5000元", []),
        ("不足5000元", []),
        ("over 5000", []),
        ("overdue 5000", [5000]),
    ],
)
def test_a_number_that_stands_alone_or_counts_money_is_read(text: str, numbers: list[int]) -> None:
    assert read_numbers_from_ten(text) == numbers


def rows(*parts: str) -> str:
    """Return a scenario with *parts* as its rows."""
    return (
        "steps: [{set: {金额: '${case.额}', 客户: '${case.说}'}, expect: {form: {金额: 1}}}]\n"
        f"cases: [{', '.join(parts)}]"
    )


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        (("{id: 5000元, 额: 5000, 说: a}", "{id: 8000元, 额: 8000, 说: b}"), []),
        (
            ("{id: 5000元, 额: 5000, 说: a}", "{id: 8000元, 额: 800, 说: b}"),
            ["the name of the row '8000元' says 8000, and no value of it is that"],
        ),
        (
            ("{id: 1280000元, 额: 1280001, 说: a}", "{id: 8000元, 额: 8000, 说: b}"),
            ["the name of the row '1280000元' says 1280000, and no value of it is that"],
        ),
        (("{id: 128万元, 额: 1, 说: 总价1280000元}", "{id: 8000元, 额: 8000, 说: b}"), []),
        (("{id: 5000元, 额: '5000', 说: a}", "{id: 80元, 额: 80, 说: b}"), []),
        (("{id: 5000元, 额: 500, 说: a}", "{id: 8000元, 额: 800, 说: b}"), []),
        (("{id: 1280000, 额: 1, 说: a}", "{id: 8000元, 额: 8000, 说: b}"), []),
        (("{id: 5000, 额: 5000, 说: a}", "{id: 8000元, 额: 1, 说: b}"), []),
        (("{id: 五千元, 额: 5000, 说: a}", "{id: 八千元, 额: 8000, 说: b}"), []),
        (
            ("{id: 五千元, 额: 5000, 说: a}", "{id: 八千元, 额: 800, 说: b}"),
            ["the name of the row '八千元' says 8000, and no value of it is that"],
        ),
        (("{id: 5元, 额: 50, 说: a}", "{id: 8000元, 额: 8000, 说: b}"), []),
        (("{id: 满1000减100, 额: 1000, 说: a}", "{id: 满2000减300, 额: 1700, 说: b}"), []),
        (("{id: 金额1.5万, 额: '15,000', 说: a}", "{id: 8000元, 额: 8000, 说: b}"), []),
        (("{id: 金额10000元, 额: 1万, 说: a}", "{id: 8000元, 额: 8千元整, 说: b}"), []),
        (("{id: 五千元, 额: 1, 说: 付五千}", "{id: 八千元, 额: 1, 说: [{价: 8000.0}]}"), []),
        (
            ("{id: 1000元, 额: 1000, 说: a}", "{id: 2000元, 额: 20000, 说: 共200元}"),
            ["the name of the row '2000元' says 2000, and no value of it is that"],
        ),
    ],
)
def test_a_row_named_by_a_number_has_it_where_others_have(
    tmp_path: Path, parts: tuple[str, ...], told: list[str]
) -> None:
    found = [str(one) for one in tell(tmp_path, rows(*parts)) if "no value of it is" in str(one)]

    assert list(dict.fromkeys(found)) == told  # each row tells what is told of the file


@pytest.mark.parametrize(
    ("text", "value", "told"),
    [
        ("单价35元", "35", []),
        ("单价为35.0", "35", []),
        ("单价35", "36", ["says 单价 35, and 单价 is 36"]),
        ("单价: 1280000", "1280001", ["says 单价 1280000, and 单价 is 1280001"]),
        ("原单价35", "36", []),
        ("总单价35，平均单价34", "36", []),
        ("折后单价35，合计单价70", "36", []),
        ("这笔单价35", "36", ["says 单价 35, and 单价 is 36"]),
        ("单价35以上", "36", []),
        ("单价35，原先单价36", "36", []),
        ("单价1,200元", "1200", []),
        ("单价1,200元", "1300", ["says 单价 1,200, and 单价 is 1300"]),
        ("单价12,345.5", "12345.5", []),
        ("单价1.2万元", "12000", []),
        ("单价3千5百元", "3500", []),
        ("单价3千5百元", "3000", ["says 单价 3千5百, and 单价 is 3000"]),
        ("单价1,2345", "1", []),
        ("单价35,数量2", "36", ["says 单价 35, and 单价 is 36"]),
        ("单价35万以上", "1", []),
        ("数量35", "36", []),
        ("单价35", "'三十六'", []),
    ],
)
def test_a_text_of_a_row_says_what_its_cell_has(
    tmp_path: Path, text: str, value: str, told: list[str]
) -> None:
    steps = "steps: [{set: {金额: '${case.单价}', 客户: '${case.说}'}, expect: {form: {金额: 1}}}]"
    lines = tell(tmp_path, f"{steps}\ncases: [{{id: 甲, 单价: {value}, 说: '{text}'}}]")

    found = [str(one).partition("row '甲' ")[2] for one in lines if "a text of the row" in str(one)]
    assert found == told


@pytest.mark.parametrize(
    ("text", "mentioned", "acting"),
    [
        ("张三同意", ["张三"], ["张三"]),
        ("由张三审批，李四驳回", ["张三", "李四"], ["张三", "李四"]),
        ("张三丰同意", ["张三丰"], ["张三丰"]),
        ("王同意", [], []),
        ("张三同意之后", ["张三"], []),
        ("转给张三", ["张三"], []),
        ("张三也同意", ["张三"], ["张三"]),
        ("给张三看", ["张三"], []),
        ("approved by 张三提交", ["张三"], ["张三"]),
    ],
)
def test_who_acts_by_a_name_is_told_from_who_is_only_mentioned(
    text: str, mentioned: list[str], acting: list[str]
) -> None:
    people = ("张三", "李四", "张三丰", "王")

    assert find_mentions(text, people) == mentioned
    assert find_named_actors(text, people) == acting


@pytest.mark.parametrize(
    ("name", "by", "is_told"),
    [
        ("李四同意", "1001", True),
        ("李四同意", "'1001'", True),
        ("李四同意", "张三", True),
        ("李四同意", "李四", False),
        ("1001同意", "1001", False),
        ("1001同意", "'1001'", False),
        ("1001同意", "张三", True),
        ("李四同意", "'${vars.谁}'", False),
        ("李四同意", "李五", False),
        ("同意", "1001", False),
        ("由李四审批，张三同意", "李四", False),
        ("由李四审批，张三同意", "张三", False),
        ("由李四审批，张三同意", "1001", True),
        ("由李四审批，张三同意", "wangwu", True),
    ],
)
def test_the_name_of_a_step_and_who_performs_it_are_one(
    tmp_path: Path, name: str, by: str, *, is_told: bool
) -> None:
    subject = FLOW.replace(
        "{wangwu: {}, ceo: {}}", "{1001: {}, 张三: {}, 李四: {}, wangwu: {}, ceo: {}}"
    )
    step = f"{{name: {name}, approve: {{by: {by}}}, expect: {{flow: {{at: 总经理}}}}}}"
    lines = tell(tmp_path, f"vars: {{谁: 张三}}\nsteps: [{step}]", subject=subject)

    assert sum("the name of this step speaks of" in str(one) for one in lines) == is_told


@pytest.mark.parametrize(
    ("name", "expected", "is_told"),
    [
        ("张三同意", "{at: 总经理, pending: [张三]}", True),
        ("张三直接驳回", "{pending: [张三]}", True),
        ("张三 approves", "{at: 总经理, pending: [张三]}", True),
        ("提交，张三审批", "{at: 总经理, pending: [张三]}", False),
        ("部门批准，张三同意", "{at: 总经理, pending: [张三]}", False),
        ("张三审批", "{at: 总经理, pending: [张三]}", False),
        ("张三同意", "{history: {$contains: {by: 张三}}, pending: [ceo]}", False),
        ("张三同意", "{form: {金额: 1}}", True),
    ],
)
def test_who_has_decided_by_the_name_is_not_who_is_waited_for(
    tmp_path: Path, name: str, expected: str, *, is_told: bool
) -> None:
    subject = FLOW.replace("{wangwu: {}, ceo: {}}", "{张三: {}, wangwu: {}, ceo: {}}")
    step = f"{{name: {name}, approve: {{by: wangwu}}, expect: {{flow: {expected}}}}}"
    lines = tell(tmp_path, f"steps: [{step}]", subject=subject)

    assert sum("the name of this step speaks of" in str(one) for one in lines) == is_told


@pytest.mark.parametrize(
    ("code", "message", "title", "told"),
    [
        ("NO_ROW", "", "金额必填", "this step fails whatever the scripts do, by NO_ROW; mend it"),
        ("UNKNOWN_NODE", "", "批准", "this step fails whatever the scripts do, by UNKNOWN_NODE"),
        ("TIMEOUT", "", "批准", ""),
        ("REQUIRED", "客户名称 必填", "金额必填", "the name speaks of 金额, and this is about 客户名称"),
        ("READ_ONLY", "客户名称", "金额只读", "the name speaks of 金额, and this is about 客户名称"),
        ("HIDDEN", "客户名称", "金额隐藏", "the name speaks of 金额, and this is about 客户名称"),
        ("NOT_AN_OPTION", "客户名称", "没有金额", "the name speaks of 金额, and this is about 客户名称"),
        ("REFUSED", "客户名称", "没有金额", ""),
        ("REQUIRED", "金额", "没有金额", ""),
        ("REQUIRED", "客户名称、金额", "没有金额", ""),
        ("REQUIRED", "备注", "金额为空，客户名称缺", "the name speaks of 金额, 客户名称, and this is about 备注"),
        ("REQUIRED", "客户名称", "金额为空，客户名称缺", ""),
        ("REQUIRED", "", "没有金额", ""),
        ("REQUIRED", "客户名称", "金额5000时提交", ""),
        ("REQUIRED", "客户名称", "没有金额，备注已填", "the name speaks of 金额, and this is about 客户名称"),
    ],
)  # fmt: skip
def test_an_error_is_doubtful_if_it_is_none_that_the_name_speaks_of(
    code: str, message: str, title: str, told: str
) -> None:
    thrown = ErrorThrown(type="Error", code=code, message=message, source="subject", at=0.0)
    fields = ("金额", "客户名称", "备注")

    def explain(**expected: str) -> str:
        return explain_unintended_error(ExpectedError(**expected), thrown, fields, title)

    assert explain().startswith(told)
    assert bool(explain()) == bool(told)
    assert explain(message=message) == ""
    is_of_step = code in {"NO_ROW", "UNKNOWN_NODE"}
    assert explain(code=code) == ("" if is_of_step else explain())
