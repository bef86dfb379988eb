"""Attempts, faults, errors, expectations, forms and recordings: what a viewer is made from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.report.trace_files import read_traces, store_trace
from bpmax_sim.scenario.events import ConsoleWritten, ScenarioFinished, StepFinished
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import open_session, run_item
from tests.scenario.project import Project, third_party
from tests.scenario.test_scripts_of_a_step import HEAD

GALLERY = Path(__file__).parents[2] / "scenarios"
Told = dict[str, Any]


def told_of(path: Path, tmp_path: Path) -> list[Told]:
    """Run the first item of *path* in replay and return its trace as a reader has it."""
    item = load_items(path)[0]
    session = open_session(item)
    events = list(run_item(item, session))
    copy = tmp_path / "轨迹.ndjson"
    written = store_trace(item, events, "on", failed=True, redact=session.redact)
    copy.write_bytes(Path(written).read_bytes())
    Path(written).unlink()
    return [json.loads(line) for line in copy.read_text("utf-8").splitlines()]


def of(told: list[Told], kind: str) -> list[Told]:
    return [event for event in told if event["event"] == kind]


@pytest.fixture(scope="module", name="renewed")
def renewed_of(tmp_path_factory: pytest.TempPathFactory) -> list[Told]:
    return told_of(GALLERY / "oauth/令牌续期.scenario.yaml", tmp_path_factory.mktemp("续期"))


def test_a_refused_sending_is_told_with_what_struck_it_and_what_followed(
    renewed: list[Told],
) -> None:
    struck, attempt = of(renewed, "FaultStruck")[0], of(renewed, "CallAttempted")[0]
    answer = next(e for e in of(renewed, "CallAnswered") if e["number"] == attempt["number"])
    kinds = [e["event"] for e in renewed[renewed.index(struck) : renewed.index(answer) + 1]]

    assert struck["rule"]["text"] == "external_system.some_api call 1"
    assert struck["action"]["text"] == "token expired"
    assert struck["action"]["template"] == "token {state}"
    assert struck["action"]["values"] == {"state": "expired"}
    assert (struck["number"], struck["attempt"]) == (attempt["number"], 1)
    assert struck["place"].startswith("令牌续期.scenario.yaml:")
    assert (attempt["attempt"], attempt["source"], attempt["status"]) == (1, "fault", 401)
    assert attempt["follows"] == "renewed"
    assert attempt["why"]["text"] == "token refused; logged in anew"
    assert attempt["header"]["authorization"].startswith("Bearer redacted.")
    assert attempt["response_header"]["content-type"].startswith("application/json")
    assert (answer["attempts"], answer["status"]) == (2, 200)
    assert answer["sent_at"] >= attempt["at"] + attempt["duration"]
    assert answer["response_header"]
    # the login lies between both sendings
    assert kinds == ["FaultStruck", "CallAttempted", "CallMade", "CallAnswered", "CallAnswered"]


def test_what_was_never_answered_ends_with_its_last_refusal(renewed: list[Told]) -> None:
    last = of(renewed, "CallAnswered")[-1]

    assert (last["error"], last["attempts"], last["source"]) == ("AUTH_FAILED", 2, "fault")
    assert [e["attempt"] for e in of(renewed, "FaultStruck")[-2:]] == [1, 2]


def test_errors_have_their_stack_expected_or_not(renewed: list[Told]) -> None:
    (thrown,) = of(renewed, "ErrorThrown")

    assert (thrown["code"], thrown["source"]) == ("AUTH_FAILED", "external_system.some_api")
    assert thrown["stack"][0].startswith("../scripts/external_sync.js:")
    assert thrown["place"] == thrown["stack"][0]
    assert not thrown["unhandled"]


def test_a_step_tells_the_form_around_it_and_every_comparison(renewed: list[Told]) -> None:
    started, finished = of(renewed, "StepStarted")[0], of(renewed, "StepFinished")[0]

    assert (started["form"], finished["form"]) == ({"version": ""}, {"version": "2.0.0"})
    assert next(check["path"] for check in finished["checks"]) == ["form", "version"]
    assert all(check["ok"] for check in finished["checks"])
    assert {check["path"][0] for check in of(renewed, "StepFinished")[-1]["checks"]} == {
        "expect_error",
        "form",
    }


def test_the_recording_behind_an_answer_is_named_as_every_machine_has_it(
    renewed: list[Told],
) -> None:
    answer = next(e for e in of(renewed, "CallAnswered") if e["recording"])
    file, line = answer["recording"]["file"], answer["recording"]["line"]

    text = (GALLERY / "oauth" / file).read_text("utf-8").splitlines()
    assert file.startswith("../../cassettes/")
    assert text[line - 1].startswith('- bpmax: {"key":')


def test_files_are_attached_and_are_no_part_of_the_digest(
    renewed: list[Told], tmp_path: Path
) -> None:
    path = tmp_path / "同.ndjson"
    path.write_text("".join(json.dumps(e, ensure_ascii=False) + "\n" for e in renewed), "utf-8")
    (trace,) = read_traces([path])

    files = {"令牌续期.scenario.yaml", "../defaults.yaml", "../scripts/external_sync.js"}
    assert set(trace.sources) == files
    assert trace.events[-1]["event"] == "ScenarioFinished"
    assert trace.events[0]["version"] == 4


def test_a_console_line_names_its_place_and_steps_that_do_not_run_say_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    script = """\
console.log('一');
  setTimeout(() => console.warn('二'), 0);
await new Promise(r => setTimeout(r, 5));
"""
    steps = """\
  - {open: {}}
  - {if: '${vars.跳过} == 否', open: {}}
  - {open: {}, expect: {console: [三]}}
  - {open: {}}
vars: {跳过: 是}
"""
    project = Project(tmp_path)
    events = project.events(project.write(HEAD % "" + steps, {"form.js": script}))
    console = [e for e in events if isinstance(e, ConsoleWritten)]
    ends = [e for e in events if isinstance(e, StepFinished)]

    assert [str(line.place) for line in console[:2]] == ["form.js:1:9", "form.js:2:28"]
    assert [(e.outcome, e.reason) for e in ends] == [
        ("passed", ""),
        ("skipped", "if: ${vars.跳过} == 否 does not hold"),
        ("failed", ""),
        ("skipped", "step 3 failed"),
    ]
    assert {check.ok for check in ends[2].checks} == {False}


def test_a_miss_tells_the_nearest_recording_and_a_match_what_it_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    project = Project(tmp_path, handle=third_party)
    script = "await $proxy('crm_system').$api('create_order').$body({id: %d, 批次: '%s'}).$call();"
    head = HEAD % ", ignore: [body.批次]"
    found = []
    for number, batch, mode in ((1, "甲", "record"), (1, "乙", "replay"), (2, "乙", "replay")):
        path = project.write(head + "  - {open: {}}\n", {"form.js": script % (number, batch)})
        found.append(_recording(project.events(path, mode=mode)))
    _, hit, missed = found

    assert (hit.played, hit.exchange, hit.ignore) == (True, 1, ("body.批次",))
    assert hit.ignored == ({"path": "body.批次", "recorded": "甲", "sent": "乙"},)
    assert hit.request["body"] == {"id": 1, "批次": "甲"}
    assert (missed.played, missed.status) == (False, 200)
    assert missed.differs == ({"path": "body.id", "recorded": 1, "sent": 2},)
    assert missed.response == {"code": 200, "data": {"name": "张三"}}
    assert not Path(missed.file).is_absolute()


@pytest.mark.parametrize(
    ("recorded", "sent", "warned"),
    [
        ("甲", "乙", True),
        ("13800000000", "13900000000", True),
        ("2026-03-02T09:00:00Z", "2026-03-02 09:00:01", False),
        ("1772413200123", "1772413209456", False),
        ("0f8fad5b-d9cb-469f-a165-70867728950e", "7c9e6679-7425-40de-944b-e07fc1f90ae7", False),
    ],
)
def test_a_response_of_another_value_of_an_ignored_place_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recorded: str, sent: str, warned: bool
) -> None:
    """But for values that every run makes anew."""
    monkeypatch.chdir(tmp_path)
    project = Project(tmp_path, handle=third_party)
    script = "await $proxy('crm_system').$api('create_order').$body({id: 1, 批次: '%s'}).$call();"
    for value, mode in ((recorded, "record"), (sent, "replay")):
        steps = HEAD % ", ignore: [body.批次]" + "  - {open: {}}\n"
        path = project.write(steps, {"form.js": script % value})
        *_, last = project.events(path, mode=mode, allow_ci=True)
    assert isinstance(last, ScenarioFinished)

    expected = f'recorded for body.批次 "{recorded}", not "{sent}"'
    assert [one.kind for one in last.warnings] == ["ignore"] * warned
    assert all(expected in one.message for one in last.warnings)


def _recording(events: list[Any]) -> Any:
    return next(e for e in events if type(e).__name__ == "CallAnswered").recording
