"""What a call must say, in plain dicts: the rules of the builder and of auth, written once more.

Nothing of the package's proxy is used here but its values for what Python has not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote, quote_plus, unquote

from bpmax_sim.js_values import UNDEFINED, BigInt
from bpmax_sim.messages import Request
from bpmax_sim.platform.model import Api, Auth, Instance, Parameter, Platform, is_set
from bpmax_sim.proxy.builder import CallSpec
from tests.property import bodies
from tests.property.credentials import check_signature, defaulted, owned, puts

Values = Mapping[str, str]
BAD, MISSING, UNKNOWN = "BAD_ARGUMENT", "MISSING_PARAMETER", "UNKNOWN_PARAMETER"


class Known(Protocol):
    """What is declared, as a drawn case holds it."""

    platform: Platform

    def api(self, program: CallSpec) -> Api: ...
    def auth(self, program: CallSpec) -> Auth: ...
    def instance(self, program: CallSpec) -> Instance: ...
    def base(self, program: CallSpec) -> str: ...


@dataclass(slots=True)
class Said:
    """What is sent for a program; with *codes* it is refused with one of them instead."""

    path: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, Any] = field(default_factory=dict)
    body: Any = UNDEFINED
    encoding: str = "json"
    spelled: dict[str, str] = field(default_factory=dict)
    codes: set[str] = field(default_factory=set)

    @property
    def code(self) -> str:
        """Return why it is refused, or nothing; the first of several in alphabetical order."""
        return min(self.codes, default="")

    def agrees(self, code: str) -> bool:
        """Return whether it may end so: in one of its codes, or well."""
        return code in self.codes if self.codes else not code


def said(case: Known, program: CallSpec) -> Said:
    """Return what *program* must come to, before auth puts anything in."""
    api, platform, instance = case.api(program), case.platform, case.instance(program)
    found = Said(body=api.body if is_set(api.body) else UNDEFINED, encoding=api.encoding or "json")
    for pair in filter(None, api.path.partition("?")[2].split("&")):
        found.query[pair.partition("=")[0]] = pair.partition("=")[2]
    for level in (platform, instance, api):
        found.query.update(level.query)
        found.headers.update({name.lower(): value for name, value in level.headers.items()})
    for one in api.parameters:
        if one.place == "query" and isinstance(one.default, SCALAR):
            found.query[one.wire_name] = one.default
    if program.args is None:
        for setter, value in program.steps:
            _SET[setter](found, value)
    else:
        for one, value in zip(api.parameters, program.args, strict=False):
            _argument(found, one, value)
    _refuse(found, case, program)
    return found


def _refuse(found: Said, case: Known, program: CallSpec) -> None:
    """Add why *program* must be refused whatever auth does."""
    api = case.api(program)
    holes = set(re.findall(r"\{([^}]+)\}", api.path.partition("?")[0]))
    filled = {name for place, name, _ in puts(case.auth(program), api.method) if place == "path"}
    needed = [one for one in api.parameters if one.required and not is_set(one.default)]
    if any(not _has(found, one) for one in needed):
        found.codes.add(MISSING)
    if holes - filled - {*found.path}:
        found.codes.add(MISSING)
    if {*found.path} - holes:
        found.codes.add(UNKNOWN)
    if any(not is_segment(value) for name, value in found.path.items() if name not in filled):
        found.codes.add(BAD)
    if case.platform.strict:
        _refuse_strictly(found, case, program)
    if program.options.get("instance_key") == "prd":
        found.codes.add("UNKNOWN_INSTANCE")


def _refuse_strictly(found: Said, case: Known, program: CallSpec) -> None:
    parameters = case.api(program).parameters
    if len(program.args or ()) > len(parameters):
        found.codes.add(UNKNOWN)
    if program.args is None and _undeclared(case, program):
        found.codes.add(UNKNOWN)
    if not all(_is_listed(found, one) for one in parameters):
        found.codes.add(BAD)


def _is_listed(found: Said, one: Parameter) -> bool:
    """Return whether what is sent for *one* is among its choices, where it has any."""
    if not one.enum or one.place == "header":
        return True
    value: Any = {"path": found.path, "query": found.query, "body": found.body}[one.place]
    for name in one.wire_name.split(".") if one.place == "body" else [one.wire_name]:
        value = value.get(name) if isinstance(value, Mapping) else None
    sent = value if isinstance(value, list | tuple) else [value]
    wanted = [str(choice) for choice in one.enum]
    return all(
        item is None
        or item is UNDEFINED
        or (not isinstance(item, Mapping | list) and any(bodies.printed(item, w) for w in wanted))
        for item in sent
    )


def _undeclared(case: Known, program: CallSpec) -> set[str]:
    """Return what setters send in query and body that the API declares nowhere."""
    api = case.api(program)
    declared: dict[str, set[str]] = {"query": set(), "body": set()}
    for level in (case.platform, case.instance(program), api):
        declared["query"] |= set(level.query)
    pairs = filter(None, api.path.partition("?")[2].split("&"))
    declared["query"] |= {pair.partition("=")[0] for pair in pairs}
    for one in api.parameters:
        declared.setdefault(one.place, set()).add(one.wire_name.split(".")[0])
    takes_any = any(one.place == "body" and not one.steps for one in api.parameters)
    if takes_any or (is_set(api.body) and not isinstance(api.body, Mapping)):
        del declared["body"]
    elif is_set(api.body):
        declared["body"] |= set(api.body)
    found = set()
    for setter, value in program.steps:
        if setter in {"query", "body"} & declared.keys() and value is not UNDEFINED:
            sent = value.items() if isinstance(value, Mapping) else [("", value)]
            names = {name for name, item in sent if item is not UNDEFINED} - declared[setter]
            is_value = not isinstance(value, Mapping)
            found |= set() if is_value and declared[setter] else names
    return found


SCALAR = (str, int, float, bool)
PRINTED = (str, int, float, bool, BigInt, datetime)


def is_whole(text: str) -> bool:
    """Return whether *text* is Unicode, halves of one character beside each other being one."""
    try:
        text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return False
    return True


def is_printed(value: Any) -> bool:
    """Return whether *value* is a scalar that UTF-8 can express."""
    return isinstance(value, PRINTED) and (not isinstance(value, str) or is_whole(value))


def is_segment(value: Any) -> bool:
    return is_printed(value) and value not in ("", ".", "..")


def _named(found: dict[str, Any], value: Any) -> None:
    if value is not UNDEFINED:
        found.update({name: item for name, item in value.items() if item is not UNDEFINED})


_OWN = {
    "host", "content-length", "connection", "expect", "keep-alive", "proxy-connection", "te",
    "trailer", "transfer-encoding", "upgrade",
}  # fmt: skip


def _headers(found: Said, value: Any) -> None:
    for name, item in ({} if value is UNDEFINED else value).items():
        if item is UNDEFINED:
            continue
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or name.lower() in _OWN:
            found.codes.add(BAD)
        if item is None:
            found.headers.pop(name.lower(), None)
            found.spelled.pop(name.lower(), None)
            continue
        if not isinstance(item, PRINTED) or (isinstance(item, str) and not is_visible(item)):
            found.codes.add(BAD)
        found.headers[name.lower()] = item
        found.spelled[name.lower()] = name


def is_visible(text: str) -> bool:
    """Return whether *text* can be a header's value."""
    return text == text.strip() and all(" " <= one <= "~" or one == "\t" for one in text)


def _body(found: Said, value: Any) -> None:
    if isinstance(value, dict):
        known = found.body if isinstance(found.body, dict) else {}
        found.body = dict(known)
        _named(found.body, value)
    elif value is not UNDEFINED:
        found.body = value


_SET: Mapping[str, Callable[[Said, Any], None]] = {
    "path": lambda found, value: _named(found.path, value),
    "query": lambda found, value: _named(found.query, value),
    "header": _headers,
    "body": _body,
}


def _argument(found: Said, one: Parameter, value: Any) -> None:
    if value is UNDEFINED:
        return
    if one.place != "body":
        _SET[one.place](found, {one.wire_name: value})
        return
    *above, last = one.wire_name.split(".")
    found.body = at = dict(found.body) if isinstance(found.body, dict) else {}
    for name in above:
        at[name] = dict(at[name]) if isinstance(at.get(name), dict) else {}
        at = at[name]
    at[last] = value


def _has(found: Said, one: Parameter) -> bool:
    if one.place == "body":
        return _reaches(found.body, one.wire_name.split("."))
    if one.place == "path":
        return one.wire_name in found.path
    where: dict[str, Any] = found.headers if one.place == "header" else found.query
    name = one.wire_name.lower() if one.place == "header" else one.wire_name
    return name in where and where[name] is not None


def _reaches(value: Any, names: list[str]) -> bool:
    if value is UNDEFINED or (names and value is None):
        return False
    if not names or not isinstance(value, dict):
        return True
    return names[0] in value and _reaches(value[names[0]], names[1:])


def authorise(found: Said, case: Known, program: CallSpec, values: Values) -> Said:
    """Take out of *found* what auth owns, put the credential in, and judge what is left."""
    if found.codes:
        return found
    api, auth = case.api(program), case.auth(program)
    signed = owned(auth)
    for place, take in _TAKE.items():
        for name in signed.get(place, ()):
            take(found, name)
    _take_put_query(found, auth, api)
    _settle_encoding(found)
    spots = [name for place, name, _ in puts(auth, api.method) if place == "body"]
    for name in (*spots, *signed.get("body", ())):
        _take_body(found, name)
    _judge(found)
    _settle_type(found)
    if found.codes:
        return found
    for place, name, value in puts(auth, api.method):
        _PUT[place](found, name, value(values))
    for name, text in defaulted(auth, api.method).items():
        found.headers.setdefault(name, text)
    return found


def _take_header(found: Said, name: str) -> None:
    found.headers.pop(name, None)
    found.spelled.pop(name, None)


def _take_query(found: Said, name: str) -> None:
    found.query = {key: v for key, v in found.query.items() if key.lower() != name.lower()}


def _take_put_query(found: Said, auth: Auth, api: Api) -> None:
    for place, name, _ in puts(auth, api.method):
        if place == "query":
            _take_query(found, name)


def _settle_encoding(found: Said) -> None:
    media = bodies.media(found.headers.get("content-type"))
    own = {bodies.TYPES[name]: name for name in ("form", "multipart")}
    found.encoding = own.get(media, found.encoding)


def _take_body(found: Said, name: str) -> None:
    media = bodies.media(found.headers.get("content-type", bodies.TYPES[found.encoding]))
    is_form = found.encoding == "form" and media == bodies.TYPES["form"]
    if found.body is UNDEFINED or found.body is None:
        found.body = {}
    if isinstance(found.body, dict) and (is_form or found.encoding == "json"):
        found.body = _left(found.body, [name] if is_form else name.split("."))
    else:
        found.codes.add(BAD)


def _left(body: Mapping[str, Any], steps: list[str]) -> dict[str, Any]:
    """Return *body* without what stands at *steps*, in any case; other members stay."""
    first, *rest = steps
    kept = {key: value for key, value in body.items() if key.lower() != first}
    inner = {
        key: _left(value, rest)
        for key, value in body.items()
        if key.lower() == first and rest and isinstance(value, dict)
    }
    return {**kept, **inner}


_TAKE: Mapping[str, Callable[[Said, str], None]] = {"header": _take_header, "query": _take_query}


def _judge(found: Said) -> None:
    """Refuse what no query and no body in its encoding can hold."""
    items = [(name, one) for name, v in found.query.items() for one in _listed(v)]
    if not all(is_whole(name) and is_printed(one) for name, one in items):
        found.codes.add(BAD)
    if found.body is not UNDEFINED and not bodies.can_hold(found.body, found.encoding):
        found.codes.add(BAD)


def _settle_type(found: Said) -> None:
    if found.body is not UNDEFINED:
        is_raw = isinstance(found.body, bytes) and found.encoding == "json"
        is_text = found.encoding == "json" and bodies.is_plain_text(found.body)
        kind = (
            "application/octet-stream"
            if is_raw
            else bodies.TYPES["text" if is_text else found.encoding]
        )
        found.headers.setdefault("content-type", kind)
        if found.encoding == "multipart" and not isinstance(found.body, str | bytes):
            _put_header(found, "Content-Type", kind)  # it has to name the boundary


def _listed(value: Any) -> Iterator[Any]:
    for one in value if isinstance(value, list | tuple) else (value,):
        if one is not None and one is not UNDEFINED:
            yield one


def _put_query(found: Said, name: str, text: str) -> None:
    _take_query(found, name)
    found.query[name] = text


def _put_header(found: Said, name: str, text: str) -> None:
    found.headers[name.lower()] = text
    found.spelled[name.lower()] = name


def _put_cookie(found: Said, name: str, text: str) -> None:
    crumbs = [one.strip() for one in found.headers.get("cookie", "").split(";") if one.strip()]
    kept = [one for one in crumbs if one.partition("=")[0].lower() != name.lower()]
    _put_header(found, "Cookie", "; ".join([*kept, f"{name}={text}"]))


def _put_body(found: Said, name: str, text: str) -> None:
    found.headers.setdefault("content-type", "application/json")
    if found.encoding == "form":
        found.body[name] = text
        return
    outer, inner = name.split(".")
    found.body[outer] = {**found.body.get(outer, {}), inner: text}


_PUT: Mapping[str, Callable[[Said, str, str], None]] = {
    "header": _put_header,
    "query": _put_query,
    "cookie": _put_cookie,
    "path": lambda found, name, text: found.path.update({name: text}),
    "body": _put_body,
}


def check(request: Request, expected: Said, case: Known, program: CallSpec, values: Values) -> None:
    """Assert that *request* says exactly what is *expected*, and is signed as its platform does."""
    base, api = case.base(program), case.api(program)
    assert request.url.startswith(base), request.url
    path, _, query = request.url[len(base) :].partition("?")
    assert request.method == api.method
    names = owned(case.auth(program))
    _check_path(path, expected, api)
    _check_query(query, expected.query, names.get("query", frozenset()))
    _check_headers(request, expected, names.get("header", frozenset()))
    _check_body(request, expected, names.get("body", frozenset()))
    check_signature(case.auth(program), request, values)


def _check_path(path: str, expected: Said, api: Api) -> None:
    wanted = api.path.partition("?")[0].split("/")
    sent = path.split("/")
    assert len(sent) == len(wanted), path
    for one, text in zip(wanted, sent, strict=True):
        assert _fills(one, text, expected.path), (one, text)
        assert text not in {".", ".."}
        assert re.fullmatch(r"(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})*", text)


def _fills(template: str, text: str, values: Mapping[str, Any]) -> bool:
    """Return whether *text* is one segment of a path with its placeholders filled."""
    pieces = re.split(r"\{([^}]+)\}", template)
    if len(pieces) == 1:
        return unquote(text, errors="strict") == template
    if len(pieces) == 3:
        return same(values[pieces[1]], unquote(text, errors="strict"))
    between = [found.start() for found in re.finditer(re.escape(pieces[2]), text)]
    first, second = values[pieces[1]], values[pieces[3]]
    return any(
        same(first, unquote(text[:at])) and same(second, unquote(text[at + 1 :])) for at in between
    )


def _check_query(query: str, expected: dict[str, Any], signed: frozenset[str]) -> None:
    sent: dict[str, list[str]] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        assert re.fullmatch(r"(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})*", name + value), pair
        sent.setdefault(unquote(name), []).append(unquote(value))
    assert all(len(sent.pop(name)) == 1 for name in signed)
    wanted = {joined(name): list(_listed(v)) for name, v in expected.items() if list(_listed(v))}
    assert sent.keys() == wanted.keys()
    for name, values in wanted.items():
        assert len(values) == len(sent[name]), name
        assert all(map(same, values, sent[name])), (name, values, sent[name])


def _check_headers(request: Request, expected: Said, signed: frozenset[str]) -> None:
    names = [name.lower() for name, _ in request.headers]
    assert len(names) == len(set(names)), request.headers
    sent = {name.lower(): value for name, value in request.headers if name.lower() not in signed}
    wanted = {name: value for name, value in expected.headers.items() if name not in signed}
    spelled = {name.lower(): name for name, _ in request.headers}
    assert all(spelled[name] == last for name, last in expected.spelled.items()), spelled
    if sent.get("content-type", "").startswith("multipart/form-data; boundary=bpmax-"):
        sent["content-type"] = "multipart/form-data"
    assert sent.keys() == wanted.keys()
    assert all(same(value, sent[name]) for name, value in wanted.items()), (sent, wanted)


def _check_body(request: Request, expected: Said, signed: frozenset[str]) -> None:
    body = request.body
    if signed:
        body = bodies.without(body or b"", signed, request)
    if expected.body is UNDEFINED:
        assert body is None
    else:
        assert body is not None
        bodies.check(body, expected.body, expected.encoding, request)


def joined(text: str) -> str:
    """Return *text* with two halves of a character made one."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def same(value: Any, text: str) -> bool:
    """Return whether *text* is how JavaScript prints *value*, numbers by their value."""
    if isinstance(value, bool):
        return text == ("true" if value else "false")
    if isinstance(value, int | float):
        return bodies.is_number(value, text)
    if isinstance(value, BigInt):
        return text == str(value.value)
    if isinstance(value, datetime):
        return text == bodies.iso(value)
    return joined(value) == text


def found(request: Request, place: str, name: str) -> list[str]:
    """Return every value that stands at a place of *request*, under the name in any case."""
    return _FOUND[place](request, name)


def spelled(value: str, place: str, request: Request) -> str:
    """Return how *value* is written at *place* of *request*."""
    if place == "query":
        return quote(value, safe="")
    if place == "body" and bodies.is_form(request):
        return quote_plus(value, safe="*").replace("~", "%7E")
    return json.dumps(value)[1:-1] if place == "body" else value


def _in_headers(request: Request, name: str) -> list[str]:
    return [value for key, value in request.headers if key.lower() == name.lower()]


def _in_query(request: Request, name: str) -> list[str]:
    pairs = [pair.partition("=") for pair in request.url.partition("?")[2].split("&")]
    return [unquote(value) for key, _, value in pairs if unquote(key).lower() == name.lower()]


def _in_cookies(request: Request, name: str) -> list[str]:
    crumbs = "; ".join(_in_headers(request, "cookie")).split(";")
    pairs = [crumb.strip().partition("=") for crumb in crumbs]
    return [value for key, _, value in pairs if key.lower() == name.lower()]


def _in_body(request: Request, name: str) -> list[str]:
    if bodies.is_form(request):
        return [text for key, text in bodies.fields(request) if key.lower() == name]
    outer, inner = name.split(".")
    body = json.loads(request.body or b"{}")
    objects = [value for key, value in body.items() if key.lower() == outer]
    return [v for one in objects if isinstance(one, dict) for k, v in one.items()
            if k.lower() == inner]  # fmt: skip


_FOUND: Mapping[str, Callable[[Request, str], list[str]]] = {
    "header": _in_headers,
    "query": _in_query,
    "cookie": _in_cookies,
    "body": _in_body,
}
