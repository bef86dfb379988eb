"""What may be wrong with the value of an action before it runs; one row for each action."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from bpmax_sim.clock import parse_duration
from bpmax_sim.platform.model import Model
from bpmax_sim.scenario.action_values import (
    Move,
    NamedSteps,
    ProxyCall,
    PythonCall,
    ScriptFile,
    Submission,
    keys_of,
)
from bpmax_sim.scenario.draft import Draft, hint
from bpmax_sim.scenario.source import Spot
from bpmax_sim.subject.definition import Action
from bpmax_sim.subject.hooks import Subject, parse_event

_FUNCTION = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
_NEEDS: Mapping[str, tuple[Subject, ...]] = {
    "open": ("form",),
    "click": ("form",),
    "set": ("form", "flow"),
    "submit": ("form", "flow"),
    "fire": ("form", "flow"),
    "approve": ("flow",),
    "reject": ("flow",),
}


def check_action(draft: Draft, action: str, value: Any, spot: Spot) -> None:
    """Tell *draft* what is wrong with *value*."""
    needed = _NEEDS.get(action)
    if needed and draft.subject not in needed:
        draft.tell(spot, f"{action} needs a {' or a '.join(needed)} in the scenario")
        return
    _CHECKS[action](draft, value, spot)


def _known_keys(draft: Draft, value: Any, spot: Spot, model: type[Model]) -> bool:
    """Tell unknown keys; return whether *value* is a map at all."""
    known = keys_of(model)
    if not isinstance(value, Mapping):
        draft.tell(spot, f"expected a map of {', '.join(known)}")
        return False
    for key in value:
        if key not in known:
            draft.tell(spot.at(key), f"unknown key {key!r}{hint(key, known)}")
    return True


def _fields(draft: Draft, value: Any, spot: Spot) -> None:
    if value is None and spot.steps[-1] == "open":
        return
    if not isinstance(value, Mapping):
        draft.tell(spot, "expected a map of fields and values")
        return
    for name in value:
        if draft.fields and name not in draft.fields:
            draft.tell(spot.at(name), f"no field {name!r}{hint(name, draft.fields)}")


def _click(draft: Draft, value: Any, spot: Spot) -> None:
    if not isinstance(value, str):
        draft.tell(spot, "expected the name of a button")
        return
    prefix = "click."
    buttons = [event[len(prefix) :] for event in draft.scripts if event.startswith(prefix)]
    if "${" not in value and value not in buttons:
        draft.tell(spot, f"no script for click.{value}{hint(value, buttons)}")


def _submit(draft: Draft, value: Any, spot: Spot) -> None:
    if draft.subject == "flow" and isinstance(value, Mapping):
        _known_keys(draft, value, spot, Submission)
    elif value not in ({}, None, True):
        draft.tell(spot, "expected {}")


def _fire(draft: Draft, value: Any, spot: Spot) -> None:
    if not isinstance(value, str):
        draft.tell(spot, "expected an event such as change.customerId")
        return
    if "${" in value:
        return
    try:
        parse_event(value, draft.subject or "form")
    except ValueError as error:
        draft.tell(spot, str(error))
        return
    if value not in draft.scripts:
        draft.tell(spot, f"no script for {value}{hint(value, draft.scripts)}")


def _move(action: Action) -> Callable[[Draft, Any, Spot], None]:
    def check(draft: Draft, value: Any, spot: Spot) -> None:
        if value is None or not _known_keys(draft, value, spot, Move):
            return
        at = value.get("at", "")
        if draft.definition is None or not isinstance(at, str) or not at or "${" in at:
            return
        if at not in draft.nodes:
            draft.tell(spot.at("at"), f"no node {at!r}{hint(at, draft.nodes)}")
        elif action not in draft.definition.nodes[at].offers:
            offers = ", ".join(draft.definition.nodes[at].offers) or "no action"
            draft.tell(spot.at("at"), f"node {at!r} does not offer {action}; it offers {offers}")

    return check


def _proxy(draft: Draft, value: Any, spot: Spot) -> None:
    if not _known_keys(draft, value, spot, ProxyCall):
        return
    call = value.get("call")
    if not isinstance(call, str) or not re.fullmatch(r"[^.\s]+\.[^.\s]+", call):
        draft.tell(spot.at("call"), f"expected call: platform.api, got {call!r}")
    if "args" in value and any(part in value for part in ("path", "query", "header", "body")):
        draft.tell(spot.at("args"), "args is a direct call; it excludes path, query, header, body")
    elif "args" in value and not isinstance(value["args"], list):
        draft.tell(spot.at("args"), "expected a list of arguments")


def _js(draft: Draft, value: Any, spot: Spot) -> None:
    if isinstance(value, str):
        return
    if _known_keys(draft, value, spot, ScriptFile) and not isinstance(value.get("file"), str):
        draft.tell(spot, "expected a script, or {file: path of a script}")


def _python(draft: Draft, value: Any, spot: Spot) -> None:
    call = value
    if isinstance(value, Mapping):
        _known_keys(draft, value, spot, PythonCall)
        call = value.get("call")
        if not isinstance(value.get("args", {}), Mapping):
            draft.tell(spot.at("args"), "expected a map of arguments")
    if not isinstance(call, str) or not _FUNCTION.fullmatch(call):
        draft.tell(spot, f"expected module:function, got {call!r}")


def _advance(draft: Draft, value: Any, spot: Spot) -> None:
    if isinstance(value, str) and "${" in value:
        return
    try:
        good = not isinstance(value, bool) and parse_duration(value) >= 0
    except (ValueError, TypeError):
        good = False
    if not good:
        draft.tell(spot, f"expected a duration such as 30s or 1m30s, got {value!r}")


def _run(draft: Draft, value: Any, spot: Spot) -> None:
    named = draft.named_steps()
    name = value
    if isinstance(value, Mapping):
        _known_keys(draft, value, spot, NamedSteps)
        name = value.get("steps")
        if not isinstance(value.get("with", {}), Mapping):
            draft.tell(spot.at("with"), "expected a map of variables")
    if not isinstance(name, str):
        draft.tell(spot, "expected the name of steps, or {steps: a name, with: variables}")
    elif name not in named:
        more = hint(name, named) or "; named steps come from the files of use"
        draft.tell(spot, f"no steps {name!r}{more}")


_CHECKS: Mapping[str, Callable[[Draft, Any, Spot], None]] = {
    "open": _fields,
    "set": _fields,
    "click": _click,
    "submit": _submit,
    "fire": _fire,
    "approve": _move("approve"),
    "reject": _move("reject"),
    "proxy": _proxy,
    "js": _js,
    "python": _python,
    "advance": _advance,
    "run": _run,
}
