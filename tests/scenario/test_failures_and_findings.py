# ruff: noqa: E501 - events and messages, one a line
"""What the failure of a step shows beside its message, and what a run finds beside failures."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from bpmax_sim.errors import CallError, ConfigError, Place, ScriptError, SubjectError
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.expect import Comparison
from bpmax_sim.scenario.failure_report import FailureReporter
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.model import ExpectedError
from bpmax_sim.scenario.observation import Observation
from bpmax_sim.scenario.provenance import LastAssignment, Origins
from bpmax_sim.script.failure import Script
from bpmax_sim.subject.hooks import RouteEvaluated
from bpmax_sim.transport.faults import Fault, Reply
from tests.scenario.test_doubts_of_a_run import load, write

STEPS = """\
steps:
  - open: {}
    save: {额: 1}
    expect:
      form: {金额: 1}
      result:
        甲:
          $each: 1
  - {python: "m:f", expect: {vars: {额: 1}}}
  - {set: {金额: 3}, expect_error: {message: 甲, code: X}}
"""
ROUTES = [
    RouteEvaluated(
        node="审批", action="approve", to="总经理", taken=False, when="ctx.form.金额 > 100"
    ),
    RouteEvaluated(node="审批", action="approve", to="复核", taken=True),
    RouteEvaluated(node="复核", action="approve", to="归档", taken=True),
]


@pytest.fixture
def reporter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FailureReporter:
    monkeypatch.chdir(tmp_path)
    item = load(tmp_path, STEPS)
    return FailureReporter(
        item=item,
        located=item.steps[0],
        number=1,
        total=2,
        title="打开",
        origins=Origins(routes=list(ROUTES)),
        bodies=(Script("  form.金额 = 1  ", "算.js"),),
        redact=lambda text: text.replace("密码", "***"),
    )


def wrong(*path: str | int, expected: str = "1") -> Comparison:
    return Comparison(path, False, expected, "2")


def test_a_failure_shows_the_step_from_its_first_line(reporter: FailureReporter) -> None:
    failure = reporter.report("expect", "坏", ("expect", "result"), script=Place("算.js", 1, 1))

    assert [line.number for line in failure.excerpt] == [5, 8, 9, 10]
    assert [line.number for line in failure.excerpt if line.marked] == [9]
    assert failure.script_text == "form.金额 = 1"
    of_scenario = replace(reporter, located=None).report("expect", "坏", ("form",))
    assert [line.number for line in of_scenario.excerpt] == [3, 4]


def test_a_call_whose_error_was_caught_is_told_with_both(reporter: FailureReporter) -> None:
    call = CallMade(
        number=1,
        call="crm.查客护",
        error="UNKNOWN_API",
        message="没有查客护",
        place=Place("算.js", 1, 1),
    )
    failure = reporter.report_caught_invalid_call(call)

    assert to_plain_english(failure.essence) == (
        "crm.查客护: 没有查客护; the script caught that: mend the call, or expect it in proxy: {call: crm.查客护, error: UNKNOWN_API}"
    )
    assert (failure.kind, failure.script, failure.script_text) == (
        "call",
        Place("算.js", 1, 1),
        "form.金额 = 1",
    )
    assert failure.place == Place("单.scenario.yaml", 5, 5)


def test_the_origins_of_all_wrong_values_are_told_then_the_routes(
    reporter: FailureReporter,
) -> None:
    made = {"客户.名": LastAssignment(replace(write("客户.名", 1), place=Place("算.js", 1, 1)))}
    full = replace(reporter, origins=Origins(assignments=made, routes=list(ROUTES)))
    fields = [
        wrong("form", "金额"),
        wrong("form", "客户.名"),
        wrong("form", "客户"),
        wrong("vars", "x", expected='"总经理"'),
    ]
    [failure] = full.report_expectation(tuple(fields))
    route = "route taken      复核 → 归档"

    assert failure.detail == (
        "form.金额: never written since its initial value, at 单.scenario.yaml:3:40",
        "form.客户.名: last written by 算.js:1:1",
        "form.客户: never written since its initial value, at 单.scenario.yaml:3:47",
    )
    [of_flow] = full.report_expectation((*fields[:1], wrong("flow", "at", expected='"归档员"')))
    assert of_flow.detail[1:] == (route,)
    [missed] = full.report_expectation((fields[3], wrong("flow", "at", expected='$in ["总经理"]')))
    assert missed.detail == (
        "route not taken  审批 → 总经理: ctx.form.金额 > 100",
        "route taken      审批 → 复核",
    )
    [other] = full.report_expectation(
        (wrong("vars", "x", expected="总经理"), wrong("flow", "at", expected='"x"'))
    )
    assert other.detail == (route,)
    [form] = full.report_expectation((wrong("flow", "form", "客户.名"),))
    assert form.detail == ("flow.form.客户.名: last written by 算.js:1:1",)


def test_an_initial_value_may_stand_in_the_form_of_a_flow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    item = load(
        tmp_path, "steps: [{approve: {by: wangwu}, expect: {flow: {form: {金额: 2}}}}]", flow=True
    )
    reporter = FailureReporter(item=item, located=item.steps[0])
    [failure] = reporter.report_expectation((wrong("flow", "form", "金额"),))

    assert failure.detail == (
        "flow.form.金额: never written since its initial value, at 单.scenario.yaml:3:46",
    )


def test_effects_come_behind_the_details_of_a_digest(reporter: FailureReporter) -> None:
    failure = reporter.report("expect", "坏\n一", ("expect",))
    told = reporter.add_effects_to_digest_failure(
        failure, "v4-x", [Observation("1", "result", "密码")]
    )

    assert told.detail == ("一", 'step 1: result "***"')


def test_an_error_about_the_place_of_a_flow_tells_its_routes(reporter: FailureReporter) -> None:
    taken, missed = (
        "route taken      复核 → 归档",
        "route not taken  审批 → 总经理: ctx.form.金额 > 100",
    )
    errors = {
        code: reporter.report_uncaught(
            SubjectError("不在 {node!r}", code=code, node="总经理")
        ).detail
        for code in (
            "NOT_AT_NODE",
            "NO_ROUTE",
            "NOT_UNDER_WAY",
            "AMBIGUOUS_NODE",
            "REQUIRED",
            "OTHER_BRANCH",
        )
    }
    assert {code: [*detail][:1] for code, detail in errors.items()} == {
        "NOT_AT_NODE": [missed], "NO_ROUTE": [missed], "NOT_UNDER_WAY": [missed], "AMBIGUOUS_NODE": [missed], "REQUIRED": [], "OTHER_BRANCH": [],
    }  # fmt: skip
    other = reporter.report_uncaught(SubjectError("不在 总经理", code="NOT_AT_NODE"))
    assert other.detail == (taken,)
    assert (
        to_plain_english(reporter.report_uncaught(SubjectError("无", code="NO_FLOW")).essence)
        == "NO_FLOW: 无"
    )
    caused = CallError("x")
    caused.__cause__ = ConfigError("缺令牌")
    assert reporter.report_uncaught(caused, is_rejection=True).kind == "config"


def test_a_python_step_wrote_itself_unless_a_script_line_is_known(
    reporter: FailureReporter,
) -> None:
    python = replace(
        reporter, located=reporter.item.steps[1], bodies=(Script("form.备注 = 1", "算.js"),)
    )
    own = python.report_stray_write("form.备注", None, "没有")
    script = python.report_stray_write("form.备注", Place("别.js", 3, 1), "没有")

    assert (own.essence, own.script) == ("the step wrote form.备注: 没有", None)
    assert (script.essence, script.script) == (
        "the script wrote form.备注: 没有",
        Place("别.js", 3, 1),
    )
    assert (own.kind, own.place) == ("name", Place("单.scenario.yaml", 12, 6))


WRITES = {
    "r.甲 = 1": 3, "r.甲 == 1": 0, "r['甲'] = 1": 4, "{甲: 1}": 2, "{甲, 乙}": 2, "{乙, 甲}": 5, "r.甲 |= 1": 3, "r.甲 &&= 1": 3, "r.甲 ??= 1": 3, "r.甲 **= 2": 3,
    "r.甲--": 3, "r.甲++": 3, "r.我甲 = 1": 0, "r.甲乙 = 1": 0, "x // r.甲 = 1": 0, "u = 'http://a'; r.甲 = 1": 19, "r.甲 < 1": 0, "$甲 = 1": 0,
}  # fmt: skip


def test_a_line_that_writes_a_member_is_found(reporter: FailureReporter) -> None:
    found = {
        line: replace(reporter, bodies=(Script("1", "空.js"), Script(f"1\n{line}", "算.js")))
        .report_stray_write("form.表[0].甲", None, "")
        .script
        for line in WRITES
    }
    assert {line: place.column if place else 0 for line, place in found.items()} == WRITES
    assert {place.line for place in found.values() if place} == {2}


def test_a_doubt_about_a_comparison_is_placed_at_its_operator(reporter: FailureReporter) -> None:
    checks = (
        Comparison(("form", "金额"), True, "1", "1"),
        Comparison(("result", "甲", "$each"), True, "$each 1", "[]", "空的"),
        Comparison(("form",), False, "{}", "[]", "也空"),
    )
    found = [*reporter.find_vacuous_checks(checks, ("expect",))]

    assert [(one.kind, one.fails, one.message) for one in found] == [
        ("empty", False, "result.甲 $each 1: 空的"),
        ("empty", False, "form {}: 也空"),
    ]
    assert [one.place and one.place.line for one in found] == [11, 8]


def test_an_expected_error_has_one_that_fits_and_the_others_fail(reporter: FailureReporter) -> None:
    errors = [
        ScriptError("甲", place=Place("算.js", 1, 1)),
        CallError("乙", code="B", platform="crm"),
        ScriptError("丙"),
    ]
    checks, failures = reporter.report_expected_error(
        ExpectedError(message={"$ne": "甲"}, code="B"), errors
    )

    assert [(one.path, one.ok) for one in checks] == [
        (("expect_error", "code"), True),
        (("expect_error", "message", "$ne"), True),
    ]
    assert [one.essence for one in failures] == ["Error: 甲", "Error: 丙"]
    [check], others = reporter.report_expected_error(ExpectedError(), errors)
    assert (check.expected, check.actual, [one.essence for one in others]) == (
        "an error", "Error: 甲", ["CallError: 乙 (from crm)", "Error: 丙"],
    )  # fmt: skip
    _, [failed] = reporter.report_expected_error(ExpectedError(message="甲", code="X"), errors)
    assert (failed.kind, failed.essence, failed.script, failed.cause) == (
        "other_error", 'error code expected "X", got null', Place("算.js", 1, 1), errors[0],
    )  # fmt: skip
    _, [elsewhere] = reporter.report_expected_error(ExpectedError(source="crm"), errors[:1])
    assert elsewhere.essence == 'expected an error from "crm", got one from "script" (Error: 甲)'


def test_a_wrong_error_is_shown_at_the_key_that_differs(reporter: FailureReporter) -> None:
    step = replace(reporter, located=reporter.item.steps[2])
    _, [failure] = step.report_expected_error(
        ExpectedError(message="甲", code="X"), [ScriptError("甲")]
    )
    _, [missing] = step.report_expected_error(ExpectedError(code="X"), [])

    assert [(one.place.line, one.place.column) for one in (failure, missing) if one.place] == [
        (13, 47),
        (13, 20),
    ]
    assert (missing.kind, missing.essence) == (
        "no_error",
        'expected an error (code "X"), but the step succeeded',
    )


def test_a_field_may_be_named_like_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = "单.scenario.yaml"
    (tmp_path / name).write_text(
        "scenario: 单\nform: {fields: {合同.号: 1}}\nsteps: [{js: '1'}]\n", encoding="utf-8"
    )
    [item] = load_items(Path(name), environ={}, root=tmp_path, is_checked=True)
    [failure] = FailureReporter(item=item, located=item.steps[0]).report_expectation(
        (wrong("form", "合同.号"),)
    )
    assert failure.detail == (
        f"form.合同.号: never written since its initial value, at {name}:2:17",
    )


def test_a_fault_that_never_fired_is_shown_at_its_rule(reporter: FailureReporter) -> None:
    calls = tuple(
        CallMade(number=n, call=name) for n, name in enumerate(("crm.查", "oa.x", "crm.查"))
    )
    made = replace(reporter, calls=calls)
    own = Fault(on="crm.下单", action=Reply(status=503), place=Place("错.yaml", 4, 2))
    failure = made.report_unfired_fault(own)

    assert failure.essence == "fault never fired: crm.下单 -> status 503 (calls made: crm.查, oa.x)"
    assert (failure.place, failure.excerpt) == (Place("错.yaml", 4, 2), ())
    marker = reporter.report_unfired_fault(replace(own, place=None))
    assert marker.essence.endswith("(calls made: none)")
    assert str(marker.place) == "单.scenario.yaml:5:5"
    assert marker.excerpt
