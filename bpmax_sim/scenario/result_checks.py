"""Checks of what a run came to, besides its expectations; what they find are warnings.

A run can be as expected and still have come about wrongly: by a response that was recorded for
another customer, by a business failure that nobody looked at, by a value that no person could
enter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

import msgspec
from msgspec import UNSET

from bpmax_sim.errors import CallError, Place, nearest_name
from bpmax_sim.field_path import FieldPath, Steps, format_path, values_at
from bpmax_sim.i18n import msg, series
from bpmax_sim.js_values import value_kind
from bpmax_sim.messages import Response
from bpmax_sim.platform.check import platform_hints
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import names_api
from bpmax_sim.proxy.compiled_api import CompiledApi, compile_api
from bpmax_sim.proxy.response import ParsedBody, accepts, is_success
from bpmax_sim.scenario import model
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.findings import NameFinding
from bpmax_sim.scenario.names import ScenarioNames
from bpmax_sim.scenario.references import show
from bpmax_sim.script.failure import Script
from bpmax_sim.script_source.reading import read_script
from bpmax_sim.subject.form import ScriptedSubject, find_option_problems, option_values
from bpmax_sim.subject.hooks import FieldChanged

_MADE_AT_RUN_TIME: Final = re.compile(
    r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}"  # a UUID
    r"|[0-9a-fA-F]{16,}|\d{10}|\d{13,17}|0?\.\d{6,}"  # a digest, an instant, Math.random()
    r"|\d{4}[-/]?\d\d[-/]?\d\d([T ]?\d\d:?\d\d.*)?"
)
_LAST_NAME: Final = re.compile(r"\$(?:\.\w+)*?\.(\w+)")
_MISPRINTS: Final = re.compile(
    r"\[object (?:Object|Promise)\]|(?<!of )(?<![\w'\"(])(?:undefined|NaN)(?![\w'\")]| is)"
)
"""What a text has in it that was made of an object, or of nothing; V8's own messages apart."""
_SENT_BY_MISTAKE: Final = re.compile(r"undefined|NaN|null|.*\[object \w+\].*")
_ANNOUNCING: Final = frozenset({"warn", "error"})


def find_borrowed_responses(calls: Iterable[CallMade]) -> Iterator[NameFinding]:
    """Yield each replayed response that was recorded for another value of an ignored place.

    Values that every run makes anew, such as an instant or a UUID, are what `ignore` is for.
    """
    for call in calls:
        recording = call.recording
        for one in recording.ignored if recording is not None and recording.played else ():
            sides = [one.get("recorded"), one.get("sent")]
            if not all(_MADE_AT_RUN_TIME.fullmatch(str(side)) for side in sides if side):
                yield NameFinding("ignore", msg(
                    "{call}: this response was recorded for {path} {recorded}, not {sent}; record "
                    "it for this one, too, or take {path} out of ignore",
                    call=call.call, path=one["path"], recorded=show(sides[0]), sent=show(sides[1]),
                ), call.place, fails=False)  # fmt: skip


class StepOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a step came to, as far as it shows whether a failure was looked at.

    Attributes:
        calls: those that the step made.
        expected: what the step and the scenario expect.
        messages: how many were shown meanwhile.
        console: the lines written meanwhile: ``{text, level}``.
    """

    step: model.Step
    calls: Sequence[CallMade]
    expected: Sequence[model.Expect]
    messages: int
    console: Sequence[Mapping[str, Any]]

    @property
    def is_announced(self) -> bool:
        """Return whether somebody was told of something, or the step's own result is looked at."""
        said = (self.step.expect.result, self.step.expect_error, self.step.expect.messages)
        is_read = any(part is not UNSET for part in said) or bool(self.step.save)
        levels = {line["level"] for line in self.console}
        return bool(self.messages or is_read or levels & _ANNOUNCING)

    def is_expected(self, call: CallMade) -> bool:
        """Return whether an expectation names the response of *call*, or its error."""
        items = chain.from_iterable(one.proxy for one in self.expected if one.proxy is not UNSET)
        return any(
            names_api(item.call, call.call)
            for item in items
            if item.response is not UNSET or item.error is not UNSET
        )


def find_unseen_failures(
    outcome: StepOutcome, names: ScenarioNames, platforms: Platforms
) -> Iterator[NameFinding]:
    """Yield each business failure that came back as a result and that nothing looked at.

    A script looks at it by reading a member that tells of it, wherever; a scenario by expecting the
    response, or what is shown.
    """
    for call in outcome.calls:
        recipe = _find_recipe(call, platforms)
        if recipe is None or outcome.is_announced or outcome.is_expected(call):
            continue
        response, body = _as_response(call)
        if accepts(recipe.rules.ok, response, body, lenient=True):
            continue
        members = _telling_members(recipe)
        if not members or names.texts is None or _have_word(names.texts, members):
            continue
        code = recipe.rules.code(response, body)
        yield NameFinding("unseen", msg(
            "{call} reported a business failure{code}, and nothing looked at it: no script reads "
            "{members}; handle it there, or expect it: proxy: [{{call: {call}, response: …}}]",
            call=call.call, members=series(members),
            code="" if code is UNSET else msg(" ({code})", code=show(code)),
        ), call.place, fails=False)  # fmt: skip


def find_idle_rules(calls: Sequence[CallMade], platforms: Platforms) -> Iterator[NameFinding]:
    """Yield what the platforms of *calls* declare and hardly mean, or no message of them has."""
    yield from _find_idle_places(calls, platforms)
    for key, call in {call.call.partition(".")[0]: call for call in reversed(calls)}.items():
        for hint in _hints_of(platforms, key):
            yield NameFinding("rule", hint, call.place, fails=False)


def _find_idle_places(calls: Iterable[CallMade], platforms: Platforms) -> Iterator[NameFinding]:
    """Yield declared places that no message has, and almost has."""
    absent: dict[tuple[str, Steps], tuple[set[str], CallMade]] = {}
    found: set[tuple[str, Steps]] = set()
    for call in calls:
        recipe, key = _find_recipe(call, platforms), call.call.partition(".")[0]
        for path, message in _declared_places(recipe, call) if recipe is not None else ():
            place = key, path
            owners = [] if place in found else list(values_at(message, path[:-1]))
            names = {
                str(name).lower() for one in owners if isinstance(one, Mapping) for name in one
            }
            if str(path[-1]).lower() in names:
                found.add(place)
            elif names:
                absent.setdefault(place, (set(), call))[0].update(names)
    for (platform, path), (names, call) in absent.items():
        is_found = (platform, path) in found
        hint = "" if is_found else nearest_name(str(path[-1]).lower(), sorted(names))
        if hint:
            yield NameFinding("rule", msg(
                "{platform} declares {path}, and no message has that{hint}",
                platform=platform, path=format_path(path), hint=hint,
            ), call.place, fails=False)  # fmt: skip


@lru_cache(maxsize=256)
def _hints_of(platforms: Platforms, key: str) -> tuple[str, ...]:
    platform = platforms.find(key)
    return tuple(platform_hints(platform)) if platform is not None else ()


def _declared_places(recipe: CompiledApi, call: CallMade) -> Iterator[tuple[Steps, Any]]:
    """Yield the places that are declared for *call*, each with the message that is to have it."""
    for text in _judging_paths(recipe):
        yield ("body", *text.removeprefix("$.").split(".")), {"body": call.response}
    owners = (recipe.platform, recipe.api)
    for text in chain.from_iterable(owner.ignore for owner in owners):
        yield _parse_place(text), {
            "path": call.path, "query": call.query, "header": call.header, "body": call.body,
        }  # fmt: skip
    for text in chain.from_iterable(owner.volatile for owner in owners):
        yield _parse_place(text), {"header": call.response_header, "body": call.response}


@lru_cache(maxsize=256)
def _parse_place(text: str) -> Steps:
    """Return the steps of a declared place that was read before; an element stands for none."""
    path = FieldPath.parse(text, "ignore")
    return (path.root, *path.below) if path.below and isinstance(path.below[-1], str) else ("",)


def _find_recipe(call: CallMade, platforms: Platforms) -> CompiledApi | None:
    """Return how the response of *call* is judged; None where the call itself was rejected."""
    key, _, name = call.call.partition(".")
    platform = platforms.find(key)
    is_answered = call.status is not None and is_success(call.status) and not call.error
    if not is_answered or call.is_login or platform is None:
        return None
    try:
        api = platforms.api(platform, name)
        return compile_api(platform, platforms.instance(key, call.instance or None), api)
    except CallError:
        return None


def _as_response(call: CallMade) -> tuple[Response, ParsedBody]:
    headers = tuple(call.response_header.items())
    body = ParsedBody("json", value=call.response)
    return Response(status=call.status or 0, headers=headers, body=b""), body


def _judging_paths(recipe: CompiledApi) -> tuple[str, ...]:
    """Return the dotted paths by which a response is judged a failure."""
    rules = recipe.api.response if recipe.api.response is not UNSET else recipe.platform.response
    paths = (*rules.code, *(one.path for one in rules.ok.all if not one.absent))
    return tuple(dict.fromkeys(path for path in paths if _LAST_NAME.fullmatch(path)))


def _telling_members(recipe: CompiledApi) -> list[str]:
    """Return the names of the members of a result that tell of a failure."""
    if recipe.result == "envelope":
        return ["code", "message"]
    rules = recipe.api.response if recipe.api.response is not UNSET else recipe.platform.response
    paths = (*_judging_paths(recipe), *rules.message)
    matches = filter(None, map(_LAST_NAME.fullmatch, paths))
    return list(dict.fromkeys(match[1] for match in matches))


def _have_word(texts: Iterable[str], words: Iterable[str]) -> bool:
    pattern = re.compile(rf"(?<![\w$])(?:{'|'.join(map(re.escape, words))})(?![\w$])")
    return any(pattern.search(text) for text in texts)


def find_misfit(change: FieldChanged, kind: str, *, is_script: bool) -> NameFinding | None:
    """Return what is wrong with a value that a script, or a step, has written into a field.

    *kind* is what the field begins as. A step may fill in what it likes, but for a number as text.
    """
    written = value_kind(change.new)
    if kind and written in _MISFITS.get(kind, ()) and (is_script or _is_number_text(change.new)):
        names = {
            "text": msg("a text"), "number": msg("a number"), "flag": msg("true or false"),
            "list": msg("a list"), "map": msg("a map"),
        }  # fmt: skip
        message = msg(
            "{kind} comes into form.{field}, which begins as {begin}: {value}; convert it, or let "
            "the field begin as null",
            kind=names[written], field=change.field, begin=names[kind], value=show(change.new),
        )  # fmt: skip
        return NameFinding("unfit", message, change.place, fails=False)
    return find_misprint(change.new, f"form.{change.field}", change.place) if is_script else None


_MISFITS: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("map", "list"),
    "number": ("text", "flag", "list", "map"),
    "flag": ("text", "list", "map"),
    "list": ("text", "number", "flag"),
}
"""What a field begins as -> kinds of values that hardly belong into it."""


def _is_number_text(value: Any) -> bool:
    return isinstance(value, str) and value.strip().replace(".", "", 1).lstrip("-").isdecimal()


def find_misprint(value: Any, name: str, place: Place | None) -> NameFinding | None:
    """Return what is wrong with a text that a script made of what is no text, for *name*."""
    is_lost = isinstance(value, float) and value != value  # noqa: PLR0124 - NaN alone is so
    if not is_lost and not (isinstance(value, str) and _MISPRINTS.search(value)):
        return None
    message = msg(
        "the script wrote {value} into {name}; write the member that is meant",
        value=show(value),
        name=name,
    )
    return NameFinding("unfit", message, place, fails=False)


def find_misprinted_requests(calls: Iterable[CallMade]) -> Iterator[NameFinding]:
    """Yield what was sent in a path or a query and is no value: ``undefined``, ``NaN``."""
    for call in calls:
        for part, values in (("path", call.path), ("query", call.query)):
            for name, value in values.items():
                if isinstance(value, str) and _SENT_BY_MISTAKE.fullmatch(value):
                    yield NameFinding("unfit", msg(
                        "{call}: {part}.{name} is {value}, which is hardly meant",
                        call=call.call, part=part, name=name, value=show(value),
                    ), call.place, fails=False)  # fmt: skip


class OptionLog:
    """The options that fields have had in a run, and what scripts did with their values.

    Attributes:
        offered: field -> every value that was ever an option of it.
    """

    def __init__(self) -> None:
        """Start before the first step."""
        self.offered: dict[str, list[Any]] = {}
        self._written: dict[str, Place | None] = {}

    def note_write(self, field: str, place: Place | None, *, is_script: bool) -> None:
        """Note who wrote the present value of *field*."""
        if is_script:
            self._written[field] = place
        else:
            self._written.pop(field, None)

    def check_step(self, form: ScriptedSubject, fields: Mapping[str, Any]) -> Iterator[NameFinding]:
        """Yield what scripts wrote into *fields* and no option has, at the end of a step."""
        for field, state in form.states.items():
            if state.get("options"):
                known = self.offered.setdefault(field, [])
                known += (one for one in option_values(state["options"]) if one not in known)
        for field, place in self._written.items() if self.offered else ():
            for problem in find_option_problems(form, field, fields.get(field)):
                message = msg("the script wrote a value: {problem}", problem=problem)
                yield NameFinding("unfit", message, place, fails=False)

    def check_comparisons(self, scripts: Iterable[Script]) -> Iterator[NameFinding]:
        """Yield texts that a script compares a field with and that never were an option of it."""
        for script in dict.fromkeys(scripts) if self.offered else ():
            for comparison in read_script(script.source, script.name).comparisons:
                path, text = comparison.path, comparison.text
                path = path[1:] if comparison.root == "ctx" and path[:1] == ("form",) else path
                known = list(map(str, self.offered.get(".".join(path), ())))
                is_field = comparison.root in {"form", "ctx"}
                if is_field and known and text and text not in known:
                    hint = nearest_name(text, known)
                    message = msg(
                        "form.{name} is compared with {text!r}, which is none of its options{hint}",
                        name=".".join(path),
                        text=text,
                        hint=hint,
                    )
                    if hint:
                        yield NameFinding("unfit", message, comparison.place, fails=False)
