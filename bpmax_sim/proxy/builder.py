"""``$proxy`` for Python: the same programs, checked by the same rules.

``proxy.getCustomerDetail("12345")`` is the direct call, ``proxy.api(name).path(id="1").call()``
the chained one. A builder is a value: each setter returns a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from bpmax_sim.messages import Request
from bpmax_sim.proxy.freeze import freeze
from bpmax_sim.proxy.kinds import UNDEFINED
from bpmax_sim.proxy.program import (
    Program,
    Setter,
    check_api,
    check_proxy,
    check_setter,
    is_api_name,
)

Run = Callable[[Program], Any]
Build = Callable[[Program], Request]


class Builder:
    """One chained call in the making; immutable."""

    __slots__ = ("_build", "_program", "_run")

    def __init__(self, program: Program, run: Run, build: Build) -> None:
        """Start from *program*; *run* makes the call, *build* only its request."""
        self._program = program
        self._run = run
        self._build = build

    def __repr__(self) -> str:
        program = self._program
        setters = "".join(f".{setter}(…)" for setter, _ in program.steps)
        return f"proxy({program.platform!r}).api({program.api!r}){setters}"

    @property
    def program(self) -> Program:
        """Return what has been said so far."""
        return self._program

    def path(self, values: Mapping[str, Any] = UNDEFINED, /, **more: Any) -> Builder:  # type: ignore[assignment]
        """Return a builder with path parameters set, each sent as one segment."""
        return self._with("path", values, more)

    def query(self, values: Mapping[str, Any] = UNDEFINED, /, **more: Any) -> Builder:  # type: ignore[assignment]
        """Return a builder with query parameters set; None removes a default."""
        return self._with("query", values, more)

    def header(self, values: Mapping[str, Any] = UNDEFINED, /, **more: Any) -> Builder:  # type: ignore[assignment]
        """Return a builder with headers set; None removes a default."""
        return self._with("header", values, more)

    def body(self, value: Any = UNDEFINED, /, **more: Any) -> Builder:
        """Return a builder with the body set; two plain objects merge, anything else replaces."""
        return self._with("body", value, more)

    def call(self) -> Any:
        """Send, and return the answer.

        Raises:
            CallError: the call was rejected.
        """
        return self._run(self._program)

    def build(self) -> Request:
        """Return the request as it is before auth; nothing is sent.

        Raises:
            CallError: it cannot be built.
        """
        return self._build(self._program)

    def _with(self, setter: Setter, value: Any, more: Mapping[str, Any]) -> Builder:
        program = self._program
        check_setter(program.platform, program.api, setter, value)
        given = [value] if value is not UNDEFINED else []
        given += [more] if more else []
        steps = [(setter, freeze(item)) for item in given]
        grown = replace(program, steps=(*program.steps, *steps))
        return Builder(grown, self._run, self._build)


class Proxy:
    """A platform's interface; making one sends nothing.

    Attribute access names an API, so only ``api`` and ``direct`` are methods; names with a leading
    underscore, and ``then`` and its like, are no APIs.
    """

    __slots__ = ("_build", "_program", "_run")

    def __init__(
        self,
        platform_key: str,
        options: Mapping[str, Any] | None = None,
        *,
        run: Run,
        build: Build,
    ) -> None:
        """Check the types of *platform_key* and *options*; what they name is looked up later.

        Raises:
            CallError: BAD_ARGUMENT.
        """
        check_proxy(platform_key, UNDEFINED if options is None else options)
        self._program = Program(platform=platform_key, options=freeze(options or {}))
        self._run = run
        self._build = build

    def __repr__(self) -> str:
        return f"proxy({self._program.platform!r})"

    def api(self, name: str) -> Builder:
        """Return a builder for the API *name*.

        Raises:
            CallError: BAD_ARGUMENT, if *name* is not a non-empty text.
        """
        check_api(self._program.platform, name)
        return Builder(replace(self._program, api=name), self._run, self._build)

    def direct(self, name: str, /, *args: Any) -> Any:
        """Call the API *name* with its parameters in declared order, and return the answer.

        Raises:
            CallError: the call was rejected.
        """
        check_api(self._program.platform, name)
        return self._run(replace(self._program, api=name, args=tuple(map(freeze, args))))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return the direct call of the API *name*."""
        if not is_api_name(name):
            raise AttributeError(f"{name!r} is no API name; use proxy.direct({name!r}, …)")

        def direct(*args: Any) -> Any:
            return self.direct(name, *args)

        return direct
