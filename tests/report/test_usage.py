"""What runs of several machines prove together, and which failures of a project are shown first."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.project import SUFFIX
from bpmax_sim.report.console import ConsoleOutput
from bpmax_sim.report.document import build_run_document, to_problem_data
from bpmax_sim.report.exit_codes import ExitCode, choose_exit_code
from bpmax_sim.report.junit import create_junit_folder, list_properties
from bpmax_sim.report.recording_use import RecordingUse
from bpmax_sim.report.stored_failures import (
    FAILED_FOLDER,
    StoredConsoleOutput,
    StoredFailure,
    did_fail,
    parse_failure,
    read_failures,
    set_new_run_id,
    sort_by_run,
    store_or_delete_failure,
)
from bpmax_sim.report.terminal import Verdict
from bpmax_sim.report.usage import (
    FOLDER,
    Evidence,
    digest_file,
    digest_sources,
    gather_evidence,
    may_merge_on_other_machine,
    merge_evidence,
    read_evidence,
    read_jobs,
    store_evidence,
)
from bpmax_sim.scenario.expect import Comparison
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.scenario.shards import Shard
from bpmax_sim.scenario.source import Failure, RunWarning
from tests.report.test_lines import FAILURE, SCENARIO, call


def evidence(**fields: Any) -> Evidence:
    usual: dict[str, Any] = {
        "folders": (), "digests": {}, "owners": {}, "left": {}, "unplayed_files": (), "tests": (),
    }  # fmt: skip
    return Evidence(**{**usual, **fields})


def test_what_one_run_played_is_played() -> None:
    runs = [
        evidence(
            folders=("b", "a"), digests={"甲": "1", "乙": "2"}, owners={"甲": ("x", "y")},
            left={"甲": {"x": (1, 2, 3), "y": (4,)}}, unplayed_files=("丙",), tests=("t2", "t1"),
            sources={"s": "1"}, touched=("p", "q"), seconds={"k": 1.0, "l": 3.0}, gathered=7,
        ),
        evidence(
            folders=("a", "c"), digests={"甲": "1", "丙": "3"}, owners={"甲": ("z",), "乙": ("x",)},
            left={"甲": {"x": (2, 3, 9)}, "乙": {"x": ()}}, unplayed_files=("乙",), tests=("t1",),
            sources={"s": "1", "u": "2"}, touched=("a", "p"), seconds={"k": 2.0}, gathered=5,
        ),
        evidence(left={"甲": {"x": (3, 2, 1)}}, sources={"v": "3"}, gathered=6, covers="part"),
    ]  # fmt: skip

    merged = merge_evidence(runs)

    assert merged == Evidence(
        folders=("a", "b", "c"),
        digests={"甲": "1"},
        owners={"甲": ("x", "y", "z"), "乙": ("x",)},
        left={"甲": {"x": (2, 3), "y": (4,)}, "乙": {"x": ()}},
        unplayed_files=("丙", "乙"),
        tests=("t1", "t2"),
        sources={"s": "1", "u": "2", "v": "3"},
        touched=("a", "p", "q"),
        seconds={"k": 2.0, "l": 3.0},
        covers="project",
        gathered=5,
    )
    assert merge_evidence([*runs, evidence(touched=("z",))]).touched == ()
    for field in ("digests", "sources"):
        with pytest.raises(ConfigError, match="甲: not the same in all runs"):
            merge_evidence([evidence(**{field: {"甲": value}}) for value in ("1", "1", "2")])


@pytest.fixture(name="root")
def project(tmp_path: Path) -> Path:
    root = tmp_path / "项目"
    (root / "scenarios/crm").mkdir(parents=True)
    (root / "scenarios/crm/a.scenario.yaml").write_text(SCENARIO, "utf-8")
    return root


OURS = ("scenarios/crm/a.scenario.yaml",)


def keep(root: Path, job: str, shard: Shard | None = None, **fields: Any) -> None:
    store_evidence(evidence(**{"tests": OURS, **fields}), root, job, shard)


@pytest.mark.parametrize(
    ("job", "shard", "name"),
    [
        ("", None, "1-of-1.json"),
        ("", Shard(3, 8), "3-of-8.json"),
        ("pytest", None, "pytest.1-of-1.json"),
        ("a.b", Shard(2, 3), "a.b.2-of-3.json"),
    ],
)
def test_evidence_is_named_after_job_and_shard(
    root: Path, job: str, shard: Shard | None, name: str
) -> None:
    keep(root, job, shard)

    assert [path.name for path in (root / FOLDER).iterdir()] == [name]
    if shard is None:
        [file] = read_jobs(root, [root / FOLDER])
        assert (file.job, file.shard) == (job, Shard(1, 1))


def test_evidence_of_another_number_of_shards_goes_away(root: Path) -> None:
    for job, shard in (
        ("a", Shard(1, 2)), ("a", Shard(2, 2)), ("", Shard(1, 2)), ("b", Shard(1, 2)),
        ("a", Shard(1, 3)),
    ):  # fmt: skip
        keep(root, job, shard)

    assert sorted(path.name for path in (root / FOLDER).iterdir()) == [
        "1-of-2.json", "a.1-of-3.json", "b.1-of-2.json",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("there", "told"),
    [
        ([1, 2, 3], None),
        ([1, 3], "what shard 2 of 3 used is missing"),
        ([2, 3], "what shard 1 of 3 used is missing"),
        ([1, 2], "what shard 3 of 3 used is missing"),
    ],
)
def test_a_shard_that_is_missing_is_named(root: Path, there: list[int], told: str | None) -> None:
    for number in there:
        keep(root, "", Shard(number, 3))

    if told is None:
        assert len(read_jobs(root, [root / FOLDER])) == 3
        return
    with pytest.raises(ConfigError, match=told):
        read_jobs(root, [root / FOLDER])


def test_a_shard_of_a_job_is_named_with_it_and_a_place_needs_evidence(root: Path) -> None:
    keep(root, "ci", Shard(1, 2))

    with pytest.raises(ConfigError, match="what shard 2 of 2 of job 'ci' used is missing"):
        read_evidence(root, [root / FOLDER])
    assert read_evidence(root) is None
    (root / "leer").mkdir()
    with pytest.raises(ConfigError, match="leer: there is nothing of a complete run here"):
        read_jobs(root, [root / FOLDER, root / "leer"])
    (root / FOLDER / "ci.2-of-2.json").write_text('{"version": 2}', "utf-8")
    with pytest.raises(ConfigError, match=r"ci.2-of-2.json: cannot be read, or is of another"):
        read_jobs(root, [root / FOLDER])


@pytest.mark.parametrize(
    ("jobs", "there", "told"),
    [
        (["a", "b"], {"a": "part", "b": "part"}, None),
        (["a", "b"], {"a": "part"}, "what job 'b' used is missing"),
        (["a"], {"a": "part", "b": "part"}, None),
        (["构建/测试"], {"构建/测试": "part"}, None),
        ([], {"a": "project"}, None),
        ([], {"a": "part", "b": "project"}, None),
        ([], {"a": "scenarios"}, None),
        ([], {"a": "part"}, "job 'a' ran a part of the project only"),
        ([], {"a": "scenarios", "b": "part"}, "job 'b' ran a part of the project only"),
    ],
)
def test_all_jobs_together_have_to_run_everything(
    root: Path, jobs: list[str], there: dict[str, Any], told: str | None
) -> None:
    (root / "pyproject.toml").write_text(f"[tool.bpmax_sim]\njobs = {jobs!r}\n", "utf-8")
    for job, covers in there.items():
        keep(root, job, covers=covers)

    if told is None:
        found = read_evidence(root, [root / FOLDER])
        assert found is not None
        assert found.tests == OURS
        return
    with pytest.raises(ConfigError, match=told):
        read_evidence(root, [root / FOLDER])


@pytest.mark.parametrize(
    ("name", "text", "is_told"),
    [
        ("tests/test_a.py", "import bpmax_sim", True),
        ("tests/a_test.py", "# bpmax", True),
        ("tests/test_a.py", "import x", False),
        ("tests/a.py", "import bpmax_sim", False),
        (".venv/test_a.py", "import bpmax_sim", False),
        ("env/lib/test_a.py", "import bpmax_sim", False),
        ("env2/lib/test_a.py", "import bpmax_sim", True),
    ],
)
def test_scenarios_are_not_everything_where_python_tests_replay_too(
    root: Path, name: str, text: str, *, is_told: bool
) -> None:
    (root / "env").mkdir()
    (root / "env/pyvenv.cfg").write_text("", "utf-8")
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    keep(root, "a", covers="scenarios")

    if is_told:
        with pytest.raises(ConfigError, match="tests in Python replay recordings, too"):
            read_evidence(root, [root / FOLDER])
    else:
        assert read_evidence(root, [root / FOLDER]) is not None


@pytest.mark.parametrize(("job", "is_taken"), [("old", False), ("new", True), ("part", False)])
def test_without_places_the_newest_complete_job_counts(
    root: Path, job: str, *, is_taken: bool
) -> None:
    for at, (name, covers) in enumerate((("old", "project"), ("new", "project"), ("part", "part"))):
        keep(root, name, covers=covers, folders=(name,))
        os.utime(root / FOLDER / f"{name}.1-of-1.json", (2e9 + at, 2e9 + at))

    found = read_evidence(root)

    assert found is not None
    assert (job in found.folders) is is_taken
    assert read_evidence(root / "anderswo") is None


def test_the_newest_job_is_that_of_the_newest_shard(root: Path) -> None:
    for at, (job, number) in enumerate((("a", 1), ("b", 1), ("b", 2), ("a", 2))):
        keep(root, job, Shard(number, 2), folders=(job,))
        os.utime(root / FOLDER / f"{job}.{number}-of-2.json", (2e9 + at, 2e9 + at))

    found = read_evidence(root)

    assert found is not None
    assert found.folders == ("a",)


def test_jobs_that_the_project_lists_count_all(root: Path) -> None:
    (root / "pyproject.toml").write_text("[tool.bpmax_sim]\njobs = ['a', 'b']\n", "utf-8")
    for job in "ab":
        keep(root, job, folders=(job,))

    found = read_evidence(root)

    assert found is not None
    assert found.folders == ("a", "b")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ("nothing", None), ("scenario later", "changed since"), ("script later", "changed since"),
        ("test later", "changed since"), ("test then", None), ("scenario then", None),
        ("test gone", "changed since"), ("cassette", "changed since"),
        ("cassette gone", "changed since"), ("scenario new", "was in none of the runs"),
    ],
)  # fmt: skip
def test_what_changed_since_makes_evidence_stale(
    root: Path, changes: str, told: str | None
) -> None:
    test, cassette, script, new = (
        root / name
        for name in ("tests/t.py", "cassettes/a.yaml", "scenarios/crm/a.js", f"scenarios/b{SUFFIX}")
    )
    for path in (test, cassette, script):
        path.parent.mkdir(exist_ok=True)
        path.write_text("1", "utf-8")
    keep(
        root, "a", tests=(*OURS, "tests/t.py"),
        digests={"cassettes/a.yaml": digest_file(cassette)},
    )  # fmt: skip
    subject, _, change = changes.partition(" ")
    if subject == "scenario" and change == "new":
        new.write_text(SCENARIO, "utf-8")
    for path in (root / OURS[0], test, script, *([new] if new.exists() else [])):
        os.utime(path, (1e9, 1e9))
    changed = {"test": test, "script": script, "cassette": cassette}.get(subject, root / OURS[0])
    if change in {"then", "later"}:
        later = (root / FOLDER / "a.1-of-1.json").stat().st_mtime_ns + (change == "later")
        os.utime(changed, ns=(later, later))
    elif change == "gone":
        changed.unlink()
    elif changes == "cassette":
        cassette.write_text("2", "utf-8")

    if told is None:
        assert read_evidence(root) is not None
    else:
        with pytest.raises(ConfigError, match=told):
            read_evidence(root)


def test_shared_evidence_has_digests_of_its_sources_in_place_of_times(root: Path) -> None:
    sources = digest_sources(root, ["tests/无此.py"])
    assert sources == {OURS[0]: hashlib.sha256(SCENARIO.encode()).hexdigest()}
    keep(root, "a", sources=sources)
    os.utime(root / OURS[0], (4e9, 4e9))
    assert read_evidence(root) is not None

    (root / OURS[0]).write_text(SCENARIO + "# x\n", "utf-8")
    with pytest.raises(ConfigError, match="changed since the last full run"):
        read_evidence(root)


@pytest.mark.parametrize("is_shared", [True, False])
def test_evidence_is_what_was_used_and_is_not_doubtful(root: Path, *, is_shared: bool) -> None:
    folder = root / "cassettes"
    folder.mkdir()
    names = {name: str(folder / f"{name}.yaml") for name in "abcde"}
    for name in "abc":
        Path(names[name]).write_text(name, "utf-8")
    use = RecordingUse()
    use.used |= {names["a"], names["b"], names["d"]}
    use.doubtful.add(names["b"])
    use.cassettes |= {names["a"], names["b"], names["c"]}
    use.elsewhere.add(names["e"])
    use.note_owner(names["a"], str(folder), owner="y", test=root / "tests/t.py")
    use.note_owner(names["a"], str(folder), owner="x", test=root / "tests/t.py")
    use.note_owner(names["e"], str(folder), owner="z", test=root / "tests/u.py")
    use.left[names["a"], "x"] = {3, 1, 2}
    use.touched |= {"q", "p"}
    use.seconds["k"] = 1.0

    found = gather_evidence(use, root, "part", is_shared=is_shared)

    assert found == Evidence(
        folders=("cassettes",),
        digests={"cassettes/a.yaml": digest_file(names["a"])},
        owners={"cassettes/a.yaml": ("x", "y"), "cassettes/e.yaml": ("z",)},
        left={"cassettes/a.yaml": {"x": (1, 2, 3)}},
        unplayed_files=("cassettes/b.yaml", "cassettes/c.yaml"),
        tests=("tests/t.py", "tests/u.py"),
        sources=digest_sources(root, []) if is_shared else {},
        touched=("p", "q"),
        seconds={"k": 1.0} if is_shared else {},
        covers="part",
    )


def test_what_another_process_used_is_added() -> None:
    use = RecordingUse()
    use.owners["甲"] = {"x"}
    use.left["甲", "x"] = {1, 2, 3}
    names = ("cassettes", "used", "owned", "folders", "doubtful", "tests", "elsewhere", "touched")
    others = {name: {name} for name in names}
    use.used.add("甲")

    use.merge({"owners": {"甲": {"y"}, "乙": {"x"}}, "left": {("甲", "x"): {2, 3, 4},
               ("乙", "x"): {1}}, "seconds": {"甲": 1.5}, **others})  # fmt: skip

    assert use.owners == {"甲": {"x", "y"}, "乙": {"x"}}
    assert use.left == {("甲", "x"): {2, 3}, ("乙", "x"): {1}}
    assert [getattr(use, name) - {"甲"} for name in names] == [{name} for name in names]
    assert use.used == {"甲", "used"}
    assert use.seconds == {"甲": 1.5}


@pytest.mark.parametrize(
    ("job", "shard", "ci", "may"),
    [
        ("", None, "", False), ("a", None, "", True), ("", Shard(1, 1), "", True),
        ("", None, "1", True), ("", None, "false", True),
    ],
)  # fmt: skip
def test_evidence_is_shared_where_a_job_a_shard_or_ci_says_so(
    monkeypatch: pytest.MonkeyPatch, job: str, shard: Shard | None, ci: str, *, may: bool
) -> None:
    monkeypatch.setenv("CI", ci)

    assert may_merge_on_other_machine(job, shard) is may


@pytest.fixture(name="items")
def loaded(root: Path) -> tuple[ScenarioItem, ...]:
    return tuple(load_items(root / OURS[0], environ={}, root=root))


def test_a_failure_is_kept_until_its_scenario_passes(
    items: tuple[ScenarioItem, ...], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = items
    for name, value in (("GITHUB_SHA", ""), ("CI_COMMIT_SHA", "c2"), ("GIT_COMMIT", "c3")):
        monkeypatch.setenv(name, value)
    store_or_delete_failure(first, ())
    assert not (root / FAILED_FOLDER).exists()

    line = ConsoleOutput(text="x", level="log")
    stored = StoredConsoleOutput(text="x", level="log")
    other = replace_failure("二")
    store_or_delete_failure(first, (replace_failure("一", rerun="again"), other), (), (line,))
    store_or_delete_failure(second, (), ("坏一", "坏二"))

    kept, problem = read_failures(root)
    assert (kept.name, kept.file, kept.commit) == ("回填[甲]", OURS[0], "c2")
    assert to_plain_english(kept.headline) == "step 1/1 步: 一"
    assert [to_plain_english(text).splitlines()[0] for text in kept.texts] == [
        "step 1/1 步: 一", "step 1/1 步: 二",
    ]  # fmt: skip
    assert len(kept.whole) == 2
    assert (kept.console, kept.rerun, kept.version) == ((stored,), "again", 2)
    assert (problem.headline, problem.texts, problem.whole) == (
        "坏一",
        ("坏一", "坏二"),
        ("坏一", "坏二"),
    )
    assert to_plain_english(problem.rerun) == to_plain_english(second.rerun_command)
    assert problem.run == kept.run
    assert [did_fail(item.header) for item in items] == [True, True]


@pytest.mark.parametrize(
    ("environ", "commit"),
    [
        ({}, ""),
        ({"GITHUB_SHA": "g"}, "g"),
        ({"CI_COMMIT_SHA": "l"}, "l"),
        ({"GIT_COMMIT": "j"}, "j"),
        ({"GIT_COMMIT": "j", "CI_COMMIT_SHA": "l", "GITHUB_SHA": "g"}, "g"),
        ({"GITHUB_SHA": "", "CI_COMMIT_SHA": "", "GIT_COMMIT": "j"}, "j"),
    ],
)
def test_the_revision_is_that_of_the_pipeline(
    items: tuple[ScenarioItem, ...],
    root: Path,
    environ: dict[str, str],
    commit: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    store_or_delete_failure(items[0], (FAILURE,))

    assert [one.commit for one in read_failures(root)] == [commit]


def test_failures_of_scenarios_that_passed_or_are_gone_are_not_kept(
    items: tuple[ScenarioItem, ...], root: Path
) -> None:
    first, _second = items
    for item in items:
        store_or_delete_failure(item, (FAILURE,))
    store_or_delete_failure(first, ())
    store_or_delete_failure(first, ())
    assert [did_fail(item.header) for item in items] == [False, True]
    set_new_run_id()
    store_or_delete_failure(first, (FAILURE,))
    assert [one.name for one in read_failures(root)] == ["回填[甲]", "回填[乙]"]
    (root / OURS[0]).unlink()
    assert list(read_failures(root)) == []


def replace_failure(essence: str, **fields: Any) -> Failure:
    return dataclasses.replace(FAILURE, essence=essence, **fields)


def test_failures_of_the_last_run_come_first_in_their_order() -> None:
    def kept(name: str, run: str, at: int, line: int = 1) -> StoredFailure:
        return StoredFailure(
            name=name, file="a", line=line, headline="", texts=(), run=run, kept=at
        )

    found = [
        kept("e", "1", 10), kept("b", "2", 30, 2), kept("a", "2", 30, 1), kept("d", "1", 20),
        kept("c", "2", 40), kept("f", "0", 5),
    ]  # fmt: skip

    assert [one.name for one in sort_by_run(found)] == ["a", "b", "c", "d", "e", "f"]
    assert list(sort_by_run([])) == []


@pytest.mark.parametrize(("version", "is_read"), [(1, True), (2, True), (3, False)])
def test_a_failure_of_a_newer_version_is_not_read(version: int, *, is_read: bool) -> None:
    data = msgspec.json.encode(
        {"name": "a", "file": "a", "line": 1, "headline": {"text": "x"}, "texts": [],
         "version": version}
    )  # fmt: skip

    if is_read:
        assert parse_failure(data, "a.json").version == version
    else:
        with pytest.raises(ConfigError, match=r"a.json: cannot be read, or is of another version"):
            parse_failure(data, "a.json")
    with pytest.raises(ConfigError, match=r"b.json: cannot be read"):
        parse_failure(b"{", "b.json")


@pytest.mark.parametrize(
    ("codes", "chosen"),
    [
        ([], 0), ([0], 0), ([1, 0], 1), ([5, 0], 5), ([6, 5], 6), ([1, 6], 1), ([3, 1], 3),
        ([4, 3], 4), ([2, 4], 2), ([0, 5, 6, 1, 3, 4, 2], 2), ([130], 0),
    ],
)  # fmt: skip
def test_the_cause_to_be_mended_first_is_the_code(codes: list[int], chosen: int) -> None:
    assert choose_exit_code(map(ExitCode, codes)) == chosen


def test_a_run_is_one_object_of_json(items: tuple[ScenarioItem, ...]) -> None:
    place = Place("a.js", 3, 5)
    passed = Verdict(
        item=items[0], outcome="passed", digest="d", duration=0.0123456, engine="e 1",
        calls=(call(duration=0.0204, place=place), call(2, error="TIMEOUT", status=None)),
        warnings=(RunWarning("cycle", "w", place),),
    )  # fmt: skip
    failed = Verdict(
        item=items[1], outcome="failed", code=ExitCode.CASSETTE, reason="r", problems=("坏",),
        failures=(
            replace_failure(
                "一", script=place, place=Place("a.yaml", 7, 1), rerun="again",
                checks=(Comparison(("form", "a"), False, "1", "2"),),
            ),
        ),
    )  # fmt: skip
    problem = Problem("坏", Place("b.yaml", 2, 1), "steps[0]")

    made = build_run_document(
        [passed, failed, replace(passed, outcome="xfailed")],
        code=ExitCode.CASSETTE, problems=[problem],
    )  # fmt: skip

    assert made["version"] == 1
    assert made["summary"] == {
        "passed": 1, "failed": 1, "xfailed": 1, "skipped": 0, "calls": 4, "exit_code": 3,
    }  # fmt: skip
    first, second, _ = made["items"]
    assert (first["name"], first["row"], first["outcome"]) == ("回填[甲]", "甲", "passed")
    assert (first["exit_code"], first["ms"], first["digest"]) == (0, 12.346, "d")
    assert first["calls"][0] == {
        "call": "crm.get", "instance": "", "method": "GET", "url": "https://crm.example.test/c",
        "status": 200, "error": "", "source": "recorded", "ms": 20.4, "differs": [],
        "file": "a.js", "line": 3, "column": 5,
    }  # fmt: skip
    assert [first["calls"][1][name] for name in ("error", "status", "file", "line")] == [
        "TIMEOUT", None, "", 0,
    ]  # fmt: skip
    assert (second["exit_code"], second["reason"], second["problems"]) == (3, "r", ["坏"])
    [failure] = second["failures"]
    assert (failure["kind"], failure["file"], failure["line"]) == ("expect", "a.yaml", 7)
    assert (failure["script"], failure["rerun"]) == ("a.js:3:5", "again")
    assert failure["checks"] == [{"path": "form.a", "ok": False, "expected": "1", "actual": "2"}]
    assert failure["headline"] == "step 1/1 步: 一"
    assert "again" in failure["text"]
    assert made["problems"] == [
        {"file": "b.yaml", "line": 2, "column": 1, "path": "steps[0]", "message": "坏"}
    ]
    assert to_problem_data(Problem("x")) == {
        "file": "", "line": 0, "column": 0, "path": "", "message": "x",
    }  # fmt: skip


def test_a_test_case_has_the_properties_that_have_a_value(
    items: tuple[ScenarioItem, ...], monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    monkeypatch.chdir(root)
    verdict = Verdict(item=items[0], outcome="passed")

    assert list_properties(verdict) == []
    whole = replace(
        verdict, digest="d", cassette=str(root / "cassettes/a.yaml"), trace=str(root.parent / "t")
    )
    assert list_properties(whole) == [
        ("bpmax_calls", "0"), ("bpmax_cassette", "cassettes/a.yaml"), ("bpmax_trace_digest", "d"),
        ("bpmax_trace", "../t"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("place", "told"),
    [("neu/report.xml", ""), ("da.xml", ""), ("ordner", "Is a directory"), ("da.xml/x", "xists")],
)
def test_a_place_for_junit_is_tried_before_anything_runs(
    tmp_path: Path, place: str, told: str
) -> None:
    (tmp_path / "da.xml").write_text("x", "utf-8")
    (tmp_path / "ordner").mkdir()

    if told:
        with pytest.raises(ConfigError, match=rf"{place}: cannot be written: .*{told}"):
            create_junit_folder(tmp_path / place)
        return
    create_junit_folder(tmp_path / place)
    assert (tmp_path / place).parent.is_dir()
    assert (tmp_path / "da.xml").read_text("utf-8") == "x"
