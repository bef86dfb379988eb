"""Report expectations that say nothing: empty ones, and those that always hold.

The certain shape of a section is derived from the scenario: fields of its form, facts of a flow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import UNSET
from msgspec.structs import asdict

from bpmax_sim.i18n import msg
from bpmax_sim.scenario import model
from bpmax_sim.scenario.expect import is_operator
from bpmax_sim.scenario.names import CheckContext
from bpmax_sim.scenario.probes import is_impossible
from bpmax_sim.scenario.references import Path, show
from bpmax_sim.scenario.source import Spot
from bpmax_sim.scenario.tautology import (
    Shape,
    find_self_comparisons,
    find_tautologies,
    is_positive_expectation,
)
from bpmax_sim.subject.project import NEW, STATUSES


def check_empty_expectation(context: CheckContext, step_spot: Spot, key: str | int) -> None:
    """Report the expectation under *key* (``expect`` or the like) at *step_spot* if it is empty.

    Also each section of it that is empty. Values filled in by a row are left out.
    """
    node = step_spot.source.root.find_at((*step_spot.steps, key))
    if node is None or node.elements:
        return
    if not node.items and node.value in ({}, None):
        cure = (
            msg("write what the error says, such as message: {$contains: …}")
            if key == "expect_error"
            else msg("leave it out")
        )
        wrong = msg("{key} says nothing; {cure}", key=key, cure=cure)
        context.tell(step_spot.at(key), wrong, kind="empty")
    for name, child in node.items.items() if key != "expect_error" else ():
        if name in _SECTIONS_OF_NAMES and child.value == {} and not child.items:
            _report_empty_part(context, name, step_spot.at(key, name))


def _report_empty_part(context: CheckContext, name: str, spot: Spot) -> None:
    context.tell(
        spot,
        "{name}: {{}} says nothing; name what has to hold, or write "
        "{name}: {{$exactly: {{}}}} where nothing may be there",
        name=name,
        kind="empty",
    )


def check_tautologies(
    context: CheckContext, expected: model.Expect, spot: Spot, step: model.Step | None = None
) -> None:
    """Report parts of *expected* that hold whatever happens, and so check nothing.

    *step* is the step it belongs to; None for the whole scenario. Values filled in by a row are
    left out.
    """
    if expected == _NOTHING:
        return
    shapes: Mapping[str, Shape] = {}
    for section, value in asdict(expected).items():
        if section != "proxy" and value is not UNSET:
            _report_self_comparisons(
                context, value, _make_reference_path(section, step), spot.at(section)
            )
        if section != "proxy" and type(value) in _STRUCTURES:
            shapes = shapes or _find_section_shapes(context)
            _report_tautologies(context, value, shapes[section], spot.at(section))
    _report_unchanged_variables(context, expected.vars, spot.at("vars"))
    if expected.proxy is UNSET:
        return
    for item, where in spot.at("proxy").locate_elements(expected.proxy):
        _check_call_says_something(context, item, where)


def check_never_can_be_broken(context: CheckContext, expected: model.Expect, spot: Spot) -> None:
    """Report a ``never`` that cannot be broken because a part of it can never be true."""
    for section, value in asdict(expected).items():
        for path in _find_impossible(value) if value is not UNSET else ():
            context.tell(
                spot.at(section, *path),
                "nothing can ever be like this, so that this never cannot be broken; deny each "
                "part in a line of its own, or write always:",
                kind="empty",
            )
    flow = expected.flow if type(expected.flow) is dict else {}
    logs: list[tuple[tuple[str, ...], Any]]
    logs = [((section,), getattr(expected, section)) for section in ("messages", "console")]
    logs += [(("flow", section), flow.get(section)) for section in _GROWING]
    for path, value in logs:
        if type(value) is list and value:
            context.tell(
                spot.at(*path),
                "a list is compared item by item, so that only exactly these {section} break this "
                "never; write {section}: {{$contains: …}} for one of them among others",
                section=path[-1],
                kind="empty",
                fails=False,
            )
    if expected.proxy is not UNSET:
        _report_denied_call_counts(context, expected.proxy, spot.at("proxy"))


_GROWING = ("history", "notified", "passed")
"""Lists of a flow to which each step adds, so that one item is hardly ever all of them."""


def _report_denied_call_counts(
    context: CheckContext, calls: Sequence[model.ExpectedCall], spot: Spot
) -> None:
    """Report the first of *calls* that breaks the ``never`` at *spot* only by the right count.

    Without ``times`` the calls of a step are compared with the whole list, and with a number as
    ``times`` one call more is allowed.
    """
    for item, where in spot.locate_elements(calls):
        if item.times is UNSET:
            wrong = msg(
                "a list of calls is compared with all calls of a step, so that one call more does "
                "not break this never; write times: {$gte: 1} at each call that may not be made"
            )
        elif type(item.times) is int and item.times > 0:
            wrong = msg(
                "only exactly {times} of these calls in a step break this never, and another "
                "number does not; write times: {{$gte: {times}}}", times=item.times,
            )  # fmt: skip
        else:
            continue
        context.tell(where, wrong, kind="empty", fails=False)
        return


def _find_impossible(expected: Any) -> Iterator[Path]:
    """Yield the path of each part of *expected* that no value fulfils."""
    if is_impossible(expected):
        yield ()
    elif isinstance(expected, Mapping) and not any(map(is_operator, expected)):
        for key, value in expected.items():
            yield from ((key, *path) for path in _find_impossible(value))


def _check_call_says_something(context: CheckContext, item: model.ExpectedCall, spot: Spot) -> None:
    """Report parts of an expected call that hold for any call."""
    for part, value in asdict(item).items():
        if value == {}:
            _report_empty_part(context, part, spot.at(part))
        elif type(value) is dict:
            _report_tautologies(context, value, _CALL_SHAPE[part], spot.at(part))


def _make_reference_path(section: str, step: model.Step | None) -> Path:
    """Return the path by which a ``${…}`` names the value that *section* is compared with.

    For the ``result`` of *step* it contains the step's id; without one, no ``${…}`` can name the
    result, and the path is ``("",)``.
    """
    if section != "result":
        return (section,)
    return ("steps", step.id, "result") if step is not None and step.id else ("",)


def _report_self_comparisons(context: CheckContext, value: Any, path: Path, spot: Spot) -> None:
    for steps in find_self_comparisons(value, tuple(map(str, path))):
        context.tell(
            spot.at(*steps),
            "this is compared with itself, so it holds whatever happens; write the value",
            kind="empty",
        )


def _report_unchanged_variables(context: CheckContext, expected: Any, spot: Spot) -> None:
    """Report expected variables whose value is in the file and that no step changes."""
    names = expected.keys() & context.names.constants if isinstance(expected, Mapping) else ()
    for name in sorted(names):
        context.tell(
            spot.at(name),
            "no step changes the variable {name!r}, so this holds whatever happens; expect what "
            "is made of it, such as form",
            name=name,
            kind="empty",
        )


_NOTHING = model.Expect()
_STRUCTURES = (dict, list)


def check_tautological_error(
    context: CheckContext, expected: model.ExpectedError, spot: Spot
) -> None:
    """Report parts that hold for any error, and an error described only by what it is not."""
    said = []
    for name, key in zip(
        expected.__struct_fields__, expected.__struct_encode_fields__, strict=True
    ):
        value = getattr(expected, name)
        if value is not UNSET:
            said.append(is_positive_expectation(value))
            _report_tautologies(context, value, _ERROR_SHAPE.get(name, ""), spot.at(key))
    if said and not any(said):
        context.tell(
            spot,
            msg(
                "this says only what the error is not, so that any mistake meets it; say what it "
                "is, such as code: READ_ONLY"
            ),
            kind="empty",
        )


def _report_tautologies(context: CheckContext, value: Any, shape: Shape, spot: Spot) -> None:
    for path in find_tautologies(value, shape):
        part = value
        for step in path:
            part = part[step]
        if path or part != {} or not isinstance(shape, Mapping):
            context.tell(
                spot.at(*path),
                "{shown} holds whatever happens; say what has to be there, or take it away",
                shown=show(part),
                kind="empty",
            )


def _find_section_shapes(context: CheckContext) -> Mapping[str, Shape]:
    """Return what is certain about the value of each section of ``expect``, for `find_tautologies`.

    Declared fields exist in a form, for instance. A result exists, too: it is null if an action
    returns nothing.
    """
    declared: Shape = dict.fromkeys(context.names.fields, "present")
    known = context.names.fields or context.names.fields_named_by_flow
    fields = (name for name in known if "." not in name)  # columns have states if one was set
    return {
        "form": declared,
        "fields": {**dict.fromkeys(fields, _FIELD_SHAPE), "*": ""},
        "messages": _LINES_SHAPE,
        "console": _LINES_SHAPE,
        "flow": {**_FLOW_SHAPE, "form": declared, "at": context.names.main_flow_nodes},
        "preview": {"*": ""},
        "result": "present",
        "vars": {**dict.fromkeys(context.names.declared_variables, "present"), "*": ""},
        "trace": "text",
    }


_FIELD_SHAPE: Shape = {
    **dict.fromkeys(("visible", "required", "readonly"), (True, False)),
    "*": "",
}
_LINES_SHAPE: Shape = {"[]": {"text": "text", "type": "text", "level": "text", "*": ""}}
_FLOW_SHAPE: Mapping[str, Shape] = {
    "status": tuple(one for one in STATUSES if one != NEW),
    **dict.fromkeys(("owners", "pending", "notified"), "list"),
    "passed": "",
    "history": {"[]": {**dict.fromkeys(("action", "node", "by"), "text"), "*": ""}},
    # Tasks are of nodes that were reached; a project has the members that were written of it.
    **{key: {"*": ""} for key in ("tasks", "projects", "project")},
    "delay_level": "count",
    "*": "",
}
_CALL_SHAPE: Mapping[str, Shape] = {
    **{part: {"*": ""} for part in ("path", "query", "header")},
    **dict.fromkeys(("source", "instance", "error"), "text"),
    **dict.fromkeys(("body", "response", "status", "caller"), ""),
    "times": "count",
}
_ERROR_SHAPE: Mapping[str, Shape] = {"type": "text", "message": "text", "source": "text"}
_SECTIONS_OF_NAMES = ("form", "fields", "flow", "preview", "vars")
