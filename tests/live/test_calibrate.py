"""A script asks a BPMAX what it does, and each difference from our reading is found."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from bpmax_sim.cli.app import run_command_line
from bpmax_sim.errors import ConfigError, TransportError
from bpmax_sim.live.calibrate import ask_our_engine, render_calibration_script
from bpmax_sim.live.calibration_file import MARKS, read_rule_marks, render_rule_marks
from bpmax_sim.live.capture import render_capture_lines
from bpmax_sim.live.console import CapturedRun, read_console
from bpmax_sim.live.echo import ECHO_PLATFORM, make_echo_response
from bpmax_sim.live.judge import (
    CalibrationResult,
    RuleMark,
    find_echo,
    judge_run,
    list_refuted_rules,
)
from bpmax_sim.live.rules import Mark
from bpmax_sim.messages import Request
from bpmax_sim.project import with_setting_in_defaults
from bpmax_sim.starter.traffic_sources import read_sources
from bpmax_sim.yamlfile import read_yaml
from tests.live import test_capture
from tests.script.bench import Bench, texts

FAKE = Path(__file__).with_name("fake_proxy.js").read_text("utf-8")


def console_of(*quirks: str, may_write: bool | None = True, before: str = "") -> str:
    proxy = f"{FAKE}{before}\nconst $proxy = make(...{json.dumps(quirks)});\n"
    outcome = Bench().run(
        proxy + render_calibration_script(may_write=may_write), form={"amount": 1}
    )
    assert outcome.error is None
    return "\n".join(texts(outcome))


def ask(*quirks: str, may_write: bool | None = True, before: str = "") -> CalibrationResult:
    (run,) = read_console(console_of(*quirks, may_write=may_write, before=before))
    return judge_run(run)


def refuted(calibration: CalibrationResult) -> set[str]:
    return {key for key, _ in list_refuted_rules(calibration)}


@pytest.mark.parametrize(
    ("milliseconds", "seconds", "mark"),
    [
        (400, 0.4, "refuted"),
        (999, 0.999, "refuted"),
        (1000, 1, "refuted"),
        (1400, 1, "refuted"),
        (28_499, 28, "refuted"),
        (28_501, 29, "confirmed"),
        (31_400, 31, "confirmed"),
        (31_501, 32, "refuted"),
    ],
)
def test_a_time_out_is_measured_in_whole_seconds_from_one_on(
    milliseconds: int, seconds: float, mark: str
) -> None:
    run = ask_fake()
    timed = [
        {**one, "ms": milliseconds} if one.get("name") == "timeout" else one for one in run.records
    ]
    calibration = judge_run(structs.replace(run, records=tuple(timed)))

    assert calibration.timeout == seconds
    assert calibration.rules["timeout"].mark == mark
    assert calibration.keys["timeout"] == f"{seconds:g}s"


UNSEEN = {"auth_last", "business", "redirects", "one_login"}


def ask_fake() -> CapturedRun:
    (run,) = read_console(console_of())
    return run


@pytest.mark.parametrize("ask_somebody", [ask_our_engine, ask_fake])
def test_who_differs_in_nothing_is_refuted_nowhere(ask_somebody: Callable[[], CapturedRun]) -> None:
    calibration = judge_run(ask_somebody())
    marks = {key: mark.mark for key, mark in calibration.rules.items()}
    assert {key for key, mark in marks.items() if mark != "confirmed"} - {"overlap"} == UNSEEN
    assert (calibration.result, calibration.timeout, calibration.zone) == (
        "body",
        30,
        "Asia/Shanghai",
    )
    assert calibration.keys == {"result": "body", "timeout": "30s"}


QUIRKS = {
    "commas": {"query_array"},
    "brackets": {"query_array"},
    "object text": {"query_object"},
    "plus": {"query_encoding"},
    "null text": {"null_default"},
    "undefined text": {"undefined_value"},
    "query replaces": {"merge_named", "precedence"},
    "body replaces": {"merge_body", "argument_order"},
    "deep": {"merge_body"},
    "mutable": {"chain_value"},
    "keeps references": {"chain_value"},
    "exact names": {"name_twin"},
    "unknown resolves": {"unknown_name"},
    "bag": {"argument_object"},
    "strict arguments": {"argument_extra"},
    "quotes": {"body_text"},
    "ascii": {"body_json"},
    "get without body": {"body_get"},
    "templates": {"no_template"},
    "caller": {"caller"},
    "axios": {"result"},
    "envelope": set(),
    "empty text": {"empty_result"},
    "status resolves": {"status"},
    "plain errors": {"error_members"},
    "in turn": {"overlap"},
    "short": {"timeout"},
    "loose path": {
        "null_path", "path_segment", "path_dots", "path_names", "argument_missing",
        "argument_object",
    },
}  # fmt: skip


@pytest.mark.parametrize("quirk", QUIRKS)
def test_what_differs_is_found_and_nothing_else(quirk: str) -> None:
    calibration = ask(quirk)
    assert refuted(calibration) == QUIRKS[quirk]
    assert calibration.result == {"envelope": "envelope", "axios": "data"}.get(quirk, "body")
    assert calibration.timeout == (10 if quirk == "short" else 30)


def test_ten_ways_at_once_are_all_found() -> None:
    quirks = (
        "commas", "plus", "null text", "deep", "mutable", "exact names", "envelope", "plain errors",
        "in turn", "short",
    )  # fmt: skip
    calibration = ask(*quirks)
    assert refuted(calibration) == set().union(*(QUIRKS[quirk] for quirk in quirks))
    assert calibration.result == "envelope"


def test_each_write_is_asked_for_and_without_an_answer_nothing_is_written() -> None:
    asked = "const said = []; const confirm = text => { said.push(text); return false; };"
    calibration = ask(may_write=None, before=asked)
    unknown = {key for key, mark in calibration.rules.items() if mark.mark == "unknown"}
    assert unknown == UNSEEN | {"merge_body", "null_body", "body_json", "body_text"}
    assert calibration.rules["null_body"].why == "a write was not agreed to"


def test_after_a_first_call_that_fails_nothing_more_is_sent() -> None:
    broken = (
        "let calls = 0; const refuse = async () => { calls++; throw new Error('login refused'); };"
    )
    proxy = "({$api: () => ({$path: () => ({$call: refuse})})})"
    script = f"{broken}const $proxy = () => {proxy};\n{render_calibration_script()}\nreturn calls;"
    outcome = Bench().run(script)
    assert outcome.value == 1
    (run,) = read_console("\n".join(texts(outcome)))
    assert judge_run(run).failure == "the first call failed: login refused"


def test_an_echo_says_what_it_got_and_does_as_its_path_says() -> None:
    request = Request(
        method="POST", url="http://a.test/x/status/418?a=1&a=2", headers=(("X-A", "b"),), body=b"{}"
    )
    response = make_echo_response(request)
    assert response.status == 418
    assert json.loads(response.body) == {
        "method": "POST",
        "url": "/x/status/418?a=1&a=2",
        "headers": {"x-a": "b"},
        "body": "{}",
    }


PLATFORM = """\
# 客户系统
platform_key: crm   # the key
base_url: https://crm.example.test

apis:
  get: {method: GET, path: /x}  # one
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "scenarios/platforms").mkdir(parents=True)
    (tmp_path / "scenarios/platforms/crm.yaml").write_text(PLATFORM, "utf-8")
    (tmp_path / "pyproject.toml").write_text("[tool.bpmax_sim]\n# ours\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_was_told_is_kept_and_keys_are_set_in_their_layout(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    console = console_of("envelope", "short", "commas")
    lines = [
        f"VM7:{at} {line[:90]}\n   {line[90:]}" for at, line in enumerate(console.splitlines())
    ]
    (project / "console.txt").write_text("\n[Vue warn]: x\n".join(lines), "utf-8")
    assert run_command_line(["calibrate", "console.txt"]) == 0
    text = (project / "scenarios/platforms/crm.yaml").read_text("utf-8")
    assert text == f'{PLATFORM}result: envelope\ntimeout: "10s"\n'
    assert read_rule_marks(project)["query_array"].seen["query_array"].there == "/7?a=1%2C2"
    assert read_rule_marks(project)["query_object"].mark == "confirmed"
    capsys.readouterr()
    assert run_command_line(["calibrate", "console.txt"]) == 0
    told = capsys.readouterr()
    assert "result: envelope" not in told.err
    assert "refuted: arrays repeat a query key" in told.out
    assert "ids.join(',')" in told.out


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_keys_are_written_with_the_line_ends_that_a_file_has(project: Path, end: str) -> None:
    path = project / "scenarios/platforms/crm.yaml"
    path.write_bytes(PLATFORM.replace("\n", end).encode())
    (project / "console.txt").write_text(console_of("envelope", "short"), "utf-8")
    assert run_command_line(["calibrate", "console.txt", "--dry-run"]) == 0
    assert path.read_bytes() == PLATFORM.replace("\n", end).encode()
    assert not (project / MARKS).exists()

    assert run_command_line(["calibrate", "console.txt"]) == 0

    after = f'{PLATFORM}result: envelope\ntimeout: "10s"\n'
    assert path.read_bytes() == after.replace("\n", end).encode()
    assert b"\r" not in (project / MARKS).read_bytes()


def test_another_time_zone_becomes_the_clock_of_the_project(project: Path) -> None:
    console = console_of(before="; Date.prototype.getTimezoneOffset = () => 180;")
    (project / "console.txt").write_text(console, "utf-8")
    assert run_command_line(["calibrate", "console.txt", "--dry-run"]) == 0
    before = (project / "pyproject.toml").read_text("utf-8")
    assert "clock" not in before
    assert not (project / MARKS).exists()
    assert run_command_line(["calibrate", "console.txt"]) == 0
    after = (project / "pyproject.toml").read_text("utf-8")
    assert after.startswith(before)
    assert tomllib.loads(after)["tool"]["bpmax_sim"]["defaults"] == {
        "clock": "2026-01-05T09:00:00-03:00"
    }


@pytest.mark.parametrize("value", ["上海", "😀", r"C:\1\u", 'a"b', r"\g<0>"])
@pytest.mark.parametrize("before", ["", "[tool.bpmax_sim.defaults]\nclock = '9'\nseed = 1\n"])
def test_a_setting_is_written_as_it_is_whatever_signs_it_has(before: str, value: str) -> None:
    after = with_setting_in_defaults(before, "clock", value)

    assert after is not None
    defaults = tomllib.loads(after)["tool"]["bpmax_sim"]["defaults"]
    assert defaults == {"clock": value, **({"seed": 1} if before else {})}


def test_what_is_unknown_now_keeps_its_earlier_mark(project: Path) -> None:
    for name, may_write in (("all.txt", True), ("reads.txt", False)):
        (project / name).write_text(console_of("deep", may_write=may_write), "utf-8")
        assert run_command_line(["calibrate", name]) == 0
        assert read_rule_marks(project)["merge_body"].mark == "refuted"


@pytest.mark.parametrize(
    ("before", "now", "kept"),
    [
        ("refuted", "confirmed", "confirmed"),
        ("confirmed", "refuted", "refuted"),
        ("unknown", "confirmed", "confirmed"),
        ("refuted", "unknown", "refuted"),
        ("confirmed", "unknown", "confirmed"),
        (None, "unknown", "unknown"),
        (None, "refuted", "refuted"),
    ],
)
def test_what_is_known_now_replaces_an_earlier_mark(
    before: Mark | None, now: Mark, kept: Mark, tmp_path: Path
) -> None:
    known = {} if before is None else {"timeout": RuleMark(mark=before, why="上次")}
    found = judge_run(ask_fake())
    found = structs.replace(found, rules={"timeout": RuleMark(mark=now, why="这次")})
    (tmp_path / MARKS).parent.mkdir()
    (tmp_path / MARKS).write_text(render_rule_marks(found, known), "utf-8")

    mark = read_rule_marks(tmp_path)["timeout"]

    assert mark == RuleMark(mark=kept, why="上次" if now == "unknown" and before else "这次")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nothing", "none is whole"),
        ("~bpmax:x-1.1.1.1.0:{}~", "none is whole"),
    ],
)
def test_another_console_is_refused_by_name(
    project: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    (project / "console.txt").write_text(text, "utf-8")
    assert run_command_line(["calibrate", "console.txt"]) == 2
    assert told in capsys.readouterr().err
    assert not (project / MARKS).exists()


def test_consoles_of_capture_and_of_calibrate_are_told_apart(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "console.txt").write_text(console_of(), "utf-8")
    assert run_command_line(["init", "--from", "console.txt"]) == 2
    assert "bpmax-sim calibrate" in capsys.readouterr().err
    outcome = Bench().run(render_capture_lines() + "form.a = 1;", form={})
    (project / "captured.txt").write_text("\n".join(texts(outcome)), "utf-8")
    assert run_command_line(["calibrate", "captured.txt"]) == 2
    assert "init --from" in capsys.readouterr().err


FOREIGN = Path(__file__).with_name("foreign_proxy.js").read_text("utf-8")
"""Of somebody who has not seen the script: its differences, and an echo in the form of httpbin."""

DIFFERENCES = {
    "query-replaces": ("merge_named", "merge_query"),
    "body-replaces": ("merge_body", "merge_body"),
    "setters-mutate": ("chain_value", "chain_value"),
    "undefined-as-text": ("undefined_value", "undefined_query"),
    "null-as-empty": ("null_default", "null_query"),
    "arrays-join": ("query_array", "query_array"),
    "plus-for-space": ("query_encoding", "query_encoding"),
    "envelope": ("result", ""),
    "status-resolves": ("status", "status"),
    "then-calls": ("awaited_chain", "awaited_chain"),
    "slash-stays": ("path_segment", "path_segment"),
    "headers-by-case": ("merge_named", "merge_header"),
    "object-is-names": ("argument_object", "argument_object"),
    "no-twins": ("name_twin", "name_twin"),
    "errors-are-plain": ("error_members", "status"),
}
"""Difference -> the rule that it refutes, and the question that tells."""
TEN = tuple(DIFFERENCES)[:10]


def foreign_setup(*differences: str) -> str:
    """Return the declaration of the foreign ``$proxy`` with *differences*."""
    declared: Any = read_yaml(ECHO_PLATFORM).to_plain()
    apis = {
        name: {
            "method": api["method"],
            "path": api["path"],
            "parameters": api.get("parameters", []),
        }
        for name, api in declared["apis"].items()
    }
    options = json.dumps({"apis": apis})
    chosen = json.dumps(differences)
    return (
        f"const $proxy = (() => {{ const module = undefined; {FOREIGN}\n"
        f"return makeForeignProxy({chosen}, {options}); }})();\n"
    )


def judge_foreign(*differences: str) -> CalibrationResult:
    script = foreign_setup(*differences) + render_calibration_script(may_write=True)
    outcome = Bench().run(script, form={"amount": 1})
    assert outcome.error is None
    (run,) = read_console("\n".join(texts(outcome)))
    return judge_run(run)


def find_differences(before: CalibrationResult, after: CalibrationResult) -> set[str]:
    """Return the differences that *after* tells and *before*, without them, does not."""
    found = set()
    for difference, (rule, question) in DIFFERENCES.items():
        seen = [one.rules[rule].seen.get(question) for one in (before, after)]
        is_told = after.result != before.result if not question else seen[0] != seen[1]
        if is_told:
            found.add(difference)
    return found


def test_all_that_somebody_else_changed_is_found_ten_at_once() -> None:
    base = judge_foreign()
    assert base.failure == ""
    assert find_differences(base, judge_foreign(*TEN)) >= {*TEN}


@pytest.mark.parametrize("difference", [*DIFFERENCES][10:])
def test_what_else_somebody_changed_is_found_alone(difference: str) -> None:
    assert difference in find_differences(judge_foreign(), judge_foreign(difference))


def test_what_a_failed_question_was_given_makes_no_difference() -> None:
    run = ask_fake()
    records = [
        {**one, "value": one["name"]} if one.get("end") in {"thrown", "rejected"} else one
        for one in run.records
    ]
    assert records != [*run.records]

    assert judge_run(structs.replace(run, records=tuple(records))) == judge_run(run)


@pytest.mark.parametrize(
    ("path", "status", "is_empty", "seconds"),
    [
        ("/status/199", 200, False, 0), ("/status/200", 200, False, 0),
        ("/status/204", 204, True, 0), ("/status/205", 205, True, 0),
        ("/status/304", 304, True, 0), ("/status/404/", 404, False, 0),
        ("/status/599", 599, False, 0), ("/delay/0", 200, False, 0),
        ("/delay/1.5", 200, False, 1.5), ("/x/delay/30", 200, False, 30),
        ("/delay/x", 200, False, 0), ("/anything/delay", 200, False, 0),
        ("/delay/30.5", 504, False, 30),
    ],
)  # fmt: skip
def test_an_echo_has_the_status_and_the_delay_that_its_path_asks_for(
    path: str, status: int, is_empty: bool, seconds: float
) -> None:
    if status == 504:  # longer than the caller waits
        with pytest.raises(TransportError) as caught:
            make_echo_response(Request(method="GET", url=f"https://e.test{path}"))
        assert caught.value.elapsed == seconds
        return
    found = make_echo_response(Request(method="GET", url=f"https://e.test{path}?a=1"))

    assert (found.status, found.elapsed) == (status, seconds)
    assert (found.body == b"", found.headers == ()) == (is_empty, is_empty)
    assert is_empty or json.loads(found.body)["url"] == f"{path}?a=1"


ECHO: dict[str, Any] = {"url": "https://e.test/", "headers": {}}


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (ECHO, ()),
        ({"data": ECHO}, ("data",)),
        ({"a": {"b": ECHO}, "c": ECHO}, ("c",)),
        ({"a": ECHO, "b": ECHO}, ("a",)),
        ({"a": {"b": {"c": ECHO}}}, ("a", "b", "c")),
        ({"url": 1, "headers": {}, "x": ECHO}, ("x",)),
        ({"url": "", "headers": [], "x": ECHO}, ("x",)),
        ([ECHO], None),
        ({}, None),
        (None, None),
    ],
)
def test_an_echo_is_found_at_the_outermost_place(value: Any, place: tuple[str, ...] | None) -> None:
    found = find_echo(value)

    assert (found and found[0]) == place
    assert found is None or found[1] == ECHO


@pytest.mark.parametrize("order", ["m", "cm", "mc", "cmc"])
def test_no_project_is_made_of_what_calibrate_wrote(order: str, tmp_path: Path) -> None:
    captured = test_capture.console_of("form.a = 8;")
    (run,) = read_console(captured)
    consoles = [
        console_of() if one == "m" else captured.replace(run.name, f"{number}{run.name[1:]}")
        for number, one in enumerate(order)
    ]
    path = tmp_path / "console.txt"
    path.write_text("\n".join(consoles), "utf-8")

    assert len(read_console(path.read_text("utf-8"))) == len(order)
    with pytest.raises(ConfigError, match="read it with: bpmax-sim calibrate FILE"):
        read_sources([path])
