"""How commands show what they found: differences, drift, coverage, doubts, each at its corners."""

from __future__ import annotations

from math import inf
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec import UNSET

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.matching import Difference
from bpmax_sim.check.coverage import DeclaredPart
from bpmax_sim.check.diff import ExchangePair, NumberedExchange
from bpmax_sim.check.drift import Drift
from bpmax_sim.cli import review, script_coverage, verify
from bpmax_sim.cli.explain import CURES, IneffectiveTestPlace, format_explanation
from bpmax_sim.cli.script_coverage import ScriptCoverageOptions, list_missing_branches
from bpmax_sim.errors import Place, Problem
from bpmax_sim.messages import FailedExchange
from bpmax_sim.report.script_coverage import CoverageCounts, CoveredBranch, CoveredScript
from bpmax_sim.script_source.counters import LineColumn
from tests.cassette.exchanges import answer, detail, order
from tests.cli.test_cassette_commands import write

CALL: Final = "crm_system.get_customer_detail"

# ---------------------------------------------------------------------------- differences


@pytest.mark.parametrize(
    ("recorded", "sent", "lines"),
    [
        ("12345", "12346", ['    answer body.a: "12345" → "12346"']),
        ("5", 5, ['    answer body.a: "5" → 5']),
        (UNSET, None, ["    answer body.a: absent → null"]),
        (True, UNSET, ["    answer body.a: true → absent"]),
        ("", [], ['    answer body.a: "" → []']),
        ('说"好"', "a\\b", ['    answer body.a: "说"好"" → "a\\b"']),
        ({"b": 1, "a": "王"}, 1.5, ['    answer body.a: {"a":"王","b":1} → 1.5']),
        ("一\n二", "三", ["    answer body.a:", "      -一", "      -二", "      +三"]),
        ("一", "一\n二", ["    answer body.a:", "       一", "      +二"]),
        (
            "一\n二\n三\n四\n五\n六",
            "壹\n二\n三\n四\n五\n陆",
            ["    answer body.a:", "      -一", "      +壹", "       二", "       五", "      -六",
             "      +陆"],
        ),
        ("一\n二", 7, ['    answer body.a: "一\n二" → 7']),
        ("长" * 158, "短", [f'    answer body.a: "{"长" * 158}" → "短"']),
        ("长" * 159, "短", [f'    answer body.a: "{"长" * 158}… → "短"']),
    ],
)  # fmt: skip
def test_a_difference_is_one_line_or_the_lines_that_differ(
    recorded: Any, sent: Any, lines: list[str]
) -> None:
    assert [*review._format_difference("answer", Difference("body.a", recorded, sent))] == lines


@pytest.mark.parametrize(
    ("value", "leaves"),
    [
        ({}, [("body", {})]),
        ([], [("body", [])]),
        (None, [("body", None)]),
        ("", [("body", "")]),
        ([[], {"甲": []}], [("body[0]", []), ("body[1].甲", [])]),
        ({"甲": {"乙": [1, [2]], "丙": 0}},
         [("body.甲.乙[0]", 1), ("body.甲.乙[1][0]", 2), ("body.甲.丙", 0)]),
    ],
)  # fmt: skip
def test_a_value_is_shown_leaf_by_leaf(value: Any, leaves: list[tuple[str, Any]]) -> None:
    assert [*review._walk_leaf_values("body", value)] == leaves


@pytest.mark.parametrize(
    ("count", "more"), [(1, []), (39, []), (40, ["    … 1 more"]), (41, ["    … 2 more"])]
)
def test_of_a_long_response_forty_values_are_shown(count: int, more: list[str]) -> None:
    """The status is one of them."""
    exchange = detail(7, outcome=answer(str([*range(count)])))
    lines = [*review._format_contents(exchange)]

    shown = min(count, 39)
    assert lines == [
        "    GET https://crm.example.test/customers/7?fields=name%2Cphone",
        "    answer status: 200",
        *(f"    answer body[{number}]: {number}" for number in range(shown)),
        *more,
    ]


def test_an_added_exchange_that_failed_says_how() -> None:
    failed = FailedExchange(code="TIMEOUT", message="超时", elapsed=3.0)

    assert [*review._format_contents(detail(7, outcome=failed))][1] == (
        '    answer failed: "TIMEOUT"'
    )


def test_pairs_are_shown_by_their_kind_and_equal_ones_not_at_all(tmp_path: Path) -> None:
    path = write(tmp_path / "a.yaml", [("付款", [detail(1), detail(2)]), ("退款", [detail(3)])])
    cassette = Cassette.load(path)
    old, _, new = (NumberedExchange(cassette, n, cassette.exchange(n)) for n in range(3))
    ours, theirs = old.place.line, new.place.line
    sent = Difference("path.id", "1", "2")
    got = Difference("body.data.name", "张三", UNSET)
    pairs = [
        ("付款", ExchangePair(old=old, new=new)),
        ("付款", ExchangePair(old=old, new=new, request=(sent,), response=(got,))),
        ("", ExchangePair(old=old)),
        ("退款", ExchangePair(new=new)),
    ]

    lines = [
        f"~ {CALL} for 付款, exchange 1 ({path}:{ours})",
        '    request path.id: "1" → "2"',
        '    answer body.data.name: "张三" → absent',
        f"- {CALL}, exchange 1 ({path}:{ours})",
        f"+ {CALL} for 退款, exchange {new.exchange.order} ({path}:{theirs})",
    ]
    assert [*review._format_pairs(pairs)] == lines
    whole = [*review._format_pairs(pairs, shows_added_in_full=True)]
    assert whole[: len(lines)] == lines
    assert whole[len(lines) :] == [*review._format_contents(new.exchange)]
    assert [review._to_pair_data(*pair) for pair in pairs[1:]] == [
        {
            "kind": "changed", "call": CALL, "for": "付款",
            "old": {"order": 1, "line": ours},
            "new": {"order": new.exchange.order, "line": theirs},
            "differences": [
                {"side": "request", "path": "path.id", "old": '"1"', "new": '"2"'},
                {"side": "answer", "path": "body.data.name", "old": '"张三"', "new": ""},
            ],
        },
        {
            "kind": "removed", "call": CALL, "for": "",
            "old": {"order": 1, "line": ours}, "new": {"order": 0, "line": 0}, "differences": [],
        },
        {
            "kind": "added", "call": CALL, "for": "退款",
            "old": {"order": 0, "line": 0},
            "new": {"order": new.exchange.order, "line": theirs},
            "differences": [],
        },
    ]  # fmt: skip


# ---------------------------------------------------------------------------- drift


def drift(tier: Any, message: str, exchange: Any = None) -> Drift:
    return Drift(exchange=exchange or detail(1), tier=tier, kind="changed", message=message)


def test_drifts_of_one_api_with_one_message_are_one_line() -> None:
    found = [
        (Place("a.yaml", 4), drift("error", "甲")),
        (Place("a.yaml", 9), drift("warning", "甲")),
        (Place("b.yaml", 2), drift("error", "甲")),
        (Place("a.yaml", 5), drift("error", "甲", order(b"{}"))),
        (Place("a.yaml", 6), drift("error", "乙")),
        (Place("c.yaml", 1), drift("error", "甲")),
        (Place("c.yaml", 2), drift("error", "乙")),
    ]

    assert [*verify._format_drift_causes(found)] == [
        f"a.yaml:4: error: {CALL}: 甲 (3 calls)",
        f"a.yaml:9: warning: {CALL}: 甲",
        "a.yaml:5: error: crm_system.create_order: 甲",
        f"a.yaml:6: error: {CALL}: 乙 (2 calls)",
    ]
    assert [*verify._format_drift_causes([])] == []


def test_what_was_not_sent_is_counted_by_reason(capsys: pytest.CaptureFixture[str]) -> None:
    counts = {"error": 1, "warning": 2, "info": 0}
    verify._report_counts(1, counts, {"会写入": 1, "没有凭据": 2})  # type: ignore[arg-type]
    verify._report_counts(0, {"error": 0, "warning": 0, "info": 1}, {})

    assert capsys.readouterr().err.splitlines() == [
        "1 call verified: 1 error, 2 warnings, 0 infos",
        "1 exchange not sent: 会写入",
        "2 exchanges not sent: 没有凭据",
        "0 calls verified: 0 errors, 0 warnings, 1 info",
    ]


@pytest.mark.parametrize(
    ("path", "is_of_cassettes"),
    [
        ("cassettes/采购.yaml", True),
        ("a.scenario.yaml", False),
        ("cassettes/采购.yaml:7", False),
        ("a.scenario.yaml::付款", False),
        ("空", True),
        ("场景", False),
        ("场景/深", False),
        ("没有", False),
    ],
)
def test_an_argument_names_cassettes_where_no_scenario_is_below(
    path: str, is_of_cassettes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("空", "场景/深"):
        Path(folder).mkdir(parents=True)
    Path("场景/深/a.scenario.yaml").write_text("", encoding="utf-8")
    Path("空/a.yaml").write_text("", encoding="utf-8")

    assert verify._contains_only_cassettes(path) is is_of_cassettes


# ---------------------------------------------------------------------------- coverage


@pytest.mark.parametrize(
    ("used", "unused", "percent"),
    [
        (0, 0, 100.0), (0, 3, 0.0), (3, 0, 100.0), (2, 1, 66.7), (1, 2, 33.3), (1, 1999, 0.1),
        (2999, 1, 99.9),
    ],
)  # fmt: skip
def test_parts_are_counted_in_percent(used: int, unused: int, percent: float) -> None:
    parts = [DeclaredPart("api", str(n), n < used) for n in range(used + unused)]

    assert verify._compute_used_percent(parts) == percent
    assert verify._format_used_total_and_percent(parts) == (
        str(used), str(used + unused), f"{percent:g}"
    )  # fmt: skip


PARTS = [
    DeclaredPart("field", "金额", is_used=True),
    DeclaredPart("api", "crm.get", is_used=False),
    DeclaredPart("field", "客户名称", is_used=False),
    DeclaredPart("api", "crm.find", is_used=True),
    DeclaredPart("node", "采购主管", is_used=True),
]


def test_each_kind_of_part_has_a_row_and_what_is_missing_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert verify._show_parts(PARTS, 2, missing=True, json=False) == 60.0
    whole = capsys.readouterr().out.splitlines()
    verify._show_parts(PARTS, 2, missing=False, json=False)
    short = capsys.readouterr().out.splitlines()

    assert short == [
        "part   touched  of  %",
        "api    1        2   50",
        "field  1        2   50",
        "node   1        1   100",
        "all    3        5   60",
    ]
    assert whole == [*short, "", "-  api    crm.get", "-  field  客户名称"]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ([], ""), ([3], "3"), ([3, 4], "3-4"), ([3, 5], "3, 5"),
        ([1, 2, 3, 7, 8, 10], "1-3, 7-8, 10"),
        ([*range(1, 16, 2)], "1, 3, 5, 7, 9, 11, 13, 15"),
        ([*range(1, 18, 2)], "1, 3, 5, 7, 9, 11, 13, 15, …"),
        ([*range(1, 16, 2), 16], "1, 3, 5, 7, 9, 11, 13, 15-16"),
    ],
)  # fmt: skip
def test_lines_in_a_row_are_a_range(lines: list[int], text: str) -> None:
    assert script_coverage._join_ranges(lines) == text


@pytest.mark.parametrize(
    ("counts", "texts"),
    [
        ((1, 2, 0, 0), ("1 of 2", "-", "50")),
        ((2, 2, 0, 1), ("2 of 2", "0 of 1", "66.7")),
        ((0, 0, 0, 0), ("0 of 0", "-", "100")),
        ((0, 3, 0, 2), ("0 of 3", "0 of 2", "0")),
    ],
)
def test_lines_and_branches_are_counted_together(
    counts: tuple[int, int, int, int], texts: tuple[str, str, str]
) -> None:
    assert script_coverage._format_counts(CoverageCounts(*counts)) == texts


def branch(line: int, arm: str, hits: int, reach: str = "") -> CoveredBranch:
    return CoveredBranch(line, 9, arm, hits, LineColumn(line - 1, 3), reach)


COVERED = [
    CoveredScript("a.js", "", {1: 1, 2: 0, 3: 0, 5: 0}, (), (branch(2, "then", 0, "一行"),), 2),
    CoveredScript("b.js", "", {1: 4}, (), (branch(7, "case", 0), branch(9, "else", 3))),
    CoveredScript("c.js", "", {1: 4}, (), (), lost=1),
]
TABLE = [
    "script  lines   branches  %     lines never run",
    "a.js    1 of 4  0 of 1    20    2-3, 5",
    "b.js    1 of 1  1 of 2    66.7",
    "c.js    1 of 1  -         100",
    "all     3 of 6  1 of 3    44.4",
]


def test_branches_are_placed_at_their_condition_or_at_themselves() -> None:
    first, second = list_missing_branches(COVERED)
    assert first.startswith("a.js:1:3: this condition was never true; add 一行")
    assert second.startswith("b.js:7:9: ")


@pytest.mark.parametrize(("least", "code"), [(0.0, 0), (44.4, 0), (44.5, 1), (100.0, 1), (inf, 1)])
@pytest.mark.parametrize("missing", [True, False])
def test_too_little_coverage_of_scripts_fails(
    least: float, code: int, missing: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ScriptCoverageOptions(fail_under=least, missing=missing)

    assert script_coverage._print_coverage(COVERED, ["d.js", "e.js"], 1, options) == code

    printed = capsys.readouterr()
    left = ["", *list_missing_branches(COVERED)]
    assert printed.out.splitlines() == [*TABLE, *(left if missing else [])]
    assert printed.err.splitlines() == [
        "a.js: not counted where a limit ended it: 2 runs",
        "c.js: not counted where a limit ended it: 1 run",
        "d.js: not counted: no JavaScript that can be read, or too large",
        "e.js: not counted: no JavaScript that can be read, or too large",
        *([f"44.4 % of lines and branches ran, and {least:g} % have to"] if code else []),
    ]


# ---------------------------------------------------------------------------- doubts


def doubt(rule: str, line: int, red: str, file: str = "a.yaml") -> IneffectiveTestPlace:
    problem = Problem(f"第 {line} 行", Place(file, line, 1))
    return IneffectiveTestPlace(rule, problem, fails=red != "strict", is_always=red == "always")


def test_doubts_are_grouped_by_where_they_fail_and_by_rule() -> None:
    doubts = [
        doubt("timer", 9, "strict"),
        doubt("unknown_rule", 2, "by default"),
        doubt("uncalled", 9, "by default", "b.yaml"),
        doubt("uncalled", 10, "by default"),
        doubt("uncalled", 9, "by default"),
        doubt("timer", 1, "always"),
        IneffectiveTestPlace("timer", Problem("没有位置"), fails=False),
    ]

    assert [*format_explanation(doubts)] == [
        "red in every folder:",
        "  timer: see `bpmax-sim run`",
        "    a.yaml:1:1: 第 1 行",
        "red, unless the folder is in lenient of [tool.bpmax_sim]:",
        f"  uncalled: {CURES['uncalled']}",
        "    a.yaml:9:1: 第 9 行",
        "    a.yaml:10:1: 第 10 行",
        "    b.yaml:9:1: 第 9 行",
        "  unknown_rule: correct it, or write // bpmax-ignore: unknown_rule above it",
        "    a.yaml:2:1: 第 2 行",
        "a warning, red if the folder is in strict of [tool.bpmax_sim]:",
        f"  timer: {CURES['timer']}",
        "    没有位置",
        "    a.yaml:9:1: 第 9 行",
    ]
    assert [*format_explanation([])] == ["nothing doubtful was found; strict changes nothing here"]


@pytest.mark.parametrize("red", ["always", "by default", "strict"])
def test_a_doubt_says_where_it_fails(red: str) -> None:
    assert doubt("timer", 3, red).as_data() == {
        "file": "a.yaml", "line": 3, "column": 1, "path": "", "message": "第 3 行",
        "rule": "timer", "cure": CURES["timer"], "red": red,
    }  # fmt: skip
