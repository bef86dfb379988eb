"""Scenarios among other tests: selection, order, fixtures of folders, and what an editor asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.cli.app import run_command_line
from tests.plugin.project import FILE, Project, output

ROWS = [f"{FILE}::选择客户[贵宾]", f"{FILE}::选择客户[普通]"]


def test_the_first_failure_ends_the_run_when_asked_for(project: Project) -> None:
    project.edit("name: 张三", "name: 王五")

    project.run("-x").assert_outcomes(failed=1)
    project.run("--maxfail=1").assert_outcomes(failed=1)


def test_stepwise_goes_on_where_it_stopped(project: Project) -> None:
    project.edit("name: 李四", "name: 王五")
    project.run("--stepwise").assert_outcomes(passed=1, failed=1)
    project.edit("name: 王五", "name: 李四")

    project.run("--stepwise").assert_outcomes(passed=1, deselected=1)


def test_what_failed_runs_first_when_asked_for(project: Project) -> None:
    project.edit("name: 李四", "name: 王五")
    project.run()

    lines = output(project.run("--ff", "-v")).splitlines()

    order = [line.split(" ")[0] for line in lines if line.startswith(FILE)]
    assert order == [ROWS[1], ROWS[0]]


@pytest.mark.parametrize(
    ("words", "rows"),
    [("选择客户 and not 普通", ROWS[:1]), ("贵宾 or 普通", ROWS), ("不存在", [])],
)
def test_words_choose_rows(project: Project, words: str, rows: list[str]) -> None:
    listed = output(project.run("--co", "-q", "-k", words)).splitlines()

    assert [line for line in listed if line.startswith(FILE)] == rows


def test_fixtures_of_a_folder_override_those_above_it(project: Project) -> None:
    fixture = "import pytest\n\n@pytest.fixture(autouse=True)\ndef 环境():\n    print('{}')\n"
    project.write("conftest.py", fixture.format("环境: 根"))
    project.write("scenarios/子/conftest.py", fixture.format("环境: 子"))
    project.write(
        "scenarios/子/空.scenario.yaml",
        "version: 1\nscenario: 空\nsteps: [{advance: 1s}]\n",
    )

    result = project.run("-s", "-v")

    result.assert_outcomes(passed=3)
    assert output(result).count("环境: 根") == 2
    assert output(result).count("环境: 子") == 1


def test_a_conftest_may_give_scenarios_of_a_tag_a_fixture(project: Project) -> None:
    project.write(
        "conftest.py",
        """\
        import pytest

        @pytest.fixture
        def 先做(monkeypatch):
            monkeypatch.setenv("先做", "是")

        def pytest_collection_modifyitems(items):
            for item in items:
                if item.get_closest_marker("crm"):
                    item.add_marker(pytest.mark.usefixtures("先做"))
                    item.fixturenames.append("先做")
        """,
    )

    result = project.run("--setup-show")

    result.assert_outcomes(passed=2)
    assert output(result).count("SETUP    F 先做") == 2


def test_an_editor_finds_what_it_builds_its_tree_of(project: Project) -> None:
    for item, row in zip(project.items(FILE), ("贵宾", "普通"), strict=True):
        assert isinstance(item, pytest.Function)
        module = item.getparent(pytest.Module)
        assert module is not None
        assert (module.path, module.nodeid) == (project.root / FILE, FILE)
        assert item.cls is None
        assert item.module.__file__ == str(project.root / FILE)
        assert (item.name, item.nodeid) == (f"选择客户[{row}]", f"{FILE}::选择客户[{row}]")
        path, line, name = item.location
        assert (path, name) == (FILE, item.name)
        text = (project.root / FILE).read_text(encoding="utf-8").splitlines()[line or 0]
        assert f"id: {row}" in text
        assert not hasattr(item, "callspec")  # a row is no parameter of a function


def test_nothing_of_a_file_runs_before_its_test_does(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write("scenarios/写.py", "open('跑了', 'w').close()\n\ndef 写(session): pass\n")
    project.edit("    open: {}", "    python: 写:写")
    ran = project.root / "跑了"

    project.run("--collect-only")
    for command in (
        ["list"],
        ["lint"],
        ["cassette", "inspect", "cassettes/crm/选择客户/贵宾.yaml"],
    ):
        assert run_command_line(command) == 0
    assert not ran.exists()

    project.run().assert_outcomes(passed=2)
    assert ran.exists()
    capsys.readouterr()


def test_a_scenario_lies_anywhere_below_the_root(project: Project, tmp_path: Path) -> None:
    deep = "scenarios/" + "/".join(["很深的文件夹"] * 8) + "/深.scenario.yaml"
    project.write(deep, "version: 1\nscenario: 深\nsteps: [{advance: 1s}]\n")

    project.run(f"{deep}::深").assert_outcomes(passed=1)
