"""A file -> an OpenAPI document whose local references can be followed, and notes on the way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.yamlfile import join, read_yaml, shown

LARGEST: Final = 64 * 1024 * 1024
"""The most bytes of a document in JSON; one in YAML may have as many as any YAML file."""

_ABSENT: Final = object()
_BYTE = re.compile(r"\(byte (\d+)\)")
Steps = tuple[str | int, ...]


class Document(msgspec.Struct, frozen=True):
    """A document.

    Attributes:
        name: what messages call it.
        root: its value.
        notes: what could not be carried over so far, each once, in the order of finding.
    """

    name: str
    root: Mapping[str, Any]
    notes: dict[Problem, None] = msgspec.field(default_factory=dict)

    def tell(self, message: str, steps: Iterable[str | int]) -> None:
        """Note what is lost of the value at *steps*."""
        self.notes[Problem(message, None, join(steps))] = None

    def followed(self, value: Any, steps: Iterable[str | int]) -> Any:
        """Return *value*, or what its ``$ref`` leads to, with what stands beside the ``$ref``.

        A reference that leads nowhere, in a circle or out of the file is noted, and counts as an
        empty mapping.
        """
        beside: dict[str, Any] = {}
        seen: set[str] = set()
        while isinstance(value, dict) and isinstance(value.get("$ref"), str):
            reference = value["$ref"]
            beside = {**value, **beside}
            value = _ABSENT if reference in seen else self._target(reference)
            if value is _ABSENT:
                self.tell(_told(reference, seen), steps)
                value = {}
            seen.add(reference)
        beside.pop("$ref", None)
        return {**value, **beside} if beside and isinstance(value, dict) else value

    def _target(self, reference: str) -> Any:
        if reference == "#":
            return self.root
        if not reference.startswith("#/"):
            return _ABSENT
        found: Any = self.root
        for step in reference[2:].split("/"):
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict) and key in found:
                found = found[key]
            elif isinstance(found, list) and key.isdecimal() and int(key[:9]) < len(found):
                found = found[int(key[:9])]
            else:
                return _ABSENT
        return found


def _told(reference: str, seen: set[str]) -> str:
    if reference in seen:
        return f"the reference {reference!r} leads in a circle; it is left out"
    if not reference.startswith("#"):
        return f"{reference!r} is in another file; bundle the document into one, then import that"
    return f"the reference {reference!r} leads nowhere; it is left out"


def read_document(path: Path) -> Document:
    """Return the OpenAPI document at *path*, in JSON or YAML.

    Raises:
        ConfigError: it cannot be read, or is none of OpenAPI 3.0, 3.1 and Swagger 2.0.
    """
    name = shown(path)
    data = _bytes(path, name)
    root = _json(data, name) if data.lstrip()[:1] == b"{" else read_yaml(path).plain()
    if not isinstance(root, dict):
        raise ConfigError(Problem("this is no OpenAPI document", Place(name)))
    _check_version(root, name)
    return Document(name, root)


def _bytes(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        told = f"cannot be read: {error.strerror}; check the path and its permissions"
        raise ConfigError(Problem(told, Place(name))) from None
    if len(data) > LARGEST:
        raise ConfigError(Problem(f"more than {LARGEST} bytes; split it", Place(name)))
    return data.removeprefix(b"\xef\xbb\xbf")


def _json(data: bytes, name: str) -> Any:
    try:
        return msgspec.json.decode(data)
    except RecursionError:
        told = "nested too deeply; make the document flatter"
        raise ConfigError(Problem(told, Place(name))) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        found = _BYTE.search(str(error))
        before = data[: int(found[1])] if found else data
        place = Place(name, before.count(b"\n") + 1, len(before) - before.rfind(b"\n"))
        told = str(error).partition(" (byte")[0]
        raise ConfigError(Problem(f"not valid JSON: {told}", place)) from None


def _check_version(root: Mapping[str, Any], name: str) -> None:
    version = root.get("openapi")
    if isinstance(version, str) and re.match(r"3\.\d", version):
        return
    if str(root.get("swagger")) in ("2.0", "2"):
        return
    if "swagger" in root:
        told = f"swagger: {root['swagger']!r} is not known; 2.0 and OpenAPI 3 are read"
    elif version is None:
        told = "there is no key 'openapi', so this is no OpenAPI document"
    else:
        told = f"openapi: {version!r} is not known; 3.0 and 3.1 are read, and Swagger 2.0"
    raise ConfigError(Problem(told, Place(name)))


def mapping(value: Any) -> Mapping[str, Any]:
    """Return *value* if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """Return *value* if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def line(value: Any, longest: int = 120) -> str:
    """Return the first line of a text, printable and not too long; of anything else, nothing."""
    if not isinstance(value, str):
        return ""
    first = next((one for one in value.splitlines() if one.strip()), "")
    plain = "".join(sign if sign.isprintable() else " " for sign in first[: 4 * longest])
    return " ".join(plain.split())[:longest].rstrip()
