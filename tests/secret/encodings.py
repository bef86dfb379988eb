"""Ways to encode a secret, and places to put it, made by means that are not the package's own."""

from __future__ import annotations

import base64
import binascii
import gzip
import html
import io
import json
import quopri
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import reduce
from urllib.parse import quote, quote_plus

from bpmax_sim.secret.redactor import Secret

Encode = Callable[[bytes], bytes]


def folded(data: bytes, width: int, end: bytes) -> bytes:
    return end.join(data[at : at + width] for at in range(0, len(data), width))


class NoTextError(ValueError):
    """Bytes are to be written as text that are none."""


def text_of(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise NoTextError from None


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def zipped(data: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a workbook's archive, as `zipfile` writes it to what cannot be sought in."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/sharedStrings.xml", data)
    return held.getvalue()


def unit(character: str) -> str:
    return json.dumps(character)[1:-1] if character > "~" else f"\\u{ord(character):04x}"


def wide(data: bytes, codec: str) -> bytes:
    if b"\0" in data:
        raise NoTextError
    return text_of(data).encode(codec, "surrogatepass")


def soft_lines(data: bytes) -> bytes:
    """Return *data* quoted-printable, in lines of five; no encoder breaks an end of line in two."""
    if b"\r" in data:
        raise NoTextError
    parts = [data[at : at + 5] for at in range(0, len(data), 5)]
    return b"=\r\n".join(binascii.b2a_qp(part, quotetabs=True) for part in parts)


def every_other(data: bytes) -> bytes:
    """Return every second byte percent-encoded."""
    return b"".join(b"%%%02X" % byte if at % 2 else bytes([byte]) for at, byte in enumerate(data))


ENCODINGS: Mapping[str, Encode] = {
    "base64": base64.b64encode,
    "base64 without padding": lambda data: base64.b64encode(data).rstrip(b"="),
    "base64url": base64.urlsafe_b64encode,
    "base64 in PHP's JSON": lambda data: base64.b64encode(data).replace(b"/", b"\\/"),
    "mime": base64.encodebytes,
    "narrow mime": lambda data: folded(base64.b64encode(data), 20, b"\r\n"),
    "indented mime": lambda data: folded(base64.b64encode(data), 64, b"\n            "),
    "mime in a form": lambda data: quote_plus(
        folded(base64.b64encode(data), 64, b"\r\n ")
    ).encode(),
    "base32": base64.b32encode,
    "hex": lambda data: data.hex().encode(),
    "hex on lines": lambda data: folded(data.hex().encode(), 20, b"\n"),
    "base32 on lines": lambda data: folded(base64.b32encode(data), 16, b"\r\n"),
    "HEX": lambda data: data.hex().upper().encode(),
    "hex with colons": lambda data: data.hex(":").encode(),
    "HEX with blanks": lambda data: data.hex(" ").upper().encode(),
    "hex with dashes": lambda data: data.hex("-").encode(),
    "hex of C": lambda data: ", ".join(f"0x{byte:02x}" for byte in data).encode(),
    "bytes of Python": lambda data: "".join(f"\\x{byte:02x}" for byte in data).encode(),
    "bytes of JavaScript": lambda data: "".join(f"\\x{byte:02X}" for byte in data).encode(),
    "points of JavaScript": lambda data: "".join(
        f"\\u{{{ord(c):x}}}" for c in text_of(data)
    ).encode(),
    "a Buffer of Node": lambda data: json.dumps({"type": "Buffer", "data": [*data]}).encode(),
    "a list without blanks": lambda data: json.dumps([*data], separators=(",", ":")).encode(),
    "bytes of Java": lambda data: str([(b ^ 128) - 128 for b in data]).encode(),
    "a list on lines": lambda data: json.dumps([*data], indent=2).encode(),
    "percent": lambda data: quote(data, safe="").encode(),
    "form": lambda data: quote_plus(data).encode(),
    "every byte in percent": lambda data: b"".join(b"%%%02x" % byte for byte in data),
    "every other byte in percent": every_other,
    "quoted-printable": lambda data: quopri.encodestring(data, quotetabs=True),
    "every byte quoted-printable": lambda data: b"".join(b"=%02X" % byte for byte in data),
    "lines of quoted-printable": soft_lines,
    "json": lambda data: json.dumps(text_of(data)).encode(),
    "every character in json": lambda data: "".join(map(unit, text_of(data))).encode(),
    "xml": lambda data: "".join(f"&#x{ord(c):x};" for c in text_of(data)).encode(),
    "html": lambda data: html.escape(text_of(data)).encode(),
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "zlib": zlib.compress,
    "cut gzip": lambda data: gzip.compress(data, mtime=0)[:-6],
    "spoilt zlib": lambda data: zlib.compress(data)[:-4] + b"!!!!!!!!",
    "zip": zipped,
    "stored in a zip": lambda data: zipped(data, zipfile.ZIP_STORED),
    "utf-16": lambda data: wide(data, "utf-16-le"),
    "utf-16 of Java": lambda data: wide(data, "utf-16-be"),
}
"""What is undone wherever it stands, and within one another."""

TWICE = frozenset({"mime in a form", "base64 in PHP's JSON"})
"""Those that are two encodings."""

LAST: Mapping[str, Callable[[str], bytes]] = {
    "utf-8": str.encode,
    "utf-16-le": lambda text: text.encode("utf-16-le"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "gbk": lambda text: text.encode("gbk"),
}
"""How the secret itself is written."""

FILLING = b'<samlp:AuthnRequest Version="2.0" ID="_8f3a"/>'

PLACES: Mapping[str, Callable[[bytes], bytes]] = {
    "the whole": bytes,
    "a member": lambda data: b'{"code":0,"data":"' + data + b'","ok":true}',
    "a Chinese text": lambda data: (
        "合同编号：HT-2026-0007，备注：".encode() + data + "。\n".encode()
    ),
    "a query": lambda data: b"/api/contracts?SAMLRequest=" + data + b"&page=1",
    "a line": lambda data: b"X-Note: " + data + b"\r\nHost: crm.example.test\r\n",
    "XML": lambda data: b'<?xml version="1.0"?><a><b>' + data + b"</b></a>",
    "binary": lambda data: bytes(range(256)) * 3 + b"\n" + data + b"\n" + bytes(range(255, -1, -1)),
}


def wrapped(data: bytes, names: list[str], around: tuple[bytes, bytes]) -> bytes:
    """Return *data* within the encodings *names*, each time with something before and behind."""
    before, behind = around
    return reduce(
        lambda inner, name: before + ENCODINGS[name](inner) + behind, names, before + data + behind
    )


def wanted_of(*secrets: str) -> dict[bytes, str]:
    known = [Secret(one, f"redacted.p.i.s{n}.1", f"s{n}") for n, one in enumerate(secrets)]
    return {needle: name for one in known for needle, name in one.yield_needles()}
