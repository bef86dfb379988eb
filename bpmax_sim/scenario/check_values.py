"""Every ``${…}`` of a scenario must name something: variables, columns, steps, fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bpmax_sim.errors import Problem
from bpmax_sim.scenario.cases import Row
from bpmax_sim.scenario.draft import Draft, hint
from bpmax_sim.scenario.source import Spot
from bpmax_sim.scenario.values import Path, Reference, UndefinedValueError, pieces

_FLOW_FACTS = ("at", "status", "form", "project", "owners")
_WITHOUT_VALUES = ("scripts", "libraries", "definition", "description", "js", "platforms", "use")


def check_values(draft: Draft) -> None:
    """Tell *draft* each reference to something that does not exist."""
    names = _Names(draft)
    for spot, text in _texts(draft):
        try:
            references = [piece for piece in pieces(text) if isinstance(piece, Reference)]
        except UndefinedValueError as error:
            draft.tell(spot, str(error))
            continue
        for ref in references:
            wrong = names.problem(ref)
            if wrong:
                draft.tell(spot, wrong)


def _texts(draft: Draft) -> Iterator[tuple[Spot, str]]:
    spots = [draft.spot, *(loaded.spot for loaded in draft.fragments)]
    for spot in spots:
        if not any("${" in line or "\\" in line for line in spot.source.lines):
            continue  # nor is it spelled with an escape
        for path, text in spot.source.root.texts():
            if "${" in text and not _is_exempt(path):
                yield Spot(spot.source, path), text


def _is_exempt(path: Path) -> bool:
    """Return whether no value is ever filled in there, as inside scripts."""
    return any(part in _WITHOUT_VALUES for part in path)


class _Names:
    """What there is to name."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        steps = [step for step, _ in draft.steps()]
        self.vars = {*draft.declared_vars(), *(name for step in steps for name in step.save)}
        for step in steps:
            if isinstance(step.run, Mapping) and isinstance(step.run.get("with"), Mapping):
                self.vars |= step.run["with"].keys()
        self.ids = [step.id for step in steps if step.id]
        self.columns = list(dict.fromkeys(name for row in draft.rows for name in row.values))

    def problem(self, ref: Reference) -> str | None:
        """Return what is wrong with *ref*, or None."""
        check = _ROOTS.get(ref.root)
        return check(self, ref) if check else None

    def _vars(self, ref: Reference) -> str | None:
        return self._among(ref, sorted(self.vars))

    def _case(self, ref: Reference) -> str | None:
        if not self.columns:
            return f"${{{ref.text}}} is not defined; the scenario has no cases"
        whole = ref.text.partition(".")[2]
        if whole in self.columns or str(ref.path[0]) in self.columns:
            return self._missing_cell(ref, whole)
        return self._among(ref, self.columns)

    def _missing_cell(self, ref: Reference, whole: str) -> str | None:
        name = whole if whole in self.columns else str(ref.path[0])
        for row in self.draft.rows:
            if name not in row.values:
                message = f"row {row.id!r} has no {name!r}, which ${{{ref.text}}} names"
                self._tell_row(row, message)
        return None

    def _tell_row(self, row: Row, message: str) -> None:
        problem = Problem(message, row.place, "cases")
        if problem not in self.draft.problems:
            self.draft.problems.append(problem)

    def _env(self, ref: Reference) -> str | None:
        name = ref.text.partition(".")[2]
        if name in self.draft.environ:
            return None
        return f"${{{ref.text}}} is not defined; set the environment variable {name}"

    def _steps(self, ref: Reference) -> str | None:
        return self._among(ref, self.ids)

    def _form(self, ref: Reference) -> str | None:
        if self.draft.subject is None:
            return f"${{{ref.text}}} is not defined; the scenario has no form"
        return self._among(ref, self.draft.fields) if self.draft.fields else None

    def _flow(self, ref: Reference) -> str | None:
        if self.draft.subject != "flow":
            return f"${{{ref.text}}} is not defined; the scenario has no flow"
        return self._among(ref, _FLOW_FACTS)

    def _among(self, ref: Reference, known: Any) -> str | None:
        name = str(ref.path[0])
        whole = ref.text.partition(".")[2]
        if name in known or whole in known:
            return None
        return f"${{{ref.text}}} is not defined{hint(name, known)}"


_ROOTS: Mapping[str, Callable[[_Names, Reference], str | None]] = {
    "vars": _Names._vars,  # noqa: SLF001 - a table of its own methods
    "case": _Names._case,  # noqa: SLF001
    "env": _Names._env,  # noqa: SLF001
    "steps": _Names._steps,  # noqa: SLF001
    "form": _Names._form,  # noqa: SLF001
    "flow": _Names._flow,  # noqa: SLF001
}
