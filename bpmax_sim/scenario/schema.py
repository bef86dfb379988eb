"""JSON Schemas of scenario files, of fragments and of flow definitions, for editors.

Beside the types themselves they know what each action takes, the operators of an expectation and
the events of a form or flow.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from bpmax_sim.platform.model import Model
from bpmax_sim.scenario.action_values import VALUES, Table
from bpmax_sim.scenario.expect import OPERATORS
from bpmax_sim.scenario.model import (
    Expect,
    ExpectedCall,
    ExpectedError,
    FaultRule,
    Fragment,
    Scenario,
)
from bpmax_sim.subject.definition import Definition
from bpmax_sim.subject.hooks import Subject, hooks_of
from bpmax_sim.yamlfile import described, explain, json_schema, read_hover, told
from bpmax_sim.yamlfile.decode import shape_of
from bpmax_sim.yamlfile.schema import REFERENCE, Texts
from bpmax_sim.yamlfile.shapes import DURATION

Schema = dict[str, Any]
HOVER = Path(__file__).with_name("hover.yaml")
_REFERENCE_PATTERN = r"\$\{"
_EXPECTED = {"$ref": f"{REFERENCE}Expected"}
_NOT_EXPECTED_VALUES = {"call", "proxy"}


def scenario_schema() -> Schema:
    """Return the schema of ``*.scenario.yaml``."""
    texts = read_hover(HOVER)
    schema = json_schema(Scenario, title="bpmax-sim scenario", hover=texts)
    _refine(schema, texts)
    _replace(schema, "cases", _cases(schema, texts))
    for subject in ("form", "flow"):
        _name_events(schema, subject)
    return schema


def fragment_schema() -> Schema:
    """Return the schema of the files that ``use`` names."""
    texts = read_hover(HOVER)
    schema = json_schema(Fragment, title="bpmax-sim fragment", hover=texts)
    _refine(schema, texts)
    return schema


def flow_schema() -> Schema:
    """Return the schema of flow definitions."""
    texts = read_hover(HOVER)
    schema = json_schema(Definition, title="bpmax-sim flow", hover=texts)
    node = schema["definitions"]["Node"]
    routes: Schema = {
        "type": "object",
        "properties": {"when": {"type": "string"}, "to": {"type": "string"}},
        "required": ["to"],
        "additionalProperties": False,
    }
    explain(routes, texts["Route"])
    for action in ("approve", "reject"):
        ways = {"type": "array", "minItems": 1, "items": routes}
        _replace(node, action, {"anyOf": [{"type": "string"}, routes, ways]})
    return schema


def _refine(schema: Schema, texts: Texts) -> None:
    """Say what the values are that the types leave open."""
    definitions = schema["definitions"]
    step = definitions["Step"]
    for action, type_ in VALUES.items():
        _replace(step, action, _of_type(type_, definitions, texts))
    _replace(step, "advance", _duration())
    _replace(step, "if", {"type": ["string", "boolean"]})
    fault = {"anyOf": [{"type": "string"}, _of_type(FaultRule, definitions, texts)]}
    for place in (schema, step):
        if "faults" in place["properties"]:
            _replace(place, "faults", {"anyOf": [{"type": "array", "items": fault}, fault]})
    if "user" in schema["properties"]:
        _replace(schema, "user", {"type": ["string", "integer", "object"]})
    definitions["Expected"] = _expected(texts)
    for model in (Expect, ExpectedCall, ExpectedError):
        _expect(definitions[model.__name__], model)
    schema["definitions"] = dict(sorted(definitions.items()))


def _of_type(type_: Any, definitions: Schema, texts: Texts) -> Schema:
    """Return the schema of *type_*; what it defines is explained and added."""
    found: Schema = {}
    schema = shape_of(type_).schema(found)
    for name, definition in found.items():
        if name not in definitions:
            explain(definition, texts.get(name, {}))
            definitions[name] = definition
    return schema


def _duration() -> Schema:
    texts = [{"type": "string", "pattern": one} for one in (DURATION, _REFERENCE_PATTERN)]
    return {"anyOf": [{"type": "number", "minimum": 0}, *texts]}


def _expected(texts: Texts) -> Schema:
    """Return the schema of a value of ``expect``: plain, or a map of operators and of nothing else.

    None of its keywords says what type a value has, so each applies where it can.
    """
    operators = "|".join(re.escape(name.removeprefix("$")) for name in OPERATORS)
    return {
        "description": told(texts["Expected"]["_"]),
        "propertyNames": {"pattern": rf"^(?!\$)|^\$({operators})$"},
        "properties": {name: {"description": told(texts["Expected"][name])} for name in OPERATORS},
        "additionalProperties": _EXPECTED,
        "items": _EXPECTED,
    }


def _expect(definition: Schema, model: type[Model]) -> None:
    for key in model.__struct_encode_fields__:
        if key not in _NOT_EXPECTED_VALUES:
            _replace(definition, key, _EXPECTED)


def _cases(schema: Schema, texts: Texts) -> Schema:
    row = {
        "type": "object",
        "properties": {"id": {"type": ["string", "integer"], "minLength": 1}},
        "required": ["id"],
    }
    explain(row, texts["Row"])
    table = _of_type(Table, schema["definitions"], texts)
    return {"anyOf": [{"type": "array", "minItems": 1, "items": row}, table]}


def _name_events(schema: Schema, subject: Subject) -> None:
    """Let only the events of *subject* be keys of its scripts."""
    definition = schema["definitions"][f"{subject.title()}Spec"]
    patterns = [rf"{hook.name}\..+" if hook.named else hook.name for hook in hooks_of(subject)]
    scripts = definition["properties"]["scripts"]
    scripts["propertyNames"] = {"pattern": f"^({'|'.join(patterns)})$"}


def _replace(definition: Schema, key: str, value: Schema) -> None:
    """Let *key* be *value*, with the words that it has already."""
    words = definition["properties"][key].get("description")
    definition["properties"][key] = described(value, words) if words else value
