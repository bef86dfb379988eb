"""One file with many mistakes, and all that is said of it; one type with every kind of field."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from bpmax_sim.errors import ConfigError, Problem
from bpmax_sim.yamlfile import (
    FILLABLE,
    INTERNAL,
    FileChecks,
    Node,
    Seconds,
    decode,
    format_steps,
    insert_first_element,
    make_json_schema,
    parse_steps,
    parse_yaml,
    read_text_or_empty,
    read_yaml,
    to_display_path,
    write_text_creating_folders,
    write_yaml,
)
from bpmax_sim.yamlfile import node as nodes
from bpmax_sim.yamlfile.edit import Replacement, merge_into
from bpmax_sim.yamlfile.schema import attach_description, read_hover_texts
from bpmax_sim.yamlfile.write import write_inline


def problems_of(text: str) -> list[str]:
    try:
        parse_yaml(text, "a.yaml")
    except ConfigError as error:
        return [str(one).removeprefix("a.yaml:") for one in error.problems]
    return []


def test_every_slip_of_a_file_is_told_at_once() -> None:
    text = (
        "a: 007\n"
        "a: 1\n"
        "?\n: x\n"
        '"": y\n'
        '"": z\n'
        "b: !!str 5\n"
        "c: !own [1, *no]\n"
        "d: &x {e: 1, e: 2, e: 3}\n"
        "f: *x\n"
        "g: 1e999999\n"
        f"h: {'9' * 1001}\n"
        f"i: {'9' * 400}\n"
        "? [k]\n"
        ": v\n"
    )
    found = problems_of(text)
    assert found == [
        "1:4: a number has leading zeros; quote it to keep it as text",
        "2:1: duplicate key 'a', first in line 1; remove one",
        "3:2: a key is missing before ':'",
        "6:1: duplicate key '', first in line 5; remove one",
        "7:4: the tag !!str is not supported; remove it, quotes make a text",
        "8:4: the tag !own is not supported; remove it, quotes make a text",
        "8:13: *no has no anchor &no before it",
        "9:14: duplicate key 'e', first in line 9; remove one",
        "9:20: duplicate key 'e', first in line 9; remove one",
        "12:4: a number has more than 1000 digits; quote it to keep it as text",
        "13:4: a number is larger than the largest of JavaScript, 1.8e308; quote it to keep it as text",  # noqa: E501
        "14:3: a key must be text; quote a value that starts with '{' or '['",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\n---\nb: 2\n", ["2:1: a second document starts here; a file holds one"]),
        ("%YAML 1.1\n---\na: 1\n", ["1:1: files are read as YAML 1.2; remove the line %YAML 1.1"]),
        ("%YAML 1.2\n---\na: 1\n", []),
        ("a: &x 1\n*x : 2\n", ["2:1: a key must be text, not an alias"]),
        ("a: b\x07\n", ["1:5: the character U+0007 is not allowed in a YAML file; remove it"]),
        (
            "\ufeffa: 1\n客: \ufeff\n",
            ["2:4: the character U+FEFF is not allowed in a YAML file; remove it"],
        ),
        ("a:1\nb: 2\n", ["1:2: a key ends with a colon and a blank: a: …"]),
        (
            "x: 1\n- 客户：张三\nb: 2\n",
            [
                "2:1: not valid YAML: did not find expected key, while parsing a block mapping that starts in line 1"  # noqa: E501
            ],
        ),
        ("客户：张三\nb: 2\n", ["1:3: a key ends with a colon and a blank: 客户: …"]),
        (
            "a: b: c\n",
            [
                "1:5: not valid YAML: a second ': ' in one line; quote the value, or indent the mapping"  # noqa: E501
            ],
        ),
        ("a: @b\n", ["1:4: a value cannot start with '@'; quote it"]),
        ("a:\n\tb: 1\n", ["2:1: a tab cannot indent YAML; use spaces"]),
        (
            "a: 1\n<<<<<<< HEAD\nb: 2\n",
            ["2: a Git conflict marker; keep one side, or both, and delete the markers"],
        ),
        (
            "a: [1\n<<<<<<<\n",
            ["2: a Git conflict marker; keep one side, or both, and delete the markers"],
        ),
        (
            "a: '<<<<<<< x\n",
            [
                "2:1: not valid YAML: found unexpected end of stream, while scanning a quoted scalar that starts in line 1"  # noqa: E501
            ],
        ),
        ("a: [1, 2\nb: 3\n", None),
    ],
    ids=repr,
)
def test_what_is_no_file_of_ours_is_told_with_its_place(text: str, told: list[str] | None) -> None:
    found = problems_of(text)
    if told is None:
        assert len(found) == 1
        assert found[0].endswith("that starts in line 1")
    else:
        assert found == told


def test_levels_values_and_bytes_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    deep = nodes.DEEPEST
    assert problems_of("[" * deep + "]" * deep) == []
    assert problems_of("[" * (deep + 1) + "]" * (deep + 1)) == [
        f"1:{deep + 1}: more than 64 levels; make the file flatter"
    ]
    inner = "a: &x " + "[" * 32 + "1" + "]" * 32 + "\nb: "
    assert problems_of(f"{inner}{'[' * 31}*x{']' * 31}\n") == []
    assert problems_of(f"{inner}{'[' * 32}*x{']' * 32}\n") == [
        "2:35: more than 64 levels; make the file flatter"
    ]
    monkeypatch.setattr(nodes, "MOST", 7)
    monkeypatch.setattr(nodes, "_TOO_LARGE", "too large")
    assert problems_of("a: &x [1, 2]\nb: *x\n") == []
    assert problems_of("a: &x [1, 2]\nb: [*x]\n") == ["1:1: too large"]
    with pytest.raises(ConfigError) as refused:
        nodes._check_size(b"12345", "a.yaml", 4)
    assert str(refused.value) == "a.yaml: the file has more than 4 bytes; split it"
    assert nodes._check_size(b"1234", "a.yaml", 4) == b"1234"


def test_scalars_follow_yaml_1_2() -> None:
    text = (
        "[on, yes, 12:30, 2026-03-02, 1_000, ~, null, Null, NULL, nULL, true, True, TRUE, tRUE, "
        "False, 0o17, 0xFf, 0b1, .5, -.5e3, 1., +1, -0, 1e3, .inf, -.INF, +.Inf, .nan, -, +, ., "
        '"007", 1.5.2, 0x, 0o8, e5, 1e, "", ]'
    )
    read: Any = parse_yaml(text, "a.yaml").to_plain()
    inf = float("inf")

    assert read[:27] == [
        "on",
        "yes",
        "12:30",
        "2026-03-02",
        "1_000",
        None,
        None,
        None,
        None,
        "nULL",
        True,
        True,
        True,
        "tRUE",
        False,
        15,
        255,
        "0b1",
        0.5,
        -500.0,
        1.0,
        1,
        0,
        1000.0,
        inf,
        -inf,
        inf,
    ]
    assert read[27] != read[27]
    assert read[28:] == ["-", "+", ".", "007", "1.5.2", "0x", "0o8", "e5", "1e", ""]
    assert [type(read[at]) for at in (20, 21, 22, 23)] == [float, int, int, float]
    loose = nodes.parse_yaml_bytes(
        b"\xef\xbb\xbfa: 007\nb: -01.5\nc: 00\n", "a", unclear_as_text=True
    )
    assert loose.to_plain() == {"a": "007", "b": "-01.5", "c": "00"}
    assert len(problems_of("a: -01.5\nb: 00\nc: +0e1\n")) == 2
    with pytest.raises(ConfigError) as refused:
        nodes.parse_yaml_bytes("a: 1\n客: ".encode() + b"\xff", "a")
    assert str(refused.value) == "a:2:4: this is not UTF-8; save the file with the encoding UTF-8"


def test_a_node_is_found_by_path_and_tells_its_place() -> None:
    root = parse_yaml("a:\n  - x: 1\n  - 客 户: [2, {z: 名}]\n'b.c': {}\n", "a.yaml")
    paths: dict[str, Any] = {
        "a[0].x": 1,
        'a[1]["客 户"][1].z': "名",
        '["b.c"]': {},
        "a[2]": None,
        "a.x": None,
        "a[0][0]": None,
        "a[0].x.y": None,
        "": root.to_plain(),
        ".a[0].x": 1,
    }
    found = {path: root.get(path) for path in paths}
    assert {path: one and one.to_plain() for path, one in found.items()} == paths
    near = {
        path: str(root.find_nearest(parse_steps(path)).place) for path in ("a[1].y", "a[5].x", "q")
    }
    assert near == {"a[1].y": "a.yaml:3:5", "a[5].x": "a.yaml:2:3", "q": "a.yaml:1:1"}
    assert [str(root.find_key_place(key)) for key in ("b.c", "no")] == ["a.yaml:4:1", "a.yaml:1:1"]
    assert [text for _, text in root.walk_texts()] == ["名"]
    assert [*root.walk_texts(("k",))][0][0] == ("k", "a", 1, "客 户", 1, "z")  # noqa: RUF015
    assert [one.kind_in_messages for one in root.walk()] == [
        "a mapping",
        "a list",
        "a mapping",
        "a number",
        "a mapping",
        "a list",
        "a number",
        "a mapping",
        "text",
        "a mapping",
    ]
    mixed = Node({"a": Node(1, "b.yaml")}, "a.yaml", keys={"a": (3, 2)}, files={"a": "c.yaml"})
    assert str(mixed.find_key_place("a")) == "c.yaml:3:2"
    assert mixed.all_files == {"a.yaml", "b.yaml"}
    steps: tuple[str | int, ...] = ("steps", 1, "a-b", "$x", "客.户", "", 'q"')
    assert format_steps(steps) == 'steps[1].a-b.$x["客.户"][""]["q\\""]'
    assert parse_steps(format_steps(steps)) == steps
    for wrong in ("a b", "a..b", "a[*]", "a.", "*"):
        with pytest.raises(ValueError, match="is not a path such as steps"):
            parse_steps(wrong)


# ---------------------------------------------------------------------------- typed values


class Inner(Struct):
    """An inner one.

    More of it.
    """

    name: str
    tags: tuple[str, ...] = ()
    again: tuple[Inner, ...] = ()


class Whole(Struct):
    """Every kind of field."""

    text: str
    number: float = 0.0
    count: Annotated[int, Meta(ge=1, le=3)] = 1
    ratio: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    wait: Seconds = 0.0
    mode: Literal["replay", "record"] = "replay"
    only: Literal["one"] = "one"
    page: Annotated[int | str, FILLABLE] = 0
    either: str | int | None = None
    mixed: str | tuple[int, ...] | dict[str, int] = ""
    names: Annotated[tuple[str, ...], Meta(min_length=1)] = ("x",)
    inner: Inner | None = None
    by_key: dict[str, Inner] = {}
    anything: Any = None
    expect: Annotated[dict[str, Any], Meta(extra={"word": ("new", {"is": "new"})})] = {}
    hidden: Annotated[str, INTERNAL] = ""
    open: str | UnsetType = UNSET


def read(text: str, type_: Any = Whole) -> tuple[Any, list[str]]:
    found: list[Problem] = []
    value = decode(parse_yaml(text, "a.yaml"), type_, found, steps=("top", 0))
    return value, [str(one).removeprefix("a.yaml:") for one in found]


def test_a_sound_file_becomes_a_value() -> None:
    value, told = read(
        "text: 订单\nnumber: 5\ncount: 3\nratio: 0.99\nwait: 1m30s\nmode: record\nonly: one\n"
        "page: ${row.page}\neither: 7\nmixed: [1, 2]\nnames: 单\ninner: {name: 甲, tags: [a, b], "
        "again: {name: 乙}}\nby_key: {k: {name: 丙}}\nanything: {a: [1, {b: null}]}\nexpect: new\n"
    )
    again = Inner("乙")
    assert told == []
    assert value == Whole(
        "订单",
        5,
        3,
        0.99,
        90.0,
        "record",
        "one",
        "${row.page}",
        7,
        (1, 2),
        ("单",),
        Inner("甲", ("a", "b"), (again,)),
        {"k": Inner("丙")},
        {"a": [1, {"b": None}]},
        {"is": "new"},
    )
    assert read(
        "{text: a, page: 3, expect: {a: 1}, mixed: {k: 1}, either: null, wait: 0, names: [单]}"
    ) == (Whole("a", page=3, expect={"a": 1}, mixed={"k": 1}, names=("单",)), [])


def test_every_wrong_value_is_told_with_path_and_hint() -> None:
    value, told = read(
        "number: x\ncount: 0\nratio: 1\nwait: 30 s\nmode: replai\nonly: two\npage: $x\neither: 1.5\n"  # noqa: E501
        "mixed: true\nnames: []\ninner: {nam: 甲, tags: [1, b, {}]}\nby_key: {k: {name: 丙}, l: 5}\n"  # noqa: E501
        "anything: 1\nexpect: old\nhidden: x\nopen: 5\ntxt: a\n"
    )
    assert value is None
    assert told == [
        "1:9: top[0].number: expected a number, got text",
        "2:8: top[0].count: expected a whole number of at least 1 and at most 3, got 0",
        "3:8: top[0].ratio: expected a number of more than 0 and less than 1, got 1",
        "4:7: top[0].wait: expected a duration such as 30s, got '30 s'",
        "5:7: top[0].mode: expected one of 'record', 'replay', got 'replai'; did you mean 'replay'?",  # noqa: E501
        "6:7: top[0].only: expected 'one', got 'two'",
        "7:7: top[0].page: expected a whole number, got text",
        "8:9: top[0].either: expected text, a whole number or nothing, got a number",
        "9:8: top[0].mixed: expected text, a list or a mapping, got true or false",
        "10:8: top[0].names: expected an element; the list is empty",
        "11:9: top[0].inner.nam: unknown key 'nam'; did you mean 'name'?",
        "11:24: top[0].inner.tags[0]: expected text, got a number; quote it",
        "11:30: top[0].inner.tags[2]: expected text, got a mapping",
        "11:8: top[0].inner: the key 'name' is missing; add it",
        "12:27: top[0].by_key.l: expected a mapping, got a number",
        "14:9: top[0].expect: expected a mapping, got text",
        "15:1: top[0].hidden: unknown key 'hidden'",
        "16:7: top[0].open: expected text, got a number; quote it",
        "17:1: top[0].txt: unknown key 'txt'; did you mean 'text'?",
        "1:1: top[0]: the key 'text' is missing; add it",
    ]
    assert [
        read(text)[1][0] for text in ("[]", "5", "text: null", "text: true", "text:", "text: 1.5")
    ] == [
        "1:1: top[0]: expected a mapping, got a list",
        "1:1: top[0]: expected a mapping, got a number",
        "1:7: top[0].text: expected text, got nothing; give a value or remove the key",
        "1:7: top[0].text: expected text, got true or false; quote it",
        "1:6: top[0].text: expected text, got nothing; give a value or remove the key",
        "1:7: top[0].text: expected text, got a number; quote it",
    ]
    values = (
        "count: 4",
        "count: 1.5",
        "ratio: 0",
        "wait: -1",
        "wait: true",
        "names: 5",
        "names: null",
        "inner: {zzz: 1, name: a}",
        "inner: {$gt: 1}",
        "page: '${a}b'",
        "page: true",
        "wait: 1e300",
        "inner: null",
        "anything: null",
    )
    assert [read(f"text: a\n{one}")[1] for one in values] == [
        ["2:8: top[0].count: expected a whole number of at least 1 and at most 3, got 4"],
        ["2:8: top[0].count: expected a whole number of at least 1 and at most 3, got a number"],
        ["2:8: top[0].ratio: expected a number of more than 0 and less than 1, got 0"],
        ["2:7: top[0].wait: expected a duration such as 30s, got -1"],
        ["2:7: top[0].wait: expected a duration such as 30s, got true or false"],
        ["2:8: top[0].names: expected a list or text, got a number"],
        ["2:8: top[0].names: expected a list, got nothing; give a value or remove the key"],
        ["2:9: top[0].inner.zzz: unknown key 'zzz'; known are name, tags, again"],
        [
            "2:9: top[0].inner.$gt: unknown key '$gt'; an operator stands at a value inside, such "  # noqa: ISC004
            "as name: {$gt: …}"
        ],
        ["2:7: top[0].page: expected a whole number, got text"],
        ["2:7: top[0].page: expected a whole number, got true or false"],
        ["2:7: top[0].wait: expected a duration such as 30s, got 1e+300"],
        [],
        [],
    ]
    partly, _ = read("text: a\ncount: 9\nby_key: {k: {name: 丙}, l: 5}\nnames: [a, 5, b]\n")
    assert partly == Whole("a", by_key={"k": Inner("丙")}, names=("a", "b"))
    with pytest.raises(TypeError, match="a file cannot hold"):
        read("1", complex)


def test_checks_of_a_whole_file_tell_the_place_of_key_or_value() -> None:
    root = parse_yaml("a:\n  b: [1, 2]\n  c: 3\n", "a.yaml")
    found: list[Problem] = []
    checks = FileChecks(root, ("top",), found)
    checks.report_problem("值", "a", "b", 1)
    checks.report_problem("键", "a", "c", key=True)
    checks.report_problem("无", "a", "x", "y")
    checks.report_problem("无键", "a", "x", key=True)
    checks.report_problem_or_warning("rule", "疑", "a", "b")

    assert [*map(str, found)] == [
        "a.yaml:2:10: top.a.b[1]: 值",
        "a.yaml:3:3: top.a.c: 键",
        "a.yaml:2:3: top.a.x.y: 无",
        "a.yaml:2:3: top.a.x: 无键",
        "a.yaml:2:6: top.a.b: 疑",
    ]
    assert [one.kind for one in found] == ["", "", "", "", "rule"]


def test_the_schema_of_a_type_has_every_limit(tmp_path: Path) -> None:
    hover = tmp_path / "hover.yaml"
    hover.write_text(
        "Whole:\n  _: [All, 全]\n  text: [Text, 文]\n  inner: [In, 内]\n  no: [x, y]\n"
    )
    schema = make_json_schema(Whole, title="题", hover=read_hover_texts(hover))
    item = {"$ref": "#/definitions/Inner"}
    properties = schema.pop("properties")

    assert schema == {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "题",
        "description": "All\n\n全",
        "type": "object",
        "additionalProperties": False,
        "required": ["text"],
        "definitions": {
            "Inner": {
                "title": "Inner",
                "description": "An inner one.",
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "tags": {
                        "anyOf": [
                            {"type": "array", "items": {"type": "string"}},
                            {"type": "string"},
                        ]
                    },
                    "again": {"anyOf": [{"type": "array", "items": item}, item]},
                },
                "additionalProperties": False,
                "required": ["name"],
            }
        },
    }
    assert properties == {
        "text": {"description": "Text\n\n文", "type": "string"},
        "number": {"type": "number"},
        "count": {"type": "integer", "minimum": 1, "maximum": 3},
        "ratio": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "wait": {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "pattern": r"^(\d+(\.\d+)?(ms|s|m|h|d))+$"},
            ]
        },
        "mode": {"enum": ["record", "replay"]},
        "only": {"enum": ["one"]},
        "page": {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": r"^\$[{].+[}]$"}]},
        "either": {"type": ["string", "integer", "null"]},
        "mixed": {
            "anyOf": [
                {"type": "string"},
                {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "integer"}]},
                {"type": "object", "additionalProperties": {"type": "integer"}},
            ]
        },
        "names": {
            "anyOf": [
                {"type": "array", "minItems": 1, "items": {"type": "string"}},
                {"type": "string"},
            ]
        },
        "inner": {"description": "In\n\n内", "anyOf": [{"type": "null"}, item]},
        "by_key": {"type": "object", "additionalProperties": item},
        "anything": {},
        "expect": {"anyOf": [{"enum": ["new"]}, {"type": "object"}]},
        "open": {"type": "string"},
    }
    assert attach_description(item, "x") == {"description": "x", "allOf": [item]}


# ---------------------------------------------------------------------------- written texts


def test_a_value_is_written_to_be_read_again() -> None:
    value: dict[str, Any] = {
        "plain": [
            "a",
            "a b",
            "客户",
            "/v1/x",
            "a.b-c$",
            "Yes",
            "oN",
            "null",
            "N",
            "~",
            "",
            "1",
            "1.5",
            "a: b",
            "a #b",
            " a",
            "a  b",
            "-x",
            "a\nb",
            "x\u200ey",
            "\ufeff",
            "'q'",
            "x,y",
        ],
        "numbers": [1, -1.5, 1e20, float("inf"), float("-inf"), True, None],
        "url": "https://crm.example.test/v1/{id}",
        "port": "http://a.test:80/",
        "colon": "/a:",
        "list": ["https://a.test/x", "/{id}"],
        "rows": [{"a": 1, "b": [1, 2]}, {"c": {}}, "x", []],
        "deep": {"one": {"two": {"three": {"four": 1}, "flat": {}}}},
        "empty": {"list": [], "map": {}},
        "yes": {"y": 1},
    }
    text = write_yaml(value)

    assert read_yaml(text).to_plain() == value
    lines = text.splitlines()
    assert lines[:1] == ["plain:"]
    assert [line for line in lines if "url" in line or "port" in line or "colon" in line] == [
        "url: https://crm.example.test/v1/{id}",
        "port: http://a.test:80/",
        'colon: "/a:"',
    ]
    assert lines[lines.index("rows:") :] == [
        "rows:",
        "  - {a: 1, b: [1, 2]}",
        "  - {c: {}}",
        "  - x",
        "  - []",
        "deep:",
        "  one:",
        "    two: {three: {four: 1}, flat: {}}",
        "empty:",
        "  list: []",
        "  map: {}",
        '"yes":',
        '  "y": 1',
    ]
    assert '  - "Yes"' in lines
    assert '  - "x\\u200ey"' in lines
    assert write_inline({"a": [1, "b: c"], "": None}) == '{a: [1, "b: c"], "": null}'
    assert write_yaml({"a": {"b": {"c": 1}}}, block_levels=1) == "a: {b: {c: 1}}\n"
    assert write_yaml({"a": {"b": {"c": 1}}}, block_levels=0) == "a: {b: {c: 1}}\n"
    assert write_yaml({"a": {"b": {"c": 1}}}, block_levels=2) == "a:\n  b: {c: 1}\n"


def test_a_line_is_as_wide_as_it_may_be() -> None:
    fits, wider = ["x" * 92], ["x" * 95]
    assert write_yaml({"abc": ["x" * 93]}) == f"abc: [{'x' * 93}]\n"
    assert write_yaml({"abc": ["x" * 94]}) == f"abc:\n  - {'x' * 94}\n"
    assert write_yaml({"abc": [fits]}) == f"abc:\n  - [{'x' * 92}]\n"
    assert write_yaml({"a": [[*wider, 1]]}) == f"a:\n  - - {'x' * 95}\n    - 1\n"
    assert write_yaml({"a": [{"b": "x" * 89}]}) == f"a:\n  - {{b: {'x' * 89}}}\n".replace(
        "x" * 89, "x" * 89
    )
    assert write_yaml({"a": [{"b": "x" * 95, "c": 1}]}) == f"a:\n  - b: {'x' * 95}\n    c: 1\n"


@pytest.mark.parametrize(
    ("text", "steps", "after"),
    [
        ("a: 1\n", ("l",), "l: [x]\na: 1\n"),
        ("a: 1\r\nb: 2\r\n", ("l",), "l: [x]\r\na: 1\r\nb: 2\r\n"),
        ("l: [y]\n", ("l",), "l: [x, y]\n"),
        ("l:\n  - y\n  - z\n", ("l",), None),
        ("o:\n  # c\n  a: 1\n", ("o", "l"), "o:\n  # c\n  l: [x]\n  a: 1\n"),
        ("o: {a: 1}\n", ("o", "l"), "o: {l: [x], a: 1}\n"),
    ],
)
def test_an_element_is_put_in_front(text: str, steps: tuple[str, ...], after: str | None) -> None:
    got = insert_first_element(text, parse_yaml(text, "a"), steps, "x")
    if after is None:
        assert read_yaml(got).to_plain() == {"l": ["x", "y", "z"]}
    else:
        assert got == after


def test_files_keep_their_line_ends_and_say_why_they_cannot_be_written(  # noqa: PLR0915
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    dos, new = tmp_path / "dos.yaml", tmp_path / "a/b/new.yaml"
    dos.write_bytes(b"a: 1\r\nb: 2\n")
    for path in (dos, new):
        write_text_creating_folders(path, "x: 1\ny: 2\n")
    assert (dos.read_bytes(), new.read_bytes()) == (b"x: 1\r\ny: 2\r\n", b"x: 1\ny: 2\n")
    write_text_creating_folders(dos, "x: 1\r\ny: 2\n", encoding="utf-16-le")
    assert dos.read_bytes() == "x: 1\r\ny: 2\n".encode("utf-16-le")
    with pytest.raises(ConfigError) as refused:
        write_text_creating_folders(tmp_path / "dos.yaml/x", "a", "; 换一处")
    assert str(refused.value).startswith("dos.yaml/x: cannot be written: ")
    assert str(refused.value).endswith("; 换一处")
    assert [read_text_or_empty(tmp_path / name) for name in ("no", "dos.yaml/x")] == ["", ""]
    dos.write_bytes(b"\xff")
    for path in (dos, tmp_path / "a"):
        with pytest.raises(ConfigError) as refused:
            read_text_or_empty(path)
        assert (
            str(refused.value) == f"{path.name}: already exists and is not readable text; move it"
        )
    assert to_display_path(tmp_path / "a/b") == "a/b"
    assert to_display_path(tmp_path) == str(tmp_path)
    assert to_display_path(Path(f"{tmp_path}x/a")) == f"{tmp_path}x/a"
    for name, why in (
        ("a", "this is not a file; name a YAML file"),
        ("no", "cannot be read: No such file or directory; check the path and its permissions"),
    ):
        with pytest.raises(ConfigError) as refused:
            nodes.read_bytes(tmp_path / name, "名")
        assert str(refused.value) == f"名: {why}"
    new.write_bytes(b"12345")
    assert nodes.read_bytes(new, "名", largest=5) == b"12345"
    with pytest.raises(ConfigError, match="more than 4 bytes"):
        nodes.read_bytes(new, "名", largest=4)
    assert nodes.read_text(new) == "12345"


class Zweiter(Struct):
    """The second."""

    a: int = 0


class Anfang(Struct):
    """The first."""

    zweiter: Zweiter | None = None
    inner: Inner | None = None
    c3: int = 0
    c4: int = 0
    c5: int = 0
    c6: int = 0
    c7: int = 0
    c8: int = 0
    c9: int = 0
    c10: int = 0
    c11: int = 0
    c12: int = 0


class More(Anfang):
    """One field more."""

    c13: int = 0


def test_of_few_keys_all_are_named_and_of_many_none() -> None:
    names = "zweiter, inner, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12"

    assert read("某: 1", Anfang)[1] == [f"1:1: top[0].某: unknown key '某'; known are {names}"]
    assert read("某: 1", More)[1] == ["1:1: top[0].某: unknown key '某'"]
    assert [*make_json_schema(Anfang, title="题")["definitions"]] == ["Inner", "Zweiter"]
    assert read("either: {}", Anfang)[0] == Anfang()
    told = read("a: []", dict[str, str | float | int | bool])[1]
    assert told == ["1:4: top[0].a: expected text, a number or true or false, got a list"]


def test_a_file_is_called_what_its_reader_calls_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: [1\n")
    told = []
    for call in (
        lambda: read_yaml(path),
        lambda: read_yaml(path, file="名"),
        lambda: read_yaml("a: [1\n"),
        lambda: read_yaml("a: [1\n", file="名"),
        lambda: nodes.read_text(tmp_path / "no.yaml"),
        lambda: nodes.read_text(tmp_path / "no.yaml", "名"),
    ):
        with pytest.raises(ConfigError) as refused:
            call()
        told.append(str(refused.value).partition(", while")[0])
    end = "2:1: not valid YAML: did not find expected ',' or ']'"
    gone = "cannot be read: No such file or directory; check the path and its permissions"

    assert told == [
        f"a.yaml:{end}",
        f"名:{end}",
        f"<text>:{end}",
        f"名:{end}",
        f"no.yaml: {gone}",
        f"名: {gone}",
    ]
    assert problems_of("a: [1, b: c: d]\n") == [
        "1:12: not valid YAML: did not find expected ',' or ']'"
    ]
    assert nodes.read_text(path) == "a: [1\n"


def test_numbers_are_as_long_as_they_may_be_and_the_first_slip_counts() -> None:
    longest = f"0.{'1' * 998}"

    assert parse_yaml(f"a: {longest}", "a").to_plain() == {"a": float(longest)}
    assert len(problems_of(f"a: {longest}1")) == 1
    assert problems_of("a: 1\n客户：张三\n电话：1\nb: 2\n")[0].startswith("2:3: ")
    assert write_inline([float("nan"), float("inf")]) == "[.nan, .inf]"


def test_values_are_merged_into_a_text_that_keeps_the_rest() -> None:
    texts: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
        ("a: 1\r\nb: 2\r\n", (), {"c": 3}, "a: 1\r\nb: 2\r\nc: 3\r\n"),
        ("a: 1\r\nb: 2\n", (), {"b": 3}, "a: 1\r\nb: 3\n"),
        ("a: 1 # 注\nb: 2\n", (), {"a": {"x": [1]}}, "a: # 注\n  x: [1]\nb: 2\n"),
        ("a: 1\n", (), {"a": {"x": 1}}, "a: {x: 1}\n"),
        ("a: {b: 1}\n", (), {"a": {"c": {"d": 1}}}, "a: {b: 1, c: {d: 1}}\n"),
        ("a: {b: 1}\n", (), {"a": Replacement(c=1)}, "a: {c: 1}\n"),
        ("a: {}\n", ("a",), {"b": 1, "c": 2}, "a: {b: 1, c: 2}\n"),
        ("a: >\n  文\n\nb: 1\n", (), {"a": "x"}, "a: x\n\nb: 1\n"),
        (
            "a:\n  - b: |\n      文\n\n  - c: 1\n",
            ("a", 0),
            {"d": 2},
            "a:\n  - b: |\n      文\n    d: 2\n\n  - c: 1\n",
        ),
        ("a:\nb: 1\n", (), {"a": 2}, "a: 2\nb: 1\n"),
    ]
    assert [merge_into(text, steps, added, "a") for text, steps, added, _ in texts] == [
        after for *_, after in texts
    ]
    told = []
    for text, steps, added in (
        ("a: &x 1\nb: *x\n", (), {"a": 2, "c": 3}),
        ("a: &x {c: 1}\nb: *x\n", ("a",), {"c": 2}),
        ("[1]\n", (), {"c": 2}),
        ("a: 1\n", ("b",), {"c": {"d": "x"}}),
    ):
        with pytest.raises(ConfigError) as refused:
            merge_into(text, steps, added, "a.yaml")
        told.append(str(refused.value))
    end = "cannot be changed here without touching more; write it by hand"
    assert told == [
        f"a.yaml: a, c {end}: {{a: 2, c: 3}}",
        f"a.yaml: a {end}: {{c: 2}}",
        f"a.yaml: c {end}: {{c: 2}}",
        f"a.yaml: b {end}: {{c: {{d: x}}}}",
    ]
