"""Under Chinese, what a failure says is Chinese: no run of three Latin words that is no name."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import choose, current_language, translate
from bpmax_sim.report import terminal
from bpmax_sim.report.html import page
from bpmax_sim.report.perform import PerformOptions, perform
from bpmax_sim.scenario.load import items
from bpmax_sim.scenario.source import render
from tests.test_doors import FAILURES, ROOT

WORDS = re.compile(r"(?<![-\w./])(?:[A-Za-z]{2,}[ ,;]+){2,}[A-Za-z]{2,}")
CALL = 'await $proxy("crm_system")'
THROWN = {
    "没有接口": f"{CALL}.get_customer_detial('9')",
    "没有平台": "await $proxy('crm_systm').get_customer_detail('9')",
    "缺少参数": f"{CALL}.get_customer_detail()",
    "拼错链": f"{CALL}.$api('get_customer_detail').$qury({{}})",
    "拼错函数": "console.lgo(1)",
    "没有定义": "查询客户()",
    "空值": "const 客户 = undefined; 客户.name",
}
"""What a script sees is English; its meaning stands beside it."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("language")
    (root / "pyproject.toml").write_text("[tool.bpmax_sim]\n")
    shutil.copytree(ROOT / "scenarios/platforms", root / "scenarios/platforms")
    shutil.copy(ROOT / "scenarios/instances.yaml", root / "scenarios")
    (root / "scenarios/失败/scripts").mkdir(parents=True)
    (root / "scenarios/失败/scripts/坏.js").write_text("form.n = = 2\n", encoding="utf-8")
    thrown = {
        name: f"proxy: {{platforms: ../platforms/}}\nsteps:\n  - name: 提交\n    js: |-\n      {js}"
        for name, js in THROWN.items()
    }
    for name, text in {**FAILURES, **thrown}.items():
        path = root / f"scenarios/失败/{name}.scenario.yaml"
        path.write_text(f"version: 1\nscenario: {name}\n{dedent(text).lstrip()}", "utf-8")
    return root


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[Path]:
    before = current_language()
    monkeypatch.chdir(folder)
    choose("zh")
    yield folder
    choose(before)


def say_all(names: Iterator[str]) -> Iterator[str]:
    """Yield all that a terminal has of the scenarios of *names*."""
    for name in names:
        try:
            every = items(Path(f"scenarios/失败/{name}.scenario.yaml").absolute())
        except ConfigError as error:
            yield from map(str, error.problems)
            continue
        for item in every:
            verdict, _ = perform(item, PerformOptions())
            yield terminal.verdict_line(verdict)
            yield from terminal.timeline_lines(verdict)
            yield from terminal.what_failed([verdict])
            yield from (render(failure, whole=True) for failure in verdict.failures)
            yield from (str(warning) for warning in verdict.warnings)


def test_failures_are_told_in_chinese_alone(chinese: Path) -> None:
    told = [translate(text) for text in say_all(iter(FAILURES))]
    found = [
        found for text in told for found in WORDS.findall(re.sub(r"(?m)^[> ] +\d+ \|.*", "", text))
    ]

    assert [one for one in found if one not in NAMES] == []
    assert len(told) > len(FAILURES)


NAMES = {"unexpected token in expression"}  # the engine's own words, behind SyntaxError


@pytest.mark.parametrize("name", THROWN)
def test_what_a_script_sees_is_said_in_chinese_beside_it(chinese: Path, name: str) -> None:
    head = f"× scenarios/失败/{name}.scenario.yaml"
    (headline,) = [line for line in map(translate, say_all(iter([name]))) if line.startswith(head)]

    assert re.search("（即：.*(没有|缺少|不是|undefined)", headline)


def test_the_page_of_a_run_has_a_title_in_its_language() -> None:
    titles = [
        re.findall("<title>(.*) - bpmax_sim</title>", page([], version="1", language=language))
        for language in ("en", "zh")
    ]

    assert titles == [["0 failed, 0 passed"], ["失败 0，通过 0"]]
