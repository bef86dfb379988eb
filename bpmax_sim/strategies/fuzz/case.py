"""A call as plain values, as a scenario file and a test hold it, and back.

``{"call": "crm.create_order", "instance": "test", "args": [1, {"$undefined": true}]}``, or with
``"set": [{"query": {"page": 1}}, …]`` for a chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bpmax_sim.proxy.program import Program
from bpmax_sim.proxy.values import UNDEFINED

_UNDEFINED = "$undefined"
Plain = Mapping[str, Any]


def plain(program: Program) -> Plain:
    """Return *program* as plain values."""
    found: dict[str, Any] = {"call": f"{program.platform}.{program.api}"}
    if program.options:
        found["instance"] = program.options["instance_key"]
    if program.args is None:
        return {**found, "set": [{setter: _out(value)} for setter, value in program.steps]}
    args = list(program.args)
    while args and args[-1] is UNDEFINED:
        args.pop()
    return {**found, "args": _out(args)}


def program(call: Plain) -> Program:
    """Return the program of plain values; see `plain`."""
    platform, _, api = call["call"].partition(".")
    options = {"instance_key": call["instance"]} if "instance" in call else {}
    steps: Any = tuple(
        (setter, _in(value)) for one in call.get("set", ()) for setter, value in one.items()
    )
    args = tuple(_in(list(call["args"]))) if "args" in call else None
    return Program(platform=platform, options=options, api=api, steps=steps, args=args)


def _out(value: Any) -> Any:
    if value is UNDEFINED:
        return {_UNDEFINED: True}
    if isinstance(value, Mapping):
        return {name: _out(item) for name, item in value.items()}
    return list(map(_out, value)) if isinstance(value, list | tuple) else value


def _in(value: Any) -> Any:
    if isinstance(value, Mapping):
        if value == {_UNDEFINED: True}:
            return UNDEFINED
        return {name: _in(item) for name, item in value.items()}
    return list(map(_in, value)) if isinstance(value, list | tuple) else value
