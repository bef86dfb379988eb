"""The sample call of an API passes what it requires, each value in its place."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bpmax_sim.messages import Call
from bpmax_sim.platform.model import Platform
from bpmax_sim.starter.document_draft import draft_sample_call
from bpmax_sim.starter.scenario_draft import (
    ScriptedCall,
    UnplayableCall,
    _group_pairs,
    _parse_body,
    draft_scenario,
    draft_script,
    to_javascript,
)


def calls_of(*parameters: dict[str, Any], key: str = "erp", **apis: Any) -> list[tuple[str, Any]]:
    declared = apis or {"save": {"method": "POST", "path": "/{id}", "parameters": parameters}}
    value = {"platform_key": key, "base_url": "https://erp.example.test", "apis": declared}
    platform = msgspec.convert(value, Platform)
    found = [draft_sample_call(platform, name) for name in platform.apis]
    return [(one.line, one.expectation) for one in found]


def parameter(name: str, place: str, example: Any = None, **more: Any) -> dict[str, Any]:
    shown = {} if example is None else {"default": example}
    return {"name": name, "in": place, "required": True, **shown, **more}


@pytest.mark.parametrize(
    ("parameters", "setters"),
    [
        ([], ""),
        ([parameter("id", "path", 7)], '.$path({"id": 7})'),
        (
            [
                parameter("h", "header", "甲"), parameter("q", "query", 2),
                parameter("p", "path", 1), parameter("页", "query", 3),
            ],
            '.$path({"p": 1}).$query({"q": 2, "页": 3}).$header({"h": "甲"})',
        ),
        ([parameter("q", "query", 2, required=False)], ""),
        ([parameter("query_id", "query", 2, to="id")], '.$query({"id": 2})'),
        ([parameter("a", "body", 1)], '.$body({"a": 1})'),
        ([parameter("a", "body", 1, required=False)], ""),
        (
            [
                parameter("a", "body", 1), parameter("b", "body", 2, to="data.b"),
                parameter("c", "body", 3, to="data.c"), parameter("d", "body", required=False),
            ],
            '.$body({"a": 1, "data": {"b": 2, "c": 3}})',
        ),
        (
            [parameter("q", "query", 1), parameter("body", "body", [1, {"a": 0}], to="$")],
            '.$query({"q": 1}).$body([1, {"a": 0}])',
        ),
        ([parameter("a", "body", 1), parameter("body", "body", "<a/>", to="$")], '.$body("<a/>")'),
        ([parameter("body", "body", 1, to="$", required=False)], ""),
    ],
)  # fmt: skip
def test_what_is_required_is_passed_in_its_place(
    parameters: list[dict[str, Any]], setters: str
) -> None:
    assert calls_of(*parameters) == [
        (f'await erp.$api("save"){setters}.$call();', {"call": "erp.save"})
    ]


@pytest.mark.parametrize(
    ("key", "expression"),
    [
        ("erp", "erp"), ("ERP_2", "ERP_2"), ("$erp", "$erp"), ("my-erp", '$proxy("my-erp")'),
        ("客户", '$proxy("客户")'), ("2erp", '$proxy("2erp")'), ("form", '$proxy("form")'),
        ("ctx", '$proxy("ctx")'), ("error", '$proxy("error")'), ("await", '$proxy("await")'),
        ("new", '$proxy("new")'), ("export", '$proxy("export")'), ("static", '$proxy("static")'),
        ("console", '$proxy("console")'), ("New", "New"), ("exports", "exports"),
        ("forms", "forms"),
    ],
)  # fmt: skip
def test_a_platform_is_a_variable_where_its_key_can_be_one(key: str, expression: str) -> None:
    [(line, expectation), *more] = calls_of(key=key, a={"path": "/a"}, b={"path": "/b"})

    assert line == f'await {expression}.$api("a").$call();'
    assert expectation == {"call": f"{key}.a"}
    assert [one for _, one in more] == [{"call": f"{key}.b"}]
    declared = [f'const {key} = $proxy("{key}");'] if expression == key else []
    assert draft_script("a.har, b.har", (), [key]).splitlines() == [
        "// The calls of a.har, b.har, in their order; take what a form needs.", *declared
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ("a\u2028b\u2029c\u2028", '"a\\u2028b\\u2029c\\u2028"'), ("甲\n\"'", '"甲\\n\\"\'"'),
        ({"\u2029": ["\u2028"]}, '{"\\u2029": ["\\u2028"]}'), (None, "null"), (True, "true"),
        ([1.5, -0.0], "[1.5, -0.0]"),
    ],
)  # fmt: skip
def test_a_value_is_written_as_javascript(value: Any, source: str) -> None:
    assert to_javascript(value) == source


@pytest.mark.parametrize(
    ("clock", "line"),
    [("", ""), ("2026-11-30T09:00:00+08:00", 'clock: "2026-11-30T09:00:00+08:00"\n')],
)
def test_a_drafted_scenario_clicks_a_button_and_expects_the_calls(clock: str, line: str) -> None:
    value = {"platform_key": "erp", "base_url": "https://a.test", "apis": {"a": {"path": "/a"}}}
    call = draft_sample_call(msgspec.convert(value, Platform), "a")

    assert draft_scenario("采购", {"cassette": "采购"}, [call, call], clock=clock) == (
        "# Drafted by bpmax-sim init --from: the calls are those that were seen, the button is "
        "made up.\n"
        "version: 1\nscenario: 采购\n"
        "form:\n  scripts: {click.调用: scripts/采购.js}\n  fields: {}\n"
        f"proxy:\n  platforms: platforms/\n  cassette: 采购\n{line}"
        "steps:\n  - {click: 调用, expect: {proxy: [{call: erp.a}, {call: erp.a}]}}\n"
    )


@pytest.mark.parametrize(
    ("pairs", "grouped"),
    [
        ([], {}),
        ([("a", "1")], {"a": "1"}),
        ([("a", ""), ("a", "2")], {"a": ["", "2"]}),
        ([("a", "1"), ("b", "x"), ("a", "2"), ("a", "3")], {"a": ["1", "2", "3"], "b": "x"}),
        ([("状态", "未审"), ("A", "1"), ("a", "2")], {"状态": "未审", "A": "1", "a": "2"}),
    ],
)
def test_a_name_that_is_repeated_has_a_list_of_its_values(
    pairs: list[tuple[str, str]], grouped: dict[str, Any]
) -> None:
    assert _group_pairs(pairs) == grouped


def body(data: bytes, media: str = "") -> Call:
    headers = (("content-type", media),) if media else ()
    return Call(
        platform="erp", instance="", api="save", method="POST", path="/", headers=headers, body=data
    )


@pytest.mark.parametrize(
    ("data", "media", "parsed"),
    [
        (b'{"a": [1, null]}', "application/json; charset=utf-8", {"a": [1, None]}),
        (b'{"a": 1}', "", {"a": 1}),
        (b'{"a": 1}', "application/vnd.erp+json", {"a": 1}),
        (b'{"a": 1}', "text/plain", '{"a": 1}'),
        (b'{"a": 1', "application/json", '{"a": 1'),
        (
            b"a=1&b=&a=2&a=%E5%AE%A2",
            "application/x-www-form-urlencoded",
            {"a": ["1", "2", "客"], "b": ""},
        ),
        ("<单>张三</单>".encode(), "application/xml", "<单>张三</单>"),
        (b"", "text/plain", ""),
        (b"\xff", "text/plain", None),
        (b"--x", "multipart/form-data; boundary=x", None),
    ],
)
def test_a_body_is_drafted_as_its_media_type_says(data: bytes, media: str, parsed: Any) -> None:
    call = body(data, media)
    if parsed is not None:
        assert _parse_body(call) == parsed
        return
    told = "its body is not text" if data == b"\xff" else "its body has several parts"
    with pytest.raises(UnplayableCall, match=told):
        _parse_body(call)


@pytest.mark.parametrize(
    ("key", "expression"),
    [("crm", "crm"), ("form", '$proxy("form")'), ("await", '$proxy("await")')],
)
def test_a_script_names_its_platforms_once(key: str, expression: str) -> None:
    call = ScriptedCall(line=f'await {expression}.$api("x").$call();', expectation={})
    script = draft_script("erp.har", [call, call], [key, "a-b"])

    declared = [f'const {key} = $proxy("{key}");'] if expression == key else []
    assert script.splitlines()[1:] == [*declared, call.line, call.line]
    assert script.startswith("// The calls of erp.har, in their order")
