"""One request to a simulated third party, the state that it finds and leaves, and its response.

`State` is one frozen value. Reading a request never raises, whatever a client sends. Responses are
filled in: texts may hold ``{{ name }}``, and a mapping of one of these keys stands for a value:
``{$value: user.name}``, ``{$made: om_, length: 32}`` for a new id, ``{$rows: users, where: {field:
place}, like: {field: place}, pick: [field]}`` for records, and ``{$each: [place], in: users, by:
[field], item: …}`` for an item for each element of a list. A member without a value is left out.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import parse_qsl

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.field_path import get_nested
from bpmax_sim.messages import FORM, Headers, Request, Response, split_below
from bpmax_sim.platform import filters, template
from bpmax_sim.platform.matcher import ApiMatch, ApiMatcher
from bpmax_sim.platform.model import Api, Auth, Platform, ResponseRules
from bpmax_sim.proxy.response import to_comparable_text
from bpmax_sim.simulator.model import ResponseTemplate, Row, RuleTable, derive_rules

Struct = msgspec.Struct


class IssuedGrant(Struct, frozen=True, kw_only=True):
    """A token that the simulator issued to one instance, with the other values of that login.

    Attributes:
        values: all values that the login returned, by name; ``token`` is the first.
        expires: instant of the third party's clock at which it expires.
        revoked: whether it was revoked before that.
    """

    instance: str
    values: Mapping[str, str]
    issued: float
    expires: float
    revoked: bool = False

    def __repr__(self) -> str:
        return f"<Grant of {self.instance!r}, to {self.expires:.0f}>"

    def is_live(self, now: float) -> bool:
        """Return whether the token is neither expired nor revoked at the instant *now*."""
        return not self.revoked and now < self.expires


class Message(Struct, frozen=True, kw_only=True):
    """A message sent to one receiver.

    Attributes:
        at: instant at which it was sent, by the third party's clock.
        route: ``METHOD /path`` of the request that sent it.
        to: the receiver.
        body: body of that request.
        dropped: reason why it never arrived although the sender got a success; "" if it did.
    """

    at: float
    route: str
    to: str
    body: Any
    dropped: str = ""


class UsedOnceKey(Struct, frozen=True, kw_only=True):
    """A key that was used once: of a nonce, an idempotency key or a message.

    Attributes:
        until: instant of the third party's clock until which it counts.
        response: response to the first request with an idempotency key; else None.
    """

    until: float
    response: Any = None


class SimulatorOverrides(Struct, frozen=True, kw_only=True):
    """Settings by which a scenario changes a simulator; None keeps what the rule table says.

    Attributes:
        skew: seconds by which the third party's clock is ahead.
        life: seconds that a token is valid.
        overlap: seconds that an older token stays valid when a new one is issued.
        renewal: ``same`` token while it is valid, a ``new`` one each time, or ``extend``.
        limit: number of requests of each API, and the seconds in which they are accepted.
        drops: for each of the next requests except logins, whether its connection breaks ``before``
            or ``after`` the request is executed.
    """

    skew: float = 0.0
    life: float | None = None
    overlap: float | None = None
    renewal: Literal["same", "new", "extend"] | None = None
    limit: tuple[int, float] | None = None
    drops: tuple[Literal["before", "after"], ...] = ()


class CountingWindow(NamedTuple):
    """The requests that count for a rate limit.

    Attributes:
        start: instant at which the current window began, in POSIX seconds.
        request_count: number of requests since then.
    """

    start: float
    request_count: int


class State(Struct, frozen=True, kw_only=True):
    """Everything that a simulator remembers between requests; each request may replace it.

    Attributes:
        serial: number of ids and tokens generated; each is derived from its number and the seed.
        grants: tokens, the oldest first.
        counts: requests counted for limits in the current window, by a key that says what is
            limited, such as an API or a receiver.
        blocked: instants until which everything with such a key is refused.
        seen: nonces, idempotency keys and messages, by key.
        spent: refresh tokens that were replaced.
        messages: messages that requests sent, one for each receiver, the oldest first.
        rows: records added to those of the table.
        knobs: settings that a scenario has changed.
    """

    serial: int = 0
    grants: tuple[IssuedGrant, ...] = ()
    counts: Mapping[str, CountingWindow] = {}
    blocked: Mapping[str, float] = {}
    seen: Mapping[str, UsedOnceKey] = {}
    spent: frozenset[str] = frozenset()
    messages: tuple[Message, ...] = ()
    rows: Mapping[str, tuple[Mapping[str, Any], ...]] = {}
    knobs: SimulatorOverrides = SimulatorOverrides()


_DEEPEST: Final = 64


class ParsedRequest(Struct, frozen=True):
    """A request with its query, headers, cookies and body parsed, for the checks of a simulator.

    Attributes:
        path: path below the address, still encoded.
        query, headers, cookies, form: first value by name; header names in lower case.
        body: JSON of the body, or `UNSET`.
    """

    request: Request
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    form: Mapping[str, str]
    body: Any


def parse_request(request: Request, base: str) -> ParsedRequest:
    """Return *request* parsed; *base* is the address of the third party."""
    url = request.url
    below = split_below(url, base) if base else None
    if below is not None:
        url = below
    elif "://" in url:  # of another host
        url = "/" + url.partition("://")[2].partition("/")[2]
    path, _, query = url.partition("#")[0].partition("?")
    headers = Headers(request.headers)
    is_form = headers.media_type == FORM
    return ParsedRequest(
        request=request,
        method=request.method.upper(),
        path=path or "/",
        query=_parse_pairs(query),
        headers=headers.get_first_values(),
        cookies={cookie.name: cookie.value for cookie in headers.request_cookies},
        form=_parse_pairs((request.body or b"").decode("utf-8", "replace")) if is_form else {},
        body=_parse_json(request.body or b""),
    )


def is_missing(value: Any) -> bool:
    """Return whether a third party would treat *value* as missing: absent, null or empty."""
    return value is UNSET or value is None or value in ("", [], {})


def list_values(parsed: ParsedRequest, place: str, name: str) -> Any:
    """Return a list of all values of *name* in the request; `UNSET` if there are none.

    *place* says where: ``query``, or anything else for the form in its body.
    """
    query = parsed.request.url.partition("#")[0].partition("?")[2]
    text = query if place == "query" else (parsed.request.body or b"").decode("utf-8", "replace")
    return [value for key, value in parse_qsl(text, keep_blank_values=True) if key == name] or UNSET


def _parse_pairs(text: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name:
            pairs.setdefault(name, value)
    return pairs


def _parse_json(body: bytes) -> Any:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return UNSET
    return value if _is_shallow(value, _DEEPEST) else UNSET


def _is_shallow(value: Any, levels: int) -> bool:
    """Return whether *value*, which a client sent, is nested at most *levels* deep.

    Only then may it be part of a response.
    """
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_shallow(part, levels - 1) for part in inner)


_LETTERS = str.maketrans("-_", "ab")


@dataclass(frozen=True, slots=True)
class TenantCredentials:
    """The key of a platform's instance (tenant), and the credentials that it logs in with."""

    instance: str
    credentials: Mapping[str, Any] = field(repr=False)


class Refusal(Exception):  # noqa: N818 - a response, not an error of ours
    """Raised if the third party refuses the request.

    *code* is the key of the error in its rule table.
    """

    def __init__(self, code: str, message: str = "") -> None:
        """Store the code; *message* replaces that of the table."""
        super().__init__(code)
        self.code = code
        self.message = message


class Repetition(Exception):  # noqa: N818 - a response, not an error of ours
    """Raised if the same request was answered before: it gets that response again."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class RequestContext(Struct):
    """A request to a simulated third party while it is answered: all that checks read and change.

    Attributes:
        table: rules by which it is answered.
        tenants: instances that may have sent it.
        base: address of the third party.
        seed: seed of ids and tokens.
        state: memory of the third party; each check may replace it.
        now: instant of the third party's clock.
        route: method and path by which limits are counted: as declared, or as received until the
            declaration is found.
        scope: what dotted places and templates of responses name: the parts of the request, and
            what checks have stored.
        tenant: instance that sent it, once known.
        receivers: receivers of its message.
        idempotency_key: key under which its response is kept for a repetition; "" for none.
        until: instant until which it is kept.
    """

    table: RuleTable
    platform: Platform
    tenants: Sequence[TenantCredentials]
    matcher: ApiMatcher
    base: str
    seed: int
    state: State
    now: float
    parsed: ParsedRequest
    route: str = ""
    scope: dict[str, Any] = msgspec.field(default_factory=dict)
    tenant: TenantCredentials | None = None
    receivers: tuple[str, ...] = ()
    idempotency_key: str = ""
    until: float = 0.0

    def __post_init__(self) -> None:
        parsed = self.parsed
        self.route = f"{parsed.method} {parsed.path}"
        self.scope |= {
            "query": parsed.query,
            "header": parsed.headers,
            "cookie": parsed.cookies,
            "form": parsed.form,
            "body": dict(parsed.form) if parsed.body is UNSET and parsed.form else parsed.body,
            "credential": {},
            "now": self.now,
            "seconds": int(self.now),
            "millis": int(self.now * 1000),
        }

    @property
    def match(self) -> ApiMatch:
        """Return the declared API or login that method and path of the request belong to."""
        key = self.platform.platform_key
        return self.matcher.match_path(key, self.parsed.request, self.parsed.path)

    @property
    def instance(self) -> str:
        """Return the instance that sent the request, or "" while that is not known."""
        return self.tenant.instance if self.tenant else ""

    @property
    def api(self) -> Api | None:
        """Return the declared API of the request; None if no API has its address.

        If several have it, that which the script called, else the first.
        """
        match, call = self.match, self.parsed.request.call
        named = [api for api in match.target.candidates if call is not None and api.key == call.api]
        return match.target.api or next(iter((*named, *match.target.candidates)), None)

    def use_own_rules_unless_shipped(self, api: Api) -> None:
        """Follow the response and auth rules that *api* declares itself, if any.

        Those of a shipped table take precedence.
        """
        has_own = isinstance(api.response, ResponseRules) or isinstance(api.auth, Auth)
        if has_own and not self.table.routes:
            self.table = derive_rules(self.platform, api)

    def get_value_at(self, place: str) -> Any:
        """Return the value at a dotted *place* such as ``body.user.id``, or `UNSET`."""
        return get_nested(self.scope, place.split("."))

    def set_tenant(self, tenant: TenantCredentials) -> None:
        """Set the simulated account whose credentials the request carries.

        Templates then read them.
        """
        self.tenant = tenant
        self.scope["credential"] = tenant.credentials

    def update_state(self, **fields: Any) -> None:
        """Replace fields of the state."""
        self.state = replace(self.state, **fields)

    def find_seen_key(self, key: str) -> UsedOnceKey | None:
        """Return the entry of *key* (nonce, idempotency key or message).

        None if unknown or expired.
        """
        seen = self.state.seen.get(key)
        return seen if seen is not None and self.now < seen.until else None

    def remember(self, key: str, until: float, response: Response | None = None) -> None:
        """Store *key* (of a nonce, idempotency key or message) until the instant *until*.

        *response* is that to the first request with an idempotency key. Expired keys are dropped.
        """
        live = {name: seen for name, seen in self.state.seen.items() if self.now < seen.until}
        self.update_state(seen={**live, key: UsedOnceKey(until=until, response=response)})

    def get_rows(self, kind: str) -> tuple[Row, ...]:
        """Return all records of the kind *kind*, those that a scenario added first."""
        return (*self.state.rows.get(kind, ()), *self.table.rows.get(kind, ()))

    def find_row_ignoring_case(self, kind: str, fields: tuple[str, ...], value: Any) -> Row | None:
        """Return the first record of kind *kind* with *value* in one of *fields*, or None.

        Letter case is ignored. No record has a value that is absent, empty or null.
        """
        if is_missing(value):
            return None
        folded = str(value).casefold()
        for row in self.get_rows(kind):
            present = (row[field] for field in fields if not is_missing(row.get(field)))
            if any(str(own).casefold() == folded for own in present):
                return row
        return None

    def generate_id(self, prefix: str = "", length: int = 32) -> str:
        """Return a new id of *length* characters after *prefix*.

        The n-th id of a platform is always the same for the same seed.
        """
        number = self.state.serial
        self.update_state(serial=number + 1)
        start = f"{self.seed}/{self.platform.platform_key}/{number}"
        text = ""
        # A digest of seed, platform and number, not a random source: equal requests in equal order
        # get equal ids in every process, so a recording of a simulation can be replayed.
        while len(text) < length:
            digest = hashlib.sha512(f"{start}/{len(text)}".encode()).digest()
            text += urlsafe_b64encode(digest).decode().rstrip("=").translate(_LETTERS)
        return prefix + text[:length]


_JSON: Final = "application/json; charset=utf-8"
_SCALAR: Final = (str, int, float)


def build_response(
    ctx: RequestContext, base: ResponseTemplate, over: ResponseTemplate, *, data: Any = UNSET
) -> Response:
    """Return the response of the template *over*, merged over the template *base*, and filled in.

    *data* is a body that is merged below both and not filled in, because text of a client is not a
    template.
    """
    codes = [code for code in (over.status, base.status, 200) if isinstance(code, int)]
    headers = {**base.headers, **over.headers}
    if isinstance(over.text, str):
        body, kind = (
            template.render(over.text, _select_scalars_of_scope(ctx)).encode(),
            "text/plain; charset=utf-8",
        )
    else:
        body, kind = _encode_body(ctx, UNSET if over.alone else base.body, over.body, data), _JSON
    # The third party's own time, by which clients correct their clock (`Recover.clock`).
    pairs: list[tuple[str, str]] = [("date", filters.format_http_date(ctx.now))]
    pairs += [
        (name, template.render(value, _select_scalars_of_scope(ctx)))
        for name, value in headers.items()
    ]
    if body and "content-type" not in Headers(tuple(headers.items())):
        pairs.append(("content-type", kind))
    return Response(
        status=codes[0],
        # Nothing that a header cannot hold, whatever a client made us echo.
        headers=tuple((n, v.encode("ascii", "replace").decode()) for n, v in pairs),
        body=body,
        elapsed=ctx.table.latency,
        source="simulated",
    )


def fill_templates(node: Any, ctx: RequestContext) -> Any:
    """Return *node* (JSON) with ``{{ name }}`` in texts and ``$`` nodes replaced by values.

    A node is an object with one of four keys: ``$value`` is the value at a place, ``$made`` a new
    id, ``$rows`` records that the request asks for, ``$each`` an item for each element of lists in
    the request. `UNSET` if the value of *node* itself is absent.
    """
    if isinstance(node, str):
        return template.render(node, _select_scalars_of_scope(ctx)) if "{{" in node else node
    if isinstance(node, Mapping):
        for key, function in _NODES.items():
            if key in node:
                return function(node, ctx)
        filled = {key: fill_templates(value, ctx) for key, value in node.items()}
        return {key: value for key, value in filled.items() if value is not UNSET}
    if isinstance(node, list | tuple):
        items = (fill_templates(item, ctx) for item in node)
        return [item for item in items if item is not UNSET]
    return node


def _encode_body(ctx: RequestContext, base: Any, over: Any, data: Any) -> bytes:
    layers = [fill_templates(layer, ctx) for layer in (base, over) if layer is not UNSET]
    if data is not UNSET:
        layers.insert(0, data)
    if not layers or layers[-1] is None:
        return b""
    text = json.dumps(reduce(merge_members, layers), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def merge_members(bottom: Any, top: Any) -> Any:
    """Return *top* merged over *bottom*: of two objects each member, else *top*."""
    if not (isinstance(bottom, dict) and isinstance(top, dict)):
        return top
    return {**bottom, **{key: merge_members(bottom.get(key), value) for key, value in top.items()}}


def _select_scalars_of_scope(ctx: RequestContext) -> dict[str, Any]:
    return {name: value for name, value in ctx.scope.items() if isinstance(value, _SCALAR)}


def _evaluate_value_node(node: Mapping[str, Any], ctx: RequestContext) -> Any:
    value = ctx.get_value_at(node["$value"])
    if "kind" in node:  # a record of which the request says what field it asks for
        kind = ctx.get_value_at(node["kind"])
        field = node["default"] if kind is UNSET else kind
        value = value.get(field, UNSET) if isinstance(value, Mapping) else UNSET
    return to_comparable_text(value) if node.get("as") == "text" and value is not UNSET else value


def pick_id_types(row: Row, id_type_places: Mapping[str, str], ctx: RequestContext) -> Row:
    """Return *row* with each field in *id_type_places* reduced to the requested type of ids.

    Such a field is a mapping by type of ids, such as ``open_id``, and the place in the request says
    which; if the request does not, the first is taken.
    """
    spelt = dict(row)
    for name, place in id_type_places.items():
        by_kind = row.get(name)
        if isinstance(by_kind, Mapping):
            kind = ctx.get_value_at(place)
            spelt[name] = by_kind.get(next(iter(by_kind)) if kind is UNSET else kind, UNSET)
    # A record need not have an id of each type.
    return {name: value for name, value in spelt.items() if value is not UNSET}


def select_rows(node: Mapping[str, Any], ctx: RequestContext) -> list[Any]:
    """Return the records that the request asks for, as *node* says.

    Its key ``$rows`` is the kind of records, ``where`` and ``like`` select some of them, ``spell``
    maps fields to the places of requested types of ids. ``pick`` are the fields that are returned;
    a single name gives a list of values.
    """
    rows = (pick_id_types(row, node.get("spell", {}), ctx) for row in ctx.get_rows(node["$rows"]))
    selected = [row for row in rows if _is_selected(row, node, ctx)]
    pick = node.get("pick")
    if isinstance(pick, str):
        return [row[pick] for row in selected if pick in row]
    return [{name: row[name] for name in row if not pick or name in pick} for row in selected]


def _is_selected(row: Row, node: Mapping[str, Any], ctx: RequestContext) -> bool:
    """Return whether *row* is one that the request asks for.

    Of *node*, ``where`` maps fields to the places in the request of values that they must equal,
    and ``like`` to those of texts that they must contain. A ``where`` without value does not count.
    """
    where = (
        (row.get(name), ctx.get_value_at(place)) for name, place in node.get("where", {}).items()
    )
    like = (
        (row.get(name), ctx.get_value_at(place)) for name, place in node.get("like", {}).items()
    )
    return all(
        expected is UNSET
        or to_comparable_text(expected)
        in map(to_comparable_text, has if isinstance(has, list) else [has])
        for has, expected in where
    ) and all(to_comparable_text(expected) in to_comparable_text(has) for has, expected in like)


def _fill_item_per_list_element(node: Mapping[str, Any], ctx: RequestContext) -> Any:
    items: list[Any] = []
    for place, name in zip(node["$each"], node["by"], strict=True):
        values = ctx.get_value_at(place)
        for item in values if isinstance(values, list) else ():
            ctx.scope["found"] = ctx.find_row_ignoring_case(node["in"], (name,), item) or {}
            items.append({name: item, **fill_templates(node["item"], ctx)})
    return items


_NODES: Final[Mapping[str, Callable[[Mapping[str, Any], RequestContext], Any]]] = {
    "$value": _evaluate_value_node,
    "$made": lambda node, ctx: ctx.generate_id(node["$made"] or "", node.get("length", 32)),
    "$rows": select_rows,
    "$each": _fill_item_per_list_element,
}
