# ruff: noqa: E501 - a failure, one a line
"""All failures of the calls of one run in order, by what a platform declares and recordings show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from bpmax_sim.cassette.format import dump_exchanges
from bpmax_sim.explore.failures import KINDS, PossibleFailure, find_possible_failures
from bpmax_sim.explore.members import RecordedResponses
from bpmax_sim.explore.reads import ReadMembers
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.messages import Exchange
from bpmax_sim.platform.load import load_usable_platforms
from tests.cassette.exchanges import RULES, ZONE, answer, detail, keyed, numbered
from tests.explore.views import made
from tests.files import write_files

PLATFORM = """\
platform_key: erp
base_url: https://erp.example.test
response:
  ok: {all: [{path: $.code, in: [0]}]}
  code: [$.code]
  classes: {token: {code: [401001]}, rate: {code: [7, 8, 9]}, busy: {code: [8, 11]}}
apis:
  listOrders:
    path: /orders
    answer: {type: array, items: {type: object, required: [no], properties: {no: {type: [string, "null"]}, qty: {type: integer}}}}
  getStock: {path: /stock, response: {ok: {all: [{path: $.err, in: [0]}]}, code: [$.err]}}
"""
JSON = {"content-type": "application/json; charset=utf-8"}


def nested(depth: int, inner: Any) -> Any:
    """Return *inner* as member ``m`` of a member ``m`` and so on, *depth* times."""
    return {"m": nested(depth - 1, inner)} if depth else inner


def record(number: int, api: str, body: Any, status: int = 200, kind: str = "json") -> Exchange:
    text = body if isinstance(body, str) else json.dumps(body)
    headers = (("content-type", f"application/{kind}"),) if kind else ()
    outcome = replace(answer(text), status=status, headers=headers)
    base = detail(number, outcome=outcome)
    assert base.request.call is not None
    call = replace(base.request.call, platform="erp", api=api)
    return keyed(base, request=replace(base.request, call=call))


RECORDED: tuple[tuple[Any, ...], ...] = (
    ("$token", {"code": 5}),
    ("listOrders", [{"no": "A", "qty": 1, "tags": [1]}, {"no": "B", "qty": 2, "tags": []}]),
    ("listOrders", [{"no": "C", "qty": 3, "tags": None}, {"no": "D", "qty": 3}]),
    ("listOrders", {"code": 8, "msg": "太快"}),
    ("listOrders", {"code": 6}, 400, ""),
    ("listOrders", "a=1&b=2", 200, "x-www-form-urlencoded"),
    ("listOrders", "a=1", 200, "x-www-form-urlencoded"),
    ("listOrders", "null"),
    ("get_stock", {"err": 3, "code": 0}),
    ("get_stock", {"code": 4}),
    ("getStock", nested(5, {"m": {"x": 1}, "h": 1})),
    ("getStock", nested(5, {"m": {}})),
)


def list_changes(failures: Iterator[PossibleFailure]) -> Iterator[Any]:
    """Yield what is special of each failure that is not one of any call."""
    for one in failures:
        if one.kind not in {kind.name for kind in KINDS}:
            do = one.rule.do
            kind = f"{one.call.api} {to_plain_english(one.kind)}"
            yield kind, do.status, dict(do.headers), do.body, one.shown_by


def test_each_call_fails_as_its_platform_declares_and_as_recordings_show(tmp_path: Path) -> None:
    write_files(tmp_path, {"平台/erp.yaml": PLATFORM})
    platforms = load_usable_platforms(tmp_path / "平台")
    exchanges = numbered(*(record(number, *one) for number, one in enumerate(RECORDED)))
    (tmp_path / "录/订单/坏.yaml").mkdir(parents=True)
    (tmp_path / "录/订单/甲.yaml").write_bytes(dump_exchanges(exchanges, rules=RULES, zone=ZONE))
    recorded = RecordedResponses(tmp_path / "录", platforms)
    row = {"no": "A", "qty": 1, "tags": [1]}
    orders = made("erp.listOrders", response=[row, {"no": "B"}], status=203)
    calls = [
        replace(orders, is_faulted=True), replace(orders, name="没有.x"), orders,
        made("erp.$token", is_login=True, response={"code": 0}),
        made("erp.getStock", response={"err": 0, "量": 1}),
    ]  # fmt: skip
    reads = ReadMembers(None, frozenset({"no", "qty", "tags", "量"}))
    rate = {"code": 7}

    def lacking(**members: Any) -> list[Any]:
        kept = {name: value for name, value in {**row, **members}.items() if value != "absent"}
        return [kept, {"no": "B"}]

    found = [*list_changes(find_possible_failures(calls, platforms, recorded, reads))]

    assert found == [
        ("listOrders code 8", 200, {"content-type": "application/json"}, {"code": 8, "msg": "太快"}, "recorded"),
        ("listOrders code 6", 400, {}, {"code": 6}, "recorded"),
        ("listOrders code 7", 200, JSON, rate, ""),
        ("listOrders code 9", 200, JSON, {**rate, "code": 9}, ""),
        ("listOrders code 11", 200, JSON, {**rate, "code": 11}, ""),
        ("listOrders [0].no null", 203, JSON, lacking(no=None), "declared"),
        ("listOrders [0].qty absent", 203, JSON, lacking(qty="absent"), "declared"),
        ("listOrders [0].tags absent", 203, JSON, lacking(tags="absent"), "recorded"),
        ("listOrders [0].tags empty", 203, JSON, lacking(tags=[]), "recorded"),
        ("listOrders [0].tags null", 203, JSON, lacking(tags=None), "recorded"),
        ("getStock 量 null", 200, JSON, {"err": 0, "量": None}, ""),
    ]  # fmt: skip
    assert [*recorded.find_refusals("erp.get_stock")] == [(200, "3")]
    lacks = {
        name: dict(recorded.get_api_summary(f"erp.{name}").lacks)
        for name in ("listOrders", "getStock")
    }
    assert lacks == {
        "listOrders": {("*", "tags"): {"absent", "empty", "null"}},
        "getStock": {(*["m"] * 5, "h"): {"absent"}},
    }  # fmt: skip
