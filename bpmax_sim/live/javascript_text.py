"""JavaScript to paste into a live BPMAX, built from this package's files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

from bpmax_sim.secret.secret_names import SECRET_WORDS

VERSION: Final = 1
"""Of the lines that are written to the console; `bpmax_sim.live.console` reads them."""

PIECE: Final = 400
"""Characters of a piece: few enough for what cuts long lines, such as consoles on phones."""
LONGEST: Final = 200_000
"""Characters of a text that is written whole."""


def to_javascript(value: Any) -> str:
    """Return *value* (a JSON value) as JavaScript source code."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def fill_script_template(file_name: str, values: Mapping[str, str]) -> str:
    """Return the code of the file *file_name* on one line, with *values* in place of ``@name@``.

    ``@console@`` is the code that all such files share.
    """
    shared = {
        "console": _read_as_one_line("console.js"),
        "names": ", ".join(
            f"{file_name} = {to_javascript(words)}" for file_name, words in SECRET_WORDS.items()
        ),
        "longest": str(LONGEST),
        "piece": str(PIECE),
        "version": str(VERSION),
    }
    code = _read_as_one_line(file_name)
    for key, value in {**shared, **values}.items():
        code = code.replace(f"@{key}@", value)
    return code


def _read_as_one_line(name: str) -> str:
    source = (files("bpmax_sim.live") / name).read_text(encoding="utf-8")
    lines = (line.strip() for line in source.splitlines())
    return " ".join(line for line in lines if line and not line.startswith(("//", "/*")))
