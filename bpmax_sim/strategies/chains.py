"""Builder programs: chained and direct calls with everything that a script may say in them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from hypothesis import currently_in_test_context, note
from hypothesis import strategies as st

from bpmax_sim.platform.model import Api, Auth, Platform
from bpmax_sim.proxy.encode import DOTS
from bpmax_sim.proxy.program import Program, Setter
from bpmax_sim.proxy.values import UNDEFINED, BigInt
from bpmax_sim.session import Session
from bpmax_sim.strategies.javascript import javascript
from bpmax_sim.strategies.platforms import HEADER_NAMES, PLACE_NAMES
from bpmax_sim.strategies.texts import keys, scalars, script_values, texts, words

Step = tuple[Setter, Any]

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_MOSTLY: Final = 8
"""Times out of ten that everything an API requires is given."""

_UNNAMED: Final = Api(key="get_customer_detail", path="/customers/{id}")
_ODD_HEADERS: Final = ("客户", "a b", "", "Host", "Content-Length", "x:y")
_ODD_VALUES: Final = ("x\r\nX-Evil: 1", "x\nX-Evil: 1", "\r", "a\x00b", "\x7f", " a", "a ", "张三")
_CLIMBING: Final = ("...", "../..", "./", "a/b", "/", "a?b#c", "%2F", "%2e%2e", "\\", ";a=1")
_NO_SEGMENT: Final = ("", *sorted(DOTS))
_COOKIES: Final = ("a=1", "sid=mine; b=2")
_TEN = st.integers(0, 9)
_EXTRA = st.lists(scalars(), max_size=2)


def chains(
    *,
    platform: Platform | None = None,
    api: Api | None = None,
    instances: Iterable[str] = (),
    refusable: bool = False,
    max_steps: int = 6,
) -> st.SearchStrategy[Program]:
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
) -> Program:
    called = api or (draw(st.sampled_from(list(platform.apis.values()))) if platform else _UNNAMED)
    setters = steps(platform=platform, api=called, refusable=refusable)
    given = [draw(setters) for _ in range(draw(st.integers(0, max_steps)))]
    if draw(_TEN) < _MOSTLY:
        for setter, value in draw(_needed(called, _fillable(platform, called))).items():
            given.insert(draw(st.integers(0, len(given))), (setter, value))
    return Program(
        platform=platform.platform_key if platform else draw(keys()),
        options=draw(_options(instances)),
        api=called.key,
        steps=tuple(given),
    )


@st.composite
def _needed(draw: st.DrawFn, api: Api, names: tuple[str, ...]) -> dict[Setter, dict[str, Any]]:
    """Draw what every placeholder and required parameter needs, a mapping for each setter."""
    found: dict[Setter, dict[str, Any]] = {}
    if names:
        found["path"] = {name: draw(_value("path")) for name in names}
    for one in api.parameters:
        if one.required and one.place != "path":
            *above, last = one.target.split(".") if one.place == "body" else [one.target]
            at = found.setdefault(one.place, {})
            for name in above:
                at = at.setdefault(name, {})
            at[last] = draw(_value(one.place))
    return found


def _fillable(platform: Platform | None, api: Api) -> tuple[str, ...]:
    taken = {one.name for one in platform.auth.apply} if platform else set()
    found = dict.fromkeys(_PLACEHOLDER.findall(api.path))
    return tuple(name for name in found if name not in taken)


@cache
def _options(instances: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    callers: st.SearchStrategy[Any] = texts().filter(bool)
    named: st.SearchStrategy[Any] = st.sampled_from((*instances, UNDEFINED))
    optional = {"caller": callers | st.just(UNDEFINED), "instance_key": named}
    return st.fixed_dictionaries({}, optional=optional)


def steps(
    *, platform: Platform | None = None, api: Api = _UNNAMED, refusable: bool = False
) -> st.SearchStrategy[Step]:
    """Draw one setter and its value: ``("query", {"page": 1})``."""
    drawn = _steps(_fillable(platform, api), refusable)
    claims = _rivals(platform, api)
    return st.one_of(*drawn, st.sampled_from(claims)) if claims else st.one_of(drawn)


@cache
def _steps(names: tuple[str, ...], refusable: bool) -> list[st.SearchStrategy[Step]]:
    values: dict[Setter, st.SearchStrategy[Any]] = {
        "path": _paths(names, refusable),
        "query": _queries(refusable),
        "header": _headers(refusable),
        "body": _bodies(refusable),
    }
    return [st.tuples(st.just(setter), drawn) for setter, drawn in values.items()]


def rivals(*, platform: Platform, api: Api = _UNNAMED) -> st.SearchStrategy[Step]:
    """Draw setters that claim the names that the auth of *platform* puts in, in several cases.

    Nothing is drawn where there is no auth.
    """
    claims = _rivals(platform, api)
    return st.sampled_from(claims) if claims else st.nothing()


def _rivals(platform: Platform | None, api: Api) -> list[Step]:
    if platform is None:
        return []
    auth = api.auth if isinstance(api.auth, Auth) else platform.auth
    emitted = auth.sign.emit if auth.sign else ()
    return [
        _rival(one.place, name)
        for one in (*auth.apply, *emitted)
        for name in ({one.name} if one.place == "path" else _cases(one.name))
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
    cookies: st.SearchStrategy[Any] = st.sampled_from(_COOKIES).map(lambda one: {"Cookie": one})
    return st.dictionaries(names, values, max_size=3) | cookies | st.just(UNDEFINED)


@cache
def _bodies(refusable: bool) -> st.SearchStrategy[Any]:
    names = st.sampled_from((*PLACE_NAMES, "来源", "深", "auth", "AUTH"))
    objects = st.dictionaries(names, script_values(max_leaves=4), max_size=3)
    drawn = objects | objects | script_values() | st.just(UNDEFINED)
    if not refusable:
        return drawn
    return drawn | script_values(refusable=True) | st.just(BigInt(1)) | st.binary(max_size=4)


def direct_calls(
    *,
    platform: Platform | None = None,
    api: Api | None = None,
    instances: Iterable[str] = (),
    refusable: bool = False,
) -> st.SearchStrategy[Program]:
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
) -> Program:
    called = api or (draw(st.sampled_from(list(platform.apis.values()))) if platform else _UNNAMED)
    args = [draw(_argument(one.place, one.required, refusable)) for one in called.parameters]
    is_whole = draw(_TEN) < _MOSTLY
    given = len(args) if is_whole else draw(st.integers(0, len(args)))
    extra = draw(_EXTRA) if given == len(args) else []
    return Program(
        platform=platform.platform_key if platform else draw(keys()),
        options=draw(_options(instances)),
        api=called.key,
        args=(*args[:given], *extra),
    )


@cache
def _argument(place: str, required: bool, refusable: bool) -> st.SearchStrategy[Any]:
    drawn = _value(place)
    if not required or refusable:
        drawn |= st.just(UNDEFINED)
    return drawn | script_values(refusable=True) if refusable else drawn


@cache
def _value(place: str) -> st.SearchStrategy[Any]:
    """Draw values that can stand at *place*."""
    values: dict[str, st.SearchStrategy[Any]] = {
        "path": _segments(),
        "query": scalars() | st.lists(scalars(), min_size=1, max_size=2),
        "header": words(),
        "body": script_values(max_leaves=4).filter(lambda value: value is not UNDEFINED),
    }
    return values[place]


def perform(program: Program, session: Session) -> Any:
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
