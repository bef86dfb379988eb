"""The observations of a run: the effects of its steps, by which two runs are compared.

Events record how a run went: when, in which order, from which line. Observations leave out
everything that may change without an effect: instants, positions in files, callers, sequence
numbers, logins, stacks. So a moved line or a renamed step changes no observation, while scripts
with different effects always differ in some.

The digest of a run is over its observations; `challenge` and `explore` compare runs by them.

A digest is written into scenario files, so what is observed is a format: a change of it needs a new
`VERSION`, or expected digests of all users fail without a word on why.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from bpmax_sim.cassette.matching import group_injected_names, group_injected_paths
from bpmax_sim.field_path import without_paths
from bpmax_sim.file_names import NOWHERE, RelativeFileNameRewriter
from bpmax_sim.i18n import join_list, msg, plural
from bpmax_sim.js_values import UndefinedType, to_scenario_value
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.events import (
    VERSION,
    ConsoleWritten,
    ErrorThrown,
    Event,
    StepFinished,
    StepStarted,
    to_canonical_json,
)
from bpmax_sim.scenario.expected_literals import find_nested_literals
from bpmax_sim.scenario.references import show
from bpmax_sim.subject import hooks
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.form import INITIAL_STATES, FormSubject


class Observation(NamedTuple):
    """One effect of a step.

    Attributes:
        step: number of the step, ``2``; ``2.1`` is the first step inside it, ``finally.1`` the
            first one of ``finally``. Titles and ids are not part of it because they may be renamed.
        place: ``form.phone``, ``fields.phone.required``, ``calls[0].query``, ``messages[0].text``,
            ``console[0].text``, ``errors[0].code``, ``flow.at``, ``flow.log[0].node``, ``result``,
            ``skipped``.
        value: plain values; a table is one value.
    """

    step: str
    place: str
    value: Any


def get_unobserved_value(place: str) -> Any:
    """Return the value at *place* in a step that has no observation of it; `UNSET` for none.

    Only states of fields have one, that with which each field starts, such as visible: they are
    only observed where they differ from it.
    """
    section, _, name = place.partition(".")
    state = name.rpartition(".")[2]
    return INITIAL_STATES.get(state, UNSET) if section == "fields" else UNSET


class ObservedDifference(NamedTuple):
    """A place where two runs differ, with the value of each; `UNSET` if one has no value there."""

    step: str
    place: str
    first: Any
    second: Any


class SubjectState(msgspec.Struct, frozen=True, kw_only=True):
    """The present content of a scenario's form and flow, in plain values.

    Attributes:
        form: field -> value; None without a form.
        fields: states of the fields that differ from a field's initial state.
        flow: `FlowSubject.facts` (node, owners, pending and so on) without the log.
        result: return value of the latest action.
    """

    form: Mapping[str, Any] | None = None
    fields: Mapping[str, Any] = {}
    flow: Mapping[str, Any] | None = None
    result: Any = None


def read_field_values(subject: FormSubject | FlowSubject | None) -> Mapping[str, Any]:
    """Return the present values of the fields; of a flow, those of its project.

    They are empty without a form or flow.
    """
    if subject is None:
        return {}
    return dict(
        to_scenario_value(subject.form if isinstance(subject, FlowSubject) else subject.fields)
    )


def read_field_states(subject: FormSubject | FlowSubject | None) -> Mapping[str, Any]:
    """Return the states (visible, required …) of the fields; empty without a form or flow.

    Of a flow, they are those of its project's form.
    """
    form = subject.current_form if isinstance(subject, FlowSubject) else subject
    return dict(to_scenario_value(form.collect_facts())) if form else {}


def read_flow_facts(subject: FormSubject | FlowSubject | None) -> Mapping[str, Any]:
    """Return the facts of the flow; empty without a flow."""
    return (
        dict(to_scenario_value(subject.collect_facts())) if isinstance(subject, FlowSubject) else {}
    )


def read_last_preview(subject: FormSubject | FlowSubject | None) -> Any:
    """Return the result of the flow's last preview as plain value; `UNSET` if there was none."""
    foreseen = subject.foreseen if isinstance(subject, FlowSubject) else None
    return UNSET if foreseen is None else to_scenario_value(foreseen)


def read_subject_state(
    subject: FormSubject | FlowSubject | None, result: Any = None
) -> SubjectState:
    """Return the present state of *subject*; *result* is already in plain values."""
    result = None if isinstance(result, UndefinedType) else result
    if subject is None:
        return SubjectState(result=result)
    is_flow = isinstance(subject, FlowSubject)
    front = subject.current_form if isinstance(subject, FlowSubject) else subject
    values = subject.form if isinstance(subject, FlowSubject) else subject.fields
    return SubjectState(
        form=dict(to_scenario_value(values)),
        fields=dict(to_scenario_value(front.find_changed_states())),
        flow=_drop_separately_observed(to_scenario_value(subject.collect_facts()))
        if is_flow
        else None,
        result=result,
    )


_LOG = ("history", "notified", "passed")  # told entry by entry, where they happen


def _drop_separately_observed(
    facts: Mapping[str, Any], left_out: Sequence[str] = ("form", *_LOG)
) -> Any:
    """Return a flow's *facts* without those that `observe` yields as observations of their own.

    These are *left_out*: by default form, history, notifications and passed nodes. In the facts of
    sub-flows, the form is kept.
    """
    inner = {
        name: _drop_separately_observed(child, _LOG) for name, child in facts["projects"].items()
    }
    own = {name: value for name, value in facts.items() if name not in left_out}
    return {**own, "projects": inner}


def observe(
    events: Iterable[Event], *, unfinished: SubjectState | None = None
) -> tuple[Observation, ...]:
    """Return the observable effects of a run, step by step, as far as *events* go.

    Digests and comparisons of runs are made of them. *unfinished* is the state of form and flow in
    a step that has started and not ended; without it, only the events of that step are observed.
    """
    return tuple(_observe(events, unfinished))


class _OpenStep:
    """A step whose events are being collected, from its start to its end.

    Attributes:
        key: number of the step as in `Observation`; "" for what happens outside of all steps.
        inner: number of steps inside it so far.
        entries: kind of event, such as ``calls`` -> members of each, in order.
    """

    __slots__ = ("entries", "inner", "key")

    def __init__(self, key: str) -> None:
        self.key = key
        self.inner = 0
        self.entries: dict[str, list[Mapping[str, Any]]] = {}


def _observe(events: Iterable[Event], unfinished: SubjectState | None) -> Iterator[Observation]:
    # Steps nest (`run`, `during`), so what happens belongs to the innermost one that is open.
    outside = _OpenStep("")
    under_way = [outside]
    for event in events:
        match event:
            case StepStarted():
                under_way.append(_OpenStep(_make_step_key(event, under_way[-1])))
            case StepFinished() if len(under_way) > 1:
                yield from _observe_step(under_way.pop(), event, event.outcome == "skipped")
            case CallMade() if event.is_login:
                pass
            case _ if type(event) in _KINDS:
                name, parts_of = _KINDS[type(event)]
                under_way[-1].entries.setdefault(name, []).append(parts_of(event))
    while under_way:
        step = under_way.pop()
        state = unfinished if step is not outside else None
        yield from _observe_step(step, state or SubjectState(), is_skipped=False)


def _make_step_key(started: StepStarted, outer: _OpenStep) -> str:
    """Return the key of a step that starts: ``2``, ``2.1`` inside step 2, or ``finally.1``.

    *outer* is the step around it; with the key "" it stands for the run as a whole. It counts the
    step.
    """
    if not outer.key and started.number:
        return str(started.number)
    outer.inner += 1
    return f"{outer.key or 'finally'}.{outer.inner}"


def _observe_step(
    step: _OpenStep, state: SubjectState | StepFinished, is_skipped: bool
) -> Iterator[Observation]:
    if is_skipped:
        yield Observation(step.key, "skipped", True)
        return
    for name in sorted(step.entries):
        for number, parts in enumerate(step.entries[name]):
            for part, value in parts.items():
                yield Observation(step.key, f"{name}[{number}].{part}", value)
    states = ((f"fields.{name}", state.fields[name]) for name in sorted(state.fields))
    for place, values in (("form", state.form), *states, ("flow", state.flow)):
        for name, value in sorted((values or {}).items()):
            yield Observation(step.key, f"{place}.{name}", value)
    if state.result is not None:
        yield Observation(step.key, "result", state.result)


# What the client adds by itself says nothing of a script, and changes with versions.
_OF_CLIENT = frozenset({"user-agent", "host", "content-length", "accept", "accept-encoding"})


def _observe_call(call: CallMade) -> Mapping[str, Any]:
    names, places = (
        group_injected_names(call.injected),
        group_injected_paths(call.injected).get("body", ()),
    )
    added = _OF_CLIENT | names.get("header", frozenset())
    header = {name: text for name, text in call.header.items() if name not in added}
    if "cookie" in names:
        header.pop("cookie", None)
    body = (
        call.body if all(place.steps_below_root for place in places) else None
    )  # else auth makes all of it
    if places and body is not None:
        body = without_paths(body, [place.steps_below_root for place in places], prune=True)
    parts = {
        "api": call.call,
        "instance": call.instance,
        "path": call.path,
        "query": call.query,
        "header": header,
        "body": body,
        "status": call.status,
        "error": call.error,
    }
    return {name: value for name, value in parts.items() if value not in (None, "", {})}


_FRAME = re.compile(r"^\s+at .+$\n?", re.MULTILINE)


def _observe_console(line: ConsoleWritten) -> Mapping[str, Any]:
    return {"level": line.level, "text": _FRAME.sub("", line.text).rstrip("\n")}


def _observe_error(error: ErrorThrown) -> Mapping[str, Any]:
    parts = {
        "type": error.type,
        "code": error.code,
        "message": error.message,
        "from": error.source,
        "status": error.status,
        "unhandled": error.unhandled or None,
    }
    return {name: value for name, value in parts.items() if value is not None}


def _collect_event_members(event: hooks.SubjectEvent) -> Mapping[str, Any]:
    """Return the members of *event* that have a value, without its time."""
    values = msgspec.structs.asdict(event)
    del values["at"]
    return {name: value for name, value in values.items() if value not in ("", ())}


_KINDS: Mapping[type, tuple[str, Callable[[Any], Mapping[str, Any]]]] = {
    CallMade: ("calls", _observe_call),
    ConsoleWritten: ("console", _observe_console),
    ErrorThrown: ("errors", _observe_error),
    hooks.MessageShown: ("messages", lambda event: {"level": event.level, "text": event.text}),
    hooks.NodeEntered: ("flow.log", _collect_event_members),
    hooks.PersonActed: ("flow.log", _collect_event_members),
    hooks.BranchArrived: ("flow.log", _collect_event_members),
    hooks.DeadlinePassed: ("flow.log", _collect_event_members),
    hooks.NotificationSent: ("flow.log", _collect_event_members),
}


def compute_digest(
    observations: Iterable[Observation], homes: RelativeFileNameRewriter = NOWHERE
) -> str:
    """Return ``v4-`` and the SHA-256 of *observations*; 4 is the version of the trace format.

    *homes* makes file names in the observations relative, so that the digest is the same on each
    machine. Because each format observes more, an expected digest of an older format cannot match;
    the number lets the failure say so.
    """
    rows = [list(observation) for observation in observations]
    return f"v{VERSION}-{hashlib.sha256(to_canonical_json(rows, homes)).hexdigest()}"


_DIGEST = re.compile(r"(?:v(\d+)-)?[0-9a-f]{64}")
NEW_DIGEST = "new"
"""What ``expect: {trace: …}`` holds before a digest is known; no run fits."""
_UNNUMBERED = 2  # the last format whose digests had no number


def parse_digest_format(digest: object) -> int | None:
    """Return the number of the trace format of *digest*; None if it is not a digest."""
    match = _DIGEST.fullmatch(digest) if isinstance(digest, str) else None
    return None if match is None else int(match[1] or _UNNUMBERED)


def find_outdated_digest(expected: Any) -> str:
    """Return the first digest in *expected*, also in operators, that no run of today can have.

    An empty text if there is none.
    """
    digests = (text for _, text in find_nested_literals(expected))
    return next((one for one in digests if parse_digest_format(one) not in (None, VERSION)), "")


_MOST_STEPS_DESCRIBED = 8


def describe_states_and_results(observations: Iterable[Observation]) -> Iterator[str]:
    """Yield a line for each step with a result or states of fields, to say what a digest covers.

    Calls, messages and values are shown elsewhere in a failure, these are not. Of many steps only
    the first are described, and a last line says how many more there are.
    """
    steps: dict[str, list[str]] = {}
    for one in observations:
        if one.place.startswith("fields.") or one.place == "result":
            steps.setdefault(one.step, []).append(f"{one.place} {show(one.value)}")
    for key in list(steps)[:_MOST_STEPS_DESCRIBED]:
        yield msg("step {key}: {states}", key=key, states=join_list(steps[key]))
    left = len(steps) - _MOST_STEPS_DESCRIBED
    if left > 0:
        yield plural(left, "and {number} more step", "and {number} more steps")


def compare_runs(
    first: Sequence[Observation], second: Sequence[Observation]
) -> tuple[ObservedDifference, ...]:
    """Return the places where two runs, *first* and *second*, differ in their effects.

    Each is as deep inside the values as possible: a member that differs, and not the map around it.
    """
    runs = [{(one.step, one.place): one.value for one in run} for run in (first, second)]
    return tuple(
        difference
        for step, place in dict.fromkeys(chain(*runs))
        for difference in _compare_inside(
            step, place, *(run.get((step, place), get_unobserved_value(place)) for run in runs)
        )
    )


def _compare_inside(step: str, place: str, first: Any, second: Any) -> Iterator[ObservedDifference]:
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        for name in dict.fromkeys((*first, *second)):
            one, other = first.get(name, UNSET), second.get(name, UNSET)
            yield from _compare_inside(step, f"{place}.{name}", one, other)
    elif _are_lists(first, second) and len(first) == len(second):
        for number, (one, other) in enumerate(zip(first, second, strict=True)):
            yield from _compare_inside(step, f"{place}[{number}]", one, other)
    elif not hooks.is_same_value(first, second):
        yield ObservedDifference(step, place, first, second)


def _are_lists(*values: Any) -> bool:
    return all(isinstance(value, list | tuple) for value in values)
