"""Render exchanges as canonical text: vcrpy's layout plus a head, index lines and a seal.

::

    version: 1                       of vcrpy
    bpmax: {…}                       head: facts about all exchanges, defaults of index lines
    interactions:
    - bpmax: {"key":…,"sha":…}       index line: finds the exchange without parsing it
      request: …                     as vcrpy writes it
      response: …
    failures:                        exchanges without response; vcrpy would ask each for one
    - bpmax: {…}
      request: …
      failure: …
    sealed: {…}                      numbers of exchanges, digest of head and of all ``sha``

vcrpy ignores these additions. Every byte is covered: each exchange by its `sha`, their set, order
and the head by the seal, everything else by its fixed form; digests are computed over text with LF
line ends. Header fields are grouped by name (RFC 9110, 5.3: the order of different fields has no
meaning). Bodies are stored decoded, and their codings move to the index line. A text is written as
a block only where no reader can alter it. Each format version has one function that reads it as the
next one; these functions stay, and the tests keep a sample of each version.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from bpmax_sim.cassette.charsets import store_as_utf8, store_request_as_utf8
from bpmax_sim.cassette.json_text import break_long_json_into_members
from bpmax_sim.cassette.matching import (
    MatchingRules,
    call_fields_to_json,
    call_to_parts,
    find_differences,
    rebuild_call_without_injected,
)
from bpmax_sim.cassette.model import (
    ANY_PLATFORM,
    FORMAT,
    CassetteHead,
    Entry,
    IndexLine,
    Seal,
    Values,
)
from bpmax_sim.cassette.reader import YamlTextError, exchange_from_yaml, read_yaml_text
from bpmax_sim.clock import Instant, RandomSequenceSeeds
from bpmax_sim.errors import CassetteError, describe_data_error, describe_data_kind
from bpmax_sim.i18n import encode_as_english, label_message, msg
from bpmax_sim.messages import Exchange, FailedExchange, Outcome, Pairs, Request, Response

# YAML's reader refuses or folds these; the marks of writing direction hide text from a reviewer.
_HIDDEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
)
_ESCAPED = re.compile(f"[{_HIDDEN}]")
_NO_BLOCK = re.compile(f"[{_HIDDEN}]|\\A[ \\t\\n]")
_CONTROLS = bytes(code for code in (*range(0x20), 0x7F) if code not in b"\t\n")
# YAML 1.1, which PyYAML and so vcrpy reads, takes these bare words for null and booleans.
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
_PLAIN = {
    "method": re.compile(r"[A-Z]+"),
    "name": re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,200}"),
    "reason": re.compile(r"[A-Za-z][A-Za-z'-]*(?: [A-Za-z'-]+)*"),
    "uri": re.compile(r"https?://[\w\-.~:/?\[\]@!$&'()*+,;=%]*[\w\-.~/?=&%]", re.ASCII),
}


def to_yaml_safe_json_line(value: object) -> str:
    r"""Return *value* as JSON on one line that is also a valid YAML flow value.

    Characters that YAML would not preserve are written as ``\uXXXX``.
    """
    text = msgspec.json.encode(value, enc_hook=encode_as_english).decode()
    if text.isascii() and "\x7f" not in text:
        return text  # JSON escapes the other control characters itself
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def quote_scalar_if_needed(text: str, kind: str) -> str:
    """Return *text* as a YAML scalar, without quotes if YAML reads it back as the same text.

    *kind* is what the text is: ``method``, ``uri``, ``reason`` (of a status) or ``name`` (of a
    header). It decides which characters are safe without quotes.
    """
    bare = _PLAIN[kind].fullmatch(text) and text.lower() not in _WORDS
    return text if bare else to_yaml_safe_json_line(text)


def write_body_scalar(body: bytes, indent: str, *, breaks: bool = True) -> str:
    """Return *body* as a YAML scalar whose further lines are indented by *indent*.

    If *breaks* is true, long JSON gets one line per member, so that differences are readable.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        digits = base64.b64encode(body).decode()
        lines = [digits[at : at + 76] for at in range(0, len(digits), 76)]
        return "\n".join(["!!binary |-", *(indent + line for line in lines)])
    if not body or (_may_hold_unprintable(body) and _NO_BLOCK.search(text)):
        return to_yaml_safe_json_line(text)
    if breaks and (broken := break_long_json_into_members(text)):
        between = f"\\\n{indent}"  # YAML reads no end of a line after a backslash
        return f'"{_quote_lines(broken, between)}"'
    style = "|+" if text.endswith("\n") else "|-"
    lines = text.removesuffix("\n").split("\n")
    return "\n".join([style, *[indent + line if line else "" for line in lines]])


_APART = "\ue000"  # JSON leaves it as it is


def _quote_lines(text: str, line_break: str) -> str:
    """Return *text* escaped for a quoted YAML scalar, with *line_break* between its lines."""
    if _APART in text:
        return line_break.join(
            msgspec.json.encode(line).decode()[1:-1] for line in text.split("\n")
        )
    quoted = msgspec.json.encode(text.replace("\n", _APART)).decode()
    return quoted[1:-1].replace(_APART, line_break)


def _may_hold_unprintable(body: bytes) -> bool:
    """Return whether *body* may contain a character that a YAML block cannot hold.

    If it returns False, there is none. If True, the caller has to search with `_NO_BLOCK`, a
    regular expression that takes ten times as long: here only the bytes are looked for with which
    such characters begin in UTF-8.
    """
    return (
        body[0] in b" \t\n"
        or len(body.translate(None, _CONTROLS)) < len(body)
        or b"\xc2" in body
        or (b"\xd8" in body and b"\xd8\x9c" in body)
        or (b"\xe2" in body and (b"\xe2\x80" in body or b"\xe2\x81" in body))
        or (b"\xef" in body and (b"\xef\xbb\xbf" in body or b"\xef\xbf" in body))
    )


CODINGS = ("content-encoding", "transfer-encoding")
_LONGEST_KEY = 200  # YAML allows 1024 characters of a key on its own line
_EVERYTHING = MatchingRules()
_as_sent = attrgetter("path", "query", "headers", "body")
_UNANSWERED = Response(status=0)
_FAILURE = "  failure:\n"


def render_exchange(
    exchange: Exchange,
    *,
    zone: timedelta = timedelta(0),
    rules: MatchingRules = _EVERYTHING,
    name_rules: int = 0,
) -> Entry:
    """Return *exchange* as it is stored, but without digest.

    Args:
        exchange: exchange, redacted.
        zone: UTC offset in which its instant is written.
        rules: matching rules under which its key is computed.
        name_rules: version of the secret-name rules that it was redacted with.

    Raises:
        CassetteError: if a text contains a lone surrogate, which no UTF-8 file can hold.
    """
    try:
        line, outcome = _make_index_line(exchange, zone, rules, name_rules), exchange.outcome
        if isinstance(outcome, Response):
            outcome, facts = store_as_utf8(outcome, exchange.request.charset)
            if facts:
                line = replace(line, encoding={**line.encoding, **facts})
        request, codec = store_request_as_utf8(exchange.request)
        if codec:
            line = replace(line, sent_in=codec)
        text = _write_request(request) + _write_outcome(outcome, exchange.request.method)
        return Entry(line, text)
    except UnicodeEncodeError as error:
        called = exchange.request.call.name if exchange.request.call else exchange.request.method
        raise CassetteError(
            "{called}: the exchange cannot be written, it has half a character "
            "(a lone surrogate, {half!r}); send well-formed text",
            called=called,
            half=error.object[error.start],
        ) from error


def _make_index_line(
    exchange: Exchange, zone: timedelta, rules: MatchingRules, name_rules: int
) -> IndexLine:
    request, outcome = exchange.request, exchange.outcome
    answered = outcome if isinstance(outcome, Response) else _UNANSWERED
    codings = ((name.lower(), value) for name, value in answered.headers)
    return IndexLine(
        key=exchange.key,
        n=exchange.order,
        call=request.call.name if request.call and request.call.platform else "",
        instance=request.call.instance if request.call else "",
        owner=exchange.owner,
        at=str(Instant(exchange.at, zone)),
        ms=round(outcome.elapsed * 1000),
        sha="",
        base=request.base,
        host=request.host,
        injected=request.injected,
        failed=outcome.code.lower() if isinstance(outcome, FailedExchange) else "",
        chunks=tuple([(round(chunk.at * 1000), chunk.length) for chunk in answered.chunks]),
        encoding={name: value for name, value in codings if name in CODINGS},
        source="" if answered.source in {"live", "recorded"} else answered.source,
        signed=request.signed,
        trust=answered.trust,
        rules=rules.compute_digest(request.call.platform if request.call else ""),
        net=name_rules,
        hops=answered.redirects,
        extra=_find_call_fields_to_store(request),
    )


def _find_call_fields_to_store(request: Request) -> dict[str, object]:
    """Return what the script set in the call of *request*, if the request does not show it.

    That is rare, for example if auth replaced a header of the script; else the result is empty.
    Matching compares calls as a script made them, so the index line stores these fields.
    """
    call = request.call
    if call is None:
        return {}
    built = rebuild_call_without_injected(request, call)
    is_equal = _as_sent(built) == _as_sent(call) or not find_differences(
        call_to_parts(built), call_to_parts(call), _EVERYTHING
    )
    return {} if is_equal else call_fields_to_json(call)


def _write_request(request: Request, *, breaks: bool = True) -> str:
    body = (
        "null" if request.body is None else write_body_scalar(request.body, " " * 6, breaks=breaks)
    )
    return (
        f"  request:\n    method: {quote_scalar_if_needed(request.method, 'method')}\n"
        f"    uri: {quote_scalar_if_needed(request.url, 'uri')}\n"
        f"{_write_headers(request.headers)}    body: {body}\n"
    )


def replace_failure(entry: Entry, failed: FailedExchange) -> Entry:
    """Return *entry*, a failed exchange, with *failed* in place of the failure in its text.

    A response that was cut off is in the journal (the file of a recording that is not finished) in
    pieces, each a failed exchange. *failed* is the failure with all the pieces joined.
    """
    text = entry.text.rpartition(_FAILURE)[0] + _write_outcome(failed, "")
    return Entry(replace(entry.line, failed=failed.code.lower()), text)


def _write_outcome(outcome: Outcome, method: str, *, breaks: bool = True) -> str:
    if isinstance(outcome, FailedExchange):
        received = write_body_scalar(outcome.received, " " * 6)
        return (
            f"{_FAILURE}    message: {to_yaml_safe_json_line(outcome.message)}\n"
            f"    sent: {'true' if outcome.sent else 'false'}\n    received: {received}\n"
        )
    headers = _write_headers(adapt_headers_to_decoded_body(outcome, method))
    return (
        f"  response:\n    status: {{code: {outcome.status}, message: "
        f"{quote_scalar_if_needed(outcome.reason, 'reason')}}}\n{headers}"
        f"    body:\n      string: {write_body_scalar(outcome.body, ' ' * 8, breaks=breaks)}\n"
    )


def adapt_headers_to_decoded_body(response: Response, method: str) -> Pairs:
    """Return the headers of *response*, changed to fit its body, which is stored decoded.

    Headers that name codings are left out, and ``Content-Length`` is that of the decoded body. It
    stays as received if *method*, that of the request, is HEAD, or if the status is 304.
    """
    keep = method == "HEAD" or response.status == 304  # noqa: PLR2004 - RFC 9110, section 8.6
    # The body is stored decoded, so its codings are facts of the index line and its length is that
    # of the decoded text. A HEAD or 304 response tells the length of a body that it does not have.
    length = str(len(response.body))
    return tuple([
        (name, length if name.lower() == "content-length" and not keep else value)
        for name, value in response.headers
        if name.lower() not in CODINGS
    ])  # fmt: skip


@lru_cache(maxsize=256)  # those of requests mostly are the same in every call of an API
def _write_headers(pairs: Pairs) -> str:
    if not pairs:
        return "    headers: {}\n"
    fields = "".join([_write_header(name, tuple(values)) for name, values in group_headers(pairs)])
    return f"    headers:\n{fields}"


@lru_cache(maxsize=512)  # most are the same in every exchange
def _write_header(name: str, values: tuple[str, ...]) -> str:
    key = quote_scalar_if_needed(name, "name")
    if len(key) > _LONGEST_KEY:
        return f"      ? {key}\n      : {to_yaml_safe_json_line(values)}\n"
    return f"      {key}: {to_yaml_safe_json_line(values)}\n"


def group_headers(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Return pairs of a header name and its values, with repeated names joined.

    The spelling of the first one is kept.
    """
    groups: dict[str, tuple[str, list[str]]] = {}
    for name, value in pairs:
        groups.setdefault(name.lower(), (name, []))[1].append(value)
    return list(groups.values())


VERSION = "version: 1\n"  # of vcrpy's format; it refuses others
HEAD = VERSION + "bpmax: "
ENTRY = "- bpmax: "
SECTIONS = ("interactions", "failures")
UNKNOWN_RULES = "unknown"
_KEY = re.compile("[0-9a-f]*")
_MOST = 999_999_999  # exchanges of one owner; the index reads no longer number
BLANK_SHA = '"sha":""'
_ENTRY, _BLANK_SHA = ENTRY.encode(), BLANK_SHA.encode()


def compute_exchange_sha(index: bytes, text: bytes) -> str:
    """Return the digest of an exchange from its index line and its YAML text, as bytes of the file.

    *index* is the JSON of the index line with an empty ``sha``, the member that gets the result.
    """
    # 64 bits: they show damage and careless edits. No digest in the file could stop who means to
    # forge it, as anybody can compute it anew.
    return hashlib.sha256(b"%b\n%b" % (index, text)).hexdigest()[:16]


def dump_exchanges(
    exchanges: Iterable[Exchange], *, rules: MatchingRules, zone: timedelta = timedelta(0)
) -> bytes:
    """Return the content of a cassette file with *exchanges*.

    Their keys are computed under *rules*.

    Instants are written with the UTC offset *zone*.
    """
    return dump_entries(
        [render_exchange(exchange, zone=zone, rules=rules) for exchange in exchanges]
    )


def dump_entries(entries: Iterable[Entry]) -> bytes:
    """Return the content of a cassette file with *entries*.

    Their index lines must have the values that the file leaves to the head, too; the digests are
    computed here.

    Entries are sorted by owner (scenario, row or test) and order of issue, so the file does not
    depend on the order in which they are passed or on which process recorded them.
    """
    ordered = move_facts_to_first_of_owner(
        sorted(entries, key=lambda entry: (entry.line.owner, entry.line.n))
    )
    head = _make_head([entry.line for entry in ordered])
    lines = [f"{HEAD}{to_yaml_safe_json_line(head)}\n".encode()]
    shas = [
        to_yaml_safe_json_line(head)
    ]  # what is sealed: the head, and each exchange in file order
    counts = []
    for name, has_failed in zip(SECTIONS, (False, True), strict=True):
        entries = [entry for entry in ordered if bool(entry.line.failed) is has_failed]
        counts.append(len(entries))
        lines.append(f"{name}:\n".encode() if entries else f"{name}: []\n".encode())
        for entry in entries:
            line = _drop_head_defaults(entry.line, head)
            text = entry.text.encode()
            index, sha = _write_index_line(line, text)
            lines.append(b"%b%b\n%b" % (_ENTRY, index, text))
            shas.append(sha)
    digest = hashlib.sha256("\n".join(shas).encode()).hexdigest()
    seal = Seal(interactions=counts[0], failures=counts[1], sha256=digest)
    return b"".join([*lines, f"sealed: {to_yaml_safe_json_line(seal)}\n".encode()])


def move_facts_to_first_of_owner(entries: Sequence[Entry]) -> list[Entry]:
    """Return *entries* with the ``values`` and ``seed`` of an owner only on its first index line.

    They are facts about the whole recording of the owner, a scenario, row or test. Each session
    writes them on its own first exchange, which need not stay the first one when recordings are
    merged or pruned. Values of shared logins belong to an account, and are written on the first
    login of each account.
    """
    values: dict[str, Values] = {}
    for line in (entry.line for entry in entries if entry.line.values):
        if line.is_shared_login:
            continue
        own = values.setdefault(line.owner, {})
        for instance, known in line.values.items():
            own[instance] = {**known, **own.get(instance, {})}
    # The first seeds win: the exchanges were recorded with them, and later sessions only extend
    # them.
    drawn: dict[str, int | RandomSequenceSeeds] = {}
    for line in (entry.line for entry in entries if entry.line.seed):
        first = drawn.setdefault(line.owner, line.seed)
        if isinstance(first, RandomSequenceSeeds) and isinstance(line.seed, RandomSequenceSeeds):
            drawn[line.owner] = first.merge_if_extension(line.seed)
    moved: list[Entry] = []
    account: dict[str, Values] = {}
    for entry in entries:
        line = entry.line
        own = values.pop(line.owner, {})
        if line.is_shared_login:
            before = account.get(line.owner, {})
            own = line.values if line.values != before else {}
            account[line.owner] = line.values or before
        moved.append(_with_owner_facts(entry, own, drawn.pop(line.owner, 0)))
    return moved


def _with_owner_facts(entry: Entry, values: Values, seed: int | RandomSequenceSeeds) -> Entry:
    ordered = {name: dict(sorted(values[name].items())) for name in sorted(values)}
    if (entry.line.values, entry.line.seed) == (ordered, seed):
        return entry
    return entry.with_line(values=ordered, seed=seed)


def _make_head(lines: Sequence[IndexLine]) -> CassetteHead:
    """Return the head of a file with these index lines.

    It depends only on the exchanges, not on who wrote the file last, so that a merge gives the same
    file on each machine.
    """
    if not lines:
        return CassetteHead()
    rules: dict[str, str] = {}
    for line in lines:
        rules.setdefault(line.platform_key, line.rules)
    net = lines[0].net or 0
    is_mixed = any(
        line.rules != rules[line.platform_key] or (line.net or 0) != net for line in lines
    )
    return CassetteHead(
        rules=dict(sorted(rules.items())),
        start=min(lines, key=lambda line: (line.instant, line.at)).at,
        net=net or msgspec.UNSET,
        mixed=is_mixed or msgspec.UNSET,
        simulated=any(line.source == "simulated" for line in lines) or msgspec.UNSET,
        several=any(line.session > 1 for line in lines) or msgspec.UNSET,
    )


def _drop_head_defaults(line: IndexLine, head: CassetteHead) -> IndexLine:
    """Return *line* without digest, and without ``rules`` and ``net`` where *head* has the same."""
    rules = "" if line.rules == head.rules[line.platform_key] else line.rules
    net = None if (line.net or 0) == (head.net or 0) else line.net or 0
    return replace(line, rules=rules, net=net, sha="")


def _write_index_line(line: IndexLine, text: bytes) -> tuple[bytes, str]:
    """Return the JSON of *line* completed with the digest of the exchange, and the digest."""
    blank = to_yaml_safe_json_line(line).encode()
    sha = compute_exchange_sha(blank, text)
    return blank.replace(_BLANK_SHA, _BLANK_SHA[:-1] + f'{sha}"'.encode(), 1), sha


def reseal(text: str) -> bytes:
    """Return the content of a cassette that was edited by hand, in the usual layout.

    *text* may have any YAML layout. Keys of edited exchanges are marked as unknown, so that replay
    computes them from the edited request.

    Raises:
        YamlTextError: if *text* is not YAML or contains an invalid exchange, which the error names.
    """
    tree = read_yaml_text(text)
    try:
        head = parse_head(_require_mapping(tree).get("bpmax"), is_typed=False)
    except (ValueError, LookupError) as error:
        raise YamlTextError(
            label_message(msg("not a cassette of ours"), describe_data_error(error)), 1
        ) from error
    items = [item for name in SECTIONS for item in tree.get(name) or []]
    return dump_entries([_reseal_exchange(head, *pair) for pair in enumerate(items, 1)])


def _reseal_exchange(head: CassetteHead, number: int, item: Any) -> Entry:
    try:
        line = msgspec.convert(_require_mapping(item).get("bpmax"), IndexLine, strict=False)
        exchange = exchange_from_yaml(_check_index_line(line), item)
    except ValueError as error:
        raise YamlTextError(
            label_message(msg("exchange {number}", number=number), describe_data_error(error)), 1
        ) from error
    # The index line stays the recorded one; only the text is written anew, as it may have been:
    # a body of JSON was not always broken into lines.
    outcome, stored = exchange.outcome, exchange.request
    method = stored.method
    if line.sent_in:
        stored = store_request_as_utf8(stored)[0]
    if isinstance(outcome, Response):
        outcome = store_as_utf8(outcome)[0]
    for breaks in ((True, True), (False, False), (False, True), (True, False)):
        request = _write_request(stored, breaks=breaks[0])
        text = request + _write_outcome(outcome, method, breaks=breaks[1])
        if _write_index_line(replace(line, sha=""), text.encode())[1] == line.sha:
            return Entry(head.fill_in_defaults(line), text)
    text = _write_request(stored) + _write_outcome(outcome, method)
    return Entry(head.fill_in_defaults(replace(line, rules=UNKNOWN_RULES)), text)


def _check_index_line(line: IndexLine) -> IndexLine:
    """Return *line*, which a person may have edited, if its values are in the ranges of the format.

    Raises:
        ValueError: if one is not.
    """
    if not _KEY.fullmatch(line.key):
        raise ValueError(msg("key: expected hexadecimal digits, got {key!r}", key=line.key))
    if not 0 <= line.n <= _MOST or line.ms < 0:
        raise ValueError(
            msg(
                "n and ms: expected 0 to {most}, got {n} and {ms}", most=_MOST, n=line.n, ms=line.ms
            )
        )
    return line


def _require_mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        kind = describe_data_kind(type(value).__name__)
        raise YamlTextError(msg("expected a mapping, got {kind}", kind=kind), 1)
    return value


def _convert_format_1(head: dict[str, Any]) -> dict[str, Any]:
    """Return the *head* of a file in format 1 in that of format 2: ``rules`` is a map by platform.

    Format 1 had one digest of the matching rules; in the map it is that of "*", all platforms.
    """
    return {**head, "rules": {ANY_PLATFORM: head.get("rules", "")}}


Step = Callable[[dict[str, Any]], dict[str, Any]]

STEPS: Final[Mapping[int, Step]] = MappingProxyType({1: _convert_format_1})
"""What makes the head of one version that of the next; exchanges are the same in all so far."""


def parse_head(
    data: Any, *, is_typed: bool = True, steps: Mapping[int, Step] = STEPS, newest: int = FORMAT
) -> CassetteHead:
    """Return the head line *data*, converted from the format of an older version if necessary.

    Unless *is_typed*, numbers and booleans may be texts, as an untyped YAML reader returns them.
    *steps* maps the number of a format to the function that converts it to the next one, up to
    *newest*.

    Raises:
        LookupError: if the version was never released.
        ValueError: if it is not a head line.
    """
    version = data.get("format", newest) if isinstance(data, dict) else newest
    if not is_typed and isinstance(version, str) and version.isdecimal():
        version = int(version)
    for number in range(version if isinstance(version, int) else newest, newest):
        if number not in steps:
            raise LookupError(
                msg("format {number} was never written by any bpmax-sim", number=number)
            )
        data = steps[number](data)
    return msgspec.convert(data, CassetteHead, strict=is_typed)
