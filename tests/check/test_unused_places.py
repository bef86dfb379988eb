# ruff: noqa: E501 - messages, one a line
"""Which places that platform files name no recording has: those misspelt, and those absent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_exchanges
from bpmax_sim.cassette.matching import MatchingRules
from bpmax_sim.check.unused_places import UnusedPlaces
from bpmax_sim.messages import Call, Exchange, FailedExchange, Request, Response
from bpmax_sim.platform.load import load_platforms

JSON = (("content-type", "application/json"), ("x-trace", "1"))

CRM = """\
platform_key: crm
base_url: https://crm.example.test
redact: [body.客户手机, body.客户.手机号, header.X-Trace, body.无此处]
ignore: [body.请求编号, query.时间戳]
volatile: [body.服务器时间]
response: {code: [$.code], message: [$.masage], ok: {all: [{path: $.code, in: [0]}]}}
apis:
  下单:
    method: POST
    path: "/o/{id}"
    parameters: [{name: id, in: path}]
    redact: [body.收货人.姓名, body.身份证, path.id]
    secret: [body.密匙, body.暗号]
    response: {code: [$.cude], ok: {all: [{path: $.code, in: [0]}, {path: $.err, absent: true}]}}
  查单: {path: /q, redact: [body.单号]}
  撤单: {path: /c, redact: [body.撤单人]}
"""
OTHER = "platform_key: erp\nbase_url: https://erp.example.test\nredact: [body.电话]\napis: {查: {path: /x}}\n"


def exchange(
    api: str, body: Any, answer: Any, query: tuple[tuple[str, str], ...] = (), key: str = "crm"
) -> Exchange:
    data = json.dumps(body, ensure_ascii=False).encode()
    call = Call(
        platform=key, instance="test", api=api, method="POST", path="/o/7", query=query,
        headers=JSON, body=data,
    )  # fmt: skip
    request = Request(
        method="POST", url=f"https://{key}.example.test/o/7", headers=JSON, body=data, call=call
    )
    outcome: Response | FailedExchange = FailedExchange(code="TIMEOUT", message="超时")
    if answer is not None:
        text = json.dumps(answer, ensure_ascii=False)
        outcome = Response(status=200, headers=JSON, body=text.encode())
    return Exchange(request=request, outcome=outcome, owner="单")


def search(folder: Path, *exchanges: Exchange) -> tuple[list[str], list[str]]:
    """Return what is told of places misspelt, and of absent ones, with *exchanges* recorded."""
    for name, text in {"crm": CRM, "erp": OTHER}.items():
        (folder / "platforms").mkdir(exist_ok=True)
        (folder / f"platforms/{name}.yaml").write_text(text, "utf-8")
    path = folder / "单.yaml"
    numbered = [replace(one, order=number) for number, one in enumerate(exchanges, 1)]
    path.write_bytes(dump_exchanges(numbered, rules=MatchingRules(())))
    places = UnusedPlaces([load_platforms([folder / "platforms"])])
    places.search_cassette(Cassette.load(path))
    problems = list(places.find_misspelt_places())
    lines = [
        f"{one.place.line}:{one.place.column} {one.message}" if one.place else one.message
        for one in problems
    ]
    return lines, [
        one.replace(f"{folder}/platforms/", "") for one in places.explain_absent_places()
    ]


HAVE = {"code": 0, "message": "好", "服务器时间": 1, "密钥": "x", "客户": {"手机": "1"}}


def test_a_misspelt_place_is_told_with_the_name_beside_it_and_others_once_all_is_recorded(
    tmp_path: Path,
) -> None:
    body = {"客户手机号": "1", "收货人": {"名称": "x", "姓": "y"}, "请求编码": 1, "身份证": "1"}

    misspelt, absent = search(tmp_path, exchange("下单", body, HAVE, (("时间戮", "1"),)))

    assert misspelt == [
        "4:10 crm declares body.请求编号, and no recording has that; did you mean '请求编码'?",
        "3:10 crm declares body.客户手机, and no recording has that; did you mean '客户手机号'?",
        "3:21 crm declares body.客户.手机号, and no recording has that; did you mean '手机'?",
        "12:14 crm declares body.收货人.姓名, and no recording has that; did you mean '姓'?",
        "13:14 crm declares body.密匙, and no recording has that; did you mean '密钥'?",
        "14:23 crm declares body.cude, and no recording has that; did you mean 'code'?",
    ]
    # Of the platform's own places nothing is known: two of its APIs are not recorded.
    assert absent == [
        "crm.yaml:13:23: secret: no recording has body.暗号; compare the name with what is sent"
    ]


def test_a_place_counts_where_any_recording_has_it_also_one_without_a_response(
    tmp_path: Path,
) -> None:
    failed = exchange("下单", {"客户手机": "1"}, None)
    others = exchange("查单", {"单好": "1"}, {"code": 1}), exchange("撤单", {}, {"撤单": 1})

    assert search(tmp_path, failed, *others) == (
        [
            "3:21 crm declares body.客户.手机号, and no recording has that; did you mean '客户手机'?",
            "15:27 crm declares body.单号, and no recording has that; did you mean '单好'?",
            "16:27 crm declares body.撤单人, and no recording has that; did you mean '撤单'?",
        ],
        [],
    )


def test_absent_places_are_told_by_list_once_all_its_apis_are_recorded(tmp_path: Path) -> None:
    every = [
        exchange("下单", {}, HAVE), exchange("查单", {"单号": 1}, {"code": 1}),
        exchange("撤单", {}, {"撤单人": 1}),
    ]  # fmt: skip

    misspelt, absent = search(tmp_path, *every)

    assert [one.partition(" ")[0] for one in misspelt] == ["3:10", "3:21", "13:14"]
    assert [one.partition(";")[0] for one in absent] == [
        "crm.yaml:3:50: redact: no recording has body.无此处",
        "crm.yaml:12:14: redact: no recording has body.收货人.姓名, body.身份证",
        "crm.yaml:13:23: secret: no recording has body.暗号",
    ]


def test_other_platforms_and_unknown_calls_have_no_part_in_it(tmp_path: Path) -> None:
    phone = "erp.yaml:3:10: redact: no recording has body.电话; compare the name with what is sent"

    assert search(tmp_path, exchange("查", {}, {}, key="erp")) == ([], [phone])
    assert search(tmp_path, exchange("查", {}, {"电话": 1}, key="erp")) == ([], [])
    unknown = exchange("无", {}, {}, key="erp"), exchange("下单", {}, {}, key="别的")
    assert search(tmp_path, *unknown) == ([], [])
    plain = exchange("下单", {"客户手机号": "1"}, HAVE)
    assert search(tmp_path, replace(plain, request=replace(plain.request, call=None))) == ([], [])
