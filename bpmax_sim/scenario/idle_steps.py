"""Find contents of a file that are probably mistakes, as the file alone shows.

Examples are flags, conditions, steps whose result nothing reads, and buttons that nobody presses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from msgspec import UNSET
from msgspec.structs import asdict

from bpmax_sim.clock import format_parsable_duration
from bpmax_sim.errors import suggest_nearest
from bpmax_sim.i18n import msg
from bpmax_sim.platform.response_shapes import find_kind
from bpmax_sim.scenario import model
from bpmax_sim.scenario.expect import is_number
from bpmax_sim.scenario.flow_actions import FlowAction
from bpmax_sim.scenario.references import find_referenced_column, has_reference, show
from bpmax_sim.scenario.shared_names import find_env_names_of_shared_files
from bpmax_sim.scenario.source import Spot
from bpmax_sim.scenario.table_rows import NO, YES, ScenarioDraft
from bpmax_sim.script_source.condition_slips import describe_kind

_RETURN: Final = re.compile(r"(?<![\w$.])return\s+[^;\s}]")


def check_skip_reasons_meaning_false(draft: ScenarioDraft) -> None:
    """Report ``skip: no``: it is read as a skip whose reason is the text "no"."""
    for key, value in (("skip", draft.scenario.skip), ("xfail", draft.scenario.xfail)):
        if isinstance(value, str) and value.strip().lower() in NO:
            wrong = msg("{key}: {value!r} is taken for the reason; write {key}: false, or leave "
                        "it out", key=key, value=value)  # fmt: skip
            draft.tell(draft.spot.at(key), wrong)


_READ_BEFORE_A_RUN: Final = ("tags", "was", "skip", "xfail")
_IN_TABLES: Final = frozenset({"skip", "xfail"})


def check_references_read_before_a_run(draft: ScenarioDraft) -> None:
    """Report ``skip: ${row.x}`` and the like: whatever it stands for, it would be a reason."""
    for key in _READ_BEFORE_A_RUN:
        if not has_reference(str(getattr(draft.scenario, key))):
            continue
        column = msg("; a column {key} of a table says it for each row", key=key)
        draft.tell(
            draft.spot.at(key),
            "{key}: a ${{…}} is not filled in here, which is read before anything runs{column}",
            key=key,
            column=column if key in _IN_TABLES else "",
            kind="unfit",
        )


def check_cells_meaning_false(draft: ScenarioDraft, step: model.Step, spot: Spot) -> None:
    """Report cells used as a condition whose text means "false": any text counts as true."""
    column = find_referenced_column(step.condition)
    for row in draft.rows if column else ():
        cell = row.values.get(column)
        if isinstance(cell, str) and cell.strip().lower() in NO:
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


def check_unread_js_results(draft: ScenarioDraft) -> None:
    """Report ``js:`` steps that return a value which nothing reads."""
    if draft.scenario.expect.result is not UNSET:
        return
    steps = list(draft.spot.at("steps").locate_elements(draft.scenario.steps))
    for number, (step, spot) in enumerate(steps):
        code = step.value if step.action == "js" else None
        if not isinstance(code, str) or not _RETURN.search(code):
            continue
        is_read = any(
            one.expect.result is not UNSET for one in _find_steps_until_next_action(steps, number)
        )
        own = f"steps.{step.id}."
        is_named = bool(step.id) and any(
            own in text for text in draft.spot.source.lines_of_all_files
        )
        has_more = step.expect != model.Expect() or step.save or step.expect_error is not UNSET
        has_until = isinstance(step.retry, model.Retry) and step.retry.until is not UNSET
        if not (is_read or is_named or has_more or has_until):
            message = msg(
                "nothing looks at what this returns; expect its result, or return nothing"
            )
            draft.tell(spot.at("js"), message, kind="empty", fails=False)


def _find_steps_until_next_action(
    steps: list[tuple[model.Step, Spot]], number: int
) -> Iterator[model.Step]:
    """Yield step *number* and those after it that have no action, and so check its result."""
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
    called = ("$proxy" for step in steps if step.action == "proxy")  # a call without a script
    scripts = "\n".join((*draft.texts, *called))
    is_empty = all(
        value in ([], ()) and name in _SHOWN_BY and _SHOWN_BY[name] not in scripts
        for name, value in sections
    )
    if sections and is_empty:
        message = msg(
            "all that is expected is that nothing is shown, and no script shows anything; expect "
            "what the scripts do, too"
        )
        draft.tell(draft.spot.at("scenario"), message, kind="empty", fails=False)


def check_former_names_differ(draft: ScenarioDraft) -> None:
    """Report the scenario's present name in ``was``, the list of names it had before."""
    scenario = draft.scenario
    for name, spot in draft.spot.at("was").locate_elements(scenario.was):
        if name == scenario.scenario:
            wrong = msg("this is the present name; write the one that it was recorded under")
            draft.tell(spot, wrong, kind="rule", fails=False)


def check_advances_in_milliseconds(draft: ScenarioDraft) -> None:
    """Report ``advance: 300`` (seconds) where a script sets a timer of 300 (milliseconds)."""
    for step, spot in draft.steps:
        value = step.value if step.action == "advance" else None
        if not is_number(value):
            continue
        if any(value == delay for text in draft.texts or () for delay in _find_timer_delays(text)):
            draft.tell(
                spot.at("advance"),
                "{value} are seconds here, and a script waits for {value} milliseconds; write "
                "{value}ms, or {value}s where that is meant",
                value=value,
                kind="unfit",
                fails=False,
            )


_TIMER: Final = re.compile(r"(?<![\w$])set(?:Timeout|Interval)\(")
_SIGN: Final = re.compile(
    r"""'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|//[^\n]*|/\*.*?\*/|[()\[\]{},]""",
    re.DOTALL,
)
"""A text or comment of a script, whose brackets and commas count for nothing, or one of these."""


def _find_timer_delays(text: str) -> Iterator[int]:
    """Yield the milliseconds of each ``setTimeout`` and ``setInterval`` in *text*, if a number."""
    for call in _TIMER.finditer(text):
        depth, ends = 0, [call.end() - 1]
        for sign in _SIGN.finditer(text, call.end()):
            depth += (sign[0] in {"(", "[", "{"}) - (sign[0] in {")", "]", "}"})
            if depth < 0 or (not depth and sign[0] == ","):
                ends.append(sign.start())
            if depth < 0:
                break
        arguments = [text[begin + 1 : end].strip() for begin, end in pairwise(ends)]
        if arguments[1:] and arguments[1].isdecimal():
            yield int(arguments[1])


def check_advances_without_unit(draft: ScenarioDraft) -> None:
    """Report ``advance: 47`` without a unit (seconds) if all deadlines are hours away."""
    nodes = draft.definition.nodes.values() if draft.definition is not None else ()
    deadlines = [float(level.after) for node in nodes for level in node.deadlines]
    for step, spot in draft.steps if deadlines else ():
        value = step.value if step.action == "advance" else None
        if type(value) is int and 0 < value * _FAR < min(deadlines):
            draft.tell(
                spot.at("advance"),
                "{value} are seconds, and the shortest deadline is {deadline}; write {value}h, or "
                "{value}s where that is meant",
                value=value,
                deadline=format_parsable_duration(min(deadlines)),
                kind="unfit",
                fails=False,
            )


_FAR: Final = 60


def check_empty_lists_of_idle_steps(draft: ScenarioDraft) -> None:
    """Report ``messages: []`` of a step that does nothing, and so shows and calls nothing."""
    for step, spot in draft.steps:
        for section in _SHOWN_BY if not step.action else ():
            if getattr(step.expect, section) in ([], ()):
                wrong = msg(
                    "this step does nothing, so that this holds whatever happens; expect it in "
                    "the step that acts"
                )
                _report_empty(draft, spot.at("expect", section), wrong)


_SET_BY: Final = {"visible": ("$visible", True), "required": ("$required", False),
                  "readonly": ("$readonly", False)}  # fmt: skip
"""State of a field -> what a script has in it that sets it, and what it is where none does."""


def check_states_never_set_by_scripts(draft: ScenarioDraft) -> None:
    """Report states of fields, such as ``visible: true``, that no script of a form ever sets."""
    if "flow" in draft.names.subject_kinds:
        return  # a node sets states as well
    for step, spot in draft.steps:
        fields = step.expect.fields if isinstance(step.expect.fields, Mapping) else {}
        for field, states in fields.items():
            for state, value in states.items() if isinstance(states, Mapping) else ():
                word, default = _SET_BY.get(state, ("", None))
                if value is default and word and not draft.names.occurs_in_scripts(word):
                    draft.tell(
                        spot.at("expect", "fields", field, state),
                        "no script sets {word}, so that each field is {state}: {value} whatever "
                        "happens; expect what the scripts do",
                        word=word,
                        state=state,
                        value=show(value),
                        kind="empty",
                        fails=False,
                    )


def check_submitted_values_previewed(draft: ScenarioDraft) -> None:
    """Report a project that is submitted with other values than each preview before it had."""
    seen: list[tuple[dict[str, Any], Spot]] = []
    for step, spot in draft.steps:
        value = step.value if isinstance(step.value, dict) else {}
        form = value.get("form")
        if not isinstance(form, dict) or step.action not in {"preview", "submit"}:
            continue
        if step.action == "preview":
            seen.append((form, spot.at("preview", "form")))
        elif seen and not any(_have_equal_common_fields(form, other) for other, _ in seen):
            wrong = msg("what is submitted later has other values than this preview; take the "
                        "preview of what is submitted")  # fmt: skip
            _report_empty(draft, seen[-1][1], wrong)
            return


def _have_equal_common_fields(form: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return whether *other* has the same value for each field of *form* that it contains."""
    return all(other.get(name, value) == value for name, value in form.items())


def check_entered_kinds(draft: ScenarioDraft) -> None:
    """Report values entered in a field whose initial value is of another kind.

    For example a text in a list. Of texts in a number or boolean only those are reported that were
    meant as one and need no quotes: ``"5"``, ``yes``, ``是``; any other is a wrong entry that a
    scenario may try on purpose. Cells of a table are texts unless the head of their column has a
    type.
    """
    kinds = draft.initial_value_kinds
    for step, spot in draft.steps if kinds else ():
        for name, value, where in _find_entries(step, spot):
            kind = kinds.get(name)
            if kind not in _WRITTEN_AS:
                continue
            column = find_referenced_column(value)
            cells = [(row.values.get(column), row.spot) for row in draft.rows if column]
            for text, cell in cells or [(value, None)]:
                if _is_misfit(text, kind):
                    draft.tell(
                        cell.at(column) if cell is not None else where,
                        "{value!r} is {entered}, and {field} begins as {declared}; {cure}",
                        value=text,
                        field=name,
                        entered=describe_kind(find_kind(text)),
                        declared=describe_kind(kind),
                        cure=_WRITTEN_AS[kind],
                        kind="unfit",
                        fails=False,
                    )
                    break


_WRITTEN_AS: Final[Mapping[str | None, str]] = {
    "boolean": msg("write true or false"),
    "number": msg("write the number without quotes, in the head of a table such as amount:number"),
    "list": msg("write a list, such as [a]"),
    "object": msg("write a map"),
}


def _find_entries(step: model.Step, spot: Spot) -> Iterator[tuple[str, Any, Spot]]:
    """Yield the fields that *step* fills in, with value and spot."""
    value = step.value if isinstance(step.value, dict) else {}
    if step.action in {"set", "open"}:
        yield from ((name, entered, spot.at(step.action, name)) for name, entered in value.items())
    form = value.get("form")
    if issubclass(step.kind or object, FlowAction) and isinstance(form, dict):
        where = spot.at(step.action, "form")
        yield from ((name, entered, where.at(name)) for name, entered in form.items())


def _is_misfit(value: Any, kind: str | None) -> bool:
    """Return whether *value* is probably a mistake in a field whose initial value is of *kind*.

    In a list or map that is a value of any other kind; in a number or boolean a text that stands
    for one, such as ``"5"`` or ``yes``.
    """
    if kind in {"list", "object"}:
        is_filled_in = isinstance(value, str) and "${" in value
        other = find_kind(value) if value and not is_filled_in else None
        return other not in {None, "null", kind}
    text = value.strip().lower() if isinstance(value, str) else ""
    return (kind == "boolean" and text in NO | YES) or (
        kind == "number" and bool(_NUMERAL.fullmatch(text))
    )


_NUMERAL: Final = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?|-?\d+(\.\d+)?")


def check_buttons_are_clicked(draft: ScenarioDraft) -> None:
    """Report button scripts that the scenario itself declares and nobody clicks."""
    form = draft.scenario.form
    scripts = form.scripts if isinstance(form, model.FormSpec) else {}
    steps = [step for step, _ in draft.steps]
    pressed = {f"click.{_get_button_name(step)}" for step in steps if step.action == "click"}
    pressed |= {str(step.value) for step in steps if step.action == "fire"}
    if any("${" in text for text in pressed) or draft.scenario.policies:
        return
    for event in scripts:
        spot = draft.spot.at("form", "scripts", event)
        button = event.removeprefix("click.")
        is_named = draft.names.occurs_in_scripts(button)  # as one that scripts show or hide
        if event != button and event not in pressed and draft.is_in_own_file(spot) and not is_named:
            draft.tell(
                spot,
                "no step clicks {button}, so that its script never runs here; click it, or take "
                "it away",
                button=button,
                kind="never_ran",
                fails=False,
            )


def _get_button_name(step: model.Step) -> str:
    value = step.value
    return str(value.get("button", "")) if isinstance(value, dict) else str(value)


def check_empty_values(draft: ScenarioDraft) -> None:
    """Report parts that are written and empty: steps, ``set``, fault sets, requests of stubs."""
    for step, spot in draft.steps:
        if step.action == "set" and step.value == {}:
            _report_empty(draft, spot.at("set"), msg("nothing is filled in here; name a field"))
        elif not step.action and step.expect == model.Expect() and not (step.save or step.faults):
            _report_empty(draft, spot, msg("this step does nothing and expects nothing"))
    for name, rules in draft.scenario.fault_sets.items():
        if not rules:
            wrong = msg("the fault set {name!r} has no fault, so who names it injects none",
                        name=name)  # fmt: skip
            _report_empty(draft, draft.spot.at("fault_sets", name), wrong)
    for stub, spot in draft.spot.at("proxy", "stubs").locate_elements(draft.scenario.proxy.stubs):
        node = spot.source.root.find_at(spot.at("request").steps)
        parts = [name for name, value in asdict(stub.request).items() if value == {}]
        if node is not None and (parts or not node.items):
            wrong = msg("this asks for nothing, so that the stub answers every request; say which, "
                        "or leave it out")  # fmt: skip
            _report_empty(draft, spot.at("request", *parts[:1]), wrong)


def _report_empty(draft: ScenarioDraft, spot: Spot, wrong: str) -> None:
    draft.tell(spot, wrong, kind="empty", fails=False)


_NAMING: Final = frozenset({
    "at", "by", "call", "cassette", "clock", "instance", "table", "to", "until", "user",
})  # fmt: skip
_VALUES: Final = frozenset({
    "args", "body", "cases", "expect", "expect_error", "form", "header", "open", "query", "request",
    "row", "save", "set", "vars", "with",
})  # fmt: skip


def _find_texts_if_sign_in_file(
    spot: Spot, *signs: str
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Return path and text of each value in the file of *spot*; none if no line contains a sign.

    The search for *signs* (one of them is enough) saves walking through most files.
    """
    # Text is searched far faster than nodes are walked, and hardly any file has such a value.
    text = spot.source.text
    return spot.source.root.walk_texts() if any(sign in text for sign in signs) else iter(())


def check_empty_names(draft: ScenarioDraft) -> None:
    """Report keys that name somebody or something and are written with an empty text."""
    spot = draft.spot
    for path, text in _find_texts_if_sign_in_file(spot, '""', "''"):
        if not text and path[-1] in _NAMING and _VALUES.isdisjoint(path):
            where = Spot(spot.source, path)
            if draft.is_in_own_file(where):
                wrong = msg("{key} names nothing; fill it in, or leave it out", key=path[-1])
                _report_empty(draft, where, wrong)


def check_rows_moved_to_own_place(draft: ScenarioDraft) -> None:
    """Report a row that moves to where it is."""
    for step, spot in draft.steps:
        value = step.value if step.action == "move_row" and isinstance(step.value, dict) else {}
        if value.get("at") == value.get("to", ""):
            wrong = msg("row {row} moves to where it is, so that nothing happens; write another "
                        "number", row=value["to"])  # fmt: skip
            _report_empty(draft, spot.at("move_row", "to"), wrong)


_HEADERS: Final = (
    "cache-control", "content-disposition", "content-encoding", "content-length", "content-type",
    "etag", "last-modified", "location", "retry-after", "set-cookie", "www-authenticate",
)  # fmt: skip
"""Headers of responses that clients act on."""


def check_misspelt_injected_headers(draft: ScenarioDraft) -> None:
    """Report headers of stubs and faults that look like misspelled ones to which clients react.

    An example is ``Retry-Afer``.
    """
    spot = draft.spot
    for path, _ in _find_texts_if_sign_in_file(spot, "headers:"):
        name = str(path[-1]).lower()
        # In a body, members of that name are data.
        is_header = path[-2:-1] == ("headers",) and {"do", "stubs"} & {*path} and "body" not in path
        if not is_header or name in _HEADERS:
            continue
        if hint := suggest_nearest(name, _HEADERS):
            wrong = msg("no client knows the header {name!r}{hint}", name=path[-1], hint=hint)
            draft.tell(Spot(spot.source, path), wrong, kind="name", fails=False)


def check_cassette_of_live_mode(draft: ScenarioDraft) -> None:
    """Report a cassette that is named although ``mode: live`` never reads one."""
    proxy, spot = draft.scenario.proxy, draft.spot.at("proxy", "cassette")
    if proxy.cassette and proxy.mode == "live" and draft.is_in_own_file(spot):
        draft.tell(
            spot,
            "mode: live never reads a recording; write mode: replay, or leave the cassette out",
            kind="rule",
            fails=False,
        )


def check_unknown_env_secrets(draft: ScenarioDraft) -> None:
    """Report ``secrets: env.X`` where neither the environment nor any file of the folder has X."""
    for text, where in draft.spot.at("secrets").locate_elements(draft.scenario.secrets):
        root, _, name = text.partition(".")
        if root != "env" or name in draft.environ or not draft.is_in_own_file(where):
            continue
        known = find_env_names_of_shared_files(draft)
        if name not in known:
            draft.tell(
                where,
                "nothing reads the environment variable {name!r}, so nothing is hidden{hint}",
                name=name,
                hint=suggest_nearest(name, sorted(known)),
                kind="rule",
                fails=False,
            )


def check_near_columns_of_added_rows(draft: ScenarioDraft) -> None:
    """Report misspelled columns of rows that steps add: another row has a column of a near name."""
    columns: dict[str, dict[str, Spot]] = {}
    counts: dict[tuple[str, str], int] = {}
    for step, spot in draft.steps:
        value = step.value if step.action == "add_row" and isinstance(step.value, dict) else {}
        row, table = value.get("row"), str(value.get("table"))
        for name in row if isinstance(row, dict) else ():
            columns.setdefault(table, {}).setdefault(name, spot.at("add_row", "row", name))
            counts[table, name] = counts.get((table, name), 0) + 1
    for table, spots in columns.items():
        for name, spot in spots.items():
            others = [one for one in spots if counts[table, one] > counts[table, name]]
            others += [one for one in spots if draft.names.occurs_in_scripts(one)]
            if draft.names.occurs_in_scripts(name) or draft.initial_table_columns.get(table):
                continue
            if hint := suggest_nearest(name, others):
                wrong = msg("no other row of {table} has a column {name!r}{hint}",
                            table=table, name=name, hint=hint)  # fmt: skip
                draft.tell(spot, wrong, kind="name", fails=False)


IDLE_CHECKS: Final = (
    check_former_names_differ,
    check_skip_reasons_meaning_false,
    check_references_read_before_a_run,
    check_unread_js_results,
    check_buttons_are_clicked,
    check_anything_expected,
    check_entered_kinds,
    check_advances_in_milliseconds,
    check_advances_without_unit,
    check_empty_lists_of_idle_steps,
    check_states_never_set_by_scripts,
    check_submitted_values_previewed,
    check_empty_values,
    check_empty_names,
    check_misspelt_injected_headers,
    check_rows_moved_to_own_place,
    check_cassette_of_live_mode,
    check_unknown_env_secrets,
    check_near_columns_of_added_rows,
)
"""All checks of this module that look at a scenario as a whole."""
