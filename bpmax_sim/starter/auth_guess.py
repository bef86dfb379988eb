"""Infer auth from traffic: the place of each credential, and the response that issued it.

A value that a response issued and that later requests carry is a token, and its exchange the login.
Other values in places of credentials were configured, and belong to the instance.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from bpmax_sim.cassette.matching import split_query
from bpmax_sim.i18n import msg
from bpmax_sim.js_values import loads_as_javascript
from bpmax_sim.messages import FORM, Exchange, Headers, Request, Response, parse_media_type
from bpmax_sim.platform.model import make_unique_name, to_snake_case
from bpmax_sim.secret.http_auth import read_basic, split_scheme
from bpmax_sim.secret.secret_names import is_redactable_everywhere, is_secret_name

_LITERALS: Final = frozenset({
    "grant_type", "scope", "response_type", "type", "lang", "locale", "format", "version",
    "audience",
})  # fmt: skip
"""Parameters of logins that are the same for everybody."""

_TTLS: Final = ("expires_in", "expiresin", "expire_in", "expirein", "expire", "expires", "ttl")
# Shorter values (a status, a page number) recur by chance.
_SHORTEST: Final = 8
# As seconds this is eleven days, longer than tokens usually live.
_MILLISECONDS: Final = 1_000_000
_SIGNED: Final = frozenset({"sign", "signature", "sig", "x_sign", "x_signature", "x_ca_signature"})
_OF_PAGE: Final = ("csrf", "xsrf")


class CredentialPlace(msgspec.Struct, frozen=True, order=True):
    """Where requests carry a credential.

    Attributes:
        place: ``header``, ``query`` or ``cookie``.
        name: name of the header, parameter or cookie.
    """

    place: str
    name: str


class AuthGuess(msgspec.Struct, frozen=True, kw_only=True):
    """The auth of a platform, inferred from its recorded traffic.

    Attributes:
        auth: value of the key ``auth`` in the platform file.
        credentials: value of the key ``credentials`` there.
        comments: reasons, one sentence each, for comments in that file.
        logins: exchanges that are logins, and so no API calls, in the order of the steps of *auth*.
        places: places of requests that auth fills, and so no parameters of APIs.
    """

    auth: Any = "none"
    credentials: Mapping[str, Any] = {}
    comments: tuple[str, ...] = ()
    logins: tuple[Exchange, ...] = ()
    places: tuple[CredentialPlace, ...] = ()


def find_credentials(request: Request) -> Iterator[tuple[CredentialPlace, str]]:
    """Yield place and value of each credential of *request*, recognised by its name."""
    for cookie in Headers(request.headers).request_cookies:
        yield CredentialPlace("cookie", cookie.name), cookie.value
    for name, value in request.headers:
        # `Proxy-Authorization` is for the proxy only, not for the third party (RFC 9110, 11.7.2).
        if is_secret_name(name) and name.lower() not in {"cookie", "proxy-authorization"}:
            spelled = "Authorization" if name.lower() == "authorization" else name
            yield CredentialPlace("header", spelled), value
    for name, value in split_query(request.url)[1]:
        if is_secret_name(name):
            yield CredentialPlace("query", name), value


def extract_raw_path(request: Request) -> str:
    """Return the path of *request* as sent: percent-encoded, without query and fragment."""
    return "/" + split_query(request.url)[0].partition("://")[2].partition("/")[2]


def find_issued_value_places(response: Response) -> dict[str, str]:
    """Return value -> its place in *response*, such as ``$.data.token`` or ``cookie:SESSION``.

    The values are those that may be credentials: cookies, headers with the name of a secret, and
    texts in JSON from 8 characters.
    """
    headers = Headers(response.headers)
    found = {value: f"cookie:{name}" for name, value in headers.response_cookies.items()}
    for name, value in response.headers:
        if len(value) >= _SHORTEST and is_secret_name(name) and name.lower() != "set-cookie":
            found.setdefault(value, f"header:{name}")
    for path, value in walk_scalars_outside_lists(parse_json_body(response), "$"):
        if isinstance(value, str) and len(value) >= _SHORTEST:
            found.setdefault(value, path)
    return found


def parse_json_body(response: Response) -> Any:
    """Return the JSON object or list in a response body; None if it is neither."""
    try:
        return loads_as_javascript(response.body) if response.body[:1] in b"{[" else None
    except (ValueError, RecursionError):
        return None


def walk_scalars_outside_lists(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield JSON path and value of each scalar in *value*, whose own path is *path*.

    Lists, and members whose name is no word, are left out: the path could not be written.
    """
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if re.fullmatch(r"\w+", name):
                yield from walk_scalars_outside_lists(inner, f"{path}.{name}")
    elif not isinstance(value, list):
        yield path, value


Uses = list[tuple[Exchange, str]]


def guess_auth(exchanges: Sequence[Exchange]) -> AuthGuess:
    """Return the auth inferred from *exchanges*, all of one platform.

    First every place of a credential is collected. A value there that an earlier response issued is
    a token, and that exchange the login; so are, going back, exchanges that issued what a login
    sends. Values that nobody issued are fixed credentials if the name of their place says so
    (``X-Api-Key``); else a page that was not recorded has issued them, and they stay in the script.
    """
    seen = _collect_credential_uses(exchanges)
    names = _CredentialNames()
    issued = _LoginTokens(names)
    for place, uses in sorted(seen.items()):
        if source := _find_source(exchanges, uses):
            issued.add_token_use(place, source)
    issued.add_earlier_steps(exchanges)
    applies, comments, places = issued.applies, issued.comments, issued.places
    credentials: dict[str, Any] = {}
    for place in sorted(seen.keys() - {*places}):
        values = [value for one, value in seen[place] if one.order not in issued.logins]
        if values and _holds_fixed_credential(place):
            draft = _draft_fixed_credential(place, values, names)
            applies.append(draft.apply_entry)
            credentials |= draft.credentials
            comments.append(draft.comment)
            places.append(place)
        # Neither issued by a recorded response nor a fixed credential: a page outside issued it.
        elif values:
            comments.append(
                msg(
                    "{place} {name} is of a page that was not seen, so it stays in the script; see "
                    "the presets csrf_session and form_session",
                    place=place.place,
                    name=place.name,
                )
            )
    return AuthGuess(
        auth=issued.draft_auth(credentials)
        if issued.logins
        else _find_preset_or_entries(applies, credentials),
        credentials=credentials,
        comments=tuple(comments),
        logins=tuple(issued.sort_logins()),
        places=tuple(places),
    )


def _collect_credential_uses(exchanges: Iterable[Exchange]) -> dict[CredentialPlace, Uses]:
    """Return each place of a credential in *exchanges*, with what the requests carry there.

    Headers are one place under their first spelling: one client writes ``X-Api-Key``, another one
    ``x-api-key``.
    """
    seen: dict[CredentialPlace, Uses] = {}
    headers: dict[str, CredentialPlace] = {}
    for exchange in exchanges:
        for place, value in find_credentials(exchange.request):
            is_header = place.place == "header"
            known = headers.setdefault(place.name.lower(), place) if is_header else place
            seen.setdefault(known, []).append((exchange, value))
    return seen


class TokenSource(NamedTuple):
    """Where a value that requests send was issued.

    Attributes:
        exchange: the exchange whose response issued it.
        place: place of the value in that response.
        prefix: text before the value in requests, such as ``Bearer``.
    """

    exchange: Exchange
    place: str
    prefix: str


class FixedCredentialDraft(NamedTuple):
    """The declaration of a fixed credential, such as an API key.

    Attributes:
        apply_entry: entry of ``auth: apply`` that puts it into requests.
        credentials: declared credentials: name -> what is known of each.
        comment: message that says why.
    """

    apply_entry: dict[str, str]
    credentials: dict[str, Any]
    comment: str


class _CredentialNames:
    """The names by which templates refer to credentials and tokens; each stands for one value."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._chosen: dict[tuple[str, frozenset[str]], str] = {}

    def choose_new(self, stem: str) -> str:
        """Return *stem*, with a number if it is taken; from now on the result is taken."""
        name = make_unique_name(stem, self._taken)
        self._taken.add(name)
        return name

    def choose(self, stem: str, *values: str) -> str:
        """Return the name of the credential that has *values* in the recorded requests.

        It is *stem*, with a number if another credential is called so: ``Api-Key`` and ``api_key``
        are one credential only if they have the same value.
        """
        key = stem, frozenset(values)
        if key not in self._chosen:
            self._chosen[key] = self.choose_new(stem)
        return self._chosen[key]


class _LoginTokens:
    """The tokens that recorded responses issued, and the exchanges (logins) that issued them."""

    def __init__(self, names: _CredentialNames) -> None:
        self.names = names
        self.logins: dict[int, Exchange] = {}
        self.extracts: dict[int, dict[str, Any]] = {}
        self.applies: list[dict[str, str]] = []
        self.comments: list[str] = []
        self.places: list[CredentialPlace] = []
        self.chained: dict[str, str] = {}

    def add_earlier_steps(self, exchanges: Sequence[Exchange]) -> None:
        """Add the exchanges that issued values which the logins themselves send."""
        waiting = [*self.logins.values()]
        while waiting:
            login = waiting.pop()
            for value in _find_token_candidates(login.request):
                source = _find_source(exchanges, [(login, value)])
                if source is None or value in self.chained or not is_redactable_everywhere(value):
                    continue
                earlier = source.exchange
                name = f"step_{len(self.chained) + 1}"
                name = self.chained[value] = self.names.choose_new(name)
                extract = {"path": source.place, "secret": True}
                self.extracts.setdefault(earlier.order, {})[name] = extract
                self.comments.append(
                    msg(
                        "the login has several steps: {after} sends what {before} issued",
                        after=f"{login.request.method} {extract_raw_path(login.request)}",
                        before=f"{earlier.request.method} {extract_raw_path(earlier.request)}",
                    )
                )
                if earlier.order not in self.logins:
                    self.logins[earlier.order] = earlier
                    waiting.append(earlier)

    def add_token_use(self, place: CredentialPlace, source: TokenSource) -> None:
        """Note that what requests carry at *place* was issued by *source*."""
        login, path, prefix = source
        self.logins[login.order] = login
        name = self.names.choose_new("token")
        self.extracts.setdefault(login.order, {})[name] = {"path": path, "secret": True}
        self.applies.append(_make_apply_entry(place, f"{prefix}{{{{ {name} }}}}"))
        self.places.append(place)
        self.comments.append(
            msg(
                "{place} {name} carries what the response of {method} {path} issued",
                place=place.place,
                name=place.name,
                method=login.request.method,
                path=extract_raw_path(login.request),
            )
        )

    def sort_logins(self) -> list[Exchange]:
        """Return the logins in the order in which they were sent, which is that of the steps."""
        return [login for _, login in sorted(self.logins.items())]

    def draft_auth(self, credentials: dict[str, Any]) -> dict[str, Any]:
        """Return the declaration ``auth``: the login's steps, and what it puts into requests.

        The credentials that the logins send are added to *credentials*: name -> declaration.
        """
        logins = self.sort_logins()
        steps, own = _draft_login_steps(logins, self.extracts, self.chained, self.names)
        credentials |= own
        acquire = {"share": sorted(own), "steps": steps, "ttl": _draft_ttl_unit(logins)}
        return {
            "acquire": {key: value for key, value in acquire.items() if value},
            "apply": self.applies,
            "recover": {"token": {"refresh": 1}},
        }


def _find_token_candidates(request: Request) -> Iterator[str]:
    """Yield the texts in query and body of *request* that are long enough to be tokens."""
    values = [value for _, value in split_query(request.url)[1]]
    if parse_media_type(Headers(request.headers).content_type) == FORM:
        text = (request.body or b"").decode(errors="replace")
        values += [value for _, value in parse_qsl(text)]
    elif request.body:
        body = parse_json_body(Response(status=200, body=request.body))
        values += [
            value for _, value in walk_scalars_outside_lists(body, "$") if isinstance(value, str)
        ]
    return (value for value in values if len(value) >= _SHORTEST)


def _holds_fixed_credential(place: CredentialPlace) -> bool:
    """Return whether *place* usually holds a fixed credential, such as an API key.

    Tokens of a page, such as CSRF tokens, are none.
    """
    name = place.name.lower()
    return is_secret_name(name) and not (
        place.place != "cookie" and any(w in name for w in _OF_PAGE)
    )


def _find_source(
    exchanges: Sequence[Exchange], uses: Sequence[tuple[Exchange, str]]
) -> TokenSource | None:
    """Return which response issued a value that later requests send.

    None if no response contains such a value.

    Args:
        exchanges: all exchanges.
        uses: pairs of an exchange and the text that it sends.
    """
    first_sent: dict[tuple[str, str], int] = {}
    for used, value in uses:
        scheme, rest = split_scheme(value)
        for text, prefix in ((value, ""), (rest, scheme)):
            before = first_sent.get((text, prefix), used.order)
            first_sent[text, prefix] = min(before, used.order)
    for exchange in exchanges:
        if not isinstance(exchange.outcome, Response):
            continue
        issued = find_issued_value_places(exchange.outcome)
        for (text, prefix), order in first_sent.items():
            # A value that was sent before is not issued here: the response only repeats it.
            if text in issued and order > exchange.order:
                return TokenSource(exchange, issued[text], prefix)
    return None


def _make_apply_entry(place: CredentialPlace, value: str) -> dict[str, str]:
    """Return an entry of ``auth: apply`` that puts the template *value* at *place*."""
    return {"in": place.place, "name": place.name, "value": value}


def _draft_fixed_credential(
    place: CredentialPlace, values: Sequence[str], names: _CredentialNames
) -> FixedCredentialDraft:
    """Return the declaration of a fixed credential.

    *values* are what the requests carry at *place*. The credential gets its name from that of the
    header or parameter, in ``Authorization`` it is a token; *names* has the names that are taken.
    """
    first = values[0]
    scheme = split_scheme(first)[0]
    if (basic := read_basic(first)) is not None:
        why = msg("requests carry a user name and a password (HTTP Basic)")
        text, credentials = _draft_basic(names, ("username", "password"), basic)
        return FixedCredentialDraft(_make_apply_entry(place, text), credentials, why)
    stem = "token" if place.name == "Authorization" else _to_identifier(place.name)
    name = names.choose(stem, *(split_scheme(value)[1] for value in values))
    # A signature differs in nearly every request, a token only each time that it is renewed.
    is_signed = to_snake_case(place.name.replace("-", "_")) in _SIGNED or len(set(values)) > max(
        1, len(values) // 2
    )
    why = (
        msg(
            "{place} {name} differs from request to request: a signature? Then declare `sign`, as "
            "how-to/sign-requests says",
            place=place.place,
            name=place.name,
        )
        if is_signed and len(values) > 1
        else msg("{place} {name} is the same in all requests", place=place.place, name=place.name)
    )
    entry = _make_apply_entry(place, f"{scheme}{{{{ {name} }}}}")
    return FixedCredentialDraft(entry, {name: {"secret": True}}, why)


def _draft_basic(
    names: _CredentialNames, stems: tuple[str, str], values: tuple[str, str]
) -> tuple[str, dict[str, Any]]:
    """Return the template of a header with HTTP Basic, and its two credentials, declared.

    *values* are user and password in a request, *stems* what they are called if that is free.
    """
    user, password = (names.choose(*pair) for pair in zip(stems, values, strict=True))
    template = f"Basic {{{{ ({user} ~ ':' ~ {password}) | b64 }}}}"
    return template, {user: {}, password: {"secret": True}}


def _to_identifier(name: str) -> str:
    text = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower()
    return text if text and text[0].isalpha() else f"key_{text}".rstrip("_")


def _find_preset_or_entries(
    applies: Sequence[Mapping[str, str]], credentials: dict[str, Any]
) -> Any:
    """Return the preset (``bearer``, ``basic`` …) with the same effect as the entries *applies*.

    A map with the entries themselves if there is none. For an API key *credentials* is changed to
    what its preset needs.
    """
    if not applies:
        return "none"
    if len(applies) == 1:
        (entry,) = applies
        if "username" in credentials:
            return "basic"
        if (entry["name"], entry["value"]) == ("Authorization", "Bearer {{ token }}"):
            return "bearer"
        if entry["value"].startswith("{{") and entry["name"] != "Authorization":
            credentials.clear()
            credentials["key"] = {"secret": True}
            return {"preset": "api_key", "in": entry["in"], "name": entry["name"]}
    return {"apply": list(applies)}


def _draft_login_steps(
    logins: Sequence[Exchange],
    extracts: Mapping[int, dict[str, Any]],
    chained: Mapping[str, str],
    names: _CredentialNames,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the ``steps`` of ``acquire``, and the credentials that they need.

    Args:
        logins: logins in the order of the steps.
        extracts: number of an exchange (its ``order``) -> the ``extract`` of its step: name of a
            value -> place in the response.
        chained: values that earlier steps yield -> their names.
        names: names that are taken.
    """
    steps, credentials = [], dict[str, Any]()
    for login in logins:
        sent, own = _draft_login_request(login.request, chained, names)
        credentials |= own
        found = dict(extracts[login.order])
        response = login.outcome
        if isinstance(response, Response):
            found |= _draft_ttl_extract(response)
        steps.append({"request": sent, "extract": found})
    return steps, credentials


def _draft_ttl_extract(response: Response) -> dict[str, Any]:
    """Return the ``extract`` entry for the token's lifetime in *response*; empty if it has none."""
    for path, _ in _find_lifetime_members(response):
        return {"ttl": {"path": path, "optional": True}}
    return {}


def _find_lifetime_members(response: Response) -> Iterator[tuple[str, int]]:
    for path, value in walk_scalars_outside_lists(parse_json_body(response), "$"):
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if is_number and path.rpartition(".")[2].lower() in _TTLS:
            yield path, value


def _draft_ttl_unit(logins: Sequence[Exchange]) -> dict[str, Any]:
    """Return the ``ttl`` of ``acquire``: ``{unit: ms}`` if a lifetime is too large for seconds.

    That of the last of *logins* counts, as the value that a later step extracts replaces the ones
    before.
    """
    responses = [one.outcome for one in reversed(logins) if isinstance(one.outcome, Response)]
    times = [value for response in responses for _, value in _find_lifetime_members(response)]
    return {"unit": "ms"} if times and times[0] >= _MILLISECONDS else {}


def _draft_login_request(
    request: Request, chained: Mapping[str, str], names: _CredentialNames
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a login's request as templates, and the credentials that it needs.

    *chained* are values that earlier steps yield, and their names; *names* has those that are
    taken.
    """
    credentials: dict[str, Any] = {}
    fill = partial(_replace_texts_by_templates, credentials, chained, names)
    sent: dict[str, Any] = {"method": request.method, "path": extract_raw_path(request)}
    query = {name: fill(name, value) for name, value in split_query(request.url)[1]}
    if query:
        sent["query"] = query
    headers = Headers(request.headers)
    if basic := read_basic(headers.get_first("authorization") or ""):
        text, own = _draft_basic(names, ("client_id", "client_secret"), basic)
        credentials |= own
        sent["headers"] = {"Authorization": text}
    if parse_media_type(headers.content_type) == FORM:
        text = (request.body or b"").decode(errors="replace")
        pairs = parse_qsl(text, keep_blank_values=True)
        sent["form"] = {name: fill(name, value) for name, value in pairs}
    elif request.body:
        value = parse_json_body(Response(status=200, body=request.body))
        sent |= {} if value is None else {"body": fill("body", value)}
    return sent, credentials


def _replace_texts_by_templates(
    credentials: dict[str, Any],
    chained: Mapping[str, str],
    names: _CredentialNames,
    name: str,
    value: Any,
) -> Any:
    """Return *value*, a part of a login's body, with templates in place of its texts.

    A text is replaced by the value of an earlier step if it is in *chained*, else by a credential
    called *name*, which is added to *credentials*. *names* has the names that are taken.
    """
    if isinstance(value, Mapping):
        return {
            key: _replace_texts_by_templates(credentials, chained, names, key, inner)
            for key, inner in value.items()
        }
    if not isinstance(value, str) or to_snake_case(name) in _LITERALS or not value:
        return value
    if value in chained:
        return f"{{{{ {chained[value]} }}}}"
    key = names.choose(_to_identifier(name), value)
    credentials[key] = {"secret": True} if is_secret_name(name) else {}
    return f"{{{{ {key} }}}}"


def group_origins_by_tokens(groups: Iterable[tuple[str, Sequence[Exchange]]]) -> list[set[str]]:
    """Return sets of origins that are one platform, as they send or issue the same tokens.

    *groups* are pairs of an origin (scheme, host, port) and its exchanges. Origins that share
    nothing are in no set.
    """
    holders: dict[str, set[str]] = {}
    for origin, exchanges in groups:
        for exchange in exchanges:
            for value in _find_sent_or_issued_tokens(exchange):
                holders.setdefault(value, set()).add(origin)
    merged: list[set[str]] = []
    for origins in (one for one in holders.values() if len(one) > 1):
        touching = [one for one in merged if one & origins]
        merged = [one for one in merged if not one & origins]
        merged.append(set().union(origins, *touching))
    return merged


def _find_sent_or_issued_tokens(exchange: Exchange) -> Iterator[str]:
    """Yield the credentials that *exchange* carries or issues.

    Short cookies are left out: they say what many servers know, such as a language.
    """
    for place, value in find_credentials(exchange.request):
        token = split_scheme(value)[1]
        if token and (place.place != "cookie" or len(token) >= _SHORTEST):
            yield token
    if isinstance(exchange.outcome, Response):
        for value, where in find_issued_value_places(exchange.outcome).items():
            if len(value) >= _SHORTEST and any(map(is_secret_name, re.split("[.:]", where))):
                yield value
