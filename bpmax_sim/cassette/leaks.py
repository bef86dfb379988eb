"""The last line of defence: nothing with a known secret in it is written as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from bpmax_sim.cassette.journal import Draft
from bpmax_sim.cassette.model import Entry
from bpmax_sim.cassette.reader import read_exchange
from bpmax_sim.messages import Failed
from bpmax_sim.secret.search import undone

Scan = Callable[[bytes], Sequence[object]]
"""Tells the secrets in some bytes, as objects whose text names credential and place, no value."""

_INDENT = re.compile(rb"\n +")
_NAMES = b"\n    headers:"
_DIGEST = re.compile(r"[0-9a-f]{32}")
_BINARY = "!!binary |-\n"
# where a body of text shows such lines, it is looked at as a body too
_BODY = re.compile(rb"!!binary \|-\n(?: +[A-Za-z0-9+/=]+\n?)*+")
_REMEMBERED = 1 << 18
"""Bytes of an exchange, undone, that are kept to look back at; of more all is searched again."""


def finds_nothing(_data: bytes) -> tuple[object, ...]:
    """Scan where no secret is known."""
    return ()


def checked(draft: Draft, scan: Scan) -> Draft:
    """Return *draft*, or a stub of it if *scan* finds a secret in it."""
    if draft.leaks:
        return draft
    found = tuple(str(one) for part in scannable(draft.entry) for one in scan(part))
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
        self._undone: dict[int, tuple[Draft, bytes]] = {}

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

    def holds(self, draft: Draft, texts: Sequence[str]) -> bool:
        """Return whether any of *texts* is in *draft*, behind encodings too, or may be."""
        kept = self._undone.get(id(draft))
        if kept is None:
            parts = scannable(draft.entry)
            inner = [undone(part, _REMEMBERED) for part in parts]
            told = b"" if None in inner else b"\n".join([*parts, *filter(None, inner)])
            kept = self._undone[id(draft)] = draft, told
        if not kept[1] or any(text in draft.text for text in texts):
            return True
        return any(needle in kept[1] for text in texts for needle in _written(text))

    def forget(self) -> None:
        """Let go of the drafts."""
        self._passed = {}
        self._undone = {}


def _written(text: str) -> Iterator[bytes]:
    """Yield *text* as the bytes of it that are looked for."""
    for codec in ("utf-8", "utf-16-le", "gb18030"):
        with suppress(UnicodeEncodeError):
            yield text.encode(codec).strip(b"\0")  # what UTF-16 has in either order of bytes


def scannable(entry: Entry) -> tuple[bytes, ...]:
    """Return everything of *entry*: its text, not broken by layout, and bodies that are no text.

    What stands at the ends of two lines is no base64 on both, unless they are lines of a body; and
    a key is a digest of what is there besides, so it says nothing itself.
    """
    line = entry.line
    if _DIGEST.fullmatch(line.key):
        line = msgspec.structs.replace(line, key="")
    laid_out = _BODY.sub(b"", entry.text.encode()).replace(_NAMES, b'"' + _NAMES)
    told = _INDENT.sub(b"\n", laid_out) + msgspec.json.encode(line)
    if _BINARY not in entry.text:
        return (told,)
    exchange = read_exchange(entry)
    outcome = exchange.outcome
    came = outcome.received if isinstance(outcome, Failed) else outcome.body
    return tuple(filter(None, (told, exchange.request.body, came)))
