"""Looking for secrets in artefacts, by means that share nothing with the package's own scan."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote_to_bytes

import yaml

_ESCAPE = re.compile(rb"\\u([0-9a-fA-F]{4})|\\([\"\\/nrtbf])")
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_DEPTH = 2


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


def _views(data: bytes, depth: int) -> Iterator[bytes]:
    yield data
    if depth:
        for inner in {*_decoded(data)} - {data, b""}:
            yield from _views(inner, depth - 1)


def _decoded(data: bytes) -> Iterator[bytes]:
    yield unquote_to_bytes(data)
    yield _ESCAPE.sub(_unescaped, data)
    yield html.unescape(data.decode(errors="replace")).encode()
    pieces = re.findall(rb"[A-Za-z0-9+/_-]{12,}", data)
    yield b"\n".join(filter(None, map(_from_base64, pieces)))
    yield b"\n".join(
        bytes.fromhex(x.decode()) for x in re.findall(rb"(?:[0-9a-fA-F]{2}){6,}", data)
    )
    for found in re.finditer(rb"\x1f\x8b\x08", data):
        try:
            yield zlib.decompressobj(31).decompress(data[found.start() :])
        except zlib.error:
            continue


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found[1]:
        return chr(int(found[1], 16)).encode(errors="replace")
    return _LETTERS.get(found[2], found[2])


def _from_base64(piece: bytes) -> bytes:
    core = piece.translate(bytes.maketrans(b"-_", b"+/"))
    core = core[: len(core) - (len(core) % 4 == 1)]
    try:
        return base64.b64decode(core + b"=" * (-len(core) % 4))
    except binascii.Error:
        return b""
