"""What `lint --explain` finds by a replay: each doubt once, none of what lint told of already."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bpmax_sim.cli.explain import replay_for_doubtful_places
from bpmax_sim.cli.item_selection import find_targets
from bpmax_sim.errors import Place, Problem
from bpmax_sim.scenario.script_check import ScriptFinding
from tests.cli.project import Command
from tests.files import write_files

HEAD = "version: 1\nscenario: {}\n"
FORM = "form: {fields: {金额: 1}, scripts: {click.算: 算.js}}\n"
FILES = {
    "scenarios/算.js": "const 价 = form.金额;\nform.金额 = 价 + 1;\n乙方.没有;\n",
    "scenarios/付款.scenario.yaml": f"{HEAD.format('付款')}{FORM}steps: [{{click: 算}}]\n",
    "scenarios/收款.scenario.yaml": f"{HEAD.format('收款')}{FORM}steps: [{{click: 算}}]\n",
    "scenarios/联调.scenario.yaml": (
        f"{HEAD.format('联调')}proxy: {{mode: live}}\nsteps: [{{js: return 1}}]\n"
    ),
    "scenarios/录制.scenario.yaml": (
        f"{HEAD.format('录制')}proxy: {{mode: record}}\nsteps: [{{js: return 1}}]\n"
    ),
    "scenarios/报价.scenario.yaml": (
        f'{HEAD.format("报价")}steps: [{{js: \'$proxy("crm").$api("x")\'}}]\n'
    ),
    "scenarios/退款.scenario.yaml": (
        f"{HEAD.format('退款')}form: {{fields: {{金额: 1}}}}\n"
        "steps: [{set: {金额: 2}, expect: {form: {金额: 3}}}]\n"
    ),
    "scenarios/环.scenario.yaml": (
        f"{HEAD.format('环')}form: {{fields: {{甲: 1, 乙: 1}}, scripts: "
        "{change.甲: 甲.js, change.乙: 乙.js}}\nsteps: [{set: {甲: 2}}]\n"
    ),
    "scenarios/甲.js": "form.乙 = form.甲 + 1;\n",
    "scenarios/乙.js": "form.甲 = form.乙 + 1;\n",
    "scenarios/坏.scenario.yaml": HEAD.format("坏"),
}
SCRIPT, QUOTE = "scenarios/算.js", "scenarios/报价.scenario.yaml"
REFUND = "scenarios/退款.scenario.yaml"
NO_EFFECT = ("script", f"{SCRIPT}:3:1", "strict")
UNDECLARED = ("script", f"{SCRIPT}:3:1", "strict")
CRASH = ("error", f"{SCRIPT}:3:1", "always")
UNCALLED = ("uncalled", f"{QUOTE}:3 js:1:15", "strict")
CYCLE = ("cycle", "scenarios/环.scenario.yaml:2:1", "strict")
ENDLESS = ("error", "scenarios/乙.js:1:19", "always")
EXPECTED = ("expect", f"{REFUND}:4:40", "always")
LEFT = "not run, for they ask a live system"
MORE = "failed in every folder, and may hide more; see `bpmax-sim run`"


@pytest.fixture(autouse=True)
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)


def finding(line: int) -> ScriptFinding:
    return ScriptFinding("no-effect", Problem("乙方.没有", Place(SCRIPT, line, 1)))


@pytest.mark.parametrize(
    ("names", "findings", "doubts", "notes"),
    [
        ("付款", [], [NO_EFFECT, UNDECLARED, CRASH], [f"1 scenario {MORE}"]),
        # the same in two scenarios is one
        ("付款 收款", [], [NO_EFFECT, UNDECLARED, CRASH], [f"2 scenarios {MORE}"]),
        # a failure is told wherever lint found something
        ("付款", [finding(3)], [("no-effect", f"{SCRIPT}:3:1", "by default"), CRASH],
         [f"1 scenario {MORE}"]),
        ("付款", [finding(2)],
         [("no-effect", f"{SCRIPT}:2:1", "by default"), NO_EFFECT, UNDECLARED, CRASH],
         [f"1 scenario {MORE}"]),
        ("报价", [], [UNCALLED], []),
        ("退款", [], [EXPECTED], [f"1 scenario {MORE}"]),
        ("环", [], [CYCLE, ENDLESS], [f"1 scenario {MORE}"]),  # the first is of no line alone
        ("联调", [], [], [f"1 scenario: {LEFT}"]),
        ("录制 联调 报价", [], [UNCALLED], [f"2 scenarios: {LEFT}"]),
        ("坏 报价", [], [UNCALLED], []),
        ("坏", [finding(1)], [("no-effect", f"{SCRIPT}:1:1", "by default")], []),
        ("", [], [], []),
    ],
)  # fmt: skip
def test_each_doubt_of_a_replay_is_told_once(
    names: str,
    findings: list[ScriptFinding],
    doubts: list[tuple[str, str, str]],
    notes: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    paths = [f"scenarios/{name}.scenario.yaml" for name in names.split()]
    files = find_targets(paths) if paths else []

    found = [one.as_data() for one in replay_for_doubtful_places(files, iter(findings))]

    where = [(one["rule"], f"{one['file']}:{one['line']}:{one['column']}", one["red"])
             for one in found]  # fmt: skip
    assert [(rule, place.removesuffix(":0"), red) for rule, place, red in where] == doubts
    assert capsys.readouterr().err.splitlines() == notes


def test_what_lint_finds_is_explained_by_its_own_rule(bs: Command) -> None:
    Path(SCRIPT).write_text("await $proxy('没有').查();\n", "utf-8")

    done = bs("lint", "--explain", "--json", "scenarios/付款.scenario.yaml")

    first = json.loads(done.out)["explained"][0]
    assert (first["rule"], first["file"], first["line"], first["red"]) == (
        "unknown-platform", SCRIPT, 1, "by default"
    )  # fmt: skip
