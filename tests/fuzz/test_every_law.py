"""Each law is checked for calls of a platform with something of everything, as one transcript.

``python -m tests.fuzz.test_every_law`` writes the transcript anew; its changes are reviewed.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from bpmax_sim.fuzz.laws import LAWS
from bpmax_sim.fuzz.search import check_law_by_calls
from bpmax_sim.fuzz.target import FuzzTarget, call_from_data, call_to_data, make_target
from bpmax_sim.fuzz.violation import LawBroken
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.strategies.programs import to_chain

TRANSCRIPT = Path(__file__).parents[1] / "data/every_law.txt"
PLATFORM = """\
platform_key: shop
base_url: https://shop.example.test/v1
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
    path: /orders/{编号}?来源=表单
    parameters:
      - {name: 编号, in: path, required: true}
      - {name: 页, in: query}
      - {name: 跟踪, in: query}
  下单:
    method: POST
    path: /orders
    parameters:
      - {name: 客户, in: body, to: customer, required: true}
      - {name: 城市, in: body, to: address.city}
      - {name: 单号, in: header, to: X-No}
  整体: {method: PUT, path: /orders, parameters: [{name: 单, in: body, to: $, required: true}]}
  表单:
    method: POST
    path: /forms
    encoding: form
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
    parameters: [{name: 客户, in: body, to: customer}, {name: 名称, in: body, to: customer.name}]
  嵌套:
    method: POST
    path: /nested
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
    "嵌套": [["甲"]],
}
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
            for name in laws:
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


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        TRANSCRIPT.write_text(tell_all(Path(place)), "utf-8")
