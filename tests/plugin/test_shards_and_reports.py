# ruff: noqa: E501 - cases, one a line
"""Which tests a shard keeps, what it stores of their durations, and what reports are given."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import bpmax_sim.pytest_plugin as plugin
from bpmax_sim.pytest_plugin import items, options, python_tests, script_hits, sharding, summary
from bpmax_sim.pytest_plugin.run_stats import TALLY, Tally
from bpmax_sim.pytest_plugin.stash import CURRENT, HIDING, RUN, SESSIONS
from bpmax_sim.scenario.file_verdict import FileResult
from bpmax_sim.scenario.shards import Shard
from tests.files import write_files
from tests.plugin.test_decisions_of_options import make_config


class Item(SimpleNamespace):
    """Stands for a Python test."""

    __hash__ = object.__hash__  # type: ignore[assignment]


class Scenario(Item):
    """Stands for the test of a scenario."""


def make_run(folder: Path, root: Path, **given: Any) -> Any:
    config = make_config(folder, **given)
    config.stash[TALLY], config.stash[options._RUN_ROOT] = Tally(), root
    return config


def make_item(
    config: Any, nodeid: str, *fixtures: str, cassette: str = "", mark: Any = None
) -> Any:
    item = (Scenario if cassette else Item)(
        nodeid=nodeid, fixturenames=fixtures, config=config, name=nodeid.rpartition("::")[2],
        path=config.rootpath / nodeid.partition("::")[0], getparent=lambda _kind: None,
        get_closest_marker=lambda _name: None, iter_markers=lambda _name: [mark] if mark else [],
    )  # fmt: skip
    if cassette:
        item.cassettes = Path("/录制")
        item.found = SimpleNamespace(header=SimpleNamespace(cassette=cassette))
    return item


def test_a_shard_keeps_its_tests_in_their_order_and_knows_what_the_others_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharding, "ScenarioTest", Scenario)
    write_files(tmp_path, {"项目/pyproject.toml": "[tool.bpmax_sim]\n"})
    seconds = {"丙.scenario.yaml::付款": 9.0, "test_a.py::TestA::test_乙": 8.0}
    write_files(tmp_path / "项目", {".bpmax/durations.json": json.dumps({"seconds": seconds})})
    found = {}
    for number, was_partial in ((1, False), (2, True), (3, False)):
        config = make_run(tmp_path, tmp_path / "项目", shard=Shard(number, 3))
        tally = config.stash[TALLY]
        tally.partial = was_partial

        def note(items: Any, seen: Tally = tally) -> None:
            assert items
            seen.partial = True

        config.hook = SimpleNamespace(pytest_deselected=note)
        wrong = pytest.mark.bpmax("x").mark
        tests = [
            make_item(config, "项目/丙.scenario.yaml::付款", cassette="crm/付款"),
            make_item(config, "项目/test_a.py::TestA::test_乙", "bpmax_session"),
            make_item(config, "项目/test_a.py::test_甲", "tmp_path"),
            make_item(config, "项目/甲.scenario.yaml::退款[一]", cassette="crm/付款"),
            make_item(config, "项目/test_b.py::test_错", "bpmax_session", mark=wrong),
            make_item(config, "项目/甲.scenario.yaml::退款[二]", cassette="退款"),
        ]
        names = [one.nodeid for one in tests]
        sharding.pytest_collection_modifyitems(config, tests)
        kept = [names.index(one.nodeid) for one in tests]
        assert kept == sorted(kept)
        found[number] = kept, sorted(
            Path(one).relative_to(Path(one).anchor).as_posix().removeprefix(
                tmp_path.as_posix().lstrip("/") + "/"
            )
            for one in tally.elsewhere
        )  # fmt: skip
        assert (tally.partial, tally.sharded) == (was_partial, True)
    scenario, other = "录制/crm/付款.yaml", "录制/退款.yaml"
    python = "项目/cassettes/test_a/test_乙.yaml"
    assert sorted(one for kept, _ in found.values() for one in kept) == [0, 1, 2, 3, 4, 5]
    for kept, elsewhere in found.values():
        assert (0 in kept) == (3 in kept)
        assert elsewhere == sorted(
            name for name, number in ((scenario, 0), (python, 1), (other, 5)) if number not in kept
        )


def test_the_header_of_a_shard_says_by_how_many_durations_tests_were_split(tmp_path: Path) -> None:
    seconds = {"甲.scenario.yaml::付款": 9.0, "test_a.py::test_乙": 8.0}
    write_files(tmp_path / "项目", {".bpmax/durations.json": json.dumps({"seconds": seconds})})
    header = sharding.format_shard_header(make_run(tmp_path, tmp_path / "项目"), Shard(1, 3))
    assert header.startswith("shard 1/3, split by 2 durations (")
    bare = sharding.format_shard_header(make_run(tmp_path, tmp_path), Shard(1, 3))
    assert bare == "shard 1/3, split by number, no durations known"
    write_files(tmp_path / "项目", {".bpmax/durations.json": "["})
    with pytest.raises(pytest.UsageError, match=r"^--bpmax-shard: "):
        sharding.read_durations(make_run(tmp_path, tmp_path / "项目"))


def test_a_shard_with_everything_leaves_nothing_out(tmp_path: Path) -> None:
    config = make_run(tmp_path, tmp_path, shard=Shard(1, 1))
    tests = [make_item(config, f"test_a.py::test_{n}") for n in (3, 1, 2)]
    sharding.pytest_collection_modifyitems(config, tests)
    assert [one.name for one in tests] == ["test_3", "test_1", "test_2"]
    assert not config.stash[TALLY].sharded
    for number, total in ((1, 2), (2, 2)):
        for count in (2, 7):
            config = make_run(tmp_path, tmp_path, shard=Shard(number, total))
            out: list[Any] = []
            hook = SimpleNamespace(pytest_deselected=lambda items, out=out: out.extend(items))
            config.hook = hook
            tests = [make_item(config, f"test_a.py::test_{n}") for n in reversed(range(count))]
            every = list(tests)
            sharding.pytest_collection_modifyitems(config, tests)
            assert tests == [one for one in every if one.name in {kept.name for kept in tests}]
            assert [*map(id, out)] == [
                id(one) for one in every if one.name not in {k.name for k in tests}
            ]
            assert config.stash[TALLY].sharded
            assert 0 < len(tests) < count


def test_durations_are_stored_where_a_scenario_or_a_shard_ran(tmp_path: Path) -> None:
    def store(name: str, nodeids: tuple[str, ...], shard: Any, *, complete: bool) -> Any:
        root = tmp_path / name
        write_files(root, {".bpmax/durations.json": '{"seconds": {"旧.scenario.yaml::旧": 2.0}}'})
        config = make_run(tmp_path, root, shard=shard)
        config.stash[TALLY].seconds = {"先": 1.0}
        phases = ((0.25, "setup"), (0.5, "call"), (0.125, "teardown"))
        reports: Any = [
            SimpleNamespace(nodeid=f"{name}/{one}", duration=took, when=when)
            for took, when in phases
            for one in nodeids
        ]
        sharding.store_durations(config, reports, complete=complete)
        files = {
            path.name: json.loads(path.read_text("utf-8"))["seconds"]
            for path in sorted((root / ".bpmax").glob("*.json"))
        }
        return config.stash[TALLY].seconds, files

    scenario, python = "甲.scenario.yaml::付款", "test_A.py::TestA::test_乙"
    old, took = {"旧.scenario.yaml::旧": 2.0}, 0.875
    assert [
        store("一", (python,), None, complete=True), store("二", (python, scenario), None, complete=False),
        store("三", (scenario, python), None, complete=True), store("四", (python,), Shard(2, 3), complete=True),
    ] == [
        ({"先": 1.0}, {"durations.json": old}),
        ({"先": 1.0, python: took, scenario: took}, {"durations.json": {**old, python: took, scenario: took}}),
        ({"先": 1.0, scenario: took, python: took}, {"durations.json": {scenario: took, python: took}}),
        ({"先": 1.0, python: took}, {"durations.2-of-3.json": {python: took}, "durations.json": old}),
    ]  # fmt: skip


def test_the_report_of_a_failed_scenario_is_restored_from_what_a_worker_sent() -> None:
    def restore(nodeid: str, told: Any, *, failed: bool = True, line: Any = 6) -> Any:
        report: Any = SimpleNamespace(
            nodeid=nodeid, longrepr=told, failed=failed, location=("甲.scenario.yaml", line, "付款")
        )
        plugin.pytest_runtest_logreport(report)
        crash = getattr(report.longrepr, "reprcrash", None)
        return crash and (crash.path, crash.lineno, crash.message)

    scenario, subtext = "甲.scenario.yaml::付款", type("Text", (str,), {})("坏")
    assert [
        restore(scenario, "坏\n更多"), restore(scenario, "坏", line=None), restore(scenario, subtext),
        restore(scenario, "坏", failed=False), restore(scenario, ("a", 1, "x")),
        restore("甲.scenario.yaml", "坏"), restore("test_a.py::甲", "坏"),
    ] == [
        ("甲.scenario.yaml", 7, "坏"), ("甲.scenario.yaml", 1, "坏"), None, None, None, None, None,
    ]  # fmt: skip


def test_a_report_is_completed_redacted_and_given_the_problems_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Any] = []
    monkeypatch.setattr(items, "complete_report", lambda *told: done.append(("completed", told[2])))
    for name in ("redact_report", "redact_junit", "add_translated_errors", "add_console_section"):
        monkeypatch.setattr(python_tests, name, lambda *_told, name=name: done.append(name))

    @contextmanager
    def hide() -> Iterator[None]:
        done.append("hidden")
        yield

    monkeypatch.setattr(python_tests, "hide_own_frames", hide)

    def report(
        name: str, when: str, *keys: Any, error: Exception | None = None, tb: Any = None
    ) -> list[Any]:
        config = make_config(tmp_path, tb=tb)
        item: Any = SimpleNamespace(
            stash=dict.fromkeys(keys), path=tmp_path / name, config=config, nodeid=f"{name}::x"
        )
        excinfo = SimpleNamespace(value=error) if error else None
        call: Any = SimpleNamespace(when=when, excinfo=excinfo)
        done.clear()
        hook: Generator[Any, Any, Any] = plugin.pytest_runtest_makereport(item, call)
        next(hook)
        with pytest.raises(StopIteration) as ended:
            hook.send("报告")
        assert ended.value.value == "报告"
        return list(done)

    wrong, file = ValueError("坏"), "甲.scenario.yaml"
    assert [
        report(file, "setup"), report(file, "call", error=wrong), report(file, "teardown"),
        report("test_a.py", "call"), report("test_a.py", "call", HIDING, error=wrong),
        report("test_a.py", "call", HIDING, error=wrong, tb=True), report("test_a.py", "call", HIDING),
        report("test_a.py", "setup", HIDING, SESSIONS),
    ] == [
        [("completed", None)], [("completed", wrong)], [], [], ["hidden", "redact_report", "redact_junit"],
        ["redact_report", "redact_junit"], ["redact_report", "redact_junit"],
        ["add_translated_errors", "add_console_section", "redact_report", "redact_junit"],
    ]  # fmt: skip


def test_the_report_of_a_file_has_its_problems() -> None:
    collected: Any = SimpleNamespace()
    for problems in ((), ("问题",)):
        made = plugin.pytest_make_collect_report(SimpleNamespace(bpmax_problems=problems))  # type: ignore[arg-type]
        next(made)
        with pytest.raises(StopIteration):
            made.send(collected)
        assert getattr(collected, "bpmax_problems", None) == (problems or None)


def test_the_end_of_a_run_is_judged_by_the_process_that_has_all_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    for name in ("judge_unused_parts", "shorten_repeated_failures"):
        monkeypatch.setattr(summary, name, lambda *_told, name=name: done.append(name[:5]))
    monkeypatch.setattr(summary, "choose_session_exit_code", lambda *_told: 7)

    def end(
        *, worker: bool = False, files: bool = False, codes: bool = False, more: Any = None
    ) -> Any:
        config = make_run(tmp_path, tmp_path, exit_codes=more)
        tally = config.stash[TALLY]
        if files:
            tally.files["a"] = FileResult(
                rows=1, ran=set(), parts=set(), strictness="normal", used=set()
            )
        if codes:
            tally.codes.add("a")
        config.pluginmanager = SimpleNamespace(get_plugin=lambda name: name == "terminalreporter")
        if worker:
            config.workeroutput = {}
        session: Any = SimpleNamespace(config=config, shouldfail="", shouldstop="", exitstatus=1)
        done.clear()
        plugin.pytest_sessionfinish(session)
        return " ".join(done), session.exitstatus, getattr(config, "workeroutput", {}).keys()

    assert [
        end(), end(files=True), end(codes=True), end(files=True, codes=True, more=True),
        end(more=True), end(worker=True, files=True, codes=True, more=True),
    ] == [
        ("", 1, {}.keys()), ("judge", 1, {}.keys()), ("short", 1, {}.keys()),
        ("judge short", 7, {}.keys()), ("", 7, {}.keys()), ("", 1, {"bpmax_sim": 1}.keys()),
    ]  # fmt: skip


def test_what_a_worker_hands_on_is_added_and_only_the_controller_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Any] = []
    monkeypatch.setattr(script_hits, "merge_worker_hits", lambda _node: done.append("hits"))
    monkeypatch.setattr(summary, "write_summary", lambda *_told: done.append("written"))
    for cov in (None, True):
        config = make_run(tmp_path, tmp_path, cov=cov)
        plugin.pytest_testnodedown(SimpleNamespace(config=config))
        assert config.stash[TALLY].partial
        reporter: Any = SimpleNamespace(stats={})
        plugin.pytest_terminal_summary(reporter, 0, config)
        config.workeroutput = {}
        plugin.pytest_terminal_summary(reporter, 0, config)
    assert done == ["hits", "written"]


def test_what_hides_secrets_is_that_of_the_test_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Any] = []
    monkeypatch.setattr(python_tests, "register_output_redaction", lambda *told: shown.append(told))
    config = make_run(tmp_path, tmp_path)
    plugin._register_output_redaction(config, str.upper)
    config.stash[CURRENT] = "此测试"
    plugin._register_output_redaction(config, str.lower)
    assert shown == [("此测试", str.lower)]


def test_the_session_of_a_test_is_judged_when_its_function_has_ended() -> None:
    ended: list[bool] = []

    def call(*keys: Any, error: Exception | None = None) -> None:
        session = SimpleNamespace(finish=lambda *, failed: ended.append(failed))
        item: Any = SimpleNamespace(stash=dict.fromkeys(keys, session))
        hook = plugin.pytest_pyfunc_call(item)
        next(hook)
        with pytest.raises(type(error) if error else StopIteration):
            hook.throw(error) if error else hook.send(True)

    for error in (None, ValueError("坏")):
        call(RUN, error=error)
    assert ended == [False, True]
    call(SESSIONS)
    assert ended == [False, True]


def test_a_summary_is_written_where_there_is_something_of_ours(tmp_path: Path) -> None:
    def has(*nodeids: Any, sessions: bool = False, **given: Any) -> bool:
        config = make_run(tmp_path, tmp_path, **given)
        if sessions:
            config.stash[TALLY].cassettes.add("a.yaml")
        stats = {"passed": [SimpleNamespace(nodeid=one) for one in nodeids], "": [object()]}
        reporter: Any = SimpleNamespace(stats=stats)
        return plugin._has_anything_to_summarise(reporter, config)

    assert [
        has(), has("test_a.py::a"), has("test_a.py::a", "甲.scenario.yaml::a"), has(None),
        has("甲.scenario.yaml"), has(sessions=True), has(shard=Shard(1, 1)), has(cov=True),
    ] == [False, False, True, False, True, True, True, True]  # fmt: skip
