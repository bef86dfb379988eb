"""Align an owner's new recording with the old one, so that equal exchanges keep their bytes.

A recording is usually repeated for one change; everything else that differs is noise: dates,
request ids, durations. So the n-th call of a key is compared with the n-th call of that key in the
old recording. An equal exchange keeps its text; a changed one keeps volatile places and incidental
headers.

Instants and durations belong to one run, because virtual time passes through all of them. They are
kept only if all calls are the same as before and nothing was signed or sent with them; otherwise
all of them are new.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec
from msgspec.structs import replace

from bpmax_sim.cassette.format import render_exchange
from bpmax_sim.cassette.json_text import copy_old_values, is_json_container
from bpmax_sim.cassette.matching import MatchingRules, compute_matching_key, exchange_to_parts
from bpmax_sim.cassette.model import Entry, decode_json, group_by_name, read_body
from bpmax_sim.cassette.reader import read_exchange, split_exchange
from bpmax_sim.field_path import FieldPath, Steps, find_values_at, without_paths
from bpmax_sim.messages import Exchange, FailedExchange, Outcome, Response, parse_media_type

PlacesOf = Callable[[str], tuple[str, ...]]
"""Returns places of the responses of an API, ``platform.api``."""
HasValidSignature = Callable[[Exchange], bool]

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


def find_no_places(_call: str) -> tuple[str, ...]:
    """Return no places of an API's responses that may differ, whatever API is asked for.

    It is the default where no platform is known that could declare any.
    """
    return ()


def assume_valid_signature(_exchange: Exchange) -> bool:
    """Return True, for want of a platform that could verify the recorded request's signature."""
    return True


class RecordingComparison(msgspec.Struct, frozen=True):
    """Decides which exchanges of an old and a new recording of a scenario, row or test are equal.

    *Noise* is what differs between two recordings although nothing has changed, such as a request
    id or the header ``Date``. It does not make exchanges differ.

    Attributes:
        volatile: returns the volatile fields of an API's responses, such as ``body.request_id``.
        headers_read: returns the response headers that the platform reads, as ``header.x-code``.
        has_valid_signature: returns whether an old request has the signature that it would get
            today, at its instant.
        rules: matching rules; a key computed under others is recomputed. None keeps keys as they
            are.
        is_checked: whether the result is replayed before it replaces the old file. If not, only
            headers well known to be volatile are treated as noise, because nothing would reveal
            that a script reads one of the others.
    """

    volatile: PlacesOf = find_no_places
    headers_read: PlacesOf = find_no_places
    has_valid_signature: HasValidSignature = assume_valid_signature
    rules: MatchingRules | None = None
    is_checked: bool = False

    def __call__(self, old: Sequence[Entry], new: Sequence[Entry]) -> bool:
        """Return whether the recordings *old* and *new* are equal exchange by exchange."""
        sent = _join_request_texts(new)
        return len(old) == len(new) and all(
            self.is_same(was, now, sent) for was, now in zip(old, new, strict=True)
        )

    def is_same(self, old: Entry, new: Entry, request_texts: str) -> bool:
        """Return whether two exchanges are equal apart from noise.

        *request_texts* is the text of all requests of the new recording: a new value that occurs in
        it is not noise, since the script sent it on.
        """
        same_line = old.with_line(**_VARYING).line == new.with_line(**_VARYING).line
        if not same_line or (old.line.signed is None) != (new.line.signed is None):
            return False
        if old.text == new.text:
            return True
        was, now = read_exchange(old), read_exchange(new)
        if old.line.signed is not None and not self.has_valid_signature(was):
            return False
        return self.has_same_outcome(new.line.call, was.outcome, now.outcome, request_texts)

    def has_same_outcome(
        self, call: str, old: Outcome, new: Outcome, request_texts: str = ""
    ) -> bool:
        """Return whether two responses of the API *call* are equal apart from noise.

        *request_texts* is the text of all requests of the new recording: a new value that occurs in
        it is not noise, since the script sent it on.
        """
        places = self.find_places_that_may_differ(call, old, new, request_texts)
        parts = (without_paths(to_comparable_outcome(outcome), places) for outcome in (old, new))
        return bool(next(parts) == next(parts))

    def find_places_that_may_differ(
        self, call: str, old: Outcome, new: Outcome, request_texts: str
    ) -> list[FieldPath]:
        """Return the places where the two responses may differ without being different (noise).

        They are the volatile fields that are declared for the API *call* and headers that carry no
        meaning, without those whose new value occurs in *request_texts*, the text of the requests.
        """
        declared = [FieldPath.parse(place, "volatile") for place in self.volatile(call)]
        if isinstance(new, FailedExchange) or isinstance(old, FailedExchange):
            return declared
        names = {name.lower() for outcome in (old, new) for name, _ in outcome.headers}
        headers = [FieldPath(("header", n)) for n in names if self._is_noise_header(n, call)]
        was, now = to_comparable_outcome(old), to_comparable_outcome(new)
        return [
            place
            for place in (*declared, *headers)
            if not _is_new_value_in_requests(
                list(find_values_at(was, place)), list(find_values_at(now, place)), request_texts
            )
        ]

    def _is_noise_header(self, name: str, call: str) -> bool:
        place = f"header.{name}"
        if place in self.headers_read(call):
            return False
        is_meaningful = name in MEANINGFUL or name.endswith("-signature")
        return place in PASSING or (self.is_checked and not is_meaningful)

    def with_current_key(self, entry: Entry) -> Entry:
        """Return *entry* with its key, and the name of its API, under the current rules."""
        rules, line = self.rules, entry.line
        if rules is None:
            return entry
        call = ".".join(
            filter(None, rules.former.find_current_names(*line.call.partition(".")[::2]))
        )
        if call == line.call and rules.is_valid_digest(line.platform_key, line.rules):
            return entry
        parts = rules.with_current_names(exchange_to_parts(read_exchange(entry)))
        key, digest = compute_matching_key(parts, rules), rules.compute_digest(parts.platform)
        return entry.with_line(call=call, key=key, rules=digest)


def _is_new_value_in_requests(old: list[Any], new: list[Any], request_texts: str) -> bool:
    """Return whether a value of *new* that *old* lacks occurs in *request_texts*.

    Such a value, for example an id, is not noise: its place in the response must keep the new
    value, or replay would not find the requests that contain it.
    """
    if old == new:
        return False
    values = [value for value in new if value not in old and isinstance(value, str | int)]
    texts = [str(value).strip('"') for value in values if not isinstance(value, bool)]
    return any(
        spelled in request_texts
        for text in texts
        if len(text) >= _SHORTEST
        for spelled in _list_spellings(text)
    )


def _list_spellings(text: str) -> set[str]:
    """Return how *text* stands in a request: as it is, within JSON, in an address, in a form."""
    within_json = json.dumps(text, ensure_ascii=False)[1:-1]
    return {
        text,
        within_json,
        quote(text, "", errors="replace"),
        quote_plus(text, errors="replace"),
    }


def to_comparable_outcome(outcome: Outcome) -> dict[str, Any]:
    """Return the parts of *outcome* that are compared, by name.

    Status, reason, headers, parsed body.
    """
    if isinstance(outcome, FailedExchange):
        return {"failed": outcome.code, "sent": outcome.sent, "body": repr(outcome.received)}
    headers = [(name.lower(), value) for name, value in outcome.headers]
    content_type = outcome.header("content-type") or ""
    body = read_body(outcome.body, content_type)
    return {
        "status": outcome.status,
        "reason": outcome.reason,
        "type": parse_media_type(content_type),
        "header": group_by_name(headers),
        "kind": body.kind,
        "body": body.value,
    }


def _join_request_texts(entries: Sequence[Entry]) -> str:
    return "\n".join(split_exchange(entry.text)[0] for entry in entries)


def align(
    old: Sequence[Entry], new: Sequence[Entry], comparison: RecordingComparison
) -> list[Entry]:
    """Return the recording *new*, with the bytes of *old* wherever the two are equal.

    *comparison* decides what is equal. So a repeated recording changes only those lines of the file
    that differ in fact. Exchanges are numbered in the order of *new*.
    """
    if not old:
        return list(new)
    known = [comparison.with_current_key(entry) for entry in old]
    pairs = _pair_entries(known, new)
    sent = _join_request_texts(new)
    equal = [was is not None and comparison.is_same(was, now, sent) for was, now in pairs]
    are_in_order = [was.line.n for was, _ in pairs if was] == sorted(e.line.n for e in old)
    # An entry that `migrate` changed, or whose API was renamed, is written anew although it is
    # equal: its note of the change, or its former name, would stay in the file for ever.
    is_other = any(
        was.line.moved or was.line.call != now.line.call
        for was, now in zip(old, known, strict=True)
    )
    if len(old) == len(new) and all(equal) and are_in_order and not is_other:
        return list(old)
    keeps_time = _have_same_unsigned_requests(known, new, pairs)
    return [
        now
        if was is None
        else _merge_entry(was, now, comparison, sent, is_equal=is_equal, keeps_instants=keeps_time)
        for (was, now), is_equal in zip(pairs, equal, strict=True)
    ]


def _pair_entries(old: Sequence[Entry], new: Sequence[Entry]) -> list[tuple[Entry | None, Entry]]:
    """Return each entry of *new* after its counterpart in *old*, or None if it has none.

    The counterpart has the same session, API, instance and matching key. The n-th of several such
    entries gets the n-th of the old ones.
    """
    left: dict[tuple[object, ...], list[Entry]] = defaultdict(list)
    for entry in sorted(old, key=lambda entry: entry.line.n, reverse=True):
        left[_make_pairing_key(entry)].append(entry)
    return [
        (left[_make_pairing_key(entry)].pop() if left[_make_pairing_key(entry)] else None, entry)
        for entry in new
    ]


def _make_pairing_key(entry: Entry) -> tuple[object, ...]:
    line = entry.line
    return line.session, line.call, line.instance, line.key


def _have_same_unsigned_requests(
    old: Sequence[Entry], new: Sequence[Entry], pairs: Sequence[tuple[Entry | None, Entry]]
) -> bool:
    """Return whether *new* may keep the times of *old*: its requests are equal, and none is signed.

    *pairs* are their exchanges as `_pair_entries` pairs them. A signature contains the time, so it
    is not valid with another one.
    """
    if Counter(map(_make_pairing_key, old)) != Counter(map(_make_pairing_key, new)):
        return False
    if any(entry.line.signed is not None for entry in (*old, *new)):
        return False
    return all(
        was is not None and split_exchange(was.text)[0] == split_exchange(now.text)[0]
        for was, now in pairs
    )


def _merge_entry(
    old: Entry,
    new: Entry,
    comparison: RecordingComparison,
    request_texts: str,
    *,
    is_equal: bool,
    keeps_instants: bool,
) -> Entry:
    """Return *new* with those parts of *old* that count as equal.

    Args:
        old: recorded exchange of the same call.
        new: exchange of the new recording.
        comparison: decides which places are noise.
        request_texts: text of all requests of the new recording.
        is_equal: whether both are equal, so that the whole old response is kept.
        keeps_instants: whether the old instant, duration and seed are kept.
    """
    was, line = old.line, new.line
    if keeps_instants:
        line = replace(line, at=was.at, ms=was.ms, seed=was.seed)
    if is_equal:
        line = replace(line, encoding=was.encoding, chunks=was.chunks)
        request, mark, _ = split_exchange(new.text)
        _, _, outcome = split_exchange(old.text)
        return Entry(line, f"{request}{mark}{outcome}")
    # Only the response is rendered again: the request is that of the new run, to the byte.
    exchanges = read_exchange(old), read_exchange(new)
    before, after = exchanges[0].outcome, exchanges[1].outcome
    if isinstance(before, FailedExchange) or isinstance(after, FailedExchange):
        return Entry(line, new.text)
    kept = _copy_old_values(
        before,
        after,
        comparison.find_places_that_may_differ(line.call, before, after, request_texts),
    )
    rendered = render_exchange(replace(exchanges[1], outcome=kept)).text
    request, mark, _ = split_exchange(new.text)
    return Entry(line, f"{request}{mark}{split_exchange(rendered)[2]}")


def _copy_old_values(old: Response, new: Response, places: Sequence[FieldPath]) -> Response:
    """Return the response *new* with the headers and body members of *old* at *places*."""
    names = {place.top_name for place in places if place.root == "header"}
    order = {name.lower(): index for index, (name, _) in reversed([*enumerate(old.headers)])}
    headers = sorted(
        [
            *(pair for pair in old.headers if pair[0].lower() in names),
            *(pair for pair in new.headers if pair[0].lower() not in names),
        ],
        key=lambda pair: order.get(pair[0].lower(), len(order)),
    )
    below: list[Steps] = [
        place.steps_below_root
        for place in places
        if place.root == "body" and place.steps_below_root
    ]
    return replace(new, headers=tuple(headers), body=_copy_old_members(old.body, new.body, below))


def _copy_old_members(old: bytes, new: bytes, places: list[Steps]) -> bytes:
    if not places or old == new:
        return new
    try:
        texts = old.decode(), new.decode()
    except UnicodeDecodeError:
        return new
    if not all(map(is_json_container, texts)):
        return new
    left = [without_paths(decode_json(text), places) for text in texts]
    return old if left[0] == left[1] else copy_old_values(texts[1], texts[0], places).encode()
