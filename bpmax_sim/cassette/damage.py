"""Why a file does not open as a cassette: the most telling of all reasons, and its line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from bpmax_sim.cassette.format import ENTRY, HEAD
from bpmax_sim.errors import CassetteError, DamagedCassette, Place, pasted

_CONFLICT = re.compile(rb"^(?:<<<<<<<|=======|>>>>>>>)(?: .*)?\r?$", re.MULTILINE)
_NAMED = re.compile(rb'"call":"((?:[^"\\]|\\.)*)".*?"for":"((?:[^"\\]|\\.)*)"')
_ACCEPT = "restore it, record it again, or accept the edit with `bpmax-sim seal {path}`"


def explain(path: Path, data: bytes, otherwise: str) -> CassetteError:
    """Return the error for *data* that is not a sound cassette; *otherwise* is what was noticed."""
    for look in _LOOKS:
        error = look(path, data)
        if error is not None:
            return error
    return DamagedCassette(f"{path}: {otherwise}; {_ACCEPT.format(path=pasted(str(path)))}")


def edited(path: Path, data: bytes, start: int, *, why: str) -> CassetteError:
    """Return the error for the exchange at *start*, whose text is not what was recorded."""
    told = _encoding(path, data) or _conflict(path, data)
    if told is not None:
        return told
    place = Place(str(path), _line_at(data, start))
    return DamagedCassette(
        f"{place}: {name(data, start)} {why}; {_ACCEPT.format(path=pasted(str(path)))}"
    )


def name(data: bytes, start: int) -> str:
    """Return ``exchange 3 (crm_system.get for 选择客户)`` for the exchange that starts there."""
    number = data[: start + 1].count(f"\n{ENTRY}".encode()) + (data[start : start + 1] == b"-")
    found = _NAMED.search(data[start:].partition(b"\n")[0])
    if found is None:
        return f"exchange {number}"
    call, owner = (text.decode(errors="replace") for text in found.groups())
    return f"exchange {number} ({call or 'without a builder'} for {owner})"


def _line_at(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1


def _empty(path: Path, data: bytes) -> CassetteError | None:
    if data.strip():
        return None
    return DamagedCassette(f"{path}: the file is empty; restore it or record it again")


def _encoding(path: Path, data: bytes) -> CassetteError | None:
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return DamagedCassette(f"{path}:1: the file is UTF-16, not UTF-8; save it as UTF-8")
    zero = data.find(b"\0")
    if zero >= 0:
        place = Place(str(path), _line_at(data, zero))
        return DamagedCassette(f"{place}: a NUL byte; restore the file or record it again")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        place = Place(str(path), _line_at(data, error.start))
        wrong = data[error.start]
        return DamagedCassette(f"{place}: not UTF-8 (byte 0x{wrong:02x}); save the file as UTF-8")
    return None


def _conflict(path: Path, data: bytes) -> CassetteError | None:
    found = _CONFLICT.search(data)
    if found is None:
        return None
    place, word = Place(str(path), _line_at(data, found.start())), pasted(str(path))
    return DamagedCassette(
        f"{place}: a Git conflict marker; take one side whole, `git checkout --ours {word}` or "
        f"`git checkout --theirs {word}`, or record it again"
    )


def _foreign(path: Path, data: bytes) -> CassetteError | None:
    if b"\nbpmax: {" in data or HEAD.encode().startswith(data[: len(HEAD)]):
        return None
    return CassetteError(
        f"{path}: not a cassette of bpmax-sim; `bpmax-sim import {pasted(str(path))}` reads those "
        "of vcrpy and others"
    )


def _cut(path: Path, data: bytes) -> CassetteError | None:
    if re.search(rb"^sealed: \{[^\n]*\}\r?\n\Z", data, re.MULTILINE):
        return None
    if re.search(rb"^sealed: \{[^\n]*\}\r?\n", data, re.MULTILINE):
        return None
    last = data.rfind(f"\n{ENTRY}".encode())
    inside = f" in {name(data, last + 1)}" if last >= 0 else ""
    place = Place(str(path), _line_at(data, len(data)))
    return DamagedCassette(
        f"{place}: the file ends{inside} without its `sealed:` line, it was cut short; "
        "restore it or record it again"
    )


_LOOKS: tuple[Callable[[Path, bytes], CassetteError | None], ...] = (
    _empty,
    _encoding,
    _conflict,
    _foreign,
    _cut,
)
