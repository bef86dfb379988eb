"""What a file says and hardly means, as it shows by itself.

These are flags, conditions, steps of which nothing is read, and buttons that nobody presses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import UNSET

from bpmax_sim.i18n import msg
from bpmax_sim.scenario import model
from bpmax_sim.scenario.references import column_of
from bpmax_sim.scenario.source import Spot
from bpmax_sim.scenario.table_rows import ScenarioDraft

_NO: Final = frozenset({"no", "n", "off", "false", "0", "none", "null", "否", "不", "无", "-"})
"""Texts that somebody means to be false, and that are true."""
_RETURN: Final = re.compile(r"(?<![\w$.])return\s+[^;\s}]")


def check_flags(draft: ScenarioDraft) -> None:
    """Find a ``skip: no``, whose reason is the text no."""
    for key, value in (("skip", draft.scenario.skip), ("xfail", draft.scenario.xfail)):
        if isinstance(value, str) and value.strip().lower() in _NO:
            wrong = msg("{key}: {value!r} is taken for the reason; write {key}: false, or leave "
                        "it out", key=key, value=value)  # fmt: skip
            draft.tell(draft.spot.at(key), wrong)


def check_condition_cells(draft: ScenarioDraft, step: model.Step, spot: Spot) -> None:
    """Find cells that stand as a condition and mean false, though any text is true."""
    column = column_of(step.condition)
    for row in draft.rows if column else ():
        cell = row.values.get(column)
        if isinstance(cell, str) and cell.strip().lower() in _NO:
            draft.tell(
                row.spot.at(column) if row.spot is not None else spot.at("if"),
                "{column} is the text {cell!r} in the row {row!r}, and any text is true; write "
                "true or false, in the head of a table {column}:boolean",
                column=column,
                cell=cell,
                row=row.id,
                kind="unfit",
                fails=False,
            )


def check_unread_results(draft: ScenarioDraft) -> None:
    """Find ``js:`` steps that return something of which nothing is read."""
    steps = list(draft.spot.at("steps").elements(draft.scenario.steps))
    texts = "\n".join(draft.spot.source.texts)
    if draft.scenario.expect.result is not UNSET:
        return
    for number, (step, spot) in enumerate(steps):
        code = step.value if step.action == "js" else None
        if not isinstance(code, str) or not _RETURN.search(code):
            continue
        is_read = any(one.expect.result is not UNSET for one in _until_next(steps, number))
        is_named = bool(step.id) and f"steps.{step.id}." in texts
        has_more = step.expect != model.Expect() or step.save or step.expect_error is not UNSET
        has_until = isinstance(step.retry, model.Retry) and step.retry.until is not UNSET
        if not (is_read or is_named or has_more or has_until):
            message = msg("nothing looks at what this returns; expect it: expect: {{result: …}}")
            draft.tell(spot.at("js"), message, kind="empty", fails=False)


def _until_next(steps: list[tuple[model.Step, Spot]], number: int) -> Iterator[model.Step]:
    """Yield the step of that number, and those behind it that only look."""
    yield steps[number][0]
    for step, _ in steps[number + 1 :]:
        if step.action:
            return
        yield step


def check_buttons(draft: ScenarioDraft) -> None:
    """Find scripts of buttons that this scenario declares itself and nobody clicks."""
    form = draft.scenario.form
    scripts = form.scripts if isinstance(form, model.FormSpec) else {}
    steps = [step for step, _ in draft.steps]
    pressed = {f"click.{_button_of(step)}" for step in steps if step.action == "click"}
    pressed |= {str(step.value) for step in steps if step.action == "fire"}
    if any("${" in text for text in pressed) or draft.scenario.policies:
        return
    for event in scripts:
        spot = draft.spot.at("form", "scripts", event)
        if event.startswith("click.") and event not in pressed and draft.is_own(spot):
            draft.tell(
                spot,
                "no step clicks {button}, so that its script never runs here; click it, or take "
                "it away",
                button=event.removeprefix("click."),
                kind="never_ran",
                fails=False,
            )


def _button_of(step: model.Step) -> str:
    value = step.value
    return str(value.get("button", "")) if isinstance(value, dict) else str(value)
