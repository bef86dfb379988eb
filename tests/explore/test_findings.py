# ruff: noqa: E501 - a case, one a line
"""What explorations come to together: findings by cause, what is left out, and what tests say."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.errors import Place
from bpmax_sim.explore.item_result import make_failures, make_warnings
from bpmax_sim.explore.judge import VERDICTS, Judgement, VerdictKind
from bpmax_sim.explore.orders import Interruption
from bpmax_sim.explore.page import make_section
from bpmax_sim.explore.search import Exploration, JudgedVariant, _SharedCounts, choose_severity
from bpmax_sim.explore.summary import (
    ExploreTotals,
    MatrixCell,
    describe_finding,
    describe_unproven_missing_members,
    explain_unexplored_parts,
    explain_unjudged_variants,
    find_causes,
    sum_totals,
)
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.report.sections import SectionCell, SectionFinding, SectionTable
from bpmax_sim.scenario.model import ExploreSpec, FaultAction, FaultRule
from tests.explore.views import LINE, made, ordered

HERE = Place("选客户.scenario.yaml", 3, 1)
RULE = FaultRule(on="crm.查客户", do=FaultAction(status=500))


def tried(kind: str = "500", verdict: VerdictKind = "silent", **fields: Any) -> JudgedVariant:
    """Return a variant of a read at `LINE` that fails its scenario."""
    judgement = {"place": LINE, "why": "没有人知道", **fields.pop("judgement", {})}
    usual: dict[str, Any] = {
        "call": made(), "column": kind, "rules": (RULE,), "severity": "fail",
        "judgement": Judgement(verdict=verdict, **judgement),
    }  # fmt: skip
    return JudgedVariant(kind=kind, **{**usual, **fields})


def explored(*variants: JudgedVariant, **fields: Any) -> Exploration:
    usual: dict[str, Any] = {
        "node_id": "选客户.scenario.yaml::选客户", "name": "选客户", "place": HERE, "target": "选客户",
        "variants": variants, "possible": len(variants), "tried": len(variants),
    }  # fmt: skip
    return Exploration(**{**usual, **fields})


SEPARATE: dict[str, tuple[JudgedVariant, bool]] = {
    # a second variant, and whether it is of the same cause as the first
    "the same": (tried(), True),
    "another kind": (tried("429"), True),
    "another column of its line": (tried(judgement={"place": Place("下单.js", 4, 1)}), True),
    "another reason": (tried(judgement={"why": "别的"}), True),
    "another call of the API": (tried(call=made(number=2)), True),
    "another verdict": (tried(verdict="crash"), False),
    "another line": (tried(judgement={"place": Place("下单.js", 5, 7)}), False),
    "another file": (tried(judgement={"place": Place("退货.js", 4, 7)}), False),
    "no line": (tried(judgement={"place": None}), False),
    "another API": (tried(call=made("crm.查合同")), False),
    "a warning": (tried(severity="warn"), False),
}


@pytest.mark.parametrize("name", SEPARATE)
def test_a_cause_is_a_verdict_at_a_line_on_an_api(name: str) -> None:
    other, is_same = SEPARATE[name]
    first = tried()

    found = find_causes([explored(first), explored(other, node_id="二")])

    if is_same:
        [one] = found
        assert one.variants == (first, other)
        assert one.items == ("选客户.scenario.yaml::选客户", "二")
    else:
        assert [one.variants for one in found] == [(first,), (other,)]
        assert [one.items for one in found] == [("选客户.scenario.yaml::选客户",), ("二",)]


def test_a_cause_without_a_line_is_at_its_scenario() -> None:
    [found] = find_causes([explored(tried(judgement={"place": None}))])

    assert (found.place, found.call, found.verdict) == (
        "选客户.scenario.yaml:3",
        "crm.查客户",
        "silent",
    )


def test_items_and_kinds_of_a_cause_are_named_once() -> None:
    [found] = find_causes(
        [
            explored(tried(), tried("429", judgement={"why": "别的"}), tried()),
            explored(tried("500"), tried("reset", judgement={"why": "又一个"})),
        ]
    )

    assert found.items == ("选客户.scenario.yaml::选客户",)
    assert found.kinds == ("500", "429", "reset")
    assert found.why == "没有人知道"


CLICK = Interruption(call=made(), what="点下单", is_again=True)


@pytest.mark.parametrize(
    ("kinds", "named"),
    [
        (["点下单", "点下单: a < b"], ("点下单",)),
        (["点下单: a < b", "点下单: b < a"], ("点下单: a < b", "点下单: b < a")),
        (["点下单: a < b", "点下单"], ("点下单",)),
    ],
)
def test_an_action_that_shows_it_alone_is_named_without_the_order(
    kinds: list[str], named: tuple[str, ...]
) -> None:
    [found] = find_causes([explored(*(tried(kind, interruption=CLICK) for kind in kinds))])

    assert found.kinds == named


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (1, "类1"), (3, "类1, 类2, 类3"), (10, ", ".join(f"类{n}" for n in range(1, 11))),
        (11, ", ".join(f"类{n}" for n in range(1, 11)) + " and 1 more"),
        (13, ", ".join(f"类{n}" for n in range(1, 11)) + " and 3 more"),
    ],
)  # fmt: skip
def test_ten_kinds_are_named(count: int, text: str) -> None:
    [found] = find_causes([explored(*(tried(f"类{n}") for n in range(1, count + 1)))])

    assert to_plain_english(found.main_kinds) == text


@pytest.mark.parametrize(
    ("severity", "items", "lines"),
    [
        ("fail", 1, ["× silent  下单.js:4  crm.查客户: 500", "    没有人知道", "    项1"]),
        (
            "warn",
            2,
            ["! silent  下单.js:4  crm.查客户: 500", "    没有人知道", "    项1 and 1 more"],
        ),
        (
            "warn",
            4,
            ["! silent  下单.js:4  crm.查客户: 500", "    没有人知道", "    项1 and 3 more"],
        ),
    ],
)
def test_a_finding_has_three_lines(severity: Any, items: int, lines: list[str]) -> None:
    [found] = find_causes(
        explored(tried(severity=severity), node_id=f"项{n}") for n in range(1, items + 1)
    )

    assert [to_plain_english(line) for line in describe_finding(found)] == lines


def test_a_test_fails_for_what_fails_and_warns_of_the_rest() -> None:
    exploration = explored(
        tried(severity="warn", verdict="partial"),
        tried(severity="warn", verdict="partial", judgement={"place": Place("下单.js", 4, 30)}),
        tried(),
        tried("429", judgement={"place": Place("下单.js", 4, 30)}),
        tried(verdict="duplicate", call=ordered(), judgement={"why": "两次", "place": None}),
        tried(severity="allow", verdict="stale"),
    )

    silent, twice = make_failures(exploration)
    [warning] = make_warnings(exploration)

    assert (silent.kind, silent.scenario, silent.place, silent.location) == (
        "explore", "选客户", HERE, HERE,
    )  # fmt: skip
    assert to_plain_english(silent.essence) == "silent: crm.查客户: 500, 429"
    assert (silent.detail, silent.script) == (("没有人知道",), LINE)
    assert to_plain_english(silent.rerun) == "bpmax-sim explore 选客户"
    assert (to_plain_english(twice.essence), twice.detail, twice.script) == (
        "duplicate: erp.下单: 500", ("两次",), None,
    )  # fmt: skip
    assert (warning.kind, warning.place) == ("explore", LINE)
    assert to_plain_english(warning.message) == "partial: crm.查客户: 500: 没有人知道"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, []),
        ({"refused": "没有通过"}, ["not explored: 没有通过"]),
        ({"refused": "没有通过", "possible": 3, "tried": 0}, ["not explored: 没有通过"]),
        ({"possible": 3, "tried": 0}, ["not explored: the time was over"]),
        ({"possible": 0, "tried": 0}, []),
        ({"possible": 3, "tried": 1}, []),
        (
            {"possible": 3, "tried": 0, "knows_member_reads": False},
            ["not explored: the time was over"],
        ),
    ],
)
def test_an_item_that_was_not_explored_says_why(fields: dict[str, Any], told: list[str]) -> None:
    exploration = explored(**fields)

    assert [to_plain_english(one) for one in explain_unexplored_parts(exploration)] == told
    warnings = list(make_warnings(exploration))
    assert [(to_plain_english(one.message), one.place) for one in warnings] == [
        (text, HERE) for text in told
    ]


def test_an_item_whose_scripts_notice_that_they_are_watched_says_so() -> None:
    [told] = explain_unexplored_parts(explored(possible=1, tried=1, knows_member_reads=False))

    assert to_plain_english(told).startswith("its scripts do other things when it is watched")


def test_members_that_nobody_shows_to_be_missing_are_named_by_file() -> None:
    lacking: dict[str, Any] = {"is_shown": False, "severity": "allow"}
    explorations = [
        explored(
            tried("name null", **lacking),
            tried("name null", **lacking),
            tried("code null", verdict="crash", **lacking),
            tried("level null", verdict="handled", **lacking),
            tried("phone null"),
            tried("fax null", judgement={"place": None}, **lacking),
        ),
        explored(tried("mail null", judgement={"place": Place("退货.js", 1)}, **lacking)),
        explored(tried("note null", **lacking)),
    ]

    assert [to_plain_english(one) for one in describe_unproven_missing_members(explorations)] == [
        f"{file}: no schema and no recording says that these can be: {kinds}"
        for file, kinds in (
            ("下单.js", "name null, code null, note null"),
            ("选客户.scenario.yaml", "fax null"),
            ("退货.js", "mail null"),
        )
    ]


def test_totals_count_verdicts_and_have_a_cell_for_what_is_shown_or_not_judged() -> None:
    lacking: dict[str, Any] = {"is_shown": False, "severity": "allow"}
    first = explored(
        tried(),
        tried("429", severity="warn"),
        tried("name null", verdict="crash", **lacking),
        tried("reset", verdict="unrecorded", judgement={"why": "没有录制"}, **lacking),
        tried("500", call=ordered(place=None), verdict="duplicate"),
        possible=9, most_in_flight=3,
    )  # fmt: skip
    second = explored(tried(), possible=2, most_in_flight=2)

    totals = sum_totals([first, second])

    assert totals == ExploreTotals(
        tried=6,
        possible=11,
        verdicts={"silent": 3, "crash": 1, "unrecorded": 1, "duplicate": 1},
        cells=[
            MatrixCell("crm.查客户", "下单.js:4", "500", "silent", True),
            MatrixCell("crm.查客户", "下单.js:4", "429", "silent"),
            MatrixCell("crm.查客户", "下单.js:4", "reset", "unrecorded"),
            MatrixCell("erp.下单", "", "500", "duplicate", True),
        ],
        unrecorded=["没有录制"],
        most_in_flight=3,
    )
    assert sum_totals([]) == ExploreTotals()


@pytest.mark.parametrize(
    ("most", "starts"),
    [(0, None), (4, None), (5, "5 calls are in flight together; of more than 4")],
)
def test_more_than_four_in_flight_are_told(most: int, starts: str | None) -> None:
    told = list(explain_unjudged_variants(ExploreTotals(most_in_flight=most)))

    assert [to_plain_english(one).startswith(starts or "-") for one in told] == [True] * bool(
        starts
    )


RED = {"silent", "duplicate", "differs", "stale", "invariant"}


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_verdict_has_a_severity_by_itself(verdict: VerdictKind) -> None:
    plain, shown = (Judgement(verdict=verdict, is_shown=is_shown) for is_shown in (False, True))
    spec = ExploreSpec()
    usual = "allow" if verdict in {"handled", "unrecorded"} else "warn"
    red = "fail" if verdict in RED else usual

    assert choose_severity(plain, spec) == red
    assert choose_severity(shown, spec) == ("fail" if verdict == "crash" else red)
    assert choose_severity(shown, spec, is_uncertain=True) == usual
    assert choose_severity(shown, spec, is_confirmed=False) == "allow"


@pytest.mark.parametrize("chosen", ["fail", "warn", "allow"])
def test_a_scenario_says_nothing_of_what_is_handled_or_not_confirmed(chosen: Any) -> None:
    spec = ExploreSpec(**{name: chosen for name in VERDICTS if hasattr(ExploreSpec(), name)})

    assert choose_severity(Judgement(verdict="handled"), spec) == "allow"
    assert choose_severity(Judgement(verdict="crash"), spec, is_confirmed=False) == "allow"
    assert choose_severity(Judgement(verdict="unrecorded"), spec) == chosen
    assert choose_severity(Judgement(verdict="stale"), spec, is_uncertain=True) == chosen
    assert replace(spec, stale=UNSET) != spec


@pytest.mark.parametrize(
    ("counts", "totals"),
    [
        ([], (0, 0)),
        ([(0, 0)] * 3, (0, 0)),
        ([(1, 5), (0, 0), (0, 0)], (1, 15)),
        ([(1, 5), (2, 8), (0, 0)], (3, 19)),
        ([(5, 5), (8, 8), (2, 2)], (15, 15)),
    ],
)
def test_items_that_have_not_begun_are_taken_for_average(
    counts: list[tuple[int, int]], totals: tuple[int, int]
) -> None:
    shared = _SharedCounts(len(counts))
    for number, (done, possible) in enumerate(counts):
        shared.set_counts(number, done, possible)

    assert shared.estimate_totals() == totals
    assert shared.is_creator_process


def test_the_page_shows_the_matrix_and_each_finding_with_its_scenario() -> None:
    exploration = explored(
        tried(verdict="handled", severity="allow"),
        tried("429", verdict="unrecorded", severity="allow"),
        tried("reset", verdict="partial", severity="warn"),
        tried("empty", verdict="partial"),
        tried("timeout", call=ordered(place=None), verdict="handled", severity="allow"),
    )
    findings = find_causes([exploration])

    section = make_section(sum_totals([exploration]), findings, ["一", "二"])

    table, red, doubt = section.parts
    assert isinstance(table, SectionTable)
    assert [to_plain_english(str(one)) for one in table.columns] == [
        "call", "500", "429", "reset", "empty", "timeout",
    ]  # fmt: skip
    handled, unrecorded, partial = (VERDICTS[name] for name in ("handled", "unrecorded", "partial"))
    none = SectionCell()
    assert table.rows == (
        (SectionCell("erp.下单\n"), none, none, none, none, SectionCell("√", "passed", handled)),
        (
            SectionCell("crm.查客户\n下单.js:4"), SectionCell("√", "passed", handled),
            SectionCell("?", "quiet", unrecorded), SectionCell("P", "again", partial),
            SectionCell("P", "failed", partial), none,
        ),
    )  # fmt: skip
    assert to_plain_english(str(table.caption)) == "√ handled  ? unrecorded  P partial"
    assert isinstance(red, SectionFinding)
    assert isinstance(doubt, SectionFinding)
    assert [(one.tone, one.place, one.paste) for one in (red, doubt)] == [
        ("failed", "下单.js:4", "一"), ("again", "下单.js:4", "二"),
    ]  # fmt: skip
    assert to_plain_english(str(red.headline)) == "× partial  下单.js:4  crm.查客户: empty"
    assert [to_plain_english(str(line)) for line in red.lines] == [
        "    没有人知道", "    选客户.scenario.yaml::选客户",
    ]  # fmt: skip
    assert to_plain_english(str(section.summary)) == (
        "tried 5 of 5: handled 2, partial 2, unrecorded 1"
    )
    bare = make_section(sum_totals([exploration]), findings)
    assert [one.paste for one in bare.parts if isinstance(one, SectionFinding)] == ["", ""]


def test_what_fails_a_scenario_is_red_on_the_page_whatever_its_verdict() -> None:
    exploration = explored(
        tried(verdict="unrecorded"), tried("429", verdict="unrecorded", severity="warn")
    )

    table = make_section(sum_totals([exploration]), find_causes([exploration]), ["一"]).parts[0]

    assert isinstance(table, SectionTable)
    assert [cell.tone for cell in table.rows[0][1:]] == ["failed", "quiet"]
