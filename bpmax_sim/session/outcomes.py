"""What came of a script -> the same, with secrets replaced in all that it printed and threw."""

from __future__ import annotations

from msgspec.structs import replace

from bpmax_sim.errors import BpmaxError, ScriptError
from bpmax_sim.script.outcome import Outcome
from bpmax_sim.secret.values import Redact, redacted


def shown_outcome(outcome: Outcome, redact: Redact) -> Outcome:
    """Return *outcome* as it may be shown; the value that it returned stays as it is."""
    return replace(
        outcome,
        error=_error(outcome.error, redact),
        console=redacted(outcome.console, redact),
        unawaited=redacted(outcome.unawaited, redact),
        unhandled=tuple(shown_error(error, redact) for error in outcome.unhandled),
    )


def _error(error: BpmaxError | None, redact: Redact) -> BpmaxError | None:
    return shown_error(error, redact) if isinstance(error, ScriptError) else error


def shown_error(error: ScriptError, redact: Redact) -> ScriptError:
    """Return a script's error, and the script's errors behind it, as they may be shown."""
    shown = type(error)(
        redact(error.message),
        name=redact(error.name),
        place=error.place,
        stack=redacted(error.stack, redact),
        fields=redacted(error.fields, redact),
    )
    cause = error.__cause__
    shown.__cause__ = shown_error(cause, redact) if isinstance(cause, ScriptError) else cause
    return shown
