"""Find texts that an expectation denies although nothing in the run could have produced them.

Texts come from scripts, responses, values that the scenario fills in, or this package. A denied
text is suspicious if none of these contains a piece of it, or if it is a near miss of one of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from msgspec import UNSET
from msgspec.structs import asdict

from bpmax_sim.errors import suggest_meant_value
from bpmax_sim.i18n import msg
from bpmax_sim.scenario import model
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.expect import DENYING, NESTING
from bpmax_sim.scenario.expected_literals import find_literals_with_denial
from bpmax_sim.scenario.findings import RunFinding
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.references import Path, find_compared_texts
from bpmax_sim.scenario.source import ScenarioSource, Spot
from bpmax_sim.subject.project import STATUSES

_SECTIONS: Final = ("form", "fields", "messages", "console", "result", "vars")
_OF_FLOW: Final = ("form", "project", "projects", "project_name", "task_title")
_OF_CALL: Final = ("path", "query", "header", "body", "response")
_QUOTED: Final = re.compile(r"""'((?:\\.|[^'\\\n])*)'|"((?:\\.|[^"\\\n])*)"|`((?:\\.|[^`\\])*)`""")
_ALWAYS_MADE: Final = re.compile(
    r"undefined|NaN|null|Infinity|\[object|^\s*$|\$\{|error|fail|exception|错误|失败|异常",
    re.IGNORECASE,
)
"""What a script can make without a literal of it, or what is kept out whatever there is."""
_OF_BENCH: Final = re.compile(r"必填|只读|不能|required|read-only|cannot|must")
_PIECE: Final = re.compile(r"[\u3400-\u9fff]{2}|[^\W\d_]{4}|\d{2,}", re.ASCII)


def find_unproducible_texts(
    item: ScenarioItem, expectations: Iterable[tuple[model.Expect, Spot, Path]],
    calls: Iterable[CallMade], known: Iterable[Any],
) -> Iterator[RunFinding]:  # fmt: skip
    """Yield a finding for each expectation that denies a text which no run can produce.

    ``{$ne: 已提交}`` says nothing if no script, response or declaration contains that text: it is
    probably misspelled. Likewise a choice of ``$in`` that no run can produce and that is near a
    text which a run can.

    Args:
        item: item that ran.
        expectations: each with the spot of its owner and its path below that spot.
        calls: calls of the run, whose responses are searched.
        known: values that fields had or offered as options.
    """
    material = _PossibleTexts(item, calls, known)
    for expected, spot, path in expectations:
        if "never" not in path and not _has_denial_or_choice(spot.source):
            continue
        for section, value in _select_output_text_sections(expected):
            for inside, text, is_denied in _find_texts(value):
                is_choice = not is_denied and "$in" in inside
                if not isinstance(text, str) or (is_denied is ("never" in path) and not is_choice):
                    continue
                wrong = (
                    material.explain_misprinted_choice(text)
                    if is_choice
                    else material.why_denial_says_nothing(text)
                )
                if wrong:
                    place = spot.at(*path, *section, *inside).place
                    yield RunFinding("empty", wrong, place, fails=False)
    yield from _find_unproducible_conditions(item, material)


def _find_unproducible_conditions(
    item: ScenarioItem, material: _PossibleTexts
) -> Iterator[RunFinding]:
    """Yield a finding for each ``if: ${form.x} != text`` whose text no run can produce."""
    for located in item.walk_steps():
        for ref, text, is_denied in find_compared_texts(located.step.condition):
            is_output = ref.root in {"form", "flow", "steps"}
            if is_output and is_denied and (wrong := material.why_denial_says_nothing(text)):
                yield RunFinding("empty", wrong, located.spot.at("if").place, fails=False)


def _has_denial_or_choice(source: ScenarioSource) -> bool:
    """Return whether a file of *source* contains ``$ne``, ``$not``, ``$in`` or ``$exists``.

    A quick search in the text, so that most scenarios skip the whole check.
    """
    return _CHOICE.search(source.text_of_all_files) is not None


_CHOICE: Final = re.compile(r"\$(?:ne|not|in|exists)\b")


def _select_output_text_sections(expected: model.Expect) -> Iterator[tuple[Path, Any]]:
    """Yield path and value of the sections of *expected* whose texts scripts or responses make.

    The path is that of the section in *expected*, such as ``("proxy", 0, "body")``.
    """
    for section, value in asdict(expected).items():
        if section in _SECTIONS and value is not UNSET:
            yield (section,), value
    flow = expected.flow if isinstance(expected.flow, Mapping) else {}
    yield from ((("flow", key), flow[key]) for key in _OF_FLOW if key in flow)
    for number, item in enumerate(() if expected.proxy is UNSET else expected.proxy):
        for part in _OF_CALL:
            if (value := getattr(item, part)) is not UNSET:
                yield ("proxy", number, part), value


def _find_texts(
    value: Any, path: Path = (), denied: bool = False
) -> Iterator[tuple[Path, Any, bool]]:
    """Yield the texts in *value*, also in maps and lists: path, text, whether it is denied.

    A text is denied if it must not occur, as below ``$ne`` or ``$not``. *path* is put in front of
    each path; *denied* is whether *value* itself is denied.
    """
    for inside, literal, is_denied in find_literals_with_denial(value, path, denied):
        if isinstance(literal, str):
            yield inside, literal, is_denied
        for name, member in literal.items() if isinstance(literal, Mapping) else ():
            if name not in {"type", "level", "code"}:
                yield from _find_texts(member, (*inside, name), is_denied)
    yield from _find_plain_text_patterns(value, path, denied)


def _find_plain_text_patterns(
    value: Any, path: Path, denied: bool
) -> Iterator[tuple[Path, Any, bool]]:
    """Yield the ``$matches`` patterns without special characters: path, pattern, whether denied.

    Such a pattern is a plain text. *denied* is whether *value* itself is denied; ``$not`` reverses
    it. Lists and other operators are searched, too.
    """
    for index, item in enumerate(value if isinstance(value, list | tuple) else ()):
        yield from _find_plain_text_patterns(item, (*path, index), denied)
    for key, operand in value.items() if isinstance(value, Mapping) else ():
        if key in NESTING:
            yield from _find_plain_text_patterns(operand, (*path, key), denied != (key in DENYING))
        elif key == "$matches" and isinstance(operand, str) and re.escape(operand) == operand:
            yield (*path, key), operand, denied


class _PossibleTexts:
    """All texts from which a run can make what it shows, sends or stores.

    They are in scripts, responses, the scenario's values, and names of nodes and people.
    """

    def __init__(self, item: ScenarioItem, calls: Iterable[CallMade], known: Iterable[Any]) -> None:
        self._item = item
        self._calls = calls
        self._known = known

    def why_denial_says_nothing(self, text: str) -> str:
        """Return why it says nothing to deny *text*, as no run can produce it; "" if a run may."""
        if len(text) < 2 or _ALWAYS_MADE.search(text) or _OF_BENCH.search(text):  # noqa: PLR2004
            return ""
        if text in self._possible_output_text or self._scenario_text.count(text) > 1:
            return ""
        if hint := self._suggest_near_text(text):
            return msg("nothing could ever make {text!r}, so denying it says nothing{hint}",
                       text=text, hint=hint)  # fmt: skip
        # A script may join a text from pieces of others, so one known piece is enough to be silent.
        pieces = _PIECE.findall(text)
        if not pieces or any(piece in self._possible_output_text for piece in pieces):
            return ""
        return msg(
            "neither a script nor a response has {text!r} in it, so denying it says nothing; deny "
            "what they would really show", text=text,
        )  # fmt: skip

    def explain_misprinted_choice(self, text: str) -> str:
        """Return a message if *text*, a choice of ``$in``, is probably misprinted.

        That is if no script, response or value has it, but one has a similar text. Else "".
        """
        if (
            len(text) < 2  # noqa: PLR2004
            or text in self._possible_output_text
            or self._scenario_text.count(text) > 1
        ):
            return ""
        hint = self._suggest_near_text(text)
        return msg("nothing could ever make {text!r}, so choosing it says nothing{hint}",
                   text=text, hint=hint) if hint else ""  # fmt: skip

    def _suggest_near_text(self, text: str) -> str:
        """Return the hint "did you mean …" with a text near *text*, or "".

        Two values are no misprint, such as 1001 and 1002: see `suggest_meant_value`.
        """
        return suggest_meant_value(text, self._possible_literals)

    @cached_property
    def _scenario_text(self) -> str:
        return self._item.spot.source.text_of_all_files

    @cached_property
    def _possible_output_text(self) -> str:
        """Return, as one text, all that texts of this run can consist of.

        That is the code, requests and responses, names of nodes and people, and values of fields. A
        script may join pieces of it.
        """
        sent = [[c.response, c.path, c.query, c.header, c.body] for c in self._calls]
        calls = [json.dumps(one, ensure_ascii=False, default=str) for one in sent]
        bodies = [body.source for body in self._item.subjects.script_and_flow_files]
        names = self._item.names
        declared = [
            *names.main_flow_nodes,
            *names.all_named_people,
            *map(str, (names.definition, *STATUSES)),
        ]
        return "\n".join((*bodies, *calls, *declared, *map(str, self._known)))

    @cached_property
    def _possible_literals(self) -> list[str]:
        """Return the literals in `_possible_output_text` and the values of fields, for hints."""
        found = ("".join(groups) for groups in _QUOTED.findall(self._possible_output_text))
        return sorted({*found, *map(str, self._known)} - {""})
