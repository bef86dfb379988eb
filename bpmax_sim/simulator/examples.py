"""Values of declared parameters: those that were given, with their type, or examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from bpmax_sim.platform.model import Parameter, is_set
from bpmax_sim.simulator.asked import ABSENT

_BY_FORMAT: Final[Mapping[str, str]] = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T09:00:00+08:00",
    "email": "zhangsan@example.test",
    "phone": "13800138000",
    "uri": "https://example.test/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_BY_TYPE: Final[Mapping[str, Any]] = {
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "array": [],
    "object": {},
}
_WORDS: Final = {"true": True, "false": False}
_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "integer": lambda text: int(text[:20]),
    "number": lambda text: float(text) if float(text) - float(text) == 0 else ABSENT,
    "boolean": lambda text: _WORDS.get(text, ABSENT),
}
_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "string": (str,),
}


def example(parameter: Parameter) -> Any:
    """Return a value that fits what is declared of *parameter*."""
    if parameter.enum:
        return parameter.enum[0]
    if is_set(parameter.default):
        return parameter.default
    found = _BY_TYPE.get(parameter.type)
    if found is not None:
        return found
    return _BY_FORMAT.get(parameter.format, parameter.title or parameter.name)


def typed(value: Any, parameter: Parameter) -> Any:
    """Return *value* with the declared type, or `ABSENT` where it does not fit.

    What stands in a path, query, header or form is a text, and is read.
    """
    if isinstance(value, str) and parameter.type in _READERS:
        try:
            value = _READERS[parameter.type](value)
        except (ValueError, OverflowError):
            return ABSENT
    kinds = _KINDS.get(parameter.type)
    if kinds and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
        return ABSENT
    return value
