"""Compare the present responses of third parties with the recorded ones.

Only shapes are compared, unless an API also asks for values (``verify: {values: [body.status]}``).

Each recorded call is sent twice, with fresh authorisation and signature: what differs between the
two live responses is volatile. Calls that write are sent once, and only if that is allowed. A
response after which `recover` sent the call again is not compared; the last one is. Once a third
party cannot be reached, nothing more is sent to it. Null counts as an absent value; the items of a
list have one shape, the union of all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from math import inf
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from bpmax_sim.cassette.alignment import to_comparable_outcome
from bpmax_sim.cassette.model import group_by_name, read_body
from bpmax_sim.clock import Instant
from bpmax_sim.errors import CallError, TransportError
from bpmax_sim.field_path import (
    FieldPath,
    Steps,
    Wildcard,
    contains_path,
    find_values_at,
    format_path,
)
from bpmax_sim.i18n import join_list, label_message, msg, template
from bpmax_sim.js_values import loads_as_javascript
from bpmax_sim.messages import (
    Call,
    Exchange,
    FailedExchange,
    Headers,
    Request,
    Response,
    parse_media_type,
    read_http_date,
)
from bpmax_sim.path_template import compile_path_template
from bpmax_sim.platform.model import Api, Instance, Platform, ResponseRules, VerifyValues
from bpmax_sim.proxy.builder import Builder
from bpmax_sim.proxy.call_effects import Grant
from bpmax_sim.proxy.compiled_api import CompiledApi, compile_api
from bpmax_sim.proxy.recovery import (
    ReceivedResponse,
    RetryDecision,
    RetryProgress,
    decide_retry,
    find_failure_class,
)
from bpmax_sim.proxy.response import read_body as parsed_body
from bpmax_sim.session.session import Session
from bpmax_sim.transport.redaction import pseudonymise_body, pseudonymise_pairs

Tier = Literal["info", "warning", "error"]
What = Literal["added", "removed", "type", "status", "value"]
Shape = Mapping[Steps, frozenset[str]]
"""The types that occur at each path; a path that never occurs is not in it."""

NULL: Final = "null"
_TIERS: Final[Mapping[What, Tier]] = {"added": "info", "removed": "warning"}
"""How bad a change is; all others are errors."""
_PHRASES: Final[Mapping[What, str]] = {
    "added": template("is new ({now})"),
    "removed": template("is gone (was {was})"),
    "value": template("has another value"),
}
_TYPES: Final[tuple[tuple[type | tuple[type, ...], str], ...]] = (
    (bool, "boolean"),
    (str, "text"),
    ((int, float, Decimal), "number"),
    (dict, "object"),
    (list, "list"),
)


class ResponseChange(msgspec.Struct, frozen=True):
    """One difference between a recorded and a live response.

    Attributes:
        what: kind of the difference, such as ``status``, ``type``, ``added`` or ``removed``.
        path: place in the response.
        was, now: types or status codes, never values of a response.
    """

    what: What
    path: str
    was: str = ""
    now: str = ""

    @property
    def tier(self) -> Tier:
        """Return the severity of the change."""
        return _TIERS.get(self.what, "error")

    def __str__(self) -> str:
        """Return a phrase such as ``body.data.name: text became number``."""
        phrase = _PHRASES.get(self.what, template("{was} became {now}"))
        return label_message(self.path, msg(phrase, was=self.was, now=self.now))


def _walk_values(value: Any, path: Steps) -> Iterator[tuple[Steps, Any]]:
    """Yield *value* and all values in it, with their paths; ``*`` stands for any list index."""
    yield path, value
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _walk_values(item, (*path, name))
    elif isinstance(value, list):
        for item in value:
            yield from _walk_values(item, (*path, Wildcard.ALL))


def read_body_shape(response: Response) -> Shape:
    """Return the shape of a response's body: path -> types."""
    content_type = response.header("content-type") or ""
    body = read_body(response.body, content_type)
    if body.kind == "none":
        return {}
    if body.kind not in {"json", "form"}:
        return {("body",): frozenset({parse_media_type(content_type) or body.kind})}
    shape = defaultdict[Steps, set[str]](set)
    for path, value in _walk_values(body.value, ("body",)):
        shape[path].add(next((name for types, name in _TYPES if isinstance(value, types)), NULL))
    return {path: frozenset(types) for path, types in shape.items()}


def find_unsteady_places(first: Response, second: Response) -> frozenset[Steps]:
    """Return the places whose value or presence differs between two responses to one request."""
    before, after = _collect_response_leaves(first), _collect_response_leaves(second)
    return frozenset(
        path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    )


def _collect_response_leaves(response: Response) -> Mapping[Steps, list[Any]]:
    body = read_body(response.body, response.header("content-type") or "")
    leaves = defaultdict[Steps, list[Any]](list)
    for path, value in _walk_values(body.value, ("body",)):
        if not isinstance(value, dict | list):
            leaves[path].append((isinstance(value, bool), value))  # True is not 1
    return leaves


def find_changes(
    recorded: Response, live: Response, volatile: frozenset[Steps] = frozenset()
) -> Iterator[ResponseChange]:
    """Yield the differences of *live* from *recorded* in status and shape.

    Differences at *volatile* places are left out. If the status differs, nothing else is compared.
    If a whole object was added or removed, only its own path is yielded.
    """
    if recorded.status != live.status:
        yield ResponseChange("status", "status", str(recorded.status), str(live.status))
        return
    was, now = read_body_shape(recorded), read_body_shape(live)
    for path in sorted({*was, *now}, key=format_path):
        if _is_known_in_both_shapes(path, was, now) and not _is_volatile(path, volatile):
            yield from _compare_types(path, was.get(path, frozenset()), now.get(path, frozenset()))


def _is_known_in_both_shapes(path: Steps, was: Shape, now: Shape) -> bool:
    """Return whether *path* exists in both shapes, or its parent is an object in both.

    Items of a list that is empty in one of the shapes are not reported: nothing is known of them.
    """
    if (path in was and path in now) or len(path) == 1:
        return True
    around = was.get(path[:-1], frozenset()) & now.get(path[:-1], frozenset())
    return path[-1] is not Wildcard.ALL and "object" in around


def _is_volatile(path: Steps, volatile: frozenset[Steps]) -> bool:
    return any(contains_path(place, path) for place in volatile)


def _compare_types(
    path: Steps, was: frozenset[str], now: frozenset[str]
) -> Iterator[ResponseChange]:
    before, after = was - {NULL}, now - {NULL}
    place = format_path(path)
    # A type that was never recorded is a change; one that does not occur now may come again.
    if before and after and not after <= before:
        yield ResponseChange("type", place, _join_types(before), _join_types(after))
    elif after and not before:
        yield ResponseChange("added", place, now=_join_types(after))
    elif before and not after:
        yield ResponseChange("removed", place, was=_join_types(before))
    elif not before and not after and was != now:
        yield ResponseChange(
            "added" if now else "removed", place, _join_types(was), _join_types(now)
        )


def _join_types(types: frozenset[str]) -> str:
    return " or ".join(sorted(types))


_STANDIN: Final = "redacted."


def has_standin_set_by_script(request: Request) -> bool:
    """Return whether what a script put into *request* contains a stand-in for a secret.

    Such a request cannot be sent again, as the real value is not known. Parts made by auth do not
    count: they are made anew from the real credentials.
    """
    call = request.call
    if call is None:
        place, pairs, body = request.url, request.headers, request.body
    else:
        place, pairs, body = call.path, (*call.query, *call.headers), call.body
    texts = [place, *(value for _, value in pairs)]
    return any(_STANDIN in text for text in texts) or _STANDIN.encode() in (body or b"")


def rebuild_call(session: Session, call: Call) -> Builder:
    """Return the recorded *call* as an unsent call of *session*, with all that the script set.

    Its ``call()`` sends it.
    """
    platform = session.platforms.platform(call.platform)
    template = session.platforms.api(platform, call.api).path
    chain = session.proxy(call.platform, instance_key=call.instance).api(call.api)
    chain = chain.path(compile_path_template(template).match(call.path) or {})
    chain = chain.query(group_by_name(call.query))
    chain = chain.header(dict(call.headers))
    if call.body is None:
        return chain
    body: Any = call.body
    if Headers(call.headers).media_type.endswith("json"):
        with suppress(ValueError):  # as its value it merges with declared defaults
            body = loads_as_javascript(call.body)
    return chain.body(body)


SAFE: Final = frozenset({"GET", "HEAD"})


Kind = Literal["changed", "volatile", "failed", "unreachable", "skipped", "old", "moved"]


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """A finding about one recorded exchange; it contains no value of a response.

    Attributes:
        tier: ``info``, ``warning`` or ``error``.
        kind: ``changed`` (response has another shape), ``volatile`` (a place that differs every
            time, learned now), ``failed`` (the call was rejected), ``unreachable``, ``skipped``
            (not sent), ``old`` (recorded long ago), or ``moved`` (by `migrate`).
        path: place such as ``body.data.items[*].qty``; empty if there is none.
        reason: why nothing was sent; empty if the call was sent.
    """

    exchange: Exchange
    tier: Tier
    kind: Kind
    message: str
    path: str = ""
    reason: str = ""

    @property
    def name(self) -> str:
        """Return ``platform.api``, or the address for other HTTP clients."""
        return name_exchange(self.exchange)

    def __str__(self) -> str:
        """Return ``error: [2] crm_system.get_customer: body.name: text became number``."""
        return msg(
            "{tier}: [{order}] {name}: {message}",
            tier=self.tier,
            order=self.exchange.order,
            name=self.name,
            message=self.message,
        )


def name_exchange(exchange: Exchange) -> str:
    """Return ``platform.api``, or the address for other HTTP clients."""
    call = exchange.request.call
    return call.name if call and call.platform else exchange.request.url


def find_recording_time(exchange: Exchange) -> float:
    """Return when the response of *exchange* was received, in POSIX seconds.

    The response's ``Date`` header is preferred, because the clock of a recording may be frozen.
    """
    outcome = exchange.outcome
    date = outcome.header("date") if isinstance(outcome, Response) else None
    received = read_http_date(date or "")
    return exchange.at if received is None else received


def find_outdated(exchange: Exchange, *, now: float, max_age: float) -> Iterator[Drift]:
    """Yield a drift if *exchange* was recorded more than *max_age* seconds before *now*."""
    recorded = find_recording_time(exchange)
    if now - recorded > max_age:
        day = str(Instant(recorded))[:10]
        message = msg(
            "recorded on {day}, {now} days ago; record it again",
            day=day,
            now=int((now - recorded) // 86_400),  # seconds of a day
        )
        yield Drift(exchange=exchange, tier="warning", kind="old", message=message)


def find_note_of_past_migration(exchange: Exchange, moves: Sequence[str]) -> Iterator[Drift]:
    """Yield a note if `bpmax-sim migrate` changed the recorded *exchange*; *moves* say how."""
    if moves:
        message = msg(
            "moved by `bpmax-sim migrate`, not recorded so: {list}", list=join_list(moves)
        )
        yield Drift(exchange=exchange, tier="info", kind="moved", message=message)


MembersRead = Callable[[str], Mapping[tuple[str, ...], str]]
"""``platform.api`` -> the members of its result that scripts read, and where they do."""


class Verification:
    """Sends recorded calls again to the third parties and compares the responses."""

    def __init__(
        self,
        session: Session,
        *,
        allow_writes: bool = False,
        members_read: MembersRead = lambda _api: {},
        sampled: set[str] | None = None,
    ) -> None:
        """Use *session*; nothing is sent yet.

        Args:
            session: session in mode ``live``.
            allow_writes: whether to send calls that may change something, too.
            members_read: function that returns the members of an API's result that scripts read;
                losing one of them is an error.
            sampled: names of the calls already sent, each of which is sent only once; None sends
                all.
        """
        self._session = session
        self._allow_writes = allow_writes
        self._members_read = members_read
        self._sampled = sampled
        self._down: set[str] = set()
        self._progress = RetryProgress()

    def verify(self, exchanges: Iterable[Exchange]) -> Iterator[tuple[Exchange, list[Drift]]]:
        """Yield each of *exchanges*, all of one scenario, row or test, in order, with its drifts.

        A call that is not sent has a drift with the reason. Logins are left out.
        """
        business = (exchange for exchange in exchanges if not exchange.request.is_login)
        exchange = next(business, None)
        while exchange is not None:
            after = next(business, None)
            failure = self._find_retry_cause(exchange, after)
            yield exchange, self._verify_exchange(exchange, failure)
            exchange = after

    def _verify_exchange(self, exchange: Exchange, failure_class: str) -> list[Drift]:
        """Send *exchange* again and compare the responses, unless something forbids sending it.

        *failure_class* is the class of failure that its recorded response was, or "".
        """
        outcome, call = exchange.outcome, exchange.request.call
        party = f"{call.platform}.{call.instance}" if call and call.platform else ""
        party = party or urlsplit(exchange.request.url).netloc
        if not isinstance(outcome, Response):
            return [_make_unsent_drift(exchange, msg("it had no response when it was recorded"))]
        # An unreachable third party would cost its time-out again for each of its exchanges.
        if party in self._down:
            return [
                _make_unsent_drift(
                    exchange, msg("{party} could not be reached before", party=party)
                )
            ]
        name, sampled = name_exchange(exchange), self._sampled
        if sampled is not None and name in sampled:
            return [
                _make_unsent_drift(exchange, msg("one exchange of each API is enough (--sample)"))
            ]
        check = _ExchangeVerification(
            self._session, exchange, outcome, failure_class, self._members_read
        )
        drifts = check.run(allow_writes=self._allow_writes)
        if sampled is not None and not any(drift.reason for drift in drifts):
            sampled.add(name)
        if any(drift.kind == "unreachable" for drift in drifts):
            self._down.add(party)
        return drifts

    def _find_retry_cause(self, exchange: Exchange, next_exchange: Exchange | None) -> str:
        """Return the class of failure for which a call was sent again, or "".

        *next_exchange* is the exchange recorded after *exchange*. The class is determined by the
        same rules as at recording.
        """
        known, self._progress = self._progress, RetryProgress()
        call, platforms = exchange.request.call, self._session.platforms
        platform = platforms.find(call.platform) if call else None
        api = platform.apis.get(call.api) if call and platform else None
        if (
            next_exchange is None
            or next_exchange.key != exchange.key
            or platform is None
            or api is None
        ):
            return ""
        recipe, outcome = (
            compile_without_instance_overrides(platform, api),
            _to_outcome_for_retry_rules(exchange.outcome),
        )
        sent = RetryProgress(known.sent + 1, known.renewed, known.offset)
        grant = _ANY_GRANT if recipe.acquires else None
        step = decide_retry(outcome, recipe, grant, sent, exchange.at)
        if not isinstance(step, RetryDecision):
            return ""
        offset = known.offset if step.offset is None else step.offset
        self._progress = RetryProgress(sent.sent, sent.renewed + step.renew, offset)
        return find_failure_class(outcome, recipe) or ""


# Recordings do not tell which login a call used. The retry rules only ask whether there was one
# that had not expired, so this stands for it.
_ANY_GRANT: Final = Grant(values={}, standins={}, expires=inf)


def _to_outcome_for_retry_rules(
    outcome: Response | FailedExchange,
) -> ReceivedResponse | TransportError:
    """Return a recorded *outcome* as the retry rules (`decide_retry`) received it at recording."""
    if isinstance(outcome, FailedExchange):
        return TransportError(outcome.message, code=outcome.code, sent=outcome.sent)
    return ReceivedResponse(replace(outcome, source=""), parsed_body(outcome))


def _make_unsent_drift(exchange: Exchange, reason: str) -> Drift:
    """Return the drift which says that *exchange* was not sent, and the *reason*."""
    message = msg("not sent: {reason}", reason=reason)
    return Drift(exchange=exchange, tier="info", kind="skipped", message=message, reason=reason)


class _ExchangeVerification(msgspec.Struct, frozen=True):
    """Sends one recorded exchange again and compares the live response with the recorded one.

    Attributes:
        recorded: recorded response.
        failure_class: class of failure for which the recorded call was sent again; else "".
        members_read: ``platform.api`` -> members of its result that scripts read -> script line.
    """

    session: Session
    exchange: Exchange
    recorded: Response
    failure_class: str
    members_read: MembersRead

    def run(self, *, allow_writes: bool) -> list[Drift]:
        try:
            declared = self._find_api()
        except CallError as error:
            message = msg("not sent: {error_message}", error_message=error.message)
            return [self._make_drift("error", "failed", message)]
        rule = declared[1].verify if declared else "shape"
        # a query by POST (GraphQL, SOAP, RPC) reads where its API says so in so many words
        reads = declared is not None and declared[1].idempotent is True
        safe = reads or self.exchange.request.method in SAFE
        if reason := self._explain_not_sending(rule, allows_writes=safe or allow_writes):
            return [_make_unsent_drift(self.exchange, reason)]
        try:
            # Twice: what differs between two live responses (a time, an id) is volatile, no drift.
            first = self._send(retries_broken_connection=safe)
            second = self._send(retries_broken_connection=safe) if safe else first
        except CallError as error:
            kind: Kind = "unreachable" if isinstance(error, TransportError) else "failed"
            calls = self.session.calls  # the name stands before the message, secrets may be in it
            message = calls[-1].redact(error.message) if calls else error.message
            named = f"{error.platform}.{error.api}: "
            return [self._make_drift("error", kind, message.removeprefix(named))]
        if rule == "status":
            differing = [c for c in find_changes(self.recorded, first) if c.what == "status"]
            return [self._to_drift(change) for change in differing]
        values = rule.values if isinstance(rule, VerifyValues) else ()
        return list(self._compare_with_live_responses(first, second, declared, values))

    def _explain_not_sending(self, rule: str | VerifyValues, *, allows_writes: bool) -> str:
        """Return why the call is not sent; "" if it is.

        *rule* is the API's ``verify``, of which ``never`` forbids it; *allows_writes* is whether a
        call that may change something is sent at all.
        """
        if rule == "never":
            return msg("its API says verify: never")
        if not allows_writes:
            method = self.exchange.request.method
            return msg("{method} may change something; pass --allow-writes", method=method)
        if has_standin_set_by_script(self.exchange.request):
            return msg("it carries a value that the recording only stands in for")
        if self.failure_class == "token":
            return msg("its token was refused when it was recorded")
        if self.failure_class:
            return msg(
                "its response was a temporary failure ({failure}) when it was recorded",
                failure=self.failure_class,
            )
        return ""

    def _find_api(self) -> tuple[Platform, Api] | None:
        call = self.exchange.request.call
        if call is None or not call.api:
            return None
        platform = self.session.platforms.platform(call.platform)
        return platform, self.session.platforms.api(platform, call.api)

    def _send(self, *, retries_broken_connection: bool) -> Response:
        """Return the live response.

        If the connection is reset, the request is sent once more if *retries_broken_connection*.
        """
        try:
            return self._send_once()
        except TransportError as error:
            if not retries_broken_connection or error.code != "RESET":
                raise
        return self._send_once()

    def _send_once(self) -> Response:
        call = self.exchange.request.call
        # Not made by a builder: there is no call to rebuild, so it is sent as it was recorded.
        if call is None or not call.api:
            return self.session.handle(self.exchange.request)
        before = len(self.session.calls)
        failure: CallError | None = None
        try:
            rebuild_call(self.session, call).call()
        except CallError as error:
            failure = error
        calls = [call for call in self.session.calls[before:] if not call.is_login]
        if calls and calls[-1].received is not None:
            return calls[-1].received
        raise failure or CallError(msg("it was not answered"))

    def _compare_with_live_responses(
        self,
        first: Response,
        second: Response,
        declared: tuple[Platform, Api] | None,
        values: Sequence[str],
    ) -> Iterator[Drift]:
        owners = declared or ()
        known = frozenset(
            FieldPath.parse(path, "volatile") for owner in owners for path in owner.volatile
        )
        learned = find_unsteady_places(first, second)
        drifts = list(find_changes(self.recorded, first, learned | known))
        seen = {change.path for change in drifts}
        personal = [path for owner in owners for path in owner.redact]
        drifts += [
            ResponseChange("value", place)
            for place in _find_changed_places(self.recorded, first, values, personal)
            if place not in seen and not _is_volatile(FieldPath.parse(place, "verify"), learned)
        ]
        for change in drifts:
            yield self._to_drift(change, self._find_removed_member_reader(change, declared))
        for path in sorted(format_path(path) for path in learned if not _is_volatile(path, known)):
            message = msg(
                "{path}: differs between two answers; declare volatile: [{path}]", path=path
            )
            yield self._make_drift("info", "volatile", message, path)

    def _find_removed_member_reader(
        self, change: ResponseChange, declared: tuple[Platform, Api] | None
    ) -> str:
        """Return the place where a script reads a member that *change* has removed, or "".

        *declared* has the platform and the API of the call; None if they are unknown.
        """
        call = self.exchange.request.call
        if change.what != "removed" or call is None or declared is None:
            return ""
        gone = [
            "*" if step is Wildcard.ALL else str(step)
            for step in FieldPath.parse(change.path, "verify")
        ]
        platform, api = declared
        instance = self.session.platforms.instance(call.platform, call.instance or None)
        is_wrapped = platform.result_of(api, instance) == "envelope"
        rules = platform.response_of(api) if is_wrapped else None
        for member, place in self.members_read(call.name).items():
            for path in _map_result_path_to_body_paths(rules, member):
                if ["body", *path][: len(gone)] == gone:
                    return place
        return ""

    def _to_drift(self, change: ResponseChange, reader: str = "") -> Drift:
        if not reader:
            return self._make_drift(change.tier, "changed", str(change), change.path)
        message = msg("{change}; it is read at {place}", change=change, place=reader)
        return self._make_drift("error", "changed", message, change.path)

    def _make_drift(self, tier: Tier, kind: Kind, message: str, path: str = "") -> Drift:
        return Drift(exchange=self.exchange, tier=tier, kind=kind, message=message, path=path)


def _map_result_path_to_body_paths(
    rules: ResponseRules | None, member: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    """Yield the paths in a response body at which *member* may be.

    *member* is its path in the result as scripts see it, which is another one where *rules* find
    the parts of an envelope ``{code, message, data}`` in the body; with None it is the body.
    """
    if rules is None:
        yield member
        return
    paths = {"code": rules.code, "message": rules.message, "data": (*rules.data, "$")}
    for path in paths.get(member[0], ()):
        if path.startswith("$"):
            yield (*path.split(".")[1:], *member[1:])


def _find_changed_places(
    recorded: Response, live: Response, places: Sequence[str], personal_paths: Sequence[str]
) -> Iterator[str]:
    """Yield the *places* whose value differs in *live*.

    Values at *personal_paths* are compared as pseudonyms, as they are recorded. Places with a
    recorded stand-in are left out, because the real value is not known.
    """
    if not places or recorded.status != live.status:
        return
    kind = live.header("content-type") or ""
    before = to_comparable_outcome(recorded)
    after = to_comparable_outcome(
        replace(
            live,
            headers=pseudonymise_pairs(live.headers, personal_paths, "header"),
            body=pseudonymise_body(live.body, kind, personal_paths),
        )
    )
    for place in places:
        path = FieldPath.parse(place, "verify")
        was, now = list(find_values_at(before, path)), list(find_values_at(after, path))
        if was != now and _STANDIN not in str(was):
            yield place


def find_response_failure(response: Response, platform: Platform, api: Api) -> str | None:
    """Return the class of failures (``token``, ``transient`` …) to which *response* belongs.

    None if it is no failure, or if the API's ``recover`` says nothing of its class.
    """
    recipe = compile_without_instance_overrides(platform, api)
    failure = recipe.rules.find_failure_class(response, parsed_body(response))
    return failure if failure in recipe.recover else None


def compile_without_instance_overrides(platform: Platform, api: Api) -> CompiledApi:
    """Return the compiled rules of *api* for an instance that overrides nothing of *platform*."""
    nobody = Instance(platform=platform.platform_key, instance_key="any")
    return compile_api(platform, nobody, api)
