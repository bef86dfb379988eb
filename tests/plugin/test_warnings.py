"""What a scenario doubts is heard: on every worker, as an error, in the last line, by folder."""

from __future__ import annotations

import re

import execnet
import pytest

from bpmax_sim.cli.app import run_command_line
from bpmax_sim.errors import UnusedRuleWarning
from bpmax_sim.i18n import msg
from tests.plugin.project import FILE, Project, output

DOUBT = "UnusedRuleWarning: nothing reads the variable 'title'"
SAY = ("-W", "default")


@pytest.fixture(name="doubtful")
def add_doubts(project: Project) -> Project:
    """Let nothing read the variable ``title``, of which each row says so."""
    project.edit('"${vars.title}: ${case.name}"', '{$contains: "${case.name}"}')
    return project


@pytest.mark.parametrize("arguments", [(), ("-p", "xdist", "-n2", "-v")], ids=["here", "workers"])
def test_every_item_warns_wherever_it_runs(doubtful: Project, arguments: tuple[str, ...]) -> None:
    result = doubtful.run(*SAY, *arguments)

    result.assert_outcomes(passed=2, warnings=2)
    text = output(result)
    assert DOUBT in text
    assert f"{FILE}:" in text
    workers = {*re.findall(r"\[gw\d+\]", text)}
    assert len(workers) == (2 if arguments else 0)


def test_an_error_of_the_filter_turns_each_red(doubtful: Project) -> None:
    chosen = ("-W", "ignore", "-W", "error::bpmax_sim.UnusedRuleWarning")
    result = doubtful.run(*chosen, "-p", "xdist", "-n2")

    result.assert_outcomes(failed=2)
    assert DOUBT in output(result)


def test_run_prints_what_rows_have_in_common_once_and_counts_it_so(
    doubtful: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(doubtful.root)

    assert run_command_line(["run", FILE]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines()[-1].startswith("2 passed, 1 warning   ")
    assert told.err.count("nothing reads the variable 'title'") == 1


def test_a_warning_is_a_text_that_workers_can_send() -> None:
    assert execnet.loads(execnet.dumps(UnusedRuleWarning(msg("no {name}", name="a")).args))


def test_settings_that_nothing_reads_are_told_once_and_red_where_strict(project: Project) -> None:
    project.root.joinpath("pyproject.toml").write_text(
        "[tool.bpmax_sim]\nstrick = true\njobs = 1\n"
    )
    result = project.run(*SAY)
    result.assert_outcomes(passed=2, warnings=2)
    assert "[tool.bpmax_sim] has no key 'strick'; did you mean 'strict'?" in output(result)
    assert "[tool.bpmax_sim] jobs: expected a list of texts, got 1" in output(result)

    project.root.joinpath("pyproject.toml").write_text(
        "[tool.bpmax_sim]\nstrict = true\njobs = 1\n"
    )
    project.run(*SAY).assert_outcomes(errors=1, warnings=1)


def test_a_scenario_that_is_none_by_its_name_is_told(project: Project) -> None:
    project.root.joinpath("scenarios/新.scenario.yml").write_text("scenario: 新\n", "utf-8")
    result = project.run(*SAY)

    result.assert_outcomes(passed=2, warnings=1)
    assert (
        "UnreadFileWarning: the names of scenarios end with .scenario.yaml, so this one is in no "
        "run; rename it to 新.scenario.yaml"
    ) in output(result)
    project.run("-W", "error::bpmax_sim.UnreadFileWarning").assert_outcomes(errors=1)


UNREAD = """\
import bpmax_sim as bs
import pytest

@pytest.fixture
def run():
    with bs.Session.open() as session:
        yield lambda text: session.run_script(bs.Script(text))

def test_lie(run): run("throw new Error('糟')")
def test_lie_of_a_timer(run): run("setTimeout(() => { throw new Error('糟') }, 9)")
def test_lie_of_a_value(run): assert run("null.x").value is not None
def test_look(run): assert "糟" in str(run("throw new Error('糟')").error)
def test_lie_of_a_scenario(): bs.run_scenario("red.scenario.yaml")
def test_variable():
    with pytest.raises(bs.ConfigError, match="nothing reads the variable 'b'"):
        bs.run_scenario("red.scenario.yaml", variables={"b": 1})
def test_look_at_a_scenario(): assert not bs.run_scenario("red.scenario.yaml").ok
"""
RED = "scenario: 红\nform: {fields: {a: 0}}\nsteps: [{set: {a: 1}, expect: {form: {a: 2}}}]\n"


def test_an_error_of_a_script_that_no_test_looks_at_is_told(project: Project) -> None:
    project.root.joinpath("red.scenario.yaml").write_text(RED, "utf-8")
    project.root.joinpath("test_unread.py").write_text(UNREAD, "utf-8")
    result = project.run("test_unread.py", *SAY)

    result.assert_outcomes(passed=7, warnings=4)
    assert "the script failed, and nothing looked at that: script.js:1:" in output(result)
    assert "a scenario failed, and nothing looked at its result: form.a expected 2" in output(
        result
    )


WRITES = """\
version: 1
scenario: {name}
form: {{fields: {{客户: ""}}}}
vars: {{没用: 1}}
steps: [{{js: "form.客护 = 1; return 1", expect: {{result: 1}}}}]
"""
CAUGHT = """\
import bpmax_sim as bs
import pytest

CAUGHT = bs.Script("try {{ await $proxy('crn').get() }} catch (e) {{ return {returned} }}")

def test_{name}(bpmax_session): bpmax_session.run_script(CAUGHT)
def test_expected(bpmax_session):
    with pytest.warns(bs.WrongCallWarning, match="no platform 'crn'"):
        bpmax_session.run_script(CAUGHT)
def test_uncaught_{name}(bpmax_session):
    ended = bpmax_session.run_script(bs.Script("await $proxy('crn').get()"))
"""
DOUBTS = WRITES.replace("form.客护 = 1", "form.客户 = '1'")


def test_folders_choose_how_doubts_are_taken(project: Project) -> None:
    (project.root / FILE).unlink()
    table = '[tool.bpmax_sim]\nstrict = ["scenarios/合同"]\nlenient = ["scenarios/旧"]\n'
    project.write("pyproject.toml", table)
    for folder in ("合同", "旧", "其他"):
        for name, text in (("写", WRITES), ("疑", DOUBTS)):
            path = f"scenarios/{folder}/{name}.scenario.yaml"
            project.write(path, text.format(name=f"{folder}{name}"))
        caught = CAUGHT.format(name=folder, returned="1")
        project.write(f"scenarios/{folder}/test_{folder}.py", caught)
    shown = CAUGHT.format(name="shown", returned="e.code").partition("def test_expected")[0]
    project.write("scenarios/合同/test_shown.py", shown)

    result = project.run(*SAY, "-v", "-rA", "-p", "xdist", "-n2")

    text = output(result)
    assert {*re.findall(r"^FAILED \S*::(\S+)", text, re.MULTILINE)} == {
        "合同写",
        "合同疑",
        "其他写",
        "test_合同",
        "test_其他",
        "test_uncaught_合同",
        "test_uncaught_其他",
    }
    result.assert_outcomes(passed=9, failed=7, warnings=9)
    assert text.count("UnknownNameWarning: the script wrote form.客护") == 1


SWALLOWED = """\
import bpmax_sim as bs
import pytest
def test_lie(bpmax_session):
    with pytest.raises(Exception):
        bpmax_session.proxy("crn").getCustomer("12345")
def test_lie_of_a_proxy(bpmax_proxy):
    try: bpmax_proxy("crn").getCustomer("12345")
    except bs.CallError: pass
def test_lie_of_a_factory(bpmax_session_factory):
    with bpmax_session_factory() as session:
        try: session.proxy("crn").getCustomer("12345")
        except bs.CallError: pass
def test_look(bpmax_session):
    with pytest.raises(bs.CallError, match="there is no platform 'crn'"):
        bpmax_session.proxy("crn").getCustomer("12345")
def test_look_at_the_code(bpmax_session):
    with pytest.raises(bs.CallError) as caught:
        bpmax_session.proxy("crn").getCustomer("12345")
    assert caught.value.code == "UNKNOWN_PLATFORM"
"""


@pytest.mark.parametrize(("table", "failed"), [("", 3), ("lenient = true", 0)])
def test_a_wrong_call_that_a_python_test_swallows_is_red(
    project: Project, table: str, failed: int
) -> None:
    project.write("pyproject.toml", f"[tool.bpmax_sim]\n{table}\n")
    project.write("test_swallowed.py", SWALLOWED)

    result = project.run("test_swallowed.py", *SAY)

    result.assert_outcomes(passed=5 - failed, failed=failed, warnings=3 - failed)
    assert "test_swallowed.py:5: crn.getCustomer: there is no platform 'crn'" in output(result)


LIE = """\
import bpmax_sim as bs
def test_lie(bpmax_session):
    bpmax_session.run_script(bs.Script("form.客护 = 1"), form={"客户": 0}).unwrap()
"""


@pytest.mark.parametrize(("table", "failed"), [("", 0), ("strict = true", 1)])
def test_a_strict_folder_turns_what_a_python_test_doubts_red(
    project: Project, table: str, failed: int
) -> None:
    project.root.joinpath("pyproject.toml").write_text(f"[tool.bpmax_sim]\n{table}\n", "utf-8")
    project.root.joinpath("test_lie.py").write_text(LIE, "utf-8")
    result = project.run("test_lie.py", *SAY)

    result.assert_outcomes(failed=failed, passed=1 - failed, warnings=1 - failed)
    assert "UnknownNameWarning: the script wrote form.客护; did you mean '客户'?" in output(result)
