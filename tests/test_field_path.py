"""A place in a message is one value, whatever spelling a file has for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

import bpmax_sim as bs
from bpmax_sim.errors import ConfigError
from bpmax_sim.field_path import (
    FieldPath,
    Wildcard,
    contains_path,
    find_objects_without,
    find_values_at,
    get_nested,
    parse_plain_steps,
    parse_quoted_steps,
    split_body_path,
    with_member,
    without_paths,
)
from bpmax_sim.messages import Exchange, Request, Response
from bpmax_sim.path_template import compile_path_template
from bpmax_sim.secret.vault import Vault
from bpmax_sim.transport.protocol import Handler
from bpmax_sim.transport.redaction import redact_exchange_again

SPELLINGS: dict[str, tuple[FieldPath | None, tuple[Any, ...]]] = {
    "ignore": (
        FieldPath.parse('body.客户["a.b"][0].*', "ignore"),
        ("body", "客户", "a.b", 0, Wildcard.ALL),
    ),
    "ignored header": (FieldPath.parse("header.X-A", "ignore"), ("header", "x-a")),
    "JSON path": (
        FieldPath.from_declared_response_place("$.d['客 户'][0].id"),
        ("body", "d", "客 户", 0, "id"),
    ),
    "without a dollar": (
        FieldPath.from_declared_response_place("data.code"),
        ("body", "data", "code"),
    ),
    "whole": (FieldPath.from_declared_response_place("$"), ("body",)),
    "response header": (
        FieldPath.from_declared_response_place("header: X-Code"),
        ("header", "x-code"),
    ),
    "cookie": (FieldPath.from_declared_response_place("cookie:sid"), ("cookie", "sid")),
    "all cookies": (FieldPath.from_declared_response_place("cookies"), ("cookie",)),
    "for a library": (FieldPath.from_declared_response_place("$..token"), ()),
    "injected header": (FieldPath.from_auth_place("header.X-Sign"), ("header", "x-sign")),
    "injected query": (FieldPath.from_auth_place("query.a.b"), ("query", "a.b")),
    "injected member": (FieldPath.from_auth_place("body.a.b"), ("body", "a", "b")),
    "injected member of a list": (
        FieldPath.from_auth_place('body.["a.b"][0].c'), ("body", "a.b", 0, "c"),
    ),
    "injected into all": (FieldPath.from_auth_place("body"), ("body",)),
    "parameter": (FieldPath.from_parameter("body", "客户.电话"), ("body", "客户", "电话")),
}  # fmt: skip


@pytest.mark.parametrize(("found", "steps"), SPELLINGS.values(), ids=SPELLINGS)
def test_each_spelling_is_read_into_the_same_value(
    found: FieldPath | None, steps: tuple[Any, ...]
) -> None:
    assert (found or ()) == steps


def test_places_find_and_cover() -> None:
    body = {"明细": [{"电话": "1"}, {"电话": "2"}]}
    place = FieldPath.parse("body.明细[*].电话", "redact")

    assert list(find_values_at(body, place.steps_below_root)) == ["1", "2"]
    assert list(find_values_at(body, ("明细", 1, "电话"))) == ["2"]
    assert list(find_values_at(body, ("明细", 2, "电话"))) == []
    assert contains_path(place, ("body", "明细", 0, "电话", "区号"))
    assert not contains_path(place, ("body", "明细", 0))


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/rooms/%E5%8D%8E%2F%E5%8C%97/send/1", {"房间": "华/北", "txnId": "1"}),
        ("/rooms/@a:b/send/", None),
        ("/rooms/1/sent/1", None),
        ("/rooms/1/send/1/2", None),
    ],
)
def test_a_path_is_split_before_it_is_decoded(path: str, parameters: Any) -> None:
    assert compile_path_template("rooms/{房间}/send/{txnId}?a=b").match(path) == parameters


@pytest.mark.parametrize(
    "path", ["bdy.phone", "body..phone", "body.a b", ".body.a", "[0].a", "", "Body", 'body["a']
)
def test_an_error_names_the_option_that_is_wrong(path: str) -> None:
    request = Request(method="GET", url="https://crm.example.test/", personal=(path,))

    with pytest.raises(ConfigError) as raised:
        redact_exchange_again(Exchange(request=request, outcome=Response(status=200)), Vault())

    assert str(raised.value).startswith(f"redact: {path!r} is not a path; write ")


PLATFORM = """\
platform_key: matrix
base_url: https://matrix.example.test
{platform}apis:
  send:
    method: PUT
    path: /rooms/{{room}}/send/{{txnId}}
    parameters:
      - {{name: room, in: path, required: true}}
      - {{name: txnId, in: path, required: true}}
{api}"""


def project(folder: Path, *, platform: str = "", api: str = "") -> Path:
    (folder / "platforms").mkdir()
    text = PLATFORM.format(platform=platform, api=api)
    (folder / "platforms/matrix.yaml").write_text(text, encoding="utf-8")
    entry = "- {platform: matrix, instance_key: default}\n"
    (folder / "instances.yaml").write_text(entry, encoding="utf-8")
    return folder


def send(folder: Path, room: str, number: str, **options: Any) -> Any:
    answer = Response(status=200, headers=(("content-type", "application/json"),), body=b"{}")
    live = Handler(lambda _request: answer)
    mode = options.pop("mode", "replay")
    with bs.Session.open(
        allow_ci=True,
        platforms=folder / "platforms",
        instances=folder / "instances.yaml",
        cassette=folder / "房间.yaml",
        mode=mode,
        transport=live if mode == "record" else None,
        **options,
    ) as session:
        return session.proxy("matrix").api("send").path({"room": room, "txnId": number}).call()


def test_one_parameter_of_a_path_is_left_out_of_the_match(tmp_path: Path) -> None:
    folder = project(tmp_path, api="    ignore: [path.txnId]\n")
    send(folder, "华/北", "2026-1", mode="record")

    assert send(folder, "华/北", "2026-2") == {}
    with pytest.raises(bs.NoMatchError) as missed:
        send(folder, "华南", "2026-2")
    assert '× path.room: recorded "华/北", sent "华南"' in str(missed.value)
    assert "path.txnId" not in str(missed.value)


def test_a_miss_names_the_parameter_that_differs(tmp_path: Path) -> None:
    folder = project(tmp_path)
    send(folder, "1", "2026-1", mode="record")

    with pytest.raises(bs.NoMatchError, match=r'× path\.txnId: recorded "2026-1", sent "2026-2"'):
        send(folder, "1", "2026-2")
    assert send(folder, "1", "2026-2", ignore=["path.txnId"]) == {}


WRONG: dict[str, tuple[dict[str, str], dict[str, Any], str]] = {
    "of a session": (
        {}, {"ignore": ["path.txnID"]},
        ("ignore: 'path.txnID' matches nothing: the path has no parameter 'txnID'; "
        "did you mean 'txnId'?"),
    ),
    "of an API": (
        {"api": "    ignore: [path.房间]\n"}, {},
        ("matrix.send: ignore: 'path.房间' matches nothing: the path has no parameter '房间'; "
        "its parameters are room, txnId"),
    ),
    "of a platform": (
        {"platform": "ignore: [query.a.b]\n"}, {},
        "matrix: ignore: 'query.a.b' matches nothing: query has names only; write query.<name>",
    ),
    "never compared": (
        {}, {"ignore": ["header.Host"]},
        "ignore: 'header.Host' matches nothing: the header host is never compared",
    ),
    "redact of a session": (
        {}, {"redact": ["bdy.phone"]},
        ("redact: 'bdy.phone' is not a path; write path, query.<name>, header.<name> or "
        "body.<name>, such as body.items[*].ts"),
    ),
    "redact of an API": (
        {"api": "    redact: [phone]\n"}, {},
        ("matrix.send: redact: 'phone' is not a path; write path, query.<name>, header.<name> or "
        "body.<name>, such as body.items[*].ts"),
    ),
    "secret of a platform": (
        {"platform": "secret: [token]\n"}, {},
        ("matrix: secret: 'token' is not a path; write path, query.<name>, header.<name> or "
        "body.<name>, such as body.items[*].ts"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("declared", "options", "message"), WRONG.values(), ids=WRONG)
def test_a_place_that_can_match_nothing_is_an_error_at_load(
    declared: dict[str, str], options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    folder = project(tmp_path, **declared)

    with pytest.raises(ConfigError) as raised:
        bs.Session.open(platforms=folder / "platforms", **options).close()

    assert str(raised.value) == message


def test_a_member_is_read_and_set_by_the_names_above_it() -> None:
    body: dict[str, Any] = {"客户": "张三", "合计": None}
    body = with_member(body, split_body_path("明细.金额"), 12)
    body = with_member(body, ["客户", "编号"], 7)

    assert body == {"客户": {"编号": 7}, "合计": None, "明细": {"金额": 12}}
    assert get_nested(body, split_body_path("明细.金额")) == 12
    assert get_nested(body, split_body_path("$")) is body
    assert get_nested(body, ["合计"]) is None
    assert get_nested(body, ["合计", "元"]) is get_nested(body, ["无"]) is UNSET


@pytest.mark.parametrize(
    ("text", "name"),
    [("body", ""), ("body.a", "a"), ("body.a.b.c", "a"), ("body[0].b", "0"), ("header.X-A", "x-a")],
)
def test_the_name_of_a_path_is_the_first_after_its_root(text: str, name: str) -> None:
    assert FieldPath.parse(text, "ignore").top_name == name


@pytest.mark.parametrize(
    ("path", "left", "pruned"),
    [
        ("[*].a", [{"b": 1}, {}, {"b": 3}], [{"b": 1}, {"b": 3}]),
        ("[1]", [{"a": 1, "b": 1}, None, {"a": 3, "b": 3}], [{"a": 1, "b": 1}, {"a": 3, "b": 3}]),
        ("[*]", [], None),
        ("[2].b", [{"a": 1, "b": 1}, {"a": 2}, {"a": 3}], [{"a": 1, "b": 1}, {"a": 2}, {"a": 3}]),
        ("[3]", [{"a": 1, "b": 1}, {"a": 2}, {"a": 3, "b": 3}], None),
        ("a", [{"a": 1, "b": 1}, {"a": 2}, {"a": 3, "b": 3}], None),
    ],
)
def test_one_index_leaves_a_gap_and_all_leave_none(path: str, left: object, pruned: object) -> None:
    rows = [{"a": 1, "b": 1}, {"a": 2}, {"a": 3, "b": 3}]
    steps = FieldPath.parse(
        f"body{path if path[0] == '[' else '.' + path}", "ignore"
    ).steps_below_root

    assert without_paths(rows, [steps]) == left
    untouched = path in {"[3]", "a"}
    assert without_paths(rows, [steps], prune=True) == (rows if untouched else pruned)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("body[0].a.b[*]", ""), ("path", ""), ("query", ""), ("header", ""),
        ("query.页", ""), ("query.*", ""), ("query.页[0]", ""), ("query.页[*]", ""),
        ("query[0]", "query has names only; write query.<name>"),
        ("query[0].a", "query has names only; write query.<name>"),
        ("query.a.b", "query has names only; write query.<name>"),
        ("query.a[0].b", "query has names only; write query.<name>"),
        ("query.a[0][1]", "query has names only; write query.<name>"),
        ("header.X-A[1]", ""), ("header.x-a.b", "header has names only; write header.<name>"),
        ("header.HOST", "the header host is never compared"),
        ("header.Content-Length[0]", "the header content-length is never compared"),
        ("query.host", ""),
        ("path.单号", ""), ("path.*", ""), ("path[*]", ""),
        ("path.单号.a", "path has names only; write path.<name>"),
        ("path.仓", "the path has no parameter '仓'; its parameters are 单号, 客户"),
        ("path.客户号", "the path has no parameter '客户号'; did you mean '客户'?"),
        ("path[0]", "the path has no parameter '0'; its parameters are 单号, 客户"),
    ],
)  # fmt: skip
def test_a_place_that_no_request_has_is_explained(path: str, told: str) -> None:
    assert FieldPath.parse(path, "ignore").explain_impossible(["客户", "单号"]) == told


def test_a_path_without_parameters_lists_none() -> None:
    told = FieldPath.parse("path.单号", "ignore").explain_impossible()

    assert told == "the path has no parameter '单号'"


@pytest.mark.parametrize(
    ("text", "plain", "quoted"),
    [
        ("明细[0].数量", ("明细", 0, "数量"), ("明细", 0, "数量")),
        ("明细[10][2]", ("明细", 10, 2), ("明细", 10, 2)),
        ("[0].a", (0, "a"), (0, "a")),
        ("a", ("a",), ("a",)),
        ("", (), ()),
        ("客户 名称.a", ("客户 名称", "a"), ()),
        ('["客户 名称"].a', ('"客户 名称"', "a"), ("客户 名称", "a")),
        ('a["b.c"]', ("a", '"b', 'c"'), ("a", "b.c")),
        ("a[*].*", ("a", "*", "*"), ("a", Wildcard.ALL, Wildcard.ALL)),
        ("a.0", ("a", "0"), ("a", "0")),
        ("a..b", ("a", "b"), ()),
        ("a[x]", ("a", "x"), ()),
    ],
)
def test_steps_are_names_and_indexes(
    text: str, plain: tuple[Any, ...], quoted: tuple[Any, ...]
) -> None:
    assert parse_plain_steps(text) == plain
    assert parse_quoted_steps(text, "path") == quoted


@pytest.mark.parametrize(
    ("value", "steps", "found"),
    [
        ({}, ("a",), [(0, {})]),
        ({"a": None}, ("a",), []),
        ({"a": ""}, ("a",), []),
        ({"a": {}}, ("a", "b"), [(1, {})]),
        ({"a": {"x": 1}}, ("a", "b", "c"), [(1, {"x": 1})]),
        ({"a": [{"b": 0}, {}, {"x": 1}, 7]}, ("a", Wildcard.ALL, "b"), [(2, {}), (2, {"x": 1})]),
        ({"a": []}, ("a", 0, "b"), []),
        ([{}], (0, "a"), [(1, {})]),
        ({"a": 1}, ("a", "b"), []),
        ({"a": 1}, (), []),
    ],
)
def test_an_object_that_lacks_the_next_name_is_found(
    value: Any, steps: Any, found: list[Any]
) -> None:
    assert [*find_objects_without(value, steps)] == found


@pytest.mark.parametrize(
    ("outer", "inner", "contains"),
    [
        ("body.a", "body.a", True), ("body.a", "body.a.b", True), ("body.a.b", "body.a", False),
        ("body.a", "body.b.a", False), ("body.a[*]", "body.a[0].b", True),
        ("body.a[1]", "body.a[0]", False), ("body", "query.a", False),
        ("body.*.c", "body.b.d", False),
    ],
)  # fmt: skip
def test_a_place_contains_itself_and_what_is_below(outer: str, inner: str, contains: bool) -> None:
    assert contains_path(FieldPath.parse(outer, "a"), FieldPath.parse(inner, "a")) is contains
