"""Head, index and seal lines of a cassette, and bodies in the form in which they are compared.

JSON is compared by value (1, 1.0 and 1e0 are equal; numbers are exact decimals), forms by their
pairs, multipart bodies part by part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal, DecimalException
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from bpmax_sim.clock import Instant, RandomSequenceSeeds
from bpmax_sim.i18n import encode_as_english, msg
from bpmax_sim.messages import FORM, LOGIN, Headers, Pairs, SignatureInput, parse_media_type
from bpmax_sim.multipart import MULTIPART, find_delimiter, parse_part_head, split_sections

FORMAT = 2
Values = dict[str, dict[str, str]]
"""Credentials that are no secrets, by ``platform.instance`` and name."""
ANY_PLATFORM = "*"


class CassetteHead(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a cassette (second line of the file): facts about all its exchanges.

    The values of *rules* and *net* are defaults: an index line has its own only where they differ.

    Attributes:
        format: version of the file format.
        rules: platform -> digest of the matching rules that keys were computed under. Platform ""
            stands for traffic without platform, "*" for all platforms in a file of format 1, which
            had one digest for everything.
        start: earliest instant of sending, ISO 8601 with time zone.
        net: version of the secret-name rules used for redaction: they tell from a member's name,
            such as ``password``, that its value is secret.
        mixed: whether some exchange has other rules or another net; its index line says which.
        simulated: whether a built-in simulator gave some of the responses.
        several: whether exchanges of more than the first session of an owner (scenario, row or
            test) are present.
    """

    format: int = FORMAT
    rules: dict[str, str] = {}
    start: str = ""
    net: int | msgspec.UnsetType = msgspec.UNSET
    mixed: bool | msgspec.UnsetType = msgspec.UNSET
    simulated: bool | msgspec.UnsetType = msgspec.UNSET
    several: bool | msgspec.UnsetType = msgspec.UNSET

    def fill_in_defaults(self, line: IndexLine) -> IndexLine:
        """Return the index line *line* with the values that it leaves to the head."""
        rules = line.rules or self.rules.get(line.platform_key) or self.rules.get(ANY_PLATFORM, "")
        net = (self.net or 0) if line.net is None else line.net
        return msgspec.structs.replace(line, rules=rules, net=net)


class IndexLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The first line of an exchange in the file: what is needed to find it without parsing it.

    Attributes:
        key: matching key: digest of the parts of the call that count for replay.
        n: position among the calls of its owner, from 1.
        call: ``platform.api``; empty for traffic of other HTTP clients.
        instance: key of the platform's instance.
        owner: the scenario, row or test that recorded it.
        at: instant of sending, ISO 8601 with time zone.
        ms: milliseconds until the last byte, or until the failure.
        sha: digest of the exchange, including this line.
        base: the base URL of the platform.
        host: name of the entry of the platform's `hosts`; empty for the first.
        injected: places where auth and signing injected values.
        failed: kind of failure in lower case, for an exchange without response.
        chunks: milliseconds and length of each piece of a streamed body.
        encoding: headers that named the codings of the body on the wire.
        signed: what was signed, with a placeholder for the key.
        trust: result of verifying the response's signature.
        source: what answered, if not the live third party.
        rules: digest of the matching rules, if not that of the head.
        net: version of the secret-name rules, if not that of the head.
        hops: status and URL (without query) of each followed redirect.
        moved: changes made by `migrate` after recording, one text each.
        extra: what the script set, where the request alone does not show it.
        session: number of the owner's session, from 1.
        values: on the first exchange of an owner, credentials declared ``secret: false``, by
            ``platform.instance`` and name; for shared logins, on the first login of each account.
        seed: on the first exchange of an owner, the seeds of the random values its scripts drew; 0
            if none, and only a number in older recordings.
        sent_in: encoding of the request body on the wire, if not UTF-8.
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
    seed: int | RandomSequenceSeeds = 0
    sent_in: str = ""

    @property
    def platform_key(self) -> str:
        """Return the platform key, or "" if unknown."""
        return self.call.partition(".")[0]

    @property
    def instant(self) -> float:
        """Return `at` in POSIX seconds, by which exchanges of several time zones are ordered."""
        return Instant.parse(self.at).seconds

    @property
    def is_shared_login(self) -> bool:
        """Return whether this is a login stored in the shared file of its instance."""
        return self.owner == f"{self.platform_key}.{self.instance}" and self.call.endswith(
            f".{LOGIN}"
        )


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """The last line of a file, by which truncated and edited files are recognised.

    It has the number of exchanges and a digest of the head and of all digests of index lines.
    """

    interactions: int
    failures: int
    sha256: str


class Entry(msgspec.Struct, frozen=True):
    """One exchange as stored: its index line, and the YAML text below it."""

    line: IndexLine
    text: str

    def with_line(self, **changes: Any) -> Entry:
        """Return the entry with *changes* to its index line."""
        return Entry(msgspec.structs.replace(self.line, **changes), self.text)


_LARGEST_EXPONENT = 400


def _read_number(text: str) -> int | Decimal:
    try:
        value = Decimal(text)
    except DecimalException as error:
        raise ValueError(text) from error
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    kept = bytes(digits).rstrip(b"\0")
    if not kept:
        return 0
    exponent += len(digits) - len(kept)
    short = Decimal((sign, tuple(kept), exponent))
    return int(short) if 0 <= exponent <= _LARGEST_EXPONENT else short


_decoder = msgspec.json.Decoder(float_hook=_read_number)
_encoder = msgspec.json.Encoder(order="sorted", decimal_format="number", enc_hook=encode_as_english)
encode_sorted = _encoder.encode


def decode_json(data: bytes | str) -> Any:
    """Return the value of JSON text.

    Numbers are read exactly (as Decimal where a float would differ).

    Raises:
        ValueError: if *data* is not JSON, or nested too deeply to be compared.
    """
    try:
        value = _decoder.decode(data)
        _encoder.encode(value)
    except (msgspec.MsgspecError, RecursionError, ArithmeticError) as error:
        raise ValueError(msg("not JSON")) from error
    return value


class ComparableBody(msgspec.Struct, frozen=True):
    """A body as it is compared.

    Attributes:
        kind: none, json, form, multipart, text or bytes.
        value: parsed content, so that equal content in another spelling is equal.
    """

    kind: str = "none"
    value: Any = None


NOTHING = ComparableBody()


def group_by_name(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return *pairs* (a query, a form) as name -> value.

    A repeated name gets the list of its values.

    So two requests are equal whatever the order of their different names is.
    """
    single = dict(pairs)
    if len(single) == len(pairs):
        return single
    grouped: dict[str, list[Any]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in grouped.items()}


def read_message_parts(headers: Pairs, body: bytes | None, query: Pairs) -> dict[str, Any]:
    """Return the parts of a message by name, as paths such as ``header.x-id`` are looked up in.

    Names of headers are in lower case. A body that cannot be parsed is None.
    """
    read = read_body(body, Headers(headers).content_type)
    return {
        "query": group_by_name(query),
        "header": group_by_name([(name.lower(), value) for name, value in headers]),
        "body": None if read.kind == "bytes" else read.value,
    }


def read_body(data: bytes | None, content_type: str) -> ComparableBody:
    """Return *data* parsed as *content_type*; a body that cannot be parsed is compared as bytes."""
    if not data:
        return NOTHING
    media = parse_media_type(content_type)
    looks_json = media.endswith(("/json", "+json")) or (not media and data[:1] in b"{[")
    reader = _READERS.get(media) or (_read_json if looks_json else None)
    try:
        parsed = reader(data, content_type) if reader else None
    except ValueError:
        parsed = None
    return parsed or _read_text_or_digest(data)


def _read_json(data: bytes, _content_type: str) -> ComparableBody:
    return ComparableBody("json", decode_json(data))


def _read_form(data: bytes, _content_type: str) -> ComparableBody:
    text = data.decode()
    if "%" in text or "+" in text:
        return ComparableBody(
            "form", group_by_name(parse_qsl(text, keep_blank_values=True, errors="strict"))
        )
    pieces = [piece.partition("=") for piece in text.split("&") if piece]
    return ComparableBody("form", group_by_name([(name, value) for name, _, value in pieces]))


def _read_text_or_digest(data: bytes) -> ComparableBody:
    try:
        return ComparableBody("text", data.decode())
    except UnicodeDecodeError:
        return ComparableBody(
            "bytes", f"<{len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}>"
        )


def _read_multipart(data: bytes, content_type: str) -> ComparableBody:
    """Parse a multipart body (RFC 7578); the boundary itself does not count."""
    delimiter = find_delimiter(content_type)
    if not delimiter:
        raise ValueError(msg("no boundary"))
    sections = split_sections(data, delimiter)
    if len(sections) < 3 or not sections[-1].startswith(b"--"):  # noqa: PLR2004 - one part at least
        raise ValueError(msg("not closed"))
    return ComparableBody(
        "multipart", group_by_name([_read_multipart_section(section) for section in sections[1:-1]])
    )


def _read_multipart_section(section: bytes) -> tuple[str, Any]:
    head, separator, content = section.partition(b"\r\n\r\n")
    if not separator:
        raise ValueError(msg("a part without an end of its headers"))
    part = parse_part_head(head.decode(errors="backslashreplace"))  # such as a name in GBK
    value = _read_text_or_digest(content).value
    about = {**part.headers, **{key: part.parameters[key] for key in part.parameters if key}}
    return part.name, {**about, "content": value} if about else value


_READERS = {FORM: _read_form, MULTIPART: _read_multipart}
