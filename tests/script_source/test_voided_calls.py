"""``void`` is read whatever the arguments of a call are, of which an engine names the last."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim import Script, Session

ROOT = Path(__file__).parents[2]

CALLS = (
    "('A', 1)", "(form.sku, 1)", "('A', q)", "(q, 1)", "('A', String(1))", "(o.s, 1)", "(true, 1)",
    "('A' + 'B', 1)", "(`A-${q}`, 1)", "('A', 1, form.sku)", "(null, 1)",
    "([q][0], f(q))", "\n  ('A',\n q)",
)  # fmt: skip
BEFORE = "const form = {sku: 'A'}, q = 'B', o = {s: 'C'}, f = x => x;\n"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("arguments", CALLS)
@pytest.mark.parametrize("is_void", [True, False])
def test_a_call_is_voided_with_any_arguments(arguments: str, is_void: bool) -> None:
    word = "void " if is_void else ""
    source = f"{BEFORE}{word}$proxy('crm_system').getCustomerDetail{arguments};"
    with Session.open(ROOT / "scenarios/platforms", mode="simulate", unawaited="warn") as session:
        outcome = session.run_script(Script(source))

    assert [call.call for call in outcome.unawaited] == (
        [] if is_void else ["crm_system.getCustomerDetail"]
    )


GO = "$proxy('crm_system').getCustomerDetail('A')"
RETURNED = {
    f"const go = () => {GO}; void go()": True,
    f"const go = () => {{ const q = 1; return {GO}; }}; void go()": True,
    f"function go() {{ return {GO}; }}; void go();": True,
    f"const go = () => {GO}, again = () => go(); void again()": True,
    f"void ['A', 'B'].map(q => {GO})": True,
    f"void (() => {GO})()": True,
    f"const all = ['A'].map(q => {GO}); void all": True,
    f"void (form.sku ? {GO} : 0)": True,
    f"void (form.sku && {GO})": True,
    f"void (o.none || {GO})": True,
    f"void (o.none ?? {GO})": True,
    f"void (1, {GO})": True,
    f"void ({GO} ? 1 : 2)": False,
    f"void (0 + {GO})": False,
    f"void [{GO}]": True,
    f"const go = n => n ? {GO} : go(n - 1); void go(1)": True,
    f"class A {{ go() {{ return {GO}; }} }} void new A().go()": True,
    f"class A {{ static go = () => {GO}; }} void A.go()": True,
    f"const deal = {{ go() {{ return {GO}; }} }}; void deal.go()": True,
    f"const deal = {{ go: () => {GO}, again() {{ return this.go(); }} }}; void deal.again()": True,
    f"const deal = {{}}; deal.go = () => {GO}; void deal.go()": True,
    f"const deal = {{ go() {{ return {GO}; }} }}; deal.go()": False,
    f"const deal = {{ go() {{ return {GO}; }} }}; void deal.go(); deal.go()": False,
    f"const deal = {{ go() {{ return {GO}; }} }}; void o.stay; deal.go()": False,
    f"const go = () => {GO}; go()": False,
    f"const go = () => {GO}; void go(); go()": False,
    f"['A'].map(q => {GO})": False,
    f"const go = () => {{ {GO}; return 1; }}; void go()": False,
    f"const a = {GO}; void form.sku": False,
    f"{{ const x = {GO}; }} function other(x) {{ void x; }} other(1)": False,
    f"{{ const x = {GO}; }} {{ const x = 1; void x; }}": False,
    f"function run() {{ const x = {GO}; void x; }} run(); const x = 1": True,
    f"const x = {GO}, y = 1; void [y, (x)]": True,
    f"var x = 1; var x = {GO}; void x": True,
    f"const go = () => {GO}; {{ const go = () => 1; void go(); }} console.log(go())": False,
    f"const go = () => {GO}; void go(); (() => {{ const go = () => 1; go(); }})()": True,
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("source", "is_void"), RETURNED.items())
def test_a_call_is_voided_where_a_function_returns_it(source: str, is_void: bool) -> None:
    with Session.open(ROOT / "scenarios/platforms", mode="simulate", unawaited="warn") as session:
        outcome = session.run_script(Script(BEFORE + source))

    assert bool(outcome.unawaited) is not is_void


HELPERS = {
    f"['A'].forEach(async q => {{ await {GO}; }})": ".forEach(async …)",
    f"['A'].map(async q => {{ await {GO}; }})": ".map(async …)",
    f"['A'].map(async function (q) {{ await {GO}; }})": ".map(async …)",
    f"(async () => {{ await {GO}; }})()": "(async () => …)()",
    f"async function go() {{ await {GO}; }} go()": "go()",
    f"const deal = {{ async go() {{ await {GO}; }} }}; deal.go()": "go()",
    f"async function go() {{ await {GO}; }} async function on() {{ await go(); }} on()": "on()",
    f"class Deal {{ static async go() {{ await {GO}; }} }} Deal.go()": "go()",
    f"async function go() {{ await {GO}; }} {{ const go = () => 1; go(); }} await go()": "",
    f"const o = {{ asyncLoad() {{ o.p = {GO}; }} }}; o.asyncLoad(); (async () => await o.p)()": "",
    f"await Promise.all(['A'].map(async q => {{ await {GO}; }}))": "",
    f"for (const q of ['A']) await (async () => {{ await {GO}; }})()": "",
    f"async function go() {{ await {GO}; }} await go()": "",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("source", HELPERS)
def test_a_helper_that_nobody_awaits_is_named(source: str) -> None:
    with Session.open(ROOT / "scenarios/platforms", mode="simulate", unawaited="warn") as session:
        outcome = session.run_script(Script(source))

    named = [call.call for call in outcome.unawaited if call.is_helper]
    assert named == ([HELPERS[source]] if HELPERS[source] else [])
