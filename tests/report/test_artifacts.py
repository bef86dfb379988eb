# ruff: noqa: E501 - a file of a run, one a line
"""What an artefact of a pipeline tells of each failure, by the files that are in it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.report import artifact_run
from bpmax_sim.report.artifact_run import ArtifactRun, read_artifact_run
from bpmax_sim.report.perform import PerformOptions, check_syntax, fail_unstarted_item, skip_item
from bpmax_sim.report.stored_failures import read_failures
from bpmax_sim.report.trace_files import make_item_path
from bpmax_sim.scenario.events import VERSION
from bpmax_sim.scenario.load import load_items
from bpmax_sim.script.failure import Script
from tests.report.test_html import event, finished, started

FAILURE = {
    "kind": "expect", "essence": "form.a expected 2, got 1", "scenario": "回填", "step": 1, "total": 2,
    "title": "选", "place": "回填.scenario.yaml:7:5",
}  # fmt: skip


def trace(*events: Any, row: str = "") -> bytes:
    begun = {**started("回填", row=row), "version": VERSION}
    lines = [
        begun,
        *events,
        {"event": "SourceAttached", "at": 0, "file": "回填.scenario.yaml", "text": "甲"},
    ]
    return b"".join(json.dumps(one).encode() + b"\n" for one in lines)


def step(title: str) -> dict[str, Any]:
    return event("StepStarted", number=1, total=2, title=title, place="回填.scenario.yaml:5:5")


def stored(**fields: Any) -> bytes:
    usual = {
        "name": "回填",
        "file": "scenarios/crm/回填.scenario.yaml",
        "line": 7,
        "headline": "甲",
        "texts": ["甲"],
    }
    return json.dumps({**usual, **fields}).encode()


def pack(folder: Path, files: Mapping[str, bytes | str]) -> ArtifactRun:
    """Return what an archive of *files* tells of the project at *folder*."""
    with ZipFile(folder / "a.zip", "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return read_artifact_run(folder / "a.zip", folder)


TRACES: dict[str, tuple[bytes, tuple[str, int, str] | None]] = {
    # a trace, and name, line and headline of the failure in it
    "failed": (trace(step("选"), finished(1, "failed", failures=[FAILURE])), ("回填", 2, "step 1/2 选: form.a expected 2, got 1")),
    "a row that failed": (trace(finished(1, "failed", failures=[FAILURE]), row="甲"), ("回填[甲]", 2, "step 1/2 选: form.a expected 2, got 1")),
    "failed twice": (trace(finished(1, "failed", failures=[FAILURE, {**FAILURE, "essence": "乙"}])), ("回填", 2, "step 1/2 选: form.a expected 2, got 1")),
    "passed": (trace(finished(1, "passed")), None),
    "expected to fail": (trace(finished(1, "xfailed", failures=[FAILURE])), None),
    "skipped": (trace(finished(1, "skipped")), None),
    "cut off at once": (trace(), ("回填", 2, "did not end: its trace breaks off before the first step")),
    "cut off in the third step": (trace(step("一"), step("二"), step("三")), ("回填", 2, "did not end: its trace breaks off in step 三")),
    "cut off in a step without a title": (trace(step("一"), step("")), ("回填", 2, "did not end: its trace breaks off before the first step")),
}  # fmt: skip


@pytest.mark.parametrize("name", TRACES)
def test_a_trace_tells_its_failure(tmp_path: Path, name: str) -> None:
    data, expected = TRACES[name]

    run = pack(tmp_path, {"trace/scenarios/crm/回填/回填.ndjson": data})

    assert (run.tests, run.problems) == (1, ())
    if expected is None:
        assert (run.failures, run.sources) == ((), {})
        return
    [one] = run.failures
    assert (one.name, one.line, to_plain_english(one.headline)) == expected
    assert one.file == "scenarios/crm/回填.scenario.yaml"
    assert run.sources == {(one.file, one.name): {one.file: "甲"}}
    assert len(one.texts) == len(one.whole) == (2 if name == "failed twice" else 1)
    if "cut off" in name:
        assert one.texts == one.whole == (one.headline,)
    assert str(one.rerun).startswith("bpmax-sim run ")
    assert "scenarios/crm/回填.scenario.yaml" in str(one.rerun)


def test_a_stored_failure_is_taken_before_its_trace_which_adds_the_sources(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        "trace/scenarios/crm/回填/回填.ndjson": trace(finished(1, "failed", failures=[FAILURE])),
        "failed/scenarios/crm/回填/回填.json": stored(),
        "failed/scenarios/crm/回填/别的.json": stored(name="别的", run="2", kept=5),
        "trace/scenarios/crm/回填/好的.ndjson": trace(finished(1, "passed")),
        "failed/scenarios/crm/回填/好的.json": stored(name="好的"),
    }

    run = pack(tmp_path, files)

    assert [(one.name, one.headline) for one in run.failures] == [
        ("别的", "甲"), ("好的", "甲"), ("回填", "甲"),
    ]  # fmt: skip
    assert [name for _, name in run.sources] == ["回填", "好的"]
    assert run.tests == 2


NAMES: dict[str, tuple[str, bool]] = {
    "failed": ("failed/a.json", True),
    "deeper": ("x/y/failed/scenarios/a/b.json", True),
    "another ending": ("failed/a.txt", False),
    "the folder itself": ("failed/.json", False),
    "a name that only ends so": ("unfailed/a.json", False),
    "another case": ("Failed/a.json", False),
    "XML": ("a/b.xml", True),
    "XML of ours": ("x/.bpmax/b.xml", False),
    "XML in capitals": ("a/b.XML", False),
}


@pytest.mark.parametrize("name", NAMES)
def test_only_files_of_a_run_are_read(tmp_path: Path, name: str) -> None:
    path, is_read = NAMES[name]
    data = b"<testsuite/>" if path.lower().endswith("xml") else stored()
    (tmp_path / "o" / path).parent.mkdir(parents=True)
    (tmp_path / "o" / path).write_bytes(data)

    readers: list[Callable[[], ArtifactRun]] = [
        partial(pack, tmp_path, {path: data}), partial(read_artifact_run, tmp_path / "o", tmp_path),
    ]  # fmt: skip
    for read in readers:
        if is_read:
            assert read().problems == ()
        else:
            with pytest.raises(ConfigError, match="nothing of a run is in it"):
                read()


@pytest.mark.parametrize(
    ("name", "is_refused"),
    [
        ("../a.xml", True), ("a/../b.xml", True), ("a/..", True), ("a\\..\\b.xml", True), ("/a.xml", True),
        ("\\a.xml", True), ("C:a.xml", True), ("c:/a.xml", True), ("a..b/c.xml", False), ("..a/b.xml", False),
        ("a../b.xml", False), ("ab:c.xml", False), ("...", False),
    ],
)  # fmt: skip
def test_a_name_that_leads_out_of_an_archive_refuses_all_of_it(
    tmp_path: Path, name: str, *, is_refused: bool
) -> None:
    files: dict[str, bytes | str] = {"r.xml": "<testsuite/>", name: "<testsuite/>"}

    if is_refused:
        with pytest.raises(ConfigError, match="contains a path outside the archive"):
            pack(tmp_path, files)
    else:
        assert pack(tmp_path, files).problems == ()


@pytest.mark.parametrize(("size", "is_refused"), [(100, False), (101, True)])
def test_a_large_artefact_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, *, is_refused: bool
) -> None:
    monkeypatch.setattr(artifact_run, "_LARGEST", 100)
    (tmp_path / "o").mkdir()
    for name in ("a.xml", "b.xml"):
        (tmp_path / "o" / name).write_text("<testsuite/>".ljust(50))
    (tmp_path / "o/b.xml").write_text("<testsuite/>".ljust(size - 50))
    (tmp_path / "o/c.txt").write_text("x" * 1000)

    if is_refused:
        with pytest.raises(ConfigError, match="o: unpacks to 0 MB, and 0 MB are read at most"):
            read_artifact_run(tmp_path / "o", tmp_path)
    else:
        assert read_artifact_run(tmp_path / "o", tmp_path).problems == ()


CASES: dict[str, tuple[str, tuple[str, str, int, str, str, str]]] = {
    # a test case, and name, file, line, headline, text and rerun of its failure
    "with all": (
        '<testcase classname="scenarios.a" name="甲" file="a.yaml" line="7"><failure message="m">一\n二</failure></testcase>',
        ("甲", "a.yaml", 7, "m", "一\n二", ""),
    ),
    "without a file": ('<testcase classname="检查.x" name="甲"><failure>一\n二</failure></testcase>', ("甲", "检查.x", 0, "一", "一\n二", "")),
    "a line that is none": ('<testcase name="甲" line="x"><failure message="m"/></testcase>', ("甲", "", 0, "m", "m", "")),
    "nothing at all": ("<testcase><error/></testcase>", ("", "", 0, "", "", "")),
    "a test of a module": ('<testcase classname="tests.test_a" name="test_x"><failure message="m"/></testcase>', ("test_x", "tests.test_a", 0, "m", "m", "pytest tests/test_a.py::test_x")),
    "a test of a class": ('<testcase classname="tests.test_a.TestB.TestC" name="test_x[一 二]"><failure message="m"/></testcase>', ("test_x[一 二]", "tests.test_a.TestB.TestC", 0, "m", "m", 'pytest "tests/test_a.py::TestB::TestC::test_x[一 二]"')),
    "a test of a module at the root": ('<testcase classname="tests" name="test_x"><failure message="m"/></testcase>', ("test_x", "tests", 0, "m", "m", "pytest tests.py::test_x")),
    "a line that is no number": ('<testcase name="t" line="²"><failure>坏</failure></testcase>', ("t", "", 0, "坏", "坏", "")),
    "its own command": ('<testcase classname="tests.test_a" name="t"><failure>坏\nrerun: pytest a\n更多</failure></testcase>', ("t", "tests.test_a", 0, "坏", "坏\nrerun: pytest a\n更多", "pytest a")),
    "the last of its commands": ('<testcase name="t"><failure>坏\nrerun: pytest a\nrerun: pytest b</failure></testcase>', ("t", "", 0, "坏", "坏\nrerun: pytest a\nrerun: pytest b", "pytest b")),
    "its own command in Chinese": ('<testcase name="t"><failure>坏\n重新运行：pytest a</failure></testcase>', ("t", "", 0, "坏", "坏\n重新运行：pytest a", "pytest a")),
    "no command of its own line": ('<testcase name="t"><failure>坏 rerun: pytest a</failure></testcase>', ("t", "", 0, "坏 rerun: pytest a", "坏 rerun: pytest a", "")),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_test_case_of_junit_tells_its_failure(tmp_path: Path, name: str) -> None:
    case, expected = CASES[name]
    (tmp_path / "tests").mkdir()
    for file in ("tests/test_a.py", "tests.py"):
        (tmp_path / file).touch()

    run = pack(tmp_path, {"r.xml": f"<testsuites><testsuite>{case}</testsuite></testsuites>"})

    [one] = run.failures
    assert (one.name, one.file, one.line, one.headline, one.texts[0], one.rerun) == expected
    assert run.tests == 1


@pytest.mark.parametrize(
    ("title", "row"),
    [
        ("回填", ""), ("回填", "甲"), ("回填::二", ""), ("回填::二", "甲"), ("回填\n二", "甲"),
        ("回填", "甲::乙"), ("回填[一]::二", "甲"), ("长" * 130, "甲"),
    ],
)  # fmt: skip
def test_a_failure_that_two_files_tell_is_one_whatever_its_name(
    tmp_path: Path, title: str, row: str
) -> None:
    path = tmp_path / "a.scenario.yaml"
    path.write_text(SCENARIO, "utf-8")
    [item] = load_items(path, environ={}, root=tmp_path)
    header = replace(item.header, title=title, row_id=row)
    case = ET.Element("testcase", name=header.one_line_name, classname="a.scenario.yaml")
    ET.SubElement(case, "failure", message="坏")
    suite = ET.Element("testsuite")
    suite.append(case)
    other = '<testcase classname="a.scenario.yaml" name="别的"><failure/></testcase></testsuite>'
    text = ET.tostring(suite, "unicode").replace("</testsuite>", other)

    run = pack(tmp_path, {"failed/a.json": stored(name=header.name, file=path.name), "r.xml": text})

    assert [one.name for one in run.failures] == [header.name, "别的"]


@pytest.mark.parametrize(
    ("text", "failures", "problem"),
    [
        ("<testsuite><testcase/></testsuite>", 0, ""),
        ("<other><testcase><failure/></testcase></other>", 0, ""),
        ("\ufeff<testsuite><testcase><failure/></testcase></testsuite>", 1, ""),
        ("<testsuite", 0, "ParseError"),
        ("<!DOCTYPE a><testsuite/>", 0, "declares entities"),
        ("<testsuite><!ENTITY a></testsuite>", 0, "declares entities"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_problem_beside_what_can(
    tmp_path: Path, text: str, failures: int, problem: str
) -> None:
    run = pack(tmp_path, {"a.xml": text, "failed/a.json": stored(), "failed/b.json": b"{"})

    assert len(run.failures) == 1 + failures
    own = [one for one in map(str, run.problems) if "b.json" not in one]
    assert len(run.problems) == len(own) + 1
    assert [problem in one for one in own] == [True] * bool(problem)
    assert run.failures[0].name == "回填"


# ---------------------------------------------------------------------- items that did not run

SCENARIO = """\
version: 1
scenario: 回填
skip: 等接口
form: {fields: {a: 1}}
steps: [{set: {a: 2}}]
"""


@pytest.mark.parametrize(("mode", "is_kept"), [("on", True), ("on-failure", False), ("off", False)])
def test_an_item_that_is_skipped_says_why_and_leaves_a_trace_where_asked(
    tmp_path: Path, mode: str, *, is_kept: bool
) -> None:
    path = tmp_path / "回填.scenario.yaml"
    path.write_text(SCENARIO, "utf-8")
    [item] = load_items(path, environ={}, root=tmp_path)
    options = PerformOptions(trace=mode)
    fail_unstarted_item(item, ConfigError("坏了"), options)  # of an earlier run
    assert len(list(read_failures(tmp_path))) == 1

    own, events = skip_item(item, options)
    other, _ = skip_item(item, options, "别的原因")
    empty, _ = skip_item(item, options, "")

    assert [one.reason for one in (own, other, empty)] == ["等接口", "别的原因", ""]
    assert {one.outcome for one in (own, other, empty)} == {"skipped"}
    assert (own.trace != "", len([*tmp_path.rglob("*.ndjson")])) == (is_kept, int(is_kept))
    assert events[-1].outcome == "skipped"  # type: ignore[union-attr]
    assert list(read_failures(tmp_path)) == []


@pytest.mark.parametrize(
    ("path", "row", "kept"),
    [
        ("scenarios/crm/回填.scenario.yaml", "甲", "scenarios/crm/回填/回填[甲].json"),
        ("回填.scenario.yaml", "", "回填/回填.json"),
        ("../外/回填.scenario.yaml", "", "回填/回填.json"),
        ("回填.yaml", "", "回填.yaml/回填.json"),
    ],
)
def test_a_file_about_an_item_lies_like_its_scenario(
    tmp_path: Path, path: str, row: str, kept: str
) -> None:
    scenario = tmp_path / "a.scenario.yaml"
    scenario.write_text(SCENARIO, "utf-8")
    [item] = load_items(scenario, environ={}, root=tmp_path)
    root = tmp_path / "项目"
    header = replace(item.header, root=root, path=Path(os.path.normpath(root / path)), row_id=row)

    made = make_item_path(header, Path(".bpmax/x"), ".json").relative_to(root / ".bpmax/x")

    assert made.as_posix() == kept


@pytest.mark.parametrize(("mode", "is_kept"), [("on", True), ("on-failure", True), ("off", False)])
def test_an_item_that_cannot_start_is_kept_as_a_failure(
    tmp_path: Path, mode: str, *, is_kept: bool
) -> None:
    path = tmp_path / "回填.scenario.yaml"
    path.write_text(SCENARIO, "utf-8")
    [item] = load_items(path, environ={}, root=tmp_path)

    verdict, events = fail_unstarted_item(item, ConfigError("坏了"), PerformOptions(trace=mode))

    assert (verdict.outcome, verdict.problems, verdict.trace != "") == (
        "failed",
        ("坏了",),
        is_kept,
    )
    assert events[-1].outcome == "failed"  # type: ignore[union-attr]
    [kept] = read_failures(tmp_path)
    assert (kept.headline, kept.texts) == ("坏了", ("坏了",))
    assert PerformOptions(options={"mode": "record"}).mode == "record"
    assert PerformOptions().mode == ""


@pytest.mark.parametrize(
    ("source", "place", "words"),
    [
        ("form.a = 1;", None, ""),
        ("return 1;", None, ""),
        ("throw new Error('x');", None, ""),
        ("form.a = = 1;", "x.js:1:10", "SyntaxError: "),
        ("= 1;", "x.js:1:1", "SyntaxError: "),
        ("f();\nform.a = = 1;", "x.js:2:10", "SyntaxError: "),
        ("f()；", "x.js:1:4", "；"),
        ("f('；');", None, ""),
    ],
)
def test_a_script_is_parsed_whole_and_not_run(source: str, place: str | None, words: str) -> None:
    problem = check_syntax(Script(source, "x.js"))

    assert (problem and str(problem.place)) == place
    if problem is not None:
        assert words in to_plain_english(problem.message)
