"""What the results of a calibration show, at the limits of each rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bpmax_sim.i18n import translate
from bpmax_sim.live.calibrate import KIND, ask_our_engine
from bpmax_sim.live.console import CapturedRun
from bpmax_sim.live.judge import (
    CalibrationResult,
    describe_workaround,
    is_calibration,
    judge_run,
    list_refuted_rules,
)


def judged(begin: Mapping[str, Any] | None = None, **changed: Any) -> CalibrationResult:
    """Return what a BPMAX shows that behaves as ours does, but for the questions *changed*."""
    ours = ask_our_engine()
    first = {**ours.records[0], **(begin or {})}
    rest = [
        {**record, **changed[record["name"]]} if record.get("name") in changed else record
        for record in ours.records[1:]
        if changed.get(record.get("name", ""), {}) is not None
    ]
    return judge_run(CapturedRun(name="r-1", records=(first, *rest)))


def mark_of(key: str, **changed: Any) -> tuple[str, str]:
    rule = judged(**changed).rules[key]
    seen = "; ".join(f"{one.ours} | {one.there}" for one in rule.seen.values())
    return rule.mark, translate(seen or rule.why)


@pytest.mark.parametrize(
    ("record", "mark", "told"),
    [
        ({"value": [1000, 1000, 1000]}, "confirmed", ""),
        ({"value": [1000, 1000, 1799]}, "confirmed", ""),
        ({"value": [1000, 1000, 1800]}, "refuted", "1.0 s, 1.0 s, 1.8 s"),
        ({"value": [1000, 2000, 3000]}, "refuted", "1.0 s, 2.0 s, 3.0 s"),
        ({"value": [500, 500, 500]}, "confirmed", ""),
        ({"value": [499, 1000, 1000]}, "unknown", "did not wait for a second"),
        ({"value": []}, "unknown", "did not wait"), ({"value": None}, "unknown", "did not wait"),
        ({"value": 1000}, "unknown", "did not wait"), (None, "unknown", "did not wait"),
    ],
)  # fmt: skip
def test_calls_overlap_where_the_slowest_is_not_twice_the_quickest(
    record: Any, mark: str, told: str
) -> None:
    found = mark_of("overlap", overlap=record)
    assert found[0] == mark
    assert told in found[1]


ENDED = {"end": "resolved"}


@pytest.mark.parametrize(
    ("record", "overlap", "mark", "timeout", "told"),
    [
        ({"end": "rejected", "ms": 30_000}, ENDED, "confirmed", 30.0, ""),
        ({"end": "rejected", "ms": 31_400}, ENDED, "confirmed", 31.0, ""),
        ({"end": "rejected", "ms": 28_500}, ENDED, "refuted", 28.0, "30 s | 28 s"),
        ({"end": "rejected", "ms": 28_600}, ENDED, "confirmed", 29.0, ""),
        ({"end": "rejected", "ms": 10_400}, ENDED, "refuted", 10.0, "30 s | 10 s"),
        ({"end": "rejected", "ms": 999}, ENDED, "refuted", 0.999, "30 s | 0.999 s"),
        ({"end": "rejected", "ms": 0}, ENDED, "refuted", 0.0, "30 s | 0 s"),
        ({"end": "rejected", "ms": 1_000}, ENDED, "refuted", 1.0, "30 s | 1 s"),
        ({"end": "rejected", "ms": 10_000}, {"end": "rejected"}, "unknown", None, "no call took"),
        ({"end": "resolved", "ms": 31_500}, ENDED, "unknown", None, "no call took"),
        ({"end": "resolved", "ms": 31_600}, ENDED, "refuted", None, "more than 32 s"),
        ({"end": "threw", "ms": 10_000}, ENDED, "unknown", None, "no call took"),
        (None, ENDED, "unknown", None, "no call took"),
    ],
)  # fmt: skip
def test_a_time_out_is_a_whole_number_of_seconds(
    record: Any, overlap: Any, mark: str, timeout: float | None, told: str
) -> None:
    found = judged(timeout=record, overlap=overlap)
    assert (found.timeout, found.rules["timeout"].mark) == (timeout, mark)
    assert told in mark_of("timeout", timeout=record, overlap=overlap)[1]
    assert found.keys.get("timeout") == (f"{timeout:g}s" if timeout is not None else None)
    if mark == "refuted":
        told = describe_workaround("timeout", found)
        assert ("measure it" in translate(told)) == (timeout is None)


def echoed(value: Any, *, path: tuple[str, ...]) -> Any:
    for step in reversed(path):
        value = {step: value}
    return value


ECHO = {"method": "GET", "url": "/anything/1?preset=1", "headers": {"x-a": "1"}}


@pytest.mark.parametrize(
    ("first", "result", "mark"),
    [
        (ECHO, "body", "confirmed"),
        ({"code": 0, "message": "", "data": ECHO}, "envelope", "confirmed"),
        ({"code": 0, "message": "", "data": ECHO, "more": 1}, "envelope", "confirmed"),
        ({"code": 0, "data": ECHO}, "data", "refuted"),
        ({"data": {"a": ECHO}}, "data.a", "refuted"),
        ({"code": 0, "message": "", "data": {"b": ECHO}}, "data.b", "refuted"),
        ({"code": 0, "message": "", "x": ECHO}, "x", "refuted"),
        ({"url": 1, "headers": {}}, "", "unknown"),
        ({"url": "/a", "headers": []}, "", "unknown"),
        ([ECHO], "", "unknown"),
        (None, "", "unknown"),
    ],
)
def test_the_place_of_a_response_is_where_its_echo_is(first: Any, result: str, mark: str) -> None:
    found = judged(first={"end": "resolved", "value": first})
    assert (found.result, found.rules["result"].mark) == (result, mark)
    assert found.keys.get("result") == (result if result in {"body", "envelope"} else None)
    assert bool(found.failure) == (mark == "unknown")


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"end": "rejected", "error": {"members": {"message": "没有权限"}}}, "failed: 没有权限"),
        ({"end": "threw", "error": {"thrown": "坏"}}, "failed: 坏"),
        ({"end": "skipped", "skipped": "refused", "error": {}}, "failed: refused"),
        (None, "failed: it was not made"),
    ],
)
def test_why_nothing_could_be_asked_is_told(record: Any, told: str) -> None:
    assert told in translate(judged(first=record).failure)


@pytest.mark.parametrize(
    ("own", "headers", "mark"),
    [
        (False, {"authorization": "x"}, "confirmed"), (True, {"AUTHORIZATION": "x"}, "refuted"),
        (True, {}, "unknown"), (False, {}, "refuted"),
    ],
)  # fmt: skip
def test_auth_wins_where_the_scripts_own_header_does_not_arrive(
    own: bool, headers: dict[str, str], mark: str
) -> None:
    first = {"end": "resolved", "value": {**ECHO, "headers": {"x-a": "1", **headers}}}
    probe = {"end": "resolved", "value": own}
    assert mark_of("auth_last", first=first, auth_last=probe)[0] == mark
    assert mark_of("auth_last", first=first, auth_last=None)[0] == "unknown"
    rejected = {"end": "rejected", "value": own}
    assert mark_of("auth_last", first=first, auth_last=rejected)[0] == "unknown"


def status_error(**more: Any) -> dict[str, Any]:
    ours = next(one for one in ask_our_engine().records if one.get("name") == "status")
    return {"end": "rejected", "error": {**ours["error"], **more}}


@pytest.mark.parametrize(
    ("record", "mark"),
    [
        (status_error(), "confirmed"),
        (status_error() | {"end": "threw"}, "confirmed"),
        (status_error() | {"end": "resolved", "value": None}, "unknown"),
        (status_error() | {"error": {}}, "unknown"),
        (status_error(isError=False), "refuted"),
        (status_error(thrown="x"), "refuted"),
        (status_error(own=["message", "stack", "line", "column", "name"]), "confirmed"),
        (status_error(own=["more"]), "refuted"),
        (status_error(members={}), "refuted"),
    ],
)
def test_an_error_is_compared_by_its_members_and_constants(record: Any, mark: str) -> None:
    assert mark_of("error_members", status=record)[0] == mark


@pytest.mark.parametrize("skipped", ["refused", "stopped", "", None])
def test_what_was_not_asked_is_unknown_with_its_reason(skipped: str | None) -> None:
    skip: Any = None if skipped is None else {"skipped": skipped, "end": None}
    ours = ask_our_engine()
    [record] = [one for one in ours.records if one.get("name") == "body_json"]
    without = {name: one for name, one in record.items() if name not in {"end", "value"}}
    records = [one for one in ours.records if one.get("name") not in {"body_json", "body_bigint"}]
    added = [] if skip is None else [{**without, "skipped": skipped}]
    found = judge_run(CapturedRun(name="r-1", records=(*records, *added))).rules["body_json"]
    whys = {"refused": "a write was not agreed to", "stopped": "a call was refused before"}
    assert (found.mark, translate(found.why)) == (
        "unknown",
        whys.get(skipped or "", "it was not asked"),
    )


@pytest.mark.parametrize(
    ("engine", "told"),
    [
        ({"versions": {"v8": "12.4", "quickjs": "1"}}, "v8 12.4"),
        ({"versions": {"quickjs": "2025"}}, "quickjs 2025"),
        ({"stack": "v8", "agent": "Mozilla Chrome/126.0"}, "V8 (Chrome 126)"),
        (
            {"stack": "gecko", "agent": "x Firefox/130.1"},
            "SpiderMonkey / JavaScriptCore (Firefox 130)",
        ),
        ({"stack": "v8"}, "V8"),
        ({"stack": "x", "agent": "Edg/1"}, "? (Edg 1)"),
        ({}, "?"),
        (None, "?"),
        ({"versions": None, "stack": "v8"}, "V8"),
    ],
)
def test_an_engine_is_named_by_what_it_says(engine: Any, told: str) -> None:
    assert judged({"engine": engine}).engine == told


def test_facts_of_a_run_are_those_of_its_beginning() -> None:
    found = judged({"at": 1_772_413_200_500, "zone": "Asia/Shanghai", "offsets": [480, 480]})
    assert (found.asked, found.zone, found.offsets) == (
        1_772_413_200.5,
        "Asia/Shanghai",
        (480, 480),
    )
    bare = judged({"at": 0, "zone": None, "offsets": None, "globals": None})
    assert (bare.asked, bare.zone, bare.offsets, bare.globals) == (0.0, "", (), {})
    assert [*list_refuted_rules(judged())] == []
    assert [key for key, _ in list_refuted_rules(judged(overlap={"value": [1000, 3000]}))] == [
        "overlap"
    ]
    assert KIND == "calibrate"
    assert is_calibration(ask_our_engine())
    assert not is_calibration(CapturedRun(name="x", records=({"e": "begin", "kind": "capture"},)))
