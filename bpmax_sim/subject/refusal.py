"""Whether a script says no: by what it returns, or by what it throws of its own."""

from __future__ import annotations

from typing import Any

from bpmax_sim.errors import BpmaxError, CallError, ScriptError, SubjectError
from bpmax_sim.i18n import msg
from bpmax_sim.js_values import Undefined

_BUGS = (
    "EvalError",
    "InternalError",
    "RangeError",
    "ReferenceError",
    "SyntaxError",
    "TypeError",
    "URIError",
)
"""What the language itself throws; a script that says no throws an Error, a text, or its own."""


def refusal(event: str, value: Any, thrown: Exception | None) -> str | None:
    """Return the text with which the check *event* says no, or None where it does not.

    Raises:
        SubjectError: it returned what is neither a yes nor a no.
    """
    if thrown is not None:
        return _message_of(thrown) if isinstance(thrown, ScriptError) and says_no(thrown) else None
    if value is False:
        return msg("{event} refused", event=event)
    if isinstance(value, str) and value:
        return value
    if value is None or value is True or isinstance(value, Undefined):
        return None
    raise SubjectError(
        "{event} returned {value!r}, which neither refuses nor agrees; return false or "
        "a text, or throw, to refuse; return nothing or true to agree",
        event=event,
        value=value,
    )


_QUOTES = ("'", '"', "`")


def _message_of(thrown: ScriptError) -> str:
    """Return what was thrown; a text that was thrown as it is, is told in quotes."""
    text = thrown.message
    quoted = thrown.name == "Uncaught" and text[:1] in _QUOTES and text[-1:] == text[:1]
    return text[1:-1] if quoted and len(text) > 1 else text


def says_no(thrown: Exception) -> bool:
    """Return whether *thrown* is the script's own: no bug, no limit, and no rejected call."""
    if type(thrown) is not ScriptError or thrown.name in _BUGS:
        return False
    code = thrown.fields.get("code")
    rejected = isinstance(thrown.__cause__, BpmaxError) and not isinstance(
        thrown.__cause__, ScriptError
    )
    return code is None or not (
        rejected or "platform_key" in thrown.fields or code == CallError.default_code
    )
