"""``bpmax-sim challenge``: what it prints, and how it ends."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from bpmax_sim.challenge.findings import _OUTCOMES, Weakness
from bpmax_sim.challenge.judge import MutantVerdict, ScriptChallenge
from bpmax_sim.challenge.proposals import ExpectLine
from bpmax_sim.cli.app import run_command_line
from bpmax_sim.cli.challenge import _format_finding
from bpmax_sim.errors import Place
from bpmax_sim.i18n import translate
from bpmax_sim.report.sections import SECTIONS, ReportSection, SectionFinding, read_sections
from tests.challenge.test_challenge import CASES, LIBRARY, ROWS, SCENARIO, SCRIPT
from tests.variant.project import write_project


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_project(tmp_path, SCENARIO, submit=SCRIPT, names=LIBRARY)


def test_findings_are_printed_with_what_to_add(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["challenge"]) == 0
    out, err = capsys.readouterr()
    assert (
        "scenarios/submit.js:3:1  a field is not written, or gets another value\n"
        "    form.金额 = order.amount  →  left out\n"
        "    订单, step 1: form.金额 800 → 0, and it still passes\n"
        "    add at scenarios/订单.scenario.yaml:12:5:\n"
        "      expect: {form: {金额: 800}}\n"
    ) in out
    assert "this condition was never true" in out
    assert "mistakes tried: " in err


PROPOSED = ExpectLine(file="a.scenario.yaml", step=1, expect={"form": {"金额": 800}})
SEVERAL = [
    (
        None,
        (
            "    no expectation was found that tells the two\n"
            "    3 mistakes go unnoticed so, also of lines 4, 5, also at 公共.js:4"
        ),
        (
            "    没有找到能区分二者的期望（expect）\n"
            "    同样发现不了的错误共 3 个，另见第 4、5 行，另见 公共.js:4"
        ),
    ),
    (
        PROPOSED,
        "    it notices 3 mistakes, also of lines 4, 5, also at 公共.js:4",
        "    这条期望能发现 3 个错误，另见第 4、5 行，另见 公共.js:4",
    ),
]
"""Proposed expectation, and what is said in each language of a finding about three mistakes."""


@pytest.mark.parametrize(("line", "english", "chinese"), SEVERAL, ids=["none", "one"])
def test_a_finding_about_several_mistakes_says_whether_an_expectation_notices_them(
    line: ExpectLine | None, english: str, chinese: str
) -> None:
    finding = Weakness(
        place=Place("a.js", 3, 1),
        verdict="differs",
        kind="",
        line=line,
        kills=3,
        others=(Place("a.js", 4), Place("a.js", 5), Place("公共.js", 4)),
    )

    lines = [*_format_finding(finding)]

    assert "\n".join(translate(one, "en") for one in lines).endswith(english)
    assert "\n".join(translate(one, "zh") for one in lines).endswith(chinese)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--strict"], 1),
        (["--fail-under", "99"], 1),
        (["--fail-under", "10"], 0),
        (["--fail-under", "101"], 2),
        (["-n", "65"], 2),
        (["--max", "0"], 2),
        (["--max", "2"], 0),
        (["--changed", "nowhere"], 2),
        (["-k", "没有这样的"], 5),
    ],
)
def test_exit_codes(options: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["challenge", *options]) == code
    assert ("tried 2 of " in capsys.readouterr().err) == ("--max" in options and code == 0)


def test_json_has_each_finding_and_the_verdict_of_each_mistake(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run_command_line(["challenge", "--json"])
    document = json.loads(capsys.readouterr().out)
    found = {one["line"]: one for one in document["findings"] if "submit" in one["file"]}
    assert (found[3]["verdict"], found[3]["expect"]) == (
        "differs",
        "expect: {form: {金额: 800}}",
    )
    summary = {name: document["summary"][name] for name in _OUTCOMES}
    assert len(document["mutants"]) == sum(summary.values())
    assert sum(document["summary"]["killed_by"].values()) == summary["killed"] > 0


def test_a_script_with_a_syntax_error_stops_it_by_name(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project.parent / "submit.js").write_text("form.a = ;", encoding="utf-8")
    assert run_command_line(["challenge"]) == 2
    assert "submit.js:1:" in capsys.readouterr().err


def test_a_comment_without_a_reason_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"// bpmax-ignore-next field-write\n{SCRIPT}"
    (project.parent / "submit.js").write_text(text, encoding="utf-8")
    assert run_command_line(["challenge"]) == 2
    assert "submit.js:1:1: a reason is missing" in capsys.readouterr().err


def test_what_cannot_be_tried_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = SCENARIO.replace("scenario: 订单", "scenario: 另一个").replace(
        "steps:", "steps:\n  - {python: tests.variant.project:load_item}"
    )
    project.with_name("另一个.scenario.yaml").write_text(text, encoding="utf-8")
    assert run_command_line(["challenge"]) == 0
    assert (
        "left out: scenarios/另一个.scenario.yaml:2:1: has a python: step"
        in capsys.readouterr().err
    )


def test_where_nothing_can_be_tried_it_does_not_pass(tmp_path: Path) -> None:
    step = "steps:\n  - {python: tests.variant.project:load_item}"
    write_project(tmp_path, SCENARIO.replace("steps:", step), submit=SCRIPT, names=LIBRARY)
    assert run_command_line(["challenge"]) == 5


def test_update_shows_a_diff_and_asks_and_keeps_comments(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = project.read_text(encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert run_command_line(["challenge", "--update"]) == 1
    assert project.read_text(encoding="utf-8") == before
    assert run_command_line(["challenge", "--update", "--yes"]) == 0
    assert "+    expect: {form: {客户: 张三, " in capsys.readouterr().err
    assert "# 名称一定要对\n" in project.read_text(encoding="utf-8")
    assert run_command_line(["run"]) == 0
    capsys.readouterr()
    run_command_line(["challenge", "--json"])
    assert json.loads(capsys.readouterr().out)["summary"]["differs"] == 1  # it is suspicious


TABLE = '单号,编号\r\n甲,1\r\n"乙,丙",2\r\n\r\n丁,3'
WIDER = '单号,编号,客户\r\n甲,1,1号\r\n"乙,丙",2,2号\r\n\r\n丁,3,3号'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_column_is_written_into_a_table_that_stays_as_it_is(
    project: Path, encoding: str, capsys: pytest.CaptureFixture[str]
) -> None:
    head = SCENARIO.partition("proxy:")[0]
    rows = "cases: {from: 单.csv, id: 单号}\n"
    steps = "steps:\n  - set: {编号: '${case.编号}'}\n"
    project.write_text(f"{head}{rows}{steps}", encoding="utf-8")
    (project.parent / "submit.js").write_text("form.客户 = `${form.编号}号`;\n", encoding="utf-8")
    table = project.with_name("单.csv")
    table.write_bytes(TABLE.encode(encoding))
    assert run_command_line(["challenge", "--update", "--yes"]) == 0
    assert table.read_bytes() == WIDER.encode(encoding)
    assert "+甲,1,1号" in capsys.readouterr().err
    assert run_command_line(["run"]) == 0


def test_cells_to_add_are_printed_as_they_are_written_into_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = (
        "if (form.编号 === '1')\n  form.客户 = '甲';\nform.$required.备注 = form.编号 === '1';\n"
    )
    path = write_project(tmp_path, ROWS + CASES, submit=script, names="")
    assert run_command_line(["challenge", str(path)]) == 0
    out = capsys.readouterr().out
    assert '      甲: 甲\n      乙: ""\n' in out
    assert "      甲: true\n      乙: false\n" in out

    run_command_line(["challenge", str(path), "--json"])
    found = json.loads(capsys.readouterr().out)["findings"]
    assert {"required": {"甲": True, "乙": False}} in [one["columns"] for one in found]


def test_findings_are_a_section_of_the_page(project: Path) -> None:
    assert run_command_line(["challenge"]) == 0
    section = read_sections([project.parents[1] / SECTIONS])["challenge"]
    assert isinstance(section, ReportSection)
    pastes = [part.paste for part in section.parts if isinstance(part, SectionFinding)]
    assert "expect: {form: {金额: 800}}" in pastes


def test_what_was_tried_before_an_interruption_is_told(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = ScriptChallenge.judge_one

    def interrupt(self: ScriptChallenge, number: int) -> MutantVerdict:
        if number == 3:
            raise KeyboardInterrupt
        return judge(self, number)

    monkeypatch.setattr(ScriptChallenge, "judge_one", interrupt)
    assert run_command_line(["challenge", "--update", "--yes"]) == 130
    assert "tried 3 of " in capsys.readouterr().err
    assert project.read_text(encoding="utf-8") == SCENARIO
    assert not [*(project.parents[1] / ".bpmax").glob("*.tmp")]
    monkeypatch.undo()
    monkeypatch.chdir(project.parents[1])
    assert run_command_line(["challenge"]) == 0
    assert "reused " in capsys.readouterr().err
