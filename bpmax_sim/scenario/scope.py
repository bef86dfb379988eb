"""The values that ``${…}`` names while a scenario runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bpmax_sim.errors import near
from bpmax_sim.scenario.values import Reference, UndefinedValueError, follow, resolve


class Scope(msgspec.Struct, kw_only=True):
    """Variables, the row, results of steps, and the subject's present state.

    Attributes:
        steps: step id -> ``{result, error}``.
        form, flow: the present values when asked.
        now: the virtual clock as ISO text.
        uuid: a new one for each use, the same on every run.
    """

    vars: dict[str, Any] = msgspec.field(default_factory=dict)
    case: Mapping[str, Any] = msgspec.field(default_factory=dict)
    environ: Mapping[str, str] = msgspec.field(default_factory=dict)
    steps: dict[str, Mapping[str, Any]] = msgspec.field(default_factory=dict)
    form: Callable[[], Mapping[str, Any]] = dict
    flow: Callable[[], Mapping[str, Any]] = dict
    now: Callable[[], str]
    uuid: Callable[[], str]
    _open: list[str] = msgspec.field(default_factory=list)

    def lookup(self, ref: Reference) -> Any:
        """Return the value that *ref* names.

        Raises:
            UndefinedValueError: if there is none; the message names the near ones.
        """
        if not ref.path:
            return self.now() if ref.root == "now" else self.uuid()
        if ref.root == "steps" and str(ref.path[0]) not in self.steps:
            hint = near(str(ref.path[0]), self.steps) or "; no step with this id has run"
            raise UndefinedValueError(f"${{{ref.text}}} is not defined{hint}")
        if ref.root == "env":
            return self._variable(ref)
        value = follow(self._roots[ref.root](), ref)
        return self._cell(value, ref) if ref.root == "case" else value

    def resolve(self, value: Any) -> Any:
        """Return *value* with every ``${…}`` filled in.

        Raises:
            UndefinedValueError: if one of them is not defined.
        """
        return resolve(value, self.lookup)

    def _cell(self, value: Any, ref: Reference) -> Any:
        """Fill in the ``${…}`` of a row's value, which may name variables and other cells."""
        if ref.text in self._open:
            raise UndefinedValueError(f"${{{ref.text}}} refers to itself")
        self._open.append(ref.text)
        try:
            return self.resolve(value)
        finally:
            self._open.pop()

    def _variable(self, ref: Reference) -> str:
        name = ref.text.partition(".")[2]
        if name not in self.environ:
            message = f"${{{ref.text}}} is not defined; set the environment variable {name}"
            raise UndefinedValueError(message)
        return self.environ[name]

    @property
    def _roots(self) -> Mapping[str, Callable[[], Mapping[str, Any]]]:
        return {
            "vars": lambda: self.vars,
            "case": lambda: self.case,
            "steps": lambda: self.steps,
            "form": self.form,
            "flow": self.flow,
        }
