"""Each law is checked for calls of a platform with something of everything, as one transcript.

``python -m tests.fuzz.test_every_law`` writes the transcript anew; its changes are reviewed.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace

from bpmax_sim.fuzz import violation
from bpmax_sim.fuzz.laws import LAWS, is_received_exactly
from bpmax_sim.fuzz.search import check_law_by_calls
from bpmax_sim.fuzz.target import FuzzTarget, RequestLog, call_from_data, call_to_data, make_target
from bpmax_sim.fuzz.violation import LawBroken
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.session.session import Session
from bpmax_sim.strategies.programs import to_chain
from tests.fuzz.test_laws import tampered

TRANSCRIPT = Path(__file__).parents[1] / "data/every_law.txt"
PLATFORM = """\
platform_key: shop
base_url: https://shop.example.test/v1
encoding: form
credentials: {app: {}, secret: {secret: true}, pin: {secret: true, default: "471100xyz"}}
response:
  classes: {token: {status: [401]}}
auth:
  acquire:
    steps:
      - request: {path: /login, form: {app: "{{ app }}", secret: "{{ secret }}"}}
        extract: {token: {path: $.access_token, secret: true}}
  apply:
    - {in: header, name: Authorization, value: "Bearer {{ token }}"}
    - {in: query, name: app, value: "{{ app }}"}
ignore: [query.跟踪]
apis:
  查询:
    path: /orders/{编号}?来源=表单/手工
    parameters:
      - {name: 编号, in: path, required: true}
      - {name: 页, in: query}
      - {name: 跟踪, in: query}
  下单:
    method: POST
    path: /orders
    encoding: json
    parameters:
      - {name: 客户, in: body, to: customer, required: true}
      - {name: 城市, in: body, to: address.city}
      - {name: 单号, in: header, to: X-No}
  整体:
    method: PUT
    encoding: json
    path: /orders
    parameters: [{name: 单, in: body, to: $, required: true}]
  表单:
    method: POST
    path: /forms
    parameters: [{name: 客户, in: body, to: customer}, {name: 标签, in: body, to: tags}]
  跟踪: {path: /traces, parameters: [{name: 跟踪, in: query, required: true}]}
  公开: {path: /public, auth: {}, parameters: [{name: 页, in: query, required: true}]}
  签名:
    path: /signed
    parameters: [{name: 页, in: query}]
    auth:
      sign:
        set_headers: {X-Time: "{{ now }}"}
        message: "{{ method }}"
        key: "{{ pin }}"
        emit: [{in: header, name: X-Sign, value: "{{ signature }}"}]
  饼干:
    path: /cookies
    auth: {apply: [{in: cookie, name: Sid, value: "{{ pin }}"}]}
  明文:
    path: /clear
    auth: {apply: [{in: cookie, name: App, value: "{{ app }}"}]}
  相撞: {path: /clash, parameters: [{name: 令牌, in: header, to: authorization}]}
  内外:
    method: POST
    path: /inner
    encoding: json
    parameters: [{name: 客户, in: body, to: customer}, {name: 名称, in: body, to: customer.name}]
  顶层:
    method: POST
    path: /top
    encoding: json
    body: {app: {$credential: app}, 来源: {类: 表单}}
    parameters: [{name: 客户, in: body, to: customer}]
  免登录:
    path: /free
    auth:
      acquire:
        methods: [POST]
        steps:
          - request: {path: /login, form: {app: "{{ app }}"}}
            extract: {t: {path: $.access_token}}
      apply: [{in: header, name: X-T, value: "{{ t }}"}]
  只登录:
    path: /login-only
    auth:
      acquire:
        steps:
          - request: {path: /login, form: {app: "{{ app }}"}}
            extract: {t: {path: $.access_token}}
  忽略:
    path: /ignored
    ignore: [query.页]
    parameters: [{name: 页, in: query, required: true}]
  隐私:
    method: POST
    path: /people
    encoding: json
    redact: [body.customer]
    ignore: [body]
    parameters: [{name: 客户, in: body, to: customer, required: true}]
  过宽:
    method: POST
    path: /broad
    encoding: json
    ignore: [body]
    parameters: [{name: 客户, in: body, to: customer, required: true}]
  嵌套:
    method: POST
    path: /nested
    encoding: json
    body: {app: {$credential: app}, 内: {深: {$credential: pin}}}
    parameters: [{name: 客户, in: body, to: customer}]
"""
CALLS: Final[dict[str, list[Any]]] = {
    # direct calls by their arguments, chains by their setters
    "查询": [["甲/乙?", 1], ["..", "2"], ["..a", {"$undefined": True}, "x"], [""]],
    "下单": [["张三", "北京", "7"], [{"名": "李四", "数": [1.0, True, None]}]],
    "整体": [[{"a": 1}], ["一段文字"]],
    "表单": [["张三", ["甲", "", "丙"]], [True, 1.5]],
    "跟踪": [["1"]],
    "公开": [[1], ["1"], [True]],
    "签名": [[1]],
    "饼干": [[]],
    "明文": [[]],
    "相撞": [["mine"], [{"$undefined": True}]],
    "内外": [[{"name": "甲"}, "乙"], [{"$undefined": True}, "乙"]],
    "顶层": [["甲"]],
    "免登录": [[]],
    "只登录": [[]],
    "忽略": [["1"], ["2"]],
    "隐私": [["张三"], ["李四"]],
    "过宽": [["张三"], ["李四"]],
    "嵌套": [["甲"]],
}
SLOW: Final = frozenset({"languages", "renewal", "replay", "secrets"})
"""What is checked of the first call of some APIs alone, as it takes longer."""
WHOLE: Final = frozenset({"查询", "表单", "签名", "饼干", "明文", "免登录", "隐私"})
CLAIMS: Final = (
    ("header", {"authorization": "mine", "X-Sign": "mine", "Cookie": "sid=mine"}),
    ("query", {"App": "mine"}),
)


def make_call(api: str, given: Any) -> CallSpec:
    return call_from_data({"call": f"shop.{api}", "args": given})


def make_claim(target: FuzzTarget, call: CallSpec) -> CallSpec:
    """Return *call* as a chain that tries to set what auth sets, too."""
    chain = to_chain(target.platform.apis[call.api], call)
    return replace(chain, steps=(*chain.steps, *CLAIMS))


def tell_laws(target: FuzzTarget) -> Iterator[str]:
    """Yield, for each API, the laws that say something of it, and of each call which hold."""
    for api, given in CALLS.items():
        laws = [
            name for name, law in LAWS.items() if law.applies(target, target.platform.apis[api])
        ]
        yield f"## {api}: {', '.join(laws)}"
        for number, one in enumerate(given):
            call = make_call(api, one)
            yield f"{call_to_data(call)}"
            for name in (law for law in laws if law not in SLOW or (api in WHOLE and not number)):
                others = {
                    "credential": (make_claim(target, call),),
                    "identity": (make_call(api, given[number - 1]),),
                }
                calls = (call, *others.get(name, ()))
                try:
                    is_judged = check_law_by_calls(target, name, calls)
                except LawBroken as error:
                    yield f"    {name}: {error.why}"
                else:
                    yield f"    {name}{'' if is_judged else ': nothing to judge'}"


def tell_all(folder: Path) -> str:
    (folder / "shop.yaml").write_text(PLATFORM, "utf-8")
    target = make_target(load_platforms(folder / "shop.yaml"), "shop")
    told = "\n".join(tell_laws(target))
    return re.sub(r"\d{13}", "…", told) + "\n"


def test_each_law_says_of_each_call_what_the_transcript_tells(tmp_path: Path) -> None:
    assert tell_all(tmp_path) == TRANSCRIPT.read_text("utf-8")


OTHERS: Final = """\
platform_key: orders
base_url: https://orders.example.test
credentials: {key: {secret: true}}
auth:
  apply:
    - {in: header, name: X-Key, value: "{{ key }}"}
    - {in: query, name: k, value: "{{ key }}"}
apis:
  整体: {method: PUT, path: /orders, parameters: [{name: 单, in: body, to: $, required: true}]}
  查询: {path: "/q/{甲}{乙}", parameters: [{name: 甲, in: path}, {name: 乙, in: path}]}
  点号: {path: /dots, parameters: [{name: 甲, in: query, to: a}, {name: 乙, in: query, to: a.b}]}
"""


def strip_url(one: Request) -> Request:
    return replace(one, url=one.url.partition("?")[0])


def strip_header(one: Request) -> Request:
    return replace(one, headers=tuple(pair for pair in one.headers if pair[0] != "X-Key"))


def give_header(one: Request) -> Request:
    return replace(one, headers=(*one.headers, ("X-Key", "k")))


Changes = tuple[Callable[[Request], Request], ...]
CHANGES: Final[dict[str, tuple[str, str, list[Any], Changes, str]]] = {
    # a law, an API, its arguments, what each request is changed by, and what is told of it
    "a body that is another": (
        "arrives", "整体", [{"a": 1}], (lambda one: replace(one, body=b'{"a": 2}'),),
        "the value of parameter '单' does not arrive at body.$, where 1 is found",
    ),
    "a body that is a text": (
        "arrives", "整体", ["一"], (lambda one: replace(one, body=b"2"),), "True",
    ),
    "a path of two values that are others": (
        "arrives", "查询", ["a", "b"], (lambda one: replace(one, url=f"{one.base}/q/xyz"),),
        "the value of parameter '甲' does not arrive at path.甲, where 1 is found",
    ),
    "a path of two values, longer": (
        "arrives", "查询", ["ab", "c"], (lambda one: one,), "True",
    ),
    "a query named like a part of another": (
        "arrives", "点号", ["1", "2"], (strip_url,),
        "the value of parameter '甲' does not arrive at query.a, where nothing is found",
    ),
    "auth that is in no request": (
        "credential", "点号", ["1", "2"], (strip_header, strip_header), "True",
    ),
    "auth that is in no request, and another in the second": (
        "credential", "点号", ["1", "2"],
        (strip_header, lambda one: replace(one, url=one.url.replace("k=", "k=mine"))),
        "query.k is auth's, and a script changes what is sent there",
    ),
    "auth that is in the second request alone": (
        "credential", "点号", ["1", "2"], (strip_header, lambda one: one), "True",
    ),
    "auth that is in the first request alone": (
        "credential", "点号", ["1", "2"], (lambda one: one, strip_header),
        "header.X-Key is auth's and is sent 0 times",
    ),
    "auth that is in the second request twice": (
        "credential", "点号", ["1", "2"], (lambda one: one, give_header),
        "header.X-Key is auth's and is sent 2 times",
    ),
}  # fmt: skip


def test_a_request_that_is_seen_otherwise_breaks_the_law_that_looks_there(tmp_path: Path) -> None:
    (tmp_path / "orders.yaml").write_text(OTHERS, "utf-8")
    target = make_target(load_platforms(tmp_path / "orders.yaml"), "orders")

    def say(law: str, api: str, given: list[Any], changes: Any) -> str:
        calls = [call_from_data({"call": f"orders.{api}", "args": given})] * len(changes)
        seen = tampered(target, lambda one, number: changes[number - 1](one))
        try:
            return str(check_law_by_calls(seen, law, tuple(calls)))
        except LawBroken as error:
            return error.why

    assert {
        name: say(law, api, given, changes)
        for name, (law, api, given, changes, _) in CHANGES.items()
    } == {name: change[-1] for name, change in CHANGES.items()}
    large = 2**53 + 1
    assert [
        is_received_exactly(value, [got], "body")
        for value, got in ((large, float(large)), (float(large), large), (large, large - 1))
    ] == [True, True, False]


def test_only_a_third_party_with_records_may_refuse_what_is_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "orders.yaml").write_text(OTHERS, "utf-8")
    platforms = load_platforms(tmp_path / "orders.yaml")
    call = call_from_data({"call": "orders.点号", "args": ["1", "2"]})

    class Refusing(FuzzTarget):
        """A target that answers each call with one status."""

        status = 404

        @contextmanager
        def open_session(self, **more: Any) -> Iterator[tuple[Session, RequestLog]]:
            with super().open_session(**more) as (session, log):
                session.stub(lambda _request: Response(status=self.status))
                yield session, log

    found = {}
    for known in ({"orders"}, {"crm"}):
        monkeypatch.setattr(violation, "RULES", known)
        for status in (404, 499, 500):
            Refusing.status = status
            try:
                check_law_by_calls(Refusing(platforms, "orders"), "accepted", (call,))
            except LawBroken as error:
                found[*known, status] = error.why[:45]
    told = "a call that fits what is declared ends in HTT"
    assert found == dict.fromkeys([("orders", 500), ("crm", 404), ("crm", 499), ("crm", 500)], told)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        TRANSCRIPT.write_text(tell_all(Path(place)), "utf-8")
