# ruff: noqa: E501 - scenarios, one a line
"""With which options the session of an item is opened, and which items of a file run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from bpmax_sim.errors import (
    BpmaxError,
    ConfigError,
    Place,
)
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.scenario import runner
from bpmax_sim.scenario.events import Event, ScenarioFinished
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.runner import (
    find_missing_platform_files,
    make_replay_check,
    open_session,
    read_secret_values,
    run_item,
    run_scenario,
)
from bpmax_sim.session.session import Session
from tests.scenario.loading import load_text


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


HEAD = "scenario: 报价\nsteps: [{js: 'return 1', expect: {result: 1}}]\n"


def test_secrets_are_read_from_where_they_are_declared(folder: Path) -> None:
    text = HEAD.replace("result: 1", "result: '${vars.甲}${case.丙}${vars.空}'") + (
        "cases: [{id: 一, 丙: '${vars.甲}x', 丁: 5}]\nvars: {甲: 密, 空: '', 数: 7}\n"
        "secrets: [env.令牌, vars.甲, case.丙, case.丁, vars.空]\n"
    )
    [item] = load_text(folder, text, environ={"令牌": "t"})
    assert read_secret_values(item, {"令牌": "t"}) == ("t", "密", "密x", "5")
    assert read_secret_values(item, {}, needed=False) == ("密", "密x", "5")
    with pytest.raises(ConfigError) as caught:
        read_secret_values(item, {})
    assert to_plain_english(str(caught.value)) == (
        "单.scenario.yaml:5:11: secrets: ${env.令牌} is not defined; set the environment variable 令牌"
    )


def test_platform_files_that_are_named_exist(folder: Path) -> None:
    (folder / "有").mkdir()
    text = HEAD + "proxy: {platforms: [有, 无, 缺.yaml], instances: 没.yaml}\n"
    [item] = load_text(folder, text)
    missing = [to_plain_english(str(one)) for one in find_missing_platform_files(item)]
    wrong = "there is no {}; create it, or name another"
    assert missing == [
        "单.scenario.yaml:3:24: proxy.platforms: " + wrong.format("无"),
        "单.scenario.yaml:3:27: proxy.platforms: " + wrong.format("缺.yaml"),
        "单.scenario.yaml:3:36: proxy.instances: " + wrong.format("没.yaml"),
    ]
    [one] = load_text(folder, HEAD + "proxy: {platforms: 无}\n")
    assert [to_plain_english(str(problem)) for problem in find_missing_platform_files(one)] == [
        "单.scenario.yaml:3:9: proxy.platforms: " + wrong.format("无")
    ]
    [none] = load_text(folder, HEAD)
    assert [*find_missing_platform_files(none)] == []
    with pytest.raises(ConfigError) as caught:
        open_session(item, platforms=Path("有"))
    assert [problem.path for problem in caught.value.problems] == ["proxy.instances"]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return the options with which sessions are opened, in place of sessions."""
    found: list[dict[str, Any]] = []

    def open_nothing(**options: Any) -> Any:
        found.append(options)
        return "session"

    monkeypatch.setattr(Session, "open", open_nothing)
    return found


def test_a_session_has_the_options_of_the_scenario_and_of_the_caller(
    folder: Path, opened: list[dict[str, Any]]
) -> None:
    (folder / "平台").mkdir()
    text = HEAD + (
        "clock: '2026-03-02T09:00:00+08:00'\nseed: 0\nsecrets: [env.令牌]\n"
        "proxy: {platforms: 平台, cassette: 录/一, mode: live, ignore: [header.x], redact: [body.号], unused: warn, repeat: true, instance: 华东}\n"
    )
    [item] = load_text(folder, text, environ={"令牌": "t"})
    assert open_session(item, environ={"令牌": "t"}) == cast("Session", "session")
    [options] = opened
    adopts = options.pop("adopts")
    assert (adopts.func.__name__, adopts.args) == ("find_former_name", (item,))
    assert options == {
        "instances": None, "mode": "live", "cassette": folder / "cassettes/录/一.yaml", "logins": folder / "cassettes/auth",
        "clock": "2026-03-02T09:00:00+08:00", "seed": 0, "ignore": ("header.x",), "redact": ("body.号",), "unused": "warn", "unawaited": "allow",
        "owner": "报价", "repeat": True, "default_instance": "华东", "command": "bpmax-sim record 单.scenario.yaml",
        "environ": {"令牌": "t"}, "secrets": ("t",), "platforms": (folder / "平台",),
    }  # fmt: skip
    opened.clear()
    with pytest.raises(ConfigError, match="令牌"):
        open_session(item, environ={})
    open_session(item, environ={}, against="simulator")
    open_session(
        item,
        environ={},
        mode="replay",
        cassettes=Path("别处"),
        secrets=("s",),
        platforms=Path("他"),
        seed=5,
    )
    open_session(item, environ={}, mode="replay")
    got = [
        {key: one.get(key) for key in ("mode", "secrets", "cassette", "platforms", "seed")}
        for one in opened
    ]
    assert got == [
        {
            "mode": "live",
            "secrets": (),
            "cassette": folder / "cassettes/录/一.yaml",
            "platforms": (folder / "平台",),
            "seed": 0,
        },
        {
            "mode": "replay",
            "secrets": ("s",),
            "cassette": Path("别处/录/一.yaml"),
            "platforms": Path("他"),
            "seed": 5,
        },
        {
            "mode": "replay",
            "secrets": (),
            "cassette": folder / "cassettes/录/一.yaml",
            "platforms": (folder / "平台",),
            "seed": 0,
        },
    ]
    [plain] = load_text(folder, HEAD)
    open_session(plain)
    assert {key: opened[-1][key] for key in ("mode", "clock", "seed", "unused", "repeat", "default_instance", "ignore", "platforms")} == {
        "mode": "replay", "clock": None, "seed": None, "unused": "fail", "repeat": False, "default_instance": None, "ignore": (), "platforms": (),
    }  # fmt: skip


def end_with(outcome: str) -> Callable[..., Any]:
    def run_nothing(item: ScenarioItem, session: Any, **options: Any) -> list[Event]:
        last = ScenarioFinished(
            outcome=cast("Any", outcome), failures=(), warnings=(), digest="", calls=0, duration=0.0, at=0.0,
        )  # fmt: skip
        return [last]

    return run_nothing


def test_a_new_recording_is_tried_in_replay(
    folder: Path, opened: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    [item] = load_text(folder, HEAD)
    options: Mapping[str, Any] = {
        "mode": "record",
        "remote": "x",
        "replays": "y",
        "environ": {"A": "b"},
        "seed": 3,
    }
    check = make_replay_check(item, Path("录"), cast("Any", options))
    told = []
    for outcome in ("passed", "failed", "xfailed", "skipped"):
        monkeypatch.setattr(runner, "run_item", end_with(outcome))
        told.append(check(Path("新.yaml")))
    assert told == [True, False, True, True]
    assert {key: opened[0][key] for key in ("mode", "cassette", "logins", "remote", "replays", "environ", "seed")} == {
        "mode": "replay", "cassette": Path("新.yaml"), "logins": Path("录/auth"), "remote": None, "replays": None, "environ": {"A": "b"}, "seed": 3,
    }  # fmt: skip

    def refuse(**_options: Any) -> Any:
        raise BpmaxError("不行")

    monkeypatch.setattr(Session, "open", refuse)
    assert check(Path("新.yaml")) is False


def test_every_item_of_a_file_runs_but_those_that_are_skipped(
    folder: Path, opened: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        HEAD.replace("result: 1", "result: '${case.值}${vars.x}'")
        + "vars: {x: 1}\ncases: [{id: 甲, 值: 1}, {id: 乙, 值: 2, skip: 以后}, {id: 丙, 值: 3}]\n"
    )
    load_text(folder, text)
    ran: list[tuple[str, Any]] = []

    def note(item: ScenarioItem, session: Any, **given: Any) -> list[Event]:
        ran.append((item.row_id, {key: given[key] for key in ("environ", "faults")}))
        return [*end_with("passed")(item, session)]

    monkeypatch.setattr(runner, "run_item", note)
    result = run_scenario(
        "单.scenario.yaml", variables={"x": "2"}, environ={"A": "b"}, faults=False, mode="live"
    )
    assert (len(result.events), result.ok) == (2, True)
    assert ran == [
        ("甲", {"environ": {"A": "b"}, "faults": False}),
        ("丙", {"environ": {"A": "b"}, "faults": False}),
    ]
    assert [(one["mode"], one["environ"]) for one in opened] == [("live", {"A": "b"})] * 2
    assert opened[0]["shared_logins"] is opened[1]["shared_logins"]
    with pytest.raises(ConfigError, match="nothing reads the variable 'y'"):
        run_scenario("单.scenario.yaml", variables={"y": "2"})
    closed: list[bool] = []

    class Held:
        def close(self, *, failed: bool = False) -> None:
            closed.append(failed)
            raise BpmaxError("不行")

    def interrupt(*_args: Any, **_options: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(Session, "open", lambda **_options: Held())
    monkeypatch.setattr(runner, "run_item", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_scenario("单.scenario.yaml")
    assert closed == [True]
    assert run_item is not interrupt
    assert Place("a", 1) < Place("a", 2)
