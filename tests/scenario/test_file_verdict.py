"""What no row of a file used: red, in a lenient folder a warning, over shards told by `report`."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.cli.app import run_command_line
from tests.scenario.door import Door

SCRIPT = {"查.js": "await $proxy('crm_system').getCustomerDetail('1')"}
ROWS = """\
version: 1
scenario: 两行
proxy:
  platforms: platforms
  instances: instances.yaml
  stubs:
    - {on: crm_system.get_customer_detail, body: {code: 200, data: {name: 张三}}}
    - {on: crm_system.create_order, body: {}}
form:
  fields: {客户: ""}
  scripts: {click.查: 查.js}
cases: [{id: 甲}, {id: 乙}]
steps: [{click: 查, expect: {proxy: [{call: crm_system.get_customer_detail}]}}]
"""
UNUSED = "the stub crm_system.create_order has never answered"


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Door:
    monkeypatch.chdir(tmp_path)
    return Door(tmp_path)


def choose(door: Door, strictness: str) -> None:
    table = f"[tool.bpmax_sim]\n{strictness} = true\n"
    (door.folder / "pyproject.toml").write_text(table, encoding="utf-8")


def test_a_lenient_folder_is_warned_of_it(door: Door) -> None:
    choose(door, "lenient")
    ended = door.run(ROWS, SCRIPT)

    assert ended.code == 0, ended.text
    assert "2 passed" in ended.text
    assert ended.text.count(UNUSED) == 1


@pytest.mark.parametrize(("strictness", "code"), [("normal", 0), ("strict", 1), ("lenient", 0)])
def test_a_condition_about_a_variable_that_never_held_is_doubtful(
    door: Door, strictness: str, code: int
) -> None:
    choose(door, strictness)
    rows = ROWS.replace("    - {on: crm_system.create_order, body: {}}\n", "")
    text = rows.replace(
        "steps: [",
        "vars: {多: false}\nsteps: [{if: '${vars.多}', click: 查}, ",
    )
    for one in (text, text.replace("cases: [{id: 甲}, {id: 乙}]\n", "")):
        ended = door.run(one, SCRIPT)
        assert ended.code == code, ended.text
        assert "if: ${vars.多} has never held" in ended.text


INHERITED = ROWS[: ROWS.index("form:")].partition("proxy:")[2]
USING = """\
version: 1
scenario: 下单
steps: [{proxy: {call: crm_system.create_order, body: {}}, expect: {result: {}}}]
"""
OWN = "proxy: {stubs: [{on: crm_system.create_order, body: {单号: 1}}]}\nscenario: "
OF_ITS_OWN = USING.replace("scenario: ", OWN).replace("result: {}", "result: {单号: 1}")
LOOKING = ROWS[: ROWS.index("proxy:")] + ROWS[ROWS.index("form:") :]


@pytest.mark.parametrize(
    ("other", "strictness", "code"),
    [
        ("", "strict", 1),
        ("", "normal", 0),
        ("", "lenient", 0),
        (USING, "strict", 0),
        (OF_ITS_OWN, "strict", 1),
        (OF_ITS_OWN, "normal", 0),
        (USING.replace("steps:", "skip: 以后\nsteps:"), "normal", 0),
    ],
)
def test_an_inherited_stub_is_judged_over_all_files_of_its_folder(
    door: Door, capsys: pytest.CaptureFixture[str], other: str, strictness: str, code: int
) -> None:
    choose(door, strictness)
    (door.folder / "defaults.yaml").write_text(f"proxy:{INHERITED}", encoding="utf-8")
    if other:
        (door.folder / "下单.scenario.yaml").write_text(other, encoding="utf-8")
    first = door.run(LOOKING, SCRIPT)
    assert first.code == (0 if other else code), first.text

    for where in (("run", "."), ("run", ".", "--trace", "on")):
        assert run_command_line(where) == code
        told = capsys.readouterr()
        text = told.out + told.err
        assert (UNUSED in text) == (other in {"", OF_ITS_OWN}), text
        assert ("no scenario below . uses it" in text) == (code == 1), text
    assert run_command_line(("report",)) == code
    assert run_command_line(("run", ".", "-k", "甲")) == 0


def test_a_report_adds_up_what_the_shards_left(
    door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    choose(door, "normal")
    for row in "甲乙":
        ended = door.run(ROWS, SCRIPT, "-k", row, "--trace", "on")
        assert ended.code == 0, ended.text
        code = run_command_line(("report",))
        told = capsys.readouterr().err
        assert (code, "none of its rows used" in told) == ((0, False) if row == "甲" else (1, True))

    page = (door.folder / ".bpmax/report.html").read_text(encoding="utf-8")
    assert f"场景.scenario.yaml:8:7: {UNUSED}" in page


def test_lint_explains_what_is_red_and_what_would_be(door: Door) -> None:
    choose(door, "normal")
    wrong = "await $proxy('crm_system').getCustomerDetail('1'); console.log(form.客户名)"
    ended = door.call("lint", ROWS, {"查.js": wrong}, "--explain")

    red, _, doubtful = ended.text.partition("a warning, red if the folder is in strict")
    assert "  rule: take away what nothing uses, or mend what it asks for" in red
    assert f"场景.scenario.yaml:8:7: {UNUSED}" in red
    assert "查.js:1:" in doubtful
    assert "the script reads form.客户名" in doubtful
    assert ended.code == 0


def test_lint_explains_what_no_folder_lets_through(door: Door) -> None:
    choose(door, "normal")
    faults = "faults: [{on: crm_system.create_order, do: {delay: 2s}}]\n"
    ended = door.call("lint", faults + ROWS, SCRIPT, "--explain")

    always, _, _ = ended.text.partition("red, unless the folder is in lenient")
    assert "red in every folder:" in always
    assert "fault never fired: crm_system.create_order" in always


def test_lint_explains_that_nothing_is_doubtful(door: Door) -> None:
    rows = ROWS.replace("    - {on: crm_system.create_order, body: {}}\n", "")
    ended = door.call("lint", rows, SCRIPT, "--explain")

    assert "nothing doubtful was found" in ended.text


def test_a_shared_stub_is_judged_also_beside_a_folder_that_is_named_like_a_file(door: Door) -> None:
    choose(door, "strict")
    (door.folder / "草稿.yaml").mkdir()
    shared = {"共用.yaml": f"proxy:{INHERITED}"}
    ended = door.run(LOOKING.replace("form:", "use: 共用.yaml\nform:"), {**SCRIPT, **shared})

    assert ended.code == 1, ended.text
    assert UNUSED in ended.text
