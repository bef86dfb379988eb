"""The places of the exchanges of a file, found by scanning line starts; nothing else is parsed."""

from __future__ import annotations

import hashlib
import re
from array import array
from bisect import bisect
from collections.abc import Sequence
from typing import Any

import msgspec

from bpmax_sim.cassette.format import ENTRY, HEAD
from bpmax_sim.cassette.model import FORMAT, Head, Seal

_HEAD = HEAD.encode()
_TEXT = r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
# Written by us, so its keys come in this order; a line of another shape fails the seal's count.
_ENTRY = re.compile(
    rf'\n{ENTRY}\{{"key":"([0-9a-f]*)","n":\d{{1,9}},"call":{_TEXT},"instance":{_TEXT},'
    rf'"for":({_TEXT}),"at":{_TEXT},"ms":\d+,"sha":"([0-9a-f]{{16}})"'.encode()
)
_ORDER = re.compile(rb'[^,\n]*,"n":(\d+)')
_SEALED = b"\nsealed: "
BROKEN_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_read_format = msgspec.json.Decoder(dict[str, Any]).decode
_read_text = msgspec.json.Decoder(str).decode
_read_head = msgspec.json.Decoder(Head).decode
_read_seal = msgspec.json.Decoder(Seal).decode

Data = Any  # bytes or a memory map


class Unsound(Exception):  # noqa: N818 - becomes a DamagedCassette where the file is known
    """The bytes are not a whole, sealed cassette."""


class Newer(Exception):  # noqa: N818 - becomes a NewerFormat where the file is known
    """The bytes are of a format that this version cannot read."""


class Older(Exception):  # noqa: N818 - is converted, or becomes a CassetteError
    """The bytes are of an earlier format.

    Attributes:
        version: its number.
    """

    def __init__(self, version: int) -> None:
        super().__init__(str(version))
        self.version = version


class Index(msgspec.Struct):
    """Where each exchange stands.

    Attributes:
        keys: for each owner, the numbers of its exchanges by key, in the order of issue; a bare
            number where there is one, which is nearly always.
        starts: offset of each exchange.
        orders: what sorts each exchange by its owner's order of issue.
        first_failure: number of the first exchange that did not complete.
        sections: offsets of the ``failures`` and ``sealed`` lines.
    """

    head: Head = msgspec.field(default_factory=Head)
    keys: dict[str, dict[bytes, int | list[int]]] = msgspec.field(default_factory=dict)
    starts: array[int] = msgspec.field(default_factory=lambda: array("Q"))
    orders: Sequence[int] = ()
    first_failure: int = 0
    sections: tuple[int, int] = (0, 0)

    def bounds(self, number: int) -> tuple[int, int]:
        """Return where exchange *number* starts and ends."""
        following = number + 1
        if following == len(self.starts):
            end = self.sections[following > self.first_failure]
        else:
            end = self.sections[0] if following == self.first_failure else self.starts[following]
        return self.starts[number], end

    def find(self, owner: str, key: str) -> Sequence[int]:
        """Return the exchanges of *owner* with this key, in the order of issue."""
        found = self.keys.get(owner, {}).get(key.encode(), ())
        return (found,) if isinstance(found, int) else found

    def numbers(self, owner: str) -> list[int]:
        """Return the exchanges of *owner* in the order of issue."""
        buckets = self.keys.get(owner, {}).values()
        numbers = (n for b in buckets for n in ((b,) if isinstance(b, int) else b))
        return sorted(numbers, key=self.orders.__getitem__)


def read_index(data: Data) -> Index:
    """Return the index of a file's bytes, once its seal is found to hold.

    Raises:
        Newer: if a newer version wrote it.
        Older: if it has to be converted first.
        Unsound: if anything was cut, added, moved or taken away.
    """
    line, body = _head_line(data)
    found = Index(head=_head(line))
    found.sections = (data.rfind(b"\nfailures:") + 1, data.rfind(_SEALED) + 1)
    shas = _scan(data, body - 1, found)
    _check_layout(data, body, found)
    _check_seal(line, data[found.sections[1] :], found, shas)
    return found


def _head_line(data: Data) -> tuple[bytes, int]:
    if data[: len(_HEAD)] != _HEAD:
        raise Unsound("the first lines are not those of a cassette")
    end = data.find(b"\n", len(_HEAD))
    if end < 0:
        raise Unsound("the head line has no end")
    return data[len(_HEAD) : end], end + 1


def _head(line: bytes) -> Head:
    try:
        version = _read_format(line).get("format")
        if isinstance(version, int) and version > FORMAT:
            raise Newer(str(version))
        if isinstance(version, int) and version < FORMAT:
            raise Older(version)
        return _read_head(line)
    except BROKEN_JSON as error:
        raise Unsound(f"the head line is broken ({error})") from error


def _scan(data: Data, start: int, into: Index) -> list[bytes]:
    shas: list[bytes] = []
    owners: dict[bytes, dict[bytes, int | list[int]]] = {}
    for found in _ENTRY.finditer(data, start):
        key, owner, sha = found.groups()
        into.starts.append(found.start() + 1)
        bucket = owners.get(owner)
        if bucket is None:
            bucket = owners[owner] = {}
        number = len(shas)
        before = bucket.setdefault(key, number)
        if isinstance(before, list):
            before.append(number)
        elif before != number:
            bucket[key] = [before, number]
        shas.append(sha)
    try:
        into.keys = {_read_text(owner): keys for owner, keys in owners.items()}
    except BROKEN_JSON as error:
        raise Unsound(f"an index line is broken ({error})") from error
    into.first_failure = bisect(into.starts, into.sections[0])
    into.orders = _sorted(data, into)
    return shas


def _sorted(data: Data, index: Index) -> Sequence[int]:
    """Return what sorts the exchanges; sections are sorted, so only failures are out of place."""
    if index.first_failure == len(index.starts):
        return range(len(index.starts))
    found = (_ORDER.match(data, start) for start in index.starts)
    orders = [int(order[1]) if order else 0 for order in found]
    for keys in index.keys.values():
        for bucket in keys.values():
            if isinstance(bucket, list):
                bucket.sort(key=orders.__getitem__)
    return orders


def _check_layout(data: Data, body: int, index: Index) -> None:
    """Every byte between the exchanges has one possible value."""
    failures, sealed = index.sections
    starts, first = index.starts, index.first_failure
    if not 0 < failures < sealed:
        raise Unsound("the `failures:` or the `sealed:` line is missing")
    done = _section(b"interactions", starts[0] if first else failures, filled=first > 0)
    failed = len(starts) > first
    undone = _section(b"failures", starts[first] if failed else sealed, filled=failed)
    if data[body : done[1]] != done[0] or data[failures : undone[1]] != undone[0]:
        raise Unsound("there are lines between the exchanges")


def _section(name: bytes, end: int, *, filled: bool) -> tuple[bytes, int]:
    return name + (b":\n" if filled else b": []\n"), end


def _check_seal(head: bytes, line: bytes, index: Index, shas: list[bytes]) -> None:
    text = line.removeprefix(_SEALED[1:])
    if not text.endswith(b"}\n") or text.count(b"\n") != 1:
        raise Unsound("something follows the `sealed:` line, or its end is missing")
    try:
        seal = _read_seal(text)
    except BROKEN_JSON as error:
        raise Unsound(f"the `sealed:` line is broken ({error})") from error
    counts = (index.first_failure, len(shas) - index.first_failure)
    if counts != (seal.interactions, seal.failures):
        raise Unsound(
            f"it was sealed with {seal.interactions} interactions and {seal.failures} failures, "
            f"and holds {counts[0]} and {counts[1]}"
        )
    if hashlib.sha256(b"\n".join([head, *shas])).hexdigest() != seal.sha256:
        raise Unsound("its head line or the set of its exchanges is not what was sealed")
