"""The filters of templates: encodings, digests, keyed digests, times, canonical forms.

All are plain functions of their arguments, and no error of theirs tells a value.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from bpmax_sim.platform.canonical import (
    canonical_query,
    closed_path,
    collapse,
    drop,
    header_lines,
    header_names,
    joined_query,
    normal_path,
    pick,
)
from bpmax_sim.platform.instants import http_date, iso, moment, unix, unix_ms
from bpmax_sim.platform.octets import (
    LIMIT,
    FilterError,
    b64,
    b64url,
    bounded_octets,
    form,
    octets,
    percent,
    percent_path,
    text,
    to_json,
)

_HASHES: Final = {"md5": hashlib.md5, "sha1": hashlib.sha1, "sha256": hashlib.sha256,
                  "sha512": hashlib.sha512}  # fmt: skip


def jwt(claims: object, key: object, algorithm: str = "RS256", headers: object = None) -> str:
    """Return a signed JSON Web Token (RFC 7519) of *claims*, the same for the same arguments."""
    from bpmax_sim.platform import keys  # noqa: PLC0415 - cryptography takes long to import

    return keys.jwt(claims, key, algorithm, headers)


def pem(value: object) -> str:
    """Return a private key as PEM (PKCS #8), from PEM or from bare base64."""
    from bpmax_sim.platform import keys  # noqa: PLC0415 - cryptography takes long to import

    return keys.pem(text(value))


def rsa_sha256_b64(value: object, key: object) -> str:
    """Return the base64 of an RSASSA-PKCS1-v1_5 signature with SHA-256 (RFC 8017)."""
    from bpmax_sim.platform import keys  # noqa: PLC0415 - cryptography takes long to import

    return b64(keys.rsa_sign(octets(value), text(key)))


def _replace(value: object, old: str, new: str) -> str:
    source = text(value)
    if len(source) + source.count(old) * len(new) > LIMIT:
        raise FilterError(f"replace yields {LIMIT} characters at most")
    return source.replace(old, new)


def _hex(data: bytes) -> str:
    return data.hex()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


_ENCODINGS: Final = {"hex": _hex, "b64": _b64}


def _digest_filter(algorithm: str, encoding: str, value: object) -> str:
    return _ENCODINGS[encoding](_HASHES[algorithm](octets(value)).digest())


def _keyed_filter(algorithm: str, encoding: str, value: object, key: object) -> str:
    return _ENCODINGS[encoding](hmac.digest(octets(key), octets(value), algorithm))


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    **{f"{a}_{e}": partial(_digest_filter, a, e) for a in _HASHES for e in _ENCODINGS},
    **{f"hmac_{a}_{e}": partial(_keyed_filter, a, e) for a in _HASHES for e in _ENCODINGS},
    "b64": b64,
    "b64url": b64url,
    "canonical_query": canonical_query,
    "closed_path": closed_path,
    "collapse": collapse,
    "drop": drop,
    "form": form,
    "header_lines": header_lines,
    "header_names": header_names,
    "hex": lambda value: bounded_octets(value).hex(),
    "http_date": http_date,
    "iso": iso,
    "joined_query": joined_query,
    "json": to_json,
    "jwt": jwt,
    "length": len,
    "lower": lambda value: text(value).lower(),
    "normal_path": normal_path,
    "pem": pem,
    "percent": percent,
    "percent_path": percent_path,
    "pick": pick,
    "replace": _replace,
    "rsa_sha256_b64": rsa_sha256_b64,
    "time": moment,
    "trim": lambda value: text(value).strip(),
    "unix": unix,
    "unix_ms": unix_ms,
    "upper": lambda value: text(value).upper(),
}
"""The filters by name; ``default`` is there as well, in templates only."""
