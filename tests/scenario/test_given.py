from __future__ import annotations

import pytest

from bpmax_sim.scenario.table_rows import (
    list_nonsecret_cli_variables,
    parse_cli_variable,
    parse_cli_variables,
)
from tests.scenario.door import Door


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("0.9", 0.9),
        ("true", True),
        ("007", "007"),
        ("", ""),
        ("a=b", "a=b"),
        ("张三", "张三"),
        ("-", "-"),
        ("1.2.3", "1.2.3"),
        ("9" * 400, "9" * 400),
        ("null", None),
    ],
)
def test_a_variable_is_read_as_in_a_file(text: str, value: object) -> None:
    given = parse_cli_variables([f"x={text}"])["x"]

    for declared in (None, 1, "${vars.y}"):
        read = parse_cli_variable(given, declared)
        assert (read, type(read)) == (value, type(value))


def test_a_variable_that_the_file_declares_as_text_stays_text() -> None:
    given = parse_cli_variables(["phone=13800138000", "amount=13800138000", "copy=5"])
    declared = {"phone": "", "amount": 0, "copy": "${vars.amount}"}

    values = {name: parse_cli_variable(text, declared[name]) for name, text in given.items()}
    assert values == {"phone": "13800138000", "amount": 13800138000, "copy": 5}


SCENARIO = """\
version: 1
scenario: 单
form: {scripts: {change.客户: 脚本.js}, fields: {客户: '', 金额: 0}}
steps: [{set: {客户: '${vars.谁}'}, expect: {form: {金额: 5, 客户: '${vars.谁}'}}}]
"""
SCRIPT = {"脚本.js": "form.金额 = form.客户 === '张三' ? 5 : 6"}


@pytest.mark.parametrize("declared", ["", "vars: {谁: 李四}\n", "vars: {谁: null}\n"])
def test_a_script_gets_a_variable_of_the_command_line_as_a_text(door: Door, declared: str) -> None:
    ended = door.call("run", declared + SCENARIO, SCRIPT, "--var", "谁=张三")

    assert (ended.code, ended.headlines) == (0, [])


def test_a_number_is_a_text_where_the_file_declares_one(door: Door) -> None:
    text = (
        "version: 1\nscenario: 单\nform: {scripts: {open: 脚本.js}, fields: {电话: '', 数: 0}}\n"
        "vars: {电话: '', 数: 0}\n"
        "steps: [{open: {}, expect: {form: {电话: '${vars.电话}', 数: '${vars.数}'}}}]\n"
    )
    files = {"脚本.js": "form.电话 = '137'; form.数 = 137"}

    ended = door.call("run", text, files, "--var", "电话=137", "--var", "数=137")
    assert (ended.code, ended.headlines) == (0, [])


@pytest.mark.parametrize("declared", ["", "vars: {谁: 李四}\n"])
def test_what_is_written_is_run_again_with_the_variables_of_the_run(
    door: Door, declared: str
) -> None:
    text = (declared + SCENARIO).replace("金额: 5", "金额: 1")

    ended = door.call("run", text, SCRIPT, "--var", "谁=张三", "--update", "--yes")

    written = (door.folder / "场景.scenario.yaml").read_text(encoding="utf-8")
    assert "金额: 5" in written, ended.text
    assert "客户: '${vars.谁}'}}}]" in written


def test_what_python_gives_is_as_it_is() -> None:
    assert parse_cli_variable("5", 3) == "5"


@pytest.mark.parametrize("text", ["客户", "=12345", " =12345"])
def test_a_text_without_name_or_value_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        parse_cli_variables([text])


@pytest.mark.parametrize(
    ("secrets", "shown"),
    [
        ([], ("客户=12 345", "令牌=tk-1", "对象=x", "env=测试", "case=")),
        (["vars.令牌"], ("客户=12 345", "对象=x", "env=测试", "case=")),
        (["vars.对象.token", "vars.令牌"], ("客户=12 345", "env=测试", "case=")),
        (["vars.env", "vars.case", "vars.没有"], ("客户=12 345", "令牌=tk-1", "对象=x")),
        (["env.令牌", "case.客户"], ("客户=12 345", "令牌=tk-1", "对象=x", "env=测试", "case=")),
    ],
)
def test_a_command_gives_them_again_without_the_secret_ones(
    secrets: list[str], shown: tuple[str, ...]
) -> None:
    typed = parse_cli_variables(["客户=12 345", "令牌=tk-1", "对象=x", "env=测试", "case="])

    assert list_nonsecret_cli_variables({**typed, "more": 1}, secrets) == shown
