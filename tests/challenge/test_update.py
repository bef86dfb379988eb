"""``run --update``: what was got is taken into what is expected, where nothing else is wrong.

``expect: new`` asks for all of it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bpmax_sim.cli.app import run_command_line
from tests.loopback import loopback
from tests.variant.project import write_project

SCENARIO = """\
version: 1
scenario: 订单
form:
  scripts: {change.编号: submit.js}
  fields: {编号: "", 客户: "", 金额: 0}
proxy:
  stubs:
    - {on: erp.get_order, body: {customer: 张三, amount: 800}}
steps:
  - name: 选单
    set: {编号: "7"}
    expect: {form: {客户: 李四, 金额: {$gt: 100}}, proxy: []}  # 名称
  - set: {编号: "8"}
    expect:
      form: {金额: {$lt: 100}}
      messages: [甲]
expect: {form: {客户: 王五}}
"""
SCRIPT = """\
const order = await $proxy('erp').getOrder(form.编号);
form.客户 = order.customer;
form.金额 = order.amount;
form.$message = {type: 'info', text: '好'};
"""
AFTER = (
    SCENARIO.replace("客户: 李四", "客户: 张三")
    .replace("proxy: []}", "proxy: [{call: erp.getOrder}]}")
    .replace("金额: {$lt: 100}", "金额: 800")
    .replace("[甲]", "[好]")
    .replace("王五", "张三")
)


def test_what_was_got_is_written_and_operators_that_hold_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_project(tmp_path, SCENARIO, submit=SCRIPT)
    assert run_command_line(["run", "--update", "--yes"]) == 1
    assert path.read_text(encoding="utf-8") == AFTER
    assert run_command_line(["run"]) == 0


@pytest.mark.parametrize(
    ("script", "says"),
    [("throw new Error('坏了');", "坏了"), ("await $proxy('erp').noSuch();", "noSuch")],
)
def test_what_failed_for_another_reason_is_left_as_it_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    script: str,
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_project(tmp_path, SCENARIO, submit=SCRIPT + script)
    assert run_command_line(["run", "--update", "--yes"]) == 1
    assert path.read_text(encoding="utf-8") == SCENARIO
    left = [line for line in capsys.readouterr().err.splitlines() if "left as it is" in line]
    assert says in left[0]


NEW = """\
scenario: 订单
form:
  scripts: {change.编号: submit.js}
  fields: {编号: "", 客户: "", 金额: 0, 时间: "", 备注: 无}
proxy:
  stubs:
    - {on: erp.get_order, body: {customer: 张三, amount: 800}}
steps:
  - set: {编号: "7"}
    expect: new  # 选单
"""
WRITTEN = {
    "form.客户 = order.customer": "form: {客户: 张三}",
    "form.时间 = '09:00'": r'form: {时间: {"$matches": "^\\d{2}:\\d{2}$"}}',
    "form.备注 = '[object Object]'; form.金额 = NaN": "",
    "form.客户 = '${x}'": 'form: {客户: "$${x}"}',
    "form.$message = {type: 'warning', text: '库存不足'}": (
        "messages: [{text: 库存不足, type: warning}]"
    ),
}


@pytest.mark.parametrize(("script", "written"), WRITTEN.items(), ids=range(len(WRITTEN)))
def test_new_becomes_what_the_step_came_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, written: str
) -> None:
    monkeypatch.chdir(tmp_path)
    order = "const order = await $proxy('erp').getOrder(form.编号);\n"
    path = write_project(tmp_path, NEW, submit=order + script)
    assert run_command_line(["run"]) == 1
    run_command_line(["run", "--update", "--yes"])
    text = path.read_text(encoding="utf-8")
    lines = [written, 'proxy: [{call: erp.getOrder, path: {id: "7"}, status: 200}]']
    block = "".join(f"\n      {line}" for line in filter(None, lines))
    assert text == NEW.replace("expect: new  # 选单", f"expect:  # 选单{block}")
    assert run_command_line(["run"]) == 0


FLOW = """\
flow: 领料审批
start: 主管
nodes:
  主管: {owners: [lisi], approve: 出库, reject: 结束}
  出库: {owners: [wangwu], approve: 结束, reject: 主管}
  结束: {end: true}
"""
APPROVAL = """\
version: 1
scenario: 领料
flow:
  definition: flow.yaml
  scripts: {before_next.主管: submit.js}
user: lisi
steps:
  - submit: {form: {数量: 5}}
  - approve: {}
    expect: new
"""
OF_FLOW = """\
    expect:
      form: {库位: 东区货架}
      proxy: [{call: erp.getOrder, path: {id: "5"}, status: 200}]
      flow: {at: 出库, pending: [wangwu]}
"""
SECRET = "tok-8f3a91c2d4e5f607"


def test_new_of_a_flow_is_recorded_and_written_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    script = """\
const order = await $proxy('erp').getOrder(ctx.form.数量);
ctx.form.库位 = order.place;
ctx.form.口令 = order.access_token;
"""
    body = json.dumps({"place": "东区货架", "access_token": SECRET}).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    with loopback(lambda _request: f"{head}\r\n\r\n".encode() + body) as server:
        path = write_project(tmp_path, APPROVAL, submit=script)
        path.with_name("flow.yaml").write_text(FLOW, "utf-8")
        platform = path.parent / "platforms/erp.yaml"
        text = platform.read_text("utf-8")
        platform.write_text(text.replace("https://erp.example.test", server.url), "utf-8")
        assert run_command_line(["record"]) == 1  # as nothing is expected yet
    (cassette,) = (tmp_path / "cassettes").rglob("*.yaml*")
    assert cassette.name == "订单.yaml"
    assert run_command_line(["run", "--update", "--yes"]) == 1
    assert "form.口令 is left out: it holds a secret" in capsys.readouterr().err
    assert path.read_text("utf-8").endswith(OF_FLOW)
    assert run_command_line(["run"]) == 0
    assert SECRET not in cassette.read_text("utf-8") + path.read_text("utf-8")


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("throw new Error('坏了');", "坏了"),
        ("", "came to nothing that could be"),
        ("form.备注 = undefined + 1;", "form.备注 is left out: NaN looks like a mistake"),
    ],
)
def test_what_new_cannot_become_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    script: str,
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    keep = "await $proxy('erp').getOrder('7');" if "is left out" in says else ""
    path = write_project(tmp_path, NEW, submit=keep + script)
    assert run_command_line(["run", "--update", "--yes"]) == 1
    assert says in capsys.readouterr().err
    assert ("expect: new" in path.read_text(encoding="utf-8")) == (not keep)


def test_rows_write_what_they_have_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = 'cases: [{id: 甲, 号: "7"}, {id: 乙, 号: "8"}]\nsteps:'
    scenario = NEW.replace("steps:", rows).replace('{编号: "7"}', '{编号: "${case.号}"}')
    order = "const order = await $proxy('erp').getOrder(form.编号);\n"
    script = f"{order}form.客户 = order.customer + form.编号; form.金额 = 1;"
    path = write_project(tmp_path, scenario, submit=script)
    assert run_command_line(["run", "--update", "--yes"]) == 1
    assert "the rows come to different values here" in capsys.readouterr().err
    text = path.read_text(encoding="utf-8")
    assert "form: {金额: 1}\n      proxy: [{call: erp.getOrder, status: 200}]" in text
    assert run_command_line(["run"]) == 0
