"""JSON Schemas of platform files and of ``instances.yaml``, for editors."""

from __future__ import annotations

from typing import Any

from bpmax_sim.platform.model import Instance, Platform
from bpmax_sim.platform.presets import preset_names
from bpmax_sim.yamlfile import json_schema

Schema = dict[str, Any]


def platform_schema() -> Schema:
    """Return the schema of a platform file."""
    schema = json_schema(Platform, title="bpmax-sim platform")
    definitions = schema["$defs"]
    for name in ("Platform", "Api"):
        definitions[name]["properties"]["auth"] = _auth()
    return schema


def instances_schema() -> Schema:
    """Return the schema of ``instances.yaml``."""
    schema = json_schema(Instance, title="bpmax-sim instances")
    item = {"$ref": schema.pop("$ref")}
    schema["$defs"]["Source"] |= {"minProperties": 1, "maxProperties": 1}
    return {**schema, "type": ["array", "null"], "items": item}


def _auth() -> Schema:
    """Return the ways to declare auth: a preset's name, a preset with parameters, or all of it."""
    names = {"enum": list(preset_names())}
    with_parameters = {"type": "object", "properties": {"preset": names}, "required": ["preset"]}
    return {"anyOf": [names, with_parameters, {"$ref": "#/$defs/Auth"}]}
