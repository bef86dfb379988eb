# ruff: noqa: E501 - platforms, one line a part
"""All that a run doubts of the platform files that it used, whole and in its order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bpmax_sim.errors import Place
from bpmax_sim.i18n import translate
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.platform_doubts import find_rule_doubts
from bpmax_sim.yamlfile import to_display_path
from tests.files import write_files

CRM = """\
platform_key: crm
base_url: https://crm.example.test
timeout: 30000
ignore: [header.x-traceid]
volatile: [body.data.nmae, header.x-serverid]
auth:
  acquire:
    steps:
      - request: {path: /captcha}
        extract: {图: {path: $.imgae, optional: true}}
      - request: {path: /login}
        extract: {令牌: {path: $.tokn}, 期限: {path: $.expire_on, optional: true}, 列: {path: "$.rows[0]", optional: true}, 头: {path: "header:X-Tokn", optional: true}}
  apply: [{in: header, name: A, value: "{{ 令牌 }}"}]
response:
  ok: {all: [{path: $.code, in: [200]}]}
  code: [$.code]
  classes: {停机: {code: [503]}, rate: {code: [7, 9]}, transient: {code: [10]}}
apis:
  客户: {path: /c}
  列表: {path: /l, redact: [body.phne]}
"""
BASE = "platform_key: base\nbase_url: https://base.example.test\nredact: [body.phne]\napis: {客户: {path: /c}, 单: {path: /s}}\n"
ERP = """\
platform_key: erp
base_url: https://erp.example.test
response: {ok: {status: [201]}}
apis: {建: {path: /a}, 改: {path: /b}, 查: {path: /c, response: {ok: {status: [200]}}}}
"""


def made(call: str, line: int, response: Any = None, **parts: Any) -> CallMade:
    given = {"status": 200, "place": Place("脚本.js", line, 1), **parts}
    return CallMade(number=1, call=call, response=response, **given)


def doubts(folder: Path, *calls: CallMade, crm: str = CRM) -> list[str]:
    write_files(
        folder,
        {"crm.yaml": crm, "base.yaml": BASE, "oa.yaml": "platform_key: oa\nextends: base\n", "erp.yaml": ERP},
    )  # fmt: skip
    found = [*find_rule_doubts(calls, load_platforms(folder))]
    assert {(one.kind, one.fails) for one in found} <= {("rule", False)}
    shown = f"{to_display_path(folder)}/"
    return [f"{one.place}: {translate(one.message)}".removeprefix(shown) for one in found]


DATA = {"phone": "13800138000", "name": "张三"}


def test_each_file_is_doubted_for_itself_and_by_the_first_call(tmp_path: Path) -> None:
    calls = [
        made("crm.$token", 1, {"image": "x", "token": "t", "expire_in": 7200, "rowz": [1]}, response_header={"X-Token": "t"}),
        made("crm.客户", 2, {"code": 200, "data": DATA}, header={"X-TraceId2": 1}, response_header={"X-Server-Id": "7"}),
        made("oa.单", 3, {"phone": 1}),
        made("oa.客户", 4, {"phone": 1}),
        made("crm.列表", 5, {"code": 9, "phone": 1}, body={"phonee": 1}),
        made("crm.客户", 6, {"code": "10"}),
        made("erp.建", 7, {"data": [1]}),
        made("erp.查", 8, {}, status=201),
        made("erp.改", 9, {"行": {"a": 1}}),
        made("erp.没有", 10, {}),
        made("crm.客户", 11, {"code": 503}, error="HTTP_STATUS"),
    ]  # fmt: skip
    nothing = "and no message has that; did you mean"
    again = "changes nothing, as nothing is sent again for it; write auth.recover"
    assert doubts(tmp_path, *calls) == [
        f"crm.yaml:10:29: crm declares body.imgae, {nothing} 'image'?",
        f"crm.yaml:12:50: crm declares body.expire_on, {nothing} 'expire_in'?",
        f"crm.yaml:4:10: crm declares header.x-traceid, {nothing} 'x-traceid2'?",
        f"crm.yaml:5:12: crm declares body.data.nmae, {nothing} 'name'?",
        f"crm.yaml:5:28: crm declares header.x-serverid, {nothing} 'x-server-id'?",
        f"脚本.js:3:1: oa declares body.phne, {nothing} 'phone'?",
        f"crm.yaml:20:27: crm declares body.phne, {nothing} 'phone'?",
        "erp.yaml:3:25: erp: each of the 2 responses is a business failure, as its status is 200 and not one of 201; write what a success has",
        "crm.yaml:3:10: crm: timeout: 30000 is in seconds; write 30 where milliseconds are meant",
        f"脚本.js:5:1: crm: response.classes.rate {again}: {{rate: {{tries: 3}}}}",
        f"脚本.js:6:1: crm: response.classes.transient {again}: {{transient: {{tries: 3}}}}",
    ]
    failed = made("crm.$token", 1, {"image": "x", "expire_in": 7200}, error="AUTH_FAILED")
    assert doubts(tmp_path, failed) == [
        "crm.yaml:3:10: crm: timeout: 30000 is in seconds; write 30 where milliseconds are meant"
    ]


CODES = """\
platform_key: crm
base_url: https://crm.example.test
response:
  ok: {all: [{path: $.code, in: [200]}]}
  classes: {停机: {code: [503]}, 维护: {code: ['0', 4]}}
apis: {客户: {path: /c}, 列表: {path: /l}, 自定: {path: /o, response: {ok: {all: [{path: $.code, in: [1]}]}}}}
"""


def test_a_rule_that_no_response_meets_is_doubted_where_none_may_be_a_failure(
    tmp_path: Path,
) -> None:
    def is_told(*responses: Any, code: int = 5) -> bool:
        names = ("客户", "列表", "客户")
        calls = [
            made(f"crm.{name}", 1, {"code": code, **one})
            for name, one in zip(names, responses, strict=False)
        ]  # fmt: skip
        calls.append(made("crm.自定", 2, {"code": 1}))
        found = doubts(tmp_path, *calls, crm=CODES)
        return any("responses is a business failure" in one for one in found)

    good = {"data": DATA}
    assert {
        "objects": is_told(good, {"rows": [1]}),
        "empty": is_told(good, {"rows": [], "data": {}}),
        "third": is_told(good, good, {"rows": []}),
        "texts": is_told(good, {"data": "张三"}),
        "ERRORS": is_told(good, {"ERRORS": [1]}),
        "Violations": is_told(good, {"Violations": [1]}),
        "fault": is_told(good, {"fault": {"a": 1}}),
        "一个失败": is_told(good, {"一个失败明细": [1]}),
        "异常": is_told(good, {"异常": [1]}),
        "错误 beside data": is_told(good, {"错误": [1], **good}),
        "class": is_told(good, good, code=503),
        "second class": is_told(good, good, code=0),
        "second code": is_told(good, good, code=4),
        "alone": is_told(good),
    } == {
        "objects": True, "empty": False, "third": False, "texts": False, "ERRORS": False,
        "Violations": False, "fault": False, "一个失败": False, "异常": False,
        "错误 beside data": True, "class": False, "second class": False, "second code": False,
        "alone": False,
    }  # fmt: skip
