"""Parse the text of one exchange: our own layout by a fast path, any other YAML by its events.

Any YAML 1.1 is read from parser events, so a hostile file costs no more than its size: aliases,
tags other than ``!!binary`` and ``!!str``, and deep nesting are refused, and no object is
constructed.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import msgspec
import yaml
from msgspec.structs import force_setattr, replace

from bpmax_sim.cassette.charsets import CHARSET, encode_stored_text, restore_charset
from bpmax_sim.cassette.matching import rebuild_call_without_injected, restore_call_fields
from bpmax_sim.cassette.model import Entry, IndexLine
from bpmax_sim.errors import describe_data_error, describe_data_kind
from bpmax_sim.i18n import msg
from bpmax_sim.messages import (
    Call,
    Chunk,
    Exchange,
    FailedExchange,
    Outcome,
    Pairs,
    Request,
    Response,
)
from bpmax_sim.yamlfile.node import describe_parser_error, find_forbidden_character

_DEEPEST = 40
_NULL = {"", "~", "null", "Null", "NULL"}
_BINARY = "tag:yaml.org,2002:binary"
_TAGS = {None, "!", "tag:yaml.org,2002:str", _BINARY}


class YamlTextError(ValueError):
    """Raised if a text is not YAML, or uses YAML features that a cassette does not need.

    Attributes:
        line: line number in the text, from 1.
    """

    def __init__(self, message: str, line: int) -> None:
        """Keep the message and the line number."""
        super().__init__(message)
        self.line = line


def read_yaml_text(text: str) -> Any:
    """Return the single YAML document of *text*.

    Raises:
        YamlTextError: if it is not YAML, or uses features that a cassette does not need.
    """
    outside = (yaml.StreamStartEvent, yaml.DocumentStartEvent, yaml.DocumentEndEvent)
    parsed = yaml.parse(text, yaml.CSafeLoader)
    events = (event for event in parsed if not isinstance(event, outside))
    try:
        return _read_yaml_value(next(events), events, 0)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line if mark else 0
        raise YamlTextError(describe_parser_error(error, line), line + 1) from error
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        message, at = find_forbidden_character(text) or (type(error).__name__, 0)
        raise YamlTextError(message, text.count("\n", 0, at) + 1) from error
    except StopIteration as error:
        raise YamlTextError(msg("no document"), 1) from error


def _read_yaml_value(event: Any, events: Iterator[Any], depth: int) -> Any:
    line = event.start_mark.line + 1
    if depth > _DEEPEST:
        raise YamlTextError(msg("nested deeper than {deepest} levels", deepest=_DEEPEST), line)
    if getattr(event, "anchor", None) is not None:
        raise YamlTextError(msg("anchors and aliases are not used in cassettes"), line)
    if getattr(event, "tag", None) not in _TAGS:
        raise YamlTextError(msg("the tag {tag!r} is not used in cassettes", tag=event.tag), line)
    read = _READ.get(type(event))
    if read is None:
        raise YamlTextError(msg("no document"), line)
    return read(event, events, depth + 1)


def _read_scalar(event: Any, _events: Iterator[Any], _depth: int) -> Any:
    if event.tag == _BINARY:
        try:
            return base64.b64decode(event.value, validate=False)
        except ValueError as error:
            raise YamlTextError(msg("broken base64"), event.start_mark.line + 1) from error
    if event.implicit[0] and event.value in _NULL:
        return None
    return event.value


def _read_sequence(_event: Any, events: Iterator[Any], depth: int) -> list[Any]:
    items = []
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        items.append(_read_yaml_value(event, events, depth))
    return items


def _read_mapping(_event: Any, events: Iterator[Any], depth: int) -> dict[str, Any]:
    members: dict[str, Any] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        name, line = _read_yaml_value(event, events, depth), event.start_mark.line + 1
        if not isinstance(name, str):
            raise YamlTextError(msg("a key that is not a text"), line)
        if name in members:
            raise YamlTextError(msg("the key {name!r} comes twice", name=name), line)
        members[name] = _read_yaml_value(next(events), events, depth)
    return members


_READ: dict[type[yaml.Event], Callable[[Any, Iterator[Any], int], Any]] = {
    yaml.ScalarEvent: _read_scalar,
    yaml.SequenceStartEvent: _read_sequence,
    yaml.MappingStartEvent: _read_mapping,
}


_HEADERS = r"    headers:(?: \{\}\n|\n((?:      .*\n)+))"
_REQUEST = re.compile(
    r"  request:\n    method: (.+)\n    uri: (.+)\n" + _HEADERS + r"    body: (.+)"
)
_RESPONSE = re.compile(
    r"    status: \{code: (\d+), message: (.+)\}\n" + _HEADERS + r"    body:\n      string: (.+)"
)
_FAILURE = re.compile(r"    message: (\".*\")\n    sent: (true|false)\n    received: (.+)")
_ANSWERED, _FAILED = "\n  response:\n", "\n  failure:\n"
_FIELD = re.compile(r"      (?:([A-Za-z][\w-]*)|(\"(?:[^\"\\]|\\.)*\")): (\[.*\])\n", re.ASCII)
_decode_text = msgspec.json.Decoder(str).decode
_decode_texts = msgspec.json.Decoder(list[list[str]]).decode


class _NotCanonicalError(Exception):
    """Raised if a text is not in the layout that this package writes; then it is read as YAML."""


def read_exchange(entry: Entry, *, canonical: bool = True) -> Exchange:
    """Return the parsed exchange of *entry*.

    The layout that this package writes is read by a fast parser; without *canonical*, the text is
    parsed as general YAML.

    Raises:
        ValueError: if the text is not an exchange. A `YamlTextError` has the line in the text.
    """
    with suppress(_NotCanonicalError):
        if canonical:
            return _read_canonical_exchange(entry)
    return exchange_from_yaml(entry.line, read_yaml_text(entry.text))


def read_outcome(entry: Entry) -> Outcome:
    """Return the response or failure of *entry*.

    The request is parsed only if it is signed; the response then has it as `recorded_request`, as
    replay compares the signature.

    Raises:
        ValueError: if the text is not an exchange. A `YamlTextError` has the line in the text.
    """
    if entry.line.signed is not None:
        exchange = read_exchange(entry)
        if isinstance(exchange.outcome, FailedExchange):
            return exchange.outcome
        return replace(exchange.outcome, recorded_request=exchange.request)
    try:
        return _read_canonical_outcome(entry.line, *split_exchange(entry.text)[1:])
    except _NotCanonicalError:
        return exchange_from_yaml(entry.line, read_yaml_text(entry.text)).outcome


def exchange_from_yaml(line: IndexLine, item: Any) -> Exchange:
    """Return the exchange of *item*, a parsed YAML mapping, with its index *line*.

    Raises:
        ValueError: if a key is missing or a value has the wrong type.
    """
    try:
        request = item["request"]
        return _make_exchange(
            line,
            _require_text(request["method"]),
            _require_text(request["uri"]),
            _read_pairs(request.get("headers")),
            _to_bytes(request.get("body")),
            _outcome_from_yaml(line, item),
        )
    except (KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise YamlTextError(
            msg("not an exchange: {error}", error=describe_data_error(error)), 1
        ) from error


def _make_exchange(
    line: IndexLine, method: str, url: str, headers: Pairs, body: bytes | None, outcome: Outcome
) -> Exchange:
    if line.sent_in and body is not None:
        body = encode_stored_text(body, line.sent_in)
    request = Request(
        method=method,
        url=url,
        headers=headers,
        body=body,
        charset=line.sent_in,
        base=line.base,
        host=line.host,
        injected=line.injected,
        signed=line.signed,
    )
    if line.call:
        platform, _, api = line.call.partition(".")
        named = Call(
            platform=platform,
            instance=line.instance,
            api=api,
            method=method,
            path="",
            serial=line.n,
        )
        built = (
            restore_call_fields(named, line.extra)
            if line.extra
            else rebuild_call_without_injected(request, named)
        )
        force_setattr(request, "call", built)  # nobody else has seen it yet
    return Exchange(
        request=request,
        outcome=outcome,
        key=line.key,
        order=line.n,
        owner=line.owner,
        at=line.instant,
    )


def _read_canonical_exchange(entry: Entry) -> Exchange:
    request_text, kind, outcome_text = split_exchange(entry.text)
    request = _REQUEST.match(request_text)
    if request is None:
        raise _NotCanonicalError
    method, url, headers, style = request.groups()
    body = None if style == "null" else _read_body(style, request_text[request.end() :], "\n      ")
    outcome = _read_canonical_outcome(entry.line, kind, outcome_text)
    return _make_exchange(
        entry.line,
        _read_scalar_text(method),
        _read_scalar_text(url),
        _read_headers(headers),
        body,
        outcome,
    )


def split_exchange(text: str) -> tuple[str, str, str]:
    """Split an exchange into request, the line ``response:`` or ``failure:``, and the rest."""
    halves = text.partition(_ANSWERED)
    return halves if halves[1] else text.partition(_FAILED)


def _read_canonical_outcome(line: IndexLine, kind: str, text: str) -> Outcome:
    is_response = kind == _ANSWERED
    match = (_RESPONSE if is_response else _FAILURE).match(text) if kind else None
    if match is None:
        raise _NotCanonicalError
    rest = text[match.end() : -1]
    if is_response:
        status, reason, headers, style = match.groups()
        body = _read_body(style, rest, "\n        ")
        return _read_response(
            line, int(status), _read_scalar_text(reason), _read_headers(headers), body
        )
    message, sent, style = match.groups()
    return _read_failure(
        line, _read_scalar_text(message), sent, _read_body(style, rest, "\n      ")
    )


def _read_response(
    line: IndexLine, status: int, reason: str, headers: Pairs, body: bytes
) -> Response:
    response = Response(
        status=status,
        reason=reason,
        headers=headers,
        body=body,
        elapsed=line.ms / 1000,
        source=line.source or "recorded",
        chunks=tuple([Chunk(at / 1000, length) for at, length in line.chunks]),
        trust=line.trust,
        redirects=line.hops,
    )
    return restore_charset(response, line.encoding) if CHARSET in line.encoding else response


def _read_failure(
    line: IndexLine, message: str, was_sent_text: str, received: bytes
) -> FailedExchange:
    return FailedExchange(
        code=line.failed.upper(),
        message=message,
        elapsed=line.ms / 1000,
        sent=was_sent_text == "true",
        received=received,
    )


def _read_scalar_text(scalar: str) -> str:
    return _decode_text(scalar) if scalar[0] == '"' else scalar


def _read_headers(block: str | None) -> Pairs:
    if block is None:
        return ()
    fields = _FIELD.findall(block)
    if len(fields) != block.count("\n"):
        raise _NotCanonicalError
    values = _decode_texts(f"[{','.join([field[2] for field in fields])}]")
    return tuple(
        [
            (plain or _read_scalar_text(quoted), value)
            for (plain, quoted, _), text in zip(fields, values, strict=True)
            for value in text
        ]
    )


def _read_body(style: str, rest: str, indent: str) -> bytes:
    """Return the bytes of a body from its YAML scalar, whose lines are indented by *indent*.

    *style* is its first line, such as ``|-`` or ``!!binary |-``, and *rest* what follows.
    """
    if style[0] == '"':
        return decode_quoted(style + rest).encode()
    read = _BLOCKS.get(style)
    if read is None:
        raise _NotCanonicalError
    return read(rest.replace(indent, "\n")[1:])


def decode_quoted(scalar: str) -> str:
    """Return the text of a YAML scalar in double quotes.

    A line of it that ends with a backslash continues on the next one.
    """
    try:
        return _decode_text(_CONTINUED.sub("", scalar) if "\n" in scalar else scalar)
    except msgspec.DecodeError:  # YAML folds lines in other ways, too
        raise _NotCanonicalError from None


_CONTINUED = re.compile(r"\\\n +")
_BLOCKS: dict[str, Callable[[str], bytes]] = {
    "|-": lambda text: text.encode(),
    "|+": lambda text: f"{text}\n".encode(),
    "!!binary |-": lambda text: base64.b64decode(text.replace("\n", ""), validate=True),
}


def _outcome_from_yaml(line: IndexLine, item: Any) -> Outcome:
    """Return the response or failure in *item*, the parsed YAML of an exchange.

    It is a failure if *line*, the exchange's index line, names a kind of failure.
    """
    if line.failed:
        failure = item["failure"]
        received = _to_bytes(failure.get("received")) or b""
        return _read_failure(line, _require_text(failure["message"]), failure["sent"], received)
    response = item["response"]
    status, body = response["status"], response.get("body") or {}
    return _read_response(
        line,
        int(status["code"]),
        _require_text(status.get("message") or ""),
        _read_pairs(response.get("headers")),
        _to_bytes(body.get("string")) or b"",
    )


def _read_pairs(headers: Any) -> Pairs:
    return tuple(
        (name, _require_text(value))
        for name, values in (headers or {}).items()
        for value in (values if isinstance(values, list) else [values])
    )


def _require_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(
            msg("{name} where text is expected", name=describe_data_kind(type(value).__name__))
        )
    return value


def _to_bytes(value: Any) -> bytes | None:
    return value if value is None or isinstance(value, bytes) else _require_text(value).encode()
