"""Determine the character encoding of a body, and decode it.

In this order: a declaration (``charset:``), a byte order mark, ``Content-Type``, the XML
declaration, HTML's ``<meta charset>``, and UTF-8 (WHATWG Encoding, 6.1; HTML, 13.2.3.2). The first
that decodes every byte is used: many servers add ``charset=utf-8`` to pages that declare ``gbk``
themselves, and either may be right.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Final, NamedTuple

from bpmax_sim.messages import parse_charset, parse_media_type

_WEB: Final = ("utf-", "gb", "big5", "iso8859", "cp", "ascii", "shift_jis", "euc_", "koi8", "hz")
_AS_GB18030: Final = frozenset({"gb2312", "gbk", "gb18030"})
"""The first two are subsets, and pages that name them use the rest all the same (WHATWG)."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_XML: Final = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]+)["']""")
# As an attribute, or behind a semicolon in `content="text/html;charset=gbk"` (HTML, 4.2.5.4).
_META: Final = re.compile(rb"""<meta[^>]*?[\s;"']charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_HEAD: Final = 1024  # bytes in which HTML looks for its declaration


class DecodedText(NamedTuple):
    """The text of a body, and what its decoding showed.

    Attributes:
        codec: Python's name of the encoding.
        wrong_at: index of the first byte invalid in the encoding, or -1; the text has U+FFFD there.
    """

    text: str
    codec: str
    wrong_at: int = -1


def find_codec(name: str) -> str:
    """Return Python's name for the character encoding *name* of a header or page; "" if unknown."""
    try:
        known = codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""
    if known in _AS_GB18030:
        return "gb18030"
    return known if known.startswith(_WEB) else ""


def _find_declared_encoding(data: bytes) -> Iterator[str]:
    head = data[:_HEAD]
    for found in (_XML.match(head), _META.search(head)):
        if found:
            yield find_codec(found[1].decode("ascii", "replace"))


def list_probable_codecs(data: bytes, content_type: str = "", declared: str = "") -> list[str]:
    """Return the encodings in which *data* may be, the most probable first.

    They are *declared* (of the platform file), a byte order mark, *content_type*, a declaration
    inside *data*, and UTF-8 as the last.
    """
    marked = next((codec for mark, codec in _MARKS if data.startswith(mark)), "")
    named = [find_codec(declared) if declared else "", marked, _find_header_codec(content_type)]
    if _may_declare_encoding_in_body(content_type):
        named += _find_declared_encoding(data)
    return list(dict.fromkeys([*filter(None, named), "utf-8"]))


def decode_text(data: bytes, content_type: str = "", declared: str = "") -> DecodedText:
    """Return the text of a body; *declared* is its encoding in the platform file.

    If neither *declared* nor *content_type*, the header, names another encoding, valid UTF-8 is
    decoded as UTF-8, whatever an HTML or XML body itself declares: text in other encodings is
    hardly ever valid UTF-8.
    """
    if not declared and _find_header_codec(content_type) in {"", "utf-8"}:
        with suppress(UnicodeDecodeError):
            return DecodedText(data.decode("utf-8-sig"), "utf-8")
    candidates = list_probable_codecs(data, content_type, declared)
    wrong_at = -1
    for codec in candidates:
        try:
            text = data.decode(codec)
        except UnicodeDecodeError as error:
            wrong_at = error.start if wrong_at < 0 else wrong_at
            continue
        return DecodedText(text.removeprefix("\ufeff"), codec)
    text = data.decode(candidates[0], "replace")
    return DecodedText(text.removeprefix("\ufeff"), candidates[0], wrong_at)


@lru_cache(maxsize=256)
def _find_header_codec(content_type: str) -> str:
    return find_codec(parse_charset(content_type)) if "charset" in content_type.lower() else ""


def _may_declare_encoding_in_body(content_type: str) -> bool:
    media = parse_media_type(content_type)
    return not media or media.startswith("text/") or media.endswith("xml")
