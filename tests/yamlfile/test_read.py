"""Reading YAML 1.2 with positions, and refusing what nobody means."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.yamlfile import LARGEST, format_steps, parse_steps, read_text, read_yaml
from tests.examples import drawn


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read_yaml(text, file="客户.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("No", "No"),
        ("1_000", "1_000"),
        ("12:30:00", "12:30:00"),
        ("2026-03-02", "2026-03-02"),
        ("2026-03-02T09:00:00+08:00", "2026-03-02T09:00:00+08:00"),
        ("0o17", 15),
        ("0x1F", 31),
        ("1e3", 1000.0),
        ("-0", 0),
        ("+12", 12),
        ("-12.50", -12.5),
        (".5", 0.5),
        ("3.", 3.0),
        ("-.inf", float("-inf")),
        ("0", 0),
        ("0.07", 0.07),
        ("TRUE", True),
        ("FALSE", False),
        ("False", False),
        ("fALSE", "fALSE"),
        ("tRUE", "tRUE"),
        ("~", None),
        ("Null", None),
        ("", None),
        ("=", "="),
        ("<<", "<<"),
        ("0b11", "0b11"),
        ("1.2.3", "1.2.3"),
        ("张三", "张三"),
        ("'007'", "007"),
        ('"0123"', "0123"),
        ('""', ""),
        ("'null'", "null"),
        ("|\n  第一行\n  第二行\n", "第一行\n第二行\n"),
    ],
)
def test_a_scalar_means_what_yaml_1_2_says(written: str, meant: object) -> None:
    value = read_yaml(f"v: {written}").items["v"].value
    assert (type(value), value) == (type(meant), meant)


@pytest.mark.parametrize("written", ["007", "0123", "-08", "+00", "0123.5", "00", "01e5"])
def test_a_number_with_leading_zeros_must_be_quoted(written: str) -> None:
    assert refused(f"编号: {written}") == (
        "客户.yaml:1:5: a number has leading zeros; quote it to keep it as text"
    )


def test_a_number_of_thousands_of_digits_is_refused() -> None:
    assert refused("n: " + "9" * 5000) == (
        "客户.yaml:1:4: a number has more than 1000 digits; quote it to keep it as text"
    )


def test_keys_are_always_text() -> None:
    node = read_yaml("on: 1\nyes: 2\n200: 3\nnull: 4\n007: 5\ntrue: 6\n'': 7\n")
    assert list(node.items) == ["on", "yes", "200", "null", "007", "true", ""]


def test_every_node_and_key_knows_its_place_in_characters() -> None:
    node = read_yaml("客户: {姓名: 张三, 电话: '138'}\n合同:\n  - 甲\n", file="a.yaml")
    phone = node.get("客户.电话")
    assert phone is not None
    assert phone.place == Place("a.yaml", 1, 18)
    assert node.items["客户"].find_key_place("电话") == Place("a.yaml", 1, 14)
    assert node.find_key_place("合同") == Place("a.yaml", 2, 1)
    assert node.find_key_place("没有") == Place("a.yaml", 1, 1)
    assert node.get("合同[0]") is not None
    assert node.get("合同[1]") is None
    assert node.get("客户.姓名.x") is None
    assert node.find_nearest(("客户", "地址", "街道")).place == Place("a.yaml", 1, 5)


def test_a_byte_order_mark_is_no_character_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("\ufeff客户: 张三\n".encode())
    node = read_yaml(path)
    assert node.items["客户"].value == "张三"
    assert node.find_key_place("客户").column == 1


def test_a_file_cannot_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "forms.yaml").write_text("a: 1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be read: Not a directory; check the path and"):
        read_yaml(tmp_path / "forms.yaml/a.yaml")


def test_an_empty_file_holds_nothing() -> None:
    assert read_yaml("").to_plain() is None
    assert read_yaml("# 只有注释\n").to_plain() is None


def test_duplicate_keys_and_tags_are_all_told_at_once() -> None:
    text = "姓名: 张三\n电话: !!str 138\n姓名: 李四\n明细: !amount 1\n? \n: x\n"
    assert refused(text).splitlines() == [
        "客户.yaml:2:5: the tag !!str is not supported; remove it, quotes make a text",
        "客户.yaml:3:1: duplicate key '姓名', first in line 1; remove one",
        "客户.yaml:4:5: the tag !amount is not supported; remove it, quotes make a text",
        "客户.yaml:5:2: a key is missing before ':'",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a:\n\t- 1\n", "客户.yaml:2:1: a tab cannot indent YAML; use spaces"),
        ("a: @x\n", "客户.yaml:1:4: a value cannot start with '@'; quote it"),
        (
            "a: b: c\n",
            ("客户.yaml:1:5: not valid YAML: a second ': ' in one line; quote the value, "
            "or indent the mapping"),
        ),
        (
            "a: {{ x }}\n",
            "客户.yaml:1:5: a key must be text; quote a value that starts with '{' or '['",
        ),
        (
            "a: [1,\nb: 3\n",
            ("客户.yaml:3:1: not valid YAML: did not find expected ',' or ']', "
            "while parsing a flow sequence that starts in line 1"),
        ),
        (
            "a: 'x\n",
            ("客户.yaml:2:1: not valid YAML: found unexpected end of stream, "
            "while scanning a quoted scalar that starts in line 1"),
        ),
        (
            "x: 1\nform:\n<<<<<<< HEAD\n  a: 1\n=======\n  a: 2\n>>>>>>> 金额\nsteps: []\n",
            ("客户.yaml:3: a Git conflict marker; keep one side, or both, and delete the markers"),
        ),
        ("a: 1\n---\nb: 2\n", "客户.yaml:2:1: a second document starts here; a file holds one"),
        ("%YAML 1.1\n---\na: 1\n", ("客户.yaml:1:1: files are read as YAML 1.2; "
         "remove the line %YAML 1.1")),
        ("a: *b\n", "客户.yaml:1:4: *b has no anchor &b before it"),
        ("a: &a [*a]\n", "客户.yaml:1:8: *a has no anchor &a before it"),
        ("k: &a x\n*a : 1\n", "客户.yaml:2:1: a key must be text, not an alias"),
        ("a: \0\n", "客户.yaml:1:4: the character U+0000 is not allowed in a YAML file; remove it"),
        ("a: 1\nb: \x1b\n", ("客户.yaml:2:4: the character U+001B is not allowed in a YAML file; "
         "remove it")),
        ("a: \ud800\n", ("客户.yaml:1:4: the character U+D800 is not allowed in a YAML file; "
         "remove it")),
    ],
)  # fmt: skip
def test_what_is_not_yaml_is_told_with_its_place(text: str, told: str) -> None:
    assert refused(text) == told


def test_problems_before_a_syntax_error_are_told_with_it() -> None:
    assert refused("a: 007\nb: 'x\n").splitlines() == [
        "客户.yaml:1:4: a number has leading zeros; quote it to keep it as text",
        (
            "客户.yaml:3:1: not valid YAML: found unexpected end of stream, "
            "while scanning a quoted scalar that starts in line 2"
        ),
    ]


def test_an_alias_stands_for_its_anchor() -> None:
    node = read_yaml("基准: &a {币种: CNY}\n甲: *a\n乙: [*a, *a]\n")
    assert node.to_plain() == {
        "基准": {"币种": "CNY"},
        "甲": {"币种": "CNY"},
        "乙": [{"币种": "CNY"}, {"币种": "CNY"}],
    }


def test_an_alias_bomb_is_refused_before_it_grows() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert refused("\n".join(lines)) == (
        "客户.yaml:6:5: more than 500000 values, aliases counted in full; split the file"
    )


def test_deep_files_are_refused() -> None:
    assert refused("[" * 100 + "]" * 100) == (
        "客户.yaml:1:65: more than 64 levels; make the file flatter"
    )
    assert re.search("nest|more than 64 levels", refused("[" * 100_000))  # older libyaml reads on
    assert refused("a: " + "{a: " * 64 + "}" * 64).startswith(
        "客户.yaml:1:256: more than 64 levels"
    )
    bomb = "\n".join(["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 100)])
    assert "more than 64 levels" in refused(bomb)


def test_a_file_larger_than_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "大.yaml"
    with path.open("wb") as stream:
        stream.truncate(LARGEST * 100)
    with pytest.raises(ConfigError) as caught:
        read_yaml(path, file="大.yaml")
    assert str(caught.value) == "大.yaml: the file has more than 4194304 bytes; split it"


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="only Linux has such files")
def test_a_file_that_does_not_tell_its_size_is_read_to_its_end() -> None:
    path = Path("/proc/version")

    assert path.stat().st_size == 0
    assert read_text(path) == path.read_text("utf-8")


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", "\x85", "\u2028"])
@pytest.mark.parametrize(
    ("rest", "told"),
    [
        (b"b: @x", "a value cannot start with '@'"),
        (b"b: \x01", "the character U+0001 is not allowed"),
        (b"b: \xff", "this is not UTF-8"),
    ],
)
def test_a_line_ends_for_each_problem_where_it_ends_in_yaml(
    tmp_path: Path, line_end: str, rest: bytes, told: str
) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(f"a: 1{line_end}".encode() + rest)

    with pytest.raises(ConfigError) as caught:
        read_yaml(path, file="a.yaml")

    assert str(caught.value).startswith(f"a.yaml:2:4: {told}")


def test_bytes_that_are_not_utf_8_are_told_by_place(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("姓名: 张三\n电话: ".encode() + "北京".encode("gb18030"))
    with pytest.raises(ConfigError) as caught:
        read_yaml(path, file="a.yaml")
    assert str(caught.value) == (
        "a.yaml:2:5: this is not UTF-8; save the file with the encoding UTF-8"
    )


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_yaml(tmp_path / "没有.yaml", file="没有.yaml")
    assert str(caught.value) == (
        "没有.yaml: cannot be read: No such file or directory; check the path and its permissions"
    )
    with pytest.raises(ConfigError, match=r"^夹: this is not a file; name a YAML file$"):
        read_yaml(tmp_path, file="夹")


def test_a_file_is_named_as_its_reader_would_type_it(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\n")
    assert read_yaml(path).file == path.as_posix()
    inside = Path.cwd() / "客户" / "没有.yaml"
    with pytest.raises(ConfigError, match=r"^客户/没有\.yaml: cannot be read: "):
        read_yaml(inside)


_names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@settings(max_examples=drawn(100))
@given(st.lists(_names.filter(bool) | st.integers(0, 99), max_size=6))
def test_a_path_is_split_into_the_steps_it_was_joined_from(steps: list[str | int]) -> None:
    assert parse_steps(format_steps(steps)) == tuple(steps)


def test_a_text_that_is_no_path_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^'a b' is not a path such as steps\[1\]\.expect$"):
        parse_steps("a b")


_text = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff"),
    max_size=12,
)
_floats = st.floats(allow_nan=False, allow_infinity=False)
_scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | _floats | _text
_data = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_text, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=drawn(100))
@given(_data)
def test_json_is_read_as_the_data_that_it_is(data: object) -> None:
    """YAML 1.2 is a superset of JSON (https://yaml.org/spec/1.2.2/#12-yaml-history)."""
    assert read_yaml(json.dumps(data, ensure_ascii=False)).to_plain() == data


@settings(max_examples=drawn(100))
@given(st.text(st.sampled_from("a: -[]{},'\"\t\n#&*!|>%@?07客\0"), max_size=40))
def test_any_text_is_either_read_or_refused_with_places(text: str) -> None:
    problems: tuple[Problem, ...] = ()
    try:
        assert read_yaml(text).size
    except ConfigError as error:
        problems = error.problems
    assert all(problem.place and problem.place.line for problem in problems)
