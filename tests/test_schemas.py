"""The shipped JSON Schemas are those of the types, in two languages, and every file fits them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from bpmax_sim.platform import presets as of_platforms
from bpmax_sim.scenario import model as of_scenarios
from bpmax_sim.yamlfile import read_hover_texts, read_yaml
from bpmax_sim.yamlfile.schema import Texts

ROOT = Path(__file__).parents[1]
SCHEMAS = {
    "scenario": of_scenarios.make_scenario_schema(),
    "fragment": of_scenarios.make_fragment_schema(),
    "form": of_scenarios.make_form_schema(),
    "flow": of_scenarios.make_flow_schema(),
    "people": of_scenarios.make_people_schema(),
    "platform": of_platforms.make_platform_schema(),
    "instances": of_platforms.make_instances_schema(),
}
OUR_OWN = "_"


def shipped() -> Iterator[tuple[str, Path]]:
    folders = (ROOT / "scenarios", ROOT / "bpmax_sim/starter/demo_files/scenarios")
    for folder in folders:
        yield "instances", folder / "instances.yaml"
        yield from (("platform", path) for path in (folder / "platforms").glob("*.yaml"))
        yield from (("flow", path) for path in (folder / "flows").glob("*.yaml"))
        yield from (("form", path) for path in (folder / "forms").glob("*.yaml"))
        yield from (("people", path) for path in folder.rglob("people.yaml"))
        yield from (("fragment", path) for path in folder.rglob("defaults.yaml"))
        yield from (("scenario", path) for path in folder.rglob("*.scenario.yaml"))
    yield from (("platform", path) for path in (ROOT / "bpmax_sim/platform/builtin").glob("*"))


def structures(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every mapping with known keys, however deep."""
    if isinstance(value, dict):
        if isinstance(value.get("properties"), dict):
            yield value
        for child in value.values():
            yield from structures(child)
    for child in value if isinstance(value, list) else ():
        yield from structures(child)


def keys(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for structure in structures(SCHEMAS[name]):
        for key, value in structure["properties"].items():
            if key != "preset":  # its names speak for themselves
                yield key, value


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_shipped_schema_is_that_of_the_types(name: str) -> None:
    path = ROOT / f"scenarios/schemas/{name}.schema.json"
    text = json.dumps(SCHEMAS[name], ensure_ascii=False, indent=2)

    assert path.read_text(encoding="utf-8") == f"{text}\n", "run: bpmax-sim schema --write"


@pytest.mark.parametrize("name", SCHEMAS)
def test_it_is_a_schema_of_draft_07(name: str) -> None:
    Draft7Validator.check_schema(SCHEMAS[name])

    assert SCHEMAS[name]["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert "$defs" not in json.dumps(SCHEMAS[name])


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_key_is_explained_in_english_and_in_chinese(name: str) -> None:
    told = [(key, value.get("description", "").split("\n\n")) for key, value in keys(name)]
    chinese = re.compile(r"[\u4e00-\u9fff]")

    assert [
        key
        for key, texts in told
        if len(texts) != 2 or chinese.search(texts[0]) or not chinese.search(texts[1])
    ] == []


@pytest.mark.parametrize(
    "texts",
    [of_scenarios.collect_hover_texts(), read_hover_texts(of_platforms.HOVER)],
    ids=["scenario", "platform"],
)
def test_no_explanation_is_of_a_key_that_is_not_there(texts: Texts) -> None:
    there = {key for name in SCHEMAS for key, _ in keys(name)} | {OUR_OWN}
    explained = {key for told in texts.values() for key in told}

    assert explained - there == set()


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_structure_is_closed(name: str) -> None:
    free = ["id"]  # the columns of a row
    open_ones = [
        list(structure["properties"])
        for structure in structures(SCHEMAS[name])
        if structure.get("additionalProperties", True) is True
    ]

    assert [names for names in open_ones if names not in (free, ["preset"])] == []


@pytest.mark.parametrize(("name", "path"), [pytest.param(*p, id=p[1].name) for p in shipped()])
def test_every_shipped_file_fits(name: str, path: Path) -> None:
    value: Any = read_yaml(path).to_plain()

    assert list(Draft7Validator(SCHEMAS[name]).iter_errors(value)) == []


def whole(**more: Any) -> dict[str, Any]:
    return {"version": 1, "scenario": "拼写", "steps": [{"open": {}}], **more}


@pytest.mark.parametrize(
    "value",
    [
        whole(stpes=[]),
        whole(version=2),
        whole(form={"scripts": {"chnge.customerId": "a.js"}}),
        whole(form={"scripts": {"approve.部门审批": "a.js"}}),
        whole(flow={"scripts": {"open": "a.js"}}),
        whole(steps=[{"approve": {"att": "部门审批"}}]),
        whole(steps=[{"proxy": {"args": []}}]),
        whole(steps=[{"js": {"fil": "a.js"}}]),
        whole(steps=[{"run": {"with": {}}}]),
        whole(steps=[{"click": 5}]),
        whole(steps=[{"advance": "一分钟"}]),
        whole(steps=[{"open": {}, "expect": {"form": {"phone": {"$matchs": "x"}}}}]),
        whole(steps=[{"open": {}, "expect": {"console": [{"$contian": "x"}]}}]),
        whole(steps=[{"open": {}, "expect": {"proxy": [{"cal": "a.b"}]}}]),
        whole(steps=[{"open": {}, "expect_error": {"kode": 1}}]),
        whole(steps=[{"open": {}, "retry": {"tries": 0}}]),
        whole(faults=[{"on": "a.b"}]),
        whole(faults=[{"on": "a.b", "do": {"error": "timout"}}]),
        whole(cases=[{"名称": "没有编号"}]),
        whole(cases={"form": "a.csv"}),
        whole(cases=[]),
        whole(user=True),
    ],
)
def test_a_mistake_does_not_fit(value: dict[str, Any]) -> None:
    assert not Draft7Validator(SCHEMAS["scenario"]).is_valid(value)


@pytest.mark.parametrize(
    "value",
    [
        whole(steps=[{"open": None}, {"approve": None}, {"submit": {"by": 7}}]),
        whole(steps=[{"advance": "${case.等待}"}, {"advance": "1m30s"}, {"advance": 5}]),
        whole(steps=[{"python": "检查:库存"}, {"js": {"file": "a.js"}}, {"run": "登录"}]),
        whole(steps={"open": {}, "faults": "令牌过期"}, use="共享.yaml"),
        whole(cases={"from": "订单.csv", "id": "编号"}, user={"id": "lisi"}),
        whole(expect={"proxy": [], "form": {"a": {"$not": {"$in": [1, None]}}}}),
    ],
)
def test_what_the_loader_takes_fits(value: dict[str, Any]) -> None:
    assert list(Draft7Validator(SCHEMAS["scenario"]).iter_errors(value)) == []


@pytest.mark.parametrize(
    "routes", [[], [{"when": "true"}], {"to": "x", "wenn": "y"}], ids=["none", "no to", "typo"]
)
def test_a_wrong_route_does_not_fit(routes: Any) -> None:
    flow = {"flow": "合同", "start": "甲", "nodes": {"甲": {"approve": routes}}}

    assert not Draft7Validator(SCHEMAS["flow"]).is_valid(flow)
