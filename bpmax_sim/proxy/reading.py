"""Values found in an answer by path, and the rules that judge it by them.

A path is a JSON path (RFC 9535; ``$.a.b[0]`` takes a fast way), ``header:Name``, ``cookie:Name``
or ``cookies`` (all of them, as a Cookie header). Codes are compared as texts, because third
parties answer ``40014`` here and ``"40014"`` there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from bpmax_sim.errors import BAD_PATTERN, ConfigError
from bpmax_sim.messages import Response
from bpmax_sim.platform.model import Condition, ErrorClass, OkRule, ResponseRules
from bpmax_sim.proxy.body import Body
from bpmax_sim.proxy.printing import js_number

ABSENT: Final = object()
"""Stands for the value of a path that an answer does not have."""

_SIMPLE = re.compile(
    r"\$?(?:\.?[^\W\d][\w-]*|\[\d+\]|\['[^']*'\])(?:\.[^\W\d][\w-]*|\[\d+\]|\['[^']*'\])*"
)
_STEP = re.compile(r"\.?([^\W\d][\w-]*)|\[(\d+)\]|\['([^']*)'\]")

_FOREIGN = (*BAD_PATTERN, ValueError)
"""What the library lets through: a regular expression of the path, a number, nesting."""

Finder = Callable[[Response, Body], Any]


@lru_cache(maxsize=1024)
def finder(path: str) -> Finder:
    """Return what reads *path*; it returns `ABSENT` for an answer without it.

    Raises:
        ConfigError: if *path* is none of the forms above.
    """
    kind, found, name = path.partition(":")
    if found and kind in _BY_NAME:
        return _BY_NAME[kind](name.strip())
    if path == "cookies":
        return _all_cookies
    if path == "$":
        return lambda _response, body: ABSENT if body.rules_see is None else body.rules_see
    if _SIMPLE.fullmatch(path):
        return _steps(path.removeprefix("$"))
    return _json_path(path)


def find_first(finders: Iterable[Finder], response: Response, body: Body) -> Any:
    """Return the first value that is there and not null, or `ABSENT`."""
    for find in finders:
        value = find(response, body)
        if value is not ABSENT and value is not None:
            return value
    return ABSENT


def as_text(value: Any) -> str:
    """Return *value* as codes are compared: ``true``, ``null``, ``40014``, whatever its type."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return js_number(value) if isinstance(value, float) else str(value)


def _of_header(name: str) -> Finder:
    def find(response: Response, _body: Body) -> Any:
        value = response.header(name)
        return ABSENT if value is None else value

    return find


def _of_cookie(name: str) -> Finder:
    return lambda response, _body: _cookies(response).get(name, ABSENT)


def _all_cookies(response: Response, _body: Body) -> Any:
    pairs = [f"{name}={value}" for name, value in _cookies(response).items()]
    return "; ".join(pairs) if pairs else ABSENT


def _cookies(response: Response) -> dict[str, str]:
    jar: dict[str, str] = {}
    for header, line in response.headers:
        if header.lower() == "set-cookie":
            name, _, value = line.partition(";")[0].partition("=")
            jar[name.strip()] = value.strip()
    return jar


_BY_NAME: Mapping[str, Callable[[str], Finder]] = {"header": _of_header, "cookie": _of_cookie}


def _steps(path: str) -> Finder:
    steps = [int(index) if index else name or quoted for name, index, quoted in _STEP.findall(path)]

    def find(_response: Response, body: Body) -> Any:
        value = body.rules_see
        for step in steps:
            kind = list if isinstance(step, int) else dict
            if not isinstance(value, kind):
                return ABSENT
            try:
                value = value[step]
            except (KeyError, IndexError):
                return ABSENT
        return value

    return find


def _json_path(path: str) -> Finder:
    import jsonpath  # noqa: PLC0415 - slow to import, and few paths need it

    try:
        compiled = jsonpath.compile(path)
    except (jsonpath.JSONPathError, *_FOREIGN) as error:
        raise ConfigError(f"{path!r} is not a JSON path such as $.data.code: {error}") from None

    def find(_response: Response, body: Body) -> Any:
        if not isinstance(body.rules_see, dict | list):
            return ABSENT
        return next((match.obj for match in compiled.finditer(body.rules_see)), ABSENT)

    return find


class Rules:
    """`ResponseRules` with their paths compiled."""

    __slots__ = ("_classes", "_code", "_conditions", "_message", "_status", "conditions", "data")

    def __init__(self, rules: ResponseRules, fallback: Mapping[str, tuple[int, ...]]) -> None:
        """Compile *rules*; *fallback* gives the statuses of the classes that they do not name."""
        self._status = frozenset(rules.ok.status)
        self.conditions = rules.ok.all
        self._conditions = compile_conditions(self.conditions)
        self._code = tuple(map(finder, rules.code))
        self._message = tuple(map(finder, rules.message))
        self.data = tuple(map(finder, rules.data))
        named = {name: ErrorClass(status=status) for name, status in fallback.items()}
        self._classes = [
            (name, frozenset(map(as_text, found.code)), frozenset(found.status))
            for name, found in {**named, **rules.classes}.items()
        ]

    def is_ok(self, response: Response, body: Body) -> bool:
        """Return whether status and every condition say success."""
        good = response.status in self._status if self._status else is_success(response.status)
        return good and all(holds(response, body) for holds in self._conditions)

    def code(self, response: Response, body: Body) -> Any:
        """Return the business code, or `ABSENT`."""
        return find_first(self._code, response, body)

    def message(self, response: Response, body: Body) -> Any:
        """Return the third party's message, or `ABSENT`."""
        return find_first(self._message, response, body)

    def failure_class(self, response: Response, body: Body) -> str | None:
        """Return the class of failure that the answer belongs to, the first that fits."""
        code: str | None = None
        for name, codes, statuses in self._classes:
            if response.status in statuses:
                return name
            if codes:
                code = code or as_text(self.code(response, body))
                if code in codes:
                    return name
        return None


def is_success(status: int) -> bool:
    """Return whether *status* is 2xx."""
    return 200 <= status < 300  # noqa: PLR2004 - the 2xx of HTTP


def compile_conditions(
    conditions: Iterable[Condition], *, lenient: bool = False
) -> tuple[Callable[[Response, Body], bool], ...]:
    """Return one test for each condition; a *lenient* one holds where its path is absent."""
    return tuple(_condition(condition, lenient=lenient) for condition in conditions)


def _condition(condition: Condition, *, lenient: bool) -> Callable[[Response, Body], bool]:
    find = finder(condition.path)
    wanted = frozenset(map(as_text, condition.any_of))

    def holds(response: Response, body: Body) -> bool:
        value = find(response, body)
        if value is ABSENT:
            return condition.absent or lenient
        return not condition.absent and as_text(value) in wanted

    return holds


def accepts(rule: OkRule, response: Response, body: Body) -> bool:
    """Return whether *rule* calls the answer a success."""
    statuses = rule.status
    good = response.status in statuses if statuses else is_success(response.status)
    return good and all(holds(response, body) for holds in compile_conditions(rule.all))
