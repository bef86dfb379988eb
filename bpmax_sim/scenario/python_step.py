"""What a ``python:`` step calls, and what it sees of a form and a flow, beside the session."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from bpmax_sim.errors import SubjectError, suggest
from bpmax_sim.i18n import msg
from bpmax_sim.js_values import to_scenario_value
from bpmax_sim.project import absolute_path, find_root
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.form import FormSubject


class FormHandle(Mapping[str, Any]):
    """The form that a person sees: its values by field, and what he can do with it.

    What scripts throw, and what they leave behind, is the step's, as for any other step.
    """

    def __init__(self, front: Callable[[], FormSubject], owner: FormSubject | FlowSubject) -> None:
        """Show the form that *front* gives when it is asked; *owner* takes what is entered."""
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
        """Return what the form shows of each field: visible, required, readonly, options."""
        return dict(to_scenario_value(self._front().facts()))

    @property
    def messages(self) -> list[str]:
        """Return the messages that were shown so far."""
        return [message.text for message in self._front().messages]

    def set(self, **values: Any) -> None:
        """Fill in fields one after another, as a person does.

        Raises:
            SubjectError: a field is hidden or read-only, or the value is none of its options.
        """
        self._owner.set(values)

    def click(self, button: str) -> None:
        """Press a button.

        Raises:
            SubjectError: it is hidden.
        """
        self._front().click(button)


class FlowHandle:
    """The project of a flow: where it stands, and what is known of it."""

    def __init__(self, flow: FlowSubject) -> None:
        """Show *flow*."""
        self._flow = flow

    def __repr__(self) -> str:
        return f"<flow at {self.at}, {self.status}>"

    @property
    def facts(self) -> Mapping[str, Any]:
        """Return all that a scenario can expect of the flow."""
        return dict(to_scenario_value(self._flow.facts()))

    @property
    def at(self) -> str | list[str]:
        """Return the present node, or all of them in parallel branches."""
        at: str | list[str] = self.facts["at"]
        return at

    @property
    def status(self) -> str:
        """Return ``processing``, ``finished`` and so on."""
        return self._flow.status

    @property
    def pending(self) -> list[str]:
        """Return who is to act now."""
        return self._flow.pending()

    @property
    def project(self) -> Mapping[str, Any]:
        """Return the project's members."""
        return dict(to_scenario_value(self._flow.project))


def handles_for(
    function: Callable[..., Any], subject: FormSubject | FlowSubject | None
) -> dict[str, FormHandle | FlowHandle]:
    """Return what *function* asks for by the names of its parameters: ``form`` and ``flow``."""
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


_LOADED: dict[str, ModuleType] = {}
"""What Python steps have loaded, by file."""


def import_module(name: str, path: Path) -> Any:
    """Import *name*, else load it from below the scenario's folder or the project's root.

    Scenarios of two folders may each have a module of one name, so what was loaded from a file
    stands in for that file alone.
    """
    known = sys.modules.get(name)
    if known is None or known not in _LOADED.values():
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name.partition(".")[0]:
                raise
    below = Path(*name.split(".")).with_suffix(".py")
    for folder in (path.parent, find_root(path)):
        file = absolute_path(folder / below)
        spec = importlib.util.spec_from_file_location(name, file)
        if known is not None and file in _LOADED:
            sys.modules[name] = _LOADED[file]
            return _LOADED[file]
        if Path(file).is_file() and spec and spec.loader:
            module = _LOADED[file] = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            spec.loader.exec_module(module)
            return module
    raise SubjectError(
        "python: no module {name!r} beside the scenario or in the project's root",
        code="NO_MODULE",
        name=name,
    )


_MOVED: Final[Mapping[tuple[str, str], str]] = {("bpmax_sim.fuzz", "held"): "hold_in_session"}
"""Functions that scenarios written by an earlier version call, and what they are called now."""


def find_function(module: Any, name: str) -> Any:
    """Return the function *name* of *module*.

    Raises:
        SubjectError: there is none; with the name that it has now, or one that is near.
    """
    try:
        return getattr(module, name)
    except AttributeError:
        public = getattr(module, "__all__", None) or [one for one in dir(module) if one[0] != "_"]
        moved = _MOVED.get((module.__name__, name))
        hint = msg("; it is called {name!r} now", name=moved) if moved else suggest(name, public)
        raise SubjectError(
            "python: {module} has no function {name!r}{hint}",
            code="NO_FUNCTION",
            module=module.__name__,
            name=name,
            hint=hint,
        ) from None
