"""One run of everything: what pytest prints and writes of scenarios and Python tests together."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.files import write_files
from tests.plugin.project import Project, output

FILES = {
    "tox.ini": "[pytest]\naddopts = --strict-markers -p no:randomly -p no:inline_snapshot\n",
    "scenarios/platforms/crm.yaml": (
        "platform_key: crm\nbase_url: https://crm.example.test\n"
        "apis: {get: {path: '/get/{id}'}, create: {method: POST, path: /orders}}\n"
    ),
    "scenarios/instances.yaml": "- {platform: crm, instance_key: 华东}\n",
    "scenarios/查询.js": (
        "async function 查() {\n  const 客户 = await $proxy('crm').get(form.编号)\n"
        "  console.log('客户 ' + 客户.name)\n  form.客户 = 客户.name\n}\nreturn 查()\n"
    ),
    "scenarios/金额.js": (
        "if (form.金额 > 5) {\n  form.说明 = '大'\n} else {\n  form.说明 = '小'\n}\n"
    ),
    "scenarios/查询.scenario.yaml": """\
version: 1
scenario: 查询
form: {scripts: {change.编号: 查询.js}, fields: {编号: "", 客户: ""}}
proxy: {platforms: platforms/, stubs: [{on: crm.get, body: {name: "${case.名}"}}]}
cases:
  - {id: 甲, 名: 张三}
  - {id: 乙, 名: 李四}
  - {id: 丙, 名: 王五, xfail: 待办}
  - {id: 丁, 名: 赵六, skip: 停用}
  - {id: 戊, 名: 张三, xfail: 已好}
steps:
  - {name: 选, set: {编号: "7"}, expect: {form: {客户: 张三}}}
""",
    "scenarios/金额.scenario.yaml": """\
version: 1
scenario: 金额
form: {scripts: {change.金额: 金额.js}, fields: {金额: 0, 说明: ""}}
steps: [{set: {金额: 9}, expect: {form: {说明: 大}}}]
""",
    "scenarios/坏.scenario.yaml": "version: 1\nscenario: 坏\nstep: []\n",
    "scenarios/近.yaml": "version: 1\nscenario: 近\nsteps: [{set: {a: 1}}]\n",
    "tests/test_crm.py": """\
import unittest
import pytest

@pytest.mark.bpmax(seed=3)
def test_无会话(): pass

@pytest.mark.bpmax_fault("crm.get", status=500)
@pytest.mark.bpmax_fault("crm.create", error="timeout")
def test_无故障(): pass

@pytest.mark.bpmax_live
def test_实机(): raise AssertionError

def test_会话(bpmax_session, bpmax_proxy, bpmax_stubs):
    bpmax_stubs.get("https://crm.example.test/get/1").respond(json={"name": "张三"})
    print(bpmax_proxy("crm").get("1"))

def test_脚本(bpmax_session):
    bpmax_session.run_script("scenarios/金额.js", form={"金额": 1}).unwrap()

class TestA(unittest.TestCase):
    @pytest.mark.bpmax(repeat=True)
    def test_乙(self): self.assertEqual(1, 1)
""",
}


SUMMARY = Path(__file__).parents[1] / "data/whole_pytest_run.txt"


def run(folder: Path, project: Project) -> str:
    """Return what one run prints and writes as JUnit, without times and paths of the machine."""
    write_files(folder, FILES)
    options = ("-rA", "-Wdefault", "--junitxml=结果/j.xml", "--bpmax-cov", "--bpmax-report")
    text = output(project.run(*options)).replace(folder.as_posix(), "…")
    text = text[text.index("collected ") :]
    lines = [line.strip("=-_ ") for line in text.splitlines() if "full-trace" not in line]
    for case in ET.parse(folder / "结果/j.xml").iter("testcase"):
        shown = [case.get("classname"), case.get("name"), case.get("file"), case.get("line")]
        lines.append(" | ".join(str(one) for one in shown))
        lines += [
            f"  {one.tag}: {one.get('name')} = {one.get('value')}"
            for one in case.iter("property") if one.get("name") != "bpmax_trace_digest"
        ]  # fmt: skip
        lines += [
            f"  {one.tag}: {one.get('message')} # {(one.text or '').partition(chr(10))[0]}"
            for one in case if one.tag != "properties"
        ]  # fmt: skip
    text = "\n".join(lines).replace(folder.as_posix(), "…") + "\n"
    return re.sub(r"\d+\.\d+ ?s|\d+ ms", "0 s", text)


def test_a_run_tells_and_writes_each_thing_once(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)

    told = run(pytester.path, Project(pytester, monkeypatch))

    if os.environ.get("BPMAX_SIM_WRITE"):  # to write the text anew
        SUMMARY.write_text(told, encoding="utf-8", newline="\n")
    assert told == SUMMARY.read_text(encoding="utf-8")
