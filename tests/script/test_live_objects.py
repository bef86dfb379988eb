from __future__ import annotations

from typing import Any

import pytest

from bpmax_sim.errors import ConfigError, Place, ScriptError
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.messages import Request, Response
from bpmax_sim.script.failure import Script
from tests.script.bench import NAME, Bench, Form, ok, run, value_of


def written(source: str, **fields: Any) -> list[tuple[str, Any]]:
    form = Form(fields)
    run(source, form=form).unwrap()
    return form.written


def test_reading_gives_the_present_value_and_undefined_for_an_unknown_field() -> None:
    source = "return [form.customerId, form.没有, 'customerId' in form, Object.keys(form)]"

    assert value_of(source, form={"customerId": "12345"}) == [
        "12345", UNDEFINED, True, ["customerId"],
    ]  # fmt: skip


def test_every_write_is_told_in_order_and_read_back_at_once() -> None:
    source = "form.a = 1; form.b = form.a + 1; form['客户 名'] = '张三'; form.a = 1; return form.b"

    assert written(source) == [("a", 1), ("b", 2), ("客户 名", "张三"), ("a", 1)]


def test_object_assign_and_destructuring_work_on_a_form() -> None:
    assert written("const {a, ...rest} = form; Object.assign(form, {c: a, d: rest})", a=1, b=2) == [
        ("c", 1),
        ("d", {"b": 2}),
    ]


def test_a_deleted_field_is_written_as_undefined() -> None:
    assert written("delete form.a; delete form.没有; form.b = 'a' in form", a=1) == [
        ("a", UNDEFINED),
        ("b", False),
    ]


def test_changes_inside_a_field_are_told_once_at_the_end_of_the_turn() -> None:
    source = """
      form.明细.push({qty: 2}); form.明细[0].qty = 5;
      await null;
      form.明细[0].qty = 6;"""

    assert written(source, 明细=[{"qty": 1}]) == [("明细", [{"qty": 6}, {"qty": 2}])]


def test_changes_inside_a_field_are_told_before_the_next_call_or_write() -> None:
    form = Form({"明细": [1]})
    source = """
      form.明细.push(2); form.合计 = 3; form.明细.push(3);
      const said = $proxy('crm').save(form.明细); form.明细.push(4); await said;"""
    run(source, form=form).unwrap()

    assert form.written == [
        ("明细", [1, 2]),
        ("合计", 3),
        ("明细", [1, 2, 3]),
        ("明细", [1, 2, 3, 4]),
    ]


def test_reading_without_changing_writes_nothing() -> None:
    assert (
        written("const {明细} = form; JSON.stringify(form); 明细.map(x => x); form.明细", 明细=[1])
        == []
    )


def test_values_cross_without_loss() -> None:
    form = Form({"map": {"$": 1}, "空": None, "未": UNDEFINED})
    run("form.copy = [form.map, form.空, form.未, NaN, -0, 10n]", form=form).unwrap()
    [(_, value)] = form.written

    assert repr(value) == "[{'$': 1}, None, undefined, nan, -0.0, BigInt(value=10)]"


def test_a_handler_that_runs_beside_is_seen_after_the_next_wait() -> None:
    bench = Bench()
    ends: list[Any] = []

    class Watched(Form):
        def write(self, field: str, value: Any, place: Place | None, /) -> None:
            super().write(field, value, place)
            if field == "customerId":
                handler = Script("form.customerName = '客户' + form.customerId; return 1", "改.js")
                bench.runtime.start(handler, ends.append, bindings={"form": self})

    source = """
      form.customerId = '12345';
      const before = form.customerName;
      await $proxy('crm').get();
      return [before, form.customerName];"""
    outcome = bench.run(source, form=Watched({"customerName": ""}))

    assert outcome.unwrap() == ["", "客户12345"]
    assert [end.value for end in ends] == [1]


def test_a_held_object_lives_on_until_somebody_else_replaces_it() -> None:
    source = """
      const 明细 = form.明细;
      form.a = 1; await $proxy('crm').get();
      明细.push(2); await null;
      return form.明细 === 明细"""
    form = Form({"明细": [1]})

    assert run(source, form=form).unwrap() is True
    assert form.fields["明细"] == [1, 2]


@pytest.mark.of_quickjs
def test_what_the_form_refuses_ends_the_script_at_the_line_that_wrote() -> None:
    class Strict(Form):
        def write(self, field: str, value: Any, _place: Place | None, /) -> None:
            raise ConfigError(f"{field} = {value!r} is not allowed")

    outcome = run("try {\n  form.金额 = 'x';\n} catch {}\nconsole.log('后')", form=Strict())

    assert isinstance(outcome.error, ScriptError)
    assert str(outcome.error) == f"{NAME}:2:3: ConfigError: form.金额: 金额 = 'x' is not allowed"
    assert isinstance(outcome.error.__cause__, ConfigError)


@pytest.mark.parametrize(
    "source",
    [
        "Object.freeze(form)",
        "Object.seal(form)",
        "Object.preventExtensions(form)",
        "Object.defineProperty(form, 'a', {get() { return 2 }})",
        "Object.defineProperty(form, 'a', {enumerable: false})",
    ],
)
def test_a_form_can_be_neither_frozen_nor_given_accessors(source: str) -> None:
    form = Form({"a": 1})
    error = run(source, form=form).error

    assert isinstance(error, ScriptError)
    assert error.name == "TypeError"
    assert form.written == []


@pytest.mark.parametrize(
    "source",
    [
        "form.客户 = (async () => '张三')()",
        "form.客户 = ['张三'].map(async name => name)",
        "form.客户 = `${(async () => '张三')()}`",
    ],
)
def test_a_promise_in_a_field_is_an_error_of_its_line(source: str) -> None:
    outcome = run(f"\n{source}", form=Form())

    assert isinstance(outcome.error, ScriptError)
    assert outcome.error.name == "Unawaited"
    assert outcome.error.message.startswith("form.客户 got a promise, not its value")
    assert outcome.error.place is not None
    assert outcome.error.place.line == 2


class WatchedForm(Form):
    watched_members = ("明细", "客户")


def watched_form() -> WatchedForm:
    return WatchedForm({"明细": [{"物料": "螺丝", "数量": 2}], "客户": {"name": "张三"}})


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        ("return form.明细[0].数是", [("form.明细", "数是")]),
        ("return form.明细.map(row => row.数是 + row.数是)", [("form.明细", "数是")]),
        ("const {数是} = form.明细[0]", [("form.明细", "数是")]),
        ("return form.客户.nmae", [("form.客户", "nmae")]),
        ("return form.明细[0].数量", []),
        ("return '数是' in form.明细[0]", []),
        ("return {...form.明细[0]}.数是", []),
        ("return JSON.stringify(form.明细)", []),
        ("return await form.明细[0]", []),
        ("return [...form.明细, form.明细[0].then, form.明细[0][Symbol.iterator]]", []),
        ("console.log(form.明细[0]); return structuredClone(form.明细)", []),
        ("form.明细[0].备注 = '急'; return form.明细[0].备注", []),
        ("for (const name in form.明细[0]) console.log(form.明细[0][name])", []),
        ("return Object.entries(form.明细[0]).concat(form.明细[0].constructor.name)", []),
    ],
)
def test_a_read_of_what_a_row_does_not_have_is_told(
    source: str, reads: list[tuple[str, str]]
) -> None:
    outcome = run(source, form=watched_form())

    outcome.unwrap()
    assert [(one.owner, one.member) for one in outcome.absent_reads] == reads


def test_a_watched_row_is_an_ordinary_object() -> None:
    source = """
      const row = form.明细[0], plain = {物料: '螺丝', 数量: 2};
      const tells = value => [value instanceof Object, value.constructor === Object, `${value}`,
        JSON.stringify(value), Object.keys(value), value.hasOwnProperty('数量'),
        'toString' in value,
        Object.prototype.toString.call(value), value.数是, Object.getPrototypeOf(value) === null,
        Object.getPrototypeOf(Object.getPrototypeOf(value)), Object.prototype.isPrototypeOf([])];
      class Own extends Object {}
      return [tells(row), tells(plain), row instanceof Own, new Own() instanceof Own]"""
    watched, plain, *kinds = run(source, form=watched_form()).unwrap()

    assert watched == plain
    assert kinds == [False, True]


@pytest.mark.parametrize("name", ["__proto__", "constructor", "toString", "hasOwnProperty"])
def test_a_field_may_have_any_name(name: str) -> None:
    form = Form({name: "值"})

    assert run(f"form['b'] = form['{name}']; return form['{name}']", form=form).unwrap() == "值"
    assert run(f"form['{name}'] = {{a: 1}}; return 1", form=Form()).unwrap() == 1


def test_several_live_objects_are_bound_by_name() -> None:
    ctx = Form({"action": "approve", "form": {"amount": 1}})
    form = Form({"amount": 1})
    bench = Bench()
    outcome = bench.runtime.run(
        Script("ctx.form.amount = 2; form.amount = 3; return ctx.action", NAME),
        bindings={"ctx": ctx, "form": form},
    )

    assert outcome.unwrap() == "approve"
    assert (ctx.written, form.written) == ([("form", {"amount": 2})], [("amount", 3)])


def test_a_field_that_is_set_back_to_what_it_was_is_set_back_in_the_script() -> None:
    form = Form({"客户": "张三"})
    first = form.fields["客户"]

    def answer(_request: Request) -> Response:
        form.fields["客户"] = first  # the very object that the script saw
        return ok({})

    source = """
      const before = form.客户;
      form.客户 = '李四';
      await $proxy('crm').查询();
      return [before, form.客户]"""

    assert Bench(answer).run(source, form=form).value == ["张三", "张三"]


def test_a_list_that_others_change_inside_is_changed_in_the_script() -> None:
    form = Form({"明细": [1]})

    def answer(_request: Request) -> Response:
        form.fields["明细"].append(2)
        return ok({})

    source = (
        "const before = form.明细.length; await $proxy('crm').查询(); return [before, form.明细]"
    )

    assert Bench(answer).run(source, form=form).value == [1, [1, 2]]
