"""Findings of several scripts in the order of their use, one for a line, and how they are added."""

from __future__ import annotations

from typing import Any

from bpmax_sim.challenge.findings import (
    ChallengeResult,
    Weakness,
    _shorten_to_one_line,
    describe_on_one_line,
    merge_results,
)
from bpmax_sim.challenge.proposals import ExpectLine
from bpmax_sim.errors import Place, Problem
from bpmax_sim.i18n import to_plain_english

LINE = ExpectLine(file="订单.scenario.yaml", step=2, expect={"form": {"金额": 8}})
ERROR = ExpectLine(file="订单.scenario.yaml", step=2, error={"code": "E1"})


def find(file: str, at: int, verdict: Any, kills: int = 1, **more: Any) -> Weakness:
    return Weakness(
        place=Place(file, at, kills), verdict=verdict, kind="guard", kills=kills,
        message="不行", **more,
    )  # fmt: skip


def test_the_most_useful_finding_of_a_line_is_kept_and_each_repeat_beside_another_verdict() -> None:
    first = Place("甲.js", 1)
    found = [
        find("乙.js", 9, "unchanged", 9), find("甲.js", 20, "unchanged", 9),
        find("甲.js", 3, "differs", 9), find("甲.js", 4, "differs", 2, line=LINE),
        find("甲.js", 2, "differs", 1, line=LINE), find("乙.js", 1, "differs", 2, line=ERROR),
        find("甲.js", 5, "unreached", 1), find("甲.js", 6, "unreached", 3),
        find("甲.js", 5, "unchanged", 7), find("甲.js", 3, "unchanged", 1),
        find("甲.js", 7, "differs", 8), find("甲.js", 2, "unreached", 99),
        find("甲.js", 5, "differs", 1, line=LINE, same_as=first),
        find("甲.js", 5, "differs", 4, line=LINE, same_as=first),
        find("甲.js", 4, "differs", 5, line=LINE, same_as=first),
        find("甲.js", 8, "differs", 1, line=LINE, same_as=first),
        find("甲.js", 3, "differs", 6, line=LINE, same_as=first),
    ]  # fmt: skip
    results = [ChallengeResult(findings=tuple(found[number::3])) for number in range(3)]

    merged = merge_results(results)

    told = [
        (one.place.file, one.place.line, one.verdict, one.kills, one.same_as is not None)
        for one in merged.findings
    ]
    assert told == [
        ("乙.js", 1, "differs", 2, False), ("甲.js", 4, "differs", 2, False),
        ("甲.js", 2, "differs", 1, False), ("甲.js", 6, "unreached", 3, False),
        ("甲.js", 5, "unreached", 1, False), ("乙.js", 9, "unchanged", 9, False),
        ("甲.js", 20, "unchanged", 9, False), ("甲.js", 3, "unchanged", 1, False),
        ("甲.js", 7, "differs", 8, False), ("甲.js", 3, "differs", 6, True),
        ("甲.js", 5, "differs", 4, True), ("甲.js", 8, "differs", 1, True),
    ]  # fmt: skip
    assert len(merged.findings_not_solved_by_earlier) == 9


def test_results_are_added_and_their_share_leaves_out_what_proves_nothing() -> None:
    unused = [Problem("没有起作用", Place("甲.js", line)) for line in (1, 2, 3)]
    counts = {"unreached": 3, "unchanged": 5, "ignored": 7}
    merged = merge_results([
        ChallengeResult(
            counts={"killed": 3, "differs": 1}, killers={"error": 1}, unused=(unused[0],)
        ),
        ChallengeResult(counts={"killed": 1, "limit": 9}, killers={"error": 2, "miss": 1}),
        ChallengeResult(counts=counts, unused=(unused[1], unused[2])),
    ])  # fmt: skip
    assert (dict(merged.counts), dict(merged.killers), merged.unused) == (
        {"killed": 4, "differs": 1, "limit": 9, "unreached": 3, "unchanged": 5, "ignored": 7},
        {"error": 3, "miss": 1}, tuple(unused),
    )  # fmt: skip
    shares: list[tuple[dict[str, int], float]] = [
        ({}, 100.0), ({"unchanged": 3, "ignored": 1}, 100.0), ({"limit": 1}, 0.0),
        ({"limit": 1, "unchanged": 2}, 0.0), ({"limit": 1, "killed": 1}, 100.0),
        ({"killed": 1, "differs": 1}, 50.0), ({"killed": 1, "unreached": 3}, 25.0),
        ({"differs": 1, "limit": 4}, 0.0),
    ]  # fmt: skip
    assert [ChallengeResult(counts=counts).score_percent for counts, _ in shares] == [
        share for _, share in shares
    ]


def test_a_finding_is_one_line_with_what_to_add() -> None:
    place = Place("订单.scenario.yaml", 7, 5)
    told = [
        to_plain_english(describe_on_one_line(one))
        for one in (
            find("甲.js", 1, "unreached", old="x > 1"),
            find("甲.js", 1, "differs", old="x", new="y"),
            find("甲.js", 1, "differs", old="x", new="y", line=LINE, scenario_place=place),
            find("甲.js", 1, "differs", old="x", line=ERROR, scenario_place=place),
        )
    ]
    assert told == [
        "不行: x > 1",
        "不行: x → y",
        "不行: x → y; add at 订单.scenario.yaml:7:5: expect: {form: {金额: 8}}",
        "不行: x; add at 订单.scenario.yaml:7:5: expect_error: {code: E1}",
    ]
    assert [find("甲.js", 1, "differs", line=line).expect_yaml for line in (None, LINE, ERROR)] == [
        "", "expect: {form: {金额: 8}}", "expect_error: {code: E1}",
    ]  # fmt: skip
    assert [_shorten_to_one_line(text) for text in ("a\n  b\t c", "长" * 60, "长" * 61)] == [
        "a b c", "长" * 60, f"{'长' * 59}…",
    ]  # fmt: skip
