"""Explain a cache miss of replay: step and call, the nearest recording, the differences, the fix.

Everything is taken from redacted forms: recordings are redacted, and so are the parts of the call.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path as FilePath
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from bpmax_sim.cassette import matching
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.journal import find_abandoned_journals
from bpmax_sim.cassette.matching import Difference, MatchingRules, RequestParts
from bpmax_sim.cassette.model import ComparableBody, encode_sorted
from bpmax_sim.errors import CassetteError, NoMatchError, Place
from bpmax_sim.field_path import FieldPath, Steps, Wildcard, find_values_at, format_path
from bpmax_sim.file_system import shell_quote
from bpmax_sim.i18n import join_list, join_messages, msg
from bpmax_sim.messages import Call
from bpmax_sim.secret.standin import STANDIN_PREFIX

_SHOWN = 5
_WIDTH = 60
_FEW = 2  # so many differences fit into a headline
_IGNORABLE = frozenset({"query", "header", "body"})  # without its path it is another call


MessageLine = tuple[str, str]
"""A line of a message that has several: its label, and its text."""


class UnmatchedCallContext(Struct, frozen=True, kw_only=True):
    """What the error for an unrecorded call says besides the call.

    Where it was made, how to record it.

    Attributes:
        step: title of the step, such as ``2/3 选择客户 12345``.
        place: the step in its scenario file.
        position: the line of the script.
        record: command that records.
        rewrite, new, extra: options that record everything again, only what is missing, or one more
            response for a call whose recordings are all played.
        address: returns lines on the address to which another HTTP client than ``$proxy`` sent its
            request, and what is declared there.
    """

    step: str = ""
    place: Place | None = None
    position: Place | None = None
    record: str = ""
    rewrite: str = "--record=rewrite"
    new: str = "--record=new"
    extra: str = "--record-extra"
    address: Callable[[], Iterable[MessageLine]] = tuple

    def format_record_command(self, option: str = "") -> str:
        """Return the command that records, with *option*."""
        target = f" {shell_quote(f'{self.place.file}:{self.place.line}')}" if self.place else ""
        return msg(
            "{record} {option}",
            record=(self.record or msg("bpmax-sim record{target}", target=target)),
            option=option,
        ).rstrip()


class NearestSearch(msgspec.Struct, frozen=True):
    """Where the recorded exchange nearest to an unrecorded call is searched for.

    Attributes:
        cassette, owner: recording that is searched: that of a scenario, row or test in a file.
        rules: matching rules; places that they ignore do not count as differences.
        played: numbers of the exchanges that were replayed already.
    """

    cassette: Cassette
    owner: str
    rules: MatchingRules
    played: frozenset[int]


class NearestExchange(msgspec.Struct, frozen=True):
    """The recorded exchange that differs least from a call.

    Attributes:
        number: number of the exchange in its cassette, from 0.
        differences: places where the two differ.
    """

    number: int
    differences: tuple[Difference, ...]

    @property
    def differing_parts(self) -> frozenset[str]:
        """Return which parts of the request differ, such as ``query`` and ``body``."""
        return frozenset(_get_request_part(difference) for difference in self.differences)


def explain_no_cassette(parts: RequestParts, path: str, context: UnmatchedCallContext) -> list[str]:
    """Return the message lines for a call for which no cassette exists.

    *path* is where it would be, or ""; *context* says where the call was made and how to record it.
    """
    return [
        msg(
            "{name} cannot be answered, {path} does not exist",
            name=_format_call_name(parts),
            path=(path or msg("its cassette")),
        ),
        *_describe_call_place(parts, context),
        *(
            [
                _make_line(
                    msg("recover"), msg("bpmax-sim cassette recover {path}", path=shell_quote(path))
                )
            ]
            if path and find_abandoned_journals(FilePath(path))
            else ()
        ),
        _make_line(msg("record"), context.format_record_command()),
    ]


def explain_already_played(
    parts: RequestParts,
    places: list[str],
    call_number: int,
    owner: str,
    context: UnmatchedCallContext,
) -> list[str]:
    """Return the message lines for a call that was made more often than it was recorded.

    Args:
        parts: the call.
        places: places of its recordings in the cassette, as ``file:line``.
        call_number: how many times it has been made now, this time included.
        owner: scenario, row or test that recorded and replays it.
        context: where the call was made and how to record it.
    """
    times = (
        msg("once") if len(places) == 1 else msg("{places_count} times", places_count=len(places))
    )
    return [
        msg(
            "{name} was recorded {times} for {owner!r}, and this is call {turn}",
            name=_format_call_name(parts),
            times=times,
            owner=owner,
            turn=call_number,
        ),
        *_describe_call_place(parts, context),
        _make_line(msg("recorded"), _join_shortened_list(places)),
        _make_line(msg("record"), context.format_record_command(context.extra)),
        _make_line(msg("or"), msg("repeat: true")),
    ]


def explain_recording_under_review(place: str, path: str) -> list[str]:
    """Return the message lines for a call that the recording *path* has, which waits for review.

    *place* is its line in there.
    """
    command = f"bpmax-sim review {shell_quote(path)}"
    return [
        _make_line(msg("waiting"), msg("{place} holds this call and is not accepted", place=place)),
        _make_line(msg("look"), command),
        _make_line(msg("accept"), f"{command} --accept"),
    ]


def make_signature_mismatch_error(
    call: Call,
    differences: tuple[Difference, ...],
    context: UnmatchedCallContext = UnmatchedCallContext(),  # noqa: B008
) -> NoMatchError:
    """Return the error for a call that is signed in another way than when it was recorded.

    *differences* are those of the text that is signed.
    """
    parts = matching.call_to_parts(call)
    lines = [
        msg(
            "signed otherwise: {parts_name}, with the key, instant and nonce of its recording",
            parts_name=parts.name,
        ),
        *_describe_call_place(parts, context),
        *_format_differences(differences),
        _make_line(
            msg("check"), msg("`sign:` in the platform file; if it is right now, record afresh")
        ),
        _make_line(msg("record"), context.format_record_command(context.rewrite)),
    ]
    text = join_messages("\n", lines)
    return NoMatchError(text, platform=call.platform, api=call.api, case=msg("signed otherwise"))


def explain_no_such_call(
    search: NearestSearch,
    key: str,
    parts: RequestParts,
    context: UnmatchedCallContext,
    near: NearestExchange | None,
) -> list[str]:
    """Return the message lines for a call that was recorded with other values, or not at all.

    *key* is its matching key, by which other scenarios, rows or tests are found that recorded it.
    *near* is the most similar recorded exchange, if any. If it was not replayed yet, the call has
    probably changed since it was recorded. Then recording everything again is suggested, because
    *near* would otherwise be left over.
    """
    changed = near is not None and near.number not in search.played
    add = context.format_record_command(context.new)
    close = near if near and len(near.differences) <= _FEW else None
    return [
        _format_title_with_differences(parts, close)
        if close
        else msg(
            "{name} is not recorded like this for {owner!r} in {cassette_path}",
            name=_format_call_name(parts),
            owner=search.owner,
            cassette_path=search.cassette.path,
        ),
        *_describe_call_place(parts, context),
        *(_explain_nearest(search, near) if near else _explain_other_calls(search)),
        *_explain_other_owners(search, key, parts),
        *(_suggest_mending_script(close) if close and context.position else ()),
        _make_line(
            msg("record"), context.format_record_command(context.rewrite) if changed else add
        ),
        *([_make_line(msg("or add"), add)] if changed else ()),
        *(_suggest_fixes(search, near, parts) if near else ()),
    ]


def _suggest_mending_script(near: NearestExchange) -> Iterator[str]:
    """Yield what to do in the script that made a call which differs from *near* in few places."""
    yield _make_line(msg("mend"), msg("the script, if it should send what was recorded"))
    for one in near.differences:
        if _holds_secret(one.recorded) and not _holds_secret(one.sent):
            hint = msg(
                "{path} was recorded with a secret that a response or `credentials` held: take it"
                " from there, as a constant of a script is not known to be one",
                path=one.path,
            )
            yield _make_line("", hint)


def _holds_secret(value: Any) -> bool:
    return isinstance(value, str) and STANDIN_PREFIX in value


def _format_title_with_differences(parts: RequestParts, near: NearestExchange) -> str:
    """Return the headline for a call that differs from a recording in few places."""
    differences = (
        msg("{path} sent {sent}, recorded {recorded}", path=one.path, sent=sent, recorded=recorded)
        for one in near.differences
        for recorded, sent in (format_both_values(one),)
    )
    return msg(
        "{name} is not recorded like this: {differences}",
        name=_format_call_name(parts),
        differences=join_messages("; ", differences),
    )


def _format_call_name(parts: RequestParts) -> str:
    return parts.name or f"{parts.method} {parts.path}"


def _describe_call_place(parts: RequestParts, context: UnmatchedCallContext) -> Iterator[str]:
    if context.step or context.place:
        place = f"({context.place})" if context.place else ""
        yield _make_line(msg("step"), f"{context.step} {place}".strip())
    if context.position:
        yield _make_line(msg("script"), str(context.position))
    instance = msg(" (instance {instance})", instance=parts.instance) if parts.instance else ""
    sent = msg(
        "{method} {parts_path}{query}{instance}",
        method=parts.method,
        parts_path=parts.path,
        query=_format_query(parts),
        instance=instance,
    )
    yield _make_line(msg("call"), sent)
    for label, text in context.address():
        yield _make_line(label, text)


def _format_query(parts: RequestParts) -> str:
    pairs = (
        f"{name}={value}"
        for name, values in parts.query.items()
        for value in (values if isinstance(values, list) else [values])
    )
    text = "&".join(pairs)
    return f"?{_clip_text_around(text, 0)}" if text else ""


def _make_line(label: str, text: str) -> str:
    return msg("  {label:<9} {text}", label=label, text=text).rstrip()


def find_nearest(
    search: NearestSearch, parts: RequestParts, *, only_unplayed: bool = False
) -> NearestExchange | None:
    """Return the exchange that differs least from *parts*, of the same API or else platform.

    With *only_unplayed*, only exchanges that were not replayed are considered. None if there are
    none.
    """

    def rank(near: NearestExchange) -> tuple[int, int, bool, int]:
        is_played = near.number in search.played
        return len(near.differing_parts), len(near.differences), is_played, near.number

    former = search.rules.former
    names = former.list_full_names(parts.platform, parts.api) if parts.api else ()
    platforms = (parts.platform, *former.platforms.get(parts.platform, ()))
    candidates = list(_find_exchanges_of_calls(search, lambda call: call in names)) or list(
        _find_exchanges_of_calls(search, lambda call: call.partition(".")[0] in platforms)
    )
    nears = (
        NearestExchange(n, matching.find_differences(p, parts, search.rules))
        for n, p in candidates
        if not (only_unplayed and n in search.played)
    )
    return min(nears, key=rank, default=None)


def _find_exchanges_of_calls(
    search: NearestSearch, is_candidate_call: Callable[[str], bool]
) -> Iterator[tuple[int, RequestParts]]:
    for number in search.cassette.index.list_exchange_numbers(search.owner):
        with suppress(CassetteError):  # a damaged one is told of when it is played
            if is_candidate_call(search.cassette.line(number).call):
                yield number, matching.exchange_to_parts(search.cassette.exchange(number))


def _explain_nearest(search: NearestSearch, near: NearestExchange) -> Iterator[str]:
    already = msg(", already played") if near.number in search.played else ""
    match = msg(
        "exchange {number} at {place}{already}",
        number=near.number + 1,
        place=search.cassette.place(near.number),
        already=already,
    )
    yield _make_line(msg("nearest"), match)
    marked = (f"{'×' if part in near.differing_parts else '√'} {part}" for part in matching.PARTS)
    yield _make_line("", join_messages("  ", marked))
    yield from _format_differences(near.differences)
    left = len(near.differences) - _SHOWN
    if left > 0:
        yield _make_line("", msg("… and {differences_count} more", differences_count=left))


def _format_differences(differences: Sequence[Difference]) -> Iterator[str]:
    for difference in differences[:_SHOWN]:
        recorded, sent = format_both_values(difference)
        values = msg("recorded {recorded}, sent {sent}", recorded=recorded, sent=sent)
        yield _make_line("", msg("× {path}: {values}", path=difference.path, values=values))


def format_both_values(difference: Difference) -> tuple[str, str]:
    """Return the recorded and the sent value of *difference* as text.

    Long ones are cut to the part around the first character that differs.
    """
    recorded, sent = _format_value(difference.recorded), _format_value(difference.sent)
    end = min(len(recorded), len(sent))
    at = next((i for i in range(end) if recorded[i] != sent[i]), end)
    return _clip_text_around(recorded, at), _clip_text_around(sent, at)


def _format_value(value: Any) -> str:
    if value is UNSET:
        return msg("nothing")
    return encode_sorted(value).decode()


def _clip_text_around(text: str, at: int) -> str:
    """Return *text*, or for a long one the part around offset *at*, where it begins to differ."""
    if len(text) <= 2 * _WIDTH:
        return text
    start, end = max(0, at - _WIDTH), at + _WIDTH
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


def _explain_other_calls(search: NearestSearch) -> Iterator[str]:
    numbers = search.cassette.index.list_exchange_numbers(search.owner)
    calls = Counter(search.cassette.line(number).call for number in numbers)
    if not calls:
        none = msg("none, nothing is recorded for {owner!r}", owner=search.owner)
        yield _make_line(msg("nearest"), none)
        owners = [repr(owner) for owner in search.cassette.owners]
        yield _make_line(
            "",
            msg("the file holds {list}", list=(_join_shortened_list(owners) or msg("no exchange"))),
        )
        return
    known = _join_shortened_list(f"{call} ({number})" for call, number in calls.items())
    yield _make_line(msg("nearest"), msg("none, recorded are {list}", list=known))


def _join_shortened_list(words: Iterable[str]) -> str:
    known = list(words)
    return join_list([*known[:_SHOWN], *(["…"] if len(known) > _SHOWN else [])])


def _explain_other_owners(search: NearestSearch, key: str, parts: RequestParts) -> Iterator[str]:
    owners = [repr(o) for o in search.cassette.owners if search.cassette.index.find_numbers(o, key)]
    platform = parts.platform
    if owners and search.rules.is_valid_digest(
        platform, search.cassette.head.rules.get(platform, "")
    ):
        yield _make_line("", msg("it is recorded for {list}", list=_join_shortened_list(owners)))
        hint = msg("a test in Python plays that with owner={owner}", owner=owners[0])
        yield _make_line("", hint)


def _suggest_fixes(
    search: NearestSearch, near: NearestExchange, sent: RequestParts
) -> Iterator[str]:
    paths = (
        _find_ignorable_paths(near.differences, sent) if near.differing_parts <= _IGNORABLE else []
    )
    if paths and len(paths) <= _SHOWN:
        yield _make_line(msg("ignore"), f"ignore: [{join_messages(', ', paths)}]")
    place = shell_quote(str(search.cassette.place(near.number)))
    yield _make_line(msg("compare"), msg("bpmax-sim cassette inspect {place}", place=place))


def _find_ignorable_paths(differences: Sequence[Difference], sent: RequestParts) -> list[str]:
    """Return the paths of *differences* that a message may suggest for ``ignore``, or none.

    Whole bodies, containers and texts such as queries carry the meaning of a call: if one of them
    differs, no path is suggested. An index becomes a wildcard only if all of several items in the
    call *sent* differ, so that no item that was compared is left out.
    """
    if any(map(_is_unfit_for_ignore, differences)):
        return []
    steps = [tuple(FieldPath.parse(difference.path, "ignore")) for difference in differences]
    patterns = [tuple(Wildcard.ALL if isinstance(s, int) else s for s in each) for each in steps]
    often = Counter(patterns)
    paths: dict[str, None] = {}
    for own, pattern in zip(steps, patterns, strict=True):
        is_everywhere = 1 < often[pattern] == _count_places(sent, pattern)
        path = format_path(pattern if is_everywhere else own)
        quoted = json.dumps(path, ensure_ascii=False)
        paths[quoted if set(path) & set("[]{},\"'#:") else path] = None
    return list(paths)


def _is_unfit_for_ignore(difference: Difference) -> bool:
    if difference.path in _IGNORABLE:
        return True
    return any(
        isinstance(value, dict | list)
        or len(str(value)) > _WIDTH
        or (isinstance(value, str) and _PHRASE.search(value) and not _INSTANT.match(value))
        for value in (difference.recorded, difference.sent)
    )


_PHRASE = re.compile(r"[\s(){}<>=]")
"""What is in a query, a filter or a sentence, and in no id."""
_INSTANT = re.compile(r"\d{4}[-/]\d\d?[-/]\d\d?[T ]")


def _count_places(sent: RequestParts, pattern: Steps) -> int:
    """Return how many places in *sent* fit *pattern*, which begins with the part of the request."""
    part = getattr(sent, str(pattern[0]), None)
    value = part.value if isinstance(part, ComparableBody) else part
    return sum(1 for _ in find_values_at(value, pattern[1:]))


def _get_request_part(difference: Difference) -> str:
    return difference.path.partition(".")[0].partition("[")[0]
