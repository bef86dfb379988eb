# ruff: noqa: E501 - a case, one a line
"""Which values a second run gives to a failure, and what a session's use of its cassette proves."""

from __future__ import annotations

import dataclasses
import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.format import dump_exchanges
from bpmax_sim.errors import ConfigError, Place, ScriptLimitError
from bpmax_sim.i18n import msg
from bpmax_sim.report.document import build_run_document
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.failing_line import find_values_at_failure
from bpmax_sim.report.junit import write_junit
from bpmax_sim.report.recording_use import RecordingUse
from bpmax_sim.report.sections import (
    SECTIONS,
    ReportSection,
    SectionCell,
    SectionFinding,
    SectionTable,
    read_sections,
    store_section,
    to_section_data,
)
from bpmax_sim.report.terminal import Verdict
from bpmax_sim.scenario.events import Event, NamesAttached, ScenarioFinished, StepFinished
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.script.hits import NameValues, ScriptHits
from bpmax_sim.session.session import Session
from tests.cassette.exchanges import RULES, ZONE
from tests.report.test_lines import FAILURE, SCENARIO, call

LINE = Place("scripts/报价.js", 3, 5)
FAILED = dataclasses.replace(FAILURE, script=LINE)


@pytest.fixture(name="item", scope="module")
def load_item(tmp_path_factory: pytest.TempPathFactory) -> ScenarioItem:
    folder = tmp_path_factory.mktemp("项目")
    path = folder / "回填.scenario.yaml"
    path.write_text(SCENARIO, "utf-8")
    return load_items(path, environ={}, root=folder)[0]


def seen(at: float, **values: str) -> NameValues:
    return NameValues(at=at, values=values, stack=("小计 报价.js:3:5", "合计 报价.js:9:1"))


def step(outcome: Any, at: float) -> StepFinished:
    return StepFinished(number=1, title="", outcome=outcome, duration=0.0, at=at)


def end(digest: str = "d", at: float = 9.0) -> ScenarioFinished:
    return ScenarioFinished(
        outcome="failed", failures=(), warnings=(), digest=digest, calls=0, duration=at, at=at
    )


def look(
    item: ScenarioItem, *events: Event, values: tuple[NameValues, ...] = (), **changes: Any
) -> NamesAttached | None:
    """Return what a second run with *events* tells of the failure of a first one."""
    verdict = Verdict(
        item=item, outcome="failed", **{"digest": "d", "failures": (FAILED, FAILURE), **changes}
    )

    def run_again(hits: ScriptHits) -> tuple[Event, ...]:
        assert hits.watched == verdict.failures[0].script
        hits.seen += values
        warnings.warn("it was shown before", stacklevel=1)
        return events

    return find_values_at_failure(item, verdict, run_again, lambda text: text.replace("密", "*"))


ONCE = (seen(1.0, 价="密3"),)
LOOKS: dict[str, tuple[list[Event], tuple[NameValues, ...], dict[str, Any], dict[str, str] | None]] = {
    # events and values of the second run, changes of the first verdict, and the values
    "once": ([end()], ONCE, {}, {"价": "*3"}),
    "never": ([end()], (), {}, None),
    "the latest of three": ([end()], (seen(1.0, 价="1"), seen(2.0, 价="2"), seen(3.0, 价="3")), {}, {"价": "3"}),
    "until the failed step": (
        [step("passed", 1.0), step("failed", 2.0), step("failed", 4.0), end()],
        (seen(1.0, 价="1"), seen(2.0, 价="2"), seen(3.0, 价="3")), {}, {"价": "2"},
    ),
    "rounded": ([step("failed", 2.0), end()], (seen(2.0009, 价="2"), seen(2.002, 价="3")), {}, {"价": "2"}),
    "after the failed step alone": ([step("failed", 2.0), end()], (seen(3.0, 价="3"),), {}, None),
    "no step failed": ([step("passed", 2.0), end(at=5.0)], (seen(4.0, 价="4"), seen(6.0, 价="6")), {}, {"价": "4"}),
    "another way": ([end("e")], ONCE, {}, None),
    "cut off": ([step("failed", 2.0)], ONCE, {}, None),
    "no failure": ([end()], ONCE, {"failures": ()}, None),
    "no line of a script": ([end()], ONCE, {"failures": (FAILURE, FAILED)}, None),
    "a script without its line": (
        [end()], ONCE, {"failures": (dataclasses.replace(FAILED, script=Place("a.js")),)}, None,
    ),
    "a limit": (
        [end()], ONCE,
        {"failures": (dataclasses.replace(FAILED, cause=ScriptLimitError("x")),)}, None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOOKS)
def test_the_values_are_the_last_before_the_failure_of_a_run_that_went_the_same_way(
    item: ScenarioItem, name: str
) -> None:
    events, values, changes, expected = LOOKS[name]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = look(item, *events, values=values, **changes)

    assert (found.names if found else None) == expected
    if found:
        assert (found.place, found.at) == (LINE, events[-1].at)
        assert found.stack == ("小计 报价.js:3:5", "合计 报价.js:9:1")


def test_a_second_run_that_fails_itself_or_may_call_python_tells_nothing(
    item: ScenarioItem, tmp_path: Path
) -> None:
    verdict = Verdict(item=item, outcome="failed", digest="d", failures=(FAILED,))

    def refuse(_hits: ScriptHits) -> tuple[Event, ...]:
        raise ConfigError("坏了")

    assert find_values_at_failure(item, verdict, refuse, str) is None
    path = tmp_path / "登记.scenario.yaml"
    (tmp_path / "甲.js").write_text("form.a = 1;", "utf-8")
    path.write_text(
        f"{SCENARIO.replace('form: {', 'form: {libraries: [甲.js], ')}finally: [{{python: 'tests.nothing:run'}}]\n",
        "utf-8",
    )
    assert look(load_items(path, environ={})[0], end(), values=ONCE) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("一" * 1999, "一" * 1999), ("一" * 2000, "一" * 2000), ("一" * 2001, "一" * 2000 + "…"),
        ("一" * 19_999, "一" * 2000 + "…"), ("一" * 20_000, "一" * 2000 + "…"),
        ("密" * 8_999 + "\ud800", "*" * 2000 + "…"), ("", ""),
    ],
)  # fmt: skip
def test_a_long_value_is_cut(item: ScenarioItem, text: str, shown: str) -> None:
    found = look(item, end(), values=(seen(1.0, 价=text),))

    assert found is not None
    assert found.names == {"价": shown}


# ---------------------------------------------------------------------- sections, JUnit


def test_a_section_is_plain_data_in_each_language(tmp_path: Path) -> None:
    section = ReportSection(
        name="explore",
        title=msg("codes"),
        summary="三处",
        parts=(
            SectionTable(("接口", msg("codes")), ((SectionCell("1", "passed", "好"),),), msg("codes")),
            SectionFinding(headline=msg("codes"), lines=(msg("codes"), "乙"), paste="p", place="a:1"),
        ),
    )  # fmt: skip
    both = to_section_data(section)["title"]

    data = json.loads(json.dumps(to_section_data(section)))

    assert both["en"] == "codes" != both["zh"]
    assert data == {
        "name": "explore", "title": both, "summary": "三处", "made": "", "version": 1,
        "parts": [
            {
                "type": "table", "columns": ["接口", both],
                "rows": [[{"text": "1", "tone": "passed", "hint": "好"}]], "caption": both,
            },
            {
                "type": "finding", "headline": both, "tone": "failed", "place": "a:1",
                "lines": [both, "乙"], "paste": "p",
            },
        ],
    }  # fmt: skip
    path = store_section(tmp_path, section)
    assert path == tmp_path / SECTIONS / "explore.json"
    stored = json.loads(path.read_bytes())
    assert {**stored, "made": ""} == data
    [read] = read_sections([path.parent]).values()
    assert isinstance(read, ReportSection)
    assert (read.made, read.title) == (stored["made"], both)


def test_a_folder_without_sections_has_none_and_an_old_one_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    folder.mkdir()
    for name, text in (
        ("旧", '{"name": "a", "title": "t", "version": 0}'),
        *((one, "[]") for one in "戊坏丁甲丙"),
    ):
        (folder / f"{name}.json").write_text(text, encoding="utf-8")

    found = read_sections([tmp_path / "无此", folder])

    assert [*found] == sorted("旧戊坏丁甲丙")
    for name, error in found.items():
        assert str(error).startswith(f"{folder}/{name}.json: this section of the report cannot be")


def test_junit_is_written_into_a_new_folder_with_its_declaration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "新/报告.xml"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "回填.scenario.yaml").write_text(SCENARIO, "utf-8")
    [item, _] = load_items(Path("回填.scenario.yaml"), environ={})
    verdict = Verdict(item=item, outcome="skipped", reason="等 <接口>\x00")

    write_junit(path, [(verdict, 1.23456), (replace(verdict, outcome="passed"), 0.0)])

    text = path.read_text(encoding="utf-8")
    assert text == (
        "<?xml version='1.0' encoding='utf-8'?>\n"
        '<testsuites><testsuite name="bpmax-sim" tests="2" failures="0" errors="0" skipped="1" '
        'time="1.235"><testcase classname="回填.scenario.yaml" name="回填[甲]" '
        'file="回填.scenario.yaml" line="4" time="1.235"><skipped message="等 &lt;接口&gt;\ufffd" />'
        '</testcase><testcase classname="回填.scenario.yaml" name="回填[甲]" '
        'file="回填.scenario.yaml" line="4" time="0.000" /></testsuite></testsuites>'
    )


def test_times_are_thousandths_and_a_failure_without_a_script_names_none(
    item: ScenarioItem,
) -> None:
    made = call(duration=0.0123456)
    verdict = Verdict(item=item, outcome="failed", calls=(made,), failures=(FAILURE, FAILED))

    [told] = build_run_document([verdict], code=ExitCode.FAILED)["items"]

    assert told["calls"][0]["ms"] == 12.346
    assert [one["script"] for one in told["failures"]] == ["", "scripts/报价.js:3:5"]


# ---------------------------------------------------------------------- use of recordings

PLATFORM = "platform_key: crm\nbase_url: https://crm.example.test\napis: {get: {path: /c}}\n"


@pytest.mark.parametrize(
    ("mode", "is_there", "doubtful", "used", "doubts"),
    [
        ("replay", True, False, True, False),
        ("replay", True, True, True, True),
        ("replay", False, False, False, False),
        ("simulate", True, False, False, True),
        ("live", True, False, False, True),
    ],
)
def test_a_session_used_its_cassette_where_it_played_it(
    tmp_path: Path, mode: Any, is_there: bool, doubtful: bool, used: bool, doubts: bool
) -> None:
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms/crm.yaml").write_text(PLATFORM, encoding="utf-8")
    cassette = tmp_path / "报价.yaml"
    if is_there:
        cassette.write_bytes(dump_exchanges((), rules=RULES, zone=ZONE))
    session = Session.open(tmp_path / "platforms", mode=mode, cassette=cassette, environ={})
    session.close(failed=True)
    use = RecordingUse()

    use.add_session_use(session, doubtful=doubtful)

    name = str(cassette)
    assert use.cassettes == {name}
    assert use.used == ({name} if used else set())
    assert use.doubtful == ({name} if doubts else set())
    assert [*use.owners] == ([] if doubts else [name])
    assert {key: {*left} for key, left in use.left.items()} == (
        {} if doubts else {(name, session.recorded_owner): set()}
    )


def test_what_is_noted_of_an_owner_and_of_another_process_stays() -> None:
    use = RecordingUse()
    for owner, test in (("y", "t.py"), ("x", "u.py")):
        use.note_owner("甲.yaml", "cassettes", owner=owner, test=Path(test))
    assert (use.owned, use.folders) == ({"甲.yaml"}, {"cassettes"})
    assert (use.owners, use.tests) == ({"甲.yaml": {"x", "y"}}, {"t.py", "u.py"})
    assert use.cassettes == use.used == set()
    use.left["甲.yaml", "x"] = {1, 2}
    use.seconds |= {"a": 1.0, "b": 2.0}
    other = RecordingUse()
    other.left["乙.yaml", "z"] = {3}
    other.seconds |= {"b": 5.0, "c": 3.0}

    use.merge(vars(other))

    assert use.owners == {"甲.yaml": {"x", "y"}}
    assert use.left == {("甲.yaml", "x"): {1, 2}, ("乙.yaml", "z"): {3}}
    assert use.seconds == {"a": 1.0, "b": 5.0, "c": 3.0}
