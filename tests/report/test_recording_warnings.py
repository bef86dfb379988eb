"""What is said beside a verdict of its recording, and what a run does beside the verdict."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.cassette.format import dump_exchanges
from bpmax_sim.cassette.remote import RemoteStorage
from bpmax_sim.errors import ClosedNetworkError, ConfigError
from bpmax_sim.guard import NetworkGuard
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.messages import Response
from bpmax_sim.report.perform import PerformOptions, check_scripts, list_scripts, perform
from bpmax_sim.report.terminal import Verdict
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.script.hits import ScriptHits
from bpmax_sim.session.session import Session
from bpmax_sim.transport.protocol import Handler
from tests.cassette.exchanges import RULES, ZONE, detail, numbered

SCENARIO = """\
version: 1
scenario: 回填
PROXY
form: {fields: {a: 1}, scripts: {change.a: 甲.js}, libraries: [乙.js]}
steps: [{set: {a: 2}, expect: {form: {a: 2}}}]
"""
ROWS = "cases: [{id: 甲}]\n"


def load(root: Path, proxy: str = "", text: str = SCENARIO) -> ScenarioItem:
    (root / "甲.js").write_text("form.a = form.a;", "utf-8")
    (root / "乙.js").write_text("function 乙() {}", "utf-8")
    path = root / "回填.scenario.yaml"
    path.write_text(text.replace("PROXY\n", proxy and f"{proxy}\n"), "utf-8")
    return load_items(path, environ={}, root=root)[0]


def record(root: Path, name: str, count: int) -> None:
    """Write a cassette in which the scenario has *count* exchanges."""
    path = root / f"cassettes/{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    exchanges = [replace(detail(number), owner="回填") for number in range(count)]
    path.write_bytes(dump_exchanges(numbered(*exchanges), rules=RULES, zone=ZONE))


def told(verdict: Verdict) -> list[tuple[str, str]]:
    messages = [(one.kind, to_plain_english(one.message)) for one in verdict.warnings]
    return [one for one in messages if one[0] == "rule" or "were not played" in one[1]]


ABSENT = (
    "rule",
    "no call needed the recording 别的, which is not there; take cassette away, or record",
)
NAMED = "proxy: {cassette: 别的}"
WARNED: dict[str, tuple[str, str, int | None, Any, str, list[str]]] = {
    # section, more of the file, exchanges that are recorded, options, outcome, and what is said
    "no cassette": ("", "", None, {}, "passed", []),
    "one that is not there": (NAMED, "", None, {}, "passed", ["rule"]),
    "one that is empty": (NAMED, "", 0, {}, "passed", []),
    "of a row": (NAMED, ROWS, None, {}, "passed", []),
    "of a run that failed": (NAMED, "expect: {form: {a: 3}}\n", None, {}, "failed", []),
    "where simulators answer": (NAMED, "", None, {"mode": "simulate"}, "passed", []),
    "where simulators answer beside it": (NAMED, "", 1, {"mode": "simulate"}, "passed", []),
    "calls that are left": (NAMED, "", 2, {}, "failed", []),
    "calls that may be left": (
        "proxy: {cassette: 别的, unused: warn}", "", 2, {}, "passed", ["unplayed"],
    ),
    "calls that are of no interest": (
        "proxy: {cassette: 别的, unused: ignore}", "", 2, {}, "passed", [],
    ),
    "calls that are left where new ones are recorded": (
        NAMED, "", 2, {"mode": "record", "record": "new", "allow_ci": True}, "passed", ["unplayed"],
    ),
    "calls that may be left of a run that failed": (
        "proxy: {cassette: 别的, unused: warn}", "expect: {form: {a: 3}}\n", 2, {}, "failed", [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WARNED)
def test_a_recording_that_is_not_there_or_is_left_is_said(tmp_path: Path, name: str) -> None:
    proxy, more, count, options, outcome, kinds = WARNED[name]
    if count is not None:
        record(tmp_path, "别的", count)
    item = load(tmp_path, proxy, SCENARIO + more)

    verdict, events = perform(item, PerformOptions(options=options))

    assert verdict.outcome == outcome
    assert [kind for kind, _ in told(verdict)] == kinds
    assert told(verdict)[:1] == ([ABSENT] if kinds == ["rule"] else told(verdict)[:1])
    is_used = count is not None and options.get("mode") != "simulate"
    assert verdict.cassette == (str(tmp_path / "cassettes/别的.yaml") if is_used else "")
    assert type(events[-1]).__name__ == "ScenarioFinished"


def test_a_recording_that_is_not_yet_at_its_address_is_not_called_absent(tmp_path: Path) -> None:
    item = load(tmp_path, NAMED)
    remote = RemoteStorage(tmp_path.as_uri(), tmp_path / "mirror")

    verdict, _ = perform(item, PerformOptions(options={"remote": remote}))

    assert (verdict.outcome, told(verdict)) == ("passed", [])


PLATFORM = """\
platform_key: crm
base_url: https://crm.example.test
credentials: {dept: {}}
auth: {apply: [{in: header, name: X-Dept, value: "{{ dept }}"}]}
apis: {get: {path: /get}}
"""


@pytest.mark.parametrize(
    "body", [b'{"a": 1}', '{"部门": "caigou-0123"}'.encode()], ids=["without", "with"]
)
def test_a_value_that_was_hidden_though_it_may_be_no_secret_is_said(
    tmp_path: Path, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_DEPT", "caigou-0123")
    (tmp_path / "crm.yaml").write_text(PLATFORM, "utf-8")
    text = SCENARIO.replace("{a: 2}, expect", "{a: 2}}, {js: await $proxy('crm').get(), expect")
    item = load(tmp_path, "proxy: {platforms: crm.yaml}", text)
    answer = Handler(lambda _: Response(status=200, headers=(), body=body))

    options: Any = {"mode": "record", "transport": answer, "allow_ci": True}
    verdict, _ = perform(item, PerformOptions(options=options))

    said = [to_plain_english(one.message) for one in verdict.warnings if one.kind == "secret"]
    assert verdict.outcome == "passed", verdict.failures
    hidden = "crm.get: the response holds the value of 'dept' of crm.default"
    environ = "read from the environment, as no file says otherwise: CRM_DEPT"
    expected = [hidden, environ] if b"caigou" in body else [environ]
    assert [one.partition(", and is recorded")[0] for one in said] == expected


def test_a_folder_of_cassettes_may_be_another(tmp_path: Path) -> None:
    item = load(tmp_path, "proxy: {cassette: 别的}")
    record(tmp_path / "其他", "别的", 0)

    verdict, _ = perform(item, PerformOptions(cassettes=tmp_path / "其他/cassettes"))

    assert verdict.cassette == str(tmp_path / "其他/cassettes/别的.yaml")


def test_who_prepares_a_run_has_its_session_and_scripts_that_never_run_are_counted(
    tmp_path: Path,
) -> None:
    item = load(tmp_path)
    hits, sessions = ScriptHits(), list[Session]()

    perform(item, PerformOptions(options={"hits": hits}), prepare=sessions.append)
    skipped = ScriptHits()
    perform(replace(item, skip="等"), PerformOptions(options={"hits": skipped}))

    assert [one.mode for one in sessions] == ["replay"]
    names = [Path(script.name).name for script in list_scripts(item)]
    assert names == ["甲.js", "乙.js"]
    for one in (hits, skipped):
        assert sorted(Path(script.name).name for script in one.counts) == ["乙.js", "甲.js"]
    assert any(map(any, hits.counts.values()))
    assert not any(map(any, skipped.counts.values()))


def test_a_run_that_is_broken_off_closes_its_session(tmp_path: Path) -> None:
    item = load(tmp_path)
    sessions = list[Session]()

    def break_off(session: Session) -> None:
        sessions.append(session)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        perform(item, PerformOptions(trace="on"), prepare=break_off)

    assert sessions[0]._is_closed
    assert [*tmp_path.rglob("*.ndjson")] == []


@pytest.mark.parametrize(("mode", "is_kept"), [("on", True), ("on-failure", True), ("off", False)])
def test_only_a_trace_holds_the_values_of_a_failed_line(
    tmp_path: Path, mode: str, *, is_kept: bool
) -> None:
    item = load(tmp_path)
    (tmp_path / "甲.js").write_text("const 价 = 7; null.x;", "utf-8")
    [again] = load_items(item.path, environ={}, root=tmp_path)

    verdict, _ = perform(again, PerformOptions(trace=mode))

    assert verdict.outcome == "failed"
    assert (verdict.trace != "") is is_kept
    if is_kept:
        assert '"names":{"价":"7"}' in Path(verdict.trace).read_text("utf-8")


@pytest.mark.parametrize(
    ("one", "other", "places"),
    [
        ("form.a = = 1;", "function {}", [("甲.js", 1, 10), ("乙.js", 1, 10)]),
        ("= 1;", "\n= 1;", [("甲.js", 1, 1), ("乙.js", 2, 1)]),
        ("const 价 = 1;\n  form.a = = 1;", "", [("甲.js", 2, 12)]),
    ],
)
def test_each_script_that_is_wrong_is_told_once_before_anything_runs(
    tmp_path: Path, one: str, other: str, places: list[tuple[str, int, int]]
) -> None:
    text = SCENARIO.replace("[乙.js]", "[乙.js, 甲.js]")  # one of an event, too
    item = load(tmp_path, text=text)
    check_scripts(item)
    (tmp_path / "甲.js").write_text(one, "utf-8")
    (tmp_path / "乙.js").write_text(other, "utf-8")
    [broken] = load_items(item.path, environ={}, root=tmp_path)

    with pytest.raises(ConfigError) as caught:
        check_scripts(broken)

    told = [problem.place for problem in caught.value.problems if problem.place]
    assert [(Path(place.file).name, place.line, place.column) for place in told] == places
    verdict, _ = perform(broken, PerformOptions())
    assert (verdict.outcome, verdict.digest, len(verdict.problems)) == ("failed", "", len(places))


def test_the_network_is_closed_while_it_replays_and_open_again_afterwards(tmp_path: Path) -> None:
    item, guard = load(tmp_path), NetworkGuard("回填")

    def connect(_session: Session | None = None) -> None:
        socket.create_connection(("127.0.0.1", 9), timeout=1)

    with pytest.raises(ClosedNetworkError):
        perform(item, PerformOptions(), guard=guard, prepare=connect)
    assert len(guard.attempts) == 1

    with pytest.raises(ConnectionRefusedError):
        connect()
    assert len(guard.attempts) == 1
