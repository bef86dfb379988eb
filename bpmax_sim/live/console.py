"""Read captured records back from a copied console, which may contain other output.

A record is cut into pieces ``~bpmax:<run>.<record>.<piece>.<pieces>.<sum>:<text>~``. Pieces are
written without blanks and ``~``, so blanks inside come from a console that wrapped the line, and
are dropped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import msg
from bpmax_sim.live.javascript_text import VERSION

# Blanks are allowed in the mark as well: a console that wraps lines may break it anywhere.
_PIECE: Final = re.compile(r"~\s*b\s*p\s*m\s*a\s*x\s*:([^~]{9,4000}?)~")
_BLANK: Final = str.maketrans("", "", " \t\r\n\x0b\x0c")
# Few digits: a number that was damaged in copying would otherwise be counted up to, for hours.
_HEAD: Final = re.compile(r"([0-9a-z]+-\d+)\.(\d{1,6})\.(\d{1,6})\.(\d{1,6})\.([0-9a-z]+):")
_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class RecordPiece(NamedTuple):
    """A piece of a record, as one line of the console has it.

    Attributes:
        run: name of the run.
        record: number of the record in its run, from 1.
        piece: number of the piece in its record, from 1.
        piece_count: how many pieces the record has.
        checksum: checksum of the whole record.
        text: the piece's part of the record.
    """

    run: str
    record: int
    piece: int
    piece_count: int
    checksum: str
    text: str


class CapturedRun(msgspec.Struct, frozen=True, kw_only=True):
    """What one run of a script in a live BPMAX wrote to the browser's console.

    Attributes:
        name: name of the run, from its instant.
        records: records in order, such as calls; the first is ``begin``.
        notes: messages about records of which the console lacks a part or all.
    """

    name: str
    records: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...] = ()

    @property
    def begin_record(self) -> Mapping[str, Any]:
        """Return the record ``begin``, with facts about the BPMAX in which the script ran."""
        return self.records[0]


def decode_console(data: bytes) -> str:
    """Return the text of a saved console: UTF-8, UTF-16 with byte order mark, else GB18030."""
    for bom, charset in _BOMS:
        if data.startswith(bom):
            return data.decode(charset, "replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")


def contains_captured_records(text: str) -> bool:
    """Return whether *text*, a saved console, contains anything that our capture lines wrote."""
    return _PIECE.search(text) is not None


def read_console(text: str) -> tuple[CapturedRun, ...]:
    """Return the captured runs in *text*, a saved console, in order of their beginning.

    A record may be cut into pieces, as consoles shorten long lines. A run without its first record
    is left out; in others, a record with a missing or damaged piece becomes a note.

    Raises:
        ConfigError: if there is no run with its first record, or one was written by another version
            of ``bpmax-sim capture``.
    """
    pieces: dict[str, dict[int, dict[int, str]]] = {}
    heads: dict[tuple[str, int], tuple[int, str]] = {}
    for one in _read_pieces(text):
        pieces.setdefault(one.run, {}).setdefault(one.record, {})[one.piece] = one.text
        heads[one.run, one.record] = one.piece_count, one.checksum
    runs = [
        read_run
        for run, records in pieces.items()
        if (read_run := _assemble_run_if_begun(run, records, heads)) is not None
    ]
    if not runs:
        raise ConfigError(
            "no line of `bpmax-sim capture` or `calibrate` is in it, or none is whole; copy the "
            "console again, from the line that begins with ~bpmax:"
        )
    return tuple(runs)


def _read_pieces(text: str) -> Iterator[RecordPiece]:
    """Yield the pieces of records in *text*, a saved console."""
    for found in _PIECE.finditer(text):
        body = found[1].translate(_BLANK)
        head = _HEAD.match(body)
        if head:
            run, record, piece, count, checksum = head.groups()
            rest = body[head.end() :]
            yield RecordPiece(run, int(record), int(piece), int(count), checksum, rest)


def _assemble_run_if_begun(
    run_name: str,
    pieces_by_record: Mapping[int, Mapping[int, str]],
    counts_and_checksums: Mapping[tuple[str, int], tuple[int, str]],
) -> CapturedRun | None:
    """Return the run *run_name*; None if its first record, ``begin``, is missing.

    A later record that is missing or damaged becomes a note of the run.

    Args:
        run_name: name of the run.
        pieces_by_record: number of a record -> number of a piece -> text of the piece.
        counts_and_checksums: count of pieces and checksum, by run and number of the record.

    Raises:
        ConfigError: if another version of ``bpmax-sim capture`` wrote it.
    """
    notes, values = [], []
    for number in range(1, max(pieces_by_record) + 1):
        count, check = counts_and_checksums.get((run_name, number), (0, ""))
        found = pieces_by_record.get(number, {})
        # No piece contains "~", so that one stands for a piece that was not copied.
        body = "".join(found.get(piece, "~") for piece in range(1, count + 1))
        value = _parse_record(body, check) if count and "~" not in body else None
        if value is None:
            notes.append(
                msg("run {run}: line {number} is lacking or damaged", run=run_name, number=number)
            )
        else:
            values.append(value)
    if not values or values[0].get("e") != "begin":
        return None
    version = values[0].get("version")
    if version != VERSION:
        raise ConfigError(
            "it was written by version {version} of `bpmax-sim capture`, and this one reads {own}; "
            "paste the lines of this version",
            version=version,
            own=VERSION,
        )
    return CapturedRun(name=run_name, records=tuple(values), notes=tuple(notes))


def _parse_record(body: str, checksum: str) -> Mapping[str, Any] | None:
    """Return the record with the text *body*; None if damaged, by *checksum* (base 36)."""
    total = 0
    for unit in body:
        # As `console.js` computes it from UTF-16 units; it escapes surrogates, so each unit is a
        # character here.
        total = (total * 31 + ord(unit)) & 0xFFFFFFFF
    if total != int(checksum, 36):
        return None
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
