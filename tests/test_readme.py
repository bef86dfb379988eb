from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

import bpmax_sim
from bpmax_sim import strategies
from bpmax_sim.platform.load import read_platform
from bpmax_sim.platform.presets import preset_names
from bpmax_sim.scenario.expect import OPERATORS
from bpmax_sim.scenario.model import ACTIONS, Expect, ProxySpec, Scenario
from tests.readme import README, TABLES, filled

TEXT = README.read_text(encoding="utf-8")
ROOT = README.parent
DEMO = ROOT / "bpmax_sim/demo/files/scenarios"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, flags=re.DOTALL | re.MULTILINE)


def test_the_tables_tell_what_is() -> None:
    assert filled(TEXT) == TEXT, "run: python -m tests.readme"
    assert set(re.findall(r"<!-- table: (\w+) -->", TEXT)) == set(TABLES)


@pytest.mark.parametrize(
    "names",
    [
        preset_names(),
        ACTIONS,
        sorted(OPERATORS),
        Expect.__struct_encode_fields__,
        ProxySpec.__struct_encode_fields__,
        Scenario.__struct_encode_fields__,
        ["qywx", "feishu", "dingtalk", "dingtalk_v1"],
    ],
    ids=["presets", "actions", "operators", "expect", "proxy", "scenario", "built in"],
)
def test_every_name_is_told(names: list[str]) -> None:
    missing = [name for name in names if not re.search(rf"[`$ ]{re.escape(name)}[`:, |]", TEXT)]

    assert missing == []


def test_the_example_is_the_demonstrations_scenario() -> None:
    shown = next(block for block in blocks("yaml") if block.startswith("version: 1\nscenario:"))
    shipped = (DEMO / "customer.scenario.yaml").read_text(encoding="utf-8")
    lines = [line for line in shipped.splitlines() if not line.startswith("#")]

    assert shown.splitlines() == lines


def test_the_example_platform_loads(tmp_path: Path) -> None:
    example = next(block for block in blocks("yaml") if block.startswith("platform_key:"))
    path = tmp_path / "crm_system.yaml"
    path.write_text(example, encoding="utf-8")

    assert list(read_platform(path).apis) == ["get_customer_detail"]


def test_the_script_shown_is_the_documentations() -> None:
    shown = blocks("js")[0]

    assert shown in (DEMO / "scripts/customer.js").read_text(encoding="utf-8")


def test_the_python_example_names_what_there_is() -> None:
    example = blocks("python")[0]
    compile(example, "README.md", "exec")

    for name in re.findall(r"\bbs\.(\w+)", example):
        assert name in bpmax_sim.__all__
    for name in re.findall(r"session\.(\w+)", example):
        assert hasattr(bpmax_sim.Session, name)


def test_the_property_test_runs_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = [block for block in blocks("python") if "for_platform" in block]
    shutil.copytree(DEMO, tmp_path / "scenarios")
    monkeypatch.chdir(tmp_path)
    found: dict[str, Any] = {}

    exec(compile(example, "README.md", "exec"), found)
    found["test_the_crm_takes_whatever_is_declared"]()


@pytest.mark.parametrize("name", strategies.__all__)
def test_every_public_strategy_says_what_it_draws(name: str) -> None:
    about = getattr(strategies, name).__doc__ or ""

    assert name == "LAWS" or about.strip().endswith(("\n", ".")), name


def test_every_strategy_of_the_readme_is_there() -> None:
    told = TEXT.partition("`bpmax_sim.strategies` also draws")[2].partition("\n\n")[0]

    for name in re.findall(r"`(\w+)\(\)`", told):
        assert name in strategies.__all__


def test_the_commands_install_what_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    commands = [block for block in blocks("sh") if "venv" in block]

    assert len(commands) == 2
    assert commands[0].rstrip().endswith("bpmax-sim demo")
    assert "'.[test]'" in commands[1]
    assert "test" in project["optional-dependencies"]
    assert "bpmax-sim" in project["scripts"]
