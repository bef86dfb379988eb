"""What broken scripts throw, write and send, each through a whole scenario."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.project import Project, headlines

SCENARIO = """\
version: 1
scenario: 客户表单
form: {scripts: {open: form.js}, fields: {客户: ""}}
proxy: {platforms: platforms}
clock: "2026-03-02T09:00:00+08:00"
steps:
  - {open: {}}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


@pytest.mark.parametrize(
    ("script", "essence"),
    [
        ("throw null", "Uncaught: null"),
        ("throw undefined", "Uncaught: undefined"),
        ("throw '余额不足'", "Uncaught: '余额不足'"),
        ("throw 10n", "Uncaught: 10n"),
        ("throw Symbol('坏')", "Uncaught: Symbol(坏)"),
        ("throw Object.freeze({code: 7})", "Uncaught: { code: 7 }"),
        ("throw Object.freeze(new TypeError('冻'))", "TypeError: 冻"),
        ("throw {get code() { throw 1 }}", "Uncaught: { code: [Getter] }"),
        ("throw Object.defineProperty(new Error(), 'message', {get() { throw 1 }})", "Error: "),
        ("throw new Proxy({}, {get() { throw 1 }, ownKeys() { throw 2 }})", None),
        ("throw new Proxy(new Error('代理'), {})", "Error: 代理"),
        ("throw Object.create(null)", "Uncaught: [Object: null prototype] {}"),
        ("const e = new Error('环'); e.cause = e; throw e", "Error: 环"),
        ("throw class 错 {}", "Uncaught: [class 错]"),
        ("const e = new Error('多'); e.self = {e}; throw e", "Error: 多"),
        ("const e = new Error('改'); e.name = 5; throw e", "5: 改"),
        ("await Promise.reject()", "Uncaught: undefined"),
        ("return {get a() { throw new Error('读') }}", "Error: 读"),
        ("return new Proxy([], {get() { throw new Error('读') }})", "Error: 读"),
    ],
)
def test_whatever_is_thrown_is_one_failure_at_its_line(
    project: Project, script: str, essence: str | None
) -> None:
    (failure,) = project.run(SCENARIO, {"form.js": script}).failures

    assert failure.kind == "error"
    assert essence is None or failure.headline == f"step 1/1 open: {essence}"
    assert str(failure.script).startswith("form.js")


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("() => 1", "TypeError: a function cannot be sent"),
        ("Symbol('x')", "TypeError: a symbol cannot be sent"),
        ("{客户: (async () => '张三')()}", "TypeError: a promise cannot be sent: await it first"),
        ("(() => { const c = {}; c.c = c; return c })()", (
            "TypeError: an object that contains itself cannot be sent"
        )),
        ("(() => { const c = []; c.push([c]); return c })()", (
            "TypeError: an object that contains itself cannot be sent"
        )),
        ("{get a() { throw new Error('读不了') }}", "Error: 读不了"),
        ("new Proxy({}, {ownKeys() { throw new Error('读不了') }})", "Error: 读不了"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("call", ["get_customer_detail(%s)", "$api('create_order').$body(%s)"])
def test_what_cannot_be_sent_throws_where_it_is_given(
    project: Project, call: str, argument: str, message: str
) -> None:
    script = f"1;\n$proxy('crm_system').{call % argument};"
    (failure,) = project.run(SCENARIO, {"form.js": script}).failures

    assert failure.headline.startswith(f"step 1/1 open: {message}")
    assert str(failure.script).startswith("form.js:2:")
    assert project.sent == []


@pytest.mark.parametrize(
    ("script", "essence", "place"),
    [
        ("const x = ;", "ScriptSyntaxError: unexpected token in expression: ';'", "form.js:1:11"),
        (
            "const 客户 = '张三';\n客户.姓名 ? : 1",
            "ScriptSyntaxError: unexpected token in expression: ':'",
            "form.js:2:9",
        ),
        (
            "form.a = 1;\n}); (async function () {",
            "ScriptSyntaxError: unexpected '}': the body is closed before its end",
            None,
        ),
        ("`未完", None, None),
        ("await = 1", None, None),
        ("return 1; import x from 'y'", None, None),
    ],
)
def test_a_script_that_does_not_parse_fails_at_the_right_place(
    project: Project, script: str, essence: str | None, place: str | None
) -> None:
    (failure,) = project.run(SCENARIO, {"form.js": script}).failures

    assert "SyntaxError: " in failure.headline
    assert essence is None or failure.headline.endswith(essence.partition(": ")[2])
    assert place is None or str(failure.script) == place
    assert str(failure.script).startswith("form.js:")


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("form.新 = typeof form.没有", "{新: undefined}"),
        ("form.新 = form.没有?.下级 ?? '无'", "{新: 无}"),
        ("form.新 = '没有' in form", "{新: false}"),
        ("form.新 = Object.keys(form).length", "{新: 2}"),
        ("delete form.没有; form.新 = 1", "{新: 1}"),
    ],
)
def test_a_field_that_does_not_exist_is_undefined_and_can_be_made(
    project: Project, script: str, expected: str
) -> None:
    text = SCENARIO.replace("{open: {}}", f"{{open: {{}}, expect: {{form: {expected}}}}}")
    text = text.replace("fields: {", "fields: {新: null, ")

    assert headlines(project.run(text, {"form.js": script})) == []


def test_an_extension_that_does_not_exist_is_told_with_the_near_one(project: Project) -> None:
    (failure,) = project.run(SCENARIO, {"form.js": "1;\n  form.$mesage = 'x'"}).failures

    assert failure.headline == (
        "step 1/1 open: UNKNOWN_NAME: form.$mesage: form.$mesage is not known; "
        "did you mean '$message'?"
    )
    assert str(failure.script) == "form.js:2:3"


@pytest.mark.parametrize("value", ["() => 1", "Symbol('x')", "form", "[form]"])
def test_any_value_can_be_written_to_a_field(project: Project, value: str) -> None:
    assert headlines(project.run(SCENARIO, {"form.js": f"form.客户 = {value}"})) == []


def test_a_field_may_have_any_name(project: Project) -> None:
    text = SCENARIO.replace(', fields: {客户: ""}', "")

    assert headlines(project.run(text, {"form.js": "form['a.b'] = 1; form[''] = 2"})) == []
