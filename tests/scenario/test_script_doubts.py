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
    found = find_script_doubts(
        item, load_platforms(folder / "platforms"), map(move, reported), calls
    )
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
