"""One owner's new recording beside the old one: what is equal keeps its bytes, call by call.

A recording is made again for one change, and everything else of it is noise: dates, request ids,
durations. So the n-th call of a key is compared with the n-th of the old recording; an equal one
stays as it is written, and one that changed keeps its volatile places and incidental headers.

Instants and durations are of one run: virtual time goes through all of them. They stay only where
all calls are the ones that there were, and nothing was signed or sent with them; else all are new.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from bpmax_sim.cassette.format import render
from bpmax_sim.cassette.json_text import is_json, keep_values
from bpmax_sim.cassette.matching import Rules, identity, parts_of_exchange
from bpmax_sim.cassette.model import Entry, by_name, decode_json, read_body
from bpmax_sim.cassette.reader import read_exchange, split_exchange
from bpmax_sim.field_path import FieldPath, Steps, values_at, without
from bpmax_sim.messages import Exchange, FailedExchange, Outcome, Response, media_type

PlacesOf = Callable[[str], tuple[str, ...]]
"""Returns places of the responses of an API, ``platform.api``."""
IsSigned = Callable[[Exchange], bool]

# Headers that are set afresh for each response, whatever it says; the length follows from the body.
PASSING = tuple(
    f"header.{name}"
    for name in (
        "age", "content-length", "date", "etag", "last-modified", "request-id", "server-timing",
        "traceparent", "x-correlation-id", "x-request-id", "x-runtime", "x-trace-id", "x-tt-logid",
    )
)  # fmt: skip
# Headers that say something of the response by themselves; all others are incidental, unless a
# platform names them or their value comes back in a request.
MEANINGFUL = frozenset(
    ("content-disposition", "content-digest", "content-md5", "content-type", "digest", "link",
     "location", "repr-digest", "retry-after", "set-cookie", "signature", "signature-input",
     "www-authenticate")
)  # fmt: skip
_SHORTEST = 4  # characters of a value that is looked for in requests
# What differs between two recordings of the same; a signature counts by whether there is one.
_VARYING: dict[str, Any] = {
    "n": 0, "owner": "", "at": "", "ms": 0, "sha": "", "seed": 0, "chunks": (), "encoding": {},
    "extra": {}, "signed": None, "rules": "", "net": None, "moved": (),
}  # fmt: skip


def no_places(_call: str) -> tuple[str, ...]:
    """Name no place of any API."""
    return ()


def ignore_signature(_exchange: Exchange) -> bool:
    """Take every signature as valid: the default where no platform can check it."""
    return True


class RecordingComparison(msgspec.Struct, frozen=True):
    """Decides which exchanges of an old and a new recording are the same.

    Attributes:
        volatile: names the passing fields of an API's responses, such as ``body.request_id``.
        named: names the headers of its responses that the platform reads (``header.x-code``).
        is_signed: whether an old request is signed as it would be today, at its own instant.
        rules: of matching; an old key under others is computed anew. None takes keys as they are.
        is_checked: whether the result is played before it replaces the old file. Without that,
            nobody would notice a script that reads a header of no known meaning, so that only the
            well-known passing ones are incidental.
    """

    volatile: PlacesOf = no_places
    named: PlacesOf = no_places
    is_signed: IsSigned = ignore_signature
    rules: Rules | None = None
    is_checked: bool = False

    def __call__(self, old: Sequence[Entry], new: Sequence[Entry]) -> bool:
        """Return whether *new* says what *old* does, exchange by exchange."""
        sent = _join_requests(new)
        return len(old) == len(new) and all(
            self.is_same(was, now, sent) for was, now in zip(old, new, strict=True)
        )

    def is_same(self, old: Entry, new: Entry, sent: str) -> bool:
        """Return whether two exchanges say the same; *sent* is all that is sent after *new*."""
        same_line = old.with_line(**_VARYING).line == new.with_line(**_VARYING).line
        if not same_line or (old.line.signed is None) != (new.line.signed is None):
            return False
        if old.text == new.text:
            return True
        was, now = read_exchange(old), read_exchange(new)
        if old.line.signed is not None and not self.is_signed(was):
            return False
        places = self.passing_places(new.line.call, was.outcome, now.outcome, sent)
        parts = (
            without(parts_of_outcome(outcome), places) for outcome in (was.outcome, now.outcome)
        )
        return bool(next(parts) == next(parts))

    def passing_places(self, call: str, old: Outcome, new: Outcome, sent: str) -> list[FieldPath]:
        """Return the places of a response that are noise, none of them one that comes back."""
        declared = [FieldPath.parse(place, "volatile") for place in self.volatile(call)]
        if isinstance(new, FailedExchange) or isinstance(old, FailedExchange):
            return declared
        names = {name.lower() for outcome in (old, new) for name, _ in outcome.headers}
        headers = [FieldPath(("header", name)) for name in names if self._is_incidental(name, call)]
        was, now = parts_of_outcome(old), parts_of_outcome(new)
        return [
            place
            for place in (*declared, *headers)
            if not _is_sent_again(list(values_at(was, place)), list(values_at(now, place)), sent)
        ]

    def _is_incidental(self, name: str, call: str) -> bool:
        place = f"header.{name}"
        if place in self.named(call):
            return False
        is_meaningful = name in MEANINGFUL or name.endswith("-signature")
        return place in PASSING or (self.is_checked and not is_meaningful)

    def with_rules(self, entry: Entry) -> Entry:
        """Return *entry* with the key that it has under the rules in force."""
        rules, line = self.rules, entry.line
        if rules is None:
            return entry
        call = ".".join(filter(None, rules.former.today(*line.call.partition(".")[::2])))
        if call == line.call and rules.fits(line.platform, line.rules):
            return entry
        parts = rules.as_today(parts_of_exchange(read_exchange(entry)))
        key, digest = identity(parts, rules), rules.digest(parts.platform)
        return entry.with_line(call=call, key=key, rules=digest)


def _is_sent_again(old: list[Any], new: list[Any], sent: str) -> bool:
    """Return whether a value that is new is sent in a request, which would miss the old one."""
    if old == new:
        return False
    values = [value for value in new if value not in old and isinstance(value, str | int)]
    texts = [str(value).strip('"') for value in values if not isinstance(value, bool)]
    return any(len(text) >= _SHORTEST and text in sent for text in texts)


def parts_of_outcome(outcome: Outcome) -> dict[str, Any]:
    """Return the parts of *outcome*, spelling aside."""
    if isinstance(outcome, FailedExchange):
        return {"failed": outcome.code, "sent": outcome.sent, "body": repr(outcome.received)}
    headers = [(name.lower(), value) for name, value in outcome.headers]
    content_type = outcome.header("content-type") or ""
    body = read_body(outcome.body, content_type)
    return {
        "status": outcome.status,
        "reason": outcome.reason,
        "type": media_type(content_type),
        "header": by_name(headers),
        "kind": body.kind,
        "body": body.value,
    }


def _join_requests(entries: Sequence[Entry]) -> str:
    return "\n".join(split_exchange(entry.text)[0] for entry in entries)


def align(old: Sequence[Entry], new: Sequence[Entry], same: RecordingComparison) -> list[Entry]:
    """Return the recording *new*, numbered, with as many bytes of *old* as say the same."""
    if not old:
        return list(new)
    known = [same.with_rules(entry) for entry in old]
    pairs = _pair_entries(known, new)
    sent = _join_requests(new)
    equal = [was is not None and same.is_same(was, now, sent) for was, now in pairs]
    are_in_order = [was.line.n for was, _ in pairs if was] == sorted(e.line.n for e in old)
    is_other = any(
        was.line.moved or was.line.call != now.line.call
        for was, now in zip(old, known, strict=True)
    )
    if len(old) == len(new) and all(equal) and are_in_order and not is_other:
        return list(old)
    keeps_time = _keeps_time(known, new, pairs)
    return [
        now
        if was is None
        else _blend(was, now, same, sent, is_equal=is_equal, keeps_time=keeps_time)
        for (was, now), is_equal in zip(pairs, equal, strict=True)
    ]


def _pair_entries(old: Sequence[Entry], new: Sequence[Entry]) -> list[tuple[Entry | None, Entry]]:
    """Return each of *new* with the exchange of *old* in its place among equal calls."""
    left: dict[tuple[object, ...], list[Entry]] = defaultdict(list)
    for entry in sorted(old, key=lambda entry: entry.line.n, reverse=True):
        left[_call_of(entry)].append(entry)
    return [
        (left[_call_of(entry)].pop() if left[_call_of(entry)] else None, entry) for entry in new
    ]


def _call_of(entry: Entry) -> tuple[object, ...]:
    line = entry.line
    return line.session, line.call, line.instance, line.key


def _keeps_time(
    old: Sequence[Entry], new: Sequence[Entry], pairs: Sequence[tuple[Entry | None, Entry]]
) -> bool:
    """Return whether the instants of *old* are good for *new*, too."""
    if Counter(map(_call_of, old)) != Counter(map(_call_of, new)):
        return False
    if any(entry.line.signed is not None for entry in (*old, *new)):
        return False
    return all(
        was is not None and split_exchange(was.text)[0] == split_exchange(now.text)[0]
        for was, now in pairs
    )


def _blend(
    old: Entry,
    new: Entry,
    same: RecordingComparison,
    sent: str,
    *,
    is_equal: bool,
    keeps_time: bool,
) -> Entry:
    """Return *new* with what *old* has of it."""
    was, line = old.line, new.line
    if keeps_time:
        line = replace(line, at=was.at, ms=was.ms, seed=was.seed)
    if is_equal:
        line = replace(line, encoding=was.encoding, chunks=was.chunks)
        request, mark, _ = split_exchange(new.text)
        _, _, outcome = split_exchange(old.text)
        return Entry(line, f"{request}{mark}{outcome}")
    exchanges = read_exchange(old), read_exchange(new)
    before, after = exchanges[0].outcome, exchanges[1].outcome
    if isinstance(before, FailedExchange) or isinstance(after, FailedExchange):
        return Entry(line, new.text)
    kept = _keep_places(before, after, same.passing_places(line.call, before, after, sent))
    rendered = render(replace(exchanges[1], outcome=kept)).text
    request, mark, _ = split_exchange(new.text)
    return Entry(line, f"{request}{mark}{split_exchange(rendered)[2]}")


def _keep_places(old: Response, new: Response, places: Sequence[FieldPath]) -> Response:
    """Return *new* with the headers and members of *old* at *places*."""
    names = {place.name for place in places if place.root == "header"}
    order = {name.lower(): index for index, (name, _) in reversed([*enumerate(old.headers)])}
    headers = sorted(
        [
            *(pair for pair in old.headers if pair[0].lower() in names),
            *(pair for pair in new.headers if pair[0].lower() not in names),
        ],
        key=lambda pair: order.get(pair[0].lower(), len(order)),
    )
    below: list[Steps] = [place.below for place in places if place.root == "body" and place.below]
    return replace(new, headers=tuple(headers), body=_keep_members(old.body, new.body, below))


def _keep_members(old: bytes, new: bytes, places: list[Steps]) -> bytes:
    if not places or old == new:
        return new
    try:
        texts = old.decode(), new.decode()
    except UnicodeDecodeError:
        return new
    if not all(map(is_json, texts)):
        return new
    left = [without(decode_json(text), places) for text in texts]
    return old if left[0] == left[1] else keep_values(texts[1], texts[0], places).encode()
