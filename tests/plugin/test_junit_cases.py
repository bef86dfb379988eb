"""What a scenario's case in pytest's JUnit file has beside pytest's own: file, line, console."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from _pytest.junitxml import LogXML, xml_key

from bpmax_sim.pytest_plugin.junit import JunitCompleter
from bpmax_sim.report.console import CONSOLE_SECTION

NODE = "scenarios/付款.scenario.yaml::付款[甲]"
PASSED = ("setup", "passed"), ("call", "passed"), ("teardown", "passed")


def write_case(folder: Path, family: Any, *reports: pytest.TestReport) -> Any:
    """Return the element of the case that pytest and the completer make of *reports*."""
    xml = LogXML(str(folder / "j.xml"), None, family=family)
    config: Any = SimpleNamespace(
        stash={xml_key: xml}, getoption=lambda _name: str(folder / "报告/j.xml")
    )
    completer = JunitCompleter(config)
    assert (folder / "报告").is_dir()
    for report in reports:
        xml.pytest_runtest_logreport(report)
        completer.pytest_runtest_logreport(report)
    (case,) = xml.node_reporters_ordered
    return case.to_xml()


def make_report(
    when: Any, outcome: Any, sections: Any = (), *, node: str = NODE, location: Any = None
) -> pytest.TestReport:
    where = location or ("scenarios\\付款.scenario.yaml", 6, "付款[甲]")
    told: Any = None if outcome == "passed" else ("a.py", 1, "Skipped: 停用")
    told = "坏" if outcome == "failed" else told
    report = pytest.TestReport(node, where, {}, outcome, told, when, sections=sections)
    report.duration = 0.0
    return report


@pytest.mark.parametrize("family", ["xunit1", "xunit2"])
@pytest.mark.parametrize(
    ("phases", "location", "line"),
    [
        (PASSED, None, "7"),
        ((("setup", "passed"), ("call", "failed"), ("teardown", "passed")), None, "7"),
        ((("setup", "skipped"), ("teardown", "passed")), None, "7"),
        ((("setup", "failed"), ("teardown", "passed")), None, "7"),
        ((("setup", "passed"), ("call", "passed"), ("teardown", "failed")), None, "7"),
        (PASSED, ("scenarios/付款.scenario.yaml", 0, "付款[甲]"), "1"),
        (PASSED, (".\\scenarios\\付款.scenario.yaml", 6, "付款[甲]"), "7"),
        (PASSED, ("scenarios/付款.scenario.yaml", None, "付款[甲]"), "1"),
    ],
)
def test_the_case_of_a_scenario_has_its_place_however_it_ended(
    tmp_path: Path, family: str, phases: Any, location: Any, line: str
) -> None:
    reports = [make_report(*phase, location=location) for phase in phases]
    case = write_case(tmp_path, family, *reports)

    file = str(case.get("file")).removeprefix("./")
    assert (file, case.get("line")) == ("scenarios/付款.scenario.yaml", line)


def test_the_case_of_another_test_is_pytests_own(tmp_path: Path) -> None:
    reports = [
        make_report(*phase, node="test_a.py::test_a", location=("test_a.py", 6, "test_a"))
        for phase in PASSED
    ]

    assert write_case(tmp_path, "xunit2", *reports).get("file") is None


@pytest.mark.parametrize(
    ("sections", "output"),
    [
        ([], None),
        ([("calls", "#1 crm.get")], None),
        ([(CONSOLE_SECTION, "客户 12345")], "客户 12345"),
        (
            [(CONSOLE_SECTION, "一"), ("calls", "#1"), (CONSOLE_SECTION, "二\n三")],
            "一\n二\n三",
        ),
    ],
)
def test_what_scripts_wrote_is_the_output_of_the_case(
    tmp_path: Path, sections: list[tuple[str, str]], output: str | None
) -> None:
    reports = [
        make_report(when, outcome, sections if when == "call" else [(CONSOLE_SECTION, "不是它的")])
        for when, outcome in PASSED
    ]
    case = write_case(tmp_path, "xunit2", *reports)

    assert case.findtext("system-out") == output
    assert len(case.findall("system-out")) == int(output is not None)


def test_a_place_is_read_as_a_shell_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "USERPROFILE", "报告处"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for written, folder in (("~/甲/j.xml", "HOME/甲"), ("${报告处}/乙/j.xml", "报告处/乙")):
        config: Any = SimpleNamespace(stash={}, getoption=lambda _name, said=written: said)
        JunitCompleter(config)
        assert (tmp_path / folder.replace("HOME", Path.home().name)).is_dir()


def test_where_no_file_can_be_written_is_said_before_anything_runs(tmp_path: Path) -> None:
    config: Any = SimpleNamespace(stash={}, getoption=lambda _name: str(tmp_path))

    with pytest.raises(pytest.UsageError, match=r"^--junitxml: "):
        JunitCompleter(config)
