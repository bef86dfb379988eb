"""How deep a spelling may be nested before it is another text: at, below and above each limit."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from bpmax_sim.secret.spelling import (
    FORMS,
    find_longest_unescaped_part,
    make_spelling_pattern,
    select_escapable_with_spellings,
    spell_like,
)


def takes(secret: str, text: str) -> bool:
    return re.fullmatch(make_spelling_pattern(secret), text) is not None


@pytest.mark.parametrize("character", "@/ 密\n")
@pytest.mark.parametrize(
    ("depth", "is_taken"), [(1, True), (2, True), (3, True), (4, True), (5, False)]
)
def test_percent_signs_nest_thrice(character: str, depth: int, is_taken: bool) -> None:
    text = character
    for _ in range(depth):
        text = quote(text, safe="")

    assert takes(f"a{character}b", f"a{text}b") is is_taken
    assert takes(f"a{character}b", f"a{text.lower()}b") is is_taken


@pytest.mark.parametrize("entity", ["&#{0};", "&#x{0:x};", "&#X{0:X};", "&#x000{0:x};"])
@pytest.mark.parametrize(("depth", "is_taken"), [(0, True), (1, True), (3, True), (4, False)])
def test_entities_nest_thrice(entity: str, depth: int, is_taken: bool) -> None:
    for character in "@密\\":
        text = entity.format(ord(character))
        if character == "\\" and "000" in text:
            continue
        nested = text.replace("&", "&" + "amp;" * depth)
        assert takes(f"a{character}b", f"a{nested}b") is is_taken, nested


@pytest.mark.parametrize(
    ("count", "is_taken"), [(0, False), (1, True), (2, True), (8, True), (9, False)]
)
@pytest.mark.parametrize(
    ("character", "escape"),
    [
        ("@", "u0040"),
        ("@", "x40"),
        ("@", "U00000040"),
        ("@", "u{40}"),
        ("@", "u{00000040}"),
        ("密", "u5BC6"),
        ("密", "u{5bc6}"),
        ("密", "U00005bc6"),
        ("\n", "n"),
        ("\t", "t"),
        ("\r", "r"),
        ("\0", "0"),
        ("\a", "a"),
        ("\b", "b"),
        ("\f", "f"),
        ("\v", "v"),
        ('"', '"'),
        ("'", "'"),
        ("`", "`"),
        ("/", "/"),
    ],
)
def test_backslashes_are_as_many_as_json_in_json_in_json_makes(
    character: str, escape: str, count: int, is_taken: bool
) -> None:
    expected = is_taken or (not count and escape == character)  # the character itself
    assert takes(f"a{character}b", f"a{count * chr(92)}{escape}b") is expected


@pytest.mark.parametrize(
    ("secret", "text", "is_taken"),
    [
        ("a\\b", "a\\b", True),
        ("a\\b", "a" + "\\" * 8 + "b", True),
        ("a\\b", "a" + "\\" * 9 + "b", False),
        ("a\\\\b", "a\\b", False),
        ("a\\\\b", "a" + "\\" * 16 + "b", True),
        ("a\\\\b", "a" + "\\" * 17 + "b", False),
        ("a\\\\b", "a%5C%5cb", True),
        ("a\\\\b", "a%5Cb", False),
        ("a\\b", "a\\u005Cb", True),
        ("a\\\\b", "a\\u005c&#92;b", True),
        ("a\\b", "a\\u{5c}b", True),
        ("a\\b", "a\\u{0000005C}b", True),
        ("a\\b", "a\\u{00000005C}b", False),
        ("a b", "a+b", True),
        ("a-b", "a+b", False),
        ("ab@", "%61b%40", False),
        ("a@b", "a\\u{00000000040}b", False),
        ("密@", "\\xe5\\xaf\\x86@", True),
        ("密@", "\\x86@", False),
        ("é@", "\\xe9@", True),
        ("ÿ@", "\\xff@", True),
        ("Ā@", "\\x100@", False),
        ("😀@", "\\ud83d\\ude00@", True),
        ("😀@", "\\ud83d@", False),
        ("a.b_c-d0", "a.b_c-d0", True),
        ("a.b", "axb", False),
        ("A@", "a@", False),
        ("<&>", "&lt;&amp;&gt;", True),
        ("\"'", "&quot;&apos;", True),
    ],
)
def test_a_pattern_takes_its_own_spellings_alone(secret: str, text: str, is_taken: bool) -> None:
    assert takes(secret, text) is is_taken


@pytest.mark.parametrize(
    ("text", "anchor"),
    [("", ""), ("@", ""), ("密@密", ""), ("a@bc@d", "bc"), ("ab@cd", "ab"), ("a.b-c_0", "a.b-c_0")],
)
def test_the_anchor_is_the_longest_part_the_first_of_equals(text: str, anchor: str) -> None:
    assert find_longest_unescaped_part(text) == anchor


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("", ""),
        ("abc", ""),
        ("a\\b", ""),
        ("a@b@c", "@"),
        ("@#/ ", "@#/ "),
        ("@#/ 密", "@#/ "),
        ("\\密\\", "密"),
    ],
)
def test_four_characters_are_looked_for_first(text: str, letters: str) -> None:
    assert "".join(letter for letter, _ in select_escapable_with_spellings(text)) == letters


@pytest.mark.parametrize(
    ("character", "signs"),
    [
        ("@", {"u0040", "64;", "40;", "%40", "2540", "x40", "40}", "u00000040"}),
        ("<", {"u003c", "60;", "3c;", "%3c", "253c", "x3c", "3c}", "u0000003c", "lt;"}),
        (" ", {"u0020", "32;", "20;", "%20", "2520", "x20", "20}", "u00000020", "+"}),
        ("\n", {"u000a", "10;", "a;", "%0a", "250a", "x0a", "a}", "u0000000a", "\\n"}),
        ("密", {"u5bc6", "23494;", "5bc6;", "%e5", "25e5", "xe5", "x5bc6", "5bc6}", "u00005bc6"}),
    ],
)
def test_a_trace_names_what_else_may_spell_it(character: str, signs: set[str]) -> None:
    assert select_escapable_with_spellings(character) == (
        (character, select_escapable_with_spellings(character)[0][1]),
    )
    assert set(select_escapable_with_spellings(character)[0][1]) == signs


@pytest.mark.parametrize(
    ("sample", "shown"),
    [
        ("a/b", "x/y"),
        ("A/B", "x/y"),
        ("a%2fb", "x%2Fy"),
        ("a%2Fb", "x%2Fy"),
        ("%61%2Fb", "x%2Fy"),
        ("a\\/b", "x\\/y"),
        ("\\u0061/b", "x/y"),
        ("&#97;/b", "x/y"),
        ("?", "x/y"),
    ],
)
def test_a_stand_in_with_signs_is_spelled_as_its_secret_was(sample: str, shown: str) -> None:
    assert spell_like(sample, "a/b", "x/y") == shown
    assert spell_like(sample, "a/b", "redacted.crm") == "redacted.crm"


@pytest.mark.parametrize(
    ("sample", "real", "standin", "shown"),
    [
        ('"\\u5bc6\\u7801": "甲x"', '"密码": "甲x"', '"密码": "乙"', '"\\u5bc6\\u7801": "乙"'),
        ('\\"密码\\":\\"abc\\"', '"密码":"abc"', '"密码":"x/y"', '\\"密码\\":\\"x/y\\"'),
        ('"\\u5BC6码":"a\\/b"', '"密码":"a/b"', '"密码":"x/y"', '"\\u5BC6码":"x\\/y"'),
        ("%E5%AF%86%e7%a0%81=abc", "密码=abc", "密码=x.1", "%E5%AF%86%e7%a0%81=x.1"),
        ("%E5%AF%86=a%2Fb&", "密=a/b&", "密=x/y&", "%E5%AF%86=x%2Fy&"),
        ("a/密%2Fc", "a/密/c", "a/x y/c", "a/x y%2Fc"),
        ("%E5%AF%86=a/b", "密=a/b", "密=x/y", "%E5%AF%86=x/y"),
        ("&#23494;=abc", "密=abc", "密=x<", "&#23494;=x&lt;"),
        ("%E5%AF%86/", "密/", "密/甲/", "%E5%AF%86/%E7%94%B2%2F"),
        ("%E5%AF%86/%E7%94%B2/", "密/甲/", "密/", "%E5%AF%86/"),
        ("%E5%AF%86:80/", "密:80/", "密/", "%E5%AF%86/"),
    ],
)
def test_what_secret_and_stand_in_share_stays_as_it_was_written(
    sample: str, real: str, standin: str, shown: str
) -> None:
    assert spell_like(sample, real, standin) == shown


@pytest.mark.parametrize(
    ("form", "spelled"),
    [
        ("raw", "a\"/\\密 +&'"),
        ("percent", "a%22%2F%5C%E5%AF%86%20%2B%26%27"),
        ("form", "a%22%2F%5C%E5%AF%86+%2B%26%27"),
        ("json", "a\\\"/\\\\密 +&'"),
        ("json-slash", "a\\\"\\/\\\\密 +&'"),
        ("json-ascii", "a\\\"/\\\\\\u5bc6 +&'"),
        ("json-json", "a\\\\\\\"/\\\\\\\\密 +&'"),
        ("json-ascii-json", "a\\\\\\\"/\\\\\\\\\\\\u5bc6 +&'"),
        ("xml", "a&quot;/\\密 +&amp;&#x27;"),
    ],
)
def test_each_form_spells_a_text_as_its_encoder_does(form: str, spelled: str) -> None:
    assert FORMS[form]("a\"/\\密 +&'") == spelled
