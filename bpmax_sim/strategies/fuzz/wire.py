"""What stands at a place of a request, read from its bytes by means of its own.

Nothing of the package's encoders is used, so that a mistake in them is not made twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from bpmax_sim.messages import Request
from bpmax_sim.numeric import loads
from bpmax_sim.platform.model import Api, Parameter
from bpmax_sim.proxy.program import Program
from bpmax_sim.proxy.values import UNDEFINED

WHOLE: Final = frozenset({"$", "."})
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_FORM: Final = "application/x-www-form-urlencoded"


class Unread(Exception):  # noqa: N818 - no error: the place is in a form that is not looked into
    """The body is in a form that nothing here reads."""


def given(api: Api, program: Program) -> Iterator[tuple[Parameter, Any]]:
    """Yield each parameter that *program* gives a value, and the value."""
    said: Mapping[str, Any] = dict(program.steps)
    values = program.args or [_said(said.get(one.place, {}), one) for one in api.parameters]
    pairs = zip(api.parameters, values, strict=False)
    return (pair for pair in pairs if pair[1] is not UNDEFINED)


def _said(said: Any, one: Parameter) -> Any:
    if one.place == "body" and one.target in WHOLE:
        return said
    return _at(said, one.target.split(".") if one.place == "body" else [one.target])


def _at(value: Any, names: list[str]) -> Any:
    for name in names:
        if not isinstance(value, Mapping) or name not in value:
            return UNDEFINED
        value = value[name]
    return value


def segments(request: Request) -> list[str]:
    """Return the segments of the path below the address, still encoded."""
    return request.url[len(request.base) :].partition("?")[0].strip("/").split("/")


def values_at(request: Request, place: str, name: str, api: Api) -> list[Any]:
    """Return every value at a place, in order; names of headers, cookies and queries in any case.

    Raises:
        Unread: it is in a body that nothing here reads.
    """
    return _READERS[place](request, name, api)


def _in_path(request: Request, name: str, api: Api) -> list[Any]:
    wanted = api.path.partition("?")[0].strip("/").split("/")
    for pattern, text in zip(wanted, segments(request), strict=False):
        around = _PLACEHOLDER.split(pattern)
        if name in around[1::2]:
            holes = [re.escape(one) if n % 2 == 0 else "(.*)" for n, one in enumerate(around)]
            found = re.fullmatch("".join(holes), text)
            return [unquote(found[around[1::2].index(name) + 1])] if found else []
    return []


def _in_query(request: Request, name: str, _api: Api) -> list[Any]:
    pairs = [pair.partition("=") for pair in request.url.partition("?")[2].split("&")]
    return [unquote(value) for key, _, value in pairs if unquote(key).lower() == name.lower()]


def _in_headers(request: Request, name: str, _api: Api) -> list[Any]:
    return [value for key, value in request.headers if key.lower() == name.lower()]


def _in_cookies(request: Request, name: str, api: Api) -> list[Any]:
    crumbs = "; ".join(_in_headers(request, "cookie", api)).split(";")
    pairs = [crumb.strip().partition("=") for crumb in crumbs]
    return [value for key, _, value in pairs if key.lower() == name.lower()]


def _in_body(request: Request, name: str, api: Api) -> list[Any]:
    kind = next(iter(_in_headers(request, "content-type", api)), "").partition(";")[0].strip()
    text = (request.body or b"").decode("utf-8", "replace")
    if kind == _FORM and "." not in name:
        return [value for key, value in parse_qsl(text, True) if key == name]
    if kind != "application/json":
        raise Unread
    try:
        body = loads(text) if text else UNDEFINED
    except ValueError:
        raise Unread from None  # a script may send any text as it is
    found = body if name in WHOLE else _at(body, name.split("."))
    return [] if found is UNDEFINED else [found]


_READERS: Final[Mapping[str, Callable[[Request, str, Api], list[Any]]]] = {
    "path": _in_path,
    "query": _in_query,
    "header": _in_headers,
    "cookie": _in_cookies,
    "body": _in_body,
}


def is_said(value: Any, found: list[Any], place: str) -> bool:
    """Return whether *found* is how *value* arrives at *place*: every element, and no more."""
    if place == "body" and all(isinstance(one, str) for one in found) and _is_scalar(value):
        return len(found) == 1 and _prints(value, found[0])  # a form holds texts only
    if place == "body":
        return len(found) == 1 and _equal(value, found[0])
    listed = value if isinstance(value, list) else [value]
    return len(listed) == len(found) and all(map(_prints, listed, found))


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _prints(value: Any, text: str) -> bool:
    """Return whether *text* is what JavaScript prints for *value*, numbers by their value."""
    if isinstance(value, bool):
        return text == ("true" if value else "false")
    if isinstance(value, int | float):
        try:
            return not text.endswith(".0") and float(text) == value
        except ValueError:
            return False
    return bool(text == value)


def _equal(left: Any, right: Any) -> bool:
    """Compare JSON values: True is not 1, and 1.0 is 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(_equal(v, right[k]) for k, v in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    if isinstance(left, float) or isinstance(right, float):
        return isinstance(right, int | float) and float(left) == float(right)
    return bool(left == right)
