"""What each action of a step does to the subject or the session; one table.

Values are filled in before they get here. Expected trouble comes back in the result, not as an
exception.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from bpmax_sim.clock import parse_duration
from bpmax_sim.errors import SubjectError
from bpmax_sim.scenario.bench import Bench
from bpmax_sim.scenario.names import find_root
from bpmax_sim.script.mirror import LiveObject
from bpmax_sim.script.source import Script
from bpmax_sim.subject.context import Move
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.form import FormSubject
from bpmax_sim.subject.stage import Result

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


def move_of(value: Any) -> Move:
    """Return what ``approve``, ``reject`` or ``submit`` says of who acts."""
    given = value if isinstance(value, Mapping) else {}
    return Move(
        at=str(given.get("at", "")),
        by=str(given.get("by", "")),
        comment=str(given.get("comment", "")),
        form=given.get("form", {}),
    )


def _proxy(on: Performer, value: Any, _title: str) -> Result:
    platform, _, api = str(value["call"]).partition(".")
    names = (("instance", "instance_key"), ("caller", "caller"))
    options = {option: value[name] for name, option in names if name in value}
    proxy = on.bench.proxy(platform, **options)
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
