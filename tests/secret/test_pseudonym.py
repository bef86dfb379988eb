from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmax_sim.secret.pseudonym import (
    compute_credit_code_check_char,
    compute_luhn_digit,
    compute_org_code_check_char,
    compute_resident_id_check_char,
    make_pseudonym,
)
from tests.examples import drawn

_CREDIT = "[0-9A-HJ-NPQRTUWXY]"


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
    made = make_pseudonym(value)

    assert kinds(made) == kinds(value)
    assert made != value or not value


@pytest.mark.parametrize("begin", range(10, 20))
def test_a_mobile_number_is_of_no_operator(begin: int) -> None:
    made = make_pseudonym(f"{begin}800138001")

    assert re.fullmatch("160[0-9]{8}" if begin > 12 else "0{11}", made)


@pytest.mark.parametrize(
    ("value", "pattern"),
    [
        ("二〇二六年", "汉〇汉{3}"),
        ("〇", "〇"),
        ("１３８０", "０{4}"),
        ("٣٤", "٠{2}"),
        ("⑦号楼", "①汉{2}"),
        ("⑩⑳❼⒊⑶", "①①❶⒈⑴"),
        ("Ⅳ级ⅷ", "Ⅰ汉ⅰ"),
        ("㈢期", "㈠汉"),
        ("120m²", "000[xyz]²"),
        ("½", "½"),
        ("壹仟贰佰元整", "汉{6}"),
        ("佐々木〆", "汉{4}"),
    ],
)
def test_a_numeral_stays_one_of_its_kind(value: str, pattern: str) -> None:
    made = make_pseudonym(value)

    assert re.fullmatch(pattern.replace("汉", "[某甲乙丙戊己壬癸寅卯]"), made), made
    assert make_pseudonym(made) == made


@given(st.text(st.characters(categories=["Nd", "Nl", "No"]), min_size=1))
def test_what_is_a_number_never_becomes_a_letter(value: str) -> None:
    kinds = [unicodedata.category(character) for character in value]

    assert [unicodedata.category(character) for character in make_pseudonym(value)] == kinds


@given(st.text())
def test_a_pseudonym_stands_for_itself(value: str) -> None:
    assert make_pseudonym(make_pseudonym(value)) == make_pseudonym(value)


@settings(max_examples=drawn(100))
@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_mobile_number_stays_one(value: str) -> None:
    made = make_pseudonym(value)

    assert re.fullmatch(r"160\d{8}", made)
    assert make_pseudonym(made) == made


@settings(max_examples=drawn(100))
@given(st.from_regex(r"[1-6][0-9]{16}", fullmatch=True))
def test_a_resident_number_keeps_a_birthday_and_a_valid_check_character(body: str) -> None:
    made = make_pseudonym(body + compute_resident_id_check_char(body))

    assert make_pseudonym(made) == made
    if made.startswith("000000"):  # else the number happens to be a valid credit code
        assert datetime.strptime(made[6:14], "%Y%m%d").replace(tzinfo=UTC).year >= 1950
        assert made[17] == compute_resident_id_check_char(made[:17])


@settings(max_examples=drawn(100))
@given(st.from_regex(rf"9[1-3][1-6][0-9]{{5}}{_CREDIT}{{9}}", fullmatch=True))
def test_a_credit_code_keeps_both_check_characters(body: str) -> None:
    made = make_pseudonym(body + compute_credit_code_check_char(body))

    assert make_pseudonym(made) == made
    if made.startswith("91000000"):  # else it happens to be a valid resident number
        assert made[16] == compute_org_code_check_char(made[8:16])
        assert made[17] == compute_credit_code_check_char(made[:17])


@settings(max_examples=drawn(100))
@given(st.from_regex(r"[3-6][0-9]{12,17}", fullmatch=True))
def test_a_card_number_keeps_a_valid_check_digit(body: str) -> None:
    made = make_pseudonym(body + compute_luhn_digit(body))

    assert len(made) == len(body) + 1
    assert make_pseudonym(made) == made
    if len(made) != 18:  # eighteen digits may be a resident number or a credit code
        assert made.startswith("000000")
        assert made[-1] == compute_luhn_digit(made[:-1])


@given(st.text("IXYZ0189A", min_size=17, max_size=19) | st.from_regex(rf"{_CREDIT}{{18}}"))
def test_what_looks_like_a_number_stands_for_itself_the_second_time(value: str) -> None:
    assert make_pseudonym(make_pseudonym(value)) == make_pseudonym(value)


@pytest.mark.parametrize(
    ("fits_credit", "fits_resident", "begins"),
    [(True, False, "91000000"), (True, True, "000000"), (False, True, "000000")],
)
def test_eighteen_digits_are_what_their_check_digit_says(
    fits_credit: bool, fits_resident: bool, begins: str
) -> None:
    """A credit code of digits only, or the number of a resident; of both, the latter."""
    values = (f"1101051949{number:07d}" for number in range(2310007, 2320000, 10))
    value = next(
        body + digit
        for body in values
        for digit in "0123456789"
        if (digit == compute_credit_code_check_char(body)) is fits_credit
        and (digit == compute_resident_id_check_char(body)) is fits_resident
    )

    made = make_pseudonym(value)

    assert made.startswith(begins)
    assert made[17] == (
        compute_credit_code_check_char if begins == "91000000" else compute_resident_id_check_char
    )(made[:17])


def test_the_published_examples_of_check_characters() -> None:
    assert compute_resident_id_check_char("11010519491231002") == "X"
    assert compute_credit_code_check_char("91350100M000100Y4") == "3"
    assert compute_org_code_check_char("M000100Y") == "4"
    assert compute_luhn_digit("7992739871") == "3"


@pytest.mark.parametrize(
    ("value", "made"),
    [("１３８", "０００"), ("Иванов", "[xyzXYZ]{6}"), ("José", "[xyzXYZ]{4}"), ("丁辛", "..")],
)
def test_no_script_passes_in_clear(value: str, made: str) -> None:
    shown = make_pseudonym(value)

    assert re.fullmatch(made, shown)
    assert not set(value) & set(shown)


def test_rare_characters_of_names_are_chinese_too() -> None:
    assert set(make_pseudonym("𠮷㐂")) <= set("某甲乙丙戊己壬癸寅卯")


def test_an_address_for_mail_stays_one() -> None:
    made = make_pseudonym("zhangsan@crm.example.com")

    assert re.fullmatch(r"u\d{9}@example\.test", made)
    assert make_pseudonym(made) == made


@pytest.mark.parametrize(("form", "least"), [("138{:08d}", 190), ("91310000MA1{:06d}K", 200)])
def test_different_people_mostly_stay_different(form: str, least: int) -> None:
    assert len({make_pseudonym(form.format(number)) for number in range(1000, 1200)}) >= least


def test_residents_stay_different() -> None:
    bodies = [f"31010119900101{number:03d}" for number in range(200)]

    assert (
        len({make_pseudonym(body + compute_resident_id_check_char(body)) for body in bodies}) == 200
    )


@pytest.mark.parametrize("length", range(12, 21))
def test_a_card_number_of_thirteen_to_nineteen_digits_stays_one(length: int) -> None:
    body = ("62" + "4917305826" * 2)[: length - 1]
    number = make_pseudonym(body + compute_luhn_digit(body))
    is_card = 13 <= length <= 19

    assert len(number) == length
    assert number.startswith("000000")
    assert (number != "0" * length) == is_card
    assert number[-1] == compute_luhn_digit(number[:-1])
    assert make_pseudonym(number) == number


@pytest.mark.parametrize(
    ("body", "digit"),
    [
        ("411111111111111", "1"),
        ("550000000000000", "4"),
        ("620000000000000", "5"),
        ("7992739871", "3"),
        *zip("0123456789", "0864297531", strict=True),
    ],
)
def test_a_card_has_the_check_digit_of_its_body(body: str, digit: str) -> None:
    assert compute_luhn_digit(body) == digit
