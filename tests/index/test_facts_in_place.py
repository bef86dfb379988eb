"""Where each name of a file stands and what it belongs to: whole lists of facts, told exactly."""

from __future__ import annotations

from bpmax_sim.index.facts import read_facts


def told(path: str, text: str) -> list[str]:
    """Return each fact as ``line:column kind role name (detail)``."""
    return [
        f"{one.line}:{one.column} {one.kind} {one.role} {one.name}"
        f"{f' ({one.detail})' if one.detail else ''}"
        for one in read_facts(path, text.encode()).facts
    ]


SCENARIO = """\
scenario: 付款
people: {lisi: {name: 李四}, 王五: {id: wang}}
form:
  fields:
    金额: {type: number}
    事由: 出差
steps:
  - js: |
      const 名 = '客户';
      await $proxy('crm', {instance_key: '华东'}).getOrder(1, 2);
  - js: "return 1"
  - set: {'明细[0].数量': 2, 金额: 1}
  - python: 财务.核算.月末:run
  - expect:
      flow: {passed: {财务: 1}}
      preview: {nodes: [财务], owners: {财务: [lisi, wang]}}
  - play: {until: 财务}
  - return: {to: 发起, by: lisi}
  - hand_over: {at: 财务, to: wang, by: lisi}
during: {call: crm.getOrder}
"""


def test_a_name_of_a_scenario_stands_where_it_is_written() -> None:
    assert told("scenarios/费用/付款.scenario.yaml", SCENARIO) == [
        "2:10 person declares lisi (people)",
        "2:28 person declares 王五 (people)",
        "5:5 field declares 金额 (form.fields)",
        "6:5 field declares 事由 (form.fields)",
        "12:11 field sets 明细 (steps.set)",
        "12:26 field sets 金额 (steps.set)",
        "13:13 file runs 财务/核算/月末.py (python)",
        "15:23 node expects 财务 (flow.passed)",
        "16:25 node expects 财务 (nodes)",
        "16:39 node expects 财务 (preview.owners)",
        "16:44 person expects lisi (财务)",
        "16:50 person expects wang (财务)",
        "17:19 node names 财务 (until)",
        "18:18 node names 发起 (to)",
        "18:26 person acts lisi (by)",
        "19:21 node names 财务 (at)",
        "19:29 person names wang (to)",
        "19:39 person acts lisi (by)",
        "20:16 api names crm.getOrder (call)",
        "8:9 api calls crm.getOrder (direct 2)",
        "8:9 instance names crm.华东",
        "1:1 file loads scenarios/费用/defaults.yaml (defaults)",
        "1:1 file loads scenarios/defaults.yaml (defaults)",
        "1:1 file loads defaults.yaml (defaults)",
    ]


PLATFORM = """\
platform_key: crm
extends: base
auth: {preset: ../共用/令牌.yaml}
apis:
  get:
    aliases: [read]
    parameters:
      - {name: 页, in: query, to: page}
"""


def test_a_platform_says_what_it_is_made_of_before_what_it_declares() -> None:
    assert told("scenarios/platforms/crm.yaml", PLATFORM) == [
        "1:15 platform declares crm",
        "2:10 platform names base (extends)",
        "3:16 file loads scenarios/共用/令牌.yaml (preset)",
        "5:3 api declares crm.get (get)",
        "6:15 api declares crm.read (get)",
        "8:16 parameter declares crm.get.页 (query.page)",
    ]


def test_only_where_a_name_is_meant_a_text_is_one() -> None:
    path = "scenarios/付款.scenario.yaml"
    texts = (
        "vars: {user: {id: lisi}, form: 甲.yaml, script: {file: a.js}, people: {a: {name: b}}}",
        "scripts: [a.js]",
        "steps: [[{by: lisi}], {js: 7, by: [lisi]}, {js: 'proxies()'}]",
        "proxy: {platforms: true, cassette: null}",
        "extends: [base]",
    )
    for text in texts:
        assert [one for one in told(path, text) if "(defaults)" not in one] == [], text
    assert told("crm.yaml", "{platform_key: crm, extends: [base], auth: {preset: bearer}}") == [
        "1:16 platform declares crm"
    ]


SCRIPT = """\
const 名 = form.平台;
await $proxy(名).getCustomer(1);
const 单 = await $proxy('crm', {instance_key: 名}).getOrder();
await $proxy('oa', {instance_key: '华南'}).$api(名).$query({页: 1, 行: 2, 序: 3}).$call();
form.金额 = 单.明细[0].金额; 单.金额 = 2;
"""


def test_what_a_script_computes_hides_nothing_that_it_says() -> None:
    assert told("scenarios/取数.js", SCRIPT) == [
        "1:16 field reads 平台",
        "3:50 api calls crm.getOrder (direct 0)",
        "4:14 instance names oa.华南",
        "4:47 api calls oa.? (chain)",
        "4:50 parameter sends oa.?.页 (query.页)",
        "4:50 parameter sends oa.?.行 (query.行)",
        "4:50 parameter sends oa.?.序 (query.序)",
        "5:6 field writes 金额",
        "5:13 member reads crm.getOrder.明细",
        "5:16 member reads crm.getOrder.明细.*",
        "5:19 member reads crm.getOrder.明细.*.金额",
        "5:25 member writes crm.getOrder.金额",
    ]
