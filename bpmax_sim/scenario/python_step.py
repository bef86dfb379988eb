"""What a ``python:`` step sees of a form and a flow, beside the session."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bpmax_sim.js_values import to_scenario_value
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
        there = {"form": FormHandle(lambda: flow.front, flow), "flow": FlowHandle(flow)}
    elif subject is not None:
        form = subject
        there = {"form": FormHandle(lambda: form, form)}
    return {name: handle for name, handle in there.items() if name in parameters}
