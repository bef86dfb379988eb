"""Blocks that are read, but are no commands: each is loaded, run or compiled."""

from __future__ import annotations

import configparser
import csv
import shutil
from pathlib import Path

import pytest
from yaml import safe_load

import bpmax_sim as bs
from bpmax_sim.cli.app import run_command_line
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.pytest_plugin import fixtures
from bpmax_sim.pytest_plugin.options import OPTIONS, to_ini_name
from bpmax_sim.scenario.load import load_items
from tests.docs.blocks import Block
from tests.docs.pages import ROOT
from tests.docs.test_pages import of_kind

DEMO = ROOT / "bpmax_sim/starter/demo_files/scenarios"
FIELDS = "{customerId: null, phone: null, discount: 1, reason: null}"
AROUND = {
    "scenario": "version: 1\nscenario: 例\nsteps: [{advance: 1s}]\n",
    "steps": f"version: 1\nscenario: 例\nform: {{fields: {FIELDS}}}\n",
    "sheet": (
        "version: 1\nscenario: 例\nuser: lisi\nflow: {definition: 例.flow.yaml}\n"
        "form: {fields: {客户: '', 电话: '', 折扣: 1, 原因: '', 金额: 0, 明细: [{数量: 0}]},"
        " scripts: {click.查询: 例.js}}\n"
    ),
    "cases": "version: 1\nscenario: 例\nsteps: [{advance: 1s}]\n",
}
BASE = """\
platform_key: base
base_url: https://base.example.test
credentials: {app_id: {secret: false}, app_secret: {secret: true}}
apis: {list_users: {path: /users}}
auth:
"""


def named(block: Block) -> str:
    return f"{block.mark}, {block.line}"


@pytest.mark.parametrize("block", of_kind("part of"), ids=named)
def test_what_is_shown_of_a_file_stands_in_it(block: Block) -> None:
    assert block.text in (ROOT / block.argument).read_text(encoding="utf-8")


PARTS = [one for one in of_kind("part") if one.argument in AROUND]


@pytest.mark.parametrize("block", PARTS, ids=named)
def test_what_is_shown_of_a_scenario_can_be_read(block: Block, tmp_path: Path) -> None:
    (tmp_path / "platforms").mkdir()
    for table in of_kind("csv"):
        path = tmp_path / table.argument
        path.parent.mkdir(exist_ok=True)
        path.write_text(table.text, encoding="gb18030")
    platform = next(
        one for one in of_kind("part") if one.argument == "platform" and "crm_system" in one.text
    )
    (tmp_path / "platforms/crm_system.yaml").write_text(platform.text, encoding="utf-8")
    (tmp_path / "例.flow.yaml").write_text(FLOW, encoding="utf-8")
    (tmp_path / "例.js").write_text("return", encoding="utf-8")
    path = tmp_path / "例.scenario.yaml"
    path.write_text(AROUND[block.argument] + block.text, encoding="utf-8")

    assert len(load_items(path, environ={})) == (2 if block.argument == "cases" else 1)


def call_first(folder: Path, key: str) -> None:
    """Call the first API of a platform, with each of its parameters, against its simulator."""
    platform = load_platforms(folder).platform(key)
    values = ", ".join(f"{name}: {{env: X}}" for name in platform.credentials)
    instances = folder.parent / "instances.yaml"
    instances.write_text(
        f"- {{platform: {key}, instance_key: default, default: true, credentials: {{{values}}}}}\n",
        encoding="utf-8",
    )
    with bs.Session.open(folder, instances=instances, mode="simulate", environ={}) as session:
        api = next(iter(platform.apis.values()))
        assert session.proxy(key).direct(api.key, *("x" for _ in api.parameters)) is not None


PLATFORMS = [one for one in of_kind("part") if one.argument == "platform"]


@pytest.mark.parametrize("block", PLATFORMS, ids=named)
def test_a_platform_that_is_shown_takes_calls(block: Block, tmp_path: Path) -> None:
    key = safe_load(block.text)["platform_key"]
    (tmp_path / "platforms").mkdir()
    (tmp_path / f"platforms/{key}.yaml").write_text(block.text, encoding="utf-8")

    call_first(tmp_path / "platforms", key)


@pytest.mark.parametrize("block", of_kind("auth"), ids=named)
def test_an_auth_that_is_shown_lets_calls_in(block: Block, tmp_path: Path) -> None:
    indented = "".join(f"  {line}\n" for line in block.text.splitlines())
    classes = "response: {classes: {rate: {status: [429]}}}\n"
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms/base.yaml").write_text(
        BASE.replace("apis:", f"{classes}apis:") + indented, encoding="utf-8"
    )

    assert block.argument in safe_load(block.text)
    call_first(tmp_path / "platforms", "base")


INSTANCES = [one for one in of_kind("part") if one.argument == "instances"]


@pytest.mark.parametrize("block", INSTANCES, ids=named)
def test_instances_that_are_shown_can_be_read(block: Block, tmp_path: Path) -> None:
    platform = next(one for one in PLATFORMS if "platform_key: crm_system" in one.text)
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms/crm_system.yaml").write_text(platform.text, encoding="utf-8")
    path = tmp_path / "instances.yaml"
    path.write_text(block.text, encoding="utf-8")

    loaded = load_platforms(tmp_path / "platforms", instances=path)
    assert loaded.instance("crm_system", None).instance_key == "default"


def passes(path: Path) -> None:
    """Run a scenario file against simulators."""
    assert run_command_line(["run", str(path), "--mode", "simulate"]) == 0


@pytest.mark.parametrize("block", of_kind("scenario"), ids=named)
def test_a_scenario_that_is_shown_passes(block: Block, tmp_path: Path) -> None:
    shutil.copytree(DEMO, tmp_path / "scenarios")
    path = tmp_path / "scenarios/例.scenario.yaml"
    path.write_text(block.text, encoding="utf-8")

    assert len(block.text.splitlines()) <= 10
    passes(path)


ON_A_FORM = """\
version: 1
scenario: 例
form: {fields: {qty: 3, price: 20000, amount: null, reason: ""}, scripts: {open: 例.js}}
steps: [{open: {}}]
"""
IN_A_FLOW = """\
version: 1
scenario: 例
flow: {definition: 例.flow.yaml, scripts: {before_next.审批: 例.js}}
user: lisi
steps:
  - submit: {form: {amount: 60000}}
  - approve: {}
    expect: {flow: {at: 审批}}
  - approve: {comment: 同意}
    expect: {flow: {at: 结束, form: {checkedBy: lisi}}}
"""
FLOW = """\
flow: 例
start: 审批
nodes:
  审批: {owners: [lisi], approve: 结束}
  结束: {end: true}
"""


@pytest.mark.parametrize("block", of_kind("script"), ids=named)
def test_a_script_that_is_shown_runs(block: Block, tmp_path: Path) -> None:
    shutil.copytree(DEMO, tmp_path / "scenarios")
    folder = tmp_path / "scenarios"
    files = next(one for one in PLATFORMS if "platform_key: files" in one.text)
    (folder / "platforms/files.yaml").write_text(files.text, encoding="utf-8")
    (folder / "例.js").write_text(block.text, encoding="utf-8")
    (folder / "例.flow.yaml").write_text(FLOW, encoding="utf-8")
    text = IN_A_FLOW if block.argument == "flow" else ON_A_FORM
    (folder / "例.scenario.yaml").write_text(text, encoding="utf-8")

    passes(folder / "例.scenario.yaml")


@pytest.mark.parametrize("block", of_kind("test"), ids=named)
def test_a_test_that_is_shown_compiles_and_asks_for_fixtures_that_there_are(block: Block) -> None:
    code = compile(block.text, block.mark, "exec")
    asked = {
        name
        for const in code.co_consts
        if hasattr(const, "co_varnames")
        for name in const.co_varnames
    }
    given = {name for name in asked if name.startswith("bpmax_")}

    assert given
    assert [name for name in given if not hasattr(fixtures, name)] == []


@pytest.mark.parametrize("block", of_kind("ini"), ids=named)
def test_options_of_an_ini_file_exist(block: Block) -> None:
    parser = configparser.ConfigParser()
    parser.read_string(block.text)

    assert set(parser["pytest"]) <= set(map(to_ini_name, OPTIONS))


@pytest.mark.parametrize("block", of_kind("csv"), ids=named)
def test_a_table_has_as_many_cells_in_every_row(block: Block) -> None:
    rows = list(csv.reader(block.text.splitlines()))

    assert {len(row) for row in rows} == {len(rows[0])}


@pytest.mark.parametrize("block", of_kind("pre-commit"), ids=named)
def test_the_local_hook_is_the_one_of_the_repository(block: Block) -> None:
    ours = safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))[0]
    shown = safe_load(block.text)["repos"][0]["hooks"][0]

    assert (shown["id"], shown["entry"]) == (ours["id"], ours["entry"])


def test_the_variables_are_those_that_the_instances_name() -> None:
    (shown,) = of_kind("environment")
    (instances,) = (one for one in of_kind("file") if one.argument.endswith("instances.yaml"))
    names = {one["base_url"]["env"] for one in safe_load(instances.text)}
    names |= {
        value["env"] for one in safe_load(instances.text) for value in one["credentials"].values()
    }

    assert {word.partition("=")[0] for word in shown.text.split()[1:]} == names
