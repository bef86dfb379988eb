# ruff: noqa: E501 - scenarios, one a line
"""What a run shows to have held anyway: values, facts and calls, on both sides of each condition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.expectation_doubts import (
    FieldHistory,
    find_expectations_that_never_fail,
    find_only_unwritten_fields,
    find_parts_checking_nothing,
    find_useless_proxy_settings,
)
from bpmax_sim.scenario.findings import RunFinding
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.session.sending_log import RecordingMatch
from bpmax_sim.session.session import Session
from bpmax_sim.subject.hooks import FieldChanged

FORM = """\
version: 1
scenario: 报销单
form: {scripts: {open: 开.js}, fields: {金额: 0, 客户: "", 明细: []}}
"""
FLOW = """\
version: 1
scenario: 报销流程
flow: {definition: 流程.yaml, at: 部门审批, form: {金额: 1}, scripts: {approve.部门审批: 开.js}}
people: {wangwu: {}, ceo: {}}
"""
FILES = {
    "开.js": "form.金额 = 1\n",
    "流程.yaml": "flow: 报销\nstart: 部门审批\nnodes:\n"
    "  部门审批: {owners: [wangwu], approve: 总经理, reject: 结束}\n"
    "  总经理: {owners: [ceo], approve: 结束, reject: 结束}\n  结束: {end: true}\n",
    "platforms/crm.yaml": "platform_key: crm\nbase_url: https://crm.example.test\n"
    "apis: {查客户: {path: /c}, 下单: {method: POST, path: /o}}\n",
}


def load(
    folder: Path, text: str, *, flow: bool = False, environ: Mapping[str, str] | None = None
) -> ScenarioItem:
    """Return the only item of a scenario of a form, or of a flow, that *text* goes on with."""
    for name, content in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    path = folder / "单.scenario.yaml"
    path.write_text(f"{FLOW if flow else FORM}{text}\n", encoding="utf-8")
    [item] = load_items(path, environ=environ or {}, root=folder)
    return item


def write(field: str, new: Any, by: str = "script", old: Any = None) -> FieldChanged:
    return FieldChanged(field=field, old=old, new=new, by=by)


def history(
    *changes: FieldChanged,
    initial: Mapping[str, Any] | None = None,
    options: Sequence[Any] = (),
    script: str = "",
    flow: Mapping[str, Any] | None = None,
) -> FieldHistory:
    start = {"金额": 0, "客户": "", "明细": []} if initial is None else initial
    offered = {"客户": options} if options else {}
    return FieldHistory(start, changes, offered, [script] if script else [], flow or {})


def call(
    name: str = "crm.查客户",
    error: str = "",
    instance: str = "a",
    recording: RecordingMatch | None = None,
) -> CallMade:
    return CallMade(number=1, call=name, error=error, instance=instance, recording=recording)


def words(found: Iterable[RunFinding]) -> list[str]:
    """Return the messages of *found*, none of which fails a run."""
    told = list(found)
    assert not any(one.fails for one in told)
    return [one.message for one in told]


@pytest.mark.parametrize(
    ("script", "literals"),
    [
        ("form.客户 = '甲'", ["甲"]),
        ('form.客户 = "甲"', ["甲"]),
        (
            "form.客户='甲'\nform.客户 = '乙'\nform.客户 = '甲'; form.客户 = '丙'",
            ["甲", "乙", "丙"],
        ),
        ("form.客户 = 金额 > 9 ? '大' : \"小\"", ["大", "小"]),
        ("if (form.客户 == '甲') form.金额 = 1", []),
        ("if (form.客户 === '甲') form.金额 = 1", []),
        ("form.客户 = 取('甲')", []),
        ("form.客户 = ''", []),
        ("form.客户名 = '甲'", []),
        ("form.客户 =\n  '甲'", []),
        ("", []),
    ],
)
def test_a_text_that_a_script_writes_is_found(script: str, literals: list[str]) -> None:
    assert history(script=script).find_assigned_literals("客户") == literals


@pytest.mark.parametrize(
    ("initial", "changes", "values"),
    [
        ({"客户": ""}, (), [""]),
        ({"客户": None}, (write("客户", "甲"),), [None, "甲"]),
        ({"客户": 0}, (write("客户", 0), write("金额", 5), write("客户", None)), [0, 0, None]),
        ({}, (write("客户", "甲"),), ["甲"]),
        ({}, (), []),
    ],
)
def test_the_values_of_a_field_begin_with_that_before_the_first_step(
    initial: dict[str, Any], changes: tuple[FieldChanged, ...], values: list[Any]
) -> None:
    assert history(*changes, initial=initial).get_values("客户") == values


SOLD = write("客户", "甲")
ALL_OPTIONS = "$in has all options that form.客户 offers"
EACH_VALUE = "$in has each value that form.客户 had, also before anything ran: , 甲"
ANY_VALUE = "whatever else it could be"


@pytest.mark.parametrize(
    ("expected", "past", "said"),
    [
        # a choice
        ("{客户: {$in: [甲, 乙]}}", history(SOLD, options=["甲", "乙"]), ALL_OPTIONS),
        ("{客户: {$in: [甲, 乙, 丙]}}", history(SOLD, options=["甲", "乙"]), ALL_OPTIONS),
        ("{客户: {$in: [甲, 乙]}}", history(SOLD, options=["甲", "乙", "丙"]), ""),
        ("{客户: {$in: [甲]}}", history(SOLD, options=["甲"]), ""),
        ("{客户: {$in: ['', 甲]}}", history(SOLD), EACH_VALUE),
        ("{客户: {$in: ['', 甲]}}", history(SOLD, options=["甲", "乙"]), EACH_VALUE),
        ("{客户: {$in: [乙, 甲]}}", history(SOLD), ""),
        ("{客户: {$in: ['', 甲]}}", history(), ""),
        ("{客户: {$in: ['', 甲]}}", history(write("客户", "乙"), SOLD), ""),
        ("{客户: {$in: ['', 甲], $ne: 乙}}", history(SOLD), ""),
        ("{金额: {$in: [0, 1, 2, 10, -1]}}", history(write("金额", 1)),
         "$in has each value that form.金额 had"),
        # operators
        ("{金额: {$gte: 0}}", history(write("金额", 5), write("金额", 0), script="form.金额 = 0"),
         ""),
        ("{金额: {$gte: 0}}", history(write("金额", 0), initial={"金额": 5}),
         "form.金额 is 0, as little as this allows"),
        ("{金额: {$gte: 0}}", history(write("金额", 1), initial={"金额": 5}), ""),
        ("{金额: {$gte: 1}}", history(write("金额", 0), initial={"金额": 5}), ""),
        ("{金额: {$gt: -1}}", history(write("金额", 0), initial={"金额": 5}), ""),
        ("{金额: {$lte: 1000000}}", history(write("金额", 5)), ANY_VALUE),
        ("{金额: {$lte: 49}}", history(write("金额", 5)), ""),
        ("{金额: {$lte: 50}}", history(write("金额", 5)), ANY_VALUE),
        ("{金额: {$lte: 1000000}}", history(write("金额", 5), initial={}), ""),
        ("{金额: {$lte: 1000000}}", history(write("金额", 5), initial={"金额": 2e6}), ""),
        ("{金额: {$lte: 1000000}}", history(write("金额", 2e6), write("金额", 5)), ""),
        ("{金额: {$lte: '${vars.上限}'}}", history(write("金额", 5)), ""),
        ("{客户: {$type: text}}", history(SOLD), ANY_VALUE),
        ("{客户: {$eq: null}}", history(write("客户", None), initial={"客户": None}), ""),
        ("{客户: {$not: {$type: map}}}", history(write("客户", None), initial={"客户": None}), ""),
        ("{客户: {$exactly: {省: 京}}}",
         history(write("客户", {"省": "京"}), initial={"客户": {"省": "京"}}), ""),
        ("{客户: {$type: map}}", history(write("客户", {"省": "京"}), initial={"客户": {}}), ANY_VALUE),
        # what a script writes in other cases
        ("{客户: {$matches: 甲|乙}}", history(SOLD, script="form.客户 = '甲'\nform.客户 = '乙'"),
         'fits also "乙"'),
        ("{客户: {$matches: 甲|乙}}",
         history(SOLD, script="form.客户 = '甲'\nform.客户 = '乙'\nform.客户 = '丙'"), ""),
        ("{客户: {$matches: 甲|乙}}", history(SOLD, script="form.客户 = '甲'"), ""),
        ("{客户: {$matches: 甲|乙}}", history(SOLD, script="form.客户 = '乙'"), ""),
        # a denied text
        ("{客户: {$ne: 上海公思}}", history(write("客户", "上海公司")),
         "form.客户 was never '上海公思'"),
        ("{客户: {$ne: 上海公司}}", history(write("客户", "上海公司"), write("客户", "")), ""),
        ("{客户: {$ne: 上海公思}}", history(options=["北京", "广州", "上海公司"]),
         "did you mean '上海公司'"),
        ("{客户: {$ne: 上海公思}}",
         history(write("客户", "上海公司"), script="if (甲) form.客户 = '上海公思'"), ""),
        ("{客户: {$ne: 上海二区}}", history(write("客户", "上海一区")), ""),
        ("{客户: {$ne: 未付款}}", history(write("客户", "待付款")), ""),
        ("{客户: {$ne: ''}}", history(SOLD), ""),
        ("{客户: {$ne: 深圳}}", history(write("客户", "上海公司")), ""),
        ("{客户: {$ne: 5}}", history(write("客户", "50")), ""),
        ("{客户: {$ne: '${vars.公思}'}}", history(write("客户", "${vars.公司}")), ""),
        ("{客户: {$in: [上海公思, 北京]}}", history(write("客户", "上海公司")), ""),
        # columns
        ("{明细: {$contains: {数量合计: 1, 单位价各: 2}}}",
         history(write("明细", [{"数量合计": 1}, {}, {"单位价格": 2}])),
         "no row of 明细 ever had a column '单位价各'; did you mean '单位价格'?"),
        ("{明细: {$contains: {单位价格: 2}}}", history(write("明细", [{"单位价格": 2}])), ""),
        ("{明细: {$contains: {单位价各: 2}}}", history(write("明细", ["单位价格"])), ""),
        ("{明细: {$contains: {单位价各: 2}}}", history(), ""),
        ("{明细: {$contains: {备注: 2}}}", history(write("明细", [{"单位价格": 2}])), ""),
        ("{明细: {$contains: {单位价各: 2}}}",
         history(write("明细", []), initial={"明细": [{"单位价格": 2}]}), "'单位价各'"),
    ],
)  # fmt: skip
def test_an_expected_field_is_doubted(
    tmp_path: Path, expected: str, past: FieldHistory, said: str
) -> None:
    item = load(
        tmp_path,
        f"vars: {{上限: 9, 公思: 甲}}\nsteps: [{{open: {{}}, expect: {{form: {expected}}}}}]",
    )

    found = words(find_expectations_that_never_fail(item, past, ()))
    found = [one for one in found if not one.startswith(("neither a script", "nothing could"))]
    assert [said in one for one in found] == [True] * bool(said)


@pytest.mark.parametrize(
    ("never", "said"),
    [
        ("上海公思", "form.客户 was never '上海公思'"),
        ("上海公司", ""),
        ("{$ne: 上海公思}", ""),
        ("{$in: [深圳, 广州, 上海公思]}", "form.客户 was never '上海公思'"),
        ("5", ""),
        ("''", ""),
    ],
)
def test_a_plain_text_below_never_is_a_denied_one(tmp_path: Path, never: str, said: str) -> None:
    item = load(tmp_path, f"never: {{form: {{客户: {never}}}}}\nsteps: [{{open: {{}}}}]")
    past = history(write("客户", "上海公司"), script="form.客户 = '上海公司'")

    found = words(find_expectations_that_never_fail(item, past, ()))

    assert [said in one for one in found if "form.客户 was never" in one] == [True] * bool(said)


@pytest.mark.parametrize(
    ("steps", "lines"),
    [
        ("{preview: {}, expect: {preview: {end: 结束}}}", []),
        ("{preview: {}}\n  - {expect: {preview: {end: 结束}}}", []),
        ("{preview: {}}\n  - {advance: 1s}\n  - {advance: 1s, expect: {preview: {end: 结束}}}", []),
        ("{preview: {}}\n  - {js: form.金额 = 1, expect: {preview: {end: 结束}}}", [8]),
        ("{preview: {}}\n  - {js: form.金额 = 1}\n  - {expect: {preview: {end: 结束}}}", [9]),
        ("{preview: {}}\n  - {js: form.金额 = 1}\n  - {advance: 1s, expect: {preview: {end: 结束}}}",
         [9]),
        (("{preview: {}}\n  - {js: form.金额 = 1}\n  - {preview: {}}\n"
         "  - {expect: {preview: {end: 结束}}}"), []),
        (("{preview: {}}\n  - {js: form.金额 = 1, expect: {preview: {end: 结束}}}\n"
         "  - {expect: {preview: {end: 结束}}}"), [8, 9]),
    ],
)  # fmt: skip
def test_a_preview_is_stale_once_something_is_done(
    tmp_path: Path, steps: str, lines: list[int]
) -> None:
    item = load(tmp_path, f"proxy: {{platforms: platforms}}\nsteps:\n  - {steps}", flow=True)

    found = find_expectations_that_never_fail(item, history(), ())

    assert [one.place.line for one in found if one.place and "preview" in one.message] == lines


RECORDED = RecordingMatch(file="单.yaml", exchange=1, line=3, played=True)


@pytest.mark.parametrize(
    ("rest", "calls", "is_doubted"),
    [
        ("steps: [{open: {}}]", (), True),
        ("steps: [{open: {}}]", (call(),), True),
        ("steps: [{open: {}}]", (call(), call(), call(recording=RECORDED)), False),
        ("xfail: 待修\nsteps: [{open: {}}]", (), False),
        ("steps: [{open: {}}, {js: form.金额 = 1, expect_error: {code: READ_ONLY}}]", (), False),
        ("steps: [{open: {}, retry: {tries: 2}}]", (), True),
        ("steps: [{open: {}, retry: {tries: 2, until: {form: {金额: 1}}}}]", (), False),
        ("always: {form: {金额: 1}}\nsteps: [{open: {}}]", (), False),
        ("expect: {form: {金额: 1}}\nsteps: [{open: {}}]", (), False),
        ("steps: [{open: {}}, {set: {金额: 1}}, {open: {}, expect: {form: {金额: 1}}}]", (), False),
    ],
)  # fmt: skip
def test_a_scenario_without_any_judge_is_told(
    tmp_path: Path, rest: str, calls: tuple[CallMade, ...], is_doubted: bool
) -> None:
    item = load(tmp_path, rest)
    past = history(script="form.金额 = 1")

    found = words(find_expectations_that_never_fail(item, past, calls))

    assert [one for one in found if one.startswith("nothing is expected here")] == found
    assert bool(found) is is_doubted
    assert words(find_expectations_that_never_fail(item, history(), calls)) == []


WRITTEN = write("金额", 1)
ENTERED = write("金额", 1, "user")
HELD = {"at": "部门审批", "status": "processing", "owners": ["wangwu"], "pending": ["wangwu"]}


@pytest.mark.parametrize(
    ("expected", "past", "said"),
    [
        ("{form: {金额: 0}}", history(), "nothing wrote it: 金额"),
        ("{form: {金额: 0, 客户: ''}}", history(SOLD), ""),
        ("{form: {金额: 0}}", history(SOLD), "nothing wrote it: 金额"),
        ("{form: {金额: 1}}", history(WRITTEN), ""),
        ("{form: {金额: 0}}", history(write("合同/金额", 1)), "nothing wrote it: 金额"),
        ("{form: {金额: 0}}", history(write("合同[0].金额", 1)), "nothing wrote it: 金额"),
        ("{form: {'客户.名': 甲}}", history(write("客户", {"名": "甲"})), ""),
        ("{form: {金额: 1}}", history(ENTERED), "or a step entered it, and no script wrote it"),
        ("{form: {金额: 1}}", history(ENTERED, WRITTEN), ""),
        ("{form: {'明细[0].数量': 1}}", history(write("明细[0].数量", 1, "change")), ""),
        ("{form: {'明细[0].数量': 1}}", history(write("明细[1].数量", 1, "change")), ""),
        ("{form: {明细: []}}", history(write("明细[0].数量", 1, "user")), "or a step entered it"),
        ("{form: {客户: ''}}", history(ENTERED), "nothing wrote it: 客户"),
        ("{form: {金额: 1}}", history(write("金额", 1, "user"), initial={}), "or a step entered it"),
        ("{form: {金额: 1}}", history(initial={}), ""),
        ("{form: {金额: 0}, messages: []}", history(), ""),
        ("{form: {金额: 0}, result: 1}", history(), ""),
    ],
)  # fmt: skip
def test_fields_that_no_script_wrote_are_told(
    tmp_path: Path, expected: str, past: FieldHistory, said: str
) -> None:
    item = load(tmp_path, f"steps: [{{open: {{}}, expect: {expected}}}]")

    assert [said in one for one in words(find_only_unwritten_fields(item, past))] == (
        [True] * bool(said)
    )


@pytest.mark.parametrize(
    ("flow", "past", "said"),
    [
        ("{at: 部门审批}", HELD, "flow.at"),
        ("{at: 部门审批, status: processing, owners: [wangwu], pending: [wangwu]}", HELD,
         "flow.at, flow.status, flow.owners, flow.pending"),
        ("{at: 总经理}", HELD, ""),
        ("{status: processing}", HELD, ""),
        ("{at: 部门审批, passed: []}", {**HELD, "passed": []}, ""),
        ("{at: 部门审批}", {}, ""),
        ("{at: 部门审批, form: {金额: 0}}", HELD, "金额, flow.at"),
        ("{form: {金额: 0}}", {}, "金额"),
    ],
)  # fmt: skip
def test_facts_of_a_flow_that_held_at_its_start_are_told(
    tmp_path: Path, flow: str, past: dict[str, Any], said: str
) -> None:
    item = load(
        tmp_path, f"steps: [{{approve: {{by: wangwu}}, expect: {{flow: {flow}}}}}]", flow=True
    )

    found = words(find_only_unwritten_fields(item, history(flow=past)))

    assert [f"wrote it: {said};" in one for one in found] == [True] * bool(said)


def test_one_expectation_of_what_a_script_does_is_enough(tmp_path: Path) -> None:
    idle = "{open: {}, expect: {form: {金额: 0}}}"
    other = "{set: {客户: 甲}, expect: {form: {客户: 甲}}}"
    error = "{set: {金额: 5}, expect_error: {code: READ_ONLY}}"

    [found] = words(
        find_only_unwritten_fields(load(tmp_path, f"steps: [{idle}, {idle}]"), history())
    )
    assert found.count("金额") == 1
    for more in (other, error):
        item = load(tmp_path, f"steps: [{idle}, {idle}, {more}]")
        assert not words(find_only_unwritten_fields(item, history(SOLD)))


NO_LOOK = "the function returned False"
REFUSES_NOTHING = "which refuses nothing"


@pytest.mark.parametrize(
    ("step", "result", "said"),
    [
        ("python: 查:查", False, NO_LOOK),
        ("python: 查:查", 0, ""),
        ("python: 查:查", None, ""),
        ("python: 查:查", "不行", ""),
        ("python: 查:查, save: {好: '${form.金额}'}", False, ""),
        ("python: 查:查, expect: {result: false}", False, ""),
        ("python: 查:查, expect: {form: {金额: 1}}", False, NO_LOOK),
        ("python: 查:查, id: 查", False, NO_LOOK),
        ("python: 查:查}, {expect: {result: false}", False, ""),
        ("python: 查:查}, {expect: {flow: {at: 总经理}}}, {expect: {result: false}", False, ""),
        ("python: 查:查}, {advance: 1s, expect: {result: false}", False, NO_LOOK),
        ("python: 查:查, retry: {tries: 2}", False, NO_LOOK),
        ("python: 查:查, retry: {tries: 2, until: {result: true}}", False, ""),
        ("js: return false", False, ""),
        ("approve: {by: wangwu}", False, REFUSES_NOTHING),
        ("reject: {by: wangwu}", False, REFUSES_NOTHING),
        ("approve: {by: wangwu}", "额度不足", REFUSES_NOTHING),
        ("approve: {by: wangwu}", "", ""),
        ("approve: {by: wangwu}", 0, ""),
        ("approve: {by: wangwu}", True, ""),
        ("approve: {by: wangwu}", None, ""),
        ("approve: {by: wangwu}", {}, ""),
        ("approve: {by: wangwu}", {"message": "额度不足"}, ""),
        ("approve: {by: wangwu}", {"code": 0, "ok": False}, REFUSES_NOTHING),
        ("approve: {by: wangwu}", {"ok": True, "success": True, "passed": False}, REFUSES_NOTHING),
        ("approve: {by: wangwu}", {"ok": 0}, ""),
        ("approve: {by: wangwu}", {"ok": None}, ""),
        *(("approve: {by: wangwu}", {name: False}, REFUSES_NOTHING)
          for name in ("success", "pass", "passed", "allow", "allowed", "valid", "agree")),
    ],
)  # fmt: skip
def test_a_no_that_nothing_looks_at_is_told(
    tmp_path: Path, step: str, result: Any, said: str
) -> None:
    (tmp_path / "查.py").write_text("def 查(session):\n    return False\n", encoding="utf-8")
    item = load(tmp_path, f"steps: [{{{step}}}]", flow=True)

    found = words(find_parts_checking_nothing(item, item.steps[0], (), result))

    assert [said in one for one in found] == [True] * bool(said)


@pytest.mark.parametrize(
    ("rest", "is_told"),
    [
        ("steps: [{id: 查, python: 查:查}, {set: {金额: '${steps.查.result}'}}]", False),
        ("steps: [{id: 查, python: 查:查}, {set: {金额: 1}}]", True),
        ("expect: {result: false}\nsteps: [{python: 查:查}]", False),
        ("expect: {form: {金额: 1}}\nsteps: [{python: 查:查}]", True),
    ],
)
def test_a_no_that_is_named_elsewhere_is_looked_at(
    tmp_path: Path, rest: str, is_told: bool
) -> None:
    (tmp_path / "查.py").write_text("def 查(session):\n    return False\n", encoding="utf-8")
    item = load(tmp_path, rest)

    assert bool(words(find_parts_checking_nothing(item, item.steps[0], (), False))) is is_told


FAILED = "each call of crm.查客户 failed (TIMEOUT), and nothing else is expected"
NONE = "no call at all"
MANY = "any number of calls"
NOT_CALLED = "was not called at all, which this allows, too"
LATE = call(error="TIMEOUT")


@pytest.mark.parametrize(
    ("said", "calls", "expected"),
    [
        ("", (call(),), ""),
        ("", (LATE,), FAILED),
        ("", (LATE, LATE, call()), ""),
        ("", (LATE, call(error="HTTP")), FAILED),
        ("", (), ""),
        (", times: 1", (LATE,), FAILED),
        (", times: 0", (LATE,), ""),
        (", error: TIMEOUT", (LATE,), ""),
        (", status: 500", (LATE,), ""),
        (", times: {$lt: 9}", (), NOT_CALLED),
        (", times: {$gte: 1}", (call(), call(), call()), f"{MANY}, too; write times: 3"),
        (", times: {$gte: 1}", (), ""),
        (", times: {$gt: 1}", (call(), call()), f"{MANY}, too; write times: 2"),
        (", times: {$lte: 2}", (call(), call()), f"{NONE}, too; write times: 2"),
        (", times: {$in: [1, 2]}", (call(), call()), ""),
        (", times: {$gte: 1, $lte: 999999}", (call(),), ""),
        (", times: {$gte: 1, $lte: 1000000}", (call(),), MANY),
        (", times: 1", (call(),), ""),
    ],
)
def test_calls_of_which_any_number_fits_are_told(
    tmp_path: Path, said: str, calls: tuple[CallMade, ...], expected: str
) -> None:
    item = load(
        tmp_path,
        "proxy: {platforms: platforms}\n"
        f"steps: [{{open: {{}}, expect: {{proxy: [{{call: crm.查客户{said}}}]}}}}]",
    )
    other = call("crm.下单")

    found = words(find_parts_checking_nothing(item, item.steps[0], (other, *calls, other), None))

    assert [expected in one for one in found] == [True] * bool(expected)


@pytest.mark.parametrize(
    ("rest", "is_told"),
    [
        ("steps: [{open: {}, expect: {proxy: [{call: crm.查客户}]}}]", True),
        ("steps: [{open: {}, expect: {proxy: [{call: crm.查客户}], form: {金额: 1}}}]", False),
        ("expect: {form: {金额: 1}}\nsteps: [{open: {}, expect: {proxy: [{call: crm.查客户}]}}]", False),
        ("steps: [{open: {}, expect: {form: {金额: 1}}}]", False),
    ],
)  # fmt: skip
def test_calls_that_all_failed_are_told_where_nothing_else_is_expected(
    tmp_path: Path, rest: str, is_told: bool
) -> None:
    item = load(tmp_path, f"proxy: {{platforms: platforms}}\n{rest}")

    assert (words(find_parts_checking_nothing(item, item.steps[0], (LATE,), None)) != []) is is_told


@pytest.mark.parametrize(
    ("name", "times", "calls", "is_told"),
    [
        ("crm.$token", "0", (), True),
        ("crm.$token", "0", (call("erp.查客户"),), True),
        ("crm.$token", "0", (call("erp.查客户"), call("erp.下单"), call()), False),
        ("crm.$token", "0", (call("crm.$token"),), False),
        ("crm.$token", "1", (), False),
        ("crm.查客户", "0", (), False),
    ],
)
def test_a_login_that_is_denied_needs_a_call(
    tmp_path: Path, name: str, times: str, calls: tuple[CallMade, ...], is_told: bool
) -> None:
    (tmp_path / "platforms").mkdir()
    item = load(
        tmp_path,
        "proxy: {platforms: platforms}\n"
        f"steps: [{{open: {{}}, expect: {{proxy: [{{call: {name}, times: {times}}}]}}}}]",
    )

    found = words(find_parts_checking_nothing(item, item.steps[0], calls, None))

    assert ["nothing called crm in this step" in one for one in found] == [True] * is_told


@pytest.mark.parametrize(
    ("proxy", "calls", "is_told"),
    [
        (", instance: b", (call(),), True),
        (", instance: b", (call(), call(), call(instance="b")), False),
        (", instance: b", (), False),
        (", instance: b", (call("crm.$token"),), False),
        ("", (call(),), False),
    ],
)
def test_an_instance_to_which_no_call_went_is_told(
    tmp_path: Path, proxy: str, calls: tuple[CallMade, ...], is_told: bool
) -> None:
    item = load(tmp_path, f"proxy: {{platforms: platforms{proxy}}}\nsteps: [{{open: {{}}}}]")

    with Session.open(platforms=[tmp_path / "platforms"]) as session:
        found = words(find_useless_proxy_settings(item, calls, session))

    assert ["no call went to the instance 'b'" in one for one in found] == [True] * is_told
