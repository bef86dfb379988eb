"""Exchanges read from another tool's recording, in sending order, with notes about losses.

YAML of other tools becomes dicts, lists, texts, bytes and None, with a bound on aliases. Scalars
stay texts unless requested otherwise, so that no time, number or ``on`` changes its meaning.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import quote

import msgspec
import yaml
from msgspec.structs import replace

from bpmax_sim.clock import Instant
from bpmax_sim.content_coding import (
    GZIP,
    ContentCodingError,
    ContentDecoder,
    begins_like_zlib,
    list_codings,
)
from bpmax_sim.errors import CassetteError
from bpmax_sim.field_path import get_nested
from bpmax_sim.i18n import MessageError, msg
from bpmax_sim.js_values import has_surrogate, loads_as_javascript
from bpmax_sim.messages import Exchange, Pairs, Request, Response
from bpmax_sim.secret.http_auth import move_user_to_header
from bpmax_sim.text_codec import list_probable_codecs
from bpmax_sim.traffic.known_keys import Keys, find_unknown_keys
from bpmax_sim.traffic.traced_values import describe_unreadable_member
from bpmax_sim.yamlfile.node import find_forbidden_character

_OF_THE_CONNECTION: Final = frozenset({
    "accept-encoding", "connection", "content-length", "host", "keep-alive", "proxy-connection",
    "te", "transfer-encoding",
})  # fmt: skip
_MOST: Final = 256 * 1024 * 1024  # bytes that one compressed body may become
# A fixed instant: the same file always becomes the same cassette.
_EARLIEST: Final = Instant.parse("2026-01-01T00:00:00+08:00").seconds


class ForeignExchanges(msgspec.Struct, frozen=True):
    """The exchanges in a file of another tool.

    Attributes:
        exchanges: exchanges in sending order, numbered from 1.
        notes: sentences about what could not be converted.
    """

    exchanges: tuple[Exchange, ...]
    notes: tuple[str, ...] = ()


NOWHERE: Final = "http://localhost:8080"
"""The address of mappings whose server nobody named: where WireMock listens by itself."""


class ReadOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the reader of a format needs besides the file.

    Attributes:
        address: base URL of the server, for formats that leave it out.
        attachment: function that returns the bytes of a named file beside the archive, or None if
            there is none.
    """

    address: str = NOWHERE
    attachment: Callable[[str], bytes | None] = lambda _name: None


class ForeignFormat(msgspec.Struct, frozen=True, kw_only=True):
    """A format of recorded traffic, registered as an entry point of ``bpmax_sim.formats``.

    Attributes:
        read: function that returns the exchanges, not yet redacted, in the bytes of a file; None if
            the format is only written. It raises a CassetteError for an unreadable file.
        recognise: function that tells whether a file is in this format. Arguments are its bytes
            without BOM and leading spaces, and its JSON value (None if it is not JSON).
        write: function that returns a file with the given exchanges, and a sentence for each thing
            that the format cannot express; None if it is only read.
    """

    read: Callable[[bytes, ReadOptions], ForeignExchanges] | None = None
    recognise: Callable[[bytes, Any], bool] = lambda _text, _tree: False
    write: Callable[[Iterable[Exchange]], tuple[bytes, tuple[str, ...]]] | None = None


def has_member(tree: Any, *path: str) -> bool:
    """Return whether the JSON value *tree* has a member at *path*."""
    return get_nested(tree, path) is not msgspec.UNSET


class NotConvertibleError(MessageError):
    """Raised if an exchange of another tool cannot be converted; the message is a sentence."""


def read_items(
    items: Iterable[tuple[int, Any]], read: Callable[[Any], Exchange], known: Keys
) -> ForeignExchanges:
    """Return the exchanges that *read* makes of *items*.

    An item that it cannot convert becomes a note.

    *items* are pairs of the number in the file, from 1, which notes mention, and the item. Keys of
    an item that are not in *known* leave a note too, once for all items that have them. The
    exchanges are sorted by time if all of them have one; otherwise they keep the order of the file.
    """
    exchanges: list[Exchange] = []
    notes: list[str] = []
    unread: dict[str, list[int]] = {}
    for number, item in items:
        try:
            exchanges.append(read(item))
        except NotConvertibleError as reason:
            notes.append(msg("exchange {number}: {reason}", number=number, reason=reason))
        # Files of others have any shape, also one that no reader foresaw. One exchange is lost
        # then, with a sentence, and not the whole import.
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            wrong = _describe_unforeseen_shape(error, read, item)
            notes.append(
                msg("exchange {number}: not an exchange ({error})", number=number, error=wrong)
            )
        else:
            for key in find_unknown_keys(item, known):
                unread.setdefault(key, []).append(number)
    notes += [_describe_unknown_key(key, numbers) for key, numbers in unread.items()]
    # If one has no time, the order of the file is the only one that all of them share.
    if all(exchange.at for exchange in exchanges):
        exchanges.sort(key=lambda exchange: exchange.at)
    placed = (
        replace(exchange, order=order, at=exchange.at or _EARLIEST)
        for order, exchange in enumerate(exchanges, 1)
    )
    return ForeignExchanges(tuple(placed), tuple(dict.fromkeys(notes)))


def _describe_unforeseen_shape(error: Exception, read: Callable[[Any], Exchange], item: Any) -> str:
    """Return what is wrong with *item*, of which *read* has raised *error*."""
    if isinstance(error, KeyError):
        return msg("key {error} is missing", error=error)
    if isinstance(error, UnicodeEncodeError):
        return msg("a text in it has half a character, which nothing can send")
    return describe_unreadable_member(read, item)


def _describe_unknown_key(key: str, numbers: list[int]) -> str:
    where = msg("exchange {numbers}", numbers=numbers[0])
    if len(numbers) > 1:
        where += msg(" and {numbers_count} more", numbers_count=len(numbers) - 1)
    return msg("{where}: the key {key!r} is not known and is left out", where=where, key=key)


def parse_json(data: bytes, what: str) -> Any:
    """Return the JSON value of *data*; *what* names the format in errors.

    Raises:
        CassetteError: if it is not JSON, naming *what* was expected and the place.
    """
    try:
        return loads_as_javascript(data)
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            raise _make_truncated_file_error(data, what) from error
        raise CassetteError(
            "not {what}: not UTF-8 at byte {start}", what=what, start=error.start
        ) from error
    except json.JSONDecodeError as error:
        if error.msg.startswith("Unterminated") or error.pos >= len(error.doc.rstrip()):
            raise _make_truncated_file_error(data, what) from error
        raise CassetteError(
            "not {what}: not JSON at line {lineno} column {colno}: {msg}",
            what=what,
            lineno=error.lineno,
            colno=error.colno,
            msg=error.msg,
        ) from error
    except RecursionError as error:
        raise CassetteError("not {what}: nested too deeply", what=what) from error


def _make_truncated_file_error(data: bytes, what: str) -> CassetteError:
    return CassetteError(
        "not {what}: its JSON ends in line {lineno} before it is complete, so the file was cut; "
        "save it again",
        what=what,
        lineno=data.count(b"\n") + 1,
    )


def require_list(value: Any, *path: str, what: str) -> list[Any]:
    """Return the list at *path*, keys from the outside in, inside the JSON value *value*.

    Raises:
        CassetteError: if there is none; the message says that the file is not *what*.
    """
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, list):
        raise CassetteError("not {what}: it has no list {names}", what=what, names=".".join(path))
    return value


def flatten_header_groups(headers: Mapping[str, Any] | None) -> Pairs:
    """Return headers as pairs, from a mapping of each name to a value or a list of values."""
    return tuple(
        (str(name), decode_header_text(value))
        for name, values in (headers or {}).items()
        for value in (values if isinstance(values, list) else [values])
    )


def require_text(value: Any) -> str:
    """Return *value* after checking that it is a text.

    Raises:
        TypeError: if it is not; bytes are none, as nothing says in which encoding.
    """
    if not isinstance(value, str):
        raise TypeError(msg("{name} where text is expected", name=type(value).__name__))
    return value


def decode_header_text(value: Any) -> str:
    """Return a part of a message's head, text or bytes, decoded as UTF-8, else as Latin-1.

    So are header names and values (RFC 9110, 5.5), and what tools store as bytes beside them:
    method, host, path and reason. Bytes that are no UTF-8 come from Python's tools as surrogates
    in a text, which no file can hold.

    Raises:
        TypeError: if *value* is neither text nor bytes.
    """
    if isinstance(value, bytes):
        data = value
    else:
        text = require_text(value)
        if not has_surrogate(text):
            return text
        data = text.encode("utf-8", "surrogateescape" if _ESCAPED.search(text) else "replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


_ESCAPED: Final = re.compile(r"[\udc80-\udcff]")
_FAILURES: Final = (
    ("TIMEOUT", ("timed out", "timeout", "timed_out")),
    ("TLS", ("ssl", "tls", "cert_", "certificate")),
    ("CONNECT", ("refused", "name_not_resolved", "unreachable", "dns", "resolve", "connect")),
)


def to_failure_code(text: str) -> str:
    """Return our code, such as ``TIMEOUT``, for the failure message *text* of another tool."""
    lower = text.lower()
    codes = (code for code, words in _FAILURES if any(word in lower for word in words))
    return next(codes, "RESET")


def encode_text(text: str, content_type: str, known_sizes: Iterable[int] = ()) -> bytes:
    """Return the original bytes of a body that another tool stored as *text*.

    They are in the encoding that the body itself declares, else in UTF-8; or in Windows-1252, which
    browsers and mitmproxy assume without a declaration, if *known_sizes* shows that length.

    Raises:
        NotConvertibleError: if the tool could not read some characters and stored U+FFFD for them.
    """
    if text.isascii():
        return text.encode()
    lengths = {size for size in known_sizes if size > 0}
    encoded = []
    for codec in list_probable_codecs(text.encode("utf-8", "surrogatepass"), content_type):
        with suppress(UnicodeEncodeError):
            encoded.append(text.encode(codec, "surrogatepass" if codec == "utf-8" else "strict"))
    western = _to_windows_1252(text)
    # Browsers read Latin-1 as Windows-1252 (WHATWG Encoding, 4.2). It can encode almost every byte,
    # so it is believed only if its size is the one that was noted, and no better character set has
    # that size.
    if western and len(western) in lengths and not any(len(data) in lengths for data in encoded):
        return western
    if "\ufffd" in text and not any(len(data) in lengths for data in encoded):
        raise NotConvertibleError(
            "characters of its body were lost when it was saved (U+FFFD); record it again with "
            "bodies as files or base64"
        )
    return encoded[0]


def _to_windows_1252(text: str) -> bytes:
    """Return *text* encoded as browsers' Windows-1252 (WHATWG); empty if that is not possible."""
    parts = []
    for sign in text:
        try:
            parts.append(sign.encode("cp1252"))
        except UnicodeEncodeError:
            if ord(sign) > 0xFF:  # noqa: PLR2004 - the last sign of Latin-1
                return b""
            parts.append(bytes([ord(sign)]))
    return b"".join(parts)


def make_foreign_request(
    method: str, url: str, headers: Pairs, body: bytes | None, injected: Iterable[str] = ()
) -> Request:
    """Return a request that another tool recorded, without headers that every client generates.

    *injected* are the places that did not come from the script, as listed by an exported file.

    Raises:
        NotConvertibleError: if *url* is not an absolute HTTP address.
    """
    if not url.lower().startswith(("http://", "https://")):
        raise NotConvertibleError("{url!r} is not an HTTP address", url=url[:60])
    url, headers = move_user_to_header(url, headers)
    return Request(
        method=method.upper(),
        url=_quote_behind_host(url.partition("#")[0]),
        headers=tuple(
            (decode_header_text(name), decode_header_text(value))
            for name, value in headers
            if name.lower() not in _OF_THE_CONNECTION and not name.startswith(":")
        ),
        body=body or None,
        injected=tuple(map(require_text, injected)),
    )


def _quote_behind_host(url: str) -> str:
    """Return *url* with escapes for what no URL may hold, but for the letters of its host.

    A Chinese host is no escaped one. Escapes stay as they were sent (``%`` is safe).
    """
    start = _START_OF_URL.match(url)
    end = start.end() if start else 0
    return url[:end] + quote(url[end:], safe=string.punctuation, errors="surrogatepass")


_START_OF_URL: Final = re.compile(
    r"https?://[^/?\s\x00-\x1f\x7f\ud800-\udfff]*(?=[/?]|$)", re.IGNORECASE
)


def list_injected_header_places(exchange: Exchange) -> list[str]:
    """Return the places of headers, ``header.name``, that the script of *exchange* did not set.

    They are written into exported files, so that an import can tell them from those of the script.
    """
    sent = exchange.request
    if sent.call is None:
        return list(sent.injected)  # as another file of ours told
    of_script = {name.lower() for name, _ in sent.call.headers}
    others = (name.lower() for name, _ in sent.headers)
    return [f"header.{name}" for name in dict.fromkeys(("host", *others)) if name not in of_script]


def describe_lost_piece_times(exchanges: Iterable[Exchange]) -> Iterator[str]:
    """Yield a note for each response that arrived in pieces: no other format stores their times."""
    for exchange in exchanges:
        if isinstance(exchange.outcome, Response) and exchange.outcome.chunks:
            yield msg(
                "exchange {order}: the chunks of its response are not stored",
                order=exchange.order,
            )


def make_decompressed_response(
    status: int, reason: str, headers: Pairs, body: bytes, *, elapsed: float = 0.0
) -> Response:
    """Return a response of these parts; *body* may still be compressed as its headers declare.

    *elapsed* are the seconds that it took.

    Raises:
        NotConvertibleError: if it is compressed in a way that cannot be undone.
    """
    present = tuple(
        (decode_header_text(name), decode_header_text(value))
        for name, value in headers
        if not name.startswith(":")
    )
    return Response(
        status=status,
        reason=reason,
        headers=present,
        body=undo_content_codings(body, present),
        elapsed=max(0.0, round(elapsed, 3)),
        source="recorded",
    )


def undo_content_codings(body: bytes, headers: Pairs) -> bytes:
    """Return *body* decompressed as *headers* declare (RFC 9110, 8.4).

    Many tools keep the header and store the body decoded, so an uncompressed body stays.

    Raises:
        NotConvertibleError: if the coding is not gzip, deflate or br, or is br without its extra.
    """
    # They are listed in the order in which they were applied (RFC 9110, 8.4).
    for coding in reversed(list_codings(headers)):
        if _is_compressed(body, coding):
            body = _undo_coding(body, coding)
    return body


def _is_compressed(body: bytes, coding: str) -> bool:
    """Return whether *body* still has the *coding* of its header, judged by its bytes."""
    if coding in {"gzip", "x-gzip"}:
        return body.startswith(GZIP)
    if coding == "deflate" and begins_like_zlib(body):
        return True
    try:
        body.decode()
    except UnicodeDecodeError:
        return True
    return False  # a text is not compressed


def _undo_coding(body: bytes, coding: str) -> bytes:
    try:
        decoder = ContentDecoder([coding])
        decoded = decoder.decode(body, _MOST)
        decoder.finish()
    except ContentCodingError as error:
        raise NotConvertibleError("its response cannot be decoded: {error}", error=error) from error
    return decoded


def from_base64(value: str) -> bytes:
    """Return the bytes of base64.

    Raises:
        NotConvertibleError: if *value* is not base64.
    """
    try:
        # Not strict: MIME, YAML blocks and hand-edited files break base64 into lines.
        return base64.b64decode(value, validate=False)
    except (binascii.Error, ValueError) as error:
        raise NotConvertibleError("a body is broken base64 ({error})", error=error) from error


def parse_instant(value: object) -> float:
    """Return the POSIX seconds of an ISO 8601 text; without zone as UTC, 0 for an empty value."""
    if isinstance(value, str):
        for zoned in (value, f"{value}+00:00"):
            with suppress(ValueError):
                return Instant.parse(zoned).seconds
    return 0.0


_DEEPEST: Final = 60
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BINARY: Final = "tag:yaml.org,2002:binary"
_OWN: Final = "tag:yaml.org,2002:"
_PYTHON: Final = "tag:yaml.org,2002:python/"
_HARMLESS: Final = frozenset({"str", "unicode", "tuple"})
_FILE: Final = "object/new:_io.BytesIO"
_ITERATOR: Final = "object/apply:builtins.iter"
_JSON: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false")


def load_yaml(data: bytes, what: str, *, typed: bool = False, typed_below: str = "") -> Any:
    """Return the YAML document *data*, with all scalars as texts.

    With *typed*, they are converted to numbers, booleans and the like: everywhere, or only below
    the key *typed_below*. *what* names the expected format in errors.

    Raises:
        CassetteError: if it is not YAML, or has tags for Python objects.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CassetteError(
            "not {what}: not UTF-8 at byte {start}", what=what, start=error.start
        ) from error
    try:
        node = yaml.compose(text, yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = (
            msg(" at line {line} column {column}", line=mark.line + 1, column=mark.column + 1)
            if mark
            else ""
        )
        raise CassetteError(
            "not {what}: not YAML{where}: {problem}",
            what=what,
            where=where,
            problem=error.problem,
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        problem, at = find_forbidden_character(text) or (type(error).__name__, 0)
        where = msg(
            " at line {line} column {column}",
            line=text.count("\n", 0, at) + 1,
            column=at - text.rfind("\n", 0, at),
        )
        raise CassetteError(
            "not {what}: not YAML{where}: {problem}", what=what, where=where, problem=problem
        ) from error
    # A node needs at least one character in the file, so more nodes than that come from aliases of
    # aliases.
    return _Reader(what, 2 * len(data) + 1000, typed_below).read_value(node, 0, typed=typed)


class _Reader:
    """Converts parsed YAML nodes to values.

    Each node that is visited uses up a *budget*, because aliases can multiply nodes without limit.
    """

    def __init__(self, what: str, budget: int, typed_below: str) -> None:
        self._what = what
        self._left = budget
        self._typed_below = typed_below

    def read_value(self, node: Any, depth: int, *, typed: bool) -> Any:
        self._left -= 1
        if node is None:
            return None
        if depth > _DEEPEST or self._left < 0:
            raise self._make_error(node, msg("nested or repeated beyond all measure"))
        if not self._is_harmless(node.tag):
            raise self._make_error(node, msg("the tag {tag!r} asks for an object", tag=node.tag))
        if isinstance(node, yaml.MappingNode):
            members = {}
            for key, value in node.value:
                name = str(self.read_value(key, depth + 1, typed=typed))
                is_typed = typed or name == self._typed_below
                members[name] = self.read_value(value, depth + 1, typed=is_typed)
            return _read_vcrpy_file_object(members) if node.tag.startswith(_PYTHON) else members
        if isinstance(node, yaml.SequenceNode):
            return [self.read_value(item, depth + 1, typed=typed) for item in node.value]
        return self._read_scalar(node, typed=typed)

    def _is_harmless(self, tag: str) -> bool:
        """Return whether the YAML tag *tag* means plain data, or an object that vcrpy writes.

        vcrpy stores bodies that are files or iterators as Python objects.
        """
        if tag.startswith(_PYTHON):
            return tag.removeprefix(_PYTHON) in {*_HARMLESS, _FILE, _ITERATOR}
        return tag.startswith(_OWN)

    def _read_scalar(self, node: Any, *, typed: bool) -> Any:
        if node.tag == _BINARY:
            try:
                return base64.b64decode(node.value, validate=False)
            except ValueError as error:
                raise self._make_error(node, msg("broken base64")) from error
        if not node.style and node.value in _NULL:
            return None
        if typed and not node.style and _JSON.fullmatch(node.value):
            return loads_as_javascript(node.value)
        return node.value

    def _make_error(self, node: Any, why: str) -> CassetteError:
        return CassetteError(
            "not {what}: line {line}: {why}",
            what=self._what,
            line=node.start_mark.line + 1,
            why=why,
        )


def _read_vcrpy_file_object(document: dict[str, Any]) -> bytes:
    """Return the content of a file or iterator that vcrpy stored as a Python object.

    *document* is its serialised state, the arguments of its class.
    """
    outer = document.get("args") or document.get("state")
    if not isinstance(outer, list) or not outer:
        return b""
    pieces = outer[0] if isinstance(outer[0], list) else outer[:1]
    return b"".join(p if isinstance(p, bytes) else str(p).encode() for p in pieces)
