from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bpmax_sim.cli.app import run_command_line
from bpmax_sim.errors import Place
from bpmax_sim.pytest_plugin.items import (
    VERDICT,
    FailureText,
    ScenarioFailedError,
    complete_report,
    find_report_place,
    format_calls_section,
)
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.outcome import make_unrun_events
from bpmax_sim.scenario.source import LONGEST, Failure
from tests import warm
from tests.apart import PLUGINS
from tests.plugin.project import FILE, Project, failure_text, output
from tests.snapshots import snapshot

PLACE = Place(FILE, 16, 5)
NAMED = """\
version: 1
scenario: {}
{}form: {{fields: {{a: 1}}}}
steps: [{{open: {{}}, expect: {{form: {{a: 2}}}}}}]
"""


def failure(number: int = 1, **fields: object) -> Failure:
    return Failure(
        kind="expect",
        essence=f"form.a expected {number}, got 0",
        scenario="选择客户",
        step=2,
        total=3,
        title="选择",
        place=PLACE,
        location=PLACE,
        **fields,  # type: ignore[arg-type]
    )


def made(number: int) -> CallMade:
    return CallMade(
        number=number,
        call="crm.get",
        method="GET",
        url=f"https://crm.example.test/{number}",
        status=200,
        source="recorded",
        duration=0.012,
    )


def test_a_wrong_expectation_is_told_in_25_lines_with_the_headline_first(project: Project) -> None:
    project.edit("name: 张三", "name: 王五")

    lines = failure_text(project.run("-k", "贵宾"))

    assert len(lines) <= 25
    assert lines[:8] == [
        'step 2/2 选择 12345: console[0] expected "客户名称: 王五", got "客户名称: 张三"',
        f"  at {FILE}:19:17",
        "",
        "   16 |   - name: 选择 ${case.number}",
        "   18 |     expect:",
        '>  19 |       console: ["${vars.title}: ${case.name}", {$contains: 联系电话}]',
        "   20 |       proxy:",
        "",
    ]
    assert lines[-1] == f'rerun: pytest "{FILE}::选择客户[贵宾]"'


def test_a_miss_says_how_to_record(project: Project) -> None:
    (project.root / "cassettes/crm/选择客户/贵宾.yaml").unlink()

    result = project.run("-k", "贵宾")

    lines = failure_text(result)
    assert lines[0] == snapshot(
        "step 2/2 选择 12345: no cassette: crm_system.get_customer_detail cannot be answered, "
        "cassettes/crm/选择客户/贵宾.yaml does not exist"
    )
    assert f'    record    pytest "{FILE}::选择客户[贵宾]" --bpmax-mode=record' in lines


def test_a_call_that_is_not_recorded_like_this_names_the_options_of_pytest(
    project: Project,
) -> None:
    project.edit('number: "12345"', 'number: "99999"')

    text = output(project.run("-k", "贵宾"))

    command = f'pytest "{FILE}::选择客户[贵宾]" --bpmax-mode=record'
    assert f"    record    {command} --bpmax-record=rewrite\n" in text
    assert f"    or add    {command} --bpmax-record=new\n" in text


def test_the_short_summary_shows_the_headline(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    project.edit("name: 张三", "name: 王五")

    assert (
        f"FAILED {FILE}::选择客户[贵宾] - "
        'step 2/2 选择 12345: console[0] expected "客户名称: 王五", got "客户名称: 张三"'
    ) in output(project.run("-k", "贵宾"))


@pytest.mark.parametrize("workers", [(), ("-n1",)])
def test_the_report_stands_at_the_failing_steps_line(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.edit("name: 张三", "name: 王五")
    project.write(
        "conftest.py",
        """\
        def pytest_runtest_logreport(report):
            if report.failed:
                print("location", *report.location)
        """,
    )

    result = project.run_apart("-k", "贵宾", "-s", *workers)

    assert f"location {FILE} 15 选择客户[贵宾]" in output(result)


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n1")])
def test_junit_has_headline_properties_and_earlier_calls(
    project: Project, workers: tuple[str, ...]
) -> None:
    project.edit("name: 张三", "name: 王五")
    project.run("--junitxml=结果.xml", *workers)

    cases = {
        case.get("name"): case for case in ET.parse(project.root / "结果.xml").iter("testcase")
    }
    wrong = cases["选择客户[贵宾]"].find("failure")
    assert wrong is not None
    assert wrong.get("message") == snapshot(
        'step 2/2 选择 12345: console[0] expected "客户名称: 王五", got "客户名称: 张三"'
    )
    assert str(wrong.text).splitlines()[0] == wrong.get("message")
    (trace,) = cases["选择客户[贵宾]"].findall("properties/property[@name='bpmax_trace']")
    assert trace.get("value") == ".bpmax/trace/scenarios/选择客户/选择客户[贵宾].ndjson"
    properties = {
        one.get("name"): one.get("value") for one in cases["选择客户[普通]"].iter("property")
    }
    assert properties["bpmax_calls"] == "2"
    assert properties["bpmax_cassette"] == "cassettes/crm/选择客户/普通.yaml"
    assert str(properties["bpmax_trace_digest"]).startswith("v4-")
    places = [(case.get("file"), case.get("line")) for case in cases.values()]
    assert places == [(FILE, "16"), (FILE, "12")]


def test_calls_of_earlier_steps_are_a_section(project: Project) -> None:
    project.edit(
        "            - {call: crm_system.get_customer_detail".removeprefix("    "),
        "        - {call: crm_system.get_customer_detail",
    )
    with (project.root / FILE).open("a", encoding="utf-8") as file:
        file.write("  - {name: 再看, advance: 1s, expect: {form: {customerId: 无}}}\n")

    text = output(project.run("-k", "贵宾"))

    section = text[text.index("- calls -") :].splitlines()
    assert section[1].startswith(
        "#1 crm_system.get_customer_detail  GET https://crm.example.test/api/customers/12345  "
        "200 recorded "
    )


def test_passed_scenarios_show_their_calls_when_asked(project: Project) -> None:
    text = output(project.run("-rP", "-k", "普通"))

    assert "#1 crm_system.get_customer_detail  GET" in text


def test_what_scripts_wrote_is_a_captured_section_with_its_line(project: Project) -> None:
    project.edit("name: 张三", "name: 王五")

    text, without = output(project.run("-k", "贵宾")), output(project.run("--show-capture=no"))

    section = text[text.index("- Captured console call -") :].splitlines()
    assert re.fullmatch(r"scenarios/scripts/customer\.js:\d+:\d+  log: 客户名称: 张三", section[1])
    assert "Captured console call" not in without


def test_what_is_behind_an_error_is_there_when_asked_for(project: Project) -> None:
    project.edit("    open: {}", "    python: broken:broken")
    project.write(
        "scenarios/broken.py",
        """\
        def broken(session):
            try:
                {}["客户编号"]
            except KeyError as error:
                raise ValueError("没有客户") from error
        """,
    )

    lines = failure_text(project.run("--bpmax-tb", "-k", "贵宾"))

    headline = "step 1/2 打开: ValueError: 没有客户 (from python)"
    assert lines[0] == headline
    assert lines.index(f"behind: {headline}") <= 25
    assert lines[-1] == snapshot("ValueError: 没有客户")
    assert "KeyError: '客户编号'" in lines
    assert "The above exception was the direct cause of the following exception:" in lines
    assert any("scenarios/broken.py" in line for line in lines)


def test_the_stack_of_a_script_is_there_when_asked_for(project: Project) -> None:
    project.write(
        "scenarios/scripts/customer.js",
        """\
        function inner() { throw new TypeError("坏了"); }
        function outer() { inner(); }
        outer();
        """,
    )

    lines = failure_text(project.run("--bpmax-tb", "-k", "贵宾", "-l"))

    start = lines.index("Script stack (innermost call first):")
    assert lines[start + 1 : start + 4] == snapshot(
        [
            "  inner (scenarios/scripts/customer.js:1:30)",
            "  outer (scenarios/scripts/customer.js:2:20)",
            "  scenarios/scripts/customer.js:3:1",
        ]
    )


def test_an_expectation_that_does_not_hold_has_no_exception_behind_it(project: Project) -> None:
    project.edit("name: 张三", "name: 王五")

    lines = failure_text(project.run("--bpmax-tb", "-k", "贵宾"))

    assert lines[-1] == snapshot("no exception is behind this: the run went on and was compared")


def test_a_traceback_holds_no_secret(project: Project, live: Mapping[str, str]) -> None:
    secret = live["CRM_CLIENT_SECRET"]
    project.edit("    open: {}", "    python: broken:broken")
    project.write(
        "scenarios/broken.py",
        f"""\
        def broken(session):
            session.proxy("crm_system").getCustomerDetail("12345")
            raise ValueError("{secret}")
        """,
    )

    text = output(project.run("--bpmax-tb", "-k", "贵宾", "--bpmax-mode=live", "-l"))

    assert "behind: step 1/2 打开: ValueError: redacted.crm_system.default.client_secret" in text
    assert secret not in text


def test_what_is_not_set_up_is_told_as_that(project: Project) -> None:
    lines = failure_text(project.run("-k", "贵宾", "--bpmax-mode=live"))

    told = "scenarios/instances.yaml:5:13: base_url: environment variable CRM_URL is not set; "
    assert lines[0].startswith(f"step 2/2 选择 12345: {told}")


NASTY = [
    "a::b",
    "[加急] 订单[二]",
    "第一行\n第二行\t列",
    "😀 订单",
    "引号 ' \" $HOME `x` ! \\ %",
    "很长" * 100,
    "x" * 5000,
    "::",
    " 空格 ",
    "a;b|c&d>e",
    "--开头",
]


def written(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def test_any_name_can_be_run_again_and_found_again(project: Project) -> None:
    rows = "".join(f"  - {{id: {written(name)}}}\n" for name in NASTY)
    for number, name in enumerate(NASTY):
        cases = f"cases:\n{rows}" if not number else ""
        project.write(f"scenarios/{number}.scenario.yaml", NAMED.format(written(name), cases))
    (project.root / FILE).unlink()

    result = project.run("-o", "console_output_style=classic")
    result.assert_outcomes(failed=2 * len(NASTY) - 1)
    again = [line for line in output(result).splitlines() if line.startswith("rerun: ")]
    arguments = [shlex.split(line.removeprefix("rerun: pytest ")) for line in again]
    assert sorted(map(len, arguments)) == [1] * (2 * len(NASTY) - 1)
    result = project.run(*(one for (one,) in arguments), "-p", "no:cacheprovider")
    result.assert_outcomes(failed=2 * len(NASTY) - 1)
    project.run("--lf").assert_outcomes(failed=2 * len(NASTY) - 1)
    project.run("-p", "xdist", "-n1").assert_outcomes(failed=2 * len(NASTY) - 1)


def test_an_error_that_is_not_a_scenarios_failure_is_pytests_own(project: Project) -> None:
    project.write(
        "conftest.py",
        """\
        import pytest

        @pytest.hookimpl(tryfirst=True)
        def pytest_pyfunc_call(pyfuncitem):
            raise RuntimeError("别的插件坏了")
        """,
    )

    text = output(project.run("-k", "贵宾"))

    assert "RuntimeError: 别的插件坏了" in text


def test_a_scenario_that_cannot_start_says_why(project: Project) -> None:
    project.edit("platforms/", "没有这个文件夹/")

    lines = failure_text(project.run("-k", "贵宾"))

    assert lines[0].startswith("选择客户[贵宾]: ")
    assert "没有这个文件夹" in lines[0]
    assert lines[1] == f"  at {FILE}:11:5"


def test_a_gbk_console_prints_a_failure(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "gbk")
    monkeypatch.setenv("PYTHONUTF8", "0")
    project.edit("name: 张三", "name: 王五")

    command = [warm.python(), "-m", "pytest", "-k", "贵宾"]
    environ = {**os.environ, **PLUGINS}
    stdout = subprocess.run(command, capture_output=True, check=False, env=environ).stdout
    text = stdout.decode("gbk")

    assert 'step 2/2 选择 12345: console[0] expected "客户名称: 王五", got "客户名称: 张三"' in text
    assert "  × console[0] " in text
    assert "  √ proxy[0].call " in text
    assert "\\u" not in text


def test_more_failures_are_told_by_their_headlines() -> None:
    text = FailureText.from_failures([failure(), failure(2), failure(3)])

    assert text.splitlines()[-2:] == snapshot(
        [
            "also: step 2/3 选择: form.a expected 2, got 0",
            "also: step 2/3 选择: form.a expected 3, got 0",
        ]
    )


def test_many_failures_and_details_stay_within_25_lines() -> None:
    detail = tuple(f"第 {n} 行" for n in range(40))
    text = FailureText.from_failures(
        [failure(detail=detail, calls=(made(1),) * 5), *map(failure, range(40))]
    )

    lines = text.splitlines()
    assert len(lines) <= 25
    assert lines[0] == snapshot("step 2/3 选择: form.a expected 1, got 0")
    assert lines[-1].startswith("also: ")


def test_the_latest_calls_are_shown_where_not_all_have_room() -> None:
    section = format_calls_section(tuple(map(made, range(1, 6))), 3)

    assert section.splitlines() == snapshot(
        [
            "… 3 earlier calls",
            "#4 crm.get  GET https://crm.example.test/4  200 recorded 12 ms virtual",
            "#5 crm.get  GET https://crm.example.test/5  200 recorded 12 ms virtual",
        ]
    )


def test_there_is_no_section_without_calls_or_room() -> None:
    assert format_calls_section((), 5) == ""
    assert format_calls_section((made(1),), 0) == ""


def test_earlier_calls_have_the_room_that_is_left_below_a_failure(project: Project) -> None:
    item, *_ = project.items(FILE)
    for text_lines, calls, own, shown in (
        (1, 40, 0, 23), (20, 40, 0, 4), (23, 40, 0, 1), (24, 40, 0, 0), (30, 40, 0, 0),
        (1, 3, 0, 3), (1, 3, 3, 0), (1, 3, 2, 3), (1, 0, 0, 0), (22, 2, 0, 2), (23, 2, 0, 1),
    ):  # fmt: skip
        verdict: Any = SimpleNamespace(calls=tuple(map(made, range(calls))), console=())
        item.stash[VERDICT] = verdict
        text = "\n".join(["行"] * text_lines)
        report = pytest.TestReport(item.nodeid, item.location, {}, "failed", text, "call")
        failed = failure(calls=tuple(map(made, range(own))))
        complete_report(item, report, ScenarioFailedError([failed]))

        section = dict(report.sections).get("calls", "")
        assert len(section.splitlines()) == shown
        assert report.location == (FILE, 15, item.name)
        assert text_lines + 1 + shown <= max(LONGEST, text_lines + 1)


def test_an_annotation_is_relative_to_the_root_of_the_run() -> None:
    root = Path.cwd().parent

    assert find_report_place(failure(), root) == (f"{Path.cwd().name}/{FILE}", 15)
    assert find_report_place(Failure(kind="x", essence="x", place=Place(FILE)), root) is None


def test_a_failure_to_start_keeps_every_line_of_its_error(project: Project) -> None:
    item, *_ = load_items(project.root / FILE)

    (failed,) = make_unrun_events(item, error=ValueError("一\n二"))[-1].failures

    assert (failed.headline, failed.detail) == (f"{item.name}: 一", ("二",))


def test_a_step_that_exits_fails_and_ends_nothing_else(project: Project) -> None:
    project.edit("    open: {}", "    python: leave:leave")
    project.write("scenarios/leave.py", "def leave(session):\n    raise SystemExit(3)\n")

    result = project.run("-k", "贵宾")

    result.assert_outcomes(failed=1, deselected=1)
    assert "python: leave:leave called sys.exit(3)" in output(result)


def test_a_failure_is_shown_again_by_the_command_line(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.edit("name: 李四", "name: 王五")
    project.run()
    capsys.readouterr()

    assert run_command_line(["show"]) == 0
    assert 'rerun: bpmax-sim run "scenarios/选择客户.scenario.yaml::选择客户[普通]"' in (
        capsys.readouterr().out
    )

    project.edit("name: 王五", "name: 李四")
    project.run()

    assert run_command_line(["show"]) == 5
