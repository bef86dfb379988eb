from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bpmax_sim.i18n import join_list, plural, translate
from bpmax_sim.scenario.expect import cut_to_difference


def test_what_fits_is_left_as_it_is() -> None:
    assert cut_to_difference("0.9", "1", 10) == ("0.9", "1")


def test_long_texts_are_cut_around_where_they_differ() -> None:
    expected, actual = "甲" * 300 + "乙" + "丙" * 100, "甲" * 300 + "丁"

    assert cut_to_difference(expected, actual, 30) == (
        "…" + "甲" * 12 + "乙" + "丙" * 15 + "…",
        "…" + "甲" * 12 + "丁",
    )


def test_a_long_text_beside_a_short_one_is_cut_at_its_end() -> None:
    assert cut_to_difference("甲" * 50, "乙", 10) == ("甲" * 9 + "…", "乙")


@given(st.text(), st.text(), st.integers(16, 100))
def test_both_sides_stay_short_and_apart(one: str, other: str, width: int) -> None:
    first, second = cut_to_difference(one, other, width)

    assert max(len(first), len(second)) <= width
    assert (first == second) == (one == other)


@given(st.text(st.sampled_from("甲乙"), min_size=1), st.text(), st.text(), st.integers(16, 100))
def test_texts_that_begin_alike_stay_apart(same: str, one: str, other: str, width: int) -> None:
    first, second = cut_to_difference(same + one, same + other, width)

    assert max(len(first), len(second)) <= width
    assert (first == second) == (one == other)


def test_a_text_that_goes_on_is_cut_around_where_the_other_ends() -> None:
    assert cut_to_difference("甲" * 100, "甲" * 99 + "甲乙", 30) == (
        "…" + "甲" * 12,
        "…" + "甲" * 12 + "乙",
    )


def plural_names(number: int) -> str:
    names = join_list(["crm.find_customer"] * number)
    return plural(number, "{number} call ({names})", "{number} calls ({names})", names=names)


def test_a_message_of_which_only_the_end_is_cut_can_be_read_in_each_language() -> None:
    one, two = plural_names(1), plural_names(2)

    assert [translate(side, "zh") for side in cut_to_difference(one, two, 40)] == [
        "1 次调用（crm.find_customer）",
        "2 次调用（crm.find_customer、crm.find_c…）",
    ]
