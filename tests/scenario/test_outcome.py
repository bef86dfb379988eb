"""How a scenario ended, and for which cause: every branch, and what is just beside it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bpmax_sim.errors import CallError, ExpectationError, Place, ScriptError, SubjectError
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import Outcome, ScenarioFinished
from bpmax_sim.scenario.expect import Comparison
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.scenario.outcome import (
    collect_config_errors,
    decide_outcome,
    find_failing_place,
    find_failure_cause,
    find_one_character_xfails,
    make_start_event,
    make_unrun_events,
    read_flag_reason,
)
from bpmax_sim.scenario.result import ScenarioResult
from bpmax_sim.scenario.source import Failure
from tests.files import write_files


def failed(kind: str, **fields: Any) -> Failure:
    return Failure(kind=kind, essence="a", **fields)


OWN, MISS, CONFIG = map(failed, ("expect", "miss", "config"))


def made(error: str = "", message: str = "") -> CallMade:
    return CallMade(number=1, call="crm.get", error=error, message=message)


@pytest.mark.parametrize(
    ("failures", "calls", "live", "cause"),
    [
        ([OWN], [], True, "own"),
        ([OWN], [made(), made("HTTP_STATUS")], True, "own"),
        ([], [], True, "own"),
        ([OWN], [made(), made(), made("CONNECT", "crm.get: refused")], True, "unreachable"),
        ([OWN], [made("TLS", "crm.get: bad certificate")], True, "unreachable"),
        ([OWN], [made("TIMEOUT")], True, "own"),
        ([OWN], [made("RESET")], True, "unreachable"),
        ([OWN], [made("RESET", "crm.get: cut (fault)")], True, "own"),
        ([OWN], [made("CONNECT", "crm.get: refused")], False, "own"),
        ([OWN], [made("CONNECT", "crm.get: refused (fault)")], True, "own"),
        ([OWN], [made("CONNECT", "x (fault)"), made("TLS", "x")], True, "unreachable"),
        ([OWN], [made("CONNECT", "refused (fault) again")], True, "unreachable"),
        ([OWN, OWN, MISS], [], True, "cassette"),
        ([OWN], [made(), made("NoMatchError")], False, "cassette"),
        ([OWN], [made("CassetteError")], True, "cassette"),
        ([OWN], [made("DamagedCassette")], False, "cassette"),
        ([OWN], [made("NewerFormat")], False, "cassette"),
        ([MISS], [made("CONNECT", "x")], True, "unreachable"),
        ([OWN, CONFIG], [made("CONNECT", "x"), made("NoMatchError")], True, "config"),
        ([MISS], [made("ConfigError", "crm: no credentials")], False, "config"),
        ([OWN], [made("ConfigError", "")], False, "own"),
    ],
)
def test_a_cause_is_what_has_to_be_mended_first(
    failures: list[Failure], calls: list[CallMade], live: bool, cause: str
) -> None:
    assert find_failure_cause(failures, calls, live=live) == cause


def test_what_is_not_set_up_is_told_once_line_by_line() -> None:
    calls = [made("ConfigError", "b\na"), made("CONNECT", "c"), made("ConfigError", "a\nd"), made()]

    assert collect_config_errors(calls) == ("b", "a", "d")


@pytest.fixture(scope="module")
def item(tmp_path_factory: pytest.TempPathFactory) -> ScenarioItem:
    folder: Path = tmp_path_factory.mktemp("outcome")
    (folder / "a.js").write_text("//", encoding="utf-8")
    path = folder / "报价.scenario.yaml"
    path.write_text(
        "version: 1\nscenario: 报价\nxfail: 单据 1432\ntags: [crm]\n"
        "form: {scripts: {click.查询: a.js}, fields: {a: 1}}\n"
        "steps: [{click: 查询}, {click: 查询}]\n",
        encoding="utf-8",
    )
    return load_items(path, environ={})[0]


def _with(item: ScenarioItem, **fields: Any) -> ScenarioItem:
    return msgspec.structs.replace(item, **fields)


@pytest.mark.parametrize(
    ("xfail", "failures", "outcome"),
    [
        (False, [], "passed"),
        ("", [], "passed"),
        (False, [OWN], "failed"),
        (True, [OWN], "xfailed"),
        ("单据 1432", [OWN, OWN], "xfailed"),
        (True, [MISS], "failed"),
        (True, [OWN, CONFIG], "failed"),
    ],
)
def test_xfail_stands_for_a_failure_of_what_is_tested(
    item: ScenarioItem, xfail: bool | str, failures: list[Failure], outcome: str
) -> None:
    ended = decide_outcome(_with(item, xfail=xfail), failures, [], live=False)

    assert ended == (outcome, tuple(failures))


def test_xfail_says_whether_third_parties_were_asked(item: ScenarioItem) -> None:
    for live, outcome in ((True, "failed"), (False, "xfailed")):
        assert decide_outcome(item, [OWN], [made("CONNECT", "x")], live=live)[0] == outcome


def test_an_unexpected_pass_is_a_failure_at_its_key(item: ScenarioItem) -> None:
    outcome, (failure,) = decide_outcome(item, (), (), live=False)

    assert (outcome, failure.kind, failure.scenario) == ("failed", "xpass", "报价")
    assert failure.essence == "expected to fail but passed; remove xfail"
    assert failure.place == failure.location
    assert failure.place is not None
    assert failure.place.line == 3
    assert failure.rerun == item.rerun_command
    assert failure.detail == ()


def test_an_unexpected_pass_of_a_row_is_at_the_row_that_says_xfail(tmp_path: Path) -> None:
    head = "version: 1\nscenario: 单\n{}steps: [{{set: {{a: 1}}}}]\nform: {{fields: {{a: 0}}}}\n"
    rows = "cases:\n  - {id: 甲, xfail: 待办}\n  - {id: 乙}\n  - {id: 丙, xfail: no}\n"
    texts = {
        "甲": rows,
        "乙": f"xfail: 都待办\n{rows}",
        "丙": "cases: {from: 行.csv}\nxfail: 都待办\n",
    }
    write_files(tmp_path, {"行.csv": "id,xfail\n甲,待办\n乙,\n"})
    found = {}
    for name, more in texts.items():
        write_files(tmp_path, {f"{name}.scenario.yaml": head.format(more)})
        for item in load_items(tmp_path / f"{name}.scenario.yaml", environ={}):
            _, failures = decide_outcome(item, (), (), live=False)
            places = [failure.place for failure in failures if failure.place]
            found[f"{name}/{item.row_id}"] = [
                f"{Path(one.file).name}:{one.line}:{one.column}" for one in places
            ]
    assert found == {
        "甲/甲": ["甲.scenario.yaml:4:13"], "甲/乙": [], "甲/丙": [],
        "乙/甲": ["乙.scenario.yaml:5:13"], "乙/乙": ["乙.scenario.yaml:3:1"],
        "乙/丙": ["乙.scenario.yaml:3:1"], "丙/甲": ["行.csv:2:0"],
        "丙/乙": ["丙.scenario.yaml:4:1"],
    }  # fmt: skip


def _thrown(name: str, code: object) -> ScriptError:
    return ScriptError("x", name=name, fields={"code": code})


@pytest.mark.parametrize(
    ("kind", "cause", "is_mistake"),
    [
        *[(kind, None, True) for kind in ("name", "call", "rule", "empty", "never_ran", "value")],
        *[(kind, None, False) for kind in ("expect", "error", "rejection", "")],
        ("error", _thrown("ReferenceError", None), True),
        ("error", _thrown("TypeError", None), False),
        ("error", _thrown("Error", "UNKNOWN_API"), True),
        ("error", _thrown("Error", "X_UNKNOWN_API"), False),
        ("name", _thrown("Error", "AUTH_FAILED"), False),  # the script's own error is what counts
        ("error", CallError("x", code="UNKNOWN_PLATFORM"), True),
        ("error", CallError("x", code="HTTP_STATUS"), False),
        ("error", SubjectError("x", code="NO_FUNCTION"), True),
        ("error", SubjectError("x", code="NO_MODULE"), True),
        ("error", SubjectError("x", code="NOT_OWNER"), False),
    ],
)
def test_a_name_of_nothing_is_no_failure_that_xfail_expects(
    item: ScenarioItem, kind: str, cause: BaseException | None, is_mistake: bool
) -> None:
    ended, shown = decide_outcome(
        item, [OWN, failed(kind, cause=cause, detail=("b",))], [], live=False
    )

    assert ended == ("failed" if is_mistake else "xfailed")
    assert len(shown) == (1 if is_mistake else 2)
    if is_mistake:
        assert [shown[0].kind, shown[0].detail[0], len(shown[0].detail)] == [kind, "b", 2]
    lenient = _with(item, strictness="lenient")
    assert decide_outcome(lenient, [failed(kind, cause=cause)], [], live=False)[0] == "xfailed"
    strict = _with(item, strictness="strict")
    assert decide_outcome(strict, [failed(kind, cause=cause)], [], live=False)[0] == ended


@pytest.mark.parametrize(("flag", "reason"), [("维护", "维护"), ("", ""), (True, ""), (False, "")])
def test_a_flag_gives_a_reason_where_it_is_a_text(flag: bool | str, reason: str) -> None:
    assert read_flag_reason(flag) == reason


STEP, KEY, NOWHERE = Place("a", 5, 1), Place("a", 6, 3), Place("", 0, 0)


@pytest.mark.parametrize(
    ("failures", "place"),
    [
        ([failed("expect", location=STEP, place=KEY)], STEP),
        ([failed("expect", place=KEY)], KEY),
        (
            [failed("expect"), failed("expect", place=KEY)],
            None,
        ),
        ([], None),
    ],
)
def test_a_failure_stands_at_its_step_else_at_its_key_else_at_the_item(
    item: ScenarioItem, failures: list[Failure], place: Place | None
) -> None:
    assert find_failing_place(item, failures) == (place or item.place)


def test_what_did_not_run_starts_and_ends_at_nought(item: ScenarioItem) -> None:
    started, ended = make_unrun_events(item, reason="维护")
    assert started == make_start_event(item, 0.0)
    assert (started.name, started.row, started.steps, started.tags) == ("报价", "", 2, ("crm",))
    assert (
        started.engine,
        make_start_event(item, 7.5, "v8").engine,
        make_start_event(item, 7.5).at,
    ) == (
        "",
        "v8",
        7.5,
    )
    assert (ended.outcome, ended.failures, ended.reason) == ("skipped", (), "维护")
    assert (ended.warnings, ended.digest, ended.calls, ended.duration, ended.at) == (
        (),
        "",
        0,
        0,
        0,
    )


@pytest.mark.parametrize(
    ("error", "essence", "detail"),
    [
        (ValueError("eins\nzwei\ndrei"), "eins", ("zwei", "drei")),
        (ValueError("eins"), "eins", ()),
        (ValueError(), "ValueError", ()),
    ],
)
def test_what_could_not_start_failed_for_its_declarations(
    item: ScenarioItem, error: Exception, essence: str, detail: tuple[str, ...]
) -> None:
    _, ended = make_unrun_events(item, error=error)

    assert (ended.outcome, ended.reason) == ("failed", "")
    (failure,) = ended.failures
    assert (failure.kind, failure.essence, failure.detail) == ("config", essence, detail)
    assert (failure.place, failure.location, failure.cause) == (item.place, item.place, error)


def compared(expected: str, actual: str, *, ok: bool = False) -> Comparison:
    return Comparison(("form", "客户名称"), ok, expected, actual)


NAME = '"上海甲乙贸易公司"'


@pytest.mark.parametrize(
    ("checks", "told"),
    [
        ([compared(NAME, NAME.replace("甲", "申"))], True),
        ([compared(NAME, NAME.replace("甲乙", "申已"))], False),
        ([compared(NAME, NAME)], False),
        ([compared(NAME, NAME.replace("甲", "申"), ok=True)], False),
        ([compared(NAME, NAME[:-2] + '"')], False),
        ([compared('"上海甲乙公司"', '"上海申乙公司"')], False),
        ([compared('"上海甲乙分公司"', '"上海申乙分公司"')], False),
        ([compared('"上海甲乙股份公司"', '"上海申乙股份公司"')], True),
        ([compared("1380013800", "1380013801")], False),
        ([compared('"A380013800"', '"1380013800"')], True),
        ([compared('"1380013800"', '"A380013800"')], True),
        ([compared("1", "2"), compared("a", "b"), compared(NAME, NAME.replace("海", "梅"))], True),
        ([], False),
    ],
)
def test_an_expected_failure_that_differs_in_one_character_is_doubtful(
    checks: list[Comparison], *, told: bool
) -> None:
    failures = [failed("expect", checks=tuple(checks))]

    found = list(find_one_character_xfails("xfailed", failures))
    assert [(one.message[:28], one.fails) for one in found] == [
        ("xfail also covers a misprint", False)
    ] * told
    assert list(find_one_character_xfails("failed", failures)) == []


def finished(outcome: Outcome, *essences: str) -> ScenarioFinished:
    """Return the end of an item with a failure for each of *essences*."""
    failures = tuple(Failure(kind="expect", essence=one, scenario="单") for one in essences)
    return ScenarioFinished(
        outcome=outcome, failures=failures, warnings=(), digest="", calls=0, duration=0.0,
        reason="", at=0.0,
    )  # fmt: skip


ENDS = (
    finished("passed"),
    finished("failed", "甲", "乙"),
    finished("xfailed", "丙"),
    finished("skipped"),
    finished("failed", "丁"),
)


def test_a_result_has_the_failures_of_all_items_that_failed() -> None:
    result, good = ScenarioResult(ENDS), ScenarioResult((ENDS[0], ENDS[2], ENDS[3]))

    assert [one.essence for one in result.failures] == ["甲", "乙", "丁"]
    assert (result.ok, good.ok, good.failures) == (False, True, ())
    assert good.unwrap() is good
    with pytest.raises(ExpectationError) as caught:
        result.unwrap()
    assert str(caught.value) == "单: 甲\n\n单: 乙\n\n单: 丁"


@pytest.mark.parametrize(
    ("ends", "look", "told"),
    [
        (ENDS, "", "a scenario failed, and nothing looked at its result: 甲; call unwrap()"),
        (ENDS, "events", ""),
        (ENDS, "failures", ""),
        (ENDS, "ok", ""),
        (ENDS, "unwrap", ""),
        (ENDS, "__class__", "a scenario failed, and nothing looked at its result: 甲"),
        (ENDS[2:4], "", ""),
        ((), "", ""),
    ],
)
def test_a_failed_result_that_nobody_looks_at_is_warned_of(
    ends: tuple[ScenarioFinished, ...], look: str, told: str
) -> None:
    result = ScenarioResult(ends)
    if look:
        assert getattr(result, look) is not None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del result

    assert [str(one.message).startswith(told) for one in caught] == [True] * bool(told)
