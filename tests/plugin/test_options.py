from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from bpmax_sim.session.options import CI_REFUSES
from bpmax_sim.starter.demo import Crm
from tests.plugin.project import FILE, Project, output
from tests.snapshots import snapshot

START = "2026-03-02T09:00:00+08:00"
LOOK_FIRST = """\
  - {name: 先查, proxy: {call: crm_system.get_customer_detail, path: {id: "${case.number}"}}}
  - name: 选择"""
CASSETTE = "cassettes/crm/选择客户/贵宾.yaml"


def told(result: pytest.RunResult) -> list[str]:
    """Return the errors that pytest tells before it runs anything."""
    lines = [*result.outlines, *result.errlines]
    return [line for line in lines if line.startswith("ERROR: ") and "usage" not in line]


def test_recording_writes_the_same_cassettes_again(
    project: Project, live: Mapping[str, str]
) -> None:
    before = {path: path.read_bytes() for path in (project.root / "cassettes").rglob("*.yaml")}

    result = project.run("--bpmax-mode=record", "--bpmax-record=rewrite")

    result.assert_outcomes(passed=2)
    assert "4 calls (4 live), 2 of them logins; 2 cassettes" in output(result)
    assert {path: path.read_bytes() for path in before} == before


def test_a_failed_recording_is_set_aside_and_told(
    project: Project, live: Mapping[str, str]
) -> None:
    before = (project.root / CASSETTE).read_bytes()
    project.edit('number: "12345"', 'number: "12346"')

    result = project.run("--bpmax-mode=record", "--bpmax-record=rewrite")

    result.assert_outcomes(passed=1, failed=1)
    assert (project.root / CASSETTE).read_bytes() == before
    assert f"wait for review: {CASSETTE}.new; bpmax-sim review" in output(result)


def test_a_failure_names_the_variable_of_an_address_that_does_not_answer(
    project: Project, live: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_URL", "http://127.0.0.1:9")

    result = project.run("--bpmax-mode=record", "--bpmax-record=rewrite", "--junitxml=j.xml")

    text = output(result)
    assert (
        "crm_system.$token: its address comes from the variable CRM_URL (scenarios/instances.yaml:5"
        "); check that the server is running, and that the address is right" in text
    )
    written = (project.root / "j.xml").read_text("utf-8")
    assert "variable CRM_URL" in written
    assert "127.0.0.1:9" not in written


def test_recording_is_refused_in_ci(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    result = project.run("--bpmax-mode=record")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert told(result) == [f"ERROR: {CI_REFUSES}"]


def test_recording_in_ci_is_possible_when_asked_for_twice(
    project: Project, live: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")

    result = project.run("--bpmax-mode=record", "--bpmax-allow-ci-record")

    result.assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--bpmax-record=new", "--bpmax-record=new needs --bpmax-mode=record"),
        ("--bpmax-var=客户", "--bpmax-var: expected NAME=VALUE, got '客户'"),
        (
            "--bpmax-seed=七",
            "--bpmax-seed: invalid literal for int() with base 10: '七'",
        ),
        (
            "--bpmax-clock=明天",
            f"--bpmax-clock: '明天' is not an ISO 8601 time with a zone, such as {START}",
        ),
        (
            "--bpmax-js-limits=cpu=viel",
            "--bpmax-js-limits: 'cpu=viel' is no limit such as cpu=10s, memory=256MB, calls=50000",
        ),
        (
            "--bpmax-js-limits=memory=viel",
            "--bpmax-js-limits: 'viel' is not a size such as 24MB or 512kB",
        ),
        ("--bpmax-lang=xx", "--bpmax-lang: there is no 'xx'; choose one of en, zh"),
        ("--bpmax-unused=ignor", "--bpmax-unused: there is no 'ignor'; did you mean 'ignore'?"),
        ("--bpmax-js-stack=viel", "--bpmax-js-stack: 'viel' is not a size such as 24MB or 512kB"),
    ],
)
def test_a_wrong_option_is_a_usage_error(project: Project, argument: str, message: str) -> None:
    result = project.run(argument)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert told(result) == [f"ERROR: {message}"]


def test_a_wrong_ini_value_is_a_usage_error(project: Project) -> None:
    project.ini("bpmax_unused = later")

    result = project.run()

    assert told(result) == snapshot(
        ["ERROR: bpmax_unused: there is no 'later'; choose one of fail, warn, ignore"]
    )


def test_a_language_that_there_is_not_is_a_usage_error(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BPMAX_SIM_LANG", "xx")

    result = project.run()

    assert told(result) == snapshot(
        ["ERROR: no language 'xx'; there are en (English), zh (简体中文)"]
    )


def test_every_option_has_an_ini_twin(project: Project) -> None:
    project.ini(
        "bpmax_mode = replay",
        "bpmax_allow_hosts =",
        "    db.example.test",
        f"bpmax_cassettes = {project.root / 'cassettes'}",
        "bpmax_platforms = scenarios/platforms",
        "bpmax_instance = default",
        "bpmax_unused = warn",
        "bpmax_seed = 7",
        "bpmax_clock = 2026-03-02T09:00:00+08:00",
        "bpmax_faults = off",
        "bpmax_trace = on",
        "bpmax_tb = true",
        "bpmax_record_extra = false",
        "bpmax_allow_ci_record = false",
        "bpmax_engine = quickjs",
        "bpmax_js_stack = 8MB",
        "bpmax_js_limits = cpu=10s, memory=256MB, calls=50000",
        "bpmax_record = once",
        "bpmax_var =",
        "    title=客户名称",
    )

    project.run().assert_outcomes(passed=2)

    assert len(list((project.root / ".bpmax/trace").rglob("*.ndjson"))) == 2


def test_a_variable_from_the_command_line_beats_the_ini_file_and_the_scenario(
    project: Project,
) -> None:
    project.ini("bpmax_var =", "    title=姓名")

    assert 'console[0] expected "姓名: 张三"' in output(project.run("-k", "贵宾"))
    project.run("-k", "贵宾", "--bpmax-var", "title=客户名称").assert_outcomes(
        passed=1, deselected=1
    )


def test_a_variable_of_the_command_line_that_no_scenario_reads_is_refused(
    project: Project,
) -> None:
    project.ini("bpmax_var =", "    别的=1")  # for files that this run leaves out
    refused = project.run("--bpmax-var", "titel=1")

    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    told = "ERROR: --bpmax-var: nothing reads the variable 'titel'; did you mean 'title'?"
    assert [line for line in refused.errlines if line] == [told]
    assert "nothing reads" not in output(project.run("--bpmax-var", "title=客户名称"))


@pytest.mark.parametrize(
    ("fixture", "arguments", "there"),
    [
        ("bpmax_session", (), "default"),
        ("bpmax_session", ("--bpmax-platforms=其他/platforms",), "测试"),
        ("bpmax_session", ("tests", "--bpmax-platforms=其他/platforms"), "测试"),
        ("bpmax_session_factory", (), ""),  # its code may name other files
        ("tmp_path", ("tests",), ""),
    ],
)
def test_an_instance_of_the_command_line_that_no_platform_has_is_refused(
    project: Project, fixture: str, arguments: tuple[str, ...], there: str
) -> None:
    project.write("tests/test_crm.py", f"def test_a({fixture}): pass\n")
    project.write("其他/platforms/a.yaml", "{platform_key: a, base_url: 'https://a', apis: {}}\n")
    project.write("其他/instances.yaml", "- {platform: a, instance_key: 测试}\n")
    refused = project.run("--bpmax-instance=nope", "--collect-only", *arguments)

    start = f"ERROR: --bpmax-instance: no platform has an instance 'nope'; there is {there}; leave "
    assert [line[: len(start)] for line in refused.errlines if line] == ([start] if there else [])
    assert (refused.ret == pytest.ExitCode.USAGE_ERROR) == bool(there)


def test_the_rerun_command_gives_the_variables_again(project: Project) -> None:
    text = output(project.run("-k", "贵宾", "--bpmax-var", "title=姓 名"))

    assert f'rerun: pytest "{FILE}::选择客户[贵宾]" --bpmax-var "title=姓 名"' in text


@pytest.mark.parametrize("seed", [(), ("--bpmax-seed", "3")])
def test_the_rerun_command_gives_the_options_of_the_command_line_again(
    project: Project, seed: tuple[str, ...]
) -> None:
    project.ini("bpmax_faults = off")  # which the next run reads, too

    text = output(project.run("-k", "贵宾", "--bpmax-cassettes=空", *seed))

    again = " ".join((f'pytest "{FILE}::选择客户[贵宾]" --bpmax-cassettes 空', *seed))
    assert f"rerun: {again}\n" in text
    assert f"    record    {again} --bpmax-mode=record\n" in text


def test_a_python_test_is_recorded_with_the_options_of_the_run(project: Project) -> None:
    project.write(
        "tests/test_crm.py",
        """\
        def test_客户(bpmax_session):
            bpmax_session.proxy("crm_system").getCustomerDetail("12345")
        """,
    )

    text = output(project.run("tests/test_crm.py", "--bpmax-cassettes=空 夹"))

    assert (
        'pytest tests/test_crm.py::test_客户 --bpmax-cassettes "空 夹" --bpmax-mode=record' in text
    )


def test_the_command_line_beats_marker_scenario_and_ini(project: Project) -> None:
    project.edit("proxy: {platforms", "proxy: {unused: fail, platforms")
    project.edit('set: {customerId: "${case.number}"}\n    expect:', "advance: 1s\n    expect_:")
    text = (project.root / FILE).read_text(encoding="utf-8")
    (project.root / FILE).write_text(text[: text.index("    expect_:")], encoding="utf-8")
    project.ini("bpmax_unused = ignore")

    project.run().assert_outcomes(failed=2)  # the scenario says fail

    project.write(
        "conftest.py",
        """\
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                item.add_marker(pytest.mark.bpmax(unused="warn"))
        """,
    )
    result = project.run("-Wdefault")
    result.assert_outcomes(passed=2)
    assert (
        "not played: 2 exchanges in cassettes/crm/选择客户/普通.yaml, "
        "cassettes/crm/选择客户/贵宾.yaml"
    ) in output(result)

    project.run("--bpmax-unused=fail").assert_outcomes(failed=2)


def test_an_ini_value_counts_where_the_scenario_says_nothing(project: Project) -> None:
    text = (project.root / FILE).read_text(encoding="utf-8")
    (project.root / FILE).write_text(text[: text.index("  - name: 选择")], encoding="utf-8")

    # Those steps read its columns and variables, and expect something.
    kinds = ("UnusedRuleWarning", "EmptyExpectationWarning")
    unread = [word for kind in kinds for word in ("-W", f"ignore::bpmax_sim.{kind}")]
    project.run(*unread).assert_outcomes(failed=2)
    project.ini("bpmax_unused = ignore")
    project.run(*unread).assert_outcomes(passed=2)


def test_faults_are_armed_unless_they_are_off(project: Project) -> None:
    project.edit(
        "steps:", "faults: [{on: crm_system.get_customer_detail, do: {error: timeout}}]\nsteps:"
    )

    project.run().assert_outcomes(failed=2)
    project.run("--bpmax-faults=off").assert_outcomes(passed=2)


def test_seed_and_clock_of_the_command_line_win(project: Project) -> None:
    project.write("scenarios/scripts/random.js", "form.x = Math.random(); form.now = Date.now()")
    scenario = """\
        version: 1
        scenario: 随机
        seed: 1
        clock: "2026-01-01T00:00:00+08:00"
        form: {scripts: {open: scripts/random.js}, fields: {x: null, now: null}}
        steps: [{open: {}, expect: {form: {x: 0, now: 0}}}]
        """
    project.write("scenarios/随机.scenario.yaml", scenario)
    first = output(project.run("scenarios/随机.scenario.yaml"))
    clock = ("--bpmax-seed=2", "--bpmax-clock=2026-03-02T09:00:00+08:00")
    second = output(project.run("scenarios/随机.scenario.yaml", *clock))

    assert "form.now   expected 0   got 1767196800000" in first
    assert "form.now   expected 0   got 1772413200000" in second
    assert _line(first, "form.x ") != _line(second, "form.x ")


def _line(text: str, part: str) -> str:
    return next(line for line in text.splitlines() if part in line)


def test_cassettes_and_platforms_may_lie_elsewhere(project: Project, tmp_path: Path) -> None:
    (project.root / "cassettes").rename(project.root / "录制")
    (project.root / "scenarios/platforms").rename(project.root / "接口")
    project.edit("platforms: platforms/, ", "")
    (project.root / "scenarios/instances.yaml").rename(project.root / "instances.yaml")

    result = project.run("--bpmax-cassettes=录制", "--bpmax-platforms=接口")

    result.assert_outcomes(passed=2)
    assert "bpmax-sim: replay, cassettes in 录制, network closed" in output(result)


def test_a_call_played_already_is_recorded_once_more_when_asked_for(
    project: Project, crm: Crm, live: Mapping[str, str]
) -> None:
    project.edit("  - name: 选择", LOOK_FIRST)

    project.run("--bpmax-mode=record", "--bpmax-record=new").assert_outcomes(failed=2)
    result = project.run("--bpmax-mode=record", "--bpmax-record=new", "--bpmax-record-extra")

    result.assert_outcomes(passed=2)
    project.run().assert_outcomes(passed=2)


@pytest.mark.parametrize(("when", "kept"), [("on", 2), ("on-failure", 1), ("off", 0)])
def test_traces_are_kept_as_asked_for(project: Project, when: str, kept: int) -> None:
    project.edit("name: 李四", "name: 王五")

    project.run(f"--bpmax-trace={when}").assert_outcomes(passed=1, failed=1)

    traces = sorted((project.root / ".bpmax/trace").rglob("*.ndjson"))
    assert len(traces) == kept
    if kept:
        lines = traces[0].read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith('{"seq":1,"event":"ScenarioStarted",')
        told = [line for line in lines if 'Attached"' not in line[:60]]
        assert told[-1].startswith(f'{{"seq":{len(told)},"event":"ScenarioFinished",')


def test_the_trace_of_a_failure_goes_away_when_it_passes(project: Project) -> None:
    project.edit("name: 李四", "name: 王五")
    project.run()
    project.edit("name: 王五", "name: 李四")
    project.run()

    assert list((project.root / ".bpmax/trace").rglob("*.ndjson")) == []
