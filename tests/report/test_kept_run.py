"""What a pipeline kept, however it was packed, and whatever else is in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import to_plain_english, translate
from bpmax_sim.report.artifact_run import ArtifactRun, read_artifact_run
from bpmax_sim.report.perform import PerformOptions, perform
from bpmax_sim.report.stored_failures import parse_failure
from bpmax_sim.scenario.load import load_items
from tests.files import write_files
from tests.systems import needs_links

STEP = "{name: 提交, set: {数量: 2}, expect: {form: {数量: 3}}}"
TEXT = f"version: 1\nscenario: 报价\nform: {{fields: {{数量: 1}}}}\nsteps:\n  - {STEP}\n"
JUNIT = """\
<testsuites><testsuite name="pytest" tests="3">
<testcase classname="tests.test_价" name="test_好" time="0"/>
<testcase classname="tests.test_价" name="test_坏" time="0">
<failure message="assert 1 == 2">def test_坏():\n&gt;   assert 1 == 2</failure></testcase>
<testcase classname="scenarios.报价.scenario.yaml" name="报价" time="0">
<failure message="step 1/1">step 1/1\n\nrerun: pytest "scenarios/报价.scenario.yaml::报价"</failure>
</testcase></testsuite></testsuites>"""


@pytest.fixture(scope="module", name="ran")
def a_red_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with one scenario that failed in it."""
    root = tmp_path_factory.mktemp("red")
    (root / "scenarios").mkdir()
    (root / "pyproject.toml").write_text("[tool.bpmax_sim]\n")
    (root / "scenarios/报价.scenario.yaml").write_text(TEXT, encoding="utf-8")
    (item,) = load_items(root / "scenarios/报价.scenario.yaml")
    verdict, _ = perform(item, PerformOptions(trace="on"))
    assert verdict.outcome == "failed"
    return root


def pack(path: Path, files: Mapping[str, bytes | str]) -> Path:
    """Write an archive of *files*."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def files_of(root: Path, below: str = "") -> dict[str, bytes]:
    """Return what a pipeline keeps of *root*, named from *below*."""
    kept = (path for path in (root / ".bpmax").rglob("*") if path.is_file())
    return {f"{below}{path.relative_to(root).as_posix()}": path.read_bytes() for path in kept}


def headlines(run: ArtifactRun) -> list[str]:
    return [translate(one.headline, "zh") for one in run.failures]


@pytest.mark.parametrize(
    ("below", "part"),
    [("", ""), ("archive/", ""), ("bpmax-1/", "failed"), ("", "trace"), ("a\\b\\", "")],
)
def test_a_failure_is_found_however_it_was_packed(
    ran: Path, tmp_path: Path, below: str, part: str
) -> None:
    files = {name: data for name, data in files_of(ran, below).items() if part in name}

    run = read_artifact_run(pack(tmp_path / "a.zip", files), ran)

    assert headlines(run) == ["步骤 1/1 提交：form.数量：期望 3，实际 2"]
    (failure,) = run.failures
    assert (failure.file, failure.name) == ("scenarios/报价.scenario.yaml", "报价")
    assert "scenarios/报价.scenario.yaml" in str(failure.rerun)
    assert run.problems == ()
    if part != "failed":
        assert run.sources[failure.file, failure.name] == {failure.file: TEXT.rstrip()}


@pytest.mark.parametrize("part", ["failed", "trace"])
def test_the_whole_text_of_a_failure_is_kept_beside_the_short_one(
    tmp_path: Path, part: str
) -> None:
    name, long = "scenarios/报价.scenario.yaml", "长" * 400
    text = TEXT.replace("数量: 3", f"数量: {long}")
    write_files(tmp_path, {"pyproject.toml": "[tool.bpmax_sim]\n", name: text})
    (item,) = load_items(tmp_path / name)
    perform(item, PerformOptions(trace="on"))
    files = {name: data for name, data in files_of(tmp_path).items() if part in name}

    (failure,) = read_artifact_run(pack(tmp_path / "a.zip", files), tmp_path).failures

    assert [long in to_plain_english(one) for one in failure.whole] == [True]
    assert [long in to_plain_english(one) for one in failure.texts] == [False]


def test_an_archive_may_have_backslashes_in_its_names(ran: Path, tmp_path: Path) -> None:
    files = {name.replace("/", "\\"): data for name, data in files_of(ran, "archive/").items()}

    run = read_artifact_run(pack(tmp_path / "a.zip", files), ran)

    assert headlines(run) == ["步骤 1/1 提交：form.数量：期望 3，实际 2"]
    assert (run.problems, run.tests) == ((), 1)


@pytest.mark.parametrize("folder", ["failed", "trace", "trace/failed"])
def test_a_scenario_lies_in_any_folder(tmp_path: Path, folder: str) -> None:
    name = f"scenarios/{folder}/报价.scenario.yaml"
    write_files(tmp_path, {"pyproject.toml": "[tool.bpmax_sim]\n", name: TEXT})
    (item,) = load_items(tmp_path / name)
    perform(item, PerformOptions(trace="on"))

    run = read_artifact_run(pack(tmp_path / "a.zip", files_of(tmp_path)), tmp_path)

    assert ([one.file for one in run.failures], run.problems) == ([name], ())
    assert run.sources[name, "报价"] == {name: TEXT.rstrip()}


@needs_links
def test_a_folder_is_read_as_an_archive_is_and_without_its_links(ran: Path, tmp_path: Path) -> None:
    shutil.copytree(ran / ".bpmax", tmp_path / "bpmax-sim")
    secret = tmp_path / "other.json"
    secret.write_text("{}", encoding="utf-8")
    (tmp_path / "bpmax-sim/failed/link.json").symlink_to(secret)

    run = read_artifact_run(tmp_path / "bpmax-sim", ran)

    assert headlines(run) == ["步骤 1/1 提交：form.数量：期望 3，实际 2"]
    assert run.problems == ()


def test_a_junit_file_tells_what_else_failed_and_each_failure_once(
    ran: Path, tmp_path: Path
) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_价.py").touch()
    both = pack(tmp_path / "both.zip", {**files_of(ran), "report.xml": JUNIT})
    alone = pack(tmp_path / "alone.zip", {"report.xml": JUNIT})

    run, junit = read_artifact_run(both, tmp_path), read_artifact_run(alone, tmp_path)

    assert [one.name for one in run.failures] == ["报价", "test_坏"]
    assert [one.rerun for one in junit.failures] == [
        "pytest tests/test_价.py::test_坏",
        'pytest "scenarios/报价.scenario.yaml::报价"',
    ]
    assert (run.tests, junit.tests) == (3, 3)


@pytest.mark.parametrize(
    ("inner", "headlines"),
    [
        ('<failure message="assert 1 == 2"/>', ["assert 1 == 2"]),
        ('<error message="failed on setup: 没有报价单"/>', ["failed on setup: 没有报价单"]),
        ("<error>没有报价单\n第二行</error>", ["没有报价单"]),
        ('<failure message="先"/><error message="后"/>', ["先"]),
        ('<skipped message="月末才跑"/>', []),
        ("<system-err>error</system-err>", []),
        ("", []),
    ],
)
def test_a_test_case_failed_or_ended_with_an_error(
    inner: str, headlines: list[str], tmp_path: Path
) -> None:
    case = f'<testcase classname="tests.test_价" name="test_报价">{inner}</testcase>'
    path = pack(tmp_path / "a.zip", {"report.xml": f"<testsuite>{case}</testsuite>"})

    run = read_artifact_run(path, tmp_path)

    assert [one.headline for one in run.failures] == headlines
    assert run.tests == 1


def test_a_trace_that_breaks_off_did_not_end(ran: Path, tmp_path: Path) -> None:
    ((name, data),) = ((n, d) for n, d in files_of(ran).items() if n.endswith(".ndjson"))
    half = data[: data.index(b'"StepFinished"')]

    run = read_artifact_run(pack(tmp_path / "a.zip", {name: half}), ran)

    assert headlines(run) == ["没有运行完：追踪在步骤 提交 中断"]


def test_what_another_version_wrote_is_a_problem_and_hides_nothing(
    ran: Path, tmp_path: Path
) -> None:
    files = files_of(ran)
    newer = {"name": "a", "file": "b", "line": 1, "headline": "", "texts": [], "version": 9}
    files[".bpmax/failed/scenarios/新.json"] = json.dumps(newer).encode()
    files[".bpmax/trace/scenarios/新/新.ndjson"] = (
        b'{"event": "ScenarioStarted", "at": 0, "name": "a", "version": 99}\n'
    )
    files["other.xml"] = b"<project/>"

    run = read_artifact_run(pack(tmp_path / "a.zip", files), ran)

    assert len(run.failures) == 1
    failed, traced = run.problems
    assert "another version" in failed
    assert "version 99" in traced


def test_what_passed_has_no_failure(tmp_path: Path) -> None:
    green = '<testsuite><testcase classname="a" name="b"/></testsuite>'

    run = read_artifact_run(pack(tmp_path / "a.zip", {"report.xml": green}), tmp_path)

    assert (run.failures, run.tests) == ((), 1)


ENTITIES = '<!DOCTYPE a [<!ENTITY b "bb">]><testsuite>&b;</testsuite>'


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"../failed/a.json": "{}"}, "outside the archive"),
        ({"/etc/trace/a.ndjson": ""}, "outside the archive"),
        ({"C:\\failed\\a.json": ""}, "outside the archive"),
        ({"readme.txt": "x"}, "nothing of a run"),
        ({}, "nothing of a run"),
        ({"report.xml": ENTITIES}, "nothing of a run"),
    ],
)
def test_what_is_no_artefact_of_a_run_is_refused(
    tmp_path: Path, files: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        read_artifact_run(pack(tmp_path / "a.zip", files), tmp_path)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", {"failed/a.json": b"\0" * (1 << 20)})
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02") + 24  # what the directory says of its size
    data[at : at + 4] = (1 << 31).to_bytes(4, "little")
    path.write_bytes(data)

    with pytest.raises(ConfigError, match="unpacks to 2048 MB"):
        read_artifact_run(path, tmp_path)


@pytest.mark.parametrize("name", ["gone.zip", "half.zip"])
def test_what_is_no_archive_is_named(ran: Path, tmp_path: Path, name: str) -> None:
    whole = pack(tmp_path / "whole.zip", files_of(ran)).read_bytes()
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(ConfigError, match="expected a ZIP archive or a folder"):
        read_artifact_run(tmp_path / name, tmp_path)


@pytest.mark.parametrize(
    ("headline", "told"),
    [
        ("余额不足", "余额不足"), (None, ""), (7, "7"), ({}, ""),
        ({"text": "a 3", "template": "a {n}", "values": {"n": 3}}, "a 3"),
        ({"text": "a 3", "template": "a {n}", "values": {"n": {"text": "3"}}}, "a 3"),
        ({"text": "a", "template": "a", "values": None}, "a"),
        ({"text": "a", "template": "a", "values": 5}, "a"),
        ({"text": "a", "template": "a", "values": [1]}, "a"),
    ],
)  # fmt: skip
def test_a_message_that_was_damaged_is_read_as_far_as_it_goes(headline: object, told: str) -> None:
    kept = {"name": "报价", "file": "a", "line": 1, "headline": headline, "texts": [headline]}

    failed = parse_failure(json.dumps(kept).encode(), "a.json")

    assert translate(failed.headline) == translate(failed.texts[0]) == told
