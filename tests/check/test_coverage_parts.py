"""Which declared parts a run used, by its calls, its faults and its events."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.check.coverage import (
    PassedRun,
    count_items_run,
    find_parts_used_in_run,
    measure_coverage,
)
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import Event
from bpmax_sim.scenario.load import load_items
from bpmax_sim.subject.hooks import UNDO, BranchArrived, FieldChanged, NodeEntered

PLATFORM = """\
platform_key: erp
base_url: https://erp.example.test
credentials: {key: {secret: true}}
auth:
  acquire:
    steps: [{request: {method: POST, path: /login}, extract: {token: {path: $.token}}}]
  apply: [{in: header, name: X-Token, value: "{{ token }}"}]
  recover: {token: {refresh: 1}, rate: {tries: 2}}
response: {classes: {token: {status: [401]}}}
apis:
  save:
    method: POST
    path: "/orders/{id}"
    parameters:
      - {name: id, in: path, required: true}
      - {name: 页, in: query}
      - {name: query_id, in: query, to: id}
      - {name: X-Tenant, in: header}
      - {name: 客户, in: body, to: data.客户}
      - {name: 数量, in: body}
  upload: {method: POST, path: /files, encoding: multipart, parameters: [{name: 文件, in: body}]}
  text: {method: POST, path: /text, encoding: text, parameters: [{name: 全文, in: body, to: $}]}
  open: {path: /open, auth: none}
  other: {path: /other, auth: {apply: [{in: header, name: X-Key, value: "{{ key }}"}]}}
"""
PARAMETERS = ("X-Tenant", "id", "query_id", "客户", "数量", "页")
INSTANCES = """\
- {platform: erp, instance_key: 生产}
- {platform: erp, instance_key: test, default: true}
- {platform: erp, instance_key: 停用, enabled: false}
"""
FLOW = (
    "flow: 报销\nstart: 主管\nnodes:\n  主管: {owners: [甲], approve: 结束}\n  结束: {end: true}\n"
)


def write(folder: Path, scenario: str) -> Path:
    for name, text in {
        "scenarios/platforms/erp.yaml": PLATFORM,
        "scenarios/instances.yaml": INSTANCES,
        "scenarios/flows/报销.yaml": FLOW,
        "scenarios/a.scenario.yaml": f"version: 1\nscenario: 甲\n{scenario}",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder / "scenarios/a.scenario.yaml"


def used(
    folder: Path, events: Iterable[Event], scenario: str = "steps: [{js: 'form.a = 1'}]\n"
) -> list[str]:
    """Return the parts that a run with *events* used, but for the item itself."""
    [item] = load_items(write(folder, scenario))
    run = PassedRun(item, load_platforms(folder / "scenarios/platforms"), tuple(events))
    found = find_parts_used_in_run(run)
    assert count_items_run(found) == 1
    return sorted(
        part.replace("\t", ": ", 1) for part in found if not part.startswith("scenario\t")
    )


def call(api: str = "erp.save", **more: Any) -> CallMade:
    return CallMade(number=1, call=api, instance="test", **more)


@pytest.mark.parametrize(
    ("made", "parameters"),
    [
        (call(), []),
        (call(path={"id": "7"}), ["save id"]),
        (call(query={"页": 0}), ["save 页"]),
        (call(query={"id": ""}), ["save query_id"]),
        (call(query={"query_id": "1", "页 ": 1}), []),
        (call(header={"x-tenant": ""}), ["save X-Tenant"]),
        (call(body={"data": {"客户": None}}), ["save 客户"]),
        (call(body={"客户": 1}), []),
        (call(body={"data": {}, "数量": 0}), ["save 数量"]),
        (call(body={"data": {"客户": 1}, "数量": 1}, path={"id": "1"}),
         ["save id", "save 客户", "save 数量"]),
        (call("erp.upload", body='--x\r\nContent-Disposition: form-data; name="文件"\r\n'),
         ["upload 文件"]),
        (call("erp.upload", body='--x\r\nContent-Disposition: form-data; name="文"\r\n'), []),
        (call("erp.upload", body='--x\r\nContent-Disposition: form-data; name=""\r\n文件'), []),
        (call("erp.upload", body={"文件": "a"}), ["upload 文件"]),
        (call("erp.text", body="你好"), ["text 全文"]),
        (call("erp.text", body=""), ["text 全文"]),
        (call("erp.text"), []),
        (call(body='--x\r\nContent-Disposition: form-data; name="页"\r\n'), []),
        (call(body='--x\r\nContent-Disposition: form-data; name="数量"\r\n'), ["save 数量"]),
        (call("erp.none", body={"数量": 0}), []),
        (call("crm.save", body={"数量": 0}), []),
    ],
)  # fmt: skip
def test_a_parameter_is_used_where_a_call_passed_it(
    tmp_path: Path, made: CallMade, parameters: list[str]
) -> None:
    key, _, _ = made.call.partition(".")

    assert used(tmp_path, [made]) == [
        f"api: {made.call}", f"auth: {key} applied", f"instance: {key} test",
        *(f"parameter: erp.{one}" for one in parameters),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["open", "other"])
def test_an_api_with_auth_of_its_own_does_not_use_that_of_its_platform(
    tmp_path: Path, name: str
) -> None:
    assert used(tmp_path, [call(f"erp.{name}")]) == [f"api: erp.{name}", "instance: erp test"]
    assert "auth: erp applied" in used(tmp_path, [call(f"erp.{name}"), call("erp.save")])


def test_a_login_is_used_without_an_api(tmp_path: Path) -> None:
    assert used(tmp_path, [call("erp.$token")]) == [
        "auth: erp login", "instance: erp test",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("faults", "recovered"),
    [
        ("faults: [{on: erp.save, call: 1, do: {token: expired}}]", ["token"]),
        ("faults: [{on: erp.save, call: 1, do: {status: 401}}]", ["token"]),
        ("faults: [{on: erp.save, call: 1, do: {status: 429}}]", ["rate"]),
        ("faults: [{on: erp.save, call: 1, do: {status: 503}}]", []),
        ("faults: [{on: erp.save, call: 1, do: {status: 200}}]", []),
        ("faults: [{on: erp.save, call: 1, do: {error: timeout}}]", []),
        ("faults: [{on: erp.text, call: 1, do: {status: 401}}]", []),
        (
            (
                "faults:\n  - {on: erp.*, call: 1, do: {status: 429}}\n"
                "  - {on: erp.text, call: 1, do: {status: 401}}\n"
                "  - {on: erp.save, call: 2, do: {token: expired}}"
            ),
            ["rate", "token"],
        ),
    ],
)  # fmt: skip
def test_a_recovery_is_used_where_a_fault_of_its_class_struck(
    tmp_path: Path, faults: str, recovered: list[str]
) -> None:
    scenario = f"{faults}\nsteps: [{{js: 'form.a = 1'}}]\n"
    found = used(tmp_path, [call("erp.none"), call("erp.open"), call(), call()], scenario)

    assert [one for one in found if one.startswith("auth")] == [
        "auth: erp applied", *(f"auth: erp {word}" for word in recovered),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["open", "other"])
@pytest.mark.parametrize("does", ["{token: expired}", "{status: 429}"])
def test_a_fault_at_other_auth_tests_no_recovery_of_the_platform(
    tmp_path: Path, name: str, does: str
) -> None:
    faults = f"faults: [{{on: erp.{name}, call: 1, do: {does}}}]"
    found = used(tmp_path, [call(f"erp.{name}")], f"{faults}\nsteps: [{{js: 'form.a = 1'}}]\n")

    assert [one for one in found if one.startswith("auth")] == []


@pytest.mark.parametrize("where", ["steps", "finally"])
def test_the_faults_of_a_step_count_too(tmp_path: Path, where: str) -> None:
    faults = "faults: [{on: erp.save, call: 1, do: {status: 429}}]"
    own = f"{{js: 'form.a = 1', {faults}}}"
    scenario = (
        f"steps: [{{js: 'form.a = 1'}}, {own}]\n"
        if where == "steps"
        else f"steps: [{{js: 'form.a = 1'}}]\nfinally: [{own}]\n"
    )

    assert "auth: erp rate" in used(tmp_path, [call()], scenario)


def entered(previous: str, node: str, action: str = "approve") -> NodeEntered:
    return NodeEntered(node=node, previous=previous, action=action, by="甲")


def arrived(node: str, join: str) -> BranchArrived:
    return BranchArrived(join=join, node=node, branch=node, waiting=())


OF_FLOW = "flow: {definition: flows/报销.yaml, form: {金额: 1}}\nsteps: [{submit: {}}]\n"


@pytest.mark.parametrize(
    ("events", "nodes", "transitions"),
    [
        ([entered("主管", "结束")], ["主管", "结束"], ["主管 approve -> 结束"]),
        ([entered("主管", "结束"), entered("结束", "主管", UNDO)], [], []),
        (
            [entered("主管", "结束"), entered("主管", "结束"), entered("结束", "主管", UNDO)],
            ["主管", "结束"], ["主管 approve -> 结束"],
        ),
        (
            [entered("主管", "总监"), entered("总监", "结束"), entered("结束", "主管", UNDO)],
            [], [],
        ),
        (
            [entered("主管", "总监"), entered("总监", "结束"), entered("结束", "总监", UNDO)],
            ["主管", "总监"], ["主管 approve -> 总监"],
        ),
        ([arrived("财务", "汇合")], [], ["财务 approve -> 汇合"]),
        (
            [entered("主管", "财务"), arrived("财务", "汇合"), entered("汇合", "财务", UNDO)],
            ["主管", "财务"], ["主管 approve -> 财务"],
        ),
        (
            [arrived("法务", "汇合"), arrived("财务", "汇合"), entered("汇合", "结束"),
             entered("结束", "财务", UNDO), arrived("财务", "汇合")],
            [], ["法务 approve -> 汇合", "财务 approve -> 汇合"],
        ),
    ],
)  # fmt: skip
def test_what_was_undone_is_not_used(
    tmp_path: Path, events: list[Event], nodes: list[str], transitions: list[str]
) -> None:
    assert used(tmp_path, events, OF_FLOW) == [
        *(f"node: 报销: {node}" for node in nodes),
        *(f"transition: 报销: {one}" for one in transitions),
    ]


def test_nodes_count_in_a_flow_alone_and_other_events_beside_them(tmp_path: Path) -> None:
    moves: list[Event] = [entered("主管", "结束"), arrived("财务", "汇合")]
    changed = FieldChanged(field="金额", old=1, new=2, by="user")

    assert used(tmp_path, moves) == []
    assert used(tmp_path, [call(), *moves, changed], OF_FLOW) == [
        "api: erp.save", "auth: erp applied", f"field: {tmp_path}/scenarios/a.scenario.yaml: 金额",
        "instance: erp test", "node: 报销: 主管", "node: 报销: 结束",
        "transition: 报销: 主管 approve -> 结束", "transition: 报销: 财务 approve -> 汇合",
    ]  # fmt: skip


ACQUIRE = "acquire: {steps: [{request: {path: /login}, extract: {t: {path: $.t}}}]}"
APPLY = "apply: [{in: header, name: X, value: '{{ key }}'}]"
SIGN = (
    "sign: {key: '{{ key }}', message: m, emit: [{in: header, name: S, value: '{{ signature }}'}]}"
)


@pytest.mark.parametrize(
    ("auth", "parts"),
    [
        ("none", []), (f"{{{APPLY}}}", ["applied"]), (f"{{{SIGN}}}", ["applied"]),
        (f"{{{ACQUIRE}, {APPLY}, {SIGN}}}", ["applied", "login", "token"]),
        (f"{{{ACQUIRE}, {APPLY}, recover: {{rate: {{tries: 2}}, token: {{refresh: 1}}}}}}",
         ["applied", "login", "rate", "token"]),
    ],
)  # fmt: skip
def test_auth_has_a_part_for_each_thing_that_it_does(
    tmp_path: Path, auth: str, parts: list[str]
) -> None:
    [item] = load_items(write(tmp_path, "steps: [{js: 'form.a = 1'}]\n"))
    head = "platform_key: a\nbase_url: https://a.test\ncredentials: {key: {}}\n"
    for name, apis in {"a": "{x: {path: /x, auth: none}, y: {path: /y}}", "b": "{}"}.items():
        text = head.replace("platform_key: a", f"platform_key: {name}")
        path = tmp_path / f"own/{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{text}auth: {auth}\napis: {apis}\n", "utf-8")

    found = measure_coverage([(item, load_platforms(tmp_path / "own"))], ())
    assert [one.name for one in found if one.kind == "auth"] == [f"a {part}" for part in parts]


OF_FORM = """\
form: {fields: {编号: "", 金额: 0, 备注: "", 部门: ""}}
steps:
  - {set: {编号: a}}
  - {set: {编号: b}, expect: {form: {金额: 0}}}
  - {set: {编号: c}, expect: {form: {备注: ""}}}
"""


def test_a_field_is_used_that_changed_or_was_expected(tmp_path: Path) -> None:
    changed = FieldChanged(field="部门", old="", new="采购", by="user")
    places = [
        f"field: {tmp_path}/scenarios/a.scenario.yaml: {name}" for name in ("备注", "部门", "金额")
    ]

    found = used(tmp_path, [changed], OF_FORM)
    assert [one for one in found if one.startswith("field")] == sorted(places)


OF_SCRIPTS = """\
form: {fields: {编号: ""}, scripts: {change.编号: [甲.js, 乙.js], click.查询: 甲.js}}
proxy: {stubs: [{on: erp.save, body: {}}]}
steps: [{if: "${form.编号} == 1", set: {编号: a}}]
"""


def test_a_handler_is_named_by_its_event_and_file_and_others_by_their_place(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, OF_SCRIPTS)
    for name in ("甲.js", "乙.js"):
        (tmp_path / "scenarios" / name).write_text("form.备注 = 1", "utf-8")
    [item] = load_items(path)

    found = measure_coverage([(item, load_platforms(tmp_path / "scenarios/platforms"))], ())
    assert [
        f"{one.kind} {one.name.replace(f'{tmp_path}/scenarios/', '')}"
        for one in found
        if one.kind in {"handler", "stub", "branch"}
    ] == [
        "handler change.编号: 乙.js",
        "handler change.编号: 甲.js",
        "handler click.查询: 甲.js",
        "stub a.scenario.yaml:4:17: erp.save",
        "branch a.scenario.yaml:5:10: ${form.编号} == 1",
    ]


def test_all_that_is_declared_is_listed_by_kind_and_name(tmp_path: Path) -> None:
    [item] = load_items(write(tmp_path, OF_FLOW))
    platforms = load_platforms(tmp_path / "scenarios/platforms")
    parts = {"api\terp.text", "auth\terp rate", "node\t报销: 主管", "instance\terp 停用"}

    found = measure_coverage([(item, platforms), (item, platforms)], parts)

    assert [f"{'+' if one.is_used else '-'} {one.kind} {one.name}" for one in found] == [
        "- api erp.open", "- api erp.other", "- api erp.save", "+ api erp.text", "- api erp.upload",
        *(f"- parameter erp.save {name}" for name in PARAMETERS),
        "- parameter erp.text 全文", "- parameter erp.upload 文件",
        "- instance erp test", "- instance erp 生产",
        "- auth erp applied", "- auth erp login", "+ auth erp rate", "- auth erp token",
        "+ node 报销: 主管", "- node 报销: 结束", "- transition 报销: 主管 approve -> 结束",
    ]  # fmt: skip
