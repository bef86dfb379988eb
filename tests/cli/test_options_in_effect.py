"""Each option of a long command arrives where its work is done, and so does what is not given."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.challenge.findings import ChallengeResult
from bpmax_sim.challenge.judge import MOST
from bpmax_sim.cli import challenge, explore, report, verify
from bpmax_sim.explore.search import Exploration, Explorer
from bpmax_sim.fuzz import search
from bpmax_sim.live.calibrate import DELAY, EchoNames, render_calibration_script
from bpmax_sim.scenario.load import ScenarioItem
from tests.cassette.exchanges import detail
from tests.cli.project import Command
from tests.cli.test_cassette_commands import write
from tests.files import write_files

FILES = {
    "scenarios/platforms/crm.yaml": (
        "platform_key: crm\nbase_url: https://crm.example.test\napis:\n"
        "  getOrder: {method: GET, path: /o}\n"
    ),
    "scenarios/付款.scenario.yaml": "version: 1\nscenario: 付款\nsteps: [{js: return 1}]\n",
    "scenarios/退款.scenario.yaml": "version: 1\nscenario: 退款\nsteps: [{js: return 1}]\n",
    "查.js": "return 1\n",
    "库.js": "\n",
}


@pytest.fixture(name="root", autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_files(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "names", "delay", "may_write"),
    [
        ("", {}, DELAY, None),
        ("--echo 回声 --delay 5", {"platform": "回声"}, 5, None),
        ("--apis 读,写,状态,等待 --writes yes",
         {"read": "读", "write": "写", "status": "状态", "delay": "等待"}, DELAY, True),
        ("--writes no --delay 300", {}, 300, False),
        ("--writes ask --delay 1", {}, 1, None),
    ],
)  # fmt: skip
def test_the_script_for_a_live_bpmax_asks_what_and_how_it_is_told(
    bs: Command, words: str, names: dict[str, str], delay: int, may_write: bool | None
) -> None:
    script = render_calibration_script(EchoNames(**names), delay=delay, may_write=may_write)

    done = bs("calibrate", *words.split())

    assert (done.code, done.out) == (0, f"{script.rstrip()}\n")


PLAN = {
    "api": "", "against": "simulate", "allow_writes": False, "scripts": (), "libraries": (),
    "laws": (), "seconds": 60, "rounds": 0, "workers": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        ("", {}),
        ("--api getOrder --minutes 1.5 -n 2",
         {"api": "getOrder", "seconds": 90, "workers": 2}),
        ("--law arrives --law replay --script 查.js --library 库.js",
         {"laws": ("arrives", "replay"), "scripts": (Path("查.js"),),
          "libraries": (Path("库.js"),)}),
        ("--allow-writes --database 例子", {"allow_writes": True, "examples": "例子"}),
    ],
)  # fmt: skip
def test_a_search_for_broken_laws_is_what_was_asked_for(
    root: Path, bs: Command, words: str, changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    plans: list[Any] = []

    def note(plan: search.SearchPlan, _move: object) -> list[search.LawOutcome]:
        plans.append(plan)
        return []

    monkeypatch.setattr(search, "search", note)
    monkeypatch.setattr(search, "find_skipped_laws", lambda _plan: ())

    done = bs("fuzz", "crm", *words.split())

    path = Path("scenarios/platforms/crm.yaml")
    usual = {**PLAN, "path": path, "examples": str(root / ".bpmax/fuzz")}
    (plan,) = plans
    assert {name: getattr(plan, name) for name in usual} == {**usual, **changed}
    assert done.code == 5
    assert f"{path}: no law says anything of what it declares\n" in done.err


@pytest.mark.parametrize(
    ("words", "given"),
    [
        ("", {"workers": 1, "most": None, "seed": None}),
        ("--max 7 --seed 0 -n 3", {"workers": 3, "most": 7, "seed": 0}),
        ("--workers 0 --cassettes 录音", {"workers": os.cpu_count(), "cassettes": Path("录音")}),
        ("-k 付款", {"names": ["付款"]}),
        ("scenarios/退款.scenario.yaml", {"names": ["退款"]}),
        ("--minutes 2", {"ends": 120}),
        ("--minutes 0.5", {"ends": 30}),
    ],
)
def test_an_exploration_is_what_was_asked_for(
    bs: Command, words: str, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    got: dict[str, Any] = {}

    class Recorder:
        def __init__(self, cassettes: Path | None) -> None:
            got["cassettes"] = cassettes

        def explore_all(self, items: Sequence[ScenarioItem], **options: Any) -> Iterator[Any]:
            got.update(options, names=[item.name for item in items])
            now, is_over = time.monotonic(), options["is_over"]
            for seconds in (30, 120, 86_400):
                with monkeypatch.context() as patch:
                    patch.setattr(time, "monotonic", lambda at=now + seconds: at - 2)
                    early = is_over()
                    patch.setattr(time, "monotonic", lambda at=now + seconds: at + 2)
                    if is_over() and not early:
                        got["ends"] = seconds
            yield from ()

    monkeypatch.setattr(explore, "Explorer", Recorder)

    assert bs("explore", *words.split()).code == 5

    usual = {"cassettes": None, "names": ["付款", "退款"], "ends": None}
    assert {name: got.get(name) for name in (*usual, *given)} == {**usual, **given}


def test_an_exploration_that_is_stopped_tells_how_far_it_came(
    bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_self: Explorer, items: Sequence[ScenarioItem], **_options: Any) -> Iterator[Any]:
        one = items[0]
        yield Exploration(node_id=one.node_id, name=one.name, place=one.place, target="", tried=1)
        raise KeyboardInterrupt

    monkeypatch.setattr(Explorer, "explore_all", stop)

    plain, data = bs("explore"), bs("explore", "--json")

    for done in (plain, data):
        assert (done.code, done.err.splitlines()[-3:]) == (
            130, ["1 of 2 scenarios were explored", "", "stopped"]
        )  # fmt: skip
    assert (plain.out, json.loads(data.out)["exit_code"]) == ("", 130)


@pytest.mark.parametrize(
    ("words", "given"),
    [
        ("", {"workers": 1, "most": MOST, "since": "", "names": ["付款", "退款"]}),
        ("--max 7 -n 3", {"workers": 3, "most": 7}),
        ("--workers 0", {"workers": os.cpu_count()}),
        ("-k 付款", {"names": ["付款"]}),
        ("--changed v1", {"since": "v1", "names": ["付款", "退款"]}),
        ("scenarios/退款.scenario.yaml", {"names": ["退款"]}),
    ],
)
def test_a_challenge_is_what_was_asked_for(
    root: Path, bs: Command, words: str, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    got: dict[str, Any] = {}

    class Challenge:
        left_out = numbered = ()
        possible = reused = 0

        def __init__(self, items: Sequence[ScenarioItem], **options: Any) -> None:
            got.update(options, names=[item.name for item in items])

        def judge(self, workers: int) -> Iterator[Any]:
            got["workers"] = workers
            yield from ()

    def narrow(targets: Any, *, used_name: str, since: str) -> Any:
        got.update(since=since, used=used_name)
        return targets

    monkeypatch.setattr(challenge, "ScriptChallenge", Challenge)
    monkeypatch.setattr(challenge, "VerdictCache", lambda folder: folder)
    monkeypatch.setattr(challenge, "narrow_by_use_and_changes", narrow)
    monkeypatch.setattr(challenge, "summarise_verdicts", lambda *_: ChallengeResult())

    assert bs("challenge", *words.split()).code == 0

    usual = {"cache": root, "used": ""}
    assert {name: got[name] for name in (*usual, *given)} == {**usual, **given}


def test_a_challenge_of_what_nothing_changed_says_so(
    bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(challenge, "narrow_by_use_and_changes", lambda *_targets, **_names: [])

    done = bs("challenge", "--changed", "v1", "-k", "付款")

    assert (done.code, done.out) == (5, "")
    assert done.err == (
        "scenarios/: no scenario that is reached by what changed has '付款' in it\n"
    )


@pytest.mark.parametrize(
    ("words", "given"),
    [
        ("", {"allow_hosts": (), "fail_under": 0, "missing": True, "lcov": None, "report": None,
              "hit_folders": (), "json": False, "names": ["付款", "退款"]}),
        ("--fail-under 80 --no-missing --json",
         {"fail_under": 80, "missing": False, "json": True}),
        ("--lcov a.info --report a.html -k 退款",
         {"lcov": Path("a.info"), "report": Path("a.html"), "names": ["退款"]}),
        ("--allow-hosts a.test --allow-hosts b.test", {"allow_hosts": ["a.test", "b.test"]}),
        ("--hits 一 --hits 二", {"hit_folders": [Path("一"), Path("二")], "names": []}),
    ],
)  # fmt: skip
def test_coverage_of_scripts_is_what_was_asked_for(
    bs: Command, words: str, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    got: dict[str, Any] = {}

    def show(items: Sequence[ScenarioItem], options: Any) -> int:
        got.update({name: getattr(options, name) for name in options.__dataclass_fields__})
        got["names"] = [item.name for item in items]
        return 0

    monkeypatch.setattr(verify, "show_script_coverage", show)

    assert bs("coverage", "--scripts", *words.split()).code == 0
    assert {name: got[name] for name in given} == given


@pytest.mark.parametrize(
    ("words", "traces", "page", "is_json"),
    [
        ("", [".bpmax/trace"], ".bpmax/flows/采购.v2.html", False),
        ("一 二 --json", ["一", "二"], ".bpmax/flows/采购.v2.html", True),
        ("--to 图.html", [".bpmax/trace"], "图.html", False),
    ],
)
def test_a_flow_is_drawn_where_and_from_what_was_asked_for(  # noqa: PLR0913, PLR0917
    root: Path,
    bs: Command,
    words: str,
    traces: list[str],
    page: str,
    is_json: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[Any] = []

    def draw(*given: Any, json: bool) -> int:
        drawn.append((*given, json))
        return 3

    monkeypatch.setattr(report, "draw_flow", draw)

    assert bs("report", "--flow", "流程/采购.v2.yaml", *words.split()).code == 3

    ((flow, places, to, json),) = drawn
    assert (flow, json) == (Path("流程/采购.v2.yaml"), is_json)
    assert [root / place for place in places] == [root / trace for trace in traces]
    assert root / to == root / page


@pytest.mark.parametrize(
    ("words", "is_sample", "may_write"),
    [([], False, False), (["--sample"], True, False), (["--allow-writes"], False, True)],
)
def test_a_sample_is_one_of_each_api_over_all_recordings(
    root: Path,
    bs: Command,
    words: list[str],
    is_sample: bool,
    may_write: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    got: list[dict[str, Any]] = []

    class Verification:
        def __init__(self, _session: object, **options: Any) -> None:
            got.append(options)

        def verify(self, exchanges: object) -> Iterator[Any]:
            del exchanges
            yield from ()

    monkeypatch.setattr(verify, "Verification", Verification)
    for name in ("付款", "退款"):
        write(root / f"cassettes/{name}.yaml", [(name, [detail(1)])])

    assert bs("verify", "cassettes", *words).code == 0

    first, second = got
    assert first["sampled"] == second["sampled"] == (set() if is_sample else None)
    assert first["sampled"] is second["sampled"]
    assert [one["allow_writes"] for one in got] == [may_write] * 2
