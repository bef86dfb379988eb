"""Text and bytes as YAML scalars, so that any YAML 1.1 reader gets back what was written.

A text is a block only where a reader cannot damage it and a reviewer sees all of it; otherwise it
is a double-quoted scalar in JSON's escapes, which are also YAML's.
"""

from __future__ import annotations

import base64
import re

import msgspec

# YAML's reader refuses or folds these; the marks of writing direction hide text from a reviewer.
_HIDDEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
)
_ESCAPED = re.compile(f"[{_HIDDEN}]")
_NO_BLOCK = re.compile(f"[{_HIDDEN}]|\\A[ \\t\\n]")
_CONTROLS = bytes(code for code in (*range(0x20), 0x7F) if code not in b"\t\n")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
_PLAIN = {
    "method": re.compile(r"[A-Z]+"),
    "name": re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,200}"),
    "reason": re.compile(r"[A-Za-z][A-Za-z'-]*(?: [A-Za-z'-]+)*"),
    "uri": re.compile(r"https?://[\w\-.~:/?\[\]@!$&'()*+,;=%]*[\w\-.~/?=&%]", re.ASCII),
}


def json_line(value: object) -> str:
    """Return *value* as JSON on one line that is also a YAML flow value."""
    return escape_hidden(msgspec.json.encode(value).decode())


def escape_hidden(json_text: str) -> str:
    r"""Return JSON text with every character that YAML would not keep written as ``\uXXXX``."""
    if json_text.isascii() and "\x7f" not in json_text:
        return json_text  # JSON escapes the other control characters itself
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json_text)


def plain(text: str, kind: str) -> str:
    """Return *text* bare where it reads as text of its *kind*, otherwise quoted."""
    bare = _PLAIN[kind].fullmatch(text) and text.lower() not in _WORDS
    return text if bare else json_line(text)


def body_scalar(body: bytes, indent: str) -> str:
    """Return *body* as a scalar, its lines after the first indented by *indent*."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return _binary(body, indent)
    if not body or (_may_hide(body) and _NO_BLOCK.search(text)):
        return json_line(text)
    return _block(text, indent)


def _may_hide(body: bytes) -> bool:
    """Return whether `_NO_BLOCK` may be in *body*: how it begins in UTF-8, rare bytes first.

    Asked like this it takes a tenth of the time.
    """
    return (
        body[0] in b" \t\n"
        or len(body.translate(None, _CONTROLS)) < len(body)
        or b"\xc2" in body
        or (b"\xd8" in body and b"\xd8\x9c" in body)
        or (b"\xe2" in body and (b"\xe2\x80" in body or b"\xe2\x81" in body))
        or (b"\xef" in body and (b"\xef\xbb\xbf" in body or b"\xef\xbf" in body))
    )


def _block(text: str, indent: str) -> str:
    style = "|+" if text.endswith("\n") else "|-"
    lines = text.removesuffix("\n").split("\n")
    return "\n".join([style, *[indent + line if line else "" for line in lines]])


def _binary(body: bytes, indent: str) -> str:
    digits = base64.b64encode(body).decode()
    lines = [digits[at : at + 76] for at in range(0, len(digits), 76)]
    return "\n".join(["!!binary |-", *(indent + line for line in lines)])
