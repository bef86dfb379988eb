"""Builder programs: chained and direct calls with everything that a script may say in them.

A program written as the JavaScript that says the same.

Calls of a user's own platform, from what its file declares of each parameter.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from math import copysign, isfinite, isnan
from pathlib import Path
from typing import Any, Final

from hypothesis import currently_in_test_context, note
from hypothesis import strategies as st
from msgspec.structs import replace

from bpmax_sim.errors import CallError, ConfigError, Problem, near
from bpmax_sim.js_values import UNDEFINED, BigInt, Undefined, js_number, ms_of
from bpmax_sim.path_template import placeholders
from bpmax_sim.platform.check import CREDENTIAL
from bpmax_sim.platform.instances import read_instances
from bpmax_sim.platform.load import Platforms, load_platforms, read_platform
from bpmax_sim.platform.model import Api, Auth, Parameter, Platform, placed_by, snake
from bpmax_sim.project import absolute, find_instances, local_of
from bpmax_sim.proxy.builder import CallSpec, Setter
from bpmax_sim.proxy.encode import DOTS
from bpmax_sim.session import Session
from bpmax_sim.strategies.platforms import HEADER_NAMES, PLACE_NAMES
from bpmax_sim.strategies.schemas import values_of
from bpmax_sim.strategies.values import evenly, keys, scalars, script_values, texts, weighted, words
from bpmax_sim.yamlfile import read_yaml

_DOLLAR = {"path": "$path", "query": "$query", "header": "$header", "body": "$body"}


def javascript(program: CallSpec) -> str:
    """Return the expression that makes the call of *program*: ``$proxy("crm")…$call()``.

    Raises:
        TypeError: if it holds a value that has no literal.
    """
    options = f", {literal(program.options)}" if program.options else ""
    proxy = f"$proxy({literal(program.platform)}{options})"
    if program.args is not None:
        return f"{proxy}[{literal(program.api)}]({', '.join(map(literal, program.args))})"
    setters = "".join(f".{_DOLLAR[name]}({literal(value)})" for name, value in program.steps)
    return f"{proxy}.$api({literal(program.api)}){setters}.$call()"


class DrawnCall(CallSpec, frozen=True, kw_only=True):
    """A call that was drawn: Hypothesis prints it as a script makes it."""

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(javascript(self))


def literal(value: Any) -> str:
    """Return *value* as JavaScript source.

    Raises:
        TypeError: if it has no literal.
    """
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    raise TypeError(f"{type(value).__name__} has no JavaScript literal")


def _number(value: float) -> str:
    if not isfinite(value):
        return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return "-0" if value == 0 and copysign(1, value) < 0 else js_number(value)


def _object(value: Mapping[str, Any]) -> str:
    # A computed name is an own property, even __proto__.
    return f"{{{', '.join(f'[{literal(name)}]: {literal(item)}' for name, item in value.items())}}}"


def _bytes(value: bytes) -> str:
    return f"new Uint8Array({json.dumps(list(value))})"


_WRITERS: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (str, json.dumps),
    (bool, lambda value: "true" if value else "false"),
    ((int, float), _number),
    (type(None), lambda _value: "null"),
    (Undefined, lambda _value: "undefined"),
    (BigInt, lambda value: f"{value.value}n"),
    (datetime, lambda value: f"new Date({ms_of(value)})"),
    (bytes, _bytes),
    (Mapping, _object),
    ((list, tuple), lambda value: f"[{', '.join(map(literal, value))}]"),
)


Step = tuple[Setter, Any]

_MOSTLY: Final = 8
"""Times out of ten that everything an API requires is given."""

_TRULY: Final = 6
"""Times out of ten that an API is called by its key."""

_UNNAMED: Final = Api(key="get_customer_detail", path="/customers/{id}")
_ODD_HEADERS: Final = ("客户", "a b", "", "Host", "Content-Length", "x:y")
_ODD_VALUES: Final = ("x\r\nX-Evil: 1", "x\nX-Evil: 1", "\r", "a\x00b", "\x7f", " a", "a ", "张三")
_CLIMBING: Final = ("...", "../..", "./", "a/b", "/", "a?b#c", "%2F", "%2e%2e", "\\", ";a=1")
_NO_SEGMENT: Final = ("", *sorted(DOTS))
_COOKIES: Final = ("a=1", "sid=mine; b=2")
_TEN = st.integers(0, 9)
_EXTRA = st.lists(scalars(), max_size=3)


def chains(
    *,
    platform: Platform | None = None,
    api: Api | None = None,
    instances: Iterable[str] = (),
    refusable: bool = False,
    max_steps: int = 6,
) -> st.SearchStrategy[CallSpec]:
    """Draw chained calls of one API, or of any of *platform*.

    Setters come in any order, repeated, with undefined and null, hostile texts, and the names that
    defaults and auth use, in other cases too. Placeholders of the path may stay unfilled. Without
    a platform, names are free.

    Args:
        platform: what is called.
        api: the one API that is called.
        instances: keys to name in the options; none names none.
        refusable: whether values are drawn that must be refused before anything is sent.
        max_steps: setters of one chain.
    """
    return _chains(platform, api, tuple(instances), refusable, max_steps)


@st.composite
def _chains(
    draw: st.DrawFn,
    platform: Platform | None,
    api: Api | None,
    instances: tuple[str, ...],
    refusable: bool,
    max_steps: int,
) -> CallSpec:
    called = api or (draw(st.sampled_from(list(platform.apis.values()))) if platform else _UNNAMED)
    setters = steps(platform=platform, api=called, refusable=refusable)
    drawn = [draw(setters) for _ in range(draw(st.integers(0, max_steps)))]
    if max_steps:
        aims = draw(_SOME_CORNERS[refusable])
        if draw(_EITHER):
            aims = [*aims, *_of_auth(_auth(platform, called))]
        for aim in aims:
            _insert(draw, drawn, draw(corner_steps(aim, api=called, platform=platform)))
    if draw(_TEN) < _MOSTLY:
        for step in draw(_needed(called, _fillable(platform, called))).items():
            drawn.insert(draw(st.integers(0, len(drawn))), step)
    return DrawnCall(
        platform=platform.platform_key if platform else draw(keys()),
        options=draw(_options(instances, refusable)),
        api=_spelled(draw, called, platform) if platform else called.key,
        steps=tuple(drawn),
    )


def _of_auth(auth: Auth | None) -> Iterator[str]:
    """Yield the corners that few kinds of auth have, so that they are met where they are."""
    if auth is not None and auth.sign is not None:
        yield NORMALISED
    if auth is not None and any(spot.place in {"cookie", "body"} for spot in auth.apply):
        yield CLAIM


def _insert(draw: st.DrawFn, steps: list[Step], more: Iterable[Step]) -> None:
    """Put *more* into *steps*, in its order, from one place on."""
    at = draw(st.integers(0, len(steps)))
    for step in more:
        steps.insert(at, step)
        at = draw(st.integers(at + 1, len(steps)))


def _spelled(draw: st.DrawFn, api: Api, platform: Platform) -> str:
    """Return a name that *api* may be called by: its key mostly, its twin or an alias else."""
    if draw(_TEN) < _TRULY:
        return api.key
    names = (api.key, *api.aliases)
    spellings = dict.fromkeys((*api.aliases, *map(snake, names), *map(_camel, names)))
    others = [
        spelling
        for spelling in spellings
        if spelling != api.key and _is_of(platform, spelling, api)
    ]
    return draw(st.sampled_from(others or [api.key]))


def _is_of(platform: Platform, name: str, api: Api) -> bool:
    return name not in platform.apis and platform.spellings.get(snake(name)) == api.key


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


@st.composite
def _needed(draw: st.DrawFn, api: Api, names: tuple[str, ...]) -> dict[Setter, dict[str, Any]]:
    """Draw what every placeholder and required parameter needs, a mapping for each setter."""
    values: dict[Setter, dict[str, Any]] = {}
    if names:
        values["path"] = {name: draw(_value("path")) for name in names}
    for parameter in api.parameters:
        if parameter.required and parameter.place != "path":
            *above, last = (
                parameter.target.split(".") if parameter.place == "body" else [parameter.target]
            )
            at = values.setdefault(parameter.place, {})
            for name in above:
                at = at.setdefault(name, {})
            at[last] = draw(_value(parameter.place, str(api.encoding or "")))
    return values


def _fillable(platform: Platform | None, api: Api) -> tuple[str, ...]:
    auth = _auth(platform, api)
    taken = {item.name for item in auth.apply if item.place == "path"} if auth else set()
    return tuple(name for name in placeholders(api.path) if name not in taken)


@cache
def _options(instances: tuple[str, ...], refusable: bool) -> st.SearchStrategy[dict[str, Any]]:
    callers: st.SearchStrategy[Any] = texts().filter(bool)
    named: st.SearchStrategy[Any] = st.sampled_from((*instances, UNDEFINED))
    optional = {"caller": callers | st.just(UNDEFINED), "instance_key": named}
    usual = st.fixed_dictionaries({}, optional=optional)
    if not refusable:
        return usual
    odd = st.fixed_dictionaries({"instance_key": st.just("prd")}, optional={"caller": callers})
    return weighted((9, usual), (1, odd))


def steps(
    *, platform: Platform | None = None, api: Api = _UNNAMED, refusable: bool = False
) -> st.SearchStrategy[Step]:
    """Draw one setter and its value: ``("query", {"page": 1})``."""
    drawn = _steps(_fillable(platform, api), refusable, str(api.encoding or ""))
    claimed = claims(platform=platform, api=api)
    return st.one_of(*drawn, st.sampled_from(claimed)) if claimed else st.one_of(drawn)


@cache
def _steps(names: tuple[str, ...], refusable: bool, encoding: str) -> list[st.SearchStrategy[Step]]:
    values: dict[Setter, st.SearchStrategy[Any]] = {
        "path": _paths(names, refusable),
        "query": _queries(refusable),
        "header": _headers(refusable),
        "body": _bodies(refusable, encoding),
    }
    return [st.tuples(st.just(setter), drawn) for setter, drawn in values.items()]


def rivals(*, platform: Platform, api: Api = _UNNAMED) -> st.SearchStrategy[Step]:
    """Draw setters that claim the names that the auth of *platform* puts in, in several cases.

    Nothing is drawn where there is no auth.
    """
    claimed = claims(platform=platform, api=api)
    return st.sampled_from(claimed) if claimed else st.nothing()


def _auth(platform: Platform | None, api: Api) -> Auth | None:
    return api.auth if isinstance(api.auth, Auth) else platform.auth if platform else None


def claims(*, platform: Platform | None, api: Api = _UNNAMED) -> list[Step]:
    """Return what `rivals` draws from: the setters that claim a name of auth."""
    auth = _auth(platform, api)
    return [
        _rival(place, spelled)
        for place, name in (placed_by(auth, auth.apply) if auth else ())
        for spelled in ({name} if place == "path" else _cases(name))
    ]


def _cases(name: str) -> dict[str, None]:
    return dict.fromkeys((name, name.lower(), name.upper(), name.title()))


def _rival(place: str, name: str) -> Step:
    if place == "cookie":
        return "header", {"Cookie": f"a=1; {name}=mine; b=2"}
    if place != "body":
        return place, {name: "mine"}  # type: ignore[return-value]
    value: Any = "mine"
    for part in reversed(name.split(".")):
        value = {part: value}
    return "body", value


@cache
def _segments() -> st.SearchStrategy[Any]:
    return st.sampled_from(_CLIMBING) | scalars().filter(lambda value: value not in _NO_SEGMENT)


@cache
def _paths(names: tuple[str, ...], refusable: bool) -> st.SearchStrategy[Any]:
    values = _segments() | st.just(UNDEFINED)
    if refusable:
        names = (*names, "unknown")
        values |= (
            scalars(refusable=True)
            | st.sampled_from(_NO_SEGMENT)
            | st.none()
            | st.just([])
            | st.just({})
        )
    if not names:
        return st.just({}) | st.just(UNDEFINED)
    return st.dictionaries(st.sampled_from(names), values, max_size=2) | st.just(UNDEFINED)


@cache
def _queries(refusable: bool) -> st.SearchStrategy[Any]:
    names = st.sampled_from((*PLACE_NAMES, "access_token", "Access_Token")) | texts(max_size=4)
    values = scalars() | st.lists(scalars(), max_size=3) | st.none() | st.just(UNDEFINED)
    if refusable:
        values |= scalars(refusable=True) | st.just({}) | st.just([[1]]) | st.just({"a": 1})
    return st.dictionaries(names, values, max_size=3) | st.just(UNDEFINED)


@cache
def _headers(refusable: bool) -> st.SearchStrategy[Any]:
    known = (*HEADER_NAMES, "Authorization", "X-Api-Key", "X-Signature", "X-Key")
    names = st.sampled_from([spelled for name in known for spelled in (name, name.lower())])
    values: st.SearchStrategy[Any] = (
        words() | st.integers(-9, 9) | st.booleans() | st.none() | st.just(UNDEFINED)
    )
    if refusable:
        names |= st.sampled_from(_ODD_HEADERS)
        values |= st.sampled_from(_ODD_VALUES) | texts(refusable=True) | st.just({}) | st.just([])
    cookies: st.SearchStrategy[Any] = st.sampled_from(_COOKIES).map(lambda name: {"Cookie": name})
    return st.dictionaries(names, values, max_size=3) | cookies | st.just(UNDEFINED)


@cache
def _bodies(refusable: bool, encoding: str) -> st.SearchStrategy[Any]:
    names = st.sampled_from((*PLACE_NAMES, "来源", "深", "auth", "AUTH"))
    if encoding and not refusable:
        return _FITTING_BODIES[encoding](names) | st.just(UNDEFINED)
    objects = st.dictionaries(names, script_values(max_leaves=4), max_size=3)
    drawn = objects | objects | script_values() | st.just(UNDEFINED)
    if not refusable:
        return drawn
    if encoding:
        drawn = weighted((3, _FITTING_BODIES[encoding](names)), (1, drawn))
    return drawn | script_values(refusable=True) | st.just(BigInt(1)) | st.binary(max_size=4)


def _form_bodies(names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    single = scalars() | st.none() | st.just(UNDEFINED)
    return st.dictionaries(names, single | st.lists(single, max_size=2), max_size=3)


def _multipart_bodies(names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    files = st.fixed_dictionaries(
        {"content": texts() | st.binary(max_size=6)},
        optional={"filename": st.sampled_from(_FILES), "content_type": st.just("text/csv")},
    )
    return _form_bodies(names) | st.dictionaries(names, files | scalars(), min_size=1, max_size=2)


def _xml_bodies(_names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    single = (scalars() | st.none()).filter(_is_element)
    names = st.sampled_from(("来源", "page", "@no", "#text", "a.b"))
    children = st.dictionaries(names, single | st.just(UNDEFINED), max_size=3)
    lists = st.fixed_dictionaries({"项": st.lists(single, max_size=2)})
    return (children | lists).map(lambda inner: {"单": inner})


_FILES: Final = ("合同 1.csv", 'a"b\r\n.txt')
_FITTING_BODIES: Final[Mapping[str, Callable[[st.SearchStrategy[str]], st.SearchStrategy[Any]]]] = {
    "form": _form_bodies,
    "multipart": _multipart_bodies,
    "xml": _xml_bodies,
    "text": lambda _names: scalars(),
}
"""What each encoding can hold, besides JSON, which holds everything."""


def _defaults(api: Api, platform: Platform | None, place: str) -> list[str]:
    """Return the names that have a default at *place*: ``query`` or ``headers``."""
    levels = (api, platform) if platform else (api,)
    return sorted({name for level in levels for name in getattr(level, place)})


def _default_query(api: Api, platform: Platform | None, value: Any) -> list[Step]:
    names = _defaults(api, platform, "query") or ["page"]
    return [("query", {name: value}) for name in names[:1]]


def _default_header(api: Api, platform: Platform | None, value: Any) -> list[Step]:
    names = _defaults(api, platform, "headers") or ["X-Trace"]
    return [("header", {names[0].swapcase(): value})]


def _named_query(api: Api, _platform: Platform | None, value: Any) -> list[Step]:
    names = [pair.partition("=")[0] for pair in api.path.partition("?")[2].split("&")]
    return [("query", {names[0] or "q": value})]


def _filled_twice(api: Api, platform: Platform | None, value: Any) -> list[Step]:
    names = _fillable(platform, api)
    return [("path", {name: text}) for name in names[:1] for text in ("先", value)]


def _filled(api: Api, platform: Platform | None, value: Any) -> list[Step]:
    return [("path", {name: value}) for name in _fillable(platform, api)[:1]]


def _claimed(api: Api, platform: Platform | None, value: Any) -> list[Step]:
    claimed = claims(platform=platform, api=api)
    return [
        claimed[value % len(claimed)]
        if claimed
        else ("header", {"authorization": "Bearer mine-0123"})
    ]


CLAIM: Final = "a name that auth owns"
NORMALISED: Final = "headers that a signature normalises"
Aim = Callable[[Api, Platform | None, Any], list[Step]]
CORNERS: Final[Mapping[str, tuple[Aim, tuple[Any, ...]]]] = {
    CLAIM: (_claimed, tuple(range(12))),
    NORMALISED: (
        lambda _api, _platform, value: [("header", {"X-Trace": "a  B", "content-type": value})],
        ("application/json; charset=UTF-8",),
    ),
    "undefined on a default of the query": (_default_query, (UNDEFINED,)),
    "undefined on a default header": (_default_header, (UNDEFINED,)),
    "null on a default of the query": (_default_query, (None,)),
    "null on a default header in another case": (_default_header, (None,)),
    "a header that meets a default in another case": (_default_header, ("t-1",)),
    "a value on a default of the query": (_default_query, ("覆盖", 0, False, [1, "b"])),
    "a value on a query of the path": (_named_query, ("z", None)),
    "one query name twice": (
        lambda _api, _platform, value: [("query", {"q": 1}), ("query", {"q": value})],
        ("末", UNDEFINED, None),
    ),
    "one header twice in two cases": (
        lambda _api, _platform, value: [
            ("header", {"X-Twice": "1"}),
            ("header", {"x-twicE": value}),
        ],
        ("2", UNDEFINED, None),
    ),
    "one placeholder twice": (_filled_twice, ("后", "a/b?#", UNDEFINED)),
    "an object after another body": (
        lambda _api, _platform, value: [("body", value), ("body", {"来源": "后"})],
        ("文本", [1], 7, None),
    ),
    "another body after an object": (
        lambda _api, _platform, value: [("body", {"来源": "先"}), ("body", value)],
        ("文本", [1], None),
    ),
    "two objects": (
        lambda _api, _platform, value: [("body", {"来源": "先", "q": 1}), ("body", value)],
        ({"q": {"深": 2}}, {"q": None}, {"q": None, "来源": None}, {"q": UNDEFINED}),
    ),
    "a template in a text": (
        lambda _api, _platform, value: [("query", {"q": value}), ("body", {"来源": value})],
        ('[1,2]{{ x }}"\n', "{{ now }}", "${x}%"),
    ),
    "numbers, a space and a plus in the query": (
        lambda _api, _platform, value: [("query", {"q": value})],
        (1e21, "a+b c", True, -0.0, 1.5e-7),
    ),
    "an array in the query": (
        lambda _api, _platform, value: [("query", {"q": value})],
        ([1, "b"], [True, None, "c d"], []),
    ),
    "a date, NaN and undefined in a body": (
        lambda _api, _platform, value: [("body", {"q": value, "no": [value], "lang": UNDEFINED})],
        (datetime(2026, 3, 2, 1, 2, 3, 45_000, tzinfo=UTC), float("nan"), UNDEFINED, 1e21),
    ),
    "a text for a body": (
        lambda _api, _platform, value: [("body", value)],
        ("文本 {{ x }}", '{"a":1}', ""),
    ),
    "an Authorization of the script's own": (
        lambda _api, _platform, value: [("header", {"authorization": value})],
        ("Bearer mine-0123456789", "Basic bWluZTptaW5l"),
    ),
    "a content type of the script's own": (
        lambda _api, _platform, value: [("header", {"content-type": value})],
        ("application/json; charset=utf-8", "application/x-www-form-urlencoded"),
    ),
}
"""Setters that rarely meet by chance, by what they are: what makes them, and of which values."""

REFUSED: Final[Mapping[str, tuple[Aim, tuple[Any, ...]]]] = {
    "null in a path": (_filled, (None,)),
    "dots in a path": (_filled, (".", "..")),
    "a header that no line can hold": (
        lambda _api, _platform, value: [("header", {"X-New": value})],
        ("x\r\nX-Evil: 1", "张三", "a\x00b"),
    ),
    "an object in the query": (
        lambda _api, _platform, value: [("query", {"q": value})],
        ({"a": 1}, [[1]]),
    ),
    "a BigInt in a body": (
        lambda _api, _platform, value: [("body", value)],
        (BigInt(1), {"q": [BigInt(1)]}),
    ),
    "half a character": (
        lambda _api, _platform, value: [value],
        (("body", {"q": "甲\ud800"}), ("query", {"q": "\udc00"}), ("body", "\ud83d")),
    ),
}
"""Setters that must be refused, as `CORNERS` has those that need not be."""


@st.composite
def _corner_names(draw: st.DrawFn, refusable: bool) -> list[str]:
    if refusable and draw(_EITHER):
        return [draw(evenly(_REFUSED))]
    return draw(_TWO_CORNERS)


_EITHER = st.booleans()
_REFUSED: Final = [name for name in REFUSED for _ in range(1 + 2 * name.endswith("path"))]
_MORE: Final = {CLAIM: 5, "two objects": 2}
_OFTEN: Final = [name for name in CORNERS for _ in range(_MORE.get(name, 1))]
_TWO_CORNERS = st.tuples(evenly(_OFTEN), evenly(_OFTEN)).map(list)
_SOME_CORNERS: Final = {refusable: _corner_names(refusable) for refusable in (False, True)}


def corner_steps(
    name: str, *, api: Api = _UNNAMED, platform: Platform | None = None
) -> st.SearchStrategy[list[Step]]:
    """Draw the setters of one of `CORNERS` or `REFUSED`, for *api* of *platform*."""
    aim, values = {**CORNERS, **REFUSED}[name]
    return st.sampled_from(values).map(lambda value: aim(api, platform, value))


def direct_calls(
    *,
    platform: Platform | None = None,
    api: Api | None = None,
    instances: Iterable[str] = (),
    refusable: bool = False,
) -> st.SearchStrategy[CallSpec]:
    """Draw direct calls: arguments in declared order, some undefined, too few or too many.

    The arguments are those of `chains`.
    """
    return _direct_calls(platform, api, tuple(instances), refusable)


@st.composite
def _direct_calls(
    draw: st.DrawFn,
    platform: Platform | None,
    api: Api | None,
    instances: tuple[str, ...],
    refusable: bool,
) -> CallSpec:
    called = api or (draw(st.sampled_from(list(platform.apis.values()))) if platform else _UNNAMED)
    encoding = str(called.encoding or "")
    args = [
        draw(_argument(parameter.place, parameter.required, refusable, encoding))
        for parameter in called.parameters
    ]
    is_whole = draw(_TEN) < _MOSTLY
    count = len(args) if is_whole else draw(st.integers(0, len(args)))
    extra = draw(_EXTRA) if count == len(args) else []
    return DrawnCall(
        platform=platform.platform_key if platform else draw(keys()),
        options=draw(_options(instances, refusable)),
        api=_spelled(draw, called, platform) if platform else called.key,
        args=(*args[:count], *extra),
    )


@cache
def _argument(place: str, required: bool, refusable: bool, encoding: str) -> st.SearchStrategy[Any]:
    drawn = _value(place, encoding)
    if not required or refusable:
        drawn |= st.just(UNDEFINED)
    return drawn | script_values(refusable=True) if refusable else drawn


@cache
def _value(place: str, encoding: str = "") -> st.SearchStrategy[Any]:
    """Draw values that can stand at *place*; in a body, as one member of what *encoding* holds."""
    if place == "body" and encoding:
        return scalars().filter(_is_element) if encoding == "xml" else scalars()
    values: dict[str, st.SearchStrategy[Any]] = {
        "path": _segments(),
        "query": scalars() | st.lists(scalars(), min_size=1, max_size=2),
        "header": words(),
        "body": script_values(max_leaves=4).filter(lambda value: value is not UNDEFINED),
    }
    return values[place]


def perform(program: CallSpec, session: Session) -> Any:
    """Make the call of *program* through the builder of *session*, and return its answer.

    In a property test, a failure tells the JavaScript of the program.

    Raises:
        CallError: it was rejected.
        NoMatchError: replay has no answer.
    """
    if currently_in_test_context():
        note(javascript(program))
    proxy = session.proxy(program.platform, **program.options)
    if program.args is not None:
        return proxy.direct(program.api, *program.args)
    builder = proxy.api(program.api)
    for setter, value in program.steps:
        builder = getattr(builder, setter)(value)
    return builder.call()


_SETTERS: Final[tuple[Setter, ...]] = ("path", "query", "header", "body")
_ELEMENT: Final = re.compile(r"[^\W\d][\w.\-]*")
_NOT_XML: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TYPES: Final = frozenset({"string", "text", "integer", "number", "boolean", "array", "object"})


def for_platform(
    path: str | os.PathLike[str], /, *, api: str | None = None, key: str | None = None
) -> st.SearchStrategy[CallSpec]:
    """Draw calls of the user's platforms in *path*, chained and direct, that must not be refused.

    Values follow each parameter's type, format, enum and JSON Schema, as OpenAPI writes them; one
    without any of these gets hostile texts and numbers. Required parameters are always given,
    others sometimes. Enabled instances are named in turn, where there are any.

    Args:
        path: a platform file, or a folder of them.
        api: the one API to call, in either style; None for all.
        key: the one platform of a folder; None for all of them.

    Raises:
        ConfigError: a file is wrong, or there is no such platform or API.
    """
    known = loaded(path)
    calls = [
        valid_calls(known, platform, item)
        for platform in _candidates(known, Path(path), key)
        for item in _apis(known, platform, api)
    ]
    if not calls:
        raise _nothing(path, api)
    return st.one_of(calls)


def loaded(path: str | os.PathLike[str], /) -> Platforms:
    """Return the platforms of a folder, or that of a file, with their instances.

    A project declares its instances in one file; those of platforms in other files than *path*
    are left out.

    Raises:
        ConfigError: a file is wrong.
    """
    place = "" if Path(path).is_dir() else find_instances(absolute(path))
    if not place:
        return load_platforms(path)
    known = load_platforms(path, instances="")
    problems: list[Problem] = []
    keys = {*known.keys, *_named(Path(place)), *_named(Path(local_of(place)))}
    entries = read_instances(Path(place), known.find, keys, problems)
    if problems:
        raise ConfigError(*problems)
    return known.with_entries(entry for entry in entries if known.find(entry.instance.platform))


def together(path: str | os.PathLike[str], /) -> Platforms:
    """Return the platforms of a folder, or those beside a file too: a script may call any of them.

    Raises:
        ConfigError: a file is wrong.
    """
    try:
        return load_platforms(path if Path(path).is_dir() else Path(path).absolute().parent)
    except ConfigError:
        return loaded(path)  # what else is in its folder may be no platform


def _named(place: Path) -> Iterator[str]:
    """Yield the platforms that a file of instances names."""
    for element in read_yaml(place).elements if place.is_file() else ():
        named = element.child("platform")
        if named is not None:
            yield str(named.value)


def apis_named(
    known: Platforms, platform: Platform, name: str, *, path: str | os.PathLike[str]
) -> list[Api]:
    """Return the API of *name*, in either style, or all if it is empty.

    Raises:
        ConfigError: *platform*, which *path* declares, has none.
    """
    apis = _apis(known, platform, name or None)
    if not apis:
        raise ConfigError(f"{_nothing(path, name)}{near(name, platform.apis)}")
    return apis


def _nothing(path: str | os.PathLike[str], api: str | None) -> ConfigError:
    return ConfigError(f"{path}: there is no API to call{f' named {api!r}' if api else ''}")


def _candidates(known: Platforms, path: Path, key: str | None) -> list[Platform]:
    if path.is_file():
        return [known.own[read_platform(path).platform_key]]
    if key is None:
        return list(known.own.values())
    if key not in known.own:
        raise ConfigError(f"{path}: there is no platform {key!r}{near(key, known.own)}")
    return [known.own[key]]


def _apis(known: Platforms, platform: Platform, name: str | None) -> list[Api]:
    if name is None:
        return list(platform.apis.values())
    return [known.api(platform, name)] if _has(known, platform, name) else []


def _has(known: Platforms, platform: Platform, name: str) -> bool:
    try:
        known.api(platform, name)
    except CallError:
        return False
    return True


def _instances(known: Platforms, platform: Platform) -> list[str]:
    entries = known.entries.get(platform.platform_key, ())
    return [entry.instance.instance_key for entry in entries if entry.instance.enabled]


def valid_calls(
    known: Platforms, platform: Platform, api: Api, /, *, direct: bool | None = None
) -> st.SearchStrategy[CallSpec]:
    """Draw calls of one API that must not be refused; see `for_platform`.

    Args:
        known: holds the instances.
        platform: declares *api*.
        api: what is called.
        direct: whether arguments are passed, or setters called; None for both.
    """
    return _calls(platform, api, _instances(known, platform), direct)


@st.composite
def _calls(
    draw: st.DrawFn, platform: Platform, api: Api, instances: list[str], direct: bool | None
) -> CallSpec:
    is_xml = (api.encoding or platform.encoding) == "xml"
    values = [draw(_values_of(parameter, is_xml=is_xml)) for parameter in api.parameters]
    options = {"instance_key": draw(st.sampled_from(instances))} if instances else {}
    spec = DrawnCall(
        platform=platform.platform_key, options=options, api=api.key, args=tuple(values)
    )
    is_direct = draw(st.booleans()) if direct is None else direct
    return spec if is_direct else chained(api, spec)


def chained(api: Api, program: CallSpec, /) -> CallSpec:
    """Return the chain that says what the direct call *program* of *api* says."""
    if program.args is None:
        return program
    return replace(program, args=None, steps=_setters(api, list(program.args)))


def _values_of(parameter: Parameter, *, is_xml: bool) -> st.SearchStrategy[Any]:
    values = parameter_values(parameter)
    if is_xml and parameter.place == "body":
        values = values.filter(_is_element)
    return values if parameter.required else values | st.just(UNDEFINED)


def parameter_values(parameter: Parameter, /, *, name: str = "") -> st.SearchStrategy[Any]:
    """Draw values of one declared parameter that can stand at its place.

    Args:
        parameter: what the platform file says of it.
        name: what messages call it.

    Raises:
        ConfigError: if its schema is none.
    """
    schema = schema_of(parameter)
    if not schema:
        return words() if parameter.place == "header" else _placed(parameter, scalars())
    if schema == {"type": "string"} and parameter.place == "header":
        return words()
    return _placed(parameter, values_of(schema, name=name or f"parameter {parameter.name!r}"))


def schema_of(parameter: Parameter, /) -> dict[str, Any]:
    """Return everything that is declared of a parameter's values as one JSON Schema."""
    schema: dict[str, Any] = {}
    if parameter.type in _TYPES:
        schema["type"] = "string" if parameter.type == "text" else parameter.type
    if parameter.enum:
        schema["enum"] = list(parameter.enum)
    if parameter.format:
        schema["format"] = parameter.format
    return {**schema, **parameter.schema}


def _placed(parameter: Parameter, drawn: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return drawn.filter(_FITTING.get(parameter.place, lambda _value: True))


def _is_visible(value: Any) -> bool:
    text = str(value)
    return _is_single(value) and text.isascii() and text.isprintable() and text == text.strip()


def _is_element(value: Any) -> bool:
    """Return whether XML can hold *value*: names of elements, and no control characters."""
    if isinstance(value, dict):
        named = all(_ELEMENT.fullmatch(name) for name in value)
        return named and all(map(_is_element, value.values()))
    if isinstance(value, list):
        return all(map(_is_element, value)) and not any(isinstance(item, list) for item in value)
    return not (isinstance(value, str) and _NOT_XML.search(value))


def _is_single(value: Any) -> bool:
    return value is not None and not isinstance(value, dict | list)


def _is_listed(value: Any) -> bool:
    return all(map(_is_single, value)) if isinstance(value, list) else _is_single(value)


_FITTING: Final[Mapping[str, Callable[[Any], bool]]] = {
    "header": _is_visible,
    "path": lambda value: _is_single(value) and value not in _NO_SEGMENT,
    "query": _is_listed,
}
"""What can stand at a place at all, whatever the schema says."""


def _setters(api: Api, values: list[Any]) -> tuple[tuple[Setter, Any], ...]:
    """Return the setters that say what the arguments *values* of a direct call would."""
    steps: dict[Setter, dict[str, Any]] = {}
    whole: list[tuple[Setter, Any]] = []
    for parameter, value in zip(api.parameters, values, strict=False):
        if value is UNDEFINED:
            continue
        if parameter.place == "body" and parameter.target in {"$", "."}:
            whole.append(("body", value))
        else:
            _set(steps.setdefault(parameter.place, {}), parameter, value)
    if "body" in steps and isinstance(api.body, Mapping):
        steps["body"] = {
            name: _over(api.body.get(name), value) for name, value in steps["body"].items()
        }
    return (*whole, *((setter, steps[setter]) for setter in _SETTERS if setter in steps))


def _set(steps: dict[str, Any], parameter: Parameter, value: Any) -> None:
    *above, last = parameter.target.split(".") if parameter.place == "body" else [parameter.target]
    for name in above:  # copied, for a drawn value may lie on the way
        inner = steps.get(name)
        steps[name] = steps = dict(inner) if isinstance(inner, Mapping) else {}
    steps[last] = value


def _over(template: Any, value: Any) -> Any:
    """Return *value* with what a direct call would keep of the body's template around it."""
    if not (isinstance(template, Mapping) and isinstance(value, dict)):
        return value
    members = {name: value for name, value in template.items() if not _is_credential(value)}
    return {**members, **{name: _over(template.get(name), value) for name, value in value.items()}}


def _is_credential(value: Any) -> bool:
    """Return whether *value* stands for a credential, which a script cannot say."""
    return isinstance(value, Mapping) and CREDENTIAL in value
