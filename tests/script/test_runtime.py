from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.errors import (
    ConfigError,
    HttpStatusError,
    NoMatchError,
    PendingPromise,
    Place,
    ScriptError,
    ScriptLimitError,
    ScriptSyntaxError,
)
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.messages import Request, Response
from bpmax_sim.script.failure import Script
from bpmax_sim.script.limits import Limits
from bpmax_sim.script.runtime import _PACKAGES, Page, describe_engine
from bpmax_sim.script.turn_result import Outcome
from tests.script.bench import NAME, START, Bench, Form, ok, run, texts, value_of

ROOT = Path(__file__).parents[2]


def missing(_request: Request) -> Response:
    raise HttpStatusError(
        "crm.get_customer: HTTP 404",
        platform="crm",
        instance="test",
        api="get_customer",
        status=404,
        response={"status": 404, "headers": {}, "body": {"message": "客户不存在"}},
    )


def failure(source: str, **options: Any) -> ScriptError:
    error = run(source, **options).error
    assert isinstance(error, ScriptError)
    return error


def test_a_body_awaits_and_returns_at_its_top_level() -> None:
    assert value_of("const 客户 = await Promise.resolve('张三');\nreturn 客户; // 完") == "张三"


def test_a_body_without_return_has_the_value_undefined() -> None:
    assert value_of("let a = 1") is UNDEFINED


def test_a_body_is_sloppy_unless_it_says_otherwise() -> None:
    assert value_of("合计 = 2; with ({倍数: 3}) { return 合计 * 倍数 }") == 6
    assert failure("'use strict';\n合计 = 2").name == "ReferenceError"


def test_declarations_of_libraries_are_seen_by_later_libraries_and_the_body() -> None:
    first = Script("const 税率 = 0.13;\nclass 金额 { constructor(v) { this.v = v } }", "lib/a.js")
    second = Script("function 含税(v) { return new 金额(v * (1 + 税率)).v }", "lib/b.js")

    assert value_of("return 含税(100)", libraries=[first, second]) == pytest.approx(113)


@pytest.mark.of_quickjs
def test_an_error_of_a_library_names_the_library() -> None:
    error = failure("", libraries=[Script("\nnull.name", "lib/a.js")])

    assert str(error) == "lib/a.js:2:1: TypeError: cannot read property 'name' of null"


@pytest.mark.of_quickjs
def test_a_library_that_does_not_parse_is_a_syntax_error_in_it() -> None:
    error = failure("return 1", libraries=[Script("let 名 = ;", "lib/a.js")])

    assert isinstance(error, ScriptSyntaxError)
    assert str(error) == "lib/a.js:1:9: SyntaxError: unexpected token in expression: ';'"
    error = failure("return 1", libraries=[Script("\nfunction 查() {", "lib/a.js")])
    assert str(error) == "lib/a.js:2:15: SyntaxError: unexpected end of the script"


@pytest.mark.of_quickjs
def test_a_function_of_a_library_appears_in_the_stack_between_the_bodys_lines() -> None:
    library = Script("function 检查(c) {\n  return c.name.length;\n}", "lib/校验.js")
    error = failure("function 开始() {\n  检查({});\n}\n开始();", libraries=[library])

    assert error.stack == (
        "检查 (lib/校验.js:2:10)",
        f"开始 ({NAME}:2:3)",
        f"{NAME}:4:1",
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("let a = ;", "1:9: SyntaxError: unexpected token in expression: ';'"),
        ("const 张三 = '李四'; let 王五 五;", "1:25: SyntaxError: expecting ';'"),
        ("const t = `未完", "1:11: SyntaxError: unexpected end of string"),
        ("/* 未完", "1:1: SyntaxError: unexpected end of comment"),
    ],
)
@pytest.mark.of_quickjs
def test_a_syntax_error_has_line_and_column_in_characters(source: str, expected: str) -> None:
    error = failure(source)

    assert isinstance(error, ScriptSyntaxError)
    assert str(error) == f"{NAME}:{expected}"


@pytest.mark.of_quickjs
def test_an_uncaught_error_has_name_message_and_place_in_characters() -> None:
    error = failure("const 张三 = '客户';\nconst 李 = '中文字'; 张三.电话.length;")

    assert error.name == "TypeError"
    assert error.message == "Cannot read properties of undefined (reading 'length')"
    assert error.place == Place(NAME, 2, 18)


@pytest.mark.parametrize(
    "thrown",
    [
        "atob('!')",
        "btoa('张')",
        "structuredClone(() => 1)",
        "throw new DOMException('坏', 'AbortError')",
    ],
)
def test_an_error_of_the_web_has_a_line(thrown: str) -> None:
    error = failure(f"1;\n  {thrown}")

    assert error.place is not None
    assert error.place.line == 2
    seen = "[e instanceof Error, e.constructor === DOMException]"
    assert value_of(f"try {{ {thrown} }} catch (e) {{ return {seen} }}") == [True, True]


@pytest.mark.of_quickjs
def test_a_cause_chain_becomes_a_chain_of_exceptions() -> None:
    error = failure("try { null.x } catch (e) {\n  throw new RangeError('外', {cause: e})\n}")

    assert str(error) == f"{NAME}:2:37: RangeError: 外"
    assert isinstance(error.__cause__, ScriptError)
    assert (
        str(error.__cause__)
        == f"{NAME}:1:7: TypeError: Cannot read properties of null (reading 'x')"
    )


def test_all_that_promise_any_met_is_told_and_the_first_is_the_cause() -> None:
    source = """
      const 甲 = $proxy('crm').get_customer('1'), 乙 = Promise.reject(new RangeError('乙'));
      await Promise.any([甲, 乙])"""
    error = Bench(missing).run(source).error

    assert isinstance(error, ScriptError)
    assert (error.name, error.message) == ("AggregateError", "All promises were rejected")
    assert [one["message"] for one in error.fields["errors"]] == [
        "crm.get_customer: HTTP 404",
        "乙",
    ]
    assert isinstance(error.__cause__, ScriptError)
    assert isinstance(error.__cause__.__cause__, HttpStatusError)


@pytest.mark.parametrize(
    "made",
    [
        "class 业务错误 extends Error {}",
        "class 底 extends Error {} class 业务错误 extends 底 { constructor(m) { super(m) } }",
        (
            "function 业务错误(m) { return Object.setPrototypeOf(Error(m), 业务错误.prototype) } "
            "业务错误.prototype = Object.create(Error.prototype, {constructor: {value: 业务错误}})"
        ),
    ],
)
@pytest.mark.of_quickjs
def test_an_error_of_a_class_of_the_script_is_placed_where_it_is_made(made: str) -> None:
    source = f"{made}\nfunction 查() {{\n  throw new 业务错误('余额不足');\n}}\n查();"
    error = failure(source)

    assert error.message == "余额不足"
    assert error.stack == (f"查 ({NAME}:3:13)", f"{NAME}:5:1")
    assert value_of(source.replace("\n查();", "\ntry { 查() } catch (e) { return e.stack }")) == (
        f"Error: 余额不足\n    at 查 ({NAME}:3:13)\n    at {NAME}:5:7"
    )


@pytest.mark.parametrize(
    ("thrown", "message"),
    [
        ("null", "null"),
        ("undefined", "undefined"),
        ("'余额不足'", "'余额不足'"),
        ("42", "42"),
        ("Symbol('号')", "Symbol(号)"),
        ("Object.freeze({code: 7})", "{ code: 7 }"),
        ("{get code() { throw 1 }}", "{ code: [Getter] }"),
        (
            "new Proxy({}, {get() { throw 1 }, getPrototypeOf() { throw 2 }})",
            "a value that cannot be read",
        ),
    ],
)
def test_whatever_is_thrown_arrives_as_an_error(thrown: str, message: str) -> None:
    error = failure(f"throw {thrown}")

    assert (error.name, error.message) == ("Uncaught", message)
    assert error.place == Place(NAME)


def test_own_properties_of_a_thrown_error_are_its_fields() -> None:
    error = failure("throw Object.assign(new Error('坏'), {code: 'E1', 明细: [1, undefined]})")

    assert error.fields == {"code": "E1", "明细": [1, UNDEFINED]}


def test_a_rejected_call_is_a_real_error_with_the_fields_of_the_rejection() -> None:
    source = """
      try { await $proxy('crm').get_customer('1') } catch (e) {
        return [e instanceof Error, e.name, e.message, e.code, e.platform_key, e.instance_key,
          e.api, e.status, e.response.body.message];
      }"""

    assert Bench(missing).run(source).unwrap() == [
        True, "Error", "crm.get_customer: HTTP 404", "HTTP_STATUS", "crm", "test",
        "get_customer", 404, "客户不存在",
    ]  # fmt: skip


@pytest.mark.of_quickjs
def test_an_uncaught_rejection_comes_back_at_the_line_that_awaits_with_its_python_cause() -> None:
    source = "const 请求 = $proxy('crm').get_customer('1');\nawait null;\n  await 请求;"
    error = Bench(missing).run(source).error

    assert isinstance(error, ScriptError)
    assert str(error) == f"{NAME}:3:9: Error: crm.get_customer: HTTP 404"
    assert error.fields["code"] == "HTTP_STATUS"
    assert isinstance(error.__cause__, HttpStatusError)


def test_the_stack_that_a_script_sees_names_only_its_own_lines() -> None:
    source = "try { await $proxy('crm').get_customer('1') }\ncatch (e) { return e.stack }"

    assert Bench(missing).run(source).unwrap() == (
        f"Error: crm.get_customer: HTTP 404\n    at {NAME}:1:27"
    )


@pytest.mark.parametrize(
    ("source", "stack"),
    [
        ("const e = new Error('坏'); return e.stack", f"Error: 坏\n    at {NAME}:1:15"),
        ("return new Error().stack", f"Error\n    at {NAME}:1:12"),
        (
            "const o = {}; Error.captureStackTrace(o); return o.stack",
            f"[object Object]\n    at {NAME}:1:39",
        ),
        ("const e = new Error(); e.stack = '我的'; return e.stack", "我的"),
        ("const e = new Error(); e.stack = 7; return [e.stack, Object.keys(e)]", [7, []]),
        (
            "Error.prepareStackTrace = (e, s) => 7; try { null.x } catch (e) { return e.stack }",
            7,
        ),
    ],
)
@pytest.mark.of_quickjs
def test_a_stack_can_be_captured_set_and_prepared(source: str, stack: object) -> None:
    assert value_of(source) == stack


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("class P extends Promise {}; const p = new P(r => r(1))", True),
        ("const P = Promise, p = P.resolve(P.resolve(1))", True),
        ("const P = Promise, p = (async () => 1)()", True),
    ],
)
def test_promises_keep_their_kind(expression: str, value: object) -> None:
    source = f"{expression}; return p instanceof P && p.then(x => x) instanceof P && await p === 1"

    assert value_of(source) is value


def test_promise_jobs_run_in_the_order_of_the_standard() -> None:
    source = """
      const said = [], pass = name => () => { said.push(name) };
      (async () => { await null; pass('a')(); await Promise.resolve(); pass('b')() })();
      Promise.resolve().then(pass(1)).then(pass(2)).then(pass(3));
      await new Promise(r => setTimeout(r, 1));
      return said.join('')"""

    assert value_of(source) == "a1b23"


def test_a_replay_miss_rejects_too() -> None:
    def miss(_request: Request) -> Response:
        raise NoMatchError("no recording\n  nearest: get (a=1)", platform="crm", api="get")

    source = "try { await $proxy('crm').get() } catch (e) { return [e.code, e.message] }"
    assert Bench(miss).run(source).unwrap() == ["NO_MATCH", "no recording"]


def test_an_error_that_is_none_of_ours_is_not_shown_to_the_script() -> None:
    def broken(_request: Request) -> Response:
        raise AssertionError("a bug")

    with pytest.raises(AssertionError, match="a bug"):
        Bench(broken).run("try { await $proxy('crm').get() } catch {}")


@pytest.mark.of_quickjs
def test_a_call_that_nobody_awaits_completes_and_is_reported() -> None:
    bench = Bench(lambda _request: ok({"done": 1}, elapsed=3))
    outcome = bench.run("const crm = $proxy('crm');\n  crm.通知('张三');\nreturn 1")

    assert outcome.value == 1
    assert list(map(str, outcome.unawaited)) == [f"{NAME}:2:3: crm.通知 was not awaited"]
    assert bench.elapsed() == 3


def test_a_call_under_way_at_the_end_is_of_the_function_that_nobody_awaits() -> None:
    outcome = run("async function 通知() {\n  await $proxy('crm').send();\n}\n通知();")

    assert list(map(str, outcome.unawaited)) == [f"{NAME}:4:1: 通知() was not awaited"]
    assert all(call.is_doubtful for call in outcome.unawaited)


@pytest.mark.parametrize("contest", ["race", "any"])
def test_a_call_that_lost_a_race_was_awaited(contest: str) -> None:
    bench = Bench(lambda _request: ok({}, elapsed=5))
    source = (
        f"await Promise.{contest}([$proxy('crm').get(), new Promise(r => setTimeout(r, 3000))])"
    )
    outcome = bench.run(source)

    assert outcome.unawaited == ()
    assert bench.elapsed() == 5


@pytest.mark.parametrize("chain", ["then(r => r)", "then(r => r).catch(e => e)", "finally(f => f)"])
def test_what_comes_of_a_call_may_lose_the_race_in_its_stead(chain: str) -> None:
    assert run(f"await Promise.race([$proxy('crm').get().{chain}, 1])").unawaited == ()
    assert run(f"$proxy('crm').get().{chain}").unawaited == ()


def test_awaited_calls_are_not_reported() -> None:
    source = """
      const p = $proxy('crm');
      await p.a(); await Promise.all([p.b(), p.c()]); await p.d().then(x => x);
      const late = p.e(); await late;"""

    assert run(source).unawaited == ()


@pytest.mark.parametrize(
    ("source", "line"),
    [
        *(
            pytest.param(source, line, marks=pytest.mark.needs_native)
            for source, line in (
                ("async function f() {\n  await $proxy('crm').get_customer('1');\n}\nf();", 2),
                ("(async () => {\n  null.x;\n})();", 2),
                ("\nnew Promise((_, no) => no(new Error('坏')));", 2),
                ("Promise.resolve().then(() => {\n  throw new Error('坏')\n});", 2),
            )
        ),
        ("setTimeout(() => {\n  null.x }, 10);", 2),
        ("\n$proxy('crm').get_customer('1');", 2),
    ],
)
@pytest.mark.of_quickjs
def test_a_rejection_that_nobody_handles_is_reported_with_its_line(source: str, line: int) -> None:
    [error] = Bench(missing).run(source).unhandled

    assert error.place is not None
    assert error.place.line == line


@pytest.mark.needs_native
@pytest.mark.of_quickjs
def test_looking_for_the_line_that_waits_in_vain_leaves_no_rejection_behind() -> None:
    source = (
        "Promise.race([]).then(1);\nPromise.reject(new Error('坏'));\nawait new Promise(() => {})"
    )
    outcome = run(source)

    assert isinstance(outcome.error, PendingPromise)
    assert [one.message for one in outcome.unhandled] == ["坏"]


@pytest.mark.parametrize(
    "source",
    [
        "const p = (async () => { throw new Error('坏') })(); await null; await p.catch(() => 1)",
        "await Promise.allSettled([Promise.reject(1), $proxy('crm').get_customer('1')])",
        "try { await Promise.reject(new Error('坏')) } catch {}",
    ],
)
def test_a_rejection_that_is_handled_in_the_end_is_not_reported(source: str) -> None:
    assert Bench(missing).run(source).unhandled == ()


@pytest.mark.of_quickjs
@pytest.mark.parametrize(
    "source",
    [
        "return (await Promise.allSettled([(async () => form.客户.电话)()]))[0].reason.message",
        "try { form.客户.电话 } catch (e) { return e.message }",
        "return (async () => form.客户.电话)().then(null, e => e.message)",
    ],
)  # fmt: skip
def test_a_script_that_gets_an_error_sees_the_words_of_v8(source: str) -> None:
    message = "Cannot read properties of undefined (reading '电话')"
    assert value_of(f"const form = {{}};\n{source}") == message


def test_fetch_and_xmlhttprequest_point_to_proxy() -> None:
    source = """
      const said = [];
      await fetch('https://crm.test').catch(e => said.push(e.message));
      try { new XMLHttpRequest() } catch (e) { said.push(e.message) }
      return said;"""

    assert value_of(source) == [
        "fetch is not available to a script: call the platform through $proxy('platform_key')",
        (
            "XMLHttpRequest is not available to a script: "
            "call the platform through $proxy('platform_key')"
        ),
    ]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("new Blob(['x'])", "send the bytes as a Uint8Array"),
        (
            "new File(['x'], '合同.pdf')",
            "send {content, filename, content_type} to an API with 'encoding: multipart'",
        ),
        ("new FormData()", "pass an object to an API with 'encoding: multipart'"),
    ],
)
def test_files_of_a_browser_say_what_to_send_in_their_stead(source: str, message: str) -> None:
    name = source.split("(", maxsplit=1)[0].removeprefix("new ")

    said = value_of(f"try {{ {source} }} catch (e) {{ return [e.name, e.message] }}")
    assert said == ["TypeError", f"{name} is not available to a script: {message}"]


@pytest.mark.parametrize(
    "name",
    ["require", "process", "SharedArrayBuffer", "Atomics", "std", "os", "__track"],
)
def test_what_would_reach_the_machine_is_absent(name: str) -> None:
    assert value_of(f"return typeof {name}") == "undefined"


OF_THE_LANGUAGE = """
AggregateError Array ArrayBuffer AsyncDisposableStack BigInt BigInt64Array BigUint64Array
Boolean DataView Date DisposableStack Error EvalError FinalizationRegistry Float16Array
Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array InternalError
Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp
Set String SuppressedError Symbol SyntaxError TypeError URIError Uint16Array Uint32Array
Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet decodeURI decodeURIComponent encodeURI
encodeURIComponent escape eval globalThis isFinite isNaN parseFloat parseInt undefined unescape
"""


def test_beside_the_language_there_are_these_globals_and_no_others(engine: str) -> None:
    found = set(value_of("return Object.getOwnPropertyNames(globalThis)"))
    door = {"__bpm"} if engine == "v8" else set()  # V8 is entered by a name

    assert found - set(OF_THE_LANGUAGE.split()) - {"form"} - door == {
        *("$proxy", "console", "queueMicrotask", "structuredClone", "atob", "btoa", "crypto"),
        *("setTimeout", "setInterval", "clearTimeout", "clearInterval", "Intl"),
        *("URL", "URLSearchParams", "TextEncoder", "TextDecoder", "DOMException"),
        *("AbortController", "AbortSignal", "Event", "EventTarget", "performance"),
        *("fetch", "XMLHttpRequest"),  # they point to $proxy
        *("Blob", "File", "FormData"),  # they say what to send in their stead
    }


@pytest.mark.of_quickjs
def test_a_module_cannot_be_imported(tmp_path: Path) -> None:
    file = tmp_path / "x.js"
    file.write_text("export default 1")

    assert "could not load module" in value_of(f"return import('{file}').catch(e => e.message)")


def test_what_one_script_pollutes_the_next_does_not_see() -> None:
    bench = Bench()
    bench.run("Object.prototype.x = 1; Array.prototype.push = null; globalThis.y = 2; JSON = null")

    assert bench.run("return [({}).x, typeof [].push, typeof y, typeof JSON]").value == [
        UNDEFINED, "function", "undefined", "object",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "source",
    [
        "Array.prototype.join = () => 'x'; console.log(1)",
        "JSON.parse = JSON.stringify = null; console.log('a')",
        "Promise.prototype.then = () => { throw 1 }; await 1; console.log(1)",
        "Object.keys = () => { throw 1 }; console.log({a: 1})",
        "Object.defineProperty(Object.prototype, 'then', {get() { throw 1 }}); console.log(1)",
    ],
)
def test_a_script_that_replaces_what_the_prelude_stands_on_harms_only_itself(source: str) -> None:
    outcome = run(source)

    assert outcome.error is not None or outcome.console


def test_further_globals_are_given_by_value() -> None:
    values = {"userInfo": {"id": 7, "name": "张三"}, "空": UNDEFINED}

    assert value_of("userInfo.name += '!'; return [userInfo, typeof 空]", values=values) == [
        {"id": 7, "name": "张三!"},
        "undefined",
    ]
    assert values["userInfo"] == {"id": 7, "name": "张三"}


def test_an_answer_is_read_by_the_engines_own_parser() -> None:
    def long_number(_request: Request) -> Response:
        return Response(status=200, body=b'{"id": 1234567890123456789, "__proto__": {"a": 1}}')

    source = """
      const r = await $proxy('crm').get();
      return [r.id, String(r.id), Object.keys(r), r.a]"""
    assert Bench(long_number).run(source).unwrap() == [
        1234567890123456800, "1234567890123456800", ["id", "__proto__"], UNDEFINED,
    ]  # fmt: skip


def test_scripts_that_run_together_share_one_time() -> None:
    bench = Bench()
    ends: list[Any] = []
    for name, wait in (("甲", 300), ("乙", 200)):
        source = f"await new Promise(r => setTimeout(r, {wait})); return ['{name}', Date.now()]"
        bench.runtime.start(Script(source, f"{name}.js"), lambda end: ends.append(end.value))
    bench.runtime.run_until_idle()

    assert ends == [["乙", START * 1000 + 200], ["甲", START * 1000 + 300]]


@pytest.mark.of_quickjs
@pytest.mark.parametrize("is_shared", [True, False])
def test_a_script_over_its_limits_ends_those_that_wait_on_its_page(*, is_shared: bool) -> None:
    bench = Bench(lambda _request: ok({"n": 3}), limits=Limits(cpu=0.1))
    ends: dict[str, Outcome] = {}
    sources = {
        "过": "return 1",
        "等": "await new Promise(r => setTimeout(r, 300)); return 2",
        "问": "return (await $proxy('crm').get()).n",
        "忙": "await new Promise(r => setTimeout(r, 50)); while (true) {}",
        "后": "await new Promise(r => setTimeout(r, 400)); return 4",
    }
    scripts = {name: Script(source, f"{name}.js") for name, source in sources.items()}
    page = Page([*scripts.values()])
    for name, script in scripts.items():
        end = partial(ends.__setitem__, name)
        bench.runtime.start(script, end, page=page if is_shared else Page([script]))
    bench.runtime.run_until_idle()

    over = {name for name, end in ends.items() if isinstance(end.error, ScriptLimitError)}
    assert over == ({"等", "问", "忙", "后"} if is_shared else {"忙"})
    assert {name for name, end in ends.items() if end.error is None} == {*sources} - over
    assert ends["过"].value == 1
    bench.runtime.start(scripts["问"], partial(ends.__setitem__, "再问"), page=page)
    bench.runtime.run_until_idle()
    assert ends["再问"].value == 3


@pytest.mark.of_quickjs
def test_another_thread_is_refused() -> None:
    bench = Bench()
    raised: list[BaseException] = []

    def elsewhere() -> None:
        try:
            bench.run("return 1")
        except ConfigError as error:
            raised.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()

    assert [str(error) for error in raised] == [
        (
            f"{NAME}: scripts run on the thread that opened the session; "
            "open a session of its own on this thread"
        )
    ]


@pytest.mark.of_quickjs
def test_three_hundred_contexts_leave_nothing_behind() -> None:
    resource = pytest.importorskip("resource") if os.name == "posix" else None
    source = """
      const r = await $proxy('crm').get(); form.a = r; console.log(r);
      try { null.x } catch {} (async () => { throw new Error('坏') })();"""

    def rounds(count: int) -> None:
        for _ in range(count):
            Bench().run(source, form=Form({"a": 1}))
        gc.collect()

    rounds(100)
    assert resource is not None
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rounds(300)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4096


@pytest.mark.of_quickjs
def test_importing_the_runtime_does_not_load_the_engine() -> None:
    code = "import sys, bpmax_sim.script.runtime; assert '_quickjs' not in sys.modules"

    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_console_lines_come_in_order_with_virtual_time() -> None:
    outcome = run(
        "console.log('始'); await new Promise(r => setTimeout(r, 1500)); console.warn('终')"
    )

    assert texts(outcome) == ["始", "终"]
    assert [line.at - START for line in outcome.console] == [0, 1.5]


def test_an_engine_is_told_by_its_package_and_version() -> None:
    told = f"quickjs-ng {metadata.version('quickjs-ng')}"

    assert describe_engine("quickjs") == told
    assert describe_engine("quickjs,v8").startswith(f"{told}, mini-racer")


def test_an_engine_that_is_not_installed_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_PACKAGES, "other", "bpmax-sim-has-no-such-engine")

    assert describe_engine("other") == "bpmax-sim-has-no-such-engine"


def test_who_runs_scripts_within_a_run_waits_for_no_timer() -> None:
    bench, fired = Bench(), list[str]()
    bench.scheduler.call_soon(bench.runtime.run_until_idle)
    bench.scheduler.call_soon(lambda: fired.append("now"))
    bench.scheduler.call_at(START + 10, lambda: fired.append("later"))

    bench.runtime.run_until_idle()

    assert (fired, bench.clock.now()) == (["now"], START)
