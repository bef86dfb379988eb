"""Stand-ins: placeholders for credentials in files and in replay, valid for their kind.

Equal platform, instance, name and number give equal stand-ins. RSA and EC keys have one public test
key each, which never protected anything and which anyone may read here.
"""

from __future__ import annotations

import base64
import binascii
import functools
import json
import re
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, Final

_P = (
    "e7cc3325f39c6dc3c01398ab015a67872a16b41ad69dadc435c74539f472ca763cd993fb8a241f4f"
    "f4eddfd139e3b4145d2ae3aa8462aa253319ccfc29f5c641107739b3ea5ad8a4f0991fb73bdee355"
    "75ae67fda01a4fa5e4fed165405876e2229439c2d7550ff2e1cfd216a0f927168954765855de47a5"
    "796623777fe09501"
)
_Q = (
    "db1586aa64c5574f87cab56ee447a615cc7c7315436f59bfdf374654cbaafc1c8faa0d8f320775c0"
    "c9c89cbbf743d452493e13d7a13bd93c9547d599de3b5d0baa5fd9114b2b2d98ea126e435706cb9c"
    "6b7e11d92faa5c7db97809d7082875be568dc7db353b10c5125d60ade0576a48f507391edd749808"
    "cf43b6317e290f8f"
)
_EC = "934ab85608cf30d3a638b3c2abbfb759f61ce58e3a0574493acc3ba02ca2da71"
_EXPONENT = 65537


@functools.cache
def load_rsa_standin_pem() -> str:
    """Return the private RSA key that stands in for RSA keys; it is published and protects nothing.

    2048 bits, as PKCS #8 PEM text.
    """
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - heavy

    p, q = int(_P, 16), int(_Q, 16)
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=rsa.rsa_crt_dmp1(d, p),
        dmq1=rsa.rsa_crt_dmq1(d, q),
        iqmp=rsa.rsa_crt_iqmp(p, q),
        public_numbers=rsa.RSAPublicNumbers(_EXPONENT, p * q),
    )
    return _write_pem(numbers.private_key())


@functools.cache
def load_ec_standin_pem() -> str:
    """Return the published private P-256 key that stands in for EC keys, as PKCS #8 PEM text."""
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - heavy

    return _write_pem(ec.derive_private_key(int(_EC, 16), ec.SECP256R1()))


def _write_pem(key: object) -> str:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - heavy

    pem: bytes = key.private_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode()


STANDIN = re.compile(r"redacted(?:\.[A-Za-z0-9_-]*){3}\.\d+(?![A-Za-z0-9_])")
"""A stand-in of kind ``text`` inside other text.

A session without owner has one without instance, and undeclared traffic once had no platform.
"""

_STANDIN_BYTES = re.compile(STANDIN.pattern.encode())
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
STANDIN_PREFIX: Final = "redacted."
"""How every recognisable stand-in begins."""


def make_standin(
    *, kind: str, platform: str, instance: str, name: str, number: int = 1, like: str = ""
) -> str:
    """Return the text that replaces the *number*-th value of a credential in files.

    Args:
        kind: ``text``, ``integer``, ``base64``, ``hex``, ``rsa``, ``ec``, ``jwt``, or ``challenge``
            for HTTP Digest. Keys and challenges are the same for every *number*.
        platform: platform key. Characters other than ASCII letters, digits, ``-`` and ``_`` are
            replaced, here and below.
        instance: instance key.
        name: name of the credential.
        number: from 1; different values get different numbers.
        like: the real value; a JWT keeps its ``exp`` and ``iat``.
    """
    parts = [*map(to_distinct_slug, (platform, instance, name)), str(number)]
    label = STANDIN_PREFIX + ".".join(parts)
    return _MAKERS[kind](label, like)


def to_distinct_slug(text: str) -> str:
    """Return *text* with only ASCII letters, digits, ``-`` and ``_``, as stand-ins may be in URLs.

    If anything was replaced, a digest is added, so that names stay distinct.
    """
    plain = _UNSAFE.sub("-", text).strip("-")
    if plain == text:
        return plain
    return f"{plain}-{_hash_label(text, 4).hex()}".lstrip("-")


def is_recognisable_standin(value: str) -> bool:
    """Return whether *value* is recognisably a stand-in.

    Those of kinds ``text`` and ``jwt`` are; the others look like any value of their kind.
    """
    return value.startswith(STANDIN_PREFIX) or str(
        read_jwt_claims(value).get("iss", "")
    ).startswith(STANDIN_PREFIX)


def find_text_standin(text: str, *, platform: str, instance: str, name: str) -> str | None:
    """Return the first stand-in of kind ``text`` for this credential in *text*, or None."""
    label = STANDIN_PREFIX + ".".join(map(to_distinct_slug, (platform, instance, name)))
    match = re.search(rf"{re.escape(label)}\.\d+(?![A-Za-z0-9_])", text)
    return match[0] if match else None


def replace_standins_by_zeros(data: bytes) -> bytes:
    """Return *data* with zeros in place of stand-ins.

    A stand-in may contain a word, such as a platform key, that is also a secret.
    """
    if STANDIN_PREFIX.encode() not in data:
        return data
    return _STANDIN_BYTES.sub(lambda match: b"\0" * len(match[0]), data)


def get_jwt_issuer_or_standin(standin: str) -> str:
    """Return the readable part of a stand-in: the issuer of a JWT, else all of it."""
    return str(read_jwt_claims(standin).get("iss", standin))


def _hash_label(label: str, size: int) -> bytes:
    return blake2b(label.encode(), digest_size=size).digest()


def _make_jwt_with_same_times(label: str, like: str) -> str:
    times = {name: value for name, value in read_jwt_claims(like).items() if name in {"exp", "iat"}}
    parts = ({"alg": "none", "typ": "JWT"}, {"iss": label, **times})
    return ".".join([*map(_encode_segment, parts), ""])


def _encode_segment(value: Mapping[str, Any]) -> str:
    data = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def read_jwt_claims(token: str) -> dict[str, Any]:
    """Return the claims of a JWT (RFC 7519), or an empty mapping for any other text."""
    if token.count(".") != 2:  # noqa: PLR2004 - header, claims, signature
        return {}
    middle = token.split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _make_digest_challenge(label: str, _like: str) -> str:
    """Return a challenge of HTTP Digest that clients can answer, with a stand-in as its nonce.

    That is *label*, the text stand-in of the credential, with the number 1 whatever its own is.
    """
    nonce = f"{label.rpartition('.')[0]}.1"
    return f'Digest realm="redacted", nonce="{nonce}", qop="auth", algorithm=SHA-256'


_MAKERS: Mapping[str, Callable[[str, str], str]] = {
    "text": lambda label, _like: label,
    "integer": lambda label, _like: f"9{int.from_bytes(_hash_label(label, 8)) % 10**9:09d}",
    "base64": lambda label, _like: base64.b64encode(_hash_label(label, 32)).decode(),
    "hex": lambda label, _like: _hash_label(label, 16).hex(),
    "rsa": lambda _label, _like: load_rsa_standin_pem(),
    "ec": lambda _label, _like: load_ec_standin_pem(),
    "jwt": _make_jwt_with_same_times,
    "challenge": _make_digest_challenge,
}
