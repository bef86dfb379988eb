"""How an exchange is laid out in a file: heads, headers, scalars and long JSON, at their limits."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import (
    adapt_headers_to_decoded_body,
    dump_entries,
    group_headers,
    quote_scalar_if_needed,
    render_exchange,
)
from bpmax_sim.cassette.json_text import break_long_json_into_members, copy_old_values, find_values
from bpmax_sim.cassette.model import Entry
from bpmax_sim.field_path import FieldPath
from bpmax_sim.messages import Response
from tests.cassette.exchanges import ZONE, detail


@pytest.mark.parametrize(
    ("status", "method", "length"),
    [
        (200, "GET", "4"),
        (200, "HEAD", "999"),
        (200, "head", "4"),
        (304, "GET", "999"),
        (304, "HEAD", "999"),
        (303, "GET", "4"),
        (204, "GET", "4"),
        (200, "", "4"),
    ],
)
def test_a_length_is_that_of_the_stored_body_unless_there_is_none(
    status: int, method: str, length: str
) -> None:
    headers = (
        ("Content-Encoding", "gzip"), ("X-A", "1"), ("CONTENT-LENGTH", "999"),
        ("transfer-encoding", "chunked"), ("content-encodings", "x"),
    )  # fmt: skip
    found = adapt_headers_to_decoded_body(
        Response(status=status, headers=headers, body=b"abcd"), method
    )
    assert found == (("X-A", "1"), ("CONTENT-LENGTH", length), ("content-encodings", "x"))


@pytest.mark.parametrize(
    ("pairs", "groups"),
    [
        ([], []), ([("A", "1")], [("A", ["1"])]),
        ([("Set-Cookie", "a"), ("X", "1"), ("set-cookie", "b"), ("SET-COOKIE", "c")],
         [("Set-Cookie", ["a", "b", "c"]), ("X", ["1"])]),
        ([("a", ""), ("b", ""), ("A", "")], [("a", ["", ""]), ("b", [""])]),
    ],
)  # fmt: skip
def test_headers_of_one_name_are_grouped_in_their_order(pairs: Any, groups: Any) -> None:
    assert group_headers(pairs) == groups


@pytest.mark.parametrize(
    ("kind", "text", "is_bare"),
    [
        ("method", "GET", True),
        ("method", "get", False),
        ("method", "", False),
        ("method", "ON", False),
        ("method", "M-SEARCH", False),
        ("name", "X-A", True),
        ("name", "no", False),
        ("name", "Yes", False),
        ("name", "n", False),
        ("name", "N1", True),
        ("name", "1a", False),
        ("name", "null", False),
        ("name", "a" * 201, True),
        ("name", "a" * 202, False),
        ("name", "名", False),
        ("reason", "Not Found", True),
        ("reason", "I'm a teapot", True),
        ("reason", "off", False),
        ("reason", "", False),
        ("reason", "Not  Found", False),
        ("reason", "404", False),
        ("uri", "https://a.test/x?y=1", True),
        ("uri", "ftp://a.test", False),
        ("uri", "https://a.test/x:", False),
        ("uri", "https://a.test/客户", False),
        ("uri", "https://a.test/#x", False),
        ("uri", "https://a.test/a b", False),
        ("uri", "https://a.test/x]", False),
    ],
)
def test_a_scalar_stands_bare_where_yaml_reads_it_back(
    kind: str, text: str, *, is_bare: bool
) -> None:
    found = quote_scalar_if_needed(text, kind)
    assert found == (text if is_bare else f'"{text}"')


ARRAY = ",".join("1" * 9 for _ in range(5))


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ('{"a":"' + "x" * 52 + '"}', None),
        ('{"a":"' + "x" * 53 + '"}', '{\n  "a":"' + "x" * 53 + '"}'),
        ('{"a": "' + "x" * 53 + '"}', '{\n  "a": "' + "x" * 53 + '"}'),
        ('"' + "x" * 99 + '"', None), ("1" * 99, None), ('{"a":"' + "x" * 99, None),
        ('{"a":\n"' + "x" * 99 + '"}', None), ("[" + " " * 99 + "]", None),
        ('{"a":[' + ARRAY + "]}", None),
        ('{"n":"' + "x" * 60 + '","a":[' + ARRAY + "]}",
         '{\n  "n":"' + "x" * 60 + '",\n  "a":[' + ARRAY + "]}"),
        ('{"n":"' + "x" * 60 + '","a":[],"b":{}}',
         '{\n  "n":"' + "x" * 60 + '",\n  "a":[],\n  "b":{}}'),
        ('[{"a":"' + "x" * 60 + '"},{"b":1},{}]',
         '[\n  {\n    "a":"' + "x" * 60 + '"},\n  {\n    "b":1},\n  {}]'),
        # spaced as no serialiser does
        ('{ "a":{},"b":[],"n":"' + "x" * 60 + '" }',
         '{ \n  "a":{},\n  "b":[],\n  "n":"' + "x" * 60 + '" }'),
        ('{"a" :{ },"b":[ ],"c":{"d" :1},"n":"' + "x" * 60 + '"}',
         '{\n  "a" :{ },\n  "b":[ ],\n  "c":{\n    "d" :1},\n  "n":"' + "x" * 60 + '"}'),
        ('[{} ,[] ,"' + "x" * 60 + '"]', '[\n  {} ,\n  [] ,\n  "' + "x" * 60 + '"]'),
        ('[ {"a":{}},{"b":1} ,[1 ,2]]' + " " * 60,
         '[ \n  {\n    "a":{}},\n  {\n    "b":1} ,\n  [1 ,2]]' + " " * 60),
    ],
)  # fmt: skip
def test_long_json_has_a_member_a_line(text: str, broken: str | None) -> None:
    if broken is None:
        found = break_long_json_into_members(text)
        assert found is None or "".join(line.lstrip() for line in found.split("\n")) == text
        if len(text) <= 60:
            assert found is None
        return
    assert break_long_json_into_members(text) == broken


@pytest.mark.parametrize("comma", [",", ", ", " ,", ",  "])
@pytest.mark.parametrize("length", [40, 59, 60, 61, 99])
def test_an_array_of_values_has_a_line_each_where_it_is_long(length: int, comma: str) -> None:
    """However a serialiser spaces it; white space stays at the ends of lines."""
    items = ['"甲"', "1.50", "null"]
    left = length - len(comma.join([*items, '""'])) - 2
    items.append(f'"{"a" * left}"')
    colon = ": " if comma.endswith(" ") else ":"
    long = "x" * 60
    text = f'{{"n"{colon}"{long}"{comma}"a"{colon}[{comma.join(items)}]}}'
    shown = f"[{comma.join(items)}]"
    assert len(shown) == length
    if length > 60:
        shown = "[\n" + f"{comma}\n".join(f"    {one}" for one in items) + "]"
    assert break_long_json_into_members(text) == (
        f'{{\n  "n"{colon}"{long}"{comma}\n  "a"{colon}{shown}}}'
    )


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("1", [()]),
        ('{"a":1,"b":[2,{"c":3}]}', [(), ("a",), ("b",), ("b", 0), ("b", 1), ("b", 1, "c")]),
        ('{"a":"b:c","b":"{"}', [(), ("a",), ("b",)]),
        ('{"\\u540d":1}', [(), ("名",)]),
        ("[[],[[]]]", [(), (0,), (1,), (1, 0)]),
        ("{}", [()]),
        ('[{"a":1},{"a":2},3]', [(), (0,), (0, "a"), (1,), (1, "a"), (2,)]),
    ],
)
def test_values_of_json_have_their_places(text: str, places: list[Any]) -> None:
    assert [span.path for span in find_values(text)] == places


@pytest.mark.parametrize(
    ("new", "old", "places", "copied"),
    [
        ('{"id": 2, "n": 1}', '{"n":9,"id":7}', ["body.id"], '{"id": 7, "n": 1}'),
        ('{"id":2}', '{"n":9}', ["body.id"], '{"id":2}'),
        ('{"n":9}', '{"id":7}', ["body.id"], '{"n":9}'),
        (
            '[{"t":1},{"t":2},{"t":3}]',
            '[{"t":7},{"t":8}]',
            ["body[*].t"],
            '[{"t":7},{"t":8},{"t":3}]',
        ),
        (
            '{"a":{"b":1,"c":2}}',
            '{"a":{"b":8,"c":9}}',
            ["body.a.b", "body.a"],
            '{"a":{"b":8,"c":9}}',
        ),
        ('{"a":null}', '{"a":{"x":[1]}}', ["body.a"], '{"a":{"x":[1]}}'),
        ('{"a":1,"A":2}', '{"a":7,"A":8}', ["body.a"], '{"a":7,"A":2}'),
    ],
)
def test_values_of_an_older_text_take_their_places(
    new: str, old: str, places: list[str], copied: str
) -> None:
    steps: Any = [FieldPath.parse(place, "x").steps_below_root for place in places]
    assert copy_old_values(new, old, steps) == copied


def entry_of(number: int, **line: Any) -> Entry:
    entry = render_exchange(detail(number, order=number, key=f"{number:032x}"), zone=ZONE)
    return entry.with_line(**({"rules": "r1", "net": 3} | line))


@pytest.mark.parametrize(
    ("lines", "head"),
    [
        ([{}], {"rules": {"crm_system": "r1"}, "net": 3, "mixed": UNSET, "several": UNSET}),
        ([{}, {"rules": "r2"}], {"rules": {"crm_system": "r1"}, "mixed": True}),
        (
            [{}, {"call": "oa.x", "rules": "r2"}],
            {"rules": {"crm_system": "r1", "oa": "r2"}, "mixed": UNSET},
        ),
        ([{}, {}, {"net": 4}], {"net": 3, "mixed": True}),
        ([{"net": 0}], {"net": UNSET, "mixed": UNSET}),
        ([{"net": 0}, {"net": None}], {"net": UNSET, "mixed": UNSET}),
        ([{}, {}, {"session": 2}], {"several": True}),
        ([{"session": 1}], {"several": UNSET}),
        ([{}, {}, {"source": "simulated"}], {"simulated": True}),
        ([{"source": "stub"}], {"simulated": UNSET}),
        (
            [
                {"at": "2026-03-02T10:00:00.000+08:00"},
                {"at": "2026-03-02T03:00:00.000+00:00"},
                {"at": "2026-03-02T09:30:00.000+08:00"},
            ],
            {"start": "2026-03-02T09:30:00.000+08:00"},
        ),
    ],
)
def test_the_head_says_what_holds_for_all(
    lines: list[dict[str, Any]], head: dict[str, Any]
) -> None:
    entries = [entry_of(number, **line) for number, line in enumerate(lines, 1)]
    data = dump_entries(entries)
    found = Cassette.of_bytes(data, "a.yaml")

    assert {name: getattr(found.head, name) for name in head} == head
    for number, entry in enumerate(entries):
        line = found.get_entry_with_head_defaults(number).line
        assert (line.rules, line.net) == (entry.line.rules, entry.line.net or 0)
    assert dump_entries(list(reversed(entries))) == data
