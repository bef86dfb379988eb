"""Draft a platform file from traffic: hosts, auth, success rule, and an API for each template.

The observed address is not written into it: the platform gets an invented one, and the instance
reads the real one from an environment variable. Each guess has a comment that says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from bpmax_sim.cassette.matching import split_query
from bpmax_sim.i18n import join_list, msg, plural, translate
from bpmax_sim.js_values import loads_as_javascript
from bpmax_sim.messages import (
    FORM,
    Exchange,
    Headers,
    Request,
    Response,
    parse_media_type,
    parse_origin,
)
from bpmax_sim.path_template import list_placeholders
from bpmax_sim.platform.model import make_unique_name, to_snake_case
from bpmax_sim.starter.auth_guess import AuthGuess, extract_raw_path, guess_auth, parse_json_body
from bpmax_sim.starter.path_patterns import (
    ObservedPath,
    find_templates,
    make_json_shape_key,
    to_singular,
)
from bpmax_sim.yamlfile import write_yaml

_GENERIC_LABELS: Final = frozenset({
    "www", "api", "apis", "open", "openapi", "gateway", "gw", "app", "prod", "test", "uat", "dev",
    "staging", "com", "cn", "net", "org", "io", "co", "gov", "edu", "local", "localhost", "example",
    "internal", "svc",
})  # fmt: skip
_LEADING: Final = re.compile(r"api|rest|v\d+(\.\d+)*|services?|open|openapi|public", re.IGNORECASE)
_VERBS: Final = {"POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
_CODES: Final = (
    "code", "errcode", "errCode", "error_code", "errorCode", "errno", "ret", "retcode", "retCode",
    "resultCode", "result_code", "Code", "status", "success",
)  # fmt: skip
_GOOD: Final = ("0", "200", "00000", "000000", "0000", "success", "ok", "true", "1")
_MESSAGES: Final = (
    "message",
    "msg",
    "errmsg",
    "errMsg",
    "error_msg",
    "errorMsg",
    "Message",
    "error_description",
)
_DATA: Final = ("data", "result", "Data")
_OF_CLIENTS: Final = re.compile(
    r"accept(-.*)?|user-agent|referer|origin|sec-.*|cookie|content-.*|host|connection|pragma|dnt|te"
    r"|cache-control|upgrade-insecure-requests|priority|if-.*|authorization|proxy-.*|postman-token"
    r"|traceparent|tracestate|x-forwarded-.*|via|expect|transfer-encoding|keep-alive|range|:.*"
)
_OK: Final = range(200, 300)
_REDIRECT: Final = range(300, 400)
_UNAUTHORISED: Final = 401


class PlatformDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A drafted platform file and its instance.

    Attributes:
        text: text of the platform file.
        instance: entry for ``instances.yaml``.
        addresses: variable of the instance -> the observed address.
        apis: key of an API -> its text below ``apis``.
    """

    key: str
    text: str
    instance: Mapping[str, Any]
    addresses: Mapping[str, str]
    apis: Mapping[str, str]


def make_platform_key(origin: str) -> str:
    """Return a key for the platform at *origin*: ``crm`` of ``https://api.crm.example.com``."""
    host = urlsplit(origin).hostname or ""
    labels = [label for label in host.split(".") if label and label not in _GENERIC_LABELS]
    names = [label for label in labels if not label.isdigit() and ":" not in label]
    text = re.sub(r"\W+", "_", names[0] if names else "", flags=re.ASCII).strip("_").lower()
    port = urlsplit(origin).port
    return text if text and text[0].isalpha() else f"api_{port}" if port else "api"


def make_variable_prefix(key: str) -> str:
    """Return the prefix of environment variables for platform *key*."""
    return re.sub(r"\W+", "_", key, flags=re.ASCII).strip("_").upper() or "API"


def add_comments(lines: Iterable[str], text: str, indent: str = "") -> str:
    """Return *text* with a YAML comment above it for each of *lines*, translated and indented.

    *indent* is the white space in front of each comment.
    """
    return "".join(f"{indent}# {translate(line)}\n" for line in lines) + text


class _ApiTraffic(msgspec.Struct, frozen=True):
    """The exchanges with one method, path template and host, which are taken as one API.

    *host* is the name of a further host of the platform; "" for its main one.
    """

    method: str
    template: str
    host: str
    exchanges: list[Exchange]


def draft_platform(
    key: str, exchanges: Sequence[Exchange], origins: Sequence[str], taken: Iterable[str] = ()
) -> PlatformDraft:
    """Return the platform file and instance inferred from *exchanges*.

    Args:
        key: key of the platform.
        exchanges: its traffic.
        origins: scheme, host and port of its servers, the main one first.
        taken: names of APIs that exist already and cannot be given again.
    """
    auth = guess_auth(exchanges)
    logins = {login.order for login in auth.logins}
    hosts = _draft_host_names(origins[1:])
    calls = [exchange for exchange in exchanges if exchange.order not in logins]
    drafts = list(_find_apis(calls, hosts))
    names = _name_apis(drafts, {*map(to_snake_case, taken)})
    apis = {
        name: add_comments(notes, _format_api_yaml(name, value), "  ")
        for name, (value, notes) in zip(
            names, (_draft_api(one, auth) for one in drafts), strict=True
        )
    }
    text = add_comments(
        _draft_head_comments(make_variable_prefix(key)),
        write_yaml(_draft_invented_address_keys(key, hosts)),
    )
    if auth.credentials:
        text += write_yaml({"credentials": dict(auth.credentials)}, block_levels=2)
    rules, notes = _draft_response_rules(calls)
    if rules:
        text += add_comments(notes, write_yaml({"response": rules}, block_levels=2))
    placed = _add_login_hosts(auth, hosts)
    text += add_comments(_draft_auth_comments(auth), write_yaml({"auth": placed}, block_levels=4))
    instance, addresses = _draft_instance_and_addresses(key, origins[0], hosts, auth)
    return PlatformDraft(
        key=key,
        text=f"{text}apis:\n{''.join(apis.values())}",
        instance=instance,
        addresses=addresses,
        apis=apis,
    )


def _draft_invented_address_keys(key: str, hosts: Mapping[str, str]) -> dict[str, Any]:
    """Return the first keys of a platform file, with invented addresses in place of the real ones.

    *hosts* maps the further origins to the names of their hosts.
    """
    own = f"{key.replace('_', '-')}.example.test"
    value: dict[str, Any] = {"platform_key": key, "title": key, "base_url": f"https://{own}"}
    if hosts:
        value["hosts"] = {
            name: f"https://{name.replace('_', '-')}.{own}" for name in hosts.values()
        }
    return value


def _draft_instance_and_addresses(
    key: str, origin: str, hosts: Mapping[str, str], auth: AuthGuess
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the entry for ``instances.yaml``, and the real address for each of its variables.

    The entry reads the platform's address, those of further *hosts* (origin -> name) and the
    credentials of *auth* from environment variables that begin with the platform's *key*. *origin*
    is the real address of the platform.
    """
    prefix = make_variable_prefix(key)
    instance: dict[str, Any] = {"platform": key, "instance_key": "default", "default": True}
    instance["base_url"] = {"env": f"{prefix}_URL"}
    addresses = {f"{prefix}_URL": origin}
    for address, name in hosts.items():
        variable = f"{prefix}_{name}_URL".upper()
        instance.setdefault("hosts", {})[name] = {"env": variable}
        addresses[variable] = address
    if auth.credentials:
        names = {name: {"env": f"{prefix}_{name}".upper()} for name in auth.credentials}
        instance["credentials"] = names
    return instance, addresses


def _draft_head_comments(prefix: str) -> Iterator[str]:
    yield msg("Drafted by bpmax-sim init --from; a comment stands at each guess.")
    yield msg("Guess: key and title, of the host's name; names of APIs, of method and path.")
    yield msg(
        "The address is made up; {prefix}_URL has the true one while you record.", prefix=prefix
    )


def _draft_auth_comments(auth: AuthGuess) -> Iterator[str]:
    yield from (msg("Guess: {reason}.", reason=reason) for reason in auth.comments)
    if not auth.comments:
        yield msg("Guess: no request carried a credential.")


def _draft_host_names(origins: Iterable[str]) -> dict[str, str]:
    """Return each of a platform's further *origins* with its name in ``hosts``.

    It is the first label of the host name; if that is no name, ``host_2`` for the second origin of
    the platform. Each has another one.
    """
    names: dict[str, str] = {}
    for number, origin in enumerate(origins, 2):
        label = (urlsplit(origin).hostname or "").partition(".")[0]
        text = re.sub(r"\W+", "_", label, flags=re.ASCII).strip("_").lower()
        stem = text if text and text[0].isalpha() else f"host_{number}"
        names[parse_origin(origin)] = make_unique_name(stem, names.values())
    return names


def _add_login_hosts(auth: AuthGuess, hosts: Mapping[str, str]) -> Any:
    """Add ``host`` to each login request in *auth* that was sent to a further origin.

    *hosts* maps these origins to their names. Return the value of ``auth``, changed in place.
    """
    for step, login in zip(
        auth.auth.get("acquire", {}).get("steps", ()) if isinstance(auth.auth, dict) else (),
        auth.logins,
        strict=True,
    ):
        if host := hosts.get(parse_origin(login.request.url)):
            step["request"]["host"] = host
    return auth.auth


def _find_apis(exchanges: Sequence[Exchange], hosts: Mapping[str, str]) -> Iterator[_ApiTraffic]:
    by_origin: dict[str, list[Exchange]] = {}
    for exchange in exchanges:
        by_origin.setdefault(parse_origin(exchange.request.url), []).append(exchange)
    for origin, own in by_origin.items():
        templates = find_templates(
            ObservedPath(
                one.request.method, extract_raw_path(one.request), _make_response_shape_key(one)
            )
            for one in own
        )
        found: dict[tuple[str, str], _ApiTraffic] = {}
        for exchange in own:
            place = (
                exchange.request.method,
                templates[exchange.request.method, extract_raw_path(exchange.request)],
            )
            found.setdefault(
                place, _ApiTraffic(*place, hosts.get(origin, ""), [])
            ).exchanges.append(exchange)
        yield from found.values()


def _make_response_shape_key(exchange: Exchange) -> str:
    """Return a text that is equal for successful responses of one shape; "" for other responses.

    It has the member names of JSON, or the media type of anything else.
    """
    response = exchange.outcome
    if not isinstance(response, Response) or response.status not in _OK:
        return ""
    value = parse_json_body(response)
    return (
        make_json_shape_key(value)
        if value is not None
        else parse_media_type(Headers(response.headers).content_type)
    )


def _name_apis(drafts: Sequence[_ApiTraffic], taken: set[str]) -> list[str]:
    paths = [[part for part in one.template.split("/") if part] for one in drafts]
    names = []
    for draft, whole in zip(drafts, paths, strict=True):
        parts = _drop_generic_leading_segments(whole)
        words = [
            to_singular(part)
            if number + 1 < len(parts) and parts[number + 1].startswith("{")
            else part
            for number, part in enumerate(parts)
            if not part.startswith("{")
        ]
        plain = re.sub(r"\W+", "_", "_".join(words), flags=re.ASCII).strip("_") or "root"
        # POST /orders creates an order; POST /order/cancel does what its path says.
        is_verb = draft.method == "POST" and not plain.endswith("s")
        stem = to_snake_case(
            plain if is_verb else f"{_VERBS.get(draft.method, draft.method.lower())}_{plain}"
        )
        if draft.method == "POST" and not is_verb:
            stem = to_snake_case(f"create_{'_'.join([*words[:-1], to_singular(words[-1])])}")
        stem = re.sub(r"\W+", "_", stem, flags=re.ASCII)
        stem = stem if stem[0].isalpha() else f"call_{stem.strip('_')}"
        name = make_unique_name(stem, taken)
        taken.add(name)
        names.append(name)
    return names


def _drop_generic_leading_segments(parts: list[str]) -> list[str]:
    """Return path *parts* without leading ones that are not specific, such as ``api/v1``."""
    start = 0
    while start < len(parts) - 1 and _LEADING.fullmatch(parts[start]):
        start += 1
    return parts[start:]


def _format_api_yaml(name: str, value: Mapping[str, Any]) -> str:
    return write_yaml({"apis": {name: value}}, block_levels=3).partition("\n")[2]


def _draft_api(draft: _ApiTraffic, auth: AuthGuess) -> tuple[dict[str, Any], list[str]]:
    """Return the declaration of the API of which *draft* is the traffic, and comments on guesses.

    Places that *auth* fills do not become parameters.
    """
    requests = [exchange.request for exchange in draft.exchanges]
    notes = []
    for name in list_placeholders(draft.template):
        count = len({extract_raw_path(one) for one in requests})
        if count == 1:
            notes.append(msg("Guess: {name} of the path was seen with one value.", name=name))
    value: dict[str, Any] = {"method": draft.method, "path": draft.template}
    if draft.method == "GET":
        del value["method"]
    if draft.host:
        value["host"] = draft.host
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True} for name in list_placeholders(draft.template)
    ]
    parameters += _draft_parameters_besides_auth(
        "query", [dict(split_query(one.url)[1]) for one in requests], auth
    )
    headers = _spell_names_alike([_select_declarable_headers(one) for one in requests])
    parameters += _draft_parameters_besides_auth("header", headers, auth)
    body, more = _draft_body(requests)
    value["parameters"] = list(_make_names_unique([*parameters, *body]))
    if not value["parameters"]:
        del value["parameters"]
    required = [
        one["name"] for one in (*parameters, *body) if "required" in one and one["in"] != "path"
    ]
    if required:
        seen = plural(len(requests), "the one request", "all {number} requests")
        notes.append(
            msg("Guess: {names} required, as {seen} had it.", names=join_list(required), seen=seen)
        )
    if any(
        isinstance(one.outcome, Response) and one.outcome.status in _REDIRECT
        for one in draft.exchanges
    ):
        more["redirects"] = "result"
    return value | more, notes


def _select_declarable_headers(request: Request) -> dict[str, str]:
    """Return the headers that an API declares, without those that every HTTP client sends."""
    return {
        name: value for name, value in request.headers if not _OF_CLIENTS.fullmatch(name.lower())
    }


def _spell_names_alike(observed: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return *observed*, the headers of requests, with each name as it was spelled first.

    Case does not count in names of headers, and clients differ in it.
    """
    first: dict[str, str] = {}
    return [
        {first.setdefault(name.lower(), name): value for name, value in one.items()}
        for one in observed
    ]


def _draft_parameters_besides_auth(
    place: str, observed: Sequence[Mapping[str, Any]], auth: AuthGuess
) -> Iterator[dict[str, Any]]:
    """Yield a parameter for each name in *observed*, one map of names to values per request.

    *place* is where the names are, such as ``query``. A parameter is required if all requests have
    it. Places that *auth* fills are no parameters.
    """
    hidden = {one.name.lower() for one in auth.places if one.place == place}
    for name in dict.fromkeys(name for one in observed for name in one):
        if name.lower() not in hidden:
            entry: dict[str, Any] = {"name": name, "in": place}
            if all(name in one for one in observed):
                entry["required"] = True
            yield entry


def _make_names_unique(parameters: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield *parameters* with unique names: a duplicate gets its place in front, ``query_id``."""
    names: set[str] = set()
    for one in parameters:
        name, number = one["name"], 1
        while name in names:
            number += 1
            name = f"{one['in']}_{one['name']}" + ("" if number == 2 else f"_{number}")  # noqa: PLR2004 - the first
        names.add(name)
        yield (
            one
            if name == one["name"]
            else {
                "name": name,
                "in": one["in"],
                "to": one.get("to", one["name"]),
                **{k: v for k, v in one.items() if k not in {"name", "in", "to"}},
            }
        )


_KINDS: Final = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


def _draft_body(requests: Sequence[Request]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the parameters that the body consists of, and the API's ``encoding`` and headers."""
    bodies = [one for one in requests if one.body]
    if not bodies:
        return [], {}
    lacking: list[dict[str, Any]] = [{}] * (len(requests) - len(bodies))
    content_type = Headers(bodies[0].headers).content_type
    media = parse_media_type(content_type)
    whole = [{"name": "body", "in": "body", "to": "$"}]
    if media == FORM:
        pairs = [
            dict(parse_qsl((one.body or b"").decode(errors="replace"), keep_blank_values=True))
            for one in bodies
        ]
        return list(_draft_body_members([*pairs, *lacking], typed=False)), {"encoding": "form"}
    if "json" not in media and media:
        kind = "xml" if "xml" in media else "text"
        return whole, {"encoding": kind, "headers": {"Content-Type": content_type}}
    values = [_parse_request_json(one) for one in bodies]
    more = {} if media in {"application/json", ""} else {"headers": {"Content-Type": content_type}}
    are_objects = all(isinstance(value, dict) for value in values)
    if not are_objects or any(
        not re.fullmatch(r"[^\W\d][\w-]*", name) for value in values for name in value
    ):
        return whole, more
    return list(_draft_body_members([*values, *lacking], typed=True)), more


def _parse_request_json(request: Request) -> Any:
    try:
        return loads_as_javascript(request.body or b"null")
    except (ValueError, RecursionError):
        return None


def _draft_body_members(
    values: Sequence[Mapping[str, Any]], *, typed: bool
) -> Iterator[dict[str, Any]]:
    for name in dict.fromkeys(name for value in values for name in value):
        own = [value[name] for value in values if name in value]
        entry: dict[str, Any] = {"name": name, "in": "body"}
        if len(own) == len(values):
            entry["required"] = True
        kinds = {type(one) for one in own if one is not None}
        if typed and len(kinds) == 1 and (kind := _KINDS.get(kinds.pop())):
            entry["type"] = kind
        yield entry


def _draft_response_rules(exchanges: Sequence[Exchange]) -> tuple[dict[str, Any], list[str]]:
    """Return the value of ``response`` for a platform file, and comments on what was guessed.

    It says by which HTTP status and which member, such as ``code``, responses are a success.
    """
    responses = [one.outcome for one in exchanges if isinstance(one.outcome, Response)]
    good = [one for one in responses if one.status in _OK]
    values = [value for one in good if isinstance(value := parse_json_body(one), dict)]
    states = sorted({one.status for one in good}) or [200]
    found = _guess_success_rule(values)
    classes = (
        {"token": {"status": [401]}}
        if any(one.status == _UNAUTHORISED for one in responses)
        else {}
    )
    if found is None:
        return ({"classes": classes} if classes else {}), [
            msg("Guess: HTTP 401 means a bad token.")
        ]
    name, accepted, others = found
    rules: dict[str, Any] = {
        "ok": {"status": states, "all": [{"path": f"$.{name}", "in": accepted}]},
        "code": [f"$.{name}"],
    }
    for key, names in (("message", _MESSAGES), ("data", _DATA)):
        place = next((one for one in names if any(one in value for value in values)), "")
        if place:
            rules[key] = [f"$.{place}"]
    if classes:
        rules["classes"] = classes
    notes = [
        msg(
            "Guess: {name} is the business code, and {codes} a success.",
            name=name,
            codes=join_list(map(str, accepted)),
        )
    ]
    if others:
        notes.append(
            msg("Seen too, and taken for failures: {codes}", codes=join_list(map(str, others)))
        )
    return rules, notes


def _guess_success_rule(
    values: Sequence[Mapping[str, Any]],
) -> tuple[str, list[Any], list[Any]] | None:
    """Return the member that says whether a call succeeded, its good values, and its others.

    That is a member such as ``code`` with a value such as 0; None if there is none.
    """
    for name in _CODES:
        seen = [value[name] for value in values if isinstance(value.get(name), str | int | bool)]
        # What less than half of the responses have is data, and says nothing of success.
        if not seen or 2 * len(seen) < len(values):
            continue
        codes = list(dict.fromkeys(seen))
        accepted = [code for code in codes if str(code).lower() in _GOOD]
        if accepted and (name != "status" or str(accepted[0]) != "1"):
            return name, accepted, [code for code in codes if code not in accepted]
    return None
