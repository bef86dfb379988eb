"""Builder programs: chained and direct calls with everything that a script may say in them.

A program written as the JavaScript that does the same.

Calls of a user's own platform, from what its file declares of each parameter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from math import copysign, isfinite, isnan
from typing import Any, Final

from hypothesis import currently_in_test_context, note
from hypothesis import strategies as st

from bpmax_sim.field_path import with_member
from bpmax_sim.js_values import UNDEFINED, BigInt, Undefined, js_number, ms_of
from bpmax_sim.platform.model import Api, Platform, snake
from bpmax_sim.proxy.builder import Builder, CallSpec, Setter
from bpmax_sim.session.session import Session
from bpmax_sim.strategies import corners
from bpmax_sim.strategies.corners import UNNAMED, Step
from bpmax_sim.strategies.platforms import HEADER_NAMES, PLACE_NAMES
from bpmax_sim.strategies.values import (
    NO_SEGMENT,
    is_element,
    keys,
    scalars,
    script_values,
    texts,
    weighted,
    words,
)

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


_MOSTLY: Final = 8
"""Times out of ten that everything an API requires is given."""

_SELDOM: Final = 3
"""Times out of ten that the first argument is an object, which is no bag of names."""

_TRULY: Final = 6
"""Times out of ten that an API is called by its key."""

_ODD_HEADERS: Final = ("客户", "a b", "", "Host", "Content-Length", "x:y")
_ODD_VALUES: Final = ("x\r\nX-Evil: 1", "x\nX-Evil: 1", "\r", "a\x00b", "\x7f", " a", "a ", "张三")
_CLIMBING: Final = ("...", "../..", "./", "a/b", "/", "a?b#c", "%2F", "%2e%2e", "\\", ";a=1")
_COOKIES: Final = ("a=1", "sid=mine; b=2")
_EITHER = st.booleans()
_TEN = st.integers(0, 9)
_EXTRA = st.lists(scalars(), max_size=3)
_BAG: st.SearchStrategy[Any] = st.sampled_from(({"id": "1"}, {"客户": "甲", "数量": 2}))


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
    called = api or (draw(st.sampled_from(list(platform.apis.values()))) if platform else UNNAMED)
    is_aimed = refusable and draw(_EITHER)
    refusable = refusable and not is_aimed
    setters = steps(platform=platform, api=called, refusable=refusable)
    drawn = [draw(setters) for _ in range(draw(st.integers(0, max_steps)))]
    if not is_aimed and max_steps:
        for corner in draw(corners.corner_steps(api=called, platform=platform)):
            _insert(draw, drawn, corner)
    if is_aimed or draw(_TEN) < _MOSTLY:
        for step in draw(_needed(called, corners.fillable(platform, called))).items():
            drawn.insert(draw(st.integers(0, len(drawn))), step)
    if is_aimed:
        drawn += draw(corners.refused_steps(api=called, platform=platform))
    return DrawnCall(
        platform=platform.platform_key if platform else draw(keys()),
        options=draw(_options(instances, refusable)),
        api=_spelled(draw, called, platform) if platform else called.key,
        steps=tuple(drawn),
    )


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
        name
        for name in spellings
        if name not in platform.apis and platform.spellings.get(snake(name)) == api.key
    ]
    return draw(st.sampled_from(others or [api.key]))


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
            value = draw(_value(parameter.place, str(api.encoding or "")))
            steps = parameter.steps or (parameter.target,)
            values[parameter.place] = with_member(values.get(parameter.place), steps, value)
    return values


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
    *, platform: Platform | None = None, api: Api = UNNAMED, refusable: bool = False
) -> st.SearchStrategy[Step]:
    """Draw one setter and its value: ``("query", {"page": 1})``."""
    drawn = _steps(corners.fillable(platform, api), refusable, str(api.encoding or ""))
    claimed = corners.claims(platform=platform, api=api)
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


@cache
def _segments() -> st.SearchStrategy[Any]:
    return st.sampled_from(_CLIMBING) | scalars().filter(lambda value: value not in NO_SEGMENT)


@cache
def _paths(names: tuple[str, ...], refusable: bool) -> st.SearchStrategy[Any]:
    values = _segments() | st.just(UNDEFINED)
    if refusable:
        names = (*names, "unknown")
        values |= (
            scalars(refusable=True)
            | st.sampled_from(NO_SEGMENT)
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
    single = (scalars() | st.none()).filter(is_element)
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
    called = api or (draw(st.sampled_from(list(platform.apis.values()))) if platform else UNNAMED)
    encoding = str(called.encoding or "")
    args = [
        draw(_argument(parameter.place, parameter.required, refusable, encoding))
        for parameter in called.parameters
    ]
    if args and refusable and draw(_TEN) < _SELDOM:
        args[0] = draw(_BAG)
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
        return scalars().filter(is_element) if encoding == "xml" else scalars()
    values: dict[str, st.SearchStrategy[Any]] = {
        "path": _segments(),
        "query": scalars() | st.lists(scalars(), min_size=1, max_size=2),
        "header": words(),
        "body": script_values(max_leaves=4).filter(lambda value: value is not UNDEFINED),
    }
    return values[place]


def perform(program: CallSpec, session: Session) -> Any:
    """Make the call of *program* through the builder of *session*, and return its response.

    In a property test, a failure tells the JavaScript of the program.

    Raises:
        CallError: it was rejected.
        NoMatchError: replay has no response.
    """
    if currently_in_test_context():
        note(javascript(program))
    if program.args is None:
        return builder_of(program, session).call()
    return session.proxy(program.platform, **program.options).direct(program.api, *program.args)


def builder_of(program: CallSpec, session: Session) -> Builder:
    """Return the builder of *session* that has the setters of the chain *program*."""
    builder = session.proxy(program.platform, **program.options).api(program.api)
    for setter, value in program.steps:
        builder = getattr(builder, setter)(value)
    return builder
