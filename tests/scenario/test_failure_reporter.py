"""What the failure of a step says: its kind, its place, and the script line behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.errors import (
    CallError,
    ConfigError,
    NoMatchError,
    Place,
    ScriptError,
    SubjectError,
)
from bpmax_sim.i18n import msg, translate
from bpmax_sim.scenario.assertions import collect_call_error_codes
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.expect import Comparison
from bpmax_sim.scenario.failure_report import FailureReporter
from bpmax_sim.scenario.findings import RunFinding
from bpmax_sim.scenario.model import ExpectedError
from bpmax_sim.scenario.observation import Observation
from bpmax_sim.scenario.provenance import LastAssignment, Origins
from bpmax_sim.script.failure import Script
from tests.scenario.test_doubts_of_a_run import load, write

SCRIPT = """\
// 金额: 先算
form.金额 = 5;
const 行 = { 数量: 1, '单价': 2 };
if (form.客户 == '甲') return;
form.明细[0].合计 += 1; form['备注'] = ''
const 址 = 'https://a.test'; 行.序号 = 3 // 行.倒数 = 1
form.次数++; form.余数--
"""
STEPS = "steps:\n  - {open: {}, expect: {form: {金额: 1}}}\n"


@pytest.fixture
def reporter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FailureReporter:
    monkeypatch.chdir(tmp_path)
    item = load(tmp_path, STEPS)
    return FailureReporter(
        item=item,
        located=item.steps[0],
        number=1,
        total=1,
        title="打开",
        bodies=(Script("1", "空.js"), Script(SCRIPT, "算.js")),
        redact=lambda text: text.replace("密码123", "***"),
    )


def of_scenario(reporter: FailureReporter) -> FailureReporter:
    return replace(reporter, located=None, number=0)


def test_a_failure_has_its_first_line_and_the_rest_as_details(reporter: FailureReporter) -> None:
    failure = reporter.report("expect", "金额 密码123\n二\n三", ("expect", "form"))

    assert (failure.essence, failure.detail) == ("金额 ***", ("二", "三"))
    assert (str(failure.place), str(failure.location)) == (
        "单.scenario.yaml:5:25",
        "单.scenario.yaml:5:5",
    )
    assert reporter.report("expect", "").essence == ""
    whole = of_scenario(reporter).report("expect", "坏", ("scenario",))
    assert str(whole.place) == str(whole.location) == "单.scenario.yaml:2:1"


def test_a_reference_is_of_the_step_or_of_the_scenario(
    tmp_path: Path, reporter: FailureReporter
) -> None:
    filled = "vars: {额: 1}\nexpect: {form: {金额: 1}}\nsteps:\n  - {open: {金额: '${vars.额}'}, "
    item = load(tmp_path, f"{filled}expect: {{form: {{金额: '${{vars.额}}'}}}}}}\n")
    other = replace(reporter, item=item, located=item.steps[0])

    def find(one: FailureReporter) -> list[str]:
        return [key for key in ("open", "expect", "user", "vars") if one.has_reference(key)]

    assert (find(other), find(of_scenario(other)), find(reporter)) == (["open", "expect"], [], [])
    whole = load(tmp_path, "vars: {额: 1}\nexpect: {form: {金额: '${vars.额}'}}\n" + STEPS)
    assert find(of_scenario(replace(reporter, item=whole))) == ["expect"]
    assert find(replace(reporter, item=whole, located=whole.steps[0])) == []


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (Place("算.js", 2, 1), "form.金额 = 5;"),
        (Place("算.js", 5, 1), "form.明细[0].合计 += 1; form['备注'] = ''"),
        (Place("算.js", 7, 1), "form.次数++; form.余数--"),
        (Place("算.js", 8, 1), ""),
        (Place("算.js", 0, 1), ""),
        (Place("没有.js", 2, 1), ""),
        (Place("空.js", 1, 1), "1"),
        (None, ""),
    ],
)
def test_the_script_line_of_a_failure_is_shown(
    reporter: FailureReporter, script: Place | None, text: str
) -> None:
    assert reporter.report("error", "坏", script=script).script_text == text


CALLS = (
    CallMade(number=1, call="crm.查", error="TIMEOUT", place=Place("算.js", 1, 1)),
    CallMade(number=2, call="crm.下单", place=Place("算.js", 2, 1)),
    CallMade(number=3, call="crm.查", error="NO_MATCH", place=Place("算.js", 3, 1)),
    CallMade(number=4, call="crm.查", place=Place("算.js", 4, 1)),
)


@pytest.mark.parametrize(
    ("calls", "line"), [((), None), (CALLS[1:2], None), (CALLS, 3), (CALLS[:2], 1)]
)
def test_a_miss_is_at_the_line_of_the_last_call_that_failed(
    reporter: FailureReporter, calls: tuple[CallMade, ...], line: int | None
) -> None:
    missing = NoMatchError("没有录过")

    failure = replace(reporter, calls=calls).report_miss(missing)

    assert (failure.kind, failure.essence, failure.cause) == ("miss", "没有录过", missing)
    assert (failure.script.line if failure.script else None) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("proxy", 1, "body"), 2),
        (("proxy", 3), 4),
        (("proxy", 4), None),
        (("messages", 1), None),
        (("proxy",), None),
        (("form", "金额", "$gt"), 7),
        (("form", "明细", 0, "数量"), 8),
        (("form", "明细[0].数量"), 8),
        (("form", "$not"), None),
        (("flow", "form", "金额"), 7),
        (("flow", "project", "owner", "id"), 9),
        (("flow", "at"), None),
        (("flow", "tasks", "金额", "张三"), None),
        (("flow", "金额"), None),
        (("form", "客户"), None),
        (("result",), None),
        ((), None),
    ],
)
def test_the_line_that_made_a_wrong_value_is_shown(
    reporter: FailureReporter, path: tuple[str | int, ...], line: int | None
) -> None:
    fields = {"金额": 7, "明细": 8, "project.owner": 9}
    made = {
        name: LastAssignment(replace(write(name, 1), place=Place("算.js", number, 1)))
        for name, number in fields.items()
    }
    full = replace(reporter, calls=CALLS, origins=Origins(assignments=made))

    (failure,) = full.report_expectation((Comparison(path, False, "1", "2"),))
    assert (failure.script.line if failure.script else None) == line


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (("form", "金额"),
         "form.金额: never written since its initial value, at 单.scenario.yaml:3:40"),
        (("form", "明细[0].数量"),
         "form.明细[0].数量: never written since its initial value, at 单.scenario.yaml:3:55"),
        (("form", "没有"), "form.没有: never written, and without an initial value"),
        (("form", "$not", "客户"),
         "form.客户: never written since its initial value, at 单.scenario.yaml:3:47"),
        (("form", "$not"), ""),
        (("flow", "tasks", "客户", "张三"), ""),
        (("flow", "projects", "用印", "form", "金额"), ""),
        (("result",), ""),
    ],
)  # fmt: skip
def test_the_origin_of_a_wrong_value_is_told(
    reporter: FailureReporter, path: tuple[str | int, ...], told: str
) -> None:
    checks = (Comparison(("vars",), True, "", ""), Comparison(path, False, "1", "2"))

    (failure,) = reporter.report_expectation(checks)

    assert failure.detail == ((told,) if told else ())
    assert reporter.report_expectation(checks[:1]) == []


@pytest.mark.parametrize(
    ("name", "place", "line"),
    [
        ("form.金额", None, (2, 6)),
        ("form.明细[0].数量", None, (3, 13)),
        ("form.明细[0].单价", None, (3, 21)),
        ("form.明细[0].合计", None, (5, 12)),
        ("form.备注", None, (5, 27)),
        ("form.明细[2].序号", None, (6, 31)),
        ("form.次数", None, (7, 6)),
        ("form.余数", None, (7, 17)),
        ("form.倒数", None, None),
        ("form.客户", None, None),
        ("form.额", None, None),
        ("form.金额", Place("别.js", 9, 2), (9, 2)),
    ],
)
def test_a_stray_write_is_at_the_line_that_writes_such_a_member(
    reporter: FailureReporter, name: str, place: Place | None, line: tuple[int, int] | None
) -> None:
    failure = reporter.report_stray_write(name, place, "没有这个")

    assert failure.essence == f"the script wrote {name}: 没有这个"
    assert ((failure.script.line, failure.script.column) if failure.script else None) == line


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "kind", "essence"),
    [
        (SubjectError("缺金额", code="REQUIRED"), "refused", "REQUIRED: 缺金额"),
        (SubjectError("没有", code="NO_FLOW"), "error", "NO_FLOW: 没有"),
        (ScriptError("坏", name="TypeError"), "error", "TypeError: 坏"),
        (ScriptError("未叫", name="Uncalled"), "uncalled", "Uncalled: 未叫"),
        (ScriptError("未等", name="Unawaited"), "unawaited", "Unawaited: 未等"),
        (caused(ScriptError("未叫", name="Uncalled"), ValueError()), "error", "Uncalled: 未叫"),
        (ValueError("密码123"), "error", "ValueError: *** (from python)"),
        (CallError("断", platform="crm", api="查"), "error", "CallError: 断 (from crm.查)"),
        (caused(ValueError(), caused(KeyError(), ConfigError("缺令牌"))), "config", "缺令牌"),
        (caused(ScriptError("x"), ConfigError("缺令牌")), "config", "缺令牌"),
    ],
)
def test_an_unexpected_error_has_a_kind(
    reporter: FailureReporter, error: Exception, kind: str, essence: str
) -> None:
    failure = reporter.report_uncaught(error)

    assert (failure.kind, failure.essence, failure.cause) == (kind, essence, error)
    if kind != "config":
        rejected = reporter.report_uncaught(error, is_rejection=True)
        assert rejected.kind == "rejection"
        assert rejected.essence.startswith(f"unhandled rejection: {essence.partition(' (')[0]}")


@pytest.mark.parametrize(
    ("expected", "checks", "failures"),
    [
        ({}, [True], ["error", "error"]),
        ({"code": "B"}, [True], ["error", "error"]),
        ({"code": "B", "message": "乙"}, [True, True], ["error", "error"]),
        ({"code": "X"}, [False], ["other_error"]),
        ({"message": "丙", "code": "A"}, [True, False], ["other_error"]),
        ({"source": "script"}, [False], ["other_error"]),
    ],
)
def test_one_of_the_errors_is_the_expected_one_and_the_others_are_not(
    reporter: FailureReporter, expected: dict[str, Any], checks: list[bool], failures: list[str]
) -> None:
    errors = [CallError(text, code=code) for text, code in zip("甲乙丙", "ABC", strict=True)]

    found, failed = reporter.report_expected_error(ExpectedError(**expected), errors)

    assert [check.ok for check in found] == checks
    assert [one.kind for one in failed] == failures
    assert not any(one.essence.startswith("CallError: 乙") for one in failed if "code" in expected)


@pytest.mark.parametrize("code", [["缺"], {"NO_ROW": 1}, 404], ids=repr)
def test_a_code_that_a_script_sets_may_be_any_value(reporter: FailureReporter, code: Any) -> None:
    errors = [
        ScriptError("坏", fields={"code": code}),
        ScriptError("断", fields={"code": "CONFIG"}),
    ]

    (check, *_), others = reporter.report_expected_error(ExpectedError(code=code), errors)
    (plain,), _ = reporter.report_expected_error(ExpectedError(type="Error"), errors[:1])

    assert (check.ok, plain.ok, plain.doubt) == (True, True, "")
    assert [one.essence for one in (*others, *map(reporter.report_uncaught, errors))] == [
        "Error: 断", "Error: 坏", "Error: 断",
    ]  # fmt: skip
    unknown = CallError("没有", code="UNKNOWN_API")
    assert collect_call_error_codes([*errors, unknown]) == {"ConfigError", "UNKNOWN_API"}


def test_an_error_that_did_not_come_is_told(reporter: FailureReporter) -> None:
    (check,), (failure,) = reporter.report_expected_error(ExpectedError(code="A"), [])

    assert (check.ok, check.actual, failure.kind) == (False, "none", "no_error")
    assert failure.essence == 'expected an error (code "A"), but the step succeeded'


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        ("缺附件", "缺附件"),
        ("缺附件：\n  合同\n\n  报价", "缺附件： 合同 报价"),
        ("缺  附件", "缺  附件"),
        ("缺附件\n", "缺附件"),
    ],
)
def test_a_refusal_is_told_whole_on_one_line(
    reporter: FailureReporter, refusal: str, told: str
) -> None:
    failure = reporter.report_unexpected_refusal(refusal)

    assert failure.essence.partition(" (")[0] == f"REFUSED: {told}"
    assert (failure.kind, failure.detail) == ("refused", ())


@pytest.mark.parametrize(
    ("messages", "meaning"),
    [
        ([], ""),
        (["日期"], ""),
        (["金额", "客户"], "客户"),
        (["客户", "金额"], "金额"),
        (["金额", ""], "金额"),
        (["金额", "没有"], "金额"),
    ],
)
def test_of_two_calls_the_later_one_explains_an_error(
    reporter: FailureReporter, messages: list[str], meaning: str
) -> None:
    """An error that names both is of the call that the script has just made."""
    known = [msg("nothing is called {name}", name=name) if name else "" for name in messages]
    calls = [CallMade(number=n, call="crm.查", message=one) for n, one in enumerate(known, 1)]
    error = ScriptError("nothing is called 金额; nothing is called 客户", name="Error")

    made = replace(reporter, calls=tuple(calls), redact=lambda text: text)

    told = translate(made.report_uncaught(error).essence, "zh")

    assert told.partition("即：")[2] == (f"没有定义 {meaning}）" if meaning else "")


def test_a_finding_is_shown_where_it_is(reporter: FailureReporter) -> None:
    own = RunFinding("rule", "自己", Place("单.scenario.yaml", 3, 1))
    other = RunFinding("rule", "别处", Place("别.yaml", 7, 2))
    nowhere = RunFinding("rule", "无处")

    assert [
        (str(failure.place), str(failure.location), bool(failure.excerpt))
        for one in (own, other, nowhere)
        for failure in (reporter.report_finding(one), of_scenario(reporter).report_finding(one))
    ] == [
        ("单.scenario.yaml:3:1", "单.scenario.yaml:5:5", True),
        ("单.scenario.yaml:3:1", "单.scenario.yaml:3:1", True),
        ("别.yaml:7:2", "单.scenario.yaml:5:5", False),
        ("别.yaml:7:2", "别.yaml:7:2", False),
        ("单.scenario.yaml:5:6", "单.scenario.yaml:5:5", True),
        ("单.scenario.yaml:1:1", "单.scenario.yaml:1:1", True),
    ]


def test_a_digest_of_another_format_is_named_before_what_the_run_did(
    reporter: FailureReporter,
) -> None:
    failure = replace(reporter).report("expect", "trace", ())
    seen = [Observation("1", "result", "密码123"), Observation("1", "form.金额", 5)]

    told = reporter.add_effects_to_digest_failure(failure, "v1-" + "ab" * 32, seen)
    assert [one.partition(";")[0] for one in told.detail] == [
        "v1-abababa… is of another format of traces, in which other things count",
        'step 1: result "***"',
    ]
    plain = reporter.add_effects_to_digest_failure(failure, {"$exists": True}, [])
    assert plain.detail == ()


def test_a_step_of_several_lines_is_shown_and_its_name_says_what_is_meant(
    tmp_path: Path, reporter: FailureReporter
) -> None:
    step = "steps:\n  - name: 金额必填\n    open: {}\n    expect:\n      form: {金额: 1}\n"
    item = load(tmp_path, step)
    named = replace(reporter, item=item, located=item.steps[0])
    found = named.report_finding(RunFinding("rule", "自己", Place("单.scenario.yaml", 8, 7)))
    of_scenario = replace(named, located=None)
    refused = [SubjectError("缺客户", code="REQUIRED")]
    doubts = [
        checks[0].doubt.partition(";")[0]
        for one in (named, of_scenario, replace(reporter, item=item))
        for checks in (one.report_expected_error(ExpectedError(code="REQUIRED"), refused)[0],)
    ]

    assert [(line.number, line.marked) for line in found.excerpt] == [
        (5, False), (7, False), (8, True), (9, False),
    ]  # fmt: skip
    assert doubts == ["the name speaks of 金额, and this is about 客户", "", ""]
