# ruff: noqa: E501 - scripts, one a line
"""Calls with ``void`` in front, and the outer call that is not awaited; ``§`` marks the place."""

from __future__ import annotations

from bpmax_sim.errors import Place
from bpmax_sim.script_source.voided_calls import find_unawaited_outer_call, has_void_in_front
from tests.script_source.tables import retell

LIBRARY = ("库.js", "const 库 = {async 存() { await 库.取() }, 取() { return 1 }};")


def split(script: str) -> tuple[list[tuple[str, str]], Place]:
    """Return the scripts of a page, of which *script* is one, and the marked place in it."""
    before, _, after = script.partition("§")
    place = Place("单.js", before.count("\n") + 1, len(before) - before.rfind("\n"))
    return [LIBRARY, ("单.js", before + after)], place


def list_voids(script: str) -> list[str]:
    """Return ``void`` if the marked call has it in front."""
    return ["void"] * has_void_in_front(*split(script))


def list_outer_calls(script: str) -> list[str]:
    """Return the unawaited call during which the marked place runs."""
    found = find_unawaited_outer_call(*split(script))
    return [f"{found.name}@{found.place.line}:{found.place.column}"] if found else []


VOIDED = r"""
void | void §$proxy('crm').a()
- | §$proxy('crm').a()
- | await §$proxy('crm').a()
void | void ($proxy('crm').§a())
void | void $proxy('crm').$api('a').$query({x: §form.x}).$call()
- | void go($proxy('crm').§a())
void | go(void $proxy('crm').a(§1))
void | void [form.x && §$proxy('crm').a(), 1]
void | void (form.x ? 1 : §$proxy('crm').a())
- | void (§$proxy('crm').a() ? 1 : 2)
void | void (1, §$proxy('crm').a())
void | void (form.x || §$proxy('crm').a()); void (form.x ?? go())
void | void (form.x ?? §$proxy('crm').a())
- | void (form.x + §$proxy('crm').a())
void | void [[§$proxy('crm').a()]]
void | void §$proxy('crm').a().then(go).catch(go)
void | const 值 = §$proxy('crm').a(); void 值
- | const 值 = §$proxy('crm').a(); go(值)
void | const 值 = §$proxy('crm').a(); void [1, 值]
- | const 值 = §$proxy('crm').a(), 别 = 1; void 别
- | const {值} = §$proxy('crm').a(); void 值
- | let 值; 值 = §$proxy('crm').a(); void 值
void | function 取() { return §$proxy('crm').a() } void 取()
- | function 取() { return §$proxy('crm').a() } 取()
- | function 取() { return §$proxy('crm').a() } void 取(); 取()
void | function 取() { return §$proxy('crm').a() } void 取(); const x = 取()
void | function 取() { if (form.x) { return §$proxy('crm').a() } } void 取()
- | function 取() { §$proxy('crm').a() } void 取()
void | const 取 = () => §$proxy('crm').a(); void 取()
void | const 取 = () => §$proxy('crm').a(), 再 = () => 取(); void 再()
- | const 取 = n => n ? §$proxy('crm').a() : 取(n - 1); 取(1)
void | void [1].map(x => §$proxy('crm').a())
- | [1].map(x => §$proxy('crm').a())
void | void (() => §$proxy('crm').a())()
- | (() => §$proxy('crm').a())()
void | void (function () { return §$proxy('crm').a() })()
void | const 物 = {取() { return §$proxy('crm').a() }}; void 物.取()
void | const 物 = {取: () => §$proxy('crm').a()}; void 物.取()
void | class 单 { 取 = () => §$proxy('crm').a() } void new 单().取()
void | const 物 = {}; 物.取 = () => §$proxy('crm').a(); void 物.取()
- | const 取 = () => §$proxy('crm').a(); { const 取 = () => 1; void 取() } go(取())
void | const 取 = () => §$proxy('crm').a(); void 取(); { const 取 = () => 1; 取() }
void | const 取 = () => §$proxy('crm').a(); { let 取 = () => 1; 取 = go; void 取() }
void | const 取 = () => §$proxy('crm').a(); { const 取 = 5; void 取() }
- | void go(§form.x)
void | void 物.go(§form.x)
- | void 5; 物.go(§form.x)
void | void 1;⏎const 甲 = 1;⏎void §$proxy('crm').a()
- | void 1;⏎const 甲 = 1;⏎ go(§$proxy('crm').a())
void | const 取 = n => n ? §$proxy('crm').a() : 再(n); const 再 = n => 取(n - 1); void 再(1)
- | const 取 = n => n ? §$proxy('crm').a() : 再(n); const 再 = n => 取(n - 1); go(再(1))
void | const 取 = () => $proxy('crm').a(); void 取(物.go(§1))
"""

OUTER = r"""
取()@1:48 | async function 取() { await §$proxy('crm').a() } 取()
- | async function 取() { await §$proxy('crm').a() } await 取()
- | async function 取() { await §$proxy('crm').a() } const x = 取()
- | function 取() { §$proxy('crm').a() } 取()
再()@2:2 | async function 取() { await §$proxy('crm').a() } async function 再() { await 取() }⏎ 再()
三()@1:114 | async function 取() { await §$proxy('crm').a() } async function 再() { await 取() } async function 三() { await 再() } 三()
- | async function 取() { await §$proxy('crm').a() } function 再() { return 取() } 再()
取()@1:59 | async function 取() { await §$proxy('crm').a(); await 取() } 取()
- | async function 取() { await §$proxy('crm').a(); if (form.x) await 取() } await 取()
取()@1:52 | const 取 = async () => { await §$proxy('crm').a() }; 取()
取()@1:52 | const 物 = {async 取() { await §$proxy('crm').a() }}; 物.取()
取()@1:66 | const 物 = {取: async () => { await §$proxy('crm').a() }}; await 1; 物.取()
取()@1:64 | class 单 { static 取 = async () => { await §$proxy('crm').a() } } 单.取()
取()@1:74 | const 物 = {}; 物.深 = {}; 物.深.取 = async () => { await §$proxy('crm').a() }; 物.深.取()
.forEach(async …)@1:5 | [1].forEach(async x => { await §$proxy('crm').a() })
.map(async …)@1:5 | [1].map(async x => { await §$proxy('crm').a() })
- | [1].filter(async x => { await §$proxy('crm').a() })
- | await Promise.all([1].map(async x => { await §$proxy('crm').a() }))
(async () => …)()@1:1 | (async () => { await §$proxy('crm').a() })()
(async () => …)()@1:1 | (async function () { await §$proxy('crm').a() })()
- | await (async () => { await §$proxy('crm').a() })()
- | go(async () => { await §$proxy('crm').a() })
- | (async () => { go(() => { §$proxy('crm').a() }) })()
- | async function 取() { await §$proxy('crm').a() } { const 取 = () => 1; 取() } await 取()
取()@1:75 | async function 取() { await §$proxy('crm').a() } { let 取 = () => 1; 取 = go; 取() }
.forEach(async …)@1:26 | async function 取() { [1].forEach(async x => { await §$proxy('crm').a() }) } 取()
.map(async …)@1:32 | async function 取() { await [1].map(async x => { await §$proxy('crm').a() }) } 取()
- | §await 1
再()@1:112 | async function 取() { await §$proxy('crm').a() } go(async () => { await 取() }); async function 再() { await 取() } 再()
"""


def test_a_call_has_void_in_front_where_its_value_is_discarded() -> None:
    assert retell(VOIDED, list_voids) == VOIDED.strip()


def test_an_outer_call_is_named_that_nobody_awaits() -> None:
    assert retell(OUTER, list_outer_calls) == OUTER.strip()


def test_calls_of_other_scripts_of_the_page_count() -> None:
    own = [("a.js", "async function 取() { await $proxy('crm').a() }"), ("b.js", "void 1;\n  取()")]
    inside = Place("a.js", 1, 31)
    outer = find_unawaited_outer_call(own, inside)

    assert outer is not None
    assert (outer.name, outer.place) == ("取()", Place("b.js", 2, 3))
    assert find_unawaited_outer_call(own[:1], inside) is None
    assert find_unawaited_outer_call(own, Place("c.js", 1, 31)) is None
    returned = [("a.js", "const 取 = () => $proxy('crm').a()"), ("b.js", "go(); void 取()")]
    assert has_void_in_front(returned, Place("a.js", 1, 17))
    assert not has_void_in_front(returned[:1], Place("a.js", 1, 17))
    assert not has_void_in_front(returned, Place("c.js", 1, 17))
    assert not has_void_in_front([*returned, ("c.js", "取()")], Place("a.js", 1, 17))
