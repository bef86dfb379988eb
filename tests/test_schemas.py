"""The shipped JSON Schemas are those of the types, and every shipped file fits them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bpmax_sim.platform.schema import instances_schema, platform_schema
from bpmax_sim.scenario.model import Scenario
from bpmax_sim.yamlfile import json_schema, read_yaml

ROOT = Path(__file__).parents[1]
SCHEMAS = {
    "scenario": json_schema(Scenario, title="bpmax-sim scenario"),
    "platform": platform_schema(),
    "instances": instances_schema(),
}


def shipped() -> Iterator[tuple[str, Path]]:
    folders = (ROOT / "scenarios", ROOT / "bpmax_sim/demo/files/scenarios")
    for folder in folders:
        yield "instances", folder / "instances.yaml"
        yield from (("platform", path) for path in (folder / "platforms").glob("*.yaml"))
        yield from (("scenario", path) for path in folder.rglob("*.scenario.yaml"))
    yield from (("platform", path) for path in (ROOT / "bpmax_sim/platform/builtin").glob("*"))


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_shipped_schema_is_that_of_the_types(name: str) -> None:
    path = ROOT / f"scenarios/schemas/{name}.schema.json"
    text = json.dumps(SCHEMAS[name], ensure_ascii=False, indent=2)

    assert path.read_text(encoding="utf-8") == f"{text}\n", "run: bpmax-sim schema --write"


@pytest.mark.parametrize(("name", "path"), [pytest.param(*p, id=p[1].name) for p in shipped()])
def test_every_shipped_file_fits(name: str, path: Path) -> None:
    value: Any = read_yaml(path).plain()

    assert list(Draft202012Validator(SCHEMAS[name]).iter_errors(value)) == []


def test_a_typo_does_not_fit() -> None:
    value = {"version": 1, "scenario": "拼写", "stpes": []}

    assert list(Draft202012Validator(SCHEMAS["scenario"]).iter_errors(value)) != []
