"""A script is run alone in three lines: its file, its arguments, what comes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import run_scenario

BODY = "return 重量 <= 10 ? 12 : 12 + (重量 - 10) * 1.5;\n"
LIBRARY = "async function 运费(重量, 城市) { return {金额: 重量 * 2, 城市}; }\n"
CASES = "cases: [{id: 轻, 重量: 2, 得: 12}, {id: 重, 重量: 20, 得: 27}]\n"


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("freight.js").write_text(BODY, "utf-8")
    Path("by_city.js").write_text(LIBRARY, "utf-8")


def write(script: str, more: str = "") -> Path:
    path = Path("运费.scenario.yaml")
    path.write_text(f"scenario: 运费按重量算\nscript: {script}\n{more}", "utf-8")
    return path


@pytest.mark.parametrize(
    ("script", "more"),
    [
        ("{file: freight.js, args: {重量: 14}}", "expect: {result: 18}\n"),
        ("{file: by_city.js, call: 运费, args: [3, 上海]}",
         "expect: {result: {金额: 6, 城市: 上海}}\n"),
        ("{file: freight.js, args: {重量: '${case.重量}'}}",
         f"{CASES}expect: {{result: '${{case.得}}'}}\n"),
        ("{file: by_city.js, call: 运费, args: '${vars.参数}'}",
         "vars: {参数: [1, 北京]}\nexpect: {result: {城市: 北京}}\n"),
    ],
)  # fmt: skip
def test_a_script_is_run_with_its_arguments(script: str, more: str) -> None:
    assert not run_scenario(write(script, more)).failures


def test_what_a_script_returns_is_held_against_what_is_expected() -> None:
    path = write("{file: freight.js, args: {重量: 14}}", "expect: {result: 19}\n")
    (failure,) = run_scenario(path).failures

    assert failure.essence == "result expected 19, got 18"
    assert str(failure.place) == "运费.scenario.yaml:3:10"


@pytest.mark.parametrize(
    ("script", "more", "message"),
    [
        ("freight.js", "steps: [{open: {}}]\n", "2:1: script: script is a scenario's only step"),
        ("frieght.js", "", "2:9: script frieght.js cannot be read: No such file"),
        ("{fil: freight.js}", "", "2:10: steps[0].js.fil: unknown key 'fil'"),
        ("{file: freight.js, args: [1]}", "", "a script takes arguments by name"),
        ("{file: freight.js, call: a, args: {b: 1}}", "", "a function takes a list of arguments"),
        ("{file: freight.js, args: {重-量: 1}}", "", "'重-量' is not a valid script name"),
        ("{file: freight.js, call: 'a()'}", "", "expected the name of a function, got 'a()'"),
        ("{file: freight.js, args: {重量: '${vars.x}'}}", "", "${vars.x} is not defined"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(script: str, more: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_items(write(script, more))

    told = [str(one).removeprefix("运费.scenario.yaml:") for one in caught.value.problems]
    assert any(message in one for one in told), told
