"""The machine-readable lines of a cassette, and bodies apart from their spelling.

JSON is compared by value (numbers by their exact decimal value: 1, 1.0 and 1e0 are equal), forms by
their pairs, multipart by part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal, DecimalException
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from bpmax_sim.clock import DrawnSequences
from bpmax_sim.i18n import encode_message, msg
from bpmax_sim.messages import FORM, LOGIN, Pairs, SignatureInput, media_type

FORMAT = 2
Values = dict[str, dict[str, str]]
"""Credentials that are no secrets, by ``platform.instance`` and name."""
ANY_PLATFORM = "*"


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The second line of a file.

    Attributes:
        rules: for each platform in the file, the digest of the matching rules that its keys were
            computed under; "" is traffic of no platform, "*" every platform of a file of format 1,
            whose one digest was of the rules of all platforms there were.
        start: the earliest instant of sending, ISO 8601 with its zone.
        net: version of the net of names that its requests and responses were redacted with.
        mixed: whether some exchange was recorded under other rules or another net, which its line
            names.
        simulated: whether a built-in simulator gave some of the responses.
        several: whether some exchange was recorded by another than its owner's first session.
    """

    format: int = FORMAT
    rules: dict[str, str] = {}
    start: str = ""
    net: int | msgspec.UnsetType = msgspec.UNSET
    mixed: bool | msgspec.UnsetType = msgspec.UNSET
    simulated: bool | msgspec.UnsetType = msgspec.UNSET
    several: bool | msgspec.UnsetType = msgspec.UNSET

    def explicit(self, line: Line) -> Line:
        """Return *line* with what it leaves to the head."""
        rules = line.rules or self.rules.get(line.platform) or self.rules.get(ANY_PLATFORM, "")
        net = (self.net or 0) if line.net is None else line.net
        return msgspec.structs.replace(line, rules=rules, net=net)


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The index line of one exchange.

    Attributes:
        n: place in the order of issue of its owner, from 1.
        call: ``platform.api``, empty for traffic without a builder.
        owner: the scenario, row or test that recorded it.
        at: instant of sending, ISO 8601 with its zone.
        ms: milliseconds until the last byte, or until it failed.
        sha: digest of the exchange, this line included.
        base: the start of the URL that is the platform's address.
        host: which of the platform's `hosts` that is, unless it is the first.
        injected: places that auth and signing put in.
        failed: the kind of failure in lower case, for an exchange that did not complete.
        chunks: milliseconds and length of each piece of a streamed body.
        encoding: headers that told how the body was encoded on the wire.
        signed: what the signature of the request was made of, beside the placeholder key.
        trust: what became of verifying the signature of the response.
        source: who answered, unless it was the live third party.
        rules: digest of the matching rules, where it is not the head's for its platform.
        net: version of the net of names, where it is not the head's.
        hops: status and address of each redirect that was followed, addresses without queries.
        moved: what `migrate` changed since it was recorded, one text a change.
        extra: what the builder set, where the request alone does not show it.
        session: which of its owner's sessions recorded it, from 1.
        values: on its owner's first exchange, the credentials that are declared to be no secrets,
            by ``platform.instance`` and name; of shared logins, on the first of each account.
        seed: on its owner's first exchange, what its scripts drew; 0 if they drew nothing, and the
            seed alone in recordings that did not count.
        sent_in: the encoding of the request's body on the wire, where it is not UTF-8 as here.
    """

    key: str
    n: int
    call: str
    instance: str
    owner: str = msgspec.field(name="for")
    at: str
    ms: int
    sha: str
    base: str = ""
    host: str = ""
    injected: tuple[str, ...] = ()
    failed: str = ""
    chunks: tuple[tuple[int, int], ...] = ()
    encoding: dict[str, str] = {}
    source: str = ""
    signed: SignatureInput | None = None
    trust: str = ""
    rules: str = ""
    net: int | None = None
    hops: Pairs = ()
    moved: tuple[str, ...] = ()
    extra: dict[str, Any] = {}
    session: int = 1
    values: Values = {}
    seed: int | DrawnSequences = 0
    sent_in: str = ""

    @property
    def platform(self) -> str:
        """Return the key of the platform, or nothing where none is known."""
        return self.call.partition(".")[0]

    @property
    def is_shared_login(self) -> bool:
        """Return whether this is a login that lies in the file of its instance."""
        return self.owner == f"{self.platform}.{self.instance}" and self.call.endswith(f".{LOGIN}")


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """The last line of a file: what it holds, and the digest of head and all `Line.sha`."""

    interactions: int
    failures: int
    sha256: str


class Entry(msgspec.Struct, frozen=True):
    """One exchange as it stands in a file: its index line, and the YAML text below it."""

    line: Line
    text: str

    def with_line(self, **changes: Any) -> Entry:
        """Return the entry with *changes* of its line."""
        return Entry(msgspec.structs.replace(self.line, **changes), self.text)


_LARGEST_EXPONENT = 400


def _read_number(text: str) -> int | Decimal:
    try:
        value = Decimal(text)
    except DecimalException as error:
        raise ValueError(text) from error
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    length = len(digits)
    while length > 1 and digits[length - 1] == 0:
        length -= 1
    exponent += len(digits) - length
    if digits[:length] == (0,):
        return 0
    short = Decimal((sign, digits[:length], exponent))
    return int(short) if 0 <= exponent <= _LARGEST_EXPONENT else short


_decoder = msgspec.json.Decoder(float_hook=_read_number)
_encoder = msgspec.json.Encoder(order="sorted", decimal_format="number", enc_hook=encode_message)
encode_sorted = _encoder.encode


def decode_json(data: bytes | str) -> Any:
    """Return the value of JSON text, numbers exact.

    Raises:
        ValueError: if *data* is not JSON, or nests too deep to be compared by value.
    """
    try:
        value = _decoder.decode(data)
        _encoder.encode(value)
    except (msgspec.MsgspecError, RecursionError, ArithmeticError) as error:
        raise ValueError(msg("not JSON")) from error
    return value


class Body(msgspec.Struct, frozen=True):
    """A body as matching sees it: *kind* is none, json, form, multipart, text or bytes."""

    kind: str = "none"
    value: Any = None


NOTHING = Body()


def by_name(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return pairs as a mapping; a name that comes more than once has a list of its values.

    The order between names does not count, the order of one name's values does.
    """
    single = dict(pairs)
    if len(single) == len(pairs):
        return single
    grouped: dict[str, list[Any]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in grouped.items()}


def read_body(data: bytes | None, content_type: str) -> Body:
    """Return the value of *data*, read as *content_type*; unreadable data stands for itself."""
    if not data:
        return NOTHING
    media = media_type(content_type)
    looks_json = media.endswith(("/json", "+json")) or (not media and data[:1] in b"{[")
    reader = _READERS.get(media) or (_read_json if looks_json else None)
    try:
        parsed = reader(data, content_type) if reader else None
    except ValueError:
        parsed = None
    return parsed or _read_plain(data)


def _read_json(data: bytes, _content_type: str) -> Body:
    return Body("json", decode_json(data))


def _read_form(data: bytes, _content_type: str) -> Body:
    text = data.decode()
    if "%" in text or "+" in text:
        return Body("form", by_name(parse_qsl(text, keep_blank_values=True, errors="strict")))
    pieces = [piece.partition("=") for piece in text.split("&") if piece]
    return Body("form", by_name([(name, value) for name, _, value in pieces]))


def _read_plain(data: bytes) -> Body:
    try:
        return Body("text", data.decode())
    except UnicodeDecodeError:
        return Body("bytes", f"<{len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}>")


def _read_multipart(data: bytes, content_type: str) -> Body:
    """Read RFC 7578; the boundary itself does not count."""
    boundary = _header_parameters("content-type", content_type).get("boundary", "")
    if not boundary:
        raise ValueError(msg("no boundary"))
    sections = (b"\r\n" + data).split(b"\r\n--" + boundary.encode())
    if len(sections) < 3 or not sections[-1].startswith(b"--"):  # noqa: PLR2004 - one part at least
        raise ValueError(msg("not closed"))
    return Body("multipart", by_name([_read_part(section) for section in sections[1:-1]]))


def _read_part(section: bytes) -> tuple[str, Any]:
    head, separator, content = section.partition(b"\r\n\r\n")
    if not separator:
        raise ValueError(msg("a part without an end of its headers"))
    lines = [line.partition(":") for line in head.decode().split("\r\n") if line.strip()]
    headers = {name.strip().lower(): rest.strip() for name, _, rest in lines}
    disposition = _header_parameters("content-disposition", headers.pop("content-disposition", ""))
    value = _read_plain(content).value
    about = {**headers, **{key: disposition[key] for key in disposition if key not in {"", "name"}}}
    return disposition.get("name", ""), {**about, "content": value} if about else value


def _header_parameters(name: str, value: str) -> dict[str, str]:
    message = Message()
    message[name] = value
    # A parameter that is spelled as RFC 2231 allows comes as charset, language and text.
    return {
        key.lower(): collapse_rfc2231_value(text)
        for key, text in message.get_params([], header=name)
    }


_READERS = {FORM: _read_form, "multipart/form-data": _read_multipart}
