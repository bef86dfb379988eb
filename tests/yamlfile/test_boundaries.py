"""Files at their limits: what is changed in a text, found at a path, written, measured, refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct

from bpmax_sim.errors import ConfigError, Problem
from bpmax_sim.yamlfile import decode, node, read_text_or_empty, read_yaml
from bpmax_sim.yamlfile.edit import merge_into
from bpmax_sim.yamlfile.file_reads import note_read, record_reads
from bpmax_sim.yamlfile.node import format_steps, parse_steps, parse_yaml, read_bytes, read_text
from bpmax_sim.yamlfile.schema import make_json_schema, read_hover_texts
from bpmax_sim.yamlfile.shapes import FILLABLE, FileChecks, Seconds, build_shape
from bpmax_sim.yamlfile.write import (
    insert_first_element,
    write_inline,
    write_text_creating_folders,
    write_yaml,
)


@pytest.mark.parametrize(
    ("before", "steps", "addition", "after"),
    [
        ("a: 1", (), {"b": 2}, "a: 1\nb: 2"),
        ("a: 1\n", (), {"a": 2}, "a: 2\n"),
        ("a: 1", (), {"a": 2}, "a: 2"),
        ("a: 1\nb: 2\nc: 3\n", (), {"c": 4, "a": 5}, "a: 5\nb: 2\nc: 4\n"),
        ("a: {x: 1}\n", (), {"a": 2}, "a: 2\n"),
        ("a: 1 # 备注\nb: 2\n", (), {"a": {"x": 1}}, "a: {x: 1} # 备注\nb: 2\n"),
        (
            "a: 1 # 备注\nb: 2\n", (), {"a": {"x": {"v": 1}, "z": 2}},
            "a: # 备注\n  x: {v: 1}\n  z: 2\nb: 2\n",
        ),
        ("b: 2\na: 1", (), {"a": {"x": [1]}}, "b: 2\na:\n  x: [1]"),
        ("b: 2\na: 1 # 末", (), {"a": {"x": {}}}, "b: 2\na: # 末\n  x: {}"),
        ("o:\n  a: 1\nb: 2\n", ("o",), {"a": {"x": [1]}}, "o:\n  a:\n    x: [1]\nb: 2\n"),
        ("{a: 1}\n", (), {"a": {"x": [1]}}, "{a: {x: [1]}}\n"),
        ("a: {x: 1,}\n", ("a",), {"v": 2}, "a: {x: 1, v: 2}\n"),
        ("a: {x: 1 ,  }\n", ("a",), {"v": 2}, "a: {x: 1 , v: 2}\n"),
        ("a: {\n  x: 1\n}\n", ("a",), {"v": 2}, "a: {\n  x: 1\n, v: 2}\n"),
        ("a: {  }\n", ("a",), {"v": 2, "z": 3}, "a: {v: 2, z: 3}\n"),
        ("a: |\n  文\n\nb: 1\n", (), {"a": "字"}, "a: 字\n\nb: 1\n"),
        ("o:\n  a: >\n    文\n\n\n# 以下\nb: 1\n", ("o",), {"c": 3},
         "o:\n  a: >\n    文\n  c: 3\n\n\n# 以下\nb: 1\n"),
        ("o:\n  - a: 1\n  - b: 2\n  - c: 3\n", ("o", 2), {"d": 4},
         "o:\n  - a: 1\n  - b: 2\n  - c: 3\n    d: 4\n"),
        ("o:\n  - a: 1\n  - b: 2\n", ("o", 0), {"d": 4}, "o:\n  - a: 1\n    d: 4\n  - b: 2\n"),
        ("a: {x: {v: 1}}\n", (), {"a": {"x": {"z": 2}}}, "a: {x: {v: 1, z: 2}}\n"),
        ("a: 1\n", (), {"a": None, "b": (1, 2)}, "a: null\nb: [1, 2]\n"),
    ],
)  # fmt: skip
def test_a_value_is_changed_where_it_stands(
    before: str, steps: tuple[str | int, ...], addition: dict[str, Any], after: str
) -> None:
    assert merge_into(before, steps, addition, "a.yaml") == after


@pytest.mark.parametrize(
    ("before", "addition"),
    [
        ("a: &x {p: 1}\nb: *x\n", {"a": {"p": 2}}),
        ("a: &x 1\nb: *x\n", {"a": 2}),
    ],
)
def test_what_another_place_shares_is_not_changed(before: str, addition: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="cannot be changed here without touching more") as told:
        merge_into(before, (), addition, "a.yaml")

    assert str(told.value).startswith("a.yaml: ")


@pytest.mark.parametrize(
    ("before", "steps", "after"),
    [
        ("redact: [body.a]\n", ("redact",), "redact: [新, body.a]\n"),
        ("a: 1\n", ("redact",), "redact: [新]\na: 1\n"),
        ("x:\n  a: 1\n", ("x", "redact"), "x:\n  redact: [新]\n  a: 1\n"),
        ("x: {a: 1}\n", ("x", "redact"), "x: {redact: [新], a: 1}\n"),
        (
            "x:\n  redact:\n    - 甲\n    - 乙\n",
            ("x", "redact"),
            "x:\n  redact:\n    - 新\n    - 甲\n    - 乙\n",
        ),
        ("# 备注\n\nb: 2\na: 1\n", ("redact",), "# 备注\n\nredact: [新]\nb: 2\na: 1\n"),
        ("a: 1\n", ("无此", "redact"), "redact: [新]\na: 1\n"),
        ("x:\r\n  a: 1\r\n", ("x", "redact"), "x:\r\n  redact: [新]\r\n  a: 1\r\n"),
        ("x:\r\n  - 甲\r\n", ("x",), "x:\r\n  - 新\r\n  - 甲\r\n"),
        ("x: [甲]\r\n", ("x",), "x: [新, 甲]\r\n"),
        ("x: {y: {z: 1}, redact: [{k: 1}]}\n", ("x", "y", "redact"),
         "x: {y: {redact: [新], z: 1}, redact: [{k: 1}]}\n"),
    ],
)  # fmt: skip
def test_an_element_is_put_in_front(before: str, steps: tuple[str, ...], after: str) -> None:
    assert insert_first_element(before, read_yaml(before), steps, "新") == after


TREE = "a:\n  b:\n    - x\n    - {c: y, d: 1}\n    - [~, true, z]\n'e.f': w\n"


@pytest.mark.parametrize(
    ("path", "value", "nearest"),
    [
        ("a.b[0]", "x", (3, 7)),
        ("a.b[1].c", "y", (4, 11)),
        ("a.b[1].d", 1, (4, 17)),
        ("a.b[2][2]", "z", (5, 17)),
        ("a.b[2][3]", None, (5, 7)),
        ("a.b[3]", None, (3, 5)),
        ("a.b[3].c", None, (3, 5)),
        ("a.c", None, (2, 3)),
        ("a.b.c", None, (3, 5)),
        ("a[0]", None, (2, 3)),
        ("x", None, (1, 1)),
        ('["e.f"]', "w", (6, 8)),
        ('["e.f"].g', None, (6, 8)),
        ('["e.f"][0]', None, (6, 8)),
    ],
)
def test_a_node_is_found_at_its_path_or_the_nearest_above(
    path: str, value: Any, nearest: tuple[int, int]
) -> None:
    root = read_yaml(TREE)
    steps = parse_steps(path)
    found = root.get(path)

    assert (found and found.value) == value
    near = root.find_nearest(steps)
    assert (near.line, near.column) == nearest
    assert format_steps(steps) == path


def test_all_texts_of_a_file_have_their_paths() -> None:
    root = read_yaml(TREE)

    assert [(format_steps(steps), text) for steps, text in root.walk_texts()] == [
        ("a.b[0]", "x"), ("a.b[1].c", "y"), ("a.b[2][2]", "z"), ('["e.f"]', "w"),
    ]  # fmt: skip
    assert [format_steps(steps) for steps, _ in root.items["a"].walk_texts(("根", 1))] == [
        "根[1].b[0]", "根[1].b[1].c", "根[1].b[2][2]",
    ]  # fmt: skip
    assert len(list(root.walk())) == 12
    assert root.all_files == {"<text>"}


def test_a_problem_stands_at_the_value_or_at_the_key() -> None:
    problems: list[Problem] = []
    checks = FileChecks(read_yaml(TREE, file="a.yaml").items["a"], ("a",), problems)

    checks.report_problem("值", "b", 1, "c")
    checks.report_problem("键", "b", 1, "c", key=True)
    checks.report_problem("无值", "b", 1, "q")
    checks.report_problem("无键", "b", 1, "q", key=True)
    checks.report_problem_or_warning("kind", "警告", "b", 2, 2)

    assert [str(one) for one in problems] == [
        "a.yaml:4:11: a.b[1].c: 值",
        "a.yaml:4:8: a.b[1].c: 键",
        "a.yaml:4:7: a.b[1].q: 无值",
        "a.yaml:4:7: a.b[1].q: 无键",
        "a.yaml:5:17: a.b[2][2]: 警告",
    ]


class Inner(Struct, frozen=True, kw_only=True):
    """An inner one.

    More of it.
    """

    must: str
    may: int = 0


class Outer(Struct, frozen=True, kw_only=True):
    """An outer one, told
    in two lines.
    """

    share: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    count: Annotated[int, Meta(ge=1)] = 1
    one: Literal["甲"] = "甲"
    two: Literal[2, 5] = 5
    wait: Seconds = 1
    page: Annotated[str | int, FILLABLE] = 0
    some: Annotated[tuple[int, ...], Meta(min_length=1)] = ()
    free: tuple[Any, ...] = ()
    names: dict[str, int] = {}
    anything: dict[str, Any] = {}
    inner: Inner | None = None
    mixed: str | Annotated[int, Meta(ge=3)] = 3


def outer(text: str) -> tuple[Outer | None, list[str]]:
    problems: list[Problem] = []
    value = decode(read_yaml(text, file="a"), Outer, problems)
    return value, [str(problem).removeprefix("a:1:") for problem in problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("share: 0.001", 0.001), ("share: 0", None), ("share: 1", None), ("share: 0.999", 0.999),
        ("share: '0.5'", None), ("share: true", None), ("share: ~", None),
        ("count: 1", 1), ("count: 0", None), ("count: 1.0", None), ("count: true", None),
        ("one: 甲", "甲"), ("one: 乙", None), ("two: 2", 2), ("two: '2'", None), ("two: 3", None),
        ("wait: 0", 0.0), ("wait: -1", None), ("wait: .inf", None), ("wait: .nan", None),
        ("wait: 0s", 0.0), ("wait: 1h", 3600.0), ("wait: ''", None), ("wait: 1.5", 1.5),
        ("wait: true", None), ("page: 3", 3), ("page: ${row.page}", "${row.page}"),
        ("page: x${a}", None), ("page: ${}", None), ("page: ''", None), ("page: '${a} '", None),
        ("some: [1, 2]", (1, 2)), ("some: [1]", (1,)), ("some: 1", (1,)), ("some: []", None),
        ("some: x", None), ("some: ~", None), ("free: ~", None), ("free: []", ()),
        ("free: [~]", (None,)), ("free: 0", (0,)), ("free: {a: [1]}", ({"a": [1]},)),
        ("names: {a: 1, b: 2, c: 3}", {"a": 1, "b": 2, "c": 3}), ("names: []", None),
        ("mixed: 3", 3), ("mixed: 2", None), ("mixed: '2'", "2"), ("mixed: 3.0", None),
        ("inner: ~", None), ("inner: {must: a}", Inner(must="a")), ("inner: {may: 1}", None),
    ],
)  # fmt: skip
def test_a_value_is_read_as_its_type_says(text: str, value: Any) -> None:
    name = text.partition(":")[0]
    read, problems = outer(text)

    is_wrong = value is None and text != "inner: ~"
    assert len(problems) == is_wrong, problems
    assert read is not None
    assert getattr(read, name) == (getattr(Outer(), name) if is_wrong else value)
    assert type(getattr(read, name)) is type(getattr(Outer(), name) if is_wrong else value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("share: 2", "8: share: expected a number of more than 0 and less than 1, got 2"),
        ("count: 0", "8: count: expected a whole number of at least 1, got 0"),
        ("one: 2", "6: one: expected '甲', got a number"),
        ("two: 3", "6: two: expected one of 2, 5, got 3"),
        ("two: [1]", "6: two: expected one of 2, 5, got a list"),
        ("some: []", "7: some: expected an element; the list is empty"),
        ("some: x", "7: some: expected a list or a whole number, got text"),
        ("some: [1, x, 2, y]", "11: some[1]: expected a whole number, got text"),
        ("names: {a: x}", "12: names.a: expected a whole number, got text"),
        ("names: 0", "8: names: expected a mapping, got a number"),
        ("names: false", "8: names: expected a mapping, got true or false"),
        ("names: ''", "8: names: expected a mapping, got text"),
        ("names: []", "8: names: expected a mapping, got a list"),
        ("names: ~", ("8: names: expected a mapping, got nothing; give a value or remove the "
                      "key")),
        ("names:", "7: names: expected a mapping, got nothing; give a value or remove the key"),
        ("mixed: []", "8: mixed: expected text or a whole number of at least 3, got a list"),
        ("inner: {$not: 1}", ("9: inner.$not: unknown key '$not'; an operator stands at a value "
         "inside, such as must: {$not: …}")),
        ("inner: {Must: a, must: b}", "9: inner.Must: unknown key 'Must'; did you mean 'must'?"),
        ("inner: {x: 1, must: b}", "9: inner.x: unknown key 'x'; known are must, may"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_value_is_said_where_it_stands(text: str, told: str) -> None:
    _, problems = outer(text)

    assert problems[0] == told


MISSING = "inner: the key 'must' is missing; add it"
OPERATOR = "unknown key '$not'; an operator stands at a value inside, such as must: {$not: …}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("inner: {}", [f"8: {MISSING}"]),
        ("inner: {may: 1}", [f"8: {MISSING}"]),
        ("inner: {x: 1}", ["9: inner.x: unknown key 'x'; known are must, may", f"8: {MISSING}"]),
        ("inner: {must: ~}", [
            "15: inner.must: expected text, got nothing; give a value or remove the key",
        ]),
        # an operator in place of the structure is told alone
        ("inner: {$not: 1}", [f"9: inner.$not: {OPERATOR}"]),
        ("inner: {$not: 1, may: 1}", [f"9: inner.$not: {OPERATOR}"]),
        ("inner: {may: 1, $not: 1}", [f"17: inner.$not: {OPERATOR}"]),
        ("inner: {may: x, $not: 1}", [
            "14: inner.may: expected a whole number, got text", f"17: inner.$not: {OPERATOR}",
        ]),
    ],
)  # fmt: skip
def test_a_key_that_is_missing_is_told_where_no_operator_stands(text: str, told: list[str]) -> None:
    assert outer(text)[1] == told


def test_a_schema_says_what_each_type_allows() -> None:
    definitions: dict[str, Any] = {}
    assert build_shape(Outer).to_json_schema(definitions) == {"$ref": "#/definitions/Outer"}

    made = definitions["Outer"]
    assert {key: made[key] for key in made if key != "properties"} == {
        "title": "Outer",
        "description": "An outer one, told in two lines.",
        "type": "object",
        "additionalProperties": False,
    }
    assert made["properties"] == {
        "share": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "count": {"type": "integer", "minimum": 1},
        "one": {"enum": ["甲"]},
        "two": {"enum": [2, 5]},
        "wait": {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "pattern": r"^(\d+(\.\d+)?(ms|s|m|h|d))+$"},
            ]
        },
        "page": {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": r"^\$[{].+[}]$"}]},
        "some": {
            "anyOf": [
                {"type": "array", "minItems": 1, "items": {"type": "integer"}},
                {"type": "integer"},
            ]
        },
        "free": {"not": {"type": "null"}},
        "names": {"type": "object", "additionalProperties": {"type": "integer"}},
        "anything": {"type": "object"},
        "inner": {"anyOf": [{"type": "null"}, {"$ref": "#/definitions/Inner"}]},
        "mixed": {"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 3}]},
    }
    assert definitions["Inner"] == {
        "title": "Inner",
        "description": "An inner one.",
        "type": "object",
        "properties": {"must": {"type": "string"}, "may": {"type": "integer"}},
        "additionalProperties": False,
        "required": ["must"],
    }


def test_hover_texts_are_read_and_stand_in_both_languages(tmp_path: Path) -> None:
    path = tmp_path / "h.yaml"
    path.write_text(
        "Outer:\n  _: [whole, 全]\n  share: [A share., 份额。]\n  inner: [In., 内。]\n"
        "Inner:\n  must: [Must., 必。]\n",
        "utf-8",
    )
    hover = read_hover_texts(path)

    made = make_json_schema(Outer, title="外", hover=hover)

    assert [*made][:2] == ["$schema", "title"]
    assert (made["title"], made["description"]) == ("外", "whole\n\n全")
    assert made["properties"]["share"]["description"] == "A share.\n\n份额。"
    assert "description" not in made["properties"]["count"]
    must = made["definitions"]["Inner"]["properties"]["must"]
    assert must == {"description": "Must.\n\n必。", "type": "string"}
    assert [*made["definitions"]] == ["Inner"]


@pytest.mark.parametrize(("more", "is_read"), [(-1, True), (0, True), (1, False)])
@pytest.mark.parametrize("largest", [1, 40, 70_000])
def test_a_file_may_be_as_large_as_the_limit(
    tmp_path: Path, largest: int, more: int, *, is_read: bool
) -> None:
    path = tmp_path / "大.yaml"
    path.write_bytes(b"x" * (largest + more))

    if is_read:
        assert read_bytes(path, "大", largest=largest) == b"x" * (largest + more)
    else:
        with pytest.raises(ConfigError, match=rf"大: the file has more than {largest} bytes"):
            read_bytes(path, "大", largest=largest)


@pytest.mark.parametrize(("more", "is_read"), [(0, True), (1, False)])
def test_a_pipe_may_tell_as_much_as_the_limit(tmp_path: Path, more: int, *, is_read: bool) -> None:
    read, write = os.pipe()
    os.write(write, b"x" * (40 + more))
    os.close(write)
    path = Path(f"/dev/fd/{read}")
    try:
        if is_read:
            assert read_bytes(path, "管", largest=40, must_be_regular=False) == b"x" * 40
        else:
            with pytest.raises(ConfigError, match="管: the file has more than 40 bytes"):
                read_bytes(path, "管", largest=40, must_be_regular=False)
    finally:
        os.close(read)


def test_a_file_that_is_read_is_noted_in_the_innermost_block(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1")
    note_read(tmp_path / "vorher.yaml")

    with record_reads() as outer_reads:
        assert read_text(path) == "a: 1"
        with record_reads() as inner_reads:
            note_read(tmp_path / "b.yaml")
        note_read(str(tmp_path / "c.yaml"))
    note_read(tmp_path / "d.yaml")

    assert inner_reads == {str(tmp_path / "b.yaml")}
    assert outer_reads == {str(path), str(tmp_path / "c.yaml")}


def test_a_text_is_written_with_its_folders_and_read_or_empty(tmp_path: Path) -> None:
    path = tmp_path / "一/二/a.txt"
    assert read_text_or_empty(path) == ""

    write_text_creating_folders(path, "甲\n乙\n")
    assert path.read_bytes() == "甲\n乙\n".encode()
    assert read_text_or_empty(path) == "甲\n乙\n"
    assert read_text_or_empty(path / "下") == ""
    for old, text, new in [
        ("甲\r\n乙\n", "甲\n丙\n", "甲\r\n丙\r\n"),
        ("甲\n乙\r\n", "丙\n", "丙\n"),
        ("甲\r\n", "丙\r\n丁\n", "丙\r\n丁\n"),
        ("甲\r\n", "丙", "丙"),
    ]:
        path.write_bytes(old.encode())
        write_text_creating_folders(path, text)
        assert path.read_bytes() == new.encode()
    write_text_creating_folders(path, "甲", encoding="gbk")
    with pytest.raises(ConfigError, match="already exists and is not readable text; move it"):
        read_text_or_empty(path)
    with pytest.raises(ConfigError, match="already exists and is not readable text"):
        read_text_or_empty(tmp_path)
    with pytest.raises(ConfigError, match=r"cannot be written: File exists; 另一个$"):
        write_text_creating_folders(path / "下", "x", "; 另一个")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"), ("", '""'), ("yes", '"yes"'), ("NO", '"NO"'), ("On", '"On"'), ("y", '"y"'),
        ("null", '"null"'), ("~", '"~"'), ("1", '"1"'), ("a b", "a b"), ("a  b", '"a  b"'),
        ("a ", '"a "'), ("a: b", '"a: b"'), ("a#b", '"a#b"'), ("/a/{id}", '"/a/{id}"'),
        ("客户", "客户"), ("a\u200e", '"a\\u200e"'), ("a\x7f", '"a\\u007f"'), ("\n", '"\\n"'),
        ("$.a", '"$.a"'), ("a$b", "a$b"), ("a,b", '"a,b"'), ("a-b.c/d", "a-b.c/d"),
        (True, "true"), (None, "null"), (0, "0"), (-1.5, "-1.5"), (float("inf"), ".inf"),
        (float("-inf"), "-.inf"), (float("nan"), ".nan"), ([], "[]"), ({}, "{}"), ((), "[]"),
        ([1, [2], {}], "[1, [2], {}]"), ({"a": 1, "b": {"c": []}}, "{a: 1, b: {c: []}}"),
    ],
)  # fmt: skip
def test_a_value_is_written_on_one_line(value: Any, text: str) -> None:
    assert write_inline(value) == text


HIDDEN = [
    0x7F, 0x80, 0x85, 0x9F, 0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A),
    0xD800, 0xDFFF, 0xFEFF, 0xFFFE, 0xFFFF,
]  # fmt: skip
SHOWN = [
    0xA0,
    0x061B,
    0x061D,
    0x200D,
    0x2010,
    0x2027,
    0x202F,
    0x2065,
    0x206A,
    0xD7FF,
    0xFFFD,
    0x1F600,
]


@pytest.mark.parametrize("code", [*HIDDEN, *SHOWN])
def test_a_character_that_hides_text_is_written_as_an_escape(code: int) -> None:
    written = write_inline(f"<{chr(code)}")

    assert written == (f'"<\\u{code:04x}"' if code in HIDDEN else f'"<{chr(code)}"')
    if not 0xD800 <= code <= 0xDFFF and code not in {0x80, 0x9F}:
        assert read_yaml(f"a: {written}").to_plain() == {"a": f"<{chr(code)}"}


@pytest.mark.parametrize(
    ("value", "rest"),
    [
        ("https://a.test/b?c", '"https://a.test/b?c"'),
        ("https://a.test/{id}:x", "https://a.test/{id}:x"),
        ("https://a.test/x:", '"https://a.test/x:"'),
        ("/a/{id}", "/a/{id}"),
        ("/", "/"),
        ("/a b", '"/a b"'),
        ("/a #b", '"/a #b"'),
        ("/a\n", '"/a\\n"'),
    ],
)
def test_an_address_behind_its_key_needs_no_quotes(value: str, rest: str) -> None:
    assert write_yaml({"k": value}) == f"k: {rest}\n"
    assert write_yaml({"k": {"l": [value]}}, block_levels=1).startswith("k: {l: [")


@pytest.mark.parametrize("count", [91, 92, 93])
def test_a_line_is_broken_behind_its_hundredth_column(count: int) -> None:
    """``k: [`` and ``, b]`` are eight columns."""
    text = write_yaml({"k": ["a" * count, "b"]})

    fits = 4 + count + 4 <= 100
    assert text == (f"k: [{'a' * count}, b]\n" if fits else f"k:\n  - {'a' * count}\n  - b\n")


@pytest.mark.parametrize("count", [87, 88, 89])
def test_an_element_is_broken_behind_the_hundredth_column(count: int) -> None:
    """``  - {x: `` and ``, v: 1}`` stand around it."""
    text = write_yaml({"k": [{"x": "a" * count, "v": 1}]})

    inline = f"  - {{x: {'a' * count}, v: 1}}"
    broken = f"  - x: {'a' * count}\n    v: 1"
    assert text == f"k:\n{inline if len(inline) <= 100 else broken}\n"


@pytest.mark.parametrize(
    ("levels", "text"),
    [
        (0, "a: {b: {c: {d: 1}}}\n"),
        (1, "a: {b: {c: {d: 1}}}\n"),
        (2, "a:\n  b: {c: {d: 1}}\n"),
        (3, "a:\n  b:\n    c: {d: 1}\n"),
        (4, "a:\n  b:\n    c:\n      d: 1\n"),
    ],
)
def test_so_many_levels_have_a_line_for_each_key(levels: int, text: str) -> None:
    assert write_yaml({"a": {"b": {"c": {"d": 1}}}}, block_levels=levels) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("'': 1\n", None),
        ("?\n: 1\n", "a.yaml:1:2: a key is missing before ':'"),
        ("a: 1\n'': 1\n'': 2\n", "a.yaml:3:1: duplicate key '', first in line 2; remove one"),
        ("a: 1\nb: 2\na: 3\na: 4\n", "a.yaml:3:1: duplicate key 'a', first in line 1; remove one"),
        ("a: *x\n", "a.yaml:1:4: *x has no anchor &x before it"),
        ("a: &x 1\n*x : 2\n", "a.yaml:2:1: a key must be text, not an alias"),
        ("a: 1\n---\nb: 2\n", "a.yaml:2:1: a second document starts here; a file holds one"),
        ("%YAML 1.1\n---\na: 1\n", "a.yaml:1:1: files are read as YAML 1.2"),
        ("%YAML 1.2\n---\na: 1\n", None),
        ("a: !!str 1\n", "a.yaml:1:4: the tag !!str is not supported"),
        ("a: !x [1]\n", "a.yaml:1:4: the tag !x is not supported"),
        ("? [a]\n: 1\n", "a.yaml:1:3: a key must be text"),
        ("a: 007\n", "a.yaml:1:4: a number has leading zeros"),
        ("a: b: c\n", "a.yaml:1:5: not valid YAML: a second ': ' in one line"),
        ("a: 1\n  b: 2\n", "a.yaml:2:4: not valid YAML: a second ': ' in one line"),
        ("a: 10:30: 2\n", "a.yaml:1:9: not valid YAML: a second ': ' in one line"),
        ("金额：1\n客户: 甲\n", "a.yaml:1:3: a key ends with a colon and a blank: 金额: …"),
        ("a: 1\n客户： 甲\n", "a.yaml:2:3: a key ends with a colon and a blank: 客户: …"),
        ("a: 1\n甲：1\n乙：2\n丙: 3\n", "a.yaml:2:2: a key ends with a colon and a blank: 甲: …"),
        ("a:\n  - b:1\n    c: 2\n", "a.yaml:2:6: a key ends with a colon and a blank: b: …"),
        ("a:\n  - - b：\n      c: 2\n", "a.yaml:2:8: a key ends with a colon and a blank: b: …"),
        ("金额:1\n", None),
        ("- 金额：1\n- http://a.test\n- a:1\n", None),
        ("a: @b\n", "a.yaml:1:4: a value cannot start with '@'; quote it"),
        ("a: `b\n", "a.yaml:1:4: a value cannot start with '`'; quote it"),
        ("a:\n\tb: 1\n", "a.yaml:2:1: a tab cannot indent YAML; use spaces"),
        ("<<<<<<< HEAD\na: 1\n", "a.yaml:1: a Git conflict marker"),
        ("a: 1\n<<<<<<<\nb: 2\n", "a.yaml:2: a Git conflict marker"),
        ("a: '\n<<<<<<<x\n'\n", None),
        ("a: '<<<<<<< x'\nb: [1 }\n", "a.yaml:2:7: not valid YAML: "),
        ("a: \x00\n", "a.yaml:1:4: the character U+0000 is not allowed"),
        ("a:\n  b\ufeff\n", "a.yaml:2:4: the character U+FEFF is not allowed"),
    ],
)
def test_what_no_file_may_hold_is_told_where_it_stands(text: str, told: str | None) -> None:
    if told is None:
        parse_yaml(text, "a.yaml")
        return
    with pytest.raises(ConfigError) as refused:
        parse_yaml(text, "a.yaml")
    assert str(refused.value).startswith(told)
    assert ("Git" in str(refused.value)) == ("Git" in told)


@pytest.mark.parametrize(
    ("text", "begin"), [("a: [1 }\n", ""), ("a: 1\nb: [1,\n  2 }\n", " in line 2")]
)
def test_where_a_value_begins_is_told_if_that_is_another_line(text: str, begin: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_yaml(text, "a.yaml")
    assert str(refused.value).partition("that starts")[2] == begin


@pytest.mark.parametrize("levels", [63, 64, 65])
@pytest.mark.parametrize("kind", ["[]", "{}"])
def test_a_file_has_sixty_four_levels_at_most(levels: int, kind: str) -> None:
    inner = "a: " if kind == "{}" else ""
    text = f"{kind[0]}{inner}" * levels + "1" + kind[1] * levels

    if levels <= 64:
        assert parse_yaml(text, "a").depth == levels
    else:
        with pytest.raises(ConfigError, match="more than 64 levels"):
            parse_yaml(text, "a")


@pytest.mark.parametrize(("above", "is_read"), [(31, True), (32, True), (33, False)])
def test_an_alias_counts_with_the_levels_of_its_value(above: int, *, is_read: bool) -> None:
    deep = "[" * 31 + "1" + "]" * 31
    text = f"a: &x {deep}\nb: {'[' * above}*x{']' * above}\n"

    if is_read:
        parse_yaml(text, "a")
    else:
        with pytest.raises(ConfigError, match="more than 64 levels"):
            parse_yaml(text, "a")


@pytest.mark.parametrize(("digits", "is_read"), [(999, True), (1000, True), (1001, False)])
@pytest.mark.parametrize("form", ["1.", ".1", "-1."])
def test_a_number_has_a_thousand_characters_at_most(
    form: str, digits: int, *, is_read: bool
) -> None:
    text = f"a: {form}{'0' * (digits - len(form))}\n"

    if is_read:
        assert isinstance(parse_yaml(text, "a").to_plain(), dict)
    else:
        with pytest.raises(ConfigError, match="a number has more than 1000 digits; quote it"):
            parse_yaml(text, "a")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("007a", "007a"), ("00-1", "00-1"), ("2026-03-02", "2026-03-02"), ("0.5", 0.5),
        ("-0", 0), ("0x1F", 31), ("0o17", 15), ("+7", 7), ("1e3", 1000.0), ("1_000", "1_000"),
        ("-", "-"), (".", "."), ("+.5", 0.5), ("12:30", "12:30"), ("0b1", "0b1"), ("-x", "-x"),
    ],
)  # fmt: skip
def test_what_only_begins_like_a_number_is_a_text(text: str, value: Any) -> None:
    found: Any = parse_yaml(f"a: [{text}]\n", "a").to_plain()

    assert found == {"a": [value]}
    assert type(found["a"][0]) is type(value)


@pytest.mark.parametrize(("most", "is_read"), [(6, True), (5, True), (4, False)])
def test_a_file_holds_so_many_values_with_its_aliases(
    monkeypatch: pytest.MonkeyPatch, most: int, *, is_read: bool
) -> None:
    """The mapping, the list with one element, and both again by the alias."""
    monkeypatch.setattr(node, "MOST", most)
    text = "a: &x [1]\nb: *x\n"

    if is_read:
        assert parse_yaml(text, "a").size == 5
    else:
        with pytest.raises(ConfigError, match="values, aliases counted in full; split the file"):
            parse_yaml(text, "a")


def test_nothing_is_told_behind_what_stops_the_reading() -> None:
    with pytest.raises(ConfigError) as refused:
        parse_yaml("a: 1\n---\nb: 1\nb: 2\n", "a.yaml")

    assert str(refused.value) == "a.yaml:2:1: a second document starts here; a file holds one"
