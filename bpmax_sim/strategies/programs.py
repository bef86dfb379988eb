"""Draw calls: chained and direct ones, with everything that a script may set.

`javascript` writes a call as the source that does the same; `for_platform` draws valid calls of a
user's own platform from the declarations of its parameters.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from math import copysign
from pathlib import Path
from typing import Any, Final

from hypothesis import currently_in_test_context, note
from hypothesis import strategies as st
from msgspec.structs import replace

from bpmax_sim.errors import CallError, ConfigError, Problem, suggest_nearest
from bpmax_sim.field_path import with_member
from bpmax_sim.js_values import UNDEFINED, BigInt, UndefinedType, date_to_ms, format_js_number
from bpmax_sim.platform.check import CREDENTIAL
from bpmax_sim.platform.instances import read_instances
from bpmax_sim.platform.load import Platforms, load_platforms, read_platform
from bpmax_sim.platform.model import Api, Parameter, Platform, to_snake_case
from bpmax_sim.project import find_instances_file_above, to_absolute_path, to_local_override
from bpmax_sim.proxy.builder import Builder, CallSpec, Setter
from bpmax_sim.session.session import Session
from bpmax_sim.strategies import rare_setters
from bpmax_sim.strategies.platforms import HEADER_NAMES, PLACE_NAMES
from bpmax_sim.strategies.rare_setters import UNNAMED, Step
from bpmax_sim.strategies.values import (
    NO_SEGMENT,
    draw_weighted,
    header_values,
    identifiers,
    is_xml_value,
    scalars,
    script_values,
    texts,
    values_of,
)
from bpmax_sim.yamlfile import read_yaml


def javascript(program: CallSpec) -> str:
    """Return the JavaScript expression that makes the call *program*: ``$proxy("crm")…$call()``.

    Raises:
        TypeError: if it holds a value that has no literal.
    """
    options = f", {to_js_literal(program.options)}" if program.options else ""
    proxy = f"$proxy({to_js_literal(program.platform)}{options})"
    if program.args is not None:
        return (
            f"{proxy}[{to_js_literal(program.api)}]({', '.join(map(to_js_literal, program.args))})"
        )
    setters = "".join(f".${name}({to_js_literal(value)})" for name, value in program.steps)
    return f"{proxy}.$api({to_js_literal(program.api)}){setters}.$call()"


class DrawnCall(CallSpec, frozen=True, kw_only=True):
    """A call that a strategy drew; Hypothesis prints it as JavaScript."""

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(javascript(self))


def to_js_literal(value: Any) -> str:
    """Return *value* as a JavaScript literal.

    Raises:
        TypeError: if there is none, as for a function.
    """
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    raise TypeError(f"{type(value).__name__} has no JavaScript literal")


def _to_js_number_literal(value: float) -> str:
    return "-0" if value == 0 and copysign(1, value) < 0 else format_js_number(value)


def _to_js_object_literal(value: Mapping[str, Any]) -> str:
    # A computed name is an own property, even __proto__.
    members = (f"[{to_js_literal(name)}]: {to_js_literal(item)}" for name, item in value.items())
    return f"{{{', '.join(members)}}}"


_WRITERS: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    # JSON escapes all that is not ASCII, lone surrogates and U+2028 too, so it is a JavaScript
    # literal as well.
    (str, json.dumps),
    # Before the numbers: True is an int.
    (bool, lambda value: "true" if value else "false"),
    ((int, float), _to_js_number_literal),
    (type(None), lambda _value: "null"),
    (UndefinedType, lambda _value: "undefined"),
    (BigInt, lambda value: f"{value.value}n"),
    (datetime, lambda value: f"new Date({date_to_ms(value)})"),
    (bytes, lambda value: f"new Uint8Array({json.dumps(list(value))})"),
    (Mapping, _to_js_object_literal),
    ((list, tuple), lambda value: f"[{', '.join(map(to_js_literal, value))}]"),
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
    """Draw chained calls (with setters) of one API, or of any API of *platform*.

    Setters come in any order and repeatedly, with undefined, null and hostile texts, and with the
    names that defaults and auth use, also in other letter cases. Placeholders of the path may stay
    unfilled. Without a platform, any name is drawn.

    Args:
        platform: platform that is called.
        api: only API that is called.
        instances: keys of instances to name in the options; none is named if empty.
        refusable: whether to draw values that must be rejected before anything is sent.
        max_steps: maximum number of setters in one chain.
    """
    return _draw_chains(platform, api, tuple(instances), refusable, max_steps)


@st.composite
def _draw_chains(
    draw: st.DrawFn,
    platform: Platform | None,
    api: Api | None,
    instances: tuple[str, ...],
    refusable: bool,
    max_steps: int,
) -> CallSpec:
    called = api or (draw(st.sampled_from(list(platform.apis.values()))) if platform else UNNAMED)
    # An aimed call is valid but for one setter. Calls that are wrong in several ways are refused at
    # the first check, and would never reach the others.
    is_aimed = refusable and draw(_EITHER)
    refusable = refusable and not is_aimed
    setters = steps(platform=platform, api=called, refusable=refusable)
    drawn = [draw(setters) for _ in range(draw(st.integers(0, max_steps)))]
    if not is_aimed and max_steps:
        for corner in draw(rare_setters.setter_edge_cases(api=called, platform=platform)):
            _insert_steps(draw, drawn, corner)
    if is_aimed or draw(_TEN) < _MOSTLY:
        for step in draw(
            _draw_required_values(
                called, rare_setters.find_placeholders_without_auth(platform, called)
            )
        ).items():
            drawn.insert(draw(st.integers(0, len(drawn))), step)
    if is_aimed:
        # Last, so that no later setter replaces what has to be refused.
        drawn += draw(rare_setters.refused_steps(api=called, platform=platform))
    return DrawnCall(
        platform=platform.platform_key if platform else draw(identifiers()),
        options=draw(_draw_options(instances, refusable)),
        api=_draw_api_spelling(draw, called, platform) if platform else called.key,
        steps=tuple(drawn),
    )


def _insert_steps(draw: st.DrawFn, steps: list[Step], more: Iterable[Step]) -> None:
    """Insert the setters *more* into *steps* at positions that *draw* draws.

    Neither the order of *steps* nor that of *more* changes.
    """
    at = draw(st.integers(0, len(steps)))
    for step in more:
        steps.insert(at, step)
        at = draw(st.integers(at + 1, len(steps)))


def _draw_api_spelling(draw: st.DrawFn, api: Api, platform: Platform) -> str:
    """Draw a name by which a script can call *api*.

    It is the key, an alias, or one of these in camel case or snake case.
    """
    if draw(_TEN) < _TRULY:
        return api.key
    names = (api.key, *api.aliases)
    spellings = dict.fromkeys((*api.aliases, *map(to_snake_case, names), *map(_camel_case, names)))
    others = [
        name
        for name in spellings
        if name not in platform.apis and platform.spellings.get(to_snake_case(name)) == api.key
    ]
    return draw(st.sampled_from(others or [api.key]))


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


@st.composite
def _draw_required_values(
    draw: st.DrawFn, api: Api, names: tuple[str, ...]
) -> dict[Setter, dict[str, Any]]:
    """Draw values for all placeholders and required parameters: setter -> name -> value."""
    values: dict[Setter, dict[str, Any]] = {}
    if names:
        values["path"] = {name: draw(_draw_value("path")) for name in names}
    for parameter in api.parameters:
        if parameter.required and parameter.place != "path":
            value = draw(_draw_value(parameter.place, str(api.encoding or "")))
            steps = parameter.steps or (parameter.wire_name,)
            values[parameter.place] = with_member(values.get(parameter.place), steps, value)
    return values


@cache
def _draw_options(instances: tuple[str, ...], refusable: bool) -> st.SearchStrategy[dict[str, Any]]:
    callers: st.SearchStrategy[Any] = texts().filter(bool)
    named: st.SearchStrategy[Any] = st.sampled_from((*instances, UNDEFINED))
    optional = {"caller": callers | st.just(UNDEFINED), "instance_key": named}
    usual = st.fixed_dictionaries({}, optional=optional)
    if not refusable:
        return usual
    odd = st.fixed_dictionaries({"instance_key": st.just("prd")}, optional={"caller": callers})
    return draw_weighted((9, usual), (1, odd))


def steps(
    *, platform: Platform | None = None, api: Api = UNNAMED, refusable: bool = False
) -> st.SearchStrategy[Step]:
    """Draw one setter of a chain with its value: ``("query", {"page": 1})``.

    ``path`` fills the placeholders of *api*. Other setters have any names, also those that auth of
    *api* or *platform* sets itself. With *refusable*, some values must be rejected before anything
    is sent.
    """
    drawn = _make_step_strategies(
        rare_setters.find_placeholders_without_auth(platform, api),
        refusable,
        str(api.encoding or ""),
    )
    claimed = rare_setters.claims(platform=platform, api=api)
    return st.one_of(*drawn, st.sampled_from(claimed)) if claimed else st.one_of(drawn)


@cache
def _make_step_strategies(
    names: tuple[str, ...], refusable: bool, encoding: str
) -> list[st.SearchStrategy[Step]]:
    values: dict[Setter, st.SearchStrategy[Any]] = {
        "path": _draw_path_arguments(names, refusable),
        "query": _draw_queries(refusable),
        "header": _draw_headers(refusable),
        "body": _draw_bodies(refusable, encoding),
    }
    return [st.tuples(st.just(setter), drawn) for setter, drawn in values.items()]


@cache
def _draw_segments() -> st.SearchStrategy[Any]:
    return st.sampled_from(_CLIMBING) | scalars().filter(lambda value: value not in NO_SEGMENT)


@cache
def _draw_path_arguments(names: tuple[str, ...], refusable: bool) -> st.SearchStrategy[Any]:
    values = _draw_segments() | st.just(UNDEFINED)
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
def _draw_queries(refusable: bool) -> st.SearchStrategy[Any]:
    names = st.sampled_from((*PLACE_NAMES, "access_token", "Access_Token")) | texts(max_size=4)
    values = scalars() | st.lists(scalars(), max_size=3) | st.none() | st.just(UNDEFINED)
    if refusable:
        values |= scalars(refusable=True) | st.just({}) | st.just([[1]]) | st.just({"a": 1})
    return st.dictionaries(names, values, max_size=3) | st.just(UNDEFINED)


@cache
def _draw_headers(refusable: bool) -> st.SearchStrategy[Any]:
    known = (*HEADER_NAMES, "Authorization", "X-Api-Key", "X-Signature", "X-Key")
    names = st.sampled_from([spelled for name in known for spelled in (name, name.lower())])
    values: st.SearchStrategy[Any] = (
        header_values() | st.integers(-9, 9) | st.booleans() | st.none() | st.just(UNDEFINED)
    )
    if refusable:
        names |= st.sampled_from(_ODD_HEADERS)
        values |= st.sampled_from(_ODD_VALUES) | texts(refusable=True) | st.just({}) | st.just([])
    cookies: st.SearchStrategy[Any] = st.sampled_from(_COOKIES).map(lambda name: {"Cookie": name})
    return st.dictionaries(names, values, max_size=3) | cookies | st.just(UNDEFINED)


@cache
def _draw_bodies(refusable: bool, encoding: str) -> st.SearchStrategy[Any]:
    names = st.sampled_from((*PLACE_NAMES, "来源", "深", "auth", "AUTH"))
    if encoding and not refusable:
        return _FITTING_BODIES[encoding](names) | st.just(UNDEFINED)
    objects = st.dictionaries(names, script_values(max_leaves=4), max_size=3)
    drawn = objects | objects | script_values() | st.just(UNDEFINED)
    if not refusable:
        return drawn
    if encoding:
        drawn = draw_weighted((3, _FITTING_BODIES[encoding](names)), (1, drawn))
    return drawn | script_values(refusable=True) | st.just(BigInt(1)) | st.binary(max_size=4)


def _draw_form_bodies(names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    single = scalars() | st.none() | st.just(UNDEFINED)
    return st.dictionaries(names, single | st.lists(single, max_size=2), max_size=3)


def _draw_multipart_bodies(names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    files = st.fixed_dictionaries(
        {"content": texts() | st.binary(max_size=6)},
        optional={"filename": st.sampled_from(_FILES), "content_type": st.just("text/csv")},
    )
    return _draw_form_bodies(names) | st.dictionaries(
        names, files | scalars(), min_size=1, max_size=2
    )


def _draw_xml_bodies(_names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    single = (scalars() | st.none()).filter(is_xml_value)
    names = st.sampled_from(("来源", "page", "@no", "#text", "a.b"))
    children = st.dictionaries(names, single | st.just(UNDEFINED), max_size=3)
    lists = st.fixed_dictionaries({"项": st.lists(single, max_size=2)})
    return (children | lists).map(lambda inner: {"单": inner})


_FILES: Final = ("合同 1.csv", 'a"b\r\n.txt')
_FITTING_BODIES: Final[Mapping[str, Callable[[st.SearchStrategy[str]], st.SearchStrategy[Any]]]] = {
    "form": _draw_form_bodies,
    "multipart": _draw_multipart_bodies,
    "xml": _draw_xml_bodies,
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
    """Draw direct calls, ``crm.get(1, "a")``: arguments in declared order.

    Some are undefined, and there may be too few or too many.

    Args:
        platform: platform that is called.
        api: only API that is called.
        instances: keys of instances to name in the options; none is named if empty.
        refusable: whether to draw values that must be rejected before anything is sent.
    """
    return _draw_direct_calls(platform, api, tuple(instances), refusable)


@st.composite
def _draw_direct_calls(
    draw: st.DrawFn,
    platform: Platform | None,
    api: Api | None,
    instances: tuple[str, ...],
    refusable: bool,
) -> CallSpec:
    called = api or (draw(st.sampled_from(list(platform.apis.values()))) if platform else UNNAMED)
    encoding = str(called.encoding or "")
    args = [
        draw(_draw_argument(parameter.place, parameter.required, refusable, encoding))
        for parameter in called.parameters
    ]
    if args and refusable and draw(_TEN) < _SELDOM:
        args[0] = draw(_BAG)
    is_whole = draw(_TEN) < _MOSTLY
    count = len(args) if is_whole else draw(st.integers(0, len(args)))
    extra = draw(_EXTRA) if count == len(args) else []
    return DrawnCall(
        platform=platform.platform_key if platform else draw(identifiers()),
        options=draw(_draw_options(instances, refusable)),
        api=_draw_api_spelling(draw, called, platform) if platform else called.key,
        args=(*args[:count], *extra),
    )


@cache
def _draw_argument(
    place: str, required: bool, refusable: bool, encoding: str
) -> st.SearchStrategy[Any]:
    drawn = _draw_value(place, encoding)
    if not required or refusable:
        drawn |= st.just(UNDEFINED)
    return drawn | script_values(refusable=True) if refusable else drawn


@cache
def _draw_value(place: str, encoding: str = "") -> st.SearchStrategy[Any]:
    """Draw values allowed at *place*, such as ``query``.

    In a body with an *encoding*, such as ``xml``, a value is that of one member of the body.
    """
    if place == "body" and encoding:
        return scalars().filter(is_xml_value) if encoding == "xml" else scalars()
    values: dict[str, st.SearchStrategy[Any]] = {
        "path": _draw_segments(),
        "query": scalars() | st.lists(scalars(), min_size=1, max_size=2),
        "header": header_values(),
        "body": script_values(max_leaves=4).filter(lambda value: value is not UNDEFINED),
    }
    return values[place]


def perform(program: CallSpec, session: Session) -> Any:
    """Make the call *program* in *session*, and return its response.

    If a property test fails, Hypothesis prints the JavaScript of the call.

    Raises:
        CallError: if the call is rejected.
        NoMatchError: if replay has no response.
    """
    if currently_in_test_context():
        note(javascript(program))
    if program.args is None:
        return make_builder(program, session).call()
    return session.proxy(program.platform, **program.options).direct(program.api, *program.args)


def make_builder(program: CallSpec, session: Session) -> Builder:
    """Return *program*, a chained call, as a chain of *session* without its ``$call()``."""
    builder = session.proxy(program.platform, **program.options).api(program.api)
    for setter, value in program.steps:
        builder = getattr(builder, setter)(value)
    return builder


_SETTERS: Final[tuple[Setter, ...]] = ("path", "query", "header", "body")
_TYPES: Final = frozenset({"string", "text", "integer", "number", "boolean", "array", "object"})


def for_platform(
    path: str | os.PathLike[str], /, *, api: str | None = None, key: str | None = None
) -> st.SearchStrategy[CallSpec]:
    """Draw valid calls, chained and direct, of the user's platforms at *path*.

    Values follow each parameter's type, format, enum and JSON Schema, as OpenAPI writes them; a
    parameter without any of these gets hostile texts and numbers. Required parameters are always
    given, others sometimes. All enabled instances are used.

    Args:
        path: platform file, or folder of platform files.
        api: only API to call, in either naming style; None for all.
        key: only platform of the folder; None for all.

    Raises:
        ConfigError: if a file is wrong, or there is no such platform or API.
    """
    known = load_platforms_with_instances(path)
    calls = [
        valid_calls(known, platform, item)
        for platform in _select_platforms_by_path_or_key(known, Path(path), key)
        for item in _find_named_or_all_apis(known, platform, api)
    ]
    if not calls:
        raise _make_no_api_error(path, api)
    return st.one_of(calls)


def load_platforms_with_instances(path: str | os.PathLike[str], /) -> Platforms:
    """Return the platforms of a folder or file, with their instances.

    A project declares its instances in one file; those of platforms in other files than *path* are
    left out.

    Raises:
        ConfigError: if a file is wrong.
    """
    place = "" if Path(path).is_dir() else find_instances_file_above(to_absolute_path(path))
    if not place:
        return load_platforms(path)
    known = load_platforms(path, instances="")
    problems: list[Problem] = []
    keys = {
        *known.keys,
        *_read_platform_keys_of_instances(Path(place)),
        *_read_platform_keys_of_instances(Path(to_local_override(place))),
    }
    entries = read_instances(Path(place), known.find, keys, problems, [])
    if problems:
        raise ConfigError(*problems)
    return known.copy_replacing_entries(
        entry for entry in entries if known.find(entry.instance.platform)
    )


def load_platforms_beside(path: str | os.PathLike[str], /) -> Platforms:
    """Return all platforms of the folder *path*, or of the folder of the file *path*.

    A script may call any of them.

    Raises:
        ConfigError: if a file is wrong.
    """
    try:
        return load_platforms(path if Path(path).is_dir() else Path(path).absolute().parent)
    except ConfigError:
        return load_platforms_with_instances(path)  # what else is in its folder may be no platform


def _read_platform_keys_of_instances(place: Path) -> Iterator[str]:
    """Yield the keys of the platforms that the file of instances *place* mentions."""
    for element in read_yaml(place).elements if place.is_file() else ():
        named = element.find_child("platform")
        if named is not None:
            yield str(named.value)


def require_named_or_all_apis(
    known: Platforms, platform: Platform, name: str, *, path: str | os.PathLike[str]
) -> list[Api]:
    """Return the API *name* of *platform* as a list of one; all its APIs if *name* is empty.

    Raises:
        ConfigError: if *platform* has no such API; the message names *path*, its file.
    """
    apis = _find_named_or_all_apis(known, platform, name or None)
    if not apis:
        raise ConfigError(f"{_make_no_api_error(path, name)}{suggest_nearest(name, platform.apis)}")
    return apis


def _make_no_api_error(path: str | os.PathLike[str], api: str | None) -> ConfigError:
    return ConfigError(f"{path}: there is no API to call{f' named {api!r}' if api else ''}")


def _select_platforms_by_path_or_key(
    known: Platforms, path: Path, key: str | None
) -> list[Platform]:
    if path.is_file():
        return [known.own[read_platform(path).platform_key]]
    if key is None:
        return list(known.own.values())
    if key not in known.own:
        raise ConfigError(f"{path}: there is no platform {key!r}{suggest_nearest(key, known.own)}")
    return [known.own[key]]


def _find_named_or_all_apis(known: Platforms, platform: Platform, name: str | None) -> list[Api]:
    if name is None:
        return list(platform.apis.values())
    try:
        return [known.api(platform, name)]
    except CallError:
        return []


def valid_calls(
    known: Platforms, platform: Platform, api: Api, /, *, direct: bool | None = None
) -> st.SearchStrategy[CallSpec]:
    """Draw valid calls of one API: all required parameters are given, of the others some.

    Values fit the declaration of their parameter.

    Args:
        known: platforms with their instances.
        platform: platform that declares *api*.
        api: API that is called.
        direct: whether the call is direct (with arguments) or chained (with setters); None for
            both.
    """
    encoding = str(api.encoding or platform.encoding or "")
    entries = known.entries.get(platform.platform_key, ())
    instances = [entry.instance.instance_key for entry in entries if entry.instance.enabled]
    drawn = st.builds(
        DrawnCall,
        platform=st.just(platform.platform_key),
        options=st.fixed_dictionaries(
            {"instance_key": st.sampled_from(instances)} if instances else {}
        ),
        api=st.just(api.key),
        # made once: a strategy costs more to make than a value to draw
        args=st.tuples(
            *(_draw_parameter_values(parameter, encoding) for parameter in api.parameters)
        ),
    )
    ways = st.booleans() if direct is None else st.just(direct)
    return st.builds(
        lambda spec, is_direct: spec if is_direct else to_chain(api, spec), drawn, ways
    )


def to_chain(api: Api, program: CallSpec, /) -> CallSpec:
    """Return the chained call that sends the same as the direct call *program* of *api*."""
    if program.args is None:
        return program
    return replace(program, args=None, steps=_convert_arguments_to_setters(api, list(program.args)))


def _draw_parameter_values(parameter: Parameter, encoding: str) -> st.SearchStrategy[Any]:
    values = parameter_values(parameter)
    if parameter.place == "body" and encoding == "xml":
        values = values.filter(is_xml_value)
    elif (
        parameter.place == "body"
        and encoding == "form"
        and "items" not in to_json_schema(parameter)
    ):
        values = values.map(_drop_nested_items)  # a form has no place for them
    if not parameter.required:
        return values | st.just(UNDEFINED)
    # Where a list repeats its name for each element, an empty one sends nothing, and the third
    # party misses a required value.
    is_repeated = parameter.place == "query" or (
        parameter.place == "body" and encoding in ("form", "multipart")
    )
    return values.filter(lambda value: value != []) if is_repeated else values


def _drop_nested_items(value: Any) -> Any:
    is_list = isinstance(value, list)
    return [item for item in value if not isinstance(item, list | dict)] if is_list else value


def parameter_values(parameter: Parameter, /, *, name: str = "") -> st.SearchStrategy[Any]:
    """Draw values of one parameter that fit its declaration and its place.

    Args:
        parameter: declaration in the platform file.
        name: name of the parameter in messages.

    Raises:
        ConfigError: if its schema is not a valid JSON Schema.
    """
    schema = to_json_schema(parameter)
    if not schema:
        return (
            header_values()
            if parameter.place == "header"
            else _filter_values_for_place(parameter, scalars())
        )
    if schema == {"type": "string"} and parameter.place == "header":
        return header_values()
    return _filter_values_for_place(
        parameter, values_of(schema, name=name or f"parameter {parameter.name!r}")
    )


def to_json_schema(parameter: Parameter, /) -> dict[str, Any]:
    """Return a JSON Schema with everything that *parameter* declares about its values."""
    kind = "string" if parameter.type == "text" else parameter.type
    declared = {
        "type": kind if parameter.type in _TYPES else "",
        "enum": list(parameter.enum),
        "format": parameter.format,
    }
    return {**{name: value for name, value in declared.items() if value}, **parameter.schema}


def _filter_values_for_place(
    parameter: Parameter, drawn: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    return drawn.filter(_FITTING.get(parameter.place, lambda _value: True))


def _is_visible_ascii(value: Any) -> bool:
    text = str(value)
    return (
        _is_non_null_scalar(value)
        and text.isascii()
        and text.isprintable()
        and text == text.strip()
    )


def _is_non_null_scalar(value: Any) -> bool:
    return value is not None and not isinstance(value, dict | list)


_FITTING: Final[Mapping[str, Callable[[Any], bool]]] = {
    "header": _is_visible_ascii,
    "path": lambda value: _is_non_null_scalar(value) and value not in NO_SEGMENT,
    "query": lambda value: all(
        map(_is_non_null_scalar, value if isinstance(value, list) else [value])
    ),
}
"""What can stand at a place at all, whatever the schema says."""


def _convert_arguments_to_setters(api: Api, values: list[Any]) -> tuple[tuple[Setter, Any], ...]:
    """Return the setters that send the same as the arguments *values* of a direct call."""
    steps: dict[Setter, dict[str, Any]] = {}
    whole: list[tuple[Setter, Any]] = []
    for parameter, value in zip(api.parameters, values, strict=False):
        if value is not UNDEFINED and parameter.steps:
            place = parameter.place
            steps[place] = with_member(steps.get(place), parameter.steps, value)
        elif value is not UNDEFINED:
            whole.append(("body", value))
    if "body" in steps and isinstance(api.body, Mapping):
        steps["body"] = {
            name: _merge_over_default_body(api.body.get(name), value)
            for name, value in steps["body"].items()
        }
    return (*whole, *((setter, steps[setter]) for setter in _SETTERS if setter in steps))


def _merge_over_default_body(default_body: Any, value: Any) -> Any:
    """Return *value*, which a direct call sends, merged over *default_body*.

    *default_body* is what the API's default body has at this place. Its members that stand for a
    credential are left out, since a script cannot write those.
    """
    if not (isinstance(default_body, Mapping) and isinstance(value, dict)):
        return value
    # A script cannot say what stands for a credential.
    members = {
        k: v for k, v in default_body.items() if not (isinstance(v, Mapping) and CREDENTIAL in v)
    }
    return {
        **members,
        **{
            name: _merge_over_default_body(default_body.get(name), value)
            for name, value in value.items()
        },
    }
