"""What one file of a project declares and uses, name by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bpmax_sim.index import facts as facts_module
from bpmax_sim.index.facts import FileKind, read_facts, resolve_from_root


def found(path: str, text: str) -> list[tuple[str, str, str]]:
    """Return kind, role and name of what the file says, but for the defaults that it may have."""
    return [
        (one.kind, one.role, one.name)
        for one in read_facts(path, text.encode()).facts
        if one.detail != "defaults"
    ]


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("scenarios/付款.scenario.yaml", "{}", "scenario"),
        ("scenarios/付款.scenario.yaml", "platform_key: crm", "scenario"),
        ("scenarios/x.yaml", "platform_key: crm", "platform"),
        ("scenarios/x.yaml", "{flow: 采购, nodes: {}}", "flow"),
        ("scenarios/x.yaml", "{nodes: {}}", "yaml"),
        ("scenarios/x.yaml", "{flow: 采购}", "scenario"),
        ("scenarios/x.yaml", "- {platform: crm}", "instances"),
        ("scenarios/x.yaml", "[{platform: crm}, {platform: oa}, {}]", "yaml"),
        ("scenarios/x.yaml", "[]", "yaml"),
        ("scenarios/x.yaml", "lisi: {name: 李四}", "people"),
        ("scenarios/x.yaml", "{lisi: {id: lisi}, wang: {name: 王五}}", "people"),
        ("scenarios/x.yaml", "{lisi: {name: 李四}, wang: {dept: 财务}}", "yaml"),
        ("scenarios/x.yaml", "{lisi: {name: 李四}, form: {name: 付款}}", "scenario"),
        ("scenarios/x.yaml", "{}", "yaml"),
        ("scenarios/x.yaml", "fields: {金额: 1}", "form"),
        ("scenarios/x.yaml", "{fields: {金额: 1}, form: {}}", "form"),
        ("scenarios/x.yaml", "steps: []", "scenario"),
        ("scenarios/x.yaml", "vars: {}", "scenario"),
        ("scenarios/x.yaml", "fault_sets: {}", "scenario"),
        ("scenarios/defaults.yaml", "{}", "scenario"),
        ("defaults.yaml", "title: 甲", "scenario"),
        ("scenarios/my-defaults.yaml", "title: 甲", "yaml"),
        ("scenarios/x.yml", "fields: {}", "form"),
        ("scenarios/x.yaml", "a: [", "yaml"),
        ("scenarios/x.yaml", "version: 1\nbpmax: {}\n", "yaml"),
        ("cassettes/x.yaml", "version: 1\nbpmax: {format: 1}\n", "cassette"),
        ("cassettes/x.yaml", "version: 1\nbpmax: [\n", "yaml"),
        ("cassettes/x.yaml", "# x\nversion: 1\nbpmax: {format: 1}\n", "yaml"),
        ("scenarios/x.csv", "id\n甲\n", "other"),
        ("scenarios/x.js", "", "script"),
        ("scenarios/x.mjs", "", "other"),
    ],
)
def test_a_file_is_of_the_kind_that_its_name_and_its_keys_say(
    path: str, text: str, kind: FileKind
) -> None:
    if text == "version: 1\nbpmax: {}\n":
        kind = "cassette"  # by its first bytes, whatever follows
    assert read_facts(path, text.encode()).kind == kind


@pytest.mark.parametrize(("more", "kind"), [(-1, "form"), (0, "form"), (1, "other")])
def test_a_file_that_is_too_large_says_nothing(
    more: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b"fields: {a: 1}"
    monkeypatch.setattr(facts_module, "LARGEST", len(data) - more)

    assert read_facts("scenarios/x.yaml", data).kind == kind


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("scenario: 付款", "付款"), ("{flow: 采购, nodes: {}}", "采购"), ("title: 客户", "客户"),
        ("{title: 客户, scenario: 付款, flow: 采购}", "付款"),
        ("{title: 客户, flow: 采购}", "采购"),
        ("scenario: 5", ""), ("scenario: {a: 1}", ""), ("{scenario: null, title: 客户}", ""),
        ("{}", ""),
    ],
)  # fmt: skip
def test_a_file_is_called_as_it_says(text: str, title: str) -> None:
    assert read_facts("scenarios/x.yaml", text.encode()).title == title


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("付款.scenario.yaml", ["defaults.yaml"]),
        ("scenarios/付款.scenario.yaml", ["scenarios/defaults.yaml", "defaults.yaml"]),
        ("a/b/c/付款.scenario.yaml",
         ["a/b/c/defaults.yaml", "a/b/defaults.yaml", "a/defaults.yaml", "defaults.yaml"]),
        ("a/b/parts.yaml", []), ("a/b/defaults.yaml", []),
    ],
)  # fmt: skip
def test_a_scenario_may_have_the_defaults_of_each_folder_above_it(
    path: str, names: list[str]
) -> None:
    facts = read_facts(path, b"steps: []").facts

    assert [(one.kind, one.role, one.line, one.column) for one in facts] == [
        ("file", "loads", 1, 1)
    ] * len(names)
    assert [one.name for one in facts] == names


@pytest.mark.parametrize(
    ("path", "name", "whole"),
    [
        ("a/b/x.yaml", "y.js", "a/b/y.js"), ("a/b/x.yaml", "./y.js", "a/b/y.js"),
        ("a/b/x.yaml", "../y.js", "a/y.js"), ("a/b/x.yaml", "../../y.js", "y.js"),
        ("a/b/x.yaml", "../../../y.js", "../y.js"),
        ("a/b/x.yaml", "../../../../y.js", "../../y.js"),
        ("a/x.yaml", "b\\..\\y.js", "a/y.js"), ("x.yaml", "y.js", "y.js"), ("x.yaml", "", ""),
        ("a/x.yaml", "b//c/./y.js", "a/b/c/y.js"), ("x.yaml", "../a/../y.js", "../y.js"),
    ],
)  # fmt: skip
def test_a_file_is_found_from_where_it_is_named(path: str, name: str, whole: str) -> None:
    assert resolve_from_root(path, name) == whole


SCENARIO = {
    "form": "forms/付款.yaml",
    "flow": {"definition": "flows/采购.yaml", "subflows": {"a": "s1.yaml", "b": "s2.yaml"},
             "form": {"事由": 1}},
    "people": "people.yaml",
    "use": ["u1.yaml", "u2.yaml", "u3.yaml"],
    "cases": {"from": "rows.csv"},
    "user": {"id": "zhangsan"},
    "scripts": {"提交": "a.js", "审批": ["b.js", "c.js", "d.js"]},
    "libraries": ["l1.js", "l2.js"],
    "proxy": {"cassette": "共用", "platforms": ["p1", "p2"], "instances": "i.yaml"},
    "stubs": [{"on": "crm.get"}, {"on": "crm.list"}],
    "faults": [{"on": "crm.get"}],
    "fault_sets": {"慢": [{"on": "oa.start"}], "断": [{"on": "oa.end"}]},
    "policies": [{"at": "财务", "by": "lisi"}, {"at": "*", "by": "${owner}"}],
}  # fmt: skip


def test_a_scenario_says_what_it_is_made_of() -> None:
    text = json.dumps(SCENARIO, ensure_ascii=False)

    assert found("scenarios/x.scenario.yaml", text) == [
        ("file", "loads", "scenarios/forms/付款.yaml"),
        ("file", "loads", "scenarios/flows/采购.yaml"),
        ("file", "loads", "scenarios/s1.yaml"), ("file", "loads", "scenarios/s2.yaml"),
        ("field", "declares", "事由"),
        ("file", "loads", "scenarios/people.yaml"),
        ("file", "loads", "scenarios/u1.yaml"), ("file", "loads", "scenarios/u2.yaml"),
        ("file", "loads", "scenarios/u3.yaml"),
        ("file", "loads", "scenarios/rows.csv"),
        ("person", "declares", "zhangsan"),
        ("file", "runs", "scenarios/a.js"), ("file", "runs", "scenarios/b.js"),
        ("file", "runs", "scenarios/c.js"), ("file", "runs", "scenarios/d.js"),
        ("file", "loads", "scenarios/l1.js"), ("file", "loads", "scenarios/l2.js"),
        ("file", "plays", "共用"),
        ("file", "loads", "scenarios/p1"), ("file", "loads", "scenarios/p2"),
        ("file", "loads", "scenarios/i.yaml"),
        ("api", "stubs", "crm.get"), ("api", "stubs", "crm.list"), ("api", "faults", "crm.get"),
        ("api", "faults", "oa.start"), ("api", "faults", "oa.end"),
        ("node", "names", "财务"), ("person", "acts", "lisi"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("step", "facts"),
    [
        ({"set": {"金额": 1, "明细[0].数量": 2, "a.b": 3}},
         [("field", "sets", "金额"), ("field", "sets", "明细"), ("field", "sets", "a")]),
        ({"set": {"${x}": 1, "$gt": 1, "a${x}": 1}}, []),
        ({"add_row": {"table": "明细"}}, [("field", "sets", "明细")]),
        ({"move_row": {"table": "明细[1].子表"}}, [("field", "sets", "明细")]),
        ({"open": {"金额": 1, "事由": ""}}, [("field", "sets", "金额"), ("field", "sets", "事由")]),
        ({"add_row": {"table": "明细", "at": 0, "row": {"数量": 1}}}, [("field", "sets", "明细")]),
        ({"copy_row": {"table": "明细", "at": 1}}, [("field", "sets", "明细")]),
        ({"move_row": {"table": "明细", "at": 1, "to": 2}}, [("field", "sets", "明细")]),
        ({"set": {"金额": 1}, "at": "财务", "by": "lisi", "user": "wang"},
         [("field", "sets", "金额"), ("node", "names", "财务"), ("person", "acts", "lisi"),
          ("person", "acts", "wang")]),
        ({"click": "保存", "by": 7, "user": {"id": "wang", "name": "王"}},
         [("person", "acts", "7"), ("person", "acts", "wang")]),
        ({"return": {"to": "财务", "by": "lisi"}},
         [("node", "names", "财务"), ("person", "acts", "lisi")]),
        ({"proxy": {"call": "crm.get", "query": {"id": 1}}}, [("api", "calls", "crm.get")]),
        ({"js": "f()", "during": {"call": "crm.get", "steps": [{"set": {"数量": 1}, "by": "lisi"}],
                                  }},
         [("api", "names", "crm.get"), ("field", "sets", "数量"), ("person", "acts", "lisi")]),
        ({"js": "f()", "expect_error": {"from": "crm.get"}}, [("api", "expects", "crm.get")]),
        ({"js": "f()", "expect_error": {"from": "script"}}, []),
        ({"retry": {"until": {"form": {"金额": 1}, "flow": {"at": "财务", "form": {"x": 1}}}}},
         [("field", "expects", "金额"), ("node", "names", "财务"), ("field", "expects", "x")]),
        ({"python": {"call": "pkg.mod:run", "args": [1]}}, [("file", "runs", "pkg/mod.py")]),
        ({"js": {"file": "../x.js"}}, [("file", "runs", "x.js")]),
        ({"python": "pkg.mod:run"}, [("file", "runs", "pkg/mod.py")]),
        ({"python": "mod"}, [("file", "runs", "mod.py")]),
        ({"approve": {"at": "财务", "by": "lisi", "to": ["wang", "zhao", "qian"],
                      "form": {"意见": 1}}},
         [("node", "names", "财务"), ("person", "acts", "lisi"), ("person", "names", "wang"),
          ("person", "names", "zhao"), ("person", "names", "qian"), ("field", "sets", "意见")]),
        ({"hand_over": {"by": "lisi", "to": "wang"}},
         [("person", "acts", "lisi"), ("person", "names", "wang")]),
        ({"approve": {"by": 7}}, [("person", "acts", "7")]),
        ({"approve": {"by": True}}, []), ({"approve": {"by": None}}, []),
        ({"approve": {"by": 1.5}}, []),
        ({"expect": {"form": {"金额": 1}, "fields": {"事由": {}}, "flow": {"form": {"x": 1},
          "at": "总经理", "passed": ["财务", "法务"]}}},
         [("field", "expects", "金额"), ("field", "expects", "事由"), ("field", "expects", "x"),
          ("node", "names", "总经理"), ("node", "expects", "财务"), ("node", "expects", "法务")]),
        ({"expect": {"proxy": [{"call": "crm.get"}, {"call": "crm.list"}]}},
         [("api", "expects", "crm.get"), ("api", "expects", "crm.list")]),
        ({"expect": {"flow": {"pending": ["lisi", "wang"], "passed": {"财务": 2}}}},
         [("person", "expects", "lisi"), ("person", "expects", "wang"),
          ("node", "expects", "财务")]),
        ({"expect": {"history": [{"by": "lisi"}, {"$contains": {"by": "wang", "to": ["a"]}}]}},
         [("person", "expects", "lisi"), ("person", "expects", "wang"),
          ("person", "expects", "a")]),
    ],
)  # fmt: skip
def test_a_step_says_what_it_sets_and_expects(step: Any, facts: list[Any]) -> None:
    text = json.dumps({"steps": [step]}, ensure_ascii=False)

    assert found("scenarios/x.scenario.yaml", text) == facts


@pytest.mark.parametrize(
    ("scenario", "facts"),
    [
        ({"script": "js/运费.js"}, [("file", "runs", "scenarios/js/运费.js")]),
        ({"proxy": {"platforms": "p"}}, [("file", "loads", "scenarios/p")]),
        ({"script": {"file": "../运费.js", "args": {"file": "x.js"}}},
         [("file", "runs", "运费.js")]),
        ({"finally": [{"set": {"金额": 1}, "at": "财务", "by": "lisi"}]},
         [("field", "sets", "金额"), ("node", "names", "财务"), ("person", "acts", "lisi")]),
        ({"steps": {"填": [{"open": {"金额": 1}, "by": "lisi"}, {"proxy": {"call": "crm.get"}}]}},
         [("field", "sets", "金额"), ("person", "acts", "lisi"), ("api", "calls", "crm.get")]),
        ({"always": {"form": {"金额": 1}}, "never": {"fields": {"事由": {}}}},
         [("field", "expects", "金额"), ("field", "expects", "事由")]),
        ({"never": [{"flow": {"form": {"x": 1}}}, {"form": {"y": 1}}, {"form": {"z": 1}}]},
         [("field", "expects", "x"), ("field", "expects", "y"), ("field", "expects", "z")]),
    ],
)  # fmt: skip
def test_a_scenario_says_what_it_uses_wherever_that_stands(scenario: Any, facts: list[Any]) -> None:
    text = json.dumps(scenario, ensure_ascii=False)

    assert found("scenarios/x.scenario.yaml", text) == facts


@pytest.mark.parametrize(
    ("node", "facts"),
    [
        ({"approve": {"to": "归档", "when": "ctx.form.x > 1"}, "reject": {"to": "发起"}},
         [("node", "names", "归档"), ("node", "names", "发起")]),
        ({"deadline": {"after": 1, "notify": ["lisi", 7]}},
         [("person", "names", "lisi"), ("person", "names", "7")]),
        ({"deadline": [{"after": 1, "notify": ["lisi"]}, {"after": 2, "to": "归档"}]},
         [("person", "names", "lisi"), ("node", "names", "归档")]),
        ({"subflow": {"flow": "付款", "form": {"应付": "金额"}, "back": {"实付": "已付"}}},
         [("field", "names", "应付"), ("field", "names", "金额"), ("field", "names", "实付"),
          ("field", "names", "已付")]),
    ],
)  # fmt: skip
def test_a_node_says_where_it_leads_whom_it_tells_and_what_it_copies(
    node: Any, facts: list[Any]
) -> None:
    text = json.dumps({"flow": "采购", "nodes": {"财务": node}}, ensure_ascii=False)

    assert found("scenarios/flows/采购.yaml", text) == [("node", "declares", "财务"), *facts]


def test_a_flow_says_its_nodes_and_who_decides_at_them() -> None:
    nodes = {
        "财务": {"owners": ["lisi", "wang"], "approve": "总经理", "reject": [{"to": "发起"}],
                 "form": {"fields": {"金额": {}}}, "deadline": {"to": "发起"}},
        "总经理": {"approve": [{"to": "归档"}, {"to": "抄送"}], "reject": "发起",
                   "parallel": ["a", "b", "c"], "join": "归档",
                   "subflow": {"form": {"事由": "原因"}}},
    }  # fmt: skip
    flow = {"flow": "采购", "start": "财务", "admins": ["admin"], "nodes": nodes}

    facts = found("scenarios/flows/采购.yaml", json.dumps(flow, ensure_ascii=False))

    assert facts == [
        ("node", "names", "财务"), ("person", "names", "admin"), ("node", "declares", "财务"),
        ("person", "names", "lisi"), ("person", "names", "wang"), ("node", "names", "总经理"),
        ("node", "names", "发起"), ("field", "names", "金额"), ("node", "names", "发起"),
        ("node", "declares", "总经理"), ("node", "names", "归档"), ("node", "names", "抄送"),
        ("node", "names", "发起"), ("node", "names", "a"), ("node", "names", "b"),
        ("node", "names", "c"), ("node", "names", "归档"), ("field", "names", "事由"),
        ("field", "names", "原因"),
    ]  # fmt: skip


PLATFORM = """\
platform_key: crm
apis:
  get:
    aliases: [read, load, find]
    parameters:
      - {name: id, in: path}
      - {name: 页, in: query, to: page}
      - {in: query}
      - {name: tail}
  list: {}
"""


def test_a_platform_says_its_apis_their_aliases_and_their_parameters() -> None:
    facts = read_facts("scenarios/platforms/crm.yaml", PLATFORM.encode()).facts

    assert [(one.kind, one.name, one.line, one.column, one.detail) for one in facts] == [
        ("platform", "crm", 1, 15, ""), ("api", "crm.get", 3, 3, "get"),
        ("api", "crm.read", 4, 15, "get"), ("api", "crm.load", 4, 21, "get"),
        ("api", "crm.find", 4, 27, "get"), ("parameter", "crm.get.id", 6, 16, "path.id"),
        ("parameter", "crm.get.页", 7, 16, "query.page"),
        ("parameter", "crm.get.tail", 9, 16, ".tail"), ("api", "crm.list", 10, 3, "list"),
    ]  # fmt: skip
    assert [one.role for one in facts] == ["declares"] * 9
    assert found("scenarios/crm.yaml", "platform_key: crm") == [("platform", "declares", "crm")]


def test_an_instance_is_called_after_its_platform() -> None:
    text = (
        "- {platform: crm, instance_key: 华东}\n- {platform: crm, instance_key: 华南}\n"
        "- {platform: oa, instance_key: 华东}\n"
    )

    assert found("scenarios/instances.yaml", text) == [
        ("platform", "names", "crm"), ("instance", "declares", "crm.华东"),
        ("platform", "names", "crm"), ("instance", "declares", "crm.华南"),
        ("platform", "names", "oa"), ("instance", "declares", "oa.华东"),
    ]  # fmt: skip


SCRIPT = """\
const 单 = await $proxy('crm').getOrder();
form.金额 = 单.data.price;
await $proxy('crm').find(form.客户, 2);
"""


@pytest.mark.parametrize("begin", ["", "\ufeff"])
def test_a_script_says_what_it_calls_reads_and_writes_line_by_line(begin: str) -> None:
    facts = read_facts("scenarios/js/取数.js", f"{begin}{SCRIPT}".encode()).facts

    assert [
        (one.line, one.column, one.kind, one.role, one.name, one.detail) for one in facts
    ] == [
        (1, 31, "api", "calls", "crm.getOrder", "direct 0"),
        (2, 6, "field", "writes", "金额", ""),
        (2, 13, "member", "reads", "crm.getOrder.data", ""),
        (2, 18, "member", "reads", "crm.getOrder.data.price", ""),
        (3, 21, "api", "calls", "crm.find", "direct 2"),
        (3, 31, "field", "reads", "客户", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("if (form.客户) f();", [("reads", "客户", "")]),
        ("if ('客户' in form) f();", [("reads", "客户", "")]),
        ("const a = form.客户 ?? '';", [("reads", "客户", "")]),
        ("form.明细[0].数量 = 1;",
         [("reads", "明细", ""), ("reads", "明细", "*"), ("writes", "明细", "*.数量")]),
        ("form.$setReadonly.客户 = true;", [("writes", "客户", "$setReadonly")]),
        ("form.$客户 = 1; const a = form.$x;", []),
    ],
)  # fmt: skip
def test_a_script_reads_and_writes_fields_in_many_ways(text: str, facts: list[Any]) -> None:
    found = read_facts("scenarios/x.js", text.encode()).facts
    assert [(one.role, one.name, one.detail) for one in found] == facts


def test_a_test_of_a_member_of_a_response_reads_it() -> None:
    text = "const 单 = await $proxy('crm').get(); if (单.备注 === undefined || !单.b) f();"
    facts = read_facts("scenarios/x.js", text.encode()).facts
    members = [(one.role, one.name) for one in facts if one.kind == "member"]
    assert members == [("reads", "crm.get.备注"), ("reads", "crm.get.b")]


@pytest.mark.parametrize(
    ("step", "detail"),
    [
        ({"set": {"金额": 1}}, "steps.set"),
        ({"approve": {"form": {"金额": 1}}}, "approve.form"),
        ({"expect": {"form": {"金额": 1}}}, "expect.form"),
        ({"expect": {"flow": {"form": {"金额": 1}}}}, "flow.form"),
        ({"expect": {"flow": {"passed": {"财务": 1}}}}, "flow.passed"),
        ({"add_row": {"table": "明细"}}, "table"),
        ({"approve": {"to": ["lisi"]}}, "to"),
        ({"proxy": {"call": "crm.get"}}, "call"),
    ],
)
def test_a_name_is_told_with_where_it_stands(step: Any, detail: str) -> None:
    text = json.dumps({"steps": [step]}, ensure_ascii=False)
    facts = read_facts("scenarios/x.scenario.yaml", text.encode()).facts
    assert [one.detail for one in facts if one.detail != "defaults"] == [detail]
