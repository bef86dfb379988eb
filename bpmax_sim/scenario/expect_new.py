"""Turn the effects of a step with ``expect: new`` into the expectation to write there."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import UNSET

from bpmax_sim.errors import Problem
from bpmax_sim.i18n import msg
from bpmax_sim.scenario.assertions import State
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import Event
from bpmax_sim.scenario.expect import format_path_label, format_value, is_operator
from bpmax_sim.scenario.expect_update import ExpectUpdate, build_update
from bpmax_sim.scenario.expect_values import ValueGeneraliser, looks_like_script_mistake
from bpmax_sim.scenario.failure_report import FailureReporter
from bpmax_sim.scenario.model import NOTHING_YET, Expect
from bpmax_sim.scenario.references import Path
from bpmax_sim.scenario.source import Failure, Spot
from bpmax_sim.secret.standin import STANDIN
from bpmax_sim.subject import form
from bpmax_sim.subject.hooks import FieldChanged


def report_new_expect(
    reporter: FailureReporter, actual: State, events: Iterable[Event], calls: Iterable[CallMade]
) -> Failure:
    """Return the failure of ``expect: new``, with the values to write in its place.

    Args:
        reporter: reporter of the step's failures.
        actual: section of ``expect``, such as ``form`` -> function that returns its actual value
            after the step.
        events: events of the step.
        calls: calls of the run so far; what they got from recordings decides which values to write.
    """
    if reporter.located is None or not reporter.located.step.action:
        actual = {**actual, "result": lambda: None}  # that of an earlier step
    patterns = ValueGeneraliser.from_run(reporter.item, calls)
    changed = _find_fields_written_by_scripts(events)
    update = _draft_update(actual, changed, patterns, reporter.spot)
    essence = NOTHING_YET if update else NOTHING_CAME
    return dataclasses.replace(reporter.report("expect", essence, ("expect",)), update=update)


def has_other_failure(failures: Iterable[Failure]) -> bool:
    """Return whether *failures* contain any besides that of ``expect: new``, which always fails."""
    return any(failure.essence not in {NOTHING_YET, NOTHING_CAME} for failure in failures)


def _find_fields_written_by_scripts(events: Iterable[Event]) -> list[str]:
    """Return the fields of the form that scripts wrote."""
    changes = (event for event in events if isinstance(event, FieldChanged))
    names = (one.field for one in changes if one.is_by_script)
    return [name for name in dict.fromkeys(names) if "/" not in name]


def _draft_update(
    actual: State, changed: Sequence[str], patterns: ValueGeneraliser, spot: Spot
) -> ExpectUpdate | None:
    """Return the update that writes *actual* values into the step at *spot*.

    None if the step had no effect. *changed* are the form fields that scripts wrote: only these are
    expected of a form. *patterns* replaces a value that differs in each run by a pattern.
    """
    draft = _ExpectedValueBuilder(patterns)
    sections = {name: make(draft, actual, changed) for name, make in _SECTIONS.items()}
    sections = {name: value for name, value in sections.items() if value not in ((), [], {})}
    place = spot.at("expect").place
    notes = tuple(Problem(message, place) for message in draft.left_out)
    return build_update(sections, Expect(), spot, is_new=True, notes=notes) if sections else None


NOTHING_CAME = msg(
    "nothing is expected yet, and the step came to nothing that could be; leave expect: new out, "
    "or write what you want"
)


class _ExpectedValueBuilder:
    """Turns actual values into the values to expect.

    `left_out` collects a message for each value that is not expected: secrets, apparent mistakes of
    the script, and maps whose keys look like operators.
    """

    def __init__(self, patterns: ValueGeneraliser) -> None:
        self._patterns = patterns
        self.left_out: list[str] = []

    def to_expected_value(self, value: Any, *path: str | int) -> Any:
        """Return the expectation of *value*, which is at *path*: the value itself, or a pattern.

        `UNSET` if it must not be expected; `left_out` then gets a message that says why.
        """
        if isinstance(value, Mapping) and value and not any(map(is_operator, value)):
            members = {
                key: self.to_expected_value(inner, *path, key) for key, inner in value.items()
            }
            return {key: inner for key, inner in members.items() if inner is not UNSET} or UNSET
        if why := _why_not_expected(value):
            where = format_path_label(path)
            self.left_out.append(msg("{where} is left out: {why}", where=where, why=why))
            return UNSET
        return self._patterns.generalise(value)


def _why_not_expected(value: Any) -> str:
    """Return why *value* must not be written into a scenario as expected; "" if it may."""
    if _has_secret(value):
        return msg("it holds a secret")
    if looks_like_script_mistake(value):
        return msg("{value} looks like a mistake of the script", value=format_value(value))
    return msg("its keys look like operators") if _has_operator(value) else ""


def _has_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_secret, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_has_secret, value))
    return isinstance(value, str) and STANDIN.search(value) is not None


def _has_operator(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(is_operator, value)) or any(map(_has_operator, value.values()))
    return isinstance(value, list | tuple) and any(map(_has_operator, value))


def _draft_form(draft: _ExpectedValueBuilder, actual: State, changed: Sequence[str]) -> Any:
    values = actual["form"]()
    fields = {}
    for name in changed:
        value = (
            values[name]
            if name in values
            else form.find_value_at_steps(values, _parse_field_path(name))
        )
        if value is not UNSET:
            fields[name] = draft.to_expected_value(value, "form", name)
    return {name: value for name, value in fields.items() if value is not UNSET}


def _parse_field_path(name: str) -> Path:
    return tuple(form.parse_form_path(name) or (name,))


def _draft_messages(draft: _ExpectedValueBuilder, actual: State, _changed: Sequence[str]) -> Any:
    lines = actual["messages"]()
    texts = [
        draft.to_expected_value(line["text"], "messages", number)
        for number, line in enumerate(lines)
    ]
    if UNSET in texts:
        return ()
    return [{"text": text, "type": line["type"]} for text, line in zip(texts, lines, strict=True)]


def _draft_calls(draft: _ExpectedValueBuilder, actual: State, _changed: Sequence[str]) -> Any:
    calls = [call for call in actual["proxy"]() if not call.is_login]
    return [_draft_call(draft, call, number) for number, call in enumerate(calls)]


def _draft_call(draft: _ExpectedValueBuilder, call: CallMade, number: int) -> Mapping[str, Any]:
    entry: dict[str, Any] = {"call": call.call}
    for part in ("path", "query", "body"):
        value = getattr(call, part)
        taken = draft.to_expected_value(value, "proxy", number, part) if value else UNSET
        if taken is not UNSET:
            entry[part] = taken
    outcome = {"status": call.status, "error": call.error}
    return entry | {part: value for part, value in outcome.items() if value}


def _draft_flow(draft: _ExpectedValueBuilder, actual: State, _changed: Sequence[str]) -> Any:
    facts = actual["flow"]()
    names = ("at" if facts.get("at") else "status", "pending") if facts else ()
    taken = {name: draft.to_expected_value(facts[name], "flow", name) for name in names}
    return {name: value for name, value in taken.items() if value is not UNSET}


def _draft_result(draft: _ExpectedValueBuilder, actual: State, _changed: Sequence[str]) -> Any:
    value = actual["result"]()
    taken = UNSET if value in (None, {}) else draft.to_expected_value(value, "result")
    return () if taken is UNSET else taken


_SECTIONS: Mapping[str, Callable[[_ExpectedValueBuilder, State, Sequence[str]], Any]] = {
    "form": _draft_form,
    "messages": _draft_messages,
    "proxy": _draft_calls,
    "flow": _draft_flow,
    "result": _draft_result,
}
