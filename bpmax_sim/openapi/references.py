"""Follow ``$ref`` to its value, in the document or in a file beside it.

A reference is the path of a file, by default of the file that contains it, and a JSON pointer (RFC
6901) as the fragment of a URL. References in other files are rewritten when the file is read, to
paths from the document's folder, so that they mean the same wherever the value is put.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from bpmax_sim.errors import ConfigError, Place, Problem
from bpmax_sim.i18n import MessageError, msg
from bpmax_sim.yamlfile import parse_yaml_bytes, read_bytes, to_display_path

LARGEST: Final = 64 * 1024 * 1024
"""The most bytes of a document in JSON; one in YAML may have as many as any YAML file."""

_MOST_FILES: Final = 10_000
_BOM: Final = b"\xef\xbb\xbf"
_BYTE = re.compile(r"\(byte (\d+)\)")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//|[/\\]")
"""How an address begins, or a path that does not start from the folder (``C:`` is both)."""


class DanglingReferenceError(MessageError):
    """Raised if a ``$ref`` has no target that may be used; the message says why."""


class ReferencedFiles(msgspec.Struct):
    """The other files that a document refers to by ``$ref``; each is read when first needed.

    Attributes:
        folder: folder of the document.
        own: file name of the document.
    """

    folder: Path
    own: str
    _roots: dict[str, Any] = msgspec.field(default_factory=dict)
    _room: int = LARGEST

    def normalise(self, reference: str) -> tuple[str, str]:
        """Return the file and the JSON pointer that *reference* names.

        The file is a path from the document's folder, empty for the document itself.

        Raises:
            DanglingReferenceError: if it is a URL or an absolute path.
        """
        path, _, pointer = reference.partition("#")
        if _URL.match(path):
            raise DanglingReferenceError(
                "{reference!r} is a URL, and URLs are not fetched; save the file next to the "
                "document and refer to it by its relative path",
                reference=reference,
            )
        file = posixpath.normpath(unquote(path)) if path else ""
        return "" if file == self.own else file, pointer

    def load_file_content(self, file: str, reference: str) -> Any:
        """Return the content of *file*, a path from the document's folder.

        *reference* is the ``$ref`` that names it, for the message.

        Raises:
            DanglingReferenceError: if it cannot be read, or is outside of the folder.
        """
        if file not in self._roots:
            try:
                self._roots[file] = self._read_file(file)
            except ConfigError as error:
                self._roots[file] = DanglingReferenceError(str(error))
        root = self._roots[file]
        if isinstance(root, DanglingReferenceError):
            raise DanglingReferenceError(
                "the file of {reference!r} is left out: {error}", reference=reference, error=root
            )
        return root

    def _read_file(self, file: str) -> Any:
        # Resolved first: a symbolic link or ``..`` must not lead to other files of the machine,
        # whose content would be put into the platform file.
        path = (self.folder / file).resolve()
        if not any(path.is_relative_to(top.resolve()) for top in (self.folder, Path.cwd())):
            raise ConfigError(
                "{file} is outside of the document's folder; import from a folder that holds both",
                file=file,
            )
        if len(self._roots) >= _MOST_FILES or self._room <= 0:
            raise ConfigError(
                "more than {most} files, or more than {largest} bytes",
                most=_MOST_FILES,
                largest=LARGEST,
            )
        name = to_display_path(path)
        data = read_bytes(path, name, largest=LARGEST)
        self._room -= len(data)
        try:
            return rewrite_references(parse_data(data, name), file)
        except RecursionError:
            raise _make_nesting_error(name) from None


def parse_data(data: bytes, name: str) -> Any:
    """Return the content of a JSON or YAML file, called *name* in messages.

    A number in YAML that is ambiguous, such as 007123, becomes text: the document is not ours to
    correct, and as an example it is meant as it is spelled.

    Raises:
        ConfigError: if it is neither JSON nor YAML.
    """
    plain = data.removeprefix(_BOM)
    if plain.lstrip()[:1] == b"{":
        return _parse_json(plain, name)
    return parse_yaml_bytes(data, name, unclear_as_text=True).to_plain()


def _parse_json(data: bytes, name: str) -> Any:
    try:
        return msgspec.json.decode(data)
    except RecursionError:
        raise _make_nesting_error(name) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        before = data[: _find_mistake(data, str(error))].decode("utf-8", "replace")
        place = Place(name, before.count("\n") + 1, len(before) - before.rfind("\n"))
        message = str(error).partition(" (byte")[0]
        raise ConfigError(
            Problem(msg("not valid JSON: {message}", message=message), place)
        ) from None


def _find_mistake(data: bytes, message: str) -> int:
    """Return the offset in the JSON *data* of the mistake that the decoder's *message* names.

    Without one it is the first byte that is no UTF-8, or the end.
    """
    if match := _BYTE.search(message):
        return int(match[1])
    try:
        data.decode()
    except UnicodeDecodeError as wrong:
        return wrong.start
    return len(data)


def _make_nesting_error(name: str) -> ConfigError:
    message = msg("nested too deeply; make the document flatter")
    return ConfigError(Problem(message, Place(name)))


def rewrite_references(value: Any, file: str) -> Any:
    """Return *value*, a part of *file*, with its ``$ref`` texts relative to the document's folder.

    In the file they are relative to the file itself.
    """
    if isinstance(value, list):
        return [rewrite_references(part, file) for part in value]
    if not isinstance(value, dict):
        return value
    copy = {name: rewrite_references(part, file) for name, part in value.items()}
    reference = copy.get("$ref")
    if isinstance(reference, str) and not _URL.match(reference):
        path, _, pointer = reference.partition("#")
        target = posixpath.join(posixpath.dirname(file), unquote(path)) if path else file
        quoted = posixpath.normpath(target).replace("%", "%25").replace("#", "%23")
        copy["$ref"] = f"{quoted}#{pointer}"
    return copy


def follow_pointer(root: Any, pointer: str, resolve: Callable[[Any], Any]) -> Any:
    """Return the target of the JSON pointer *pointer*, a URL fragment (RFC 6901, section 6).

    *resolve* returns what a reference on the way stands for.

    Raises:
        LookupError: if there is no target.
    """
    start, *steps = unquote(pointer).split("/")
    if start:
        raise LookupError(pointer)
    value = root
    for quoted in steps:
        # In this order (RFC 6901, 4): ``~01`` means ``~1`` and not a slash.
        step = quoted.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and step not in value:
            value = resolve(value)
        if isinstance(value, dict):
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and len(step) < len(str(LARGEST)):
            value = value[int(step)]
        else:
            raise LookupError(pointer)
    return value
