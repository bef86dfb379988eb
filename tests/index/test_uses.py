"""The questions that a person asks before he changes a line, on the samples."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import translate
from bpmax_sim.index.store import load_index
from bpmax_sim.index.traces import add_traced_names
from bpmax_sim.index.uses import ProjectUses

ROOT = Path(__file__).parents[2]
BUY = "scenarios/purchase/采购申请.scenario.yaml"
FORM, FLOW = "scenarios/forms/采购申请.yaml", "scenarios/flows/采购申请.yaml"


@pytest.fixture(name="uses", scope="module")
def uses_of() -> ProjectUses:
    return ProjectUses(load_index(ROOT, uses_cache=False))


def said(uses: ProjectUses, text: str) -> set[tuple[str, str, int]]:
    return set(_said(uses, text))


def _said(uses: ProjectUses, text: str) -> Iterator[tuple[str, str, int]]:
    for place in uses.find_places(text):
        for use in uses.find_uses(place):
            yield use.fact.role, use.path, use.fact.line


def test_who_runs_this_script(uses: ProjectUses) -> None:
    assert said(uses, "scenarios/scripts/purchase/order.js") == {
        ("runs", FLOW, 7),
        ("loads", BUY, 6),
    }


def test_who_calls_this_api_in_either_spelling(uses: ProjectUses) -> None:
    script = "scenarios/scripts/purchase/supplier.js"
    by_key, by_twin = (
        said(uses, "crm_system.get_customer_detail"),
        said(uses, "crm_system.getCustomerDetail"),
    )

    assert by_key == by_twin
    assert {("calls", script, 2), ("runs", FORM, 5), ("expects", BUY, 16)} <= by_key
    assert any(role == "records" for role, _, _ in by_key)


def test_who_sends_this_parameter_by_its_place_or_its_position(uses: ProjectUses) -> None:
    amount = said(uses, "crm_system.create_order.amount")
    customer = said(uses, "crm_system.get_customer_detail.id")

    assert ("sends", "scenarios/scripts/purchase/order.js", 4) in amount
    assert ("calls", "scenarios/scripts/purchase/supplier.js", 2) in customer
    assert ("sends", "scenarios/scripts/seed/chained_call.js", 4) in customer


def test_who_reads_and_writes_this_field(uses: ProjectUses) -> None:
    assert said(uses, "合计") >= {
        ("declares", FORM, 8),
        ("writes", "scenarios/scripts/purchase/total.js", 3),
        ("reads", "scenarios/scripts/purchase/order.js", 4),
        ("expects", BUY, 18),
    }


def test_where_this_node_and_this_person_are_named(uses: ProjectUses) -> None:
    assert said(uses, "采购主管") >= {
        ("declares", FLOW, 23),
        ("names", BUY, 47),
    }
    assert said(uses, "周主管") >= {
        ("names", FLOW, 25),
        ("acts", BUY, 49),
    }


def test_what_hangs_on_this_line(uses: ProjectUses) -> None:
    line = said(uses, "scenarios/scripts/purchase/supplier.js:3")

    assert ("expects", BUY, 15) in line
    assert all(path != "scenarios/seed/usage.scenario.yaml" for _, path, _ in line)


def test_who_plays_this_recording(uses: ProjectUses) -> None:
    assert said(uses, "cassettes/purchase/采购申请.yaml") == {("plays", BUY, 1)}


def test_an_unknown_place_proposes_the_near_one(uses: ProjectUses) -> None:
    with pytest.raises(ConfigError, match="did you mean"):
        uses.find_places("crm_system.get_customer_detal")


def test_a_field_is_found_by_the_name_that_scripts_give_it(tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios/a.js").write_text("form.手机号 = 1;", "utf-8")
    (tmp_path / "scenarios/a.yaml").write_text("steps: {x: [{js: {file: a.js}}]}\n", "utf-8")
    uses = ProjectUses(load_index(tmp_path))

    assert uses.find_places("form.手机号") == uses.find_places("手机号")
    assert [place.kind for place in uses.find_places("form.手机号")] == ["field"]
    with pytest.raises(ConfigError, match="did you mean '手机号'"):
        uses.find_places("form.手机好")
    with pytest.raises(ConfigError) as error:
        uses.find_places("form.完全不同的东西")
    assert str(error.value).endswith("platform.api.parameter, field, node or person")
    assert translate(str(error.value), "zh").endswith("`平台.接口.参数`、字段、节点或人员")


def test_files_that_run_each_other_come_to_an_end(tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    for name, other in (("a", "b"), ("b", "a")):
        text = f"use: [{other}.yaml]\nsteps: {{x: [{{js: {{file: {name}.js}}}}]}}\n"
        (tmp_path / f"scenarios/{name}.yaml").write_text(text, "utf-8")
        (tmp_path / f"scenarios/{name}.js").write_text("form.客户 = 1;", "utf-8")
    uses = ProjectUses(load_index(tmp_path))

    assert {use.path for use in uses.find_uses(uses.find_places("客户")[0])} >= {
        "scenarios/a.js",
        "scenarios/b.js",
    }


@pytest.mark.parametrize(("seconds", "learned"), [(-10, True), (10, False)])
def test_a_name_that_a_script_makes_up_is_learned_from_a_run_of_it(
    tmp_path: Path, seconds: int, learned: bool
) -> None:
    script = tmp_path / "scenarios/scripts/x.js"
    script.parent.mkdir(parents=True)
    script.write_text(
        "const name = ['get', 'Order'].join('');\n$proxy('crm').$api(name);\n", "utf-8"
    )
    trace = tmp_path / ".bpmax/trace/scenarios/采购/x/一.ndjson"
    trace.parent.mkdir(parents=True)
    place = "../scripts/x.js:2:14"
    trace.write_text(f'{{"event":"CallMade","call":"crm.getOrder","place":"{place}"}}\n', "utf-8")
    (tmp_path / "scenarios/采购").mkdir()
    then = trace.stat().st_mtime + seconds
    os.utime(script, (then, then))

    known = ProjectUses(add_traced_names(load_index(tmp_path)))

    if learned:
        (use,) = known.find_uses(known.find_places("crm.getOrder")[0])
        assert (use.path, use.fact.line, use.fact.is_learned) == ("scenarios/scripts/x.js", 2, True)
    else:
        with pytest.raises(ConfigError, match="nothing in this project is called"):
            known.find_places("crm.getOrder")
