"""Whether a new recording says the same as the old one, so that the file need not change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from bpmax_sim.cassette.bodies import by_name, media_type, read_body
from bpmax_sim.cassette.model import Entry
from bpmax_sim.cassette.paths import parse_path, without
from bpmax_sim.cassette.reader import read_exchange
from bpmax_sim.messages import Exchange, Failed, Outcome

Volatile = Callable[[str], tuple[str, ...]]

# Places of answers: set afresh for each answer whatever it says; the length follows from the body.
PASSING = tuple(
    f"header.{name}"
    for name in (
        "age", "content-length", "date", "request-id", "server-timing", "traceparent",
        "x-correlation-id", "x-request-id", "x-runtime", "x-trace-id", "x-tt-logid",
    )
)  # fmt: skip
_said = attrgetter(
    "key",
    "rules",
    "call",
    "instance",
    "base",
    "injected",
    "failed",
    "source",
    "trust",
    "session",
    "values",
)
IsSigned = Callable[[Exchange], bool]


def any_signature(_exchange: Exchange) -> bool:
    """Take a signature for what would be made today."""
    return True


def same_meaning(
    old: Sequence[Entry],
    new: Sequence[Entry],
    volatile: Volatile,
    is_signed: IsSigned = any_signature,
) -> bool:
    """Return whether two recordings differ in instants, durations and passing fields only.

    *volatile* names the passing fields of an API's answers, such as ``body.request_id``;
    *is_signed* tells whether an old request is signed as it would be today, at its own instant.
    """
    return len(old) == len(new) and all(
        _same(before, after, volatile, is_signed) for before, after in zip(old, new, strict=True)
    )


def _same(old: Entry, new: Entry, volatile: Volatile, is_signed: IsSigned) -> bool:
    if _said(old.line) != _said(new.line) or (old.line.signed is None) != (new.line.signed is None):
        return False
    if old.text == new.text:
        return True
    if old.line.signed is not None and not is_signed(read_exchange(old)):
        return False
    paths = (*PASSING, *volatile(new.line.call))
    return bool(_outcome(old, paths) == _outcome(new, paths))


def _outcome(entry: Entry, paths: tuple[str, ...]) -> Any:
    return without(parts_of_outcome(read_exchange(entry).outcome), map(parse_path, paths))


def parts_of_outcome(outcome: Outcome) -> dict[str, Any]:
    """Return what *outcome* says, part by part, spelling aside."""
    if isinstance(outcome, Failed):
        return {"failed": outcome.code, "sent": outcome.sent, "body": repr(outcome.received)}
    headers = [(name.lower(), value) for name, value in outcome.headers]
    content_type = outcome.header("content-type") or ""
    body = read_body(outcome.body, content_type)
    return {
        "status": outcome.status,
        "reason": outcome.reason,
        "type": media_type(content_type),
        "header": by_name(headers),
        "kind": body.kind,
        "body": body.value,
    }
