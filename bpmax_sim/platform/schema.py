"""JSON Schemas of platform files and of ``instances.yaml``, for editors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bpmax_sim.platform.model import Instance, Platform
from bpmax_sim.platform.presets import preset_names
from bpmax_sim.yamlfile import described, json_schema, read_hover

Schema = dict[str, Any]
HOVER = Path(__file__).with_name("hover.yaml")


def platform_schema() -> Schema:
    """Return the schema of a platform file."""
    schema = json_schema(Platform, title="bpmax-sim platform", hover=read_hover(HOVER))
    for definition in (schema, schema["definitions"]["Api"]):
        properties = definition["properties"]
        properties["auth"] = described(_auth(), properties["auth"]["description"])
    return schema


def instances_schema() -> Schema:
    """Return the schema of ``instances.yaml``."""
    schema = json_schema(Instance, title="bpmax-sim instances", hover=read_hover(HOVER))
    schema["definitions"]["Source"] |= {"minProperties": 1, "maxProperties": 1}
    around = {key: schema.pop(key) for key in ("$schema", "title", "definitions")}
    return {**around, "type": ["array", "null"], "items": schema}


def _auth() -> Schema:
    """Return the ways to declare auth: a preset's name, a preset with parameters, or all of it."""
    names = {"enum": list(preset_names())}
    with_parameters = {"type": "object", "properties": {"preset": names}, "required": ["preset"]}
    return {"anyOf": [names, with_parameters, {"$ref": "#/definitions/Auth"}]}
