"""Checks of the results of a run beyond its expectations; their findings are warnings.

A run can pass for the wrong reason: with a response recorded for another customer, a business
failure that nobody noticed, or a value that no person could enter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from math import isnan
from typing import Any, Final
from weakref import WeakKeyDictionary

import msgspec
from msgspec import UNSET

from bpmax_sim.errors import CallError, Place, find_nearest, suggest_nearest
from bpmax_sim.i18n import DataValue, join_list, msg, template
from bpmax_sim.messages import Response
from bpmax_sim.platform.declared_places import list_judged_members
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import matches_api
from bpmax_sim.platform.response_shapes import Kind, find_kind
from bpmax_sim.proxy.compiled_api import CompiledApi, compile_api
from bpmax_sim.proxy.response import ParsedBody, is_success, satisfies_rule
from bpmax_sim.scenario import model
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.expected_literals import find_member_names
from bpmax_sim.scenario.findings import RunFinding
from bpmax_sim.scenario.load import LocatedStep
from bpmax_sim.scenario.names import ScenarioNames
from bpmax_sim.scenario.observation import read_field_values
from bpmax_sim.scenario.references import show
from bpmax_sim.script.failure import Script
from bpmax_sim.script_source.comparisons import LiteralComparison
from bpmax_sim.script_source.condition_slips import describe_kind
from bpmax_sim.script_source.reading import MemberUse, read_results, read_script
from bpmax_sim.script_source.unused_results import TELLING_FAILURE, ResultUse
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.form import (
    FormSubject,
    ScriptedSubject,
    find_option_problems,
    list_option_values,
)

_LAST_NAME: Final = re.compile(r"\$(?:\.\w+)*?\.(\w+)")
_ANNOUNCING: Final = frozenset({"warn", "error"})


class StepOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in a step, to judge whether somebody noticed a failed call.

    Attributes:
        calls: calls of the step.
        expected: expectations of the step and of the scenario.
        messages: messages shown during the step, each with ``text`` and ``type``.
        console: lines written during the step: ``{text, level}``.
        written: values that scripts wrote into fields during the step.
    """

    step: model.Step
    calls: Sequence[CallMade]
    expected: Sequence[model.Expect]
    messages: Sequence[Mapping[str, Any]]
    console: Sequence[Mapping[str, Any]]
    written: Sequence[Any] = ()

    @property
    def has_output_or_checked_result(self) -> bool:
        """Return whether a message or console line was shown, or the step's result is checked.

        A message of success tells of no failure, and a line of a log only if it is expected. A text
        in a field does if it speaks of one: ``未找到``.
        """
        expect = self.step.expect
        said = (expect.result, self.step.expect_error, expect.messages, expect.console or UNSET)
        is_read = any(part is not UNSET for part in said) or bool(self.step.save)
        levels = {line["level"] for line in self.console}
        is_told = any(message.get("type") != "success" for message in self.messages)
        texts = (one for one in self.written if isinstance(one, str))
        return bool(
            is_told or is_read or levels & _ANNOUNCING or any(map(TELLING_FAILURE.search, texts))
        )

    def list_inline_scripts(self, place: Place | None) -> list[Script]:
        """Return the script that the step itself contains, named as *place* in it names it."""
        value = self.step.value if self.step.action == "js" and place is not None else None
        return [Script(value, place.file)] if isinstance(value, str) and place is not None else []

    def is_call_outcome_expected(self, call: CallMade) -> bool:
        """Return whether an expectation names the response or the error of *call*.

        The status of a failed call is its error, too; that of a business failure says nothing.
        """
        items = chain.from_iterable(one.proxy for one in self.expected if one.proxy is not UNSET)
        parts = ("response", "error", *(("status",) if call.error else ()))
        return any(
            matches_api(item.call, call.call)
            and any(getattr(item, part) is not UNSET for part in parts)
            for item in items
        )

    def has_expected_member(self, names: Sequence[str]) -> bool:
        """Return whether an expectation names one of *names* below a field of a form.

        So it does where a script keeps a response as it is: ``form: {回执: {errcode: 40003}}``.
        """
        flows = [one.flow for one in self.expected if isinstance(one.flow, Mapping)]
        forms = [*(one.form for one in self.expected), *(flow.get("form") for flow in flows)]
        members = chain.from_iterable(map(find_member_names, forms))
        steps = ([*inside, *name.split(".")] for inside, name, _ in members)
        return any(not set(path[1:]).isdisjoint(names) for path in steps)


def find_unnoticed_business_failures(
    outcome: StepOutcome, names: ScenarioNames, platforms: Platforms, scripts: Sequence[Script]
) -> Iterator[RunFinding]:
    """Yield each business failure that was returned as a result and that nothing noticed.

    The script that called notices it by reading a member of that result that reports failures; if
    the result goes elsewhere, any of *scripts* that reads a member of such a name may do. A
    scenario notices it by expecting the response, or what is shown.
    """
    for call in () if outcome.has_output_or_checked_result else outcome.calls:
        if outcome.is_call_outcome_expected(call):
            continue
        inline = outcome.list_inline_scripts(call.place)
        recipe = find_compiled_api(call, platforms)
        if recipe is None:
            continue
        response, body = to_platform_response(call)
        if satisfies_rule(recipe.rules.ok, response, body, absent_ok=True):
            continue
        members = _find_failure_members(recipe)
        texts = names.texts if members and not outcome.has_expected_member(members) else None
        if texts is None or _may_read_failure(call, recipe, texts, [*scripts, *inline]):
            continue
        code = recipe.rules.find_business_code(response, body)
        yield RunFinding("unseen", msg(
            "{call} reported a business failure{code}, and nothing looked at it: no script reads "
            "{members} of this response; handle it there, or expect it: proxy: [{{call: {call}, "
            "response: …}}]",
            call=call.call, members=join_list(members),
            code="" if code is UNSET else msg(" ({code})", code=show(code)),
        ), call.place, fails=False)  # fmt: skip


def has_unsuccessful_call(calls: Iterable[CallMade], platforms: Platforms) -> bool:
    """Return whether one of *calls* failed, reported a business failure, or found nothing.

    It found nothing if its response, or a member of it, is null or an empty list or object; deeper
    members are often empty in a response that has what was looked for.
    """
    return any(_is_unsuccessful(call, platforms) for call in calls if not call.is_login)


def _is_unsuccessful(call: CallMade, platforms: Platforms) -> bool:
    if call.error or (call.status is not None and not is_success(call.status)):
        return True
    recipe = find_compiled_api(call, platforms)
    if recipe is not None:
        response, body = to_platform_response(call)
        if not satisfies_rule(recipe.rules.ok, response, body, absent_ok=True):
            return True
    members = call.response.values() if isinstance(call.response, dict) else ()
    return any(one is None or one in ([], {}) for one in (call.response, *members))


def _may_read_failure(
    call: CallMade, recipe: CompiledApi, texts: Sequence[str], scripts: Sequence[Script]
) -> bool:
    """Return whether a script may look at a member of the result of *call* that reports failures.

    The one of *scripts* that made the call shows it, unless the result goes elsewhere as a whole,
    or a condition asks for it. Then any of *texts*, the sources of the scenario, may that has the
    word in its code; another than that script not as a member of a result of its own.
    """
    members = {*_find_failure_members(recipe)}
    named = [one for one in scripts if call.place and one.name == call.place.file]
    uses = ((one, find_result_use(one, call.place)) for one in named)
    own, use = next((pair for pair in uses if pair[1] is not None), (None, None))
    if own is not None and use is not None and use.is_by_members:
        # Of `$.head.code` the script may hand on the head.
        parents = {name for path in _find_failure_paths(recipe) for name in path.split(".")[1:]}
        return any(
            not (members | parents).isdisjoint(one.path)
            for one in read_script(own.source, own.name).members
            if one.call == use.call
        )
    others = {one.source: one.name for one in scripts if one not in named}
    for text in texts if _any_contains_word(texts, members) else ():
        words = read_results(text, others.get(text, "script.js")).words
        if not members.isdisjoint(words.of_unknown if text in others else words.all):
            return True
    return False


def find_result_use(script: Script, place: Place | None) -> ResultUse | None:
    """Return how *script* uses the result of the call at *place*; None if the source hides it."""
    uses = read_results(script.source, script.name).uses if place is not None else ()
    # The place is that of the method, so the start of an argument is no start of this call.
    around = [use for use in uses if place and use.covers(place) and use.start != place]
    return max(around, key=lambda use: (use.start.line, use.start.column), default=None)


def find_failures_in_empty_catches(
    outcome: StepOutcome, scripts: Sequence[Script]
) -> Iterator[RunFinding]:
    """Yield each rejected call whose error a ``catch`` without statements drops.

    Also one that only puts a fixed object in the place of the result.

    Only where the script uses the result of the call, and nothing in *outcome*, what happened in
    the step, shows the failure.
    """
    failed = [call for call in outcome.calls if call.error and not call.is_login and call.place]
    for call in failed if not outcome.has_output_or_checked_result else ():
        drops = [
            drop
            for script in scripts
            if call.place is not None and script.name == call.place.file
            for drop in read_script(script.source, script.name).dropped_errors
            if drop.covers(call.place)
        ]
        if drops and not outcome.is_call_outcome_expected(call):
            # Of handlers within each other the error comes to the innermost.
            inner = max(drops, key=lambda drop: (drop.start.line, drop.start.column))
            yield RunFinding("unseen", msg(
                _BY_WAY[inner.way],
                call=call.call, code=call.error, line=inner.place.line,
            ), call.place, fails=False)  # fmt: skip


_BY_WAY: Final[Mapping[str, str]] = {
    "empty": template(
        "{call} failed ({code}), and the empty handler in line {line} tells nobody; show it, or "
        "expect it: proxy: [{{call: {call}, error: {code}}}]"
    ),
    "replaces": template(
        "{call} failed ({code}), and the handler in line {line} goes on with a fixed object as if "
        "it had not; show it, or expect it: proxy: [{{call: {call}, error: {code}}}]"
    ),
    "settled": template(
        "{call} failed ({code}), and nothing looks at the results of Promise.allSettled in line "
        "{line}; look at their status, or expect it: proxy: [{{call: {call}, error: {code}}}]"
    ),
}
"""How an error is ignored -> what is said of it."""


def find_misread_responses(
    calls: Sequence[CallMade], scripts: Sequence[Script], platforms: Platforms
) -> Iterator[RunFinding]:
    """Yield each place where a script reads in a response what cannot be there.

    That is a member of a text, a member that no response had, or a list's first page as if it was
    the whole list.
    """
    yield from find_members_read_from_text(calls, scripts, platforms)
    yield from find_misspelt_members(calls, scripts, platforms)
    yield from find_partial_lists(calls, scripts, platforms)


def find_members_read_from_text(
    calls: Iterable[CallMade], scripts: Iterable[Script], platforms: Platforms
) -> Iterator[RunFinding]:
    """Yield members that a script reads in a response that was a text, such as XML, not JSON."""
    texts: dict[tuple[str, int], bool] = {}
    for call in calls:
        if call.place is not None and not call.is_login:
            at = (call.place.file, call.place.line)
            is_text = isinstance(call.response, str) and bool(call.response)
            recipe = find_compiled_api(call, platforms) if is_text else None
            is_result = recipe is not None and recipe.result != "envelope"
            texts[at] = texts.get(at, True) and is_result
    names = {file for (file, _), is_text in texts.items() if is_text}
    for script in dict.fromkeys(scripts) if names else ():
        reading = read_script(script.source, script.name) if script.name in names else None
        for use in reading.members if reading is not None else ():
            made = reading.calls[use.call] if reading is not None and use.call is not None else None
            is_read = use.access in {"read", "truth"} and not use.is_guarded
            if made is None or not is_read or not texts.get((script.name, made.place.line)):
                continue
            name = use.path[0]
            if name not in _OF_TEXTS and not name.isdigit():
                yield RunFinding("unfit", msg(
                    "the response is a text, which has no {name!r}; take it out of the text, or "
                    "let the API declare what it answers", name=name,
                ), use.place, fails=False)  # fmt: skip


def find_misspelt_members(
    calls: Iterable[CallMade], scripts: Iterable[Script], platforms: Platforms
) -> Iterator[RunFinding]:
    """Yield members that a script reads in responses which had only one of a similar name.

    The similar name is one that is a misspelling away. Members are read by *scripts* at the lines
    that made *calls*.
    """
    asked: dict[tuple[str, int], list[CallMade]] = {}
    for call in calls:
        if call.place is not None and not call.is_login:
            asked.setdefault((call.place.file, call.place.line), []).append(call)
    for script in dict.fromkeys(scripts):
        answered = {
            tuple(call.response)
            for (file, _), made in asked.items()
            for call in made
            if file == script.name and type(call.response) is dict
        }
        lines = script.source.split("\n") if answered else ()
        if not any(_has_near_member(line, keys) for keys in answered for line in lines):
            continue  # reading each mutant of a script as a whole would cost more than its run
        reading = read_script(script.source, script.name)
        for use in reading.members:
            if use.call is not None and use.root == "result":
                same = asked.get((script.name, reading.calls[use.call].place.line), [])
                if hint := _suggest_meant_member(use, same, platforms):
                    yield RunFinding("unfit", msg(
                        "no response of {call} had {name!r}{hint}",
                        call=same[0].call, name=use.path[0], hint=hint,
                    ), use.place, fails=False)  # fmt: skip


@lru_cache(maxsize=8192)
def _has_near_member(line: str, members: tuple[str, ...]) -> bool:
    """Return whether a name or quoted text in *line* of a script is nearly one of *members*.

    Cached by line: `bpmax-sim challenge` runs many variants of a script that differ in one line.
    """
    words = chain.from_iterable(one.findall(line) for one in _NAMES)
    return any(_is_near_member(word, members) for word in {*words})


@lru_cache(maxsize=10_000)
def _is_near_member(word: str, members: tuple[str, ...]) -> bool:
    return word not in members and bool(find_nearest(word, members))


def _suggest_meant_member(use: MemberUse, calls: Sequence[CallMade], platforms: Platforms) -> str:
    """Return a hint "did you mean …" if *use* reads a member that no response had, or "".

    The hint names a member that the responses had and whose name is similar; "" if there is none.
    *use* is the read of a member in a script. *calls* are the calls made at the line of the call
    whose result it reads.
    """
    name, is_read = use.path[0], use.access in {"read", "truth"} and not use.is_guarded
    if not calls or not is_read or any(_may_have(call, name) for call in calls):
        return ""
    recipe = find_compiled_api(calls[0], platforms)
    if recipe is None or recipe.result == "envelope" or name in show(recipe.api.answer):
        return ""
    if (name,) in list_judged_members(recipe.platform, recipe.api):
        return ""
    return suggest_nearest(name, sorted({key for call in calls for key in call.response}))


def _may_have(call: CallMade, name: str) -> bool:
    """Return whether the response of *call* has the member *name*; true if it is not a map."""
    return type(call.response) is not dict or name in call.response


_NAMES: Final = tuple(map(re.compile, (
    r"(?<!form)(?:^|\.)\s*([\w$]+)", r"(?:^|[{,])\s*([\w$]+)(?=\s*(?:[,:=}]|$))",
    r"'([^']*)'", r'"([^"]*)"',
)))  # fmt: skip
"""Where members of a response stand in a line: after a dot, in a pattern, in quotes, alone; wider
is no harm."""
_OF_TEXTS: Final = frozenset({
    "*", "isWellFormed", "matchAll", "toLocaleLowerCase", "toLocaleUpperCase", "toWellFormed",
    "trimEnd", "trimStart",
})  # fmt: skip
"""Members of a text beside those that reading a script leaves out."""
_PAGE: Final = re.compile(r"page_?(no|num|number|index)?|offset|cursor", re.IGNORECASE)


def find_loops_requesting_same_page(
    calls: Iterable[CallMade], platforms: Platforms
) -> Iterator[RunFinding]:
    """Yield calls that a loop makes again and again for the same page of a list.

    Simulators and recordings give other rows each time, so the loop ends; a real system would not.
    """
    asked: dict[str, list[CallMade]] = {}
    for call in calls:
        if not call.is_login:
            key = show([call.call, str(call.place), call.path, call.query, call.body])
            asked.setdefault(key, []).append(call)
    for same in asked.values():
        recipe = find_compiled_api(same[0], platforms) if same[2:] else None
        named = [one.name for one in recipe.api.parameters] if recipe is not None else []
        page = next(filter(_PAGE.fullmatch, named), "")
        answers = {show(call.response) for call in same}
        if (
            page
            and len(answers) == len(same)
            and all(_has_nonempty_list(call.response) for call in same)
        ):
            yield RunFinding("unseen", msg(
                "{call} was asked {times} times for the same {page}, so that a real system answers "
                "the same each time; count {page} up",
                call=same[0].call, times=len(same), page=page,
            ), same[0].place, fails=False)  # fmt: skip


def _has_nonempty_list(value: Any) -> bool:
    levels = [value, *value.values()] if isinstance(value, dict) else [value]
    inner = [one for level in levels if isinstance(level, dict) for one in level.values()]
    return any(isinstance(one, list) and one for one in (*levels, *inner))


_TOTALS: Final = ("total", "totalCount", "total_count", "totalSize", "total_size")
_PAGES: Final = re.compile(r"page|offset|cursor|start", re.IGNORECASE)


def find_partial_lists(
    calls: Iterable[CallMade], scripts: Iterable[Script], platforms: Platforms
) -> Iterator[RunFinding]:
    """Yield lists of which scripts request only the first page, as the response's own total shows.

    Nothing is reported if a script reads the total or requests further pages.
    """
    read: dict[str, int] = {}
    latest: dict[str, tuple[CallMade, str, int]] = {}
    for call in calls:
        for name, total, rows in _find_totals_and_list_lengths(call.response):
            read[call.call] = read.get(call.call, 0) + rows
            latest[call.call] = (call, name, total)
    partial = {key: one for key, one in latest.items() if read[key] < one[2]}
    uses = {
        use.path[-1]
        for script in (dict.fromkeys(scripts) if partial else ())
        for use in read_script(script.source, script.name).members
        if use.root == "result"
    }
    for key, (call, name, total) in partial.items():
        recipe = find_compiled_api(call, platforms)
        parameters = recipe.api.parameters if recipe is not None else ()
        has_pages = any(_PAGES.search(parameter.name) for parameter in parameters)
        if has_pages and uses.isdisjoint({*_TOTALS, "hasMore", "has_more", "next"}):
            yield RunFinding("unseen", msg(
                "{call}: the response says {name}: {total}, and the script has read {rows} of "
                "them; ask for the other pages, or read {name}",
                call=key, name=name, total=total, rows=read[key],
            ), call.place, fails=False)  # fmt: skip


def _find_totals_and_list_lengths(value: Any) -> Iterator[tuple[str, int, int]]:
    """Yield each total in a response, such as ``total: 120``, that stands beside one list.

    Each is (name of the member, its value, length of the list).
    """
    levels = [value, *value.values()] if isinstance(value, dict) else []
    for level in levels:
        name = next((one for one in _TOTALS if one in level), "") if type(level) is dict else ""
        if name:
            total, rows = level[name], [one for one in level.values() if isinstance(one, list)]
            if type(total) is int and len(rows) == 1 and rows[0]:
                yield name, total, len(rows[0])


def find_compiled_api(call: CallMade, platforms: Platforms) -> CompiledApi | None:
    """Return the compiled rules of the API that *call* was made to.

    None if the call was rejected or is not declared.
    """
    key, _, name = call.call.partition(".")
    platform = platforms.find(key)
    is_answered = call.status is not None and is_success(call.status) and not call.error
    if not is_answered or call.is_login or platform is None:
        return None
    known = _COMPILED.setdefault(platforms, {})
    compiled = known.get((call.call, call.instance))
    if compiled is None:
        try:
            api = platforms.api(platform, name)
            compiled = compile_api(platform, platforms.instance(key, call.instance or None), api)
        except CallError:
            return None
        known[call.call, call.instance] = compiled
    return compiled


_COMPILED: Final = WeakKeyDictionary[Platforms, dict[tuple[str, str], CompiledApi]]()
"""What was compiled, by call and instance, as long as the platforms are there; each call of a run
is judged several times."""


def to_platform_response(call: CallMade) -> tuple[Response, ParsedBody]:
    """Return the response of *call* in the two forms that the rules of a platform file need.

    They are a response with status and headers but without body, and its parsed body.
    """
    headers = tuple(call.response_header.items())
    body = ParsedBody("json", value=call.response)
    return Response(status=call.status or 0, headers=headers, body=b""), body


def _find_failure_paths(recipe: CompiledApi) -> tuple[str, ...]:
    """Return the paths, such as ``$.code``, that decide whether a response is a failure."""
    rules = recipe.platform.response_of(recipe.api)
    paths = (*rules.code, *(one.path for one in rules.ok.all if not one.absent))
    return tuple(dict.fromkeys(path for path in paths if _LAST_NAME.fullmatch(path)))


def _find_failure_members(recipe: CompiledApi) -> list[str]:
    """Return the names of the members of a result by which a script can tell a business failure.

    They are the last names of the paths in the platform's rules for success and message; of an API
    that returns an envelope, ``code`` and ``message``.
    """
    if recipe.result == "envelope":
        return ["code", "message"]
    rules = recipe.platform.response_of(recipe.api)
    paths = (*_find_failure_paths(recipe), *rules.message)
    matches = filter(None, map(_LAST_NAME.fullmatch, paths))
    return list(dict.fromkeys(match[1] for match in matches))


def _any_contains_word(texts: Iterable[str], words: Iterable[str]) -> bool:
    """Return whether any of *texts* contains any of *words* as a whole identifier."""
    pattern = re.compile(rf"(?<![\w$])(?:{'|'.join(map(re.escape, words))})(?![\w$])")
    return any(pattern.search(text) for text in texts)


def find_wrong_kind(
    field: str, value: Any, kinds: Mapping[str, Kind], place: Place | None
) -> RunFinding | None:
    """Return what is wrong with a *value* that a script wrote into *field*, or None.

    Wrong are NaN, another kind than that of the initial value, and a text with ``undefined`` in it.

    Args:
        field: name of the field in messages.
        value: written value, as plain data.
        kinds: field -> kind of its initial value.
        place: script line.
    """
    kind, declared = find_kind(value), kinds.get(field)
    if isinstance(value, float) and isnan(value):
        message = msg(
            "the script wrote NaN into form.{field}: something of the calculation is no number",
            field=field,
        )
        return RunFinding("unfit", message, place, fails=False)
    if value and declared is not None and kind in _UNFIT.get(declared, ()):
        message = msg(
            "the script wrote {value}, {kind}, into form.{field}, which begins as {declared}; "
            "write what is meant, or let the field begin as null",
            value=show(value), kind=describe_kind(kind), field=field,
            declared=describe_kind(declared),
        )  # fmt: skip
        return RunFinding("unfit", message, place, fails=False)
    return find_undefined_text(value, f"form.{field}", place)


_UNFIT: Final[Mapping[str, frozenset[str]]] = {
    "text": frozenset({"object", "list"}),
    "number": frozenset({"text", "object", "list", "boolean"}),
    "boolean": frozenset({"text", "object", "list"}),
    "list": frozenset({"text", "number", "boolean"}),
}
"""The kind that a field begins with -> the kinds that nobody means."""
_MISPRINT: Final = re.compile(
    r"\[object \w+\]|(?<![\w$.])(?:undefined|NaN)(?![\w$])|\$\{[A-Za-z_]\w*[^{}]*\}"
    r"|(?<=[\u3400-\u9fff：（ ])null(?![\w$])",
    re.ASCII,
)
_OF_ENGINE: Final = re.compile(
    r"of undefined|of null|undefined is|is undefined|is not|cannot ", re.IGNORECASE
)
"""What the texts of errors have, which a script may show."""


def find_undefined_text(value: Any, name: str, place: Place | None) -> RunFinding | None:
    """Return what is wrong with a text that contains ``undefined``, ``NaN`` or the like, or None.

    *name* is the field or message that the script wrote, for the message.
    """
    match = _MISPRINT.search(value) if isinstance(value, str) else None
    if match is None or _OF_ENGINE.search(value):
        return None
    message = msg(
        "the script wrote {value} into {name}; write the member that is meant",
        value=show(value),
        name=name,
    )
    return RunFinding("unfit", message, place, fails=False)


def find_doubts_of_subject(
    located: LocatedStep, subject: FormSubject | FlowSubject | None, options: OfferedOptionLog
) -> Iterator[RunFinding]:
    """Yield what is doubtful in form and flow when a step has ended.

    That is a title with ``undefined`` in it, a value that is no option of its field, the label of
    an option set as value, and a user who fills in the form of somebody else's task. *located* is
    the step, *options* what fields offered and held so far.
    """
    if isinstance(subject, FlowSubject):
        yield from _find_undefined_titles(subject)
        yield from _find_stranger_at_form(located, subject)
    form = subject.current_form if isinstance(subject, FlowSubject) else subject
    if form is not None and form.states:
        yield from options.check_step(form, read_field_values(subject))
        yield from _find_entered_labels(located, form)


def _find_stranger_at_form(located: LocatedStep, flow: FlowSubject) -> Iterator[RunFinding]:
    """Yield a finding if a step without ``by`` fills in a form and the user has no task there."""
    step, user = located.step, flow.user_id
    if step.by or not user or step.kind is None or not step.kind.takes_by:
        return
    visit = flow.visits.get(flow.node_of_visible_form)
    owner_ids = visit.decision.owner_ids if visit is not None else ()
    if owner_ids and user not in owner_ids:
        yield RunFinding("refused", msg(
            "{user}, who is the user, is not an owner of {node!r}, and fills in its form; write "
            "who does: by: {owner}",
            user=user, node=flow.node_of_visible_form, owner=owner_ids[0],
        ), located.spot.at(step.action).place, fails=False)  # fmt: skip


def _find_undefined_titles(flow: FlowSubject) -> Iterator[RunFinding]:
    """Yield the name and the task title that hooks of *flow* made with ``undefined`` in them."""
    made = {"project_name": flow.project.get("name"), "task_title": flow.titles.get("task_title")}
    for hook, text in made.items():
        for script in flow.scripts.get(hook, ()):
            if found := find_undefined_text(text, hook, Place(script.name, 1, 1)):
                yield found


def find_sent_undefined_texts(calls: Iterable[CallMade]) -> Iterator[RunFinding]:
    """Yield each text containing ``undefined`` or the like that a script sent."""
    for call in calls:
        sent = str((call.path, call.query, call.body))
        is_doubtful = _MISPRINT.search(sent) is not None and not call.is_login
        for part in ("path", "query", "body") if is_doubtful else ():
            for name, text in _find_texts(part, getattr(call, part)):
                if found := find_undefined_text(text, f"{call.call} {name}", call.place):
                    yield found


def _find_texts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _find_texts(f"{name}.{key}", item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _find_texts(f"{name}[*]", item)


def _find_entered_labels(located: LocatedStep, form: ScriptedSubject) -> Iterator[RunFinding]:
    """Yield each label of an option that the step sets although the value is meant.

    Only where the step expects to be refused (``NOT_AN_OPTION``): it would be refused for any text.
    *form* has the options.
    """
    error, entered = located.step.expect_error, located.step.value
    is_refused = isinstance(error, model.ExpectedError) and error.code == "NOT_AN_OPTION"
    is_set = is_refused and located.step.action == "set" and isinstance(entered, Mapping)
    for field, value in entered.items() if is_set else ():
        for choice in form.read_states(field).get("options") or ():
            if isinstance(choice, Mapping) and value and choice.get("label") == value:
                yield RunFinding("unfit", msg(
                    "{label} is the label of the option {value}, which {field} offers, so that "
                    "this says nothing of the option; set the value",
                    label=show(value), value=show(choice.get("value")), field=field,
                ), located.spot.at("set", field).place, fails=False)  # fmt: skip


class OfferedOptionLog:
    """The options that fields have had in a run, and where scripts last wrote the fields.

    Attributes:
        offered: field -> all values that were ever among its options.
    """

    def __init__(self) -> None:
        """Start before the first step."""
        self.offered: dict[str, list[Any]] = {}
        self._written: dict[str, Place | None] = {}

    def note_write(self, field: str, place: Place | None, *, is_script: bool) -> None:
        """Record that a script wrote *field* at *place*, or that a person did (not *is_script*)."""
        if is_script:
            self._written[field] = place
        else:
            self._written.pop(field, None)

    def check_step(self, form: ScriptedSubject, fields: Mapping[str, Any]) -> Iterator[RunFinding]:
        """Yield values of *fields* that scripts wrote and that are no option when a step ends.

        Also records the options that fields have now.
        """
        for field, state in form.states.items():
            if state.get("options"):
                known = self.offered.setdefault(field, [])
                known += (one for one in list_option_values(state["options"]) if one not in known)
        for field, place in self._written.items() if self.offered else ():
            for problem in find_option_problems(form, field, fields.get(field)):
                message = msg("the script wrote a value: {problem}", problem=problem)
                yield RunFinding("unfit", message, place, fails=False)

    def check_comparisons(self, scripts: Iterable[Script]) -> Iterator[RunFinding]:
        """Yield texts that a script compares a field with and that were never an option of it."""
        for script in dict.fromkeys(scripts) if self.offered else ():
            for comparison in read_script(script.source, script.name).comparisons:
                field, text = _find_compared_field(comparison), comparison.text
                known = [str(DataValue(one)) for one in self.offered.get(field, ())]
                if comparison.kind == "text" and known and text and text not in known:
                    hint = suggest_nearest(text, known)
                    message = msg(
                        "form.{name} is compared with {text!r}, which is none of its options{hint}",
                        name=field,
                        text=text,
                        hint=hint,
                    )
                    if hint:
                        yield RunFinding("unfit", message, comparison.place, fails=False)


def _find_compared_field(comparison: LiteralComparison) -> str:
    """Return the dotted name of the form's field that *comparison* reads, or ""."""
    return ".".join(comparison.path if comparison.root == "form" else ())
