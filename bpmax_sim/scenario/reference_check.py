"""Check that each ``${…}`` of a scenario names an existing variable, column, step or field."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from msgspec import UNSET

from bpmax_sim.errors import Problem, suggest_or_list
from bpmax_sim.i18n import msg
from bpmax_sim.scenario import model, references
from bpmax_sim.scenario.actions import ACTIONS
from bpmax_sim.scenario.expect_check import FLOW_FACTS
from bpmax_sim.scenario.source import Spot
from bpmax_sim.scenario.table_rows import ScenarioDraft

_SECRET_ROOTS = ("env", "vars", "case")


def check_secret_names_exist(draft: ScenarioDraft) -> None:
    """Report entries of ``secrets`` that name no existing variable or column.

    For ``env.X`` only the form is checked, since the variable need not be set on this machine.
    """
    for text, spot in draft.spot.at("secrets").locate_elements(draft.scenario.secrets):
        try:
            ref = references.parse_reference(text)
        except references.InterpolationError:
            ref = references.Reference(text, "")
        if ref.root not in _SECRET_ROOTS:
            draft.tell(spot, "expected env.X, vars.x or case.x, got {text!r}", text=text)
        elif ref.root != "env" and (wrong := _Scope(draft, ()).find_problem(ref)):
            draft.tell(spot, wrong)


_WITHOUT_VALUES = frozenset(
    ("scripts", "libraries", "definition", "description", "platforms", "use")
)
_CODE = {name for name, action in ACTIONS.items() if action.is_code}


def check_references(draft: ScenarioDraft) -> None:
    """Report each ``${…}`` to *draft* that names something that does not exist."""
    names = _Scope(draft, [step for step, _ in draft.steps])
    for spot, text in _find_texts_with_references(draft):
        try:
            refs = [
                piece
                for piece in references.split_references(text)
                if isinstance(piece, references.Reference)
            ]
        except references.InterpolationError as error:
            draft.tell(spot, str(error))
            continue
        for wrong in filter(None, map(names.find_problem, refs)):
            draft.tell(spot, wrong)


def _find_texts_with_references(draft: ScenarioDraft) -> Iterator[tuple[Spot, str]]:
    if not draft.may_have_references:
        return
    for spot in (draft.spot, *(spot for _, spot in draft.fragments)):
        keys = spot.source.root.items if spot is draft.spot else _OF_FRAGMENT
        for path, text in spot.source.root.walk_texts():
            is_code = not path or path[-1] in _CODE or _is_without_values(path)
            if "${" in text and not is_code and path[0] in keys:
                yield Spot(spot.source, path), text


def _is_without_values(path: Sequence[str | int]) -> bool:
    """Return whether the value at *path* is a file name or a text that the run does not fill in.

    A field of a form may have the name of such a key, such as ``description``.
    """
    if path[:2] == ("flow", "subflows"):
        keys = path[3:4]
    else:
        keys = path[:2] if path[0] in {"form", "flow", "proxy"} else path[:1]
    return not _WITHOUT_VALUES.isdisjoint(keys)


_OF_FRAGMENT = ("steps",)
"""What of a fragment stands in no tree but its own."""


_LACKING = {
    "case": msg("; the scenario has no cases"),
    "form": msg("; the scenario has no form"),
    "flow": msg("; the scenario has no flow"),
}


class _Scope:
    """The names that a ``${root.name}`` may have, by root; ``now`` and ``uuid`` have no names.

    Attributes:
        known: root -> names. A form without declared fields has no names here and accepts all.
        lacking: root that the scenario does not have at all (``case`` without rows, ``form``,
            ``flow``) -> hint for the message that says so.
    """

    def __init__(self, draft: ScenarioDraft, steps: Sequence[model.Step]) -> None:
        self.draft = draft
        columns = list(dict.fromkeys(name for row in draft.rows for name in row.values))
        self.known: dict[str, Collection[str]] = {
            "vars": draft.all_variable_names if steps else sorted(draft.declared_vars),
            "case": columns,
            "env": draft.environ,
            "steps": [step.id for step in steps if step.id],
            "form": draft.declared_fields,
            "flow": FLOW_FACTS,
        }
        has = {"case": columns, "form": draft.subject_kinds, "flow": draft.flow_specs}
        if draft.scenario.cases is not UNSET and not draft.rows:  # unreadable, which is told
            del self.known["case"]
        self.lacking = {root: text for root, text in _LACKING.items() if not has[root]}

    def find_problem(self, ref: references.Reference) -> str | None:
        """Return what is wrong with *ref*, or None.

        Side effect: rows without a cell for a column that *ref* names are reported.
        """
        if ref.root not in self.known:
            return None
        known, whole = self.known[ref.root], ref.text.partition(".")[2]
        name = whole if whole in known or ref.root == "env" else str(ref.path[0])
        if lacking := self.lacking.get(ref.root):
            return str(references.make_undefined_error(ref.text, lacking))
        if name in known or (ref.root == "form" and not known):
            self._check_rows_have_cell(ref, name)
            return None
        hint = (
            references.describe_unset_variable(name)
            if ref.root == "env"
            else suggest_or_list(name, known)
        )
        return str(references.make_undefined_error(ref.text, hint))

    def _check_rows_have_cell(self, ref: references.Reference, name: str) -> None:
        """Report each row without a cell for the column *name* of ``${case.name}`` (*ref*)."""
        for row in self.draft.rows if ref.root == "case" else ():
            if name not in row.values:
                message = msg(
                    "row {row_id!r} has no {name!r}, which ${{{ref_text}}} names",
                    row_id=row.id,
                    name=name,
                    ref_text=ref.text,
                )
                problem = Problem(message, row.place, "cases")
                if problem not in self.draft.problems:
                    self.draft.problems.append(problem)
