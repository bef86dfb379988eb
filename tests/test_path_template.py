"""A declared path, piece by piece: its names, its segments, what fits it, and what is sent."""

from __future__ import annotations

import pytest

from bpmax_sim.path_template import (
    compile_path_template,
    decode_path,
    encode_value,
    fill_placeholders,
    has_trailing_slash,
    list_placeholders,
    quote_invalid_path_characters,
    split_decoded_segments,
)


@pytest.mark.parametrize(
    ("path", "names", "filled"),
    [
        ("/客户/{id}", ("id",), "/客户/<id>"),
        ("/{b}/{a}-{b}/{c}", ("b", "a", "c"), "/{b}/<a>-{b}/<c>"),
        ("/{}/{a", (), "/{}/{a"),
        ("{{a}}", ("a",), "{<a>}"),
        ("/{编 号}{x/y}", ("编 号", "x/y"), "/<编 号><x/y>"),
        ("/{empty}/", ("empty",), "//"),
        ("", (), ""),
    ],
)
def test_names_in_braces_are_listed_once_and_filled_where_there_is_a_value(
    path: str, names: tuple[str, ...], filled: str
) -> None:
    known = {"b": None, "empty": ""}

    assert list_placeholders(path) == names
    assert fill_placeholders(path, lambda name: known.get(name, f"<{name}>")) == filled


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("SO1", "SO1"), ("", ""), ("a/b", "a%2Fb"), ("a b+c", "a%20b%2Bc"), ("-._~", "-._~"),
        ("张三", "%E5%BC%A0%E4%B8%89"), ("²", "%C2%B2"), ("%41", "%2541"), ("\udcff", "%FF"),
        ("..", ".."), ("a?b#c", "a%3Fb%23c"),
    ],
)  # fmt: skip
def test_a_value_is_one_segment_and_comes_back(value: str, encoded: str) -> None:
    assert encode_value(value) == encoded
    assert decode_path(encoded) == value


@pytest.mark.parametrize(
    ("raw", "text"), [("a+b", "a+b"), ("%zz%4", "%zz%4"), ("%2f%2F", "//"), ("客%20户", "客 户")]
)
def test_what_is_no_percent_encoding_stays(raw: str, text: str) -> None:
    assert decode_path(raw) == text


def test_fixed_text_is_encoded_where_no_address_may_hold_it() -> None:
    kept = "/a%20b:@!$&'()*+,;=~-._"

    assert quote_invalid_path_characters(f"{kept}客 {{}}?#") == f"{kept}%E5%AE%A2%20%7B%7D%3F%23"


@pytest.mark.parametrize(
    ("raw", "segments", "has_slash"),
    [
        ("/a/b", ("a", "b"), False), ("/a/b/", ("a", "b"), True), ("a", ("a",), False),
        ("/", (), False), ("", (), False), ("//", ("",), True), ("//a", ("", "a"), False),
        ("/a//", ("a", ""), True), ("/a%2Fb/c%20/", ("a/b", "c "), True),
    ],
)  # fmt: skip
def test_a_path_is_split_at_its_own_slashes_only(
    raw: str, segments: tuple[str, ...], has_slash: bool
) -> None:
    assert split_decoded_segments(raw) == segments
    assert has_trailing_slash(raw) == has_slash


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("/订单/{id}", "/订单/", None), ("/订单/{id}", "/订单//", None),
        ("", "/", {}), ("", "", {}),
        ("/订单/{id}", "/%E8%AE%A2%E5%8D%95/7", {"id": "7"}), ("/a%20b", "/a b", {}),
        ("/{a}-{b}", "/1-2-3", {"a": "1", "b": "2-3"}), ("/{a}-{b}", "/-2", None),
        ("/{a}-{b}", "/1-", None), ("/{a}{b}", "/x", None),
        ("/{a}{b}", "/xyz", {"a": "x", "b": "yz"}),
        ("/v1:{op}", "/v1:%0A", {"op": "\n"}), ("/v1.{op}", "/v1xa", None), ("/x?f=1", "/x/", {}),
        ("订单/{x/y}", "/订单/a%2Fb", {"x/y": "a/b"}), ("/A", "/a", None),
    ],
)  # fmt: skip
def test_a_path_fits_where_every_segment_does(
    template: str, path: str, values: dict[str, str] | None
) -> None:
    assert compile_path_template(template).match(path) == values


@pytest.mark.parametrize(
    ("template", "values", "path"),
    [
        ("/订单/{id}", {"id": "a/b"}, "/%E8%AE%A2%E5%8D%95/a%2Fb"),
        ("/{a}/{b}/{c}", {"a": "1", "c": "3", "d": "4"}, "/1/{b}/3"),
        ("{a}-{a}/", {"a": "张"}, "/%E5%BC%A0-%E5%BC%A0/"),
        ("rooms/{id}?x={x}", {"id": "", "x": "1"}, "/rooms/"),
        ("", {}, ""),
    ],
)
def test_a_path_is_sent_with_its_values_encoded(
    template: str, values: dict[str, str], path: str
) -> None:
    assert compile_path_template(template).fill(values) == path


def test_of_several_templates_the_one_that_says_most_comes_first() -> None:
    ordered = [
        "/a/b", "/a/v{x}", "/a/{x}", "/v{x}/b", "/{x}/b", "/v{x}/{y}", "/{x}/{y}", "/{x}{y}z/{w}",
    ]  # fmt: skip

    assert sorted(sorted(ordered), key=lambda path: compile_path_template(path).rank) == ordered


@pytest.mark.parametrize(
    ("template", "path", "readings"),
    [
        ("/{no}-{id}", "/a-b-c", [{"no": "a", "id": "b-c"}, {"no": "a-b", "id": "c"}]),
        ("/{no}-{id}", "/a-", []), ("/{no}-{id}", "/-b", []), ("/{no}-{id}", "/ab", []),
        ("/{a}{b}", "/张三丰", [{"a": "张", "b": "三丰"}, {"a": "张三", "b": "丰"}]),
        ("/{a}{b}", "/x", []), ("/{a}", "//", []),
        ("/v{a}.json", "/v1.json", [{"a": "1"}]), ("/v{a}.json", "/v.json", []),
        ("/v{a}.json", "/w1.json", []), ("/v{a}.json", "/v1.xml", []),
        ("/{a}-{b}-{c}", "/1-2-3-4", [
            {"a": "1", "b": "2", "c": "3-4"}, {"a": "1", "b": "2-3", "c": "4"},
            {"a": "1-2", "b": "3", "c": "4"},
        ]),
        ("/{a}-{b}/{c}", "/1-2-3/%2F", [
            {"a": "1", "b": "2-3", "c": "/"}, {"a": "1-2", "b": "3", "c": "/"},
        ]),
        ("/单/x", "/单/x", [{}]),
    ],
)  # fmt: skip
def test_a_path_is_read_in_every_way_in_which_no_value_is_empty(
    template: str, path: str, readings: list[dict[str, str]]
) -> None:
    assert [*compile_path_template(template).find_readings(path)] == readings


@pytest.mark.parametrize(
    ("template", "path", "replaced"),
    [
        ("/客户/{id}", "/客户/7", "/%E5%AE%A2%E6%88%B7/%E5%8F%B77"),
        ("/单/{id}", "/%E5%8D%95/7/", "/%E5%8D%95/%E5%8F%B77/"),
        ("/so/{id}/", "/so/7/", "/so/%E5%8F%B77/"),
        ("/so/{id}/", "/so/7", "/so/%E5%8F%B77"),
        ("/so/{id}/items", "/so/7/items", "/so/%E5%8F%B77/items"),
        ("/so/{id}/items/", "/so/7/items", "/so/%E5%8F%B77/items"),
        ("/{no}-{id}/{id}", "/3-7/7/", "/3-%E5%8F%B77/%E5%8F%B77/"),
        ("/so/{no}", "/so/%37/", "/so/%37/"),  # nothing of it changes
        ("/so/{no}/", "/so/%37", "/so/%37"),
        ("/so/{id}", "/so", "/so"),
        ("/so/{id}", "/so/7/8", "/so/7/8"),
        ("/", "/", "/"),
        ("", "", ""),
    ],
)
def test_values_of_a_path_are_replaced_and_its_end_stays(
    template: str, path: str, replaced: str
) -> None:
    def replace(name: str, value: str) -> str:
        return f"号{value}" if name == "id" else value

    assert compile_path_template(template).replace_values(path, replace) == replaced
