"""What the command tells of findings: lines, a document, an exit code, files that it saves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.cli import explore as command
from bpmax_sim.errors import Place
from bpmax_sim.explore.orders import Interruption
from bpmax_sim.explore.reproduce import ReproducingScenario
from bpmax_sim.explore.search import Exploration, JudgedVariant
from bpmax_sim.explore.summary import CauseFinding
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.sections import SECTIONS
from tests.explore.test_reproductions import variant
from tests.explore.views import made
from tests.report.test_html import Checked

TEXT = "version: 1\nscenario: 选择客户\n"
ACT = Interruption(call=made("crm.getCustomer"), what="再点一次", is_again=True)
RULES = [
    "    | faults:",
    '    |   - {"on": crm.getCustomer, call: 1, attempts: 10, do: {error: timeout}}',
]
WHOLE = ["    | version: 1", "    | scenario: 选择客户"]


def find(*variants: JudgedVariant, fails: bool = True, **fields: Any) -> CauseFinding:
    usual: dict[str, Any] = {
        "verdict": "silent", "place": "脚本/下单.js:4", "call": "crm.getCustomer",
        "items": ("a.scenario.yaml::付款",),
    }  # fmt: skip
    return CauseFinding(
        variants=variants or (variant(),), fails_scenario=fails, **{**usual, **fields}
    )


def explored(name: str = "付款", **fields: Any) -> Exploration:
    node_id = f"a.scenario.yaml::{name}"
    return Exploration(
        node_id=node_id, name=name, place=Place("a.scenario.yaml", 2), target=node_id, **fields
    )


SCENARIO = ReproducingScenario(Path("a.scenario.yaml"), TEXT, fails_expectation=True)


@pytest.mark.parametrize(
    ("tried", "fails", "code"),
    [
        ([], [], ExitCode.NOTHING),
        ([0], [], ExitCode.NOTHING),
        ([0, 3], [], ExitCode.PASSED),
        ([3, 0], [False], ExitCode.PASSED),
        ([3], [False, True], ExitCode.FAILED),
        ([3], [True, False], ExitCode.FAILED),
        ([0], [True], ExitCode.FAILED),
    ],
)
def test_a_red_finding_fails_and_what_was_not_tried_proves_nothing(
    tried: Sequence[int], fails: Sequence[bool], code: ExitCode
) -> None:
    explorations = [explored(str(number), tried=number) for number in tried]
    found = [(find(fails=one), SCENARIO) for one in fails]

    assert command._choose_exit_code(explorations, found) == code


@pytest.mark.parametrize(
    ("finding", "head", "shown"),
    [
        (find(), "× silent  脚本/下单.js:4  crm.getCustomer: timeout", WHOLE),
        (find(fails=False), "! silent  脚本/下单.js:4  crm.getCustomer: timeout", RULES),
        # an action of a person is in no rule
        (find(variant(interruption=ACT), fails=False),
         "! silent  脚本/下单.js:4  crm.getCustomer: timeout", WHOLE),
        (find(variant(), variant(interruption=ACT), fails=False),
         "! silent  脚本/下单.js:4  crm.getCustomer: timeout", RULES),
    ],
)  # fmt: skip
def test_below_a_finding_stands_what_reproduces_it(
    finding: CauseFinding, head: str, shown: list[str]
) -> None:
    assert [str(line) for line in command._format_report([], [(finding, SCENARIO)])] == [
        head,
        "    crm.getCustomer failed, and nobody was told",
        "    a.scenario.yaml::付款",
        *shown,
    ]


FINDING = {
    "verdict": "silent", "file": "脚本/下单.js", "line": 4, "call": "crm.getCustomer", "red": True,
    "why": "crm.getCustomer failed, and nobody was told", "failures": ["timeout", "再点一次"],
    "items": ["甲", "乙"], "scenario": TEXT,
}  # fmt: skip


def test_a_document_has_every_finding_and_what_was_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    finding = find(variant(), variant(kind="再点一次"), items=("甲", "乙"))
    explorations = [
        explored(possible=3, tried=2), explored("退款", refused="它不通过", possible=7),
        explored("报价", possible=4, tried=4),
    ]  # fmt: skip
    found = [(finding, SCENARIO), (find(fails=False, place="b.js:12"), SCENARIO)]

    command._print_findings(explorations, found, ExitCode.FAILED, json=True)

    printed = capsys.readouterr()
    told = json.loads(printed.out)
    other = {**FINDING, "file": "b.js", "line": 12, "red": False, "failures": ["timeout"],
             "items": ["a.scenario.yaml::付款"]}  # fmt: skip
    assert told == {
        "version": 1, "tried": 6, "possible": 7, "exit_code": 1, "findings": [FINDING, other],
        "refused": [{"item": "a.scenario.yaml::退款", "why": "它不通过"}],
    }  # fmt: skip
    assert printed.err == ""


@pytest.mark.parametrize(
    ("explorations", "fails", "lines"),
    [
        ([], [], ["tried 0 of 0", "nothing was tried, so nothing is proved"]),
        ([explored(possible=3, tried=3)], [], ["tried 3 of 3", "0 findings fail"]),
        ([explored(possible=3, tried=3)], [True, False], ["tried 3 of 3", "1 finding fails"]),
        ([explored(possible=3, tried=1), explored("退款", refused="它不通过"),
          explored("报价", possible=2)], [True, True, False],
         ["a.scenario.yaml::退款: not explored: 它不通过",
          "a.scenario.yaml::报价: not explored: the time was over",
          "tried 1 of 5", "2 findings fail"]),
    ],
)  # fmt: skip
def test_numbers_and_what_was_left_out_are_told_beside_the_findings(
    explorations: list[Exploration],
    fails: list[bool],
    lines: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = [(find(fails=one), SCENARIO) for one in fails]

    command._print_findings(explorations, found, ExitCode.PASSED, json=False)

    assert capsys.readouterr().err.splitlines() == lines


def test_a_cause_is_reproduced_by_the_first_that_showed_it(monkeypatch: pytest.MonkeyPatch) -> None:
    first, other = variant(), variant(kind="再点一次")
    finding = find(first, other, items=("甲", "乙"))
    monkeypatch.setattr(command, "find_causes", lambda _explorations: [finding])
    monkeypatch.setattr(command, "reproduce", lambda *given: given)
    items: Any = {"乙": "付款[乙]", "甲": "付款[甲]"}

    found: Any = command._reproduce_findings([], items)
    assert found == [(finding, ("付款[甲]", first))]


def test_only_a_file_that_is_new_and_fails_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "旧.scenario.yaml").write_text("# 财务已确认\n", "utf-8")
    step = "{set: {金额: 2}, expect: {form: {金额: 3}}}"
    red = f"{TEXT}form: {{fields: {{金额: 1}}}}\nsteps: [{step}]\n"
    green = red.replace("金额: 3", "金额: 2")

    command._save_findings(
        [
            ReproducingScenario(tmp_path / f"{name}.scenario.yaml", text, fails_expectation=True)
            for name, text in (("旧", red), ("绿", green), ("红", red), ("坏", TEXT))
        ]
    )

    told = [line.partition(":")[0::2] for line in capsys.readouterr().err.splitlines()]
    assert [(name, text[:30]) for name, text in told] == [
        ("旧.scenario.yaml", " is there already, and stays a"),
        ("绿.scenario.yaml", " not written, as it would not "),
        ("written", " 红.scenario.yaml"),
        ("坏.scenario.yaml", " not written, as it would not "),
    ]
    assert {path.name: path.read_text("utf-8") for path in tmp_path.glob("*.yaml")} == {
        "旧.scenario.yaml": "# 财务已确认\n", "红.scenario.yaml": red,
    }  # fmt: skip


@pytest.mark.parametrize("is_kept", [True, False])
def test_findings_are_on_the_page_also_where_no_section_can_be_kept(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    is_kept: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").mkdir()
    if not is_kept:
        (tmp_path / ".bpmax").write_text("", "utf-8")
    explorations = [explored(possible=3, tried=3), explored("退款", refused="它不通过")]

    command._store_report_section(explorations, [(find(), SCENARIO)], Path("页面.html"))

    told = Checked(Path("页面.html").read_text("utf-8"))
    (section,) = told.data["index"]["sections"]
    assert section["name"] == "explore"
    assert TEXT.strip() in str(section["parts"][-1]["paste"])
    kept = tmp_path / SECTIONS / "explore.json"
    err = capsys.readouterr().err
    assert (kept.exists(), err.startswith(".bpmax/sections")) == (is_kept, not is_kept)

    Path("页面.html").unlink()
    command._store_report_section(explorations[1:], [], Path("页面.html"))
    assert not Path("页面.html").exists()
