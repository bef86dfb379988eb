from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmax_sim.cli.terminal import align_columns
from bpmax_sim.i18n import measure_display_width
from bpmax_sim.report.exit_codes import ExitCode, choose_exit_code

CODES = st.lists(st.sampled_from(ExitCode))


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        ([], 0),
        ([0, 0], 0),
        ([6, 1], 1),
        ([1, 3], 3),
        ([3, 4], 4),
        ([4, 2], 2),
        ([6, 0], 6),
        ([1, 2, 3, 4, 6], 2),
    ],
)
def test_of_several_codes_the_one_to_mend_first_is_told(codes: list[int], told: int) -> None:
    assert choose_exit_code(map(ExitCode, codes)) == told


@given(CODES, CODES)
def test_the_order_of_codes_does_not_matter(some: list[ExitCode], more: list[ExitCode]) -> None:
    assert choose_exit_code([*some, *more]) == choose_exit_code([*more, *some])
    assert choose_exit_code([*some, *more]) == choose_exit_code(
        [choose_exit_code(some), choose_exit_code(more)]
    )


@given(st.lists(st.tuples(st.text("ab张三"), st.text("x李")), min_size=1))
def test_columns_begin_at_the_same_place(rows: list[tuple[str, str]]) -> None:
    lines = list(align_columns([(first, f"|{second}") for first, second in rows]))

    assert len({measure_display_width(line.partition("|")[0]) for line in lines}) == 1
