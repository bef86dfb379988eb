# ruff: noqa: E501 - a fact, one a line
"""Lines of a run and its XML, each by inputs where only one condition holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from bpmax_sim.errors import CassetteError, ConfigError, Place, Problem
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.report.console import ConsoleOutput
from bpmax_sim.report.document import build_run_document
from bpmax_sim.report.exit_codes import FIRST, ExitCode, choose_exit_code
from bpmax_sim.report.junit import create_junit_folder, list_properties, write_junit
from bpmax_sim.report.terminal import (
    Verdict,
    format_call_line,
    format_counts,
    format_failed_items,
    format_failure_texts,
    format_rerun_command,
    format_summary_line,
    format_timeline,
    format_verdict_line,
    format_workflow_annotation,
    judge_events,
    make_error_verdict,
    make_skip_verdict,
    relative_to_checkout,
)
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import (
    ConsoleWritten,
    Outcome,
    ScenarioFinished,
    ScenarioStarted,
    StepStarted,
)
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.scenario.source import Failure, RunWarning
from tests.files import write_files

SCENARIO = """\
version: 1
scenario: "回填\\n二"
cases: [{id: 甲}, {id: 乙, skip: 停用}, {id: 丙}]
form: {fields: {a: 1}}
steps: [{set: {a: "${case.id}"}}]
"""


@pytest.fixture(name="items", scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[ScenarioItem, ...]:
    root = tmp_path_factory.mktemp("项目").resolve()
    write_files(root, {"s/回填.scenario.yaml": SCENARIO})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        return tuple(load_items(Path("s/回填.scenario.yaml"), environ={}, root=root))


def call(number: int = 1, **fields: Any) -> CallMade:
    usual = {
        "number": number, "call": "crm.get", "at": 0.0, "method": "GET",
        "url": "https://crm.example.test/c", "status": 200, "source": "recorded", "duration": 0.02,
    }  # fmt: skip
    return CallMade(**{**usual, **fields})


def fail(essence: str = "不等", **fields: Any) -> Failure:
    return Failure(kind=fields.pop("kind", "expect"), essence=essence, scenario="回填", **fields)


def lines_of(verdict: Verdict, **options: Any) -> list[str]:
    return [to_plain_english(text) for text in format_failure_texts(verdict, **options)]


def test_a_verdict_is_one_line(items: tuple[ScenarioItem, ...]) -> None:
    item = items[0]
    name = item.name
    usual: dict[str, Any] = {"item": item, "outcome": "passed", "digest": "d"}
    verdicts = {
        "passed": Verdict(**usual, calls=(call(),), duration=0.0314),
        "reason of a pass": Verdict(**usual, reason="r", calls=(call(), call(2))),
        "failed": Verdict(**{**usual, "outcome": "failed"}, duration=2.5, reason="r"),
        "not run": Verdict(**{**usual, "outcome": "failed", "digest": ""}, reason="r"),
        "xfailed": Verdict(**{**usual, "outcome": "xfailed"}, reason="还没修"),
        "xfailed without a reason": Verdict(**{**usual, "outcome": "xfailed"}),
        "skipped": Verdict(**{**usual, "outcome": "skipped"}, reason="停用"),
        "skipped without a reason": Verdict(item=item, outcome="skipped"),
        "of a file": Verdict(**{**usual, "outcome": "failed"}, is_of_file=True, calls=(call(),)),
    }

    assert {key: to_plain_english(format_verdict_line(one)) for key, one in verdicts.items()} == {
        "passed": f"√ {name}   1 call   31 ms virtual",
        "reason of a pass": f"√ {name}   2 calls   0 ms virtual",
        "failed": f"× {name}   0 calls   2.5 s virtual",
        "not run": f"× {name}   did not run",
        "xfailed": f"- {name}   0 calls   0 ms virtual   failed as expected: 还没修",
        "xfailed without a reason": f"- {name}   0 calls   0 ms virtual   failed as expected",
        "skipped": f"- {name}   skipped: 停用",
        "skipped without a reason": f"- {name}   skipped",
        "of a file": "× s/回填.scenario.yaml   what no row used",
    }


def test_the_last_line_counts_verdicts_warnings_files_and_calls(
    items: tuple[ScenarioItem, ...],
) -> None:
    twice, once = RunWarning("rule", "甲"), RunWarning("rule", "乙")
    sources = ("unanswered", "stub", "simulated", "recorded", "live", "fault")
    calls = [call(source="" if one == "unanswered" else one) for one in (*sources, "recorded")]
    one: dict[str, Any] = {"item": items[0], "digest": "d"}
    verdicts = [
        Verdict(**one, outcome="skipped"),
        Verdict(**one, outcome="xfailed", warnings=(twice, once)),
        Verdict(**one, outcome="failed", calls=tuple(calls[:3]), warnings=(twice,)),
        Verdict(**one, outcome="passed", calls=tuple(calls[3:])),
        Verdict(**one, outcome="passed"),
    ]

    assert [
        to_plain_english(format_summary_line(found, 0.3149, unread))
        for found, unread in ((verdicts, 2), (verdicts[-1:], 0), ([], 1), ([], 0))
    ] == [
        "2 passed, 1 failed, 1 xfailed, 1 skipped, 2 not read, 2 warnings   7 calls: 1 fault, 1 live, 2 recorded, 1 simulated, 1 stub, 1 unanswered   0.31 s",
        "1 passed   0 calls   0.31 s",
        "1 not read   0 calls   0.31 s",
        "nothing ran   0 calls   0.31 s",
    ]
    assert format_counts({"b": 2, "a": 0, "c": 1, "x": 9}, {"c": "{number} c", "a": "a", "b": "b"}) == (
        "1 c, b"
    )  # fmt: skip


def test_failed_items_are_grouped_by_cause_and_keep_their_order(
    items: tuple[ScenarioItem, ...],
) -> None:
    first, _, third = items

    def failed(item: ScenarioItem, *failures: Failure, **fields: Any) -> Verdict:
        return Verdict(item=item, outcome="failed", failures=failures, **fields)

    script = {"kind": "script", "script": Place("s/查.js", 4, 2)}
    verdicts = [
        failed(first, problems=("没有文件",)),
        failed(first, fail("甲"), fail("乙")),
        failed(first, fail("错", **script)),
        Verdict(item=first, outcome="xfailed", failures=(fail("甲"),)),
        failed(third, fail("错", **{**script, "script": Place("s/查.js", 4, 9)})),
        failed(third, fail("甲", kind="config"), problems=("没配",)),
    ]
    one, three = first.node_id, third.node_id

    assert [to_plain_english(line) for line in format_failed_items(verdicts)] == [
        f"× {one} - 回填: 甲",
        "2 scenarios failed for one cause: s/查.js:4: 错",
        f"× {one} - 回填: 错",
        f"× {three} - 回填: 错",
        f"× {three} - is not set up, see above",
        f"× {one} - is not set up, see above",
    ]


def test_texts_of_a_failure_end_with_the_console_of_its_step(
    items: tuple[ScenarioItem, ...],
) -> None:
    console = tuple(ConsoleOutput(text=f"{number:02}", level="log") for number in range(1, 12))
    wide = ConsoleOutput(text="宽" * 200, level="warn")
    usual: dict[str, Any] = {
        "item": items[0],
        "outcome": "failed",
        "step_console": (*console, wide),
    }
    verdict = Verdict(**usual, failures=(fail("甲"), fail("乙")))
    first, second = lines_of(verdict, with_console=True)
    cut = second.splitlines()[-1]

    assert (first, second.splitlines()[:4]) == (
        "回填: 甲",
        ["回填: 乙", "", "console of this step:", "  log: 03"],
    )
    assert second.splitlines()[4:-1] == [f"  log: {number:02}" for number in range(4, 12)]
    assert cut.startswith("  warn: 宽宽")
    assert (cut[-1], len(cut)) == ("…", 160)
    assert lines_of(verdict, with_console=False) == ["回填: 甲", "回填: 乙"]
    assert lines_of(replace(verdict, step_console=()), with_console=True) == [
        "回填: 甲",
        "回填: 乙",
    ]
    assert lines_of(replace(verdict, problems=("没配",)), with_console=True) == []
    assert lines_of(replace(verdict, outcome="xfailed"), with_console=True) == []
    assert lines_of(replace(verdict, failures=()), with_console=True) == []


def test_calls_and_console_are_lines_in_order(items: tuple[ScenarioItem, ...]) -> None:
    out = ConsoleOutput(text="甲\n乙", level="log", file="查.js", line=3)
    timeline = (call(7, error="TIMEOUT", status=None, source=""), out, call(8, error="HTTP_STATUS", status=503, source="fault"))  # fmt: skip
    verdict = Verdict(item=items[0], outcome="passed", timeline=timeline)

    assert [to_plain_english(line) for line in format_timeline(verdict)] == [
        "#7 crm.get  GET https://crm.example.test/c  TIMEOUT  20 ms virtual",
        "查.js:3  log: 甲",
        "    乙",
        "#8 crm.get  GET https://crm.example.test/c  HTTP_STATUS fault 20 ms virtual",
    ]
    assert to_plain_english(format_call_line(call())).endswith("/c  200 recorded 20 ms virtual")


def test_an_item_is_run_again_in_the_mode_and_with_the_records_that_it_had(
    items: tuple[ScenarioItem, ...],
) -> None:
    target = items[0].selection_arguments
    asked = [("replay", "once"), ("replay", "new"), ("record", "once"), ("record", "new"), ("record", "rewrite"), ("live", "new"), ("simulate", "once")]  # fmt: skip

    assert [to_plain_english(format_rerun_command(items[0], *one)) for one in asked] == [
        f"bpmax-sim run {target}",
        f"bpmax-sim run {target}",
        f"bpmax-sim record {target}",
        f"bpmax-sim record {target} --record=new",
        f"bpmax-sim record {target} --record=rewrite",
        f"bpmax-sim run --mode live {target}",
        f"bpmax-sim run --mode simulate {target}",
    ]


def test_events_become_a_verdict(items: tuple[ScenarioItem, ...]) -> None:
    item = items[0]
    missing = call(3, error="ConfigError", message="变量 A 没有设置", at=12.0)

    def judge(outcome: Outcome, *failures: Failure, live: bool = False) -> Verdict:
        return judge_events(
            item,
            [
                ScenarioStarted(name="回填", row="甲", place=item.place, steps=2, engine="e 1", at=10.0),
                ConsoleWritten(text="先", level="log", at=10.5),
                StepStarted(id="", number=1, total=2, title="一", action="set", place=item.place, at=11.0),
                ConsoleWritten(text="一", level="log", at=11.0),
                StepStarted(id="", number=2, total=2, title="二", action="set", place=item.place, at=12.0),
                missing,
                ConsoleWritten(text="二", level="warn", place=Place("查.js", 2, 3), at=12.25),
                ScenarioFinished(outcome=outcome, digest="d", duration=2.25, failures=failures, reason="r", calls=1, checks=(), warnings=(), at=12.25),
            ],
            live=live, mode="record", record="new",
        )  # fmt: skip

    failed = judge("failed", fail(), fail("乙"))
    passed = judge("passed")

    assert [line.text for line in failed.console] == ["先", "一", "二"]
    assert failed.step_console == (
        ConsoleOutput(text="二", level="warn", file="查.js", line=2, column=3, ms=2250.0),
    )
    assert failed.timeline == (*failed.console[:2], missing, failed.console[2])
    assert (failed.calls, failed.engine, failed.digest, failed.duration) == (
        (missing,),
        "e 1",
        "d",
        2.25,
    )
    assert (failed.problems, passed.problems) == (("变量 A 没有设置",), ())
    assert (failed.code, passed.code, passed.reason) == (ExitCode.USAGE, ExitCode.PASSED, "r")
    rerun = format_rerun_command(item, "record", "new")
    assert [one.rerun for one in failed.failures] == [rerun, rerun]


def test_what_could_not_start_has_a_problem_a_line(items: tuple[ScenarioItem, ...]) -> None:
    both = ConfigError(Problem("甲", Place("a.yaml", 1)), Problem("乙", Place("b.yaml", 2)))
    wrong = make_error_verdict(items[0], both, (fail(),))
    lost = make_error_verdict(items[0], CassetteError("坏了"))

    assert (wrong.code, wrong.problems, wrong.failures) == (ExitCode.USAGE, ("a.yaml:1: 甲", "b.yaml:2: 乙"), (fail(),))  # fmt: skip
    assert (lost.code, lost.problems, lost.outcome) == (ExitCode.CASSETTE, ("坏了",), "failed")
    skipped = make_skip_verdict(items[1])
    assert (skipped.outcome, skipped.reason, skipped.code) == ("skipped", "停用", ExitCode.PASSED)


def test_a_line_for_the_pages_of_a_pipeline_is_escaped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_WORKSPACE", "")
    here = relative_to_checkout(tmp_path / "a/b.yaml")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "a"))
    there = relative_to_checkout(tmp_path / "a/b.yaml")

    assert (here, there) == ("a/b.yaml", "b.yaml")
    assert format_workflow_annotation("甲: a,b\r\n100%", level="warning") == (
        "::warning::甲: a,b%0D%0A100%25"
    )
    assert format_workflow_annotation("甲", file="a,b:c%\r\n.yaml", line=3, column=5, title="x: y") == (
        "::error file=a%2Cb%3Ac%25%0D%0A.yaml,line=3,col=5,title=x%3A y::甲"
    )  # fmt: skip
    assert format_workflow_annotation("甲", line=0, column=2) == "::error col=2::甲"


def test_the_cause_to_be_mended_first_gives_the_exit_code() -> None:
    every = list(FIRST)
    assert [choose_exit_code(every[number:][::-1]) for number in range(7)] == [
        *every, ExitCode.PASSED,
    ]  # fmt: skip
    assert [int(code) for code in FIRST] == [2, 4, 3, 1, 6, 5]
    assert choose_exit_code([ExitCode.PASSED, ExitCode.NOTHING]) is ExitCode.NOTHING


def test_junit_has_an_element_for_each_item_and_each_unreadable_file(
    items: tuple[ScenarioItem, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    item = items[0]
    located = fail("甲\ufffe", place=Place("s/../t/步.yaml", 7, 3))
    cassette = str(tmp_path / "cassettes/甲.yaml")
    verdicts = [
        Verdict(item=item, outcome="passed", digest="d", cassette=cassette, reason="r", failures=(located,)),
        Verdict(item=item, outcome="failed", failures=(located, fail("乙")), reason="r",
                console=(ConsoleOutput(text="\x00a", level="log"),), trace=str(tmp_path / "t.ndjson")),
        Verdict(item=item, outcome="failed", problems=("没配", "没有"), failures=(fail("丙"),)),
        Verdict(item=item, outcome="xfailed", reason="还没修", failures=(located,), calls=(call(),), digest="e"),
        Verdict(item=item, outcome="skipped"),
        Verdict(item=item, outcome="failed", is_of_file=True, failures=(fail("没用"),)),
    ]  # fmt: skip
    problems = [
        Problem("甲", Place("s\\坏.yaml", 1)), Problem("乙"), Problem("丙", Place("s\\坏.yaml", 2)),
    ]  # fmt: skip
    path = tmp_path / "新/r.xml"
    write_junit(path, [(one, number + 0.1254) for number, one in enumerate(verdicts)], problems)
    root = ET.fromstring(path.read_text("utf-8"))

    assert root[0].attrib == {
        "name": "bpmax-sim", "tests": "8", "failures": "3", "errors": "2", "skipped": "2", "time": "15.752",
    }  # fmt: skip
    name = item.one_line_name
    assert [tuple(one.attrib.values()) for one in root[0]] == [
        ("", "s.坏.yaml", "0.000"),
        ("", "", "0.000"),
        ("s.回填.scenario.yaml", name, "s/回填.scenario.yaml", str(item.place.line), "0.125"),
        ("s.回填.scenario.yaml", name, "t/步.yaml", "7", "1.125"),
        ("s.回填.scenario.yaml", name, "s/回填.scenario.yaml", str(item.place.line), "2.125"),
        ("s.回填.scenario.yaml", name, "s/回填.scenario.yaml", str(item.place.line), "3.125"),
        ("s.回填.scenario.yaml", name, "s/回填.scenario.yaml", str(item.place.line), "4.125"),
        ("", "s.回填.scenario.yaml", "s/回填.scenario.yaml", str(item.place.line), "5.125"),
    ]
    inner = [(two.tag, two.get("message"), two.text) for one in root[0] for two in one]
    assert inner == [
        ("error", "collection failure", "s\\坏.yaml:1: 甲\ns\\坏.yaml:2: 丙"),
        ("error", "collection failure", "乙"),
        ("properties", None, None),
        ("properties", None, None),
        ("failure", "回填: 甲\ufffd", "回填: 甲\ufffd\n  at s/../t/步.yaml:7:3\n\n回填: 乙"),
        ("system-out", None, "log: \ufffda"),
        ("failure", "回填: 丙", "没配\n\n没有"),
        ("properties", None, None),
        ("skipped", "还没修", None),
        ("skipped", "", None),
        ("failure", "回填: 没用", "回填: 没用"),
    ]
    assert [list_properties(one) for one in verdicts[:4]] == [
        [
            ("bpmax_calls", "0"),
            ("bpmax_cassette", "cassettes/甲.yaml"),
            ("bpmax_trace_digest", "d"),
        ],
        [("bpmax_trace", "t.ndjson")],
        [],
        [("bpmax_calls", "1"), ("bpmax_trace_digest", "e")],
    ]
    with pytest.raises(ConfigError, match="新"):
        create_junit_folder(path.parent)
    create_junit_folder(path)
    create_junit_folder(tmp_path / "又/一/r.xml")
    assert (tmp_path / "又/一").is_dir()


def test_the_json_object_of_a_run_has_every_member(items: tuple[ScenarioItem, ...]) -> None:
    verdicts = [Verdict(item=items[0], outcome=one) for one in ("passed", "xfailed", "xfailed")]
    told = build_run_document(verdicts, code=ExitCode.REVIEW, problems=[Problem("甲"), Problem("乙", Place("a", 1, 2), path="b")])  # fmt: skip

    assert told["summary"] == {
        "passed": 1, "failed": 0, "xfailed": 2, "skipped": 0, "calls": 0, "exit_code": 6,
    }  # fmt: skip
    assert told["problems"] == [
        {"file": "", "line": 0, "column": 0, "path": "", "message": "甲"},
        {"file": "a", "line": 1, "column": 2, "path": "b", "message": "乙"},
    ]
    assert (told["items"][0]["row"], told["items"][0]["engine"]) == ("甲", "")
