"""Parts of another distribution: the one of the page "Extend in Python", built and installed.

It is a wheel that the build backend makes of the blocks of the page, and runs in a process of its
own, as its parts stay in the caches of one that has loaded them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from textwrap import dedent

import pytest

from tests.distributions import build_tree
from tests.docs.blocks import blocks

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/zh/how-to/extend.md"
PROJECT = {
    "pyproject.toml": "[tool.bpmax_sim]\n",
    "scenarios/platforms/corp_oa.yaml": """\
        platform_key: corp_oa
        base_url: https://oa.example.test
        auth: corp_gate
        apis:
          person:
            path: "/people/{id}"
            parameters: [{name: id, in: path}]
        """,
    "scenarios/instances.yaml": """\
        - platform: corp_oa
          instance_key: default
          credentials: {client_id: bench, app_secret: {source: {corp_vault: oa/secret}}}
        """,
    "scenarios/人员.scenario.yaml": """\
        version: 1
        scenario: 人员
        proxy: {mode: simulate}
        form: {fields: {手机: "", 额度: 0}}
        steps:
          - js: |
              const person = await $proxy('corp_oa').person('7');
              form.手机 = person.phone; form.额度 = person.quota;
            expect: {form: {手机: {$type: 手机号}, 额度: {$multiple_of: 100}}}
        """,
    "scenarios/坏算子.scenario.yaml": """\
        version: 1
        scenario: 坏算子
        form: {fields: {额度: 0}}
        steps: [{set: {额度: 300}, expect: {form: {额度: {$multiple_of: 0}}}}]
        """,
    "scenarios/缺算子.scenario.yaml": """\
        version: 1
        scenario: 缺算子
        form: {fields: {额度: 0}}
        steps: [{set: {额度: 300}, expect: {form: {额度: {$multiple_off: 7}}}}]
        """,
    "gateway.log": """\
        #corp-log
        GET https://oa.example.test/people/7 200 {"id": "7", "phone": "13800138000"}
        """,
}
BROKEN = {
    "pyproject.toml": """\
        [build-system]
        requires = ["hatchling"]
        build-backend = "hatchling.build"
        [project]
        name = "rival-bpmax"
        version = "1.0"
        [project.entry-points."bpmax_sim.filters"]
        lower = "rival_bpmax:lower"
        [project.entry-points."bpmax_sim.formats"]
        har = "rival_bpmax:lower"
        aaa_log = "rival_nowhere:FORMAT"
        """,
    "rival_bpmax.py": "def lower(value):\n    return 'rival'\n",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(dedent(text), "utf-8")
    return folder


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that both distributions are installed into."""
    root = tmp_path_factory.mktemp("second")
    parts = {
        one.argument: one.text for one in blocks(PAGE.read_text("utf-8")) if one.kind == "file"
    }
    write(root, parts)
    write(root / "rival", BROKEN)
    for folder in ("corp", "rival"):
        with zipfile.ZipFile(build_tree(root / folder, "wheel", root)) as wheel:
            wheel.extractall(root / "site")  # which is all that installing one of plain Python does
    (root / "vault.json").write_text(json.dumps({"oa/secret": "Zx8Kq2Lm9Pw4Rt6Y"}), "utf-8")
    return root


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write(tmp_path, PROJECT)


def run(installed: Path, project: Path, *command: str, **more: str) -> tuple[int, str]:
    ours = {name: value for name, value in os.environ.items() if name != "CI"}
    path = os.pathsep.join([str(installed / "site"), str(ROOT)])
    environ = ours | {"PYTHONPATH": path, "CORP_VAULT": str(installed / "vault.json"), **more}
    done = subprocess.run(
        [sys.executable, "-m", "bpmax_sim", *command],
        cwd=project,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout


def test_every_example_is_short() -> None:
    sizes = {
        one.argument: len([line for line in one.text.splitlines() if line.strip()])
        for one in blocks(PAGE.read_text("utf-8"))
        if one.kind == "file" and one.argument.endswith(".py")
    }
    assert {name: size for name, size in sizes.items() if size > 24} == {}


def test_all_parts_are_used_in_a_run_and_what_raises_is_one_failure(
    installed: Path, project: Path
) -> None:
    code, text = run(installed, project, "run")
    assert code == 2, text
    assert "√ 人员" in text, text
    assert (
        "bpmax_sim.operators: 'multiple_of' of corp-bpmax raised ZeroDivisionError at "
        "corp_bpmax.values:11"
    ) in text
    assert "unknown operator $multiple_off; did you mean '$multiple_of'?" in text


def test_a_source_of_secrets_is_read_where_something_is_sent(
    installed: Path, project: Path
) -> None:
    code, text = run(
        installed, project, "record", "scenarios/人员.scenario.yaml", CORP_VAULT="/nowhere"
    )
    assert "'corp_vault' of corp-bpmax raised FileNotFoundError at " in text
    assert (code, "/nowhere" in text) == (2, False)


def test_a_format_is_found_although_another_one_is_broken(installed: Path, project: Path) -> None:
    code, text = run(installed, project, "import", "gateway.log", "--to", "a.yaml", "--yes")
    assert code == 0, text
    assert "aaa_log" in text
    assert "13800138000" in (project / "a.yaml").read_text("utf-8")
    assert "corp_oa.person" in (project / "a.yaml").read_text("utf-8")


def test_doctor_lists_them(installed: Path, project: Path) -> None:
    code, text = run(installed, project, "doctor")
    assert code == 1
    lines = [line.split() for line in text.splitlines() if "bpmax_sim." in line]
    assert [(line[0], *line[1:3]) for line in lines] == [
        ("√", "bpmax_sim.auth", "corp_gate"),
        ("√", "bpmax_sim.filters", "crc32_hex"),
        ("×", "bpmax_sim.filters", "lower"),
        ("√", "bpmax_sim.matchers", "手机号"),
        ("√", "bpmax_sim.operators", "multiple_of"),
        ("√", "bpmax_sim.secret_sources", "corp_vault"),
        ("×", "bpmax_sim.formats", "har"),
        ("×", "bpmax_sim.formats", "aaa_log"),
        ("√", "bpmax_sim.formats", "corp_log"),
        ("√", "bpmax_sim.simulators", "corp_oa"),
    ]
    assert "'aaa_log' of rival-bpmax cannot be imported (rival_nowhere:FORMAT)" in text
