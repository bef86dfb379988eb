"""The law of scripts: whatever a form holds and a third party answers, no mistake of their own.

A script may leave a rejection uncaught, for that is an answer of the third party. A TypeError, a
name that there is not, a loop without end or a promise that nothing settles is the script's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from hypothesis import strategies as st

from bpmax_sim.errors import BpmaxError, ScriptError
from bpmax_sim.messages import Request, Response
from bpmax_sim.script.source import Script
from bpmax_sim.session.scripts import read_script
from bpmax_sim.strategies.fuzz.broken import broken, outcome, told
from bpmax_sim.strategies.fuzz.target import Target
from bpmax_sim.strategies.texts import json_values, scalars

_FIELD: Final = re.compile(r"\bform\s*\.\s*([^\W\d$]\w*)|\bform\s*\[\s*[\"']([^\"']+)[\"']\s*\]")
_OWN_FAULT: Final = frozenset({"UNKNOWN_PLATFORM", "UNKNOWN_INSTANCE", "UNKNOWN_API"})
SCRIPT: Final = "script"
"""The name of the law."""

ABOUT: Final = (
    "Whatever a form holds and a third party answers, a script ends in no mistake of its own."
)
_JSON: Final = (("content-type", "application/json"),)
TROUBLE: Final[Mapping[str, Response | None]] = {
    "": None,
    "empty": Response(status=200, headers=_JSON),
    "null": Response(status=200, headers=_JSON, body=b"null"),
    "nothing in it": Response(status=200, headers=_JSON, body=b"{}"),
    "500": Response(status=500, headers=_JSON, body=b'{"code":500,"message":"busy"}'),
    "not JSON": Response(status=200, headers=_JSON, body=b"<html>"),
}
"""What a third party may answer instead of the right thing, by name."""


def fields(source: str) -> list[str]:
    """Return the names of form fields that a script reads or writes."""
    found = [one or other for one, other in _FIELD.findall(source)]
    return [name for name in dict.fromkeys(found) if not name.startswith("$")]


def situations(source: str) -> st.SearchStrategy[dict[str, Any]]:
    """Draw what a script finds: ``{"form": …, "trouble": name}``."""
    values = st.none() | scalars() | json_values(max_leaves=3)
    return st.fixed_dictionaries(
        {
            "form": st.fixed_dictionaries(dict.fromkeys(fields(source), values)),
            "trouble": st.sampled_from(list(TROUBLE)),
        }
    )


def check_script(
    target: Target, script: str, situation: Mapping[str, Any], libraries: Sequence[str] = ()
) -> None:
    """Run the file *script* in *situation*, after *libraries*.

    Raises:
        LawBroken: it ends in a mistake of its own.
    """
    answer = TROUBLE[situation["trouble"]]

    def trouble(request: Request) -> Response | None:
        return None if request.is_login else answer

    source, *before = map(_named, (script, *libraries))
    with target.session() as (session, _):
        if answer is not None:
            session.stub(trouble)
        form = dict(situation["form"])
        ended = outcome(lambda: session.run_script(source, form=form, libraries=before).unwrap())
    if ended.error is not None and _is_own_fault(ended.error):
        raise broken(f"the script ends in {told(ended.error)}")


def _named(file: str) -> Script:
    """Return a script whose name is the file's alone, so that no path of a machine is told."""
    return Script(Path(file).name, read_script(file).source)


def _is_own_fault(error: BpmaxError) -> bool:
    if not isinstance(error, ScriptError):
        return not hasattr(error, "code")
    code = error.fields.get("code")
    return code is None or code in _OWN_FAULT
