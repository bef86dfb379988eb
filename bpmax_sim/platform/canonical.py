"""Canonical forms of paths, queries and headers, as signing schemes ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote

from bpmax_sim.platform.octets import text


def normal_path(value: object) -> str:
    """Return a path without ``.``, ``..`` and doubled ``/`` (RFC 3986 section 5.2.4, as AWS)."""
    path = text(value)
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in {"", "."}:
            kept.append(segment)
    tail = "/" if kept and path.endswith("/") else ""
    return "/" + "/".join(kept) + tail


def closed_path(value: object) -> str:
    """Return a path that ends with ``/``."""
    path = text(value)
    return path if path.endswith("/") else path + "/"


def canonical_query(value: object) -> str:
    """Return an encoded query sorted by name, then by value, each name with a ``=``."""
    query = text(value)
    if "&" not in query:
        return query if "=" in query or not query else query + "="
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&") if pair)
    return "&".join([f"{name}={item}" for name, item in pairs])


def joined_query(value: object, between: str = "", after: str = "") -> str:
    """Return decoded names and values, sorted and joined, as TOP and Yonyou sign them."""
    pairs = sorted(
        (unquote(name), unquote(item))
        for name, _, item in (pair.partition("=") for pair in text(value).split("&"))
        if name
    )
    return after.join(f"{name}{between}{item}" for name, item in pairs)


def pick(headers: Mapping[str, str], *names: str) -> dict[str, str]:
    """Return the headers named; ``x-acs-*`` names all that begin so."""
    plain, begin = _named(names)
    return {n: v for n, v in headers.items() if n in plain or (begin and n.startswith(begin))}


def drop(headers: Mapping[str, str], *names: str) -> dict[str, str]:
    """Return the headers not named; ``x-acs-*`` names all that begin so."""
    plain, begin = _named(names)
    return {
        n: v for n, v in headers.items() if n not in plain and not (begin and n.startswith(begin))
    }


@lru_cache(maxsize=256)
def _named(names: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    plain = frozenset(name for name in names if not name.endswith("*"))
    return plain, tuple(name[:-1] for name in names if name.endswith("*"))


def collapse(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers whose values have single spaces only."""
    return {name: " ".join(value.split()) for name, value in headers.items()}


def header_lines(headers: Mapping[str, str]) -> str:
    """Return ``name:value`` lines sorted by name, each with its line feed."""
    return "".join([f"{name}:{headers[name]}\n" for name in sorted(headers)])


def header_names(headers: Mapping[str, str]) -> str:
    """Return the sorted names, joined with ``;``."""
    return ";".join(sorted(headers))
