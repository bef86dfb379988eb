"""Credential headers, and authentication schemes in front of a credential, such as ``Bearer``.

When a credential is replaced its scheme is kept, so that a recording shows how the client logs in
(RFC 9110, 11.4).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote_to_bytes

from bpmax_sim.messages import Headers, Pairs

SECRET_HEADERS: Final = frozenset({"authorization", "proxy-authorization", "cookie"})
"""Headers of requests, in lower case, that hold a credential whatever their value says."""

SET_BY_SERVER: Final = frozenset({"set-cookie", "set-cookie2"})
"""Headers of responses that do."""

_WITH_USER = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/?#]*)@")
_SCHEMES = frozenset({"basic", "bearer", "digest", "token"})
_HASHED = frozenset({"digest"})  # a hash of the credential follows (RFC 7616), not itself


def split_scheme(value: str) -> tuple[str, str]:
    """Split an Authorization *value* into the scheme with its space and the credential.

    The scheme is "" if there is none.
    """
    scheme, space, rest = value.partition(" ")
    if not rest or scheme.lower() not in _SCHEMES:
        return "", value
    return scheme + space, rest


def get_unhashed_credential(value: str) -> str | None:
    """Return the credential after a known scheme of an Authorization *value*, such as a token.

    That of Basic is returned as it is, in base64. None for Digest, which sends only a hash, and for
    a value without a known scheme.
    """
    scheme, rest = split_scheme(value)
    return rest if scheme and scheme.rstrip().lower() not in _HASHED else None


def replace_credential(value: str, to_standin: Callable[[str], str]) -> str:
    """Return an Authorization *value* with its credential replaced; the scheme is kept.

    *to_standin* returns the stand-in of the credential, which for Basic is user and password in
    base64. A value without a known scheme is all credential.
    """
    scheme, rest = split_scheme(value)
    return scheme + to_standin(rest)


def read_basic(value: str) -> tuple[str, str] | None:
    """Return user and password of a Basic header (RFC 7617), or None for other values."""
    scheme, rest = split_scheme(value)
    if scheme.rstrip().lower() != "basic":
        return None
    try:
        text = base64.b64decode(rest.strip(), validate=True).decode()
    except ValueError:  # of base64, of UTF-8, or of a sentence that begins with the word
        return None
    user, colon, password = text.partition(":")
    return (user, password) if colon else None


def move_user_to_header(url: str, headers: Pairs) -> tuple[str, Pairs]:
    """Return *url* without user and password, and *headers* with these as an Authorization.

    So they are sent (RFC 9110, 4.2.4), and there they are hidden in a recording. An Authorization
    that *headers* have already stays.
    """
    found = _WITH_USER.match(url)
    if found is None:
        return url, headers
    user, _, password = found[2].partition(":")
    address = found[1] + url[found.end() :]
    if not found[2] or "authorization" in Headers(headers):
        return address, headers
    pair = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
    return address, (*headers, ("Authorization", f"Basic {base64.b64encode(pair).decode()}"))
