"""YAML 1.2 files read with positions, and typed models made of them.

`read_yaml` yields a `Node`; `decode` makes a value of a msgspec type of it and lists every
problem with ``file:line:column`` and the path inside the file; `json_schema` describes the file
for editors; `write_yaml` is the inverse of reading.
"""

from __future__ import annotations

from bpmax_sim.yamlfile.node import (
    LARGEST,
    Node,
    Steps,
    join,
    parsed,
    parsed_bytes,
    read_bytes,
    read_text,
    read_yaml,
    shown,
    split,
)
from bpmax_sim.yamlfile.schema import described, explain, help_text, json_schema, read_hover
from bpmax_sim.yamlfile.shapes import INTERNAL, Checks, Seconds, decode
from bpmax_sim.yamlfile.write import text_at, with_element, write_yaml, writing_to

__all__ = [
    "INTERNAL",
    "LARGEST",
    "Checks",
    "Node",
    "Seconds",
    "Steps",
    "decode",
    "described",
    "explain",
    "help_text",
    "join",
    "json_schema",
    "parsed",
    "parsed_bytes",
    "read_bytes",
    "read_hover",
    "read_text",
    "read_yaml",
    "shown",
    "split",
    "text_at",
    "with_element",
    "write_yaml",
    "writing_to",
]
