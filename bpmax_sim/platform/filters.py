"""The filters of templates: encodings, digests, keyed digests, times, canonical forms.

All are plain functions of their arguments; none reads locale or time zone of the machine, and no
error message contains a value.

Canonical forms of paths, queries and headers are those of the vendors' signing rules.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache, partial
from typing import Any, Final
from urllib.parse import unquote

from bpmax_sim.extensions import FUNCTION, ExtensionPoint
from bpmax_sim.platform import encodings
from bpmax_sim.platform.digest import make_digest_authorization
from bpmax_sim.platform.encodings import FilterError, to_octets, to_text


def normalise_path(value: object) -> str:
    """Return a path without ``.``, ``..`` and double ``/``, as AWS signs it (RFC 3986, 5.2.4)."""
    path = to_text(value)
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in {"", "."}:
            segments.append(segment)
    tail = "/" if segments and path.endswith("/") else ""
    return "/" + "/".join(segments) + tail


def add_final_slash(value: object) -> str:
    """Return a path with ``/`` at its end, as Huawei Cloud's SDK signs it."""
    path = to_text(value)
    return path if path.endswith("/") else path + "/"


def sort_query(value: object) -> str:
    """Return an encoded query sorted by name, then by value; a name without value gets ``=``."""
    query = to_text(value)
    if "&" not in query:
        return query if "=" in query or not query else query + "="
    # As pairs: in the text, `=` (0x3D) comes after `-` and digits, so `a-b=` would precede `a=`.
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&") if pair)
    return "&".join([f"{name}={item}" for name, item in pairs])


def join_sorted_query_pairs(value: object, between: str = "", after: str = "") -> str:
    """Return a query as decoded ``name{between}value`` pairs, sorted and joined by *after*.

    So Taobao (TOP) and Yonyou sign it.
    """
    # Decoded first: `%` sorts before every letter, so encoded names have another order.
    pairs = sorted(
        (unquote(name), unquote(item))
        for name, _, item in (pair.partition("=") for pair in to_text(value).split("&"))
        if name
    )
    return after.join(f"{name}{between}{item}" for name, item in pairs)


def pick(headers: Mapping[str, str], *names: str) -> dict[str, str]:
    """Return only the headers in *names*; ``x-acs-*`` means all with this beginning."""
    plain, begin = _split_patterns(names)
    return {n: v for n, v in headers.items() if n in plain or (begin and n.startswith(begin))}


def drop(headers: Mapping[str, str], *names: str) -> dict[str, str]:
    """Return the headers that are not in *names*; ``x-acs-*`` means all with this beginning."""
    named = pick(headers, *names)
    return {name: value for name, value in headers.items() if name not in named}


@lru_cache(maxsize=256)
def _split_patterns(names: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    plain = frozenset(name for name in names if not name.endswith("*"))
    return plain, tuple(name[:-1] for name in names if name.endswith("*"))


def collapse_header_spaces(headers: Mapping[str, str]) -> dict[str, str]:
    """Return *headers* with values trimmed, and runs of spaces in them reduced to one."""
    return {name: " ".join(value.split()) for name, value in headers.items()}


def format_header_lines(headers: Mapping[str, str]) -> str:
    """Return one line ``name:value`` for each header, sorted by name.

    Each ends with a line feed.
    """
    return "".join([f"{name}:{headers[name]}\n" for name in sorted(headers)])


def join_header_names(headers: Mapping[str, str]) -> str:
    """Return the header names, sorted and joined with ``;``."""
    return ";".join(sorted(headers))


_DIRECTIVE = re.compile(r"%(.)")
_DIRECTIVES: Final = {
    "Y": "{0.year:04}",
    "m": "{0.month:02}",
    "d": "{0.day:02}",
    "H": "{0.hour:02}",
    "M": "{0.minute:02}",
    "S": "{0.second:02}",
    "%": "%",
}
_OFFSET = re.compile(r"([+-])([01]\d|2[0-3]):?([0-5]\d)")


def to_unix_milliseconds(now: object) -> int:
    """Return an instant in whole POSIX milliseconds.

    Raises:
        FilterError: if *now* is no number.
    """
    if not isinstance(now, int | float):
        raise _make_bad_time_error()
    return round(now * 1000)


def _make_bad_time_error() -> FilterError:
    return FilterError("a time filter needs a number of POSIX seconds, such as now")


def to_unix_seconds(now: object) -> int:
    """Return an instant in whole POSIX seconds."""
    # From the rounded milliseconds, so that both filters in one request name the same second.
    return to_unix_milliseconds(now) // 1000


def format_instant(now: object, pattern: str, offset: str = "+00:00") -> str:
    """Return an instant as text, written by *pattern*, such as ``%Y-%m-%d %H:%M:%S``.

    Args:
        now: POSIX seconds.
        pattern: text with ``%Y %m %d %H %M %S``.
        offset: zone in which it is written, such as ``+08:00``.

    Raises:
        FilterError: if the pattern or the offset has another form.
    """
    return _format_moment(to_unix_seconds(now), pattern, offset)


def format_iso_instant(now: object) -> str:
    """Return an instant as ``2026-03-02T01:00:00Z``."""
    return format_instant(now, "%Y-%m-%dT%H:%M:%SZ")


def format_http_date(now: object) -> str:
    """Return an instant as ``Mon, 02 Mar 2026 01:00:00 GMT`` (RFC 9110 section 5.6.7)."""
    from email.utils import format_datetime  # noqa: PLC0415 - it loads sockets; few need it

    return format_datetime(_to_datetime(to_unix_seconds(now), UTC), usegmt=True)


@lru_cache(maxsize=256)
def _format_moment(seconds: int, pattern: str, offset: str) -> str:
    match = _OFFSET.fullmatch(offset)
    if match is None:
        raise FilterError("{offset!r} is not an offset such as '+08:00'", offset=offset)
    span = timedelta(hours=int(match[2]), minutes=int(match[3]))
    zone = timezone(span if match[1] == "+" else -span)
    return _to_str_format_template(pattern).format(_to_datetime(seconds, zone))


def _to_datetime(seconds: int, zone: timezone) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, zone)
    except (OverflowError, OSError, ValueError):  # beyond the year 9999, such as milliseconds
        raise _make_bad_time_error() from None


def _to_str_format_template(pattern: str) -> str:
    def format_of(match: re.Match[str]) -> str:
        try:
            return _DIRECTIVES[match[1]]
        except KeyError:
            allowed = " ".join(f"%{letter}" for letter in _DIRECTIVES)
            raise FilterError(
                "a time has no {match!r}; there are {allowed}", match=match[0], allowed=allowed
            ) from None

    # `str.format` reads the result, so braces of the pattern itself are doubled.
    return _DIRECTIVE.sub(format_of, pattern.replace("{", "{{").replace("}", "}}"))


_HASHES: Final = {"md5": hashlib.md5, "sha1": hashlib.sha1, "sha256": hashlib.sha256,
                  "sha512": hashlib.sha512}  # fmt: skip


def sign_jwt(claims: object, key: object, algorithm: str = "RS256", headers: object = None) -> str:
    """Return a signed JSON Web Token (RFC 7519) of *claims*, the same for the same arguments.

    *key* is the secret or the private key, as *algorithm* needs; *headers* are further ones.
    """
    from bpmax_sim.platform import keys  # noqa: PLC0415 - cryptography takes long to import

    return keys.sign_jwt(claims, key, algorithm, headers)


def to_private_key_pem(value: object) -> str:
    """Return a private key as PEM (PKCS #8), from PEM or from bare base64."""
    from bpmax_sim.platform import keys  # noqa: PLC0415 - cryptography takes long to import

    return keys.to_private_key_pem(to_text(value))


def sign_rsa_sha256_base64(value: object, key: object) -> str:
    """Return the base64 of a signature of *value*, RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017).

    *key* is an RSA private key.
    """
    from bpmax_sim.platform import keys  # noqa: PLC0415 - cryptography takes long to import

    return encodings.encode_base64(keys.rsa_sign(to_octets(value), to_text(key)))


def _replace_text(value: object, old: str, new: str) -> str:
    source = to_text(value)
    if len(source) + source.count(old) * len(new) > encodings.LIMIT:
        raise FilterError("replace yields {limit} characters at most", limit=encodings.LIMIT)
    return source.replace(old, new)


_ENCODINGS: Final[Mapping[str, Callable[[bytes], str]]] = {
    "hex": bytes.hex,
    "b64": lambda data: base64.b64encode(data).decode("ascii"),
}


def _compute_digest_text(algorithm: str, encoding: str, value: object) -> str:
    return _ENCODINGS[encoding](_HASHES[algorithm](to_octets(value)).digest())


def _compute_hmac_text(algorithm: str, encoding: str, value: object, key: object) -> str:
    return _ENCODINGS[encoding](hmac.digest(to_octets(key), to_octets(value), algorithm))


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    **{f"{a}_{e}": partial(_compute_digest_text, a, e) for a in _HASHES for e in _ENCODINGS},
    **{f"hmac_{a}_{e}": partial(_compute_hmac_text, a, e) for a in _HASHES for e in _ENCODINGS},
    "b64": encodings.encode_base64,
    "b64url": encodings.encode_base64url,
    "canonical_query": sort_query,
    "closed_path": add_final_slash,
    "collapse": collapse_header_spaces,
    "digest": make_digest_authorization,
    "drop": drop,
    "form": encodings.encode_form,
    "header_lines": format_header_lines,
    "header_names": join_header_names,
    "hex": lambda value: encodings.require_short_octets(value).hex(),
    "http_date": format_http_date,
    "iso": format_iso_instant,
    "joined_query": join_sorted_query_pairs,
    "json": encodings.to_json,
    "jwt": sign_jwt,
    "length": len,
    "lower": lambda value: to_text(value).lower(),
    "normal_path": normalise_path,
    "pem": to_private_key_pem,
    "percent": encodings.percent_encode,
    "percent_path": encodings.percent_encode_path,
    "pick": pick,
    "replace": _replace_text,
    "rsa_sha256_b64": sign_rsa_sha256_base64,
    "time": format_instant,
    "trim": lambda value: to_text(value).strip(),
    "unix": to_unix_seconds,
    "unix_ms": to_unix_milliseconds,
    "upper": lambda value: to_text(value).upper(),
}
"""The filters by name; ``default`` is there as well, in templates only."""

REGISTERED: Final = ExtensionPoint("bpmax_sim.filters", FUNCTION, FILTERS)
"""Those and what other distributions register: functions of a value and of text arguments."""


def find_filter(name: str) -> Callable[..., Any] | None:
    """Return the function of the filter called *name* in templates, or None."""
    if name in FILTERS:
        return FILTERS[name]
    return partial(REGISTERED.call, name) if name in REGISTERED else None
