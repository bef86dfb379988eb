"""A rule table as frozen values: tokens, routes, checks, responses.

Places in a request are dotted names: ``query.x``, ``header.x`` (lower case), ``path.x``,
``form.x``, ``body.a.b``, ``credential.x``, and names that a check has added, such as ``user.name``.

If no table is shipped, one is derived from the platform file: its envelopes and its classes of
failures, including the response to a bad token.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import UNSET, UnsetType, field

from bpmax_sim.field_path import with_member
from bpmax_sim.messages import Response
from bpmax_sim.platform import model as declared
from bpmax_sim.platform.model import Model
from bpmax_sim.yamlfile import Seconds

Places = tuple[str, ...]
Row = Mapping[str, Any]


class ResponseTemplate(Model, frozen=True, kw_only=True):
    """A response of a rule table.

    In it, texts with ``{{ … }}`` are filled in for each request, and so are ``$`` nodes: objects
    that stand for other values, such as ``{"$rows": "users"}`` for records.

    Attributes:
        code: value of ``{{ code }}``, if it is not the key of the error.
        message: value of ``{{ message }}``.
        body: JSON; UNSET is the body of the table's ``ok`` or ``error``, null an empty body.
        text: body that is not JSON.
        alone: whether *body* is not merged over that of the table.
    """

    status: int | UnsetType = UNSET
    headers: Mapping[str, str] = {}
    code: str = ""
    message: str = ""
    body: Any = UNSET
    text: str | UnsetType = UNSET
    alone: bool = False


class TokenRule(Model, frozen=True, kw_only=True):
    """The life of a token, and its place in requests.

    Attributes:
        at: place, such as ``query.access_token``.
        scheme: text before the token, such as ``Bearer``.
        life: seconds.
        reuse: a login returns the current token while it has more than this many seconds left;
            UNSET for a new token each time.
        extend: whether a further login gives the same token its whole life again.
        overlap: seconds that an older token stays valid when a new one is issued; UNSET for its own
            life.
        prefix, length: format of the token.
        missing, invalid, expired: codes of errors.
    """

    at: str = "header.authorization"
    scheme: str = ""
    life: Seconds = 7200
    reuse: Seconds | UnsetType = UNSET
    extend: bool = False
    overlap: Seconds | UnsetType = UNSET
    prefix: str = ""
    length: int = 43
    missing: str = ""
    invalid: str = ""
    expired: str = ""


class LoginCredentialCheck(Model, frozen=True, kw_only=True):
    """A check of one credential of a login.

    Attributes:
        name: name of the credential.
        at: place in the request, such as ``body.appSecret``.
        missing, wrong: keys of the errors.
    """

    name: str
    at: str
    missing: str
    wrong: str


class Limit(Model, frozen=True, kw_only=True):
    """A rate limit: at most *count* requests in *per* seconds.

    Attributes:
        by: places of a request, such as ``body.mobile``; requests with different values there are
            counted separately.
        error: key of the refusal.
        block: seconds for which everything is refused once the limit is exceeded.
    """

    count: int
    per: Seconds
    error: str
    by: Places = ()
    block: Seconds = 0


class KnownParameters(Model, frozen=True, kw_only=True):
    """The parameters that a route supports; others are refused, as their effect is not simulated.

    Attributes:
        query, body: names; those of *body* are its top-level members. The token is always accepted.
    """

    query: Places = ()
    body: Places = ()
    error: str


class EqualityCheck(Model, frozen=True, kw_only=True):
    """A check that the value at a place equals that of another place, or one of *values*.

    Attributes:
        at: the place.
        to: the other place; empty to compare with *values*. ``credential.x`` is a credential of the
            instance; if the instance is not known yet, the check finds it by this credential.
        optional: whether a request may omit the value.
        error: key of the refusal.
    """

    at: str
    to: str = ""
    values: tuple[Any, ...] = field(default=(), name="in")
    optional: bool = False
    error: str


class PresenceCheck(Model, frozen=True, kw_only=True):
    """A check that the places *at* of a request have values; with *any_of*, that one has."""

    at: Places
    any_of: bool = False
    error: str


class TextSizeAndJsonCheck(Model, frozen=True, kw_only=True):
    """A check that the value at a place, if there is one, is a text of at most *most* bytes.

    Attributes:
        json: whether the text has to be JSON, too.
    """

    at: str
    most: int = 1_048_576
    json: bool = False
    error: str


class RecordExistsCheck(Model, frozen=True, kw_only=True):
    """A check that the record which the request names exists.

    Templates of the response find the record under *name*.

    Attributes:
        rows: kind of records, such as ``users``.
        by: fields of which one must equal the value at *at*.
        kind: place of the field's name in the request; only that one of *by* is compared, or the
            first one if the request has none.
        spell: field of a record -> place in the request of a type of ids. The field is a mapping by
            type, of which the requested one is used, or the first if none is requested.
        optional: whether a request may omit it.
        root: ids that are valid without a record, such as that of all departments.
    """

    rows: str = field(name="in")
    by: Places
    at: str
    kind: str = ""
    optional: bool = False
    root: Places = ()
    spell: Mapping[str, str] = {}
    name: str = field(name="as")
    error: str


class PageSelection(Model, frozen=True, kw_only=True):
    """A page of records that the request asks for.

    Templates of the response find it under *name*, with ``items``, ``total``, ``has_more``,
    ``next``.

    Attributes:
        rows: kind of records, such as ``users``.
        size, start: places of the page size, and of the ``next`` of the previous page.
        default, most: default size, and greatest size that is accepted.
        where: field -> place in the request of the value that it must equal.
        like: field -> place in the request of a text that it must contain.
        pick: fields that are returned; a single one is returned without its record.
        spell: field of a record -> place in the request of a type of ids. The field is a mapping by
            type, of which the requested one is returned, or the first if none is requested.
        error: key of the error for a size or start that is not accepted.
    """

    rows: str = field(name="in")
    size: str
    start: str
    default: int
    most: int
    where: Mapping[str, str] = {}
    like: Mapping[str, str] = {}
    pick: str | Places = ()
    spell: Mapping[str, str] = {}
    name: str = field(name="as", default="page")
    error: str


class GroupMemberLookup(Model, frozen=True, kw_only=True):
    """Which records are the members of a group.

    Attributes:
        rows: kind of records.
        by: field that has the key of the group, or a list of keys.
        id: field that identifies the member.
    """

    rows: str = field(name="in")
    by: str
    id: str


class ReceiverCheck(Model, frozen=True, kw_only=True):
    """Who receives the message that the request sends.

    Templates of the response find the receivers that do not exist under *name*. The request is
    refused with *error*, if that is set, when neither this check nor an earlier one has found a
    receiver.

    Attributes:
        rows: kind of records that receivers are, such as ``users``.
        by: fields of such a record, one of which has to equal the receiver's name in the request.
        at: place in the request of the list of names, or of a text that is split at *split*.
        everybody: name that means all of these records.
        kind: place in the request that says which one of *by* the names are; "" compares them with
            all.
        members: which records are the members, who get the message, if *rows* are groups.
        lower: whether names that do not exist are given in lower case.
        name: name for templates, where *split* joins the names again.
        error: key of the error in the rule table; "" for none.
    """

    rows: str = field(name="in")
    by: Places
    at: str
    split: str = ""
    everybody: str = ""
    kind: str = ""
    members: GroupMemberLookup | UnsetType = UNSET
    lower: bool = False
    name: str = field(name="as", default="unknown")
    error: str = ""


class IdempotencyCheck(Model, frozen=True, kw_only=True):
    """A check that a repeated request has no second effect.

    A repetition is one with the same key within *window* seconds.

    Attributes:
        at: places whose values make up the key; without values there is no key.
        when: place that has to be 1 or true for the check to apply.
        window_at: place of the window in the request, which may be at most *window*.
        default: window if the request has none; UNSET for *window*.
        error: refusal of a repetition; by default it gets the first response again.
    """

    at: Places
    window: Seconds
    when: str = ""
    window_at: str = ""
    default: Seconds | UnsetType = UNSET
    error: str = ""


class Delivery(Model, frozen=True, kw_only=True):
    """The sending of the message in a request: the simulator notes it for each receiver.

    Too many for one receiver are dropped silently, as third parties do.

    Attributes:
        count, per: maximum number of messages to one receiver, and the seconds that it is for; a
            *count* of 0 is no maximum.
        same: seconds in which equal messages to one receiver count only once.
    """

    count: int = 0
    per: Seconds = 60
    same: Seconds = 0


class SignatureCheck(Model, frozen=True, kw_only=True):
    """A check of the signature, which the platform file declares; skipped for an API without one.

    Attributes:
        window: seconds by which its time may differ from now.
        error: code for a wrong signature; also for *expired* and *used* if these are absent.
    """

    window: Seconds = 3600
    error: str
    expired: str = ""
    used: str = ""


class OAuthGrants(Model, frozen=True, kw_only=True):
    """The token endpoint of RFC 6749: client credentials and refresh tokens, which rotate.

    Attributes:
        client, secret: names of the two credentials.
        refresh: whether the grant ``refresh_token`` is supported.
    """

    client: str = "client_id"
    secret: str = "client_secret"  # noqa: S105 - the name of a credential
    refresh: bool = True

    def get_credential_names(self, kind: str) -> set[str] | None:
        """Return the names of the credentials that a grant of *kind* needs.

        None if that kind of grant is refused.
        """
        if kind == "client_credentials":
            return {self.client, self.secret}
        is_refresh = kind == "refresh_token" and self.refresh
        return {self.client, self.secret, kind} if is_refresh else None


class RouteCheck(Model, frozen=True, kw_only=True):
    """One check of a route; exactly one of its members is set, and says what is checked.

    What a check finds is passed on to the templates of the response, by a name.

    Attributes:
        token: the token of the request.
        login: credentials of a login, which then issues a token.
        grants: an OAuth request for a token.
        object: that the body is a JSON object; the value is the key of the error.
        known: that there are no other parameters.
        need: that places of the request have values.
        equal: that a value equals another one.
        text: that a value is a text of limited size.
        find: that a record exists, which is passed on.
        page: the size and start of a page of records, which is passed on.
        receivers: that receivers of a message exist; those that do not are passed on.
        limit: that there are not too many requests.
        once: that a repeated request has no second effect.
        deliver: nothing; the message counts as sent to its receivers (`Simulator.messages`).
        signed: the signature that the platform file declares.
    """

    token: bool | UnsetType = UNSET
    login: tuple[LoginCredentialCheck, ...] | UnsetType = UNSET
    grants: OAuthGrants | UnsetType = UNSET
    object: str | UnsetType = UNSET
    known: KnownParameters | UnsetType = UNSET
    need: PresenceCheck | UnsetType = UNSET
    equal: EqualityCheck | UnsetType = UNSET
    text: TextSizeAndJsonCheck | UnsetType = UNSET
    find: RecordExistsCheck | UnsetType = UNSET
    page: PageSelection | UnsetType = UNSET
    receivers: ReceiverCheck | UnsetType = UNSET
    limit: Limit | UnsetType = UNSET
    once: IdempotencyCheck | UnsetType = UNSET
    deliver: Delivery | UnsetType = UNSET
    signed: SignatureCheck | UnsetType = UNSET


class Route(Model, frozen=True, kw_only=True):
    """What a third party does with requests to one address.

    Attributes:
        on: ``METHOD /path/{name}``.
        open: whether the table's own checks, such as that of the token, are skipped.
        checks: checks of the request, in order.
        answer: response if all pass, merged over the table's ``ok``.
    """

    on: str
    open: bool = False
    checks: tuple[RouteCheck, ...] = ()
    answer: ResponseTemplate = ResponseTemplate()


class CredentialFormat(Model, frozen=True, kw_only=True):
    """A vendor's format of a credential: *prefix*, then groups of hexadecimal digits.

    Attributes:
        groups: number of digits of each group; groups are joined by hyphens.
    """

    prefix: str = ""
    groups: tuple[int, ...]


class RuleTable(Model, frozen=True, kw_only=True):
    """The rules by which a third party is simulated; tables of well-known ones are shipped.

    Attributes:
        checked: when the rules were last compared with the sources at the head of the file.
        latency: seconds that every response takes.
        ok, error: base of all responses; those of routes and errors are merged over them.
        unknown: response to a path that does not exist.
        busy: error of too many requests.
        errors: errors by code.
        checks: checks that come first on every route that is not a login.
        rows: records by kind, such as ``users``.
        credentials: formats of credentials by name, for clients that check the format.
    """

    simulator: str
    title: str = ""
    checked: str = ""
    latency: Seconds = 0.05
    ok: ResponseTemplate = ResponseTemplate()
    error: ResponseTemplate = ResponseTemplate()
    unknown: ResponseTemplate = ResponseTemplate()
    busy: str = "rate"
    errors: Mapping[str, ResponseTemplate] = {}
    tokens: TokenRule = TokenRule()
    checks: tuple[RouteCheck, ...] = ()
    rows: Mapping[str, tuple[Row, ...]] = {}
    credentials: Mapping[str, CredentialFormat] = {}
    routes: tuple[Route, ...] = ()


def is_login(route: Route) -> bool:
    """Return whether *route* issues a token, that is, has a check of login credentials."""
    return any(check.login is not UNSET or check.grants is not UNSET for check in route.checks)


def find_checked_credentials(route: Route, request: declared.LoginRequest) -> set[str] | None:
    """Return the names of the credentials that *route* checks for a login with *request*.

    None if the route refuses such a request.
    """
    names: set[str] | None = set()
    for check in route.checks:
        if check.login is not UNSET:
            names = {credential.name for credential in check.login}
        elif check.grants is not UNSET:
            form = request.form if isinstance(request.form, Mapping) else {}
            names = check.grants.get_credential_names(str(form.get("grant_type")))
    return names


_NO_API: Final = declared.Api()
_NAMES = re.compile(r"[^$.\[\]'\"]+")
_CLASSES: Final = {
    "token": (401, "the token is missing, unknown or over"),
    "rate": (429, "too many requests"),
    "transient": (503, "busy, try again"),
}
_OTHER_CLASS: Final = (400, "refused")
_ERRORS: Final = {
    "400": (400, ""),
    "401": (401, "the credentials are wrong"),
    "404": (404, "there is no such interface"),
    "409": (409, "the same request was made before"),
    "expired": (401, "the time of the signature is too old"),
    "used": (401, "the nonce was used before"),
    "signature": (401, "the signature is wrong"),
}
"""The status of each error that no platform file declares, and its message."""


def derive_rules(platform: declared.Platform, api: declared.Api = _NO_API) -> RuleTable:
    """Return rules for a third party without rule table, taken from its platform file.

    If *api* declares its own auth or response rules, they are used instead of the platform's.
    """
    rules, acquire = platform.response_of(api), platform.auth_of(api).acquire
    errors = {name: _make_error_class_template(rules, name) for name in _CLASSES}
    for name, (status, message) in _ERRORS.items():
        errors[name] = ResponseTemplate(status=status, code=str(status), message=message)
    error: dict[str, Any] = {}
    _set_in_response(error, {}, _get_first_path(rules.code) or "$.code", {"$value": "code"})
    _set_in_response(
        error, {}, _get_first_path(rules.message) or "$.message", {"$value": "message"}
    )
    return RuleTable(
        simulator=platform.platform_key,
        title=platform.title,
        ok=_make_success_template(rules),
        error=ResponseTemplate(body=error),
        errors=errors,
        tokens=TokenRule(
            life=acquire.ttl.default if acquire else 7200,
            missing="token",
            invalid="token",
            expired="token",
        ),
    )


def set_at_path(body: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a JSON path of names only, such as ``$.data.name``, in *body*."""
    if names := _NAMES.findall(path):
        body.update(with_member(body, names, value))


def _make_success_template(rules: declared.ResponseRules) -> ResponseTemplate:
    body: dict[str, Any] = {}
    headers: dict[str, str] = {}
    # Codes and messages of errors alone have no place in a good response.
    if rules.data or rules.ok.all:
        if (
            (code := _get_first_path(rules.code))
            and not rules.ok.all
            and not code.startswith("header:")
        ):
            # Where nothing says what a success is, scripts ask for `result.code === 200`.
            set_at_path(body, code, 200)
        if message := _get_first_path(rules.message):
            _set_in_response(body, headers, message, "ok")
    for condition in rules.ok.all:
        if condition.any_of:
            _set_in_response(body, headers, condition.path, condition.any_of[0])
    status = rules.ok.status[0] if rules.ok.status else 200
    return ResponseTemplate(status=status, headers=headers, body=body)


def _make_error_class_template(rules: declared.ResponseRules, name: str) -> ResponseTemplate:
    """Return the response of the failure class *name*, such as ``token``.

    Its HTTP status is the first that *rules* declare for the class. If they declare only codes in
    the body, it is a success where a response counts as one only if its code says so too, else the
    usual status of such a failure, as 401 for ``token``.
    """
    status, message = _CLASSES.get(name, _OTHER_CLASS)
    own = rules.classes.get(name, declared.ErrorClass(status=(status,)))
    if own.status:
        status = own.status[0]
    elif rules.ok.all:
        status = (rules.ok.status or (200,))[0]
    code = str(own.code[0]) if own.code else str(status)
    headers: dict[str, str] = {}
    for path in rules.code[:1]:
        _set_in_response({}, headers, path, code)
    return ResponseTemplate(status=status, headers=headers, code=code, message=message)


def _get_first_path(paths: Iterable[str]) -> str:
    return next(iter(paths), "")


def _set_in_response(body: dict[str, Any], headers: dict[str, str], path: str, value: Any) -> None:
    if path.startswith("header:"):
        headers[path.removeprefix("header:")] = str(value)
    else:
        set_at_path(body, path, value)


def make_refusal_with_code(
    rules: declared.ResponseRules, name: str, code: Any, message: str = "refused (fault)"
) -> Response:
    """Return a response of the failure class *name*, such as ``rate``, for fault injection.

    *rules* say at which places of a response code and message are. It has the business code *code*
    unless that is `UNSET`.
    """
    headers = {"content-type": "application/json; charset=utf-8"}
    body: dict[str, Any] = {}
    if code is not UNSET:
        _set_in_response(body, headers, _get_first_path(rules.code), code)
    _set_in_response(body, headers, _get_first_path(rules.message), message)
    status = _make_error_class_template(rules, name).status
    assert isinstance(status, int)
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    pairs = tuple((name.lower(), value) for name, value in headers.items())
    return Response(status=status, headers=pairs, body=text.encode())
