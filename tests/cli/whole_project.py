"""A project that has something of everything: tables, flows, defaults, recordings, and mistakes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bpmax_sim.messages import FailedExchange
from tests.cassette.exchanges import answer, detail, order
from tests.cli.test_cassette_commands import write
from tests.files import write_files

FILES: Final[Mapping[str, str]] = {
    "pyproject.toml": "[tool.bpmax_sim]\nlanguage = 'en'\n",
    "scenarios/defaults.yaml": "proxy: {unused: ignore}\n",
    "scenarios/空的/defaults.yaml": "proxy: {unused: ignore}\n",
    "scenarios/platforms/crm_system.yaml": """\
platform_key: crm_system
base_url: https://crm.example.test
was: [crm_old]
credentials: {token: {secret: true}}
auth: {apply: {in: header, name: Authorization, value: "Bearer {{ token }}"}}
apis:
  get_customer_detail:
    method: GET
    path: /customers/{id}
    was: [getCustomer]
    parameters:
      - {name: id, in: path, required: true}
      - {name: fields, in: query}
  create_order:
    method: POST
    path: /orders
    parameters: [{name: order, in: body, to: $}]
  delete_order: {method: DELETE, path: "/orders/{id}"}
""",
    "scenarios/instances.yaml": """\
- platform: crm_system
  instance_key: test
  default: true
  credentials: {token: {env: CRM_TOKEN}}
""",
    "scenarios/采购/查.js": """\
const 客户 = await $proxy('crm_system').get_customer_detail(form.编号, 'name,phone');
form.客户 = 客户.data.name;
if (form.编号 > 5) {
  form.备注 = '大';
} else {
  form.备注 = '小';
}
""",
    "scenarios/采购/付款.scenario.yaml": """\
version: 1
scenario: 付款
tags: [冒烟]
form:
  scripts: {change.编号: 查.js}
  fields: {编号: 0, 客户: "", 备注: ""}
proxy:
  stubs:
    - {on: crm_system.get_customer_detail, body: {code: 200, data: {name: 张三}}}
cases:
  - {id: 小单, 号: 3, 备注: 小}
  - {id: 大单, 号: 7, 备注: 大}
  - {id: 错单, 号: 9, 备注: 中}
steps:
  - {name: 选, set: {编号: "${case.号}"}, expect: {form: {备注: "${case.备注}"}}}
""",
    "scenarios/采购/退款.scenario.yaml": """\
version: 1
scenario: 退款
was: [旧退款]
skip: 没有录制
steps: [{js: return 1}]
""",
    "scenarios/审批/flow.yaml": """\
flow: 审批
start: 填单
nodes:
  填单: {owners: [张三], approve: 主管}
  主管:
    owners: [李四]
    approve:
      - {when: ctx.form.金额 > 100, to: 总监}
      - {to: 结束}
    reject: 填单
  总监: {owners: [王五], approve: 结束}
  结束: {end: true}
""",
    "scenarios/审批/办结.js": """\
if (ctx.form.金额 > 500) {
  console.log('大额');
}
""",
    "scenarios/审批/审批.scenario.yaml": """\
version: 1
scenario: 审批
flow:
  definition: flow.yaml
  scripts: {approve.主管: 办结.js}
  form: {金额: 200, 事由: 出差}
steps:
  - {submit: {by: 张三}, expect: {flow: {at: 填单}}}
  - {approve: {by: 张三}, expect: {flow: {at: 主管}}}
  - {approve: {by: 李四}, expect: {flow: {at: 总监}}}
""",
    "scenarios/报价.scenario.yaml": """\
version: 1
scenario: 报价
xfail: 还没修
vars: {口令: 甲乙丙丁戊己, 客户: "12345"}
secrets: [vars.口令]
steps: [{js: return 2, expect: {result: 3}}]
""",
}
_HEADERS: Final = [{"name": "content-type", "value": "application/json"}]
_ENTRIES: Final = [
    {
        "startedDateTime": "2026-03-02T01:00:00Z",
        "time": 12,
        "request": {"method": method, "url": url, "headers": []},
        "response": {
            "status": 200,
            "statusText": "OK",
            "headers": _HEADERS,
            "content": {"text": '{"code":200,"data":{"name":"张三","phone":"13800138000"}}'},
        },
    }
    for method, url in (
        ("GET", "https://crm.example.test/customers/5?fields=name"),
        ("GET", "https://crm.example.test/customers/6"),
        ("GET", "https://other.example.test/x?sid=0123456789abcdef0123"),
    )
]
_RESPONSES: Final = {"200": {"description": "ok"}}
_ID: Final = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
_OPENAPI: Final = {
    "openapi": "3.0.0",
    "info": {"title": "商城", "version": "1"},
    "servers": [{"url": "https://shop.example.test/v1"}],
    "components": {"securitySchemes": {"键": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
    "security": [{"键": []}],
    "paths": {
        "/items/{id}": {
            "get": {"operationId": "getItem", "parameters": [_ID], "responses": _RESPONSES},
            "trace": {"responses": _RESPONSES},
        },
        "/items": {"post": {"operationId": "addItem", "responses": _RESPONSES}},
    },
}
CASSETTE: Final = "cassettes/采购/旧.yaml"
FAILED: Final = FailedExchange(code="TIMEOUT", message="超时", elapsed=1.5, received=b"HTTP")


def write_project(root: Path) -> None:
    """Write the project into *root*: its files, a recording, and one that waits for review."""
    write_files(root, FILES)
    (root / "traffic.har").write_text(json.dumps({"log": {"entries": _ENTRIES}}), "utf-8")
    (root / "shop.openapi.json").write_text(json.dumps(_OPENAPI), "utf-8")
    body = '{"金额":1}'.encode()
    write(
        root / CASSETTE,
        [("付款", [detail(1), detail(2, outcome=FAILED), order(body)]), ("别人", [detail(3)])],
    )
    changed = detail(1, outcome=answer('{"code":200,"data":{"name":"李四","tel":null}}'))
    write(
        root / "新.yaml",
        [("付款", [changed, order(body), order(b'{"n":[1,{}]}')]), ("别人", [detail(3)])],
    )
    (root / "新.yaml").rename(root / f"{CASSETTE}.new")


MISTAKES: Final[Mapping[str, str]] = {
    "pyproject.toml": (
        "[tool.bpmax_sim]\nlanguage = 'en'\nlanguag = 'zh'\nlenient = ['scenarios/松']\n"
        "not_secret = ['crm.get.body.gone']\n"
    ),
    "scenarios/platforms/crm.yaml": """\
platform_key: crm
base_url: https://crm.example.test
not_secret: [body.data.nothing]
headers: {X-Api-Key: sk_live_51Habcdef0123456789}
apis:
  get:
    method: GET
    path: /customers/{id}
    parameters: [{name: id, in: path, required: true}]
  put: {method: GET, path: /customers}
""",
    "scenarios/订单.scenario.yml": "version: 1\n",
    "scenarios/default.yaml": "proxy: {}\n",
    "scenarios/坏.scenario.yaml": (
        "version: 1\nscenario: 坏\nform: {scripts: {change.a: 坏.js}, fields: {a: 1}}\n"
        "steps: [{set: {a: 2}}]\n"
    ),
    "scenarios/坏.js": "form.a = ;\n",
    "scenarios/疑.scenario.yaml": (
        "version: 1\nscenario: 疑\nform: {scripts: {change.a: 疑.js}, fields: {a: 1}}\n"
        "steps: [{set: {a: 2}, expect: {form: {a: 3}}}]\n"
    ),
    "scenarios/疑.js": """\
$proxy('crm').get('1');
if (form.a = 3) {
  console.log('甲', form.b);
}
$proxy('crm').gte('1').catch(() => {});
""",
    "scenarios/松/疑.scenario.yaml": (
        "version: 1\nscenario: 松\nform: {scripts: {change.a: ../疑.js}, fields: {a: 1}}\n"
        "steps: [{set: {a: 2}}]\n"
    ),
    "scenarios/误.scenario.yaml": (
        "version: 1\nscenario: 误\nproxy: {mode: replya, stub: []}\n"
        "steps: [{ste: {}}, {set: {a: 1}, expect: {}}]\n"
    ),
    "scenarios/活.scenario.yaml": (
        "version: 1\nscenario: 活\nproxy: {mode: live}\nsteps: [{js: return 1}]\n"
    ),
    "scenarios/conftest.py": (
        "import pytest\n\n\n@pytest.fixture(autouse=True)\ndef ready(bpmax_session, tmp_path):\n"
        "    pass\n\n\n@pytest.fixture\ndef other(request):\n"
        "    return request.getfixturevalue('bpmax_vault')\n\n\ndef plain(bpmax_no):\n    pass\n"
    ),
    "cassettes/订单.yaml": "version: 1\nbpmax: {x\n",
    "cassettes/旧.yaml": "interactions: []\n",
    "cassettes/疑.yaml.1-1.journal": "",
}


def write_mistakes(root: Path) -> None:
    """Write a project with mistakes into *root*: in settings, declarations, scripts, recordings."""
    write_files(root, MISTAKES)
    told = answer(
        '{"data":{"phone":"1","access_token":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"}}'
    )
    for name in ("采购/A.yaml", "疑.yaml"):
        write(root / "cassettes" / name, [("疑", [detail(1, outcome=told)])])


RENAMED: Final[Mapping[str, str]] = {
    "pyproject.toml": "[tool.bpmax_sim]\nlanguage = 'en'\n",
    "scenarios/platforms/crm_system.yaml": """\
platform_key: crm_system
base_url: https://crm.example.test
apis:
  get_customer:
    method: GET
    path: /customers/{id}
    parameters:
      - {name: id, in: path, required: true}
      - {name: fields, in: query}
  create_order:
    method: POST
    path: /orders
    parameters: [{name: order, in: body, to: $}]
""",
    "scenarios/查.scenario.yaml": """\
version: 1
scenario: 查
steps:
  - js: |
      const 客户 = await $proxy('crm_system').get_customer(1, 'name,phone');
      const 单 = await $proxy('crm_system').create_order({金额: 1});
      return [客户.data.name, 单.code];
    expect: {result: [张三, 200]}
""",
    "scenarios/单.scenario.yaml": """\
version: 1
scenario: 单
form: {scripts: {change.数: 单.js}, fields: {数: 0, 级: "", 注: ""}}
steps:
  - {set: {数: 12}, expect: {form: {级: 高}}}
  - {set: {数: 2}, expect: {form: {级: 低}}}
""",
    "scenarios/单.js": """\
const 数 = Number(form.数);
form.级 = 数 >= 10 ? '高' : '低';
form.注 = `共 ${数 + 1} 件`;
if (数 > 100) {
  form.级 = '超';
}
""",
}


def write_renamed(root: Path) -> None:
    """Write a project into *root* whose platform has another name for an API than its recording."""
    write_files(root, RENAMED)
    body = '{"金额":1}'.encode()
    write(root / "cassettes/查.yaml", [("查", [detail(1), order(body)]), ("旧的", [detail(3)])])
    write(root / "cassettes/没人.yaml", [("没人", [detail(4)])])
