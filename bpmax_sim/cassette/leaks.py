"""The last line of defence: nothing with a known secret in it is written as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from bpmax_sim.cassette.journal import Draft
from bpmax_sim.cassette.model import Entry
from bpmax_sim.cassette.reader import read_exchange
from bpmax_sim.messages import Failed

Scan = Callable[[bytes], Sequence[object]]
"""Tells the secrets in some bytes, as objects whose text names credential and place, no value."""

_INDENT = re.compile(rb"\n +")
_NAMES = b"\n    headers:"
_DIGEST = re.compile(r"[0-9a-f]{32}")
_BINARY = "!!binary |-\n"


def finds_nothing(_data: bytes) -> tuple[object, ...]:
    """Scan where no secret is known."""
    return ()


def checked(draft: Draft, scan: Scan) -> Draft:
    """Return *draft*, or a stub of it if *scan* finds a secret in it."""
    if draft.leaks:
        return draft
    found = tuple(str(finding) for finding in scan(scannable(draft.entry)))
    if not found:
        return draft
    blank: dict[str, Any] = {"base": "", "injected": (), "encoding": {}, "extra": {}, "values": {}}
    line = msgspec.structs.replace(draft.line, **blank)
    return msgspec.structs.replace(draft, line=line, text="", leaks=found)


class Check:
    """Checks drafts, each only once while no more secrets are known; on any thread."""

    def __init__(self, scan: Scan, known: Callable[[], int] | None = None) -> None:
        """Check with *scan*; *known* tells how many secrets it looks for, which never are fewer.

        Without it nothing is remembered.
        """
        self._scan = scan
        self._known = known
        self._passed: dict[int, tuple[Draft, int]] = {}

    def __call__(self, draft: Draft) -> Draft:
        """Return *draft*, or a stub of it if there is a secret in it."""
        if self._known is None:
            return checked(draft, self._scan)
        known = self._known()  # first, as more may become known meanwhile
        passed = self._passed.get(id(draft))  # which is held there, so that no other has its id
        if passed is not None and passed[1] == known:
            return draft
        found = checked(draft, self._scan)
        if found is draft:
            self._passed[id(draft)] = draft, known
        return found

    def forget(self) -> None:
        """Let go of the drafts."""
        self._passed = {}


def scannable(entry: Entry) -> bytes:
    """Return everything of *entry* as one run of bytes, not broken by layout.

    What stands at the ends of two lines is no base64 on both, unless they are lines of a body; and
    a key is a digest of what is there besides, so it says nothing itself.
    """
    line = entry.line
    if _DIGEST.fullmatch(line.key):
        line = msgspec.structs.replace(line, key="")
    laid_out = entry.text.encode().replace(_NAMES, b'"' + _NAMES)
    told = _INDENT.sub(b"\n", laid_out) + msgspec.json.encode(line)
    if _BINARY not in entry.text:
        return told
    exchange = read_exchange(entry)
    outcome = exchange.outcome
    came = outcome.received if isinstance(outcome, Failed) else outcome.body
    return b"\n".join([told, exchange.request.body or b"", came])
