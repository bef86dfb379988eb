"""``--bpmax-challenge`` and ``--bpmax-update``: scripts as tests, and expectations that follow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bpmax_sim.messages import Response
from bpmax_sim.scenario.events import ScenarioFinished
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import open_session, run_item
from bpmax_sim.transport.protocol import Handler
from tests.challenge.test_cache import SCENARIO, SCRIPT
from tests.variant.project import write_project

pytest_plugins = ("pytester",)


@pytest.fixture(autouse=True)
def scenario(pytester: pytest.Pytester) -> Path:
    return write_project(pytester.path, SCENARIO, submit=SCRIPT)


def test_each_script_is_a_test_that_warns(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess("--bpmax-challenge", "-v", "-Wdefault")
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines(
        ["scenarios/submit.js::challenge PASSED*", "*submit.js:1: ChallengeWarning: *add at *"]
    )


def test_workers_keep_the_same_section_of_the_page(pytester: pytest.Pytester) -> None:
    kept = []
    for workers in ("0", "2"):
        pytester.runpytest_subprocess("--bpmax-challenge", "-p", "xdist", "-n", workers)
        text = (pytester.path / ".bpmax/sections/challenge.json").read_text("utf-8")
        kept.append({**json.loads(text), "made": ""})
    assert kept[0] == kept[1]
    assert kept[0]["parts"]


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("fail-under=100", "% of the mistakes are noticed*"),
        ("fail-under=1", ""),
        ("strict", "find"),
    ],
)
def test_it_fails_below_what_is_asked_for(
    pytester: pytest.Pytester, option: str, says: str
) -> None:
    options = ("--bpmax-challenge", f"--bpmax-challenge-{option}", "-Wignore")
    result = pytester.runpytest_inprocess(*options)
    failed = int(bool(says))
    result.assert_outcomes(passed=2 - failed, failed=failed)
    result.stdout.fnmatch_lines([f"*{says}*", "* mistakes tried: * noticed (* by an expectation*"])


PYTHON = "steps:\n  - {python: builtins:repr}"


@pytest.mark.parametrize(("is_only", "tried"), [(True, "SKIPPED"), (False, "PASSED")])
def test_a_python_step_is_left_out_by_name(
    pytester: pytest.Pytester, scenario: Path, is_only: bool, tried: str
) -> None:
    other = scenario if is_only else scenario.with_name("脚本.scenario.yaml")
    other.write_text(SCENARIO.replace("steps:", PYTHON), encoding="utf-8")
    what = f"left out: scenarios/{other.name}:2:1: has a python: step"
    args = ("--bpmax-challenge", "-k", "challenge or 订单", "-v", "-rs", "-Wdefault")
    result = pytester.runpytest_inprocess(*args)
    result.stdout.fnmatch_lines([f"scenarios/submit.js::challenge {tried}*", f"*{what}*"])
    result.stdout.fnmatch_lines(["scenarios/订单.scenario.yaml::订单 PASSED*"])
    strict = pytester.runpytest_inprocess(*args, "--bpmax-challenge-strict")
    strict.stdout.fnmatch_lines(["scenarios/submit.js::challenge FAILED*", f"*{what}*"])


COMMENTS = {
    "// bpmax-ignore-next field-write\n": (1, "*a reason is missing*"),
    "// bpmax-ignore-next filed-write: 故意\n": (1, "*no kind 'filed-write'*field-write*"),
    "// bpmax-ignore-next comparison: 没有比较\n": (0, "*leaves nothing out; remove it*"),
}


@pytest.mark.parametrize("comment", COMMENTS)
def test_comments_are_judged_as_by_the_command(pytester: pytest.Pytester, comment: str) -> None:
    failed, says = COMMENTS[comment]
    write_project(pytester.path, SCENARIO, submit=comment + SCRIPT)
    result = pytester.runpytest_inprocess("--bpmax-challenge", "-Wdefault")
    assert result.parseoutcomes().get("failed", 0) == failed
    result.stdout.fnmatch_lines([says])


def test_new_is_written(pytester: pytest.Pytester, scenario: Path) -> None:
    old = SCENARIO.replace("expect: {form: {客户: 张三}}", "expect: new  # 选单")
    scenario.write_text(old, encoding="utf-8")
    pytester.runpytest_inprocess("--bpmax-update").assert_outcomes(failed=1)
    assert "form: {客户: 张三}" in scenario.read_text(encoding="utf-8")
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


def test_shards_and_selections_spread_scripts_as_tests(pytester: pytest.Pytester) -> None:
    args = ("--bpmax-challenge", "--collect-only", "-q")
    whole = pytester.runpytest_inprocess(*args).outlines
    parts = [pytester.runpytest_inprocess(*args, f"--bpmax-shard={n}/2").outlines for n in (1, 2)]
    tests = [{line for line in lines if "::" in line} for lines in (whole, *parts)]
    assert len(tests[0]) == 2
    assert tests[1] | tests[2] == tests[0]
    assert not tests[1] & tests[2]
    none = pytester.runpytest_inprocess(*args, "-k", "没有这样的").outlines
    assert not [line for line in none if "::" in line]


def test_a_red_scenario_is_no_base(pytester: pytest.Pytester, scenario: Path) -> None:
    scenario.write_text(SCENARIO.replace("客户: 张三}}\n", "客户: 李四}}\n"), encoding="utf-8")
    result = pytester.runpytest_inprocess("--bpmax-challenge")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*does not pass: *"])


def test_what_was_got_is_written(pytester: pytest.Pytester, scenario: Path) -> None:
    old = SCENARIO.replace("expect: {form: {客户: 张三}}", "expect: {form: {客户: 李四}}  # 名称")
    scenario.write_text(old, encoding="utf-8")
    result = pytester.runpytest_inprocess("--bpmax-update")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["+    expect: {form: {客户: 张三}}  # 名称", "*: written"])
    assert scenario.read_text(encoding="utf-8") == old.replace("李四", "张三")
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


def test_what_is_written_is_tried_with_the_variables_of_the_run(
    pytester: pytest.Pytester, scenario: Path
) -> None:
    old = SCENARIO.replace('"7"', "'${vars.号}'").replace("客户: 张三}}", "客户: 李四}}")
    assert "${vars.号}" in old
    scenario.write_text(old, encoding="utf-8")
    result = pytester.runpytest_inprocess("--bpmax-update", "--bpmax-var", "号=8")
    result.stdout.fnmatch_lines(["*: written"])
    assert scenario.read_text(encoding="utf-8") == old.replace("李四", "张三")


def test_what_is_written_is_what_the_recordings_of_the_run_hold(
    pytester: pytest.Pytester, scenario: Path
) -> None:
    stub = "stubs: [{on: erp.get_order, body: {customer: 张三}}]"
    text = SCENARIO.replace(stub, "cassette: 订单")
    for folder, customer in (("cassettes", "李四"), ("别处", "王五")):
        scenario.write_text(text.replace("张三", customer), encoding="utf-8")
        record(scenario, pytester.path / folder, customer)
    scenario.write_text(text, encoding="utf-8")

    result = pytester.runpytest_inprocess("--bpmax-update", "--bpmax-cassettes=别处")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*: written"])
    assert scenario.read_text(encoding="utf-8") == text.replace("张三", "王五")


def record(scenario: Path, cassettes: Path, customer: str) -> None:
    """Record *scenario* below *cassettes*; each call is answered with *customer*."""
    (item,) = load_items(scenario)
    response = Response(status=200, body=json.dumps({"customer": customer}).encode(), source="live")
    transport = Handler(lambda _: response)
    session = open_session(
        item, mode="record", transport=transport, cassettes=cassettes, environ={}
    )
    *_, end = run_item(item, session, environ={})
    assert isinstance(end, ScenarioFinished)
    assert end.outcome == "passed"


def test_what_failed_for_another_reason_is_left(pytester: pytest.Pytester, scenario: Path) -> None:
    old = SCENARIO.replace("erp.get_order", "erp.create_order")
    scenario.write_text(old, encoding="utf-8")
    result = pytester.runpytest_inprocess("--bpmax-update")
    result.stdout.fnmatch_lines(["*left as it is: *"])
    assert scenario.read_text(encoding="utf-8") == old


ROWS = """\
version: 1
scenario: 订单
form: {scripts: {change.编号: submit.js}, fields: {编号: "", 客户: ""}}
cases: [{id: 甲}, {id: 乙}, {id: 丙}, {id: 丁}]
steps:
  - {set: {编号: "1"}, only: 甲, expect: {form: {客户: 无}}}
  - {set: {编号: "2"}, only: 乙, expect: {form: {客户: 无}}}
  - {set: {编号: "3"}, only: 丙, expect: {form: {客户: 无}}}
  - {set: {编号: "4"}, only: 丁, expect: {form: {客户: 客4}}}
"""


def test_each_row_that_failed_is_written(pytester: pytest.Pytester, scenario: Path) -> None:
    write_project(pytester.path, ROWS, submit="form.客户 = `客${form.编号}`;\n")

    pytester.runpytest_inprocess("--bpmax-update").assert_outcomes(failed=3, passed=1)

    written = scenario.read_text(encoding="utf-8")
    assert [f"客户: 客{number}" in written for number in range(1, 5)] == [True] * 4
    pytester.runpytest_inprocess().assert_outcomes(passed=4)
