"""Command line > marker > scenario > ini file > default, for every option that has those places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from bpmax_sim.pytest_plugin import options
from bpmax_sim.pytest_plugin.items import ScenarioTest
from bpmax_sim.pytest_plugin.session_options import (
    MARKED,
    choose_option,
    read_marker_options,
    read_session_options,
)
from bpmax_sim.script.limits import parse_limits
from bpmax_sim.session.options import list_options_for
from tests.plugin.project import FILE, OURS, Project

CLOCKS = [f"2026-03-0{day}T09:00:00+08:00" for day in (1, 2, 3, 4)]


@dataclass(frozen=True, slots=True)
class Said:
    """What each place says of an option; nothing where it has no such place."""

    name: str
    command: str
    marker: object
    scenario: str
    ini: str


SAID = [
    Said("mode", "live", "simulate", "replay", "record"),
    Said("record", "new", "once", "", "rewrite"),
    Said("against", "live", None, "", "simulator"),
    Said("instance", "甲", "乙", "丙", "丁"),
    Said("unused", "ignore", "warn", "fail", "ignore"),
    Said("seed", "1", 2, "3", "4"),
    Said("clock", CLOCKS[0], CLOCKS[1], CLOCKS[2], CLOCKS[3]),
    Said("engine", "v8", "quickjs", "", "v8"),
    Said("js_limits", "calls=1", "calls=2", "", "calls=4"),
    Said("js_stack", "16MB", None, "", "24MB"),
]
OF_THEIR_OWN = {"allow_hosts", "platforms", "faults"}
SESSION_NAMES = {*options.OPTIONS} & {*list_options_for("session")} - OF_THEIR_OWN
SWITCHES = ("record_extra", "allow_ci_record")
HEADS = {"seed", "clock"}
VALUES: Mapping[str, Mapping[str, object]] = {"js_stack": {"16MB": 16 * 2**20, "24MB": 24 * 2**20}}


def read(said: Said, text: object) -> object:
    """Return what the plugin reads of what is written."""
    if said.name == "seed":
        return int(str(text))
    if said.name == "js_limits":
        return parse_limits(str(text))
    return VALUES.get(said.name, {}).get(str(text), text)


def the_item(project: Project, *arguments: str) -> ScenarioTest:
    item, *_ = project.items(FILE, *arguments)
    assert isinstance(item, ScenarioTest)
    return item


def chosen(test: ScenarioTest, name: str, *, with_scenario: bool = False) -> object:
    sets = test.has_option_in_file if with_scenario else (lambda _name: False)
    return choose_option(test.config, read_marker_options(test), name, is_set_in_scenario=sets)


def write(project: Project, said: Said) -> None:
    """Let every place say something."""
    record = "bpmax_mode = record\n" if said.name == "record" else ""
    project.ini(f"{record}bpmax_{said.name} = {said.ini}")
    if said.marker is not None:
        project.write("conftest.py", _MARKING.format(name=said.name, value=said.marker))
    if said.name in HEADS:
        line = f"{said.name}: {said.scenario if said.name == 'seed' else repr(said.scenario)}"
        project.edit('clock: "2026-03-02T09:00:00+08:00"', line)
    elif said.scenario:
        project.edit("proxy: {", f"proxy: {{{said.name}: {said.scenario}, ")


_MARKING = """\
import pytest

def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.bpmax({name}={value!r}))
"""


@pytest.mark.parametrize("said", SAID, ids=lambda said: said.name)
def test_each_place_wins_over_those_behind_it(project: Project, said: Said) -> None:
    write(project, said)
    option = f"--bpmax-{said.name.replace('_', '-')}={said.command}"
    mode = ("--bpmax-mode=record",) if said.name == "record" else ()

    test = the_item(project, option, *mode)
    assert chosen(test, said.name, with_scenario=True) == read(said, said.command)

    test = the_item(project)
    if said.marker is not None:
        assert chosen(test, said.name, with_scenario=True) == read(said, said.marker)
        (project.root / "conftest.py").unlink()
        test = the_item(project)
    if said.scenario:
        assert test.has_option_in_file(said.name)
        assert chosen(test, said.name, with_scenario=True) is None  # it is left to the scenario
    assert chosen(test, said.name) == read(said, said.ini)


def test_the_nearest_marker_wins_and_the_others_stay_behind_it(project: Project) -> None:
    project.write(
        "test_报价.py",
        """\
        import pytest

        pytestmark = pytest.mark.bpmax(seed=1, instance="甲", mode="replay")

        @pytest.mark.bpmax(seed=2, instance="乙")
        class Test报价:
            @pytest.mark.bpmax(seed=3)
            def test_近(self): pass

            def test_中(self): pass

        def test_远(): pass
        """,
    )

    read = [read_marker_options(item) for item in project.items("test_报价.py")]

    assert read == [
        {"seed": 3, "instance": "乙", "mode": "replay"},
        {"seed": 2, "instance": "乙", "mode": "replay"},
        {"seed": 1, "instance": "甲", "mode": "replay"},
    ]


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_of_the_ini_file_can_be_turned_on_for_one_run(project: Project, name: str) -> None:
    assert chosen(the_item(project), name) is None
    assert chosen(the_item(project, f"--bpmax-{name.replace('_', '-')}"), name) is True
    project.ini(f"bpmax_{name} = true")
    assert chosen(the_item(project), name) is True


def test_platforms_have_the_same_order(project: Project) -> None:
    project.ini("bpmax_platforms = 四")
    project.write("conftest.py", _MARKING.format(name="platforms", value="二"))

    def platforms(*arguments: str) -> object:
        test = the_item(project, *arguments)
        return read_session_options(test, is_set_in_scenario=test.has_option_in_file).get(
            "platforms"
        )

    assert platforms("--bpmax-platforms=一") == (project.root / "一",)
    assert platforms() == (project.root / "二",)
    (project.root / "conftest.py").unlink()
    assert platforms() is None
    project.edit("platforms: platforms/, ", "")
    assert platforms() == (project.root / "四",)


def test_no_option_of_a_session_is_left_out_here() -> None:
    assert {said.name for said in SAID} | {*SWITCHES} == SESSION_NAMES
    marked = {said.name for said in SAID if said.marker is not None}
    assert marked == {*MARKED} & SESSION_NAMES


def test_what_belongs_to_a_whole_run_has_two_places(project: Project) -> None:
    whole = {*options.OPTIONS} - SESSION_NAMES - {"platforms"}
    given = {
        "allow_hosts": ("a.example.test", ["a.example.test"]),
        "cassettes": ("录制", "录制"),
        "challenge": ("", True),
        "challenge_fail_under": ("80", 80.0),
        "challenge_strict": ("", True),
        "cov": ("", True),
        "cov_fail_under": ("80", 80.0),
        "cov_lcov": ("行.info", "行.info"),
        "explore": ("", True),
        "explore_max": ("9", 9),
        "explore_minutes": ("0.5", 0.5),
        "explore_seed": ("7", 7),
        "job": ("夜间", "夜间"),
        "exit_codes": ("", True),
        "faults": ("off", "off"),
        "lang": ("zh", "zh"),
        "report": ("报告.html", "报告.html"),
        "tb": ("", True),
        "trace": ("on", "on"),
        "update": ("", True),
        "var": ("x=1", ["x=1"]),
    }
    assert whole == {*given, "shard"}

    project.monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    project.pytester.plugins.extend(OURS)
    for name, (text, value) in given.items():
        flag = f"--bpmax-{name.replace('_', '-')}" + (f"={text}" if text else "")
        assert options.read_option_value(project.pytester.parseconfig(flag), name) == value
        project.ini(f"bpmax_{name} = {text or 'true'}")
        assert options.read_cli_and_ini(project.pytester.parseconfig(), name)[1] == value
