"""The forms in which a value travels: each encoding that a request or an answer may give it."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus

_SAFE = "-._~"


def _lower_percent(text: str) -> str:
    return "".join(part if len(part) == 1 else part.lower() for part in _percent_parts(text))


def _percent_parts(text: str) -> list[str]:
    encoded = quote(text, safe=_SAFE)
    pieces = encoded.split("%")
    return [*pieces[0], *(item for p in pieces[1:] for item in (f"%{p[:2]}", *p[2:]))]


def _core(lead: int, alphabet: Mapping[int, int]) -> Callable[[str], str]:
    """Return the characters that depend on the value alone when *lead* bytes stand before it.

    RFC 4648 packs three bytes into four characters, so the first and the last character may
    share bits with their neighbours.
    """

    def core(text: str) -> str:
        data = b"\0" * lead + text.encode("utf-8", "surrogatepass")
        whole = base64.b64encode(data).decode().rstrip("=").translate(alphabet)
        start = (lead * 8 + 5) // 6
        return whole[start : len(data) * 8 // 6]

    return core


FORMS: Mapping[str, Callable[[str], str]] = {
    "raw": str,
    "percent": lambda text: quote(text, safe=_SAFE),
    "percent-lower": _lower_percent,
    "percent-path": lambda text: quote(text, safe=_SAFE + "!$&'()*+,;=:@/"),
    "form": quote_plus,
    "json": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "json-ascii": lambda text: json.dumps(text)[1:-1],
    "json-slash": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "json-json": lambda text: json.dumps(json.dumps(text, ensure_ascii=False)[1:-1])[1:-1],
    "json-ascii-json": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "xml": lambda text: html.escape(text, quote=True),
    "xml-text": lambda text: html.escape(text, quote=False),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "hex": lambda text: text.encode().hex(),
    "hex-upper": lambda text: text.encode().hex().upper(),
}
"""Forms that are replaced by the same form of the stand-in."""

CORES: Mapping[str, Callable[[str], str]] = {
    f"{label}+{lead}": _core(lead, alphabet)
    for label, alphabet in (("base64", {}), ("base64url", str.maketrans("+/", "-_")))
    for lead in range(3)
}
"""Parts of a longer base64 text; they can be found, but not replaced in place."""


def forms(text: str) -> dict[str, str]:
    """Return the forms of *text* by name; a form that equals an earlier one is left out."""
    found: dict[str, str] = {}
    for name, make in FORMS.items():
        form = make(text)
        if form not in found.values():
            found[name] = form
    return found
