"""Links of the report page that open a place in an editor: ``editor`` of ``[tool.bpmax_sim]``.

The value is ``vscode``, ``idea``, ``pycharm``, or a URL with ``{path}``, ``{line}`` and
``{column}``. A page written in CI has no such links: CI does not know where the reader's files lie,
and should not publish its own paths.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bpmax_sim.errors import ConfigError, suggest_or_list
from bpmax_sim.project import read_setting

_EDITORS: Final = {
    "vscode": "vscode://file/{path}:{line}:{column}",
    "idea": "idea://open?file={path}&line={line}&column={column}",
    "pycharm": "pycharm://open?file={path}&line={line}&column={column}",
}
_ADDRESS: Final = re.compile(r"(?!(?:javascript|data|vbscript):)[a-z][a-z0-9+.-]*://.*\{path\}.*")


def make_editor_url_template(root: Path) -> str:
    """Return the URL template that opens a file below *root*; "" if none is set.

    ``{path}`` is relative to *root*; ``{line}`` and ``{column}`` count from 1.

    Raises:
        ConfigError: if the setting is neither a known editor nor a URL.
    """
    chosen = read_setting(root, "editor")
    if not chosen or os.environ.get("CI"):
        return ""
    address = _EDITORS.get(str(chosen), str(chosen))
    if not _ADDRESS.fullmatch(address):
        hint = suggest_or_list(str(chosen), _EDITORS)
        raise ConfigError(
            "[tool.bpmax_sim] editor: expected an address with {{path}} in it, or an editor, got "
            "{chosen!r}{hint}",
            chosen=str(chosen),
            hint=hint,
        )
    path = root.absolute().as_posix()  # C:/… on Windows
    folder = quote(path.lstrip("/"))
    slash = "" if "://file/" in address else "/" * path.startswith("/")
    return address.replace("{path}", f"{slash}{folder}/{{path}}")
