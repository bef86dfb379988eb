"""Which mistakes in the text of its scripts a run warns of, beside what it has seen itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.errors import Place
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.script_doubts import find_script_doubts
from tests.files import write_files

CRM = """\
platform_key: crm
base_url: https://crm.example.test
apis: {get_order: {path: /o, answer: {type: object}}, get_stock: {path: /s}}
"""
HEAD = """\
version: 1
scenario: 单
form: {scripts: {open: 开.js}, fields: {金额: 0}}
proxy: {platforms: platforms%s}
%s
"""
PLAIN = "steps: [{open: {}, expect: {form: {金额: 1}}}]"
FIRST = Place("开.js", 1, 1)
ORDERED = CallMade(number=1, call="crm.get_order", place=FIRST, status=200)
UNUSED = (
    "script: nothing uses what crm.get_order answers; use it, or take the call away [unused-result]"
)
UNAWAITED = (
    "unawaited: nothing waits for crm.get_order; put await before it, or void where that is meant"
)
UNKNOWN = "script: 'crm' has no API 'get_ordr'; did you mean 'get_order'? [unknown-api]"
PROMISE = (
    "unawaited: a promise stands here in place of its value, and is always true; put await before "
    "the call"
)
WRITTEN = (
    "script: the script wrote form.$message.type: there is no 'eror'; did you mean 'error'? "
    "[unknown-value]"
)
POWER = (
    "power: the last digit of ** depends on the machine here; Math.pow gives the same everywhere"
)


def doubt(
    folder: Path,
    script: str,
    text: str = PLAIN,
    called: tuple[CallMade, ...] = (),
    reported: tuple[Place | None, ...] = (),
    proxy: str = "",
) -> list[str]:
    """Return kind and message of what is doubtful in *script*, which a scenario may run."""
    texts = {"platforms/crm.yaml": CRM, "开.js": script, "单.yaml": HEAD % (proxy, text)}
    write_files(folder, texts)
    [item] = load_items(folder / "单.yaml", environ={}, root=folder)
    name = f"{folder}/开.js"

    def move(place: Place | None) -> Place | None:
        return place and Place(name, place.line, place.column)

    calls = [CallMade(number=1, call=one.call, place=move(one.place), status=200) for one in called]
    known = load_platforms(folder / "platforms")
    found = list(find_script_doubts(item, known, map(move, reported), calls))
    assert not any(one.fails for one in found)
    return [f"{one.kind}: {one.message}" for one in found]


@pytest.mark.parametrize(
    ("expected", "is_told"),
    [
        ("{form: {金额: 1}}", True),
        ("{proxy: [{call: crm.get_order}]}", False),
        ("{proxy: [{call: crm.getOrder}]}", False),
        ("{proxy: [{call: crm.get_*}]}", False),
        ("{proxy: [{call: 'c*.*'}]}", False),
        ("{proxy: [{call: crm.get_stock}, {call: crm.get_stock}, {call: crm.*}]}", False),
        ("{proxy: [{call: crm.get_stock}]}", True),
    ],
)
def test_a_result_that_nothing_uses_may_be_there_for_an_expected_call(
    tmp_path: Path, expected: str, is_told: bool
) -> None:
    script = "await $proxy('crm').get_order();\nform.金额 = 1;\n"
    texts = (
        f"steps: [{{open: {{}}, expect: {expected}}}]",
        f"{PLAIN}\nexpect: {expected}",
        f"steps: [{{open: {{}}}}, {{js: 'form.金额 = 1'}}, {{expect: {expected}}}]",
    )

    for text in texts:
        assert doubt(tmp_path, script, text, (ORDERED,)) == [UNUSED] * is_told
        assert doubt(tmp_path, script, text) == [UNUSED]  # the run does not come by
    error = "steps: [{open: {}, expect_error: {code: TIMEOUT}}]"
    assert doubt(tmp_path, script, error, (ORDERED,)) == []
    assert doubt(tmp_path, script, f"{error[:-1]}, {{js: 'form.金额 = 1'}}]", (ORDERED,)) == []


def test_an_expected_call_explains_its_own_line_alone(tmp_path: Path) -> None:
    two = "await $proxy('crm').get_order();\nform.金额 = (await $proxy('crm').get_stock()).n;\n"
    stock = CallMade(number=2, call="crm.get_stock", place=Place("开.js", 2, 1), status=200)
    text = "steps: [{open: {}, expect: {proxy: [{call: crm.get_stock}]}}]"
    assert doubt(tmp_path, two, text, (ORDERED, stock)) == [UNUSED]
    power = "await $proxy('crm').get_order(); form.金额 = 2 ** 0.5;\n"
    text = text.replace("get_stock", "get_order")
    assert doubt(tmp_path, power, text, (ORDERED,)) == [POWER]


@pytest.mark.parametrize(
    ("script", "called", "reported", "told"),
    [
        ("void $proxy('crm').get_stock();", (), (), []),
        ("$proxy('crm').get_order();", (ORDERED,), (), [UNAWAITED, UNUSED]),
        (
            "$proxy('crm').get_order();",
            (),
            (),
            [f"{UNAWAITED} (this run does not reach it)", UNUSED],
        ),
        ("$proxy('crm').get_order();", (ORDERED,), (None, FIRST), [UNUSED]),
        ("$proxy('crm').get_order();", (), (Place("开.js", 1, 30),), [UNUSED]),
        ("$proxy('crm').get_order();", (ORDERED,), (Place("开.js", 2, 1),), [UNAWAITED, UNUSED]),
        ("form.金额 = await $proxy('crm').get_ordr();", (), (), [UNKNOWN]),
        ("form.金额 = await $proxy('crm').get_ordr();", (ORDERED,), (), []),
        ("form.金额 = await $proxy('crm').get_ordr();", (), (FIRST,), []),
        ("form.金额 = 2 ** 0.5;", (ORDERED,), (FIRST,), [POWER]),
        ("form.无 = 1;", (), (), []),
        (
            "$proxy('crm').get_order();\nvoid $proxy('crm').get_stock();",
            (),
            (),
            [f"{UNAWAITED} (this run does not reach it)", UNUSED],
        ),
        ("form.金额 = (await $proxy('crm').get_stock()).n ** 2;", (), (), [POWER]),
        (
            "const 取 = async () => (await $proxy('crm').get_stock()).n;\nform.金额 = 取() + 1;",
            (),
            (),
            [PROMISE],
        ),
        ("form.$message = {type: 'eror', text: '不行'};", (ORDERED,), (), [WRITTEN]),
        ("form.$message = {type: 'eror', text: '不行'};", (), (FIRST,), []),
    ],
)
def test_what_the_run_judges_itself_is_told_once(
    tmp_path: Path,
    script: str,
    called: tuple[CallMade, ...],
    reported: tuple[Place | None, ...],
    told: list[str],
) -> None:
    assert doubt(tmp_path, script, PLAIN, called, reported) == told
    allowed = doubt(tmp_path, script, PLAIN, called, reported, ", unawaited: allow")
    assert allowed == [one for one in told if not one.startswith("unawaited")]
