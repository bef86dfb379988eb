"""Load the scripts of a session and their live objects, and redact what they print and throw."""

from __future__ import annotations

import os
import re
import warnings
import weakref
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec.structs import asdict, replace

from bpmax_sim.errors import (
    UNAWAITED,
    WRONG_CALLS,
    BpmaxWarning,
    CollationWarning,
    ConfigError,
    Place,
    PowerWarning,
    ScriptError,
    UnawaitedWarning,
    UncalledWarning,
    UnknownNameWarning,
    UnseenFailureWarning,
    WrongCallWarning,
    find_frame_outside,
    suggest_nearest,
)
from bpmax_sim.i18n import label_message, msg
from bpmax_sim.js_values import UNDEFINED
from bpmax_sim.proxy.response import CallRecord
from bpmax_sim.script.channel import LiveObject
from bpmax_sim.script.failure import Script
from bpmax_sim.script.turn_result import Outcome, ReadTrackingFailedOutcome
from bpmax_sim.script_source.reading import POWER_DIFFERS, find_inexact_powers
from bpmax_sim.secret.vault import Redact, redact_values
from bpmax_sim.subject.hooks import FieldChanged

ScriptLike = Script | str | os.PathLike[str]
ObjectLike = LiveObject | dict[str, Any]


class WatchedDict:
    """A plain dict given as ``form`` or ``ctx``, so that scripts read and write its members."""

    def __init__(
        self, values: dict[str, Any], listener: Callable[[FieldChanged], None] | None = None
    ) -> None:
        """Use *values* itself, so that it contains what scripts wrote.

        *listener* gets each change.
        """
        self.values = values
        self._listener = listener

    def snapshot(self) -> Mapping[str, Any]:
        """Return the present members."""
        return self.values

    def write(self, field: str, value: Any, place: Place | None, /) -> None:
        """Set a member that the script has written, or remove it, and notify the listener.

        `UNDEFINED` removes it, as in a form of fields.
        """
        old = self.values.get(field)
        if value is UNDEFINED:  # so comes what a script has deleted
            self.values.pop(field, None)
        else:
            self.values[field] = value
        if self._listener is not None:
            self._listener(FieldChanged(field=field, old=old, new=value, by="script", place=place))


_CODE: Final = re.compile(r"[\n;(){}=]|\breturn\b|\bawait\b")
"""What stands in JavaScript and hardly ever in the name of a file."""


def read_script(path: str | os.PathLike[str]) -> Script:
    """Return the script in a file; stack traces name it by *path* as given.

    Raises:
        ConfigError: if the file cannot be read or is not UTF-8.
    """
    name = os.fspath(path)
    try:
        source = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ConfigError(_describe_unreadable(name, error)) from error
    return Script(source.removeprefix("\ufeff"), name)


def _describe_unreadable(name: str, error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return msg("{name}: the script is not UTF-8 text; save it as UTF-8", name=name)
    if _CODE.search(name):
        first = name.strip().partition("\n")[0][:60]
        return msg('{first}: file not found; pass JavaScript by value: bs.Script("…")', first=first)
    reason = error.strerror if isinstance(error, OSError) else error
    return msg("{name}: the script cannot be read: {reason}", name=name, reason=reason)


def read_script_if_path(script: ScriptLike) -> Script:
    """Return *script* as a `Script`: a path, which may be a text, is read.

    A `Script` is returned as it is; an object with texts ``name`` and ``source`` is converted.

    Raises:
        ConfigError: if it is none of these, or the file cannot be read.
    """
    if isinstance(script, Script):
        return script
    if isinstance(script, str | os.PathLike):
        return read_script(script)
    name, source = getattr(script, "name", None), getattr(script, "source", None)
    if isinstance(name, str) and isinstance(source, str):
        return Script(source, name)
    raise ConfigError('script: expected a path or bs.Script("…"), got {script!r}', script=script)


def read_scripts_if_paths(scripts: Sequence[ScriptLike]) -> list[Script]:
    """Return the items of *scripts* as `Script` values.

    Raises:
        ConfigError: if it is no list, or an item cannot be read.
    """
    if isinstance(scripts, str | os.PathLike) or not isinstance(scripts, Iterable):
        raise ConfigError("libraries: expected a list of scripts, got {scripts!r}", scripts=scripts)
    return [read_script_if_path(script) for script in scripts]


def to_live_object(
    name: str, value: ObjectLike, listener: Callable[[FieldChanged], None] | None = None
) -> LiveObject:
    """Return *value*, given for the global *name* of a script, as an object that it can change.

    *listener* gets each write to a dict given as ``form``.

    Raises:
        ConfigError: if it is neither a dict nor a live object.
    """
    if isinstance(value, dict):
        return WatchedDict(value, listener if name == "form" else None)
    if not (callable(getattr(value, "snapshot", None)) and callable(getattr(value, "write", None))):
        raise ConfigError(
            "{name}: expected a dict or a live object, got {value!r}", name=name, value=value
        )
    return value


def warn_of_inexact_powers(scripts: Iterable[Script]) -> None:
    """Warn of ``**`` in *scripts*: the last digit of such a power depends on the machine."""
    for script in scripts:
        for place in find_inexact_powers(script.source, script.name):
            warnings.warn(label_message(place, POWER_DIFFERS), PowerWarning, stacklevel=4)


def judge_unawaited_and_collation(outcome: Outcome, unawaited: str) -> Outcome:
    """Judge calls whose promise no script awaited, as the option *unawaited* says.

    Without ``allow``, also warn of characters that scripts sorted by their code point only.
    ``warn`` warns of each call, ``fail`` returns *outcome* with an error, ``allow`` does nothing.
    """
    doubts = () if unawaited == "allow" else outcome.unranked  # a scenario has its own warnings
    for character in doubts:
        warnings.warn(
            label_message(character.place, character.problem), CollationWarning, stacklevel=4
        )
    if unawaited == "warn":
        for call in outcome.unawaited:
            place = f"{call.place}: " if call.place else ""
            message = msg(
                "{place}{problem}, or open the session with unawaited='allow'",
                place=place,
                problem=call.problem,
            )
            category = UncalledWarning if call.built else UnawaitedWarning
            warnings.warn(message, category, stacklevel=4)  # of who called run_script
    if unawaited != "fail" or not outcome.unawaited or outcome.error is not None:
        return outcome
    first = outcome.unawaited[0]
    message = msg("{problem}, or open the session with unawaited='allow'", problem=first.problem)
    return replace(outcome, error=ScriptError(message, name=UNAWAITED, place=first.place))


class UnreadScriptErrors:
    """The failed outcomes of which a test has not read the error.

    It may have missed the failure.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._outcomes: list[
            tuple[weakref.ref[ReadTrackingFailedOutcome], dict[str, bool], Outcome, str, int]
        ] = []

    def track_reading(self, outcome: Outcome) -> Outcome:
        """Return *outcome*; for a failed script a copy that notes whether its error is read.

        Only outcomes that a test's own code gets are copied, not those of forms and flows.
        """
        if not (outcome.error or outcome.unhandled):
            return outcome
        frame = find_frame_outside(_WRAPPERS)
        if frame is None or frame.f_code.co_filename.startswith(PACKAGE):
            return outcome
        file = frame.f_code.co_filename
        failed = ReadTrackingFailedOutcome(**asdict(outcome))
        # It outlives the outcome, and still tells then whether somebody has read the error.
        looks = failed.__dict__
        self._outcomes.append((weakref.ref(failed), looks, outcome, file, frame.f_lineno))
        return failed

    def warn_of_unread(self, late: Iterable[Outcome]) -> None:
        """Warn of each error that nobody read before its outcome was garbage-collected.

        *late* are outcomes of timers that fired after their script had ended, and that the test did
        not take.
        """
        left = [
            (outcome, file, line)
            for alive, looks, outcome, file, line in self._outcomes
            if alive() is None and not looks
        ]
        left += [(one, "", 0) for one in late]
        for outcome, file, line in left:
            for error in filter(None, (outcome.error, *outcome.unhandled)):
                message = msg(
                    "the script failed, and nothing looked at that: {error}; call unwrap() of the "
                    "outcome, or look at its error",
                    error=error,
                )
                place = getattr(error, "place", None) or Place("script", 1)
                is_wrong_call = getattr(error, "fields", {}).get("code") in WRONG_CALLS
                category = WrongCallWarning if is_wrong_call else UnseenFailureWarning
                warnings.warn_explicit(message, category, file or place.file, line or place.line)


PACKAGE: Final = str(Path(__file__).parents[1])
_WRAPPERS: Final = (str(Path(__file__).parent), str(Path(PACKAGE, "keywords.py")))


def warn_of_misspelt_names(
    outcome: Outcome, calls: Iterable[CallRecord], form: object, fields: Collection[str]
) -> None:
    """Warn of names that a script probably misspelt, which causes no error in JavaScript.

    Args:
        outcome: outcome of the script.
        calls: calls of the script.
        form: the script's form after its end.
        fields: names of the form's fields before, if it is a dict.
    """
    for read in outcome.absent_reads if fields else ():
        if read.owner == "form" and (hint := suggest_nearest(read.member, fields)):
            wrong = msg("the script reads form.{name}{hint}", name=read.member, hint=hint)
            _warn_at(UnknownNameWarning, wrong, read.place)
    for name in form if isinstance(form, dict) and fields else ():
        if name not in fields and (hint := suggest_nearest(name, fields)):
            wrong = msg("the script wrote form.{name}{hint}", name=name, hint=hint)
            _warn_at(UnknownNameWarning, wrong)
    for call in calls:
        for doubt in call.doubts:
            _warn_at(UnknownNameWarning, label_message(call.name, doubt))
        if getattr(call.error, "code", "") in WRONG_CALLS and not _has_failed_or_shown_error(
            outcome, call
        ):
            wrong = msg(
                "{error}; the script caught that: mend the call, return the error, or expect it: "
                "with pytest.warns(bs.WrongCallWarning)",
                error=call.error,
            )
            _warn_at(WrongCallWarning, label_message(call.name, wrong), call.position)


def _has_failed_or_shown_error(outcome: Outcome, call: CallRecord) -> bool:
    """Return whether the script failed, or returned the code or the API of the error of *call*."""
    names = filter(None, (getattr(call.error, "code", ""), call.api))
    return bool(outcome.error or outcome.unhandled) or any(
        name in str(outcome.value) for name in names
    )


def _warn_at(category: type[BpmaxWarning], message: str, place: Place | None = None) -> None:
    label = label_message(place, message) if place is not None else message
    warnings.warn(label, category, stacklevel=5)


def redact_outcome_except_value(outcome: Outcome, redact: Redact) -> Outcome:
    """Return *outcome* redacted, except for the value that the script returned."""
    error = outcome.error
    return replace(
        outcome,
        error=redact_error(error, redact) if isinstance(error, ScriptError) else error,
        console=redact_values(outcome.console, redact),
        unawaited=redact_values(outcome.unawaited, redact),
        unhandled=tuple(redact_error(error, redact) for error in outcome.unhandled),
    )


def redact_error(error: ScriptError, redact: Redact) -> ScriptError:
    """Return a script's error redacted, with the script errors that caused it."""
    shown = type(error)(
        redact(error.message),
        name=redact(error.name),
        place=error.place,
        stack=redact_values(error.stack, redact),
        fields=redact_values(error.fields, redact),
    )
    cause = error.__cause__
    shown.__cause__ = redact_error(cause, redact) if isinstance(cause, ScriptError) else cause
    return shown
