from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpmax_sim.secret.pseudonym import check_character, pseudonym


def kinds(text: str) -> str:
    """Return the shape of *text*: digits, letters and Chinese characters by one sign each."""
    text = re.sub(r"[0-9]", "9", text)
    text = re.sub(r"[a-z]", "a", re.sub(r"[A-Z]", "A", text))
    return re.sub(r"[\u4e00-\u9fff]", "汉", text)


@pytest.mark.parametrize(
    "value",
    [
        "张三",
        "上海市浦东新区世纪大道 1 号 2-301",
        "沪A12345",
        "Zhang San",
        "6222020200112233445",
        "",
    ],
)
def test_the_shape_is_kept_and_the_value_is_not(value: str) -> None:
    made = pseudonym(value)

    assert kinds(made) == kinds(value)
    assert made != value or not value


@given(st.text())
def test_a_pseudonym_stands_for_itself(value: str) -> None:
    assert pseudonym(pseudonym(value)) == pseudonym(value)


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_mobile_number_stays_one(value: str) -> None:
    made = pseudonym(value)

    assert re.fullmatch(r"1[3-9]00000\d{4}", made)
    assert pseudonym(made) == made


@given(st.from_regex(r"[0-9]{17}", fullmatch=True))
def test_a_resident_number_keeps_a_valid_check_character(body: str) -> None:
    made = pseudonym(body + check_character(body))

    assert made[:14] == "0" * 14
    assert made[17] == check_character(made[:17])
    assert pseudonym(made) == made


def test_the_published_example_of_the_check_character() -> None:
    assert check_character("11010519491231002") == "X"


def test_an_address_for_mail_stays_one() -> None:
    made = pseudonym("zhangsan@crm.example.com")

    assert re.fullmatch(r"u\d{6}@example\.test", made)
    assert pseudonym(made) == made


def test_different_people_mostly_stay_different() -> None:
    numbers = [f"138{number:08d}" for number in range(200)]

    assert len({pseudonym(number) for number in numbers}) > 190
