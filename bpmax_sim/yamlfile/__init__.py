"""YAML 1.2 files read with positions, and typed models made of them.

`read_yaml` yields a `Node`; `decode` makes a value of a msgspec type of it and lists every
problem with ``file:line:column`` and the path inside the file; `make_json_schema` describes the
file for editors; `write_yaml` is the inverse of reading.
"""

from __future__ import annotations

from bpmax_sim.yamlfile.node import LARGEST as LARGEST
from bpmax_sim.yamlfile.node import Node as Node
from bpmax_sim.yamlfile.node import Steps as Steps
from bpmax_sim.yamlfile.node import format_steps as format_steps
from bpmax_sim.yamlfile.node import parse_steps as parse_steps
from bpmax_sim.yamlfile.node import parse_yaml as parse_yaml
from bpmax_sim.yamlfile.node import parse_yaml_bytes as parse_yaml_bytes
from bpmax_sim.yamlfile.node import read_bytes as read_bytes
from bpmax_sim.yamlfile.node import read_text as read_text
from bpmax_sim.yamlfile.node import read_yaml as read_yaml
from bpmax_sim.yamlfile.node import to_display_path as to_display_path
from bpmax_sim.yamlfile.schema import add_descriptions as add_descriptions
from bpmax_sim.yamlfile.schema import attach_description as attach_description
from bpmax_sim.yamlfile.schema import join_languages as join_languages
from bpmax_sim.yamlfile.schema import make_json_schema as make_json_schema
from bpmax_sim.yamlfile.schema import read_hover_texts as read_hover_texts
from bpmax_sim.yamlfile.shapes import FILLABLE as FILLABLE
from bpmax_sim.yamlfile.shapes import INTERNAL as INTERNAL
from bpmax_sim.yamlfile.shapes import FileChecks as FileChecks
from bpmax_sim.yamlfile.shapes import Seconds as Seconds
from bpmax_sim.yamlfile.shapes import decode as decode
from bpmax_sim.yamlfile.write import insert_first_element as insert_first_element
from bpmax_sim.yamlfile.write import read_text_or_empty as read_text_or_empty
from bpmax_sim.yamlfile.write import translate_write_errors as translate_write_errors
from bpmax_sim.yamlfile.write import write_text_creating_folders as write_text_creating_folders
from bpmax_sim.yamlfile.write import write_yaml as write_yaml
