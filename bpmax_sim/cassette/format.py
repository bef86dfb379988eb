"""The file: vcrpy's own shape, plus a head, index lines and a seal that vcrpy does not read.

Every byte is covered: each exchange by its `sha`, the set and order of exchanges and the head by
the seal, the rest by its fixed form. Digests are over text with LF ends.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from bpmax_sim.cassette.matching import Rules
from bpmax_sim.cassette.model import Entry, Head, Line, Seal, Values
from bpmax_sim.cassette.reader import exchange_of
from bpmax_sim.cassette.render import render
from bpmax_sim.cassette.scalars import json_line
from bpmax_sim.cassette.yamltext import YamlTextError, read_yaml_text
from bpmax_sim.clock import Instant
from bpmax_sim.messages import Exchange

VERSION = "version: 1\n"  # of vcrpy's format; it refuses others
HEAD = VERSION + "bpmax: "
ENTRY = "- bpmax: "
SECTIONS = ("interactions", "failures")
UNKNOWN_RULES = "unknown"
_KEY = re.compile("[0-9a-f]*")
_MOST = 999_999_999  # exchanges of one owner; the index reads no longer number
BLANK_SHA = '"sha":""'
_ENTRY, _BLANK_SHA = ENTRY.encode(), BLANK_SHA.encode()


def exchange_sha(index: bytes, text: bytes) -> str:
    """Return the digest of an exchange; the ``sha`` in *index* has to be blank."""
    return hashlib.sha256(b"%b\n%b" % (index, text)).hexdigest()[:16]


def seal_sha(head: str, shas: Iterable[str]) -> str:
    """Return the digest of the head line's JSON and every exchange's digest, in file order."""
    return hashlib.sha256("\n".join([head, *shas]).encode()).hexdigest()


def dump(exchanges: Iterable[Exchange], *, rules: Rules, zone: timedelta = timedelta(0)) -> bytes:
    """Return the file that holds *exchanges*, whose keys are under *rules*."""
    entries = [render(exchange, zone=zone) for exchange in exchanges]
    return dump_entries(entries, rules=rules.digest)


def dump_entries(entries: Iterable[Entry], *, rules: str) -> bytes:
    """Return the file that holds *entries*; *rules* is the digest of those that name none.

    Entries are sorted by owner and order of issue, so the order in which they are given, or came
    from several processes, leaves no trace.
    """
    ordered = gathered(sorted(entries, key=lambda entry: (entry.line.owner, entry.line.n)))
    head = _head(ordered, rules)
    told = [_told(entry, head.rules, rules) for entry in ordered]
    failed = [bool(entry.line.failed) for entry in ordered]
    groups = [[t for t, f in zip(told, failed, strict=True) if f is kind] for kind in (False, True)]
    shas = [sha for group in groups for _, sha in group]
    seal = Seal(
        interactions=len(groups[0]),
        failures=len(groups[1]),
        sha256=seal_sha(json_line(head), shas),
    )
    sections = (_section(*pair) for pair in zip(SECTIONS, groups, strict=True))
    begin, end = f"{HEAD}{json_line(head)}\n", f"sealed: {json_line(seal)}\n"
    return b"".join([begin.encode(), *sections, end.encode()])


def gathered(entries: Sequence[Entry]) -> list[Entry]:
    """Return *entries*, each owner's in their order, with its `Line.values` on the first one."""
    values: dict[str, Values] = {}
    for line in (entry.line for entry in entries if entry.line.values):
        own = values.setdefault(line.owner, {})
        for instance, known in line.values.items():
            own[instance] = {**known, **own.get(instance, {})}
    return [_with_values(entry, values.pop(entry.line.owner, {})) for entry in entries]


def _with_values(entry: Entry, values: Values) -> Entry:
    ordered = {name: dict(sorted(values[name].items())) for name in sorted(values)}
    if entry.line.values == ordered:
        return entry
    return Entry(replace(entry.line, values=ordered), entry.text)


def _head(entries: Sequence[Entry], rules: str) -> Head:
    """Return a head that depends on the entries alone, not on who writes them last."""
    if not entries:
        return Head(rules=rules)
    first = entries[0].line.rules or rules
    start = min({entry.line.at for entry in entries}, key=_instant)
    mixed = any((entry.line.rules or rules) != first for entry in entries)
    simulated = any(entry.line.source == "simulated" for entry in entries)
    return Head(
        rules=first,
        start=start,
        mixed=mixed or msgspec.UNSET,
        simulated=simulated or msgspec.UNSET,
        several=any(entry.line.session > 1 for entry in entries) or msgspec.UNSET,
    )


def _instant(at: str) -> tuple[float, str]:
    return Instant.parse(at).seconds, at


def _told(entry: Entry, file_rules: str, rules: str) -> tuple[bytes, str]:
    own = entry.line.rules or rules
    line = msgspec.structs.replace(entry.line, rules="" if own == file_rules else own, sha="")
    text = entry.text.encode()
    index, sha = _index(line, text)
    return b"%b%b\n%b" % (_ENTRY, index, text), sha


def index_text(line: Line, text: str) -> tuple[str, str]:
    """Return the JSON of *line* with the digest of the exchange in it, and that digest."""
    index, sha = _index(msgspec.structs.replace(line, sha=""), text.encode())
    return index.decode(), sha


def _index(line: Line, text: bytes) -> tuple[bytes, str]:
    blank = json_line(line).encode()
    sha = exchange_sha(blank, text)
    return blank.replace(_BLANK_SHA, _BLANK_SHA[:-1] + f'{sha}"'.encode(), 1), sha


def _section(name: str, told: list[tuple[bytes, str]]) -> bytes:
    if not told:
        return f"{name}: []\n".encode()
    return b"".join([f"{name}:\n".encode(), *(text for text, _ in told)])


def reseal(text: str) -> bytes:
    """Return the canonical file of a cassette that was edited by hand, whatever its layout.

    The key of an edited exchange is marked as unknown, so a player computes it afresh.

    Raises:
        YamlTextError: if it is not YAML, or an exchange in it is none; the message names it.
    """
    tree = read_yaml_text(text)
    try:
        head = msgspec.convert(_mapping(tree).get("bpmax"), Head, strict=False)
    except ValueError as error:
        raise YamlTextError(f"not a cassette of ours: {error}", 1) from error
    items = [item for name in SECTIONS for item in tree.get(name) or []]
    return dump_entries([_resealed(*pair) for pair in enumerate(items, 1)], rules=head.rules)


def _resealed(number: int, item: Any) -> Entry:
    try:
        line = msgspec.convert(_mapping(item).get("bpmax"), Line, strict=False)
        exchange = exchange_of(_checked(line), item)
    except ValueError as error:
        raise YamlTextError(f"exchange {number}: {error}", 1) from error
    # The index line stays the recorded one; only the text is written anew.
    text = render(replace(exchange, request=replace(exchange.request, call=None))).text
    if index_text(line, text)[1] != line.sha:
        line = msgspec.structs.replace(line, rules=UNKNOWN_RULES)
    return Entry(line, text)


def _checked(line: Line) -> Line:
    """Return *line*, of which the index can be read back."""
    if not _KEY.fullmatch(line.key):
        raise ValueError(f"key: expected hexadecimal digits, got {line.key!r}")
    if not 0 <= line.n <= _MOST or line.ms < 0:
        raise ValueError(f"n and ms: expected 0 to {_MOST}, got {line.n} and {line.ms}")
    return line


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise YamlTextError(f"{type(value).__name__} where a mapping is expected", 1)
    return value
