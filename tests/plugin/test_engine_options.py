"""Who runs JavaScript under pytest, and with how much stack: command line, ini file, marker."""

from __future__ import annotations

import pytest

from tests.plugin.project import Project, output

DEEP = """\
    version: 1
    scenario: 深
    steps: [{js: "const f = n => n ? 1 + f(n - 1) : 0; return f(12000)", expect: {result: 12000}}]
    """
GERMAN = """\
    version: 1
    scenario: 德语
    steps: [{js: "return (1234.5).toLocaleString('de-DE')", expect: {result: "1.234,5"}}]
    """


def test_a_script_that_recurses_deeply_passes_with_the_stack_that_the_message_names(
    project: Project,
) -> None:
    project.write("scenarios/深.scenario.yaml", DEEP)

    failed = project.run("scenarios/深.scenario.yaml")
    failed.assert_outcomes(failed=1)
    assert "the stack is full; --bpmax-js-stack=24MB gives it more" in output(failed)
    project.run("--bpmax-js-stack=24MB", "scenarios/深.scenario.yaml").assert_outcomes(passed=1)
    project.ini("bpmax_js_stack = 24MB")
    project.run("scenarios/深.scenario.yaml").assert_outcomes(passed=1)


def test_every_limit_of_a_script_can_be_set(project: Project) -> None:
    project.write(
        "scenarios/忙.scenario.yaml",
        """\
        version: 1
        scenario: 忙
        steps:
          - js: "for (let i = 0; i < 9; i++) await $proxy('无').查(i).catch(() => 0); const 行 = []; for (let i = 0; i < 2e4; i++) 行.push('x'.repeat(1e3) + i); return 行.length"
            expect: {result: 20000, proxy: [{call: 无.查, error: UNKNOWN_PLATFORM, times: 9}]}
        """,  # noqa: E501 - JavaScript
    )
    path = "scenarios/忙.scenario.yaml"

    project.run(path).assert_outcomes(passed=1)
    few = project.run("--bpmax-js-limits=calls=8", path)
    few.assert_outcomes(failed=1)
    assert "the script made more than 8 calls" in output(few)
    small = project.run("--bpmax-js-limits=memory=8MB", path)
    small.assert_outcomes(failed=1)
    assert "the script used more than 8 MB of memory" in output(small)


def test_a_marker_limits_the_scripts_of_a_test(project: Project) -> None:
    project.write(
        "tests/test_限.py",
        """\
        import bpmax_sim as bs
        import pytest
        from bpmax_sim.script.failure import Script

        @pytest.mark.bpmax(js_limits=bs.Limits(cpu=0.1))
        def test_慢(bpmax_session):
            with pytest.raises(bs.ScriptLimitError, match="more than 0.1 s of processor time"):
                bpmax_session.run_script(Script("for (;;);", "慢.js")).unwrap()
        """,
    )

    project.run("tests").assert_outcomes(passed=1)


def test_a_script_that_needs_every_locale_passes_in_v8(project: Project) -> None:
    pytest.importorskip("py_mini_racer", reason="the extra engine-v8 is not installed")
    project.write("scenarios/德语.scenario.yaml", GERMAN)

    failed = project.run("scenarios/德语.scenario.yaml")
    failed.assert_outcomes(failed=1)
    assert "the locale de-DE is not simulated: use zh-CN, zh-TW, zh-HK or en-US" in output(failed)
    project.run("--bpmax-engine=v8", "scenarios/德语.scenario.yaml").assert_outcomes(passed=1)


def test_both_engines_run_a_scenario_and_their_difference_is_red(project: Project) -> None:
    pytest.importorskip("py_mini_racer", reason="the extra engine-v8 is not installed")
    project.write("scenarios/德语.scenario.yaml", GERMAN)

    failed = project.run("--bpmax-engine=quickjs,v8", "scenarios/德语.scenario.yaml")
    failed.assert_outcomes(failed=1)
    assert "the engines differ: quickjs: ('threw', ('RangeError'" in output(failed)


def test_markers_choose_the_engine_and_what_an_unawaited_call_is(project: Project) -> None:
    pytest.importorskip("py_mini_racer", reason="the extra engine-v8 is not installed")
    project.write(
        "tests/test_引擎.py",
        """\
        import pytest
        from bpmax_sim.script.failure import Script

        @pytest.mark.bpmax(engine="v8", unawaited="allow")
        def test_在V8里(bpmax_session):
            script = Script("$proxy('crm').x(); return (1234.5).toLocaleString('de-DE')", "a.js")
            assert bpmax_session.run_script(script).value == "1.234,5"
        """,
    )

    project.run("tests").assert_outcomes(passed=1)
