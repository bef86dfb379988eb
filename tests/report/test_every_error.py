"""Every error of every table goes through terminal, trace, page, JUnit and JSON, in each language.

JSON is for programs and speaks English alone.
"""

from __future__ import annotations

import dataclasses
import json
import ssl
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args, get_type_hints

import httpx
import pytest
from msgspec.structs import replace

from bpmax_sim import errors
from bpmax_sim.errors import CODES, CallError, Place, Problem, ScriptError, SubjectError
from bpmax_sim.i18n import (
    LANGUAGES,
    choose_language,
    get_current_language,
    join_messages,
    msg,
    to_plain_english,
    translate,
)
from bpmax_sim.messages import Request
from bpmax_sim.report.console import ConsoleOutput, format_console_lines
from bpmax_sim.report.document import build_run_document
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.html import write_page
from bpmax_sim.report.junit import to_translated_xml_text, write_junit
from bpmax_sim.report.perform import PerformOptions, perform
from bpmax_sim.report.terminal import (
    Verdict,
    format_failed_items,
    format_failure_texts,
    format_summary_line,
    format_verdict_line,
)
from bpmax_sim.scenario.events import ConsoleWritten, Outcome
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.model import FaultAction
from bpmax_sim.session.session import Session
from bpmax_sim.transport import live
from bpmax_sim.transport.connection import ConnectionProgress
from tests.report.test_html import Checked

STRANGE = "坏 {x} {0!r} %s <&> \"'"
"""What others write into their errors: nothing of it may be taken for a template or for markup."""

SENT = Request(method="GET", url="https://crm.example.test/c", headers=(), timeout=30.0)


def _connection_errors() -> Iterator[tuple[str, Exception]]:
    refused = ssl.SSLError(1, STRANGE)
    refused.reason = "TLSV1_ALERT_UNKNOWN_CA"
    others: list[Exception] = [OSError(STRANGE), refused, httpx.DecodingError(STRANGE)]
    for error in (*(kind(STRANGE) for kind in live._FAILURES), *others):
        for redirected in (False, True):
            translated = live._translate_error(
                error, SENT, ConnectionProgress(until=0.0), redirected=redirected
            )
            yield f"{type(error).__name__} {redirected}", translated


def _errors_of(kind: type[BaseException]) -> Iterator[tuple[str, BaseException]]:
    """Yield errors of a class of `errors`, each with a name."""
    name = kind.__name__
    if issubclass(kind, CallError):
        yield name, kind(msg("no {name}", name=STRANGE), platform="crm", api="get")
    elif issubclass(kind, ScriptError):
        yield name, kind(STRANGE, name=name)
    elif issubclass(kind, SubjectError):
        for code in sorted(CODES):
            yield code, SubjectError("{action} needs a flow", code=code, action=STRANGE)
    elif issubclass(kind, errors.NoMatchError) or not issubclass(kind, errors.BpmaxError):
        yield name, kind(STRANGE)
    else:
        yield name, kind("there is no {name!r}", name=STRANGE)


def _all_errors() -> Iterator[tuple[str, BaseException]]:
    yield from _connection_errors()
    classes = [one for one in vars(errors).values() if isinstance(one, type)]
    for kind in (*classes, ValueError, KeyError):
        if issubclass(kind, BaseException) and not issubclass(kind, Warning):
            yield from _errors_of(kind)
    yield "nothing", RuntimeError()


ERRORS: Mapping[str, BaseException] = dict(_all_errors())
FAULTS: tuple[str, ...] = get_args(get_args(get_type_hints(FaultAction)["error"])[0])


def fail(_session: Session, name: str) -> None:
    """Raise the error of *name*, as a Python step of a scenario may."""
    raise ERRORS[name]


PLATFORM = "platform_key: crm\nbase_url: https://crm.example.test\napis: {get: {path: /c}}\n"
HEAD = """\
version: 1
scenario: 出错
proxy: {platforms: platforms, instances: instances.yaml}
"""


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    """Return what became of a scenario for each error, raised in a step, a call or by a fault."""
    root = tmp_path_factory.mktemp("errors")
    (root / "platforms").mkdir()
    (root / "platforms/crm.yaml").write_text(PLATFORM, encoding="utf-8")
    (root / "instances.yaml").write_text("- {platform: crm, instance_key: a}\n", encoding="utf-8")
    called = 'call: "tests.report.test_every_error:fail", args: {name: "${case.id}"}'
    step = f"steps: [{{python: {{{called}}}}}]\n"
    rows = json.dumps([{"id": name} for name in ERRORS], ensure_ascii=False)
    texts = {
        "步骤": f"{HEAD}cases: {rows}\n{step}",
        "调用": f"{HEAD}cases: {rows}\nsteps: [{{js: \"await $proxy('crm').get()\"}}]\n",
    }
    for name in FAULTS:
        fault = f"faults: [{{on: crm.get, do: {{error: {name}}}}}]\n"
        texts[f"故障{name}"] = f"{HEAD}{fault}steps: [{{js: \"await $proxy('crm').get()\"}}]\n"
    options = PerformOptions(trace="on")
    ended = []
    for name, text in texts.items():
        path = root / f"{name}.scenario.yaml"
        path.write_text(text.replace("scenario: 出错", f"scenario: {name}"), encoding="utf-8")
        for item in load_items(path, environ={}, root=root):
            error = ERRORS.get(item.row_id)

            def prepare(session: Session, error: BaseException | None = error) -> None:
                def answer(_request: Request) -> None:
                    if error is not None:
                        raise error

                session.stub(answer)

            verdict, _ = perform(item, options, prepare=prepare)
            ended.append(verdict)
    return ended


def test_every_error_fails_its_scenario(verdicts: list[Verdict]) -> None:
    assert {one.item.name for one in verdicts if one.outcome != "failed"} == set()
    assert len(verdicts) == 2 * len(ERRORS) + len(FAULTS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_is_told_everywhere(
    verdicts: list[Verdict], language: str, tmp_path: Path
) -> None:
    root = verdicts[0].item.root
    before = get_current_language()
    choose_language(language)
    try:
        told = [
            *map(format_verdict_line, verdicts),
            *format_failed_items(verdicts),
            format_summary_line(verdicts, 1.0),
        ]
        for verdict in verdicts:
            told += [*verdict.problems, *format_failure_texts(verdict, with_console=False)]
        terminal = to_plain_english(translate(join_messages("\n", told)))
        document = json.dumps(
            build_run_document(verdicts, code=ExitCode.FAILED), ensure_ascii=False
        )
        write_junit(tmp_path / "junit.xml", [(one, 0.1) for one in verdicts])
        counts = write_page(tmp_path / "page.html", [root], version="1", language=language)
    finally:
        choose_language(before)
    assert counts["failed"] == len(verdicts)
    assert not counts["unreadable"]
    junit = "".join(ET.parse(tmp_path / "junit.xml").getroot().itertext())
    page = Checked((tmp_path / "page.html").read_text(encoding="utf-8"))
    shown = json.dumps(page.data, ensure_ascii=False)
    for verdict in verdicts:
        essence = _first_words(verdict.failures[0].essence, language)
        assert essence in terminal, verdict.item.name
        assert essence in junit, verdict.item.name
        assert _escape(essence) in shown, verdict.item.name
        assert _escape(_first_words(verdict.failures[0].essence, "en")) in document


def _first_words(message: str, language: str) -> str:
    """Return the start of what a reader of *language* sees of *message*, on one line."""
    return to_plain_english(translate(message, language)).splitlines()[0][:60]


def _escape(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


@pytest.mark.parametrize(
    ("outcome", "element"),
    [("xfailed", "skipped"), ("skipped", "skipped"), ("failed", "failure"), ("passed", "")],
)
def test_an_expected_failure_is_none_in_junit(
    verdicts: list[Verdict], outcome: Outcome, element: str, tmp_path: Path
) -> None:
    verdict = replace(verdicts[0], outcome=outcome, reason="单据 1432")

    write_junit(tmp_path / "junit.xml", [(verdict, 0.5), (verdict, 0.25)])

    suite = ET.parse(tmp_path / "junit.xml").getroot()[0]
    counts = [suite.get(name) for name in ("tests", "failures", "errors", "skipped", "time")]
    failures, skipped = (str(2 * (element == name)) for name in ("failure", "skipped"))
    assert counts == ["2", failures, "0", skipped, "0.750"]
    found = [one for one in suite[0] if one.tag in {"failure", "skipped", "error"}]
    assert [one.tag for one in found] == ([element] if element else [])
    for one in found:
        told = verdict.failures[0].headline if element == "failure" else "单据 1432"
        assert one.get("message") == to_translated_xml_text(told)
        assert bool(one.text) == (element == "failure")


def test_each_file_that_was_not_read_is_one_error(verdicts: list[Verdict], tmp_path: Path) -> None:
    problems = [
        Problem("甲一", Place("场景/甲.scenario.yaml", 1, 1)),
        Problem("乙一", Place("场景\\\\乙.scenario.yaml", 2, 1)),
        Problem("甲二", Place("场景/甲.scenario.yaml", 3, 1)),
        Problem("没有文件"),
        Problem("甲三", Place("场景/甲.scenario.yaml", 4, 1)),
    ]
    names = ("一", "二", "三")
    passed = [replace(verdicts[0], outcome="passed", digest=name, failures=()) for name in names]
    path = tmp_path / "junit.xml"

    write_junit(path, [(one, 0.1) for one in passed], problems)

    (suite,) = ET.parse(path).getroot()
    assert (suite.get("tests"), suite.get("errors"), suite.get("failures")) == ("6", "3", "0")
    told = [(case.get("name"), case[0].text) for case in suite[:3]]
    assert told == [
        (
            "场景.甲.scenario.yaml",
            "\n".join(
                f"场景/甲.scenario.yaml:{line}:1: 甲{name}"
                for line, name in ((1, "一"), (3, "二"), (4, "三"))
            ),
        ),
        ("场景..乙.scenario.yaml", "场景\\\\乙.scenario.yaml:2:1: 乙一"),
        ("", "没有文件"),
    ]
    digests = [
        [one.get("value") for one in case.iter("property") if one.get("name") == DIGEST]
        for case in suite[3:]
    ]
    assert digests == [["一"], ["二"], ["三"]]


DIGEST = "bpmax_trace_digest"


@pytest.mark.parametrize(
    ("fields", "properties"),
    [
        ({"digest": "d"}, {DIGEST: "d", "bpmax_calls": "0"}),
        ({"digest": ""}, {}),
        ({"digest": "", "cassette": "甲.ndjson"}, {"bpmax_cassette": "甲.ndjson"}),
        (
            {"digest": "", "trace": "甲\x01乙\ud800.ndjson"},
            {"bpmax_trace": "甲\ufffd乙\ufffd.ndjson"},
        ),
    ],
)
def test_a_run_that_did_not_end_has_no_number_of_calls(
    verdicts: list[Verdict], tmp_path: Path, fields: dict[str, str], properties: dict[str, str]
) -> None:
    given = {"cassette": "", "trace": "", "calls": (), **fields}
    write_junit(tmp_path / "junit.xml", [(replace(verdicts[0], **given), 0.1)])

    (case,) = ET.parse(tmp_path / "junit.xml").getroot()[0]
    assert {one.get("name"): one.get("value") for one in case.iter("property")} == properties


def test_what_failed_has_its_problems_and_its_line(verdicts: list[Verdict], tmp_path: Path) -> None:
    failed = verdicts[0]
    item = failed.item
    elsewhere = dataclasses.replace(failed.failures[0], location=Place("别的.js", 7, 1))
    cases = [
        replace(failed, outcome="failed", failures=(elsewhere,), problems=()),
        replace(failed, outcome="xfailed", failures=(elsewhere,), problems=()),
        replace(failed, outcome="failed", failures=(), problems=("坏一", "坏二", "坏三")),
        replace(failed, outcome="failed", is_of_file=True, problems=("坏",)),
        replace(
            failed,
            outcome="failed",
            failures=(dataclasses.replace(elsewhere, location=Place("别的.js", 0, 0)),),
        ),
    ]
    write_junit(tmp_path / "junit.xml", [(one, 0.1) for one in cases])

    found = list(ET.parse(tmp_path / "junit.xml").getroot()[0])
    places = [(case.get("file"), case.get("line")) for case in found]
    own = f"{item.place.line}"
    assert [line for _, line in places] == ["7", own, own, places[3][1], own]
    assert places[0][0] == "别的.js"
    assert found[2][-1].text == "坏一\n\n坏二\n\n坏三"
    assert found[2][-1].get("message") == "坏一"
    assert (found[3].get("classname"), found[0].get("classname") != "") == ("", True)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ["log: "]),
        ("客户 12345", ["log: 客户 12345"]),
        ("一\n二\n三", ["log: 一", "    二", "    三"]),
        ("\n二", ["log: ", "    二"]),
    ],
)
def test_each_line_of_a_text_of_the_console_is_shown(text: str, lines: list[str]) -> None:
    plain = ConsoleOutput(text=text, level="log")
    shown = [to_plain_english(line) for line in format_console_lines([plain])]
    placed = ConsoleOutput(text=text, level="log", file="a.js", line=3, column=5)

    assert shown == lines
    assert to_plain_english(next(format_console_lines([placed]))) == f"a.js:3:5  {lines[0]}"


def test_a_line_of_the_console_has_its_time_in_the_scenario() -> None:
    line = ConsoleWritten(text="a", level="log", at=12.3456789)

    assert ConsoleOutput.from_line(line, 10).ms == 2345.679
    assert ConsoleOutput.from_line(line).ms == 12345.679
    assert ConsoleOutput.from_line(line).place == Place("")
