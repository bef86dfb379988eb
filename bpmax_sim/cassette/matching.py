"""Decide which parts of a request count when two calls are compared.

Two calls match if `find_differences` returns none. `compute_matching_key` digests exactly what
`find_differences` compares, so the matching key and the explanation of a miss cannot disagree.
Base URL, injected credentials and signatures do not count: a `Call` is what the script set, and
`rebuild_call_without_injected` recovers it from a request.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from itertools import product, zip_longest
from typing import Any, Final
from urllib.parse import unquote_plus

import msgspec
from msgspec import UNSET
from msgspec.structs import asdict, replace

from bpmax_sim.cassette.former_names import FormerNames, rename_standins
from bpmax_sim.cassette.model import (
    ComparableBody,
    decode_json,
    encode_sorted,
    group_by_name,
    read_body,
)
from bpmax_sim.field_path import NEVER_COMPARED, FieldPath, Segment, format_path, without_paths
from bpmax_sim.i18n import encode_as_english
from bpmax_sim.messages import (
    FORM,
    Call,
    Exchange,
    Headers,
    Pairs,
    Request,
    normalize_origin,
    parse_media_type,
)
from bpmax_sim.path_template import PathTemplate, compile_path_template, has_trailing_slash


def to_unnamed_call(request: Request) -> Call:
    """Return *request*, sent by another HTTP client, as a call without platform and API.

    It consists of the method, URL, query and body, and of no header except ``Content-Type``.
    """
    path, query = split_query(normalize_origin(request.url))
    types = tuple(pair for pair in request.headers if pair[0].lower() == "content-type")
    named = Call(platform="", instance="", api="", method=request.method, path=path)
    return replace(named, query=query, headers=types, body=request.body)


def split_query(url: str) -> tuple[str, Pairs]:
    """Return *url* without query and fragment, and the decoded pairs of its query."""
    path, _, query = url.partition("#")[0].partition("?")
    return path, parse_query(query)


def parse_query(query: str) -> Pairs:
    """Return the decoded pairs of a query or form; what is not in UTF-8 stays as it is."""
    pieces = [piece.partition("=") for piece in query.split("&") if piece]
    return tuple([(_decode_text(name), _decode_text(value)) for name, _, value in pieces])


def _decode_text(text: str) -> str:
    """Return a name or value of a query or form decoded; as it is if it is not in UTF-8.

    With U+FFFD for what is in GBK, the values of different requests would be equal.
    """
    try:
        return unquote_plus(text, errors="strict")
    except UnicodeDecodeError:
        return text


_UNNAMED: Final = Call(platform="", instance="", api="", method="", path="")


def rebuild_call_without_injected(request: Request, named: Call = _UNNAMED) -> Call:
    """Return *named* with the path, query, headers and body of *request*, without what auth added.

    *request* itself lists the places that auth filled (``injected``). *named* gives platform and
    API, where these matter.
    """
    address = request.url
    if request.base and address.startswith(request.base):
        address = address[len(request.base) :]
    path, query = split_query(address)
    headers, body = request.headers, request.body
    if request.injected:
        injected, names = (
            group_injected_paths(request.injected),
            group_injected_names(request.injected),
        )
        if query and "query" in names:
            query = tuple([pair for pair in query if pair[0] not in names["query"]])
        if "header" in names:
            headers = Headers(headers).without(names["header"])
        if "cookie" in names:
            headers = Headers(headers).without_cookies(names["cookie"])
        body = _remove_body_places(body, headers, injected.get("body", ()))
    return replace(named, method=request.method, path=path, query=query, headers=headers, body=body)


@lru_cache(maxsize=256)  # the same in every call of an API
def group_injected_paths(injected: tuple[str, ...]) -> Mapping[str, tuple[FieldPath, ...]]:
    """Return the places that auth filled, grouped by part of the request.

    ``header.x-sign`` is under ``header``.
    """
    places: dict[str, tuple[FieldPath, ...]] = {}
    for text in injected:
        place = FieldPath.from_auth_place(text)
        places[place.root] = (*places.get(place.root, ()), place)
    return places


@lru_cache(maxsize=256)
def group_injected_names(injected: tuple[str, ...]) -> Mapping[str, frozenset[str]]:
    """Return the names that auth set, by part of the request: ``{"header": {"x-sign"}}``."""
    places = group_injected_paths(injected)
    return {root: frozenset([place.top_name for place in places[root]]) for root in places}


def _remove_body_places(
    body: bytes | None, headers: Pairs, places: tuple[FieldPath, ...]
) -> bytes | None:
    if body is None or not places:
        return body
    if not all(place.steps_below_root for place in places):
        return None  # auth makes the whole of it
    if Headers(headers).media_type == FORM:
        names = {".".join(map(str, place.steps_below_root)) for place in places}
        pieces = [piece for piece in body.split(b"&") if piece]
        kept = [piece for piece in pieces if _read_form_name(piece) not in names]
        return b"&".join(kept) or None
    try:
        value = decode_json(body)
    except ValueError:
        return body
    left: Any = without_paths(value, [place.steps_below_root for place in places], prune=True)
    return None if left is None else encode_sorted(left)


def _read_form_name(piece: bytes) -> str:
    """Return the name in *piece*, ``name=value`` of a form."""
    return _decode_text(piece.partition(b"=")[0].decode(errors="replace"))


def call_fields_to_json(call: Call) -> dict[str, Any]:
    """Return path, query, headers and body of *call* as JSON values.

    They are stored in the index line if the stored request does not show them.
    """
    body: Any = call.body
    if body is not None:
        try:
            body = body.decode()
        except UnicodeDecodeError:
            body = {"hex": body.hex()}
    return {"path": call.path, "query": call.query, "headers": call.headers, "body": body}


def restore_call_fields(built: Call, stored_fields: dict[str, Any]) -> Call:
    """Return *built* with the path, query, headers and body that the script itself had passed.

    *built* is the call of a request read from a cassette, without these. They are in
    *stored_fields*, the result of `call_fields_to_json`, because what auth and defaults added hides
    them in the request.
    """
    body = stored_fields["body"]
    if body is not None:
        body = body.encode() if isinstance(body, str) else bytes.fromhex(body["hex"])
    return replace(
        built,
        path=stored_fields["path"],
        query=msgspec.convert(stored_fields["query"], Pairs),
        headers=msgspec.convert(stored_fields["headers"], Pairs),
        body=body,
    )


# Facts of a digest begin with one of these; format 1 had one digest of the rules of all platforms.
_VERSION = "2"
_LEGACY_VERSION = "1"
PARTS = ("platform", "instance", "api", "method", "path", "query", "header", "body")


@dataclass(frozen=True)
class MatchingRules:
    """Which places of a call are ignored when calls are compared.

    Attributes:
        ignore: paths ignored in every call.
        scoped: further paths for one platform (``crm_system``) or one API (``crm_system.get``).
        templates: declared path of each API, such as ``/orders/{id}``. A path that fits is compared
            parameter by parameter. They are not part of any digest, as keys use the filled-in path.
        volatile: response places by the same scopes. In format 1 they were ignored in requests too,
            so digest and keys of that format depend on them.
        former: earlier names of platforms and APIs, under which recordings are still found.
    """

    ignore: tuple[str, ...] = ()
    scoped: tuple[tuple[str, tuple[str, ...]], ...] = ()
    templates: Mapping[str, str] = field(default_factory=dict, hash=False)
    volatile: tuple[tuple[str, tuple[str, ...]], ...] = ()
    former: FormerNames = field(default_factory=FormerNames, hash=False)

    def compute_digest(self, platform: str) -> str:
        """Return a digest (16 hexadecimal digits) of the rules that apply to *platform*.

        Recorded keys are valid as long as it is unchanged. Rules of other platforms are left out,
        so that changing them makes no keys of this one outdated.
        """
        known = self._digest_cache.get(platform)
        if known is None:
            today = self.former.find_current_names(platform)[0]
            # Under the name that *platform* has in the recording: a rename changes no rule, and so
            # must not make recorded keys invalid.
            scoped = [
                (platform + name.removeprefix(today), paths)
                for name, paths in self.scoped
                if name.partition(".")[0] == today
            ]
            known = self._digest_cache[platform] = _digest_rules(_VERSION, self.ignore, scoped)
        return known

    def is_valid_digest(self, platform: str, digest: str) -> bool:
        """Return whether recorded keys of *platform* are valid under these rules.

        *digest* is that of the rules under which they were computed, as stored in the cassette.
        """
        if digest == self.compute_digest(platform):
            return True
        return (
            digest == self._digest_of_format_1
            and platform not in self._platforms_with_volatile_places
        )

    @cached_property
    def _digest_cache(self) -> dict[str, str]:
        return {}

    @cached_property
    def _platforms_with_volatile_places(self) -> frozenset[str]:
        return frozenset([name.partition(".")[0] for name, _ in self.volatile])

    @cached_property
    def _digest_of_format_1(self) -> str:
        both: dict[str, tuple[str, ...]] = dict(self.scoped)
        for name, paths in self.volatile:
            both[name] = (*both.get(name, ()), *paths)
        return _digest_rules(_LEGACY_VERSION, self.ignore, both.items())

    def get_ignored_paths(self, platform: str, api: str) -> tuple[FieldPath, ...]:
        """Return the paths that are ignored in calls of one API.

        Raises:
            ConfigError: if one of them is not a valid path.
        """
        cached = self._ignored_paths_cache.get((platform, api))
        if cached is None:
            today = self.former.find_current_names(platform, api)
            names = {today[0], ".".join(today)}
            scoped = (path for name, paths in self.scoped if name in names for path in paths)
            parsed = [FieldPath.parse(path, "ignore") for path in (*self.ignore, *scoped)]
            cached = self._ignored_paths_cache[platform, api] = tuple(parsed)
        return cached

    @cached_property
    def _ignored_paths_cache(self) -> dict[tuple[str, str], tuple[FieldPath, ...]]:
        return {}

    def get_template_with_parameters(self, parts: RequestParts) -> PathTemplate | None:
        """Return the declared path of the API in *parts* if it has parameters, else None."""
        text = self.templates.get(
            ".".join(self.former.find_current_names(parts.platform, parts.api)), ""
        )
        return compile_path_template(text) if "{" in text else None

    def rename_to_each_former_name(self, parts: RequestParts) -> Iterator[RequestParts]:
        """Yield *parts* under each earlier name of their platform and API.

        Usually there is none.
        """
        if not self.former:
            return
        platforms = (parts.platform, *self.former.platforms.get(parts.platform, ()))
        apis = (parts.api, *self.former.apis.get(parts.name, ()))
        for platform, api in product(platforms, apis):
            if (platform, api) != (parts.platform, parts.api):
                yield _rename_platform_and_api(parts, platform, api)

    def with_current_names(self, parts: RequestParts) -> RequestParts:
        """Return *parts*, of a recorded call, with the current names of their platform and API."""
        names = self.former.find_current_names(parts.platform, parts.api)
        return (
            parts
            if names == (parts.platform, parts.api)
            else _rename_platform_and_api(parts, *names)
        )


def _digest_rules(
    version: str, ignore: Iterable[str], scoped: Iterable[tuple[str, tuple[str, ...]]]
) -> str:
    places = sorted((name, sorted({*paths})) for name, paths in scoped if paths)
    facts = msgspec.json.encode([version, sorted({*ignore}), places], enc_hook=encode_as_english)
    return hashlib.blake2b(facts, digest_size=8).hexdigest()


class RequestParts(msgspec.Struct, frozen=True, kw_only=True):
    """A call in the form in which calls are compared, independent of their spelling.

    For example, JSON is parsed, so that the order of its members does not matter.

    Attributes:
        platform, instance, api: keys of what was called; empty for traffic of other clients.
        path: percent-encoded; for traffic of other clients, the URL without its query.
        query, header: value by name; a list of values for a repeated name.
        body: the parsed body and its kind, such as json.
    """

    platform: str
    instance: str
    api: str
    method: str
    path: str
    query: Mapping[str, Any]
    header: Mapping[str, Any]
    body: ComparableBody

    @property
    def name(self) -> str:
        """Return ``platform.api``, or an empty text if the API is unknown."""
        return f"{self.platform}.{self.api}" if self.api else ""


def _rename_platform_and_api(parts: RequestParts, platform: str, api: str) -> RequestParts:
    renamed = replace(parts, platform=platform, api=api)
    if platform == parts.platform:
        return renamed
    rename = partial(rename_standins, old=parts.platform, new=platform)
    return replace(
        renamed,
        path=rename(parts.path),
        query=rename(parts.query),
        header=rename(parts.header),
        body=ComparableBody(parts.body.kind, rename(parts.body.value)),
    )


class Difference(msgspec.Struct, frozen=True):
    """A place where a recorded call and a sent one differ.

    Attributes:
        path: place such as ``query.page`` or ``body.items[0].qty``.
        recorded, sent: the two values; `UNSET` where the call has none.
    """

    path: str
    recorded: Any
    sent: Any


def call_to_parts(call: Call) -> RequestParts:
    """Return *call* in the form in which calls are compared."""
    headers, content_type = [], ""
    for spelled, value in call.headers:
        name = spelled.lower()
        if name == "content-type":
            content_type = content_type or value
            headers.append((name, parse_media_type(value)))
        elif name not in NEVER_COMPARED:
            headers.append((name, value))
    return RequestParts(
        platform=call.platform,
        instance=call.instance,
        api=call.api,
        method=call.method.upper(),
        path=call.path,
        query=group_by_name(call.query),
        header=group_by_name(headers),
        body=read_body(call.body, content_type),
    )


def request_to_parts(request: Request) -> RequestParts:
    """Return the parts of the call that *request* was built from.

    For a request of another HTTP client, they are those of the request itself.
    """
    return call_to_parts(request.call or to_unnamed_call(request))


def exchange_to_parts(exchange: Exchange) -> RequestParts:
    """Return the parts of the call in a recorded exchange."""
    return request_to_parts(exchange.request)


def compute_matching_key(parts: RequestParts, rules: MatchingRules) -> str:
    """Return the key under which a call is recorded and found: 32 hexadecimal digits.

    It is a digest of all parts that *rules* do not ignore.
    """
    seen = _parts_without_ignored(parts, rules)
    return hashlib.blake2b(encode_sorted(seen), digest_size=16).hexdigest()


def find_differences(
    recorded: RequestParts, sent: RequestParts, rules: MatchingRules
) -> tuple[Difference, ...]:
    """Return every place where *recorded* and *sent* differ, except those that *rules* ignore."""
    recorded = rules.with_current_names(recorded)
    old, new = _parts_without_ignored(recorded, rules), _parts_without_ignored(sent, rules)
    if old.get("path") != new.get("path"):
        _replace_path_by_parameters(recorded, old, rules)
        _replace_path_by_parameters(sent, new, rules)
    differing = [
        find_value_differences((name,), old.get(name, UNSET), new.get(name, UNSET))
        for name in PARTS
    ]
    different = tuple(difference for part in differing for difference in part)
    if different or old.get("kind") == new.get("kind"):
        return different
    return (Difference("body", _describe_body(recorded.body), _describe_body(sent.body)),)


def _describe_body(body: ComparableBody) -> str:
    return body.kind if body.kind == "none" else f"{body.kind} {body.value}"


def _parts_without_ignored(parts: RequestParts, rules: MatchingRules) -> dict[str, Any]:
    """Return *parts* as one value, without the places that *rules* ignore.

    It has the kind of the body too, because JSON ``"1"`` is not text 1.
    """
    seen = {**asdict(parts), "body": parts.body.value, "kind": parts.body.kind}
    paths = rules.get_ignored_paths(parts.platform, parts.api)
    if paths or not _PLAIN_PATH.fullmatch(parts.path):
        template = rules.get_template_with_parameters(parts)
        if (
            template is not None
            and (parameters := _parse_path_parameters(template, parts.path)) is not None
        ):
            # in the builder's spelling; what does not count is as no value is spelled
            nothing, counted = (
                dict.fromkeys(parameters, ""),
                _drop_ignored_parameters(parameters, paths),
            )
            seen["path"] = template.fill({**nothing, **counted})
    if not paths:
        return seen
    left: dict[str, Any] = without_paths(seen, paths)
    if "body" not in left:
        left.pop("kind", None)
    return left


_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+/?")
"""A path that has one spelling, whatever its parameters are (RFC 3986, 2.3)."""


def _parse_path_parameters(template: PathTemplate, path: str) -> dict[str, str] | None:
    """Return the decoded values of the parameters that *template* has, as they stand in *path*.

    *path* is percent-encoded. None if it does not fit *template*, or if only one of the two ends
    with a slash: the slash would become part of the last parameter.
    """
    same = has_trailing_slash(path) == template.has_slash
    return template.match(path) if same else None


def _drop_ignored_parameters(
    parameters: dict[str, str], paths: Iterable[FieldPath]
) -> dict[str, str]:
    """Return the path *parameters* (name -> value) that no ignored place names.

    *paths* are all ignored places; only those such as ``path.id`` name a parameter.
    """
    ignored = [place.steps_below_root for place in paths if place.root == "path" and place.top_name]
    counted: dict[str, str] = without_paths(parameters, ignored) if ignored else parameters
    return counted


def _replace_path_by_parameters(
    parts: RequestParts, compared: dict[str, Any], rules: MatchingRules
) -> None:
    """Replace the path in *compared* by the values of its parameters by name, if it has any.

    *compared* has those of *parts* that count for matching. A difference then names the parameter,
    such as ``path.id``, and not the whole path. *rules* know the declared paths.
    """
    template = rules.get_template_with_parameters(parts)
    parameters = (
        _parse_path_parameters(template, parts.path) if template and "path" in compared else None
    )
    if parameters is not None:
        compared["path"] = _drop_ignored_parameters(
            parameters, rules.get_ignored_paths(parts.platform, parts.api)
        )


def find_value_differences(path: tuple[Segment, ...], old: Any, new: Any) -> Iterator[Difference]:
    """Yield each place at or below *path* where *old* and *new*, the two values there, differ.

    An object or list that only one of them has is yielded as a whole, not member by member.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        for name in {**old, **new}:
            yield from find_value_differences(
                (*path, name), old.get(name, UNSET), new.get(name, UNSET)
            )
    elif isinstance(old, list) and isinstance(new, list):
        for index, (was, now) in enumerate(zip_longest(old, new, fillvalue=UNSET)):
            yield from find_value_differences((*path, index), was, now)
    elif not (type(old) is type(new) and bool(old == new)):
        yield Difference(format_path(path), old, new)
