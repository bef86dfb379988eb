"""Bodies of any size, of the kinds that systems send and of those that are traps."""

from __future__ import annotations

import base64
import gzip
import json
import random
import struct
import zlib
from collections.abc import Callable, Mapping
from functools import reduce

Make = Callable[[int], bytes]


def chance(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def of(unit: bytes) -> Make:
    return lambda size: (unit * (size // len(unit) + 1))[:size]


def rows(count: int) -> list[dict[str, object]]:
    draw = random.Random(7)
    return [
        {
            "编号": f"HT-2026-{n:06d}",
            "客户": f"北京第{n}贸易有限公司",
            "amount": draw.randrange(10**6) / 100,
            "note": 'a "b"\n',
            "id": f"{draw.getrandbits(128):032x}",
        }
        for n in range(count)
    ]


def orders(size: int) -> str:
    return json.dumps(rows(size // 150 + 1), ensure_ascii=False)[: size // 2]


def nested(size: int) -> bytes:
    return reduce(lambda data, _: base64.b64encode(data), range(4), chance(size // 3))[:size]


def png(size: int) -> bytes:
    """Return a picture whose data is split as encoders do it."""
    packed = zlib.compress(chance(size))
    parts = [packed[at : at + 8192] for at in range(0, len(packed), 8192)]
    chunks = b"".join(
        struct.pack(">I", len(part)) + b"IDAT" + part + struct.pack(">I", zlib.crc32(part))
        for part in parts
    )
    return b"\x89PNG\r\n\x1a\n" + chunks


def pdf(size: int) -> bytes:
    streams = [zlib.compress(chance(3000) + b"BT /F1 12 Tf ET\n" * 90) for _ in range(size // 3100)]
    body = b"".join(
        b"%d 0 obj\n<</Length %d/Filter/FlateDecode>>\nstream\n%s\nendstream\nendobj\n"
        % (number, len(stream), stream)
        for number, stream in enumerate(streams)
    )
    return b"%PDF-1.7\n" + body


KINDS: Mapping[str, Make] = {
    "chance": chance,
    "zeros": bytes,
    "a picture": png,
    "a PDF": pdf,
    "base64": lambda size: base64.b64encode(chance(size))[:size],
    "base64 of zeros": of(b"A"),
    "base64 on lines": lambda size: base64.encodebytes(chance(size))[:size],
    "base64 within base64": nested,
    "hexadecimal": lambda size: chance(size // 2).hex().encode(),
    "hexadecimal with colons": lambda size: chance(size // 3).hex(":").encode(),
    "a list of numbers": lambda size: json.dumps([*chance(size // 5)]).encode(),
    "compressed four times": lambda size: reduce(
        lambda data, _: zlib.compress(data), range(4), chance(size)
    ),
    "compressed orders": lambda size: gzip.compress(orders(size * 4).encode(), mtime=0),
    "Chinese": of("客户名称：北京天润科技有限公司，合同金额12,345.67元。\n".encode()),
    "orders in JSON": lambda size: orders(size).encode(),
    "orders in ASCII": lambda size: json.dumps(rows(size // 200))[:size].encode(),
    "JSON in JSON": lambda size: json.dumps(orders(size)).encode(),
    "orders in UTF-16": lambda size: orders(size).encode("utf-16-le"),
    "percent signs": of(b"%41a"),
    "units": of(b"\\u0041a"),
    "references": of(b"&#x41;a"),
    "backslashes": of(b"\\"),
    "quotes": of(b'\\"'),
    "stand-ins": of(b"redacted.a."),
    "words": of(b"abcdefgh "),
    "letters": of(b"ABCDEFGH"),
    "tokens": lambda size: b",".join(
        base64.b64encode(chance(30)[:n] + chance(n + 1)) for n in [20] * (size // 56)
    ),
    "heads of zlib": of(b"x\x9c\x03"),
    "heads of stored zlib": of(b"x\x9c\x01"),
    "heads of gzip": of(b"\x1f\x8b\x08\x00"),
    "heads of ZIP": of(b"PK\x03\x04\x14\0\0\0\x08\0" + bytes(20)),
    "a bomb": lambda size: zlib.compress(bytes(size * 500)),
}

HOSTILE = frozenset(
    {"heads of zlib", "heads of stored zlib", "heads of gzip", "heads of ZIP", "a bomb"}
)
"""Of these the search may say that they are too much."""
