"""Errors as ``expect_error`` sees them: type, code, message, origin and status."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from bpmax_sim.errors import CallError, Place, ScriptError, SubjectError
from bpmax_sim.scenario.expect import Check, Checks, compare
from bpmax_sim.scenario.model import ExpectedError
from bpmax_sim.scenario.values import Path, show

_FIELDS = ("type", "code", "message", "status")


class Thrown(msgspec.Struct, frozen=True):
    """What a step ended with, in one shape for scripts, calls, subjects and Python.

    Attributes:
        source: ``script``, ``form or flow``, ``python``, a platform's call ``platform.api``.
    """

    type: str
    code: Any
    message: str
    source: str
    status: Any = None
    place: Place | None = None

    def __str__(self) -> str:
        """Return ``TypeError: …``."""
        return f"{self.type}: {self.message}"


def thrown_of(error: BaseException) -> Thrown:
    """Return *error* in the words of ``expect_error``."""
    if isinstance(error, ScriptError):
        fields = error.fields
        source = _call(fields.get("platform_key"), fields.get("api"))
        return Thrown(
            type=error.name,
            code=fields.get("code"),
            message=error.message,
            source=source or "script",
            status=fields.get("status"),
            place=error.place,
        )
    if isinstance(error, CallError):
        source = _call(error.platform, error.api) or "proxy"
        return Thrown(type(error).__name__, error.code, error.message, source, error.status)
    source = "subject" if isinstance(error, SubjectError) else "python"
    return Thrown(type(error).__name__, getattr(error, "code", None), str(error), source)


def _call(platform: Any, api: Any) -> str:
    return f"{platform}.{api}" if platform and api else str(platform or "")


def compare_error(expected: ExpectedError, thrown: Thrown, path: Path = ()) -> Checks:
    """Return every comparison of an ``ExpectedError``, values filled in, with *thrown*."""
    checks: list[Check] = []
    for name in _FIELDS:
        wanted = getattr(expected, name)
        if wanted is not UNSET:
            checks += compare(wanted, getattr(thrown, name), (*path, name))
    if expected.source is not UNSET:
        checks.append(_from(expected.source, thrown, (*path, "from")))
    return tuple(checks)


def _from(expected: Any, thrown: Thrown, path: Path) -> Check:
    if isinstance(expected, Mapping):
        found = compare(expected, thrown.source, path)
        ok = all(check.ok for check in found)
    else:
        ok = expected in {thrown.source, thrown.source.partition(".")[0]}
    return Check(path, ok, show(expected), show(thrown.source))


def wanted(expected: ExpectedError) -> str:
    """Return what an ``ExpectedError`` asks for, in a few words."""
    names = {"source": "from"}
    parts = [
        f"{names.get(name, name)} {show(getattr(expected, name))}"
        for name in (*_FIELDS, "source")
        if getattr(expected, name) is not UNSET
    ]
    return f" ({', '.join(parts)})" if parts else ""


def resolved_error(expected: ExpectedError, resolve: Callable[[Any], Any]) -> ExpectedError:
    """Return *expected* with its values filled in by *resolve*."""
    names = expected.__struct_fields__
    return ExpectedError(
        **{
            name: value if value is UNSET else resolve(value)
            for name in names
            for value in (getattr(expected, name),)
        }
    )


def told_error(errors: Sequence[Exception]) -> dict[str, Any] | None:
    """Return the first error as ``${steps.<id>.error}`` shows it."""
    if not errors:
        return None
    thrown = thrown_of(errors[0])
    return {
        "type": thrown.type,
        "code": thrown.code,
        "message": thrown.message,
        "from": thrown.source,
        "status": thrown.status,
    }
