"""Under Chinese, what a failure says is Chinese: no run of three Latin words that is no name."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from bpmax_sim.cli.app import run_command_line
from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import choose_language, get_current_language, translate
from bpmax_sim.report import terminal
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.html import render_page
from bpmax_sim.report.junit import write_junit
from bpmax_sim.report.perform import PerformOptions, perform
from bpmax_sim.report.terminal import Verdict
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.source import render_failure
from tests.test_doors import FAILURES, ROOT

WORDS = re.compile(r"(?<![-\w./$])(?:[A-Za-z]{2,}[ ,;]+){2,}[A-Za-z]{2,}")
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
    before = get_current_language()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("BPMAX_SIM_LANG", "zh")
    choose_language("zh")
    yield folder
    choose_language(before)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the gallery with scripts that do nothing, so that what they are for does not hold."""
    root = tmp_path_factory.mktemp("gallery")
    (root / "pyproject.toml").write_text('[tool.bpmax_sim]\nlanguage = "zh"\n')
    for name in ("scenarios", "cassettes"):
        shutil.copytree(ROOT / name, root / name)
    for script in root.rglob("scripts/**/*.js"):
        script.write_text("")
    return root


def perform_all(files: Iterable[Path]) -> Iterator[Verdict | ConfigError]:
    """Run the scenarios of *files*, and yield how each ended, or why a file cannot be read."""
    for file in files:
        try:
            for item in load_items(file.absolute()):
                yield perform(item, PerformOptions())[0]
        except ConfigError as error:
            yield error


def say(ended: Verdict | ConfigError) -> Iterator[str]:
    """Yield all that a terminal has of what a scenario ended with."""
    if isinstance(ended, ConfigError):
        yield from map(str, ended.problems)
        return
    yield terminal.format_verdict_line(ended)
    yield from terminal.format_timeline(ended)
    yield from terminal.format_failed_items([ended])
    yield from (render_failure(failure, whole=True) for failure in ended.failures)
    yield from (str(warning) for warning in ended.warnings)


def find_english(texts: Iterable[str]) -> list[str]:
    """Return every run of three Latin words in *texts* that is no name, but in quoted lines."""
    told = [re.sub(r"(?m)^[> ]+\d+ \|.*", "", html.unescape(text)) for text in texts]
    return [one for text in told for one in WORDS.findall(text) if one not in NAMES]


def test_failures_are_told_in_chinese_alone(
    chinese: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(chinese / ".bpmax", ignore_errors=True)  # `show` is to show these runs alone
    every = list(perform_all(Path(f"scenarios/失败/{name}.scenario.yaml") for name in FAILURES))
    verdicts = [(one, 0.5) for one in every if isinstance(one, Verdict)]
    problems = [one.problems[0] for one in every if isinstance(one, ConfigError)]
    write_junit(tmp_path / "junit.xml", verdicts, problems)
    assert run_command_line(["show", "--all"]) == 0
    assert run_command_line(["show", "--all", "--plain"]) == 0
    shown = capsys.readouterr().out
    told = [translate(text) for one in every for text in say(one)]

    assert find_english([*told, shown, (tmp_path / "junit.xml").read_text("utf-8")]) == []
    assert len(told) > len(FAILURES)
    assert "期望" in shown


def test_what_the_gallery_fails_with_is_told_in_chinese_alone(
    gallery: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(gallery)
    monkeypatch.delenv("BPMAX_SIM_LANG", raising=False)
    code = run_command_line(["run", "--junitxml", "结果.xml", "--trace", "on-failure"])
    told = [*capsys.readouterr(), Path("结果.xml").read_text("utf-8")]
    run_command_line(["show", "--all"])
    told.append(capsys.readouterr().out)

    assert code == ExitCode.FAILED
    assert find_english(told) == []
    assert "absent" not in "".join(told)


NAMES = {"unexpected token in expression"}  # the engine's own words, behind SyntaxError


@pytest.mark.parametrize("name", THROWN)
def test_what_a_script_sees_is_said_in_chinese_beside_it(chinese: Path, name: str) -> None:
    head = f"× scenarios/失败/{name}.scenario.yaml"
    (ended,) = perform_all([Path(f"scenarios/失败/{name}.scenario.yaml")])
    (headline,) = [line for line in map(translate, say(ended)) if line.startswith(head)]

    assert re.search("（即：.*(没有|缺少|不是|undefined)", headline)


def test_the_page_of_a_run_has_a_title_in_its_language() -> None:
    titles = [
        re.findall(
            "<title>(.*) - bpmax_sim</title>", render_page([], version="1", language=language)
        )
        for language in ("en", "zh")
    ]

    assert titles == [["0 failed, 0 passed"], ["失败 0，通过 0"]]
