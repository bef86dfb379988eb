"""``$proxy`` for Python, and the frozen `CallSpec` that the JavaScript builder makes too.

Only types of arguments are checked here. Whether a platform, an instance or an API exists is found
out when the call is made. A builder is an immutable value, and so is every argument:
`copy_value_marking_cycles` copies it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal, NoReturn

from msgspec import field
from msgspec.structs import replace

from bpmax_sim import js_values as js
from bpmax_sim.errors import CallError, Place
from bpmax_sim.i18n import msg
from bpmax_sim.messages import Request
from bpmax_sim.proxy.call_effects import NoRepr
from bpmax_sim.proxy.encode import to_scalar_text

Setter = Literal["path", "query", "header", "body"]
OPTIONS = ("instance_key", "caller")
NEVER_APIS = frozenset({"then", "catch", "finally", "toJSON"})


class CallSpec(NoRepr, frozen=True, kw_only=True):
    """One ``$proxy`` call, direct or chained, before any name in it is looked up.

    A direct call is ``$proxy('crm').find(1, 2)``, with arguments in the order of the declared
    parameters; a chained one is ``$proxy('crm').$api('find').$query({…}).$call()``.

    Attributes:
        platform: the platform key.
        options: second argument of ``$proxy``, as the script passed it.
        api: name of the API as the script wrote it.
        steps: setters and their values, in the order in which they were called.
        args: the arguments of a direct call; None for a chained one.
        position: the script line that made the call, where it is known.
        refusal: message if the script's arguments could not be converted; empty otherwise.
    """

    platform: str
    options: Mapping[str, Any] = field(default_factory=dict)
    api: str = ""
    steps: tuple[tuple[Setter, Any], ...] = ()
    args: tuple[Any, ...] | None = None
    position: Place | None = None
    refusal: str = ""


def is_api_property(name: object) -> bool:
    """Return whether access to property *name* of a proxy names an API.

    Not ``then`` and similar names, ``$``-names and names with a leading underscore: JavaScript and
    debuggers read them when they await, print or copy an object, which must not send anything.
    """
    return isinstance(name, str) and name[:1] not in {"", "$", "_"} and name not in NEVER_APIS


def check_proxy(platform: object, options: object = js.UNDEFINED) -> None:
    """Check the types of the arguments of ``$proxy``.

    Raises:
        CallError: if an argument has the wrong type (code BAD_ARGUMENT).
    """
    if not isinstance(platform, str) or not platform:
        _raise_bad_argument(msg("$proxy(platform_key): the key must be a non-empty text"), platform)
    if options is js.UNDEFINED:
        return
    if not isinstance(options, Mapping):
        _raise_bad_argument(
            msg("$proxy({platform!r}, options): options must be an object", platform=platform),
            options,
            platform,
        )
    for name in OPTIONS:
        value = options.get(name, js.UNDEFINED)
        if value is not js.UNDEFINED and (not isinstance(value, str) or not value):
            _raise_bad_argument(
                msg(
                    "$proxy({platform!r}): {name} must be a non-empty text",
                    platform=platform,
                    name=name,
                ),
                value,
                platform,
            )


def check_api(platform: str, name: object) -> None:
    """Check the type of the argument of ``$api``.

    Raises:
        CallError: if it is not a non-empty text (code BAD_ARGUMENT).
    """
    if not isinstance(name, str) or not name:
        _raise_bad_argument(msg("$api(name): the name must be a non-empty text"), name, platform)


def check_setter_argument(platform: str, api: str, setter: str, value: object) -> None:
    """Check the argument of ``$path``, ``$query`` or ``$header``; ``$body`` takes any value.

    Raises:
        CallError: if it is neither a plain object nor undefined (code BAD_ARGUMENT).
    """
    if setter != "body" and value is not js.UNDEFINED and not isinstance(value, Mapping):
        _raise_bad_argument(
            msg("${setter}(values): expected an object of names and values", setter=setter),
            value,
            platform,
            api,
        )


def _raise_bad_argument(
    expected: str, got: object, platform: object = "", api: str = ""
) -> NoReturn:
    known = platform if isinstance(platform, str) else ""
    raise CallError(
        msg("{rule}, got {kind_of}", rule=expected, kind_of=js.describe_kind(got)),
        platform=known,
        api=api,
    )


_ATOMS = (
    str, bool, int, float, type(None), bytes, datetime, js.UndefinedType, js.BigInt, js.FarDate,
    js.JsMap, js.JsSet, js.SearchParams, js.OpaqueValue,
)  # fmt: skip


_UNCHANGEABLE = frozenset(_ATOMS)


def copy_value_marking_cycles(value: Any) -> Any:
    """Return a copy of *value* made of dicts, lists and script values.

    Keys are put in the order in which JavaScript lists them, so that Python and JavaScript send the
    same query. Where an object contains itself, it becomes ``OpaqueValue("cycle")``, which is
    refused when the call is sent.

    Raises:
        CallError: if *value* contains anything but texts, numbers, lists, dicts and bytes, or is
            nested too deeply (BAD_ARGUMENT).
    """
    # Most values of calls are texts and numbers, which need no copy.
    if type(value) in _UNCHANGEABLE:
        return value
    try:
        return _copy_without_cycles(value, ())
    except RecursionError:
        raise CallError(msg("a value is nested too deeply")) from None


def _copy_without_cycles(value: Any, ancestor_ids: tuple[int, ...]) -> Any:
    if isinstance(value, _ATOMS):
        return value
    # Ancestors only, not everything seen: one object that stands at two places is no cycle.
    if id(value) in ancestor_ids:
        return js.OpaqueValue("cycle")
    if isinstance(value, Mapping):
        inner = (*ancestor_ids, id(value))
        named = js.order_object_keys(
            {_to_property_name(name): item for name, item in value.items()}
        )
        return {name: _copy_without_cycles(item, inner) for name, item in named.items()}
    if isinstance(value, list | tuple):
        inner = (*ancestor_ids, id(value))
        return [_copy_without_cycles(item, inner) for item in value]
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    raise CallError(
        msg(
            "{kind_of} cannot be sent; pass texts, numbers, lists, dicts or bytes",
            kind_of=js.describe_kind(value),
        )
    )


def _to_property_name(name: Any) -> str:
    """Return a dict key as the text that JavaScript would use as property name."""
    text = "null" if name is None else to_scalar_text(name)
    if text is None:
        raise CallError(
            msg(
                "{kind_of} cannot be a name in an object; use a text",
                kind_of=js.describe_kind(name),
            )
        )
    return text


Run = Callable[[CallSpec], Any]
Build = Callable[[CallSpec], Request]
Drop = Callable[["Builder"], None]


class Builder:
    """One call of a chain such as ``$proxy('crm').$api('find').$query({…})``, before ``$call()``.

    It is immutable: each setter returns another builder.
    """

    __slots__ = ("_build", "_drop", "_is_used", "_run", "_spec")

    def __init__(self, spec: CallSpec, run: Run, build: Build, drop: Drop | None = None) -> None:
        """Start from *spec*; *run* makes the call, *build* only its request.

        *drop* is called with this builder if it is garbage-collected although nothing was done
        with it: it was neither called, built nor continued by a setter.
        """
        self._spec = spec
        self._run = run
        self._build = build
        self._drop = drop
        self._is_used = False

    def __del__(self) -> None:
        """Pass this builder to *drop* of `__init__` if nothing was done with it.

        Then ``call()`` was probably forgotten.
        """
        # The attribute is set last: Ctrl-C can end `__init__` anywhere, and this is called then.
        if not getattr(self, "_is_used", True) and self._drop is not None:
            self._drop(self)

    def __repr__(self) -> str:
        spec = self._spec
        setters = "".join(f".{setter}(…)" for setter, _ in spec.steps)
        return f"proxy({spec.platform!r}).api({spec.api!r}){setters}"

    @property
    def spec(self) -> CallSpec:
        """Return the call as it has been set so far."""
        self._is_used = True
        return self._spec

    def path(self, values: Mapping[str, Any] = js.UNDEFINED, /, **more: Any) -> Builder:  # type: ignore[assignment]
        """Return a builder with path parameters set, each sent as one segment.

        They are the members of *values*, a map, and the keyword arguments *more*.
        """
        return self._add_setter("path", values, more)

    def query(self, values: Mapping[str, Any] = js.UNDEFINED, /, **more: Any) -> Builder:  # type: ignore[assignment]
        """Return a builder with query parameters set; None removes one's declared default.

        They are the members of *values*, a map, and the keyword arguments *more*.
        """
        return self._add_setter("query", values, more)

    def header(self, values: Mapping[str, Any] = js.UNDEFINED, /, **more: Any) -> Builder:  # type: ignore[assignment]
        """Return a builder with headers set; None removes one's declared default.

        They are the members of *values*, a map, and the keyword arguments *more*.
        """
        return self._add_setter("header", values, more)

    def body(self, value: Any = js.UNDEFINED, /, **more: Any) -> Builder:
        """Return a builder with the body set; two plain objects merge, anything else replaces.

        It is set to *value*, and then to the object of the keyword arguments *more*.
        """
        return self._add_setter("body", value, more)

    def call(self) -> Any:
        """Send, and return the response.

        Raises:
            CallError: if the call was rejected.
        """
        self._is_used = True
        return self._run(self._spec)

    def build(self) -> Request:
        """Return the request as it is before auth; nothing is sent.

        Raises:
            CallError: if it cannot be built.
        """
        self._is_used = True
        return self._build(self._spec)

    def _add_setter(self, setter: Setter, value: Any, more: Mapping[str, Any]) -> Builder:
        self._is_used = True
        spec = self._spec
        check_setter_argument(spec.platform, spec.api, setter, value)
        steps = spec.steps
        if value is not js.UNDEFINED:
            steps = (*steps, (setter, copy_value_marking_cycles(value)))
        if more:
            steps = (*steps, (setter, copy_value_marking_cycles(more)))
        return Builder(replace(spec, steps=steps), self._run, self._build, self._drop)


class Proxy:
    """A platform's interface; making one sends nothing.

    Attribute access names an API, so only ``api`` and ``direct`` are methods; names with a leading
    underscore, and ``then`` and its like, are no APIs.
    """

    __slots__ = ("_build", "_drop", "_run", "_spec")

    def __init__(
        self,
        platform_key: str,
        options: Mapping[str, Any] | None = None,
        *,
        run: Run,
        build: Build,
        drop: Drop | None = None,
    ) -> None:
        """Check the types of *platform_key* and *options*; what they name is looked up later.

        *run*, *build* and *drop* are handed to each `Builder`; *run* makes direct calls, too.

        Raises:
            CallError: if an argument is wrong (code BAD_ARGUMENT).
        """
        check_proxy(platform_key, js.UNDEFINED if options is None else options)
        self._spec = CallSpec(
            platform=platform_key, options=copy_value_marking_cycles(options or {})
        )
        self._run = run
        self._build = build
        self._drop = drop

    def __repr__(self) -> str:
        return f"proxy({self._spec.platform!r})"

    def api(self, name: str) -> Builder:
        """Return a builder for the API *name*.

        Raises:
            CallError: if *name* is not a non-empty text (code BAD_ARGUMENT).
        """
        check_api(self._spec.platform, name)
        return Builder(replace(self._spec, api=name), self._run, self._build, self._drop)

    def direct(self, name: str, /, *args: Any) -> Any:
        """Call the API *name* with its parameters in declared order, and return the response.

        Raises:
            CallError: if the call was rejected.
        """
        check_api(self._spec.platform, name)
        return self._run(
            replace(self._spec, api=name, args=tuple(map(copy_value_marking_cycles, args)))
        )

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return a function that calls the API *name*, as `direct` does: ``proxy.find(1, 2)``.

        Raises:
            AttributeError: if no API can be called so, such as ``then``.
        """
        if not is_api_property(name):
            raise AttributeError(
                msg(
                    "{name!r} is not a valid API name; call it with proxy.direct({name!r}, …)",
                    name=name,
                )
            )

        def direct(*args: Any) -> Any:
            return self.direct(name, *args)

        return direct
