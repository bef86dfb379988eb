# ruff: noqa: E501 - steps, one a line
"""A project whose run ends in every way: passed, failed, skipped, as expected, and not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.cassette.exchanges import answer, detail, order
from tests.cli.test_cassette_commands import write
from tests.files import write_files

FILES: Final[Mapping[str, str]] = {
    "pyproject.toml": "[tool.bpmax_sim]\nlanguage = 'en'\n",
    "scenarios/platforms/crm_system.yaml": """\
platform_key: crm_system
base_url: https://crm.example.test
timeout: 5s
credentials: {token: {secret: true}}
auth: {apply: {in: header, name: Authorization, value: "Bearer {{ token }}"}}
apis:
  get_customer_detail:
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
    "scenarios/instances.yaml": """\
- platform: crm_system
  instance_key: test
  default: true
  credentials: {token: test-token}
- platform: crm_system
  instance_key: prod
  credentials: {token: {env: CRM_PROD_TOKEN}}
""",
    "scenarios/采购/defaults.yaml": """\
clock: "2026-03-02T09:00:00+08:00"
proxy:
  unused: ignore
  stubs:
    - {on: crm_system.create_order, request: {body: {数量: 0}}, status: 422, body: {错: 数量}}
""",
    "scenarios/采购/查.js": """\
console.log('查', form.编号, {名: '甲', 表: [1, null]});
console.warn('两行\\n第二行 <b>&</b>');
const 客户 = await $proxy('crm_system').get_customer_detail(form.编号, 'name,phone');
form.客户 = 客户.data.name;
if (form.编号 > 5) {
  form.备注 = '大';
} else {
  form.备注 = '小';
}
""",
    "scenarios/采购/错.js": """\
function 取(值) {
  const 名 = '甲'.repeat(3);
  return 值.没有.名;
}
form.备注 = 取({ 号: form.编号 });
""",
    "scenarios/采购/查询.scenario.yaml": """\
version: 1
scenario: 查询 <客户>
tags: [冒烟, 采购]
form:
  scripts: {change.编号: 查.js, click.下单: 单.js, click.出错: 错.js}
  fields: {编号: 0, 客户: "", 备注: "", 单号: ""}
cases:
  - {id: 小单, 号: 3, 备注: 小}
  - {id: 大单, 号: 7, 备注: 大}
  - {id: 错单, 号: 9, 备注: 中}
  - {id: 缺录, 号: 11, 备注: 大}
  - {id: 待修, 号: 9, 备注: 中, xfail: 还没修}
  - {id: 停用, 号: 1, 备注: 小, skip: 暂停}
  - {id: 已修, 号: 3, 备注: 小, xfail: true}
steps:
  - {name: 选客户, set: {编号: "${case.号}"}, expect: {form: {备注: "${case.备注}", 编号: "${case.号}"}}}
""",
    "scenarios/采购/单.js": """\
const 单 = await $proxy('crm_system', { instance_key: 'test' }).create_order({ 金额: 1, 数量: form.数量 });
form.单号 = 单.code;
$proxy('crm_system').get_customer_detail(1);
""",
    "scenarios/采购/下单.scenario.yaml": """\
version: 1
scenario: 下单
form:
  scripts: {click.下单: 单.js, click.出错: 错.js}
  fields: {数量: 2, 单号: "", 编号: 1, 备注: ""}
proxy:
  unused: warn
  unawaited: warn
  cassette: 采购/下单
  stubs:
    - {on: crm_system.get_customer_detail, request: {path: {id: 99}}, body: 没人用}
    - {on: crm_system.get_customer_detail, body: 好}
faults:
  - {on: crm_system.create_order, call: 2, do: {status: 503, body: 忙}}
  - {on: crm_system.create_order, call: 3, do: {error: timeout}}
  - {on: crm_system.create_order, call: 9, do: {delay: 1s}}
steps:
  - {click: 下单, expect: {form: {单号: 200}, proxy: [{call: crm_system.create_order, body: {金额: 1}}, {call: crm_system.get_customer_detail}]}}
  - {name: 忙, click: 下单, expect_error: {code: HTTP_STATUS, status: 503}}
  - {name: 超时, click: 下单, expect_error: {code: TIMEOUT}}
  - {set: {数量: 0}}
  - {name: 拒绝, click: 下单, expect_error: {status: 422}}
""",
    "scenarios/采购/留.scenario.yaml": """\
version: 1
scenario: 留
proxy: {unused: warn, unawaited: warn, cassette: 采购/留}
steps:
  - name: 两次
    js: |
      $proxy('crm_system').get_customer_detail(4, 'name,phone');
      return (await $proxy('crm_system').get_customer_detail(5, 'name,phone')).data
    expect: {result: {name: 张三}}
""",
    "scenarios/采购/出错.scenario.yaml": """\
version: 1
scenario: 出错
form:
  scripts: {click.出错: 错.js, click.打印: 打印.js}
  fields: {编号: 1, 备注: ""}
steps:
  - {name: 打印, click: 打印}
  - {name: 出错, click: 出错}
  - {name: 不到, click: 打印}
finally:
  - {name: 收尾, set: {备注: 完}}
""",
    "scenarios/采购/出错二.scenario.yaml": """\
version: 1
scenario: 出错二
description: 同样的原因
form: {scripts: {click.出错: 错.js}, fields: {编号: 2, 备注: ""}}
steps:
  - {click: 出错}
""",
    "scenarios/采购/打印.js": """\
for (let 数 = 1; 数 <= 12; 数 += 1) {
  console.log(`第 ${数} 行`);
}
console.error('长'.repeat(100), '\\u0000\\u2028</script>');
""",
    "scenarios/采购/没配.scenario.yaml": """\
version: 1
scenario: 没配
proxy: {instance: prod, mode: live}
steps:
  - {js: "return await $proxy('crm_system').get_customer_detail(1)", expect: {result: 1}}
""",
    "scenarios/采购/语法.scenario.yaml": """\
version: 1
scenario: 语法
form: {scripts: {change.a: 语法.js}, fields: {a: 1}}
steps: [{set: {a: 2}}]
""",
    "scenarios/采购/语法.js": "const 甲 = 1;\nform.a = ;\n",
    "scenarios/坏.scenario.yaml": "version: 1\nscenario: 坏\nstep: []\n",
    "scenarios/机密.scenario.yaml": """\
version: 1
scenario: 机密
vars: {口令: 甲乙丙丁戊己}
secrets: [vars.口令]
steps:
  - {js: "console.log('口令', '${vars.口令}'); return {a: '${vars.口令}', b: [1, 2, 3]}",
     expect: {result: {a: 别的, b: [1, 2]}}}
""",
    "scenarios/停.scenario.yaml": "version: 1\nscenario: 停\nskip: 没有录制\nsteps: [{js: return 1}]\n",
    "scenarios/审批/flow.yaml": """\
flow: 采购审批
start: 填单
nodes:
  填单: {title: 填写申请, owners: [张三], approve: 主管}
  主管:
    owners: [李四]
    approve:
      - {when: ctx.form.金额 > 100, to: 分送}
      - {to: 结束}
    reject: 填单
    deadline: {after: 2d, to: 总监}
  分送: {parallel: [财务, 法务], join: 汇总}
  财务: {owners: [王五], approve: 汇总}
  法务: {owners: [赵六], approve: 汇总}
  汇总: {owners: [李四], approve: 用印}
  用印: {subflow: {flow: 用印, form: {事由: 事由}}, approve: 结束}
  总监: {owners: [钱七, 孙八], complete: all, approve: 结束}
  结束: {end: true}
""",
    "scenarios/审批/用印.yaml": """\
flow: 用印
start: 盖章
nodes:
  盖章: {owners: [孙八], approve: 完}
  完: {end: true}
""",
    "scenarios/审批/办结.js": """\
if (ctx.form.金额 > 500) {
  console.log('大额', ctx.form.金额);
}
""",
    "scenarios/审批/审批.scenario.yaml": """\
version: 1
scenario: 审批
clock: "2026-03-02T09:00:00+08:00"
people: {张三: 张三, 李四: 李四, 王五: 王五, 赵六: 赵六, 孙八: 孙八, 钱七: 钱七}
flow:
  definition: flow.yaml
  scripts: {approve.主管: 办结.js}
  form: {金额: 200, 事由: 出差}
  subflows: {用印: {definition: 用印.yaml}}
steps:
  - {submit: {by: 张三}, expect: {flow: {at: 填单}}}
  - {approve: {by: 张三}}
  - {reject: {by: 李四, comment: 缺附件}}
  - {approve: {by: 张三}}
  - {name: 大额, approve: {by: 李四, form: {金额: 800}}}
  - {approve: {by: 王五}}
  - {approve: {by: 赵六}, expect: {flow: {at: 汇总}}}
  - {approve: {by: 李四}}
  - {approve: {by: 孙八, project: 用印}, expect: {flow: {at: 结束}}}
""",
    "scenarios/审批/超期.scenario.yaml": """\
version: 1
scenario: 超期
clock: "2026-03-02T09:00:00+08:00"
flow:
  definition: flow.yaml
  form: {金额: 20, 事由: 出差}
  subflows: {用印: {definition: 用印.yaml}}
steps:
  - {submit: {by: 张三}}
  - {approve: {by: 张三}}
  - {advance: 3d, expect: {flow: {at: 总监}}}
  - {approve: {by: 钱七}, expect: {flow: {at: 结束}}}
""",
}


def write_project(root: Path) -> None:
    """Write the project into *root*: its files, and what was recorded for it."""
    write_files(root, FILES)
    body = '{"金额":1,"数量":2}'.encode()
    rows = (("小单", 3), ("大单", 7), ("错单", 9), ("缺录", 12), ("待修", 9), ("已修", 3))
    for row, number in rows:
        known = detail(number, outcome=answer(f'{{"data":{{"name":"客{number}"}}}}'))
        write(root / f"cassettes/采购/查询/{row}.yaml", [(f"查询 <客户>[{row}]", [known])])
    played = [detail(number) for number in (4, 5, 6)]
    write(root / "cassettes/采购/留.yaml", [("留", played), ("别人", played)])
    write(root / "cassettes/采购/下单.yaml", [("下单", [order(body), detail(5)])])
