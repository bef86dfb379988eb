"""A response body, read once: JSON value, text or bytes, by its content type."""

from __future__ import annotations

import codecs
import json
from functools import lru_cache
from typing import Any, Final, Literal, NoReturn

import msgspec

from bpmax_sim.messages import Response
from bpmax_sim.numeric import loads
from bpmax_sim.proxy.hidden import Hidden

_NO_CONTENT = frozenset({204, 205, 304})
_JSON_TYPES = frozenset({"application/json", "text/json"})
_TEXT_TYPES = frozenset({
    "application/xml", "application/javascript", "application/x-javascript",
    "application/x-www-form-urlencoded", "application/x-ndjson", "application/yaml",
})  # fmt: skip
_CHARSETS = ("utf-", "gb", "big5", "iso8859", "cp", "ascii", "shift_jis", "euc_", "koi8")
_BOM = "\ufeff"


class NotJson(Exception):  # noqa: N818 - a finding, not a failure
    """The text is not JSON; the message says where."""


class Body(Hidden, frozen=True):
    """What a body is.

    Attributes:
        kind: ``json`` (*value* is the parsed value, *text* its text), ``text``, ``bytes``
            (*value*), ``null`` for an empty one, or ``broken``: its type says JSON, and it is not.
        problem: what is wrong with a broken one.
        guessed: the value of a body that is JSON although its type does not say so, else None;
            rules look into it, scripts do not.
    """

    kind: Literal["json", "text", "bytes", "null", "broken"]
    value: Any = None
    text: str = ""
    problem: str = ""
    guessed: Any = None

    @property
    def rules_see(self) -> Any:
        """Return the value that code, message and data paths look into."""
        return self.value if self.kind == "json" else self.guessed

    @property
    def shown(self) -> Any:
        """Return the value as errors and records show it."""
        if self.kind == "bytes":
            return f"{len(self.value)} bytes"
        return self.text if self.kind == "broken" else self.value


_NULL: Final = Body("null")


def media_type(content_type: str | None) -> str:
    """Return the lower-case media type without parameters, or nothing."""
    return (content_type or "").partition(";")[0].strip().lower()


def is_json(media: str) -> bool:
    """Return whether *media* is JSON, such as ``application/problem+json`` (RFC 6839)."""
    return media in _JSON_TYPES or media.endswith("+json")


def read_body(response: Response) -> Body:
    """Return what the body of *response* is."""
    raw = response.body
    if not raw or response.status in _NO_CONTENT:
        return _NULL
    media, charset = _read_type(response.header("content-type"))
    return _read_json(raw, charset) if is_json(media) else _read_other(raw, media, charset)


def parse_json(text: str) -> Any:
    """Return the value of *text*; numbers keep all their digits where they are integers.

    Raises:
        NotJson: if it is not JSON as ``JSON.parse`` knows it.
    """
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        pass  # big integers and lone surrogates are for the slower reader
    try:
        return loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise NotJson("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at character {error.pos + 1}") from None
    except ValueError as error:
        raise NotJson(str(error)) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


@lru_cache(maxsize=256)
def _read_type(content_type: str | None) -> tuple[str, str]:
    """Return media type and character set."""
    return media_type(content_type), _charset(content_type)


def _charset(content_type: str | None) -> str:
    for part in (content_type or "").split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'") or "utf-8"
    return "utf-8"


def _decoded(raw: bytes, charset: str, errors: str) -> str:
    codec = "utf-8" if charset == "utf-8" else _codec(charset)
    return raw.decode(codec, errors).removeprefix(_BOM)


def _codec(charset: str) -> str:
    """Return the codec of *charset*; UTF-8 for what is no character set of the Web."""
    try:
        name = codecs.lookup(charset).name
    except LookupError:
        return "utf-8"
    return name if name.startswith(_CHARSETS) else "utf-8"


def _read_json(raw: bytes, charset: str) -> Body:
    try:
        text = _decoded(raw, charset, "strict")
        return Body("json", parse_json(text), text)
    except UnicodeDecodeError as error:
        problem = f"byte {error.start + 1} is not {error.encoding}"
    except NotJson as error:
        problem = str(error)
    return Body("broken", text=_decoded(raw, charset, "replace"), problem=problem)


def _read_other(raw: bytes, media: str, charset: str) -> Body:
    guessed = _guess(raw, charset)
    if not media and guessed is not None:
        text = _decoded(raw, charset, "replace")
        return Body("json", guessed, text)
    if not media or media.startswith("text/") or media in _TEXT_TYPES or media.endswith("+xml"):
        text = _decoded(raw, charset, "replace")
        return Body("text", text, text, guessed=guessed)
    return Body("bytes", raw, guessed=guessed)


def _guess(raw: bytes, charset: str) -> Any:
    """Return the value of a body that looks like a JSON object or array, or None."""
    if raw.lstrip(b" \t\r\n\xef\xbb\xbf")[:1] not in {b"{", b"["}:
        return None
    try:
        return parse_json(_decoded(raw, charset, "strict"))
    except (NotJson, UnicodeDecodeError):
        return None
