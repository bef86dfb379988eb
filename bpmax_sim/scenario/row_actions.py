"""Actions of a person on the rows of a table; rows are counted from 0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from bpmax_sim.i18n import DataValue, msg
from bpmax_sim.scenario import action, source
from bpmax_sim.scenario.names import CheckContext
from bpmax_sim.subject import form, hooks


class RowAction(action.Action, frozen=True, kw_only=True):
    """An action that changes the rows of a table.

    Attributes:
        rows: keys of the action that hold row numbers -> whether they are required.
        more: by how many rows the table grows by the action; -1 for one that removes a row.
        adds: whether a row number may also be one beyond the last row, to append there.
        table: field of the form that holds the rows.
    """

    needs = ("form", "flow")
    sees_form: ClassVar = True
    takes_by: ClassVar = True
    has_result: ClassVar = False
    rows: ClassVar[Mapping[str, bool]] = {"at": True}
    more: ClassVar[int] = 0
    adds: ClassVar[bool] = False

    table: str

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: source.Spot) -> None:
        """Report a table that is not a field, and row numbers that are not numbers."""
        if not cls.check_keys_if_map(context, value, spot):
            return
        table = value.get("table")
        if not isinstance(table, str):
            context.tell(spot, msg("expected table: the field that holds the rows"))
        elif "${" not in table and (wrong := context.names.find_field_problem(table)):
            context.tell(spot.at("table"), wrong)
        else:
            for (_, column), wrong in context.names.find_unknown_columns(table, [value.get("row")]):
                context.tell(spot.at("row", column), wrong, kind="name")
        for key, needed in cls.rows.items():
            if needed and key not in value:
                context.tell(spot, "expected {key}: the number of a row, from 0", key=key)
            row = value.get(key, 0)
            is_number = isinstance(row, int) and not isinstance(row, bool) and row >= 0
            if not is_number and not (isinstance(row, str) and "${" in row):
                context.tell(
                    spot.at(key),
                    "expected the number of a row, from 0, got {row!r}",
                    row=DataValue(row),
                )

    @classmethod
    def run(
        cls,
        performer: action.Performer,
        value: Any,
        script_name: str,  # noqa: ARG003
        result: hooks.Result,  # noqa: ARG003
    ) -> None:
        """Replace the value of the table by the changed rows."""
        table = str(value["table"])

        def change_rows(rows: list[Any]) -> list[Any]:
            numbers = {key: int(value.get(key, len(rows))) for key in cls.rows}
            for number in numbers.values():
                form.check_row(rows, number, table, extra_rows=int(cls.adds))
            return cls.change_rows(rows, numbers["at"], value)

        performer.require_form_or_flow(cls.derive_key()).set_rows(table, change_rows)

    @classmethod
    def change_rows(cls, rows: list[Any], at: int, value: Mapping[str, Any], /) -> list[Any]:
        """Return the rows after the action; *rows* itself is not changed.

        *at* is the number of a row, from 0; *value* is what the step's action says.
        """
        raise NotImplementedError


def make_row_texts(**texts: str) -> Mapping[str, str]:
    """Return the descriptions of a row action's keys for editors: those common to all, and *texts*.

    *texts* has the description of the whole as ``whole``.
    """
    common = {"table": msg("Field that holds the rows"), "at": msg("Number of the row, from 0")}
    return {"_": texts.pop("whole"), **common, **texts}
