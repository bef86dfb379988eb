"""Looking for secrets in artefacts, by means that share nothing with the package's own scan."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote_to_bytes

import yaml

_ESCAPE = re.compile(
    rb"\\u([0-9a-fA-F]{4})|\\u\{([0-9a-fA-F]+)\}|\\U([0-9a-fA-F]{8})|\\x([0-9a-fA-F]{2})"
    rb"|\\([\"'`\\/nrtbf])"
)
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_IN_LINES = re.compile(rb"(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{60,}\s+)+\S*")
"""Base64 on lines. It is tried where a run begins: a long one would be read from each character."""
_STANDARD = bytes.maketrans(b"-_", b"+/")
_DEPTH = 3
_PART = 8  # characters of a secret that are too many to be told


def spellings(secret: str) -> dict[str, bytes]:
    """Return how *secret* may stand in bytes."""
    raw = secret.encode()
    found = {
        "raw": raw,
        "percent": quote(secret, safe="").encode(),
        "form": quote_plus(secret).encode(),
        "json": json.dumps(secret)[1:-1].encode(),
        "json utf-8": json.dumps(secret, ensure_ascii=False)[1:-1].encode(),
        "xml": html.escape(secret).encode(),
        "hex": raw.hex().encode(),
        "hex upper": raw.hex().upper().encode(),
        "utf-16-le": secret.encode("utf-16-le"),
        "utf-16-be": secret.encode("utf-16-be"),
    }
    for lead in range(3):
        core = base64.b64encode(b"\0" * lead + raw)[(4, 4, 4)[lead] if lead else 0 : -4]
        found[f"base64 after {lead}"] = core
        found[f"base64url after {lead}"] = core.translate(bytes.maketrans(b"+/", b"-_"))
    return found


def leaks(artefacts: Mapping[str, bytes], secrets: Mapping[str, str]) -> list[str]:
    """Return ``artefact: secret as form`` for everything that is found."""
    wanted = [
        (f"{name} as {form}", text)
        for name, secret in secrets.items()
        for form, text in spellings(secret).items()
    ]
    found = [
        f"{artefact}: {told}"
        for artefact, data in artefacts.items()
        for view in _views(data, _DEPTH)
        for told, text in wanted
        if text in view
    ]
    return list(dict.fromkeys(found))


def parts(artefacts: Mapping[str, bytes], secrets: Mapping[str, str]) -> list[str]:
    """Return ``artefact: part of secret`` for each that holds some characters in a row of one."""
    wanted = {
        secret[at : at + _PART].encode(): name
        for name, secret in secrets.items()
        for at in range(len(secret) - _PART + 1)
    }
    found = [
        f"{artefact}: part of {name}"
        for artefact, data in artefacts.items()
        for view in _views(data, 1)
        for text, name in wanted.items()
        if text in view
    ]
    return list(dict.fromkeys(found))


def folder(path: Path) -> dict[str, bytes]:
    """Return every file below *path*; of YAML also the scalars, not broken by layout."""
    found: dict[str, bytes] = {}
    for file in sorted(path.rglob("*")):
        if file.is_file():
            data = file.read_bytes()
            found[file.name] = data
            if file.suffix == ".yaml":
                found[f"{file.name}, scalars"] = b"\n".join(_scalars(data))
    return found


def _scalars(data: bytes) -> Iterable[bytes]:
    for token in yaml.scan(data.decode(), yaml.CSafeLoader):
        if isinstance(token, yaml.ScalarToken):
            yield token.value.encode()


def _views(data: bytes, depth: int, seen: dict[bytes, int] | None = None) -> Iterator[bytes]:
    """Yield *data* and what comes of decoding it, once each."""
    known = {} if seen is None else seen
    if known.get(data, -1) >= depth:
        return
    if data not in known:
        yield data
    known[data] = depth
    if depth:
        for inner in _decoded_once(data) - {b""}:
            yield from _views(inner, depth - 1, known)


@lru_cache(maxsize=1024)
def _decoded_once(data: bytes) -> frozenset[bytes]:
    """Return what comes of decoding *data*: two artefacts, and two ways to one text, share it."""
    return frozenset(_decoded(data))


def _decoded(data: bytes) -> Iterator[bytes]:
    yield unquote_to_bytes(data)
    yield _ESCAPE.sub(_unescaped, data)
    yield re.sub(rb"(?m)^E +", b"", data)  # pytest's, before each line of a message
    yield html.unescape(data.decode(errors="replace")).encode()
    pieces = re.findall(rb"[A-Za-z0-9+/_-]{12,}", data)
    pieces += [b"".join(lines.split()) for lines in _IN_LINES.findall(data)]
    pieces = [piece.translate(_STANDARD) for piece in pieces]
    for lead in range(4):
        yield b"\n".join(filter(None, (_from_base64(piece[lead:]) for piece in pieces)))
    digits = re.findall(rb"[0-9a-fA-F]{12,}", data)
    yield b"\n".join(binascii.unhexlify(run[: len(run) & ~1]) for run in digits)
    yield data.replace(b"\0", b"") if b"\0" in data else b""  # UTF-16 of what is ASCII
    yield b"\n".join(_inflated(data))


def _inflated(data: bytes) -> Iterator[bytes]:
    for found in re.finditer(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]", data):
        decoder, packed = zlib.decompressobj(47), data[found.start() :]
        try:
            yield decoder.decompress(packed, 1 << 20)
        except zlib.error:
            continue


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found[4]:
        return bytes.fromhex(found[4].decode())
    if digits := found[1] or found[2] or found[3]:
        return chr(min(int(digits, 16), 0x10FFFF)).encode(errors="replace")
    return _LETTERS.get(found[5], found[5])


def _from_base64(piece: bytes) -> bytes:
    core = piece[: len(piece) - (len(piece) % 4 == 1)]
    try:
        return binascii.a2b_base64(core + b"=" * (-len(core) % 4))
    except binascii.Error:
        return b""
