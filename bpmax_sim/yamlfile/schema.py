"""JSON Schema (draft-07) of a kind of file, for editors that check and explain while one types.

Draft-07 is what editors read without a plugin of their own. Hover texts are given in two
languages, English first, and stand in a file of their own beside the types.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bpmax_sim.yamlfile.node import read_yaml
from bpmax_sim.yamlfile.shapes import build_shape

DIALECT = "http://json-schema.org/draft-07/schema#"
REFERENCE = "#/definitions/"
ITSELF = "_"
"""The key of a hover file that stands for the mapping as a whole."""

Texts = Mapping[str, Mapping[str, tuple[str, str]]]
Schema = dict[str, Any]


def make_json_schema(type_: Any, *, title: str, hover: Texts | None = None) -> Schema:
    """Return the schema of the files that `decode` reads as *type_*.

    Args:
        type_: a structure.
        title: of the schema.
        hover: structure -> key -> what an editor shows, in English and in Chinese.
    """
    definitions: Schema = {}
    build_shape(type_).to_json_schema(definitions)
    for name, definition in definitions.items():
        add_descriptions(definition, (hover or {}).get(name, {}))
    root = definitions.pop(type_.__name__)
    return {
        "$schema": DIALECT,
        **root,
        "title": title,
        "definitions": dict(sorted(definitions.items())),
    }


def read_hover_texts(path: Path) -> Texts:
    """Return the hover texts in a file: type name -> key -> (English, Chinese)."""
    plain: Any = read_yaml(path).to_plain()
    return {
        name: {key: (english, chinese) for key, (english, chinese) in texts.items()}
        for name, texts in plain.items()
    }


def add_descriptions(definition: Schema, texts: Mapping[str, tuple[str, str]]) -> None:
    """Add *texts* as descriptions to the definition of a structure: key -> (English, Chinese).

    That of the structure itself has the key `ITSELF`.
    """
    if ITSELF in texts:
        definition["description"] = join_languages(texts[ITSELF])
    properties = definition["properties"]
    for key in properties.keys() & texts.keys():
        properties[key] = attach_description(properties[key], join_languages(texts[key]))


def join_languages(text: tuple[str, str]) -> str:
    """Return both languages as two paragraphs, which editors show as help on a key."""
    return "\n\n".join(text)


def attach_description(schema: Schema, text: str) -> Schema:
    """Return *schema* with a description; in draft-07 keys beside a ``$ref`` are ignored."""
    if "$ref" in schema:
        return {"description": text, "allOf": [schema]}
    return {"description": text, **schema}
