"""What the summary of a run says of several things at once, and when a run is a whole one."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from _pytest._io import saferepr

from bpmax_sim.errors import ExpectationError
from bpmax_sim.pytest_plugin import python_tests, sharding, summary
from bpmax_sim.pytest_plugin.run_stats import TALLY, Tally
from bpmax_sim.pytest_plugin.stash import HIDING, ROUTER
from bpmax_sim.pytest_plugin.summary import GithubAnnotation
from bpmax_sim.scenario.shards import Shard
from bpmax_sim.script.turn_result import ConsoleLine
from bpmax_sim.session.session import describe_possible_secrets
from tests.plugin.test_decisions_of_options import make_config

NAMES = [f"{letter}: 令牌" for letter in "戊丁丙乙甲己庚辛"]


def test_notes_are_told_each_and_in_order() -> None:
    tally = Tally()
    tally.undeclared, tally.unrecognised = set(NAMES), {f"crm.get: body.{n}" for n in range(4)}

    assert [*summary._format_summary_lines(tally)] == [
        describe_possible_secrets([f"crm.get: body.{n}" for n in range(4)]), *sorted(NAMES),
    ]  # fmt: skip


def test_what_a_tally_has_makes_a_run_ours() -> None:
    found = {}
    for name, value in (
        ("traces", {"a"}), ("calls", {"live": 1}), ("waiting", {"a"}), ("undeclared", {"a"}),
        ("codes", {1}), ("unplayed", {"a": 1}), ("cassettes", {"a"}),
    ):  # fmt: skip
        tally = Tally()
        assert not tally.has_sessions_or_cassettes
        setattr(tally, name, value)
        found[name] = tally.has_sessions_or_cassettes
    assert found == {
        "traces": True, "calls": True, "waiting": True, "undeclared": True, "codes": False,
        "unplayed": False, "cassettes": True,
    }  # fmt: skip
    tally = Tally()
    for node in ("a", "a", "b"):
        tally.note_broken(node)
    assert (tally.broken, tally.broken_reports) == ({"a", "b"}, 3)
    assert not tally.sharded
    tally.note_other_shards([])
    assert (tally.sharded, tally.elsewhere) == (True, set())


def test_problems_of_files_that_were_not_collected_have_line_and_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = [
        GithubAnnotation("a.yaml", 3, "甲", "错一", 7),
        GithubAnnotation("b.yaml", 0, "乙", "错二"),
    ]
    monkeypatch.setattr(summary, "_annotate_collection_problems", lambda *_args: notes)
    report = object.__new__(pytest.CollectReport)
    report.nodeid = "scenarios/a.scenario.yaml"
    stats: dict[str, list[Any]] = {
        "error": [report, SimpleNamespace(nodeid="x.scenario.yaml")],
        "failed": [report],
    }

    found = [*summary._describe_unreadable_files(stats, make_config(tmp_path))]
    assert found == ["a.yaml:3:7: 错一", "b.yaml: 错二"]


@pytest.fixture(name="stored")
def what_is_stored(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return what a run stores: durations, and the use of its recordings."""
    found: list[Any] = []
    monkeypatch.setattr(
        sharding, "store_durations",
        lambda _config, reports, *, complete: found.append(("durations", len(reports), complete)),
    )  # fmt: skip
    monkeypatch.setattr(
        summary,
        "_store_recording_usage",
        lambda _config, _tally, *, is_complete: found.append(("use", is_complete)),
    )
    monkeypatch.setattr(summary, "_list_unowned_cassettes", lambda _tally: iter(["孤儿"]))
    return found


def test_only_a_whole_run_without_shards_tells_orphans(tmp_path: Path, stored: list[Any]) -> None:
    def end(exitstatus: int = 0, error: Any = (), **given: Any) -> tuple[list[str], list[Any]]:
        tally = Tally()
        for name in ("stopped", "partial"):
            setattr(tally, name, given.pop(name, False))
        config = make_config(tmp_path, **given)
        config.stash[TALLY] = tally
        config.args_source = SimpleNamespace(name="TESTPATHS")
        config.getoption = lambda _name, default=None: default
        reports = [pytest.TestReport("a", ("a", 1, "a"), {}, "passed", None, "call")] * 2
        stats = {"passed": reports, "skipped": reports, "deselected": reports, "error": error}
        stored.clear()
        reporter: Any = SimpleNamespace(stats=stats)
        return [*summary._store_durations_and_usage(reporter, exitstatus, config)], [*stored]

    whole = [("durations", 2, True), ("use", True)]
    part: list[Any] = [("durations", 2, False)]
    used = [*part, ("use", False)]
    shard = Shard.parse("1/2")
    assert {
        "whole": end(), "failed": end(1), "interrupted": end(2), "none": end(5),
        "error": end(error=[SimpleNamespace()]), "stopped": end(stopped=True),
        "partial": end(partial=True), "shard": end(shard=shard), "job": end(partial=True, job="夜"),
        "stopped job": end(stopped=True, job="夜"), "error job": end(2, job="夜"),
    } == {
        "whole": (["孤儿"], whole), "failed": (["孤儿"], whole), "interrupted": ([], part),
        "none": ([], part), "error": ([], part), "stopped": ([], part), "partial": ([], part),
        "shard": ([], whole), "job": ([], used), "stopped job": ([], part), "error job": ([], part),
    }  # fmt: skip


def test_a_run_is_whole_in_the_root_of_pytest_and_in_that_of_its_project(tmp_path: Path) -> None:
    (tmp_path / "项目/scenarios").mkdir(parents=True)
    found = []
    for start, root, source in (
        ("项目", "", "INVOCATION_DIR"), ("", "", "TESTPATHS"), ("项目/scenarios", "", "TESTPATHS"),
        ("项目", "项目", "TESTPATHS"), ("项目", "", "ARGS"),
    ):  # fmt: skip
        config = make_config(tmp_path / start, tmp_path / root)
        config.args, config.args_source = [str(tmp_path / "项目")], SimpleNamespace(name=source)
        config.getoption = lambda _name, default=None: default
        found.append(summary._has_collected_all_tests(config, Tally()))
    assert found == [True, True, False, True, False]
    narrow = {}
    for name in ("lf", "stepwise", "collectonly", "ignore", "ignore_glob", "verbose"):
        config = make_config(tmp_path)
        config.args_source = SimpleNamespace(name="TESTPATHS")
        config.getoption = lambda asked, default=None, name=name: asked == name or default
        narrow[name] = summary._has_collected_all_tests(config, Tally())
    assert narrow == dict.fromkeys(narrow, False) | {"verbose": True}


def test_every_error_behind_an_error_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        python_tests, "redact_for_running_tests", lambda text: text.replace("口令", "*")
    )
    inner, context, cause = ValueError("口令 内"), KeyError("口令 旁"), OSError("口令 因")
    group = ExceptionGroup("口令 组", [inner, TypeError("口令 二")])
    group.__context__, group.__cause__ = context, cause
    context.__context__ = group  # a circle
    group.add_note("口令 注")
    texts = [str(group), str(inner), str(context), str(cause), *group.__notes__]
    with python_tests.redact_error_temporarily(group):
        shown = [inner.args, context.args, cause.args, group.exceptions[1].args, group.__notes__]
    assert shown == [("* 内",), ("* 旁",), ("* 因",), ("* 二",), ["* 注"]]
    assert [str(group), str(inner), str(context), str(cause), *group.__notes__] == texts


class OpenedSession:
    """A session of one owner, of which the last one is judged."""

    def __init__(self, judged: list[str], options: dict[str, Any]) -> None:
        self.settings = SimpleNamespace(cassette=options["cassette"], owner=options["owner"])
        self.name, self._judged = options["command"], judged
        self.listeners: list[Any] = []
        self.hear = self.listeners.append

    def write(self, text: str) -> None:
        line = ConsoleLine(level="log", text=text, values=(text,), at=0.0)
        for listener in self.listeners:
            listener(SimpleNamespace(console=(line,)))
            listener(SimpleNamespace())

    def judge_unplayed(self) -> None:
        self._judged.append(self.name)
        if self.name == "错":
            raise ExpectationError("没有播放")


def test_the_last_session_of_each_owner_and_cassette_is_shown_and_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[str] = []
    used: list[tuple[str, bool, bool]] = []
    tally: Any = SimpleNamespace(
        add_recording_use=lambda session, *, failed, doubtful: used.append(
            (session.name, failed, doubtful)
        )
    )
    monkeypatch.setattr(
        python_tests, "Session", SimpleNamespace(open=lambda **told: OpenedSession(judged, told))
    )
    found = {}
    for failed, last in ((False, "丁"), (False, "错"), (True, "丁")):
        sessions = python_tests.Sessions(tally)
        for owner, cassette, name in (
            ("一", "a", "甲"), ("一", "a", "乙"), ("二", "a", "丙"), ("一", "b", last),
        ):  # fmt: skip
            opened: Any = sessions.open(owner=owner, cassette=tmp_path / cassette, command=name)
            opened.write(name)
            opened.write(f"{name}!")
        assert [line.text for line in sessions.console_of_last_sessions] == [
            "乙", "乙!", "丙", "丙!", last, f"{last}!",
        ]  # fmt: skip
        judged.clear()
        used.clear()
        for _ in range(2):
            with suppress(ExpectationError):
                sessions.finish(failed=failed)
        found[failed, last] = [*judged], [*used]
    assert found == {
        (False, "丁"): (["乙", "丙", "丁"], [(one, False, False) for one in "乙丙丁"]),
        (False, "错"): (["乙", "丙", "错"], [(one, True, False) for one in "乙丙错"]),
        (True, "丁"): ([], [(one, True, True) for one in "乙丙丁"]),
    }


def test_a_router_answers_open_and_later_sessions_of_its_test_until_it_ends() -> None:
    node: Any = SimpleNamespace(stash={})
    stubbed: list[tuple[str, Any]] = []

    def session(name: str) -> Any:
        return SimpleNamespace(stub=lambda stub: stubbed.append((name, stub)))

    python_tests.add_router_to_session(node, session("以前"))
    with python_tests.open_router(node, session("开着")) as router:
        assert node.stash[ROUTER] is router
        python_tests.add_router_to_session(node, session("后来"))
    python_tests.add_router_to_session(node, session("结束后"))
    with python_tests.open_router(node, None):
        assert len(node.stash) == 2

    assert node.stash == {}
    assert [name for name, _ in stubbed] == ["开着", "后来"]
    assert stubbed[0][1] is stubbed[1][1]


def test_the_secrets_of_every_session_of_every_running_test_are_hidden(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def hide(*texts: str) -> Any:
        redacts = [lambda text, one=one: text.replace(one, "*") for one in texts]
        return SimpleNamespace(stash={HIDING: redacts})

    monkeypatch.setattr(python_tests, "_active", [hide("甲", "乙", "丙"), hide(), hide("丁")])
    assert python_tests.redact_for_running_tests("甲乙丙丁戊甲") == "****戊*"
    long = ["丁", "戊" * 60]
    shown = {
        (size, value[0]): python_tests._redact_before_cut(saferepr.SafeRepr(size), value)
        for size in (None, 20)
        for value in (long, ["己", "戊" * 60])
    }
    whole = repr(["*", "戊" * 60])
    assert shown[None, "丁"] == whole
    assert shown[20, "丁"] == saferepr._ellipsize(whole, 20)
    assert shown[None, "己"] == repr(["己", "戊" * 60])
    assert "己" in shown[20, "己"]
    assert len(shown[20, "己"]) <= 20
