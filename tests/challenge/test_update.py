"""``run --update``: what was got is taken into what is expected, where nothing else is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.cli.app import run_command_line
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
