# ruff: noqa: E501 - totals, one a line
"""The matrix of calls and failures, and the sums below it: which cell wins, in which order."""

from __future__ import annotations

import itertools

import pytest

from bpmax_sim.explore.failures import CODES, MEMBERS
from bpmax_sim.explore.search import AT_ONCE, MEANWHILE, ORDERS
from bpmax_sim.explore.summary import (
    MARKS,
    ExploreTotals,
    MatrixCell,
    decode_totals,
    describe_totals,
    encode_totals,
    explain_unjudged_variants,
    format_matrix,
    make_matrix,
)

BY_GRAVITY = (
    "handled", "unrecorded", "crash", "silent", "partial", "duplicate", "differs", "stale",
    "endless", "invariant",
)  # fmt: skip


def cell(
    verdict: str = "handled",
    column: str = "TIMEOUT",
    where: str = "a.js:1",
    call: str = "crm.查客户",
    *,
    fails: bool = False,
) -> MatrixCell:
    return MatrixCell(call, where, column, verdict, fails)  # type: ignore[arg-type]


def test_marks_stand_in_the_order_of_gravity() -> None:
    assert tuple(MARKS) == BY_GRAVITY


@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize(
    ("cells", "kept"),
    [
        *(((cell(low), cell(high)), high)
          for low, high in itertools.pairwise(BY_GRAVITY)),
        ((cell("invariant"), cell("crash", fails=True)), "crash"),
        ((cell("handled"), cell("invariant"), cell("silent")), "invariant"),
        ((cell("silent", fails=True), cell("crash", fails=True), cell("endless")), "silent"),
    ],
)  # fmt: skip
def test_of_several_verdicts_the_most_severe_is_kept(
    cells: tuple[MatrixCell, ...], kept: str, *, is_turned: bool
) -> None:
    matrix = make_matrix(cells[::-1] if is_turned else cells)

    assert matrix.columns == ("TIMEOUT",)
    [[one]] = [row.values() for row in matrix.rows.values()]
    assert one.verdict == kept


def test_rows_stand_in_the_order_of_scripts_and_columns_with_combinations_last() -> None:
    wheres = ["b.js:1", "a.js:10", "a.js:9", "", "a.js:2"]
    columns = [MEANWHILE, "HTTP 503", ORDERS, AT_ONCE, "TIMEOUT", MEMBERS, CODES]
    cells = [
        *(cell(where=where) for where in wheres),
        *(cell(column=column) for column in columns),
        cell(call="crm.下单", where="a.js:9"),
    ]

    matrix = make_matrix(cells)

    assert list(matrix.rows) == [
        ("crm.查客户", ""), ("crm.查客户", "a.js:1"), ("crm.查客户", "a.js:2"),
        ("crm.下单", "a.js:9"), ("crm.查客户", "a.js:9"), ("crm.查客户", "a.js:10"),
        ("crm.查客户", "b.js:1"),
    ]  # fmt: skip
    assert matrix.columns == ("TIMEOUT", "HTTP 503", CODES, MEMBERS, AT_ONCE, ORDERS, MEANWHILE)


def test_a_matrix_is_aligned_by_what_a_terminal_shows() -> None:
    cells = [
        cell("crash", "TIMEOUT", "a.js:1", "crm.查", fails=True),
        cell("handled", "HTTP 503", "a.js:1", "crm.查"),
        cell("unrecorded", "空", "", "crm.getOne"),
    ]

    lines = [str(line) for line in format_matrix(make_matrix(cells))]

    assert lines[:-1] == [
        "               ┌ TIMEOUT",
        "               │ ┌ HTTP 503",
        "               │ │ ┌ 空",
        "crm.getOne     · · ?",
        "crm.查  a.js:1 C √ ·",
    ]
    assert [part[:1] for part in lines[-1].split("  ")] == ["√", "?", "C"]
    assert list(format_matrix(make_matrix([]))) == []


@pytest.mark.parametrize(
    ("verdicts", "line"),
    [
        ({}, "tried 2 of 3"),
        ({"handled": 0}, "tried 2 of 3"),
        ({"handled": 2}, "tried 2 of 3: handled 2"),
        ({"unrecorded": 1, "crash": 4, "handled": 2}, None),
    ],
)
def test_numbers_by_verdict_are_one_line(verdicts: dict[str, int], line: str | None) -> None:
    told = describe_totals(ExploreTotals(tried=2, possible=3, verdicts=verdicts))

    if line is None:
        assert told.startswith("tried 2 of 3: ")
        assert sorted(part.split()[-1] for part in told.split(": ")[1].split(", ")) == [
            "1", "2", "4",
        ]  # fmt: skip
    else:
        assert told == line


@pytest.mark.parametrize(
    ("number", "reasons", "starts", "names"),
    [
        (0, ["甲"], [], ""),
        (1, ["甲"], ["1 variant is not judged: 甲; to"], ""),
        (2, ["甲", "乙"], ["2 variants are not judged: 甲, 乙; to"], ""),
        (6, list("甲乙丙丁戊己"), ["6 variants are not judged: 甲, 乙, 丙, 丁, 戊; to"], "己"),
    ],
)
def test_variants_without_verdict_are_told_with_five_reasons(
    number: int, reasons: list[str], starts: list[str], names: str
) -> None:
    totals = ExploreTotals(verdicts={"unrecorded": number, "crash": 9}, unrecorded=reasons)

    told = [str(line) for line in explain_unjudged_variants(totals)]

    assert [line.startswith(start) for line, start in zip(told, starts, strict=True)] == (
        [True] * len(starts)
    )
    assert not names or names not in told[0]


def test_totals_of_several_processes_are_added() -> None:
    parts = [
        ExploreTotals(tried=1, possible=5, verdicts={"crash": 1}, cells=[cell()], unrecorded=["甲"]),
        ExploreTotals(tried=2, possible=2, verdicts={"crash": 2, "handled": 1}, cells=[cell(), cell("crash")]),
        ExploreTotals(tried=4, possible=9, verdicts={"silent": 3}, unrecorded=["乙", "甲"]),
    ]  # fmt: skip

    total = decode_totals(encode_totals(part) for part in parts)

    assert (total.tried, total.possible) == (7, 16)
    assert total.verdicts == {"crash": 3, "handled": 1, "silent": 3}
    assert total.cells == [cell(), cell("crash")]
    assert total.unrecorded == ["甲", "乙"]
    assert decode_totals([]) == ExploreTotals()
