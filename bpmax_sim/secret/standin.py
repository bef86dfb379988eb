"""What stands for a credential in files and in replay: never it, and valid for its kind.

The same platform, instance, name and number always give the same stand-in.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any

from bpmax_sim.secret import keys

STANDIN = re.compile(r"redacted(?:\.[A-Za-z0-9_-]+){3}\.\d+(?![A-Za-z0-9_])")
"""A stand-in of kind ``text`` inside other text."""

_STANDIN_BYTES = re.compile(STANDIN.pattern.encode())
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_PREFIX = "redacted."


def standin(
    *, kind: str, platform: str, instance: str, name: str, number: int = 1, like: str = ""
) -> str:
    """Return the stand-in of the *number*-th value of a credential.

    Args:
        kind: ``text``, ``integer``, ``base64``, ``hex``, ``rsa``, ``ec`` or ``jwt``.
        platform: key of the platform; Chinese is slugged here and below.
        instance: key of the instance.
        name: of the credential.
        number: from 1; values that differ get different numbers.
        like: the real value, of which a JWT keeps ``exp`` and ``iat``.
    """
    label = _PREFIX + ".".join([*map(slug, (platform, instance, name)), str(number)])
    return _MAKERS[kind](label, like)


def slug(text: str) -> str:
    """Return *text* in unreserved characters (RFC 3986); what is replaced leaves a digest."""
    plain = _UNSAFE.sub("-", text).strip("-")
    if plain == text:
        return plain
    return f"{plain}-{_digest(text, 4).hex()}".lstrip("-")


def is_standin(value: str) -> bool:
    """Return whether *value* shows that it is a stand-in; for text and JWT it does."""
    return value.startswith(_PREFIX) or str(_claims(value).get("iss", "")).startswith(_PREFIX)


def without_standins(data: bytes) -> bytes:
    """Return *data* with zeros for each stand-in, which may spell a word that is a secret."""
    if _PREFIX.encode() not in data:
        return data
    return _STANDIN_BYTES.sub(lambda found: b"\0" * len(found[0]), data)


def label_of(standin: str) -> str:
    """Return what a stand-in shows of itself: a JWT's issuer, else the whole of it."""
    return str(_claims(standin).get("iss", standin))


def _digest(label: str, size: int) -> bytes:
    return blake2b(label.encode(), digest_size=size).digest()


def _integer(label: str, _like: str) -> str:
    return f"9{int.from_bytes(_digest(label, 8)) % 10**9:09d}"


def _jwt(label: str, like: str) -> str:
    times = {name: value for name, value in _claims(like).items() if name in {"exp", "iat"}}
    parts = ({"alg": "none", "typ": "JWT"}, {"iss": label, **times})
    return ".".join([*map(_segment, parts), ""])


def _segment(value: Mapping[str, Any]) -> str:
    data = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _claims(token: str) -> dict[str, Any]:
    """Return the claims of a JWT (RFC 7519), or nothing for any other text."""
    if token.count(".") != 2:  # noqa: PLR2004 - header, claims, signature
        return {}
    middle = token.split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}


_MAKERS: Mapping[str, Callable[[str, str], str]] = {
    "text": lambda label, _like: label,
    "integer": _integer,
    "base64": lambda label, _like: base64.b64encode(_digest(label, 32)).decode(),
    "hex": lambda label, _like: _digest(label, 16).hex(),
    "rsa": lambda _label, _like: keys.rsa_pem(),
    "ec": lambda _label, _like: keys.ec_pem(),
    "jwt": _jwt,
}
