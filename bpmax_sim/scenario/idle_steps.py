"""Find contents of a file that are probably mistakes, as the file alone shows.

These are flags, conditions, steps whose result nothing reads, and buttons that nobody presses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import UNSET
from msgspec.structs import asdict

from bpmax_sim.i18n import msg
from bpmax_sim.scenario import model
from bpmax_sim.scenario.references import column_of
from bpmax_sim.scenario.source import Spot
from bpmax_sim.scenario.table_rows import ScenarioDraft

_NO: Final = frozenset({"no", "n", "off", "false", "0", "none", "null", "否", "不", "无", "-"})
"""Texts that somebody means to be false, and that are true."""
_RETURN: Final = re.compile(r"(?<![\w$.])return\s+[^;\s}]")


def check_flags(draft: ScenarioDraft) -> None:
    """Report ``skip: no``: it is read as a skip whose reason is the text "no"."""
    for key, value in (("skip", draft.scenario.skip), ("xfail", draft.scenario.xfail)):
        if isinstance(value, str) and value.strip().lower() in _NO:
            wrong = msg("{key}: {value!r} is taken for the reason; write {key}: false, or leave "
                        "it out", key=key, value=value)  # fmt: skip
            draft.tell(draft.spot.at(key), wrong)


def check_condition_cells(draft: ScenarioDraft, step: model.Step, spot: Spot) -> None:
    """Report cells used as a condition whose text means "false": any text counts as true."""
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
    """Report ``js:`` steps that return a value which nothing reads."""
    if draft.scenario.expect.result is not UNSET:
        return
    steps = list(draft.spot.at("steps").elements(draft.scenario.steps))
    for number, (step, spot) in enumerate(steps):
        code = step.value if step.action == "js" else None
        if not isinstance(code, str) or not _RETURN.search(code):
            continue
        is_read = any(
            one.expect.result is not UNSET for one in _steps_until_next_action(steps, number)
        )
        own = f"steps.{step.id}."
        is_named = bool(step.id) and any(own in text for text in draft.spot.source.texts)
        has_more = step.expect != model.Expect() or step.save or step.expect_error is not UNSET
        has_until = isinstance(step.retry, model.Retry) and step.retry.until is not UNSET
        if not (is_read or is_named or has_more or has_until):
            message = msg(
                "nothing looks at what this returns; expect its result, or return nothing"
            )
            draft.tell(spot.at("js"), message, kind="empty", fails=False)


def _steps_until_next_action(
    steps: list[tuple[model.Step, Spot]], number: int
) -> Iterator[model.Step]:
    """Yield step *number* and the following steps up to the next one with an action."""
    yield steps[number][0]
    for step, _ in steps[number + 1 :]:
        if step.action:
            return
        yield step


_SHOWN_BY: Final = {"messages": "$message", "console": "console", "proxy": "$proxy"}
"""Section -> what a script has in it that fills the section."""


def check_anything_expected(draft: ScenarioDraft) -> None:
    """Report scenarios that expect nothing, or only the absence of messages no script shows."""
    scenario = draft.scenario
    steps = [step for step, _ in draft.steps]
    said = [scenario.expect, *(one for _, one in scenario.invariants)]
    said += [step.expect for step in steps]
    until = [step.retry for step in steps if isinstance(step.retry, model.Retry)]
    sections = [
        (name, value) for one in said for name, value in asdict(one).items() if value is not UNSET
    ]
    has_error = any(step.expect_error is not UNSET or step.action == "python" for step in steps)
    if has_error or until or draft.texts is None or scenario.skip or scenario.policies:
        return
    scripts = "\n".join(draft.texts)
    is_empty = all(
        value == [] and name in _SHOWN_BY and _SHOWN_BY[name] not in scripts
        for name, value in sections
    )
    if sections and is_empty:
        message = msg(
            "all that is expected is that nothing is shown, and no script shows anything; expect "
            "what the scripts do, too"
        )
        draft.tell(draft.spot.at("scenario"), message, kind="empty", fails=False)


def check_former_names(draft: ScenarioDraft) -> None:
    """Report an earlier name that is the present one."""
    scenario = draft.scenario
    for name, spot in draft.spot.at("was").elements(scenario.was):
        if name == scenario.scenario:
            wrong = msg("this is the present name; write the one that it was recorded under")
            draft.tell(spot, wrong, kind="rule", fails=False)


def check_milliseconds(draft: ScenarioDraft) -> None:
    """Report an ``advance: 300`` in seconds where a script sets a timer of 300, in milliseconds."""
    for step, spot in draft.steps:
        value = step.value if step.action == "advance" else None
        if not isinstance(value, int) or isinstance(value, bool):
            continue
        timer = re.compile(rf"set(?:Timeout|Interval)\((?s:.*?),\s*{value}\s*\)")
        if any(map(timer.search, draft.texts or ())):
            draft.tell(
                spot.at("advance"),
                "{value} are seconds here, and a script waits for {value} milliseconds; write "
                "{value}ms, or {value}s where that is meant",
                value=value,
                kind="unfit",
                fails=False,
            )


def check_entered_flags(draft: ScenarioDraft) -> None:
    """Report a text such as ``yes`` or ``是`` entered in a field that starts as a boolean."""
    for step, spot in draft.steps:
        values = step.value if step.action == "set" and isinstance(step.value, dict) else {}
        for name, value in values.items():
            is_word = isinstance(value, str) and value.strip().lower() in _NO | _YES
            if is_word and draft.field_kinds.get(name) == "boolean":
                draft.tell(
                    spot.at("set", name),
                    "{value!r} is a text, and {field} begins as true or false; write true or false",
                    value=value,
                    field=name,
                    kind="unfit",
                    fails=False,
                )


_YES: Final = frozenset({"yes", "y", "on", "true", "1", "是"})


def check_buttons(draft: ScenarioDraft) -> None:
    """Report button scripts that the scenario itself declares and nobody clicks."""
    form = draft.scenario.form
    scripts = form.scripts if isinstance(form, model.FormSpec) else {}
    steps = [step for step, _ in draft.steps]
    pressed = {f"click.{_button_of(step)}" for step in steps if step.action == "click"}
    pressed |= {str(step.value) for step in steps if step.action == "fire"}
    if any("${" in text for text in pressed) or draft.scenario.policies:
        return
    for event in scripts:
        spot = draft.spot.at("form", "scripts", event)
        button = event.removeprefix("click.")
        is_named = draft.names.occurs_in_scripts(
            button
        )  # one that scripts show or hide, for instance
        if event != button and event not in pressed and draft.is_in_own_file(spot) and not is_named:
            draft.tell(
                spot,
                "no step clicks {button}, so that its script never runs here; click it, or take "
                "it away",
                button=button,
                kind="never_ran",
                fails=False,
            )


def _button_of(step: model.Step) -> str:
    value = step.value
    return str(value.get("button", "")) if isinstance(value, dict) else str(value)
