"""What pytest tells of tests that know secrets: reports, comparisons, warnings and logs, redacted.

Values are redacted before pytest shortens them, where half a secret would be left that is not
known again. What a test prints where pytest does not capture it (``-s``) goes where it likes.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from _pytest._code import code
from _pytest._io import saferepr

from bpmax_sim.pytest_plugin.fixtures import HIDING
from bpmax_sim.secret.values import Redact, redacted

_TOLD = ("longrepr", "sections", "user_properties", "wasxfail")
_LOGS = ("log_cli_handler", "log_file_handler")
_active: list[pytest.Item] = []
_comparing: list[Any] = []
_whole, _format = saferepr.SafeRepr.repr, saferepr.safeformat


def hide_in(node: pytest.Item, redact: Redact) -> None:
    """Let *redact* pass over what is told of *node*."""
    node.stash.setdefault(HIDING, []).append(redact)
    if node not in _active:
        _active.append(node)
    saferepr.SafeRepr.repr = _uncut  # type: ignore[method-assign] # nothing else is before a cut
    code.safeformat = _formatted  # type: ignore[attr-defined] # of locals, with -vv
    _hide_in_logs(node.config)


def forget(config: pytest.Config) -> None:
    """Let go of the tests of *config*, which have ended."""
    _active[:] = [node for node in _active if node.config is not config]
    if not _active:
        saferepr.SafeRepr.repr = _whole  # type: ignore[method-assign]
        code.safeformat = _format  # type: ignore[attr-defined]


def redact_now(text: str) -> str:
    """Return *text* without the secrets of the tests that run."""
    for node in _active:
        for redact in node.stash[HIDING]:
            text = redact(text)
    return text


def _uncut(self: saferepr.SafeRepr, x: object) -> str:
    """Return what `SafeRepr.repr` does; where it holds a secret, redact it, and cut it then."""
    told = _whole(self, x)
    whole = _whole(saferepr.SafeRepr(None, self.use_ascii), x)
    shown = redact_now(whole)
    if shown == whole:
        return told
    return shown if self.maxsize is None else saferepr._ellipsize(shown, self.maxsize)  # noqa: SLF001


def _formatted(obj: object) -> str:
    """Return what `safeformat` does of *obj* without its secrets; it breaks texts into lines."""
    try:
        shown = redacted(obj, redact_now)
    except Exception:  # noqa: BLE001 - values may be cyclic
        shown = obj
    return redact_now(_format(shown))


def compared(config: pytest.Config, op: str, left: Any, right: Any) -> list[str] | None:
    """Return the lines of a comparison of values that hold secrets, else None."""
    if _comparing or not _active:
        return None
    try:
        shown = redacted((left, right), redact_now)
        if shown == (left, right):
            return None
    except Exception:  # noqa: BLE001 - values may be cyclic, and compare as they like
        return None
    _comparing.append(shown)
    try:
        found = config.hook.pytest_assertrepr_compare(
            config=config, op=op, left=shown[0], right=shown[1]
        )
    finally:
        _comparing.pop()
    lines = next((list(one) for one in found if one), [f"{shown[0]!r} {op} {shown[1]!r}"])
    return [redact_now(line) for line in lines]


@contextmanager
def hidden_in(error: BaseException | None) -> Iterator[None]:
    """Let *error*, and those behind it, tell no secret for as long as it is told.

    pytest breaks a message into lines, over which an encoded secret may go.
    """
    with ExitStack() as stack:
        for one in _behind(error, set()):
            for name in ("args", "__notes__"):
                before = getattr(one, name, None)
                shown = redacted(before, redact_now) if isinstance(before, tuple | list) else before
                if before is not None and shown != before:
                    setattr(one, name, shown)
                    stack.callback(setattr, one, name, before)
        yield


def _behind(error: BaseException | None, seen: set[int]) -> Iterator[BaseException]:
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    yield error
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for one in (error.__cause__, error.__context__, *inner):
        yield from _behind(one, seen)


def hide(report: pytest.TestReport) -> None:
    """Replace the secrets in all that *report* tells."""
    for name in _TOLD:
        if hasattr(report, name):
            setattr(report, name, _hidden(getattr(report, name)))
    context = getattr(report, "context", None)  # of a subtest
    if context is not None:
        told = {"msg": context.msg, "kwargs": dict(context.kwargs)}
        report.context = type(context)(**redacted(told, redact_now))  # type: ignore[attr-defined]


def hide_warning(warning: warnings.WarningMessage) -> None:
    """Replace the secrets in *warning*."""
    before = str(warning.message)
    shown = redact_now(before)
    if shown != before:
        warning.message = warning.category(shown)
        if str(warning.message) != shown:
            warning.message = UserWarning(shown)


def _hidden(value: Any) -> Any:
    """Return *value* redacted; pytest's own objects are changed as they are."""
    kind = type(value)
    if kind is str:
        return redact_now(value)
    if kind in {list, tuple}:
        return kind([_hidden(item) for item in value])
    if kind.__module__.startswith("_pytest.") and hasattr(value, "__dict__"):
        for name, item in vars(value).items():
            setattr(value, name, _hidden(item))
    return value


def _hide_in_logs(config: pytest.Config) -> None:
    """Let what pytest writes of log records while tests run tell no secret."""
    plugin = config.pluginmanager.get_plugin("logging-plugin")
    for handler in (getattr(plugin, name, None) for name in _LOGS):
        if handler is not None and not isinstance(handler.formatter, _Hiding):
            handler.setFormatter(_Hiding(handler.formatter or logging.Formatter()))


class _Hiding(logging.Formatter):
    """Formats as another does, and redacts it."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return redact_now(self._inner.format(record))
