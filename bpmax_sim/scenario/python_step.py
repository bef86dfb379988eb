"""The call of a ``python:`` step, and the views of form and flow that its function gets."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from bpmax_sim.errors import SubjectError, suggest_or_list
from bpmax_sim.i18n import msg
from bpmax_sim.js_values import to_scenario_value
from bpmax_sim.project import Stamp, compute_file_stamp, find_root, to_absolute_path
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.form import FormSubject

if TYPE_CHECKING:
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec


class FormHandle(Mapping[str, Any]):
    """The visible form as a Python step sees it: a map field -> value, with what a person can do.

    Errors that scripts throw or leave unhandled meanwhile count for the step, as in other steps.
    """

    def __init__(self, front: Callable[[], FormSubject], owner: FormSubject | FlowSubject) -> None:
        """Show the form that *front* returns at each access.

        What the Python step fills in or clicks goes to *owner*, the form itself or the flow that
        shows it, which refuses what the acting person may not do.
        """
        self._front = front
        self._owner = owner

    def __getitem__(self, field: str) -> Any:
        return to_scenario_value(self._front().fields[field])

    def __iter__(self) -> Iterator[str]:
        return iter(self._front().fields)

    def __len__(self) -> int:
        return len(self._front().fields)

    def __repr__(self) -> str:
        return f"<form {dict(self)}>"

    @property
    def states(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the states of each field: visible, required, readonly, options."""
        return dict(to_scenario_value(self._front().collect_facts()))

    @property
    def messages(self) -> list[str]:
        """Return all messages shown so far."""
        return [message.text for message in self._front().messages]

    def set(self, **values: Any) -> None:
        """Fill in fields one after another, as a person does.

        Raises:
            SubjectError: if a field is hidden or read-only, or the value is not one of its options.
        """
        self._owner.set(values)

    def click(self, button: str) -> None:
        """Press a button.

        Raises:
            SubjectError: if it is hidden, or nothing says which of several forms has it.
        """
        owner = self._owner
        front = owner.require_unambiguous_form("click") if isinstance(owner, FlowSubject) else owner
        front.click(button)


class FlowHandle:
    """The project of a flow as a Python step sees it: node, status, owners and members."""

    def __init__(self, flow: FlowSubject) -> None:
        """Create a view of *flow*."""
        self._flow = flow

    def __repr__(self) -> str:
        return f"<flow at {self.at}, {self.status}>"

    @property
    def facts(self) -> Mapping[str, Any]:
        """Return all facts that ``expect: flow`` can compare."""
        return dict(to_scenario_value(self._flow.collect_facts()))

    @property
    def at(self) -> str | list[str]:
        """Return the present node; in parallel branches, the list of all of them."""
        at: str | list[str] = self.facts["at"]
        return at

    @property
    def status(self) -> str:
        """Return the status of the project, such as ``processing`` or ``finished``."""
        return self._flow.status

    @property
    def pending(self) -> list[str]:
        """Return the people who have to act now."""
        return self._flow.find_people_to_act_now()

    @property
    def project(self) -> Mapping[str, Any]:
        """Return the project's members."""
        return dict(to_scenario_value(self._flow.project))


def make_handles(
    function: Callable[..., Any], subject: FormSubject | FlowSubject | None
) -> dict[str, FormHandle | FlowHandle]:
    """Return the views of the subject for which *function* has parameters: ``form`` and ``flow``.

    A flow has both; a built-in function, whose parameters are unknown, gets none.
    """
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # a built-in function does not say
        return {}
    there: dict[str, FormHandle | FlowHandle] = {}
    if isinstance(subject, FlowSubject):
        flow = subject
        there = {"form": FormHandle(lambda: flow.current_form, flow), "flow": FlowHandle(flow)}
    elif subject is not None:
        form = subject
        there = {"form": FormHandle(lambda: form, form)}
    return {name: handle for name, handle in there.items() if name in parameters}


def call_with_session(
    function: Callable[..., Any],
    session: object,
    subject: FormSubject | FlowSubject | None,
    arguments: Mapping[str, Any],
) -> Any:
    """Call *function* with the *session*, with the views that it asks for, and with *arguments*.

    A parameter ``session`` gets the session wherever it stands. Else the first parameter gets it,
    unless that is ``form``, ``flow`` or one of *arguments*; a function without parameters gets
    none. The views of *subject* are those of `make_handles`. Return what the function returns.
    """
    named: dict[str, Any] = {**make_handles(function, subject), **arguments}
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # a built-in function does not say
        return function(session, **named)
    own = parameters.get("session")
    if own is not None and own.kind in {own.POSITIONAL_OR_KEYWORD, own.KEYWORD_ONLY}:
        return function(**{"session": session, **named})
    first = next(iter(parameters.values()), None)
    takes_first = first is not None and first.kind not in {first.KEYWORD_ONLY, first.VAR_KEYWORD}
    if first is None or not takes_first or first.name in {"form", "flow", *arguments}:
        return function(**named)
    return function(session, **named)


_LOADED: dict[str, tuple[Stamp, ModuleType]] = {}
"""What Python steps have loaded, by file, and the stamp that the file had then."""


def import_or_load_module(name: str, path: Path) -> Any:
    """Import *name*, or else load it from the scenario's folder or the project's root.

    Scenarios in two folders may each have a module of the same name, so a module loaded from a file
    is used for that file only.
    """
    known = sys.modules.get(name)
    if known is None or all(known is not module for _, module in _LOADED.values()):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            # The module is there, and something that it imports is not: looking elsewhere would
            # hide that.
            if error.name != name.partition(".")[0]:
                raise
    below = Path(*name.split(".")).with_suffix(".py")
    for folder in (path.parent, find_root(path)):
        file = to_absolute_path(folder / below)
        spec = importlib.util.spec_from_file_location(name, file)
        stamp = compute_file_stamp(file)
        before, loaded = _LOADED.get(file, (None, None))
        # Known by name, but perhaps from another folder's file. Without *known*, a watcher has
        # removed it, and it has to be loaded again, as if the file has changed.
        if known is not None and loaded is not None and before == stamp:
            sys.modules[name] = loaded
            return loaded
        if Path(file).is_file() and spec and spec.loader:
            module = _load_module(spec, spec.loader)
            _LOADED[file] = stamp, module
            return module
    raise SubjectError(
        "python: no module {name!r} beside the scenario or in the project's root",
        code="NO_MODULE",
        name=name,
    )


def _load_module(spec: ModuleSpec, loader: Loader) -> ModuleType:
    """Return the module of *spec*, run by *loader*.

    A module that raises is removed from `sys.modules`, and one that was there before put back.
    """
    before = sys.modules.get(spec.name)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    try:
        loader.exec_module(module)
    except BaseException:
        # As `import` does: if the next step found what is half loaded, its error would hide this.
        sys.modules.pop(spec.name, None)
        if before is not None:
            sys.modules[spec.name] = before
        raise
    return module


def refuse_lazy_result(call: str, value: object) -> None:
    """Raise if *value*, the result of a function, shows that nothing of the function has run.

    That is what ``async def`` and ``yield`` return. *call* names the function in the message.

    Raises:
        SubjectError: with what to write instead.
    """
    if inspect.isawaitable(value) or inspect.isgenerator(value) or inspect.isasyncgen(value):
        close = getattr(value, "close", None)
        if close is not None:
            close()  # or Python warns of it at another place
        raise SubjectError(
            "python: {call} ran nothing, as it is {kind}; let it be a plain function",
            code="NO_FUNCTION",
            call=call,
            kind=msg("a generator") if inspect.isgenerator(value) else "async def",
        )


_MOVED: Final[Mapping[tuple[str, str], str]] = {("bpmax_sim.fuzz", "held"): "hold_in_session"}
"""Functions that scenarios written by an earlier version call, and what they are called now."""


def find_function(module: Any, name: str) -> Any:
    """Return the function *name* of *module*.

    Raises:
        SubjectError: if it does not exist; the message has its new name, or a similar one.
    """
    try:
        return getattr(module, name)
    except AttributeError:
        public = getattr(module, "__all__", None) or [one for one in dir(module) if one[0] != "_"]
        moved = _MOVED.get((module.__name__, name))
        hint = (
            msg("; it is called {name!r} now", name=moved)
            if moved
            else suggest_or_list(name, public)
        )
        raise SubjectError(
            "python: {module} has no function {name!r}{hint}",
            code="NO_FUNCTION",
            module=module.__name__,
            name=name,
            hint=hint,
        ) from None
