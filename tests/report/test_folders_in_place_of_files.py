# ruff: noqa: E501 - a message, one a line
"""What stands where a run keeps its files and is none of them: a folder, a file, another's file."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.report import script_coverage, usage
from bpmax_sim.report.recording_use import RecordingUse
from bpmax_sim.report.run_comparison import compare_runs
from bpmax_sim.report.script_coverage import cover_scripts, read_hits, store_hits
from bpmax_sim.report.sections import SECTIONS, ReportSection, SectionTable, read_sections
from bpmax_sim.report.sections import store_section as store
from bpmax_sim.report.stored_failures import (
    FAILED_FOLDER,
    did_fail,
    parse_failure,
    read_failures,
    store_or_delete_failure,
)
from bpmax_sim.report.terminal import format_summary_line
from bpmax_sim.report.trace_failures import PathsFromRoot
from bpmax_sim.report.trace_files import Trace, find_traces, store_trace
from bpmax_sim.report.usage import read_evidence, read_jobs, store_evidence
from bpmax_sim.scenario.events import VERSION
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.outcome import make_unrun_events
from bpmax_sim.scenario.shards import Shard
from bpmax_sim.script.failure import Script
from bpmax_sim.script.hits import ScriptHits, add_counters_to_script
from tests.files import write_files
from tests.report.test_html import finished, started
from tests.report.test_lines import FAILURE, SCENARIO
from tests.report.test_read_traces import lines
from tests.report.test_usage import OURS, evidence

ANOTHER_VERSION = "cannot be read, or is of another version of bpmax-sim"


@pytest.fixture(name="root")
def project(tmp_path: Path) -> Path:
    write_files(tmp_path, {OURS[0]: SCENARIO})
    return tmp_path


def refuse(read: Any, *arguments: Any) -> str:
    with pytest.raises(ConfigError) as refused:
        read(*arguments)
    return to_plain_english(str(refused.value))


def test_a_folder_that_is_called_like_a_file_is_no_file_of_a_run(root: Path) -> None:
    names = {
        "usage": usage.FOLDER / "1-of-1.json",
        "hits": script_coverage.FOLDER / "1-of-1.json",
        "section": SECTIONS / "explore.json",
        "failure": FAILED_FOLDER / "scenarios/crm/a.json",
    }
    for name in names.values():
        (root / name).mkdir(parents=True)

    told = {
        "usage": refuse(read_jobs, root, [root / usage.FOLDER]),
        "hits": refuse(read_hits, [root / script_coverage.FOLDER], root),
        "section": to_plain_english(str(read_sections([root / SECTIONS])["explore"])),
    }
    assert {key: text.startswith(f"{root / names[key]}: ") for key, text in told.items()} == {
        "usage": True, "hits": True, "section": True,
    }  # fmt: skip
    assert (ANOTHER_VERSION in told["usage"], ANOTHER_VERSION in told["hits"]) == (True, True)
    assert list(read_failures(root)) == []
    assert read_evidence(root) is None


def test_where_a_file_stands_in_place_of_the_folder_the_run_goes_on(root: Path) -> None:
    [first, _] = load_items(root / OURS[0], environ={}, root=root)
    (root / ".bpmax").write_text("", "utf-8")

    store_evidence(evidence(tests=OURS), root, "构建")
    store_or_delete_failure(first, (FAILURE,))
    store_or_delete_failure(first, ())
    events = make_unrun_events(first, reason="停用")
    kept = store_trace(first, events, "on", failed=True)

    assert (kept, did_fail(first.header), (root / ".bpmax").read_bytes()) == ("", False, b"")
    for refused in (
        refuse(store_hits, ScriptHits(), root, Shard(1, 1)),
        refuse(store, root, ReportSection(name="explore", title="三处")),
    ):
        assert ".json: cannot be written: " in refused


def test_a_failure_that_is_nested_without_end_is_one_that_cannot_be_read() -> None:
    deep = b'{"name":"a","file":"a","line":1,"texts":[],"headline":' + b"[" * 100_000

    for data in (deep, b'{"name":"\xff"}', b"", b"null"):
        assert refuse(parse_failure, data, "a.json").startswith(f"a.json: {ANOTHER_VERSION}")


def test_a_file_of_others_in_the_folder_of_evidence_is_neither_read_nor_deleted(root: Path) -> None:
    other = root / usage.FOLDER / "甲-of-乙.json"
    write_files(root, {(usage.FOLDER / other.name).as_posix(): "{}"})

    assert read_evidence(root) is None
    assert refuse(read_jobs, root, [root / usage.FOLDER]).startswith(
        f"{root / usage.FOLDER}: there is nothing of a complete run here"
    )
    store_evidence(evidence(tests=OURS), root, "")
    store_evidence(evidence(tests=OURS), root, "", Shard(2, 2))

    assert sorted(path.name for path in other.parent.iterdir()) == ["2-of-2.json", other.name]
    store_evidence(evidence(tests=OURS), root, "")
    assert [file.path.name for file in read_jobs(root, [root / usage.FOLDER])] == ["1-of-1.json"]


def test_a_folder_of_scenarios_that_was_touched_changes_no_scenario(root: Path) -> None:
    store_evidence(evidence(tests=OURS), root, "")
    os.utime(root / OURS[0], (1e9, 1e9))
    os.utime(root / "scenarios/crm", (4e9, 4e9))

    found = read_evidence(root)

    assert found is not None
    assert found.tests == OURS


def test_a_trace_that_is_a_folder_is_that_of_a_run_without_the_scenario(tmp_path: Path) -> None:
    head = started("回填", version=VERSION)
    for run, outcome in (("1", "passed"), ("3", "failed")):
        data = lines(head, finished(0, outcome)).decode()
        write_files(tmp_path, {f"{run}/s/x/回填.ndjson": data})
    (tmp_path / "2/s/x/回填.ndjson").mkdir(parents=True)
    for run, without in (("4", "name"), ("5", "outcome"), ("6", "digest")):
        events = ({key: one for key, one in event.items() if key != without} for event in (
            head, finished(0, "xfailed")))  # fmt: skip
        write_files(tmp_path, {f"{run}/s/x/回填.ndjson": lines(*events).decode()})

    assert [*compare_runs([tmp_path / "1", tmp_path / "2"], {})] == []
    [section] = compare_runs([tmp_path / one for one in "123456"], {})

    [flaky] = section.parts
    assert isinstance(flaky, SectionTable)
    assert [to_plain_english(str(cell.text)) for cell in flaky.rows[0]] == [
        "回填", "passed, result 1", "–", "failed, result 2", "–", "–", "–",
    ]  # fmt: skip
    assert [*find_traces([tmp_path / "2"])] == ["s/x/回填.ndjson"]


def test_a_trace_without_a_place_names_no_file() -> None:
    unnamed = Trace("scenarios/crm", (started("回填", place=None),), {"查.js": "", "a/查.js": ""})
    named = Trace(
        "scenarios/crm", (started("回填", place="回填.scenario.yaml:2:1"),), {"查.js": ""}
    )
    text = "None of ../共用.js, 查.js:3 and 回填.scenario.yaml"

    assert [PathsFromRoot.of_trace(one).files for one in (unnamed, named)] == [
        ("查.js", "a/查.js"), ("回填.scenario.yaml", "查.js"),
    ]  # fmt: skip
    assert [PathsFromRoot.of_trace(one).to_root_text(text) for one in (unnamed, named)] == [
        "None of scenarios/共用.js, scenarios/crm/查.js:3 and 回填.scenario.yaml",
        "None of scenarios/共用.js, scenarios/crm/查.js:3 and scenarios/crm/回填.scenario.yaml",
    ]
    assert to_plain_english(format_summary_line([], 0.3)) == "nothing ran   0 calls   0.30 s"


def ended(cassette: Path | None, *orders: int, owner: str = "付款", mode: str = "replay") -> Any:
    """Return what is asked of a closed session that left the exchanges *orders* unplayed."""
    return SimpleNamespace(
        settings=SimpleNamespace(cassette=cassette),
        mode=mode,
        recorded_owner=owner,
        unplayed_exchanges=[SimpleNamespace(order=order) for order in orders],
    )


def test_what_one_session_of_an_owner_played_is_left_by_none_of_them(tmp_path: Path) -> None:
    path, use = tmp_path / "付款.yaml", RecordingUse()
    path.write_text("", "utf-8")
    for session in (
        ended(path, 1, 2, 3), ended(path, 3, 2, 9), ended(path, 5, owner="退款"), ended(None, 7),
    ):  # fmt: skip
        use.add_session_use(session, doubtful=False)
    name = str(path)

    assert use.left == {(name, "付款"): {2, 3}, (name, "退款"): {5}}
    assert use.owners == {name: {"付款", "退款"}}
    assert (use.cassettes, use.used, use.doubtful) == ({name}, {name}, set())
    use.add_session_use(ended(path, mode="record"), doubtful=False)
    assert (use.doubtful, use.left[name, "付款"]) == ({name}, {2, 3})
    other = tmp_path / "新.yaml"
    for mode in ("record", "live", "simulate"):
        use.add_session_use(ended(other, mode=mode), doubtful=False)
        assert (str(other) in use.cassettes, str(other) in use.used) == (True, False)
    other.write_text("", "utf-8")
    for mode, is_used in (("live", False), ("simulate", False), ("record", True)):
        use.add_session_use(ended(other, mode=mode), doubtful=False)
        assert (str(other) in use.used) is is_used


def test_of_a_script_with_a_secret_no_advice_tells_its_conditions(tmp_path: Path) -> None:
    path = tmp_path / "查.js"
    text = "if (form.口令 === 'hunter2') go(1);\n"
    path.write_text(text, "utf-8")
    source = Script(text, str(path))
    counted = add_counters_to_script(source)
    assert counted is not None
    told = []
    for shown in (text, text.replace("hunter2", "***")):
        hits = ScriptHits()
        numbers = [int(one.arm != "then") for one in counted.counters]
        hits.merge([(str(path), text, numbers, 0, shown)])
        [covered] = cover_scripts(hits, tmp_path)
        assert covered.source == shown
        [branch] = covered.untaken_branches
        told.append((branch.arm, "hunter2" in branch.reach, bool(branch.reach)))

    assert told == [("then", True, True), ("then", False, False)]


LISTED = "[tool.bpmax_sim]\njobs = ['构建', '夜间 测试', '发布']\n"
PARTS: list[tuple[str, dict[tuple[str, Shard | None], Any], str]] = [
    # jobs that the project lists, what each file covers, and why they do not count
    ("", {("构建", None): "scenarios"}, "tests/乙_test.py: tests in Python replay recordings, too, and only scenarios were run; run all tests: pytest"),
    ("", {("构建", None): "scenarios", ("夜间 测试", None): "part", ("发布", None): "part"}, "job '发布' ran a part of the project only; list all jobs in pyproject.toml: [tool.bpmax_sim] jobs = [\"发布\", …]"),
    (LISTED, {("构建", None): "part", ("发布", None): "part"}, "what job '夜间 测试' used is missing; keep its .bpmax/usage, too"),
    (LISTED, {("夜间 测试", None): "part", ("发布", None): "part"}, "what job '构建' used is missing; keep its .bpmax/usage, too"),
    ("", {("构建", Shard(3, 4)): "project", ("", Shard(1, 3)): "project"}, "what shard 2 of 3 used is missing; keep its .bpmax/usage, too"),
    ("", {("", Shard(1, 1)): "project", ("构建", Shard(3, 4)): "project"}, "what shard 1 of 4 of job '构建' used is missing; keep its .bpmax/usage, too"),
]  # fmt: skip


def test_what_is_missing_of_the_evidence_is_told_with_its_name(root: Path) -> None:
    write_files(root, {"tests/a.py": "", "tests/乙_test.py": "import bpmax_sim"})
    folder = root / usage.FOLDER
    told = []
    for jobs, kept, _ in PARTS:
        write_files(root, {"pyproject.toml": jobs})
        for (job, shard), covers in kept.items():
            store_evidence(evidence(tests=OURS, covers=covers), root, job, shard)
        told.append(refuse(read_evidence, root, [folder]).replace(f"{root}/", ""))
        for path in folder.iterdir():
            path.unlink()

    assert told == [why for _, _, why in PARTS]


def test_what_changed_first_since_the_evidence_is_told(root: Path) -> None:
    names = ("scenarios/b.scenario.yaml", "scenarios/a.scenario.yaml", "cassettes/丙.yaml")
    write_files(root, {"tests/a.py": "", **dict.fromkeys(names, SCENARIO)})
    same, other = usage.digest_file(root / names[2]), "0" * 64
    found = []
    for fields in (
        {"tests": ("tests/a.py", "tests/gone.py")},
        {"tests": ("tests/gone.py",), "digests": {names[2]: other}},
        {"digests": {names[2]: same, "cassettes/甲.yaml": same, "cassettes/乙.yaml": same}},
        {"sources": {"tests/a.py": same, names[1]: other}, "digests": {"cassettes/乙.yaml": same}},
        {"sources": {names[1]: same, names[0]: same}, "digests": {names[2]: other}},
        {"digests": {names[2]: same}},
    ):
        store_evidence(evidence(**{**fields, "tests": (*OURS, *fields.get("tests", ()))}), root, "")
        os.utime(root / "tests/a.py", (4e9, 4e9))
        told = refuse(read_evidence, root, [root / usage.FOLDER]).replace(f"{root}/", "")
        found.append(told.partition(": "))

    stale = "changed since the last full run, so usage data is stale; rerun: pytest"
    unrun = "was in none of the runs that told what they use; run it, too"
    assert [(name, why) for name, _, why in found] == [
        ("tests/a.py", stale), ("tests/gone.py", stale), ("cassettes/乙.yaml", stale),
        ("tests/a.py", stale), (names[2], stale), (names[1], unrun),
    ]  # fmt: skip
