"""Lines that the default engine does not tell: patterns without a value, writes to constants."""

from __future__ import annotations

import pytest

from bpmax_sim.errors import Place, ScriptError
from tests.script.bench import NAME, Bench, run, texts

BEFORE = "const 回 = await $proxy('crm').get(1), 空 = null;\nconst 甲 = 回 ?? 2;\n"


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("const {name} = 回;\nconst {a} = {};", "3:1"),
        ("  const {data: {name}} = {};", "3:3"),
        ("/* 客户 */ let {\n  name,\n  phone } = 空;", "3:10"),
        ("var 乙 = 1, {name = '无'} = 空;", "3:12"),
        ("const [第一] = 空;", "3:1"),
        ("const {items: [首]} = {};\nconst [a] = [];", "3:1"),
        ("const {...其余} = 空;", "3:1"),
        ("const 文 = 'const {', 板 = `let [`; // var {\nconst {a} = 空;", "4:1"),
        ("if (甲 === 2) {\n  const {a} = 空;\n}", "4:3"),
        ("for (const [k] of []) {}\nconst {a} = 空;", "4:1"),
        ("function 算({金额}) { return 金额 }\nconst {a} = 空;", "4:1"),
        ("function 算({金额}) { return 金额 }\n\n算(空);", "3:1"),
        ("const 算 = (_, {金额}) => 金额;\n算(1, 空);", "3:11"),
        ("class 单 {\n  constructor({金额}) {}\n}\nnew 单(空);", "4:14"),
        ("[1].forEach(() => {\n  const {a} = 空;\n});", "4:3"),
        ("await (async () => {\n  await null;\n  const [a] = 空;\n})();", "5:3"),
        ("try {\n  throw 空;\n} catch ({message}) {}", "5:9"),
        # These are told where they are.
        ("let 丙; ({name: 丙} = 空);", None),
        ("for (const 项 of 空);\nconst [a] = [];", None),
        ("for (const {a} of [空]);\nconst {b} = {};", None),
        ("Math.max(...空);\nconst [a] = [];", None),
        ("Object.keys(空);\nconst {a} = {};", None),
    ],
)
def test_a_pattern_without_a_value_fails_at_its_line(source: str, place: str | None) -> None:
    error = run(BEFORE + source).error

    assert isinstance(error, ScriptError)
    assert error.place is not None
    assert error.name == "TypeError"
    if place is None:
        assert error.place.line == 3
    else:
        assert error.place == Place(NAME, *map(int, place.split(":")))


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("const 税率 = 1;\n税率 = 2;\nform.a = 税率;", "2:1"),
        ("const 税率 = 1;\nconst 旧税率 = 1;\n税率 = 2", "3:1"),
        ("const n = 1;\nif (n === 1) {\n  n++;\n}\nconsole.log(n == 2);", "3:3"),
        ("const $ = {};\n1;\n  $ ??= 2; --$;\nconsole.log(1)", "3:12"),
    ],
)
def test_a_write_to_a_constant_fails_at_its_line(source: str, place: str) -> None:
    error = run(source).error

    assert isinstance(error, ScriptError)
    assert error.place == Place(NAME, *map(int, place.split(":")))


def test_the_first_statement_of_a_body_has_a_line_too() -> None:
    assert str(run("const {a} = null").error) == (
        f"{NAME}:1:1: TypeError: Cannot destructure property 'a' of 'null' as it is null."
    )


def test_a_script_sees_the_same_line() -> None:
    source = "const 值 = null;\ntry {\n  const {a} = 值 }\ncatch (e) { console.log(e.stack) }"
    [said] = texts(run(source))

    assert said.split("\n")[1].strip() == f"at {NAME}:3:3"


def test_a_callback_that_runs_later_is_placed_in_itself() -> None:
    [error] = (
        Bench().run("const 空 = null;\nsetTimeout(() => {\n  const {a} = 空;\n}, 5);").unhandled
    )

    assert error.place == Place(NAME, 3, 3)


@pytest.mark.of_quickjs
@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("const 客户 = {}; 客户.查询()", "客户.查询 is not a function"),
        ("console.logg('x')", "console.logg is not a function; did you mean console.log?"),
        (
            "Intl.NumberFormatt('zh')",
            "Intl.NumberFormatt is not a function; did you mean Intl.NumberFormat?",
        ),
        (
            "crypto.createHash('md5')",
            "crypto.createHash is not a function; crypto has getRandomValues, randomUUID",
        ),
        ("if ($proxy('crm').$api('查')()) 1", "$proxy(...).$api(...) is not a function"),
        # the engine tells the place of the last word of a call, which may be another's
        ("const x = 1; x(parseInt('1'))", "not a function"),
        ("const o = {}; o.f(\n  o.a,\n  Math.max(1))", "not a function"),
    ],
)
def test_what_is_called_and_no_function_is_named_where_that_is_certain(
    source: str, message: str
) -> None:
    error = run(source).error

    assert isinstance(error, ScriptError)
    assert error.message == message
