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


def test_a_script_that_needs_every_locale_passes_in_v8(project: Project) -> None:
    pytest.importorskip("py_mini_racer", reason="the extra v8 is not installed")
    project.write("scenarios/德语.scenario.yaml", GERMAN)

    failed = project.run("scenarios/德语.scenario.yaml")
    failed.assert_outcomes(failed=1)
    assert "the locale de-DE is not simulated: use zh-CN or en-US" in output(failed)
    project.run("--bpmax-engine=v8", "scenarios/德语.scenario.yaml").assert_outcomes(passed=1)


def test_markers_choose_the_engine_and_what_an_unawaited_call_is(project: Project) -> None:
    pytest.importorskip("py_mini_racer", reason="the extra v8 is not installed")
    project.write(
        "tests/test_引擎.py",
        """\
        import pytest
        from bpmax_sim.script.source import Script

        @pytest.mark.bpmax(engine="v8", unawaited="allow")
        def test_在V8里(bpmax_session):
            script = Script("a.js", "$proxy('crm').x(); return (1234.5).toLocaleString('de-DE')")
            assert bpmax_session.run_script(script).value == "1.234,5"
        """,
    )

    project.run("tests").assert_outcomes(passed=1)
