"""What is no script, and texts that mean to get out of the function around the body."""

from __future__ import annotations

import pytest

from bpmax_sim.errors import Place, ScriptError, ScriptSyntaxError
from tests.script.bench import NAME, Bench, run, value_of

CLOSED = "SyntaxError: unexpected '}': the body is closed before its end"
ENDED = "SyntaxError: unexpected end of the script"


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("}", "1:1"),
        ("})", "1:1"),
        ("})();", "1:1"),
        ("//\n}", "2:1"),
        ("return 1 } // 完", "1:10"),
        ("'😀张'; }", "1:7"),
        ("\n\t}); (async function () {", "2:2"),
        ("}, async function () {", "1:1"),
        ("} ? 1 : async function () {", "1:1"),
        ("}; if (1) {", "1:1"),
        ("}\nasync function 后() {", "1:1"),
        ("} in\n async function(){", "1:1"),
        ("return '}' + `}` + /}/ }", "1:24"),
        ("if (form.a) {\n  form.a();\n}\n}\nform.b = 1;", "4:1"),
        ("{" * 30 + "}" * 30 + "\n} ; 1", "2:1"),
    ],
)
def test_a_body_that_closes_its_function_early_is_told_at_the_brace(
    source: str, place: str
) -> None:
    error = run(source).error

    assert isinstance(error, ScriptSyntaxError)
    assert str(error) == f"{NAME}:{place}: {CLOSED}"


@pytest.mark.parametrize(
    "source",
    [
        "%s}); (async function () {",
        "}); %s (async function () {",
        "} : 0; }); %s (function () { return 0 ? async () => {",
        "}:0; %s ({a() {",
        "})(); %s (async () => {",
        "}, %s async function () {",
        "} /* */; %s async function 后() {",
        "}); %s //",
        "}); throw %s; (async function () {",
    ],
)
def test_nothing_of_a_body_runs_that_closes_its_function_early(source: str) -> None:
    bench = Bench()
    calls = source % "$proxy('crm').get();"
    writes = source % "form.a = 1;"
    outcomes = [bench.run(text, form={}) for text in (calls, writes)]

    assert [type(outcome.error) for outcome in outcomes] == [ScriptSyntaxError] * 2
    assert [outcome.unawaited for outcome in outcomes] == [(), ()]
    assert bench.programs == []
    assert bench.run("return typeof form.a").value == "undefined"


@pytest.mark.parametrize(
    ("source", "place"),
    [("await", "1:6"), ("if (form.a) {\n", "2:1"), ("const 甲 = '张' +\n\n", "3:1")],
)
def test_a_script_that_ends_too_early_is_told_at_its_end(source: str, place: str) -> None:
    assert str(run(source).error) == f"{NAME}:{place}: {ENDED}"


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("return `\n}`", "\n}"),
        ("return '}' // }", "}"),
        ("return /[}]/.test('}') /* } */", True),
        ("return 1 <!-- }", 1),
        ("\n--> }\nreturn 1", 1),
        ("'}'; { } return ({}).a ?? `${'}'}`", "}"),
    ],
)
def test_a_brace_that_closes_nothing_is_a_script(source: str, value: object) -> None:
    assert value_of(source) == value


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.of_quickjs
def test_lines_may_end_in_any_way(end: str) -> None:
    lines = ["// 注释", "const 甲 = {};", "\t\t甲.乙.丙;"]
    error = run(end.join(lines)).error

    assert isinstance(error, ScriptError)
    assert error.place == Place(NAME, 3, 3)
    assert isinstance(run(end.join(["", "let 甲 = ;"])).error, ScriptSyntaxError)


def test_a_text_over_lines_is_the_same_whatever_they_end_in() -> None:
    assert value_of("return `甲\r乙\r\n丙`") == "甲\n乙\n丙"
