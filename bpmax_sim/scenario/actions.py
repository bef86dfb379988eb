"""What each action of a step does to the subject or the session; one table.

Values are filled in before they get here. Expected trouble comes back in the result, not as an
exception.

What may be wrong with the value of an action before it runs; one row for each action.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from bpmax_sim.clock import parse_duration
from bpmax_sim.errors import SubjectError
from bpmax_sim.platform.model import Model
from bpmax_sim.project import find_root
from bpmax_sim.scenario.cases import Draft, hint
from bpmax_sim.scenario.model import (
    Move,
    NamedSteps,
    ProxyCall,
    PythonCall,
    ScriptFile,
    Submission,
    keys_of,
)
from bpmax_sim.scenario.session_protocol import Bench
from bpmax_sim.scenario.source import Spot
from bpmax_sim.script.context import LiveObject
from bpmax_sim.script.failure import Script
from bpmax_sim.subject.flow import Action, FlowSubject
from bpmax_sim.subject.form import FormSubject
from bpmax_sim.subject.hooks import FlowMove, Result, SubjectKind, parse_event

Subject = FormSubject | FlowSubject | None
_BUILDER_PARTS = ("path", "query", "header", "body")


class Performer(msgspec.Struct, frozen=True, kw_only=True):
    """Performs actions on one subject in one session.

    Attributes:
        path: the scenario's file, for Python modules beside it.
        inline: file of a ``js`` step -> its body.
    """

    bench: Bench
    subject: Subject
    path: Path
    inline: Mapping[str, Script]
    libraries: tuple[Script, ...] = ()

    def perform(self, action: str, value: Any, title: str) -> Result:
        """Do *action* and return what came of it, errors included."""
        try:
            return _ACTIONS[action](self, value, title)
        except Exception as error:  # noqa: BLE001 - whatever a user's code raises fails the step
            return Result(errors=[error])

    def form(self, action: str) -> FormSubject:
        """Return the form.

        Raises:
            SubjectError: if the subject is none.
        """
        if not isinstance(self.subject, FormSubject):
            raise SubjectError(f"{action} needs a form")
        return self.subject

    def flow(self, action: str) -> FlowSubject:
        """Return the flow.

        Raises:
            SubjectError: if the subject is none.
        """
        if not isinstance(self.subject, FlowSubject):
            raise SubjectError(f"{action} needs a flow")
        return self.subject

    def any(self, action: str) -> FormSubject | FlowSubject:
        """Return the subject.

        Raises:
            SubjectError: if there is none.
        """
        if self.subject is None:
            raise SubjectError(f"{action} needs a form or a flow")
        return self.subject


def _open(on: Performer, value: Any, _title: str) -> Result:
    return on.form("open").open(value or {})


def _set(on: Performer, value: Any, _title: str) -> Result:
    return on.any("set").set(value)


def _click(on: Performer, value: Any, _title: str) -> Result:
    return on.form("click").click(str(value))


def _submit(on: Performer, value: Any, _title: str) -> Result:
    if isinstance(on.subject, FlowSubject):
        return on.subject.create(move_of(value))
    return on.form("submit").submit()


def _fire(on: Performer, value: Any, _title: str) -> Result:
    return on.any("fire").fire(str(value))


def _approve(on: Performer, value: Any, _title: str) -> Result:
    return on.flow("approve").act("approve", move_of(value))


def _reject(on: Performer, value: Any, _title: str) -> Result:
    return on.flow("reject").act("reject", move_of(value))


def move_of(value: Any) -> FlowMove:
    """Return what ``approve``, ``reject`` or ``submit`` says of who acts."""
    given = value if isinstance(value, Mapping) else {}
    return FlowMove(
        at=str(given.get("at", "")),
        by=str(given.get("by", "")),
        comment=str(given.get("comment", "")),
        form=given.get("form", {}),
    )


def _proxy(on: Performer, value: Any, _title: str) -> Result:
    platform, _, api = str(value["call"]).partition(".")
    instance, caller = value.get("instance"), value.get("caller")
    proxy = on.bench.proxy(platform, instance_key=instance, caller=caller)
    if "args" in value:
        return Result(value=proxy.direct(api, *value["args"]), ran=True)
    builder = proxy.api(api)
    for part in _BUILDER_PARTS:
        if part in value:
            builder = getattr(builder, part)(value[part])
    return Result(value=builder.call(), ran=True)


def _js(on: Performer, value: Any, title: str) -> Result:
    script = on.inline[value["file"]] if isinstance(value, Mapping) else Script(title, value)
    subject = on.subject
    form: LiveObject | None = None
    ctx: LiveObject | None = None
    if isinstance(subject, FormSubject):
        form = subject.view("js")
    elif isinstance(subject, FlowSubject):
        form, ctx = subject.form_view("js"), subject.context("js")
    ended = on.bench.run_script(script, form=form, ctx=ctx, libraries=on.libraries)
    result = Result(value=ended.value, ran=True)
    result.take(ended)
    return result


def _python(on: Performer, value: Any, _title: str) -> Result:
    given = value if isinstance(value, Mapping) else {"call": value}
    module, _, name = str(given["call"]).partition(":")
    function = getattr(_module(module, on.path), name)
    return Result(value=function(on.bench, **given.get("args", {})), ran=True)


def _module(name: str, path: Path) -> Any:
    """Import *name*, else load it from below the scenario's folder or the project's root."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:
            raise
    below = Path(*name.split(".")).with_suffix(".py")
    for folder in (path.parent, find_root(path)):
        spec = importlib.util.spec_from_file_location(name, folder / below)
        if (folder / below).is_file() and spec and spec.loader:
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            spec.loader.exec_module(module)
            return module
    raise SubjectError(f"python: no module {name!r} beside the scenario or in the project's root")


def _advance(on: Performer, value: Any, _title: str) -> Result:
    on.bench.advance(parse_duration(value))
    return Result()


_ACTIONS: Mapping[str, Callable[[Performer, Any, str], Result]] = {
    "open": _open,
    "set": _set,
    "click": _click,
    "submit": _submit,
    "fire": _fire,
    "approve": _approve,
    "reject": _reject,
    "proxy": _proxy,
    "js": _js,
    "python": _python,
    "advance": _advance,
}


_FUNCTION = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
_NEEDS: Mapping[str, tuple[SubjectKind, ...]] = {
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


def _check_click(draft: Draft, value: Any, spot: Spot) -> None:
    if not isinstance(value, str):
        draft.tell(spot, "expected the name of a button")
        return
    prefix = "click."
    buttons = [event[len(prefix) :] for event in draft.scripts if event.startswith(prefix)]
    if "${" not in value and value not in buttons:
        draft.tell(spot, f"no script for click.{value}{hint(value, buttons)}")


def _check_submit(draft: Draft, value: Any, spot: Spot) -> None:
    if draft.subject == "flow" and isinstance(value, Mapping):
        _known_keys(draft, value, spot, Submission)
    elif value not in ({}, None, True):
        draft.tell(spot, "expected {}")


def _check_fire(draft: Draft, value: Any, spot: Spot) -> None:
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


def _check_proxy(draft: Draft, value: Any, spot: Spot) -> None:
    if not _known_keys(draft, value, spot, ProxyCall):
        return
    call = value.get("call")
    if not isinstance(call, str) or not re.fullmatch(r"[^.\s]+\.[^.\s]+", call):
        draft.tell(spot.at("call"), f"expected call: platform.api, got {call!r}")
    if "args" in value and any(part in value for part in ("path", "query", "header", "body")):
        draft.tell(spot.at("args"), "args is a direct call; it excludes path, query, header, body")
    elif "args" in value and not isinstance(value["args"], list):
        draft.tell(spot.at("args"), "expected a list of arguments")


def _check_js(draft: Draft, value: Any, spot: Spot) -> None:
    if isinstance(value, str):
        return
    if _known_keys(draft, value, spot, ScriptFile) and not isinstance(value.get("file"), str):
        draft.tell(spot, "expected a script, or {file: path of a script}")


def _check_python(draft: Draft, value: Any, spot: Spot) -> None:
    call = value
    if isinstance(value, Mapping):
        _known_keys(draft, value, spot, PythonCall)
        call = value.get("call")
        if not isinstance(value.get("args", {}), Mapping):
            draft.tell(spot.at("args"), "expected a map of arguments")
    if not isinstance(call, str) or not _FUNCTION.fullmatch(call):
        draft.tell(spot, f"expected module:function, got {call!r}")


def _check_advance(draft: Draft, value: Any, spot: Spot) -> None:
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
    "click": _check_click,
    "submit": _check_submit,
    "fire": _check_fire,
    "approve": _move("approve"),
    "reject": _move("reject"),
    "proxy": _check_proxy,
    "js": _check_js,
    "python": _check_python,
    "advance": _check_advance,
    "run": _run,
}
