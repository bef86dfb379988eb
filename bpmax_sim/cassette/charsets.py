"""Store bodies in other encodings than UTF-8 as text that a reviewer can read.

As with compression, the file holds the decoded form, and the index line what was on the wire: a
page in GBK is stored as UTF-8, with ``charset=utf-8`` in its header so that vcrpy reads it
correctly too; replay returns the original bytes. A body is stored so only if it survives the round
trip byte for byte. Request headers are not changed, since a signature or a server may depend on
them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from msgspec.structs import replace

from bpmax_sim.messages import Headers, Pairs, Request, Response
from bpmax_sim.text_codec import DecodedText, decode_text

CHARSET: Final = "charset"
"""The name under which the index line keeps the encoding, beside the headers that it rewrote."""

_TYPE: Final = "content-type"
_TEXTS: Final = ("json", "xml", "javascript", "x-www-form-urlencoded")
_PARAMETER: Final = re.compile(r"""(;\s*charset\s*=\s*)("[^"]*"|[^\s;]+)""", re.IGNORECASE)


def store_as_utf8(response: Response, declared: str = "") -> tuple[Response, dict[str, str]]:
    """Return *response* with its text converted to UTF-8, as it is stored, and what restores it.

    That is a mapping with the encoding and the original ``Content-Type``; it is empty for the usual
    response, which is UTF-8 or no text. *declared* is the encoding in the platform file; it counts
    if the response itself has none (`Response.charset`).
    """
    headers = Headers(response.headers)
    decoded = _decode_non_utf8_text(response.body, headers, response.charset or declared)
    if decoded is None:
        return response, {}
    facts = {CHARSET: decoded.codec, **({_TYPE: headers.content_type} if _TYPE in headers else {})}
    content_type = _set_utf8_charset(headers.content_type)
    stored = _replace_headers(response.headers, {_TYPE: content_type})
    return replace(response, headers=stored, body=decoded.text.encode()), facts


def store_request_as_utf8(request: Request) -> tuple[Request, str]:
    """Return *request* with its body converted to UTF-8, and the encoding it had ("" for UTF-8)."""
    decoded = _decode_non_utf8_text(request.body or b"", Headers(request.headers), request.charset)
    if decoded is None:
        return request, ""
    return replace(request, body=decoded.text.encode()), decoded.codec


def _decode_non_utf8_text(body: bytes, headers: Headers, declared: str) -> DecodedText | None:
    """Return the decoded *body* if it is text in an encoding other than UTF-8, else None.

    None is also returned if the text would not encode to the same bytes again. *declared* is the
    encoding in the platform file; it counts where the headers do not say that it is no text.
    """
    if body.isascii():
        return None
    with suppress(UnicodeDecodeError):
        body.decode()
        return None
    media = headers.media_type
    is_text = not media or media.startswith("text/") or media.endswith(_TEXTS)
    decoded = decode_text(body, headers.content_type, declared if is_text else "")
    # Signatures and `Content-Length` are over the bytes: a text that would not encode to the same
    # bytes again (a mixed file, a second spelling in GB18030) is stored as bytes.
    is_exact = decoded.wrong_at < 0 and decoded.text.encode(decoded.codec) == body
    return decoded if is_exact else None


def restore_charset(response: Response, facts: Mapping[str, str]) -> Response:
    """Return the original of a *response* that `store_as_utf8` converted.

    *facts* has the original encoding and ``Content-Type``, which that function returned.

    Raises:
        ValueError: if the stored text or the encoding was edited, so that it cannot be encoded.
    """
    body = encode_stored_text(response.body, facts[CHARSET])
    values = {_TYPE: facts[_TYPE]} if _TYPE in facts else {}
    if Headers(response.headers).get_first("content-length") == str(len(response.body)):
        values["content-length"] = str(len(body))
    headers = _replace_headers(response.headers, values)
    return replace(response, headers=headers, body=body, charset=facts[CHARSET])


def encode_stored_text(body: bytes, codec: str) -> bytes:
    """Return *body*, which is stored as UTF-8, in the encoding *codec* that it had on the wire.

    Raises:
        ValueError: if it cannot be encoded so, or there is no such encoding.
    """
    try:
        return body.decode().encode(codec)
    except LookupError as error:  # edited by hand
        raise ValueError(f"charset: there is no encoding {codec!r}") from error


def _set_utf8_charset(content_type: str) -> str:
    if _PARAMETER.search(content_type):
        return _PARAMETER.sub(r"\1utf-8", content_type)
    return f"{content_type}; charset=utf-8" if content_type else content_type


def _replace_headers(headers: Pairs, values: Mapping[str, str]) -> Pairs:
    return tuple([(name, values.get(name.lower(), value)) for name, value in headers])
