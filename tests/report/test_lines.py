"""Each line that a run tells, by what ended how: verdicts, counts, calls, failures, annotations."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bpmax_sim.errors import CassetteError, ConfigError, Place, Problem
from bpmax_sim.i18n import msg, to_plain_english
from bpmax_sim.report.console import ConsoleOutput, format_console_section
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.failure_causes import describe_cause, find_grouping_cause, group_by_cause
from bpmax_sim.report.page_data import (
    LONGEST_BODY,
    build_entry,
    build_unreadable_entry,
    cut_long_texts,
    format_body_text,
    select_language_text,
    translate_to_all,
)
from bpmax_sim.report.terminal import (
    BY_OUTCOME,
    BY_SOURCE,
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
from bpmax_sim.report.trace_failures import (
    PathsFromRoot,
    decode_failure_cause,
    encode_failure_cause,
    read_failures,
    read_place,
)
from bpmax_sim.report.trace_files import Trace
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import (
    ConsoleWritten,
    Event,
    ScenarioFinished,
    ScenarioStarted,
    StepStarted,
    to_trace_line,
)
from bpmax_sim.scenario.expect import Comparison
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.scenario.source import Failure, RunWarning
from tests.report.test_html import answered, event, finished, made, started

SCENARIO = """\
version: 1
scenario: 回填
cases:
  - {id: 甲}
  - {id: 乙}
form: {fields: {a: 1}}
steps: [{set: {a: "${case.id}"}}]
"""


@pytest.fixture(name="items", scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[ScenarioItem, ...]:
    folder = tmp_path_factory.mktemp("项目")
    path = folder / "回填.scenario.yaml"
    path.write_text(SCENARIO, "utf-8")
    return tuple(load_items(path, environ={}, root=folder))


def call(number: int = 1, **fields: Any) -> CallMade:
    usual = {
        "number": number, "call": "crm.get", "at": 0.0, "method": "GET",
        "url": "https://crm.example.test/c", "status": 200, "source": "recorded", "duration": 0.02,
    }  # fmt: skip
    return CallMade(**{**usual, **fields})


def told(verdict: Verdict) -> str:
    return to_plain_english(format_verdict_line(verdict))


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"outcome": "passed", "digest": "d"}, "√ 回填[甲]   0 calls   0 ms virtual"),
        (
            {"outcome": "passed", "digest": "d", "calls": (call(),), "duration": 0.02},
            "√ 回填[甲]   1 call   20 ms virtual",
        ),
        (
            {"outcome": "failed", "digest": "d", "calls": (call(), call(2)), "duration": 61.0},
            "× 回填[甲]   2 calls   1 minute 1 second virtual",
        ),
        ({"outcome": "failed", "digest": ""}, "× 回填[甲]   did not run"),
        ({"outcome": "failed", "digest": "", "reason": "不看"}, "× 回填[甲]   did not run"),
        ({"outcome": "skipped"}, "- 回填[甲]   skipped"),
        ({"outcome": "skipped", "reason": "等接口"}, "- 回填[甲]   skipped: 等接口"),
        (
            {"outcome": "xfailed", "digest": "d", "reason": "缺陷 7"},
            "- 回填[甲]   0 calls   0 ms virtual   failed as expected: 缺陷 7",
        ),
        (
            {"outcome": "xfailed", "digest": "d"},
            "- 回填[甲]   0 calls   0 ms virtual   failed as expected",
        ),
        (
            {"outcome": "passed", "digest": "d", "reason": "不看"},
            "√ 回填[甲]   0 calls   0 ms virtual",
        ),
        (
            {"outcome": "failed", "is_of_file": True},
            "× 回填.scenario.yaml   what no row used",
        ),
    ],
)
def test_a_verdict_has_one_line(
    items: tuple[ScenarioItem, ...], fields: dict[str, Any], line: str
) -> None:
    assert told(Verdict(item=items[0], **fields)).replace(str(items[0].root) + "/", "") == line


@pytest.mark.parametrize(
    ("counts", "templates", "text"),
    [
        ({}, BY_OUTCOME, ""),
        ({"passed": 0}, BY_OUTCOME, ""),
        ({"passed": 1}, BY_OUTCOME, "1 passed"),
        (
            {"skipped": 1, "xpassed": 2, "failed": 3, "passed": 4, "error": 5, "xfailed": 6},
            BY_OUTCOME,
            "4 passed, 3 failed, 5 error, 6 xfailed, 2 xpassed, 1 skipped",
        ),
        (
            {"stub": 1, "live": 2, "recorded": 3, "unanswered": 4, "fault": 5, "simulated": 6},
            BY_SOURCE,
            "3 recorded, 2 live, 6 simulated, 5 fault, 1 stub, 4 unanswered",
        ),
        ({"other": 1, "failed": 2}, BY_OUTCOME, "2 failed"),
    ],
)
def test_counts_that_are_not_zero_are_told_in_order(
    counts: dict[str, int], templates: Any, text: str
) -> None:
    assert to_plain_english(format_counts(Counter(counts), templates)) == text


@pytest.mark.parametrize(
    ("outcomes", "sources", "warnings", "unread", "line"),
    [
        ("", "", 0, 0, "nothing ran   0 calls   0.31 s"),
        ("passed", "", 0, 0, "1 passed   0 calls   0.31 s"),
        ("passed failed", "live", 0, 0, "1 passed, 1 failed   1 call: 1 live   0.31 s"),
        (
            "passed", "stub recorded  live recorded", 1, 1,
            ("1 passed, 1 not read, 1 warning   5 calls: 1 live, 2 recorded, 1 stub, 1 unanswered"
            "   0.31 s"),
        ),
        ("", "", 0, 2, "2 not read   0 calls   0.31 s"),
        ("passed failed", "", 2, 0, "1 passed, 1 failed, 2 warnings   0 calls   0.31 s"),
        ("skipped", "", 3, 0, "1 skipped, 3 warnings   0 calls   0.31 s"),
    ],
)  # fmt: skip
def test_the_last_line_counts_verdicts_calls_and_warnings(
    items: tuple[ScenarioItem, ...],
    outcomes: str,
    sources: str,
    warnings: int,
    unread: int,
    line: str,
) -> None:
    verdicts = [Verdict(item=items[0], outcome=one) for one in outcomes.split()]  # type: ignore[arg-type]
    if verdicts:
        calls = tuple(call(source=one) for one in sources.split(" ")) if sources else ()
        verdicts[-1] = replace(verdicts[-1], calls=calls)
        for number in range(warnings):
            verdicts[0] = verdicts[0].copy_with_warning("cycle", f"w{number}")
        verdicts[-1] = replace(verdicts[-1], warnings=verdicts[0].warnings)  # of several rows

    assert to_plain_english(format_summary_line(verdicts, 0.314, unread)) == line


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({}, "#1 crm.get  GET https://crm.example.test/c  200 recorded 20 ms virtual"),
        (
            {"error": "TIMEOUT", "status": None, "source": "live", "duration": 30.0},
            "#1 crm.get  GET https://crm.example.test/c  TIMEOUT live 30 s virtual",
        ),
        (
            {"error": "BUSINESS", "status": 200, "number": 3},
            "#3 crm.get  GET https://crm.example.test/c  BUSINESS recorded 20 ms virtual",
        ),
    ],
)
def test_a_call_has_one_line(fields: dict[str, Any], line: str) -> None:
    assert to_plain_english(format_call_line(call(**fields))) == line


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({}, "::error ::坏"),
        ({"file": "a.yaml"}, "::error file=a.yaml::坏"),
        ({"file": "a,b:c", "line": 3, "column": 5}, "::error file=a%2Cb%3Ac,line=3,col=5::坏"),
        ({"file": "a", "line": 0, "column": 5}, "::error file=a,col=5::坏"),
        ({"title": "a: b, 100%\n", "level": "warning"}, "::warning title=a%3A b%2C 100%25%0A::坏"),
    ],
)  # fmt: skip
def test_an_annotation_has_the_place_as_far_as_it_is_known(
    fields: dict[str, Any], line: str
) -> None:
    expected = line.replace("::error ::", "::error::")

    assert format_workflow_annotation("坏", **fields) == expected
    assert format_workflow_annotation("a:b,c\r\n50%", **fields) == (
        expected.removesuffix("坏") + "a:b,c%0D%0A50%25"
    )


@pytest.mark.parametrize(
    ("root", "shown"), [("", "一/a.yaml"), ("一", "a.yaml"), ("二", "../一/a.yaml")]
)
def test_a_file_is_named_from_the_root_of_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str, shown: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / root) if root else "")
    path = tmp_path / "一/a.yaml"

    assert relative_to_checkout(path) == shown


@pytest.mark.parametrize(
    ("mode", "record", "how"),
    [
        ("replay", "once", "run {}"),
        ("replay", "rewrite", "run {}"),
        ("record", "once", "record {}"),
        ("record", "new", "record {} --record=new"),
        ("record", "rewrite", "record {} --record=rewrite"),
        ("live", "once", "run --mode live {}"),
        ("simulate", "new", "run --mode simulate {}"),
    ],
)
def test_the_command_that_runs_it_again_has_its_mode(
    items: tuple[ScenarioItem, ...], mode: str, record: str, how: str
) -> None:
    made_command = to_plain_english(format_rerun_command(items[1], mode, record))

    assert made_command == f"bpmax-sim {how}".format(items[1].selection_arguments)
    assert "[乙]" in made_command


FAILURE = Failure(kind="expect", essence="form.a expected 2, got 1", step=1, total=1, title="步")


def texts(verdict: Verdict, *, with_console: bool = True) -> list[str]:
    found = format_failure_texts(verdict, with_console=with_console)
    return [to_plain_english(text) for text in found]


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"outcome": "failed", "failures": (FAILURE, FAILURE, FAILURE)}, 3),
        ({"outcome": "passed", "failures": (FAILURE,)}, 0),
        ({"outcome": "xfailed", "failures": (FAILURE,)}, 0),
        ({"outcome": "failed", "failures": (FAILURE,), "problems": ("坏",)}, 0),
        ({"outcome": "failed", "failures": ()}, 0),
    ],
)
def test_the_texts_of_failures_are_those_of_a_run_that_failed(
    items: tuple[ScenarioItem, ...], fields: dict[str, Any], count: int
) -> None:
    lines = tuple(ConsoleOutput(text=f"第{n}行", level="log") for n in range(1, 13))
    verdict = Verdict(item=items[0], step_console=lines, **fields)

    assert len(texts(verdict)) == count
    without = texts(verdict, with_console=False)
    assert all("console" not in text for text in without)
    if count:
        *first, last = texts(verdict)
        assert first == without[:-1]
        head, _, rest = last.partition("\n\nconsole of this step:\n")
        assert head == without[-1]
        assert rest.split("\n") == [f"  log: 第{n}行" for n in range(3, 13)]


def test_a_line_of_the_console_is_cut_in_a_failure(items: tuple[ScenarioItem, ...]) -> None:
    lines = (ConsoleOutput(text="x" * 500, level="log"),)
    verdict = Verdict(item=items[0], outcome="failed", failures=(FAILURE,), step_console=lines)

    assert max(map(len, texts(verdict)[0].split("\n"))) == 160


def test_items_that_failed_for_one_cause_stand_together(items: tuple[ScenarioItem, ...]) -> None:
    def failed(essence: str = "", n: int = 0, **fields: Any) -> Verdict:
        script = Place("a.js", 3, 5)
        failure = dataclasses.replace(FAILURE, essence=essence, script=script)
        failures = (failure,) if essence else ()
        return Verdict(item=items[n], outcome="failed", **{"failures": failures, **fields})

    verdicts = [
        failed("one"),
        failed("two", problems=("坏",)),
        failed("two", 1),
        Verdict(item=items[0], outcome="passed"),
        Verdict(item=items[0], outcome="xfailed", failures=(FAILURE,)),
        failed(problems=("坏",)),
        failed(failures=(dataclasses.replace(FAILURE, essence=""),)),
        failed(),
    ]
    first, second = (item.node_id for item in items)

    assert [to_plain_english(line) for line in format_failed_items(verdicts)] == [
        f"× {first} - step 1/1 步: one",
        "2 scenarios failed for one cause: a.js:3: two",
        f"× {first} - is not set up, see above",
        f"× {second} - step 1/1 步: two",
        f"× {first} - step 1/1 步: ",
        f"× {first} - is not set up, see above",
        f"× {first} - ",
    ]


@pytest.mark.parametrize(
    ("one", "other", "is_alike"),
    [
        ({}, {}, True),
        ({}, {"kind": "miss"}, False),
        ({}, {"essence": "other"}, False),
        ({}, {"step": 2, "title": "别的", "scenario": "别的"}, True),
        ({"script": Place("a.js", 3, 1)}, {"script": Place("a.js", 3, 9)}, True),
        ({"script": Place("a.js", 3, 1)}, {"script": Place("a.js", 4, 1)}, False),
        ({"script": Place("a.js", 3, 1)}, {"script": Place("b.js", 3, 1)}, False),
        ({"script": Place("a.js", 3, 1)}, {}, False),
        (
            {"checks": (Comparison(("form", "a"), True, "1", "1"),)},
            {"checks": ()},
            True,
        ),
        (
            {"checks": (Comparison(("form", "a"), False, "1", "2"),)},
            {"checks": (Comparison(("form", "b"), False, "1", "2"),)},
            False,
        ),
        (
            {"checks": (Comparison(("form", "a"), False, "1", "2"),)},
            {
                "checks": (
                    Comparison(("form", "b"), True, "1", "1"),
                    Comparison(("form", "a"), False, "3", "4"),
                    Comparison(("form", "c"), False, "3", "4"),
                )
            },
            True,
        ),
    ],
)
def test_two_failures_have_one_cause_where_the_same_line_or_key_failed(
    one: dict[str, Any], other: dict[str, Any], *, is_alike: bool
) -> None:
    first, second = (dataclasses.replace(FAILURE, **fields) for fields in (one, other))

    assert (find_grouping_cause(first) == find_grouping_cause(second)) is is_alike
    groups = group_by_cause([(1, first), (2, second), (3, first)])
    assert [[owner for owner, _ in group] for group in groups.values()] == (
        [[1, 2, 3]] if is_alike else [[1, 3], [2]]
    )


def test_values_of_one_message_make_one_cause_at_one_place() -> None:
    def at(value: int, **fields: Any) -> Failure:
        essence = msg("expected 1, got {value}", value=value)
        return dataclasses.replace(FAILURE, essence=essence, **fields)

    script = Place("a.js", 3, 1)
    assert find_grouping_cause(at(2)) != find_grouping_cause(at(3))
    same = [at(2, script=script), at(3, script=script), at(4, script=script)]
    assert len({find_grouping_cause(one) for one in same}) == 1
    assert to_plain_english(describe_cause(same)).startswith("a.js:3: expected 1, got ")
    assert to_plain_english(describe_cause(same[:1])) == "a.js:3: expected 1, got 2"
    config = [dataclasses.replace(one, kind="config") for one in same[:1]]
    assert to_plain_english(describe_cause(config)) == "expected 1, got 2"


@pytest.mark.parametrize(
    ("error", "code"),
    [(ConfigError("甲"), ExitCode.USAGE), (CassetteError("甲"), ExitCode.CASSETTE)],
)
def test_what_could_not_start_has_its_problems(
    items: tuple[ScenarioItem, ...], error: Any, code: ExitCode
) -> None:
    verdict = make_error_verdict(items[0], error)

    assert (verdict.outcome, verdict.code, verdict.problems) == ("failed", code, ("甲",))
    several = ConfigError(*(Problem(f"第{n}", Place("a.yaml", n)) for n in (1, 2, 3)))
    whole = make_error_verdict(items[0], several, (FAILURE,))
    assert (len(whole.problems), whole.failures) == (3, (FAILURE,))


@pytest.mark.parametrize(("skip", "reason"), [(True, ""), ("等接口", "等接口")])
def test_what_is_skipped_says_why(
    items: tuple[ScenarioItem, ...], skip: bool | str, reason: str
) -> None:
    verdict = make_skip_verdict(replace(items[0], skip=skip))

    assert (verdict.outcome, verdict.reason, verdict.code) == ("skipped", reason, 0)


def test_the_console_of_the_last_step_is_that_since_it_began(
    items: tuple[ScenarioItem, ...],
) -> None:
    place = Place("a.yaml", 1)

    def step(number: int, at: float) -> StepStarted:
        return StepStarted(
            number=number, total=2, id="", title="", action="set", place=place, at=at
        )

    def line(text: str, at: float) -> ConsoleWritten:
        return ConsoleWritten(text=text, level="log", at=at)

    end = ScenarioFinished(
        outcome="failed", failures=(FAILURE, FAILURE), warnings=(RunWarning("cycle", "w"),),
        digest="d", calls=1, duration=4.0, reason="r", used_keys_of_other_files=("u",), at=14.0,
    )  # fmt: skip
    begin = ScenarioStarted(name="回填", row="", place=place, steps=2, engine="e 1", at=10.0)
    events: list[Event] = [
        begin, line("零", 10.0), step(1, 11.0), line("一", 11.5), call(), step(2, 12.0),
        line("二", 12.5), line("三", 13.0), end,
    ]  # fmt: skip

    verdict = judge_events(items[0], events, mode="record", record="new")

    assert [(one.text, one.ms) for one in verdict.step_console] == [("二", 2500), ("三", 3000)]
    assert [one.text for one in verdict.console] == ["零", "一", "二", "三"]
    assert [to_plain_english(one)[:8] for one in format_timeline(verdict)] == [
        "log: 零", "log: 一", "#1 crm.g", "log: 二", "log: 三",
    ]  # fmt: skip
    assert (len(verdict.calls), verdict.duration, verdict.digest) == (1, 4.0, "d")
    assert (verdict.engine, verdict.reason, verdict.used_keys_of_other_files) == (
        "e 1",
        "r",
        ("u",),
    )
    assert (verdict.code, len(verdict.warnings)) == (ExitCode.FAILED, 1)
    assert '"unused":[],"used":["u"]' in to_trace_line(end, 9)
    again = to_plain_english(format_rerun_command(items[0], "record", "new"))
    assert [to_plain_english(one.rerun) for one in verdict.failures] == [again, again]
    early = judge_events(items[0], [begin, line("零", 10.0), end])
    assert [one.text for one in early.step_console] == ["零"]
    passed = judge_events(items[0], [begin, replace(end, outcome="passed")])
    assert (passed.code, passed.outcome) == (ExitCode.PASSED, "passed")


def test_no_console_is_no_section() -> None:
    lines = [ConsoleOutput(text=text, level="log") for text in "一二三"]

    assert list(format_console_section([])) == []
    assert list(format_console_section(lines)) == [
        ("Captured console call", "log: 一\nlog: 二\nlog: 三")
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", None),
        ("a.yaml", Place("a.yaml")),
        ("a.yaml:3", Place("a.yaml", 3)),
        ("a.yaml:3:5", Place("a.yaml", 3, 5)),
        ("C:/a.yaml:3:5", Place("C:/a.yaml", 3, 5)),
        ("a:3:5:7", Place("a:3", 5, 7)),
        ("a\nb:3", Place("a\nb", 3)),
        ("a:x", Place("a:x")),
        ("a:", Place("a:")),
    ],
)
def test_a_place_is_read_from_its_end(text: str, place: Place | None) -> None:
    assert read_place(text) == place


@pytest.mark.parametrize(
    ("folder", "place", "shown"),
    [
        ("scenarios/crm", "a.yaml:3:5", "scenarios/crm/a.yaml:3:5"),
        ("scenarios/crm", "../scripts/a.js:1", "scenarios/scripts/a.js:1"),
        ("scenarios/crm", "../../a.js", "a.js"),
        ("scenarios/crm", "../../../a.js", "../a.js"),
        ("scenarios/crm", "/abs/a.js:1", "/abs/a.js:1"),
        ("", "a.yaml:3:5", "a.yaml:3:5"),
        ("scenarios", "", ""),
        ("scenarios", None, ""),
        ("scenarios", "./x/../a.js", "scenarios/a.js"),
    ],
)
def test_a_place_is_told_from_the_root(folder: str, place: str | None, shown: str) -> None:
    assert PathsFromRoot(folder).to_root_place(place) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a.yaml:3 is wrong", "s/c/a.yaml:3 is wrong"),
        ("see a.yaml and a.yaml", "see s/c/a.yaml and s/c/a.yaml"),
        ("x/a.yaml ba.yaml -a.yaml .a.yaml", "x/a.yaml ba.yaml -a.yaml .a.yaml"),
        ("'../x.js' (../../y.js:3)", "'s/x.js' (y.js:3)"),
        ("../客户.js:4:9", "s/客户.js:4:9"),
        ("a../x ./../x", "a../x ./../x"),
        ("aXyaml", "aXyaml"),
        ("written by b.js:3:9, not x/b.js or bXjs", "written by s/c/b.js:3:9, not x/b.js or bXjs"),
    ],
)
def test_paths_within_a_text_are_told_from_the_root(text: str, shown: str) -> None:
    assert PathsFromRoot("s/c", ("a.yaml", "b.js")).to_root_text(text) == shown
    assert PathsFromRoot("", ("a.yaml",)).to_root_text("a.yaml") == "a.yaml"
    assert PathsFromRoot("s").to_root_text("a.yaml ../b") == "a.yaml b"


def test_a_failure_of_a_trace_has_its_usual_values_where_it_says_none() -> None:
    [failure] = read_failures({"failures": [{"essence": "坏"}]}, PathsFromRoot("s"))

    assert failure == Failure(kind="", essence="坏")
    whole = {
        "kind": "expect", "essence": "../a.js", "scenario": "回填", "step": 2, "total": 3,
        "place": "a.yaml:1:2", "script": "../a.js:4", "script_text": "x()",
        "detail": ["甲", "../b"],
        "excerpt": [{"number": 7, "text": "t", "marked": True}, {"number": 8, "text": "u"}],
        "checks": [{"path": ["form", 0], "ok": False, "expected": "1", "actual": "2"}],
    }  # fmt: skip
    first, second = read_failures({"failures": [whole, {"essence": "二"}]}, PathsFromRoot("s"))
    assert (first.essence, first.title, first.step, first.total) == ("a.js", "回填", 2, 3)
    assert (first.place, first.script) == (Place("s/a.yaml", 1, 2), Place("a.js", 4, 0))
    assert [(one.number, one.text, one.marked) for one in first.excerpt] == [
        (7, "t", True), (8, "u", False),
    ]  # fmt: skip
    assert first.checks == (Comparison(("form", 0), False, "1", "2"),)
    assert (first.detail, first.script_text, second.essence) == (("甲", "b"), "x()", "二")


def test_a_cause_is_the_same_in_another_process() -> None:
    checks = (
        Comparison(("form", "a"), True, "1", "1"),
        Comparison(("form", "b"), False, "1", "2"),
        Comparison(("form", "c"), False, "1", "2"),
    )
    for fields in ({}, {"checks": checks}, {"script": Place("a.js", 3, 1), "checks": checks}):
        failure = dataclasses.replace(FAILURE, **fields)
        decoded = decode_failure_cause(encode_failure_cause(failure))

        assert find_grouping_cause(decoded) == find_grouping_cause(failure)
        assert len(decoded.checks) == (1 if "checks" in fields else 0)


@pytest.mark.parametrize(
    ("size", "is_cut"), [(LONGEST_BODY - 1, False), (LONGEST_BODY, False), (LONGEST_BODY + 1, True)]
)
def test_a_text_is_cut_behind_its_last_byte(size: int, *, is_cut: bool) -> None:
    text = "x" * size

    shown = "x" * LONGEST_BODY + "\n… 1 bytes more" if is_cut else text
    assert format_body_text(text) == shown
    assert cut_long_texts({"a": [text, 1, None], text[:3]: (True, text)}) == {
        "a": [shown, 1, None], "xxx": [True, shown],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "language", "shown"),
    [
        ({"en": "a", "zh": "甲"}, "zh", "甲"),
        ({"en": "a", "zh": "甲"}, "en", "a"),
        ({"en": "a"}, "zh", "a"),
        ({"zh": "甲"}, "en", ""),
        ({}, "zh", ""),
        ("甲", "zh", "甲"),
        (msg("nothing ran"), "en", "nothing ran"),
    ],
)
def test_a_text_is_shown_in_a_language_or_in_english(text: Any, language: str, shown: str) -> None:
    assert select_language_text(text, language) == shown


def test_a_text_that_is_the_same_in_all_languages_is_one_text() -> None:
    assert translate_to_all("客户") == "客户"
    both = translate_to_all(msg("nothing ran"))
    assert not isinstance(both, str)
    assert (both["en"], sorted(both)) == ("nothing ran", ["en", "zh"])


def entry(*events: Any, folder: str = "scenarios/crm", **fields: Any) -> Any:
    return build_entry(Trace(folder, events, **fields))


def test_an_entry_tells_what_its_run_began_and_ended_with() -> None:
    made_entry = entry(
        started("回填", row="甲", tags=["冒烟", "慢"], variables=["a=1", "b=x y"], engine="e 1"),
        made(1),
        answered(1),
        made(2, call="crm.存"),
        made(3),
        answered(3, source="stub"),
        finished(
            4.0,
            "failed",
            reason="r",
            failures=[{"essence": one, "scenario": "回填"} for one in "一二"],
        ),
        sources={"回填.scenario.yaml": "version: 1"},
    )

    assert (made_entry.name, made_entry.row) == ("回填[甲]", "甲")
    assert made_entry.place == "scenarios/crm/回填.scenario.yaml:2:1"
    assert (made_entry.outcome, made_entry.reason, made_entry.duration) == ("failed", "r", 4.0)
    assert (made_entry.tags, made_entry.engine) == (("冒烟", "慢"), "e 1")
    assert made_entry.apis == ("crm.查询", "crm.存")
    assert made_entry.answered == ("recorded", "unanswered", "stub")
    assert made_entry.calls == 3
    assert [one["headline"]["en"] for one in made_entry.failures] == ["回填: 一", "回填: 二"]
    assert made_entry.first.essence == "一"
    target = '"scenarios/crm/回填.scenario.yaml::回填[甲]" --var a=1 --var "b=x y"'
    assert made_entry.rerun == f"bpmax-sim run {target}"
    assert made_entry.record == f"bpmax-sim record {target}"
    assert made_entry.sources == {"scenarios/crm/回填.scenario.yaml": "version: 1"}
    plain = entry(started("回填"), finished())
    assert (plain.name, plain.row, plain.rerun) == (
        "回填", "", "bpmax-sim run scenarios/crm/回填.scenario.yaml:2",
    )  # fmt: skip
    assert plain.id != made_entry.id
    assert plain.id == entry(started("回填"), finished(9.0)).id
    assert len(plain.id) == 10


@pytest.mark.parametrize(
    ("last", "outcome", "used"),
    [
        (finished(outcome="passed"), "passed", [True, False, False]),
        (finished(outcome="failed"), "failed", [False, False, False]),
        (event("ConsoleWritten", 3.0, text="x", level="log"), "did not end", [False] * 3),
    ],
)
def test_parts_count_as_used_by_a_run_that_passed(
    last: Any, outcome: str, used: list[bool]
) -> None:
    parts = tuple(
        {"kind": "stub", "name": name, "place": "a.yaml:1", **more}
        for name, more in (("一", {"used": 1}), ("二", {"used": 0}), ("三", {}))
    )
    made_entry = entry(started(), last, parts=parts)

    assert made_entry.outcome == outcome
    assert [*made_entry.parts.values()] == used
    assert next(iter(made_entry.parts)) == ("stub", "一", "scenarios/crm/a.yaml:1")


def test_a_trace_that_cannot_be_read_is_an_entry_of_its_own() -> None:
    made_entry = build_unreadable_entry("crm/回填.jsonl", ".bpmax/trace/crm/回填.jsonl", "坏了")

    assert (made_entry.name, made_entry.outcome, made_entry.calls) == ("回填", "unreadable", 0)
    assert made_entry.place == ".bpmax/trace/crm/回填.jsonl"
    assert made_entry.first is not None
    assert made_entry.first.essence == "坏了"
    assert [one["headline"]["en"] for one in made_entry.failures] == ["回填: 坏了"]
    assert made_entry.id != build_unreadable_entry("b/回填.jsonl", "x", "坏了").id
