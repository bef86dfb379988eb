"""Hooks of the plugin on both sides of each condition: configuration, collection, a test run."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import bpmax_sim.pytest_plugin as plugin
from bpmax_sim.challenge.findings import SHOWN, ChallengeResult
from bpmax_sim.errors import Place, UnreadFileWarning
from bpmax_sim.i18n import SHOWN_BY
from bpmax_sim.pytest_plugin import (
    challenge,
    idle_markers,
    items,
    python_tests,
    script_hits,
)
from bpmax_sim.pytest_plugin.run_stats import TALLY, Tally
from bpmax_sim.pytest_plugin.stash import CURRENT, FINDER, GUARD, HIDING, ROUTER, RUN, SESSIONS
from bpmax_sim.scenario.shards import Shard
from tests.files import write_files
from tests.plugin.test_decisions_of_options import make_config
from tests.plugin.test_end_of_a_run import make_session


def end_of(call: Callable[[], object]) -> str:
    """Return how *call* ends: with nothing, or with what pytest raises for its outcomes."""
    try:
        call()
    except BaseException as ended:  # noqa: BLE001 - skips and failures are no Exception
        return f"{type(ended).__name__}: {ended}"
    return ""


def test_what_a_run_registers_depends_on_its_options_and_on_the_process(tmp_path: Path) -> None:
    def configure(*more: str, **given: Any) -> list[str]:
        names: list[str] = []
        lines: list[str] = []
        cleanups: list[Callable[[], object]] = []
        config = make_config(tmp_path, **{name: given[name] for name in given if name != "xml"})
        chosen = {"xmlpath": given.get("xml"), "forked": False}
        config.addinivalue_line = lambda _name, line: lines.append(line)
        config.getoption = lambda name, default=None: chosen.get(name, default)
        config.pluginmanager = SimpleNamespace(register=lambda _plugin, name: names.append(name))
        config.add_cleanup = cleanups.append
        for name in more:
            setattr(config, name, {})
        before = list(SHOWN_BY)
        plugin.pytest_configure(config)
        assert len(SHOWN_BY) == len(before) + 1
        for cleanup in cleanups:
            cleanup()
        assert list(SHOWN_BY) == before
        assert [line.partition(":")[0].partition("(")[0] for line in lines] == [
            "bpmax", "bpmax_fault", "bpmax_live", "bpmax_scenario",
        ]  # fmt: skip
        assert names.count("bpmax_sim_fixtures") == 1
        return [name.removeprefix("bpmax_sim_") for name in names if name[10:] != "fixtures"]

    xml, shard = str(tmp_path / "结果.xml"), Shard(1, 2)
    assert [
        configure(), configure(xml=xml), configure("workerinput", xml=xml),
        configure(update=True), configure("workerinput", update=True), configure(challenge=True),
        configure(shard=shard), configure(exit_codes=True),
        configure("workerinput", shard=shard, challenge=True, exit_codes=True),
        configure(xml=xml, shard=shard, challenge=True, exit_codes=True, update=True),
    ] == [
        [], ["junit"], [], ["update"], [], ["challenge"], ["sharding"], ["interrupt"],
        ["challenge", "sharding", "interrupt"],
        ["challenge", "update", "sharding", "interrupt", "junit"],
    ]  # fmt: skip


def test_which_files_are_scenarios_and_which_are_nearly_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    near: list[str] = []
    monkeypatch.setattr(
        plugin, "_warn_of_unread_file", lambda path, _config: near.append(path.name)
    )
    monkeypatch.setattr(
        items, "ScenarioFile", SimpleNamespace(from_parent=lambda parent, path: (parent, path.name))
    )
    parent: Any = SimpleNamespace(config=None)
    names = (
        "scenarios/甲.scenario.yaml", "甲.scenario.yaml", "scenarios/乙.yaml", "scenarios/丙.yml",
        "scenarios/内/丁.scenario.yml", "scenarios/戊.txt", "别处/己.yaml", "庚.scenario.yml",
        "scenarios/辛.json", "scenarios/壬.js",
        "scenarios/癸.scenario.yaml~",
    )  # fmt: skip
    found = [plugin.pytest_collect_file(Path("/根") / name, parent) for name in names]
    assert [bool(one) for one in found] == [True, True] + [False] * 9
    assert near == ["乙.yaml", "丙.yml", "丁.scenario.yml", "戊.txt", "辛.json"]
    monkeypatch.undo()

    monkeypatch.chdir(tmp_path)
    text = "version: 1\nscenario: 单\nsteps: [{set: {a: 1}}]\n"
    write_files(tmp_path, {"scenarios/单.yaml": text, "scenarios/平台.yaml": "platform_key: crm\n"})
    told = []
    for worker in (None, "gw0", "gw2"):
        config: Any = SimpleNamespace(**({"workerinput": {"workerid": worker}} if worker else {}))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for name in ("单", "平台"):
                plugin._warn_of_unread_file(tmp_path / f"scenarios/{name}.yaml", config)
        assert {one.category for one in caught} <= {UnreadFileWarning}
        told.append([(one.filename, one.lineno) for one in caught])
    assert told == [[("scenarios/单.yaml", 1)], [("scenarios/单.yaml", 1)], []]


def test_which_warnings_fail_a_python_test(tmp_path: Path) -> None:
    head = "[tool.bpmax_sim]\n"
    write_files(
        tmp_path,
        {
            "甲/pyproject.toml": head, "乙/pyproject.toml": f"{head}strict = ['.']\n",
            "丙/pyproject.toml": f"{head}lenient = ['.']\n",
            "丁/pyproject.toml": f"{head}strict = 3\n",
        },
    )  # fmt: skip

    wrong = pytest.mark.bpmax("只有名字").mark

    def collect(folder: str, *fixtures: str) -> tuple[list[str], int]:
        marks: list[str] = []
        config = make_config(tmp_path / folder)
        config.stash[TALLY] = tally = Tally()
        item: Any = SimpleNamespace(
            fixturenames=fixtures, path=tmp_path / folder / "tests/test_a.py", config=config,
            add_marker=lambda mark: marks.extend(mark.args), name="test_a", originalname="test_a",
            iter_markers=lambda _name: [wrong] if "错" in fixtures else [],
            get_closest_marker=lambda _name: None,
            getparent=lambda _kind: None,
        )  # fmt: skip
        plugin.pytest_itemcollected(item)
        assert {Path(one).name for one in tally.owned} <= {"test_a.yaml"}
        return [mark.removeprefix("error::bpmax_sim.") for mark in marks], len(tally.owned)

    assert {
        " ".join([folder, *names]): collect(folder, *names)
        for folder, names in (
            ("甲", ()), ("甲", ("tmp_path",)), ("甲", ("bpmax_session",)),
            ("甲", ("tmp_path", "bpmax_session_factory")), ("乙", ("bpmax_session", "x")),
            ("丙", ("bpmax_session",)), ("丁", ("bpmax_session",)),
            ("丁", ("bpmax_session_factory",)), ("甲", ("bpmax_session", "错")),
        )
    } == {
        "甲": ([], 0), "甲 tmp_path": ([], 0), "甲 bpmax_session": (["WrongCallWarning"], 1),
        "甲 tmp_path bpmax_session_factory": (["WrongCallWarning"], 0),
        "乙 bpmax_session x": (["BpmaxWarning"], 1), "丙 bpmax_session": ([], 1),
        "丁 bpmax_session": ([], 1), "丁 bpmax_session_factory": ([], 0),
        "甲 bpmax_session 错": (["WrongCallWarning"], 0),
    }  # fmt: skip


def test_after_collection_only_errors_in_scenario_files_are_overlooked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[str] = []
    monkeypatch.setattr(items, "check_variables_read", lambda _session: saved.append("read"))

    def finish(broken: int, reports: int, failed: int) -> bool:
        session = make_session(tmp_path)
        session.config.stash[FINDER] = SimpleNamespace(save=lambda: saved.append("saved"))
        session.config.option.continue_on_collection_errors = False
        tally = session.config.stash[TALLY]
        tally.broken, tally.broken_reports = {f"{n}.yaml" for n in range(broken)}, reports
        session.testsfailed = failed
        plugin.pytest_collection_finish(session)
        return bool(session.config.option.continue_on_collection_errors)

    cases = ((0, 0, 0), (1, 1, 1), (2, 2, 2), (1, 1, 2), (0, 0, 1), (2, 2, 1))
    assert [finish(*case) for case in cases] == [False, True, True, False, False, False]
    assert saved == ["saved", "read"] * len(cases)


def test_a_test_for_a_live_system_runs_in_no_other_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden: list[str] = []
    added: list[Any] = []
    for name in ("release_ended_redactions", "keep_redacting_for_open_sessions"):
        monkeypatch.setattr(python_tests, name, lambda _of, name=name: hidden.append(name[:4]))

    def set_up(mode: str | None, marker: str) -> str:
        item: Any = SimpleNamespace(
            config=make_config(tmp_path, mode=mode), stash={}, nodeid="test_a.py::test_a",
            get_closest_marker=lambda name: name == marker, add_marker=added.append,
        )  # fmt: skip
        added.clear()
        plugin.pytest_runtest_setup(item)
        assert item.config.stash[CURRENT] is item
        assert item.stash[GUARD]
        return "".join(mark.name for mark in added)

    modes = (None, "replay", "simulate", "record", "live")
    assert [set_up(mode, "bpmax_live") for mode in modes] == ["skip"] * 4 + [""]
    assert [set_up(mode, "bpmax") for mode in modes] == [""] * 5
    assert hidden == ["rele", "keep"] * 10


def test_the_end_of_a_test_judges_its_sessions_markers_and_routes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(
        plugin, "_judge_markers_without_session", lambda _item: done.append("marks")
    )
    for name, word in (("warn_of_unused_routes", "routes"), ("warn_of_secret_name", "name")):
        monkeypatch.setattr(python_tests, name, lambda _item, said=word: done.append(said))

    def run(*keys: Any, error: Exception | None = None, caught: bool = False) -> str:
        def finish(*, failed: bool) -> None:
            done.append(f"ended {failed}")

        stash = {key: SimpleNamespace(finish=finish) for key in keys}
        item: Any = SimpleNamespace(stash={GUARD: nullcontext(), **stash}, config=None)
        if caught:
            item._excinfo = [error]
        done.clear()
        hook = plugin.pytest_runtest_call(item)
        next(hook)
        with pytest.raises(StopIteration if error is None or caught else type(error)):
            hook.send(None) if error is None or caught else hook.throw(error)
        return " ".join(done)

    wrong = ValueError("坏")
    assert {
        "nothing": [run(), run(error=wrong), run(error=wrong, caught=True)],
        "sessions": [run(SESSIONS), run(SESSIONS, error=wrong)],
        "a unittest": run(SESSIONS, ROUTER, error=wrong, caught=True),
        "a run": [run(RUN, SESSIONS), run(RUN, SESSIONS, error=wrong)],
        "all": [run(SESSIONS, HIDING, ROUTER), run(SESSIONS, HIDING, ROUTER, error=wrong)],
    } == {
        "nothing": ["marks", "", ""], "sessions": ["ended False marks", "ended True"],
        "a unittest": "ended True", "a run": ["", ""],
        "all": ["ended False name marks routes", "ended True name"],
    }  # fmt: skip


def test_only_a_tests_own_markers_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[Any] = []
    monkeypatch.setattr(
        idle_markers, "judge_markers_without_session", lambda _item, names: judged.append(names)
    )

    def judge(own: tuple[str, ...], row: tuple[str, ...] = (), name: str = "test_a.py") -> Any:
        marks, of_row = ([getattr(pytest.mark, one).mark for one in some] for some in (own, row))
        every = [pytest.mark.bpmax.mark, pytest.mark.bpmax_fault.mark]
        item: Any = SimpleNamespace(
            path=tmp_path / name, obj=SimpleNamespace(pytestmark=marks), keywords={"bpmax": 1},
            callspec=SimpleNamespace(marks=of_row), iter_markers=lambda: every,
        )  # fmt: skip
        judged.clear()
        plugin._judge_markers_without_session(item)
        return sorted(judged[0]) if judged else None

    assert [
        judge(()), judge(("skipif",)), judge(("skipif", "bpmax")), judge(("bpmax_fault",)),
        judge((), ("bpmax_fault", "skipif")), judge(("bpmax",), ("bpmax_fault",)),
        judge(("bpmax", "bpmax_live")), judge(("bpmax",), name="甲.scenario.yaml"),
    ] == [
        None, None, ["bpmax"], ["bpmax_fault"], ["bpmax_fault"], ["bpmax", "bpmax_fault"],
        ["bpmax"], None,
    ]  # fmt: skip
    plugin._judge_markers_without_session(SimpleNamespace(path=tmp_path / "test_b.py"))  # type: ignore[arg-type]
    assert judged == []


def test_each_script_gets_a_test_with_all_scenarios_that_use_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Node:
        def __init__(self, parent: Any, **given: Any) -> None:
            self.parent, self.given = parent, given

        @classmethod
        def from_parent(cls, parent: Any, **given: Any) -> Node:
            return cls(parent, **given)

    class Scenario(SimpleNamespace):
        pass

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(challenge, "ScenarioTest", Scenario)
    monkeypatch.setattr(challenge, "ChallengedScriptFile", Node)
    monkeypatch.setattr(challenge, "ChallengeTest", Node)
    monkeypatch.setattr(
        challenge, "find_script_files", lambda one: [SimpleNamespace(name=n) for n in one.split()]
    )
    uses = ("甲.js 乙.js", "乙.js", "丙.js", "乙.js 丙.js")
    tests: list[Any] = [Scenario(scenario=one) for one in uses]
    tests.insert(1, SimpleNamespace(scenario="丁.js"))
    session: Any = object()
    challenge.pytest_collection_modifyitems(session, tests)
    assert [
        (one.parent.given["path"].relative_to(tmp_path).as_posix(), one.given) for one in tests[5:]
    ] == [
        ("丙.js", {"name": "challenge", "users": [uses[2], uses[3]]}),
        ("乙.js", {"name": "challenge", "users": [uses[0], uses[1], uses[3]]}),
        ("甲.js", {"name": "challenge", "users": [uses[0]]}),
    ]
    assert {one.parent.parent for one in tests[5:]} == {session}


def test_of_a_challenge_the_first_findings_are_told_and_a_shortcoming_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def challenged(number: int, why: str = "") -> tuple[list[tuple[str, int]], str]:
        findings = [SimpleNamespace(place=Place("甲.js", line)) for line in range(1, number + 1)]
        result: Any = SimpleNamespace(findings_not_solved_by_earlier=findings, unused=())
        ready: Any = SimpleNamespace(left_out=(), numbered=(), possible=0, judge=lambda: [1, 2])
        config = make_config(tmp_path)
        test: Any = SimpleNamespace(
            _prepare_challenge=lambda: ready, _find_shortcoming=lambda _result: why, config=config,
            nodeid="甲.js::challenge",
        )  # fmt: skip
        monkeypatch.setattr(
            challenge,
            "summarise_verdicts",
            lambda one, seen: (one, seen) == (ready, [1, 2]) and result,
        )
        monkeypatch.setattr(challenge, "describe_on_one_line", lambda one: f"无人察觉 {one.place}")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            told = end_of(lambda: challenge.ChallengeTest.runtest(test))
        assert challenge._get_challenge_results_by_test(config) == {"甲.js::challenge": result}
        return [(str(one.message), one.lineno) for one in caught], told

    every = [(f"无人察觉 甲.js:{line}", line) for line in range(1, SHOWN + 3)]
    assert [challenged(SHOWN), challenged(SHOWN + 2, "不够"), challenged(0)] == [
        (every[:SHOWN], ""), (every[:SHOWN], "Failed: 不够"), ([], ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("left_out", "numbered", "told"),
    [
        ((), (), ""),
        ((), (1,), ""),
        (("甲", "乙"), (1,), ""),
        (("甲", "乙"), (), "Skipped: left out: 甲\n乙"),
    ],
)
def test_a_script_of_which_all_scenarios_are_left_out_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left_out: Any, numbered: Any, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ready = SimpleNamespace(left_out=left_out, numbered=numbered)
    made: list[Any] = []

    def make(users: Any, *, only: str, cache: Any) -> Any:
        made.append((users, only, cache))
        return ready

    for name, value in (
        (
            "find_script_files",
            lambda _one: [SimpleNamespace(name=n) for n in ("甲.js", "内/乙.js")],
        ),
        ("ScriptChallenge", make),
        ("VerdictCache", lambda root: ("缓存", root)),
    ):
        monkeypatch.setattr(challenge, name, value)
    users = [SimpleNamespace(root="根"), SimpleNamespace(root="别的")]
    test: Any = SimpleNamespace(
        _users=users, path=tmp_path / "内/乙.js", name="challenge", config=make_config(tmp_path)
    )
    test._skip_or_fail_untried = partial(challenge.ChallengeTest._skip_or_fail_untried, test)
    assert end_of(lambda: challenge.ChallengeTest._prepare_challenge(test)) == told
    assert made == [(users, "内/乙.js", ("缓存", "根"))]
    assert challenge.ChallengeTest.reportinfo(test) == (test.path, 0, "challenge")


def test_results_of_all_challenged_scripts_are_sent_stored_and_told_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[Any] = []
    monkeypatch.setattr(challenge, "make_section", lambda result: dict(result.counts))
    monkeypatch.setattr(challenge, "store_section", lambda root, page: stored.append((root, page)))
    results = {
        name: ChallengeResult(counts={"killed": killed, "differs": 1})
        for name, killed in (("乙", 1), ("甲", 3), ("丙", 5))
    }
    worker, here, empty = (make_session(tmp_path / name) for name in ("工", "主", "空"))
    worker.config.workeroutput = {}
    challenge._get_challenge_results_by_test(worker.config).update(results)
    for session in (worker, empty):
        challenge.pytest_sessionfinish(session)
    assert stored == []
    own = {"丁": ChallengeResult(counts={"killed": 7})}
    challenge._get_challenge_results_by_test(here.config).update(own)
    output: Any
    for output in (worker.config.workeroutput, {}):
        challenge.pytest_testnodedown(SimpleNamespace(config=here.config, workeroutput=output))
    challenge.pytest_sessionfinish(here)
    assert [(root.name, page["killed"], page["differs"]) for root, page in stored] == [
        ("主", 16, 3)
    ]
    told: list[str] = []
    reporter: Any = SimpleNamespace(section=told.append, write_line=told.append)
    for session in (empty, here):
        challenge.pytest_terminal_summary(reporter, session.config)
    assert [line.partition(",")[0] for line in told] == [
        "bpmax-sim: challenge", "19 mistakes tried: 16 noticed",
    ]  # fmt: skip


def test_scripts_that_could_not_be_counted_are_named_after_the_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["甲.js", "乙.js", "丙.js"]
    monkeypatch.setattr(script_hits, "list_scripts_without_counters", lambda *_: names)
    session = make_session(tmp_path)
    script_hits.send_or_report_hits(session)
    result = script_hits.get_coverage_result(session.config)
    assert result
    assert [line.partition(":")[0] for line in result.lines] == ["scripts", *names, "lcov"]
    named = make_session(tmp_path, cov_lcov="覆盖/a.info")
    named.config.rootpath = tmp_path / "别处"
    script_hits.send_or_report_hits(named)
    assert (tmp_path / "覆盖/a.info").is_file()
    worker = make_session(tmp_path)
    worker.config.workeroutput = {}
    script_hits.send_or_report_hits(worker)
    assert script_hits.get_coverage_result(worker.config) is None
    assert list(worker.config.workeroutput) == ["bpmax_sim_hits"]


def test_counts_are_added_stored_with_their_shard_and_told_though_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[Any] = []
    monkeypatch.setattr(script_hits, "store_hits", lambda _hits, *told: stored.append(told))
    for given in ({}, {"shard": Shard(2, 3)}):
        script_hits.send_or_report_hits(make_session(tmp_path, **given))
    assert stored == [(tmp_path, Shard(1, 1)), (tmp_path, Shard(2, 3))]
    full = make_session(tmp_path, cov_lcov="满", cov_fail_under=0.0)
    (tmp_path / "满").mkdir()
    script_hits.send_or_report_hits(full)
    result = script_hits.get_coverage_result(full.config)
    assert result
    assert "满" in result.lines[-1]
    assert len(result.lines) == 2
    config = make_config(tmp_path)
    added: list[Any] = []
    hits: Any = SimpleNamespace(merge=added.append)
    config.stash[script_hits._HITS] = hits
    for output in ({"bpmax_sim_hits": "甲"}, {}, {"bpmax_sim_hits": "乙"}):
        script_hits.merge_worker_hits(SimpleNamespace(config=config, workeroutput=output))
    script_hits.merge_worker_hits(SimpleNamespace(config=config))
    assert (added, script_hits.get_script_hits(config)) == (["甲", "乙"], hits)
