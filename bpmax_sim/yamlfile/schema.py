"""JSON Schema (draft 2020-12) of a file, for editors that check while one types."""

from __future__ import annotations

from typing import Any

from bpmax_sim.yamlfile.decode import shape_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(type_: Any, *, title: str) -> dict[str, Any]:
    """Return the schema of files that `decode` reads as *type_*."""
    definitions: dict[str, Any] = {}
    root = shape_of(type_).schema(definitions)
    return {"$schema": DIALECT, "title": title, **root, "$defs": dict(sorted(definitions.items()))}
